"""What ``exchange.py`` asks of a dialect, and one request on its way through it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from smb.session.credits import Credits
from smb.wire.memory import Pool

if TYPE_CHECKING:
    from smb.messages.message import Message
    from smb.session.state import Connection, Session, TreeConnect
    from smb.wire.structure import Buffer

HISTORY_LENGTH = 11


class FrameTooLong(ValueError):
    """Requests do not fit into one frame of the transport."""


class CreditsTooFew(ValueError):
    """The server has left fewer credits than requests need that are to go out at once; nothing has been sent."""


class Outcome:
    """What became of one request."""

    message: Any = None  # as it was sent
    session: Session | None = None  # that it was sent in
    reply: Any = None
    interim: Any = None  # the header of an answer that only says that it takes longer
    assembly: Any = None  # the parts of an answer that comes in several messages
    frame: memoryview | None = None  # what the answer's data are a part of
    # The very bytes of NEGOTIATE and SESSION_SETUP, for the preauthentication hash.
    sent: Sequence[Buffer] = ()
    received: memoryview | None = None
    sealed = False
    signed = False
    sequence = 0  # SMB1: the number that it was signed with
    uid = 0  # SMB1: the id that the session had


class Ticket(Outcome):
    """One request on its way, and its answer when that is there."""

    # Of most tickets these stay as they are.
    sign_always = False
    abandoned = False  # nobody waits any more; the answer is dropped
    cancelled = False  # the server was asked to stop
    detached = False  # nobody ever waited
    dropped = False  # what it did is undone
    repeated = False
    session_round = 0
    # All requests of its compound, until they are answered; a request by itself is in none, since a circle would keep
    # its data in memory.
    group: Sequence[Ticket] = ()

    def __init__(self, request: Any, tree: TreeConnect | None, charge: int) -> None:
        self.request = request
        self.charge = charge  # credits that it takes
        self.tree = tree

    def reset(self) -> None:
        """Forget what became of the request, so that it can be sent again."""
        for name in vars(Outcome):
            self.__dict__.pop(name, None)


class Dialect:
    """The state of one connection and its session, and what messages look like in it."""

    CLOSE: ClassVar[int]  # the command that closes a file

    def __init__(self, connection: Connection, session: Session) -> None:
        self.connection = connection
        self.session = session
        self.credits = Credits()
        self.longest_frame = 0xFFFFFF  # bytes that the transport sends at once
        self.memory = Pool()  # of large messages that arrive
        self.outstanding: dict[int, Ticket] = {}
        self.history: deque[Message] = deque(maxlen=HISTORY_LENGTH)

    def charge(self, request: Any) -> int:
        """The credits that a request takes."""
        raise NotImplementedError

    def may_send(self, tickets: Sequence[Ticket]) -> bool:
        """Whether these requests can leave now, or have to wait for answers to others."""
        need = 0
        for ticket in tickets:
            need += ticket.charge
        return need <= self.credits.available

    def encode(self, tickets: Sequence[Ticket]) -> list[Buffer]:
        """Number, sign and seal requests as one frame; several are related: each uses the handle of the first.

        FrameTooLong where they do not fit into one; then nothing has been numbered.
        """
        raise NotImplementedError

    def encode_cancel(self, ticket: Ticket) -> list[Buffer]:
        """The message that asks the server to give up a request; it gets no answer."""
        raise NotImplementedError

    def receive(self, frame: memoryview) -> list[Ticket]:
        """The tickets whose final answer is in ``frame``, in its order; abandoned ones are among them."""
        raise NotImplementedError

    def undo(self, ticket: Ticket) -> Any | None:
        """The request that closes what an answered request opened; None where it left nothing open."""
        raise NotImplementedError

    def echo_request(self, data: Any) -> Any:
        """An ECHO that carries ``data`` where it can."""
        raise NotImplementedError

    def echoed(self, reply: Any, data: Any) -> Any:
        """What came back of ``data``."""
        raise NotImplementedError
