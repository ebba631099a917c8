"""What the library is mostly used for, as one job that is tried over every kind of connection."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tests.live.folder import names, noise

if TYPE_CHECKING:
    from smb.SMBConnection import SMBConnection
    from tests.live.folder import Folder


def main_job(connection: SMBConnection, folder: Folder) -> None:
    """Once through; each result is compared with the disk."""
    share, data = folder.share, noise(1_300_000)
    shares = connection.listShares()
    assert {'smbtest', 'public', 'readonly', 'IPC$'} <= {shared.name for shared in shares}
    assert connection.createDirectory(share, folder.path('new folder')) is None

    assert connection.storeFile(share, folder.path('new folder/größe.bin'), io.BytesIO(data)) == len(data)
    assert folder.read('new folder/größe.bin') == data
    assert connection.storeFile(share, folder.path('small'), io.BytesIO(b'small')) == 5

    listing = connection.listPath(share, folder.path('new folder'))
    assert [(e.filename, e.file_size) for e in listing if not e.isDirectory] == [('größe.bin', len(data))]
    attributes = connection.getAttributes(share, folder.path('new folder/größe.bin'))
    assert (attributes.file_size, attributes.isDirectory) == (len(data), False)

    assert connection.rename(share, folder.path('new folder/größe.bin'), folder.path('renamed.bin')) is None
    for name, expected in (('renamed.bin', data), ('small', b'small')):
        target = io.BytesIO()
        _, size = connection.retrieveFile(share, folder.path(name), target)
        assert size == len(expected)
        assert target.getvalue() == expected

    assert connection.deleteFiles(share, folder.path('renamed.bin')) is None
    assert connection.deleteDirectory(share, folder.path('new folder')) is None
    assert names(connection.listPath(share, folder.path())) == ['small']
    assert folder.tree() == {'small': b'small'}
    assert connection.echo(b'hello') == b'hello'
