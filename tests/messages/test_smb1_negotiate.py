"""NEGOTIATE. Captured bytes are what smbclient and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb1.negotiate import (
    NO_DIALECT,
    ComNegotiateRequest,
    ComNegotiateResponse,
    ComNegotiateResponseNoSecurityExtension,
    ComNegotiateResponseWithSecurityExtension,
)
from smb.ntstatus import STATUS_SUCCESS
from smb.smb_constants import CAP_EXTENDED_SECURITY, CAP_UNICODE
from tests.check_wire import check_wire

WITH = """
    11 0000 03 3200 0100 04410000 00000100 37420000 fdf30080 4795023abf7add01 0000 00
    5a00 74657374736572766572000000000000
    604806062b0601050502a03e303ca00e300c060a2b06010401823702020aa32a3028a0261b246e6f745f646566696e65645f696e5f5246433431
    373840706c656173655f69676e6f7265"""
WITHOUT = """
    11 0000 03 3200 0100 04410000 00000100 5a420000 fdf30000 d2ed7e3abf7add01 0000 08
    3200 6352cf05e62921a7 57004f0052004b00470052004f00550050000000 54004500530054005300450052005600450052000000"""
COMMON = {'dialect_index': 0, 'security_mode': 3, 'max_mpx_count': 50, 'max_number_vcs': 1, 'max_buffer_size': 16644}


def test_request():
    # captured
    check_wire(
        ComNegotiateRequest(dialects=('NT LANMAN 1.0', 'NT LM 0.12')),
        '00 1b00 02 4e54204c414e4d414e20312e3000 02 4e54204c4d20302e313200',
    )


def test_request_offers_one_dialect():
    assert ComNegotiateRequest().pack() == b'\0\x0c\0\x02NT LM 0.12\0'


def test_response_with_extended_security():
    blob = bytes.fromhex(WITH)[-74:]
    answer = ComNegotiateResponseWithSecurityExtension(
        **COMMON, max_raw_size=65536, session_key=0x4237, capabilities=0x8000F3FD, system_time=0x01DD7ABF3A029547,
        bytes_=b'testserver\0\0\0\0\0\0' + blob,
    )  # fmt: skip
    check_wire(answer, WITH)
    read = ComNegotiateRequest.unpack_response(STATUS_SUCCESS, bytes.fromhex(WITH))
    assert read == answer
    assert (read.server_guid, read.security_blob) == (b'testserver\0\0\0\0\0\0', blob)
    assert read.capabilities & CAP_EXTENDED_SECURITY


def test_response_with_a_challenge():
    answer = ComNegotiateResponseNoSecurityExtension(
        **COMMON, max_raw_size=65536, session_key=0x425A, capabilities=0xF3FD, system_time=0x01DD7ABF3A7EEDD2,
        challenge=bytes.fromhex('6352cf05e62921a7'), domain_name='WORKGROUP', server_name='TESTSERVER',
    )  # fmt: skip
    check_wire(answer, WITHOUT)
    assert ComNegotiateRequest.unpack_response(STATUS_SUCCESS, bytes.fromhex(WITHOUT)) == answer


def test_response_with_names_in_unicode_whatever_the_header_says():
    # smbd to a client that did not offer Unicode
    answer = ComNegotiateRequest.unpack_response(STATUS_SUCCESS, bytes.fromhex(WITHOUT), is_unicode=False)
    assert (answer.domain_name, answer.server_name) == ('WORKGROUP', 'TESTSERVER')


def test_response_with_a_challenge_in_oem_and_without_the_servers_name():
    words = '11 0000 03 3200 0100 04410000 00000100 00000000 00000000 0000000000000000 0000 08'  # [MS-CIFS] 2.2.4.52.2
    body = bytes.fromhex(words + '0b00 0102030405060708 574700')
    answer = ComNegotiateRequest.unpack_response(STATUS_SUCCESS, body)
    assert isinstance(answer, ComNegotiateResponseNoSecurityExtension)
    assert (answer.challenge.hex(), answer.domain_name, answer.server_name) == ('0102030405060708', 'WG', '')


def test_response_with_a_challenge_that_is_cut():
    answer = ComNegotiateResponseNoSecurityExtension(**COMMON, capabilities=CAP_UNICODE, challenge=bytes(8))
    body = bytearray(answer.pack())
    body[34] = 200
    with pytest.raises(ProtocolError):
        ComNegotiateRequest.unpack_response(STATUS_SUCCESS, body)


def test_response_of_a_server_that_has_none_of_the_dialects():
    for body in ('01 ffff 0000', '11 ffff' + '00' * 32 + '0000', '0d ffff' + '00' * 24 + '0000'):
        answer = ComNegotiateRequest.unpack_response(STATUS_SUCCESS, bytes.fromhex(body))
        assert type(answer) is ComNegotiateResponse and answer.dialect_index == NO_DIALECT


@pytest.mark.parametrize('body', ['01 0000 0000', '0d 0000' + '00' * 24 + '0000', '00 0000'])
def test_response_in_the_form_of_an_older_dialect_is_refused(body):
    with pytest.raises(ProtocolError):
        ComNegotiateRequest.unpack_response(STATUS_SUCCESS, bytes.fromhex(body))


@pytest.mark.parametrize('dialects', ['00', '0241', '4100', '024100 4200'])
def test_request_with_a_malformed_list_is_refused(dialects):
    data = bytes.fromhex(dialects)
    with pytest.raises(ProtocolError):
        ComNegotiateRequest.unpack(b'\0' + len(data).to_bytes(2, 'little') + data)
