"""Servers whose disk, and callers whose file objects, fail in the middle: no short file is called a success."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import random
import resource
import signal
import subprocess
import threading
import time

import pytest

from smb.base import NotConnectedError, OperationFailure
from smb.testing import SambaServer
from tests.live.faults import wait_until_closed
from tests.live.folder import Folder, noise
from tests.live.sources import Sink

DATA = noise(6_000_000)
LIMIT = 2_500_000  # bytes; in the middle of a request, whatever its size
MODES = {
    'SMB1': {'smb1': True},
    '2.0.2': {'max_dialect': 0x0202},
    '2.1 signed': {'max_dialect': 0x0210, 'require_signing': True},
    '3.0.2 encrypted': {'max_dialect': 0x0302, 'require_encryption': True},
    '3.1.1': {},
}


@pytest.fixture(params=MODES)
def connection(request, connect, folder):
    return connect(folder.server, **MODES[request.param])


@pytest.fixture
def own(server):
    """A server that no other test uses."""
    return server(name='FAILINGDISK')


@pytest.fixture
def small_disk(connect):
    """A server whose share is on a disk of three megabytes; needs root."""
    with SambaServer() as private:
        mount = ['mount', '-t', 'tmpfs', '-o', 'size=3m', 'none', str(private.root)]
        if os.getuid() or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
            pytest.skip('only root can mount a disk')
        try:
            yield private
        finally:
            subprocess.run(['umount', '-l', str(private.root)], check=True)


def check_goes_on(connection, folder, name='file'):
    """The connection works, and nobody has the file open."""
    assert connection.sock is not None and not connection.is_busy
    assert connection.storeFile(folder.share, folder.path(name), io.BytesIO(b'again')) == 5
    assert folder.read(name) == b'again'
    assert connection.echo(b'data') == b'data'


@contextlib.contextmanager
def file_size_limit(server, size):
    """No file of the server grows beyond ``size``: the write that would do it is a short one, the next one fails."""
    no_limit = resource.RLIM_INFINITY
    for pid in server.processes():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, no_limit))
    try:
        yield
    finally:
        for pid in server.processes():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (no_limit, no_limit))


needs_limits = pytest.mark.skipif(not hasattr(resource, 'prlimit'), reason='no limits for other processes here')


@needs_limits
@pytest.mark.parametrize('mode', MODES)
def test_a_disk_that_becomes_full_in_the_middle_of_a_request_is_no_success(connect, own, mode):
    folder = Folder(own)
    connection = connect(own, **MODES[mode])
    with file_size_limit(own, LIMIT):
        for offset in (0, 1_000_001):
            with pytest.raises(OSError, match='the disk is full') as caught:
                connection.storeFileFromOffset(folder.share, folder.path('file'), io.BytesIO(DATA), offset)
            assert isinstance(caught.value, OperationFailure)
            assert caught.value.errno == errno.ENOSPC
    assert folder.read('file')[1_000_001:] == DATA[: LIMIT - 1_000_001]
    check_goes_on(connection, folder)


@needs_limits
def test_an_upload_of_a_folder_tells_of_the_file_that_did_not_fit_and_goes_on(connect, own, tmp_path):
    folder = Folder(own)
    connection = connect(own)
    for name, size in (('a', 100), ('b', LIMIT + 1), ('c', 100)):
        (tmp_path / name).write_bytes(DATA[:size])
    with file_size_limit(own, LIMIT), pytest.raises(OperationFailure, match='the disk is full') as caught:
        connection.uploadTree(folder.share, folder.path('up'), tmp_path)
    assert caught.value.report.files == 2
    assert folder.read('up/a') == folder.read('up/c') == DATA[:100]
    check_goes_on(connection, folder, 'up/b')


@needs_limits
def test_a_file_object_for_writing_tells_of_a_full_disk(connect, own):
    folder = Folder(own)
    connection = connect(own)
    with (
        file_size_limit(own, LIMIT),
        pytest.raises(OSError, match='the disk is full'),
        connection.openFile(folder.share, folder.path('file'), 'wb') as file,
    ):
        for start in range(0, len(DATA), 100_000):
            file.write(DATA[start : start + 100_000])
    check_goes_on(connection, folder)


@pytest.mark.parametrize('mode', MODES)
def test_a_full_disk_is_no_success(connect, small_disk, mode):
    folder = Folder(small_disk)
    connection = connect(small_disk, **MODES[mode])
    with pytest.raises(OSError, match='the disk is full') as caught:
        connection.storeFile(folder.share, folder.path('file'), io.BytesIO(DATA))
    assert caught.value.errno == errno.ENOSPC
    assert len(folder.read('file')) < len(DATA)
    with pytest.raises(OSError, match='the disk is full'):
        connection.storeFile(folder.share, folder.path('small'), io.BytesIO(DATA[:60_000]))
    (folder.local / 'file').write_bytes(b'')
    check_goes_on(connection, folder)


def test_a_part_that_is_locked_while_it_is_being_written_ends_the_upload(connection, folder):
    """The answers of a window: some writes have been done, one is refused."""
    path = folder.put('file', bytes(len(DATA)))

    class Locking(io.BytesIO):
        """Locks a part when the first bytes have been read."""

        def read(self, size=-1):
            if self.tell() and not file.closed:
                with contextlib.suppress(BlockingIOError):
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1000, 5_000_000)
            return super().read(size)

    with (folder.local / 'file').open('r+b') as file:
        with pytest.raises(OperationFailure, match='locked that part'):
            connection.storeFileFromOffset(folder.share, path, Locking(DATA))
        assert folder.read('file')[5_000_000:5_001_000] == bytes(1000)
    # the lock goes with any of this process's handles on the file
    check_goes_on(connection, folder)


@pytest.mark.parametrize('left', [0, 1, 70_000, 3_000_000])
def test_a_file_that_shrinks_while_it_is_read_is_no_success(connection, folder, left):
    path = folder.put('file', DATA * 3)
    sink = Sink(lambda: os.truncate(folder.local / 'file', left))
    with pytest.raises(OperationFailure, match='the file ended at byte'):
        connection.retrieveFile(folder.share, path, sink)
    assert len(sink.data) < len(DATA * 3)
    check_goes_on(connection, folder)


def test_a_file_that_grows_while_it_is_read_is_as_long_as_it_was(connection, folder):
    path = folder.put('file', DATA)

    def grow():
        with (folder.local / 'file').open('ab') as file:
            file.write(DATA)

    sink = Sink(grow)
    assert connection.retrieveFile(folder.share, path, sink)[1] == len(DATA)
    assert sink.data == DATA
    check_goes_on(connection, folder)


class TestCallersObject:
    @pytest.mark.parametrize('error', [OSError(errno.ENOSPC, 'full'), MemoryError(), SystemExit(), KeyboardInterrupt()],
                             ids=repr)  # fmt: skip
    def test_that_raises_when_most_has_gone_ends_the_call_and_nothing_else(self, connection, folder, error):
        class Raising(io.BytesIO):
            def read(self, size=-1):
                if self.tell() > 3_000_000:
                    raise error
                return super().read(size)

            def write(self, block):
                if self.tell() > 3_000_000:
                    raise error
                return super().write(block)

        path = folder.put('file', DATA)
        for method, file_obj in (('retrieveFile', Raising()), ('storeFile', Raising(DATA))):
            with pytest.raises(type(error)) as caught:
                getattr(connection, method)(folder.share, path, file_obj)
            assert caught.value is error
            assert connection.echo(b'data') == b'data'
        check_goes_on(connection, folder)

    def test_that_takes_less_than_it_was_given_is_an_error(self, connection, folder):
        class Short(io.BytesIO):
            def write(self, block):
                return super().write(block[:-1] if self.tell() > 2_000_000 else block)

        with pytest.raises(OSError, match='write took'):
            connection.retrieveFile(folder.share, folder.put('file', DATA), Short())
        check_goes_on(connection, folder)

    def test_that_is_slow_does_not_use_up_the_servers_time(self, connection, folder):
        class Slow(io.BytesIO):
            has_waited = False

            def read(self, size=-1):
                self.wait()
                return super().read(size)

            def write(self, block):
                self.wait()
                return super().write(block)

            def wait(self):
                if self.tell() and not self.has_waited:
                    self.has_waited = True
                    time.sleep(0.35)

        path, target = folder.put('file', DATA), Slow()
        assert connection.retrieveFile(folder.share, path, target, timeout=0.3)[1] == len(DATA)
        assert target.getvalue() == DATA
        assert connection.storeFile(folder.share, path, Slow(DATA), timeout=0.3) == len(DATA)
        assert folder.read('file') == DATA
        check_goes_on(connection, folder)


class TestInterrupts:
    def test_in_the_callers_object_end_the_call_and_leave_the_connection(self, connection, folder):
        sink = Sink(lambda: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            connection.retrieveFile(folder.share, folder.put('file', DATA), sink)
        check_goes_on(connection, folder)

    @pytest.mark.skipif(not os.path.exists('/proc/self/fd'), reason='what is open is looked up in /proc')
    @pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning', 'ignore::ResourceWarning')
    def test_at_any_time_leave_a_connection_that_works_or_has_ended(self, connection, folder):
        chance = random.Random(6)
        path, interrupts = folder.put('file', DATA), 0
        previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            for number in range(16):
                sink = io.BytesIO()
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, 0.02))
                try:
                    if number % 2:
                        count = connection.retrieveFile(folder.share, path, sink)[1]
                    else:
                        count = connection.storeFile(folder.share, path, io.BytesIO(DATA))
                    signal.setitimer(signal.ITIMER_REAL, 0)
                except KeyboardInterrupt:
                    interrupts += 1
                else:
                    assert count == len(DATA)
                    assert (sink.getvalue() if number % 2 else folder.read('file')) == DATA
                assert not connection.is_busy
                self.check_whole(connection, folder)
                folder.put('file', DATA)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        assert interrupts
        check_goes_on(connection, folder)

    def check_whole(self, connection, folder):
        try:
            connection.echo(b'data')
        except NotConnectedError:
            assert connection.sock is None
            assert connection.connect(folder.server.host, folder.server.port)
        wait_until_closed(connection, folder)


class TestServerThatIsRestarted:
    @pytest.mark.parametrize('mode', MODES)
    @pytest.mark.parametrize('method', ['retrieveFile', 'storeFile', 'listPath'])
    def test_in_the_middle_of_a_call_ends_it_and_the_next_connect_works(self, connect, mode, method):
        with SambaServer() as private:
            folder = Folder(private)
            connection = connect(private, **MODES[mode])
            path = folder.put('file', DATA * 3)
            restarted = threading.Event()

            def restart():
                if not restarted.is_set():
                    restarted.set()
                    private._end_processes(private._process)
                    private._run_daemon()

            class Restarting(io.BytesIO):
                def read(self, size=-1):
                    if self.tell() > 1_000_000:
                        restart()
                    return super().read(size)

            started = time.monotonic()
            with pytest.raises(NotConnectedError):
                if method == 'retrieveFile':
                    connection.retrieveFile(folder.share, path, Sink(restart))
                elif method == 'storeFile':
                    connection.storeFile(folder.share, path, Restarting(DATA * 3))
                else:
                    restart()
                    connection.listPath(folder.share, '/')
            assert restarted.is_set()
            assert connection.sock is None
            assert time.monotonic() - started < 20
            assert connection.connect(private.host, private.port)
            check_goes_on(connection, folder)
