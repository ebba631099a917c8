"""The header of every SMB1 message, and a message as a whole, [MS-CIFS] 2.2.3.1."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from smb.messages.message import Message
from smb.messages.smb1.dos_errors import to_ntstatus
from smb.messages.smb1.status import SMBError
from smb.smb_constants import (
    SMB1_PROTOCOL_ID,
    SMB_COM_FIND_CLOSE2,
    SMB_COM_LOGOFF_ANDX,
    SMB_COM_NT_CANCEL,
    SMB_COM_RENAME,
    SMB_COM_TREE_DISCONNECT,
    SMB_COMMAND_NAMES,
    SMB_FLAGS2_NT_STATUS,
    SMB_FLAGS_REPLY,
)
from smb.wire import structure as wire

HEADER_SIZE = 32
SIGNATURE_OFFSET = 14

COMMAND_NAMES = {
    **SMB_COMMAND_NAMES,
    SMB_COM_RENAME: 'SMB_COM_RENAME',
    SMB_COM_FIND_CLOSE2: 'SMB_COM_FIND_CLOSE2',
    SMB_COM_TREE_DISCONNECT: 'SMB_COM_TREE_DISCONNECT',
    SMB_COM_LOGOFF_ANDX: 'SMB_COM_LOGOFF_ANDX',
    SMB_COM_NT_CANCEL: 'SMB_COM_NT_CANCEL',
}


@wire.structure
class SMBHeader(wire.Structure):
    """SMB_Header, [MS-CIFS] 2.2.3.1."""

    protocol: bytes = wire.raw(4, default=SMB1_PROTOCOL_ID)
    command: int = wire.u8()
    status: int = wire.u32(default=0)
    flags: int = wire.u8(default=0)
    flags2: int = wire.u16(default=0)
    pid_high: int = wire.u16(default=0)
    security_features: bytes = wire.raw(8, default=bytes(8))
    reserved: int = wire.u16(default=0)
    tid: int = wire.u16(default=0)
    pid_low: int = wire.u16(default=0)
    uid: int = wire.u16(default=0)
    mid: int = wire.u16(default=0)


class SMBMessage(Message):
    """An SMB1 message as a whole."""

    __module__ = 'smb.smb_structs'
    HEADER_SIZE = HEADER_SIZE
    protocol = 1
    isAsync = False

    if TYPE_CHECKING:
        header: SMBHeader

    @staticmethod
    def _read_header(data: wire.Buffer) -> SMBHeader:
        return SMBHeader.unpack(data)

    @property
    def status(self) -> SMBError:
        """NTSTATUS or DOS error."""
        return SMBError(self.header.status, bool(self.header.flags2 & SMB_FLAGS2_NT_STATUS))

    @cached_property
    def ntstatus(self) -> int:
        """The NTSTATUS that comes closest to it."""
        return to_ntstatus(self.status)

    @property
    def command_name(self) -> str:
        return COMMAND_NAMES.get(self.command, f'command 0x{self.command:02X}')

    @property
    def flags2(self) -> int:
        """SMB_FLAGS2_..."""
        return self.header.flags2

    @property
    def mid(self) -> int:
        """The number that a reply has in common with its request."""
        return self.header.mid

    @property
    def tid(self) -> int:
        """The share."""
        return self.header.tid

    @property
    def pid(self) -> int:
        """The process, of both fields."""
        return self.header.pid_high << 16 | self.header.pid_low

    @property
    def uid(self) -> int:
        """The session."""
        return self.header.uid

    @property
    def isReply(self) -> bool:
        return bool(self.header.flags & SMB_FLAGS_REPLY)

    def _header_lines(self) -> list[str]:
        lines = [f'Status: {self.status}'] if self.isReply else []
        ids = f'MID: {self.mid}  TID: {self.tid}  UID: {self.uid}  PID: {self.pid}'
        return [*lines, f'Flags: 0x{self.flags:02X}  Flags2: 0x{self.flags2:04X}  {ids}']
