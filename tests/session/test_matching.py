"""Every answer belongs to one request: by message id, command, session, AsyncId; [MS-SMB2] 3.2.5.1.2 and 3.2.5.1.5."""

from __future__ import annotations

import gc
import io
import weakref

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError, SMB2ProtocolHeaderError
from smb.messages.smb2.header import SMB2Header
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_IOCTL,
    SMB2_COM_OPLOCK_BREAK,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_QUERY_INFO,
    SMB2_COM_READ,
    SMB2_COM_WRITE,
    SMB2_COMMAND_NAMES,
    SMB2_FLAGS_SERVER_TO_REDIR,
)
from smb.smb_constants import SMB_COM_READ_ANDX, SMB_COM_WRITE_ANDX
from tests.session.each_request import COMPOUNDS, EACH, HOW, control, exchange_of, transact, tree_of
from tests.session.scripted import Answer, ScriptedServer, connected, is_usable
from tests.session.scripted_smb1 import ScriptedSMB1Server

# Where nothing is signed or sealed, matching is all that there is.
PLAIN = {'sign_options': 0}

either_dialect = pytest.mark.parametrize(
    ('kind', 'read', 'write'),
    [
        (ScriptedServer, SMB2_COM_READ, SMB2_COM_WRITE),
        (ScriptedSMB1Server, SMB_COM_READ_ANDX, SMB_COM_WRITE_ANDX),
    ],
    ids=['SMB2', 'SMB1'],
)


def header(name, value):
    return lambda answer: setattr(answer.header, name, value)


@pytest.mark.parametrize('command', [SMB2_COM_ECHO, SMB2_COM_CREATE, SMB2_COM_READ])
@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (header('message_id', 3), r'answered message id 3 \(.*\), which is not outstanding'),
        (header('message_id', 0xFFFFFFFFFFFFFFFF), r'which is not outstanding'),
        (header('command', SMB2_COM_WRITE), 'The server answered SMB2_COM_.* with SMB2_COM_WRITE'),
        (header('command', 0x77), 'The server answered SMB2_COM_.* with 0x0077'),
        (header('session_id', 0), 'answered for session 0x0000000000000000, which is not ours'),
        (header('session_id', 77), 'answered for session 0x000000000000004D, which is not ours'),
        (header('flags', 0), r'sent a request \(SMB2_COM_.*\) instead of an answer'),
        (header('structure_size', 65), 'a header with StructureSize 65 instead of 64'),
        (header('protocol_id', b'\xffSMB'), 'that is not SMB2 .it begins with ff534d42'),
        (header('protocol_id', b'\xfcSMB'), 'that is not SMB2 .it begins with fc534d42'),
    ],
)
def test_answer_that_is_none_of_ours_ends_the_connection(command, change, text):
    server = ScriptedServer()
    with connected(server, **PLAIN) as connection:
        server.bend(command, change)
        with pytest.raises(ProtocolError, match=text):
            EACH[command](connection)
        assert connection.sock is None
        with pytest.raises(NotConnectedError):
            connection.echo(b'')


def test_first_line_of_the_error_says_it_and_the_header_follows():
    server = ScriptedServer()
    with connected(server, **PLAIN) as connection:
        server.bend(SMB2_COM_ECHO, header('session_id', 77))
        with pytest.raises(ProtocolError) as caught:
            connection.echo(b'')
        assert str(caught.value).splitlines()[0] == (
            'The server answered for session 0x000000000000004D, which is not ours'
        )
        assert SMB2Header.unpack(caught.value.data_buf).session_id == 77


@pytest.mark.parametrize('command', EACH, ids=[SMB2_COMMAND_NAMES[command] for command in EACH])
def test_second_answer_to_a_request_ends_the_connection(command):
    server = ScriptedServer(splits_compounds=True)
    with connected(server, **PLAIN) as connection:
        server.bend(command, lambda answer: [answer, answer])
        with pytest.raises(ProtocolError, match='which is not outstanding'):
            EACH[command](connection)
            connection.echo(b'')
        assert connection.sock is None


def test_oplock_break_that_nobody_asked_for_ends_the_connection():
    server = ScriptedServer()
    with connected(server, **PLAIN) as connection:
        notification = SMB2Header(
            command=SMB2_COM_OPLOCK_BREAK, flags=SMB2_FLAGS_SERVER_TO_REDIR, message_id=0xFFFFFFFFFFFFFFFF
        )
        server.transport.queue.append(notification.pack() + b'\x18\0' + bytes(22))
        with pytest.raises(ProtocolError, match='SMB2_COM_OPLOCK_BREAK'):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize('frame', [b'', b'\xfe', b'\xfeSMB', b'GET / HTTP/1.1\r\n', bytes(64), b'\xfeSMB' + bytes(59)])
def test_frame_that_is_no_message_ends_the_connection(frame):
    server = ScriptedServer()
    with connected(server, **PLAIN) as connection:
        server.transport.queue.append(frame)
        with pytest.raises(ProtocolError):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize('next_command', [1, 8, 60, 63, 72 + 1, 80, 1 << 31, 0xFFFFFFF8])
def test_compound_whose_next_message_is_elsewhere_ends_the_connection(next_command):
    server = ScriptedServer()
    with connected(server, **PLAIN) as connection:
        server.bend(SMB2_COM_ECHO, header('next_command', next_command))
        with pytest.raises(ProtocolError):
            connection.echo(b'')
        assert connection.sock is None


def test_second_message_of_a_frame_must_be_one_too():
    server = ScriptedServer()
    with connected(server, **PLAIN) as connection:
        server.bend(SMB2_COM_ECHO, header('next_command', 72))
        server.tampering[SMB2_COM_ECHO] = lambda frame: frame.ljust(72 + 64, b'?')
        with pytest.raises(SMB2ProtocolHeaderError):
            connection.echo(b'')
        assert connection.sock is None


# Order


@either_dialect
def test_answers_are_matched_in_whatever_order_they_come(kind, read, write):
    server = kind(holds={read})
    with connected(server) as connection, tree_of(connection).open('large', HOW) as handle:
        tickets = [handle.submit_read(offset * 256 + offset, 3) for offset in range(4)]
        server.let_go([2, 0, 3, 1])
        assert [bytes(handle.finish_read(ticket)) for ticket in tickets] == [
            bytes([offset, offset + 1, offset + 2]) for offset in range(4)
        ]


@pytest.mark.parametrize('name', COMPOUNDS)
@pytest.mark.parametrize('arguments', [PLAIN, {'require_signing': True}, {'require_encryption': True}])
def test_answers_to_a_compound_come_in_one_frame_or_in_several(name, arguments):
    results = []
    for splits in (False, True):
        server = ScriptedServer(splits_compounds=splits)
        with connected(server, **arguments) as connection:
            result = COMPOUNDS[name](connection)
            results.append(len(result) if isinstance(result, list) else getattr(result, 'file_size', result))
            assert server.open_handles == 0
            assert is_usable(connection)
    assert results[0] == results[1]


# Interim answers


@pytest.mark.parametrize('name', COMPOUNDS)
def test_interim_answers_are_waited_out(name):
    server = ScriptedServer(pends={SMB2_COM_CREATE, SMB2_COM_READ, SMB2_COM_WRITE, SMB2_COM_QUERY_DIRECTORY})
    with connected(server, require_signing=True) as connection:
        COMPOUNDS[name](connection)
        assert is_usable(connection)


def interim(answer):
    before = Answer(answer.request, ntstatus.STATUS_PENDING, b'\x09\0' + bytes(7), answer.session, 0)
    before.signed = False
    before.make_async(7)
    return before


def test_final_answer_of_the_synchronous_form_is_accepted_behind_an_interim_one():
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: [interim(answer), answer])
        connection.echo(b'')
        assert is_usable(connection)


def test_second_interim_answer_ends_the_connection():
    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: [interim(answer), interim(answer), answer])
        with pytest.raises(ProtocolError, match='announced twice that SMB2_COM_ECHO takes longer'):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize(
    ('dialect', 'arguments'), [(0x0210, {'require_signing': True}), (0x0302, {'require_encryption': True})]
)
def test_interim_answer_behind_the_final_one_ends_the_connection(dialect, arguments):
    server = ScriptedServer(dialect, splits_compounds=True)
    with connected(server, **arguments) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: [answer, interim(answer)])
        connection.echo(b'')
        with pytest.raises(ProtocolError, match=r'\(SMB2_COM_ECHO\), which is not outstanding') as caught:
            connection.echo(b'')
        # so that one can tell it from an answer to what was never asked
        assert SMB2Header.unpack(caught.value.data_buf).status == ntstatus.STATUS_PENDING
        assert connection.sock is None


def test_final_answer_under_another_async_id_ends_the_connection():
    def bent(answer):
        before = interim(answer)
        answer.make_async(8)
        return [before, answer]

    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_ECHO, bent)
        with pytest.raises(ProtocolError, match='ended SMB2_COM_ECHO under another AsyncId than it began'):
            connection.echo(b'')
        assert connection.sock is None


def test_asynchronous_answer_without_an_interim_one_is_accepted():
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: answer.make_async(7))
        connection.echo(b'')
        assert is_usable(connection)


# More than was asked for


@either_dialect
@pytest.mark.parametrize('file_name', ['file', 'large'])
def test_more_data_than_were_asked_for_are_refused_and_the_handle_is_closed(kind, read, write, file_name):
    server = kind()
    with connected(server) as connection:
        server.bend(read, lambda answer: setattr(answer.payload, 'data', bytes(65537)))
        with pytest.raises(ProtocolError, match=r'The server sent 65537 bytes, \d+ were asked for'):
            connection.retrieveFile('share', file_name, io.BytesIO())
        assert is_usable(connection)
        assert server.open_handles == 0


@either_dialect
def test_more_bytes_written_than_were_sent_are_refused(kind, read, write):
    server = kind()
    with connected(server) as connection:
        server.bend(write, lambda answer: setattr(answer.payload, 'count', 5))
        with pytest.raises(ProtocolError, match='The server took 5 bytes, 4 were sent'):
            connection.storeFile('share', 'new', io.BytesIO(b'data'))
        assert is_usable(connection)
        assert server.open_handles == 0


@pytest.mark.parametrize(
    ('command', 'send'), [(SMB2_COM_IOCTL, transact), (SMB2_COM_READ, transact), (SMB2_COM_IOCTL, control)]
)
def test_answer_that_announces_more_data_but_has_none_is_refused(command, send):
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(command, lambda answer: answer.make_error(ntstatus.STATUS_BUFFER_OVERFLOW))
        with pytest.raises(ProtocolError, match='STATUS_BUFFER_OVERFLOW, 0x80000005 has none of the data'):
            send(connection)
        assert is_usable(connection)
        assert server.open_handles == 0


def test_security_and_control_give_what_the_server_has():
    server = ScriptedServer()
    with connected(server) as connection:
        assert EACH[SMB2_COM_QUERY_INFO](connection) == b'security descriptor'
        assert COMPOUNDS['security'](connection) == b'security descriptor'
        assert control(connection) == server.pipe_answer


def test_pipe_answer_of_several_parts_is_read():
    server = ScriptedServer()  # whose pipe gives back what was written to it
    with connected(server) as connection:
        server.bend(SMB2_COM_IOCTL, header('status', ntstatus.STATUS_BUFFER_OVERFLOW))
        assert EACH[SMB2_COM_IOCTL](connection) == (b'pipe answer', b'first')


class Data(bytearray):
    """Bytes that a weak reference can be had of."""


@pytest.fixture
def no_garbage_collector():
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures('no_garbage_collector')
def test_data_are_let_go_with_their_ticket():
    server = ScriptedServer()
    with connected(server) as connection, tree_of(connection).open('file', HOW) as handle:
        data = Data(100_000)
        kept = weakref.ref(data)
        ticket = handle.submit_write(0, data)
        handle.finish_write(ticket)
        del data, ticket
        assert kept() is None


@pytest.mark.usefixtures('no_garbage_collector')
def test_data_are_let_go_with_their_compound():
    server = ScriptedServer()
    with connected(server) as connection:
        data = Data(60_000)
        kept = weakref.ref(data)
        assert tree_of(connection).write_small('file', HOW, 0, data) == 60_000
        assert server.requests[-1].in_compound
        connection._exchange.dialect.history.clear()
        del data
        assert kept() is None


@pytest.mark.parametrize('protection', [PLAIN, {'require_encryption': True}])
def test_memory_of_a_released_answer_is_used_for_the_next_one(protection):
    server = ScriptedServer()
    with connected(server, **protection) as connection, tree_of(connection).open('large', HOW) as handle:
        tickets = [handle.submit_read(0, 500_000) for _ in range(4)]
        memory = []  # which is kept, so that new memory is not at the same place
        for ticket in tickets:
            memory.append(handle.finish_read(ticket).obj)
            handle.release(ticket)
        assert all(buffer is memory[0] for buffer in memory)


def test_outstanding_requests_are_forgotten_once_they_are_answered():
    server = ScriptedServer()
    with connected(server) as connection:
        exchange = exchange_of(connection)
        tickets = [exchange.submit(SMB2EchoRequest()) for _ in range(5)]
        assert len(exchange.dialect.outstanding) == 5
        for ticket in reversed(tickets):
            exchange.wait(ticket)
        assert not exchange.dialect.outstanding
