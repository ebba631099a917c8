"""What the tests of the command line share: a folder on a private server, and ``run``."""

from __future__ import annotations

import functools
import os
import time

import pytest

from tests.cli import stage
from tests.live.folder import Folder


class Place(Folder):
    """A folder on a share; ``address`` and ``at(name)`` are what is typed for it."""

    @property
    def address(self) -> str:
        return f'//{self.server.host}:{self.server.port}/{self.share}/{self.name}'

    def at(self, name: str) -> str:
        return f'{self.address}/{name}'


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """Nothing of the reader's own settings; an empty folder to be in; a time zone."""
    for name in ('SMB_USER', 'SMB_PASSWORD'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('TZ', 'UTC')
    time.tzset()
    monkeypatch.chdir(tmp_path)
    yield
    monkeypatch.undo()
    time.tzset()


def sign_on(monkeypatch, server):
    monkeypatch.setenv('SMB_USER', server.user)
    monkeypatch.setenv('SMB_PASSWORD', server.password)


@pytest.fixture
def folder(server, monkeypatch):
    """An empty folder on the default server, whose user is in the environment."""
    private = server()
    sign_on(monkeypatch, private)
    return Place(private)


@pytest.fixture
def odd(server, monkeypatch):
    """A server with names as they are on its disk, and the shares ``enc``, which requires encryption, and ``snaps``."""
    snapshots = {'vfs objects': 'shadow_copy2', 'shadow:mountpoint': '{root}'}
    private = server(mangled_names='no', shares={'enc': {'smb encrypt': 'required'}, 'snaps': snapshots})
    sign_on(monkeypatch, private)
    return private


@pytest.fixture
def filled(folder):
    """Files, a folder in a folder, and times that are known."""
    folder.put('notes.txt', b'Order more paper clips.\n')
    folder.put('sub/deep/table.csv', b'a,b\n')
    folder.put('sub/big.bin', bytes(range(256)) * 1200)
    for path in [folder.local, *folder.local.rglob('*')]:
        os.utime(path, (1772366400, 1772366400))  # 1 March 2026, 12:00 UTC
    return folder


@pytest.fixture(params=[stage.PIPE, stage.TERMINAL])
def run(request):
    """``run(*arguments)`` in a pipe, and once more in a pseudo-terminal."""
    return functools.partial(stage.run, kind=request.param)
