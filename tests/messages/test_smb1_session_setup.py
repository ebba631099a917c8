"""SESSION_SETUP_ANDX. Captured bytes are what smbclient and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

from smb.messages.smb1.payload import ComErrorResponse
from smb.messages.smb1.session_setup import (
    ComSessionSetupAndxRequest__NoSecurityExtension,
    ComSessionSetupAndxRequest__WithSecurityExtension,
    ComSessionSetupAndxResponse,
)
from smb.ntstatus import STATUS_LOGON_FAILURE, STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS
from smb.smb_constants import SMB_SETUP_GUEST
from tests.check_wire import check_wire

TOKEN = """
    604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa22a04284e544c4d535350000100000015820862000000002800000000
    00000028000000060100000000000f"""
LAST_TOKEN = 'a11b3019a0030a0100a312041001000000da617a8288ff793600000000'
SERVER = '570069006e0064006f0077007300200036002e0031000000530061006d0062006100200034002e00310037002e00310032002d00'
SERVER += '440065006200690061006e00000057004f0052004b00470052004f00550050000000'
NAMES = {'native_os': 'Windows 6.1', 'native_lan_man': 'Samba 4.17.12-Debian', 'primary_domain': 'WORKGROUP'}


def test_request_with_a_token():
    # captured
    check_wire(
        ComSessionSetupAndxRequest__WithSecurityExtension(
            max_buffer_size=65535,
            max_mpx_count=2,
            capabilities=0x8000C054,
            security_blob=bytes.fromhex(TOKEN),
            native_os='Unix',
            native_lan_man='Samba',
        ),
        '0c ff000000 ffff 0200 0100 00000000 4a00 00000000 54c00080 6100'
        + TOKEN
        + '00 55006e00690078000000 530061006d00620061000000',
    )


def test_request_with_two_responses():
    response = '6a508fdb5bc2dfe3e8fb7b69af358115a9e9185ffcd5dfee'
    # captured
    check_wire(
        ComSessionSetupAndxRequest__NoSecurityExtension(
            max_buffer_size=65535,
            max_mpx_count=2,
            vc_number=0x4839,
            session_key=0x483A,
            capabilities=0xC054,
            oem_password=bytes.fromhex(response),
            unicode_password=bytes.fromhex(response),
            account_name='root',
            primary_domain='WORKGROUP',
            native_os='Unix',
            native_lan_man='Samba',
        ),
        '0d ff000000 ffff 0200 3948 3a480000 1800 1800 00000000 54c00000 6500'
        + response * 2
        + '00 72006f006f0074000000 57004f0052004b00470052004f00550050000000'
        '55006e00690078000000 530061006d00620061000000',
    )


def test_request_with_two_responses_in_oem():
    response = '70f8dbbea32070d9f0d63a77210e0f18a913e64da9e2220e'
    request = ComSessionSetupAndxRequest__NoSecurityExtension(
        max_buffer_size=65535, max_mpx_count=2, vc_number=0x483D, session_key=0x483E, capabilities=0xC050,
        oem_password=bytes.fromhex(response), unicode_password=bytes.fromhex(response), account_name='root',
        primary_domain='WORKGROUP', native_os='Unix', native_lan_man='Samba',
    )  # fmt: skip
    request.is_unicode = False
    # captured
    assert request.pack().hex() == (
        '0dff000000ffff02003d483e480000180018000000000050c000004a00'
        + response * 2
        + '726f6f7400574f524b47524f555000556e69780053616d626100'
    )


def test_response_with_a_token():
    # captured
    check_wire(
        ComSessionSetupAndxResponse(security_blob=bytes.fromhex(LAST_TOKEN), **NAMES),
        '04 ff000000 0000 1d00 7300' + LAST_TOKEN + SERVER,
    )


def test_response_without_a_token_has_three_words():
    body = bytes.fromhex('03 ff000000 0100 5700 00' + SERVER)  # captured, but for the guest
    answer = ComSessionSetupAndxResponse.unpack(body)
    expected = ComSessionSetupAndxResponse(action=SMB_SETUP_GUEST, **NAMES)
    expected.short_word_count = 3
    assert expected.pack() == body and answer == expected


def test_response_in_oem():
    # captured
    body = bytes.fromhex(
        '03ff00000000002b0057696e646f777320362e310053616d626120342e31372e31322d44656269616e00574f524b47524f555000'
    )
    answer = ComSessionSetupAndxResponse.unpack(body, is_unicode=False)
    assert {name: getattr(answer, name) for name in NAMES} == NAMES


def test_a_sign_on_that_goes_on_has_its_token_and_one_that_is_refused_has_none():
    request = ComSessionSetupAndxRequest__WithSecurityExtension
    body = ComSessionSetupAndxResponse(security_blob=b'token').pack()
    for status in (STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED):
        assert request.unpack_response(status, body).security_blob == b'token'
    assert type(request.unpack_response(STATUS_LOGON_FAILURE, b'\0\0\0')) is ComErrorResponse
