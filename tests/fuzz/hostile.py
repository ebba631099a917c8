"""Bytes made by hand to hurt: what lies about its own shape, and the frames that cost the most to read.

``REFUSED``: what -> (target, bytes); each must end in an error. ``COSTLY``: what -> (target, a function that makes the
bytes, which are up to 16 MiB long): each may be read or refused, for little time and memory.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from smb import smb2_constants as numbers
from smb.messages import rpc
from smb.messages.smb1.transaction import ComNTTransactResponse, ComTransactionResponse
from smb.messages.smb2.header import HEADER_SIZE, SMB2Header
from smb.messages.smb2.negotiate import SMB2EncryptionCapabilities, SMB2NegotiateResponse
from smb.messages.smb2.simple import SMB2EchoResponse, SMB2ErrorResponse
from smb.messages.smb2.transform import SMB2TransformHeader
from smb.smb2_constants import SMB2_COM_ECHO, SMB2_DIALECT_311, SMB2_FLAGS_SERVER_TO_REDIR
from tests.auth import server as spnego
from tests.auth.server import der
from tests.fuzz.seeds import pieces
from tests.messages import test_fscc, test_rpc, test_srvsvc
from tests.messages.test_smb2_create import _response as create_response
from tests.nmb import packets

LONGEST_FRAME = 16 << 20
LONGEST_BLOB = 0xFFFF  # of a security buffer, in any dialect
DEPTH = 1000

DIRECTORY = f'directory of class {numbers.FileIdBothDirectoryInformation}'
SMB1_DIRECTORY = 'SMB1 directory of level 0x104 in Unicode'
CREATE_CONTEXTS_AT = 80  # of the CREATE response's body
CONTEXT_COUNT_AT = 6  # of the NEGOTIATE response's


def u16(value: int) -> bytes:
    return value.to_bytes(2, 'little')


def u32(value: int) -> bytes:
    return value.to_bytes(4, 'little')


def put(data: bytes, at: int, value: bytes) -> bytes:
    """The data with other bytes at one place."""
    assert at + len(value) <= len(data)
    return data[:at] + value + data[at + len(value) :]


# Directories, [MS-FSCC] 2.4

STEPS = {
    'itself': 4,
    'into its header': 8,
    'into its name': 106,
    'backwards': 0xFFFFFFF8,
    'around the corner': 0x80000000,
    'just before the end': 0x70 + 104,
    'behind the end': 0x1000,
}


def _directories() -> Iterator[tuple[str, str, bytes]]:
    first = test_fscc.entry(numbers.FileIdBothDirectoryInformation, 'first', next_entry_offset=None)
    last = test_fscc.entry(numbers.FileIdBothDirectoryInformation, 'last')
    for where, step in STEPS.items():
        yield f'a directory entry whose next one stands {where}', DIRECTORY, put(first, 0, u32(step)) + last
    both = test_fscc.entry(numbers.FileBothDirectoryInformation, 'first', next_entry_offset=None)
    for count in (3, 0xFFFF):
        yield f'{count} directory entries announced, two there', SMB1_DIRECTORY, u16(count) + both + both
    yield 'the same entry over and over', SMB1_DIRECTORY, u16(0xFFFF) + put(both, 0, u32(0xFFFFFFFF)) + both
    length_at = 60
    for length in (0, 1, 9, 11, 13, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF):
        yield f'a file name of {length} bytes', DIRECTORY, put(last, length_at, u32(length))
    for name in (b'a\0\0\0b\0', b'\0\0', b'a\0/\0b\0', b'\\\0', b'a\0b', b'.\0.\0/\0'):
        bad = test_fscc.entry(numbers.FileIdBothDirectoryInformation, name)
        yield f'a file named {name!r}', DIRECTORY, bad
    full = test_fscc.entry(numbers.FileIdBothDirectoryInformation, 'name', short=b'a\0' * 12)
    for short in (25, 26, 0x80, 0xFE, 0xFF):
        yield f'a short name of {short} bytes', DIRECTORY, put(full, 68, bytes([short]))
    # All units of the inner entry are letters that a name may have
    name = b'x\0' * 0x8001
    inner = u32(64 + len(name)) + b'\1' * 56 + u32(len(name)) + name
    outer = test_fscc.entry(numbers.FileDirectoryInformation, inner, next_entry_offset=64)
    last = test_fscc.entry(numbers.FileDirectoryInformation, 'last')
    yield 'a directory entry in the name of another', 'directory of class 1', outer + last


# SMB2: contexts, compounds, transforms


def echo(next_command: int = 0) -> bytes:
    header = SMB2Header(command=SMB2_COM_ECHO, flags=SMB2_FLAGS_SERVER_TO_REDIR, next_command=next_command)
    return header.pack() + SMB2EchoResponse().pack() + bytes(4)


def transform(content: bytes, size: int | None = None) -> bytes:
    size = len(content) if size is None else size
    return SMB2TransformHeader(nonce=bytes(16), original_message_size=size, session_id=7).pack() + content


def negotiate(*contexts: bytes, count: int | None = None) -> bytes:
    """A NEGOTIATE response, its contexts given as bytes."""
    response = SMB2NegotiateResponse(
        security_mode=1, dialect_revision=SMB2_DIALECT_311, server_guid=bytes(16), capabilities=0, max_transact_size=1,
        max_read_size=1, max_write_size=1, system_time=0, security_buffer=b'12345678',
        negotiate_contexts=(SMB2EncryptionCapabilities(ciphers=(1,)),),
    )  # fmt: skip
    body = response.pack()
    begin = 64 + 8
    assert response.negotiate_context_offset == HEADER_SIZE + begin
    body = body[:begin] + b''.join(contexts)
    return put(body, CONTEXT_COUNT_AT, u16(len(contexts) if count is None else count))


def create(contexts: bytes) -> bytes:
    """A CREATE response, its contexts given as bytes."""
    body = create_response().pack()[: CREATE_CONTEXTS_AT + 8]
    return put(body, CREATE_CONTEXTS_AT, u32(HEADER_SIZE + len(body)) + u32(len(contexts))) + contexts


def create_context(step: int, name: tuple[int, int] = (16, 4), data: tuple[int, int] = (24, 8)) -> bytes:
    """One create context of 32 bytes; ``name`` and ``data`` are offset and length."""
    return struct.pack('<IHHHHI', step, *name, 0, *data) + b'MxAc' + bytes(12)


def _smb2() -> Iterator[tuple[str, str, bytes]]:
    for step in (8, 56, 63, 64, 68, 80, 0xFFFFFFF8, 0x80000000, 0xFFFFFFFF):
        yield f'a next message {step} bytes on', 'SMB2 frame', echo(step) + echo()
    yield 'a compound with a sealed message in it', 'SMB2 frame', echo(72) + transform(echo())
    yield 'a sealed message in a sealed message', 'SMB2 frame', transform(transform(echo()))
    yield 'a sealed compound with a sealed message in it', 'SMB2 frame', transform(echo(72) + transform(echo()))
    yield 'a sealed message of no bytes', 'SMB2 frame', transform(b'')
    yield 'a compressed message in a sealed one', 'SMB2 frame', transform(b'\xfcSMB' + bytes(60))
    context = struct.pack('<HHIHH4x', 2, 4, 0, 1, 2)
    for count in (2, 3, 0xFFFF):
        yield f'{count} negotiate contexts, one of them there', 'SMB2NegotiateResponse', negotiate(context, count=count)
    for length in (1, 3, 9, 0x7FFF, 0xFFFF):
        bad = put(context, 2, u16(length))
        yield f'a negotiate context of {length} bytes', 'SMB2NegotiateResponse', negotiate(bad)
    for count in (2, 0x7FFF, 0xFFFF):
        bad = put(context, 8, u16(count))
        yield f'{count} ciphers, one of them there', 'SMB2NegotiateResponse', negotiate(bad)
    for offset in (1, 64, 127, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        bad = put(negotiate(context), 60, u32(offset))
        yield f'negotiate contexts at byte {offset}', 'SMB2NegotiateResponse', bad
    for step in (1, 8, 15, 24, 31, 0x1000, 0xFFFFFFF0, 0x80000000):
        bad = create(create_context(step) + create_context(0))
        yield f'a next create context {step} bytes on', 'SMB2CreateResponse', bad
    for place in ((15, 4), (16, 0xFFFF), (0xFFFF, 4), (0, 4), (30, 4)):
        bad = create(create_context(0, name=place))
        yield f'a create context whose name stands at {place}', 'SMB2CreateResponse', bad
    for place in ((8, 8), (24, 9), (24, 0xFFFFFFFF), (0xFFF8, 0x80000000), (4, 0xFFFFFFFC)):
        bad = create(create_context(0, data=place))
        yield f'a create context whose data stand at {place}', 'SMB2CreateResponse', bad
    link = struct.pack('<IIIHHHHHHI', 0, 0x4C4D5953, 0xA000000C, 0, 0, 0, 2, 0, 2, 0) + b'a\0'
    for at, value in ((16, 1), (18, 3), (20, 0xFFFF), (20, 3), (22, 1), (22, 0xFFFF)):
        bad = SMB2ErrorResponse(error_data=put(link, at, u16(value))).pack()
        yield f'a symbolic link with {value} at byte {at}', 'SMB2ErrorResponse', bad
    for count in (2, 255):
        bad = SMB2ErrorResponse(error_context_count=count, error_data=struct.pack('<II', 0, 0)).pack()
        yield f'{count} error contexts, one of them there', 'SMB2ErrorResponse', bad
    for length in (1, 0x7FFFFFFF, 0xFFFFFFFF):
        bad = SMB2ErrorResponse(error_context_count=1, error_data=struct.pack('<II', length, 0)).pack()
        yield f'an error context of {length} bytes', 'SMB2ErrorResponse', bad
    for count in (1, 0xFFFF, 0xFFFFFFFF):
        yield f'{count} snapshots, none there', 'snapshots', struct.pack('<III', count, count, 4) + bytes(4)
    for name in ('@GMT-2020.13.01-00.00.00', '@GMT-2020.01.01', 'x', '\ud800', '\u0662' * 24):
        data = (name + '\0\0').encode('utf-16-le', 'surrogatepass')
        yield f'a snapshot named {name!r}', 'snapshots', struct.pack('<III', 1, 1, len(data)) + data


# SMB1, RPC, descriptors


def _smb1() -> Iterator[tuple[str, str, bytes]]:
    for count, begin in ((51, 0), (2, 49), (1, 0xFFFE), (60, 0)):
        answer = ComTransactionResponse(data=b'x' * count, data_displacement=begin)
        yield f'{count} bytes at {begin} of 50', 'SMB1 reassembly', pieces([b'\0' + answer.pack()])
    large = ComNTTransactResponse(data=b'x', data_displacement=0xFFFFFFFE, total_data_count=0)
    yield 'the last byte of 4 GiB', 'SMB1 reassembly', pieces([b'\1' + large.pack()])
    half = b'\0' + ComTransactionResponse(data=b'x' * 5, total_data_count=50).pack()
    yield 'the same bytes twice', 'SMB1 reassembly', pieces([half, half])
    nothing = b'\0' + ComTransactionResponse(total_data_count=50).pack()
    yield 'a part that brings nothing', 'SMB1 reassembly', pieces([nothing, nothing, nothing])
    packed = ComTransactionResponse(data=b'data', setup=(1,)).pack()
    for at, value in ((13, 0xFFFF), (15, 0), (15, 31), (15, 0xFFFF), (19, 0xFF)):
        bad = put(packed, at, u16(value))
        yield f'a transaction with {value} at word byte {at}', 'ComTransactionResponse', bad
    byte_count_at = 1 + 2 * packed[0]
    there = len(packed) - byte_count_at - 2
    assert packed[byte_count_at : byte_count_at + 2] == u16(there)
    for count in (0, there - 1, there + 1, 0x7FFF, 0xFFFF):
        yield f'{count} bytes in a transaction', 'ComTransactionResponse', put(packed, byte_count_at, u16(count))
    for words in (0, 9, 0x7F, 0xFF):
        yield f'a transaction of {words} words', 'ComTransactionResponse', put(packed, 0, bytes([words]))


def _rpc() -> Iterator[tuple[str, str, bytes]]:
    whole = test_rpc.response(b'stub')
    for length in (0, 15, 16, 23, 24):
        bad = put(whole, 8, u16(length))
        yield f'an RPC fragment of {length} bytes', 'answer to an RPC call', pieces([bad])
    for auth in (1, 0x7FFF, 0xFFFF):
        yield f'{auth} bytes of RPC authentication', 'answer to an RPC call', pieces([put(whole, 10, u16(auth))])
    empty = test_rpc.response(b'', flags=1) + test_rpc.response(b'', flags=0) * 100
    yield 'RPC fragments of nothing', 'answer to an RPC call', pieces([empty])
    for at, value in ((12, 3), (12, 0xFFFFFFFF), (20, 0x7FFFFFFF), (20, 0)):
        bad = put(test_srvsvc.CAPTURED_RESPONSE, at, u32(value))
        yield f'a list of shares with {value} at byte {at}', 'list of shares', bad
    for count in (0x15555556, 0xFFFFFFFF):
        bad = struct.pack('<6I', 1, 1, 1, count, 1, count) + bytes(64)
        yield f'{count} shares, which have few bytes', 'list of shares', bad
    name = struct.pack('<6I', 1, 1, 1, 1, 1, 1) + struct.pack('<3I', 1, 0, 0)
    for maximum, offset, length in ((1, 0, 2), (2, 1, 1), (0xFFFFFFFF, 0, 0xFFFFFFFF), (0x80000000, 0, 0x80000000)):
        bad = name + struct.pack('<3I', maximum, offset, length) + bytes(32)
        yield f'a share name of {length} at {offset} of {maximum}', 'list of shares', bad


def _descriptors() -> Iterator[tuple[str, str, bytes]]:
    sid = bytes.fromhex('010100000000000512000000')
    ace = bytes.fromhex('00001400ff011f00') + sid
    acl = struct.pack('<BBHHH', 2, 0, 8 + len(ace), 1, 0) + ace
    for count in (2, 16, 0xFFFF):
        yield f'{count} ACEs, one of them there', 'ACL', put(acl, 4, u16(count))
    for size in (0, 3, 4, 19, 21, 0xFFFF):
        yield f'an ACE of {size} bytes', 'ACL', put(acl, 10, u16(size))
    for count in (2, 15, 16, 255):
        yield f'a SID of {count} sub-authorities, one of them there', 'SID', put(sid, 1, bytes([count]))
    head = struct.pack('<BBHIIII', 1, 0, 0x8014, 20, 20, 32, 32)
    # The offset of the SACL reads as the revision and the count of a SID
    inside = struct.pack('<BBHIIII', 1, 0, 0x8010, 12, 0, 0x101, 0).ljust(0x101, b'\0') + acl
    yield 'an owner in the header of its descriptor', 'security descriptor', inside
    whole = head + sid + acl
    for at, offset in ((4, 1), (4, 19), (8, 23), (12, 20), (16, len(whole)), (16, 0x7FFFFFFF), (12, 0xFFFFFFFF)):
        bad = put(whole, at, u32(offset))
        yield f'a part of a descriptor at byte {offset}, said at {at}', 'security descriptor', bad


# SPNEGO and NTLM

# Of a DER element: 2**31 and its neighbours, 64 bits, 126 bytes, reserved
LENGTHS = (b'\x84\x80\0\0\0', b'\x84\x7f\xff\xff\xff', b'\x84\xff\xff\xff\xff', b'\x88' + b'\xff' * 8,
           b'\xfe' + b'\x7f' * 126, b'\xff', b'\x82\xff\xff')  # fmt: skip


def nested(tag: int, depth: int, inner: bytes = b'') -> bytes:
    """An element in an element in an element."""
    for _ in range(depth):
        inner = bytes([tag, 0x84]) + len(inner).to_bytes(4, 'big') + inner
    return inner


def _sign_on() -> Iterator[tuple[str, str, bytes]]:
    whole = {'SPNEGO mechanisms': spnego.neg_token_init2(spnego.NTLM_OID), 'SPNEGO response': spnego.neg_token_resp()}
    for target, token in whole.items():
        yield f'indefinite length ({target})', target, token[:1] + b'\x80' + token[2:] + b'\0\0'
        for tag in (0x30, 0x60, 0xA0, 0xA1, 0x24, 0x7F):
            yield f'{DEPTH} times {tag:#x} ({target})', target, nested(tag, DEPTH)
            yield f'{DEPTH} times {tag:#x} of indefinite length ({target})', target, bytes([tag, 0x80]) * DEPTH
            yield f'{DEPTH} times {tag:#x} in a token ({target})', target, nested(token[0], 1, nested(tag, DEPTH))
        for length in LENGTHS:
            yield f'length {length[:6].hex()} ({target})', target, token[:1] + length + token[2:]
            yield f'inner length {length[:6].hex()} ({target})', target, token[:3] + length + token[4:]
        yield f'nothing ({target})', target, token[:1] + b'\0'
    yield 'an object id of 64 KiB', 'SPNEGO mechanisms', spnego.neg_token_init2(der(6, b'\xff' * 65000 + b'\1'))
    yield 'a result of 64 KiB', 'SPNEGO response', der(0xA1, der(0x30, der(0xA0, der(0x0A, b'\x7f' * 65000))))
    for blob in (65536, LONGEST_FRAME):
        yield f'a security blob of {blob} bytes', 'SPNEGO response', spnego.neg_token_resp() + bytes(blob)
    challenge = spnego.challenge()
    for at, value in ((12, 0xFFFF), (40, 0xFFFF), (40, len(spnego.TARGET_INFO_WITH_TIME) + 1)):
        yield f'an NTLM length of {value} at {at}', 'NTLM challenge', put(challenge, at, u16(value))
    for offset in (0, 4, 47, len(challenge), 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        yield f'target information at byte {offset}', 'NTLM challenge', put(challenge, 44, u32(offset))
    for info in (b'', b'\2\0', b'\2\0\xff\xff', b'\2\0\0\0', b'\7\0\4\0' + bytes(8), b'\6\0\0\0\0\0\0\0', b'\2\0\1\0'):
        yield f'target information {info.hex()}', 'NTLM target information', info


# NetBIOS


def _netbios() -> Iterator[tuple[str, str, bytes]]:
    label = b'\x20' + b'A' * 32
    for what, name in {
        'a pointer to itself': b'\xc0\0',
        'a pointer forwards': b'\xc0\x10' + label + b'\0',
        'a pointer behind the end': b'\xff\xff',
        'a label to itself': label + b'\xc0\0',
        'half a pointer': label + b'\xc0',
        'a label of 64': b'\x40' + b'A' * 64 + b'\0',
        'a label of 255': b'\xbf' + b'A' * 300,
        'no end': label,
        'labels without end': label + (b'\x3f' + b'x' * 63) * 10 + b'\0',
        'no name': b'\0',
    }.items():
        yield f'{what} in a name', 'NetBIOS name', b'\0' + name
        yield f'{what} in an answer', 'name query answer', packets.words(1, 0x8580, 0, 1, 0, 0) + name + bytes(20)
    answer = packets.name_answer(1, '10.0.0.1')
    for length in (0, 1, 5, 7, 12, 0x7FFF, 0xFFFF):
        bad = answer[:-8] + length.to_bytes(2, 'big') + answer[-6:]
        yield f'{length} bytes of addresses', 'name query answer', bad
    yield '255 names, one of them there', 'node status answer', packets.status_answer(1, packets.entry('A'), 255)
    for frame in (b'\0\0\0\0', b'\0\xff\xff\xff', b'\x82\0\0\1', b'\x83\0\0\0', b'\x85\0\0\1', b'\x81\0\0\0', b'HTTP'):
        yield f'frame {frame!r}', 'TCP stream', frame
        yield f'first frame {frame!r}', 'NetBIOS session', frame.replace(b'\0\xff\xff\xff', b'\1\0\0\0')


REFUSED: dict[str, tuple[str, bytes]] = {
    what: (target, data)
    for cases in (_directories, _smb2, _smb1, _rpc, _descriptors, _sign_on, _netbios)
    for what, target, data in cases()
}


# What costs the most


def _entries(size: int, tail: int) -> bytes:
    """Directory entries of one letter, with ``tail`` bytes between FileNameLength and FileName."""
    step = 64 + tail + 2
    one = u32(step) + bytes(range(1, 57)) + u32(2) + bytes(tail) + b'a\0'
    return one * (size // step - 1) + put(one, 0, u32(0))


def _fragments(size: int) -> bytes:
    first, middle, last = (test_rpc.response(b'x', flags=flags) for flags in (1, 0, 2))
    return pieces([first, middle * (size // len(middle) - 1) + last])


def _shares(size: int, *, named: bool) -> bytes:
    count = size // (12 + 16 * named)
    table = struct.pack('<III', named, 0, 0) * count
    texts = (struct.pack('<III', 1, 0, 1) + b'a\0\0\0') * count * named
    return struct.pack('<6I', 1, 1, 1, count, 1, count) + table + texts + struct.pack('<III', count, 0, 0)


def _snapshots(size: int, name: str) -> bytes:
    data = (name + '\0').encode('utf-16-le')
    count = size // len(data)
    return struct.pack('<III', count, count, count * len(data)) + data * count


def _descriptor() -> bytes:
    """Two lists of 16,000 ACEs each, in the same bytes."""
    count = (0xFFFF - 8) // 4
    acl = struct.pack('<BBHHH', 2, 0, 8 + 4 * count, count, 0) + b'\x19\0\4\0' * count
    return struct.pack('<BBHIIII', 1, 0, 0x8014, 0, 0, 20, 20) + acl


def _pointers() -> bytes:
    """As long a chain of pointers as there can be, each to the one before."""
    return b'\0' * 12 + b'\0\0' + b''.join((0xC000 | at).to_bytes(2, 'big') for at in range(12, 0x3FFE, 2))


COSTLY: dict[str, tuple[str, Callable[[], bytes]]] = {
    'a compound of headers': ('SMB2 frame', lambda: echo(72)[:72] * (LONGEST_FRAME // 72 - 1) + echo()),
    'a compound of 8,192 messages': ('SMB2 frame', lambda: echo(72)[:72] * 8191 + echo()),
    'empty create contexts': (
        'SMB2CreateResponse',
        lambda: create(create_context(16, (0, 0), (0, 0))[:16] * (LONGEST_FRAME // 16 - 8)),
    ),
    '65,535 negotiate contexts': (
        'SMB2NegotiateResponse',
        lambda: negotiate(struct.pack('<HHI', 9, 0, 0) * 0xFFFF, count=0xFFFF),
    ),
    '255 error contexts': (
        'SMB2ErrorResponse',
        lambda: SMB2ErrorResponse(
            error_context_count=255, error_data=(u32(0xFFF8) + u32(0) + bytes(0xFFF8)) * 255
        ).pack(),
    ),
    'directory entries of one letter': ('directory of class 1', lambda: _entries(LONGEST_FRAME, 0)),
    'a whole batch of them': ('directory of class 1', lambda: _entries(1 << 20, 0)),
    'one file name of 16 MiB': (
        'directory of class 1',
        lambda: bytes(60) + u32(LONGEST_FRAME - 64) + b'a\0' * (LONGEST_FRAME // 2 - 32),
    ),
    '65,535 directory entries': (SMB1_DIRECTORY, lambda: u16(0xFFFF) + _entries(0xFFFF, 30)),
    'RPC fragments of a byte': ('answer to an RPC call', lambda: _fragments(LONGEST_FRAME)),
    'a whole piece of them': ('answer to an RPC call', lambda: _fragments(rpc.LARGEST_PIECE)),
    'shares of one letter': ('list of shares', lambda: _shares(rpc.LARGEST_ANSWER, named=True)),
    'shares without a name': ('list of shares', lambda: _shares(rpc.LARGEST_ANSWER, named=False)),
    'snapshots of one letter': ('SMB2SrvSnapshotArray', lambda: _snapshots(LONGEST_FRAME, 'a')),
    'a whole array of snapshots': ('snapshots', lambda: _snapshots(1 << 20, '@GMT-2020.01.02-03.04.05')),
    'a descriptor of 32,000 ACEs': ('security descriptor', _descriptor),
    'a target information of 16,000 pairs': ('NTLM target information', lambda: spnego.av_pairs(*[(2, b'')] * 16000)),
    'a token of 21,000 mechanisms': ('SPNEGO mechanisms', lambda: spnego.neg_token_init2(b'\x06\x01\x2a' * 21700)),
    'an object id of 65,000 numbers': ('first token', lambda: spnego.neg_token_init2(der(6, b'\1' * 65000))),
    'a token of 32,000 pieces': (
        'SPNEGO response',
        lambda: der(0xA1, der(0x30, der(0xA2, der(0x24, b'\x04\0' * 32000)))),
    ),
    'a token nested 10,000 deep': ('SPNEGO response', lambda: nested(0xA1, 10000)),
    'a bit string of 64 KiB': (
        'SPNEGO mechanisms',
        lambda: der(0x60, spnego.SPNEGO_OID, der(0xA0, der(0x30, der(0xA1, der(3, b'\0' + b'\x55' * 65000))))),
    ),
    'a chain of 8,000 pointers': ('name query answer', lambda: packets.words(1, 0x8580, 0, 1, 0, 0) + _pointers()[12:]),
    '255 NetBIOS names': ('node status answer', lambda: packets.status_answer(1, packets.entry('A') * 255)),
    '16,000 packets that keep alive': ('NetBIOS session', lambda: b'\x82\0\0\0' + b'\x85\0\0\0' * 16000),
}
