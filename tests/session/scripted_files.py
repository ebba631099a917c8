"""The commands of the scripted server that work on files, over a dictionary of names and contents."""

from __future__ import annotations

from smb import ntstatus
from smb.messages.fscc import FileStandardInformation
from smb.messages.smb2.create import SMB2CreateResponse
from smb.messages.smb2.info import SMB2QueryInfoResponse, SMB2SetInfoResponse
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.messages.smb2.read_write import SMB2ReadResponse, SMB2WriteResponse
from smb.messages.smb2.simple import SMB2CloseResponse, SMB2ErrorResponse, SMB2FlushResponse
from smb.ntstatus import STATUS_SUCCESS
from smb.smb2_constants import (
    SMB2_INFO_FILE,
    FileBothDirectoryInformation,
    FileDirectoryInformation,
    FileFullDirectoryInformation,
    FileIdBothDirectoryInformation,
)
from smb.smb_constants import FILE_CREATE, FILE_OPEN, FILE_OVERWRITE_IF
from smb.wire.values import padding

RELATED_FILE_ID = b'\xff' * 16

# What an entry has between FileNameLength and FileName, [MS-FSCC] 2.4, in bytes.
ENTRY_TAILS = {
    FileDirectoryInformation: 0,
    FileFullDirectoryInformation: 4,
    FileBothDirectoryInformation: 4 + 26,
    FileIdBothDirectoryInformation: 4 + 26 + 2 + 8,
}


class FileCommands:
    """What ``ScriptedServer`` does with files; ``session.opens`` has the name that each file id is open for."""

    def _do_create(self, request, session):
        name, disposition = request.payload.name, request.payload.create_disposition
        if disposition == FILE_OPEN and name not in self.files and name not in ('', 'srvsvc'):
            return ntstatus.STATUS_OBJECT_NAME_NOT_FOUND, SMB2ErrorResponse()
        if disposition == FILE_CREATE and name in self.files:
            return ntstatus.STATUS_OBJECT_NAME_COLLISION, SMB2ErrorResponse()
        if disposition == FILE_OVERWRITE_IF or name not in self.files:
            self.files[name] = b''
        file_id = next(self._numbers).to_bytes(8, 'little') * 2
        session.opens[file_id] = name
        return STATUS_SUCCESS, SMB2CreateResponse(
            create_action=1,
            creation_time=0,
            last_access_time=0,
            last_write_time=0,
            change_time=0,
            allocation_size=0,
            end_of_file=len(self.files[name]),
            file_attributes=0x20,
            file_id=file_id,
        )

    def _open_of(self, request, session):
        file_id = request.payload.file_id
        if request.related and file_id == RELATED_FILE_ID:
            file_id = self._related[0]
        return file_id if file_id in session.opens else None

    def _do_close(self, request, session):
        if not (file_id := self._open_of(request, session)):
            return ntstatus.STATUS_FILE_CLOSED, SMB2ErrorResponse()
        del session.opens[file_id]
        return STATUS_SUCCESS, SMB2CloseResponse()

    def _do_flush(self, request, session):
        return STATUS_SUCCESS, SMB2FlushResponse()

    def _do_read(self, request, session):
        if not (file_id := self._open_of(request, session)):
            return ntstatus.STATUS_FILE_CLOSED, SMB2ErrorResponse()
        content = self.files[session.opens[file_id]]
        data = content[request.payload.offset : request.payload.offset + request.payload.length]
        if not data:
            return ntstatus.STATUS_END_OF_FILE, SMB2ErrorResponse()
        return STATUS_SUCCESS, SMB2ReadResponse(data=data)

    def _do_write(self, request, session):
        if not (file_id := self._open_of(request, session)):
            return ntstatus.STATUS_FILE_CLOSED, SMB2ErrorResponse()
        name, offset, data = session.opens[file_id], request.payload.offset, bytes(request.payload.data)
        old = self.files[name].ljust(offset, b'\0')
        self.files[name] = old[:offset] + data + old[offset + len(data) :]
        return STATUS_SUCCESS, SMB2WriteResponse(count=len(data))

    def _do_query_directory(self, request, session):
        if not (file_id := self._open_of(request, session)):
            return ntstatus.STATUS_FILE_CLOSED, SMB2ErrorResponse()
        begin = session.listed.get(file_id, 0)
        names = self.names[begin : begin + self.batch]
        if not names:
            return ntstatus.STATUS_NO_MORE_FILES, SMB2ErrorResponse()
        session.listed[file_id] = begin + len(names)
        tail = ENTRY_TAILS[request.payload.file_information_class]
        return STATUS_SUCCESS, SMB2QueryDirectoryResponse(output_buffer=directory_entries(names, tail))

    def _do_query_info(self, request, session):
        if not (file_id := self._open_of(request, session)):
            return ntstatus.STATUS_FILE_CLOSED, SMB2ErrorResponse()
        answer = b'security descriptor'
        if request.payload.info_type == SMB2_INFO_FILE:
            size = len(self.files[session.opens[file_id]])
            information = FileStandardInformation(
                allocation_size=0, end_of_file=size, number_of_links=1, delete_pending=0, directory=0
            )
            answer = information.pack()
        return STATUS_SUCCESS, SMB2QueryInfoResponse(output_buffer=answer)

    def _do_set_info(self, request, session):
        if not self._open_of(request, session):
            return ntstatus.STATUS_FILE_CLOSED, SMB2ErrorResponse()
        return STATUS_SUCCESS, SMB2SetInfoResponse()


def directory_entries(names, tail):
    """Entries of [MS-FSCC] 2.4 that have ``tail`` bytes between FileNameLength and FileName."""
    packed = b''
    for name in names:
        encoded = name.encode('utf-16-le')
        body = bytes(56 - 4) + (0x20).to_bytes(4, 'little') + len(encoded).to_bytes(4, 'little') + bytes(tail) + encoded
        size = 4 + len(body)
        step = 0 if name is names[-1] else size + len(padding(size, 8))
        packed += step.to_bytes(4, 'little') + body.ljust(step - 4, b'\0')
    return packed
