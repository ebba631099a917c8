"""A process of its own that moves a large file both ways and says how much memory that took, as JSON.

    python -m tests.live.large_transfer KIND SIZE FOLDER KEYWORDS

KIND is ``objects`` (generated and hashed on the way, nothing is kept), ``short reads`` (the same, from a source that
gives 8 KiB at a time) or ``files`` (real ones, in FOLDER). KEYWORDS are the constructor's, as JSON. The server is in
the environment, as ``SambaServer.environment()`` has it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from smb.SMBConnection import SMBConnection

BLOCK = 1 << 20


class Source:
    """A file object of ``size`` pseudo-random bytes, which are made when they are read; ``digest`` is their hash."""

    def __init__(self, size: int, most: int = BLOCK) -> None:
        self._left = size
        self._most = most
        self._noise = os.urandom(BLOCK)
        self._number = 0
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        self._number += 1
        count = min(size, self._left, self._most)
        block = (self._number.to_bytes(8, 'little') + self._noise[8:])[:count]
        self._left -= count
        self._hash.update(block)
        return block

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


class Sink:
    """A file object that only hashes what is written to it."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def write(self, block: bytes) -> int:
        self._hash.update(block)
        return len(block)

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()


def peak() -> int:
    """The most memory that this process ever had, in bytes."""
    for line in Path('/proc/self/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return int(line.split()[1]) * 1024
    raise LookupError('VmHWM')


def digest_of(path: Path) -> str:
    result = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(BLOCK):
            result.update(block)
    return result.hexdigest()


def store(connection: SMBConnection, share: str, kind: str, size: int, folder: Path) -> str:
    """Store the file; the hash of its source."""
    source = Source(size, 8192 if kind == 'short reads' else BLOCK)
    if kind != 'files':
        assert connection.storeFile(share, 'large', source) == size
        return source.digest
    with (folder / 'source').open('wb') as file:
        while block := source.read(BLOCK):
            file.write(block)
    with (folder / 'source').open('rb') as file:
        assert connection.storeFile(share, 'large', file) == size
    return source.digest


def retrieve(connection: SMBConnection, share: str, kind: str, size: int, folder: Path) -> str:
    """Retrieve the file; the hash of what came."""
    if kind != 'files':
        sink = Sink()
        assert connection.retrieveFile(share, 'large', sink)[1] == size
        return sink.digest
    with (folder / 'target').open('wb') as file:
        assert connection.retrieveFile(share, 'large', file)[1] == size
    return digest_of(folder / 'target')


def main() -> None:
    kind, size, folder, keywords = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    arguments: dict[str, Any] = {'is_direct_tcp': True, **json.loads(keywords)}
    share = os.environ['SMB_SHARE']
    with SMBConnection(
        os.environ['SMB_USER'], os.environ['SMB_PASSWORD'], 'LARGE', os.environ['SMB_NAME'], **arguments
    ) as connection:
        assert connection.connect(os.environ['SMB_HOST'], int(os.environ['SMB_PORT']))
        peaks = [peak()]
        stored = store(connection, share, kind, size, folder)
        peaks.append(peak())
        retrieved = retrieve(connection, share, kind, size, folder)
        peaks.append(peak())
        names = [entry.filename for entry in connection.listPath(share, '/')]
        facts = {'dialect': connection.dialect, 'encrypted': connection.is_encrypted, 'listed': 'large' in names}
    disk = digest_of(Path(os.environ['SMB_ROOT'], 'large'))
    print(json.dumps({'peaks': peaks, 'digests': [stored, disk, retrieved], **facts}))


if __name__ == '__main__':
    main()
