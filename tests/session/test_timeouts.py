"""A request that is not answered in time is cancelled, and its late answer dropped; [MS-SMB2] 3.2.4.24."""

from __future__ import annotations

import contextlib
import io

import pytest

from smb.errors import NotConnectedError, ProtocolError, SMBTimeout
from smb.messages.smb2.create import SMB2CreateRequest
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.smb2_constants import (
    SIGNING_AES_CMAC,
    SIGNING_AES_GMAC,
    SIGNING_HMAC_SHA256,
    SMB2_COM_CANCEL,
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_LOGOFF,
    SMB2_COM_READ,
    SMB2_COM_TREE_CONNECT,
    SMB2_COMMAND_NAMES,
    SMB2_FLAGS_ASYNC_COMMAND,
)
from smb.smb_constants import FILE_OPEN
from smb.transport import Deadline
from tests.session.each_request import COMPOUNDS, EACH, HOW, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

NAMES = [SMB2_COMMAND_NAMES[command] for command in EACH]
PROTECTIONS = [{'sign_options': 0}, {'require_signing': True}, {'require_encryption': True}]
HELD = [command for command in EACH if command not in (SMB2_COM_TREE_CONNECT, SMB2_COM_ECHO, SMB2_COM_LOGOFF)]


class Clock(Deadline):
    """Counts how often the server was given the whole time."""

    restarts = 0

    def restart(self):
        self.restarts += 1


def let_go(server, order=None):
    server.holds.clear()
    server.let_go(order)


@pytest.mark.parametrize('algorithm', [SIGNING_AES_GMAC, SIGNING_AES_CMAC, SIGNING_HMAC_SHA256])
@pytest.mark.parametrize('protection', PROTECTIONS)
@pytest.mark.parametrize('pends', [False, True])
def test_request_that_timed_out_is_cancelled_and_its_late_answer_dropped(algorithm, protection, pends):
    server = ScriptedServer(signing_algorithm=algorithm)
    with connected(server, **protection) as connection:
        server.holds = {SMB2_COM_ECHO}
        server.pends = {SMB2_COM_ECHO} if pends else set()
        with pytest.raises(SMBTimeout):
            connection.echo(b'')
        # The server has verified its signature, of which the nonce is another one with GMAC.
        (cancel,) = server.cancels
        (echo,) = server.of(SMB2_COM_ECHO)
        assert cancel.signed is ('require_signing' in protection)
        assert cancel.sealed is ('require_encryption' in protection)
        assert cancel.header.message_id == echo.header.message_id
        assert cancel.header.session_id == echo.header.session_id
        assert (cancel.header.credit_charge, cancel.header.credits) == (0, 0)
        assert bool(cancel.header.flags & SMB2_FLAGS_ASYNC_COMMAND) is pends
        assert cancel.header.async_id == (0x1234567890 + echo.header.message_id if pends else 0)
        let_go(server)
        assert is_usable(connection)
        assert not exchange_of(connection).dialect.outstanding


@pytest.mark.parametrize('protection', PROTECTIONS)
@pytest.mark.parametrize('command', EACH, ids=NAMES)
def test_connection_works_after_a_timeout_of_any_request(command, protection):
    server = ScriptedServer()
    with connected(server, **protection) as connection:
        server.holds = {command}
        with pytest.raises(SMBTimeout):
            EACH[command](connection)
        exchange_of(connection).cancel_all()
        let_go(server)
        assert is_usable(connection)
        server.holds.clear()
        assert is_usable(connection)
        if command not in (SMB2_COM_CLOSE, SMB2_COM_LOGOFF):
            assert server.open_handles == 0


@pytest.mark.parametrize(('late', 'splits'), [('at once', False), ('later', True), ('never', True)])
@pytest.mark.parametrize('held', HELD, ids=SMB2_COMMAND_NAMES.get)
@pytest.mark.parametrize('name', COMPOUNDS)
def test_no_handle_is_left_whichever_answer_is_late(name, held, late, splits):
    server = ScriptedServer(splits_compounds=splits)
    with connected(server) as connection:
        server.holds = {held}
        with contextlib.suppress(SMBTimeout):
            COMPOUNDS[name](connection)
        if late == 'later':
            server.holds.clear()
            assert is_usable(connection)
        if late != 'never':
            let_go(server)
        server.holds.clear()
        assert is_usable(connection)
        connection.echo(b'')
        # Of an open that is never answered for nobody knows the handle.
        assert server.open_handles == 0 or (late == 'never' and held == SMB2_COM_CREATE)


def test_late_open_is_closed():
    server = ScriptedServer()
    with connected(server) as connection:
        server.holds = {SMB2_COM_CREATE}
        tree = tree_of(connection)
        with pytest.raises(SMBTimeout):
            tree.open('file', HOW)
        exchange_of(connection).cancel_all()
        assert server.open_handles == 1
        let_go(server)
        connection.echo(b'')
        connection.echo(b'')
        assert server.open_handles == 0


def test_compound_that_closes_by_itself_is_not_closed_once_more():
    server = ScriptedServer()
    with connected(server) as connection:
        server.holds = {SMB2_COM_CREATE, SMB2_COM_CLOSE}
        with pytest.raises(SMBTimeout):
            connection.getAttributes('share', 'file')
        closes = len(server.of(SMB2_COM_CLOSE))
        let_go(server)
        assert is_usable(connection)
        assert len(server.of(SMB2_COM_CLOSE)) == closes + 1  # that of is_usable


def test_opened_part_of_a_compound_is_closed_when_the_rest_is_late():
    server = ScriptedServer(splits_compounds=True)
    with connected(server) as connection:
        server.holds = {SMB2_COM_READ}
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'file', io.BytesIO())
        assert server.open_handles == 0
        assert [cancel.header.message_id for cancel in server.cancels] == [
            server.of(SMB2_COM_READ)[-1].header.message_id
        ]


def test_every_request_in_flight_is_cancelled_once():
    server = ScriptedServer()
    server.files['large'] = bytes(20 << 20)
    with connected(server) as connection:
        server.holds = {SMB2_COM_READ}
        handle = tree_of(connection).open('large', HOW)
        tickets = [handle.submit_read(number << 16, 1 << 16) for number in range(8)]
        exchange = exchange_of(connection)
        for ticket in tickets[5:]:
            handle.abandon(ticket)
        exchange.cancel_all()
        exchange.cancel_all()
        assert [cancel.header.message_id for cancel in server.cancels] == [
            request.header.message_id for request in server.of(SMB2_COM_READ)
        ]
        let_go(server, [3, 1, 7, 0, 2, 4, 5, 6])
        handle.close()
        assert is_usable(connection)


def test_close_of_a_file_that_timed_out_is_not_waited_for_and_not_cancelled():
    server = ScriptedServer()
    with connected(server) as connection:
        server.holds = {SMB2_COM_READ, SMB2_COM_CLOSE}
        waits = server.transport.waits
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'large', io.BytesIO())
        assert server.transport.waits == waits + 1
        assert not [cancel for cancel in server.cancels if cancel.header.message_id in {
            request.header.message_id for request in server.of(SMB2_COM_CLOSE)}]  # fmt: skip
        assert server.open_handles == 0


def test_close_that_finds_no_credit_after_a_timeout_follows_the_late_answer():
    server = ScriptedServer(grant=lambda header: max(1, header.credit_charge))
    with connected(server) as connection:
        server.holds = {SMB2_COM_READ}
        waits = server.transport.waits
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'file', io.BytesIO())
        assert server.transport.waits == waits + 1
        assert server.open_handles == 1
        let_go(server)
        connection.echo(b'')
        assert server.open_handles == 0
        assert is_usable(connection)


@pytest.mark.parametrize('failure', [SMBTimeout('full'), NotConnectedError('gone')])
def test_timeout_stays_one_when_the_cancel_cannot_be_sent(failure):
    server = ScriptedServer()
    with connected(server) as connection:
        server.holds = {SMB2_COM_ECHO}
        send, transport = server.transport.send, server.transport

        def fail(parts, deadline):
            if int.from_bytes(parts[0][12:14], 'little') != SMB2_COM_CANCEL:
                return send(parts, deadline)
            transport.close()
            raise failure

        transport.send = fail
        exchange = exchange_of(connection)
        exchange.submit(SMB2EchoRequest())
        with pytest.raises(SMBTimeout, match='No answer'):
            connection.echo(b'')
        assert connection.sock is None
        assert all(ticket.abandoned for ticket in exchange.dialect.outstanding.values())


def test_deadline_of_no_time_is_always_over_though_the_request_leaves():
    server = ScriptedServer()
    with connected(server) as connection:
        with pytest.raises(SMBTimeout):
            connection.echo(b'', timeout=0)
        assert len(server.of(SMB2_COM_ECHO)) == 1
        assert server.transport.waits == 0
        assert is_usable(connection)


@pytest.mark.parametrize('interruption', [KeyboardInterrupt, MemoryError])
def test_interrupted_wait_ends_the_connection(interruption):
    server = ScriptedServer()
    with connected(server) as connection:

        def interrupt(deadline, soon):
            raise interruption

        server.transport.receive = interrupt
        with pytest.raises(interruption):
            connection.getAttributes('share', 'file')
        assert connection.sock is None


def test_abandoned_answer_is_verified_all_the_same():
    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        server.holds = {SMB2_COM_ECHO}
        server.bend(SMB2_COM_ECHO, lambda answer: setattr(answer, 'spoil_signature', True))
        with pytest.raises(SMBTimeout):
            connection.echo(b'')
        let_go(server)
        with pytest.raises(ProtocolError, match='wrong signature'):
            connection.echo(b'')
        assert connection.sock is None


def test_each_answer_gives_the_server_the_whole_time_again():
    server = ScriptedServer(holds={SMB2_COM_READ})
    with connected(server) as connection, tree_of(connection).open('large', HOW) as handle:
        exchange = exchange_of(connection)
        tickets = [handle.submit_read(0, 10) for _ in range(3)]
        let_go(server)
        exchange.deadline = Clock(5)
        counts = []
        for ticket in tickets:
            before = exchange.deadline.restarts
            handle.finish_read(ticket)
            counts.append(exchange.deadline.restarts - before)
        # Once since the caller may have taken long, once for the answer.
        assert counts == [2, 2, 2]
        before = exchange.deadline.restarts
        exchange.submit(SMB2EchoRequest())
        assert exchange.deadline.restarts == before + 1


def test_interim_answer_gives_the_server_the_whole_time_again():
    server = ScriptedServer(pends={SMB2_COM_ECHO})
    with connected(server) as connection:
        exchange = exchange_of(connection)
        ticket = exchange.submit(SMB2EchoRequest())
        exchange.deadline = Clock(5)
        before = exchange.deadline.restarts
        exchange.wait(ticket)
        server.splits_compounds = True
        assert exchange.deadline.restarts - before >= 2


def test_answer_that_was_abandoned_after_it_came_is_undone():
    server = ScriptedServer()
    with connected(server) as connection:
        exchange, tree = exchange_of(connection), tree_of(connection)
        request = SMB2CreateRequest(name='file', desired_access=1, share_access=7, create_disposition=FILE_OPEN)
        ticket = exchange.submit(request, tree.tree_connect)
        connection.echo(b'')
        assert ticket.reply is not None and server.open_handles == 1
        exchange.abandon(ticket)
        assert server.open_handles == 0
        assert is_usable(connection)
