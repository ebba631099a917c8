"""SMB2 SESSION_SETUP, [MS-SMB2] 2.2.5 and 2.2.6."""

from __future__ import annotations

from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED
from smb.smb2_constants import SMB2_COM_SESSION_SETUP
from smb.wire import structure as wire


@wire.structure
class SMB2SessionSetupResponse(SMB2Response):
    """SMB2 SESSION_SETUP Response, [MS-SMB2] 2.2.6."""

    COMMAND = SMB2_COM_SESSION_SETUP
    STRUCTURE_SIZE = 9

    session_flags: int = wire.u16(default=0)
    security_buffer_offset: int = wire.u16(default=0)
    security_buffer_length: int = wire.u16(default=0)
    security_buffer: bytes = wire.buffer(
        'security_buffer_offset', 'security_buffer_length', default=b'', offset_when_empty=True, secret=True
    )


@wire.structure
class SMB2SessionSetupRequest(SMB2Request):
    """SMB2 SESSION_SETUP Request, [MS-SMB2] 2.2.5."""

    COMMAND = SMB2_COM_SESSION_SETUP
    STRUCTURE_SIZE = 25
    RESPONSE = SMB2SessionSetupResponse
    DATA_STATUSES = (STATUS_MORE_PROCESSING_REQUIRED,)

    flags: int = wire.u8(default=0)
    security_mode: int = wire.u8()
    capabilities: int = wire.u32(default=0)
    channel: int = wire.u32(default=0)
    security_buffer_offset: int = wire.u16(default=0)
    security_buffer_length: int = wire.u16(default=0)
    previous_session_id: int = wire.u64(default=0)
    security_buffer: bytes = wire.buffer(
        'security_buffer_offset', 'security_buffer_length', offset_when_empty=True, secret=True
    )
