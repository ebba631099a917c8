"""What the manual's pages say of the source is so: tests by name, statuses, exceptions, names of methods, figures."""

from __future__ import annotations

import ast
import errno
import json
import re

import pytest

from benchmarks import readme
from benchmarks.__main__ import RESULTS
from smb import ntstatus
from smb.errors import BUILTIN_FAILURES, OSFailure
from smb.SMBConnection import SMBConnection
from tests import soak
from tests.test_documentation import ROOT

DOCS = ROOT / 'docs'
TEST = re.compile(r'``((?:\w+/)*test_\w+\.py)::(\w+)``')


def page(name: str) -> str:
    return (DOCS / f'{name}.rst').read_text(encoding='utf-8')


def names_of_tests(path: str) -> set[str]:
    tree = ast.parse((ROOT / 'tests' / path).read_text(encoding='utf-8'))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def promises() -> list[str]:
    """Each promise of the page with the tests below it."""
    sections = page('security').partition('Bytes from the network\n')[2].partition('What goes beyond')[0]
    return re.split(r'^\* ', sections, flags=re.MULTILINE)[1:]


def test_the_promises_are_read_from_the_page():
    assert len(promises()) >= 25


@pytest.mark.parametrize('promise', promises(), ids=lambda promise: ' '.join(promise.split()[:6]))
def test_each_promise_has_tests_that_exist(promise):
    named = TEST.findall(promise)
    assert named
    for path, test in named:
        assert test in names_of_tests(path), f'{path} has no {test}'


def statuses() -> list[tuple[str, str, str]]:
    """(name, number, built-in exception or nothing) of each row about a status."""
    return re.findall(
        r'^   \* - ``(STATUS_\w+)``\n +``(0x[0-9A-F]{8})``(?: \(([\w, ]+)\))?$', page('errors'), re.MULTILINE
    )


def test_the_page_on_errors_has_every_status_with_a_builtin_exception_and_no_status_twice():
    names = [name for name, _, _ in statuses()]
    assert len(set(names)) == len(names)
    assert {ntstatus.name(number) for number in BUILTIN_FAILURES} <= set(names)


@pytest.mark.parametrize(('name', 'number', 'exception'), statuses(), ids=[name for name, _, _ in statuses()])
def test_a_status_of_the_page_on_errors_has_its_number_and_its_exception(name, number, exception):
    assert getattr(ntstatus, name) == int(number, 16)
    failure, code = BUILTIN_FAILURES.get(int(number, 16), (None, 0))
    if failure is None:
        assert exception == ''
    elif failure is OSFailure:
        assert exception == f'OSError, {errno.errorcode[code]}'
    else:
        assert exception in [base.__name__ for base in failure.__bases__]


@pytest.mark.parametrize('name', ['from_smbprotocol', 'errors', 'transfers', 'previous_versions', 'permissions'])
def test_methods_that_a_page_names_exist(name):
    text = page(name).partition('What is not there\n')[0]
    methods = set(re.findall(r'``(?:conn\.)?([a-z]+(?:[A-Z][a-z]+)+)\b', text))
    assert methods
    for method in methods:
        assert hasattr(SMBConnection, method), method


def test_every_page_is_in_the_table_of_contents():
    pages = {path.stem for path in DOCS.glob('*.rst')} - {'index', 'speed_table', 'soak_table'}
    assert pages == set(re.findall(r'^   (\w+)$', page('index'), re.MULTILINE))


def test_the_manual_shows_the_figures_of_the_soak_that_are_kept():
    kept = json.loads((ROOT / 'benchmarks' / 'soak.json').read_text(encoding='utf-8'))
    assert page('soak_table') == soak.restructured_text(kept)
    assert kept['transfers']['wrong'] == 0


def test_the_policy_says_how_long_and_which_versions():
    policy = (ROOT / 'SECURITY.rst').read_text(encoding='utf-8')
    assert '90 days' in policy and 'newest release' in policy


def test_the_readme_shows_the_results_that_are_kept():
    shown = readme.README.read_text(encoding='utf-8')
    assert readme.with_table(shown, json.loads(RESULTS.read_text(encoding='utf-8'))) == shown


def test_a_table_of_other_results_replaces_the_one_that_is_there():
    results = json.loads(RESULTS.read_text(encoding='utf-8'))
    results['workloads']['download']['ours'] = {'values': [4321.0]}
    results['spoken']['pysmb'] = {}
    text = readme.with_table('Above\n\n===\n\\ x\n===\nold\n===\n\nBelow\n', results)
    assert text.startswith('Above\n\n====') and text.endswith('====\n\nBelow\n') and 'old' not in text
    assert '4,300' in text
    dialects = next(line for line in text.splitlines() if line.startswith('Newest'))
    assert dialects.split('  ')[1:] and '–' in dialects and 'SMB 3.1.1' in dialects
