"""Every kind of request, each as a call that sends it: for rules that hold for all of them."""

from __future__ import annotations

import io

from smb.messages import fscc
from smb.messages.smb2.header import SMB2Request
from smb.messages.smb2.simple import SMB2EchoRequest, SMB2FlushRequest, SMB2LogoffRequest
from smb.smb2_constants import (
    FSCTL_SRV_ENUMERATE_SNAPSHOTS,
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_FLUSH,
    SMB2_COM_IOCTL,
    SMB2_COM_LOGOFF,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_QUERY_INFO,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_TREE_CONNECT,
    SMB2_COM_WRITE,
)
from smb.smb_constants import FILE_OVERWRITE_IF, FILE_READ_DATA, FILE_WRITE_DATA
from smb.tree.base import How

HOW = How(FILE_READ_DATA | FILE_WRITE_DATA)
NEW = How(FILE_WRITE_DATA, disposition=FILE_OVERWRITE_IF)


def exchange_of(connection):
    return connection._exchange


def tree_of(connection, share='share'):
    return connection._tree(connection._exchange, share)


def call(connection, request: SMB2Request):
    return exchange_of(connection).call(request, tree_of(connection).tree_connect)


def read(connection):
    with tree_of(connection).open('file', HOW) as handle:
        return bytes(handle.finish_read(handle.submit_read(0, 100)))


def write(connection):
    with tree_of(connection).open('new', NEW) as handle:
        return handle.finish_write(handle.submit_write(0, b'data'))


def set_information(connection):
    with tree_of(connection).open('file', HOW) as handle:
        handle.change(fscc.FileDispositionInformation(delete_pending=0))


def query_security(connection):
    with tree_of(connection).open('file', HOW) as handle:
        return bytes(handle.query_security(7))


def query_security_at_once(connection):
    with connection._operation('get the security descriptor of', ('file',), 30, 'share') as exchange:
        return bytes(connection._tree(exchange, 'share').query_security('file', HOW, 7))


def list_folder(connection):
    with tree_of(connection).open('', HOW) as handle:
        return handle.finish_list(handle.submit_list('*'))[0]


def control(connection):
    with tree_of(connection).open('file', HOW) as handle:
        return bytes(handle.control(FSCTL_SRV_ENUMERATE_SNAPSHOTS, 1000))


def transact(connection):
    with tree_of(connection).open('srvsvc', HOW) as pipe:
        return bytes(pipe.transact([b'first', b'last'])), bytes(pipe.read_pipe())


# Command -> how to send it. Where several are sent, none is a compound.
EACH = {
    SMB2_COM_TREE_CONNECT: lambda connection: tree_of(connection, 'other'),
    SMB2_COM_CREATE: lambda connection: tree_of(connection).open('file', HOW).close(),
    SMB2_COM_CLOSE: lambda connection: tree_of(connection).open('file', HOW).close(),
    SMB2_COM_READ: read,
    SMB2_COM_WRITE: write,
    SMB2_COM_QUERY_DIRECTORY: list_folder,
    SMB2_COM_QUERY_INFO: query_security,
    SMB2_COM_SET_INFO: set_information,
    SMB2_COM_IOCTL: transact,
    SMB2_COM_ECHO: lambda connection: call(connection, SMB2EchoRequest()),
    SMB2_COM_FLUSH: lambda connection: call(connection, SMB2FlushRequest(file_id=bytes(16))),
    SMB2_COM_LOGOFF: lambda connection: call(connection, SMB2LogoffRequest()),
}

# Whole jobs, which go out as compounds.
COMPOUNDS = {
    'query': lambda connection: connection.getAttributes('share', 'file'),
    'open and read': lambda connection: connection.retrieveFile('share', 'file', io.BytesIO()),
    'write small': lambda connection: connection.storeFile('share', 'new', io.BytesIO(b'data')),
    'write nothing': lambda connection: connection.storeFile('share', 'new', io.BytesIO()),
    'change': lambda connection: connection.rename('share', 'file', 'renamed'),
    'security': query_security_at_once,
    'list': lambda connection: connection.listPath('share', '/'),
    'large': lambda connection: connection.retrieveFile('share', 'large', io.BytesIO()),
}
