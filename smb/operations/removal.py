"""Deleting files and folders, in either dialect.

A name is removed by marking what it stands for, which the server does or refuses at once. Many files are opened with
"delete on close" instead, which takes a request less: what a file system will not delete it does not open so. For a
folder that would leave it to chance whether a refusal is ever heard of, since it has to be empty only at the end.

Folders are emptied without following a link. Windows says what a link is. Samba follows symbolic links itself and shows
a folder; only numbers tell: that of its ``..`` is not the folder's that has it, or its own stands beside it once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smb.errors import StatusError
from smb.messages.fscc import FileDispositionInformation
from smb.ntstatus import STATUS_DIRECTORY_NOT_EMPTY, STATUS_OBJECT_NAME_NOT_FOUND
from smb.operations import jobs, listing, paths
from smb.smb_constants import (
    ATTR_REPARSE_POINT,
    DELETE,
    FILE_DELETE_ON_CLOSE,
    FILE_DIRECTORY_FILE,
    FILE_NON_DIRECTORY_FILE,
    FILE_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES,
)
from smb.tree.base import How

if TYPE_CHECKING:
    from smb.results import SharedFile
    from smb.tree.base import Tree

# A link is removed itself, never what it points to.
FILE = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE_NON_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)
VANISHING = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE.options | FILE_DELETE_ON_CLOSE)
FOLDER = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)

WILDCARDS = frozenset('*?<>"')  # [MS-FSCC] 2.1.4.4


@contextmanager
def _gone_is_fine() -> Iterator[None]:
    """Where something is to be removed, that it is not there any more is what was asked for."""
    try:
        yield
    except StatusError as error:
        if error.status != STATUS_OBJECT_NAME_NOT_FOUND:
            raise


def delete_directory(tree: Tree, path: str) -> None:
    """Remove an empty folder."""
    tree.change(path, FOLDER, FileDispositionInformation(delete_pending=1))


def delete_file(tree: Tree, path: str) -> None:
    """Remove one file, which must be there."""
    tree.change(path, FILE, FileDispositionInformation(delete_pending=1))


def delete_files(tree: Tree, path: str, delete_matching_folders: bool) -> None:
    """Remove the file ``path``, or all that its last component matches."""
    folder, pattern = paths.split(path)
    if not paths.has_wildcards(pattern):
        _delete(tree, path, FILE)
        return
    matches = everything = listing.complete(tree, folder, pattern)
    if not delete_matching_folders:
        matches = [entry for entry in matches if not entry.isDirectory]
    elif pattern != '*' and any(entry.isDirectory for entry in matches):
        everything = listing.complete(tree, folder, '*')
    _delete_entries(tree, inside(folder, matches, everything))


def delete_tree(tree: Tree, path: str) -> None:
    """Remove a folder with all that is in it; of a link, only the link itself."""
    folder, name = paths.split(path)
    if not name:
        raise ValueError('The root of a share cannot be deleted')
    found = listing.complete(tree, folder, name) if WILDCARDS.isdisjoint(name) else []
    matches = [entry for entry in found if entry.isDirectory and entry.filename not in listing.DOTS]
    if not matches:
        # A file, or nothing; the server says which.
        delete_directory(tree, path)
        return
    match = next((entry for entry in matches if entry.filename == name), matches[0])
    _delete_entries(tree, inside(folder, [match], listing.complete(tree, folder, '*')))


def _delete(tree: Tree, path: str, how: How) -> None:
    with _gone_is_fine():
        tree.change(path, how, FileDispositionInformation(delete_pending=1))


def _delete_files(tree: Tree, files: list[Entry]) -> None:
    """Remove files, many at once; those behind one that cannot be removed may be gone as well."""
    for entry, job in jobs.under_way(tree, files, lambda entry: tree.start_query(entry.path, VANISHING)):
        try:
            job.finish()
        except StatusError:
            _delete(tree, entry.path, FILE)  # by itself, which says best what is wrong, if anything still is


def _delete_link(tree: Tree, path: str) -> None:
    """Remove a link to a folder; Samba does that only where the folder which it leads to is empty."""
    try:
        _delete(tree, path, FOLDER)
    except StatusError as error:
        if error.status == STATUS_DIRECTORY_NOT_EMPTY:
            error.cause = f'{path} is a symbolic link to another folder, which is not touched'
        raise


class Entry:
    """A name in a folder; ``parent_id`` is the number of that folder, None where nobody knows it."""

    __slots__ = ('file_id', 'is_empty', 'is_folder', 'is_link', 'parent_id', 'path')

    def __init__(self, path: str, found: SharedFile, parent_id: int | None, is_link: bool) -> None:
        self.path = path
        self.is_folder = found.isDirectory
        self.is_link = is_link or bool(found.file_attributes & ATTR_REPARSE_POINT)
        self.is_empty = False
        self.file_id = found.file_id
        self.parent_id = parent_id

    def is_elsewhere(self, found: list[SharedFile]) -> bool:
        """Whether what is listed in this folder is in another one."""
        numbers = {entry.filename: entry.file_id for entry in found if entry.filename in listing.DOTS}
        above = numbers.get('..')
        # Only a server that gives these two their right numbers can tell.
        return bool(self.parent_id and above and above != self.parent_id and numbers.get('.') == self.file_id)


def inside(folder: str, matches: list[SharedFile], everything: list[SharedFile]) -> list[Entry]:
    """What matches in a folder; ``everything`` is all that is in it."""
    names = {entry.filename for entry in matches}.union(listing.DOTS)
    kept = {entry.file_id for entry in everything if entry.filename not in names} - {None, 0}
    own_id = next((entry.file_id for entry in everything if entry.filename == '.'), None)
    return [
        Entry(paths.join(folder, found.filename), found, own_id, found.file_id in kept)
        for found in matches
        if found.filename not in listing.DOTS
    ]


def _delete_entries(tree: Tree, todo: list[Entry]) -> None:
    """Remove files and folders; folders are emptied first."""
    while todo:
        files = []
        while todo and not todo[-1].is_folder:
            files.append(todo.pop())
        _delete_files(tree, files)
        if not todo:
            return
        entry = todo.pop()
        if entry.is_link:
            _delete_link(tree, entry.path)
        elif entry.is_empty:
            _delete(tree, entry.path, FOLDER)
        else:
            with _gone_is_fine():
                found = listing.complete(tree, entry.path, '*')
                entry.is_link, entry.is_empty = entry.is_elsewhere(found), True
                todo.append(entry)
                if not entry.is_link:
                    todo += inside(entry.path, found, found)
