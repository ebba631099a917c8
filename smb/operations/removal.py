"""Deleting files and folders, in either dialect.

A name is removed by marking what it stands for, which the server does or refuses at once; opening with "delete on
close" leaves it to chance whether a refusal is ever heard of.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smb.errors import ProtocolError, StatusError
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
    from smb.tree.base import Tree

# A link is removed itself, never what it points to.
FILE = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE_NON_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)
FOLDER = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT)


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


def delete_files(tree: Tree, path: str, delete_matching_folders: bool) -> None:
    """Remove the file ``path``, or all that its last component matches."""
    folder, name = paths.split(path)
    if paths.has_wildcards(name):
        _delete_entries(tree, _entries(tree, folder, name), delete_matching_folders)
    else:
        _delete(tree, path, FILE)


def _delete(tree: Tree, path: str, how: How) -> None:
    with _gone_is_fine():
        tree.change(path, how, FileDispositionInformation(delete_pending=1))


def _entries(tree: Tree, folder: str, pattern: str) -> list[tuple[str, int]]:
    """Path and attributes of what matches in a folder."""
    found = [
        (paths.join(folder, entry.filename), entry.file_attributes)
        for batch in listing.batches(tree, folder, pattern)
        for entry in batch
        if entry.filename not in ('.', '..')
    ]
    if any(paths.is_too_long(path) for path, _ in found):
        raise ProtocolError('The server lists folders inside folders, deeper than any path can lead')
    return found


def _delete_entries(tree: Tree, entries: list[tuple[str, int]], folders_too: bool) -> None:
    """Remove what a listing gave; folders are emptied first, without following a link."""
    todo = [(path, attributes, False) for path, attributes in entries]
    while todo:
        path, attributes, is_empty = todo.pop()
        if not attributes & ATTR_DIRECTORY:
            _delete(tree, path, FILE)
        elif not folders_too:
            continue
        elif is_empty or attributes & ATTR_REPARSE_POINT:
            _delete(tree, path, FOLDER)
        else:
            todo.append((path, attributes, True))
            with _gone_is_fine():
                todo += [(inner, its_attributes, False) for inner, its_attributes in _entries(tree, path, '*')]
