"""DOS errors as NTSTATUS, [MS-CIFS] 2.2.2.4."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.messages.smb1.dos_errors import to_ntstatus
from smb.messages.smb1.status import SMBError


@pytest.mark.parametrize(
    ('error_class', 'code', 'status'),
    [
        (0x01, 2, ntstatus.STATUS_OBJECT_NAME_NOT_FOUND),  # ERRbadfile
        (0x01, 3, ntstatus.STATUS_OBJECT_PATH_NOT_FOUND),  # ERRbadpath
        (0x01, 5, ntstatus.STATUS_ACCESS_DENIED),  # ERRnoaccess
        (0x01, 18, ntstatus.STATUS_NO_MORE_FILES),  # ERRnofiles
        (0x01, 32, ntstatus.STATUS_SHARING_VIOLATION),  # ERRbadshare
        (0x01, 67, ntstatus.STATUS_BAD_NETWORK_NAME),  # ERROR_BAD_NET_NAME
        (0x01, 80, ntstatus.STATUS_OBJECT_NAME_COLLISION),  # ERRfilexists
        (0x01, 234, ntstatus.STATUS_BUFFER_OVERFLOW),  # ERRmoredata
        (0x02, 2, ntstatus.STATUS_LOGON_FAILURE),  # ERRbadpw
        (0x02, 6, ntstatus.STATUS_BAD_NETWORK_NAME),  # ERRinvnetname
        (0x03, 19, ntstatus.STATUS_MEDIA_WRITE_PROTECTED),  # ERRnowrite
        (0x01, 0xFFF0, ntstatus.STATUS_UNSUCCESSFUL),
        (0xFF, 1, ntstatus.STATUS_UNSUCCESSFUL),
        (0x00, 7, ntstatus.STATUS_UNSUCCESSFUL),
        (0x00, 0, ntstatus.STATUS_SUCCESS),
    ],
)
def test_a_dos_error_has_an_ntstatus(error_class, code, status):
    assert to_ntstatus(SMBError(error_class | code << 16, is_ntstatus=False)) == status


@pytest.mark.parametrize('status', [0, ntstatus.STATUS_ACCESS_DENIED, 0x00020001])
def test_an_ntstatus_stays_what_it_is(status):
    assert to_ntstatus(SMBError(status, is_ntstatus=True)) == status


@pytest.mark.parametrize(
    ('value', 'status'),
    [
        # [MS-CIFS] 2.2.2.4: STATUS_INVALID_SMB, STATUS_SMB_BAD_TID, _BAD_COMMAND, _BAD_UID, _USE_STANDARD
        (0x00010002, ntstatus.STATUS_UNSUCCESSFUL),
        (0x00050002, ntstatus.STATUS_NETWORK_NAME_DELETED),
        (0x00160002, ntstatus.STATUS_NOT_IMPLEMENTED),
        (0x005B0002, ntstatus.STATUS_USER_SESSION_DELETED),
        (0x00FB0002, ntstatus.STATUS_NOT_IMPLEMENTED),
    ],
)
def test_an_ntstatus_that_smb1_alone_has_is_one_that_everybody_knows(value, status):
    assert to_ntstatus(SMBError(value, is_ntstatus=True)) == status
