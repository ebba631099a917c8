"""What every test may use: the ``server`` factory of private Samba servers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import settings

from smb.testing import SambaServer, find_smbd

# Examples are small, machines are loaded: a slow one is no failure.
settings.register_profile('no deadline', deadline=None)
settings.load_profile('no deadline')


class Servers:
    """Private Samba servers, started once per configuration and shared by all tests of this process."""

    def __init__(self) -> None:
        self._running: dict[str, SambaServer] = {}

    def __call__(
        self,
        *,
        shares: Mapping[str, Mapping[str, str]] | None = None,
        password: str = 'p@ssW0rd',
        name: str = 'TESTSERVER',
        **options: str,
    ) -> SambaServer:
        """The server with these options of smb.conf's ``[global]``, with underscores for spaces.

        ``server(server_signing='mandatory', shares={'smbtest': {'smb encrypt': 'required'}})``, see ``SambaServer``.
        """
        key = json.dumps([shares or {}, password, name, options], sort_keys=True)
        if key not in self._running:
            lines = {option.replace('_', ' '): value for option, value in options.items()}
            server = SambaServer(lines, shares, password=password, name=name)
            server.start()
            self._running[key] = server
        return self._running[key]

    def stop(self) -> None:
        for server in self._running.values():
            server.stop()


@pytest.fixture(scope='session')
def server() -> Iterator[Servers]:
    """``server(**configuration)``, see ``Servers``. Without smbd the test is skipped, but never under ``make test``."""
    try:
        find_smbd()
    except FileNotFoundError as missing:
        if os.environ.get('SMBCOURIER_REQUIRE_SMBD'):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    servers = Servers()
    yield servers
    servers.stop()
