"""The switches that programs assign to, and the names that pysmb has here."""

from typing import Any as _Any

from smb.errors import FileExistsFailure as FileExistsFailure
from smb.errors import FileNotFoundFailure as FileNotFoundFailure
from smb.errors import IsADirectoryFailure as IsADirectoryFailure
from smb.errors import NotADirectoryFailure as NotADirectoryFailure
from smb.errors import OperationFailure as OperationFailure
from smb.errors import OSFailure as OSFailure
from smb.errors import PermissionFailure as PermissionFailure
from smb.errors import ProtocolError as ProtocolError
from smb.errors import SMB2ProtocolHeaderError as SMB2ProtocolHeaderError
from smb.errors import SMBException as SMBException
from smb.errors import TreeFailure as TreeFailure
from smb.errors import UnsupportedFeature as UnsupportedFeature
from smb.smb_constants import *

# Read when connecting. False: SMB2 and SMB3 are not offered.
SUPPORT_SMB2 = True
# Read when connecting. False: a server that answers no SMB2 is not asked for SMB1.
SUPPORT_SMB1 = True
# Read when connecting to a server that speaks SMB1 only. False: bare NTLMv1 responses instead of SPNEGO.
SUPPORT_EXTENDED_SECURITY = True


def __getattr__(name: str) -> _Any:
    """The names of SMB1's half, which is imported when a program asks for it."""
    if name == 'SMBMessage':
        from smb.messages.smb1.header import SMBMessage

        return SMBMessage
    if name == 'SMBError':
        from smb.messages.smb1.status import SMBError

        return SMBError
    if name.startswith('Com'):
        from smb.messages.smb1 import (
            create,
            negotiate,
            paths,
            read_write,
            session_setup,
            simple,
            transaction,
            tree_connect,
        )

        for module in (create, negotiate, paths, read_write, session_setup, simple, transaction, tree_connect):
            if hasattr(module, name):
                return getattr(module, name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
