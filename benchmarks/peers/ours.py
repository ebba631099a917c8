"""This library. It has pysmb's interface, so it is driven by the same lines."""

from __future__ import annotations

from benchmarks.peers.pysmb import Pysmb


class Ours(Pysmb):
    packages: tuple[str, ...] = ('cryptography', 'pycryptodomex')

    def versions(self) -> dict[str, str]:
        import smb

        return {'smbcourier': smb.__version__, **super().versions()}


class OursWithoutFast(Ours):
    """As it is where ``cryptography``, the extra ``fast``, is not installed."""

    packages = ('pycryptodomex',)

    def connect(self) -> None:
        from smb.crypto import backend

        backend.use('pycryptodomex')
        super().connect()
