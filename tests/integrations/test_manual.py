"""The manual's examples with pandas and Dask run as they stand: blocks marked as ``python3``.

Where the manual says nothing of a port, fsspec's configuration gives that of the private server, here and in the
workers of Dask.
"""

from __future__ import annotations

import json

import pytest
from fsspec.config import conf

from smb.fsspec import SMBFileSystem
from tests.test_documentation import PAGES, ROOT, python_blocks

EXAMPLES = [page for page in PAGES if python_blocks(page, 'python3')]


@pytest.mark.parametrize('page', EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page, server, monkeypatch):
    private = server(name='MANUAL')
    SMBFileSystem.clear_instance_cache()
    monkeypatch.setitem(conf, 'smb', {'port': private.port})
    monkeypatch.setenv('FSSPEC_SMB', json.dumps({'port': private.port}))
    namespace = {
        '__name__': '__main__',
        'userID': private.user,
        'password': private.password,
        'server_ip': private.host,
    }
    for block in python_blocks(page, 'python3'):
        exec(compile(block, str(page), 'exec'), namespace)
    assert len(list(private.root.glob('sales/*.parquet'))) == 6


def test_there_are_examples():
    assert [page.name for page in EXAMPLES] == ['fsspec.rst']
