"""Downloads and uploads, in either dialect.

Several requests are in flight, up to ``tree.window`` bytes, and the next one leaves before data are handed on. A file
that fits into one block takes one round trip: it is read with the request that opens it, or written by one that also
closes it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Any

from smb.errors import Incomplete, StatusError
from smb.ntstatus import STATUS_ACCESS_DENIED
from smb.operations import local
from smb.operations.paths import LARGEST_OFFSET
from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_HIDDEN,
    ATTR_SYSTEM,
    FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_IF,
    FILE_OVERWRITE_IF,
    FILE_READ_ATTRIBUTES,
    FILE_READ_DATA,
    FILE_SHARE_NONE,
    FILE_WRITE_ATTRIBUTES,
    FILE_WRITE_DATA,
)
from smb.tree.base import How

if TYPE_CHECKING:
    from smb.operations.progress import ProgressBar
    from smb.tree.base import Facts, Open, Tree
    from smb.wire.structure import Buffer

FIRST_BLOCK = 65536  # bytes that travel with the request that opens the file
TOGETHER = 524288  # bytes that are asked for by requests that leave together, where one asks for less
READING = How(FILE_READ_DATA | FILE_READ_ATTRIBUTES, options=FILE_NON_DIRECTORY_FILE)
LOOKING = How(FILE_READ_ATTRIBUTES)


def retrieve(
    tree: Tree, path: str, write: Callable[[Buffer], object], offset: int, max_length: int, progress: ProgressBar
) -> tuple[int, int]:
    """Copy a byte range to ``write``, block by block; (file attributes, bytes copied)."""
    if max_length == 0 or offset > LARGEST_OFFSET - tree.read_size:
        # No file reaches that far, and a server refuses to read where the end would be past the largest number.
        return tree.query(path, READING).file_attributes, 0
    first_length = min(FIRST_BLOCK, tree.read_size, max_length if max_length > 0 else FIRST_BLOCK)
    if tree.reads_small_files:
        facts, first = tree.read_small(path, READING, offset, first_length)
        total = _length(facts, offset, max_length)
        if total <= len(first):
            progress.expect(total)
            if total:
                write(first[:total])
                progress.step(total)
            return facts.file_attributes, total
        # It is closed by now. The next ones may be large as well.
        tree.reads_small_files = False
    handle, first = tree.open_and_read(path, READING, offset, first_length)
    with handle:
        total = _length(handle.facts, offset, max_length)
        end = offset + total
        tree.reads_small_files = total <= len(first)
        progress.expect(total)
        step = progress.step
        with closing(read_ahead(handle, offset, first[:total], end)) as blocks:
            for block in blocks:
                write(block)
                step(len(block))
        return handle.facts.file_attributes, total


def _length(facts: Facts, offset: int, max_length: int) -> int:
    """How many bytes there are to read."""
    rest = max(0, facts.end_of_file - offset)
    return rest if max_length < 0 else min(rest, max_length)


def read_ahead(handle: Open, offset: int, first: Buffer, end: int) -> Generator[Buffer, None, None]:
    """The bytes from ``offset`` to ``end``; ``first`` are there already. Each block is valid until the next one.

    Incomplete where the file ends before. Behind the last block the handle is being closed.
    """
    tree = handle.tree
    room = max(tree.read_size, min(TOGETHER, tree.window // 2))
    ahead: deque[tuple[Any, int, int]] = deque()  # ticket, offset, length
    in_flight = 0
    asked = offset + len(first)
    block, ticket = first, None
    try:
        while True:
            if asked < end and (not ahead or in_flight + room <= tree.window):
                with tree.together():
                    while asked < end and (not ahead or in_flight + tree.read_size <= tree.window):
                        length = min(tree.read_size, end - asked)
                        ahead.append((handle.submit_read(asked, length), asked, length))
                        asked += length
                        in_flight += length
            if not ahead:
                handle.close_soon()
            if block:
                yield block
            if ticket is not None:
                handle.release(ticket)
            if not ahead:
                return
            ticket, begin, length = ahead.popleft()
            block = handle.finish_read(ticket)
            in_flight -= len(block)
            if not block:
                raise Incomplete(
                    f'the file ended at byte {begin}, it had {handle.facts.end_of_file} when it was opened',
                    'Read failed',
                )
            if len(block) < length:
                # A short answer is not the end of the file: the rest is asked for, and comes before what is under way.
                begin += len(block)
                length -= len(block)
                ahead.appendleft((handle.submit_read(begin, length), begin, length))
    finally:
        for pending, _, _ in ahead:
            handle.abandon(pending)


def store(tree: Tree, path: str, file_obj: Any, offset: int, truncate: bool, progress: ProgressBar) -> int:
    """Write ``file_obj`` from where it stands; the position after the last byte."""
    read = local.reader(file_obj)
    start = local.position(file_obj)
    if progress.is_shown:
        progress.expect(local.remaining(file_obj))
    # Nothing is sent before the source has shown that it can be read.
    size = min(FIRST_BLOCK, tree.write_size)
    first = _fill(read, memoryview(bytearray(size)))
    is_whole = len(first) < size
    how = writing(truncate)
    try:
        try:
            return _store(tree, path, how, offset, first, is_whole, read, progress)
        except StatusError as error:
            known = hidden_attributes(tree, path, error) if truncate else 0
            if not known:
                raise
            # A hidden or system file is overwritten only by who names these attributes, [MS-FSA] 2.1.5.1.2.
            how.attributes |= known
            return _store(tree, path, how, offset, first, is_whole, read, progress)
    except StatusError as error:
        if start is not None and is_refused_open(error):
            file_obj.seek(start)
        raise


def _store(
    tree: Tree, path: str, how: How, offset: int, first: Buffer, is_whole: bool, read: Any, progress: ProgressBar
) -> int:
    if not is_whole:
        with tree.open(path, how) as handle:
            try:
                return write_behind(handle, offset, first, read, progress.step)
            except BaseException as error:
                error.leaves_part = True  # type: ignore[attr-defined]  # an interrupt, too: who called may want it gone
                raise
    if not first:
        tree.query(path, how)
        return offset
    count = tree.write_small(path, how, offset, first)
    if count < len(first):
        raise Incomplete(f'the server took {count} of {len(first)} bytes', 'Write failed')
    progress.step(count)
    return offset + count


def write_behind(handle: Open, offset: int, first: Buffer, read: Any, step: Callable[[int], object]) -> int:
    """Write ``first`` and all that ``read`` gives behind it; the position after the last byte."""
    tree = handle.tree
    under_way: deque[tuple[Any, int, Buffer, memoryview]] = deque()  # ticket, offset, data, the memory they stand in
    spare: list[memoryview] = []
    in_flight = 0
    block, memory = first, memoryview(bytearray())
    try:
        while block:
            under_way.append((handle.submit_write(offset, block), offset, block, memory))
            offset += len(block)
            in_flight += len(block)
            while under_way and in_flight + tree.write_size > tree.window:
                in_flight -= finish_oldest(handle, under_way, spare, step)
            if len(block) < len(memory):
                break  # the source has said that it is at its end, and is not asked again
            memory = spare.pop() if spare else memoryview(bytearray(tree.write_size))
            block = _fill(read, memory)
        while under_way:
            finish_oldest(handle, under_way, spare, step)
        return offset
    finally:
        for ticket, *_ in under_way:
            handle.abandon(ticket)


def finish_oldest(handle: Open, under_way: deque[tuple[Any, int, Buffer, memoryview]], spare: list[memoryview],
                  step: Callable[[int], object]) -> int:  # fmt: skip
    """Wait for the oldest write; the bytes that it had."""
    ticket, offset, data, memory = under_way.popleft()
    count = handle.finish_write(ticket)
    while count < len(data):
        # The server took a part: the rest goes out again.
        more = handle.finish_write(handle.submit_write(offset + count, memoryview(data)[count:]))
        if not more:
            raise Incomplete(f'the server took {count} of {len(data)} bytes at {offset}', 'Write failed')
        count += more
    if len(memory):
        spare.append(memory)
    step(count)
    return count


def _fill(read: Any, memory: memoryview) -> Buffer:
    """As many bytes of a source as ``memory`` holds, or all that are left; in ``memory``, or as the source has them."""
    block = read(memory)
    if len(block) in (0, len(memory)):
        return block  # type: ignore[no-any-return]
    got = 0
    while block:
        if not isinstance(block, memoryview):
            memory[got : got + len(block)] = block
        got += len(block)
        if got == len(memory):
            break
        block = read(memory[got:])
    return memory[:got]


def writing(truncate: bool) -> How:
    """How a file is opened to be stored."""
    return How(
        FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | FILE_READ_ATTRIBUTES,
        options=FILE_NON_DIRECTORY_FILE,
        disposition=FILE_OVERWRITE_IF if truncate else FILE_OPEN_IF,
        share=FILE_SHARE_NONE,
        attributes=ATTR_ARCHIVE,
    )


def is_refused_open(error: StatusError) -> bool:
    """Whether it was the request that opens the file."""
    return hasattr(error.request, 'create_disposition')


def may_be_hidden(error: StatusError) -> bool:
    """Whether it is what a server says to who overwrites a hidden file as any other."""
    return error.status == STATUS_ACCESS_DENIED and is_refused_open(error)


def hidden_attributes(tree: Tree, path: str, error: StatusError) -> int:
    """Hidden and system bits of a file whose overwriting was refused."""
    if not may_be_hidden(error):
        return 0
    try:
        return tree.query(path, LOOKING).file_attributes & (ATTR_HIDDEN | ATTR_SYSTEM)
    except StatusError:
        return 0
