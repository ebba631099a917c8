"""``mkdir``, ``rmdir``, ``rm`` and ``mv``, in a pipe and in a pseudo-terminal."""

from __future__ import annotations

import pytest

from smb.base import SharedFile
from smb.SMBConnection import SMBConnection
from tests.cli import stage


def check(result, code=0, error=''):
    """Nothing on standard output, and one line on standard error if any."""
    assert (result.code, result.out) == (code, ''), result
    assert error in result.err and len(result.err.splitlines()) == bool(error), result


def test_mkdir_makes_folders(run, folder):
    check(run('mkdir', folder.at('a'), folder.at('b c')))
    check(run('mkdir', folder.at('a')), 7, 'the name is taken')
    check(run('mkdir', folder.at('x/y')), 4, f'"smbcourier mkdir --parents {folder.at("x")}" makes it')
    assert folder.tree() == {'a': None, 'b c': None}


def test_mkdir_makes_the_folders_around_it(run, folder):
    for _ in range(2):
        check(run('mkdir', '--parents', folder.at('x/y/z'), folder.at('x/y')))
    assert folder.tree() == {'x': None, 'x/y': None, 'x/y/z': None}
    folder.put('file')
    check(run('mkdir', '--parents', folder.at('file/a')), 1, 'it is a file and no folder')


def test_rmdir_removes_empty_folders(run, folder):
    folder.mkdir('a1')
    folder.mkdir('a2')
    folder.put('full/file')
    check(run('rmdir', folder.at('a*')))
    check(run('rmdir', folder.at('full')), 7, 'the folder is not empty; "smbcourier rm -r')
    check(run('rmdir', folder.at('full/file')), 1, 'it is a file and no folder')
    check(run('rmdir', folder.at('none')), 4, 'there is no such file or folder')
    assert folder.tree() == {'full': None, 'full/file': b'0123456789'}


def test_rm_removes_files_and_what_matches(run, filled):
    filled.put('a.log')
    filled.put('b.log')
    check(run('rm', filled.at('*.LOG'), filled.at('notes.txt')))
    assert sorted(filled.tree()) == ['sub', 'sub/big.bin', 'sub/deep', 'sub/deep/table.csv']
    check(run('rm', filled.at('*.log')), 4, 'nothing matches')
    check(run('rm', filled.at('none')), 4, 'there is no such file or folder')
    check(run('rm', '-f', filled.at('none'), filled.at('*.log')))


def test_rm_takes_folders_only_with_r(run, filled):
    check(run('rm', filled.at('sub')), 1, 'it is a folder; -r removes it')
    assert 'sub/big.bin' in filled.tree()
    check(run('rm', '-r', filled.at('sub')))
    assert list(filled.tree()) == ['notes.txt']


def test_rm_goes_on_behind_a_failure(run, filled):
    result = run('rm', filled.at('none'), filled.at('notes.txt'))
    check(result, 4, 'there is no such file')
    assert 'notes.txt' not in filled.tree()
    assert run('rm', filled.at('none'), filled.at('sub')).code == 1  # for two reasons


def test_rm_removes_a_link_itself(run, folder):
    folder.put('precious/data')
    (folder.local / 'link').symlink_to('precious')
    (folder.local / 'sub').mkdir()
    (folder.local / 'sub/link').symlink_to('../precious')
    for link in ('link', 'sub/link'):
        check(run('rm', '-r', folder.at(link)), 7, 'it is a link or has one beside it, and what is in it is left alone')
    assert folder.read('precious/data') == b'0123456789'
    (folder.local / 'precious/data').unlink()
    check(run('rm', '-r', folder.at('link'), folder.at('sub/link')))
    assert not (folder.local / 'sub/link').is_symlink()
    assert not (folder.local / 'link').is_symlink() and (folder.local / 'precious').is_dir()


def test_rm_names_the_link_that_a_folder_cannot_be_emptied_of(run, folder):
    folder.put('a/file')
    (folder.local / 'a/link').symlink_to('../a')
    check(run('rm', '-r', folder.at('a')), 7, '\\a\\link is a symbolic link to another folder, which is not touched')


def test_rm_does_not_take_a_name_for_a_pattern(filled, monkeypatch):
    """A server that names a file ``*`` would have all the others deleted."""
    evil = SharedFile(0.0, 0.0, 0.0, 0.0, 1, 1, 0x80, '', 'n*')
    monkeypatch.setattr(SMBConnection, 'listPath', lambda *arguments, **keywords: [evil])
    check(stage.run('rm', filled.at('*')), 1, 'a name that is a pattern')
    assert 'notes.txt' in filled.tree()


def test_rm_of_a_whole_share_has_to_be_meant(run, folder):
    share = folder.address.removesuffix(f'/{folder.name}')
    check(run('rm', '-rf', share), 2, f'"{share}/*" is all that is in it')


def test_mv_renames(run, filled):
    check(run('mv', filled.at('notes.txt'), filled.at('list.txt')))
    check(run('mv', filled.at('list.txt'), filled.at('LIST.txt')))
    check(run('mv', filled.at('sub'), filled.at('SUB')))
    assert sorted(filled.tree()) == ['LIST.txt', 'SUB', 'SUB/big.bin', 'SUB/deep', 'SUB/deep/table.csv']


def test_mv_moves_into_a_folder(run, filled):
    filled.put('a.log')
    filled.put('b.log')
    check(run('mv', filled.at('notes.txt'), filled.at('*.log'), filled.at('sub/deep')))
    assert {'sub/deep/notes.txt', 'sub/deep/a.log', 'sub/deep/b.log'} < filled.tree().keys()
    check(run('mv', filled.at('sub/deep'), filled.address))
    assert filled.read('deep/table.csv') == b'a,b\n'


def test_mv_overwrites_nothing(run, filled):
    filled.put('other', b'other')
    check(run('mv', filled.at('notes.txt'), filled.at('other')), 7, f'{filled.at("other")}: the name is taken')
    check(run('mv', filled.at('none'), filled.at('other')), 4, f'{filled.at("none")}: there is no such file')
    check(run('mv', filled.at('notes.txt'), filled.at('none/a')), 4, f'mkdir --parents {filled.at("none")}')
    check(run('mv', filled.at('notes.txt'), filled.at('none/')), 4, 'there is no such folder to move into')
    check(run('mv', filled.at('n*'), filled.at('other')), 4, 'there is no such folder to move into')
    check(run('mv', filled.at('notes.txt'), filled.at('x/y')), 4, 'does not exist')
    assert filled.read('other') == b'other' and filled.read('notes.txt')


def test_mv_stays_on_its_share(run, filled):
    other = filled.at('notes.txt').replace('/smbtest/', '/public/')
    check(run('mv', filled.at('notes.txt'), other), 2, 'are on different shares')


@pytest.mark.parametrize('command', ['mkdir', 'rmdir', 'rm'])
def test_a_share_that_nobody_writes_to_is_exit_code_5(run, folder, command):
    root = folder.server.share_root('readonly')
    (root / 'file').write_bytes(b'')
    (root / 'folder').mkdir(exist_ok=True)
    name = {'mkdir': 'new', 'rmdir': 'folder', 'rm': 'file'}[command]
    address = f'//{folder.server.host}:{folder.server.port}/readonly/{name}'
    check(run(command, address), 5, f'{address}: ')
