"""What every structure must do: pack to the bytes, unpack to the same values, and refuse each cut of them."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.wire.structure import Structure


def check_wire(message: Structure, expected_hex: str, *, may_be_cut_to: int | None = None) -> None:
    """Hold ``message`` against ``expected_hex`` (blanks are ignored).

    ``may_be_cut_to``: from this many bytes on a cut is no error, since what is cut off is optional or padding.
    """
    expected = bytes.fromhex(expected_hex.replace(' ', '').replace('\n', ''))
    assert message.pack().hex() == expected.hex()
    assert type(message).unpack(expected) == message
    assert type(message).unpack(memoryview(bytearray(expected))) == message
    for length in range(len(expected)):
        try:
            type(message).unpack(expected[:length])
        except ProtocolError:
            continue
        if may_be_cut_to is None or length < may_be_cut_to:
            pytest.fail(f'{type(message).__name__} accepted {length} of {len(expected)} bytes')
