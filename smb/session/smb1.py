"""Requests to frames and frames to answers, in SMB1: ids, signing, transactions that are answered in parts.

What [MS-CIFS] 3.2.4.1 does to a request before it is sent and 3.2.5.1 to an answer before it is believed stands here,
in that order; ``exchange.py`` decides when to send and when to wait.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hmac import compare_digest
from typing import TYPE_CHECKING, Any

from smb.crypto.signing import smb1_signature
from smb.errors import ProtocolError
from smb.messages.smb1.create import ComNTCreateAndxResponse
from smb.messages.smb1.dos_errors import to_ntstatus
from smb.messages.smb1.header import COMMAND_NAMES, HEADER_SIZE, SIGNATURE_OFFSET, SMBHeader, SMBMessage
from smb.messages.smb1.payload import ComErrorResponse
from smb.messages.smb1.simple import ComCloseRequest, ComEchoRequest, ComFindClose2Request, ComNTCancelRequest
from smb.messages.smb1.status import SMBError
from smb.messages.smb1.transaction import Reassembly, TransactionRequest, TransactionResponse
from smb.messages.smb1.transaction2 import Trans2FindFirst2Request, Trans2FindFirst2Response
from smb.ntstatus import STATUS_SUCCESS
from smb.session.dialect import Dialect, FrameTooLong, Ticket
from smb.session.state import Connection, Session
from smb.smb_constants import (
    NEGOTIATE_SECURITY_SIGNATURES_ENABLE,
    NEGOTIATE_SECURITY_SIGNATURES_REQUIRE,
    SMB1_PROTOCOL_ID,
    SMB_COM_CLOSE,
    SMB_COM_NEGOTIATE,
    SMB_COM_NT_CANCEL,
    SMB_COM_READ_ANDX,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_COM_WRITE_ANDX,
    SMB_FLAGS2_EXTENDED_SECURITY,
    SMB_FLAGS2_IS_LONG_NAME,
    SMB_FLAGS2_LONG_NAMES,
    SMB_FLAGS2_NT_STATUS,
    SMB_FLAGS2_REPARSE_PATH,
    SMB_FLAGS2_SMB_SECURITY_SIGNATURE,
    SMB_FLAGS2_UNICODE,
    SMB_FLAGS_CANONICALIZED_PATHS,
    SMB_FLAGS_CASE_INSENSITIVE,
    SMB_FLAGS_REPLY,
)

if TYPE_CHECKING:
    from smb.messages.smb1.payload import SMB1Payload, SMB1Request
    from smb.wire.structure import Buffer

SIGNATURE_END = SIGNATURE_OFFSET + 8
NO_SIGNATURE = bytes(8)
SIGNATURE_MODES = NEGOTIATE_SECURITY_SIGNATURES_ENABLE | NEGOTIATE_SECURITY_SIGNATURES_REQUIRE
UNSIGNED = (bytes(8), b'BSRSPYL ')  # the second while there is no key yet, [MS-SMB] 2.2.3.1
NO_MID = 0xFFFF  # servers break oplocks under it, [MS-CIFS] 2.2.3.1
BULK_COMMANDS = (SMB_COM_READ_ANDX, SMB_COM_WRITE_ANDX)

_HEADER = SMBHeader.plan().fixed


class SMB1Connection(Connection):
    """What NEGOTIATE settled, [MS-CIFS] 3.2.1.2; sizes in bytes."""

    dialect = 0x0100  # NT LM 0.12 has no number on the wire
    max_transact_size = max_read_size = max_write_size = 0  # fields of SMB2 only
    max_mpx_count = 1  # requests that may be outstanding
    session_key = 0  # goes back with SESSION_SETUP_ANDX
    challenge = b''  # without extended security
    native_lan_man = ''  # what the server calls itself
    uses_extended_security = True
    # Until the server has answered, what we have is shown, and what it needs is sent.
    is_unicode = True
    uses_nt_status = True

    def __init__(self) -> None:
        super().__init__(bytes(16))

    @property
    def can_sign(self) -> bool:
        """Whether the server signs where it is asked to."""
        return bool(self.server_security_mode & SIGNATURE_MODES)

    @property
    def requires_signing(self) -> bool:
        """Whether the server demands that every request be signed."""
        return bool(self.server_security_mode & NEGOTIATE_SECURITY_SIGNATURES_REQUIRE)

    def has(self, capability: int) -> bool:
        """Whether the server has CAP_..."""
        return bool(self.server_capabilities & capability)


class SMB1Dialect(Dialect):
    """SMB1 as it is spoken on one connection."""

    CLOSE = SMB_COM_CLOSE
    connection: SMB1Connection

    def __init__(self, connection: SMB1Connection) -> None:
        super().__init__(connection, Session())
        self.signing_key = b''  # MAC key, 3.1.1.1; empty while nothing is signed
        self.next_sequence = 0  # of the next request that is signed
        self._pid = os.getpid() & 0xFFFF

    def sign_from_now_on(self, key: bytes) -> None:
        """Sign every request and verify every answer; the last SESSION_SETUP and its answer were numbers 0 and 1."""
        self.signing_key, self.next_sequence = key, 2
        self.session.signing_required = True

    def sign_no_more(self) -> None:
        """Take back ``sign_from_now_on``, before anything was signed."""
        self.signing_key = b''
        self.session.signing_required = False

    # 3.2.4.1 Sending any message

    def charge(self, request: SMB1Request) -> int:
        return 1

    def may_send(self, tickets: Sequence[Ticket]) -> bool:
        if not super().may_send(tickets):
            return False
        (ticket,) = tickets
        if ticket.request.COMMAND != SMB_COM_CLOSE:
            return True
        # Samba hangs up where a file is closed that is still being read or written.
        fid = ticket.request.fid
        return all(getattr(other.request, 'fid', None) != fid for other in self.outstanding.values())

    def encode(self, tickets: Sequence[Ticket]) -> list[Buffer]:
        (ticket,) = tickets
        request: SMB1Request = ticket.request
        request.is_unicode = self.connection.is_unicode
        parts = request.pack_parts()
        if HEADER_SIZE + sum(map(len, parts)) > self.longest_frame:
            raise FrameTooLong(f'A request does not fit into a frame of {self.longest_frame} bytes')
        ticket.session, ticket.uid = self.session, self.session.session_id
        ticket.signed = bool(self.signing_key)
        mid = self._next_mid()
        if ticket.signed:
            ticket.sequence, self.next_sequence = self.next_sequence, self.next_sequence + 2
        header = self._header(request.COMMAND, mid, ticket, parts, ticket.sequence)
        packed: list[Buffer] = [header, *parts]
        ticket.message = message = SMBMessage(None, request, tuple(packed))
        if isinstance(request, TransactionRequest):
            ticket.assembly = Reassembly(request)
        self.outstanding[mid] = ticket
        if request.COMMAND not in BULK_COMMANDS:
            self.history.append(_without_secrets(message, request.COMMAND))
        return packed

    def _next_mid(self) -> int:
        """A number that no request has that is under way."""
        mid = self.credits.take(1)[0] & 0xFFFF
        while mid in self.outstanding or mid in (0, NO_MID):
            self.credits.next_message_id += 1
            mid = self.credits.next_message_id & 0xFFFF
        return mid

    def _header(self, command: int, mid: int, ticket: Ticket, parts: Sequence[Buffer], sequence: int) -> bytes:
        """The header before these parts, signed under ``sequence`` where the ticket is to be signed."""
        connection = self.connection
        flags2 = SMB_FLAGS2_LONG_NAMES | SMB_FLAGS2_IS_LONG_NAME
        flags2 |= SMB_FLAGS2_UNICODE if connection.is_unicode else 0
        flags2 |= SMB_FLAGS2_NT_STATUS if connection.uses_nt_status else 0
        flags2 |= SMB_FLAGS2_EXTENDED_SECURITY if connection.uses_extended_security else 0
        flags2 |= SMB_FLAGS2_SMB_SECURITY_SIGNATURE if ticket.signed or ticket.sign_always else 0
        flags2 |= SMB_FLAGS2_REPARSE_PATH if ticket.request.is_of_snapshot else 0
        # What SMBHeader would pack, field by field
        header = _HEADER.pack(
            SMB1_PROTOCOL_ID,
            command,
            0,
            SMB_FLAGS_CASE_INSENSITIVE | SMB_FLAGS_CANONICALIZED_PATHS,
            flags2,
            0,
            sequence.to_bytes(8, 'little') if ticket.signed else NO_SIGNATURE,
            0,
            ticket.tree.tree_id if ticket.tree else 0,
            self._pid,
            self.session.session_id,
            mid,
        )
        if not ticket.signed:
            return header
        # 3.1.4.1: the number stands where the signature will.
        signature = smb1_signature(self.signing_key, [header, *parts])
        return header[:SIGNATURE_OFFSET] + signature + header[SIGNATURE_END:]

    def encode_cancel(self, ticket: Ticket) -> list[Buffer]:
        # 2.2.4.65: the ids are those of the request that is to end. It has no answer, and so takes one number only.
        parts: list[Buffer] = list(ComNTCancelRequest().pack_parts())
        header = self._header(SMB_COM_NT_CANCEL, ticket.message.mid, ticket, parts, self.next_sequence)
        if ticket.signed:
            self.next_sequence += 1
        return [header, *parts]

    # 3.2.5.1 Receiving any message

    def receive(self, frame: memoryview) -> list[Ticket]:
        try:
            ticket = self._receive(frame)
        except ProtocolError as error:
            if any(ticket.request.COMMAND == SMB_COM_SESSION_SETUP_ANDX for ticket in self.outstanding.values()):
                error.data_buf = None  # no token of a sign-on is shown
            raise
        return [] if ticket is None else [ticket]

    def _receive(self, frame: memoryview) -> Ticket | None:
        """The ticket that a message answers finally; None when more of the answer is to come."""
        if frame[:4] != SMB1_PROTOCOL_ID:
            begin = bytes(frame[:4]).hex()
            raise ProtocolError(
                f'The server sent a message that is not SMB1 (it begins with {begin})', bytes(frame[:64])
            )
        if len(frame) < HEADER_SIZE:
            raise ProtocolError(f'An SMB1 header takes {HEADER_SIZE} bytes, {len(frame)} are there', bytes(frame))
        _, command, status, flags, flags2, pid_high, _, _, _, pid_low, uid, mid = _HEADER.unpack_from(frame)
        if not flags & SMB_FLAGS_REPLY:
            raise _wrong(frame, f'The server sent a request ({_name(command)}) instead of an answer')
        ticket = self.outstanding.get(mid)
        if ticket is None:
            raise _wrong(frame, f'The server answered message id {mid} ({_name(command)}), which is not outstanding')
        if command != ticket.request.COMMAND:
            raise _wrong(frame, f'The server answered {_name(ticket.request.COMMAND)} with {_name(command)}')
        if pid_high or pid_low != self._pid:
            raise _wrong(frame, f'The server answered {_name(command)} for another process than ours')
        # The answer to a sign-on's first request brings the session id.
        if uid != ticket.uid and not (ticket.uid == 0 and command == SMB_COM_SESSION_SETUP_ANDX):
            raise _wrong(frame, f'The server answered for session {uid}, which is not ours')
        if ticket.signed:
            self.verify_signature(frame, ticket.sequence + 1)
        if command in (SMB_COM_NEGOTIATE, SMB_COM_SESSION_SETUP_ANDX):
            ticket.received = frame
        if status != STATUS_SUCCESS:
            status = to_ntstatus(SMBError(status, bool(flags2 & SMB_FLAGS2_NT_STATUS)))
        return self._finish(frame, status, bool(flags2 & SMB_FLAGS2_UNICODE), mid, ticket)

    def verify_signature(self, frame: memoryview, sequence: int) -> None:
        """Raise ProtocolError unless an answer is signed, under this number, with our key; 3.2.5.1."""
        number = sequence.to_bytes(8, 'little')
        expected = smb1_signature(self.signing_key, [frame[:SIGNATURE_OFFSET], number, frame[SIGNATURE_END:]])
        if not compare_digest(frame[SIGNATURE_OFFSET:SIGNATURE_END], expected):
            header = SMBHeader.unpack(frame)
            name = _name(header.command)
            if not is_signed(header):
                raise _wrong(frame, f'The answer to a signed {name} is not signed')
            raise _wrong(frame, f'The answer to {name} has a wrong signature')

    def _finish(self, frame: memoryview, status: int, is_unicode: bool, mid: int, ticket: Ticket) -> Ticket | None:
        payload = ticket.request.unpack_response(status, frame[HEADER_SIZE:], is_unicode)
        if isinstance(payload, TransactionResponse):
            if not ticket.assembly.add(payload):
                return None
            payload.setup = ticket.assembly.setup
            payload.parameters, payload.data = ticket.assembly.parameters, ticket.assembly.data
            ticket.assembly = None
        reply = SMBMessage(None, payload, (frame,))
        reply.ntstatus = status
        ticket.reply, ticket.frame = reply, frame
        del self.outstanding[mid]
        self.credits.settle(1)
        self.credits.grant(1)
        self._keep(ticket, reply)
        return ticket

    def _keep(self, ticket: Ticket, reply: SMBMessage) -> None:
        """Have the answer in the history of the operation that runs."""
        if ticket.abandoned or ticket.detached:
            return
        if ticket.request.COMMAND not in BULK_COMMANDS:
            self.history.append(_without_secrets(reply, ticket.request.COMMAND))
        elif isinstance(reply.payload, ComErrorResponse):
            # The caller's buffer behind a write will be filled anew.
            ticket.message.freeze()
            reply.freeze()
            self.history += (ticket.message, reply)

    def undo(self, ticket: Ticket) -> SMB1Request | None:
        payload: SMB1Payload = ticket.reply.payload
        if isinstance(payload, ComNTCreateAndxResponse):
            return ComCloseRequest(fid=payload.fid)
        request = ticket.request
        begins_search = isinstance(getattr(request, 'parameters', None), Trans2FindFirst2Request)
        if begins_search and isinstance(payload, TransactionResponse):
            found = Trans2FindFirst2Response.unpack(payload.parameters)
            return None if found.end_of_search else ComFindClose2Request(search_handle=found.sid)
        return None

    def echo_request(self, data: Any) -> ComEchoRequest:
        return ComEchoRequest(data=bytes(memoryview(data)))

    def echoed(self, reply: SMBMessage, data: Any) -> Any:
        if reply.payload.data != bytes(memoryview(data)):
            raise ProtocolError('The server answered ECHO with other data than it was sent', smb_message=reply)
        return data


def is_signed(header: SMBHeader) -> bool:
    """Whether a message has a signature, right or wrong."""
    has_flag = header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE
    return bool(has_flag) and header.security_features not in UNSIGNED


def _name(command: int) -> str:
    return COMMAND_NAMES.get(command, f'0x{command:02X}')


def _wrong(frame: memoryview, why: str) -> ProtocolError:
    return ProtocolError(why, bytes(frame[:HEADER_SIZE]))


def _without_secrets(message: SMBMessage, command: int) -> SMBMessage:
    """The message as it may be shown: what SESSION_SETUP carries of a sign-on is zeros."""
    if command != SMB_COM_SESSION_SETUP_ANDX:
        return message
    payload = message.payload.without_secrets()
    return SMBMessage(message.header, payload, (message.header.pack(), payload.pack()))
