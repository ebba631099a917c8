"""Copies by the server. Captured bytes are what smbclient (``scopy``) and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.copychunk import (
    SRVCopyChunk,
    SRVCopyChunkCopy,
    SRVCopyChunkResponse,
    SRVRequestResumeKeyResponse,
)
from tests.check_wire import check_wire

KEY = '6eebc7d8000000008a21afc6000000007800140000000000'


def test_resume_key():
    # captured; smbd sends a context of four bytes, and says that it has none
    captured = bytes.fromhex(KEY + '00000000' + '00000000')
    expected = SRVRequestResumeKeyResponse(resume_key=bytes.fromhex(KEY))
    assert SRVRequestResumeKeyResponse.unpack(captured) == expected
    check_wire(expected, captured[:-4].hex())


def test_request():
    # captured, but for the reserved fields of the chunks, in which smbclient sends whatever was there
    chunks = (
        SRVCopyChunk(source_offset=0, target_offset=0, length=0x100000),
        SRVCopyChunk(source_offset=0x100000, target_offset=0x100000, length=10),
    )
    check_wire(
        SRVCopyChunkCopy(source_key=bytes.fromhex(KEY), chunks=chunks),
        f'{KEY} 02000000 00000000'
        '0000000000000000 0000000000000000 00001000 00000000'
        '0000100000000000 0000100000000000 0a000000 00000000',
    )


def test_answer():
    # captured
    check_wire(
        SRVCopyChunkResponse(chunks_written=2, chunk_bytes_written=0, total_bytes_written=0x10000A),
        '02000000 00000000 0a001000',
    )


def test_more_chunks_than_are_there_are_refused():
    cut = bytes.fromhex(KEY + 'ffffffff' + '00000000') + SRVCopyChunk(source_offset=0, target_offset=0, length=1).pack()
    with pytest.raises(ProtocolError):
        SRVCopyChunkCopy.unpack(cut)
