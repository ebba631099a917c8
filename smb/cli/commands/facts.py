"""``stat``, ``acl`` and ``snapshots``: what the server knows of a file or folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from smb import addresses, ntstatus
from smb import security_descriptors as sd
from smb.cli import remote, text
from smb.cli.commands.listing import facts
from smb.cli.failures import Failure
from smb.errors import OperationFailure

if TYPE_CHECKING:
    from smb.cli.client import Client
    from smb.cli.remote import Entry
    from smb.security_descriptors import ACE, SID, SecurityDescriptor

SNAPSHOT_TOKEN = '@GMT-%Y.%m.%d-%H.%M.%S'
KEEPS_NONE = (ntstatus.STATUS_INVALID_DEVICE_REQUEST, ntstatus.STATUS_NOT_SUPPORTED)
TIME_FORMAT = '%Y-%m-%d %H:%M:%S %z'
SID_NAMES = {
    value: name.removeprefix('SID_').replace('_', ' ').lower()
    for name, value in vars(sd).items()
    if name.startswith('SID_')
}
UNIX_USER, UNIX_GROUP = 'S-1-22-1-', 'S-1-22-2-'  # how Samba names those who have no SID of their own

# Rights to files and folders that go together, then single ones, [MS-SMB2] 2.2.13.1
COMMON_RIGHTS = {
    0x001F01FF: 'full control',
    0x001301FF: 'full control but for permissions and owner',
    0x001301BF: 'modify',
    0x001200A9: 'read and execute',
    0x0012019F: 'read and write',
    0x00120089: 'read',
    0x00120116: 'write',
    0x001200A0: 'execute',
}
RIGHTS = {
    0x00000001: 'read data',
    0x00000002: 'write data',
    0x00000004: 'append data',
    0x00000008: 'read extended attributes',
    0x00000010: 'write extended attributes',
    0x00000020: 'execute',
    0x00000040: 'delete children',
    0x00000080: 'read attributes',
    0x00000100: 'write attributes',
    0x00010000: 'delete',
    0x00020000: 'read permissions',
    0x00040000: 'change permissions',
    0x00080000: 'take ownership',
    0x00100000: 'synchronize',
    0x10000000: 'all',
    0x20000000: 'generic execute',
    0x40000000: 'generic write',
    0x80000000: 'generic read',
}
ACE_KINDS = {
    sd.ACE_TYPE_ACCESS_ALLOWED: 'allow',
    sd.ACE_TYPE_ACCESS_DENIED: 'deny',
    sd.ACE_TYPE_SYSTEM_AUDIT: 'audit',
    sd.ACE_TYPE_SYSTEM_ALARM: 'alarm',
    sd.ACE_TYPE_ACCESS_ALLOWED_OBJECT: 'allow',
    sd.ACE_TYPE_ACCESS_DENIED_OBJECT: 'deny',
    sd.ACE_TYPE_ACCESS_ALLOWED_CALLBACK: 'allow, on a condition',
    sd.ACE_TYPE_ACCESS_DENIED_CALLBACK: 'deny, on a condition',
    sd.ACE_TYPE_SYSTEM_MANDATORY_LABEL: 'label',
}
ACE_FLAGS = {
    sd.ACE_FLAG_OBJECT_INHERIT: 'for files inside',
    sd.ACE_FLAG_CONTAINER_INHERIT: 'for folders inside',
    sd.ACE_FLAG_NO_PROPAGATE_INHERIT: 'one level only',
    sd.ACE_FLAG_INHERIT_ONLY: 'not for itself',
    sd.ACE_FLAG_INHERITED: 'inherited',
    sd.ACE_FLAG_SUCCESSFUL_ACCESS: 'when it succeeds',
    sd.ACE_FLAG_FAILED_ACCESS: 'when it fails',
}


def stat(client: Client) -> None:
    """Show sizes, attributes and times of files and folders."""
    output = client.output
    found: list[Entry] = []
    for place in client.options.addresses:
        address = addresses.parse(place)
        with client.attempt(address):
            found += remote.expand(client, address)
    if output.as_json:
        output.json([facts(entry) for entry in found])
        return
    for number, entry in enumerate(found):
        if number:
            output.line()
        output.table([(label, output.name(value)) for label, value in _lines(entry)])


def _lines(entry: Entry) -> Iterator[tuple[str, str]]:
    file = entry.file
    yield 'Path', str(entry.address)
    yield 'Type', entry.kind
    if not file.isDirectory:
        yield 'Size', f'{file.file_size} bytes' + (f' ({text.size(file.file_size)})' if file.file_size >= 1024 else '')
        yield 'On disk', f'{file.alloc_size} bytes'
    yield 'Attributes', ', '.join(text.attribute_names(file.file_attributes)) or 'none'
    yield 'Created', text.local_time(file.create_time, TIME_FORMAT)
    yield 'Read', text.local_time(file.last_access_time, TIME_FORMAT)
    yield 'Written', text.local_time(file.last_write_time, TIME_FORMAT)
    yield 'Changed', text.local_time(file.last_attr_change_time, TIME_FORMAT)


def acl(client: Client) -> None:
    """Show the owner of a file or folder, and who may do what with it."""
    output, options = client.output, client.options
    for number, place in enumerate(options.addresses):
        address = addresses.parse(place)
        with client.attempt(address):
            connection = client.connection(address)
            descriptor = connection.getSecurity(address.share, address.path, timeout=client.timeout)
            if output.as_json:
                output.json(_descriptor_facts(str(address), descriptor))
                continue
            if options.sddl:
                output.line(descriptor.to_sddl())
                continue
            if number:
                output.line()
            output.line(output.name(str(address)))
            for line in text.columns(list(_descriptor_lines(descriptor))):
                output.line(f'  {line}')
            output.line(f'  SDDL   {_sddl(descriptor) or "has no form for it"}')


def _sddl(descriptor: SecurityDescriptor) -> str | None:
    try:
        return descriptor.to_sddl()
    except ValueError:
        return None


def _descriptor_lines(descriptor: SecurityDescriptor) -> Iterator[tuple[str, str, str]]:
    yield 'owner', _who(descriptor.owner), ''
    yield 'group', _who(descriptor.group), ''
    if descriptor.dacl is None:
        yield 'allow', 'everyone', 'full control (there is no list)'
    for ace in descriptor.dacl.aces if descriptor.dacl else ():
        yield _kind(ace), _who(ace.sid), '; '.join([_rights(ace.mask), *_flag_names(ace)])
    for ace in descriptor.sacl.aces if descriptor.sacl else ():
        yield _kind(ace), _who(ace.sid), '; '.join([_rights(ace.mask), *_flag_names(ace)])


def _descriptor_facts(path: str, descriptor: SecurityDescriptor) -> dict[str, Any]:
    return {
        'path': path,
        'owner': _sid_text(descriptor.owner),
        'group': _sid_text(descriptor.group),
        'dacl': None if descriptor.dacl is None else [_ace_facts(ace) for ace in descriptor.dacl.aces],
        'sacl': None if descriptor.sacl is None else [_ace_facts(ace) for ace in descriptor.sacl.aces],
        'sddl': _sddl(descriptor),
    }


def _ace_facts(ace: ACE) -> dict[str, Any]:
    return {
        'kind': _kind(ace),
        'sid': _sid_text(ace.sid),
        'name': _sid_name(str(ace.sid)),
        'mask': f'0x{ace.mask:08x}',
        'rights': _rights(ace.mask),
        'flags': _flag_names(ace),
    }


def _kind(ace: ACE) -> str:
    return ACE_KINDS.get(ace.type, f'type {ace.type:#04x}')


def _flag_names(ace: ACE) -> list[str]:
    return [name for bit, name in ACE_FLAGS.items() if ace.flags & bit]


def _sid_text(sid: SID | None) -> str | None:
    return None if sid is None else str(sid)


def _who(sid: SID | None) -> str:
    if sid is None:
        return '-'
    name = _sid_name(str(sid))
    return f'{name} ({sid})' if name else str(sid)


def _sid_name(sid: str) -> str | None:
    for prefix, what in ((UNIX_USER, 'Unix user'), (UNIX_GROUP, 'Unix group')):
        if sid.startswith(prefix):
            return f'{what} {sid.removeprefix(prefix)}'
    return SID_NAMES.get(sid)


def _rights(mask: int) -> str:
    if mask in COMMON_RIGHTS:
        return COMMON_RIGHTS[mask]
    rest = mask & ~sum(RIGHTS)
    names = [name for bit, name in RIGHTS.items() if mask & bit]
    return ', '.join([*names, *([f'0x{rest:x}'] if rest else [])]) or 'nothing'


def snapshots(client: Client) -> None:
    """List when the snapshots ("previous versions") of a file or folder were taken."""
    output = client.output
    address = addresses.parse(client.options.address)
    with client.attempt(address):
        connection = client.connection(address)
        try:
            times = sorted(connection.listSnapshots(address.share, address.path, timeout=client.timeout))
        except OperationFailure as error:
            if error.status in KEEPS_NONE:
                raise Failure(f'{address}: the share keeps no snapshots ({error.status_name})') from error
            raise
        if output.as_json:
            output.json([{'taken': time.isoformat() + 'Z', 'token': time.strftime(SNAPSHOT_TOKEN)} for time in times])
            return
        if times:
            output.table([(f'{time:%Y-%m-%d %H:%M:%S} UTC', time.strftime(SNAPSHOT_TOKEN)) for time in times])
        else:
            output.note(f'{address}: there are no snapshots')
