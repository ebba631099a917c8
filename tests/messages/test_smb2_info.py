"""QUERY_INFO and SET_INFO, with bytes captured between smbclient and smbd of Samba 4.17."""

from __future__ import annotations

from smb.messages.smb2.info import (
    SMB2QueryInfoRequest,
    SMB2QueryInfoResponse,
    SMB2SetInfoRequest,
    SMB2SetInfoResponse,
)
from smb.ntstatus import STATUS_BUFFER_OVERFLOW
from smb.smb2_constants import (
    SMB2_INFO_FILE,
    SMB2_INFO_FILESYSTEM,
    SMB2_INFO_SECURITY,
    FileAllInformation,
    FileDispositionInformation,
    FileFsFullSizeInformation,
)
from tests.check_wire import check_wire


def test_query_info_request_for_a_file():
    request = SMB2QueryInfoRequest(
        info_type=SMB2_INFO_FILE,
        file_info_class=FileAllInformation,
        output_buffer_length=0xFFFF,
        file_id=bytes.fromhex('00000000188b28a600000000516463e8'),
    )
    check_wire(
        request,
        '2900 01 12 ffff0000 0000 0000 00000000 00000000 00000000 00000000188b28a600000000516463e8 00',
        may_be_cut_to=40,
    )


def test_query_info_request_for_security():
    request = SMB2QueryInfoRequest(
        info_type=SMB2_INFO_SECURITY,
        output_buffer_length=0xFFFF,
        additional_information=7,
        file_id=bytes.fromhex('00000000a406148000000000cb9515d0'),
    )
    check_wire(
        request,
        '2900 03 00 ffff0000 0000 0000 00000000 07000000 00000000 00000000a406148000000000cb9515d0 00',
        may_be_cut_to=40,
    )


def test_query_info_request_counts_the_longer_direction():
    request = SMB2QueryInfoRequest(
        info_type=SMB2_INFO_FILESYSTEM,
        file_info_class=FileFsFullSizeInformation,
        output_buffer_length=10,
        file_id=bytes(16),
        input_buffer=bytes(20),
    )
    assert request.payload_size() == 20
    request.output_buffer_length = 30
    assert request.payload_size() == 30


def test_query_info_response():
    sizes = '748ebf0f00000000c447f604000000000200000000020000'
    check_wire(SMB2QueryInfoResponse(output_buffer=bytes.fromhex(sizes)), '0900 4800 18000000' + sizes)


def test_query_info_response_comes_with_a_cut_answer_too():
    assert STATUS_BUFFER_OVERFLOW in SMB2QueryInfoRequest.DATA_STATUSES


def test_set_info_request():
    request = SMB2SetInfoRequest(
        info_type=SMB2_INFO_FILE,
        file_info_class=FileDispositionInformation,
        file_id=bytes.fromhex('00000000e9ec13c500000000aabd6fe5'),
        buffer=b'\1',
    )
    check_wire(request, '2100 01 0d 01000000 6000 0000 00000000 00000000e9ec13c500000000aabd6fe5 01')
    assert request.payload_size() == 1


def test_set_info_response():
    check_wire(SMB2SetInfoResponse(), '0200')
