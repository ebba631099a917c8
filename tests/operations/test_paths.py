"""Arguments: paths, patterns, names of shares, offsets."""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from smb.operations import paths


@pytest.mark.parametrize(
    ('given', 'sent'),
    [
        ('', ''), ('/', ''), ('\\', ''), ('//', ''), ('\\\\//', ''),
        ('a', 'a'), ('/a', 'a'), ('a/', 'a'), ('//a\\\\', 'a'),
        ('a/b', 'a\\b'), ('a\\b', 'a\\b'), ('a//b', 'a\\b'), ('/a\\b/c d/', 'a\\b\\c d'),
        ('.', '.'), ('a/../b', 'a\\..\\b'), ('a/*', 'a\\*'), (' a ', ' a '), ('\ud800/x', '\ud800\\x'),
        (PurePosixPath('a/b'), 'a\\b'), (PureWindowsPath('a/b'), 'a\\b'), (Path('a'), 'a'),
    ],
)  # fmt: skip
def test_a_path_is_relative_with_single_backslashes(given, sent):
    assert paths.relative(given) == sent


class BytesPath:
    def __fspath__(self):
        return b'a'


@pytest.mark.parametrize('given', [b'a', bytearray(b'a'), None, 7, ['a'], BytesPath()])
def test_a_path_that_is_no_text_is_a_type_error(given):
    with pytest.raises(TypeError, match='path'):
        paths.relative(given)


LONGEST = 32767


@pytest.mark.parametrize('check', [paths.relative, paths.pattern])
@pytest.mark.parametrize('given', ['a' * LONGEST, '\U0001f600' * (LONGEST // 2)])
def test_the_longest_text_is_counted_in_utf_16(check, given):
    assert check(given) == given
    with pytest.raises(ValueError, match='at most 32767 characters'):
        check(given + 'aa')


@pytest.mark.parametrize('check', [paths.relative, paths.pattern, paths.share])
def test_no_name_holds_nul(check):
    with pytest.raises(ValueError, match='NUL'):
        check('a\0b')


@pytest.mark.parametrize('check', [paths.pattern, paths.share])
@pytest.mark.parametrize('given', [b'a', None, 7, Path('a')])
def test_patterns_and_shares_are_text(check, given):
    with pytest.raises(TypeError, match=f'not {type(given).__name__}'):
        check(given)


@pytest.mark.parametrize('given', ['', '*', '*.txt', 'a\\b', '<">'])
def test_a_pattern_is_sent_as_it_is(given):
    assert paths.pattern(given) == given


@pytest.mark.parametrize('given', ['', 'share', '/share', 'share/', 'hidden$', 'a' * 255])
def test_what_is_a_share_is_for_the_server_to_say(given):
    assert paths.share(given) == given


def test_the_name_of_a_share_has_at_most_255_characters():
    with pytest.raises(ValueError, match='255'):
        paths.share('a' * 256)


@pytest.mark.parametrize(
    ('path', 'folder', 'name'), [('', '', ''), ('a', '', 'a'), ('a\\b', 'a', 'b'), ('a\\b\\c', 'a\\b', 'c')]
)
def test_a_path_is_split_at_its_last_component_and_joined_again(path, folder, name):
    assert paths.split(path) == (folder, name)
    assert paths.join(folder, name) == path


@pytest.mark.parametrize(
    ('name', 'has'), [('a*', True), ('?', True), ('a', False), ('[a]', False), ('<">', False), ('', False)]
)
def test_wildcards_are_asterisk_and_question_mark(name, has):
    assert paths.has_wildcards(name) is has


class Index:
    def __index__(self):
        return 7


@pytest.mark.parametrize(('given', 'number'), [(0, 0), (2**63 - 1, 2**63 - 1), (Index(), 7)])
def test_an_offset_is_a_whole_number(given, number):
    assert paths.offset(given) == number


@pytest.mark.parametrize('given', [-1, 2**63])
def test_an_offset_that_no_file_has_is_a_value_error(given):
    with pytest.raises(ValueError, match='offset must be between'):
        paths.offset(given)


@pytest.mark.parametrize('given', [1.0, '1', None])
def test_an_offset_that_is_no_whole_number_is_a_type_error(given):
    with pytest.raises(TypeError):
        paths.offset(given)


@pytest.mark.parametrize(('given', 'number'), [(0, 0), (0x80, 0x80), (0xFFFFFFFF, 0xFFFFFFFF), (Index(), 7)])
def test_attributes_are_a_number_of_32_bits(given, number):
    assert paths.attributes(given) == number


@pytest.mark.parametrize(
    ('given', 'error'), [(-1, ValueError), (2**32, ValueError), (1.0, TypeError), ('1', TypeError)]
)
def test_attributes_that_no_file_has_are_an_error(given, error):
    with pytest.raises(error):
        paths.attributes(given)


@pytest.mark.parametrize(
    ('given', 'filetime'),
    [
        (0, 116444736000000000),
        (-1, 116444735990000000),
        (1.5, 116444736015000000),
        (1_000_000_000.25, 126444736002500000),
        (-11644473599, 10000000),
    ],
)
def test_a_time_is_seconds_since_1970(given, filetime):
    assert paths.filetime(given) == filetime


def test_every_time_that_is_taken_can_be_sent():
    earliest = math.nextafter(paths.FIRST_SECOND, math.inf)
    latest = math.nextafter(paths.LAST_SECOND, -math.inf)
    assert 0 < paths.filetime(earliest) < paths.filetime(latest) < 2**63


@pytest.mark.parametrize('given', [-11644473600, -1e12, 1e12, 10**400, math.nan, math.inf, -math.inf])
def test_a_time_that_no_server_can_have_is_a_value_error(given):
    with pytest.raises(ValueError, match='1601'):
        paths.filetime(given)


@pytest.mark.parametrize('given', ['1', None, b'1', 1j])
def test_a_time_is_a_number(given):
    with pytest.raises(TypeError, match='number of seconds'):
        paths.filetime(given)
