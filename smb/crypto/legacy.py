"""MD4, DES and RC4, which NTLM is built on, [MS-NLMP] 6: from ``pycryptodomex``, since OpenSSL has retired them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smb.crypto.backend import Buffer


class MD4:
    """Running MD4 hash, [RFC1320]."""

    def __init__(self) -> None:
        import Cryptodome.Hash.MD4

        self._hash = Cryptodome.Hash.MD4.new()

    def update(self, str: str | Buffer) -> None:
        """Add bytes, or the characters of a text as one byte each; the parameter has pysmb's name."""
        self._hash.update(str if isinstance(str, (bytes, bytearray, memoryview)) else str.encode('latin-1'))

    def digest(self) -> bytes:
        """Hash of everything so far, 16 bytes."""
        return self._hash.digest()


def md4(data: Buffer) -> bytes:
    """MD4 hash, 16 bytes, [RFC1320]."""
    digest = MD4()
    digest.update(data)
    return digest.digest()


def des_encrypt(key: bytes, block: bytes) -> bytes:
    """One block of 8 bytes encrypted with DES under a key of 7 bytes, [MS-NLMP] 6: DES(K, D)."""
    from Cryptodome.Cipher import DES

    if len(key) != 7:
        raise ValueError('a DES key has 7 bytes here')
    bits = int.from_bytes(key, 'big')
    # seven bits to a byte, and one more that makes their number odd
    sevens = [bits >> shift & 0x7F for shift in range(49, -1, -7)]
    expanded = bytes(seven << 1 | (bin(seven).count('1') & 1 ^ 1) for seven in sevens)
    return DES.new(expanded, DES.MODE_ECB).encrypt(block)


def rc4(key: bytes, data: Buffer) -> bytes:
    """Data encrypted, or decrypted, with RC4 from the start of the key stream, [MS-NLMP] 6: RC4K(K, D)."""
    from Cryptodome.Cipher import ARC4

    return ARC4.new(key).encrypt(data)
