"""The commands that carry little: CLOSE, FLUSH, ECHO, LOGOFF, CANCEL; and the ERROR response, [MS-SMB2] 2.2."""

from __future__ import annotations

from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.smb2_constants import SMB2_COM_CANCEL, SMB2_COM_CLOSE, SMB2_COM_ECHO, SMB2_COM_FLUSH, SMB2_COM_LOGOFF
from smb.wire import structure as wire
from smb.wire.cursor import Cursor

_SYMLINK_ERROR_TAG = 0x4C4D5953  # 'SYML', [MS-SMB2] 2.2.2.2.1
_SYMLINK_ERROR_TAG_OFFSET = 4


@wire.structure
class SMB2CloseResponse(SMB2Response):
    """SMB2 CLOSE Response, [MS-SMB2] 2.2.16; without SMB2_CLOSE_FLAG_POSTQUERY_ATTRIB all of it is 0."""

    COMMAND = SMB2_COM_CLOSE
    STRUCTURE_SIZE = 60

    flags: int = wire.u16(default=0)
    reserved: int = wire.u32(default=0)
    creation_time: int = wire.u64(default=0)  # FILETIME, as the next three
    last_access_time: int = wire.u64(default=0)
    last_write_time: int = wire.u64(default=0)
    change_time: int = wire.u64(default=0)
    allocation_size: int = wire.u64(default=0)
    end_of_file: int = wire.u64(default=0)
    file_attributes: int = wire.u32(default=0)


@wire.structure
class SMB2CloseRequest(SMB2Request):
    """SMB2 CLOSE Request, [MS-SMB2] 2.2.15."""

    COMMAND = SMB2_COM_CLOSE
    STRUCTURE_SIZE = 24
    RESPONSE = SMB2CloseResponse

    flags: int = wire.u16(default=0)
    reserved: int = wire.u32(default=0)
    file_id: bytes = wire.raw(16)


@wire.structure
class SMB2FlushResponse(SMB2Response):
    """SMB2 FLUSH Response, [MS-SMB2] 2.2.18."""

    COMMAND = SMB2_COM_FLUSH
    STRUCTURE_SIZE = 4

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2FlushRequest(SMB2Request):
    """SMB2 FLUSH Request, [MS-SMB2] 2.2.17."""

    COMMAND = SMB2_COM_FLUSH
    STRUCTURE_SIZE = 24
    RESPONSE = SMB2FlushResponse

    reserved1: int = wire.u16(default=0)
    reserved2: int = wire.u32(default=0)
    file_id: bytes = wire.raw(16)


@wire.structure
class SMB2EchoResponse(SMB2Response):
    """SMB2 ECHO Response, [MS-SMB2] 2.2.29."""

    COMMAND = SMB2_COM_ECHO
    STRUCTURE_SIZE = 4

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2EchoRequest(SMB2Request):
    """SMB2 ECHO Request, [MS-SMB2] 2.2.28."""

    COMMAND = SMB2_COM_ECHO
    STRUCTURE_SIZE = 4
    RESPONSE = SMB2EchoResponse

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2LogoffResponse(SMB2Response):
    """SMB2 LOGOFF Response, [MS-SMB2] 2.2.8."""

    COMMAND = SMB2_COM_LOGOFF
    STRUCTURE_SIZE = 4

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2LogoffRequest(SMB2Request):
    """SMB2 LOGOFF Request, [MS-SMB2] 2.2.7."""

    COMMAND = SMB2_COM_LOGOFF
    STRUCTURE_SIZE = 4
    RESPONSE = SMB2LogoffResponse

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2CancelRequest(SMB2Request):
    """SMB2 CANCEL Request, [MS-SMB2] 2.2.30; it has no answer of its own."""

    COMMAND = SMB2_COM_CANCEL
    STRUCTURE_SIZE = 4

    reserved: int = wire.u16(default=0)


@wire.structure
class SMB2SymbolicLinkError(wire.Structure):
    """Symbolic Link Error Response, [MS-SMB2] 2.2.2.2.1.

    ``unparsed_path_length`` counts the bytes at the end of the requested name that follow the link in it.
    """

    ORIGIN = -28  # offsets count from PathBuffer

    sym_link_length: int = wire.u32(default=0)
    sym_link_error_tag: int = wire.u32(default=_SYMLINK_ERROR_TAG)
    reparse_tag: int = wire.u32()
    reparse_data_length: int = wire.u16(default=0)
    unparsed_path_length: int = wire.u16()
    substitute_name_offset: int = wire.u16(default=0)
    substitute_name_length: int = wire.u16(default=0)
    print_name_offset: int = wire.u16(default=0)
    print_name_length: int = wire.u16(default=0)
    flags: int = wire.u32()  # 1: the names are relative to the folder that has the link
    substitute_name: str = wire.text('substitute_name_offset', 'substitute_name_length')
    print_name: str = wire.text('print_name_offset', 'print_name_length')


@wire.structure
class SMB2ErrorContext(wire.Structure):
    """SMB2 ERROR Context Response, [MS-SMB2] 2.2.2.1."""

    error_data_length: int = wire.u32(default=0)
    error_id: int = wire.u32(default=0)
    error_context_data: bytes = wire.buffer('', 'error_data_length', default=b'')


@wire.structure
class SMB2ErrorResponse(SMB2Response):
    """SMB2 ERROR Response, [MS-SMB2] 2.2.2; also the interim answer with STATUS_PENDING."""

    STRUCTURE_SIZE = 9

    error_context_count: int = wire.u8(default=0)  # of 3.1.1, 0 before
    reserved: int = wire.u8(default=0)
    byte_count: int = wire.u32(default=0)
    error_data: bytes = wire.buffer('', 'byte_count', default=b'')

    def contexts(self) -> list[SMB2ErrorContext]:
        """The error data by context; data that are in none come as one with the id 0. ProtocolError when malformed."""
        if not self.error_context_count:
            return [SMB2ErrorContext(error_context_data=self.error_data)] if self.error_data else []
        cursor = Cursor(self.error_data, 'The list of error contexts')
        contexts = []
        for _ in range(self.error_context_count):
            cursor.align(8)
            context = SMB2ErrorContext.unpack(cursor.data[cursor.position :])
            cursor.take(SMB2ErrorContext.fixed_size() + context.error_data_length)
            contexts.append(context)
        return contexts

    def symbolic_link(self) -> SMB2SymbolicLinkError | None:
        """Where the link leads that STATUS_STOPPED_ON_SYMLINK is about; None when the server does not say."""
        tag = _SYMLINK_ERROR_TAG.to_bytes(4, 'little')
        for context in self.contexts():
            if context.error_context_data.startswith(tag, _SYMLINK_ERROR_TAG_OFFSET):
                return SMB2SymbolicLinkError.unpack(context.error_context_data)
        return None

    def required_length(self) -> int | None:
        """The bytes that STATUS_BUFFER_TOO_SMALL asks for, [MS-SMB2] 2.2.2.2; None when the server does not say."""
        for context in self.contexts():
            return Cursor(context.error_context_data, 'The required buffer length').u32()
        return None
