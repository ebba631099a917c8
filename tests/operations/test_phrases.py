"""What an OperationFailure says: programs look for pysmb's phrases behind the last colon."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from smb import ntstatus
from smb.errors import StatusError
from smb.operations import phrases
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_IOCTL,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_QUERY_INFO,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_TREE_CONNECT,
    SMB2_COM_WRITE,
)
from smb.smb_constants import (
    SMB_COM_CREATE_DIRECTORY,
    SMB_COM_NT_CREATE_ANDX,
    SMB_COM_READ_ANDX,
    SMB_COM_RENAME,
    SMB_COM_TRANSACTION2,
    SMB_COM_TREE_CONNECT_ANDX,
    SMB_COM_WRITE_ANDX,
    TRANS2_FIND_FIRST2,
    TRANS2_FIND_NEXT2,
    TRANS2_SET_FILE_INFORMATION,
)

ACTIONS = [
    'list shares', 'list', 'get attributes for', 'retrieve', 'store', 'delete', 'delete directory', 'create directory',
    'rename', 'echo', 'list snapshots for', 'get the security descriptor of', 'reset attributes of',
    'set the last write time of',
]  # fmt: skip

# (action, failing command, status, phrase)
TABLE = [
    ('list shares', SMB2_COM_CREATE, 0xC0000022, 'Unable to list shares'),
    ('list shares', SMB2_COM_IOCTL, 0xC0000022, 'Unable to list shares'),
    ('list', SMB2_COM_CREATE, 0xC0000034, 'Path not found'),
    ('list', SMB2_COM_CREATE, 0xC000003A, 'Unable to open directory'),
    ('list', SMB2_COM_CREATE, 0xC0000103, 'Unable to open directory'),
    ('list', SMB2_COM_QUERY_DIRECTORY, 0xC000000D, 'Query failed'),
    ('list', SMB2_COM_CLOSE, 0xC000000D, 'List failed'),
    ('get attributes for', SMB2_COM_CREATE, 0xC0000034, 'Unable to open remote file object'),
    ('retrieve', SMB2_COM_CREATE, 0xC0000034, 'Unable to open file'),
    ('retrieve', SMB2_COM_CREATE, 0xC00000BA, 'Unable to open file'),
    ('retrieve', SMB2_COM_READ, 0xC0000054, 'Read failed'),
    ('store', SMB2_COM_CREATE, 0xC0000043, 'Unable to open file'),
    ('store', SMB2_COM_WRITE, 0xC000007F, 'Write failed'),
    ('store', SMB2_COM_CLOSE, 0xC000007F, 'Write failed'),
    ('create directory', SMB2_COM_CREATE, 0xC0000035, 'Create failed'),
    ('delete directory', SMB2_COM_CREATE, 0xC0000034, 'Unable to open directory'),
    ('delete directory', SMB2_COM_CREATE, 0xC0000103, 'Unable to open directory'),
    ('delete directory', SMB2_COM_SET_INFO, 0xC0000101, 'Delete failed'),
    ('rename', SMB2_COM_CREATE, 0xC0000034, 'Unable to open file/directory'),
    ('rename', SMB2_COM_SET_INFO, 0xC0000035, 'Rename failed'),
    ('delete', SMB2_COM_CREATE, 0xC000003A, 'Unable to open file'),
    ('delete', SMB2_COM_CREATE, 0xC0000043, 'Unable to open file'),
    ('delete', SMB2_COM_CREATE, 0xC0000034, 'Path not found'),
    ('delete', SMB2_COM_SET_INFO, 0xC0000121, 'Delete failed'),
    ('delete', SMB2_COM_CREATE, 0xC00000BA, phrases.DELETE_A_FOLDER),
    ('get the security descriptor of', SMB2_COM_CREATE, 0xC0000034, 'Unable to open file or directory'),
    ('get the security descriptor of', SMB2_COM_QUERY_INFO, 0xC0000022, 'Query failed'),
    ('list snapshots for', SMB2_COM_CREATE, 0xC0000034, 'Unable to open file/directory'),
    ('list snapshots for', SMB2_COM_IOCTL, 0xC00000BB, 'List failed'),
    ('reset attributes of', SMB2_COM_CREATE, 0xC0000034, 'Unable to open file'),
    ('reset attributes of', SMB2_COM_QUERY_DIRECTORY, 0xC0000033, 'Unable to open file'),
    ('set the last write time of', SMB2_COM_CREATE, 0xC0000034, 'Unable to open file'),
    ('echo', SMB2_COM_IOCTL, 0xC000000D, 'Echo failed'),
    *((action, SMB2_COM_TREE_CONNECT, 0xC00000CC, 'Unable to connect to shared device') for action in ACTIONS),
]


FIND_FIRST = (SMB_COM_TRANSACTION2, TRANS2_FIND_FIRST2)
FIND_NEXT = (SMB_COM_TRANSACTION2, TRANS2_FIND_NEXT2)
SET_FILE = (SMB_COM_TRANSACTION2, TRANS2_SET_FILE_INFORMATION)

# The same over SMB1; for transactions the command is (command, subcommand)
SMB1_TABLE = [
    ('list', SMB_COM_NT_CREATE_ANDX, 0xC0000034, 'Unable to retrieve file list'),
    ('list', FIND_FIRST, 0xC000000D, 'Unable to retrieve file list'),
    ('get attributes for', SMB_COM_NT_CREATE_ANDX, 0xC0000034, 'Read failed'),
    ('retrieve', SMB_COM_NT_CREATE_ANDX, 0xC0000034, 'Unable to open file'),
    ('retrieve', SMB_COM_READ_ANDX, 0xC0000054, 'Read failed'),
    ('store', SMB_COM_NT_CREATE_ANDX, 0xC0000043, 'Unable to open file'),
    ('store', SMB_COM_WRITE_ANDX, 0xC000007F, 'Write failed'),
    ('delete directory', SMB_COM_NT_CREATE_ANDX, 0xC0000034, 'Delete failed'),
    ('rename', SMB_COM_RENAME, 0xC0000034, 'Rename failed'),
    ('create directory', SMB_COM_CREATE_DIRECTORY, 0xC00000A2, 'Create failed'),
    ('delete', SMB_COM_NT_CREATE_ANDX, 0xC000003A, 'Delete failed'),
    ('delete', SMB_COM_NT_CREATE_ANDX, 0xC0000043, 'Delete failed'),
    ('delete', SET_FILE, 0xC0000121, 'Delete failed'),
    ('delete', FIND_FIRST, 0xC0000034, 'Unable to retrieve file list'),
    ('delete', FIND_NEXT, 0xC0000022, 'Unable to retrieve file list'),
    ('delete', SMB_COM_NT_CREATE_ANDX, 0xC00000BA, phrases.DELETE_A_FOLDER),
    ('reset attributes of', SMB_COM_NT_CREATE_ANDX, 0xC0000034, 'Unable to open file'),
    ('reset attributes of', FIND_FIRST, 0xC0000034, 'Unable to open file'),
    ('reset attributes of', SET_FILE, 0xC0000022, 'Unable to set attributes'),
    *((action, SMB_COM_TREE_CONNECT_ANDX, 0xC00000CC, 'Unable to connect to shared device') for action in ACTIONS),
]


@pytest.mark.parametrize(
    ('action', 'command', 'status', 'phrase', 'protocol'),
    [*((*row, 2) for row in TABLE), *((*row, 1) for row in SMB1_TABLE)],
)
def test_behind_the_last_colon_stands_pysmbs_phrase_and_the_status(action, command, status, phrase, protocol):
    names = {'rename': ('a', 'b'), 'list shares': (), 'echo': ()}.get(action, ('a',))
    command, *setup = command if isinstance(command, tuple) else (command,)
    request = SimpleNamespace(COMMAND=command, setup=tuple(setup))
    error = StatusError(request, SimpleNamespace(ntstatus=status, protocol=protocol))
    text = phrases.message(action, names, 'share', phrases.reason(action, error), status)
    assert text.rpartition(': ')[2] == f'{phrase} ({ntstatus.describe(status)})'
    assert text.startswith(f'Failed to {action}')
    assert '\n' not in text


def test_deleting_a_folder_as_a_file_tells_what_to_do_instead():
    assert 'deleteDirectory' in phrases.DELETE_A_FOLDER
    assert '/*' in phrases.DELETE_A_FOLDER


def test_a_message_names_action_path_share_phrase_and_status():
    text = phrases.message('retrieve', ('/d/e.txt',), 'share', 'Unable to open file', 0xC0000022)
    assert text == r'Failed to retrieve d\e.txt on share: Unable to open file (STATUS_ACCESS_DENIED, 0xC0000022)'


@pytest.mark.parametrize(
    ('names', 'share', 'middle'),
    [
        (('/d//e/',), 'share', r' d\e on share'),
        (('old', '/new/'), 'share', ' old to new on share'),
        (('/',), 'share', ' \\ on share'),
        (('two  blanks',), 'share', ' two  blanks on share'),
        ((), 'IPC$', ' on IPC$'),
        ((), '', ''),
    ],
)
def test_a_message_names_what_there_is(names, share, middle):
    assert phrases.message('do', names, share, 'Failed', 0xC0000022).startswith(f'Failed to do{middle}: Failed (')


HINTS = [
    (ntstatus.STATUS_SHARING_VIOLATION, 'another program has it open'),
    (ntstatus.STATUS_DELETE_PENDING, 'being deleted'),
    (ntstatus.STATUS_FILE_LOCK_CONFLICT, 'locked'),
    (ntstatus.STATUS_LOCK_NOT_GRANTED, 'locked'),
    (ntstatus.STATUS_CANNOT_DELETE, 'read-only'),
    (ntstatus.STATUS_MEDIA_WRITE_PROTECTED, 'read-only'),
    (ntstatus.STATUS_DISK_FULL, 'full'),
    (ntstatus.STATUS_QUOTA_EXCEEDED, 'quota'),
    (ntstatus.STATUS_BAD_NETWORK_NAME, 'no such share'),
    (ntstatus.STATUS_NETWORK_NAME_DELETED, 'taken the share away'),
    (ntstatus.STATUS_PATH_NOT_COVERED, 'DFS'),
    (ntstatus.STATUS_STOPPED_ON_SYMLINK, 'symbolic link'),
]


@pytest.mark.parametrize(('status', 'hint'), HINTS)
def test_what_is_behind_a_status_stands_before_the_phrase(status, hint):
    before, _, behind = phrases.message('store', ('a',), 'share', 'Unable to open file', status).rpartition(': ')
    assert hint in before
    assert behind == f'Unable to open file ({ntstatus.describe(status)})'
    assert {status for status, _ in HINTS} == set(phrases.CAUSES)


def test_a_failure_that_no_status_tells_of_has_its_cause_and_no_status():
    text = phrases.message('retrieve', ('a',), 'share', 'Read failed', None, 'the file ended at byte 7')
    assert text == 'Failed to retrieve a on share (the file ended at byte 7): Read failed'
