"""A message of either protocol as a whole, as ``OperationFailure.smb_messages`` keeps it; the names are pysmb's."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from smb.wire.structure import Buffer


class Message:
    """A header with its payload; what is the same in SMB1 and SMB2.

    ``header`` may be None: hardly anybody looks at it, and for those who do it is read from ``raw``.
    """

    HEADER_SIZE: ClassVar[int]
    protocol: ClassVar[int]  # 1 or 2

    def __init__(self, header: Any, payload: Any, raw: Sequence[Buffer]) -> None:
        if header is not None:
            self.header = header
        self.payload = payload
        self._raw = raw

    @cached_property
    def header(self) -> Any:
        """The header's fields."""
        return self._read_header(self._raw[0])

    @staticmethod
    def _read_header(data: Buffer) -> Any:
        raise NotImplementedError

    @property
    def ntstatus(self) -> int:
        """The NTSTATUS of an answer, or what comes closest to its error; 0 in a request."""
        raise NotImplementedError

    @property
    def command_name(self) -> str:
        """The command by its name in the specification."""
        raise NotImplementedError

    @property
    def command(self) -> int:
        """SMB_COM_... or SMB2_COM_..."""
        return int(self.header.command)

    @property
    def flags(self) -> int:
        """SMB_FLAGS_... or SMB2_FLAGS_..."""
        return int(self.header.flags)

    @property
    def isReply(self) -> bool:
        """Whether the server sent this."""
        raise NotImplementedError

    @property
    def raw_data(self) -> bytes:
        """Header and payload as they were sent, before sealing; security buffers are zeros."""
        return b''.join(self._raw)

    @property
    def data(self) -> bytes:
        """What follows the header."""
        return self.raw_data[self.HEADER_SIZE :]

    def freeze(self) -> None:
        """Copy what so far is a part of a buffer that somebody will use again."""
        self._raw = (self.raw_data,)
        self.payload.freeze()

    def __getstate__(self) -> dict[str, Any]:
        return {'header': self.header, 'payload': self.payload, '_raw': (self.raw_data,)}

    def _header_lines(self) -> list[str]:
        raise NotImplementedError

    def __str__(self) -> str:
        kind = 'reply' if self.isReply else 'request'
        return '\n'.join([f'{self.command_name} {kind}', *self._header_lines(), repr(self.payload)])

    __repr__ = __str__
