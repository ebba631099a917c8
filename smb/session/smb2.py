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
    read_headers,
)
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest, SMB2SessionSetupResponse
from smb.messages.smb2.simple import SMB2CancelRequest, SMB2CloseRequest, SMB2EchoRequest, SMB2ErrorResponse
from smb.messages.smb2.transform import TRANSFORM_HEADER_SIZE, SMB2TransformHeader
from smb.ntstatus import STATUS_NETWORK_SESSION_EXPIRED, STATUS_PENDING, STATUS_SUCCESS, STATUS_USER_SESSION_DELETED
from smb.session.credits import CREDIT_BYTES, Credits
from smb.session.dialect import Dialect, FrameTooLong, Ticket
from smb.session.state import Connection, Session
from smb.smb2_constants import (
    SMB2_COM_CANCEL,
    SMB2_COM_CLOSE,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_COM_WRITE,
    SMB2_COMMAND_NAMES,
    SMB2_DIALECT_2,
    SMB2_FLAGS_ASYNC_COMMAND,
    SMB2_FLAGS_RELATED_OPERATIONS,
    SMB2_FLAGS_SERVER_TO_REDIR,
    SMB2_FLAGS_SIGNED,
    SMB2_PROTOCOL_ID,
    SMB2_TRANSFORM_PROTOCOL_ID,
)
from smb.wire.memory import SMALL_LENGTH

if TYPE_CHECKING:
    from smb.wire.structure import Buffer

NO_SIGNATURE = bytes(16)
PADDING = bytes(8)
HASHED_COMMANDS = (SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP)
BULK_COMMANDS = (SMB2_COM_READ, SMB2_COM_WRITE)


class SMB2Dialect(Dialect):
    """SMB2 as it is spoken on one connection."""

    CLOSE = SMB2_COM_CLOSE
    connection: Connection

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, Session())
        self._pack_header = SMB2Header.plan().fixed.pack
        self._sealed = bytearray()  # the last message that was sealed; it has been sent before the next one is

    # 3.2.4.1 Sending any outgoing message

    def charge(self, request: SMB2Request) -> int:
        size = request.payload_size()
        return Credits.charge_for(size) if size > CREDIT_BYTES and self.connection.supports_multi_credit else 1

    def encode(self, tickets: Sequence[Ticket]) -> list[Buffer]:
        # Before the first one is numbered: what cannot be packed leaves nothing behind.
        packed: list[tuple[Ticket, list[Buffer], int]] = []
        frame_length, last = TRANSFORM_HEADER_SIZE, tickets[-1]
        for ticket in tickets:
            parts, next_command = ticket.request.pack_parts(), 0
            length = HEADER_SIZE + sum(map(len, parts))
            if ticket is not last:
                if length % 8:
                    parts.append(PADDING[length % 8 :])
                    length += len(parts[-1])
                next_command = length
            frame_length += length
            packed.append((ticket, parts, next_command))
        if frame_length > self.longest_frame:
            raise FrameTooLong(f'{frame_length} bytes do not fit into a frame of {self.longest_frame}')
        sealed, flags = self._seals(last), 0
        messages: list[Buffer] = []
        for ticket, parts, next_command in packed:
            self._encode_one(ticket, parts, next_command, flags, sealed)
            messages += parts
            flags = SMB2_FLAGS_RELATED_OPERATIONS
        return self._seal(self.session, messages) if sealed else messages

    def undo(self, ticket: Ticket) -> SMB2Request | None:
        if ticket.session is not self.session or not isinstance(ticket.reply.payload, SMB2CreateResponse):
            return None
        last = ticket.group[-1] if ticket.group else ticket
        if last.request.COMMAND == SMB2_COM_CLOSE and last.reply.status == STATUS_SUCCESS:
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

    def _encode_one(self, ticket: Ticket, parts: list[Buffer], next_command: int, flags: int, sealed: bool) -> None:
        """Number a message and put its header before its other parts."""
        session, connection, command, charge = self.session, self.connection, ticket.request.COMMAND, ticket.charge
        # 3.2.4.1.1 Signing the message, where there is a key
        signer = session.signer if not sealed and (session.signing_required or ticket.sign_always) else None
        if signer is not None:
            flags |= SMB2_FLAGS_SIGNED
        message_id, wish = self.credits.take(charge)
        # What SMB2Header would pack, field by field
        header = self._pack_header(
            SMB2_PROTOCOL_ID,
            HEADER_SIZE,
            charge if connection.dialect > SMB2_DIALECT_2 else 0,
            0,
            command,
            wish,
            flags,
            next_command,
            message_id,
            0,
            ticket.tree.tree_id if ticket.tree is not None else 0,
            session.session_id,
            NO_SIGNATURE,
        )
        if signer is not None:
            signature = signer.sign([header, *parts], message_id, is_response=False, is_cancel=False)
            header = header[:SIGNATURE_OFFSET] + signature
        parts.insert(0, header)
        ticket.session, ticket.sealed, ticket.signed = session, sealed, signer is not None
        ticket.message = message = SMB2Message(None, ticket.request, parts)
        self.outstanding[message_id] = ticket
        if command in HASHED_COMMANDS:
            ticket.sent = parts
            self.history.append(_without_secrets(message))
        elif command not in BULK_COMMANDS:
            self.history.append(message)

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
            assert session.signer is not None
            header.signature = session.signer.sign(
                [header.pack(), *body], header.message_id, is_response=False, is_cancel=True
            )
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
        messages = read_headers(frame)
        answered = []
        for message, header in messages:
            ticket = self._match(message, header, decrypted)
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

    def _match(self, message: memoryview, header: tuple[Any, ...], decrypted: bool) -> Ticket | None:
        """The ticket that a message answers finally; None for an interim answer."""
        (
            _, structure_size, _, status, command, credits, flags, _,
            message_id, reserved, tree_id, session_id, signature,
        ) = header  # fmt: skip
        if structure_size != HEADER_SIZE:
            raise _wrong(message, f'The server sent a header with StructureSize {structure_size} instead of 64')
        if not flags & SMB2_FLAGS_SERVER_TO_REDIR:
            raise _wrong(message, f'The server sent a request ({_name(command)}) instead of an answer')
        # 3.2.5.1.2 Finding the application request for this response
        ticket = self.outstanding.get(message_id)
        if ticket is None or ticket.session is None:
            raise _wrong(
                message, f'The server answered message id {message_id} ({_name(command)}), which is not outstanding'
            )
        if command != ticket.request.COMMAND:
            raise _wrong(message, f'The server answered {_name(ticket.request.COMMAND)} with {_name(command)}')
        expected = ticket.session.session_id
        # The answer to a sign-on's first request brings the session id.
        if session_id != expected and not (expected == 0 and command == SMB2_COM_SESSION_SETUP):
            raise _wrong(message, f'The server answered for session 0x{session_id:016X}, which is not ours')
        is_async = flags & SMB2_FLAGS_ASYNC_COMMAND
        interim = status == STATUS_PENDING and is_async
        # 3.2.5.1.3 Verifying the signature
        if not decrypted:
            if ticket.sealed:
                raise _wrong(message, f'The server answered a sealed {_name(command)} with a plain message')
            if ticket.session.signer is not None and not interim:
                if flags & SMB2_FLAGS_SIGNED:
                    verify_signature(ticket.session, message, message_id, signature)
                elif ticket.signed:
                    raise _unsigned(message, command, status)
        # 3.2.5.1.4 Granting message credits
        self.credits.grant(credits)
        # 3.2.5.1.5 Handling asynchronous responses
        if interim:
            if ticket.interim is not None:
                raise _wrong(message, f'The server announced twice that {_name(command)} takes longer')
            ticket.interim = SMB2Header.unpack(message)
            return None
        if is_async and ticket.interim is not None and (reserved | tree_id << 32) != ticket.interim.async_id:
            raise _wrong(message, f'The server ended {_name(command)} under another AsyncId than it began')
        if command in HASHED_COMMANDS:
            ticket.received = message
        ticket.reply = self._decode(message, command, status, ticket)
        del self.outstanding[message_id]
        self.credits.settle(ticket.charge)
        return ticket

    def _decode(self, message: memoryview, command: int, status: int, ticket: Ticket) -> SMB2Message:
        body, request = message[HEADER_SIZE:], ticket.request
        payload = request.RESPONSE.unpack(body) if status == STATUS_SUCCESS else _error_payload(body, status, request)
        reply = SMB2Message(None, payload, (message,))
        reply.status = status
        if ticket.abandoned or ticket.detached:
            # It answers an operation that is over.
            return reply
        if command in HASHED_COMMANDS:
            self.history.append(_without_secrets(reply))
        elif command not in BULK_COMMANDS:
            self.history.append(reply)
        elif isinstance(payload, SMB2ErrorResponse):
            assert ticket.message is not None
            # The caller's buffer behind a write will be filled anew.
            ticket.message.freeze()
            reply.freeze()
            self.history += (ticket.message, reply)
        return reply


def verify_signature(session: Session, message: memoryview, message_id: int, signature: bytes) -> None:
    """Raise ProtocolError unless the signature of an answer is the one that the session's key gives."""
    assert session.signer is not None
    parts: list[Buffer] = [message[:SIGNATURE_OFFSET], NO_SIGNATURE, message[HEADER_SIZE:]]
    if not session.signer.verify(signature, parts, message_id, is_response=True, is_cancel=False):
        raise _wrong(message, f'The answer to {_name(SMB2Header.unpack(message).command)} has a wrong signature')


def _error_payload(body: memoryview, status: int, request: SMB2Request) -> SMB2Response:
    response = request.RESPONSE
    # QUERY_DIRECTORY, QUERY_INFO and SESSION_SETUP have the StructureSize of ERROR: there the status alone decides.
    if status in request.DATA_STATUSES and int.from_bytes(body[:2], 'little') == response.STRUCTURE_SIZE:
        return response.unpack(body)
    return SMB2ErrorResponse.unpack(body)


def _name(command: int) -> str:
    return SMB2_COMMAND_NAMES.get(command, f'0x{command:04X}')


def _wrong(message: memoryview, why: str) -> ProtocolError:
    return ProtocolError(why, bytes(message[:HEADER_SIZE]))


def _unsigned(message: memoryview, command: int, status: int) -> Exception:
    """What an answer without a signature means where there should be one."""
    if status in (STATUS_USER_SESSION_DELETED, STATUS_NETWORK_SESSION_EXPIRED):
        name = ntstatus.describe(status)
        return NotConnectedError(f'The server ended the session, in an answer that is not signed ({name})')
    return _wrong(message, f'The answer to a signed {_name(command)} is not signed')


def _without_secrets(message: SMB2Message) -> SMB2Message:
    """The message as it may be shown: the security buffer of SESSION_SETUP, which holds sign-on answers, is zeros."""
    payload = message.payload
    if not isinstance(payload, (SMB2SessionSetupRequest, SMB2SessionSetupResponse)):
        return message
    data = bytearray(message.raw_data)
    begin, length = payload.security_buffer_offset, payload.security_buffer_length
    data[begin : begin + length] = bytes(length)
    return SMB2Message(message.header, type(payload).unpack(bytes(data[HEADER_SIZE:])), (bytes(data),))
