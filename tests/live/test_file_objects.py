"""File objects against a real server: the standard library's own users of them, and the files that come of it."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import random
import shutil
import tarfile
import threading
import zipfile

import pytest

from smb.smb_constants import ATTR_HIDDEN, FILE_SHARE_NONE
from smb.smb_structs import OperationFailure
from tests.live.folder import noise

DATA = noise(3_000_000)


def opened(connection, folder, name, *arguments, **keywords):
    return connection.openFile(folder.share, folder.path(name), *arguments, **keywords)


@pytest.mark.parametrize('size', [0, 1, 65535, 65536, 65537, 1 << 20, 3_000_000])
def test_what_is_written_is_what_is_read(connection, folder, size):
    with opened(connection, folder, 'file', 'wb') as file:
        assert file.write(DATA[:size]) == size
    assert folder.read('file') == DATA[:size]
    with opened(connection, folder, 'file') as file:
        assert file.read() == DATA[:size]
        assert file.read() == b''


@pytest.mark.parametrize('buffering', [-1, 0, 1000])
@pytest.mark.parametrize('block', [7919, 1_000_003])
def test_blocks_of_any_size(connection, folder, buffering, block):
    data = DATA if block > 100_000 else DATA[:400_000]
    with opened(connection, folder, 'file', 'wb', buffering) as file:
        for begin in range(0, len(data), block):
            assert file.write(data[begin : begin + block]) == len(data[begin : begin + block])
    assert folder.read('file') == data
    with opened(connection, folder, 'file', 'rb', buffering) as file:
        found = list(iter(lambda: file.read(block), b''))
    assert b''.join(found) == data
    assert {len(part) for part in found[:-1]} == {block}


def test_here_and_there(connection, folder):
    folder.put('file', DATA)
    places = random.Random(1)
    with opened(connection, folder, 'file') as file:
        for _ in range(60):
            offset, length = places.randrange(len(DATA)), places.choice([1, 100, 70_000])
            assert file.seek(offset) == offset
            assert file.read(length) == DATA[offset : offset + length]
            memory = bytearray(length)
            count = file.readinto(memory)
            assert memory[:count] == DATA[offset + length : offset + 2 * length]
        assert file.seek(-10, io.SEEK_END) == len(DATA) - 10
        assert file.read() == DATA[-10:]


def test_reading_and_writing_in_one_file(connection, folder, tmp_path):
    folder.put('file', DATA[:500_000])
    (tmp_path / 'file').write_bytes(DATA[:500_000])
    numbers = random.Random(2)
    with opened(connection, folder, 'file', 'r+b') as file, (tmp_path / 'file').open('r+b') as local:
        for _ in range(80):
            offset, length = numbers.randrange(600_000), numbers.choice([1, 50, 5000, 150_000])
            step = numbers.choice(['read', 'write', 'write', 'truncate', 'flush'])
            for each in (local, file):
                each.seek(offset)
            if step == 'read':
                assert file.read(length) == local.read(length)
            elif step == 'write':
                assert file.write(DATA[:length]) == local.write(DATA[:length])
            elif step == 'truncate':
                assert file.truncate() == local.truncate()
            else:
                file.flush()
            assert file.tell() == local.tell()
        assert file.seek(0, 2) == local.seek(0, 2)
    assert folder.read('file') == (tmp_path / 'file').read_bytes()


def test_an_append_goes_to_the_end(connection, folder):
    folder.put('log', b'first\n')
    for line in ('second\n', 'third\n'):
        with opened(connection, folder, 'log', 'a', encoding='utf-8', newline='\n') as file:
            file.write(line)
    with opened(connection, folder, 'log', 'a+b') as file:
        file.seek(0)
        assert file.readline() == b'first\n'
        file.write(b'fourth\n')
    assert folder.read('log') == b'first\nsecond\nthird\nfourth\n'


def test_a_new_file_is_new(connection, folder):
    with opened(connection, folder, 'new', 'xb') as file:
        file.write(b'1')
    with pytest.raises(FileExistsError):
        opened(connection, folder, 'new', 'x')
    with pytest.raises(FileNotFoundError):
        opened(connection, folder, 'missing', 'r+')
    with pytest.raises(IsADirectoryError):
        opened(connection, folder, '', 'rb')


def test_a_hidden_file_is_overwritten(connection, folder):
    folder.mark(folder.put('file'), ATTR_HIDDEN)
    with opened(connection, folder, 'file', 'wb') as file:
        file.write(b'new')
    assert folder.read('file') == b'new'
    assert connection.getAttributes(folder.share, folder.path('file')).file_attributes & ATTR_HIDDEN


def test_what_another_opener_may_do(connection, connect, folder):
    other = connect(folder.server)
    folder.put('file')
    with opened(connection, folder, 'file', 'r+b') as file:
        with opened(other, folder, 'file', share_mode=7) as reader:
            assert reader.read() == b'0123456789'
        with pytest.raises(PermissionError):
            opened(other, folder, 'file', 'r+b')
        assert file.read(1) == b'0'
    with opened(connection, folder, 'file', share_mode=FILE_SHARE_NONE), pytest.raises(PermissionError):
        opened(other, folder, 'file')


def test_what_grows_is_read_on(connection, connect, folder):
    folder.put('log', b'one\n')
    other = connect(folder.server)
    with opened(connection, folder, 'log') as reader, opened(other, folder, 'log', 'ab') as writer:
        assert reader.read() == b'one\n'
        writer.write(b'two\n')
        writer.flush()
        assert reader.read() == b'two\n'
        assert reader.seek(0, 2) == 8


# The standard library on top


def test_zip_archives(connection, folder):
    with opened(connection, folder, 'archive.zip', 'wb') as file, zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('stored', DATA[:1_000_000])
        archive.writestr('deflated', b'0' * 1_000_000, zipfile.ZIP_DEFLATED)
        with archive.open('streamed', 'w') as member:
            for begin in range(0, 500_000, 50_000):
                member.write(DATA[begin : begin + 50_000])
    with zipfile.ZipFile(folder.local / 'archive.zip') as archive:
        assert archive.testzip() is None
    with opened(connection, folder, 'archive.zip', 'r+b') as file, zipfile.ZipFile(file, 'a') as archive:
        archive.writestr('added', b'more')
    with opened(connection, folder, 'archive.zip') as file, zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ['stored', 'deflated', 'streamed', 'added']
        assert archive.read('stored') == DATA[:1_000_000]
        assert archive.read('streamed') == DATA[:500_000]
        assert archive.read('added') == b'more'


@pytest.mark.parametrize('kind', ['', 'gz'])
def test_tar_archives(connection, folder, tmp_path, kind):
    for number in range(5):
        (tmp_path / str(number)).write_bytes(DATA[number : 100_000 * (number + 1)])
    with opened(connection, folder, 'archive', 'wb') as file, tarfile.open(fileobj=file, mode=f'w:{kind}') as archive:
        for number in range(5):
            archive.add(tmp_path / str(number), str(number))
    with opened(connection, folder, 'archive') as file, tarfile.open(fileobj=file) as archive:
        for number in reversed(range(5)):
            assert archive.extractfile(str(number)).read() == DATA[number : 100_000 * (number + 1)]


def test_gzip(connection, folder):
    with opened(connection, folder, 'gz', 'wb') as file, gzip.GzipFile(fileobj=file, mode='wb') as packed:
        packed.write(DATA[:200_000])
    with opened(connection, folder, 'gz') as file, gzip.GzipFile(fileobj=file) as packed:
        assert packed.read() == DATA[:200_000]


def test_tables(connection, folder):
    rows = [[str(number), f'naïve, "{number}"', 'two\nlines'] for number in range(5000)]
    with opened(connection, folder, 'table.csv', 'w', encoding='utf-8', newline='') as file:
        csv.writer(file).writerows(rows)
    with (folder.local / 'table.csv').open(encoding='utf-8', newline='') as local:
        assert list(csv.reader(local)) == rows
    with opened(connection, folder, 'table.csv', 'r', encoding='utf-8', newline='') as file:
        assert list(csv.reader(file)) == rows


def test_lines(connection, folder):
    lines = [b'x' * (number % 300) + b'\n' for number in range(20_000)]
    folder.put('lines', b''.join(lines))
    with opened(connection, folder, 'lines') as file:
        assert list(file) == lines
    with opened(connection, folder, 'lines', 'r', encoding='ascii') as file:
        assert sum(1 for _ in file) == len(lines)


def test_copies_between_local_and_remote_files(connection, folder, tmp_path):
    (tmp_path / 'source').write_bytes(DATA)
    with (tmp_path / 'source').open('rb') as source, opened(connection, folder, 'remote', 'wb') as target:
        shutil.copyfileobj(source, target)
    with opened(connection, folder, 'remote') as source, opened(connection, folder, 'other', 'wb') as target:
        shutil.copyfileobj(source, target)
    with opened(connection, folder, 'other') as source, (tmp_path / 'target').open('wb') as target:
        shutil.copyfileobj(source, target)
    assert (tmp_path / 'target').read_bytes() == DATA


def test_a_file_object_of_another_connection_is_source_and_target(connection, connect, folder):
    other = connect(folder.server)
    folder.put('file', DATA)
    with opened(other, folder, 'file') as source:
        connection.storeFile(folder.share, folder.path('stored'), source)
    with opened(other, folder, 'target', 'wb') as target:
        connection.retrieveFile(folder.share, folder.path('stored'), target)
    assert folder.read('target') == DATA


# Several at once


def test_many_files_open_on_one_connection(connection, folder):
    with_data = {f'{number}': DATA[number : number + 300_000] for number in range(12)}
    for name, data in with_data.items():
        folder.put(name, data)
    files = {name: opened(connection, folder, name) for name in with_data}
    found = dict.fromkeys(files, b'')
    for name in itertools.chain.from_iterable(itertools.repeat(list(files), 12)):
        found[name] += files[name].read(30_000)
        if name == '3':
            assert connection.exists(folder.share, folder.path(name))
    for file in files.values():
        file.close()
    assert found == with_data
    connection.deleteFiles(folder.share, folder.path('*'))
    assert folder.tree() == {}


def test_threads(connection, folder):
    failures = []

    def work(number):
        try:
            with opened(connection, folder, f'{number}', 'wb') as file:
                for begin in range(0, 1_000_000, 77_777):
                    file.write(DATA[begin : min(begin + 77_777, 1_000_000)])
            with opened(connection, folder, f'{number}') as file:
                assert file.read() == DATA[:1_000_000]
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


# What goes wrong


def test_a_full_disk_is_heard_of(server, connect, folder):
    small = server(shares={'smbtest': {'max disk size': '1'}})
    connection = connect(small)
    try:
        with connection.openFile('smbtest', 'file', 'wb') as file:
            for _ in range(4):
                file.write(DATA)
    except OperationFailure as failure:
        assert failure.errno == 28
    assert connection.exists('smbtest', 'file')


def test_a_file_that_goes_away_with_its_connection(connection, folder):
    folder.put('file', DATA)
    file = opened(connection, folder, 'file')
    file.read(10)
    connection.close()
    with pytest.raises(ConnectionError):
        file.read()
    file.close()
