"""``shares``, ``ls``, ``tree`` and ``find``, in a pipe and in a pseudo-terminal."""

from __future__ import annotations

import os

import pytest

from smb.cli import remote
from tests.cli import stage
from tests.cli.conftest import Place


def server_of(folder):
    return f'{folder.server.host}:{folder.server.port}'


def test_shares_has_name_kind_and_comment_in_columns(run, folder):
    for host in (server_of(folder), f'//{server_of(folder)}', folder.address):
        result = run('shares', host)
        assert (result.code, result.err) == (0, '')
        assert 'smbtest   disk  everybody reads and writes' in result.lines
        assert 'readonly  disk  nobody writes' in result.lines
        assert [line.split()[1] for line in result.lines if line.startswith('IPC$')] == ['IPC']


def test_shares_as_json(folder):
    (found,) = (share for share in stage.run('shares', '--json', server_of(folder)).json if share['name'] == 'smbtest')
    assert found == {
        'name': 'smbtest', 'type': 'disk', 'comment': 'everybody reads and writes', 'special': False,
        'temporary': False,
    }  # fmt: skip


def test_ls_has_attributes_size_time_and_name_in_columns(run, filled):
    result = run('ls', filled.address)
    assert (result.code, result.err) == (0, '')
    assert result.lines == ['----------  24  2026-03-01 12:00  notes.txt', '---D------   -  2026-03-01 12:00  sub/']


def test_ls_in_other_ways(run, filled):
    assert run('ls', '-1', filled.address).lines == ['notes.txt', 'sub']
    assert run('ls', '-1', '--reverse', filled.address).lines == ['sub', 'notes.txt']
    assert run('ls', '-1r', filled.address).lines == [
        'notes.txt',
        'sub',
        'sub/big.bin',
        'sub/deep',
        'sub/deep/table.csv',
    ]
    assert run('ls', filled.at('sub/big.bin')).lines == ['----------  300.0K  2026-03-01 12:00  big.bin']
    assert run('ls', '-b', filled.at('sub/big.bin')).lines == ['----------  307200  2026-03-01 12:00  big.bin']
    assert run('ls', '-1', '--sort', 'size', filled.at('*/*')).lines[:1] == ['sub/big.bin']
    assert run('ls', '-1', filled.at('none*'), filled.at('n*')).lines == ['notes.txt']


def test_patterns_may_stand_anywhere_in_an_address(filled):
    filled.put('other/deep/table.csv')
    filled.put('other/file')
    for pattern, wanted in (
        ('*/deep/table.csv', ['other/deep/table.csv', 'sub/deep/table.csv']),
        ('*/d??p/*', ['other/deep/table.csv', 'sub/deep/table.csv']),
        ('*/big.bin', ['sub/big.bin']),
        ('*/*/table.*', ['other/deep/table.csv', 'sub/deep/table.csv']),
    ):
        assert [entry['path'] for entry in stage.run('stat', '--json', filled.at(pattern)).json] == [
            filled.at(name) for name in wanted
        ]
    result = stage.run('ls', filled.at('*/none/*'))
    assert (result.code, result.err) == (4, f'smbcourier: {filled.at("*/none/*")}: nothing matches\n')


def test_ls_of_several_folders_names_each(run, filled):
    result = run('ls', '-1', filled.address, filled.at('sub/deep'), filled.at('notes.txt'))
    assert result.lines == [
        f'{filled.address}:', 'notes.txt', 'sub', '', f'{filled.at("sub/deep")}:', 'table.csv', 'notes.txt',
    ]  # fmt: skip


def test_ls_as_json(run, filled):
    first, second = run('ls', '--json', filled.address).json
    assert first['path'] == filled.at('notes.txt') and first['written'] == '2026-03-01T12:00:00Z'
    assert (first['name'], first['type'], first['size']) == ('notes.txt', 'file', 24)
    assert (second['name'], second['type'], second['attributes']) == ('sub', 'folder', ['folder'])
    assert run('ls', '--json', filled.at('none')).json == []


def test_an_empty_folder_has_no_lines(run, folder):
    result = run('ls', folder.address)
    assert (result.code, result.out, result.err) == (0, '', '')


@pytest.mark.parametrize('command', ['ls', 'tree', 'find'])
def test_what_is_not_there_is_exit_code_4(run, filled, command):
    result = run(command, filled.at('none'))
    assert (result.code, result.out) == (4, '')
    assert result.err == (
        f'smbcourier: {filled.at("none")}: there is no such file or folder; '
        f'"smbcourier ls {filled.address}" shows what is there (STATUS_OBJECT_NAME_NOT_FOUND)\n'
    )


def test_a_share_that_is_not_there_is_exit_code_4(run, folder):
    result = run('ls', f'//{server_of(folder)}/none/a')
    assert (result.code, result.out) == (4, '')
    assert f'//{server_of(folder)}/none: the server has no share of this name; "smbcourier shares' in result.err
    assert stage.run('ls', f'//{server_of(folder)}/none/*').code == 4


def test_tree_draws_lines(run, filled):
    result = run('tree', filled.address)
    assert (result.code, result.err) == (0, '')
    assert result.lines == [
        filled.address,
        '├── notes.txt',
        '└── sub/',
        '    ├── big.bin',
        '    └── deep/',
        '        └── table.csv',
        '',
        '2 folders, 3 files',
    ]


def test_tree_in_other_ways(run, filled):
    assert run('tree', '-d', filled.address).lines[1:3] == ['└── sub/', '    └── deep/']
    assert run('tree', '--depth', '1', filled.address).lines[1:] == [
        '├── notes.txt',
        '└── sub/',
        '',
        '1 folder, 1 file',
    ]
    assert run('tree', filled.address, encoding='ascii').lines[1:3] == ['|-- notes.txt', '`-- sub/']
    assert [entry['name'] for entry in run('tree', '--json', filled.at('sub')).json] == ['big.bin', 'deep', 'table.csv']
    result = run('tree', filled.at('notes.txt'))
    assert result.code == 1 and 'it is a file and no folder' in result.err


@pytest.mark.parametrize(
    ('options', 'wanted'),
    [
        ((), ['notes.txt', 'sub', 'sub/big.bin', 'sub/deep', 'sub/deep/table.csv']),
        (('--name', '*.BIN'), ['sub/big.bin']),
        (('--name', '*e*', '--type', 'd'), ['sub/deep']),
        (('--type', 'f', '--smaller', '1K'), ['notes.txt', 'sub/deep/table.csv']),
        (('--larger', '0.2M'), ['sub/big.bin']),
        (('--larger', '307200'), []),
        (('--depth', '1'), ['notes.txt', 'sub']),
        (('--newer', '2026-03-02'), []),
        (('--newer', '2026-03-01', '--type', 'f', '--older', '2026-03-02', '--name', 'n?tes*'), ['notes.txt']),
        (('--type', 'l'), []),
    ],
)
def test_find_prints_the_addresses_of_what_fits(run, filled, options, wanted):
    result = run('find', filled.address, *options)
    assert (result.code, result.err) == (0, '')
    assert result.lines == [filled.at(name) for name in wanted]


def test_find_for_other_programs(filled):
    assert stage.run('find', '-0', filled.address, '--depth', '1').out == filled.at('notes.txt\0') + filled.at('sub\0')
    assert [entry['name'] for entry in stage.run('find', '--json', filled.address, '--type', 'd').json] == [
        'sub',
        'deep',
    ]
    assert stage.run('find', filled.at('notes.txt'), filled.at('*/deep')).lines == [
        filled.at('notes.txt'), filled.at('sub/deep/table.csv'),
    ]  # fmt: skip


def test_links_are_shown_and_not_followed(filled):
    os.symlink('..', filled.local / 'sub' / 'up')
    assert stage.run('tree', filled.at('sub')).lines[-4:-2] == ['│   └── table.csv', '└── up (link)']
    assert stage.run('find', filled.address, '--type', 'l').lines == [filled.at('sub/up')]
    assert len(stage.run('ls', '-r', filled.address).lines) == 6


def test_a_folder_that_may_not_be_listed_is_reported_and_the_rest_is_shown(filled, monkeypatch):
    from smb.SMBConnection import SMBConnection

    list_path = SMBConnection.listPath

    def refuse(self, share, path, *arguments, **keywords):
        return list_path(self, share, f'{path}/none' if path.endswith('sub') else path, *arguments, **keywords)

    monkeypatch.setattr(SMBConnection, 'listPath', refuse)
    result = stage.run('ls', '-1r', filled.address)
    assert result.code == 4 and result.lines == ['notes.txt', 'sub']
    assert f'{filled.at("sub")}: there is no such file' in result.err


def test_names_are_escaped_on_a_terminal_and_only_there(odd):
    place = Place(odd)
    place.put('\x1b[31mred', b'')
    for command in (['ls', '-1'], ['ls'], ['tree'], ['find']):
        assert '\x1b[31mred' in stage.run(*command, place.address).out
        on_terminal = stage.run(*command, place.address, kind=stage.TERMINAL).out
        assert '\\x1b[31mred' in on_terminal and '\x1b' not in on_terminal
    assert '\\u001b[31mred' in stage.run('ls', '--json', place.address).out


@pytest.mark.parametrize(
    ('pattern', 'name', 'fits'),
    [
        ('*', '', True), ('*.TXT', 'a.txt', True), ('*.txt', 'a.txt.gz', False), ('a?c', 'aBc', True), ('?', '', False),
        ('[a]', '[a]', True), ('[a]', 'a', False), ('a.b', 'axb', False), ('*\n*', 'a\nb', True), ('Ä*', 'äb', True),
    ],
)  # fmt: skip
def test_patterns(pattern, name, fits):
    assert remote.matcher(pattern)(name) is fits
