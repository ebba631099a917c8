"""The subcommands of TRANSACTION2, [MS-CIFS] 2.2.6, and their information levels, 2.2.8 and [MS-SMB] 2.2.8.

The parameters of each subcommand are a structure, for ``ComTransaction2Request.of``; its answer has parameters of its
own, and data that the information level describes.
"""

from __future__ import annotations

from codecs import utf_16_le_decode

from smb import smb2_constants as numbers
from smb.errors import ProtocolError
from smb.messages.fscc import (
    FileAllocationInformation,
    FileBasicInformation,
    FileDispositionInformation,
    FileEndOfFileInformation,
    FileInformation,
    parse_directory,
)
from smb.messages.smb1.payload import String, oem_decode
from smb.messages.smb1.transaction import Transaction2Parameters
from smb.results import SharedFile
from smb.smb_constants import (
    SMB_FIND_CLOSE_AT_EOS,
    SMB_FIND_CONTINUE_FROM_LAST,
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_DIRECTORY_INFO,
    SMB_FIND_FILE_FULL_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_FULL_DIRECTORY_INFO,
    SMB_FIND_RETURN_RESUME_KEYS,
    SMB_INFO_PASSTHROUGH,
    SMB_SET_FILE_ALLOCATION_INFO,
    SMB_SET_FILE_BASIC_INFO,
    SMB_SET_FILE_DISPOSITION_INFO,
    SMB_SET_FILE_END_OF_FILE_INFO,
    TRANS2_FIND_FIRST2,
    TRANS2_FIND_NEXT2,
    TRANS2_QUERY_FILE_INFORMATION,
    TRANS2_QUERY_FS_INFORMATION,
    TRANS2_QUERY_PATH_INFORMATION,
    TRANS2_SET_FILE_INFORMATION,
    TRANS2_SET_PATH_INFORMATION,
)
from smb.wire import structure as wire
from smb.wire.cursor import Cursor

_FIND_CLASSES = {
    SMB_FIND_FILE_DIRECTORY_INFO: numbers.FileDirectoryInformation,
    SMB_FIND_FILE_FULL_DIRECTORY_INFO: numbers.FileFullDirectoryInformation,
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO: numbers.FileBothDirectoryInformation,
    SMB_FIND_FILE_ID_FULL_DIRECTORY_INFO: numbers.FileIdFullDirectoryInformation,
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO: numbers.FileIdBothDirectoryInformation,
}
_SET_LEVELS: dict[type[FileInformation], int] = {
    FileBasicInformation: SMB_SET_FILE_BASIC_INFO,
    FileDispositionInformation: SMB_SET_FILE_DISPOSITION_INFO,
    FileAllocationInformation: SMB_SET_FILE_ALLOCATION_INFO,
    FileEndOfFileInformation: SMB_SET_FILE_END_OF_FILE_INFO,
}


@wire.structure
class Trans2FindFirst2Request(Transaction2Parameters):
    """TRANS2_FIND_FIRST2 Request, [MS-CIFS] 2.2.6.2.1."""

    SUBCOMMAND = TRANS2_FIND_FIRST2
    MAX_PARAMETER_COUNT = 10

    search_attributes: int = wire.u16()  # what an entry may be besides a normal file
    search_count: int = wire.u16()
    flags: int = wire.u16(default=SMB_FIND_CLOSE_AT_EOS | SMB_FIND_RETURN_RESUME_KEYS)
    information_level: int = wire.u16(default=SMB_FIND_FILE_BOTH_DIRECTORY_INFO)
    search_storage_type: int = wire.u32(default=0)
    file_name: str = wire.encoded(String())  # from the root of the share, with wildcards in the last part


@wire.structure
class Trans2FindFirst2Response(wire.Structure):
    """TRANS2_FIND_FIRST2 Response, [MS-CIFS] 2.2.6.2.2."""

    sid: int = wire.u16()  # the search, for FIND_NEXT2 and FIND_CLOSE2
    search_count: int = wire.u16()  # entries in the data
    end_of_search: int = wire.u16()
    ea_error_offset: int = wire.u16(default=0)
    last_name_offset: int = wire.u16(default=0)


@wire.structure
class Trans2FindNext2Request(Transaction2Parameters):
    """TRANS2_FIND_NEXT2 Request, [MS-CIFS] 2.2.6.3.1.

    ``resume_key`` and ``file_name`` are of the last entry that the server sent, which is not always the last one that
    anybody wanted: servers go on from one or the other, where they do not know by themselves (CONTINUE_FROM_LAST).
    """

    SUBCOMMAND = TRANS2_FIND_NEXT2
    MAX_PARAMETER_COUNT = 8

    sid: int = wire.u16()
    search_count: int = wire.u16()
    information_level: int = wire.u16(default=SMB_FIND_FILE_BOTH_DIRECTORY_INFO)
    resume_key: int = wire.u32(default=0)
    flags: int = wire.u16(default=SMB_FIND_CLOSE_AT_EOS | SMB_FIND_RETURN_RESUME_KEYS | SMB_FIND_CONTINUE_FROM_LAST)
    file_name: str = wire.encoded(String())


@wire.structure
class Trans2FindNext2Response(wire.Structure):
    """TRANS2_FIND_NEXT2 Response, [MS-CIFS] 2.2.6.3.2."""

    search_count: int = wire.u16()
    end_of_search: int = wire.u16()
    ea_error_offset: int = wire.u16(default=0)
    last_name_offset: int = wire.u16(default=0)


def parse_entries(level: int, data: wire.Buffer, count: int, is_unicode: bool = True) -> list[SharedFile]:
    """The entries in the data of FIND_FIRST2 or FIND_NEXT2; ``level``: SMB_FIND_FILE_..., ``count``: SearchCount."""
    return parse_directory(_FIND_CLASSES[level], data, count, utf_16_le_decode if is_unicode else oem_decode)


def last_resume_key(data: wire.Buffer, count: int) -> int:
    """FileIndex of the last of ``count`` entries, 0 without one.

    LastNameOffset should tell where it is, but counts to the entry on some servers and to its name on others.
    """
    if not count:
        return 0
    cursor = Cursor(data, 'The list of entries')
    for _ in range(count - 1):
        begin = cursor.position
        step = cursor.u32()
        if not step:
            raise ProtocolError(f'The list of {count} entries ends before the last', bytes(cursor.data[:1024]))
        cursor.seek(begin + step)
    cursor.take(4)
    return cursor.u32()


@wire.structure
class Trans2QueryFsInformationRequest(Transaction2Parameters):
    """TRANS2_QUERY_FS_INFORMATION Request, [MS-CIFS] 2.2.6.4.1; its answer has no parameters."""

    SUBCOMMAND = TRANS2_QUERY_FS_INFORMATION
    MAX_PARAMETER_COUNT = 0

    information_level: int = wire.u16()


@wire.structure
class Trans2QueryPathInformationRequest(Transaction2Parameters):
    """TRANS2_QUERY_PATH_INFORMATION Request, [MS-CIFS] 2.2.6.6.1."""

    SUBCOMMAND = TRANS2_QUERY_PATH_INFORMATION
    MAX_PARAMETER_COUNT = 2  # EaErrorOffset, as in the answers to the next three

    information_level: int = wire.u16()
    reserved: int = wire.u32(default=0)
    file_name: str = wire.encoded(String())


@wire.structure
class Trans2SetPathInformationRequest(Transaction2Parameters):
    """TRANS2_SET_PATH_INFORMATION Request, [MS-CIFS] 2.2.6.7.1; the data are what to set."""

    SUBCOMMAND = TRANS2_SET_PATH_INFORMATION
    MAX_PARAMETER_COUNT = 2

    information_level: int = wire.u16()
    reserved: int = wire.u32(default=0)
    file_name: str = wire.encoded(String())


@wire.structure
class Trans2QueryFileInformationRequest(Transaction2Parameters):
    """TRANS2_QUERY_FILE_INFORMATION Request, [MS-CIFS] 2.2.6.8.1."""

    SUBCOMMAND = TRANS2_QUERY_FILE_INFORMATION
    MAX_PARAMETER_COUNT = 2

    fid: int = wire.u16()
    information_level: int = wire.u16()


@wire.structure
class Trans2SetFileInformationRequest(Transaction2Parameters):
    """TRANS2_SET_FILE_INFORMATION Request, [MS-CIFS] 2.2.6.9.1; the data are what to set."""

    SUBCOMMAND = TRANS2_SET_FILE_INFORMATION
    MAX_PARAMETER_COUNT = 2

    fid: int = wire.u16()
    information_level: int = wire.u16()
    reserved: int = wire.u16(default=0)


def set_level(information: FileInformation, passes_through: bool) -> int:
    """The level to set ``information`` by; ``passes_through``: the server has CAP_INFOLEVEL_PASSTHRU.

    KeyError where it has no level of its own, and nothing passes through.
    """
    if passes_through:
        return SMB_INFO_PASSTHROUGH + information.INFORMATION_CLASS
    return _SET_LEVELS[type(information)]


@wire.structure
class SMBQueryFileBasicInfo(wire.Structure):
    """SMB_QUERY_FILE_BASIC_INFO, [MS-CIFS] 2.2.8.3.6; the times are FILETIMEs. smbd leaves the reserved end out."""

    creation_time: int = wire.i64()
    last_access_time: int = wire.i64()
    last_write_time: int = wire.i64()
    change_time: int = wire.i64()
    file_attributes: int = wire.u32()


@wire.structure
class SMBQueryFileStandardInfo(wire.Structure):
    """SMB_QUERY_FILE_STANDARD_INFO, [MS-CIFS] 2.2.8.3.7."""

    allocation_size: int = wire.u64()
    end_of_file: int = wire.u64()
    number_of_links: int = wire.u32()
    delete_pending: int = wire.u8()
    directory: int = wire.u8()


@wire.structure
class SMBQueryFileAllInfo(wire.Structure):
    """SMB_QUERY_FILE_ALL_INFO, [MS-CIFS] 2.2.8.3.10, but for the name at its end."""

    creation_time: int = wire.i64()
    last_access_time: int = wire.i64()
    last_write_time: int = wire.i64()
    change_time: int = wire.i64()
    file_attributes: int = wire.u32()
    reserved1: int = wire.u32(default=0)
    allocation_size: int = wire.u64()
    end_of_file: int = wire.u64()
    number_of_links: int = wire.u32()
    delete_pending: int = wire.u8()
    directory: int = wire.u8()
    reserved2: int = wire.u16(default=0)
    ea_size: int = wire.u32()


@wire.structure
class SMBFileRenameInformation(FileInformation):
    """FileRenameInformation in the form for SMB1, [MS-FSCC] 2.4.42.1; the name is in Unicode always."""

    INFORMATION_CLASS = numbers.FileRenameInformation

    replace_if_exists: int = wire.u8(default=0)
    reserved: bytes = wire.raw(3, default=bytes(3))
    root_directory: int = wire.u32(default=0)
    file_name_length: int = wire.u32(default=0)
    file_name: str = wire.text('', 'file_name_length')


@wire.structure
class SMBQueryFsSizeInfo(wire.Structure):
    """SMB_QUERY_FS_SIZE_INFO, [MS-CIFS] 2.2.8.2.4."""

    total_allocation_units: int = wire.u64()
    total_free_allocation_units: int = wire.u64()
    sectors_per_allocation_unit: int = wire.u32()
    bytes_per_sector: int = wire.u32()
