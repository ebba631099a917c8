"""Transfers under random faults, calls without end, a very large file: nothing wrong, nothing that grows.

    python -m tests.soak [--seed N] [--transfers N] [--calls N] [--gibibytes N] [--json FILE] [--rst FILE]

``make soak`` runs it. Every byte of every file follows from seed, path and offset, so that whatever arrives can be
checked by itself; the same seed makes the same plan, though the clock has a part in which faults meet what.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.machine import conditions
from smb import ntstatus, smb_structs
from smb.base import NotConnectedError, OperationFailure, SMBTimeout
from smb.SMBConnection import SMBConnection
from smb.testing import SambaServer
from tests.live.network import Listener

BLOCK = 1 << 16
TIMEOUT = 0.5  # seconds; a stalled connection costs as much
MOST_CONNECTS = 50  # in a row without a transfer: then the server is gone
LONGEST = 3_000_000  # bytes of a file
# Dialects and their protection, one of which each connection has
MODES: list[dict[str, object]] = [
    {'smb1': True},
    {'smb1': True, 'sign_options': SMBConnection.SIGN_WHEN_SUPPORTED},
    {'max_dialect': 0x0202, 'is_direct_tcp': False},
    {'max_dialect': 0x0210, 'sign_options': SMBConnection.SIGN_WHEN_SUPPORTED},
    {'max_dialect': 0x0302, 'require_encryption': True},
    {'max_dialect': 0x0311},
    {'max_dialect': 0x0311, 'require_signing': True},
    {'max_dialect': 0x0311, 'require_encryption': True},
]
MOST_GROWN_BYTES = 2 << 20  # by all calls together
MOST_PEAK_BYTES = 64 << 20  # of one large file, above what the connection takes


class WrongContent(AssertionError):
    """A transfer that was called a success has other bytes than it should have."""


def content(seed: int, path: str, offset: int, length: int) -> bytes:
    """The bytes of ``path`` from ``offset`` on."""
    first, last = offset // BLOCK, (offset + length + BLOCK - 1) // BLOCK
    blocks = (random.Random(f'{seed} {path} {number}').randbytes(BLOCK) for number in range(first, last))
    return b''.join(blocks)[offset - first * BLOCK :][:length]


class FaultyLink(Listener):
    """Between client and server; each connection meets a fault of its own, or none."""

    FAULTS = ('none', 'cut', 'half', 'stall', 'trickle', 'reset')

    def __init__(self, server: SambaServer, chance: random.Random) -> None:
        self._server, self._chance = server, chance
        self.met: Counter[str] = Counter()
        super().__init__()

    def handle(self, sock: socket.socket) -> None:
        server = socket.create_connection((self._server.host, self._server.port))
        self._sockets.append(server)
        fault = self._chance.choice(self.FAULTS)
        self.met[fault] += 1
        begins = int(self._chance.expovariate(1 / 400_000))  # bytes, in the direction that has it
        is_upwards = self._chance.random() < 0.5
        for one in (sock, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._start(self._pump, server, sock, 'none' if is_upwards else fault, begins)
        try:
            self._pump(sock, server, fault if is_upwards else 'none', begins)
        finally:
            for one in (sock, server):
                self._sockets.remove(one)

    def _pump(self, source: socket.socket, target: socket.socket, fault: str, begins: int) -> None:
        passed = 0
        try:
            while data := source.recv(1 << 18):
                if fault != 'none' and passed + len(data) > begins:
                    self._meet(fault, target, data, max(0, begins - passed))
                else:
                    target.sendall(data)
                passed += len(data)
        finally:
            for one in (source, target):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _meet(self, fault: str, target: socket.socket, data: bytes, before: int) -> None:
        if fault == 'trickle':
            for start in range(min(len(data), 200)):
                target.sendall(data[start : start + 1])
            target.sendall(data[200:])
            return
        target.sendall(data[:before])
        if fault == 'half':
            target.sendall(data[before : before + (len(data) - before) // 2])
        elif fault == 'stall':
            time.sleep(3 * TIMEOUT)
        elif fault == 'reset':
            target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
        raise EOFError


class Transfers:
    """Verified transfers through a faulty link."""

    def __init__(self, server: SambaServer, seed: int) -> None:
        self.server, self.seed = server, seed
        self.chance = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self._connection: SMBConnection | None = None

    def run(self, count: int) -> dict[str, object]:
        """Until ``count`` transfers have succeeded; WrongContent when one is a success and wrong."""
        with FaultyLink(self.server, random.Random(self.seed + 1)) as link:
            done = failures = 0
            while done < count:
                try:
                    self._transfer(link, f'{self.chance.randrange(200):03}.bin')
                    done, failures = done + 1, 0
                except (OSError, OperationFailure, NotConnectedError, SMBTimeout) as error:
                    # OSError is what socket.connect() itself raises.
                    self.outcomes[self._name(error)] += 1
                    failures += 1
                    if failures > MOST_CONNECTS:
                        raise
                    if isinstance(error, SMBTimeout) and self.chance.random() < 0.5:
                        continue  # the connection goes on
                    self._hang_up()
                if self.chance.random() < 0.1:
                    self._hang_up()
            self._hang_up()
        return {'transfers': done, 'wrong': 0, 'faults': dict(link.met), 'failures': dict(self.outcomes)}

    def _name(self, error: Exception) -> str:
        """What a failure is counted as; it is raised again where no fault of the link explains it."""
        if not isinstance(error, OperationFailure):
            return type(error).__name__
        # A server process has not seen yet that its client is gone, and keeps the file open that is stored anew.
        if error.status != ntstatus.STATUS_SHARING_VIOLATION:
            raise error
        return 'STATUS_SHARING_VIOLATION'

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self, link: FaultyLink) -> SMBConnection:
        if self._connection is None or self._connection.sock is None:
            mode = dict(self.chance.choice(MODES))
            smb2 = not mode.pop('smb1', False)
            arguments = {'is_direct_tcp': True, **mode}
            user, password = self.server.user, self.server.password
            self._connection = SMBConnection(user, password, 'SOAK', self.server.name, **arguments)  # type: ignore[arg-type]
            with patch.object(smb_structs, 'SUPPORT_SMB2', smb2):  # which only connect() reads
                if not self._connection.connect(link.host, link.port, timeout=TIMEOUT):
                    raise AssertionError(f'the user was refused: {self._connection.auth_error}')
        return self._connection

    def _transfer(self, link: FaultyLink, path: str) -> None:
        size = int(min(LONGEST, self.chance.choice((5_000, 200_000)) * self.chance.expovariate(1)))
        offset = self.chance.choice((0, 0, 0, self.chance.randrange(1_000_000)))
        connection = self._connected(link)
        if self.chance.random() < 0.5:
            self._store(connection, path, offset, size)
        else:
            self._retrieve(connection, path, offset, size)

    def _store(self, connection: SMBConnection, path: str, offset: int, size: int) -> None:
        data = content(self.seed, path, offset, size)
        end = connection.storeFileFromOffset('smbtest', path, io.BytesIO(data), offset, timeout=TIMEOUT)
        with (self.server.root / path).open('rb') as file:
            file.seek(offset)
            if end != offset + size or file.read(size) != data:
                raise WrongContent(f'{path}: {size} bytes from {offset} on were stored wrongly')

    def _retrieve(self, connection: SMBConnection, path: str, offset: int, size: int) -> None:
        local = self.server.root / f'whole {path}'
        if not local.exists():
            local.write_bytes(content(self.seed, path, 0, LONGEST))
        sink = io.BytesIO()
        _, count = connection.retrieveFileFromOffset('smbtest', local.name, sink, offset, size, timeout=TIMEOUT)
        expected = content(self.seed, path, offset, min(size, LONGEST - offset))
        if count != len(expected) or sink.getvalue() != expected:
            raise WrongContent(f'{path}: {size} bytes from {offset} on were retrieved wrongly')


def resident_bytes() -> int:
    """The memory of this process, as it is now."""
    return int(Path('/proc/self/statm').read_text().split()[1]) * os.sysconf('SC_PAGESIZE')


def peak_bytes() -> int:
    """The most memory that this process has had since ``clear_peak``."""
    line = next(line for line in Path('/proc/self/status').read_text().splitlines() if line.startswith('VmHWM'))
    return int(line.split()[1]) * 1024


def clear_peak() -> None:
    """Begin to look for the peak anew, proc(5) clear_refs."""
    Path('/proc/self/clear_refs').write_text('5')


def calls(server: SambaServer, count: int) -> dict[str, object]:
    """``count`` attribute calls on one connection, and what memory they leave behind."""
    (server.root / 'file').write_bytes(b'0123456789')
    with connected(server) as connection:
        for _ in range(min(20_000, count // 2)):
            connection.getAttributes('smbtest', 'file')
        before = resident_bytes()
        for _ in range(count):
            if connection.getAttributes('smbtest', 'file').file_size != 10:
                raise WrongContent("the attributes are another file's")
        return {'calls': count, 'grown_bytes': resident_bytes() - before}


class Zeros:
    """A file object that takes nothing but zeros."""

    def __init__(self) -> None:
        self.count = 0
        self._zeros = bytes(1 << 20)

    def write(self, block: bytes) -> int:
        if block != (self._zeros if len(block) == len(self._zeros) else bytes(len(block))):
            raise WrongContent(f'other bytes than zeros after {self.count}')
        self.count += len(block)
        return len(block)


def large_file(server: SambaServer, size: int) -> dict[str, object]:
    """One sparse file of ``size`` bytes, and the most memory that it takes above what a connection has."""
    with (server.root / 'sparse').open('wb') as file:
        file.truncate(size)
    with connected(server) as connection:
        connection.getAttributes('smbtest', 'sparse')
        clear_peak()
        before, sink = peak_bytes(), Zeros()
        _, count = connection.retrieveFile('smbtest', 'sparse', sink)
        if count != size or sink.count != size:
            raise WrongContent(f'{sink.count} of {size} bytes arrived')
        return {'bytes': size, 'peak_above_connect_bytes': peak_bytes() - before}


def connected(server: SambaServer) -> SMBConnection:
    connection = SMBConnection(server.user, server.password, 'SOAK', server.name, is_direct_tcp=True)
    assert connection.connect(server.host, server.port), connection.auth_error
    return connection


def restructured_text(figures: dict[str, Any]) -> str:
    """The figures as the table of the manual."""
    transfers, many, large = figures['transfers'], figures['calls'], figures['large_file']
    broken = {fault: count for fault, count in sorted(transfers['faults'].items()) if fault != 'none'}
    failures = ', '.join(f'{name} {count:,}' for name, count in sorted(transfers['failures'].items())) or 'none'
    rows = [
        ('Transfers that were a success', f'{transfers["transfers"]:,}'),
        ('of these with wrong bytes', f'{transfers["wrong"]:,}'),
        ('Connections that met a fault', ', '.join(f'{fault} {count:,}' for fault, count in broken.items())),
        ('Exceptions of the calls that failed', failures),
        ('Calls on one connection', f'{many["calls"]:,}'),
        ('Memory that they left behind', _mebibytes(many['grown_bytes'])),
        ('One file', _mebibytes(large['bytes'])),
        ('Peak of memory above that of the connection', _mebibytes(large['peak_above_connect_bytes'])),
        ('Duration of the three', ', '.join(f'{part["seconds"]:,.0f} s' for part in (transfers, many, large))),
    ]
    table = ''.join(f'   * - {title}\n     - {figure}\n' for title, figure in rows)
    facts = {**figures['conditions'], 'Seed': figures['seed']}
    return (
        '.. Made by ``make soak`` of benchmarks/soak.json; a change here is lost.\n\n'
        f'.. list-table::\n   :widths: 40 60\n\n{table}\n'
        + ''.join(f'* {name}: {fact}\n' for name, fact in facts.items())
    )


def _mebibytes(count: int) -> str:
    return f'{count / (1 << 20):,.1f} MiB'


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.soak', description='Verified transfers under faults.')
    parser.add_argument('--seed', type=int, default=random.randrange(1 << 32))
    parser.add_argument('--transfers', type=int, default=10_000)
    parser.add_argument('--calls', type=int, default=1_000_000)
    parser.add_argument('--gibibytes', type=float, default=10)
    parser.add_argument('--json', help='write the figures to this file as well')
    parser.add_argument('--rst', help='write the table of the manual to this file')
    options = parser.parse_args(arguments)
    print(f'seed {options.seed}', flush=True)
    command = ' '.join(['python -m tests.soak', *(sys.argv[1:] if arguments is None else arguments)])
    figures: dict[str, Any] = {'seed': options.seed, 'conditions': conditions(f'``{command}``')}
    with SambaServer({'server min protocol': 'NT1', 'server signing': 'auto'}) as server:
        for name, step in (
            # First, since memory that others leave free would hide what this takes
            ('large_file', lambda: large_file(server, int(options.gibibytes * (1 << 30)))),
            ('calls', lambda: calls(server, options.calls)),
            ('transfers', lambda: Transfers(server, options.seed).run(options.transfers)),
        ):
            begin = time.monotonic()
            figures[name] = {**step(), 'seconds': round(time.monotonic() - begin, 1)}
            print(f'{name}: {figures[name]}', flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + '\n', encoding='utf-8')
    if options.rst:
        Path(options.rst).write_text(restructured_text(figures), encoding='utf-8')
    grown, peak = figures['calls']['grown_bytes'], figures['large_file']['peak_above_connect_bytes']
    if grown > MOST_GROWN_BYTES or peak > MOST_PEAK_BYTES:
        print(f'too much memory: {grown:,} bytes left behind by calls, {peak:,} taken by a large file')
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
