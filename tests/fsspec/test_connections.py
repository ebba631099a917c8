"""URLs and options of the file system for fsspec, and the connections that it makes of them."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import time
import warnings

import fsspec
import pytest

from smb.errors import NotConnectedError, UnsupportedFeature
from smb.fsspec import SMBFileSystem, pool
from tests.live.folder import noise
from tests.live.network import Relay

# URLs and options


def test_fsspec_takes_this_file_system_for_smb():
    assert fsspec.get_filesystem_class('smb') is SMBFileSystem
    script = 'import fsspec; print(fsspec.get_filesystem_class("smb").__module__)'
    assert subprocess.run([sys.executable, '-c', script], capture_output=True, text=True).stdout == 'smb.fsspec\n'


@pytest.mark.parametrize(
    ('url', 'options', 'path'),
    [
        ('smb://host/share/a b/c%20d', {'host': 'host'}, '/share/a b/c%20d'),
        ('smb://user:p%40ss%2F@host:4455/share/', {'host': 'host', 'port': 4455, 'username': 'user',
                                                   'password': 'p@ss/'}, '/share'),
        ('smb://DOM;user@[fe80::1]:445/share/*.csv', {'host': 'fe80::1', 'port': 445, 'username': 'user',
                                                      'domain': 'DOM'}, '/share/*.csv'),
        ('SMB://host', {'host': 'host'}, '/'),
        ('smb:///share/x', {}, '/share/x'),
        ('smb://', {}, '/'),
        ('/share/x', {}, '/share/x'),
    ],
)  # fmt: skip
def test_a_url_has_options_and_a_path(url, options, path):
    assert SMBFileSystem._get_kwargs_from_urls(url) == options
    assert SMBFileSystem._strip_protocol(url) == path
    assert SMBFileSystem._strip_protocol([url, url]) == [path, path]


def test_what_is_no_url_is_a_value_error_without_the_password():
    for url in ('smb://user:secret@ho st/x', 'smb://user:secret@host:99999/x', 'smb://user:secret@/x'):
        with pytest.raises(ValueError) as caught:
            fsspec.filesystem('smb', **SMBFileSystem._get_kwargs_from_urls(url))
        assert 'secret' not in str(caught.value)


def test_a_path_makes_a_url_that_leads_back(make):
    fs = make()
    for path in ('/share/a b/c', '/share/100%25', '/'):
        url = fs.unstrip_protocol(path)
        assert url.startswith(f'smb://127.0.0.1:{fs.port}/') and fs._strip_protocol(url) == path
        assert fs.unstrip_protocol(url) == url
    assert SMBFileSystem('fe80::1').unstrip_protocol('/share') == 'smb://[fe80::1]/share'


def test_a_file_is_opened_by_url(folder, at):
    folder.put('file 1', b'1')
    folder.put('file 2', b'2')
    server = folder.server
    base = f'smb://{server.user}:{server.password.replace("@", "%40")}@{server.host}:{server.port}{at()}'
    with fsspec.open(f'{base}/file 1') as file:
        assert file.read() == b'1'
    options = {'username': server.user, 'password': server.password}
    url = f'smb://{server.host}:{server.port}{at()}'
    with fsspec.open_files(f'{url}/file *', **options) as files:
        assert [file.read() for file in files] == [b'1', b'2']
    with fsspec.open(f'simplecache::{url}/file 2', smb=options) as file:
        assert file.read() == b'2'
    fs, path = fsspec.url_to_fs(f'{url}/new', **options)
    assert (fs.host, fs.port, fs.username, path) == (server.host, server.port, server.user, at('new'))
    assert fs is fsspec.url_to_fs(f'{url}/other', **options)[0]


@pytest.mark.parametrize(
    ('options', 'error'),
    [
        ({}, ValueError),
        ({'host': 'host', 'encrypt': True}, TypeError),
        ({'host': 'host', 'min_dialect': 7}, ValueError),
        ({'host': 'host', 'require_signing': True, 'sign_options': 0}, ValueError),
    ],
)
def test_options_that_mean_nothing_are_refused(options, error):
    with pytest.raises(error):
        SMBFileSystem(**options)


def test_options_protect_the_connection(make, folder, server):
    fs = make(require_encryption=True, min_dialect=0x0311, my_name='ME', remote_name='YOU', domain='WORKGROUP')
    connection = fs.connection()
    assert connection.is_encrypted and connection.dialect == 0x0311
    assert (connection.my_name, connection.remote_name, connection.domain) == ('ME', 'YOU', 'WORKGROUP')
    assert make(require_signing=True, max_dialect=0x0202).connection().is_signing_active
    assert make(is_direct_tcp=False, remote_name=folder.server.name).connection().dialect
    assert SMBFileSystem('host', is_direct_tcp=False).port == 139 and SMBFileSystem('host').port == 445
    old = server(max_protocol='SMB2_02')
    fs = SMBFileSystem(old.host, old.port, old.user, old.password, require_encryption=True, skip_instance_cache=True)
    with pytest.raises(UnsupportedFeature):
        fs.ls('/smbtest')


def test_a_password_may_come_from_a_callable_or_from_the_environment(make, folder, monkeypatch):
    password = folder.server.password
    assert make(password=lambda: password).exists('/smbtest')
    script = f"""
import fsspec
with fsspec.open('smb://{folder.server.host}/smbtest/{folder.name}/file') as file:
    print(file.read())
"""
    folder.put('file', b'x')
    environment = {
        **os.environ,
        'FSSPEC_SMB_USERNAME': folder.server.user,
        'FSSPEC_SMB_PASSWORD': password,
        'FSSPEC_SMB_PORT': str(folder.server.port),
        'FSSPEC_SMB_TIMEOUT': '20',
    }
    told = subprocess.run(
        [sys.executable, '-W', 'error', '-X', 'dev', '-c', script], env=environment, capture_output=True, text=True
    )
    assert (told.stdout, told.stderr) == ("b'x'\n", '')


def test_a_refused_user_is_a_permission_error(make):
    with pytest.raises(PermissionError, match='STATUS_LOGON_FAILURE') as caught:
        make(password='wrong secret').ls('/')
    assert 'secret' not in str(caught.value)


def test_nobody_at_home_is_an_os_error():
    with pytest.raises(ConnectionRefusedError):
        SMBFileSystem('127.0.0.1', 1).ls('/')


def test_the_password_is_not_shown(make, folder):
    fs = make(password='the secret')
    assert 'secret' not in repr(fs) + str(fs) + fs.to_json(include_password=False) + fs.fsid + fs._fs_token
    assert 'secret' in fs.to_json()  # which is how fsspec sends it to other processes
    assert SMBFileSystem.from_json(make().to_json()).exists('/smbtest')


# Connections


def test_nothing_is_sent_before_it_is_used(make, folder):
    with Relay(folder.server) as relay:
        fs = make(relay)
        assert relay.frame_count == 0 and len(fs._pool) == 0
        fs.ls('/smbtest')
        assert relay.frame_count and len(fs._pool) == 1


def in_thread(work):
    """What ``work`` gives in a thread of its own."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(30)
    return results[0]


def test_threads_that_work_at_once_have_connections_of_their_own(make, folder, at):
    contents = {at(str(number)): noise(500_000 + number) for number in range(4)}
    for path, data in contents.items():
        folder.put(path.rpartition('/')[2], data)
    fs = make()
    together = threading.Barrier(4)
    found = {}

    def work(path):
        fs.exists(path)
        together.wait(30)
        found[path] = fs.connection(), fs.cat_file(path)
        together.wait(30)

    threads = [threading.Thread(target=work, args=(path,)) for path in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {path: data for path, (_, data) in found.items()} == contents
    assert len({id(connection) for connection, _ in found.values()}) == 4


def test_the_connection_of_a_thread_that_has_ended_goes_to_the_next(make, at, folder):
    folder.put('file')
    fs = make()
    used = [in_thread(fs.connection) for _ in range(3)]
    assert used[0] is used[1] is used[2] and len(fs._pool) == 1
    file = in_thread(lambda: fs.open(at('file')))
    assert fs.connection() is used[0] and file.read() == b'0123456789'
    file.close()


def test_a_file_keeps_its_file_system_and_its_connection(make, folder, at):
    folder.put('file')
    server = folder.server
    file = SMBFileSystem(server.host, server.port, server.user, server.password, skip_instance_cache=True).open(
        at('file')
    )
    gc.collect()
    assert file.read() == b'0123456789'
    file.close()


def test_a_file_system_that_nobody_has_any_more_closes_its_connections(folder):
    server = folder.server
    fs = SMBFileSystem(server.host, server.port, server.user, server.password, skip_instance_cache=True)
    connection = fs.connection()
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        del fs
        gc.collect()
    assert connection.sock is None


def test_a_connection_that_has_ended_is_replaced(make, folder, at, monkeypatch):
    with Relay(folder.server) as relay:
        fs = make(relay)
        first = fs.connection()
        fs.close()
        assert fs.exists('/smbtest') and fs.connection() is not first
        second = fs.connection()
        relay.cut()
        monkeypatch.setattr(pool, 'IDLE_SECONDS', 0)
        assert fs.exists('/smbtest') and fs.connection() is not second  # a server that hangs up on idle clients
        monkeypatch.setattr(pool, 'ECHO_SECONDS', 0.2)
        third = fs.connection()
        relay.hold()
        begin = time.monotonic()
        with pytest.raises(OSError):
            fs.timeout = 0.5
            fs.exists('/smbtest')
        assert third.sock is None and time.monotonic() - begin < 5
        relay.release()
        assert fs.exists('/smbtest')


def test_a_connection_that_ends_in_an_operation_is_an_error_and_the_next_one_works(make, folder, at):
    folder.put('file', noise(5_000_000))
    with Relay(folder.server) as relay:
        fs = make(relay)
        fs.exists('/smbtest')
        relay.cut_after = relay.frame_count + 3
        with pytest.raises(NotConnectedError):
            fs.cat_file(at('file'))
        relay.cut_after = None
        assert len(fs.cat_file(at('file'))) == 5_000_000


@pytest.mark.parametrize('ask', ['exists', 'isdir', 'isfile', 'find', 'glob'])
def test_a_lost_connection_is_never_an_empty_answer(make, folder, ask):
    with Relay(folder.server) as relay:
        fs = make(relay)
        fs.exists('/smbtest')
        relay.cut()
        with pytest.raises(NotConnectedError):
            getattr(fs, ask)('/smbtest/*' if ask == 'glob' else '/smbtest')


def requests_before_answers(fs, relay, work, answered):
    """How many requests leave when no more than ``answered`` are answered; then the others are answered, too."""
    in_thread(lambda: fs.exists('/smbtest'))  # when this is answered, nothing else is under way
    before, count, quiet = relay.request_count, 0, 0
    relay.hold_after = relay.frame_count + 2 * answered
    thread = threading.Thread(target=work)
    thread.start()
    while quiet < 20:
        time.sleep(0.01)
        now = relay.request_count - before
        quiet = quiet + 1 if now == count else 0
        count = now
    relay.release()
    thread.join(30)
    return count


def test_ranges_travel_together(make, folder, at):
    data = noise(2_000_000)
    folder.put('file', data)
    contents = {at(f'small {number:2}'): data[number : number + 1000] for number in range(40)}
    for path, content in contents.items():
        folder.put(path.rpartition('/')[2], content)
    starts = [number * 20_000 for number in range(40)]
    found = []
    with Relay(folder.server) as relay:
        fs = make(relay)
        # Whose connection goes on to the next thread
        in_thread(lambda: fs.cat_file(at('file')))

        def of_one_file():
            found.append(fs.cat_ranges([at('file')] * 40, starts, [start + 100 for start in starts]))

        def of_many_files():
            found.append(fs.cat(list(contents)))

        assert requests_before_answers(fs, relay, of_one_file, answered=1) == 41
        assert requests_before_answers(fs, relay, of_many_files, answered=0) == 40
    assert found == [[data[start : start + 100] for start in starts], contents]


# Other processes


def test_a_pickled_file_system_works_elsewhere(make, folder, at):
    folder.put('file')
    fs = make()
    fs.exists('/smbtest')
    copy, again = pickle.loads(pickle.dumps([fs, fs]))
    assert copy is again and copy.cat_file(at('file')) == b'0123456789'
    assert pickle.loads(pickle.dumps(fs)) is copy
    with multiprocessing.get_context('spawn').Pool(2) as processes:
        assert processes.map(fs.cat_file, [at('file')] * 4) == [b'0123456789'] * 4


def its_password():
    return 'p@ssW0rd'


def test_a_function_as_the_password_keeps_it_out_of_pickles(make, folder, at):
    folder.put('file')
    fs = make(password=its_password)
    assert folder.server.password.encode() not in pickle.dumps(fs)
    with multiprocessing.get_context('spawn').Pool(1) as processes:
        assert processes.map(fs.cat_file, [at('file')]) == [b'0123456789']


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='there is no fork here')
@pytest.mark.filterwarnings('ignore:.*fork:DeprecationWarning')
def test_a_child_process_makes_connections_of_its_own(make, folder, at):
    folder.put('file')
    fs = make()
    file = fs.open(at('file'))
    assert file.read(2) == b'01'
    child = os.fork()
    if not child:
        code = 1
        try:
            is_fresh = len(fs._pool) == 0
            code = 0 if is_fresh and fs.cat_file(at('file')) == b'0123456789' else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert file.read() == b'23456789' and fs.exists(at('file'))
    file.close()


def test_what_is_told_of_a_file_system_can_be_read_by_fsspec(make):
    told = json.loads(make().to_json(include_password=False))
    assert told['cls'] == 'smb.fsspec:SMBFileSystem' and told['protocol'] == 'smb' and 'password' not in told
