"""NTSTATUS names and numbers; the numbers are those of [MS-ERREF] 2.3.1 and [MS-CIFS] 2.2.2.4."""

from __future__ import annotations

import pytest

from smb import ntstatus

KNOWN = {
    'STATUS_SUCCESS': 0x00000000,
    'STATUS_PENDING': 0x00000103,
    'STATUS_NOTIFY_ENUM_DIR': 0x0000010C,
    'STATUS_BUFFER_OVERFLOW': 0x80000005,
    'STATUS_NO_MORE_FILES': 0x80000006,
    'STATUS_STOPPED_ON_SYMLINK': 0x8000002D,
    'STATUS_INVALID_INFO_CLASS': 0xC0000003,
    'STATUS_INVALID_PARAMETER': 0xC000000D,
    'STATUS_NO_SUCH_FILE': 0xC000000F,
    'STATUS_INVALID_DEVICE_REQUEST': 0xC0000010,
    'STATUS_END_OF_FILE': 0xC0000011,
    'STATUS_MORE_PROCESSING_REQUIRED': 0xC0000016,
    'STATUS_ACCESS_DENIED': 0xC0000022,
    'STATUS_OBJECT_NAME_INVALID': 0xC0000033,
    'STATUS_OBJECT_NAME_NOT_FOUND': 0xC0000034,
    'STATUS_OBJECT_NAME_COLLISION': 0xC0000035,
    'STATUS_OBJECT_PATH_NOT_FOUND': 0xC000003A,
    'STATUS_SHARING_VIOLATION': 0xC0000043,
    'STATUS_QUOTA_EXCEEDED': 0xC0000044,
    'STATUS_FILE_LOCK_CONFLICT': 0xC0000054,
    'STATUS_LOCK_NOT_GRANTED': 0xC0000055,
    'STATUS_DELETE_PENDING': 0xC0000056,
    'STATUS_PRIVILEGE_NOT_HELD': 0xC0000061,
    'STATUS_LOGON_FAILURE': 0xC000006D,
    'STATUS_ACCOUNT_RESTRICTION': 0xC000006E,
    'STATUS_PASSWORD_EXPIRED': 0xC0000071,
    'STATUS_ACCOUNT_DISABLED': 0xC0000072,
    'STATUS_DISK_FULL': 0xC000007F,
    'STATUS_INSUFFICIENT_RESOURCES': 0xC000009A,
    'STATUS_MEDIA_WRITE_PROTECTED': 0xC00000A2,
    'STATUS_IO_TIMEOUT': 0xC00000B5,
    'STATUS_FILE_IS_A_DIRECTORY': 0xC00000BA,
    'STATUS_NOT_SUPPORTED': 0xC00000BB,
    'STATUS_NETWORK_NAME_DELETED': 0xC00000C9,
    'STATUS_BAD_NETWORK_NAME': 0xC00000CC,
    'STATUS_REQUEST_NOT_ACCEPTED': 0xC00000D0,
    'STATUS_DIRECTORY_NOT_EMPTY': 0xC0000101,
    'STATUS_NOT_A_DIRECTORY': 0xC0000103,
    'STATUS_CANCELLED': 0xC0000120,
    'STATUS_CANNOT_DELETE': 0xC0000121,
    'STATUS_FILE_CLOSED': 0xC0000128,
    'STATUS_USER_SESSION_DELETED': 0xC0000203,
    'STATUS_INSUFF_SERVER_RESOURCES': 0xC0000205,
    'STATUS_PASSWORD_MUST_CHANGE': 0xC0000224,
    'STATUS_NOT_FOUND': 0xC0000225,
    'STATUS_ACCOUNT_LOCKED_OUT': 0xC0000234,
    'STATUS_PATH_NOT_COVERED': 0xC0000257,
    'STATUS_NETWORK_SESSION_EXPIRED': 0xC000035C,
    'STATUS_SMB_BAD_TID': 0x00050002,
    'STATUS_SMB_BAD_UID': 0x005B0002,
}


@pytest.mark.parametrize(('name', 'number'), KNOWN.items(), ids=KNOWN)
def test_constant_has_the_number_of_the_specification(name: str, number: int) -> None:
    assert getattr(ntstatus, name) == number
    assert ntstatus.name(number) == name
    assert ntstatus.describe(number) == f'{name}, 0x{number:08X}'


def test_every_constant_has_a_number_of_its_own() -> None:
    constants = {key: value for key, value in vars(ntstatus).items() if isinstance(value, int) and key.isupper()}
    assert len(constants) > 400
    assert {value: key for key, value in constants.items()} == ntstatus.NAMES
    assert len(ntstatus.NAMES) == len(constants)
    assert all(0 <= value <= 0xFFFFFFFF for value in constants.values())


def test_unknown_status_is_named_by_its_number() -> None:
    assert ntstatus.name(0xC0001234) == '0xC0001234'
    assert ntstatus.describe(0xC0001234) == '0xC0001234'
    assert ntstatus.describe(0x12) == '0x00000012'
