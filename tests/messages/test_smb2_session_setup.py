"""SESSION_SETUP, TREE_CONNECT and TREE_DISCONNECT, with bytes captured between smbclient and smbd of Samba 4.17."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest, SMB2SessionSetupResponse
from smb.messages.smb2.tree_connect import (
    SMB2TreeConnectRequest,
    SMB2TreeConnectResponse,
    SMB2TreeDisconnectRequest,
    SMB2TreeDisconnectResponse,
)
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED
from smb.smb2_constants import SMB2_SHARE_TYPE_PIPE
from tests.check_wire import check_wire

NEGOTIATE_TOKEN = bytes.fromhex(
    '604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a04284e544c4d5353500001000000158208620000000028000000'
    '0000000028000000060100000000000f'
)


def test_session_setup_request():
    request = SMB2SessionSetupRequest(security_mode=1, capabilities=1, security_buffer=NEGOTIATE_TOKEN)
    check_wire(request, '1900 00 01 01000000 00000000 5800 4a00 0000000000000000' + NEGOTIATE_TOKEN.hex())


def test_session_setup_response():
    token = bytes.fromhex('a11b3019a0030a0100a312041001000000cd59dc837bc6cb2600000000')
    check_wire(SMB2SessionSetupResponse(security_buffer=token), '0900 0000 4800 1d00' + token.hex())


def test_session_setup_goes_on_with_its_own_response():
    assert STATUS_MORE_PROCESSING_REQUIRED in SMB2SessionSetupRequest.DATA_STATUSES


def test_security_buffer_is_shown_neither_by_repr_nor_by_an_error():
    request = SMB2SessionSetupRequest(security_mode=1, security_buffer=b'secret')
    assert 'security_buffer=<6 bytes>' in repr(request)
    response = SMB2SessionSetupResponse(security_buffer=b'secret').pack()
    with pytest.raises(ProtocolError) as refused:
        SMB2SessionSetupResponse.unpack(response[:-1])
    assert b'secr'.hex() not in str(refused.value) and refused.value.data_buf is None


def test_tree_connect_request():
    check_wire(
        SMB2TreeConnectRequest(path='\\\\127.0.0.1\\IPC$'),
        '0900 0000 4800 2000 5c005c003100320037002e0030002e0030002e0031005c004900500043002400',
    )


def test_tree_connect_response():
    check_wire(
        SMB2TreeConnectResponse(share_type=SMB2_SHARE_TYPE_PIPE, maximal_access=0x1F00A9),
        '1000 02 00 00000000 00000000 a9001f00',
    )


def test_tree_disconnect():
    check_wire(SMB2TreeDisconnectRequest(), '0400 0000')
    check_wire(SMB2TreeDisconnectResponse(), '0400 0000')
