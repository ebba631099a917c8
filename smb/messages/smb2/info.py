"""SMB2 QUERY_INFO and SET_INFO, [MS-SMB2] 2.2.37 to 2.2.40."""

from __future__ import annotations

from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.ntstatus import STATUS_BUFFER_OVERFLOW
from smb.smb2_constants import SMB2_COM_QUERY_INFO, SMB2_COM_SET_INFO
from smb.wire import structure as wire


@wire.structure
class SMB2QueryInfoResponse(SMB2Response):
    """SMB2 QUERY_INFO Response, [MS-SMB2] 2.2.38."""

    COMMAND = SMB2_COM_QUERY_INFO
    STRUCTURE_SIZE = 9

    output_buffer_offset: int = wire.u16(default=0)
    output_buffer_length: int = wire.u32(default=0)
    output_buffer: bytes = wire.buffer('output_buffer_offset', 'output_buffer_length')


@wire.structure
class SMB2QueryInfoRequest(SMB2Request):
    """SMB2 QUERY_INFO Request, [MS-SMB2] 2.2.37."""

    COMMAND = SMB2_COM_QUERY_INFO
    STRUCTURE_SIZE = 41
    RESPONSE = SMB2QueryInfoResponse
    DATA_STATUSES = (STATUS_BUFFER_OVERFLOW,)

    info_type: int = wire.u8()
    file_info_class: int = wire.u8(default=0)
    output_buffer_length: int = wire.u32()  # the most bytes that the answer may have
    input_buffer_offset: int = wire.u16(default=0)
    reserved: int = wire.u16(default=0)
    input_buffer_length: int = wire.u32(default=0)
    additional_information: int = wire.u32(default=0)  # which parts of a security descriptor, for example
    flags: int = wire.u32(default=0)
    file_id: bytes = wire.raw(16)
    input_buffer: bytes = wire.buffer('input_buffer_offset', 'input_buffer_length', default=b'')

    def payload_size(self) -> int:
        return max(len(self.input_buffer), self.output_buffer_length)


@wire.structure
class SMB2SetInfoResponse(SMB2Response):
    """SMB2 SET_INFO Response, [MS-SMB2] 2.2.40."""

    COMMAND = SMB2_COM_SET_INFO
    STRUCTURE_SIZE = 2


@wire.structure
class SMB2SetInfoRequest(SMB2Request):
    """SMB2 SET_INFO Request, [MS-SMB2] 2.2.39."""

    COMMAND = SMB2_COM_SET_INFO
    STRUCTURE_SIZE = 33
    RESPONSE = SMB2SetInfoResponse

    info_type: int = wire.u8()
    file_info_class: int = wire.u8(default=0)
    buffer_length: int = wire.u32(default=0)
    buffer_offset: int = wire.u16(default=0)
    reserved: int = wire.u16(default=0)
    additional_information: int = wire.u32(default=0)
    file_id: bytes = wire.raw(16)
    buffer: bytes = wire.buffer('buffer_offset', 'buffer_length', offset_when_empty=True)

    def payload_size(self) -> int:
        return len(self.buffer)
