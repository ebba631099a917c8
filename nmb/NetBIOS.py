"""The client of the NetBIOS name service: names to addresses and back, over UDP. [RFC1002] 4.2 and 5.1."""

from __future__ import annotations

import logging
import secrets
import socket
import time
from collections.abc import Iterator
from types import TracebackType

from nmb.base import NBNS, NMBError
from nmb.base import NotConnectedError as NotConnectedError
from nmb.nmb_constants import TYPE_SERVER

MAX_DATAGRAM_LENGTH = 0xFFFF
LIMITED_BROADCAST = '255.255.255.255'
THIS_MACHINE = '127.0.0.1'

# [RFC1002] 6: datagrams get lost, so a query is sent this often, with these seconds in between
SEND_COUNT = 3
BROADCAST_INTERVAL_SECONDS = 0.25
UNICAST_INTERVAL_SECONDS = 5.0

# A little less than what a socket's timeout can be; a longer wait is made of several
LONGEST_WAIT_SECONDS = 3600.0


class NetBIOS(NBNS):
    """A UDP socket that asks for names and addresses, from the start until :meth:`close`.

    It can be used in a ``with`` block, which closes it.

    :param bool broadcast: whether queries may go to everybody on the local network
    :param int listen_port: the local port for answers; 0 takes any free one
    :raises OSError: the port is taken, or not ours to take
    """

    log = logging.getLogger('NMB.NetBIOS')

    def __init__(self, broadcast: bool = True, listen_port: int = 0) -> None:
        self.broadcast = broadcast
        self.sock: socket.socket | None = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            if broadcast:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if listen_port:
                self.sock.bind(('', listen_port))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> NetBIOS:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; once more does nothing."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()

    def write(self, data: bytes, ip: str, port: int) -> None:
        """Send one datagram.

        :raises nmb.nmb_structs.NotConnectedError: the object was closed
        """
        self._open_socket().sendto(data, (ip, port))

    def queryName(self, name: str, ip: str = '', port: int = 137, timeout: float | None = 30) -> list[str] | None:
        """The IPv4 addresses of the machine whose server service has that name, as dotted text.

        :param str name: in any case; 15 characters at most are sent, in upper case
        :param str ip: whom to ask: a name server, a machine, or a broadcast address; ``''`` asks everybody on the
            local network, or only this machine where *broadcast* is False
        :param float timeout: seconds until None is the answer, whatever else arrives; None: no limit
        :returns: a list that is not empty; None when nobody answers, and at once when the one machine that was asked
            knows no such name
        :raises OSError: the query cannot be sent
        :raises nmb.nmb_structs.NotConnectedError: the object was closed
        """
        if not ip and not self.broadcast:
            self.log.warning('queryName: no address to ask, and broadcast is False: only this machine is asked')
        target, is_broadcast = self._target(ip, port)
        transaction_id = secrets.randbits(16)
        query = self.prepareNameQuery(transaction_id, name, is_broadcast)
        for data in self._replies(query, target, is_broadcast, timeout):
            try:
                answered_id, addresses = self.decodePacket(data)
            except NMBError as error:
                self.log.debug('Skipped: %s', error)
                continue
            # Of everybody somebody else may know the name
            if answered_id == transaction_id and (addresses or not is_broadcast):
                return addresses
        return None

    def queryIPForName(self, ip: str, port: int = 137, timeout: float | None = 30) -> list[str] | None:
        """The names under which a machine offers its server service.

        :param str ip: its IPv4 address or host name
        :param float timeout: seconds until None is the answer, whatever else arrives; None: no limit
        :returns: a list, which is empty for a machine without such a name; None when it does not answer
        :raises OSError: the query cannot be sent
        :raises nmb.nmb_structs.NotConnectedError: the object was closed
        """
        target, is_broadcast = self._target(ip, port)
        transaction_id = secrets.randbits(16)
        query = self.prepareNetNameQuery(transaction_id, is_broadcast)
        for data in self._replies(query, target, is_broadcast, timeout):
            try:
                answered_id, names = self.decodeIPQueryPacket(data)
            except NMBError as error:
                self.log.debug('Skipped: %s', error)
                continue
            if answered_id == transaction_id:
                return [name for name, name_type, _ in names if name_type == TYPE_SERVER]
        return None

    def _open_socket(self) -> socket.socket:
        if self.sock is None:
            raise NotConnectedError('The NetBIOS object has been closed')
        return self.sock

    def _target(self, ip: str, port: int) -> tuple[tuple[str, int], bool]:
        """Address and port to send to, and whether that is everybody."""
        self._open_socket()
        if not ip and self.broadcast:
            return (LIMITED_BROADCAST, port), True
        ip = ip or THIS_MACHINE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                # Sends nothing. It finds the address that answers will come from, and is not permitted for those
                # that the system knows to be broadcast addresses; netmasks are its business.
                probe.connect((ip, port))
            except PermissionError:
                return (socket.gethostbyname(ip), port), True
            host, port = probe.getpeername()
            return (host, port), False

    def _replies(
        self, query: bytes, target: tuple[str, int], is_broadcast: bool, timeout: float | None
    ) -> Iterator[bytes]:
        """Send the query; the datagrams that arrive until the time is over, from the target alone where it is one."""
        sock = self._open_socket()
        end = float('inf') if timeout is None else time.monotonic() + timeout
        interval = BROADCAST_INTERVAL_SECONDS if is_broadcast else UNICAST_INTERVAL_SECONDS
        self.write(query, *target)
        sent_count, next_send = 1, time.monotonic() + interval
        while (now := time.monotonic()) < end:
            if now >= next_send:
                self.write(query, *target)
                sent_count += 1
                next_send = now + interval if sent_count < SEND_COUNT else float('inf')
            sock.settimeout(min(end - now, next_send - now, LONGEST_WAIT_SECONDS))
            try:
                data, source = sock.recvfrom(MAX_DATAGRAM_LENGTH)
            except (TimeoutError, ConnectionError):
                # Windows reports an unreachable port as a reset connection; the next datagram may be the answer
                continue
            if is_broadcast or source == target:
                yield data
