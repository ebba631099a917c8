"""CLOSE, FLUSH, ECHO, LOGOFF, CANCEL and ERROR. Captured bytes are smbclient's and smbd's of Samba 4.17."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.simple import (
    SMB2CancelRequest,
    SMB2CloseRequest,
    SMB2CloseResponse,
    SMB2EchoRequest,
    SMB2EchoResponse,
    SMB2ErrorContext,
    SMB2ErrorResponse,
    SMB2FlushRequest,
    SMB2FlushResponse,
    SMB2LogoffRequest,
    SMB2LogoffResponse,
    SMB2SymbolicLinkError,
)
from tests.check_wire import check_wire

FILE_ID = bytes.fromhex('00000000843e12e900000000f83f09d4')

# assembled by hand from 2.2.2.2.1: requested was lnk\f, and lnk leads to target in the same folder
SYMLINK = (
    '34000000 53594d4c 0c0000a0 2400 0400 0000 0c00 0c00 0c00 01000000'
    ' 740061007200670065007400 740061007200670065007400'
)


def test_close():
    check_wire(SMB2CloseRequest(file_id=FILE_ID), '1800 0000 00000000' + FILE_ID.hex())  # captured
    check_wire(SMB2CloseResponse(), '3c00' + '00' * 58)  # captured
    check_wire(
        SMB2CloseResponse(
            flags=1,
            creation_time=1,
            last_access_time=2,
            last_write_time=3,
            change_time=4,
            allocation_size=0x1000,
            end_of_file=6,
            file_attributes=0x80,
        ),
        # assembled by hand from 2.2.16
        '3c00 0100 00000000 0100000000000000 0200000000000000 0300000000000000 0400000000000000'
        ' 0010000000000000 0600000000000000 80000000',
    )


def test_flush():
    # assembled by hand from 2.2.17 and 2.2.18
    check_wire(SMB2FlushRequest(file_id=FILE_ID), '1800 0000 00000000' + FILE_ID.hex())
    check_wire(SMB2FlushResponse(), '0400 0000')


@pytest.mark.parametrize(
    'kind', [SMB2EchoRequest, SMB2EchoResponse, SMB2LogoffRequest, SMB2LogoffResponse, SMB2CancelRequest]
)
def test_commands_that_say_nothing_more(kind):
    check_wire(kind(), '0400 0000')


def test_error_without_data():
    check_wire(SMB2ErrorResponse(), '0900 00 00 00000000 00', may_be_cut_to=8)  # captured
    # captured: the interim answer, where the one byte may be anything
    error = SMB2ErrorResponse.unpack(bytes.fromhex('0900000000000000 21'))
    assert (error.error_data, error.contexts(), error.symbolic_link(), error.required_length()) == (b'', [], None, None)


def test_error_of_a_symbolic_link():
    link = SMB2SymbolicLinkError(
        sym_link_length=0x34,
        reparse_tag=0xA000000C,
        reparse_data_length=0x24,
        unparsed_path_length=4,
        flags=1,
        substitute_name='target',
        print_name='target',
    )
    check_wire(link, SYMLINK)
    error = SMB2ErrorResponse(error_data=link.pack())
    check_wire(error, '0900 00 00 34000000' + SYMLINK)
    assert error.symbolic_link() == link
    assert error.required_length() is not None  # it is for the caller to know what the status is about


def test_error_of_3_1_1_is_wrapped_in_a_context():
    link = bytes.fromhex(SYMLINK)
    error = SMB2ErrorResponse(error_context_count=1, error_data=SMB2ErrorContext(error_context_data=link).pack())
    check_wire(error, '0900 01 00 3c000000 34000000 00000000' + SYMLINK)
    assert [context.error_context_data for context in error.contexts()] == [link]
    assert error.symbolic_link().substitute_name == 'target'


def test_error_contexts_begin_at_multiples_of_eight():
    # assembled by hand from 2.2.2.1
    error = SMB2ErrorResponse.unpack(
        bytes.fromhex('0900 02 00 1c000000 04000000 00000000 00100000 00000000 04000000 53526472 01020304')
    )
    assert error.contexts() == [
        SMB2ErrorContext(error_data_length=4, error_context_data=bytes.fromhex('00100000')),
        SMB2ErrorContext(error_data_length=4, error_id=0x72645253, error_context_data=bytes.fromhex('01020304')),
    ]
    assert error.required_length() == 0x1000
    assert error.symbolic_link() is None


def test_error_says_the_length_that_would_do():
    error = SMB2ErrorResponse.unpack(bytes.fromhex('0900 00 00 04000000 00020000'))
    assert error.required_length() == 0x200


@pytest.mark.parametrize(
    ('why', 'error_hex'),
    [
        ('a context more than there is', '0900 02 00 0c000000 04000000 00000000 00100000'),
        ('a context longer than the data', '0900 01 00 0c000000 05000000 00000000 00100000'),
        ('half a number', '0900 00 00 02000000 0010'),
    ],
)
def test_malformed_error_data_are_refused_when_asked_for(why, error_hex):
    error = SMB2ErrorResponse.unpack(bytes.fromhex(error_hex))
    with pytest.raises(ProtocolError):
        error.required_length()
    if error.error_context_count:
        with pytest.raises(ProtocolError):
            error.symbolic_link()


def test_a_link_whose_names_are_elsewhere_is_refused():
    link = bytearray.fromhex(SYMLINK)
    link[20:22] = b'\xff\xff'
    with pytest.raises(ProtocolError):
        SMB2ErrorResponse(error_data=bytes(link)).symbolic_link()
