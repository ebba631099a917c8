"""The fixtures for other people's tests: in this run, and in runs of pytest as somebody has them who installed this."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.test_documentation import ROOT, python_blocks
from tests.test_packaging import setup_arguments

pytest_plugins = ['pytester', 'smb.pytest_plugin']

PAGE = ROOT / 'docs' / 'testing.rst'
needs_smbd = pytest.mark.usefixtures('server')


@pytest.fixture
def run(pytester, monkeypatch):
    """``run(*arguments, **environment)``: pytest in the folder of ``pytester``, with the plugin as pytest finds it."""
    monkeypatch.setenv('PYTHONPATH', str(ROOT))

    def run(*arguments, **environment):
        for name in ('SMBCOURIER_REQUIRE_SMBD', 'PYTEST_ADDOPTS'):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        # under its own name it may be there, or not, as this package is installed or only lies here
        return pytester.runpytest_subprocess('-p', 'no:smbcourier', '-p', 'smb.pytest_plugin', '-v', *arguments)

    return run


def test_pytest_finds_the_plugin_where_the_package_is_installed():
    entry_points = ast.literal_eval(setup_arguments()['entry_points'])
    assert entry_points['pytest11'] == ['smbcourier = smb.pytest_plugin']


def test_the_plugin_brings_nothing_that_pytest_does_not_have():
    script = (
        'import sys, pytest; before = set(sys.modules); import smb.pytest_plugin; print(*set(sys.modules) - before)'
    )
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    found = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True, env=environment)
    assert set(found.stdout.split()) == {'smb', 'smb.pytest_plugin'}


@needs_smbd
def test_a_connection_works_on_a_share_that_is_empty(smb_connection, samba_share, samba_server):
    assert samba_share.server is samba_server
    assert [entry.filename for entry in smb_connection.listPath(samba_share.name, '/')] == ['.', '..']
    (samba_share.root / 'file').write_bytes(b'1234')
    assert smb_connection.getAttributes(samba_share.name, 'file').file_size == 4


@needs_smbd
def test_what_a_test_leaves_in_the_share_is_gone_in_the_next_one(run, pytester):
    pytester.makepyfile(
        test_leaving="""
        import os

        import pytest

        servers = []

        @pytest.mark.parametrize('number', [1, 2])
        def test_leaves_all_kinds_of_things(smb_connection, samba_share, samba_server, number):
            servers.append(samba_server)
            assert servers[0] is samba_server
            assert not list(samba_share.root.iterdir())
            (samba_share.root / 'folder' / 'inside').mkdir(parents=True)
            (samba_share.root / 'folder' / 'file').write_bytes(b'x')
            (samba_share.root / 'folder' / 'file').chmod(0o400)
            (samba_share.root / 'link').symlink_to(os.environ['OUTSIDE'])
            assert smb_connection.getAttributes(samba_share.name, '/folder').isDirectory
        """
    )
    outside = pytester.path / 'outside'
    outside.mkdir()
    (outside / 'precious').write_bytes(b'stays')
    run(OUTSIDE=str(outside)).assert_outcomes(passed=2)
    assert (outside / 'precious').read_bytes() == b'stays'


@needs_smbd
def test_the_connection_is_closed_and_the_server_gone_afterwards(run, pytester):
    pytester.makepyfile(
        test_kept="""
        import pathlib

        kept = []

        def test_keeps(smb_connection, samba_server):
            kept.append(smb_connection)
            pathlib.Path('folder').write_text(str(samba_server.folder))

        def test_looks():
            assert kept[0].sock is None
        """
    )
    run().assert_outcomes(passed=2)
    assert not Path((pytester.path / 'folder').read_text()).exists()


USING = """
def test_uses(smb_connection):
    pass

def test_uses_nothing():
    pass
"""


@pytest.mark.parametrize('is_required', [False, True])
def test_without_samba_tests_are_skipped_or_fail_where_it_is_required(run, pytester, is_required):
    pytester.makepyfile(USING)
    pytester.makeconftest(
        """
        import smb.testing

        smb.testing.PROGRAM_FOLDERS = ()
        """
    )
    environment = {'SMBCOURIER_REQUIRE_SMBD': '1'} if is_required else {}
    result = run('-rs', PATH='/nowhere', **environment)
    result.assert_outcomes(passed=1, errors=int(is_required), skipped=int(not is_required))
    result.stdout.fnmatch_lines(['*is Samba installed?*'])


@needs_smbd
def test_the_examples_of_the_manual_are_tests_that_pass(run, pytester):
    tests, conftest, by_hand = (textwrap.dedent(block) for block in python_blocks(PAGE))
    looking = """
    def test_the_configuration_is_that_of_conftest(smb_connection, samba_server):
        assert smb_connection.cipher and smb_connection.dialect >= 0x0300
        assert 'archive' in [share.name for share in smb_connection.listShares()]
    """
    pytester.makepyfile(test_program=tests, test_by_hand=by_hand)
    run().assert_outcomes(passed=tests.count('def test_') + 1)
    pytester.makeconftest(conftest)
    pytester.makepyfile(test_program=tests, test_looking=looking)
    run('test_program.py', 'test_looking.py').assert_outcomes(passed=tests.count('def test_') + 1)


@needs_smbd
def test_the_commands_of_the_manual_write_what_it_says(monkeypatch):
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    monkeypatch.setenv('PATH', f'{Path(sys.executable).parent}:{os.environ["PATH"]}')
    block = PAGE.read_text(encoding='utf-8').partition('.. code-block:: console\n\n')[2].partition('\n\n')[0]
    commands = textwrap.dedent(block).split('$ ', 1)[1].split('\n$ ')
    assert len(commands) == 2
    for command in commands:
        line, _, wanted = command.partition('\n')
        done = subprocess.run(['bash', '-c', line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.stdout.split() == wanted.split(), line
