"""Deleting on a server that follows symbolic links itself and shows what they lead to in their place, as Samba does."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import StatusError
from smb.operations import removal
from smb.results import SharedFile
from tests.operations.memory_tree import MemoryTree
from tests.operations.test_removal import left


class FollowingTree(MemoryTree):
    """A link looks like what it leads to, and is removed itself only where that is empty."""

    has_numbers = True  # whether listings number what they show
    dot_numbers = True  # ... and the first two entries as all others

    def number(self, path):
        return 100 + list(self.files).index(self.resolve(path, 0)) if self.has_numbers else None

    def resolve(self, path, options):
        return super().resolve(path, 0)

    def children(self, folder):
        return super().children(self.resolve(folder, 0))

    def open(self, path, how):
        handle = super().open(path, how)
        folder, _, name = path.rpartition('\\')
        folder = self.resolve(folder, 0)
        handle.path = f'{folder}\\{name}' if folder else name
        return handle

    def entries(self, folder, pattern):
        folder = self.resolve(folder, 0)
        numbered = []
        for entry in super().entries(folder, pattern):
            path = {'.': folder, '..': folder.rpartition('\\')[0]}.get(entry.filename)
            number = 7 if path is not None and not self.dot_numbers else None
            path = (f'{folder}\\{entry.filename}' if folder else entry.filename) if path is None else path
            shown = self.files[self.resolve(path, 0)]
            numbered.append(
                SharedFile(0.0, 0.0, 0.0, 0.0, 0, 0, shown.attributes, '', entry.filename, number or self.number(path))
            )
        return numbered


@pytest.fixture
def tree():
    tree = FollowingTree()
    tree.add('precious\\data')
    yield tree
    assert tree.handles == [] and tree.under_way == []


def refused(tree, pattern):
    with pytest.raises(StatusError) as caught:
        removal.delete_files(tree, pattern, True)
    return caught.value


@pytest.mark.parametrize('link', ['link', 'd\\link', 'd\\e\\f\\link'])
@pytest.mark.parametrize('target', ['precious', 'far\\away'])
def test_a_folder_behind_a_link_is_not_emptied(tree, link, target):
    tree.add('far\\away\\data')
    tree.add_folder(link, link=target)
    error = refused(tree, 'd*' if '\\' in link else 'l*')
    assert error.status == ntstatus.STATUS_DIRECTORY_NOT_EMPTY
    assert error.cause == f'{link} is a symbolic link to another folder, which is not touched'
    assert {'precious\\data', 'far\\away\\data', link} <= set(tree.files)


def test_a_link_to_a_folder_beside_it_is_seen(tree):
    tree.add('d\\release 5\\data')
    tree.add_folder('d\\current', link='d\\release 5')
    assert refused(tree, 'd\\cur*').status == ntstatus.STATUS_DIRECTORY_NOT_EMPTY
    assert 'd\\release 5\\data' in tree.files


def test_where_both_are_to_go_both_go(tree):
    tree.add('d\\release 5\\data')
    tree.add_folder('d\\current', link='d\\release 5')
    removal.delete_files(tree, 'd\\*', True)
    assert left(tree) == ['d', 'precious', 'precious\\data']


@pytest.mark.parametrize('target', ['', 'd', 'd\\e'])
def test_a_link_to_a_folder_above_it_ends(tree, target):
    tree.add_folder('d\\e\\up', link=target)
    assert refused(tree, 'd*').status == ntstatus.STATUS_DIRECTORY_NOT_EMPTY
    assert left(tree) == ['d', 'd\\e', 'd\\e\\up', 'precious', 'precious\\data']


def test_a_link_to_an_empty_folder_goes_and_the_folder_stays(tree):
    tree.add_folder('empty')
    tree.add_folder('d\\link', link='empty')
    removal.delete_files(tree, 'd*', True)
    assert left(tree) == ['empty', 'precious', 'precious\\data']


def test_a_link_to_a_file_goes_and_the_file_stays(tree):
    tree.add('d\\link', link='precious\\data')
    removal.delete_files(tree, 'd\\*', True)
    assert left(tree) == ['d', 'precious', 'precious\\data']


@pytest.mark.parametrize('pattern', ['*', 'd*', 'd\\*', 'd\\a*'])
def test_folders_that_are_no_links_go(tree, pattern):
    for name in ('a1\\b\\c\\x', 'a1\\b\\y', 'a1\\z', 'a2\\b\\x', 'a2\\b2\\x'):
        tree.add(f'd\\{name}')
    removal.delete_files(tree, pattern, True)
    kept = [] if pattern == '*' else ['precious', 'precious\\data']
    assert left(tree) == (['d', *kept] if pattern.startswith('d\\') else kept)


@pytest.mark.parametrize(('has_numbers', 'dot_numbers'), [(False, False), (True, False)])
def test_a_server_without_such_numbers_has_its_folders_deleted_all_the_same(tree, has_numbers, dot_numbers):
    tree.has_numbers, tree.dot_numbers = has_numbers, dot_numbers
    tree.add('d\\e\\x')
    tree.add('d\\e\\f\\x')
    removal.delete_files(tree, 'd*', True)
    assert left(tree) == ['precious', 'precious\\data']


def test_the_folder_around_is_listed_only_where_a_folder_matches(tree):
    tree.add('d\\file')
    removal.delete_files(tree, 'd\\f*', True)
    assert {verb[2] for verb in tree.verbs if verb[0] == 'list'} == {'f*'}
