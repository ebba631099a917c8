"""The frames that carry SMB messages over TCP: NetBIOS sessions and Direct TCP, [RFC1002] 4.3 and [MS-SMB2] 2.1.

Both put four bytes before each message: a type, and the length of what follows. In a NetBIOS session the length has 17
bits and the type tells messages from the packets that open the session and keep it alive; in Direct TCP the length has
24 bits and the type is 0. Some servers keep Direct TCP connections alive by NetBIOS packets too, and some send longer
messages than 17 bits can say in NetBIOS sessions: what arrives is read in the same way from both.
"""

from __future__ import annotations

from nmb.nmb_constants import (
    NEGATIVE_SESSION_RESPONSE,
    POSITIVE_SESSION_RESPONSE,
    REGTARGET_SESSION_RESPONSE,
    SESSION_KEEPALIVE,
    SESSION_MESSAGE,
    SESSION_REQUEST,
    TYPE_SERVER,
    TYPE_WORKSTATION,
)
from nmb.utils import encode_name

HEADER_LENGTH = 4
MAX_NETBIOS_LENGTH = 0x1FFFF
MAX_DIRECT_TCP_LENGTH = 0xFFFFFF

# [RFC1002] 4.3.3 - 4.3.5, 4.3.7: what a server sends besides messages, and how long each is
CONTROL_LENGTHS = {
    POSITIVE_SESSION_RESPONSE: 0,
    NEGATIVE_SESSION_RESPONSE: 1,
    REGTARGET_SESSION_RESPONSE: 6,
    SESSION_KEEPALIVE: 0,
}

# [RFC1002] 4.3.4 ERROR_CODE
REFUSALS = {
    0x80: 'not listening on called name',
    0x81: 'not listening for calling name',
    0x82: 'called name not present',
    0x83: 'called name present, but insufficient resources',
    0x8F: 'unspecified error',
}


class NMBError(Exception):
    """Something went wrong in the NetBIOS layer."""

    __module__ = 'nmb.nmb_structs'


class NotConnectedError(NMBError, ConnectionError):
    """There is no connection, or it has ended."""

    __module__ = 'nmb.nmb_structs'


def max_message_length(is_direct_tcp: bool) -> int:
    """The longest message that can be sent in one frame, in bytes."""
    return MAX_DIRECT_TCP_LENGTH if is_direct_tcp else MAX_NETBIOS_LENGTH


def pack_message_header(length: int, is_direct_tcp: bool) -> bytes:
    """The four bytes before a message of ``length`` bytes; ValueError for a length that no frame can hold."""
    if not 0 < length <= (MAX_DIRECT_TCP_LENGTH if is_direct_tcp else MAX_NETBIOS_LENGTH):
        kind = 'Direct TCP' if is_direct_tcp else 'NetBIOS session'
        raise ValueError(f'A {kind} message has 1 to {max_message_length(is_direct_tcp)} bytes, not {length}')
    return length.to_bytes(HEADER_LENGTH, 'big')  # above the length stands SESSION_MESSAGE, which is 0


def unpack_header(header: bytes | bytearray | memoryview, max_length: int = MAX_DIRECT_TCP_LENGTH) -> tuple[int, int]:
    """Type and length of the frame that begins with these four bytes.

    Raises NMBError for what no server sends: an unknown type, a message that is empty or longer than ``max_length``, or
    another packet that has not the length of its type. [RFC1002] 4.3.1, [MS-SMB2] 2.1.
    """
    if len(header) < HEADER_LENGTH:
        raise NMBError(f'A frame begins with {HEADER_LENGTH} bytes, not {len(header)}')
    frame_type = header[0]
    # 24 bits: the seven reserved bits of [RFC1002] 4.3.1 FLAGS are the upper bits of [MS-SMB2] 2.1 StreamProtocolLength
    length = header[1] << 16 | header[2] << 8 | header[3]
    if frame_type == SESSION_MESSAGE:
        if not 0 < length <= max_length:
            raise NMBError(f'A message of {length} bytes arrived, where 1 to {max_length} are allowed')
    elif frame_type not in CONTROL_LENGTHS:
        raise NMBError(f'The server does not speak SMB: a frame begins with {bytes(header[:HEADER_LENGTH])!r}')
    elif length != CONTROL_LENGTHS[frame_type]:
        raise NMBError(f'A NetBIOS packet of type {frame_type:#04x} has a length of {length} bytes')
    return frame_type, length


def pack_session_request(
    remote_name: str, my_name: str, remote_type: int = TYPE_SERVER, my_type: int = TYPE_WORKSTATION
) -> bytes:
    """The whole packet that asks for a NetBIOS session; the names go out in upper case. [RFC1002] 4.3.2."""
    names = encode_name(remote_name.upper(), remote_type) + encode_name(my_name.upper(), my_type)
    return _pack_header(SESSION_REQUEST, len(names)) + names


def describe_refusal(payload: bytes | bytearray | memoryview) -> str:
    """Why the server refuses a session, from the byte that a negative response holds. [RFC1002] 4.3.4."""
    return f'{REFUSALS.get(payload[0], "unknown reason")} ({payload[0]:#04x})'


def unpack_retarget(payload: bytes | bytearray | memoryview) -> tuple[str, int]:
    """Address and port to ask instead, from the six bytes that a retarget response holds. [RFC1002] 4.3.5."""
    return '.'.join(str(part) for part in payload[:4]), payload[4] << 8 | payload[5]


def _pack_header(frame_type: int, length: int) -> bytes:
    return bytes([frame_type]) + length.to_bytes(3, 'big')
