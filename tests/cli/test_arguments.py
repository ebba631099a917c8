"""Command lines that make sense, and those that do not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import smb
from smb.cli.arguments import parse
from smb.cli.failures import UsageFailure
from tests.cli.stage import run

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    'shares', 'ls', 'tree', 'find', 'get', 'put', 'cat', 'rm', 'mkdir', 'rmdir', 'mv', 'stat', 'acl', 'snapshots',
    'lookup', 'ping', 'completion',
)  # fmt: skip


def test_options_may_stand_before_the_command_or_behind_it():
    for line in (['-p', '4455', '--encrypt', 'ls', '//h/s'], ['ls', '-p', '4455', '//h/s', '--encrypt']):
        options = parse(line)
        assert (options.port, options.encrypt, options.sign, options.addresses) == (4455, True, False, ['//h/s'])
    assert (parse(['-p', '1', 'ls', '-p', '2', '//h/s']).port, parse(['ls', '//h/s']).port) == (2, None)


@pytest.mark.parametrize(
    ('name', 'dialect'),
    [('2.0.2', 0x0202), ('2.1', 0x0210), ('3.0', 0x0300), ('3.0.2', 0x0302), ('3.1.1', 0x0311), ('SMB2_02', 0x0202),
     ('SMB3_11', 0x0311), ('smb2_10', 0x0210), ('SMB3', 0x0311)],
)  # fmt: skip
def test_names_of_dialects(name, dialect):
    assert parse(['ls', '-m', name, '//h/s']).max_dialect == dialect
    assert parse(['ls', '--min-dialect', name, '//h/s']).min_dialect == dialect


@pytest.mark.parametrize(
    'line',
    [
        '', 'dance', 'ls', 'ls -p 0 //h/s', 'ls -p 65536 //h/s', 'ls -p x //h/s', 'ls -p ٣ //h/s', 'ls -t 0 //h/s',
        'ls -t nan //h/s', 'ls -t -1 //h/s', 'ls -t 1e9 //h/s', 'ls -m 4 //h/s', 'ls --sort colour //h/s',
        'tree //h/s //h/s', 'tree --depth 0 //h/s', 'find --larger much //h/s', 'find --newer yesterday //h/s',
        'find --type x //h/s', 'mv //h/s/a', 'ping', 'ping -n 0 h', 'ping -i -1 h', 'completion tcsh', 'ls -Z //h/s',
        'ls --recursiv //h/s', 'lookup', 'shares a b', 'get', 'put',
    ],
)  # fmt: skip
def test_a_command_line_that_makes_no_sense_is_one_line_and_exit_code_2(line):
    result = run(*line.split())
    assert (result.code, result.out) == (2, '')
    (message,) = result.err.splitlines()
    assert message.startswith('smbcourier: ') and message.endswith('--help"')


@pytest.mark.parametrize(
    'line',
    ['put a', 'put a b', 'get -c //h/s/a -', 'ls notes.txt', 'cat smb://u:secret@h:x/s', 'shares a/b/../..', 'ls //h',
     'rm //h/s', 'rm -r -f //h/s', 'mv //h/s/a //h/t/b', 'ls --min-dialect 3.0 --max-dialect 2.1 //127.0.0.1:1/s'],
)  # fmt: skip
def test_arguments_that_make_no_sense_are_exit_code_2_before_anything_is_sent(line):
    result = run(*line.split(), '-U', 'jane%secret')
    assert (result.code, result.out) == (2, ''), result
    assert len(result.err.splitlines()) == 1 and 'secret' not in result.err


@pytest.mark.parametrize(
    'line', ['--password=secret ls //h/s', 'ls --pw=secret //h/s', 'tree //h/s secret', 'ls -Zsecret']
)
def test_an_argument_that_is_not_known_is_not_repeated(line):
    result = run(*line.split())
    assert result.code == 2 and 'secret' not in result.err


def test_help_names_every_command_and_every_exit_code():
    result = run('--help')
    assert result.code == 0 and result.err == ''
    for command in COMMANDS:
        assert f'\n    {command} ' in result.out
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 130, 141):
        assert f'{code} ' in result.out.partition('exit codes:')[2].replace('\n', ' ')


@pytest.mark.parametrize('command', COMMANDS)
def test_each_command_has_help(command):
    result = run(command, '--help')
    assert result.code == 0 and result.err == ''
    assert result.out.startswith(f'usage: smbcourier {command} [options] ')


def test_the_version():
    assert run('--version').out == f'smbcourier {smb.__version__}\n'


def test_it_is_a_module_too():
    command = [sys.executable, '-m', 'smb', '--version']
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, f'smbcourier {smb.__version__}\n', '')


def test_a_parser_error_is_a_failure_and_no_exit():
    with pytest.raises(UsageFailure):
        parse(['dance'])
