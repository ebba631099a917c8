"""Each rule has its tests, and each check behind it stands where ``mutants.py`` looks for it."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.attacks.attack import taking_place
from tests.attacks.checks import CHECKS
from tests.attacks.registry import CASES
from tests.attacks.rules import RULES

ROOT = Path(__file__).resolve().parents[2]


@cache
def functions_of(file):
    """The names of all tests of a file, those of classes as ``Class::test``."""
    found = set()
    for node in ast.parse((ROOT / file).read_text(encoding='utf-8')).body:
        inner = node.body if isinstance(node, ast.ClassDef) else []
        prefix = f'{node.name}::' if inner else ''
        found |= {prefix + item.name for item in inner or [node] if isinstance(item, ast.FunctionDef)}
    return found


def check_exists(test):
    file, _, name = test.partition('::')
    function, _, case = name.partition('[')
    assert not name or function in functions_of(file), f'there is no {test}'
    if function == 'test_attack_is_refused' and case:
        assert case[:-1] in {f'{attack!r}-0x{dialect:04X}' for attack, dialect in CASES}, f'there is no {test}'


@pytest.mark.parametrize('number', range(1, 14))
def test_each_rule_has_tests(number):
    assert RULES[number].text and RULES[number].tests
    for test in RULES[number].tests:
        check_exists(test)


@pytest.mark.parametrize('check', CHECKS, ids=lambda check: f'{check.rule} {check.file} {" ".join(check.code.split())}')
def test_each_check_stands_where_it_is_looked_for(check):
    assert (ROOT / check.file).read_text(encoding='utf-8').count(check.code) == 1
    assert check.tests and check.code != check.without
    for test in check.tests:
        check_exists(test)


def test_each_rule_has_checks():
    counts = Counter(check.rule for check in CHECKS)
    assert set(counts) == set(RULES) == set(range(1, 14))
    assert len(CHECKS) >= 40


def test_attack_is_one_because_of_what_the_server_does():
    """Without its twist no attack is an error: it is not the scene that fails."""
    from tests.attacks.attack import Attack

    for dialect in (0x0100, 0x0202, 0x0210, 0x0302, 0x0311):
        attack = Attack('none', (dialect,), None, '', twist=lambda server: None, act=lambda c: c.echo(b''))
        with taking_place(attack, dialect) as scene:
            assert scene.error is None
