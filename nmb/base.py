"""NetBIOS sessions without a socket: feed the bytes that arrive, get the frames in them."""

from __future__ import annotations

import logging

from nmb.nmb_constants import *
from nmb.nmb_constants import (
    NEGATIVE_SESSION_RESPONSE,
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

SESSION_RESPONSES = (POSITIVE_SESSION_RESPONSE, NEGATIVE_SESSION_RESPONSE, REGTARGET_SESSION_RESPONSE)


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
            frame_type, length = unpack_header(self._received)
            if frame_type != SESSION_KEEPALIVE and (frame_type in SESSION_RESPONSES) != self._awaits_response:
                raise NMBError(f'A NetBIOS packet of type {frame_type:#04x} arrived, which is not due')
            if len(self._received) < HEADER_LENGTH + length:
                return
            flags = self._received[1]
            payload = bytes(self._received[HEADER_LENGTH : HEADER_LENGTH + length])
            # Before the call, which may raise, or feed more bytes itself
            del self._received[: HEADER_LENGTH + length]
            self._dispatch(frame_type, flags, payload)

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
