"""The commands of the scripted SMB1 server that work on files, over a dictionary of names and contents."""

from __future__ import annotations

from smb import ntstatus
from smb.messages.smb1.create import ComNTCreateAndxResponse
from smb.messages.smb1.paths import (
    ComCreateDirectoryResponse,
    ComDeleteDirectoryResponse,
    ComDeleteResponse,
    ComRenameResponse,
)
from smb.messages.smb1.payload import ComErrorResponse
from smb.messages.smb1.read_write import ComReadAndxResponse, ComWriteAndxResponse
from smb.messages.smb1.simple import ComCloseResponse, ComFindClose2Response
from smb.ntstatus import STATUS_BUFFER_OVERFLOW, STATUS_SUCCESS
from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_DIRECTORY,
    CAP_LARGE_FILES,
    CAP_LARGE_READX,
    FILE_CREATE,
    FILE_DELETE_ON_CLOSE,
    FILE_DIRECTORY_FILE,
    FILE_NON_DIRECTORY_FILE,
    FILE_OPEN,
    FILE_OVERWRITE,
    FILE_OVERWRITE_IF,
    FILE_SUPERSEDE,
    SERVICE_NAMED_PIPE,
)

READ_ANDX_OVERHEAD = 32 + 27 + 1  # header, words, and what aligns the data


class ServerOpen:
    """A file, folder or pipe that a client has opened."""

    def __init__(self, name, tid, is_pipe):
        self.name, self.tid, self.is_pipe = name, tid, is_pipe
        self.deletes = False
        self.unread = b''  # what a pipe has answered and nobody has read


def from_root(path):
    r"""A path without the backslash that may stand before it."""
    assert '/' not in path
    return path.removeprefix('\\')


def refused(status):
    return status, ComErrorResponse()


class FileCommands:
    """What ``ScriptedSMB1Server`` does with files; ``session.opens`` says what each FID is open for."""

    def attributes_of(self, name):
        if name in self.basics and self.basics[name].file_attributes:
            return self.basics[name].file_attributes
        return ATTR_DIRECTORY if name in self.folders or name in ('.', '..') else ATTR_ARCHIVE

    def open_of(self, request, session, fid):
        opened = session.opens.get(fid)
        return opened if opened is not None and opened.tid == request.header.tid else None

    def delete(self, name):
        self.files.pop(name, None)
        self.folders.discard(name)

    def move(self, old, new):
        """Rename; the status."""
        if old not in self.files and old not in self.folders:
            return ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
        if new in self.files or new in self.folders:
            return ntstatus.STATUS_OBJECT_NAME_COLLISION
        if old in self.files:
            self.files[new] = self.files.pop(old)
        else:
            self.folders.remove(old)
            self.folders.add(new)
        return STATUS_SUCCESS

    def _do_nt_create_andx(self, request, session):
        payload, tid = request.payload, request.header.tid
        name, disposition, options = from_root(payload.file_name), payload.create_disposition, payload.create_options
        is_pipe = self.shares[session.trees[tid]] == SERVICE_NAMED_PIPE
        if not is_pipe:
            status = self._create(name, disposition, options)
            if status != STATUS_SUCCESS:
                return refused(status)
        fid = next(self._numbers)
        session.opens[fid] = opened = ServerOpen(name, tid, is_pipe)
        opened.deletes = bool(options & FILE_DELETE_ON_CLOSE)
        size = len(self.files.get(name, b''))
        return STATUS_SUCCESS, ComNTCreateAndxResponse(
            fid=fid,
            create_action=1,
            allocation_size=size,
            end_of_file=size,
            file_attributes=self.attributes_of(name),
            resource_type=2 if is_pipe else 0,
            directory=name in self.folders,
        )

    def _create(self, name, disposition, options):
        """See that the file or folder is there as it should be; the status."""
        exists = name in self.files or name in self.folders
        if not exists and disposition in (FILE_OPEN, FILE_OVERWRITE):
            return ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
        if exists and disposition == FILE_CREATE:
            return ntstatus.STATUS_OBJECT_NAME_COLLISION
        if name in self.folders and options & FILE_NON_DIRECTORY_FILE:
            return ntstatus.STATUS_FILE_IS_A_DIRECTORY
        if name in self.files and options & FILE_DIRECTORY_FILE:
            return ntstatus.STATUS_NOT_A_DIRECTORY
        if not exists and options & FILE_DIRECTORY_FILE:
            self.folders.add(name)
        elif not exists or disposition in (FILE_SUPERSEDE, FILE_OVERWRITE, FILE_OVERWRITE_IF):
            self.files[name] = b''
        return STATUS_SUCCESS

    def _do_close(self, request, session):
        opened = self.open_of(request, session, request.payload.fid)
        if opened is None:
            return refused(ntstatus.STATUS_INVALID_HANDLE)
        del session.opens[request.payload.fid]
        if opened.deletes:
            self.delete(opened.name)
        return STATUS_SUCCESS, ComCloseResponse()

    def _do_read_andx(self, request, session):
        payload = request.payload
        opened = self.open_of(request, session, payload.fid)
        if opened is None:
            return refused(ntstatus.STATUS_INVALID_HANDLE)
        length = payload.max_count_high << 16 | payload.max_count
        if self.mac_key is not None:
            assert length <= self.max_buffer_size
        if not self.allows_large(CAP_LARGE_READX):
            assert length + READ_ANDX_OVERHEAD <= self.client_buffer_size
        if opened.is_pipe:
            data, opened.unread = opened.unread[:length], opened.unread[length:]
            return STATUS_BUFFER_OVERFLOW if opened.unread else STATUS_SUCCESS, ComReadAndxResponse(data=data)
        offset = self._offset_of(payload)
        data = self.files[opened.name][offset : offset + min(length, self.longest_read)]
        return STATUS_SUCCESS, ComReadAndxResponse(data=data)

    def _offset_of(self, payload):
        if not self.capabilities & CAP_LARGE_FILES:
            assert payload.short_word_count
        return payload.offset_high << 32 | payload.offset

    def _do_write_andx(self, request, session):
        payload = request.payload
        opened = self.open_of(request, session, payload.fid)
        if opened is None:
            return refused(ntstatus.STATUS_INVALID_HANDLE)
        data = bytes(payload.data)
        if not opened.is_pipe:
            offset = self._offset_of(payload)
            old = self.files[opened.name].ljust(offset, b'\0')
            self.files[opened.name] = old[:offset] + data + old[offset + len(data) :]
        return STATUS_SUCCESS, ComWriteAndxResponse(count=len(data) & 0xFFFF, count_high=len(data) >> 16)

    def _do_rename(self, request, session):
        status = self.move(from_root(request.payload.old_file_name), from_root(request.payload.new_file_name))
        return (status, ComRenameResponse()) if status == STATUS_SUCCESS else refused(status)

    def _do_delete(self, request, session):
        name = from_root(request.payload.file_name)
        if name in self.folders:
            return refused(ntstatus.STATUS_FILE_IS_A_DIRECTORY)
        if name not in self.files:
            return refused(ntstatus.STATUS_OBJECT_NAME_NOT_FOUND)
        self.delete(name)
        return STATUS_SUCCESS, ComDeleteResponse()

    def _do_create_directory(self, request, session):
        status = self._create(from_root(request.payload.directory_name), FILE_CREATE, FILE_DIRECTORY_FILE)
        return (status, ComCreateDirectoryResponse()) if status == STATUS_SUCCESS else refused(status)

    def _do_delete_directory(self, request, session):
        name = from_root(request.payload.directory_name)
        if name in self.files:
            return refused(ntstatus.STATUS_NOT_A_DIRECTORY)
        if name not in self.folders:
            return refused(ntstatus.STATUS_OBJECT_NAME_NOT_FOUND)
        self.delete(name)
        return STATUS_SUCCESS, ComDeleteDirectoryResponse()

    def _do_find_close2(self, request, session):
        if session.searches.pop(request.payload.search_handle, None) is None:
            return refused(ntstatus.STATUS_INVALID_HANDLE)
        return STATUS_SUCCESS, ComFindClose2Response()
