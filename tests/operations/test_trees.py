"""Whole folders down: what arrives, what is told when something does not, and what becomes of an interrupted call."""

from __future__ import annotations

import errno
import os
import stat
from types import SimpleNamespace

import pytest

from smb import ntstatus
from smb.errors import Incomplete, NotConnectedError, ProtocolError, SMBTimeout, StatusError
from smb.operations import trees
from smb.operations.trees import SMALL
from smb.smb_constants import ATTR_DIRECTORY, ATTR_REPARSE_POINT
from tests.operations.tree_copies import Disk, download, local_tree

FILES = {
    'empty': b'',
    'small': b'1234',
    'a/b/c/deep': b'deep down',
    'a/b/second': b'2',
    'a/large': bytes(range(256)) * 3,
    'a b/\N{SNOWMAN} \N{SMILING FACE WITH SUNGLASSES}': b'snow',
    'z/last': b'z',
}
FOLDERS = ('a', 'a/b', 'a/b/c', 'a b', 'z', 'hollow', 'hollow/inside')
WANTED = FILES | dict.fromkeys(FOLDERS)
BYTES = sum(map(len, FILES.values()))
STATUSES = [
    'STATUS_ACCESS_DENIED',
    'STATUS_SHARING_VIOLATION',
    'STATUS_OBJECT_NAME_NOT_FOUND',
    'STATUS_STOPPED_ON_SYMLINK',
    'STATUS_NETWORK_NAME_DELETED',
    'STATUS_UNEXPECTED_IO_ERROR',
    'STATUS_FILE_IS_A_DIRECTORY',
]


@pytest.fixture(params=[1, 2, 64])
def source(request, tree):
    """The share with a folder ``d`` that has FILES and FOLDERS, beside one that nobody asks for."""
    tree.most_jobs = request.param
    for name, data in FILES.items():
        tree.add('d\\' + name.replace('/', '\\'), data)
    tree.add_folder('d\\hollow\\inside')
    tree.add('e\\other', b'not asked for')
    return tree


def without(*names):
    return {name: data for name, data in WANTED.items() if name not in names}


# What arrives


@pytest.mark.parametrize('numbers_files', [False, True])
def test_a_folder_arrives_with_all_that_is_below_it(source, tmp_path, numbers_files):
    source.numbers_files = numbers_files
    outcome = download(source, 'd', tmp_path / 'target')
    assert local_tree(tmp_path / 'target') == WANTED
    assert outcome.counts == (len(FILES), len(FOLDERS) + 1, BYTES)
    assert outcome.failures == {}


def test_the_root_of_a_share_arrives(source, tmp_path):
    outcome = download(source, '', tmp_path)
    assert local_tree(tmp_path) == {
        'd': None, 'e': None, 'e/other': b'not asked for', **{f'd/{name}': data for name, data in WANTED.items()},
    }  # fmt: skip
    assert outcome.counts == (len(FILES) + 1, len(FOLDERS) + 3, BYTES + len(b'not asked for'))


def test_an_empty_folder_is_made(tree, tmp_path):
    tree.add_folder('d')
    assert download(tree, 'd', tmp_path / 'new' / 'target').counts == (0, 1, 0)
    assert local_tree(tmp_path / 'new') == {'target': None}


def test_as_many_jobs_are_under_way_as_the_tree_is_for(source, tmp_path):
    most = []
    start = type(source).start_read_small
    source.start_read_small = lambda *details: (start(source, *details), most.append(len(source.jobs)))[0]
    for number in range(100):
        source.add(f'd\\many\\{number}', b'%d' % number)
    download(source, 'd', tmp_path)
    assert max(most) == source.most_jobs
    assert local_tree(tmp_path / 'many') == {str(number): b'%d' % number for number in range(100)}


@pytest.mark.parametrize('size', [SMALL - 1, SMALL, SMALL + 1])
@pytest.mark.parametrize('read_size', [SMALL // 2, SMALL, 2 * SMALL])
@pytest.mark.parametrize('announced', [None, 0, SMALL, 3 * SMALL])
def test_files_about_as_long_as_a_small_one_arrive_whatever_the_listing_said(
    tree, tmp_path, size, read_size, announced
):
    tree.most_jobs = 8
    tree.read_size, tree.window = read_size, 4 * read_size
    data = os.urandom(size)
    tree.add('d\\before', b'before')
    tree.add('d\\file', data).announced_size = announced
    tree.add('d\\zero behind', b'')
    outcome = download(tree, 'd', tmp_path)
    assert local_tree(tmp_path) == {'before': b'before', 'file': data, 'zero behind': b''}
    assert outcome.report.bytes == size + 6
    in_one_go = (size if announced is None else announced) <= min(SMALL, read_size)
    assert (('read', 'd\\file') in tree.job_log) is in_one_go


@pytest.mark.parametrize('old', [b'', b'old', bytes(100)])
@pytest.mark.parametrize('new', [b'', b'new', b'grown ' * 100])
def test_a_file_that_changes_between_listing_and_reading_arrives_as_it_is_now(tree, tmp_path, old, new):
    file = tree.add('d\\file', old)
    tree.fail('open', lambda: file.data.__setitem__(slice(None), new), at=2)
    outcome = download(tree, 'd', tmp_path)
    assert local_tree(tmp_path) == {'file': new}
    assert outcome.counts == (1, 1, len(new))


def test_a_file_that_grows_while_it_is_read_has_the_size_that_it_was_opened_with(tree, tmp_path):
    file = tree.add('d\\file', b'1234')
    tree.fail('read', lambda: file.data.extend(b'56'))
    assert download(tree, 'd', tmp_path).counts == (1, 1, 4)
    assert local_tree(tmp_path) == {'file': b'1234'}


def test_short_answers_are_no_short_files(source, tmp_path):
    source.longest_read = 3
    download(source, 'd', tmp_path)
    assert local_tree(tmp_path) == WANTED


def test_a_file_that_shrinks_while_it_is_read_is_reported(tree, tmp_path):
    file = tree.add('d\\file', bytes(40))
    tree.fail('read', lambda: file.data.__delitem__(slice(20, None)), at=2)
    outcome = download(tree, 'd', tmp_path)
    assert outcome.failed() == {'d\\file': Incomplete}
    assert local_tree(tmp_path) == {}


# What is there already


def test_files_that_are_there_are_replaced_and_others_stay(source, tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'a' / 'large').write_bytes(b'old' * 1000)
    (tmp_path / 'a' / 'mine').write_bytes(b'mine')
    download(source, 'd', tmp_path)
    assert local_tree(tmp_path) == WANTED | {'a/mine': b'mine'}


@pytest.mark.parametrize('size', [3, 30])
def test_a_file_that_is_there_survives_a_failed_download(tree, tmp_path, size):
    tree.add('d\\file', bytes(size))
    (tmp_path / 'file').write_bytes(b'old')
    tree.refuse('read', 'd\\file', ntstatus.STATUS_UNEXPECTED_IO_ERROR)
    assert download(tree, 'd', tmp_path).failed() == {'d\\file': ntstatus.STATUS_UNEXPECTED_IO_ERROR}
    assert local_tree(tmp_path) == {'file': b'old'}


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such modes')
def test_a_new_file_has_the_mode_that_the_process_gives_new_files(tree, tmp_path):
    tree.add('d\\file', b'1')
    before = os.umask(0o027)
    try:
        download(tree, 'd', tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / 'file').stat().st_mode) == 0o640


# What fails on the server


@pytest.mark.parametrize('status', STATUSES)
@pytest.mark.parametrize('verb', ['open', 'read'])
@pytest.mark.parametrize('name', ['a/large', 'a/b/c/deep'])
def test_a_file_that_fails_is_reported_and_the_others_arrive(source, tmp_path, name, verb, status):
    path = 'd\\' + name.replace('/', '\\')
    source.refuse(verb, path, getattr(ntstatus, status))
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == {path: getattr(ntstatus, status)}
    assert isinstance(outcome.failures[path], StatusError)
    assert local_tree(tmp_path) == without(name)
    assert outcome.counts == (len(FILES) - 1, len(FOLDERS) + 1, BYTES - len(FILES[name]))


@pytest.mark.parametrize('verb', ['open', 'list'])
def test_a_folder_in_the_middle_that_cannot_be_listed_is_reported_and_not_made(source, tmp_path, verb):
    source.refuse(verb, 'd\\a\\b', ntstatus.STATUS_ACCESS_DENIED)
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == {'d\\a\\b': ntstatus.STATUS_ACCESS_DENIED}
    assert local_tree(tmp_path) == without('a/b', 'a/b/c', 'a/b/c/deep', 'a/b/second')


def test_a_folder_whose_listing_breaks_off_is_reported_whole(source, tmp_path):
    for number in range(10):
        source.add(f'd\\many\\{number}')
    seen = []
    source.refuse('list', 'd\\many', lambda: seen.append(1) if len(seen) < 2 else source.fail_now())
    source.fail_now = lambda: source._run_into('list', ntstatus.STATUS_UNEXPECTED_IO_ERROR)
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == {'d\\many': ntstatus.STATUS_UNEXPECTED_IO_ERROR}
    assert local_tree(tmp_path) == WANTED


@pytest.mark.parametrize('verb', ['open', 'list'])
def test_the_folder_itself_that_cannot_be_listed_is_an_error(source, tmp_path, verb):
    source.refuse(verb, 'd', ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(StatusError) as caught:
        download(source, 'd', tmp_path / 'target')
    assert caught.value.status == ntstatus.STATUS_ACCESS_DENIED
    assert not (tmp_path / 'target').exists()


def test_a_file_is_no_folder(source, tmp_path):
    with pytest.raises(StatusError) as caught:
        download(source, 'd\\small', tmp_path / 'target')
    assert caught.value.status == ntstatus.STATUS_NOT_A_DIRECTORY


# What fails here


def parts(folder):
    return [path.name for path in folder.rglob('*.part')]


@pytest.mark.parametrize('error', [PermissionError(errno.EACCES, 'no'), OSError(errno.EMFILE, 'too many')])
def test_a_local_file_that_cannot_be_made_is_reported(source, tmp_path, monkeypatch, error):
    in_b = str(tmp_path / 'a' / 'b') + os.sep
    monkeypatch.setattr(trees, 'open', Disk(lambda path, mode: error if path.startswith(in_b) else None), raising=False)
    outcome = download(source, 'd', tmp_path)
    assert outcome.failures == dict.fromkeys(('d\\a\\b\\c\\deep', 'd\\a\\b\\second'), error)
    assert local_tree(tmp_path) == without('a/b/c/deep', 'a/b/second')


@pytest.mark.parametrize('method', ['write', 'close'])
def test_a_full_disk_is_reported_file_by_file_and_nothing_partial_stays(source, tmp_path, monkeypatch, method):
    full = OSError(errno.ENOSPC, 'No space left on device')
    monkeypatch.setattr(trees, 'open', Disk(lambda path, mode: (method, full)), raising=False)
    (tmp_path / 'small').write_bytes(b'old')
    outcome = download(source, 'd', tmp_path)
    wanted = {'d\\' + name.replace('/', '\\') for name, data in FILES.items() if data or method == 'close'}
    assert {path for path in outcome.failures if FILES[path[2:].replace('\\', '/')] or method == 'close'} == wanted
    assert set(outcome.failures.values()) == {full}
    kept = local_tree(tmp_path)
    assert kept.pop('small') == b'old'
    assert set(kept) <= {*FOLDERS, 'empty'}
    assert parts(tmp_path) == []


def test_a_folder_where_a_file_is_to_come_is_reported_and_stays(source, tmp_path):
    (tmp_path / 'small' / 'inside').mkdir(parents=True)
    outcome = download(source, 'd', tmp_path)
    assert issubclass(outcome.failed()['d\\small'], (IsADirectoryError, PermissionError))
    assert local_tree(tmp_path) == without('small') | {'small': None, 'small/inside': None}


def test_a_file_where_a_folder_is_to_come_is_reported_and_stays(source, tmp_path):
    (tmp_path / 'a').write_bytes(b'a file')
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == {'d\\a': FileExistsError}
    assert local_tree(tmp_path) == {name: data for name, data in WANTED.items() if not name.startswith('a/')} | {
        'a': b'a file'
    }


def test_a_target_that_is_a_file_is_an_error(source, tmp_path):
    (tmp_path / 'target').write_bytes(b'mine')
    with pytest.raises(FileExistsError):
        download(source, 'd', tmp_path / 'target')
    assert local_tree(tmp_path) == {'target': b'mine'}


@pytest.mark.parametrize('number', [errno.ETIMEDOUT, errno.ECONNRESET, errno.EPIPE])
def test_trouble_of_a_local_disk_that_is_on_a_network_is_not_taken_for_the_servers(
    source, tmp_path, monkeypatch, number
):
    error = OSError(number, 'from the file system')
    monkeypatch.setattr(
        trees, 'open', Disk(lambda path, mode: error if path.startswith(str(tmp_path / 'z')) else None), raising=False
    )
    assert download(source, 'd', tmp_path).failures == {'d\\z\\last': error}


# What ends the call


@pytest.mark.parametrize('at', [1, 4, 9])
@pytest.mark.parametrize('verb', ['open', 'read', 'list'])
@pytest.mark.parametrize(
    'error', [KeyboardInterrupt(), SMBTimeout('slow'), NotConnectedError('gone'), ProtocolError('')]
)
def test_what_ends_the_call_comes_out_and_leaves_nothing_under_way(source, tmp_path, error, verb, at):
    source.fail(verb, error, at=at)
    with pytest.raises(type(error)) as caught:
        download(source, 'd', tmp_path)
    assert caught.value is error
    assert source.jobs == [] and source.handles == []
    assert parts(tmp_path) == []
    arrived = local_tree(tmp_path)
    assert arrived.items() <= WANTED.items()  # each of them whole


@pytest.mark.parametrize('at', range(1, len(FILES)))
@pytest.mark.parametrize('method', ['write', 'close'])
def test_an_interruption_while_a_file_is_written_leaves_nothing_partial(source, tmp_path, monkeypatch, at, method):
    opened = []

    def trouble(path, mode):
        opened.append(path)
        return (method, KeyboardInterrupt()) if len(opened) == at else None

    monkeypatch.setattr(trees, 'open', Disk(trouble), raising=False)
    with pytest.raises(KeyboardInterrupt):
        download(source, 'd', tmp_path)
    assert source.jobs == [] and source.handles == []
    assert parts(tmp_path) == []
    assert local_tree(tmp_path).items() <= WANTED.items()


def test_jobs_behind_the_one_that_ends_the_call_are_abandoned(tree, tmp_path):
    tree.most_jobs = 64
    for number in range(100):
        tree.add(f'd\\{number}', b'data')
    tree.fail('read', SMBTimeout('slow'), at=10)
    with pytest.raises(SMBTimeout):
        download(tree, 'd', tmp_path)
    assert len(tree.abandoned_jobs) >= 60
    assert len(local_tree(tmp_path)) == 9


# Links and loops


def test_a_folder_that_is_a_link_on_the_server_is_not_followed(source, tmp_path):
    source.add_folder('d\\link', link='e')
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == {'d\\link': ValueError}
    assert ('list', 'd\\link') not in source.job_log
    assert local_tree(tmp_path) == WANTED


def test_a_file_behind_a_reparse_point_is_left_to_the_server(source, tmp_path):
    source.add('d\\compressed', b'content', attributes=ATTR_REPARSE_POINT)
    source.add('d\\symbolic', b'', attributes=ATTR_REPARSE_POINT)
    source.refuse('open', 'd\\symbolic', ntstatus.STATUS_STOPPED_ON_SYMLINK)
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == {'d\\symbolic': ntstatus.STATUS_STOPPED_ON_SYMLINK}
    assert local_tree(tmp_path) == WANTED | {'compressed': b'content'}


def follow(tree, links):
    """Make a server of the tree that follows links itself and shows what they lead to, as Samba does."""
    for link in links:
        tree.add_folder(link)
    open_real = tree.open

    def real(path):
        for _ in range(100):
            link = next((link for link in links if path == link or path.startswith(f'{link}\\')), None)
            if link is None:
                return path
            path = (links[link] + path[len(link) :]).strip('\\')
        raise AssertionError('the download goes round and round')

    tree.open = lambda path, how: open_real(real(path), how)


@pytest.mark.parametrize('numbers_files', [False, True])
@pytest.mark.parametrize(
    ('links', 'refused'),
    [
        ({'d\\up': 'd'}, {'d\\up'}),
        ({'d\\a\\b\\c\\up': 'd'}, {'d\\a\\b\\c\\up'}),
        ({'d\\a\\b\\one': 'd\\a', 'd\\a\\b\\two': 'd\\a'}, {'d\\a\\b\\one', 'd\\a\\b\\two'}),
        # The folder above is not one that it is in, as far as is known: it comes once more, and no further.
        ({'d\\a\\up': ''}, {'d\\a\\up\\d'}),
    ],
)
def test_a_loop_on_the_server_ends(source, tmp_path, links, refused, numbers_files):
    source.numbers_files = numbers_files
    follow(source, links)
    outcome = download(source, 'd', tmp_path)
    assert outcome.failed() == dict.fromkeys(refused, ValueError)
    arrived = local_tree(tmp_path)
    assert {name: arrived.get(name, 'missing') for name in WANTED} == WANTED
    assert len(arrived) <= len(WANTED) + 4


def test_file_systems_mounted_below_one_another_may_number_their_roots_alike(source, tmp_path):
    source.numbers_files = True
    real_entry = source.entry

    def entry(name, file):
        made = real_entry(name, file)
        made.file_id = 2 if name in ('.', '..') else made.file_id
        return made

    source.entry = entry
    assert download(source, 'd', tmp_path).failures == {}
    assert local_tree(tmp_path) == WANTED


@pytest.mark.parametrize('numbers_files', [False, True])
def test_folders_of_one_name_inside_one_another_are_no_loop(tree, tmp_path, numbers_files):
    tree.numbers_files = numbers_files
    tree.add('d\\a\\a\\a\\a\\file', b'1')
    assert download(tree, 'd', tmp_path).failures == {}
    assert local_tree(tmp_path)['a/a/a/a/file'] == b'1'


def test_a_local_link_to_a_folder_is_not_followed(source, tmp_path):
    outside, target = tmp_path / 'outside', tmp_path / 'target'
    outside.mkdir()
    target.mkdir()
    (target / 'a').symlink_to(outside, target_is_directory=True)
    outcome = download(source, 'd', target)
    assert outcome.failed() == {'d\\a': ValueError}
    assert local_tree(outside) == {}
    assert (target / 'z' / 'last').read_bytes() == b'z'


@pytest.mark.parametrize('exists', [False, True])
def test_a_local_link_to_a_file_is_replaced_itself(source, tmp_path, exists):
    outside, target = tmp_path / 'outside', tmp_path / 'target'
    target.mkdir()
    if exists:
        outside.write_bytes(b'mine')
    (target / 'small').symlink_to(outside)
    assert download(source, 'd', target).failures == {}
    assert local_tree(target) == WANTED
    assert outside.exists() is exists and (not exists or outside.read_bytes() == b'mine')


@pytest.mark.parametrize(
    ('facts', 'expected'),
    [
        ({'st_mode': stat.S_IFLNK | 0o777}, True),
        ({'st_mode': stat.S_IFDIR | 0o755}, False),
        # [MS-FSCC] 2.1.2.1: symbolic link, mount point, a folder of a cloud, none
        ({'st_mode': stat.S_IFDIR, 'st_reparse_tag': 0xA000000C}, True),
        ({'st_mode': stat.S_IFDIR, 'st_reparse_tag': 0xA0000003}, True),
        ({'st_mode': stat.S_IFDIR, 'st_reparse_tag': 0x9000001A}, False),
        ({'st_mode': stat.S_IFDIR, 'st_reparse_tag': 0}, False),
    ],
)
def test_a_mount_point_on_windows_is_a_link(facts, expected):
    assert trees._is_link('name', SimpleNamespace(**facts)) is expected


def test_a_target_that_is_a_link_to_a_folder_is_what_the_caller_meant(source, tmp_path):
    real = tmp_path / 'real'
    real.mkdir()
    (tmp_path / 'target').symlink_to(real, target_is_directory=True)
    assert download(source, 'd', tmp_path / 'target').failures == {}
    assert local_tree(real) == WANTED


# Progress


def test_progress_counts_each_byte_once_and_knows_the_total(source, tmp_path, progress):
    download(source, 'd', tmp_path, progress)
    assert sum(progress.counts) == progress.total == BYTES


def test_progress_has_no_bytes_of_what_failed_before_it_was_read(source, tmp_path, progress):
    source.refuse('open', 'd\\a\\large', ntstatus.STATUS_ACCESS_DENIED)
    download(source, 'd', tmp_path, progress)
    assert sum(progress.counts) == BYTES - len(FILES['a/large'])
    assert progress.total == BYTES


def test_progress_of_a_folder_announced_with_sizes_is_that_of_its_files_alone(tree, tmp_path, progress):
    tree.add('d\\sub\\file', b'123')
    tree.files['d\\sub'].announced_size = 4096
    tree.files['d\\sub'].attributes = ATTR_DIRECTORY
    download(tree, 'd', tmp_path, progress)
    assert progress.total == 3
