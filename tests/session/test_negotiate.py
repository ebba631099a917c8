"""What a NEGOTIATE answer may say, and that nobody changed it on the way: [MS-SMB2] 3.2.5.2 and 3.2.5.5."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus, smb_structs
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, UnsupportedFeature
from smb.messages.smb2.negotiate import (
    SMB2EncryptionCapabilities,
    SMB2NegotiateContext,
    SMB2NetnameNegotiateContextId,
    SMB2PreauthIntegrityCapabilities,
    SMB2SigningCapabilities,
)
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.session.negotiate import dialects_between
from smb.smb2_constants import (
    SHA_512,
    SIGNING_AES_GMAC,
    SMB2_COM_IOCTL,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_SESSION_SETUP,
    SMB2_ENCRYPTION_AES128_GCM,
    SMB2_GLOBAL_CAP_ENCRYPTION,
    SMB2_GLOBAL_CAP_LARGE_MTU,
    SMB2_NEGOTIATE_SIGNING_ENABLED,
    SMB2_NEGOTIATE_SIGNING_REQUIRED,
    SMB2_SESSION_FLAG_IS_GUEST,
)
from tests.session.scripted import ScriptedServer, client, connected, is_usable
from tests.session.scripted_base import check_refused

DIALECTS = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)
BEFORE_311 = DIALECTS[:-1]

HASH = SMB2PreauthIntegrityCapabilities(hash_algorithms=(SHA_512,), salt=bytes(32))
CIPHER = SMB2EncryptionCapabilities(ciphers=(SMB2_ENCRYPTION_AES128_GCM,))
SIGNING = SMB2SigningCapabilities(signing_algorithms=(SIGNING_AES_GMAC,))


def set_field(name, value):
    return lambda answer: setattr(answer.payload, name, value)


def contexts(*given):
    return set_field('negotiate_contexts', given)


@pytest.mark.parametrize('dialect', DIALECTS)
def test_every_dialect_is_agreed_on_and_works(dialect):
    with connected(ScriptedServer(dialect)) as connection:
        assert connection.dialect == dialect
        assert is_usable(connection)


@pytest.mark.parametrize(
    ('bounds', 'offered'),
    [
        ({}, DIALECTS),
        ({'min_dialect': 0x0300}, (0x0300, 0x0302, 0x0311)),
        ({'max_dialect': 0x0210}, (0x0202, 0x0210)),
        ({'min_dialect': 0x0302, 'max_dialect': 0x0302}, (0x0302,)),
    ],
)
def test_offer_is_what_lies_between_the_bounds(bounds, offered):
    server = ScriptedServer(offered[-1])
    with connected(server, **bounds):
        assert server.requests[0].payload.dialects == offered


@pytest.mark.parametrize(
    ('minimum', 'maximum', 'text'),
    [
        (0x0300, 0x0210, 'min_dialect 0x0300 is above max_dialect 0x0210'),
        (0x02FF, None, 'min_dialect must be None or one of 0x0202'),
        (None, True, 'max_dialect must be None or one of'),
        (None, '3.1.1', "not '3.1.1'"),
    ],
)
def test_bounds_that_offer_nothing_are_refused(minimum, maximum, text):
    with pytest.raises(ValueError, match=text):
        dialects_between(minimum, maximum)


@pytest.mark.parametrize(
    ('dialect', 'change', 'text'),
    [
        (0x0311, set_field('dialect_revision', 0x0312), 'chose dialect 0x0312; we offered 0x0210, 0x0300'),
        (0x0210, set_field('dialect_revision', 0x0202), 'chose dialect 0x0202; we offered 0x0210, 0x0300'),
        (0x0210, set_field('dialect_revision', 0x02FF), 'chose dialect 0x02FF'),
        (0x0311, contexts(), r'chose preauthentication hashes \[\]; we offered SHA-512'),
        (0x0311, contexts(CIPHER, SIGNING), r'chose preauthentication hashes \[\]'),
        (0x0311, contexts(HASH, HASH), r'hashes \[\(1,\), \(1,\)\]'),
        (0x0311, contexts(SMB2PreauthIntegrityCapabilities(hash_algorithms=(2,), salt=b'')), r'hashes \[\(2,\)\]'),
        (0x0311, contexts(SMB2PreauthIntegrityCapabilities(hash_algorithms=(1, 1), salt=b'')), r'hashes \[\(1, 1\)\]'),
        (0x0311, contexts(HASH, SMB2EncryptionCapabilities(ciphers=(5,))), r'chose cipher \[\(5,\)\]; we offered'),
        (0x0311, contexts(HASH, SMB2EncryptionCapabilities(ciphers=(1, 2))), r'chose cipher \[\(1, 2\)\]'),
        (0x0311, contexts(HASH, SMB2EncryptionCapabilities(ciphers=())), r'chose cipher \[\(\)\]'),
        (0x0311, contexts(HASH, CIPHER, CIPHER), r'chose cipher \[\(2,\), \(2,\)\]'),
        (0x0311, contexts(HASH, SMB2SigningCapabilities(signing_algorithms=(3,))), r'chose signing algorithm \[\(3,\)'),
        (0x0311, contexts(HASH, SMB2SigningCapabilities(signing_algorithms=(0, 1))), r'algorithm \[\(0, 1\)\]'),
        (0x0311, contexts(HASH, SIGNING, SIGNING), r'algorithm \[\(2,\), \(2,\)\]'),
        (0x0311, set_field('max_read_size', 0), 'longest read, write or transaction of 0 bytes'),
        (0x0311, set_field('max_write_size', 0), 'longest read, write or transaction of 0 bytes'),
        (0x0302, set_field('max_transact_size', 0), 'longest read, write or transaction of 0 bytes'),
    ],
)
def test_answer_that_was_not_offered_is_refused(dialect, change, text):
    server = ScriptedServer(dialect)
    server.bend(SMB2_COM_NEGOTIATE, change)
    check_refused(server, text, min_dialect=0x0210)
    assert server.commands() == ['NEGOTIATE']


@pytest.mark.parametrize(
    ('dialect', 'change', 'cipher', 'algorithm'),
    [
        (0x0202, None, None, 'HMAC-SHA256'),
        (0x0210, set_field('capabilities', SMB2_GLOBAL_CAP_ENCRYPTION), None, 'HMAC-SHA256'),
        (0x0300, set_field('capabilities', SMB2_GLOBAL_CAP_LARGE_MTU), None, 'AES-128-CMAC'),
        (0x0302, None, 'AES-128-CCM', 'AES-128-CMAC'),
        (0x0311, contexts(HASH), None, 'AES-128-CMAC'),
        (0x0311, contexts(HASH, SMB2EncryptionCapabilities(ciphers=(0,)), SIGNING), None, 'AES-128-GMAC'),
        (0x0311, contexts(SMB2NegotiateContext(context_type=0x77, data=b'new'), HASH, CIPHER), 'AES-128-GCM',
         'AES-128-CMAC'),
    ],
)  # fmt: skip
def test_what_the_server_leaves_open_has_a_default(dialect, change, cipher, algorithm):
    server = ScriptedServer(dialect)
    if change:
        server.bend(SMB2_COM_NEGOTIATE, change)
    server.bend(SMB2_COM_SESSION_SETUP, lambda answer: answer.make_error(ntstatus.STATUS_LOGON_FAILURE))
    with client(server) as connection:
        assert connection.connect('server') is False
        assert (connection.cipher, connection.signing_algorithm) == (cipher, algorithm)


def test_required_encryption_that_the_server_has_not_ends_the_connection():
    for dialect in (0x0210, 0x0302, 0x0311):
        server = ScriptedServer(dialect, encrypts=False)
        with client(server, require_encryption=True) as connection:
            with pytest.raises(UnsupportedFeature, match=f'the server has none at dialect 0x{dialect:04X}'):
                connection.connect('server')
            assert connection.sock is None
        assert server.commands() == ['NEGOTIATE']


def test_negotiate_is_answered_outside_of_any_session():
    server = ScriptedServer()
    server.bend(SMB2_COM_NEGOTIATE, lambda answer: setattr(answer.header, 'session_id', 5))
    with client(server) as connection, pytest.raises(ProtocolError, match='for session 0x0000000000000005, which is'):
        connection.connect('server')


def test_refused_negotiate_names_what_was_offered_and_the_status():
    server = ScriptedServer()
    server.bend(SMB2_COM_NEGOTIATE, lambda answer: answer.make_error(ntstatus.STATUS_NOT_SUPPORTED))
    check_refused(server, r'we offered 0x0302, 0x0311, the server .*STATUS_NOT_SUPPORTED', min_dialect=0x0302)


def test_server_that_hangs_up_on_the_offer_may_speak_none_of_it(monkeypatch):
    monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', False)
    server = ScriptedServer(0x0210)
    server.bend(SMB2_COM_NEGOTIATE, lambda answer: server.transport.queue.append(NotConnectedError('gone')) or [])
    text = 'hung up on an offer of 0x0202, 0x0210'
    with client(server, max_dialect=0x0210) as connection, pytest.raises(NotConnectedError, match=text):
        connection.connect('server')


@pytest.mark.parametrize(
    ('arguments', 'security_mode', 'capabilities'),
    [
        ({}, SMB2_NEGOTIATE_SIGNING_ENABLED, SMB2_GLOBAL_CAP_LARGE_MTU | SMB2_GLOBAL_CAP_ENCRYPTION),
        ({'require_signing': True}, SMB2_NEGOTIATE_SIGNING_REQUIRED,
         SMB2_GLOBAL_CAP_LARGE_MTU | SMB2_GLOBAL_CAP_ENCRYPTION),
        ({'max_dialect': 0x0210}, SMB2_NEGOTIATE_SIGNING_ENABLED, 0),
    ],
)  # fmt: skip
def test_request_says_what_the_client_can_and_wants(arguments, security_mode, capabilities):
    server = ScriptedServer(arguments.get('max_dialect', 0x0311))
    with connected(server, **arguments):
        request = server.requests[0].payload
        assert (request.security_mode, request.capabilities) == (security_mode, capabilities)
        if 0x0311 in request.dialects:
            (name,) = [c for c in request.negotiate_contexts if isinstance(c, SMB2NetnameNegotiateContextId)]
            assert name.net_name == 'SERVER'
        else:
            assert request.negotiate_contexts == ()


def test_client_guid_and_salt_are_new_for_each_connection():
    seen = set()
    for _ in range(3):
        server = ScriptedServer()
        with connected(server):
            request = server.requests[0].payload
            seen |= {request.client_guid, request.negotiate_contexts[0].salt}
    assert len(seen) == 6
    assert bytes(16) not in seen


@pytest.mark.parametrize(
    ('dialect', 'is_direct_tcp', 'capabilities', 'offered', 'expected'),
    [
        (0x0311, True, SMB2_GLOBAL_CAP_LARGE_MTU, 1 << 30, 8 << 20),
        (0x0311, True, SMB2_GLOBAL_CAP_LARGE_MTU, 1 << 20, 1 << 20),
        (0x0311, True, 0, 1 << 20, 65536),
        (0x0311, False, SMB2_GLOBAL_CAP_LARGE_MTU, 1 << 20, 65536),
        (0x0311, True, SMB2_GLOBAL_CAP_LARGE_MTU, 4096, 4096),
        (0x0202, True, SMB2_GLOBAL_CAP_LARGE_MTU, 1 << 20, 65536),
    ],
)
def test_sizes_are_cut_to_what_can_be_sent(dialect, is_direct_tcp, capabilities, offered, expected):
    server = ScriptedServer(dialect, max_size=offered, capabilities=capabilities)
    with connected(server, is_direct_tcp=is_direct_tcp) as connection:
        assert connection.max_read_size == connection.max_write_size == connection.max_transact_size == expected
        # No frame is taken in whose length was not negotiated, and none of more than 16 MiB.
        assert server.transport.max_receive_length <= min(2 * max(expected, 65536) + 65536, 0xFFFFFF)
        file = io.BytesIO()
        connection.retrieveFile('share', 'large', file)
        assert file.getvalue() == server.files['large']


@pytest.mark.parametrize('position', [66, 72, 88, 92, -1])
def test_negotiate_answer_changed_on_the_way_is_found_out_at_311(position):
    def change(frame):
        return frame[:position] + bytes([frame[position] ^ 1]) + frame[position:][1:]

    server = ScriptedServer()
    server.tampering[SMB2_COM_NEGOTIATE] = change
    with client(server) as connection:
        with pytest.raises(ProtocolError):
            connection.connect('server')
        assert connection.sock is None


def test_negotiate_request_changed_on_the_way_is_found_out_at_311():
    server = ScriptedServer()
    server.hash_value = bytes(63) + b'x'
    with client(server) as connection, pytest.raises(ProtocolError, match='SESSION_SETUP has a wrong signature'):
        connection.connect('server')


# FSCTL_VALIDATE_NEGOTIATE_INFO


def change_output(position, replacement):
    def change(answer):
        output = answer.payload.output
        answer.payload.output = output[:position] + replacement + output[position + len(replacement) :]

    return change


@pytest.mark.parametrize('dialect', BEFORE_311)
def test_what_was_negotiated_is_confirmed_signed_before_any_operation(dialect):
    server = ScriptedServer(dialect)
    with connected(server) as connection:
        assert server.commands()[3:6] == ['TREE_CONNECT', 'IOCTL', 'CREATE']
        (question,) = server.of(SMB2_COM_IOCTL)
        assert question.signed and not question.sealed
        connection.getAttributes('other', 'file')
    assert len(server.of(SMB2_COM_IOCTL)) == 1


@pytest.mark.parametrize('arguments', [{}, {'sign_options': 0}])
def test_nothing_is_asked_again_at_311(arguments):
    server = ScriptedServer(0x0311)
    with connected(server, **arguments):
        assert not server.of(SMB2_COM_IOCTL)


def test_guest_has_no_key_to_ask_with():
    server = ScriptedServer(0x0302, has_keys=False, session_flags=SMB2_SESSION_FLAG_IS_GUEST)
    with connected(server):
        assert not server.of(SMB2_COM_IOCTL)


def test_question_on_a_sealed_share_is_sealed():
    server = ScriptedServer(0x0302)
    with connected(server, share='sealed'):
        (question,) = server.of(SMB2_COM_IOCTL)
        assert question.sealed


@pytest.mark.parametrize('dialect', BEFORE_311)
@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (change_output(0, b'\x40'), 'is not what the server remembers'),  # Capabilities
        (change_output(4, b'?'), 'is not what the server remembers'),  # Guid
        (change_output(19, b'?'), 'is not what the server remembers'),
        (change_output(20, b'\x03'), 'is not what the server remembers'),  # SecurityMode
        (change_output(22, b'\x11\x03'), 'is not what the server remembers'),  # Dialect
        (lambda answer: setattr(answer.payload, 'output', answer.payload.output[:23]), 'takes 24 bytes, 23 are there'),
        (lambda answer: setattr(answer, 'signed', False), 'The answer to a signed SMB2_COM_IOCTL is not signed'),
        (lambda answer: setattr(answer, 'spoil_signature', True), 'IOCTL has a wrong signature'),
        (lambda answer: answer.make_error(ntstatus.STATUS_ACCESS_DENIED), r'refused to confirm .*STATUS_ACCESS_DENIED'),
        (lambda answer: answer.make_error(ntstatus.STATUS_INVALID_PARAMETER), 'refused to confirm'),
    ],
)  # fmt: skip
def test_negotiation_that_is_not_confirmed_ends_the_connection(dialect, change, text):
    server = ScriptedServer(dialect)
    server.bend(SMB2_COM_IOCTL, change)
    with connected(server, share=None) as connection:
        with pytest.raises(ProtocolError, match=text):
            connection.getAttributes('share', 'file')
        assert connection.sock is None
    assert server.commands()[-1] == 'IOCTL'


UNKNOWN = ('STATUS_NOT_SUPPORTED', 'STATUS_INVALID_DEVICE_REQUEST', 'STATUS_FILE_CLOSED')


@pytest.mark.parametrize('status', UNKNOWN)
def test_server_that_signs_that_it_does_not_know_the_question_passes(status):
    server = ScriptedServer(0x0210)
    server.bend(SMB2_COM_IOCTL, lambda answer: answer.make_error(getattr(ntstatus, status)))
    with connected(server) as connection:
        assert is_usable(connection)


@pytest.mark.parametrize('status', UNKNOWN)
def test_unsigned_word_that_the_question_is_unknown_is_not_believed(status):
    def bent(answer):
        answer.make_error(getattr(ntstatus, status))
        answer.signed = False

    server = ScriptedServer(0x0210)
    server.bend(SMB2_COM_IOCTL, bent)
    with connected(server, share=None) as connection:
        with pytest.raises(ProtocolError, match='is not signed'):
            connection.getAttributes('share', 'file')
        assert connection.sock is None


def test_question_that_was_not_answered_in_time_is_asked_again():
    server = ScriptedServer(0x0302)
    server.bend(SMB2_COM_IOCTL, lambda answer: [])
    with connected(server, share=None) as connection:
        with pytest.raises(SMBTimeout):
            connection.getAttributes('share', 'file')
        assert is_usable(connection)
    assert len(server.of(SMB2_COM_IOCTL)) == 2


def test_negotiate_answer_of_the_error_form_is_read_as_one():
    server = ScriptedServer()

    def bent(answer):
        answer.header.status = ntstatus.STATUS_INVALID_PARAMETER
        answer.payload = SMB2ErrorResponse(error_data=b'why')

    server.bend(SMB2_COM_NEGOTIATE, bent)
    with client(server) as connection, pytest.raises(ProtocolError, match='No common dialect'):
        connection.connect('server')
