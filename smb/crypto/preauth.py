"""Pre-authentication integrity of SMB 3.1.1: a hash over every message up to the last SESSION_SETUP request.

[MS-SMB2] 3.2.5.2 and 3.2.5.3: SHA-512 over the value so far and the message as it is on the wire, from its header on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from smb.crypto.backend import Buffer

INITIAL_VALUE = bytes(64)


def update(hash_value: bytes, *message_parts: Buffer) -> bytes:
    """Hash value after one more message, which may be given in parts."""
    from hashlib import sha512

    digest = sha512(hash_value)
    for part in message_parts:
        digest.update(part)
    return digest.digest()
