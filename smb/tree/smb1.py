"""The verbs in SMB1: a request built, an answer read; whole jobs as steps, one after another, [MS-CIFS] 3.2.4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from smb import ntstatus
from smb.errors import Incomplete, ProtocolError, StatusError, UnsupportedFeature
from smb.messages.fscc import (
    FileFsFullSizeInformation,
    FileFsSizeInformation,
    FileRenameInformation,
    FileStandardInformation,
    full_size,
)
from smb.messages.smb1.create import ComNTCreateAndxRequest
from smb.messages.smb1.paths import ComCreateDirectoryRequest, ComRenameRequest
from smb.messages.smb1.read_write import (
    ComReadAndxRequest,
    ComReadAndxResponse,
    ComWriteAndxRequest,
    ComWriteAndxResponse,
)
from smb.messages.smb1.simple import ComCloseRequest, ComFindClose2Request
from smb.messages.smb1.transaction import (
    ComNTTransactRequest,
    ComTransaction2Request,
    ComTransactionRequest,
    NTTransactQuerySecurityDescResponse,
    TransactionResponse,
)
from smb.messages.smb1.transaction2 import (
    SMBQueryFileStandardInfo,
    Trans2FindFirst2Request,
    Trans2FindFirst2Response,
    Trans2FindNext2Request,
    Trans2FindNext2Response,
    Trans2QueryFileInformationRequest,
    Trans2QueryFsInformationRequest,
    Trans2SetFileInformationRequest,
    last_resume_key,
    parse_entries,
    set_level,
)
from smb.ntstatus import (
    STATUS_BUFFER_OVERFLOW,
    STATUS_BUFFER_TOO_SMALL,
    STATUS_END_OF_FILE,
    STATUS_INVALID_INFO_CLASS,
    STATUS_INVALID_LEVEL,
    STATUS_INVALID_PARAMETER,
    STATUS_NO_MORE_FILES,
    STATUS_NO_SUCH_FILE,
    STATUS_NOT_SUPPORTED,
    STATUS_OBJECT_NAME_NOT_FOUND,
    STATUS_SUCCESS,
)
from smb.session.smb1 import SMB1Connection, SMB1Dialect
from smb.smb_constants import (
    CAP_INFOLEVEL_PASSTHRU,
    CAP_LARGE_FILES,
    CAP_LARGE_READX,
    CAP_LARGE_WRITEX,
    SMB_FILE_ATTRIBUTE_DIRECTORY,
    SMB_FILE_ATTRIBUTE_HIDDEN,
    SMB_FILE_ATTRIBUTE_SYSTEM,
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO,
    SMB_INFO_PASSTHROUGH,
    SMB_QUERY_FILE_STANDARD_INFO,
    SMB_QUERY_FS_SIZE_INFO,
)
from smb.tree.base import Facts, How, Open, Tree

if TYPE_CHECKING:
    from smb.messages.fscc import FileInformation
    from smb.messages.smb1.header import SMBMessage
    from smb.messages.smb1.payload import SMB1Request
    from smb.results import SharedFile
    from smb.session.dialect import Ticket
    from smb.session.exchange import Exchange, Together
    from smb.session.state import TreeConnect
    from smb.wire.structure import Buffer

LARGE_SIZE = 61440  # bytes of a large read or write; Windows takes this much, [MS-SMB] 2.2.4.2.1
SAMBA_SIZE = 126976  # and Samba this much
SAMBA = 'Samba'
ROOM_FOR_HEADERS = 128  # bytes of a message that are not the data that it carries
BYTES_IN_FLIGHT = 1024 * 1024  # on a link without delay
BYTES_PER_SECOND = 600_000_000  # what a link is taken to carry besides
LIST_SIZE = 61440  # bytes of one batch of directory entries
LIST_COUNT = 4096  # entries of one batch
PIPE_SIZE = 4280  # bytes of one answer of a pipe; what is longer is read
SNAPSHOT_MARK = '@GMT-'  # [MS-SMB] 2.2.1.1.1
SEPARATORS = frozenset('/\\')
WILDCARDS = frozenset('*?<>"')

ANY_ENTRY = SMB_FILE_ATTRIBUTE_HIDDEN | SMB_FILE_ATTRIBUTE_SYSTEM | SMB_FILE_ATTRIBUTE_DIRECTORY
LEVELS = (SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO, SMB_FIND_FILE_BOTH_DIRECTORY_INFO)
LEVEL_REFUSALS = (STATUS_INVALID_LEVEL, STATUS_INVALID_INFO_CLASS, STATUS_INVALID_PARAMETER, STATUS_NOT_SUPPORTED)
NOTHING_FOUND = (STATUS_NO_SUCH_FILE, STATUS_NO_MORE_FILES, STATUS_OBJECT_NAME_NOT_FOUND)


class SMB1Open(Open):
    """One SMB1 open, known by its FID."""

    tree: SMB1Tree

    def __init__(self, tree: SMB1Tree, answer: Any) -> None:
        super().__init__(tree)
        self.fid: int = answer.fid
        self.facts = Facts(answer)

    def submit_read(self, offset: int, length: int) -> Ticket:
        return self.tree.submit(
            ComReadAndxRequest.at(self.fid, offset, length, is_large=self.tree.has_large_files(offset + length))
        )

    def finish_read(self, ticket: Ticket) -> Buffer:
        return _read_data(self.tree.exchange.wait(ticket, accept=(STATUS_SUCCESS, STATUS_END_OF_FILE)), ticket.request)

    def submit_write(self, offset: int, data: Buffer) -> Ticket:
        return self.tree.submit(
            ComWriteAndxRequest.at(self.fid, offset, data, is_large=self.tree.has_large_files(offset + len(data)))
        )

    def finish_write(self, ticket: Ticket) -> int:
        answer = self.tree.exchange.wait(ticket).payload
        assert isinstance(answer, ComWriteAndxResponse)
        if answer.written > len(ticket.request.data):
            raise ProtocolError(f'The server took {answer.written} bytes, {len(ticket.request.data)} were sent')
        return answer.written

    def release(self, ticket: Ticket) -> None:
        self.tree.exchange.release(ticket)

    def abandon(self, ticket: Ticket) -> None:
        self.tree.exchange.abandon(ticket)

    def is_given_up(self, ticket: Ticket) -> bool:
        return ticket.abandoned

    def size(self) -> int:
        parameters = Trans2QueryFileInformationRequest(fid=self.fid, information_level=SMB_QUERY_FILE_STANDARD_INFO)
        request = ComTransaction2Request.of(parameters, max_data_count=FileStandardInformation.fixed_size())
        return SMBQueryFileStandardInfo.unpack(_transaction(self.tree.call(request)).data).end_of_file

    def query_space(self) -> FileFsFullSizeInformation:
        if self.tree.connection.has(CAP_INFOLEVEL_PASSTHRU):
            try:
                level = SMB_INFO_PASSTHROUGH + FileFsFullSizeInformation.INFORMATION_CLASS
                return FileFsFullSizeInformation.unpack(self._query_volume(level))
            except StatusError as error:
                if error.status not in LEVEL_REFUSALS:
                    raise
        # SMB_QUERY_FS_SIZE_INFO, [MS-CIFS] 2.2.8.2.4, has the same fields.
        return full_size(FileFsSizeInformation.unpack(self._query_volume(SMB_QUERY_FS_SIZE_INFO)))

    def _query_volume(self, level: int) -> Buffer:
        parameters = Trans2QueryFsInformationRequest(information_level=level)
        request = ComTransaction2Request.of(parameters, max_data_count=FileFsFullSizeInformation.fixed_size())
        return _transaction(self.tree.call(request)).data

    def change(self, information: FileInformation) -> None:
        level = set_level(information, self.tree.connection.has(CAP_INFOLEVEL_PASSTHRU))
        parameters = Trans2SetFileInformationRequest(fid=self.fid, information_level=level)
        self.tree.call(ComTransaction2Request.of(parameters, data=information.pack()))

    def change_security(self, parts: int, descriptor: bytes) -> None:
        longest = self.tree.connection.max_buffer_size - ROOM_FOR_HEADERS
        if len(descriptor) > longest:
            raise ValueError(f'This server takes security descriptors of {longest} bytes, not of {len(descriptor)}')
        self.tree.call(ComNTTransactRequest.set_security(self.fid, parts, descriptor))

    def query_security(self, parts: int) -> Buffer:
        request = ComNTTransactRequest.query_security(self.fid, parts, LIST_SIZE)
        reply = self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_TOO_SMALL))
        answer = _transaction(reply)
        if reply.ntstatus == STATUS_BUFFER_TOO_SMALL:
            needed = NTTransactQuerySecurityDescResponse.unpack(answer.parameters).length_needed
            answer = _transaction(self.tree.call(ComNTTransactRequest.query_security(self.fid, parts, needed)))
        return answer.data

    def control(self, code: int, longest: int) -> Buffer:
        request = ComNTTransactRequest.ioctl(self.fid, code, longest)
        return _transaction(self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW))).data

    def transact(self, data: Sequence[Buffer]) -> Buffer:
        *first, last = data
        for message in first:
            self.finish_write(self.submit_write(0, message))
        request = ComTransactionRequest.transact_pipe(self.fid, last, PIPE_SIZE)
        return _transaction(self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW))).data

    def read_pipe(self) -> Buffer:
        request = ComReadAndxRequest.at(self.fid, 0, PIPE_SIZE, is_large=self.tree.has_large_files(0))
        return _read_data(self.tree.call(request, accept=(STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW)), request)

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.tree.call(ComCloseRequest(fid=self.fid))

    def close_soon(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.tree.exchange.detach(ComCloseRequest(fid=self.fid), self.tree.tree_connect)


class SMB1Search(Open):
    """One search of a folder, [MS-CIFS] 3.2.4.27: in SMB1 a folder is listed by its path, without being opened."""

    tree: SMB1Tree

    def __init__(self, tree: SMB1Tree, level: int) -> None:
        super().__init__(tree)
        self.is_closed = True  # on the server it ends with its last entry, and may never have begun
        self._level = level
        self._sid = 0
        # Of the last entry that the server sent, whatever becomes of it here: that is where it goes on.
        self._last_name = ''
        self._resume_key = 0

    def begin(self, reply: SMBMessage) -> tuple[list[SharedFile], Ticket | None]:
        """The entries of the first answer, and the ticket of those behind them."""
        answer = _transaction(reply)
        found = Trans2FindFirst2Response.unpack(answer.parameters)
        self._sid, self.is_closed = found.sid, bool(found.end_of_search)
        return self._go_on(answer, found.search_count)

    def _submit_next(self) -> Ticket:
        request = Trans2FindNext2Request(
            sid=self._sid,
            search_count=LIST_COUNT,
            information_level=self._level,
            resume_key=self._resume_key,
            file_name=self._last_name,
        )
        return self.tree.submit(ComTransaction2Request.of(request, max_data_count=LIST_SIZE))

    def finish_list(self, ticket: Ticket) -> tuple[list[SharedFile], Ticket | None]:
        reply = self.tree.exchange.wait(ticket, accept=(STATUS_SUCCESS, *NOTHING_FOUND))
        if reply.ntstatus != STATUS_SUCCESS:
            return [], None
        answer = _transaction(reply)
        found = Trans2FindNext2Response.unpack(answer.parameters)
        self.is_closed = bool(found.end_of_search)
        if not found.search_count and not self.is_closed:
            raise ProtocolError('The server has more entries to list, but does not go on')
        return self._go_on(answer, found.search_count)

    def _go_on(self, answer: TransactionResponse, count: int) -> tuple[list[SharedFile], Ticket | None]:
        """The entries of an answer, and the ticket of those behind them."""
        entries = parse_entries(self._level, answer.data, count, self.tree.connection.is_unicode)
        if self.is_closed:
            return entries, None
        if entries:
            self._last_name, self._resume_key = entries[-1].filename, last_resume_key(answer.data, count)
        return entries, self._submit_next()

    def abandon(self, ticket: Ticket) -> None:
        self.tree.exchange.abandon(ticket)

    def is_given_up(self, ticket: Ticket) -> bool:
        return ticket.abandoned

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.tree.call(ComFindClose2Request(search_handle=self._sid))

    def close_soon(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self.tree.exchange.detach(ComFindClose2Request(search_handle=self._sid), self.tree.tree_connect)


class SMB1Tree(Tree):
    """One SMB1 tree connect."""

    def __init__(self, exchange: Exchange, tree_connect: TreeConnect, share_name: str) -> None:
        assert isinstance(exchange.dialect, SMB1Dialect)
        self.exchange = exchange
        self.tree_connect = tree_connect
        self.share_name = share_name
        self.connection: SMB1Connection = exchange.dialect.connection
        # [MS-SMB] 2.2.4.5.2.1: where messages are signed, the server's buffer limits large ones too.
        is_signed = bool(exchange.dialect.signing_key)
        fits = self.connection.max_buffer_size - ROOM_FOR_HEADERS
        has = self.connection.has
        large = SAMBA_SIZE if self.connection.native_lan_man.startswith(SAMBA) else LARGE_SIZE
        self.read_size = large if has(CAP_LARGE_READX) and not is_signed else min(LARGE_SIZE, fits)
        self.write_size = large if has(CAP_LARGE_WRITEX) and not is_signed else min(LARGE_SIZE, fits)
        on_the_way = int(exchange.transport.round_trip_seconds * BYTES_PER_SECOND)
        at_once = self.connection.max_mpx_count * min(self.read_size, self.write_size)
        self.window = min(BYTES_IN_FLIGHT + on_the_way, at_once)

    def submit(self, request: SMB1Request) -> Ticket:
        """Send a request on this tree."""
        return self.exchange.submit(request, self.tree_connect)

    def call(self, request: SMB1Request, accept: Sequence[int] = (STATUS_SUCCESS,)) -> SMBMessage:
        """Send a request on this tree and wait."""
        reply: SMBMessage = self.exchange.call(request, self.tree_connect, accept)
        return reply

    def together(self) -> Together:
        return self.exchange.together()

    def cancel_all(self) -> None:
        self.exchange.cancel_all()

    def has_large_files(self, end: int) -> bool:
        """Whether the server takes offsets of 64 bits; UnsupportedFeature where it does not, and ``end`` needs them."""
        is_large = self.connection.has(CAP_LARGE_FILES)
        if end >> 32 and not is_large:
            raise UnsupportedFeature('The server has no files of 4 GiB and more')
        return is_large

    def open(self, path: str, how: How) -> SMB1Open:
        request = ComNTCreateAndxRequest(
            file_name=self._sent(path),
            desired_access=how.access,
            share_access=how.share,
            create_disposition=how.disposition,
            create_options=how.options,
            file_attributes=how.attributes,
        )
        return SMB1Open(self, self.call(_of_snapshot(request, path)).payload)

    def make_folder(self, path: str) -> None:
        if not self.connection.uses_nt_status:
            # Samba's DOS error for CREATE_DIRECTORY of what is there already is the one for lack of rights.
            super().make_folder(path)
            return
        self.call(_of_snapshot(ComCreateDirectoryRequest(directory_name=self._sent(path)), path))

    def change(self, path: str, how: How, information: FileInformation) -> None:
        if isinstance(information, FileRenameInformation):
            self._rename(path, information.file_name)
        else:
            super().change(path, how, information)

    def _rename(self, path: str, new_path: str) -> None:
        for name in (path, new_path):
            if not WILDCARDS.isdisjoint(name):
                # RENAME would take all that match. Opening one name is refused, with the status that says why.
                self.query(name, How(0))
                raise Incomplete('a name holds no wildcards', 'Rename failed')
        request = ComRenameRequest(old_file_name=self._sent(path), new_file_name=self._sent(new_path, path))
        self.call(_of_snapshot(request, path))

    def _sent(self, path: str, other: str = '') -> str:
        """A path as it is sent; ValueError where a message has no room for it, and for the other one in it."""
        longest = (self.connection.max_buffer_size - ROOM_FOR_HEADERS) // 2
        length = len((path + other).encode('utf-16-le', 'surrogatepass')) // 2
        if length > longest:
            raise ValueError(f'This server takes paths of {longest} characters at most, not of {length}')
        return '\\' + path

    def list_first(self, path: str, how: How, pattern: str) -> tuple[Open, list[SharedFile], Ticket | None]:
        if not SEPARATORS.isdisjoint(pattern):
            # It would be looked for in another folder.
            raise Incomplete('a pattern holds no separator', 'Unable to retrieve file list')
        for level in LEVELS:
            if level not in self.connection.refused_information_classes:
                search = SMB1Search(self, level)
                request = Trans2FindFirst2Request(
                    search_attributes=ANY_ENTRY,
                    search_count=LIST_COUNT,
                    information_level=level,
                    file_name=self._sent('\\'.join((path, pattern)) if path else pattern),
                )
                transaction = ComTransaction2Request.of(request, max_data_count=LIST_SIZE)
                try:
                    reply = self.call(_of_snapshot(transaction, path), accept=(STATUS_SUCCESS, *NOTHING_FOUND))
                except StatusError as error:
                    if error.status in LEVEL_REFUSALS and level != LEVELS[-1]:
                        self.connection.refused_information_classes.add(level)
                        continue
                    self._explain(transaction, path, how)
                    raise
                if reply.ntstatus != STATUS_SUCCESS:
                    self._explain(transaction, path, how)
                    return search, [], None
                try:
                    return search, *search.begin(reply)
                except BaseException:
                    search.close_soon()
                    raise
        raise AssertionError('the last level is never refused')

    def _explain(self, search: SMB1Request, path: str, how: How) -> None:
        """Raise what is wrong with a folder that could not be listed, if it is the folder: there FIND says little."""
        try:
            self.query(path, how)
        except StatusError as error:
            raise StatusError(search, error.reply) from None


def _of_snapshot(request: SMB1Request, path: str) -> SMB1Request:
    """The request; where its path is in a snapshot, the header is to say so, [MS-SMB] 2.2.3.1."""
    if SNAPSHOT_MARK in path:
        request.is_of_snapshot = True
    return request


def _transaction(reply: SMBMessage) -> TransactionResponse:
    if not isinstance(reply.payload, TransactionResponse):
        raise _without_data(reply)
    return reply.payload


def _read_data(reply: SMBMessage, request: ComReadAndxRequest) -> Buffer:
    if reply.ntstatus == STATUS_END_OF_FILE:
        return b''
    if not isinstance(reply.payload, ComReadAndxResponse):
        raise _without_data(reply)
    asked = request.max_count_high << 16 | request.max_count
    if len(reply.payload.data) > asked:
        raise ProtocolError(f'The server sent {len(reply.payload.data)} bytes, {asked} were asked for')
    return reply.payload.data


def _without_data(reply: SMBMessage) -> ProtocolError:
    return ProtocolError(f'The answer {ntstatus.describe(reply.ntstatus)} has none of the data that it is about')
