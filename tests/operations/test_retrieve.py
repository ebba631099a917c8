"""Downloads: the right bytes in the right order, whatever the server answers and the file object does."""

from __future__ import annotations

import io
import tempfile
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import ntstatus
from smb.errors import Incomplete, NotConnectedError, SMBTimeout, StatusError
from smb.operations import local, transfer
from smb.operations.progress import ProgressBar
from smb.smb_constants import ATTR_ARCHIVE, ATTR_HIDDEN, FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE
from tests.operations.conftest import Steps
from tests.operations.file_objects import RawSink, Sink
from tests.operations.memory_tree import MemoryTree

FIRST = transfer.FIRST_BLOCK


def unbuffered():
    return tempfile.TemporaryFile(buffering=0)


def content(size):
    return bytes(i * 7 % 251 for i in range(size))


def retrieve(tree, file_obj, offset=0, max_length=-1, progress=None, path='file'):
    return transfer.retrieve(tree, path, local.writer(file_obj), offset, max_length, progress or Steps())


# Around one read (8), around the window (24), and some windows
SIZES = [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 100]


@pytest.mark.parametrize('size', SIZES)
def test_every_byte_arrives_once_and_in_order(tree, progress, size):
    tree.add('file', content(size), ATTR_ARCHIVE | ATTR_HIDDEN)
    sink = Sink()
    assert retrieve(tree, sink, progress=progress) == (ATTR_ARCHIVE | ATTR_HIDDEN, size)
    assert sink.data == content(size)
    assert progress.total == size
    assert sum(progress.counts) == size


@pytest.mark.parametrize('size', [FIRST - 1, FIRST, FIRST + 1, 100_000, 100_001, 3 * FIRST + 5])
def test_the_first_block_is_followed_by_what_comes_after_it(tree, size):
    tree.read_size, tree.window = 100_000, 300_000
    tree.add('file', content(size))
    file_obj = io.BytesIO()
    assert retrieve(tree, file_obj) == (ATTR_ARCHIVE, size)
    assert file_obj.getvalue() == content(size)


def test_small_blocks_are_asked_for_several_at_once(tree, monkeypatch):
    """Each time that something is sent costs more than the bytes of it; so it is not done for each block."""
    block = 16384
    tree.read_size, tree.window = block, 64 * block
    tree.add('file', content(block) * 300)
    began, counts = [], []

    @contextmanager
    def together():
        began.append(len(tree.under_way))
        yield
        counts.append(len(tree.under_way) - began[-1])

    monkeypatch.setattr(tree, 'together', together)
    file_obj = io.BytesIO()
    assert retrieve(tree, file_obj)[1] == 300 * block
    assert file_obj.getvalue() == content(block) * 300
    # All but the last ones; and what is under way meanwhile is half of the window and more
    assert counts[0] == 64 and {*counts[1:-1]} == {transfer.TOGETHER // block} and sum(counts) == 300 - 1
    assert {*began[1:-1]} == {64 - transfer.TOGETHER // block}


@pytest.mark.parametrize('offset', [0, 1, 7, 8, 9, 29, 30, 31, 2**63 - 1])
@pytest.mark.parametrize('max_length', [-5, -1, 0, 1, 8, 9, 29, 30, 31, 2**70])
def test_a_range_is_cut_at_the_end_of_the_file(tree, offset, max_length):
    tree.add('file', content(30))
    wanted = content(30)[offset:] if max_length < 0 else content(30)[offset : offset + max_length]
    sink = Sink()
    assert retrieve(tree, sink, offset, max_length) == (ATTR_ARCHIVE, len(wanted))
    assert sink.data == wanted


@given(
    size=st.integers(0, 150),
    offset=st.integers(0, 160),
    max_length=st.integers(-1, 160),
    read_size=st.integers(1, 20),
    window=st.integers(1, 60),
    longest_read=st.integers(1, 20),
)
def test_whatever_the_sizes_the_bytes_are_right(size, offset, max_length, read_size, window, longest_read):
    tree = MemoryTree()
    tree.read_size, tree.window, tree.longest_read = read_size, window, longest_read
    tree.add('file', content(size))
    wanted = content(size)[offset:] if max_length < 0 else content(size)[offset : offset + max_length]
    sink = Sink()
    assert retrieve(tree, sink, offset, max_length) == (ATTR_ARCHIVE, len(wanted))
    assert sink.data == wanted
    assert (tree.handles, tree.under_way) == ([], [])


@pytest.mark.parametrize(('offset', 'max_length'), [(0, 0), (30, -1), (31, 5), (2**40, -1)])
def test_nothing_is_written_where_there_is_nothing(tree, offset, max_length):
    tree.add('file', content(30))
    assert retrieve(tree, SimpleNamespace(write=pytest.fail), offset, max_length) == (ATTR_ARCHIVE, 0)


def test_a_length_of_zero_opens_the_file_but_reads_nothing(tree):
    tree.add('file', content(30))
    assert retrieve(tree, Sink(), 0, 0) == (ATTR_ARCHIVE, 0)
    assert tree.names() == ['open', 'close']
    with pytest.raises(StatusError) as caught:
        retrieve(tree, Sink(), 0, 0, path='missing')
    assert caught.value.status == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND


def test_the_memory_of_every_answer_is_given_back(tree):
    tree.add('file', content(100))
    retrieve(tree, Sink())
    assert len(tree.released) == tree.names().count('read') == 13


def test_reads_are_under_way_up_to_the_window_and_no_further(tree):
    tree.add('file', content(500))
    retrieve(tree, Sink())
    assert tree.most_in_flight == tree.window == 24


def test_one_read_is_under_way_even_where_the_window_is_smaller(tree):
    tree.window = 1
    tree.add('file', content(40))
    sink = Sink()
    retrieve(tree, sink)
    assert sink.data == content(40)
    assert tree.most_in_flight == 8


def test_the_next_read_leaves_before_data_are_handed_on(tree):
    tree.add('file', content(100))
    seen = []
    retrieve(tree, SimpleNamespace(write=lambda block: seen.append(len(tree.under_way))))
    assert min(seen[:8]) > 0
    assert seen[-1] == 0


def test_the_file_is_open_to_everybody_meanwhile(tree):
    tree.add('file', content(10))
    retrieve(tree, Sink())
    assert tree.verbs[0][2].share == FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE


# What a server answers


def test_short_answers_are_no_end(tree):
    tree.longest_read = 3
    tree.add('file', content(50))
    sink = Sink()
    assert retrieve(tree, sink) == (ATTR_ARCHIVE, 50)
    assert sink.data == content(50)


@pytest.mark.parametrize('left', [0, 3, 8, 20, 39])
def test_a_file_that_shrinks_meanwhile_is_an_error(tree, left):
    file = tree.add('file', content(40))

    def shrink():
        del file.data[left:]

    tree.fail('read', shrink)
    sink = Sink()
    with pytest.raises(Incomplete, match=f'ended at byte {left}, it had 40 when') as caught:
        retrieve(tree, sink)
    assert caught.value.reason == 'Read failed'
    assert content(40).startswith(sink.data)


def test_a_file_that_grows_meanwhile_ends_where_it_did(tree):
    file = tree.add('file', content(20))
    tree.fail('read', lambda: file.data.extend(b'more' * 10))
    sink = Sink()
    assert retrieve(tree, sink) == (ATTR_ARCHIVE, 20)
    assert sink.data == content(20)


def test_an_empty_file_that_grows_at_once_is_empty(tree):
    file = tree.add('file', b'')
    tree.fail('read', lambda: file.data.extend(b'more'))
    sink = Sink()
    assert retrieve(tree, sink) == (ATTR_ARCHIVE, 0)
    assert sink.data == b''


@pytest.mark.parametrize('at', [1, 2, 3, 5])
def test_a_refused_read_ends_it_and_what_was_written_stays(tree, at):
    tree.add('file', content(100))
    tree.fail('read', ntstatus.STATUS_FILE_LOCK_CONFLICT, at)
    sink = Sink()
    with pytest.raises(StatusError) as caught:
        retrieve(tree, sink)
    assert caught.value.status == ntstatus.STATUS_FILE_LOCK_CONFLICT
    assert tree.names()[-1] == 'close'
    assert content(100).startswith(sink.data)
    assert len(sink.data) == 8 * (at - 1)


@pytest.mark.parametrize('status', [ntstatus.STATUS_ACCESS_DENIED, ntstatus.STATUS_SHARING_VIOLATION])
def test_a_refused_open_leaves_the_file_object_alone(tree, status):
    tree.fail('open', status)
    sink = Sink()
    with pytest.raises(StatusError):
        retrieve(tree, sink)
    assert sink.blocks == []
    assert tree.names() == ['open']


def test_a_folder_is_no_file(tree):
    tree.add_folder('folder')
    with pytest.raises(StatusError) as caught:
        retrieve(tree, Sink(), path='folder')
    assert caught.value.status == ntstatus.STATUS_FILE_IS_A_DIRECTORY


def test_a_timeout_cancels_what_is_under_way_and_closes_without_waiting(tree):
    tree.add('file', content(100))
    tree.fail('read', SMBTimeout('No answer'), 3)
    tree.fail('close', pytest.fail)
    with pytest.raises(SMBTimeout):
        retrieve(tree, Sink())
    assert tree.names()[-2:] == ['cancel_all', 'close']


def test_a_lost_connection_comes_out_as_it_is(tree):
    tree.add('file', content(100))
    tree.fail('read', NotConnectedError('gone'), 3)
    tree.fail('close', NotConnectedError('There is no connection'))
    with pytest.raises(NotConnectedError, match='gone'):
        retrieve(tree, Sink())


# What the file object does


class Stop(Exception):
    pass


@pytest.mark.parametrize('after', [0, 1, 3])
@pytest.mark.parametrize('error', [Stop('enough'), StopIteration('x'), KeyboardInterrupt(), OSError(28, 'full')])
def test_an_exception_of_write_comes_out_unchanged_behind_a_closed_handle(tree, after, error):
    tree.add('file', content(100))

    def write(block):
        nonlocal after
        if not after:
            raise error
        after -= 1

    with pytest.raises(type(error)) as caught:
        retrieve(tree, SimpleNamespace(write=write))
    assert caught.value is error
    assert tree.names()[-1] == 'close'
    assert tree.abandoned


def test_an_exception_of_write_is_not_hidden_by_what_closing_meets(tree):
    tree.add('file', content(100))
    tree.fail('close', ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(ZeroDivisionError):
        retrieve(tree, SimpleNamespace(write=lambda block: 1 // 0))


def test_a_block_that_is_kept_stays_what_it_was(tree):
    """What is no file of the standard library may keep what it gets, so that gets bytes of its own."""
    tree.add('file', content(60))
    sink = Sink()
    retrieve(tree, sink)
    assert {type(block) for block in sink.blocks} == {bytes}


@pytest.mark.parametrize(
    'make',
    [
        io.BytesIO,
        tempfile.TemporaryFile,
        tempfile.NamedTemporaryFile,
        tempfile.SpooledTemporaryFile,
        unbuffered,
    ],
    ids=['BytesIO', 'TemporaryFile', 'NamedTemporaryFile', 'SpooledTemporaryFile', 'unbuffered'],
)
def test_files_of_the_standard_library_hold_what_came_from_where_they_stood(tree, make):
    tree.add('file', content(60))
    with make() as file_obj:
        file_obj.write(b'before')
        retrieve(tree, file_obj)
        assert file_obj.tell() == 66
        file_obj.seek(0)
        assert file_obj.read() == b'before' + content(60)


@pytest.mark.parametrize('most', [1, 3, 8])
def test_a_raw_file_that_takes_little_gets_the_rest_again(tree, most):
    tree.add('file', content(60))
    sink = RawSink(most)
    assert retrieve(tree, sink) == (ATTR_ARCHIVE, 60)
    assert sink.data == content(60)


def test_a_file_object_that_takes_less_than_it_says_nothing_about_is_an_error(tree):
    tree.add('file', content(60))
    with pytest.raises(OSError, match='took 5 of 8 bytes'):
        retrieve(tree, Sink(8, 5))


@pytest.mark.parametrize('file_obj', [io.StringIO(), b'bytes', None, 'name'])
def test_what_cannot_be_written_to_is_an_error_before_anything_is_done(tree, file_obj):
    tree.add('file', content(60))
    with pytest.raises((TypeError, AttributeError)):
        retrieve(tree, file_obj)
    assert tree.verbs == []


def test_a_bar_is_told_of_every_byte(tree):
    tree.add('file', content(60))
    told = []
    bar = SimpleNamespace(total=None, refresh=lambda: None, update=told.append, close=lambda: told.append('closed'))
    with ProgressBar(False, None, '') as progress:
        progress._bar = bar
        retrieve(tree, Sink(), 10, 40, progress)
    assert bar.total == 40
    assert told.pop() == 'closed'
    assert sum(told) == 40


@pytest.fixture
def small(tree):
    """A tree whose last file was short, so that the next one is read by a request that also closes it."""
    tree.reads_small_files = True
    return tree


@pytest.mark.parametrize('size', SIZES)
def test_a_small_file_is_opened_once_and_a_larger_one_again(small, size):
    small.add('file', content(size))
    sink = Sink()
    assert retrieve(small, sink) == (ATTR_ARCHIVE, size)
    assert sink.data == content(size)
    assert small.names().count('open') == (1 if size <= small.read_size else 2)
    assert small.reads_small_files == (size <= small.read_size)
    assert not small.handles


def test_whether_files_are_small_is_learnt_from_the_last_one(small):
    small.add('large', content(100))
    small.add('small', content(5))
    opens = []
    for path in ('large', 'large', 'small', 'small'):
        before = small.names().count('open')
        retrieve(small, Sink(), path=path)
        opens.append(small.names().count('open') - before)
    assert opens == [2, 1, 1, 1]
    assert small.reads_small_files


@pytest.mark.parametrize('offset', [0, 1, 7, 29, 30, 31])
@pytest.mark.parametrize('max_length', [-1, 1, 8, 9, 29, 31])
def test_a_range_of_a_file_that_may_be_small_is_the_same(small, offset, max_length):
    small.add('file', content(30))
    expected = content(30)[offset : None if max_length < 0 else offset + max_length]
    sink, progress = Sink(), Steps()
    assert retrieve(small, sink, offset, max_length, progress) == (ATTR_ARCHIVE, len(expected))
    assert sink.data == expected
    assert sum(progress.counts) == len(expected)


@pytest.mark.parametrize('length', [1, 3])
def test_a_short_answer_about_a_small_file_is_no_end(small, length):
    small.add('file', content(8))
    small.longest_read = length
    sink = Sink()
    assert retrieve(small, sink) == (ATTR_ARCHIVE, 8)
    assert sink.data == content(8)
