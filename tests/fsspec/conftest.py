"""A file system for fsspec on a private Samba server, and a folder of each test's own there."""

from __future__ import annotations

import pytest

from smb import smb_structs
from smb.fsspec import SMBFileSystem
from tests.live.folder import Folder

SMB1 = 0x0100


@pytest.fixture
def folder(server):
    """A folder of this test's own in the share ``smbtest``."""
    return Folder(server())


@pytest.fixture
def at(folder):
    """``at(name)``: a path in that folder."""

    def at(name=''):
        return f'/smbtest/{folder.name}/{name}'.rstrip('/')

    return at


@pytest.fixture
def make(folder):
    """``make(via=None, **options)``: a file system on the folder's server; closed after the test."""
    made = []

    def make(via=None, **options):
        server = folder.server
        given = {'username': server.user, 'password': server.password, 'skip_instance_cache': True, **options}
        fs = SMBFileSystem(server.host, (via or server).port, **given)
        made.append(fs)
        return fs

    yield make
    for fs in made:
        fs.close()


@pytest.fixture(params=[SMB1, 0x0311], ids='{:04x}'.format)
def fs(request, make, monkeypatch):
    """A file system; each test runs over SMB1 and the newest dialect."""
    if request.param == SMB1:
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
    fs = make()
    yield fs
    assert fs.connection().dialect == request.param


@pytest.fixture
def caching(make):
    """One that keeps what was listed."""
    return make(use_listings_cache=True)
