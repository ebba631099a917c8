"""Small messages that are kept back, so that several of them leave by one system call."""

from __future__ import annotations

import os
import socket
from types import SimpleNamespace

import pytest

from smb.errors import NotConnectedError
from smb.session.exchange import Together
from smb.transport import JOINED_LENGTH, MOST_HELD, Deadline, Transport
from tests.session.sockets import connection, framed, in_background, received, sending


@pytest.fixture
def ends():
    with connection() as both:
        yield both


@pytest.fixture
def calls():
    """The frames of each system call."""
    calls, write = [], os.writev

    def record(descriptor, parts):
        calls.append(b''.join(parts))
        return write(descriptor, parts)

    with sending(record):
        yield calls


def test_messages_that_are_kept_back_leave_together_and_in_order(ends, calls):
    transport, peer = ends
    transport.hold_back()
    for message in (b'a', b'bc', b'd'):
        transport.send([message], Deadline(5))
    assert calls == []
    transport.flush(Deadline(5))
    assert calls == [framed(b'a') + framed(b'bc') + framed(b'd')]
    assert received(peer, len(calls[0])) == calls[0]
    transport.flush(Deadline(5))
    transport.send([b'e'], Deadline(5))
    assert calls[1:] == [framed(b'e')]


def test_a_large_message_takes_those_along_that_are_kept_back(ends, calls):
    transport, peer = ends
    large = bytes(JOINED_LENGTH + 1)
    transport.hold_back()
    for message in (b'a', large, b'b'):
        transport.send([message], Deadline(5))
    assert calls == [framed(b'a') + framed(large)]
    transport.flush(Deadline(5))
    assert received(peer, 5 + 4 + len(large) + 5) == framed(b'a') + framed(large) + framed(b'b')


def test_not_many_messages_are_kept_back(ends, calls):
    transport, _ = ends
    transport.hold_back()
    for number in range(MOST_HELD + 2):
        transport.send([b'%d' % number], Deadline(5))
    assert calls == [b''.join(framed(b'%d' % number) for number in range(MOST_HELD + 1))]


def test_messages_that_are_kept_back_leave_before_an_answer_is_waited_for(ends):
    transport, peer = ends
    transport.hold_back()
    transport.send([b'question'], Deadline(5))
    with in_background(lambda: received(peer, 12) == framed(b'question') and peer.sendall(framed(b'answer'))):
        assert bytes(transport.receive(Deadline(5))) == b'answer'


def test_flush_to_a_peer_that_is_gone_is_not_connected(ends):
    transport, peer = ends
    transport.hold_back()
    transport.send([b'abc'], Deadline(5))
    peer.close()
    with pytest.raises(NotConnectedError, match='lost'):
        transport.flush(Deadline(5))
    assert transport.sock is None


def test_what_was_kept_back_for_one_connection_does_not_reach_the_next():
    with socket.create_server(('127.0.0.1', 0)) as listener:
        transport = Transport(True)
        for message in (b'first', b'second'):
            transport.connect(*listener.getsockname(), None, Deadline(5), 'ME', 'SERVER')
            peer, _ = listener.accept()
            with peer:
                transport.send([message], Deadline(5))
                assert received(peer, 4 + len(message)) == framed(message)
                transport.hold_back()
                transport.send([b'never'], Deadline(5))
                transport.close()


@pytest.mark.parametrize('error', [KeyboardInterrupt, ValueError])
def test_what_ended_the_connection_meanwhile_is_what_the_caller_is_told(error, ends):
    transport, _ = ends
    with pytest.raises(error), Together(SimpleNamespace(transport=transport, deadline=Deadline(5))):
        transport.send([b'abc'], Deadline(5))
        transport.close()
        raise error


def test_connection_that_ended_meanwhile_is_told_where_nothing_else_went_wrong(ends):
    transport, _ = ends
    with pytest.raises(NotConnectedError), Together(SimpleNamespace(transport=transport, deadline=Deadline(5))):
        transport.send([b'abc'], Deadline(5))
        transport.close()


def test_what_was_kept_back_leaves_though_something_else_went_wrong(ends):
    transport, peer = ends
    with pytest.raises(ValueError), Together(SimpleNamespace(transport=transport, deadline=Deadline(5))):
        transport.send([b'abc'], Deadline(5))
        raise ValueError
    assert received(peer, 7) == framed(b'abc')
