"""Whole folders to and from a real server: in every dialect, in few round trips, with links, and cut in the middle."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import PurePosixPath

import pytest

from smb.errors import NotConnectedError, SMBTimeout
from smb.smb_constants import ATTR_HIDDEN, ATTR_READONLY
from smb.smb_structs import TreeFailure
from tests.live.folder import Folder, names, noise
from tests.live.network import Relay
from tests.live.turns import Turns
from tests.operations.tree_copies import local_tree, make_local

COUNT = 300
SMALL_FILES = {f'{n % 7}/{n % 4} sub/{n}' if n % 3 else f'flat/{n}': noise(4000 + n) for n in range(COUNT)}
FILES = SMALL_FILES | {
    'empty': b'',
    'one block': noise(65536),
    'more than a block': noise(65537),
    '0/large': noise(3_000_000),
    'names/\N{LATIN SMALL LETTER A WITH DIAERESIS} \N{SNOWMAN} \N{SMILING FACE WITH SUNGLASSES}': b'snow',
    'names/' + 'x' * 200: b'long',
}
DIALECTS = {
    'smb1': {'smb1': True},
    '2.0.2': {'max_dialect': 0x0202},
    '3.0.2 encrypted': {'max_dialect': 0x0302, 'require_encryption': True},
    '3.1.1': {},
    '3.1.1 signed': {'require_signing': True},
    '3.1.1 encrypted': {'require_encryption': True},
    '3.1.1 netbios': {'is_direct_tcp': False},
}


def whole(files, *hollow):
    """The files, and the folders that they are in, as ``local_tree`` has them."""
    folders = {str(above) for name in [*files, *(f'{folder}/' for folder in hollow)] for above in _above(name)}
    return dict.fromkeys(folders | set(hollow)) | files


def _above(name):
    return [path for path in PurePosixPath(name).parents if str(path) != '.']


@pytest.fixture(params=DIALECTS)
def any_connection(request, folder, connect):
    return connect(folder.server, **DIALECTS[request.param])


def test_a_tree_comes_down_as_it_is_and_goes_up_again(any_connection, folder, tmp_path):
    wanted = whole(FILES, 'hollow', 'hollow/inside')
    make_local(folder.local / 'source', wanted)
    size = sum(map(len, FILES.values()))
    down = any_connection.downloadTree(folder.share, folder.path('source'), tmp_path / 'copy')
    assert local_tree(tmp_path / 'copy') == wanted
    up = any_connection.uploadTree(folder.share, folder.path('copy'), tmp_path / 'copy')
    assert local_tree(folder.local / 'copy') == wanted
    for report in (down, up):
        assert (report.files, report.folders, report.bytes, report.failures) == (
            len(FILES), len(wanted) - len(FILES) + 1, size, [],
        )  # fmt: skip
    assert any_connection.getAttributes(folder.share, folder.path('copy/empty')).file_size == 0


def test_a_second_copy_replaces_the_first(any_connection, folder, tmp_path):
    old, new = {'a/same': b'1', 'a/longer': b'old', 'b/mine': b'mine'}, {'a/same': b'1', 'a/longer': noise(70000)}
    for here, there in ((tmp_path / 'up', folder.local / 'up'), (folder.local / 'down', tmp_path / 'down')):
        make_local(there, old)
        make_local(here, new)
    any_connection.uploadTree(folder.share, folder.path('up'), os.fsencode(tmp_path / 'up'))
    any_connection.downloadTree(folder.share, folder.path('down'), tmp_path / 'down')
    assert local_tree(folder.local / 'up') == local_tree(tmp_path / 'down') == whole(old | new)


def test_hidden_files_are_replaced_and_read_only_ones_reported(any_connection, folder, tmp_path):
    make_local(tmp_path, {'hidden': b'new', 'locked': b'new', 'other': b'new'})
    for name, attributes in (('hidden', ATTR_HIDDEN), ('locked', ATTR_READONLY)):
        folder.mark(folder.put(f'd/{name}', b'old'), attributes)
    with pytest.raises(TreeFailure) as caught:
        any_connection.uploadTree(folder.share, folder.path('d'), tmp_path)
    ((path, error),) = caught.value.report.failures
    assert path == folder.path('d/locked').replace('/', '\\')
    assert isinstance(error, PermissionError)
    assert error.status_name == 'STATUS_ACCESS_DENIED'
    assert (caught.value.report.files, caught.value.report.folders) == (2, 1)
    assert local_tree(folder.local / 'd') == {'hidden': b'new', 'locked': b'old', 'other': b'new'}
    assert any_connection.getAttributes(folder.share, folder.path('d/hidden')).file_attributes & ATTR_HIDDEN


def test_the_root_of_a_share_is_a_folder_as_any(server, connect, tmp_path):
    private = server(shares={'whole': {'read only': 'no'}})
    make_local(private.share_root('whole'), {'old/file': b'old'})
    one = connect(private)
    make_local(tmp_path / 'up', {'new/file': b'new'})
    one.uploadTree('whole', '/', tmp_path / 'up')
    one.downloadTree('whole', '', tmp_path / 'down')
    assert local_tree(tmp_path / 'down') == whole({'old/file': b'old', 'new/file': b'new'})


@pytest.mark.parametrize('call', ['downloadTree', 'uploadTree'])
def test_a_missing_folder_is_an_error_of_its_own(connection, folder, tmp_path, call):
    with pytest.raises(FileNotFoundError) as caught:
        getattr(connection, call)(folder.share, folder.path('missing/folder'), tmp_path / ('x' * (call[0] == 'd')))
    assert not isinstance(caught.value, TreeFailure)
    assert caught.value.message.startswith(f'Failed to {call[:-4]} {folder.name}\\missing\\folder on {folder.share}')
    assert 'Unable to open directory' in caught.value.message or 'List failed' in caught.value.message
    assert local_tree(tmp_path) == {}
    connection.echo(b'')


def test_a_share_that_is_only_read_refuses_an_upload(connection, folder, tmp_path):
    make_local(tmp_path, {'file': b'1'})
    with pytest.raises(PermissionError):
        connection.uploadTree('readonly', 'new', tmp_path)


def test_nothing_is_left_open_on_the_server(any_connection, folder, tmp_path):
    make_local(folder.local / 'd', SMALL_FILES)
    any_connection.downloadTree(folder.share, folder.path('d'), tmp_path)
    # Samba refuses to rename a folder in which something is open
    any_connection.rename(folder.share, folder.path('d'), folder.path('renamed'))


# Round trips


@pytest.mark.parametrize('dialect', ['2.0.2', '3.1.1', '3.1.1 encrypted'])
def test_300_files_take_at_most_a_fifth_of_a_round_trip_each(folder, connect, tmp_path, dialect):
    make_local(folder.local / 'source', whole(SMALL_FILES))
    make_local(folder.local / 'many', {f'{number}.tmp': b'' for number in range(COUNT)} | {'kept': b'kept'})
    with Turns(folder.server) as link:
        connection = connect(folder.server, via=link, **DIALECTS[dialect])
        connection.listPath(folder.share, folder.path())
        turns = [link.count]
        connection.downloadTree(folder.share, folder.path('source'), tmp_path)
        turns.append(link.count)
        connection.uploadTree(folder.share, folder.path('copy'), tmp_path)
        turns.append(link.count)
        connection.deleteFiles(folder.share, folder.path('many/*.tmp'))
        turns.append(link.count)
    assert local_tree(folder.local / 'copy') == local_tree(tmp_path) == whole(SMALL_FILES)
    assert local_tree(folder.local / 'many') == {'kept': b'kept'}
    taken = [after - before for before, after in pairwise(turns)]
    assert all(1 <= count <= COUNT // 5 for count in taken), taken


# Links


@pytest.fixture
def looping(folder):
    """``d`` with links to itself, to the folder above, to a folder beside it, and to a file."""
    folder.put('d/a/file', b'file')
    folder.put('beside/file', b'beside')
    try:
        (folder.local / 'd/itself').symlink_to('.')
    except (OSError, NotImplementedError) as error:
        pytest.skip(f'no symbolic links here: {error}')
    (folder.local / 'd/also itself').symlink_to('../d')
    (folder.local / 'd/a/above').symlink_to('..')
    (folder.local / 'd/a/beside').symlink_to('../../beside')
    (folder.local / 'd/a/link').symlink_to('../../beside/file')
    return folder


def loops(failure, folder):
    """The paths that were refused as loops, in ``folder``."""
    assert all(isinstance(error, ValueError) for _, error in failure.report.failures)
    return {path.removeprefix(f'{folder.name}\\').replace('\\', '/') for path, _ in failure.report.failures}


def test_links_that_samba_follows_in_circles_are_not_copied_in_circles(any_connection, looping, tmp_path):
    with pytest.raises(TreeFailure) as caught:
        any_connection.downloadTree(looping.share, looping.path('d'), tmp_path)
    assert loops(caught.value, looping) == {'d/itself', 'd/also itself', 'd/a/above'}
    assert local_tree(tmp_path) == whole({'a/file': b'file', 'a/beside/file': b'beside', 'a/link': b'beside'})


def test_a_link_to_the_folder_above_is_followed_to_where_the_circle_closes(any_connection, looping, tmp_path):
    (looping.local / 'd/up').symlink_to('..')
    with pytest.raises(TreeFailure) as caught:
        any_connection.downloadTree(looping.share, looping.path('d'), tmp_path)
    assert {'d/up/d', 'd/itself'} <= loops(caught.value, looping)
    assert local_tree(tmp_path / 'up') == whole({'beside/file': b'beside'})


def test_wide_links_are_not_copied_in_circles(server, connect, tmp_path):
    private = server(
        unix_extensions='no', allow_insecure_wide_links='yes', shares={'wide': {'wide links': 'yes', 'read only': 'no'}}
    )
    folder = Folder(private, 'wide')
    make_local(tmp_path / 'outside', {'file': b'outside'})
    folder.put('d/file', b'file')
    (folder.local / 'd/out').symlink_to(tmp_path / 'outside', target_is_directory=True)
    (tmp_path / 'outside/back').symlink_to(folder.local / 'd', target_is_directory=True)
    with pytest.raises(TreeFailure) as caught:
        connect(private).downloadTree('wide', folder.path('d'), tmp_path / 'target')
    assert loops(caught.value, folder) == {'d/out/back'}
    assert local_tree(tmp_path / 'target') == whole({'file': b'file', 'out/file': b'outside'})


# Cut and silent connections


@pytest.mark.parametrize('call', ['downloadTree', 'uploadTree'])
@pytest.mark.parametrize('frames', [1, 2, 3, 5, 20, 150])
@pytest.mark.parametrize('how', ['cut', 'silent'])
def test_connection_that_ends_in_the_middle_ends_the_call(folder, connect, tmp_path, call, frames, how):
    there, here = folder.local / 'd', tmp_path / 'd'
    make_local(there if call == 'downloadTree' else here, whole(SMALL_FILES))
    with Relay(folder.server) as link:
        connection = connect(folder.server, via=link)
        connection.listPath(folder.share, folder.path())
        setattr(link, 'cut_after' if how == 'cut' else 'hold_after', link.frame_count + frames)
        with pytest.raises(NotConnectedError if how == 'cut' else SMBTimeout):
            getattr(connection, call)(folder.share, folder.path('d'), here, timeout=0.3)
        if call == 'downloadTree' and here.exists():
            assert local_tree(here).items() <= whole(SMALL_FILES).items()  # no part of a file
        if how == 'cut':
            assert connection.sock is None
            return
        link.release()
        assert names(connection.listPath(folder.share, folder.path())) == names_of(folder.local)
        # Nothing is open any more: otherwise Samba would refuse.
        if there.exists():
            connection.rename(folder.share, folder.path('d'), folder.path('renamed'))


def names_of(folder):
    return sorted(path.name for path in folder.iterdir())
