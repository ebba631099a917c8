"""A reader that goes through bytes from front to back and never leaves them."""

from __future__ import annotations

import struct

from smb.errors import ProtocolError
from smb.wire.structure import Buffer

_U16, _U32, _U64 = struct.Struct('<H'), struct.Struct('<I'), struct.Struct('<Q')


class Cursor:
    """Reads little-endian numbers and runs of bytes; ProtocolError where they are not all there.

    ``position`` counts bytes from the start of ``data``; ``what`` names the thing read, for the error's text.
    """

    def __init__(self, data: Buffer, what: str, position: int = 0) -> None:
        self.data = memoryview(data)
        self.what = what
        self.position = position

    @property
    def remaining(self) -> int:
        """Bytes that are left."""
        return len(self.data) - self.position

    def take(self, length: int) -> memoryview:
        """The next ``length`` bytes."""
        begin = self.position
        if length < 0 or length > len(self.data) - begin:
            raise ProtocolError(
                f'{self.what} is cut: {length} bytes wanted at {begin}, {len(self.data)} are there', bytes(self.data)
            )
        self.position = begin + length
        return self.data[begin : self.position]

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int(_U16.unpack(self.take(2))[0])

    def u32(self) -> int:
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        return int(_U64.unpack(self.take(8))[0])

    def align(self, size: int) -> None:
        """Skip to the next multiple of ``size``, counted from the start of the data."""
        self.take(-self.position % size)

    def seek(self, position: int) -> None:
        """Go on at ``position``."""
        if not 0 <= position <= len(self.data):
            raise ProtocolError(f'{self.what} points to byte {position} of {len(self.data)}', bytes(self.data))
        self.position = position
