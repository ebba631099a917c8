"""Attributes, new folders and new names."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import StatusError
from smb.operations import metadata
from smb.results import SharedFile
from smb.smb_constants import ATTR_DIRECTORY, ATTR_HIDDEN
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


def test_a_link_is_renamed_itself(tree):
    tree.add('precious', b'data')
    tree.add('link', link='precious')
    metadata.rename(tree, 'link', 'other')
    assert sorted(tree.files) == ['', 'other', 'precious']
