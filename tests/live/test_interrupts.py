"""Ctrl-C in the middle of a call: it comes out, and what is left is a connection that works or one that has ended."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import nmb
import smb
from smb.base import NotConnectedError
from tests.interruption import Interruption
from tests.live.fault_jobs import CALLS, Calls
from tests.live.faults import count_sockets, wait_until_closed
from tests.live.folder import Folder, noise
from tests.live.test_snapshots import SHADOW_COPY, TIMES, take_snapshot

pytestmark = pytest.mark.skipif(not os.path.exists('/proc/self/fd'), reason='what is open is looked up in /proc')

MODES = {'SMB1': {'smb1': True}, '2.0.2': {'max_dialect': 0x0202}, '3.1.1 encrypted': {'require_encryption': True}}
FOLDERS = tuple(f'{Path(package.__file__).parent}{os.sep}' for package in (smb, nmb))
EACH = 1 if os.environ.get('SMBCOURIER_ALL_FAULTS') else 701  # of the places of a call, which one is tried
DATA = noise(1_500_000)


class Interrupted:
    """A connection whose calls are interrupted."""

    def __init__(self, new, folder, tmp_path, arguments):
        self.folder = folder
        self.connection = new(folder.server, **arguments)
        self.calls = Calls(folder, tmp_path, DATA)
        self.connect()

    def connect(self):
        assert self.connection.connect(self.folder.server.host, self.folder.server.port)

    def count_places(self, name):
        self.connect()
        call = self.calls.new(name)
        with Interruption(FOLDERS) as interruption:
            call.run(self.connection, 30)
        call.check()
        return interruption.count

    def run(self, name, number):
        """Whether the call was interrupted."""
        call = self.calls.new(name)
        interruption = Interruption(FOLDERS, number)
        try:
            with interruption:
                call.run(self.connection, 30)
        except KeyboardInterrupt:
            pass
        except NotConnectedError as error:
            # closing a file object behind it, as ``with`` does, says that the connection has ended
            assert isinstance(error.__context__, KeyboardInterrupt), interruption.where
        else:
            assert not interruption.where, f'{name}: lost, {interruption.where}'
            call.check()
            return False
        try:
            self.check()
        except Exception as error:
            raise AssertionError(f'{name}: {interruption.where}') from error
        return True

    def check(self):
        """The connection works, or it has ended and the next one works; nothing is open."""
        assert not self.connection.is_busy
        try:
            for _ in range(2):
                self.connection.echo(b'data', timeout=5)
        except NotConnectedError:
            assert self.connection.sock is None
            self.connect()
        wait_until_closed(self.connection, self.folder)


@pytest.fixture
def private(server):
    private = server(shares={'smbtest': SHADOW_COPY})
    take_snapshot(private, 'smbtest', TIMES[0])
    return private


# A socket that was let go of in the middle of its end is closed all the same, but late.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning', 'ignore::ResourceWarning')
@pytest.mark.parametrize('mode', MODES)
def test_every_call_can_be_interrupted_at_any_place(private, new, tmp_path, mode):
    threads, sockets = threading.active_count(), count_sockets()
    interrupted = Interrupted(new, Folder(private), tmp_path, MODES[mode])
    count = 0
    begin = list(MODES).index(mode)
    for name in CALLS:
        for number in range(begin, interrupted.count_places(name), EACH):
            count += interrupted.run(name, number)
        begin = (begin + 117) % EACH
    interrupted.connection.close()
    print(f'{mode}: {count} interruptions')
    assert count >= 30
    assert (threading.active_count(), count_sockets()) == (threads, sockets)
