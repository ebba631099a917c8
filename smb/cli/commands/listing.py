"""``shares``, ``ls``, ``tree`` and ``find``: what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from smb import addresses
from smb.cli import remote, text
from smb.cli.failures import Failure

if TYPE_CHECKING:
    from smb.addresses import Address
    from smb.base import SharedDevice, SharedFile
    from smb.cli.client import Client
    from smb.cli.remote import Entry

SORT_KEYS: dict[str, Callable[[Entry], Any]] = {
    'name': lambda entry: (entry.address.path.casefold(), entry.address.path),
    'size': lambda entry: entry.file.file_size,
    'time': lambda entry: entry.file.last_write_time,
}
KINDS = {'f': 'file', 'd': 'folder', 'l': 'link'}  # as find(1) calls them
SHARE_KINDS = ('disk', 'printer', 'device', 'IPC')
LINES = ('│   ', '    ', '├── ', '└── ')  # around what comes between, behind the last one, before each, before the last
ASCII_LINES = ('|   ', '    ', '|-- ', '`-- ')


def shares(client: Client) -> None:
    """List the shares of a server."""
    output = client.output
    address = addresses.parse_server(client.options.host)
    with client.attempt(address.at('')):
        found = client.connection(address).listShares(timeout=client.timeout)
        found.sort(key=lambda share: share.name.casefold())
        if output.as_json:
            output.json([_share_facts(share) for share in found])
        else:
            output.table(
                [(output.name(share.name), _share_kind(share), output.name(share.comments)) for share in found]
            )


def _share_kind(share: SharedDevice) -> str:
    return SHARE_KINDS[share.type] if share.type < len(SHARE_KINDS) else str(share.type)


def _share_facts(share: SharedDevice) -> dict[str, Any]:
    return {
        'name': share.name,
        'type': _share_kind(share),
        'comment': share.comments,
        'special': share.isSpecial,
        'temporary': share.isTemporary,
    }


def facts(entry: Entry) -> dict[str, Any]:
    """What is known of an entry, for ``--json``."""
    file = entry.file
    return {
        'path': str(entry.address),
        'name': entry.address.name,
        'type': entry.kind,
        'size': file.file_size,
        'allocated': file.alloc_size,
        'attributes': text.attribute_names(file.file_attributes),
        'created': text.utc_time(file.create_time),
        'accessed': text.utc_time(file.last_access_time),
        'written': text.utc_time(file.last_write_time),
        'changed': text.utc_time(file.last_attr_change_time),
    }


def ls(client: Client) -> None:
    """List files and folders, with attributes, size and time of the last write."""
    options, output = client.options, client.output
    everything: list[dict[str, Any]] = []
    is_first = True
    for place in options.addresses:
        address = addresses.parse(place)
        with client.attempt(address):
            for title, folder, entries in _groups(client, address):
                if output.as_json:
                    everything += [facts(entry) for entry in entries]
                    continue
                if title and not is_first:
                    output.line()
                if title:
                    output.line(f'{output.name(str(folder))}:')
                _show_entries(client, folder, entries)
                is_first = False
    if output.as_json:
        output.json(everything)


def _groups(client: Client, address: Address) -> Iterator[tuple[bool, Address, list[Entry]]]:
    """Entries with the folder that their names are shown from, and whether that folder is to be named above them.

    Files that were named themselves come first, then one folder after the other.
    """
    options = client.options
    named = remote.expand(client, address)
    files = [entry for entry in named if not entry.file.isDirectory]
    if files:
        yield False, remote.fixed_part(address), _sorted(client, files)
    title = len(options.addresses) > 1 or len(named) > 1
    for folder in (entry.address for entry in named if entry.file.isDirectory):
        if options.recursive:
            yield title, folder, _sorted(client, remote.walk(client, folder))
        else:
            found = remote.listing(client, folder).files
            yield title, folder, _sorted(client, (remote.Entry(folder.child(file.filename), file) for file in found))


def _sorted(client: Client, entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=SORT_KEYS[client.options.sort], reverse=client.options.reverse)


def _show_entries(client: Client, folder: Address, entries: list[Entry]) -> None:
    output, options = client.output, client.options
    start = len(folder.path) + 1 if folder.path else 0
    names = [output.name(entry.address.path[start:]) for entry in entries]
    if options.names:
        for name in names:
            output.line(name)
        return
    rows = [
        (
            text.attribute_letters(entry.file.file_attributes),
            _size(entry.file, options.bytes),
            text.local_time(entry.file.last_write_time),
            f'{name}/' if entry.file.isDirectory else name,
        )
        for entry, name in zip(entries, names, strict=True)
    ]
    output.table(rows, right=frozenset({1}))


def _size(file: SharedFile, in_bytes: bool) -> str:
    if file.isDirectory:
        return '-'
    return str(file.file_size) if in_bytes else text.size(file.file_size)


def tree(client: Client) -> None:
    """Draw the folders below a folder, with what is in them."""
    output, options = client.output, client.options
    address = addresses.parse(options.address)
    with client.attempt(address):
        _check_folder(remote.look(client, address))
        entries = remote.walk(client, address, options.depth)
        if output.as_json:
            output.json([facts(entry) for entry in entries])
            return
        output.line(output.name(str(address)))
        counts = {'folder': 0, 'file': 0, 'link': 0}
        lines = _drawing_lines(client)
        for entry in entries:
            counts[entry.kind] += 1
            if entry.is_folder or not options.folders:
                mark = {'folder': '/', 'link': ' (link)', 'file': ''}[entry.kind]
                output.line(_branch(entry.lasts, lines) + output.name(entry.address.name) + mark)
        output.line()
        output.line(', '.join(_counted(number, kind) for kind, number in counts.items() if number or kind != 'link'))


def _check_folder(entry: Entry) -> None:
    if not entry.file.isDirectory:
        raise Failure(f'{entry.address}: it is a file and no folder')


def _counted(number: int, what: str) -> str:
    return f'{number} {what}' if number == 1 else f'{number} {what}s'


def _drawing_lines(client: Client) -> tuple[str, ...]:
    import sys

    try:
        ''.join(LINES).encode(sys.stdout.encoding or 'ascii')
    except (UnicodeEncodeError, LookupError):
        return ASCII_LINES
    return LINES


def _branch(lasts: tuple[bool, ...], lines: tuple[str, ...]) -> str:
    between, nothing, one, last = lines
    return ''.join(nothing if is_last else between for is_last in lasts[:-1]) + (last if lasts[-1] else one)


def find(client: Client) -> None:
    """Search a folder and all below it by name, type, size and time."""
    output, options = client.output, client.options
    tests = list(_tests(client))
    found: list[dict[str, Any]] = []
    for place in options.addresses:
        address = addresses.parse(place)
        with client.attempt(address):
            for entry in _starts(client, address):
                if all(test(entry) for test in tests):
                    if output.as_json:
                        found.append(facts(entry))
                    else:
                        path = str(entry.address)
                        output.line(path if options.print0 else output.name(path), end='\0' if options.print0 else '\n')
    if output.as_json:
        output.json(found)


def _starts(client: Client, address: Address) -> Iterator[Entry]:
    for start in remote.expand(client, address):
        if start.file.isDirectory:
            yield from remote.walk(client, start.address, client.options.depth)
        else:
            yield start


def _tests(client: Client) -> Iterator[Callable[[Entry], bool]]:
    options = client.options
    if options.name is not None:
        fits = remote.matcher(options.name)
        yield lambda entry: fits(entry.address.name)
    if options.type is not None:
        kind = KINDS[options.type]
        yield lambda entry: entry.kind == kind
    if options.larger is not None:
        yield lambda entry: entry.kind == 'file' and entry.file.file_size > options.larger
    if options.smaller is not None:
        yield lambda entry: entry.kind == 'file' and entry.file.file_size < options.smaller
    if options.newer is not None:
        yield lambda entry: entry.file.last_write_time > options.newer
    if options.older is not None:
        yield lambda entry: entry.file.last_write_time < options.older
