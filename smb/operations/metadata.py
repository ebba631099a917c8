"""What is known of a name, and where it stands: attributes, times, security, new folders, new names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.messages.fscc import FileBasicInformation, FileRenameInformation
from smb.operations import jobs, listing, paths
from smb.results import SharedFile
from smb.security_descriptors import SecurityDescriptor
from smb.smb_constants import (
    DACL_SECURITY_INFORMATION,
    DELETE,
    FILE_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES,
    FILE_WRITE_ATTRIBUTES,
    GROUP_SECURITY_INFORMATION,
    OWNER_SECURITY_INFORMATION,
    READ_CONTROL,
)
from smb.tree.base import How
from smb.wire.values import filetime_to_epoch

if TYPE_CHECKING:
    from smb.tree.base import Tree

LOOKING = How(FILE_READ_ATTRIBUTES)
SETTING = How(FILE_WRITE_ATTRIBUTES | FILE_READ_ATTRIBUTES)
# A link that matches is meant itself, not what it leads to, which may be nothing.
SETTING_MATCH = How(FILE_WRITE_ATTRIBUTES | FILE_READ_ATTRIBUTES, options=FILE_OPEN_REPARSE_POINT)
READING_SECURITY = How(READ_CONTROL)
SECURITY_PARTS = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION
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


def get_security(tree: Tree, path: str) -> SecurityDescriptor:
    """Owner, group and DACL of a file or folder."""
    return SecurityDescriptor.from_bytes(bytes(tree.query_security(path, READING_SECURITY, SECURITY_PARTS)))


def set_attributes(tree: Tree, path: str, attributes: int) -> None:
    """Set the attributes of ``path``, or of all that its last component matches; 0 leaves them as they are."""
    information = FileBasicInformation(file_attributes=attributes)
    folder, name = paths.split(path)
    if not paths.has_wildcards(name):
        tree.change(path, SETTING, information)
        return
    names = [paths.join(folder, entry.filename) for entry in listing.complete(tree, folder, name)
             if entry.filename not in listing.DOTS]  # fmt: skip
    for _, job in jobs.under_way(tree, names, lambda match: tree.start_change(match, SETTING_MATCH, information)):
        job.finish()


def set_last_write_time(tree: Tree, path: str, filetime: int) -> None:
    """Set the time of the last write, and no other."""
    tree.change(path, SETTING, FileBasicInformation(last_write_time=filetime))


def create_directory(tree: Tree, path: str) -> None:
    """Make one folder."""
    tree.make_folder(path)


def rename(tree: Tree, old_path: str, new_path: str) -> None:
    """Give a file or folder another name on the same share; what has that name already stays."""
    tree.change(old_path, RENAMING, FileRenameInformation(file_name=new_path))
