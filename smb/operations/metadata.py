"""What is known of a name, and where it stands: attributes, times, security, new folders, new names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import ProtocolError, StatusError
from smb.messages.fscc import FileBasicInformation, FileRenameInformation
from smb.ntstatus import (
    STATUS_DELETE_PENDING,
    STATUS_NO_SUCH_FILE,
    STATUS_NOT_A_DIRECTORY,
    STATUS_OBJECT_NAME_COLLISION,
    STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_OBJECT_PATH_NOT_FOUND,
)
from smb.operations import jobs, listing, paths, removal
from smb.results import DiskSpace, SharedFile
from smb.security_descriptors import (
    SECURITY_DESCRIPTOR_DACL_PRESENT,
    SECURITY_DESCRIPTOR_SACL_PRESENT,
    SecurityDescriptor,
)
from smb.smb_constants import (
    ACCESS_SYSTEM_SECURITY,
    ATTR_DIRECTORY,
    DACL_SECURITY_INFORMATION,
    DELETE,
    FILE_OPEN_REPARSE_POINT,
    FILE_READ_ATTRIBUTES,
    FILE_WRITE_ATTRIBUTES,
    GROUP_SECURITY_INFORMATION,
    OWNER_SECURITY_INFORMATION,
    READ_CONTROL,
    SACL_SECURITY_INFORMATION,
    WRITE_DAC,
    WRITE_OWNER,
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
# What a server says of a name that nothing has, or can have.
MISSING = (
    STATUS_NO_SUCH_FILE,
    STATUS_NOT_A_DIRECTORY,
    STATUS_OBJECT_NAME_INVALID,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_OBJECT_PATH_NOT_FOUND,
)
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


def set_times(tree: Tree, path: str, created: int, accessed: int, written: int, changed: int) -> None:
    """Set times, FILETIMEs; 0 leaves one as it is."""
    information = FileBasicInformation(
        creation_time=created, last_access_time=accessed, last_write_time=written, change_time=changed
    )
    tree.change(path, SETTING, information)


def set_security(tree: Tree, path: str, descriptor: SecurityDescriptor | bytes | str) -> None:
    """Set what a descriptor has: owner, group, DACL, SACL. ValueError for one that has nothing, or is none."""
    if isinstance(descriptor, str):
        descriptor = SecurityDescriptor.from_sddl(descriptor)
    data = descriptor.to_bytes() if isinstance(descriptor, SecurityDescriptor) else bytes(memoryview(descriptor))
    try:
        parsed = SecurityDescriptor.from_bytes(data)
    except ProtocolError as error:
        raise ValueError(error.message) from None
    parts = access = 0
    for is_there, part, right in (
        (parsed.owner is not None, OWNER_SECURITY_INFORMATION, WRITE_OWNER),
        (parsed.group is not None, GROUP_SECURITY_INFORMATION, WRITE_OWNER),
        (parsed.flags & SECURITY_DESCRIPTOR_DACL_PRESENT, DACL_SECURITY_INFORMATION, WRITE_DAC),
        (parsed.flags & SECURITY_DESCRIPTOR_SACL_PRESENT, SACL_SECURITY_INFORMATION, ACCESS_SYSTEM_SECURITY),
    ):
        if is_there:
            parts |= part
            access |= right
    if not parts:
        raise ValueError('The security descriptor has no owner, no group and no access list: nothing to set')
    with tree.open(path, How(access)) as handle:
        handle.change_security(parts, data)


def get_disk_space(tree: Tree, path: str) -> DiskSpace:
    """The room on the volume that a file or folder is on."""
    with tree.open(path, LOOKING) as handle:
        found = handle.query_space()
        handle.close_soon()
    unit = found.sectors_per_allocation_unit * found.bytes_per_sector
    return DiskSpace(
        found.total_allocation_units * unit,
        found.actual_available_allocation_units * unit,
        found.caller_available_allocation_units * unit,
    )


def exists(tree: Tree, path: str) -> bool:
    """Whether there is a file or folder of this name."""
    try:
        tree.query(path, LOOKING)
    except StatusError as error:
        if error.status in MISSING:
            return False
        # A name that is being deleted is taken until it is gone.
        if error.status != STATUS_DELETE_PENDING:
            raise
    return True


def create_directory(tree: Tree, path: str) -> None:
    """Make one folder."""
    tree.make_folder(path)


def make_directories(tree: Tree, path: str, exist_ok: bool) -> None:
    """Make a folder, and those above it that are missing."""
    todo = [path]  # each is in the next one
    shortest = len(path)
    while todo:
        try:
            tree.make_folder(todo[-1])
        except StatusError as error:
            above = paths.split(todo[-1])[0]
            if error.status == STATUS_OBJECT_PATH_NOT_FOUND and above and len(above) < shortest:
                todo.append(above)
                shortest = len(above)
                continue
            may_exist = exist_ok or len(todo) > 1
            if error.status != STATUS_OBJECT_NAME_COLLISION or not may_exist or not is_folder(tree, todo[-1]):
                raise
        todo.pop()


def is_folder(tree: Tree, path: str) -> bool:
    """Whether there is a folder of this name, or a link to one."""
    return bool(tree.query(path, LOOKING).file_attributes & ATTR_DIRECTORY)


def rename(tree: Tree, old_path: str, new_path: str) -> None:
    """Give a file or folder another name on the same share; what has that name already stays."""
    tree.change(old_path, RENAMING, FileRenameInformation(file_name=new_path))


def replace(tree: Tree, old_path: str, new_path: str) -> None:
    """Give a file the name of another one on the same share, if there is one, which is gone then."""
    try:
        tree.change(old_path, RENAMING, FileRenameInformation(file_name=new_path, replace_if_exists=1))
    except StatusError as error:
        if error.status != STATUS_OBJECT_NAME_COLLISION:
            raise
        # SMB1's request cannot say it. A folder is not replaced.
        if is_folder(tree, new_path) or is_folder(tree, old_path):
            raise
        removal.delete_file(tree, new_path)
        rename(tree, old_path, new_path)
