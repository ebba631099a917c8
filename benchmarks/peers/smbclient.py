"""Samba's own client, written in C: one long-lived process that is told what to do through a pipe."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable

from benchmarks.peers.base import TIMEOUT, Peer

# A command that asks the server nothing: its answer says that those before it are done.
LAST_COMMAND = 'pwd'
LAST_ANSWER = b'Current directory is '


class Smbclient(Peer):
    def connect(self) -> None:
        target = self.target
        # Its own buffers are switched off: it waits in select() for what has already been read into them.
        command = ['stdbuf', '-i0', '-oL', 'smbclient', '--configfile=/dev/null', f'//{target.host}/{target.share}']
        command += [f'--port={target.port}', f'--user={target.user}%{target.password}', f'--timeout={TIMEOUT}']
        if target.protection != 'plain':
            command.append(f'--client-protection={"sign" if target.protection == "signed" else "encrypt"}')
        self.program = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0
        )
        self._run([])

    def close(self) -> None:
        assert self.program.stdin and self.program.stdout
        self.program.stdin.close()
        self.program.stdout.close()
        self.program.wait()

    @property
    def process(self) -> int:
        return self.program.pid

    def versions(self) -> dict[str, str]:
        result = subprocess.run(['smbclient', '--version'], capture_output=True, text=True, check=True)
        return {'smbclient': result.stdout.split()[-1]}

    def download(self, remote: str, local: str) -> None:
        self.downloads([(remote, local)])

    def upload(self, local: str, remote: str) -> None:
        self.uploads([(local, remote)])

    def size(self, remote: str) -> int:
        return self.sizes([remote])[0]

    def names(self, folder: str) -> list[str]:
        return [line.split()[0].decode() for line in self._listed([f'ls "{_path(folder)}\\*"'])]

    def downloads(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._run([f'get "{_path(remote)}" "{local}"' for remote, local in pairs])

    def uploads(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._run([f'put "{local}" "{_path(remote)}"' for local, remote in pairs])

    def sizes(self, remotes: Iterable[str]) -> list[int]:
        # name, attributes, size, and five words of a date
        return [int(line.split()[-6]) for line in self._listed([f'ls "{_path(remote)}"' for remote in remotes])]

    def _listed(self, commands: list[str]) -> list[bytes]:
        """The lines of listings that are about an entry."""
        lines = self._run(commands).split(b'\n')
        return [line for line in lines if line.startswith(b'  ') and not line.startswith((b'  . ', b'  .. '))]

    def _run(self, commands: list[str]) -> bytes:
        """What it says to the commands; RuntimeError when one of them failed."""
        assert self.program.stdin and self.program.stdout
        said = bytearray()
        # An answer at a time, lest both ends wait for room in a pipe
        for start in range(0, max(1, len(commands)), 100):
            batch = [*commands[start : start + 100], LAST_COMMAND, '']
            self.program.stdin.write('\n'.join(batch).encode())
            begin = len(said)
            while said.find(LAST_ANSWER, begin) < 0 or not said.endswith(b'\n'):
                block = os.read(self.program.stdout.fileno(), 1 << 18)
                if not block:
                    raise RuntimeError(f'smbclient ended: {said[-200:].decode(errors="replace")}')
                said += block
        if b'NT_STATUS_' in said:
            raise RuntimeError(said[said.index(b'NT_STATUS_') :][:200].decode(errors='replace'))
        return bytes(said)


def _path(remote: str) -> str:
    return remote.replace('/', '\\')
