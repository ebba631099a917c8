"""Declared structures: what they pack to, what they refuse."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.wire import structure as wire
from tests.check_wire import check_wire


@wire.structure
class Numbers(wire.Structure):
    small: int = wire.u8()
    medium: int = wire.u16(default=2)
    large: int = wire.u32(default=3)
    huge: int = wire.u64(default=4)
    signed: int = wire.i64(default=-1)
    tag: bytes = wire.raw(3, default=b'abc')


@wire.structure
class Message(wire.Structure):
    """Offsets in it count from 64 bytes before it."""

    STRUCTURE_SIZE = 21
    ORIGIN = 64

    data_offset: int = wire.u16(default=0)
    data_length: int = wire.u32(default=0)
    name_offset: int = wire.u16(default=0)
    name_length: int = wire.u16(default=0)
    secret_offset: int = wire.u16(default=0)
    secret_length: int = wire.u16(default=0)
    number: int = wire.u32(default=7)
    name: str = wire.text('name_offset', 'name_length', default='', offset_when_empty=True)
    secret: bytes = wire.buffer('secret_offset', 'secret_length', default=b'', align=8, secret=True)
    data: wire.Buffer = wire.view('data_offset', 'data_length', default=b'')


@wire.structure
class Listing(wire.Structure):
    count: int = wire.u16(default=0)
    tail_length: int = wire.u16(default=0)
    numbers: tuple[int, ...] = wire.array('I', 'count')
    tail: bytes = wire.buffer('', 'tail_length', default=b'')
    rest: bytes = wire.buffer('', '', default=b'')


class _Words:
    """Codec of a test: words with blanks between them."""

    def encode(self, value):
        return ' '.join(value).encode()

    def decode(self, data, count):
        words = bytes(data).decode('ascii').split(' ')
        if len(words) < count:
            raise ProtocolError('Too few words')
        return tuple(words[:count])


@wire.structure
class Sentence(wire.Structure):
    offset: int = wire.u16(default=0)
    count: int = wire.u16(default=0)
    words: tuple[str, ...] = wire.encoded(_Words(), offset='offset', count='count', align=8, default=())


# --- declarations ---


def test_values_are_given_by_keyword_and_default_to_the_declaration():
    numbers = Numbers(small=1, large=5)
    assert (numbers.small, numbers.medium, numbers.large, numbers.tag) == (1, 2, 5, b'abc')
    with pytest.raises(TypeError):
        Numbers(1)


def test_a_missing_and_an_unknown_value_are_named():
    with pytest.raises(TypeError, match=r"Numbers: missing \['small'\], unknown \[\]"):
        Numbers()
    with pytest.raises(TypeError, match=r"missing \[\], unknown \['other'\]"):
        Numbers(small=1, other=2)
    with pytest.raises(TypeError, match=r"missing \['small'\], unknown \['other'\]"):
        Numbers(other=2)


def test_fields_of_a_base_class_come_first():
    @wire.structure
    class More(Numbers):
        last: int = wire.u8()

    assert More(small=1, last=9).pack() == Numbers(small=1).pack() + b'\x09'
    assert [field.name for field in Numbers.FIELDS][-1] == 'tag'


def test_two_classes_do_not_share_what_was_compiled():
    @wire.structure
    class Longer(Numbers):
        last: int = wire.u8(default=0)

    assert Longer.fixed_size() == Numbers.fixed_size() + 1


def test_a_declaration_that_refers_to_no_fixed_field_is_refused():
    @wire.structure
    class Wrong(wire.Structure):
        text: bytes = wire.buffer('', 'lenght')

    with pytest.raises(TypeError, match=r"Wrong.text refers to 'lenght'"):
        Wrong(text=b'')


def test_a_declaration_with_a_fixed_field_behind_a_variable_one_is_refused():
    @wire.structure
    class Wrong(wire.Structure):
        text: bytes = wire.buffer('', '')
        number: int = wire.u8()

    with pytest.raises(TypeError, match=r'Wrong.number .* after a variable field'):
        Wrong.unpack(b'')


def test_a_name_declared_again_in_a_subclass_is_refused():
    @wire.structure
    class Wrong(Numbers):
        small: int = wire.u16()

    with pytest.raises(TypeError, match=r'Wrong.small is declared twice'):
        Wrong.fixed_size()


def test_a_structure_without_fields_is_its_size_or_nothing():
    @wire.structure
    class Size(wire.Structure):
        STRUCTURE_SIZE = 2

    @wire.structure
    class Nothing(wire.Structure):
        pass

    check_wire(Size(), '0200')
    check_wire(Nothing(), '')


# --- the fixed part ---


def test_numbers_are_little_endian_without_gaps():
    check_wire(
        Numbers(small=1, medium=0x0203, large=0x04050607, huge=0x08090A0B0C0D0E0F, signed=-2),
        '01 0302 07060504 0f0e0d0c0b0a0908 feffffffffffffff 616263',
    )


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('small', 256),
        ('small', -1),
        ('medium', 65536),
        ('large', 1 << 32),
        ('huge', 1 << 64),
        ('huge', -1),
        ('signed', 1 << 63),
        ('signed', -(1 << 63) - 1),
        ('small', 1.5),
    ],
)
def test_a_number_out_of_range_is_a_value_error(name, value):
    with pytest.raises(ValueError, match='Numbers'):
        Numbers(**{'small': 0, name: value}).pack()


@pytest.mark.parametrize('tag', [b'', b'ab', b'abcd'])
def test_raw_bytes_of_another_size_are_a_value_error(tag):
    with pytest.raises(ValueError, match=r'Numbers\.tag takes 3 bytes'):
        Numbers(small=0, tag=tag).pack()


def test_a_wrong_structure_size_is_refused():
    packed = Message(name='a').pack()
    with pytest.raises(ProtocolError, match='StructureSize 20 instead of 21'):
        Message.unpack(b'\x14' + packed[1:])


def test_bytes_behind_the_structure_are_left_alone():
    assert Numbers.unpack(Numbers(small=1).pack() + b'more') == Numbers(small=1)


# --- the variable part ---


def test_offsets_and_lengths_are_filled_in():
    check_wire(
        Message(name='a', secret=b'xyz', data=b'data'),
        # name at 84 = 64 + 20, secret at the next multiple of 8, data right behind it
        '1500 5b00 04000000 5400 0200 5800 0300 07000000 6100 0000 78797a 64617461',
    )


def test_an_odd_structure_size_counts_one_byte_that_is_sent_even_when_empty():
    message = Message()
    check_wire(message, '1500 0000 00000000 5400 0000 0000 0000 07000000 00', may_be_cut_to=20)
    assert (message.name_offset, message.data_offset) == (84, 0)


def test_an_offset_without_data_may_be_anything():
    packed = bytearray(Message(name='a').pack())
    packed[2:4] = b'\xff\xff'
    assert bytes(Message.unpack(packed).data) == b''


@pytest.mark.parametrize(
    ('why', 'offset', 'length'),
    [
        ('in the header', 0, 1),
        ('in the fixed part', 83, 1),
        ('one byte too long', 84, 4),
        ('behind the end', 87, 1),
        ('far away', 0xFFFF, 1),
        ('far too long', 84, 0xFFFFFFFF),
    ],
)
def test_data_outside_of_the_variable_part_are_refused(why, offset, length):
    packed = bytearray(Message(data=b'abc').pack())
    packed[2:4] = offset.to_bytes(2, 'little')
    packed[4:8] = length.to_bytes(4, 'little')
    with pytest.raises(ProtocolError, match=r'Message.data stands at byte'):
        Message.unpack(packed)


def test_data_longer_than_the_length_field_can_say_are_a_value_error():
    with pytest.raises(ValueError, match='cannot be sent'):
        Message(secret=bytes(65536)).pack()


def test_a_text_of_half_characters_is_refused():
    packed = bytearray(Message(name='a').pack())
    packed[10] = 1
    with pytest.raises(ProtocolError, match='odd number of bytes'):
        Message.unpack(packed)


def test_an_array_is_followed_by_what_stands_behind_it():
    listing = Listing(numbers=(1, 0xFFFFFFFF), tail=b'tail', rest=b'and more')
    check_wire(listing, '0200 0400 01000000 ffffffff 7461696c 616e64206d6f7265', may_be_cut_to=16)
    check_wire(Listing(numbers=()), '0000 0000')


def test_an_array_shorter_than_its_count_is_refused():
    with pytest.raises(ProtocolError, match='2 numbers of 4 bytes were announced, 7 bytes are there'):
        Listing.unpack(bytes.fromhex('0200 0000 01000000 ffffff'))


def test_an_array_of_numbers_out_of_range_is_a_value_error():
    with pytest.raises(ValueError, match='cannot be sent'):
        Listing(numbers=(1 << 32,)).pack()


def test_a_codec_is_asked_with_the_count():
    check_wire(Sentence(words=('to', 'be')), '0800 0200 00000000 746f206265', may_be_cut_to=10 + 1)
    check_wire(Sentence(), '0000 0000')
    with pytest.raises(ProtocolError, match='Too few words'):
        Sentence.unpack(bytes.fromhex('0400 0300 746f206265'))


def test_offsets_may_count_from_within_the_structure():
    @wire.structure
    class Inner(wire.Structure):
        ORIGIN = -4

        offset: int = wire.u16(default=0)
        length: int = wire.u16(default=0)
        text: bytes = wire.buffer('offset', 'length')

    packed = Inner(text=b'ab').pack()
    assert packed == bytes.fromhex('0000 0200 6162')
    assert Inner.unpack(packed) == Inner.unpack(memoryview(packed))
    assert Inner.unpack(packed).text == b'ab'


# --- views ---


def test_a_view_is_sent_as_a_piece_of_its_own():
    data = memoryview(bytearray(b'data'))
    parts = Message(name='a', data=data).pack_parts()
    assert parts[-1] is data
    assert b''.join(parts) == Message(name='a', data=b'data').pack()


def test_a_view_is_a_slice_of_what_was_received_until_it_is_frozen():
    received = bytearray(Message(data=b'data').pack())
    message, frozen = Message.unpack(received), Message.unpack(received)
    frozen.freeze()
    received[-1:] = b'!'
    assert bytes(message.data) == b'dat!'
    assert frozen.data == b'data' and type(frozen.data) is bytes


def test_a_structure_with_a_view_can_be_pickled_and_copied():
    message = Message.unpack(memoryview(Message(name='a', data=b'data').pack()))
    for again in (pickle.loads(pickle.dumps(message)), copy.copy(message), copy.deepcopy(message)):
        assert again == message and type(again.data) is bytes


# --- what is shown ---


def test_repr_has_each_field_by_name():
    assert repr(Numbers(small=1, medium=0x1234)) == (
        'Numbers(small=1, medium=0x1234, large=3, huge=4, signed=-1, tag=616263)'
    )
    assert "name='a'" in repr(Message(name='a'))
    assert 'data=<33 bytes>' in repr(Message(data=bytes(33)))


def test_a_secret_is_neither_in_repr_nor_in_an_error_nor_in_a_pickle():
    message = Message(secret=b'hunter2', number=1 << 32)
    assert 'secret=<7 bytes>' in repr(message) and b'hunter2'.hex() not in repr(message)
    with pytest.raises(ValueError) as unpackable:
        message.pack()
    assert 'hunter2' not in str(unpackable.value) and b'hunter2'.hex() not in str(unpackable.value)
    assert pickle.loads(pickle.dumps(message)).secret == bytes(7)
    assert b'hunter2' not in pickle.dumps(message)
    packed = Message(secret=b'hunter2').pack()
    for cut in (packed[:10], packed[:-1], b'\0' + packed[1:]):
        with pytest.raises(ProtocolError) as refused:
            Message.unpack(cut)
        assert refused.value.data_buf is None


def test_an_error_has_the_bytes_where_nothing_is_secret():
    with pytest.raises(ProtocolError) as refused:
        Numbers.unpack(b'\1\2')
    assert refused.value.data_buf == b'\1\2'


def test_structures_are_equal_by_class_and_value():
    @wire.structure
    class Other(wire.Structure):
        small: int = wire.u8()

    @wire.structure
    class Same(wire.Structure):
        small: int = wire.u8()

    assert Other(small=1) == Other(small=1)
    assert Other(small=1) != Other(small=2)
    assert Other(small=1) != Same(small=1)


# --- anything at all ---


@given(
    st.text(st.characters(), max_size=30),
    st.binary(max_size=30),
    st.binary(max_size=300),
    st.integers(0, 0xFFFFFFFF),
)
def test_what_is_packed_comes_back(name, secret, data, number):
    message = Message(name=name, secret=secret, data=data, number=number)
    assert Message.unpack(message.pack()) == message


@given(st.binary(max_size=64))
def test_random_bytes_are_a_structure_or_a_protocol_error(data):
    for cls, prefix in ((Numbers, b''), (Message, b'\x15\0'), (Listing, b''), (Listing, b'\2\0\3\0')):
        try:
            cls.unpack(prefix + data)
        except ProtocolError:
            continue
