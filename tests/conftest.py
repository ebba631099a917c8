"""What every test may use: the ``server`` factory of private Samba servers; and the seed of the tests in ``fuzz``."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import settings

from smb import smb_structs
from smb.testing import SambaServer, find_smbd

# Examples are small, machines are loaded: a slow one is no failure.
settings.register_profile('no deadline', deadline=None)
settings.load_profile('no deadline')

FUZZ_SEED = 'SMBCOURIER_FUZZ_SEED'


def pytest_configure() -> None:
    # Before the workers of this run start, which inherit it.
    os.environ.setdefault(FUZZ_SEED, str(random.SystemRandom().getrandbits(32)))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = (report for reports in terminalreporter.stats.values() for report in reports)
    if any(getattr(report, 'nodeid', '').startswith('tests/fuzz/') for report in reports):
        terminalreporter.write_line(f'Random mutations of this run: {FUZZ_SEED}={os.environ[FUZZ_SEED]}')


SWITCHES = ('SUPPORT_SMB1', 'SUPPORT_SMB2', 'SUPPORT_EXTENDED_SECURITY')


@pytest.fixture(autouse=True)
def switches_are_left_as_they_were() -> Iterator[None]:
    """A test that leaves one of the library's switches off fails itself, and not the tests that come after it."""
    before = {name: getattr(smb_structs, name) for name in SWITCHES}
    yield
    after = {name: getattr(smb_structs, name) for name in SWITCHES}
    for name, value in before.items():
        setattr(smb_structs, name, value)
    assert after == before, 'this test has switched something off and left it so'


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
