"""A link that counts round trips: answers are kept until both sides have fallen silent, and then pass all at once."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING

from tests.live.network import Listener, receive_frame

if TYPE_CHECKING:
    from smb.testing import SambaServer

SILENCE_SECONDS = 0.01


class Turns(Listener):
    """A link with a long delay, as far as a client can tell: ``count`` is how often it had to wait."""

    def __init__(self, server: SambaServer) -> None:
        self._server = server
        self.count = 0
        self._kept: list[bytes] = []
        self._last_frame = 0.0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        super().__init__()

    def close(self) -> None:
        self._is_over.set()
        super().close()

    def handle(self, sock: socket.socket) -> None:
        server = socket.create_connection((self._server.host, self._server.port))
        self._sockets.append(server)
        for one in (sock, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._start(self._keep, server)
        self._start(self._let_go, sock)
        while True:
            frame = receive_frame(sock)
            self._last_frame = time.monotonic()
            server.sendall(frame)

    def _keep(self, server: socket.socket) -> None:
        while True:
            frame = receive_frame(server)
            with self._lock:
                self._kept.append(frame)
                self._last_frame = time.monotonic()

    def _let_go(self, sock: socket.socket) -> None:
        while not self._is_over.wait(SILENCE_SECONDS / 4):
            if not self._kept or time.monotonic() - self._last_frame < SILENCE_SECONDS:
                continue
            with self._lock:
                frames, self._kept = self._kept, []
            self.count += 1
            sock.sendall(b''.join(frames))
