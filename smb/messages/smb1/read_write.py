"""SMB_COM_READ_ANDX and SMB_COM_WRITE_ANDX, [MS-CIFS] 2.2.4.42 and 2.2.4.43, [MS-SMB] 2.2.4.2 and 2.2.4.3."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from smb.messages.smb1.payload import AndXRequest, AndXResponse, LargeData
from smb.ntstatus import STATUS_BUFFER_OVERFLOW
from smb.smb_constants import SMB_COM_READ_ANDX, SMB_COM_WRITE_ANDX
from smb.wire import structure as wire

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self


@wire.structure
class ComReadAndxResponse(LargeData, AndXResponse):
    """SMB_COM_READ_ANDX Response, [MS-SMB] 2.2.4.2.2."""

    COMMAND = SMB_COM_READ_ANDX

    available: int = wire.u16(default=0)
    data_compaction_mode: int = wire.u16(default=0)
    reserved1: int = wire.u16(default=0)
    data_length: int = wire.u16(default=0)
    data_offset: int = wire.u16(default=0)
    data_length_high: int = wire.u16(default=0)
    reserved2: bytes = wire.raw(8, default=bytes(8))
    data: wire.Buffer = wire.view('data_offset', 'data_length', align=4)


@wire.structure
class ComReadAndxRequest(AndXRequest):
    """SMB_COM_READ_ANDX Request, [MS-SMB] 2.2.4.2.1; see ``at``."""

    COMMAND = SMB_COM_READ_ANDX
    SHORTEST = 10
    RESPONSE = ComReadAndxResponse
    DATA_STATUSES = (STATUS_BUFFER_OVERFLOW,)  # of a pipe: the message there is longer

    fid: int = wire.u16()
    offset: int = wire.u32()
    max_count: int = wire.u16()
    min_count: int = wire.u16(default=0)
    max_count_high: int = wire.u16(default=0)
    reserved: int = wire.u16(default=0)
    remaining: int = wire.u16(default=0)
    offset_high: int = wire.u32(default=0)

    @classmethod
    def at(cls, fid: int, offset: int, length: int, *, is_large: bool = True) -> Self:
        """Read ``length`` bytes from ``offset`` of the file on; ``is_large``: the server has CAP_LARGE_FILES."""
        offset_high, offset = divmod(offset, 1 << 32)
        max_count_high, max_count = divmod(length, 1 << 16)
        self = cls(fid=fid, offset=offset, max_count=max_count, min_count=0, max_count_high=max_count_high,
                   offset_high=offset_high)  # fmt: skip
        if not is_large:
            if offset_high:
                raise ValueError(f'The server has no files of {offset_high << 32 | offset} bytes')
            self.short_word_count = cls.SHORTEST
        return self


@wire.structure
class ComWriteAndxResponse(AndXResponse):
    """SMB_COM_WRITE_ANDX Response, [MS-SMB] 2.2.4.3.2."""

    COMMAND = SMB_COM_WRITE_ANDX
    SHORTEST = 3

    count: int = wire.u16()
    available: int = wire.u16(default=0)
    count_high: int = wire.u16(default=0)
    reserved: int = wire.u16(default=0)

    @property
    def written(self) -> int:
        """How many bytes the server took."""
        return self.count_high << 16 | self.count


@wire.structure
class ComWriteAndxRequest(LargeData, AndXRequest):
    """SMB_COM_WRITE_ANDX Request, [MS-SMB] 2.2.4.3.1; see ``at``."""

    COMMAND = SMB_COM_WRITE_ANDX
    SHORTEST = 12
    RESPONSE = ComWriteAndxResponse

    fid: int = wire.u16()
    offset: int = wire.u32()
    timeout: int = wire.u32(default=0)
    write_mode: int = wire.u16(default=0)
    remaining: int = wire.u16(default=0)
    data_length_high: int = wire.u16(default=0)
    data_length: int = wire.u16(default=0)
    data_offset: int = wire.u16(default=0)
    offset_high: int = wire.u32(default=0)
    data: wire.Buffer = wire.view('data_offset', 'data_length', align=4, offset_when_empty=True)

    @classmethod
    def at(cls, fid: int, offset: int, data: wire.Buffer, *, is_large: bool = True) -> Self:
        """Write ``data`` at ``offset`` of the file; ``is_large``: the server has CAP_LARGE_FILES."""
        offset_high, offset = divmod(offset, 1 << 32)
        self = cls(fid=fid, offset=offset, offset_high=offset_high, data=data)
        if not is_large:
            if offset_high:
                raise ValueError(f'The server has no files of {offset_high << 32 | offset} bytes')
            self.short_word_count = cls.SHORTEST
        return self
