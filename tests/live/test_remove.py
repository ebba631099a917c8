"""deleteFiles, deleteDirectory, createDirectory and rename: what changes, and what does not."""

from __future__ import annotations

import io

import pytest

from smb.smb_constants import ATTR_HIDDEN, ATTR_NORMAL, ATTR_READONLY
from smb.smb_structs import OperationFailure
from tests.live.folder import Folder
from tests.live.refusals import check_refused
from tests.live.sources import Source

FILES = ('aa1.txt', 'aa2.txt', 'bb.txt', 'aa.bin', '.hidden')
AA_FOLDER = {'aaDir', 'aaDir/deep', 'aaDir/inner.txt', 'aaDir/deep/deeper.txt'}
BB_FOLDER = {name.replace('aa', 'bb') for name in AA_FOLDER}
NOT_A_FILE = (
    'Cannot delete a folder. Please use deleteDirectory() method or append "/*" to your path '
    'if you wish to delete all files in the folder'
)

PATTERNS = {
    'aa1.txt': {'aa1.txt'},
    '/aa1.txt': {'aa1.txt'},
    'aa1.txt/': {'aa1.txt'},
    'AA1.TXT': {'aa1.txt'},
    'none.txt': set(),
    'aa*': {'aa1.txt', 'aa2.txt', 'aa.bin'},
    'AA*': {'aa1.txt', 'aa2.txt', 'aa.bin'},
    '*': set(FILES),
    '*.*': set(FILES),
    '*.txt': {'aa1.txt', 'aa2.txt', 'bb.txt'},
    'bb.?xt': {'bb.txt'},
    'aa?.txt': {'aa1.txt', 'aa2.txt'},
    'zz*': set(),
    '[a]*': set(),
    'aaD*': set(),
    'aaDir/*': {'aaDir/inner.txt'},
    'aaDir/deep/*': {'aaDir/deep/deeper.txt'},
}
PATTERNS_WITH_FOLDERS = {
    'aa1.txt': {'aa1.txt'},
    'aa*': {'aa1.txt', 'aa2.txt', 'aa.bin'} | AA_FOLDER,
    'aaD*': AA_FOLDER,
    '*': {*FILES, *AA_FOLDER, *BB_FOLDER},
    '*Dir': AA_FOLDER | BB_FOLDER,
    'aaDir/*': AA_FOLDER - {'aaDir'},
    'zz*': set(),
    '*.txt': {'aa1.txt', 'aa2.txt', 'bb.txt'},
}


@pytest.fixture
def filled(folder):
    for name in FILES:
        folder.put(name)
    for name in ('aaDir', 'bbDir'):
        folder.put(f'{name}/inner.txt')
        folder.put(f'{name}/deep/deeper.txt')
    return folder


class TestDeleteFiles:
    @pytest.mark.parametrize('pattern', PATTERNS)
    def test_removes_what_matches_and_no_folder(self, connection, filled, pattern):
        before = filled.tree().keys()
        assert connection.deleteFiles(filled.share, filled.path(pattern)) is None
        assert before - filled.tree().keys() == PATTERNS[pattern]

    @pytest.mark.parametrize('pattern', PATTERNS_WITH_FOLDERS)
    @pytest.mark.parametrize('arguments', [{}, {'max_dialect': 0x0202, 'is_direct_tcp': False}], ids=str)
    def test_removes_folders_too_where_asked_to(self, connect, filled, pattern, arguments):
        connection = connect(filled.server, **arguments)
        before = filled.tree().keys()
        assert connection.deleteFiles(filled.share, filled.path(pattern), delete_matching_folders=True) is None
        assert before - filled.tree().keys() == PATTERNS_WITH_FOLDERS[pattern]

    def test_a_folder_with_many_entries(self, connection, folder):
        for number in range(1500):
            folder.put(f'full/sub {number % 3}/file with a long name {number}', b'')
        connection.deleteFiles(folder.share, folder.path('f*'), True)
        assert folder.tree() == {}

    @pytest.mark.parametrize('form', ['{}*', '/{}*', '\\{}*', '//{}*'])
    def test_matching_folders_in_the_root(self, connection, server, form):
        root = server().root
        for name in ('in the root 1', 'in the root 2'):
            (root / name / 'deep').mkdir(parents=True)
            (root / name / 'deep' / 'file').touch()
        (root / 'in the root 3').touch()
        connection.deleteFiles('smbtest', form.format('in the root'), delete_matching_folders=True)
        assert [path for path in root.iterdir() if path.name.startswith('in the root')] == []

    @pytest.mark.parametrize('path', ['aaDir', 'aaDir/', '/aaDir', 'aaDir/deep'])
    @pytest.mark.parametrize('delete_matching_folders', [False, True])
    def test_a_folder_is_refused_and_told_what_to_do(self, connection, filled, path, delete_matching_folders):
        before = filled.tree()
        check_refused(
            connection, 'deleteFiles', filled.share, filled.path(path), delete_matching_folders,
            reason=NOT_A_FILE, status='STATUS_FILE_IS_A_DIRECTORY', paths=[path],
        )  # fmt: skip
        assert filled.tree() == before

    @pytest.mark.parametrize(
        ('path', 'reason', 'status'),
        [
            ('none/none.txt', 'Unable to open file', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('none/zz*', 'Path not found', 'STATUS_OBJECT_NAME_NOT_FOUND'),
            ('*/inner.txt', 'Unable to open file', 'STATUS_OBJECT_NAME_INVALID'),
            ('a:b', 'Unable to open file', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_refusals(self, connection, filled, path, reason, status):
        before = filled.tree()
        check_refused(connection, 'deleteFiles', filled.share, filled.path(path), reason=reason, status=status)
        assert filled.tree() == before

    def test_wildcards_in_a_folder_and_in_what_is_in_it_are_refused(self, connection, filled):
        before = filled.tree()
        check_refused(
            connection, 'deleteFiles', filled.share, filled.path('*/*'),
            reason='Unable to open file' if connection.isUsingSMB2 else 'Unable to retrieve file list',
            status='STATUS_OBJECT_NAME_INVALID',
        )  # fmt: skip
        assert filled.tree() == before

    def test_a_file_that_is_open_elsewhere(self, connection, connect, folder):
        writer = connect(folder.server)

        def delete():
            for pattern in ('file', 'f*'):
                check_refused(
                    connection, 'deleteFiles', folder.share, folder.path(pattern),
                    reason='Unable to open file', status='STATUS_SHARING_VIOLATION',
                )  # fmt: skip

        writer.storeFile(folder.share, folder.path('file'), Source(bytes(200_000), delete))
        assert folder.tree() == {'file': bytes(200_000)}

    def test_the_timeout_is_the_fourth(self, connection, folder):
        path = folder.put('file')
        connection.deleteFiles(folder.share, path, False, 5)
        assert folder.tree() == {}

    def test_a_read_only_file_among_others_stays_and_is_told_of(self, connection, folder):
        for number in range(30):
            folder.put(f'f{number:02}')
        folder.mark(folder.path('f15'), ATTR_READONLY)
        check_refused(
            connection, 'deleteFiles', folder.share, folder.path('f*'),
            reason='Delete failed', status='STATUS_CANNOT_DELETE',
        )  # fmt: skip
        assert 'f15' in folder.tree()
        folder.mark(folder.path('f15'), ATTR_NORMAL)
        connection.deleteFiles(folder.share, folder.path('f*'))
        assert folder.tree() == {}

    def test_a_folder_with_a_read_only_file_is_not_removed(self, connection, folder):
        folder.mark(folder.put('full/file'), ATTR_READONLY | ATTR_HIDDEN)
        check_refused(
            connection, 'deleteFiles', folder.share, folder.path('f*'), True,
            reason='Delete failed', status='STATUS_CANNOT_DELETE',
        )  # fmt: skip
        assert folder.tree() == {'full': None, 'full/file': b'0123456789'}


class TestDeleteDirectory:
    @pytest.mark.parametrize('form', ['{}', '/{}', '{}/', '\\{}\\', '//{}//'])
    def test_removes_an_empty_one(self, connection, folder, form):
        for name in ('empty', 'EMPTY'):
            folder.mkdir('empty')
            assert connection.deleteDirectory(folder.share, form.format(folder.path(name))) is None
            assert folder.tree() == {}

    @pytest.mark.parametrize(
        ('path', 'reason', 'status'),
        [
            ('full', 'Delete failed', 'STATUS_DIRECTORY_NOT_EMPTY'),
            ('none', 'Unable to open directory', 'STATUS_OBJECT_NAME_NOT_FOUND'),
            ('none/none', 'Unable to open directory', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('file', 'Unable to open directory', 'STATUS_NOT_A_DIRECTORY'),
            ('file/', 'Unable to open directory', 'STATUS_NOT_A_DIRECTORY'),
            ('e*', 'Unable to open directory', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_refusals(self, connection, folder, path, reason, status):
        folder.put('full/file')
        folder.put('file')
        folder.mkdir('empty')
        before = folder.tree()
        check_refused(connection, 'deleteDirectory', folder.share, folder.path(path), reason=reason, status=status)
        assert folder.tree() == before

    def test_the_root_stays(self, connection, folder):
        for root in ('', '/'):
            with pytest.raises(OperationFailure):
                connection.deleteDirectory(folder.share, root)
        assert folder.local.exists()


class TestCreateDirectory:
    @pytest.mark.parametrize('form', ['{}', '/{}', '{}/', '\\{}\\', '//{}//', '{}//'])
    def test_makes_one(self, connection, folder, form):
        assert connection.createDirectory(folder.share, form.format(folder.path('new'))) is None
        assert connection.createDirectory(folder.share, form.format(folder.path('new\\sub'))) is None
        assert folder.tree() == {'new': None, 'new/sub': None}

    def test_by_dots(self, connection, folder):
        folder.mkdir('a')
        connection.createDirectory(folder.share, folder.path('a/../b'))
        assert folder.tree() == {'a': None, 'b': None}

    @pytest.mark.parametrize(
        ('path', 'status'),
        [
            ('folder', 'STATUS_OBJECT_NAME_COLLISION'),
            ('FOLDER', 'STATUS_OBJECT_NAME_COLLISION'),
            ('file', 'STATUS_OBJECT_NAME_COLLISION'),
            ('none/sub', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('file/sub', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('a*', 'STATUS_OBJECT_NAME_INVALID'),
            ('a?', 'STATUS_OBJECT_NAME_INVALID'),
            ('.', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_refusals(self, connection, folder, path, status):
        folder.mkdir('folder')
        folder.put('file')
        before = folder.tree()
        check_refused(
            connection, 'createDirectory', folder.share, folder.path(path), reason='Create failed', status=status
        )
        assert folder.tree() == before

    @pytest.mark.parametrize('root', ['', '/', '\\'])
    def test_the_root_is_there_already(self, connection, folder, root):
        check_refused(
            connection, 'createDirectory', folder.share, root,
            reason='Create failed', status='STATUS_OBJECT_NAME_COLLISION',
        )  # fmt: skip


class TestRename:
    @pytest.mark.parametrize(
        ('old_name', 'new_name', 'expected'),
        [
            ('file', 'new', {'new': b'f', 'full': None, 'full/inner': b'i', 'empty': None}),
            ('file', 'full/new', {'full': None, 'full/inner': b'i', 'full/new': b'f', 'empty': None}),
            ('full/inner', 'new', {'file': b'f', 'full': None, 'new': b'i', 'empty': None}),
            ('full', 'new', {'file': b'f', 'new': None, 'new/inner': b'i', 'empty': None}),
            ('full', 'empty/full', {'file': b'f', 'empty': None, 'empty/full': None, 'empty/full/inner': b'i'}),
            ('empty', 'new', {'file': b'f', 'full': None, 'full/inner': b'i', 'new': None}),
            ('file', 'FILE', {'FILE': b'f', 'full': None, 'full/inner': b'i', 'empty': None}),
            ('FILE', 'new', {'new': b'f', 'full': None, 'full/inner': b'i', 'empty': None}),
            ('file', 'file', {'file': b'f', 'full': None, 'full/inner': b'i', 'empty': None}),
            ('file/', 'new/', {'new': b'f', 'full': None, 'full/inner': b'i', 'empty': None}),
            ('/file', '\\new', {'new': b'f', 'full': None, 'full/inner': b'i', 'empty': None}),
        ],
    )
    @pytest.mark.parametrize('arguments', [{}, {'max_dialect': 0x0202}], ids=str)
    def test_gives_another_name_or_place(self, connect, folder, old_name, new_name, expected, arguments):
        connection = connect(folder.server, **arguments)
        folder.put('file', b'f')
        folder.put('full/inner', b'i')
        folder.mkdir('empty')
        assert connection.rename(folder.share, folder.path(old_name), folder.path(new_name)) is None
        assert folder.tree() == expected

    @pytest.mark.parametrize('form', ['/{}', '\\{}', '{}/', '//{}', '{}\\\\'])
    def test_any_form_of_the_path(self, connection, folder, form):
        old, new = form.format(folder.put('old', b'x')), form.format(folder.path('new'))
        connection.rename(folder.share, old, new)
        connection.rename(folder.share, new.replace('/', '\\'), old.replace('/', '//'))
        assert folder.tree() == {'old': b'x'}

    @pytest.mark.parametrize(
        ('old_name', 'new_name', 'reason', 'status'),
        [
            ('file', 'other', 'Rename failed', 'STATUS_OBJECT_NAME_COLLISION'),
            ('file', 'empty', 'Rename failed', 'STATUS_OBJECT_NAME_COLLISION'),
            ('full', 'empty', 'Rename failed', 'STATUS_OBJECT_NAME_COLLISION'),
            ('full', 'file', 'Rename failed', 'STATUS_OBJECT_NAME_COLLISION'),
            ('file', 'OTHER', 'Rename failed', 'STATUS_OBJECT_NAME_COLLISION'),
            ('file', 'none/new', 'Rename failed', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('full', 'full/sub', 'Rename failed', 'STATUS_SHARING_VIOLATION'),
            ('none', 'new', 'Unable to open file/directory', 'STATUS_OBJECT_NAME_NOT_FOUND'),
            ('none/none', 'new', 'Unable to open file/directory', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('f*', 'new', 'Unable to open file/directory', 'STATUS_OBJECT_NAME_INVALID'),
            ('file', 'n*', 'Rename failed', 'STATUS_OBJECT_NAME_INVALID'),
            ('file', 'a:b', 'Rename failed', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_refusals(self, connection, folder, old_name, new_name, reason, status):
        folder.put('file', b'f')
        folder.put('other', b'o')
        folder.put('full/inner', b'i')
        folder.mkdir('empty')
        before = folder.tree()
        check_refused(
            connection, 'rename', folder.share, folder.path(old_name), folder.path(new_name),
            reason=reason, status=status, paths=[folder.path(old_name), folder.path(new_name)],
        )  # fmt: skip
        assert folder.tree() == before

    def test_the_new_path_is_on_the_same_share(self, connection, server):
        folder = Folder(server(), 'public')
        folder.put('file')
        connection.rename('public', folder.path('file'), folder.path('new'))
        assert folder.tree() == {'new': b'0123456789'}

    def test_a_file_that_is_open_elsewhere(self, connection, connect, folder):
        writer = connect(folder.server)

        def rename():
            check_refused(
                connection, 'rename', folder.share, folder.path('file'), folder.path('new'),
                reason='Unable to open file/directory', status='STATUS_SHARING_VIOLATION',
            )  # fmt: skip

        writer.storeFile(folder.share, folder.path('file'), Source(bytes(200_000), rename))
        connection.rename(folder.share, folder.path('file'), folder.path('new'))
        assert folder.tree() == {'new': bytes(200_000)}


def test_fifty_refusals_leave_no_handle_and_the_connection_as_it_was(connection, folder):
    path = folder.put('file')
    folder.mkdir('folder')
    for _ in range(50):
        for method, arguments in (
            ('retrieveFile', (folder.path('none'), io.BytesIO())),
            ('retrieveFile', (folder.path('folder'), io.BytesIO())),
            ('storeFile', (folder.path('folder'), io.BytesIO(b'x'))),
            ('listPath', (path,)),
            ('createDirectory', (folder.path('folder'),)),
            ('rename', (path, folder.path('folder'))),
            ('deleteDirectory', (path,)),
            ('deleteFiles', (folder.path('folder'),)),
            ('getAttributes', (folder.path('none'),)),
        ):
            with pytest.raises(OperationFailure):
                getattr(connection, method)(folder.share, *arguments)
    assert connection.storeFile(folder.share, path, io.BytesIO(b'x')) == 1
    connection.deleteDirectory(folder.share, folder.path('folder'))
    connection.deleteFiles(folder.share, path)
    assert folder.tree() == {}
