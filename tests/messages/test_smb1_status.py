"""The status of an SMB1 message, as programs find it in ``OperationFailure.smb_messages``."""

from __future__ import annotations

import copy
import pickle

import pytest

from smb import ntstatus, smb_structs
from smb.messages.smb1.status import SMBError


def test_an_ntstatus_is_named():
    status = SMBError(ntstatus.STATUS_ACCESS_DENIED, True)
    assert (status.internal_value, status.is_ntstatus, status.hasError) == (0xC0000022, True, True)
    assert str(status) == 'STATUS_ACCESS_DENIED, 0xC0000022'


@pytest.mark.parametrize(
    ('value', 'error_class', 'error_code', 'text'),
    [
        # [MS-CIFS] 2.2.2.4: ERRbadfile of ERRDOS, ERRbadpw of ERRSRV, ERRnowrite of ERRHRD
        (0x00020001, 0x01, 2, 'ERRDOS, code 2'),
        (0x00020002, 0x02, 2, 'ERRSRV, code 2'),
        (0x00130003, 0x03, 19, 'ERRHRD, code 19'),
        (0x000000FF, 0xFF, 0, 'ERRCMD, code 0'),
        (0xFFFF0077, 0x77, 0xFFFF, 'error class 0x77, code 65535'),
    ],
)
def test_a_dos_error_has_a_class_and_a_code(value, error_class, error_code, text):
    status = SMBError(value, is_ntstatus=False)
    assert (status.error_class, status.error_code) == (error_class, error_code)
    assert status.hasError
    assert str(status) == text
    assert repr(status) == f'<SMBError {text}>'


@pytest.mark.parametrize('is_ntstatus', [True, False])
def test_zero_is_no_error(is_ntstatus):
    status = SMBError(0, is_ntstatus)
    assert status.hasError is False
    assert 'SUCCESS' in str(status)


def test_without_arguments_it_is_success():
    assert (SMBError().internal_value, SMBError().is_ntstatus, SMBError().hasError) == (0, True, False)


def test_a_status_is_pickled_and_copied_under_the_name_that_programs_import():
    status = SMBError(0x00020001, is_ntstatus=False)
    for twin in (pickle.loads(pickle.dumps(status)), copy.deepcopy(status)):
        assert type(twin) is smb_structs.SMBError
        assert vars(twin) == vars(status)
    assert SMBError.__module__ == 'smb.smb_structs'
