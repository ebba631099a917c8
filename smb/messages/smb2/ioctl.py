"""SMB2 IOCTL, and what its buffers hold for some control codes, [MS-SMB2] 2.2.31 and 2.2.32."""

from __future__ import annotations

from smb.errors import ProtocolError
from smb.messages.smb2.header import SMB2Request, SMB2Response
from smb.ntstatus import STATUS_BUFFER_OVERFLOW, STATUS_INVALID_PARAMETER
from smb.smb2_constants import SMB2_0_IOCTL_IS_FSCTL, SMB2_COM_IOCTL
from smb.wire import structure as wire
from smb.wire.values import utf16_decode

LONGEST_SNAPSHOT_ARRAY = 1 << 20  # bytes, which are 20,000 snapshots


@wire.structure
class SMB2IoctlResponse(SMB2Response):
    """SMB2 IOCTL Response, [MS-SMB2] 2.2.32."""

    COMMAND = SMB2_COM_IOCTL
    STRUCTURE_SIZE = 49

    reserved: int = wire.u16(default=0)
    ctl_code: int = wire.u32()
    file_id: bytes = wire.raw(16)
    input_offset: int = wire.u32(default=0)
    input_count: int = wire.u32(default=0)
    output_offset: int = wire.u32(default=0)
    output_count: int = wire.u32(default=0)
    flags: int = wire.u32(default=0)
    reserved2: int = wire.u32(default=0)
    input: bytes = wire.buffer('input_offset', 'input_count', default=b'', offset_when_empty=True)
    output: bytes = wire.buffer('output_offset', 'output_count', default=b'', align=8, offset_when_empty=True)


@wire.structure
class SMB2IoctlRequest(SMB2Request):
    """SMB2 IOCTL Request, [MS-SMB2] 2.2.31."""

    COMMAND = SMB2_COM_IOCTL
    STRUCTURE_SIZE = 57
    RESPONSE = SMB2IoctlResponse
    DATA_STATUSES = (STATUS_BUFFER_OVERFLOW, STATUS_INVALID_PARAMETER)  # the second with FSCTL_SRV_COPYCHUNK

    reserved: int = wire.u16(default=0)
    ctl_code: int = wire.u32()
    file_id: bytes = wire.raw(16, default=b'\xff' * 16)  # this one where the code is about no open file
    input_offset: int = wire.u32(default=0)
    input_count: int = wire.u32(default=0)
    max_input_response: int = wire.u32(default=0)
    output_offset: int = wire.u32(default=0)
    output_count: int = wire.u32(default=0)
    max_output_response: int = wire.u32()
    flags: int = wire.u32(default=SMB2_0_IOCTL_IS_FSCTL)
    reserved2: int = wire.u32(default=0)
    input: bytes = wire.buffer('input_offset', 'input_count', default=b'', offset_when_empty=True)
    output: bytes = wire.buffer('output_offset', 'output_count', default=b'', align=8)

    def payload_size(self) -> int:
        return max(len(self.input) + len(self.output), self.max_input_response + self.max_output_response)


@wire.structure
class SMB2ValidateNegotiateInfoRequest(wire.Structure):
    """VALIDATE_NEGOTIATE_INFO Request, [MS-SMB2] 2.2.31.4: what the NEGOTIATE request said."""

    capabilities: int = wire.u32()
    guid: bytes = wire.raw(16)
    security_mode: int = wire.u16()
    dialect_count: int = wire.u16(default=0)
    dialects: tuple[int, ...] = wire.array('H', 'dialect_count')


@wire.structure
class SMB2ValidateNegotiateInfoResponse(wire.Structure):
    """VALIDATE_NEGOTIATE_INFO Response, [MS-SMB2] 2.2.32.6: what the NEGOTIATE response should have said."""

    capabilities: int = wire.u32()
    guid: bytes = wire.raw(16)
    security_mode: int = wire.u16()
    dialect: int = wire.u16()


@wire.structure
class SMB2SrvSnapshotArray(wire.Structure):
    """SRV_SNAPSHOT_ARRAY, [MS-SMB2] 2.2.32.2.

    ``number_of_snap_shots_returned`` is 0 when the names did not fit; ``snap_shot_array_size`` then says how many bytes
    they take.
    """

    number_of_snap_shots: int = wire.u32()
    number_of_snap_shots_returned: int = wire.u32()
    snap_shot_array_size: int = wire.u32()
    snap_shots: bytes = wire.buffer('', '', default=b'')

    def names(self) -> list[str]:
        """The snapshots as ``@GMT-YYYY.MM.DD-HH.MM.SS``; ProtocolError when there are fewer than announced."""
        if not self.number_of_snap_shots_returned:
            return []
        if self.snap_shot_array_size > LONGEST_SNAPSHOT_ARRAY:
            raise ProtocolError(f'The server has {self.snap_shot_array_size} bytes of snapshots')
        names = [name for name in utf16_decode(self.snap_shots[: self.snap_shot_array_size]).split('\0') if name]
        if len(names) < self.number_of_snap_shots_returned:
            announced = self.number_of_snap_shots_returned
            raise ProtocolError(f'{announced} snapshots were announced, {len(names)} are there', self.snap_shots)
        return names[: self.number_of_snap_shots_returned]
