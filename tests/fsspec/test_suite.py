"""fsspec's own tests of a file system, and of moving, which fsspec has for its local one alone."""

from __future__ import annotations

import itertools

import pytest
from fsspec.tests.abstract import (
    AbstractCopyTests,
    AbstractFixtures,
    AbstractGetTests,
    AbstractOpenTests,
    AbstractPipeTests,
    AbstractPutTests,
)

from smb.fsspec import SMBFileSystem

numbers = itertools.count(1)


class OnAShare(AbstractFixtures):
    """The file system is a private server's."""

    @pytest.fixture
    def fs(self, server):
        private = server()
        fs = SMBFileSystem(
            private.host, private.port, private.user, private.password, auto_mkdir=True, skip_instance_cache=True
        )
        yield fs
        fs.close()

    @pytest.fixture
    def fs_path(self, server):
        name = f'suite {next(numbers)}'
        (server().root / name).mkdir()
        return f'/smbtest/{name}'

    @pytest.fixture
    def fs_join(self):
        return lambda *names: '/'.join(names)

    @pytest.fixture
    def fs_sanitize_path(self):
        return SMBFileSystem._strip_protocol


class TestCopy(AbstractCopyTests, OnAShare):
    pass


class TestGet(AbstractGetTests, OnAShare):
    pass


class TestPut(AbstractPutTests, OnAShare):
    pass


class TestOpen(AbstractOpenTests, OnAShare):
    pass


class TestPipe(AbstractPipeTests, OnAShare):
    pass
