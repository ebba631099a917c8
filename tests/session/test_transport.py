"""Frames over a connected socket, each before a deadline."""

from __future__ import annotations

import ctypes
import errno
import os
import select
import socket
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import NotConnectedError, ProtocolError, SMBTimeout
from smb.transport import Deadline, Transport
from tests.session.sockets import (
    KEEPALIVE,
    SocketProxy,
    SocketWithoutSendmsg,
    connection,
    framed,
    in_background,
    raising,
    received,
    sending,
)

SOON = 0.05


@pytest.fixture
def ends():
    with connection() as both:
        yield both


# send


def test_send_puts_the_length_before_the_parts(ends):
    transport, peer = ends
    transport.send([b'head', bytearray(b'er'), b'', memoryview(b'payload')[3:]], Deadline(5))
    assert received(peer, 14) == b'\0\0\0\x0aheaderload'


def test_send_counts_bytes_and_not_elements(ends):
    transport, peer = ends
    transport.send([memoryview(b'abcdefgh').cast('I')], Deadline(5))
    assert received(peer, 12) == framed(b'abcdefgh')


@pytest.mark.parametrize('wrap', [lambda sock: sock, SocketWithoutSendmsg])
@pytest.mark.parametrize('seconds', [10, None])
def test_send_goes_on_after_short_sends(wrap, seconds):
    with connection() as (transport, peer):
        transport.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
        transport.sock = wrap(transport.sock)
        parts = [bytes([value]) * 9973 for value in range(100)]
        with in_background(transport.send, parts, Deadline(seconds)):
            assert received(peer, 4 + 997300) == framed(b''.join(parts))


def test_send_in_single_bytes(ends):
    transport, peer = ends
    write = os.writev
    with sending(lambda descriptor, parts: write(descriptor, [parts[0][:1]])):
        transport.send([b'abc', b'', b'd'], Deadline(5))
    assert received(peer, 8) == framed(b'abcd')


@pytest.mark.parametrize(('is_direct_tcp', 'longest'), [(False, 0x1FFFF), (True, 0xFFFFFF)])
def test_send_refuses_what_no_frame_can_hold(is_direct_tcp, longest):
    with connection(is_direct_tcp) as (transport, peer):
        assert transport.max_send_length == longest
        for parts in ([bytes(longest), b'x'], [b''], []):
            with pytest.raises(ValueError):
                transport.send(parts, Deadline(5))
        peer.setblocking(False)
        with pytest.raises(BlockingIOError):
            peer.recv(1)
        transport.send([b'x'], Deadline(5))
        with in_background(transport.send, [bytes(longest)], Deadline(10)):
            peer.settimeout(10)
            assert len(received(peer, 5 + 4 + longest)) == 5 + 4 + longest


@pytest.mark.parametrize('seconds', [0, -1])
@pytest.mark.parametrize('wrap', [lambda sock: sock, SocketWithoutSendmsg])
def test_send_sends_though_the_deadline_has_passed(wrap, seconds, ends):
    transport, peer = ends
    transport.sock = wrap(transport.sock)
    transport.send([b'abc'], Deadline(seconds))
    assert received(peer, 7) == framed(b'abc')


@pytest.mark.parametrize('seconds', [0, 0.3])
@pytest.mark.parametrize('wrap', [lambda sock: sock, SocketWithoutSendmsg])
def test_send_that_nobody_reads_ends_with_the_deadline_and_closes(wrap, seconds, ends):
    transport, _ = ends
    sock = transport.sock
    transport.sock = wrap(sock)
    started = time.monotonic()
    with pytest.raises(SMBTimeout, match=f'within {seconds:g} seconds'):
        transport.send([bytes(0x800000)], Deadline(seconds))
    assert time.monotonic() - started < seconds + 0.5
    assert transport.sock is None
    assert sock.fileno() == -1


def test_send_keeps_its_deadline_though_the_peer_reads_a_little(ends):
    transport, peer = ends

    def trickle():
        for _ in range(20):
            time.sleep(0.05)
            if not peer.recv(65536):
                return

    with in_background(trickle):
        started = time.monotonic()
        with pytest.raises(SMBTimeout):
            transport.send([bytes(0xFFFFFF)], Deadline(0.3))
        assert time.monotonic() - started < 0.8


@pytest.mark.skipif(not hasattr(select, 'POLLRDHUP'), reason='only Linux tells that a peer has hung up')
@pytest.mark.parametrize('seconds', [5, 1000])
def test_send_to_a_peer_that_hangs_up_without_reading_is_not_connected(seconds, ends):
    transport, peer = ends
    started = time.monotonic()
    hang_up = in_background(lambda: (time.sleep(SOON), peer.shutdown(socket.SHUT_WR)))
    with hang_up, pytest.raises(NotConnectedError, match='the server hung up'):
        transport.send([bytes(0xFFFFFF)], Deadline(seconds))
    assert time.monotonic() - started < 2
    assert transport.sock is None


@pytest.mark.parametrize('wrap', [lambda sock: sock, SocketWithoutSendmsg])
def test_send_to_a_peer_that_is_gone_is_not_connected(wrap, ends):
    transport, peer = ends
    transport.sock = wrap(transport.sock)
    peer.close()
    with pytest.raises(NotConnectedError, match='lost') as caught:
        transport.send([b'abc'], Deadline(5))
    assert isinstance(caught.value.__cause__, OSError)
    assert transport.sock is None


# receive


def test_receive_gives_one_message_after_the_other(ends):
    transport, peer = ends
    messages = [b'a', b'bc' * 4096, b'd' * 0x10000, b'e' * 0x10001, b'f' * 3]
    with in_background(peer.sendall, b''.join(map(framed, messages))):
        for message in messages:
            frame = transport.receive(Deadline(5))
            assert isinstance(frame, memoryview) and not frame.readonly
            assert frame == message


@given(st.lists(st.binary(min_size=1, max_size=3000), min_size=1, max_size=6), st.data())
def test_receive_gives_the_same_however_the_bytes_are_split(messages, data):
    stream = b''.join(framed(message) + KEEPALIVE for message in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    got = []
    with connection() as (transport, peer):
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            peer.sendall(stream[start:end])
            with suppress(SMBTimeout):
                while True:
                    got.append(bytes(transport.receive(Deadline(0))))
        while len(got) < len(messages):
            got.append(bytes(transport.receive(Deadline(5))))
    assert got == messages


def test_receive_skips_keepalive_packets(ends):
    transport, peer = ends
    peer.sendall(KEEPALIVE * 3 + framed(b'abc') + KEEPALIVE + framed(b'def'))
    assert transport.receive(Deadline(5)) == b'abc'
    assert transport.receive(Deadline(5)) == b'def'


def test_receive_waits_without_a_limit(ends):
    transport, peer = ends
    transport.sock.settimeout(SOON)

    def answer_late():
        time.sleep(4 * SOON)
        peer.sendall(framed(b'abc'))

    with in_background(answer_late):
        assert transport.receive(Deadline(None)) == b'abc'


def test_receive_on_a_socket_that_somebody_made_non_blocking(ends):
    transport, peer = ends
    transport.sock.setblocking(False)
    with in_background(lambda: (time.sleep(SOON), peer.sendall(framed(b'abc')))):
        assert transport.receive(Deadline(5)) == b'abc'


@pytest.mark.parametrize('seconds', [0, -3])
def test_receive_takes_what_has_arrived_though_the_deadline_has_passed(seconds, ends):
    transport, peer = ends
    peer.sendall(framed(b'abc') + framed(b'x' * 9000))
    assert transport.receive(Deadline(seconds)) == b'abc'
    assert transport.receive(Deadline(seconds)) == b'x' * 9000
    started = time.monotonic()
    with pytest.raises(SMBTimeout):
        transport.receive(Deadline(seconds))
    assert time.monotonic() - started < 0.5


def test_receive_goes_on_in_the_middle_of_a_frame_after_each_expiry(ends):
    transport, peer = ends
    stream = framed(b'abcdefg') + KEEPALIVE + framed(b'x' * 0x10001)
    for position in range(15):
        peer.sendall(stream[position : position + 1])
        if position == 10:
            assert transport.receive(Deadline(0)) == b'abcdefg'
        else:
            with pytest.raises(SMBTimeout, match='within 0 seconds'):
                transport.receive(Deadline(0))
    for start in range(15, len(stream) - 10000, 10000):
        peer.sendall(stream[start : start + 10000])
        with pytest.raises(SMBTimeout, match='within 0 seconds'):
            transport.receive(Deadline(0))
    peer.sendall(stream[start + 10000 :] + framed(b'end'))
    assert transport.receive(Deadline(0)) == b'x' * 0x10001
    assert transport.receive(Deadline(0)) == b'end'


def test_receive_keeps_its_deadline_though_the_socket_would_wait_longer(ends):
    transport, _ = ends
    transport.sock.settimeout(1.5)
    started = time.monotonic()
    with pytest.raises(SMBTimeout):
        transport.receive(Deadline(0.1))
    assert time.monotonic() - started < 0.6


def test_receive_keeps_its_deadline_though_bytes_trickle_in(ends):
    transport, peer = ends

    def trickle():
        for value in framed(b'0123456789'):
            time.sleep(0.1)
            peer.sendall(bytes([value]))

    with in_background(trickle):
        started = time.monotonic()
        with pytest.raises(SMBTimeout):
            transport.receive(Deadline(0.5))
        assert 0.4 < time.monotonic() - started < 1
        assert transport.receive(Deadline(5)) == b'0123456789'


@pytest.mark.parametrize('seconds', [0, 0.1])
def test_receive_keeps_its_deadline_though_keepalive_packets_never_end(seconds, ends):
    transport, peer = ends
    stop = threading.Event()

    def flood():
        with suppress(BrokenPipeError):
            # One byte ahead, so that no read ends where a packet does
            peer.sendall(KEEPALIVE[:1])
            while not stop.is_set():
                peer.sendall((KEEPALIVE[1:] + KEEPALIVE[:1]) * 1000)

    with in_background(flood):
        try:
            started = time.monotonic()
            with pytest.raises(SMBTimeout):
                transport.receive(Deadline(seconds))
            assert time.monotonic() - started < seconds + 0.5
        finally:
            stop.set()
            # Frees a sendall() that waits
            transport.close()


@pytest.mark.parametrize('direction', ['send', 'receive'])
def test_expiry_that_is_the_kernels_means_that_the_peer_is_lost(direction, ends):
    transport, _ = ends
    error = TimeoutError(errno.ETIMEDOUT, 'Connection timed out')
    transport.sock = SocketProxy(transport.sock, recv_into=raising(error))
    with sending(raising(error)), pytest.raises(NotConnectedError, match='Connection timed out'):
        if direction == 'send':
            transport.send([b'abc'], Deadline(5))
        else:
            transport.receive(Deadline(5))
    assert transport.sock is None


@pytest.mark.parametrize('stream', [framed(b'abcdef'), KEEPALIVE + framed(b'a')])
def test_end_of_stream_at_every_byte_is_not_connected(stream):
    for length in range(len(stream)):
        with connection() as (transport, peer):
            peer.sendall(stream[:length])
            peer.close()
            with pytest.raises(NotConnectedError, match='hung up') as caught:
                transport.receive(Deadline(5))
            assert caught.value.__cause__ is not None
            assert transport.sock is None
            with pytest.raises(NotConnectedError, match='no connection'):
                transport.receive(Deadline(5))
            with pytest.raises(NotConnectedError, match='no connection'):
                transport.send([b'abc'], Deadline(5))


def test_end_of_stream_within_a_large_frame_is_not_connected(ends):
    transport, peer = ends
    break_off = in_background(lambda: (peer.sendall(framed(bytes(0x100000))[:0x80000]), peer.close()))
    with break_off, pytest.raises(NotConnectedError):
        transport.receive(Deadline(5))


def test_a_message_before_the_end_of_the_stream_is_received(ends):
    transport, peer = ends
    peer.sendall(framed(b'abc'))
    peer.close()
    assert transport.receive(Deadline(5)) == b'abc'
    with pytest.raises(NotConnectedError):
        transport.receive(Deadline(5))


@pytest.mark.parametrize(
    'error',
    [ConnectionResetError(errno.ECONNRESET, 'reset'), BrokenPipeError(errno.EPIPE, 'pipe'), OSError(errno.EIO, 'IO')],
)
def test_errors_of_the_socket_are_not_connected(error, ends):
    transport, _ = ends
    sock = transport.sock
    transport.sock = SocketProxy(sock, recv_into=raising(error))
    with pytest.raises(NotConnectedError, match=error.strerror) as caught:
        transport.receive(Deadline(5))
    assert caught.value.__cause__ is error
    assert transport.sock is None
    assert sock.fileno() == -1


@pytest.mark.parametrize('direction', ['send', 'receive'])
def test_an_interrupt_in_the_middle_closes(direction, ends):
    transport, _ = ends
    sock, interrupt = transport.sock, raising(KeyboardInterrupt())
    transport.sock = SocketProxy(sock, recv_into=interrupt)
    with sending(interrupt), pytest.raises(KeyboardInterrupt):
        if direction == 'send':
            transport.send([b'abc'], Deadline(5))
        else:
            transport.receive(Deadline(5))
    assert transport.sock is None
    assert sock.fileno() == -1


@pytest.mark.parametrize(
    ('stream', 'reason'),
    [
        (b'HTTP/1.1 400 Bad Request\r\n', "does not speak SMB: .* b'HTTP'"),
        (b'\xfeSMB@\0', 'does not speak SMB'),
        (b'\0\0\0\0', 'of 0 bytes'),
        (b'\0\x01\0\x01', 'of 65537 bytes'),
        (b'\x85\0\0\1', 'type 0x85'),
        (b'\x82\0\0\0', 'type 0x82 arrived, which is not due'),
        (b'\x83\0\0\1\x82', 'type 0x83 arrived, which is not due'),
    ],
)
def test_bytes_that_are_no_frame_end_the_connection(stream, reason, ends):
    transport, peer = ends
    transport.max_receive_length = 0x10000
    peer.sendall(KEEPALIVE + stream)
    with pytest.raises(ProtocolError, match=reason) as caught:
        transport.receive(Deadline(5))
    assert stream.endswith(caught.value.data_buf)
    assert transport.sock is None


def test_longer_messages_than_in_a_netbios_session_are_refused_until_negotiated():
    transport = Transport(True)
    assert transport.max_receive_length == 0x1FFFF


# Memory of large frames


def exchange(transport, peer, length, value=b'x'):
    """Receive a frame of this length."""
    with in_background(peer.sendall, framed(value * length)):
        frame = transport.receive(Deadline(5))
    assert frame == value * length
    return frame


def test_a_released_buffer_is_used_again(ends):
    transport, peer = ends
    frame = exchange(transport, peer, 0x20000)
    memory = frame.obj
    transport.release(frame)
    frame = exchange(transport, peer, 0x18000, b'y')
    assert frame.obj is memory
    assert len(frame) == 0x18000


def test_a_buffer_is_not_used_for_two_frames_at_once(ends):
    transport, peer = ends
    frames = [exchange(transport, peer, 0x20000, value) for value in (b'a', b'b')]
    first = memoryview(frames[0].obj)
    transport.release(frames[0])
    # The second one of the same view, and one of the same memory, do nothing
    transport.release(frames[0])
    transport.release(first)
    first.release()
    frames[0] = exchange(transport, peer, 0x20000, b'c')
    frames.append(exchange(transport, peer, 0x20000, b'd'))
    assert len({id(frame.obj) for frame in frames}) == 3
    assert [bytes(frame[:1]) for frame in frames] == [b'c', b'b', b'd']


def test_a_buffer_that_is_still_viewed_is_left_alone(ends):
    transport, peer = ends
    frame = exchange(transport, peer, 0x20000, b'a')
    memory, payload = frame.obj, frame[100:]
    transport.release(frame)
    assert exchange(transport, peer, 0x20000, b'b').obj is not memory
    assert payload == b'a' * (0x20000 - 100)
    payload.release()
    assert exchange(transport, peer, 0x20000, b'c').obj is memory


def test_a_frame_in_use_elsewhere_can_be_released(ends):
    transport, peer = ends
    frame = exchange(transport, peer, 0x20000, b'a')
    memory = frame.obj
    # An export that is no memoryview keeps the view from being released
    user = (ctypes.c_char * 4).from_buffer(frame)
    transport.release(frame)
    assert exchange(transport, peer, 0x20000, b'b').obj is not memory
    assert bytes(user) == b'aaaa'


def test_a_frame_that_is_released_again_does_not_count_again(ends):
    transport, peer = ends
    small, large = exchange(transport, peer, 0x20000), exchange(transport, peer, 0x600000)
    memory, large_memory = small.obj, large.obj
    transport.release(small)
    transport.release(large)
    for _ in range(3):
        transport.release(memoryview(large_memory))
    # Three large ones would have displaced it
    assert exchange(transport, peer, 0x20000).obj is memory


def test_the_smallest_buffer_that_is_large_enough_is_used(ends):
    transport, peer = ends
    frames = {length: exchange(transport, peer, length) for length in (0x40000, 0x20000, 0x30000)}
    memory = {length: frame.obj for length, frame in frames.items()}
    for frame in frames.values():
        transport.release(frame)
    assert exchange(transport, peer, 0x28000).obj is memory[0x30000]
    new = exchange(transport, peer, 0x50000)
    assert len(new.obj) == 0x50000
    assert all(new.obj is not each for each in memory.values())


def test_views_of_other_memory_are_ignored(ends):
    transport, peer = ends
    small = exchange(transport, peer, 0x10000)
    for view in (small, memoryview(bytearray(0x20000)), memoryview(b'abc')):
        transport.release(view)
        assert view[:1] in (b'x', b'\0', b'a')
    assert exchange(transport, peer, 0x11000).obj is not small.obj


def test_memory_that_is_kept_for_later_frames_is_bounded(ends):
    transport, peer = ends
    frames = [exchange(transport, peer, 0x600000 + index) for index in range(4)]
    memory = [frame.obj for frame in frames]
    for frame in frames:
        transport.release(frame)
    largest = exchange(transport, peer, 0x600000)
    second = exchange(transport, peer, 0x600000)
    third = exchange(transport, peer, 0x600000)
    assert {id(largest.obj), id(second.obj)} == {id(memory[2]), id(memory[3])}
    assert all(third.obj is not each for each in memory)


# close


@pytest.mark.parametrize('seconds', [10, None])
@pytest.mark.parametrize('direction', ['send', 'receive'])
def test_close_ends_a_call_in_another_thread(direction, seconds, ends):
    transport, _ = ends
    sock = transport.sock
    closed = []

    def close():
        time.sleep(SOON)
        closed.append(time.monotonic())
        transport.close()

    with in_background(close):
        with pytest.raises(NotConnectedError, match='closed during the call'):
            if direction == 'send':
                transport.send([bytes(0x800000)], Deadline(seconds))
            else:
                transport.receive(Deadline(seconds))
        assert time.monotonic() - closed[0] < 0.5
    assert transport.sock is None
    assert sock.fileno() == -1


def test_close_does_not_take_the_socket_from_under_a_call(ends):
    """Its descriptor may be another file's as soon as it is closed."""
    transport, _ = ends
    sock = transport.sock
    seen = []

    def receive(view):
        transport.close()
        seen.append(sock.fileno())
        return sock.recv_into(view)

    transport.sock = SocketProxy(sock, recv_into=receive)
    with pytest.raises(NotConnectedError):
        transport.receive(Deadline(5))
    assert seen[0] != -1
    assert sock.fileno() == -1


def test_close_twice_and_before_connect_does_nothing(ends):
    Transport(True).close()
    transport, peer = ends
    transport.close()
    transport.close()
    assert transport.sock is None
    assert peer.recv(1) == b''
