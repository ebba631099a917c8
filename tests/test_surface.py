"""The names, values and signatures that programs written for pysmb 1.2.15 rely on.

``pysmb_constants.json`` has the values of the two modules of constants. A signature below is pysmb's; ours may go on
with further parameters that have defaults, and may have None where pysmb has an empty dictionary.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from pathlib import Path

import pytest

CONSTANTS = json.loads(Path(__file__).with_name('pysmb_constants.json').read_text(encoding='utf-8'))

SHARED_FILE = (
    '__init__(self, create_time, last_access_time, last_write_time, last_attr_change_time, file_size, alloc_size, '
    'file_attributes, short_name, filename, file_id=None)'
)
SHARED_DEVICE = '__init__(self, type, name, comments)'
CONNECTION = (
    """
__init__(self, username, password, my_name, remote_name, domain='', use_ntlm_v2=True, sign_options=2,
 is_direct_tcp=False)
connect(self, ip, port=139, sock_family=None, timeout=60)
close(self)
listShares(self, timeout=30)
listPath(self, service_name, path, search=65591, pattern='*', timeout=30)
getAttributes(self, service_name, path, timeout=30)
retrieveFile(self, service_name, path, file_obj, timeout=30, show_progress=False, tqdm_kwargs={})
retrieveFileFromOffset(self, service_name, path, file_obj, offset=0, max_length=-1, timeout=30, show_progress=False,
 tqdm_kwargs={})
storeFile(self, service_name, path, file_obj, timeout=30, show_progress=False, tqdm_kwargs={})
storeFileFromOffset(self, service_name, path, file_obj, offset=0, truncate=False, timeout=30, show_progress=False,
 tqdm_kwargs={})
createDirectory(self, service_name, path, timeout=30)
deleteDirectory(self, service_name, path, timeout=30)
deleteFiles(self, service_name, path_file_pattern, delete_matching_folders=False, timeout=30)
rename(self, service_name, old_path, new_path, timeout=30)
echo(self, data, timeout=10)
""".replace(',\n', ',')
    .strip()
    .splitlines()
)

# the class, and each path by which programs import it; the first is its home
IMPORT_PATHS = {
    'OperationFailure': ['smb.smb_structs', 'smb.base', 'smb.SMBConnection'],
    'ProtocolError': ['smb.smb_structs', 'smb.base', 'smb.SMBConnection'],
    'UnsupportedFeature': ['smb.smb_structs', 'smb.base', 'smb.SMBConnection'],
    'SMB2ProtocolHeaderError': ['smb.smb_structs', 'smb.base'],
    'NotConnectedError': ['smb.base', 'smb.SMBConnection'],
    'NotReadyError': ['smb.base', 'smb.SMBConnection'],
    'SMBTimeout': ['smb.base', 'smb.SMBConnection'],
    'SharedFile': ['smb.base'],
    'SharedDevice': ['smb.base'],
    'SMB': ['smb.base', 'smb.SMBConnection'],
    'NMBError': ['nmb.nmb_structs', 'nmb.base'],
}
CONSTANTS_BY_STAR = {
    'smb.smb_structs': ['smb.smb_constants'],
    'smb.base': ['smb.smb_constants', 'smb.smb2_constants'],
    'smb.SMBConnection': ['smb.smb_constants'],
}

# What a connection that was never made says of itself
FRESH_ATTRIBUTES = {
    'sock': None,
    'isUsingSMB2': False,
    'is_using_smb2': False,
    'auth_result': None,
    'is_busy': False,
    'has_negotiated': False,
    'has_authenticated': False,
    'is_signing_active': False,
    'username': 'user',
    'password': 'secret',
    'domain': 'DOMAIN',
    'my_name': 'CLIENT',
    'remote_name': 'SERVER',
    'use_ntlm_v2': True,
    'sign_options': 2,
    'is_direct_tcp': True,
    'connected_trees': {},
}


def signature_faults(function, wanted: str) -> list[str]:
    """Where a function cannot be called as ``wanted``, which is text such as ``name(self, a, b=1)``."""
    declared = ast.parse(f'def {wanted}: ...').body[0].args
    defaults = [None] * (len(declared.args) - len(declared.defaults)) + declared.defaults
    have = list(inspect.signature(function).parameters.values())
    faults = []
    for number, (argument, default) in enumerate(zip(declared.args, defaults, strict=True)):
        if number >= len(have) or have[number].name != argument.arg:
            return [*faults, f'parameter {number} is not {argument.arg}']
        if have[number].kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
            faults.append(f'{argument.arg} is not taken by position and by name')
        value = inspect.Parameter.empty if default is None else ast.literal_eval(default)
        if have[number].default != value and not (value == {} and have[number].default is None):
            faults.append(f'{argument.arg} is {have[number].default!r} by default, not {value!r}')
    for extra in have[len(declared.args) :]:
        if extra.default is extra.empty and extra.kind is not extra.VAR_KEYWORD:
            faults.append(f'{extra.name} is wanted, and pysmb has no such parameter')
    return faults


@pytest.mark.parametrize(
    ('function', 'fault'),
    [
        (lambda self, a, b=2: 0, None),
        (lambda self, a, b=2, *, c=3: 0, None),
        (lambda self, a: 0, 'parameter 2 is not b'),
        (lambda self, b, a=2: 0, 'parameter 1 is not a'),
        (lambda self, a, b=3: 0, 'b is 3 by default, not 2'),
        (lambda self, a, b: 0, "b is <class 'inspect._empty'> by default, not 2"),
        (lambda self, a, *, b=2: 0, 'b is not taken by position and by name'),
        (lambda self, a, b=2, *, c: 0, 'c is wanted, and pysmb has no such parameter'),
    ],
)
def test_a_signature_that_pysmb_users_could_not_call_is_noticed(function, fault):
    assert signature_faults(function, 'f(self, a, b=2)') == ([fault] if fault else [])


@pytest.mark.parametrize('module', CONSTANTS)
def test_every_constant_has_its_value(module):
    constants = vars(importlib.import_module(module))
    found = {name: constants.get(name) for name in CONSTANTS[module]}
    found = {
        name: {str(key): text for key, text in value.items()} if isinstance(value, dict) else value
        for name, value in found.items()
    }
    assert found == CONSTANTS[module]
    assert [name for name, value in found.items() if isinstance(value, bool)] == []


@pytest.mark.parametrize('module', ['smb.smb_constants', 'smb.smb2_constants'])
def test_modules_of_constants_hold_nothing_else(module):
    values = {name: value for name, value in vars(importlib.import_module(module)).items() if not name.startswith('__')}
    assert {name for name, value in values.items() if type(value) not in (int, str, bytes, dict)} == set()


@pytest.mark.parametrize(
    ('importer', 'home'), [(importer, home) for importer, homes in CONSTANTS_BY_STAR.items() for home in homes]
)
def test_constants_come_along_with_the_modules_that_programs_import(importer, home):
    module = importlib.import_module(importer)
    assert {name for name in CONSTANTS[home] if not hasattr(module, name)} == set()


@pytest.mark.parametrize(('name', 'modules'), IMPORT_PATHS.items())
def test_a_class_is_the_same_object_under_every_import_path(name, modules):
    home = getattr(importlib.import_module(modules[0]), name)
    assert {module for module in modules if getattr(importlib.import_module(module), name) is not home} == set()
    assert home.__module__ == modules[0]


def test_the_two_classes_named_not_connected_error_are_related_but_not_the_same():
    import nmb.base
    import smb.base

    assert nmb.base.NotConnectedError is not smb.base.NotConnectedError
    assert issubclass(nmb.base.NotConnectedError, nmb.base.NMBError)
    assert issubclass(smb.base.NotConnectedError, nmb.base.NotConnectedError)


def test_importing_the_connection_makes_other_modules_reachable():
    import smb.SMBConnection

    for name in ('base', 'smb_structs', 'smb_constants'):
        assert inspect.ismodule(getattr(smb, name))


def test_switches_are_on():
    from smb import smb_structs

    assert smb_structs.SUPPORT_SMB2 is True
    assert smb_structs.SUPPORT_EXTENDED_SECURITY is True


def test_shared_file_and_shared_device_are_made_as_pysmb_makes_them():
    from smb.base import SharedDevice, SharedFile

    assert signature_faults(SharedFile.__init__, SHARED_FILE) == []
    assert signature_faults(SharedDevice.__init__, SHARED_DEVICE) == []


@pytest.mark.parametrize('wanted', CONNECTION, ids=lambda wanted: wanted.partition('(')[0])
def test_methods_of_a_connection_are_called_as_pysmbs(wanted):
    from smb.SMBConnection import SMBConnection

    assert signature_faults(getattr(SMBConnection, wanted.partition('(')[0]), wanted) == []


def test_sign_options_are_numbers_of_the_class_and_of_each_connection():
    from smb.SMBConnection import SMBConnection

    for owner in (SMBConnection, SMBConnection('user', 'secret', 'client', 'server')):
        assert (owner.SIGN_NEVER, owner.SIGN_WHEN_SUPPORTED, owner.SIGN_WHEN_REQUIRED) == (0, 1, 2)


def test_is_using_smb2_can_be_read_and_not_assigned():
    from smb.SMBConnection import SMBConnection

    connection = SMBConnection('user', 'secret', 'client', 'server')
    with pytest.raises(AttributeError):
        connection.isUsingSMB2 = True


@pytest.mark.parametrize(('name', 'value'), FRESH_ATTRIBUTES.items())
def test_a_fresh_connection_has_the_attributes_that_programs_read(name, value):
    from smb.SMBConnection import SMBConnection

    connection = SMBConnection('user', 'secret', 'client', 'server', 'DOMAIN', True, 2, True)
    assert getattr(connection, name) == value


@pytest.mark.parametrize(
    'name',
    [
        'capabilities',
        'security_mode',
        'max_read_size',
        'max_write_size',
        'max_transact_size',
        'max_buffer_size',
        'max_raw_size',
    ],
)
def test_what_a_server_has_not_said_yet_is_zero(name):
    from smb.SMBConnection import SMBConnection

    assert getattr(SMBConnection('user', 'secret', 'client', 'server'), name) == 0


def test_a_connection_logs_under_pysmbs_name():
    from smb.SMBConnection import SMBConnection

    assert SMBConnection.log.name == 'SMB.SMBConnection'


def test_a_connection_that_is_not_connected_gives_itself_to_a_with_block():
    from smb.SMBConnection import SMBConnection

    connection = SMBConnection('user', 'secret', 'client', 'server')
    with connection as given:
        assert given is connection
        assert connection.sock is None
    with pytest.raises(KeyError), connection:
        raise KeyError


@pytest.mark.parametrize('name', ['convertFILETIMEtoEpoch', 'convertEpochToFILETIME'])
def test_times_are_converted_under_pysmbs_names(name):
    assert signature_faults(getattr(importlib.import_module('smb.utils'), name), f'{name}(t)') == []
