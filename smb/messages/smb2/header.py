"""The header of every SMB2 message, and a message as a whole, [MS-SMB2] 2.2.1."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from smb import ntstatus
from smb.errors import ProtocolError, SMB2ProtocolHeaderError
from smb.messages.message import Message
from smb.smb2_constants import (
    SMB2_COMMAND_NAMES,
    SMB2_FLAGS_ASYNC_COMMAND,
    SMB2_FLAGS_SERVER_TO_REDIR,
    SMB2_PROTOCOL_ID,
)
from smb.wire import structure as wire

HEADER_SIZE = 64
SIGNATURE_OFFSET = 48
NEXT_COMMAND_INDEX = 7  # of SMB2Header's fields
MOST_MESSAGES = 8192  # of one frame: each answers a request, which costs a credit, and servers grant no more


@wire.structure
class SMB2Header(wire.Structure):
    """SMB2 packet header, [MS-SMB2] 2.2.1.2 (SYNC) and 2.2.1.1 (ASYNC).

    The eight bytes that are Reserved and TreeId in the synchronous form are AsyncId in the other: ``async_id`` and
    ``tree_id`` read them.
    """

    protocol_id: bytes = wire.raw(4, default=SMB2_PROTOCOL_ID)
    structure_size: int = wire.u16(default=HEADER_SIZE)
    credit_charge: int = wire.u16(default=0)
    status: int = wire.u32(default=0)  # of an answer; a request has ChannelSequence here
    command: int = wire.u16()
    credits: int = wire.u16(default=0)  # CreditRequest or CreditResponse
    flags: int = wire.u32(default=0)
    next_command: int = wire.u32(default=0)  # bytes from this header to the next one of a compound
    message_id: int = wire.u64(default=0)
    reserved: int = wire.u32(default=0)
    tree_id: int = wire.u32(default=0)
    session_id: int = wire.u64(default=0)
    signature: bytes = wire.raw(16, default=bytes(16))

    @property
    def async_id(self) -> int:
        """AsyncId, where SMB2_FLAGS_ASYNC_COMMAND is set."""
        return self.reserved | self.tree_id << 32


_HEADER = SMB2Header.plan().fixed


class SMB2Payload(wire.Structure):
    """What follows the header; offsets in it count from the header's first byte."""

    ORIGIN = HEADER_SIZE
    COMMAND: ClassVar[int] = -1


class SMB2Response(SMB2Payload):
    """The answer to one command."""


class SMB2Request(SMB2Payload):
    """One command."""

    RESPONSE: ClassVar[type[SMB2Response]] = SMB2Response  # what a successful answer is read as
    DATA_STATUSES: ClassVar[tuple[int, ...]] = ()  # statuses besides success that come with RESPONSE and not with ERROR

    def payload_size(self) -> int:
        """The bytes that count for the credit charge: the larger of what is sent and what may come back, 3.2.4.1.5."""
        return 0


class SMB2Message(Message):
    """An SMB2 message as a whole."""

    __module__ = 'smb.smb2_structs'
    HEADER_SIZE = HEADER_SIZE
    protocol = 2

    if TYPE_CHECKING:
        header: SMB2Header

    @staticmethod
    def _read_header(data: wire.Buffer) -> SMB2Header:
        return SMB2Header.unpack(data)

    @cached_property
    def status(self) -> int:
        """The NTSTATUS of an answer, 0 in a request."""
        return self.header.status

    @property
    def ntstatus(self) -> int:
        return self.status

    @property
    def command_name(self) -> str:
        return SMB2_COMMAND_NAMES.get(self.command, f'command 0x{self.command:02X}')

    @property
    def mid(self) -> int:
        """MessageId."""
        return self.header.message_id

    @property
    def tid(self) -> int:
        """TreeId, 0 in an asynchronous answer."""
        return 0 if self.isAsync else self.header.tree_id

    @property
    def sid(self) -> int:
        """SessionId."""
        return self.header.session_id

    @property
    def pid(self) -> int:
        """The reserved field where SMB 2.0.2 had a process id, 0 in an asynchronous answer."""
        return 0 if self.isAsync else self.header.reserved

    @property
    def isReply(self) -> bool:
        return bool(self.header.flags & SMB2_FLAGS_SERVER_TO_REDIR)

    @property
    def isAsync(self) -> bool:
        """Whether the header is of the asynchronous form."""
        return bool(self.header.flags & SMB2_FLAGS_ASYNC_COMMAND)

    def _header_lines(self) -> list[str]:
        lines = [f'Status: {ntstatus.describe(self.status)}'] if self.isReply else []
        ids = f'MID: {self.mid}  TID: 0x{self.tid:08X}  SID: 0x{self.sid:016X}'
        return [*lines, f'Flags: 0x{self.flags:08X}  {ids}']


def split_compound(frame: memoryview) -> list[memoryview]:
    """The messages of a frame, each a slice from its header to the next one, with the padding between them.

    SMB2ProtocolHeaderError when one does not begin like an SMB2 header, ProtocolError when NextCommand leads elsewhere
    than to the start of another header or there are too many of them, [MS-SMB2] 3.2.5.1.9.
    """
    return [message for message, _ in read_headers(frame)]


def read_headers(frame: memoryview) -> list[tuple[memoryview, tuple[Any, ...]]]:
    """What ``split_compound`` gives, each message with the values of its header in the order of SMB2Header's fields."""
    messages = []
    while True:
        if len(frame) < HEADER_SIZE:
            if frame[: len(SMB2_PROTOCOL_ID)] != SMB2_PROTOCOL_ID:
                raise SMB2ProtocolHeaderError
            raise ProtocolError(f'An SMB2 header takes {HEADER_SIZE} bytes, {len(frame)} are there', bytes(frame))
        values = _HEADER.unpack_from(frame)
        if values[0] != SMB2_PROTOCOL_ID:
            raise SMB2ProtocolHeaderError
        next_command = values[NEXT_COMMAND_INDEX]
        if not next_command:
            messages.append((frame, values))
            return messages
        if next_command % 8 or next_command < HEADER_SIZE or next_command > len(frame) - HEADER_SIZE:
            raise ProtocolError(
                f'NextCommand is {next_command} in a frame that goes on for {len(frame)} bytes', bytes(frame)
            )
        messages.append((frame[:next_command], values))
        if len(messages) == MOST_MESSAGES:
            raise ProtocolError(f'A frame has more than {MOST_MESSAGES} messages', bytes(frame[:HEADER_SIZE]))
        frame = frame[next_command:]
