"""Signatures of messages: SMB2, [MS-SMB2] 3.1.4.1 by the algorithms of 2.2.3.1.7, and SMB1, [MS-CIFS] 3.1.4.1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from smb.crypto import backend
from smb.smb2_constants import SIGNING_AES_CMAC, SIGNING_AES_GMAC, SIGNING_HMAC_SHA256

if TYPE_CHECKING:
    from smb.crypto.backend import Buffer

SIGNATURE_LENGTH = 16
SIGNING_MD5 = 0x10000  # SMB1; no number of SMB2's

SIGNING_ALGORITHM_NAMES = {
    SIGNING_HMAC_SHA256: 'HMAC-SHA256',
    SIGNING_AES_CMAC: 'AES-128-CMAC',
    SIGNING_AES_GMAC: 'AES-128-GMAC',
    SIGNING_MD5: 'MD5',
}


class Signer:
    """One algorithm with one session's key."""

    algorithm_id: int

    def sign(self, parts: Sequence[Buffer], message_id: int, is_response: bool, is_cancel: bool) -> bytes:
        """Signature, 16 bytes, of the message that the parts make up; its Signature field is zero in them."""
        raise NotImplementedError

    def verify(
        self, signature: Buffer, parts: Sequence[Buffer], message_id: int, is_response: bool, is_cancel: bool
    ) -> bool:
        """Whether a message has the right signature; parts as for ``sign``."""
        from hmac import compare_digest

        return compare_digest(signature, self.sign(parts, message_id, is_response, is_cancel))


class _HmacSigner(Signer):
    algorithm_id = SIGNING_HMAC_SHA256

    def __init__(self, key: bytes) -> None:
        import hmac

        self._keyed = hmac.new(key, digestmod='sha256')

    def sign(self, parts: Sequence[Buffer], message_id: int, is_response: bool, is_cancel: bool) -> bytes:
        mac = self._keyed.copy()
        for part in parts:
            mac.update(part)
        return mac.digest()[:SIGNATURE_LENGTH]


class _CmacSigner(Signer):
    algorithm_id = SIGNING_AES_CMAC

    def __init__(self, key: bytes) -> None:
        self._mac = backend.current().cmac(key)

    def sign(self, parts: Sequence[Buffer], message_id: int, is_response: bool, is_cancel: bool) -> bytes:
        return self._mac(parts)


class _GmacSigner(Signer):
    algorithm_id = SIGNING_AES_GMAC

    def __init__(self, key: bytes) -> None:
        self._mac = backend.current().gmac(key)

    def sign(self, parts: Sequence[Buffer], message_id: int, is_response: bool, is_cancel: bool) -> bytes:
        # 3.1.4.1: 8 bytes of MessageId, then 32 bits: the lowest for the server's side, the next one for CANCEL
        sender = (1 if is_response else 0) | (2 if is_cancel else 0)
        return self._mac(message_id.to_bytes(8, 'little') + sender.to_bytes(4, 'little'), parts)


_SIGNERS: dict[int, type[_HmacSigner] | type[_CmacSigner] | type[_GmacSigner]] = {
    SIGNING_HMAC_SHA256: _HmacSigner,
    SIGNING_AES_CMAC: _CmacSigner,
    SIGNING_AES_GMAC: _GmacSigner,
}


def signer(algorithm_id: int, key: bytes) -> Signer:
    """Signer for a negotiated algorithm; ``key`` is the session's signing key."""
    if algorithm_id not in _SIGNERS:
        raise ValueError(f'unknown signing algorithm 0x{algorithm_id:04X}')
    return _SIGNERS[algorithm_id](key)


def smb1_signature(key: bytes, message: Sequence[Buffer]) -> bytes:
    """Signature, 8 bytes, of an SMB1 message, [MS-CIFS] 3.1.4.1; in it a number stands where the signature will."""
    import hashlib

    digest = hashlib.md5(key, usedforsecurity=False)
    for part in message:
        digest.update(part)
    return digest.digest()[:8]
