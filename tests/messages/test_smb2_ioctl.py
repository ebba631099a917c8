"""IOCTL and its buffers; bytes captured between smbclient and smbd of Samba 4.17 unless a test says otherwise."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.ioctl import (
    SMB2IoctlRequest,
    SMB2IoctlResponse,
    SMB2SrvSnapshotArray,
    SMB2ValidateNegotiateInfoRequest,
    SMB2ValidateNegotiateInfoResponse,
)
from smb.ntstatus import STATUS_BUFFER_OVERFLOW
from smb.smb2_constants import (
    FSCTL_PIPE_TRANSCEIVE,
    FSCTL_SRV_ENUMERATE_SNAPSHOTS,
    FSCTL_VALIDATE_NEGOTIATE_INFO,
    SMB2_DIALECT_2,
    SMB2_DIALECT_21,
)
from tests.check_wire import check_wire

NO_FILE = 'ff' * 16
GUID = bytes.fromhex('00a2274f5dea7b4c449a8373cd961b70')
FILE_ID = bytes.fromhex('71bc4be9000000008804c6c800000000')


def test_validate_negotiate_info_request():
    info = SMB2ValidateNegotiateInfoRequest(
        capabilities=0, guid=GUID, security_mode=1, dialects=(SMB2_DIALECT_2, SMB2_DIALECT_21)
    )
    info_hex = '00000000' + GUID.hex() + '0100 0200 0202 1002'
    check_wire(info, info_hex)
    request = SMB2IoctlRequest(ctl_code=FSCTL_VALIDATE_NEGOTIATE_INFO, input=info.pack(), max_output_response=24)
    request.output_offset = 0x78
    check_wire(
        request,
        # captured but for the GUID and OutputOffset, which is 0 where there is no output
        '3900 0000 04021400'
        + NO_FILE
        + '78000000 1c000000 00000000 00000000 00000000 18000000 01000000 00000000'
        + info_hex,
    )


def test_validate_negotiate_info_response():
    info = SMB2ValidateNegotiateInfoResponse(
        capabilities=1, guid=b'testserver'.ljust(16, b'\0'), security_mode=1, dialect=SMB2_DIALECT_2
    )
    info_hex = '01000000 74657374736572766572000000000000 0100 0202'
    check_wire(info, info_hex)
    response = SMB2IoctlResponse(ctl_code=FSCTL_VALIDATE_NEGOTIATE_INFO, file_id=b'\xff' * 16, output=info.pack())
    check_wire(
        response,
        '3100 0000 04021400' + NO_FILE + '70000000 00000000 70000000 18000000 00000000 00000000' + info_hex,
    )


def test_a_request_counts_the_longer_direction():
    request = SMB2IoctlRequest(ctl_code=FSCTL_PIPE_TRANSCEIVE, file_id=FILE_ID, input=bytes(70), max_output_response=50)
    assert request.payload_size() == 70
    request.max_input_response = 30
    assert request.payload_size() == 80


def test_output_stands_behind_input_at_a_multiple_of_eight():
    response = SMB2IoctlResponse(ctl_code=FSCTL_PIPE_TRANSCEIVE, file_id=FILE_ID, input=b'abc', output=b'defg')
    check_wire(
        response,
        # assembled by hand from 2.2.32
        '3100 0000 17c01100' + FILE_ID.hex() + '70000000 03000000 78000000 04000000 00000000 00000000'
        ' 616263 0000000000 64656667',
    )


def test_a_pipe_answers_in_pieces_with_the_same_response():
    assert STATUS_BUFFER_OVERFLOW in SMB2IoctlRequest.DATA_STATUSES


def test_snapshots():
    names = '@GMT-2021.01.02-03.04.05', '@GMT-2020.01.02-03.04.05'
    text = ''.join(name + '\0' for name in names).encode('utf-16-le')
    array = SMB2SrvSnapshotArray(
        number_of_snap_shots=2,
        number_of_snap_shots_returned=2,
        snap_shot_array_size=0x66,
        snap_shots=text + bytes(2),
    )
    response = SMB2IoctlResponse(ctl_code=FSCTL_SRV_ENUMERATE_SNAPSHOTS, file_id=FILE_ID, output=array.pack())
    check_wire(
        response,
        '3100 0000 64401400' + FILE_ID.hex() + '70000000 00000000 70000000 72000000 00000000 00000000'
        ' 02000000 02000000 66000000'
        ' 400047004d0054002d0032003000320031002e00300031002e00300032002d00300033002e00300034002e003000350000 00'
        ' 400047004d0054002d0032003000320030002e00300031002e00300032002d00300033002e00300034002e003000350000 00'
        ' 0000',
    )
    assert SMB2SrvSnapshotArray.unpack(array.pack()).names() == list(names)


def test_more_snapshots_than_any_server_keeps_are_refused():
    name = '@GMT-2021.01.02-03.04.05\0'.encode('utf-16-le')
    most = (1 << 20) // len(name)
    for count, is_read in ((most, True), (most + 1, False)):
        array = SMB2SrvSnapshotArray(
            number_of_snap_shots=count,
            number_of_snap_shots_returned=count,
            snap_shot_array_size=count * len(name),
            snap_shots=name * count,
        )
        if is_read:
            assert len(array.names()) == count
        else:
            with pytest.raises(ProtocolError, match='bytes of snapshots'):
                array.names()


def test_snapshots_that_do_not_fit_are_only_counted():
    array = SMB2SrvSnapshotArray.unpack(bytes.fromhex('02000000 00000000 66000000 00000000'))
    assert (array.number_of_snap_shots, array.snap_shot_array_size, array.names()) == (2, 0x66, [])


@pytest.mark.parametrize(
    ('why', 'array'),
    [
        ('one of two', '02000000 02000000 08000000 40004700 0000 0000'),
        ('cut by its size', '01000000 01000000 00000000 40004700 0000 0000'),
        ('half a character', '01000000 01000000 03000000 400047'),
    ],
)
def test_fewer_snapshots_than_announced_are_refused(why, array):
    with pytest.raises(ProtocolError):
        SMB2SrvSnapshotArray.unpack(bytes.fromhex(array)).names()
