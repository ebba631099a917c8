"""Remote names on this computer's disk, and files that are whole or not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smb.base import SharedFile
from smb.cli import local
from smb.cli.failures import Failure
from smb.SMBConnection import SMBConnection
from tests.cli import stage

EVIL = ['', '.', '..', 'a/b', '../a', '/etc', 'a\\b', '..\\a', 'a\0b']
EVIL_ON_WINDOWS = [
    'C:', 'c:a', 'file:stream', 'file::$DATA', 'CON', 'nul', 'Aux.txt', 'COM1', 'lpt9.tar.gz', 'COM¹', 'CONIN$',
    'PRN .x', 'a.', 'a ', '...', 'a?', 'a*', 'a<b', 'a>b', 'a|b', 'a"b', 'a\nb', '\x1fa',
]  # fmt: skip


@pytest.mark.parametrize('name', EVIL)
@pytest.mark.parametrize('is_windows', [False, True])
def test_a_name_that_is_a_path_is_refused(name, is_windows):
    with pytest.raises(Failure, match='left out'):
        local.checked_name(name, is_windows)


@pytest.mark.parametrize('name', EVIL_ON_WINDOWS)
def test_a_name_that_means_something_else_on_windows_is_refused_there(name):
    assert local.checked_name(name, is_windows=False) == name
    with pytest.raises(Failure, match='Windows'):
        local.checked_name(name, is_windows=True)


@pytest.mark.parametrize(
    'name', ['a', '.a', 'a..b', '..a', 'a b', 'CONSOLE', 'COM10', 'com', 'NULL.txt', 'näme 日本 👍']
)
@pytest.mark.parametrize('is_windows', [False, True])
def test_an_ordinary_name_is_taken(name, is_windows):
    assert local.checked_name(name, is_windows) == name


def test_a_name_that_the_file_system_has_no_bytes_for_is_refused():
    with pytest.raises(Failure, match='this computer'):
        local.checked_name('a\ud800', is_windows=False)


def test_a_path_stays_inside_its_root(tmp_path):
    (tmp_path / 'root' / 'sub').mkdir(parents=True)
    (tmp_path / 'elsewhere').mkdir()
    (tmp_path / 'root' / 'link').symlink_to('../elsewhere')
    (tmp_path / 'root' / 'inner').symlink_to('sub')
    root = str(tmp_path / 'root')
    for folder in ('', 'sub', 'inner'):
        assert local.joined(os.path.join(root, folder), 'a', root).endswith('/a')
    for folder in ('link', '..', 'sub/../..'):
        with pytest.raises(Failure, match='outside'):
            local.joined(os.path.join(root, folder), 'a', root)


class Trouble(Exception):
    pass


class TestWholeFile:
    def test_it_takes_its_place_at_the_end(self):
        with local.whole_file('a') as file:
            file.write(b'new')
            assert not os.path.exists('a')
        assert Path('a').read_bytes() == b'new' and os.listdir() == ['a']

    @pytest.mark.parametrize('trouble', [Trouble, KeyboardInterrupt, OSError])
    def test_nothing_is_left_of_what_was_not_finished(self, trouble):
        for before in ([], ['a']):
            for name in before:
                Path(name).write_bytes(b'old')
            with pytest.raises(trouble), local.whole_file('a') as file:
                file.write(b'new')
                raise trouble
            assert os.listdir() == before
        assert Path('a').read_bytes() == b'old'

    def test_it_keeps_the_mode_of_what_it_replaces(self):
        Path('a').write_bytes(b'old')
        os.chmod('a', 0o640)
        with local.whole_file('a') as file:
            file.write(b'new')
        assert os.stat('a').st_mode & 0o777 == 0o640

    def test_a_link_is_replaced_and_not_followed(self):
        Path('precious').write_bytes(b'precious')
        os.symlink('precious', 'a')
        with local.whole_file('a') as file:
            file.write(b'new')
        assert Path('precious').read_bytes() == b'precious' and not os.path.islink('a')

    def test_the_longest_name_is_long_enough(self):
        with local.whole_file('n' * 255) as file:
            file.write(b'new')
        assert os.listdir() == ['n' * 255]

    def test_a_device_is_written_to(self):
        with local.whole_file('/dev/null') as file:
            file.write(b'new')
        assert not os.path.isfile('/dev/null')

    def test_an_error_names_the_file_and_no_other(self):
        with pytest.raises(FileNotFoundError) as caught, local.whole_file('none/a'):
            pass
        assert caught.value.filename == 'none/a' and 'part' not in str(caught.value)


def entry(name, attributes=0x80, size=1):
    return SharedFile(0.0, 0.0, 0.0, 0.0, size, size, attributes, '', name)


@pytest.mark.parametrize('name', EVIL)
def test_whatever_a_listing_says_a_download_stays_inside_its_folder(folder, tmp_path, monkeypatch, name):
    """The library refuses such a listing; here it is made to let one pass."""
    folder.put('good', b'good')
    listing = [entry('.', 0x10), entry('..', 0x10), entry(name), entry('good')]
    monkeypatch.setattr(SMBConnection, 'listPath', lambda *arguments, **keywords: listing)
    target = tmp_path / 'target'
    result = stage.run('get', '-r', folder.address, str(target))
    assert [path.name for path in tmp_path.iterdir()] == ['target']
    assert [path.name for path in target.iterdir()] == ['good']
    if name not in ('.', '..'):
        assert result.code != 0 and 'left out' in result.err
