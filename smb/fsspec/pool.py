"""Connections of one user to one server, for as many threads as work at the same time.

Each thread has a connection of its own, made when it first needs one, so that none waits for another's turn. One whose
thread has ended goes on to the next thread that needs one; it is not closed before, since a file may be open on it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from threading import Lock, get_ident
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakSet

from smb.errors import NotConnectedError, SMBTimeout

if TYPE_CHECKING:
    from smb.SMBConnection import SMBConnection

IDLE_SECONDS = 10.0  # after which a server may have hung up, and is asked
ECHO_SECONDS = 10.0

_pools: WeakSet[Pool] = WeakSet()


class _Place:
    """A connection, and when it was last taken."""

    def __init__(self, connection: SMBConnection) -> None:
        self.connection = connection
        self.taken = monotonic()

    def is_usable(self) -> bool:
        """Whether there is still a server at its other end, as far as is known."""
        connection, now = self.connection, monotonic()
        idle, self.taken = now - self.taken, now
        if connection.sock is None:
            return False
        if idle < IDLE_SECONDS or connection.is_busy:
            return True
        try:
            connection.echo(b'', timeout=ECHO_SECONDS)
        except (NotConnectedError, SMBTimeout):
            connection.close()
            return False
        return True


class Pool:
    """Connections that ``connect`` makes, one for each thread."""

    def __init__(self, connect: Callable[[], SMBConnection]) -> None:
        self._connect = connect
        self._start_over()
        _pools.add(self)

    def _start_over(self) -> None:
        self._lock = Lock()
        self._places: dict[int, _Place] = {}  # by the number of the thread

    def take(self) -> SMBConnection:
        """The connection of this thread. One that the server has ended while nobody used it is replaced."""
        me = get_ident()
        with self._lock:
            place = self._places.get(me) or self._left_behind()
            if place is not None:
                self._places[me] = place
        if place is None or not place.is_usable():
            place = _Place(self._connect())
            with self._lock:
                self._places[me] = place
        return place.connection

    def _left_behind(self) -> _Place | None:
        """The connection of a thread that is no more, or is not in Python any more: one of a library's own."""
        alive = sys._current_frames()
        gone = next((number for number in self._places if number not in alive), None)
        return None if gone is None else self._places.pop(gone)

    def close(self) -> None:
        """End all connections; whoever needs one later gets a new one."""
        with self._lock:
            places, self._places = self._places, {}
        for place in places.values():
            place.connection.close()

    def give_up(self) -> None:
        """In a child process: the parent's connections are the parent's."""
        places = self._places
        self._start_over()  # nobody in this process will ever release the lock
        for place in places.values():
            place.connection.close()

    def __len__(self) -> int:
        return len(self._places)

    def __del__(self) -> None:
        for place in self.__dict__.get('_places', {}).values():
            place.connection.close()


def _give_up_all() -> None:
    for pool in list(_pools):
        pool.give_up()


if hasattr(os, 'register_at_fork'):
    os.register_at_fork(after_in_child=_give_up_all)
