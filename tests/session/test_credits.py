"""Credits and message ids, [MS-SMB2] 3.2.4.1.2 to 3.2.4.1.6. The scripted server refuses what was not paid for."""

from __future__ import annotations

import io

import pytest

from smb.errors import ProtocolError, SMBTimeout
from smb.messages.smb2.simple import SMB2CloseRequest, SMB2EchoRequest
from smb.session.credits import WANTED_CREDITS, Credits
from smb.smb2_constants import (
    SMB2_COM_ECHO,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_READ,
    SMB2_COM_WRITE,
    SMB2_GLOBAL_CAP_LARGE_MTU,
)
from smb.transport import Deadline
from tests.session.each_request import COMPOUNDS, HOW, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)


@pytest.mark.parametrize(
    ('size', 'charge'), [(0, 1), (1, 1), (65536, 1), (65537, 2), (131072, 2), (1 << 20, 16), (8 << 20, 128)]
)
def test_charge_counts_each_64_kib(size, charge):
    assert Credits.charge_for(size) == charge


def test_message_ids_step_by_the_charge():
    credits = Credits()
    assert (credits.available, credits.next_message_id) == (1, 0)
    credits.grant(40)
    assert [credits.take(charge)[0] for charge in (1, 16, 1, 2)] == [0, 1, 17, 18]
    assert (credits.available, credits.next_message_id) == (21, 20)


def test_window_is_what_there_is_when_all_is_answered():
    credits = Credits()
    credits.grant(40)
    for charge in (1, 16):
        credits.take(charge)
    assert (credits.available, credits.in_use, credits.window) == (24, 17, 41)
    credits.grant(16)
    credits.settle(16)
    assert (credits.available, credits.in_use, credits.window) == (40, 1, 41)


@pytest.mark.parametrize(
    ('available', 'charge', 'wish'),
    [(1, 1, 512), (500, 16, 28), (512, 16, 16), (9999, 1, 1), (0, 65535, 65535), (0, 128, 640)],
)
def test_request_asks_for_its_own_credits_and_a_full_window(available, charge, wish):
    credits = Credits()
    credits.available = available
    assert credits.take(charge) == (0, wish)


@pytest.mark.parametrize('dialect', DIALECTS)
def test_charge_field_is_0_at_202_and_says_the_charge_later(dialect):
    server = ScriptedServer(dialect)
    with connected(server) as connection:
        assert is_usable(connection)
        assert {request.header.credit_charge for request in server.requests[1:]} == {0 if dialect == 0x0202 else 1}
        assert server.requests[0].header.credit_charge == 0 or dialect > 0x0202


@pytest.mark.parametrize('dialect', DIALECTS[1:])
def test_large_request_pays_for_all_of_it(dialect):
    server = ScriptedServer(dialect)
    with connected(server) as connection:
        connection.retrieveFile('share', 'large', io.BytesIO())
        connection.storeFile('share', 'new', io.BytesIO(server.files['large']))
        for command in (SMB2_COM_READ, SMB2_COM_WRITE):
            large = max(server.of(command), key=lambda request: request.payload.length)
            assert large.payload.length > 500_000
            assert large.header.credit_charge == -(-large.payload.length // 65536)
        assert server.files['new'] == server.files['large']


@pytest.mark.parametrize(('dialect', 'capabilities'), [(0x0202, SMB2_GLOBAL_CAP_LARGE_MTU), (0x0210, 0), (0x0311, 0)])
def test_without_large_mtu_a_request_has_64_kib_and_one_credit(dialect, capabilities):
    server = ScriptedServer(dialect, capabilities=capabilities, max_size=1 << 20)
    with connected(server) as connection:
        file = io.BytesIO()
        connection.retrieveFile('share', 'large', file)
        connection.storeFile('share', 'new', io.BytesIO(server.files['large']))
        assert file.getvalue() == server.files['new'] == server.files['large']
        assert max(request.span for request in server.requests) == 1
        assert max(request.payload.length for request in server.of(SMB2_COM_READ)) == 65536
        assert max(request.payload.length for request in server.of(SMB2_COM_WRITE)) == 65536


def test_hundreds_of_credits_are_asked_for_early():
    server = ScriptedServer(grant=lambda header: 1 if header.command == SMB2_COM_NEGOTIATE else header.credits)
    with connected(server):
        assert server.requests[1].header.credits >= 256
    assert all(1 <= request.header.credits <= WANTED_CREDITS + 16 for request in server.requests)


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('name', COMPOUNDS)
def test_one_credit_at_a_time_is_enough(dialect, name):
    server = ScriptedServer(dialect, grant=lambda header: max(1, header.credit_charge))
    with connected(server) as connection:
        COMPOUNDS[name](connection)
        connection.echo(b'')
        assert exchange_of(connection).dialect.credits.available == 1
        # A compound would need more.
        assert not any(request.in_compound for request in server.requests)


def test_compound_goes_out_again_as_soon_as_there_are_credits_for_it():
    server = ScriptedServer(grant=lambda header: 1)
    with connected(server) as connection:
        server.grant = lambda header: 10
        connection.getAttributes('share', 'file')
        connection.getAttributes('share', 'file')
        assert server.requests[-1].in_compound


def test_sizes_go_by_the_credits_that_there_are_when_all_is_answered():
    server = ScriptedServer(grant=lambda header: max(1, header.credit_charge) if header.message_id else 9)
    with connected(server) as connection:
        connection.echo(b'')
        tree, exchange = tree_of(connection), exchange_of(connection)
        assert (tree.read_size, tree.window) == (9 << 16, 9 << 16)
        tickets = [exchange.submit(SMB2EchoRequest()) for _ in range(5)]
        assert (tree_of(connection).read_size, tree.write_size, tree.control_size) == (9 << 16,) * 3
        server.grant = lambda header: 20
        for ticket in tickets:
            exchange.wait(ticket)
        connection.echo(b'')
        assert tree_of(connection).read_size == 1 << 20


@pytest.mark.parametrize('left', [1, 2, 7])
@pytest.mark.parametrize('command', [SMB2_COM_READ, SMB2_COM_WRITE, SMB2_COM_QUERY_DIRECTORY])
def test_long_operation_goes_on_in_smaller_requests_where_the_server_takes_credits_back(command, left):
    data = bytes(range(256)) * (6 << 12)
    server = ScriptedServer(batch=1, grant=lambda header: 40 if header.message_id < 1 else max(1, header.credit_charge))
    server.files['large'] = data
    with connected(server) as connection:
        connection.echo(b'')
        whole = server.grant
        server.grant = lambda header: int(server.unused_credits < left) if header.command == command else whole(header)
        if command == SMB2_COM_READ:
            target = io.BytesIO()
            assert connection.retrieveFile('share', 'large', target)[1] == len(data)
            assert target.getvalue() == data
        elif command == SMB2_COM_WRITE:
            assert connection.storeFile('share', 'stored', io.BytesIO(data)) == len(data)
            assert server.files['stored'] == data
        else:
            assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        charges = {request.header.credit_charge for request in server.of(command)}
        assert min(charges) <= left and max(charges) == (4 if command == SMB2_COM_QUERY_DIRECTORY else 16)
        connection.echo(b'')
        assert server.open_handles == 0


def exhausted(server, connection):
    """Leave no credit: every one is in a request whose answer is held back."""
    exchange = exchange_of(connection)
    server.holds = {SMB2_COM_ECHO}
    server.grant = lambda header: 1
    return [exchange.submit(SMB2EchoRequest()) for _ in range(exchange.dialect.credits.available)]


def test_request_without_a_credit_waits_for_an_answer_that_brings_one():
    server = ScriptedServer(grant=lambda header: 3 if header.message_id < 2 else 1)
    with connected(server, share=None) as connection:
        exchange = exchange_of(connection)
        tickets = exhausted(server, connection)
        sent = len(server.frames)
        with pytest.raises(SMBTimeout):
            exchange.submit(SMB2EchoRequest())
        assert len(server.frames) == sent
        server.let_go([1])
        later = exchange.submit(SMB2EchoRequest())
        assert len(server.frames) == sent + 1
        assert exchange.dialect.credits.available == 0
        assert tickets[1].reply is not None and tickets[0].reply is None
        server.let_go()
        assert exchange.wait(later).status == 0
        assert exchange.wait(tickets[1]).status == 0


def test_a_file_that_there_is_no_credit_to_close_is_closed_when_there_is_one():
    server = ScriptedServer(grant=lambda header: 9 if header.message_id < 2 else 1)
    with connected(server) as connection:
        handle = tree_of(connection).open('file', HOW)
        exhausted(server, connection)
        with pytest.raises(SMBTimeout):
            handle.close()
        assert server.open_handles == 1
        server.holds = set()
        server.let_go()
        assert is_usable(connection)
        assert server.open_handles == 0


def test_wait_for_a_credit_has_the_whole_time():
    class Clock(Deadline):
        restarts = 0

        def restart(self):
            self.restarts += 1

    server = ScriptedServer(grant=lambda header: 2 if header.message_id < 2 else 1)
    with connected(server, share=None) as connection:
        exchange = exchange_of(connection)
        exhausted(server, connection)
        exchange.deadline = Clock(5)
        before = exchange.deadline.restarts
        with pytest.raises(SMBTimeout):
            exchange.submit(SMB2EchoRequest())
        assert exchange.deadline.restarts == before + 1


def test_server_that_leaves_no_credit_ends_the_connection():
    server = ScriptedServer(grant=lambda header: 1)
    with connected(server) as connection:
        server.grant = lambda header: 0
        connection.echo(b'')
        with pytest.raises(ProtocolError, match='The server left 0 credits, a request needs 1'):
            connection.echo(b'')
        assert connection.sock is None


def test_credits_of_an_interim_answer_count():
    server = ScriptedServer(pends={SMB2_COM_ECHO}, holds={SMB2_COM_ECHO}, grant=lambda header: 1)
    with connected(server) as connection:
        exchange = exchange_of(connection)
        first = exchange.submit(SMB2EchoRequest())
        assert exchange.dialect.credits.available == 0
        second = exchange.submit(SMB2EchoRequest())
        assert first.interim is not None and first.reply is None
        server.let_go()
        assert exchange.wait(second).status == exchange.wait(first).status == 0


def test_close_that_nobody_waits_for_goes_out_when_there_is_a_credit():
    server = ScriptedServer(grant=lambda header: 2 if header.message_id < 2 else 1)
    with connected(server) as connection:
        handle = tree_of(connection).open('file', HOW)
        tickets = exhausted(server, connection)
        waits = server.transport.waits
        handle.close_soon()
        assert server.transport.waits == waits  # it does not wait for one
        assert server.open_handles == 1
        server.let_go()
        exchange_of(connection).wait(tickets[0])
        assert server.open_handles == 0
        assert [type(request.payload) for request in server.requests][-1] is SMB2CloseRequest


def test_request_that_cannot_be_packed_takes_no_credit_and_leaves_nothing_behind():
    server = ScriptedServer()
    with connected(server) as connection:
        dialect = exchange_of(connection).dialect
        before = dialect.credits.available, dialect.credits.next_message_id
        with pytest.raises(ValueError):
            tree_of(connection).list_first('', HOW, '?' * 40000)
        assert (dialect.credits.available, dialect.credits.next_message_id) == before
        assert not dialect.outstanding
        assert is_usable(connection)
