"""What a star import gives: the names that programs written for pysmb take that way, and nothing of ours inside."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

PYSMB = json.loads(Path(__file__).with_name('pysmb_constants.json').read_text(encoding='utf-8'))

EXCEPTIONS = {
    'FileExistsFailure',
    'FileNotFoundFailure',
    'IsADirectoryFailure',
    'NotADirectoryFailure',
    'OSFailure',
    'OperationFailure',
    'PermissionFailure',
    'ProtocolError',
    'SMB2ProtocolHeaderError',
    'SMBException',
    'TreeFailure',
    'UnsupportedFeature',
}
SWITCHES = {'SUPPORT_EXTENDED_SECURITY', 'SUPPORT_SMB1', 'SUPPORT_SMB2'}
CONNECTION_ERRORS = {'NotConnectedError', 'NotReadyError', 'SMBTimeout'}

# The modules of constants that come along, and everything else
GIVEN = {
    'smb.SMBConnection': (
        ['smb.smb_constants'],
        {'SMB', 'SMBConnection'} | CONNECTION_ERRORS | EXCEPTIONS | SWITCHES,
    ),
    'smb.base': (
        ['smb.smb_constants', 'smb.smb2_constants'],
        {'SMB', 'SharedDevice', 'SharedFile', 'OperationFailure', 'ProtocolError', 'SMB2ProtocolHeaderError',
         'UnsupportedFeature'} | CONNECTION_ERRORS | SWITCHES,
    ),
    'smb.smb_structs': (['smb.smb_constants'], EXCEPTIONS | SWITCHES),
    'smb.smb_constants': (['smb.smb_constants'], set()),
    'smb.smb2_constants': (['smb.smb2_constants'], set()),
    'nmb.base': (['nmb.nmb_constants'], {'NBNS', 'NMBError', 'NMBSession', 'NotConnectedError'}),
    'smb.utils': ([], {'convertEpochToFILETIME', 'convertFILETIMEtoEpoch'}),
    'smb.utils.md4': ([], {'MD4'}),
}  # fmt: skip


def star(module):
    """The names that a star import of a module gives, with their values."""
    names = {}
    exec(f'from {module} import *', names)
    del names['__builtins__']
    return names


def constants(module):
    return {name: value for name, value in vars(importlib.import_module(module)).items() if not name.startswith('_')}


@pytest.mark.parametrize('module', GIVEN)
def test_a_star_import_gives_constants_and_these_names(module):
    homes, others = GIVEN[module]
    numbers = {name for home in homes for name in constants(home)}
    assert sorted(set(star(module)) - numbers) == sorted(others)
    assert sorted(numbers - set(star(module))) == []


@pytest.mark.parametrize('module', [module for module, (homes, _) in GIVEN.items() if homes])
def test_a_star_import_gives_pysmbs_constants_with_their_values(module):
    given = star(module)
    for home in GIVEN[module][0]:
        values = {name: given[name] for name, value in PYSMB[home].items() if not isinstance(value, dict)}
        assert values == {name: value for name, value in PYSMB[home].items() if name in values}


@pytest.mark.parametrize('module', GIVEN)
def test_a_star_import_gives_the_very_objects_of_the_module(module):
    home = importlib.import_module(module)
    assert [name for name, value in star(module).items() if getattr(home, name) is not value] == []


@pytest.mark.parametrize('module', GIVEN)
def test_no_name_is_given_twice(module):
    names = getattr(importlib.import_module(module), '__all__', [])
    assert len(names) == len(set(names))


def test_a_type_checker_sees_the_same_names(tmp_path):
    """It cannot follow the lists, which are computed, and goes by the imports."""
    pytest.importorskip('mypy')
    program = tmp_path / 'program.py'
    program.write_text(
        'from smb.SMBConnection import *\n'
        'from smb.base import ATTR_NORMAL, SMB2_COM_READ, NotReadyError, SharedFile\n'
        'from smb.smb_structs import OperationFailure as Failure\n'
        'def names(connection: SMBConnection, base: SMB) -> list[SharedFile]:\n'
        '    try:\n'
        '        return connection.listPath("share", "", SMB_FILE_ATTRIBUTE_DIRECTORY | ATTR_NORMAL | SMB2_COM_READ)\n'
        '    except (OperationFailure, NotConnectedError, SMBTimeout, ProtocolError, UnsupportedFeature):\n'
        '        raise Failure(f"{SUPPORT_SMB2}", []) from None\n',
        encoding='utf-8',
    )
    check = [sys.executable, '-m', 'mypy', '--strict', '--follow-imports=silent', f'--cache-dir={tmp_path}', program]
    result = subprocess.run(check, capture_output=True, text=True, cwd=Path(__file__).parent.parent, check=False)
    assert result.stdout.startswith('Success'), result.stdout + result.stderr
