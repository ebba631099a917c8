"""Servers with SMB1 alone, without it, and odd ones; who is let in over SMB1."""

from __future__ import annotations

import io
import socket
import threading
import time
import urllib.request
from urllib.parse import quote

import pytest

from smb import ntstatus, smb_structs
from smb.base import NotConnectedError, NotReadyError, SMBTimeout
from smb.session import fall_back
from smb.smb_structs import OperationFailure, ProtocolError
from smb.SMBHandler import SMBHandler
from tests.live.folder import Folder, names
from tests.live.main_job import main_job
from tests.live.network import OddServer, OldServer, receive_frame
from tests.live.refusals import check_refused

SMB1 = 0x0100
SMB1_ALONE = {'max_protocol': 'NT1', 'server_min_protocol': 'NT1', 'raw_NTLMv2_auth': 'yes'}
GUESTS = {**SMB1_ALONE, 'map_to_guest': 'Bad User', 'server_signing': 'auto'}
SESSION_OPEN = b'\x82\0\0\0'
LATENESS = 0.5  # seconds: how exactly a timeout is kept
OFFERED = '0x0202, 0x0210, 0x0300, 0x0302, 0x0311'

both_transports = pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])
both_sign_ons = pytest.mark.parametrize('extended_security', [True, False], ids=['extended', 'bare'])


def silence(sock):
    """Nothing, until the client hangs up."""
    sock.recv(1)


def hang_up(sock):
    pass


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    sock.close()


def answer(message):
    """Sends one message, and waits until the client hangs up."""

    def script(sock):
        sock.sendall(len(message).to_bytes(4, 'big') + message)
        silence(sock)

    return script


def smb2_error(status):
    """An SMB2 NEGOTIATE that is refused, [MS-SMB2] 2.2.1.2 and 2.2.2."""
    header = b'\xfeSMB\x40\0\0\0' + status.to_bytes(4, 'little') + b'\0\0\1\0\1\0\0\0' + bytes(44)
    return header + b'\x09\0\0\0\0\0\0\0\0'


def smb1_error():
    """What a server says that knows no such command, [MS-CIFS] 2.2.3.1."""
    return b'\xffSMB\xfe' + (0x00160001).to_bytes(4, 'little') + b'\x80' + bytes(25)


@pytest.fixture
def old(server):
    return server(**SMB1_ALONE)


def use(connection, folder):
    path = folder.path('file')
    assert connection.storeFile(folder.share, path, io.BytesIO(b'data')) == 4
    target = io.BytesIO()
    assert connection.retrieveFile(folder.share, path, target)[1] == 4
    assert target.getvalue() == b'data'
    assert names(connection.listPath(folder.share, folder.path())) == ['file']
    assert connection.listShares()


def check_fails(connection, listener, error, timeout=5.0, **expected):
    """connect() raises this and leaves a closed connection; the error, and how long that took."""
    started = time.monotonic()
    with pytest.raises(error, **expected) as caught:
        connection.connect(listener.host, listener.port, timeout=timeout)
    elapsed = time.monotonic() - started
    assert connection.sock is None and not connection.is_busy
    with pytest.raises(NotConnectedError):
        connection.listShares()
    return caught.value, elapsed


class TestSMB1Alone:
    @both_transports
    def test_is_found_by_falling_back(self, old, connect, is_direct_tcp):
        folder = Folder(old)
        started = time.monotonic()
        connection = connect(old, is_direct_tcp=is_direct_tcp)
        assert time.monotonic() - started < 2
        assert (connection.dialect, connection.isUsingSMB2, connection.is_using_smb2) == (SMB1, False, False)
        assert connection.has_negotiated and connection.has_authenticated and connection.auth_result is True
        assert connection.sock.gettimeout() == 30.0
        use(connection, folder)

    @both_transports
    def test_is_asked_for_it_at_once_where_smb2_is_switched_off(self, old, connect, is_direct_tcp, monkeypatch):
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
        with OldServer(old, hang_up) as front:
            use(connect(old, via=front, is_direct_tcp=is_direct_tcp), Folder(old))
            assert front.offers == 0

    def test_is_left_alone_where_smb1_is_switched_off(self, old, new, monkeypatch):
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', False)
        error, elapsed = check_fails(new(old), old, NotConnectedError, match=OFFERED)
        assert 'SMB1 was not tried, since smb_structs.SUPPORT_SMB1 is False' in str(error)
        assert elapsed < LATENESS

    @pytest.mark.parametrize(
        'arguments', [{'require_encryption': True}, {'min_dialect': 0x0202}, {'min_dialect': 0x0300}], ids=str
    )
    def test_is_left_alone_where_the_caller_wants_more(self, old, new, arguments, monkeypatch):
        with OldServer(old, hang_up) as front:
            check_fails(new(old, **arguments), front, NotConnectedError, match='SMB1 was not tried')
            assert (front.offers, front.frame_count) == (1, 0)
            monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
            check_fails(new(old, **arguments), front, ProtocolError, match='No common dialect: SMB2 is switched off')
            assert (front.offers, front.frame_count) == (1, 0)

    def test_connect_again_and_to_other_servers(self, old, server, connect):
        newer = server()
        connection = connect(old)
        for target, dialect in ((old, SMB1), (old, SMB1), (newer, 0x0311), (old, SMB1), (newer, 0x0311)):
            assert connection.connect(target.host, target.port) is True
            assert (connection.dialect, connection.isUsingSMB2) == (dialect, dialect != SMB1)
            assert (connection.max_buffer_size > 0, connection.max_read_size > 0) == (dialect == SMB1, dialect != SMB1)
            assert connection.connected_trees == {}
            use(connection, Folder(target))
        connection.close()
        assert connection.connect(old.host, old.port) is True
        use(connection, Folder(old))

    def test_smb_urls_are_read_and_written(self, old):
        folder = Folder(old)
        opener = urllib.request.build_opener(SMBHandler)
        login = f'{quote(old.user)}:{quote(old.password, safe="")}'
        base = f'smb://{login}@{old.name},{old.host}:{old.port}/{folder.share}/{quote(folder.name)}'
        with opener.open(f'{base}/file', data=b'data') as reply:
            assert reply.read() == b''
        with opener.open(f'{base}/file') as reply:
            assert reply.read() == b'data'

    def test_a_server_that_stops_is_noticed(self, old, connect):
        with OldServer(old, hang_up) as front:
            connection = connect(old, via=front)
            use(connection, Folder(old))
            front.cut()
            for _ in range(3):
                with pytest.raises(NotConnectedError):
                    connection.listPath('smbtest', '/')
            assert connection.sock is None
            assert connection.connect(front.host, front.port)
            use(connection, Folder(old))


class TestNoSMB1:
    @both_transports
    def test_is_told_where_smb2_is_switched_off(self, server, new, is_direct_tcp, monkeypatch):
        private = server(server_min_protocol='SMB2_02')
        connection = new(private, is_direct_tcp=is_direct_tcp)
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
        _, elapsed = check_fails(connection, private, ProtocolError, match=r'No common dialect.*NT LM 0\.12')
        assert elapsed < LATENESS
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', True)
        assert connection.connect(private.host, private.port) is True
        assert connection.dialect == 0x0311

    def test_does_not_matter_where_smb2_is_spoken(self, server, connect):
        assert connect(server(server_min_protocol='SMB2_02')).dialect == 0x0311
        assert connect(server()).dialect == 0x0311


class TestOddOnes:
    @pytest.mark.parametrize(
        'script',
        [
            hang_up,
            reset,
            answer(b'220 ftp\r\n'),
            answer(bytes(80)),
            answer(smb1_error()),
            answer(b'\xff'),
        ],
        ids=['hangs up', 'resets', 'text', 'zeros', 'an error of SMB1', 'one byte'],
    )
    @both_transports
    def test_what_is_no_smb2_leads_to_smb1_at_once(self, old, connect, script, is_direct_tcp):
        with OldServer(old, script) as front:
            started = time.monotonic()
            connection = connect(old, via=front, is_direct_tcp=is_direct_tcp)
            assert time.monotonic() - started < LATENESS
            assert (connection.dialect, front.offers) == (SMB1, 1)
            use(connection, Folder(old))

    @pytest.mark.parametrize('status', ['NOT_SUPPORTED', 'INVALID_PARAMETER', 'ACCESS_DENIED', 'UNSUCCESSFUL'])
    def test_an_error_of_smb2_is_an_answer(self, old, new, status):
        number = getattr(ntstatus, f'STATUS_{status}')
        with OldServer(old, answer(smb2_error(number))) as front:
            error, elapsed = check_fails(new(old), front, ProtocolError, match=f'No common dialect.*{OFFERED}')
            assert f'STATUS_{status}, 0x{number:08X}' in str(error)
            assert elapsed < LATENESS
            assert (front.offers, front.frame_count) == (1, 0)

    @both_transports
    def test_silence_to_smb2_takes_a_quarter_of_the_time(self, old, connect, is_direct_tcp):
        with OldServer(old, silence) as front:
            started = time.monotonic()
            connection = connect(old, via=front, is_direct_tcp=is_direct_tcp, timeout=2)
            assert 0.5 <= time.monotonic() - started < 0.5 + LATENESS
            assert (connection.dialect, front.offers) == (SMB1, 1)
            assert connection.sock.gettimeout() == 2.0
            use(connection, Folder(old))

    @pytest.mark.parametrize('timeout', [60, None])
    def test_silence_to_smb2_takes_no_longer_than_15_seconds(self, old, connect, timeout, monkeypatch):
        assert fall_back.LONGEST_PATIENCE_SECONDS == 15
        monkeypatch.setattr(fall_back, 'LONGEST_PATIENCE_SECONDS', 0.3)
        with OldServer(old, silence) as front:
            started = time.monotonic()
            connection = connect(old, via=front, timeout=timeout)
            assert 0.3 <= time.monotonic() - started < 0.3 + LATENESS
            assert connection.dialect == SMB1
            use(connection, Folder(old))

    @both_transports
    def test_silence_to_everything_takes_the_time_that_there_is(self, old, new, is_direct_tcp, monkeypatch):
        monkeypatch.setattr(fall_back, 'PATIENCE', 0.75)  # so that time that is had twice would be noticed

        def script(sock):
            sock.sendall(b'' if is_direct_tcp else SESSION_OPEN)
            while receive_frame(sock):
                pass

        connection = new(old, is_direct_tcp=is_direct_tcp)
        with OddServer(script) as odd:
            _, elapsed = check_fails(connection, odd, SMBTimeout, timeout=1, match=OFFERED)
        assert 1 <= elapsed < 1 + LATENESS

    def test_silence_to_smb2_and_no_smb1(self, server, new):
        """The time that was spent on SMB2 is not had again."""
        private = server(server_min_protocol='SMB2_02')
        with OldServer(private, silence) as front:
            error, elapsed = check_fails(
                new(private), front, ProtocolError, timeout=2, match=r'No common dialect.*NT LM 0\.12'
            )
        assert OFFERED in str(error)
        assert 0.5 <= elapsed < 0.5 + LATENESS

    def test_silence_during_the_sign_on(self, old, new):
        with OldServer(old, hang_up) as front:
            front.hold_after = 2
            _, elapsed = check_fails(new(old), front, SMBTimeout, timeout=1)
        assert 1 <= elapsed < 1 + LATENESS


NO_UNICODE = {'unicode': 'no'}
DOS_ERRORS = {'nt_status_support': 'no'}
SMALL = {'large_readwrite': 'no', 'max_xmit': '4356', 'max_mux': '1'}
OLDER = {
    'no Unicode, DOS errors': {**NO_UNICODE, **DOS_ERRORS},
    'small messages, one at a time': SMALL,
    'all of it, signed': {**NO_UNICODE, **DOS_ERRORS, **SMALL, 'max_mux': '2', 'server_signing': 'mandatory'},
}


@pytest.mark.parametrize('options', OLDER.values(), ids=OLDER)
class TestOlderOnes:
    """What Samba can leave out of SMB1."""

    def test_the_main_job(self, server, connect, options):
        folder = Folder(server(**SMB1_ALONE, **options))
        connection = connect(folder.server)
        assert connection.is_signing_active == ('server_signing' in options)
        main_job(connection, folder)

    def test_what_is_refused_is_said_as_by_newer_ones(self, server, connect, options):
        folder = Folder(server(**SMB1_ALONE, **options))
        folder.put('file')
        folder.put('full/file')
        connection = connect(folder.server)
        for error, method, arguments in (
            (FileNotFoundError, 'retrieveFile', (folder.path('none'), io.BytesIO())),
            (FileNotFoundError, 'getAttributes', (folder.path('none'),)),
            (FileNotFoundError, 'listPath', (folder.path('none'),)),
            (FileNotFoundError, 'storeFile', (folder.path('none/file'), io.BytesIO(b'x'))),
            (FileExistsError, 'createDirectory', (folder.path('full'),)),
            (FileExistsError, 'rename', (folder.path('file'), folder.path('full'))),
            (OperationFailure, 'deleteDirectory', (folder.path('full'),)),
        ):
            with pytest.raises(error):
                getattr(connection, method)(folder.share, *arguments)
        with pytest.raises(FileNotFoundError):
            connection.listPath('nosuchshare', '/')
        assert connection.listPath(folder.share, folder.path(), pattern='none*') == []
        assert connection.deleteFiles(folder.share, folder.path('none')) is None
        assert names(connection.listPath(folder.share, folder.path())) == ['file', 'full']

    def test_who_is_refused_gets_false(self, server, new, options):
        private = server(**SMB1_ALONE, **options)
        connection = new(private, password='wrong')
        assert connection.connect(private.host, private.port) is False
        assert connection.auth_error == 'STATUS_LOGON_FAILURE, 0xC000006D'

    def test_names_are_sent_where_the_server_can_have_them(self, server, connect, options):
        folder = Folder(server(**SMB1_ALONE, **options))
        connection = connect(folder.server)
        assert connection.storeFile(folder.share, folder.path('größe'), io.BytesIO(b'data')) == 4
        if 'unicode' in options:
            with pytest.raises(ValueError):
                connection.storeFile(folder.share, folder.path('中'), io.BytesIO(b'data'))
        else:
            assert connection.storeFile(folder.share, folder.path('中'), io.BytesIO(b'data')) == 4
        expected = ['größe'] if 'unicode' in options else ['größe', '中']
        assert names(connection.listPath(folder.share, folder.path())) == sorted(folder.tree()) == expected


class TestClose:
    """From another thread, while a dialect is being looked for: no connection comes of it any more."""

    def check(self, connection, front, close):
        done = threading.Event()

        def run():
            close()
            done.set()

        thread = threading.Thread(target=run)
        thread.start()
        _, elapsed = check_fails(connection, front, NotConnectedError, timeout=4)
        thread.join(10)
        assert done.is_set()
        assert elapsed < 0.2 + LATENESS
        time.sleep(0.05)
        assert connection.sock is None and connection.auth_result is None

    def test_while_smb2_is_waited_for(self, old, new):
        connection = new(old)
        with OldServer(old, silence) as front:
            self.check(connection, front, lambda: (time.sleep(0.2), connection.close()))
            assert (front.offers, front.frame_count) == (1, 0)

    def test_between_the_two_connections(self, old, new):
        connection = new(old)
        with OldServer(old, lambda sock: connection.close()) as front:
            self.check(connection, front, lambda: None)
            assert (front.offers, front.frame_count) == (1, 0)

    def test_while_smb1_is_waited_for(self, old, new):
        connection = new(old)
        with OldServer(old, hang_up) as front:
            front.hold()
            self.check(connection, front, lambda: (time.sleep(0.2), connection.close()))

    def test_leaves_a_connection_that_can_be_made_again(self, old, new):
        connection = new(old)
        with OldServer(old, lambda sock: connection.close()) as front:
            self.check(connection, front, lambda: None)
        assert connection.connect(old.host, old.port) is True
        use(connection, Folder(old))


@both_sign_ons
class TestUsers:
    @pytest.fixture(autouse=True)
    def sign_on(self, extended_security, monkeypatch):
        monkeypatch.setattr(smb_structs, 'SUPPORT_EXTENDED_SECURITY', extended_security)

    @pytest.mark.parametrize('use_ntlm_v2', [True, False], ids=['NTLMv2', 'NTLMv1'])
    @pytest.mark.parametrize(
        'arguments',
        [{'password': 'wrong'}, {'password': ''}, {'username': 'nosuchuser'}, {'username': 'größe'}],
        ids=str,
    )
    def test_who_is_refused_gets_false(self, old, new, use_ntlm_v2, arguments):
        connection = new(old, use_ntlm_v2=use_ntlm_v2, **arguments)
        assert connection.connect(old.host, old.port) is False
        assert connection.auth_result is False
        assert connection.auth_error == 'STATUS_LOGON_FAILURE, 0xC000006D'
        assert connection.sock is not None and not connection.is_guest
        for call in (connection.listShares, lambda: connection.listPath('smbtest', '/')):
            with pytest.raises(NotReadyError):
                call()
        assert connection.echo(b'no login') == b'no login'
        connection.username, connection._password = old.user, old.password
        assert connection.connect(old.host, old.port) is True
        assert connection.listPath('smbtest', '/')

    def test_ntlm_v1_where_the_server_takes_only_v2(self, server, new, connect, extended_security):
        private = server(**SMB1_ALONE, ntlm_auth='ntlmv2-only')
        connection = new(private, use_ntlm_v2=False)
        assert connection.connect(private.host, private.port) is False
        assert connection.auth_error.startswith('STATUS_')
        if extended_security:  # switched off it means NTLMv1
            assert connect(private).listPath('smbtest', '/')

    @pytest.mark.parametrize('user', ['WORKGROUP\\{}', 'TESTSERVER\\{}', '.\\{}'])
    @pytest.mark.parametrize('use_ntlm_v2', [True, False], ids=['NTLMv2', 'NTLMv1'])
    def test_forms_of_the_name(self, old, connect, user, use_ntlm_v2):
        connection = connect(old, username=user.format(old.user), use_ntlm_v2=use_ntlm_v2)
        assert connection.listPath('smbtest', '/') and not connection.is_guest

    @pytest.mark.parametrize('sign_options', [0, 1, 2])
    def test_a_guest_is_let_in_unsigned(self, server, connect, sign_options):
        folder = Folder(server(**GUESTS), 'public')
        connection = connect(folder.server, username='nosuchuser', password='x', sign_options=sign_options)
        assert connection.is_guest and connection.dialect == SMB1
        assert not connection.is_signing_active and connection.auth_error is None
        use(connection, folder)
        check_refused(
            connection, 'listPath', 'smbtest', '/',
            reason='Unable to connect to shared device', status='STATUS_ACCESS_DENIED',
        )  # fmt: skip

    @pytest.mark.parametrize('user', [('nosuchuser', 'x'), ('', '')], ids=['guest', 'anonymous'])
    def test_who_requires_signing_is_no_guest(self, server, new, user):
        private = server(**GUESTS)
        connection = new(private, username=user[0], password=user[1], require_signing=True)
        check_fails(connection, private, ProtocolError, match=r'guest|anonymous')

    def test_nobody_in_particular_is_a_guest(self, server, connect):
        connection = connect(server(**GUESTS), username='', password='')
        assert connection.is_guest and not connection.is_signing_active
        assert 'public' in {share.name for share in connection.listShares()}
