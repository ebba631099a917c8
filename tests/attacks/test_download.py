"""Whatever a server calls its files, nothing is written outside the folder that downloadTree was given."""

from __future__ import annotations

import os

import pytest

from smb.errors import ProtocolError, TreeFailure
from smb.messages.smb2.create import SMB2CreateResponse
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.ntstatus import STATUS_NO_MORE_FILES, STATUS_SUCCESS
from smb.operations.trees import local_name
from smb.smb2_constants import FileIdBothDirectoryInformation
from smb.smb_constants import ATTR_ARCHIVE, ATTR_DIRECTORY, ATTR_REPARSE_POINT
from smb.wire.values import padding
from tests.attacks.attack import EVERY, SMB1
from tests.attacks.names import NAMES
from tests.session import scripted, scripted_smb1

CONTENT = b'from the server'


class Entry:
    def __init__(self, name, attributes=ATTR_ARCHIVE, file_id=0):
        self.name, self.attributes, self.file_id = name, attributes, file_id

    def packed(self, is_last):
        """FileIdBothDirectoryInformation, [MS-FSCC] 2.4.17."""
        encoded = self.name.encode('utf-16-le', 'surrogatepass')
        size = 0 if self.attributes & ATTR_DIRECTORY else len(CONTENT)
        body = bytes(36) + size.to_bytes(8, 'little') + bytes(8) + self.attributes.to_bytes(4, 'little')
        body += len(encoded).to_bytes(4, 'little') + bytes(32) + self.file_id.to_bytes(8, 'little') + encoded
        step = 4 + len(body) + len(padding(4 + len(body), 8))
        return (0 if is_last else step).to_bytes(4, 'little') + (body if is_last else body.ljust(step - 4, b'\0'))


class Shelf(scripted.ScriptedServer):
    """Lists in each folder what ``inside(path)`` gives, and opens everything; all files are the same."""

    def __init__(self, inside, dialect=0x0311, **options):
        super().__init__(dialect, **options)
        self.inside = inside
        self.looked_into = []

    def _do_create(self, request, session):
        file_id = next(self._numbers).to_bytes(8, 'little') * 2
        session.opens[file_id] = request.payload.name
        self.files.setdefault(request.payload.name, CONTENT)
        return STATUS_SUCCESS, SMB2CreateResponse(
            create_action=1,
            creation_time=0,
            last_access_time=0,
            last_write_time=0,
            change_time=0,
            allocation_size=0,
            end_of_file=len(CONTENT),
            file_attributes=0,
            file_id=file_id,
        )

    def _do_query_directory(self, request, session):
        assert request.payload.file_information_class == FileIdBothDirectoryInformation
        file_id = self._open_of(request, session)
        if file_id in session.listed:
            return STATUS_NO_MORE_FILES, scripted.SMB2ErrorResponse()
        session.listed[file_id] = 1
        path = session.opens[file_id]
        self.looked_into.append(path)
        entries = [entry if isinstance(entry, Entry) else Entry(entry) for entry in self.inside(path)]
        packed = b''.join(entry.packed(entry is entries[-1]) for entry in entries)
        return STATUS_SUCCESS, SMB2QueryDirectoryResponse(output_buffer=packed)


def folder(name, **more):
    return Entry(name, ATTR_DIRECTORY, **more)


@pytest.fixture
def target(tmp_path):
    """A folder to download into; what is beside it must stay as it is."""
    (tmp_path / 'beside').mkdir()
    (tmp_path / 'beside' / 'kept').write_bytes(b'kept')
    (tmp_path / 'target').mkdir()
    yield tmp_path / 'target'
    assert [path.name for path in tmp_path.iterdir() if path.name not in ('target', 'beside')] == []
    assert [(path.name, path.read_bytes()) for path in (tmp_path / 'beside').iterdir()] == [('kept', b'kept')]
    assert not any(name.endswith('.part') for _, _, names in os.walk(tmp_path) for name in names)


def written(target):
    return sorted(
        os.path.relpath(os.path.join(path, name), target) for path, _, names in os.walk(target) for name in names
    )


def download(server, target, **arguments):
    with scripted.connected(server, **arguments) as connection:
        return connection.downloadTree('share', '', target)


@pytest.mark.parametrize('dialect', EVERY)
@pytest.mark.parametrize('what', NAMES)
def test_name_that_leads_elsewhere_ends_the_download(what, dialect, target):
    if dialect == SMB1:
        server, module = scripted_smb1.ScriptedSMB1Server(names=['.', '..', 'good', NAMES[what]]), scripted_smb1
    else:
        server, module = Shelf(lambda path: ['.', '..', 'good', NAMES[what]], dialect), scripted
    with module.connected(server) as connection:
        with pytest.raises(ProtocolError, match='no file can have the name') as caught:
            connection.downloadTree('share', '', target)
        assert repr(NAMES[what]) in str(caught.value)
        assert scripted.is_usable(connection) or dialect != SMB1
        assert server.open_handles == 0
    assert written(target) == []


@pytest.mark.parametrize('what', NAMES)
def test_such_a_name_further_below_ends_it_too(what, target):
    server = Shelf(lambda path: ['.', '..', NAMES[what]] if path else ['.', '..', folder('sub')])
    with pytest.raises(ProtocolError, match='no file can have the name'):
        download(server, target)
    assert written(target) == []


PLAIN_HERE = [
    'C:',
    'file:stream',
    'file::$DATA',
    'CON',
    'NUL',
    'COM1.txt',
    '...',
    ' ',
    'dot.',
    '~',
    '-rf',
    '*',
    '$HOME',
    'new\nline',
    '\x1b[2J',
    '\udcff',
    'a\u202etxt.exe',
    '.bashrc',
]


@pytest.mark.skipif(os.name == 'nt', reason='what is plain elsewhere is not on Windows')
def test_name_that_is_odd_but_plain_is_a_file_in_the_folder(target):
    report = download(Shelf(lambda path: ['.', '..', *PLAIN_HERE]), target)
    assert report.files == len(PLAIN_HERE)
    assert written(target) == sorted(PLAIN_HERE)
    assert all((target / name).read_bytes() == CONTENT for name in PLAIN_HERE)


@pytest.mark.skipif(os.name == 'nt', reason='Windows has other limits')
@pytest.mark.parametrize('name', ['x' * 256, 'x' * 32_700, 'ü' * 200, '\ud800', '\udc2f', 'a\udc2e\udc2e\udc2fb'])
def test_name_that_this_system_cannot_have_is_told_and_the_others_are_copied(name, target):
    for make in (Entry, folder):
        with pytest.raises(TreeFailure) as caught:
            download(
                Shelf(lambda path, make=make: ['.', '..', make(name), 'good'] if not path else ['.', '..']), target
            )
        assert [path for path, _ in caught.value.report.failures] == [name]
        assert written(target) == ['good']


@pytest.mark.parametrize('name', ['.', '..'])
def test_dots_are_no_files_however_often_they_are_listed(name, target):
    for make in (Entry, folder):
        server = Shelf(lambda path, make=make: ['.', '..', make(name), make(name), 'good'])
        assert download(server, target).files == 1
        assert written(target) == ['good']
        assert server.looked_into == ['']


WINDOWS_ONLY = [
    'CON',
    'con',
    'NUL.txt',
    'COM1',
    'LPT9.tar.gz',
    'COM¹',
    'CONIN$',
    'AUX ',
    'C:',
    'a:b',
    'a::$DATA',
    'x.',
    'x ',
    'a*b',
    'a?b',
    'a<b',
    'a>b',
    'a"b',
    'a|b',
    'a\nb',
    '\x1f',
]


@pytest.mark.parametrize('name', WINDOWS_ONLY)
def test_name_that_windows_takes_for_something_else_is_refused_there(name):
    with pytest.raises(ValueError, match='has another meaning on Windows'):
        local_name(name, is_windows=True)
    assert local_name(name, is_windows=False) == name


@pytest.mark.parametrize('name', [*NAMES.values(), '.', '..'])
def test_name_is_checked_again_before_it_becomes_a_path(name):
    if name == 'a:b\\c' or not {'/', '\\', '\0'}.isdisjoint(name) or name in ('', '.', '..'):
        for is_windows in (True, False):
            with pytest.raises(ValueError, match='cannot be the name of a local file'):
                local_name(name, is_windows=is_windows)


# Links


@pytest.mark.skipif(os.name == 'nt', reason='needs symbolic links')
def test_link_that_stands_in_the_folder_is_not_followed(target):
    os.symlink(target.parent / 'beside', target / 'sub')
    os.symlink(target.parent / 'beside' / 'kept', target / 'kept')
    server = Shelf(lambda path: ['.', '..', 'kept'] if path else ['.', '..', folder('sub'), 'kept'])
    with pytest.raises(TreeFailure) as caught:
        download(server, target)
    (failure,) = caught.value.report.failures
    assert failure[0] == 'sub' and 'is a link, behind which nothing is written' in str(failure[1])
    # A file takes the link's place.
    assert not (target / 'kept').is_symlink() and (target / 'kept').read_bytes() == CONTENT


def test_link_on_the_server_is_not_followed(target):
    link = Entry('link', ATTR_DIRECTORY | ATTR_REPARSE_POINT)
    server = Shelf(lambda path: ['.', '..', link, 'good'])
    with pytest.raises(TreeFailure):
        download(server, target)
    assert written(target) == ['good'] and server.looked_into == ['']


def test_two_entries_of_one_name_are_one_file(target):
    for twins in (['same', 'same'], [folder('same'), 'same'], ['same', folder('same')]):
        with pytest.raises(TreeFailure):
            download(Shelf(lambda path, twins=twins: ['.', '..', *twins] if not path else ['.', '..']), target)
        path = target / 'same'
        path.rmdir() if path.is_dir() else path.unlink()


# Without end


def test_folder_inside_itself_ends(target):
    server = Shelf(lambda path: [folder('.', file_id=7), '..', folder('sub'), 'good'])
    with pytest.raises(TreeFailure, match='download') as caught:
        download(server, target)
    assert 'leads back' in str(caught.value.report.failures[0][1])
    assert len(server.looked_into) == 2


@pytest.mark.skipif(os.name == 'nt', reason='Windows has other limits')
@pytest.mark.parametrize('name', ['x' * 200, 'x' * 40])
def test_folders_inside_folders_end_where_a_path_does(name, target):
    server = Shelf(lambda path: [folder('.', file_id=len(path) + 1), '..', folder(name)])
    with pytest.raises(TreeFailure) as caught:
        download(server, target)
    assert len(caught.value.report.failures) == 1
    assert written(target) == []
    assert len(server.looked_into) < 4096 // len(name) + 4


@pytest.mark.parametrize('length', [0, 5, len(CONTENT) + 1])
def test_file_of_another_length_than_was_said_is_no_file(length, target):
    server = Shelf(lambda path: ['.', '..', 'good'])
    server.files['good'] = bytes(length)
    if length <= len(CONTENT):
        with pytest.raises(TreeFailure):
            download(server, target, share=None)
        assert written(target) == []
    else:
        assert download(server, target, share=None).bytes == len(CONTENT)
