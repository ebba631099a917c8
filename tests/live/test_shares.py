"""Shares: listed, hidden, read-only, unknown, and their names."""

from __future__ import annotations

import io

import pytest

from smb.base import SharedDevice
from tests.live.folder import Folder, names
from tests.live.refusals import check_refused

NO_SHARE = {'reason': 'Unable to connect to shared device', 'status': 'STATUS_BAD_NETWORK_NAME'}
CALLS = {
    'listPath': ('/',),
    'getAttributes': ('/f',),
    'retrieveFile': ('/f', io.BytesIO()),
    'retrieveFileFromOffset': ('/f', io.BytesIO(), 5, 0),
    'storeFile': ('/f', io.BytesIO(b'x')),
    'storeFileFromOffset': ('/f', io.BytesIO(b'x'), 5),
    'deleteFiles': ('/f',),
    'createDirectory': ('/f',),
    'deleteDirectory': ('/f',),
    'rename': ('/f', '/g'),
}
every_call = pytest.mark.parametrize(('method', 'arguments'), CALLS.items(), ids=CALLS)


class TestListing:
    def test_shows_each_share_with_its_type_and_comment(self, server, connect):
        private = server(
            shares={'größe \U0001f600': {'comment': 'né à Zürich'}, 'secret$': {'comment': 'administrative'}}
        )
        found = connect(private).listShares()
        assert all(type(share) is SharedDevice for share in found)
        shares = {share.name: share for share in found}
        assert shares.keys() == {'smbtest', 'public', 'readonly', 'größe \U0001f600', 'secret$', 'IPC$'}
        disk, pipes = shares['smbtest'], shares['IPC$']
        assert (disk.type, disk.comments) == (SharedDevice.DISK_TREE, 'everybody reads and writes')
        assert (disk.isSpecial, disk.isTemporary) == (False, False)
        assert (pipes.type, pipes.isSpecial) == (SharedDevice.IPC, True)
        assert shares['größe \U0001f600'].comments == 'né à Zürich'
        # to Samba a name with $ is like any other
        assert shares['secret$'].type == SharedDevice.DISK_TREE

    @pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])
    @pytest.mark.parametrize('dialect', [0x0202, 0x0311], ids='{:04x}'.format)
    def test_shows_all_of_300(self, server, connect, is_direct_tcp, dialect):
        many = {f'share {number:03}': {'comment': f'{number:03}' + 'c' * 200} for number in range(300)}
        connection = connect(server(shares=many), is_direct_tcp=is_direct_tcp, max_dialect=dialect)
        for _ in range(2):
            found = [share for share in connection.listShares() if share.name.startswith('share ')]
            assert [share.name for share in found] == list(many)
            assert [share.comments for share in found] == [lines['comment'] for lines in many.values()]

    def test_may_be_repeated_between_other_calls(self, connection, folder):
        first = [share.name for share in connection.listShares()]
        for _ in range(20):
            assert connection.listPath(folder.share, folder.path())
            assert [share.name for share in connection.listShares()] == first


class TestNames:
    @every_call
    @pytest.mark.parametrize('share', ['nosuch', 'nosuch$', '', 'n' * 80, 'größe', '\U0001f600', 'smb test', '*', '.'])
    def test_an_unknown_one_is_refused(self, connection, method, arguments, share):
        source_or_target = next((argument for argument in arguments if isinstance(argument, io.BytesIO)), io.BytesIO())
        source_or_target.seek(0)
        check_refused(connection, method, share, *arguments, **NO_SHARE)
        assert source_or_target.tell() == 0

    @pytest.mark.parametrize(
        'share', ['/smbtest', 'smbtest/', '\\smbtest', 'smbtest\\', '\\\\server\\smbtest', 'smb/test']
    )
    def test_slashes_belong_to_no_name(self, connection, share):
        check_refused(connection, 'listPath', share, '/', share='', **NO_SHARE)
        assert connection.listPath('smbtest', '/')

    @pytest.mark.parametrize('share', ['smbtest', 'SMBTEST', 'SmbTest', 'hidden$', 'HIDDEN$', 'public', 'readonly'])
    def test_any_case_and_hidden_ones_work(self, connection, share):
        assert {'.', '..'} <= {entry.filename for entry in connection.listPath(share, '/')}
        assert share in connection.connected_trees

    def test_accents_and_emoji_and_spaces_work(self, server, connect):
        name = 'größe \U0001f600'
        folder = Folder(server(shares={name: {'read only': 'no'}}), name)
        connection = connect(folder.server)
        assert connection.storeFile(name, folder.path('file'), io.BytesIO(b'data')) == 4
        assert folder.read('file') == b'data'
        check_refused(
            connection, 'getAttributes', name, folder.path('none'),
            reason='Unable to open remote file object', status='STATUS_OBJECT_NAME_NOT_FOUND',
        )  # fmt: skip

    def test_fifty_shares_of_one_connection(self, server, connect):
        many = {f'one of fifty {number}': {'read only': 'no'} for number in range(50)}
        private = server(shares=many)
        connection = connect(private)
        for share in many:
            connection.storeFile(share, 'file', io.BytesIO(share.encode()))
        for share in many:
            assert (private.share_root(share) / 'file').read_bytes() == share.encode()
        assert connection.connected_trees.keys() == set(many)


class TestReadOnlyShare:
    @pytest.fixture
    def folder(self, server):
        return Folder(server(), 'readonly')

    def test_can_be_read(self, connection, folder):
        path = folder.put('file', b'data')
        target = io.BytesIO()
        assert connection.retrieveFile('readonly', path, target)[1] == 4
        assert target.getvalue() == b'data'
        assert names(connection.listPath('readonly', folder.path())) == ['file']
        assert connection.getAttributes('readonly', path).file_size == 4

    def test_refuses_every_change(self, connection, folder):
        path = folder.put('file', b'data')
        folder.mkdir('empty')
        for method, arguments, reason in (
            ('storeFile', (path, io.BytesIO(b'new')), 'Unable to open file'),
            ('storeFile', (folder.path('new'), io.BytesIO(b'new')), 'Unable to open file'),
            ('storeFile', (folder.path('new'), io.BytesIO(bytes(200_000))), 'Unable to open file'),
            ('storeFileFromOffset', (path, io.BytesIO(b'new'), 2), 'Unable to open file'),
            ('deleteFiles', (path,), ('Unable to open file', 'Delete failed')),
            ('deleteFiles', (folder.path('*'),), ('Unable to open file', 'Delete failed')),
            ('deleteDirectory', (folder.path('empty'),), ('Unable to open directory', 'Delete failed')),
        ):
            check_refused(connection, method, 'readonly', *arguments, reason=reason, status='STATUS_ACCESS_DENIED')
        check_refused(
            connection, 'createDirectory', 'readonly', folder.path('new'), reason='Create failed',
            status='STATUS_ACCESS_DENIED' if connection.isUsingSMB2 else 'STATUS_MEDIA_WRITE_PROTECTED',
        )  # fmt: skip
        check_refused(
            connection, 'rename', 'readonly', path, folder.path('renamed'),
            reason='Rename failed', status='STATUS_MEDIA_WRITE_PROTECTED',
        )  # fmt: skip
        assert folder.tree() == {'file': b'data', 'empty': None}

    def test_deleting_a_missing_file_is_no_error(self, connection, folder):
        assert connection.deleteFiles('readonly', folder.path('none')) is None
