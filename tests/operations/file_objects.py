"""File objects of callers, well-behaved and not."""

from __future__ import annotations

import io


class Sink:
    """Keeps what it is given, as it is given, and needs nothing but ``write``."""

    def __init__(self, *answers):
        self.blocks = []
        self.answers = list(answers)

    def write(self, block):
        self.blocks.append(block)
        return self.answers.pop(0) if self.answers else None

    @property
    def data(self):
        return b''.join(self.blocks)


class RawSink(io.RawIOBase):
    """A raw file that takes at most so many bytes at once."""

    def __init__(self, most):
        self.most = most
        self.data = b''

    def writable(self):
        return True

    def write(self, block):
        taken = bytes(block[: self.most])
        self.data += taken
        return len(taken)


class Source:
    """Gives these blocks one after another, no more than it is asked for, and has nothing but ``read``."""

    def __init__(self, *blocks):
        self.blocks = list(blocks)
        self.wishes = []

    def read(self, length):
        self.wishes.append(length)
        block = self.blocks.pop(0) if self.blocks else b''
        if isinstance(block, BaseException):
            raise block
        if isinstance(block, (bytes, bytearray, memoryview)) and len(block) > length:
            self.blocks.insert(0, block[length:])
            return block[:length]
        return block
