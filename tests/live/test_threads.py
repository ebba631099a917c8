"""Several threads, several connections, several processes."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
import time

import pytest

from smb.base import NotConnectedError
from tests.live.folder import names, noise
from tests.live.network import Relay
from tests.live.sources import Sink

ROUNDS = 12


def run_together(*functions):
    """Run each in a thread; raises what the first of them raised that did."""
    errors = []

    def guarded(function):
        try:
            function()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def work(connection, folder, name):
    """A job on files of its own, each result compared."""

    def job():
        data = noise(700_000 + len(name))[::-1]
        for number in range(ROUNDS):
            path = folder.path(f'{name} {number}')
            size = (number * 100_003) % len(data)
            assert connection.storeFile(folder.share, path, io.BytesIO(data[:size])) == size
            target = io.BytesIO()
            assert connection.retrieveFile(folder.share, path, target)[1] == size
            assert target.getvalue() == data[:size]
            assert connection.getAttributes(folder.share, path).file_size == size
            assert f'{name} {number}' in names(connection.listPath(folder.share, folder.path(), pattern=f'{name}*'))
            connection.rename(folder.share, path, folder.path(f'{name} renamed {number}'))
            assert connection.echo(name.encode()) == name.encode()
            if number % 4 == 0:
                assert connection.listShares()
            if number % 2:
                connection.deleteFiles(folder.share, folder.path(f'{name} renamed {number}'))

    return job


PROTECTIONS = [{}, {'require_signing': True}, {'require_encryption': True}, {'max_dialect': 0x0202}, {'smb1': True}]


@pytest.mark.parametrize('arguments', PROTECTIONS, ids=str)
def test_two_connections_in_two_threads(connect, folder, arguments):
    run_together(*(work(connect(folder.server, **arguments), folder, name) for name in ('one', 'two')))
    assert len(folder.tree()) == 2 * ROUNDS / 2


@pytest.mark.parametrize('arguments', PROTECTIONS, ids=str)
def test_one_connection_shared_by_four_threads(connect, folder, arguments):
    connection = connect(folder.server, **arguments)
    run_together(*(work(connection, folder, f'thread {number}') for number in range(4)))
    assert len(folder.tree()) == 4 * ROUNDS / 2


def test_a_failure_of_one_thread_is_not_that_of_another(connect, folder):
    connection = connect(folder.server)
    folder.put('file', b'data')

    def succeed():
        for _ in range(100):
            target = io.BytesIO()
            connection.retrieveFile(folder.share, folder.path('file'), target)
            assert target.getvalue() == b'data'

    def fail():
        for _ in range(100):
            with pytest.raises(FileNotFoundError):
                connection.retrieveFile(folder.share, folder.path('none'), io.BytesIO())

    run_together(succeed, fail, succeed, fail)


@pytest.mark.parametrize('arguments', PROTECTIONS, ids=str)
def test_close_ends_the_call_of_another_thread(connect, folder, arguments):
    with Relay(folder.server) as relay:
        connection = connect(folder.server, via=relay, **arguments)
        connection.listPath(folder.share, '/')
        relay.hold()
        waits = threading.Event()

        def call():
            waits.set()
            with pytest.raises(NotConnectedError):
                connection.listPath(folder.share, '/', timeout=30)

        def close():
            waits.wait()
            time.sleep(0.2)
            connection.close()

        started = time.monotonic()
        run_together(call, close)
        assert time.monotonic() - started < 2
    assert connection.sock is None
    assert connection.connect(folder.server.host, folder.server.port)


def test_close_does_not_wait_for_a_slow_file_object(connect, folder):
    connection = connect(folder.server)
    folder.put('file', noise(20_000_000))
    writes, closed = threading.Event(), threading.Event()

    def block():
        writes.set()
        assert closed.wait(10)

    def call():
        with pytest.raises(NotConnectedError):
            connection.retrieveFile(folder.share, folder.path('file'), Sink(block))

    def close():
        assert writes.wait(10)
        connection.close()
        closed.set()

    run_together(call, close)


def test_a_call_from_within_a_call_is_refused_and_one_from_another_thread_waits(connect, folder):
    connection = connect(folder.server)
    folder.put('file', noise(3_000_000))
    found = []

    def other_thread():
        found.append(names(connection.listPath(folder.share, folder.path())))

    thread = threading.Thread(target=other_thread)

    def during():
        thread.start()
        with pytest.raises(RuntimeError):
            connection.echo(b'x')
        assert not found

    connection.retrieveFile(folder.share, folder.path('file'), Sink(during))
    thread.join(10)
    assert found == [['file']]


FORKING = """
import io, os, sys
from smb.SMBConnection import SMBConnection
from smb.base import NotConnectedError

host, port, user, password = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
connection = SMBConnection(user, password, 'PARENT', 'SERVER', is_direct_tcp=True)
assert connection.connect(host, port)
before = len(connection.listPath('smbtest', '/'))
child = os.fork()
if not child:
    status = 1
    try:
        connection.listPath('smbtest', '/')
    except NotConnectedError as error:
        assert 'process' in str(error)
        connection.close()
        with SMBConnection(user, password, 'CHILD', 'SERVER', is_direct_tcp=True) as own:
            assert own.connect(host, port)
            assert len(own.listPath('smbtest', '/')) == before
        status = 0
    finally:
        os._exit(status)
assert os.waitpid(child, 0)[1] == 0
assert len(connection.listPath('smbtest', '/')) == before
connection.close()
"""


@pytest.mark.skipif(sys.platform == 'win32', reason='there is no fork')
def test_a_child_process_cannot_use_its_parents_connection(server):
    private = server()
    arguments = [private.host, str(private.port), private.user, private.password]
    result = subprocess.run([sys.executable, '-c', FORKING, *arguments], capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
