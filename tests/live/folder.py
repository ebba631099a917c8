"""A folder of its own for each test on a private server's share, and what is put into it."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from smb.testing import SambaServer

_numbers = itertools.count(1)
_random_bytes = os.urandom(1 << 20)


class Folder:
    """One folder on a share, seen from both sides: ``name`` in the share, ``local`` on this machine's disk."""

    def __init__(self, server: SambaServer, share: str = 'smbtest') -> None:
        self.server = server
        self.share = share
        self.name = f'test {next(_numbers)}'
        self.local = server.share_root(share) / self.name
        self.local.mkdir()

    def path(self, name: str = '') -> str:
        """``name`` in this folder, relative to the share."""
        return f'{self.name}/{name}'

    def put(self, name: str, data: bytes = b'0123456789') -> str:
        """Make a file on the disk, and the folders above it; its path relative to the share."""
        path = self.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self.path(name)

    def mkdir(self, name: str) -> str:
        """Make a folder on the disk; its path relative to the share."""
        (self.local / name).mkdir(parents=True)
        return self.path(name)

    def mark(self, path: str, attributes: int) -> str:
        """Give a file ``ATTR_...`` bits, as smbd stores them; its path again. The test is skipped where it cannot."""
        name = path.removeprefix(f'{self.name}/')
        try:
            os.setxattr(self.local / name, 'user.DOSATTRIB', b'%#x\0' % attributes)
        except (AttributeError, OSError) as error:
            pytest.skip(f'no extended attributes here: {error}')
        return path

    def read(self, name: str) -> bytes:
        """The bytes of a file on the disk."""
        return (self.local / name).read_bytes()

    def tree(self) -> dict[str, bytes | None]:
        """Every file with its bytes, every folder with None; names relative to this folder, with ``/``."""
        found: dict[str, bytes | None] = {}
        for path in sorted(self.local.rglob('*')):
            found[path.relative_to(self.local).as_posix()] = path.read_bytes() if path.is_file() else None
        return found


def names(listing: list) -> list[str]:
    """The names in a listing, sorted, without ``.`` and ``..``."""
    return sorted(entry.filename for entry in listing if entry.filename not in ('.', '..'))


def noise(size: int) -> bytes:
    """So many bytes of which no two megabytes are alike."""
    blocks = []
    for number in range(-(-size // len(_random_bytes))):
        blocks += [number.to_bytes(8, 'little'), _random_bytes[8:]]
    return b''.join(blocks)[:size]
