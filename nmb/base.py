"""NetBIOS without a socket: the packets of the name service, and sessions that are fed the bytes that arrive."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from nmb import nmb_constants
from nmb.nmb_constants import *
from nmb.nmb_constants import (
    NEGATIVE_SESSION_RESPONSE,
    NS_BROADCAST,
    NS_CLASS_IN,
    NS_OPCODE,
    NS_RCODE,
    NS_RECURSION_DESIRED,
    NS_RESPONSE,
    NS_TRUNCATED,
    NS_TYPE_NB,
    NS_TYPE_NBSTAT,
    POSITIVE_SESSION_RESPONSE,
    REGTARGET_SESSION_RESPONSE,
    SESSION_KEEPALIVE,
    SESSION_MESSAGE,
    TYPE_SERVER,
)
from nmb.nmb_structs import (
    HEADER_LENGTH,
    describe_refusal,
    pack_message_header,
    pack_session_request,
    unpack_header,
    unpack_retarget,
)
from nmb.nmb_structs import NMBError as NMBError
from nmb.nmb_structs import NotConnectedError as NotConnectedError
from nmb.utils import ANY_NAME, NAME_LENGTH, decode_name, encode_name

if not TYPE_CHECKING:
    # What a star import gives. Type checkers cannot follow a computed list, and go by the imports.
    __all__ = [
        'NBNS', 'NMBError', 'NMBSession', 'NotConnectedError',
        *(name for name in vars(nmb_constants) if not name.startswith('_')),
    ]  # fmt: skip

NS_HEADER_LENGTH = 12
NS_RECORD_LENGTH = 10  # of what is between a record's name and its data
ADDRESS_ENTRY_LENGTH = 6
NAME_ENTRY_LENGTH = 18

SESSION_RESPONSES = (POSITIVE_SESSION_RESPONSE, NEGATIVE_SESSION_RESPONSE, REGTARGET_SESSION_RESPONSE)


class NBNS:
    """Name service packets: queries to send, and what answers to them say. [RFC1002] 4.2."""

    log = logging.getLogger('NMB.NBNS')

    def prepareNameQuery(
        self, transaction_id: int, name: str, is_broadcast: bool = True, name_type: int = TYPE_SERVER
    ) -> bytes:
        """A packet that asks for the addresses of a name, which goes out in upper case. [RFC1002] 4.2.12.

        Without ``is_broadcast`` it is for one node, which may be a name server.
        """
        flags = NS_RECURSION_DESIRED | (NS_BROADCAST if is_broadcast else 0)
        return _pack_query(transaction_id, flags, encode_name(name.upper(), name_type), NS_TYPE_NB)

    def prepareNetNameQuery(self, transaction_id: int, is_broadcast: bool = False) -> bytes:
        """A packet that asks a node for all of its names. [RFC1002] 4.2.17."""
        flags = NS_BROADCAST if is_broadcast else 0
        return _pack_query(transaction_id, flags, encode_name(ANY_NAME, 0), NS_TYPE_NBSTAT)

    def decodePacket(self, data: bytes) -> tuple[int, list[str] | None]:
        """Transaction id and addresses of an answer to a name query; None for the addresses: there is no such name.

        NMBError for everything else. [RFC1002] 4.2.13, 4.2.14.
        """
        transaction_id, flags, record_type, record = _unpack_answer(data)
        if flags & NS_RCODE:
            return transaction_id, None
        if record_type != NS_TYPE_NB or not record or len(record) % ADDRESS_ENTRY_LENGTH:
            raise NMBError('A name service packet has no addresses')
        entries = range(0, len(record), ADDRESS_ENTRY_LENGTH)
        return transaction_id, ['.'.join(map(str, record[start + 2 : start + 6])) for start in entries]

    def decodeIPQueryPacket(self, data: bytes) -> tuple[int, list[tuple[str, int, int]]]:
        """Transaction id and names of a node's answer; for each name its type and NAME_FLAGS.

        NMBError for everything else. [RFC1002] 4.2.18.
        """
        transaction_id, flags, record_type, record = _unpack_answer(data)
        if flags & NS_RCODE or record_type != NS_TYPE_NBSTAT or not record:
            raise NMBError('A name service packet has no names')
        count = record[0]
        if 1 + count * NAME_ENTRY_LENGTH > len(record):
            # A node that has more names than a datagram holds says so, and sends those that fit
            if not flags & NS_TRUNCATED:
                raise NMBError('A name service packet has fewer names than it says')
            count = (len(record) - 1) // NAME_ENTRY_LENGTH
        names = []
        for start in range(1, 1 + count * NAME_ENTRY_LENGTH, NAME_ENTRY_LENGTH):
            name = record[start : start + NAME_LENGTH].rstrip(b' \0').decode('cp850')
            name_type, name_flags = record[start + NAME_LENGTH], _word(record, start + NAME_LENGTH + 1)
            names.append((name, name_type, name_flags))
        return transaction_id, names


class NMBSession:
    """One NetBIOS session or Direct TCP connection; what moves the bytes is up to a subclass.

    A subclass gives :meth:`write`, calls :meth:`feedData` with the bytes that arrive and :meth:`requestNMBSession` once
    it is connected, and overrides the ``onNMBSession`` methods, which tell it what came of that.
    """

    log = logging.getLogger('NMB.NMBSession')

    def __init__(
        self, my_name: str, remote_name: str, host_type: int = TYPE_SERVER, is_direct_tcp: bool = False
    ) -> None:
        """``host_type`` is the type of ``remote_name``; Direct TCP needs neither of the names."""
        self.my_name = my_name.upper()
        self.remote_name = remote_name.upper()
        self.host_type = host_type
        self.is_direct_tcp = is_direct_tcp
        self._received = bytearray()
        self._awaits_response = False

    def write(self, data: bytes) -> None:
        """Send these bytes to the server; for a subclass to override."""
        raise NotImplementedError('A subclass of NMBSession has to say how bytes are sent')

    def onNMBSessionOK(self) -> None:
        """Called when messages can be sent; for a subclass to override."""

    def onNMBSessionFailed(self) -> None:
        """Called when the server refuses the session; for a subclass to override."""

    def onNMBSessionMessage(self, flags: int, data: bytes) -> None:
        """Called with each message, and with the second byte of its frame; for a subclass to override."""

    def requestNMBSession(self) -> None:
        """Ask the server for a session; in Direct TCP there is none, and onNMBSessionOK() follows at once."""
        if self.is_direct_tcp:
            self.onNMBSessionOK()
        else:
            self._awaits_response = True
            self.write(pack_session_request(self.remote_name, self.my_name, self.host_type))

    def sendNMBMessage(self, data: bytes) -> None:
        """Send one message; ValueError when a frame cannot hold it."""
        self.write(pack_message_header(len(data), self.is_direct_tcp) + data)

    def feedData(self, data: bytes | bytearray | memoryview) -> None:
        """Take bytes from the server, as many or few as there are, and call the method for each frame that is complete.

        Raises NMBError when the bytes are no frame or not the one that is due; from then on every call does.
        """
        self._received += data
        while len(self._received) >= HEADER_LENGTH:
            try:
                frame_type, length = self._due_frame()
            except NMBError:
                # It is wrong for ever, and what follows it is not looked at
                del self._received[HEADER_LENGTH:]
                raise
            if len(self._received) < HEADER_LENGTH + length:
                return
            flags = self._received[1]
            payload = bytes(self._received[HEADER_LENGTH : HEADER_LENGTH + length])
            # Before the call, which may raise, or feed more bytes itself
            del self._received[: HEADER_LENGTH + length]
            self._dispatch(frame_type, flags, payload)

    def _due_frame(self) -> tuple[int, int]:
        """Type and length of the frame that begins what was received."""
        frame_type, length = unpack_header(self._received)
        if frame_type != SESSION_KEEPALIVE and (frame_type in SESSION_RESPONSES) != self._awaits_response:
            raise NMBError(f'A NetBIOS packet of type {frame_type:#04x} arrived, which is not due')
        return frame_type, length

    def _dispatch(self, frame_type: int, flags: int, payload: bytes) -> None:
        if frame_type == SESSION_MESSAGE:
            self.onNMBSessionMessage(flags, payload)
        elif frame_type in SESSION_RESPONSES:
            self._awaits_response = False
            if frame_type == POSITIVE_SESSION_RESPONSE:
                self.onNMBSessionOK()
                return
            if frame_type == NEGATIVE_SESSION_RESPONSE:
                self.log.warning('NetBIOS session with %s refused: %s', self.remote_name, describe_refusal(payload))
            else:
                # Only what owns the socket could go there
                self.log.warning(
                    'NetBIOS session with %s refused: ask %s port %d', self.remote_name, *unpack_retarget(payload)
                )
            self.onNMBSessionFailed()


def _word(data: bytes, offset: int) -> int:
    return data[offset] << 8 | data[offset + 1]


def _pack_query(transaction_id: int, flags: int, encoded_name: bytes, question_type: int) -> bytes:
    """A packet with one question, [RFC1002] 4.2.1."""
    header = (transaction_id, flags, 1, 0, 0, 0)
    question = (question_type, NS_CLASS_IN)
    return b''.join(
        [*(word.to_bytes(2, 'big') for word in header), encoded_name, *(word.to_bytes(2, 'big') for word in question)]
    )


def _unpack_answer(data: bytes) -> tuple[int, int, int, bytes]:
    """Transaction id and flags of an answer to a query, type and data of its first record. [RFC1002] 4.2.1."""
    if len(data) < NS_HEADER_LENGTH:
        raise NMBError('A name service packet is shorter than its header')
    transaction_id, flags, question_count = _word(data, 0), _word(data, 2), _word(data, 4)
    if not flags & NS_RESPONSE or flags & NS_OPCODE:
        raise NMBError('A name service packet is no answer to a query')
    end = NS_HEADER_LENGTH
    try:
        # Answers have no question; some nodes send it back nevertheless
        if question_count:
            end = decode_name(data, end)[3] + 4
        end = decode_name(data, end)[3]
    except ValueError as error:
        raise NMBError(f'A name service packet has a record without a name: {error}') from error
    start = end + NS_RECORD_LENGTH
    if start > len(data):
        raise NMBError('A name service packet ends in its record')
    record = bytes(data[start : start + _word(data, start - 2)])
    if len(record) < _word(data, start - 2):
        raise NMBError('A name service packet ends in its record')
    return transaction_id, flags, _word(data, end), record
