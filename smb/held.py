"""What a program holds open on the server between two operations: a file object, a listing that it goes through.

Each step of it takes the connection's turn as an operation does, and other operations take theirs in between. So a
step first looks whether what was opened is still there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from smb.errors import Incomplete, NotConnectedError
from smb.operations import phrases
from smb.transport import Deadline

if TYPE_CHECKING:
    from smb.base import SMB, _Operation
    from smb.session.exchange import Exchange
    from smb.tree.base import Tree


class Held:
    """What is open on one share of one connection, for as long as the session that it was opened in."""

    def __init__(self, connection: SMB, exchange: Exchange, tree: Tree, service_name: str, path: Any,
                 timeout: float | None) -> None:  # fmt: skip
        """What is opened now, in this turn."""
        self._connection = connection
        self._exchange = exchange
        self._session = exchange.dialect.session
        self._tree = tree
        self._service_name = service_name
        self._path = path
        self._timeout = timeout

    def step(self, action: str) -> _Operation:
        """The guard around one step; ``action`` is what its failure is called.

        NotConnectedError where the connection has ended, OperationFailure where the server has ended the session or
        taken the share away.
        """

        def check(exchange: Exchange) -> None:
            lost = self._why_lost(exchange)
            if exchange is not self._exchange:
                raise NotConnectedError(f'{self._path} cannot be used any more: {lost}')
            if lost:
                incomplete = Incomplete(f'{lost}; open it again', phrases.PHRASES[action][None])
                raise self._connection._failure(exchange, action, (self._path,), self._service_name, incomplete)

        return self._connection._operation(action, (self._path,), self._timeout, self._service_name, check=check)

    def _why_lost(self, exchange: Exchange) -> str:
        """Why what was opened is not there any more; ``''`` where it is."""
        if exchange is not self._exchange:
            return 'the connection that it was opened on has ended'
        if exchange.dialect.session is not self._session:
            return 'the server has ended the session that it was opened in'
        if self._connection._trees.get(self._tree.share_name.lower()) is not self._tree:
            return 'the server has taken the share away meanwhile'
        return ''

    @property
    def is_lost(self) -> bool:
        """Whether there is nothing open any more, or not for this process; it may turn out only at the next step."""
        exchange = self._connection._exchange
        if self._connection._process != os.getpid():
            return True
        return exchange is None or exchange.transport.sock is None or bool(self._why_lost(exchange))

    def leave(self, close: Callable[[], None]) -> None:
        """Have ``close`` called, where there is something to close, as soon as that takes no waiting for a turn."""

        def close_left(exchange: Exchange) -> None:
            if not self._why_lost(exchange):
                exchange.deadline = Deadline(self._timeout)
                close()

        self._connection._leave_open(close_left)
