"""Files of this file system: those of ``openFile``, with what fsspec wants of a file besides.

One that is written in a transaction stands beside its place, under a name of its own, and takes its place by a rename
when the transaction ends.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from smb import files
from smb.errors import SMBException

if TYPE_CHECKING:
    from smb.fsspec.filesystem import SMBFileSystem


class _RemoteFile:
    """What a file has besides; ``replaces`` is the path that it takes when it is committed."""

    fs: SMBFileSystem
    path: str  # where its bytes are
    replaces: str | None = None
    is_new = False  # nothing may be replaced
    blocksize = files.BUFFER_SIZE  # bytes of its buffer
    is_broken = False  # what was written is not all there
    raw: Any

    @property
    def size(self) -> int:
        """How many bytes the file had when it was opened, and what was added since."""
        return int(self.raw._file.known_size)

    @property
    def autocommit(self) -> bool:
        """Whether it is in its place already."""
        return self.replaces is None

    @property
    def full_name(self) -> str:
        """Its URL, without user and password."""
        return str(self.fs.unstrip_protocol(self.replaces or self.path))

    @property
    def details(self) -> dict[str, Any]:
        """What ``info`` says of it."""
        return self.fs.info(self.path)

    @property
    def closed(self) -> bool:
        """Whether it is."""
        return bool(super().closed)  # type: ignore[misc]

    @closed.setter
    def closed(self, value: bool) -> None:
        """For fsspec's caches, which say it once more when they have closed a file."""

    def close(self) -> None:
        if self.closed:
            return
        try:
            super().close()  # type: ignore[misc]
        except BaseException:
            self.is_broken = True
            raise
        finally:
            if 'r' not in self.mode or '+' in self.mode:  # type: ignore[attr-defined]
                self.fs.forget(self.path)

    def commit(self) -> None:
        """Close it, and have it take its place."""
        if self.replaces is None:
            raise RuntimeError('Only a file that was opened with autocommit=False is committed')
        self.close()
        if self.is_broken:
            raise OSError(errno.EIO, 'It was not written whole, and does not take its place', self.replaces)
        self.fs.take_place(self.path, self.replaces, is_new=self.is_new)
        self.path, self.replaces = self.replaces, None

    def discard(self) -> None:
        """Close it, and remove it."""
        if self.replaces is None:
            raise RuntimeError('Only a file that was opened with autocommit=False is discarded')
        with suppress(SMBException):
            self.close()
        with suppress(FileNotFoundError):
            self.fs.rm_file(self.path)

    def _fetch_range(self, start: int, end: int) -> bytes:
        """For fsspec's caches."""
        return self.fs.cat_file(self.path, start, end)


class RemoteReader(_RemoteFile, files.SMBReader):
    """A file for reading; another process that it is sent to opens it anew."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:  # which io's have, from Python 3.13 on
        return reopened, (self.fs, self.path, self.blocksize, self.tell())

    def __del__(self) -> None:
        # Without a warning: nothing is lost, and PyArrow, for one, leaves its files to the garbage collector.
        with suppress(Exception):
            if not self.closed:
                self.raw.is_dropped = True
                self.close()


class RemoteWriter(_RemoteFile, files.SMBWriter):
    """A file for writing."""


class RemoteRandom(_RemoteFile, files.SMBRandom):
    """A file for both."""


def reopened(fs: SMBFileSystem, path: str, block_size: int, position: int) -> Any:
    """The file in another process."""
    file = fs.open(path, 'rb', block_size=block_size)
    file.seek(position)
    return file


def open_file(fs: SMBFileSystem, path: str, mode: str, block_size: int, share_mode: int | None) -> Any:
    """Open a file, which has to be in a folder that is there."""
    wanted = files.Mode(mode if 'b' in mode else f'{mode}b')
    share, name = fs.located(path)
    raw = files.SMBFile(
        fs.connection(), share, name, wanted, share=share_mode, timeout=fs.timeout, is_direct=False
    )  # fmt: skip
    kind = RemoteRandom if wanted.reads and wanted.writes else RemoteWriter if wanted.writes else RemoteReader
    try:
        file: Any = kind(raw, block_size)
    except BaseException:
        raw.close()
        raise
    file.fs, file.path, file.blocksize = fs, path, block_size
    if wanted.writes:
        fs.forget(path)
    return file


def open_beside(fs: SMBFileSystem, path: str, mode: str, block_size: int, share_mode: int | None) -> Any:
    """Open a file that takes its place when it is committed."""
    kind = files.Mode(mode if 'b' in mode else f'{mode}b').kind
    if kind == 'x' and fs.exists(path):
        raise FileExistsError(errno.EEXIST, 'There is such a file already', path)
    beside = f'{path.rpartition("/")[0]}/.smbcourier-{token_hex(8)}.tmp'
    if kind == 'a' and fs.exists(path):
        fs.cp_file(path, beside)
    file = open_file(fs, beside, mode.replace('w', 'x'), block_size, share_mode)
    file.replaces, file.is_new = path, kind == 'x'
    return file
