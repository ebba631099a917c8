"""retrieveFile and retrieveFileFromOffset: what comes, what does not, and what is left behind."""

from __future__ import annotations

import fcntl
import io
import os
import tempfile

import pytest

from smb.base import NotConnectedError
from smb.operations.transfer import FIRST_BLOCK
from smb.smb_constants import ATTR_NORMAL
from smb.smb_structs import OperationFailure
from smb.tree.smb2 import BYTES_IN_FLIGHT, REQUEST_SIZE
from tests.live.folder import Folder, noise
from tests.live.refusals import check_refused
from tests.live.sources import Failing, Sink, Source

SIZES = sorted(
    size + difference
    for size in (1, FIRST_BLOCK, 2 * FIRST_BLOCK, FIRST_BLOCK + REQUEST_SIZE, REQUEST_SIZE, BYTES_IN_FLIGHT,
                 FIRST_BLOCK + BYTES_IN_FLIGHT, FIRST_BLOCK + BYTES_IN_FLIGHT + REQUEST_SIZE)
    for difference in (-1, 0, 1)
)  # fmt: skip
MODES = [{}, {'is_direct_tcp': False}, {'max_dialect': 0x0202}, {'require_encryption': True}, {'require_signing': True},
         {'smb1': True}]  # fmt: skip
every_mode = pytest.mark.parametrize('arguments', MODES, ids=str)
GIB = 2**30


class Blocks:
    """A file object that only knows ``write``, and keeps what it was given."""

    def __init__(self):
        self.blocks = []

    def write(self, block):
        self.blocks.append(block)


@every_mode
def test_every_size_comes_back_whole(server, connect, arguments):
    folder = Folder(server())
    connection = connect(folder.server, **arguments)
    data = noise(max(SIZES))
    for size in SIZES:
        path = folder.put('file', data[:size])
        with tempfile.NamedTemporaryFile() as file:
            attributes, count = connection.retrieveFile(folder.share, path, file)
            assert (attributes, count, file.tell()) == (ATTR_NORMAL, size, size)
            file.seek(0)
            assert file.read() == data[:size]
        sink = Blocks()
        assert connection.retrieveFile(folder.share, path, sink)[1] == size
        assert b''.join(sink.blocks) == data[:size]
        assert all(type(block) is bytes for block in sink.blocks)


@every_mode
def test_offset_and_length(server, connect, arguments):
    folder = Folder(server())
    connection = connect(folder.server, **arguments)
    data = noise(256_000)
    path = folder.put('file', data)
    for offset, length, expected in (
        (10, -1, data[10:]),
        (10, 20, data[10:30]),
        (0, 65536, data[:65536]),
        (65535, 65538, data[65535 : 65535 + 65538]),
        (255_990, 100, data[255_990:]),
        (255_990, -5, data[255_990:]),
        (100_000, 10**12, data[100_000:]),
        (0, 0, b''),
        (10, 0, b''),
        (256_000, -1, b''),
        (256_000, 10, b''),
        (256_001, -1, b''),
        (10**9, 10, b''),
        (2**62, -1, b''),
        (2**63 - 1, -1, b''),
    ):
        target = io.BytesIO(b'kept')
        target.seek(4)
        result = connection.retrieveFileFromOffset(folder.share, path, target, offset, length)
        assert result == (ATTR_NORMAL, len(expected)), (offset, length)
        assert target.getvalue() == b'kept' + expected, (offset, length)


def test_an_empty_file_gives_nothing(connection, folder):
    path = folder.put('empty', b'')
    for arguments in ((), (0, 0), (0, 10), (10,), (10, 10)):
        target = Blocks()
        assert connection.retrieveFileFromOffset(folder.share, path, target, *arguments) == (ATTR_NORMAL, 0)
        assert b''.join(target.blocks) == b''


@every_mode
def test_past_four_gibibytes(server, connect, arguments):
    folder = Folder(server())
    connection = connect(folder.server, **arguments)
    path = folder.put('sparse', b'')
    with (folder.local / 'sparse').open('r+b') as file:
        file.truncate(5 * GIB + 100)
        file.seek(4 * GIB - 3)
        file.write(b'across')
        file.seek(5 * GIB)
        file.write(b'here')
    assert connection.getAttributes(folder.share, path).file_size == 5 * GIB + 100
    (listed,) = connection.listPath(folder.share, folder.path(), pattern='sparse')
    assert listed.file_size == 5 * GIB + 100
    for offset, length, expected in (
        (4 * GIB - 4, 8, b'\0across\0'),
        (4 * GIB, 3, b'oss'),
        (5 * GIB - 2, 8, b'\0\0here\0\0'),
        (5 * GIB, -1, b'here' + bytes(96)),
        (5 * GIB + 99, 50, b'\0'),
        (5 * GIB - 2_000_000, 2_000_004, bytes(2_000_000) + b'here'),
    ):
        target = io.BytesIO()
        assert connection.retrieveFileFromOffset(folder.share, path, target, offset, length)[1] == len(expected)
        assert target.getvalue() == expected


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('none', 'STATUS_OBJECT_NAME_NOT_FOUND'),
        ('none/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
        ('file/none', 'STATUS_OBJECT_PATH_NOT_FOUND'),
        ('folder', 'STATUS_FILE_IS_A_DIRECTORY'),
        ('folder/', 'STATUS_FILE_IS_A_DIRECTORY'),
        ('*', 'STATUS_OBJECT_NAME_INVALID'),
        ('fil?', 'STATUS_OBJECT_NAME_INVALID'),
    ],
)
@pytest.mark.parametrize('arguments', [(), (0, 0), (5, 10), (10**6, -1)], ids=str)
def test_a_refused_open_leaves_the_target_alone(connection, folder, path, status, arguments):
    folder.put('file')
    folder.mkdir('folder')
    target = io.BytesIO(b'kept')
    target.seek(2)
    check_refused(
        connection, 'retrieveFileFromOffset', folder.share, folder.path(path), target, *arguments,
        reason='Unable to open file', status=status,
    )  # fmt: skip
    assert (target.getvalue(), target.tell()) == (b'kept', 2)


def test_the_root_is_no_file(connection, folder):
    for root in ('', '/', '\\'):
        check_refused(
            connection, 'retrieveFile', folder.share, root, io.BytesIO(),
            reason='Unable to open file', status='STATUS_FILE_IS_A_DIRECTORY',
        )  # fmt: skip


@pytest.mark.parametrize('form', ['/{}', '{}/', '\\{}', '//{}', '{}\\', '///{}//'])
def test_any_form_of_the_path(connection, folder, form):
    path = folder.put('a/b', b'data')
    for given in (path, path.replace('/', '\\'), path.replace('/', '//'), path.upper()):
        target = io.BytesIO()
        assert connection.retrieveFile(folder.share, form.format(given), target) == (ATTR_NORMAL, 4)
        assert target.getvalue() == b'data'


class TestTargetThatFails:
    @pytest.mark.parametrize('good', [0, 1, 3])
    @pytest.mark.parametrize('error', [OSError('disk full'), KeyError('x'), KeyboardInterrupt()], ids=repr)
    @pytest.mark.parametrize('arguments', [{}, {'require_encryption': True}, {'max_dialect': 0x0202}], ids=str)
    def test_its_exception_comes_out_and_the_file_is_not_left_open(self, folder, connect, good, error, arguments):
        connection = connect(folder.server, **arguments)
        path = folder.put('file', noise(6_000_000))
        with pytest.raises(type(error)) as caught:
            connection.retrieveFile(folder.share, path, Failing(error, good))
        assert caught.value is error
        assert not connection.is_busy
        # whoever stores wants the file for himself
        assert connection.storeFile(folder.share, path, io.BytesIO(b'new')) == 3
        assert folder.tree() == {'file': b'new'}

    def test_a_short_count_is_an_error_that_says_so(self, connection, folder):
        path = folder.put('file', noise(300_000))

        class Short:
            def write(self, block):
                return 1

        with pytest.raises(OSError, match='1 of 65536 bytes'):
            connection.retrieveFile(folder.share, path, Short())
        assert connection.deleteFiles(folder.share, path) is None

    def test_a_raw_file_that_takes_little_gets_the_rest_again(self, connection, folder):
        data = noise(300_000)
        path = folder.put('file', data)

        class Raw(io.RawIOBase):
            taken = b''

            def writable(self):
                return True

            def write(self, block):
                block = bytes(block[:1000])
                self.taken += block
                return len(block)

        target = Raw()
        assert connection.retrieveFile(folder.share, path, target)[1] == len(data)
        assert target.taken == data


class TestOthersMeanwhile:
    def test_a_file_that_is_being_stored_is_not_to_be_read(self, connection, connect, folder):
        writer, path, target = connect(folder.server), folder.put('file', noise(300_000)), io.BytesIO(b'kept')

        def read():
            failure = check_refused(
                connection, 'retrieveFile', folder.share, path, target,
                reason='Unable to open file', status='STATUS_SHARING_VIOLATION',
            )  # fmt: skip
            assert 'another program has it open' in failure.message

        source = Source(bytes(200_000), read)
        assert writer.storeFile(folder.share, path, source) == 200_000
        assert source.was_called
        assert target.getvalue() == b'kept'
        assert connection.retrieveFile(folder.share, path, target)[1] == 200_000

    def test_a_file_that_is_being_read_may_be_read_written_to_renamed_and_deleted(self, connection, connect, folder):
        other, data = connect(folder.server), noise(3_000_000)
        for name in ('read', 'renamed', 'deleted'):
            folder.put(name, data)

        def read():
            target = io.BytesIO()
            other.retrieveFile(folder.share, folder.path('read'), target)
            assert target.getvalue() == data

        for name, during in (
            ('read', read),
            ('renamed', lambda: other.rename(folder.share, folder.path('renamed'), folder.path('new name'))),
            ('deleted', lambda: other.deleteFiles(folder.share, folder.path('deleted'))),
        ):
            sink = Sink(during)
            assert connection.retrieveFile(folder.share, folder.path(name), sink)[1] == len(data)
            assert sink.data == data, name
        connection.echo(b'')  # answered behind the CLOSE, which nobody waits for
        assert folder.tree() == {'read': data, 'new name': data}

    def test_storing_over_a_file_that_is_being_read_is_refused(self, connection, connect, folder):
        other, data = connect(folder.server), noise(3_000_000)
        path = folder.put('file', data)
        source = io.BytesIO(b'new')

        def store():
            check_refused(
                other, 'storeFile', folder.share, path, source,
                reason='Unable to open file', status='STATUS_SHARING_VIOLATION',
            )  # fmt: skip

        sink = Sink(store)
        assert connection.retrieveFile(folder.share, path, sink)[1] == len(data)
        assert sink.data == data
        assert source.tell() == 0

    def test_a_file_that_is_being_deleted_says_so(self, connection, connect, folder):
        other, path = connect(folder.server), folder.put('file', noise(3_000_000))
        pending = 'STATUS_DELETE_PENDING'

        def delete():
            other.deleteFiles(folder.share, path)
            for method, arguments, reason in (
                ('retrieveFile', (path, io.BytesIO()), 'Unable to open file'),
                ('storeFile', (path, io.BytesIO(b'new')), 'Unable to open file'),
                ('getAttributes', (path,), 'Unable to open remote file object'),
                ('deleteFiles', (path,), 'Unable to open file'),
                ('rename', (path, folder.path('other')), 'Unable to open file/directory'),
            ):
                failure = check_refused(other, method, folder.share, *arguments, reason=reason, status=pending)
                assert 'it is being deleted' in failure.message

        sink = Sink(delete)
        assert connection.retrieveFile(folder.share, path, sink)[1] == 3_000_000
        connection.echo(b'')  # answered behind the CLOSE, which nobody waits for
        assert folder.tree() == {}

    @pytest.mark.parametrize('locked_from', [0, 2_000_000])
    def test_a_locked_range_says_so_and_what_came_before_it_is_written(self, connection, folder, locked_from):
        data = noise(5_000_000)
        path = folder.put('file', data)
        with (folder.local / 'file').open('r+b') as file:
            # smbd sees locks of the system it runs on
            fcntl.lockf(file, fcntl.LOCK_EX, 1000, locked_from)
            target = io.BytesIO()
            failure = check_refused(
                connection, 'retrieveFile', folder.share, path, target,
                reason='Read failed', status='STATUS_FILE_LOCK_CONFLICT',
            )  # fmt: skip
            assert 'locked that part' in failure.message
            assert data.startswith(target.getvalue())
            assert len(target.getvalue()) <= locked_from
        target = io.BytesIO()
        assert connection.retrieveFile(folder.share, path, target)[1] == len(data)
        assert target.getvalue() == data

    def test_a_file_that_shrinks_meanwhile_is_no_success(self, connection, folder):
        path = folder.put('file', noise(20_000_000))
        sink = Sink(lambda: os.truncate(folder.local / 'file', 12_000_000))
        with pytest.raises(OperationFailure, match='the file ended at byte 12000000, it had 20000000') as caught:
            connection.retrieveFile(folder.share, path, sink)
        assert caught.value.message.endswith(': Read failed')
        assert folder.read('file') == sink.data
        assert connection.storeFile(folder.share, path, io.BytesIO(b'new')) == 3

    def test_a_file_that_grows_meanwhile_has_the_size_it_had(self, connection, folder):
        data = noise(3_000_000)
        path = folder.put('file', data)

        def grow():
            with (folder.local / 'file').open('ab') as file:
                file.write(b'more')

        sink = Sink(grow)
        assert connection.retrieveFile(folder.share, path, sink)[1] == len(data)
        assert sink.data == data


def test_another_connection_may_be_used_from_within_write(connection, connect, folder):
    other, path = connect(folder.server), folder.put('file', noise(200_000))
    sink = Sink(lambda: other.storeFile(folder.share, folder.path('inside'), io.BytesIO(b'inside')))
    connection.retrieveFile(folder.share, path, sink)
    assert folder.read('inside') == b'inside'


def test_the_same_connection_may_not_be_used_from_within_write(connection, folder):
    path = folder.put('file', noise(200_000))
    calls = {
        'listPath': (folder.share, '/'),
        'storeFile': (folder.share, folder.path('inside'), io.BytesIO(b'inside')),
        'echo': (b'x',),
        'listShares': (),
    }
    for method, arguments in calls.items():
        with pytest.raises(RuntimeError, match='in use'):
            connection.retrieveFile(folder.share, path, Sink(lambda m=method, a=arguments: getattr(connection, m)(*a)))
    assert folder.tree().keys() == {'file'}
    assert not connection.is_busy
    assert connection.storeFile(folder.share, path, io.BytesIO(b'x')) == 1


def test_closing_from_within_write_ends_the_call(connection, folder):
    path = folder.put('file', noise(20_000_000))
    with pytest.raises(NotConnectedError):
        connection.retrieveFile(folder.share, path, Sink(connection.close))
    assert connection.sock is None
