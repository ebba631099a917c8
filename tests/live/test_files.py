"""Every kind of file object that the standard library has, as source and as target."""

from __future__ import annotations

import gzip
import io
import mmap
import os
import socket
import tempfile
import threading
import zipfile
from contextlib import contextmanager

import pytest

from tests.live.folder import noise

DATA = noise(3_000_000)


def on_disk(tmp_path):
    path = tmp_path / 'source'
    path.write_bytes(DATA)
    return path


@contextmanager
def gzip_source(tmp_path):
    with gzip.open(tmp_path / 'gz', 'wb', compresslevel=1) as file:
        file.write(DATA)
    with gzip.open(tmp_path / 'gz') as file:
        yield file


@contextmanager
def zip_source(tmp_path):
    with zipfile.ZipFile(tmp_path / 'zip', 'w') as archive:
        archive.writestr('member', DATA)
    with zipfile.ZipFile(tmp_path / 'zip') as archive, archive.open('member') as file:
        yield file


@contextmanager
def mapped_source(tmp_path):
    with on_disk(tmp_path).open('rb') as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        yield mapped


@contextmanager
def pipe_source(buffering):
    read, write = os.pipe()

    def feed():
        with os.fdopen(write, 'wb') as file:
            file.write(DATA)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(read, 'rb', buffering) as file:
        yield file
    thread.join(10)


@contextmanager
def socket_source():
    one, other = socket.socketpair()

    def feed():
        with one:
            one.sendall(DATA)

    thread = threading.Thread(target=feed)
    thread.start()
    with other, other.makefile('rb') as file:
        yield file
    thread.join(10)


@contextmanager
def temporary_source(kind, **arguments):
    with kind(**arguments) as file:
        file.write(DATA)
        file.seek(0)
        yield file


class OwnBytesIO(io.BytesIO):
    """A subclass may do as it likes in ``read`` and ``write``; nothing else of it may be used."""

    def __init__(self, data=b''):
        super().__init__(data)
        self.is_used = False

    def read(self, size=-1):
        self.is_used = True
        return super().read(size)

    def write(self, block):
        self.is_used = True
        assert type(block) is bytes
        return super().write(block)

    def readinto(self, memory):
        raise AssertionError('read(n) is what was overridden')


SOURCES = {
    'BytesIO': lambda tmp_path: io.BytesIO(DATA),
    'a subclass of BytesIO': lambda tmp_path: OwnBytesIO(DATA),
    'buffered file': lambda tmp_path: on_disk(tmp_path).open('rb'),
    'file open for both': lambda tmp_path: on_disk(tmp_path).open('r+b'),
    'unbuffered file': lambda tmp_path: on_disk(tmp_path).open('rb', buffering=0),
    'gzip': gzip_source,
    'zip': zip_source,
    'mmap': mapped_source,
    'pipe': lambda tmp_path: pipe_source(-1),
    'unbuffered pipe': lambda tmp_path: pipe_source(0),
    'socket': lambda tmp_path: socket_source(),
    'TemporaryFile': lambda tmp_path: temporary_source(tempfile.TemporaryFile),
    'NamedTemporaryFile': lambda tmp_path: temporary_source(tempfile.NamedTemporaryFile),
    'SpooledTemporaryFile': lambda tmp_path: temporary_source(tempfile.SpooledTemporaryFile, max_size=1 << 30),
    'spooled to disk': lambda tmp_path: temporary_source(tempfile.SpooledTemporaryFile, max_size=1000),
}


@pytest.mark.parametrize('source', SOURCES.values(), ids=SOURCES)
def test_sources(connection, folder, tmp_path, source):
    with source(tmp_path) as file:
        assert connection.storeFile(folder.share, folder.path('file'), file) == len(DATA)
        assert not file.closed
        assert file.is_used if isinstance(file, OwnBytesIO) else True
    assert folder.read('file') == DATA


def opened(kind, **arguments):
    return kind(**arguments)


TARGETS = {
    'buffered file': lambda path: path.open('w+b'),
    'unbuffered file': lambda path: path.open('w+b', buffering=0),
    'file open for appending': lambda path: path.open('a+b'),
    'TemporaryFile': lambda path: opened(tempfile.TemporaryFile),
    'NamedTemporaryFile': lambda path: opened(tempfile.NamedTemporaryFile),
    'SpooledTemporaryFile': lambda path: opened(tempfile.SpooledTemporaryFile, max_size=1 << 30),
    'spooled to disk': lambda path: opened(tempfile.SpooledTemporaryFile, max_size=1000),
    'BytesIO': lambda path: io.BytesIO(),
    'a subclass of BytesIO': lambda path: OwnBytesIO(),
    'mmap': lambda path: mmap.mmap(-1, len(DATA)),
}


@pytest.mark.parametrize('target', TARGETS.values(), ids=TARGETS)
def test_targets(connection, folder, tmp_path, target):
    path = folder.put('file', DATA)
    with target(tmp_path / 'target') as file:
        assert connection.retrieveFile(folder.share, path, file)[1] == len(DATA)
        assert file.tell() == len(DATA)
        assert file.is_used if isinstance(file, OwnBytesIO) else True
        file.seek(0)
        assert file.read() == DATA


def test_a_compressed_target(connection, folder, tmp_path):
    path = folder.put('file', DATA)
    with gzip.open(tmp_path / 'gz', 'wb', compresslevel=1) as file:
        assert connection.retrieveFile(folder.share, path, file)[1] == len(DATA)
    assert gzip.decompress((tmp_path / 'gz').read_bytes()) == DATA


def test_one_file_after_another_into_one_target(connection, folder):
    target = io.BytesIO()
    for name, size in (('one', 10), ('two', 100_000), ('three', 0), ('four', 3_000_000)):
        connection.retrieveFile(folder.share, folder.put(name, DATA[:size]), target)
    assert target.getvalue() == DATA[:10] + DATA[:100_000] + DATA


@pytest.mark.parametrize('method', ['storeFile', 'retrieveFile'])
def test_a_file_that_cannot_do_what_is_asked_says_so_itself(connection, folder, tmp_path, method):
    path = folder.put('file', DATA)
    closed = io.BytesIO()
    closed.close()
    (tmp_path / 'file').touch()
    with (tmp_path / 'file').open('rb' if method == 'retrieveFile' else 'wb') as wrong:
        for file, error in ((closed, ValueError), (wrong, io.UnsupportedOperation)):
            with pytest.raises(error):
                getattr(connection, method)(folder.share, path, file)
    assert folder.read('file') == DATA
    assert connection.storeFile(folder.share, path, io.BytesIO(b'again')) == 5
