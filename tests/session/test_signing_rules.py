"""Which messages are signed, and what becomes of answers that are not: [MS-SMB2] 3.2.4.1.1 and 3.2.5.1.3."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_IOCTL,
    SMB2_COM_TREE_CONNECT,
    SMB2_COMMAND_NAMES,
)
from tests.session.each_request import COMPOUNDS, EACH, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)
NAMES = [SMB2_COMMAND_NAMES[command] for command in EACH]


def unsigned(answer):
    answer.signed = False


def wrongly_signed(answer):
    answer.signed = answer.spoil_signature = True


def unsigned_error(answer):
    answer.make_error(ntstatus.STATUS_OBJECT_NAME_NOT_FOUND)
    answer.signed = False


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('command', EACH, ids=NAMES)
def test_session_that_signs_signs_everything(dialect, command):
    server = ScriptedServer(dialect)
    with connected(server, require_signing=True) as connection:
        EACH[command](connection)
        assert server.of(command)
        assert all(request.signed for request in server.requests[3:])


@pytest.mark.parametrize('name', COMPOUNDS)
def test_session_that_signs_signs_each_message_of_a_compound(name):
    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        COMPOUNDS[name](connection)
        assert all(request.signed for request in server.requests[3:])
        assert is_usable(connection)


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('command', EACH, ids=NAMES)
@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (unsigned, 'The answer to a signed {} is not signed'),
        (unsigned_error, 'The answer to a signed {} is not signed'),
        (wrongly_signed, 'The answer to {} has a wrong signature'),
    ],
)
def test_session_that_signs_ends_with_an_answer_that_does_not(dialect, command, change, text):
    server = ScriptedServer(dialect)
    with connected(server, require_signing=True) as connection:
        server.bend(command, change)
        with pytest.raises(ProtocolError, match=text.format(SMB2_COMMAND_NAMES[command])):
            EACH[command](connection)
        assert connection.sock is None
        sent = len(server.frames)
        with pytest.raises(NotConnectedError):
            connection.echo(b'')
        assert len(server.frames) == sent


def test_each_message_of_a_compound_is_verified():
    for command in (SMB2_COM_CREATE, SMB2_COM_CLOSE):
        server = ScriptedServer()
        with connected(server, require_signing=True) as connection:
            server.bend(command, wrongly_signed)
            with pytest.raises(ProtocolError, match='wrong signature'):
                connection.getAttributes('share', 'file')
            assert connection.sock is None


def test_answer_changed_on_the_way_is_found_out():
    for position in (8, 20, 60, 70, -1):
        server = ScriptedServer()
        with connected(server, require_signing=True) as connection:
            server.tampering[SMB2_COM_CREATE] = lambda frame, at=position: (
                frame[:at] + bytes([frame[at] ^ 0x40]) + frame[at:][1:]
            )
            with pytest.raises(ProtocolError):
                connection.getAttributes('share', 'file')
            assert connection.sock is None


def test_interim_answer_needs_no_signature():
    server = ScriptedServer(pends={SMB2_COM_ECHO})
    with connected(server, require_signing=True) as connection:
        connection.echo(b'')
        assert is_usable(connection)


def test_pending_without_the_flag_of_an_interim_answer_needs_a_signature():
    def bent(answer):
        answer.make_error(ntstatus.STATUS_PENDING)
        answer.signed = False

    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        server.bend(SMB2_COM_ECHO, bent)
        with pytest.raises(ProtocolError, match='is not signed'):
            connection.echo(b'')


def test_final_answer_behind_an_interim_one_needs_a_signature():
    server = ScriptedServer(pends={SMB2_COM_ECHO})
    with connected(server, require_signing=True) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: setattr(answer, 'signed', False))
        with pytest.raises(ProtocolError, match='is not signed'):
            connection.echo(b'')


def test_what_was_decrypted_needs_no_signature():
    def bent(answer):
        answer.signed, answer.sealed = False, True

    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        server.bend(SMB2_COM_ECHO, bent)
        connection.echo(b'')
        assert is_usable(connection)


# Where nothing else is signed


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('sign_options', [0, 2])
def test_unsigned_session_signs_only_what_always_is(dialect, sign_options):
    server = ScriptedServer(dialect)
    with connected(server, sign_options=sign_options) as connection:
        for command in EACH:
            EACH[command](connection)
        signed = {request.command for request in server.requests if request.signed}
        assert signed == ({SMB2_COM_TREE_CONNECT} if dialect == 0x0311 else {SMB2_COM_IOCTL})
        assert all(request.signed for request in server.of(SMB2_COM_TREE_CONNECT)) is (dialect == 0x0311)
        assert not connection.is_signing_active


@pytest.mark.parametrize(('change', 'text'), [(unsigned, 'is not signed'), (wrongly_signed, 'wrong signature')])
def test_tree_connect_is_proved_at_311_even_where_nothing_else_is(change, text):
    server = ScriptedServer()
    with connected(server, sign_options=0) as connection:
        server.bend(SMB2_COM_TREE_CONNECT, change)
        with pytest.raises(ProtocolError, match=text):
            tree_of(connection, 'other')
        assert connection.sock is None


@pytest.mark.parametrize('dialect', DIALECTS)
def test_signature_that_nobody_asked_for_must_be_right(dialect):
    server = ScriptedServer(dialect)
    with connected(server, sign_options=0) as connection:
        server.bend(SMB2_COM_ECHO, lambda answer: setattr(answer, 'signed', True))
        connection.echo(b'')
        server.bend(SMB2_COM_ECHO, wrongly_signed)
        with pytest.raises(ProtocolError, match='wrong signature'):
            connection.echo(b'')
        assert connection.sock is None


# A session that is said to have ended


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('status', ['STATUS_USER_SESSION_DELETED', 'STATUS_NETWORK_SESSION_EXPIRED'])
def test_unsigned_word_that_the_session_has_ended_ends_the_connection(dialect, status):
    def bent(answer):
        answer.make_error(getattr(ntstatus, status))
        answer.signed = False

    server = ScriptedServer(dialect)
    with connected(server, require_signing=True) as connection:
        server.bend(SMB2_COM_CREATE, bent)
        with pytest.raises(NotConnectedError, match=f'ended the session, in an answer that is not signed .{status}'):
            connection.getAttributes('share', 'file')
        assert connection.sock is None
    assert server.sign_ons == 1


def test_such_a_word_with_a_wrong_signature_is_a_protocol_error():
    def bent(answer):
        answer.make_error(ntstatus.STATUS_USER_SESSION_DELETED)
        wrongly_signed(answer)

    server = ScriptedServer()
    with connected(server, require_signing=True) as connection:
        server.bend(SMB2_COM_ECHO, bent)
        with pytest.raises(ProtocolError, match='wrong signature'):
            connection.echo(b'')
