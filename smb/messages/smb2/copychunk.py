"""What FSCTL_SRV_REQUEST_RESUME_KEY and FSCTL_SRV_COPYCHUNK carry: one file copied to another by the server."""

from __future__ import annotations

from collections.abc import Iterable

from smb.wire import structure as wire


@wire.structure
class SRVRequestResumeKeyResponse(wire.Structure):
    """SRV_REQUEST_RESUME_KEY Response, [MS-SMB2] 2.2.32.3; the context that may follow means nothing."""

    resume_key: bytes = wire.raw(24)
    context_length: int = wire.u32(default=0)


@wire.structure
class SRVCopyChunk(wire.Structure):
    """SRV_COPYCHUNK, [MS-SMB2] 2.2.31.1.1."""

    source_offset: int = wire.u64()
    target_offset: int = wire.u64()
    length: int = wire.u32()
    reserved: int = wire.u32(default=0)


class _Chunks:
    @staticmethod
    def encode(value: Iterable[SRVCopyChunk]) -> bytes:
        return b''.join(chunk.pack() for chunk in value)

    @staticmethod
    def decode(data: memoryview, count: int) -> tuple[SRVCopyChunk, ...]:
        size = SRVCopyChunk.fixed_size()
        return tuple(SRVCopyChunk.unpack(data[index * size :]) for index in range(count))


@wire.structure
class SRVCopyChunkCopy(wire.Structure):
    """SRV_COPYCHUNK_COPY, [MS-SMB2] 2.2.31.1."""

    source_key: bytes = wire.raw(24)  # the resume key of the open file to copy from
    chunk_count: int = wire.u32(default=0)
    reserved: int = wire.u32(default=0)
    chunks: tuple[SRVCopyChunk, ...] = wire.encoded(_Chunks(), count='chunk_count')


@wire.structure
class SRVCopyChunkResponse(wire.Structure):
    """SRV_COPYCHUNK_RESPONSE, [MS-SMB2] 2.2.32.1.

    With STATUS_INVALID_PARAMETER the three are the most that the server takes in one request: chunks, bytes of one
    chunk, and bytes in all.
    """

    chunks_written: int = wire.u32()
    chunk_bytes_written: int = wire.u32()  # of the last chunk, where that was not copied whole
    total_bytes_written: int = wire.u32()
