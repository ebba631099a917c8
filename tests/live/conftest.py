"""What the tests against a private Samba server share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

pytest.register_assert_rewrite('tests.live.main_job', 'tests.live.refusals')

from smb import smb_structs  # noqa: E402
from smb.crypto import backend  # noqa: E402
from tests.live.folder import Folder  # noqa: E402

if TYPE_CHECKING:
    from smb.session.fall_back import Offer
    from smb.SMBConnection import SMBConnection
    from smb.testing import SambaServer
    from tests.live.network import Listener


SMB1 = 0x0100  # what ``dialect`` says of it


@pytest.fixture
def new() -> Iterator[Callable[..., SMBConnection]]:
    """``new(server, **arguments)``: an SMBConnection that is not connected yet; closed after the test.

    The arguments go to the constructor; user, password, names and direct TCP are filled in. With ``smb1=True`` it
    offers SMB1 alone.
    """
    from smb.SMBConnection import SMBConnection

    class OldConnection(SMBConnection):
        def _offer(self) -> Offer:
            offer = super()._offer()
            offer.smb2 = False
            return offer

    with ExitStack() as connections:

        def new(server: SambaServer, *, smb1: bool = False, **arguments: Any) -> SMBConnection:
            arguments = {
                'username': server.user,
                'password': server.password,
                'my_name': 'TESTCLIENT',
                'remote_name': server.name,
                'is_direct_tcp': True,
                **arguments,
            }
            return connections.enter_context((OldConnection if smb1 else SMBConnection)(**arguments))

        yield new


@pytest.fixture
def connect(new: Callable[..., SMBConnection]) -> Callable[..., SMBConnection]:
    """``connect(server, host=None, timeout=30, via=None, **arguments)``: as ``new``, and logged in.

    ``via`` is what is connected to in place of the server, a ``Relay`` to it.
    """

    def connect(
        server: SambaServer,
        host: str | None = None,
        timeout: float = 30,
        via: Listener | None = None,
        **arguments: Any,
    ) -> SMBConnection:
        connection = new(server, **arguments)
        target = via or server
        assert connection.connect(host or target.host, target.port, timeout=timeout), connection.auth_error
        return connection

    return connect


@pytest.fixture
def folder(server: Callable[..., SambaServer]) -> Folder:
    """A folder of this test's own in the share ``smbtest`` of the server with the default configuration."""
    return Folder(server())


@pytest.fixture(params=[SMB1, 0x0202, 0x0311], ids='{:04x}'.format)
def connection(
    request: pytest.FixtureRequest,
    folder: Folder,
    connect: Callable[..., SMBConnection],
    monkeypatch: pytest.MonkeyPatch,
) -> SMBConnection:
    """Logged in on the server that ``folder`` is on; each test runs over SMB1, the oldest SMB2 and the newest."""
    if request.param == SMB1:
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
        return connect(folder.server)
    return connect(folder.server, max_dialect=request.param)


@pytest.fixture(params=['cryptography', 'pycryptodomex'])
def primitives(request: pytest.FixtureRequest) -> Iterator[str]:
    """Every test that asks for it runs once with each crypto package."""
    try:
        backend.use(request.param)
    except ImportError:
        pytest.skip(f'{request.param} is not installed')
    yield request.param
    backend.use(None)
