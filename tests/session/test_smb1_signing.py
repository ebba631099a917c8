"""Which SMB1 messages are signed, and what becomes of answers that are not: [MS-CIFS] 3.1.4.1, 3.1.5.1, 3.2.5.1."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, UnsupportedFeature
from smb.messages.smb1.header import COMMAND_NAMES
from smb.smb_constants import (
    NEGOTIATE_ENCRYPT_PASSWORDS,
    NEGOTIATE_SECURITY_SIGNATURES_ENABLE,
    NEGOTIATE_SECURITY_SIGNATURES_REQUIRE,
    NEGOTIATE_USER_SECURITY,
    SMB_COM_ECHO,
    SMB_COM_NT_CREATE_ANDX,
    SMB_COM_READ_ANDX,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_COM_TRANSACTION2,
    SMB_FLAGS2_SMB_SECURITY_SIGNATURE,
    SMB_SETUP_GUEST,
)
from tests.session.each_smb1_request import EACH, HOW, list_folder, tree_of
from tests.session.scripted_base import check_refused
from tests.session.scripted_smb1 import ScriptedSMB1Server, client, connected, is_usable

NEVER, SUPPORTED, REQUIRED = 0, 1, 2
NAMES = [COMMAND_NAMES[command] for command in EACH]
FORMS = pytest.mark.parametrize('extended_security', [True, False], ids=['tokens', 'bare'])


def unsigned(answer):
    answer.signed = False


def wrongly_signed(answer):
    answer.signed = answer.spoil_signature = True


def empty_signature(answer):
    answer.signature = bytes(8)


def signed_as_the_answer_before(answer):
    answer.number -= 2


def signed_as_the_request(answer):
    answer.number -= 1


def unsigned_error(answer):
    answer.make_error(ntstatus.STATUS_OBJECT_NAME_NOT_FOUND)
    answer.signed = False


def is_signed(request):
    return request.signed and bool(request.header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE)


# Who signs


@FORMS
@pytest.mark.parametrize(
    ('signing', 'sign_options', 'signs'),
    [
        ('disabled', NEVER, False),
        ('disabled', SUPPORTED, False),
        ('disabled', REQUIRED, False),
        ('enabled', NEVER, False),
        ('enabled', SUPPORTED, True),
        ('enabled', REQUIRED, False),
        ('mandatory', SUPPORTED, True),
        ('mandatory', REQUIRED, True),
    ],
)
def test_sign_options_decide_with_the_server_whether_all_is_signed(signing, sign_options, signs, extended_security):
    server = ScriptedSMB1Server(signing=signing, extended_security=extended_security)
    with connected(server, sign_options=sign_options) as connection:
        signed_on = len(server.of(SMB_COM_SESSION_SETUP_ANDX)) + 1
        assert connection.is_signing_active is signs
        assert is_usable(connection)
        assert all(is_signed(request) is signs for request in server.requests[signed_on:])
        wants = {bool(r.header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE) for r in server.requests[1:signed_on]}
        assert wants == {signs}


def test_server_that_must_sign_hangs_up_on_who_never_does():
    with client(ScriptedSMB1Server(signing='mandatory'), sign_options=NEVER) as connection:
        assert connection.connect('server') is True
        assert not connection.is_signing_active
        with pytest.raises(NotConnectedError):
            connection.getAttributes('share', 'file')
        assert connection.sock is None


@FORMS
def test_required_signing_is_had_from_a_server_that_can(extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security)
    with connected(server, require_signing=True) as connection:
        assert connection.is_signing_active and connection.signing_algorithm == 'MD5'
        assert is_usable(connection)


@FORMS
def test_required_signing_ends_with_a_server_that_cannot(extended_security):
    server = ScriptedSMB1Server(signing='disabled', extended_security=extended_security)
    check_refused(server, 'does not sign over SMB1, as was required', UnsupportedFeature, require_signing=True)
    assert server.commands() == ['NEGOTIATE']  # and no answer to a challenge


SAYS_IT_CAN = NEGOTIATE_USER_SECURITY | NEGOTIATE_ENCRYPT_PASSWORDS | NEGOTIATE_SECURITY_SIGNATURES_ENABLE
SAYS_IT_MUST = SAYS_IT_CAN | NEGOTIATE_SECURITY_SIGNATURES_REQUIRE


@FORMS
def test_server_that_says_it_can_and_does_not_is_talked_to_unsigned(extended_security):
    # Samba does this without extended security
    server = ScriptedSMB1Server(signing='disabled', security_mode=SAYS_IT_CAN, extended_security=extended_security)
    with connected(server, sign_options=SUPPORTED) as connection:
        assert not connection.is_signing_active
        assert is_usable(connection)


@FORMS
@pytest.mark.parametrize(
    ('security_mode', 'arguments'),
    [
        (SAYS_IT_CAN, {'require_signing': True}),
        (SAYS_IT_MUST, {'require_signing': True}),
        (SAYS_IT_MUST, {'sign_options': SUPPORTED}),
        (SAYS_IT_MUST, {'sign_options': REQUIRED}),
    ],
)
def test_server_that_does_not_sign_what_it_must_ends_the_connection(security_mode, arguments, extended_security):
    server = ScriptedSMB1Server(signing='disabled', security_mode=security_mode, extended_security=extended_security)
    check_refused(server, 'The answer to a signed SMB_COM_SESSION_SETUP_ANDX is not signed', **arguments)
    assert server.commands()[-1] == 'SESSION_SETUP_ANDX'


@FORMS
@pytest.mark.parametrize('sign_options', [NEVER, SUPPORTED, REQUIRED])
@pytest.mark.parametrize('signing', ['disabled', 'enabled', 'mandatory'])
def test_guests_have_no_key_to_sign_with(signing, sign_options, extended_security):
    server = ScriptedSMB1Server(
        signing=signing, action=SMB_SETUP_GUEST, has_keys=False, extended_security=extended_security
    )
    with connected(server, sign_options=sign_options) as connection:
        assert connection.is_guest and not connection.is_signing_active
        assert is_usable(connection)


@FORMS
@pytest.mark.parametrize(
    ('signing', 'sign_options'), [('enabled', SUPPORTED), ('mandatory', SUPPORTED), ('mandatory', REQUIRED)]
)
def test_session_with_a_key_loses_no_protection_by_being_called_a_guest(signing, sign_options, extended_security):
    server = ScriptedSMB1Server(signing=signing, action=SMB_SETUP_GUEST, extended_security=extended_security)
    with connected(server, sign_options=sign_options) as connection:
        assert connection.is_guest and connection.is_signing_active
        assert is_usable(connection)
        server.bend(SMB_COM_ECHO, unsigned)
        with pytest.raises(ProtocolError, match='is not signed'):
            connection.echo(b'')


@FORMS
@pytest.mark.parametrize('has_keys', [False, True])
def test_guests_are_refused_where_signing_is_required(has_keys, extended_security):
    server = ScriptedSMB1Server(action=SMB_SETUP_GUEST, has_keys=has_keys, extended_security=extended_security)
    check_refused(server, r'let us in as a guest, .* as was required', require_signing=True)


@FORMS
def test_anonymous_users_are_refused_where_signing_is_required(extended_security):
    server = ScriptedSMB1Server(has_keys=False, extended_security=extended_security)
    check_refused(
        server, r'let us in as an anonymous user, .* as was required', user='', password='', require_signing=True
    )


# The last answer of the sign-on


@FORMS
@pytest.mark.parametrize('arguments', [{'sign_options': SUPPORTED}, {'require_signing': True}])
@pytest.mark.parametrize('change', [wrongly_signed, signed_as_the_request])
def test_last_answer_of_the_sign_on_proves_the_key(change, arguments, extended_security):
    server = ScriptedSMB1Server(extended_security=extended_security)
    if extended_security:
        server.bend(SMB_COM_SESSION_SETUP_ANDX, lambda answer: None)
    server.bend(SMB_COM_SESSION_SETUP_ANDX, change)
    with client(server, **arguments) as connection:
        with pytest.raises(ProtocolError) as caught:
            connection.connect('server')
        assert connection.sock is None
    assert str(caught.value).splitlines()[0] == 'The answer to SMB_COM_SESSION_SETUP_ANDX has a wrong signature'
    assert server.commands()[-1] == 'SESSION_SETUP_ANDX'


@FORMS
@pytest.mark.parametrize(('signing', 'arguments'), [('mandatory', {}), ('enabled', {'require_signing': True})])
@pytest.mark.parametrize('change', [unsigned, empty_signature])
def test_last_answer_of_the_sign_on_is_signed_where_that_is_required(signing, arguments, change, extended_security):
    server = ScriptedSMB1Server(signing=signing, extended_security=extended_security)
    if extended_security:
        server.bend(SMB_COM_SESSION_SETUP_ANDX, lambda answer: None)
    server.bend(SMB_COM_SESSION_SETUP_ANDX, change)
    check_refused(server, 'The answer to a signed SMB_COM_SESSION_SETUP_ANDX is not signed', **arguments)


def test_wrong_key_is_found_out_before_anything_is_sent_under_it():
    class Liar(ScriptedSMB1Server):
        def _begin_signing(self, request, mac_key):
            super()._begin_signing(request, bytes(len(mac_key)))

    for extended_security in (True, False):
        server = Liar(signing='mandatory', extended_security=extended_security)
        with client(server) as connection, pytest.raises(ProtocolError, match='has a wrong signature'):
            connection.connect('server')
        assert server.commands()[-1] == 'SESSION_SETUP_ANDX'


# Every answer


@FORMS
@pytest.mark.parametrize('command', EACH, ids=NAMES)
def test_session_that_signs_signs_everything(command, extended_security):
    server = ScriptedSMB1Server(signing='mandatory', extended_security=extended_security, batch=2)
    with connected(server) as connection:
        EACH[command](connection)
        assert is_signed(server.of(command)[-1])
        assert server.requests[-1].number == 2 * (len(server.requests) - (3 if extended_security else 2))
        assert is_usable(connection)


@pytest.mark.parametrize('command', EACH, ids=NAMES)
@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (unsigned, 'The answer to a signed {} is not signed'),
        (unsigned_error, 'The answer to a signed {} is not signed'),
        (empty_signature, 'The answer to a signed {} is not signed'),
        (wrongly_signed, 'The answer to {} has a wrong signature'),
        (signed_as_the_answer_before, 'The answer to {} has a wrong signature'),
        (signed_as_the_request, 'The answer to {} has a wrong signature'),
    ],
)
def test_session_that_signs_ends_with_an_answer_that_does_not(command, change, text):
    server = ScriptedSMB1Server(signing='mandatory', batch=2)
    with connected(server) as connection:
        server.bend(command, change)
        with pytest.raises(ProtocolError) as caught:
            EACH[command](connection)
        assert str(caught.value).splitlines()[0] == text.format(COMMAND_NAMES[command])
        assert connection.sock is None
        sent = len(server.frames)
        with pytest.raises(NotConnectedError):
            connection.echo(b'')
        assert len(server.frames) == sent


def test_answer_changed_on_the_way_is_found_out_wherever_that_was():
    server = ScriptedSMB1Server(signing='mandatory')
    with connected(server) as connection:
        server.tampering[SMB_COM_ECHO] = lambda frame: lengths.append(len(frame)) or frame
        lengths = []
        connection.echo(b'data')
    for position in range(lengths[0]):
        server = ScriptedSMB1Server(signing='mandatory')
        with connected(server, share='') as connection:
            server.tampering[SMB_COM_ECHO] = lambda frame, at=position: (
                frame[:at] + bytes([frame[at] ^ 0x40]) + frame[at + 1 :]
            )
            with pytest.raises(ProtocolError):
                connection.echo(b'data')
            assert connection.sock is None


# Several messages under way


def test_answers_in_another_order_are_verified_each_with_its_own_number():
    server = ScriptedSMB1Server(signing='mandatory', holds={SMB_COM_READ_ANDX})
    with connected(server) as connection, tree_of(connection).open('large', HOW) as handle:
        tickets = [handle.submit_read(offset * 256 + offset, 3) for offset in range(4)]
        server.let_go([2, 0, 3, 1])
        assert [bytes(handle.finish_read(ticket)) for ticket in tickets] == [
            bytes([offset, offset + 1, offset + 2]) for offset in range(4)
        ]


def test_answers_that_have_changed_places_are_found_out():
    server = ScriptedSMB1Server(signing='mandatory', holds={SMB_COM_READ_ANDX})
    with connected(server) as connection:
        handle = tree_of(connection).open('large', HOW)
        ticket, _ = handle.submit_read(0, 3), handle.submit_read(0, 3)
        one, two = server._held
        one.header.mid, two.header.mid = two.header.mid, one.header.mid
        server.let_go()
        with pytest.raises(ProtocolError, match='The answer to SMB_COM_READ_ANDX has a wrong signature'):
            handle.finish_read(ticket)
        assert connection.sock is None


@pytest.mark.parametrize('arrange', [lambda parts: parts, lambda parts: parts[::-1]])
def test_all_parts_of_an_answer_are_signed_with_the_same_number(arrange):
    server = ScriptedSMB1Server(signing='mandatory', part_size=50, arrange=arrange)
    with connected(server) as connection:
        assert list_folder(connection) == server.names
        assert is_usable(connection)


@pytest.mark.parametrize('index', [0, 1, -1])
@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (unsigned, 'The answer to a signed SMB_COM_TRANSACTION2 is not signed'),
        (wrongly_signed, 'The answer to SMB_COM_TRANSACTION2 has a wrong signature'),
        (lambda part: setattr(part, 'number', part.number + 1), 'The answer to SMB_COM_TRANSACTION2 has a wrong'),
    ],
)
def test_each_part_of_an_answer_is_verified(index, change, text):
    server = ScriptedSMB1Server(signing='mandatory', part_size=50)
    server.arrange = lambda parts: change(parts[index]) or parts
    with connected(server) as connection:
        with pytest.raises(ProtocolError, match=text):
            list_folder(connection)
        assert connection.sock is None
    assert server.commands()[-1] == 'TRANSACTION2'


def test_cancel_takes_one_number_and_the_late_answer_is_verified():
    server = ScriptedSMB1Server(signing='mandatory')
    with connected(server) as connection:
        server.holds = {SMB_COM_READ_ANDX}
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'file', io.BytesIO())
        assert [request.signed for request in server.cancels] == [True]
        server.holds = set()
        server.let_go()
        assert is_usable(connection)
        server.holds = {SMB_COM_READ_ANDX}
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'file', io.BytesIO())
        wrongly_signed(server._held[0])
        server.let_go()
        with pytest.raises(ProtocolError, match='The answer to SMB_COM_READ_ANDX has a wrong signature'):
            connection.echo(b'')
        assert connection.sock is None


def test_requests_that_nobody_waits_for_are_signed_too():
    server = ScriptedSMB1Server(signing='mandatory')
    with connected(server) as connection:
        server.holds = {SMB_COM_NT_CREATE_ANDX, SMB_COM_TRANSACTION2}
        for operation in (connection.getAttributes, connection.listPath):
            with pytest.raises(SMBTimeout):
                operation('share', 'file')
        server.holds = set()
        server.let_go()
        assert is_usable(connection)
        assert server.open_handles == 0
