"""Whole folders up: what arrives, what is told when something does not, and what becomes of an interrupted call."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from smb import ntstatus
from smb.errors import Incomplete, NotConnectedError, SMBTimeout, StatusError
from smb.operations import trees
from smb.operations.trees import SMALL
from smb.smb_constants import ATTR_ARCHIVE, ATTR_HIDDEN, ATTR_READONLY, ATTR_SYSTEM
from tests.operations.test_trees import BYTES, FILES, FOLDERS, WANTED, without
from tests.operations.tree_copies import Disk, make_local, remote_tree, upload

posix = pytest.mark.skipif(os.name == 'nt', reason='there are no such files')


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / 'source'
    make_local(folder, WANTED)
    return folder


@pytest.fixture(params=[1, 2, 64])
def share(request, tree):
    tree.most_jobs = request.param
    return tree


def remote(name):
    return 'd\\' + name.replace('/', '\\')


# What arrives


def test_a_folder_arrives_with_all_that_is_below_it(share, source):
    outcome = upload(share, 'd', source)
    assert remote_tree(share, 'd') == WANTED
    assert outcome.counts == (len(FILES), len(FOLDERS) + 1, BYTES)
    assert outcome.failures == {}


def test_a_folder_arrives_in_the_root_of_a_share(share, source):
    outcome = upload(share, '', source)
    assert remote_tree(share, '') == WANTED
    assert outcome.failures == {}


def test_files_that_are_there_are_replaced_and_others_stay(share, source):
    share.add('d\\a\\large', b'old' * 1000)
    share.add('d\\small', b'old' * 1000)
    share.add('d\\a\\mine', b'mine')
    upload(share, 'd', source)
    assert remote_tree(share, 'd') == WANTED | {'a/mine': b'mine'}


def test_a_folder_is_there_before_anything_in_it_is_sent(share, source):
    upload(share, 'd', source)
    seen = {''}
    for _, path in share.job_log:
        assert path.rpartition('\\')[0] in seen
        seen.add(path)


def test_as_many_jobs_are_under_way_as_the_tree_is_for(share, source):
    most = []
    start = type(share).start_write_small
    share.start_write_small = lambda *details: (start(share, *details), most.append(len(share.jobs)))[0]
    make_local(source, {f'many/{number}': b'%d' % number for number in range(100)})
    upload(share, 'd', source)
    assert max(most) == share.most_jobs
    assert remote_tree(share, 'd\\many') == {str(number): b'%d' % number for number in range(100)}


@pytest.mark.parametrize('size', [SMALL - 1, SMALL, SMALL + 1])
@pytest.mark.parametrize('write_size', [SMALL // 2, SMALL, 2 * SMALL])
def test_files_about_as_long_as_a_small_one_arrive(tree, tmp_path, size, write_size):
    tree.most_jobs = 8
    tree.write_size, tree.window = write_size, 4 * write_size
    data = os.urandom(size)
    make_local(tmp_path, {'before': b'before', 'file': data, 'zero behind': b''})
    assert upload(tree, 'd', tmp_path).report.bytes == size + 6
    assert remote_tree(tree, 'd') == {'before': b'before', 'file': data, 'zero behind': b''}
    assert (('write', 'd\\file') in tree.job_log) is (size <= min(SMALL, write_size))


def test_the_server_may_take_a_part_of_a_block(share, source):
    share.longest_write = 5
    outcome = upload(share, 'd', source)
    small = {name for name, data in FILES.items() if 5 < len(data) <= 8}
    assert set(outcome.failures) == {remote(name) for name in small}
    assert {name: data for name, data in remote_tree(share, 'd').items() if name not in small} == without(*small)


def test_a_small_file_of_which_the_server_takes_a_part_is_reported(share, tmp_path):
    make_local(tmp_path, {'file': b'1234'})
    share.longest_write = 3
    outcome = upload(share, 'd', tmp_path)
    assert outcome.failed() == {'d\\file': Incomplete}
    assert outcome.counts == (0, 1, 0)


# What is there already, and hidden


@pytest.mark.parametrize('size', [0, 3, 100])
@pytest.mark.parametrize('attributes', [ATTR_HIDDEN, ATTR_SYSTEM, ATTR_HIDDEN | ATTR_SYSTEM])
def test_hidden_files_that_are_there_are_replaced_and_stay_hidden(share, tmp_path, attributes, size):
    share.add('d\\hidden', b'old', attributes)
    make_local(tmp_path, {'a': b'1', 'hidden': bytes(size), 'z': b'2'})
    outcome = upload(share, 'd', tmp_path)
    assert outcome.failures == {}
    assert outcome.counts == (3, 1, size + 2)
    assert remote_tree(share, 'd') == {'a': b'1', 'hidden': bytes(size), 'z': b'2'}
    assert share.files['d\\hidden'].attributes == attributes | ATTR_ARCHIVE


@pytest.mark.parametrize('size', [3, 100])
def test_a_read_only_file_that_is_there_is_reported_and_stays(share, tmp_path, size):
    share.add('d\\locked', b'old', ATTR_READONLY)
    make_local(tmp_path, {'a': b'1', 'locked': bytes(size)})
    assert upload(share, 'd', tmp_path).failed() == {'d\\locked': ntstatus.STATUS_ACCESS_DENIED}
    assert remote_tree(share, 'd') == {'a': b'1', 'locked': b'old'}


@pytest.mark.parametrize('status', ['STATUS_SHARING_VIOLATION', 'STATUS_DISK_FULL', 'STATUS_OBJECT_NAME_INVALID'])
def test_only_what_may_be_hidden_is_tried_a_second_time(share, source, status):
    share.refuse('open', 'd\\small', getattr(ntstatus, status))
    assert upload(share, 'd', source).failed() == {'d\\small': getattr(ntstatus, status)}
    assert share.refused == [('open', 'd\\small')]
    assert remote_tree(share, 'd') == without('small')


def test_a_folder_where_a_file_is_to_come_and_the_reverse_are_reported(share, source):
    share.add('d\\small\\inside', b'kept')
    share.add('d\\a', b'a file')
    outcome = upload(share, 'd', source)
    assert outcome.failed() == {
        'd\\small': ntstatus.STATUS_FILE_IS_A_DIRECTORY, 'd\\a': ntstatus.STATUS_NOT_A_DIRECTORY,
    }  # fmt: skip
    kept = {name: data for name, data in without('small').items() if not name.startswith('a/')}
    assert remote_tree(share, 'd') == kept | {'small': None, 'small/inside': b'kept', 'a': b'a file'}


# What fails on the server


@pytest.mark.parametrize('status', ['STATUS_ACCESS_DENIED', 'STATUS_DISK_FULL', 'STATUS_SHARING_VIOLATION'])
@pytest.mark.parametrize('verb', ['open', 'write'])
@pytest.mark.parametrize('name', ['a/large', 'a/b/c/deep'])
def test_a_file_that_fails_is_reported_and_the_others_arrive(share, source, name, verb, status):
    share.refuse(verb, remote(name), getattr(ntstatus, status))
    outcome = upload(share, 'd', source)
    assert outcome.failed() == {remote(name): getattr(ntstatus, status)}
    arrived = remote_tree(share, 'd')
    arrived.pop(name, None)
    assert arrived == without(name)
    assert outcome.counts == (len(FILES) - 1, len(FOLDERS) + 1, BYTES - len(FILES[name]))


def test_a_folder_that_cannot_be_made_is_reported_and_nothing_in_it_is_tried(share, source):
    share.refuse('open', 'd\\a\\b', ntstatus.STATUS_ACCESS_DENIED)
    assert upload(share, 'd', source).failed() == {'d\\a\\b': ntstatus.STATUS_ACCESS_DENIED}
    assert remote_tree(share, 'd') == without('a/b', 'a/b/c', 'a/b/c/deep', 'a/b/second')


@pytest.mark.parametrize('status', ['STATUS_ACCESS_DENIED', 'STATUS_OBJECT_PATH_NOT_FOUND'])
def test_the_folder_itself_that_cannot_be_made_is_an_error(share, source, status):
    share.refuse('open', 'd', getattr(ntstatus, status))
    with pytest.raises(StatusError) as caught:
        upload(share, 'd', source)
    assert caught.value.status == getattr(ntstatus, status)


# What fails here


@pytest.mark.parametrize(
    ('made', 'kind'), [(None, FileNotFoundError), (b'a file', NotADirectoryError)], ids=['missing', 'file']
)
def test_a_source_that_is_no_folder_is_an_error_before_anything_is_sent(share, tmp_path, made, kind):
    if made is not None:
        (tmp_path / 'source').write_bytes(made)
    with pytest.raises(kind):
        upload(share, 'd', tmp_path / 'source')
    assert share.verbs == []


@pytest.mark.parametrize('name', ['small', 'a/large', 'empty'])
def test_a_local_file_that_vanishes_before_it_is_opened_is_reported(share, source, monkeypatch, name):
    def trouble(path, mode):
        if path == str(source / name):
            (source / name).unlink(missing_ok=True)

    monkeypatch.setattr(trees, 'open', Disk(trouble), raising=False)
    assert upload(share, 'd', source).failed() == {remote(name): FileNotFoundError}
    assert remote_tree(share, 'd') == without(name)


def test_a_local_file_that_vanishes_before_it_is_looked_at_is_reported(share, source, monkeypatch):
    entries = trees.local_entries
    calls = []

    def vanishing(folder):
        found = entries(folder)
        calls.append(folder)
        if len(calls) == 2:  # the first is to see whether there is such a folder at all
            (source / 'small').unlink()
        return found

    monkeypatch.setattr(trees, 'local_entries', vanishing)
    assert upload(share, 'd', source).failed() == {'d\\small': FileNotFoundError}
    assert remote_tree(share, 'd') == without('small')


@pytest.mark.parametrize('name', ['small', 'a/large'])
@pytest.mark.parametrize('new', [b'', b'short', b'grown ' * 100])
def test_a_local_file_that_changes_before_it_is_opened_is_sent_as_it_is_now(share, source, monkeypatch, name, new):
    def trouble(path, mode):
        if path == str(source / name):
            (source / name).write_bytes(new)

    monkeypatch.setattr(trees, 'open', Disk(trouble), raising=False)
    outcome = upload(share, 'd', source)
    assert outcome.failures == {}
    assert remote_tree(share, 'd') == WANTED | {name: new}
    assert outcome.report.bytes == BYTES - len(FILES[name]) + len(new)


@pytest.mark.parametrize('name', ['small', 'a/large'])
@pytest.mark.parametrize('at', ['open', 'read'])
def test_a_local_file_that_cannot_be_read_is_reported(share, source, monkeypatch, name, at):
    error = OSError(errno.EIO, 'a bad sector')

    def trouble(path, mode):
        return (error if at == 'open' else ('read', error)) if path == str(source / name) else None

    monkeypatch.setattr(trees, 'open', Disk(trouble), raising=False)
    assert upload(share, 'd', source).failures == {remote(name): error}
    assert remote_tree(share, 'd') == without(name)


def test_a_local_folder_that_cannot_be_read_is_reported(share, source, monkeypatch):
    entries = trees.local_entries

    def refusing(folder):
        if folder == str(source / 'a'):
            raise PermissionError(errno.EACCES, 'no')
        return entries(folder)

    monkeypatch.setattr(trees, 'local_entries', refusing)
    assert upload(share, 'd', source).failed() == {'d\\a': PermissionError}
    assert remote_tree(share, 'd') == {name: data for name, data in WANTED.items() if not name.startswith('a/')}


# What is refused


@posix
@pytest.mark.parametrize('name', ['file:stream', 'C:', 'back\\slash', '..\\evil', '\\', ':'])
@pytest.mark.parametrize('is_folder', [False, True])
def test_names_that_mean_something_else_on_the_server_are_refused(share, source, name, is_folder):
    make_local(source, {name: None if is_folder else b'data', **({f'{name}/inside': b'1'} if is_folder else {})})
    outcome = upload(share, 'd', source)
    assert outcome.failed() == {f'd\\{name}': ValueError}
    assert remote_tree(share, 'd') == WANTED
    assert not any(name in path for _, path in share.job_log if name != '\\')


def test_a_path_that_is_too_long_for_any_server_is_refused(share, source):
    outcome = upload(share, 'd' * 32766, source)
    assert outcome.failed() == {f'{"d" * 32766}\\{name}': ValueError for name in os.listdir(source)}
    assert outcome.report.files == 0


@posix
def test_special_files_are_refused(share, source):
    os.mkfifo(source / 'a' / 'fifo')
    (source / 'device').symlink_to('/dev/zero')
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(source / 'socket'))
        outcome = upload(share, 'd', source)
    assert outcome.failed() == dict.fromkeys(['d\\a\\fifo', 'd\\device', 'd\\socket'], ValueError)
    assert remote_tree(share, 'd') == WANTED


def test_links_to_files_are_followed_and_links_to_folders_are_not(share, source, tmp_path):
    make_local(tmp_path / 'elsewhere', {'file': b'elsewhere', 'other': b'not asked for'})
    (source / 'to file').symlink_to(tmp_path / 'elsewhere' / 'file')
    (source / 'to folder').symlink_to(tmp_path / 'elsewhere', target_is_directory=True)
    (source / 'a' / 'up').symlink_to(source, target_is_directory=True)
    (source / 'to nothing').symlink_to(tmp_path / 'missing')
    (source / 'to itself').symlink_to(source / 'to itself')
    outcome = upload(share, 'd', source)
    assert outcome.failed() == {
        'd\\to folder': ValueError, 'd\\a\\up': ValueError, 'd\\to nothing': FileNotFoundError, 'd\\to itself': OSError,
    }  # fmt: skip
    assert outcome.failures['d\\to itself'].errno == errno.ELOOP
    assert remote_tree(share, 'd') == WANTED | {'to file': b'elsewhere'}


def test_a_source_that_is_a_link_to_a_folder_is_what_the_caller_meant(share, source, tmp_path):
    (tmp_path / 'link').symlink_to(source, target_is_directory=True)
    assert upload(share, 'd', tmp_path / 'link').failures == {}
    assert remote_tree(share, 'd') == WANTED


@posix
@pytest.mark.parametrize(
    ('first', 'second'), [('Makefile', 'makefile'), ('B', 'b'), ('\N{LATIN CAPITAL LETTER A WITH DIAERESIS}', 'ä')]
)
def test_a_file_that_would_overwrite_another_of_the_same_upload_is_refused(share, source, first, second):
    make_local(source, {first: b'first', second: b'second'})
    assert upload(share, 'd', source).failed() == {f'd\\{second}': ValueError}
    assert remote_tree(share, 'd') == WANTED | {first: b'first'}


@posix
def test_names_that_servers_tell_apart_are_no_clash(share, tmp_path):
    files = {'ss': b'1', 'ß': b'2', 'ffi': b'3', '\N{LATIN SMALL LIGATURE FFI}': b'4', 'a': b'5', 'a.': b'6'}
    make_local(tmp_path, files)
    assert upload(share, 'd', tmp_path).failures == {}
    assert remote_tree(share, 'd') == files


@posix
def test_of_two_names_the_one_that_cannot_be_sent_is_in_nobodys_way(share, tmp_path):
    os.mkfifo(tmp_path / 'NAME')
    make_local(tmp_path, {'name': b'1'})
    assert upload(share, 'd', tmp_path).failed() == {'d\\NAME': ValueError}
    assert remote_tree(share, 'd') == {'name': b'1'}


@posix
def test_names_that_are_no_text_here_are_sent_as_they_are(share, tmp_path):
    folder = os.fsencode(tmp_path)
    with open(folder + b'/latin \xe9', 'wb') as file:
        file.write(b'1')
    assert upload(share, 'd', tmp_path).failures == {}
    assert remote_tree(share, 'd') == {'latin \udce9': b'1'}


# What ends the call


@pytest.mark.parametrize('at', [1, 4, 9])
@pytest.mark.parametrize('verb', ['open', 'write'])
@pytest.mark.parametrize('error', [KeyboardInterrupt(), SMBTimeout('slow'), NotConnectedError('gone')])
def test_what_ends_the_call_comes_out_and_leaves_nothing_under_way(share, source, error, verb, at):
    share.fail(verb, error, at=at)
    with pytest.raises(type(error)) as caught:
        upload(share, 'd', source)
    assert caught.value is error
    assert share.jobs == [] and share.handles == []


@pytest.mark.parametrize('name', ['small', 'a/large'])
def test_an_interruption_while_a_file_is_read_comes_out(share, source, monkeypatch, name):
    monkeypatch.setattr(
        trees,
        'open',
        Disk(lambda path, mode: ('read', KeyboardInterrupt()) if path == str(source / name) else None),
        raising=False,
    )
    with pytest.raises(KeyboardInterrupt):
        upload(share, 'd', source)
    assert share.jobs == [] and share.handles == []


def test_a_connection_that_ends_while_jobs_are_started_ends_the_call_at_once(share, source):
    started = []

    def start(path, how, offset, data):
        started.append(path)
        raise NotConnectedError('gone')

    share.start_write_small = start
    with pytest.raises(NotConnectedError):
        upload(share, 'd', source)
    assert len(started) == 1
    assert share.jobs == []


# Progress


def test_progress_counts_each_byte_once_and_knows_the_total(share, source, progress):
    upload(share, 'd', source, progress)
    assert sum(progress.counts) == progress.total == BYTES


def test_progress_counts_a_hidden_file_once(share, source, progress):
    share.add('d\\small', b'old', ATTR_HIDDEN)
    upload(share, 'd', source, progress)
    assert sum(progress.counts) == progress.total == BYTES
