"""Callers' file objects: what each kind is given and asked, and what of its answers is believed."""

from __future__ import annotations

import io
import os
import tempfile
from types import SimpleNamespace

import pytest

from smb.operations import local
from tests.operations.file_objects import RawSink, Sink

BLOCK = b'0123456789'


def test_files_that_get_views_are_these_and_no_others():
    assert set(local.OWN_FILES) == {io.BytesIO, io.FileIO, io.BufferedWriter, io.BufferedReader, io.BufferedRandom}


class Own(Sink):
    """Taken for a file of the standard library in these tests."""

    def readinto(self, memory):
        memory[:3] = b'abc'
        return 3

    def read(self, length):
        return b'read'


class OwnRaw(io.RawIOBase):
    def __init__(self, *answers):
        self.blocks = []
        self.answers = list(answers)

    def write(self, block):
        self.blocks.append(block)
        return self.answers.pop(0) if self.answers else len(block)


@pytest.fixture
def own(monkeypatch):
    monkeypatch.setattr(local, 'OWN_FILES', (Own, OwnRaw))
    io_module = SimpleNamespace(FileIO=OwnRaw, RawIOBase=io.RawIOBase, TextIOBase=io.TextIOBase)
    monkeypatch.setattr(local, 'io', io_module)


def subclass(kind):
    return type('Subclass', (kind,), {})


# Writing


@pytest.mark.parametrize('kind', [Own, OwnRaw])
def test_a_file_of_the_standard_library_is_given_views(own, kind):
    file_obj = kind()
    view = memoryview(bytearray(BLOCK))
    local.writer(file_obj)(view)
    assert file_obj.blocks[0] is view


@pytest.mark.parametrize('kind', [Own, OwnRaw])
def test_a_subclass_is_given_bytes(own, kind):
    file_obj = subclass(kind)()
    local.writer(file_obj)(memoryview(bytearray(BLOCK)))
    assert type(file_obj.blocks[0]) is bytes
    assert file_obj.blocks == [BLOCK]


@pytest.mark.parametrize('answer', [None, True, 'x', 10, 11, 10.0, Ellipsis])
def test_whoever_says_nothing_of_a_short_count_has_written_all(answer):
    sink = Sink(answer)
    local.writer(sink)(memoryview(BLOCK))
    assert sink.data == BLOCK


@pytest.mark.parametrize('count', [9, 1, 0, -1])
def test_a_short_count_of_what_is_no_raw_file_is_an_error(count):
    sink = Sink(count)
    with pytest.raises(OSError, match=f'took {count} of 10 bytes'):
        local.writer(sink)(BLOCK)
    assert len(sink.blocks) == 1


@pytest.mark.parametrize('most', [1, 4, 9, 10])
def test_a_raw_file_gets_again_what_it_did_not_take(most):
    sink = RawSink(most)
    local.writer(sink)(BLOCK)
    assert sink.data == BLOCK


def test_a_raw_file_of_the_standard_library_gets_again_what_it_did_not_take(own):
    file_obj = OwnRaw(4, 3)
    local.writer(file_obj)(memoryview(BLOCK))
    assert [bytes(block) for block in file_obj.blocks] == [BLOCK, BLOCK[4:], BLOCK[7:]]


def test_a_raw_file_that_takes_nothing_at_all_is_an_error():
    with pytest.raises(OSError, match='took 0 of 10 bytes'):
        local.writer(RawSink(0))(BLOCK)


def test_a_raw_file_of_a_program_may_return_none():
    class Returnless(RawSink):
        def write(self, block):
            super().write(block)

    sink = Returnless(10)
    local.writer(sink)(BLOCK)
    assert sink.data == BLOCK


def test_a_pipe_that_does_not_block_and_is_full_is_an_error():
    """FileIO.write returns None there: nothing was written."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with open(reading, 'rb', buffering=0), open(writing, 'wb', buffering=0) as file_obj:
        write = local.writer(file_obj)
        with pytest.raises(BlockingIOError):
            for _ in range(1000):
                write(memoryview(bytes(65536)))


# Reading


def test_a_file_of_the_standard_library_fills_the_memory_it_is_given(own):
    memory = memoryview(bytearray(10))
    block = local.reader(Own())(memory)
    assert block == b'abc'
    assert memory[:3] == b'abc'


def test_a_subclass_is_asked_to_read(own):
    assert local.reader(subclass(Own)())(memoryview(bytearray(10))) == b'read'


def test_a_reader_gives_nothing_at_the_end():
    read = local.reader(io.BytesIO(BLOCK))
    memory = memoryview(bytearray(8))
    assert [bytes(read(memory)) for _ in range(3)] == [BLOCK[:8], BLOCK[8:], b'']


def test_a_pipe_that_does_not_block_and_is_empty_has_not_ended():
    """FileIO.readinto returns None there, which is not the end."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    with open(reading, 'rb', buffering=0) as file_obj, open(writing, 'wb', buffering=0) as other:
        read = local.reader(file_obj)
        memory = memoryview(bytearray(10))
        with pytest.raises(BlockingIOError):
            read(memory)
        other.write(b'abc')
        assert read(memory) == b'abc'
        other.close()
        assert read(memory) == b''


# Text and wrappers


@pytest.mark.parametrize('take', [local.reader, local.writer])
def test_a_file_for_text_is_a_type_error(take, tmp_path):
    with open(tmp_path / 'text', 'w+') as text, tempfile.NamedTemporaryFile('w+') as wrapped:
        for file_obj in (text, wrapped, io.StringIO(), io.TextIOWrapper(io.BytesIO())):
            with pytest.raises(TypeError, match='binary'):
                take(file_obj)


def test_the_wrapper_of_tempfile_is_looked_through():
    with tempfile.NamedTemporaryFile() as file_obj:
        assert local.unwrapped(file_obj) is file_obj.file
    imitation = type('_TemporaryFileWrapper', (), {'file': 1})()
    assert local.unwrapped(imitation) is imitation


# Where it stands


def test_what_remains_is_told_without_moving(tmp_path):
    file_obj = io.BytesIO(BLOCK)
    file_obj.seek(4)
    assert (local.remaining(file_obj), local.position(file_obj)) == (6, 4)
    file_obj.seek(15)
    assert (local.remaining(file_obj), local.position(file_obj)) == (0, 15)


class Old:
    """Has tell and seek alone, and seek returns nothing."""

    def __init__(self):
        self.place = 4

    def tell(self):
        return self.place

    def seek(self, offset, whence=0):
        self.place = 10 if whence else offset


def test_a_file_object_without_seekable_may_seek():
    file_obj = Old()
    assert (local.remaining(file_obj), local.position(file_obj)) == (6, 4)
    assert file_obj.place == 4


class Odd(Old):
    def __init__(self, error=None, at=None, **methods):
        super().__init__()
        self.error, self.at = error, at
        self.__dict__.update(methods)

    def seek(self, offset, whence=0):
        super().seek(offset, whence)
        if self.at == (offset, whence):
            raise self.error


@pytest.mark.parametrize('error', [AttributeError(), NotImplementedError(), OSError(), TypeError(), ValueError(),
                                   io.UnsupportedOperation()])  # fmt: skip
def test_whoever_cannot_seek_to_its_end_stands_where_it_stood(error):
    file_obj = Odd(error, (0, 2))
    assert local.remaining(file_obj) is None
    assert file_obj.place == 4


def test_whoever_cannot_go_back_is_an_error():
    """To go on from its end would store an empty file."""
    with pytest.raises(OSError, match='stuck'):
        local.remaining(Odd(OSError('stuck'), (4, 0)))


def raises(error):
    def method(*_):
        raise error

    return method


@pytest.mark.parametrize(
    'file_obj',
    [
        Sink(),
        Odd(seekable=lambda: False),
        Odd(seekable=raises(ValueError('closed'))),
        Odd(tell=raises(OSError('a pipe'))),
        Odd(tell=raises(NotImplementedError())),
        Odd(tell=lambda: None),
        SimpleNamespace(tell=lambda: 4),
    ],
)
def test_whoever_cannot_tell_has_no_position_and_nothing_that_remains(file_obj):
    assert (local.position(file_obj), local.remaining(file_obj)) == (None, None)


def test_an_end_that_is_no_number_is_none():
    ends = [4, 'end']
    assert local.remaining(Odd(tell=lambda: ends.pop(0))) is None
