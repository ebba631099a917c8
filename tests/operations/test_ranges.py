"""Many ranges at once: the bytes that a slice has, whatever is asked for together, and what becomes of failures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import ntstatus
from smb.errors import Incomplete, NotConnectedError, SMBTimeout, StatusError
from smb.operations.paths import LARGEST_OFFSET
from smb.operations.ranges import Range, read_ranges
from tests.operations.memory_tree import MemoryTree

CONTENTS = {'empty': b'', 'small': b'abcdefg', 'd\\large': bytes(range(100))}


@pytest.fixture
def full(tree):
    tree.most_jobs = 4
    for name, data in CONTENTS.items():
        tree.add(name, data)
    return tree


def read(tree, *wanted):
    ranges = [Range(*each) for each in wanted]
    read_ranges(tree, ranges)
    return [each.result for each in ranges]


places = st.none() | st.integers(-120, 120)


@given(
    wanted=st.lists(st.tuples(st.sampled_from(sorted(CONTENTS)), places, places), max_size=12),
    longest_read=st.sampled_from([3, 2**63]),
    most_jobs=st.sampled_from([1, 4]),
)
def test_each_range_is_what_a_slice_has(wanted, longest_read, most_jobs):
    tree = MemoryTree()
    tree.longest_read, tree.most_jobs = longest_read, most_jobs
    for name, data in CONTENTS.items():
        tree.add(name, data)
    assert read(tree, *wanted) == [CONTENTS[name][start:end] for name, start, end in wanted]
    assert tree.handles == tree.under_way == tree.jobs == []
    assert tree.most_in_flight <= tree.window


def test_a_file_is_opened_once_however_many_ranges_it_has(full):
    read(full, *(('d\\large', number, number + 5) for number in range(0, 90, 10)))
    assert full._counts['open'] == 1 and not full.job_log


def test_single_ranges_are_jobs_of_which_several_are_under_way(full):
    read(full, ('small', 0, 5), ('d\\large', 3, 8), ('empty', 0, 2))
    assert full.job_log == [('read', 'small'), ('read', 'd\\large'), ('read', 'empty')]


def test_names_that_are_not_there_fail_alone(full):
    found = read(full, ('gone', 0, 5), ('small', 0, 2), ('lost', 0, 1), ('lost', 1, 2), ('away', -2, None), ('d', 0, 9))
    statuses = [each.status if isinstance(each, StatusError) else each for each in found]
    missing = ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
    assert statuses == [missing, b'ab', missing, missing, missing, ntstatus.STATUS_FILE_IS_A_DIRECTORY]


def test_a_range_that_cannot_be_read_fails_alone(full):
    full.fail('read', ntstatus.STATUS_FILE_LOCK_CONFLICT, at=2)
    first, second, third = read(full, ('d\\large', 0, 5), ('d\\large', 20, 25), ('d\\large', 40, 45))
    assert (first, third) == (bytes(range(5)), bytes(range(40, 45)))
    assert second.status == ntstatus.STATUS_FILE_LOCK_CONFLICT


def test_a_file_that_has_become_shorter_is_no_success(full):
    meet = full.meet

    def meeting(verb, *details):
        if verb == 'read':
            del full.files['d\\large'].data[10:]
        meet(verb, *details)

    full.meet = meeting
    found = read(full, ('d\\large', 0, 5), ('d\\large', 8, 16))
    assert found[0] == bytes(range(5)) and isinstance(found[1], Incomplete)


@pytest.mark.parametrize('trouble', [SMBTimeout('late'), NotConnectedError('gone')])
@pytest.mark.parametrize('wanted', [[('small', 0, 5), ('empty', 0, 5)], [('small', 0, 5), ('small', 1, 2)],
                                    [('d\\large', 0, 99)]])  # fmt: skip
def test_what_ends_the_connection_ends_it_all(full, trouble, wanted):
    full.fail('read', trouble)
    with pytest.raises(type(trouble)):
        read(full, *wanted)


def test_an_offset_that_no_file_reaches_is_an_empty_range(full):
    far = LARGEST_OFFSET - 1
    assert read(full, ('small', far, far + 1), ('d\\large', far, None), ('d\\large', far, far + 1)) == [b'', b'', b'']
