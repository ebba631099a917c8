"""A stranger's first five minutes: README.rst from top to bottom, in a fresh copy, with nothing installed before.

What is literal on the page is done as it stands there. ``make test`` alone is not run, which this is a part of, or may
be. The reader's own values are those of a private server, and ports 139 and 445 are found at that server's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

from tests.test_documentation import ROOT, python_blocks

README = ROOT / 'README.rst'
LITERAL = re.compile(r'::\n\n((?: {4}\S.*\n)+)')
PRELUDE = """
import sys
from smb.SMBConnection import SMBConnection
userID, password, server_name, server_ip, private_port = sys.argv[1:]
client_machine_name = 'client'
connect = SMBConnection.connect
SMBConnection.connect = lambda self, ip, port=139, *rest, **more: connect(self, ip, int(private_port), *rest, **more)
"""


@pytest.fixture(scope='module')
def copy(tmp_path_factory):
    """What ``git clone`` gives, and an environment without a trace of this one."""
    folder = tmp_path_factory.mktemp('stranger') / 'smbcourier'
    ignored = shutil.ignore_patterns('.*', '*.egg-info', '__pycache__', '_build', 'build', 'dist')
    shutil.copytree(ROOT, folder, ignore=ignored)
    return folder


def run(command: str, folder, **more: str) -> str:
    own = ('PYTHONPATH', 'VIRTUAL_ENV', 'PYTEST_CURRENT_TEST', 'MAKEFLAGS', 'MAKELEVEL', 'SMBCOURIER_REQUIRE_SMBD')
    environment = {key: value for key, value in os.environ.items() if key not in own}
    done = subprocess.run(
        ['bash', '-ec', command], cwd=folder, env={**environment, **more}, capture_output=True, text=True
    )
    assert done.returncode == 0, f'$ {command}\n{done.stdout}{done.stderr}'
    return done.stdout


def literal_blocks() -> list[str]:
    """The commands that the page shows as such, without their comments."""
    blocks = [textwrap.dedent(block) for block in LITERAL.findall(README.read_text(encoding='utf-8'))]
    return [line.partition('#')[0].strip() for block in blocks for line in block.splitlines()]


def test_the_page_has_the_commands_that_are_tried_here():
    assert literal_blocks() == ['make demo', 'make test', 'pip install .']


def test_demo_runs_in_a_fresh_copy_and_ends_well(copy):
    shown = run('make demo', copy, PYTHON=sys.executable)
    assert shown.rstrip().endswith('Everything arrived intact.')
    for dialect in ('SMB 3.1.1, encrypted', 'SMB 2.0.2', 'SMB1'):
        assert dialect in shown


def test_there_is_what_make_test_would_do(copy):
    planned = run('make --dry-run test', copy, PYTHON=sys.executable)
    assert 'pytest' in planned and 'mypy --strict' in planned


def test_installed_package_does_what_the_page_shows(copy, tmp_path, server):
    run(f'{sys.executable} -m venv {tmp_path}/env', tmp_path)
    path = f'{tmp_path}/env/bin:{os.environ["PATH"]}'
    run('pip install --quiet .', copy, PATH=path)
    private = server(shares={'data': {}})
    (private.root / 'rfc1001.txt').write_bytes(b'PROTOCOL STANDARD FOR A NetBIOS SERVICE\n' * 5000)
    (private.share_root('data') / 'notes.txt').write_text('Order more paper clips.\n')
    (tmp_path / 'report.pdf').write_bytes(bytes(range(256)) * 1000)
    (tmp_path / 'page.py').write_text(PRELUDE + ''.join(python_blocks(README)), encoding='utf-8')
    values = [private.user, private.password, private.name, private.host, str(private.port)]
    shown = run(f'python page.py {" ".join(map(repr, values))}', tmp_path, PATH=path)
    assert 'report.pdf 256000' in shown
    assert (private.root / 'report.pdf').read_bytes() == (tmp_path / 'report.pdf').read_bytes()
    login = {'SMB_USER': private.user, 'SMB_PASSWORD': private.password, 'PATH': path}
    address = f'//{private.host}:{private.port}/data'
    for program in ('smbcourier', 'python -m smb'):
        assert run(f'{program} ls -1 {address}', tmp_path, **login) == 'notes.txt\n'
    run(f'smbcourier get {address}/notes.txt && smbcourier put notes.txt {address}/copy.txt', tmp_path, **login)
    assert (private.share_root('data') / 'copy.txt').read_text() == 'Order more paper clips.\n'
