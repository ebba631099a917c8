"""Uploads: what was read is what is stored, and a source that fails leaves nothing behind."""

from __future__ import annotations

import io
import tempfile
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import ntstatus
from smb.errors import Incomplete, NotConnectedError, SMBTimeout, StatusError
from smb.operations import transfer
from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_HIDDEN,
    ATTR_READONLY,
    ATTR_SYSTEM,
    FILE_OPEN_IF,
    FILE_OVERWRITE_IF,
    FILE_SHARE_NONE,
)
from tests.operations.conftest import Steps
from tests.operations.file_objects import Source
from tests.operations.memory_tree import MemoryTree

FIRST = transfer.FIRST_BLOCK


def unbuffered():
    return tempfile.TemporaryFile(buffering=0)


def content(size):
    return bytes(i * 7 % 251 for i in range(size))


def store(tree, file_obj, offset=0, truncate=True, progress=None, path='file'):
    return transfer.store(tree, path, file_obj, offset, truncate, progress or Steps())


# Around one write (8), two of them, and the window (24)
SIZES = [0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 48, 100]


@pytest.mark.parametrize('size', SIZES)
def test_every_byte_is_stored_once_and_in_order(tree, progress, size):
    assert store(tree, io.BytesIO(content(size)), progress=progress) == size
    assert tree.files['file'].data == content(size)
    assert tree.files['file'].attributes == ATTR_ARCHIVE
    assert progress.total == size
    assert sum(progress.counts) == size


@pytest.mark.parametrize('size', [FIRST - 1, FIRST, FIRST + 1, FIRST + 100_000, FIRST + 100_001, 400_000])
@pytest.mark.parametrize('foreign', [False, True])
def test_the_first_block_is_followed_by_what_comes_after_it(tree, size, foreign):
    tree.write_size, tree.window = 100_000, 300_000
    file_obj = Source(content(size)[:FIRST], *_cut(content(size)[FIRST:], 30_000)) if foreign else None
    assert store(tree, file_obj or io.BytesIO(content(size))) == size
    assert tree.files['file'].data == content(size)


def _cut(data, size):
    return [data[begin : begin + size] for begin in range(0, len(data), size)]


@given(
    size=st.integers(0, 150),
    start=st.integers(0, 20),
    offset=st.integers(0, 60),
    truncate=st.booleans(),
    write_size=st.integers(1, 20),
    window=st.integers(1, 60),
    longest_write=st.integers(1, 20),
)
def test_whatever_the_sizes_the_bytes_are_right(size, start, offset, truncate, write_size, window, longest_write):
    tree = MemoryTree()
    tree.write_size, tree.window = write_size, window
    # What travels with the opening request is not written again when it falls short.
    tree.longest_write = longest_write if size - start > write_size else tree.longest_write
    tree.add('file', b'x' * 40)
    source = io.BytesIO(content(size))
    source.seek(start)
    data = content(size)[start:]
    before = b'' if truncate else b'x' * 40
    assert store(tree, source, offset, truncate) == offset + len(data)
    wanted = before[:offset].ljust(offset if data else 0, b'\0') + data + before[offset + len(data) :]
    assert tree.files['file'].data == (wanted if data else before)
    assert (tree.handles, tree.under_way) == ([], [])


@pytest.mark.parametrize('truncate', [True, False])
def test_an_existing_file_is_emptied_only_where_that_is_asked_for(tree, truncate):
    tree.add('file', b'0123456789')
    assert store(tree, io.BytesIO(b'ab'), 3, truncate) == 5
    assert tree.files['file'].data == (b'\0\0\0ab' if truncate else b'012ab56789')
    assert tree.verbs[0][2].disposition == (FILE_OVERWRITE_IF if truncate else FILE_OPEN_IF)


def test_a_gap_before_the_offset_is_zeros(tree):
    assert store(tree, io.BytesIO(b'ab'), 4, False) == 6
    assert tree.files['file'].data == b'\0\0\0\0ab'


@pytest.mark.parametrize('truncate', [True, False])
def test_an_empty_source_makes_an_empty_file_and_leaves_the_size_of_another(tree, truncate):
    tree.add('old', b'0123456789')
    assert store(tree, io.BytesIO(), 5, truncate, path='old') == 5
    assert tree.files['old'].data == (b'' if truncate else b'0123456789')
    assert store(tree, io.BytesIO(), 0, truncate, path='new') == 0
    assert tree.files['new'].data == b''


def test_nobody_else_may_open_the_file_meanwhile(tree):
    store(tree, io.BytesIO(content(100)))
    store(tree, io.BytesIO(content(3)))
    assert {verb[2].share for verb in tree.verbs if verb[0] == 'open'} == {FILE_SHARE_NONE}


def test_writes_are_under_way_up_to_the_window_and_no_further(tree):
    store(tree, io.BytesIO(content(500)))
    assert tree.most_in_flight == tree.window == 24


def test_one_write_is_under_way_even_where_the_window_is_smaller(tree):
    tree.window = 1
    store(tree, io.BytesIO(content(50)))
    assert tree.files['file'].data == content(50)
    assert tree.most_in_flight == 8


# What the source does


class Stop(Exception):
    pass


def test_a_source_whose_first_read_fails_leaves_no_file_and_no_emptied_one(tree):
    tree.add('old', b'0123456789')
    for path in ('old', 'new'):
        with pytest.raises(Stop):
            store(tree, Source(Stop()), path=path)
    assert tree.files['old'].data == b'0123456789'
    assert 'new' not in tree.files
    assert tree.verbs == []


@pytest.mark.parametrize('good', [2, 3, 6])
@pytest.mark.parametrize('error', [Stop('enough'), StopIteration('x'), KeyboardInterrupt()])
def test_an_exception_of_read_comes_out_unchanged_behind_a_closed_handle(tree, good, error):
    with pytest.raises(type(error)) as caught:
        store(tree, Source(*[b'12345678'] * good, error))
    assert caught.value is error
    assert tree.names()[-1] == 'close'


@pytest.mark.parametrize('answer', ['text', None, 7, [1, 2]])
@pytest.mark.parametrize('good', [0, 1, 5])
def test_a_read_that_returns_no_bytes_is_a_type_error(tree, answer, good):
    with pytest.raises(TypeError, match=f'must return bytes, not {type(answer).__name__}'):
        store(tree, Source(*[b'12345678'] * good, answer))


def test_a_read_that_returns_more_than_was_asked_for_is_an_error(tree):
    with pytest.raises(ValueError, match='returned 9 bytes, 8 were asked for'):
        store(tree, SimpleNamespace(read=lambda length: bytes(length + 1)))
    assert tree.verbs == []


@pytest.mark.parametrize('file_obj', [io.StringIO('text'), b'bytes', None, 'name'])
def test_what_cannot_be_read_from_is_an_error_before_anything_is_done(tree, file_obj):
    with pytest.raises((TypeError, AttributeError)):
        store(tree, file_obj)
    assert tree.verbs == []


@pytest.mark.parametrize('kind', [bytes, bytearray, memoryview])
@pytest.mark.parametrize('sizes', [[1], [3, 3, 3, 3], [8, 1, 8], [1] * 30, [8] * 6])
def test_a_source_may_have_nothing_but_read_and_give_little_at_once(tree, progress, kind, sizes):
    data = content(sum(sizes))
    blocks = [kind(data[sum(sizes[:i]) :][:size]) for i, size in enumerate(sizes)]
    source = Source(*blocks)
    assert store(tree, source, progress=progress) == len(data)
    assert tree.files['file'].data == data
    assert progress.total is None
    assert max(source.wishes) <= 8


def test_a_source_may_fill_one_buffer_again_and_again(tree):
    class Refilled(Source):
        buffer = bytearray(8)

        def read(self, length):
            block = super().read(length)
            self.buffer[:] = block.ljust(8, b'\xee')
            return memoryview(self.buffer)[: len(block)]

    assert store(tree, Refilled(*_cut(content(60), 8))) == 60
    assert tree.files['file'].data == content(60)


@pytest.mark.parametrize(
    'make',
    [io.BytesIO, tempfile.TemporaryFile, tempfile.NamedTemporaryFile, tempfile.SpooledTemporaryFile,
     unbuffered],
    ids=['BytesIO', 'TemporaryFile', 'NamedTemporaryFile', 'SpooledTemporaryFile', 'unbuffered'],
)  # fmt: skip
@pytest.mark.parametrize('size', [5, 100])
def test_files_of_the_standard_library_are_read_from_where_they_stand(tree, progress, make, size):
    with make() as file_obj:
        file_obj.write(b'before' + content(size))
        file_obj.seek(6)
        assert store(tree, file_obj, progress=progress) == size
        assert file_obj.tell() == size + 6
    assert tree.files['file'].data == content(size)
    assert progress.total == size


def test_a_source_is_not_sought_to_its_end_where_no_bar_is_shown(tree, progress):
    class Compressed(io.BytesIO):
        """Seeking costs time."""

        seek = pytest.fail

    progress.is_shown = False
    assert store(tree, Compressed(content(100)), progress=progress) == 100


# What the server answers


@pytest.mark.parametrize('size', [0, 3, 100])
@pytest.mark.parametrize('status', [ntstatus.STATUS_SHARING_VIOLATION, ntstatus.STATUS_OBJECT_PATH_NOT_FOUND])
def test_a_refused_open_puts_the_source_back_where_it_stood(tree, size, status):
    tree.fail('open', status)
    source = io.BytesIO(b'before' + content(size))
    source.seek(6)
    with pytest.raises(StatusError) as caught:
        store(tree, source)
    assert caught.value.status == status
    assert source.tell() == 6


def test_a_refused_open_is_told_of_a_source_that_cannot_be_put_back(tree):
    tree.fail('open', ntstatus.STATUS_SHARING_VIOLATION)
    with pytest.raises(StatusError):
        store(tree, Source(b'1234'))


def test_what_fails_behind_the_open_does_not_move_the_source(tree):
    tree.fail('write', ntstatus.STATUS_DISK_FULL)
    source = io.BytesIO(content(5))
    with pytest.raises(StatusError):
        store(tree, source)
    assert source.tell() == 5


@pytest.mark.parametrize('attributes', [ATTR_HIDDEN, ATTR_SYSTEM, ATTR_HIDDEN | ATTR_SYSTEM])
@pytest.mark.parametrize('size', [0, 3, 100])
def test_a_hidden_file_is_overwritten_and_stays_hidden(tree, attributes, size):
    tree.add('file', b'old' * 50, attributes)
    assert store(tree, io.BytesIO(content(size))) == size
    assert tree.files['file'].data == content(size)
    assert tree.files['file'].attributes == attributes | ATTR_ARCHIVE


def test_a_read_only_file_stays_what_it_is(tree):
    tree.add('file', b'old', ATTR_READONLY | ATTR_HIDDEN)
    source = io.BytesIO(b'new')
    with pytest.raises(StatusError) as caught:
        store(tree, source)
    assert caught.value.status == ntstatus.STATUS_ACCESS_DENIED
    assert tree.files['file'].data == b'old'
    assert source.tell() == 0


def test_attributes_are_not_asked_for_where_that_cannot_help(tree):
    tree.add('file', b'old', ATTR_HIDDEN)
    for trouble, truncate in [(ntstatus.STATUS_ACCESS_DENIED, False), (ntstatus.STATUS_SHARING_VIOLATION, True)]:
        tree.verbs.clear()
        tree.fail('open', trouble)
        with pytest.raises(StatusError):
            store(tree, io.BytesIO(b'new'), truncate=truncate)
        assert tree.names() == ['open']


def test_a_write_that_is_denied_is_no_reason_to_open_again(tree):
    tree.fail('write', ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(StatusError):
        store(tree, io.BytesIO(b'new'))
    assert tree.names() == ['open', 'write', 'close']


def test_attributes_that_cannot_be_read_change_nothing_about_the_refusal(tree):
    tree.add('file', b'old', ATTR_HIDDEN)
    tree.fail('open', ntstatus.STATUS_SHARING_VIOLATION, 2)
    with pytest.raises(StatusError) as caught:
        store(tree, io.BytesIO(b'new'))
    assert caught.value.status == ntstatus.STATUS_ACCESS_DENIED


@pytest.mark.parametrize('longest', [1, 3, 7])
def test_what_the_server_did_not_take_is_written_again(tree, progress, longest):
    tree.longest_write = longest
    assert store(tree, io.BytesIO(content(60)), progress=progress) == 60
    assert tree.files['file'].data == content(60)
    assert sum(progress.counts) == 60


@pytest.mark.parametrize('size', [5, 60])
def test_a_server_that_takes_nothing_is_an_error(tree, size):
    tree.longest_write = 0
    with pytest.raises(Incomplete, match='took 0 of') as caught:
        store(tree, io.BytesIO(content(size)))
    assert caught.value.reason == 'Write failed'


@pytest.mark.parametrize('size', [5, 100])
def test_a_full_disk_is_an_error(tree, size):
    tree.room = 4
    with pytest.raises(StatusError) as caught:
        store(tree, io.BytesIO(content(size)))
    assert caught.value.status == ntstatus.STATUS_DISK_FULL
    assert tree.names()[-1] == 'close'


@pytest.mark.parametrize('size', [5, 100])
def test_a_close_that_fails_is_an_error(tree, size):
    tree.fail('close', ntstatus.STATUS_DISK_FULL)
    with pytest.raises(StatusError):
        store(tree, io.BytesIO(content(size)))


@pytest.mark.parametrize('at', [1, 3, 9])
def test_a_write_that_fails_ends_it_and_the_others_are_abandoned(tree, at):
    tree.fail('write', ntstatus.STATUS_FILE_LOCK_CONFLICT, at)
    with pytest.raises(StatusError) as caught:
        store(tree, io.BytesIO(content(100)))
    assert caught.value.status == ntstatus.STATUS_FILE_LOCK_CONFLICT
    assert tree.abandoned


def test_a_timeout_cancels_what_is_under_way_and_closes_without_waiting(tree):
    tree.fail('write', SMBTimeout('No answer'), 3)
    tree.fail('close', pytest.fail)
    with pytest.raises(SMBTimeout):
        store(tree, io.BytesIO(content(100)))
    assert tree.names()[-2:] == ['cancel_all', 'close']


def test_a_lost_connection_comes_out_as_it_is(tree):
    tree.fail('write', NotConnectedError('gone'), 3)
    with pytest.raises(NotConnectedError, match='gone'):
        store(tree, io.BytesIO(content(100)))


@pytest.mark.parametrize('length', [5, 8, 9, 16, 20, 40])
def test_a_source_that_has_ended_is_not_read_again(tree, length):
    class Terminal:
        """Goes on behind its end, as a terminal does."""

        def __init__(self):
            self.lines = iter([content(length), b'', b'more'])
            self.left = b''

        def read(self, size):
            self.left = self.left or next(self.lines)
            block, self.left = self.left[:size], self.left[size:]
            return block

    assert store(tree, Terminal()) == length
    assert tree.files['file'].data == content(length)


@pytest.mark.parametrize(('at', 'leaves'), [(1, False), (2, True), (3, True)])
@pytest.mark.parametrize('interruption', [KeyboardInterrupt, OSError])
def test_what_ends_an_upload_in_its_midst_says_that_a_part_is_left(tree, at, leaves, interruption):
    class Breaking:
        reads = 0

        def read(self, size):
            self.reads += 1
            if self.reads == at:
                raise interruption
            return bytes(size)

    with pytest.raises(interruption) as caught:
        store(tree, Breaking())
    assert hasattr(caught.value, 'leaves_part') is leaves
    assert ('file' in tree.files) is leaves
