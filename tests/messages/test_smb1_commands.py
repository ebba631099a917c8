"""TREE_CONNECT_ANDX, NT_CREATE_ANDX, the commands that name paths, and the small ones, [MS-CIFS] 2.2.4.

Captured bytes are what smbclient and smbd of Samba 4.17 said to each other.
"""

from __future__ import annotations

import pytest

from smb.messages.smb1.create import ComNTCreateAndxRequest, ComNTCreateAndxResponse
from smb.messages.smb1.paths import (
    ComCreateDirectoryRequest,
    ComDeleteDirectoryRequest,
    ComDeleteRequest,
    ComRenameRequest,
)
from smb.messages.smb1.simple import (
    ComCloseRequest,
    ComEchoRequest,
    ComEchoResponse,
    ComFindClose2Request,
    ComLogoffAndxRequest,
    ComLogoffAndxResponse,
    ComNTCancelRequest,
)
from smb.messages.smb1.tree_connect import (
    ComTreeConnectAndxRequest,
    ComTreeConnectAndxResponse,
    ComTreeDisconnectRequest,
)
from tests.check_wire import check_wire

HELLO = '5c00680065006c006c006f002e007400780074000000'


def test_tree_connect_request():
    # captured
    check_wire(
        ComTreeConnectAndxRequest(flags=0x0C, path='\\\\127.0.0.1\\IPC$', service='IPC'),
        '04 ff000000 0c00 0100 270000 5c005c003100320037002e0030002e0030002e0031005c0049005000430024000000 49504300',
    )
    request = ComTreeConnectAndxRequest(path='\\\\127.0.0.1\\SMBTEST')
    assert request.pack().hex().endswith('5c0053004d0042005400450053005400' + '0000' + '3f3f3f3f3f00')
    # TREE_CONNECT_ANDX_EXTENDED_SIGNATURES would change what a session's key is, [MS-SMB] 3.2.5.4.
    assert request.flags == 8


def test_tree_connect_request_in_oem():
    request = ComTreeConnectAndxRequest(flags=0x0C, path='\\\\127.0.0.1\\IPC$', service='IPC')
    request.is_unicode = False
    # captured
    assert request.pack().hex() == '04ff0000000c0001001600' + '005c5c3132372e302e302e315c495043240049504300'


def test_tree_connect_response():
    # captured
    check_wire(
        ComTreeConnectAndxResponse(
            optional_support=1, maximal_share_access_rights=0x1F01FF, service='A:', native_file_system='NTFS'
        ),
        '07 ff000000 0100 ff011f00 00000000 0d00 413a00 4e005400460053000000',
    )
    check_wire(
        ComTreeConnectAndxResponse(
            optional_support=0x21,
            maximal_share_access_rights=0x1FF,
            guest_maximal_share_access_rights=0x1FF,
            service='IPC',
        ),
        '07 ff000000 2100 ff010000 ff010000 0700 49504300 00 0000',
    )


@pytest.mark.parametrize(('words', 'support'), [('03 ff000000 0300', 3), ('02 ff000000', 0)])
def test_tree_connect_response_without_access_rights(words, support):
    # [MS-CIFS] 2.2.4.55.2, assembled by hand; a server of LAN Manager sends two words
    answer = ComTreeConnectAndxResponse.unpack(bytes.fromhex(words + '0300 413a00'))
    assert (answer.optional_support, answer.service, answer.native_file_system) == (support, 'A:', '')
    assert answer.maximal_share_access_rights == 0


def test_create_request():
    check_wire(
        ComNTCreateAndxRequest(
            desired_access=0x120089, share_access=3, create_disposition=1, create_options=0x40, file_name='\\hello.txt'
        ),
        # captured, but for two more zeros that smbclient sends behind the name
        '18 ff000000 00 1600 00000000 00000000 89001200 0000000000000000 00000000 03000000 01000000 40000000 02000000'
        '00 1700 00' + HELLO,
    )


def test_create_response():
    # captured
    check_wire(
        ComNTCreateAndxResponse(
            fid=0xAFF2,
            create_action=1,
            creation_time=0x01DD7ABF39F76AED,
            last_access_time=0x01DD7ABF39F76AED,
            last_write_time=0x01DD7ABF39F78761,
            change_time=0x01DD7ABF39F78761,
            file_attributes=0x80,
            allocation_size=1048576,
            end_of_file=6,
        ),
        '22 ff000000 00 f2af 01000000 ed6af739bf7add01 ed6af739bf7add01 6187f739bf7add01 6187f739bf7add01'
        '80000000 0000100000000000 0600000000000000 0000 0000 00 0000',
    )


@pytest.mark.parametrize(
    ('message', 'expected'),
    [
        (
            ComRenameRequest(old_file_name='\\up.txt', new_file_name='\\up2.txt'),
            '01 1600 2500 04 5c00750070002e007400780074000000 04 00 5c007500700032002e007400780074000000',
        ),
        (ComCreateDirectoryRequest(directory_name='\\d1'), '00 0900 04 5c00640031000000'),
        (ComDeleteDirectoryRequest(directory_name='\\d1'), '00 0900 04 5c00640031000000'),
        (ComDeleteRequest(file_name='\\up2.txt'), '01 0600 1300 04 5c007500700032002e007400780074000000'),
        (ComCloseRequest(fid=0x3597), '03 9735 ffffffff 0000'),
        (ComEchoRequest(echo_count=2, data=b'hello'), '01 0200 0500 68656c6c6f'),
        (ComEchoResponse(sequence_number=1, data=b'hello'), '01 0100 0500 68656c6c6f'),
        (ComLogoffAndxRequest(), '02 ff000000 0000'),
        (ComLogoffAndxResponse(), '02 ff000000 0000'),
        (ComTreeDisconnectRequest(), '00 0000'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_captured(message, expected):
    check_wire(message, expected)


def test_rename_in_oem():
    request = ComRenameRequest(old_file_name='\\hello.txt', new_file_name='\\h2.txt')
    request.is_unicode = False
    # captured
    assert request.pack().hex() == '0116001500' + '045c68656c6c6f2e74787400' + '045c68322e74787400'


def test_what_no_capture_shows():
    check_wire(ComFindClose2Request(search_handle=0x1234), '01 3412 0000')  # [MS-CIFS] 2.2.4.48.1
    check_wire(ComNTCancelRequest(), '00 0000')  # [MS-CIFS] 2.2.4.65.1
