"""A share for programs that take URLs of fsspec, and the options that they hand on."""

from __future__ import annotations

import itertools

import pytest

from smb.fsspec import SMBFileSystem

numbers = itertools.count(1)


class Share:
    """A folder of a test's own: ``url`` leads to it, with ``options``; ``local`` is where the server has it."""

    def __init__(self, server) -> None:
        name = f'integration {next(numbers)}'
        self.url = f'smb://{server.host}:{server.port}/smbtest/{name}'
        self.options = {'username': server.user, 'password': server.password}
        self.path = f'/smbtest/{name}'
        self.local = server.root / name
        self.local.mkdir()
        self.fs = SMBFileSystem(server.host, server.port, **self.options)


@pytest.fixture
def share(server):
    return Share(server())
