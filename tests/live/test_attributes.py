"""resetFileAttributes and setLastWriteTime: what they set, and what they leave."""

from __future__ import annotations

import os

import pytest

from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_DIRECTORY,
    ATTR_HIDDEN,
    ATTR_NORMAL,
    ATTR_READONLY,
    ATTR_SYSTEM,
)
from tests.live.folder import Folder
from tests.live.refusals import check_refused

MISSING = [
    ('none', 'STATUS_OBJECT_NAME_NOT_FOUND'),
    ('none/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
    ('wild*/file', 'STATUS_OBJECT_NAME_INVALID'),
]


def attributes(connection, folder, name):
    return connection.getAttributes(folder.share, folder.path(name)).file_attributes


class TestAttributes:
    @pytest.mark.parametrize(
        ('wanted', 'found'),
        [
            (ATTR_READONLY | ATTR_HIDDEN, ATTR_READONLY | ATTR_HIDDEN),
            (ATTR_SYSTEM | ATTR_ARCHIVE, ATTR_SYSTEM | ATTR_ARCHIVE),
            (ATTR_ARCHIVE, ATTR_ARCHIVE),
            (ATTR_NORMAL, ATTR_NORMAL),
            (ATTR_NORMAL | ATTR_HIDDEN, ATTR_HIDDEN),
            (0, ATTR_READONLY | ATTR_SYSTEM),
        ],
    )
    def test_are_set_to_exactly_those(self, connection, folder, wanted, found):
        path = folder.mark(folder.put('file'), ATTR_READONLY | ATTR_SYSTEM)
        assert attributes(connection, folder, 'file') == ATTR_READONLY | ATTR_SYSTEM
        assert connection.resetFileAttributes(folder.share, path, wanted) is None
        assert attributes(connection, folder, 'file') == found

    def test_are_cleared_by_default(self, connection, folder):
        path = folder.mark(folder.put('file'), ATTR_READONLY | ATTR_HIDDEN | ATTR_ARCHIVE)
        connection.resetFileAttributes(folder.share, path)
        assert attributes(connection, folder, 'file') == ATTR_NORMAL

    @pytest.mark.parametrize('form', ['/{}', '{}/', '\\{}', '//{}//'])
    def test_of_a_path_in_any_form(self, connection, folder, form):
        connection.resetFileAttributes(folder.share, form.format(folder.put('in/file')), ATTR_HIDDEN)
        assert attributes(connection, folder, 'in/file') == ATTR_HIDDEN

    def test_of_a_folder_are_set_and_it_stays_one(self, connection, folder):
        path = folder.mkdir('inside')
        connection.resetFileAttributes(folder.share, path, ATTR_HIDDEN)
        assert attributes(connection, folder, 'inside') == ATTR_DIRECTORY | ATTR_HIDDEN
        connection.resetFileAttributes(folder.share, path)
        assert attributes(connection, folder, 'inside') == ATTR_DIRECTORY

    def test_leave_contents_and_times(self, connection, folder):
        path = folder.put('file', b'untouched')
        os.utime(folder.local / 'file', (1_400_000_000, 1_500_000_000))
        before = connection.getAttributes(folder.share, path)
        connection.resetFileAttributes(folder.share, path, ATTR_HIDDEN)
        after = connection.getAttributes(folder.share, path)
        for time in ('create_time', 'last_access_time', 'last_write_time'):
            assert getattr(after, time) == getattr(before, time)
        assert folder.read('file') == b'untouched'

    @pytest.mark.parametrize(
        ('pattern', 'changed'),
        [
            ('a*', {'a1', 'a2', 'a.txt', 'a folder'}),
            ('a?', {'a1', 'a2'}),
            ('*.txt', {'a.txt', 'b.txt'}),
            ('*', {'a1', 'a2', 'a.txt', 'b.txt', 'a folder', '.dot'}),
            ('A*', {'a1', 'a2', 'a.txt', 'a folder'}),
            ('none*', set()),
        ],
    )
    def test_are_set_for_each_match_of_a_pattern(self, connection, folder, pattern, changed):
        names = ['a1', 'a2', 'a.txt', 'b.txt', '.dot']
        for name in names:
            folder.put(name)
        folder.put('a folder/a inside')
        connection.resetFileAttributes(folder.share, folder.path(pattern), ATTR_SYSTEM)
        every = [*names, 'a folder', 'a folder/a inside']
        assert {name for name in every if attributes(connection, folder, name) & ATTR_SYSTEM} == changed
        assert not attributes(connection, folder, '') & ATTR_SYSTEM

    def test_are_set_for_many_matches(self, connection, folder):
        for number in range(1500):
            folder.put(f'file {number:04}', b'')
        connection.resetFileAttributes(folder.share, folder.path('*'), ATTR_HIDDEN)
        found = {entry.filename: entry.file_attributes for entry in connection.listPath(folder.share, folder.path())}
        assert {found[f'file {number:04}'] for number in range(1500)} == {ATTR_HIDDEN}

    def test_are_set_in_the_root_of_a_share(self, connection, folder):
        for name in (f'{folder.name} 1', f'{folder.name} 2'):
            (folder.local.parent / name).write_bytes(b'')
        connection.resetFileAttributes(folder.share, f'/{folder.name} ?', ATTR_HIDDEN)
        for name in (f'{folder.name} 1', f'{folder.name} 2'):
            assert connection.getAttributes(folder.share, name).file_attributes == ATTR_HIDDEN

    @pytest.mark.parametrize(('name', 'status'), MISSING)
    def test_of_what_is_missing_cannot_be_set(self, connection, folder, name, status):
        check_refused(
            connection, 'resetFileAttributes', folder.share, folder.path(name), ATTR_HIDDEN,
            reason='Unable to open file', status=status,
        )  # fmt: skip

    def test_of_a_pattern_in_a_missing_folder_cannot_be_set(self, connection, folder):
        check_refused(
            connection, 'resetFileAttributes', folder.share, folder.path('none/*'),
            reason='Unable to open file', status='STATUS_OBJECT_NAME_NOT_FOUND',
        )  # fmt: skip

    def test_of_a_read_only_share_cannot_be_set(self, connection, folder):
        other = Folder(folder.server, 'readonly')
        check_refused(
            connection, 'resetFileAttributes', 'readonly', other.put('file'), ATTR_HIDDEN,
            reason='Unable to open file', status='STATUS_ACCESS_DENIED',
        )  # fmt: skip

    def test_of_a_file_cannot_make_it_a_folder(self, connection, folder):
        connection.resetFileAttributes(folder.share, folder.put('file'), ATTR_DIRECTORY)
        assert not attributes(connection, folder, 'file') & ATTR_DIRECTORY

    @pytest.mark.parametrize(
        ('value', 'error'),
        [(-1, ValueError), (1 << 32, ValueError), (1.0, TypeError), ('1', TypeError), (None, TypeError)],
    )
    def test_are_a_number_of_32_bits(self, connection, folder, value, error):
        path = folder.put('file')
        before = attributes(connection, folder, 'file')
        with pytest.raises(error):
            connection.resetFileAttributes(folder.share, path, value)
        assert attributes(connection, folder, 'file') == before


class TestTimes:
    @pytest.mark.parametrize('name', ['file', 'inside'])
    @pytest.mark.parametrize(
        'seconds', [1_600_000_000, 1_600_000_000.5, 1_234_567_890.123456, 86400, 1.75, 0, 0.0, -1, -0.5, -86400.25]
    )
    def test_are_set_with_their_fraction(self, connection, folder, name, seconds):
        folder.put('file')
        folder.mkdir('inside')
        assert connection.setLastWriteTime(folder.share, folder.path(name), seconds) is None
        assert (folder.local / name).stat().st_mtime == pytest.approx(seconds, abs=5e-7)
        found = connection.getAttributes(folder.share, folder.path(name)).last_write_time
        assert found == pytest.approx(seconds, abs=5e-7)

    @pytest.mark.parametrize('name', ['file', 'inside'])
    def test_leave_every_other_time(self, connection, folder, name):
        folder.put('file', b'untouched')
        folder.mkdir('inside')
        os.utime(folder.local / name, (1_400_000_000, 1_500_000_000))
        path = folder.path(name)
        before = connection.getAttributes(folder.share, path)
        connection.setLastWriteTime(folder.share, path, 1_600_000_000)
        after = connection.getAttributes(folder.share, path)
        assert after.last_write_time == 1_600_000_000
        assert (after.last_access_time, after.create_time) == (1_400_000_000, before.create_time)
        assert after.file_attributes == before.file_attributes
        assert folder.read('file') == b'untouched'

    @pytest.mark.parametrize(
        ('seconds', 'error'),
        [
            (1e12, ValueError),
            (-1e12, ValueError),
            (float('nan'), ValueError),
            (float('inf'), ValueError),
            (10**400, ValueError),
            ('1600000000', TypeError),
            (None, TypeError),
            (b'1', TypeError),
        ],
        ids=str,
    )
    def test_are_numbers_that_a_server_can_have(self, connection, folder, seconds, error):
        path = folder.put('file')
        before = (folder.local / 'file').stat().st_mtime_ns
        with pytest.raises(error):
            connection.setLastWriteTime(folder.share, path, seconds)
        assert (folder.local / 'file').stat().st_mtime_ns == before
        assert connection.echo(b'still there')

    @pytest.mark.parametrize(('name', 'status'), [*MISSING, ('wild*', 'STATUS_OBJECT_NAME_INVALID')])
    def test_of_what_is_missing_cannot_be_set(self, connection, folder, name, status):
        check_refused(
            connection, 'setLastWriteTime', folder.share, folder.path(name), 0,
            reason='Unable to open file', status=status,
        )  # fmt: skip

    def test_of_a_read_only_share_cannot_be_set(self, connection, folder):
        other = Folder(folder.server, 'readonly')
        check_refused(
            connection, 'setLastWriteTime', 'readonly', other.put('file'), 0,
            reason='Unable to open file', status='STATUS_ACCESS_DENIED',
        )  # fmt: skip
