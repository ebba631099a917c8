"""The verbs in SMB2: a request built, an answer read; whole jobs as one related compound, [MS-SMB2] 3.2.4.1.4."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from smb import ntstatus
from smb.errors import ProtocolError, StatusError
from smb.messages.fscc import (
    FileFsFullSizeInformation,
    FileFsSizeInformation,
    FileStandardInformation,
    full_size,
    parse_directory,
)
from smb.messages.smb2.create import SMB2CreateRequest, SMB2CreateResponse
from smb.messages.smb2.info import SMB2QueryInfoRequest, SMB2QueryInfoResponse, SMB2SetInfoRequest
from smb.messages.smb2.ioctl import SMB2IoctlRequest, SMB2IoctlResponse
from smb.messages.smb2.query_directory import SMB2QueryDirectoryRequest, SMB2QueryDirectoryResponse
from smb.messages.smb2.read_write import SMB2ReadRequest, SMB2ReadResponse, SMB2WriteRequest, SMB2WriteResponse
from smb.messages.smb2.simple import SMB2CloseRequest, SMB2FlushRequest
from smb.ntstatus import (
    STATUS_BUFFER_OVERFLOW,
    STATUS_END_OF_FILE,
    STATUS_FILE_CLOSED,
    STATUS_INVALID_HANDLE,
    STATUS_INVALID_INFO_CLASS,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MORE_FILES,
    STATUS_NO_SUCH_FILE,
    STATUS_NOT_IMPLEMENTED,
    STATUS_NOT_SUPPORTED,
    STATUS_SUCCESS,
)
from smb.session.credits import CREDIT_BYTES
from smb.session.dialect import CreditsTooFew, FrameTooLong
from smb.session.exchange import RELATED_FILE_ID
from smb.smb2_constants import (
    FSCTL_PIPE_TRANSCEIVE,
    SMB2_INFO_FILE,
    SMB2_INFO_FILESYSTEM,
    SMB2_INFO_SECURITY,
    FileBothDirectoryInformation,
    FileDirectoryInformation,
    FileFullDirectoryInformation,
    FileIdBothDirectoryInformation,
)
from smb.tree.base import Facts, How, Job, Open, Tree

if TYPE_CHECKING:
    from smb.messages.fscc import FileInformation
    from smb.messages.smb2.header import SMB2Message, SMB2Request
    from smb.results import SharedFile
    from smb.session.dialect import Ticket
    from smb.session.exchange import Exchange, Together
    from smb.session.state import TreeConnect
    from smb.tree.smb2_copy import CopyLimits
    from smb.wire.structure import Buffer

_T = TypeVar('_T')
_Information = TypeVar('_Information', FileStandardInformation, FileFsFullSizeInformation, FileFsSizeInformation)

REFUSALS = (STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED, STATUS_NOT_IMPLEMENTED)
RELATED_REFUSALS = (*REFUSALS, STATUS_FILE_CLOSED, STATUS_INVALID_HANDLE)
READ_STATUSES = (STATUS_SUCCESS, STATUS_END_OF_FILE)
LIST_STATUSES = (STATUS_SUCCESS, STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE)
CLASS_REFUSALS = (STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED)

# Each leaves out something that the one before has: the file id, the short name, and the size of extended attributes.
DIRECTORY_CLASSES = (
    FileIdBothDirectoryInformation,
    FileBothDirectoryInformation,
    FileFullDirectoryInformation,
    FileDirectoryInformation,
)

REQUEST_SIZE = 1024 * 1024  # of a large transfer; more brings little, and costs memory
ROOM = 8 * 1024 * 1024  # what a server is asked to have room for, before many requests of that size
BYTES_IN_FLIGHT = 4 * 1024 * 1024  # on a link without delay
BYTES_PER_SECOND = 600_000_000  # what a link is taken to carry, for the bytes that are on their way in it
MOST_BYTES_IN_FLIGHT = 24 * 1024 * 1024
LIST_SIZE = 65536  # of the first batch of directory entries
SECOND_LIST_SIZE = 32768  # of the second, in the same message: mostly it just says that there is no more
NEXT_LIST_SIZE = 262144  # of the later ones, where a link has no delay
LIST_BYTES_PER_SECOND = 50_000_000  # that these have more where it has, and the second one, too
LONGEST_LIST = 1024 * 1024
PIPE_SIZE = 65536
MOST_JOBS = 64  # compounds under way
CREDITS_OF_A_JOB = 4  # at most


CLOSE_OPENED = SMB2CloseRequest(file_id=RELATED_FILE_ID)  # what a compound ends with


class CompoundRefused(Exception):
    """The server did not take a job as a compound; it is to be done step by step."""


class SMB2Open(Open):
    """One SMB2 open."""

    tree: SMB2Tree

    def __init__(self, tree: SMB2Tree, response: SMB2CreateResponse) -> None:
        super().__init__(tree)
        self.file_id = response.file_id
        self.session = tree.exchange.dialect.session  # whose id it is: in another session it may be another file's
        self.facts = Facts(response)
        self.information_class = tree.directory_class()
        self.resume_key: bytes | None = None  # what a copy names it by, once that was asked for

    def submit_read(self, offset: int, length: int) -> Ticket:
        if length == REQUEST_SIZE:
            self._ask_for_room()
        return self.tree.submit_at_most(
            lambda size: SMB2ReadRequest(file_id=self.file_id, offset=offset, length=size), length
        )

    def finish_read(self, ticket: Ticket) -> Buffer:
        return _read_data(self.tree.exchange.wait(ticket, accept=READ_STATUSES), ticket.request)

    def submit_write(self, offset: int, data: Buffer) -> Ticket:
        if len(data) == REQUEST_SIZE:
            self._ask_for_room()

        def request(size: int) -> SMB2Request:
            part = data if size == len(data) else memoryview(data)[:size]
            return SMB2WriteRequest(file_id=self.file_id, offset=offset, data=part)

        return self.tree.submit_at_most(request, len(data))

    def finish_write(self, ticket: Ticket) -> int:
        return _written(self.tree.exchange.wait(ticket), ticket.request)

    def _ask_for_room(self) -> None:
        """Once for a connection, ask something small whose answer might be large; nobody waits for it.

        Samba makes memory for the longest answer and frees it. From then on glibc keeps freed blocks of up to this
        size; before, each request of 1 MiB had new pages from the kernel, which took half of Samba's time for it.
        """
        tree = self.tree
        if tree.connection.asked_for_room:
            return
        available = tree.exchange.dialect.credits.available
        size = min(ROOM, tree.control_size, available // 2 * CREDIT_BYTES)
        if size < 2 * REQUEST_SIZE:
            return
        tree.connection.asked_for_room = True
        request = SMB2QueryInfoRequest(
            file_id=self.file_id,
            info_type=SMB2_INFO_FILE,
            file_info_class=FileStandardInformation.INFORMATION_CLASS,
            output_buffer_length=size,
        )
        self.abandon(tree.submit(request))

    def release(self, ticket: Ticket) -> None:
        self.tree.exchange.release(ticket)

    def abandon(self, ticket: Ticket) -> None:
        self.tree.exchange.abandon(ticket)

    def is_given_up(self, ticket: Ticket) -> bool:
        return ticket.abandoned

    def flush(self) -> None:
        self.tree.call(SMB2FlushRequest(file_id=self.file_id))

    def size(self) -> int:
        answer = self._query(SMB2_INFO_FILE, FileStandardInformation)
        return answer.end_of_file

    def change(self, information: FileInformation) -> None:
        self.tree.call(_set_request(self.file_id, information))

    def query_space(self) -> FileFsFullSizeInformation:
        try:
            return self._query(SMB2_INFO_FILESYSTEM, FileFsFullSizeInformation)
        except StatusError as error:
            if error.status not in CLASS_REFUSALS:
                raise
        return full_size(self._query(SMB2_INFO_FILESYSTEM, FileFsSizeInformation))

    def _query(self, info_type: int, kind: type[_Information]) -> _Information:
        request = SMB2QueryInfoRequest(
            file_id=self.file_id,
            info_type=info_type,
            file_info_class=kind.INFORMATION_CLASS,
            output_buffer_length=kind.fixed_size(),
        )
        return kind.unpack(_information(self.tree.call(request), request))

    def copy_from(self, source: Open, offset: int, length: int) -> int:
        from smb.tree import smb2_copy  # imported when used: few programs copy on the server

        return smb2_copy.copy(self, source, offset, length)

    def change_security(self, parts: int, descriptor: bytes) -> None:
        request = SMB2SetInfoRequest(
            file_id=self.file_id, info_type=SMB2_INFO_SECURITY, additional_information=parts, buffer=descriptor
        )
        self.tree.call(request)

    def query_security(self, parts: int) -> Buffer:
        request = _security_request(self.file_id, parts, self.tree.list_size)
        return _information(self.tree.call(request), request)

    def control(self, code: int, longest: int) -> Buffer:
        request = SMB2IoctlRequest(
            ctl_code=code, file_id=self.file_id, max_output_response=min(longest, self.tree.control_size)
        )
        return _output(self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW)), request)

    def submit_list(self, pattern: str) -> Ticket:
        def request(size: int) -> SMB2Request:
            return _list_request(self.file_id, pattern, self.information_class, size)

        return self.tree.submit_at_most(request, self.tree.next_list_size)

    def finish_list(self, ticket: Ticket) -> tuple[list[SharedFile], Ticket | None]:
        try:
            reply = self.tree.exchange.wait(ticket, accept=LIST_STATUSES)
        except StatusError as error:
            if error.status not in CLASS_REFUSALS:
                raise
            return self._list_plainer(ticket, error)
        return self.read_lists([reply], ticket.request.file_name)

    def read_lists(self, replies: Sequence[SMB2Message], pattern: str) -> tuple[list[SharedFile], Ticket | None]:
        """The entries of these answers, and the ticket of those behind them."""
        following = self.submit_list(pattern) if replies[-1].status == STATUS_SUCCESS else None
        try:
            return [entry for reply in replies for entry in self._entries(reply)], following
        except BaseException:
            if following is not None:
                self.abandon(following)
            raise

    def _entries(self, reply: SMB2Message) -> list[SharedFile]:
        if reply.status != STATUS_SUCCESS:
            return []
        assert isinstance(reply.payload, SMB2QueryDirectoryResponse)
        return parse_directory(self.information_class, reply.payload.output_buffer)

    def _list_plainer(self, ticket: Ticket, error: StatusError) -> tuple[list[SharedFile], Ticket | None]:
        """Ask again by a class that older servers have too; the one that works is the first choice from then on."""
        assert isinstance(ticket.request, SMB2QueryDirectoryRequest)
        place = DIRECTORY_CLASSES.index(self.information_class) + 1
        if place == len(DIRECTORY_CLASSES):
            raise error
        refused, self.information_class = self.information_class, DIRECTORY_CLASSES[place]
        found = self.finish_list(self.submit_list(ticket.request.file_name))
        self.tree.connection.refused_information_classes.add(refused)
        return found

    def transact(self, data: Sequence[Buffer]) -> Buffer:
        *first, last = data
        for message in first:
            self.finish_write(self.submit_write(0, message))
        request = SMB2IoctlRequest(
            ctl_code=FSCTL_PIPE_TRANSCEIVE, file_id=self.file_id, input=bytes(last), max_output_response=PIPE_SIZE
        )
        return _output(self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW)), request)

    def read_pipe(self) -> Buffer:
        request = SMB2ReadRequest(file_id=self.file_id, offset=0, length=PIPE_SIZE)
        return _read_data(self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW)), request)

    def close(self) -> None:
        if self._is_to_be_closed():
            self.tree.call(SMB2CloseRequest(file_id=self.file_id))

    def close_soon(self) -> None:
        if self._is_to_be_closed():
            self.tree.exchange.detach(SMB2CloseRequest(file_id=self.file_id), self.tree.tree_connect)

    def _is_to_be_closed(self) -> bool:
        """Whether there is something to close, for once; what ended with its session is closed already."""
        was_closed, self.is_closed = self.is_closed, True
        return not was_closed and self.session is self.tree.exchange.dialect.session


class SMB2Tree(Tree):
    """One SMB2 tree connect."""

    def __init__(self, exchange: Exchange, tree_connect: TreeConnect, share_name: str) -> None:
        self.exchange = exchange
        self.tree_connect = tree_connect
        self.share_name = share_name
        self.connection = exchange.dialect.connection
        # Whether the last folder that was listed was small: then the next one is closed by the same request.
        self.lists_small_folders = False
        self.copy_limits: CopyLimits | None = None  # until something is copied on the server
        self._measured = -1  # credits that there were at the last measure()
        self.measure()

    def measure(self) -> None:
        credits = self.exchange.dialect.credits.window
        if credits == self._measured:
            return
        self._measured = credits
        credited = max(1, credits) * CREDIT_BYTES
        self.read_size = min(REQUEST_SIZE, self.connection.max_read_size, credited)
        self.write_size = min(REQUEST_SIZE, self.connection.max_write_size, credited)
        self.control_size = min(self.connection.max_transact_size, credited)
        self.list_size = min(LIST_SIZE, self.connection.max_transact_size, credited)
        transport = self.exchange.transport
        delay = transport.round_trip_seconds
        more = int(delay * LIST_BYTES_PER_SECOND)
        longest = min(LONGEST_LIST, self.connection.max_transact_size, credited)
        self.next_list_size = min(NEXT_LIST_SIZE + more, longest)
        # A NetBIOS frame has no room for two full batches, and the requests around it take credits as well.
        second = SECOND_LIST_SIZE + (more if transport.is_direct_tcp else 0)
        self.second_list_size = min(second, longest, max(1, credits - CREDITS_OF_A_JOB + 1) * CREDIT_BYTES)
        on_the_way = int(delay * BYTES_PER_SECOND)
        self.window = min(BYTES_IN_FLIGHT + on_the_way, MOST_BYTES_IN_FLIGHT, credited)
        self.most_jobs = max(1, min(MOST_JOBS, credits // CREDITS_OF_A_JOB))

    def submit(self, request: SMB2Request) -> Ticket:
        """Send a request on this tree."""
        return self.exchange.submit(request, self.tree_connect)

    def submit_at_most(self, request: Callable[[int], SMB2Request], size: int) -> Ticket:
        """Send a request of this size, or of less where the server has taken back credits that it was to have."""
        try:
            return self.exchange.submit(request(size), self.tree_connect, can_be_less=True)
        except CreditsTooFew:
            self.measure()
            return self.submit(request(min(size, self.exchange.dialect.credits.available * CREDIT_BYTES)))

    def call(self, request: SMB2Request, accept: Sequence[int] = (STATUS_SUCCESS,)) -> SMB2Message:
        """Send a request on this tree and wait."""
        reply: SMB2Message = self.exchange.call(request, self.tree_connect, accept)
        return reply

    def together(self) -> Together:
        return self.exchange.together()

    def cancel_all(self) -> None:
        self.exchange.cancel_all()

    def directory_class(self) -> int:
        """The richest information class for listings that the server has not refused."""
        refused = self.connection.refused_information_classes
        return next((c for c in DIRECTORY_CLASSES if c not in refused), DIRECTORY_CLASSES[-1])

    def open(self, path: str, how: How) -> SMB2Open:
        return self._opened(self.call(_create_request(path, how)))

    # Whole jobs. Each is the requests of one compound, how to read its answers, and the same job as steps.

    def open_and_read(self, path: str, how: How, offset: int, length: int) -> tuple[Open, Buffer]:
        read = SMB2ReadRequest(file_id=RELATED_FILE_ID, offset=offset, length=length)

        def result(replies: Sequence[SMB2Message]) -> tuple[Open, Buffer]:
            handle = self._opened(replies[0])
            try:
                return handle, _read_data(replies[1], read)
            except ProtocolError:
                handle.close_soon()
                raise

        steps = partial(super().open_and_read, path, how, offset, length)
        return self._start([_create_request(path, how), read], result, steps, accept=READ_STATUSES).finish()

    def read_small(self, path: str, how: How, offset: int, length: int) -> tuple[Facts, Buffer]:
        return self.start_read_small(path, how, offset, length).finish()

    def start_read_small(self, path: str, how: How, offset: int, length: int) -> Job[tuple[Facts, Buffer]]:
        read = SMB2ReadRequest(file_id=RELATED_FILE_ID, offset=offset, length=length)
        requests = [_create_request(path, how), read, CLOSE_OPENED]

        def result(replies: Sequence[SMB2Message]) -> tuple[Facts, Buffer]:
            return Facts(replies[0].payload), _read_data(replies[1], read)

        steps = partial(super().read_small, path, how, offset, length)
        return self._start(requests, result, steps, accept=READ_STATUSES)

    def write_small(self, path: str, how: How, offset: int, data: Buffer) -> int:
        return self.start_write_small(path, how, offset, data).finish()

    def start_write_small(self, path: str, how: How, offset: int, data: Buffer) -> Job[int]:
        requests: list[SMB2Request] = [_create_request(path, how)]
        if data:
            requests.append(SMB2WriteRequest(file_id=RELATED_FILE_ID, offset=offset, data=data))
        requests.append(CLOSE_OPENED)

        def result(replies: Sequence[SMB2Message]) -> int:
            return _written(replies[1], requests[1]) if data else 0

        return self._start(requests, result, partial(super().write_small, path, how, offset, data))

    def query(self, path: str, how: How) -> Facts:
        return self.start_query(path, how).finish()

    def start_query(self, path: str, how: How) -> Job[Facts]:
        requests = [_create_request(path, how), CLOSE_OPENED]
        return self._start(requests, lambda replies: Facts(replies[0].payload), partial(super().query, path, how))

    def change(self, path: str, how: How, information: FileInformation) -> None:
        self.start_change(path, how, information).finish()

    def start_change(self, path: str, how: How, information: FileInformation) -> Job[None]:
        set_info = _set_request(RELATED_FILE_ID, information)
        requests = [_create_request(path, how), set_info, CLOSE_OPENED]
        return self._start(requests, lambda replies: None, partial(super().change, path, how, information))

    def query_security(self, path: str, how: How, parts: int) -> Buffer:
        query = _security_request(RELATED_FILE_ID, parts, self.list_size)
        requests = [_create_request(path, how), query, CLOSE_OPENED]
        steps = partial(super().query_security, path, how, parts)
        return self._start(requests, lambda replies: _information(replies[1], query), steps).finish()

    def list_first(self, path: str, how: How, pattern: str) -> tuple[Open, list[SharedFile], Ticket | None]:
        return self._start_list(path, how, pattern, self.second_list_size).finish()

    def start_list_first(self, path: str, how: How, pattern: str) -> Job[tuple[Open, list[SharedFile], Ticket | None]]:
        # Each of many jobs takes few credits.
        return self._start_list(path, how, pattern, min(SECOND_LIST_SIZE, self.second_list_size))

    def _start_list(
        self, path: str, how: How, pattern: str, second_size: int
    ) -> Job[tuple[Open, list[SharedFile], Ticket | None]]:
        information_class = self.directory_class()
        sizes = (self.list_size, second_size)
        requests: list[SMB2Request] = [_create_request(path, how)]
        requests += [_list_request(RELATED_FILE_ID, pattern, information_class, size) for size in sizes]
        closes = self.lists_small_folders
        if closes:
            requests.append(CLOSE_OPENED)

        def result(replies: Sequence[SMB2Message]) -> tuple[Open, list[SharedFile], Ticket | None]:
            handle = self._opened(replies[0])
            handle.is_closed = closes
            handle.information_class = information_class  # by now another one may be the first choice
            self.lists_small_folders = replies[2].status != STATUS_SUCCESS
            if closes and not self.lists_small_folders:
                # It is closed by now, in the middle of its entries. The next ones may be large as well.
                return self.list_first(path, how, pattern)
            try:
                return handle, *handle.read_lists(replies[1:3], pattern)
            except BaseException:
                handle.close_soon()
                raise

        steps = partial(super().list_first, path, how, pattern)
        return self._start(requests, result, steps, accept=LIST_STATUSES, refusals=CLASS_REFUSALS)

    def _opened(self, reply: SMB2Message) -> SMB2Open:
        assert isinstance(reply.payload, SMB2CreateResponse)
        return SMB2Open(self, reply.payload)

    def _start(self, requests: Sequence[SMB2Request], result: Callable[[Sequence[SMB2Message]], _T],
               steps: Callable[[], _T], accept: Sequence[int] = (STATUS_SUCCESS,),
               refusals: Sequence[int] = ()) -> Job[_T]:  # fmt: skip
        """Send a compound; ``result`` makes of its answers what the job gives."""
        if self.connection.refuses_compounds:
            return Job(steps)
        try:
            tickets = self.exchange.submit_related(requests, self.tree_connect)
        except (FrameTooLong, CreditsTooFew):
            return Job(steps)
        return CompoundJob(self, tickets, result, steps, accept, refusals)

    def answers(self, tickets: Sequence[Ticket], accept: Sequence[int], refusals: Sequence[int]) -> list[SMB2Message]:
        """The answers to related requests of which the first is a CREATE.

        StatusError for the first answer that is not accepted, CompoundRefused where it may be the compound that was
        not. Whatever was opened is closed before, unless the requests succeeded and do not end in CLOSE.
        """
        replies: list[SMB2Message] = self.exchange.wait_all(tickets)
        if replies[0].status != STATUS_SUCCESS:
            if replies[0].status in REFUSALS:
                raise CompoundRefused
            raise StatusError(tickets[0].request, replies[0])
        failed = [index for index, reply in enumerate(replies) if reply.status not in accept]
        if not failed:
            return replies
        request, reply = tickets[failed[0]].request, replies[failed[0]]
        error = StatusError(request, reply)
        if isinstance(tickets[-1].request, SMB2CloseRequest) and replies[-1].status == STATUS_SUCCESS:
            if error.status in refusals:
                raise CompoundRefused
            raise error
        try:
            self._opened(replies[0]).close()
        except StatusError:
            raise error from None
        if error.status not in (*RELATED_REFUSALS, *refusals):
            raise error
        if isinstance(request, SMB2CloseRequest):
            # All that was refused is done now, and to open a second time might not work.
            self.connection.refuses_compounds = True
            return replies
        raise CompoundRefused


class CompoundJob(Job[_T]):
    """A job that was sent as one compound."""

    def __init__(self, tree: SMB2Tree, tickets: Sequence[Ticket], result: Callable[[Sequence[SMB2Message]], _T],
                 steps: Callable[[], _T], accept: Sequence[int], refusals: Sequence[int]) -> None:  # fmt: skip
        super().__init__(steps)
        self._tree, self._tickets, self._result = tree, tickets, result
        self._accept, self._refusals = accept, refusals
        self._refused_classes = len(tree.connection.refused_information_classes)  # when it was sent

    def finish(self) -> _T:
        try:
            replies = self._tree.answers(self._tickets, self._accept, self._refusals)
        except CompoundRefused:
            return self._do_steps()
        return self._result(replies)

    def _do_steps(self) -> _T:
        """Do it in steps; when that works where the server refused a compound, there are no more compounds."""
        connection = self._tree.connection
        result = self._work()
        # When a plainer information class was all that it took, the compound was not to blame.
        if self._refused_classes == len(connection.refused_information_classes):
            connection.refuses_compounds = True
        return result

    def abandon(self) -> None:
        for ticket in self._tickets:
            self._tree.exchange.abandon(ticket)


def _create_request(path: str, how: How) -> SMB2CreateRequest:
    return SMB2CreateRequest(
        name=path,
        desired_access=how.access,
        share_access=how.share,
        create_disposition=how.disposition,
        create_options=how.options,
        file_attributes=how.attributes,
    )


def _set_request(file_id: bytes, information: FileInformation) -> SMB2SetInfoRequest:
    return SMB2SetInfoRequest(
        file_id=file_id,
        info_type=SMB2_INFO_FILE,
        file_info_class=information.INFORMATION_CLASS,
        buffer=information.pack(),
    )


def _list_request(file_id: bytes, pattern: str, information_class: int, size: int) -> SMB2QueryDirectoryRequest:
    return SMB2QueryDirectoryRequest(
        file_id=file_id, file_information_class=information_class, file_name=pattern, output_buffer_length=size
    )


def _security_request(file_id: bytes, parts: int, size: int) -> SMB2QueryInfoRequest:
    return SMB2QueryInfoRequest(
        file_id=file_id, info_type=SMB2_INFO_SECURITY, additional_information=parts, output_buffer_length=size
    )


def _information(reply: SMB2Message, request: SMB2QueryInfoRequest) -> Buffer:
    assert isinstance(reply.payload, SMB2QueryInfoResponse)
    return _no_longer_than(request.output_buffer_length, reply.payload.output_buffer)


def _output(reply: SMB2Message, request: SMB2IoctlRequest) -> Buffer:
    if not isinstance(reply.payload, SMB2IoctlResponse):
        raise _without_data(reply)
    return _no_longer_than(request.max_output_response, reply.payload.output)


def _no_longer_than(longest: int, data: Buffer) -> Buffer:
    """What a server sent, when it is no more than was asked for."""
    if len(data) > longest:
        raise ProtocolError(f'The server sent {len(data)} bytes, {longest} were asked for')
    return data


def _read_data(reply: SMB2Message, request: SMB2Request) -> Buffer:
    if reply.status == STATUS_END_OF_FILE:
        return b''
    if not isinstance(reply.payload, SMB2ReadResponse):
        raise _without_data(reply)
    assert isinstance(request, SMB2ReadRequest)
    return _no_longer_than(request.length, reply.payload.data)


def _without_data(reply: SMB2Message) -> ProtocolError:
    return ProtocolError(f'The answer {ntstatus.describe(reply.status)} has none of the data that it is about')


def _written(reply: SMB2Message, request: SMB2Request) -> int:
    assert isinstance(reply.payload, SMB2WriteResponse) and isinstance(request, SMB2WriteRequest)
    if reply.payload.count > len(request.data):
        raise ProtocolError(f'The server took {reply.payload.count} bytes, {len(request.data)} were sent')
    return reply.payload.count
