"""What cannot be sent is refused before anything is sent, and the connection stays as it was."""

from __future__ import annotations

import io
import pathlib

import pytest

from smb.base import NotConnectedError, SMBTimeout
from tests.live.folder import names
from tests.live.network import Relay

PATH_CALLS = {
    'listPath': (),
    'getAttributes': (),
    'retrieveFile': (io.BytesIO(),),
    'retrieveFileFromOffset': (io.BytesIO(),),
    'storeFile': (io.BytesIO(b'x'),),
    'storeFileFromOffset': (io.BytesIO(b'x'),),
    'deleteFiles': (),
    'createDirectory': (),
    'deleteDirectory': (),
    'rename': ('new',),
}
BAD_PATHS = {
    'NUL': ('a\0b', ValueError),
    'only a NUL': ('\0', ValueError),
    'NUL at the end': ('file\0', ValueError),
    'too long': ('n' * 40_000, ValueError),
    'too long in emoji': ('\U0001f600' * 20_000, ValueError),
    'bytes': (b'file', TypeError),
    'None': (None, TypeError),
    'int': (5, TypeError),
    'list': (['file'], TypeError),
    'bytes path': (pathlib, TypeError),
}
every_call = pytest.mark.parametrize(('method', 'arguments'), PATH_CALLS.items(), ids=PATH_CALLS)
HARMLESS = ('listPath', 'getAttributes', 'retrieveFile', 'retrieveFileFromOffset', 'createDirectory', 'deleteDirectory')


@pytest.fixture
def relay(folder):
    with Relay(folder.server) as relay:
        yield relay


@pytest.fixture
def usable(folder, relay, connect):
    """A connection through the relay, with its share connected; the test must leave it and the folder as they were."""
    folder.put('file', b'untouched')
    connection = connect(folder.server, via=relay)
    connection.listPath(folder.share, folder.path())
    yield connection
    assert connection.sock is not None and not connection.is_busy
    assert names(connection.listPath(folder.share, folder.path())) == ['file']
    assert folder.tree() == {'file': b'untouched'}


@pytest.fixture
def connection(usable, relay):
    """The same, and the test must not make it send anything."""
    usable.echo(b'')  # whatever was sent before has passed the relay then
    before = relay.request_count
    yield usable
    usable.echo(b'')
    assert relay.request_count == before + 1


@every_call
@pytest.mark.parametrize(('path', 'error'), BAD_PATHS.values(), ids=BAD_PATHS)
def test_paths(connection, folder, method, arguments, path, error):
    with pytest.raises(error):
        getattr(connection, method)(folder.share, path, *arguments)


@pytest.mark.parametrize(('path', 'error'), BAD_PATHS.values(), ids=BAD_PATHS)
def test_new_paths_of_rename(connection, folder, path, error):
    with pytest.raises(error):
        connection.rename(folder.share, folder.path('file'), path)


@every_call
@pytest.mark.parametrize(
    ('share', 'error'),
    [('a\0b', ValueError), ('n' * 300, ValueError), (b'smbtest', TypeError), (None, TypeError), (5, TypeError)],
    ids=['NUL', 'too long', 'bytes', 'None', 'int'],
)
def test_shares(connection, method, arguments, share, error):
    with pytest.raises(error):
        getattr(connection, method)(share, 'file', *arguments)


@pytest.mark.parametrize(
    ('offset', 'error'),
    [
        (-1, ValueError),
        (-(2**70), ValueError),
        (2**63, ValueError),
        (2**70, ValueError),
        (1.0, TypeError),
        (10.5, TypeError),
        (float('nan'), TypeError),
        ('5', TypeError),
        (None, TypeError),
        (b'5', TypeError),
    ],
    ids=str,
)
@pytest.mark.parametrize('method', ['retrieveFileFromOffset', 'storeFileFromOffset'])
def test_offsets(connection, folder, method, offset, error):
    file_obj = io.BytesIO(b'data')
    for extra in ((), (5,)) if method == 'retrieveFileFromOffset' else ((), (True,)):
        with pytest.raises(error):
            getattr(connection, method)(folder.share, folder.path('file'), file_obj, offset, *extra)
    assert file_obj.tell() == 0


@pytest.mark.parametrize('length', [1.0, '5', None, b'5', float('nan')], ids=str)
def test_lengths(connection, folder, length):
    with pytest.raises(TypeError):
        connection.retrieveFileFromOffset(folder.share, folder.path('file'), io.BytesIO(), 0, length)


def test_what_counts_as_a_number_is_one(usable, folder):
    class Number:
        def __index__(self):
            return 2

    target = io.BytesIO()
    assert usable.retrieveFileFromOffset(folder.share, folder.path('file'), target, Number(), Number())[1] == 2
    assert target.getvalue() == b'to'


@pytest.mark.parametrize(
    ('target', 'error'),
    [(io.StringIO(), TypeError), (b'bytes', AttributeError), (None, AttributeError), ('name', AttributeError)],
    ids=['text file', 'bytes', 'None', 'str'],
)
def test_targets(connection, folder, target, error):
    with pytest.raises(error):
        connection.retrieveFile(folder.share, folder.path('file'), target)


def test_a_file_opened_for_text(connection, folder, tmp_path):
    with (tmp_path / 'file').open('w') as file, pytest.raises(TypeError):
        connection.retrieveFile(folder.share, folder.path('file'), file)


@pytest.mark.parametrize(
    ('pattern', 'error'),
    [('a\0b', ValueError), ('n' * 40_000, ValueError), (b'*', TypeError), (None, TypeError), (5, TypeError)],
    ids=['NUL', 'too long', 'bytes', 'None', 'int'],
)
def test_patterns(connection, folder, pattern, error):
    with pytest.raises(error):
        connection.listPath(folder.share, folder.path(), pattern=pattern)


@pytest.mark.parametrize('search', ['16', None, 1.5, b'5'], ids=str)
def test_searches(connection, folder, search):
    with pytest.raises(TypeError):
        connection.listPath(folder.share, folder.path(), search)


@every_call
@pytest.mark.parametrize(
    ('timeout', 'error'), [('5', TypeError), (b'5', TypeError), (float('nan'), ValueError)], ids=str
)
def test_timeouts(connection, folder, method, arguments, timeout, error):
    with pytest.raises(error):
        getattr(connection, method)(folder.share, folder.path('file'), *arguments, timeout=timeout)


@pytest.mark.parametrize('timeout', [0, -1, -0.5])
@pytest.mark.parametrize('method', HARMLESS)
def test_no_time_is_a_timeout_and_the_next_call_has_its_own_result(usable, folder, method, timeout):
    # an answer that has arrived already is not thrown away
    try:
        getattr(usable, method)(folder.share, folder.path('file'), *PATH_CALLS[method], timeout=timeout)
    except SMBTimeout:
        pass
    except OSError as error:
        assert error.status_name in ('STATUS_NOT_A_DIRECTORY', 'STATUS_OBJECT_NAME_COLLISION')
    assert usable.getAttributes(folder.share, folder.path('file')).file_size == 9


@pytest.mark.parametrize('timeout', [None, 0.5, 2.5, 10**9, float('inf'), True], ids=str)
def test_every_other_timeout_is_one(usable, folder, timeout):
    target = io.BytesIO()
    usable.retrieveFile(folder.share, folder.path('file'), target, timeout=timeout)
    assert target.getvalue() == b'untouched'


def test_paths_of_pathlib_are_paths(usable, folder):
    for kind in (pathlib.PurePosixPath, pathlib.PureWindowsPath):
        target = io.BytesIO()
        usable.retrieveFile(folder.share, kind(folder.name, 'file'), target)
        assert target.getvalue() == b'untouched'
        assert usable.getAttributes(folder.share, kind('/', folder.name)).isDirectory


@pytest.mark.parametrize(
    'data',
    [b'', b'abc', bytearray(b'abc'), memoryview(b'abc'), b'x' * 60_000],
    ids=['empty', 'bytes', 'bytearray', 'memoryview', 'long'],
)
def test_echo_gives_back_what_it_got(usable, data):
    assert usable.echo(data) == data


def test_nothing_works_before_connect_and_after_close(new, folder):
    fresh, closed = new(folder.server), new(folder.server)
    closed.connect(folder.server.host, folder.server.port)
    closed.close()
    for unconnected in (fresh, closed):
        for method, arguments in PATH_CALLS.items():
            # not even a bad argument is looked at before
            for path in ('file', None):
                with pytest.raises(NotConnectedError) as caught:
                    getattr(unconnected, method)(folder.share, path, *arguments)
                assert str(caught.value)
        with pytest.raises(NotConnectedError):
            unconnected.listShares()
        with pytest.raises(NotConnectedError):
            unconnected.echo(b'x')
        assert unconnected.sock is None
        assert unconnected.close() is None
