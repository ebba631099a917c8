"""The subcommands of TRANSACTION2. Captured bytes are what smbclient and smbd of Samba 4.17 said to each other."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.messages import fscc
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
    last_resume_key,
    parse_entries,
    set_level,
)
from smb.smb_constants import (
    SMB_FIND_FILE_BOTH_DIRECTORY_INFO,
    SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO,
    SMB_INFO_PASSTHROUGH,
    SMB_QUERY_FILE_ALL_INFO,
)
from tests.check_wire import check_wire

HELLO = '5c00680065006c006c006f002e007400780074000000'
# FIND_FIRST2 of `\dir\*`; the last entry's NextEntryOffset leads to the end of the buffer
ENTRIES = bytes.fromhex("""
    6000000000000000ed6af739bf7add01ed6af739bf7add01ea88f739bf7add01ea88f739bf7add01000000000000000000000000000000001000
    0000020000000000000000000000000000000000000000000000000000000000000000002e006400000000000000476cf839bf7add0119ac053a
    bf7add01476cf839bf7add01476cf839bf7add0100000000000000000000000000000000100000000400000000000000000000000000000000
    00000000000000000000000000000000002e002e0000006c00000000000000ea88f739bf7add01ea88f739bf7add01ea88f739bf7add01ea88
    f739bf7add0102000000000000000010000000000000800000000c0000000000000000000000000000000000000000000000000000000000
    00000000e400f6002e007400780074000000""")
OEM_ENTRY = bytes.fromhex("""
    68000000000000004d29d44dbf7add014d29d44dbf7add01f727d54dbf7add01f727d54dbf7add0106000000000000000010000000000000
    800000000a00000000000000000000000000000000000000000000000000000000000000000068656c6c6f2e74787400""")


@pytest.mark.parametrize(
    ('parameters', 'expected', 'number', 'may_be_cut_to'),
    [
        (
            Trans2FindFirst2Request(search_attributes=0x16, search_count=1366, flags=6, file_name='\\dir\\*'),
            '1600 5605 0600 0401 00000000 5c006400690072005c002a000000',
            1,
            12,
        ),
        (
            Trans2QueryPathInformationRequest(information_level=0x101, file_name='\\hello.txt'),
            '0101 00000000' + HELLO,
            5,
            6,
        ),
        (
            Trans2SetPathInformationRequest(information_level=1004, file_name='\\hello.txt'),
            'ec03 00000000' + HELLO,
            6,
            6,
        ),
        (
            Trans2QueryFileInformationRequest(fid=0xAFF2, information_level=SMB_QUERY_FILE_ALL_INFO),
            'f2af 0701',
            7,
            None,
        ),
        (Trans2QueryFsInformationRequest(information_level=1007), 'ef03', 3, None),
        # [MS-CIFS] 2.2.6.9.1 and 2.2.6.3.1, assembled by hand
        (Trans2SetFileInformationRequest(fid=0xAFF2, information_level=0x102), 'f2af 0201 0000', 8, None),
        (
            Trans2FindNext2Request(sid=0x1234, search_count=100, resume_key=0x89ABCDEF, file_name='ab'),
            '3412 6400 0401 efcdab89 0e00 610062000000',
            2,
            12,
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_parameters(parameters, expected, number, may_be_cut_to):
    check_wire(parameters, expected, may_be_cut_to=may_be_cut_to)  # a text may be cut
    assert number == parameters.SUBCOMMAND


def test_find_responses():
    check_wire(
        Trans2FindFirst2Response(sid=0xFFFF, search_count=5, end_of_search=1, last_name_offset=0x198),
        'ffff 0500 0100 0000 9801',  # captured
    )
    # [MS-CIFS] 2.2.6.3.2, assembled by hand
    check_wire(
        Trans2FindNext2Response(search_count=5, end_of_search=1, ea_error_offset=2, last_name_offset=0x198),
        '0500 0100 0200 9801',
    )


def test_entries_with_names_in_unicode():
    entries = parse_entries(SMB_FIND_FILE_BOTH_DIRECTORY_INFO, ENTRIES, 3)
    assert [(entry.filename, entry.file_size, entry.isDirectory) for entry in entries] == [
        ('.', 0, True),
        ('..', 0, True),
        ('äö.txt', 2, False),
    ]
    assert entries[0].file_id is None


def test_entries_with_names_in_oem():
    (entry,) = parse_entries(SMB_FIND_FILE_BOTH_DIRECTORY_INFO, OEM_ENTRY, 1, is_unicode=False)
    assert (entry.filename, entry.file_size) == ('hello.txt', 6)
    accented = OEM_ENTRY.replace(b'hello', b'h\x84llo')
    (entry,) = parse_entries(SMB_FIND_FILE_BOTH_DIRECTORY_INFO, accented, 1, is_unicode=False)
    assert entry.filename == 'hällo.txt'


@pytest.mark.parametrize('name', [b'he/lo', b'he\\lo', b'he\0lo'])
def test_entries_with_impossible_names_in_oem_are_refused(name):
    with pytest.raises(ProtocolError):
        parse_entries(SMB_FIND_FILE_BOTH_DIRECTORY_INFO, OEM_ENTRY.replace(b'hello', name), 1, is_unicode=False)


def test_entries_with_file_ids():
    entry = ENTRIES[:94] + bytes(2) + (77).to_bytes(8, 'little') + b'.\0'
    entries = parse_entries(SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO, bytes(4) + entry[4:], 1)
    assert [(entry.filename, entry.file_id) for entry in entries] == [('.', 77)]


def test_fewer_entries_than_announced_are_refused():
    assert len(parse_entries(SMB_FIND_FILE_BOTH_DIRECTORY_INFO, ENTRIES, 2)) == 2
    with pytest.raises(ProtocolError):
        parse_entries(SMB_FIND_FILE_BOTH_DIRECTORY_INFO, ENTRIES, 4)


def test_resume_key_is_of_the_last_entry():
    data = bytearray(ENTRIES)
    for position, key in ((4, 1), (0x64, 2), (0xC8, 3)):
        data[position] = key
    assert [last_resume_key(data, count) for count in (0, 1, 2, 3)] == [0, 1, 2, 3]


@pytest.mark.parametrize('data', [b'', bytes(7), bytes(100), b'\xff' * 100])
def test_resume_key_of_an_entry_that_is_not_there(data):
    with pytest.raises(ProtocolError):
        last_resume_key(data, 2)


@given(st.binary(max_size=300), st.integers(0, 1 << 16), st.booleans())
def test_random_entries(data, count, is_unicode):
    with contextlib.suppress(ProtocolError):
        last_resume_key(data, count)
    for level in (SMB_FIND_FILE_BOTH_DIRECTORY_INFO, SMB_FIND_FILE_ID_BOTH_DIRECTORY_INFO):
        with contextlib.suppress(ProtocolError):
            parse_entries(level, data, count, is_unicode)


def test_levels_to_set_by():
    levels = [
        (fscc.FileBasicInformation(), 0x101),
        (fscc.FileDispositionInformation(delete_pending=1), 0x102),
        (fscc.FileAllocationInformation(allocation_size=1), 0x103),
        (fscc.FileEndOfFileInformation(end_of_file=1), 0x104),
    ]
    for information, level in levels:
        assert set_level(information, passes_through=False) == level
        assert set_level(information, passes_through=True) == SMB_INFO_PASSTHROUGH + information.INFORMATION_CLASS
    rename = SMBFileRenameInformation(file_name='a')
    assert set_level(rename, passes_through=True) == 1010
    with pytest.raises(KeyError):
        set_level(rename, passes_through=False)


def test_rename_information():
    # [MS-FSCC] 2.4.42.1, assembled by hand
    check_wire(SMBFileRenameInformation(replace_if_exists=1, file_name='ab'), '01 000000 00000000 04000000 61006200')


def test_basic_information():
    # captured
    check_wire(
        SMBQueryFileBasicInfo(
            creation_time=0x01DD7ABF39F78761, last_access_time=0x01DD7ABF3A06420C, last_write_time=0x01DD7ABF39F78761,
            change_time=0x01DD7ABF39F78761, file_attributes=0x80,
        ),
        '6187f739bf7add01 0c42063abf7add01 6187f739bf7add01 6187f739bf7add01 80000000',
    )  # fmt: skip


def test_standard_information():
    # captured; smbd sends two zeros behind it
    captured = bytes.fromhex('0000100000000000 0600000000000000 01000000 00 00 0000')
    expected = SMBQueryFileStandardInfo(
        allocation_size=1048576, end_of_file=6, number_of_links=1, delete_pending=0, directory=0
    )
    assert SMBQueryFileStandardInfo.unpack(captured) == expected
    check_wire(expected, captured[:-2].hex())


def test_all_information():
    # captured
    check_wire(
        SMBQueryFileAllInfo(
            creation_time=0x01DD7ABF39F76AED, last_access_time=0x01DD7ABF39F76AED, last_write_time=0x01DD7ABF39F78761,
            change_time=0x01DD7ABF39F78761, file_attributes=0x80, allocation_size=1048576, end_of_file=6,
            number_of_links=1, delete_pending=0, directory=0, ea_size=0,
        ),
        'ed6af739bf7add01 ed6af739bf7add01 6187f739bf7add01 6187f739bf7add01 80000000 00000000'
        '0000100000000000 0600000000000000 01000000 00 00 0000 00000000',
    )  # fmt: skip


def test_file_system_sizes():
    # [MS-CIFS] 2.2.8.2.4, assembled by hand
    check_wire(
        SMBQueryFsSizeInfo(
            total_allocation_units=0x0FBF8E74, total_free_allocation_units=0x04F30058, sectors_per_allocation_unit=2,
            bytes_per_sector=512,
        ),
        '748ebf0f00000000 5800f30400000000 02000000 00020000',
    )  # fmt: skip
