"""The public methods, one call each."""

import logging
import os
from operator import index
from typing import TYPE_CHECKING, Any

from smb import smb_structs
from smb.base import SMB as SMB
from smb.base import NotConnectedError as NotConnectedError
from smb.base import NotReadyError as NotReadyError
from smb.base import SharedDevice, SharedFile, TreeReport
from smb.base import SMBTimeout as SMBTimeout
from smb.conveniences import Conveniences
from smb.errors import Incomplete, StatusError, TreeFailure
from smb.operations import listing, local, metadata, paths, phrases, removal, shares, snapshots, transfer, trees
from smb.operations.progress import progress_bar
from smb.security_descriptors import SecurityDescriptor
from smb.smb_constants import *
from smb.smb_structs import *

if TYPE_CHECKING:
    from datetime import datetime

    from smb.session.exchange import Exchange
else:
    # What a star import gives. Type checkers cannot follow a computed list, and go by the imports.
    __all__ = [
        'SMB', 'NotConnectedError', 'NotReadyError', 'SMBConnection', 'SMBTimeout',
        *(name for name in vars(smb_structs) if not name.startswith('_')),
    ]  # fmt: skip


class SMBConnection(Conveniences):
    """A connection to an SMB server; nothing is sent before :meth:`connect`.

    :param str username: ``'user'``, ``'DOMAIN\\\\user'`` or ``'user@domain'``
    :param password: text, or a callable without arguments that returns it and runs once for each login
    :param str my_name: the NetBIOS name of this machine, for the server's logs; at most 15 characters are sent
    :param str remote_name: the NetBIOS name of the server; ask for it where *is_direct_tcp* is False
    :param str domain: the domain or workgroup of the user; ``''`` leaves it to the server
    :param bool use_ntlm_v2: False signs on with NTLMv1, for servers that know nothing else
    :param int sign_options: ``SIGN_NEVER``, ``SIGN_WHEN_SUPPORTED`` or ``SIGN_WHEN_REQUIRED`` (by the server)
    :param bool is_direct_tcp: False: a NetBIOS session, mostly on port 139; True: Direct TCP, mostly on port 445
    :param bool require_signing: end the connection rather than send or accept anything unsigned
    :param bool require_encryption: encrypt everything behind the sign-on; a server that cannot is an error
    :param int min_dialect: the oldest dialect that is accepted, ``0x0202``, ``0x0210``, ``0x0300``, ``0x0302`` or
        ``0x0311``; None: any, and SMB1 where the server has nothing newer
    :param int max_dialect: the newest one that is offered; None: any
    """

    log = logging.getLogger('SMB.SMBConnection')

    def __enter__(self) -> 'SMBConnection':
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def connect(self, ip: str, port: int = 139, sock_family: int | None = None, timeout: float | None = 60) -> bool:
        """Connect and log in, [MS-SMB2] 3.2.4.2; whether the server accepts the user.

        Where nobody answers in SMB2, SMB1 is tried on a second connection, [MS-CIFS] 3.2.4.2. After False
        :attr:`auth_error` says why, and the socket stays open until :meth:`close`. A second call starts from scratch.

        :param str ip: an IPv4 or IPv6 address, or a host name
        :param int port: 139 is usual for NetBIOS sessions, 445 for Direct TCP
        :param int sock_family: ``socket.AF_INET`` or ``AF_INET6``; None takes what *ip* is
        :param float timeout: seconds that the server may be silent, here and in each step; None: no limit
        :raises OSError: the socket's own error, when there is no TCP connection
        :raises SMBTimeout: the server did not answer in time
        :raises smb.base.NotConnectedError: the server hung up, or refused the NetBIOS names
        :raises ProtocolError: there is no common dialect, or the server does what the protocol forbids
        """
        return self._connect(ip, port, sock_family, timeout)

    def listShares(self, timeout: float | None = 30) -> list[SharedDevice]:
        """The shares that the server shows, [MS-SRVS] 3.1.4.8: a list of :class:`smb.base.SharedDevice`."""
        with self._operation('list shares', (), timeout, 'IPC$') as exchange:
            return shares.list_shares(self._tree(exchange, 'IPC$'), self.remote_name)

    def listPath(
        self, service_name: str, path: str, search: int = 65591, pattern: str = '*', timeout: float | None = 30
    ) -> list[SharedFile]:
        """The entries of a folder, ``.`` and ``..`` among them: a list of :class:`smb.base.SharedFile`, unsorted.

        :param int search: ``SMB_FILE_ATTRIBUTE_...`` bits; an entry with any of them is listed, by default all are
        :param str pattern: what the server is to match the names with; when nothing matches, the list is empty
        :raises OperationFailure: there is no such folder, or it may not be read
        """
        with self._operation('list', (path,), timeout, service_name) as exchange:
            folder, pattern, search = paths.relative(path), paths.pattern(pattern), index(search)
            return listing.list_path(self._tree(exchange, service_name), folder, search, pattern)

    def getAttributes(self, service_name: str, path: str, timeout: float | None = 30) -> SharedFile:
        """What the server says of a file or folder, as :class:`smb.base.SharedFile` under the name that was given.

        :raises OperationFailure: there is no such file
        """
        with self._operation('get attributes for', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            return metadata.get_attributes(self._tree(exchange, service_name), name)

    def getSecurity(self, service_name: str, path: str, timeout: float | None = 30) -> SecurityDescriptor:
        """Owner, group and access list of a file or folder: :class:`smb.security_descriptors.SecurityDescriptor`.

        :raises OperationFailure: there is no such file, or its security may not be read
        """
        with self._operation('get the security descriptor of', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            return metadata.get_security(self._tree(exchange, service_name), name)

    def listSnapshots(self, service_name: str, path: str, timeout: float | None = 30) -> 'list[datetime]':
        """When the snapshots ("previous versions") of a file or folder were taken.

        :returns: a list of naive :class:`datetime.datetime` in UTC
        :raises OperationFailure: there is no such file, or the share has no snapshots
        """
        with self._operation('list snapshots for', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            return snapshots.list_snapshots(self._tree(exchange, service_name), name)

    def resetFileAttributes(
        self,
        service_name: str,
        path_file_pattern: str,
        file_attributes: int = ATTR_NORMAL,
        timeout: float | None = 30,
    ) -> None:
        """Set the attributes of files and folders to exactly *file_attributes*.

        :param str path_file_pattern: a path whose last component may hold ``*`` and ``?``
        :param int file_attributes: ``ATTR_...`` bits; ``ATTR_NORMAL`` clears all, 0 leaves them as they are
        :raises OperationFailure: there is no such file, or its attributes may not be set
        """
        with self._operation('reset attributes of', (path_file_pattern,), timeout, service_name) as exchange:
            name, attributes = paths.relative(path_file_pattern), paths.attributes(file_attributes)
            metadata.set_attributes(self._tree(exchange, service_name), name, attributes)

    def setLastWriteTime(
        self, service_name: str, path: str, last_write_time: float, timeout: float | None = 30
    ) -> None:
        """Set the time when a file or folder was last written, and no other time.

        :param float last_write_time: seconds since 1970 UTC; a fraction is kept to 100 ns
        :raises OperationFailure: there is no such file, or its times may not be set
        """
        with self._operation('set the last write time of', (path,), timeout, service_name) as exchange:
            name, filetime = paths.relative(path), paths.filetime(last_write_time)
            metadata.set_last_write_time(self._tree(exchange, service_name), name, filetime)

    def retrieveFile(
        self,
        service_name: str,
        path: str,
        file_obj: Any,
        timeout: float | None = 30,
        show_progress: bool = False,
        tqdm_kwargs: dict[str, Any] | None = {},
    ) -> tuple[int, int]:
        """Write a remote file to *file_obj*, which needs a ``write`` that takes bytes.

        :returns: a tuple of the file's attributes (``ATTR_...``) and the number of bytes written
        :raises OperationFailure: the file cannot be opened or read, or ends before the size that it had when it was
            opened; what was written stays written
        """
        return self.retrieveFileFromOffset(service_name, path, file_obj, 0, -1, timeout, show_progress, tqdm_kwargs)

    def retrieveFileFromOffset(
        self,
        service_name: str,
        path: str,
        file_obj: Any,
        offset: int = 0,
        max_length: int = -1,
        timeout: float | None = 30,
        show_progress: bool = False,
        tqdm_kwargs: dict[str, Any] | None = {},
    ) -> tuple[int, int]:
        """Write a part of a remote file to *file_obj*, otherwise as :meth:`retrieveFile`.

        :param int offset: bytes from the start of the file; anywhere past the end there is nothing
        :param int max_length: bytes at most; a negative number: to the end
        :param bool show_progress: show a tqdm bar on stderr
        :param dict tqdm_kwargs: what to make the bar with, besides or instead of what is filled in
        """
        with self._operation('retrieve', (path,), timeout, service_name) as exchange:
            name, start, length = paths.relative(path), paths.offset(offset), index(max_length)
            write = local.writer(file_obj)
            with progress_bar(show_progress, tqdm_kwargs, f'Downloading {path}') as progress:
                return transfer.retrieve(self._tree(exchange, service_name), name, write, start, length, progress)

    def storeFile(
        self,
        service_name: str,
        path: str,
        file_obj: Any,
        timeout: float | None = 30,
        show_progress: bool = False,
        tqdm_kwargs: dict[str, Any] | None = {},
    ) -> int:
        """Make or overwrite a remote file with what *file_obj* gives from where it stands, by ``read(n)``.

        :returns: the number of bytes stored
        :raises OperationFailure: the file cannot be opened or written
        """
        return self.storeFileFromOffset(service_name, path, file_obj, 0, True, timeout, show_progress, tqdm_kwargs)

    def storeFileFromOffset(
        self,
        service_name: str,
        path: str,
        file_obj: Any,
        offset: int = 0,
        truncate: bool = False,
        timeout: float | None = 30,
        show_progress: bool = False,
        tqdm_kwargs: dict[str, Any] | None = {},
    ) -> int:
        """Write what *file_obj* gives into a remote file, otherwise as :meth:`storeFile`.

        :param int offset: where to begin, in bytes from the start of the file; what is before it and new is zeros
        :param bool truncate: empty the file first; False keeps what is not written over
        :returns: the position behind the last byte written
        """
        with self._operation('store', (path,), timeout, service_name) as exchange:
            name, start = paths.relative(path), paths.offset(offset)
            local.reader(file_obj)
            with progress_bar(show_progress, tqdm_kwargs, f'Uploading {path}') as progress:
                return transfer.store(self._tree(exchange, service_name), name, file_obj, start, truncate, progress)

    def downloadTree(
        self,
        service_name: str,
        path: str,
        local_path: 'str | os.PathLike[str]',
        timeout: float | None = 30,
        show_progress: bool = False,
        tqdm_kwargs: dict[str, Any] | None = None,
    ) -> TreeReport:
        """Copy a remote folder with everything below it into a local one, many small files at a time.

        Each file appears under its name when it is whole. Links to folders are not followed. A file or folder that
        cannot be copied does not stop the others.

        :param local_path: the local folder, made where it is missing; files in it with names that come are replaced
        :returns: how much was copied, as :class:`smb.base.TreeReport`
        :raises TreeFailure: something was not copied; its ``report`` says what, and why
        :raises OperationFailure: the folder cannot be listed
        """
        with self._operation('download', (path,), timeout, service_name) as exchange:
            name, target = paths.relative(path), os.fsdecode(local_path)
            report, failed = self._tree_report(exchange, 'retrieve', service_name)
            with progress_bar(show_progress, tqdm_kwargs, f'Downloading {path}') as progress:
                trees.download(self._tree(exchange, service_name), name, target, progress, report, failed)
        return self._complete(report, 'download', path, service_name)

    def uploadTree(
        self,
        service_name: str,
        path: str,
        local_path: 'str | os.PathLike[str]',
        timeout: float | None = 30,
        show_progress: bool = False,
        tqdm_kwargs: dict[str, Any] | None = None,
    ) -> TreeReport:
        """Copy a local folder with everything below it into a remote one, otherwise as :meth:`downloadTree`.

        :param str path: the remote folder, made where it is missing; the one above it must exist
        :param local_path: the local folder; links in it are followed where they lead to files
        """
        with self._operation('upload', (path,), timeout, service_name) as exchange:
            name, source = paths.relative(path), os.fsdecode(local_path)
            report, failed = self._tree_report(exchange, 'store', service_name)
            with progress_bar(show_progress, tqdm_kwargs, f'Uploading {path}') as progress:
                trees.upload(self._tree(exchange, service_name), source, name, progress, report, failed)
        return self._complete(report, 'upload', path, service_name)

    def _tree_report(self, exchange: 'Exchange', action: str, service_name: str) -> tuple[TreeReport, trees.Failed]:
        """A report, and what each failure is told to for it."""
        report = TreeReport()

        def failed(path: str, error: Exception) -> None:
            told = error
            if isinstance(error, (StatusError, Incomplete)):
                told = failure = self._failure(exchange, action, (path,), service_name, error)
                # Of many thousands, each is to keep no more in memory than the answer that tells what failed.
                del failure.smb_messages[: -1 if isinstance(error, StatusError) else None]
            told.__traceback__ = told.__context__ = None  # nor the data of its file
            report.failures.append((path, told))

        return report, failed

    def _complete(self, report: TreeReport, action: str, path: str, service_name: str) -> TreeReport:
        """The report, when it has no failures."""
        if not report.failures:
            return report
        first_path, first = report.failures[0]
        total = report.files + report.folders + len(report.failures)
        text = f'{len(report.failures)} of {total} names were not copied, {first_path} is the first'
        cause = getattr(first, 'message', None) or str(first)
        message = phrases.message(action, (path,), service_name, cause, None, text)
        raise TreeFailure(message, getattr(first, 'smb_messages', ()), report)

    def createDirectory(self, service_name: str, path: str, timeout: float | None = 30) -> None:
        """Make one folder.

        :raises OperationFailure: the name is taken, or the folder above it is missing
        """
        with self._operation('create directory', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            metadata.create_directory(self._tree(exchange, service_name), name)

    def deleteDirectory(self, service_name: str, path: str, timeout: float | None = 30) -> None:
        """Remove an empty folder.

        :raises OperationFailure: there is no such folder, or it is not empty
        """
        with self._operation('delete directory', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            removal.delete_directory(self._tree(exchange, service_name), name)

    def deleteFiles(
        self,
        service_name: str,
        path_file_pattern: str,
        delete_matching_folders: bool = False,
        timeout: float | None = 30,
    ) -> None:
        """Remove files; a file that does not exist, or a pattern that nothing matches, is no error.

        :param str path_file_pattern: a path whose last component may hold ``*`` and ``?``
        :param bool delete_matching_folders: remove folders that match too, with all that is in them
        :raises OperationFailure: a file cannot be removed; what was removed before it stays removed
        """
        with self._operation('delete', (path_file_pattern,), timeout, service_name) as exchange:
            name = paths.relative(path_file_pattern)
            removal.delete_files(self._tree(exchange, service_name), name, delete_matching_folders)

    def rename(self, service_name: str, old_path: str, new_path: str, timeout: float | None = 30) -> None:
        """Give a file or folder another name, or another place on the same share; nothing is overwritten.

        :raises OperationFailure: there is no such file, or the new name is taken
        """
        with self._operation('rename', (old_path, new_path), timeout, service_name) as exchange:
            old_name, new_name = paths.relative(old_path), paths.relative(new_path)
            metadata.rename(self._tree(exchange, service_name), old_name, new_name)

    def echo(self, data: Any, timeout: float | None = 10) -> Any:
        """*data*, once the server has answered an ECHO, [MS-SMB2] 2.2.28 and [MS-CIFS] 2.2.4.39.

        SMB2 carries none of it, so that it may be anything. Over SMB1 it is bytes, at most 65535, which the server
        sends back.
        """
        with self._operation('echo', (), timeout, needs_login=False) as exchange:
            return exchange.echo(data)
