"""A file system of fsspec for the shares of a server."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from glob import has_magic
from io import BytesIO
from time import time
from typing import Any, TypeVar

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.compression import compr
from fsspec.core import get_compression

from smb.errors import OperationFailure
from smb.files import BUFFER_SIZE
from smb.fsspec import files
from smb.fsspec.reading import CallbackProgress, Reading
from smb.operations import local, metadata, paths, removal, transfer

_T = TypeVar('_T')


class SMBFileSystem(Reading):
    """The shares of one server, for one user; nothing is sent before it is used.

    Options of the same name mean what they mean for :class:`~smb.SMBConnection.SMBConnection`. One that is not known is
    a :exc:`TypeError`: it may have been meant to protect something.

    :param str host: the server: a name, or an IPv4 or IPv6 address
    :param int port: None: 445, and 139 where *is_direct_tcp* is False
    :param str username: ``'user'``, ``'DOMAIN\\user'`` or ``'user@domain'``; ``''`` signs on anonymously
    :param password: text, or a callable without arguments that returns it
    :param str domain: the domain or workgroup of the user; ``''`` leaves it to the server
    :param str my_name: the name of this machine, for the server's logs; None: its own
    :param str remote_name: the NetBIOS name of the server, which some want where *is_direct_tcp* is False; None: *host*
    :param bool is_direct_tcp: True, unlike there; False: a NetBIOS session
    :param bool require_signing: refuse what is not signed
    :param bool require_encryption: encrypt everything; a server that cannot is an error
    :param int min_dialect: the oldest dialect that is accepted, ``0x0311`` for example
    :param int max_dialect: the newest one that is offered
    :param bool use_ntlm_v2: False signs on with NTLMv1
    :param int sign_options: ``SMBConnection.SIGN_NEVER``, ``SIGN_WHEN_SUPPORTED`` or ``SIGN_WHEN_REQUIRED``
    :param float timeout: seconds that the server may be silent in each step; None: no limit
    :param bool auto_mkdir: make the folders that a new file is to be in
    :param bool use_listings_cache: keep the folders that were listed, until something is changed through this object
    :param float listings_expiry_time: seconds to keep them for; None: no limit
    :param int max_paths: how many folders to keep; None: no limit
    """

    __module__ = 'smb.fsspec'

    def open(self, path: str, mode: str = 'rb', *args: Any, compression: str | None = None, **kwargs: Any) -> Any:
        """A file as :func:`open` gives it; *compression*: ``'gzip'``, ``'infer'`` (by its name) and others."""
        if compression is None or 'b' not in mode:
            return super().open(path, mode, *args, compression=compression, **kwargs)
        file = super().open(path, mode, *args, **kwargs)
        codec = get_compression(self._strip_protocol(path), compression)
        if codec is None:
            return file
        compressed = compr[codec](file, mode=mode[0])
        close = compressed.close

        def close_both() -> None:
            # The base class leaves the inner one to the garbage collector, where its errors are lost.
            try:
                close()
            finally:
                file.close()

        compressed.close = close_both
        return compressed

    def _open(
        self,
        path: str,
        mode: str = 'rb',
        block_size: int | None = None,
        autocommit: bool = True,
        cache_options: Any = None,
        share_mode: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """A file, see ``openFile``; *block_size*: bytes of its buffer."""
        path, size = self._strip_protocol(path), block_size or BUFFER_SIZE
        if 'r' in mode:
            return files.open_file(self, path, mode, size, share_mode)
        opener = files.open_file if autocommit else files.open_beside
        return self._make(path, self.auto_mkdir, lambda: opener(self, path, mode, size, share_mode))

    def _make(self, path: str, makes_folder: bool, work: Callable[[], _T]) -> _T:
        """What ``work`` gives, which makes a file; where the folder for it is missing, that may be made first."""
        try:
            return work()
        except FileNotFoundError:
            if not makes_folder:
                raise
            self.makedirs(self._parent(path), exist_ok=True)
            return work()
        finally:
            self.forget(path)

    # Writing

    def pipe_file(self, path: str, value: Any, mode: str = 'overwrite', **kwargs: Any) -> None:
        """Make or overwrite a file; with *mode* ``'create'`` a name that is taken is a FileExistsError."""
        self._put(BytesIO(value), self._strip_protocol(path), mode, DEFAULT_CALLBACK, self.auto_mkdir)

    def put_file(
        self, lpath: Any, rpath: str, callback: Any = DEFAULT_CALLBACK, mode: str = 'overwrite', **kwargs: Any
    ) -> None:
        """Copy a file from here, and make the folders that it is to be in."""
        if os.path.isdir(lpath):
            self.makedirs(rpath, exist_ok=True)
            return
        with open(lpath, 'rb') as source:
            self._put(source, self._strip_protocol(rpath), mode, callback, True)

    def _put(self, source: Any, path: str, mode: str, callback: Any, makes_folder: bool) -> None:
        if mode not in ('overwrite', 'create'):
            raise ValueError(f"mode is 'overwrite' or 'create', not {mode!r}")
        if mode == 'overwrite' and not self._intrans:
            self._make(path, makes_folder, lambda: self._store(path, source, callback))
            return
        # As a file, for what only these can do: refuse a name that is taken, and wait for the end of a transaction.
        opening = 'xb' if mode == 'create' else 'wb'
        with self._make(path, makes_folder, lambda: self.open(path, opening)) as target:
            callback.set_size(local.remaining(source))
            while data := source.read(self.blocksize):
                callback.relative_update(target.write(data))

    def _store(self, path: str, source: Any, callback: Any) -> None:
        with self._operation('store', path) as (tree, name):
            transfer.store(tree, name, source, 0, True, CallbackProgress(callback))

    def touch(self, path: str, truncate: bool = True, **kwargs: Any) -> None:
        """Make an empty file, or make one empty; with *truncate* False: set the time of its last write to now."""
        if truncate or not self.exists(path):
            with self.open(path, 'wb', **kwargs):
                return
        share, name = self.located(path)
        self.connection().setLastWriteTime(share, name, time(), self.timeout)
        self.forget(path)

    def cp_file(self, path1: str, path2: str, **kwargs: Any) -> None:
        """Copy a file on the server, by the server where it can; of a folder, only the folder itself."""
        new_path = self._strip_protocol(path2)
        share, name = self.located(path1)
        new_share, new_name = self.located(new_path)

        def copy() -> None:
            self.connection().copyFile(share, name, new_name, True, new_share, self.timeout)

        try:
            self._make(new_path, self.auto_mkdir and self.exists(path1), copy)
        except OperationFailure:
            if not self.isdir(path1):
                raise
            self.makedirs(new_path, exist_ok=True)

    # Names

    def mkdir(self, path: str, create_parents: bool = True, **kwargs: Any) -> None:
        """Make a folder, and those above it that are missing; FileExistsError where the name is taken."""
        share, name = self._place_for_folder(path, exist_ok=False)
        if create_parents:
            self.connection().makeDirectories(share, name, False, self.timeout)
        else:
            self.connection().createDirectory(share, name, self.timeout)
        self.forget(path)

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        """Make a folder, and those above it that are missing."""
        share, name = self._place_for_folder(path, exist_ok)
        if name:
            self.connection().makeDirectories(share, name, exist_ok, self.timeout)
            self.forget(path)

    def _place_for_folder(self, path: str, exist_ok: bool) -> tuple[str, str]:
        """The share of a new folder, and the rest of its path; ``''`` where nothing is to be made."""
        path = self._strip_protocol(path)
        if path.count('/') > 1:
            return self.located(path)
        if not self.exists(path):
            raise FileNotFoundError(errno.ENOENT, 'There is no such share, and none is made from here', path)
        if not exist_ok:
            raise FileExistsError(errno.EEXIST, 'There is such a share already', path)
        return '', ''

    def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        share, name = self.located(path)
        self.connection().deleteDirectory(share, name, self.timeout)
        self.forget(path)

    def rm_file(self, path: str) -> None:
        """Remove a file, which must be there."""
        path = self._strip_protocol(path)
        with self._operation('delete', path) as (tree, name):
            removal.delete_file(tree, name)
        self.forget(path)

    _rm = rm_file

    def rm(self, path: Any, recursive: bool = False, maxdepth: int | None = None) -> None:
        """Remove files, by name or pattern; with *recursive* folders, too, with all that is in them.

        Of links, only the link is removed. With *maxdepth* folders that are not empty then stay.
        """
        if recursive and maxdepth is None:
            for each in self.expand_path(path):
                if self.isdir(each):
                    share, name = self.located(each)
                    self.connection().deleteTree(share, name, self.timeout)
                    self.forget(each)
                else:
                    self.rm_file(each)
            return
        for each in reversed(self.expand_path(path, recursive=recursive, maxdepth=maxdepth)):
            if recursive and self.isdir(each):
                try:
                    self.rmdir(each)
                except OSError as error:
                    if error.errno != errno.ENOTEMPTY:
                        raise
            else:
                self.rm_file(each)

    def mv(self, path1: Any, path2: Any, recursive: bool = False, maxdepth: int | None = None, **kwargs: Any) -> None:
        """Give a file or folder another name, or have it in another folder; a file that has the name is replaced.

        Several, as a list or pattern, and what goes to another share, are copied and removed.
        """
        if not isinstance(path1, str) or not isinstance(path2, str) or has_magic(path1) or maxdepth is not None:
            super().mv(path1, path2, recursive=recursive, maxdepth=maxdepth, **kwargs)
            return
        old, new = self._strip_protocol(path1), self._strip_protocol(path2)
        if old == new:
            return
        is_same = old.lower() == new.lower()
        if path2.endswith('/') or (not is_same and self.isdir(new)):
            new = f'{new}/{old.rpartition("/")[2]}'
        if self.located(old)[0].lower() != self.located(new)[0].lower():
            super().mv(old, new, recursive=recursive, **kwargs)
            return
        self._make(new, self.auto_mkdir and self.exists(old), lambda: self.take_place(old, new, is_new=is_same))

    def take_place(self, path: str, new_path: str, *, is_new: bool) -> None:
        """Rename on one share; nothing is replaced where *is_new* is true."""
        share, name = self.located(path)
        new_name = self.located(new_path)[1]
        connection = self.connection()
        with connection._operation('rename', (path, new_path), self.timeout, share) as exchange:
            rename = metadata.rename if is_new else metadata.replace
            rename(connection._tree(exchange, share), paths.relative(name), paths.relative(new_name))
        self.forget(path)
        self.forget(new_path)
