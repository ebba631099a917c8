"""A name for a private server, so that examples can be run as a reader would type them."""

from __future__ import annotations

from collections.abc import Callable

from smb.SMBConnection import SMBConnection


def redirect(name: str, port: int, patch: Callable[..., object] = setattr) -> None:
    """Have the host ``name``, port 445, found at this port of loopback."""
    connect = SMBConnection.connect

    def connect_to_private_server(self, host, given_port=139, *arguments, **keywords):
        assert (host, given_port) == (name, 445)
        return connect(self, '127.0.0.1', port, *arguments, **keywords)

    patch(SMBConnection, 'connect', connect_to_private_server)
