"""One open file: what is read ahead and written behind, and where errors come out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import ntstatus
from smb.errors import Incomplete, NotConnectedError, SMBTimeout, StatusError
from smb.operations import files
from smb.operations.files import RemoteFile
from smb.smb_constants import (
    ATTR_HIDDEN,
    FILE_CREATE,
    FILE_OPEN,
    FILE_OPEN_IF,
    FILE_OVERWRITE_IF,
    FILE_READ_DATA,
    FILE_SHARE_DELETE,
    FILE_SHARE_NONE,
    FILE_SHARE_READ,
    FILE_SHARE_WRITE,
    FILE_WRITE_DATA,
)
from tests.operations.memory_tree import MemoryTree

EVERYTHING = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE
CONTENT = bytes(range(200))


def opened(tree, kind='r', *, updates=False, share=None, is_direct=False):
    how = files.opening(kind, reads=kind == 'r' or updates, writes=kind != 'r' or updates, share=share)
    return RemoteFile.open(tree, 'file', how, is_direct=is_direct)


def read(file, offset, length):
    memory = bytearray(length)
    return bytes(memory[: file.read_into(offset, memoryview(memory))])


def read_all(file, offset=0, length=8):
    found = b''
    while block := read(file, offset + len(found), length):
        found += block
    return found


def of(tree, verb):
    """What was done by one verb, as (offset, length or data)."""
    return [details for name, *details in tree.verbs if name == verb]


@pytest.mark.parametrize(
    ('kind', 'updates', 'access', 'disposition', 'share'),
    [
        ('r', False, FILE_READ_DATA, FILE_OPEN, EVERYTHING),
        ('r', True, FILE_READ_DATA | FILE_WRITE_DATA, FILE_OPEN, FILE_SHARE_READ),
        ('w', False, FILE_WRITE_DATA, FILE_OVERWRITE_IF, FILE_SHARE_READ),
        ('w', True, FILE_READ_DATA | FILE_WRITE_DATA, FILE_OVERWRITE_IF, FILE_SHARE_READ),
        ('a', False, FILE_WRITE_DATA, FILE_OPEN_IF, FILE_SHARE_READ),
        ('x', False, FILE_WRITE_DATA, FILE_CREATE, FILE_SHARE_READ),
    ],
)
def test_a_file_is_opened_for_what_is_done_with_it(tree, kind, updates, access, disposition, share):
    if kind != 'x':
        tree.add('file')
    opened(tree, kind, updates=updates).close()
    how = tree.verbs[0][2]
    assert how.access & (FILE_READ_DATA | FILE_WRITE_DATA) == access
    assert (how.disposition, how.share) == (disposition, share)


def test_what_others_may_do_can_be_said(tree):
    tree.add('file')
    opened(tree, share=FILE_SHARE_NONE).close()
    assert tree.verbs[0][2].share == FILE_SHARE_NONE


def test_a_hidden_file_is_emptied_as_such(tree):
    tree.add('file', b'old', ATTR_HIDDEN)
    opened(tree, 'w').close()
    assert tree.files['file'].data == b''
    assert tree.files['file'].attributes & ATTR_HIDDEN


def test_a_hidden_file_is_not_looked_at_where_nothing_is_to_be_emptied(tree):
    tree.add('file', b'old', ATTR_HIDDEN)
    tree.fail('open', ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(StatusError):
        opened(tree, 'a')
    assert tree.names() == ['open']


# Reading


@pytest.mark.parametrize('size', [0, 1, 7, 8, 9, 24, 199])
def test_a_file_is_read_to_its_end(tree, size):
    tree.add('file', CONTENT[:size])
    file = opened(tree)
    assert read_all(file, length=5) == CONTENT[:size]
    file.close()


@pytest.mark.parametrize('size', [0, 5])
def test_a_small_file_takes_one_read(tree, size):
    tree.add('file', CONTENT[:size])
    file = opened(tree)
    assert read_all(file) == CONTENT[:size]
    assert len(of(tree, 'read')) == 1
    file.close()


def test_the_end_is_asked_for_again_after_it_was_told_once(tree):
    added = tree.add('file', b'01234')
    file = opened(tree)
    assert read_all(file) == b'01234'
    added.data += b'56789'
    assert read_all(file, 5) == b'56789'
    file.close()


def test_who_reads_in_order_has_the_window_under_way(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    for number in range(8):
        assert read(file, 8 * number, 8) == CONTENT[8 * number :][:8]
    assert sum(request.length for request in tree.under_way) == tree.window
    file.close()
    assert tree.most_in_flight == tree.window


def test_no_read_is_sent_behind_the_end_of_the_file(tree):
    tree.add('file', CONTENT[:40])
    file = opened(tree)
    assert read_all(file) == CONTENT[:40]
    assert [offset for offset, _ in of(tree, 'read')] == [0, 8, 16, 24, 32, 40]
    file.close()


def test_a_look_here_and_there_reads_nothing_besides(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    for offset in (100, 20, 150, 50):
        assert read(file, offset, 6) == CONTENT[offset : offset + 6]
    assert of(tree, 'read')[1:] == [[100, 6], [20, 6], [150, 6], [50, 6]]
    assert tree.under_way == []
    file.close()


def test_what_was_read_ahead_is_dropped_when_it_is_not_wanted(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    for number in range(6):
        read(file, 8 * number, 8)
    under_way = list(tree.under_way)
    assert under_way
    assert read(file, 150, 8) == CONTENT[150:158]
    assert all(request in tree.abandoned for request in under_way)
    file.close()


def test_a_small_step_forward_goes_on_in_what_is_there(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    assert read(file, 2, 3) == CONTENT[2:5]
    assert read(file, 6, 2) == CONTENT[6:8]
    assert len(of(tree, 'read')) == 1
    file.close()


def test_without_a_buffer_each_read_asks_for_just_that(tree):
    tree.add('file', CONTENT)
    file = opened(tree, is_direct=True)
    assert read(file, 0, 20) == CONTENT[:20]
    assert read(file, 20, 3) == CONTENT[20:23]
    assert of(tree, 'read') == [[0, 8], [8, 8], [16, 4], [20, 3]]
    assert read(file, 190, 20) == CONTENT[190:]
    assert read(file, 200, 20) == b''
    assert tree.under_way == []
    file.close()


def test_a_file_that_was_cut_meanwhile_ends_where_it_ends(tree):
    added = tree.add('file', CONTENT)
    file = opened(tree)
    assert read(file, 0, 8) == CONTENT[:8]
    del added.data[20:]
    assert read_all(file, 8) == CONTENT[8:20]
    file.close()


def test_a_locked_part_is_met_only_by_who_reads_it(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    tree.fail('read', ntstatus.STATUS_FILE_LOCK_CONFLICT, at=2)
    read(file, 0, 8)
    assert read(file, 8, 4) == CONTENT[8:12]  # the second read was for more than that
    tree.refuse('read', 'file', ntstatus.STATUS_FILE_LOCK_CONFLICT)
    with pytest.raises(StatusError):
        read(file, 100, 8)
    file.close()


def test_a_file_whose_beginning_is_locked_can_be_opened(tree):
    tree.add('file', CONTENT)
    tree.fail('read', ntstatus.STATUS_FILE_LOCK_CONFLICT)
    file = opened(tree)
    assert read(file, 100, 8) == CONTENT[100:108]
    file.close()


def test_another_refusal_of_the_first_read_is_one_of_the_opening(tree):
    tree.add('file', CONTENT)
    tree.fail('read', ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(StatusError):
        opened(tree)


@pytest.mark.parametrize('trouble', [ntstatus.STATUS_ACCESS_DENIED, NotConnectedError('gone')])
def test_after_a_failed_read_nothing_stays_under_way(tree, trouble):
    tree.add('file', CONTENT)
    file = opened(tree)
    for number in range(4):
        read(file, 8 * number, 8)
    tree.fail('read', trouble)
    with pytest.raises((StatusError, NotConnectedError)):
        read(file, 32, 8)
    assert tree.under_way == []
    file.close()


def test_what_was_cancelled_for_another_operation_is_read_again(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    for number in range(4):
        read(file, 8 * number, 8)
    assert tree.under_way
    tree.cancel_all()
    assert read_all(file, 32) == CONTENT[32:]
    file.close()


def test_no_file_reaches_as_far_as_an_offset_can(tree):
    tree.add('file', CONTENT)
    file = opened(tree)
    assert read(file, 2**63 - 2, 8) == b''
    assert len(of(tree, 'read')) == 1
    file.close()


# Writing


def write(file, offset, data):
    file.write(offset, memoryview(data))


def test_what_is_written_goes_out_in_blocks_with_several_under_way(tree):
    file = opened(tree, 'w')
    for offset in range(0, 198, 3):
        write(file, offset, CONTENT[offset : offset + 3])
    assert sum(request.length for request in tree.under_way) + tree.write_size > 8
    file.close()
    assert tree.files['file'].data == CONTENT[:198]
    assert {len(data) for _, data in of(tree, 'write')[:-1]} == {8}
    assert tree.window - tree.write_size < tree.most_in_flight <= tree.window


def test_a_write_waits_for_none_while_the_window_has_room(tree):
    file = opened(tree, 'w')
    write(file, 0, CONTENT[:16])
    assert of(tree, 'write') == []
    assert len(tree.under_way) == 2
    file.close()


def test_the_bytes_may_be_used_for_something_else_after_a_write(tree):
    file = opened(tree, 'w')
    memory = bytearray(b'0123456789')
    write(file, 0, memory)
    memory[:] = b'spoilt....'
    file.close()
    assert tree.files['file'].data == b'0123456789'


def test_a_write_elsewhere_waits_for_those_before_it(tree):
    tree.add('file', bytes(20))
    file = opened(tree, 'r', updates=True)
    write(file, 0, b'0123456789')
    write(file, 4, b'four')
    assert of(tree, 'write') == [[0, b'01234567'], [8, b'89']]
    file.close()
    assert tree.files['file'].data == b'0123four89' + bytes(10)


def test_what_was_written_is_there_to_be_read(tree):
    tree.add('file', CONTENT)
    file = opened(tree, 'r', updates=True)
    assert read(file, 0, 8) == CONTENT[:8]
    write(file, 10, b'written')
    assert read_all(file) == CONTENT[:10] + b'written' + CONTENT[17:]
    assert file.size() == 200
    write(file, 200, b'more')
    assert file.size() == 204
    assert read_all(file, 190) == CONTENT[190:] + b'more'
    file.close()


def test_without_a_buffer_a_write_is_done_when_it_returns(tree):
    file = opened(tree, 'w', is_direct=True)
    write(file, 0, b'0123456789')
    assert tree.files['file'].data == b'0123456789'
    assert tree.under_way == []
    file.close()


def test_what_the_server_did_not_take_is_sent_again(tree):
    tree.longest_write = 3
    file = opened(tree, 'w')
    write(file, 0, CONTENT)
    file.close()
    assert tree.files['file'].data == CONTENT


def test_a_flush_waits_for_all_and_is_passed_on_once(tree):
    file = opened(tree, 'w')
    file.flush()
    write(file, 0, b'0123')
    assert not file.is_flushed
    file.flush()
    assert tree.files['file'].data == b'0123'
    assert file.is_flushed
    file.flush()
    assert tree.names().count('flush') == 1
    file.close()


@pytest.mark.parametrize('size', [0, 5, 300])
def test_a_file_is_cut_or_extended(tree, size):
    tree.add('file', CONTENT)
    file = opened(tree, 'r', updates=True)
    read(file, 0, 8)
    write(file, 2, b'two')
    file.truncate(size)
    expected = (CONTENT[:2] + b'two' + CONTENT[5:])[:size].ljust(size, b'\0')
    assert tree.files['file'].data == expected
    assert file.size() == size
    assert read_all(file) == expected
    file.close()


@pytest.mark.parametrize('share', [None, EVERYTHING])
def test_an_append_goes_to_the_end_and_asks_where_it_is_only_if_others_may_write(tree, share):
    added = tree.add('file', b'0123')
    file = opened(tree, 'a', share=share)
    assert file.append(memoryview(b'45')) == 6
    if share:
        file.flush()
        added.data += b'theirs'
    assert file.append(memoryview(b'67')) == (14 if share else 8)
    file.close()
    assert added.data == (b'012345theirs67' if share else b'01234567')
    assert ('size' in tree.names()) is bool(share)


# Errors of writes


def failed(call, *arguments):
    with pytest.raises((StatusError, Incomplete)) as caught:
        call(*arguments)
    return getattr(caught.value, 'status', None)


def test_the_error_of_a_write_comes_out_at_a_later_one_and_stays(tree):
    tree.room = 10
    file = opened(tree, 'w')
    write(file, 0, CONTENT[:24])  # all of it fits into the window
    assert failed(write, file, 24, CONTENT[24:64]) == ntstatus.STATUS_DISK_FULL
    assert tree.under_way == []
    for call, *arguments in ((write, file, 64, b'x'), (file.flush,), (file.truncate, 3)):
        assert failed(call, *arguments) == ntstatus.STATUS_DISK_FULL
    file.close()  # it has been told


@pytest.mark.parametrize('name', ['flush', 'size', 'close'])
def test_the_error_of_a_write_comes_out_at_whatever_waits_for_it(tree, name):
    tree.room = 4
    file = opened(tree, 'w')
    write(file, 0, b'0123456789')
    assert failed(getattr(file, name)) == ntstatus.STATUS_DISK_FULL
    assert (file.handle.is_closed) is (name == 'close')
    file.close()
    assert file.handle.is_closed


def test_the_error_of_a_write_comes_out_at_a_read(tree):
    tree.room = 4
    file = opened(tree, 'w', updates=True)
    write(file, 0, b'0123456789')
    assert failed(read, file, 0, 4) == ntstatus.STATUS_DISK_FULL
    assert read(file, 0, 4) == b''
    file.close()


def test_the_first_of_several_errors_is_told_and_the_other_writes_are_waited_for(tree):
    file = opened(tree, 'w')
    tree.fail('write', ntstatus.STATUS_DISK_FULL, at=1)
    tree.fail('write', ntstatus.STATUS_QUOTA_EXCEEDED, at=2)
    write(file, 0, CONTENT[:24])
    assert failed(file.close) == ntstatus.STATUS_DISK_FULL
    assert len(of(tree, 'write')) == 3
    assert tree.abandoned == []


def test_a_server_that_takes_nothing_is_an_error(tree):
    file = opened(tree, 'w')
    tree.longest_write = 0
    write(file, 0, b'0123')
    with pytest.raises(Incomplete, match='took 0 of 4 bytes'):
        file.close()


def test_a_write_that_another_operation_had_cancelled_is_an_error(tree):
    file = opened(tree, 'w')
    write(file, 0, CONTENT[:16])
    tree.cancel_all()
    with pytest.raises(Incomplete, match='may or may not have been done'):
        file.flush()
    with pytest.raises(Incomplete):
        write(file, 16, b'x')
    file.close()


def test_a_write_that_times_out_leaves_the_others_to_be_cancelled(tree):
    file = opened(tree, 'w')
    tree.fail('write', SMBTimeout('too late'))
    write(file, 0, CONTENT[:24])
    with pytest.raises(SMBTimeout):
        file.close()
    assert file.handle.is_closed
    assert 'cancel_all' in tree.names()
    assert len(of(tree, 'write')) == 1


def test_a_close_that_fails_is_heard_of(tree):
    file = opened(tree, 'w')
    tree.fail('close', ntstatus.STATUS_DISK_FULL)
    assert failed(file.close) == ntstatus.STATUS_DISK_FULL


def test_a_handle_that_went_with_its_session_is_not_closed(tree):
    file = opened(tree, 'w')
    write(file, 0, b'0123')
    tree.fail('write', ntstatus.STATUS_USER_SESSION_DELETED)
    assert failed(file.close) == ntstatus.STATUS_USER_SESSION_DELETED
    assert 'close' not in tree.names()
    tree.handles.clear()


def test_what_was_left_to_be_written_is_written_before_the_close(tree):
    file = opened(tree, 'w')
    write(file, 0, b'0123')
    file.close_with([(4, b'4567'), (8, b'89')])
    assert tree.files['file'].data == b'0123456789'


# Any order

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just('read'), st.integers(0, 120), st.integers(1, 50)),
        st.tuples(st.just('go on'), st.just(0), st.integers(1, 50)),
        st.tuples(st.just('write'), st.integers(0, 120), st.integers(1, 50)),
        st.tuples(st.just('write on'), st.just(0), st.integers(1, 50)),
        st.tuples(st.just('truncate'), st.integers(0, 120), st.just(0)),
        st.tuples(st.just('cancel'), st.just(0), st.just(0)),
        st.tuples(st.just('flush'), st.just(0), st.just(0)),
    ),
    max_size=30,
)


@given(
    steps=STEPS,
    size=st.integers(0, 100),
    read_size=st.integers(1, 20),
    write_size=st.integers(1, 20),
    window=st.integers(1, 60),
    longest_read=st.integers(1, 20),
    is_direct=st.booleans(),
    share=st.sampled_from([None, EVERYTHING]),
)
def test_in_any_order_the_bytes_are_those_of_a_local_file(
    steps, size, read_size, write_size, window, longest_read, is_direct, share
):
    tree = MemoryTree()
    tree.read_size, tree.write_size, tree.window = read_size, write_size, window
    tree.longest_read = longest_read
    tree.add('file', CONTENT[:size])
    local = bytearray(CONTENT[:size])
    file = opened(tree, updates=True, is_direct=is_direct, share=share)
    position = 0
    for number, (what, offset, length) in enumerate(steps):
        position = position if what.endswith('on') else offset
        if what in ('read', 'go on'):
            block = read(file, position, length)
            assert block == local[position : position + len(block)]
            assert bool(block) == (position < len(local))
            position += len(block)
        elif what in ('write', 'write on'):
            data = bytes([number]) * length
            write(file, position, data)
            local += bytes(max(0, position - len(local)))
            local[position : position + length] = data
            position += length
        elif what == 'truncate':
            file.truncate(offset)
            local = local[:offset].ljust(offset, b'\0')
        elif what == 'cancel':
            file.flush()
            tree.cancel_all()
        else:
            file.flush()
        assert tree.most_in_flight <= max(window, read_size, write_size)
    assert file.size() == len(local)
    file.close()
    assert tree.files['file'].data == local
    assert (tree.handles, tree.under_way) == ([], [])
