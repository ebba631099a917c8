"""Copying on the server, FSCTL_SRV_COPYCHUNK, [MS-SMB2] 3.2.4.20.2 and 3.3.5.15.6."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import ProtocolError, StatusError
from smb.messages.smb2.copychunk import (
    SRVCopyChunk,
    SRVCopyChunkCopy,
    SRVCopyChunkResponse,
    SRVRequestResumeKeyResponse,
)
from smb.messages.smb2.ioctl import SMB2IoctlRequest, SMB2IoctlResponse
from smb.ntstatus import (
    STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_PARAMETER,
    STATUS_INVALID_VIEW_SIZE,
    STATUS_NOT_IMPLEMENTED,
    STATUS_NOT_SUPPORTED,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_SUCCESS,
)
from smb.smb2_constants import FSCTL_SRV_COPYCHUNK_WRITE, FSCTL_SRV_REQUEST_RESUME_KEY

if TYPE_CHECKING:
    from smb.tree.base import Open
    from smb.tree.smb2 import SMB2Open

# What a server says that does not copy, or not from that share; then the bytes travel.
REFUSALS = (
    STATUS_NOT_SUPPORTED,
    STATUS_NOT_IMPLEMENTED,
    STATUS_INVALID_DEVICE_REQUEST,
    STATUS_INVALID_PARAMETER,
    STATUS_INVALID_VIEW_SIZE,
    STATUS_OBJECT_NAME_NOT_FOUND,
)
KEY_LENGTH = 32  # bytes of the answer that has the key


def copy(target: SMB2Open, source: Open, offset: int, length: int) -> int:
    """One request's worth of a copy: how many bytes the server has copied; 0 where it does not do that."""
    try:
        key = _resume_key(source)
        return _copy(target, key, offset, length)
    except StatusError as error:
        if error.status not in REFUSALS:
            raise
        return 0


def _resume_key(source: Open) -> bytes:
    from smb.tree.smb2 import SMB2Open

    assert isinstance(source, SMB2Open)
    if source.resume_key is None:
        answer = source.control(FSCTL_SRV_REQUEST_RESUME_KEY, KEY_LENGTH)
        source.resume_key = SRVRequestResumeKeyResponse.unpack(answer).resume_key
    return source.resume_key


def _copy(target: SMB2Open, key: bytes, offset: int, length: int) -> int:
    limits = target.tree.copy_limits = target.tree.copy_limits or CopyLimits()
    while True:
        chunks = limits.chunks(offset, length)
        asked = sum(chunk.length for chunk in chunks)
        request = SMB2IoctlRequest(
            # Unlike FSCTL_SRV_COPYCHUNK it asks for no right to read the target.
            ctl_code=FSCTL_SRV_COPYCHUNK_WRITE,
            file_id=target.file_id,
            input=SRVCopyChunkCopy(source_key=key, chunks=chunks).pack(),
            max_output_response=SRVCopyChunkResponse.fixed_size(),
        )
        reply = target.tree.call(request, accept=(STATUS_SUCCESS, STATUS_INVALID_PARAMETER))
        if not isinstance(reply.payload, SMB2IoctlResponse):
            raise StatusError(request, reply)
        answer = SRVCopyChunkResponse.unpack(reply.payload.output)
        if reply.status == STATUS_SUCCESS:
            if answer.total_bytes_written > asked:
                raise ProtocolError(f'The server copied {answer.total_bytes_written} bytes, {asked} were to be copied')
            return answer.total_bytes_written
        if not limits.lower(answer):
            raise StatusError(request, reply)


class CopyLimits:
    """The most that a server takes in one request; at first what Windows does, [MS-SMB2] 3.3.3."""

    def __init__(self) -> None:
        self.count = 16
        self.chunk_length = 1024 * 1024
        self.total_length = 16 * 1024 * 1024

    def lower(self, answer: SRVCopyChunkResponse) -> bool:
        """Keep to what the server takes; False where that is nothing, or was not exceeded."""
        new = (answer.chunks_written, answer.chunk_bytes_written, answer.total_bytes_written)
        old = (self.count, self.chunk_length, self.total_length)
        lower = tuple(map(min, new, old))
        if not all(lower) or lower == old:
            return False
        self.count, self.chunk_length, self.total_length = lower
        return True

    def chunks(self, offset: int, length: int) -> tuple[SRVCopyChunk, ...]:
        """The chunks of the next request of a copy that goes on at ``offset``."""
        end = offset + min(length, self.total_length, self.count * self.chunk_length)
        return tuple(
            SRVCopyChunk(source_offset=begin, target_offset=begin, length=min(self.chunk_length, end - begin))
            for begin in range(offset, end, self.chunk_length)
        )
