"""What setup.py says is what is there; sdist and wheel are complete and work where nothing else is installed."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import smb

ROOT = Path(__file__).resolve().parent.parent
QUICK_START = """
import sys, tempfile
from smb.SMBConnection import SMBConnection
user, password, name, host, port = sys.argv[1:]
conn = SMBConnection(user, password, 'CLIENT', name, require_encryption=True)
assert conn.connect(host, int(port))
file_obj = tempfile.TemporaryFile()
attributes, size = conn.retrieveFile('smbtest', '/packaging.txt', file_obj)
file_obj.seek(0)
print(size, file_obj.read().decode())
conn.close()
"""


def setup_arguments() -> dict[str, ast.expr]:
    """The keywords of the call in setup.py, unevaluated."""
    for node in ast.walk(ast.parse((ROOT / 'setup.py').read_text(encoding='utf-8'))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'setup':
            return {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    raise AssertionError('setup.py does not call setup()')


def run(*command: str | Path, **options) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in ('PYTHONPATH', 'VIRTUAL_ENV')}
    result = subprocess.run(command, capture_output=True, text=True, env=environment, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope='module')
def sdist(tmp_path_factory) -> Path:
    """The source distribution, built in a copy of the tree, since building leaves things behind."""
    folder = tmp_path_factory.mktemp('sdist')
    ignored = shutil.ignore_patterns('.*', '*.egg-info', '__pycache__', '_build', 'build', 'dist')
    shutil.copytree(ROOT, folder / 'tree', ignore=ignored)
    script = f'from setuptools import build_meta; print(build_meta.build_sdist({str(folder)!r}))'
    return folder / run(sys.executable, '-c', script, cwd=folder / 'tree').splitlines()[-1]


@pytest.fixture(scope='module')
def wheel(sdist) -> Path:
    """The wheel, built from the source distribution, as an installer does it that finds no wheel."""
    run(
        *(
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '--no-deps',
            '--no-build-isolation',
            '--wheel-dir',
            sdist.parent,
            sdist,
        ),
        cwd=sdist.parent,
    )
    return next(sdist.parent.glob('*.whl'))


def test_packages_are_those_on_disk():
    listed = ast.literal_eval(setup_arguments()['packages'])
    on_disk = {
        '.'.join(path.parent.relative_to(ROOT).parts) for top in ('smb', 'nmb') for path in (ROOT / top).rglob('*.py')
    }
    assert sorted(listed) == sorted(on_disk)
    assert listed == sorted(listed)
    for package in listed:
        assert (ROOT / package.replace('.', '/') / '__init__.py').is_file()


def test_the_version_stands_in_one_place():
    assert ast.unparse(setup_arguments()['version']) == 'read_version()'
    assert re.fullmatch(r'\d+\.\d+\.\d+', smb.__version__)
    literal = re.compile(rf"""['"]{re.escape(smb.__version__)}['"]""")
    files = [
        ROOT / 'setup.py',
        ROOT / 'pyproject.toml',
        *(ROOT / 'docs').glob('*.*[ty]'),
        *(ROOT / 'smb').rglob('*.py'),
    ]
    homes = [
        path.relative_to(ROOT) for path in files if path.is_file() and literal.search(path.read_text(encoding='utf-8'))
    ]
    assert homes == [Path('smb/__init__.py')]


def test_sdist_is_complete(sdist):
    with tarfile.open(sdist) as archive:
        names = {'/'.join(name.split('/')[1:]) for name in archive.getnames()}
    sources = {str(path.relative_to(ROOT)) for top in ('smb', 'nmb', 'tests') for path in (ROOT / top).rglob('*.py')}
    assert sources <= names
    assert {
        'smb/py.typed',
        'nmb/py.typed',
        'LICENSE',
        'README.rst',
        'CHANGELOG.rst',
        'Makefile',
        'docs/index.rst',
    } <= names
    assert not [name for name in names if '__pycache__' in name or name.startswith(('.', 'docs/_build'))]


def test_wheel_is_complete_and_holds_the_packages_only(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(name for name in names if name.endswith('/METADATA'))).decode()
    sources = {path.relative_to(ROOT).as_posix() for top in ('smb', 'nmb') for path in (ROOT / top).rglob('*.py')}
    assert sources | {'smb/py.typed', 'nmb/py.typed'} == {name for name in names if '.dist-info/' not in name}
    assert any(name.endswith('/LICENSE') for name in names)
    assert f'Version: {smb.__version__}\n' in metadata
    assert (ROOT / 'README.rst').read_text(encoding='utf-8').strip() in metadata.replace('\r\n', '\n')


def test_wheel_works_in_an_empty_environment(wheel, tmp_path, server):
    venv.create(tmp_path / 'empty', with_pip=True)
    python = tmp_path / 'empty' / ('Scripts' if os.name == 'nt' else 'bin') / 'python'
    run(python, '-m', 'pip', 'install', '--quiet', wheel, cwd=tmp_path)
    host = server()
    (host.root / 'packaging.txt').write_text('from the wheel')
    found = run(python, '-c', 'import smb, nmb; print(smb.__file__, nmb.__file__)', cwd=tmp_path).split()
    assert all(Path(path).is_relative_to(tmp_path) for path in found)
    arguments = [host.user, host.password, host.name, host.host, str(host.port)]
    assert run(python, '-W', 'error', '-c', QUICK_START, *arguments, cwd=tmp_path) == '14 from the wheel\n'
