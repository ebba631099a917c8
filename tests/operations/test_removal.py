"""Deleting: what was asked for and nothing else, and never through a link."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import ProtocolError, StatusError
from smb.operations import paths, removal
from smb.smb_constants import ATTR_ARCHIVE, ATTR_DIRECTORY, ATTR_HIDDEN, ATTR_READONLY


def left(tree):
    return sorted(path for path in tree.files if path)


def refused(function, *arguments):
    """The status that it is refused with."""
    with pytest.raises(StatusError) as caught:
        function(*arguments)
    return caught.value.status


@pytest.fixture
def full(tree):
    """A folder with files, hidden ones among them, and folders."""
    for name in ('aa1.txt', 'aa2.txt', 'bb.txt', 'noext', 'aadir\\inner\\deep.txt', 'aadir\\x', 'other\\y'):
        tree.add(f'd\\{name}')
    tree.add('d\\.hidden', attributes=ATTR_HIDDEN)
    return tree


# One file


def test_a_file_is_deleted(tree):
    tree.add('d\\a')
    tree.add('d\\b')
    removal.delete_files(tree, 'd\\a', False)
    assert left(tree) == ['d', 'd\\b']


@pytest.mark.parametrize('folders_too', [False, True])
def test_a_file_that_does_not_exist_is_no_error(tree, folders_too):
    removal.delete_files(tree, 'missing', folders_too)


@pytest.mark.parametrize('folders_too', [False, True])
def test_a_folder_is_not_deleted_as_a_file(full, folders_too):
    before = left(full)
    for path in ('d\\other', 'd', ''):
        assert refused(removal.delete_files, full, path, folders_too) == ntstatus.STATUS_FILE_IS_A_DIRECTORY
    assert left(full) == before


def test_a_file_in_a_missing_folder_is_an_error(tree):
    assert refused(removal.delete_files, tree, 'missing\\file', False) == ntstatus.STATUS_OBJECT_PATH_NOT_FOUND


@pytest.mark.parametrize('pattern', ['file', 'f*'])
def test_a_file_that_cannot_be_deleted_is_an_error_and_stays(tree, pattern):
    tree.add('file', attributes=ATTR_READONLY)
    assert refused(removal.delete_files, tree, pattern, False) == ntstatus.STATUS_CANNOT_DELETE
    assert left(tree) == ['file']


# Patterns


@pytest.mark.parametrize(
    ('pattern', 'folders_too', 'gone'),
    [
        ('d\\*', False, ['.hidden', 'aa1.txt', 'aa2.txt', 'bb.txt', 'noext']),
        ('d\\aa*', False, ['aa1.txt', 'aa2.txt']),
        ('d\\AA?.TXT', False, ['aa1.txt', 'aa2.txt']),
        ('d\\aa*', True, ['aa1.txt', 'aa2.txt', 'aadir', 'aadir\\inner', 'aadir\\inner\\deep.txt', 'aadir\\x']),
        ('d\\aad*', False, []),
        ('d\\zz*', True, []),
        ('d\\oth*', True, ['other', 'other\\y']),
    ],
)
def test_a_pattern_deletes_what_it_matches(full, pattern, folders_too, gone):
    before = left(full)
    removal.delete_files(full, pattern, folders_too)
    assert left(full) == [path for path in before if path not in {f'd\\{name}' for name in gone}]


@pytest.mark.parametrize('pattern', ['*', 'd*', '?'])
def test_a_pattern_in_the_root_of_the_share_deletes_folders_too(full, pattern):
    full.add('z')
    removal.delete_files(full, pattern, True)
    assert left(full) == ([] if pattern in ('*', '?') else ['z'])


def test_a_pattern_without_folders_leaves_them_in_the_root(full):
    full.add('z')
    removal.delete_files(full, '*', False)
    assert 'z' not in left(full)
    assert 'd\\aa1.txt' in left(full)


def test_brackets_are_names(tree):
    tree.add('[a]')
    tree.add('a')
    removal.delete_files(tree, '[a]', False)
    assert left(tree) == ['a']


@pytest.mark.parametrize('pattern', ['d*\\a', 'd*\\a*', '?\\*'])
def test_a_wildcard_in_a_folder_is_refused(full, pattern):
    before = left(full)
    assert refused(removal.delete_files, full, pattern, True) == ntstatus.STATUS_OBJECT_NAME_INVALID
    assert left(full) == before


def test_a_pattern_in_a_missing_folder_is_an_error(tree):
    assert refused(removal.delete_files, tree, 'missing\\*', False) == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND


def test_the_first_failure_stops_the_rest(tree):
    for name in 'abcde':
        tree.add(name)
    tree.files['c'].attributes = ATTR_READONLY
    assert refused(removal.delete_files, tree, '*', False) == ntstatus.STATUS_CANNOT_DELETE
    assert left(tree) == ['c', 'd', 'e']


def test_a_file_that_is_not_opened_to_vanish_is_marked_by_itself(tree):
    for name in 'abc':
        tree.add(name)
    tree.fail('open', ntstatus.STATUS_INVALID_PARAMETER, 3)  # the folder's, then the files'
    removal.delete_files(tree, '*', False)
    assert left(tree) == []
    assert tree.names().count('change') == 1


def test_a_folder_that_does_not_become_empty_stays(tree):
    tree.add('d\\in\\locked', attributes=ATTR_READONLY)
    tree.add('d\\in\\other')
    assert refused(removal.delete_files, tree, 'd*', True) == ntstatus.STATUS_CANNOT_DELETE
    assert 'd\\in\\locked' in left(tree)


# What somebody else deletes meanwhile


def forget(tree, *gone):
    def trouble():
        for path in gone:
            tree.files.pop(path, None)

    return trouble


def test_files_and_folders_that_vanish_meanwhile_are_no_error(tree):
    tree.add('a')
    tree.add('d\\x')
    # after the folder itself was listed, when something else is opened
    tree.fail('open', forget(tree, 'a', 'd\\x', 'd'), 2)
    removal.delete_files(tree, '*', True)
    assert left(tree) == []


def test_a_folder_that_vanishes_when_it_was_emptied_is_no_error(tree):
    tree.add('d\\x')
    # the root, the folder, its file, and then the folder to be deleted
    tree.fail('open', forget(tree, 'd'), 4)
    removal.delete_files(tree, '*', True)
    assert left(tree) == []


# Links


@pytest.mark.parametrize('folders_too', [False, True])
def test_a_link_to_a_file_is_deleted_itself(tree, folders_too):
    tree.add('precious', b'data')
    tree.add('link', attributes=ATTR_ARCHIVE, link='precious')
    removal.delete_files(tree, 'link', folders_too)
    assert left(tree) == ['precious']
    tree.add('link', attributes=ATTR_ARCHIVE, link='precious')
    removal.delete_files(tree, 'l*', folders_too)
    assert left(tree) == ['precious']


@pytest.mark.parametrize('where', ['', 'd\\', 'd\\e\\'])
def test_a_link_to_a_folder_is_deleted_and_not_entered(tree, where):
    tree.add('precious\\data')
    tree.add(f'{where}link', attributes=ATTR_DIRECTORY, link='precious')
    removal.delete_files(tree, 'd*' if where else 'l*', True)
    assert left(tree) == ['precious', 'precious\\data']


def test_a_link_to_a_folder_stays_where_folders_stay(tree):
    tree.add('precious\\data')
    tree.add_folder('link', link='precious')
    removal.delete_files(tree, '*', False)
    assert left(tree) == ['link', 'precious', 'precious\\data']


def test_a_link_in_a_circle_ends(tree):
    tree.add_folder('d\\again', link='d')
    removal.delete_files(tree, 'd*', True)
    assert left(tree) == []


def test_delete_directory_removes_the_link_and_not_what_it_leads_to(tree):
    tree.add_folder('precious')
    tree.add_folder('link', link='precious')
    removal.delete_directory(tree, 'link')
    assert left(tree) == ['precious']


def test_a_server_that_lists_folders_without_end_is_an_error(tree, monkeypatch):
    monkeypatch.setattr(paths, 'LONGEST_PATH', 100)
    path = 'd'
    while len(path) < 200:
        path += '\\deeper'
    tree.add_folder(path)
    with pytest.raises(ProtocolError, match='deeper'):
        removal.delete_files(tree, 'd*', True)


# Empty folders


def test_delete_directory_removes_an_empty_folder(tree):
    tree.add_folder('d\\e')
    removal.delete_directory(tree, 'd\\e')
    assert left(tree) == ['d']


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('d', ntstatus.STATUS_DIRECTORY_NOT_EMPTY),
        ('missing', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
        ('missing\\folder', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),
        ('d\\file', ntstatus.STATUS_NOT_A_DIRECTORY),
        ('d*', ntstatus.STATUS_OBJECT_NAME_INVALID),
    ],
)
def test_delete_directory_refuses_everything_else(tree, path, status):
    tree.add('d\\file')
    assert refused(removal.delete_directory, tree, path) == status
    assert left(tree) == ['d', 'd\\file']
