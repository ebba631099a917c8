"""Signatures, [MS-SMB2] 3.1.4.1 Signing An Outgoing Message."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from smb.crypto import backend, signing
from smb.smb2_constants import SIGNING_AES_CMAC, SIGNING_AES_GMAC, SIGNING_HMAC_SHA256
from tests.crypto import vectors

KEY = bytes(range(16))
ZEROS = bytes(16)


def test_cmac_signature_of_a_captured_response(primitives: backend.Backend) -> None:
    signer = signing.signer(SIGNING_AES_CMAC, bytes.fromhex(vectors.KEYS_311['signing_key']))
    message = bytes.fromhex(vectors.SIGNED_RESPONSE)
    signature = message[48:64]
    parts: list[backend.Buffer] = [message[:48], ZEROS, memoryview(message)[64:]]
    assert signer.sign(parts, 3, is_response=True, is_cancel=False) == signature
    assert signer.verify(signature, parts, 3, is_response=True, is_cancel=False)


def test_hmac_signature_is_the_first_half_of_the_mac() -> None:
    # [RFC4231] 4.3, test case 2
    signer = signing.signer(SIGNING_HMAC_SHA256, b'Jefe')
    for _ in range(2):
        signature = signer.sign([b'what do ya ', bytearray(b'want '), memoryview(b'for nothing?')], 1, False, False)
        assert signature.hex() == '5bdcc146bf60754e6a042426089575c7'
    assert signature == hmac.new(b'Jefe', b'what do ya want for nothing?', hashlib.sha256).digest()[:16]


def test_gmac_signature_of_the_empty_message(primitives: backend.Backend) -> None:
    # The Galois/Counter Mode of Operation, test case 1: key, nonce and everything else are zero
    signer = signing.signer(SIGNING_AES_GMAC, ZEROS)
    assert signer.sign([], 0, is_response=False, is_cancel=False).hex() == '58e2fccefa7e3061367f1d57a4e7455a'


@pytest.mark.parametrize(
    ('is_response', 'is_cancel', 'flags'),
    [(False, False, '00000000'), (True, False, '01000000'), (False, True, '02000000'), (True, True, '03000000')],
)
def test_gmac_nonce_is_message_id_sender_and_cancel(
    primitives: backend.Backend, is_response: bool, is_cancel: bool, flags: str
) -> None:
    nonce = bytes.fromhex('0807060504030201' + flags)
    expected = primitives.gmac(KEY)(nonce, [b'message'])
    signer = signing.signer(SIGNING_AES_GMAC, KEY)
    assert signer.sign([b'mess', b'age'], 0x0102030405060708, is_response, is_cancel) == expected


@pytest.mark.parametrize('algorithm_id', [0, 1, 2])
def test_a_changed_message_or_signature_is_found(primitives: backend.Backend, algorithm_id: int) -> None:
    signer = signing.signer(algorithm_id, KEY)
    signature = signer.sign([b'mess', b'age'], 7, False, False)
    assert signer.algorithm_id == algorithm_id
    assert len(signature) == signing.SIGNATURE_LENGTH
    assert signer.verify(memoryview(signature), [b'message'], 7, False, False)
    assert not signer.verify(signature, [b'Message'], 7, False, False)
    assert not signer.verify(bytes([signature[0] ^ 1]) + signature[1:], [b'message'], 7, False, False)
    assert not signer.verify(signature[:15], [b'message'], 7, False, False)
    assert not signing.signer(algorithm_id, ZEROS).verify(signature, [b'message'], 7, False, False)


def test_gmac_depends_on_the_message_id(primitives: backend.Backend) -> None:
    signer = signing.signer(SIGNING_AES_GMAC, KEY)
    assert signer.sign([b'message'], 7, False, False) != signer.sign([b'message'], 8, False, False)


def test_names_of_the_algorithms() -> None:
    assert signing.SIGNING_ALGORITHM_NAMES == {
        0: 'HMAC-SHA256',
        1: 'AES-128-CMAC',
        2: 'AES-128-GMAC',
        0x10000: 'MD5',  # SMB1
    }


def test_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match='0x0003'):
        signing.signer(3, KEY)
