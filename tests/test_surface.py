"""The names, values and signatures that programs written for pysmb 1.2.15 rely on.

``pysmb_constants.json`` has the values of the constants, module by module. A signature below is pysmb's; ours may go on
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
CONNECTION = """
__init__(self, username, password, my_name, remote_name, domain='', use_ntlm_v2=True, sign_options=2,
 is_direct_tcp=False)
connect(self, ip, port=139, sock_family=None, timeout=60)
close(self)
listShares(self, timeout=30)
listPath(self, service_name, path, search=65591, pattern='*', timeout=30)
getAttributes(self, service_name, path, timeout=30)
getSecurity(self, service_name, path, timeout=30)
listSnapshots(self, service_name, path, timeout=30)
resetFileAttributes(self, service_name, path_file_pattern, file_attributes=128, timeout=30)
setLastWriteTime(self, service_name, path, last_write_time, timeout=30)
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
onAuthOK(self)
onAuthFailed(self)
__enter__(self)
"""

FUNCTIONS = {
    'smb.ntlm': """
generateNegotiateMessage()
decodeChallengeMessage(ntlm_data)
generateChallengeResponseV1(password, server_challenge, has_extended_security=False, client_challenge=None)
generateChallengeResponseV2(password, user, server_challenge, server_info, domain='', client_challenge=None)
generateAuthenticateMessage(challenge_flags, nt_response, lm_response, request_session_key, user, domain='WORKGROUP',
 workstation='LOCALHOST')
""",
    'smb.securityblob': """
generateNegotiateSecurityBlob(ntlm_data)
generateAuthSecurityBlob(ntlm_data)
decodeChallengeSecurityBlob(data)
decodeAuthResponseSecurityBlob(data)
""",
    'smb.utils': """
convertFILETIMEtoEpoch(t)
convertEpochToFILETIME(t)
""",
    'nmb.utils': """
encode_name(name, type, scope=None)
""",
}
CLASSES = {
    'smb.base.SMB': """
__init__(self, username, password, my_name, remote_name, domain='', use_ntlm_v2=True, sign_options=2,
 is_direct_tcp=False)
onAuthOK(self)
onAuthFailed(self)
onNMBSessionOK(self)
onNMBSessionFailed(self)
requestNMBSession(self)
feedData(self, data)
write(self, data)
""",
    'smb.smb_structs.OperationFailure': """
__init__(self, message, smb_messages)
""",
    'smb.smb_structs.ProtocolError': """
__init__(self, message, data_buf=None, smb_message=None)
""",
    'smb.smb_structs.SMB2ProtocolHeaderError': """
__init__(self)
""",
    'smb.security_descriptors.SID': """
__init__(self, revision, identifier_authority, subauthorities)
from_bytes(data, return_tail=False)
""",
    'smb.security_descriptors.ACE': """
__init__(self, type_, flags, mask, sid, additional_data)
from_bytes(data)
""",
    'smb.security_descriptors.ACL': """
__init__(self, revision, aces)
from_bytes(data)
""",
    'smb.security_descriptors.SecurityDescriptor': """
__init__(self, flags, owner, group, dacl, sacl)
from_bytes(data)
""",
    'smb.SMBHandler.SMBHandler': """
smb_open(self, req)
createTempFile(self)
generateClientMachineName(self)
""",
    'smb.utils.md4.MD4': """
__init__(self)
update(self, str)
digest(self)
""",
    'nmb.NetBIOS.NetBIOS': """
__init__(self, broadcast=True, listen_port=0)
queryName(self, name, ip='', port=137, timeout=30)
queryIPForName(self, ip, port=137, timeout=30)
write(self, data, ip, port)
close(self)
""",
    'nmb.base.NMBSession': """
requestNMBSession(self)
feedData(self, data)
onNMBSessionOK(self)
onNMBSessionFailed(self)
""",
}
LOGGERS = {
    'smb.base.SMB': 'SMB.SMB',
    'smb.SMBConnection.SMBConnection': 'SMB.SMBConnection',
    'nmb.NetBIOS.NetBIOS': 'NMB.NetBIOS',
    'nmb.base.NBNS': 'NMB.NBNS',
    'nmb.base.NMBSession': 'NMB.NMBSession',
}
# What is besides a class of pysmb's
BASES = {
    'nmb.NetBIOS.NetBIOS': 'nmb.base.NBNS',
    'smb.base.SMB': 'nmb.base.NMBSession',
    'smb.SMBConnection.SMBConnection': 'smb.base.SMB',
    'smb.SMBHandler.SMBHandler': 'urllib.request.BaseHandler',
    'smb.smb_structs.SMB2ProtocolHeaderError': 'smb.smb_structs.ProtocolError',
    'smb.securityblob.BadSecurityBlobError': 'builtins.Exception',
    'smb.securityblob.UnsupportedSecurityProvider': 'builtins.Exception',
    'nmb.nmb_structs.NotConnectedError': 'nmb.nmb_structs.NMBError',
}
# Arguments for one of each class, and the attributes that it has
ATTRIBUTES = {
    'smb.base.SharedFile': (
        (1.0, 2.0, 3.0, 4.0, 5, 6, 0x80, 'SHORT', 'filename'),
        'create_time last_access_time last_write_time last_attr_change_time file_size alloc_size file_attributes '
        'short_name filename file_id isDirectory isReadOnly isNormal',
    ),
    'smb.base.SharedDevice': ((0, 'name', 'comments'), 'name comments type isSpecial isTemporary'),
    'smb.smb_structs.OperationFailure': (('message', []), 'message smb_messages args'),
    'smb.smb_structs.ProtocolError': (('message',), 'message data_buf smb_message'),
    'smb.smb_structs.SMBError': ((), 'internal_value is_ntstatus hasError'),
    'smb.security_descriptors.SID': ((1, 5, [32, 544]), 'revision identifier_authority subauthorities'),
    'smb.security_descriptors.ACE': ((0, 0, 0, None, {}), 'type flags mask sid additional_data isInheritOnly'),
    'smb.security_descriptors.ACL': ((2, []), 'revision aces'),
    'smb.security_descriptors.SecurityDescriptor': ((0, None, None, None, None), 'flags owner group dacl sacl'),
}

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
    'SMBConnection': ['smb.SMBConnection', 'smb.SMBHandler'],
    'NMBError': ['nmb.nmb_structs', 'nmb.base'],
    'NBNS': ['nmb.base', 'nmb.NetBIOS'],
    'NetBIOS': ['nmb.NetBIOS', 'smb.SMBHandler'],
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


def named(path: str):
    """What stands at ``module.name``."""
    module, _, name = path.rpartition('.')
    return getattr(importlib.import_module(module), name)


def signatures(text: str) -> list[str]:
    """The signatures of a list of them, one a line but for those that go on behind a comma."""
    return text.replace(',\n', ',').strip().splitlines()


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
    # pytest puts names with @ into modules whose assertions it rewrites, those of a plugin's distribution among them.
    values = {
        name: value for name, value in vars(importlib.import_module(module)).items() if not name.startswith(('__', '@'))
    }
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


@pytest.mark.parametrize('wanted', signatures(CONNECTION), ids=lambda wanted: wanted.partition('(')[0])
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


def test_a_connection_that_is_not_connected_gives_itself_to_a_with_block():
    from smb.SMBConnection import SMBConnection

    connection = SMBConnection('user', 'secret', 'client', 'server')
    with connection as given:
        assert given is connection
        assert connection.sock is None
    with pytest.raises(KeyError), connection:
        raise KeyError


@pytest.mark.parametrize(
    ('owner', 'wanted'), [(owner, wanted) for owner, text in FUNCTIONS.items() for wanted in signatures(text)]
)
def test_functions_are_called_as_pysmbs(owner, wanted):
    assert signature_faults(getattr(importlib.import_module(owner), wanted.partition('(')[0]), wanted) == []


@pytest.mark.parametrize(
    ('owner', 'wanted'), [(owner, wanted) for owner, text in CLASSES.items() for wanted in signatures(text)]
)
def test_methods_are_called_as_pysmbs(owner, wanted):
    assert signature_faults(getattr(named(owner), wanted.partition('(')[0]), wanted) == []


@pytest.mark.parametrize(('owner', 'name'), LOGGERS.items())
def test_each_class_logs_under_pysmbs_name(owner, name):
    assert named(owner).log.name == name


@pytest.mark.parametrize(('derived', 'base'), BASES.items())
def test_classes_are_derived_as_pysmbs(derived, base):
    assert issubclass(named(derived), named(base))


@pytest.mark.parametrize('arguments', [('OperationFailure', []), ('ProtocolError',), ('UnsupportedFeature',)])
def test_exceptions_show_their_message_first(arguments):
    assert str(named(f'smb.smb_structs.{arguments[0]}')(*arguments)).splitlines()[0] == arguments[0]


@pytest.mark.parametrize(('owner', 'arguments', 'names'), [(owner, *rest) for owner, rest in ATTRIBUTES.items()])
def test_objects_have_the_attributes_that_programs_read(owner, arguments, names):
    made = named(owner)(*arguments)
    assert [name for name in names.split() if not hasattr(made, name)] == []


def test_a_netbios_object_has_the_attributes_that_programs_read():
    from nmb.NetBIOS import NetBIOS

    name_service = NetBIOS(False)
    assert name_service.broadcast is False
    assert name_service.sock is not None
    name_service.close()
    assert name_service.sock is None


def test_the_settings_of_smb_urls_are_pysmbs():
    from smb import SMBHandler

    assert (SMBHandler.USE_NTLM, SMBHandler.MACHINE_NAME) == (True, None)


def test_types_of_shared_devices_are_numbers_of_the_class():
    from smb.base import SharedDevice

    kinds = (SharedDevice.DISK_TREE, SharedDevice.PRINT_QUEUE, SharedDevice.COMM_DEVICE, SharedDevice.IPC)
    assert kinds == (0, 1, 2, 3)


@pytest.mark.parametrize('module', ['smb.SMBProtocol', 'nmb.NetBIOSProtocol'])
def test_modules_for_twisted_say_what_to_use_instead(module):
    with pytest.raises(ImportError, match=r'Twisted.*blocks.*use (smb.SMBConnection|nmb.NetBIOS)'):
        importlib.import_module(module)
