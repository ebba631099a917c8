"""File objects that do something while they are read or written."""

from __future__ import annotations

from collections.abc import Callable


class Source:
    """Gives ``data``; calls ``at_end`` when all of it was read and the last block is asked for, once."""

    def __init__(self, data: bytes, at_end: Callable[[], object]) -> None:
        self._data, self._at_end = data, at_end
        self.was_called = False

    def read(self, size: int) -> bytes:
        block, self._data = self._data[:size], self._data[size:]
        if not block and not self.was_called:
            self.was_called = True
            self._at_end()
        return block


class Sink:
    """Takes what is written; calls ``at_start`` before the first block, once."""

    def __init__(self, at_start: Callable[[], object]) -> None:
        self._at_start = at_start
        self.was_called = False
        self.data = b''

    def write(self, block: bytes) -> int:
        if not self.was_called:
            self.was_called = True
            self._at_start()
        self.data += block
        return len(block)


class Failing:
    """Works for the first ``good`` calls of read and write, and raises ``error`` at the next one."""

    def __init__(self, error: BaseException, good: int = 0) -> None:
        self._error, self._good = error, good

    def read(self, size: int) -> bytes:
        self._count()
        return bytes(size)

    def write(self, block: bytes) -> int:
        self._count()
        return len(block)

    def _count(self) -> None:
        self._good -= 1
        if self._good < 0:
            raise self._error
