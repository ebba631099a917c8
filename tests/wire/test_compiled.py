"""What is written and compiled for a structure that is used often does exactly what it takes the place of."""

from __future__ import annotations

import importlib
import pickle
import pkgutil
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smb.messages
from smb import ntlm
from smb.errors import ProtocolError
from smb.wire import compiled
from smb.wire import structure as wire


def structures(cls=wire.Structure):
    """Every declared structure of the library."""
    for kind in cls.__subclasses__():
        if kind.FIELDS and kind.__module__.startswith('smb.'):
            yield kind
        yield from structures(kind)


for module in pkgutil.walk_packages(smb.messages.__path__, 'smb.messages.'):
    importlib.import_module(module.name)
assert ntlm
KINDS = sorted(set(structures()), key=lambda kind: (kind.__module__, kind.__name__))
PACKED = [kind for kind in KINDS if kind.pack_parts is wire.Structure.pack_parts]


def least(field):
    if field.default is not wire._REQUIRED:
        return field.default
    if field.code:
        return bytes(field.size) if field.size else 0
    if isinstance(field.codec, wire._Array):
        return ()
    return '' if field.codec is wire._Text else b''


def values(kind, rng):
    """Values for all fields, lengths and offsets not among them."""
    plan = kind.plan()
    derived = {name for field in plan.variable for name in (field.offset, field.length, field.count)}
    given_values = {}
    for field in kind.FIELDS:
        if field.name in derived:
            continue
        given_values[field.name] = least(field)
        if field.size:
            given_values[field.name] = rng.randbytes(field.size)
        elif field.code:
            given_values[field.name] = rng.choice([0, 1, 255])
        elif field.codec is wire._Text:
            given_values[field.name] = 'x' * rng.randrange(4)
        elif field.codec in (wire._Bytes, wire._View):
            given_values[field.name] = rng.randbytes(rng.randrange(9))
    return given_values


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except (ProtocolError, ValueError) as error:
        return type(error), str(error), getattr(error, 'data_buf', None)


def used_often(kind):
    """A structure that has code of its own, and an instance of it."""
    for _ in range(wire.OFTEN):
        kind.unpack(kind(**values(kind, random.Random(1))).pack())
    return kind(**values(kind, random.Random(1)))


@wire.structure
class Sample(wire.Structure):
    STRUCTURE_SIZE = 21
    ORIGIN = 64

    number: int = wire.u16()
    data_offset: int = wire.u16(default=0)
    data_length: int = wire.u16(default=0)
    name_offset: int = wire.u16(default=0)
    name_length: int = wire.u16(default=0)
    tag: bytes = wire.raw(5, default=b'abcde')
    count: int = wire.u32(default=0)
    name: str = wire.text('name_offset', 'name_length', default='', offset_when_empty=True)
    data: wire.Buffer = wire.view('data_offset', 'data_length', default=b'', align=8)
    rest: bytes = wire.buffer('', '', default=b'')


def test_there_are_structures_to_try():
    assert len(KINDS) > 60 and len(PACKED) > 30
    unpacked = [kind for kind in PACKED if compiled.make_unpack(kind.plan())]
    assert len(unpacked) > 30


@pytest.mark.parametrize('kind', PACKED, ids=lambda kind: kind.__name__)
def test_packs_and_unpacks_like_what_it_replaces(kind):
    rng = random.Random(kind.__name__)
    plan = kind.plan()
    make, pack = compiled.make_init(plan, wire.Structure.__init__), compiled.make_pack(plan)
    unpack = compiled.make_unpack(plan) or plan.unpack_slowly
    for _ in range(30):
        given_values = values(kind, rng)
        slow, quick = kind(**given_values), kind.__new__(kind)
        make(quick, **given_values)
        assert quick == slow
        packed = b''.join(plan.pack_slowly(slow))
        assert b''.join(pack(quick)) == packed and quick == slow
        for _ in range(8):
            bent = bytearray(packed[: rng.choice([len(packed)] * 3 + [rng.randrange(len(packed) + 1)])])
            for _ in range(rng.randrange(3) if bent else 0):
                bent[rng.randrange(min(len(bent), plan.fixed.size or 8))] = rng.choice([0, 1, 2, 60, 64, 100, 255])
            expected = outcome(plan.unpack_slowly, kind, bytes(bent))
            assert outcome(unpack, kind, bytes(bent)) == expected
            if isinstance(expected, kind):
                again = kind.unpack(bytes(bent))
                assert outcome(pack, again) == outcome(plan.pack_slowly, expected)


@given(st.binary(max_size=60), st.lists(st.integers(0, 100), min_size=4, max_size=4))
def test_whatever_arrives_is_read_or_refused_alike(tail, places):
    numbers = b''.join(place.to_bytes(2, 'little') for place in places)
    data = b'\x15\0\7\0' + numbers + b'abcde' + bytes(4) + tail
    plan = Sample.plan()
    unpack = compiled.make_unpack(plan)
    for length in (len(data), len(data) - 1, 12):
        assert outcome(unpack, Sample, data[:length]) == outcome(plan.unpack_slowly, Sample, data[:length])


def test_a_structure_gets_code_of_its_own_when_it_is_used_often():
    @wire.structure
    class Often(wire.Structure):
        number: int = wire.u8()
        rest: bytes = wire.buffer('', '')

    @wire.structure
    class Longer(Often):
        last: bytes = wire.buffer('', '', default=b'')

    message = used_often(Often)
    plan = Often.plan()
    assert '<Often>' in {function.__code__.co_filename for function in (Often.__init__, plan.pack, plan.unpack)}
    assert Often.unpack(message.pack()) == message
    assert Longer(number=1, rest=b'', last=b'x').pack() == b'\1x'
    with pytest.raises(TypeError, match=r"Often: missing \['number'\], unknown \['other'\]"):
        Often(rest=b'', other=2)


def test_what_is_wrong_is_said_as_before():
    @wire.structure
    class Again(Sample):
        pass

    message = used_often(Again)
    with pytest.raises(ValueError, match=r'Again\.tag takes 5 bytes, not 2'):
        Again(number=1, tag=b'ab').pack()
    with pytest.raises(ValueError, match=r'number=0x10000.* cannot be sent'):
        Again(number=65536).pack()
    with pytest.raises(ProtocolError, match='Again takes 21 bytes, 20 are there'):
        Again.unpack(message.pack()[:20])
    with pytest.raises(ProtocolError, match='Again has StructureSize 20 instead of 21'):
        Again.unpack(b'\x14' + message.pack()[1:])
    message.data, message.rest = b'12345678', b''
    with pytest.raises(ProtocolError, match=r'Again\.data stands at byte \d+ with 8 bytes'):
        Again.unpack(message.pack()[:-1])


def test_what_code_of_its_own_has_made_is_shown_copied_and_pickled_as_before():
    message = used_often(Sample)
    again = Sample.unpack(memoryview(bytearray(message.pack())))
    assert repr(again) == repr(message) and pickle.loads(pickle.dumps(again)) == again == message
    again.freeze()
    assert type(again.data) is bytes


def test_a_structure_without_fields_is_used_as_often_as_any():
    @wire.structure
    class Empty(wire.Structure):
        STRUCTURE_SIZE = 2

    for _ in range(wire.OFTEN + 2):
        assert Empty().pack() == b'\2\0' and Empty.unpack(b'\2\0') == Empty()
    with pytest.raises(TypeError, match='other'):
        Empty(other=1)
