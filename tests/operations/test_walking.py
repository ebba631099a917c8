"""Listings and walks that go on step by step."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.errors import Incomplete, StatusError
from smb.operations.walking import Listing, Walk
from smb.smb_constants import ATTR_DIRECTORY, FILE_OPEN_REPARSE_POINT

NAMES = [f'file {number}' for number in range(7)]


@pytest.fixture
def folder(tree):
    for name in NAMES:
        tree.add(f'd\\{name}')
    return tree


def names(batch):
    return [entry.filename for entry in batch]


def test_a_listing_comes_batch_by_batch_with_the_next_one_under_way(folder):
    listing = Listing(folder, 'd', '*')
    found = names(listing.batch)
    assert found == ['.', '..', NAMES[0]]
    while not listing.is_complete:
        assert len(folder.under_way) == 1
        found += names(listing.next())
    assert found == ['.', '..', *NAMES]
    assert folder.handles == []
    listing.close()


@pytest.mark.parametrize('steps', [0, 1])
def test_a_listing_can_be_given_up(folder, steps):
    listing = Listing(folder, 'd', '*')
    for _ in range(steps):
        listing.next()
    listing.close()
    assert folder.handles == folder.under_way == []
    assert len(folder.abandoned) == 1
    listing.close()


def test_a_listing_that_fails_is_closed(folder):
    listing = Listing(folder, 'd', '*')
    folder.fail('list', ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(StatusError):
        listing.next()
    assert listing.is_complete
    assert folder.handles == []


def test_entries_that_another_operation_had_cancelled_are_missed(folder):
    listing = Listing(folder, 'd', '*')
    folder.cancel_all()
    with pytest.raises(Incomplete):
        listing.next()
    assert folder.handles == []


def walked(tree, path=''):
    """Every folder that a walk gets to, with its folders and files."""
    walk, todo, found = Walk(), [(path, None)], {}
    while todo:
        path, entry = todo.pop()
        looked = walk.look(tree, path, entry)
        if looked is not None:
            folders, files = looked
            found[path] = (list(folders), files)
            todo += [(each.path, each) for each in folders.values() if not each.is_link]
    return found


@pytest.mark.parametrize('numbers_files', [True, False])
def test_a_walk_gets_everywhere(tree, numbers_files):
    tree.numbers_files = numbers_files
    tree.add('d\\e\\file')
    tree.add('d\\other')
    tree.add_folder('empty')
    assert walked(tree) == {
        '': (['d', 'empty'], []),
        'd': (['e'], ['other']),
        'd\\e': ([], ['file']),
        'empty': ([], []),
    }


def test_a_walk_goes_through_no_link(tree):
    tree.add('precious\\file')
    tree.add_folder('d', ATTR_DIRECTORY)
    tree.add_folder('d\\link', ATTR_DIRECTORY, link='precious')
    assert walked(tree, 'd') == {'d': (['link'], [])}
    assert all(not verb[2].options & FILE_OPEN_REPARSE_POINT for verb in tree.verbs if verb[0] == 'open')


def test_a_walk_notices_links_that_the_server_follows_itself(tree):
    tree.numbers_files = True
    tree.add('precious\\file')
    tree.add('d\\inside\\file')
    # As Samba has them: they look like folders, and have the numbers of what they lead to.
    tree.files['d\\link'] = tree.files['precious']
    tree.files['d\\up'] = tree.files['d']
    entries = tree.entries
    tree.entries = lambda path, pattern: entries({'d\\link': 'precious', 'd\\up': 'd'}.get(path, path), pattern)
    found = walked(tree, 'd')
    assert sorted(found) == ['d', 'd\\inside']
    assert sorted(found['d'][0]) == ['inside', 'link', 'up']


def test_a_walk_goes_into_a_folder_once_where_a_link_beside_it_leads_to_it(tree):
    tree.numbers_files = True
    tree.add('d\\real\\file')
    tree.files['d\\link'] = tree.files['d\\real']
    assert len(walked(tree, 'd')) == 2


def test_folders_that_all_have_the_same_number_are_walked(tree):
    tree.numbers_files = True
    tree.add('d\\e\\file')
    tree.add('d\\f\\file')
    entries = tree.entries

    def with_wrong_dots(path, pattern):
        found = entries(path, pattern)
        for entry in found:
            entry.file_id = 77 if entry.filename in ('.', '..') else entry.file_id
        return found

    tree.entries = with_wrong_dots
    assert sorted(walked(tree, 'd')) == ['d', 'd\\e', 'd\\f']
