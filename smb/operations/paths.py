"""Arguments of the public calls: paths, patterns, offsets; checked before anything is sent."""

from __future__ import annotations

import os
from operator import index
from typing import Any

from smb.wire.values import epoch_to_filetime, filetime_to_epoch

LONGEST_PATH = 32767  # characters of UTF-16; the length of a name is sent in two bytes
FIRST_SECOND = filetime_to_epoch(1)
LAST_SECOND = filetime_to_epoch(2**63 - 1)
LARGEST_OFFSET = 2**63 - 1  # what a server's file system can have


def relative(path: Any) -> str:
    """``path`` as it is sent: relative to the share, with single backslashes, ``''`` for the root.

    ``/`` and ``\\`` are the same, and those at either end mean nothing. TypeError for what is no text (bytes too),
    ValueError for what no server can have.
    """
    if not isinstance(path, str):
        if not isinstance(path, os.PathLike):
            raise TypeError(f'A path is a str or an os.PathLike, not {type(path).__name__}')
        path = os.fspath(path)
        if not isinstance(path, str):
            raise TypeError(f'A path is text, not {type(path).__name__}')
    if '\0' in path:
        raise ValueError(f'A path holds no NUL: {path!r}')
    cleaned = '\\'.join(filter(None, path.replace('/', '\\').split('\\')))
    if is_too_long(cleaned):
        raise ValueError(f'A path has at most {LONGEST_PATH} characters, not {len(cleaned)}')
    return cleaned


def is_too_long(text: str) -> bool:
    """Whether its length, in bytes of UTF-16, finds no room where it is sent."""
    # No character has more than four bytes.
    return 2 * len(text) > LONGEST_PATH and len(text.encode('utf-16-le', 'surrogatepass')) > 2 * LONGEST_PATH


def pattern(text: Any) -> str:
    """A search pattern as it is sent."""
    if not isinstance(text, str):
        raise TypeError(f'A pattern is a str, not {type(text).__name__}')
    if '\0' in text or is_too_long(text):
        raise ValueError(f'A pattern holds no NUL and at most {LONGEST_PATH} characters: {text[:80]!r}')
    return text


def share(name: Any) -> str:
    """A share's name as it is sent; the server says whether it exists."""
    if not isinstance(name, str):
        raise TypeError(f'The name of a share is a str, not {type(name).__name__}')
    if '\0' in name or len(name) > 255:
        raise ValueError(f'The name of a share holds no NUL and at most 255 characters: {name[:80]!r}')
    return name


def split(path: str) -> tuple[str, str]:
    """The folder of a relative path, and its last component."""
    folder, _, name = path.rpartition('\\')
    return folder, name


def join(folder: str, name: str) -> str:
    """A relative path of both."""
    return f'{folder}\\{name}' if folder else name


def has_wildcards(name: str) -> bool:
    """Whether a component is a pattern: ``*`` and ``?`` are."""
    return '*' in name or '?' in name


def attributes(value: Any) -> int:
    """File attributes as they are sent; TypeError and ValueError as for ``offset``."""
    number = index(value)
    if not 0 <= number <= 0xFFFFFFFF:
        raise ValueError(f'File attributes are between 0 and 0xFFFFFFFF, not {number:#x}')
    return number


def filetime(seconds: Any) -> int:
    """Seconds since 1970 as they are sent; TypeError for what is no number, ValueError for what no server can have."""
    if not isinstance(seconds, (int, float)):
        raise TypeError(f'A time is a number of seconds since 1970, not {type(seconds).__name__}')
    # 0 and negative numbers have a meaning of their own in [MS-FSCC] 2.4.7.
    if not FIRST_SECOND < seconds < LAST_SECOND:
        raise ValueError(f'A time is between the years 1601 and 30828, not {seconds} seconds from 1970')
    return epoch_to_filetime(seconds)


def offset(value: Any, name: str = 'offset') -> int:
    """A place in a file; TypeError for what is no whole number, ValueError for one that no file has."""
    number = index(value)
    if not 0 <= number <= LARGEST_OFFSET:
        raise ValueError(f'{name} must be between 0 and 2**63 - 1, not {number}')
    return number
