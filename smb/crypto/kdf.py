"""Session keys of SMB 3, [MS-SMB2] 3.1.4.2 Generating Cryptographic Keys and 3.2.5.3.1."""

from __future__ import annotations

from smb.smb2_constants import SMB2_DIALECT_30, SMB2_DIALECT_311

SESSION_KEY_LENGTH = 16


class SessionKeys:
    """The four keys of a session, named from the client's side: it encrypts with ``encryption_key``.

    SMB 2 has no encryption: both those keys are empty there.
    """

    __slots__ = ('application_key', 'decryption_key', 'encryption_key', 'signing_key')

    def __init__(
        self, signing_key: bytes, encryption_key: bytes, decryption_key: bytes, application_key: bytes
    ) -> None:
        self.signing_key = signing_key
        self.encryption_key = encryption_key
        self.decryption_key = decryption_key
        self.application_key = application_key

    def __repr__(self) -> str:
        return '<SessionKeys>'


def derive(key: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """Key of ``length`` bytes (32 at most) from another: [SP800-108] 5.1, counter mode, HMAC-SHA256, r = 32.

    One round of HMAC-SHA256 gives 32 bytes, which is as much as any cipher of SMB wants.
    """
    import hmac

    if not 0 < length <= 32:
        raise ValueError(f'no key of {length} bytes in one round')
    # [i] || Label || 0x00 || Context || [L], and L is in bits
    message = b''.join((b'\0\0\0\1', label, b'\0', context, (length * 8).to_bytes(4, 'big')))
    return hmac.digest(key, message, 'sha256')[:length]


def derive_keys(
    dialect: int, session_key: bytes, preauth_integrity_hash_value: bytes, key_length: int = 16
) -> SessionKeys:
    """Keys of a session from the key that authentication gave, of any length.

    ``key_length`` is that of the cipher's keys, 16 or 32. ``preauth_integrity_hash_value`` counts in SMB 3.1.1 only.
    """
    # 3.2.1.3 Per Session: SessionKey is cut or padded to 16 bytes; FullSessionKey is the whole and serves AES-256.
    short_key = session_key[:SESSION_KEY_LENGTH].ljust(SESSION_KEY_LENGTH, b'\0')
    if dialect < SMB2_DIALECT_30:
        return SessionKeys(short_key, b'', b'', short_key)
    cipher_base = session_key if key_length > SESSION_KEY_LENGTH else short_key
    # Every label and every constant context counts its terminating null; that of ServerIn ends in a blank as well.
    if dialect >= SMB2_DIALECT_311:
        context = preauth_integrity_hash_value
        signing = (b'SMBSigningKey\0', context)
        encryption = (b'SMBC2SCipherKey\0', context)
        decryption = (b'SMBS2CCipherKey\0', context)
        application = (b'SMBAppKey\0', context)
    else:
        signing = (b'SMB2AESCMAC\0', b'SmbSign\0')
        encryption = (b'SMB2AESCCM\0', b'ServerIn \0')
        decryption = (b'SMB2AESCCM\0', b'ServerOut\0')
        application = (b'SMB2APP\0', b'SmbRpc\0')
    return SessionKeys(
        derive(short_key, *signing, SESSION_KEY_LENGTH),
        derive(cipher_base, *encryption, key_length),
        derive(cipher_base, *decryption, key_length),
        derive(short_key, *application, SESSION_KEY_LENGTH),
    )
