"""Requests to frames and frames to answers, in SMB2: ids, signing, sealing, compounds.

Everything that [MS-SMB2] 3.2.4.1 does to a request before it is sent and 3.2.5.1 to an answer before it is believed
stands here, in that order; ``exchange.py`` decides when to send and when to wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from smb import ntstatus
from smb.crypto.sealing import EXTRA_ROOM
from smb.errors import NotConnectedError, ProtocolError, SMB2ProtocolHeaderError
from smb.messages.smb2.create import SMB2CreateResponse
from smb.messages.smb2.header import (
    HEADER_SIZE,
    SIGNATURE_OFFSET,
    SMB2Header,
    SMB2Message,
    SMB2Request,
    SMB2Response,
    split_compound,
)
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest, SMB2SessionSetupResponse
from smb.messages.smb2.simple import SMB2CancelRequest, SMB2CloseRequest, SMB2EchoRequest, SMB2ErrorResponse
from smb.messages.smb2.transform import TRANSFORM_HEADER_SIZE, SMB2TransformHeader
from smb.ntstatus import STATUS_NETWORK_SESSION_EXPIRED, STATUS_PENDING, STATUS_SUCCESS, STATUS_USER_SESSION_DELETED
from smb.session.credits import Credits
from smb.session.dialect import Dialect, FrameTooLong, Ticket
from smb.session.state import Connection, Session
from smb.smb2_constants import (
    SMB2_COM_CANCEL,
    SMB2_COM_CLOSE,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_COM_TREE_CONNECT,
    SMB2_COM_WRITE,
    SMB2_COMMAND_NAMES,
    SMB2_DIALECT_2,
    SMB2_DIALECT_311,
    SMB2_FLAGS_ASYNC_COMMAND,
    SMB2_FLAGS_RELATED_OPERATIONS,
    SMB2_FLAGS_SERVER_TO_REDIR,
    SMB2_FLAGS_SIGNED,
    SMB2_PROTOCOL_ID,
    SMB2_TRANSFORM_PROTOCOL_ID,
)
from smb.wire.memory import SMALL_LENGTH
from smb.wire.values import padding

if TYPE_CHECKING:
    from smb.wire.structure import Buffer

NO_SIGNATURE = bytes(16)
HASHED_COMMANDS = (SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP)
BULK_COMMANDS = (SMB2_COM_READ, SMB2_COM_WRITE)


class SMB2Dialect(Dialect):
    """SMB2 as it is spoken on one connection."""

    CLOSE = SMB2_COM_CLOSE
    connection: Connection

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, Session())
        self._sealed = bytearray()  # the last message that was sealed; it has been sent before the next one is

    # 3.2.4.1 Sending any outgoing message

    def charge(self, request: SMB2Request) -> int:
        return Credits.charge_for(request.payload_size()) if self.connection.supports_multi_credit else 1

    def encode(self, tickets: Sequence[Ticket]) -> list[Buffer]:
        messages: list[Buffer] = []
        sealed = self._seals(tickets[0])
        # Before the first one is numbered: what cannot be packed leaves nothing behind.
        packed = [ticket.request.pack_parts() for ticket in tickets]
        length = sum(HEADER_SIZE + 8 + sum(map(len, parts)) for parts in packed) + TRANSFORM_HEADER_SIZE
        if length > self.longest_frame:
            raise FrameTooLong(f'{length} bytes do not fit into a frame of {self.longest_frame}')
        for index, (ticket, parts) in enumerate(zip(tickets, packed, strict=True)):
            last = index == len(tickets) - 1
            messages += self._encode_one(ticket, parts, related=index > 0, last=last, sealed=sealed)
        return self._seal(self.session, messages) if sealed else messages

    def undo(self, ticket: Ticket) -> SMB2Request | None:
        if ticket.session is not self.session or not isinstance(ticket.reply.payload, SMB2CreateResponse):
            return None
        last = ticket.group[-1] if ticket.group else ticket
        if last.request.COMMAND == SMB2_COM_CLOSE and (last.reply is None or last.reply.status == STATUS_SUCCESS):
            return None
        return SMB2CloseRequest(file_id=ticket.reply.payload.file_id)

    def echo_request(self, data: Any) -> SMB2EchoRequest:
        return SMB2EchoRequest()

    def echoed(self, reply: SMB2Message, data: Any) -> Any:
        # 2.2.28: the message has no room for it.
        return data

    def _seals(self, ticket: Ticket) -> bool:
        # 3.2.4.1.8 Encrypting the message
        if self.session.sealer is None:
            return False
        return self.session.encrypt_data or (ticket.tree is not None and ticket.tree.encrypt_data)

    def _signs(self, ticket: Ticket) -> bool:
        # 3.2.4.1.1 Signing the message; at 3.1.1 TREE_CONNECT is signed wherever there is a key
        if not self.session.has_keys:
            return False
        if self.session.signing_required or ticket.sign_always:
            return True
        return ticket.request.COMMAND == SMB2_COM_TREE_CONNECT and self.connection.dialect == SMB2_DIALECT_311

    def _encode_one(
        self, ticket: Ticket, parts: list[Buffer], *, related: bool, last: bool, sealed: bool
    ) -> list[Buffer]:
        request = ticket.request
        charge = ticket.charge
        length = HEADER_SIZE + sum(map(len, parts))
        if not last:
            parts.append(padding(length, 8))
            length += len(parts[-1])
        ticket.session = self.session
        ticket.sealed = sealed
        ticket.signed = not sealed and self._signs(ticket)
        header = SMB2Header(
            credit_charge=0 if self.connection.dialect <= SMB2_DIALECT_2 else charge,
            command=request.COMMAND,
            credits=self.credits.wish(charge),
            flags=(SMB2_FLAGS_RELATED_OPERATIONS if related else 0) | (SMB2_FLAGS_SIGNED if ticket.signed else 0),
            next_command=0 if last else length,
            message_id=self.credits.take(charge),
            tree_id=ticket.tree.tree_id if ticket.tree else 0,
            session_id=self.session.session_id,
        )
        if ticket.signed:
            header.signature = _sign(self.session, header, parts)
        packed: list[Buffer] = [header.pack(), *parts]
        if request.COMMAND in HASHED_COMMANDS:
            ticket.sent = packed
        ticket.message = SMB2Message(header, request, tuple(packed))
        self.outstanding[header.message_id] = ticket
        if request.COMMAND not in BULK_COMMANDS:
            self.history.append(_without_secrets(ticket.message))
        return packed

    def encode_cancel(self, ticket: Ticket) -> list[Buffer]:
        # 3.2.4.24: for a request that is still running; it takes no credit.
        session = ticket.session
        assert ticket.message is not None and session is not None
        header = SMB2Header(
            command=SMB2_COM_CANCEL, message_id=ticket.message.header.message_id, session_id=session.session_id
        )
        if ticket.interim is not None:
            header.flags |= SMB2_FLAGS_ASYNC_COMMAND
            header.reserved, header.tree_id = ticket.interim.reserved, ticket.interim.tree_id
        body: list[Buffer] = [SMB2CancelRequest().pack()]
        if not ticket.sealed and session.signing_required:
            header.flags |= SMB2_FLAGS_SIGNED
            header.signature = _sign(session, header, body)
        message: list[Buffer] = [header.pack(), *body]
        return self._seal(session, message) if ticket.sealed else message

    def _seal(self, session: Session, message: Sequence[Buffer]) -> list[Buffer]:
        # 3.1.4.3 Encrypting the message
        assert session.sealer is not None
        nonce = session.sealer.next_nonce()
        transform = SMB2TransformHeader(
            nonce=nonce,
            original_message_size=sum(map(len, message)),
            flags=1,
            session_id=session.session_id,
        )
        needed = transform.original_message_size + EXTRA_ROOM
        if len(self._sealed) < needed:
            self._sealed = bytearray(needed)
        ciphertext, transform.signature = session.sealer.encrypt(
            nonce, transform.associated_data(), message, self._sealed
        )
        return [transform.pack(), ciphertext]

    # 3.2.5.1 Receiving any message

    def receive(self, frame: memoryview) -> list[Ticket]:
        try:
            return self._receive(frame)
        except ProtocolError as error:
            if any(ticket.request.COMMAND == SMB2_COM_SESSION_SETUP for ticket in self.outstanding.values()):
                error.data_buf = None  # no token of a sign-on is shown
            raise

    def _receive(self, frame: memoryview) -> list[Ticket]:
        protocol_id = bytes(frame[:4])
        decrypted = protocol_id == SMB2_TRANSFORM_PROTOCOL_ID
        if decrypted:
            frame = self._unseal(frame)
        elif protocol_id != SMB2_PROTOCOL_ID:
            raise SMB2ProtocolHeaderError(
                f'The server sent a message that is not SMB2 (it begins with {protocol_id.hex()})', bytes(frame[:64])
            )
        messages = split_compound(frame)
        answered = []
        for message in messages:
            ticket = self._match(message, decrypted)
            if ticket is not None:
                ticket.frame = frame if len(messages) == 1 else None
                answered.append(ticket)
        return answered

    def _unseal(self, frame: memoryview) -> memoryview:
        # 3.2.5.1.1 Decrypting the message
        transform = SMB2TransformHeader.unpack(frame)
        session = self._session(transform.session_id)
        if session is None:
            raise ProtocolError(
                f'The server sealed a message for session 0x{transform.session_id:016X}, which is not ours',
                bytes(frame[:64]),
            )
        if session.sealer is None:
            raise ProtocolError('The server sent a sealed message on a session without encryption', bytes(frame[:64]))
        if transform.flags != 1:
            raise ProtocolError(
                f'The server sealed a message with flags 0x{transform.flags:04X} instead of 1', bytes(frame[:64])
            )
        ciphertext = frame[SMB2TransformHeader.fixed_size() :]
        if transform.original_message_size != len(ciphertext):
            raise ProtocolError(
                f'A sealed message of {len(ciphertext)} bytes says that it has {transform.original_message_size}',
                bytes(frame[:64]),
            )
        memory = self.memory.take(len(ciphertext) + EXTRA_ROOM if len(ciphertext) > SMALL_LENGTH else 0)
        associated_data = transform.associated_data()
        plain = session.sealer.decrypt(transform.nonce, associated_data, ciphertext, transform.signature, memory)
        # The sealed bytes are done with, and so is the memory where it was not used; small messages come as new ones.
        ciphertext.release()
        self.memory.release(frame)
        if plain.obj is not memory.obj:
            self.memory.release(memory)
        if plain[:4] != SMB2_PROTOCOL_ID:
            raise ProtocolError('What the server sealed is not an SMB2 message', bytes(plain[:64]))
        return plain

    def _session(self, session_id: int) -> Session | None:
        """Our session of this id: the present one, or one that has ended and still owes answers."""
        if self.session.session_id == session_id:
            return self.session
        sessions = (ticket.session for ticket in self.outstanding.values())
        return next((session for session in sessions if session and session.session_id == session_id), None)

    def _match(self, message: memoryview, decrypted: bool) -> Ticket | None:
        """The ticket that a message answers finally; None for an interim answer."""
        header = SMB2Header.unpack(message)
        name = SMB2_COMMAND_NAMES.get(header.command, f'0x{header.command:04X}')
        if header.structure_size != HEADER_SIZE:
            raise ProtocolError(
                f'The server sent a header with StructureSize {header.structure_size} instead of 64',
                header.pack(),
            )
        if not header.flags & SMB2_FLAGS_SERVER_TO_REDIR:
            raise ProtocolError(f'The server sent a request ({name}) instead of an answer', header.pack())
        # 3.2.5.1.2 Finding the application request for this response
        ticket = self.outstanding.get(header.message_id)
        if ticket is None or ticket.session is None:
            raise ProtocolError(
                f'The server answered message id {header.message_id} ({name}), which is not outstanding',
                header.pack(),
            )
        if header.command != ticket.request.COMMAND:
            raise ProtocolError(
                f'The server answered {SMB2_COMMAND_NAMES.get(ticket.request.COMMAND)} with {name}',
                header.pack(),
            )
        self._check_session(header, ticket.session)
        interim = header.status == STATUS_PENDING and bool(header.flags & SMB2_FLAGS_ASYNC_COMMAND)
        # 3.2.5.1.3 Verifying the signature
        if not decrypted:
            self._verify(header, message, ticket, ticket.session, interim)
        # 3.2.5.1.4 Granting message credits
        self.credits.grant(header.credits)
        # 3.2.5.1.5 Handling asynchronous responses
        if interim:
            if ticket.interim is not None:
                raise ProtocolError(f'The server announced twice that {name} takes longer', header.pack())
            ticket.interim = header
            return None
        if (
            ticket.interim is not None
            and header.flags & SMB2_FLAGS_ASYNC_COMMAND
            and header.async_id != ticket.interim.async_id
        ):
            raise ProtocolError(f'The server ended {name} under another AsyncId than it began', header.pack())
        if header.command in HASHED_COMMANDS:
            ticket.received = message
        ticket.reply = self._decode(header, message, ticket)
        del self.outstanding[header.message_id]
        self.credits.settle(ticket.charge)
        return ticket

    @staticmethod
    def _check_session(header: SMB2Header, session: Session) -> None:
        expected = session.session_id
        # The answer to a sign-on's first request brings the session id.
        if header.session_id != expected and not (expected == 0 and header.command == SMB2_COM_SESSION_SETUP):
            raise ProtocolError(
                f'The server answered for session 0x{header.session_id:016X}, which is not ours', header.pack()
            )

    def _verify(self, header: SMB2Header, message: memoryview, ticket: Ticket, session: Session, interim: bool) -> None:
        name = SMB2_COMMAND_NAMES.get(header.command)
        if ticket.sealed:
            raise ProtocolError(f'The server answered a sealed {name} with a plain message', header.pack())
        if interim or not session.has_keys:
            return
        if header.flags & SMB2_FLAGS_SIGNED:
            verify_signature(session, header, message)
        elif ticket.signed:
            if header.status in (STATUS_USER_SESSION_DELETED, STATUS_NETWORK_SESSION_EXPIRED):
                status = ntstatus.describe(header.status)
                raise NotConnectedError(f'The server ended the session, in an answer that is not signed ({status})')
            raise ProtocolError(f'The answer to a signed {name} is not signed', header.pack())

    def _decode(self, header: SMB2Header, message: memoryview, ticket: Ticket) -> SMB2Message:
        payload = self._payload(header, message[HEADER_SIZE:], ticket)
        reply = SMB2Message(header, payload, (message,))
        if ticket.abandoned or ticket.detached:
            # It answers an operation that is over.
            return reply
        if header.command not in BULK_COMMANDS:
            self.history.append(_without_secrets(reply))
        elif isinstance(payload, SMB2ErrorResponse):
            assert ticket.message is not None
            # The caller's buffer behind a write will be filled anew.
            ticket.message.freeze()
            reply.freeze()
            self.history += (ticket.message, reply)
        return reply

    @staticmethod
    def _payload(header: SMB2Header, body: memoryview, ticket: Ticket) -> SMB2Response:
        response: type[SMB2Response] = ticket.request.RESPONSE
        if header.status == STATUS_SUCCESS:
            return response.unpack(body)
        # QUERY_DIRECTORY, QUERY_INFO and SESSION_SETUP have the StructureSize of ERROR: there the status alone decides.
        if (
            header.status in ticket.request.DATA_STATUSES
            and int.from_bytes(body[:2], 'little') == response.STRUCTURE_SIZE
        ):
            return response.unpack(body)
        return SMB2ErrorResponse.unpack(body)


def verify_signature(session: Session, header: SMB2Header, message: memoryview) -> None:
    """Raise ProtocolError unless the signature of an answer is the one that the session's key gives."""
    assert session.signer is not None
    parts: list[Buffer] = [message[:SIGNATURE_OFFSET], NO_SIGNATURE, message[HEADER_SIZE:]]
    if not session.signer.verify(header.signature, parts, header.message_id, is_response=True, is_cancel=False):
        raise ProtocolError(
            f'The answer to {SMB2_COMMAND_NAMES.get(header.command)} has a wrong signature', header.pack()
        )


def _sign(session: Session, header: SMB2Header, body: Sequence[Buffer]) -> bytes:
    assert session.signer is not None
    is_cancel = header.command == SMB2_COM_CANCEL
    return session.signer.sign([header.pack(), *body], header.message_id, is_response=False, is_cancel=is_cancel)


def _without_secrets(message: SMB2Message) -> SMB2Message:
    """The message as it may be shown: the security buffer of SESSION_SETUP, which holds sign-on answers, is zeros."""
    payload = message.payload
    if not isinstance(payload, (SMB2SessionSetupRequest, SMB2SessionSetupResponse)):
        return message
    data = bytearray(message.raw_data)
    begin, length = payload.security_buffer_offset, payload.security_buffer_length
    data[begin : begin + length] = bytes(length)
    return SMB2Message(message.header, type(payload).unpack(bytes(data[HEADER_SIZE:])), (bytes(data),))
