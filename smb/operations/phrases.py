"""What an OperationFailure says: action, path and share, what is behind it, and pysmb's phrase, which programs seek."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from smb import ntstatus
from smb.errors import ProtocolError, StatusError
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.ntstatus import (
    STATUS_BAD_NETWORK_NAME,
    STATUS_CANNOT_DELETE,
    STATUS_DELETE_PENDING,
    STATUS_DISK_FULL,
    STATUS_FILE_IS_A_DIRECTORY,
    STATUS_FILE_LOCK_CONFLICT,
    STATUS_LOCK_NOT_GRANTED,
    STATUS_MEDIA_WRITE_PROTECTED,
    STATUS_NETWORK_NAME_DELETED,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_PATH_NOT_COVERED,
    STATUS_QUOTA_EXCEEDED,
    STATUS_SHARING_VIOLATION,
    STATUS_STOPPED_ON_SYMLINK,
)
from smb.operations import paths
from smb.smb2_constants import SMB2_COM_CREATE, SMB2_COM_QUERY_DIRECTORY, SMB2_COM_TREE_CONNECT, SMB2_COM_WRITE
from smb.smb_constants import (
    SMB_COM_NT_CREATE_ANDX,
    SMB_COM_TRANSACTION2,
    SMB_COM_TREE_CONNECT_ANDX,
    SMB_COM_WRITE_ANDX,
    TRANS2_FIND_FIRST2,
    TRANS2_FIND_NEXT2,
)

# By action and failing command; None stands for every other command of the action.
PHRASES: dict[str, dict[int | None, str]] = {
    'list shares': {None: 'Unable to list shares'},
    'list': {
        SMB2_COM_CREATE: 'Unable to open directory',
        SMB2_COM_QUERY_DIRECTORY: 'Query failed',
        None: 'List failed',
    },
    'get attributes for': {None: 'Unable to open remote file object'},
    'retrieve': {SMB2_COM_CREATE: 'Unable to open file', None: 'Read failed'},
    'download': {SMB2_COM_CREATE: 'Unable to open directory', None: 'List failed'},
    'upload': {SMB2_COM_CREATE: 'Unable to open directory', None: 'Create failed'},
    'store': {SMB2_COM_CREATE: 'Unable to open file', None: 'Write failed'},
    'delete': {
        SMB2_COM_CREATE: 'Unable to open file',
        SMB2_COM_QUERY_DIRECTORY: 'Path not found',
        None: 'Delete failed',
    },
    'delete directory': {SMB2_COM_CREATE: 'Unable to open directory', None: 'Delete failed'},
    'list snapshots for': {SMB2_COM_CREATE: 'Unable to open file/directory', None: 'List failed'},
    'get the security descriptor of': {SMB2_COM_CREATE: 'Unable to open file or directory', None: 'Query failed'},
    'reset attributes of': {
        SMB2_COM_CREATE: 'Unable to open file',
        SMB2_COM_QUERY_DIRECTORY: 'Unable to open file',
        None: 'Unable to set attributes',
    },
    'set the last write time of': {SMB2_COM_CREATE: 'Unable to open file', None: 'Unable to set the time'},
    'create directory': {None: 'Create failed'},
    'rename': {SMB2_COM_CREATE: 'Unable to open file/directory', None: 'Rename failed'},
    'copy': {SMB2_COM_CREATE: 'Unable to open file', None: 'Copy failed'},
    'get the disk space of': {SMB2_COM_CREATE: 'Unable to open file/directory', None: 'Query failed'},
    'set the times of': {SMB2_COM_CREATE: 'Unable to open file', None: 'Unable to set the times'},
    'set the security descriptor of': {
        SMB2_COM_CREATE: 'Unable to open file or directory',
        None: 'Unable to set the security descriptor',
    },
    'open': {SMB2_COM_CREATE: 'Unable to open file', None: 'Read failed'},
    'read': {None: 'Read failed'},
    'write': {None: 'Write failed'},
    'flush': {SMB2_COM_WRITE: 'Write failed', None: 'Flush failed'},
    'truncate': {SMB2_COM_WRITE: 'Write failed', None: 'Truncate failed'},
    'get the size of': {SMB2_COM_WRITE: 'Write failed', None: 'Query failed'},
    'close': {SMB2_COM_WRITE: 'Write failed', None: 'Close failed'},
    'echo': {None: 'Echo failed'},
}
# What is said otherwise over SMB1, where no folder is opened to be listed and no file to be renamed.
SMB1_PHRASES: dict[str, dict[int | None, str]] = {
    'list': {None: 'Unable to retrieve file list'},
    'get attributes for': {None: 'Read failed'},
    'delete': {SMB2_COM_QUERY_DIRECTORY: 'Unable to retrieve file list', None: 'Delete failed'},
    'delete directory': {None: 'Delete failed'},
    'rename': {None: 'Rename failed'},
}
SMB1_STEPS = {
    SMB_COM_TREE_CONNECT_ANDX: SMB2_COM_TREE_CONNECT,
    SMB_COM_NT_CREATE_ANDX: SMB2_COM_CREATE,
    SMB_COM_WRITE_ANDX: SMB2_COM_WRITE,
}
SMB1_SEARCHES = (TRANS2_FIND_FIRST2, TRANS2_FIND_NEXT2)
NO_SHARE = 'Unable to connect to shared device'
DELETE_A_FOLDER = (
    'Cannot delete a folder. Please use deleteDirectory() method or append "/*" to your path '
    'if you wish to delete all files in the folder'
)

CAUSES = {
    STATUS_SHARING_VIOLATION: 'another program has it open and does not share it',
    STATUS_DELETE_PENDING: 'it is being deleted, and goes when the last program that has it open closes it',
    STATUS_FILE_LOCK_CONFLICT: 'another program has locked that part of it',
    STATUS_LOCK_NOT_GRANTED: 'another program has locked that part of it',
    STATUS_CANNOT_DELETE: 'it is marked read-only, or in use',
    STATUS_MEDIA_WRITE_PROTECTED: 'the share or its disk is read-only',
    STATUS_DISK_FULL: 'the disk is full',
    STATUS_QUOTA_EXCEEDED: 'the quota is used up',
    STATUS_BAD_NETWORK_NAME: 'the server has no such share',
    STATUS_NETWORK_NAME_DELETED: 'the server has taken the share away',
    STATUS_PATH_NOT_COVERED: 'the path is a DFS link to another server, which is not followed',
    STATUS_STOPPED_ON_SYMLINK: 'a symbolic link on the path leads elsewhere, which is not followed',
}
LINK_TO = 'a symbolic link on the path leads to {!r}, which is not followed'


def reason(action: str, error: StatusError) -> str:
    """The phrase for the request that an action failed at."""
    is_smb1 = error.reply.protocol == 1
    command = _smb1_step(error.request) if is_smb1 else error.request.COMMAND
    if command == SMB2_COM_TREE_CONNECT:
        return NO_SHARE
    if action == 'delete' and error.status == STATUS_FILE_IS_A_DIRECTORY:
        return DELETE_A_FOLDER
    phrases = PHRASES[action]
    if is_smb1:
        phrases = SMB1_PHRASES.get(action, phrases)
    elif action in ('list', 'delete') and error.status == STATUS_OBJECT_NAME_NOT_FOUND:
        return 'Path not found'
    return phrases.get(command) or phrases[None]


def _smb1_step(request: Any) -> int | None:
    """The command that takes the place of this request in SMB2."""
    if request.COMMAND == SMB_COM_TRANSACTION2 and request.setup[0] in SMB1_SEARCHES:
        return SMB2_COM_QUERY_DIRECTORY
    return SMB1_STEPS.get(request.COMMAND)


def cause(error: StatusError) -> str | None:
    """What the operation or the answer itself says of a refusal; None where its status is all that is known."""
    if error.cause is None and error.status == STATUS_STOPPED_ON_SYMLINK:
        target = _link_target(error.reply.payload)
        return LINK_TO.format(target) if target else None
    return error.cause


def _link_target(payload: Any) -> str | None:
    """Where the link leads that the server stopped on, [MS-SMB2] 2.2.2.2.1, as it is meant to be shown to people."""
    if not isinstance(payload, SMB2ErrorResponse):
        return None
    try:
        link = payload.symbolic_link()
    except ProtocolError:
        # The status says enough, and is what the caller is to hear of.
        return None
    return (link.print_name or link.substitute_name) if link else None


def _shown(name: str) -> str:
    """A name on one line: what cannot be printed is escaped."""
    if name.isprintable():
        return name
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode('ascii') for c in name)


def message(
    action: str, names: Sequence[Any], share: str, reason: str, status: int | None, cause: str | None = None
) -> str:
    """The one line of an OperationFailure."""
    what = ' ' + ' to '.join(_shown(paths.relative(name)) or '\\' for name in names) if names else ''
    where = f' on {_shown(share)}' if share else ''
    cause = cause or CAUSES.get(status or 0)
    behind = f' ({_shown(cause)})' if cause else ''
    named = '' if status is None else f' ({ntstatus.describe(status)})'
    return f'Failed to {action}{what}{where}{behind}: {reason}{named}'
