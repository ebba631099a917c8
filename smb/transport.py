"""One TCP connection that carries SMB messages: connect, send a frame, receive a frame, each before a deadline.

A blocking socket with a timeout, nothing in between. Small frames are taken out of one read-ahead buffer, several by
one system call; the rest of a large frame goes straight into a buffer of its own, which is used again once it was
released. What has arrived of a frame stays here when the deadline passes, and the next call goes on in its middle.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nmb.nmb_constants import (
    NEGATIVE_SESSION_RESPONSE,
    POSITIVE_SESSION_RESPONSE,
    REGTARGET_SESSION_RESPONSE,
    SESSION_KEEPALIVE,
    SESSION_MESSAGE,
)
from nmb.nmb_structs import (
    HEADER_LENGTH,
    MAX_NETBIOS_LENGTH,
    NMBError,
    describe_refusal,
    max_message_length,
    pack_message_header,
    pack_session_request,
    unpack_header,
    unpack_retarget,
)
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout
from smb.wire.memory import Pool

if TYPE_CHECKING:
    from smb.wire.structure import Buffer

DIRECT_TCP_PORT = 445

# A little more than poll() can count in milliseconds; nobody waits for longer
LONGEST_WAIT_SECONDS = 2_000_000

# How far the socket's own timeout may be off the deadline: setting it is a system call
TIMEOUT_TOLERANCE_SECONDS = 0.1

# For a request whose deadline has passed already: it is to leave nevertheless
SEND_GRACE_SECONDS = 0.2

ADDRESS_LETTERS = frozenset('0123456789abcdefABCDEF.:')

READ_AHEAD_LENGTH = 16384

HUNG_UP = 'the server hung up'

# Of bytes that are no frame
SHOWN_LENGTH = 256

# Bytes of a message whose parts are joined: below this, the system call takes longer for several parts than a copy does
JOINED_LENGTH = 16384

# How long an answer that is due soon is looked out for, before going to sleep until it comes; 0 turns that off
LOOKOUT_SECONDS = 0.0003
SLEEPS_AT_FIRST = 3  # answers that are slept for at the start: servers take their time over a sign-on
MOST_SLEEPS = 64
CAN_LOOK_OUT = hasattr(os, 'readv') and hasattr(os, 'sched_yield')

# Messages that are kept back, before they leave by themselves: the server is to begin with the first ones
MOST_HELD = 8


class Deadline:
    """The longest silence that a caller accepts; it starts anew with each answer."""

    __slots__ = ('_end', 'seconds')

    def __init__(self, seconds: float | None) -> None:
        """``None``: no limit. What is no number is a TypeError."""
        if seconds is not None:
            if not hasattr(seconds, '__float__'):
                raise TypeError(f'A timeout is a number of seconds or None, not {type(seconds).__name__}')
            if seconds != seconds:
                raise ValueError('A timeout is a number of seconds or None, not NaN')
            seconds = None if seconds > LONGEST_WAIT_SECONDS else float(seconds)
        self.seconds = seconds
        self._end: float | None = None
        self.remaining()

    def restart(self) -> None:
        """Give the peer the whole time again, from when somebody asks next what remains of it."""
        self._end = None

    def remaining(self) -> float | None:
        """The seconds that are left, 0.0 when there are none; None without a limit."""
        seconds = self.seconds
        if seconds is None:
            return None
        now = time.monotonic()
        if self._end is None:
            self._end = now + seconds
        else:
            seconds = self._end - now
        return seconds if seconds > 0 else 0.0

    def __str__(self) -> str:
        return 'without a limit' if self.seconds is None else f'within {round(self.seconds, 2):g} seconds'


class Lookout:
    """Waiting awake for an answer that is due soon.

    A thread that sleeps takes some 50 us to be woken and finds the processor's caches cold, which together is as much
    time as a small request takes at both ends. So it looks for the answer again and again for a short while, and lets
    whoever else wants the processor have it between two looks. What has been looked for in vain is a lesson: the next
    answer is slept for, twice as many after each miss in a row.
    """

    __slots__ = ('_lesson', '_sleeps')

    def __init__(self) -> None:
        self._lesson = 1  # answers that were slept for after the last miss
        self._sleeps = SLEEPS_AT_FIRST if CAN_LOOK_OUT else -1  # that are left

    def receive_into(self, sock: socket.socket, view: memoryview) -> int:
        """How many bytes have arrived, 0 where none came in time; EOFError and OSErrors."""
        if self._sleeps:
            self._sleeps -= 1
            return 0
        if not LOOKOUT_SECONDS or sock.gettimeout() is None:
            return 0  # it is turned off, or reading would wait
        descriptor, end = sock.fileno(), time.monotonic() + LOOKOUT_SECONDS
        while True:
            try:
                count = os.readv(descriptor, (view,))
            except BlockingIOError:
                if time.monotonic() >= end:
                    self._sleeps = self._lesson = min(2 * self._lesson, MOST_SLEEPS)
                    return 0
                os.sched_yield()
                continue
            if not count:
                raise EOFError(HUNG_UP)
            self._lesson = 1
            return count


class Transport:
    """The connection to one server.

    One thread sends and receives at a time; close() may be called from any other. ``sock`` is None before connect() and
    after the end of the connection. ``round_trip_seconds`` is what the TCP handshake took, or the quickest answer of
    the sign-on, where that is more: something on the way may have shaken hands for the server.
    """

    def __init__(self, is_direct_tcp: bool) -> None:
        self.sock: socket.socket | None = None
        self.is_direct_tcp = is_direct_tcp
        self.round_trip_seconds = 0.0
        self._handshake_seconds = self._quickest_turn_seconds = 0.0
        # Longer messages than in a NetBIOS session are accepted once they were negotiated
        self.max_receive_length = MAX_NETBIOS_LENGTH
        # A socket that a call is using must not be closed under it: its number could belong to another file by then.
        # close() shuts such a socket down, which ends the call, and the call closes it. Reentrant for signal handlers.
        self._lock = threading.RLock()
        self._call_count = 0
        self._abandoned: list[socket.socket] = []
        self._is_cancelled = False
        self.memory = Pool()  # of large messages
        self._read_ahead = memoryview(bytearray(READ_AHEAD_LENGTH))
        self._reset()

    def _reset(self) -> None:
        """Forget what the last connection left over."""
        self._lookout = Lookout()
        # The bytes between start and end have arrived and belong to no frame yet
        self._start = self._end = 0
        # Frames that were kept back
        self._held: list[bytes] = []
        self._is_holding = False
        # The frame that is being received, and how much of it is there
        self._frame_type = SESSION_MESSAGE
        self._frame: memoryview | None = None
        self._filled_length = 0

    @property
    def max_send_length(self) -> int:
        """The longest message that send() takes, in bytes. [RFC1002] 4.3.1, [MS-SMB2] 2.1."""
        return max_message_length(self.is_direct_tcp)

    def connect(
        self, host: str, port: int, family: int | None, deadline: Deadline, my_name: str, remote_name: str
    ) -> None:
        """Connect to ``host``, which may be a name or an address, and open the NetBIOS session if there is to be one.

        ``family`` is one of the socket module's, None for any. All addresses of the host are tried before the deadline;
        finding them may take longer, since the resolver cannot be interrupted. Failures of the TCP connection come out
        as the OSError that they are; a refused session is a NotConnectedError. After an exception nothing is left open.
        """
        self._disconnect()
        self._reset()
        self._is_cancelled = False
        self._call_count += 1
        try:
            self._connect_tcp(host, port, family, deadline)
            if not self.is_direct_tcp:
                self._open_session(port, deadline, my_name, remote_name)
            sock = self.sock
            if sock is None:
                raise ConnectionAbortedError('cancelled')
            sock.settimeout(deadline.seconds)
        except BaseException as error:
            self._disconnect()
            if self._is_cancelled and isinstance(error, OSError):
                raise NotConnectedError('The connection was closed while it was being made') from error
            raise
        finally:
            self._leave()

    def send(self, parts: Sequence[Buffer], deadline: Deadline) -> None:
        """Send one message that consists of these parts, one after another.

        ValueError when it is empty or too long for a frame; nothing is sent then. After every other exception the
        connection is closed, since nobody knows how much of the frame has left. A deadline that has passed already is
        put off a little, so that the request leaves.
        """
        if sum(map(len, parts)) <= JOINED_LENGTH:
            message = b''.join(parts)
            frame = pack_message_header(len(message), self.is_direct_tcp) + message
            if self._is_holding and len(self._held) < MOST_HELD:
                self._held.append(frame)
            else:
                self._send_frame([frame], deadline)
        else:
            views = [*map(_bytes_of, parts)]
            self._send_frame([pack_message_header(sum(map(len, views)), self.is_direct_tcp), *views], deadline)

    def hold_back(self) -> None:
        """Keep small messages back from now on: what leaves at once costs both sides one turn of their threads.

        They leave with flush(), with a message that is not kept back, or when an answer is waited for.
        """
        self._is_holding = True

    def flush(self, deadline: Deadline) -> None:
        """Send what was kept back, and keep nothing back any more; the exceptions are those of send()."""
        self._is_holding = False
        if self._held:
            self._send_frame([], deadline)

    def receive(self, deadline: Deadline, soon: bool = False) -> memoryview:
        """The next message, whole; keepalive packets are skipped. ``soon``: it is worth waiting awake for it.

        The view is the caller's to read and to write, and to give to release(). SMBTimeout when the message is not
        complete in time; after that the connection can still be used. After every other exception it is closed. When
        the deadline has passed already, a message that has arrived is still returned.
        """
        while True:
            frame_type, payload = self._receive_frame(deadline, soon)
            if frame_type == SESSION_MESSAGE:
                return payload
            if frame_type != SESSION_KEEPALIVE:
                self._disconnect()
                raise ProtocolError(
                    f'A NetBIOS packet of type {frame_type:#04x} arrived, which is not due', bytes(payload)
                )
            if deadline.remaining() == 0 and self._end - self._start < HEADER_LENGTH:
                # Else a server that sends nothing but keepalive packets could hold us here
                raise SMBTimeout(f'No answer {deadline}')

    def release(self, frame: memoryview) -> None:
        """Give back a frame from receive(), whose memory may then be used for another one."""
        self.memory.release(frame)

    def saw_turn(self, seconds: float) -> None:
        """One request and its answer took so long, with nothing else under way."""
        self._quickest_turn_seconds = min(seconds, self._quickest_turn_seconds or seconds)
        self.round_trip_seconds = max(self._handshake_seconds, self._quickest_turn_seconds)

    def close(self) -> None:
        """End the connection; may be called at any time and from any thread.

        A call that is waiting in another thread ends at once, in NotConnectedError. It ends connect() too, except while
        the name of the host is being looked up, and then right after it.
        """
        self._is_cancelled = True
        self._disconnect()

    def abort(self) -> None:
        """End the connection when no call is running any more, though an interrupt may have hidden the end of one."""
        self.close()
        while self._abandoned:
            self._abandoned.pop().close()

    def _disconnect(self) -> None:
        with self._lock:
            sock, self.sock = self.sock, None
            if sock is None:
                return
            # The peer may have been quicker
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            self._abandoned.append(sock)
            self._close_abandoned()

    def _close_abandoned(self) -> None:
        with self._lock, contextlib.suppress(IndexError):
            while not self._call_count:
                self._abandoned.pop().close()

    def _enter(self) -> socket.socket:
        """The socket, which stays open until _leave()."""
        # It needs no lock, since it counts first and looks for the socket then, and _disconnect() takes the socket away
        # first and looks at the count then. No other thread counts.
        self._call_count += 1
        sock = self.sock
        if sock is None:
            self._leave()
            raise NotConnectedError('There is no connection to a server')
        return sock

    def _leave(self) -> None:
        self._call_count -= 1
        if self._abandoned:
            self._close_abandoned()

    def _connect_tcp(self, host: str, port: int, family: int | None, deadline: Deadline) -> None:
        """Set ``sock`` to a connection to the first address of ``host`` that answers."""
        # For a str Python loads what it encodes international names by: a megabyte that an address does without
        is_address = isinstance(host, str) and ADDRESS_LETTERS.issuperset(host)
        name = host.encode('ascii') if is_address else host
        try:
            addresses = socket.getaddrinfo(name, port, family or socket.AF_UNSPEC, socket.SOCK_STREAM)
        except UnicodeError as error:
            raise socket.gaierror(socket.EAI_NONAME, f'{host!r} cannot be a host name') from error
        failure: OSError = OSError(f'{host!r} has no address')
        for index, (address_family, kind, protocol, _, address) in enumerate(addresses):
            remaining = deadline.remaining()
            if remaining == 0:
                failure = TimeoutError('timed out')
                break
            # An address that does not answer leaves its share of the time to each of those after it
            seconds = None if remaining is None else remaining / (len(addresses) - index)
            try:
                self._connect_address(socket.socket(address_family, kind, protocol), address, seconds)
                return
            except OSError as error:
                self._disconnect()
                failure = error
                if self._is_cancelled:
                    break
        try:
            raise failure
        finally:
            # The traceback of the error holds this frame
            del failure

    def _connect_address(self, sock: socket.socket, address: Any, seconds: float | None) -> None:
        with self._lock:
            # From here on close() finds it
            self.sock = sock
        if self._is_cancelled:
            raise ConnectionAbortedError('cancelled')
        sock.settimeout(seconds)
        started = time.monotonic()
        sock.connect(address)
        self._handshake_seconds = self.round_trip_seconds = time.monotonic() - started
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def _open_session(self, port: int, deadline: Deadline, my_name: str, remote_name: str) -> None:
        """Ask for a NetBIOS session, once more where the server sends us to another one. [RFC1002] 5.3."""
        response = self._request_session(port, deadline, my_name, remote_name)
        if response is None:
            return
        self._disconnect()
        self._reset()
        host, port = response
        self._connect_tcp(host, port, socket.AF_INET, deadline)
        if self._request_session(port, deadline, my_name, remote_name) is not None:
            raise ProtocolError('The NetBIOS session was retargeted twice')

    def _request_session(self, port: int, deadline: Deadline, my_name: str, remote_name: str) -> tuple[str, int] | None:
        """None when the session is open, else the address and port to ask instead."""
        try:
            self._send_frame([pack_session_request(remote_name, my_name)], deadline)
            frame_type = SESSION_KEEPALIVE
            while frame_type == SESSION_KEEPALIVE:
                frame_type, payload = self._receive_frame(deadline)
        except NotConnectedError as error:
            hint = ', which takes is_direct_tcp=True' if port == DIRECT_TCP_PORT else ''
            raise NotConnectedError(f'No NetBIOS session with {remote_name!r} on port {port}{hint}: {error}') from error
        if frame_type == POSITIVE_SESSION_RESPONSE:
            return None
        if frame_type == REGTARGET_SESSION_RESPONSE:
            return unpack_retarget(payload)
        if frame_type == NEGATIVE_SESSION_RESPONSE:
            reason = describe_refusal(payload)
            raise NotConnectedError(f'The server refused a NetBIOS session for the name {remote_name!r}: {reason}')
        raise ProtocolError('A message arrived in place of a NetBIOS session response', bytes(payload[:SHOWN_LENGTH]))

    def _send_frame(self, parts: list[Buffer], deadline: Deadline) -> None:
        remaining, limit = deadline.remaining(), deadline
        if remaining is not None and remaining < SEND_GRACE_SECONDS:
            remaining, limit = SEND_GRACE_SECONDS, Deadline(SEND_GRACE_SECONDS)
        sock = self._enter()
        try:
            if self._held:
                held, self._held = self._held, []
                parts = [b''.join(held), *parts]
            if hasattr(sock, 'sendmsg'):  # else it is Windows, which has nothing of what that needs
                _send_parts(sock, parts, remaining, limit)
            else:
                sock.settimeout(remaining)
                sock.sendall(b''.join(parts))
        except (OSError, EOFError) as error:
            if _is_expiry(error):
                self._disconnect()
                raise SMBTimeout(f'The request could not be sent {deadline}') from error
            raise self._lost(sock, error) from error
        except BaseException:
            self._disconnect()
            raise
        finally:
            self._leave()

    def _receive_frame(self, deadline: Deadline, soon: bool = False) -> tuple[int, memoryview]:
        """Type and payload of the next frame, of any type."""
        if self._held:
            self._send_frame([], deadline)
        sock = self._enter()
        try:
            frame = self._begin_frame(sock, deadline, soon) if self._frame is None else self._frame
            while self._filled_length < len(frame):
                self._filled_length += _receive_into(sock, frame[self._filled_length :], deadline)
            self._frame = None
            return self._frame_type, frame
        except (OSError, EOFError) as error:
            if _is_expiry(error):
                raise SMBTimeout(f'No answer {deadline}') from error
            raise self._lost(sock, error) from error
        except BaseException:
            self._disconnect()
            raise
        finally:
            self._leave()

    def _begin_frame(self, sock: socket.socket, deadline: Deadline, soon: bool) -> memoryview:
        """Memory for the next frame, with as much of the frame as came with its header."""
        while (left := self._end - self._start) < HEADER_LENGTH:
            if left:
                self._read_ahead[:left] = self._read_ahead[self._start : self._end]
            self._start, self._end = 0, left
            room = self._read_ahead[left:]
            count = self._lookout.receive_into(sock, room) if soon else 0
            self._end += count or _receive_into(sock, room, deadline)
        arrived = self._read_ahead[self._start : self._end]
        try:
            self._frame_type, length = unpack_header(arrived, self.max_receive_length)
        except NMBError as error:
            raise ProtocolError(str(error), bytes(arrived[:SHOWN_LENGTH])) from error
        payload = arrived[HEADER_LENGTH : HEADER_LENGTH + length]
        self._filled_length = len(payload)
        if self._filled_length == length:
            frame = memoryview(bytearray(payload))
        else:
            frame = self.memory.take(length)
            frame[: self._filled_length] = payload
        self._start += HEADER_LENGTH + self._filled_length
        self._frame = frame
        return frame

    def _lost(self, sock: socket.socket, error: Exception) -> NotConnectedError:
        """Close after this error; gives what to raise for it."""
        was_closed = self.sock is not sock
        self._disconnect()
        if was_closed:
            return NotConnectedError('The connection was closed during the call')
        return NotConnectedError(f'The connection was lost: {error}')


def _bytes_of(part: Buffer) -> Buffer:
    """A part whose length counts bytes and not elements."""
    return part.cast('B') if isinstance(part, memoryview) and part.nbytes else part


def _is_expiry(error: Exception) -> bool:
    """Whether it is the deadline that has passed, and not the kernel that gave the peer up (ETIMEDOUT)."""
    return isinstance(error, TimeoutError) and error.errno is None


def _limit(sock: socket.socket, remaining: float | None) -> None:
    """Let the next call on the socket wait for about as long as this; 0.0: not at all."""
    current = sock.gettimeout()
    if not current or not remaining or abs(current - remaining) > TIMEOUT_TOLERANCE_SECONDS:
        sock.settimeout(remaining)


def _receive_into(sock: socket.socket, view: memoryview, deadline: Deadline) -> int:
    """How many bytes arrived, at least one; TimeoutError, EOFError and other OSErrors."""
    while True:
        remaining = deadline.remaining()
        if remaining != sock.gettimeout():
            _limit(sock, remaining)
        try:
            count = sock.recv_into(view)
        except BlockingIOError:
            raise TimeoutError('timed out') from None
        except TimeoutError as error:
            # The socket's timeout may end a little before the deadline; what has arrived at the end still counts
            if not _is_expiry(error):
                raise
            continue
        if not count:
            raise EOFError(HUNG_UP)
        return count


def _send_parts(sock: socket.socket, parts: list[Buffer], remaining: float | None, deadline: Deadline) -> None:
    """Send all of it, by as few system calls as the socket allows; what has left goes from the list."""
    # The socket's own methods ask whether there is room each time before they send, by a system call of their own.
    while parts:
        if remaining == 0:
            raise TimeoutError('timed out')
        if remaining != sock.gettimeout():
            _limit(sock, remaining)
        try:
            count = os.writev(sock.fileno(), parts)
        except BlockingIOError:
            _await_room(sock, remaining)
            count = 0
        while parts and count >= len(parts[0]):
            count -= len(parts[0])
            del parts[0]
        if parts:
            if count:
                parts[0] = memoryview(parts[0])[count:]
            remaining = deadline.remaining()


def _await_room(sock: socket.socket, seconds: float | None) -> None:
    """Wait until something can be sent, or the time is over; EOFError where the peer has hung up.

    A peer that has closed its end in that moment may never say that there is room again, nor that nobody reads any
    more. Where the system does not tell that it has closed (all but Linux), the wait goes on to its end.
    """
    poller, hung_up = select.poll(), getattr(select, 'POLLRDHUP', 0)
    poller.register(sock.fileno(), select.POLLOUT | hung_up)
    for _, event in poller.poll(None if seconds is None else int(seconds * 1000) + 1):
        if event & hung_up:
            raise EOFError(HUNG_UP)
