"""What a command works with: its options, its output, and connections that are made when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from smb import addresses
from smb.cli import failures
from smb.cli.credentials import Login, ask_on_terminal, find_login
from smb.errors import SMBException

if TYPE_CHECKING:
    from argparse import Namespace

    from smb.addresses import Address
    from smb.cli.output import Output
    from smb.SMBConnection import SMBConnection

NAME_SECONDS = 2.0  # to wait for a server to tell its NetBIOS name


class Client:
    """One run of the program. It is used in a ``with`` block, which closes what it has connected."""

    def __init__(self, options: Namespace, output: Output) -> None:
        self.options = options
        self.output = output
        self._connections: dict[tuple[str, int, str], SMBConnection] = {}
        self._logins: dict[tuple[str, str | None], Login] = {}
        self._codes: set[int] = set()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        for connection in self._connections.values():
            connection.close()

    @property
    def exit_code(self) -> int:
        """0 where nothing failed; the code of what failed, and 1 where that was for several reasons."""
        if len(self._codes) > 1:
            return failures.FAILED
        return next(iter(self._codes), failures.OK)

    @property
    def timeout(self) -> float:
        """Seconds that a server may be silent."""
        return float(self.options.timeout)

    def report(self, error: BaseException, what: Address | str | None = None) -> None:
        """Show what failed and remember it for the exit code."""
        failure = failures.explained(error, what)
        self.output.error(failure.text)
        self._codes.add(failure.code)

    @contextmanager
    def attempt(self, what: Address | str) -> Iterator[None]:
        """A step of several: its failure is reported, and the next step goes on, unless the connection is gone."""
        try:
            yield
        except BrokenPipeError:
            raise
        except (failures.Failure, SMBException, OSError, ValueError) as error:
            failure = failures.explained(error, what)
            if isinstance(failure, failures.ConnectionFailure):
                raise failure from error
            self.report(failure)

    def connection(self, address: Address) -> SMBConnection:
        """A connection to the server of an address on which the user is signed on."""
        login = self.login(address)
        key = (address.host.lower(), self.port(address), str(login.user))
        connection = self._connections.get(key)
        if connection is None or connection.sock is None:
            connection = self._connections[key] = self._connected(address, login)
        return connection

    def reconnected(self, address: Address) -> SMBConnection:
        """Another connection in place of the one there was, which an interruption may have hit anywhere."""
        login = self.login(address)
        key = (address.host.lower(), self.port(address), str(login.user))
        if key in self._connections:
            self._connections[key].close()
        connection = self._connections[key] = self._connected(address, login)
        return connection

    def port(self, address: Address) -> int:
        """The port to connect to: the address's own, else that of ``-p``, else the usual one."""
        default = failures.NETBIOS_PORT if self.options.netbios else failures.DIRECT_TCP_PORT
        return address.port or self.options.port or default

    def login(self, address: Address) -> Login:
        """Whom to sign on as there; somebody may be asked for the password, once."""
        key = (address.host.lower(), address.user)
        if key not in self._logins:
            self._logins[key] = find_login(self.options, address, ask_on_terminal)
        return self._logins[key]

    def _connected(self, address: Address, login: Login) -> SMBConnection:
        connection = self.unconnected(address, login)
        with closed_on_error(connection):
            if not self.connect(connection, address):
                raise failures.refused_user(str(login.user), address, connection.auth_error)
        if connection.is_guest and login.user:
            self.output.note(f'{address.server} does not know {login.user}, and let a guest in')
        return connection

    def unconnected(self, address: Address, login: Login) -> SMBConnection:
        """The connection as the options want it, before anything is sent."""
        from smb.SMBConnection import SMBConnection

        options = self.options
        try:
            return SMBConnection(
                login.user or '',
                login.password,
                addresses.client_name(),
                self._server_name(address),
                domain=login.domain or '',
                is_direct_tcp=not options.netbios,
                require_signing=options.sign,
                require_encryption=options.encrypt,
                min_dialect=options.min_dialect,
                max_dialect=options.max_dialect,
            )
        except ValueError as error:
            raise failures.UsageFailure(str(error)) from None

    def connect(self, connection: SMBConnection, address: Address) -> bool:
        """Whether the server accepts the user; a ConnectionFailure where it does not come to that."""
        port = self.port(address)
        try:
            return connection.connect(address.host, port, timeout=self.timeout)
        except (SMBException, OSError) as error:
            raise failures.failed_connection(error, address, port, not self.options.netbios) from error

    def _server_name(self, address: Address) -> str:
        """What to call the server: a NetBIOS session may want its right name, direct TCP takes any."""
        if self.options.server_name:
            return str(self.options.server_name)
        name = addresses.server_name(address.host, is_direct_tcp=not self.options.netbios)
        return (name == addresses.ANY_SERVER and self._asked_name(address.host)) or name

    def _asked_name(self, host: str) -> str | None:
        from nmb.NetBIOS import NetBIOS

        with NetBIOS(broadcast=False) as name_service:
            try:
                names = name_service.queryIPForName(host, timeout=min(NAME_SECONDS, self.timeout))
            except OSError:
                return None
        return names[0] if names else None


@contextmanager
def closed_on_error(connection: SMBConnection) -> Iterator[None]:
    """The connection is closed where this fails."""
    try:
        yield
    except BaseException:
        connection.close()
        raise
