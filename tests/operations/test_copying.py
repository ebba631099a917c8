"""Copies, by the server and through this machine."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import Incomplete, StatusError
from smb.operations import copying
from smb.smb_constants import ATTR_HIDDEN, FILE_CREATE, FILE_OVERWRITE_IF, FILE_SHARE_NONE
from tests.operations.memory_tree import MemoryTree

CONTENT = bytes(range(100))


@pytest.fixture
def tree(tree):
    tree.add('source', CONTENT)
    tree.add_folder('d')
    return tree


def copy(tree, new_path='d\\copy', overwrite=True):
    return copying.copy_file(tree, 'source', tree, new_path, overwrite)


def of(tree, verb):
    return [details for name, *details in tree.verbs if name == verb]


def test_the_server_copies_as_much_at_once_as_it_does(tree):
    tree.copies = [40, 40, 20]
    assert copy(tree) == 100
    assert tree.files['d\\copy'].data == CONTENT
    assert of(tree, 'copy_from') == [[0, 100], [40, 60], [80, 20]]
    assert not {'read', 'write'} & set(tree.names())


@pytest.mark.parametrize('copies', [[], [40]])
def test_what_the_server_does_not_copy_is_read_and_written(tree, copies):
    tree.copies = list(copies)
    assert copy(tree) == 100
    assert tree.files['d\\copy'].data == CONTENT
    assert of(tree, 'write')[0][0] == sum(copies)
    assert tree.most_in_flight > tree.read_size


def test_an_empty_file_is_copied(tree):
    tree.add('source')
    assert copy(tree) == 0
    assert tree.files['d\\copy'].data == b''


def test_a_copy_to_another_share(tree):
    other = MemoryTree()
    assert copying.copy_file(tree, 'source', other, 'source', True) == 100
    assert other.files['source'].data == CONTENT
    assert other.handles == []


def test_a_file_in_the_way_is_overwritten_or_not(tree):
    tree.add('d\\copy', b'x' * 200, ATTR_HIDDEN)
    with pytest.raises(StatusError) as caught:
        copy(tree, overwrite=False)
    assert caught.value.status == ntstatus.STATUS_OBJECT_NAME_COLLISION
    assert tree.files['d\\copy'].data == b'x' * 200
    copy(tree)
    assert tree.files['d\\copy'].data == CONTENT
    hows = [how for path, how in of(tree, 'open') if path == 'd\\copy']
    assert {how.share for how in hows if how.disposition in (FILE_CREATE, FILE_OVERWRITE_IF)} == {FILE_SHARE_NONE}


@pytest.mark.parametrize('name', ['source', 'SOURCE'])
def test_a_file_is_not_copied_to_itself(tree, name):
    with pytest.raises(ValueError, match='cannot be copied to itself'):
        copy(tree, name)
    assert tree.verbs == []
    assert tree.files['source'].data == CONTENT


@pytest.mark.parametrize('verb', ['copy_from', 'read', 'write', 'close'])
def test_a_copy_that_fails_leaves_nothing_open(tree, verb):
    tree.fail(verb, ntstatus.STATUS_DISK_FULL)
    with pytest.raises(StatusError):
        copy(tree)
    assert tree.handles == tree.under_way == []


def test_a_source_that_ends_before_is_an_error(tree):
    tree.fail('read', lambda: tree.files['source'].data.clear(), at=2)
    with pytest.raises(Incomplete):
        copy(tree)
    assert tree.handles == tree.under_way == []
