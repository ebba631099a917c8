"""A share in memory: the verbs of ``smb/tree/base.py`` over a dictionary of files, with whatever can go wrong.

It follows [MS-FSA] as far as the operations can tell. Its buffers are spoilt as soon as their owner may use them again,
so that bytes which are looked at too late come out wrong.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import partial
from itertools import count
from types import SimpleNamespace

from smb import ntstatus
from smb.errors import StatusError
from smb.messages.fscc import (
    FileBasicInformation,
    FileDispositionInformation,
    FileEndOfFileInformation,
    FileFsFullSizeInformation,
    FileRenameInformation,
)
from smb.results import SharedFile
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_FLUSH,
    SMB2_COM_IOCTL,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_QUERY_INFO,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_WRITE,
)
from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_DIRECTORY,
    ATTR_HIDDEN,
    ATTR_READONLY,
    ATTR_REPARSE_POINT,
    ATTR_SYSTEM,
    FILE_CREATE,
    FILE_DELETE_ON_CLOSE,
    FILE_DIRECTORY_FILE,
    FILE_NON_DIRECTORY_FILE,
    FILE_OPEN,
    FILE_OPEN_REPARSE_POINT,
    FILE_OVERWRITE_IF,
)
from smb.tree.base import Facts, Job, Open, Tree

COMMANDS = {
    'open': SMB2_COM_CREATE,
    'read': SMB2_COM_READ,
    'write': SMB2_COM_WRITE,
    'list': SMB2_COM_QUERY_DIRECTORY,
    'change': SMB2_COM_SET_INFO,
    'change_security': SMB2_COM_SET_INFO,
    'flush': SMB2_COM_FLUSH,
    'size': SMB2_COM_QUERY_INFO,
    'query_space': SMB2_COM_QUERY_INFO,
    'query_security': SMB2_COM_QUERY_INFO,
    'copy_from': SMB2_COM_IOCTL,
    'control': SMB2_COM_IOCTL,
    'transact': SMB2_COM_IOCTL,
    'read_pipe': SMB2_COM_READ,
    'close': SMB2_COM_CLOSE,
}
SPOILT = 0xEE


def refusal(verb, status):
    """The StatusError of a verb that a server refused."""
    request = SimpleNamespace(COMMAND=COMMANDS[verb])
    if verb == 'open':
        request.create_disposition = FILE_OPEN
    return StatusError(request, SimpleNamespace(ntstatus=status))


_numbers = count(1000)


class File:
    """A file or folder; ``link`` makes it a reparse point that leads to another path."""

    def __init__(self, data=b'', attributes=ATTR_ARCHIVE, link=None):
        self.data = bytearray(data)
        self.attributes = attributes | (ATTR_REPARSE_POINT if link is not None else 0)
        self.link = link
        self.set_basic = []  # each FileBasicInformation that was set
        self.number = next(_numbers)
        self.announced_size = None  # what listings say, where it is not the truth


class Request:
    """One read, write or listing on its way."""

    is_given_up = False  # by cancel_all

    def __init__(self, handle, offset=0, length=0, data=b''):
        self.handle, tree = handle, handle.tree
        self.offset, self.length, self.data = offset, length, data
        self.buffer = bytearray()
        self.tree = tree
        tree.under_way.append(self)
        tree.most_in_flight = max(tree.most_in_flight, sum(request.length for request in tree.under_way))

    def end(self):
        assert not self.is_given_up, 'waited for what nobody will answer'
        self.tree.under_way.remove(self)

    def spoil(self):
        self.buffer[:] = bytes([SPOILT]) * len(self.buffer)


class MemoryJob(Job):
    """A job that a server has done by the time its answer is waited for; a listing, which goes on, only then."""

    def __init__(self, tree, kind, verb, path, *details):
        self.tree, self.kind, self.path = tree, kind, path
        self.work = partial(verb, path, *details)
        self.result = self.error = None
        tree.jobs.append(self)
        tree.job_log.append((kind, path))
        assert len(tree.jobs) <= tree.most_jobs, 'more jobs under way than the tree is for'
        if kind == 'list':
            return
        try:
            self.result = self.work()
        except BaseException as error:
            self.error = error

    def finish(self):
        self.tree.jobs.remove(self)
        if self.kind == 'list':
            return self.work()
        if self.error is not None:
            raise self.error
        return self.result

    def abandon(self):
        self.tree.jobs.remove(self)
        self.tree.abandoned_jobs.append((self.kind, self.path))


class MemoryOpen(Open):
    def __init__(self, tree, path, file):
        super().__init__(tree)
        self.path, self.file = path, file
        self.is_deleted_on_close = False
        self.listed = None
        self.facts = Facts(
            SimpleNamespace(
                creation_time=1, last_access_time=2, last_write_time=3, change_time=4, allocation_size=4096,
                end_of_file=len(file.data), file_attributes=file.attributes,
            )
        )  # fmt: skip
        tree.handles.append(self)

    def submit_read(self, offset, length):
        assert not self.is_closed
        assert 0 < length <= self.tree.read_size
        return Request(self, offset, length)

    def finish_read(self, ticket):
        ticket.end()
        self.tree.trip_at('read', self.path)
        self.tree.meet('read', ticket.offset, ticket.length)
        length = min(ticket.length, self.tree.longest_read)
        ticket.buffer += self.file.data[ticket.offset : ticket.offset + length]
        return memoryview(ticket.buffer)

    def submit_write(self, offset, data):
        assert not self.is_closed
        assert 0 < len(data) <= self.tree.write_size
        return Request(self, offset, len(data), data)

    def finish_write(self, ticket):
        # Only now are the bytes looked at, which the writer must have left as they were.
        ticket.end()
        self.tree.trip_at('write', self.path)
        self.tree.meet('write', ticket.offset, bytes(ticket.data))
        taken = bytes(ticket.data[: self.tree.longest_write])
        end = ticket.offset + len(taken)
        if end > self.tree.room:
            raise refusal('write', ntstatus.STATUS_DISK_FULL)
        self.file.data += bytes(max(0, end - len(self.file.data)))
        self.file.data[ticket.offset : end] = taken
        return len(taken)

    def release(self, ticket):
        assert ticket not in self.tree.under_way
        ticket.spoil()
        self.tree.released.append(ticket)
        super().release(ticket)

    def abandon(self, ticket):
        if not ticket.is_given_up:
            ticket.end()
        self.tree.abandoned.append(ticket)
        super().abandon(ticket)

    def is_given_up(self, ticket):
        return ticket.is_given_up

    def flush(self):
        assert not self.is_closed
        self.tree.meet('flush', self.path)
        super().flush()

    def size(self):
        assert not self.is_closed
        self.tree.meet('size', self.path)
        return len(self.file.data)

    def query_space(self):
        self.tree.meet('query_space', self.path)
        return FileFsFullSizeInformation(
            total_allocation_units=1000, actual_available_allocation_units=200, caller_available_allocation_units=100,
            sectors_per_allocation_unit=8, bytes_per_sector=512,
        )  # fmt: skip

    def change_security(self, parts, descriptor):
        self.tree.meet('change_security', self.path, parts, descriptor)

    def copy_from(self, source, offset, length):
        assert not self.is_closed and not source.is_closed
        self.tree.meet('copy_from', offset, length)
        count = self.tree.copies.pop(0) if self.tree.copies else super().copy_from(source, offset, length)
        self.file.data[offset : offset + count] = source.file.data[offset : offset + count]
        return count

    def change(self, information):
        assert not self.is_closed
        self.tree.meet('change', self.path)
        if isinstance(information, FileDispositionInformation):
            if self.file.attributes & ATTR_READONLY:
                raise refusal('change', ntstatus.STATUS_CANNOT_DELETE)
            if self.tree.children(self.path):
                raise refusal('change', ntstatus.STATUS_DIRECTORY_NOT_EMPTY)
            self.is_deleted_on_close = True
        elif isinstance(information, FileEndOfFileInformation):
            size = information.end_of_file
            self.file.data[:] = self.file.data[:size].ljust(size, b'\0')
        elif isinstance(information, FileRenameInformation):
            self.tree.rename(self.path, information.file_name, information.replace_if_exists)
        else:
            assert isinstance(information, FileBasicInformation)
            self.file.set_basic.append(information)

    def query_security(self, parts):
        self.tree.meet('query_security', self.path, parts)
        return memoryview(self.tree.security)

    def control(self, code, longest):
        self.tree.meet('control', self.path, code, longest)
        return memoryview(self.tree.control_answers.pop(0))

    def submit_list(self, pattern):
        assert not self.is_closed
        return Request(self, data=pattern)

    def finish_list(self, ticket):
        ticket.end()
        self.tree.trip_at('list', self.path)
        self.tree.meet('list', self.path, ticket.data)
        if self.listed is None:
            self.listed = self.tree.entries(self.path, ticket.data)
        batch, self.listed = self.listed[: self.tree.batch], self.listed[self.tree.batch :]
        return batch, self.submit_list(ticket.data) if batch else None

    def transact(self, data):
        self.tree.meet('transact', [bytes(message) for message in data])
        return self.tree.pipe.transact(data)

    def read_pipe(self):
        self.tree.meet('read_pipe')
        return self.tree.pipe.read()

    def close(self):
        if not self.is_closed:
            self.close_soon()
            self.tree.trip('close')

    def close_soon(self):
        if not self.is_closed:
            assert all(request.handle is not self for request in self.tree.under_way), 'closed with requests under way'
            self.is_closed = True
            self.tree.handles.remove(self)
            self.tree.verbs.append(('close', self.path))
            if self.is_deleted_on_close:
                del self.tree.files[self.path]


class MemoryTree(Tree):
    """``files``: path to File. ``fail`` and ``refuse`` make a verb go wrong; ``verbs`` tells what was done."""

    read_size = 8
    write_size = 8
    window = 24
    batch = 3  # entries of one answer to a listing
    longest_read = 2**63  # bytes; the server gives less than it was asked for
    longest_write = 2**63
    room = 2**63  # bytes; a file that grows beyond it finds the disk full
    reads_small_files = False  # unless a test is about it
    numbers_files = False  # whether listings have file ids

    def __init__(self):
        self.files = {'': File(attributes=ATTR_DIRECTORY)}
        self.share_name = 'share'
        self.verbs = []
        self.handles = []  # open ones
        self.under_way = []  # requests that nobody has finished or abandoned
        self.abandoned = []
        self.released = []
        self.most_in_flight = 0
        self.pipe = None
        self.security = b''
        self.control_answers = []
        self.copies = []  # how many bytes each copy_from copies, before there is none that does
        self.jobs = []  # that nobody has finished or abandoned
        self.abandoned_jobs = []
        self.job_log = []  # all that were started
        self.listed_besides = {}  # folder: names that only its listing has, and their files
        self._faults = {}
        self._refusals = {}
        self.refused = []  # what met one of them
        self._counts = dict.fromkeys(COMMANDS, 0)

    def add(self, path, data=b'', attributes=ATTR_ARCHIVE, link=None):
        """A file, in folders that are made as well."""
        parts = path.split('\\')
        for length in range(1, len(parts)):
            self.files.setdefault('\\'.join(parts[:length]), File(attributes=ATTR_DIRECTORY))
        self.files[path] = file = File(data, attributes, link)
        return file

    def add_folder(self, path, attributes=ATTR_DIRECTORY, link=None):
        return self.add(path, b'', attributes, link)

    def add_named(self, folder, name, data=b'', attributes=ATTR_ARCHIVE):
        """A file whose name need not be one: it is listed as it stands, and opened by the path that comes of it."""
        self.files[f'{folder}\\{name}'] = file = File(data, attributes)
        if '\\' in name:
            self.listed_besides.setdefault(folder, {})[name] = file
        return file

    def refuse(self, verb, path, trouble):
        """Meet each use of a verb on this path with a status, an exception, or a call of this function."""
        self._refusals[verb, path] = trouble

    def fail(self, verb, trouble, at=1):
        """Meet the ``at``-th use of a verb with a status, an exception, or a call of this function."""
        self._faults[verb, self._counts[verb] + at] = trouble

    def names(self):
        """The verbs without what they were given."""
        return [verb[0] for verb in self.verbs]

    def meet(self, verb, *details):
        self.verbs.append((verb, *details))
        self.trip(verb)

    def trip(self, verb):
        self._counts[verb] += 1
        self._run_into(verb, self._faults.pop((verb, self._counts[verb]), None))

    def trip_at(self, verb, path):
        if (verb, path) in self._refusals:
            self.refused.append((verb, path))
            self._run_into(verb, self._refusals[verb, path])

    def _run_into(self, verb, trouble):
        if isinstance(trouble, int):
            raise refusal(verb, trouble)
        if isinstance(trouble, BaseException):
            raise trouble
        if trouble is not None:
            trouble()

    def children(self, folder):
        head = f'{folder}\\' if folder else ''
        return [p for p in self.files if p and p.startswith(head) and '\\' not in p[len(head) :] and p != folder]

    def entries(self, folder, pattern):
        files = {path.rpartition('\\')[2]: self.files[path] for path in self.children(folder)}
        dots = {'.': self.files[folder], '..': self.files[folder.rpartition('\\')[0]]}
        besides = self.listed_besides.get(folder, {})
        return [
            self.entry(name, file)
            for name, file in (*dots.items(), *files.items(), *besides.items())
            if fnmatchcase(name.lower(), pattern.lower())
        ]

    def entry(self, name, file):
        """What a listing says of a file."""
        created = float(file.number)
        size = len(file.data) if file.announced_size is None else file.announced_size
        number = file.number if self.numbers_files else None
        return SharedFile(created, created, created, created, size, 0, file.attributes, '', name, number)

    def rename(self, old, new, may_replace):
        if new in self.files and new != old and not may_replace:
            raise refusal('change', ntstatus.STATUS_OBJECT_NAME_COLLISION)
        if new.rpartition('\\')[0] not in self.files:
            raise refusal('change', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND)
        moved = {p: new + p[len(old) :] for p in self.files if p == old or p.startswith(f'{old}\\')}
        for before, after in moved.items():
            self.files[after] = self.files.pop(before)

    def resolve(self, path, options):
        """The path that a path leads to through reparse points."""
        parts = path.split('\\')
        for length in range(1, len(parts) + 1):
            file = self.files.get('\\'.join(parts[:length]))
            is_itself = length == len(parts) and options & FILE_OPEN_REPARSE_POINT
            if file is not None and file.link is not None and not is_itself:
                return self.resolve('\\'.join([file.link, *parts[length:]]), options)
        return path

    def start_query(self, *details):
        return MemoryJob(self, 'query', self.query, *details)

    def start_change(self, *details):
        return MemoryJob(self, 'change', self.change, *details)

    def start_read_small(self, *details):
        return MemoryJob(self, 'read', self.read_small, *details)

    def start_write_small(self, *details):
        return MemoryJob(self, 'write', self.write_small, *details)

    def start_list_first(self, *details):
        return MemoryJob(self, 'list', self.list_first, *details)

    def open(self, path, how):
        self.trip_at('open', path)
        self.meet('open', path, how)
        if '*' in path or '?' in path:
            raise refusal('open', ntstatus.STATUS_OBJECT_NAME_INVALID)
        path = self.resolve(path, how.options)
        file = self.files.get(path)
        if file is None:
            if path.rpartition('\\')[0] not in self.files:
                raise refusal('open', ntstatus.STATUS_OBJECT_PATH_NOT_FOUND)
            if how.disposition == FILE_OPEN:
                raise refusal('open', ntstatus.STATUS_OBJECT_NAME_NOT_FOUND)
            is_folder = how.options & FILE_DIRECTORY_FILE
            self.files[path] = file = File(attributes=ATTR_DIRECTORY if is_folder else how.attributes)
        else:
            self.open_existing(file, how)
        handle = MemoryOpen(self, path, file)
        handle.is_deleted_on_close = bool(how.options & FILE_DELETE_ON_CLOSE)
        return handle

    def open_existing(self, file, how):
        is_folder = file.attributes & ATTR_DIRECTORY
        if how.disposition == FILE_CREATE:
            raise refusal('open', ntstatus.STATUS_OBJECT_NAME_COLLISION)
        if is_folder and how.options & FILE_NON_DIRECTORY_FILE:
            raise refusal('open', ntstatus.STATUS_FILE_IS_A_DIRECTORY)
        if not is_folder and how.options & FILE_DIRECTORY_FILE:
            raise refusal('open', ntstatus.STATUS_NOT_A_DIRECTORY)
        if how.options & FILE_DELETE_ON_CLOSE and file.attributes & ATTR_READONLY:
            raise refusal('open', ntstatus.STATUS_CANNOT_DELETE)
        if how.disposition == FILE_OVERWRITE_IF:
            # [MS-FSA] 2.1.5.1.2.1 wants hidden and system files to be overwritten as such.
            kept = file.attributes & (ATTR_HIDDEN | ATTR_SYSTEM)
            if file.attributes & ATTR_READONLY or kept & ~how.attributes:
                raise refusal('open', ntstatus.STATUS_ACCESS_DENIED)
            file.data.clear()
            file.attributes = how.attributes

    def cancel_all(self):
        self.verbs.append(('cancel_all',))
        for request in self.under_way:
            request.is_given_up = True
        self.under_way.clear()
        super().cancel_all()
