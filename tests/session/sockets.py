"""Sockets whose other end a test holds, and what makes them behave oddly."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from unittest.mock import patch

from smb.transport import Transport

KEEPALIVE = b'\x85\0\0\0'


def framed(payload):
    return b'\0' + len(payload).to_bytes(3, 'big') + payload


@contextmanager
def connection(is_direct_tcp=True):
    """A transport and the socket at its other end."""
    transport = Transport(is_direct_tcp)
    transport.sock, peer = socket.socketpair()
    transport.max_receive_length = 0xFFFFFF
    peer.settimeout(10)
    try:
        yield transport, peer
    finally:
        transport.close()
        peer.close()


@contextmanager
def in_background(function, *arguments):
    """Runs it in a thread beside the block, and raises what it raised."""
    errors = []

    def run():
        try:
            function(*arguments)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def received(peer, length):
    data = b''
    while len(data) < length:
        data += peer.recv(length - len(data))
    return data


class SocketProxy:
    """A socket with other methods."""

    def __init__(self, sock, **methods):
        self._sock = sock
        self.__dict__.update(methods)

    def __getattr__(self, name):
        return getattr(self._sock, name)


@contextmanager
def sending(function):
    """Has ``function(descriptor, parts)`` called in place of the system call that sends."""
    with patch('smb.transport.os.writev', function):
        yield


class SocketWithoutSendmsg(SocketProxy):
    """A socket as Windows has it."""

    def __getattr__(self, name):
        if name in ('sendmsg', 'recvmsg_into', 'recvmsg'):
            raise AttributeError(name)
        return super().__getattr__(name)


def raising(error):
    def method(*_):
        raise error

    return method
