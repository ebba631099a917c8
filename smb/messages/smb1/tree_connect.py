"""SMB_COM_TREE_CONNECT_ANDX and SMB_COM_TREE_DISCONNECT, [MS-CIFS] 2.2.4.55 and 2.2.4.51, [MS-SMB] 2.2.4.7."""

from __future__ import annotations

from smb.messages.smb1.payload import AndXRequest, AndXResponse, SMB1Request, SMB1Response, String
from smb.smb_constants import SERVICE_ANY, SMB_COM_TREE_CONNECT_ANDX, SMB_COM_TREE_DISCONNECT
from smb.wire import structure as wire

TREE_CONNECT_ANDX_EXTENDED_SIGNATURES = 0x0004
TREE_CONNECT_ANDX_EXTENDED_RESPONSE = 0x0008


@wire.structure
class ComTreeConnectAndxResponse(AndXResponse):
    """SMB_COM_TREE_CONNECT_ANDX Response, [MS-SMB] 2.2.4.7.2; the access rights are 0 where a server says none."""

    COMMAND = SMB_COM_TREE_CONNECT_ANDX
    SHORTEST = 2  # LAN Manager sends no OptionalSupport

    optional_support: int = wire.u16(default=0)  # SMB_TREE_CONNECTX_SUPPORT_...
    maximal_share_access_rights: int = wire.u32(default=0)
    guest_maximal_share_access_rights: int = wire.u32(default=0)
    service: str = wire.encoded(String(is_oem=True))  # 'A:' of a disk, 'IPC', 'LPT1:', 'COMM'
    native_file_system: str = wire.encoded(String(), default='')


@wire.structure
class ComTreeConnectAndxRequest(AndXRequest):
    r"""SMB_COM_TREE_CONNECT_ANDX Request, [MS-CIFS] 2.2.4.55.1; ``path`` is ``\\server\share``."""

    COMMAND = SMB_COM_TREE_CONNECT_ANDX
    RESPONSE = ComTreeConnectAndxResponse

    flags: int = wire.u16(default=TREE_CONNECT_ANDX_EXTENDED_RESPONSE)
    password_length: int = wire.u16(default=0)
    password: bytes = wire.buffer('', 'password_length', default=b'\0')  # a NUL where users sign on, 2.2.4.55.1
    path: str = wire.encoded(String())
    service: str = wire.encoded(String(is_oem=True), default=SERVICE_ANY)


@wire.structure
class ComTreeDisconnectResponse(SMB1Response):
    """SMB_COM_TREE_DISCONNECT Response, [MS-CIFS] 2.2.4.51.2."""

    COMMAND = SMB_COM_TREE_DISCONNECT


@wire.structure
class ComTreeDisconnectRequest(SMB1Request):
    """SMB_COM_TREE_DISCONNECT Request, [MS-CIFS] 2.2.4.51.1; the header says which."""

    COMMAND = SMB_COM_TREE_DISCONNECT
    RESPONSE = ComTreeDisconnectResponse
