"""The SMB1 header, and a message as a whole."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from smb import smb_structs
from smb.messages.smb1.header import SMBHeader, SMBMessage
from smb.smb2_structs import SMB2Message
from smb.smb_constants import SMB_COM_NT_CREATE_ANDX, SMB_FLAGS2_NT_STATUS, SMB_FLAGS_REPLY
from tests.check_wire import check_wire

HEADER = SMBHeader(
    command=SMB_COM_NT_CREATE_ANDX, status=0xC0000022, flags=SMB_FLAGS_REPLY, flags2=SMB_FLAGS2_NT_STATUS,
    pid_high=1, security_features=bytes(range(8)), tid=0x0203, pid_low=0x0405, uid=0x0607, mid=0x0809,
)  # fmt: skip


def test_header_is_packed_as_in_2_2_3_1():
    """[MS-CIFS] 2.2.3.1, assembled by hand."""
    check_wire(HEADER, 'ff534d42 a2 220000c0 80 0040 0100 0001020304050607 0000 0302 0504 0706 0908')


def test_a_message_has_the_attributes_that_programs_read():
    message = SMBMessage(HEADER, 'payload', (HEADER.pack(), b'body'))
    assert (message.protocol, message.command, message.flags, message.flags2) == (1, 0xA2, 0x80, 0x4000)
    assert (message.mid, message.tid, message.uid, message.pid) == (0x0809, 0x0203, 0x0607, 0x00010405)
    assert (message.isReply, message.isAsync) == (True, False)
    assert (message.status.internal_value, message.status.is_ntstatus) == (0xC0000022, True)
    assert (message.payload, message.data, message.raw_data) == ('payload', b'body', HEADER.pack() + b'body')
    first, second, *_ = str(message).splitlines()
    assert first.startswith('SMB_COM_NT_CREATE_ANDX reply')
    assert second == 'Status: STATUS_ACCESS_DENIED, 0xC0000022'
    twin = pickle.loads(pickle.dumps(message))
    assert (type(twin), twin.header, twin.raw_data) == (SMBMessage, message.header, message.raw_data)


def test_a_message_reads_its_header_from_the_bytes_where_it_was_given_none():
    message = SMBMessage(None, None, (memoryview(HEADER.pack() + b'body'),))
    assert (message.header, message.ntstatus) == (HEADER, 0xC0000022)
    assert str(message) == str(SMBMessage(HEADER, None, ()))


def test_a_request_has_no_status_line_and_an_unknown_command_its_number():
    message = SMBMessage(SMBHeader(command=0xFE), None, ())
    assert (message.isReply, message.status.is_ntstatus, message.status.hasError) == (False, False, False)
    assert str(message).startswith('command 0xFE request')
    assert 'Status' not in str(message)


def test_programs_can_ask_a_message_of_which_dialect_it_is():
    message = SMBMessage(HEADER, None, ())
    assert isinstance(message, smb_structs.SMBMessage) and not isinstance(message, SMB2Message)
    assert SMBMessage.__module__ == 'smb.smb_structs'


def test_smb1_is_imported_when_a_program_asks_for_it():
    script = (
        'import sys, smb.SMBConnection, smb.smb_structs as door\n'
        'loaded = lambda: any(name.startswith("smb.messages.smb1") for name in sys.modules)\n'
        'print(loaded(), door.SMBError().hasError, loaded())'
    )
    result = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ['False', 'False', 'True']


def test_a_name_that_the_door_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'smb.smb_structs' has no attribute 'SMBNothing'"):
        smb_structs.SMBNothing  # noqa: B018
