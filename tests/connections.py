"""Connections to servers inside the test process, and servers that refuse every user."""

from __future__ import annotations

from contextlib import contextmanager
from unittest.mock import patch

from smb import ntstatus
from smb.smb2_constants import SMB2_COM_SESSION_SETUP
from smb.SMBConnection import SMBConnection
from tests.session.scripted import PASSWORD, USER, ScriptedServer


@contextmanager
def servers_for(*servers, kind=SMBConnection, user=USER, password=PASSWORD, **arguments):
    """A connection whose first connect() leads to the first server, and so on."""
    servers = list(servers)

    def dial(is_direct_tcp):
        server = servers.pop(0)
        return server.TRANSPORT(server, is_direct_tcp)

    connection = kind(user, password, 'ME', 'SERVER', is_direct_tcp=True, **arguments)
    with patch('smb.base.Transport', dial), connection:
        yield connection


def refusing(status=ntstatus.STATUS_LOGON_FAILURE):
    """A server that refuses every user at the end of the sign-on."""

    def refuse(request):
        return status if request.command == SMB2_COM_SESSION_SETUP and request.header.session_id else None

    return ScriptedServer(refuse=refuse)
