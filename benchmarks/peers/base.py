"""What a peer is asked for: the same few things of each, over one connection."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

PROTECTIONS = ('plain', 'signed', 'encrypted')
TIMEOUT = 300  # seconds


class Target(NamedTuple):
    """The server and how it wants to be talked to."""

    host: str
    port: int
    name: str
    user: str
    password: str
    share: str
    protection: str


class Peer:
    """One client. Remote names are relative to the share, with ``/``; local ones are paths of files."""

    module = ''  # what a program imports first
    packages: tuple[str, ...] = ()  # whose versions matter

    def __init__(self, target: Target) -> None:
        self.target = target

    def connect(self) -> None:
        """Connect and log in."""
        raise NotImplementedError

    def close(self) -> None:
        """Hang up. ``connect`` may follow."""
        raise NotImplementedError

    def download(self, remote: str, local: str) -> None:
        raise NotImplementedError

    def upload(self, local: str, remote: str) -> None:
        raise NotImplementedError

    def size(self, remote: str) -> int:
        """The size of a file, from its attributes."""
        raise NotImplementedError

    def names(self, folder: str) -> list[str]:
        """The names of a folder's entries, without ``.`` and ``..``."""
        raise NotImplementedError

    def downloads(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Many files, (remote, local), one after another."""
        for remote, local in pairs:
            self.download(remote, local)

    def uploads(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Many files, (local, remote), one after another."""
        for local, remote in pairs:
            self.upload(local, remote)

    def sizes(self, remotes: Iterable[str]) -> list[int]:
        """The sizes of many files, asked for one after another."""
        return [self.size(remote) for remote in remotes]

    @property
    def process(self) -> int:
        """The process whose memory counts."""
        return os.getpid()

    def versions(self) -> dict[str, str]:
        """Packages and their versions."""
        found = {}
        for package in self.packages:
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
        return found
