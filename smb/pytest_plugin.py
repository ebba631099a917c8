"""Fixtures of pytest for programs that use SMB: a private Samba server, a share that is empty, a connection to it.

``samba_server``, ``samba_share`` and ``smb_connection``; ``samba_options`` and ``samba_shares`` are for a conftest.py
to replace. Where this package is installed pytest imports this module whenever it starts, so that everything else is
imported when a test asks for it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from smb.SMBConnection import SMBConnection
    from smb.testing import SambaServer

REQUIRE_SMBD = 'SMBCOURIER_REQUIRE_SMBD'


class SambaShare(NamedTuple):
    """A share of a private server: its name, the local folder behind it, and the server."""

    name: str
    root: Path
    server: SambaServer


@pytest.fixture(scope='session')
def samba_options() -> Mapping[str, str]:
    """Lines of smb.conf's [global] section for ``samba_server``. None by default: replace it in conftest.py."""
    return {}


@pytest.fixture(scope='session')
def samba_shares() -> Mapping[str, Mapping[str, str]]:
    """Lines of smb.conf for each share of ``samba_server``. None by default: replace it in conftest.py."""
    return {}


@pytest.fixture(scope='session')
def samba_server(
    samba_options: Mapping[str, str], samba_shares: Mapping[str, Mapping[str, str]]
) -> Iterator[SambaServer]:
    """A private Samba server on loopback, started once: host, port, user, password, name, share, root.

    Without smbd the test is skipped, or fails where the environment variable SMBCOURIER_REQUIRE_SMBD is set.
    """
    from smb.testing import SambaServer, find_smbd

    try:
        find_smbd()
    except FileNotFoundError as missing:
        if os.environ.get(REQUIRE_SMBD):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    with SambaServer(samba_options, samba_shares) as server:
        yield server


@pytest.fixture
def samba_share(samba_server: SambaServer) -> Iterator[SambaShare]:
    """The share for reading and writing, empty for each test: name, root (the local folder behind it), server."""
    share = SambaShare(samba_server.share, samba_server.root, samba_server)
    _empty(share.root)
    yield share
    _empty(share.root)


@pytest.fixture
def smb_connection(samba_share: SambaShare) -> Iterator[SMBConnection]:
    """An SMBConnection to the private server, signed on, with ``samba_share`` empty; closed after the test."""
    from smb.SMBConnection import SMBConnection

    server = samba_share.server
    with SMBConnection(server.user, server.password, 'TESTCLIENT', server.name, is_direct_tcp=True) as connection:
        assert connection.connect(server.host, server.port), connection.auth_error
        yield connection


def _empty(folder: Path) -> None:
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
