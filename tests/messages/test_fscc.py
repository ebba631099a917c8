"""File information and directory entries, [MS-FSCC] 2.4. Captures are of a Samba 4.17 server and its client."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import smb2_constants as numbers
from smb.errors import ProtocolError
from smb.messages import fscc
from smb.messages.fscc import parse_directory
from smb.results import SharedFile
from tests.check_wire import check_wire

FILETIME = 133_000_000_000_000_000
EPOCH = (FILETIME - 116444736000000000) / 10000000

# What follows FileNameLength in each class: EaSize (5) and, where there are some, ShortNameLength, ShortName, FileId
TAILS = {
    numbers.FileDirectoryInformation: lambda short, file_id: b'',
    numbers.FileFullDirectoryInformation: lambda short, file_id: struct.pack('<I', 5),
    numbers.FileBothDirectoryInformation: lambda short, file_id: struct.pack('<IBB24s', 5, len(short), 0xAA, short),
    numbers.FileIdFullDirectoryInformation: lambda short, file_id: struct.pack('<IIQ', 5, 0xAAAAAAAA, file_id),
    numbers.FileIdBothDirectoryInformation: lambda short, file_id: struct.pack(
        '<IBB24sHQ', 5, len(short), 0xAA, short, 0xAAAA, file_id
    ),
}
HEADER_SIZES = {1: 64, 2: 68, 3: 94, 38: 80, 37: 104}
WITH_SHORT_NAME = (numbers.FileBothDirectoryInformation, numbers.FileIdBothDirectoryInformation)
WITH_FILE_ID = (numbers.FileIdFullDirectoryInformation, numbers.FileIdBothDirectoryInformation)
all_classes = pytest.mark.parametrize('information_class', TAILS)

CAPTURED_ID_BOTH = """
    700000000000000093d06eb6b77add0193d06eb6b77add01a50d86b6b77add01a50d86b6b77add0100000000000000000000000000000000
    1000000002000000000000000000000000000000000000000000000000000000000000000000000024e22000000000002e00000000000000
    7000000000000000e5c96db6b77add01e5c96db6b77add0137d96eb6b77add0137d96eb6b77add0100000000000000000000000000000000
    100000000400000000000000000000000000000000000000000000000000000000000000000000001ce22000000000002e002e0000000000
    7800000000000000a50d86b6b77add01a50d86b6b77add01a50d86b6b77add01a50d86b6b77add0100000000000000000000000000000000
    800000000c00000000000000000000000000000000000000000000000000000000000000000000004ce22000000000003dd800de2e006200
    69006e00000000009800000000000000a50d86b6b77add01a50d86b6b77add01a50d86b6b77add01a50d86b6b77add010000000000000000
    0000000000000000800000002e00000000000000000000000000000000000000000000000000000000000000000000004ae2200000000000
    6100200072006100740068006500720020006c006f006e00670020006e0061006d0065002e00740065007800740000008000000000000000
    65fb84b6b77add0165fb84b6b77add01a50d86b6b77add01a50d86b6b77add01060000000000000000100000000000008000000012000000
    000000000000000000000000000000000000000000000000000000000000000049e2200000000000680065006c006c006f002e0074007800
    7400000000000000000000000000000065fb84b6b77add0165fb84b6b77add0165fb84b6b77add0165fb84b6b77add010000000000000000
    0000000000000000100000000c00000000000000000000000000000000000000000000000000000000000000000000004be2200000000000
    66006f006c00640065007200"""

# The last two entries of a FIND_FIRST2 answer in SMB1; the last one's NextEntryOffset is its own size.
CAPTURED_SMB1_BOTH = """
    7000000000000000a4ff7fc2b77add01a4ff7fc2b77add01e01581c2b77add01e01581c2b77add0106000000000000000010000000000000
    8000000012000000000000000000000000000000000000000000000000000000000000000000680065006c006c006f002e00740078007400
    6c00000000000000a4ff7fc2b77add01a4ff7fc2b77add01a4ff7fc2b77add01a4ff7fc2b77add0100000000000000000000000000000000
    100000000c00000000000000000000000000000000000000000000000000000000000000000066006f006c006400650072000000"""


def entry(
    information_class: int,
    name: str | bytes,
    *,
    next_entry_offset: int | None = 0,
    name_length: int | None = None,
    short: bytes = b'',
    times: tuple[int, int, int, int] = (FILETIME, FILETIME, FILETIME, FILETIME),
) -> bytes:
    """One directory entry; ``next_entry_offset=None``: padded to eight bytes, with the next one behind it."""
    encoded = name if isinstance(name, bytes) else name.encode('utf-16-le', 'surrogatepass')
    length = len(encoded) if name_length is None else name_length
    fixed = struct.pack('<I4q2Q2I', 0xAAAAAAAA, *times, 1234, 4096, 0x20, length)
    rest = fixed + TAILS[information_class](short, 77) + encoded
    if next_entry_offset is None:
        rest += bytes(-(len(rest) + 4) % 8)
        next_entry_offset = len(rest) + 4
    return struct.pack('<I', next_entry_offset) + rest


def test_basic_information() -> None:
    # A capture of SET_INFO that sets all times and leaves the attributes
    filetime = 0x01D5C1194AC40080
    check_wire(
        fscc.FileBasicInformation(
            creation_time=filetime, last_access_time=filetime, last_write_time=filetime, change_time=filetime
        ),
        '8000c44a19c1d501' * 4 + '00000000 00000000',
    )


def test_basic_information_keeps_times_by_minus_one() -> None:
    # A capture of SET_INFO that sets the read-only attribute
    check_wire(
        fscc.FileBasicInformation(creation_time=-1, last_access_time=-1, change_time=-1, file_attributes=0x21),
        'ffffffffffffffff ffffffffffffffff 0000000000000000 ffffffffffffffff 21000000 00000000',
    )


def test_standard_information() -> None:
    check_wire(
        fscc.FileStandardInformation(
            allocation_size=4096, end_of_file=6, number_of_links=1, delete_pending=0, directory=1
        ),
        '0010000000000000 0600000000000000 01000000 00 01 0000',
    )


def test_internal_information() -> None:
    check_wire(fscc.FileInternalInformation(index_number=0x20E249), '49e2200000000000')


def test_network_open_information() -> None:
    check_wire(
        fscc.FileNetworkOpenInformation(
            creation_time=1,
            last_access_time=2,
            last_write_time=3,
            change_time=4,
            allocation_size=4096,
            end_of_file=6,
            file_attributes=0x80,
        ),
        '0100000000000000 0200000000000000 0300000000000000 0400000000000000 0010000000000000 0600000000000000 80000000'
        '00000000',
    )


def test_attribute_tag_information() -> None:
    check_wire(fscc.FileAttributeTagInformation(file_attributes=0x410, reparse_tag=0xA000000C), '10040000 0c0000a0')


CAPTURED_ALL = (
    '65fb84b6b77add01 65fb84b6b77add01 a50d86b6b77add01 a50d86b6b77add01 80000000 00000000'
    '0010000000000000 0600000000000000 01000000 00 00 0000 49e2200000000000 00000000 80000000 0000000000000000'
    '80000000 00000000'
)
CAPTURED_ALL_NAME = '14000000 5c00680065006c006c006f002e00740078007400'


def test_all_information() -> None:
    # A capture of QUERY_INFO, without the name
    check_wire(
        fscc.FileAllInformation(
            creation_time=0x01DD7AB7B684FB65,
            last_access_time=0x01DD7AB7B684FB65,
            last_write_time=0x01DD7AB7B6860DA5,
            change_time=0x01DD7AB7B6860DA5,
            file_attributes=0x80,
            allocation_size=4096,
            end_of_file=6,
            number_of_links=1,
            delete_pending=0,
            directory=0,
            index_number=0x20E249,
            ea_size=0,
            access_flags=0x80,
            current_byte_offset=0,
            mode=0x80,
            alignment_requirement=0,
        ),
        CAPTURED_ALL,
    )


@pytest.mark.parametrize('cut', [0, 1, 11, 20, 24])
def test_all_information_is_read_whatever_there_is_of_the_name(cut: int) -> None:
    data = bytes.fromhex(CAPTURED_ALL + CAPTURED_ALL_NAME)
    assert fscc.FileAllInformation.unpack(data[: len(data) - cut]).end_of_file == 6


def test_sizes_and_positions() -> None:
    check_wire(fscc.FileEndOfFileInformation(end_of_file=0x1_0000_0002), '0200000001000000')
    check_wire(fscc.FileAllocationInformation(allocation_size=4096), '0010000000000000')
    check_wire(fscc.FilePositionInformation(current_byte_offset=3), '0300000000000000')


def test_dispositions() -> None:
    check_wire(fscc.FileDispositionInformation(delete_pending=1), '01')  # a capture of SET_INFO
    check_wire(fscc.FileDispositionInformationEx(flags=0x13), '13000000')


def test_rename_counts_bytes_of_names_beyond_the_basic_plane() -> None:
    # A capture of SET_INFO
    check_wire(
        fscc.FileRenameInformation(file_name='new😀.txt'),
        '00 00000000000000 0000000000000000 12000000 6e00650077003dd800de2e00740078007400',
    )


def test_rename_has_at_least_24_bytes() -> None:
    # FileRenameInformation for SMB2, Padding
    check_wire(
        fscc.FileRenameInformation(replace_if_exists=1, file_name='x'),
        '01 00000000000000 0000000000000000 02000000 7800 0000',
        may_be_cut_to=22,
    )


def test_rename_keeps_lone_surrogates() -> None:
    check_wire(fscc.FileRenameInformation(file_name='\udc80a'), '00' * 16 + '04000000 80dc 6100', may_be_cut_to=24)


@pytest.mark.parametrize(
    'structure',
    [value for value in vars(fscc).values() if isinstance(value, type) and 'INFORMATION_CLASS' in vars(value)],
)
def test_each_structure_has_the_number_of_its_name(structure: type[fscc.FileInformation]) -> None:
    assert getattr(numbers, structure.__name__) == structure.INFORMATION_CLASS


def test_captured_listing() -> None:
    entries = parse_directory(numbers.FileIdBothDirectoryInformation, bytes.fromhex(CAPTURED_ID_BOTH))
    assert [(e.filename, e.file_size, e.file_attributes, e.file_id, e.short_name) for e in entries] == [
        ('.', 0, 0x10, 0x20E224, ''),
        ('..', 0, 0x10, 0x20E21C, ''),
        ('😀.bin', 0, 0x80, 0x20E24C, ''),
        ('a rather long name.text', 0, 0x80, 0x20E24A, ''),
        ('hello.txt', 6, 0x80, 0x20E249, ''),
        ('folder', 0, 0x10, 0x20E24B, ''),
    ]
    hello = entries[4]
    assert hello.alloc_size == 4096
    assert hello.create_time == hello.last_access_time == (0x01DD7AB7B684FB65 - 116444736000000000) / 10000000
    assert hello.last_write_time == hello.last_attr_change_time == (0x01DD7AB7B6860DA5 - 116444736000000000) / 10000000


def test_captured_smb1_listing_ends_by_its_count() -> None:
    data = bytes.fromhex(CAPTURED_SMB1_BOTH)
    entries = parse_directory(numbers.FileBothDirectoryInformation, memoryview(data), 2)
    assert [(e.filename, e.file_size, e.file_id) for e in entries] == [('hello.txt', 6, None), ('folder', 0, None)]
    for count in (None, 3):
        with pytest.raises(ProtocolError):
            parse_directory(numbers.FileBothDirectoryInformation, data, count)


def test_count_of_nothing_is_nothing() -> None:
    assert parse_directory(numbers.FileBothDirectoryInformation, b'', 0) == []


def test_count_above_the_entries_there_is_refused() -> None:
    data = entry(3, 'a')
    assert len(parse_directory(3, data, 1)) == 1
    with pytest.raises(ProtocolError, match='1 of 2 entries'):
        parse_directory(3, data, 2)


def test_last_entry_by_count_may_not_point_outside() -> None:
    data = entry(3, 'name', next_entry_offset=0xFFFFFFF0, name_length=1000)
    with pytest.raises(ProtocolError):
        parse_directory(3, data, 1)


@all_classes
def test_every_class_gives_its_fields(information_class: int) -> None:
    times = (FILETIME, FILETIME + 10_000_000, FILETIME + 20_000_000, FILETIME + 30_000_000)
    short = 'A~1'.encode('utf-16-le')
    data = entry(information_class, 'first', next_entry_offset=None) + entry(
        information_class, 'second', short=short, times=times
    )
    first, second = parse_directory(information_class, data)
    file_id = 77 if information_class in WITH_FILE_ID else None
    short_name = 'A~1' if information_class in WITH_SHORT_NAME else ''
    assert first == SharedFile(EPOCH, EPOCH, EPOCH, EPOCH, 1234, 4096, 0x20, '', 'first', file_id)
    assert second == SharedFile(EPOCH, EPOCH + 1, EPOCH + 2, EPOCH + 3, 1234, 4096, 0x20, short_name, 'second', file_id)
    assert type(first.file_id) is type(second.file_id) is type(file_id)


@given(st.tuples(*[st.sampled_from([0, -1, 1, FILETIME, FILETIME + 1, 2**63 - 1])] * 4))
def test_each_time_is_converted_by_itself(times: tuple[int, int, int, int]) -> None:
    (file,) = parse_directory(37, entry(37, 'x', times=times))
    assert [file.create_time, file.last_access_time, file.last_write_time, file.last_attr_change_time] == [
        (filetime - 116444736000000000) / 10000000 for filetime in times
    ]


@all_classes
@pytest.mark.parametrize(
    'name', ['x', '.', '..', '...', 'ä😀' * 50, 'n' * 255, '\ud83d', '\udc80', 'a\udc80\ud83d', ' ']
)
def test_names_are_given_as_they_are(information_class: int, name: str) -> None:
    data = entry(information_class, name, next_entry_offset=None) + entry(information_class, name)
    assert [file.filename for file in parse_directory(information_class, data)] == [name, name]


@all_classes
@pytest.mark.parametrize('name', ['', '/', '\\', '\0', 'a/b', '..\\b', 'a\0', '../../etc'])
def test_names_that_no_file_can_have_are_refused_and_shown(information_class: int, name: str) -> None:
    data = entry(information_class, 'good', next_entry_offset=None) + entry(information_class, name)
    with pytest.raises(ProtocolError) as caught:
        parse_directory(information_class, data)
    assert f'the name {name!r}' in caught.value.message


@pytest.mark.parametrize('information_class', WITH_SHORT_NAME)
@pytest.mark.parametrize('short', ['/', 'a\\b', 'A~1\0'])
def test_short_names_that_no_file_can_have_are_refused(information_class: int, short: str) -> None:
    with pytest.raises(ProtocolError, match='short name'):
        parse_directory(information_class, entry(information_class, 'a', short=short.encode('utf-16-le')))


@pytest.mark.parametrize('information_class', WITH_SHORT_NAME)
@pytest.mark.parametrize('length', [1, 23, 25, 26, 255])
def test_short_name_of_odd_or_too_great_length_is_refused(information_class: int, length: int) -> None:
    data = bytearray(entry(information_class, 'a', short=b'a\0' * 12))
    data[68] = length
    with pytest.raises(ProtocolError):
        parse_directory(information_class, data)


@all_classes
@pytest.mark.parametrize('name_length', [1, 3, 5, 6, 0xFFFFFFFF])
def test_name_of_odd_or_too_great_length_is_refused(information_class: int, name_length: int) -> None:
    with pytest.raises(ProtocolError):
        parse_directory(information_class, entry(information_class, 'ab', name_length=name_length))


@all_classes
def test_next_entry_must_stand_behind_this_one_and_inside_the_buffer(information_class: int) -> None:
    size = HEADER_SIZES[information_class] + 4
    following = entry(information_class, 'cd')
    for offset in [*range(1, size), size + 1, size + len(following), 0x7FFFFFFF, 0xFFFFFFFF]:
        data = entry(information_class, 'ab', next_entry_offset=offset) + following
        with pytest.raises(ProtocolError):
            parse_directory(information_class, data)
    data = entry(information_class, 'ab', next_entry_offset=size) + following
    assert len(parse_directory(information_class, data)) == 2


def test_next_entry_may_not_stand_inside_a_name() -> None:
    # Its 16-bit units are all letters that a name may have, so only its place is wrong.
    inner_name = b'x\0' * 0x8001
    inner = struct.pack('<I', 64 + len(inner_name)) + b'\1' * 56 + struct.pack('<I', len(inner_name)) + inner_name
    last = entry(1, 'last')
    assert [len(file.filename) for file in parse_directory(1, inner + last)] == [0x8001, 4]
    with pytest.raises(ProtocolError, match='beyond its entry'):
        parse_directory(1, entry(1, inner, next_entry_offset=64) + last)


@all_classes
def test_every_cut_is_refused(information_class: int) -> None:
    data = entry(information_class, 'first', next_entry_offset=None) + entry(information_class, 'last')
    for length in range(len(data)):
        with pytest.raises(ProtocolError):
            parse_directory(information_class, data[:length])


def test_error_holds_the_wrong_entry_and_not_the_whole_listing() -> None:
    good = entry(37, 'good', next_entry_offset=None)
    with pytest.raises(ProtocolError) as caught:
        parse_directory(37, good * 1000 + entry(37, 'a/b') + bytes(5000))
    assert caught.value.data_buf is not None
    assert caught.value.data_buf.startswith(entry(37, 'a/b'))
    assert len(caught.value.data_buf) <= 1024


def test_entries_may_be_anywhere_and_of_any_buffer_type() -> None:
    data = entry(37, 'a', next_entry_offset=107) + b'?' + entry(37, 'b')
    for buffer in (data, bytearray(data), memoryview(data)):
        assert [file.filename for file in parse_directory(37, buffer)] == ['a', 'b']


def test_many_entries() -> None:
    names = [f'file {number}' for number in range(5000)]
    data = b''.join(entry(37, name, next_entry_offset=None) for name in names[:-1]) + entry(37, names[-1])
    assert [file.filename for file in parse_directory(37, data)] == names


def test_a_batch_is_no_longer_than_anybody_asks_for() -> None:
    first = entry(1, 'a', next_entry_offset=1 << 20)
    assert len(parse_directory(1, first.ljust(1 << 20, b'\0'), 1)) == 1
    with pytest.raises(ProtocolError, match='1048577 bytes') as caught:
        parse_directory(1, first.ljust((1 << 20) + 1, b'\0'), 1)
    assert caught.value.data_buf is not None and len(caught.value.data_buf) <= 1024


@given(st.sampled_from(sorted(TAILS)), st.binary(max_size=300), st.sampled_from([None, 0, 1, 2]))
def test_random_bytes_are_refused_or_read(information_class: int, data: bytes, count: int | None) -> None:
    with contextlib.suppress(ProtocolError):
        parse_directory(information_class, data, count)


@given(st.data())
def test_damaged_listings_are_refused_or_read(data: st.DataObject) -> None:
    listing = bytearray(bytes.fromhex(CAPTURED_ID_BOTH))
    for _ in range(data.draw(st.integers(1, 4))):
        listing[data.draw(st.integers(0, len(listing) - 1))] = data.draw(st.integers(0, 255))
    try:
        files = parse_directory(37, listing)
    except ProtocolError:
        return
    assert 1 <= len(files) <= 6


def test_volume_sizes():
    # captured
    size = fscc.FileFsSizeInformation(
        total_allocation_units=0x0FBF8E74, available_allocation_units=0x04EE947C, sectors_per_allocation_unit=2,
        bytes_per_sector=512,
    )  # fmt: skip
    check_wire(size, '748ebf0f00000000 7c94ee0400000000 02000000 00020000')
    # captured, as it passes through SMB1
    check_wire(
        fscc.FileFsFullSizeInformation(
            total_allocation_units=0x0FBF8E74, caller_available_allocation_units=0x04F30058,
            actual_available_allocation_units=0x04F30058, sectors_per_allocation_unit=2, bytes_per_sector=512,
        ),
        '748ebf0f00000000 5800f30400000000 5800f30400000000 02000000 00020000',
    )  # fmt: skip
    full = fscc.full_size(size)
    assert full.total_allocation_units == size.total_allocation_units
    assert full.caller_available_allocation_units == full.actual_available_allocation_units == 0x04EE947C
    assert (full.sectors_per_allocation_unit, full.bytes_per_sector) == (2, 512)
