"""Times, texts and padding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.wire.values import epoch_to_filetime, filetime_to_epoch, padding, utf16_decode, utf16_encode


@pytest.mark.parametrize(
    ('filetime', 'seconds'),
    [
        (0, -11644473600),  # 1601-01-01, where FILETIMEs begin, [MS-DTYP] 2.3.3
        (116444736000000000, 0),  # 1970-01-01
        (0x01D5C1194AC40080, 1577934245),  # 2020-01-02 03:04:05, as smbclient of Samba 4.17 sends it
        (116444736005000000, 0.5),
    ],
)
def test_filetime_and_epoch(filetime, seconds):
    assert filetime_to_epoch(filetime) == seconds
    assert epoch_to_filetime(seconds) == filetime


@given(st.integers(-11644473600, 1 << 34))
def test_whole_seconds_come_back_exactly(seconds):
    assert filetime_to_epoch(epoch_to_filetime(seconds)) == seconds


@given(st.integers(0, (1 << 64) - 1))
def test_any_filetime_has_a_time_within_the_precision_of_a_float(filetime):
    assert abs(epoch_to_filetime(filetime_to_epoch(filetime)) - filetime) <= 2048


def test_text_is_utf_16_little_endian():
    assert utf16_encode('aé€😀') == bytes.fromhex('6100 e900 ac20 3dd8 00de')
    assert utf16_decode(memoryview(bytes.fromhex('6100 e900 ac20 3dd8 00de'))) == 'aé€😀'


@pytest.mark.parametrize('name', ['\ud800', 'a\udc00b', '\udfff\ud800'])
def test_lone_surrogates_are_kept(name):
    assert utf16_decode(utf16_encode(name)) == name


def test_half_a_character_is_refused():
    with pytest.raises(ProtocolError, match='odd number of bytes'):
        utf16_decode(b'a\0b')


@given(st.binary(max_size=60))
def test_any_even_bytes_are_a_text_that_comes_back(data):
    data = data[: len(data) // 2 * 2]
    assert utf16_encode(utf16_decode(data)) == data


@pytest.mark.parametrize(('length', 'align', 'zeros'), [(0, 8, 0), (1, 8, 7), (8, 8, 0), (9, 4, 3), (5, 1, 0)])
def test_padding_brings_a_length_up_to_a_multiple(length, align, zeros):
    assert padding(length, align) == bytes(zeros)
