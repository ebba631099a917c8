"""Any request, in any dialect: submit it, wait for it, give it up; [MS-SMB2] 3.2.4.1 and 3.2.5.1.

Several requests may be on their way. An answer finds its ticket by message id in whatever order it comes; one that
nobody waits for any more is verified like the others and dropped. What the bytes prove wrong ends the connection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, StatusError
from smb.ntstatus import STATUS_NETWORK_SESSION_EXPIRED, STATUS_SUCCESS, STATUS_USER_SESSION_DELETED
from smb.session.dialect import CreditsTooFew, Ticket

if TYPE_CHECKING:
    from smb.session.dialect import Dialect
    from smb.session.state import TreeConnect
    from smb.transport import Deadline, Transport

SESSION_ENDED = (STATUS_NETWORK_SESSION_EXPIRED, STATUS_USER_SESSION_DELETED)
RELATED_FILE_ID = b'\xff' * 16  # in a compound: the handle that its first request opens


class Together:
    """While this context lasts, small requests are kept back, and leave together."""

    # No generator with contextlib's decorator, which takes several times as long.

    __slots__ = ('_exchange',)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def __enter__(self) -> None:
        self._exchange.transport.hold_back()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            self._exchange.transport.flush(self._exchange.deadline)
        except (NotConnectedError, SMBTimeout):
            if error is None:
                raise
            # What came before is the reason, an interrupt for example that has ended the connection.


class Exchange:
    """Requests and answers over one transport.

    ``deadline`` is the limit of the operation that runs now; each answer starts it anew. ``sign_on_again`` is called
    with the status when the server says that the session has ended, before the request is repeated.
    """

    def __init__(self, transport: Transport, dialect: Dialect, deadline: Deadline) -> None:
        self.transport = transport
        self.dialect = dialect
        self.dialect.memory = transport.memory
        self.dialect.longest_frame = transport.max_send_length
        self.deadline = deadline
        self.sign_on_again: Callable[[int], None] | None = None
        self._session_round = 0  # how often the user has signed on again
        self._later: list[Ticket] = []  # what is sent as soon as there is a credit for it

    def submit(self, request: Any, tree: TreeConnect | None = None, *, sign_always: bool = False,
               can_be_less: bool = False) -> Ticket:  # fmt: skip
        """Send one request; ``wait`` gives its answer.

        ``can_be_less``: CreditsTooFew where the server has left too few credits for this one, but some.
        """
        ticket = Ticket(request, tree, self.dialect.charge(request))
        if sign_always:
            ticket.sign_always = True
        self._send([ticket], can_be_less=can_be_less)
        return ticket

    def submit_related(self, requests: Sequence[Any], tree: TreeConnect) -> list[Ticket]:
        """Send requests as one compound; each works on the handle that the first one opens, 3.2.4.1.4.

        FrameTooLong or CreditsTooFew where they cannot go out as one, but may one by one.
        """
        charge, need = self.dialect.charge, 0
        group: list[Ticket] = []
        for request in requests:
            ticket = Ticket(request, tree, charge(request))
            ticket.group = group
            group.append(ticket)
            need += ticket.charge
        if need > self.dialect.credits.window:
            raise CreditsTooFew(f'The server has granted {self.dialect.credits.window} credits, this needs {need}')
        self._send(group, can_be_less=True)
        return group

    def together(self) -> Together:
        """A context: the requests that are submitted in it leave together, at its end or before an answer is due."""
        return Together(self)

    def detach(self, request: Any, tree: TreeConnect) -> None:
        """Send one request, now or when there is a credit for it; nothing depends on its answer."""
        ticket = Ticket(request, tree, self.dialect.charge(request))
        ticket.detached = True
        self._later.append(ticket)
        self._send_later()

    def call(self, request: Any, tree: TreeConnect | None = None, accept: Sequence[int] = (STATUS_SUCCESS,), *,
             sign_always: bool = False) -> Any:  # fmt: skip
        """Send one request and wait for its answer."""
        return self.wait(self.submit(request, tree, sign_always=sign_always), accept)

    def wait_all(self, group: Sequence[Ticket]) -> list[Any]:
        """The answers to related requests, whatever their statuses; what was opened is closed when this fails."""
        try:
            for ticket in group:
                if ticket.reply is None or ticket.reply.ntstatus in SESSION_ENDED:
                    self.wait(ticket, accept=None)
        except BaseException:
            for ticket in group:
                self.abandon(ticket)
            raise
        # Not before: where the session had ended, all of them were answered anew.
        replies = []
        for ticket in group:
            ticket.group = ()  # else tickets and answers would hold one another
            replies.append(ticket.reply)
        return replies

    def wait(self, ticket: Ticket, accept: Sequence[int] | None = (STATUS_SUCCESS,)) -> Any:
        """The answer to a ticket; StatusError when its status is none of ``accept``, which is None for any."""
        while True:
            if ticket.reply is None:
                self.deadline.restart()  # what the caller did since is not the server's silence
                if self.deadline.seconds is not None and self.deadline.seconds <= 0:
                    # However quick the server is: the outcome is not to depend on it.
                    raise SMBTimeout(f'No answer {self.deadline}')
            while ticket.reply is None:
                # By itself under way, a request is mostly a small one.
                self._receive(soon=len(self.dialect.outstanding) <= (len(ticket.group) or 1))
            reply = ticket.reply
            status = reply.ntstatus
            if status not in SESSION_ENDED if accept is None else status in accept:
                return reply
            if status not in SESSION_ENDED or self.sign_on_again is None or ticket.repeated:
                raise StatusError(ticket.request, reply)
            self._repeat(ticket, status)

    def release(self, ticket: Ticket) -> None:
        """The data of this ticket's answer are used up; their buffer may receive again."""
        if ticket.frame is not None:
            ticket.reply = None
            self.transport.release(ticket.frame)
            ticket.frame = None

    def abandon(self, ticket: Ticket) -> None:
        """Nobody waits for this ticket any more: its answer is dropped when it comes, and what it opened is closed."""
        ticket.abandoned = True
        if ticket.reply is not None:
            self._drop(ticket)
            self._send_later()

    def cancel_all(self) -> None:
        """Ask the server to stop what it has not answered yet, and drop the answers; sends what goes out at once."""
        for ticket in list(self.dialect.outstanding.values()):
            if ticket.cancelled or ticket.detached:
                continue
            ticket.abandoned = ticket.cancelled = True
            if ticket.request.COMMAND == self.dialect.CLOSE:
                continue  # what is to be closed stays to be closed
            # Where it cannot be sent, the transport has ended the connection.
            with suppress(NotConnectedError, SMBTimeout):
                self.transport.send(self.dialect.encode_cancel(ticket), self.deadline)

    def echo(self, data: Any) -> Any:
        """What comes back of ``data``, once the server has answered an ECHO."""
        return self.dialect.echoed(self.call(self.dialect.echo_request(data)), data)

    def close(self) -> None:
        """End the connection."""
        self.transport.close()

    def _send(self, group: Sequence[Ticket], *, can_be_less: bool = False) -> None:
        if self._later:
            self._send_later()
        if not self.dialect.may_send(group):
            try:
                self._await_credits(group, can_be_less=can_be_less)
            except SMBTimeout:
                if group[0].request.COMMAND == self.dialect.CLOSE:
                    # What is to be closed stays to be closed.
                    group[0].detached = True
                    self._later += group
                raise
        for ticket in group:
            ticket.session_round = self._session_round
        self.deadline.restart()
        self._transmit(group)

    def _transmit(self, group: Sequence[Ticket]) -> None:
        numbered = self.dialect.credits.next_message_id
        try:
            self.transport.send(self.dialect.encode(group), self.deadline)
        except BaseException:
            if self.dialect.credits.next_message_id != numbered:
                # The server will wait for what has a number.
                self.transport.close()
            raise

    def _await_credits(self, group: Sequence[Ticket], *, can_be_less: bool = False) -> None:
        self.deadline.restart()  # what the caller did since is not the server's silence
        while not self.dialect.may_send(group):
            if not self.dialect.outstanding:
                need, left = sum(ticket.charge for ticket in group), self.dialect.credits.available
                text = f'The server left {left} credits, a request needs {need}'
                if can_be_less and left:
                    # It may take credits back while others are under way, 3.3.1.2.
                    raise CreditsTooFew(text)
                self.transport.close()
                raise ProtocolError(text)
            self._receive()

    def _receive(self, *, soon: bool = False) -> None:
        try:
            frame = self.transport.receive(self.deadline, soon)
            answered = self.dialect.receive(frame)
        except SMBTimeout:
            raise
        except BaseException:
            # What is wrong with it, or what came in between: whose answer was lost is not known.
            self.transport.close()
            raise
        self.deadline.restart()
        for ticket in answered:
            if ticket.abandoned or ticket.detached:
                self._drop(ticket)
        if self._later:
            self._send_later()

    def _drop(self, ticket: Ticket) -> None:
        """Undo what a request did that nobody waits for."""
        group = ticket.group or (ticket,)
        is_closed_by_group = group[-1].request.COMMAND == self.dialect.CLOSE
        if ticket.dropped or (is_closed_by_group and any(member.reply is None for member in group)):
            return  # what becomes of it is not known before its compound is closed, or that was refused
        members = group if is_closed_by_group else (ticket,)
        for member in members:
            self._close_later(member)
        for member in members:
            member.dropped, member.group = True, ()  # else they and their answers would hold one another
            self.release(member)

    def _close_later(self, ticket: Ticket) -> None:
        """Close what a request opened, if it did, and nobody knows of it."""
        request = self.dialect.undo(ticket) if ticket.reply is not None else None
        if request is not None:
            close = Ticket(request, ticket.tree, charge=1)
            close.detached = True
            self._later.append(close)

    def _send_later(self) -> None:
        while self._later and self.dialect.may_send(self._later[:1]) and self.transport.sock is not None:
            ticket = self._later.pop(0)
            # Nobody waits for it. Where it cannot be sent, the transport has ended the connection.
            with suppress(NotConnectedError, SMBTimeout):
                self._transmit([ticket])

    def _repeat(self, ticket: Ticket, status: int) -> None:
        """Send a request again that met a session which had ended, after signing on once for all requests that did."""
        assert self.sign_on_again is not None
        group = ticket.group or (ticket,)
        self._complete(group)
        if ticket.session_round == self._session_round:
            self._session_round += 1
            if status == STATUS_USER_SESSION_DELETED:
                self._later.clear()  # handles that went with the session
            renew, self.sign_on_again = self.sign_on_again, None  # signing on does not sign on again
            try:
                renew(status)
            finally:
                self.sign_on_again = renew
        handle = getattr(ticket.request, 'file_id', RELATED_FILE_ID)
        if status == STATUS_USER_SESSION_DELETED and handle != RELATED_FILE_ID:
            # It went with the session, and in the new one its id may be another file's.
            raise StatusError(ticket.request, ticket.reply)
        for member in group:
            self._close_later(member)
            member.reset()
            member.repeated = True
        self._send(group)
        self._complete(group)

    def _complete(self, group: Sequence[Ticket]) -> None:
        for member in group:
            while member.reply is None:
                self._receive()
