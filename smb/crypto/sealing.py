"""Encryption of SMB2 messages, [MS-SMB2] 3.1.4.3 Encrypting the Message, by the ciphers of 2.2.3.1.2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smb.crypto import backend
from smb.errors import ProtocolError
from smb.smb2_constants import (
    SMB2_ENCRYPTION_AES128_CCM,
    SMB2_ENCRYPTION_AES128_GCM,
    SMB2_ENCRYPTION_AES256_CCM,
    SMB2_ENCRYPTION_AES256_GCM,
)

if TYPE_CHECKING:
    from smb.crypto.backend import Buffer, WritableBuffer

NONCE_FIELD_LENGTH = 16

CIPHER_NAMES = {
    SMB2_ENCRYPTION_AES128_CCM: 'AES-128-CCM',
    SMB2_ENCRYPTION_AES128_GCM: 'AES-128-GCM',
    SMB2_ENCRYPTION_AES256_CCM: 'AES-256-CCM',
    SMB2_ENCRYPTION_AES256_GCM: 'AES-256-GCM',
}

# bytes
KEY_LENGTHS = {
    SMB2_ENCRYPTION_AES128_CCM: 16,
    SMB2_ENCRYPTION_AES128_GCM: 16,
    SMB2_ENCRYPTION_AES256_CCM: 32,
    SMB2_ENCRYPTION_AES256_GCM: 32,
}

# How much of the Nonce field the cipher takes, in bytes, 2.2.41; the rest is zero.
NONCE_LENGTHS = {
    SMB2_ENCRYPTION_AES128_CCM: 11,
    SMB2_ENCRYPTION_AES128_GCM: 12,
    SMB2_ENCRYPTION_AES256_CCM: 11,
    SMB2_ENCRYPTION_AES256_GCM: 12,
}

# Room that a buffer for encrypt() or decrypt() needs beyond the message itself, in bytes.
EXTRA_ROOM = backend.TAG_LENGTH


class Sealer:
    """One cipher with one session's two keys, and the nonces that were used with the first.

    A nonce must not be used twice with a key, so each session has one sealer as long as it lives.
    """

    def __init__(self, cipher_id: int, encryption_key: bytes, decryption_key: bytes) -> None:
        if cipher_id not in CIPHER_NAMES:
            raise ValueError(f'unknown cipher 0x{cipher_id:04X}')
        if not len(encryption_key) == len(decryption_key) == KEY_LENGTHS[cipher_id]:
            raise ValueError(f'{CIPHER_NAMES[cipher_id]} wants keys of {KEY_LENGTHS[cipher_id]} bytes')
        primitives = backend.current()
        is_ccm = cipher_id in (SMB2_ENCRYPTION_AES128_CCM, SMB2_ENCRYPTION_AES256_CCM)
        keyed = primitives.ccm if is_ccm else primitives.gcm
        self.cipher_id = cipher_id
        self._nonce_length = NONCE_LENGTHS[cipher_id]
        self._encryption = keyed(encryption_key)
        self._decryption = keyed(decryption_key)
        self._messages = 0

    def next_nonce(self) -> bytes:
        """A nonce that this sealer has not given before, as the 16 bytes of the Nonce field."""
        self._messages += 1
        return self._messages.to_bytes(self._nonce_length, 'little').ljust(NONCE_FIELD_LENGTH, b'\0')

    def encrypt(
        self, nonce: Buffer, associated_data: Buffer, parts: Sequence[Buffer], into: WritableBuffer | None = None
    ) -> tuple[memoryview, bytes]:
        """Ciphertext of the message that the parts make up, and its tag of 16 bytes, for the Signature field.

        ``nonce`` is the Nonce field, of which the cipher takes its 11 or 12 bytes. ``into`` may be a buffer to reuse,
        with ``EXTRA_ROOM`` more bytes than the message has and no byte of the parts; the ciphertext may then lie in it.
        """
        return self._encryption.encrypt(bytes(nonce[: self._nonce_length]), associated_data, parts, into)

    def decrypt(
        self,
        nonce: Buffer,
        associated_data: Buffer,
        ciphertext: Buffer,
        tag: Buffer,
        into: WritableBuffer | None = None,
    ) -> memoryview:
        """Message of a ciphertext; arguments as for ``encrypt``. ProtocolError when anything of it was changed."""
        if len(tag) != backend.TAG_LENGTH or len(nonce) < self._nonce_length:
            raise ProtocolError('Encrypted message with a cut nonce or signature')
        significant = bytes(nonce[: self._nonce_length])
        try:
            return self._decryption.decrypt(significant, associated_data, ciphertext, bytes(tag), into)
        except backend.InvalidTag:
            raise ProtocolError('Encrypted message with a wrong signature') from None
