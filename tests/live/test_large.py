"""Large transfers: intact, against the strictest server, and in bounded memory."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smb.SMBConnection import SMBConnection

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


def page_faults(server):
    """How often the kernel gave one of the server's processes a page."""
    stats = [Path(f'/proc/{pid}/stat').read_text() for pid in server.processes()]
    return sum(int(text.rpartition(')')[2].split()[7]) for text in stats)


@needs_proc
def test_server_keeps_the_memory_for_large_requests(server):
    running = server()
    size = 48 * MEBIBYTE
    (running.root / 'large').write_bytes(os.urandom(MEBIBYTE) * 48)
    pages = size // os.sysconf('SC_PAGE_SIZE')
    with SMBConnection(running.user, running.password, 'here', running.name, is_direct_tcp=True) as connection:
        assert connection.connect(running.host, running.port)
        counts = []
        for _ in range(3):
            connection.retrieveFile('smbtest', 'large', io.BytesIO())
            counts.append(page_faults(running))
        assert counts[-1] - counts[0] < pages // 8
    (running.root / 'large').unlink()
