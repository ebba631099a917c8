"""What people read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.cli import text
from smb.cli.output import Output
from tests.cli import stage


@pytest.mark.parametrize(
    ('name', 'wanted'),
    [
        ('plain näme 日本.txt', 'plain näme 日本.txt'),
        ('\x1b[2J', r'\x1b[2J'),
        ('a\nb\tc\x7f', r'a\nb\tc\x7f'),
        ('left\u202eright', r'left\u202eright'),
        ('\ud800', r'\ud800'),
        ('👩\u200d👧', '👩\u200d👧'),
        ('a\x9bb\u2028', r'a\x9bb\u2028'),
    ],
)
def test_what_would_move_a_cursor_is_escaped(name, wanted):
    assert text.shown(name) == wanted


@given(st.text())
def test_a_shown_name_stays_on_its_line(name):
    assert len(text.shown(name).splitlines()) <= 1
    assert not set(map(chr, [*range(32), *range(127, 160)])) & set(text.shown(name))


@pytest.mark.parametrize(
    ('count', 'wanted'),
    [
        (0, '0'), (1023, '1023'), (1024, '1.0K'), (1536, '1.5K'), (1023 * 1024, '1.0M'), (1 << 20, '1.0M'),
        (5 << 30, '5.0G'), (2**63, '8.0E'), (2**75, '32768.0E'),
    ],
)  # fmt: skip
def test_sizes_for_people(count, wanted):
    assert text.size(count) == wanted


@pytest.mark.parametrize(
    ('value', 'wanted'), [('0', 0), ('10', 10), ('4k', 4096), ('1.5M', 3 << 19), ('2GB', 2 << 30), ('1KiB', 1024)]
)
def test_sizes_that_people_type(value, wanted):
    assert text.parse_size(value) == wanted


@pytest.mark.parametrize('value', ['', 'K', '-1', '1X', '1..2', '1e9', 'nan', '٣'])
def test_what_is_no_size(value):
    with pytest.raises(ValueError):
        text.parse_size(value)


def test_times_of_all_kinds():
    assert text.local_time(1772366400.0) == '2026-03-01 12:00'
    assert text.utc_time(1772366400.5) == '2026-03-01T12:00:00.500000Z'
    assert text.local_time(-11644473600.0) == '-' and text.utc_time(-11644473600.0) is None
    # What a server can send, and no calendar here has
    assert text.local_time(9e11) == '-' and text.utc_time(9e11) is None
    assert text.local_time(-11644473599.0).startswith('1601-01-01')


def test_attributes_are_letters_and_words():
    assert text.attribute_letters(0x21) == 'R---A-----'
    assert text.attribute_letters(0x410) == '---D--L---'
    assert text.attribute_names(0x23) == ['read-only', 'hidden', 'archive']
    assert len(text.attribute_letters(0xFFFFFFFF)) == 10


def test_columns_are_aligned_by_what_a_terminal_shows():
    rows = [('日本', '1', 'x'), ('a', '100', ''), ('e\u0301', '10', 'y')]
    assert text.columns(rows, right=frozenset({1})) == ['日本    1  x', 'a     100', 'e\u0301      10  y']
    assert text.columns([]) == []


def test_output_that_has_no_room_for_a_character_escapes_it():
    def write(kind, encoding):
        with stage.collected(kind, encoding) as (stream, blocks):
            from unittest import mock

            with mock.patch('sys.stdout', stream):
                Output().line('日本 \ud800')
        return b''.join(blocks)

    assert write(stage.PIPE, 'ascii') == b'\\u65e5\\u672c \\ud800\n'
    assert write(stage.PIPE, 'utf-8') == '日本 \\ud800\n'.encode()
