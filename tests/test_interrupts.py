"""What an interrupt leaves behind, at the places where it does most harm; any place is tried in tests/live."""

from __future__ import annotations

import contextlib
import io
import itertools
import socket
import sys
import threading

import pytest

from smb import base, held
from smb.base import NotConnectedError
from smb.transport import Deadline, Transport
from smb.tree.smb2 import SMB2Open
from tests.connections import servers_for
from tests.interruption import Interruption
from tests.session.scripted import ScriptedServer, connected, is_usable


class interrupt_at:  # noqa: N801
    """KeyboardInterrupt where the function of this name begins, or where it comes back from a C function."""

    def __init__(self, event, name, argument=''):
        self._place = event, name, argument

    def __enter__(self):
        sys.setprofile(self._look)

    def __exit__(self, *_):
        sys.setprofile(None)

    def _look(self, frame, event, argument):
        name = getattr(argument, '__name__', '') if event == 'c_return' else ''
        if (event, frame.f_code.co_qualname if sys.version_info >= (3, 11) else '', name) == self._place:
            raise KeyboardInterrupt


needs_qualified_names = pytest.mark.skipif(sys.version_info < (3, 11), reason='code has no qualified name')


def in_another_thread(function):
    """What a thread does, which is not waited for without end."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(10)
    return results


@pytest.fixture
def connection():
    """Connected; two more connects lead to new servers."""
    with servers_for(*(ScriptedServer() for _ in range(3))) as connection:
        assert connection.connect('server', 445)
        connection.getAttributes('share', 'file')
        yield connection


def test_a_request_that_was_numbered_and_not_sent_ends_the_connection():
    with connected(ScriptedServer()) as connection:
        transport = connection._transport
        transport.send = lambda parts, deadline: (_ for _ in ()).throw(RuntimeError('signal handler'))
        with pytest.raises(RuntimeError, match='signal handler'):
            connection.getAttributes('share', 'file')
        assert transport.sock is None
        with pytest.raises(NotConnectedError):
            connection.echo(b'')


def test_a_handle_that_was_lost_between_two_steps_goes_with_its_connection(connection, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(SMB2Open, '__init__', interrupt)
        connection.retrieveFile('share', 'large', io.BytesIO())
    assert connection.sock is None
    assert not connection.is_busy
    assert connection.connect('server', 445)
    assert connection.getAttributes('share', 'file')


def test_an_interrupt_in_the_callers_object_leaves_the_connection():
    class Sink:
        def write(self, block):
            raise KeyboardInterrupt

    server = ScriptedServer()
    with connected(server) as connection:
        with pytest.raises(KeyboardInterrupt):
            connection.retrieveFile('share', 'large', Sink())
        assert is_usable(connection)
        assert server.open_handles == 0


@needs_qualified_names
@pytest.mark.parametrize(
    ('event', 'name', 'argument'),
    [
        ('c_return', 'Turn.take', 'acquire'),
        ('call', 'SMB._ready', ''),
        ('call', '_Operation.__exit__', ''),
        ('call', '_Operation._tell', ''),
        ('call', '_Operation._end', ''),
        ('call', 'Turn.leave', ''),
    ],
)
def test_an_interrupt_of_the_guard_does_not_keep_its_turn(connection, event, name, argument):
    try:
        with interrupt_at(event, name, argument):
            connection.getAttributes('share', 'none')
    except KeyboardInterrupt:
        # while it is being handled, and its traceback has everything
        assert connection.connect('server', 445)
        assert connection.echo(b'data') == b'data'
    else:
        pytest.fail('not interrupted')
    assert not connection.is_busy
    assert in_another_thread(lambda: connection.echo(b'data')) == [b'data']


def test_an_interrupt_anywhere_in_the_guard_of_a_file_object_does_not_keep_its_turn():
    guard = tuple(module.__file__ for module in (base, held, contextlib))
    for number in itertools.count():
        with servers_for(ScriptedServer(), ScriptedServer()) as connection:
            assert connection.connect('server', 445)
            with connection.openFile('share', 'large', buffering=0) as file:
                try:
                    with Interruption(guard, number):
                        file.read(10)
                except KeyboardInterrupt:
                    # while it is being handled, and its traceback has everything
                    assert connection.connect('server', 445)
                    assert connection.echo(b'data') == b'data'
                else:
                    break
            assert not connection.is_busy
            assert in_another_thread(lambda: connection.echo(b'data')) == [b'data']
    assert number > 10


@needs_qualified_names
def test_a_guard_that_nobody_ends_is_ended_when_it_is_let_go(connection):
    try:
        with interrupt_at('call', '_Operation.__exit__'):
            connection.echo(b'data')
    except KeyboardInterrupt:
        pass
    assert not connection.is_busy
    assert connection.sock is None
    assert in_another_thread(lambda: connection.connect('server', 445)) == [True]


def test_a_call_from_within_a_call_is_refused_while_another_interrupt_is_handled():
    class Sink:
        def write(self, block):
            connection.echo(b'')

    with connected(ScriptedServer()) as connection:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            with pytest.raises(RuntimeError, match='in use'):
                connection.retrieveFile('share', 'large', Sink())
        assert is_usable(connection)


def test_a_socket_whose_call_never_ended_is_closed_by_abort():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        transport = Transport(True)
        transport.connect(*listener.getsockname(), None, Deadline(5), '', '')
        sock = transport._enter()  # and no _leave()
        transport.abort()
        assert sock.fileno() == -1
        assert transport.sock is None
