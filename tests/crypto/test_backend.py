"""The primitives against published vectors, and the two packages against each other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.crypto import backend

# [RFC4493] 4
CMAC_KEY = '2b7e151628aed2a6abf7158809cf4f3c'
CMAC_MESSAGE = bytes.fromhex(
    '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51'
    '30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710'
)
CMAC_VECTORS = {
    0: 'bb1d6929e95937287fa37d129b756746',
    16: '070a16b46b4d4144f79bdd9dd04a287c',
    40: 'dfa66747de9ae63030ca32611497c827',
    64: '51f0bebf7e3b9d92fc49741779363cfe',
}

# (key, nonce, associated data, tag): The Galois/Counter Mode of Operation, test case 1; NIST CAVP gcmEncryptExtIV128
GMAC_VECTORS = [
    ('00' * 16, '00' * 12, '', '58e2fccefa7e3061367f1d57a4e7455a'),
    (
        '77be63708971c4e240d1cb79e8d77feb',
        'e0e00f19fed7ba0136a797f3',
        '7a43ec1d9c0a5a78a0b16533a6213cab',
        '209fcc8d3675ed938e9c7166709dd946',
    ),
]

# (mode, key, nonce, associated data, plaintext, ciphertext, tag)
GCM_PLAINTEXT = (
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72'
    '1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39'
)
AEAD_VECTORS = [
    pytest.param(
        'gcm',
        'feffe9928665731c6d6a8f9467308308',
        'cafebabefacedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        GCM_PLAINTEXT,
        '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e'
        '21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
        '5bc94fbc3221a5db94fae95ae7121a47',
        id='GCM, test case 4',
    ),
    pytest.param(
        'gcm',
        'feffe9928665731c6d6a8f9467308308' * 2,
        'cafebabefacedbaddecaf888',
        'feedfacedeadbeeffeedfacedeadbeefabaddad2',
        GCM_PLAINTEXT,
        '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa'
        '8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
        '76fc6ece0f4e1768cddf8853bb2d551b',
        id='GCM, test case 16',
    ),
    pytest.param(
        'ccm',
        '314a202f836f9f257e22d8c11757832ae5131d357a72df88f3eff0ffcee0da4e',
        'a544218dadd3c10583db49cf39',
        '3c0e2815d37d844f7ac240ba9d6e3a0b2a86f706e885959e09a1005e024f6907',
        'e8de970f6ee8e80ede933581b5bcf4d837e2b72baa8b00c3',
        '8d34cdca37ce77be68f65baf3382e31efa693e63f914a781',
        '367f30f2eaad8c063ca50795acd90203',
        id='CCM, NIST CAVP VTT256',
    ),
]

NONCES = {'ccm': bytes(range(11)), 'gcm': bytes(range(12))}
LARGE = backend._ONE_SHOT + 77


def aead(primitives: backend.Backend, mode: str, key: bytes) -> backend.Aead:
    return primitives.ccm(key) if mode == 'ccm' else primitives.gcm(key)


def cut(data: bytes, places: Sequence[int]) -> list[backend.Buffer]:
    """The data in parts of the three kinds that messages are made of."""
    kinds = (bytes, bytearray, memoryview)
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [kinds[i % 3](data[edges[i] : edges[i + 1]]) for i in range(len(edges) - 1)]


@pytest.mark.parametrize(('length', 'tag'), CMAC_VECTORS.items())
def test_cmac_of_the_rfc(primitives: backend.Backend, length: int, tag: str) -> None:
    mac = primitives.cmac(bytes.fromhex(CMAC_KEY))
    message = CMAC_MESSAGE[:length]
    assert mac([message]).hex() == tag
    assert mac(cut(message, [5, 16, 33])).hex() == tag, 'neither earlier messages nor the parts matter'


@pytest.mark.parametrize(('key', 'nonce', 'message', 'tag'), GMAC_VECTORS)
def test_gmac_is_gcm_without_plaintext(
    primitives: backend.Backend, key: str, nonce: str, message: str, tag: str
) -> None:
    mac = primitives.gmac(bytes.fromhex(key))
    assert mac(bytes.fromhex(nonce), cut(bytes.fromhex(message), [3])).hex() == tag


@pytest.mark.parametrize(('mode', 'key', 'nonce', 'associated', 'plaintext', 'ciphertext', 'tag'), AEAD_VECTORS)
def test_aead_vectors(
    primitives: backend.Backend,
    mode: str,
    key: str,
    nonce: str,
    associated: str,
    plaintext: str,
    ciphertext: str,
    tag: str,
) -> None:
    cipher = aead(primitives, mode, bytes.fromhex(key))
    parts = cut(bytes.fromhex(plaintext), [7, 20])
    sealed, computed = cipher.encrypt(bytes.fromhex(nonce), bytes.fromhex(associated), parts, None)
    assert (sealed.hex(), computed.hex()) == (ciphertext, tag)
    opened = cipher.decrypt(bytes.fromhex(nonce), bytes.fromhex(associated), sealed, computed, None)
    assert opened.hex() == plaintext


def both() -> tuple[backend.Backend, backend.Backend]:
    pytest.importorskip('cryptography')
    found = []
    for name in ('cryptography', 'pycryptodomex'):
        backend.use(name)
        found.append(backend.current())
    backend.use(None)
    return found[0], found[1]


@given(
    key=st.binary(min_size=16, max_size=16),
    data=st.binary(max_size=300),
    repeat=st.sampled_from([1, 1000]),
    places=st.lists(st.integers(0, 300_000), max_size=4),
)
def test_both_packages_give_the_same_bytes(key: bytes, data: bytes, repeat: int, places: list[int]) -> None:
    one, other = both()
    data *= repeat
    parts = cut(data, places)
    assert one.cmac(key)(parts) == other.cmac(key)(parts)
    assert one.gmac(key)(NONCES['gcm'], parts) == other.gmac(key)(NONCES['gcm'], parts)
    for mode, nonce in NONCES.items():
        for cipher_key in (key, key + key):
            ours, theirs = aead(one, mode, cipher_key), aead(other, mode, cipher_key)
            sealed, tag = ours.encrypt(nonce, b'associated', parts, None)
            sealed_too, tag_too = theirs.encrypt(nonce, b'associated', parts, None)
            assert sealed == sealed_too
            assert tag == tag_too
            assert ours.decrypt(nonce, b'associated', sealed_too, tag, None) == data
            assert theirs.decrypt(nonce, b'associated', sealed, tag, None) == data


@pytest.mark.parametrize('mode', ['ccm', 'gcm'])
@pytest.mark.parametrize('size', [backend._ONE_SHOT - 1, backend._ONE_SHOT, LARGE])
def test_large_messages_use_the_buffer_that_is_brought(primitives: backend.Backend, mode: str, size: int) -> None:
    cipher = aead(primitives, mode, bytes(16))
    message = bytes(range(256)) * (size // 256) + bytes(size % 256)
    parts = cut(message, [64, 112])
    fresh, tag = cipher.encrypt(NONCES[mode], b'', parts, None)
    outgoing, incoming = bytearray(LARGE + 16), memoryview(bytearray(LARGE + 16))
    sealed, tag_too = cipher.encrypt(NONCES[mode], b'', parts, outgoing)
    assert (sealed, tag_too) == (fresh, tag)
    opened = cipher.decrypt(NONCES[mode], b'', sealed, tag, incoming)
    assert opened == message
    if size >= backend._ONE_SHOT and getattr(cipher, '_has_into', True):
        assert sealed.obj is outgoing
        assert opened.obj is incoming.obj


@pytest.mark.parametrize('mode', ['ccm', 'gcm'])
@pytest.mark.parametrize('size', [10, LARGE])
def test_a_buffer_that_is_too_small_is_left_alone(primitives: backend.Backend, mode: str, size: int) -> None:
    cipher = aead(primitives, mode, bytes(16))
    small = bytearray(size - 1)
    sealed, tag = cipher.encrypt(NONCES[mode], b'', [bytes(size)], small)
    assert cipher.decrypt(NONCES[mode], b'', sealed, tag, small) == bytes(size)
    assert small == bytes(size - 1)


@pytest.mark.parametrize('mode', ['ccm', 'gcm'])
@pytest.mark.parametrize('size', [0, 10, LARGE])
def test_a_wrong_tag_gives_no_plaintext(primitives: backend.Backend, mode: str, size: int) -> None:
    cipher = aead(primitives, mode, bytes(16))
    sealed, tag = cipher.encrypt(NONCES[mode], b'associated', [bytes(size)], None)
    with pytest.raises(backend.InvalidTag):
        cipher.decrypt(NONCES[mode], b'associated', sealed, tag[:-1] + bytes([tag[-1] ^ 1]), None)
    with pytest.raises(backend.InvalidTag):
        cipher.decrypt(NONCES[mode], b'Associated', sealed, tag, None)


def test_older_versions_of_cryptography_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    new, _ = both()
    monkeypatch.setattr(backend, '_takes_views', lambda mac: False)
    old, _ = both()
    message = cut(bytes(LARGE), [9, 99])
    assert old.cmac(bytes(16))(message) == new.cmac(bytes(16))(message)
    ccm = old.ccm(bytes(16))
    monkeypatch.setattr(ccm, '_has_into', False)
    sealed, tag = ccm.encrypt(NONCES['ccm'], b'', message, None)
    assert (sealed, tag) == new.ccm(bytes(16)).encrypt(NONCES['ccm'], b'', message, None)
    assert ccm.decrypt(NONCES['ccm'], b'', sealed, tag, None) == bytes(LARGE)


def test_cryptography_is_taken_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('cryptography')
    backend.use(None)
    assert backend.current().name == 'cryptography'
    assert backend.current() is backend.current()
    backend.use(None)
    monkeypatch.setitem(sys.modules, 'cryptography.hazmat.primitives.ciphers.aead', None)
    assert backend.current().name == 'pycryptodomex'
    backend.use(None)


def test_importing_the_layer_imports_no_package_from_outside() -> None:
    program = (
        'import sys, smb.crypto.kdf, smb.crypto.legacy, smb.crypto.preauth, smb.crypto.sealing, smb.crypto.signing\n'
        "heavy = {'cryptography', 'Cryptodome', 'hashlib', 'hmac'}\n"
        "print([name for name in sys.modules if name.split('.')[0] in heavy])"
    )
    assert subprocess.run([sys.executable, '-c', program], capture_output=True, check=True).stdout.strip() == b'[]'
