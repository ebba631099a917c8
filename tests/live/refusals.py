"""What every refused operation has in common, checked in one place."""

from __future__ import annotations

import errno

import pytest

from smb import ntstatus
from smb.smb_structs import OperationFailure

# The built-in exception that each status is besides; for the others it is no OSError.
BUILTINS = {
    'STATUS_OBJECT_NAME_NOT_FOUND': FileNotFoundError,
    'STATUS_OBJECT_PATH_NOT_FOUND': FileNotFoundError,
    'STATUS_NO_SUCH_FILE': FileNotFoundError,
    'STATUS_BAD_NETWORK_NAME': FileNotFoundError,
    'STATUS_OBJECT_NAME_COLLISION': FileExistsError,
    'STATUS_ACCESS_DENIED': PermissionError,
    'STATUS_SHARING_VIOLATION': PermissionError,
    'STATUS_FILE_LOCK_CONFLICT': PermissionError,
    'STATUS_CANNOT_DELETE': PermissionError,
    'STATUS_MEDIA_WRITE_PROTECTED': PermissionError,
    'STATUS_FILE_IS_A_DIRECTORY': IsADirectoryError,
    'STATUS_NOT_A_DIRECTORY': NotADirectoryError,
    'STATUS_DIRECTORY_NOT_EMPTY': OSError,
    'STATUS_DISK_FULL': OSError,
}
# What a call says over SMB1 in place of what it says over SMB2; None stands for whatever else that is.
SMB1 = 0x0100
SMB1_REASONS = {
    'listPath': {None: 'Unable to retrieve file list'},
    'getAttributes': {None: 'Read failed'},
    'deleteDirectory': {None: 'Delete failed'},
    'deleteFiles': {'Unable to open file': 'Delete failed', 'Path not found': 'Unable to retrieve file list'},
    'rename': {None: 'Rename failed'},
}
NO_SHARE = 'Unable to connect to shared device'
ERRNOS = {'STATUS_DIRECTORY_NOT_EMPTY': errno.ENOTEMPTY, 'STATUS_DISK_FULL': errno.ENOSPC}


def on_one_line(name):
    """The name as a failure shows it: what cannot be printed is escaped."""
    return ''.join(c if c.isprintable() else c.encode('unicode_escape').decode() for c in name)


def check_refused(connection, method, *arguments, reason, status, share=None, paths=None, **keywords):
    """The OperationFailure of a call, once everything that all of them promise has been looked at.

    ``share`` and ``paths`` are what its first line has to name; by default the first argument, and the second.
    ``reason`` is a tuple where it depends on the server's rights on its disk.
    """
    with pytest.raises(OperationFailure) as caught:
        getattr(connection, method)(*arguments, **keywords)
    failure = caught.value
    share = arguments[0] if share is None else share
    paths = arguments[1:2] if paths is None else paths

    assert failure.status_name == status
    assert failure.status == getattr(ntstatus, status)
    line = str(failure).splitlines()[0]
    assert line == failure.message == failure.args[0]
    reasons = (reason,) if isinstance(reason, str) else reason
    if connection.dialect == SMB1 and method in SMB1_REASONS and reason != NO_SHARE:
        others = SMB1_REASONS[method]
        reasons = tuple(others.get(reason) or others.get(None) or reason for reason in reasons)
    assert line.endswith(tuple(f': {reason} ({status}, 0x{failure.status:08X})' for reason in reasons)), line
    for path in paths:
        assert on_one_line(path.replace('/', '\\').strip('\\')) in line
    assert share in line

    builtin = BUILTINS.get(status)
    if builtin is None:
        assert not isinstance(failure, OSError), type(failure).__mro__
    else:
        assert isinstance(failure, builtin)
    if status in ERRNOS:
        assert failure.errno == ERRNOS[status]

    history = failure.smb_messages
    assert history[-1].isReply and history[-1].ntstatus == failure.status
    assert 2 <= len(history) <= 11
    assert not connection.is_busy
    assert connection.echo(b'still there') == b'still there'
    return failure
