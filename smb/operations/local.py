"""The caller's file objects: read block by block, written without losing a byte.

Where a file object is exactly one of the standard library's own binary files it gets views of buffers that are used
again; everything else, subclasses too, gets ``bytes`` and is asked to ``read(n)``, since it may keep what it is given.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable
from typing import Any

from smb.wire.structure import Buffer

OWN_FILES = (io.BytesIO, io.FileIO, io.BufferedWriter, io.BufferedReader, io.BufferedRandom)
CANNOT_TELL = (AttributeError, NotImplementedError, OSError, TypeError, ValueError)


def unwrapped(file_obj: Any) -> Any:
    """The file itself where ``tempfile`` has put a wrapper around it; TypeError for one that was opened for text."""
    kind = type(file_obj)
    if kind.__name__ == '_TemporaryFileWrapper' and kind.__module__ == 'tempfile':
        file_obj = file_obj.file
    if isinstance(file_obj, io.TextIOBase):
        raise TypeError('file_obj must be a binary file, not one opened for text')
    return file_obj


def writer(file_obj: Any) -> Callable[[Buffer], None]:
    """A function that writes a block to ``file_obj``, all of it."""
    target = unwrapped(file_obj)
    write = target.write
    if type(target) in OWN_FILES and type(target) is not io.FileIO:
        return write  # type: ignore[no-any-return]
    is_raw_file = type(target) is io.FileIO
    may_fall_short = isinstance(target, io.RawIOBase)

    def write_all(block: Buffer) -> None:
        view = block if is_raw_file else bytes(block)
        while True:
            count = write(view)
            if count is None and is_raw_file:
                raise BlockingIOError(errno.EAGAIN, 'file_obj does not block, and takes nothing now')
            # None and what is no int mean that all was written, as for the many objects that return nothing.
            if not isinstance(count, int) or isinstance(count, bool) or count >= len(view):
                return
            if not may_fall_short or count <= 0:
                raise OSError(f'file_obj.write took {count} of {len(view)} bytes')
            view = view[count:]

    return write_all


def reader(file_obj: Any) -> Callable[[Any], Buffer]:
    """A function that fills the memory it is given from ``file_obj`` and returns what came, nothing at the end."""
    source = unwrapped(file_obj)
    if type(source) in OWN_FILES:
        read_into = source.readinto

        def fill(memory: memoryview) -> Buffer:
            count = read_into(memory)
            if count is None:
                raise BlockingIOError(errno.EAGAIN, 'file_obj does not block, and has nothing now')
            return memory[:count]

        return fill
    read = source.read

    def read_block(memory: memoryview) -> Buffer:
        block = read(len(memory))
        if not isinstance(block, (bytes, bytearray, memoryview)):
            raise TypeError(f'file_obj.read must return bytes, not {type(block).__name__}')
        # What is not bytes may be filled anew by its owner.
        data = bytes(block)
        if len(data) > len(memory):
            raise ValueError(f'file_obj.read returned {len(data)} bytes, {len(memory)} were asked for')
        return data

    return read_block


def was_at_work(error: BaseException) -> bool:
    """Whether an exception came out of a file object of the caller's, or while one was at work."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals is globals():
            return True
        trace = trace.tb_next
    return False


def remaining(file_obj: Any) -> int | None:
    """The bytes between where ``file_obj`` stands and its end; None where it cannot tell."""
    here = position(file_obj)
    if here is None:
        return None
    try:
        file_obj.seek(0, 2)
        end = file_obj.tell()
    except CANNOT_TELL:
        return None
    finally:
        # Whatever came of it: to go on from elsewhere would store the wrong bytes.
        file_obj.seek(here)
    return max(0, end - here) if isinstance(end, int) else None


def position(file_obj: Any) -> int | None:
    """Where ``file_obj`` stands; None where it cannot tell or cannot be set."""
    try:
        can_seek = file_obj.seekable() if hasattr(file_obj, 'seekable') else hasattr(file_obj, 'seek')
        here = file_obj.tell() if can_seek else None
    except CANNOT_TELL:
        return None
    return here if isinstance(here, int) else None
