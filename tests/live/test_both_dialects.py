"""What holds for every connection and every call, over the oldest dialect and the newest."""

from __future__ import annotations

import io
import urllib.request
from urllib.error import URLError
from urllib.parse import quote

import pytest

from smb.base import NotConnectedError, NotReadyError, SMBTimeout
from smb.smb_structs import OperationFailure
from smb.SMBConnection import SMBConnection
from smb.SMBHandler import SMBHandler
from tests.live.folder import names

pytestmark = pytest.mark.parametrize('dialect', [0x0202, 0x0311], ids='{:04x}'.format)


def test_a_connection_tells_what_it_has_come_to(new, folder, dialect):
    server = folder.server
    connection = new(server, max_dialect=dialect, is_direct_tcp=False)
    before = (connection.sock, connection.auth_result, connection.isUsingSMB2, connection.has_negotiated)
    assert before == (None, None, False, False)
    assert connection.connect(server.host, server.port) is True
    assert connection.sock.gettimeout() == 60.0
    assert connection.isUsingSMB2 is connection.has_negotiated is connection.has_authenticated is True
    assert (connection.dialect, connection.is_busy, connection.is_signing_active) == (dialect, False, False)
    if dialect == 0x0202:
        assert {connection.max_read_size, connection.max_write_size, connection.max_transact_size} == {65536}
    assert (connection.max_buffer_size, connection.max_raw_size) == (0, 0)
    connection.listPath('SMBTEST', folder.path())
    assert list(connection.connected_trees) == ['SMBTEST']
    assert connection.close() is None and connection.close() is None
    assert (connection.sock, connection.isUsingSMB2) == (None, True)
    with pytest.raises(NotConnectedError):
        connection.listPath(folder.share, folder.path())


def test_a_refused_user_is_false_and_may_try_again(new, folder, dialect):
    server = folder.server
    connection = new(server, password='wrong', max_dialect=dialect)
    assert connection.connect(server.host, server.port) is False
    assert connection.auth_result is False and connection.sock is not None
    for call in (connection.listShares, lambda: connection.listPath(5, 5), lambda: connection.getSecurity('', '')):
        with pytest.raises(NotReadyError):
            call()
    assert connection.echo(b'no login') == b'no login'
    connection._password = server.password
    assert connection.connect(server.host, server.port) is True
    assert connection.listShares()


def test_a_second_connect_starts_from_scratch(connect, folder, dialect):
    folder.put('file')
    connection = connect(folder.server, max_dialect=dialect)
    connection.listPath(folder.share, folder.path())
    for close in (False, True):
        if close:
            connection.close()
        assert connection.connect(folder.server.host, folder.server.port) is True
        assert names(connection.listPath(folder.share, folder.path())) == ['file']


def test_a_subclass_hears_how_the_login_ended(server, dialect):
    class Hooked(SMBConnection):
        heard = ''

        def onAuthOK(self):
            super().onAuthOK()
            self.heard += 'ok'

        def onAuthFailed(self):
            super().onAuthFailed()
            self.heard += 'failed'

    private = server()
    for password, heard in ((private.password, 'ok'), ('wrong', 'failed')):
        with Hooked(private.user, password, 'me', 'x', is_direct_tcp=True, max_dialect=dialect) as connection:
            assert connection.connect(private.host, private.port) is (heard == 'ok')
            assert connection.heard == heard


@pytest.mark.parametrize('data', [b'', b'data', bytearray(b'data'), 'text', None], ids=repr)
def test_echo_gives_back_what_it_got(connect, server, dialect, data):
    assert connect(server(), max_dialect=dialect).echo(data) == data


@pytest.mark.parametrize('timeout', [0, -1])
def test_no_time_is_a_timeout_and_the_next_call_has_its_own_result(connect, folder, dialect, timeout):
    folder.put('file', b'data')
    connection = connect(folder.server, max_dialect=dialect)
    for _ in range(3):
        with pytest.raises(SMBTimeout):
            connection.listPath(folder.share, folder.path(), timeout=timeout)
        assert names(connection.listPath(folder.share, folder.path())) == ['file']
        with pytest.raises(SMBTimeout):
            connection.retrieveFile(folder.share, folder.path('file'), io.BytesIO(), timeout=timeout)
        assert connection.getAttributes(folder.share, folder.path('file')).file_size == 4


@pytest.mark.parametrize('timeout', [None, 5, 2.5])
def test_any_other_timeout_is_one(connect, folder, dialect, timeout):
    folder.put('file', b'data')
    connection = connect(folder.server, max_dialect=dialect)
    assert names(connection.listPath(folder.share, folder.path(), timeout=timeout)) == ['file']
    assert connection.retrieveFile(folder.share, folder.path('file'), io.BytesIO(), timeout)[1] == 4


def test_what_cannot_be_sent_leaves_the_connection_usable(connect, folder, dialect):
    path = folder.put('file', b'data')
    connection = connect(folder.server, max_dialect=dialect)
    for error, call in (
        (ValueError, lambda: connection.retrieveFileFromOffset(folder.share, path, io.BytesIO(), -1)),
        (TypeError, lambda: connection.retrieveFileFromOffset(folder.share, path, io.BytesIO(), 1.5)),
        (TypeError, lambda: connection.retrieveFileFromOffset(folder.share, path, io.BytesIO(), 0, None)),
        (ValueError, lambda: connection.storeFileFromOffset(folder.share, path, io.BytesIO(b'x'), -1)),
        (TypeError, lambda: connection.listPath(folder.share, b'bytes')),
        (TypeError, lambda: connection.listPath(b'smbtest', '')),
        (TypeError, lambda: connection.storeFile(folder.share, path, io.StringIO('text'))),
    ):
        with pytest.raises(error):
            call()
        assert folder.read('file') == b'data'
        assert names(connection.listPath(folder.share, folder.path())) == ['file']


def test_smb_urls_are_read_and_written(folder, dialect, monkeypatch):
    class Connection(SMBConnection):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options, max_dialect=dialect)

    monkeypatch.setattr('smb.SMBHandler.SMBConnection', Connection)
    server = folder.server
    opener = urllib.request.build_opener(SMBHandler)
    login = f'WORKGROUP;{quote(server.user)}:{quote(server.password, safe="")}'
    base = f'smb://{login}@{server.name},{server.host}:{server.port}/{folder.share}/{quote(folder.name)}'
    for data in (io.BytesIO(b'from a file'), b'from bytes'):
        with opener.open(f'{base}/a%20b+%3B%23%25.txt', data=data) as answer:
            assert (answer.read(), answer.headers['Content-length']) == (b'', '0')
    with opener.open(f'{base}/a%20b+%3B%23%25.txt') as answer:
        assert (answer.read(), answer.headers['Content-length']) == (b'from bytes', '10')
        assert answer.headers['Content-type'] == 'text/plain'
    assert folder.tree() == {'a b+;#%.txt': b'from bytes'}
    with pytest.raises(URLError, match='Unable to open file') as caught:
        opener.open(f'{base}/none')
    assert isinstance(caught.value.reason, str)
    assert isinstance(caught.value.__cause__, OperationFailure)
