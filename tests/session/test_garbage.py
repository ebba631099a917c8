"""Whatever bytes a server sends, they are read or end in an error of the library, and no length in them is believed."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smb import ntstatus
from smb.errors import SMBException
from smb.smb2_constants import SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP, SMB2_COMMAND_NAMES
from tests.session.each_request import COMPOUNDS, EACH, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, client, connected, is_usable

EXAMPLES = settings(max_examples=50)
STATUSES = st.sampled_from([
    ntstatus.STATUS_SUCCESS, ntstatus.STATUS_PENDING, ntstatus.STATUS_MORE_PROCESSING_REQUIRED,
    ntstatus.STATUS_BUFFER_OVERFLOW, ntstatus.STATUS_END_OF_FILE, ntstatus.STATUS_NO_MORE_FILES,
    ntstatus.STATUS_INVALID_PARAMETER, ntstatus.STATUS_NETWORK_SESSION_EXPIRED, ntstatus.STATUS_USER_SESSION_DELETED,
    ntstatus.STATUS_STOPPED_ON_SYMLINK, 0x12345678,
])  # fmt: skip
PROTECTIONS = st.sampled_from([{'sign_options': 0}, {'require_signing': True}, {'require_encryption': True}])
COMMANDS = st.sampled_from([SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP, *EACH])


def run(server, command, arguments=None, *, bend=None, tamper=None):
    """Bend one answer to ``command``; nothing but the library's own errors may come out."""
    server.hangs_up = True
    with client(server, **(arguments or {'sign_options': 0})) as connection:
        try:
            if command not in EACH:
                twist(server, command, bend, tamper)
            if connection.connect('server') and command in EACH:
                connection.getAttributes('share', 'file')
                twist(server, command, bend, tamper)
                EACH[command](connection)
        except SMBException as error:
            str(error)
        check_what_is_left(server, connection)


def twist(server, command, bend, tamper):
    if bend is not None:
        server.bend(command, bend)
    if tamper is not None:
        server.tampering[command] = tamper


def check_what_is_left(server, connection):
    server.tampering.clear()
    server._bends.clear()
    if connection.sock is None or not connection.auth_result:
        return
    try:
        is_usable(connection)
    except SMBException:
        # Where an answer was forged well enough to be taken, the truth that follows may not fit.
        assert connection.sock is None or is_usable(connection)


def frames_of(command, changes):
    """Let each of ``changes`` alter a frame that answers ``command``, on one connection that is mended each time."""
    server = ScriptedServer()
    with connected(server, sign_options=0) as connection:
        server._granted = 1 << 40
        for change in changes:
            server.tampering[command] = change
            try:
                tree_of(connection)
                EACH[command](connection)
            except SMBException as error:
                str(error)
            connection._trees.pop('other', None)
            server.transport.connect('', 0, None, None, '', '')
            server.transport.queue.clear()
            dialect = exchange_of(connection).dialect
            dialect.outstanding.clear()
            dialect.credits.available = 512
            server._next_id = dialect.credits.next_message_id
            assert is_usable(connection)


@pytest.mark.parametrize('command', EACH, ids=SMB2_COMMAND_NAMES.get)
def test_answer_cut_at_any_length(command):
    frames_of(command, [lambda frame, at=length: frame[:at] for length in range(64 + 200)])


@pytest.mark.parametrize('command', [SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP], ids=SMB2_COMMAND_NAMES.get)
def test_answer_of_the_sign_on_cut_at_many_lengths(command):
    for length in range(0, 300, 7):
        run(ScriptedServer(), command, tamper=lambda frame, at=length: frame[:at])


LENGTHS = (b'\xff\xff\xff\x7f', b'\xff\xff')


def lying(position, value):
    return lambda frame: frame[:position] + value + frame[position + len(value) :]


@contextmanager
def little_memory():
    """Fails where more is taken at any time than honest answers need."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize('command', EACH, ids=SMB2_COMMAND_NAMES.get)
def test_no_number_in_an_answer_is_believed_to_be_a_length(command):
    with little_memory():
        frames_of(command, [lying(at, value) for value in LENGTHS for at in range(64, 64 + 90, 2)])


@pytest.mark.parametrize('command', [SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP], ids=SMB2_COMMAND_NAMES.get)
def test_no_number_in_an_answer_of_the_sign_on_is_believed_to_be_a_length(command):
    with little_memory():
        for position in range(64, 64 + 66, 2):
            server = ScriptedServer(files={'file': b''}, names=[])
            run(server, command, tamper=lying(position, LENGTHS[position % 4 // 2]))


@EXAMPLES
@given(COMMANDS, PROTECTIONS, STATUSES, st.binary(max_size=200), st.sampled_from([0x0210, 0x0302, 0x0311]))
def test_any_body_in_an_honest_header(command, arguments, status, body, dialect):
    def bent(answer):
        answer.header.status, answer.payload = status, body

    if dialect == 0x0210 and 'require_encryption' in arguments:
        dialect = 0x0311
    run(ScriptedServer(dialect), command, arguments, bend=bent)


@EXAMPLES
@given(COMMANDS, PROTECTIONS, STATUSES, st.integers(0, 70), st.binary(min_size=1, max_size=8))
def test_any_bytes_anywhere_in_the_body(command, arguments, status, position, put):
    def bent(answer):
        body = answer.payload.pack()
        answer.payload = body[:position] + put + body[position + len(put) :]
        if status:
            answer.header.status = status

    run(ScriptedServer(), command, arguments, bend=bent)


@EXAMPLES
@given(COMMANDS, PROTECTIONS, st.integers(0, 300), st.binary(min_size=1, max_size=8))
def test_any_bytes_anywhere_in_the_frame(command, arguments, position, put):
    run(
        ScriptedServer(),
        command,
        arguments,
        tamper=lambda frame: frame[:position] + put + frame[position + len(put) :],
    )


@EXAMPLES
@given(COMMANDS, PROTECTIONS, st.binary(max_size=300), st.sampled_from([b'', b'\xfeSMB', b'\xfdSMB', b'\xfcSMB']))
def test_any_frame(command, arguments, frame, protocol_id):
    run(ScriptedServer(), command, arguments, tamper=lambda _: protocol_id + frame)


HEADER_FIELDS = {
    'structure_size': 0xFFFF, 'credit_charge': 0xFFFF, 'status': 0xFFFFFFFF, 'command': 0xFFFF, 'credits': 0xFFFF,
    'flags': 0xFFFFFFFF, 'next_command': 0xFFFFFFFF, 'message_id': 0xFFFFFFFFFFFFFFFF, 'reserved': 0xFFFFFFFF,
    'tree_id': 0xFFFFFFFF, 'session_id': 0xFFFFFFFFFFFFFFFF,
}  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from([*HEADER_FIELDS]), st.integers(0, 0xFFFFFFFFFFFFFFFF), min_size=1, max_size=3)


@EXAMPLES
@given(COMMANDS, PROTECTIONS, CHANGES, st.booleans())
def test_any_header(command, arguments, changes, small):
    def bent(answer):
        for name, value in changes.items():
            setattr(answer.header, name, value & (0xF if small else HEADER_FIELDS[name]))

    run(ScriptedServer(), command, arguments, bend=bent)


@EXAMPLES
@given(st.sampled_from([*COMPOUNDS]), st.sampled_from([*EACH]), STATUSES, st.integers(0, 90), st.binary(max_size=4))
def test_any_bytes_in_one_answer_of_a_compound(name, command, status, position, put):
    def bent(answer):
        body = answer.payload.pack()
        answer.payload = body[:position] + put + body[position + len(put) :]
        answer.header.status = status

    server = ScriptedServer(hangs_up=True)
    with connected(server, sign_options=0) as connection:
        server.bend(command, bent)
        try:
            COMPOUNDS[name](connection)
        except SMBException as error:
            str(error)
        check_what_is_left(server, connection)
