"""DOS errors as NTSTATUS, [MS-CIFS] 2.2.2.4: for servers without SMB_FLAGS2_NT_STATUS.

Several NTSTATUS share a DOS error; the one given here is what a server means most often.
"""

from __future__ import annotations

from smb import ntstatus
from smb.messages.smb1.status import SMBError

_ERRDOS = {
    1: ntstatus.STATUS_NOT_IMPLEMENTED,  # ERRbadfunc
    2: ntstatus.STATUS_OBJECT_NAME_NOT_FOUND,  # ERRbadfile
    3: ntstatus.STATUS_OBJECT_PATH_NOT_FOUND,  # ERRbadpath
    4: ntstatus.STATUS_TOO_MANY_OPENED_FILES,  # ERRnofids
    5: ntstatus.STATUS_ACCESS_DENIED,  # ERRnoaccess
    6: ntstatus.STATUS_INVALID_HANDLE,  # ERRbadfid
    8: ntstatus.STATUS_INSUFF_SERVER_RESOURCES,  # ERRnomem
    16: ntstatus.STATUS_DIRECTORY_NOT_EMPTY,  # ERRremcd
    17: ntstatus.STATUS_NOT_SAME_DEVICE,  # ERRdiffdevice
    18: ntstatus.STATUS_NO_MORE_FILES,  # ERRnofiles
    31: ntstatus.STATUS_UNSUCCESSFUL,  # ERRgeneral
    32: ntstatus.STATUS_SHARING_VIOLATION,  # ERRbadshare
    33: ntstatus.STATUS_FILE_LOCK_CONFLICT,  # ERRlock
    38: ntstatus.STATUS_END_OF_FILE,  # ERReof
    50: ntstatus.STATUS_NOT_SUPPORTED,  # ERRunsup
    67: ntstatus.STATUS_BAD_NETWORK_NAME,  # ERROR_BAD_NET_NAME
    80: ntstatus.STATUS_OBJECT_NAME_COLLISION,  # ERRfilexists
    87: ntstatus.STATUS_INVALID_PARAMETER,  # ERRinvalidparam
    112: ntstatus.STATUS_DISK_FULL,  # ERROR_DISK_FULL
    122: ntstatus.STATUS_BUFFER_TOO_SMALL,  # ERROR_INSUFFICIENT_BUFFER
    123: ntstatus.STATUS_OBJECT_NAME_INVALID,  # ERROR_INVALID_NAME
    124: ntstatus.STATUS_INVALID_LEVEL,  # ERRunknownlevel
    145: ntstatus.STATUS_DIRECTORY_NOT_EMPTY,  # ERROR_DIR_NOT_EMPTY
    183: ntstatus.STATUS_OBJECT_NAME_COLLISION,  # ERROR_ALREADY_EXISTS
    231: ntstatus.STATUS_PIPE_NOT_AVAILABLE,  # ERRpipebusy
    232: ntstatus.STATUS_PIPE_CLOSING,  # ERRpipeclosing
    233: ntstatus.STATUS_PIPE_DISCONNECTED,  # ERRnotconnected
    234: ntstatus.STATUS_BUFFER_OVERFLOW,  # ERRmoredata
    267: ntstatus.STATUS_NOT_A_DIRECTORY,  # ERROR_DIRECTORY
}
_ERRSRV = {
    1: ntstatus.STATUS_UNSUCCESSFUL,  # ERRerror
    2: ntstatus.STATUS_LOGON_FAILURE,  # ERRbadpw
    4: ntstatus.STATUS_ACCESS_DENIED,  # ERRaccess
    5: ntstatus.STATUS_NETWORK_NAME_DELETED,  # ERRinvtid
    6: ntstatus.STATUS_BAD_NETWORK_NAME,  # ERRinvnetname
    7: ntstatus.STATUS_BAD_DEVICE_TYPE,  # ERRinvdevice
    64: ntstatus.STATUS_NOT_IMPLEMENTED,  # ERRbadcmd
    90: ntstatus.STATUS_TOO_MANY_SESSIONS,  # ERRtoomanyuids
    91: ntstatus.STATUS_USER_SESSION_DELETED,  # ERRbaduid
    2239: ntstatus.STATUS_ACCOUNT_EXPIRED,  # ERRaccountExpired
    2240: ntstatus.STATUS_INVALID_WORKSTATION,  # ERRbadClient
    2241: ntstatus.STATUS_INVALID_LOGON_HOURS,  # ERRbadLogonTime
    2242: ntstatus.STATUS_PASSWORD_EXPIRED,  # ERRpasswordExpired
    0xFFFF: ntstatus.STATUS_NOT_SUPPORTED,  # ERRnosupport
}
_ERRHRD = {
    19: ntstatus.STATUS_MEDIA_WRITE_PROTECTED,  # ERRnowrite
    31: ntstatus.STATUS_UNSUCCESSFUL,  # ERRgeneral
    32: ntstatus.STATUS_SHARING_VIOLATION,  # ERRbadshare
    33: ntstatus.STATUS_FILE_LOCK_CONFLICT,  # ERRlock
    39: ntstatus.STATUS_DISK_FULL,  # ERRdiskfull
}
# 2.2.2.4: NTSTATUS that SMB1 alone has; class and code of a DOS error stand in them.
_EMBEDDED = {
    0x00010002: ntstatus.STATUS_UNSUCCESSFUL,  # STATUS_INVALID_SMB
    0x00050002: ntstatus.STATUS_NETWORK_NAME_DELETED,  # STATUS_SMB_BAD_TID
    0x00160002: ntstatus.STATUS_NOT_IMPLEMENTED,  # STATUS_SMB_BAD_COMMAND
    0x005B0002: ntstatus.STATUS_USER_SESSION_DELETED,  # STATUS_SMB_BAD_UID
    0x00FB0002: ntstatus.STATUS_NOT_IMPLEMENTED,  # STATUS_SMB_USE_STANDARD
}
_CLASSES = {0x01: _ERRDOS, 0x02: _ERRSRV, 0x03: _ERRHRD}


def to_ntstatus(error: SMBError) -> int:
    """The NTSTATUS that a status is, or comes closest to; STATUS_UNSUCCESSFUL for a DOS error that is not known."""
    if error.is_ntstatus or not error.hasError:
        return _EMBEDDED.get(error.internal_value, error.internal_value)
    return _CLASSES.get(error.error_class, {}).get(error.error_code, ntstatus.STATUS_UNSUCCESSFUL)
