"""The connection is cut, or falls silent, at each frame of an operation in turn.

Whatever the moment: the operation ends in NotConnectedError or SMBTimeout, in time, or it has done all that it says.
"""

from __future__ import annotations

import io
import time

import pytest

from smb.base import NotConnectedError, SMBTimeout
from tests.live.folder import names, noise
from tests.live.network import Relay

DATA = noise(400_000)
SMALL = noise(1000)
LARGE = noise(6_500_000)  # more than is in flight at any time
SILENCE = 0.15  # seconds
PATIENCE = 0.5
MODES = {
    'plain': {},
    'encrypted': {'require_encryption': True},
    'signed, NetBIOS': {'require_signing': True, 'is_direct_tcp': False},
    '2.0.2': {'max_dialect': 0x0202},
    'SMB1': {'smb1': True},
}


class Job:
    """One operation: how to prepare and run it, and whether it was done when it says so."""

    def __init__(self, folder, connection, data):
        self.folder, self.connection, self.data = folder, connection, data
        self.share = folder.share
        self.clear()
        self.prepare()

    def clear(self):
        for path in self.folder.local.iterdir():
            path.unlink()


class Store(Job):
    def prepare(self):
        pass

    def run(self, timeout):
        self.connection.storeFile(self.share, self.folder.path('stored'), io.BytesIO(self.data), timeout=timeout)

    def check(self):
        assert self.folder.read('stored') == self.data


class Retrieve(Job):
    def prepare(self):
        self.folder.put('there', self.data)
        self.target = io.BytesIO()

    def run(self, timeout):
        result = self.connection.retrieveFile(self.share, self.folder.path('there'), self.target, timeout=timeout)
        assert result[1] == len(self.data)

    def check(self):
        assert self.target.getvalue() == self.data


class List(Job):
    def clear(self):
        self.expected = {f'{number:04} ' + 'n' * 100 for number in range(len(self.data))}
        for path in self.folder.local.iterdir():
            if path.name not in self.expected:
                path.unlink()

    def prepare(self):
        for name in self.expected:
            if not (self.folder.local / name).exists():
                self.folder.put(name, b'')

    def run(self, timeout):
        self.result = self.connection.listPath(self.share, self.folder.path(), timeout=timeout)

    def check(self):
        assert set(names(self.result)) == self.expected


class Delete(Job):
    def prepare(self):
        for number in range(5):
            self.folder.put(f'deleted {number}')
        self.folder.put('kept')

    def run(self, timeout):
        self.connection.deleteFiles(self.share, self.folder.path('d*'), timeout=timeout)

    def check(self):
        assert self.folder.tree().keys() == {'kept'}


class Rename(Job):
    def prepare(self):
        self.folder.put('old', SMALL)

    def run(self, timeout):
        self.connection.rename(self.share, self.folder.path('old'), self.folder.path('new'), timeout=timeout)

    def check(self):
        assert self.folder.tree() == {'new': SMALL}


class Shares(Job):
    def prepare(self):
        pass

    def run(self, timeout):
        self.result = self.connection.listShares(timeout=timeout)

    def check(self):
        assert {'smbtest', 'IPC$'} <= {share.name for share in self.result}


JOBS = {
    'store': (Store, DATA),
    'store small': (Store, SMALL),
    'retrieve': (Retrieve, DATA),
    'retrieve small': (Retrieve, SMALL),
    'list': (List, bytes(350)),
    'list small': (List, bytes(2)),
    'delete': (Delete, b''),
    'rename': (Rename, b''),
    'listShares': (Shares, b''),
}
every_job = pytest.mark.parametrize(('kind', 'data'), JOBS.values(), ids=JOBS)


@pytest.fixture
def start(folder, connect):
    """``start(kind, data, relay, mode)``: a job, prepared, with a fresh connection through the relay."""

    def start(kind, data, relay, mode):
        return kind(folder, connect(folder.server, via=relay, **mode), data)

    return start


def count_frames(start, folder, kind, data, mode):
    """The frames until the connection is there, and until the job is done."""
    with Relay(folder.server) as relay:
        job = start(kind, data, relay, mode)
        begin = relay.frame_count
        job.run(10)
        job.check()
        job.connection.echo(b'')  # what was not waited for has passed the relay then
        return begin, relay.frame_count - 2


def check_cuts(start, folder, kind, data, mode, step=1):
    """Run the job once for each frame, and cut the connection there."""
    begin, end = count_frames(start, folder, kind, data, mode)
    assert end - begin >= 4
    for number in range(begin, end + 1, step):
        # every other time in the middle of the frame
        with Relay(folder.server, cut_after=number, cut_bytes=30 * (number % 2)) as relay:
            job = start(kind, data, relay, mode)
            started = time.monotonic()
            try:
                job.run(5)
            except NotConnectedError:
                is_done = False
            else:
                is_done = True
            assert time.monotonic() - started < 2, f'frame {number}'
            if is_done:
                job.check()
            for _ in range(2):
                with pytest.raises(NotConnectedError):
                    # A cut that comes behind the job is noticed by one of the next calls; how many frames there are
                    # differs a little from one time to the next, since some answers are announced.
                    for _ in range(10):
                        job.connection.getAttributes(job.share, '/')
            assert job.connection.sock is None
            assert not job.connection.is_busy


def check_silences(start, folder, kind, data, mode, step=1):
    """Run the job once for each frame, and keep it and all answers behind it back."""
    begin, end = count_frames(start, folder, kind, data, mode)
    timed_out = 0
    for number in range(begin, end, step):
        with Relay(folder.server, hold_after=number) as relay:
            job = start(kind, data, relay, mode)
            started = time.monotonic()
            try:
                job.run(SILENCE)
            except SMBTimeout:
                timed_out += 1
                elapsed = time.monotonic() - started
                assert SILENCE <= elapsed < SILENCE + PATIENCE, f'frame {number}: {elapsed} s'
            else:
                job.check()
            assert not job.connection.is_busy
            relay.release()
            check_usable(job.connection, folder)
    assert timed_out >= (end - begin) // step // 4


def check_usable(connection, folder):
    """Late answers are not taken for those of the next calls, and no file is left open."""
    path, target = folder.put('next', SMALL), io.BytesIO()
    assert connection.retrieveFile(folder.share, path, target)[1] == len(SMALL)
    assert target.getvalue() == SMALL
    assert set(names(connection.listPath(folder.share, folder.path()))) == folder.tree().keys()
    for name in ('next', 'stored', 'there'):
        assert connection.storeFile(folder.share, folder.path(name), io.BytesIO(b'again')) == 5


@every_job
@pytest.mark.parametrize('mode', MODES.values(), ids=MODES)
def test_cut_behind_every_frame(start, folder, kind, data, mode):
    check_cuts(start, folder, kind, data, mode)


@pytest.mark.parametrize('kind', [Store, Retrieve])
@pytest.mark.parametrize('mode', [MODES['plain'], MODES['encrypted']], ids=['plain', 'encrypted'])
def test_cut_in_a_large_transfer(start, folder, kind, mode):
    check_cuts(start, folder, kind, LARGE, mode, step=3)


@pytest.mark.parametrize('mode', MODES.values(), ids=MODES)
def test_cut_while_connecting(new, folder, mode):
    with Relay(folder.server) as relay:
        with new(folder.server, **mode) as connection:
            assert connection.connect(relay.host, relay.port)
        end = relay.frame_count
    assert end >= 6
    for number in range(end):
        with Relay(folder.server, cut_after=number, cut_bytes=30 * (number % 2)) as relay:
            connection = new(folder.server, **mode)
            with pytest.raises(NotConnectedError):
                connection.connect(relay.host, relay.port, timeout=5)
            assert connection.sock is None
            assert connection.connect(folder.server.host, folder.server.port)


@every_job
@pytest.mark.parametrize('mode', [MODES['plain'], MODES['signed, NetBIOS']], ids=['plain', 'signed, NetBIOS'])
def test_silence_behind_every_frame(start, folder, kind, data, mode):
    check_silences(start, folder, kind, data, mode)


@every_job
def test_silence_behind_some_frames_of_smb1(start, folder, kind, data):
    check_silences(start, folder, kind, data, MODES['SMB1'], step=3)


@pytest.mark.parametrize('kind', [Store, Retrieve])
def test_silence_in_a_large_transfer(start, folder, kind):
    check_silences(start, folder, kind, LARGE, {}, step=3)


@pytest.mark.parametrize(
    ('mode', 'timeout'), [(mode, 0.3) for mode in MODES.values()] + [({}, 1.2)], ids=[*MODES, 'longer']
)
def test_a_timeout_is_kept_and_late_answers_are_dropped(connect, folder, mode, timeout):
    folder.put('file', SMALL)
    folder.put('sub/one')
    with Relay(folder.server) as relay:
        connection = connect(folder.server, via=relay, **mode)
        assert names(connection.listPath(folder.share, folder.path())) == ['file', 'sub']
        relay.hold()
        for method, arguments in (
            ('listPath', (folder.share, folder.path())),
            ('getAttributes', (folder.share, folder.path('file'))),
            ('retrieveFile', (folder.share, folder.path('file'), io.BytesIO())),
            ('echo', (b'x',)),
        ):
            started = time.monotonic()
            with pytest.raises(SMBTimeout) as caught:
                getattr(connection, method)(*arguments, timeout=timeout)
            assert timeout <= time.monotonic() - started < timeout + PATIENCE
            assert isinstance(caught.value, TimeoutError)
            assert connection.sock is not None and not connection.is_busy
        relay.release()
        assert names(connection.listPath(folder.share, folder.path('sub'))) == ['one']
        assert connection.echo(b'data') == b'data'
        assert connection.storeFile(folder.share, folder.path('file'), io.BytesIO(b'new')) == 3
        assert folder.read('file') == b'new'


def test_a_long_transfer_that_moves_does_not_time_out(connect, folder):
    """The timeout is for each answer, and the time that the caller takes between blocks does not count."""

    class Slow(io.BytesIO):
        def __init__(self, data=b''):
            super().__init__(data)
            self.pauses = 5

        def read(self, size=-1):
            self.pause()
            return super().read(size)

        def write(self, block):
            self.pause()
            return super().write(block)

        def pause(self):
            if self.pauses:
                self.pauses -= 1
                time.sleep(0.25)

    data = noise(6_000_000)
    connection = connect(folder.server)
    assert connection.storeFile(folder.share, folder.path('file'), Slow(data), timeout=0.2) == len(data)
    assert folder.read('file') == data
    target = Slow()
    assert connection.retrieveFile(folder.share, folder.path('file'), target, timeout=0.2)[1] == len(data)
    assert target.getvalue() == data
