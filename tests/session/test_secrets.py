"""No token, key, hash or password of a sign-on is in anything that is shown, kept for showing, or pickled."""

from __future__ import annotations

import pickle

import pytest

from smb import ntstatus
from smb.errors import OperationFailure, ProtocolError
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest
from smb.session.smb2 import SMB2Dialect, Ticket
from smb.session.state import Connection
from smb.smb2_constants import SMB2_COM_CREATE, SMB2_COM_SESSION_SETUP
from tests.auth.server import SERVER_CHALLENGE, nt_hash
from tests.session.scripted import PASSWORD, ScriptedServer, client, connected

TOKENS = (b'NTLMSSP\0', SERVER_CHALLENGE)


def secrets_of(server):
    tokens = [bytes(request.payload.security_buffer) for request in server.of(SMB2_COM_SESSION_SETUP)]
    logins = [session.login.session_key for session in server.sessions.values() if session.login]
    return [*TOKENS, *(token[-16:] for token in tokens), *filter(None, logins), nt_hash(PASSWORD), PASSWORD.encode(),
            PASSWORD.encode('utf-16-le')]  # fmt: skip


def check_shows_nothing(server, *things):
    for thing in things:
        texts = [str(thing), repr(thing), *map(str, getattr(thing, 'args', ()))]
        shown = [text.encode() for text in texts] + [pickle.dumps(thing)]
        shown += [bytes(getattr(thing, 'data_buf', None) or b''), bytes(getattr(thing, 'raw_data', None) or b'')]
        for secret in secrets_of(server):
            assert not any(secret in data or secret.hex().encode() in data for data in shown)


def error_status(answer):
    answer.header.status = ntstatus.STATUS_LOGON_FAILURE  # with the body of a success


def unsigned(answer):
    answer.signed = False


def wrongly_signed(answer):
    answer.signed = answer.spoil_signature = True


@pytest.mark.parametrize('number', [0, 1])
@pytest.mark.parametrize(
    'change',
    [
        error_status,
        unsigned,
        lambda answer: setattr(answer.header, 'next_command', 80),
        lambda answer: setattr(answer.header, 'next_command', 64),
        lambda answer: setattr(answer.header, 'command', SMB2_COM_CREATE),
        lambda answer: setattr(answer.header, 'session_id', 77),
        lambda answer: setattr(answer.header, 'message_id', 77),
        lambda answer: setattr(answer.header, 'flags', 0),
        lambda answer: setattr(answer.header, 'structure_size', 60),
        lambda answer: setattr(answer, 'payload', answer.payload.pack()[:-1]),
        lambda answer: setattr(answer, 'payload', b'\x0a' + answer.payload.pack()[1:]),
        lambda answer: (
            answer.make_async(3) or setattr(answer.header, 'status', ntstatus.STATUS_PENDING) or [answer] * 2
        ),
    ],
)
def test_failed_sign_on_shows_no_token(number, change):
    server = ScriptedServer(hangs_up=True)
    for _ in range(number):
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
    server.bend(SMB2_COM_SESSION_SETUP, change)
    with client(server) as connection:
        try:
            connection.connect('server')
        except Exception as error:
            check_shows_nothing(server, error)
        check_shows_nothing(server, *_history(connection))


def test_wrong_signature_of_the_last_answer_shows_no_token():
    server = ScriptedServer()
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
    server.bend(SMB2_COM_SESSION_SETUP, wrongly_signed)
    with client(server) as connection:
        with pytest.raises(ProtocolError) as caught:
            connection.connect('server')
        check_shows_nothing(server, caught.value)


def test_second_answer_to_a_sign_on_shows_no_token():
    server = ScriptedServer(splits_compounds=True)
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: [answer, answer])
    with client(server) as connection:
        connection.connect('server')
        with pytest.raises(ProtocolError, match='not outstanding') as caught:
            connection.echo(b'')
        check_shows_nothing(server, caught.value)


@pytest.mark.parametrize('arguments', [{}, {'require_signing': True}, {'require_encryption': True}])
def test_messages_of_a_refused_renewal_have_zeros_for_their_tokens(arguments):
    server = ScriptedServer()
    with connected(server, **arguments) as connection:
        server.expire_session()
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
        server.bend(SMB2_COM_SESSION_SETUP, lambda answer: answer.make_error(ntstatus.STATUS_LOGON_FAILURE))
        with pytest.raises(OperationFailure) as caught:
            connection.getAttributes('share', 'file')
        messages = caught.value.smb_messages
        sign_on = [message for message in messages if message.command == SMB2_COM_SESSION_SETUP]
        assert len(sign_on) == 4
        for message in sign_on[:3]:
            token = message.payload.security_buffer
            assert len(token) > 30 and token == bytes(len(token))
            assert message.raw_data.endswith(token)
        check_shows_nothing(server, caught.value, *messages)


def _history(connection):
    return [] if connection._exchange is None else [*connection._exchange.dialect.history]


def test_history_of_a_sign_on_has_zeros_for_its_tokens():
    server = ScriptedServer()
    with connected(server, share=None) as connection:
        messages = [m for m in _history(connection) if m.command == SMB2_COM_SESSION_SETUP]
        assert len(messages) == 4
        check_shows_nothing(server, *messages)


def test_state_shows_no_key():
    server = ScriptedServer()
    with connected(server, require_encryption=True) as connection:
        session = connection._session
        request = SMB2SessionSetupRequest(security_mode=1, security_buffer=b'NTLMSSP\0 and more')
        for thing in (session, session.signer, session.sealer, Ticket(request, None, False), request,
                      SMB2Dialect(Connection(bytes(16)))):  # fmt: skip
            assert 'NTLMSSP' not in repr(thing) and b'NTLMSSP'.hex() not in repr(thing)
            assert 'object at' in repr(thing) or '<17 bytes>' in repr(thing)
