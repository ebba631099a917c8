"""What the tests against a private Samba server share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from smb.SMBConnection import SMBConnection
    from smb.testing import SambaServer


@pytest.fixture
def connect() -> Iterator[Callable[..., SMBConnection]]:
    """``connect(server, host=None, timeout=30, **arguments)``: a logged-in SMBConnection; closed after the test.

    The arguments go to the constructor; user, password, names and direct TCP are filled in.
    """
    from smb.SMBConnection import SMBConnection

    with ExitStack() as connections:

        def connect(
            server: SambaServer, host: str | None = None, timeout: float = 30, **arguments: Any
        ) -> SMBConnection:
            arguments = {
                'username': server.user,
                'password': server.password,
                'my_name': 'TESTCLIENT',
                'remote_name': server.name,
                'is_direct_tcp': True,
                **arguments,
            }
            connection = connections.enter_context(SMBConnection(**arguments))
            assert connection.connect(host or server.host, server.port, timeout=timeout), connection.auth_error
            return connection

        yield connect
