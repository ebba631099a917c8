"""What ``import smb.SMBConnection`` costs and does in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

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
