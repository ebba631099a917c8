"""pysmb: SMB 2.0.2, or SMB 1 where a server has nothing newer."""

from __future__ import annotations

from benchmarks.peers.base import TIMEOUT, Peer


class Pysmb(Peer):
    module = 'smb.SMBConnection'
    packages: tuple[str, ...] = ('pysmb',)

    def connect(self) -> None:
        from smb.SMBConnection import SMBConnection

        target = self.target
        self.connection = SMBConnection(
            target.user, target.password, 'BENCH', target.name, use_ntlm_v2=True, is_direct_tcp=True
        )
        if not self.connection.connect(target.host, target.port):
            raise ConnectionError(f'{target.user} was refused')

    def close(self) -> None:
        self.connection.close()

    def download(self, remote: str, local: str) -> None:
        with open(local, 'wb') as file:
            self.connection.retrieveFile(self.target.share, remote, file, timeout=TIMEOUT)

    def upload(self, local: str, remote: str) -> None:
        with open(local, 'rb') as file:
            self.connection.storeFile(self.target.share, remote, file, timeout=TIMEOUT)

    def size(self, remote: str) -> int:
        return int(self.connection.getAttributes(self.target.share, remote).file_size)

    def names(self, folder: str) -> list[str]:
        entries = self.connection.listPath(self.target.share, folder, timeout=TIMEOUT)
        return [entry.filename for entry in entries if entry.filename not in ('.', '..')]
