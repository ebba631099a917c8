"""SMB2 TREE_CONNECT and TREE_DISCONNECT, [MS-SMB2] 2.2.9 to 2.2.12."""

from __future__ import annotations

from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.smb2_constants import SMB2_COM_TREE_CONNECT, SMB2_COM_TREE_DISCONNECT
from smb.wire import structure as wire


@wire.structure
class SMB2TreeConnectResponse(SMB2Response):
    """SMB2 TREE_CONNECT Response, [MS-SMB2] 2.2.10."""

    COMMAND = SMB2_COM_TREE_CONNECT
    STRUCTURE_SIZE = 16

    share_type: int = wire.u8()
    reserved: int = wire.u8(default=0)
    share_flags: int = wire.u32(default=0)
    capabilities: int = wire.u32(default=0)
    maximal_access: int = wire.u32(default=0)


@wire.structure
class SMB2TreeConnectRequest(SMB2Request):
    r"""SMB2 TREE_CONNECT Request, [MS-SMB2] 2.2.9; ``path`` is ``\\server\share``."""

    COMMAND = SMB2_COM_TREE_CONNECT
    STRUCTURE_SIZE = 9
    RESPONSE = SMB2TreeConnectResponse

    flags: int = wire.u16(default=0)  # of 3.1.1, reserved before
    path_offset: int = wire.u16(default=0)
    path_length: int = wire.u16(default=0)
    path: str = wire.text('path_offset', 'path_length', offset_when_empty=True)


@wire.structure
class SMB2TreeDisconnectResponse(SMB2Response):
    """SMB2 TREE_DISCONNECT Response, [MS-SMB2] 2.2.12."""

    COMMAND = SMB2_COM_TREE_DISCONNECT
    STRUCTURE_SIZE = 4

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2TreeDisconnectRequest(SMB2Request):
    """SMB2 TREE_DISCONNECT Request, [MS-SMB2] 2.2.11."""

    COMMAND = SMB2_COM_TREE_DISCONNECT
    STRUCTURE_SIZE = 4
    RESPONSE = SMB2TreeDisconnectResponse

    reserved: int = wire.u16(default=0)
