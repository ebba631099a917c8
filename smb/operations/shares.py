"""The list of a server's shares: NetrShareEnum over the pipe ``srvsvc``, [MS-SRVS] 3.1.4.8."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import Incomplete, ProtocolError
from smb.messages import rpc, srvsvc
from smb.results import SharedDevice
from smb.smb_constants import FILE_READ_ATTRIBUTES, FILE_READ_DATA, FILE_WRITE_DATA
from smb.tree.base import How

if TYPE_CHECKING:
    from collections.abc import Sequence

    from smb.tree.base import Open, Tree

MOST_SHARES = 1 << 16
PIPE = How(FILE_READ_DATA | FILE_WRITE_DATA | FILE_READ_ATTRIBUTES)


def list_shares(tree: Tree, server_name: str) -> list[SharedDevice]:
    """The shares that the server shows, in its order; ``tree`` is IPC$."""
    shares: list[SharedDevice] = []
    resume_handle, used_handles = 0, {0}
    with tree.open(srvsvc.PIPE, PIPE) as pipe:
        client = rpc.Client(srvsvc.INTERFACE)
        _converse(pipe, client, [client.bind()])
        while True:
            stub = _converse(
                pipe, client, client.request(srvsvc.NETR_SHARE_ENUM, srvsvc.pack_share_enum(server_name, resume_handle))
            )
            result = srvsvc.unpack_share_enum(stub)
            shares += (SharedDevice(kind, name, remark) for name, kind, remark in result.shares)
            if result.error_code == srvsvc.NERR_SUCCESS:
                return shares
            if result.error_code != srvsvc.ERROR_MORE_DATA:
                raise Incomplete(f'the server answered with Windows error {result.error_code}', 'Unable to list shares')
            resume_handle = result.resume_handle or 0
            if not result.shares or resume_handle in used_handles or len(shares) > MOST_SHARES:
                raise ProtocolError(f'The server has more than {len(shares)} shares to list, but does not go on')
            used_handles.add(resume_handle)


def _converse(pipe: Open, client: rpc.Client, messages: Sequence[bytes]) -> bytes:
    """The stub that answers ``messages``."""
    try:
        answer = client.feed(pipe.transact(messages))
        while answer is None:
            more = pipe.read_pipe()
            if not more:
                raise ProtocolError('An RPC answer breaks off')
            answer = client.feed(more)
        return answer
    except rpc.RPCFault as fault:
        raise Incomplete(str(fault), 'Unable to list shares') from fault
