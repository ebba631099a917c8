"""``get``, ``put`` and ``cat``: files from the server and to it.

A download is whole or not there: it is written beside its target and takes its place at the end. An upload that ends
early is removed. With ``-c`` neither is so: what is there stays, and the next run goes on behind it.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from smb import addresses
from smb.cli import local, remote, text
from smb.cli.failures import EXISTS, NOT_FOUND, Failure, UsageFailure, explained
from smb.errors import OperationFailure, SMBException

if TYPE_CHECKING:
    from smb.addresses import Address
    from smb.cli.client import Client
    from smb.cli.remote import Entry

FIRST_BLOCK = 65536  # what of an upload is read before its file is opened
CLEAN_UP_SECONDS = 3.0  # to wait for a server to let go of a file whose connection has ended
IT_IS_A_FOLDER = 'it is a folder; -r takes folders with all that is in them'


class Transfers:
    """What one run has transferred, for its last line or for ``--json``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._done: list[dict[str, Any]] = []

    def add(self, source: object, target: object, size: int) -> None:
        self._done.append({'source': str(source), 'target': str(target), 'size': size})

    def bar(self, name: str, total: int | None, begin: int = 0) -> dict[str, Any]:
        """How a progress bar is to look."""
        # A terminal that does not know its size says 0, and tqdm would draw nothing.
        columns, rows = shutil.get_terminal_size()
        leave = not self._client.options.recursive
        return {
            'desc': text.shown(name), 'total': total, 'initial': begin, 'leave': leave, 'ncols': columns, 'nrows': rows,
        }  # fmt: skip

    def show(self) -> None:
        output = self._client.output
        if output.as_json:
            output.json(self._done)
        elif output.shows_progress and self._client.options.recursive:
            total = sum(done['size'] for done in self._done)
            output.note(f'{len(self._done)} files, {text.size(total)}')


# From the server


def cat(client: Client) -> None:
    """Write files to standard output, one behind the other."""
    _concatenate(client, client.options.addresses)


def _concatenate(client: Client, places: list[str]) -> None:
    for place in places:
        address = addresses.parse(place)
        with client.attempt(address):
            for entry in remote.expand(client, address):
                with client.attempt(entry.address):
                    if entry.file.isDirectory:
                        raise Failure(f'{entry.address}: it is a folder; "smbcourier ls {entry.address}" lists it')
                    connection, out = client.connection(entry.address), local.standard_output()
                    connection.retrieveFile(entry.address.share, entry.address.path, out, client.timeout)
                    out.flush()


def get(client: Client) -> None:
    """Copy files from the server, and with -r folders; "-" is standard output."""
    places, options = list(client.options.places), client.options
    has_target = len(places) > 1 and not addresses.is_address(places[-1])
    target = places.pop() if has_target else os.curdir
    if target == local.STDIO:
        if options.resume or options.recursive:
            raise UsageFailure('standard output takes neither -c nor -r')
        _concatenate(client, places)
        return
    sources = [addresses.parse(place) for place in places]
    is_folder = os.path.isdir(target)
    several = len(sources) > 1 or remote.has_wildcards(sources[0].path)
    if not is_folder and (several or target.endswith(('/', os.sep))):
        raise Failure(f'{target}: there is no such folder on this computer; make it first', NOT_FOUND)
    transfers = Transfers(client)
    for source in sources:
        with client.attempt(source):
            for entry in remote.expand(client, source):
                with client.attempt(entry.address):
                    path = _local_target(entry, target) if is_folder else target
                    if not entry.file.isDirectory:
                        _get_file(client, entry, path, transfers)
                    elif options.recursive:
                        _get_folder(client, entry.address, path, transfers)
                    else:
                        raise Failure(f'{entry.address}: {IT_IS_A_FOLDER}')
    transfers.show()


def _local_target(entry: Entry, folder: str) -> str:
    name = local.checked_name(entry.file.filename or entry.address.share)
    return name if folder == os.curdir else os.path.join(folder, name)


def _get_folder(client: Client, top: Address, path: str, transfers: Transfers) -> None:
    _make_local_folder(path)
    folders = {top.path: path}
    for entry in remote.walk(client, top):
        with client.attempt(entry.address):
            name = local.checked_name(entry.file.filename)
            # The name of a folder around it may have been refused
            around = folders.get(entry.address.parent.path)
            if around is None:
                continue
            place = local.joined(around, name, path)
            if entry.is_folder:
                _make_local_folder(place)
                folders[entry.address.path] = place
            elif entry.file.isDirectory:
                client.output.note(f'{entry.address}: it is a link to a folder, which is not followed')
            elif client.options.resume and os.path.islink(place):
                raise Failure(f'{place}: it is a link, and nothing is written through it', EXISTS)
            else:
                _get_file(client, entry, place, transfers)


def _make_local_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def _get_file(client: Client, entry: Entry, path: str, transfers: Transfers) -> None:
    address, connection = entry.address, client.connection(entry.address)
    share, total, timeout = address.share, entry.file.file_size, client.timeout
    shows = client.output.shows_progress
    if client.options.resume:
        with local.resumed_file(path) as file:
            begin = file.seek(0, os.SEEK_END)
            _check_length(path, begin, total)
            local.check_same(connection, share, address.path, file, begin, timeout)
            file.seek(begin)
            if begin < total:
                bar = transfers.bar(address.name, total, begin)
                connection.retrieveFileFromOffset(share, address.path, file, begin, -1, timeout, shows, bar)
            size = file.tell()
    else:
        with local.whole_file(path) as file:
            bar = transfers.bar(address.name, total)
            _, size = connection.retrieveFile(share, address.path, file, timeout, shows, bar)
    if client.options.preserve:
        os.utime(path, (entry.file.last_access_time, entry.file.last_write_time))
    transfers.add(address, path, size)


def _check_length(what: object, begin: int, total: int) -> None:
    if begin > total:
        raise Failure(f'{what}: what is there is longer than the whole file; leave out -c to transfer it anew', EXISTS)


# To the server


def put(client: Client) -> None:
    """Copy files to the server, and with -r folders; "-" is standard input."""
    *names, place = client.options.places
    if not names or not addresses.is_address(place):
        raise UsageFailure(f'put takes files and then the address to put them at, {addresses.FORMS}')
    target, options = addresses.parse(place), client.options
    paths = [path for name in names for path in _local_matches(name)]
    transfers = Transfers(client)
    with client.attempt(target):
        there = remote.look_for(client, target)
        is_folder = there is not None and there.file.isDirectory
        if not is_folder and (len(paths) > 1 or target.wants_folder):
            raise Failure(
                f'{target}: there is no such folder; "smbcourier mkdir --parents {target}" makes it', NOT_FOUND
            )
        for path in paths:
            with client.attempt(path):
                if path == local.STDIO:
                    _put_standard_input(client, target, is_folder, transfers)
                    continue
                address = target.child(local.remote_name(path)) if is_folder else target
                if not os.path.isdir(path):
                    _put_file(client, path, address, transfers)
                elif options.recursive:
                    _put_folder(client, path, address, transfers)
                else:
                    raise Failure(f'{path}: {IT_IS_A_FOLDER}')
    transfers.show()


def _local_matches(name: str) -> list[str]:
    """The files that a pattern stands for where the shell has left that to us; what is no pattern stays."""
    if name == local.STDIO or os.path.lexists(name) or not remote.has_wildcards(name):
        return [name]
    return sorted(glob.glob(name)) or [name]


def _put_standard_input(client: Client, address: Address, is_folder: bool, transfers: Transfers) -> None:
    if client.options.resume:
        raise UsageFailure('standard input cannot be resumed: leave out -c')
    if is_folder:
        raise UsageFailure(f'{address}: it is a folder; say what standard input is to be called in it')
    source = local.CountedReader(local.standard_input())
    bar = transfers.bar(address.name, None)
    with _whole_or_gone(client, address, lambda: source.count):
        client.connection(address).storeFile(
            address.share, address.path, source, client.timeout, client.output.shows_progress, bar
        )
    transfers.add(local.STDIO, address, source.count)


def _put_folder(client: Client, top: str, address: Address, transfers: Transfers) -> None:
    places = {top: address}
    for path, folders, files in os.walk(top, onerror=client.report):
        place = places.get(path)
        if place is None:
            continue
        made = False
        with client.attempt(place):
            _make_remote_folder(client, place)
            made = True
        if not made:
            folders.clear()
            continue
        folders.sort()
        for name in folders:
            inside = os.path.join(path, name)
            with client.attempt(inside):
                if os.path.islink(inside):
                    client.output.note(f'{inside}: it is a link to a folder, which is not followed')
                else:
                    places[inside] = place.child(local.remote_name(inside))
        for name in sorted(files):
            inside = os.path.join(path, name)
            with client.attempt(inside):
                if os.path.isfile(inside):
                    _put_file(client, inside, place.child(local.remote_name(inside)), transfers)
                else:
                    client.output.note(f'{inside}: it is no file and no folder, and is left out')


def _make_remote_folder(client: Client, address: Address) -> None:
    if not address.path:
        return
    try:
        client.connection(address).createDirectory(address.share, address.path, timeout=client.timeout)
    except FileExistsError:
        if not remote.look(client, address).file.isDirectory:
            raise


def _put_file(client: Client, path: str, address: Address, transfers: Transfers) -> None:
    with open(path, 'rb') as file:
        facts = os.fstat(file.fileno())
        total = facts.st_size
        with _at_address(address):
            _store(client, file, address, total, transfers)
            if client.options.preserve:
                client.connection(address).setLastWriteTime(
                    address.share, address.path, facts.st_mtime, timeout=client.timeout
                )
    transfers.add(path, address, total)


def _store(client: Client, file: Any, address: Address, total: int, transfers: Transfers) -> None:
    connection, timeout, shows = client.connection(address), client.timeout, client.output.shows_progress
    share, path = address.share, address.path
    there = remote.look_for(client, address) if client.options.resume else None
    if there is not None:
        begin = there.file.file_size
        _check_length(address, begin, total)
        local.check_same(connection, share, path, file, begin, timeout)
        file.seek(begin)
        if begin < total:
            bar = transfers.bar(address.name, total, begin)
            connection.storeFileFromOffset(share, path, file, begin, False, timeout, shows, bar)
    else:
        with _whole_or_gone(client, address, file.tell):
            connection.storeFile(share, path, file, timeout, shows, transfers.bar(address.name, total))


@contextlib.contextmanager
def _at_address(address: Address) -> Iterator[None]:
    """What the server refuses in here is reported for this address, and not for the local file."""
    try:
        yield
    except SMBException as error:
        raise explained(error, address) from error


@contextlib.contextmanager
def _whole_or_gone(client: Client, address: Address, read_count: Callable[[], int]) -> Iterator[None]:
    """An upload that ends early leaves no half file, but for -c; ``read_count`` tells how many bytes were read for it.

    A file that could not even be opened is left as it is.
    """
    try:
        yield
    except BaseException as error:
        is_write = isinstance(error, OperationFailure) and 'Write failed' in error.message
        has_begun = is_write or hasattr(error, 'leaves_part')
        has_begun |= not isinstance(error, OperationFailure) and read_count() > FIRST_BLOCK
        if has_begun and not client.options.resume:
            _remove_half(client, address)
        raise


def _remove_half(client: Client, address: Address) -> None:
    end = time.monotonic() + CLEAN_UP_SECONDS
    try:
        connection = client.reconnected(address)
        while True:
            try:
                connection.deleteFiles(address.share, address.path, timeout=CLEAN_UP_SECONDS)
                return
            except PermissionError:
                # The server has not noticed yet that the connection has ended that the file was open on.
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
    except (Failure, SMBException, OSError):
        client.output.error(f'{address}: a part of the file is there and could not be removed')
