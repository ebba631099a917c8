r"""Addresses as people write them: smb://[domain;][user@]host[:port]/share/path, //host/share/path,
and \\host\share\path.

An address is shown without user and password, since what is shown ends up in logs.
"""

from __future__ import annotations

import platform
import re
from urllib.parse import unquote

FORMS = r'smb://[domain;][user@]host[:port]/share/path, //host/share/path or \\host\share\path'
SCHEME = 'smb://'
SERVER = re.compile(r'(?:\[(?P<ipv6>[^][]+)\]|(?P<host>[^][:]+))(?::(?P<port>[0-9]{1,5}))?')
FORBIDDEN = frozenset(' @;*?"<>|')  # in a host; a % stands before the zone of an IPv6 address
ANY_SERVER = '*SMBSERVER'  # what servers answer to whatever they are called


class BadAddress(ValueError):
    """A text that is no address; its message holds nothing of what may be a password."""


class Address:
    """A server, one of its shares, or a place on a share, and who is to ask for it.

    ``path`` is relative to the share with ``/`` between names, ``''`` for the root; ``share`` is ``''`` where the
    address ends with the host, ``port`` None where it names none. ``user``, ``domain`` and ``password`` are None where
    the address does not have them. ``wants_folder`` is True for one that ends with a separator.
    """

    def __init__(
        self,
        host: str,
        port: int | None = None,
        share: str = '',
        path: str = '',
        *,
        domain: str | None = None,
        user: str | None = None,
        password: str | None = None,
        wants_folder: bool = False,
    ) -> None:
        self.host = host
        self.port = port
        self.share = share
        self.path = path
        self.domain = domain
        self.user = user
        self.password = password
        self.wants_folder = wants_folder

    def __str__(self) -> str:
        return '/'.join([f'//{self.server}', *filter(None, [self.share, self.path])])

    def __repr__(self) -> str:
        return f'<Address {self}>'

    @property
    def server(self) -> str:
        """Host and port as they stand in an address."""
        host = f'[{self.host}]' if ':' in self.host else self.host
        return host if self.port is None else f'{host}:{self.port}'

    @property
    def name(self) -> str:
        """The last name of the path; ``''`` for the root of a share."""
        return self.path.rpartition('/')[2]

    @property
    def parent(self) -> Address:
        """The folder that it is in; that of the root is the root."""
        return self.at(self.path.rpartition('/')[0])

    def at(self, path: str) -> Address:
        """Another path on the same share."""
        return Address(
            self.host,
            self.port,
            self.share,
            path,
            domain=self.domain,
            user=self.user,
            password=self.password,
        )

    def child(self, name: str) -> Address:
        """Something in this folder."""
        return self.at(f'{self.path}/{name}' if self.path else name)

    def is_on_share_of(self, other: Address) -> bool:
        """Whether both are on one share of one server."""
        return (self.host.lower(), self.port, self.share.lower()) == (
            other.host.lower(),
            other.port,
            other.share.lower(),
        )


def is_address(text: str) -> bool:
    """Whether a text is meant as an address rather than as a local path."""
    return text.startswith(('//', '\\\\')) or text[: len(SCHEME)].lower() == SCHEME


def parse(text: str) -> Address:
    """The place on a share that ``text`` means; BadAddress for what is none, and for one without a share."""
    address = _parse(text)
    if not address.share:
        raise BadAddress(f'{address} names no share; smbcourier shares {address.server} lists them')
    return address


def parse_server(text: str) -> Address:
    """The server that ``text`` means: an address with or without a share, or just host and port."""
    return _parse(text if is_address(text) else f'//{text}')


def _parse(text: str) -> Address:
    if '\0' in text:
        raise BadAddress('An address holds no NUL')
    if text[: len(SCHEME)].lower() == SCHEME:
        return _parse_url(text[len(SCHEME) :])
    if not is_address(text):
        raise BadAddress(f'{text!r} is no address; write {FORMS}')
    server, _, path = text[2:].replace('\\', '/').partition('/')
    return _located(Address(*_split_server(server)), path.split('/'))


def _parse_url(rest: str) -> Address:
    authority, _, path = rest.partition('/')
    names = [_decoded(name) for name in path.split('/')]
    if any('/' in name or '\\' in name or '\0' in name for name in names):
        raise BadAddress(r'A name in an address holds no encoded /, \ or NUL')
    return _located(parse_authority(authority), names)


def parse_authority(text: str) -> Address:
    """The server that ``[domain;][user[:password]@]host[:port]`` means, which stands behind ``smb://``."""
    login, at, server = text.rpartition('@')
    address = Address(*_split_server(server))
    if at:
        name, colon, password = login.partition(':')
        domain, semicolon, user = name.rpartition(';')
        address.user = _decoded(user) or None
        address.domain = _decoded(domain) if semicolon else None
        address.password = _decoded(password) if colon else None
    return address


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors='strict')
    except UnicodeDecodeError:
        raise BadAddress('The percent-encoding of an address is that of UTF-8') from None


def _split_server(text: str) -> tuple[str, int | None]:
    # An IPv6 address without brackets is understood where no port follows it.
    if text.count(':') > 1 and not text.startswith('['):
        text = f'[{text}]'
    match = SERVER.fullmatch(text)
    host = (match['ipv6'] or match['host']) if match else ''
    if match is None or not host.isprintable() or FORBIDDEN.intersection(host):
        raise BadAddress(f'An address names the host, and a port from 1 to 65535 if any: {FORMS}')
    if match['port'] is None:
        return host, None
    port = int(match['port'])
    if not 0 < port < 0x10000:
        raise BadAddress('The port of an address is a number from 1 to 65535')
    return host, port


def _located(server: Address, names: list[str]) -> Address:
    share, rest = names[0], names[1:]
    if not share and any(rest):
        raise BadAddress(f'An address names the share behind the host: {FORMS}')
    address = server.at('/'.join(cleaned(rest)))
    address.share = share
    address.wants_folder = bool(rest) and rest[-1] in ('', '.', '..')
    return address


def cleaned(names: list[str]) -> list[str]:
    """The names of a path on a share without ``.``, ``..`` and empty ones; BadAddress where it leads out of it."""
    kept: list[str] = []
    for name in names:
        if name == '..' and not kept:
            raise BadAddress('The path of an address leads out of its share')
        if name == '..':
            kept.pop()
        elif name not in ('', '.'):
            kept.append(name)
    return kept


def client_name() -> str:
    """What this machine calls itself to a server."""
    return platform.node().partition('.')[0] or 'SMBCOURIER'


def server_name(host: str, *, is_direct_tcp: bool) -> str:
    """What to call the server at ``host``: a NetBIOS session may want its right name, direct TCP takes any."""
    if re.fullmatch(r'[0-9.]+|.*:.*', host) is None:
        return host.partition('.')[0].upper()
    return host if is_direct_tcp else ANY_SERVER
