"""Completion, in the shells that are there."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.cli.stage import run
from tests.cli.test_arguments import COMMANDS


@pytest.fixture(params=['bash', 'zsh', 'fish'])
def shell(request):
    """A shell, and its script in the file ``script``."""
    if shutil.which(request.param) is None:
        pytest.skip(f'{request.param} is not installed')
    with open('script', 'w', encoding='utf-8') as file:
        file.write(script(request.param))
    return request.param


def script(shell):
    result = run('completion', shell)
    assert (result.code, result.err) == (0, '')
    return result.out


@pytest.mark.parametrize('shell_name', ['bash', 'zsh', 'fish'])
def test_each_command_and_its_options_are_in_it(shell_name):
    text = script(shell_name)
    for word in (*COMMANDS, 'recursive', 'max-dialect', 'print0'):
        assert word in text


def test_the_shell_takes_it(shell):
    done = subprocess.run([shell, '-n', 'script'], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, '')


@pytest.mark.parametrize(
    ('words', 'wanted'),
    [
        (['smbcourier', 'sh'], ['shares']),
        (['smbcourier', 'mk'], ['mkdir']),
        (['smbcourier', 'ls', '--re'], ['--recursive', '--reverse']),
        (['smbcourier', 'completion', 'f'], ['fish']),
        (['smbcourier', 'get', 'notes'], []),
    ],
)
def test_bash_completes(words, wanted):
    if shutil.which('bash') is None:
        pytest.skip('bash is not installed')
    typed = f'COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}'
    lines = f'{script("bash")}{typed}; _smbcourier; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(['bash', '-c', lines], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (wanted, '')


def test_fish_completes():
    if shutil.which('fish') is None:
        pytest.skip('fish is not installed')
    with open('script', 'w', encoding='utf-8') as file:
        file.write(script('fish'))
    done = subprocess.run(
        ['fish', '-c', 'source script; complete -C "smbcourier mk"; complete -C "smbcourier ls --re"'],
        capture_output=True, text=True, env={'HOME': '.', 'PATH': '/usr/bin:/bin'},
    )  # fmt: skip
    assert [line.split('\t')[0] for line in done.stdout.splitlines()] == ['mkdir', '--recursive', '--reverse']
