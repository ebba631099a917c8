"""What ``import smb.SMBConnection`` costs and does in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

EXTERNAL = {'Cryptodome', 'cryptography', 'pyasn1', 'tqdm', 'fsspec'}


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)


@pytest.mark.parametrize('module', ['smb.SMBConnection', 'smb.base', 'smb.smb_structs'])
def test_import_takes_no_package_from_outside(module):
    imported = run(f'import sys, {module}; print(*sys.modules)').stdout.split()
    assert module in imported
    assert not EXTERNAL & {name.split('.')[0] for name in imported}


def test_import_prints_nothing():
    result = run('import smb.SMBConnection')
    assert (result.stdout, result.stderr) == ('', '')


def test_connecting_to_an_address_loads_no_tables_of_letters():
    script = """
        import sys
        from smb.SMBConnection import SMBConnection

        for address in ('127.0.0.1', '::1'):
            try:
                SMBConnection('user', 'password', 'me', 'server').connect(address, 1)
            except OSError:
                print(*sys.modules)
    """
    imported = run(textwrap.dedent(script)).stdout.split()
    assert 'smb.SMBConnection' in imported
    assert 'encodings.idna' not in imported
