"""AES-CMAC, AES-GMAC, AES-CCM and AES-GCM, by whichever package is installed.

``cryptography`` is several times faster, most of all on small messages, and is taken where it is importable;
``pycryptodomex`` is always there. The choice is made at the first use, and both give the same bytes.

What costs time are fresh buffers of a mebibyte and objects made for a hundred bytes. So small messages are joined and
go through one-shot calls, large ones are worked on part by part, straight into a buffer that the caller may bring.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from cryptography.hazmat.primitives.ciphers import AEADDecryptionContext, AEADEncryptionContext

    Buffer: TypeAlias = bytes | bytearray | memoryview
    WritableBuffer: TypeAlias = bytearray | memoryview
    Mac: TypeAlias = Callable[[Sequence[Buffer]], bytes]
    NonceMac: TypeAlias = Callable[[bytes, Sequence[Buffer]], bytes]

TAG_LENGTH = 16

# Below this many bytes, joining the parts for a one-shot call of `cryptography` is cheaper than a cipher context.
_ONE_SHOT = 0x20000


class InvalidTag(ValueError):
    """The ciphertext, the associated data or the tag is not what was sealed."""


class Aead:
    """One keyed cipher: authenticated encryption with associated data."""

    def encrypt(
        self, nonce: bytes, associated_data: Buffer, parts: Sequence[Buffer], into: WritableBuffer | None
    ) -> tuple[memoryview, bytes]:
        """Ciphertext of the parts taken together, and its tag."""
        raise NotImplementedError

    def decrypt(
        self, nonce: bytes, associated_data: Buffer, ciphertext: Buffer, tag: bytes, into: WritableBuffer | None
    ) -> memoryview:
        """Plaintext of the ciphertext; InvalidTag when the tag does not fit."""
        raise NotImplementedError


class Backend:
    """One package's primitives. MACs are functions that take the message in parts."""

    name: str

    def cmac(self, key: bytes) -> Mac:
        """AES-CMAC with this key, [RFC4493]: parts -> 16 bytes."""
        raise NotImplementedError

    def gmac(self, key: bytes) -> NonceMac:
        """AES-GMAC with this key, [RFC4543]: (nonce of 12 bytes, parts) -> 16 bytes."""
        raise NotImplementedError

    def ccm(self, key: bytes) -> Aead:
        """AES-CCM with this key and tags of 16 bytes, [RFC3610]."""
        raise NotImplementedError

    def gcm(self, key: bytes) -> Aead:
        """AES-GCM with this key, [SP800-38D]."""
        raise NotImplementedError


def _room(into: WritableBuffer | None, size: int) -> memoryview:
    """Writable bytes: the beginning of the caller's buffer, or a new one where that is missing or too small."""
    if into is not None and len(into) >= size:
        return memoryview(into)[:size]
    return memoryview(bytearray(size))


def _takes_views(mac: Any) -> bool:
    """Whether a MAC object of `cryptography` takes any buffer; older versions want bytes."""
    try:
        mac.update(memoryview(b''))
    except TypeError:
        return False
    return True


class _Cryptography(Backend):
    name = 'cryptography'

    def __init__(self) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.cmac import CMAC

        self._aes = AES
        self._cmac: Any = CMAC
        self._aesccm = AESCCM
        self._aesgcm = AESGCM
        self._cmac_takes_views = _takes_views(CMAC(AES(bytes(16))))

    def cmac(self, key: bytes) -> Mac:
        keyed = self._cmac(self._aes(key))
        takes_views = self._cmac_takes_views

        def sign(parts: Sequence[Buffer]) -> bytes:
            mac = keyed.copy()
            for part in parts:
                mac.update(part if takes_views else bytes(part))
            signature: bytes = mac.finalize()
            return signature

        return sign

    def gmac(self, key: bytes) -> NonceMac:
        one_shot = self._aesgcm(key)
        cipher = _CryptographyGcm(one_shot, self._aes(key))

        def sign(nonce: bytes, parts: Sequence[Buffer]) -> bytes:
            if sum(map(len, parts)) < _ONE_SHOT:
                return one_shot.encrypt(nonce, b'', b''.join(parts))
            encryptor = cipher.encryptor(nonce)
            for part in parts:
                encryptor.authenticate_additional_data(part)
            encryptor.finalize()
            return encryptor.tag

        return sign

    def ccm(self, key: bytes) -> Aead:
        return _CryptographyAead(self._aesccm(key, TAG_LENGTH))

    def gcm(self, key: bytes) -> Aead:
        return _CryptographyGcm(self._aesgcm(key), self._aes(key))


class _CryptographyAead(Aead):
    """One-shot calls: all that there is for CCM, and what is best for GCM on small messages."""

    def __init__(self, one_shot: Any) -> None:
        from cryptography.exceptions import InvalidTag as CryptographyInvalidTag

        self._one_shot = one_shot
        self._has_into = hasattr(one_shot, 'encrypt_into')  # not in older versions
        self._invalid_tag = CryptographyInvalidTag

    def encrypt(
        self, nonce: bytes, associated_data: Buffer, parts: Sequence[Buffer], into: WritableBuffer | None
    ) -> tuple[memoryview, bytes]:
        plaintext = b''.join(parts)
        if self._has_into and len(plaintext) >= _ONE_SHOT:
            sealed = _room(into, len(plaintext) + TAG_LENGTH)
            self._one_shot.encrypt_into(nonce, plaintext, bytes(associated_data), sealed)
        else:
            sealed = memoryview(self._one_shot.encrypt(nonce, plaintext, bytes(associated_data)))
        return sealed[:-TAG_LENGTH], bytes(sealed[-TAG_LENGTH:])

    def decrypt(
        self, nonce: bytes, associated_data: Buffer, ciphertext: Buffer, tag: bytes, into: WritableBuffer | None
    ) -> memoryview:
        sealed = b''.join((ciphertext, tag))
        try:
            if self._has_into and len(ciphertext) >= _ONE_SHOT:
                plaintext = _room(into, len(ciphertext))
                self._one_shot.decrypt_into(nonce, sealed, bytes(associated_data), plaintext)
                return plaintext
            return memoryview(self._one_shot.decrypt(nonce, sealed, bytes(associated_data)))
        except self._invalid_tag:
            raise InvalidTag('the tag does not fit') from None


class _CryptographyGcm(_CryptographyAead):
    """GCM, which on large messages goes part by part and needs neither the parts nor the tag joined."""

    def __init__(self, one_shot: Any, algorithm: Any) -> None:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.modes import GCM

        super().__init__(one_shot)
        self._algorithm = algorithm
        self._cipher = Cipher
        self._mode = GCM

    def encryptor(self, nonce: bytes) -> AEADEncryptionContext:
        return self._cipher(self._algorithm, self._mode(nonce)).encryptor()

    def decryptor(self, nonce: bytes, tag: bytes) -> AEADDecryptionContext:
        return self._cipher(self._algorithm, self._mode(nonce, tag)).decryptor()

    def encrypt(
        self, nonce: bytes, associated_data: Buffer, parts: Sequence[Buffer], into: WritableBuffer | None
    ) -> tuple[memoryview, bytes]:
        size = sum(map(len, parts))
        if size < _ONE_SHOT:
            return super().encrypt(nonce, associated_data, parts, into)
        encryptor = self.encryptor(nonce)
        encryptor.authenticate_additional_data(associated_data)
        ciphertext = _room(into, size + TAG_LENGTH)  # update_into wants up to 15 bytes more than it writes
        done = 0
        for part in parts:
            done += encryptor.update_into(part, ciphertext[done:])
        encryptor.finalize()
        return ciphertext[:size], encryptor.tag

    def decrypt(
        self, nonce: bytes, associated_data: Buffer, ciphertext: Buffer, tag: bytes, into: WritableBuffer | None
    ) -> memoryview:
        size = len(ciphertext)
        if size < _ONE_SHOT:
            return super().decrypt(nonce, associated_data, ciphertext, tag, into)
        decryptor = self.decryptor(nonce, tag)
        decryptor.authenticate_additional_data(associated_data)
        plaintext = _room(into, size + TAG_LENGTH)
        decryptor.update_into(ciphertext, plaintext)
        try:
            decryptor.finalize()
        except self._invalid_tag:
            raise InvalidTag('the tag does not fit') from None
        return plaintext[:size]


class _Pycryptodomex(Backend):
    name = 'pycryptodomex'

    def __init__(self) -> None:
        from Cryptodome.Cipher import AES
        from Cryptodome.Hash import CMAC

        self._aes = AES
        self._cmac = CMAC

    def cmac(self, key: bytes) -> Mac:
        keyed = self._cmac.new(key, ciphermod=self._aes)

        def sign(parts: Sequence[Buffer]) -> bytes:
            mac = keyed.copy()
            for part in parts:
                mac.update(part)
            return mac.digest()

        return sign

    def gmac(self, key: bytes) -> NonceMac:
        aes = self._aes

        def sign(nonce: bytes, parts: Sequence[Buffer]) -> bytes:
            cipher = aes.new(key, aes.MODE_GCM, nonce=nonce, mac_len=TAG_LENGTH)
            for part in parts:
                cipher.update(part)
            signature: bytes = cipher.digest()
            return signature

        return sign

    def ccm(self, key: bytes) -> Aead:
        aes = self._aes

        def start(nonce: bytes, size: int, associated_size: int) -> Any:
            return aes.new(key, aes.MODE_CCM, nonce=nonce, mac_len=TAG_LENGTH, msg_len=size, assoc_len=associated_size)

        return _PycryptodomexAead(start)

    def gcm(self, key: bytes) -> Aead:
        aes = self._aes

        def start(nonce: bytes, size: int, associated_size: int) -> Any:
            return aes.new(key, aes.MODE_GCM, nonce=nonce, mac_len=TAG_LENGTH)

        return _PycryptodomexAead(start)


class _PycryptodomexAead(Aead):
    """Either mode; ``start`` makes a cipher from nonce, size of the message and size of the associated data."""

    def __init__(self, start: Callable[[bytes, int, int], Any]) -> None:
        self._start = start

    def encrypt(
        self, nonce: bytes, associated_data: Buffer, parts: Sequence[Buffer], into: WritableBuffer | None
    ) -> tuple[memoryview, bytes]:
        size = sum(map(len, parts))
        cipher = self._start(nonce, size, len(associated_data))
        cipher.update(associated_data)
        ciphertext = _room(into, size)
        done = 0
        for part in parts:
            cipher.encrypt(part, output=ciphertext[done : done + len(part)])
            done += len(part)
        return ciphertext, cipher.digest()

    def decrypt(
        self, nonce: bytes, associated_data: Buffer, ciphertext: Buffer, tag: bytes, into: WritableBuffer | None
    ) -> memoryview:
        size = len(ciphertext)
        cipher = self._start(nonce, size, len(associated_data))
        cipher.update(associated_data)
        plaintext = _room(into, size)
        cipher.decrypt(ciphertext, output=plaintext)
        try:
            cipher.verify(tag)
        except ValueError:
            raise InvalidTag('the tag does not fit') from None
        return plaintext


_BACKENDS: dict[str, type[Backend]] = {backend.name: backend for backend in (_Cryptography, _Pycryptodomex)}
_chosen: Backend | None = None


def use(name: str | None) -> None:
    """Choose a package by name, 'cryptography' or 'pycryptodomex'; None: choose anew at the next use.

    Objects that were made before keep theirs. ImportError when the package is not installed.
    """
    global _chosen
    _chosen = None if name is None else _BACKENDS[name]()


def current() -> Backend:
    """The primitives of the chosen package; the first call chooses."""
    global _chosen
    if _chosen is None:
        try:
            _chosen = _Cryptography()
        except ImportError:
            _chosen = _Pycryptodomex()
    return _chosen
