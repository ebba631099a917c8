"""smbprotocol, by its module ``smbclient``: files without a buffer of their own, copied in large blocks."""

from __future__ import annotations

import shutil
import uuid
from typing import Any

from benchmarks.peers.base import Peer

# What it is fastest with over a link; without one it makes no difference.
BLOCK = 1 << 22


class Smbprotocol(Peer):
    module = 'smbclient'
    packages = ('smbprotocol', 'cryptography')

    def connect(self) -> None:
        import smbclient

        target = self.target
        self.client = smbclient
        self.cache: dict[str, Any] = {}
        self.options = {
            'username': target.user,
            'password': target.password,
            'port': target.port,
            'connection_cache': self.cache,
        }
        if target.protection == 'plain':
            self._connect_unsigned()
        smbclient.register_session(target.host, auth_protocol='ntlm', **self.options)

    def _connect_unsigned(self) -> None:
        """Put a connection that does not sign into the cache.

        By default everything is signed. At 3.1.1 a server refuses a tree connect that is not, so it is 3.0.2 here.
        """
        from smbprotocol import Dialects
        from smbprotocol.connection import Connection

        target = self.target
        self.client.ClientConfig(require_secure_negotiate=False)
        self.options['require_signing'] = False
        connection = Connection(uuid.uuid4(), target.host, target.port, require_signing=False)
        connection.connect(dialect=Dialects.SMB_3_0_2)
        self.cache[f'{target.host}:{target.port}'] = connection

    def close(self) -> None:
        self.client.reset_connection_cache(connection_cache=self.cache)

    def download(self, remote: str, local: str) -> None:
        with (
            self.client.open_file(
                self._path(remote), mode='rb', buffering=0, share_access='r', **self.options
            ) as source,
            open(local, 'wb') as file,
        ):
            shutil.copyfileobj(source, file, BLOCK)

    def upload(self, local: str, remote: str) -> None:
        with (
            open(local, 'rb') as file,
            self.client.open_file(self._path(remote), mode='wb', buffering=BLOCK, **self.options) as target,
        ):
            shutil.copyfileobj(file, target, BLOCK)

    def size(self, remote: str) -> int:
        return int(self.client.stat(self._path(remote), **self.options).st_size)

    def names(self, folder: str) -> list[str]:
        return [entry.name for entry in self.client.scandir(self._path(folder), **self.options)]

    def _path(self, remote: str) -> str:
        return f'//{self.target.host}/{self.target.share}/{remote}'.replace('/', '\\')
