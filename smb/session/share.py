"""Connecting to a share, [MS-SMB2] 3.2.4.2.4 and 3.2.5.5."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import UnsupportedFeature
from smb.messages.smb2.tree_connect import SMB2TreeConnectRequest, SMB2TreeConnectResponse
from smb.session.negotiate import validate
from smb.smb2_constants import SMB2_DIALECT_311, SMB2_SHAREFLAG_ENCRYPT_DATA

if TYPE_CHECKING:
    from smb.session.exchange import Exchange
    from smb.session.state import TreeConnect


def connect_tree(exchange: Exchange, tree: TreeConnect) -> None:
    """Connect ``tree.share_name`` and fill in what the server says of it."""
    # 3.2.4.1.1: at 3.1.1 it is signed where there is a key, though nothing else may be
    sign_always = exchange.dialect.connection.dialect == SMB2_DIALECT_311
    reply = exchange.call(SMB2TreeConnectRequest(path=tree.share_name), sign_always=sign_always)
    response = reply.payload
    assert isinstance(response, SMB2TreeConnectResponse)
    tree.share_type = response.share_type
    tree.share_flags = response.share_flags
    tree.capabilities = response.capabilities
    tree.encrypt_data = bool(response.share_flags & SMB2_SHAREFLAG_ENCRYPT_DATA)
    if tree.encrypt_data and exchange.dialect.session.sealer is None:
        raise UnsupportedFeature(f'{tree.share_name} is to be encrypted, which this session cannot do')
    tree.tree_id = reply.header.tree_id
    validate(exchange, tree)
    exchange.dialect.session.tree_connects.append(tree)
