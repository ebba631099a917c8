"""A file on a share as an object of the io module, for ``SMBConnection.openFile``.

``SMBFile`` is the raw one; what is read ahead of it and written behind it is in ``smb/operations/files.py``. The others
are io's own buffered and text files, whose ``flush`` goes on to the raw one. One that is dropped without being closed
is closed by the garbage collector, which may run anywhere: then nothing waits, and what was still to be written is
written together with the connection's next operation.
"""

from __future__ import annotations

import errno
import io
import warnings
from contextlib import suppress
from operator import index
from typing import TYPE_CHECKING, Any

from smb.held import Held
from smb.operations import files, paths

if TYPE_CHECKING:
    from smb.base import SMB

BUFFER_SIZE = 256 * 1024  # bytes; of the buffer that small reads and writes go through
ALL = 1 << 62  # bytes; more than any file has left


class Mode:
    """What open() understands by a mode; ValueError for what is none."""

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f'A mode is a str, not {type(text).__name__}')
        letters = set(text)
        if letters - set('axrwb+t') or len(text) > len(letters):
            raise ValueError(f'invalid mode: {text!r}')
        self.text = text
        self.is_text = 'b' not in letters
        if not self.is_text and 't' in letters:
            raise ValueError("can't have text and binary mode at once")
        kinds = letters & set('axrw')
        if len(kinds) != 1:
            raise ValueError('must have exactly one of create/read/write/append mode')
        (self.kind,) = kinds
        updates = '+' in letters
        self.reads = self.kind == 'r' or updates
        self.writes = self.kind != 'r' or updates
        # As FileIO says it, which is what other modules look at.
        letter = 'r' if updates and self.kind == 'w' else self.kind
        self.raw_text = f'{letter}b+' if updates else f'{letter}b'


class SMBFile(io.RawIOBase):
    """A file on a share without a buffer of its own.

    ``name`` is the path that it was opened by, ``mode`` what FileIO would say.
    """

    _file: files.RemoteFile | None = None
    is_closing = False  # what is written then need not be on the server's disk
    is_dropped = False  # by everybody, so that whoever closes it must not wait

    def __init__(self, connection: SMB, service_name: str, path: Any, mode: Mode, *, share: int | None,
                 timeout: float | None, is_direct: bool) -> None:  # fmt: skip
        """Open the file, in a turn of the connection's."""
        how = files.opening(mode.kind, reads=mode.reads, writes=mode.writes, share=share)
        with connection._operation('open', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            tree = connection._tree(exchange, service_name)
            self._held = Held(connection, exchange, tree, service_name, path, timeout)
            self._file = files.RemoteFile.open(tree, name, how, is_direct=is_direct)
        self.name = path
        self.mode = mode.raw_text
        self._mode = mode
        self._late: list[tuple[int, bytes]] = []  # what was written when it had been dropped, and where
        self._position = self._file.known_size if mode.kind == 'a' else 0

    def __repr__(self) -> str:
        state = 'closed' if self.closed else f'mode={getattr(self, "mode", None)!r}'
        return f'<{type(self).__module__}.{type(self).__qualname__} name={getattr(self, "name", None)!r} {state}>'

    def _open_file(self) -> files.RemoteFile:
        if self.closed or self._file is None:
            raise ValueError('I/O operation on closed file')
        return self._file

    def readable(self) -> bool:
        """Whether it was opened for reading."""
        self._open_file()
        return self._mode.reads

    def writable(self) -> bool:
        """Whether it was opened for writing."""
        self._open_file()
        return self._mode.writes

    def seekable(self) -> bool:
        """True."""
        self._open_file()
        return True

    def _check(self, is_allowed: bool, what: str) -> files.RemoteFile:
        file = self._open_file()
        if not is_allowed:
            raise io.UnsupportedOperation(f'File not open for {what}')
        return file

    def readinto(self, memory: Any) -> int:
        """Fill ``memory`` as far as bytes are there; their number, 0 at the end of the file."""
        file = self._check(self._mode.reads, 'reading')
        with memoryview(memory) as view:
            if not view.nbytes:
                return 0
            with view.cast('B') as target, self._held.step('read'):
                count = file.read_into(self._position, target)
                self._position += count
                return count

    def readall(self) -> bytes:
        """All that is left."""
        file = self._check(self._mode.reads, 'reading')
        data = io.BytesIO()
        while True:
            with self._held.step('read'):
                count = data.write(file.read_some(self._position, ALL))
                self._position += count
            if not count:
                return data.getvalue()

    def write(self, data: Any) -> int:
        """Take in all of ``data``; an error may come out at a later call."""
        file = self._check(self._mode.writes, 'writing')
        with memoryview(data) as view:
            if not view.nbytes:
                return 0
            with view.cast('B') as source:
                if self.is_dropped:
                    if self._mode.kind == 'a' and not self._late:
                        self._position = file.known_size
                    self._late.append((self._position, bytes(source)))
                    self._position += len(source)
                    return len(source)
                with self._held.step('write'):
                    if self._mode.kind == 'a':
                        self._position = file.append(source)
                    else:
                        file.write(self._position, source)
                        self._position += len(source)
                return len(source)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to ``offset`` from the start (0), from here (1) or from the end (2); the place from the start."""
        file = self._open_file()
        offset = index(offset)
        if whence == 1:
            offset += self._position
        elif whence == 2:
            with self._held.step('get the size of'):
                offset += file.size()
        elif whence != 0:
            raise ValueError(f'invalid whence ({whence}, should be 0, 1 or 2)')
        if not 0 <= offset <= paths.LARGEST_OFFSET:
            raise OSError(errno.EINVAL, f'No file has a byte {offset}')
        self._position = offset
        return offset

    def tell(self) -> int:
        """Where it stands, in bytes from the start."""
        self._open_file()
        return self._position

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file to ``size`` bytes, by default to where it stands; ``size``."""
        file = self._check(self._mode.writes, 'writing')
        size = paths.offset(self._position if size is None else size, 'size')
        with self._held.step('truncate'):
            file.truncate(size)
        return size

    def flush(self) -> None:
        """Wait until all is written, and on the server's disk over SMB2, [MS-SMB2] 2.2.17."""
        file = self._open_file()
        if self._mode.writes and not self.is_closing and not file.is_flushed:
            with self._held.step('flush'):
                file.flush()

    def close(self) -> None:
        """Wait until all is written, and close the file; that is done also where it raises what went wrong."""
        if self.closed:
            return
        self.is_closing = True
        try:
            self._close()
        finally:
            super().close()

    def _close(self) -> None:
        file, is_begun = self._file, False
        if file is None:
            return
        if self.is_dropped:
            late = self._late
            self._held.leave(lambda: file.close_with(late))
            return
        if self._held.is_lost and not file.has_unwritten:
            return
        try:
            with self._held.step('close'):
                is_begun = True
                file.close()
        finally:
            if not is_begun:
                self._held.leave(file.close)

    def __del__(self) -> None:
        _drop(self, self)


def _drop(file: Any, raw: SMBFile) -> None:
    """What is left of a file that nobody has any more, and nobody has closed."""
    if file.closed:
        return
    text = f'unclosed file {raw!r}'
    raw.is_dropped = True
    with suppress(Exception):  # as io's own files do
        file.close()
    if raw._file is not None:
        warnings.warn(text, ResourceWarning, stacklevel=3, source=file)


class _Writing:
    """What a buffered file that writes does besides what io's does."""

    raw: Any

    def flush(self) -> None:
        super().flush()  # type: ignore[misc]
        self.raw.flush()

    def close(self) -> None:
        with suppress(ValueError):  # detached
            self.raw.is_closing = True
        super().close()  # type: ignore[misc]


class SMBReader(io.BufferedReader):
    """A file on a share for reading; see :class:`io.BufferedReader`."""

    def __del__(self) -> None:
        with suppress(ValueError):  # detached
            _drop(self, self.raw)  # type: ignore[arg-type]


class SMBWriter(_Writing, io.BufferedWriter):
    """A file on a share for writing; see :class:`io.BufferedWriter`."""

    def __del__(self) -> None:
        with suppress(ValueError):
            _drop(self, self.raw)


class SMBRandom(_Writing, io.BufferedRandom):
    """A file on a share for reading and writing; see :class:`io.BufferedRandom`."""

    def __del__(self) -> None:
        with suppress(ValueError):
            _drop(self, self.raw)


class SMBText(io.TextIOWrapper):
    """A file on a share that holds text; see :class:`io.TextIOWrapper`."""

    mode: str

    def close(self) -> None:
        with suppress(ValueError, AttributeError):  # detached
            self.buffer.raw.is_closing = True  # type: ignore[attr-defined]
        super().close()

    def __del__(self) -> None:
        with suppress(ValueError, AttributeError):
            _drop(self, self.buffer.raw)  # type: ignore[attr-defined]


def open_file(connection: SMB, service_name: str, path: Any, mode: str, buffering: int, encoding: str | None,
              errors: str | None, newline: str | None, share: int | None, timeout: float | None) -> Any:  # fmt: skip
    """The file object that open() would give for these arguments; ValueError for the same ones."""
    wanted = Mode(mode)
    if not wanted.is_text:
        for name, value in {'encoding': encoding, 'errors': errors, 'newline': newline}.items():
            if value is not None:
                raise ValueError(f"binary mode doesn't take an {name} argument")
        if buffering == 1:
            warnings.warn("line buffering (buffering=1) isn't supported in binary mode", RuntimeWarning, stacklevel=3)
            buffering = -1
    elif buffering == 0:
        raise ValueError("can't have unbuffered text I/O")
    raw = SMBFile(connection, service_name, path, wanted, share=share, timeout=timeout, is_direct=buffering == 0)
    if buffering == 0:
        return raw
    try:
        buffered = _buffered(raw, wanted, buffering if buffering > 1 else BUFFER_SIZE)
        if not wanted.is_text:
            return buffered
        text = SMBText(buffered, encoding, errors, newline, line_buffering=buffering == 1)
    except BaseException:
        raw.close()
        raise
    text.mode = mode
    return text


def _buffered(raw: SMBFile, mode: Mode, size: int) -> Any:
    kind = SMBRandom if mode.reads and mode.writes else SMBWriter if mode.writes else SMBReader
    return kind(raw, size)
