"""The header of an encrypted message, [MS-SMB2] 2.2.41."""

from __future__ import annotations

from smb.smb2_constants import SMB2_TRANSFORM_FLAG_ENCRYPTED, SMB2_TRANSFORM_PROTOCOL_ID
from smb.wire import structure as wire

TRANSFORM_HEADER_SIZE = 52
_NONCE_OFFSET = 20


@wire.structure
class SMB2TransformHeader(wire.Structure):
    """SMB2 TRANSFORM_HEADER, [MS-SMB2] 2.2.41; the encrypted messages follow it."""

    protocol_id: bytes = wire.raw(4, default=SMB2_TRANSFORM_PROTOCOL_ID)
    signature: bytes = wire.raw(16, default=bytes(16))
    nonce: bytes = wire.raw(16)  # the cipher takes the first 11 (CCM) or 12 (GCM) bytes
    original_message_size: int = wire.u32()
    reserved: int = wire.u16(default=0)
    flags: int = wire.u16(default=SMB2_TRANSFORM_FLAG_ENCRYPTED)  # EncryptionAlgorithm before 3.1.1, 1 for AES-128-CCM
    session_id: int = wire.u64()

    def associated_data(self) -> bytes:
        """What is authenticated but not encrypted: the header from the nonce on, [MS-SMB2] 3.1.4.3."""
        return self.pack()[_NONCE_OFFSET:]
