"""Every kind of SMB1 request that the library sends, each as a call that sends it: the twin of ``each_request.py``."""

from __future__ import annotations

from contextlib import suppress

from smb.errors import StatusError
from smb.smb_constants import (
    SMB_COM_CLOSE,
    SMB_COM_CREATE_DIRECTORY,
    SMB_COM_ECHO,
    SMB_COM_FIND_CLOSE2,
    SMB_COM_NT_CREATE_ANDX,
    SMB_COM_NT_TRANSACT,
    SMB_COM_READ_ANDX,
    SMB_COM_RENAME,
    SMB_COM_TRANSACTION,
    SMB_COM_TRANSACTION2,
    SMB_COM_TREE_CONNECT_ANDX,
    SMB_COM_WRITE_ANDX,
)
from tests.session.each_request import HOW, NEW, query_security, read, set_information, tree_of, write

__all__ = ['EACH', 'HOW', 'NEW', 'list_folder', 'tree_of']


def list_folder(connection):
    """Names; the listing is given up where the server has more of them."""
    search, entries, following = tree_of(connection).list_first('', HOW, '*')
    if following is not None:
        search.abandon(following)
    with suppress(StatusError):  # where the answer that was given up has ended it
        search.close()
    return [entry.filename for entry in entries]


def transact(connection):
    with tree_of(connection, 'ipc$').open('srvsvc', HOW) as pipe:
        return bytes(pipe.transact([b'first', b'last']))


def rename(connection):
    connection.rename('share', 'large', 'renamed')


# Command -> how to send it. For FIND_CLOSE2 the server needs ``batch=2``.
EACH = {
    SMB_COM_TREE_CONNECT_ANDX: lambda connection: tree_of(connection, 'other'),
    SMB_COM_NT_CREATE_ANDX: lambda connection: tree_of(connection).open('file', HOW).close(),
    SMB_COM_CLOSE: lambda connection: tree_of(connection).open('file', HOW).close(),
    SMB_COM_READ_ANDX: read,
    SMB_COM_WRITE_ANDX: write,
    SMB_COM_RENAME: rename,
    SMB_COM_CREATE_DIRECTORY: lambda connection: connection.createDirectory('share', 'new folder'),
    SMB_COM_TRANSACTION: transact,
    SMB_COM_TRANSACTION2: set_information,
    SMB_COM_FIND_CLOSE2: list_folder,
    SMB_COM_NT_TRANSACT: query_security,
    SMB_COM_ECHO: lambda connection: connection.echo(b'data'),
}
