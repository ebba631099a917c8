"""A link with a delay: what goes through it in either direction arrives some time later, at any rate.

Each leg is a TCP connection of its own on the loopback interface: the round trip in which TCP itself connects is not
delayed.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

BLOCK = 1 << 18


class Relay:
    """Listens on ``port`` while the ``with`` block lasts, and passes on to a port of the same host."""

    host = '127.0.0.1'

    def __init__(self, port: int, delay: float) -> None:
        """*delay*: seconds for the way there and back together."""
        self._target = port
        self._one_way = delay / 2
        self._listener = socket.create_server((self.host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = {self._listener}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Relay:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._start(self._pass_on, self._listener.accept()[0])

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection((self.host, self._target)) as server:
            self._open |= {client, server}
            threads = []
            for source, target in ((client, server), (server, client)):
                target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                on_the_way: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
                threads.append(self._start(self._receive, source, on_the_way))
                threads.append(self._start(self._send, target, on_the_way))
            for thread in threads:
                thread.join()
            self._open -= {client, server}

    def _receive(self, source: socket.socket, on_the_way: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        data = b'more'
        while data:
            try:
                data = source.recv(BLOCK)
            except OSError:
                data = b''
            on_the_way.put((time.perf_counter() + self._one_way, data))

    def _send(self, target: socket.socket, on_the_way: queue.SimpleQueue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = on_the_way.get()
                time.sleep(max(0.0, due - time.perf_counter()))
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)

    def _start(self, function: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread
