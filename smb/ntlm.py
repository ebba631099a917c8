"""NTLM: its three messages, its responses and keys, and its signature, [MS-NLMP].

pysmb's five functions stand at the end. ``MD4`` is looked up when it is used, since programs that log in with a hash
instead of a password put a class of their own in its place.
"""

from __future__ import annotations

import time

from smb.crypto.legacy import MD4, des_encrypt, md4, rc4
from smb.errors import ProtocolError
from smb.wire import structure as wire
from smb.wire.cursor import Cursor
from smb.wire.values import epoch_to_filetime, utf16_encode

SIGNATURE = b'NTLMSSP\0'

# 2.2.2.5 NEGOTIATE
NTLMSSP_NEGOTIATE_UNICODE = 0x00000001
NTLMSSP_REQUEST_TARGET = 0x00000004
NTLMSSP_NEGOTIATE_SIGN = 0x00000010
NTLMSSP_NEGOTIATE_LM_KEY = 0x00000080
NTLMSSP_NEGOTIATE_NTLM = 0x00000200
NTLMSSP_NEGOTIATE_ANONYMOUS = 0x00000800
NTLMSSP_NEGOTIATE_ALWAYS_SIGN = 0x00008000
NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY = 0x00080000
NTLMSSP_REQUEST_NON_NT_SESSION_KEY = 0x00400000
NTLMSSP_NEGOTIATE_TARGET_INFO = 0x00800000
NTLMSSP_NEGOTIATE_VERSION = 0x02000000
NTLMSSP_NEGOTIATE_128 = 0x20000000
NTLMSSP_NEGOTIATE_KEY_EXCH = 0x40000000
NTLMSSP_NEGOTIATE_56 = 0x80000000

# What we offer. OEM and LM_KEY are not in it: texts are Unicode, and no key is made from the LM hash.
OFFERED_FLAGS = (
    NTLMSSP_NEGOTIATE_UNICODE
    | NTLMSSP_REQUEST_TARGET
    | NTLMSSP_NEGOTIATE_SIGN
    | NTLMSSP_NEGOTIATE_NTLM
    | NTLMSSP_NEGOTIATE_ALWAYS_SIGN
    | NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY
    | NTLMSSP_NEGOTIATE_TARGET_INFO
    | NTLMSSP_NEGOTIATE_VERSION
    | NTLMSSP_NEGOTIATE_128
    | NTLMSSP_NEGOTIATE_KEY_EXCH
    | NTLMSSP_NEGOTIATE_56
)
VERSION = bytes.fromhex('060100000000000f')  # 2.2.2.10: nobody may act on it; the last byte is NTLMSSP_REVISION_W2K3

# 2.2.2.1 AV_PAIR
MSV_AV_EOL = 0
MSV_AV_FLAGS = 6
MSV_AV_TIMESTAMP = 7
MSV_AV_TARGET_NAME = 9
MSV_AV_CHANNEL_BINDINGS = 10
MSV_AV_FLAG_MIC = 0x00000002
LONGEST_TARGET_INFO = 0x8000  # bytes; what it is sent back in has a length of two bytes, and holds names besides

AvPairs = list[tuple[int, bytes]]


class _Message(wire.Structure):
    """An NTLM message: beside each length stands a maximal length, which is the same number."""

    def pack_parts(self) -> list[wire.Buffer]:
        for field in self.plan().variable:
            if field.length:
                encoded = field.codec.encode(getattr(self, field.name))  # type: ignore[union-attr]
                setattr(self, f'{field.name}_max_length', len(encoded))
        return super().pack_parts()


@wire.structure
class NegotiateMessage(_Message):
    """NTLM NEGOTIATE_MESSAGE, [MS-NLMP] 2.2.1.1."""

    signature: bytes = wire.raw(8, default=SIGNATURE)
    message_type: int = wire.u32(default=1)
    negotiate_flags: int = wire.u32(default=OFFERED_FLAGS)
    domain_name_length: int = wire.u16(default=0)
    domain_name_max_length: int = wire.u16(default=0)
    domain_name_offset: int = wire.u32(default=0)
    workstation_length: int = wire.u16(default=0)
    workstation_max_length: int = wire.u16(default=0)
    workstation_offset: int = wire.u32(default=0)
    version: bytes = wire.raw(8, default=VERSION)
    domain_name: bytes = wire.buffer('domain_name_offset', 'domain_name_length', default=b'')
    workstation: bytes = wire.buffer('workstation_offset', 'workstation_length', default=b'')


@wire.structure
class _ChallengeStart(_Message):
    """What every CHALLENGE_MESSAGE begins with; the oldest servers have nothing behind it but the target's name."""

    signature: bytes = wire.raw(8, default=SIGNATURE)
    message_type: int = wire.u32(default=2)
    target_name_length: int = wire.u16(default=0)
    target_name_max_length: int = wire.u16(default=0)
    target_name_offset: int = wire.u32(default=0)
    negotiate_flags: int = wire.u32()
    server_challenge: bytes = wire.raw(8)


@wire.structure
class ChallengeMessage(_ChallengeStart):
    """NTLM CHALLENGE_MESSAGE, [MS-NLMP] 2.2.1.2, up to its Version, which servers may leave out and nobody needs."""

    reserved: bytes = wire.raw(8, default=bytes(8))
    target_info_length: int = wire.u16(default=0)
    target_info_max_length: int = wire.u16(default=0)
    target_info_offset: int = wire.u32(default=0)
    target_name: bytes = wire.buffer('target_name_offset', 'target_name_length', default=b'')
    target_info: bytes = wire.buffer('target_info_offset', 'target_info_length', default=b'')


@wire.structure
class AuthenticateMessage(_Message):
    """NTLM AUTHENTICATE_MESSAGE, [MS-NLMP] 2.2.1.3; the payload is in the order of 4.2's examples. It is never read."""

    signature: bytes = wire.raw(8, default=SIGNATURE)
    message_type: int = wire.u32(default=3)
    lm_response_length: int = wire.u16(default=0)
    lm_response_max_length: int = wire.u16(default=0)
    lm_response_offset: int = wire.u32(default=0)
    nt_response_length: int = wire.u16(default=0)
    nt_response_max_length: int = wire.u16(default=0)
    nt_response_offset: int = wire.u32(default=0)
    domain_name_length: int = wire.u16(default=0)
    domain_name_max_length: int = wire.u16(default=0)
    domain_name_offset: int = wire.u32(default=0)
    user_name_length: int = wire.u16(default=0)
    user_name_max_length: int = wire.u16(default=0)
    user_name_offset: int = wire.u32(default=0)
    workstation_length: int = wire.u16(default=0)
    workstation_max_length: int = wire.u16(default=0)
    workstation_offset: int = wire.u32(default=0)
    encrypted_session_key_length: int = wire.u16(default=0)
    encrypted_session_key_max_length: int = wire.u16(default=0)
    encrypted_session_key_offset: int = wire.u32(default=0)
    negotiate_flags: int = wire.u32()
    version: bytes = wire.raw(8, default=VERSION)
    mic: bytes = wire.buffer('', '', default=b'')  # 16 bytes, or none at all where the AV pairs announce none
    domain_name: str = wire.text('domain_name_offset', 'domain_name_length', offset_when_empty=True)
    user_name: str = wire.text('user_name_offset', 'user_name_length', offset_when_empty=True)
    workstation: str = wire.text('workstation_offset', 'workstation_length', offset_when_empty=True)
    lm_response: bytes = wire.buffer('lm_response_offset', 'lm_response_length', offset_when_empty=True, secret=True)
    nt_response: bytes = wire.buffer('nt_response_offset', 'nt_response_length', offset_when_empty=True, secret=True)
    encrypted_session_key: bytes = wire.buffer(
        'encrypted_session_key_offset', 'encrypted_session_key_length', default=b'', offset_when_empty=True, secret=True
    )


@wire.structure
class NTLMv2ClientChallenge(wire.Structure):
    """NTLMv2_CLIENT_CHALLENGE, [MS-NLMP] 2.2.2.7; ``av_pairs`` with the four zeros behind them."""

    resp_type: int = wire.u8(default=1)
    hi_resp_type: int = wire.u8(default=1)
    reserved1: int = wire.u16(default=0)
    reserved2: int = wire.u32(default=0)
    time_stamp: int = wire.u64()  # FILETIME
    challenge_from_client: bytes = wire.raw(8)
    reserved3: int = wire.u32(default=0)
    av_pairs: bytes = wire.buffer('', '')


def parse_challenge(data: wire.Buffer) -> ChallengeMessage:
    """The server's CHALLENGE_MESSAGE; ProtocolError for anything else."""
    start = _ChallengeStart.unpack(data)
    if start.signature != SIGNATURE or start.message_type != 2:
        raise ProtocolError('This is not an NTLM CHALLENGE message', bytes(data))
    if start.negotiate_flags & NTLMSSP_NEGOTIATE_TARGET_INFO:
        return ChallengeMessage.unpack(data)
    return ChallengeMessage(negotiate_flags=start.negotiate_flags, server_challenge=start.server_challenge)


def parse_av_pairs(data: wire.Buffer) -> AvPairs:
    """The (AvId, value) pairs of target information, without MsvAvEOL, which must be there; 2.2.2.1."""
    cursor = Cursor(data, 'The target information of an NTLM challenge')
    pairs: AvPairs = []
    while True:
        av_id, length = cursor.u16(), cursor.u16()
        if av_id == MSV_AV_EOL:
            return pairs
        value = bytes(cursor.take(length))
        expected = {MSV_AV_FLAGS: 4, MSV_AV_TIMESTAMP: 8, MSV_AV_CHANNEL_BINDINGS: 16}.get(av_id, length)
        if length != expected:
            raise ProtocolError(
                f'AV_PAIR {av_id} of an NTLM challenge takes {expected} bytes, not {length}', bytes(data)
            )
        pairs.append((av_id, value))


def build_av_pairs(pairs: AvPairs) -> bytes:
    """Target information of these pairs, with MsvAvEOL at the end."""
    return b''.join(
        av_id.to_bytes(2, 'little') + len(value).to_bytes(2, 'little') + value
        for av_id, value in [*pairs, (MSV_AV_EOL, b'')]
    )


def timestamp_of(pairs: AvPairs) -> int | None:
    """The server's MsvAvTimestamp as a FILETIME; None when it sent none."""
    for av_id, value in pairs:
        if av_id == MSV_AV_TIMESTAMP:
            return int.from_bytes(value, 'little')
    return None


def answer_target_info(pairs: AvPairs, target_name: str) -> bytes:
    """The AV pairs that go into an NTLMv2 response, 3.1.5.1.2: the server's and ours, MsvAvEOL and four zeros.

    Where the server sent a timestamp, MsvAvFlags announces a MIC. Channel bindings are zeros: SMB has no outer channel.
    """
    flags = MSV_AV_FLAG_MIC if timestamp_of(pairs) is not None else 0
    kept: AvPairs = []
    for av_id, value in pairs:
        if av_id == MSV_AV_FLAGS:
            flags |= int.from_bytes(value, 'little')
        elif av_id not in (MSV_AV_TARGET_NAME, MSV_AV_CHANNEL_BINDINGS):
            kept.append((av_id, value))
    if flags:
        kept.append((MSV_AV_FLAGS, flags.to_bytes(4, 'little')))
    kept += [(MSV_AV_CHANNEL_BINDINGS, bytes(16)), (MSV_AV_TARGET_NAME, utf16_encode(target_name))]
    answer = build_av_pairs(kept) + bytes(4)
    if len(answer) > LONGEST_TARGET_INFO:
        raise ProtocolError(
            f'The target information of the NTLM challenge is too long to be answered ({len(answer)} bytes)'
        )
    return answer


def _md5(data: bytes) -> bytes:
    import hashlib  # loads OpenSSL: nothing that an import of the package should wait for

    return hashlib.md5(data, usedforsecurity=False).digest()


def _hmac_md5(key: bytes, data: bytes) -> bytes:
    import hmac

    return hmac.digest(key, data, 'md5')


def ntowf_v1(password: str) -> bytes:
    """The NT hash of a password, 3.3.1 NTOWFv1."""
    digest = MD4()
    digest.update(utf16_encode(password))
    return bytes(digest.digest())


def lmowf_v1(password: str) -> bytes:
    """The LM hash of a password, 3.3.1 LMOWFv1; characters outside of the OEM code page 437 count as ``?``."""
    oem = password.upper().encode('cp437', 'replace')[:14].ljust(14, b'\0')
    return des_encrypt(oem[:7], b'KGS!@#$%') + des_encrypt(oem[7:], b'KGS!@#$%')


def ntowf_v2(password: str, user: str, domain: str) -> bytes:
    """The response key of NTLMv2, 3.3.2 NTOWFv2."""
    # Windows upper-cases one UTF-16 unit at a time: the German sharp s, for example, stays as it is.
    upper = ''.join(big if len(big := char.upper()) == 1 and char <= '\uffff' else char for char in user)
    return _hmac_md5(ntowf_v1(password), utf16_encode(upper + domain))


def _desl(key: bytes, data: bytes) -> bytes:
    """DESL() of section 6: the 16 bytes of ``key``, padded with zeros, as three DES keys."""
    padded = key + bytes(5)
    return b''.join(des_encrypt(padded[start : start + 7], data) for start in (0, 7, 14))


def ntlm_v1_response(response_key_nt: bytes, server_challenge: bytes, client_challenge: bytes | None) -> bytes:
    """NTLM_RESPONSE, 3.3.1; with a client challenge it is that of extended session security."""
    if client_challenge is not None:
        server_challenge = _md5(server_challenge + client_challenge)[:8]
    return _desl(response_key_nt, server_challenge)


def ntlm_v2_response(
    response_key_nt: bytes, server_challenge: bytes, client_challenge: NTLMv2ClientChallenge
) -> tuple[bytes, bytes]:
    """NTLMv2_RESPONSE and the session base key, 3.3.2."""
    temp = client_challenge.pack()
    proof = _hmac_md5(response_key_nt, server_challenge + temp)
    return proof + temp, _hmac_md5(response_key_nt, proof)


def lm_v2_response(response_key_lm: bytes, server_challenge: bytes, client_challenge: bytes) -> bytes:
    """LMv2_RESPONSE, 3.3.2."""
    return _hmac_md5(response_key_lm, server_challenge + client_challenge) + client_challenge


def key_exchange_key(
    flags: int, session_base_key: bytes, lm_response: bytes, server_challenge: bytes, response_key_lm: bytes = b''
) -> bytes:
    """The key exchange key of NTLMv1, 3.4.5.1 KXKEY; in NTLMv2 it is the session base key itself.

    ``response_key_lm`` is needed only with NTLMSSP_NEGOTIATE_LM_KEY and NTLMSSP_REQUEST_NON_NT_SESSION_KEY.
    """
    if flags & NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY:
        return _hmac_md5(session_base_key, server_challenge + lm_response[:8])
    if flags & NTLMSSP_NEGOTIATE_LM_KEY:
        block = lm_response[:8]
        return des_encrypt(response_key_lm[:7], block) + des_encrypt(response_key_lm[7:8] + b'\xbd' * 6, block)
    if flags & NTLMSSP_REQUEST_NON_NT_SESSION_KEY:
        return response_key_lm[:8] + bytes(8)
    return session_base_key


def exchange_session_key(flags: int, exchange_key: bytes) -> tuple[bytes, bytes]:
    """(exported session key, encrypted session key), 3.1.5.1.2; without KEY_EXCH nothing is drawn, nothing is sent."""
    if not flags & NTLMSSP_NEGOTIATE_KEY_EXCH:
        return exchange_key, b''
    import secrets

    exported = secrets.token_bytes(16)
    return exported, rc4(exchange_key, exported)


def message_integrity_code(session_key: bytes, negotiate: bytes, challenge: bytes, authenticate: bytes) -> bytes:
    """The MIC of an AUTHENTICATE_MESSAGE, 3.1.5.1.2; in ``authenticate`` its place holds zeros."""
    return _hmac_md5(session_key, negotiate + challenge + authenticate)


def sign_key(session_key: bytes, *, from_client: bool) -> bytes:
    """The signing key of one direction with extended session security, 3.4.5.2 SIGNKEY."""
    direction = b'client-to-server' if from_client else b'server-to-client'
    return _md5(session_key + b'session key to ' + direction + b' signing key magic constant\0')


def seal_key(flags: int, session_key: bytes, *, from_client: bool) -> bytes:
    """The sealing key of one direction with extended session security, 3.4.5.3 SEALKEY."""
    if not flags & NTLMSSP_NEGOTIATE_128:
        session_key = session_key[: 7 if flags & NTLMSSP_NEGOTIATE_56 else 5]
    direction = b'client-to-server' if from_client else b'server-to-client'
    return _md5(session_key + b'session key to ' + direction + b' sealing key magic constant\0')


def message_signature(flags: int, session_key: bytes, message: bytes, *, from_client: bool) -> bytes:
    """The signature of the first message in one direction, 3.4.4.2 With Extended Session Security."""
    sequence = bytes(4)
    checksum = _hmac_md5(sign_key(session_key, from_client=from_client), sequence + message)[:8]
    if flags & NTLMSSP_NEGOTIATE_KEY_EXCH:
        checksum = rc4(seal_key(flags, session_key, from_client=from_client), checksum)
    return b'\1\0\0\0' + checksum + sequence


def random_challenge() -> bytes:
    """A client challenge, 8 bytes."""
    import secrets

    return secrets.token_bytes(8)


def generateNegotiateMessage() -> bytes:
    """An NTLM NEGOTIATE_MESSAGE of 40 bytes."""
    return NegotiateMessage().pack()


def decodeChallengeMessage(ntlm_data: bytes) -> tuple[bytes, int, bytes]:
    """(server challenge, flags, target information) of a CHALLENGE_MESSAGE; ProtocolError when it is none."""
    challenge = parse_challenge(ntlm_data)
    return challenge.server_challenge, challenge.negotiate_flags, challenge.target_info


def generateChallengeResponseV2(
    password: str,
    user: str,
    server_challenge: bytes,
    server_info: bytes,
    domain: str = '',
    client_challenge: bytes | None = None,
) -> tuple[bytes, bytes, bytes]:
    """(NT response, LM response, session key) of NTLMv2.

    ``server_info`` is the challenge's target information. With a ``client_challenge`` the timestamp is zero, as in the
    examples of [MS-NLMP] 4.2.4; otherwise it is the server's, and then the LM response is zeros, or the current time.
    """
    timestamp, lm_response = 0, b''
    if client_challenge is None:
        client_challenge = random_challenge()
        server_time = timestamp_of(parse_av_pairs(server_info)) if server_info else None
        timestamp = epoch_to_filetime(time.time()) if server_time is None else server_time
        lm_response = b'' if server_time is None else bytes(24)
    # The four zeros behind MsvAvEOL may have been given already.
    av_pairs = server_info if server_info.endswith(bytes(8)) else server_info + bytes(4)
    response_key = ntowf_v2(password, user, domain)
    temp = NTLMv2ClientChallenge(time_stamp=timestamp, challenge_from_client=client_challenge, av_pairs=av_pairs)
    nt_response, session_key = ntlm_v2_response(response_key, server_challenge, temp)
    return nt_response, lm_response or lm_v2_response(response_key, server_challenge, client_challenge), session_key


def generateChallengeResponseV1(
    password: str, server_challenge: bytes, has_extended_security: bool = False, client_challenge: bytes | None = None
) -> tuple[bytes, bytes, bytes]:
    """(NT response, LM response, session base key) of NTLMv1: 24, 24 and 16 bytes."""
    response_key = ntowf_v1(password)
    if has_extended_security:
        client_challenge = client_challenge or random_challenge()
        nt_response = ntlm_v1_response(response_key, server_challenge, client_challenge)
        lm_response = client_challenge + bytes(16)
    else:
        nt_response = ntlm_v1_response(response_key, server_challenge, None)
        lm_response = _desl(lmowf_v1(password), server_challenge)
    return nt_response, lm_response, md4(response_key)


def generateAuthenticateMessage(
    challenge_flags: int,
    nt_response: bytes,
    lm_response: bytes,
    request_session_key: bytes,
    user: str,
    domain: str = 'WORKGROUP',
    workstation: str = 'LOCALHOST',
) -> tuple[bytes, bytes]:
    """(AUTHENTICATE_MESSAGE, signing key); a new key is exchanged when the challenge has NTLMSSP_NEGOTIATE_KEY_EXCH."""
    signing_key, encrypted_session_key = exchange_session_key(challenge_flags, request_session_key)
    message = AuthenticateMessage(
        negotiate_flags=challenge_flags | NTLMSSP_NEGOTIATE_VERSION,
        domain_name=domain,
        user_name=user,
        workstation=workstation,
        lm_response=lm_response,
        nt_response=nt_response,
        encrypted_session_key=encrypted_session_key,
    )
    return message.pack(), signing_key
