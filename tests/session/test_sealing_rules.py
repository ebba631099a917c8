"""What is sealed, and what becomes of answers that are not: [MS-SMB2] 3.2.4.1.8 and 3.2.5.1.1."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import ProtocolError, SMBTimeout, UnsupportedFeature
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.messages.smb2.transform import SMB2TransformHeader
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_TREE_CONNECT,
    SMB2_COMMAND_NAMES,
    SMB2_SESSION_FLAG_ENCRYPT_DATA,
    SMB2_SESSION_FLAG_IS_GUEST,
    SMB2_TRANSFORM_PROTOCOL_ID,
)
from tests.session.each_request import COMPOUNDS, EACH, HOW, call, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

DIALECTS = (0x0300, 0x0302, 0x0311)
NAMES = [SMB2_COMMAND_NAMES[command] for command in EACH]
HEADER = SMB2TransformHeader.fixed_size()


def plain(answer):
    answer.sealed = False


def plain_and_signed(answer):
    answer.sealed, answer.signed = False, True


def is_sealed(frame):
    return frame[:4] == SMB2_TRANSFORM_PROTOCOL_ID


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('command', EACH, ids=NAMES)
def test_encrypted_session_seals_every_kind_of_request(dialect, command):
    server = ScriptedServer(dialect)
    with connected(server, share=None, require_encryption=True) as connection:
        EACH[command](connection)
        assert server.of(command)[0].sealed
        assert [is_sealed(frame) for frame in server.frames[:3]] == [False] * 3
        assert all(is_sealed(frame) for frame in server.frames[3:])


@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('name', COMPOUNDS)
def test_encrypted_session_seals_compounds_whole(name, splits):
    server = ScriptedServer(splits_compounds=splits)
    with connected(server, require_encryption=True) as connection:
        COMPOUNDS[name](connection)
        assert all(is_sealed(frame) for frame in server.frames[3:])
        assert all(request.sealed and not request.signed for request in server.requests[3:])


@pytest.mark.parametrize('pends', [set(), {SMB2_COM_ECHO}])
def test_encrypted_session_seals_cancel(pends):
    server = ScriptedServer(pends=pends, holds={SMB2_COM_ECHO})
    with connected(server, require_encryption=True) as connection:
        with pytest.raises(SMBTimeout):
            connection.echo(b'')
        (cancel,) = server.cancels
        assert cancel.sealed and not cancel.signed
        server.holds.clear()
        server.let_go()
        assert is_usable(connection)


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('command', EACH, ids=NAMES)
@pytest.mark.parametrize('change', [plain, plain_and_signed])
def test_plain_answer_ends_an_encrypted_session(dialect, command, change):
    server = ScriptedServer(dialect)
    with connected(server, require_encryption=True) as connection:
        server.bend(command, change)
        with pytest.raises(ProtocolError, match=f'answered a sealed {SMB2_COMMAND_NAMES[command]} with a plain'):
            EACH[command](connection)
        assert connection.sock is None


@pytest.mark.parametrize('status', ['STATUS_PENDING', 'STATUS_USER_SESSION_DELETED', 'STATUS_NETWORK_SESSION_EXPIRED'])
def test_plain_answer_ends_an_encrypted_session_whatever_it_says(status):
    def bent(answer):
        answer.make_error(getattr(ntstatus, status))
        answer.sealed = False
        answer.make_async(7)

    server = ScriptedServer()
    with connected(server, require_encryption=True) as connection:
        server.bend(SMB2_COM_ECHO, bent)
        with pytest.raises(ProtocolError, match='with a plain message'):
            connection.echo(b'')
        assert connection.sock is None
    assert server.sign_ons == 1


# One share


@pytest.mark.parametrize('dialect', DIALECTS)
@pytest.mark.parametrize('sign_options', [0, 1])
def test_encrypted_share_seals_what_goes_to_it_and_nothing_else(dialect, sign_options):
    server = ScriptedServer(dialect)
    with connected(server, share='share', sign_options=sign_options) as connection:
        since = len(server.requests)
        connection.getAttributes('sealed', 'file')
        (tree_connect, *others) = server.requests[since:]
        assert tree_connect.command == SMB2_COM_TREE_CONNECT and not tree_connect.sealed
        assert others and all(request.sealed for request in others)
        since = len(server.requests)
        connection.getAttributes('share', 'file')
        connection.echo(b'')
        assert not any(request.sealed for request in server.requests[since:])
        assert not connection.is_encrypted


def test_plain_answer_from_an_encrypted_share_ends_the_connection():
    server = ScriptedServer()
    with connected(server) as connection:
        connection.getAttributes('sealed', 'file')
        server.bend(SMB2_COM_CREATE, plain_and_signed)
        with pytest.raises(ProtocolError, match='answered a sealed SMB2_COM_CREATE with a plain message'):
            connection.getAttributes('sealed', 'file')
        assert connection.sock is None


@pytest.mark.parametrize(
    'options',
    [
        {'dialect': 0x0210},
        {'encrypts': False},
        {'has_keys': False, 'session_flags': SMB2_SESSION_FLAG_IS_GUEST},
    ],
)
def test_share_that_is_to_be_encrypted_where_that_cannot_be_is_refused(options):
    server = ScriptedServer(**options)
    with connected(server) as connection:
        for _ in range(2):
            with pytest.raises(UnsupportedFeature, match=r'sealed is to be encrypted, which this session cannot do'):
                connection.getAttributes('sealed', 'file')
        assert server.requests[-1].command == SMB2_COM_TREE_CONNECT
        assert is_usable(connection)


# The transform header


def change_frame(position, replacement):
    return lambda frame: frame[:position] + replacement + frame[position + len(replacement) :]


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        (change_frame(4, b'????'), 'Encrypted message with a wrong signature'),
        (change_frame(20, b'????'), 'Encrypted message with a wrong signature'),  # Nonce
        (change_frame(HEADER + 3, b'?'), 'Encrypted message with a wrong signature'),
        (change_frame(36, b'\xff\xff\xff\xff'), r'68 bytes says that it has 4294967295'),  # OriginalMessageSize
        (change_frame(36, b'\0\0\0\0'), r'says that it has 0'),
        (lambda frame: frame[:-1], '67 bytes says that it has 68'),
        (lambda frame: frame + b'?', '69 bytes says that it has 68'),
        (lambda frame: frame[: HEADER - 1], 'SMB2TransformHeader takes 52 bytes, 51 are there'),
        (change_frame(42, b'\2\0'), 'flags 0x0002 instead of 1'),
        (change_frame(44, bytes(8)), 'sealed a message for session 0x0000000000000000, which is not ours'),
        (change_frame(44, b'?'), r'sealed a message for session .* which is not ours'),
    ],
)
def test_damaged_sealed_message_ends_the_connection(change, text):
    server = ScriptedServer()
    with connected(server, require_encryption=True) as connection:
        server.tampering[SMB2_COM_ECHO] = change
        with pytest.raises(ProtocolError, match=text):
            connection.echo(b'')
        assert connection.sock is None


def test_sealed_message_on_a_session_that_cannot_decrypt_ends_the_connection():
    for options in ({'dialect': 0x0210}, {'has_keys': False, 'session_flags': SMB2_SESSION_FLAG_IS_GUEST}):
        server = ScriptedServer(**options)
        with connected(server) as connection:
            transform = SMB2TransformHeader(nonce=bytes(16), original_message_size=0, session_id=server.session.id)
            server.tampering[SMB2_COM_ECHO] = lambda frame, sent=transform: sent.pack()
            with pytest.raises(ProtocolError, match='a sealed message on a session without encryption'):
                connection.echo(b'')
            assert connection.sock is None


@pytest.mark.parametrize('content', [b'', b'\xfeSM', b'\xfdSMB' + bytes(60), b'\xffSMB' + bytes(60)])
def test_sealed_bytes_that_are_no_message_end_the_connection(content):
    def bent(answer):
        server.transport.queue.append(server._seal(answer, content))
        return []

    server = ScriptedServer()
    with connected(server, require_encryption=True) as connection:
        server.bend(SMB2_COM_ECHO, bent)
        with pytest.raises(ProtocolError, match='What the server sealed is not an SMB2 message'):
            connection.echo(b'')
        assert connection.sock is None


def test_no_nonce_is_used_twice():
    server = ScriptedServer()
    with connected(server, require_encryption=True) as connection:
        server.holds = {SMB2_COM_ECHO}
        with pytest.raises(SMBTimeout):
            connection.echo(b'')
        server.holds.clear()
        server.let_go()
        server.expire_session()
        for name in COMPOUNDS:
            COMPOUNDS[name](connection)
        nonces = [frame[20:36] for frame in server.frames if is_sealed(frame)]
        assert len(nonces) > 10 and len(set(nonces)) == len(nonces)


def test_large_sealed_answers_stay_as_they_are_until_they_are_released():
    server = ScriptedServer(session_flags=SMB2_SESSION_FLAG_ENCRYPT_DATA)
    with connected(server) as connection:
        server.files['two'] = b'\1' * 500_000 + b'\2' * 500_000
        exchange, tree = exchange_of(connection), tree_of(connection)
        with tree.open('two', HOW) as handle:
            tickets = [handle.submit_read(offset, 500_000) for offset in (0, 500_000)]
            first, second = [handle.finish_read(ticket) for ticket in tickets]
            assert (bytes(first), bytes(second)) == (b'\1' * 500_000, b'\2' * 500_000)
            del first, second
            for ticket in tickets:
                handle.release(ticket)
                exchange.release(ticket)
        call(connection, SMB2EchoRequest())
