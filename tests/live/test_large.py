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
    ('options', 'kind', 'keywords'),
    [
        (STRICTEST, 'objects', {}),
        (STRICTEST, 'files', {'require_encryption': True}),
        ({}, 'objects', {}),
        ({}, 'files', {}),
        ({}, 'objects', {'require_signing': True, 'is_direct_tcp': False}),
        ({}, 'files', {'max_dialect': 0x0202}),
    ],
    ids=['strictest', 'strictest, real files', 'plain', 'plain, real files', 'signed, NetBIOS', '2.0.2, real files'],
)
def test_256_mebibytes_arrive_intact_within_64_of_memory(server, tmp_path, options, kind, keywords):
    result = transfer(server(**options), tmp_path, kind, 256 * MEBIBYTE, **keywords)
    source, *others = result['digests']
    assert others == [source, source]
    assert result['listed']
    assert result['encrypted'] == (options is STRICTEST)
    start, *peaks = result['peaks']
    assert max(peaks) - start <= ROOM, [(p - start) / MEBIBYTE for p in peaks]
    print([(p - start) / MEBIBYTE for p in peaks])
