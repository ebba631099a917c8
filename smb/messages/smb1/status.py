"""What the Status field of an SMB1 header says, [MS-CIFS] 2.2.3.1."""

from __future__ import annotations

from smb import ntstatus

# 2.2.2.4 SMB Error Classes and Codes
ERROR_CLASSES = {0x00: 'SUCCESS', 0x01: 'ERRDOS', 0x02: 'ERRSRV', 0x03: 'ERRHRD', 0xFF: 'ERRCMD'}


class SMBError:
    """The status of an SMB1 message: an NTSTATUS, or a DOS error class and code, [MS-CIFS] 2.2.2.4.

    ``internal_value`` is the field as a number, 0 without an error. Where ``is_ntstatus`` (SMB_FLAGS2_NT_STATUS was
    set) it is the NTSTATUS; otherwise its lowest byte is ``error_class`` and its upper half ``error_code``.
    """

    __module__ = 'smb.smb_structs'

    def __init__(self, internal_value: int = 0, is_ntstatus: bool = True) -> None:
        self.internal_value = internal_value
        self.is_ntstatus = is_ntstatus

    @property
    def hasError(self) -> bool:
        """Whether the server says that something went wrong."""
        return self.internal_value != 0

    @property
    def error_class(self) -> int:
        """The class of a DOS error, 1 for ERRDOS; of an NTSTATUS it means nothing."""
        return self.internal_value & 0xFF

    @property
    def error_code(self) -> int:
        """The code of a DOS error within its class; of an NTSTATUS it means nothing."""
        return self.internal_value >> 16

    def __str__(self) -> str:
        if self.is_ntstatus:
            return ntstatus.describe(self.internal_value)
        name = ERROR_CLASSES.get(self.error_class, f'error class 0x{self.error_class:02X}')
        return f'{name}, code {self.error_code}'

    def __repr__(self) -> str:
        return f'<SMBError {self}>'
