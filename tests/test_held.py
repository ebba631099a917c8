"""What a program holds open between two operations: files and listings, what ends under them, and who lets them go.

The server is in the process.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import warnings

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, OperationFailure
from smb.smb2_constants import SMB2_COM_QUERY_DIRECTORY, SMB2_COM_READ, SMB2_COM_WRITE
from tests.connections import servers_for
from tests.session.scripted import ScriptedServer, connected, is_usable

CONTENT = b'content of the file'
LARGE = bytes(range(256)) * 4096


@pytest.fixture
def server():
    return ScriptedServer()


@pytest.fixture
def connection(server):
    with connected(server) as connection:
        yield connection


# Between two operations


def test_other_calls_go_in_between(connection, server):
    with connection.openFile('share', 'large') as source, connection.openFile('share', 'copy', 'wb') as target:
        for _ in range(8):
            target.write(source.read(len(LARGE) // 8))
            assert connection.exists('share', 'file')
            assert [entry.filename for entry in connection.listPath('share', '')] == ['.', '..', 'file', 'large']
    assert server.files['copy'] == LARGE
    connection.echo(b'')
    assert server.open_handles == 0


def test_threads_share_a_connection(connection, server):
    server.files.update({f'source {number}': bytes([number]) * 300_000 for number in range(4)})

    def copy(number):
        with (
            connection.openFile('share', f'source {number}') as source,
            connection.openFile('share', f'target {number}', 'wb') as target,
        ):
            while block := source.read(10_000):
                target.write(block)

    threads = [threading.Thread(target=copy, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [server.files[f'target {number}'] == bytes([number]) * 300_000 for number in range(4)] == [True] * 4


def test_a_step_from_within_an_operation_is_an_error(connection, server):
    with connection.openFile('share', 'large') as file:
        with pytest.raises(RuntimeError, match='in use'):
            connection.storeFile('share', 'copy', file)
        assert file.read() == LARGE


def test_a_close_from_within_an_operation_is_an_error_and_happens_later(connection, server):
    class Closing:
        def write(self, data):
            file.close()

    file = connection.openFile('share', 'large')
    with pytest.raises(RuntimeError, match='in use'):
        connection.retrieveFile('share', 'file', Closing())
    assert file.closed
    connection.echo(b'')
    connection.echo(b'')
    assert server.open_handles == 0


# What ends under them


@pytest.mark.parametrize('mode', ['rb', 'wb'])
def test_a_connection_that_has_ended(connection, mode):
    file = connection.openFile('share', 'large', mode)
    unwritten = connection.openFile('share', 'new', 'wb')
    unwritten.write(b'x')
    connection.close()
    with pytest.raises(NotConnectedError):
        file.read(1) if mode == 'rb' else (file.write(b'x'), file.flush())
    with pytest.raises(NotConnectedError):
        unwritten.close()
    if mode == 'rb':
        file.close()
    else:
        with pytest.raises(NotConnectedError):
            file.close()
    assert file.closed and unwritten.closed


def test_a_file_does_not_go_on_in_the_next_connection():
    with servers_for(ScriptedServer(), ScriptedServer()) as connection:
        connection.connect('server')
        file = connection.openFile('share', 'large', 'rb+', 0)
        connection.connect('server')
        with pytest.raises(NotConnectedError, match='the connection that it was opened on has ended'):
            file.read(1)
        file.close()


def test_a_session_that_is_renewed_keeps_its_files(connection, server):
    with connection.openFile('share', 'large') as file:
        file.read(100_000)
        server.expire_session()
        assert file.read() == LARGE[100_000:]
    assert server.sign_ons == 2


def test_a_file_does_not_go_on_in_the_next_session(connection, server):
    file = connection.openFile('share', 'large')
    assert file.read(10) == LARGE[:10]
    with connection.openFile('share', 'new', 'wb') as other:
        other.write(b'data')
        server.delete_session()
        with pytest.raises(OperationFailure, match='STATUS_USER_SESSION_DELETED'):
            other.flush()
        with pytest.raises(OperationFailure, match='the server has ended the session'):
            other.flush()
    since = len(server.requests)
    with pytest.raises(OperationFailure, match='open it again'):
        file.seek(0, 2)
    file.close()
    assert server.commands(since) == []
    assert is_usable(connection)


def test_a_file_does_not_go_on_in_a_share_that_was_taken_away(connection, server):
    file = connection.openFile('share', 'large', 'rb', 0)
    server.refuse = lambda request: ntstatus.STATUS_NETWORK_NAME_DELETED if request.command == SMB2_COM_READ else None
    with pytest.raises(OperationFailure, match='STATUS_NETWORK_NAME_DELETED'):
        file.read(1)
    server.refuse = lambda request: None
    with pytest.raises(OperationFailure, match='the server has taken the share away'):
        file.read(1)
    assert connection.exists('share', 'file')
    with pytest.raises(OperationFailure, match='the server has taken the share away'):
        file.read(1)
    file.close()


# Files that are dropped


@pytest.fixture
def dropping():
    """Dropped files are reported as such, and nothing else."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        yield caught
    assert caught and all(
        warning.category is ResourceWarning
        and str(warning.message).startswith('unclosed file <smb.files.SMBFile name=')
        for warning in caught
    )


@pytest.mark.parametrize('keywords', [{'mode': 'rb'}, {'mode': 'rb', 'buffering': 0}, {'mode': 'rb+'}, {'mode': 'ab'},
                                      {'mode': 'r', 'encoding': 'ascii'}])  # fmt: skip
def test_a_dropped_file_is_closed(connection, server, dropping, keywords):
    file = connection.openFile('share', 'file', **keywords)
    assert server.open_handles == 1
    del file
    gc.collect()
    connection.echo(b'')
    assert server.open_handles == 0
    assert len(dropping) == 1


@pytest.mark.parametrize('keywords', [{'mode': 'wb'}, {'mode': 'rb+'}, {'mode': 'w', 'encoding': 'ascii'}])
def test_what_was_written_to_a_dropped_file_is_there(connection, server, dropping, keywords):
    is_text = 'encoding' in keywords
    connection.openFile('share', 'file', **keywords).write('0123456789' if is_text else b'0123456789')
    gc.collect()
    assert server.files['file'][:10] == b'0123456789'


def test_what_was_appended_to_a_dropped_file_is_there(connection, server, dropping):
    file = connection.openFile('share', 'file', 'ab')
    file.write(b'1')
    file.flush()
    file.write(b'2')
    del file
    gc.collect()
    assert server.files['file'] == CONTENT + b'12'


def test_a_file_that_is_dropped_within_an_operation_is_closed_behind_it(connection, server, dropping):
    held = [connection.openFile('share', 'large', 'rb'), connection.openFile('share', 'new', 'wb')]
    held[1].write(b'data')

    class Dropping:
        def write(self, data):
            held.clear()
            gc.collect()

    connection.retrieveFile('share', 'file', Dropping())
    assert server.files['new'] == b''
    connection.echo(b'')
    assert server.files['new'] == b'data'
    connection.echo(b'')
    assert server.open_handles == 0


def test_a_file_that_is_dropped_by_another_thread_waits_for_no_turn(connection, server, dropping):
    held = [connection.openFile('share', 'large')]
    threads = []

    class Dropping:
        def write(self, data):
            thread = threading.Thread(target=held.clear)
            threads.append(thread)
            thread.start()
            thread.join(10)
            assert not thread.is_alive()

    connection.retrieveFile('share', 'file', Dropping())
    connection.echo(b'')
    connection.echo(b'')
    assert len(threads) == 1
    assert server.open_handles == 0


def test_a_file_that_is_dropped_after_its_connection_has_ended_is_forgotten(dropping):
    server = ScriptedServer()
    with connected(server) as connection:
        file = connection.openFile('share', 'new', 'wb')
        file.write(b'x')
        connection.close()
        del file
        gc.collect()


def test_what_goes_wrong_with_a_dropped_file_is_logged(connection, server, dropping, caplog):
    file = connection.openFile('share', 'new', 'wb')
    file.write(b'x')
    server.refuse = lambda request: ntstatus.STATUS_DISK_FULL if request.command == SMB2_COM_WRITE else None
    with caplog.at_level(logging.WARNING):
        del file
        gc.collect()
    assert 'STATUS_DISK_FULL' in caplog.text
    assert is_usable(connection)
    assert server.open_handles == 0


def test_a_dropped_file_waits_no_longer_than_it_may(connection, server, dropping):
    file = connection.openFile('share', 'new', 'wb', timeout=0.05)
    file.write(b'x')
    server.holds = {SMB2_COM_WRITE}
    del file
    gc.collect()
    server.holds = set()
    server.let_go()
    assert is_usable(connection)
    assert server.open_handles == 0


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='no fork here')
@pytest.mark.parametrize('mode', ['rb', 'ab'])
def test_a_child_process_leaves_the_files_of_its_parent_alone(connection, server, mode):
    with connection.openFile('share', 'file', mode) as file:
        since = len(server.requests)
        child = os.fork()
        if not child:
            try:
                file.close()
                os._exit(0 if len(server.requests) == since else 2)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
        if mode == 'rb':
            assert file.read() == CONTENT


def test_a_detached_buffer_leaves_the_raw_file_alone(connection, server):
    buffered = connection.openFile('share', 'file', 'rb+')
    raw = buffered.detach()
    del buffered
    gc.collect()
    assert raw.read(7) == b'content'
    raw.close()


# Listings that go on


def test_a_listing_goes_on_between_other_calls(connection, server):
    server.names, server.batch = ['.', '..', *(f'file {number}' for number in range(50))], 10
    found = []
    for entry in connection.iterPath('share', ''):
        found.append(entry.filename)
        assert connection.exists('share', 'file')
    assert found == server.names
    connection.echo(b'')
    assert server.open_handles == 0


@pytest.mark.parametrize('is_within', [False, True])
def test_a_listing_that_is_dropped_is_closed(connection, server, is_within):
    server.names, server.batch = [f'file {number}' for number in range(50)], 10
    held = [connection.iterPath('share', '')]
    assert next(held[0]).filename == 'file 0'
    assert server.open_handles == 1

    class Dropping:
        def write(self, data):
            held.clear()

    if is_within:
        connection.retrieveFile('share', 'file', Dropping())
    held.clear()
    gc.collect()
    connection.echo(b'')
    connection.echo(b'')
    assert server.open_handles == 0


def test_a_listing_does_not_go_on_in_the_next_session(connection, server):
    server.names, server.batch = [f'file {number}' for number in range(50)], 10
    entries = connection.iterPath('share', '')
    next(entries)
    server.delete_session()
    connection.echo(b'')
    assert connection.exists('share', 'file')
    with pytest.raises(OperationFailure, match='the server has ended the session'):
        list(entries)
    assert is_usable(connection)


def test_a_listing_looks_at_its_arguments_at_once(connection):
    with pytest.raises(TypeError):
        connection.iterPath('share', b'bytes')
    with pytest.raises(ValueError):
        connection.iterPath('share', '', pattern='\0')
    with pytest.raises(TypeError):
        connection.walk('share', 5)


def test_a_listing_that_fails_says_so(connection, server):
    server.refuse = lambda request: (
        ntstatus.STATUS_ACCESS_DENIED if request.command == SMB2_COM_QUERY_DIRECTORY else None
    )
    with pytest.raises(PermissionError, match='Failed to list'):
        list(connection.iterPath('share', ''))
