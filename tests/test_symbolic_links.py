"""A server that stops on a symbolic link, as Windows does: each call says so, and where the link leads."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus
from smb.smb2_constants import SMB2_COM_CREATE
from smb.smb_structs import OperationFailure
from tests.operations.test_causes import bare, in_context, link
from tests.session.scripted import ScriptedServer, connected, is_usable

CALLS = {
    'listPath': ((), 'Unable to open directory'),
    'getAttributes': ((), 'Unable to open remote file object'),
    'getSecurity': ((), 'Unable to open file or directory'),
    'listSnapshots': ((), 'Unable to open file/directory'),
    'retrieveFile': ((io.BytesIO(),), 'Unable to open file'),
    'storeFile': ((io.BytesIO(b'x'),), 'Unable to open file'),
    'createDirectory': ((), 'Create failed'),
    'deleteDirectory': ((), 'Unable to open directory'),
    'deleteFiles': ((), 'Unable to open file'),
    'rename': (('new',), 'Unable to open file/directory'),
    'resetFileAttributes': ((), 'Unable to open file'),
    'setLastWriteTime': ((0,), 'Unable to open file'),
}


@pytest.mark.parametrize(('dialect', 'wrapped'), [(0x0202, bare), (0x0311, in_context)])
@pytest.mark.parametrize(('method', 'arguments', 'reason'), [(name, *rest) for name, rest in CALLS.items()])
def test_each_call_says_where_the_link_leads(dialect, wrapped, method, arguments, reason):
    def stop(answer):
        answer.make_error(ntstatus.STATUS_STOPPED_ON_SYMLINK)
        answer.payload = wrapped(link(shown='D:\\far away'))

    server = ScriptedServer(dialect)
    with connected(server) as connection:
        server.bend(SMB2_COM_CREATE, stop)
        with pytest.raises(OperationFailure) as caught:
            getattr(connection, method)('share', 'd/link', *arguments)
        assert caught.value.message.endswith(
            r" on share (a symbolic link on the path leads to 'D:\\far away', which is not followed): "
            f'{reason} (STATUS_STOPPED_ON_SYMLINK, 0x8000002D)'
        )
        assert r'd\link' in caught.value.message
        assert caught.value.smb_messages[-1].status == caught.value.status == ntstatus.STATUS_STOPPED_ON_SYMLINK
        assert server.open_handles == 0
        assert is_usable(connection)
