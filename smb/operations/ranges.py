"""Many byte ranges of many files at once.

A range of a file that is asked for nothing else travels with the requests that open and close the file, with others
under way. A file with several ranges is opened once, and their reads follow each other without waiting.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from smb.errors import Incomplete, StatusError
from smb.operations import jobs, transfer
from smb.operations.metadata import LOOKING
from smb.operations.paths import LARGEST_OFFSET
from smb.operations.progress import HIDDEN

if TYPE_CHECKING:
    from typing import Any

    from smb.tree.base import Facts, Job, Open, Tree
    from smb.wire.structure import Buffer

    Result = bytes | StatusError | Incomplete

REFUSALS = (StatusError, Incomplete)  # of one file; whatever else goes wrong concerns them all


class Range:
    """A part of a file, as a slice has it: ``start`` and ``end`` count from the end where they are negative."""

    __slots__ = ('end', 'path', 'result', 'start')

    def __init__(self, path: str, start: int | None, end: int | None) -> None:
        self.path = path
        self.start = start or 0
        self.end = end
        self.result: Result = b''

    @property
    def length(self) -> int | None:
        """How many bytes there are at most; None: all to the end."""
        return None if self.end is None else max(0, self.end - self.start)

    def settle(self, size: int) -> None:
        """Count from the start of a file of this size."""
        self.start = max(0, size + self.start) if self.start < 0 else self.start
        if self.end is not None and self.end < 0:
            self.end = max(0, size + self.end)


def read_ranges(tree: Tree, wanted: Sequence[Range]) -> None:
    """Give each range its ``result``: its bytes, as far as the file has them, or what it failed with."""
    todo: dict[str, list[Range]] = {}
    for each in _settled(tree, wanted):
        todo.setdefault(each.path, []).append(each)
    alone = [ranges[0] for ranges in todo.values() if len(ranges) == 1]
    quick = [each for each in alone if _is_quick(tree, each)]
    _read_quick(tree, quick)
    for each in alone:
        if not _is_quick(tree, each):
            _read_long(tree, each)
    for path, ranges in todo.items():
        if len(ranges) > 1:
            try:
                _read_several(tree, path, ranges)
            except REFUSALS as error:
                for each in ranges:
                    each.result = error


def _settled(tree: Tree, wanted: Sequence[Range]) -> Iterator[Range]:
    """The ranges that can be read, none of which counts from an end any more."""
    open_ended = [each for each in wanted if each.start < 0 or (each.end or 0) < 0]
    sizes: dict[str, int | StatusError | Incomplete] = {}
    names = list({each.path: None for each in open_ended})
    for name, job in jobs.under_way(tree, names, lambda name: tree.start_query(name, LOOKING)):
        try:
            sizes[name] = job.finish().end_of_file
        except REFUSALS as error:
            sizes[name] = error
    for each in wanted:
        size = sizes.get(each.path, 0)
        if isinstance(size, int):
            each.settle(size)
            yield each
        else:
            each.result = size


def _first_length(tree: Tree, wanted: Range) -> int:
    most = min(transfer.FIRST_BLOCK, tree.read_size)
    return most if wanted.length is None else wanted.length


def _is_quick(tree: Tree, wanted: Range) -> bool:
    """Whether one request may be enough for it."""
    return 0 < _first_length(tree, wanted) <= tree.read_size and wanted.start <= LARGEST_OFFSET - tree.read_size


def _read_quick(tree: Tree, wanted: list[Range]) -> None:
    def start(each: Range) -> Job[tuple[Facts, Buffer]]:
        return tree.start_read_small(each.path, transfer.READING, each.start, _first_length(tree, each))

    for each, job in jobs.under_way(tree, wanted[::-1], start, lambda each: _first_length(tree, each)):
        try:
            facts, data = job.finish()
        except REFUSALS as error:
            each.result = error
            continue
        there = max(0, facts.end_of_file - each.start)
        total = there if each.length is None else min(there, each.length)
        if len(data) < total:
            _read_long(tree, each)
        else:
            each.result = bytes(data[:total])


def _read_long(tree: Tree, wanted: Range) -> None:
    data = BytesIO()
    length = -1 if wanted.length is None else wanted.length
    try:
        transfer.retrieve(tree, wanted.path, data.write, wanted.start, length, HIDDEN)
    except REFUSALS as error:
        wanted.result = error
    else:
        wanted.result = data.getvalue()


def _read_several(tree: Tree, path: str, wanted: list[Range]) -> None:
    """Read several ranges of one file."""
    with tree.open(path, transfer.READING) as handle:
        parts = _parts(handle, wanted)
        found: dict[int, BytesIO] = {number: BytesIO() for number in range(len(wanted))}
        under_way: deque[tuple[Any, int, int, int]] = deque()  # ticket, number of the range, offset, length
        in_flight = 0
        most = max(tree.most_jobs, tree.window // tree.read_size)
        try:
            part = next(parts, None)
            while part or under_way:
                if part and len(under_way) <= most // 2 and in_flight <= tree.window // 2:
                    with tree.together():
                        while part and (
                            not under_way or (len(under_way) < most and in_flight + part[2] <= tree.window)
                        ):
                            number, offset, length = part
                            under_way.append((handle.submit_read(offset, length), number, offset, length))
                            in_flight += length
                            part = next(parts, None)
                ticket, number, offset, length = under_way.popleft()
                in_flight -= length
                try:
                    found[number].write(_read_whole(handle, ticket, offset, length))
                except REFUSALS as error:
                    wanted[number].result = error
        finally:
            for ticket, *_ in under_way:
                handle.abandon(ticket)
        handle.close_soon()
    for number, data in found.items():
        if isinstance(wanted[number].result, bytes):
            wanted[number].result = data.getvalue()


def _parts(handle: Open, wanted: list[Range]) -> Iterator[tuple[int, int, int]]:
    """What is to be read, as requests take it: the number of the range, offset, length."""
    for number, each in enumerate(wanted):
        offset = each.start
        there = handle.facts.end_of_file
        end = there if each.end is None else min(each.end, there)
        while offset < end:
            length = min(handle.tree.read_size, end - offset)
            yield number, offset, length
            offset += length


def _read_whole(handle: Open, ticket: Any, offset: int, length: int) -> bytes:
    """The bytes of a request; the rest is asked for where the server gives a part."""
    block = bytes(handle.finish_read(ticket))
    handle.release(ticket)
    while len(block) < length:
        ticket = handle.submit_read(offset + len(block), length - len(block))
        more = bytes(handle.finish_read(ticket))
        handle.release(ticket)
        if not more:
            raise Incomplete(f'the file ended at byte {offset + len(block)}', 'Read failed')
        block += more
    return block
