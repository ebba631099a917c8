"""Large transfers: intact, against the strictest server, and in bounded memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MEBIBYTE = 1 << 20
ROOM = 64 * MEBIBYTE  # above the peak after connect()
STRICTEST = {'server_min_protocol': 'SMB3_11', 'server_signing': 'mandatory', 'server_smb_encrypt': 'required'}
SMB1 = {'max_protocol': 'NT1', 'server_min_protocol': 'NT1'}

needs_proc = pytest.mark.skipif(not Path('/proc/self/status').exists(), reason='reads /proc')


def transfer(server, folder, kind, size, **keywords):
    command = [sys.executable, '-m', 'tests.live.large_transfer', kind, str(size), str(folder), json.dumps(keywords)]
    environment = {**os.environ, **server.environment(), 'PYTHONPATH': str(Path(__file__).parents[2])}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    (server.root / 'large').unlink()
    return json.loads(result.stdout)


@needs_proc
@pytest.mark.parametrize(
    ('options', 'kind', 'mebibytes', 'keywords'),
    [
        (STRICTEST, 'objects', 256, {}),
        ({}, 'objects', 256, {}),
        ({}, 'files', 256, {}),
        ({}, 'short reads', 16, {}),
        (STRICTEST, 'files', 128, {'require_encryption': True, 'is_direct_tcp': False}),
        (SMB1, 'objects', 128, {}),
        ({**SMB1, 'server_signing': 'mandatory'}, 'files', 80, {'is_direct_tcp': False}),
    ],
    ids=[
        'strictest',
        'plain',
        'plain, real files',
        'short reads',
        'strictest, real files, NetBIOS',
        'SMB1',
        'SMB1, signed, real files, NetBIOS',
    ],
)
def test_a_large_file_arrives_intact_within_64_mebibytes_of_memory(
    server, tmp_path, options, kind, mebibytes, keywords
):
    result = transfer(server(**options), tmp_path, kind, mebibytes * MEBIBYTE, **keywords)
    source, *others = result['digests']
    assert others == [source, source]
    assert result['listed']
    assert result['encrypted'] == (options is STRICTEST)
    start, *peaks = result['peaks']
    grown = [round((peak - start) / MEBIBYTE, 1) for peak in peaks]
    assert max(peaks) - start <= ROOM, f'it grew by {grown} MiB, after storing and after retrieving'
