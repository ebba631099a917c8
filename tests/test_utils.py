"""The doors of smb.utils give pysmb's names to what other modules do."""

from __future__ import annotations

import inspect

import pytest

from smb.utils import convertEpochToFILETIME, convertFILETIMEtoEpoch


@pytest.mark.parametrize(
    ('filetime', 'seconds'),
    [
        (0, -11644473600.0),
        (116444736000000000, 0.0),
        (116444736000000000 + 15_000_000, 1.5),
        (116444736000000000 - 5_000_000, -0.5),
        (132223104000000000, 1577836800.0),
    ],
)
def test_filetime_counts_tenths_of_microseconds_since_1601(filetime, seconds):
    """[MS-DTYP] 2.3.3; 1577836800 is 2020-01-01."""
    assert convertFILETIMEtoEpoch(t=filetime) == seconds
    assert convertEpochToFILETIME(t=seconds) == filetime
    assert type(convertFILETIMEtoEpoch(filetime)) is float
    assert type(convertEpochToFILETIME(seconds)) is int


def test_whole_seconds_are_taken_as_well():
    assert convertEpochToFILETIME(1577836800) == 132223104000000000


def test_md4_of_a_text_is_that_of_its_character_codes():
    """[RFC1320] A.5."""
    from smb.crypto import legacy
    from smb.utils.md4 import MD4

    assert MD4 is legacy.MD4
    assert list(inspect.signature(MD4.update).parameters) == ['self', 'str']
    for message in ('message digest', b'message digest'):
        digest = MD4()
        digest.update(message)
        assert digest.digest().hex() == 'd9130a8164549fe818874806e1c7014b'
