"""The SMB2 header, a message as a whole, and compounds."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError, SMB2ProtocolHeaderError
from smb.messages.smb2.header import HEADER_SIZE, SMB2Header, SMB2Message, split_compound
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.messages.smb2.tree_connect import SMB2TreeDisconnectResponse
from smb.smb2_constants import (
    SMB2_COM_ECHO,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_COM_TREE_DISCONNECT,
    SMB2_FLAGS_ASYNC_COMMAND,
    SMB2_FLAGS_SERVER_TO_REDIR,
    SMB2_FLAGS_SIGNED,
)
from tests.check_wire import check_wire


def test_request_header_is_packed_as_in_2_2_1_2():
    header = SMB2Header(
        credit_charge=1,
        command=SMB2_COM_READ,
        credits=31,
        flags=SMB2_FLAGS_SIGNED,
        next_command=0x78,
        message_id=0x0102030405060708,
        reserved=0xFEFF,
        tree_id=5,
        session_id=0x1122334455667788,
        signature=bytes(range(16)),
    )
    check_wire(
        header,
        # assembled by hand
        'fe534d42 4000 0100 00000000 0800 1f00 08000000 78000000 0807060504030201'
        ' fffe0000 05000000 8877665544332211 000102030405060708090a0b0c0d0e0f',
    )


def test_async_id_is_read_from_the_fields_of_the_synchronous_form():
    header = SMB2Header(command=SMB2_COM_READ, flags=SMB2_FLAGS_ASYNC_COMMAND, reserved=0x55667788, tree_id=0x11223344)
    assert header.async_id == 0x1122334455667788
    message = SMB2Message(header, SMB2EchoRequest(), (header.pack(),))
    assert (message.isAsync, message.tid, message.pid) == (True, 0, 0)


def test_message_has_the_attributes_that_programs_read():
    header = SMB2Header(
        status=0xC0000203,
        command=SMB2_COM_TREE_DISCONNECT,
        flags=SMB2_FLAGS_SERVER_TO_REDIR,
        message_id=7,
        reserved=4,
        tree_id=5,
        session_id=6,
    )
    payload = SMB2TreeDisconnectResponse()
    message = SMB2Message(header, payload, (header.pack(), memoryview(payload.pack())))
    assert (message.protocol, message.command, message.status) == (2, SMB2_COM_TREE_DISCONNECT, 0xC0000203)
    assert (message.mid, message.pid, message.tid, message.sid) == (7, 4, 5, 6)
    assert (message.isReply, message.isAsync) == (True, False)
    assert message.data == bytes.fromhex('04000000')
    assert message.raw_data == header.pack() + message.data
    assert 'STATUS_USER_SESSION_DELETED' in str(message) and 'SMB2_COM_TREE_DISCONNECT reply' in str(message)
    again = pickle.loads(pickle.dumps(message))
    assert (again.header, again.payload, again.raw_data) == (header, payload, message.raw_data)


def test_message_reads_its_header_from_the_bytes_where_it_was_given_none():
    header = SMB2Header(status=0xC0000022, command=SMB2_COM_ECHO, flags=SMB2_FLAGS_SERVER_TO_REDIR, message_id=7)
    payload = SMB2EchoRequest()
    given = SMB2Message(header, payload, (header.pack(), payload.pack()))
    for frozen in (False, True):
        message = SMB2Message(None, payload, (memoryview(header.pack() + payload.pack()),))
        if frozen:
            message.freeze()
        assert (message.status, message.ntstatus, message.mid, message.header) == (0xC0000022, 0xC0000022, 7, header)
        assert str(message) == str(given)
        assert pickle.loads(pickle.dumps(message)).header == header


def test_a_security_buffer_is_in_neither_the_text_nor_the_pickle_of_a_message():
    header = SMB2Header(command=SMB2_COM_SESSION_SETUP)
    payload = SMB2SessionSetupRequest(security_mode=1, security_buffer=b'challenge answer')
    message = SMB2Message(header, payload, (header.pack(),))
    assert b'challenge answer'.hex() not in str(message) and 'challenge answer' not in str(message)
    pickled = pickle.dumps(message)
    assert b'challenge answer' not in pickled
    assert pickle.loads(pickled).payload.security_buffer == bytes(16)


def _frame(*next_commands: int, size: int = 72) -> memoryview:
    headers = [SMB2Header(command=SMB2_COM_ECHO, message_id=i, next_command=n) for i, n in enumerate(next_commands)]
    return memoryview(b''.join(header.pack().ljust(size, b'\0') for header in headers))


def test_a_compound_is_split_at_each_next_command():
    parts = split_compound(_frame(72, 72, 0))
    assert [len(part) for part in parts] == [72, 72, 72]
    assert [SMB2Header.unpack(part).message_id for part in parts] == [0, 1, 2]


def test_a_single_message_is_one_part():
    frame = _frame(0)
    assert split_compound(frame) == [frame]


@pytest.mark.parametrize(
    ('why', 'next_command'),
    [
        ('not a multiple of 8', 73),
        ('inside of the header', 8),
        ('just inside of the header', 56),
        ('leaves less than a header', 88),
        ('the end of the frame', 144),
        ('beyond the frame', 0xFFFFFFF8),
    ],
)
def test_next_command_that_leads_to_no_header_is_refused(why, next_command):
    with pytest.raises(ProtocolError, match='NextCommand'):
        split_compound(_frame(next_command, 0))


def test_next_command_that_leads_to_something_else_is_refused():
    with pytest.raises(SMB2ProtocolHeaderError):
        split_compound(_frame(64, 0))


def test_the_last_message_of_a_compound_may_be_no_shorter_than_a_header():
    frame = _frame(72, 0)
    with pytest.raises(ProtocolError):
        split_compound(frame[: 72 + HEADER_SIZE - 1])


def test_a_frame_has_no_more_messages_than_a_client_has_credits():
    header = bytes(_frame(64, size=64))
    assert len(split_compound(memoryview(header * 8191 + _frame(0)))) == 8192
    with pytest.raises(ProtocolError, match='more than 8192 messages'):
        split_compound(memoryview(header * 8192 + _frame(0)))


@given(st.binary(max_size=200), st.lists(st.integers(0, 260), min_size=1, max_size=3))
def test_any_frame_is_split_or_refused(tail, next_commands):
    frame = bytes(_frame(*next_commands, size=80)) + tail
    try:
        parts = split_compound(memoryview(frame))
    except ProtocolError:
        return
    assert b''.join(parts) == frame and all(len(part) >= HEADER_SIZE for part in parts)
