"""The old algorithms of NTLM, against the vectors of their documents."""

from __future__ import annotations

import pytest

from smb.crypto import legacy

# [RFC1320] A.5
MD4_VECTORS = {
    '': '31d6cfe0d16ae931b73c59d7e0c089c0',
    'a': 'bde52cb31de33e46245e05fbdbd6fb24',
    'abc': 'a448017aaf21d8525fc10ae87aa6729d',
    'message digest': 'd9130a8164549fe818874806e1c7014b',
    'abcdefghijklmnopqrstuvwxyz': 'd79e1c308aa5bbcdeea8ed63df412da9',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789': '043f8582f241db351ce627e153e7f0e4',
    '1234567890' * 8: 'e33b4ddc9c38f2199c3e7b164fcc0536',
}


@pytest.mark.parametrize(('message', 'digest'), MD4_VECTORS.items())
def test_md4_of_the_rfc(message: str, digest: str) -> None:
    assert legacy.md4(message.encode()).hex() == digest
    running = legacy.MD4()
    running.update(message[:7])
    running.update(message[7:].encode())
    assert running.digest().hex() == digest
    assert running.digest().hex() == digest, 'a digest can be asked for twice'


def test_md4_hashes_the_characters_of_a_text_by_their_codes() -> None:
    running = legacy.MD4()
    running.update('\xe9\x00\xff')
    assert running.digest() == legacy.md4(b'\xe9\x00\xff')


def test_md4_of_a_unicode_password() -> None:
    # [MS-NLMP] 4.2.2.1.2 NTOWFv1()
    assert legacy.md4('Password'.encode('utf-16-le')).hex() == 'a4f49c406510bdcab6824ee7c30fd852'


def test_des_under_keys_of_seven_bytes() -> None:
    # [MS-NLMP] 4.2.2.1.1 LMOWFv1()
    assert legacy.des_encrypt(b'PASSWOR', b'KGS!@#$%').hex() == 'e52cac67419a9a22'
    assert legacy.des_encrypt(b'D' + bytes(6), b'KGS!@#$%').hex() == '4a3b108f3fa6cb6d'


def test_des_wants_seven_bytes_of_key() -> None:
    with pytest.raises(ValueError, match='7 bytes'):
        legacy.des_encrypt(bytes(8), bytes(8))


@pytest.mark.parametrize(
    ('key', 'stream'),
    [
        ('0102030405', 'b2396305f03dc027ccc3524a0a1118a8'),
        ('0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97'),
    ],
)
def test_rc4_key_stream(key: str, stream: str) -> None:
    # [RFC6229] 2
    assert legacy.rc4(bytes.fromhex(key), bytes(16)).hex() == stream
    assert legacy.rc4(bytes.fromhex(key), bytes.fromhex(stream)) == bytes(16)
