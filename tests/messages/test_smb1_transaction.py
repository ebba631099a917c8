"""TRANSACTION, TRANSACTION2 and NT_TRANSACT. Captured bytes are what smbclient and smbd of Samba 4.17 said."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb1.payload import ComErrorResponse
from smb.messages.smb1.transaction import (
    ComNTTransactRequest,
    ComNTTransactResponse,
    ComTransaction2Request,
    ComTransaction2Response,
    ComTransactionRequest,
    ComTransactionResponse,
    NTTransactQuerySecurityDescResponse,
)
from smb.messages.smb1.transaction2 import Trans2FindFirst2Request, Trans2QueryPathInformationRequest
from smb.ntstatus import STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL
from smb.smb_constants import DACL_SECURITY_INFORMATION, GROUP_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION
from tests.check_wire import check_wire

FSCTL_SRV_ENUMERATE_SNAPSHOTS = 0x00144064
BIND = (
    '05000b03100000004800000001000000b810b810000000000100000000000100c84f324b7016d30112785a47bf6ee188'
    '03000000045d888aeb1cc9119fe808002b10486002000000'
)
FULL_SIZE = '748ebf0f00000000 5800f30400000000 5800f30400000000 02000000 00020000'


def test_pipe_request():
    # captured
    check_wire(
        ComTransactionRequest.transact_pipe(0xEAB4, bytes.fromhex(BIND), 4280),
        '10 0000 4800 0000 b810 00 00 0000 00000000 0000 0000 5400 4800 5400 02 00 2600 b4ea 5900'
        '00 5c0050004900500045005c000000 0000' + BIND,
    )


def test_pipe_response():
    data = BIND[:-8]
    # captured, with other data
    check_wire(
        ComTransactionResponse(total_data_count=0x44, data=bytes.fromhex(data)),
        '0a 0000 4400 0000 0000 3800 0000 4400 3800 0000 00 00 4500 00' + data,
    )


def test_pipe_response_of_a_longer_message():
    body = ComTransactionResponse(data=b'abc').pack()
    answer = ComTransactionRequest.unpack_response(STATUS_BUFFER_OVERFLOW, body)
    assert isinstance(answer, ComTransactionResponse) and bytes(answer.data) == b'abc'
    assert type(ComTransactionRequest.unpack_response(STATUS_ACCESS_DENIED, b'\0\0\0')) is ComErrorResponse


def test_transaction2_request():
    # captured, but for two bytes of padding behind the unused name, and for MaxDataCount
    request = ComTransaction2Request(
        setup=(3,), parameters=bytes.fromhex('ef03'), max_parameter_count=0, max_data_count=560
    )
    check_wire(
        request,
        '0f 0200 0000 0000 3002 00 00 0000 00000000 0000 0200 4400 0000 4800 01 00 0300 0700 00 0000 ef03 0000',
    )


def test_transaction2_response():
    # captured
    check_wire(
        ComTransaction2Response(total_data_count=32, data=bytes.fromhex(FULL_SIZE)),
        '0a 0000 2000 0000 0000 3800 0000 2000 3800 0000 00 00 2100 00' + FULL_SIZE,
    )
    check_wire(
        ComTransaction2Response(parameters=b'\0\0', data=bytes.fromhex('1000000000000000')),
        '0a 0200 0800 0000 0200 3800 0000 0800 3c00 0000 00 00 0d00 00 0000 0000 1000000000000000',
    )


def test_transaction2_request_of_a_subcommand_has_its_name_as_the_message_has():
    parameters = Trans2QueryPathInformationRequest(information_level=0x101, file_name='\\hello.txt')
    request = ComTransaction2Request.of(parameters, max_data_count=40)
    # captured, but for MaxDataCount and for two bytes of padding behind the unused name
    assert request.pack() == bytes.fromhex(
        '0f 1c00 0000 0200 2800 00 00 0000 00000000 0000 1c00 4400 0000 6000 01 00 0500 1f00'
        '00 0000 0101 00000000 5c00680065006c006c006f002e007400780074000000'
    )
    request.is_unicode = False
    # assembled by hand
    assert request.pack() == bytes.fromhex(
        '0f 1100 0000 0200 2800 00 00 0000 00000000 0000 1100 4400 0000 5800 01 00 0500 1700'
        '00 0000 0101 00000000 5c68656c6c6f2e74787400 000000'
    )


def test_transaction2_request_with_data():
    parameters = Trans2FindFirst2Request(search_attributes=0, search_count=1, file_name='ab')
    request = ComTransaction2Request.of(parameters, data=b'data', max_data_count=1)
    assert (request.max_parameter_count, request.setup) == (10, (1,))
    request.pack()
    assert (request.total_parameter_count, request.total_data_count) == (18, 4)
    assert (request.parameter_offset, request.data_offset) == (68, 88)


def test_query_security_request():
    parts = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION
    # captured, but for offsets that are multiples of four, as [MS-CIFS] 2.2.4.62.1 has it, and for MaxDataCount
    check_wire(
        ComNTTransactRequest.query_security(0xFC69, parts, 0x10000),
        '13 00 0000 08000000 00000000 04000000 00000100 08000000 4c000000 00000000 54000000 00 0600'
        '0b00 000000 69fc 0000 07000000',
    )


def test_query_security_response():
    descriptor = '01000490' + '00' * 16
    # captured, with a shorter descriptor
    check_wire(
        ComNTTransactResponse(parameters=bytes.fromhex('14000000'), data=bytes.fromhex(descriptor)),
        '12 000000 04000000 14000000 04000000 48000000 00000000 14000000 4c000000 00000000 00'
        '1900 00 14000000' + descriptor,
    )


def test_query_security_response_that_says_how_much_room_it_takes():
    body = ComNTTransactResponse(parameters=bytes.fromhex('98000000')).pack()
    answer = ComNTTransactRequest.unpack_response(STATUS_BUFFER_TOO_SMALL, body)
    assert NTTransactQuerySecurityDescResponse.unpack(answer.parameters).length_needed == 0x98


def test_ioctl_request():
    # captured, but for MaxSetupCount, and for offsets that are multiples of four
    check_wire(
        ComNTTransactRequest.ioctl(0x9F7C, FSCTL_SRV_ENUMERATE_SNAPSHOTS, 16),
        '17 01 0000 00000000 00000000 00000000 10000000 00000000 54000000 00000000 54000000 04 0200'
        '6440 1400 7c9f 0100 0300 000000',
    )


def test_ioctl_response_has_setup_words():
    # [MS-CIFS] 2.2.7.2.2, assembled by hand
    check_wire(
        ComNTTransactResponse(setup=(3,), data=b'abc'),
        '13 000000 00000000 03000000 00000000 4c000000 00000000 03000000 4c000000 00000000 01 03000600 000000 616263',
    )


def test_setup_words_that_are_not_there_are_refused():
    body = bytearray(ComNTTransactResponse(setup=(3,)).pack())
    body[36] = 2
    with pytest.raises(ProtocolError):
        ComNTTransactResponse.unpack(body)


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('parameter_offset', 0),
        ('parameter_offset', 0x46),  # in the words
        ('parameter_offset', 0x4D),
        ('parameter_offset', 0xFFFFFFFF),
        ('data_offset', 0x46),
        ('data_offset', 0x4D),
        ('data_offset', 0xFFFFFFFF),
        ('parameter_count', 9),
        ('parameter_count', 0xFFFFFFFF),
        ('data_count', 5),
        ('data_count', 0xFFFFFFFF),
    ],
)
def test_blocks_outside_of_the_bytes_are_refused(field, value):
    body = bytearray(ComNTTransactResponse(parameters=b'abcd', data=b'efgh').pack())
    assert ComNTTransactResponse.unpack(body).data == b'efgh'
    position = 4 * ComNTTransactResponse.plan().names.index(field)  # WordCount and three bytes, then four a field
    body[position : position + 4] = value.to_bytes(4, 'little')
    with pytest.raises(ProtocolError):
        ComNTTransactResponse.unpack(body)


def test_set_security_request():
    # captured, but for the padding
    descriptor = '010004800000000000000000000000001400000003001c000100000000001400ff011f00010100000000000100000000'
    check_wire(
        ComNTTransactRequest.set_security(0xD722, DACL_SECURITY_INFORMATION, bytes.fromhex(descriptor)),
        '13 00 0000 08000000 30000000 00000000 00000000 08000000 4c000000 30000000 54000000 00 0300 3b00'
        f'000000 22d7 0000 04000000 {descriptor}',
    )
