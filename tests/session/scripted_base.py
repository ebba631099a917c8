"""What the scripted servers of both dialects have in common: the way to them, and what a test does with one."""

from __future__ import annotations

from collections import defaultdict, deque
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from smb.errors import NotConnectedError, ProtocolError, SMBTimeout
from smb.ntstatus import STATUS_PENDING
from smb.SMBConnection import SMBConnection
from smb.wire.memory import Pool

USER, PASSWORD = 'user', 'pa55word'


class ScriptedTransport:
    """What the library takes for its TCP connection."""

    def __init__(self, server, is_direct_tcp=True):
        self.server, self.is_direct_tcp = server, is_direct_tcp
        self.sock = None
        self.round_trip_seconds = 0.0
        self.turns = []
        self.max_receive_length = 0x1FFFF
        self.max_send_length = 0xFFFFFF if is_direct_tcp else 0x1FFFF
        self.memory = Pool()
        self.queue = deque()  # frames, and exceptions to be raised in their place
        self.waits = 0  # how often somebody waited in vain
        self.awaited_awake = []  # for each answer, whether it was said to be due soon
        server.transport = self

    def connect(self, host, port, family, deadline, my_name, remote_name):
        self.sock = self

    def settimeout(self, seconds):
        pass

    def saw_turn(self, seconds):
        self.turns.append(seconds)

    def send(self, parts, deadline):
        if self.sock is None:
            raise NotConnectedError('There is no connection to a server')
        frame = b''.join(parts)
        assert len(frame) <= (0xFFFFFF if self.is_direct_tcp else 0x1FFFF)
        try:
            self.server.receive(frame)
        except (AssertionError, KeyError, ProtocolError):
            if not self.server.hangs_up:
                raise
            self.queue.append(NotConnectedError('The server hung up'))

    def hold_back(self):
        pass

    def flush(self, deadline):
        pass

    def receive(self, deadline, soon=False):
        if self.sock is None:
            raise NotConnectedError('There is no connection to a server')
        if not self.queue:
            self.waits += 1
            raise SMBTimeout(f'No answer {deadline}')
        self.awaited_awake.append(soon)
        frame = self.queue.popleft()
        if isinstance(frame, Exception):
            self.close()
            raise frame
        if len(frame) > self.max_receive_length:
            self.close()
            raise ProtocolError(f'A frame of {len(frame)} bytes')
        view = self.memory.take(len(frame))
        view[:] = frame
        return view

    def release(self, frame):
        self.memory.release(frame)

    def close(self):
        self.sock = None

    abort = close


class ScriptedBase:
    """A server that a test bends; what it says in its own dialect is in the classes that come from this one."""

    TRANSPORT = ScriptedTransport

    def __init__(self, options):
        self.hangs_up = False  # where a request is wrong, instead of failing the test
        self.refuse = lambda request: None  # a status for a request that is not carried out
        self.holds = set()  # commands whose answers wait for let_go()
        for name, value in options.items():
            assert hasattr(self, name), name
            setattr(self, name, value)
        self.requests, self.cancels, self.frames = [], [], []
        self.sign_ons = 0
        self.tampering = {}  # command -> what somebody on the way makes of the bytes of its next answer
        self.sessions = {}
        self.transport = None
        self._bends = defaultdict(deque)
        self._held = []

    def bend(self, command, change, times=1):
        """``change(answer)`` before the next answer to ``command`` is packed; what it returns replaces the answer."""
        self._bends[command] += [change] * times

    def _bent(self, answer):
        """The answers in place of this one; None where it stays, or was only altered."""
        bends = self._bends[answer.request.command]
        return bends.popleft()(answer) if bends else None

    def _hold(self, answer):
        if answer.request.command not in self.holds or answer.header.status == STATUS_PENDING:
            return False
        self._held.append(answer)
        return True

    @property
    def held(self):
        return len(self._held)

    @property
    def session(self):
        return self.sessions[max(self.sessions)]

    def expire_session(self):
        self.session.expired = True

    def delete_session(self):
        self.session.deleted = True
        self.session.opens.clear()

    def of(self, command):
        """The requests of one command so far."""
        return [request for request in self.requests if request.command == command]

    @property
    def open_handles(self):
        return sum(len(session.opens) for session in self.sessions.values() if not session.deleted)


@contextmanager
def client(server, user=USER, password=PASSWORD, *, is_direct_tcp=True, **arguments):
    """An SMBConnection whose connect() leads to ``server``."""
    with patch('smb.base.Transport', lambda direct: server.TRANSPORT(server, direct)):
        connection = SMBConnection(user, password, 'ME', 'SERVER', is_direct_tcp=is_direct_tcp, **arguments)
        yield connection
        connection.close()


def check_refused(server, text, error=ProtocolError, **arguments):
    """connect() to this server fails with this error, and leaves a closed connection."""
    with client(server, **arguments) as connection:
        with pytest.raises(error, match=text):
            connection.connect('server')
        assert connection.sock is None


@contextmanager
def connected(server, *, share='share', **arguments):
    """The same, connected; with ``share``, a connection to that share has been made."""
    with client(server, **arguments) as connection:
        assert connection.connect('server', 445) is True
        if share:
            connection.getAttributes(share, 'file')
        yield connection


def is_usable(connection):
    """Whether a connection still works, or else is closed: nothing between is allowed."""
    if connection.sock is None:
        return False
    connection.echo(b'')
    return connection.getAttributes('share', 'file').file_size == len(b'content of the file')
