"""The transactions of the scripted SMB1 server: listings, information about files, pipes, security; [MS-CIFS] 2.2.5."""

from __future__ import annotations

import struct
from fnmatch import fnmatchcase

from smb import ntstatus, smb2_constants
from smb.messages import fscc
from smb.messages.smb1.payload import OEM_ENCODING
from smb.messages.smb1.transaction import (
    ComNTTransactResponse,
    ComTransaction2Response,
    ComTransactionResponse,
    NTTransactQuerySecurityDescRequest,
    NTTransactQuerySecurityDescResponse,
    TransactionResponse,
)
from smb.messages.smb1.transaction2 import (
    SMBFileRenameInformation,
    SMBQueryFileAllInfo,
    SMBQueryFileBasicInfo,
    SMBQueryFileStandardInfo,
    SMBQueryFsSizeInfo,
    Trans2FindFirst2Request,
    Trans2FindFirst2Response,
    Trans2FindNext2Request,
    Trans2FindNext2Response,
    Trans2QueryFileInformationRequest,
    Trans2QueryFsInformationRequest,
    Trans2QueryPathInformationRequest,
    Trans2SetFileInformationRequest,
    Trans2SetPathInformationRequest,
)
from smb.ntstatus import STATUS_BUFFER_OVERFLOW, STATUS_BUFFER_TOO_SMALL, STATUS_INVALID_LEVEL, STATUS_SUCCESS
from smb.smb_constants import (
    ATTR_DIRECTORY,
    CAP_INFOLEVEL_PASSTHRU,
    CAP_NT_FIND,
    NT_TRANSACT_IOCTL,
    NT_TRANSACT_QUERY_SECURITY_DESC,
    SMB_FIND_CLOSE_AFTER_REQUEST,
    SMB_FIND_CLOSE_AT_EOS,
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_DIRECTORY_INFO,
    SMB_FIND_FILE_FULL_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_FULL_DIRECTORY_INFO,
    SMB_INFO_PASSTHROUGH,
    SMB_QUERY_FILE_ALL_INFO,
    SMB_QUERY_FILE_BASIC_INFO,
    SMB_QUERY_FILE_STANDARD_INFO,
    SMB_QUERY_FS_SIZE_INFO,
    SMB_SET_FILE_ALLOCATION_INFO,
    SMB_SET_FILE_BASIC_INFO,
    SMB_SET_FILE_DISPOSITION_INFO,
    SMB_SET_FILE_END_OF_FILE_INFO,
    TRANS_TRANSACT_NMPIPE,
)
from tests.session.scripted_smb1_files import from_root, refused

TRANS2_REQUESTS = {
    kind.SUBCOMMAND: (kind, name)
    for kind, name in (
        (Trans2FindFirst2Request, '_find_first'),
        (Trans2FindNext2Request, '_find_next'),
        (Trans2QueryFsInformationRequest, '_query_file_system'),
        (Trans2QueryPathInformationRequest, '_query_path'),
        (Trans2SetPathInformationRequest, '_set_path'),
        (Trans2QueryFileInformationRequest, '_query_file'),
        (Trans2SetFileInformationRequest, '_set_file'),
    )
}
# What an entry has between FileNameLength and FileName, [MS-CIFS] 2.2.8.1: bytes before a FileId, and whether there
# is one
ENTRY_TAILS = {
    SMB_FIND_FILE_DIRECTORY_INFO: (0, False),
    SMB_FIND_FILE_FULL_DIRECTORY_INFO: (4, False),
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO: (4 + 26, False),
    SMB_FIND_FILE_ID_FULL_DIRECTORY_INFO: (4 + 4, True),
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO: (4 + 26 + 2, True),
}
QUERY_LEVELS = {
    SMB_QUERY_FILE_BASIC_INFO: SMBQueryFileBasicInfo,
    SMB_QUERY_FILE_STANDARD_INFO: SMBQueryFileStandardInfo,
    SMB_QUERY_FILE_ALL_INFO: SMBQueryFileAllInfo,
}
SET_LEVELS = {
    SMB_SET_FILE_BASIC_INFO: fscc.FileBasicInformation,
    SMB_SET_FILE_DISPOSITION_INFO: fscc.FileDispositionInformation,
    SMB_SET_FILE_ALLOCATION_INFO: fscc.FileAllocationInformation,
    SMB_SET_FILE_END_OF_FILE_INFO: fscc.FileEndOfFileInformation,
}
FILE_SYSTEM_LEVELS = {SMB_QUERY_FS_SIZE_INFO: SMBQueryFsSizeInfo}
FILE_SYSTEM_SIZES = {
    'total_allocation_units': 1000,
    'total_free_allocation_units': 600,
    'caller_available_allocation_units': 500,
    'actual_available_allocation_units': 600,
    'sectors_per_allocation_unit': 8,
    'bytes_per_sector': 512,
}
for kind in (
    fscc.FileBasicInformation, fscc.FileStandardInformation, fscc.FileInternalInformation, fscc.FileAllInformation,
    fscc.FileNetworkOpenInformation, fscc.FileAttributeTagInformation,
):  # fmt: skip
    QUERY_LEVELS[SMB_INFO_PASSTHROUGH + kind.INFORMATION_CLASS] = kind
for kind in (*SET_LEVELS.values(), SMBFileRenameInformation):
    SET_LEVELS[SMB_INFO_PASSTHROUGH + kind.INFORMATION_CLASS] = kind
FILE_SYSTEM_LEVELS[SMB_INFO_PASSTHROUGH + smb2_constants.FileFsFullSizeInformation] = fscc.FileFsFullSizeInformation


class Search:
    """A listing that goes on."""

    def __init__(self, names, level):
        self.names, self.level, self.given = names, level, 0


def split(payload, room):
    """The messages that an answer to a transaction is sent in, each with ``room`` bytes of blocks at most."""
    if not isinstance(payload, TransactionResponse):
        return [payload]
    parameters, data = bytes(payload.parameters), bytes(payload.data)
    edge, end = len(parameters), len(parameters) + len(data)
    if end <= room:
        return [payload]
    parts = []
    for begin in range(0, end, room):
        part_parameters = parameters[begin : begin + room]
        data_begin = max(0, begin - edge)
        part_data = data[data_begin : max(0, begin + room - edge)]
        parts.append(
            type(payload)(
                setup=payload.setup if begin == 0 else (),
                total_parameter_count=edge,
                total_data_count=len(data),
                parameters=part_parameters,
                parameter_displacement=min(begin, edge) if part_parameters else 0,
                data=part_data,
                data_displacement=data_begin if part_data else 0,
            )
        )
    return parts


def filled(kind, values):
    """A structure of ``kind`` with those of ``values`` that it has fields for."""
    return kind(**{field.name: values[field.name] for field in kind.FIELDS if field.name in values})


class TransactionCommands:
    """What ``ScriptedSMB1Server`` does with transactions; ``session.searches`` has the listings that are not ended."""

    def _level(self, levels, level):
        """What an information level stands for; None where the server does not know it."""
        if level in self.refused_levels:
            return None
        if level >= SMB_INFO_PASSTHROUGH and not self.capabilities & CAP_INFOLEVEL_PASSTHRU:
            return None
        return levels.get(level)

    def _do_transaction(self, request, session):
        payload = request.payload
        assert payload.name == '\\PIPE\\' and payload.setup[0] == TRANS_TRANSACT_NMPIPE
        self._check_counts(payload)
        opened = self.open_of(request, session, payload.setup[1])
        if opened is None or not opened.is_pipe:
            return refused(ntstatus.STATUS_INVALID_HANDLE)
        data, opened.unread = self.pipe_answer[: payload.max_data_count], self.pipe_answer[payload.max_data_count :]
        return STATUS_BUFFER_OVERFLOW if opened.unread else STATUS_SUCCESS, ComTransactionResponse(data=data)

    @staticmethod
    def _check_counts(payload):
        """One message has all of it."""
        assert payload.total_parameter_count == payload.parameter_count == len(payload.parameters)
        assert payload.total_data_count == payload.data_count == len(payload.data)

    # TRANSACTION2

    def _do_transaction2(self, request, session):
        payload = request.payload
        self._check_counts(payload)
        (subcommand,) = payload.setup
        kind, method = TRANS2_REQUESTS[subcommand]
        if not request.is_unicode:
            kind = type(kind.__name__, (kind,), {'is_unicode': False})
        answer = getattr(self, method)(request, session, kind.unpack(payload.parameters))
        if isinstance(answer, int):
            return refused(answer)
        parameters, data = answer
        assert len(parameters) <= payload.max_parameter_count
        if len(data) > payload.max_data_count:
            return refused(STATUS_BUFFER_TOO_SMALL)
        return STATUS_SUCCESS, ComTransaction2Response(parameters=parameters, data=data)

    def _find_first(self, request, session, parameters):
        if parameters.information_level not in ENTRY_TAILS or parameters.information_level in self.refused_levels:
            return STATUS_INVALID_LEVEL
        assert self.capabilities & CAP_NT_FIND
        folder, _, pattern = from_root(parameters.file_name).rpartition('\\')
        if folder not in self.folders:
            return ntstatus.STATUS_OBJECT_PATH_NOT_FOUND
        found = [
            name
            for name in self.names
            if fnmatchcase(name.lower(), pattern.lower().replace('[', '[[]'))
            and (parameters.search_attributes & ATTR_DIRECTORY or not self.attributes_of(name) & ATTR_DIRECTORY)
        ]
        if not found:
            return ntstatus.STATUS_NO_SUCH_FILE
        sid = next(self._numbers)
        session.searches[sid] = search = Search(found, parameters.information_level)
        count, data = self._next_entries(request, search, parameters.search_count)
        if not count:
            del session.searches[sid]
            return STATUS_BUFFER_TOO_SMALL
        ended = self._may_end(session, sid, parameters.flags)
        return Trans2FindFirst2Response(sid=sid, search_count=count, end_of_search=ended).pack(), data

    def _find_next(self, request, session, parameters):
        search = session.searches.get(parameters.sid)
        if search is None:
            return ntstatus.STATUS_INVALID_HANDLE
        assert parameters.information_level == search.level
        # By the name and the key of the last entry that was given, whatever the flags say.
        assert parameters.file_name == search.names[search.given - 1]
        assert parameters.resume_key == search.given
        count, data = self._next_entries(request, search, parameters.search_count)
        if not count:
            return ntstatus.STATUS_NO_MORE_FILES if search.given == len(search.names) else STATUS_BUFFER_TOO_SMALL
        ended = self._may_end(session, parameters.sid, parameters.flags)
        return Trans2FindNext2Response(search_count=count, end_of_search=ended).pack(), data

    @staticmethod
    def _may_end(session, sid, flags):
        """Whether the listing is at its end; it is closed where the client wants that."""
        search = session.searches[sid]
        ended = search.given == len(search.names)
        if flags & SMB_FIND_CLOSE_AFTER_REQUEST or (ended and flags & SMB_FIND_CLOSE_AT_EOS):
            del session.searches[sid]
        return ended

    def _next_entries(self, request, search, count):
        """(how many, their bytes): what fits into the answer of the next names; FileIndex is the resume key."""
        assert count > 0
        packed, lasts_at, given = b'', 0, 0
        for name in search.names[search.given : search.given + min(count, self.batch)]:
            entry = self._entry(name, search.given + given + 1, search.level, request.is_unicode)
            packed += bytes(-len(packed) % 8)
            if len(packed) + len(entry) > request.payload.max_data_count:
                break
            if given:
                step = len(packed) - lasts_at
                packed = packed[:lasts_at] + step.to_bytes(4, 'little') + packed[lasts_at + 4 :]
            lasts_at, packed, given = len(packed), packed + entry, given + 1
        search.given += given
        return given, packed

    def _entry(self, name, index, level, is_unicode):
        encoded = name.encode('utf-16-le') if is_unicode else name.encode(OEM_ENCODING)
        tail_size, has_id = ENTRY_TAILS[level]
        size = len(self.files.get(name, b''))
        head = struct.pack('<II4q2QII', 0, index, 0, 0, 0, 0, size, size, self.attributes_of(name), len(encoded))
        return head + bytes(tail_size) + (index.to_bytes(8, 'little') if has_id else b'') + encoded

    def _query_file_system(self, request, session, parameters):
        kind = self._level(FILE_SYSTEM_LEVELS, parameters.information_level)
        if kind is None:
            return STATUS_INVALID_LEVEL
        return b'', filled(kind, FILE_SYSTEM_SIZES).pack()

    def _query_path(self, request, session, parameters):
        name = from_root(parameters.file_name)
        if name not in self.files and name not in self.folders:
            return ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
        return self._facts(name, parameters.information_level)

    def _query_file(self, request, session, parameters):
        opened = self.open_of(request, session, parameters.fid)
        if opened is None:
            return ntstatus.STATUS_INVALID_HANDLE
        return self._facts(opened.name, parameters.information_level)

    def _facts(self, name, level):
        kind = self._level(QUERY_LEVELS, level)
        if kind is None:
            return STATUS_INVALID_LEVEL
        size = len(self.files.get(name, b''))
        values = dict.fromkeys((field.name for field in kind.FIELDS), 0)
        if name in self.basics:
            values.update({field: value for field, value in vars(self.basics[name]).items() if field in values})
        values.update(end_of_file=size, allocation_size=size, number_of_links=1, directory=name in self.folders)
        values.update(file_attributes=self.attributes_of(name))
        return bytes(2), filled(kind, values).pack()

    def _set_path(self, request, session, parameters):
        name = from_root(parameters.file_name)
        if name not in self.files and name not in self.folders:
            return ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
        return self._set(name, None, parameters.information_level, request.payload.data)

    def _set_file(self, request, session, parameters):
        opened = self.open_of(request, session, parameters.fid)
        if opened is None:
            return ntstatus.STATUS_INVALID_HANDLE
        return self._set(opened.name, opened, parameters.information_level, request.payload.data)

    def _set(self, name, opened, level, data):
        kind = self._level(SET_LEVELS, level)
        if kind is None:
            return STATUS_INVALID_LEVEL
        information = kind.unpack(data)
        if kind is fscc.FileBasicInformation:
            self.basics[name] = information
        elif kind is fscc.FileDispositionInformation:
            opened.deletes = bool(information.delete_pending)
        elif kind is fscc.FileEndOfFileInformation:
            self.files[name] = self.files[name][: information.end_of_file].ljust(information.end_of_file, b'\0')
        elif kind is SMBFileRenameInformation:
            status = self.move(name, from_root(information.file_name))
            if status != STATUS_SUCCESS:
                return status
        return bytes(2), b''

    # NT_TRANSACT

    def _do_nt_transact(self, request, session):
        payload = request.payload
        self._check_counts(payload)
        if payload.function == NT_TRANSACT_IOCTL:
            _, _, fid, is_for_file_system = payload.setup
            assert is_for_file_system & 0xFF == 1
            if self.open_of(request, session, fid) is None:
                return refused(ntstatus.STATUS_INVALID_HANDLE)
            data = self.pipe_answer[: payload.max_data_count]
            status = STATUS_BUFFER_OVERFLOW if len(data) < len(self.pipe_answer) else STATUS_SUCCESS
            return status, ComNTTransactResponse(setup=(len(data),), data=data)
        assert payload.function == NT_TRANSACT_QUERY_SECURITY_DESC
        question = NTTransactQuerySecurityDescRequest.unpack(payload.parameters)
        if self.open_of(request, session, question.fid) is None:
            return refused(ntstatus.STATUS_INVALID_HANDLE)
        data = self.security_descriptor
        needed = NTTransactQuerySecurityDescResponse(length_needed=len(data)).pack()
        assert len(needed) <= payload.max_parameter_count
        if len(data) > payload.max_data_count:
            return STATUS_BUFFER_TOO_SMALL, ComNTTransactResponse(parameters=needed)
        return STATUS_SUCCESS, ComNTTransactResponse(parameters=needed, data=data)
