"""The examples of the manual's pages on the command line run, and show what the pages say.

Each line ``$ COMMAND`` of a ``.. code-block:: console`` is run by bash, or in this process where it is the program
alone. What follows up to the next one is what it writes, standard error behind standard output; as in doctest ``...``
stands for anything. The server ``fileserver`` is a private one, the user is ``jane``, and the name service knows it.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.cli import stage
from tests.cli.redirect import redirect
from tests.nmb.packets import name_answer
from tests.nmb.responder import Responder
from tests.test_documentation import ROOT

PAGE = ROOT / 'docs' / 'command_line.rst'
PAGES = (PAGE, ROOT / 'docs' / 'from_smbclient.rst', ROOT / 'README.rst')
BLOCK = re.compile(r'^\.\. code-block:: console\n\n((?: +\S.*\n|\n)+)', re.MULTILINE)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# The program with another idea of where fileserver is
PROGRAM = """#!{python}
import sys
sys.path.insert(0, {root!r})
from smb.cli import main
from tests.cli.redirect import redirect
redirect('fileserver', {port})
sys.exit(main())
"""


def examples(page=PAGE):
    """(command, what it writes) in the order of the page."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding='utf-8')):
        for line in textwrap.dedent(block).rstrip().splitlines():
            if line.startswith('$ '):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return [(command, ''.join(f'{line}\n' for line in lines)) for command, lines in found]


@pytest.fixture
def reader(server, monkeypatch, tmp_path):
    """The server, the files and the environment of somebody who follows the page."""
    private = server(shares={'data': {}}, username_map='{folder}/users')
    (private.folder / 'users').write_text(f'{private.user} = jane\n')
    root = private.share_root('data')
    for name, data in (
        ('notes.txt', b'Order more paper clips.\n'),
        ('logs/january.log', b'a line of the log of January\n' * 1200),
        ('logs/today.log', b'a line\n'),
        ('reports/report.pdf', b'%PDF'),
        ('reports/2025/december.csv', b'month,clips\ndecember,12\n'),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data[:30000])
    for path in root.rglob('*'):
        os.utime(path, (1772366400, 1772366400))  # 1 March 2026, 12:00 UTC
    Path('login.txt').write_text(f'username = jane\npassword = {private.password}\n')
    monkeypatch.setenv('SMB_USER', 'jane')
    monkeypatch.setenv('SMB_PASSWORD', private.password)
    programs = tmp_path / 'programs'
    programs.mkdir()
    (programs / 'smbcourier').write_text(PROGRAM.format(python=sys.executable, root=str(ROOT), port=private.port))
    (programs / 'smbcourier').chmod(0o755)
    monkeypatch.setenv('PATH', f'{programs}:{os.environ["PATH"]}')
    redirect('fileserver', private.port, monkeypatch.setattr)
    return private


@pytest.fixture
def name_service(monkeypatch):
    from nmb.NetBIOS import NetBIOS

    with Responder(lambda query: [name_answer(int.from_bytes(query[:2], 'big'), '127.0.0.1')]) as node:
        monkeypatch.setattr(NetBIOS, '_target', lambda self, ip, port: ((node.host, node.port), False))
        yield node


def written_by(command):
    words = shlex.split(command)
    if words[0] == 'smbcourier' and not set(words).intersection('|;>') and not any(';' in word for word in words):
        result = stage.run(*words[1:])
        return result.out + result.err
    done = subprocess.run(['bash', '-c', command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_the_page_shows_what_happens(reader, name_service, page):
    checker = doctest.OutputChecker()
    for command, wanted in examples(page):
        written = written_by(command)
        assert checker.check_output(wanted, written, FLAGS), f'$ {command}\n{written}\n--- the page says:\n{wanted}'


def test_the_page_shows_every_command():
    from tests.cli.test_arguments import COMMANDS

    shown = {word for command, _ in examples() for word in re.findall(r'[\w]+', command)}
    assert set(COMMANDS) <= shown


def test_the_page_has_every_exit_code():
    from smb.cli import failures

    codes = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}
    codes -= {failures.DIRECT_TCP_PORT, failures.NETBIOS_PORT}
    listed = re.findall(r'^(\d+)  +\w', PAGE.read_text(encoding='utf-8'), re.MULTILINE)
    assert sorted(map(int, listed)) == sorted(codes)
