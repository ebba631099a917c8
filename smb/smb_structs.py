"""The switches that programs assign to, and the names that pysmb has here."""

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
from smb.errors import UnsupportedFeature as UnsupportedFeature
from smb.smb_constants import *

# Read when connecting. False: SMB2 and SMB3 are not offered.
SUPPORT_SMB2 = True
# Read when signing on to a server that speaks SMB1 only. False: bare NTLM responses instead of SPNEGO.
SUPPORT_EXTENDED_SECURITY = True
