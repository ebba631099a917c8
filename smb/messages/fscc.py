"""What files and folders are said to be, in both dialects: file information and directory entries, [MS-FSCC] 2.4.

Each structure is the section of its name, and ``INFORMATION_CLASS`` is the number that it is asked for or set by. Times
are FILETIMEs; when they are set, 0 leaves a time as it is and -1 keeps the server from changing it through this handle.

Directory entries are no declared structures, since listings have 100,000 of them: ``parse_directory`` goes over the
bytes with one compiled ``Struct`` and makes nothing but what the caller gets.
"""

from __future__ import annotations

import struct
from codecs import utf_16_le_decode
from collections.abc import Callable
from typing import ClassVar

from smb import smb2_constants as numbers
from smb.errors import ProtocolError
from smb.results import SharedFile
from smb.wire import structure as wire
from smb.wire.values import EPOCH_AS_FILETIME, TICKS_PER_SECOND

LONGEST_BATCH = 1 << 20  # bytes of entries in one answer; nobody asks for as much


class FileInformation(wire.Structure):
    """One class of information about a file."""

    INFORMATION_CLASS: ClassVar[int]


@wire.structure
class FileBasicInformation(FileInformation):
    """Times and attributes; attributes of 0 are not set."""

    INFORMATION_CLASS = numbers.FileBasicInformation

    creation_time: int = wire.i64(default=0)
    last_access_time: int = wire.i64(default=0)
    last_write_time: int = wire.i64(default=0)
    change_time: int = wire.i64(default=0)
    file_attributes: int = wire.u32(default=0)
    reserved: int = wire.u32(default=0)


@wire.structure
class FileStandardInformation(FileInformation):
    """Sizes, links, and whether it is a folder."""

    INFORMATION_CLASS = numbers.FileStandardInformation

    allocation_size: int = wire.u64()
    end_of_file: int = wire.u64()
    number_of_links: int = wire.u32()
    delete_pending: int = wire.u8()
    directory: int = wire.u8()
    reserved: int = wire.u16(default=0)


@wire.structure
class FileInternalInformation(FileInformation):
    """The number of the file in its file system."""

    INFORMATION_CLASS = numbers.FileInternalInformation

    index_number: int = wire.u64()


@wire.structure
class FileNetworkOpenInformation(FileInformation):
    """Times, sizes and attributes at once."""

    INFORMATION_CLASS = numbers.FileNetworkOpenInformation

    creation_time: int = wire.i64()
    last_access_time: int = wire.i64()
    last_write_time: int = wire.i64()
    change_time: int = wire.i64()
    allocation_size: int = wire.u64()
    end_of_file: int = wire.u64()
    file_attributes: int = wire.u32()
    reserved: int = wire.u32(default=0)


@wire.structure
class FileAttributeTagInformation(FileInformation):
    """Attributes, and the kind of reparse point where it is one."""

    INFORMATION_CLASS = numbers.FileAttributeTagInformation

    file_attributes: int = wire.u32()
    reparse_tag: int = wire.u32()


@wire.structure
class FileAllInformation(FileInformation):
    """Everything about a file but its name.

    The name stands behind these fields. It is not read: a server leaves out what of it finds no room in the buffer
    (STATUS_BUFFER_OVERFLOW), and it can be 64 KiB long.
    """

    INFORMATION_CLASS = numbers.FileAllInformation

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
    index_number: int = wire.u64()
    ea_size: int = wire.u32()
    access_flags: int = wire.u32()
    current_byte_offset: int = wire.u64()
    mode: int = wire.u32()
    alignment_requirement: int = wire.u32()


@wire.structure
class FileEndOfFileInformation(FileInformation):
    """The size to cut or extend a file to."""

    INFORMATION_CLASS = numbers.FileEndOfFileInformation

    end_of_file: int = wire.u64()


@wire.structure
class FileAllocationInformation(FileInformation):
    """The room to set aside for a file."""

    INFORMATION_CLASS = numbers.FileAllocationInformation

    allocation_size: int = wire.u64()


@wire.structure
class FilePositionInformation(FileInformation):
    """Where a handle stands in its file."""

    INFORMATION_CLASS = numbers.FilePositionInformation

    current_byte_offset: int = wire.u64()


@wire.structure
class FileDispositionInformation(FileInformation):
    """Whether the file goes away with its last handle."""

    INFORMATION_CLASS = numbers.FileDispositionInformation

    delete_pending: int = wire.u8()


@wire.structure
class FileDispositionInformationEx(FileInformation):
    """How the file goes away: FILE_DISPOSITION_... flags."""

    INFORMATION_CLASS = numbers.FileDispositionInformationEx

    flags: int = wire.u32()


@wire.structure
class FileRenameInformation(FileInformation):
    """The new path of a file, from the root of its share, in the form for SMB2 (FILE_RENAME_INFORMATION_TYPE_2)."""

    INFORMATION_CLASS = numbers.FileRenameInformation
    SMALLEST = 24  # a server may refuse less

    replace_if_exists: int = wire.u8(default=0)
    reserved: bytes = wire.raw(7, default=bytes(7))
    root_directory: int = wire.u64(default=0)
    file_name_length: int = wire.u32(default=0)
    file_name: str = wire.text('', 'file_name_length')

    def pack_parts(self) -> list[wire.Buffer]:
        parts = super().pack_parts()
        return [*parts, bytes(max(0, self.SMALLEST - sum(map(len, parts))))]


@wire.structure
class FileFsSizeInformation(wire.Structure):
    """How large a volume is and how much of it is free, [MS-FSCC] 2.5.8."""

    INFORMATION_CLASS: ClassVar[int] = numbers.FileFsSizeInformation

    total_allocation_units: int = wire.u64()
    available_allocation_units: int = wire.u64()
    sectors_per_allocation_unit: int = wire.u32()
    bytes_per_sector: int = wire.u32()


@wire.structure
class FileFsFullSizeInformation(wire.Structure):
    """The same, and what of it this user may take, [MS-FSCC] 2.5.4."""

    INFORMATION_CLASS: ClassVar[int] = numbers.FileFsFullSizeInformation

    total_allocation_units: int = wire.u64()
    caller_available_allocation_units: int = wire.u64()
    actual_available_allocation_units: int = wire.u64()
    sectors_per_allocation_unit: int = wire.u32()
    bytes_per_sector: int = wire.u32()


def full_size(information: FileFsSizeInformation) -> FileFsFullSizeInformation:
    """What a server that knows of no quotas says, in the words of one that does."""
    return FileFsFullSizeInformation(
        total_allocation_units=information.total_allocation_units,
        caller_available_allocation_units=information.available_allocation_units,
        actual_available_allocation_units=information.available_allocation_units,
        sectors_per_allocation_unit=information.sectors_per_allocation_unit,
        bytes_per_sector=information.bytes_per_sector,
    )


# All directory entries begin alike: NextEntryOffset, FileIndex, four times, EndOfFile, AllocationSize, FileAttributes,
# FileNameLength. What a class then has of ShortNameLength, ShortName and FileId differs: ``0s`` stands for a field that
# is not there, so that one loop can read them all. The second value is whether there is a FileId.
_HEAD = '<I4x4q2Q2I'
_DIRECTORY_ENTRIES = {
    numbers.FileDirectoryInformation: (struct.Struct(_HEAD + '0s0s0s'), False),
    numbers.FileFullDirectoryInformation: (struct.Struct(_HEAD + '4x0s0s0s'), False),
    numbers.FileBothDirectoryInformation: (struct.Struct(_HEAD + '4xBx24s0s'), False),
    numbers.FileIdFullDirectoryInformation: (struct.Struct(_HEAD + '4x4x0s0sQ'), True),
    numbers.FileIdBothDirectoryInformation: (struct.Struct(_HEAD + '4xBx24s2xQ'), True),
}


def parse_directory(
    information_class: int,
    data: wire.Buffer,
    count: int | None = None,
    decode: Callable[[bytes, str, bool], tuple[str, int]] = utf_16_le_decode,
) -> list[SharedFile]:
    """The files and folders in a buffer of directory entries, in the server's order.

    ``information_class``: FileDirectoryInformation, or its Full, Both, IdFull or IdBoth form; where it has no short
    name or file id, these are ``''`` and None. ``count``: how many entries the server announced, as SMB1 does
    (SearchCount, [MS-CIFS] 2.2.6.2.2); without it, there is at least one, and the last has NextEntryOffset 0.
    ``decode``: what makes a text of a name's bytes; short names are in UTF-16 always.

    ProtocolError where the bytes are no such entries, or a name is one that no file can have.
    """
    if len(data) > LONGEST_BATCH:
        raise ProtocolError(f'{len(data)} bytes of directory entries came at once', bytes(data[:1024]))
    layout, has_id = _DIRECTORY_ENTRIES[information_class]
    buffer = bytes(data)
    size, header_size, unpack = len(buffer), layout.size, layout.unpack_from
    epoch, ticks = EPOCH_AS_FILETIME, TICKS_PER_SECOND
    entries: list[SharedFile] = []
    position = 0
    try:
        while len(entries) != count:
            (next_entry_offset, created, accessed, written, changed, end_of_file, allocation_size, attributes,
             name_length, short_name_length, short_name, file_id) = unpack(buffer, position)  # fmt: skip
            begin = position + header_size
            end = begin + name_length
            # The next entry stands behind this one: so the loop moves forward, and no byte is read twice.
            if end > (position + next_entry_offset if next_entry_offset else size):
                raise _refusal(buffer, position, 'a name reaches beyond its entry')
            name = decode(buffer[begin:end], 'surrogatepass', True)[0]
            if '/' in name or '\\' in name or '\0' in name or not name:
                raise _refusal(buffer, position, f'no file can have the name {name!r}')
            short = _short_name(buffer, position, short_name, short_name_length) if short_name_length else ''
            # Most files have the same time two or three times over; a comparison costs a fourth of a conversion.
            write_time = (written - epoch) / ticks
            change_time = write_time if changed == written else (changed - epoch) / ticks
            create_time = write_time if created == written else (created - epoch) / ticks
            access_time = create_time if accessed == created else (accessed - epoch) / ticks
            entries.append(SharedFile(create_time, access_time, write_time, change_time, end_of_file, allocation_size,
                                      attributes, short, name, file_id if has_id else None))  # fmt: skip
            if not next_entry_offset:
                break
            position += next_entry_offset
    except (struct.error, OverflowError):  # the second from an offset that is too large for 32-bit Python
        raise _refusal(buffer, position, f'{max(0, size - position)} of {header_size} bytes are there') from None
    except UnicodeDecodeError as error:
        raise _refusal(buffer, position, f'a name has {len(error.object)} bytes, which is no UTF-16') from None
    # smbd's last entry in SMB1 points to the end of the buffer.
    if count is not None and (len(entries) != count or position > size):
        raise _refusal(buffer, position, f'{len(entries)} of {count} entries are there')
    return entries


def _short_name(buffer: bytes, position: int, field: bytes, length: int) -> str:
    """The 8.3 name of the entry at ``position``; the same rules hold for it."""
    if length > len(field):
        raise _refusal(buffer, position, f'a short name has {length} of {len(field)} bytes')
    name = utf_16_le_decode(field[:length], 'surrogatepass', True)[0]
    if '/' in name or '\\' in name or '\0' in name:
        raise _refusal(buffer, position, f'no file can have the short name {name!r}')
    return name


def _refusal(buffer: bytes, position: int, why: str) -> ProtocolError:
    shown = buffer[position : position + 1024]
    return ProtocolError(f'The directory entry at byte {position} of {len(buffer)} is wrong: {why}', shown)
