"""The rounds of SESSION_SETUP and what comes of them: keys, guests, refusals; [MS-SMB2] 3.2.5.3."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.auth import Authenticator
from smb.errors import ProtocolError
from smb.session import sign_on
from smb.smb2_constants import (
    SIGNING_AES_CMAC,
    SIGNING_AES_GMAC,
    SIGNING_HMAC_SHA256,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_SESSION_SETUP,
    SMB2_NEGOTIATE_SIGNING_ENABLED,
    SMB2_NEGOTIATE_SIGNING_REQUIRED,
    SMB2_SESSION_FLAG_ENCRYPT_DATA,
    SMB2_SESSION_FLAG_IS_GUEST,
    SMB2_SESSION_FLAG_IS_NULL,
)
from tests.auth.server import neg_token_resp
from tests.session.scripted import ScriptedServer, client, connected, is_usable
from tests.session.scripted_base import check_refused

GUEST, NULL, ENCRYPT = SMB2_SESSION_FLAG_IS_GUEST, SMB2_SESSION_FLAG_IS_NULL, SMB2_SESSION_FLAG_ENCRYPT_DATA
REQUIRED = SMB2_NEGOTIATE_SIGNING_ENABLED | SMB2_NEGOTIATE_SIGNING_REQUIRED
DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)


def bend_last(server, change):
    """Alter the answer that ends the sign-on."""
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
    server.bend(SMB2_COM_SESSION_SETUP, change)


def unsigned(answer):
    answer.signed = False


def wrongly_signed(answer):
    answer.signed = answer.spoil_signature = True


@pytest.mark.parametrize('algorithm', [SIGNING_HMAC_SHA256, SIGNING_AES_CMAC, SIGNING_AES_GMAC, None])
def test_each_signing_algorithm_works(algorithm):
    server = ScriptedServer(signing_algorithm=algorithm)
    with connected(server, require_signing=True) as connection:
        assert connection.is_signing_active
        assert is_usable(connection)
        assert all(request.signed for request in server.requests[3:])


@pytest.mark.parametrize('cipher', [1, 2, 3, 4])
def test_each_cipher_works(cipher):
    server = ScriptedServer(cipher=cipher)
    with connected(server, require_encryption=True) as connection:
        assert connection.is_encrypted
        assert is_usable(connection)


@pytest.mark.parametrize(
    ('dialect', 'arguments', 'security_mode', 'change', 'text'),
    [
        (0x0311, {}, 1, unsigned, 'The last answer of the sign-on is not signed'),
        (0x0311, {'sign_options': 0}, 1, unsigned, 'is not signed'),
        (0x0302, {'require_signing': True}, 1, unsigned, 'is not signed'),
        (0x0210, {}, REQUIRED, unsigned, 'is not signed'),
        *((dialect, {}, 1, wrongly_signed, 'SMB2_COM_SESSION_SETUP has a wrong signature') for dialect in DIALECTS),
        *((dialect, {'sign_options': 0}, 1, wrongly_signed, 'has a wrong signature') for dialect in DIALECTS),
    ],
)
def test_last_answer_proves_the_key(dialect, arguments, security_mode, change, text):
    server = ScriptedServer(dialect, security_mode=security_mode)
    bend_last(server, change)
    check_refused(server, text, **arguments)
    assert server.commands() == ['NEGOTIATE', 'SESSION_SETUP', 'SESSION_SETUP']


@pytest.mark.parametrize('dialect', [0x0202, 0x0210, 0x0300, 0x0302])
def test_last_answer_may_be_unsigned_where_nobody_requires_it_before_311(dialect):
    server = ScriptedServer(dialect, signs_last_answer=False)
    with connected(server, sign_options=1) as connection:
        assert connection.is_signing_active
        assert is_usable(connection)


def test_answer_of_the_first_round_changed_on_the_way_is_found_out_at_311():
    server = ScriptedServer()
    server.tampering[SMB2_COM_SESSION_SETUP] = lambda frame: frame[:14] + b'\x07' + frame[15:]
    with client(server) as connection, pytest.raises(ProtocolError, match='wrong signature'):
        connection.connect('server')


@pytest.mark.parametrize(
    ('sign_options', 'security_mode', 'signs'),
    [
        (0, SMB2_NEGOTIATE_SIGNING_ENABLED, False),
        (0, REQUIRED, False),
        (1, SMB2_NEGOTIATE_SIGNING_ENABLED, True),
        (1, REQUIRED, True),
        (2, SMB2_NEGOTIATE_SIGNING_ENABLED, False),
        (2, REQUIRED, True),
    ],
)
def test_sign_options_decide_with_the_server_whether_all_is_signed(sign_options, security_mode, signs):
    server = ScriptedServer(security_mode=security_mode)
    with connected(server, sign_options=sign_options) as connection:
        connection.echo(b'')
        assert connection.is_signing_active is signs
        assert server.of(SMB2_COM_CREATE)[0].signed is server.of(SMB2_COM_ECHO)[0].signed is signs


# Guests and anonymous users


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize(('flags', 'who'), [(GUEST, 'a guest'), (NULL, 'an anonymous user')])
@pytest.mark.parametrize('required', ['require_signing', 'require_encryption'])
@pytest.mark.parametrize('has_keys', [False, True])
def test_guest_and_null_sessions_are_refused_where_protection_is_required(dialect, flags, who, required, has_keys):
    if required == 'require_encryption' and dialect < 0x0300:
        dialect = 0x0300
    server = ScriptedServer(dialect, session_flags=flags, has_keys=has_keys)
    check_refused(server, f'let us in as {who}, .* as was required', **{required: True})
    assert server.commands()[-1] == 'SESSION_SETUP'


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('flags', [GUEST, NULL])
@pytest.mark.parametrize('sign_options', [0, 1, 2])
def test_guest_and_null_sessions_are_unsigned_where_nothing_is_required(dialect, flags, sign_options):
    server = ScriptedServer(dialect, session_flags=flags, has_keys=False, security_mode=REQUIRED)
    with connected(server, sign_options=sign_options) as connection:
        assert connection.is_guest
        assert not connection.is_signing_active and not connection.is_encrypted
        assert is_usable(connection)
    assert not any(request.signed or request.sealed for request in server.requests)


@pytest.mark.parametrize('flags', [0, NULL])
def test_anonymous_user_has_no_key_whatever_the_flags_say(flags):
    server = ScriptedServer(session_flags=flags, has_keys=False)  # Samba says 0
    with connected(server, user='', password='') as connection:
        assert connection.is_guest
        assert is_usable(connection)


@pytest.mark.parametrize('required', ['require_signing', 'require_encryption'])
def test_anonymous_user_without_a_flag_is_refused_where_protection_is_required(required):
    server = ScriptedServer(has_keys=False)
    check_refused(server, 'as an anonymous user', user='', password='', **{required: True})


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('flags', [GUEST, NULL])
def test_session_with_a_key_loses_no_protection_by_a_flag(dialect, flags):
    server = ScriptedServer(dialect, session_flags=flags, security_mode=REQUIRED)
    with connected(server) as connection:
        assert connection.is_guest and connection.is_signing_active
        assert all(request.signed for request in server.requests[3:])
        server.bend(SMB2_COM_ECHO, unsigned)
        with pytest.raises(ProtocolError, match='is not signed'):
            connection.echo(b'')
        assert connection.sock is None


@pytest.mark.parametrize('flags', [GUEST, NULL])
def test_flag_does_not_excuse_a_wrong_signature(flags):
    server = ScriptedServer(session_flags=flags)
    bend_last(server, wrongly_signed)
    with client(server) as connection, pytest.raises(ProtocolError, match='wrong signature'):
        connection.connect('server')


# Encryption


@pytest.mark.parametrize(
    ('options', 'arguments'),
    [
        ({'session_flags': ENCRYPT, 'encrypts': False}, {}),
        ({'session_flags': ENCRYPT, 'dialect': 0x0210}, {}),
        ({'session_flags': ENCRYPT | GUEST, 'has_keys': False}, {}),
        ({'session_flags': ENCRYPT, 'has_keys': False}, {'user': '', 'password': ''}),
    ],
)
def test_encryption_that_the_session_cannot_do_is_an_error(options, arguments):
    server = ScriptedServer(**options)
    check_refused(server, 'wants the session encrypted, but there is no key or no cipher', **arguments)


@pytest.mark.parametrize('dialect', [0x0300, 0x0302, 0x0311])
def test_session_is_encrypted_where_the_server_says_so(dialect):
    server = ScriptedServer(dialect, session_flags=ENCRYPT)
    with connected(server) as connection:
        assert connection.is_encrypted and not connection.is_signing_active
        assert all(request.sealed for request in server.requests[3:])


@pytest.mark.parametrize('dialect', DIALECTS)
def test_interim_answers_to_the_sign_on_are_waited_out_and_not_hashed(dialect):
    server = ScriptedServer(dialect, pends={SMB2_COM_SESSION_SETUP}, security_mode=REQUIRED)
    with connected(server) as connection:
        assert is_usable(connection)


# Refusals


def test_refused_user_is_no_error_and_the_session_is_forgotten():
    server = ScriptedServer()
    bend_last(server, lambda answer: answer.make_error(ntstatus.STATUS_LOGON_FAILURE) or unsigned(answer))
    with client(server) as connection:
        assert connection.connect('server') is False
        assert connection.auth_error == 'STATUS_LOGON_FAILURE, 0xC000006D'
        connection.echo(b'')
        assert server.requests[-1].header.session_id == 0


@pytest.mark.parametrize('status', ['STATUS_ACCESS_DENIED', 'STATUS_NETWORK_SESSION_EXPIRED', 'STATUS_NOT_SUPPORTED'])
def test_other_status_at_the_sign_on_is_an_error_that_names_it(status):
    server = ScriptedServer()
    bend_last(server, lambda answer: answer.make_error(getattr(ntstatus, status)) or unsigned(answer))
    check_refused(server, f'answered the sign-on with {status}')


def test_session_needs_an_id():
    server = ScriptedServer()
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: setattr(answer.header, 'session_id', 0))
    with client(server) as connection, pytest.raises(ProtocolError, match='The server gave the session the id 0'):
        connection.connect('server')


def test_success_before_the_challenge_is_refused():
    def bent(answer):
        answer.header.status = 0
        answer.payload.security_buffer = neg_token_resp(0, mechanism=b'')

    server = ScriptedServer()
    server.bend(SMB2_COM_SESSION_SETUP, bent)
    with client(server) as connection, pytest.raises(ProtocolError, match='before its NTLM challenge'):
        connection.connect('server')


def test_server_that_always_wants_another_round_is_left(monkeypatch):
    monkeypatch.setattr(Authenticator, 'step', lambda self, token: b'token')

    def bent(answer):
        answer.header.status = ntstatus.STATUS_MORE_PROCESSING_REQUIRED

    server = ScriptedServer()
    server._do_session_setup = lambda request, session: (0, type(request.payload).RESPONSE(security_buffer=b'more'))
    server.bend(SMB2_COM_SESSION_SETUP, bent, times=100)
    with client(server) as connection, pytest.raises(ProtocolError, match=r'did not end after \d+ rounds'):
        connection.connect('server')
    assert len(server.of(SMB2_COM_SESSION_SETUP)) == sign_on.ROUND_LIMIT


def test_each_round_of_the_sign_on_is_timed():
    server = ScriptedServer()
    with connected(server):
        assert len(server.transport.turns) == 2
        assert all(0 < seconds < 5 for seconds in server.transport.turns)
