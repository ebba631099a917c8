"""The calls that pysmb does not have, against a real server."""

from __future__ import annotations

import os
import shutil
import time

import pytest

from smb.security_descriptors import SECURITY_DESCRIPTOR_DACL_PROTECTED, SecurityDescriptor
from smb.session.exchange import Exchange
from tests.live.folder import Folder, names, noise
from tests.live.refusals import check_refused
from tests.live.test_security import STORED

SMB1 = 0x0100
DATA = noise(2_500_000)


@pytest.fixture
def full(folder):
    """Some folders and files."""
    folder.put('top', b'1')
    folder.put('d/file', b'22')
    folder.put('d/e/f/deep', b'333')
    folder.mkdir('empty')
    return folder


# exists


@pytest.mark.parametrize(
    ('name', 'expected'),
    [('', True), ('top', True), ('d', True), ('D/FILE', True), ('d/e/f/deep', True), ('missing', False),
     ('missing/file', False), ('top/file', False), ('wild*', False)],
)  # fmt: skip
def test_what_is_there_exists(connection, full, name, expected):
    assert connection.exists(full.share, full.path(name)) is expected


def test_a_share_that_is_not_there_is_an_error(connection):
    with pytest.raises(FileNotFoundError):
        connection.exists('no such share', 'file')


# iterPath and walk


def test_a_large_folder_comes_one_by_one(connection, folder):
    for number in range(1000):
        (folder.local / f'a name of some length, so that there are many batches, {number}').touch()
    expected = [entry.filename for entry in connection.listPath(folder.share, folder.name)]
    entries = connection.iterPath(folder.share, folder.name)
    first = next(entries)
    assert connection.exists(folder.share, folder.name)
    assert [entry.filename for entry in (first, *entries)] == expected
    assert names(connection.iterPath(folder.share, folder.name, pattern='*99')) == names(
        connection.listPath(folder.share, folder.name, pattern='*99')
    )
    abandoned = connection.iterPath(folder.share, folder.name)
    next(abandoned)
    del abandoned
    connection.deleteTree(folder.share, folder.name)
    assert not folder.local.exists()


def test_a_listing_of_nothing(connection, folder):
    assert list(connection.iterPath(folder.share, folder.name, pattern='*.none')) == []
    with pytest.raises(FileNotFoundError):
        list(connection.iterPath(folder.share, folder.path('missing')))


@pytest.mark.parametrize('topdown', [True, False])
@pytest.mark.parametrize('slash', ['', '/', '\\'])
def test_a_walk_is_as_the_one_of_os(connection, full, topdown, slash):
    found = {path: (sorted(folders), sorted(files)) for path, folders, files in
             connection.walk(full.share, full.name + slash, topdown)}  # fmt: skip
    local = {path.replace(str(full.local), '').lstrip('/'): (sorted(folders), sorted(files))
             for path, folders, files in os.walk(full.local)}  # fmt: skip
    assert {path.replace('\\', '/').removeprefix(full.name).lstrip('/'): each for path, each in found.items()} == local
    order = [len(path.replace('\\', '/').rstrip('/').split('/')) for path in found]
    assert order.index(1) == (0 if topdown else len(order) - 1)


def test_a_walk_from_the_root_and_a_pruned_one(connection, full):
    for path, folders, _ in connection.walk(full.share, ''):
        assert not path.startswith('/')
        if path == '':
            folders[:] = [full.name]
        if path == full.name:
            folders.remove('d')
            last = path
    assert last == full.name
    assert path == f'{full.name}/empty'


def test_a_walk_tells_what_it_cannot_list(connection, full):
    with pytest.raises(FileNotFoundError):
        list(connection.walk(full.share, full.path('missing')))
    failures = []
    steps = connection.walk(full.share, full.name, onerror=failures.append)
    next(steps)
    shutil.rmtree(full.local / 'd')
    assert [path for path, *_ in steps] == [full.path('empty')]
    (failure,) = failures
    assert isinstance(failure, FileNotFoundError)


def test_a_walk_goes_into_no_link(connection, folder):
    folder.put('precious/inside/data')
    folder.put('d/sub/file')
    (folder.local / 'd/to folder').symlink_to('../precious')
    (folder.local / 'd/up').symlink_to('.')
    found = {path: sorted(folders) for path, folders, _ in connection.walk(folder.share, folder.path('d'))}
    assert found == {folder.path('d'): ['sub', 'to folder', 'up'], folder.path('d/sub'): []}


# Folders


def test_folders_are_made_with_those_above_them(connection, folder):
    connection.makeDirectories(folder.share, folder.path('a/b/c'))
    assert folder.tree() == {'a': None, 'a/b': None, 'a/b/c': None}
    connection.makeDirectories(folder.share, folder.path('a/b/c'), exist_ok=True)
    connection.makeDirectories(folder.share, folder.path('a/b/d'))
    connection.makeDirectories(folder.share, '/', exist_ok=True)
    check_refused(
        connection, 'makeDirectories', folder.share, folder.path('a/b'),
        reason='Create failed', status='STATUS_OBJECT_NAME_COLLISION',
    )  # fmt: skip


@pytest.mark.parametrize('name', ['file', 'file/d', 'file/d/e'])
@pytest.mark.parametrize('exist_ok', [True, False])
def test_no_folder_is_made_in_a_file(connection, folder, name, exist_ok):
    folder.put('file')
    with pytest.raises((FileExistsError, NotADirectoryError)):
        connection.makeDirectories(folder.share, folder.path(name), exist_ok)
    assert list(folder.tree()) == ['file']


def test_a_tree_is_deleted(connection, full):
    for number in range(300):
        full.put(f'd/e/{number}')
    connection.deleteTree(full.share, full.path('d'))
    assert full.tree() == {'empty': None, 'top': b'1'}
    connection.deleteTree(full.share, full.path('EMPTY'))
    assert full.tree() == {'top': b'1'}


def test_only_folders_are_deleted_as_trees(connection, full):
    with pytest.raises(NotADirectoryError):
        connection.deleteTree(full.share, full.path('top'))
    with pytest.raises(FileNotFoundError):
        connection.deleteTree(full.share, full.path('missing'))
    with pytest.raises(ValueError):
        connection.deleteTree(full.share, '/')
    assert 'top' in full.tree()


def test_a_tree_is_not_deleted_through_a_link(connection, folder):
    folder.put('precious/data', b'data')
    folder.put('d/file')
    (folder.local / 'd/link').symlink_to('../precious')
    (folder.local / 'link').symlink_to('precious')
    for name in ('d', 'link'):
        with pytest.raises(OSError, match='symbolic link to another folder'):
            connection.deleteTree(folder.share, folder.path(name))
    assert folder.read('precious/data') == b'data'


# Copies


@pytest.mark.parametrize('size', [0, 1, 1 << 20, len(DATA)])
def test_a_copy_has_the_same_bytes(connection, folder, size):
    folder.put('file', DATA[:size])
    assert connection.copyFile(folder.share, folder.path('file'), folder.path('copy')) == size
    assert folder.read('copy') == DATA[:size]
    assert folder.read('file') == DATA[:size]


def test_the_bytes_of_a_copy_do_not_travel(connection, folder, monkeypatch):
    folder.put('file', DATA)
    asked = []
    submit = Exchange.submit

    def counting(exchange, request, *arguments, **keywords):
        asked.append(type(request).__name__)
        return submit(exchange, request, *arguments, **keywords)

    monkeypatch.setattr(Exchange, 'submit', counting)
    connection.copyFile(folder.share, folder.path('file'), folder.path('copy'))
    travelled = {'SMB2ReadRequest', 'SMB2WriteRequest', 'ComReadAndxRequest', 'ComWriteAndxRequest'} & set(asked)
    assert bool(travelled) is (connection.dialect == SMB1)
    assert folder.read('copy') == DATA


def test_a_copy_to_another_share(connection, folder):
    folder.put('file', DATA)
    public = folder.server.share_root('public')
    connection.copyFile(folder.share, folder.path('file'), 'a copy', new_service_name='public')
    assert (public / 'a copy').read_bytes() == DATA
    (public / 'a copy').unlink()


def test_a_copy_overwrites_or_does_not(connection, folder):
    folder.put('file', b'new')
    folder.put('copy', b'something longer')
    with pytest.raises(FileExistsError):
        connection.copyFile(folder.share, folder.path('file'), folder.path('copy'), overwrite=False)
    assert folder.read('copy') == b'something longer'
    connection.copyFile(folder.share, folder.path('file'), folder.path('copy'))
    assert folder.read('copy') == b'new'


def test_a_file_is_not_copied_to_itself(connection, folder):
    folder.put('file', DATA)
    (folder.local / 'link').symlink_to('file')
    os.link(folder.local / 'file', folder.local / 'hard link')
    with pytest.raises(ValueError):
        connection.copyFile(folder.share, folder.path('file'), folder.path('FILE'))
    for name in ('link', 'hard link'):
        with pytest.raises(PermissionError):
            connection.copyFile(folder.share, folder.path('file'), folder.path(name))
    assert folder.read('file') == DATA


def test_what_cannot_be_copied(connection, folder):
    folder.put('file')
    check_refused(
        connection, 'copyFile', folder.share, folder.path('missing'), folder.path('copy'),
        reason='Unable to open file', status='STATUS_OBJECT_NAME_NOT_FOUND',
    )  # fmt: skip
    check_refused(
        connection, 'copyFile', folder.share, folder.path('file'), folder.path(''),
        reason='Unable to open file', status='STATUS_FILE_IS_A_DIRECTORY',
    )  # fmt: skip
    assert folder.tree() == {'file': b'0123456789'}


# Room, times, security


def test_the_room_is_that_of_the_disk(connection, folder):
    expected = shutil.disk_usage(folder.local)
    for path in ('', folder.name):
        found = connection.getDiskSpace(folder.share, path)
        assert found.total == pytest.approx(expected.total, rel=0.001)
        assert found.available <= found.free <= found.total
        assert found.available == pytest.approx(expected.free, rel=0.2)
    with pytest.raises(FileNotFoundError):
        connection.getDiskSpace(folder.share, folder.path('missing'))


def test_times_are_set_or_left(connection, folder):
    path = folder.put('file')
    connection.setFileTimes(folder.share, path, last_access_time=1_100_000_000, last_write_time=1_000_000_000.25)
    facts = (folder.local / 'file').stat()
    assert (facts.st_atime, facts.st_mtime) == (1_100_000_000, 1_000_000_000.25)
    connection.setFileTimes(folder.share, path, last_access_time=1_200_000_000)
    facts = (folder.local / 'file').stat()
    assert (facts.st_atime, facts.st_mtime) == (1_200_000_000, 1_000_000_000.25)
    connection.setFileTimes(folder.share, path, create_time=900_000_000)
    found = connection.getAttributes(folder.share, path)
    assert (found.create_time, found.last_write_time) == (900_000_000, 1_000_000_000.25)
    connection.setFileTimes(folder.share, folder.name, last_write_time=1_000_000_000)
    assert folder.local.stat().st_mtime == 1_000_000_000
    connection.setFileTimes(folder.share, path)
    assert time.time() > connection.getAttributes(folder.share, path).last_write_time == 1_000_000_000.25


@pytest.mark.parametrize('form', [str, bytes, SecurityDescriptor])
def test_rights_are_set(connection, folder, form):
    path = folder.put('file')
    (folder.local / 'file').chmod(0o600)
    before = connection.getSecurity(folder.share, path)
    text = f'D:P(A;;FA;;;{before.owner})(A;;FR;;;WD)'
    parsed = SecurityDescriptor.from_sddl(text)
    connection.setSecurity(folder.share, path, {str: text, bytes: parsed.to_bytes()}.get(form, parsed))
    after = connection.getSecurity(folder.share, path)
    assert (folder.local / 'file').stat().st_mode & 0o007 == 0o004
    assert (after.owner, after.group) == (before.owner, before.group)
    connection.setSecurity(folder.share, path, before)
    assert (folder.local / 'file').stat().st_mode & 0o007 == 0


class TestStoredRights:
    """Where the server keeps what it is given, and makes no mode of it."""

    @pytest.fixture
    def folder(self, server):
        return Folder(server(shares={'exact': {**STORED, 'acl_xattr:ignore system acls': 'yes'}}), 'exact')

    @pytest.mark.parametrize('name', ['file', 'inside'])
    def test_an_access_list_comes_back_as_it_was_set(self, connection, folder, name):
        folder.put('file')
        folder.mkdir('inside')
        path = folder.path(name)
        before = connection.getSecurity(folder.share, path)
        text = f'D:P(D;;WP;;;S-1-5-21-1-2-3-4)(A;OICI;FA;;;{before.owner})(A;;FR;;;WD)'
        connection.setSecurity(folder.share, path, text)
        after = connection.getSecurity(folder.share, path)
        assert after.dacl == SecurityDescriptor.from_sddl(text).dacl
        assert after.flags & SECURITY_DESCRIPTOR_DACL_PROTECTED
        assert (after.owner, after.group) == (before.owner, before.group)
        connection.setSecurity(folder.share, path, before)
        assert connection.getSecurity(folder.share, path).dacl == before.dacl


def test_rights_that_may_not_be_set(connection, folder):
    check_refused(
        connection, 'setSecurity', folder.share, folder.path('missing'), 'D:(A;;FA;;;WD)',
        reason='Unable to open file or directory', status='STATUS_OBJECT_NAME_NOT_FOUND',
    )  # fmt: skip
    path = folder.put('file')
    check_refused(
        connection, 'setSecurity', folder.share, path, 'O:S-1-5-21-1-2-3-4',
        reason='Unable to set the security descriptor', status='STATUS_INVALID_OWNER',
    )  # fmt: skip
    assert connection.exists(folder.share, path)
