"""Every decoder of bytes that come off the wire: what it is fed with, and what may come out of it.

``TARGETS`` is the registry: name -> ``Target``. A decoder reads the bytes as far as anybody in the library would, with
the methods that read on in what was decoded, and shows what it found.
"""

from __future__ import annotations

import contextlib
import copy
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from nmb.base import NBNS, NMBSession
from nmb.nmb_structs import NMBError, describe_refusal, unpack_header, unpack_retarget
from nmb.utils import decode_name
from smb import ntlm, securityblob
from smb import smb2_constants as numbers
from smb.auth import Authenticator
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, UnsupportedFeature
from smb.messages import fscc, rpc, srvsvc
from smb.messages.smb1.dos_errors import to_ntstatus
from smb.messages.smb1.header import HEADER_SIZE as SMB1_HEADER_SIZE
from smb.messages.smb1.header import SMBHeader, SMBMessage
from smb.messages.smb1.payload import SMB1Payload, SMB1Request
from smb.messages.smb1.transaction import (
    ComNTTransactRequest,
    ComTransaction2Request,
    Reassembly,
    TransactionRequest,
    TransactionResponse,
)
from smb.messages.smb1.transaction2 import last_resume_key, parse_entries
from smb.messages.smb2.create import (
    SMB2CreateQueryMaximalAccessResponse,
    SMB2CreateQueryOnDiskIdResponse,
    SMB2CreateResponse,
)
from smb.messages.smb2.header import HEADER_SIZE as SMB2_HEADER_SIZE
from smb.messages.smb2.header import SMB2Header, SMB2Message, SMB2Request, SMB2Response, split_compound
from smb.messages.smb2.ioctl import SMB2SrvSnapshotArray
from smb.messages.smb2.negotiate import SMB2NegotiateResponse, SMB2PreauthIntegrityCapabilities
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.messages.smb2.transform import TRANSFORM_HEADER_SIZE, SMB2TransformHeader
from smb.ntstatus import STATUS_ACCESS_DENIED, STATUS_SUCCESS
from smb.operations.snapshots import list_snapshots
from smb.security_descriptors import ACE, ACL, SID, SecurityDescriptor
from smb.session.smb2 import _without_secrets
from smb.smb2_constants import SMB2_TRANSFORM_PROTOCOL_ID
from smb.smb_constants import SMB_FLAGS2_UNICODE
from smb.transport import Deadline, Transport
from smb.wire.structure import Structure
from tests.auth import server as spnego
from tests.fuzz import seeds
from tests.fuzz.mutations import Order
from tests.fuzz.samples import samples, structures

Decode = Callable[[bytes], object]
Accepted = tuple[type[Exception], ...]


class Target:
    """One decoder. ``seeds`` gives the honest bytes that it takes, ``accepted`` is all that it may raise."""

    def __init__(
        self,
        decode: Decode,
        seeds: Callable[[], Sequence[bytes]],
        accepted: Accepted = (ProtocolError,),
        order: Order = 'little',
    ) -> None:
        self.decode, self.accepted, self.order = decode, accepted, order
        self._make_seeds = seeds
        self._seeds: list[bytes] = []

    @property
    def seeds(self) -> list[bytes]:
        """Its part of the corpus, without doubles."""
        if not self._seeds:
            self._seeds = list(dict.fromkeys(self._make_seeds()))
        return self._seeds


# Structures


def _read_on(message: Any) -> None:
    """Whatever else can be asked of a decoded message."""
    assert repr(message)
    if isinstance(message, SMB2ErrorResponse):
        message.contexts()
        message.symbolic_link()
        with contextlib.suppress(ProtocolError):
            message.required_length()
    elif isinstance(message, SMB2SrvSnapshotArray):
        message.names()
    elif isinstance(message, SMB2NegotiateResponse):
        with contextlib.suppress(ProtocolError):  # there may be two of them
            message.context(SMB2PreauthIntegrityCapabilities)
    elif isinstance(message, SMB2CreateResponse):
        for kind in (SMB2CreateQueryMaximalAccessResponse, SMB2CreateQueryOnDiskIdResponse):
            message.context(kind)
    message.freeze()


def _decode_structure(cls: type[Structure], data: bytes) -> None:
    _read_on(cls.unpack(memoryview(data)))


def _decode_smb1_structure(cls: type[SMB1Payload], data: bytes) -> None:
    """In Unicode and in OEM; an error that both have is one."""
    errors = []
    for is_unicode in (True, False):
        try:
            _read_on(cls.unpack(memoryview(data), is_unicode))
        except ProtocolError as error:
            errors.append(error)
    if len(errors) == 2:
        raise errors[0]


def _decode_smb1_answer(request: type[SMB1Request], data: bytes) -> None:
    for status in (*request.DATA_STATUSES, STATUS_ACCESS_DENIED):
        with contextlib.suppress(ProtocolError):
            repr(request.unpack_response(status, memoryview(data)))
    with contextlib.suppress(ProtocolError):
        repr(request.unpack_response(STATUS_SUCCESS, memoryview(data), is_unicode=False))
    _read_on(request.unpack_response(STATUS_SUCCESS, memoryview(data)))


def _structure_targets() -> Iterator[tuple[str, Target]]:
    for name, cls in structures().items():
        if issubclass(cls, SMB1Payload):
            decode: Decode = partial(_decode_smb1_structure, cls)
        else:
            decode = partial(_decode_structure, cls)
        yield name, Target(decode, partial(samples, cls))


def _kinds(base: type[Any]) -> list[type[Any]]:
    return [cls for cls in structures().values() if issubclass(cls, base) and getattr(cls, 'COMMAND', -1) >= 0]


def _response_samples(request: type[SMB1Request]) -> list[bytes]:
    kinds = [cls for cls in _kinds(request.RESPONSE) if cls.COMMAND == request.COMMAND]
    kinds = [cls for cls in kinds if not (set(kinds) & set(cls.__subclasses__()))]  # of two forms, each by itself
    return [data for cls in kinds for data in samples(cls, 10)] or [bytes(3)]


# Whole messages


class _Smb1:
    """Header and body, as a session reads them."""

    def __init__(self) -> None:
        self.requests = {request.COMMAND: request for request in _kinds(SMB1Request)}

    def __call__(self, data: bytes) -> None:
        frame = memoryview(data)
        header = SMBHeader.unpack(frame)
        message = SMBMessage(header, None, (frame,))
        is_unicode = bool(header.flags2 & SMB_FLAGS2_UNICODE)
        status = to_ntstatus(message.status)
        request = self.requests.get(header.command, SMB1Request)
        message.payload = request.unpack_response(status, frame[SMB1_HEADER_SIZE:], is_unicode)
        assert str(message) and (message.mid, message.tid, message.pid, message.uid, message.isReply)
        message.freeze()


class _Smb2:
    """Every message of a frame; the content of a transform stands there in plain."""

    def __init__(self) -> None:
        self.requests = {request.COMMAND: request for request in _kinds(SMB2Request)}

    def __call__(self, data: bytes) -> None:
        frame = memoryview(data)
        if bytes(frame[:4]) == SMB2_TRANSFORM_PROTOCOL_ID:
            assert len(SMB2TransformHeader.unpack(frame).associated_data()) == 32
            frame = frame[TRANSFORM_HEADER_SIZE:]
        for part in split_compound(frame):
            header = SMB2Header.unpack(part)
            request = self.requests.get(header.command, SMB2Request)
            kind: type[SMB2Response] = request.RESPONSE if header.status == STATUS_SUCCESS else SMB2ErrorResponse
            payload = kind.unpack(part[SMB2_HEADER_SIZE:])
            message = SMB2Message(header, payload, (part,))
            assert str(_without_secrets(message))
            _read_on(payload)


def _reassemble(data: bytes) -> None:
    requests: dict[int, TransactionRequest] = {
        0: ComTransaction2Request(setup=(1,), max_parameter_count=10, max_data_count=50),
        1: ComNTTransactRequest(function=1, max_parameter_count=10, max_data_count=50),
    }
    parts = seeds.split_pieces(data)
    whole = None
    for part in parts:
        request = requests.get(part[0] if part else 0, requests[0])
        answer = request.RESPONSE.unpack(memoryview(part[1:]))
        assert isinstance(answer, TransactionResponse)
        whole = whole or Reassembly(request)
        if whole.add(answer):
            assert len(whole.parameters) <= 10 and len(whole.data) <= 50
            return


# Directories, shares, snapshots


def _decode_directory(information_class: int, data: bytes) -> None:
    assert all(repr(entry) and entry.filename for entry in fscc.parse_directory(information_class, memoryview(data)))


def _decode_counted_directory(level: int, is_unicode: bool, data: bytes) -> None:
    count, entries = int.from_bytes(data[:2], 'little'), memoryview(data)[2:]
    with contextlib.suppress(ProtocolError):
        last_resume_key(entries, count)
    assert len(parse_entries(level, entries, count, is_unicode)) == count


class _Snapshots:
    """A share with one handle, whose FSCTL_SRV_ENUMERATE_SNAPSHOTS answers these bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self, path: str, how: object) -> contextlib.nullcontext[_Snapshots]:
        return contextlib.nullcontext(self)

    def control(self, code: int, longest: int) -> bytes:
        return self.data


def _decode_snapshots(data: bytes) -> None:
    tree: Any = _Snapshots(data)
    assert all(isinstance(time, datetime) for time in list_snapshots(tree, 'path'))


def _feed_rpc(calls: bool, data: bytes) -> None:
    client = rpc.Client(srvsvc.INTERFACE)
    client.bind()
    if calls:
        client.call_id = 1
        client.request(srvsvc.NETR_SHARE_ENUM, b'stub')
    for piece in seeds.split_pieces(data):
        if client.feed(memoryview(piece)) is not None:
            return


def _decode_shares(data: bytes) -> None:
    assert all(len(share) == 3 for share in srvsvc.unpack_share_enum(memoryview(data)).shares)


# Security descriptors


def _decode_descriptor(kind: Any, data: bytes) -> None:
    decoded = kind.from_bytes(memoryview(data))
    assert repr(decoded) and hash(decoded) is not None
    if isinstance(decoded, SecurityDescriptor):
        with contextlib.suppress(ValueError):  # it may have no form in SDDL
            decoded.to_sddl()
        with contextlib.suppress(ValueError):  # two lists that share their bytes may be too long one after the other
            decoded.to_bytes()


def _decode_sid(data: bytes) -> None:
    sid, tail = SID.from_bytes(memoryview(data), return_tail=True)
    assert SID.from_string(str(sid)) == sid and data.endswith(tail)


def _decode_sddl(data: bytes) -> None:
    assert repr(SecurityDescriptor.from_sddl(data.decode('latin-1'), 'S-1-5-21-1-2-3'))


# Signing on


def _authenticator() -> Authenticator:
    return Authenticator(
        'user', 'password', 'DOMAIN', 'ME', use_ntlm_v2=True, target_name='cifs/SERVER', needs_signing=True
    )


class _SignOn:
    """An Authenticator that stands before its first, second or last token."""

    def __init__(self, token: int) -> None:
        self.token = token
        self._prepared: Authenticator | None = None

    def __call__(self, data: bytes) -> None:
        if self._prepared is None:
            self._prepared = _authenticator()
            if self.token:
                self._prepared.step(b'')
            if self.token > 1:
                self._prepared.step(spnego.neg_token_resp(token=spnego.challenge()))
        authenticator = copy.copy(self._prepared)
        try:
            if self.token > 1:
                authenticator.finish(data)
            else:
                authenticator.step(data)
        except ProtocolError as error:
            assert error.data_buf is None, 'no bytes of a security buffer are shown'
            raise


def _decode_av_pairs(data: bytes) -> None:
    pairs = ntlm.parse_av_pairs(memoryview(data))
    ntlm.timestamp_of(pairs)
    ntlm.answer_target_info(pairs, 'cifs/SERVER')


def _respond(data: bytes) -> None:
    ntlm.generateChallengeResponseV2('password', 'user', bytes(8), data, 'DOMAIN')


# NetBIOS


def _decode_name(data: bytes) -> None:
    name, kind, scope, end = decode_name(memoryview(data)[1:], data[0] if data else 0)
    assert len(name) <= 15 and 0 <= kind <= 255 and len(scope) <= 1024 and end < len(data)


class _Session(NMBSession):
    log = logging.Logger('nobody', logging.CRITICAL)

    def write(self, data: bytes) -> None:
        """Nobody reads it."""


def _feed_session(data: bytes) -> None:
    session = _Session('ME', 'SERVER')
    session.requestNMBSession()
    session.feedData(memoryview(data))


def _decode_frame(data: bytes) -> None:
    kind, length = unpack_header(memoryview(data)[:4])
    payload = data[4 : 4 + length]
    if kind == 0x83 and payload:
        describe_refusal(payload)
    elif kind == 0x84 and len(payload) == 6:
        unpack_retarget(payload)


class _Socket:
    """What a transport reads these bytes from, three at first and then all that there are."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position, self.size = data, 0, 3

    def recv_into(self, view: memoryview) -> int:
        part = self.data[self.position : self.position + min(self.size, len(view))]
        view[: len(part)] = part
        self.position, self.size = self.position + len(part), 1 << 20
        return len(part)

    def gettimeout(self) -> float | None:
        return None

    settimeout = shutdown = lambda self, value: None

    def close(self) -> None:
        """There is nothing to close."""


def _receive(data: bytes) -> None:
    transport = Transport(True)
    sock: Any = _Socket(data)
    transport.sock = sock
    while sock.position < len(data):
        transport.release(transport.receive(Deadline(None)))


def _other_targets() -> Iterator[tuple[str, Target]]:
    for request in _kinds(SMB1Request):
        name = f'answer to {request.__name__}'
        yield name, Target(partial(_decode_smb1_answer, request), partial(_response_samples, request))
    yield 'SMB1 message', Target(_Smb1(), partial(seeds.smb1_messages, _kinds(SMB1Request)))
    yield 'SMB1 reassembly', Target(_reassemble, seeds.transactions)
    yield 'SMB2 frame', Target(_Smb2(), partial(seeds.smb2_frames, _kinds(SMB2Request)))
    for information_class in fscc._DIRECTORY_ENTRIES:
        yield (
            f'directory of class {information_class}',
            Target(partial(_decode_directory, information_class), partial(seeds.directory, information_class)),
        )
    for level, information_class in _LEVELS.items():
        for is_unicode in (True, False):
            yield (
                f'SMB1 directory of level {level:#x} in {"Unicode" if is_unicode else "OEM"}',
                Target(
                    partial(_decode_counted_directory, level, is_unicode),
                    partial(seeds.counted_directory, information_class, is_unicode=is_unicode),
                ),
            )
    yield 'snapshots', Target(_decode_snapshots, partial(samples, SMB2SrvSnapshotArray))
    rpc_errors = (ProtocolError, rpc.RPCFault)
    yield 'answer to an RPC bind', Target(partial(_feed_rpc, False), seeds.bind_answers, rpc_errors)
    yield 'answer to an RPC call', Target(partial(_feed_rpc, True), seeds.call_answers, rpc_errors)
    yield 'list of shares', Target(_decode_shares, seeds.share_lists)
    yield 'SID', Target(_decode_sid, lambda: [sid.to_bytes() for sid in seeds.sids()])
    yield 'ACE', Target(partial(_decode_descriptor, ACE), lambda: [ace.to_bytes() for ace in seeds.aces()])
    yield 'ACL', Target(partial(_decode_descriptor, ACL), lambda: [acl.to_bytes() for acl in seeds.acls()])
    yield 'security descriptor', Target(partial(_decode_descriptor, SecurityDescriptor), seeds.descriptors)
    yield 'SDDL', Target(_decode_sddl, seeds.descriptor_texts, (ValueError,))
    yield from _sign_on_targets()
    yield from _netbios_targets()


def _sign_on_targets() -> Iterator[tuple[str, Target]]:
    bad_blob = (securityblob.BadSecurityBlobError,)
    refusals = (ProtocolError, UnsupportedFeature)
    whole = [spnego.neg_token_resp(token=spnego.challenge()), spnego.neg_token_resp(0, token=b'x', mic=bytes(16))]
    yield 'SPNEGO mechanisms', Target(securityblob.parse_mechanisms, seeds.first_tokens, bad_blob, 'big')
    yield 'SPNEGO response', Target(securityblob.parse_response, seeds.later_tokens, bad_blob, 'big')
    yield 'SPNEGO challenge', Target(securityblob.decodeChallengeSecurityBlob, lambda: whole, bad_blob, 'big')
    yield 'SPNEGO result', Target(securityblob.decodeAuthResponseSecurityBlob, lambda: whole, bad_blob, 'big')
    yield 'NTLM challenge', Target(ntlm.decodeChallengeMessage, seeds.challenges)
    yield 'NTLM target information', Target(_decode_av_pairs, seeds.target_infos)
    yield 'NTLM response', Target(_respond, seeds.target_infos)
    # What is no NTLM at all is honest, and is refused
    first = [token for token in seeds.first_tokens() if spnego.NTLM_OID in token]
    yield 'first token', Target(_SignOn(0), lambda: first, refusals, 'big')
    yield 'second token', Target(_SignOn(1), seeds.challenge_tokens, refusals, 'big')
    last = [spnego.neg_token_resp(0, mechanism=b''), spnego.neg_token_resp(0), b'']
    yield 'last token', Target(_SignOn(2), lambda: last, refusals, 'big')


def _netbios_targets() -> Iterator[tuple[str, Target]]:
    nmb_error = (NMBError,)
    yield 'name query answer', Target(NBNS().decodePacket, seeds.name_answers, nmb_error, 'big')
    yield 'node status answer', Target(NBNS().decodeIPQueryPacket, seeds.status_answers, nmb_error, 'big')
    yield 'NetBIOS name', Target(_decode_name, seeds.names, (ValueError,), 'big')
    yield 'NetBIOS session', Target(_feed_session, seeds.session_frames, nmb_error, 'big')
    yield 'NetBIOS frame', Target(_decode_frame, seeds.session_frames, nmb_error, 'big')
    broken = (ProtocolError, NotConnectedError, SMBTimeout)
    yield 'TCP stream', Target(_receive, seeds.streams, broken, 'big')


_LEVELS = {
    0x101: numbers.FileDirectoryInformation,
    0x102: numbers.FileFullDirectoryInformation,
    0x104: numbers.FileBothDirectoryInformation,
    0x105: numbers.FileIdFullDirectoryInformation,
    0x106: numbers.FileIdBothDirectoryInformation,
}
TARGETS: dict[str, Target] = {**dict(_structure_targets()), **dict(_other_targets())}
