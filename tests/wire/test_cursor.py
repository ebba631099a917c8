"""A cursor never leaves its bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.wire.cursor import Cursor


def test_numbers_are_read_one_after_another():
    cursor = Cursor(bytes(range(1, 16)), 'A test')
    assert [cursor.u8(), cursor.u16(), cursor.u32(), cursor.u64()] == [1, 0x0302, 0x07060504, 0x0F0E0D0C0B0A0908]
    assert (cursor.position, cursor.remaining) == (15, 0)


def test_take_gives_a_slice_and_not_a_copy():
    data = bytearray(b'abcdef')
    taken = Cursor(data, 'A test', 2).take(3)
    data[2] = ord('C')
    assert bytes(taken) == b'Cde'


@pytest.mark.parametrize(('method', 'size'), [('u8', 1), ('u16', 2), ('u32', 4), ('u64', 8)])
def test_a_number_that_is_cut_is_refused(method, size):
    cursor = Cursor(bytes(size - 1), 'A test')
    with pytest.raises(ProtocolError, match=f'A test is cut: {size} bytes wanted at 0, {size - 1} are there'):
        getattr(cursor, method)()
    assert cursor.position == 0


@pytest.mark.parametrize('length', [-1, 4, 1 << 64])
def test_no_more_than_is_there_can_be_taken(length):
    cursor = Cursor(b'abc', 'A test')
    with pytest.raises(ProtocolError):
        cursor.take(length)
    assert bytes(cursor.take(3)) == b'abc' and bytes(cursor.take(0)) == b''


def test_align_skips_to_the_next_multiple_from_the_start():
    cursor = Cursor(bytes(10), 'A test')
    cursor.align(8)
    assert cursor.position == 0
    cursor.take(1)
    cursor.align(8)
    assert cursor.position == 8
    cursor.take(1)
    with pytest.raises(ProtocolError):
        cursor.align(8)


def test_seek_stays_within_the_data():
    cursor = Cursor(b'abc', 'A test')
    cursor.seek(3)
    assert cursor.remaining == 0
    for position in (-1, 4):
        with pytest.raises(ProtocolError, match=f'A test points to byte {position} of 3'):
            cursor.seek(position)


def test_an_error_has_the_bytes():
    with pytest.raises(ProtocolError) as refused:
        Cursor(memoryview(b'abc'), 'A test').u64()
    assert refused.value.data_buf == b'abc'


STEPS = st.one_of(
    st.sampled_from([('u8',), ('u16',), ('u32',), ('u64',)]),
    st.tuples(st.just('take'), st.integers(-5, 50)),
    st.tuples(st.just('align'), st.integers(1, 16)),
    st.tuples(st.just('seek'), st.integers(-5, 50)),
)


@given(st.binary(max_size=40), st.lists(STEPS, max_size=20))
def test_the_position_stays_within_the_data_whatever_is_asked(data, steps):
    cursor = Cursor(data, 'A test')
    for method, *arguments in steps:
        before = cursor.position
        try:
            getattr(cursor, method)(*arguments)
        except ProtocolError:
            assert cursor.position == before
        assert 0 <= cursor.position <= len(data)
        assert cursor.remaining == len(data) - cursor.position
