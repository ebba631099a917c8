"""SMB2 CREATE and its create contexts, [MS-SMB2] 2.2.13 and 2.2.14."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, TypeVar

from smb.errors import ProtocolError
from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST,
    SMB2_CREATE_QUERY_ON_DISK_ID,
    SMB2_CREATE_TIMEWARP_TOKEN,
    SMB2_IMPERSONATION_IMPERSONATION,
    SMB2_OPLOCK_LEVEL_NONE,
)
from smb.wire import structure as wire
from smb.wire.values import padding

if TYPE_CHECKING:
    _Context = TypeVar('_Context', bound='SMB2CreateContextData')

MOST_CONTEXTS = 256  # the specification has fewer than 20 kinds

CreateContexts = tuple[tuple[bytes, bytes], ...]  # pairs of name and data


class SMB2CreateContextData(wire.Structure):
    """What one kind of create context says."""

    CONTEXT_NAME: ClassVar[bytes] = b''

    def pair(self) -> tuple[bytes, bytes]:
        """Name and data, as ``create_contexts`` of a message has them."""
        return self.CONTEXT_NAME, self.pack()


@wire.structure
class SMB2CreateTimewarpToken(SMB2CreateContextData):
    """SMB2_CREATE_TIMEWARP_TOKEN of a request, [MS-SMB2] 2.2.13.2.7: open the file as it was at that time."""

    CONTEXT_NAME = SMB2_CREATE_TIMEWARP_TOKEN

    timestamp: int = wire.u64()  # FILETIME of a snapshot


@wire.structure
class SMB2CreateQueryMaximalAccessResponse(SMB2CreateContextData):
    """SMB2_CREATE_QUERY_MAXIMAL_ACCESS_RESPONSE, [MS-SMB2] 2.2.14.2.5."""

    CONTEXT_NAME = SMB2_CREATE_QUERY_MAXIMAL_ACCESS_REQUEST

    query_status: int = wire.u32()  # NTSTATUS; what follows holds only when this is STATUS_SUCCESS
    maximal_access: int = wire.u32()


@wire.structure
class SMB2CreateQueryOnDiskIdResponse(SMB2CreateContextData):
    """SMB2_CREATE_QUERY_ON_DISK_ID response, [MS-SMB2] 2.2.14.2.9."""

    CONTEXT_NAME = SMB2_CREATE_QUERY_ON_DISK_ID

    disk_file_id: int = wire.u64()
    volume_id: int = wire.u64()
    reserved: bytes = wire.raw(16, default=bytes(16))


@wire.structure
class _CreateContext(wire.Structure):
    """SMB2_CREATE_CONTEXT, [MS-SMB2] 2.2.13.2; offsets count from its own first byte."""

    next: int = wire.u32(default=0)
    name_offset: int = wire.u16(default=0)
    name_length: int = wire.u16(default=0)
    reserved: int = wire.u16(default=0)
    data_offset: int = wire.u16(default=0)
    data_length: int = wire.u32(default=0)
    name: bytes = wire.buffer('name_offset', 'name_length')
    data: bytes = wire.buffer('data_offset', 'data_length', default=b'', align=8)


class _CreateContextList:
    """A chain of create contexts: each says how far the next one is, and 0 ends it."""

    @staticmethod
    def encode(value: Iterable[tuple[bytes, bytes]]) -> bytes:
        contexts = [_CreateContext(name=name, data=data) for name, data in value]
        packed = bytearray()
        for context in contexts:
            size = len(context.pack())
            fill = b'' if context is contexts[-1] else padding(size, 8)
            context.next = 0 if context is contexts[-1] else size + len(fill)
            packed += context.pack() + fill
        return bytes(packed)

    @staticmethod
    def decode(data: memoryview, count: int) -> CreateContexts:
        pairs: list[tuple[bytes, bytes]] = []
        while data:
            step = int.from_bytes(data[:4], 'little')
            if step > len(data):
                raise ProtocolError(f'The next create context is {step} bytes on, {len(data)} are there', bytes(data))
            # A context may not reach into the next one, which refuses too short a step as well.
            context = _CreateContext.unpack(data[:step] if step else data)
            if len(pairs) == MOST_CONTEXTS:
                raise ProtocolError(f'A CREATE has more than {MOST_CONTEXTS} create contexts', bytes(data[:1024]))
            pairs.append((context.name, context.data))
            data = data[step:] if step else data[:0]
        return tuple(pairs)


@wire.structure
class SMB2CreateResponse(SMB2Response):
    """SMB2 CREATE Response, [MS-SMB2] 2.2.14; the times are FILETIMEs."""

    COMMAND = SMB2_COM_CREATE
    STRUCTURE_SIZE = 89

    oplock_level: int = wire.u8(default=SMB2_OPLOCK_LEVEL_NONE)
    flags: int = wire.u8(default=0)
    create_action: int = wire.u32()
    creation_time: int = wire.u64()
    last_access_time: int = wire.u64()
    last_write_time: int = wire.u64()
    change_time: int = wire.u64()
    allocation_size: int = wire.u64()
    end_of_file: int = wire.u64()
    file_attributes: int = wire.u32()
    reserved2: int = wire.u32(default=0)
    file_id: bytes = wire.raw(16)
    create_contexts_offset: int = wire.u32(default=0)
    create_contexts_length: int = wire.u32(default=0)
    create_contexts: CreateContexts = wire.encoded(
        _CreateContextList(), offset='create_contexts_offset', length='create_contexts_length', align=8, default=()
    )

    def context(self, kind: type[_Context]) -> _Context | None:
        """The first create context of this kind; None without one."""
        for name, data in self.create_contexts:
            if name == kind.CONTEXT_NAME:
                return kind.unpack(data)
        return None


@wire.structure
class SMB2CreateRequest(SMB2Request):
    """SMB2 CREATE Request, [MS-SMB2] 2.2.13; ``name`` is relative to the share and has no leading backslash."""

    COMMAND = SMB2_COM_CREATE
    STRUCTURE_SIZE = 57  # odd: a request for the share's root, without a name, still has one byte of Buffer
    RESPONSE = SMB2CreateResponse

    security_flags: int = wire.u8(default=0)
    requested_oplock_level: int = wire.u8(default=SMB2_OPLOCK_LEVEL_NONE)
    impersonation_level: int = wire.u32(default=SMB2_IMPERSONATION_IMPERSONATION)
    smb_create_flags: int = wire.u64(default=0)
    reserved: int = wire.u64(default=0)
    desired_access: int = wire.u32()
    file_attributes: int = wire.u32(default=0)
    share_access: int = wire.u32()
    create_disposition: int = wire.u32()
    create_options: int = wire.u32(default=0)
    name_offset: int = wire.u16(default=0)
    name_length: int = wire.u16(default=0)
    create_contexts_offset: int = wire.u32(default=0)
    create_contexts_length: int = wire.u32(default=0)
    name: str = wire.text('name_offset', 'name_length', offset_when_empty=True)
    create_contexts: CreateContexts = wire.encoded(
        _CreateContextList(), offset='create_contexts_offset', length='create_contexts_length', align=8, default=()
    )
