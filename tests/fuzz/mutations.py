"""What becomes of honest bytes on the way: each systematic change of one seed, and random ones of many."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Literal

WIDTHS = (1, 2, 4, 8)
LONGEST = 2048  # bytes of a random mutation; longer frames are built by hand

# What names and texts must not have, or hardly ever have, in UTF-16
UNITS = (b'\0\xd8', b'\0\xdc', b'\xff\xdf', b'\0\0', b'/\0', b'\\\0', b'.\0', b'\xff\xff', b'\xfe\xff')
# Beginnings of DER elements: indefinite and long lengths, and the constructed tags of SPNEGO
ELEMENTS = (b'\x80', b'\x84\x80\0\0\0', b'\x84\x7f\xff\xff\xff', b'\x84\xff\xff\xff\xff', b'\xff', b'\x30', b'\x60',
            b'\xa0', b'\xa1', b'\x24', b'\x06', b'\x81\0', b'\x82\0\0')  # fmt: skip

Order = Literal['little', 'big']


def prefixes(seed: bytes) -> Iterator[bytes]:
    """The bytes cut at each length."""
    for length in range(len(seed)):
        yield seed[:length]


def numbers(seed: bytes, order: Order = 'little') -> Iterator[bytes]:
    """Each number in it, wherever one could stand: one more, one less, zero, the largest, the sign bit."""
    for width in WIDTHS:
        largest = (1 << 8 * width) - 1
        for at in range(len(seed) - width + 1):
            value = int.from_bytes(seed[at : at + width], order)
            for new in {value + 1 & largest, value - 1 & largest, 0, largest, value ^ largest // 2 + 1} - {value}:
                yield seed[:at] + new.to_bytes(width, order) + seed[at + width :]


def offsets(seed: bytes, order: Order = 'little') -> Iterator[bytes]:
    """Each number in it as an offset or length: into the header, to itself, to the end, past it, around the corner."""
    size = len(seed)
    for width in (2, 4):
        largest = (1 << 8 * width) - 1
        for at in range(size - width + 1):
            old = seed[at : at + width]
            for place in {4, at, size - 1, size, size + 1, size - at, largest - size, largest - at, largest - 7}:
                new = (place & largest).to_bytes(width, order)
                if new != old:
                    yield seed[:at] + new + seed[at + width :]


def texts(seed: bytes) -> Iterator[bytes]:
    """Each unit in it as one of those that no name should have, and an odd number of bytes everywhere."""
    for at in range(len(seed) - 1):
        for unit in UNITS:
            if seed[at : at + 2] != unit:
                yield seed[:at] + unit + seed[at + 2 :]
        yield seed[:at] + seed[at + 1 :]


def tails(seed: bytes) -> Iterator[bytes]:
    """What follows that should not, and the same again."""
    for tail in (b'\0', b'\xff', bytes(7), bytes(64), b'\xff' * 64, seed, seed[::-1]):
        yield seed + tail
        yield tail + seed


def systematic(seed: bytes, order: Order = 'little') -> Iterator[bytes]:
    """All of these."""
    yield from prefixes(seed)
    yield from numbers(seed, order)
    yield from offsets(seed, order)
    yield from texts(seed)
    yield from tails(seed)


class Mutator:
    """Random changes, one to five of them at once; the same for the same seed of the generator."""

    def __init__(self, rng: random.Random, seeds: Sequence[bytes], order: Order = 'little') -> None:
        self.rng, self.seeds, self.order = rng, seeds, order
        self._changes = (
            self._number, self._number, self._number, self._offset, self._bit, self._byte, self._unit, self._element,
            self._insert, self._remove, self._repeat, self._cut, self._splice, self._noise,
        )  # fmt: skip

    def next(self) -> bytes:
        """Another mutation of one of the seeds."""
        data = bytearray(self.rng.choice(self.seeds))
        for _ in range(1 + self.rng.randrange(5)):
            self.rng.choice(self._changes)(data)
        return bytes(data[:LONGEST])

    def _place(self, data: bytearray, width: int = 1) -> int:
        return self.rng.randrange(max(1, len(data) - width + 1))

    def _put(self, data: bytearray, value: int, width: int) -> None:
        at = self._place(data, width)
        data[at : at + width] = (value & (1 << 8 * width) - 1).to_bytes(width, self.order)

    def _number(self, data: bytearray) -> None:
        width = self.rng.choice(WIDTHS)
        largest = (1 << 8 * width) - 1
        at = self._place(data, width)
        value = int.from_bytes(data[at : at + width], self.order)
        new = self.rng.choice((value + 1, value - 1, 0, largest, largest // 2 + 1, largest // 2, 1, value * 2))
        data[at : at + width] = (new & largest).to_bytes(width, self.order)

    def _offset(self, data: bytearray) -> None:
        width = self.rng.choice((2, 4))
        self._put(data, self.rng.randrange(-8, len(data) + 72), width)

    def _bit(self, data: bytearray) -> None:
        if data:
            data[self._place(data)] ^= 1 << self.rng.randrange(8)

    def _byte(self, data: bytearray) -> None:
        if data:
            data[self._place(data)] = self.rng.getrandbits(8)

    def _unit(self, data: bytearray) -> None:
        at = self._place(data, 2)
        data[at : at + 2] = self.rng.choice(UNITS)

    def _element(self, data: bytearray) -> None:
        element = self.rng.choice(ELEMENTS)
        at = self._place(data)
        data[at : at + self.rng.choice((0, len(element)))] = element

    def _insert(self, data: bytearray) -> None:
        at = self._place(data)
        data[at:at] = self.rng.randbytes(self.rng.choice((1, 2, 4, 8, 16)))

    def _remove(self, data: bytearray) -> None:
        at = self._place(data)
        del data[at : at + self.rng.choice((1, 2, 4, 8, 16))]

    def _repeat(self, data: bytearray) -> None:
        at = self._place(data)
        length = self.rng.choice((1, 2, 4, 8, 16, 64))
        data[at:at] = data[at : at + length] * self.rng.choice((1, 2, 10))

    def _cut(self, data: bytearray) -> None:
        del data[self._place(data) :]

    def _splice(self, data: bytearray) -> None:
        other = self.rng.choice(self.seeds)
        data[self._place(data) :] = other[self.rng.randrange(len(other) + 1) :]

    def _noise(self, data: bytearray) -> None:
        data[self._place(data) :] = self.rng.randbytes(self.rng.randrange(160))
