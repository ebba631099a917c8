"""The main job against a private Samba server, shown step by step; ends with status 1 when anything differs.

``make demo`` runs it.
"""

from __future__ import annotations

import hashlib
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path

from smb.SMBConnection import SMBConnection
from smb.testing import SambaServer

SHARE = 'smbtest'
SMB1_ALONE = {'max protocol': 'NT1', 'server min protocol': 'NT1'}
# heading, the server's options, arguments of the constructor, the dialect that it has to give
PASSES = [
    ('SMB 3.1.1, encrypted', {}, {'is_direct_tcp': True, 'require_encryption': True}, 0x0311),
    ('SMB 2.0.2, in a NetBIOS session', {}, {'max_dialect': 0x0202}, 0x0202),
    ('SMB1, from a server that has nothing newer', SMB1_ALONE, {'is_direct_tcp': True}, 0x0100),
]


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        source = pack_standard_library(Path(folder))
        for heading, options, arguments, dialect in PASSES:
            with SambaServer(options) as server:
                print(f'\n{heading}: a private Samba server on {server.host}, port {server.port}')
                run(server, source, arguments, dialect)
    print('\nEverything arrived intact.')
    return 0


def run(server: SambaServer, source: Path, arguments: dict[str, object], dialect: int) -> None:
    """Store, list and retrieve one file over one connection; SystemExit with what is wrong otherwise."""
    with SMBConnection(server.user, server.password, 'DEMO', server.name, **arguments) as connection:
        check(connection.connect(server.host, server.port), f'{server.user} was refused: {connection.auth_error}')
        check(connection.dialect == dialect, f'the dialect is {connection.dialect:#06x}')
        check(bool(connection.cipher) or 'require_encryption' not in arguments, 'the connection is not encrypted')
        say('connected', f'dialect {connection.dialect:#06x}, cipher {connection.cipher}')

        shares = [share.name for share in connection.listShares()]
        check(SHARE in shares, f'{SHARE} is not among the shares')
        say('shares', ', '.join(shares))

        name = f'{dialect:04x} {source.name}'
        with source.open('rb') as file:
            size = connection.storeFile(SHARE, name, file)
        check(size == source.stat().st_size, f'{size} bytes were stored')
        check(digest(server.root / name) == digest(source), 'what was stored differs')
        say('stored', f'{name}, {size:,} bytes')

        listing = {entry.filename: entry for entry in connection.listPath(SHARE, '/')}
        check(name in listing and listing[name].file_size == size, f'the listing does not show {name} with its size')
        for entry in listing.values():
            if not entry.isDirectory:
                say('listed', f'{entry.filename}, {entry.file_size:,} bytes')

        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, name)
            with copy.open('wb') as file:
                _, size = connection.retrieveFile(SHARE, name, file, show_progress=True)
            check(digest(copy) == digest(source), 'what was retrieved differs')
        say('retrieved', f'{size:,} bytes, equal to the original')


def pack_standard_library(folder: Path) -> Path:
    """An archive of the modules that this Python came with: a real file of some size that every machine has."""
    path = folder / 'standard library.tar'
    with tarfile.open(path, 'w') as archive:
        for module in sorted(Path(sysconfig.get_path('stdlib')).glob('*.py')):
            archive.add(module, module.name)
    return path


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def say(step: str, text: str) -> None:
    print(f'  {step:<10} {text}', flush=True)


def check(is_right: bool, otherwise: str) -> None:
    if not is_right:
        raise SystemExit(f'The demo failed: {otherwise}')


if __name__ == '__main__':
    sys.exit(main())
