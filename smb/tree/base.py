"""The verbs that the operations are written in, whatever the dialect.

A dialect's ``Tree`` opens files and its ``Open`` works on one. The verbs that do a whole job (``query``, ``change``,
``write_small`` ...) stand here as steps, one after another; a dialect that can send them in one message does that, and
can have several of them under way: ``start_...`` gives a ``Job``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from smb.errors import SMBException, SMBTimeout
from smb.smb_constants import (
    FILE_CREATE,
    FILE_DIRECTORY_FILE,
    FILE_OPEN,
    FILE_READ_ATTRIBUTES,
    FILE_SHARE_DELETE,
    FILE_SHARE_READ,
    FILE_SHARE_WRITE,
)

if TYPE_CHECKING:
    from smb.messages.fscc import FileFsFullSizeInformation, FileInformation
    from smb.results import SharedFile
    from smb.session.state import TreeConnect
    from smb.wire.structure import Buffer

_T = TypeVar('_T')

SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE


class How:
    """How to open a path: what CREATE asks for, [MS-SMB2] 2.2.13, under its field names."""

    __slots__ = ('access', 'attributes', 'disposition', 'options', 'share')

    def __init__(self, access: int, *, options: int = 0, disposition: int = FILE_OPEN, share: int = SHARE_ALL,
                 attributes: int = 0) -> None:  # fmt: skip
        self.access = access  # FILE_READ_DATA, DELETE, ...
        self.options = options  # FILE_NON_DIRECTORY_FILE, ...
        self.disposition = disposition  # FILE_OPEN, FILE_CREATE, ...
        self.share = share  # what others may do meanwhile: FILE_SHARE_...
        self.attributes = attributes  # ATTR_... of a file that is made


NEW_FOLDER = How(FILE_READ_ATTRIBUTES, options=FILE_DIRECTORY_FILE, disposition=FILE_CREATE)


class Facts:
    """What a server says of a file when it opens it; times are FILETIMEs, sizes bytes."""

    __slots__ = (
        'allocation_size',
        'change_time',
        'creation_time',
        'end_of_file',
        'file_attributes',
        'last_access_time',
        'last_write_time',
    )

    def __init__(self, answer: Any) -> None:
        """Copy the facts from an answer that has them under these names."""
        self.creation_time: int = answer.creation_time
        self.last_access_time: int = answer.last_access_time
        self.last_write_time: int = answer.last_write_time
        self.change_time: int = answer.change_time
        self.allocation_size: int = answer.allocation_size
        self.end_of_file: int = answer.end_of_file
        self.file_attributes: int = answer.file_attributes


class Job(Generic[_T]):
    """A whole job under way: either finished, which gives its result, or abandoned."""

    def __init__(self, work: Callable[[], _T]) -> None:
        """One that is done when it is finished, for a dialect that cannot do it in the background."""
        self._work = work

    def finish(self) -> _T:
        """Wait for the result; StatusError and the like when the job failed."""
        return self._work()

    def abandon(self) -> None:
        """Nobody will finish it. What has been sent may be done nevertheless; nothing stays open."""


class Open:
    """One open file, folder or pipe; a context manager that closes it on the server.

    ``submit_...`` sends a request and gives a ticket, ``finish_...`` waits for its answer.
    """

    facts: Facts
    is_closed = False

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def submit_read(self, offset: int, length: int) -> Any:
        """Ask for ``length`` bytes from ``offset`` on."""
        raise NotImplementedError

    def finish_read(self, ticket: Any) -> Buffer:
        """The bytes that came, fewer than asked for at times; none at the end of the file. Valid until ``release``."""
        raise NotImplementedError

    def submit_write(self, offset: int, data: Buffer) -> Any:
        """Write ``data``, which must stay as they are until the ticket is finished."""
        raise NotImplementedError

    def finish_write(self, ticket: Any) -> int:
        """How many bytes the server took."""
        raise NotImplementedError

    def release(self, ticket: Any) -> None:
        """The data of a finished ticket are used up."""

    def abandon(self, ticket: Any) -> None:
        """Nobody will finish this ticket."""

    def is_given_up(self, ticket: Any) -> bool:
        """Whether ``cancel_all`` has given this ticket up, so that it cannot be finished."""
        raise NotImplementedError

    def flush(self) -> None:
        """Have the server put what was written onto its disk, where the dialect has a request for it."""

    def size(self) -> int:
        """How many bytes the file has now."""
        raise NotImplementedError

    def change(self, information: FileInformation) -> None:
        """Set one information class of the file."""
        raise NotImplementedError

    def query_space(self) -> FileFsFullSizeInformation:
        """The room on the volume that the file is on."""
        raise NotImplementedError

    def copy_from(self, source: Open, offset: int, length: int) -> int:
        """Have the server copy from ``source``, to the same offset; how many bytes it did, 0 where it does not."""
        return 0

    def change_security(self, parts: int, descriptor: bytes) -> None:
        """Set those parts of the security descriptor."""
        raise NotImplementedError

    def query_security(self, parts: int) -> Buffer:
        """Those parts of the security descriptor that OWNER_SECURITY_INFORMATION and its kin ask for, as bytes."""
        raise NotImplementedError

    def control(self, code: int, longest: int) -> Buffer:
        """What the file system answers to an FSCTL, of at most ``longest`` bytes."""
        raise NotImplementedError

    def submit_list(self, pattern: str) -> Any:
        """Ask for the next entries of a folder."""
        raise NotImplementedError

    def finish_list(self, ticket: Any) -> tuple[list[SharedFile], Any]:
        """The entries that came, and the ticket of those behind them, which is None at the end.

        A dialect that can asks for the next ones before it reads these: the server is at work meanwhile.
        """
        raise NotImplementedError

    def transact(self, data: Sequence[Buffer]) -> Buffer:
        """Write messages to a pipe and read what it answers to the last one."""
        raise NotImplementedError

    def read_pipe(self) -> Buffer:
        """More of what a pipe answers."""
        raise NotImplementedError

    def close(self) -> None:
        """Close and wait until the server has done it; a second time does nothing."""
        raise NotImplementedError

    def close_soon(self) -> None:
        """Have it closed without waiting: nothing depends on when."""
        raise NotImplementedError

    def __enter__(self) -> Open:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        # What went wrong first is what the caller is to hear of.
        try:
            if issubclass(kind, SMBTimeout):
                self.tree.cancel_all()
                self.close_soon()
            else:
                self.close()
        except SMBException:
            pass


class Tree:
    """One share, connected.

    ``read_size`` and ``write_size``: the most bytes of one request. ``window``: the most bytes in flight.
    """

    share_name: str
    tree_connect: TreeConnect
    read_size: int
    write_size: int
    window: int
    most_jobs = 1  # that are worth being under way at once
    # Whether the last file that was read was short: then the next one is read by a request that also closes it.
    reads_small_files = True

    def open(self, path: str, how: How) -> Open:
        """Open ``path``, which is relative to the share, with backslashes."""
        raise NotImplementedError

    def measure(self) -> None:
        """Size requests and window by what the server allows now."""

    def together(self) -> AbstractContextManager[None]:
        """A context in which requests may be kept back, to leave together at its end."""
        return nullcontext()

    def cancel_all(self) -> None:
        """Give up whatever has not been answered."""

    def start_query(self, path: str, how: How) -> Job[Facts]:
        """``query`` in the background."""
        return Job(partial(self.query, path, how))

    def start_change(self, path: str, how: How, information: FileInformation) -> Job[None]:
        """``change`` in the background."""
        return Job(partial(self.change, path, how, information))

    def start_read_small(self, path: str, how: How, offset: int, length: int) -> Job[tuple[Facts, Buffer]]:
        """``read_small`` in the background."""
        return Job(partial(self.read_small, path, how, offset, length))

    def start_write_small(self, path: str, how: How, offset: int, data: Buffer) -> Job[int]:
        """``write_small`` in the background; ``data`` must stay as they are until then."""
        return Job(partial(self.write_small, path, how, offset, data))

    def start_list_first(self, path: str, how: How, pattern: str) -> Job[tuple[Open, list[SharedFile], Any]]:
        """``list_first`` in the background."""
        return Job(partial(self.list_first, path, how, pattern))

    def read_small(self, path: str, how: How, offset: int, length: int) -> tuple[Facts, Buffer]:
        """Open, read ``length`` bytes from ``offset`` on or what there is, close."""
        handle, data = self.open_and_read(path, how, offset, length)
        with handle:
            handle.close_soon()
        return handle.facts, data

    def open_and_read(self, path: str, how: How, offset: int, length: int) -> tuple[Open, Buffer]:
        """An open file and ``length`` bytes from ``offset`` on, or what there is."""
        handle = self.open(path, how)
        try:
            ticket = handle.submit_read(offset, length)
            data = bytes(handle.finish_read(ticket))
            handle.release(ticket)
            return handle, data
        except BaseException as error:
            handle.__exit__(type(error), error, None)
            raise

    def write_small(self, path: str, how: How, offset: int, data: Buffer) -> int:
        """Open, write all of ``data`` at ``offset``, close; how many bytes the server took."""
        with self.open(path, how) as handle:
            return handle.finish_write(handle.submit_write(offset, data)) if data else 0

    def query(self, path: str, how: How) -> Facts:
        """Open and close; what the server said of the file."""
        with self.open(path, how) as handle:
            return handle.facts

    def make_folder(self, path: str) -> None:
        """Make one folder where nothing has this name."""
        self.query(path, NEW_FOLDER)

    def change(self, path: str, how: How, information: FileInformation) -> None:
        """Open, set one information class, close."""
        with self.open(path, how) as handle:
            handle.change(information)

    def query_security(self, path: str, how: How, parts: int) -> Buffer:
        """Open, ask for parts of the security descriptor, close."""
        with self.open(path, how) as handle:
            return handle.query_security(parts)

    def list_first(self, path: str, how: How, pattern: str) -> tuple[Open, list[SharedFile], Any]:
        """An open folder, its first entries, and the ticket of those behind them, None where these are all."""
        handle = self.open(path, how)
        try:
            return handle, *handle.finish_list(handle.submit_list(pattern))
        except BaseException as error:
            handle.__exit__(type(error), error, None)
            raise
