"""Remote procedure calls, [C706] chapter 12 and [MS-RPCE] 2.2.2. Captures are of a Samba 4.17 server and its client."""

from __future__ import annotations

import contextlib
import copy
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError, SMBException
from smb.messages import rpc
from tests.check_wire import check_wire

SRVSVC: rpc.Syntax = (bytes.fromhex('c84f324b7016d30112785a47bf6ee188'), 3)

CAPTURED_BIND = (
    '05000b03 10000000 4800 0000 01000000 b810 b810 00000000 01000000 0000 0100'
    'c84f324b7016d30112785a47bf6ee188 03000000 045d888aeb1cc9119fe808002b104860 02000000'
)
CAPTURED_BIND_ACK = (
    '05000c03 10000000 4400 0000 01000000 b810 b810 b92f0000 0d00 5c706970655c73727673766300 00'
    '01000000 0000 0000 045d888aeb1cc9119fe808002b104860 02000000'
)
CAPTURED_REFUSAL = (  # of an interface that the server does not have; call 3
    '05000c03 10000000 4400 0000 03000000 b810 b810 9eb90000 0c00 5c706970655c6c7361737300 0000'
    '01000000 0200 0100 00000000000000000000000000000000 00000000'
)
CAPTURED_REQUEST_HEAD = '05000003 10000000 5800 0000 04000000 40000000 0000 0f00'  # call 4, opnum 15, 64 bytes of stub
CAPTURED_FAULT = '05000303 10000000 2000 0000 04000000 18000000 0000 00 00 0200011c 00000000'  # call 4


def pdu(
    packet_type: int, body: bytes, *, call_id: int = 1, flags: int = 3, length: int | None = None, auth_length: int = 0
) -> bytes:
    length = 16 + len(body) if length is None else length
    return struct.pack('<BBBB4sHHI', 5, 0, packet_type, flags, b'\x10\0\0\0', length, auth_length, call_id) + body


def response(stub: bytes, *, flags: int = 3, call_id: int = 2, context_id: int = 0) -> bytes:
    return pdu(rpc.RESPONSE, struct.pack('<IHBB', len(stub), context_id, 0, 0) + stub, flags=flags, call_id=call_id)


def bind_ack(
    *, max_receive: int = 4280, address: bytes = b'\\pipe\\x\0', count: int = 1, result: int = 0, reason: int = 0,
    syntax: bytes = rpc.NDR[0], version: int = 2, call_id: int = 1,
) -> bytes:  # fmt: skip
    body = struct.pack('<HHIH', 5840, max_receive, 1, len(address)) + address
    body += bytes(-len(body) % 4) + struct.pack('<B3xHH16sI', count, result, reason, syntax, version)
    return pdu(rpc.BIND_ACK, body, call_id=call_id)


def bound(**values: int) -> rpc.Client:
    """A client whose bind was accepted, with call 2 under way."""
    client = rpc.Client(SRVSVC)
    client.bind()
    assert client.feed(bind_ack(**values)) == b''  # type: ignore[arg-type]
    client.request(15, b'stub')
    return client


def binding() -> rpc.Client:
    client = rpc.Client(SRVSVC)
    client.bind()
    return client


def test_bind_is_what_other_clients_send() -> None:
    assert rpc.Client(SRVSVC).bind().hex() == CAPTURED_BIND.replace(' ', '')


def test_bodies() -> None:
    check_wire(rpc.RPCBind(interface=SRVSVC[0], interface_version=SRVSVC[1]), CAPTURED_BIND.replace(' ', '')[32:])
    check_wire(
        rpc.RPCHeader(packet_type=rpc.FAULT, fragment_length=32, call_id=4), CAPTURED_FAULT.replace(' ', '')[:32]
    )
    check_wire(rpc.RPCFaultBody(allocation_hint=24, status=0x1C010002), '18000000 0000 00 00 0200011c')
    check_wire(rpc.RPCBindNak(reason=4), '0400')
    check_wire(rpc.RPCResponse(allocation_hint=2, stub=b'ab'), '02000000 0000 00 00 6162', may_be_cut_to=8)  # type: ignore[arg-type]
    check_wire(rpc.RPCRequest(allocation_hint=2, operation=15, stub=b'ab'), '02000000 0000 0f00 6162', may_be_cut_to=8)


def test_captured_bind_ack_is_accepted() -> None:
    client = binding()
    assert client.feed(bytes.fromhex(CAPTURED_BIND_ACK)) == b''
    assert client.max_transmit_fragment == 4280


def test_captured_refusal_says_why() -> None:
    client = binding()
    client.bind()
    client.bind()
    with pytest.raises(ProtocolError, match='provider rejection, it does not have this interface'):
        client.feed(bytes.fromhex(CAPTURED_REFUSAL))


def test_request_is_what_other_clients_send() -> None:
    client = binding()
    client.feed(bind_ack())
    for _ in range(2):
        client.request(0, b'')
    stub = bytes(range(64))
    assert client.request(15, stub) == [bytes.fromhex(CAPTURED_REQUEST_HEAD) + stub]


def test_captured_fault_is_raised_with_its_name() -> None:
    client = bound()
    client.request(999, b'')
    client.request(999, b'')
    with pytest.raises(rpc.RPCFault, match='nca_s_op_rng_error, 0x1C010002') as caught:
        client.feed(bytes.fromhex(CAPTURED_FAULT))
    assert caught.value.status == 0x1C010002
    assert isinstance(caught.value, SMBException)
    assert not isinstance(caught.value, ProtocolError)


def test_fault_of_unknown_number_shows_it_and_can_be_pickled_and_copied() -> None:
    fault = rpc.RPCFault(0x12345678)
    for same in (pickle.loads(pickle.dumps(fault)), copy.copy(fault)):
        assert (same.status, str(same)) == (0x12345678, 'RPC fault unknown, 0x12345678')


def test_a_bind_can_be_answered_by_a_fault() -> None:
    with pytest.raises(rpc.RPCFault, match='ERROR_ACCESS_DENIED'):
        binding().feed(pdu(rpc.FAULT, struct.pack('<IHBBII', 24, 0, 0, 0, 5, 0)))


def test_a_fault_can_come_after_the_first_fragments() -> None:
    client = bound()
    assert client.feed(response(b'half', flags=1)) is None
    with pytest.raises(rpc.RPCFault):
        client.feed(pdu(rpc.FAULT, struct.pack('<IHBBII', 24, 0, 0, 0, 5, 0), call_id=2))


@pytest.mark.parametrize(('reason', 'text'), [(4, 'protocol version not supported'), (99, 'reason 99')])
def test_bind_nak_says_why(reason: int, text: str) -> None:
    with pytest.raises(ProtocolError, match=text):
        binding().feed(pdu(rpc.BIND_NAK, struct.pack('<HBBB', reason, 1, 5, 0)))


@pytest.mark.parametrize('result', [1, 2, 3, 4, 0xFFFF])
def test_bind_with_any_other_result_is_refused(result: int) -> None:
    with pytest.raises(ProtocolError, match='refuses'):
        binding().feed(bind_ack(result=result, reason=9))


@pytest.mark.parametrize('count', [0, 2, 255])
def test_bind_ack_with_another_number_of_results_is_refused(count: int) -> None:
    with pytest.raises(ProtocolError, match='results'):
        binding().feed(bind_ack(count=count))


def test_bind_ack_with_a_syntax_that_was_not_offered_is_refused() -> None:
    for answer in (bind_ack(syntax=bytes(16)), bind_ack(version=1)):
        with pytest.raises(ProtocolError, match='syntax'):
            binding().feed(answer)


@pytest.mark.parametrize('length', range(9))
def test_bind_ack_is_read_with_a_pipe_name_of_any_length(length: int) -> None:
    assert binding().feed(bind_ack(address=b'n' * length)) == b''


def test_every_cut_of_a_bind_ack_is_refused() -> None:
    whole = bytes.fromhex(CAPTURED_BIND_ACK)
    for length in range(16, len(whole)):
        with pytest.raises(ProtocolError):
            binding().feed(whole[:8] + struct.pack('<H', length) + whole[10:length])


@pytest.mark.parametrize('size', [1, 1408, 1409, 3000, 5000])
@pytest.mark.parametrize(
    ('max_receive', 'largest'), [(1432, 1432), (1435, 1432), (0, 1432), (4280, 4280), (65535, 4280)]
)
def test_long_requests_go_in_fragments_that_the_server_takes(size: int, max_receive: int, largest: int) -> None:
    client = bound(max_receive=max_receive)
    stub = bytes(index % 251 for index in range(size))
    fragments = client.request(15, stub)
    assert all(len(fragment) <= largest for fragment in fragments)
    assert all((len(fragment) - 24) % 8 == 0 for fragment in fragments[:-1])
    assert len(fragments) == -(-size // (largest - 24))
    for number, fragment in enumerate(fragments):
        header = rpc.RPCHeader.unpack(fragment)
        assert (header.fragment_length, header.call_id) == (len(fragment), client.call_id)
        assert header.flags == (number == 0) * 1 | (fragment is fragments[-1]) * 2
    bodies = [rpc.RPCRequest.unpack(fragment[16:]) for fragment in fragments]
    assert b''.join(body.stub for body in bodies) == stub
    assert bodies[0].allocation_hint == size
    assert {body.operation for body in bodies} == {15}


def test_each_call_has_its_number() -> None:
    client = bound()
    numbers = [rpc.RPCHeader.unpack(client.request(0, b'')[0]).call_id for _ in range(3)]
    assert numbers == [3, 4, 5]


def test_response_is_put_together_from_fragments() -> None:
    client = bound()
    assert client.feed(response(b'one ', flags=1)) is None
    assert client.feed(response(b'two ', flags=0)) is None
    assert client.feed(response(b'three', flags=2)) == b'one two three'


def test_what_follows_a_fault_is_no_answer_to_the_next_call() -> None:
    client = bound()
    with pytest.raises(rpc.RPCFault):
        client.feed(pdu(rpc.FAULT, struct.pack('<IHBBII', 24, 0, 0, 0, 5, 0), call_id=2) + response(b'x'))
    client.request(15, b'')
    with pytest.raises(ProtocolError, match='answers call 2, not 3'):
        client.feed(response(b'y', call_id=3))


def test_next_answer_begins_anew() -> None:
    client = bound()
    assert client.feed(response(b'first')) == b'first'
    client.request(15, b'')
    assert client.feed(response(b'second', call_id=3)) == b'second'


@given(st.lists(st.integers(1, 60), max_size=20))
def test_pieces_may_be_of_any_size(sizes: list[int]) -> None:
    stream = response(b'one ' * 5, flags=1) + response(b'two ', flags=0) + response(b'three' * 3, flags=2)
    client = bound()
    for size in sizes:
        piece, rest = stream[:size], stream[size:]
        if not rest:
            break
        assert client.feed(piece) is None
        stream = rest
    assert client.feed(memoryview(stream)) == b'one ' * 5 + b'two ' + b'three' * 3


def test_empty_response_is_an_answer() -> None:
    assert bound().feed(response(b'')) == b''


@pytest.mark.parametrize('packet_type', [rpc.RESPONSE, rpc.FAULT])
@pytest.mark.parametrize('auth_length', [1, 16])
@pytest.mark.parametrize('padding', [0, 3])
def test_security_trailer_is_left_out(packet_type: int, auth_length: int, padding: int) -> None:
    # [MS-RPCE] 2.2.2.11: type, level, pad length, reserved, context id, value
    body = struct.pack('<IHBBI', 4, 0, 0, 0, 5) + bytes(padding)
    body += struct.pack('<BBBBI', 10, 2, padding, 0, 0) + b'v' * auth_length
    client, answer = bound(), pdu(packet_type, body, call_id=2, auth_length=auth_length)
    if packet_type == rpc.FAULT:
        with pytest.raises(rpc.RPCFault, match='ERROR_ACCESS_DENIED'):
            client.feed(answer)
    else:
        assert client.feed(answer) == struct.pack('<I', 5)


def test_security_padding_larger_than_its_fragment_is_refused_whatever_follows() -> None:
    body = struct.pack('<IHBBBBBBI', 0, 0, 0, 0, 10, 2, 100, 0, 0) + b'v' * 200
    with pytest.raises(ProtocolError, match='200 for authentication'):
        bound().feed(pdu(rpc.RESPONSE, body, call_id=2, auth_length=200))


@pytest.mark.parametrize(('auth_length', 'padding'), [(5, 0), (0xFFFF, 0), (1, 13), (1, 255)])
def test_security_trailer_larger_than_its_fragment_is_refused(auth_length: int, padding: int) -> None:
    body = struct.pack('<IHBBBBBBI', 0, 0, 0, 0, 10, 2, padding, 0, 0) + b'v'
    with pytest.raises(ProtocolError):
        bound().feed(pdu(rpc.RESPONSE, body, call_id=2, auth_length=auth_length))


@pytest.mark.parametrize(
    ('fragments', 'text'),
    [
        ([response(b'x', call_id=1)], 'answers call 1, not 2'),
        ([response(b'x', call_id=3)], 'answers call 3, not 2'),
        ([response(b'x', context_id=1)], 'context 1'),
        ([response(b'x', flags=0)], 'before the first'),
        ([response(b'x', flags=2)], 'before the first'),
        ([response(b'x', flags=1), response(b'x', flags=1)], 'second first'),
        ([response(b'x', flags=1), response(b'x', flags=3)], 'second first'),
        ([response(b'', flags=1)], 'empty'),
        ([response(b'x', flags=1), response(b'', flags=0)], 'empty'),
        ([response(b'x') + response(b'x')], 'after its last fragment'),
        ([response(b'x') + b'\0'], 'after its last fragment'),
        ([pdu(rpc.BIND_ACK, bytes(100), call_id=2)], 'of type 12'),
        ([pdu(rpc.BIND_NAK, bytes(100), call_id=2)], 'of type 13'),
        ([pdu(rpc.REQUEST, bytes(100), call_id=2)], 'of type 0'),
        ([pdu(rpc.RESPONSE, b'', call_id=2, length=15)], 'itself 15 bytes'),
        ([pdu(rpc.RESPONSE, b'', call_id=2, length=0)], 'itself 0 bytes'),
        ([pdu(rpc.RESPONSE, bytes(7), call_id=2)], 'RPCResponse takes 8'),
        ([pdu(rpc.FAULT, bytes(11), call_id=2)], 'RPCFaultBody takes 12'),
        ([b'\x04' + response(b'x')[1:]], 'version 5'),
        ([response(b'x')[:4] + b'\0' + response(b'x')[5:]], 'little-endian'),
    ],
)
def test_wrong_fragments_are_refused(fragments: list[bytes], text: str) -> None:
    client = bound()
    for fragment in fragments[:-1]:
        assert client.feed(fragment) is None
    with pytest.raises(ProtocolError, match=text):
        client.feed(fragments[-1])


def test_a_bind_is_not_answered_by_a_response() -> None:
    with pytest.raises(ProtocolError, match='of type 2'):
        binding().feed(response(b'x', call_id=1))


def test_bind_nak_without_reason_is_refused() -> None:
    with pytest.raises(ProtocolError, match='RPCBindNak takes 2'):
        binding().feed(pdu(rpc.BIND_NAK, b'\0'))


def test_a_wrong_header_is_refused_before_the_rest_arrives() -> None:
    with pytest.raises(ProtocolError, match='answers call 9'):
        bound().feed(response(b'x', call_id=9)[:16])


def test_an_answer_has_a_greatest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rpc.LARGEST_ANSWER == 4 << 20
    monkeypatch.setattr(rpc, 'LARGEST_ANSWER', 100)
    client = bound()
    assert client.feed(response(b'x' * 60, flags=1)) is None
    assert client.feed(response(b'x' * 40, flags=0)) is None
    with pytest.raises(ProtocolError, match='larger than 100'):
        client.feed(response(b'x', flags=2))


def test_a_piece_is_no_longer_than_what_is_read_from_a_pipe_at_once() -> None:
    fragment = response(b'x' * 992, flags=0)
    assert len(fragment) == 1016
    client = bound()
    assert client.feed(response(b'x', flags=1)) is None
    assert client.feed(memoryview(fragment * 129)) is None
    with pytest.raises(ProtocolError, match='132080 bytes'):
        client.feed(fragment * 130)


def test_every_cut_of_a_response_is_waited_for() -> None:
    answer = response(b'stub')
    for length in range(len(answer)):
        client = bound()
        assert client.feed(answer[:length]) is None
        assert client.feed(answer[length:]) == b'stub'


@given(st.lists(st.binary(max_size=80), max_size=4), st.booleans(), st.booleans())
def test_random_bytes_are_refused_or_read(pieces: list[bytes], is_bound: bool, has_header: bool) -> None:
    client = bound() if is_bound else binding()
    start = struct.pack('<BBBB4sHHI', 5, 0, 2 if is_bound else 12, 3, b'\x10\0\0\0', 48, 0, client.call_id)
    try:
        if has_header:
            client.feed(start)
        for piece in pieces:
            assert client.feed(piece) in (None, b'') or is_bound
    except (ProtocolError, rpc.RPCFault):
        pass


@given(st.sampled_from([CAPTURED_BIND_ACK, CAPTURED_FAULT]), st.data())
def test_damaged_answers_are_refused_or_read(captured: str, data: st.DataObject) -> None:
    answer = bytearray(bytes.fromhex(captured))
    answer[data.draw(st.integers(0, len(answer) - 1))] = data.draw(st.integers(0, 255))
    client = binding()
    client.call_id = 1 if captured is CAPTURED_BIND_ACK else 4
    with contextlib.suppress(ProtocolError, rpc.RPCFault):
        client.feed(answer)
