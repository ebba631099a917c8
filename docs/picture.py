"""The picture of the command line in README.rst: a real terminal, with a progress bar at work.

``make picture`` runs it. An X server without a screen shows one xterm with a shell, in which the commands are typed.
The server is a private one, behind a slow line.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from smb.testing import SambaServer

PICTURE = Path(__file__).with_name('command_line.png')
BYTES_PER_SECOND = 24_000_000
SHARES = {'data': {'comment': 'projects'}, 'public': {'guest ok': 'yes', 'comment': 'for everybody'}}
# Bytes of each
FILES = {'notes.txt': 24, 'reports/2025.pdf': 61_440, 'reports/2026.pdf': 48_211, 'disk.img': 192_000_000}
FONT = ['-fa', 'DejaVu Sans Mono', '-fs', '11', '-bg', '#fdf6e3', '-fg', '#073642']
SECONDS = {'short': 1.5, 'under way': 4.0}


def main() -> None:
    """Make the picture."""
    with (
        SambaServer({'server min protocol': 'SMB3_11'}, shares=SHARES) as server,
        slow_line(server.port) as port,
        tempfile.TemporaryDirectory() as local,
        screen() as display,
    ):
        for name, size in FILES.items():
            path = server.folder / 'shares' / 'data' / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(os.urandom(size))
        environment = {
            **os.environ,
            'DISPLAY': display,
            'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
            'PS1': '$ ',
            'SMB_USER': server.user,
            'SMB_PASSWORD': server.password,
        }
        shell = ['xterm', '-geometry', '104x13+0+0', '-b', '8', *FONT, '-e', 'bash', '--norc', '--noprofile', '-i']
        with subprocess.Popen(shell, env=environment, cwd=local) as terminal:
            time.sleep(SECONDS['short'])
            address = f'//localhost:{port}/data'
            for command in (f'ls {address}', f'get -r {address}/reports', f'get {address}/note.txt'):
                type_line(f'smbcourier {command}', environment)
                time.sleep(SECONDS['short'])
            type_line(f'smbcourier get {address}/disk.img', environment)
            time.sleep(SECONDS['under way'])
            window = subprocess.check_output(
                ['xdotool', 'search', '--onlyvisible', '--class', 'xterm'], env=environment, text=True
            )
            subprocess.run(['import', '-window', window.split()[0], PICTURE], env=environment, check=True)
            terminal.terminate()


def type_line(text: str, environment: dict[str, str]) -> None:
    """As if by hand."""
    subprocess.run(['xdotool', 'mousemove', '9', '9', 'type', '--delay', '5', text], env=environment, check=True)
    subprocess.run(['xdotool', 'key', 'Return'], env=environment, check=True)


@contextlib.contextmanager
def screen():
    """The name of a display that nobody sees."""
    reading, writing = os.pipe()
    command = ['Xvfb', '-displayfd', str(writing), '-screen', '0', '1280x720x24', '-nolisten', 'tcp']
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with open(reading, encoding='ascii') as pipe:
            yield f':{pipe.readline().strip()}'
        server.terminate()


@contextlib.contextmanager
def slow_line(target: int):
    """The port of a relay that lets so many bytes a second through."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        threading.Thread(target=accept, args=(listener, target), daemon=True).start()
        yield listener.getsockname()[1]


def accept(listener: socket.socket, target: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(('127.0.0.1', target))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
            time.sleep(len(data) / BYTES_PER_SECOND)
        sink.shutdown(socket.SHUT_RDWR)


if __name__ == '__main__':
    main()
