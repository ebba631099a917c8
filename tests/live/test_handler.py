"""smb:// URLs against a private Samba server."""

from __future__ import annotations

import io
import urllib.request
from urllib.error import URLError
from urllib.parse import quote

import pytest

import smb.SMBHandler
from nmb.NetBIOS import NetBIOS
from smb.smb_structs import OperationFailure
from smb.SMBConnection import SMBConnection
from smb.SMBHandler import SMBHandler
from tests.live.folder import noise
from tests.nmb.packets import entry, status_answer
from tests.nmb.responder import Responder


@pytest.fixture(params=['netbios', 'direct'])
def handler(request, folder):
    """The handler class; with 'direct' it speaks direct TCP on the server's port."""
    if request.param == 'netbios':
        return SMBHandler

    class DirectHandler(SMBHandler):
        direct_tcp_ports = frozenset({folder.server.port})

    return DirectHandler


@pytest.fixture
def opener(handler):
    """``open(url, data=None)`` of an opener with that handler."""
    return urllib.request.build_opener(handler)


@pytest.fixture(autouse=True)
def connections(monkeypatch):
    """Every connection that was made; all of them have to be closed."""
    made = []

    class Connection(SMBConnection):
        def __init__(self, *arguments, **keywords):
            super().__init__(*arguments, **keywords)
            made.append(self)

    monkeypatch.setattr(smb.SMBHandler, 'SMBConnection', Connection)
    yield made
    assert [connection.sock for connection in made] == [None] * len(made)


def url_of(server, share, path, user=None, password=None, domain='', server_name='TESTSERVER,'):
    login = f'{domain}{quote(user or server.user, safe="")}:{quote(password or server.password, safe="")}'
    return f'smb://{login}@{server_name}{server.host}:{server.port}/{share}/{quote(path)}'


def url(folder, name, **parts):
    return url_of(folder.server, folder.share, folder.path(name), **parts)


def check_fails(opener, address, reason, server, data=None):
    with pytest.raises(URLError) as caught:
        opener.open(address, data)
    assert reason in caught.value.reason
    assert server.password not in caught.value.reason and quote(server.password) not in caught.value.reason
    return caught.value


class TestReading:
    @pytest.mark.parametrize('size', [0, 1, 100_000, 5_000_000])
    def test_a_file(self, folder, opener, size):
        data = noise(size)
        folder.put('report.pdf', data)
        address = url(folder, 'report.pdf')
        with opener.open(address) as response:
            assert response.headers['Content-type'] == 'application/pdf'
            assert response.headers['Content-length'] == str(size)
            assert response.url == address
            assert response.read() == data

    @pytest.mark.parametrize(
        'name', ['a b', 'ä', 'a\u0308', '文件 \U0001f600', 'a;b', '100%', 'a#b', 'a+b', "it's", 'a@b', 'a&b=c']
    )
    def test_a_file_of_any_name(self, folder, opener, name):
        folder.put(f'{name}/{name}', name.encode())
        with opener.open(url(folder, f'{name}/{name}')) as response:
            assert response.read() == name.encode()

    def test_a_name_that_is_not_percent_encoded(self, folder, opener):
        folder.put('größe+文件')
        with opener.open(url(folder, '') + 'größe+文件') as response:
            assert response.read() == b'0123456789'

    @pytest.mark.parametrize('domain', ['', 'WORKGROUP;', 'elsewhere;', ';'])
    def test_every_form_of_the_user(self, folder, opener, domain, connections):
        folder.put('file')
        opener.open(url(folder, 'file', domain=domain)).close()
        assert connections[0].domain == domain.rstrip(';')
        assert not connections[0].is_guest

    @pytest.mark.parametrize('password', ['p@ss:w/o;r,d?#%', 'pässwörd+ &'])
    def test_every_kind_of_password(self, server, handler, password):
        private = server(password=password)
        (private.root / 'file').write_bytes(b'secret')

        class Handler(handler):
            direct_tcp_ports = {private.port} if handler is not SMBHandler else ()

        with urllib.request.build_opener(Handler).open(url_of(private, 'smbtest', 'file')) as response:
            assert response.read() == b'secret'

    def test_ntlm_v1_where_nothing_else_is_wanted(self, folder, opener, monkeypatch, connections):
        folder.put('file')
        monkeypatch.setattr(smb.SMBHandler, 'USE_NTLM', False)
        opener.open(url(folder, 'file')).close()
        assert connections[0].use_ntlm_v2 is False

    def test_without_a_user_it_is_a_guest(self, server, handler, connections):
        private = server(map_to_guest='Bad User')
        (private.share_root('public') / 'file').write_bytes(b'for all')

        class Handler(handler):
            direct_tcp_ports = {private.port} if handler is not SMBHandler else ()

        address = f'smb://TESTSERVER,{private.host}:{private.port}/public/file'
        with urllib.request.build_opener(Handler).open(address) as response:
            assert response.read() == b'for all'
        assert connections[0].is_guest


class TestWriting:
    @pytest.mark.parametrize('size', [0, 10, 3_000_000])
    @pytest.mark.parametrize('kind', [bytes, bytearray, io.BytesIO])
    def test_a_file(self, folder, opener, kind, size):
        data = noise(size)
        address = url(folder, 'new.bin')
        with opener.open(address, kind(data)) as response:
            assert response.read() == b''
            assert response.headers['Content-length'] == '0'
            assert response.url == address
        assert folder.read('new.bin') == data

    def test_an_existing_file_is_overwritten(self, folder, opener):
        folder.put('file', b'x' * 1000)
        opener.open(url(folder, 'file'), b'short').close()
        assert folder.read('file') == b'short'

    @pytest.mark.parametrize(
        'data', ['text', io.StringIO('text'), object(), ['a', 'b']], ids=['text', 'text file', 'object', 'list']
    )
    def test_what_cannot_be_stored_makes_no_file(self, folder, opener, data):
        with pytest.raises(URLError):
            opener.open(url(folder, 'new'), data)
        assert folder.tree() == {}


class TestFailures:
    @pytest.mark.parametrize(
        ('name', 'status'),
        [
            ('missing', 'STATUS_OBJECT_NAME_NOT_FOUND'),
            ('missing/file', 'STATUS_OBJECT_PATH_NOT_FOUND'),
            ('folder', 'STATUS_FILE_IS_A_DIRECTORY'),
            ('a*', 'STATUS_OBJECT_NAME_INVALID'),
        ],
    )
    def test_an_operation_failure_is_the_reason(self, folder, opener, name, status):
        folder.mkdir('folder')
        error = check_fails(opener, url(folder, name), f'Unable to open file ({status}, 0xC0', folder.server)
        assert isinstance(error.__cause__, OperationFailure)

    def test_a_share_that_does_not_exist(self, folder, opener):
        address = url_of(folder.server, 'nosuchshare', 'file')
        check_fails(opener, address, 'Unable to connect to shared device', folder.server)

    def test_a_share_that_is_read_only(self, folder, opener):
        address = url_of(folder.server, 'readonly', 'file')
        check_fails(opener, address, 'STATUS_ACCESS_DENIED', folder.server, b'data')

    def test_a_wrong_password(self, folder, opener):
        check_fails(opener, url(folder, 'file', password='wrong'), 'STATUS_LOGON_FAILURE', folder.server)

    def test_nobody_listens(self, folder, opener):
        address = f'smb://user:{quote(folder.server.password)}@NAME,127.0.0.1:1/share/file'
        error = check_fails(opener, address, 'refused', folder.server)
        assert isinstance(error.__cause__, ConnectionRefusedError)

    def test_a_host_that_does_not_exist(self, folder, opener):
        address = f'smb://user:{quote(folder.server.password)}@NAME,no.such.host.invalid/share/file'
        check_fails(opener, address, 'SMB error', folder.server)


class TestNames:
    """Where the name of the server is asked for, on loopback."""

    @pytest.fixture
    def ask_port(self, monkeypatch):
        """The name service of every machine is asked for on this port."""

        def ask_port(port):
            class NameService(NetBIOS):
                def queryIPForName(self, ip, _=137, timeout=30):  # noqa: N802
                    return super().queryIPForName(ip, port, timeout)

            monkeypatch.setattr(smb.SMBHandler, 'NetBIOS', NameService)

        return ask_port

    def test_a_netbios_session_asks_for_the_name_and_uses_it(self, folder, ask_port, connections):
        folder.put('file')
        names = entry('GROUP', 0x00) + entry('ITSNAME') + entry('ANOTHER')
        with Responder(lambda query: [status_answer(int.from_bytes(query[:2], 'big'), names)]) as node:
            ask_port(node.port)
            with urllib.request.build_opener(SMBHandler).open(url(folder, 'file', server_name='')) as response:
                assert response.read() == b'0123456789'
        assert connections[0].remote_name == 'ITSNAME'
        assert len(node.queries) == 1

    def test_nobody_tells_the_name(self, folder, ask_port, connections):
        with Responder(lambda query: []) as node:
            ask_port(node.port)
            with pytest.raises(URLError, match='NetBIOS name') as caught:
                urllib.request.build_opener(SMBHandler).open(url(folder, 'file', server_name=''), timeout=0.2)
        assert folder.server.password not in caught.value.reason
        assert connections == []

    def test_direct_tcp_asks_nobody(self, folder, monkeypatch, connections):
        folder.put('file')
        monkeypatch.setattr(smb.SMBHandler, 'NetBIOS', None)
        monkeypatch.setattr(SMBHandler, 'direct_tcp_ports', {folder.server.port})
        with urllib.request.build_opener(SMBHandler).open(url(folder, 'file', server_name='')) as response:
            assert response.read() == b'0123456789'
        assert connections[0].is_direct_tcp and connections[0].remote_name == folder.server.host
