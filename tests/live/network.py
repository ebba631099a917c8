"""What stands between a client and a server, or in its place: a relay that counts, holds and cuts, and odd servers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smb.testing import SambaServer

HOST = '127.0.0.1'
TO_SERVER, TO_CLIENT = 'request', 'answer'


class Listener:
    """A listening socket whose connections are each handled in a thread; a context manager that ends them all."""

    host = HOST

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every connection and thread."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)
        for sock in self._sockets:
            sock.close()

    def cut(self) -> None:
        """Hang up on both sides."""
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def handle(self, sock: socket.socket) -> None:
        """One connection; runs in a thread of its own."""
        raise NotImplementedError

    def _accept(self) -> None:
        while True:
            sock, _ = self._listener.accept()
            self._sockets.append(sock)
            self._start(self.handle, sock)

    def _start(self, function: Callable[..., None], *arguments: object) -> threading.Thread:
        def run() -> None:
            with contextlib.suppress(OSError, EOFError):
                function(*arguments)

        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread


class OddServer(Listener):
    """A server that does what ``script`` does with each connection, and then hangs up."""

    def __init__(self, script: Callable[[socket.socket], object]) -> None:
        self._script = script
        super().__init__()

    def handle(self, sock: socket.socket) -> None:
        try:
            self._script(sock)
        finally:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class Relay(Listener):
    """Forwards frames between a client and a server, one thread a direction, and counts them.

    ``cut_after=n`` hangs up on both sides in place of frame ``n`` (counted from 0, requests and answers together), once
    its first ``cut_bytes`` bytes are through. ``hold()`` keeps the answers back from then on, ``hold_after=n`` does it
    from frame ``n`` on; ``release()`` lets them go. ``heads`` has (direction, first bytes of the message) of what was
    forwarded. ``change(direction, message)``, where it is set, says what is forwarded in place of each message.
    """

    change: Callable[[str, bytes], bytes] | None = None

    def __init__(self, server: SambaServer, *, cut_after: int | None = None, cut_bytes: int = 0,
                 hold_after: int | None = None) -> None:  # fmt: skip
        self._server = server
        self.cut_after, self.cut_bytes, self.hold_after = cut_after, cut_bytes, hold_after
        self.heads: list[tuple[str, bytes]] = []
        self._lock = threading.Lock()
        self._flowing = threading.Event()
        self._flowing.set()
        super().__init__()

    @property
    def frame_count(self) -> int:
        """How many frames have been forwarded, both directions together."""
        return len(self.heads)

    @property
    def request_count(self) -> int:
        """How many of them were requests."""
        return sum(direction == TO_SERVER for direction, _ in list(self.heads))

    def hold(self) -> None:
        """Keep answers back from now on."""
        self._flowing.clear()

    def release(self) -> None:
        """Forward what was kept back, and all that comes after it."""
        self.hold_after = None
        self._flowing.set()

    def close(self) -> None:
        self.release()
        super().close()

    def handle(self, sock: socket.socket) -> None:
        server = socket.create_connection((self._server.host, self._server.port))
        self._sockets.append(server)
        for one in (sock, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answers = self._start(self._pump, server, sock, TO_CLIENT)
        try:
            self._pump(sock, server, TO_SERVER)
        finally:
            # While a socket is only shut down, who is sending to it may wait for room that there will never be.
            answers.join()
            for one in (sock, server):
                self._sockets.remove(one)
                one.close()

    def _pump(self, source: socket.socket, target: socket.socket, direction: str) -> None:
        try:
            while True:
                frame = self.look_at(source, receive_frame(source), direction)
                self._await_release(direction)
                with self._lock:
                    number = len(self.heads)
                    if self.cut_after is not None and number >= self.cut_after:
                        if number == self.cut_after:
                            target.sendall(frame[: self.cut_bytes])
                        self.cut_after = 0
                        self.cut()
                        return
                    self.heads.append((direction, frame[4:72]))
                target.sendall(frame)
        finally:
            for one in (source, target):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def look_at(self, source: socket.socket, frame: bytes, direction: str) -> bytes:
        """What is forwarded in place of a frame that came from ``source``; EOFError to hang up on both sides."""
        return frame[:4] + self.change(direction, frame[4:]) if self.change else frame

    def _await_release(self, direction: str) -> None:
        if direction == TO_CLIENT:
            if self.hold_after is not None and len(self.heads) >= self.hold_after:
                self._flowing.clear()
            self._flowing.wait()


class OldServer(Relay):
    """In front of a server: what is SMB1 is forwarded; at an offer of SMB2 it does what ``script`` does with the
    client's socket, and hangs up.

    ``offers`` counts the offers of SMB2.
    """

    def __init__(self, server: SambaServer, script: Callable[[socket.socket], object]) -> None:
        self._script = script
        self.offers = 0
        super().__init__(server)

    def look_at(self, source: socket.socket, frame: bytes, direction: str) -> bytes:
        if direction == TO_SERVER and frame[4:8] == b'\xfeSMB':
            self.offers += 1
            self._script(source)
            raise EOFError
        return super().look_at(source, frame, direction)


def receive_exactly(sock: socket.socket, length: int) -> bytes:
    """So many bytes; EOFError when the peer hangs up before."""
    data = bytearray(length)
    view = memoryview(data)
    while view:
        count = sock.recv_into(view)
        if not count:
            raise EOFError
        view = view[count:]
    return bytes(data)


def receive_frame(sock: socket.socket) -> bytes:
    """The next frame with its header, [RFC1002] 4.3.1 and [MS-SMB2] 2.1."""
    header = receive_exactly(sock, 4)
    return header + receive_exactly(sock, int.from_bytes(header[1:], 'big'))
