"""Listing a folder, in either dialect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from smb.errors import ProtocolError
from smb.operations import paths
from smb.smb_constants import (
    ATTR_NORMAL,
    FILE_DIRECTORY_FILE,
    FILE_LIST_DIRECTORY,
    FILE_READ_ATTRIBUTES,
    SMB_FILE_ATTRIBUTE_INCL_NORMAL,
    SMB_FILE_ATTRIBUTE_NORMAL,
)
from smb.tree.base import How

if TYPE_CHECKING:
    from smb.results import SharedFile
    from smb.tree.base import Open, Tree

MOST_ENTRIES = 1 << 24  # of one folder
DOTS = ('.', '..')  # the folder itself, and the one above it
LISTING = How(FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE)


def list_path(tree: Tree, path: str, search: int, pattern: str) -> list[SharedFile]:
    """The entries of a folder that match ``pattern`` and share a bit with ``search``, in the server's order."""
    return [entry for batch in batches(tree, path, pattern) for entry in batch if is_wanted(entry, search)]


def batches(tree: Tree, path: str, pattern: str) -> Iterator[list[SharedFile]]:
    """The entries that match, as they come: the next batch is under way while one is looked at."""
    return rest(*tree.list_first(path, LISTING, pattern))


def rest(handle: Open, entries: list[SharedFile], following: Any) -> Iterator[list[SharedFile]]:
    """The batches of a listing that has begun, the first one included; ProtocolError where it has no end."""
    progress = _Progress()
    with handle:
        while following is not None:
            try:
                progress.check(entries)
                yield entries
            except BaseException:
                handle.abandon(following)
                raise
            entries, following = handle.finish_list(following)
        handle.close_soon()
        yield entries


class _Progress:
    """Sees to it that a listing goes on, and comes to an end."""

    def __init__(self) -> None:
        self._count = 0
        self._seen: set[int] = set()

    def check(self, entries: list[SharedFile]) -> None:
        """Take note of a batch that is not the last one."""
        self._count += len(entries)
        # One name may come up again, where it was removed and made anew meanwhile; a whole batch does not.
        names = hash(tuple(entry.filename for entry in entries))
        if names in self._seen or self._count > MOST_ENTRIES:
            raise ProtocolError(f'The server has listed {self._count} entries of a folder, and comes to no end')
        self._seen.add(names)


def complete(tree: Tree, folder: str, pattern: str) -> list[SharedFile]:
    """All that matches in a folder, so that it can be changed while they are gone through."""
    found = [entry for batch in batches(tree, folder, pattern) for entry in batch]
    if any(paths.is_too_long(paths.join(folder, entry.filename)) for entry in found):
        raise ProtocolError('The server lists folders inside folders, deeper than any path can lead')
    return found


def is_wanted(entry: SharedFile, search: int) -> bool:
    """Whether ``search`` asks for an entry with these attributes."""
    if entry.file_attributes & search & ~SMB_FILE_ATTRIBUTE_INCL_NORMAL:
        return True
    is_normal = entry.file_attributes & 0xFF in (0, ATTR_NORMAL)
    return is_normal and (bool(search & SMB_FILE_ATTRIBUTE_INCL_NORMAL) or search == SMB_FILE_ATTRIBUTE_NORMAL)
