"""SMB_COM_SESSION_SETUP_ANDX, [MS-CIFS] 2.2.4.53 and [MS-SMB] 2.2.4.6."""

from __future__ import annotations

from smb.messages.smb1.payload import AndXRequest, AndXResponse, String
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED
from smb.smb_constants import SMB_COM_SESSION_SETUP_ANDX
from smb.wire import structure as wire


@wire.structure
class ComSessionSetupAndxResponse(AndXResponse):
    """SMB_COM_SESSION_SETUP_ANDX Response, [MS-CIFS] 2.2.4.53.2 and, with a token, [MS-SMB] 2.2.4.6.2.

    Without extended security there are three words and ``security_blob`` is empty.
    """

    COMMAND = SMB_COM_SESSION_SETUP_ANDX
    SHORTEST = 3

    action: int = wire.u16(default=0)  # SMB_SETUP_GUEST, SMB_SETUP_USE_LANMAN_KEY
    security_blob_length: int = wire.u16(default=0)
    security_blob: bytes = wire.buffer('', 'security_blob_length', default=b'', secret=True)
    native_os: str = wire.encoded(String(), default='')
    native_lan_man: str = wire.encoded(String(), default='')
    primary_domain: str = wire.encoded(String(), default='')  # servers send it with a token too


@wire.structure
class ComSessionSetupAndxRequest__WithSecurityExtension(AndXRequest):  # noqa: N801
    """SMB_COM_SESSION_SETUP_ANDX Request with a token, [MS-SMB] 2.2.4.6.1."""

    COMMAND = SMB_COM_SESSION_SETUP_ANDX
    RESPONSE = ComSessionSetupAndxResponse
    DATA_STATUSES = (STATUS_MORE_PROCESSING_REQUIRED,)

    max_buffer_size: int = wire.u16()  # bytes of the largest message that we take
    max_mpx_count: int = wire.u16()
    vc_number: int = wire.u16(default=1)  # a server drops the other connections of a client at 0
    session_key: int = wire.u32(default=0)  # the one of the NEGOTIATE response
    security_blob_length: int = wire.u16(default=0)
    reserved: int = wire.u32(default=0)
    capabilities: int = wire.u32()
    security_blob: bytes = wire.buffer('', 'security_blob_length', secret=True)
    native_os: str = wire.encoded(String(), default='')
    native_lan_man: str = wire.encoded(String(), default='')


@wire.structure
class ComSessionSetupAndxRequest__NoSecurityExtension(AndXRequest):  # noqa: N801
    """SMB_COM_SESSION_SETUP_ANDX Request with bare NTLM responses, [MS-CIFS] 2.2.4.53.1.

    ``oem_password`` and ``unicode_password`` are the LM and the NT response to the server's challenge.
    """

    COMMAND = SMB_COM_SESSION_SETUP_ANDX
    RESPONSE = ComSessionSetupAndxResponse

    max_buffer_size: int = wire.u16()
    max_mpx_count: int = wire.u16()
    vc_number: int = wire.u16(default=1)
    session_key: int = wire.u32(default=0)
    oem_password_length: int = wire.u16(default=0)
    unicode_password_length: int = wire.u16(default=0)
    reserved: int = wire.u32(default=0)
    capabilities: int = wire.u32()
    oem_password: bytes = wire.buffer('', 'oem_password_length', secret=True)
    unicode_password: bytes = wire.buffer('', 'unicode_password_length', secret=True)
    account_name: str = wire.encoded(String())
    primary_domain: str = wire.encoded(String())
    native_os: str = wire.encoded(String(), default='')
    native_lan_man: str = wire.encoded(String(), default='')
