"""Door to the conversion of times, under pysmb's names; the work is done in ``smb.wire.values``."""

from __future__ import annotations

from smb.wire.values import epoch_to_filetime, filetime_to_epoch

__all__ = ['convertEpochToFILETIME', 'convertFILETIMEtoEpoch']


def convertFILETIMEtoEpoch(t: int) -> float:
    """Seconds since 1970 UTC of a FILETIME."""
    return filetime_to_epoch(t)


def convertEpochToFILETIME(t: float) -> int:
    """The FILETIME of seconds since 1970 UTC."""
    return epoch_to_filetime(t)
