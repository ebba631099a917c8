"""smb.SMBHandler: what an smb:// URL means, over a connection that is only written down."""

# ruff: noqa: N802 - pysmb's names, of what stands in for its classes

from __future__ import annotations

import io
import platform
import urllib.parse
import urllib.request
from urllib.error import URLError
from urllib.response import addinfourl

import pytest

import nmb.NetBIOS
import smb.SMBConnection
import smb.SMBHandler
from smb.smb_structs import OperationFailure
from smb.SMBHandler import SMBHandler

SECRET = 'p@ss:w;o/r,d?#%41+'
QUOTED = urllib.parse.quote(SECRET, safe='')
FILE = b'0123456789'


class Connection:
    """In place of SMBConnection: keeps its arguments and what it is told to do, and gives ``FILE``."""

    made: list[Connection]
    accepts: bool
    failure: Exception | None

    def __init__(self, username, password, my_name, remote_name, domain='', use_ntlm_v2=True, is_direct_tcp=False):
        self.login = (username, password, domain)
        self.names = (my_name, remote_name)
        self.use_ntlm_v2, self.is_direct_tcp = use_ntlm_v2, is_direct_tcp
        self.timeouts = []
        self.is_closed = False
        self.auth_error = None
        self.file = None
        self.made.append(self)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self.is_closed = True

    def connect(self, ip, port, timeout):
        self.address = (ip, port)
        self.timeouts.append(timeout)
        self.auth_error = None if self.accepts else 'STATUS_LOGON_FAILURE, 0xC000006D'
        return self.accepts

    def retrieveFile(self, service_name, path, file_obj, timeout):
        self.file = (service_name, path.strip('/'))
        self.timeouts.append(timeout)
        file_obj.write(FILE)
        if self.failure:
            raise self.failure
        return 0x20, len(FILE)

    def storeFile(self, service_name, path, file_obj, timeout):
        self.file = (service_name, path.strip('/'))
        self.timeouts.append(timeout)
        self.stored = file_obj.read()
        if self.failure:
            raise self.failure
        return len(self.stored)


class NameService:
    """In place of NetBIOS: every machine has these names."""

    names: list[str] | None
    asked: list[tuple]
    closed_count: int

    def queryIPForName(self, ip, port=137, timeout=30):
        self.asked.append((ip, port, timeout))
        return self.names

    def close(self):
        type(self).closed_count += 1


@pytest.fixture
def made(monkeypatch):
    """The connections that were made, one for each URL."""
    Connection.made, Connection.accepts, Connection.failure = [], True, None
    NameService.asked, NameService.names, NameService.closed_count = [], ['FILESERVER', 'OTHER'], 0
    monkeypatch.setattr(smb.SMBHandler, 'SMBConnection', Connection)
    monkeypatch.setattr(smb.SMBHandler, 'NetBIOS', NameService)
    return Connection.made


def fetch(url, data=None, handler=SMBHandler, **options):
    return urllib.request.build_opener(handler).open(url, data, **options)


def check_fails(url, reason, data=None, handler=SMBHandler):
    """The URLError of a URL, which names this reason and no secret."""
    with pytest.raises(URLError) as caught:
        fetch(url, data, handler)
    assert type(caught.value) is URLError
    assert type(caught.value.reason) is str
    assert reason in caught.value.reason
    for secret in (SECRET, QUOTED, 'w;o/r'):
        assert secret not in f'{caught.value!r} {caught.value} {caught.value.reason}'
    return caught.value


class TestURL:
    @pytest.mark.parametrize(
        ('url', 'login'),
        [
            ('smb://user:secret@N,10.0.0.1/s/f', ('user', 'secret', '')),
            ('smb://user@N,10.0.0.1/s/f', ('user', '', '')),
            ('smb://N,10.0.0.1/s/f', ('', '', '')),
            ('smb://:@N,10.0.0.1/s/f', ('', '', '')),
            ('smb://WORK;user:secret@N,10.0.0.1/s/f', ('user', 'secret', 'WORK')),
            ('smb://;user:secret@N,10.0.0.1/s/f', ('user', 'secret', '')),
            ('smb://WORK%3Buser:secret@N,10.0.0.1/s/f', ('user', 'secret', 'WORK')),
            ('smb://user%40work.example:secret@N,10.0.0.1/s/f', ('user@work.example', 'secret', '')),
            ('smb://WORK%5Cuser:secret@N,10.0.0.1/s/f', ('WORK\\user', 'secret', '')),
            ('smb://user:p%40ss@N,10.0.0.1/s/f', ('user', 'p@ss', '')),
            ('smb://user:p@ss@N,10.0.0.1/s/f', ('user', 'p@ss', '')),
            ('smb://user:p:s;s,s@N,10.0.0.1/s/f', ('user', 'p:s;s,s', '')),
            ('smb://user:p%2540ss@N,10.0.0.1/s/f', ('user', 'p%40ss', '')),
            ('smb://user:a+b@N,10.0.0.1/s/f', ('user', 'a+b', '')),
            ('smb://n%C3%A4me:p%C3%A4ss@N,10.0.0.1/s/f', ('näme', 'päss', '')),
            ('smb://näme:päss@N,10.0.0.1/s/f', ('näme', 'päss', '')),
            (f'smb://user:{QUOTED}@N,10.0.0.1/s/f', ('user', SECRET, '')),
        ],
    )
    def test_the_user(self, made, url, login):
        fetch(url).close()
        assert made[0].login == login
        assert made[0].address == ('10.0.0.1', 139)

    @pytest.mark.parametrize(
        ('server', 'address', 'name', 'is_direct_tcp'),
        [
            ('N,10.0.0.1', ('10.0.0.1', 139), 'N', False),
            ('N,10.0.0.1:', ('10.0.0.1', 139), 'N', False),
            ('N,10.0.0.1:139', ('10.0.0.1', 139), 'N', False),
            ('N,10.0.0.1:1139', ('10.0.0.1', 1139), 'N', False),
            ('N,10.0.0.1:445', ('10.0.0.1', 445), 'N', True),
            ('10.0.0.1:445', ('10.0.0.1', 445), '10.0.0.1', True),
            ('nas.example:445', ('nas.example', 445), 'nas.example', True),
            ('[fe80::1]:445', ('fe80::1', 445), 'fe80::1', True),
            ('N,[fe80::1]', ('fe80::1', 139), 'N', False),
            ('N,nas.example', ('nas.example', 139), 'N', False),
            ('%4E,nas%2Eexample', ('nas.example', 139), 'N', False),
        ],
    )
    def test_the_server(self, made, server, address, name, is_direct_tcp):
        fetch(f'smb://user:secret@{server}/s/f').close()
        assert made[0].address == address
        assert made[0].names[1] == name
        assert made[0].is_direct_tcp is is_direct_tcp
        assert NameService.asked == []

    @pytest.mark.parametrize('server', ['nas.example', 'nas.example:139', ',nas.example'])
    def test_the_name_of_a_server_is_asked_for_where_a_netbios_session_needs_it(self, made, server):
        fetch(f'smb://user:secret@{server}/s/f').close()
        assert NameService.asked == [('nas.example', 137, 30)]
        assert NameService.closed_count == 1
        assert made[0].names[1] == 'FILESERVER'
        assert made[0].address == ('nas.example', 139)

    @pytest.mark.parametrize(
        ('path', 'file'),
        [
            ('/share/file', ('share', 'file')),
            ('/share/a/b/c.txt', ('share', 'a/b/c.txt')),
            ('/share/file/', ('share', 'file')),
            ('//share//a//b', ('share', 'a/b')),
            ('/hidden$/a%20b/c+d', ('hidden$', 'a b/c+d')),
            ('/share/%C3%A4/ä', ('share', 'ä/ä')),
            ('/share/文件/\U0001f600', ('share', '文件/\U0001f600')),
            ('/share/a;b/c', ('share', 'a')),
            ('/share/a%3Bb/c', ('share', 'a;b/c')),
            ('/share/a%23b', ('share', 'a#b')),
            ('/share/a#b', ('share', 'a')),
            ('/share/100%25', ('share', '100%')),
            ('/share/100%2525', ('share', '100%25')),
            ('/share/a@b', ('share', 'a@b')),
            ('/share/a?b', ('share', 'a?b')),
            ('/share', ('share', '')),
            ('/my%20share/f', ('my share', 'f')),
        ],
    )
    def test_the_path(self, made, path, file):
        fetch('smb://user:secret@N,10.0.0.1' + path).close()
        assert made[0].file == file

    @pytest.mark.parametrize(
        ('url', 'reason'),
        [
            (f'smb://user:{QUOTED}@10.0.0.1', 'smb://'),
            (f'smb://user:{QUOTED}@10.0.0.1/', 'smb://'),
            (f'smb://user:{QUOTED}@10.0.0.1/;share/file', 'smb://'),
            (f'smb://user:{QUOTED}@/share/file', 'smb://'),
            (f'smb://user:{QUOTED}@N,/share/file', 'smb://'),
            (f'smb:user:{QUOTED}@10.0.0.1/share/file', 'smb://'),
            (f'smb://user:{QUOTED}@10.0.0.1:x/share/file', 'port'),
            (f'smb://user:{QUOTED}@10.0.0.1:0/share/file', 'port'),
            (f'smb://user:{QUOTED}@10.0.0.1:65536/share/file', 'port'),
            (f'smb://user:{QUOTED}@10.0.0.1:²/share/file', 'port'),
            (f'smb://user:{QUOTED}@10.0.0.1:{"9" * 5000}/share/file', 'port'),
            (f'smb://user:{QUOTED}@[fe80::1]445/share/file', 'port'),
            (f'smb://user:{QUOTED}@fe80::1/share/file', 'port'),
            # a password that should have been quoted
            ('smb://user:w;o/rd@10.0.0.1/share/file', 'port'),
        ],
    )
    def test_a_url_that_says_too_little(self, made, url, reason):
        check_fails(url, reason)
        assert made == []


class TestReading:
    def test_the_response_is_the_file_from_its_start(self, made):
        with fetch('smb://user:secret@N,10.0.0.1/share/a.txt') as response:
            assert isinstance(response, addinfourl)
            assert made[0].is_closed
            assert response.tell() == 0
            assert response.read() == FILE
            assert dict(response.headers) == {'Content-type': 'text/plain', 'Content-length': '10'}
            assert response.info()['content-LENGTH'] == '10'
            assert response.url == response.geturl() == 'smb://user:secret@N,10.0.0.1/share/a.txt'

    @pytest.mark.parametrize(
        ('name', 'kind'), [('b.pdf', 'application/pdf'), ('b.PNG', 'image/png'), ('b', None), ('b.unheardof', None)]
    )
    def test_the_type_is_guessed_from_the_name(self, made, name, kind):
        with fetch('smb://user:secret@N,10.0.0.1/share/a.txt/' + name) as response:
            assert response.headers['Content-type'] == kind

    def test_a_subclass_says_where_the_file_is_kept(self, made):
        kept = []

        class Handler(SMBHandler):
            def createTempFile(self):
                kept.append(io.BytesIO())
                return kept[-1]

        with fetch('smb://user:secret@N,10.0.0.1/share/f', handler=Handler) as response:
            assert response.fp is kept[0]
        Connection.failure = KeyError('no')
        check_fails('smb://user:secret@N,10.0.0.1/share/f', 'no', handler=Handler)
        assert kept[1].closed


class TestWriting:
    @pytest.mark.parametrize(
        'data', [io.BytesIO(FILE), FILE, bytearray(FILE), memoryview(FILE)], ids=lambda data: type(data).__name__
    )
    def test_a_file_object_or_bytes_are_stored(self, made, data):
        with fetch('smb://user:secret@N,10.0.0.1/share/a.txt', data) as response:
            assert made[0].file == ('share', 'a.txt')
            assert made[0].stored == FILE
            assert made[0].is_closed
            assert response.read() == b''
            assert dict(response.headers) == {'Content-length': '0'}
            assert response.url == 'smb://user:secret@N,10.0.0.1/share/a.txt'

    def test_no_bytes_make_an_empty_file(self, made):
        fetch('smb://user:secret@N,10.0.0.1/share/a.txt', b'').close()
        assert made[0].stored == b''

    def test_a_file_object_that_fails(self, made):
        class Broken:
            def read(self, size=-1):
                raise RuntimeError('no more')

        check_fails('smb://user:secret@N,10.0.0.1/share/a.txt', 'no more', data=Broken())
        assert made[0].is_closed


class TestFailures:
    URL = f'smb://user:{QUOTED}@N,10.0.0.1/share/f'

    @pytest.mark.parametrize('data', [None, FILE])
    @pytest.mark.parametrize(
        ('failure', 'reason'),
        [
            (OperationFailure('Failed to retrieve f on share: Unable to open file', []), 'Unable to open file'),
            (ConnectionRefusedError(111, 'Connection refused'), 'Connection refused'),
            (smb.SMBConnection.SMBTimeout(), 'SMBTimeout'),
            (ValueError('A path holds no NUL'), 'holds no NUL'),
        ],
    )
    def test_every_failure_is_a_url_error_with_its_message(self, made, failure, reason, data):
        Connection.failure = failure
        error = check_fails(self.URL, reason, data)
        assert error.__cause__ is failure
        assert len(error.reason.splitlines()) == 1
        assert made[0].is_closed

    def test_a_refused_user(self, made):
        Connection.accepts = False
        check_fails(self.URL, 'Authentication failed: STATUS_LOGON_FAILURE, 0xC000006D')
        assert made[0].is_closed

    def test_connect_fails(self, made, monkeypatch):
        def connect(self, ip, port, timeout):
            raise TimeoutError('timed out')

        monkeypatch.setattr(Connection, 'connect', connect)
        check_fails(self.URL, 'timed out')
        assert made[0].is_closed

    @pytest.mark.parametrize('names', [None, []])
    def test_a_server_that_does_not_tell_its_name(self, made, names):
        NameService.names = names
        check_fails(f'smb://user:{QUOTED}@10.0.0.1/share/f', '10.0.0.1 does not answer with its NetBIOS name')
        assert NameService.closed_count == 1
        assert made == []

    def test_an_interrupt_comes_through_and_the_connection_is_closed(self, made, monkeypatch):
        for method in ('connect', 'retrieveFile'):
            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(Connection, method, interrupt)
                fetch(self.URL)
            assert made[-1].is_closed


def interrupt(*arguments, **keywords):
    raise KeyboardInterrupt


class TestSettings:
    URL = 'smb://user:secret@10.0.0.1/share/f'

    def test_the_defaults(self, made):
        fetch(self.URL).close()
        assert made[0].use_ntlm_v2 is True
        assert made[0].names[0] == platform.node().partition('.')[0]
        assert made[0].timeouts == [60, 30]

    def test_ntlm_v1_and_another_name_for_this_machine(self, made, monkeypatch):
        monkeypatch.setattr(smb.SMBHandler, 'USE_NTLM', False)
        monkeypatch.setattr(smb.SMBHandler, 'MACHINE_NAME', 'ME')
        fetch(self.URL).close()
        assert made[0].use_ntlm_v2 is False
        assert made[0].names[0] == 'ME'

    def test_a_subclass_says_what_this_machine_calls_itself(self, made):
        class Handler(SMBHandler):
            def generateClientMachineName(self):
                return 'GENERATED'

        fetch(self.URL, handler=Handler).close()
        assert made[0].names[0] == 'GENERATED'

    def test_a_machine_without_a_host_name_has_one_all_the_same(self, made, monkeypatch):
        monkeypatch.setattr(platform, 'node', lambda: '')
        fetch(self.URL).close()
        assert made[0].names[0].startswith('SMB')

    @pytest.mark.parametrize('timeout', [5, 2.5, None])
    def test_a_timeout_of_urllib_is_that_of_every_step(self, made, timeout):
        fetch(self.URL, timeout=timeout).close()
        fetch(self.URL, FILE, timeout=timeout).close()
        assert made[0].timeouts == made[1].timeouts == [timeout, timeout]
        assert NameService.asked == [('10.0.0.1', 137, timeout)] * 2

    def test_a_request_that_no_opener_has_seen(self, made):
        SMBHandler().smb_open(urllib.request.Request(self.URL)).close()
        assert made[0].timeouts == [60, 30]

    def test_a_subclass_says_which_ports_are_direct_tcp(self, made):
        class Handler(SMBHandler):
            direct_tcp_ports = frozenset({445, 4450})

        fetch('smb://user:secret@10.0.0.1:4450/share/f', handler=Handler).close()
        assert made[0].is_direct_tcp is True


def test_the_names_that_programs_import():
    assert smb.SMBHandler.NetBIOS is nmb.NetBIOS.NetBIOS
    assert smb.SMBHandler.SMBConnection is smb.SMBConnection.SMBConnection
    assert smb.SMBHandler.USE_NTLM is True and smb.SMBHandler.MACHINE_NAME is None
    assert issubclass(SMBHandler, urllib.request.BaseHandler)


def test_pysmbs_module_for_twisted_says_what_to_use_instead():
    with pytest.raises(ImportError, match=r'smb\.SMBConnection\.SMBConnection'):
        import smb.SMBProtocol  # noqa: F401
