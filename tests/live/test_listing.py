"""listPath and getAttributes: complete, filtered by server and client, and what they say of a file."""

from __future__ import annotations

import io
import os
from typing import ClassVar

import pytest

from smb import smb_constants
from smb.base import SharedFile
from smb.smb_structs import OperationFailure
from tests.live.folder import Folder, names, noise
from tests.live.refusals import check_refused

PATTERNS = {
    '*': ['.dot', 'B.TXT', 'a.tar.gz', 'a.txt', 'ab.txt', 'c[1].txt', 'dir.txt', 'noext', '中文.txt'],
    '*.*': ['.dot', 'B.TXT', 'a.tar.gz', 'a.txt', 'ab.txt', 'c[1].txt', 'dir.txt', '中文.txt'],
    '*.txt': ['B.TXT', 'a.txt', 'ab.txt', 'c[1].txt', 'dir.txt', '中文.txt'],
    '*.TXT': ['B.TXT', 'a.txt', 'ab.txt', 'c[1].txt', 'dir.txt', '中文.txt'],
    'a?.txt': ['ab.txt'],
    '?.txt': ['B.TXT', 'a.txt'],
    'a*': ['a.tar.gz', 'a.txt', 'ab.txt'],
    'a.txt': ['a.txt'],
    'A.TXT': ['a.txt'],
    '*[1]*': ['c[1].txt'],
    '中*': ['中文.txt'],
    '.*': ['.dot'],
    '<.txt': ['B.TXT', 'a.txt', 'ab.txt', 'c[1].txt', 'dir.txt', '中文.txt'],
    '*.none': [],
    'nothere': [],
    '\U0001f600*': [],
}
PATH_FORMS = ['{}', '/{}', '\\{}', '{}/', '{}\\', '/{}/', '//{}', '{}//', '\\\\{}\\\\', '///{}']
MANY = 10_000


def filled(folder):
    for name in ('a.txt', 'ab.txt', 'B.TXT', 'noext', 'a.tar.gz', '.dot', 'c[1].txt', '中文.txt'):
        folder.put(name)
    folder.mkdir('dir.txt')
    return folder


class TestListing:
    def test_an_empty_folder_has_its_two_entries(self, connection, folder):
        entries = connection.listPath(folder.share, folder.path())
        assert sorted(entry.filename for entry in entries) == ['.', '..']
        assert all(type(entry) is SharedFile and entry.isDirectory and not entry.isNormal for entry in entries)

    @pytest.mark.parametrize('pattern', PATTERNS)
    def test_pattern(self, connection, folder, pattern):
        found = connection.listPath(filled(folder).share, folder.path(), pattern=pattern)
        assert names(found) == PATTERNS[pattern]

    def test_pattern_with_a_separator_is_refused(self, connection, folder):
        filled(folder)
        for pattern in ('dir.txt/*', 'dir.txt\\*', '/a.txt', '/'):
            if not connection.isUsingSMB2:
                with pytest.raises(OperationFailure, match='a pattern holds no separator'):
                    connection.listPath(folder.share, folder.path(), pattern=pattern)
                continue
            check_refused(
                connection, 'listPath', folder.share, folder.path(), pattern=pattern,
                reason='Query failed', status='STATUS_OBJECT_NAME_INVALID',
            )  # fmt: skip

    @pytest.mark.parametrize('form', PATH_FORMS)
    def test_separators_at_either_end_mean_nothing(self, connection, folder, form):
        folder.put('sub/deep/file')
        path = folder.path('sub/deep')
        for given in (path, path.replace('/', '\\'), path.replace('/', '//'), path.replace('/', '\\/')):
            assert names(connection.listPath(folder.share, form.format(given))) == ['file']

    @pytest.mark.parametrize('root', ['', '/', '\\', '//', '\\\\', '/\\/'])
    def test_every_form_of_the_root(self, connection, folder, root):
        listed = connection.listPath(folder.share, root)
        assert folder.name in names(listed)
        assert {'.', '..'} <= {entry.filename for entry in listed}

    def test_dots(self, connection, folder):
        folder.put('sub/deep/file')
        share, invalid = folder.share, {'reason': 'Unable to open directory', 'status': 'STATUS_OBJECT_NAME_INVALID'}
        assert names(connection.listPath(share, folder.path('sub/deep/..'))) == ['deep']
        check_refused(connection, 'listPath', share, folder.path('sub/.'), **invalid)
        check_refused(connection, 'listPath', share, '.', **invalid)

    def test_the_case_of_a_path_does_not_matter(self, connection, folder):
        folder.put('Sub/Été/file')
        assert names(connection.listPath(folder.share, folder.path('sUB/éTÉ').upper())) == ['file']

    @pytest.mark.parametrize(
        ('path', 'reason', 'status'),
        [
            ('none', 'Path not found', 'STATUS_OBJECT_NAME_NOT_FOUND'),
            ('none/none', 'Unable to open directory', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('file', 'Unable to open directory', 'STATUS_NOT_A_DIRECTORY'),
            ('file/', 'Unable to open directory', 'STATUS_NOT_A_DIRECTORY'),
            ('file/none', 'Unable to open directory', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('*', 'Unable to open directory', 'STATUS_OBJECT_NAME_INVALID'),
            ('f?le', 'Unable to open directory', 'STATUS_OBJECT_NAME_INVALID'),
            ('a:b', 'Unable to open directory', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_refusals(self, connection, folder, path, reason, status):
        folder.put('file')
        check_refused(connection, 'listPath', folder.share, folder.path(path), reason=reason, status=status)
        assert names(connection.listPath(folder.share, folder.path())) == ['file']


class TestSearch:
    FILES: ClassVar = {'plain': 0o644, 'archived': 0o744, 'hidden': 0o645, 'system': 0o654, 'read-only': 0o444}
    # to Samba, with these options, the bits of a Unix mode are what DOS attributes are elsewhere
    OPTIONS: ClassVar = {
        'store dos attributes': 'no', 'map archive': 'yes', 'map hidden': 'yes', 'map system': 'yes',
        'map readonly': 'yes', 'hide dot files': 'yes',
    }  # fmt: skip
    ATTRIBUTES: ClassVar = {
        'plain': 0x80, 'archived': 0x20, 'hidden': 0x02, 'system': 0x04, 'read-only': 0x01, '.dot': 0x02,
        'folder': 0x10, '.folder': 0x12,
    }  # fmt: skip
    EXPECTED: ClassVar = {
        'NORMAL': {'plain'},
        'INCL_NORMAL': {'plain'},
        'READONLY': {'read-only'},
        'HIDDEN': {'hidden', '.dot', '.folder'},
        'SYSTEM': {'system'},
        'ARCHIVE': {'archived'},
        'DIRECTORY': {'.', '..', 'folder', '.folder'},
    }

    @pytest.fixture
    def folder(self, server):
        folder = Folder(server(shares={'mapped': {'read only': 'no', **self.OPTIONS}}), 'mapped')
        for name, mode in self.FILES.items():
            folder.put(name)
            (folder.local / name).chmod(mode)
        folder.put('.dot')
        folder.mkdir('folder')
        folder.mkdir('.folder')
        return folder

    def listed(self, connection, folder, *arguments, **keywords):
        return {e.filename for e in connection.listPath('mapped', folder.path(), *arguments, **keywords)}

    def test_each_filter_shows_what_has_its_attribute(self, connection, folder):
        found = {e.filename: e.file_attributes for e in connection.listPath('mapped', folder.path())}
        assert {name: found[name] for name in self.ATTRIBUTES} == self.ATTRIBUTES
        for name, expected in self.EXPECTED.items():
            search = getattr(smb_constants, f'SMB_FILE_ATTRIBUTE_{name}')
            assert self.listed(connection, folder, search=search) == expected, name

    def test_any_match_is_enough(self, connection, folder):
        everything = {'.', '..', *self.ATTRIBUTES}
        assert self.listed(connection, folder) == everything
        assert self.listed(connection, folder, 65591, '*', 30) == everything
        # what old programs pass, from before "normal" files had a bit
        assert self.listed(connection, folder, 55) == everything - {'plain'}
        assert self.listed(connection, folder, 0x11) == {'.', '..', 'folder', '.folder', 'read-only'}
        assert self.listed(connection, folder, 0x10001) == {'plain', 'read-only'}

    def test_together_with_a_pattern(self, connection, folder):
        assert self.listed(connection, folder, 0x02, '*o*') == {'.dot', '.folder'}


@pytest.fixture(scope='module')
def many(server):
    folder = Folder(server())
    for number in range(MANY):
        (folder.local / f'a file with a long name, number {number:05}.{number % 10}').touch()
    folder.mkdir('a folder')
    return folder


class TestManyEntries:
    @pytest.mark.parametrize(
        'arguments',
        [{}, {'is_direct_tcp': False}, {'max_dialect': 0x0202}, {'require_encryption': True, 'is_direct_tcp': False},
         {'require_signing': True}],
        ids=str,
    )  # fmt: skip
    def test_10_000_come_complete_and_once(self, many, connect, arguments):
        connection = connect(many.server, **arguments)
        found = [entry.filename for entry in connection.listPath(many.share, many.path())]
        assert len(found) == len(set(found)) == MANY + 3
        assert set(found) == {path.name for path in many.local.iterdir()} | {'.', '..'}

    def test_patterns_and_filters_leave_nothing_out(self, many, connect):
        connection = connect(many.server)
        threes = connection.listPath(many.share, many.path(), pattern='*.3')
        assert len({entry.filename for entry in threes}) == len(threes) == MANY / 10
        folders = connection.listPath(many.share, many.path(), smb_constants.SMB_FILE_ATTRIBUTE_DIRECTORY)
        assert names(folders) == ['a folder']
        assert connection.listPath(many.share, many.path(), smb_constants.SMB_FILE_ATTRIBUTE_SYSTEM) == []
        (one,) = connection.listPath(many.share, many.path(), pattern='*number 09999.9')
        assert one.filename == 'a file with a long name, number 09999.9'
        assert connection.listPath(many.share, many.path(), pattern='*.txt') == []


class TestAttributes:
    def test_of_a_file(self, connection, folder):
        path = folder.put('a/File With Long Name.txt', noise(5000))
        os.utime(folder.local / 'a/File With Long Name.txt', (1500000000.25, 1600000000.75))
        (listed,) = connection.listPath(folder.share, folder.path('a'), pattern='File*')
        asked = connection.getAttributes(folder.share, path)
        for found in (listed, asked):
            assert type(found) is SharedFile
            assert (found.file_size, found.filename) == (5000, 'File With Long Name.txt')
            assert found.alloc_size >= 0
            assert (found.last_access_time, found.last_write_time) == (1500000000.25, 1600000000.75)
            assert isinstance(found.create_time, float) and isinstance(found.last_attr_change_time, float)
            assert (found.isDirectory, found.isReadOnly, found.isNormal) == (False, False, True)
            assert 'File With Long Name.txt' in str(found)
        assert isinstance(listed.file_id, int) and isinstance(listed.short_name, str)
        assert (asked.file_id, asked.short_name) == (None, asked.filename)

    @pytest.mark.parametrize(
        ('form', 'name'),
        [('{}', 'file.bin'), ('/{}', 'file.bin'), ('{}/', 'file.bin'), ('//{}\\', 'file.bin')],
    )
    def test_any_form_of_the_path(self, connection, folder, form, name):
        path = folder.put('a/file.bin')
        for given in (path, path.replace('/', '\\')):
            assert connection.getAttributes(folder.share, form.format(given)).filename == name
        assert connection.getAttributes(folder.share, path.upper()).filename == 'FILE.BIN'

    def test_of_a_folder_and_of_the_root(self, connection, folder):
        folder.put('a/file')
        for path, name in ((folder.path('a'), 'a'), (folder.path('a/'), 'a'), ('', ''), ('/', ''), ('\\', '')):
            found = connection.getAttributes(folder.share, path)
            assert (found.filename, found.short_name) == (name, name)
            assert found.isDirectory and found.file_size == 0 and not found.isNormal

    def test_of_a_file_that_somebody_writes(self, connection, connect, folder):
        writer = connect(folder.server)
        found = []

        class Source(io.BytesIO):
            def read(self, size=-1):
                if self.tell() >= 300_000:
                    found.append(connection.getAttributes(folder.share, folder.path('file')).isDirectory)
                return super().read(size)

        writer.storeFile(folder.share, folder.path('file'), Source(bytes(3_000_000)))
        assert found and not any(found)

    @pytest.mark.parametrize(
        ('path', 'status'),
        [
            ('none', 'STATUS_OBJECT_NAME_NOT_FOUND'),
            ('none/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('file/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('*.bin', 'STATUS_OBJECT_NAME_INVALID'),
            ('fil?', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_refusals(self, connection, folder, path, status):
        folder.put('file')
        check_refused(
            connection, 'getAttributes', folder.share, folder.path(path),
            reason='Unable to open remote file object', status=status,
        )  # fmt: skip
