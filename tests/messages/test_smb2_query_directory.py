"""QUERY_DIRECTORY, with bytes captured between smbclient and smbd of Samba 4.17."""

from __future__ import annotations

from smb.messages.smb2.query_directory import SMB2QueryDirectoryRequest, SMB2QueryDirectoryResponse
from smb.smb2_constants import FileIdBothDirectoryInformation
from tests.check_wire import check_wire


def test_request():
    request = SMB2QueryDirectoryRequest(
        file_information_class=FileIdBothDirectoryInformation,
        file_id=bytes.fromhex('00000000843e12e900000000f83f09d4'),
        file_name='h*',
        output_buffer_length=0x10000,
    )
    check_wire(request, '2100 25 00 00000000 00000000843e12e900000000f83f09d4 6000 0400 00000100 68002a00')
    assert request.payload_size() == 0x10000


def test_response():
    entries = (
        '00000000000000005a2a221cb87add015a2a221cb87add012f12231cb87add012f12231cb87add0106000000000000000010000000000000'
        '80000000120000000000000000000000000000000000000000000000000000000000000000000000c2e2200000000000'
        '680065006c006c006f002e00740078007400'
    )
    response = SMB2QueryDirectoryResponse(output_buffer=bytes.fromhex(entries))
    check_wire(response, '0900 4800 7a000000' + entries)
    assert isinstance(SMB2QueryDirectoryResponse.unpack(response.pack()).output_buffer, memoryview)
