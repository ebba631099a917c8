"""A file system of fsspec, as far as it connects and says what there is.

A path is ``/share/folder/file``; ``/`` has the shares.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem
from fsspec.utils import stringify_path

from smb import addresses
from smb.base import SharedDevice
from smb.errors import OperationFailure
from smb.fsspec.pool import Pool
from smb.operations import metadata, paths
from smb.operations.walking import Walk
from smb.smb_constants import ATTR_DIRECTORY
from smb.SMBConnection import SMBConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from smb.base import SharedFile
    from smb.operations.removal import Entry
    from smb.tree.base import Tree

    Info = dict[str, Any]

SCHEME = 'smb://'
DIRECT_TCP_PORT, NETBIOS_PORT = 445, 139
# What fsspec and programs around it hand to every file system
COMMON_OPTIONS = {'asynchronous', 'listings_expiry_time', 'loop', 'max_paths', 'use_listings_cache'}
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MISSING = (FileNotFoundError, NotADirectoryError)


class Looking(AbstractFileSystem):  # type: ignore[misc]
    """What connects, and says what there is."""

    protocol = 'smb'
    root_marker = '/'

    def __init__(
        self,
        host: str = '',
        port: int | None = None,
        username: str = '',
        password: str | Callable[[], str] | None = None,
        domain: str = '',
        *,
        my_name: str | None = None,
        remote_name: str | None = None,
        use_ntlm_v2: bool = True,
        sign_options: int = SMBConnection.SIGN_WHEN_REQUIRED,
        is_direct_tcp: bool = True,
        require_signing: bool = False,
        require_encryption: bool = False,
        min_dialect: int | None = None,
        max_dialect: int | None = None,
        timeout: float | None = 30,
        auto_mkdir: bool = False,
        **options: Any,
    ) -> None:
        unknown = sorted(options.keys() - COMMON_OPTIONS)
        if unknown:
            # Not to be passed over: it may have been meant to protect something.
            raise TypeError(f'SMBFileSystem has no option {unknown[0]!r}')
        if not host:
            raise ValueError('The server is missing: smb://host/share/path, or the option host')
        super().__init__(**{'use_listings_cache': False, **options})
        self.host = host
        # From the environment they come as text.
        self.port = int(port or (DIRECT_TCP_PORT if is_direct_tcp else NETBIOS_PORT))
        self.username = username
        self.timeout = None if timeout is None else float(timeout)
        self.auto_mkdir = auto_mkdir

        def new_connection() -> SMBConnection:
            return SMBConnection(
                username,
                password,
                my_name or addresses.client_name(),
                remote_name or addresses.server_name(host, is_direct_tcp=is_direct_tcp),
                domain,
                use_ntlm_v2,
                sign_options,
                is_direct_tcp,
                require_signing=require_signing,
                require_encryption=require_encryption,
                min_dialect=min_dialect,
                max_dialect=max_dialect,
            )

        new_connection()  # options that contradict each other are an error here
        self._new_connection = new_connection
        self._pool = Pool(self._connected)

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {self._url}>'

    @property
    def _url(self) -> str:
        port = None if self.port == DIRECT_TCP_PORT else self.port
        return f'smb://{addresses.Address(self.host, port).server}'

    # Connections

    def _connected(self) -> SMBConnection:
        connection = self._new_connection()
        try:
            if not connection.connect(self.host, self.port, timeout=self.timeout):
                text = f'{self._url} refuses the user {self.username!r}: {connection.auth_error}'
                raise PermissionError(errno.EACCES, text)
        except BaseException:
            connection.close()
            raise
        return connection

    def connection(self) -> SMBConnection:
        """The connection of this thread, for whatever fsspec has no name for. Do not close it."""
        return self._pool.take()

    def close(self) -> None:
        """End the connections, and with them the files that are open; whatever is done next makes a new one."""
        self._pool.close()

    @contextmanager
    def _operation(self, action: str, path: str) -> Iterator[tuple[Tree, str]]:
        """The guard around one operation: the share that a path is on, and the rest of the path as it is sent."""
        share, name = self.located(path)
        connection = self.connection()
        with connection._operation(action, (path,), self.timeout, share) as exchange:
            yield connection._tree(exchange, share), paths.relative(name)

    # Paths

    @classmethod
    def _strip_protocol(cls, path: Any) -> Any:
        """``/share/folder/name`` of a URL or path. Names stand in a URL as they are: nothing is percent-encoded."""
        if isinstance(path, list):
            return [cls._strip_protocol(each) for each in path]
        text = stringify_path(path)
        if text[: len(SCHEME)].lower() == SCHEME:
            text = text[len(SCHEME) :].partition('/')[2]
        elif text.startswith('smb::'):
            text = text[len('smb::') :]
        share, *names = [name for name in text.replace('\\', '/').split('/') if name] or ['']
        return '/' + '/'.join([share, *addresses.cleaned(names)])

    @classmethod
    def _parent(cls, path: Any) -> str:
        return cls._strip_protocol(path).rpartition('/')[0] or '/'

    def unstrip_protocol(self, name: str) -> str:
        """The URL of a path, without user and password."""
        return f'{self._url}{self._strip_protocol(name)}'

    @staticmethod
    def _get_kwargs_from_urls(path: Any) -> dict[str, Any]:
        """The options that a URL has: host, port, username, password and domain."""
        text = stringify_path(path)
        if text[: len(SCHEME)].lower() != SCHEME:
            return {}
        authority = text[len(SCHEME) :].partition('/')[0]
        if not authority:
            return {}
        found = addresses.parse_authority(authority)
        options = {
            'host': found.host,
            'port': found.port,
            'username': found.user,
            'password': found.password,
            'domain': found.domain,
        }
        return {name: value for name, value in options.items() if value is not None}

    def located(self, path: str) -> tuple[str, str]:
        """The share of a path, and the rest of it; IsADirectoryError for ``/``."""
        share, _, name = self._strip_protocol(path)[1:].partition('/')
        if not share:
            raise IsADirectoryError(errno.EISDIR, 'This takes a path on a share', path)
        return share, name

    @property
    def fsid(self) -> str:
        """What tells this server from others."""
        return self._url

    # Looking

    def ls(self, path: str, detail: bool = True, refresh: bool = False, **kwargs: Any) -> list[Any]:
        """What is in a folder, by name, or a file itself; ``/`` has the shares, but for those of administrators.

        :param bool refresh: ask the server, whatever was kept
        """
        path = self._strip_protocol(path)
        found = None if refresh else self.dircache.get(path)
        if found is None:
            found = self._list(path)
        return list(found) if detail else [each['name'] for each in found]

    def _list(self, path: str) -> list[Info]:
        if path == '/':
            return self._keep(path, [_folder_info(f'/{name}') for name in self._shares()])
        try:
            with self._operation('list', path) as (tree, name):
                entries = Walk().entries(tree, name, None) or []
        except OperationFailure as error:
            # What a server says to who lists a file differs.
            try:
                found = self._ask(path)
            except OSError:
                raise error from None
            if found['type'] == 'directory':
                raise
            return [found]
        return self._keep(path, [_info(f'{path}/{found.filename}', found) for _, found in entries])

    def _shares(self) -> list[str]:
        shares = self.connection().listShares(self.timeout)
        return [share.name for share in shares if share.type == SharedDevice.DISK_TREE and not share.isSpecial]

    def _keep(self, path: str, found: list[Info]) -> list[Info]:
        found.sort(key=lambda each: each['name'])
        self.dircache[path] = found
        return found

    def info(self, path: str, refresh: bool = False, **kwargs: Any) -> Info:
        """What there is of this name: ``name``, ``size`` in bytes, ``type`` (``'file'`` or ``'directory'``),
        ``created`` and ``mtime`` in seconds since 1970, ``attributes`` (``ATTR_...`` bits).
        """
        path = self._strip_protocol(path)
        if not refresh and self.dircache:
            for each in self.dircache.get(self._parent(path), ()):
                if each['name'] == path:
                    return dict(each)
        return self._ask(path)

    def _ask(self, path: str) -> Info:
        if path == '/':
            return _folder_info(path)
        try:
            with self._operation('get attributes for', path) as (tree, name):
                return _info(path, metadata.get_attributes(tree, name))
        except OperationFailure as error:
            if error.status in metadata.MISSING and not isinstance(error, OSError):
                # A name that no file can have
                raise FileNotFoundError(errno.ENOENT, error.message, path) from error
            raise

    def exists(self, path: str, **kwargs: Any) -> bool:
        """Whether there is a file or folder of this name; what keeps the server from saying so is raised."""
        return self._type(path) is not None

    def isdir(self, path: str) -> bool:
        """Whether there is a folder of this name."""
        return self._type(path) == 'directory'

    def isfile(self, path: str) -> bool:
        """Whether there is a file of this name."""
        return self._type(path) == 'file'

    def _type(self, path: str) -> str | None:
        try:
            return str(self.info(path)['type'])
        except MISSING:
            return None

    def created(self, path: str) -> datetime:
        """When it was made, in UTC."""
        return EPOCH + timedelta(seconds=self.info(path)['created'])

    def modified(self, path: str) -> datetime:
        """When it was last written, in UTC."""
        return EPOCH + timedelta(seconds=self.info(path)['mtime'])

    def walk(
        self, path: str, maxdepth: int | None = None, topdown: bool = True, on_error: Any = 'omit', **kwargs: Any
    ) -> Iterator[Any]:
        """Each folder below *path* and itself, as the base class has it; links are not gone into.

        What keeps a folder from being listed is omitted, raised or handed to *on_error*; a connection that ends is
        always raised. The server is asked, whatever was kept.
        """
        if maxdepth is not None and maxdepth < 1:
            raise ValueError('maxdepth must be at least 1')
        detail = bool(kwargs.pop('detail', False))
        yield from self._walk(self._strip_protocol(path), None, Walk(), maxdepth, topdown, on_error, detail)

    def _walk(self, path: str, entry: Entry | None, walk: Walk, maxdepth: int | None, topdown: bool, on_error: Any,
              detail: bool) -> Iterator[Any]:  # fmt: skip
        try:
            looked = self._look(path, entry, walk)
        except OperationFailure as error:
            if on_error == 'raise':
                raise
            if callable(on_error):
                on_error(error)
            return
        if looked is None:
            return
        folders = {_name(found): found for _, found in looked if found['type'] == 'directory'}
        others = {_name(found): found for _, found in looked if found['type'] != 'directory'}
        # Whoever walks from the top may remove some of them.
        shown: Any = folders if detail else list(folders)
        step = path, shown, others if detail else list(others)
        if topdown:
            yield step
        if maxdepth is None or maxdepth > 1:
            deeper = None if maxdepth is None else maxdepth - 1
            entries = {_name(found): each for each, found in looked}
            for name in list(shown):
                each = entries.get(name)
                if each is None or not each.is_link:
                    # A share is a file system of its own, whose numbers may be those of another one.
                    inner = Walk() if path == '/' else walk
                    yield from self._walk(f'{path.rstrip("/")}/{name}', each, inner, deeper, topdown, on_error, detail)
        if not topdown:
            yield step

    def _look(self, path: str, entry: Entry | None, walk: Walk) -> list[tuple[Entry | None, Info]] | None:
        if path == '/':
            return [(None, found) for found in self._list(path)]
        with self._operation('list', path) as (tree, name):
            looked = walk.entries(tree, name, entry)
        if looked is None:
            return None
        found = [(each, _info(f'{path}/{shared.filename}', shared)) for each, shared in looked]
        self._keep(path, [info for _, info in found])
        return sorted(found, key=lambda pair: pair[1]['name'])

    def invalidate_cache(self, path: str | None = None) -> None:
        """Forget what was listed: everything, or a folder with what is below it and the one that it is in."""
        super().invalidate_cache(path)
        if path is None:
            self.dircache.clear()
        elif self.dircache:
            gone = self._strip_protocol(path).lower()
            above = self._parent(gone)
            for kept in list(self.dircache):
                # Servers do not tell small letters from capital ones.
                name = kept.lower()
                if name in (gone, above) or f'{name}/'.startswith(f'{gone.rstrip("/")}/'):
                    self.dircache.pop(kept, None)

    def forget(self, path: str) -> None:
        """What was listed is not so any more: something has been done to *path*."""
        if self.dircache:
            self.invalidate_cache(path)


def _name(found: Info) -> str:
    return str(found['name']).rpartition('/')[2]


def _info(path: str, found: SharedFile) -> Info:
    """What fsspec calls a SharedFile."""
    return {
        'name': path,
        'size': 0 if found.isDirectory else found.file_size,
        'type': 'directory' if found.isDirectory else 'file',
        'created': found.create_time,
        'mtime': found.last_write_time,
        'attributes': found.file_attributes,
    }


def _folder_info(path: str) -> Info:
    """What is known of a share, and of what has the shares."""
    return {'name': path, 'size': 0, 'type': 'directory', 'created': 0.0, 'mtime': 0.0, 'attributes': ATTR_DIRECTORY}
