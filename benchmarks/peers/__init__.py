"""Who takes part, and in which module the class is that drives it."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

from benchmarks.peers.base import PROTECTIONS, Peer, Target


class Entry(NamedTuple):
    """One column of the table."""

    title: str
    module: str
    class_name: str
    distribution: str | None = None  # what has to be installed in an environment of its own
    protections: tuple[str, ...] = PROTECTIONS
    is_ours: bool = False
    only_transfers: bool = False
    is_library: bool = True  # something that a program imports


PEERS = {
    'ours': Entry('smbcourier', 'ours', 'Ours', is_ours=True),
    'ours-without-fast': Entry(
        'smbcourier without fast',
        'ours',
        'OursWithoutFast',
        protections=('signed', 'encrypted'),
        is_ours=True,
        only_transfers=True,
    ),
    'smbclient': Entry('smbclient (C)', 'smbclient', 'Smbclient', is_library=False),
    'pysmb': Entry('pysmb', 'pysmb', 'Pysmb', 'pysmb', ('plain', 'signed')),
    'smbprotocol': Entry('smbprotocol', 'smbprotocol', 'Smbprotocol', 'smbprotocol'),
}


def create(name: str, target: Target) -> Peer:
    """The peer of this name, not connected yet."""
    entry = PEERS[name]
    peer: Peer = getattr(import_module(f'benchmarks.peers.{entry.module}'), entry.class_name)(target)
    return peer
