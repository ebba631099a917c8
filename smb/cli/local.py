"""Files of this computer: which remote names they may take, and downloads that are whole or not there at all."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from smb.cli.failures import Failure
from smb.errors import SMBException

if TYPE_CHECKING:
    from smb.SMBConnection import SMBConnection

STDIO = '-'
COMPARED_LENGTH = 65536  # bytes at the end of what is there that have to be the same before a transfer goes on
IS_WINDOWS = os.name == 'nt'
WINDOWS_CHARACTERS = frozenset('<>:"|?*')
WINDOWS_DEVICES = re.compile(r'(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³]) *(?:\..*)?', re.I | re.S)


def checked_name(name: str, is_windows: bool = IS_WINDOWS) -> str:
    """A name that a server gave, as the name of a local file; a Failure for one that would be somewhere else.

    On Windows a colon begins a stream or ends a drive, some names are devices, and blanks and dots at the end vanish.
    """
    if not name or name in ('.', '..') or any(character in name for character in '/\\\0'):
        raise Failure(f'{name!r}: the server gives a name that is none; it is left out')
    if is_windows and (
        WINDOWS_CHARACTERS.intersection(name)
        or min(name) < ' '
        or name.endswith((' ', '.'))
        or WINDOWS_DEVICES.fullmatch(name)
    ):
        raise Failure(f'{name!r}: no file of Windows can have this name; it is left out')
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        raise Failure(f'{name!r}: no file of this computer can have this name; it is left out') from None
    return name


def remote_name(path: str) -> str:
    """The name of a local file or folder, for the server; a Failure for one that would be somewhere else there."""
    name = os.path.basename(os.path.abspath(path))
    if not name or '\\' in name:
        raise Failure(f'{path}: no file on a server can have this name')
    return name


def joined(folder: str, name: str, root: str) -> str:
    """The path of ``name`` in ``folder``; a Failure where it would not be inside ``root``."""
    path = os.path.join(folder, checked_name(name))
    inside = os.path.realpath(folder)
    top = os.path.realpath(root)
    if os.path.commonpath([inside, top]) != top or os.path.basename(path) != name:
        raise Failure(f'{path}: this is outside of {root}; it is left out')
    return path


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[Any]:
    """A new file that takes the place of ``path`` at the end, and is removed if it does not come to that.

    What is no ordinary file, a device for example, is written to directly.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        with _named_in_errors(path), open(path, 'wb') as file:
            yield file
        return
    # A name made of the file's own could be too long.
    temporary = os.path.join(os.path.dirname(path), f'.smbcourier-{secrets.token_hex(6)}.part')
    try:
        with _named_in_errors(path):
            with open(temporary, 'xb') as file:
                yield file
            with contextlib.suppress(OSError):
                os.chmod(temporary, os.stat(path).st_mode & 0o7777)
            os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


@contextlib.contextmanager
def _named_in_errors(path: str) -> Iterator[None]:
    """An error of this computer's files names this one, also where it is of a write or of another name."""
    try:
        yield
    except OSError as error:
        if not isinstance(error, (SMBException, BrokenPipeError)):
            error.filename, error.filename2 = path, None
        raise


@contextlib.contextmanager
def resumed_file(path: str) -> Iterator[Any]:
    """The file, to be read and written; it is made where it is missing, and keeps what it has whatever happens."""
    try:
        file = open(path, 'r+b')  # noqa: SIM115
    except FileNotFoundError:
        file = open(path, 'x+b')  # noqa: SIM115
    with file, _named_in_errors(path):
        yield file


def check_same(connection: SMBConnection, share: str, path: str, file: Any, length: int, timeout: float) -> None:
    """A Failure unless the last part of the first ``length`` bytes is the same in the remote file and in ``file``."""
    count = min(length, COMPARED_LENGTH)
    if not count:
        return
    remote = io.BytesIO()
    connection.retrieveFileFromOffset(share, path, remote, length - count, count, timeout)
    file.seek(length - count)
    if file.read(count) != remote.getvalue():
        raise Failure(f'{path}: what is there is not the beginning of this file; leave out -c to transfer it anew')


class CountedReader:
    """What ``source`` gives, counted."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.count = 0

    def read(self, size: int = -1) -> Any:
        """The next bytes of it."""
        data = self._source.read(size)
        self.count += len(data)
        return data


def standard_input() -> Any:
    """Standard input, for bytes."""
    return sys.stdin.buffer


def standard_output() -> Any:
    """Standard output, for bytes, behind what was written to it as text."""
    sys.stdout.flush()
    return sys.stdout.buffer
