"""The commands that name files and folders: DELETE, RENAME, CREATE_DIRECTORY, DELETE_DIRECTORY, [MS-CIFS] 2.2.4."""

from __future__ import annotations

from smb.messages.smb1.payload import SMB1Request, SMB1Response, String
from smb.smb_constants import (
    SMB_COM_CREATE_DIRECTORY,
    SMB_COM_DELETE,
    SMB_COM_DELETE_DIRECTORY,
    SMB_COM_RENAME,
    SMB_FILE_ATTRIBUTE_DIRECTORY,
    SMB_FILE_ATTRIBUTE_HIDDEN,
    SMB_FILE_ATTRIBUTE_SYSTEM,
)
from smb.wire import structure as wire

_PATH = String(buffer_format=b'\x04')


@wire.structure
class ComCreateDirectoryResponse(SMB1Response):
    """SMB_COM_CREATE_DIRECTORY Response, [MS-CIFS] 2.2.4.1.2."""

    COMMAND = SMB_COM_CREATE_DIRECTORY


@wire.structure
class ComCreateDirectoryRequest(SMB1Request):
    """SMB_COM_CREATE_DIRECTORY Request, [MS-CIFS] 2.2.4.1.1."""

    COMMAND = SMB_COM_CREATE_DIRECTORY
    RESPONSE = ComCreateDirectoryResponse

    directory_name: str = wire.encoded(_PATH)


@wire.structure
class ComDeleteDirectoryResponse(SMB1Response):
    """SMB_COM_DELETE_DIRECTORY Response, [MS-CIFS] 2.2.4.2.2."""

    COMMAND = SMB_COM_DELETE_DIRECTORY


@wire.structure
class ComDeleteDirectoryRequest(SMB1Request):
    """SMB_COM_DELETE_DIRECTORY Request, [MS-CIFS] 2.2.4.2.1."""

    COMMAND = SMB_COM_DELETE_DIRECTORY
    RESPONSE = ComDeleteDirectoryResponse

    directory_name: str = wire.encoded(_PATH)


@wire.structure
class ComDeleteResponse(SMB1Response):
    """SMB_COM_DELETE Response, [MS-CIFS] 2.2.4.7.2."""

    COMMAND = SMB_COM_DELETE


@wire.structure
class ComDeleteRequest(SMB1Request):
    """SMB_COM_DELETE Request, [MS-CIFS] 2.2.4.7.1; ``file_name`` may have wildcards, but Samba refuses them."""

    COMMAND = SMB_COM_DELETE
    RESPONSE = ComDeleteResponse

    # What a file may be besides a normal one for this to find it.
    search_attributes: int = wire.u16(default=SMB_FILE_ATTRIBUTE_HIDDEN | SMB_FILE_ATTRIBUTE_SYSTEM)
    file_name: str = wire.encoded(_PATH)


@wire.structure
class ComRenameResponse(SMB1Response):
    """SMB_COM_RENAME Response, [MS-CIFS] 2.2.4.8.2."""

    COMMAND = SMB_COM_RENAME


@wire.structure
class ComRenameRequest(SMB1Request):
    """SMB_COM_RENAME Request, [MS-CIFS] 2.2.4.8.1; both names are from the root of the share."""

    COMMAND = SMB_COM_RENAME
    RESPONSE = ComRenameResponse

    search_attributes: int = wire.u16(
        default=SMB_FILE_ATTRIBUTE_HIDDEN | SMB_FILE_ATTRIBUTE_SYSTEM | SMB_FILE_ATTRIBUTE_DIRECTORY
    )
    old_file_name: str = wire.encoded(_PATH)
    new_file_name: str = wire.encoded(_PATH)
