"""The program as a process of its own: a terminal to type on, Ctrl-C, and a reader that goes away."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.network import Relay

ROOT = Path(__file__).resolve().parents[2]
BIG = bytes(range(256)) * (1 << 14)
SIGNED_ON = 10  # frames until the share is ready; one more request looks at the file, the next one opens it
SECONDS = 20.0  # until a process that says nothing has failed


def environment(**values):
    return {**os.environ, 'PYTHONPATH': str(ROOT), 'TERM': 'xterm', 'LINES': '40', 'COLUMNS': '120', **values}


class Terminal:
    """A process in a terminal of its own, which is used in a ``with`` block."""

    def __init__(self, *arguments, **values):
        self.output = b''
        command = [sys.executable, '-m', 'smb', *arguments]
        # A new session, whose controlling terminal the first one becomes that it opens
        leader, follower = pty.openpty()
        path = os.ttyname(follower)
        start = f'import os, sys; os.setsid(); os.open({path!r}, os.O_RDWR); os.execv(sys.executable, {command!r})'
        self.process = subprocess.Popen(
            [sys.executable, '-c', start], stdin=follower, stdout=follower, stderr=follower, env=environment(**values)
        )
        os.close(follower)
        self._leader = leader

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._leader)

    def type(self, text):
        os.write(self._leader, text.encode())

    def read(self):
        """What is there, or comes within a moment."""
        if select.select([self._leader], [], [], 0.02)[0]:
            # The end of a terminal is an error
            with contextlib.suppress(OSError):
                self.output += os.read(self._leader, 65536)

    def until(self, condition):
        """Read until something is so; an AssertionError when it takes too long."""
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end, self.output
            self.read()

    def exit_code(self):
        self.until(lambda: self.process.poll() is not None)
        for _ in range(3):
            self.read()
        return self.process.returncode


def test_the_password_is_asked_for_and_not_shown(folder):
    folder.put('file')
    password = folder.server.password
    with Terminal('ls', '-1', '-U', folder.server.user, folder.address, SMB_PASSWORD='') as terminal:
        # An empty one in the environment is one.
        assert terminal.exit_code() == 3
    del os.environ['SMB_PASSWORD']
    with Terminal('ls', '-1', '-U', folder.server.user, folder.address) as terminal:
        terminal.until(lambda: b'Password for ' in terminal.output)
        terminal.type(f'{password}\n')
        assert terminal.exit_code() == 0
    assert password.encode() not in terminal.output
    assert terminal.output.split() == [
        b'Password', b'for', folder.server.user.encode(), b'at', f'127.0.0.1:{folder.server.port}:'.encode(), b'file',
    ]  # fmt: skip


def test_the_question_can_be_interrupted(folder):
    del os.environ['SMB_PASSWORD']
    with Terminal('ls', folder.address) as terminal:
        terminal.until(lambda: b'Password for ' in terminal.output)
        terminal.type('half\x03')
        assert terminal.exit_code() == 130
    assert b'half' not in terminal.output and b'Traceback' not in terminal.output


def test_without_a_terminal_nobody_is_asked(folder):
    del os.environ['SMB_PASSWORD']
    done = subprocess.run(
        [sys.executable, '-m', 'smb', 'ls', folder.address],
        input='typed\n', capture_output=True, text=True, env=environment(), start_new_session=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr == (
        'smbcourier: there is no terminal to ask for the password on; put it into SMB_PASSWORD or a file for -A, '
        'or use -N\n'
    )


@pytest.fixture
def relay(folder):
    """Between the program and the server, to hold answers back."""
    with Relay(folder.server) as relay:
        yield relay


@pytest.mark.parametrize('resume', [False, True])
def test_ctrl_c_leaves_no_half_download_but_with_c(folder, relay, resume):
    folder.put('big', BIG)
    address = folder.at('big').replace(str(folder.server.port), str(relay.port))
    relay.hold_after = SIGNED_ON + 4
    with Terminal('get', *(['-c'] if resume else []), address) as terminal:
        terminal.until(lambda: b'big:' in terminal.output and relay.frame_count >= SIGNED_ON + 4)
        time.sleep(0.1)
        terminal.type('\x03')
        assert terminal.exit_code() == 130
    assert os.listdir() == (['big'] if resume else [])
    assert b'Traceback' not in terminal.output
    if resume:
        assert BIG.startswith(Path('big').read_bytes())


@pytest.mark.parametrize('resume', [False, True])
def test_ctrl_c_leaves_no_half_upload_but_with_c(folder, relay, resume):
    Path('big').write_bytes(BIG * 4)
    address = folder.address.replace(str(folder.server.port), str(relay.port))
    relay.hold_after = SIGNED_ON + 4
    with Terminal('put', *(['-c'] if resume else []), 'big', address) as terminal:
        terminal.until(lambda: b'big:' in terminal.output and (folder.local / 'big').exists())
        terminal.until(lambda: (folder.local / 'big').stat().st_size > 0)
        terminal.type('\x03')
        time.sleep(0.1)
        relay.release()
        assert terminal.exit_code() == 130
    assert list(folder.tree()) == (['big'] if resume else [])
    assert b'Traceback' not in terminal.output


def test_a_terminal_sees_the_bar_grow(folder):
    folder.put('big', BIG)
    with Terminal('get', folder.at('big')) as terminal:
        assert terminal.exit_code() == 0
    assert b'big: 100%' in terminal.output and b'4.00M/4.00M' in terminal.output
    assert Path('big').read_bytes() == BIG


@pytest.mark.parametrize('arguments', [['find'], ['cat']])
def test_a_reader_that_goes_away_is_no_error(folder, arguments):
    folder.put('big', BIG)
    for number in range(300):
        folder.put(f'file {number:200}')
    place = folder.at('big') if arguments == ['cat'] else folder.address
    process = subprocess.Popen(
        [sys.executable, '-m', 'smb', *arguments, place],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    with process:
        assert process.stdout and process.stderr
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b''
    assert process.returncode == 141
