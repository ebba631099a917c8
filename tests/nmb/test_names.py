"""NetBIOS names in packets, [RFC1001] 14.1 and [RFC1002] 4.1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmb.nmb_constants import TYPE_SERVER, TYPE_WORKSTATION
from nmb.utils import decode_name, encode_name

FRED = b'\x20EGFCEFEECACACACACACACACACACACACA'
LABELS = st.text('abcdefghijklmnopqrstuvwxyz0123456789-', min_size=1, max_size=10)


def test_first_level_encoding_of_the_example():
    """[RFC1001] 14.1; its sixteenth character is a letter."""
    encoded = encode_name('THE NETBIOS NAM', ord('E'), 'SCOPE.ID.COM')
    assert encoded == b'\x20FEEIEFCAEOEFFEECEJEPFDCAEOEBENEF\x05SCOPE\x02ID\x03COM\0'


def test_second_level_encoding_of_the_example():
    """[RFC1002] 4.1: FRED in the scope NETBIOS.COM."""
    assert encode_name('FRED', 0x20, 'NETBIOS.COM') == FRED + b'\x07NETBIOS\x03COM\0'


def test_a_name_in_no_scope_is_one_label():
    assert encode_name('FRED', 0x20) == FRED + b'\0'
    assert encode_name('FRED', 0x20, '') == FRED + b'\0'


def test_a_long_name_is_cut_to_fifteen_characters():
    assert encode_name('ABCDEFGHIJKLMNOPQ', TYPE_SERVER) == encode_name('ABCDEFGHIJKLMNO', TYPE_SERVER)


def test_the_case_of_a_name_is_kept():
    assert decode_name(encode_name('fred', TYPE_SERVER))[0] == 'fred'


def test_the_name_of_every_node_is_padded_with_zeros():
    """[RFC1002] 4.2.17 NODE STATUS REQUEST."""
    assert encode_name('*', TYPE_WORKSTATION) == b'\x20CK' + b'A' * 30 + b'\0'


def test_names_are_in_code_page_850_with_question_marks_for_the_rest():
    assert encode_name('É東', TYPE_WORKSTATION)[1:5] == b'JADP'
    assert decode_name(encode_name('É東', TYPE_WORKSTATION))[0] == 'É?'


@pytest.mark.parametrize('scope', ['.', 'A..B', 'A.', 'X' * 64, '.'.join(['X' * 62] * 4), 'Ä'])
def test_a_scope_that_is_no_domain_name_is_refused(scope):
    with pytest.raises(ValueError):
        encode_name('FRED', TYPE_SERVER, scope)


def test_decoding_tells_where_the_name_ends():
    packet = b'head' + FRED + b'\x07NETBIOS\x03COM\0' + b'tail'
    name, name_type, scope, end = decode_name(packet, 4)
    assert (name, name_type, scope) == ('FRED', 0x20, 'NETBIOS.COM')
    assert packet[end:] == b'tail'


def test_decoding_follows_pointers_into_the_packet():
    packet = b'\x03COM\0' + FRED + b'\xc0\x00' + b'\xc0\x05' + b'tail'
    assert decode_name(packet, 5) == ('FRED', 0x20, 'COM', 5 + len(FRED) + 2)
    name, _, scope, end = decode_name(packet, 5 + len(FRED) + 2)
    assert (name, scope, packet[end:]) == ('FRED', 'COM', b'tail')


@pytest.mark.parametrize('packet', [b'\xc0\x00', b'\xc0\x02\xc0\x00', FRED + b'\xc0\x00', FRED + b'\xc0\x21'])
def test_pointers_that_lead_nowhere_are_refused(packet):
    with pytest.raises(ValueError, match='backwards'):
        decode_name(packet)


def test_a_name_that_is_cut_anywhere_is_refused():
    encoded = encode_name('FRED', TYPE_SERVER, 'NETBIOS.COM')
    for length in range(len(encoded)):
        with pytest.raises(ValueError):
            decode_name(encoded[:length])


@pytest.mark.parametrize(
    'packet',
    [
        b'\0',
        b'\x03COM\0',
        b'\xc0',
        b'\x20' + b'Q' * 32 + b'\0',
        b'\x40' + b'A' * 64 + b'\0',
        FRED + (b'\x3e' + b'X' * 62) * 4 + b'\0',
    ],
)
def test_what_is_no_netbios_name_is_refused(packet):
    with pytest.raises(ValueError):
        decode_name(packet)


@given(
    st.text('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_É ', min_size=1, max_size=15).map(str.rstrip),
    st.integers(0, 255),
    st.lists(LABELS, max_size=4).map('.'.join),
    st.binary(max_size=4),
)
def test_decoding_gives_what_was_encoded(name, name_type, scope, rest):
    encoded = encode_name(name, name_type, scope)
    assert decode_name(encoded + rest) == (name, name_type, scope, len(encoded))


@given(st.binary(max_size=80), st.integers(0, 90))
def test_any_bytes_are_a_name_or_a_value_error(data, offset):
    try:
        name, name_type, scope, end = decode_name(FRED + data, offset)
    except ValueError:
        return
    assert len(name) <= 15 and 0 <= name_type <= 255 and isinstance(scope, str) and offset < end <= len(FRED + data)
