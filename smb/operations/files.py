"""One open file between two steps of a program: what is read ahead of it, and what is written behind it.

Who reads in order finds the next blocks on their way already; how far ahead grows with each block, so that a look here
and there costs no more than it needs. What is written is gathered to blocks, and several are under way; an error of
one comes out at the next write, flush or close. Blocks under way never overlap, since servers may take them in any
order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from smb.errors import Incomplete, SMBException, StatusError
from smb.messages.fscc import FileEndOfFileInformation
from smb.ntstatus import STATUS_FILE_LOCK_CONFLICT, STATUS_USER_SESSION_DELETED
from smb.operations import transfer
from smb.operations.paths import LARGEST_OFFSET
from smb.smb_constants import (
    ATTR_ARCHIVE,
    FILE_CREATE,
    FILE_NON_DIRECTORY_FILE,
    FILE_OPEN,
    FILE_OPEN_IF,
    FILE_OVERWRITE_IF,
    FILE_READ_ATTRIBUTES,
    FILE_READ_DATA,
    FILE_SHARE_READ,
    FILE_SHARE_WRITE,
    FILE_WRITE_ATTRIBUTES,
    FILE_WRITE_DATA,
)
from smb.tree.base import SHARE_ALL, How

if TYPE_CHECKING:
    from smb.tree.base import Open, Tree
    from smb.wire.structure import Buffer

GROWTH = 4  # how many times as far each block of a file that is read in order is read ahead of
DISPOSITIONS = {'r': FILE_OPEN, 'w': FILE_OVERWRITE_IF, 'a': FILE_OPEN_IF, 'x': FILE_CREATE}
READING = FILE_READ_DATA | FILE_READ_ATTRIBUTES
WRITING = FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_READ_ATTRIBUTES
UNKNOWN = 'an earlier write was not answered in time, and may or may not have been done'
WRITE_FAILED = 'Write failed'


def opening(kind: str, *, reads: bool, writes: bool, share: int | None) -> How:
    """How a file object opens its file; ``kind``: ``'r'``, ``'w'``, ``'a'`` or ``'x'``, as for open().

    ``share``: what others may do meanwhile, None: everything to a file that is only read, reading to others.
    """
    if share is None:
        share = FILE_SHARE_READ if writes else SHARE_ALL
    return How(
        (READING if reads else 0) | (WRITING if writes else 0),
        options=FILE_NON_DIRECTORY_FILE,
        disposition=DISPOSITIONS[kind],
        share=share,
        attributes=ATTR_ARCHIVE if writes else 0,
    )


def open_file(tree: Tree, path: str, how: How) -> Open:
    """Open a file; one that is to be emptied may be hidden."""
    try:
        return tree.open(path, how)
    except StatusError as error:
        known = transfer.hidden_attributes(tree, path, error) if how.disposition == FILE_OVERWRITE_IF else 0
        if not known:
            raise
    # [MS-FSA] 2.1.5.1.2: a hidden or system file is overwritten only by who names these attributes.
    how.attributes |= known
    return tree.open(path, how)


class RemoteFile:
    """One open file; each call is a step that may wait for the server.

    ``is_direct``: nothing is read ahead or written behind.
    """

    def __init__(self, handle: Open, how: How, first: Buffer | None = None, *, is_direct: bool = False) -> None:
        self.handle = handle
        self._ahead = ReadAhead(handle, first)
        self._behind = WriteBehind(handle)
        self._is_direct = is_direct
        self._may_write = bool(how.access & FILE_WRITE_DATA)
        # While nobody else may write, the size is known here.
        self._is_alone = not how.share & FILE_SHARE_WRITE
        self._size = handle.facts.end_of_file

    @classmethod
    def open(cls, tree: Tree, path: str, how: How, *, is_direct: bool) -> RemoteFile:
        """Open a file; with its first bytes where it is only to be read."""
        if how.access != READING or is_direct:
            return cls(open_file(tree, path, how), how, is_direct=is_direct)
        try:
            handle, first = tree.open_and_read(path, how, 0, min(transfer.FIRST_BLOCK, tree.read_size))
        except StatusError as error:
            if error.status != STATUS_FILE_LOCK_CONFLICT:
                raise
            # Nobody may read its beginning, which is not to say that anybody wants to.
            return cls(tree.open(path, how), how)
        return cls(handle, how, bytes(first))

    @property
    def has_unwritten(self) -> bool:
        """Whether something is still to be written."""
        return not self._behind.is_idle

    @property
    def is_flushed(self) -> bool:
        """Whether ``flush`` has nothing to do."""
        return self._behind.is_idle and not self._behind.is_unflushed

    @property
    def known_size(self) -> int:
        """How many bytes the file had when it was opened, and what was added since."""
        return self._size

    def size(self) -> int:
        """How many bytes the file has."""
        self._write_first()
        return self._size if self._is_alone else self.handle.size()

    def read_into(self, offset: int, memory: memoryview) -> int:
        """Fill memory from ``offset`` on with what is there already, at least one byte; 0 at the end of the file."""
        if not self._is_direct:
            block = self.read_some(offset, len(memory))
            memory[: len(block)] = block
            return len(block)
        done = 0
        while done < len(memory):
            block = self.read_some(offset + done, len(memory) - done)
            if not block:
                break
            memory[done : done + len(block)] = block
            done += len(block)
        return done

    def read_some(self, offset: int, most: int) -> Buffer:
        """Bytes from ``offset`` on, ``most`` at most; none at the end of the file. Valid until the next call."""
        self._write_first()
        self.handle.tree.measure()
        return self._ahead.take(offset, most, is_direct=self._is_direct)

    def write(self, offset: int, data: memoryview) -> None:
        """Write all of ``data``, which may be used for something else then; it may be on its way for a while."""
        self._ahead.drop()
        self.handle.tree.measure()
        self._behind.write(offset, data)
        self._size = max(self._size, offset + len(data))
        self._ahead.end = max(self._ahead.end, self._size)
        if self._is_direct:
            self._behind.settle()

    def append(self, data: memoryview) -> int:
        """Write all of ``data`` at the end of the file; the position behind it."""
        offset = self._size if self._is_alone else self.size()
        self.write(offset, data)
        return offset + len(data)

    def truncate(self, size: int) -> None:
        """Cut or extend the file to ``size`` bytes."""
        self._behind.settle()
        self._ahead.drop()
        self.handle.change(FileEndOfFileInformation(end_of_file=size))
        self._size = self._ahead.end = size

    def flush(self) -> None:
        """Have everything written, and on the server's disk where it can be told to."""
        self._behind.settle()
        if self._behind.is_unflushed:
            self.handle.flush()
            self._behind.is_unflushed = False

    def close(self) -> None:
        """Have everything written, and close the file, which is done even where a write fails."""
        self._ahead.drop()
        try:
            self._write_first()
        except BaseException as error:
            if isinstance(error, StatusError) and error.status == STATUS_USER_SESSION_DELETED:
                self.handle.is_closed = True  # it went with the session, and its id may be another file's
            self.handle.__exit__(type(error), error, None)
            raise
        if self._may_write:
            self.handle.close()
        else:
            self.handle.close_soon()

    def _write_first(self) -> None:
        if not self._behind.is_idle:
            self._behind.settle()

    def close_with(self, late: Sequence[tuple[int, bytes]]) -> None:
        """Write what is left to be written, each piece at its offset, and close the file."""
        try:
            for offset, data in late:
                self.write(offset, memoryview(data))
        finally:
            self.close()


class ReadAhead:
    """Reads of one file that are on their way, in the order of their offsets."""

    def __init__(self, handle: Open, first: Buffer | None = None) -> None:
        """``first``: what came when the first bytes were asked for."""
        self._handle = handle
        self._pending: deque[tuple[Any, int, int]] = deque()  # ticket, offset, length
        self._block: Buffer = first or b''  # bytes that came, and nobody has taken yet
        self._ticket: Any = None  # of the block
        self._next = 0  # offset of the first byte of the block, or of what comes next
        self._asked = self._depth = len(self._block)  # offset behind all that was asked for; bytes to be ahead of it
        self.end = handle.facts.end_of_file  # where the file ends, as far as is known
        self._is_at_end = first is not None and len(first) >= self.end  # the server has just said so

    def take(self, offset: int, most: int, *, is_direct: bool = False) -> Buffer:
        """Bytes from ``offset`` on, ``most`` at most; none at the end of the file. Valid until the next call."""
        if offset != self._next:
            self._move(offset)
        if not self._block and not self._receive(most, is_direct):
            return b''
        taken = self._block[:most]
        self._block = self._block[len(taken) :]
        self._next += len(taken)
        return taken

    def drop(self) -> None:
        """Forget what is on its way and what came: it is not wanted, or not true any more."""
        while self._pending:
            self._handle.abandon(self._pending.popleft()[0])
        self._block = b''
        self._release()
        self._asked = self._next
        self._depth = 0
        self._is_at_end = False

    def _release(self) -> None:
        if self._ticket is not None:
            ticket, self._ticket = self._ticket, None
            self._handle.release(ticket)

    def _move(self, offset: int) -> None:
        """Go on from ``offset``, with what is there of the block."""
        skipped = offset - self._next
        if 0 < skipped < len(self._block):
            self._block = self._block[skipped:]
            self._next = offset
            return
        self.drop()
        self._next = self._asked = offset

    def _receive(self, wanted: int, is_direct: bool) -> bool:
        """Have the next block come; False at the end of the file."""
        self._release()
        was_at_end, self._is_at_end = self._is_at_end, False
        if was_at_end and not is_direct and not self._pending:
            return False
        depth = 0 if is_direct else self._depth
        try:
            self._ask(wanted, depth)
            has_more = self._finish_oldest(wanted)
            if has_more and not self._is_at_end:
                # Before the bytes are handed on; but who looks here and there has nothing read ahead.
                self._ask(0, depth)
        except BaseException:
            self.drop()
            raise
        self._depth = min(GROWTH * max(depth, wanted), self._handle.tree.window)
        return has_more

    def _ask(self, wanted: int, depth: int) -> None:
        """Send what can be sent of the next ``wanted`` bytes, and of ``depth``, but the latter not behind the end."""
        tree = self._handle.tree
        begin = self._next + len(self._block)
        goal = min(begin + max(wanted, depth), LARGEST_OFFSET - tree.read_size)
        while self._asked < goal and (self._asked < self.end or (wanted and not self._pending)):
            length = min(tree.read_size, goal - self._asked)
            # Small requests would only ever make room for other small ones.
            is_small = begin + wanted <= self._asked < self.end - length and length < tree.read_size
            if self._pending and (is_small or self._asked + length > begin + tree.window):
                break
            self._submit(self._asked, length)
            self._asked += length

    def _submit(self, offset: int, length: int, *, is_next: bool = False) -> None:
        entry = (self._handle.submit_read(offset, length), offset, length)
        if is_next:
            self._pending.appendleft(entry)
        else:
            self._pending.append(entry)

    def _finish_oldest(self, wanted: int) -> bool:
        if not self._pending:
            return False  # no file reaches that far
        ticket, offset, length = self._pending.popleft()
        if self._handle.is_given_up(ticket):
            # Another operation has run out of time, and had all that was under way cancelled.
            ticket = self._handle.submit_read(offset, length)
        try:
            block = self._handle.finish_read(ticket)
        except StatusError as error:
            if error.status != STATUS_FILE_LOCK_CONFLICT or length <= wanted:
                raise
            # What another program has locked may be a part that nobody has asked for yet.
            self.drop()
            self._asked = offset + wanted
            length = wanted
            ticket = self._handle.submit_read(offset, length)
            block = self._handle.finish_read(ticket)
        self._block, self._ticket = block, ticket
        end = offset + len(block)
        if len(block) == length:
            return True
        if block and end < self.end:
            # A short answer is not the end of the file: the rest comes before what is under way.
            self._submit(end, length - len(block), is_next=True)
            return True
        if block or offset < self.end:
            self.end = end  # wherever it was when the file was opened
        self._abandon_pending()
        self._is_at_end = bool(block)
        return bool(block)

    def _abandon_pending(self) -> None:
        while self._pending:
            self._handle.abandon(self._pending.popleft()[0])
        self._asked = self._next + len(self._block)


class WriteBehind:
    """Writes of one file that are on their way, one behind the other; the last block is still being filled."""

    def __init__(self, handle: Open) -> None:
        self._handle = handle
        self._pending: deque[tuple[Any, int, Buffer, memoryview]] = deque()  # ticket, offset, data, their memory
        self._spare: list[memoryview] = []
        self._in_flight = 0  # bytes
        self._memory = memoryview(b'')  # of the block that is being filled
        self._filled = 0
        self._offset = 0  # of that block
        self._failure: SMBException | None = None  # after which nothing more is written
        self.is_unflushed = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way, or still to be sent."""
        return not self._pending and not self._filled

    def write(self, offset: int, data: Buffer) -> None:
        """Take in all of ``data``."""
        self._tell()
        if not self.is_idle and offset != self._offset + self._filled:
            # It might be written before what it is to replace.
            self.settle()
        self.is_unflushed = True
        rest = memoryview(data)
        while len(rest):
            if not self._filled:
                self._offset = offset
                self._memory = self._spare.pop() if self._spare else memoryview(bytearray(self._handle.tree.write_size))
            count = min(len(self._memory) - self._filled, len(rest))
            self._memory[self._filled : self._filled + count] = rest[:count]
            self._filled += count
            offset += count
            rest = rest[count:]
            if self._filled == len(self._memory):
                self._send()

    def settle(self) -> None:
        """Wait until everything is written; the first error, also where it has come out before."""
        self._tell()
        if self._filled:
            self._send()
        while self._pending:
            self._finish_oldest()

    def give_up(self) -> None:
        """Forget what is under way."""
        while self._pending:
            self._handle.abandon(self._pending.popleft()[0])
        self._filled = self._in_flight = 0

    def _tell(self) -> None:
        if self._failure is not None:
            raise self._failure.with_traceback(None)

    def _send(self) -> None:
        """Send the block as it is."""
        tree, block = self._handle.tree, self._memory[: self._filled]
        while self._pending and self._in_flight + self._filled > tree.window:
            self._finish_oldest()
        self._pending.append((self._handle.submit_write(self._offset, block), self._offset, block, self._memory))
        self._in_flight += self._filled
        self._offset += self._filled
        self._filled = 0

    def _finish_oldest(self) -> None:
        try:
            if self._handle.is_given_up(self._pending[0][0]):
                raise Incomplete(UNKNOWN, WRITE_FAILED)
            self._in_flight -= transfer.finish_oldest(self._handle, self._pending, self._spare, _ignore)
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, error: BaseException) -> None:
        """Remember what went wrong, and have the other writes come to an end, so that nothing is written later."""
        is_answer = isinstance(error, (StatusError, Incomplete))
        self._failure = error if is_answer else Incomplete(UNKNOWN, WRITE_FAILED)  # type: ignore[assignment]
        while is_answer and self._pending:
            ticket = self._pending[0][0]
            if self._handle.is_given_up(ticket):
                break
            self._pending.popleft()
            with suppress(StatusError):
                self._handle.finish_write(ticket)
        self.give_up()


def _ignore(count: int) -> object:
    return None
