"""A node on loopback that answers name service queries as a test tells it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from types import TracebackType

Answers = Callable[[bytes], Iterable[bytes]]


class Responder:
    """Sends ``answers(query)`` back to whoever sent the query; ``queries`` are those that came.

    It listens on all addresses where ``host`` is ``''``. The answers leave by ``answer_from`` where that is given.
    """

    def __init__(self, answers: Answers, host: str = '127.0.0.1', answer_from: socket.socket | None = None) -> None:
        self.queries: list[bytes] = []
        self._answers = answers
        self._socket = udp_socket(host)
        self.host, self.port = host or '127.0.0.1', self._socket.getsockname()[1]
        self._answer_from = answer_from or self._socket
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Responder:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with udp_socket('127.0.0.1') as closer:
            closer.sendto(b'', (self.host, self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(0xFFFF)
            if not query:
                return
            self.queries.append(query)
            for packet in self._answers(query):
                self._answer_from.sendto(packet, client)


def udp_socket(host: str) -> socket.socket:
    """A UDP socket on a free port of that address."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    return sock
