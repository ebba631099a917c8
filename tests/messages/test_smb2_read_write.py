"""READ and WRITE. Captured bytes are what smbclient and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.read_write import SMB2ReadRequest, SMB2ReadResponse, SMB2WriteRequest, SMB2WriteResponse
from tests.check_wire import check_wire

FILE_ID = bytes.fromhex('00000000188b28a600000000516463e8')


def test_read_request():
    check_wire(
        SMB2ReadRequest(padding=0, length=6, offset=0, file_id=FILE_ID),
        # captured
        '3100 00 00 06000000 0000000000000000 00000000188b28a600000000516463e8' + '00' * 17,
        may_be_cut_to=48,
    )


def test_read_request_counts_what_comes_back():
    assert SMB2ReadRequest(length=1 << 20, offset=0, file_id=FILE_ID).payload_size() == 1 << 20


def test_read_response():
    check_wire(SMB2ReadResponse(data=b'hello\n'), '1100 50 00 06000000 00000000 00000000 68656c6c6f0a')  # captured


def test_read_response_has_a_slice_of_what_was_received():
    received = bytearray(SMB2ReadResponse(data=b'hello').pack())
    response = SMB2ReadResponse.unpack(received)
    received[-1:] = b'!'
    assert isinstance(response.data, memoryview) and bytes(response.data) == b'hell!'


@pytest.mark.parametrize('data_offset', ['00', '50', 'ff'])
def test_read_response_without_data_may_have_any_offset(data_offset):
    response = SMB2ReadResponse.unpack(bytes.fromhex(f'1100 {data_offset} 00 00000000 00000000 00000000'))
    assert bytes(response.data) == b''


@pytest.mark.parametrize('data_offset', ['00', '40', '4f', '51', 'ff'])
def test_read_response_with_data_elsewhere_is_refused(data_offset):
    with pytest.raises(ProtocolError):
        SMB2ReadResponse.unpack(bytes.fromhex(f'1100 {data_offset} 00 05000000 00000000 00000000 68656c6c6f'))


def test_write_request():
    request = SMB2WriteRequest(offset=0, file_id=bytes.fromhex('00000000720ac48f00000000e8a8ecfd'), data=b'up\n')
    check_wire(
        request,
        # captured
        '3100 7000 03000000 0000000000000000 00000000720ac48f00000000e8a8ecfd 00000000 00000000'
        ' 0000 0000 00000000 75700a',
    )
    assert request.payload_size() == 3


def test_write_request_keeps_its_data_a_piece_of_its_own():
    data = memoryview(bytearray(100))
    assert SMB2WriteRequest(offset=0, file_id=FILE_ID, data=data).pack_parts()[-1] is data


def test_write_request_of_nothing_still_says_where_the_data_would_be():
    check_wire(
        SMB2WriteRequest(offset=5, file_id=FILE_ID, data=b''),
        # assembled by hand from 2.2.21
        '3100 7000 00000000 0500000000000000 00000000188b28a600000000516463e8' + '00' * 17,
        may_be_cut_to=48,
    )


def test_write_response():
    check_wire(SMB2WriteResponse(count=3), '1100 0000 03000000 00000000 0000 0000 00', may_be_cut_to=16)
    # captured: smbd leaves out the one byte of Buffer
    assert SMB2WriteResponse.unpack(bytes.fromhex('11000000030000000000000000000000')).count == 3
