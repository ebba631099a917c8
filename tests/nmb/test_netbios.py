"""nmb.NetBIOS against a node on loopback: who is believed, and when it is over."""

from __future__ import annotations

import logging
import socket
import threading
import time
from contextlib import contextmanager

import pytest

import nmb.base
import nmb.NetBIOS
from nmb.NetBIOS import NetBIOS
from tests.nmb.packets import entry, name_answer, negative_answer, status_answer
from tests.nmb.responder import Responder, udp_socket

BROADCAST = '127.255.255.255'
SHORT = 0.3


def transaction(query: bytes) -> int:
    return int.from_bytes(query[:2], 'big')


def right(query: bytes) -> bytes:
    """The answer to a query of either kind."""
    if query[-4:-2] == b'\0\x20':
        return name_answer(transaction(query), '192.0.2.1')
    return status_answer(transaction(query), entry('TESTSERVER'))


def ask_name(service, node, **options):
    return service.queryName('TESTSERVER', node.host, node.port, **options)


def ask_status(service, node, **options):
    return service.queryIPForName(node.host, node.port, **options)


both = pytest.mark.parametrize(
    ('ask', 'answer'), [(ask_name, ['192.0.2.1']), (ask_status, ['TESTSERVER'])], ids=['name', 'status']
)


@pytest.fixture
def service():
    with NetBIOS() as service:
        yield service


@contextmanager
def takes(least, most):
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    assert least <= seconds < most


class TestAnswers:
    @both
    def test_the_answer_is_returned_at_once(self, service, ask, answer):
        with Responder(lambda query: [right(query)]) as node, takes(0, 2):
            assert ask(service, node) == answer
        assert len(node.queries) == 1

    def test_every_address_of_a_name(self, service):
        addresses = [f'10.0.0.{number}' for number in range(100)]
        with Responder(lambda query: [name_answer(transaction(query), *addresses)]) as node:
            assert ask_name(service, node) == addresses

    @pytest.mark.parametrize('name', ['testserver', 'TestServer', 'TESTSERVER'])
    def test_a_name_is_asked_for_in_upper_case(self, service, name):
        with Responder(lambda query: [right(query)]) as node:
            service.queryName(name, node.host, node.port)
        assert node.queries[0][12:46] == name_answer(0)[12:46]

    def test_a_machine_that_knows_no_such_name_ends_the_wait(self, service):
        with Responder(lambda query: [negative_answer(transaction(query))]) as node, takes(0, 2):
            assert ask_name(service, node) is None

    def test_only_names_of_the_server_service_are_returned_without_their_blanks(self, service):
        entries = [entry('PC'), entry('PC', 0x00), entry('GROUP', 0x1E, 0xC400), entry('PC', 0x03), entry('ALIAS')]
        with Responder(lambda query: [status_answer(transaction(query), b''.join(entries))]) as node:
            assert ask_status(service, node) == ['PC', 'ALIAS']

    def test_a_machine_may_have_255_names(self, service):
        names = [f'NAME{number}' for number in range(255)]
        entries = b''.join(map(entry, names))
        with Responder(lambda query: [status_answer(transaction(query), entries)]) as node:
            assert ask_status(service, node) == names

    def test_a_machine_without_a_server_service_has_an_empty_list(self, service):
        with Responder(lambda query: [status_answer(transaction(query), entry('PC', 0x00))]) as node:
            assert ask_status(service, node) == []

    @both
    def test_several_queries_in_a_row(self, service, ask, answer):
        with Responder(lambda query: [right(query), right(query)]) as node:
            assert [ask(service, node) for _ in range(20)] == [answer] * 20
        assert len({transaction(query) for query in node.queries}) > 10

    def test_a_machine_may_be_given_by_its_host_name(self, service):
        with Responder(lambda query: [right(query)]) as node:
            assert service.queryIPForName('localhost', node.port) == ['TESTSERVER']

    @both
    def test_a_query_that_got_lost_is_sent_again(self, service, ask, answer, monkeypatch):
        monkeypatch.setattr(nmb.NetBIOS, 'UNICAST_INTERVAL_SECONDS', 0.05)
        with Responder(lambda query: [right(query)] if len(node.queries) == 3 else []) as node:
            assert ask(service, node) == answer
        assert len(node.queries) == 3 and len(set(node.queries)) == 1


class TestSkipped:
    @both
    @pytest.mark.parametrize(
        'packets',
        [
            lambda query: [right(bytes([query[0] ^ 1]) + query[1:])],
            lambda query: [right(query)[:length] for length in range(len(right(query)))],
            lambda query: [query],
            lambda query: [b'x' * 500, b'\xff' * 60],
            lambda query: [right(query[:-4] + bytes([0, query[-3] ^ 1, 0, 1]))],
        ],
        ids=['another transaction', 'cut', 'a query', 'noise', 'the answer to the other question'],
    )
    def test_what_is_no_answer_is_skipped_and_the_answer_still_comes(self, service, ask, answer, packets):
        with Responder(lambda query: [*packets(query), right(query)]) as node:
            assert ask(service, node) == answer

    @both
    @pytest.mark.parametrize('host', ['127.0.0.1', '127.0.0.2'])
    def test_strangers_are_not_believed(self, service, ask, answer, host):
        with udp_socket(host) as stranger, Responder(lambda query: [right(query)], answer_from=stranger) as node:
            with takes(SHORT, SHORT + 0.5):
                assert ask(service, node, timeout=SHORT) is None
            assert len(node.queries) == 1

    def test_a_machine_that_was_asked_by_another_of_its_addresses_answers_from_that(self, service):
        with Responder(lambda query: [right(query)], host='127.0.0.2') as node:
            assert ask_name(service, node) == ['192.0.2.1']

    @both
    def test_a_late_answer_is_not_taken_for_the_next(self, service, ask, answer):
        with Responder(lambda query: [right(query)] if len(node.queries) > 1 else []) as node:
            assert ask(service, node, timeout=0.05) is None
            _, port = service.sock.getsockname()
            node._socket.sendto(name_answer(transaction(node.queries[0]), '10.6.6.6'), ('127.0.0.1', port))
            node._socket.sendto(status_answer(transaction(node.queries[0]), entry('OTHER')), ('127.0.0.1', port))
            assert ask(service, node) == answer


class TestSilence:
    @both
    @pytest.mark.parametrize('timeout', [0, -1, 0.05, 1])
    def test_nobody_answers_in_time(self, service, ask, answer, timeout):
        with Responder(lambda query: []) as node, takes(max(0, timeout), max(0, timeout) + 0.5):
            assert ask(service, node, timeout=timeout) is None
        assert len(node.queries) == 1

    @both
    def test_a_chatty_network_does_not_keep_a_query_alive(self, service, ask, answer):
        stop = threading.Event()

        def flood(query):
            wrong = right(bytes([query[0] ^ 1]) + query[1:])
            while not stop.is_set():
                yield wrong

        with Responder(flood) as node:
            try:
                with takes(SHORT, SHORT + 0.5):
                    assert ask(service, node, timeout=SHORT) is None
            finally:
                stop.set()

    @both
    def test_a_port_where_nobody_listens(self, service, ask, answer):
        with udp_socket('127.0.0.1') as reserved:
            node = type('Node', (), {'host': '127.0.0.1', 'port': reserved.getsockname()[1]})
        with takes(SHORT, SHORT + 0.5):
            assert ask(service, node, timeout=SHORT) is None

    @both
    def test_a_port_that_windows_reports_as_unreachable(self, service, ask, answer):
        class Windows:
            def __init__(self, sock):
                self.sock, self.has_failed = sock, False

            def __getattr__(self, name):
                return getattr(self.sock, name)

            def recvfrom(self, size):
                if not self.has_failed:
                    self.has_failed = True
                    raise ConnectionResetError(10054, 'An existing connection was forcibly closed')
                return self.sock.recvfrom(size)

        service.sock = Windows(service.sock)
        with Responder(lambda query: [right(query)]) as node:
            assert ask(service, node) == answer

    @both
    def test_no_limit_and_more_than_a_socket_can_wait(self, service, ask, answer):
        with Responder(lambda query: [right(query)]) as node:
            assert ask(service, node, timeout=None) == answer
            assert ask(service, node, timeout=1e12) == answer

    def test_no_limit_once_the_query_was_sent_for_the_last_time(self, service, monkeypatch):
        monkeypatch.setattr(nmb.NetBIOS, 'UNICAST_INTERVAL_SECONDS', 0.01)

        def answer_late(query):
            if len(node.queries) == 3:
                time.sleep(0.1)
                yield right(query)

        with Responder(answer_late) as node:
            assert ask_name(service, node, timeout=None) == ['192.0.2.1']

    @both
    def test_a_timeout_that_is_no_number(self, service, ask, answer):
        with Responder(lambda query: [right(query)]) as node, pytest.raises(TypeError):
            ask(service, node, timeout='soon')
        assert node.queries == []


class TestEverybody:
    """Broadcasts, on loopback; the node listens on all addresses, and answers from its own."""

    def ask(self, service, node, **options):
        return service.queryName('TESTSERVER', BROADCAST, node.port, **options)

    def test_the_answer_of_any_node_is_taken(self, service):
        with Responder(lambda query: [right(query)], host='') as node:
            assert self.ask(service, node) == ['192.0.2.1']
        assert node.queries[0][2:4] == b'\x01\x10'

    def test_a_negative_answer_does_not_end_the_wait(self, service):
        with Responder(lambda query: [negative_answer(transaction(query)), right(query)], host='') as node:
            assert self.ask(service, node) == ['192.0.2.1']

    def test_a_query_is_sent_three_times(self, service):
        with Responder(lambda query: [], host='') as node:
            assert self.ask(service, node, timeout=0.9) is None
        assert len(node.queries) == 3

    def test_one_machine_is_asked_without_the_broadcast_flag(self, service):
        with Responder(lambda query: [right(query)]) as node:
            ask_name(service, node)
        assert node.queries[0][2:4] == b'\x01\x00'

    def test_without_an_address_the_whole_network_is_asked(self, service, monkeypatch):
        sent = []
        monkeypatch.setattr(NetBIOS, 'write', lambda self, *arguments: sent.append(arguments))
        assert service.queryName('TESTSERVER', timeout=0.05) is None
        ((query, ip, port),) = sent
        assert (query[2:4], ip, port) == (b'\x01\x10', '255.255.255.255', 137)

    def test_without_permission_to_broadcast_only_this_machine_is_asked_and_that_is_said(self, caplog):
        with NetBIOS(broadcast=False) as service, Responder(lambda query: [right(query)]) as node:
            with caplog.at_level(logging.WARNING, 'NMB.NetBIOS'):
                assert service.queryName('TESTSERVER', port=node.port) == ['192.0.2.1']
            assert len(caplog.messages) == 1
            with pytest.raises(PermissionError):
                self.ask(service, node)


class TestSocket:
    def test_it_is_open_from_the_start_and_not_bound(self):
        with NetBIOS() as service:
            assert service.broadcast is True
            assert service.sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)
            assert service.sock.getsockname()[1] == 0
        with NetBIOS(broadcast=False) as service:
            assert service.broadcast is False
            assert not service.sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST)

    def test_it_listens_on_the_port_that_was_asked_for(self):
        with udp_socket('') as taken:
            port = taken.getsockname()[1]
            with pytest.raises(OSError):
                NetBIOS(listen_port=port)
        with NetBIOS(listen_port=port) as service:
            assert service.sock.getsockname() == ('0.0.0.0', port)

    def test_close_may_be_called_twice(self):
        service = NetBIOS()
        sock = service.sock
        assert service.close() is None
        assert service.sock is None and sock.fileno() == -1
        assert service.close() is None

    def test_a_with_block_closes_and_lets_exceptions_through(self):
        with pytest.raises(KeyError), NetBIOS() as service:
            raise KeyError
        assert service.sock is None

    @pytest.mark.parametrize(
        'query',
        [
            lambda service: service.queryName('NAME', '127.0.0.1'),
            lambda service: service.queryName('NAME'),
            lambda service: service.queryIPForName('127.0.0.1'),
            lambda service: service.write(b'', '127.0.0.1', 137),
        ],
    )
    def test_after_close_a_query_is_an_error(self, query):
        service = NetBIOS()
        service.close()
        with pytest.raises(nmb.base.NotConnectedError, match='closed'):
            query(service)

    def test_a_host_that_does_not_exist_is_the_resolvers_own_error(self, service):
        with pytest.raises(socket.gaierror):
            service.queryIPForName('no such host.invalid')


def test_the_names_that_programs_import():
    assert nmb.NetBIOS.NBNS is nmb.base.NBNS
    assert nmb.NetBIOS.NotConnectedError is nmb.base.NotConnectedError
    assert issubclass(NetBIOS, nmb.base.NBNS)
    assert NetBIOS.log is logging.getLogger('NMB.NetBIOS')


def test_pysmbs_module_for_twisted_says_what_to_use_instead():
    with pytest.raises(ImportError, match=r'nmb\.NetBIOS\.NetBIOS'):
        import nmb.NetBIOSProtocol  # noqa: F401
