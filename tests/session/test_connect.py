"""Transport.connect(): the TCP connection, and the NetBIOS session on it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager

import pytest

from nmb.nmb_structs import pack_session_request
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout
from smb.transport import Deadline, Transport
from tests.session.sockets import KEEPALIVE, framed, in_background, received

OPENED = b'\x82\0\0\0'
REQUEST = pack_session_request('FRED', 'ME')


def retargeted(port):
    return b'\x84\0\0\6\x7f\0\0\1' + port.to_bytes(2, 'big')


@contextmanager
def server(*scripts, host='127.0.0.1', family=socket.AF_INET):
    """The port of a server that runs each script with one connection, in that order, and then hangs up on it."""
    listener = socket.create_server((host, 0), family=family)
    listener.settimeout(10)

    def serve():
        for script in scripts:
            peer, _ = listener.accept()
            with peer:
                peer.settimeout(10)
                script(peer)

    with listener, in_background(serve):
        yield listener.getsockname()[1]


def answer(*frames):
    """A script that takes a session request, answers with these, and waits for the client to hang up."""

    def script(peer):
        assert received(peer, len(REQUEST)) == REQUEST
        peer.sendall(b''.join(frames))
        assert peer.recv(1) == b''

    return script


def wait_for_end(peer):
    assert peer.recv(1) == b''


def connect(transport, port, host='127.0.0.1', family=None, seconds=5.0):
    transport.connect(host, port, family, Deadline(seconds), 'me', 'Fred')


@pytest.fixture(params=[False, True], ids=['netbios', 'direct'])
def either_transport(request):
    transport = Transport(request.param)
    yield transport
    transport.close()


@pytest.fixture
def transport():
    """Over NetBIOS."""
    transport = Transport(False)
    yield transport
    transport.close()


@pytest.fixture
def direct():
    transport = Transport(True)
    yield transport
    transport.close()


@pytest.fixture
def silent_port():
    """A port where connections are never made: the queue of those that wait is full."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            client = socket.socket()
            client.settimeout(0.05)
            waiting.append(client)
            try:
                client.connect(listener.getsockname())
            except TimeoutError:
                break
        else:
            pytest.skip('this system queues any number of connections')
        yield listener.getsockname()[1]
        for client in waiting:
            client.close()


# The TCP connection


def test_there_is_no_socket_before_connect_and_after_close(direct):
    assert direct.sock is None
    with server(wait_for_end) as port:
        connect(direct, port)
        sock = direct.sock
        assert isinstance(sock, socket.socket)
        direct.close()
    assert direct.sock is None
    assert sock.fileno() == -1


def test_the_socket_sends_at_once_and_notices_a_dead_peer(direct):
    with server(wait_for_end) as port:
        connect(direct, port)
        assert direct.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert direct.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        direct.close()


@pytest.mark.parametrize('seconds', [60.0, None])
def test_the_timeout_stays_on_the_socket(seconds):
    for is_direct_tcp, script in ((True, wait_for_end), (False, answer(OPENED))):
        transport = Transport(is_direct_tcp)
        with server(script) as port:
            connect(transport, port, seconds=seconds)
            assert transport.sock.gettimeout() == seconds
            transport.close()


def test_the_round_trip_of_the_handshake_is_measured(direct):
    assert direct.round_trip_seconds == 0
    with server(wait_for_end) as port:
        connect(direct, port)
        assert 0 < direct.round_trip_seconds < 1
        direct.close()


def test_the_quickest_turn_counts_where_the_handshake_was_quicker(direct):
    with server(wait_for_end) as port:
        connect(direct, port)
        direct.saw_turn(5.0)
        direct.saw_turn(3.0)
        direct.saw_turn(4.0)
        assert direct.round_trip_seconds == 3.0
        direct.saw_turn(0.0)
        assert 0 < direct.round_trip_seconds < 1
        direct.close()


@pytest.mark.parametrize('family', [None, socket.AF_INET])
def test_the_host_can_be_a_name(family, direct):
    with server(wait_for_end) as port:
        connect(direct, port, 'localhost', family)
        assert direct.sock.family == socket.AF_INET
        direct.close()


@pytest.mark.parametrize('family', [None, socket.AF_INET6])
def test_the_host_can_be_an_ipv6_address(family, direct):
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip('no IPv6 on loopback')
    with server(wait_for_end, host='::1', family=socket.AF_INET6) as port:
        connect(direct, port, '::1', family)
        assert direct.sock.family == socket.AF_INET6
        direct.close()


def test_each_address_of_a_name_is_tried(direct, monkeypatch):
    with server(wait_for_end) as port:
        ports = (unused_port(), unused_port(), port)
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, '', ('127.0.0.1', each)) for each in ports]
        monkeypatch.setattr(socket, 'getaddrinfo', lambda *_: addresses)
        connect(direct, port)
        assert direct.sock.getpeername() == ('127.0.0.1', port)
        direct.close()


def test_an_address_that_does_not_answer_leaves_time_for_the_next(direct, silent_port, monkeypatch):
    with server(wait_for_end) as port:
        addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, '', ('127.0.0.1', each)) for each in (silent_port, port)]
        monkeypatch.setattr(socket, 'getaddrinfo', lambda *_: addresses)
        connect(direct, port, seconds=0.6)
        assert direct.sock.getpeername() == ('127.0.0.1', port)
        direct.close()


def unused_port():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


def test_a_refused_connection_comes_out_as_it_is(either_transport):
    with pytest.raises(ConnectionRefusedError) as caught:
        connect(either_transport, unused_port())
    assert not isinstance(caught.value, NotConnectedError)
    assert either_transport.sock is None


@pytest.mark.parametrize('host', ['host.invalid', 'a..b', 'x' * 64 + '.invalid'])
def test_an_unknown_host_comes_out_as_it_is(host, either_transport):
    with pytest.raises(socket.gaierror):
        connect(either_transport, 445, host)
    assert either_transport.sock is None


@pytest.mark.parametrize('host', [5, 1.5, []])
def test_what_is_no_host_is_refused_as_such(host, direct):
    with pytest.raises(TypeError, match='getaddrinfo'):
        connect(direct, 445, host)
    assert direct.sock is None


def test_an_address_of_another_family_comes_out_as_it_is(direct):
    with pytest.raises(socket.gaierror):
        connect(direct, 445, '127.0.0.1', socket.AF_INET6)


def test_a_connection_that_is_not_made_in_time_is_a_timeout(either_transport, silent_port):
    started = time.monotonic()
    with pytest.raises(TimeoutError) as caught:
        connect(either_transport, silent_port, seconds=0.2)
    assert not isinstance(caught.value, SMBTimeout)
    assert time.monotonic() - started < 0.7
    assert either_transport.sock is None


@pytest.mark.parametrize('seconds', [0, -1])
def test_a_deadline_that_has_passed_is_a_timeout(seconds, either_transport):
    with socket.create_server(('127.0.0.1', 0)) as listener, pytest.raises(TimeoutError):
        connect(either_transport, listener.getsockname()[1], seconds=seconds)
    assert either_transport.sock is None


def test_connect_again_ends_the_connection_before(direct):
    def greet(peer):
        peer.sendall(framed(b'first')[:6])
        wait_for_end(peer)

    with server(greet) as first, server(lambda peer: peer.sendall(framed(b'second'))) as second:
        connect(direct, first)
        with pytest.raises(SMBTimeout):
            direct.receive(Deadline(0.1))
        connect(direct, second)
        # Nothing of the frame of the first connection is left
        assert direct.receive(Deadline(5)) == b'second'


def test_close_ends_connect_in_another_thread(either_transport, silent_port):
    def close():
        time.sleep(0.1)
        either_transport.close()

    with in_background(close):
        started = time.monotonic()
        with pytest.raises(NotConnectedError, match='closed while it was being made'):
            connect(either_transport, silent_port, seconds=10)
        assert time.monotonic() - started < 0.5
    assert either_transport.sock is None


def test_close_while_the_name_is_looked_up_ends_connect(direct, monkeypatch):
    with socket.create_server(('127.0.0.1', 0)) as listener:
        address = listener.getsockname()

        def look_up(*_):
            direct.close()
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, '', address)]

        monkeypatch.setattr(socket, 'getaddrinfo', look_up)
        with pytest.raises(NotConnectedError, match='closed while it was being made'):
            connect(direct, address[1])
    assert direct.sock is None


# The NetBIOS session


def test_a_netbios_session_is_asked_for(transport):
    with server(answer(OPENED, framed(b'hello'))) as port:
        connect(transport, port)
        assert transport.receive(Deadline(5)) == b'hello'
        transport.close()


def test_direct_tcp_asks_for_no_session(direct):
    def script(peer):
        assert received(peer, 7) == framed(b'abc')

    with server(script) as port:
        connect(direct, port)
        direct.send([b'abc'], Deadline(5))


def test_names_are_cut_and_in_code_page_850(transport):
    request = []

    def script(peer):
        request.append(received(peer, 72))
        peer.sendall(OPENED)

    with server(script) as port:
        transport.connect('127.0.0.1', port, None, Deadline(5), 'é' * 20, 'a' * 14 + '東bc')
    assert request == [pack_session_request('A' * 14 + '?', 'É' * 15)]


def test_keepalive_packets_before_the_response_are_skipped(transport):
    with server(answer(KEEPALIVE, KEEPALIVE, OPENED)) as port:
        connect(transport, port)
        assert transport.sock is not None
        transport.close()


@pytest.mark.parametrize(
    ('code', 'reason'),
    [
        (0x80, 'not listening on called name'),
        (0x81, 'not listening for calling name'),
        (0x82, 'called name not present'),
        (0x83, 'insufficient resources'),
        (0x8F, 'unspecified error'),
        (0x42, 'unknown reason'),
    ],
)
def test_a_refused_session_is_not_connected_at_once_and_says_why(code, reason, transport):
    started = time.monotonic()
    with (
        server(answer(b'\x83\0\0\1' + bytes([code]))) as port,
        pytest.raises(NotConnectedError, match=rf"'Fred'.*{reason} \({code:#04x}\)"),
    ):
        connect(transport, port)
    assert time.monotonic() - started < 1
    assert transport.sock is None


def test_a_retargeted_session_is_asked_for_there(transport):
    with server(answer(OPENED, framed(b'hello'))) as second, server(answer(retargeted(second))) as first:
        connect(transport, first)
        assert transport.sock.getpeername() == ('127.0.0.1', second)
        assert transport.receive(Deadline(5)) == b'hello'
        transport.close()


def test_what_a_server_sends_after_it_sent_us_away_is_forgotten(transport):
    with server(answer(OPENED)) as second, server(answer(retargeted(second), framed(b'abc')[:6])) as first:
        connect(transport, first)
        transport.close()


def test_a_session_is_retargeted_once_only(transport):
    with server(answer(retargeted(1))) as second, server(answer(retargeted(second))) as first:
        with pytest.raises(ProtocolError, match='retargeted twice'):
            connect(transport, first)
        assert transport.sock is None


def test_a_retarget_to_where_nobody_listens_comes_out_as_it_is(transport):
    with server(answer(retargeted(unused_port()))) as port, pytest.raises(ConnectionRefusedError):
        connect(transport, port)
    assert transport.sock is None


@pytest.mark.parametrize('response', [framed(b'abc'), b'HTTP/1.1 400', b'\x81\0\0\0', b'\x82\0\0\1x', b'\x83\0\0\0'])
def test_any_other_response_is_a_protocol_error(response, transport):
    def script(peer):
        received(peer, len(REQUEST))
        peer.sendall(response)
        wait_for_end(peer)

    with server(script) as port, pytest.raises(ProtocolError) as caught:
        connect(transport, port)
    assert caught.value.data_buf in response
    assert transport.sock is None


def test_a_server_that_does_not_answer_is_a_timeout(transport):
    started = time.monotonic()
    with server(answer()) as port, pytest.raises(SMBTimeout, match=r'within 0\.2 seconds'):
        connect(transport, port, seconds=0.2)
    assert time.monotonic() - started < 0.7
    assert transport.sock is None


def test_a_server_that_hangs_up_is_not_connected(transport):
    def hang_up(peer):
        received(peer, len(REQUEST))

    with server(hang_up) as port, pytest.raises(NotConnectedError, match=f"'Fred' on port {port}: .*hung up"):
        connect(transport, port)
    assert transport.sock is None


def test_on_the_port_of_direct_tcp_a_lost_session_comes_with_advice(transport, monkeypatch):
    with server(lambda peer: received(peer, len(REQUEST))) as port:
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, '', ('127.0.0.1', port))
        monkeypatch.setattr(socket, 'getaddrinfo', lambda *_: [address])
        with pytest.raises(NotConnectedError, match='port 445, which takes is_direct_tcp=True'):
            connect(transport, 445)


def test_close_ends_a_session_request_in_another_thread(transport):
    requested = threading.Event()

    def script(peer):
        received(peer, len(REQUEST))
        requested.set()
        wait_for_end(peer)

    def close():
        assert requested.wait(10)
        transport.close()

    with (
        server(script) as port,
        in_background(close),
        pytest.raises(NotConnectedError, match='closed while it was being made'),
    ):
        connect(transport, port, seconds=10)
    assert transport.sock is None
