"""Encryption, [MS-SMB2] 3.1.4.3 Encrypting the Message."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smb.crypto import backend, sealing
from smb.errors import ProtocolError
from smb.smb2_constants import SMB2_ENCRYPTION_AES128_CCM, SMB2_ENCRYPTION_AES128_GCM, SMB2_ENCRYPTION_AES256_GCM
from tests.crypto import vectors

SIGNATURE = slice(4, 20)
NONCE = slice(20, 36)
ASSOCIATED = slice(20, 52)


def pair(cipher_id: int) -> tuple[sealing.Sealer, sealing.Sealer]:
    """The two ends of a session: what one encrypts the other can read."""
    length = sealing.KEY_LENGTHS[cipher_id]
    one, other = b'1' * length, b'2' * length
    return sealing.Sealer(cipher_id, one, other), sealing.Sealer(cipher_id, other, one)


@pytest.mark.parametrize(
    ('cipher_id', 'keys', 'request_vector', 'response_vector'),
    [
        (SMB2_ENCRYPTION_AES128_CCM, vectors.CCM_KEYS, vectors.CCM_REQUEST, vectors.CCM_RESPONSE),
        (SMB2_ENCRYPTION_AES128_GCM, vectors.GCM_KEYS, vectors.GCM_REQUEST, vectors.GCM_RESPONSE),
    ],
    ids=['CCM', 'GCM'],
)
def test_captured_messages(
    primitives: backend.Backend,
    cipher_id: int,
    keys: dict[str, str],
    request_vector: tuple[str, str],
    response_vector: tuple[str, str],
) -> None:
    sealer = sealing.Sealer(cipher_id, bytes.fromhex(keys['encryption_key']), bytes.fromhex(keys['decryption_key']))
    plain, transformed = map(bytes.fromhex, request_vector)
    parts = [plain[:64], plain[64:]]
    ciphertext, tag = sealer.encrypt(transformed[NONCE], transformed[ASSOCIATED], parts)
    assert (bytes(ciphertext), tag) == (transformed[52:], transformed[SIGNATURE])

    plain, transformed = map(bytes.fromhex, response_vector)
    view = memoryview(transformed)
    assert sealer.decrypt(view[NONCE], view[ASSOCIATED], view[52:], view[SIGNATURE]) == plain


def test_nonces_are_never_repeated_and_fill_their_field(primitives: backend.Backend) -> None:
    for cipher_id, length in sealing.NONCE_LENGTHS.items():
        sealer, _ = pair(cipher_id)
        nonces = [sealer.next_nonce() for _ in range(1000)]
        assert len({nonce[:length] for nonce in nonces}) == 1000
        assert {len(nonce) for nonce in nonces} == {16}
        assert {nonce[length:] for nonce in nonces} == {bytes(16 - length)}


def test_nonces_keep_going_where_one_byte_ends(primitives: backend.Backend) -> None:
    sealer, _ = pair(SMB2_ENCRYPTION_AES128_GCM)
    sealer._messages = 2**64 - 1
    assert sealer.next_nonce() == bytes(8) + b'\x01' + bytes(7)


sizes = st.one_of(st.integers(0, 300), st.sampled_from([backend._ONE_SHOT - 1, backend._ONE_SHOT + 9]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(
    cipher_id=st.sampled_from(list(sealing.CIPHER_NAMES)),
    size=sizes,
    split=st.integers(0, 1 << 20),
    reuse=st.booleans(),
)
def test_what_one_side_seals_the_other_opens(
    primitives: backend.Backend, cipher_id: int, size: int, split: int, reuse: bool
) -> None:
    client, server = pair(cipher_id)
    message = (b'0123456789abcde' * (size // 15 + 1))[:size]
    split %= size + 1
    outgoing = bytearray(size + sealing.EXTRA_ROOM) if reuse else None
    incoming = bytearray(size + sealing.EXTRA_ROOM) if reuse else None
    for _ in range(2):
        nonce = client.next_nonce()
        ciphertext, tag = client.encrypt(nonce, b'header' + nonce, [message[:split], message[split:]], outgoing)
        assert len(ciphertext) == size
        assert size < 16 or ciphertext != message
        assert server.decrypt(nonce, b'header' + nonce, ciphertext, tag, incoming) == message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    cipher_id=st.sampled_from(list(sealing.CIPHER_NAMES)),
    message=st.binary(min_size=1, max_size=100),
    field=st.sampled_from(['nonce', 'associated data', 'ciphertext', 'tag']),
    place=st.integers(0, 1 << 20),
    change=st.integers(1, 255),
)
def test_any_changed_byte_is_found(
    primitives: backend.Backend, cipher_id: int, message: bytes, field: str, place: int, change: int
) -> None:
    client, server = pair(cipher_id)
    nonce = client.next_nonce()
    ciphertext, tag = client.encrypt(nonce, b'the header', [message])
    fields = {
        'nonce': bytearray(nonce[: sealing.NONCE_LENGTHS[cipher_id]]),
        'associated data': bytearray(b'the header'),
        'ciphertext': bytearray(ciphertext),
        'tag': bytearray(tag),
    }
    fields[field][place % len(fields[field])] ^= change
    with pytest.raises(ProtocolError, match='wrong signature'):
        server.decrypt(fields['nonce'], fields['associated data'], fields['ciphertext'], fields['tag'])


@pytest.mark.parametrize('cipher_id', sealing.CIPHER_NAMES)
def test_a_cut_or_lengthened_message_is_found(primitives: backend.Backend, cipher_id: int) -> None:
    client, server = pair(cipher_id)
    nonce = client.next_nonce()
    ciphertext, tag = client.encrypt(nonce, b'', [b'message'])
    for wrong in (bytes(ciphertext[:-1]), bytes(ciphertext) + b'\0', b''):
        with pytest.raises(ProtocolError, match='wrong signature'):
            server.decrypt(nonce, b'', wrong, tag)
    for wrong_nonce, wrong_tag in ((nonce, tag[:-1]), (nonce, tag + b'\0'), (nonce[:10], tag)):
        with pytest.raises(ProtocolError, match='cut'):
            server.decrypt(wrong_nonce, b'', ciphertext, wrong_tag)


def test_a_message_sent_back_to_its_sender_is_refused(primitives: backend.Backend) -> None:
    client, _ = pair(SMB2_ENCRYPTION_AES256_GCM)
    nonce = client.next_nonce()
    ciphertext, tag = client.encrypt(nonce, b'', [b'message'])
    with pytest.raises(ProtocolError):
        client.decrypt(nonce, b'', ciphertext, tag)


def test_names_and_lengths_of_the_ciphers() -> None:
    assert sealing.CIPHER_NAMES == {1: 'AES-128-CCM', 2: 'AES-128-GCM', 3: 'AES-256-CCM', 4: 'AES-256-GCM'}
    assert sealing.KEY_LENGTHS == {1: 16, 2: 16, 3: 32, 4: 32}


def test_unknown_ciphers_and_keys_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match='0x0005'):
        sealing.Sealer(5, bytes(16), bytes(16))
    for cipher_id, length in ((1, 32), (2, 15), (3, 16), (4, 0)):
        with pytest.raises(ValueError, match='wants keys of'):
            sealing.Sealer(cipher_id, b'k' * length, b'k' * length)
