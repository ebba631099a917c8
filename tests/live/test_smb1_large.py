"""What is large over SMB1: files above 4 GiB, windows, full folders, many shares; and what is old: snapshots."""

from __future__ import annotations

import io
from datetime import datetime

import pytest

from smb.base import SMBTimeout
from smb.operations.transfer import FIRST_BLOCK
from smb.smb_constants import (
    SMB_COM_NT_CANCEL,
    SMB_COM_READ_ANDX,
    SMB_COM_WRITE_ANDX,
    SMB_FILE_ATTRIBUTE_DIRECTORY,
    SMB_FILE_ATTRIBUTE_HIDDEN,
    SMB_FILE_ATTRIBUTE_INCL_NORMAL,
    SMB_FILE_ATTRIBUTE_SYSTEM,
)
from smb.tree.smb1 import BYTES_IN_FLIGHT, LARGE_SIZE, SAMBA_SIZE
from tests.live.folder import Folder, names, noise
from tests.live.network import TO_SERVER, Relay
from tests.live.sources import Source

OPTIONS = {'server_signing': 'auto'}
SHADOWS = {'vfs objects': 'shadow_copy2', 'shadow:mountpoint': '{root}'}
MANY_SHARES = {f'share {number:03}': {'comment': f'{number:03}' + 'c' * 200} for number in range(300)}
GIB = 1 << 30
SIGNED_SIZE = 16644 - 128  # bytes of one request where all is signed: what fits into Samba's buffer
SIZES = sorted(
    size + difference
    for size in (1, SIGNED_SIZE, LARGE_SIZE, FIRST_BLOCK, SAMBA_SIZE, 2 * SAMBA_SIZE, BYTES_IN_FLIGHT,
                 BYTES_IN_FLIGHT + SAMBA_SIZE)
    for difference in (-1, 0, 1)
)  # fmt: skip
MODES = {'direct': {}, 'netbios': {'is_direct_tcp': False}, 'signed': {'sign_options': 1}}
every_mode = pytest.mark.parametrize('arguments', MODES.values(), ids=MODES)


@pytest.fixture
def folder(server):
    return Folder(server(**OPTIONS))


@pytest.fixture
def connection(folder, connect):
    return connect(folder.server, smb1=True)


def under_way(relay, *commands):
    """The most requests that had no answer yet, at any time; of these commands, or of all that are answered."""
    most = count = 0
    for direction, head in list(relay.heads):
        command = head[4] if head[:4] == b'\xffSMB' else SMB_COM_NT_CANCEL
        if command in commands if commands else command != SMB_COM_NT_CANCEL:
            count += 1 if direction == TO_SERVER else -1
            most = max(most, count)
    return most


def hold_at_the_second_block(relay):
    """Let the relay keep back every answer from the first READ_ANDX on whose offset is not 0, [MS-CIFS] 2.2.4.42.1."""

    def change(direction, message):
        if direction == TO_SERVER and message[:5] == b'\xffSMB\x2e' and any(message[39:43]):
            relay.hold()
        return message

    relay.change = change


class TestTransfers:
    @every_mode
    def test_every_size_comes_and_goes_whole(self, folder, connect, arguments):
        connection = connect(folder.server, smb1=True, **arguments)
        assert connection.is_signing_active == ('sign_options' in arguments)
        data = noise(max(SIZES))
        for size in SIZES:
            assert connection.storeFile(folder.share, folder.path('file'), io.BytesIO(data[:size])) == size
            assert folder.read('file') == data[:size]
            target = io.BytesIO()
            assert connection.retrieveFile(folder.share, folder.path('file'), target)[1] == size
            assert target.getvalue() == data[:size]

    @pytest.mark.parametrize(
        ('arguments', 'options', 'count'),
        [
            ({}, {}, None),
            ({'is_direct_tcp': False}, {}, None),
            ({'sign_options': 1}, {}, 50),
            ({}, {'max_mux': '4'}, 4),
        ],
        ids=['direct', 'netbios', 'signed', 'few'],
    )
    def test_several_requests_are_under_way_and_no_more_than_the_server_takes(
        self, server, connect, arguments, options, count
    ):
        folder = Folder(server(**OPTIONS, **options))
        data = noise(3_000_000)
        path = folder.put('file', data)
        with Relay(folder.server) as relay:
            connection = connect(folder.server, via=relay, smb1=True, **arguments)
            connection.listPath(folder.share, '')
            most_writes = count
            if count is None:
                # The window, which grows with the delay of the link. The first block written is a shorter one.
                tree = connection._trees[folder.share]
                assert tree.window >= BYTES_IN_FLIGHT
                most_writes = 1 + (tree.window - FIRST_BLOCK) // SAMBA_SIZE
                count = min(tree.window // SAMBA_SIZE, -(-(len(data) - FIRST_BLOCK) // SAMBA_SIZE))
            hold_at_the_second_block(relay)
            with pytest.raises(SMBTimeout):
                connection.retrieveFile(folder.share, path, io.BytesIO(), timeout=0.3)
            relay.change = None
            assert under_way(relay, SMB_COM_READ_ANDX) == count
            assert under_way(relay) <= int(options.get('max_mux', 50))
            relay.release()
            target = io.BytesIO()
            assert connection.retrieveFile(folder.share, path, target)[1] == len(data)
            assert target.getvalue() == data

            relay.heads.clear()
            held = Source(data, relay.hold)
            with pytest.raises(SMBTimeout):
                connection.storeFile(folder.share, path, held, timeout=0.3)
            assert held.was_called
            relay.release()
            assert under_way(relay, SMB_COM_WRITE_ANDX) <= most_writes
            assert connection.storeFile(folder.share, path, io.BytesIO(data)) == len(data)
            assert folder.read('file') == data


class TestAbove4GiB:
    @every_mode
    def test_a_range_is_stored_and_retrieved(self, folder, connect, arguments):
        connection = connect(folder.server, smb1=True, **arguments)
        path, data = folder.path('sparse'), noise(300_001)
        end = 5 * GIB + len(data)
        assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(data), 5 * GIB) == end
        assert (folder.local / 'sparse').stat().st_size == end
        with (folder.local / 'sparse').open('rb') as file:
            file.seek(5 * GIB - 10)
            assert file.read() == bytes(10) + data

        assert connection.getAttributes(folder.share, path).file_size == end
        (entry,) = connection.listPath(folder.share, folder.path(), pattern='sparse')
        assert entry.file_size == end
        for offset, length, expected in (
            (5 * GIB, -1, data),
            (5 * GIB - 70_000, 200_000, bytes(70_000) + data[:130_000]),
            (end - 1, -1, data[-1:]),
            (end, -1, b''),
            (end + GIB, -1, b''),
        ):
            target = io.BytesIO()
            _, count = connection.retrieveFileFromOffset(folder.share, path, target, offset, length)
            assert (count, target.getvalue()) == (len(expected), expected)

    def test_a_range_across_4_gib(self, folder, connection):
        data = noise(600_000)
        with (folder.local / 'sparse').open('wb') as file:
            file.truncate(6 * GIB)
            file.seek(4 * GIB - 300_000)
            file.write(data)
        path, target = folder.path('sparse'), io.BytesIO()
        assert connection.retrieveFileFromOffset(folder.share, path, target, 4 * GIB - 300_000, len(data))[1] == len(
            data
        )
        assert target.getvalue() == data
        assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(data[::-1]), 4 * GIB - 300_000)
        with (folder.local / 'sparse').open('rb') as file:
            file.seek(4 * GIB - 300_001)
            assert file.read(len(data) + 2) == b'\0' + data[::-1] + b'\0'
        assert (folder.local / 'sparse').stat().st_size == 6 * GIB

    def test_a_shorter_file_in_its_place_is_cut(self, folder, connection):
        with (folder.local / 'sparse').open('wb') as file:
            file.truncate(5 * GIB)
        assert connection.storeFile(folder.share, folder.path('sparse'), io.BytesIO(b'short')) == 5
        assert folder.read('sparse') == b'short'


@pytest.fixture(scope='module')
def full(server):
    """5,000 files with long names."""
    folder = Folder(server(**OPTIONS))
    for number in range(5000):
        (folder.local / f'{number:04} {"a long name, " * 16}.{number % 10}').touch()
    return folder


class TestFullFolders:
    @every_mode
    def test_5_000_long_names_come_complete_and_once(self, full, connect, arguments):
        connection = connect(full.server, smb1=True, **arguments)
        found = [entry.filename for entry in connection.listPath(full.share, full.path())]
        assert len(found) == 5002
        assert set(found) == {path.name for path in full.local.iterdir()} | {'.', '..'}

    def test_patterns_leave_nothing_out(self, full, connect):
        connection = connect(full.server, smb1=True)
        sevens = connection.listPath(full.share, full.path(), pattern='*.7')
        assert len({entry.filename for entry in sevens}) == len(sevens) == 500
        assert len(connection.listPath(full.share, full.path(), pattern='499? a long*')) == 10
        assert connection.listPath(full.share, full.path(), pattern='*.txt') == []

    def test_filters_that_drop_whole_batches_leave_nothing_out(self, folder, connection):
        folders = []
        for number in range(1200):
            (folder.local / f'file {number:04} {"n" * 80}').touch()
            if number % 400 == 200:
                folders.append(f'folder {number}')
                folder.mkdir(folders[-1])

        def listed(search, **keywords):
            return names(connection.listPath(folder.share, folder.path(), search, **keywords))

        assert listed(SMB_FILE_ATTRIBUTE_DIRECTORY) == sorted(folders)
        assert connection.listPath(folder.share, folder.path(), SMB_FILE_ATTRIBUTE_SYSTEM) == []
        assert connection.listPath(folder.share, folder.path(), SMB_FILE_ATTRIBUTE_HIDDEN) == []
        assert len(listed(SMB_FILE_ATTRIBUTE_INCL_NORMAL)) == 1200
        assert listed(SMB_FILE_ATTRIBUTE_DIRECTORY, pattern='fi*') == []
        assert listed(SMB_FILE_ATTRIBUTE_DIRECTORY, pattern='*') == sorted(folders)

    def test_a_search_that_is_given_up_is_no_burden(self, full, connect):
        """Samba has 2,048 of them at most."""
        with Relay(full.server) as relay:
            connection = connect(full.server, via=relay, smb1=True)
            for _ in range(3):
                relay.hold_after = relay.frame_count + 5
                with pytest.raises(SMBTimeout):
                    connection.listPath(full.share, full.path(), timeout=0.1)
                relay.release()
                assert connection.echo(b'x') == b'x'
            assert len(connection.listPath(full.share, full.path())) == 5002


class TestShares:
    @pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])
    def test_all_of_300_come(self, server, connect, is_direct_tcp):
        connection = connect(server(shares=MANY_SHARES), is_direct_tcp=is_direct_tcp, smb1=True)
        for _ in range(2):
            found = [share for share in connection.listShares() if share.name.startswith('share ')]
            assert [share.name for share in found] == list(MANY_SHARES)
            assert [share.comments for share in found] == [lines['comment'] for lines in MANY_SHARES.values()]

    def test_fifty_are_used_on_one_connection(self, server, connect):
        private = server(shares=MANY_SHARES)
        connection = connect(private, smb1=True)
        some = list(MANY_SHARES)[:50]
        for share in some:
            (private.share_root(share) / 'file').write_bytes(share.encode())
        for _ in range(2):
            for share in some:
                target = io.BytesIO()
                connection.retrieveFile(share, 'file', target)
                assert target.getvalue() == share.encode()
        assert list(connection.connected_trees) == some


class TestSnapshots:
    TIMES = (datetime(2020, 1, 2, 3, 4, 5), datetime(1999, 12, 31, 23, 59, 59))

    @pytest.fixture
    def folder(self, server):
        folder = Folder(server(**OPTIONS, shares={'shadows': SHADOWS}), 'shadows')
        for time in self.TIMES:
            then = folder.server.share_root('shadows') / '.snapshots' / self.token(time) / folder.name
            (then / 'sub').mkdir(parents=True)
            (then / 'file').write_bytes(b'as it was in ' + str(time.year).encode())
            (then / 'sub' / 'large').write_bytes(noise(150_000 + time.year))
            (then / 'gone').touch()
        folder.put('file', b'as it is')
        folder.put('sub/large', b'')
        return folder

    def token(self, time):
        return time.strftime('@GMT-%Y.%m.%d-%H.%M.%S')

    def test_files_are_retrieved_as_they_were(self, folder, connection):
        assert sorted(connection.listSnapshots('shadows', folder.path())) == sorted(self.TIMES)
        for time in self.TIMES:
            token = self.token(time)
            for path in (f'{token}/{folder.path("file")}', f'{folder.name}\\{token}\\file'):
                target = io.BytesIO()
                connection.retrieveFile('shadows', path, target)
                assert target.getvalue() == b'as it was in ' + str(time.year).encode()
            target = io.BytesIO()
            connection.retrieveFileFromOffset('shadows', f'/{token}/{folder.path("sub/large")}', target, 100_000)
            assert target.getvalue() == noise(150_000 + time.year)[100_000:]
        target = io.BytesIO()
        connection.retrieveFile('shadows', folder.path('file'), target)
        assert target.getvalue() == b'as it is'

    def test_folders_are_listed_as_they_were(self, folder, connection):
        assert names(connection.listPath('shadows', folder.path())) == ['file', 'sub']
        token = self.token(self.TIMES[0])
        assert names(connection.listPath('shadows', f'{token}/{folder.name}')) == ['file', 'gone', 'sub']
        (entry,) = connection.listPath('shadows', f'{token}/{folder.name}/sub', pattern='l*')
        assert (entry.filename, entry.file_size) == ('large', 152_020)
        assert connection.getAttributes('shadows', f'{token}/{folder.path("sub")}').isDirectory
        assert connection.getSecurity('shadows', f'{token}/{folder.path("gone")}').owner

    def test_what_was_not_there_is_missing(self, folder, connection):
        path = f'{self.token(self.TIMES[0])}/{folder.path("none")}'
        with pytest.raises(FileNotFoundError):
            connection.retrieveFile('shadows', path, io.BytesIO())
        path = f'{self.token(datetime(2001, 1, 1))}/{folder.path("file")}'
        with pytest.raises(FileNotFoundError):
            connection.retrieveFile('shadows', path, io.BytesIO())
