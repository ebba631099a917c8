"""Symbolic links on the server's disk: what is deleted is what has the name, never what a link leads to.

Samba follows links inside the share itself, shows what they lead to, and hides those that lead out of it.
"""

from __future__ import annotations

import pytest

from tests.live.folder import Folder, names
from tests.live.refusals import check_refused


@pytest.fixture
def linked(folder):
    """Links to a folder and a file elsewhere, to the folder above, and out of the share."""
    folder.put('precious/data', b'data')
    folder.put('precious/inside/data', b'data')
    folder.put('d/sub/file')
    try:
        (folder.local / 'd/to folder').symlink_to('../precious')
    except (OSError, NotImplementedError) as error:
        pytest.skip(f'no symbolic links here: {error}')
    (folder.local / 'd/to file').symlink_to('../precious/data')
    (folder.local / 'd/up').symlink_to('.')
    (folder.local / 'd/out').symlink_to('/')
    return folder


def intact(folder):
    return folder.read('precious/data') == folder.read('precious/inside/data') == b'data'


def test_links_inside_the_share_look_like_what_they_lead_to(connection, linked):
    found = connection.listPath(linked.share, linked.path('d'))
    assert names(found) == ['sub', 'to file', 'to folder', 'up']
    assert {entry.filename for entry in found if entry.isDirectory} == {'.', '..', 'sub', 'to folder', 'up'}


@pytest.mark.parametrize('pattern', ['d*', 'd/*', 'd/to*', 'd/to fo*'])
def test_a_folder_behind_a_link_is_not_emptied(connection, linked, pattern):
    failure = check_refused(
        connection, 'deleteFiles', linked.share, linked.path(pattern), True,
        reason='Delete failed', status='STATUS_DIRECTORY_NOT_EMPTY',
    )  # fmt: skip
    assert 'is a symbolic link to another folder, which is not touched' in failure.message
    assert intact(linked)


def test_a_link_to_a_file_is_deleted_itself(connection, linked):
    connection.deleteFiles(linked.share, linked.path('d/*'))
    assert not (linked.local / 'd/to file').is_symlink()
    connection.deleteFiles(linked.share, linked.path('d/to file'))
    assert intact(linked)


def test_a_link_to_an_empty_folder_is_deleted_itself(connection, folder):
    folder.mkdir('empty')
    folder.mkdir('d')
    (folder.local / 'd/link').symlink_to('../empty')
    connection.deleteFiles(folder.share, folder.path('d*'), True)
    assert folder.tree() == {'empty': None}


def test_a_link_to_a_folder_beside_it_is_seen(connection, folder):
    folder.put('release 5/data')
    (folder.local / 'current').symlink_to('release 5')
    check_refused(
        connection, 'deleteFiles', folder.share, folder.path('cur*'), True,
        reason='Delete failed', status='STATUS_DIRECTORY_NOT_EMPTY',
    )  # fmt: skip
    assert folder.read('release 5/data')
    connection.deleteFiles(folder.share, folder.path('*'), True)
    assert folder.tree() == {}


def test_a_deep_tree_without_links_is_deleted(connection, folder):
    for name in ('d/a/b/c/file', 'd/a/b/file', 'd/a/file', 'd/b/a/file'):
        folder.put(name)
    folder.mkdir('d/empty/empty')
    connection.deleteFiles(folder.share, folder.path('d*'), True)
    assert folder.tree() == {}


class TestHidden:
    """``follow symlinks = no``: no link is seen, and a folder that has one is not empty."""

    @pytest.fixture
    def folder(self, server):
        return Folder(server(shares={'unfollowed': {'follow symlinks': 'no'}}), 'unfollowed')

    def test_links_stay_and_what_they_lead_to_as_well(self, connection, linked):
        assert names(connection.listPath(linked.share, linked.path('d'))) == ['sub']
        connection.deleteFiles(linked.share, linked.path('d/*'), True)
        assert names(connection.listPath(linked.share, linked.path('d'))) == []
        assert (linked.local / 'd/to folder').is_symlink()
        assert intact(linked)

    @pytest.mark.parametrize(
        ('name', 'status'),
        [('d/to file', 'STATUS_OBJECT_NAME_NOT_FOUND'), ('d/up/sub', 'STATUS_OBJECT_PATH_NOT_FOUND')],
    )
    def test_nothing_is_found_through_them(self, connection, linked, name, status):
        check_refused(
            connection, 'getAttributes', linked.share, linked.path(name),
            reason='Unable to open remote file object', status=status,
        )  # fmt: skip
