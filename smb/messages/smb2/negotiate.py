"""SMB2 NEGOTIATE and the negotiate contexts of SMB 3.1.1, [MS-SMB2] 2.2.3 and 2.2.4."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from smb.errors import ProtocolError
from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.smb2_constants import (
    SMB2_COM_NEGOTIATE,
    SMB2_DIALECT_311,
    SMB2_ENCRYPTION_CAPABILITIES,
    SMB2_NETNAME_NEGOTIATE_CONTEXT_ID,
    SMB2_PREAUTH_INTEGRITY_CAPABILITIES,
    SMB2_SIGNING_CAPABILITIES,
)
from smb.wire import structure as wire
from smb.wire.cursor import Cursor
from smb.wire.values import padding

MOST_CONTEXTS = 256  # the specification has fewer than 10 kinds

if TYPE_CHECKING:
    _Context = TypeVar('_Context', bound='SMB2NegotiateContextData')


class SMB2NegotiateContextData(wire.Structure):
    """What one kind of negotiate context says."""

    CONTEXT_TYPE: ClassVar[int] = -1


@wire.structure
class SMB2PreauthIntegrityCapabilities(SMB2NegotiateContextData):
    """SMB2_PREAUTH_INTEGRITY_CAPABILITIES, [MS-SMB2] 2.2.3.1.1 and 2.2.4.1.1."""

    CONTEXT_TYPE = SMB2_PREAUTH_INTEGRITY_CAPABILITIES

    hash_algorithm_count: int = wire.u16(default=0)
    salt_length: int = wire.u16(default=0)
    hash_algorithms: tuple[int, ...] = wire.array('H', 'hash_algorithm_count')
    salt: bytes = wire.buffer('', 'salt_length')


@wire.structure
class SMB2EncryptionCapabilities(SMB2NegotiateContextData):
    """SMB2_ENCRYPTION_CAPABILITIES, [MS-SMB2] 2.2.3.1.2 and 2.2.4.1.2; the cipher 0 in an answer means none."""

    CONTEXT_TYPE = SMB2_ENCRYPTION_CAPABILITIES

    cipher_count: int = wire.u16(default=0)
    ciphers: tuple[int, ...] = wire.array('H', 'cipher_count')


@wire.structure
class SMB2SigningCapabilities(SMB2NegotiateContextData):
    """SMB2_SIGNING_CAPABILITIES, [MS-SMB2] 2.2.3.1.7 and 2.2.4.1.7."""

    CONTEXT_TYPE = SMB2_SIGNING_CAPABILITIES

    signing_algorithm_count: int = wire.u16(default=0)
    signing_algorithms: tuple[int, ...] = wire.array('H', 'signing_algorithm_count')


@wire.structure
class SMB2NetnameNegotiateContextId(SMB2NegotiateContextData):
    """SMB2_NETNAME_NEGOTIATE_CONTEXT_ID, [MS-SMB2] 2.2.3.1.4: the server's name as the client was given it."""

    CONTEXT_TYPE = SMB2_NETNAME_NEGOTIATE_CONTEXT_ID

    net_name: str = wire.text('', '')


@wire.structure
class SMB2NegotiateContext(wire.Structure):
    """One negotiate context, its data not interpreted, [MS-SMB2] 2.2.3.1; in a message it is one of unknown kind."""

    context_type: int = wire.u16()
    data_length: int = wire.u16(default=0)
    reserved: int = wire.u32(default=0)
    data: bytes = wire.buffer('', 'data_length', default=b'')


_KINDS: dict[int, type[SMB2NegotiateContextData]] = {
    kind.CONTEXT_TYPE: kind
    for kind in (
        SMB2PreauthIntegrityCapabilities,
        SMB2EncryptionCapabilities,
        SMB2SigningCapabilities,
        SMB2NetnameNegotiateContextId,
    )
}

NegotiateContexts = tuple['SMB2NegotiateContextData | SMB2NegotiateContext', ...]


class _NegotiateContextList:
    """NegotiateContextList: every context begins at a multiple of eight bytes, [MS-SMB2] 2.2.3."""

    @staticmethod
    def encode(value: Iterable[SMB2NegotiateContextData | SMB2NegotiateContext]) -> bytes:
        packed = bytearray()
        for context in value:
            if isinstance(context, SMB2NegotiateContextData):
                context = SMB2NegotiateContext(context_type=context.CONTEXT_TYPE, data=context.pack())
            packed += padding(len(packed), 8) + context.pack()
        return bytes(packed)

    @staticmethod
    def decode(data: memoryview, count: int) -> NegotiateContexts:
        if count > MOST_CONTEXTS:
            raise ProtocolError(f'A NEGOTIATE announces {count} negotiate contexts', bytes(data[:1024]))
        cursor = Cursor(data, 'The list of negotiate contexts')
        contexts: list[SMB2NegotiateContextData | SMB2NegotiateContext] = []
        for _ in range(count):
            cursor.align(8)
            context = SMB2NegotiateContext.unpack(data[cursor.position :])
            cursor.take(SMB2NegotiateContext.fixed_size() + context.data_length)
            kind = _KINDS.get(context.context_type)
            contexts.append(kind.unpack(context.data) if kind else context)
        return tuple(contexts)


@wire.structure
class SMB2NegotiateResponse(SMB2Response):
    """SMB2 NEGOTIATE Response, [MS-SMB2] 2.2.4."""

    COMMAND = SMB2_COM_NEGOTIATE
    STRUCTURE_SIZE = 65

    security_mode: int = wire.u16()
    dialect_revision: int = wire.u16()
    negotiate_context_count: int = wire.u16(default=0)
    server_guid: bytes = wire.raw(16)
    capabilities: int = wire.u32()
    max_transact_size: int = wire.u32()
    max_read_size: int = wire.u32()
    max_write_size: int = wire.u32()
    system_time: int = wire.u64()  # FILETIME
    server_start_time: int = wire.u64(default=0)
    security_buffer_offset: int = wire.u16(default=0)
    security_buffer_length: int = wire.u16(default=0)
    negotiate_context_offset: int = wire.u32(default=0)
    security_buffer: bytes = wire.buffer('security_buffer_offset', 'security_buffer_length', default=b'')
    negotiate_contexts: NegotiateContexts = wire.encoded(
        _NegotiateContextList(),
        offset='negotiate_context_offset',
        count='negotiate_context_count',
        align=8,
        default=(),
    )

    def context(self, kind: type[_Context]) -> _Context | None:
        """The context of this kind, None without one; ProtocolError where there are two, 3.2.5.2."""
        found = [context for context in self.negotiate_contexts if isinstance(context, kind)]
        if len(found) > 1:
            raise ProtocolError(f'The NEGOTIATE response has {len(found)} contexts of the kind {kind.__name__}')
        return found[0] if found else None

    def _unpack_variable(self, plan: Any, data: memoryview) -> None:
        if self.dialect_revision != SMB2_DIALECT_311:
            # Both fields are reserved there, and what stands in them is ignored.
            self.negotiate_context_count = self.negotiate_context_offset = 0
        super()._unpack_variable(plan, data)


@wire.structure
class SMB2NegotiateRequest(SMB2Request):
    """SMB2 NEGOTIATE Request, [MS-SMB2] 2.2.3.

    The three fields for contexts are ClientStartTime, always 0, where 3.1.1 is not among the dialects.
    """

    COMMAND = SMB2_COM_NEGOTIATE
    STRUCTURE_SIZE = 36
    RESPONSE = SMB2NegotiateResponse

    dialect_count: int = wire.u16(default=0)
    security_mode: int = wire.u16()
    reserved: int = wire.u16(default=0)
    capabilities: int = wire.u32(default=0)
    client_guid: bytes = wire.raw(16)
    negotiate_context_offset: int = wire.u32(default=0)
    negotiate_context_count: int = wire.u16(default=0)
    reserved2: int = wire.u16(default=0)
    dialects: tuple[int, ...] = wire.array('H', 'dialect_count')
    negotiate_contexts: NegotiateContexts = wire.encoded(
        _NegotiateContextList(),
        offset='negotiate_context_offset',
        count='negotiate_context_count',
        align=8,
        default=(),
    )
