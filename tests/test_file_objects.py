"""File objects as their users meet them: modes, io's own classes, what goes over the wire, and errors.

The server is in the process.
"""

from __future__ import annotations

import io
import pickle

import pytest

from smb import ntstatus
from smb.errors import OperationFailure, SMBTimeout
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_FLUSH,
    SMB2_COM_READ,
    SMB2_COM_WRITE,
)
from smb.smb_constants import FILE_SHARE_NONE, FILE_SHARE_READ, FILE_SHARE_WRITE
from tests.session.scripted import ScriptedServer, connected, is_usable

CONTENT = b'content of the file'
LARGE = bytes(range(256)) * 4096


@pytest.fixture
def server():
    return ScriptedServer()


@pytest.fixture
def connection(server):
    with connected(server) as connection:
        yield connection


# What open() gives

MODES = [kind + rest for kind in 'rwax' for rest in ('', 'b', 't', '+', 'b+', '+b', 't+')]


def local(tmp_path, name, *arguments, **keywords):
    path = tmp_path / name
    if name == 'file':
        path.write_bytes(CONTENT)
    return open(path, *arguments, **keywords)


def described(file, kind):
    raw = file.buffer.raw if kind.is_text else file.raw
    return (
        [cls.__name__ for cls in (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom)
         if isinstance(file, cls)],
        file.mode, raw.mode, file.readable(), file.writable(), file.seekable(), file.tell(), file.closed,
    )  # fmt: skip


class Kind:
    def __init__(self, mode):
        self.is_text = 'b' not in mode


@pytest.mark.parametrize('mode', MODES)
def test_a_mode_gives_what_open_gives(connection, tmp_path, mode):
    name = 'new' if 'x' in mode else 'file'
    arguments = {} if 'b' in mode else {'encoding': 'utf-8'}
    with (
        local(tmp_path, name, mode, **arguments) as expected,
        connection.openFile('share', name, mode, **arguments) as file,
    ):
        assert described(file, Kind(mode)) == described(expected, Kind(mode))
        assert file.name == name
        for data in ('text', b'bytes'):
            outcomes = []
            for each in (expected, file):
                try:
                    outcomes.append(each.write(data))
                except (TypeError, io.UnsupportedOperation) as error:
                    outcomes.append(type(error))
            assert outcomes[0] == outcomes[1]
    assert file.closed


WRONG = [
    ('', {}),
    ('b', {}),
    ('rw', {}),
    ('rr', {}),
    ('rbt', {}),
    ('r+a', {}),
    ('rb', {'encoding': 'utf-8'}),
    ('rb', {'errors': 'strict'}),
    ('rb', {'newline': ''}),
    ('r', {'buffering': 0, 'encoding': 'utf-8'}),
    ('r', {'encoding': 'no such encoding'}),
    ('r', {'newline': 'x', 'encoding': 'utf-8'}),
]


@pytest.mark.parametrize(('mode', 'keywords'), WRONG)
def test_what_open_refuses_is_refused(connection, server, tmp_path, mode, keywords):
    with pytest.raises((ValueError, LookupError)) as expected:
        local(tmp_path, 'file', mode, **keywords)
    with pytest.raises((ValueError, LookupError)) as caught:
        connection.openFile('share', 'file', mode, **keywords)
    assert type(caught.value) is type(expected.value)
    connection.echo(b'')
    assert server.open_handles == 0


@pytest.mark.parametrize('wrong', [5, None, b'rb'])
def test_a_mode_is_a_text(connection, wrong):
    with pytest.raises(TypeError):
        connection.openFile('share', 'file', wrong)


def test_line_buffering_is_for_text(connection):
    with pytest.warns(RuntimeWarning, match='line buffering'):
        connection.openFile('share', 'file', 'rb', 1).close()
    with connection.openFile('share', 'file', 'w', 1, encoding='utf-8') as file:
        assert file.line_buffering


@pytest.mark.parametrize(('size', 'expected'), [(-1, 256 * 1024), (4096, 4096)])
def test_the_buffer_has_the_size_that_was_asked_for(connection, server, size, expected):
    with connection.openFile('share', 'large', 'wb', size) as file:
        file.write(bytes(expected))
        file.write(b'1')
        assert file.raw.tell() in (expected, 0)


def test_without_a_buffer_it_is_the_raw_file(connection, server):
    with connection.openFile('share', 'file', 'rb', 0) as file:
        assert type(file).__name__ == 'SMBFile' and isinstance(file, io.RawIOBase)
        assert file.read(7) == b'content'
        assert file.read() == CONTENT[7:]
    assert [request.payload.length for request in server.of(SMB2_COM_READ)[:1]] == [7]


@pytest.mark.parametrize('mode', ['rb', 'rb+', 'wb'])
def test_the_share_mode_can_be_said(connection, server, mode):
    for share in (None, FILE_SHARE_NONE, FILE_SHARE_WRITE):
        connection.openFile('share', 'file', mode, share_mode=share).close()
    default = 7 if mode == 'rb' else FILE_SHARE_READ
    assert [request.payload.share_access for request in server.of(SMB2_COM_CREATE)[-3:]] == [
        default, FILE_SHARE_NONE, FILE_SHARE_WRITE,
    ]  # fmt: skip


# The raw file


@pytest.fixture
def raw(connection):
    with connection.openFile('share', 'file', 'rb+', 0) as file:
        yield file


def test_it_goes_wherever_it_is_told_to(raw):
    assert raw.seek(8) == raw.tell() == 8
    assert raw.read(2) == b'of'
    assert raw.seek(1, 1) == 11
    assert raw.seek(-4, 2) == len(CONTENT) - 4
    assert raw.read() == b'file'
    assert raw.seek(100) == 100
    assert raw.read(5) == b''


@pytest.mark.parametrize(('offset', 'whence'), [(-1, 0), (-1, 1), (-100, 2), (2**63, 0)])
def test_there_is_nothing_before_the_start_or_behind_the_largest_file(raw, offset, whence):
    with pytest.raises(OSError):
        raw.seek(offset, whence)
    assert raw.tell() == 0


def test_other_arguments_are_refused(raw):
    with pytest.raises(ValueError):
        raw.seek(0, 3)
    with pytest.raises(TypeError):
        raw.seek(1.5)
    with pytest.raises(ValueError):
        raw.truncate(-1)
    with pytest.raises(TypeError):
        raw.write('text')


def test_any_buffer_will_do(raw):
    import array

    numbers = array.array('H', [0] * 4)
    assert raw.readinto(numbers) == 8
    assert numbers.tobytes() == CONTENT[:8]
    raw.seek(0)
    assert raw.write(array.array('H', [0x4241])) == 2
    assert raw.write(b'') == raw.readinto(bytearray()) == 0
    raw.seek(0)
    assert raw.read(3) == b'ABn'


@pytest.mark.parametrize('name', ['read', 'write', 'readinto', 'truncate', 'seek', 'tell', 'flush', 'readable',
                                  'writable', 'seekable', 'readall'])  # fmt: skip
def test_a_closed_file_does_nothing(raw, name):
    raw.close()
    arguments = {'write': (b'x',), 'readinto': (bytearray(1),), 'seek': (0,)}.get(name, ())
    with pytest.raises(ValueError, match='closed file'):
        getattr(raw, name)(*arguments)
    raw.close()


def test_it_has_no_number_and_is_not_copied(raw):
    with pytest.raises(OSError):
        raw.fileno()
    assert not raw.isatty()
    with pytest.raises(TypeError):
        pickle.dumps(raw)


@pytest.mark.parametrize(('mode', 'call'), [('rb', 'write'), ('rb', 'truncate'), ('wb', 'readinto'), ('wb', 'readall')])
def test_what_it_was_not_opened_for_is_not_supported(connection, mode, call):
    arguments = {'write': (b'x',), 'readinto': (bytearray(1),)}.get(call, ())
    with connection.openFile('share', 'file', mode, 0) as file, pytest.raises(io.UnsupportedOperation):
        getattr(file, call)(*arguments)


def test_it_says_what_it_is(connection):
    file = connection.openFile('share', 'file', 'rb', 0)
    assert repr(file) == "<smb.files.SMBFile name='file' mode='rb'>"
    file.close()
    assert repr(file) == "<smb.files.SMBFile name='file' closed>"


# What goes over the wire


def test_a_small_file_is_read_with_the_request_that_opens_it(connection, server):
    since = len(server.requests)
    with connection.openFile('share', 'file') as file:
        assert file.read() == CONTENT
    assert server.commands(since) == ['CREATE', 'READ', 'CLOSE']
    assert all(request.in_compound for request in server.requests[since : since + 2])


def test_a_flush_has_the_server_write_to_its_disk_and_a_close_does_not(connection, server):
    with connection.openFile('share', 'new', 'wb') as file:
        file.write(b'1')
        file.flush()
        assert server.files['new'] == b'1'
        assert len(server.of(SMB2_COM_FLUSH)) == 1
        file.write(b'2')
    with connection.openFile('share', 'new', 'a', encoding='ascii') as file:
        file.write('3')
    assert len(server.of(SMB2_COM_FLUSH)) == 1
    assert server.files['new'] == b'123'


# Errors


def test_what_cannot_be_opened_is_the_error_that_open_raises(connection):
    with pytest.raises(FileNotFoundError) as caught:
        connection.openFile('share', 'folder/missing')
    assert isinstance(caught.value, OperationFailure)
    assert caught.value.message.startswith('Failed to open folder\\missing on share')
    assert caught.value.message.endswith('Unable to open file (STATUS_OBJECT_NAME_NOT_FOUND, 0xC0000034)')
    with pytest.raises(FileExistsError):
        connection.openFile('share', 'file', 'xb')


@pytest.mark.parametrize(
    ('command', 'status', 'action', 'reason'),
    [
        (SMB2_COM_READ, ntstatus.STATUS_FILE_LOCK_CONFLICT, 'read', 'Read failed'),
        (SMB2_COM_WRITE, ntstatus.STATUS_DISK_FULL, 'close', 'Write failed'),
        (SMB2_COM_CLOSE, ntstatus.STATUS_DISK_FULL, 'close', 'Close failed'),
    ],
)
def test_a_failure_says_what_failed(connection, server, command, status, action, reason):
    file = connection.openFile('share', 'file', 'rb+')
    server.refuse = lambda request: status if request.command == command else None
    if action == 'close':
        file.write(b'x')
    with pytest.raises(OSError) as caught:
        getattr(file, action)()
    assert caught.value.message.startswith(f'Failed to {action} file on share')
    assert f': {reason} (STATUS_' in caught.value.message
    server.refuse = lambda request: None
    assert file.closed is (action == 'close')
    file.close()
    assert is_usable(connection)
    assert server.open_handles == (command == SMB2_COM_CLOSE)


def test_the_error_of_a_write_is_not_lost(connection, server):
    file = connection.openFile('share', 'new', 'wb')
    server.refuse = lambda request: ntstatus.STATUS_DISK_FULL if request.command == SMB2_COM_WRITE else None
    with pytest.raises(OSError) as caught:
        for _ in range(100):
            file.write(LARGE)
    assert isinstance(caught.value, OperationFailure)
    with pytest.raises(OSError):
        file.flush()
    file.close()  # it has been told
    assert file.closed
    connection.echo(b'')
    assert server.open_handles == 0


@pytest.mark.parametrize('mode', ['rb', 'wb'])
def test_a_silent_server(connection, server, mode):
    server.files['large'] = LARGE * 4
    file = connection.openFile('share', 'large', mode, timeout=0.05)
    if mode == 'rb':
        file.read(70_000)
    server.holds = {SMB2_COM_READ, SMB2_COM_WRITE}
    with pytest.raises(SMBTimeout):
        file.read() if mode == 'rb' else (file.write(b'x'), file.flush())
    server.holds.clear()
    server.let_go()
    if mode == 'rb':
        position = file.tell()
        assert file.read(1000) == server.files['large'][position : position + 1000]
    else:
        with pytest.raises(OperationFailure, match='may or may not have been done'):
            file.flush()
    file.close()
    assert file.closed
    assert is_usable(connection)
    assert server.open_handles == 0
