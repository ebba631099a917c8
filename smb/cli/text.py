"""What people read: names made harmless, sizes, times, attributes, columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from smb import smb_constants

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
NOT_KEPT = -11644473600.0  # a time that the server does not keep
JOINER = '\u200d'  # holds emoji together
UNITS = 'KMGTPE'
ATTRIBUTES = {
    'read-only': ('R', smb_constants.ATTR_READONLY),
    'hidden': ('H', smb_constants.ATTR_HIDDEN),
    'system': ('S', smb_constants.ATTR_SYSTEM),
    'folder': ('D', smb_constants.ATTR_DIRECTORY),
    'archive': ('A', smb_constants.ATTR_ARCHIVE),
    'normal': ('', smb_constants.ATTR_NORMAL),
    'temporary': ('T', smb_constants.ATTR_TEMPORARY),
    'sparse': ('', smb_constants.ATTR_SPARSE),
    'link': ('L', smb_constants.ATTR_REPARSE_POINT),
    'compressed': ('C', smb_constants.ATTR_COMPRESSED),
    'offline': ('O', smb_constants.ATTR_OFFLINE),
    'not indexed': ('', smb_constants.ATTR_NOT_CONTENT_INDEXED),
    'encrypted': ('E', smb_constants.ATTR_ENCRYPTED),
}


def shown(name: str) -> str:
    """A name on one line, without anything that moves a cursor or turns text around: such characters are escaped."""
    if name.isprintable():
        return name
    return ''.join(
        character
        if character.isprintable() or character == JOINER
        else character.encode('unicode_escape').decode('ascii')
        for character in name
    )


def size(count: int) -> str:
    """A number of bytes for people, ``'1.5M'``: 1024 bytes are 1K."""
    if count < 1024:
        return str(count)
    value = float(count)
    for unit in UNITS:
        value /= 1024
        if value < 999.95 or unit == UNITS[-1]:
            break
    return f'{value:.1f}{unit}'


def parse_size(text: str) -> int:
    """The bytes that ``'10'``, ``'1.5M'`` or ``'2GB'`` mean; ValueError for what means none."""
    digits = text.upper().removesuffix('B').removesuffix('I')
    factor = 1
    if digits[-1:] in UNITS and digits:
        factor = 1 << 10 * (UNITS.index(digits[-1]) + 1)
        digits = digits[:-1]
    if not digits or digits.strip('0123456789.'):
        raise ValueError(f'{text!r} is no size')
    return int(float(digits) * factor)


def moment(seconds: float) -> datetime | None:
    """The time, in UTC; None for one that the server does not keep, or that no calendar here has."""
    if seconds == NOT_KEPT:
        return None
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None


def local_time(seconds: float, form: str = '%Y-%m-%d %H:%M') -> str:
    """The time where we are; ``-`` where there is none."""
    time = moment(seconds)
    if time is None:
        return '-'
    try:
        return time.astimezone().strftime(form)
    except (OverflowError, OSError, ValueError):
        return time.strftime(form)


def utc_time(seconds: float) -> str | None:
    """The time for programs, as in ``2026-11-22T21:41:00.5Z``; None where there is none."""
    time = moment(seconds)
    return None if time is None else time.isoformat().removesuffix('+00:00') + 'Z'


def attribute_letters(attributes: int) -> str:
    """The attributes in one column, a letter or a dash each, as in ``---DA-----``."""
    return ''.join(letter if attributes & bit else '-' for letter, bit in ATTRIBUTES.values() if letter)


def attribute_names(attributes: int) -> list[str]:
    """The attributes in words."""
    return [name for name, (_, bit) in ATTRIBUTES.items() if attributes & bit]


def width(text: str) -> int:
    """The columns of a terminal that a text takes."""
    return sum(
        0
        if unicodedata.combining(character) or character in (JOINER, '\ufe0f')
        else 2
        if unicodedata.east_asian_width(character) in 'WF'
        else 1
        for character in text
    )


def columns(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> list[str]:
    """The rows with their cells one below the other; those of the columns in ``right`` end at the same place."""
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            ' ' * (wanted - width(cell)) + cell if number in right else cell + ' ' * (wanted - width(cell))
            for number, (cell, wanted) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append('  '.join(cells).rstrip())
    return lines
