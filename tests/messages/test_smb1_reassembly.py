"""One answer of several messages, [MS-CIFS] 2.2.4.33.2: totals that shrink, parts in any order, and what is refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.messages.smb1.transaction import (
    LONGEST_BLOCK,
    ComNTTransactRequest,
    ComNTTransactResponse,
    ComTransaction2Request,
    ComTransaction2Response,
    Reassembly,
)

PARAMETERS, DATA = bytes(range(10)), bytes(range(100, 150))


def request(most_parameters=10, most_data=50):
    return ComTransaction2Request(setup=(1,), max_parameter_count=most_parameters, max_data_count=most_data)


def part(parameters=(0, 0), data=(0, 0), totals=(10, 50), kind=ComTransaction2Response):
    """The message with these ranges of the blocks, as it is read."""
    answer = kind(
        parameters=PARAMETERS[slice(*parameters)], parameter_displacement=parameters[0],
        data=DATA[slice(*data)], data_displacement=data[0],
    )  # fmt: skip
    packed = bytearray(answer.pack())
    received = kind.unpack(packed)
    received.total_parameter_count, received.total_data_count = totals
    return received


def test_one_message_is_the_answer_and_nothing_is_copied():
    answer = ComTransaction2Response(parameters=PARAMETERS, data=DATA, setup=(7,))
    received = bytearray(answer.pack())
    reassembly = Reassembly(request())
    assert reassembly.add(ComTransaction2Response.unpack(received))
    assert (reassembly.setup, bytes(reassembly.parameters), bytes(reassembly.data)) == ((7,), PARAMETERS, DATA)
    received[-1:] = b'!'
    assert bytes(reassembly.data[-1:]) == b'!'


def test_an_answer_of_nothing():
    reassembly = Reassembly(request())
    assert reassembly.add(part(totals=(0, 0)))
    assert (reassembly.setup, reassembly.parameters, reassembly.data) == ((), b'', b'')


def cuts(length):
    return st.lists(st.integers(1, length - 1), unique=True).map(sorted)


@given(cuts(len(PARAMETERS)), cuts(len(DATA)), st.randoms(use_true_random=False), st.booleans())
def test_any_split_in_any_order(parameter_cuts, data_cuts, random, together):
    kind = random.choice([ComTransaction2Response, ComNTTransactResponse])
    ranges = {}
    for what, places, block in (('parameters', parameter_cuts, PARAMETERS), ('data', data_cuts, DATA)):
        edges = [0, *places, len(block)]
        ranges[what] = list(pairwise(edges))
        random.shuffle(ranges[what])
    if together:
        longest = max(map(len, ranges.values()))
        pairs = [[*found, *[(0, 0)] * (longest - len(found))] for found in ranges.values()]
        parts = [part(first, second, kind=kind) for first, second in zip(*pairs, strict=True)]
    else:
        parts = [part(parameters=found, kind=kind) for found in ranges['parameters']]
        parts += [part(data=found, kind=kind) for found in ranges['data']]
        random.shuffle(parts)
    reassembly = Reassembly(request())
    assert [reassembly.add(each) for each in parts] == [False] * (len(parts) - 1) + [True]
    assert (bytes(reassembly.parameters), bytes(reassembly.data)) == (PARAMETERS, DATA)


def test_parts_outlive_the_memory_that_they_came_in():
    first = ComTransaction2Response(parameters=PARAMETERS, data=DATA[:20], total_data_count=len(DATA))
    memory = bytearray(first.pack())
    reassembly = Reassembly(request())
    assert not reassembly.add(ComTransaction2Response.unpack(memory))
    memory[:] = bytes(len(memory))
    assert reassembly.add(part(data=(20, 50)))
    assert (bytes(reassembly.parameters), bytes(reassembly.data)) == (PARAMETERS, DATA)


def test_totals_may_shrink():
    reassembly = Reassembly(request())
    assert not reassembly.add(part((0, 10), (0, 20)))
    assert not reassembly.add(part(data=(20, 30), totals=(10, 45)))
    assert reassembly.add(part(data=(30, 40), totals=(10, 40)))
    assert bytes(reassembly.data) == DATA[:40]


def test_a_message_may_bring_no_more_than_lower_totals():
    reassembly = Reassembly(request())
    assert not reassembly.add(part((0, 10), (0, 20)))
    assert reassembly.add(part(totals=(10, 20)))
    assert bytes(reassembly.data) == DATA[:20]


def test_the_last_setup_words_do_not_replace_the_first():
    first, second = part((0, 10), (0, 20)), part(data=(20, 50))
    first.setup = (1,)
    reassembly = Reassembly(request())
    assert not reassembly.add(first)
    assert reassembly.add(second)
    assert reassembly.setup == (1,)


@pytest.mark.parametrize(
    ('parts', 'why'),
    [
        ([part((0, 10), (0, 20)), part(data=(20, 50), totals=(10, 50)), part(data=(20, 50))], 'twice'),
        ([part((0, 10), (0, 20)), part(data=(19, 50))], 'twice'),
        ([part((0, 10), (30, 40)), part(data=(0, 31))], 'twice'),
        ([part((0, 10), (30, 40)), part(data=(35, 38))], 'twice'),
        ([part((0, 10), (30, 40)), part(data=(20, 45))], 'twice'),
        ([part((0, 5)), part((0, 5))], 'twice'),
        ([part((0, 10), (0, 20)), part(data=(20, 50), totals=(10, 45))], 'more than the 45 bytes of data'),
        ([part((0, 10), (0, 20)), part(totals=(10, 19))], 'more than the 19 bytes of data'),
        ([part((0, 10), (0, 20)), part(totals=(9, 50))], 'more than the 9 bytes of parameters'),
        ([part((0, 10), (0, 20), totals=(10, 40)), part(data=(20, 30), totals=(10, 50))], '50 bytes of data, where 40'),
        ([part((0, 10), totals=(10, 51))], '51 bytes of data, where 50'),
        ([part((0, 10), totals=(11, 50))], '11 bytes of parameters, where 10'),
        ([part((0, 10), (0, 20)), part()], 'brings nothing'),
        ([part()], 'brings nothing'),
    ],
)
def test_refused(parts, why):
    *first, last = parts
    reassembly = Reassembly(request())
    if len(first) == 2:  # the answer is complete, and another part of it comes
        assert [reassembly.add(each) for each in first] == [False, True]
    else:
        assert not any(reassembly.add(each) for each in first)
    with pytest.raises(ProtocolError, match=why):
        reassembly.add(last)


def test_displacement_beyond_the_total_is_refused():
    answer = ComNTTransactResponse(data=b'a', data_displacement=0xFFFFFFF0)
    received = ComNTTransactResponse.unpack(answer.pack())
    received.total_data_count = 50
    with pytest.raises(ProtocolError, match='more than the 50 bytes'):
        Reassembly(request()).add(received)


def test_no_answer_is_longer_than_16_mib():
    asked = ComNTTransactRequest(function=2, max_data_count=0xFFFFFFFF)
    answer = ComNTTransactResponse(total_data_count=LONGEST_BLOCK + 1, data=b'a')
    with pytest.raises(ProtocolError, match='16777216 are the most'):
        Reassembly(asked).add(answer)


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)),
        max_size=30,
    )
)
def test_whatever_comes_is_put_together_or_refused(messages):
    reassembly = Reassembly(request(10, 10))
    for total, parameter_displacement, parameter_count, data_displacement, data_count in messages:
        answer = ComTransaction2Response(
            total_parameter_count=total, total_data_count=total, parameters=bytes(parameter_count),
            parameter_displacement=parameter_displacement, data=bytes(data_count), data_displacement=data_displacement,
        )  # fmt: skip
        try:
            is_complete = reassembly.add(answer)
        except ProtocolError:
            return
        if is_complete:
            assert len(reassembly.parameters) == len(reassembly.data) == total
            return
