"""Snapshots, as Samba's shadow_copy2 shows folders whose names are times."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.live.folder import Folder
from tests.live.refusals import check_refused

SHADOW_COPY = {'vfs objects': 'shadow_copy2', 'shadow:mountpoint': '{root}'}
SHARES = {'shadows': SHADOW_COPY, 'many': SHADOW_COPY, 'more': SHADOW_COPY}
TIMES = [datetime(2020, 1, 2, 3, 4, 5), datetime(1999, 12, 31, 23, 59, 59), datetime(2038, 1, 19, 3, 14, 7)]
FIRST_OF_MANY = datetime(2001, 2, 3, 4, 5, 6)
both_dialects = pytest.mark.parametrize('dialect', [0x0202, 0x0311], ids='{:04x}'.format)


def take_snapshot(server, share, time):
    """The folder is in no time zone: its name is in UTC."""
    name = time.strftime('@GMT-%Y.%m.%d-%H.%M.%S')
    (server.share_root(share) / '.snapshots' / name).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def folder(server):
    private = server(shares=SHARES)
    for time in TIMES:
        take_snapshot(private, 'shadows', time)
    return Folder(private, 'shadows')


@pytest.mark.parametrize('path', ['file', 'inside', 'inside/file', ''])
def test_the_times_are_those_of_the_folders(connection, folder, path):
    folder.put('file')
    folder.put('inside/file')
    found = connection.listSnapshots(folder.share, folder.path(path))
    assert sorted(found) == sorted(TIMES)
    assert all(type(time) is datetime and time.tzinfo is None for time in found)


@pytest.mark.parametrize('root', ['', '/', '\\'])
def test_the_root_of_a_share_has_them_too(connection, folder, root):
    assert sorted(connection.listSnapshots(folder.share, root)) == sorted(TIMES)


@pytest.mark.parametrize(
    ('name', 'status'),
    [
        ('none', 'STATUS_OBJECT_NAME_NOT_FOUND'),
        ('none/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
        ('wild*', 'STATUS_OBJECT_NAME_INVALID'),
    ],
)
def test_a_missing_file_has_none(connection, folder, name, status):
    reason = 'Unable to open file/directory'
    check_refused(connection, 'listSnapshots', folder.share, folder.path(name), reason=reason, status=status)


def test_a_share_without_snapshots_says_so(connection, folder):
    other = Folder(folder.server)
    other.put('file')
    status = 'STATUS_INVALID_DEVICE_REQUEST' if connection.isUsingSMB2 else 'STATUS_NOT_SUPPORTED'
    for path in (other.path('file'), other.path()):
        check_refused(connection, 'listSnapshots', 'smbtest', path, reason='List failed', status=status)


@both_dialects
@pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])
def test_all_of_1300_come(server, connect, dialect, is_direct_tcp):
    private = server(shares=SHARES)
    times = [FIRST_OF_MANY + timedelta(days=number) for number in range(1300)]
    for time in times:
        take_snapshot(private, 'many', time)
    connection = connect(private, max_dialect=dialect, is_direct_tcp=is_direct_tcp)
    found = connection.listSnapshots('many', '/')
    assert sorted(found) == times


def test_all_of_more_than_the_first_answer_holds_come(server, connect):
    """Not over SMB 2.0.2, where an answer holds 64 KiB and no more."""
    private = server(shares=SHARES)
    times = [FIRST_OF_MANY + timedelta(days=number) for number in range(2000)]
    for time in times:
        take_snapshot(private, 'more', time)
    assert sorted(connect(private).listSnapshots('more', '/')) == times
    check_refused(
        connect(private, max_dialect=0x0202), 'listSnapshots', 'more', '/', paths=(),
        reason='List failed', status='STATUS_BUFFER_TOO_SMALL',
    )  # fmt: skip
