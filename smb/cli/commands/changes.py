"""``mkdir``, ``rmdir``, ``rm`` and ``mv``: changes on the server."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from smb import addresses
from smb.cli import remote
from smb.cli.failures import EXISTS, NOT_FOUND, Failure, UsageFailure
from smb.errors import OperationFailure
from smb.ntstatus import STATUS_DIRECTORY_NOT_EMPTY

if TYPE_CHECKING:
    from smb.addresses import Address
    from smb.cli.client import Client
    from smb.cli.remote import Entry


def mkdir(client: Client) -> None:
    """Make folders."""
    for place in client.options.addresses:
        address = addresses.parse(place)
        with client.attempt(address):
            if client.options.parents:
                make_folders(client, address)
            else:
                _make(client, address)


def _make(client: Client, address: Address) -> None:
    client.connection(address).createDirectory(address.share, address.path, timeout=client.timeout)


def make_folders(client: Client, address: Address) -> None:
    """Make a folder and those around it, as far as they are missing."""
    missing = []
    while address.path:
        entry = remote.look_for(client, address)
        if entry is not None and entry.file.isDirectory:
            break
        if entry is not None:
            raise Failure(f'{address}: it is a file and no folder')
        missing.append(address)
        address = address.parent
    for folder in reversed(missing):
        # Somebody else may have been quicker.
        with contextlib.suppress(FileExistsError):
            _make(client, folder)


def rmdir(client: Client) -> None:
    """Remove empty folders."""
    for place in client.options.addresses:
        address = addresses.parse(place)
        with client.attempt(address):
            for entry in remote.expand(client, address):
                with client.attempt(entry.address):
                    connection = client.connection(entry.address)
                    connection.deleteDirectory(entry.address.share, entry.address.path, timeout=client.timeout)


def rm(client: Client) -> None:
    """Remove files, and with -r folders with all that is in them; a link is removed itself."""
    for place in client.options.addresses:
        address = addresses.parse(place)
        with client.attempt(address):
            for entry in _to_remove(client, address):
                with client.attempt(entry.address):
                    _remove(client, entry)


def _to_remove(client: Client, address: Address) -> list[Entry]:
    if not address.path:
        raise UsageFailure(f'{address}: this is a whole share; "{address}/*" is all that is in it')
    try:
        return remote.expand(client, address)
    except (FileNotFoundError, Failure) as error:
        is_missing = isinstance(error, FileNotFoundError) or error.code == NOT_FOUND
        if client.options.force and is_missing:
            return []
        raise


def _remove(client: Client, entry: Entry) -> None:
    address, connection = entry.address, client.connection(entry.address)
    if remote.has_wildcards(address.name):
        # The server would take it for a pattern, and remove other files too.
        raise Failure(f'{address}: the server gives a name that is a pattern; it is left alone')
    if not entry.file.isDirectory:
        connection.deleteFiles(address.share, address.path, timeout=client.timeout)
        return
    if not client.options.recursive:
        raise Failure(f'{address}: it is a folder; -r removes it with all that is in it')
    is_link = remote.may_be_link(client, entry)
    try:
        if not is_link:
            everything = f'{address.path}/*'
            connection.deleteFiles(address.share, everything, delete_matching_folders=True, timeout=client.timeout)
        connection.deleteDirectory(address.share, address.path, timeout=client.timeout)
    except OperationFailure as error:
        # Samba removes a link only where the folder that it leads to is empty.
        if error.status != STATUS_DIRECTORY_NOT_EMPTY:
            raise
        link = f'{address}: it is a link or has one beside it, and what is in it is left alone'
        raise Failure(link if is_link else error.message, EXISTS) from error


def mv(client: Client) -> None:
    """Rename files and folders, or move them to another folder of their share; nothing is overwritten."""
    sources = [addresses.parse(place) for place in client.options.sources]
    target = addresses.parse(client.options.target)
    for source in sources:
        if not source.is_on_share_of(target):
            raise UsageFailure(
                f'{source} and {target} are on different shares; "smbcourier get", "put" and "rm" move between them'
            )
    with client.attempt(target):
        there = remote.look_for(client, target)
        is_folder = there is not None and there.file.isDirectory
        several = len(sources) > 1 or remote.has_wildcards(sources[0].path)
        if (several or target.wants_folder) and not is_folder:
            raise Failure(f'{target}: there is no such folder to move into', NOT_FOUND)
        for source in sources:
            with client.attempt(source):
                for entry in remote.expand(client, source):
                    is_itself = entry.address.path.casefold() == target.path.casefold()
                    new = target.child(entry.address.name) if is_folder and not is_itself else target
                    with client.attempt(new if there is None or is_folder else target):
                        connection = client.connection(source)
                        connection.rename(source.share, entry.address.path, new.path, timeout=client.timeout)
