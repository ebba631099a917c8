"""Key derivation and the pre-authentication hash, [MS-SMB2] 3.1.4.2, 3.2.5.3.1 and 3.2.5.2."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from smb.crypto import kdf, preauth
from smb.smb2_constants import (
    SMB2_DIALECT_2,
    SMB2_DIALECT_21,
    SMB2_DIALECT_30,
    SMB2_DIALECT_302,
    SMB2_DIALECT_311,
)
from tests.crypto import vectors

KEY_NAMES = ('signing_key', 'encryption_key', 'decryption_key', 'application_key')


@pytest.mark.parametrize(
    ('dialect', 'keys'),
    [
        (SMB2_DIALECT_30, vectors.KEYS_300),
        (SMB2_DIALECT_302, vectors.KEYS_300),
        (SMB2_DIALECT_30, vectors.CCM_KEYS),
        (SMB2_DIALECT_311, vectors.KEYS_311),
    ],
)
def test_published_keys_of_smb3(dialect: int, keys: dict[str, str]) -> None:
    derived = kdf.derive_keys(
        dialect, bytes.fromhex(keys['session_key']), bytes.fromhex(keys['preauth_integrity_hash_value'])
    )
    assert {name: getattr(derived, name).hex().upper() for name in KEY_NAMES} == {
        name: keys[name] for name in KEY_NAMES
    }


@pytest.mark.parametrize('session_key_length', [16, 32])
def test_ciphers_of_256_bits_get_long_keys_from_the_whole_session_key(session_key_length: int) -> None:
    session_key = bytes(range(session_key_length))
    context = bytes(range(64))
    keys = kdf.derive_keys(SMB2_DIALECT_311, session_key, context, key_length=32)
    short = kdf.derive_keys(SMB2_DIALECT_311, session_key, context)
    assert (keys.signing_key, keys.application_key) == (short.signing_key, short.application_key)
    assert len(keys.signing_key) == 16
    # [SP800-108] 5.1, written out: i = 1, L = 256 bits
    for derived, label in ((keys.encryption_key, b'SMBC2SCipherKey'), (keys.decryption_key, b'SMBS2CCipherKey')):
        message = b'\x00\x00\x00\x01' + label + b'\x00' + b'\x00' + context + b'\x00\x00\x01\x00'
        assert derived == hmac.new(session_key, message, hashlib.sha256).digest()


@pytest.mark.parametrize('dialect', [SMB2_DIALECT_30, SMB2_DIALECT_311])
def test_session_key_is_cut_or_padded_to_16_bytes(dialect: int) -> None:
    def signing_key(session_key: bytes) -> bytes:
        return kdf.derive_keys(dialect, session_key, bytes(64)).signing_key

    assert signing_key(b'k' * 32) == signing_key(b'k' * 16)
    assert signing_key(b'k' * 8) == signing_key(b'k' * 8 + bytes(8))


@pytest.mark.parametrize('dialect', [SMB2_DIALECT_2, SMB2_DIALECT_21])
def test_smb2_signs_with_the_session_key_itself(dialect: int) -> None:
    keys = kdf.derive_keys(dialect, b'k' * 20, b'')
    assert keys.signing_key == keys.application_key == b'k' * 16
    assert keys.encryption_key == keys.decryption_key == b''


def test_one_round_gives_no_more_than_32_bytes() -> None:
    assert len(kdf.derive(b'key', b'label', b'context', 32)) == 32
    with pytest.raises(ValueError, match='33 bytes'):
        kdf.derive(b'key', b'label', b'context', 33)


def test_keys_do_not_show() -> None:
    assert repr(kdf.SessionKeys(b'a' * 16, b'b' * 16, b'c' * 16, b'd' * 16)) == '<SessionKeys>'


def test_preauth_hash_of_each_message_of_a_session() -> None:
    value = preauth.INITIAL_VALUE
    for message, expected in vectors.PREAUTH_CHAIN:
        value = preauth.update(value, bytes.fromhex(message))
        assert value.hex().upper() == expected


def test_preauth_hash_takes_a_message_in_parts() -> None:
    message, expected = vectors.PREAUTH_CHAIN[0]
    data = bytes.fromhex(message)
    value = preauth.update(preauth.INITIAL_VALUE, data[:64], memoryview(data)[64:100], bytearray(data[100:]))
    assert value.hex().upper() == expected
