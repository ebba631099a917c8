"""Answers of the name service, as they are put together in [RFC1002] 4.2."""

from __future__ import annotations

from nmb.utils import encode_name

NEGATIVE = 0x0003  # RCODE NAM_ERR, [RFC1002] 4.2.14
TRUNCATED = 0x0200


def words(*values: int) -> bytes:
    return b''.join(value.to_bytes(2, 'big') for value in values)


def record(name: bytes, kind: int, data: bytes) -> bytes:
    return name + words(kind, 1, 0, 300, len(data)) + data


def name_answer(transaction_id: int, *addresses: str, name: str = 'TESTSERVER', flags: int = 0) -> bytes:
    """[RFC1002] 4.2.13 Positive Name Query Response."""
    entries = b''.join(b'\0\0' + bytes(map(int, address.split('.'))) for address in addresses)
    return words(transaction_id, 0x8580 | flags, 0, 1, 0, 0) + record(encode_name(name, 0x20), 0x20, entries)


def negative_answer(transaction_id: int) -> bytes:
    """[RFC1002] 4.2.14 Negative Name Query Response."""
    return words(transaction_id, 0x8580 | NEGATIVE, 0, 0, 0, 0) + record(encode_name('NOBODY', 0x20), 0x0A, b'')


def entry(name: str, kind: int = 0x20, flags: int = 0x0400) -> bytes:
    """One NODE_NAME, [RFC1002] 4.2.18."""
    return name.encode('cp850').ljust(15) + bytes([kind]) + words(flags)


def status_answer(transaction_id: int, entries: bytes, count: int | None = None, flags: int = 0) -> bytes:
    """[RFC1002] 4.2.18 Node Status Response, with its 46 bytes of statistics."""
    number = len(entries) // 18 if count is None else count
    data = bytes([number]) + entries + bytes(46)
    return words(transaction_id, 0x8400 | flags, 0, 1, 0, 0) + record(encode_name('*', 0), 0x21, data)
