"""``get``, ``put`` and ``cat``, in a pipe and in a pseudo-terminal."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from smb.SMBConnection import SMBConnection
from tests.cli import stage

BIG = bytes(range(256)) * 1200


def check(result, code=0, error=''):
    """Nothing on standard output, and one line on standard error if any; a progress bar stands there, too."""
    lines = [line for line in result.err.replace('\r', '\n').splitlines() if line.startswith('smbcourier: ')]
    assert (result.code, result.out) == (code, ''), result
    assert error in result.err and len(lines) == bool(error), result


def local_tree(top='.'):
    return {
        path.relative_to(top).as_posix(): path.read_bytes() if path.is_file() else None for path in Path(top).rglob('*')
    }


def names(top='.'):
    return sorted(local_tree(top))


class TestCat:
    def test_files_are_written_one_behind_the_other(self, run, filled):
        result = run('cat', filled.at('notes.txt'), filled.at('sub/big.bin'))
        assert (result.code, result.err) == (0, '')
        assert result.data == b'Order more paper clips.\n' + BIG
        assert run('cat', filled.at('sub/*/*.csv')).out == 'a,b\n'

    def test_what_cannot_be_read_is_reported_and_the_rest_is_written(self, run, filled):
        result = run('cat', filled.at('none'), filled.at('notes.txt'))
        assert (result.code, result.out) == (4, 'Order more paper clips.\n')
        assert 'there is no such file or folder' in result.err
        result = run('cat', filled.at('sub'))
        assert (result.code, result.out) == (1, '') and 'it is a folder; "smbcourier ls' in result.err


class TestGet:
    def test_a_file_takes_its_own_name_or_another_one(self, run, filled):
        check(run('get', filled.at('sub/big.bin')))
        check(run('get', filled.at('notes.txt'), 'copy.txt'))
        assert local_tree() == {'big.bin': BIG, 'copy.txt': b'Order more paper clips.\n'}

    def test_a_folder_that_is_missing_is_not_to_be_made(self, run, folder):
        check(run('get', folder.at('none/a')), 4, 'the folder that it is in does not exist (')

    def test_files_go_into_a_folder(self, run, filled):
        os.mkdir('into')
        check(run('get', filled.at('*/big.*'), filled.at('notes.txt'), 'into'))
        check(run('get', filled.at('sub/deep/table.csv'), 'into/'))
        assert names() == ['into', 'into/big.bin', 'into/notes.txt', 'into/table.csv']

    def test_several_files_need_a_folder(self, run, filled):
        check(run('get', filled.at('*.txt'), 'none'), 4, 'none: there is no such folder on this computer')
        check(run('get', filled.at('notes.txt'), 'none/'), 4, 'none/: there is no such folder on this computer')
        check(run('get', filled.at('notes.txt'), 'none/a'), 4, 'none/a: No such file or directory')
        check(run('get', filled.at('none'), 'a'), 4, 'there is no such file or folder')
        assert names() == []

    def test_standard_output_gets_the_bytes_and_no_progress(self, run, filled):
        result = run('get', filled.at('sub/big.bin'), '-')
        assert (result.code, result.data, result.err) == (0, BIG, '')
        assert run('get', '-r', filled.at('sub'), '-').code == 2
        assert names() == []

    def test_a_folder_takes_r(self, run, filled):
        check(run('get', filled.at('sub')), 1, 'it is a folder; -r takes folders')
        assert names() == []
        for target in ((), ('copy',), ('.',)):
            assert run('get', '-q', '-r', filled.at('sub'), *target).err == ''
        check(run('get', '-q', '-r', filled.at('sub'), 'copy'))
        inside = ['big.bin', 'deep', 'deep/table.csv']
        assert names() == sorted(
            ['sub', *(f'sub/{name}' for name in inside), 'copy', *(f'copy/{name}' for name in inside),
             'copy/sub', *(f'copy/sub/{name}' for name in inside)]
        )  # fmt: skip
        assert Path('copy/sub/big.bin').read_bytes() == BIG

    def test_a_whole_share_is_called_by_its_name(self, run, folder):
        root = folder.server.share_root('readonly')
        (root / 'file').write_bytes(b'data')
        share = f'//{folder.server.host}:{folder.server.port}/readonly'
        check(run('get', '-q', '-r', share))
        assert Path('readonly/file').read_bytes() == b'data'

    def test_a_link_to_a_folder_is_not_followed(self, run, filled):
        (filled.local / 'sub' / 'up').symlink_to('..')
        result = run('get', '-r', filled.at('sub'))
        assert result.code == 0
        assert f'{filled.at("sub/up")}: it is a link to a folder, which is not followed' in result.err
        assert names('sub') == ['big.bin', 'deep', 'deep/table.csv']

    def test_nothing_is_written_through_local_links(self, run, filled, tmp_path_factory):
        elsewhere = tmp_path_factory.mktemp('elsewhere')
        os.mkdir('sub')
        os.symlink(elsewhere, 'sub/deep')
        result = run('get', '-q', '-r', filled.at('sub'), '.')
        assert result.code == 1 and 'this is outside of ./sub' in result.err.replace(
            'outside of sub', 'outside of ./sub'
        )
        assert list(elsewhere.iterdir()) == [] and Path('sub/big.bin').read_bytes() == BIG

    def test_a_failure_leaves_the_old_file_and_no_other(self, filled, monkeypatch):
        Path('notes.txt').write_bytes(b'old')

        def fail(self, share, path, file_obj, *arguments):
            file_obj.write(b'half')
            raise OSError(28, 'No space left on device')

        monkeypatch.setattr(SMBConnection, 'retrieveFile', fail)
        check(stage.run('get', filled.at('notes.txt')), 1, 'notes.txt: No space left on device')
        assert local_tree() == {'notes.txt': b'old'}

    def test_times_are_kept_on_request(self, run, filled):
        check(run('get', '--preserve', filled.at('notes.txt')))
        assert os.stat('notes.txt').st_mtime == 1772366400

    def test_what_was_copied_as_json(self, filled):
        assert stage.run('get', '--json', filled.at('notes.txt')).json == [
            {'source': filled.at('notes.txt'), 'target': 'notes.txt', 'size': 24}
        ]


class TestGoOnWithGet:
    def test_what_is_missing_is_fetched_and_nothing_else(self, run, filled, monkeypatch):
        sizes = []
        retrieve = SMBConnection.retrieveFileFromOffset

        def count(self, *arguments):
            result = retrieve(self, *arguments)
            sizes.append(result[1])
            return result

        monkeypatch.setattr(SMBConnection, 'retrieveFileFromOffset', count)
        Path('big.bin').write_bytes(BIG[:200000])
        check(run('get', '-c', filled.at('sub/big.bin')))
        assert Path('big.bin').read_bytes() == BIG and sizes == [65536, len(BIG) - 200000]
        check(run('get', '-c', filled.at('sub/big.bin')))
        assert Path('big.bin').read_bytes() == BIG and sizes[2:] == [65536]

    def test_what_is_not_there_yet_is_fetched_whole(self, run, filled):
        check(run('get', '-c', filled.at('sub/big.bin'), 'a'))
        check(run('get', '-q', '-c', '-r', filled.at('sub'), '.'))
        assert local_tree()['a'] == local_tree()['sub/big.bin'] == BIG

    def test_another_file_is_left_as_it_is(self, run, filled):
        for content, error, code in (
            (b'x' * 100, 'is not the beginning of this file', 1),
            (BIG + b'x', 'is longer than the whole file', 7),
        ):
            Path('big.bin').write_bytes(content)
            check(run('get', '-c', filled.at('sub/big.bin')), code, error)
            assert Path('big.bin').read_bytes() == content

    def test_what_came_before_a_failure_stays(self, filled, monkeypatch):
        def fail(self, share, path, file_obj, *arguments):
            file_obj.write(BIG[:1000])
            raise OSError(5, 'Input/output error')

        with monkeypatch.context() as patch:
            patch.setattr(SMBConnection, 'retrieveFileFromOffset', fail)
            patch.setattr('smb.cli.local.check_same', lambda *arguments: None)
            check(stage.run('get', '-c', filled.at('sub/big.bin')), 1, 'big.bin: Input/output error')
        assert local_tree() == {'big.bin': BIG[:1000]}
        check(stage.run('get', '-c', filled.at('sub/big.bin')))
        assert local_tree() == {'big.bin': BIG}


class TestPut:
    @pytest.fixture(autouse=True)
    def files(self):
        Path('here/deep').mkdir(parents=True)
        Path('here/big.bin').write_bytes(BIG)
        Path('here/deep/a').write_bytes(b'a')
        Path('b.txt').write_bytes(b'b')

    def test_a_file_takes_its_own_name_or_another_one(self, run, folder):
        check(run('put', 'here/big.bin', folder.address))
        check(run('put', 'b.txt', folder.at('c.txt')))
        check(run('put', 'here/deep/a', folder.at('c.txt')))
        assert folder.tree() == {'big.bin': BIG, 'c.txt': b'a'}

    def test_files_go_into_a_folder(self, run, folder):
        check(run('put', 'b.txt', 'here/*.bin', folder.address))
        check(run('put', 'b.txt', 'here/big.bin', folder.at('none')), 4, 'mkdir --parents')
        check(run('put', 'b.txt', folder.at('none/')), 4, 'mkdir --parents')
        check(run('put', 'b.txt', folder.at('none/a')), 4, f'"smbcourier mkdir --parents {folder.at("none")}" makes it')
        assert sorted(folder.tree()) == ['b.txt', 'big.bin']

    def test_standard_input_is_a_file(self, run, folder):
        check(run('put', '-', folder.at('in'), stdin=BIG))
        check(run('put', '-', folder.at('empty')))
        assert folder.tree() == {'in': BIG, 'empty': b''}
        check(run('put', '-', folder.address), 2, 'say what standard input is to be called in it')
        check(run('put', '-c', '-', folder.at('in')), 2, 'leave out -c')

    def test_a_folder_takes_r(self, run, folder):
        check(run('put', 'here', folder.address), 1, 'here: it is a folder; -r takes folders')
        check(run('put', '-q', '-r', 'here', folder.at('there')))
        check(run('put', '-q', '-r', 'here/', folder.address))
        check(run('put', '-q', '-r', 'here', folder.at('there')))
        inside = {'big.bin': BIG, 'deep': None, 'deep/a': b'a'}
        assert folder.tree() == {
            'there': None, 'there/here': None, 'here': None,
            **{f'{top}/{name}': data for top in ('there', 'there/here', 'here') for name, data in inside.items()},
        }  # fmt: skip

    def test_links_to_folders_and_what_is_no_file_are_left_out(self, run, folder):
        os.symlink('..', 'here/up')
        os.symlink('big.bin', 'here/link')
        os.mkfifo('here/fifo')
        result = run('put', '-r', 'here', folder.address)
        assert result.code == 0 and result.err.count('smbcourier: here/') == 2
        assert 'here/up: it is a link' in result.err and 'here/fifo: it is no file' in result.err
        assert sorted(folder.tree()) == ['here', 'here/big.bin', 'here/deep', 'here/deep/a', 'here/link']

    def test_a_local_name_with_a_backslash_does_not_become_a_path(self, run, folder):
        Path('here/a\\b').write_bytes(b'')
        result = run('put', '-q', '-r', 'here', folder.address)
        check(result, 1, 'here/a\\b: no file on a server can have this name')
        assert 'here/deep/a' in folder.tree() and 'here/a' not in folder.tree()

    def test_what_is_not_there_or_may_not_be_written(self, run, folder):
        check(run('put', 'none', folder.address), 4, 'none: No such file or directory')
        readonly = f'//{folder.server.host}:{folder.server.port}/readonly/b.txt'
        check(run('put', 'b.txt', readonly), 5, f'{readonly}: permission denied')
        check(run('put', 'b.txt', folder.at('a*')), 1, 'the server takes no such name')
        folder.mkdir('full')
        check(run('put', 'none', 'b.txt', folder.address), 4, 'none: No such file')
        assert sorted(folder.tree()) == ['b.txt', 'full']

    def test_a_file_that_another_program_has_open_stays(self, run, folder):
        server = folder.server

        class Slow(io.BytesIO):
            """What somebody else is storing when we come."""

            def read(self, size=-1):
                if 0 < self.tell() < len(BIG):
                    check(run('put', 'b.txt', folder.address), 5, 'another program has it open and does not share it')
                    check(run('put', 'here/big.bin', folder.at('b.txt')), 5, 'another program has it open')
                return super().read(size)

        with SMBConnection(server.user, server.password, 'ME', server.name, is_direct_tcp=True) as connection:
            assert connection.connect(server.host, server.port)
            connection.storeFile(folder.share, folder.path('b.txt'), Slow(BIG))
        assert folder.read('b.txt') == BIG

    @pytest.mark.parametrize('trouble', [KeyboardInterrupt, OSError, EOFError])
    @pytest.mark.parametrize('before', [None, b'old'])
    def test_an_upload_that_ends_early_is_removed(self, folder, trouble, before):
        class Broken(io.BytesIO):
            def read(self, size=-1):
                if self.tell() >= 1 << 20:
                    raise trouble
                return super().read(size)

        if before:
            folder.put('in', before)
        folder.put('other')
        if trouble is EOFError:
            with pytest.raises(EOFError):
                stage.run('put', '-', folder.at('in'), stdin=Broken(bytes(2 << 20)))
        else:
            result = stage.run('put', '-', folder.at('in'), stdin=Broken(bytes(2 << 20)))
            assert result.code == (130 if trouble is KeyboardInterrupt else 1)
        assert list(folder.tree()) == ['other']

    def test_an_upload_that_could_not_begin_removes_nothing(self, folder, monkeypatch):
        class Broken(io.BytesIO):
            def read(self, size=-1):
                raise KeyboardInterrupt

        folder.put('in', b'old')
        assert stage.run('put', '-', folder.at('in'), stdin=Broken()).code == 130
        assert folder.read('in') == b'old'

    def test_times_are_kept_on_request(self, run, folder):
        os.utime('b.txt', (1, 1500000000.5))
        check(run('put', '--preserve', 'b.txt', folder.address))
        assert (folder.local / 'b.txt').stat().st_mtime == 1500000000.5

    def test_what_was_copied_as_json(self, folder):
        assert stage.run('put', '--json', 'b.txt', folder.address).json == [
            {'source': 'b.txt', 'target': folder.at('b.txt'), 'size': 1}
        ]

    def test_going_on_sends_what_is_missing(self, run, folder):
        folder.put('big.bin', BIG[:200000])
        check(run('put', '-c', 'here/big.bin', folder.address))
        assert folder.read('big.bin') == BIG
        check(run('put', '-c', 'here/big.bin', folder.address))
        check(run('put', '-c', 'here/big.bin', folder.at('new')))
        assert folder.read('big.bin') == folder.read('new') == BIG
        folder.put('big.bin', b'x' * 100)
        check(run('put', '-c', 'here/big.bin', folder.address), 1, 'is not the beginning of this file')
        folder.put('big.bin', BIG + b'x')
        check(run('put', '-c', 'here/big.bin', folder.address), 7, 'is longer than the whole file')
        assert folder.read('big.bin') == BIG + b'x'


class TestProgress:
    def test_a_terminal_shows_a_bar_for_each_file(self, filled):
        result = stage.run('get', filled.at('sub/big.bin'), kind=stage.TERMINAL)
        assert 'big.bin: 100%' in result.err and '300k/300k' in result.err
        result = stage.run('put', 'big.bin', filled.at('copy'), kind=stage.TERMINAL)
        assert 'copy: 100%' in result.err and '300k/300k' in result.err
        result = stage.run('get', '-r', filled.at('sub'), kind=stage.TERMINAL)
        assert 'table.csv: ' in result.err and result.err.endswith('smbcourier: 2 files, 300.0K\n')

    def test_a_pipe_shows_none_and_neither_does_q(self, filled):
        assert stage.run('get', filled.at('sub/big.bin')).err == ''
        assert stage.run('get', '-q', filled.at('sub/big.bin'), kind=stage.TERMINAL).err == ''
        assert stage.run('get', '-q', '-r', filled.at('sub'), kind=stage.TERMINAL).err == ''

    def test_a_name_cannot_write_to_the_terminal(self, folder):
        name = '\x1b[2J'
        Path(name).write_bytes(b'a')
        result = stage.run('put', name, folder.address, kind=stage.TERMINAL)
        assert '\\x1b[2J: ' in result.err and '\x1b[2J' not in result.err
