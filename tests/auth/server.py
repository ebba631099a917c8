"""The server's half of NTLM inside SPNEGO, written apart from the library: it believes nothing the client sends."""

from __future__ import annotations

import hashlib
import hmac
import struct

from Cryptodome.Cipher import ARC4
from Cryptodome.Hash import MD4

SERVER_CHALLENGE = bytes.fromhex('0123456789abcdef')
NTLM_OID = bytes.fromhex('060a2b06010401823702020a')
KERBEROS_OID = bytes.fromhex('06092a864886f712010202')
SPNEGO_OID = bytes.fromhex('06062b0601050502')
MECH_TYPES = b'\x30\x0c' + NTLM_OID

UNICODE, SIGN, NTLM, EXTENDED, TARGET_INFO = 0x1, 0x10, 0x200, 0x80000, 0x800000
VERSION, STRONG, KEY_EXCH = 0x2000000, 0x20000000, 0x40000000
ALL_FLAGS = 0xE28A8215  # what Samba answers
TIMESTAMP = 133_000_000_000_000_000


def der(tag: int, *contents: bytes) -> bytes:
    body = b''.join(contents)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    if len(body) < 0x100:
        return bytes([tag, 0x81, len(body)]) + body
    return bytes([tag, 0x82]) + len(body).to_bytes(2, 'big') + body


def der_read(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand one after another in ``data``."""
    elements = []
    while data:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[2:start], 'big')
        assert start + length <= len(data)
        elements.append((tag, data[start : start + length]))
        data = data[start + length :]
    return elements


def neg_token_init2(*mechanisms: bytes) -> bytes:
    hints = der(0xA3, der(0x30, der(0xA0, der(0x1B, b'not_defined_in_RFC4178@please_ignore'))))
    init = der(0xA0, der(0x30, der(0xA0, der(0x30, *mechanisms)), hints))
    return der(0x60, SPNEGO_OID, init)


def neg_token_resp(
    state: int | None = 1, mechanism: bytes = NTLM_OID, token: bytes = b'', mic: bytes = b'', trailer: bytes = b''
) -> bytes:
    parts = [der(0xA0, der(0x0A, bytes([state])))] if state is not None else []
    parts += [der(0xA1, mechanism)] if mechanism else []
    parts += [der(0xA2, der(0x04, token))] if token else []
    parts += [der(0xA3, der(0x04, mic))] if mic else []
    return der(0xA1, der(0x30, *parts)) + trailer


def av_pairs(*pairs: tuple[int, bytes]) -> bytes:
    return b''.join(struct.pack('<HH', number, len(value)) + value for number, value in (*pairs, (0, b'')))


TARGET_INFO_WITH_TIME = av_pairs(
    (2, 'DOMAIN'.encode('utf-16-le')), (1, 'SERVER'.encode('utf-16-le')), (7, TIMESTAMP.to_bytes(8, 'little'))
)
TARGET_INFO_WITHOUT_TIME = av_pairs((2, 'DOMAIN'.encode('utf-16-le')), (1, 'SERVER'.encode('utf-16-le')))


def challenge(flags: int = ALL_FLAGS, target_info: bytes = TARGET_INFO_WITH_TIME) -> bytes:
    name = 'SERVER'.encode('utf-16-le')
    fixed = b'NTLMSSP\0' + struct.pack('<IHHII', 2, len(name), len(name), 56, flags) + SERVER_CHALLENGE + bytes(8)
    fixed += struct.pack('<HHI', len(target_info), len(target_info), 56 + len(name)) + bytes.fromhex('0601b11d0000000f')
    return fixed + name + target_info


def hmac_md5(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, 'md5').digest()


def nt_hash(password: str) -> bytes:
    return MD4.new(password.encode('utf-16-le')).digest()


def signature(flags: int, key: bytes, direction: bytes, message: bytes) -> bytes:
    """[MS-NLMP] 3.4.4.2, first message."""
    signing = hashlib.md5(key + b'session key to ' + direction + b' signing key magic constant\0').digest()
    sealing = hashlib.md5(key + b'session key to ' + direction + b' sealing key magic constant\0').digest()
    checksum = hmac_md5(signing, bytes(4) + message)[:8]
    if flags & KEY_EXCH:
        checksum = ARC4.new(sealing).encrypt(checksum)
    return b'\1\0\0\0' + checksum + bytes(4)


class Authenticate:
    """An AUTHENTICATE_MESSAGE taken apart; ``mic`` is empty unless the AV pairs announce one."""

    def __init__(self, data: bytes) -> None:
        assert data[:12] == b'NTLMSSP\0\3\0\0\0'
        fields = []
        for position in range(12, 60, 8):
            length, max_length, offset = struct.unpack_from('<HHI', data, position)
            assert length == max_length and offset + length <= len(data) and offset >= 72
            fields.append(data[offset : offset + length])
        self.lm_response, self.nt_response = fields[0], fields[1]
        self.domain, self.user, self.workstation = (field.decode('utf-16-le') for field in fields[2:5])
        self.encrypted_session_key = fields[5]
        self.flags = struct.unpack_from('<I', data, 60)[0]
        self.pairs: list[tuple[int, bytes]] = []
        if len(self.nt_response) > 24:
            self.pairs = self._read_pairs(self.nt_response[44:])
        announced = int.from_bytes(dict(self.pairs).get(6, b''), 'little') & 2
        self.mic = data[72:88] if announced else b''
        self.without_mic = data[:72] + bytes(16) + data[88:] if announced else data

    @staticmethod
    def _read_pairs(data: bytes) -> list[tuple[int, bytes]]:
        pairs = []
        while True:
            number, length = struct.unpack_from('<HH', data)
            value, data = data[4 : 4 + length], data[4 + length :]
            if number == 0:
                assert data == bytes(4)
                return pairs
            pairs.append((number, value))


class Server:
    """Verifies one sign-on; ``session_key`` is what it agrees on with the client."""

    def __init__(
        self, user: str, password: str, flags: int = ALL_FLAGS, target_info: bytes = TARGET_INFO_WITH_TIME
    ) -> None:
        self.user, self.password = user, password
        self.challenge = challenge(flags, target_info)
        self.negotiate = b''
        self.session_key = b''
        self.message: Authenticate | None = None

    def first(self, token: bytes) -> bytes:
        """The answer to the NegTokenInit."""
        [(tag, content)] = der_read(token)
        assert tag == 0x60
        (_, oid), (inner_tag, inner) = der_read(content)
        assert oid == SPNEGO_OID[2:] and inner_tag == 0xA0
        [(_, sequence)] = der_read(inner)
        fields = dict(der_read(sequence))
        assert fields[0xA0] == MECH_TYPES
        [(_, self.negotiate)] = der_read(fields[0xA2])
        return neg_token_resp(token=self.challenge)

    def second(self, token: bytes) -> bytes:
        """The answer to the AUTHENTICATE_MESSAGE; AssertionError when anything in it is wrong."""
        [(tag, content)] = der_read(token)
        assert tag == 0xA1
        [(_, sequence)] = der_read(content)
        fields = dict(der_read(sequence))
        [(_, authenticate)] = der_read(fields[0xA2])
        self.verify(authenticate)
        if 0xA3 not in fields:
            return neg_token_resp(0, mechanism=b'')
        [(_, mic)] = der_read(fields[0xA3])
        assert self.message is not None
        assert mic == signature(self.message.flags, self.session_key, b'client-to-server', MECH_TYPES)
        return neg_token_resp(0, mechanism=b'', mic=self.mic())

    def mic(self) -> bytes:
        assert self.message is not None
        return signature(self.message.flags, self.session_key, b'server-to-client', MECH_TYPES)

    def verify(self, authenticate: bytes) -> None:
        self.message = message = Authenticate(authenticate)
        assert message.user == self.user
        exchange_key = self._verify_v1(message) if len(message.nt_response) == 24 else self._verify_v2(message)
        self.session_key = exchange_key
        if message.flags & KEY_EXCH:
            assert len(message.encrypted_session_key) == 16
            self.session_key = ARC4.new(exchange_key).decrypt(message.encrypted_session_key)
        else:
            assert message.encrypted_session_key == b''
        if message.mic:
            assert message.mic == hmac_md5(self.session_key, self.negotiate + self.challenge + message.without_mic)

    def _verify_v2(self, message: Authenticate) -> bytes:
        key = hmac_md5(nt_hash(self.password), (message.user.upper() + message.domain).encode('utf-16-le'))
        proof, temp = message.nt_response[:16], message.nt_response[16:]
        assert proof == hmac_md5(key, SERVER_CHALLENGE + temp)
        if message.lm_response != bytes(24):
            client_challenge = temp[16:24]
            assert message.lm_response == hmac_md5(key, SERVER_CHALLENGE + client_challenge) + client_challenge
        return hmac_md5(key, proof)

    def _verify_v1(self, message: Authenticate) -> bytes:
        key = nt_hash(self.password)
        base = MD4.new(key).digest()
        if not message.flags & EXTENDED:
            assert message.nt_response == message.lm_response == desl(key, SERVER_CHALLENGE)
            return base
        client_challenge = message.lm_response[:8]
        assert message.lm_response == client_challenge + bytes(16)
        assert message.nt_response == desl(key, hashlib.md5(SERVER_CHALLENGE + client_challenge).digest()[:8])
        return hmac_md5(base, SERVER_CHALLENGE + client_challenge)


def desl(key: bytes, block: bytes) -> bytes:
    """DESL() of [MS-NLMP] 6; the parity bits of a DES key do not matter."""
    from Cryptodome.Cipher import DES

    def spread(seven: bytes) -> bytes:
        bits = ''.join(f'{byte:08b}' for byte in seven)
        return bytes(int(bits[start : start + 7] + '0', 2) for start in range(0, 56, 7))

    padded = key + bytes(5)
    return b''.join(DES.new(spread(padded[at : at + 7]), DES.MODE_ECB).encrypt(block) for at in (0, 7, 14))
