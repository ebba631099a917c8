"""What threads, processes and the clock do to a connection; over TCP, with the server in a thread of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import socket
import threading
import time
from collections import deque
from types import SimpleNamespace

import pytest

from smb import smb_structs
from smb.base import NotConnectedError, SMBTimeout
from smb.smb2_constants import SMB2_COM_CREATE, SMB2_COM_NEGOTIATE, SMB2_COM_QUERY_DIRECTORY
from smb.SMBConnection import SMBConnection
from tests.session.scripted import PASSWORD, USER, ScriptedServer, is_usable

PROMPTLY = 0.5  # seconds
PATIENCE = 10


class TCPServer:
    """Scripted servers behind a port, one for each connection, in that order."""

    def __init__(self, *servers):
        self.servers = list(servers)
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.port = self.listener.getsockname()[1]
        self.errors = []
        self.hung_up = threading.Event()  # whether a client has
        self.threads = [threading.Thread(target=self.accept)]
        self.threads[0].start()

    def accept(self):
        for server in self.servers:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.threads.append(threading.Thread(target=self.serve, args=(peer, server)))
            self.threads[-1].start()

    def serve(self, peer, server):
        server.transport = SimpleNamespace(queue=deque())
        try:
            with peer, peer.makefile('rb') as frames:
                while header := frames.read(4):
                    server.receive(frames.read(int.from_bytes(header, 'big')))
                    for frame in server.transport.queue:
                        peer.sendall(len(frame).to_bytes(4, 'big') + frame)
                    server.transport.queue.clear()
        except (ConnectionError, ValueError):
            pass
        except BaseException as error:
            self.errors.append(error)
        finally:
            self.hung_up.set()

    def close(self):
        # Shutting down is what ends accept().
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(PATIENCE)
        assert self.errors == []


@contextlib.contextmanager
def served(*servers):
    """A connection that is not made yet, and the server that it can be made to."""
    server = TCPServer(*servers)
    connection = SMBConnection(USER, PASSWORD, 'ME', 'SERVER', is_direct_tcp=True)
    try:
        yield connection, server
    finally:
        connection.close()
        server.close()


@pytest.fixture
def script():
    return ScriptedServer()


@pytest.fixture
def connection(script):
    """Connected, with one share."""
    with served(script) as (connection, server):
        assert connection.connect('127.0.0.1', server.port) is True
        connection.getAttributes('share', 'file')
        connection.tcp_server = server
        yield connection


class Background:
    """A call in a thread, and what became of it."""

    def __init__(self, function, *arguments, **options):
        self.result = self.error = None
        self.seconds = 0.0

        def run():
            try:
                self.result = function(*arguments, **options)
            except BaseException as error:
                self.error = error
            self.ended = time.monotonic()

        self.thread = threading.Thread(target=run)
        self.thread.start()

    def wait(self):
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()
        return self

    def is_waiting(self):
        self.thread.join(0.1)
        return self.thread.is_alive()


class Gate(io.BytesIO):
    """Holds whoever writes to it until it is opened."""

    def __init__(self):
        super().__init__()
        self.reached, self.opened = threading.Event(), threading.Event()

    def write(self, block):
        self.reached.set()
        assert self.opened.wait(PATIENCE)
        return super().write(block)


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


# The clock


@pytest.mark.parametrize('timeout', [60, 7.5, None])
def test_the_socket_keeps_the_timeout_of_connect(timeout):
    with served(ScriptedServer()) as (connection, server):
        assert connection.connect('127.0.0.1', server.port, timeout=timeout) is True
        assert connection.sock.gettimeout() == timeout
        assert isinstance(connection.sock, socket.socket)
        assert connection.sock.fileno() > 0


def test_the_timeout_of_connect_is_the_sockets_whatever_the_sign_on_needed():
    with served(ScriptedServer()) as (connection, server):

        def password():
            connection.sock.settimeout(3)  # so that it has to be set again
            return PASSWORD

        connection._password = password
        assert connection.connect('127.0.0.1', server.port, timeout=60) is True
        assert connection.sock.gettimeout() == 60


def test_a_timeout_is_kept_and_the_connection_goes_on(connection, script):
    script.holds = {SMB2_COM_CREATE}
    begin = time.monotonic()
    with pytest.raises(SMBTimeout):
        connection.getAttributes('share', 'file', timeout=0.2)
    assert 0.2 <= time.monotonic() - begin < 0.2 + PROMPTLY
    script.holds = set()
    assert is_usable(connection)


def test_a_connect_that_is_not_answered_ends_in_time_and_closed(monkeypatch):
    monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', False)
    silent = ScriptedServer(holds={SMB2_COM_NEGOTIATE})
    with served(silent, ScriptedServer()) as (connection, server):
        begin = time.monotonic()
        with pytest.raises(SMBTimeout):
            connection.connect('127.0.0.1', server.port, timeout=0.2)
        assert 0.2 <= time.monotonic() - begin < 0.2 + PROMPTLY
        assert connection.sock is None
        assert server.hung_up.wait(PATIENCE)
        assert connection.connect('127.0.0.1', server.port) is True


def test_a_server_that_has_gone_is_told_of_each_time():
    with served(ScriptedServer()) as (connection, server):
        connection.connect('127.0.0.1', server.port)
        script = server.servers[0]
        script.refuse = lambda request: (_ for _ in ()).throw(ConnectionError)
        for _ in range(3):
            with pytest.raises(NotConnectedError) as caught:
                connection.listPath('share', '')
            assert str(caught.value)
        assert connection.sock is None


# Threads


def test_threads_take_turns(connection, script):
    gate = Gate()
    first = Background(connection.retrieveFile, 'share', 'file', gate)
    assert gate.reached.wait(PATIENCE)
    second = Background(connection.listPath, 'share', '')
    assert second.is_waiting()
    assert script.of(SMB2_COM_QUERY_DIRECTORY) == []
    assert connection.is_busy
    gate.opened.set()
    assert first.wait().result == (0x20, 19)
    assert len(second.wait().result) == 4
    assert not connection.is_busy


def test_many_threads_get_their_own_answers(connection):
    def work(name):
        return [connection.getAttributes('share', name).file_size for _ in range(20)]

    jobs = [(name, Background(work, name)) for name in ('file', 'large') * 3]
    for name, job in jobs:
        assert job.wait().result == [{'file': 19, 'large': 1 << 20}[name]] * 20


def test_an_operation_that_fails_ends_its_turn(connection):
    failed = Background(connection.getAttributes, 'share', 'missing').wait()
    assert isinstance(failed.error, FileNotFoundError)
    assert is_usable(connection)


def test_close_ends_what_another_thread_is_waiting_for(connection, script):
    script.holds = {SMB2_COM_CREATE}
    job = Background(connection.getAttributes, 'share', 'file', timeout=None)
    queued = Background(connection.listPath, 'share', '', timeout=None)
    until(lambda: script.held)
    begin = time.monotonic()
    connection.close()
    assert time.monotonic() - begin < PROMPTLY
    for ended in (job.wait(), queued.wait()):
        assert isinstance(ended.error, NotConnectedError)
        assert ended.ended - begin < PROMPTLY
    assert connection.sock is None


def test_close_does_not_wait_for_a_callers_file(connection):
    gate = Gate()
    job = Background(connection.retrieveFile, 'share', 'large', gate)
    assert gate.reached.wait(PATIENCE)
    begin = time.monotonic()
    connection.close()
    assert time.monotonic() - begin < PROMPTLY
    gate.opened.set()
    assert isinstance(job.wait().error, NotConnectedError)


def test_close_ends_connect():
    with served(ScriptedServer(holds={SMB2_COM_NEGOTIATE}), ScriptedServer()) as (connection, server):
        job = Background(connection.connect, '127.0.0.1', server.port, timeout=None)
        until(lambda: server.servers[0].held)
        begin = time.monotonic()
        connection.close()
        assert isinstance(job.wait().error, NotConnectedError)
        assert job.ended - begin < PROMPTLY
        assert connection.sock is None
        assert connection.connect('127.0.0.1', server.port) is True
        assert is_usable(connection)


def test_close_at_the_very_end_of_connect_is_not_a_success():
    class Closing(SMBConnection):
        def onAuthOK(self):
            super().onAuthOK()
            Background(self.close).wait()

    with served(ScriptedServer()) as (_, server):
        connection = Closing(USER, PASSWORD, 'ME', 'SERVER', is_direct_tcp=True)
        with pytest.raises(NotConnectedError, match='closed while it was being made'):
            connection.connect('127.0.0.1', server.port)
        assert connection.sock is None


def test_connect_ends_what_another_thread_does():
    first, second = ScriptedServer(), ScriptedServer()
    with served(first, second) as (connection, server):
        connection.connect('127.0.0.1', server.port)
        first.holds = {SMB2_COM_CREATE}
        job = Background(connection.getAttributes, 'share', 'file', timeout=None)
        until(lambda: first.held)
        assert connection.connect('127.0.0.1', server.port) is True
        assert isinstance(job.wait().error, NotConnectedError)
        assert is_usable(connection)


# Processes


def in_child(function):
    """What ``function`` gives in a forked child, as text; the child is gone afterwards."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(PATIENCE)
        try:
            os.write(writing, str(function()).encode())
        except BaseException as error:
            os.write(writing, f'raised {error!r}'.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, 'rb') as pipe:
        text = pipe.read().decode()
    os.waitpid(child, 0)
    return text


forking = [
    pytest.mark.skipif(not hasattr(os, 'fork'), reason='this system has no fork'),
    # The server's thread does nothing in the child, which ends without returning.
    pytest.mark.filterwarnings('ignore:.*fork:DeprecationWarning'),
]


def failure_of(function, *arguments):
    try:
        function(*arguments)
    except NotConnectedError as error:
        return f'NotConnectedError: {error}'
    return 'nothing'


class TestChildren:
    pytestmark = forking

    def test_a_child_is_told_that_the_connection_is_its_parents(self, connection, script):
        sent = len(script.requests)
        said = in_child(lambda: failure_of(connection.listPath, 'share', ''))
        assert said.startswith('NotConnectedError: This connection belongs to the process that made it')
        assert len(script.requests) == sent
        assert is_usable(connection)

    def test_a_child_that_closes_leaves_the_parents_connection_alone(self, connection):
        def close_twice():
            connection.close()
            connection.close()
            return connection.sock, failure_of(connection.echo, b'')

        assert in_child(close_twice).startswith("(None, 'NotConnectedError: Not connected")
        assert is_usable(connection)
        assert not connection.tcp_server.hung_up.is_set()

    def test_a_child_that_ends_leaves_the_parents_connection_alone(self, connection):
        assert in_child(lambda: None) == 'None'
        assert is_usable(connection)

    def test_a_child_makes_a_connection_of_its_own(self):
        with served(ScriptedServer(), ScriptedServer()) as (connection, server):
            connection.connect('127.0.0.1', server.port)
            connection.getAttributes('share', 'file')

            def connect():
                return connection.connect('127.0.0.1', server.port), is_usable(connection)

            assert in_child(connect) == '(True, True)'
            assert is_usable(connection)

    def test_a_child_does_not_wait_for_a_thread_that_it_does_not_have(self):
        with served(ScriptedServer(), ScriptedServer()) as (connection, server):
            connection.connect('127.0.0.1', server.port)
            gate = Gate()
            job = Background(connection.retrieveFile, 'share', 'file', gate)
            assert gate.reached.wait(PATIENCE)

            def use():
                said = failure_of(connection.listPath, 'share', '')
                return said, connection.connect('127.0.0.1', server.port), is_usable(connection)

            said = in_child(use)
            gate.opened.set()
            assert job.wait().result == (0x20, 19)
            assert 'belongs to the process that made it' in said
            assert said.endswith('True, True)')
            assert is_usable(connection)

    def test_a_child_that_begins_inside_an_operation_is_told_too(self, connection):
        said = []

        class Forking(io.BytesIO):
            def write(self, block):
                said.append(in_child(lambda: failure_of(connection.listPath, 'share', '')))
                return super().write(block)

        connection.retrieveFile('share', 'file', Forking())
        assert 'belongs to the process that made it' in said[0]
        assert is_usable(connection)
