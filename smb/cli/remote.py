"""What is on a share: one entry, what a pattern matches, everything in a folder.

Folders are gone through without following a link. Windows says what a link is. Samba follows symbolic links itself and
shows a folder; only numbers tell: that of its ``..`` is not the folder's that has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from smb.cli.failures import NOT_FOUND, Failure
from smb.errors import OperationFailure
from smb.smb_constants import ATTR_REPARSE_POINT

if TYPE_CHECKING:
    from smb.addresses import Address
    from smb.base import SharedFile
    from smb.cli.client import Client

DOTS = ('.', '..')  # the folder itself, and the one above it


class Entry:
    """A file or folder and where it is.

    ``is_link`` is True for a folder that is somewhere else, and for any link that the server says is one. ``lasts`` has
    for it and each folder around it, from the outside in, whether it is the last one in its folder.
    """

    __slots__ = ('address', 'file', 'is_link', 'lasts')

    def __init__(
        self, address: Address, file: SharedFile, is_link: bool | None = None, lasts: tuple[bool, ...] = ()
    ) -> None:
        self.address = address
        self.file = file
        self.is_link = bool(file.file_attributes & ATTR_REPARSE_POINT) if is_link is None else is_link
        self.lasts = lasts

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and one that is here."""
        return self.file.isDirectory and not self.is_link

    @property
    def kind(self) -> str:
        """``'file'``, ``'folder'`` or ``'link'``."""
        return 'link' if self.is_link else 'folder' if self.file.isDirectory else 'file'


class Listing:
    """What is in a folder, sorted by name, and the numbers of the folder itself and of the one above it."""

    def __init__(self, found: Sequence[SharedFile]) -> None:
        numbers = {file.filename: file.file_id for file in found if file.filename in DOTS}
        self.number, self.number_above = numbers.get('.'), numbers.get('..')
        self.files = sorted(
            (file for file in found if file.filename not in DOTS),
            key=lambda file: (file.filename.casefold(), file.filename),
        )

    def is_elsewhere(self, file: SharedFile, number_around: int | None) -> bool:
        """Whether this is what is in another folder than ``file`` in the folder with that number seems to be."""
        # Only a server that gives both their right numbers can tell.
        return bool(
            number_around and self.number_above and self.number_above != number_around and self.number == file.file_id
        )


def has_wildcards(text: str) -> bool:
    """Whether a name is a pattern."""
    return '*' in text or '?' in text


def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that says whether a name fits: ``*`` is anything, ``?`` one character, small letters are capitals."""
    parts = ('.*' if part == '*' else '.' if part == '?' else re.escape(part) for part in re.split('([*?])', pattern))
    expression = re.compile(''.join(parts), re.IGNORECASE | re.DOTALL)
    return lambda name: expression.fullmatch(name) is not None


def look(client: Client, address: Address) -> Entry:
    """The entry at an address; OperationFailure where there is none."""
    connection = client.connection(address)
    return Entry(address, connection.getAttributes(address.share, address.path, timeout=client.timeout))


def look_for(client: Client, address: Address) -> Entry | None:
    """The entry at an address; None where there is none."""
    try:
        return look(client, address)
    except FileNotFoundError as error:
        if isinstance(error, OperationFailure) and error.status_name == 'STATUS_BAD_NETWORK_NAME':
            raise
        return None


def listing(client: Client, address: Address, pattern: str = '*') -> Listing:
    """What is in a folder and matches."""
    connection = client.connection(address)
    return Listing(connection.listPath(address.share, address.path, pattern=pattern, timeout=client.timeout))


def fixed_part(address: Address) -> Address:
    """The folder that everything is in which an address means: what stands before its first pattern or last name."""
    names = address.path.split('/')
    count = next((number for number, name in enumerate(names) if has_wildcards(name)), len(names) - 1)
    return address.at('/'.join(names[:count]))


def expand(client: Client, address: Address) -> list[Entry]:
    """What an address means: one entry, or all that match where its names are patterns; a Failure where none does."""
    if not has_wildcards(address.path):
        return [look(client, address)]
    found = [Entry(address.at(''), look(client, address.at('')).file)]
    names = address.path.split('/')
    for number, name in enumerate(names):
        if not has_wildcards(name) and number < len(names) - 1:
            found = [Entry(entry.address.child(name), entry.file) for entry in found]
            continue
        found = [match for entry in found for match in _matches(client, entry.address, name, number < len(names) - 1)]
    if not found:
        raise Failure(f'{address}: nothing matches', NOT_FOUND)
    return found


def _matches(client: Client, folder: Address, pattern: str, folders_only: bool) -> list[Entry]:
    try:
        if not has_wildcards(pattern):
            return [look(client, folder.child(pattern))]
        found = listing(client, folder, pattern)
    except OperationFailure as error:
        # One of several folders that match need not have what is looked for.
        if isinstance(error, (FileNotFoundError, NotADirectoryError)) and not _is_no_share(error):
            return []
        raise
    fits = matcher(pattern)
    return [
        Entry(folder.child(file.filename), file)
        for file in found.files
        if fits(file.filename) and (file.isDirectory or not folders_only)
    ]


def _is_no_share(error: OperationFailure) -> bool:
    return error.status_name == 'STATUS_BAD_NETWORK_NAME'


def walk(client: Client, folder: Address, depth: int | None = None) -> Iterator[Entry]:
    """Everything in a folder, each folder before what is in it, down to ``depth`` levels (None: all).

    Links are given and not followed. A folder that cannot be listed is reported, and the walk goes on.
    """
    top = listing(client, folder)
    todo = _inside(folder, top, ())
    while todo:
        entry, number_around = todo.pop()
        is_within = depth is None or len(entry.lasts) < depth
        if entry.is_folder and is_within:
            inside = None
            with client.attempt(entry.address):
                inside = listing(client, entry.address)
            if inside is not None:
                entry.is_link = inside.is_elsewhere(entry.file, number_around)
                if not entry.is_link:
                    todo += _inside(entry.address, inside, entry.lasts)
        yield entry


def _inside(folder: Address, found: Listing, lasts: tuple[bool, ...]) -> list[tuple[Entry, int | None]]:
    """What is to be visited in a folder, the first one last; each with the folder's number."""
    final = len(found.files) - 1
    return [
        (Entry(folder.child(file.filename), file, lasts=(*lasts, number == final)), found.number)
        for number, file in reversed(list(enumerate(found.files)))
    ]


def may_be_link(client: Client, entry: Entry) -> bool:
    """Whether what looks like a folder may be a link, as far as the server lets it be known.

    Where a link and the folder that it leads to stand side by side, nobody can tell which is which.
    """
    if entry.is_link or not entry.address.path:
        return entry.is_link
    around = listing(client, entry.address.parent)
    name = entry.address.name.casefold()
    itself = next((file for file in around.files if file.filename.casefold() == name), None)
    if itself is None or not itself.file_id:
        return False
    beside = any(file.file_id == itself.file_id for file in around.files if file is not itself)
    return beside or listing(client, entry.address).is_elsewhere(itself, around.number)
