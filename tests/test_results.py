"""What SharedFile and SharedDevice tell of the values that a server sent."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from smb.results import SharedDevice, SharedFile
from smb.smb_constants import (
    ATTR_ARCHIVE,
    ATTR_COMPRESSED,
    ATTR_DIRECTORY,
    ATTR_HIDDEN,
    ATTR_NORMAL,
    ATTR_READONLY,
    ATTR_REPARSE_POINT,
    ATTR_SYSTEM,
)

FIELDS: dict[str, Any] = {
    'create_time': 1.5,
    'last_access_time': 2.5,
    'last_write_time': 3.5,
    'last_attr_change_time': 4.5,
    'file_size': 5,
    'alloc_size': 4096,
    'file_attributes': ATTR_ARCHIVE,
    'short_name': 'REPORT~1.TXT',
    'filename': 'report of today.txt',
    'file_id': 77,
}


def shared_file(**changes: Any) -> SharedFile:
    return SharedFile(**{**FIELDS, **changes})


def test_values_are_taken_by_position_and_given_back_under_their_names():
    entry = SharedFile(*FIELDS.values())
    assert {name: getattr(entry, name) for name in FIELDS} == FIELDS


def test_file_id_is_none_unless_given():
    assert SharedFile(*list(FIELDS.values())[:-1]).file_id is None


@pytest.mark.parametrize(
    ('attributes', 'is_directory', 'is_read_only', 'is_normal'),
    [
        (0, False, False, True),
        (ATTR_NORMAL, False, False, True),
        (ATTR_COMPRESSED, False, False, True),
        (ATTR_REPARSE_POINT | ATTR_COMPRESSED, False, False, True),
        (ATTR_NORMAL | ATTR_COMPRESSED, False, False, False),
        (ATTR_ARCHIVE, False, False, False),
        (ATTR_HIDDEN, False, False, False),
        (ATTR_SYSTEM, False, False, False),
        (ATTR_READONLY, False, True, False),
        (ATTR_READONLY | ATTR_NORMAL, False, True, False),
        (ATTR_DIRECTORY, True, False, False),
        (ATTR_DIRECTORY | ATTR_READONLY | ATTR_REPARSE_POINT, True, True, False),
    ],
)
def test_attributes_decide_what_a_file_is(attributes, is_directory, is_read_only, is_normal):
    entry = shared_file(file_attributes=attributes)
    assert (entry.isDirectory, entry.isReadOnly, entry.isNormal) == (is_directory, is_read_only, is_normal)
    assert {type(entry.isDirectory), type(entry.isReadOnly), type(entry.isNormal)} == {bool}


def test_files_with_the_same_values_are_equal_and_hash_alike():
    assert shared_file() == shared_file()
    assert len({shared_file(), shared_file()}) == 1


@pytest.mark.parametrize('name', FIELDS)
def test_files_that_differ_in_one_value_are_not_equal(name):
    assert shared_file(**{name: None}) != shared_file()


def test_a_file_equals_nothing_else():
    assert shared_file() != tuple(FIELDS.values())
    assert shared_file() != SharedDevice(0, FIELDS['filename'], '')


def test_repr_of_a_file_has_name_size_and_attributes():
    assert repr(shared_file()) == "<SharedFile 'report of today.txt': 5 bytes, attributes 0x20>"
    assert repr(shared_file(file_attributes=0x10)) == "<SharedFile 'report of today.txt': folder, attributes 0x10>"


def test_repr_of_a_name_with_a_lone_surrogate_can_be_printed():
    assert (
        str(shared_file(filename='\ud83d.txt')).encode('ascii')
        == rb"<SharedFile '\ud83d.txt': 5 bytes, attributes 0x20>"
    )


@pytest.mark.parametrize(
    ('wire_type', 'kind', 'is_special', 'is_temporary'),
    [
        (0x00000000, SharedDevice.DISK_TREE, False, False),
        (0x00000001, SharedDevice.PRINT_QUEUE, False, False),
        (0x00000002, SharedDevice.COMM_DEVICE, False, False),
        (0x80000003, SharedDevice.IPC, True, False),
        (0x80000000, SharedDevice.DISK_TREE, True, False),
        (0x40000000, SharedDevice.DISK_TREE, False, True),
        (0xC0000001, SharedDevice.PRINT_QUEUE, True, True),
    ],
)
def test_type_of_a_share_is_its_low_half_and_two_marks(wire_type, kind, is_special, is_temporary):
    """[MS-SRVS] 2.2.2.4."""
    share = SharedDevice(wire_type, 'name', 'comments')
    assert (share.type, share.isSpecial, share.isTemporary) == (kind, is_special, is_temporary)
    assert {type(share.isSpecial), type(share.isTemporary)} == {bool}


def test_kinds_of_shares_have_the_numbers_of_the_protocol():
    assert (SharedDevice.DISK_TREE, SharedDevice.PRINT_QUEUE, SharedDevice.COMM_DEVICE, SharedDevice.IPC) == (
        0,
        1,
        2,
        3,
    )


def test_shares_are_equal_when_type_name_and_comments_are():
    share = SharedDevice(0x80000003, 'IPC$', 'pipes')
    assert share == SharedDevice(0x80000003, 'IPC$', 'pipes')
    assert len({share, SharedDevice(0x80000003, 'IPC$', 'pipes')}) == 1
    for other in (
        SharedDevice(0x00000003, 'IPC$', 'pipes'),
        SharedDevice(0x80000003, 'ipc$', 'pipes'),
        SharedDevice(0x80000003, 'IPC$', ''),
        ('IPC$', 'pipes'),
    ):
        assert share != other


def test_repr_of_a_share_has_name_kind_and_comments():
    assert repr(SharedDevice(0x80000003, 'IPC$', 'pipes')) == "<SharedDevice 'IPC$': IPC, special, 'pipes'>"
    assert repr(SharedDevice(0x40000000, 'tmp', '')) == "<SharedDevice 'tmp': disk, temporary, ''>"
    assert repr(SharedDevice(9, 'odd', '')) == "<SharedDevice 'odd': 9, ''>"


@pytest.mark.parametrize('result', [shared_file(), SharedDevice(0x80000003, 'IPC$', 'pipes')])
def test_results_pickle_as_members_of_smb_base(result):
    import smb.base

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(result, protocol)
        assert b'smb.base' in data
        assert pickle.loads(data) == result
    assert getattr(smb.base, type(result).__name__) is type(result)


@pytest.mark.parametrize('result', [shared_file(), SharedDevice(0x80000003, 'IPC$', 'pipes')])
def test_copies_of_results_are_equal_and_independent(result):
    for clone in (copy.copy(result), copy.deepcopy(result)):
        assert clone == result
        clone.marked_by_a_program = True
        assert not hasattr(result, 'marked_by_a_program')
