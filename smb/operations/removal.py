"""Deleting files and folders, in either dialect.

A name is removed by marking what it stands for, which the server does or refuses at once; opening with "delete on
close" leaves it to chance whether a refusal is ever heard of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import StatusError
from smb.messages.fscc import FileDispositionInformation
from smb.ntstatus import STATUS_OBJECT_NAME_NOT_FOUND
from smb.operations import listing, paths
from smb.smb_constants import (
    ATTR_DIRECTORY,
    ATTR_REPARSE_POINT,
    DELETE,
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
FOLDER = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)


def delete_directory(tree: Tree, path: str) -> None:
    """Remove an empty folder."""
    tree.change(path, FOLDER, FileDispositionInformation(delete_pending=1))


def delete_files(tree: Tree, path: str, delete_matching_folders: bool) -> None:
    """Remove the file ``path``, or all that its last component matches."""
    folder, name = paths.split(path)
    if not paths.has_wildcards(name):
        _delete_file(tree, path)
        return
    matches = [entry for batch in listing.batches(tree, folder, name) for entry in batch]
    _delete_entries(tree, folder, matches, delete_matching_folders)


def _delete_file(tree: Tree, path: str) -> None:
    try:
        tree.change(path, FILE, FileDispositionInformation(delete_pending=1))
    except StatusError as error:
        # That it is gone is what was asked for.
        if error.status != STATUS_OBJECT_NAME_NOT_FOUND:
            raise


def _delete_entries(tree: Tree, folder: str, entries: list[SharedFile], folders_too: bool) -> None:
    """Remove what a listing of ``folder`` gave; folders are emptied first, without following a link."""
    todo: list[tuple[str, int, bool]] = [
        (paths.join(folder, e.filename), e.file_attributes, False) for e in entries if e.filename not in ('.', '..')
    ]
    while todo:
        path, attributes, is_empty = todo.pop()
        if not attributes & ATTR_DIRECTORY:
            _delete_file(tree, path)
        elif not folders_too:
            continue
        elif is_empty or attributes & ATTR_REPARSE_POINT:
            delete_directory(tree, path)
        else:
            todo.append((path, attributes, True))
            inside = [entry for batch in listing.batches(tree, path, '*') for entry in batch]
            todo += [
                (paths.join(path, e.filename), e.file_attributes, False)
                for e in inside
                if e.filename not in ('.', '..')
            ]
