"""What the file system for fsspec says and does, over SMB1 and the newest dialect."""

from __future__ import annotations

import os
import stat
from datetime import datetime, timezone

import pytest
from fsspec.callbacks import Callback

from smb.errors import OperationFailure
from smb.fsspec import SMBFileSystem
from smb.smb_constants import ATTR_DIRECTORY
from tests.live.folder import noise

# Looking


def test_the_root_has_the_shares_but_not_those_for_administrators(fs):
    assert fs.ls('/', detail=False) == ['/public', '/readonly', '/smbtest']
    assert all(entry['type'] == 'directory' for entry in fs.ls(''))
    assert fs.info('/')['type'] == fs.info('/smbtest')['type'] == 'directory'


def test_a_listing_has_names_sizes_types_and_times(fs, folder, at):
    folder.put('b.txt', b'12345')
    folder.mkdir('a')
    os.utime(folder.local / 'b.txt', (1e9, 1e9))
    a, b = fs.ls(at())
    assert (a['name'], a['type'], a['size']) == (at('a'), 'directory', 0)
    assert (b['name'], b['type'], b['size'], b['mtime']) == (at('b.txt'), 'file', 5, 1e9)
    assert a['attributes'] & ATTR_DIRECTORY
    assert fs.ls(at(), detail=False) == [at('a'), at('b.txt')]
    assert fs.modified(at('b.txt')) == datetime(2001, 9, 9, 1, 46, 40, tzinfo=timezone.utc)
    assert abs(fs.created(at('b.txt')).timestamp() - b['created']) < 1e-3


def test_info_is_what_a_listing_says(fs, folder, at):
    folder.put('file', b'12345')
    folder.mkdir('folder')
    assert fs.ls(at()) == [fs.info(at('file')), fs.info(at('folder'))]
    assert fs.ls(at('file')) == [fs.info(at('file'))]
    assert fs.size(at('file')) == 5


def test_names_that_are_not_there(fs, folder, at):
    folder.put('file')
    for path in (at('gone'), at('gone/gone'), at('file/gone'), '/gone', '/gone/gone', at('a?b')):
        assert not fs.exists(path) and not fs.isfile(path) and not fs.isdir(path)
        for ask in (fs.info, fs.ls, fs.cat_file, fs.open):
            with pytest.raises((FileNotFoundError, NotADirectoryError, OperationFailure)):
                ask(path)
    with pytest.raises(FileNotFoundError, match='gone'):
        fs.info(at('gone'))
    with pytest.raises(FileNotFoundError):
        fs.info(at('a?b'))
    assert fs.exists('/') and fs.isdir('/smbtest') and fs.isfile(at('file'))


def test_paths_are_cleaned_and_never_lead_out_of_a_share(fs, folder, at):
    folder.put('sub/file', b'x')
    for path in (f'{at()}/sub/./file', f'{at()}//sub//file', f'{at()}/sub/../sub/file', at('sub\\file')[1:]):
        assert fs.cat_file(path) == b'x'
    with pytest.raises(ValueError, match='out of its share'):
        fs.info('/smbtest/../readonly/x')


def test_find_glob_and_walk(fs, folder, at):
    for name in ('1.csv', 'a/2.csv', 'a/b/3.csv', 'a/b/4.txt'):
        folder.put(name, b'1')
    folder.mkdir('empty')
    assert fs.find(at()) == [at('1.csv'), at('a/2.csv'), at('a/b/3.csv'), at('a/b/4.txt')]
    assert fs.find(at(), maxdepth=1, withdirs=True) == [at(), at('1.csv'), at('a'), at('empty')]
    assert fs.find(at('1.csv')) == [at('1.csv')]
    assert fs.glob(at('**/*.csv')) == [at('1.csv'), at('a/2.csv'), at('a/b/3.csv')]
    assert fs.glob(f'{at()}/*/') == [at('a'), at('empty')]
    assert list(fs.walk(at('a'))) == [(at('a'), ['b'], ['2.csv']), (at('a/b'), [], ['3.csv', '4.txt'])]
    assert [step[0] for step in fs.walk(at('a'), topdown=False)] == [at('a/b'), at('a')]
    assert list(fs.walk(at(), maxdepth=1)) == [(at(), ['a', 'empty'], ['1.csv'])]
    assert fs.du(at()) == 4
    pruned = []
    for path, folders, _ in fs.walk(at()):
        pruned.append(path)
        folders.clear()
    assert pruned == [at()]


def test_a_walk_over_the_shares_goes_into_each(fs, folder, at):
    folder.put('file')
    found = {path: files for path, _, files in fs.walk('/', maxdepth=3)}
    assert found[at()] == ['file'] and '/readonly' in found


def test_a_walk_goes_through_no_link(fs, folder, at):
    folder.put('a/file')
    (folder.local / 'a' / 'back').symlink_to(folder.local)
    (folder.local / 'a' / 'b').mkdir()
    (folder.local / 'a' / 'b' / 'round').symlink_to(folder.local / 'a')
    assert fs.find(at()) == [at('a/file')]


@pytest.fixture
def locked(server):
    """A file system with a share that its user may not enter."""
    private = server(shares={'locked': {'valid users': 'nobody'}})
    (private.root / 'file').write_bytes(b'')
    fs = SMBFileSystem(private.host, private.port, private.user, private.password, skip_instance_cache=True)
    yield fs
    fs.close()


def test_what_may_not_be_listed_is_left_out_told_or_raised(locked):
    told = []
    assert '/smbtest/file' in locked.find('/')
    assert '/smbtest' in [path for path, _, _ in locked.walk('/', on_error=told.append)]
    (error,) = told
    assert isinstance(error, PermissionError)
    with pytest.raises(PermissionError):
        list(locked.walk('/', on_error='raise'))


def test_what_keeps_the_server_from_saying_whether_there_is_a_file_is_raised(locked):
    for ask in (locked.exists, locked.isfile, locked.isdir):
        with pytest.raises(PermissionError):
            ask('/locked/file')


# Reading


def test_a_file_is_read_whole_and_in_parts(fs, folder, at):
    data = noise(300_000)
    folder.put('file', data)
    assert fs.cat_file(at('file')) == data
    assert fs.cat_file(at('file'), 10, 20) == data[10:20]
    assert fs.cat_file(at('file'), 299_990, 400_000) == data[299_990:]
    assert fs.cat_file(at('file'), -10) == data[-10:]
    assert fs.cat_file(at('file'), -20, -10) == data[-20:-10]
    assert fs.cat_file(at('file'), 20, 10) == fs.cat_file(at('file'), 400_000) == b''
    assert fs.head(at('file'), 5) == data[:5] and fs.tail(at('file'), 5) == data[-5:]
    assert fs.read_block(at('file'), 100, 1000) == data[100:1100]
    with pytest.raises(IsADirectoryError):
        fs.cat_file(at())


def test_several_files_are_read_at_once(fs, folder, at):
    contents = {at(f'{number}'): noise(number * 40_000) for number in range(5)}
    for path, data in contents.items():
        folder.put(path.rpartition('/')[2], data)
    folder.mkdir('sub')
    assert fs.cat(list(contents)) == contents
    assert fs.cat(at(), recursive=True) == contents
    assert fs.cat(at('1')) == contents[at('1')]
    with pytest.raises(FileNotFoundError):
        fs.cat([at('1'), at('gone')])
    assert fs.cat([at('1'), at('gone')], on_error='omit') == {at('1'): contents[at('1')]}
    assert isinstance(fs.cat([at('gone'), at('1')], on_error='return')[at('gone')], FileNotFoundError)


def test_ranges_of_several_files_and_shares(fs, folder, at):
    big, small = noise(3_000_000), b'0123456789'
    folder.put('big', big)
    folder.put('small', small)
    (folder.server.share_root('public') / 'other').write_bytes(small)
    wanted = [
        (at('big'), 5, 10),
        (at('small'), 2, 4),
        (at('big'), 100_000, 2_900_000),
        (at('big'), -10, None),
        ('/public/other', None, None),
        (at('big'), 2_999_990, 5_000_000),
        (at('big'), 7, 7),
        (at('big'), 4_000_000, 5_000_000),
    ]
    expected = [big[5:10], small[2:4], big[100_000:2_900_000], big[-10:], small, big[-10:], b'', b'']
    paths, starts, ends = map(list, zip(*wanted, strict=True))
    assert fs.cat_ranges(paths, starts, ends) == expected
    assert fs.cat_ranges([at('big')], 100, [2_000_000]) == [big[100:2_000_000]]
    assert fs.cat_ranges([at('small'), at('big')], -3, None, max_gap=10) == [small[-3:], big[-3:]]
    assert fs.cat_ranges([], [], []) == []


def test_a_range_that_cannot_be_read_does_not_stop_the_others(fs, folder, at):
    folder.put('file', b'0123456789')
    paths = [at('gone'), at('file'), at('gone'), '/nowhere/x', at(), at('lost')]
    found = fs.cat_ranges(paths, [0, 0, 5, 0, 0, -5], [5, 5, 9, 5, 5, None])
    assert found[1] == b'01234'
    for number, kind in enumerate([FileNotFoundError, bytes, FileNotFoundError, FileNotFoundError, IsADirectoryError,
                                   FileNotFoundError]):  # fmt: skip
        assert isinstance(found[number], kind)
    assert 'lost' in str(found[5])
    with pytest.raises(FileNotFoundError):
        fs.cat_ranges(paths, 0, 5, on_error='raise')
    with pytest.raises(ValueError, match='as many'):
        fs.cat_ranges(paths, [0], 5)
    with pytest.raises(TypeError):
        fs.cat_ranges(at('file'), 0, 5)


class Steps(Callback):
    """Notes what it is told."""

    def __init__(self):
        super().__init__()
        self.steps = []

    def relative_update(self, inc=1):
        self.steps.append(inc)
        super().relative_update(inc)


def test_a_file_is_got_with_progress(fs, folder, at, tmp_path):
    data = noise(5_000_000)
    folder.put('file', data)
    steps = Steps()
    fs.get_file(at('file'), tmp_path / 'new' / 'file', callback=steps)
    assert (tmp_path / 'new' / 'file').read_bytes() == data
    assert (steps.size, steps.value, sum(steps.steps)) == (len(data),) * 3 and len(steps.steps) > 1
    with open(tmp_path / 'open', 'w+b') as file:
        fs.get_file(at('file'), file)
    assert (tmp_path / 'open').read_bytes() == data


def test_a_file_that_cannot_be_got_leaves_nothing_and_harms_nothing(fs, at, tmp_path):
    (tmp_path / 'old').write_bytes(b'old')
    for name in ('old', 'new'):
        with pytest.raises(FileNotFoundError):
            fs.get_file(at('gone'), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ['old']
    assert (tmp_path / 'old').read_bytes() == b'old'


def test_a_folder_is_got_as_a_folder(fs, folder, at, tmp_path):
    folder.put('a/b/file', b'1')
    fs.get(at('a'), str(tmp_path / 'copy'), recursive=True)
    assert (tmp_path / 'copy' / 'b' / 'file').read_bytes() == b'1'
    with pytest.raises(IsADirectoryError):
        fs.get_file(at('a/b/file'), tmp_path / 'copy')


def test_a_download_through_a_link_keeps_the_link(fs, folder, at, tmp_path):
    folder.put('file', b'new')
    (tmp_path / 'target').write_bytes(b'old')
    (tmp_path / 'link').symlink_to(tmp_path / 'target')
    fs.get_file(at('file'), tmp_path / 'link')
    assert (tmp_path / 'link').is_symlink() and (tmp_path / 'target').read_bytes() == b'new'
    assert stat.S_ISREG((tmp_path / 'target').stat().st_mode)
    fs.get_file(at('file'), '/dev/null')
    assert stat.S_ISCHR(os.stat('/dev/null').st_mode)


# Writing


def test_bytes_are_stored_and_a_taken_name_can_be_refused(fs, folder, at):
    fs.pipe_file(at('file'), b'1')
    fs.pipe_file(at('file'), bytearray(b'22'))
    with pytest.raises(FileExistsError):
        fs.pipe_file(at('file'), b'333', mode='create')
    assert folder.read('file') == b'22'
    fs.pipe({at('a'): b'', at('b'): b'2'})
    assert (folder.read('a'), folder.read('b')) == (b'', b'2')
    with pytest.raises(ValueError, match='mode'):
        fs.pipe_file(at('file'), b'', mode='append')
    with pytest.raises(FileNotFoundError):
        fs.pipe_file(at('new/file'), b'')
    fs.auto_mkdir = True
    fs.pipe_file(at('new/deep/file'), b'x')
    assert folder.read('new/deep/file') == b'x'


def test_a_file_is_put_with_progress_and_its_folders_are_made(fs, folder, at, tmp_path):
    data = noise(5_000_000)
    (tmp_path / 'file').write_bytes(data)
    steps = Steps()
    fs.put_file(tmp_path / 'file', at('new/deep/file'), callback=steps)
    assert folder.read('new/deep/file') == data
    assert (steps.size, steps.value) == (len(data), len(data)) and len(steps.steps) > 1
    with pytest.raises(FileExistsError):
        fs.put_file(tmp_path / 'file', at('new/deep/file'), mode='create')
    fs.put_file(tmp_path / 'file', at('created'), mode='create')
    assert folder.read('created') == data
    with pytest.raises(FileNotFoundError):
        fs.put_file(tmp_path / 'gone', at('x'))
    fs.put_file(tmp_path, at('folder'))
    assert fs.isdir(at('folder'))


def test_nothing_is_written_where_nobody_may(fs, folder, tmp_path):
    (folder.server.share_root('readonly') / 'file').write_bytes(b'1')
    (tmp_path / 'file').write_bytes(b'2')
    for refused in (
        lambda: fs.pipe_file('/readonly/file', b'2'),
        lambda: fs.put_file(tmp_path / 'file', '/readonly/file'),
        lambda: fs.open('/readonly/new', 'wb'),
        lambda: fs.mkdir('/readonly/new'),
        lambda: fs.rm('/readonly/file'),
        lambda: fs.mv('/readonly/file', '/readonly/other'),
        lambda: fs.cp_file('/readonly/file', '/readonly/other'),
    ):
        with pytest.raises(PermissionError):
            refused()
    assert fs.cat_file('/readonly/file') == b'1'


def test_touch_makes_empties_or_only_dates_a_file(fs, folder, at):
    fs.touch(at('new'))
    assert folder.read('new') == b''
    folder.put('file', b'1')
    os.utime(folder.local / 'file', (1, 1))
    fs.touch(at('file'), truncate=False)
    assert folder.read('file') == b'1' and (folder.local / 'file').stat().st_mtime > 1e9
    fs.touch(at('file'))
    assert folder.read('file') == b''


def test_a_copy_is_made_on_the_share_and_from_share_to_share(fs, folder, at):
    data = noise(2_000_000)
    folder.put('file', data)
    folder.put('target', b'old')
    fs.cp_file(at('file'), at('target'))
    fs.cp_file(at('file'), '/public/copied')
    assert folder.read('target') == data
    assert (folder.server.share_root('public') / 'copied').read_bytes() == data
    folder.put('tree/sub/file', b'1')
    fs.copy(at('tree'), at('tree2'), recursive=True)
    assert folder.read('tree2/sub/file') == b'1'
    with pytest.raises(FileNotFoundError):
        fs.cp_file(at('gone'), at('x'))
    with pytest.raises(FileNotFoundError):
        fs.cp_file(at('file'), at('new/x'))
    fs.auto_mkdir = True
    fs.cp_file(at('file'), at('new/x'))
    with pytest.raises(FileNotFoundError):
        fs.cp_file(at('gone'), at('never/x'))
    assert folder.read('new/x') == data and not (folder.local / 'never').exists()


def test_a_move_is_a_rename_that_replaces_files(fs, folder, at):
    folder.put('file', b'new')
    folder.put('target', b'old')
    inode = (folder.local / 'file').stat().st_ino
    fs.mv(at('file'), at('target'))
    assert folder.tree() == {'target': b'new'} and (folder.local / 'target').stat().st_ino == inode
    fs.mv(at('target'), at('target'))
    fs.mv(at('target'), at('TARGET'))
    assert folder.tree() == {'TARGET': b'new'}
    folder.mkdir('folder')
    fs.mv(at('TARGET'), at('folder'))
    fs.mv(at('folder/TARGET'), at('folder/x'))
    assert folder.tree() == {'folder': None, 'folder/x': b'new'}
    fs.mv(at('folder'), at('other'))
    assert folder.tree() == {'other': None, 'other/x': b'new'}
    with pytest.raises(FileNotFoundError):
        fs.mv(at('gone'), at('x'))
    with pytest.raises(FileNotFoundError):
        fs.mv(at('other/x'), at('gone/x'))
    fs.mv(at('other/x'), '/public/moved')
    assert folder.tree() == {'other': None} and fs.cat_file('/public/moved') == b'new'


def test_a_move_replaces_no_folder(fs, folder, at):
    folder.put('file', b'1')
    folder.put('folder/file/inside', b'2')
    folder.mkdir('empty')
    with pytest.raises(OperationFailure):
        fs.mv(at('file'), at('folder'))
    with pytest.raises(OperationFailure):
        fs.take_place(at('empty'), at('file'), is_new=False)
    assert folder.tree() == {'empty': None, 'file': b'1', 'folder': None, 'folder/file': None,
                             'folder/file/inside': b'2'}  # fmt: skip


def test_several_are_moved_by_pattern(fs, folder, at):
    folder.put('a.txt', b'1')
    folder.put('b.txt', b'2')
    folder.mkdir('into')
    fs.mv(at('*.txt'), f'{at("into")}/')
    assert folder.tree() == {'into': None, 'into/a.txt': b'1', 'into/b.txt': b'2'}


def test_removing(fs, folder, at):
    for name in ('1.txt', '2.txt', 'keep', 'a/b/file', 'a/file'):
        folder.put(name)
    folder.mkdir('empty')
    fs.rm(at('*.txt'))
    assert sorted(name for name in folder.tree() if '/' not in name) == ['a', 'empty', 'keep']
    with pytest.raises(FileNotFoundError):
        fs.rm(at('gone'))
    with pytest.raises(FileNotFoundError):
        fs.rm_file(at('gone'))
    with pytest.raises(OperationFailure):
        fs.rm_file(at('k*'))
    with pytest.raises(IsADirectoryError):
        fs.rm(at('a'))
    with pytest.raises(OSError):
        fs.rmdir(at('a'))
    fs.rm(at('a'), recursive=True, maxdepth=1)
    assert folder.tree() == {'a': None, 'a/b': None, 'a/b/file': b'0123456789', 'empty': None, 'keep': b'0123456789'}
    fs.rm([at('a'), at('keep')], recursive=True)
    fs.rmdir(at('empty'))
    assert folder.tree() == {}


def test_removing_a_folder_leaves_what_its_links_lead_to(fs, folder, at):
    folder.put('precious/file', b'1')
    folder.mkdir('a')
    (folder.local / 'a' / 'link').symlink_to(folder.local / 'precious')
    with pytest.raises(OperationFailure, match='symbolic link'):
        fs.rm(at('a'), recursive=True)
    assert folder.read('precious/file') == b'1'


def test_making_folders(fs, folder, at):
    fs.mkdir(at('a/b'))
    fs.makedirs(at('a/b/c'))
    fs.makedirs(at('a/b/c'), exist_ok=True)
    fs.makedirs('/smbtest', exist_ok=True)
    assert (folder.local / 'a' / 'b' / 'c').is_dir()
    for again in (lambda: fs.mkdir(at('a')), lambda: fs.makedirs(at('a')), lambda: fs.mkdir('/smbtest')):
        with pytest.raises(FileExistsError):
            again()
    folder.put('file')
    with pytest.raises(FileExistsError):
        fs.makedirs(at('file'), exist_ok=True)
    with pytest.raises(FileNotFoundError):
        fs.mkdir(at('x/y'), create_parents=False)
    with pytest.raises(FileNotFoundError, match='no such share'):
        fs.mkdir('/newshare')


def test_what_needs_a_share_says_so_for_the_root(fs):
    for ask in (fs.cat_file, fs.open, fs.rm_file, fs.rmdir):
        with pytest.raises(IsADirectoryError):
            ask('/')


# The directory cache


def test_nothing_is_kept_unless_it_is_asked_for(fs, folder, at):
    assert fs.ls(at()) == []
    folder.put('file')
    assert fs.ls(at(), detail=False) == [at('file')]
    assert not fs.dircache


def test_a_listing_is_kept_until_it_is_refreshed_or_forgotten(caching, folder, at):
    fs = caching
    assert fs.ls(at()) == []
    folder.put('file', b'1')
    assert fs.ls(at()) == []
    assert fs.exists(at('file'))  # what was not listed is asked for
    assert fs.ls(at(), detail=False, refresh=True) == [at('file')]
    (folder.local / 'file').write_bytes(b'12345')
    assert fs.info(at('file'))['size'] == 1 and fs.info(at('file'), refresh=True)['size'] == 5
    fs.invalidate_cache(at())
    assert fs.info(at('file'))['size'] == 5
    fs.invalidate_cache()
    assert not fs.dircache


def write(fs, path):
    with fs.open(path, 'wb') as file:
        file.write(b'1')


@pytest.mark.parametrize(
    'change',
    [
        write,
        lambda fs, path: fs.pipe_file(path, b'1'),
        lambda fs, path: fs.put_file(__file__, path),
        lambda fs, path: fs.cp_file(path.replace('new', 'old'), path),
        lambda fs, path: fs.mv(path.replace('new', 'old'), path),
        lambda fs, path: fs.mkdir(path),
        lambda fs, path: fs.touch(path),
        lambda fs, path: fs.pipe_file(path.upper().replace('SMBTEST', 'smbtest'), b'1'),
    ],
    ids=['open', 'pipe', 'put', 'cp', 'mv', 'mkdir', 'touch', 'capitals'],
)
def test_what_is_changed_is_listed_anew(caching, folder, at, change):
    folder.put('old')
    assert caching.ls(at(), detail=False) == [at('old')]
    change(caching, at('new'))
    assert any(name.lower() == at('new').lower() for name in caching.ls(at(), detail=False))


def test_what_is_removed_is_not_listed_any_more(caching, folder, at):
    folder.put('a/b/file')
    folder.mkdir('empty')
    assert len(caching.find(at(), withdirs=True)) == 5
    assert {at(), at('a'), at('a/b'), at('empty')} <= set(caching.dircache)
    caching.rmdir(at('empty'))
    assert caching.ls(at(), detail=False) == [at('a')]
    caching.ls(at('a'))
    caching.rm(at('a'), recursive=True)
    assert caching.ls(at()) == [] and at('a/b') not in caching.dircache
    with pytest.raises(FileNotFoundError):
        caching.ls(at('a/b'))
