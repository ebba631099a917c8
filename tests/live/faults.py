"""A relay that does one harm to one frame, and what is open on a server afterwards."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tests.live.network import TO_CLIENT, TO_SERVER, Listener

if TYPE_CHECKING:
    from smb.SMBConnection import SMBConnection
    from smb.testing import SambaServer
    from tests.live.folder import Folder

KEEPALIVE = b'\x85\0\0\0'  # [RFC1002] 4.3.7
MOMENT = 0.03  # seconds that a frame is held back at most, where it is to be late and not lost
RESET_ON_CLOSE = struct.pack('ii', 1, 0)  # struct linger
SMB1, SMB2 = b'\xffSMB', b'\xfeSMB'
STATUS_PENDING = 0x103

# What may be done to a frame; those of the second half leave the bytes of the protocol right.
HARMFUL = ('cut', 'reset', 'half', 'stall', 'drop', 'double', 'unknown')
HARMLESS = ('trickle', 'swap', 'keepalives', 'interim')
FAULTS = HARMFUL + HARMLESS


class Ended(Exception):
    """This connection is to end now."""


class FaultyRelay(Listener):
    """Forwards frames between clients and a server, each connection in one thread.

    ``arm(fault, number)``: the fault meets frame ``number``, counted from 0 and from now on, requests and answers
    together; ``fired`` says whether it has. ``release()`` ends a stall.
    """

    def __init__(self, server: SambaServer) -> None:
        self._server = server
        self._lock = threading.Lock()
        self.release()
        super().__init__()

    def arm(self, fault: str, number: int) -> None:
        with self._lock:
            self._fault, self._countdown, self.fired, self.stalled = fault, number, False, False
            self.frame_count = 0
            self.last_answer = time.monotonic()

    def release(self) -> None:
        """Let everything pass from now on."""
        self.arm('', -1)

    def handle(self, sock: socket.socket) -> None:
        server = socket.create_connection((self._server.host, self._server.port))
        try:
            with contextlib.suppress(Ended):
                for one in (sock, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._forward(Way(sock, server, TO_SERVER), Way(server, sock, TO_CLIENT))
        finally:
            self._sockets.remove(sock)
            sock.close()
            server.close()

    def _forward(self, *ways: Way) -> None:
        sources = {way.source: way for way in ways}
        while True:
            ready = select.select(list(sources), [], [], MOMENT if any(way.kept for way in ways) else 10)[0]
            for way in ways:
                if way.kept and (self.stalled or time.monotonic() < way.kept_until):
                    continue
                self._send(way, b''.join(way.kept))
                way.kept.clear()
            for source in ready:
                way = sources[source]
                way.receive()
                for frame in way.frames():
                    self._pass(way, frame)

    def _pass(self, way: Way, frame: bytes) -> None:
        with self._lock:
            self._countdown -= 1
            self.frame_count += 1
            fires = self._countdown == -1 and bool(self._fault)
            self.fired |= fires
        if fires:
            getattr(self, f'_{self._fault}')(way, frame)
        elif way.kept and (self.stalled or self._fault != 'swap'):
            way.kept.append(frame)
        else:
            self._send(way, frame + b''.join(way.kept))
            way.kept.clear()

    def _send(self, way: Way, data: bytes) -> None:
        if data:
            way.target.sendall(data)
            if way.direction == TO_CLIENT:
                self.last_answer = time.monotonic()

    # The faults

    def _cut(self, way: Way, frame: bytes) -> None:
        raise Ended

    def _reset(self, way: Way, frame: bytes) -> None:
        for sock in (way.source, way.target):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        raise Ended

    def _half(self, way: Way, frame: bytes) -> None:
        self._send(way, frame[: len(frame) // 2])
        raise Ended

    def _stall(self, way: Way, frame: bytes) -> None:
        self.stalled = True
        way.keep(frame)

    def _drop(self, way: Way, frame: bytes) -> None:
        pass

    def _double(self, way: Way, frame: bytes) -> None:
        self._send(way, frame + frame)

    def _unknown(self, way: Way, frame: bytes) -> None:
        """An answer to a request that there is not, before this frame; where the client waits for none, behind it."""
        head = bytearray(frame[4:])
        if head.startswith(SMB1):
            head[9] |= 0x80  # FLAGS_REPLY
            head[30:32] = b'\xfe\xfe'  # Mid
        else:
            head = bytearray(frame[4:68].ljust(64, b'\0'))
            head[:4] = SMB2
            head[4:6] = b'\x40\0'  # StructureSize
            head[16] |= 1  # FLAGS_SERVER_TO_REDIR
            head[24:32] = b'\xfe' * 8  # MessageId
            head += error_response()
        answer = framed(head)
        if way.direction == TO_CLIENT:
            self._send(way, answer + frame)
        else:
            self._send(way, frame)
            way.source.sendall(answer)

    def _trickle(self, way: Way, frame: bytes) -> None:
        for place in range(min(len(frame), 120)):
            self._send(way, frame[place : place + 1])
        self._send(way, frame[120:])

    def _swap(self, way: Way, frame: bytes) -> None:
        way.keep(frame)

    def _keepalives(self, way: Way, frame: bytes) -> None:
        self._send(way, KEEPALIVE * 3 + frame + KEEPALIVE)

    def _interim(self, way: Way, frame: bytes) -> None:
        """A word that it takes longer, and the answer a little later; only where that can be said."""
        if way.direction == TO_CLIENT and frame[4:8] == SMB2 and not frame[20] & 2:  # it has not said so itself
            head = bytearray(frame[4:68])
            head[8:12] = STATUS_PENDING.to_bytes(4, 'little')
            head[14:16] = b'\1\0'  # CreditResponse
            head[16:20] = b'\3\0\0\0'  # FLAGS_SERVER_TO_REDIR, FLAGS_ASYNC_COMMAND
            head[20:24] = bytes(4)  # NextCommand
            head[32:40] = b'\5' + bytes(7)  # AsyncId
            head[48:64] = bytes(16)
            self._send(way, framed(head + error_response()))
        way.keep(frame)


class Way:
    """One direction of one connection."""

    def __init__(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        self.source, self.target, self.direction = source, target, direction
        self._buffer = bytearray()
        self.kept: list[bytes] = []
        self.kept_until = 0.0

    def keep(self, frame: bytes) -> None:
        self.kept.append(frame)
        self.kept_until = time.monotonic() + MOMENT

    def receive(self) -> None:
        data = self.source.recv(1 << 18)
        if not data:
            raise Ended
        self._buffer += data

    def frames(self) -> Iterator[bytes]:
        """The frames that are whole."""
        while len(self._buffer) >= 4:
            end = 4 + int.from_bytes(self._buffer[1:4], 'big')
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[:end])
            del self._buffer[:end]
            yield frame


def framed(message: bytes | bytearray) -> bytes:
    return len(message).to_bytes(4, 'big') + message


def error_response() -> bytes:
    """[MS-SMB2] 2.2.2 without data; its one byte is sent all the same."""
    return b'\x09\0' + bytes(7)


def open_files(server: SambaServer, root: Path) -> set[str]:
    """What the server's processes have open below ``root``; folders among it."""
    found = set()
    for pid in server.processes():
        with contextlib.suppress(OSError):
            for descriptor in os.scandir(f'/proc/{pid}/fd'):
                with contextlib.suppress(OSError):
                    path = os.readlink(descriptor)
                    if path.startswith(f'{root}/'):
                        found.add(path)
    return found


def wait_until_closed(connection: SMBConnection, folder: Folder, seconds: float = 10) -> None:
    """AssertionError where something in the folder is still open on its server then.

    A server takes a moment to see a client go; and what a late answer has opened is closed by the next call.
    """
    end = time.monotonic() + seconds
    while left := open_files(folder.server, folder.local):
        assert time.monotonic() < end, f'still open: {left}'
        time.sleep(0.01)
        connection.echo(b'')


def count_sockets() -> int:
    """How many sockets this process has."""
    count = 0
    for descriptor in os.scandir('/proc/self/fd'):
        with contextlib.suppress(OSError):
            count += os.readlink(descriptor).startswith('socket:')
    return count
