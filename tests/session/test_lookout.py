"""Waiting awake for an answer that is due soon, and going to sleep where that does not pay."""

from __future__ import annotations

import io
import os
import time

import pytest

from smb import transport as transport_module
from smb.errors import NotConnectedError
from smb.transport import Deadline, Lookout
from tests.session.scripted import ScriptedServer, connected
from tests.session.scripted_smb1 import ScriptedSMB1Server
from tests.session.sockets import SocketProxy, connection, framed, in_background, raising

LATER = 0.05  # seconds; many times as long as anybody looks out


@pytest.fixture
def ends():
    """A transport that has slept for as many answers as it does at first, and its peer."""
    with connection() as (transport, peer):
        transport.sock.settimeout(10)
        for _ in range(transport_module.SLEEPS_AT_FIRST):
            peer.sendall(framed(b'first'))
            transport.receive(Deadline(10), soon=True)
        yield transport, peer


@pytest.fixture
def looks(monkeypatch):
    """The number of looks so far, as the one item of a list."""
    count, look = [0], os.readv

    def counted(*arguments):
        count[0] += 1
        return look(*arguments)

    monkeypatch.setattr(os, 'readv', counted)
    return count


def asleep(sock):
    """A socket that nobody may wait at."""
    return SocketProxy(sock, recv_into=raising(AssertionError('it went to sleep')))


def test_an_answer_that_comes_soon_is_met_awake(ends, monkeypatch):
    transport, peer = ends
    monkeypatch.setattr(transport_module, 'LOOKOUT_SECONDS', 10)
    transport.sock = asleep(transport.sock)
    with in_background(lambda: (time.sleep(LATER), peer.sendall(framed(b'abc') + framed(b'de')))):
        assert transport.receive(Deadline(10), soon=True) == b'abc'
    assert transport.receive(Deadline(10), soon=True) == b'de'


def test_a_frame_of_which_a_part_comes_soon_is_whole(ends, monkeypatch):
    transport, peer = ends
    monkeypatch.setattr(transport_module, 'LOOKOUT_SECONDS', 10)
    stream = framed(b'x' * 100_000)
    parts = stream[:2], stream[2:9], stream[9:]
    with in_background(lambda: [(time.sleep(0.01), peer.sendall(part)) for part in parts]):
        assert transport.receive(Deadline(10), soon=True) == b'x' * 100_000


def test_nobody_looks_out_for_what_is_not_due_soon(ends, looks):
    transport, peer = ends
    peer.sendall(framed(b'abc'))
    assert transport.receive(Deadline(10)) == b'abc'
    assert looks == [0]
    peer.sendall(framed(b'abc'))
    assert transport.receive(Deadline(10), soon=True) == b'abc'
    assert looks == [1]


def test_the_answers_of_a_sign_on_are_slept_for(looks):
    with connection() as (transport, peer):
        transport.sock.settimeout(10)
        for number in range(1, 6):
            peer.sendall(framed(b'abc'))
            transport.receive(Deadline(10), soon=True)
            assert looks == [max(0, number - transport_module.SLEEPS_AT_FIRST)]


def test_after_each_miss_in_a_row_twice_as_many_answers_are_slept_for(ends, looks, monkeypatch):
    transport, peer = ends
    sock, lookout, view = transport.sock, Lookout(), memoryview(bytearray(100))
    monkeypatch.setattr(transport_module, 'LOOKOUT_SECONDS', 1e-9)
    slept = []
    for _ in range(9):
        looks[0] = count = 0
        while not looks[0]:
            assert lookout.receive_into(sock, view) == 0
            count += 1
        assert looks == [1]
        slept.append(count - 1)
    assert slept == [3, 2, 4, 8, 16, 32, 64, 64, 64]
    peer.sendall(b'abc')
    while not lookout.receive_into(sock, view):
        pass
    assert lookout.receive_into(sock, view) == 0
    looks[0] = 0
    assert [lookout.receive_into(sock, view) for _ in range(3)] == [0, 0, 0]
    assert looks == [1]  # one that came in time has made up for all misses


def test_it_looks_for_a_short_time_and_lets_others_run_meanwhile(ends, looks, monkeypatch):
    transport, _ = ends
    clock, yields = iter(range(100)), []
    monkeypatch.setattr(transport_module.time, 'monotonic', lambda: next(clock) / 10_000)
    monkeypatch.setattr(transport_module, 'SLEEPS_AT_FIRST', 0)
    monkeypatch.setattr(os, 'sched_yield', lambda: yields.append(looks[0]))
    assert Lookout().receive_into(transport.sock, memoryview(bytearray(100))) == 0
    assert looks == [3]
    assert yields == [1, 2]


def test_a_peer_that_hangs_up_meanwhile_is_not_connected(ends, monkeypatch):
    transport, peer = ends
    monkeypatch.setattr(transport_module, 'LOOKOUT_SECONDS', 10)
    transport.sock = asleep(transport.sock)
    hang_up = in_background(lambda: (time.sleep(LATER), peer.close()))
    with hang_up, pytest.raises(NotConnectedError, match='the server hung up'):
        transport.receive(Deadline(10), soon=True)
    assert transport.sock is None


def test_close_ends_it(ends, monkeypatch):
    transport, _ = ends
    monkeypatch.setattr(transport_module, 'LOOKOUT_SECONDS', 10)
    closed = in_background(lambda: (time.sleep(LATER), transport.close()))
    with closed, pytest.raises(NotConnectedError, match='closed during the call'):
        transport.receive(Deadline(10), soon=True)


def test_a_socket_without_a_timeout_is_not_read_before_its_time(ends, looks):
    transport, peer = ends
    transport.sock.settimeout(None)
    with in_background(lambda: (time.sleep(LATER), peer.sendall(framed(b'abc')))):
        assert transport.receive(Deadline(None), soon=True) == b'abc'
    assert looks == [0]


def test_it_can_be_turned_off(ends, looks, monkeypatch):
    transport, peer = ends
    monkeypatch.setattr(transport_module, 'LOOKOUT_SECONDS', 0)
    for _ in range(10):
        peer.sendall(framed(b'abc'))
        assert transport.receive(Deadline(10), soon=True) == b'abc'
    assert looks == [0]


def test_where_there_is_nothing_to_look_with_everything_is_slept_for(monkeypatch):
    monkeypatch.setattr(transport_module, 'CAN_LOOK_OUT', False)
    monkeypatch.delattr(os, 'readv')
    monkeypatch.delattr(os, 'sched_yield')
    with connection() as (transport, peer):
        for _ in range(100):
            peer.sendall(framed(b'abc'))
            assert transport.receive(Deadline(10), soon=True) == b'abc'


# Which answers are due soon


def test_small_operations_are_due_soon():
    server = ScriptedServer()
    with connected(server) as connection:
        server.transport.awaited_awake.clear()
        connection.getAttributes('share', 'file')
        connection.retrieveFile('share', 'file', io.BytesIO())
        connection.storeFile('share', 'new', io.BytesIO(b'x'))
        connection.rename('share', 'new', 'newer')
        connection.echo(b'')
        connection.listPath('share', '/')
        assert server.transport.awaited_awake and all(server.transport.awaited_awake)


def test_small_operations_over_smb1_are_due_soon():
    server = ScriptedSMB1Server()
    with connected(server) as connection:
        server.transport.awaited_awake.clear()
        connection.getAttributes('share', 'file')
        assert server.transport.awaited_awake and all(server.transport.awaited_awake)


def test_what_has_others_under_way_beside_it_is_slept_for():
    server = ScriptedServer()
    with connected(server) as connection:
        for number in range(20):
            server.files[f'f{number}'] = b'x'
        server.transport.awaited_awake.clear()
        connection.deleteFiles('share', 'f*')
        listing, *deletes = server.transport.awaited_awake
        assert listing and deletes.count(True) <= 1 < len(deletes)
