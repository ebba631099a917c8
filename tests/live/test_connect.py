"""connect() and close(): attributes, repeats, and servers that are none."""

from __future__ import annotations

import socket
import time

import pytest

from nmb.base import NotConnectedError as NMBNotConnectedError
from smb.base import NotConnectedError, NotReadyError, SMBTimeout
from smb.smb_structs import ProtocolError
from tests.live.folder import names
from tests.live.network import HOST, OddServer, Relay, receive_frame

both_transports = pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])
PATIENCE = 0.5  # seconds: how exactly a timeout is kept


def closed_port():
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        return sock.getsockname()[1]


class TestLife:
    @both_transports
    def test_attributes_before_while_and_after(self, new, folder, is_direct_tcp):
        server = folder.server
        connection = new(server, is_direct_tcp=is_direct_tcp)
        assert (connection.sock, connection.auth_result, connection.dialect) == (None, None, None)
        assert (connection.cipher, connection.signing_algorithm, connection.auth_error) == (None, None, None)
        assert not connection.isUsingSMB2 and not connection.is_using_smb2 and not connection.is_busy
        assert not connection.has_negotiated and not connection.has_authenticated
        assert connection.max_read_size == connection.max_write_size == connection.max_transact_size == 0
        assert (connection.my_name, connection.remote_name) == ('TESTCLIENT', 'TESTSERVER')

        assert connection.connect(server.host, server.port) is True
        assert isinstance(connection.sock, socket.socket)
        assert connection.sock.gettimeout() == 60.0
        assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert connection.isUsingSMB2 and connection.has_negotiated and connection.has_authenticated
        assert connection.auth_result is True and not connection.is_busy
        assert connection.connected_trees == {}
        sizes = {connection.max_read_size, connection.max_write_size, connection.max_transact_size}
        assert min(sizes) == 65536 if not is_direct_tcp else min(sizes) >= 1 << 20
        assert connection.capabilities and connection.security_mode
        assert connection.max_buffer_size == connection.max_raw_size == 0

        connection.listPath(folder.share, folder.path())
        assert list(connection.connected_trees) == [folder.share]
        sock = connection.sock
        assert connection.close() is None
        assert connection.sock is None and sock.fileno() == -1
        assert connection.isUsingSMB2
        assert connection.close() is None

    def test_every_argument_by_position(self, new, server):
        private = server()
        connection = new(private)
        positional = type(connection)(private.user, private.password, 'me', 'them', '', True, 2, True)
        with positional as same:
            assert same is positional
            assert same.sock is None
            assert same.connect(private.host, private.port, socket.AF_INET, 5)
            assert same.sock.gettimeout() == 5.0
        assert positional.sock is None

    def test_an_exception_in_the_with_block_closes_and_passes(self, new, server):
        private = server()
        with pytest.raises(KeyError), new(private) as connection:
            connection.connect(private.host, private.port)
            raise KeyError('through')
        assert connection.sock is None

    @both_transports
    @pytest.mark.parametrize('protection', [{}, {'require_signing': True}, {'require_encryption': True}], ids=str)
    def test_connect_again_starts_from_scratch(self, connect, folder, is_direct_tcp, protection):
        folder.put('file')
        server = folder.server
        connection = connect(server, is_direct_tcp=is_direct_tcp, **protection)
        for close_before in (True, False, True, True, False):
            assert names(connection.listPath(folder.share, folder.path())) == ['file']
            first = connection.sock
            if close_before:
                connection.close()
                with pytest.raises(NotConnectedError):
                    connection.listPath(folder.share, folder.path())
            assert connection.connect(server.host, server.port) is True
            assert first.fileno() == -1
            assert connection.connected_trees == {}
        assert names(connection.listPath(folder.share, folder.path())) == ['file']

    def test_connect_again_to_another_server_with_another_dialect(self, connect, server, folder):
        other = server(max_protocol='SMB2_02')
        connection = connect(folder.server)
        assert (connection.dialect, connection.cipher) == (0x0311, 'AES-128-GCM')
        assert connection.connect(other.host, other.port)
        assert (connection.dialect, connection.cipher) == (0x0202, None)
        assert folder.name not in names(connection.listPath(folder.share, '/'))
        assert connection.connect(folder.server.host, folder.server.port)
        assert folder.name in names(connection.listPath(folder.share, '/'))

    def test_a_failed_connect_leaves_nothing_of_the_connection_before(self, connect, server):
        private = server()
        connection = connect(private)
        first = connection.sock
        with pytest.raises(ConnectionRefusedError):
            connection.connect(HOST, closed_port())
        assert connection.sock is None and first.fileno() == -1
        assert connection.auth_result is None and connection.dialect is None
        with pytest.raises(NotConnectedError):
            connection.listShares()
        assert connection.connect(private.host, private.port)

    def test_fifty_connections_are_closed_on_the_server(self, new, folder):
        before = len(folder.server.processes())
        for _ in range(50):
            connection = new(folder.server)
            assert connection.connect(folder.server.host, folder.server.port)
            connection.close()
        end = time.monotonic() + 10
        while len(folder.server.processes()) > before + 10:
            assert time.monotonic() < end
            time.sleep(0.01)


class TestAddresses:
    @both_transports
    def test_a_host_name(self, connect, server, is_direct_tcp):
        connection = connect(server(), host='localhost', is_direct_tcp=is_direct_tcp)
        assert connection.listPath('smbtest', '/')

    @both_transports
    def test_ipv6(self, connect, server, is_direct_tcp):
        private = server()
        try:
            socket.create_connection(('::1', private.port), 5).close()
        except OSError as error:
            pytest.skip(f'smbd does not listen on ::1: {error}')
        connection = connect(private, host='::1', is_direct_tcp=is_direct_tcp)
        assert connection.sock.family == socket.AF_INET6
        assert connection.listPath('smbtest', '/')

    def test_a_family_that_the_host_has_not(self, new, server):
        private = server()
        connection = new(private)
        with pytest.raises(OSError):
            connection.connect('127.0.0.1', private.port, socket.AF_INET6)
        assert connection.sock is None
        assert connection.connect('127.0.0.1', private.port, socket.AF_INET)

    @pytest.mark.parametrize('host', ['no.such.host.invalid', '', 'ä' * 70, 'a..b'], ids=ascii)
    def test_a_host_that_does_not_exist(self, new, server, host):
        connection = new(server())
        with pytest.raises(OSError):
            connection.connect(host, closed_port(), timeout=10)
        assert connection.sock is None and not connection.is_busy

    @both_transports
    def test_a_port_where_nobody_listens(self, new, server, is_direct_tcp):
        connection = new(server(), is_direct_tcp=is_direct_tcp)
        with pytest.raises(ConnectionRefusedError):
            connection.connect(HOST, closed_port())
        assert connection.sock is None
        with pytest.raises(NotConnectedError):
            connection.listShares()


def wait(seconds):
    def script(sock):
        receive_frame(sock)
        sock.settimeout(seconds)
        sock.recv(1)

    return script


def answer(data, patience=10):
    """A script that takes the first frame, answers with ``data``, and waits for the client to hang up."""

    def script(sock):
        receive_frame(sock)
        sock.sendall(data)
        sock.settimeout(patience)
        while sock.recv(4096):
            pass

    return script


def reset(sock):
    receive_frame(sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
    sock.close()


HTTP = b'HTTP/1.1 400 Bad Request\r\nContent-Length: 70000\r\n\r\n' + b' ' * 70_000
PLAIN_SMB1_NEGOTIATE = b'\0\0\0\x27\xffSMBr\0\0\0\0\x88' + bytes(29)


class TestServersThatAreNone:
    def check(self, connection, odd_server, error, timeout=1.0, **expected):
        started = time.monotonic()
        with odd_server as server, pytest.raises(error, **expected) as caught:
            connection.connect(server.host, server.port, timeout=timeout)
        elapsed = time.monotonic() - started
        assert connection.sock is None and not connection.is_busy
        with pytest.raises(NotConnectedError):
            connection.listShares()
        return caught.value, elapsed

    @both_transports
    def test_a_silent_one(self, new, server, is_direct_tcp):
        connection = new(server(), is_direct_tcp=is_direct_tcp)
        _, elapsed = self.check(connection, OddServer(wait(10)), SMBTimeout)
        assert 1 <= elapsed < 1 + PATIENCE

    @both_transports
    @pytest.mark.parametrize('script', [lambda sock: None, receive_frame, reset], ids=['at once', 'later', 'reset'])
    def test_one_that_hangs_up(self, new, server, is_direct_tcp, script):
        connection = new(server(), is_direct_tcp=is_direct_tcp)
        error, elapsed = self.check(connection, OddServer(script), NotConnectedError)
        assert isinstance(error, NMBNotConnectedError) and isinstance(error, ConnectionError)
        assert elapsed < PATIENCE

    @both_transports
    @pytest.mark.parametrize(
        'data',
        [HTTP, b'SSH-2.0-OpenSSH_9.2\r\n', b'220 ftp\r\n', bytes(4), b'\0\0\0\5hello', b'\0\xff\xff\xff' + b'x' * 100,
         b'\0\0\0\x40' + bytes(64), b'\0\0\0\x40\xfeSMB' + bytes(60), b'\0\0\0\x41\xfeSMB\x40' + bytes(60)],
        ids=['HTTP', 'SSH', 'FTP', 'empty', 'short', 'huge', 'zeros', 'zero header', 'cut'],
    )  # fmt: skip
    def test_one_that_speaks_something_else(self, new, server, is_direct_tcp, data):
        connection = new(server(), is_direct_tcp=is_direct_tcp)
        data = data if is_direct_tcp else b'\x82\0\0\0' + data
        _, elapsed = self.check(connection, OddServer(answer(data)), ProtocolError)
        assert elapsed < PATIENCE

    def test_http_in_place_of_a_netbios_session(self, new, server):
        connection = new(server(), is_direct_tcp=False)
        _, elapsed = self.check(connection, OddServer(answer(HTTP)), ProtocolError)
        assert elapsed < PATIENCE

    @pytest.mark.parametrize('code', [0x80, 0x81, 0x82, 0x83, 0x8F, 0x00])
    def test_one_that_refuses_the_netbios_names(self, new, server, code):
        connection = new(server(), is_direct_tcp=False)
        data = b'\x83\0\0\1' + bytes([code])
        _, elapsed = self.check(connection, OddServer(answer(data)), NotConnectedError, match="'TESTSERVER'")
        assert elapsed < PATIENCE

    @both_transports
    def test_an_smb1_answer_to_an_offer_of_smb2(self, new, server, is_direct_tcp):
        connection = new(server(), is_direct_tcp=is_direct_tcp, min_dialect=0x0202)
        data = PLAIN_SMB1_NEGOTIATE if is_direct_tcp else b'\x82\0\0\0' + PLAIN_SMB1_NEGOTIATE
        self.check(connection, OddServer(answer(data)), ProtocolError)

    @both_transports
    def test_a_server_with_smb1_alone(self, new, server, is_direct_tcp):
        private = server(max_protocol='NT1', server_min_protocol='NT1')
        connection = new(private, is_direct_tcp=is_direct_tcp, min_dialect=0x0202)
        started = time.monotonic()
        with pytest.raises((NotConnectedError, ProtocolError), match='0x0202'):
            connection.connect(private.host, private.port, timeout=5)
        assert time.monotonic() - started < 2
        assert connection.sock is None

    @both_transports
    def test_a_server_that_only_drips(self, new, server, is_direct_tcp):
        """Its silence is short each time; a whole answer does not come nevertheless."""

        def drip(sock):
            receive_frame(sock)
            for byte in b'\0\0\1\0' + bytes(200):
                sock.sendall(bytes([byte]))
                time.sleep(0.05)

        connection = new(server(), is_direct_tcp=is_direct_tcp)
        _, elapsed = self.check(connection, OddServer(drip), (SMBTimeout, ProtocolError))
        assert elapsed < 1 + PATIENCE


class TestDialects:
    @pytest.mark.parametrize(
        ('keywords', 'options', 'expected'),
        [
            ({}, {}, 0x0311),
            ({'max_dialect': 0x0302}, {}, 0x0302),
            ({'max_dialect': 0x0202}, {}, 0x0202),
            ({'min_dialect': 0x0300}, {'max_protocol': 'SMB3_00'}, 0x0300),
            ({'min_dialect': 0x0210, 'max_dialect': 0x0210}, {}, 0x0210),
            ({'max_dialect': 0x0302}, {'max_protocol': 'SMB2_10'}, 0x0210),
            ({'min_dialect': 0x0311}, {'server_min_protocol': 'SMB3_11'}, 0x0311),
        ],
        ids=str,
    )
    @both_transports
    def test_the_newest_that_both_accept(self, connect, server, keywords, options, expected, is_direct_tcp):
        connection = connect(server(**options), is_direct_tcp=is_direct_tcp, **keywords)
        assert connection.dialect == expected
        assert connection.listPath('smbtest', '/')

    @pytest.mark.parametrize(
        ('keywords', 'options'),
        [
            ({'max_dialect': 0x0302}, {'server_min_protocol': 'SMB3_11'}),
            ({'min_dialect': 0x0300}, {'max_protocol': 'SMB2_10'}),
            ({'min_dialect': 0x0311}, {'max_protocol': 'SMB3_02'}),
        ],
        ids=str,
    )
    @both_transports
    def test_none_in_common(self, new, server, keywords, options, is_direct_tcp):
        private = server(**options)
        connection = new(private, is_direct_tcp=is_direct_tcp, **keywords)
        with pytest.raises(ProtocolError, match='No common dialect'):
            connection.connect(private.host, private.port)
        assert connection.sock is None


class TestLostConnection:
    @pytest.mark.parametrize('arguments', [{}, {'is_direct_tcp': False}, {'require_encryption': True}], ids=str)
    def test_a_cut_is_noticed_and_stays_noticed(self, connect, folder, arguments):
        with Relay(folder.server) as relay:
            connection = connect(folder.server, via=relay, **arguments)
            connection.listPath(folder.share, folder.path())
            relay.cut()
            for _ in range(3):
                with pytest.raises(NotConnectedError) as caught:
                    connection.listPath(folder.share, folder.path())
                assert isinstance(caught.value, NMBNotConnectedError) and isinstance(caught.value, ConnectionError)
                assert str(caught.value)
                assert connection.sock is None and not connection.is_busy
            with pytest.raises(NotConnectedError):
                connection.echo(b'x')
            assert connection.close() is None
        assert connection.connect(folder.server.host, folder.server.port)
        assert connection.listPath(folder.share, folder.path())

    def test_a_server_that_stops_is_noticed(self, new):
        from smb.testing import SambaServer

        with SambaServer() as server:
            connection = new(server)
            connection.connect(server.host, server.port)
            connection.listPath('smbtest', '/')
        for _ in range(2):
            with pytest.raises(NotConnectedError):
                connection.listPath('smbtest', '/')

    def test_not_ready_is_another_error(self, new, server):
        private = server()
        connection = new(private, password='wrong')
        assert connection.connect(private.host, private.port) is False
        with pytest.raises(NotReadyError):
            connection.listPath('smbtest', '/')
        connection.close()
        with pytest.raises(NotConnectedError):
            connection.listPath('smbtest', '/')
