"""Names that a server may give to lead a download out of its target: nothing is written anywhere else."""

from __future__ import annotations

import os

import pytest

from smb.operations import trees
from smb.operations.trees import local_name
from smb.smb_constants import ATTR_ARCHIVE, ATTR_DIRECTORY
from tests.operations.memory_tree import File
from tests.operations.tree_copies import download, local_tree

NO_NAMES = [
    '../evil', '..\\evil', '../../evil', '..\\..\\evil', 'sub/../../evil', './evil', '/evil', '\\evil', 'a/b', 'a\\b',
    '/', '\\', '//server/share', '\\\\server\\share\\evil', 'evil\0', '\0', 'evil\0.txt', '..\0', '..\\', '../',
    'C:\\evil', 'C:/evil', '\\\\?\\C:\\evil', '\\\\.\\NUL', '/etc/evil', '~/evil', '',
]  # fmt: skip
# What only Windows takes for something else
WINDOWS_NAMES = [
    'C:', 'C:evil', 'c:evil', 'file:stream', 'file::$DATA', 'file:', ':stream', 'CON', 'con', 'Con.txt', 'PRN', 'AUX',
    'aux.c', 'NUL', 'nul.tar.gz', 'NUL .txt', 'nul  ', 'COM1', 'com9', 'COM1.log', 'COM¹', 'com².txt', 'LPT1', 'lpt9',
    'LPT³', 'CONIN$', 'conout$', 'CONOUT$.txt', 'evil.', 'evil ', 'evil. .', '...', ' .', 'a<b', 'a>b', 'a"b', 'a|b',
    'a?b', 'a*b', 'a\nb', 'a\x01b', '\x1f',
]  # fmt: skip
PLAIN = [
    'a', '.hidden', '..a', 'a..b', '...a', ' a', '-rf', '~', '$HOME', '%TEMP%', 'COM', 'COM10', 'COM0', 'CONsole',
    'console.txt', 'NULL', 'auxiliary', 'LPT', 'com1x', 'x' * 255, 'ü' * 127, 'Ω', '\N{SNOWMAN}', 'a;b', "a'b", 'a&b',
]  # fmt: skip


@pytest.mark.parametrize('name', [*NO_NAMES, '.', '..'])
@pytest.mark.parametrize('is_windows', [False, True])
def test_what_is_no_plain_name_is_refused_everywhere(name, is_windows):
    with pytest.raises(ValueError, match='cannot be the name of a local file'):
        local_name(name, is_windows=is_windows)


@pytest.mark.parametrize('name', WINDOWS_NAMES)
def test_what_has_another_meaning_on_windows_is_refused_there_and_a_name_elsewhere(name):
    with pytest.raises(ValueError, match='has another meaning on Windows'):
        local_name(name, is_windows=True)
    assert local_name(name, is_windows=False) == name


@pytest.mark.parametrize('name', PLAIN)
@pytest.mark.parametrize('is_windows', [False, True])
def test_a_plain_name_stays_as_it_is(name, is_windows):
    assert local_name(name, is_windows=is_windows) == name


@pytest.mark.parametrize('attributes', [ATTR_ARCHIVE, ATTR_DIRECTORY], ids=['file', 'folder'])
@pytest.mark.parametrize('name', NO_NAMES)
def test_nothing_is_written_outside_of_the_target(tree, tmp_path, monkeypatch, name, attributes):
    target = tmp_path / 'above' / 'target'
    target.mkdir(parents=True)
    monkeypatch.chdir(target)
    tree.most_jobs = 64
    tree.add('d\\good', b'good')
    tree.add('d\\sub\\good', b'good')
    for folder in ('d', 'd\\sub'):
        tree.add_named(folder, name, b'evil', attributes)
        if attributes == ATTR_DIRECTORY:
            tree.add_named(f'{folder}\\{name}', 'inside', b'evil')
    outcome = download(tree, 'd', target)
    assert outcome.failed() == {f'd\\{name}': ValueError, f'd\\sub\\{name}': ValueError}
    assert local_tree(tmp_path) == {
        'above': None, 'above/target': None, 'above/target/good': b'good', 'above/target/sub': None,
        'above/target/sub/good': b'good',
    }  # fmt: skip
    assert all(name not in path for _, path in tree.job_log if name not in ('/', '\\', ''))


@pytest.mark.parametrize('name', ['.', '..'])
def test_the_folder_itself_and_the_one_above_are_not_copied_whatever_the_server_says_they_are(tree, tmp_path, name):
    tree.add('d\\good', b'good')
    tree.listed_besides['d'] = {name: File(b'evil')}
    outcome = download(tree, 'd', tmp_path / 'target')
    assert outcome.failures == {}
    assert local_tree(tmp_path) == {'target': None, 'target/good': b'good'}


@pytest.mark.skipif(os.name == 'nt', reason='they mean something else there')
@pytest.mark.parametrize('name', [name for name in WINDOWS_NAMES if not set('?*') & set(name)])
def test_names_that_only_windows_minds_arrive(tree, tmp_path, name):
    tree.add_folder('d')
    tree.add_named('d', name, b'content')
    assert download(tree, 'd', tmp_path / 'target').failures == {}
    assert local_tree(tmp_path) == {'target': None, f'target/{name}': b'content'}


@pytest.mark.parametrize('size', [0, 5, 100])
def test_the_longest_names_have_room_for_what_they_are_called_meanwhile(tree, tmp_path, size):
    names = ['x' * 255, 'ü' * 127 + 'x']
    for name in names:
        tree.add(f'd\\{name}', bytes(size))
    assert download(tree, 'd', tmp_path).failures == {}
    assert local_tree(tmp_path) == dict.fromkeys(names, bytes(size))


def test_a_name_that_is_too_long_here_is_reported(tree, tmp_path):
    names = ['ü' * 255, 'ü' * 128]
    for name in names:
        tree.add(f'd\\{name}', b'1')
    tree.add('d\\good', b'good')
    outcome = download(tree, 'd', tmp_path)
    assert {path: issubclass(kind, OSError) for path, kind in outcome.failed().items()} == {
        f'd\\{name}': True for name in names
    }
    assert local_tree(tmp_path) == {'good': b'good'}


def test_folders_deeper_than_a_path_can_be_here_are_reported(tree, tmp_path):
    tree.add('d\\' + '\\'.join(['x' * 200] * 30) + '\\file', b'1')
    tree.add('d\\good', b'good')
    outcome = download(tree, 'd', tmp_path)
    assert [issubclass(kind, OSError) for kind in outcome.failed().values()] == [True]
    assert (tmp_path / 'good').read_bytes() == b'good'


def test_folders_inside_folders_without_end_are_reported_before_nobody_can_remove_them(tree, tmp_path):
    tree.add('d\\' + '\\'.join(['x'] * 1000) + '\\file', b'1')
    outcome = download(tree, 'd', tmp_path)
    assert list(outcome.failed().values()) == [ValueError]
    assert outcome.report.folders == trees.MOST_LEVELS + 1


def test_a_name_that_cannot_be_written_here_is_reported(tree, tmp_path):
    tree.add('d\\lone \ud800', b'1')
    tree.add('d\\good', b'good')
    outcome = download(tree, 'd', tmp_path)
    assert local_tree(tmp_path).get('good') == b'good'
    assert outcome.failed() in ({'d\\lone \ud800': UnicodeEncodeError}, {})


@pytest.mark.parametrize('second', [ATTR_ARCHIVE, ATTR_DIRECTORY], ids=['file', 'folder'])
@pytest.mark.parametrize('first', [ATTR_ARCHIVE, ATTR_DIRECTORY], ids=['file', 'folder'])
def test_a_name_that_comes_twice_is_copied_once_and_reported(tree, tmp_path, first, second):
    tree.add('d\\twice', b'', first)
    tree.listed_besides['d'] = {'twice': File(b'', second)}
    outcome = download(tree, 'd', tmp_path)
    assert outcome.failed() == {'d\\twice': ValueError}
    assert outcome.report.files + outcome.report.folders == 2


def test_names_that_are_one_on_windows_are_copied_once_and_reported(tree, tmp_path, monkeypatch):
    monkeypatch.setattr(os.path, 'normcase', str.lower)
    tree.add('d\\A', b'first')
    tree.add('d\\a', b'second')
    assert download(tree, 'd', tmp_path).failed() == {'d\\a': ValueError}
    assert (tmp_path / 'A').read_bytes() == b'first'
