"""The files that the file system for fsspec opens, and what becomes of them in a transaction."""

from __future__ import annotations

import gc
import gzip
import io
import pickle
import warnings
import zipfile

import fsspec
import pytest

from smb.smb_constants import FILE_SHARE_NONE
from tests.live.folder import noise


def test_a_file_is_written_read_and_changed(fs, folder, at):
    data = noise(1_000_000)
    with fs.open(at('file'), 'wb') as file:
        assert isinstance(file, io.BufferedWriter)
        file.write(data)
    with fs.open(at('file')) as file:
        assert isinstance(file, io.BufferedReader)
        assert (file.size, file.path, file.fs, file.mode) == (len(data), at('file'), fs, 'rb')
        assert file.read(10) == data[:10]
        file.seek(-10, 2)
        assert file.read() == data[-10:]
        assert file.details == fs.info(at('file'))
        assert file.full_name == f'smb://127.0.0.1:{folder.server.port}{at("file")}'
    with fs.open(at('file'), 'r+b') as file:
        file.write(b'changed')
        file.seek(0)
        assert file.read(9) == b'changed' + data[7:9]
    with fs.open(at('file'), 'ab') as file:
        file.write(b'more')
    assert folder.read('file') == b'changed' + data[7:] + b'more'
    with pytest.raises(FileExistsError):
        fs.open(at('file'), 'xb')


def test_text_is_written_and_read(fs, folder, at):
    with fs.open(at('file'), 'w', encoding='utf-16', newline='\r\n') as file:
        file.write('zwölf\n')
    assert folder.read('file').decode('utf-16') == 'zwölf\r\n'
    assert fs.read_text(at('file'), encoding='utf-16') == 'zwölf\n'
    fs.write_text(at('file'), 'x')
    assert folder.read('file') == b'x'


def test_a_compressed_file_is_whole_when_it_is_closed(fs, folder, at):
    server = folder.server
    url = f'smb://{server.host}:{server.port}{at("file.gz")}'
    options = {'username': server.user, 'password': server.password}
    with fsspec.open(url, 'wt', compression='infer', **options) as file:
        file.write('text')
    assert gzip.decompress(folder.read('file.gz')) == b'text'
    for name, compression in (('2.gz', 'infer'), ('3.bz2', 'infer'), ('4', 'xz'), ('5.txt', 'infer')):
        with fs.open(at(name), 'wt', compression=compression) as file:
            file.write('text')
        with fs.open(at(name), compression=compression) as file:
            assert file.read() == b'text'
    assert gzip.decompress(folder.read('2.gz')) == folder.read('5.txt') == b'text'
    with fs.transaction, fs.open(at('6.gz'), 'wb', compression='gzip') as file:
        file.write(b'text')
    assert gzip.decompress(folder.read('6.gz')) == b'text'


def test_a_zip_file_is_made_on_the_share(fs, folder, at):
    with fs.open(at('file.zip'), 'wb') as file, zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('name', 'content')
    with fs.open(at('file.zip')) as file, zipfile.ZipFile(file) as archive:
        assert archive.read('name') == b'content'


def test_a_file_for_reading_is_opened_anew_where_it_is_unpickled(fs, folder, at):
    folder.put('file')
    with fs.open(at('file'), block_size=1000) as file:
        file.seek(4)
        with pickle.loads(pickle.dumps(file)) as other:
            assert other.read() == b'456789' and other.blocksize == 1000
        other.fs.close()
    with fs.open(at('new'), 'wb') as file, pytest.raises(TypeError):
        pickle.dumps(file)


def test_a_file_for_reading_may_be_left_to_the_garbage_collector(fs, folder, at):
    folder.put('file')
    file = fs.open(at('file'), share_mode=FILE_SHARE_NONE)
    raw = file.raw
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        del file
        gc.collect()
    assert raw.closed and not said
    fs.open(at('file'), share_mode=FILE_SHARE_NONE).close()


def test_what_others_may_do_is_up_to_share_mode(fs, folder, at):
    folder.put('file')
    with fs.open(at('file'), share_mode=FILE_SHARE_NONE), pytest.raises(PermissionError):
        fs.open(at('file'))


@pytest.mark.filterwarnings('ignore::ResourceWarning')
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')  # blockcache leaves a file open
@pytest.mark.parametrize('protocol', ['simplecache', 'filecache', 'blockcache'])
def test_caches_of_fsspec_work_on_it(fs, folder, at, tmp_path, protocol):
    data = noise(300_000)
    folder.put('file', data)
    cache = fsspec.filesystem(protocol, fs=fs, cache_storage=str(tmp_path), skip_instance_cache=True)
    with cache.open(at('file')) as file:
        file.seek(200_000)
        assert file.read(10) == data[200_000:200_010]
        assert file.read() == data[200_010:]
    assert file.closed
    gc.collect()


def test_a_mapper_keeps_values_in_files(fs, folder, at):
    mapper = fs.get_mapper(at('store'))
    mapper['a/b'] = b'1'
    mapper.setitems({'c': b'2'})
    assert dict(mapper) == {'a/b': b'1', 'c': b'2'}
    del mapper['c']
    assert folder.tree() == {'store': None, 'store/a': None, 'store/a/b': b'1'}
    with pytest.raises(KeyError):
        mapper['gone']


# Transactions


def test_files_take_their_places_when_a_transaction_ends(fs, folder, at, tmp_path):
    folder.put('old', b'old')
    folder.put('log', b'1')
    (tmp_path / 'local').write_bytes(b'4')
    with fs.transaction:
        with fs.open(at('old'), 'wb') as file:
            file.write(b'new')
        with fs.open(at('log'), 'ab') as file:
            file.write(b'2')
        with fs.open(at('text'), 'w') as file:
            file.write('3')
        fs.put_file(tmp_path / 'local', at('put'))
        fs.pipe_file(at('pipe'), b'5')
        still_open = fs.open(at('open'), 'wb')
        still_open.write(b'6')
        assert (folder.read('old'), folder.read('log')) == (b'old', b'1')
        assert not fs.exists(at('text')) and not fs.exists(at('put')) and not fs.exists(at('pipe'))
        assert fs.glob(at('*')) == [at('log'), at('old')] or len(fs.ls(at())) == 8
    assert folder.tree() == {'old': b'new', 'log': b'12', 'text': b'3', 'put': b'4', 'pipe': b'5', 'open': b'6'}


def test_nothing_has_happened_when_a_transaction_fails(fs, folder, at):
    folder.put('old', b'old')
    with pytest.raises(ZeroDivisionError), fs.transaction:
        for name, mode in (('old', 'wb'), ('new', 'wb'), ('old', 'ab')):
            with fs.open(at(name), mode) as file:
                file.write(b'new')
        raise ZeroDivisionError
    assert folder.tree() == {'old': b'old'}
    with fs.open(at('later'), 'wb') as file:
        file.write(b'1')
    assert folder.read('later') == b'1'


def test_a_new_file_of_a_transaction_replaces_none_that_came_meanwhile(fs, folder, at):
    folder.put('there')
    with fs.transaction, pytest.raises(FileExistsError):
        fs.open(at('there'), 'xb')
    with pytest.raises(FileExistsError), fs.transaction:
        with fs.open(at('file'), 'xb') as file:
            file.write(b'1')
        with fs.open(at('other'), 'wb') as file:
            file.write(b'1')
        folder.put('file', b'first')
    assert folder.tree() == {'file': b'first', 'there': b'0123456789'}


def test_a_file_that_was_not_written_whole_does_not_take_its_place(fs, folder, at, monkeypatch):
    folder.put('file', b'old')
    with pytest.raises(OSError, match='not written whole'), fs.transaction:
        file = fs.open(at('file'), 'wb')
        file.write(b'new')
        with monkeypatch.context() as patches, pytest.raises(ZeroDivisionError):
            patches.setattr(file.raw, '_close', lambda: 1 / 0)
            file.close()
    assert folder.read('file') == b'old'
    fs.close()


def test_a_transaction_makes_folders_where_it_may(fs, folder, at):
    fs.auto_mkdir = True
    with fs.transaction, fs.open(at('a/b/file'), 'wb') as file:
        file.write(b'1')
    assert folder.read('a/b/file') == b'1'


def test_a_file_can_be_committed_by_itself(fs, folder, at):
    file = fs.open(at('file'), 'wb', autocommit=False)
    file.write(b'1')
    assert not file.autocommit and not fs.exists(at('file'))
    file.commit()
    assert folder.tree() == {'file': b'1'} and file.autocommit
    with pytest.raises(RuntimeError):
        file.commit()
    with pytest.raises(RuntimeError):
        file.discard()
    file = fs.open(at('file'), 'wb', autocommit=False)
    file.write(b'2')
    file.discard()
    assert folder.tree() == {'file': b'1'}


def test_what_a_transaction_wrote_is_listed(caching, at):
    assert caching.ls(at()) == []
    with caching.transaction, caching.open(at('file'), 'wb') as file:
        file.write(b'1')
    assert caching.ls(at(), detail=False) == [at('file')]
