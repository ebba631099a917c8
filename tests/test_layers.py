"""The layout of the packages: each line of it imports from itself, without a circle, and from the lines above it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Top to bottom; 'smb.wire.' is a folder with all that is in it
LAYOUT = (
    ('nmb',),
    ('nmb.utils', 'nmb.nmb_constants'),
    ('nmb.nmb_structs',),
    ('nmb.base',),
    ('nmb.NetBIOS', 'nmb.NetBIOSProtocol'),
    ('smb',),
    ('smb.errors', 'smb.ntstatus'),
    ('smb.smb_constants', 'smb.smb2_constants'),
    ('smb.results',),
    ('smb.wire.',),
    ('smb.messages.',),
    ('smb.smb_structs', 'smb.smb2_structs'),
    ('smb.security_descriptors', 'smb.sddl'),
    ('smb.crypto.',),
    ('smb.ntlm', 'smb.securityblob'),
    ('smb.auth',),
    ('smb.transport',),
    ('smb.session.',),
    ('smb.tree.',),
    ('smb.operations.',),
    ('smb.base',),
    ('smb.held', 'smb.files', 'smb.conveniences'),
    ('smb.SMBConnection',),
    ('smb.addresses',),
    ('smb.SMBHandler', 'smb.SMBProtocol', 'smb.fsspec.'),
    ('smb.testing',),
    ('smb.pytest_plugin',),
    ('smb.utils.', 'smb.strategy'),
    ('smb.cli.',),
    ('smb.__main__',),
)
DOORS = ('smb.smb_structs', 'smb.smb2_structs', 'smb.utils.', 'smb.strategy')
SOCKET_USERS = ('smb.transport', 'nmb.NetBIOS', 'smb.testing')
NETWORK_MODULES = {'socket', '_socket', 'socketserver', 'select', 'selectors', 'ssl', 'asyncio'}
STAR_IMPORTERS = (*DOORS, 'nmb.base', 'smb.base', 'smb.SMBConnection')
OUTSIDE_PACKAGES = {'Cryptodome', 'cryptography', 'pyasn1', 'tqdm', 'fsspec'}
TYPING_PACKAGES = OUTSIDE_PACKAGES | {'typing_extensions'}
# modules that a package imports of its own accord, so that it is there already: they need it at once
HOSTS = {
    ('smb.fsspec.looking', 'fsspec'),
    ('smb.fsspec.reading', 'fsspec'),
    ('smb.fsspec.filesystem', 'fsspec'),
    ('smb.pytest_plugin', 'pytest'),
}

AT_IMPORT, WHEN_CALLED, FOR_TYPES = 'at import', 'when called', 'for types'


class Import:
    """One import: the module that has it, the modules it asks for, its line, and when it happens."""

    def __init__(self, importer: str, targets: list[str], line: int, when: str, star: bool) -> None:
        self.importer, self.targets, self.line, self.when, self.star = importer, targets, line, when, star

    def __str__(self) -> str:
        return f'{self.importer}:{self.line}'


class Imports(ast.NodeVisitor):
    """Collects the imports of one module, whatever they are nested in."""

    def __init__(self, module: str, is_package: bool, ours: set[str]) -> None:
        self.module, self.ours, self.when = module, ours, AT_IMPORT
        self.package = module if is_package else module.rpartition('.')[0]
        self.found: list[Import] = []

    def add(self, node: ast.AST, targets: list[str], star: bool = False) -> None:
        self.found.append(Import(self.module, targets, getattr(node, 'lineno', 0), self.when, star))

    def visit_Import(self, node: ast.Import) -> None:
        self.add(node, [alias.name for alias in node.names])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = self.absolute(node.module or '', node.level)
        submodules = [f'{base}.{alias.name}' for alias in node.names]
        # `from package import name` asks for the package too, unless every name is a module of it
        targets = [name for name in submodules if name in self.ours]
        self.add(node, targets if len(targets) == len(submodules) else [base, *targets], star=node.names[0].name == '*')

    def absolute(self, name: str, level: int) -> str:
        if not level:
            return name
        parts = self.package.split('.')
        return '.'.join(parts[: len(parts) - level + 1] + ([name] if name else []))

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')
        if called in ('import_module', '__import__') and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                level = len(name.value) - len(name.value.lstrip('.'))
                self.add(node, [self.absolute(name.value[level:], level)])
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) not in ('TYPE_CHECKING', 'typing.TYPE_CHECKING'):
            self.generic_visit(node)
            return
        self.visit_within(node.body, FOR_TYPES)
        self.visit_within(node.orelse, self.when)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.visit_within(node.body, WHEN_CALLED if self.when == AT_IMPORT else self.when)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_within(self, nodes: list[ast.stmt], when: str) -> None:
        self.when, before = when, self.when
        for node in nodes:
            self.visit(node)
        self.when = before


Sources = dict[str, str]  # path from the root of the project -> text


def project_sources() -> Sources:
    paths = [path for package in ('nmb', 'smb') for path in sorted((ROOT / package).rglob('*.py'))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding='utf-8') for path in paths}


def module_name(path: str) -> str:
    return path.removesuffix('.py').removesuffix('/__init__').replace('/', '.')


def belongs(module: str, places: tuple[str, ...]) -> bool:
    return any(module == place.rstrip('.') or (place.endswith('.') and module.startswith(place)) for place in places)


def line_of(module: str) -> int | None:
    return next((number for number, places in enumerate(LAYOUT) if belongs(module, places)), None)


def imports_of(sources: Sources) -> list[Import]:
    ours = {module_name(path) for path in sources}
    found = []
    for path, text in sources.items():
        visitor = Imports(module_name(path), path.endswith('/__init__.py'), ours)
        visitor.visit(ast.parse(text, path))
        found += visitor.found
    return found


def is_ours(name: str) -> bool:
    return name.partition('.')[0] in ('smb', 'nmb')


def layer_faults(sources: Sources) -> Iterator[str]:
    """Modules without a place, imports that do not exist, and imports from a lower line."""
    ours = {module_name(path) for path in sources}
    yield from (f'{module} has no place in the layout' for module in ours if line_of(module) is None)
    for found in imports_of(sources):
        here = line_of(found.importer)
        for target in filter(is_ours, found.targets):
            there = line_of(target)
            if target not in ours:
                yield f'{found} imports {target}, which does not exist'
            elif found.importer.startswith('nmb') and target.startswith('smb'):
                yield f'{found} imports {target}: nmb imports nothing of smb'
            elif found.importer == 'smb.testing' and target.startswith('smb'):
                yield f'{found} imports {target}: smb.testing imports nothing of smb'
            elif here is not None and there is not None and there > here:
                yield f'{found} imports {target} from a lower line'


def circle_faults(sources: Sources) -> Iterator[str]:
    """Circles among the imports that happen when a module is imported."""
    ours = {module_name(path) for path in sources}
    graph: dict[str, set[str]] = {module: set() for module in ours}
    for found in imports_of(sources):
        for target in found.targets if found.when == AT_IMPORT else ():
            parts = target.split('.')
            # importing a.b.c runs a and a.b first, unless they are at it already
            needed = {'.'.join(parts[:length]) for length in range(1, len(parts))}
            needed = {name for name in needed if not f'{found.importer}.'.startswith(f'{name}.')} | {target}
            graph[found.importer] |= needed & ours
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = error.args[1][:0:-1]
        first = circle.index(min(circle))
        yield ' imports '.join([*circle[first:], *circle[: first + 1]])


def outside_faults(sources: Sources) -> Iterator[str]:
    """Sockets where they do not belong, and packages that are not ours at the wrong time or at all."""
    for found in imports_of(sources):
        for top in {target.partition('.')[0] for target in found.targets}:
            if top in NETWORK_MODULES and found.when != FOR_TYPES and not belongs(found.importer, SOCKET_USERS):
                yield f'{found} imports {top}'
            if is_ours(top) or top in sys.stdlib_module_names:
                continue
            if (found.importer, top) in HOSTS:
                continue
            if top not in (TYPING_PACKAGES if found.when == FOR_TYPES else OUTSIDE_PACKAGES):
                yield f'{found} imports {top}, which nothing declares'
            elif found.when == AT_IMPORT:
                yield f'{found} imports {top} before it is needed'


def star_faults(sources: Sources) -> Iterator[str]:
    for found in imports_of(sources):
        if found.star and not belongs(found.importer, STAR_IMPORTERS):
            yield f'{found} has a star import'


def door_faults(sources: Sources) -> Iterator[str]:
    """Statements of doors that do more than hand names on."""
    for path, text in sources.items():
        if belongs(module_name(path), DOORS):
            for statement in ast.parse(text, path).body:
                if not hands_on(statement):
                    first_line = ast.unparse(statement).partition('\n')[0]
                    yield f'{module_name(path)}:{statement.lineno} is more than a door: {first_line}'


def hands_on(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.Assign(targets=[ast.Name(id='__all__')]) | ast.AnnAssign(target=ast.Name(id='__all__')):
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=bool())):
            return name.startswith('SUPPORT_')
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=bool())):
            return name.startswith('SUPPORT_')
        case ast.FunctionDef(name='__getattr__' | '__dir__'):
            return True
        case ast.FunctionDef(body=[*documentation, ast.Return(value=ast.Call(args=arguments))]):
            # another name for a function's parameters
            plain = all(isinstance(argument, ast.Name) for argument in arguments)
            return plain and all(isinstance(node, ast.Expr) and hands_on(node) for node in documentation)
        case ast.If(test=ast.Name(id='TYPE_CHECKING'), body=body, orelse=[]):
            return all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in body)
    return False


CHECKS = (layer_faults, circle_faults, outside_faults, star_faults, door_faults)


@pytest.mark.parametrize('check', CHECKS, ids=lambda check: check.__name__)
def test_the_packages_keep_to_the_layout(check):
    assert list(check(project_sources())) == []


SOUND: Sources = {
    'nmb/__init__.py': '"""NetBIOS."""',
    'nmb/base.py': 'import struct',
    'nmb/NetBIOS.py': 'import socket\nfrom nmb.base import NBNS',
    'smb/__init__.py': '__version__ = "1"',
    'smb/errors.py': 'from smb import ntstatus\nimport nmb.base',
    'smb/ntstatus.py': 'STATUS_SUCCESS = 0',
    'smb/wire/__init__.py': '',
    'smb/wire/cursor.py': 'from . import values\nfrom .values import padding\nfrom ..errors import ProtocolError',
    'smb/wire/values.py': 'def later():\n    from .cursor import Cursor',
    'smb/smb_structs.py': (
        '"""A door."""\nfrom smb.errors import *\nfrom smb.wire.cursor import Cursor as Reader\n'
        'SUPPORT_SMB2 = True\nSUPPORT_SMB1: bool = True\n__all__ = ["Reader"]\n'
        'def __getattr__(name):\n    import smb.wire.values\n    return getattr(smb.wire.values, name)'
    ),
    'smb/crypto/__init__.py': '',
    'smb/crypto/aead.py': 'def seal():\n    from Cryptodome.Cipher import AES',
    'smb/transport.py': 'import socket',
    'smb/base.py': (
        'from typing import TYPE_CHECKING\n'
        'if TYPE_CHECKING:\n    import socket\n    from typing_extensions import Self\n'
        'from smb.smb_structs import *\nfrom smb import transport'
    ),
    'smb/fsspec/__init__.py': '',
    'smb/fsspec/looking.py': 'from fsspec import AbstractFileSystem',
    'smb/testing.py': 'import socket',
    'smb/pytest_plugin.py': 'import pytest\ndef f():\n    from smb import testing',
    'smb/utils/__init__.py': (
        'from smb.wire.values import padding\ndef pad(a, b):\n    """Zeros."""\n    return padding(a, b)\n'
        'if TYPE_CHECKING:\n    from smb.base import SMB'
    ),
}


def test_a_sound_project_has_no_faults():
    assert [fault for check in CHECKS for fault in check(SOUND)] == []


@pytest.mark.parametrize(
    ('check', 'path', 'planted', 'fault'),
    [
        (layer_faults, 'smb/stray.py', '', 'smb.stray has no place in the layout'),
        (
            layer_faults,
            'smb/wire/values.py',
            'import smb.gone',
            'smb.wire.values:1 imports smb.gone, which does not exist',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'import smb.crypto.aead',
            'smb.wire.values:1 imports smb.crypto.aead from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'from smb import base',
            'smb.wire.values:1 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'from smb.base import SMB',
            'smb.wire.values:1 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'from ..base import SMB',
            'smb.wire.values:1 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'from .. import base',
            'smb.wire.values:1 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/__init__.py',
            'from ..base import SMB',
            'smb.wire:1 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'def f():\n    import smb.base',
            'smb.wire.values:2 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'if TYPE_CHECKING:\n    import smb.base',
            'smb.wire.values:2 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'class A:\n  async def f():\n    import smb.base',
            'smb.wire.values:3 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/wire/values.py',
            'x = import_module("smb.base")',
            'smb.wire.values:1 imports smb.base from a lower line',
        ),
        (
            layer_faults,
            'smb/transport.py',
            'import smb.testing',
            'smb.transport:1 imports smb.testing from a lower line',
        ),
        (layer_faults, 'nmb/base.py', 'import smb.errors', 'nmb.base:1 imports smb.errors: nmb imports nothing of smb'),
        (layer_faults, 'nmb/base.py', 'import nmb.NetBIOS', 'nmb.base:1 imports nmb.NetBIOS from a lower line'),
        (
            layer_faults,
            'smb/testing.py',
            'from smb import errors',
            'smb.testing:1 imports smb.errors: smb.testing imports nothing of smb',
        ),
        (circle_faults, 'smb/ntstatus.py', 'import smb.errors', 'smb.errors imports smb.ntstatus imports smb.errors'),
        (
            circle_faults,
            'smb/wire/values.py',
            'import smb.wire.cursor',
            'smb.wire.cursor imports smb.wire.values imports smb.wire.cursor',
        ),
        (
            circle_faults,
            'smb/wire/values.py',
            'try:\n    from . import cursor\nfinally:\n    pass',
            'smb.wire.cursor imports smb.wire.values imports smb.wire.cursor',
        ),
        (outside_faults, 'smb/base.py', 'import socket', 'smb.base:1 imports socket'),
        (
            outside_faults,
            'smb/base.py',
            'def f():\n    from socket import create_connection',
            'smb.base:2 imports socket',
        ),
        (
            outside_faults,
            'smb/base.py',
            'if TYPE_CHECKING:\n    pass\nelse:\n    import select',
            'smb.base:4 imports select',
        ),
        (
            outside_faults,
            'smb/crypto/aead.py',
            'import cryptography.hazmat',
            'smb.crypto.aead:1 imports cryptography before it is needed',
        ),
        (
            outside_faults,
            'smb/crypto/aead.py',
            'class A:\n    import pyasn1',
            'smb.crypto.aead:2 imports pyasn1 before it is needed',
        ),
        (outside_faults, 'smb/base.py', 'import fsspec', 'smb.base:1 imports fsspec before it is needed'),
        (outside_faults, 'smb/testing.py', 'import pytest', 'smb.testing:1 imports pytest, which nothing declares'),
        (
            outside_faults,
            'smb/base.py',
            'def f():\n    import requests',
            'smb.base:2 imports requests, which nothing declares',
        ),
        (
            outside_faults,
            'smb/base.py',
            'def f():\n    import typing_extensions',
            'smb.base:2 imports typing_extensions, which nothing declares',
        ),
        (star_faults, 'smb/wire/values.py', 'from smb.errors import *', 'smb.wire.values:1 has a star import'),
        (door_faults, 'smb/smb_structs.py', 'x = 1', 'smb.smb_structs:1 is more than a door: x = 1'),
        (
            door_faults,
            'smb/smb_structs.py',
            'SUPPORT_SMB2 = bool(1)',
            'smb.smb_structs:1 is more than a door: SUPPORT_SMB2 = bool(1)',
        ),
        (door_faults, 'smb/utils/md4.py', 'class MD4:\n    pass', 'smb.utils.md4:1 is more than a door: class MD4:'),
        (
            door_faults,
            'smb/utils/md4.py',
            'def f(a):\n    return g(a + 1)',
            'smb.utils.md4:1 is more than a door: def f(a):',
        ),
        (
            door_faults,
            'smb/utils/md4.py',
            'def f(a):\n    print(a)\n    return g(a)',
            'smb.utils.md4:1 is more than a door: def f(a):',
        ),
        (
            door_faults,
            'smb/utils/md4.py',
            'if TYPE_CHECKING:\n    x = 1',
            'smb.utils.md4:1 is more than a door: if TYPE_CHECKING:',
        ),
    ],
)
def test_a_planted_fault_is_noticed(check, path, planted, fault):
    assert list(check({**SOUND, path: planted})) == [fault]


def test_a_circle_through_a_package_is_noticed():
    planted = {
        'smb/wire/__init__.py': 'from .cursor import Cursor',
        'smb/wire/cursor.py': 'from smb.wire import Cursor',
    }
    assert list(circle_faults({**SOUND, **planted})) == ['smb.wire imports smb.wire.cursor imports smb.wire']


def test_a_circle_that_closes_when_a_function_is_called_is_none():
    planted = {'smb/ntstatus.py': 'def f():\n    import smb.errors'}
    assert list(circle_faults({**SOUND, **planted})) == []
