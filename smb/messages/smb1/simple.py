"""The commands that carry little: CLOSE, FIND_CLOSE2, ECHO, LOGOFF_ANDX, NT_CANCEL, [MS-CIFS] 2.2.4."""

from __future__ import annotations

from smb.messages.smb1.payload import AndXRequest, AndXResponse, SMB1Request, SMB1Response
from smb.smb_constants import (
    SMB_COM_CLOSE,
    SMB_COM_ECHO,
    SMB_COM_FIND_CLOSE2,
    SMB_COM_LOGOFF_ANDX,
    SMB_COM_NT_CANCEL,
)
from smb.wire import structure as wire


@wire.structure
class ComCloseResponse(SMB1Response):
    """SMB_COM_CLOSE Response, [MS-CIFS] 2.2.4.5.2."""

    COMMAND = SMB_COM_CLOSE


@wire.structure
class ComCloseRequest(SMB1Request):
    """SMB_COM_CLOSE Request, [MS-CIFS] 2.2.4.5.1."""

    COMMAND = SMB_COM_CLOSE
    RESPONSE = ComCloseResponse

    fid: int = wire.u16()
    last_time_modified: int = wire.u32(default=0xFFFFFFFF)  # leave the time of the last write as it is


@wire.structure
class ComFindClose2Response(SMB1Response):
    """SMB_COM_FIND_CLOSE2 Response, [MS-CIFS] 2.2.4.48.2."""

    COMMAND = SMB_COM_FIND_CLOSE2


@wire.structure
class ComFindClose2Request(SMB1Request):
    """SMB_COM_FIND_CLOSE2 Request, [MS-CIFS] 2.2.4.48.1: a search that was not read to its end."""

    COMMAND = SMB_COM_FIND_CLOSE2
    RESPONSE = ComFindClose2Response

    search_handle: int = wire.u16()


@wire.structure
class ComEchoResponse(SMB1Response):
    """SMB_COM_ECHO Response, [MS-CIFS] 2.2.4.39.2."""

    COMMAND = SMB_COM_ECHO

    sequence_number: int = wire.u16(default=1)  # of the answers to one request
    data: bytes = wire.buffer('', '', default=b'')


@wire.structure
class ComEchoRequest(SMB1Request):
    """SMB_COM_ECHO Request, [MS-CIFS] 2.2.4.39.1."""

    COMMAND = SMB_COM_ECHO
    RESPONSE = ComEchoResponse

    echo_count: int = wire.u16(default=1)  # how many answers there are to be
    data: bytes = wire.buffer('', '', default=b'')


@wire.structure
class ComLogoffAndxResponse(AndXResponse):
    """SMB_COM_LOGOFF_ANDX Response, [MS-CIFS] 2.2.4.54.2."""

    COMMAND = SMB_COM_LOGOFF_ANDX


@wire.structure
class ComLogoffAndxRequest(AndXRequest):
    """SMB_COM_LOGOFF_ANDX Request, [MS-CIFS] 2.2.4.54.1."""

    COMMAND = SMB_COM_LOGOFF_ANDX
    RESPONSE = ComLogoffAndxResponse


@wire.structure
class ComNTCancelRequest(SMB1Request):
    """SMB_COM_NT_CANCEL Request, [MS-CIFS] 2.2.4.65.1: the request with the same ids; it has no answer of its own."""

    COMMAND = SMB_COM_NT_CANCEL
