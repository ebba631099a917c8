"""Attributes, new folders and new names."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import ProtocolError, StatusError
from smb.operations import metadata, paths
from smb.results import SharedFile
from smb.smb_constants import ATTR_DIRECTORY, ATTR_HIDDEN, ATTR_NORMAL, READ_CONTROL
from smb.wire.values import filetime_to_epoch


def refused(function, *arguments):
    with pytest.raises(StatusError) as caught:
        function(*arguments)
    return caught.value.status


@pytest.mark.parametrize(('path', 'name'), [('d\\Name.TXT', 'Name.TXT'), ('top', 'top'), ('', '')])
def test_attributes_come_under_the_name_that_was_asked_for(tree, path, name):
    file = tree.add(path, b'12345', ATTR_HIDDEN)
    found = metadata.get_attributes(tree, path)
    times = [filetime_to_epoch(filetime) for filetime in (1, 2, 3, 4)]
    assert found == SharedFile(*times, 5, 4096, file.attributes, name, name, None)
    assert tree.names() == ['open', 'close']


def test_attributes_of_what_is_missing_are_refused(tree):
    assert refused(metadata.get_attributes, tree, 'missing') == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND


def test_a_folder_is_made(tree):
    metadata.create_directory(tree, 'd')
    metadata.create_directory(tree, 'd\\e')
    assert tree.files['d\\e'].attributes & ATTR_DIRECTORY


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('', ntstatus.STATUS_OBJECT_NAME_COLLISION),
        ('d', ntstatus.STATUS_OBJECT_NAME_COLLISION),
        ('file', ntstatus.STATUS_OBJECT_NAME_COLLISION),
        ('missing\\d', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),
    ],
)
def test_a_folder_is_made_only_where_nothing_is_and_a_parent_is(tree, path, status):
    tree.add('file')
    tree.add_folder('d')
    assert refused(metadata.create_directory, tree, path) == status


def test_files_and_full_folders_get_new_names(tree):
    tree.add('d\\in\\file', b'1')
    metadata.rename(tree, 'd\\in', 'moved')
    metadata.rename(tree, 'moved\\file', 'd\\FILE')
    assert sorted(tree.files) == ['', 'd', 'd\\FILE', 'moved']


@pytest.mark.parametrize(
    ('old', 'new', 'status'),
    [
        ('a', 'b', ntstatus.STATUS_OBJECT_NAME_COLLISION),
        ('a', 'empty', ntstatus.STATUS_OBJECT_NAME_COLLISION),
        ('missing', 'c', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
        ('a', 'missing\\c', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),
    ],
)
def test_nothing_is_overwritten_by_a_new_name(tree, old, new, status):
    tree.add('a', b'1')
    tree.add('b', b'2')
    tree.add_folder('empty')
    assert refused(metadata.rename, tree, old, new) == status
    assert (tree.files['a'].data, tree.files['b'].data) == (b'1', b'2')


def test_a_file_is_replaced_and_a_folder_is_not(tree):
    tree.add('a', b'1')
    tree.add('b', b'2')
    metadata.replace(tree, 'a', 'b')
    metadata.replace(tree, 'b', 'c')
    assert sorted(tree.files) == ['', 'c'] and tree.files['c'].data == b'1'


def test_where_a_rename_replaces_nothing_the_file_is_removed_before(tree, monkeypatch):
    # As over SMB1
    rename = tree.rename
    monkeypatch.setattr(tree, 'rename', lambda old, new, may_replace: rename(old, new, False))
    tree.add('a', b'1')
    tree.add('b', b'2')
    tree.add_folder('folder')
    metadata.replace(tree, 'a', 'b')
    assert sorted(tree.files) == ['', 'b', 'folder'] and tree.files['b'].data == b'1'
    for old, new in (('b', 'folder'), ('folder', 'b')):
        assert refused(metadata.replace, tree, old, new) == ntstatus.STATUS_OBJECT_NAME_COLLISION
    assert sorted(tree.files) == ['', 'b', 'folder']


def test_a_link_is_renamed_itself(tree):
    tree.add('precious', b'data')
    tree.add('link', link='precious')
    metadata.rename(tree, 'link', 'other')
    assert sorted(tree.files) == ['', 'other', 'precious']


# Security


def test_owner_group_and_dacl_are_asked_for(tree):
    """[MS-DTYP] 2.4.6: a self-relative descriptor, here with an owner alone."""
    tree.add('file')
    tree.security = bytes.fromhex('01000080 14000000 00000000 00000000 00000000 010100000000000100000000')
    found = metadata.get_security(tree, 'file')
    assert str(found.owner) == 'S-1-1-0'
    assert (found.group, found.dacl, found.sacl) == (None, None, None)
    assert ('query_security', 'file', 7) in tree.verbs
    assert tree.verbs[0][2].access == READ_CONTROL


def test_security_that_is_none_is_an_error(tree):
    tree.add('file')
    tree.security = b'short'
    with pytest.raises(ProtocolError):
        metadata.get_security(tree, 'file')
    assert refused(metadata.get_security, tree, 'missing') == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND


# Attributes and times


def values(information):
    times = (information.creation_time, information.last_access_time, information.last_write_time)
    return (*times, information.change_time, information.file_attributes)


@pytest.mark.parametrize('attributes', [0, ATTR_NORMAL, ATTR_HIDDEN])
@pytest.mark.parametrize('path', ['file', 'd'])
def test_attributes_are_set_and_times_are_not(tree, path, attributes):
    tree.add('file')
    tree.add_folder('d')
    metadata.set_attributes(tree, path, attributes)
    assert [values(one) for one in tree.files[path].set_basic] == [(0, 0, 0, 0, attributes)]


@pytest.mark.parametrize('folder', ['', 'd'])
def test_a_pattern_sets_the_attributes_of_each_match(tree, folder):
    names = ['a1', 'a2', 'a3', 'a4', 'b']
    for name in names:
        tree.add(paths.join(folder, name))
    tree.add_folder(paths.join(folder, 'a5'))
    metadata.set_attributes(tree, paths.join(folder, 'a*'), ATTR_HIDDEN)
    changed = [path for path, file in tree.files.items() if file.set_basic]
    assert changed == [paths.join(folder, name) for name in ['a1', 'a2', 'a3', 'a4', 'a5']]


def test_a_pattern_for_everything_leaves_the_folder_itself_and_the_one_above_it(tree):
    tree.add('d\\file')
    metadata.set_attributes(tree, 'd\\*', ATTR_HIDDEN)
    assert [verb[1] for verb in tree.verbs if verb[0] == 'change'] == ['d\\file']


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('missing', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
        ('missing\\*', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
        ('missing\\file', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),
        ('d*\\file', ntstatus.STATUS_OBJECT_NAME_INVALID),
    ],
)
def test_attributes_of_what_is_missing_cannot_be_set(tree, path, status):
    tree.add('d\\file')
    assert refused(metadata.set_attributes, tree, path, ATTR_HIDDEN) == status


def test_a_pattern_without_matches_sets_nothing(tree):
    metadata.set_attributes(tree, 'x*', ATTR_HIDDEN)
    assert tree.names() == ['open', 'list', 'close']


def test_the_last_write_time_is_set_and_nothing_else(tree):
    tree.add('file')
    metadata.set_last_write_time(tree, 'file', 130000000000000001)
    assert [values(one) for one in tree.files['file'].set_basic] == [(0, 0, 130000000000000001, 0, 0)]
    assert refused(metadata.set_last_write_time, tree, 'missing', 1) == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
