"""Memory for large messages, used again: filling new megabytes with zeros costs as much as receiving into them."""

from __future__ import annotations

import contextlib
from bisect import insort_left

SMALL_LENGTH = 0x10000  # bytes; memory up to this is made anew each time
MAX_FREE_LENGTH = 0x1000000  # bytes that are kept for later use


class PooledBuffer(bytearray):
    """Memory for one large message; lent to whoever took it until it is released."""

    is_lent = False

    def is_viewed(self) -> bool:
        """Whether somebody still holds a memoryview of it, so that it would change under their eyes."""
        try:
            # Nothing of a bytearray that is viewed can be taken away; both steps stay within the allocated memory
            self.append(self.pop())
        except BufferError:
            return True
        return False


class Pool:
    """Buffers that are free to be taken."""

    def __init__(self) -> None:
        self._free: list[PooledBuffer] = []  # the smallest first
        self._free_length = 0  # bytes of all of them

    def take(self, length: int) -> memoryview:
        """Memory of this length: of the smallest free buffer that has it, else new."""
        if length <= SMALL_LENGTH:
            return memoryview(bytearray(length))
        for index, buffer in enumerate(self._free):
            if len(buffer) >= length and not buffer.is_viewed():
                del self._free[index]
                self._free_length -= len(buffer)
                break
        else:
            buffer = PooledBuffer(length)
        buffer.is_lent = True
        return memoryview(buffer)[:length]

    def release(self, view: memoryview) -> None:
        """Give back what ``take`` lent, whose memory may then be used for something else.

        The view itself cannot be used any more; as long as other views of the same memory exist, that is left alone.
        Views of other memory, and what was given back before, are ignored.
        """
        try:
            buffer = view.obj
        except ValueError:
            return
        if not isinstance(buffer, PooledBuffer) or not buffer.is_lent:
            return
        # Somebody may use it right now, which is_viewed() will see
        with contextlib.suppress(BufferError):
            view.release()
        buffer.is_lent = False
        insort_left(self._free, buffer, key=len)  # before others of its size: it may still be in the cache
        self._free_length += len(buffer)
        while self._free_length > MAX_FREE_LENGTH:
            self._free_length -= len(self._free.pop(0))
