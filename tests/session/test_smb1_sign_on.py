"""Agreeing on NT LM 0.12 and the rounds of SESSION_SETUP_ANDX, [MS-CIFS] 3.2.5.2 and 3.2.5.3, [MS-SMB] 3.2.5.3."""

from __future__ import annotations

import io
import pickle

import pytest

from smb import ntstatus, smb_structs
from smb.errors import FileNotFoundFailure, NotReadyError, OperationFailure, ProtocolError, UnsupportedFeature
from smb.smb_constants import (
    CAP_EXTENDED_SECURITY,
    CAP_INFOLEVEL_PASSTHRU,
    CAP_LARGE_FILES,
    CAP_LARGE_READX,
    CAP_LARGE_WRITEX,
    NEGOTIATE_ENCRYPT_PASSWORDS,
    NEGOTIATE_USER_SECURITY,
    SMB_COM_NEGOTIATE,
    SMB_COM_READ_ANDX,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_COM_TREE_CONNECT_ANDX,
    SMB_COM_WRITE_ANDX,
    SMB_SETUP_GUEST,
)
from tests.auth.server import neg_token_resp
from tests.session.scripted_base import check_refused
from tests.session.scripted_smb1 import CAPABILITIES, PASSWORD, ScriptedSMB1Server, client, connected, is_usable

FORMS = pytest.mark.parametrize('extended_security', [True, False], ids=['tokens', 'bare'])


def payload(name, value):
    return lambda answer: setattr(answer.payload, name, value)


def bend_last(server, change):
    """Alter the answer that ends the sign-on."""
    if server.extended_security:
        server.bend(SMB_COM_SESSION_SETUP_ANDX, lambda answer: None)
    server.bend(SMB_COM_SESSION_SETUP_ANDX, change)


# NEGOTIATE


@FORMS
def test_what_was_agreed_on_can_be_read(extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security, max_buffer_size=4356)
    with connected(server, share='') as connection:
        assert connection.dialect == 0x0100
        assert not connection.is_using_smb2 and not connection.isUsingSMB2
        assert (connection.max_buffer_size, connection.max_raw_size) == (4356, 65536)
        assert (connection.max_read_size, connection.max_write_size, connection.max_transact_size) == (0, 0, 0)
        assert connection.capabilities == CAPABILITIES | (CAP_EXTENDED_SECURITY if extended_security else 0)
        assert connection.security_mode == server.security_mode
        assert connection.cipher is None and not connection.is_encrypted
        assert connection.auth_result is True and not connection.is_guest
    assert server.of(SMB_COM_NEGOTIATE)[0].payload.dialects == ('NT LM 0.12',)


@pytest.mark.parametrize(
    ('options', 'error', 'text'),
    [
        ({'dialect_index': 0xFFFF}, ProtocolError, 'No common dialect: we offered NT LM 0.12, the server has none'),
        ({'dialect_index': 1}, ProtocolError, 'The server chose dialect number 1; we offered one'),
        ({'max_buffer_size': 0}, ProtocolError, 'announced a longest message of 0 bytes'),
        ({'max_buffer_size': 1023}, ProtocolError, 'announced a longest message of 1023 bytes'),
        ({'security_mode': NEGOTIATE_USER_SECURITY}, UnsupportedFeature, 'wants the password as plain text'),
        ({'security_mode': NEGOTIATE_ENCRYPT_PASSWORDS}, UnsupportedFeature, 'protects each share by a password'),
        ({'security_mode': 0}, UnsupportedFeature, 'protects each share by a password'),
    ],
)
@FORMS
def test_server_that_cannot_be_talked_to_is_told_nothing(options, error, text, extended_security):
    server = ScriptedSMB1Server(signing='disabled', extended_security=extended_security, **options)
    check_refused(server, text, error)
    assert server.commands() == ['NEGOTIATE']


@pytest.mark.parametrize('challenge', [b'', bytes(7), bytes(9), bytes(255)])
def test_challenge_of_another_length_is_answered_by_nothing(challenge):
    server = ScriptedSMB1Server(extended_security=False, challenge=challenge)
    check_refused(server, f'sent a challenge of {len(challenge)} bytes instead of 8')
    assert server.commands() == ['NEGOTIATE']


def test_extended_security_that_was_not_offered_is_refused(monkeypatch):
    class Pushy(ScriptedSMB1Server):
        extended = True

    monkeypatch.setattr(smb_structs, 'SUPPORT_EXTENDED_SECURITY', False)
    server = Pushy()
    check_refused(server, 'The server chose extended security, which was not offered')
    assert server.commands() == ['NEGOTIATE']


def test_switch_leaves_tokens_out(monkeypatch):
    monkeypatch.setattr(smb_structs, 'SUPPORT_EXTENDED_SECURITY', False)
    server = ScriptedSMB1Server()  # which checks what it gets
    with connected(server) as connection:
        assert not server.extended
        assert is_usable(connection)


@FORMS
def test_error_to_the_offer_says_that_there_is_no_dialect(extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security)
    server.bend(SMB_COM_NEGOTIATE, lambda answer: answer.make_error(ntstatus.STATUS_NOT_SUPPORTED))
    check_refused(server, r'No common dialect: .* the server answered STATUS_NOT_SUPPORTED')


# What the server cannot do is done without


@FORMS
@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
@pytest.mark.parametrize('max_buffer_size', [1024, 4356, 16644])
@pytest.mark.parametrize('large', [0, CAP_LARGE_READX, CAP_LARGE_WRITEX, CAP_LARGE_READX | CAP_LARGE_WRITEX])
def test_messages_are_as_long_as_the_server_takes_them(large, max_buffer_size, signing, extended_security):
    server = ScriptedSMB1Server(
        capabilities=CAPABILITIES & ~(CAP_LARGE_READX | CAP_LARGE_WRITEX) | large,
        max_buffer_size=max_buffer_size,
        signing=signing,
        extended_security=extended_security,
    )
    content = server.files['large'] = bytes(range(251)) * 400
    with connected(server) as connection:
        file = io.BytesIO()
        connection.retrieveFile('share', 'large', file)
        assert file.getvalue() == content
        file.seek(0)
        connection.storeFile('share', 'new', file)
        assert server.files['new'] == content
    longest_write = max(len(request.frame) for request in server.of(SMB_COM_WRITE_ANDX))
    may_be_large = large & CAP_LARGE_WRITEX and signing == 'enabled'
    assert longest_write > 60000 if may_be_large else max_buffer_size * 0.8 < longest_write <= max_buffer_size
    longest_read = max(
        request.payload.max_count_high << 16 | request.payload.max_count for request in server.of(SMB_COM_READ_ANDX)
    )
    may_be_large = large & CAP_LARGE_READX and signing == 'enabled'
    assert longest_read > 60000 if may_be_large else max_buffer_size * 0.8 < longest_read <= max_buffer_size


def test_offsets_of_64_bits_are_sent_only_to_who_takes_them():
    for capabilities in (CAPABILITIES, CAPABILITIES & ~CAP_LARGE_FILES):
        server = ScriptedSMB1Server(capabilities=capabilities)
        with connected(server) as connection:
            connection.storeFile('share', 'new', io.BytesIO(b'data'))
            connection.retrieveFile('share', 'new', io.BytesIO())
            if capabilities & CAP_LARGE_FILES:
                assert connection.retrieveFileFromOffset('share', 'new', io.BytesIO(), 1 << 32)[1] == 0
                continue
            with pytest.raises(UnsupportedFeature, match='The server has no files of 4 GiB and more'):
                connection.storeFileFromOffset('share', 'new', io.BytesIO(b'data'), 1 << 32)
            assert is_usable(connection)
            assert server.open_handles == 0


@FORMS
@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
def test_server_without_unicode_is_talked_to_in_oem(signing, extended_security):
    server = ScriptedSMB1Server(unicode=False, signing=signing, extended_security=extended_security)
    server.names.append('häß')
    with connected(server) as connection:
        connection.storeFile('share', 'tür', io.BytesIO(b'data'))
        assert server.files['tür'] == b'data'
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        assert is_usable(connection)


@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
def test_server_without_ntstatus_gives_errors_that_mean_the_same(signing):
    server = ScriptedSMB1Server(dos_errors=True, unicode=False, signing=signing)
    with connected(server) as connection:
        with pytest.raises(FileNotFoundFailure) as caught:
            connection.retrieveFile('share', 'none', io.BytesIO())
        assert caught.value.smb_messages[-1].ntstatus == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
        assert caught.value.smb_messages[-1].status.internal_value == 2 << 16 | 1
        server.refused_levels = {0x106}
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        assert is_usable(connection)


@pytest.mark.parametrize('status', [ntstatus.STATUS_LOGON_FAILURE, ntstatus.STATUS_ACCESS_DENIED])
def test_dos_error_at_sign_on_refuses_the_user(status):
    """ERRnoaccess, too: it is what Samba makes of every reason."""
    server = ScriptedSMB1Server(dos_errors=True, refuses_user=status)
    with client(server) as connection:
        assert connection.connect('server') is False
        assert 'STATUS_LOGON_FAILURE' in connection.auth_error


@pytest.mark.parametrize('refused', [{0x106}, {0x106, 1004, 1013}])
def test_level_that_was_refused_is_not_asked_for_again(refused):
    server = ScriptedSMB1Server(refused_levels=refused)
    with connected(server) as connection:
        before = len(server.requests)
        connection.listPath('share', '/')
        assert server.commands(before) == ['TRANSACTION2', 'TRANSACTION2']
        before = len(server.requests)
        assert len(connection.listPath('share', '/')) == len(server.names)
        assert server.commands(before) == ['TRANSACTION2']


def test_information_is_set_by_a_level_that_the_server_has():
    for capabilities in (CAPABILITIES, CAPABILITIES & ~CAP_INFOLEVEL_PASSTHRU):
        server = ScriptedSMB1Server(capabilities=capabilities)
        with connected(server) as connection:
            connection.resetFileAttributes('share', 'file', 0x21)
            assert connection.getAttributes('share', 'file').file_attributes == 0x21
            connection.setLastWriteTime('share', 'file', 0)
            assert server.basics['file'].last_write_time == 116444736000000000


# Who is let in


@FORMS
@pytest.mark.parametrize('use_ntlm_v2', [True, False])
@pytest.mark.parametrize('domain', ['', 'Domäne'])
@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
def test_users_are_let_in(use_ntlm_v2, domain, signing, extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security, signing=signing)  # which checks what it gets
    with connected(server, domain=domain, use_ntlm_v2=use_ntlm_v2) as connection:
        assert is_usable(connection)
        assert connection.is_signing_active is (signing == 'mandatory')
    last = server.of(SMB_COM_SESSION_SETUP_ANDX)[-1].payload
    if not extended_security:
        assert len(last.unicode_password) == 24 or use_ntlm_v2
        assert last.primary_domain == domain


@pytest.mark.parametrize('use_ntlm_v2', [True, False])
def test_switch_means_ntlm_v1_as_with_pysmb(monkeypatch, use_ntlm_v2):
    monkeypatch.setattr(smb_structs, 'SUPPORT_EXTENDED_SECURITY', False)
    server = ScriptedSMB1Server()  # which checks what it gets
    with connected(server, use_ntlm_v2=use_ntlm_v2, share=''):
        assert len(server.of(SMB_COM_SESSION_SETUP_ANDX)[-1].payload.unicode_password) == 24


def test_server_without_tokens_gets_no_ntlm_v1_that_was_not_asked_for():
    server = ScriptedSMB1Server(extended_security=False)
    with connected(server, share=''):
        assert len(server.of(SMB_COM_SESSION_SETUP_ANDX)[-1].payload.unicode_password) > 24


def test_bare_response_never_has_the_hash_that_lan_manager_made():
    server = ScriptedSMB1Server(extended_security=False)
    with connected(server, use_ntlm_v2=False):
        [request] = server.of(SMB_COM_SESSION_SETUP_ANDX)
        assert request.payload.oem_password in (b'', request.payload.unicode_password)


@FORMS
@pytest.mark.parametrize(
    'status', ['STATUS_LOGON_FAILURE', 'STATUS_ACCOUNT_DISABLED', 'STATUS_PASSWORD_EXPIRED', 'STATUS_NO_SUCH_USER']
)
@pytest.mark.parametrize('signing', ['disabled', 'enabled', 'mandatory'])
def test_refused_user_makes_connect_give_false(status, signing, extended_security):
    server = ScriptedSMB1Server(
        refuses_user=getattr(ntstatus, status), signing=signing, extended_security=extended_security
    )
    with client(server) as connection:
        assert connection.connect('server') is False
        assert connection.auth_result is False and connection.sock is not None
        assert connection.auth_error == f'{status}, 0x{getattr(ntstatus, status):08X}'
        assert not connection.is_signing_active
        with pytest.raises(NotReadyError):
            connection.listPath('share', '/')
        assert connection.echo(b'data') == b'data'


@FORMS
@pytest.mark.parametrize('status', ['STATUS_ACCESS_DENIED', 'STATUS_NOT_SUPPORTED', 'STATUS_TOO_MANY_SESSIONS'])
def test_other_status_at_sign_on_is_an_error(status, extended_security):
    server = ScriptedSMB1Server(refuses_user=getattr(ntstatus, status), extended_security=extended_security)
    check_refused(server, f'The server answered the sign-on with {status}')


@FORMS
def test_guests_are_let_in_where_nothing_is_required(extended_security):
    server = ScriptedSMB1Server(action=SMB_SETUP_GUEST, has_keys=False, extended_security=extended_security)
    with connected(server) as connection:
        assert connection.is_guest
        assert is_usable(connection)


@FORMS
def test_anonymous_users_are_let_in_where_nothing_is_required(extended_security):
    server = ScriptedSMB1Server(has_keys=False, extended_security=extended_security)
    with connected(server, user='', password='') as connection:
        assert connection.is_guest and not connection.is_signing_active
        assert is_usable(connection)
    if not extended_security:
        last = server.of(SMB_COM_SESSION_SETUP_ANDX)[-1].payload
        assert (last.account_name, last.oem_password, last.unicode_password) == ('', b'\0', b'')


@FORMS
def test_session_without_an_id_is_refused(extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security)
    server.bend(SMB_COM_SESSION_SETUP_ANDX, lambda answer: setattr(answer.header, 'uid', 0))
    check_refused(server, 'The server gave the session the id 0')


# Tokens


def test_sign_on_ends_no_earlier_than_ntlm_does():
    server = ScriptedSMB1Server()

    def ends(answer):
        answer.header.status = ntstatus.STATUS_SUCCESS

    server.bend(SMB_COM_SESSION_SETUP_ANDX, ends)
    check_refused(server, 'ended the sign-on before its NTLM challenge')


def test_sign_on_goes_on_no_longer_than_ntlm_does():
    server = ScriptedSMB1Server()

    def goes_on(answer):
        answer.header.status = ntstatus.STATUS_MORE_PROCESSING_REQUIRED

    bend_last(server, goes_on)
    check_refused(server, 'asks for more tokens than NTLM has')


def test_token_that_rejects_is_no_success():
    server = ScriptedSMB1Server()
    bend_last(server, payload('security_blob', neg_token_resp(2, mechanism=b'')))
    check_refused(server, 'rejected NTLM, though it reports success')


def test_challenge_that_was_weakened_is_not_answered():
    server = ScriptedSMB1Server()

    def weakened(answer):
        blob = bytearray(answer.payload.security_blob)
        at = blob.index(b'NTLMSSP\0') + 20
        blob[at + 2] &= ~0x08  # EXTENDED_SESSIONSECURITY
        answer.payload.security_blob = bytes(blob)

    server.bend(SMB_COM_SESSION_SETUP_ANDX, weakened)
    text = 'downgraded: it lacks NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY'
    with client(server) as connection, pytest.raises(ProtocolError, match=text):
        connection.connect('server')
    assert len(server.of(SMB_COM_SESSION_SETUP_ANDX)) == 1


# Secrets


def secrets_of(server):
    request = server.of(SMB_COM_SESSION_SETUP_ANDX)[-1].payload
    if server.extended_security:
        return [request.security_blob]
    return [request.oem_password[:16], request.unicode_password]


@FORMS
@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
def test_no_answer_to_a_challenge_is_shown(signing, extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security, signing=signing)
    server.refuse = lambda request: (
        ntstatus.STATUS_BAD_NETWORK_NAME if request.command == SMB_COM_TREE_CONNECT_ANDX else None
    )
    with client(server) as connection:
        connection.connect('server')
        with pytest.raises(OperationFailure) as caught:
            connection.getAttributes('share', 'file')
    messages = caught.value.smb_messages
    seen = [str(caught.value), repr(messages), repr(connection)]
    raw = [*(message.raw_data for message in messages), pickle.dumps(caught.value)]
    check_nothing_is_shown(server, seen, raw)


@FORMS
def test_history_of_the_sign_on_has_zeros_for_it(extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security)
    with client(server) as connection:
        connection.connect('server')
        history = list(connection._exchange.dialect.history)
    assert [message.command for message in history].count(SMB_COM_SESSION_SETUP_ANDX) >= 2
    check_nothing_is_shown(server, [repr(history)], [message.raw_data for message in history])


@FORMS
@pytest.mark.parametrize(
    'change',
    [
        lambda answer: setattr(answer.header, 'mid', 7),
        lambda answer: setattr(answer.header, 'protocol', b'\xfeSMB'),
        lambda answer: setattr(answer, 'payload', b'\xff' + answer.payload.pack()[1:]),
        lambda answer: setattr(answer, 'spoil_signature', True),
    ],
)
def test_damaged_answer_to_the_sign_on_is_not_shown(change, extended_security):
    server = ScriptedSMB1Server(signing='mandatory', extended_security=extended_security)
    bend_last(server, change)
    with client(server) as connection, pytest.raises(ProtocolError) as caught:
        connection.connect('server')
    assert caught.value.data_buf is None or len(caught.value.data_buf) <= 32
    check_nothing_is_shown(server, [str(caught.value)], [])


def check_nothing_is_shown(server, texts, raw):
    for secret in [*secrets_of(server), PASSWORD.encode('utf-16-le'), PASSWORD.encode()]:
        assert not any(secret in data for data in raw)
        assert not any(secret.hex() in text or repr(secret) in text for text in texts)
    assert not any(PASSWORD in text for text in texts)
