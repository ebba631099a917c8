"""SMB2 QUERY_DIRECTORY, [MS-SMB2] 2.2.33 and 2.2.34."""

from __future__ import annotations

from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.smb2_constants import SMB2_COM_QUERY_DIRECTORY
from smb.wire import structure as wire


@wire.structure
class SMB2QueryDirectoryResponse(SMB2Response):
    """SMB2 QUERY_DIRECTORY Response, [MS-SMB2] 2.2.34; the entries are those of [MS-FSCC] 2.4."""

    COMMAND = SMB2_COM_QUERY_DIRECTORY
    STRUCTURE_SIZE = 9

    output_buffer_offset: int = wire.u16(default=0)
    output_buffer_length: int = wire.u32(default=0)
    output_buffer: wire.Buffer = wire.view('output_buffer_offset', 'output_buffer_length')


@wire.structure
class SMB2QueryDirectoryRequest(SMB2Request):
    """SMB2 QUERY_DIRECTORY Request, [MS-SMB2] 2.2.33; ``file_name`` is the search pattern."""

    COMMAND = SMB2_COM_QUERY_DIRECTORY
    STRUCTURE_SIZE = 33
    RESPONSE = SMB2QueryDirectoryResponse

    file_information_class: int = wire.u8()
    flags: int = wire.u8(default=0)
    file_index: int = wire.u32(default=0)
    file_id: bytes = wire.raw(16)
    file_name_offset: int = wire.u16(default=0)
    file_name_length: int = wire.u16(default=0)
    output_buffer_length: int = wire.u32()  # the most bytes that the answer may have
    file_name: str = wire.text('file_name_offset', 'file_name_length')

    def payload_size(self) -> int:
        return self.output_buffer_length
