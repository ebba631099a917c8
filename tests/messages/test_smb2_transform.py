"""The header of an encrypted message."""

from __future__ import annotations

from smb.messages.smb2.transform import TRANSFORM_HEADER_SIZE, SMB2TransformHeader
from tests.check_wire import check_wire


def test_transform_header():
    header = SMB2TransformHeader(
        signature=bytes.fromhex('2da48b46e798fcecc9b2ecb041d35001'),
        nonce=bytes.fromhex('000000000000000053fa487500000000'),
        original_message_size=0x68,
        session_id=0x13B1ED90,
    )
    # smbclient's, captured; its nonce is a counter
    packed = (
        'fd534d42 2da48b46e798fcecc9b2ecb041d35001 000000000000000053fa487500000000 68000000 0000 0100 90edb11300000000'
    )
    check_wire(header, packed)
    assert header.fixed_size() == TRANSFORM_HEADER_SIZE == 52
    assert header.associated_data() == bytes.fromhex(packed)[20:]
