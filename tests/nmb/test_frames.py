"""What stands before each message on TCP, [RFC1002] 4.3 and [MS-SMB2] 2.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmb.nmb_structs import (
    NMBError,
    describe_refusal,
    max_message_length,
    pack_message_header,
    pack_session_request,
    unpack_header,
    unpack_retarget,
)


@pytest.mark.parametrize(
    ('length', 'is_direct_tcp', 'header'),
    [
        (1, False, '00000001'),
        (0x10000, False, '00010000'),  # the seventeenth bit: [RFC1002] 4.3.1 FLAGS, bit E
        (0x1FFFF, False, '0001ffff'),
        (1, True, '00000001'),
        (0x20000, True, '00020000'),
        (0xFFFFFF, True, '00ffffff'),
    ],
)
def test_header_of_a_message(length, is_direct_tcp, header):
    assert pack_message_header(length, is_direct_tcp).hex() == header
    assert unpack_header(bytes.fromhex(header)) == (0, length)


def test_a_message_that_no_frame_can_hold_is_refused():
    assert (max_message_length(False), max_message_length(True)) == (0x1FFFF, 0xFFFFFF)
    for length, is_direct_tcp in ((0x20000, False), (0x1000000, True), (0, False), (0, True)):
        with pytest.raises(ValueError, match=f'not {length}$'):
            pack_message_header(length, is_direct_tcp)


@pytest.mark.parametrize(
    ('header', 'frame'),
    [('82000000', (0x82, 0)), ('83000001', (0x83, 1)), ('84000006', (0x84, 6)), ('85000000', (0x85, 0))],
)
def test_headers_of_what_a_server_sends_besides_messages(header, frame):
    """[RFC1002] 4.3.3, 4.3.4, 4.3.5, 4.3.7."""
    assert unpack_header(bytes.fromhex(header)) == frame


@pytest.mark.parametrize(
    ('header', 'reason'),
    [
        (b'HTTP', "does not speak SMB: .* b'HTTP'"),
        (b'\x81\0\0\x44', 'does not speak SMB'),
        (b'\xfeSMB', 'does not speak SMB'),
        (b'\0\0\0\0', 'of 0 bytes'),
        (b'\0\x02\0\x01', 'of 131073 bytes'),
        (b'\x82\0\0\1', 'type 0x82 has a length of 1'),
        (b'\x83\0\0\0', 'type 0x83 has a length of 0'),
        (b'\x84\0\0\7', 'type 0x84 has a length of 7'),
        (b'\x85\1\0\0', 'type 0x85 has a length of 65536'),
        (b'\0\0\0', '4 bytes, not 3'),
        (b'', '4 bytes, not 0'),
    ],
)
def test_what_is_no_frame_is_refused(header, reason):
    with pytest.raises(NMBError, match=reason):
        unpack_header(header, 0x20000)


@given(st.binary(min_size=4, max_size=4), st.integers(1, 0xFFFFFF))
def test_any_four_bytes_are_a_header_or_an_error(header, max_length):
    try:
        _, length = unpack_header(header, max_length)
    except NMBError:
        return
    assert length == int.from_bytes(header[1:], 'big') <= max(max_length, 6)


def test_session_request_has_the_names_in_upper_case():
    """[RFC1002] 4.3.2: the called name, which is a server's, then the calling name, which is a workstation's."""
    packet = pack_session_request('Fred', 'me')
    assert packet == (b'\x81\0\0\x44\x20EGFCEFEECACACACACACACACACACACACA\0\x20ENEFCACACACACACACACACACACACACAAA\0')


@pytest.mark.parametrize(
    ('code', 'reason'),
    [
        (0x80, 'not listening on called name (0x80)'),
        (0x81, 'not listening for calling name (0x81)'),
        (0x82, 'called name not present (0x82)'),
        (0x83, 'called name present, but insufficient resources (0x83)'),
        (0x8F, 'unspecified error (0x8f)'),
        (0x00, 'unknown reason (0x00)'),
    ],
)
def test_a_refusal_has_its_reason(code, reason):
    """[RFC1002] 4.3.4."""
    assert describe_refusal(bytes([code])) == reason


def test_a_retarget_response_has_address_and_port():
    """[RFC1002] 4.3.5."""
    assert unpack_retarget(bytes.fromhex('c0a80105 01bd')) == ('192.168.1.5', 445)
