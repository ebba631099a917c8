"""SMB_COM_NEGOTIATE, [MS-CIFS] 2.2.4.52 and [MS-SMB] 2.2.4.5."""

from __future__ import annotations

from collections.abc import Sequence

from smb.errors import ProtocolError
from smb.messages.smb1.payload import OEM_ENCODING, SMB1Request, SMB1Response, String
from smb.smb_constants import CAP_EXTENDED_SECURITY, CAP_UNICODE, SMB_COM_NEGOTIATE
from smb.wire import structure as wire

NT_LM_012 = 'NT LM 0.12'
NO_DIALECT = 0xFFFF  # DialectIndex of a server that has none of those offered

_DIALECT_FORMAT = b'\x02'


class _Dialects:
    """Names, each between a byte 2 and a NUL."""

    @staticmethod
    def encode(value: Sequence[str]) -> bytes:
        return b''.join(_DIALECT_FORMAT + name.encode(OEM_ENCODING) + b'\0' for name in value)

    @staticmethod
    def decode(data: memoryview, count: int) -> tuple[str, ...]:
        names = bytes(data).split(b'\0')
        if names.pop() or any(name[:1] != _DIALECT_FORMAT for name in names):
            raise ProtocolError('The list of dialects is malformed', bytes(data))
        return tuple(name[1:].decode(OEM_ENCODING) for name in names)


@wire.structure
class ComNegotiateResponse(SMB1Response):
    """SMB_COM_NEGOTIATE Response, [MS-CIFS] 2.2.4.52.2: what both forms have.

    An answer is one of the two forms below, but where ``dialect_index`` is NO_DIALECT: it then has no more than that.
    """

    COMMAND = SMB_COM_NEGOTIATE
    SHORTEST = 1

    dialect_index: int = wire.u16()
    security_mode: int = wire.u8(default=0)  # NEGOTIATE_...
    max_mpx_count: int = wire.u16(default=0)  # requests that may be outstanding
    max_number_vcs: int = wire.u16(default=0)
    max_buffer_size: int = wire.u32(default=0)  # bytes of the largest message that the server takes
    max_raw_size: int = wire.u32(default=0)
    session_key: int = wire.u32(default=0)  # goes back with SESSION_SETUP_ANDX
    capabilities: int = wire.u32(default=0)  # CAP_...
    system_time: int = wire.u64(default=0)  # FILETIME
    server_time_zone: int = wire.u16(default=0)  # minutes west of UTC, signed
    challenge_length: int = wire.u8(default=0)


@wire.structure
class ComNegotiateResponseNoSecurityExtension(ComNegotiateResponse):
    """Without CAP_EXTENDED_SECURITY, [MS-SMB] 2.2.4.5.2.2; the names are ``''`` where a server leaves them out."""

    challenge: bytes = wire.buffer('', 'challenge_length', default=b'')
    # Not at an even offset, other than all texts elsewhere.
    domain_name: str = wire.encoded(String(is_aligned=False), default='')
    server_name: str = wire.encoded(String(is_aligned=False), default='')


@wire.structure
class ComNegotiateResponseWithSecurityExtension(ComNegotiateResponse):
    """With CAP_EXTENDED_SECURITY, [MS-SMB] 2.2.4.5.2.1; ``bytes_`` is ServerGUID and SecurityBlob."""

    bytes_: bytes = wire.buffer('', '', default=bytes(16))

    @property
    def server_guid(self) -> bytes:
        """The number of the server."""
        return self.bytes_[:16]

    @property
    def security_blob(self) -> bytes:
        """The server's first SPNEGO token; empty where the client is to begin."""
        return self.bytes_[16:]


@wire.structure
class ComNegotiateRequest(SMB1Request):
    """SMB_COM_NEGOTIATE Request, [MS-CIFS] 2.2.4.52.1."""

    COMMAND = SMB_COM_NEGOTIATE
    RESPONSE = ComNegotiateResponse

    dialects: Sequence[str] = wire.encoded(_Dialects(), default=(NT_LM_012,))

    @classmethod
    def unpack_response(cls, status: int, body: wire.Buffer, is_unicode: bool = True) -> SMB1Response:
        answer = super().unpack_response(status, body, is_unicode)
        if not isinstance(answer, ComNegotiateResponse) or answer.dialect_index == NO_DIALECT:
            return answer
        if answer.short_word_count:
            raise ProtocolError(f'The answer to NEGOTIATE has {answer.short_word_count} words, not 17', bytes(body))
        # smbd has the names in Unicode, and says otherwise in the header, when the client did not offer it.
        is_unicode = bool(answer.capabilities & CAP_UNICODE)
        if answer.capabilities & CAP_EXTENDED_SECURITY:
            return ComNegotiateResponseWithSecurityExtension.unpack(body, is_unicode)
        return ComNegotiateResponseNoSecurityExtension.unpack(body, is_unicode)
