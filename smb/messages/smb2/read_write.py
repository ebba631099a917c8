"""SMB2 READ and WRITE, [MS-SMB2] 2.2.19 to 2.2.22."""

from __future__ import annotations

from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.ntstatus import STATUS_BUFFER_OVERFLOW
from smb.smb2_constants import SMB2_CHANNEL_NONE, SMB2_COM_READ, SMB2_COM_WRITE
from smb.wire import structure as wire


@wire.structure
class SMB2ReadResponse(SMB2Response):
    """SMB2 READ Response, [MS-SMB2] 2.2.20."""

    COMMAND = SMB2_COM_READ
    STRUCTURE_SIZE = 17

    data_offset: int = wire.u8(default=0)
    reserved: int = wire.u8(default=0)
    data_length: int = wire.u32(default=0)
    data_remaining: int = wire.u32(default=0)
    flags: int = wire.u32(default=0)  # of 3.1.1, reserved before
    data: wire.Buffer = wire.view('data_offset', 'data_length')


@wire.structure
class SMB2ReadRequest(SMB2Request):
    """SMB2 READ Request, [MS-SMB2] 2.2.19."""

    COMMAND = SMB2_COM_READ
    STRUCTURE_SIZE = 49  # odd: counts one byte of Buffer, sent even when empty
    RESPONSE = SMB2ReadResponse
    DATA_STATUSES = (STATUS_BUFFER_OVERFLOW,)  # of a pipe: the message there is longer

    padding: int = wire.u8(default=0x50)  # where in the reply we would like the data
    flags: int = wire.u8(default=0)
    length: int = wire.u32()  # bytes
    offset: int = wire.u64()  # bytes from the start of the file
    file_id: bytes = wire.raw(16)
    minimum_count: int = wire.u32(default=0)
    channel: int = wire.u32(default=SMB2_CHANNEL_NONE)
    remaining_bytes: int = wire.u32(default=0)
    read_channel_info_offset: int = wire.u16(default=0)
    read_channel_info_length: int = wire.u16(default=0)
    read_channel_info: bytes = wire.buffer('read_channel_info_offset', 'read_channel_info_length', default=b'')

    def payload_size(self) -> int:
        return self.length


@wire.structure
class SMB2WriteResponse(SMB2Response):
    """SMB2 WRITE Response, [MS-SMB2] 2.2.22."""

    COMMAND = SMB2_COM_WRITE
    STRUCTURE_SIZE = 17

    reserved: int = wire.u16(default=0)
    count: int = wire.u32()  # bytes written
    remaining: int = wire.u32(default=0)
    write_channel_info_offset: int = wire.u16(default=0)
    write_channel_info_length: int = wire.u16(default=0)


@wire.structure
class SMB2WriteRequest(SMB2Request):
    """SMB2 WRITE Request, [MS-SMB2] 2.2.21."""

    COMMAND = SMB2_COM_WRITE
    STRUCTURE_SIZE = 49
    RESPONSE = SMB2WriteResponse

    data_offset: int = wire.u16(default=0)
    length: int = wire.u32(default=0)  # bytes of data
    offset: int = wire.u64()  # bytes from the start of the file
    file_id: bytes = wire.raw(16)
    channel: int = wire.u32(default=SMB2_CHANNEL_NONE)
    remaining_bytes: int = wire.u32(default=0)
    write_channel_info_offset: int = wire.u16(default=0)
    write_channel_info_length: int = wire.u16(default=0)
    flags: int = wire.u32(default=0)
    write_channel_info: bytes = wire.buffer('write_channel_info_offset', 'write_channel_info_length', default=b'')
    # Samba refuses a write of no bytes that leaves DataOffset 0.
    data: wire.Buffer = wire.view('data_offset', 'length', offset_when_empty=True)

    def payload_size(self) -> int:
        return len(self.data)
