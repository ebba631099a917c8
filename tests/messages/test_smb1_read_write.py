"""READ_ANDX and WRITE_ANDX. Captured bytes are what smbclient and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb1.read_write import (
    ComReadAndxRequest,
    ComReadAndxResponse,
    ComWriteAndxRequest,
    ComWriteAndxResponse,
)
from tests.check_wire import check_wire

BEYOND_4_GIB = 0x123_4567_89AB


def test_read_request():
    request = ComReadAndxRequest.at(0xAFF2, 0, 6)
    request.min_count = 6
    # captured
    check_wire(request, '0c ff000000 f2af 00000000 0600 0600 0000 0000 0000 00000000 0000')


def test_read_request_far_into_a_file_and_for_much():
    # [MS-SMB] 2.2.4.2.1, assembled by hand
    check_wire(
        ComReadAndxRequest.at(1, BEYOND_4_GIB, 0x123456),
        '0c ff000000 0100 ab896745 5634 0000 1200 0000 0000 23010000 0000',
    )


def test_read_request_to_a_server_without_large_files():
    # [MS-CIFS] 2.2.4.42.1, assembled by hand
    check_wire(
        ComReadAndxRequest.at(1, 0x1000, 0x2000, is_large=False),
        '0a ff000000 0100 00100000 0020 0000 0000 0000 0000 0000',
    )


@pytest.mark.parametrize(
    'make',
    [
        lambda: ComReadAndxRequest.at(1, 1 << 32, 1, is_large=False),
        lambda: ComWriteAndxRequest.at(1, 1 << 32, b'a', is_large=False),
    ],
)
def test_a_server_without_large_files_has_no_offset_beyond_4_gib(make):
    with pytest.raises(ValueError, match='4294967296'):
        make()


def test_read_response():
    # captured
    check_wire(
        ComReadAndxResponse(available=0xFFFF, data=b'hello\n'),
        '0c ff000000 ffff 0000 0000 0600 3c00 0000 0000000000000000 0700 00 68656c6c6f0a',
    )


def test_read_response_has_a_slice_of_what_was_received():
    received = bytearray(ComReadAndxResponse(data=b'hello').pack())
    response = ComReadAndxResponse.unpack(received)
    received[-1:] = b'!'
    assert isinstance(response.data, memoryview) and bytes(response.data) == b'hell!'


def test_read_response_of_more_than_64_kib_has_its_length_in_two_fields():
    data = bytes(range(256)) * 512 + b'abc'
    packed = ComReadAndxResponse(data=data).pack()
    # DataLength, DataOffset, DataLengthHigh; ByteCount is cut to its 16 bits
    assert packed[11:17].hex() == '0300' + '3c00' + '0200' and packed[25:27].hex() == '0400'
    response = ComReadAndxResponse.unpack(packed)
    assert bytes(response.data) == data
    with pytest.raises(ProtocolError):
        ComReadAndxResponse.unpack(packed[:-1])


@pytest.mark.parametrize('byte_count', ['0000', 'ffff'])
def test_read_response_goes_by_offset_and_length(byte_count):
    body = bytes.fromhex('0c ff000000 0000 0000 0000 0300 3b00 0000 0000000000000000' + byte_count + '616263')
    assert bytes(ComReadAndxResponse.unpack(body).data) == b'abc'


@pytest.mark.parametrize('data_offset', ['0000', '2000', '3a00', '3c00', 'ffff'])
def test_read_response_with_data_elsewhere_is_refused(data_offset):
    with pytest.raises(ProtocolError):
        ComReadAndxResponse.unpack(
            bytes.fromhex('0c ff000000 0000 0000 0000 0300' + data_offset + '0000 0000000000000000 0300 616263')
        )


@pytest.mark.parametrize('data_offset', ['0000', '3b00', 'ffff'])
def test_read_response_without_data_may_have_any_offset(data_offset):
    body = bytes.fromhex('0c ff000000 0000 0000 0000 0000' + data_offset + '0000 0000000000000000 0000')
    assert bytes(ComReadAndxResponse.unpack(body).data) == b''


def test_write_request():
    # captured
    check_wire(
        ComWriteAndxRequest.at(0x1E53, 0, b'up\n'),
        '0e ff000000 531e 00000000 00000000 0000 0000 0000 0300 4000 00000000 0400 00 75700a',
    )


def test_write_request_far_into_a_file_and_of_much():
    request = ComWriteAndxRequest.at(1, BEYOND_4_GIB, bytes(0x12345))
    packed = request.pack()
    # [MS-SMB] 2.2.4.3.1, assembled by hand
    head = '0e ff000000 0100 ab896745 00000000 0000 0000 0100 4523 4000 23010000 4623 00'
    assert packed[:32] == bytes.fromhex(head) and len(packed) == 32 + 0x12345
    assert ComWriteAndxRequest.unpack(packed) == request


def test_write_request_to_a_server_without_large_files():
    # [MS-CIFS] 2.2.4.43.1, assembled by hand
    check_wire(
        ComWriteAndxRequest.at(1, 0x1000, b'abc', is_large=False),
        '0c ff000000 0100 00100000 00000000 0000 0000 0000 0300 3c00 0400 00 616263',
    )


def test_write_request_keeps_its_data_a_piece_of_its_own():
    data = memoryview(bytearray(100))
    assert ComWriteAndxRequest.at(1, 0, data).pack_parts()[-1] is data


def test_write_request_of_nothing_still_says_where_the_data_would_be():
    assert ComWriteAndxRequest.at(1, 5, b'').pack()[23:25].hex() == '4000'


def test_write_response():
    response = ComWriteAndxResponse(count=3)
    check_wire(response, '06 ff000000 0300 0000 0000 0000 0000')  # captured
    assert response.written == 3
    assert ComWriteAndxResponse(count=0x2345, count_high=1).written == 0x12345
