"""What is known of a name, and where it stands: attributes, new folders, new names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.messages.fscc import FileRenameInformation
from smb.operations import paths
from smb.results import SharedFile
from smb.smb_constants import (
    DELETE,
    FILE_CREATE,
    FILE_DIRECTORY_FILE,
    FILE_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES,
)
from smb.tree.base import How
from smb.wire.values import filetime_to_epoch

if TYPE_CHECKING:
    from smb.tree.base import Tree

LOOKING = How(FILE_READ_ATTRIBUTES)
NEW_FOLDER = How(FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE, disposition=FILE_CREATE)
RENAMING = How(DELETE | FILE_READ_ATTRIBUTES, options=FILE_OPEN_REPARSE_POINT)


def get_attributes(tree: Tree, path: str) -> SharedFile:
    """What the server says of a file or folder, under the name that was asked for."""
    facts = tree.query(path, LOOKING)
    name = paths.split(path)[1]
    return SharedFile(
        filetime_to_epoch(facts.creation_time),
        filetime_to_epoch(facts.last_access_time),
        filetime_to_epoch(facts.last_write_time),
        filetime_to_epoch(facts.change_time),
        facts.end_of_file,
        facts.allocation_size,
        facts.file_attributes,
        name,
        name,
    )


def create_directory(tree: Tree, path: str) -> None:
    """Make one folder."""
    tree.query(path, NEW_FOLDER)


def rename(tree: Tree, old_path: str, new_path: str) -> None:
    """Give a file or folder another name on the same share; what has that name already stays."""
    tree.change(old_path, RENAMING, FileRenameInformation(file_name=new_path))
