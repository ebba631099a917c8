"""storeFile and storeFileFromOffset: what arrives, what stays, and what is left behind."""

from __future__ import annotations

import fcntl
import io
import tempfile

import pytest

from smb.operations.transfer import FIRST_BLOCK
from smb.smb_constants import ATTR_ARCHIVE, ATTR_HIDDEN, ATTR_READONLY, ATTR_SYSTEM
from smb.tree.smb2 import BYTES_IN_FLIGHT, REQUEST_SIZE
from tests.live.folder import Folder, noise
from tests.live.refusals import check_refused
from tests.live.sources import Failing, Source

SIZES = sorted(
    size + difference
    for size in (1, FIRST_BLOCK, 2 * FIRST_BLOCK, REQUEST_SIZE, FIRST_BLOCK + REQUEST_SIZE, BYTES_IN_FLIGHT,
                 FIRST_BLOCK + BYTES_IN_FLIGHT, FIRST_BLOCK + BYTES_IN_FLIGHT + REQUEST_SIZE)
    for difference in (-1, 0, 1)
)  # fmt: skip
MODES = [{}, {'is_direct_tcp': False}, {'max_dialect': 0x0202}, {'require_encryption': True}, {'require_signing': True},
         {'smb1': True}]  # fmt: skip
every_mode = pytest.mark.parametrize('arguments', MODES, ids=str)
GIB = 2**30


class Dribble:
    """A file object that only knows ``read``, and gives ``step`` bytes at most."""

    def __init__(self, data, step):
        self._data, self._step, self.asked = data, step, []

    def read(self, size):
        self.asked.append(size)
        count = min(size, self._step)
        block, self._data = self._data[:count], self._data[count:]
        return block


@every_mode
def test_every_size_arrives_whole(server, connect, arguments):
    folder = Folder(server())
    connection = connect(folder.server, **arguments)
    data = noise(max(SIZES))
    for size in SIZES:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data[:size])
            file.seek(0)
            assert connection.storeFile(folder.share, folder.path('file'), file) == size
            assert file.tell() == size
        assert folder.read('file') == data[:size], size
        source = Dribble(data[:size], 10**9)
        assert connection.storeFile(folder.share, folder.path('object'), source) == size
        assert folder.read('object') == data[:size], size
        assert all(type(count) is int and count > 0 for count in source.asked)


@pytest.mark.parametrize('step', [1, 1000, 65535, 65536, 65537, 1_000_000])
def test_a_source_that_gives_little_at_a_time(connection, folder, step):
    data = noise(2_500_000 if step > 1 else 3000)
    assert connection.storeFile(folder.share, folder.path('file'), Dribble(data, step)) == len(data)
    assert folder.read('file') == data


@pytest.mark.parametrize('kind', [bytes, bytearray, memoryview])
def test_blocks_of_any_bytes_like_type(connection, folder, kind):
    data = noise(300_000)

    class Kind(Dribble):
        def read(self, size):
            return kind(super().read(size))

    assert connection.storeFile(folder.share, folder.path('file'), Kind(data, 70_000)) == len(data)
    assert folder.read('file') == data


def test_a_new_file_has_the_archive_bit(connection, folder):
    for size in (0, 5, 200_000):
        connection.storeFile(folder.share, folder.path(f'{size}'), io.BytesIO(bytes(size)))
        assert connection.getAttributes(folder.share, folder.path(f'{size}')).file_attributes == ATTR_ARCHIVE


def test_begins_where_the_source_stands_and_leaves_it_open(connection, folder):
    for size in (10, 300_000):
        data = noise(size)
        source = io.BytesIO(data)
        source.seek(4)
        assert connection.storeFile(folder.share, folder.path('tail'), source) == size - 4
        assert folder.read('tail') == data[4:]
        assert source.tell() == size and not source.closed


def test_what_was_there_is_gone(connection, folder):
    for old, new in ((b'a much longer old content', b'new'), (noise(3_000_000), noise(100_000)), (b'old', b'')):
        path = folder.put('file', old)
        assert connection.storeFile(folder.share, path, io.BytesIO(new)) == len(new)
        assert folder.read('file') == new


@pytest.mark.parametrize('form', ['/{}', '{}/', '\\{}', '//{}', '{}\\', '///{}//'])
def test_any_form_of_the_path(connection, folder, form):
    path = folder.mkdir('a')
    for given in (path, path.replace('/', '\\'), path.replace('/', '//')):
        assert connection.storeFile(folder.share, form.format(given + '/b'), io.BytesIO(given.encode())) == len(given)
        assert folder.tree() == {'a': None, 'a/b': given.encode()}


class TestFromOffset:
    @pytest.mark.parametrize(
        ('data', 'arguments', 'expected'),
        [
            (b'aa', (), b'aa23456789'),
            (b'aa', (0,), b'aa23456789'),
            (b'aa', (5,), b'01234aa789'),
            (b'aa', (10,), b'0123456789aa'),
            (b'aa', (15,), b'0123456789' + bytes(5) + b'aa'),
            (b'abcdef', (8,), b'01234567abcdef'),
            (b'', (5,), b'0123456789'),
            (b'', (20,), b'0123456789'),
            (b'aa', (0, True), b'aa'),
            (b'aa', (5, True), bytes(5) + b'aa'),
            (b'', (0, True), b''),
            (b'', (5, True), b''),
        ],
    )
    @pytest.mark.parametrize('arguments_of_connection', [{}, {'max_dialect': 0x0202}], ids=str)
    def test_puts_the_bytes_there(self, connect, folder, data, arguments, expected, arguments_of_connection):
        connection = connect(folder.server, **arguments_of_connection)
        path = folder.put('file')
        end = (arguments[0] if arguments else 0) + len(data)
        assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(data), *arguments) == end
        assert folder.read('file') == expected

    @every_mode
    def test_large(self, server, connect, arguments):
        folder = Folder(server())
        connection = connect(folder.server, **arguments)
        old, new = noise(3_000_000), noise(1_500_000)[::-1]
        for offset in (0, 1, 65_535, 65_536, 1_000_000, 2_999_999, 3_000_000, 4_000_000):
            path = folder.put('file', old)
            end = offset + len(new)
            assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(new), offset) == end
            assert folder.read('file') == old[:offset].ljust(offset, b'\0') + new + old[end:]

    def test_makes_a_missing_file(self, connection, folder):
        assert connection.storeFileFromOffset(folder.share, folder.path('new'), io.BytesIO(b'zz'), 3) == 5
        assert connection.storeFileFromOffset(folder.share, folder.path('new'), io.BytesIO(b'y')) == 1
        assert connection.storeFileFromOffset(folder.share, folder.path('none'), io.BytesIO(), 7) == 7
        assert folder.tree() == {'new': b'y\0\0zz', 'none': b''}

    @every_mode
    def test_past_four_gibibytes(self, server, connect, arguments):
        folder = Folder(server())
        connection = connect(folder.server, **arguments)
        path, data = folder.path('sparse'), noise(200_000)
        assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(b'end'), 5 * GIB) == 5 * GIB + 3
        assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(data), 4 * GIB - 100) == 4 * GIB + 199_900
        assert connection.getAttributes(folder.share, path).file_size == 5 * GIB + 3
        with (folder.local / 'sparse').open('rb') as file:
            file.seek(4 * GIB - 101)
            assert file.read(200_002) == b'\0' + data + b'\0'
            file.seek(5 * GIB - 1)
            assert file.read() == b'\0end'


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('none/file', 'STATUS_OBJECT_PATH_NOT_FOUND'),
        ('file/file', 'STATUS_OBJECT_PATH_NOT_FOUND'),
        ('folder', 'STATUS_FILE_IS_A_DIRECTORY'),
        ('folder/', 'STATUS_FILE_IS_A_DIRECTORY'),
        ('a*b', 'STATUS_OBJECT_NAME_INVALID'),
        ('a?b', 'STATUS_OBJECT_NAME_INVALID'),
        ('a:b', 'STATUS_OBJECT_NAME_INVALID'),
        ('.', 'STATUS_OBJECT_NAME_INVALID'),
        ('n' * 256, 'STATUS_OBJECT_NAME_INVALID'),
    ],
)
@pytest.mark.parametrize('size', [0, 10, 200_000, 3_000_000])
def test_a_refused_open_leaves_the_source_where_it_stood(connection, folder, path, status, size):
    folder.put('file')
    folder.mkdir('folder')
    before = folder.tree()
    source = io.BytesIO(bytes(size + 3))
    source.seek(3)
    for method in ('storeFile', 'storeFileFromOffset'):
        check_refused(
            connection, method, folder.share, folder.path(path), source, reason='Unable to open file', status=status
        )
        assert source.tell() == 3
    assert folder.tree() == before


def test_the_root_is_no_file(connection, folder):
    for root in ('', '/', '\\'):
        check_refused(
            connection, 'storeFile', folder.share, root, io.BytesIO(b'x'),
            reason='Unable to open file', status='STATUS_FILE_IS_A_DIRECTORY',
        )  # fmt: skip


class TestSourceThatFails:
    @pytest.mark.parametrize('good', [0, 1, 2, 8])
    @pytest.mark.parametrize('error', [OSError('cannot read'), KeyError('x'), KeyboardInterrupt()], ids=repr)
    @pytest.mark.parametrize('arguments', [{}, {'require_encryption': True}, {'max_dialect': 0x0202}], ids=str)
    def test_its_exception_comes_out_and_the_file_is_not_left_open(self, folder, connect, good, error, arguments):
        connection = connect(folder.server, **arguments)
        with pytest.raises(type(error)) as caught:
            connection.storeFile(folder.share, folder.path('file'), Failing(error, good))
        assert caught.value is error
        assert not connection.is_busy
        assert (good > 0) or folder.tree() == {}
        assert connection.storeFile(folder.share, folder.path('file'), io.BytesIO(b'again')) == 5
        assert folder.tree() == {'file': b'again'}

    @pytest.mark.parametrize(
        ('source', 'error'),
        [
            (io.StringIO('text'), TypeError),
            (b'bytes', AttributeError),
            (5, AttributeError),
            (None, AttributeError),
            ('text', AttributeError),
        ],
        ids=['text file', 'bytes', 'int', 'None', 'str'],
    )
    def test_what_is_no_binary_file_is_refused_and_nothing_is_made(self, connection, folder, source, error):
        path = folder.put('old', b'kept')
        for target in (path, folder.path('new')):
            with pytest.raises(error):
                connection.storeFile(folder.share, target, source)
        assert folder.tree() == {'old': b'kept'}
        assert connection.storeFile(folder.share, path, io.BytesIO(b'again')) == 5

    @pytest.mark.parametrize('block', ['text', 5, [1, 2]], ids=repr)
    @pytest.mark.parametrize('good', [0, 1, 3])
    def test_blocks_that_are_no_bytes_are_a_type_error(self, connection, folder, block, good):
        class Odd(Failing):
            def read(self, size):
                try:
                    return super().read(size)
                except OSError:
                    return block

        with pytest.raises(TypeError):
            connection.storeFile(folder.share, folder.path('file'), Odd(OSError(), good))
        assert connection.storeFile(folder.share, folder.path('file'), io.BytesIO(b'again')) == 5

    def test_a_file_opened_for_text_is_refused(self, connection, folder, tmp_path):
        (tmp_path / 'text').write_text('text')
        with (tmp_path / 'text').open() as file, pytest.raises(TypeError):
            connection.storeFile(folder.share, folder.path('file'), file)
        assert folder.tree() == {}


class TestOthersMeanwhile:
    def test_a_file_that_is_being_stored_is_not_to_be_touched(self, connection, connect, folder):
        writer, path = connect(folder.server), folder.put('file')
        violation = 'STATUS_SHARING_VIOLATION'

        def touch():
            for method, arguments, reason in (
                ('retrieveFile', (path, io.BytesIO()), 'Unable to open file'),
                ('storeFile', (path, io.BytesIO(b'second')), 'Unable to open file'),
                ('storeFile', (path, io.BytesIO(bytes(200_000))), 'Unable to open file'),
                ('storeFileFromOffset', (path, io.BytesIO(b'second'), 4), 'Unable to open file'),
                ('deleteFiles', (path,), 'Unable to open file'),
                ('rename', (path, folder.path('other')), 'Unable to open file/directory'),
            ):
                failure = check_refused(connection, method, folder.share, *arguments, reason=reason, status=violation)
                assert 'another program has it open' in failure.message
            # neither a listing nor its attributes need the file for themselves
            assert connection.getAttributes(folder.share, path)
            assert len(connection.listPath(folder.share, folder.path())) == 3

        source = Source(noise(200_000), touch)
        assert writer.storeFile(folder.share, path, source) == 200_000
        assert source.was_called
        assert folder.tree() == {'file': noise(200_000)}

    def test_a_locked_range_says_so(self, connection, folder):
        path = folder.put('file', noise(5_000_000))
        with (folder.local / 'file').open('r+b') as file:
            # smbd sees locks of the system it runs on
            fcntl.lockf(file, fcntl.LOCK_EX, 1000, 2_000_000)
            for size in (2, 3_000_000):
                failure = check_refused(
                    connection, 'storeFileFromOffset', folder.share, path, io.BytesIO(bytes(size)), 2_000_000,
                    reason='Write failed', status='STATUS_FILE_LOCK_CONFLICT',
                )  # fmt: skip
                assert 'locked that part' in failure.message
        # what was in flight besides may have arrived
        assert folder.read('file')[2_000_000:2_001_000] == noise(5_000_000)[2_000_000:2_001_000]
        assert connection.storeFile(folder.share, path, io.BytesIO(b'new')) == 3


@pytest.mark.parametrize('arguments', [{}, {'max_dialect': 0x0202}], ids=str)
class TestAttributes:
    @pytest.mark.parametrize('size', [0, 3, 300_000])
    @pytest.mark.parametrize('bits', [ATTR_HIDDEN, ATTR_SYSTEM, ATTR_HIDDEN | ATTR_SYSTEM])
    def test_a_hidden_or_system_file_is_overwritten_and_stays_so(self, connect, folder, arguments, bits, size):
        connection, data = connect(folder.server, **arguments), noise(size)
        path = folder.mark(folder.put('file', b'old'), bits)
        assert connection.getAttributes(folder.share, path).file_attributes == bits
        assert connection.storeFile(folder.share, path, io.BytesIO(data)) == size
        assert folder.read('file') == data
        assert connection.getAttributes(folder.share, path).file_attributes == bits | ATTR_ARCHIVE

    def test_a_hidden_file_is_written_into(self, connect, folder, arguments):
        connection = connect(folder.server, **arguments)
        path = folder.mark(folder.put('file', b'old'), ATTR_HIDDEN)
        assert connection.storeFileFromOffset(folder.share, path, io.BytesIO(b'N'), 1) == 2
        assert folder.read('file') == b'oNd'

    @pytest.mark.parametrize('size', [3, 300_000])
    @pytest.mark.parametrize('bits', [ATTR_READONLY, ATTR_READONLY | ATTR_HIDDEN])
    def test_a_read_only_file_is_neither_written_nor_deleted(self, connect, folder, arguments, size, bits):
        connection = connect(folder.server, **arguments)
        path = folder.mark(folder.put('file', b'old'), bits)
        assert connection.getAttributes(folder.share, path).isReadOnly
        source = io.BytesIO(bytes(size))
        for method in ('storeFile', 'storeFileFromOffset'):
            check_refused(
                connection, method, folder.share, path, source,
                reason='Unable to open file', status='STATUS_ACCESS_DENIED',
            )  # fmt: skip
            assert source.tell() == 0
        for pattern in (path, folder.path('f*')):
            check_refused(
                connection, 'deleteFiles', folder.share, pattern,
                reason='Delete failed', status='STATUS_CANNOT_DELETE',
            )  # fmt: skip
        assert folder.tree() == {'file': b'old'}

    def test_a_read_only_file_can_be_read_and_renamed(self, connect, folder, arguments):
        connection = connect(folder.server, **arguments)
        path, target = folder.mark(folder.put('file', b'old'), ATTR_READONLY), io.BytesIO()
        assert connection.retrieveFile(folder.share, path, target) == (ATTR_READONLY, 3)
        assert target.getvalue() == b'old'
        connection.rename(folder.share, path, folder.path('new name'))
        assert folder.tree() == {'new name': b'old'}
