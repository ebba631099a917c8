"""Honest bytes of everything that is no declared structure: captures, and what is built from varied values."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Sequence
from typing import Any

from nmb.utils import encode_name
from smb import ntlm
from smb.messages import rpc
from smb.messages.smb1.header import SMBHeader
from smb.messages.smb1.payload import SMB1Request
from smb.messages.smb1.transaction import ComNTTransactResponse, ComTransaction2Response, ComTransactionResponse
from smb.messages.smb2.header import SMB2Header, SMB2Request
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.messages.smb2.transform import SMB2TransformHeader
from smb.security_descriptors import ACE, ACL, SID, SecurityDescriptor
from smb.smb2_constants import SMB2_FLAGS_SERVER_TO_REDIR
from smb.smb_constants import SMB_FLAGS2_NT_STATUS, SMB_FLAGS_REPLY
from tests.auth import server as spnego
from tests.descriptors import AUTHENTIC
from tests.fuzz.samples import TEXTS, sample
from tests.messages import test_fscc, test_rpc, test_smb1_transaction2, test_srvsvc
from tests.nmb import packets, test_name_packets

NAMES = ('a', 'name.txt', '\u00c4\u00d6', 'x' * 255, '\U0001f600', '\ud800', 'a b', '.', '..')
TO_THE_END = b'\xff\xff'  # in place of a length
OBJECT_ACES = (5, 6, 7, 8, 11, 12, 15, 16)
DATA_ACES = (7, 9, 10, 11, 12, 13, 14, 15, 16)


def pieces(parts: Iterable[bytes]) -> bytes:
    """Several pieces as one: each but the last behind its length."""
    *first, last = parts
    return b''.join(len(part).to_bytes(2, 'little') + part for part in first) + TO_THE_END + last


def split_pieces(data: bytes) -> list[bytes]:
    """The pieces again, whatever became of the lengths."""
    parts: list[bytes] = []
    position = 0
    while position + 2 <= len(data) and len(parts) < 20:
        is_last = data[position : position + 2] == TO_THE_END
        length = len(data) if is_last else int.from_bytes(data[position : position + 2], 'little')
        parts.append(data[position + 2 : position + 2 + length])
        position += 2 + length
    return parts


# Directories and snapshots


def directory(information_class: int) -> list[bytes]:
    """Batches of entries, [MS-FSCC] 2.4."""
    rng = random.Random(information_class)
    batches = [bytes.fromhex(test_fscc.CAPTURED_ID_BOTH)] if information_class == 37 else []
    for _ in range(60):
        batch = b''
        count = rng.randrange(1, 5)
        for number in range(count):
            times = [rng.choice((0, -1, rng.getrandbits(63), test_fscc.FILETIME)) for _ in range(4)]
            short = rng.choice(('', 'NAME~1.TXT')).encode('utf-16-le')
            batch += test_fscc.entry(
                information_class, rng.choice(NAMES), short=short, times=(times[0], times[1], times[2], times[3]),
                next_entry_offset=0 if number == count - 1 else None,
            )  # fmt: skip
        batches.append(batch)
    return batches


def counted_directory(information_class: int, *, is_unicode: bool) -> list[bytes]:
    """The same as SMB1 has them, behind their SearchCount."""
    rng = random.Random(information_class)
    captures = {
        (3, True): [(3, test_smb1_transaction2.ENTRIES), (2, bytes.fromhex(test_fscc.CAPTURED_SMB1_BOTH))],
        (3, False): [(1, test_smb1_transaction2.OEM_ENTRY)],
    }
    batches = list(captures.get((information_class, is_unicode), []))
    for _ in range(40):
        count = rng.randrange(1, 5)
        names: list[str | bytes] = [rng.choice(NAMES) if is_unicode else rng.choice((b'a', b'\x8e.txt', b'x' * 200))
                                    for _ in range(count)]  # fmt: skip
        entries = [test_fscc.entry(information_class, name, next_entry_offset=None) for name in names]
        batches.append((count, b''.join(entries)))
    return [count.to_bytes(2, 'little') + batch for count, batch in batches]


# Transactions and remote procedure calls


def transactions() -> list[bytes]:
    """The messages of an answer, in pieces: each a kind, and the body that follows a header."""
    rng = random.Random('transactions')
    found = []
    for number in range(40):
        kind = rng.choice((ComTransactionResponse, ComTransaction2Response, ComNTTransactResponse))
        parameters, data = rng.randbytes(rng.randrange(11)), rng.randbytes(rng.randrange(51))
        cut, cut_data = rng.randrange(len(parameters) + 1), rng.randrange(len(data) + 1)
        parts = [(0, parameters[:cut], 0, data[:cut_data]), (cut, parameters[cut:], cut_data, data[cut_data:])]
        totals: dict[str, Any] = {'total_parameter_count': len(parameters), 'total_data_count': len(data)}
        setup = (1,) * (number % 3)
        messages = [
            kind(
                parameters=part,
                parameter_displacement=at,
                data=part_data,
                data_displacement=at_data,
                setup=setup,
                **totals,
            )
            for at, part, at_data, part_data in rng.sample(parts, 2)
            if part or part_data or not (parameters or data)
        ]
        found.append(pieces(bytes([kind is ComNTTransactResponse]) + message.pack() for message in messages))
    return found


def bind_answers() -> list[bytes]:
    """What a server says to a bind, the first call."""
    rng = random.Random('bind')
    acks = [test_rpc.bind_ack(address=b'\\pipe\\' + b'x' * length + b'\0') for length in range(8)]
    acks += [test_rpc.bind_ack(max_receive=rng.getrandbits(16)) for _ in range(10)]
    refusals = [test_rpc.bind_ack(result=rng.randrange(5), reason=rng.randrange(5)) for _ in range(10)]
    naks = [test_rpc.pdu(rpc.BIND_NAK, struct.pack('<H', reason), call_id=1) for reason in range(11)]
    return [pieces([each]) for each in [bytes.fromhex(test_rpc.CAPTURED_BIND_ACK), *acks, *refusals, *naks]]


def call_answers() -> list[bytes]:
    """What a server says to the second call: fragments in pieces of any length, faults."""
    rng = random.Random('call')
    found = []
    for _ in range(60):
        count = rng.randrange(1, 5)
        flags = [(number == 0) | (number == count - 1) << 1 for number in range(count)]
        answer = b''.join(test_rpc.response(rng.randbytes(rng.randrange(1, 30)), flags=each) for each in flags)
        if rng.random() < 0.2:
            answer = test_rpc.pdu(
                rpc.FAULT, bytes(8) + rng.choice((5, 0x1C010002, 77)).to_bytes(4, 'little'), call_id=2
            )
        cut = rng.randrange(len(answer) + 1)
        found.append(pieces([answer[:cut], answer[cut:]] if cut and cut < len(answer) else [answer]))
    return found


def share_lists() -> list[bytes]:
    """Stubs of NetrShareEnum's answer."""
    rng = random.Random('shares')
    found = [test_srvsvc.CAPTURED_RESPONSE]
    for _ in range(60):
        shares = [
            (rng.choice(('C$', 'public', '\u00c4', None)), rng.getrandbits(32), rng.choice((*TEXTS, None)))
            for _ in range(rng.randrange(5))
        ]
        found.append(test_srvsvc.stub(shares, resume_handle=rng.choice((None, 0, 7)), error_code=rng.choice((0, 234))))
    return found


# Security descriptors


def sids() -> list[SID]:
    rng = random.Random('sids')
    return [
        SID(1, rng.choice((0, 5, rng.getrandbits(48))), [rng.getrandbits(32) for _ in range(count % 16)])
        for count in range(40)
    ]


def aces() -> list[ACE]:
    """Of every type, those without a known layout among them."""
    rng, found = random.Random('aces'), []
    for number in range(0x18 * 4):
        kind = number % 0x18
        more: dict[str, object] = {}
        if kind in OBJECT_ACES:
            present = more['flags'] = rng.randrange(4)
            more |= {'object_type': rng.randbytes(16)} if present & 1 else {}
            more |= {'inherited_object_type': rng.randbytes(16)} if present & 2 else {}
        if kind in DATA_ACES:
            more['application_data'] = rng.randbytes(4 * rng.randrange(4))
        if kind == 0x12:
            more['attribute_data'] = rng.randbytes(4 * rng.randrange(4))
        found.append(ACE(kind, rng.getrandbits(8), rng.getrandbits(32), rng.choice(sids()), more))
    return found


def acls() -> list[ACL]:
    rng = random.Random('acls')
    every = aces()
    return [ACL(rng.choice((2, 4)), rng.sample(every, number % 6)) for number in range(40)]


def descriptors() -> list[bytes]:
    rng = random.Random('descriptors')
    found = [AUTHENTIC]
    owners, lists = [None, *sids()], [None, *acls()]
    for _ in range(80):
        parts = (rng.choice(owners), rng.choice(owners), rng.choice(lists), rng.choice(lists))
        descriptor = SecurityDescriptor(rng.getrandbits(16), *parts)
        descriptor.resource_manager_control = rng.getrandbits(8)
        found.append(descriptor.to_bytes())
    return found


def descriptor_texts() -> list[bytes]:
    """Those of them that have a form in SDDL."""
    found = [b'O:BAG:SYD:PAI(A;OICI;FA;;;BA)(OA;CI;CC;ba7a96bf-e60d-d011-a285-00aa003049e2;;DA)S:(AU;SAFA;GA;;;WD)']
    for data in descriptors():
        try:
            found.append(SecurityDescriptor.from_bytes(data).to_sddl().encode('ascii'))
        except ValueError:
            continue
    return found


# Signing on


def challenges() -> list[bytes]:
    """CHALLENGE_MESSAGEs, [MS-NLMP] 2.2.1.2."""
    rng = random.Random('challenges')
    flags = [spnego.ALL_FLAGS, spnego.ALL_FLAGS & ~spnego.TARGET_INFO, *(rng.getrandbits(32) for _ in range(20))]
    return [spnego.challenge(each, info) for each in flags for info in target_infos()[:3]]


def target_infos() -> list[bytes]:
    rng = random.Random('target info')
    found = [spnego.TARGET_INFO_WITH_TIME, spnego.TARGET_INFO_WITHOUT_TIME, spnego.av_pairs()]
    sizes = {ntlm.MSV_AV_FLAGS: 4, ntlm.MSV_AV_TIMESTAMP: 8, ntlm.MSV_AV_CHANNEL_BINDINGS: 16}
    for _ in range(40):
        numbers = [rng.randrange(1, 12) for _ in range(rng.randrange(6))]
        found.append(
            spnego.av_pairs(*((each, rng.randbytes(sizes.get(each, 2 * rng.randrange(10)))) for each in numbers))
        )
    return found


def first_tokens() -> list[bytes]:
    """NegTokenInit2, [MS-SPNG] 2.2.1."""
    mechanisms = (spnego.NTLM_OID, spnego.KERBEROS_OID, bytes.fromhex('06062b0601050502'), b'\x06\x01\x2a')
    rng = random.Random('first')
    return [spnego.neg_token_init2(*rng.sample(mechanisms, number % 5)) for number in range(30)]


def later_tokens() -> list[bytes]:
    """NegTokenResp, [RFC4178] 4.2.2."""
    rng = random.Random('later')
    return [
        spnego.neg_token_resp(
            rng.choice((None, 0, 1, 2, 3)),
            rng.choice((b'', spnego.NTLM_OID, spnego.NTLM_OID, spnego.KERBEROS_OID)),
            rng.choice((b'', *challenges()[:6])),
            rng.choice((b'', bytes(16))),
        )
        for _ in range(40)
    ]


def challenge_tokens() -> list[bytes]:
    """Those that an Authenticator goes on with, wrapped and bare."""
    whole = [each for each in challenges() if int.from_bytes(each[20:24], 'little') == spnego.ALL_FLAGS]
    return [spnego.neg_token_resp(token=each) for each in whole] + whole


# NetBIOS


def name_answers() -> list[bytes]:
    """[RFC1002] 4.2.13, 4.2.14."""
    rng = random.Random('names')
    found = [test_name_packets.FOUND, test_name_packets.NOT_FOUND, packets.negative_answer(7)]
    addresses = ('10.0.0.1', '255.255.255.255', '0.0.0.0')
    for _ in range(30):
        found.append(packets.name_answer(rng.getrandbits(16), *rng.choices(addresses, k=rng.randrange(1, 5))))
    return found


def status_answers() -> list[bytes]:
    """[RFC1002] 4.2.18."""
    rng = random.Random('status')
    found = [test_name_packets.STATUS]
    for _ in range(30):
        entries = [
            packets.entry(rng.choice(('SERVER', 'x' * 15, '\u00c4')), rng.getrandbits(8), rng.getrandbits(16))
            for _ in range(rng.randrange(5))
        ]
        found.append(packets.status_answer(rng.getrandbits(16), b''.join(entries)))
    return found


def names() -> list[bytes]:
    """Encoded names behind the offset at which to begin; some end in a pointer to one that stands before."""
    found = [encode_name(name, 0x20, scope) for name in ('A', 'SERVER', '*') for scope in (None, 'a.b', 'x' * 60)]
    pointing = [bytes([len(name)]) + name + encode_name('B', 0)[:33] + b'\xc0\x21' for name in found]
    return [b'\0' + name for name in found] + pointing


def session_frames() -> list[bytes]:
    """Frames of sessions and of Direct TCP, [RFC1002] 4.3, several in one piece."""
    answers = (b'\x82\0\0\0', b'\x83\0\0\1\x82', b'\x84\0\0\6\x7f\0\0\1\0\x8b')
    return [answer + stream for answer in answers for stream in [b'', *streams()[:12]]]


def streams() -> list[bytes]:
    """What comes when the session is open: messages, and packets that keep it alive."""
    rng = random.Random('frames')
    frames = (b'\x85\0\0\0', b'\0\0\0\4data', b'\0\0\0\1x')
    small = [b''.join(rng.choices(frames, k=rng.randrange(6))) + frames[1] for _ in range(30)]
    return [*small, b'\0\1\0\0' + bytes(0x10000) + frames[1]]


# Whole messages


def smb1_messages(requests: Sequence[type[SMB1Request]]) -> list[bytes]:
    """Header and body of answers."""
    rng, found = random.Random('smb1'), []
    for request in requests:
        header = SMBHeader(command=request.COMMAND, flags=SMB_FLAGS_REPLY, flags2=SMB_FLAGS2_NT_STATUS | 0x8000)
        for kind in ('least', 'mixed', 'mixed', 'mixed'):
            if request.RESPONSE.COMMAND >= 0:
                found.append(header.pack() + sample(request.RESPONSE, rng, kind).pack())
        header.status = 0xC0000022
        found.append(header.pack() + bytes(3))
    return found


def smb2_frames(requests: Sequence[type[SMB2Request]]) -> list[bytes]:
    """Answers by themselves, in compounds, and as what stands in a transform; it is not sealed here."""
    rng, messages = random.Random('smb2'), []
    for request in requests:
        header = SMB2Header(command=request.COMMAND, flags=SMB2_FLAGS_SERVER_TO_REDIR)
        for kind in ('least', 'mixed', 'mixed', 'mixed'):
            header.message_id, header.session_id = rng.getrandbits(64), rng.getrandbits(64)
            if request.RESPONSE.COMMAND >= 0:
                messages.append((header.pack(), sample(request.RESPONSE, rng, kind).pack()))
        header.status = 0xC0000022
        messages.append((header.pack(), sample(SMB2ErrorResponse, rng).pack()))
    frames = [head + body for head, body in messages]
    for count in (2, 3, 4) * 8:
        frame = b''
        for number, (head, body) in enumerate(rng.sample(messages, count)):
            body += bytes(-len(body) % 8)
            step = 0 if number == count - 1 else len(head) + len(body)
            frame += head[:20] + step.to_bytes(4, 'little') + head[24:] + body
        frames.append(frame)
    for frame in rng.sample(frames, 30):
        transform = SMB2TransformHeader(nonce=rng.randbytes(16), original_message_size=len(frame), session_id=7)
        frames.append(transform.pack() + frame)
    return frames
