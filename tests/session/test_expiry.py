"""Sessions that end on the server: signed on again once, and the requests repeated; [MS-SMB2] 3.2.5.3.2, 3.2.5.1.6."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, OperationFailure, ProtocolError, SMBTimeout, StatusError, UnsupportedFeature
from smb.messages.smb2.simple import SMB2EchoRequest, SMB2FlushRequest
from smb.ntstatus import STATUS_NETWORK_SESSION_EXPIRED, STATUS_USER_SESSION_DELETED
from smb.session.exchange import RELATED_FILE_ID
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_FLUSH,
    SMB2_COM_LOGOFF,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_COM_WRITE,
    SMB2_COMMAND_NAMES,
    SMB2_SESSION_FLAG_IS_GUEST,
    SMB2_SESSION_FLAG_IS_NULL,
    SMB2_SHAREFLAG_ENCRYPT_DATA,
)
from smb.smb_constants import FILE_CREATE, FILE_READ_DATA
from smb.tree.base import How
from tests.session.each_request import COMPOUNDS, EACH, HOW, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)
PROTECTIONS = [{'sign_options': 0}, {'require_signing': True}, {'require_encryption': True}]
PROTECTED = [(dialect, p) for dialect in DIALECTS for p in PROTECTIONS if dialect >= 0x0300 or p != PROTECTIONS[2]]
REPEATED = [command for command in EACH if command not in (SMB2_COM_CLOSE, SMB2_COM_LOGOFF)]


def content(connection, name='file'):
    file = io.BytesIO()
    connection.retrieveFile('share', name, file)
    return file.getvalue()


@pytest.mark.parametrize(('dialect', 'protection'), PROTECTED)
def test_expired_session_is_renewed_with_its_keys_and_the_request_repeated(dialect, protection):
    server = ScriptedServer(dialect)
    with connected(server, **protection) as connection:
        session = connection._session
        keys = session.session_id, session.signer, session.sealer
        server.expire_session()
        since = len(server.requests)
        connection.echo(b'')
        assert server.commands(since) == ['ECHO', 'SESSION_SETUP', 'SESSION_SETUP', 'ECHO']
        assert server.sign_ons == 2
        assert connection._session is session
        assert (session.session_id, session.signer, session.sealer) == keys
        assert is_usable(connection)
        for request in server.requests[since:]:
            assert request.header.session_id == session.session_id
            assert request.signed is ('require_signing' in protection)
            assert request.sealed is ('require_encryption' in protection)


@pytest.mark.parametrize('command', REPEATED, ids=SMB2_COMMAND_NAMES.get)
@pytest.mark.parametrize('protection', PROTECTIONS)
def test_request_of_any_kind_is_repeated(command, protection):
    server = ScriptedServer()
    with connected(server, **protection) as connection:
        server.bend(command, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED))
        EACH[command](connection)
        assert server.sign_ons == 2
        assert is_usable(connection)
        assert server.open_handles <= (command == SMB2_COM_CREATE)  # the server had opened it all the same


@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('name', COMPOUNDS)
@pytest.mark.parametrize('protection', PROTECTIONS)
def test_compound_is_repeated_whole(name, protection, splits):
    server = ScriptedServer(splits_compounds=splits)
    with connected(server, **protection) as connection:
        server.expire_session()
        COMPOUNDS[name](connection)
        assert server.sign_ons == 2
        connection.echo(b'')
        assert server.open_handles == 0
        assert is_usable(connection)


@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('command', [SMB2_COM_READ, SMB2_COM_WRITE, SMB2_COM_QUERY_DIRECTORY])
def test_session_that_expires_within_a_compound_leaves_no_handle(command, splits):
    server = ScriptedServer(splits_compounds=splits)
    name = {SMB2_COM_READ: 'open and read', SMB2_COM_WRITE: 'write small', SMB2_COM_QUERY_DIRECTORY: 'list'}[command]
    with connected(server) as connection:
        server.bend(command, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED))
        COMPOUNDS[name](connection)
        connection.echo(b'')
        assert server.sign_ons == 2
        assert server.open_handles == 0
        assert len(server.of(SMB2_COM_CREATE)) == 3


def test_session_that_expires_before_the_close_of_a_compound_leaves_no_handle():
    refusals = iter([STATUS_NETWORK_SESSION_EXPIRED])
    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = lambda request: next(refusals, None) if request.command == SMB2_COM_CLOSE else None
        connection.getAttributes('share', 'file')
        connection.echo(b'')
        assert server.sign_ons == 2
        assert server.open_handles == 0


def test_answers_of_the_repeated_compound_are_the_ones_that_count():
    server = ScriptedServer(splits_compounds=True)
    with connected(server) as connection:
        server.bend(SMB2_COM_READ, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED))
        handle, data = tree_of(connection).open_and_read('file', HOW, 0, 7)
        assert bytes(data) == b'content'
        assert [*server.session.opens] == [handle.file_id]
        handle.close()
        assert server.open_handles == 0


def test_answers_of_the_repeated_compound_may_come_in_another_order():
    late = []
    server = ScriptedServer(splits_compounds=True)
    with connected(server) as connection:
        server.bend(SMB2_COM_CREATE, lambda answer: None)
        server.bend(SMB2_COM_CREATE, lambda answer: late.append(answer) or [])
        server.bend(SMB2_COM_READ, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED))
        server.bend(SMB2_COM_READ, lambda answer: [answer, *late])
        handle, data = tree_of(connection).open_and_read('file', HOW, 0, 7)
        assert bytes(data) == b'content'
        assert [*server.session.opens] == [handle.file_id]
        handle.close()


def test_compound_is_not_sent_again_before_all_of_it_is_answered():
    server = ScriptedServer(splits_compounds=True)
    with connected(server) as connection:
        exchange, tree = exchange_of(connection), tree_of(connection).tree_connect
        server.expire_session()
        server.holds = {SMB2_COM_FLUSH}
        first, second = [
            exchange.submit_related([SMB2EchoRequest(), last], tree)
            for last in (SMB2EchoRequest(), SMB2FlushRequest(file_id=RELATED_FILE_ID))
        ]
        assert exchange.wait(first[0]).status == 0
        sent = len(server.frames)
        with pytest.raises(SMBTimeout):
            exchange.wait(second[0])
        assert len(server.frames) == sent
        server.holds.clear()
        server.let_go()
        assert exchange.wait(second[0]).status == exchange.wait(second[1]).status == 0
        assert server.sign_ons == 2


def test_several_requests_in_flight_are_repeated_after_one_sign_on():
    server = ScriptedServer()
    with connected(server, require_signing=True) as connection, tree_of(connection).open('large', HOW) as handle:
        server.expire_session()
        tickets = [handle.submit_read(offset, 4) for offset in range(6)]
        assert [bytes(handle.finish_read(ticket)) for ticket in tickets] == [
            bytes(range(offset, offset + 4)) for offset in range(6)
        ]
        assert server.sign_ons == 2
        assert len(server.of(SMB2_COM_READ)) == 12


def test_transfers_survive_an_expiry_in_their_middle():
    server = ScriptedServer()
    with connected(server) as connection:
        for command in (SMB2_COM_READ, SMB2_COM_WRITE):
            server.bend(command, lambda answer: None)
            server.bend(command, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED))
        assert content(connection, 'large') == server.files['large']
        connection.storeFile('share', 'new', io.BytesIO(server.files['large']))
        assert server.files['new'] == server.files['large']
        assert server.sign_ons == 3


@pytest.mark.parametrize('status', [STATUS_NETWORK_SESSION_EXPIRED, STATUS_USER_SESSION_DELETED])
def test_repeated_request_that_meets_the_same_is_an_error(status):
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_CREATE, lambda answer: answer.make_error(status), times=2)
        with pytest.raises(OperationFailure) as caught:
            connection.getAttributes('share', 'file')
        assert caught.value.status == status
        assert server.sign_ons == 2
        assert is_usable(connection)


def test_request_that_is_always_refused_does_not_sign_on_for_ever():
    server = ScriptedServer(always_expired=True)
    with connected(server, share=None) as connection:
        for attempt in range(3):
            with pytest.raises(OperationFailure, match='STATUS_NETWORK_SESSION_EXPIRED'):
                connection.getAttributes('share', 'file')
            assert server.sign_ons == 2 + attempt


def test_requests_of_a_pipeline_that_meet_it_twice_are_errors_each():
    server = ScriptedServer()
    with connected(server) as connection:
        exchange = exchange_of(connection)
        server.always_expired = True
        tickets = [exchange.submit(SMB2EchoRequest()) for _ in range(3)]
        for ticket in tickets:
            with pytest.raises(StatusError):
                exchange.wait(ticket)
        server.always_expired = False
        assert server.sign_ons == 2
        assert is_usable(connection)


# The renewal itself


def bend_last_of_renewal(server, change):
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
    server.bend(SMB2_COM_SESSION_SETUP, change)


@pytest.mark.parametrize(
    ('arguments', 'change', 'text'),
    [
        ({'require_signing': True}, lambda answer: setattr(answer, 'signed', False), 'is not signed'),
        ({'require_signing': True}, lambda answer: setattr(answer, 'spoil_signature', True), 'wrong signature'),
        ({'require_encryption': True}, lambda answer: setattr(answer, 'sealed', False), 'with a plain message'),
        ({'sign_options': 0}, lambda answer: setattr(answer, 'signed', False), 'last answer of the sign-on is not'),
        ({'sign_options': 0}, lambda answer: setattr(answer, 'spoil_signature', True), 'wrong signature'),
    ],
)
def test_renewal_is_proved_like_the_first_sign_on(arguments, change, text):
    server = ScriptedServer()
    with connected(server, **arguments) as connection:
        server.expire_session()
        bend_last_of_renewal(server, change)
        with pytest.raises(ProtocolError, match=text):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize('flags', [SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL])
@pytest.mark.parametrize('protection', PROTECTIONS[1:])
def test_renewed_session_keeps_its_protection_whatever_its_flags_say(flags, protection):
    server = ScriptedServer()
    with connected(server, **protection) as connection:
        server.expire_session()
        server.session_flags = flags
        since = len(server.requests)
        assert is_usable(connection)
        assert all(request.signed or request.sealed for request in server.requests[since:])


def test_guest_is_renewed_without_a_key():
    server = ScriptedServer(has_keys=False, session_flags=SMB2_SESSION_FLAG_IS_GUEST)
    with connected(server) as connection:
        server.expire_session()
        assert is_usable(connection)
        assert server.sign_ons == 2


@pytest.mark.parametrize('end', ['expire_session', 'delete_session'])
@pytest.mark.parametrize('protection', PROTECTIONS)
def test_refused_renewal_ends_the_connection(end, protection):
    def refuse(answer):
        answer.make_error(ntstatus.STATUS_LOGON_FAILURE)
        answer.signed = answer.request.signed

    server = ScriptedServer()
    with connected(server, **protection) as connection:
        if end == 'delete_session' and 'require_encryption' in protection:
            server.bend(SMB2_COM_CREATE, lambda answer: answer.make_error(STATUS_USER_SESSION_DELETED))
        else:
            getattr(server, end)()
        bend_last_of_renewal(server, refuse)
        with pytest.raises(OperationFailure, match='STATUS_LOGON_FAILURE'):
            connection.getAttributes('share', 'file')
        # Nothing may go out without the protection that there was.
        assert connection.sock is None
        sent = len(server.frames)
        with pytest.raises(NotConnectedError):
            connection.storeFile('share', 'new', io.BytesIO(b'in the clear'))
        assert len(server.frames) == sent


@pytest.mark.parametrize('end', ['expire_session', 'delete_session'])
@pytest.mark.parametrize('round_number', [0, 1])
def test_renewal_that_is_not_answered_ends_the_connection(end, round_number):
    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        getattr(server, end)()
        for _ in range(round_number):
            server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: [])
        with pytest.raises(SMBTimeout):
            connection.getAttributes('share', 'file')
        assert connection.sock is None


def test_session_that_ends_while_it_is_renewed_is_an_error():
    server = ScriptedServer()
    with connected(server) as connection:
        server.expire_session()
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED))
        with pytest.raises(OperationFailure, match='STATUS_NETWORK_SESSION_EXPIRED'):
            connection.getAttributes('share', 'file')
        assert connection.sock is None
        assert len(server.of(SMB2_COM_SESSION_SETUP)) == 3


# A session that was deleted


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('protection', PROTECTIONS[:2])
def test_deleted_session_gives_way_to_a_new_one_with_the_same_shares(dialect, protection):
    server = ScriptedServer(dialect)
    with connected(server, **protection) as connection:
        connection.getAttributes('other', 'file')
        old = connection._session
        server.delete_session()
        since = len(server.requests)
        connection.getAttributes('other', 'file')
        new = connection._session
        assert new.session_id == server.session.id != old.session_id
        assert new.signer is not old.signer
        assert (new.signing_required, new.encrypt_data) == (old.signing_required, old.encrypt_data)
        assert [*server.session.trees.values()] == ['share', 'other']
        assert is_usable(connection)
        assert server.sign_ons == 2
        assert server.commands(since)[2:6] == ['SESSION_SETUP', 'SESSION_SETUP', 'TREE_CONNECT', 'TREE_CONNECT']


@pytest.mark.parametrize('name', COMPOUNDS)
def test_whole_jobs_are_done_in_the_new_session(name):
    server = ScriptedServer(splits_compounds=True)
    with connected(server, require_signing=True) as connection:
        server.delete_session()
        COMPOUNDS[name](connection)
        assert server.open_handles == 0
        assert is_usable(connection)


def test_sealed_word_that_the_session_is_gone_is_believed():
    server = ScriptedServer()
    with connected(server, require_encryption=True) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: answer.make_error(STATUS_USER_SESSION_DELETED))
        connection.echo(b'')
        assert server.sign_ons == 2
        assert connection.is_encrypted
        assert is_usable(connection)


@pytest.mark.parametrize('protection', PROTECTIONS)
def test_answers_that_the_old_session_still_owes_are_taken_under_its_keys(protection):
    server = ScriptedServer()
    with connected(server, **protection) as connection:
        exchange = exchange_of(connection)
        if 'require_encryption' in protection:
            server.bend(SMB2_COM_ECHO, lambda answer: answer.make_error(STATUS_USER_SESSION_DELETED), times=4)
        else:
            server.delete_session()
        server.holds = {SMB2_COM_ECHO}
        tickets = [exchange.submit(SMB2EchoRequest()) for _ in range(4)]
        server.holds = set()
        held, server._held = server._held, []
        server._emit(held[:1])
        # The others come while the sign-on is under way.
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: server._emit(held[1:3]))
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: server._emit(held[3:]))
        for ticket in tickets:
            assert exchange.wait(ticket).status == 0
        assert server.sign_ons == 2
        assert is_usable(connection)


def test_answer_to_a_new_request_under_the_old_session_is_refused():
    server = ScriptedServer()
    with connected(server, sign_options=0) as connection:
        old = connection._session.session_id
        server.delete_session()
        connection.echo(b'')
        server.bend(SMB2_COM_ECHO, lambda answer: setattr(answer.header, 'session_id', old))
        with pytest.raises(ProtocolError, match=f'answered for session 0x{old:016X}, which is not ours'):
            connection.echo(b'')


def test_request_on_a_handle_is_not_repeated_in_a_session_that_does_not_have_it():
    server = ScriptedServer()
    with connected(server) as connection:
        tree = tree_of(connection)
        with pytest.raises(StatusError) as caught, tree.open('file', HOW) as handle:
            server.delete_session()
            handle.submit_write(0, b'into another file, maybe')
            tickets = [handle.submit_write(0, b'into another file, maybe') for _ in range(2)]
            with pytest.raises(StatusError):
                handle.finish_write(tickets[0])
            handle.finish_write(tickets[1])
        assert caught.value.status == STATUS_USER_SESSION_DELETED
        assert server.sign_ons == 2
        assert all(request.header.session_id != server.session.id for request in server.of(SMB2_COM_WRITE))
        assert is_usable(connection)


def test_handles_to_be_closed_later_are_forgotten_with_the_session():
    server = ScriptedServer(grant=lambda header: 2 if header.message_id == 0 else 1)
    with connected(server) as connection:
        exchange, old = exchange_of(connection), connection._session.session_id
        handle = tree_of(connection).open('file', HOW)
        server.bend(SMB2_COM_ECHO, lambda answer: answer.make_error(STATUS_USER_SESSION_DELETED), times=2)
        server.holds = {SMB2_COM_ECHO}
        tickets = []
        for credits in (0, 3):
            server.grant = lambda header, credits=credits: credits
            tickets.append(exchange.submit(SMB2EchoRequest()))
        server.grant = lambda header: 1
        handle.close_soon()
        server.holds.clear()
        server.let_go()
        for ticket in tickets:
            exchange.wait(ticket)
        assert is_usable(connection)
        assert server.session.id != old
        assert not any(request.header.session_id == 0 for request in server.of(SMB2_COM_CLOSE))


def test_late_open_of_the_old_session_is_not_closed_in_the_new_one():
    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        exchange = exchange_of(connection)
        server.holds = {SMB2_COM_CREATE}
        with pytest.raises(SMBTimeout):
            tree_of(connection).open('file', HOW)
        exchange.cancel_all()
        server.holds.clear()
        server.bend(SMB2_COM_ECHO, lambda answer: answer.make_error(STATUS_USER_SESSION_DELETED))
        connection.echo(b'')
        server.let_go()
        closes = len(server.of(SMB2_COM_CLOSE))
        connection.echo(b'')
        connection.echo(b'')
        assert len(server.of(SMB2_COM_CLOSE)) == closes


def test_share_that_is_gone_is_not_taken_for_another_one():
    server = ScriptedServer()
    with connected(server) as connection:
        connection.getAttributes('other', 'file')
        server.delete_session()
        del server.shares['share']
        connection.getAttributes('other', 'file')
        with pytest.raises(OperationFailure, match='STATUS_NETWORK_NAME_DELETED'):
            connection.getAttributes('share', 'file')
        assert server.requests[-1].header.tree_id == 0
        server.shares['share'] = 0
        assert is_usable(connection)


@pytest.mark.parametrize('flags', [SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL])
@pytest.mark.parametrize('protection', PROTECTIONS[1:])
def test_new_session_must_have_the_protection_that_is_required(flags, protection):
    server = ScriptedServer()
    with connected(server, **protection) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: answer.make_error(STATUS_USER_SESSION_DELETED))
        server.has_keys, server.session_flags = False, flags
        with pytest.raises(ProtocolError, match='as was required'):
            connection.echo(b'')
        assert connection.sock is None


def test_share_that_is_encrypted_now_where_that_cannot_be_is_not_sent_to():
    server = ScriptedServer(has_keys=False, session_flags=SMB2_SESSION_FLAG_IS_GUEST)
    with connected(server) as connection:
        server.delete_session()
        server.shares['share'] = SMB2_SHAREFLAG_ENCRYPT_DATA
        since = len(server.requests)
        with pytest.raises(UnsupportedFeature, match='is to be encrypted, which this session cannot do'):
            connection.getAttributes('share', 'file')
        assert server.commands(since)[-1] == 'TREE_CONNECT'


def test_create_that_is_repeated_makes_one_folder():
    server = ScriptedServer()
    with connected(server) as connection:
        server.expire_session()
        tree_of(connection).query('folder', How(FILE_READ_DATA, disposition=FILE_CREATE))
        assert 'folder' in server.files


@pytest.mark.parametrize('close', ['close', 'close_soon'])
def test_what_went_with_its_session_is_not_closed_in_the_next_one(close):
    server = ScriptedServer()
    with connected(server) as connection:
        handle = tree_of(connection).open('file', HOW)
        server.delete_session()
        connection.echo(b'')
        closes = len(server.of(SMB2_COM_CLOSE))
        getattr(handle, close)()
        connection.echo(b'')
        assert len(server.of(SMB2_COM_CLOSE)) == closes
        assert handle.is_closed
