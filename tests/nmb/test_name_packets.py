"""NBNS: the packets of the name service, [RFC1002] 4.2."""

from __future__ import annotations

import contextlib
import logging
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmb.base import NBNS, NMBError
from tests.nmb.packets import TRUNCATED, entry, name_answer, negative_answer, status_answer, words

# Captured from Samba 4.17's nmbd, the last from one that is a WINS server
FOUND = bytes.fromhex(
    '1234 8580 0000 0001 0000 0000 20 464545464644464546444546464346474546464343414341434143414341434100 0020 0001'
    '0003f480 0006 0000 c0000202'
)
STATUS = bytes.fromhex(
    '1234 8400 0000 0001 0000 0000 20 434b41414141414141414141414141414141414141414141414141414141414100 0021 0001'
    '00000000 0089 05'
    '544553545345525645522020202020 00 6400'
    '544553545345525645522020202020 03 6400'
    '544553545345525645522020202020 20 6400'
    '574f524b47524f5550202020202020 00 e400'
    '574f524b47524f5550202020202020 1e e400' + '00' * 46
)
NOT_FOUND = bytes.fromhex(
    '1234 8583 0000 0001 0000 0000 20 454f4550454345504545464a434143414341434143414341434143414341434100 000a 0001'
    '00000000 0000'
)
PACKETS = st.one_of(
    st.binary(max_size=80),
    st.builds(
        lambda packet, place, data: packet[:place] + data + packet[place + len(data) :],
        st.sampled_from([FOUND, STATUS, NOT_FOUND]),
        st.integers(0, len(STATUS)),
        st.binary(max_size=6),
    ),
)


def test_a_name_query_to_everybody():
    """[RFC1002] 4.2.12, with the example name of [RFC1001] 14.1."""
    assert NBNS().prepareNameQuery(0x1234, 'Fred') == bytes.fromhex(
        '1234 0110 0001 0000 0000 0000 20 4547464345464545' + '4341' * 12 + '00 0020 0001'
    )


def test_a_name_query_to_one_node_goes_without_the_broadcast_flag_and_asks_for_the_server_service():
    query = NBNS().prepareNameQuery(0xFFFF, 'TestServer', is_broadcast=False)
    assert query == words(0xFFFF, 0x0100, 1, 0, 0, 0) + FOUND[12:50]


def test_a_node_status_query_asks_for_the_name_that_every_node_answers_to():
    """[RFC1002] 4.2.17."""
    assert NBNS().prepareNetNameQuery(0x1234) == words(0x1234, 0, 1, 0, 0, 0) + STATUS[12:50]
    assert NBNS().prepareNetNameQuery(0x1234, True)[2:4] == words(0x0010)


def test_a_positive_answer_has_the_addresses():
    assert NBNS().decodePacket(FOUND) == (0x1234, ['192.0.2.2'])
    assert NBNS().decodePacket(name_answer(7, '10.0.0.1', '10.0.0.2')) == (7, ['10.0.0.1', '10.0.0.2'])


@pytest.mark.parametrize('packet', [NOT_FOUND, negative_answer(0x1234)], ids=['samba', 'specification'])
def test_a_negative_answer_has_none(packet):
    assert NBNS().decodePacket(packet) == (0x1234, None)


def test_a_node_status_answer_has_the_names():
    assert NBNS().decodeIPQueryPacket(STATUS) == (
        0x1234,
        [
            ('TESTSERVER', 0x00, 0x6400),
            ('TESTSERVER', 0x03, 0x6400),
            ('TESTSERVER', 0x20, 0x6400),
            ('WORKGROUP', 0x00, 0xE400),
            ('WORKGROUP', 0x1E, 0xE400),
        ],
    )


def test_a_node_may_have_no_name_and_255():
    assert NBNS().decodeIPQueryPacket(status_answer(1, b'')) == (1, [])
    many = [f'NAME{number}' for number in range(255)]
    _, names = NBNS().decodeIPQueryPacket(status_answer(1, b''.join(map(entry, many))))
    assert [name for name, _, _ in names] == many


def test_names_have_fifteen_characters_in_code_page_850():
    _, names = NBNS().decodeIPQueryPacket(status_answer(1, entry('FÜNFZEHN ZEICHE') + entry('')))
    assert [name for name, _, _ in names] == ['FÜNFZEHN ZEICHE', '']


def test_more_names_than_there_are_bytes_are_an_error_unless_the_packet_says_that_it_was_truncated():
    with pytest.raises(NMBError, match='fewer names'):
        NBNS().decodeIPQueryPacket(status_answer(1, entry('ONE'), count=200))
    # what would be the third name is the statistics, and cut
    truncated = status_answer(1, entry('ONE') + entry('TWO'), count=200, flags=TRUNCATED)
    assert [name for name, _, _ in NBNS().decodeIPQueryPacket(truncated)[1]][:2] == ['ONE', 'TWO']
    assert len(NBNS().decodeIPQueryPacket(truncated)[1]) == 4


def test_a_question_that_is_sent_back_is_skipped():
    question = FOUND[12:50]
    assert NBNS().decodePacket(words(1, 0x8580, 1, 1, 0, 0) + question + FOUND[12:]) == (1, ['192.0.2.2'])
    # where the record's name is a pointer to it
    pointer = words(1, 0x8580, 1, 1, 0, 0) + question + b'\xc0\x0c' + FOUND[46:]
    assert NBNS().decodePacket(pointer) == (1, ['192.0.2.2'])


@pytest.mark.parametrize('packet', [FOUND, NOT_FOUND, STATUS], ids=['found', 'not found', 'status'])
@pytest.mark.parametrize('decode', [NBNS().decodePacket, NBNS().decodeIPQueryPacket], ids=['name', 'status'])
def test_a_packet_that_was_cut_is_an_error(packet, decode):
    for length in range(len(packet)):
        with pytest.raises(NMBError):
            decode(packet[:length])


@pytest.mark.parametrize(
    'packet',
    [
        words(1, 0x0110) + FOUND[4:],
        words(1, 0xAD80) + FOUND[4:],
        words(1, 0x8580, 2) + FOUND[6:],
        STATUS,
        FOUND[:54] + words(0),
        FOUND[:54] + words(5) + b'\0\0\1\2\3',
        FOUND[:12] + b'\xc0\x0c' + FOUND[46:],
        FOUND[:12] + b'\x03www\0' + FOUND[46:],
    ],
    ids=['query', 'registration', 'two questions', 'names', 'empty', 'five bytes', 'circle', 'no NetBIOS name'],
)
def test_what_is_no_answer_to_a_name_query_is_an_error(packet):
    with pytest.raises(NMBError):
        NBNS().decodePacket(packet)


@pytest.mark.parametrize('packet', [FOUND, words(1, 0x8403) + STATUS[4:], STATUS[:54] + words(0)], ids=str)
def test_what_is_no_answer_to_a_node_status_query_is_an_error(packet):
    with pytest.raises(NMBError):
        NBNS().decodeIPQueryPacket(packet)


def test_a_packet_of_many_questions_with_chains_of_pointers_does_not_keep_us_busy():
    questions = [FOUND[12:46]]
    for number in range(10000):
        previous = 12 if number == 0 else 50 + 6 * (min(number, 2700) - 1)
        questions.append(words(0xC000 | previous))
    packet = words(1, 0x8580, 0xFFFF, 1, 0, 0) + words(0x20, 1).join(questions)
    started = time.monotonic()
    with pytest.raises(NMBError):
        NBNS().decodePacket(packet)
    assert time.monotonic() - started < 0.5


@given(PACKETS)
def test_any_bytes_are_an_answer_or_an_nmb_error(packet):
    for decode in (NBNS().decodePacket, NBNS().decodeIPQueryPacket):
        with contextlib.suppress(NMBError):
            transaction_id, answer = decode(packet)
            assert packet[:2] == words(transaction_id)
            assert answer is None or len(answer) * 6 <= len(packet)


@given(st.integers(0, 0xFFFF), st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=40))
def test_every_address_is_found(transaction_id, addresses):
    assert NBNS().decodePacket(name_answer(transaction_id, *addresses)) == (transaction_id, addresses)


def test_the_logger_is_the_one_that_programs_silence():
    assert NBNS.log is logging.getLogger('NMB.NBNS')
