"""smb:// URLs for urllib: one file is read or written, over a connection that lasts as long as that."""

from __future__ import annotations

import io
import mimetypes
import os
import platform
import re
import tempfile
from contextlib import closing
from email.message import Message
from typing import Any
from urllib.error import URLError
from urllib.parse import unquote
from urllib.request import BaseHandler, Request
from urllib.response import addinfourl

from nmb.NetBIOS import NetBIOS
from smb.SMBConnection import SMBConnection

# Programs assign to both; they are read when a URL is opened.
USE_NTLM = True  # NTLMv2; False: NTLMv1
MACHINE_NAME: str | None = None  # what this machine calls itself; None: its host name

DEFAULT_PORT = 139
SERVER = re.compile(r'(?:\[(?P<ipv6>[^]]*)\]|(?P<host>[^:]*))(?::(?P<port>[0-9]{0,5}))?')
CONNECT_SECONDS = 60
ANSWER_SECONDS = 30


class Location:
    """What an smb:// URL says: who asks, whom, and for which file.

    ``host`` is ``[[DOMAIN;]USER[:PASSWORD]@][NBNAME,]ADDRESS[:PORT]`` with the percent-encoding taken out, ``selector``
    is ``/SHARE/PATH`` with it. ValueError for a URL that says too little; its text holds no part of the URL, since a
    password that was not encoded may turn up in any.
    """

    def __init__(self, host: str, selector: str) -> None:
        login, _, server = host.rpartition('@')
        user, _, self.password = login.partition(':')
        domain, semicolon, name = user.partition(';')
        self.domain, self.user = (domain, name) if semicolon else ('', user)
        self.server_name, _, server = server.rpartition(',')
        self.address, self.port = _split_port(server)
        # A bare ; begins the parameters of the URL, which mean nothing here
        path = selector.partition(';')[0]
        self.share, *components = [unquote(part) for part in path.split('/') if part] or ['']
        self.path = '/' + '/'.join(components)
        if not self.address or not self.share:
            raise ValueError('The URL must be smb://[[DOMAIN;]USER:PASSWORD@][NBNAME,]ADDRESS[:PORT]/SHARE/PATH')


class SMBHandler(BaseHandler):
    """Opens ``smb://[[DOMAIN;]USER:PASSWORD@][NBNAME,]ADDRESS[:PORT]/SHARE/PATH`` for :mod:`urllib.request`.

    Whatever fails is an :exc:`urllib.error.URLError` whose ``reason`` says what. See the manual's page for the rules.
    """

    #: Ports that are spoken to in direct TCP; on all others it is a NetBIOS session.
    direct_tcp_ports = frozenset({445})

    def smb_open(self, req: Request) -> addinfourl:
        """The file as a response; with ``req.data``, a binary file object or bytes, an empty one once it is stored."""
        try:
            location = Location(req.host or '', req.selector)
            with self._connect(location, req) as connection:
                if req.data is None:
                    return self._retrieve(connection, location, req)
                return self._store(connection, location, req)
        except URLError:
            raise
        except Exception as error:
            raise _url_error(error) from error

    def createTempFile(self) -> Any:
        """A file for what is read, open for reading and writing bytes; a subclass may give another one."""
        return tempfile.TemporaryFile()

    def generateClientMachineName(self) -> str:
        """What this machine calls itself where ``MACHINE_NAME`` does not say; a subclass may give another name."""
        return platform.node().partition('.')[0] or f'SMB{os.getpid()}'

    def _connect(self, location: Location, req: Request) -> SMBConnection:
        """A connection on which the user is logged in."""
        is_direct_tcp = location.port in self.direct_tcp_ports
        # In direct TCP any name will do: servers do not compare it with their own
        server_name = location.server_name or (
            location.address if is_direct_tcp else _ask_for_name(location.address, _timeout(req, ANSWER_SECONDS))
        )
        connection = SMBConnection(
            location.user,
            location.password,
            MACHINE_NAME or self.generateClientMachineName(),
            server_name,
            domain=location.domain,
            use_ntlm_v2=USE_NTLM,
            is_direct_tcp=is_direct_tcp,
        )
        try:
            if not connection.connect(location.address, location.port, timeout=_timeout(req, CONNECT_SECONDS)):
                raise URLError(f'SMB error: Authentication failed: {connection.auth_error}')
        except BaseException:
            connection.close()
            raise
        return connection

    def _retrieve(self, connection: SMBConnection, location: Location, req: Request) -> addinfourl:
        body = self.createTempFile()
        try:
            timeout = _timeout(req, ANSWER_SECONDS)
            _, length = connection.retrieveFile(location.share, location.path, body, timeout)
            body.seek(0)
        except BaseException:
            body.close()
            raise
        kind, _ = mimetypes.guess_type(location.path.rpartition('/')[2])
        return _response(body, req, length, kind)

    def _store(self, connection: SMBConnection, location: Location, req: Request) -> addinfourl:
        data: Any = req.data
        source = io.BytesIO(data) if isinstance(data, (bytes, bytearray, memoryview)) else data
        connection.storeFile(location.share, location.path, source, _timeout(req, ANSWER_SECONDS))
        return _response(io.BytesIO(), req, 0)


def _split_port(server: str) -> tuple[str, int]:
    """Address and port of ``ADDRESS[:PORT]``, where an IPv6 address stands in brackets."""
    match = SERVER.fullmatch(server)
    port = int(match['port'] or DEFAULT_PORT) if match else 0
    if match is None or not 0 < port < 0x10000:
        raise ValueError('The port in the URL is no number from 1 to 65535')
    return match['ipv6'] or match['host'] or '', port


def _ask_for_name(address: str, timeout: float | None) -> str:
    """The NetBIOS name of the machine at that address; URLError where it does not say."""
    with closing(NetBIOS()) as name_service:
        names = name_service.queryIPForName(address, timeout=timeout)
    if not names:
        raise URLError(
            f'SMB error: {address} does not answer with its NetBIOS name; '
            f'smb://NAME,{address}/... gives the name, and with port 445 none is needed'
        )
    return names[0]


def _timeout(req: Request, default: float) -> float | None:
    """The timeout that the request was opened with; urllib's own sign for 'none was given' is some object."""
    timeout = getattr(req, 'timeout', default)
    return timeout if timeout is None or isinstance(timeout, (int, float)) else default


def _response(body: Any, req: Request, length: int, kind: str | None = None) -> addinfourl:
    headers = Message()
    if kind:
        headers['Content-type'] = kind
    headers['Content-length'] = str(length)
    return addinfourl(body, headers, req.full_url)


def _url_error(error: Exception) -> URLError:
    """What urllib's callers expect, with the error's first line: an OperationFailure has its messages in the others."""
    text = getattr(error, 'message', None) or str(error) or type(error).__name__
    return URLError(f'SMB error: {text}')
