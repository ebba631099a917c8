"""The examples in README.rst and in the manual run as they stand.

Every ``.. code-block:: python`` of a page is run, in order, in one namespace, as a reader would type them one after
another. The reader's own values are provided: ``userID``, ``password``, ``client_machine_name``, ``server_name``,
``server_ip``. The server is a private one with a file ``/rfc1001.txt`` in its share ``smbtest``; the folder that the
page runs in has a file ``report.pdf``. On the page about previous versions the share keeps a snapshot. One thing is
changed: ``connect()`` to port 139 or 445 goes to the port of that server, which speaks NetBIOS sessions and direct TCP
on the same one. Questions to UDP port 137 go to a name service on loopback, which tells the server's name and address.
What is marked as ``python3`` needs more than this library, and runs in ``tests/integrations``.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from tests.nmb.packets import entry, name_answer, status_answer
from tests.nmb.responder import Responder

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / 'README.rst', *sorted((ROOT / 'docs').glob('*.rst'))]
BLOCK = re.compile(
    r'^(?P<indent> *)\.\. code-block:: (?P<language>\w+)\n+(?P<code>(?:(?P=indent)[ ]+\S.*\n|[ ]*\n)+)', re.MULTILINE
)


def python_blocks(page: Path, language: str = 'python') -> list[str]:
    """The code blocks of a page, each behind as many empty lines as put it at its line of the page in a traceback."""
    text = page.read_text(encoding='utf-8') + '\n'
    blocks = []
    for match in BLOCK.finditer(text):
        if match['language'] != language:
            continue
        line = text.count('\n', 0, match.start('code'))
        blocks.append('\n' * line + textwrap.dedent(match['code']))
    return blocks


@pytest.fixture
def name_service(monkeypatch):
    """What answers for every machine on UDP port 137."""
    from nmb.NetBIOS import NetBIOS

    def answer(query):
        number = int.from_bytes(query[:2], 'big')
        return [name_answer(number, '127.0.0.1'), status_answer(number, entry('TESTSERVER'))]

    with Responder(answer) as node:

        def target(self, ip, port):
            assert port == 137
            return (node.host, node.port), False

        monkeypatch.setattr(NetBIOS, '_target', target)
        yield node


SNAPSHOTS = {'smbtest': {'vfs objects': 'shadow_copy2', 'shadow:mountpoint': '{root}'}}
EXAMPLES = [page for page in PAGES if python_blocks(page)]


@pytest.mark.parametrize('page', EXAMPLES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_run(page, server, name_service, tmp_path, monkeypatch):
    from smb import smb_structs
    from smb.SMBConnection import SMBConnection

    for switch in ('SUPPORT_SMB1', 'SUPPORT_SMB2', 'SUPPORT_EXTENDED_SECURITY'):
        monkeypatch.setattr(smb_structs, switch, True)  # for the page alone, whatever it makes of them
    private = server()
    if page.name == 'previous_versions.rst':
        private = server(shares=SNAPSHOTS)
        (private.root / '.snapshots' / '@GMT-2026.01.02-03.04.05').mkdir(parents=True)
    connect = SMBConnection.connect

    def connect_to_private_server(self, ip, port=139, *arguments, **keywords):
        assert port in (139, 445), f'{page.name} shows port {port}'
        return connect(self, ip, private.port, *arguments, **keywords)

    monkeypatch.setattr(SMBConnection, 'connect', connect_to_private_server)
    monkeypatch.chdir(tmp_path)
    Path('report.pdf').write_bytes(bytes(range(256)) * 1000)
    (private.root / 'rfc1001.txt').write_bytes(b'PROTOCOL STANDARD FOR A NetBIOS SERVICE\n' * 5000)
    namespace = {
        '__name__': '__main__',
        'userID': private.user,
        'password': private.password,
        'client_machine_name': 'client',
        'server_name': private.name,
        'server_ip': private.host,
    }
    for block in python_blocks(page):
        exec(compile(block, str(page), 'exec'), namespace)


def test_the_readme_and_the_manual_have_examples():
    assert {'README.rst', 'quickstart.rst'} <= {page.name for page in EXAMPLES}


def test_a_block_ends_where_its_indentation_ends_and_keeps_its_line_number(tmp_path):
    page = tmp_path / 'page.rst'
    page.write_text('Text\n\n.. code-block:: python\n\n    a = 1\n\n    b = 2\n\nMore\n\n.. code-block:: sh\n\n    c\n')
    (block,) = python_blocks(page)
    assert block.split() == ['a', '=', '1', 'b', '=', '2']
    assert block.splitlines().index('a = 1') == 4


def test_the_readme_names_both_commands():
    readme = (ROOT / 'README.rst').read_text(encoding='utf-8')
    targets = re.findall(r'^([\w-]+):', (ROOT / 'Makefile').read_text(encoding='utf-8'), re.MULTILINE)
    for command in ('demo', 'test'):
        assert f'make {command}' in readme
        assert command in targets
