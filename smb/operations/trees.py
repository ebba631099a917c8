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

from smb.errors import Incomplete, NotConnectedError, SMBTimeout, StatusError
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
WINDOWS_LINKS = (0xA000000C, 0xA0000003)  # symbolic links and mount points, [MS-FSCC] 2.1.2.1
REMOTE_REFUSES = frozenset('/\\:')

Failed = Callable[[str, Exception], None]  # told of the path of what failed, and why


MOST_LEVELS = 200  # of folders inside folders: few programs can remove what is much deeper


class _Item:
    """One name on its way, in both places."""

    __slots__ = ('above', 'data', 'is_folder', 'local', 'path', 'size')

    def __init__(
        self, path: str, local: str, *, is_folder: bool, size: int = 0, above: tuple[object, ...] = ()
    ) -> None:
        self.path = path  # on the share
        self.local = local
        self.is_folder = is_folder
        self.size = size
        self.above = above  # the identities of the folders that it is in, to know one that comes up again
        self.data: bytes | None = None  # of a small file that is sent


def local_name(name: str, *, is_windows: bool = os.name == 'nt') -> str:
    """A name that a server gave, which is sure to be a plain name here; ValueError where it is anything else."""
    if not name or name in ('.', '..') or not {'/', '\\', '\0'}.isdisjoint(name):
        raise ValueError(f'{name!r} cannot be the name of a local file')
    if is_windows:
        stem = name.partition('.')[0].rstrip(' ').upper()
        if stem in WINDOWS_DEVICES or name[-1] in ' .' or not WINDOWS_REFUSES.isdisjoint(name) or min(name) < ' ':
            raise ValueError(f'{name!r} has another meaning on Windows')
    return name


def _is_link(path: str, facts: os.stat_result | None = None) -> bool:
    """Whether a local name leads elsewhere; a mount point on Windows does, too."""
    if facts is None:
        try:
            facts = os.lstat(path)
        except FileNotFoundError:
            return False
    return stat.S_ISLNK(facts.st_mode) or getattr(facts, 'st_reparse_tag', 0) in WINDOWS_LINKS


# Down


def download(tree: Tree, path: str, target: str, progress: ProgressBar, report: TreeReport, failed: Failed) -> None:
    """Copy the folder ``path`` with everything below it into the local folder ``target``, which is made."""
    todo = [_Item(path, target, is_folder=True)]
    expected = 0
    small = min(SMALL, tree.read_size)

    def start(item: _Item) -> Job[Any]:
        if item.is_folder:
            return tree.start_list_first(item.path, listing.LISTING, '*')
        if item.size <= small:
            return tree.start_read_small(item.path, transfer.READING, 0, small)
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
    except (NotConnectedError, SMBTimeout):
        raise  # these are OSErrors, too
    except (StatusError, Incomplete, OSError, ValueError) as error:
        if not always:
            raise
        failed(path, error)


def _download_folder(
    tree: Tree, item: _Item, job: Job[tuple[Open, list[SharedFile], Any]], report: TreeReport, failed: Failed
) -> list[_Item]:
    entries = [entry for batch in listing.rest(*job.finish()) for entry in batch]
    identity = _identity(entries)
    if identity in item.above:
        raise ValueError('the folder leads back to one that it is in')
    if len(item.above) > MOST_LEVELS:
        raise ValueError(f'the folder is inside of more than {MOST_LEVELS} others')
    # The folder that the caller has named may be a link: he knows where it leads.
    if item.above and _is_link(item.local):
        raise ValueError(f'{item.local!r} is a link, behind which nothing is written')
    os.makedirs(item.local, exist_ok=True)
    report.folders += 1
    above = (*item.above, identity)
    found: list[_Item] = []
    taken: set[str] = set()
    for entry in entries:
        if entry.filename in listing.DOTS:
            continue
        path = paths.join(item.path, entry.filename)
        with _told(failed, path):
            # Behind a file's reparse point may be the file itself, compressed or stored away, [MS-FSCC] 2.1.2.1; on a
            # symbolic link the server stops. It follows a folder's without a word.
            if entry.isDirectory and entry.file_attributes & ATTR_REPARSE_POINT:
                raise ValueError('it is a link to a folder, which is not followed')
            name = local_name(entry.filename)
            if os.path.normcase(name) in taken:
                raise ValueError(f'another file of this folder has the name {name!r} here')
            taken.add(os.path.normcase(name))
            size = 0 if entry.isDirectory else entry.file_size
            local = os.path.join(item.local, name)
            found.append(_Item(path, local, is_folder=entry.isDirectory, size=size, above=above))
    return found


def _identity(entries: list[SharedFile]) -> object:
    """What tells a folder from all others that it is in.

    The number of a folder is not enough: where other file systems are mounted below a share, their roots may all have
    the same. A server that has no numbers still has names. Samba's time of creation may change when a folder is read.
    """
    own = next((entry for entry in entries if entry.filename == '.'), None)
    written = own.last_write_time if own else None
    if own and own.file_id:
        return written, own.file_id
    return written, hash(frozenset((entry.filename, entry.isDirectory) for entry in entries))


def _download_file(
    tree: Tree, item: _Item, job: Job[tuple[Facts, Buffer]], progress: ProgressBar, report: TreeReport
) -> None:
    size = item.size
    data: Buffer = b''
    if job is not jobs.nothing:
        facts, data = job.finish()
        size = facts.end_of_file
    with replacing(item.local) as file:
        if len(data) < size or job is jobs.nothing:
            # Large, or grown since the folder was listed.
            tree.reads_small_files = False
            _, size = transfer.retrieve(tree, item.path, file.write, 0, -1, progress.part())
        else:
            file.write(data[:size])
            progress.step(size)
    report.files += 1
    report.bytes += size


@contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
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
    small = min(SMALL, tree.write_size)
    local_entries(source)  # before anything is sent

    def start(item: _Item) -> Job[Any]:
        if item.is_folder:
            return tree.start_query(item.path, FOLDER)
        item.data = _content(item, small)
        if item.data is None:
            return jobs.nothing
        return tree.start_write_small(item.path, transfer.writing(truncate=True), 0, item.data)

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
    found: list[_Item] = []
    taken: dict[str, str] = {}
    for entry in sorted(local_entries(item.local), key=lambda entry: entry.name):
        path = paths.join(item.path, entry.name)
        with _told(failed, path):
            # A colon would begin the name of a stream, [MS-FSCC] 2.1.5.
            if not REMOTE_REFUSES.isdisjoint(entry.name) or paths.is_too_long(path):
                raise ValueError(f'{entry.name!r} cannot be the name of a remote file')
            made = _local_item(entry, path)
            # Most servers take both for one name, and the second file would overwrite the first.
            other = taken.setdefault(_capitals(entry.name), entry.name)
            if other != entry.name:
                raise ValueError(f'{entry.name!r} differs from {other!r} in nothing but small and capital letters')
            found.append(made)
    return found


def _capitals(name: str) -> str:
    """A name as servers compare it: letter by letter, so that nothing becomes longer."""
    return ''.join(c.upper() if len(c.upper()) == 1 else c for c in name)


def _local_item(entry: os.DirEntry[str], path: str) -> _Item:
    facts = entry.stat()
    if stat.S_ISDIR(facts.st_mode):
        if _is_link(entry.path, entry.stat(follow_symlinks=False)):
            raise ValueError('it is a link to a folder, which is not followed')
        return _Item(path, entry.path, is_folder=True)
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError('it is neither a file nor a folder')
    return _Item(path, entry.path, is_folder=False, size=facts.st_size)


def _content(item: _Item, small: int) -> bytes | None:
    """All that is in a local file; None where that is more than ``small`` bytes, or cannot be read."""
    if item.size <= small:
        # What is wrong with it is told when its turn comes.
        with suppress(OSError), open(item.local, 'rb') as file:
            data = file.read(small + 1)
            if len(data) <= small:
                return data  # else it has grown
    return None


def _upload_file(tree: Tree, item: _Item, job: Job[int], progress: ProgressBar, report: TreeReport) -> None:
    size = None if item.data is None else _finish_small(item.data, job)
    if size is None:
        with open(item.local, 'rb') as file:
            size = transfer.store(tree, item.path, file, 0, True, progress.part())
    else:
        progress.step(size)
    report.files += 1
    report.bytes += size


def _finish_small(data: bytes, job: Job[int]) -> int | None:
    """The bytes that were stored; None where the file is to be stored again, by who knows of hidden ones."""
    try:
        count = job.finish()
    except StatusError as error:
        if transfer.may_be_hidden(error):
            return None
        raise
    if count < len(data):
        raise Incomplete(f'the server took {count} of {len(data)} bytes', 'Write failed')
    return count
