"""A folder with everything below it, to and from a local folder, in either dialect.

Small files travel many at a time, each in one round trip; a large one has the whole window to itself. What goes wrong
with one file does not stop the others: it is reported at the end, file by file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from smb.errors import Incomplete, StatusError
from smb.operations import jobs, listing, paths, transfer
from smb.smb_constants import (
    ATTR_REPARSE_POINT,
    FILE_DIRECTORY_FILE,
    FILE_OPEN_IF,
    FILE_READ_ATTRIBUTES,
)
from smb.tree.base import How

if TYPE_CHECKING:
    from smb.operations.progress import ProgressBar
    from smb.results import SharedFile, TreeReport
    from smb.tree.base import Facts, Job, Open, Tree
    from smb.wire.structure import Buffer

FOLDER = How(FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE, disposition=FILE_OPEN_IF)
SMALL = transfer.FIRST_BLOCK  # bytes

# What a local system takes for something else than a plain name, [MS-FSCC] 2.1.5 and the names of devices
WINDOWS_DEVICES = frozenset(
    [
        'CON',
        'PRN',
        'AUX',
        'NUL',
        'CONIN$',
        'CONOUT$',
        *(f'{port}{n}' for port in ('COM', 'LPT') for n in '123456789¹²³'),
    ]
)
WINDOWS_REFUSES = frozenset('<>:"|?*')
REMOTE_REFUSES = frozenset('/\\:')

Failed = Callable[[str, Exception], None]  # told of the path of what failed, and why


class _Item:
    """One name on its way, in both places."""

    __slots__ = ('above', 'data', 'is_folder', 'local', 'path', 'size')

    def __init__(self, path: str, local: str, *, is_folder: bool, size: int = 0, above: tuple[int, ...] = ()) -> None:
        self.path = path  # on the share
        self.local = local
        self.is_folder = is_folder
        self.size = size
        self.above = above  # the numbers of the folders that it is in, to know one that comes up again
        self.data: Buffer = b''


def local_name(name: str, *, is_windows: bool = os.name == 'nt') -> str:
    """A name that a server gave, which is sure to be a plain name here; ValueError where it is anything else."""
    if not name or name in ('.', '..') or not {'/', '\\', '\0'}.isdisjoint(name):
        raise ValueError(f'{name!r} cannot be the name of a local file')
    if is_windows:
        stem = name.partition('.')[0].rstrip(' ').upper()
        if stem in WINDOWS_DEVICES or name[-1] in ' .' or not WINDOWS_REFUSES.isdisjoint(name) or min(name) < ' ':
            raise ValueError(f'{name!r} has another meaning on Windows')
    return name


# Down


def download(tree: Tree, path: str, target: str, progress: ProgressBar, report: TreeReport, failed: Failed) -> None:
    """Copy the folder ``path`` with everything below it into the local folder ``target``, which is made."""
    todo = [_Item(path, target, is_folder=True)]
    expected = 0

    def start(item: _Item) -> Job[Any]:
        if item.is_folder:
            return tree.start_list_first(item.path, listing.LISTING, '*')
        if item.size <= SMALL:
            return tree.start_read_small(item.path, transfer.READING, 0, SMALL)
        return jobs.nothing

    for item, job in jobs.under_way(tree, todo, start):
        with _told(failed, item.path, always=item.path != path):
            if item.is_folder:
                found = _download_folder(tree, item, job, report, failed)
                todo += found
                expected += sum(each.size for each in found)
                progress.expect(expected)
            else:
                _download_file(tree, item, job, progress, report)


@contextmanager
def _told(failed: Failed, path: str, *, always: bool = True) -> Iterator[None]:
    """What goes wrong with one name is told, and the others go on; what ends the connection ends them all."""
    try:
        yield
    except (StatusError, Incomplete, OSError, ValueError) as error:
        # A connection that has ended, or does not answer, is an OSError too.
        if not always or isinstance(error, (ConnectionError, TimeoutError)):
            raise
        failed(path, error)


def _download_folder(
    tree: Tree, item: _Item, job: Job[tuple[Open, list[SharedFile], bool]], report: TreeReport, failed: Failed
) -> list[_Item]:
    entries = [entry for batch in listing.rest(*job.finish(), '*') for entry in batch]
    own_id = next((entry.file_id for entry in entries if entry.filename == '.'), None)
    if own_id and own_id in item.above:
        raise ValueError('the folder leads back to one that it is in')
    _make_folder(item.local)
    report.folders += 1
    above = (*item.above, own_id) if own_id else item.above
    found = []
    for entry in entries:
        if entry.filename in listing.DOTS:
            continue
        path = paths.join(item.path, entry.filename)
        with _told(failed, path):
            if entry.file_attributes & ATTR_REPARSE_POINT:
                raise ValueError('it is a link, which is not followed')
            local = os.path.join(item.local, local_name(entry.filename))
            size = 0 if entry.isDirectory else entry.file_size
            found.append(_Item(path, local, is_folder=entry.isDirectory, size=size, above=above))
    return found


def _make_folder(path: str) -> None:
    if os.path.islink(path):
        raise ValueError(f'{path} is a link, behind which nothing is written')
    os.makedirs(path, exist_ok=True)


def _download_file(
    tree: Tree, item: _Item, job: Job[tuple[Facts, Buffer]], progress: ProgressBar, report: TreeReport
) -> None:
    size = item.size
    data: Buffer = b''
    if job is not jobs.nothing:
        facts, data = job.finish()
        size = facts.end_of_file
    with _replacing(item.local) as file:
        if len(data) < size or job is jobs.nothing:
            # Large, or grown since the folder was listed.
            tree.reads_small_files = False
            _, size = transfer.retrieve(tree, item.path, file, 0, -1, progress.part())
        else:
            file.write(data[:size])
            progress.step(size)
    report.files += 1
    report.bytes += size


@contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    """A file under another name beside ``path``, which it replaces once all is well."""
    from secrets import token_hex

    folder = os.path.dirname(path)
    partial = os.path.join(folder, f'.{token_hex(8)}.part')
    try:
        with open(partial, 'xb') as file:
            yield file
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(partial)
        raise


# Up


def upload(tree: Tree, source: str, path: str, progress: ProgressBar, report: TreeReport, failed: Failed) -> None:
    """Copy the local folder ``source`` with everything below it into the folder ``path``, which is made."""
    todo = [_Item(path, source, is_folder=True)]
    expected = 0
    local_entries(source)  # before anything is sent

    def start(item: _Item) -> Job[Any]:
        if item.is_folder:
            return tree.start_query(item.path, FOLDER)
        try:
            return _start_file(tree, item)
        except OSError as error:
            return jobs.Failed(error)

    for item, job in jobs.under_way(tree, todo, start):
        with _told(failed, item.path, always=item.path != path):
            if item.is_folder:
                job.finish()
                report.folders += 1
                found = _upload_folder(item, failed)
                todo += found
                expected += sum(each.size for each in found)
                progress.expect(expected)
            else:
                _upload_file(tree, item, job, progress, report)


def local_entries(folder: str) -> list[os.DirEntry[str]]:
    """What is in a local folder; OSError where it cannot be read."""
    with os.scandir(folder) as entries:
        return list(entries)


def _upload_folder(item: _Item, failed: Failed) -> list[_Item]:
    found = []
    for entry in local_entries(item.local):
        path = paths.join(item.path, entry.name)
        with _told(failed, path):
            # A colon would begin the name of a stream, [MS-FSCC] 2.1.5.
            if not REMOTE_REFUSES.isdisjoint(entry.name) or paths.is_too_long(path):
                raise ValueError(f'{entry.name!r} cannot be the name of a remote file')
            if entry.is_dir() and entry.is_symlink():
                raise ValueError('it is a link to a folder, which is not followed')
            found.append(_local_item(entry, path))
    return found


def _local_item(entry: os.DirEntry[str], path: str) -> _Item:
    facts = entry.stat()
    if stat.S_ISDIR(facts.st_mode):
        return _Item(path, entry.path, is_folder=True)
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError('it is neither a file nor a folder')
    return _Item(path, entry.path, is_folder=False, size=facts.st_size)


def _start_file(tree: Tree, item: _Item) -> Job[Any]:
    if item.size >= min(SMALL, tree.write_size):
        return jobs.nothing
    with open(item.local, 'rb') as file:
        item.data = file.read(SMALL)
    if len(item.data) >= min(SMALL, tree.write_size):
        return jobs.nothing  # it has grown
    return tree.start_write_small(item.path, transfer.writing(truncate=True), 0, item.data)


def _upload_file(tree: Tree, item: _Item, job: Job[int], progress: ProgressBar, report: TreeReport) -> None:
    if job is jobs.nothing:
        with open(item.local, 'rb') as file:
            size = transfer.store(tree, item.path, file, 0, True, progress.part())
    else:
        size = len(item.data)
        try:
            count = job.finish()
        except StatusError as error:
            if not transfer.is_refused_open(error):
                raise
            # Hidden files are overwritten in another way.
            with open(item.local, 'rb') as file:
                count = size = transfer.store(tree, item.path, file, 0, True, progress.part())
        else:
            progress.step(size)
        if count < size:
            raise Incomplete(f'the server took {count} of {size} bytes', 'Write failed')
        item.data = b''
    report.files += 1
    report.bytes += size
