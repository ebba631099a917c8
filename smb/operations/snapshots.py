"""The snapshots ("previous versions") of a file or folder, [MS-SMB2] 3.3.5.15.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import ProtocolError, StatusError
from smb.messages.smb2.ioctl import LONGEST_SNAPSHOT_ARRAY, SMB2SrvSnapshotArray
from smb.ntstatus import STATUS_BUFFER_TOO_SMALL
from smb.smb2_constants import FSCTL_SRV_ENUMERATE_SNAPSHOTS
from smb.smb_constants import FILE_READ_ATTRIBUTES, FILE_READ_DATA
from smb.tree.base import How

if TYPE_CHECKING:
    from datetime import datetime

    from smb.tree.base import Open, Tree

LOOKING = How(FILE_READ_DATA | FILE_READ_ATTRIBUTES)
TOKEN_FORMAT = '@GMT-%Y.%m.%d-%H.%M.%S'  # [MS-SMB] 2.2.1.1.1
FIRST_LENGTH = 65536  # bytes; room for 1,300 snapshots
COUNT_LENGTH = 16  # bytes; room for no name at all


def list_snapshots(tree: Tree, path: str) -> list[datetime]:
    """When each snapshot was taken, in UTC, in the server's order."""
    from datetime import datetime

    with tree.open(path, LOOKING) as handle:
        answer = _first_answer(handle)
        if answer.number_of_snap_shots > answer.number_of_snap_shots_returned:
            if answer.snap_shot_array_size > LONGEST_SNAPSHOT_ARRAY:
                raise ProtocolError(f'The server has {answer.snap_shot_array_size} bytes of snapshots')
            needed = SMB2SrvSnapshotArray.fixed_size() + answer.snap_shot_array_size
            answer = _answer(handle, needed)
        if answer.number_of_snap_shots > answer.number_of_snap_shots_returned:
            raise ProtocolError(
                f'The server has {answer.number_of_snap_shots} snapshots, '
                f'and gave {answer.number_of_snap_shots_returned} of them'
            )
    try:
        return [datetime.strptime(name, TOKEN_FORMAT) for name in answer.names()]
    except ValueError as error:
        raise ProtocolError(f'The server named a snapshot in no known way: {error}') from None


def _first_answer(handle: Open) -> SMB2SrvSnapshotArray:
    """Every name, or else how much room they take."""
    try:
        return _answer(handle, FIRST_LENGTH)
    except StatusError as error:
        # Where the names do not fit, Samba says how long they are only to those who ask for none.
        if error.status != STATUS_BUFFER_TOO_SMALL:
            raise
    return _answer(handle, COUNT_LENGTH)


def _answer(handle: Open, longest: int) -> SMB2SrvSnapshotArray:
    return SMB2SrvSnapshotArray.unpack(handle.control(FSCTL_SRV_ENUMERATE_SNAPSHOTS, longest))
