"""Listings: every entry once, and those that the caller's filter asks for."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import StatusError
from smb.operations import listing
from smb.results import SharedFile
from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_COMPRESSED,
    ATTR_DIRECTORY,
    ATTR_HIDDEN,
    ATTR_NORMAL,
    ATTR_READONLY,
    ATTR_SYSTEM,
    ATTR_TEMPORARY,
    SMB_FILE_ATTRIBUTE_ARCHIVE,
    SMB_FILE_ATTRIBUTE_DIRECTORY,
    SMB_FILE_ATTRIBUTE_HIDDEN,
    SMB_FILE_ATTRIBUTE_INCL_NORMAL,
    SMB_FILE_ATTRIBUTE_NORMAL,
    SMB_FILE_ATTRIBUTE_SYSTEM,
)

EVERYTHING = 65591  # listPath's default
OLD_SCRIPTS = 0x37


def names(tree, path='', search=EVERYTHING, pattern='*'):
    return [entry.filename for entry in listing.list_path(tree, path, search, pattern)]


@pytest.mark.parametrize('count', [0, 1, 2, 3, 4, 5, 10, 31])
def test_every_entry_comes_once_in_the_servers_order(tree, count):
    expected = [f'{i}.txt' for i in range(count)]
    for name in expected:
        tree.add(f'folder\\{name}')
    tree.add_folder('folder')
    assert names(tree, 'folder') == ['.', '..', *expected]


def test_what_nothing_matches_is_an_empty_list(tree):
    tree.add('a.txt')
    assert names(tree, pattern='*.zip') == []


def test_the_server_matches_the_pattern(tree):
    for name in ('a.txt', 'b.txt', 'c.zip'):
        tree.add(name)
    assert names(tree, pattern='*.TXT') == ['a.txt', 'b.txt']
    assert {verb[2] for verb in tree.verbs if verb[0] == 'list'} == {'*.TXT'}


def entry(attributes):
    return SharedFile(0.0, 0.0, 0.0, 0.0, 0, 0, attributes, '', 'name')


FOLDER, HIDDEN_FOLDER = ATTR_DIRECTORY, ATTR_DIRECTORY | ATTR_HIDDEN


@pytest.mark.parametrize(
    ('attributes', 'search', 'wanted'),
    [
        # the default lists everything
        (ATTR_NORMAL, EVERYTHING, True),
        (0, EVERYTHING, True),
        (ATTR_ARCHIVE, EVERYTHING, True),
        (ATTR_READONLY, EVERYTHING, True),
        (HIDDEN_FOLDER, EVERYTHING, True),
        (ATTR_NORMAL | ATTR_COMPRESSED, EVERYTHING, True),
        (ATTR_TEMPORARY, EVERYTHING, True),
        # without INCL_NORMAL a file with no attribute is left out, as pysmb does
        (ATTR_NORMAL, OLD_SCRIPTS, False),
        (0, OLD_SCRIPTS, False),
        (ATTR_COMPRESSED, OLD_SCRIPTS, False),
        (ATTR_ARCHIVE, OLD_SCRIPTS, True),
        (FOLDER, OLD_SCRIPTS, True),
        (ATTR_SYSTEM, OLD_SCRIPTS, True),
        # any match suffices
        (HIDDEN_FOLDER, SMB_FILE_ATTRIBUTE_DIRECTORY, True),
        (HIDDEN_FOLDER, SMB_FILE_ATTRIBUTE_HIDDEN, True),
        (HIDDEN_FOLDER, SMB_FILE_ATTRIBUTE_SYSTEM, False),
        (ATTR_ARCHIVE, SMB_FILE_ATTRIBUTE_DIRECTORY, False),
        (ATTR_ARCHIVE | ATTR_READONLY, SMB_FILE_ATTRIBUTE_ARCHIVE, True),
        (ATTR_NORMAL, SMB_FILE_ATTRIBUTE_DIRECTORY, False),
        # exactly SMB_FILE_ATTRIBUTE_NORMAL, which is 0
        (ATTR_NORMAL, SMB_FILE_ATTRIBUTE_NORMAL, True),
        (0, SMB_FILE_ATTRIBUTE_NORMAL, True),
        (ATTR_COMPRESSED, SMB_FILE_ATTRIBUTE_NORMAL, True),
        (ATTR_ARCHIVE, SMB_FILE_ATTRIBUTE_NORMAL, False),
        (FOLDER, SMB_FILE_ATTRIBUTE_NORMAL, False),
        # INCL_NORMAL alone
        (ATTR_NORMAL, SMB_FILE_ATTRIBUTE_INCL_NORMAL, True),
        (0, SMB_FILE_ATTRIBUTE_INCL_NORMAL, True),
        (ATTR_ARCHIVE, SMB_FILE_ATTRIBUTE_INCL_NORMAL, False),
        (ATTR_NORMAL | ATTR_READONLY, SMB_FILE_ATTRIBUTE_INCL_NORMAL, False),
        # a number for our filter, no attribute: the same bit of an entry means something else
        (ATTR_ARCHIVE | 0x10000, SMB_FILE_ATTRIBUTE_INCL_NORMAL, False),
        # bits above the low eight, and 0x80 itself
        (ATTR_NORMAL, ATTR_NORMAL, True),
        (0, ATTR_NORMAL, False),
        (ATTR_TEMPORARY, ATTR_TEMPORARY, True),
        (ATTR_ARCHIVE | ATTR_COMPRESSED, ATTR_COMPRESSED, True),
    ],
)
def test_a_filter_accepts_what_shares_a_bit_with_it(attributes, search, wanted):
    assert listing.is_wanted(entry(attributes), search) is wanted


def test_a_filter_that_drops_the_last_entries_of_a_batch_loses_nothing(tree):
    """Where pysmb went on from the wrong name, and never ended."""
    for i in range(20):
        tree.add(f'{i}.txt')
    tree.add_folder('z')
    assert names(tree, search=SMB_FILE_ATTRIBUTE_DIRECTORY) == ['.', '..', 'z']
    assert names(tree, search=SMB_FILE_ATTRIBUTE_SYSTEM) == []


def test_the_next_batch_is_under_way_while_one_is_looked_at(tree):
    for i in range(7):
        tree.add(f'{i}.txt')
    assert [len(tree.under_way) for _ in listing.batches(tree, '', '*')] == [1, 1, 1, 0]


def test_a_listing_that_is_given_up_is_closed(tree):
    for i in range(20):
        tree.add(f'{i}.txt')
    batches = listing.batches(tree, '', '*')
    next(batches)
    assert len(tree.handles) == 1
    batches.close()
    assert tree.handles == []
    assert len(tree.abandoned) == 1


@pytest.mark.parametrize(
    ('path', 'status'),
    [
        ('missing', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),
        ('missing\\folder', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),
        ('file', ntstatus.STATUS_NOT_A_DIRECTORY),
    ],
)
def test_what_is_no_folder_is_refused(tree, path, status):
    tree.add('file')
    with pytest.raises(StatusError) as caught:
        names(tree, path)
    assert caught.value.status == status


@pytest.mark.parametrize('at', [1, 2, 3])
def test_a_listing_that_breaks_off_is_an_error(tree, at):
    for i in range(20):
        tree.add(f'{i}.txt')
    tree.fail('list', ntstatus.STATUS_ACCESS_DENIED, at)
    with pytest.raises(StatusError):
        names(tree)
    assert tree.names()[-1] == 'close'
