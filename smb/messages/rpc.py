"""Remote procedure calls over a named pipe: bind, request, response and fault, [MS-RPCE] 2.2.2 and [C706] chapter 12.

``Client`` is one conversation over one pipe, free of IO: it gives the bytes to write, takes the bytes that were read,
and says when an answer is whole. A pipe hands out an answer in pieces of any size, so pieces are collected until the
fragment that they belong to is there, and fragments until the last one.

Numbers are little-endian, in answers too. Nothing is signed or sealed here: SMB does that.
"""

from __future__ import annotations

from smb.errors import ProtocolError, SMBException
from smb.wire import structure as wire
from smb.wire.cursor import Cursor

# PDU types, [C706] 12.6.4
REQUEST = 0
RESPONSE = 2
FAULT = 3
BIND = 11
BIND_ACK = 12
BIND_NAK = 13

PFC_FIRST_FRAG = 0x01
PFC_LAST_FRAG = 0x02

HEADER_SIZE = 16
REQUEST_HEADER_SIZE = 24
LITTLE_ENDIAN = b'\x10\0\0\0'  # with ASCII and IEEE numbers
CONTEXT_ID = 0  # the only one we ask for

SMALLEST_FRAGMENT = 1432  # MustRecvFragSize: every implementation takes this much, [C706] 12.6.3.1
LARGEST_FRAGMENT = 4280  # what Windows and Samba offer over a pipe
LARGEST_PIECE = 0x20000  # nobody reads more from a pipe at once
LARGEST_ANSWER = 4 << 20

Syntax = tuple[bytes, int]  # UUID as on the wire; major version, with the minor one in the upper 16 bits
NDR: Syntax = (bytes.fromhex('045d888aeb1cc9119fe808002b104860'), 2)  # 8a885d04-1ceb-11c9-9fe8-08002b104860

ACCEPTANCE = 0
BIND_RESULTS = {1: 'user rejection', 2: 'provider rejection', 3: 'negotiate ack'}  # [C706] 12.6.3.1, [MS-RPCE] 2.2.2.4
BIND_REASONS = {
    0: 'no reason given',
    1: 'it does not have this interface',
    2: 'it has none of our transfer syntaxes',
    3: 'a local limit is exceeded',
}
BIND_NAK_REASONS = {  # [C706] 12.6.3.1, [MS-RPCE] 2.2.2.5
    0: 'no reason given',
    1: 'temporary congestion',
    2: 'a local limit is exceeded',
    3: 'called address unknown',
    4: 'protocol version not supported',
    5: 'default context not supported',
    6: 'user data not readable',
    7: 'no PSAP available',
    8: 'authentication type not recognized',
    9: 'invalid checksum',
}

FAULT_NAMES = {  # [C706] appendix E, and codes of [MS-ERREF] 2.2 that servers send in their place
    0x00000005: 'ERROR_ACCESS_DENIED',
    0x000006BB: 'RPC_S_SERVER_TOO_BUSY',
    0x000006BE: 'RPC_S_CALL_FAILED',
    0x000006D1: 'RPC_S_PROCNUM_OUT_OF_RANGE',
    0x000006E4: 'RPC_S_CANNOT_SUPPORT',
    0x000006F7: 'RPC_X_BAD_STUB_DATA',
    0x00000721: 'RPC_S_SEC_PKG_ERROR',
    0x1C000006: 'nca_s_fault_invalid_tag',
    0x1C000007: 'nca_s_fault_invalid_bound',
    0x1C000008: 'nca_s_rpc_version_mismatch',
    0x1C000009: 'nca_s_unspec_reject',
    0x1C00000C: 'nca_s_manager_not_entered',
    0x1C00000D: 'nca_s_fault_cancel',
    0x1C000012: 'nca_s_fault_unspec',
    0x1C000013: 'nca_s_fault_remote_comm_failure',
    0x1C00001A: 'nca_s_fault_context_mismatch',
    0x1C00001B: 'nca_s_fault_remote_no_memory',
    0x1C00001C: 'nca_s_invalid_pres_context_id',
    0x1C00001D: 'nca_s_unsupported_authn_level',
    0x1C00001F: 'nca_s_invalid_checksum',
    0x1C010001: 'nca_s_comm_failure',
    0x1C010002: 'nca_s_op_rng_error',
    0x1C010003: 'nca_s_unk_if',
    0x1C01000B: 'nca_s_proto_error',
    0x1C010013: 'nca_s_out_args_too_big',
    0x1C010014: 'nca_s_server_too_busy',
    0x1C010017: 'nca_s_unsupported_type',
}


class RPCFault(SMBException):
    """The server could not run a call. ``status`` is its code; the text has the code's name where it is known."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return f'RPC fault {FAULT_NAMES.get(self.status, "unknown")}, 0x{self.status:08X}'


@wire.structure
class RPCHeader(wire.Structure):
    """What every PDU begins with, [C706] 12.6.3.1."""

    version: int = wire.u8(default=5)
    minor_version: int = wire.u8(default=0)
    packet_type: int = wire.u8()
    flags: int = wire.u8(default=PFC_FIRST_FRAG | PFC_LAST_FRAG)
    data_representation: bytes = wire.raw(4, default=LITTLE_ENDIAN)
    fragment_length: int = wire.u16()  # of the whole PDU
    auth_length: int = wire.u16(default=0)
    call_id: int = wire.u32()


@wire.structure
class RPCBind(wire.Structure):
    """bind with one context of one transfer syntax, [C706] 12.6.4.3."""

    max_transmit_fragment: int = wire.u16(default=LARGEST_FRAGMENT)
    max_receive_fragment: int = wire.u16(default=LARGEST_FRAGMENT)
    association_group: int = wire.u32(default=0)
    context_count: int = wire.u8(default=1)
    reserved1: bytes = wire.raw(3, default=bytes(3))
    context_id: int = wire.u16(default=CONTEXT_ID)
    transfer_syntax_count: int = wire.u8(default=1)
    reserved2: int = wire.u8(default=0)
    interface: bytes = wire.raw(16)
    interface_version: int = wire.u32()
    transfer_syntax: bytes = wire.raw(16, default=NDR[0])
    transfer_syntax_version: int = wire.u32(default=NDR[1])


@wire.structure
class RPCBindNak(wire.Structure):
    """bind_nak, [C706] 12.6.4.5; the versions that may follow say nothing new."""

    reason: int = wire.u16()


@wire.structure
class RPCRequest(wire.Structure):
    """request, [C706] 12.6.4.9."""

    allocation_hint: int = wire.u32()  # bytes of stub from here on
    context_id: int = wire.u16(default=CONTEXT_ID)
    operation: int = wire.u16()
    stub: bytes = wire.buffer('', '')


@wire.structure
class RPCResponse(wire.Structure):
    """response, [C706] 12.6.4.10."""

    allocation_hint: int = wire.u32(default=0)
    context_id: int = wire.u16(default=CONTEXT_ID)
    cancel_count: int = wire.u8(default=0)
    reserved: int = wire.u8(default=0)
    stub: memoryview = wire.view('', '')


@wire.structure
class RPCFaultBody(wire.Structure):
    """fault, [C706] 12.6.4.7; what may follow the status is not read."""

    allocation_hint: int = wire.u32(default=0)
    context_id: int = wire.u16(default=CONTEXT_ID)
    cancel_count: int = wire.u8(default=0)
    reserved: int = wire.u8(default=0)
    status: int = wire.u32()


class Client:
    """One conversation with one interface over one pipe.

    Write what ``bind`` gives and ``feed`` what is read until it returns no more None; then the same with ``request``
    for each call. A conversation that has raised ProtocolError is over.
    """

    def __init__(self, interface: Syntax) -> None:
        self.interface = interface
        self.call_id = 0
        self.max_transmit_fragment = SMALLEST_FRAGMENT  # until the server says what it takes
        self._expected: tuple[int, ...] = ()
        self._received = bytearray()
        self._stub: bytearray | None = None  # of the fragments so far

    def bind(self) -> bytes:
        """The PDU that begins the conversation."""
        self._begin(BIND_ACK, BIND_NAK, FAULT)
        return self._pack(BIND, RPCBind(interface=self.interface[0], interface_version=self.interface[1]))

    def request(self, operation: int, stub: bytes) -> list[bytes]:
        """The PDUs of one call, each to be written as a message of its own."""
        self._begin(RESPONSE, FAULT)
        room = self.max_transmit_fragment - REQUEST_HEADER_SIZE
        room -= room % 8  # so that no number of the stub is cut in two
        fragments = []
        for begin in range(0, max(1, len(stub)), room):
            flags = (PFC_FIRST_FRAG if begin == 0 else 0) | (PFC_LAST_FRAG if begin + room >= len(stub) else 0)
            body = RPCRequest(allocation_hint=len(stub) - begin, operation=operation, stub=stub[begin : begin + room])
            fragments.append(self._pack(REQUEST, body, flags))
        return fragments

    def feed(self, data: wire.Buffer) -> bytes | None:
        """The whole answer when ``data`` completes it (``b''`` for a bind), else None: more is to be read.

        RPCFault where the server could not run the call; ProtocolError where it does not answer as it should.
        """
        if len(data) > LARGEST_PIECE:
            raise ProtocolError(f'{len(data)} bytes of an RPC answer came at once', bytes(data[:HEADER_SIZE]))
        self._received += data
        answer = None
        while (fragment := self._take_fragment()) is not None:
            if answer is not None:
                raise ProtocolError('An RPC answer goes on after its last fragment', fragment)
            answer = self._accept(fragment)
        if answer is not None and self._received:
            raise ProtocolError('An RPC answer goes on after its last fragment', bytes(self._received))
        return answer

    def _begin(self, *expected: int) -> None:
        self.call_id += 1
        self._expected = expected
        self._stub = None

    def _pack(self, packet_type: int, body: wire.Structure, flags: int = PFC_FIRST_FRAG | PFC_LAST_FRAG) -> bytes:
        packed = body.pack()
        length = HEADER_SIZE + len(packed)
        header = RPCHeader(packet_type=packet_type, flags=flags, fragment_length=length, call_id=self.call_id)
        return header.pack() + packed

    def _take_fragment(self) -> bytes | None:
        """The next fragment, once all of it was read."""
        if len(self._received) < HEADER_SIZE:
            return None
        header = RPCHeader.unpack(self._received)
        why = ''
        if header.version != 5 or header.data_representation[0] >> 4 != 1:
            why = 'is not of version 5 in little-endian order'
        elif header.call_id != self.call_id:
            why = f'answers call {header.call_id}, not {self.call_id}'
        elif header.fragment_length < HEADER_SIZE:
            why = f'gives itself {header.fragment_length} bytes'
        elif header.packet_type not in self._expected:
            why = f'is of type {header.packet_type}'
        if why:
            raise ProtocolError(f'An RPC fragment {why}', bytes(self._received))
        if len(self._received) < header.fragment_length:
            return None
        fragment = bytes(self._received[: header.fragment_length])
        del self._received[: header.fragment_length]
        return fragment

    def _accept(self, fragment: bytes) -> bytes | None:
        """What one fragment brings the answer to."""
        header = RPCHeader.unpack(fragment)
        body = _without_auth(fragment, header.auth_length)[HEADER_SIZE:]
        if header.packet_type == FAULT:
            raise RPCFault(RPCFaultBody.unpack(body).status)
        if header.packet_type == BIND_NAK:
            reason = RPCBindNak.unpack(body).reason
            why = BIND_NAK_REASONS.get(reason, f'reason {reason}')
            raise ProtocolError(f'The server refuses an RPC bind: {why}', fragment)
        if header.packet_type == BIND_ACK:
            self._accept_bind_ack(fragment)
            return b''
        return self._accept_response(header, RPCResponse.unpack(body), fragment)

    def _accept_bind_ack(self, fragment: bytes) -> None:
        """bind_ack, [C706] 12.6.4.4."""
        cursor = Cursor(fragment, 'An RPC bind_ack', HEADER_SIZE)
        cursor.u16()  # what the server sends at most
        max_receive_fragment = cursor.u16()
        cursor.u32()  # association group
        cursor.take(cursor.u16())  # the pipe's own name
        cursor.align(4)
        count = cursor.u8()
        cursor.take(3)
        if count != 1:
            raise ProtocolError(f'An RPC bind_ack has {count} results for one context', fragment)
        result, reason = cursor.u16(), cursor.u16()
        syntax = bytes(cursor.take(16)), cursor.u32()
        if result != ACCEPTANCE:
            why = f'{BIND_RESULTS.get(result, f"result {result}")}, {BIND_REASONS.get(reason, f"reason {reason}")}'
            raise ProtocolError(f'The server refuses an RPC bind: {why}', fragment)
        if syntax != NDR:
            raise ProtocolError('An RPC bind_ack names a transfer syntax that was not offered', fragment)
        self.max_transmit_fragment = max(SMALLEST_FRAGMENT, min(LARGEST_FRAGMENT, max_receive_fragment))

    def _accept_response(self, header: RPCHeader, response: RPCResponse, fragment: bytes) -> bytes | None:
        """The stub, when this was its last fragment."""
        is_first, is_last = bool(header.flags & PFC_FIRST_FRAG), bool(header.flags & PFC_LAST_FRAG)
        collected = bytearray() if self._stub is None else self._stub
        why = ''
        if response.context_id != CONTEXT_ID:
            why = f'is of context {response.context_id}'
        elif is_first != (self._stub is None):
            why = 'is a second first one' if is_first else 'comes before the first one'
        elif not is_last and not response.stub:
            why = 'is empty and not the last one'  # a server could go on with those for ever
        elif len(collected) + len(response.stub) > LARGEST_ANSWER:
            why = f'makes the answer larger than {LARGEST_ANSWER} bytes'
        if why:
            raise ProtocolError(f'An RPC fragment {why}', fragment)
        collected += response.stub
        self._stub = collected
        return bytes(collected) if is_last else None


def _without_auth(fragment: bytes, auth_length: int) -> bytes:
    """The fragment up to its padding and security trailer, [MS-RPCE] 2.2.2.11; we asked for none and do not read it."""
    if not auth_length:
        return fragment
    trailer = len(fragment) - auth_length - 8
    end = trailer - fragment[trailer + 2] if trailer >= HEADER_SIZE else 0
    if end < HEADER_SIZE:
        raise ProtocolError(f'An RPC fragment of {len(fragment)} bytes has {auth_length} for authentication', fragment)
    return fragment[:end]
