"""SMB_COM_NT_CREATE_ANDX, [MS-CIFS] 2.2.4.64 and [MS-SMB] 2.2.4.9."""

from __future__ import annotations

from smb.messages.smb1.payload import AndXRequest, AndXResponse, String
from smb.smb_constants import SEC_IMPERSONATE, SMB_COM_NT_CREATE_ANDX
from smb.wire import structure as wire


@wire.structure
class ComNTCreateAndxResponse(AndXResponse):
    """SMB_COM_NT_CREATE_ANDX Response, [MS-CIFS] 2.2.4.64.2; the times are FILETIMEs.

    The fields that SMB2's answer has too are named as there. What the extended form has besides is not read.
    """

    COMMAND = SMB_COM_NT_CREATE_ANDX

    oplock_level: int = wire.u8(default=0)
    fid: int = wire.u16()
    create_action: int = wire.u32(default=0)
    creation_time: int = wire.u64(default=0)
    last_access_time: int = wire.u64(default=0)
    last_write_time: int = wire.u64(default=0)
    change_time: int = wire.u64(default=0)
    file_attributes: int = wire.u32(default=0)
    allocation_size: int = wire.u64(default=0)
    end_of_file: int = wire.u64(default=0)
    resource_type: int = wire.u16(default=0)  # 0 a file or folder, 2 a pipe
    nm_pipe_status: int = wire.u16(default=0)
    directory: int = wire.u8(default=0)


@wire.structure
class ComNTCreateAndxRequest(AndXRequest):
    """SMB_COM_NT_CREATE_ANDX Request, [MS-CIFS] 2.2.4.64.1."""

    COMMAND = SMB_COM_NT_CREATE_ANDX
    RESPONSE = ComNTCreateAndxResponse

    reserved: int = wire.u8(default=0)
    name_length: int = wire.u16(default=0)  # with the terminator, as the clients of Samba and Linux count
    flags: int = wire.u32(default=0)  # NT_CREATE_...
    root_directory_fid: int = wire.u32(default=0)
    desired_access: int = wire.u32()
    allocation_size: int = wire.u64(default=0)
    file_attributes: int = wire.u32(default=0)
    share_access: int = wire.u32()
    create_disposition: int = wire.u32()
    create_options: int = wire.u32(default=0)
    impersonation_level: int = wire.u32(default=SEC_IMPERSONATE)
    security_flags: int = wire.u8(default=0)
    file_name: str = wire.encoded(String(), length='name_length')
