"""Times, texts and padding as they stand in messages, [MS-DTYP] 2.3."""

from __future__ import annotations

from smb.errors import ProtocolError

EPOCH_AS_FILETIME = 116444736000000000  # 1970-01-01 in units of 100 ns since 1601-01-01
TICKS_PER_SECOND = 10_000_000


def filetime_to_epoch(filetime: int) -> float:
    """Seconds since 1970 UTC of a FILETIME, [MS-DTYP] 2.3.3 (100 ns since 1601)."""
    return (filetime - EPOCH_AS_FILETIME) / TICKS_PER_SECOND


def epoch_to_filetime(seconds: float) -> int:
    """The FILETIME of seconds since 1970 UTC."""
    return round(seconds * TICKS_PER_SECOND) + EPOCH_AS_FILETIME


def utf16_encode(text: str) -> bytes:
    """UTF-16LE; lone surrogates are kept, since file systems have names with them."""
    return text.encode('utf-16-le', 'surrogatepass')


def utf16_decode(data: bytes | bytearray | memoryview) -> str:
    """The text of UTF-16LE bytes; lone surrogates are kept. An odd number of bytes is a ProtocolError."""
    if len(data) % 2:
        raise ProtocolError('A text in UTF-16 has an odd number of bytes', bytes(data))
    return str(data, 'utf-16-le', 'surrogatepass')


def padding(length: int, align: int) -> bytes:
    """The zeros that bring ``length`` bytes up to a multiple of ``align``."""
    return bytes(-length % align)
