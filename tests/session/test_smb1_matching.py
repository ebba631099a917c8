"""Every SMB1 answer belongs to one request: by MID, command, PID, UID; [MS-CIFS] 3.2.5.1.

What is the same in both dialects is in ``test_matching.py``.
"""

from __future__ import annotations

import io
import os

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout
from smb.messages.smb1.header import COMMAND_NAMES, SMBHeader
from smb.messages.smb1.simple import ComEchoRequest
from smb.messages.smb1.transaction import ComNTTransactRequest
from smb.smb_constants import (
    CAP_LARGE_READX,
    SMB_COM_ECHO,
    SMB_COM_LOGOFF_ANDX,
    SMB_COM_NEGOTIATE,
    SMB_COM_NT_CREATE_ANDX,
    SMB_COM_NT_TRANSACT,
    SMB_COM_READ_ANDX,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_COM_TRANSACTION2,
    SMB_FLAGS_REPLY,
)
from tests.session.each_request import control, exchange_of, query_security
from tests.session.each_smb1_request import EACH, HOW, list_folder, tree_of
from tests.session.scripted_base import check_refused
from tests.session.scripted_smb1 import ScriptedSMB1Server, connected, is_usable

NAMES = [COMMAND_NAMES[command] for command in EACH]


def header(name, value):
    return lambda answer: setattr(answer.header, name, value)


FOREIGN = [
    (header('mid', 999), r'The server answered message id 999 \(.*\), which is not outstanding'),
    (header('mid', 0xFFFF), r'message id 65535 \(.*\), which is not outstanding'),
    (header('command', SMB_COM_LOGOFF_ANDX), 'The server answered SMB_COM_.* with SMB_COM_LOGOFF_ANDX'),
    (header('command', 0xEE), 'The server answered SMB_COM_.* with 0xEE'),
    (header('uid', 0), 'The server answered for session 0, which is not ours'),
    (header('uid', 7), 'The server answered for session 7, which is not ours'),
    (header('pid_low', os.getpid() & 0xFFFF ^ 1), 'The server answered SMB_COM_.* for another process than ours'),
    (header('pid_high', 1), 'The server answered SMB_COM_.* for another process than ours'),
    (header('flags', 0), r'The server sent a request \(SMB_COM_.*\) instead of an answer'),
    (header('protocol', b'\xfeSMB'), 'a message that is not SMB1 .it begins with fe534d42'),
    (header('protocol', b'\xfdSMB'), 'a message that is not SMB1 .it begins with fd534d42'),
]


@pytest.mark.parametrize('command', [SMB_COM_ECHO, SMB_COM_NT_CREATE_ANDX, SMB_COM_READ_ANDX, SMB_COM_TRANSACTION2])
@pytest.mark.parametrize(('change', 'text'), FOREIGN)
def test_answer_that_is_none_of_ours_ends_the_connection(command, change, text):
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        server.bend(command, change)
        with pytest.raises(ProtocolError, match=text):
            EACH[command](connection)
        assert connection.sock is None
        with pytest.raises(NotConnectedError):
            connection.echo(b'')


@pytest.mark.parametrize('command', [SMB_COM_NEGOTIATE, SMB_COM_SESSION_SETUP_ANDX])
@pytest.mark.parametrize(('change', 'text'), [case for case in FOREIGN if 'session' not in case[1]])
def test_answer_to_the_sign_on_that_is_none_of_ours_ends_the_connection(command, change, text):
    server = ScriptedSMB1Server()
    server.bend(command, change)
    check_refused(server, text)


def test_session_id_comes_from_nothing_but_the_sign_on():
    server = ScriptedSMB1Server()
    server.bend(SMB_COM_NEGOTIATE, header('uid', 7))
    check_refused(server, 'The server answered for session 7, which is not ours')


def test_session_id_changes_in_no_later_round():
    server = ScriptedSMB1Server()
    server.bend(SMB_COM_SESSION_SETUP_ANDX, lambda answer: None)
    server.bend(SMB_COM_SESSION_SETUP_ANDX, header('uid', 7))
    check_refused(server, 'The server answered for session 7, which is not ours')


def test_first_line_of_the_error_says_it_and_the_header_follows():
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        server.bend(SMB_COM_ECHO, header('uid', 7))
        with pytest.raises(ProtocolError) as caught:
            connection.echo(b'')
        assert str(caught.value).splitlines()[0] == 'The server answered for session 7, which is not ours'
        assert SMBHeader.unpack(caught.value.data_buf).uid == 7


@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
@pytest.mark.parametrize('command', EACH, ids=NAMES)
def test_second_answer_to_a_request_ends_the_connection(command, signing):
    server = ScriptedSMB1Server(signing=signing, batch=2)
    with connected(server) as connection:
        server.bend(command, lambda answer: [answer, answer])
        with pytest.raises(ProtocolError, match='which is not outstanding'):
            EACH[command](connection)
            connection.echo(b'')
        assert connection.sock is None


def test_oplock_break_that_nobody_asked_for_ends_the_connection():
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        # [MS-CIFS] 2.2.4.32: LOCKING_ANDX in a request of the server, under a MID of its own
        server.transport.queue.append(SMBHeader(command=0x24, mid=0xFFFF).pack() + bytes(3))
        with pytest.raises(ProtocolError, match=r'sent a request \(0x24\) instead of an answer'):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize(
    'frame',
    [b'', b'\xff', b'\xffSMB', b'GET / HTTP/1.1\r\n', bytes(32), b'\xffSMB' + bytes(27), b'\xfeSMB' + bytes(60)],
)
def test_frame_that_is_no_message_ends_the_connection(frame):
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        server.transport.queue.append(frame)
        with pytest.raises(ProtocolError):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize('command', EACH, ids=NAMES)
@pytest.mark.parametrize('body', [b'', b'\x01', b'\xff', b'\0\xff\xff', b'\x02' + bytes(3)])
def test_answer_whose_words_or_bytes_are_not_all_there_ends_the_connection(command, body):
    server = ScriptedSMB1Server(batch=2)
    with connected(server) as connection:
        server.bend(command, lambda answer: setattr(answer, 'payload', body))
        with pytest.raises(ProtocolError):
            EACH[command](connection)
        assert connection.sock is None


# Number


@pytest.mark.parametrize('max_mpx_count', [1, 2, 3, 50])
@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
def test_no_more_requests_are_under_way_than_the_server_takes(max_mpx_count, signing):
    server = ScriptedSMB1Server(max_mpx_count=max_mpx_count, signing=signing)  # which counts them
    most = []
    server.refuse = lambda request: most.append(len(server.outstanding))
    with connected(server) as connection:
        file = io.BytesIO()
        connection.retrieveFile('share', 'large', file)
        assert file.getvalue() == server.files['large']
        connection.storeFile('share', 'new', file)
        file.seek(0)
        connection.storeFile('share', 'new', file)
        assert server.files['new'] == server.files['large']
        connection.deleteFiles('share', 'l*')
        assert is_usable(connection)
    assert max(most) <= max_mpx_count
    assert max_mpx_count == 1 or max(most) > 1
    assert not server.outstanding


def test_abandoned_requests_count_until_they_are_answered():
    server = ScriptedSMB1Server(max_mpx_count=2, holds={SMB_COM_READ_ANDX})
    with connected(server) as connection:
        for _ in range(2):
            with pytest.raises(SMBTimeout):
                connection.retrieveFile('share', 'file', io.BytesIO())
        server.holds = set()
        server.let_go()
        assert is_usable(connection)
        assert server.open_handles == 0


def test_a_file_that_is_still_being_read_when_it_is_closed_is_closed_behind_that():
    server = ScriptedSMB1Server(holds={SMB_COM_READ_ANDX})
    with connected(server) as connection:
        file = connection.openFile('share', 'file', 'r+b')
        for call in (file.read, file.close):
            with pytest.raises(SMBTimeout):
                call()
        assert server.open_handles == 1
        server.holds = set()
        server.let_go()
        assert is_usable(connection)
        assert server.open_handles == 0


def test_message_ids_begin_anew_without_meeting_one_that_is_outstanding():
    server = ScriptedSMB1Server(holds={SMB_COM_ECHO})
    with connected(server) as connection:
        exchange = exchange_of(connection)
        first = exchange.submit(ComEchoRequest(data=b'first'))
        mid = first.message.mid
        exchange.dialect.credits.next_message_id = 0x10000 + mid - 2
        server.holds = set()
        for _ in range(5):
            connection.echo(b'')
        exchange.dialect.credits.next_message_id = 0xFFFD
        for _ in range(5):
            connection.echo(b'')
        server.let_go()
        assert exchange.wait(first).payload.data == b'first'
    mids = [request.header.mid for request in server.of(SMB_COM_ECHO)]
    assert mids.count(mid) == 1 and not {0, 0xFFFF} & set(mids)


def test_outstanding_requests_are_forgotten_once_they_are_answered():
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        exchange = exchange_of(connection)
        tickets = [exchange.submit(ComEchoRequest()) for _ in range(5)]
        assert len(exchange.dialect.outstanding) == 5
        for ticket in reversed(tickets):
            exchange.wait(ticket)
        assert not exchange.dialect.outstanding


# Answers of several messages, [MS-CIFS] 2.2.4.46.2


@pytest.mark.parametrize('size', [1, 7, 10, 11, 100, 300])
@pytest.mark.parametrize('order', [1, -1])
def test_parts_of_an_answer_are_put_together_in_any_order(size, order):
    server = ScriptedSMB1Server(part_size=size, arrange=lambda parts: parts[::order])
    with connected(server) as connection:
        assert list_folder(connection) == server.names
        assert bytes(query_security(connection)) == server.security_descriptor
        assert is_usable(connection)


@pytest.mark.parametrize('batch', [1, 3, 7, 8, 100])
@pytest.mark.parametrize('part_size', [None, 90])
def test_listing_goes_on_from_the_last_entry_that_came(batch, part_size):
    names = ['.', '..', *(f'name {number}' for number in range(6))]
    server = ScriptedSMB1Server(names=names, batch=batch, part_size=part_size)  # which checks where it is to go on
    with connected(server) as connection:
        assert [entry.filename for entry in connection.listPath('share', '/')] == names
        assert server.open_searches == 0
        assert is_usable(connection)


def test_parts_of_several_answers_may_be_mixed():
    server = ScriptedSMB1Server(part_size=40, holds={SMB_COM_NT_TRANSACT}, security_descriptor=bytes(range(100)))
    with connected(server) as connection, tree_of(connection).open('file', HOW) as handle:
        server.holds = {SMB_COM_NT_TRANSACT, SMB_COM_ECHO}
        tickets = [handle.tree.submit(ComNTTransactRequest.query_security(handle.fid, 7, 100)) for _ in range(2)]
        tickets.append(handle.tree.submit(ComEchoRequest(data=b'between')))
        assert server.held == 7
        server.let_go([0, 3, 6, 4, 1, 2, 5])
        server.holds = set()
        answers = [handle.tree.exchange.wait(ticket).payload.data for ticket in tickets]
        assert [bytes(answer) for answer in answers] == [bytes(range(100))] * 2 + [b'between']


def bad_parts():
    def twice(parts):
        return [parts[0], parts[0], *parts[1:]]

    def too_many(parts):
        for part in parts:
            part.payload.total_data_count = 70000 & 0xFFFF
        parts[-1].payload.data_displacement = 65000
        return parts

    def one_more(parts):
        return [*parts, parts[-1]]

    def nothing_new(parts):
        empty = parts[0].twin(type(parts[0].payload)(total_parameter_count=10, total_data_count=100))
        return [empty, *parts]

    def growing(parts):
        parts[1].payload.total_data_count += 1
        return parts

    return {
        'twice': (twice, 'The server sends bytes of the .* twice'),
        'too many': (too_many, 'The server .*(announces|sends)'),
        'one more': (one_more, 'which is not outstanding'),
        'nothing new': (nothing_new, 'brings nothing|announces'),
        'growing': (growing, 'announces'),
    }


@pytest.mark.parametrize('case', bad_parts())
def test_parts_that_do_not_make_an_answer_end_the_connection(case):
    arrange, text = bad_parts()[case]
    server = ScriptedSMB1Server(part_size=60, arrange=arrange)
    with connected(server) as connection:
        with pytest.raises(ProtocolError, match=text):
            list_folder(connection)
            connection.echo(b'')
        assert connection.sock is None


def test_error_behind_the_first_part_is_the_answer():
    def arrange(parts):
        parts[1].make_error(ntstatus.STATUS_ACCESS_DENIED)
        return parts[:2]

    server = ScriptedSMB1Server(part_size=60, arrange=arrange)
    with connected(server) as connection:
        with pytest.raises(PermissionError, match='STATUS_ACCESS_DENIED'):
            connection.listPath('share', '/')
        assert is_usable(connection)


# More than was asked for, or less


def test_more_data_of_a_transaction_than_were_asked_for_end_the_connection():
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        server.bend(SMB_COM_NT_TRANSACT, lambda answer: setattr(answer.payload, 'data', bytes(1001)))
        with pytest.raises(ProtocolError, match='announces 1001 bytes of data, where 1000 are the most'):
            control(connection)
        assert connection.sock is None


@pytest.mark.parametrize('send', [control, EACH[SMB_COM_NT_TRANSACT]])
def test_answer_that_announces_more_data_but_has_none_is_refused(send):
    status = ntstatus.STATUS_BUFFER_OVERFLOW if send is control else ntstatus.STATUS_BUFFER_TOO_SMALL
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        server.bend(SMB_COM_NT_TRANSACT, lambda answer: answer.make_error(status))
        with pytest.raises(ProtocolError, match='has none of the data that it is about'):
            send(connection)
        assert is_usable(connection)
        assert server.open_handles == 0


def test_echo_must_come_back_as_it_was_sent():
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        assert connection.echo(bytearray(b'data')) == b'data'
        server.bend(SMB_COM_ECHO, lambda answer: setattr(answer.payload, 'data', b'date'))
        with pytest.raises(ProtocolError, match='answered ECHO with other data than it was sent'):
            connection.echo(b'data')


@pytest.mark.parametrize('capabilities', [0, CAP_LARGE_READX])
def test_short_reads_go_on_where_they_ended(capabilities):
    server = ScriptedSMB1Server(longest_read=1000)
    server.capabilities &= ~CAP_LARGE_READX | capabilities
    server.files['large'] = server.files['large'][:50000]
    with connected(server) as connection:
        file = io.BytesIO()
        connection.retrieveFile('share', 'large', file)
        assert file.getvalue() == server.files['large']


# The session and the share of a request


def test_requests_say_whose_they_are_and_on_which_share():
    server = ScriptedSMB1Server(batch=2)
    with connected(server) as connection:
        for command in EACH:
            EACH[command](connection)
        pids = {request.header.pid_high << 16 | request.header.pid_low for request in server.requests}
        assert pids == {os.getpid() & 0xFFFF}
        assert all(request.header.uid == server.session.id for request in server.requests[3:])
        assert not any(request.header.flags & SMB_FLAGS_REPLY for request in server.requests)
        tids = dict(zip(server.session.trees.values(), server.session.trees, strict=True))
        assert connection.connected_trees['share'] == tids['share'] != tids['other']
        assert {request.header.tid for request in server.of(SMB_COM_READ_ANDX)} == {tids['share']}
