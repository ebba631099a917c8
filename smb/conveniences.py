"""The public calls that pysmb does not have, one call each: file objects, walks, whole trees, copies, room, rights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from operator import index
from typing import TYPE_CHECKING, Any

from smb.base import SMB, DiskSpace, OperationFailure, SharedFile
from smb.held import Held
from smb.operations import listing, metadata, paths, removal
from smb.security_descriptors import SecurityDescriptor

if TYPE_CHECKING:
    from smb.operations.removal import Entry


class Conveniences(SMB):
    """What a connection can do besides."""

    def openFile(
        self,
        service_name: str,
        path: str,
        mode: str = 'rb',
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        *,
        share_mode: int | None = None,
        timeout: float | None = 30,
    ) -> Any:
        """A remote file as a file object: what :func:`open` gives for a local one.

        Whoever reads it in order finds what comes next read ahead; what is written goes out behind the program's back,
        and an error may come out at a later ``write``, at ``flush`` or at ``close``. The connection is taken for each
        step only, so that other calls and other files may be used in between, by other threads too.

        :param str mode: as for :func:`open`, here with ``'rb'`` as the default
        :param int buffering: bytes of the buffer; 0: no buffer, and nothing read ahead or written behind
        :param int share_mode: what others may do with the file meanwhile, ``FILE_SHARE_...`` bits; None: everything
            while it is only read, reading while it is written
        :param float timeout: seconds that the server may be silent in each step
        :returns: a raw file without a buffer, else an :class:`io.BufferedReader`, :class:`io.BufferedWriter`,
            :class:`io.BufferedRandom` or :class:`io.TextIOWrapper`
        :raises OperationFailure: the file cannot be opened; it is also the :class:`OSError` that :func:`open` raises
        """
        from smb import files  # imported when used, as open() needs io's buffers

        return files.open_file(
            self, service_name, path, mode, buffering, encoding, errors, newline, share_mode, timeout
        )

    def exists(self, service_name: str, path: str, timeout: float | None = 30) -> bool:
        """Whether there is a file or folder of this name.

        :raises OperationFailure: there is no such share, or the server does not say
        """
        with self._operation('get attributes for', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            return metadata.exists(self._tree(exchange, service_name), name)

    def iterPath(
        self, service_name: str, path: str, search: int = 65591, pattern: str = '*', timeout: float | None = 30
    ) -> Iterator[SharedFile]:
        """The entries of a folder as :meth:`listPath` gives them, one by one as they come: for huge folders.

        Other calls may be made in between. What is added or removed meanwhile may be there or not.
        """
        folder, pattern, search = paths.relative(path), paths.pattern(pattern), index(search)
        return self._iterate(service_name, path, folder, search, pattern, timeout)

    def _iterate(
        self, service_name: str, path: str, folder: str, search: int, pattern: str, timeout: float | None
    ) -> Iterator[SharedFile]:
        from smb.operations.walking import Listing

        with self._operation('list', (path,), timeout, service_name) as exchange:
            tree = self._tree(exchange, service_name)
            held = Held(self, exchange, tree, service_name, path, timeout)
            found = Listing(tree, folder, pattern)
        try:
            batch = found.batch
            while batch:
                yield from (entry for entry in batch if listing.is_wanted(entry, search))
                if found.is_complete:
                    return
                with held.step('list'):
                    batch = found.next()
        finally:
            if not found.is_complete:
                held.leave(found.close)

    def walk(
        self,
        service_name: str,
        path: str,
        topdown: bool = True,
        onerror: Callable[[OperationFailure], object] | None = None,
        timeout: float | None = 30,
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        """Each folder below *path* and itself, as :func:`os.walk` has them: its path, its folders, its files.

        Links to folders are among the folders, and are never gone into. Where *topdown* is true, what is removed from
        the list of folders is left out.

        :param onerror: called with the OperationFailure of each folder that cannot be listed; None: it is raised
        """
        paths.relative(path)
        return self._walk(service_name, os.fspath(path), topdown, onerror, timeout)

    def _walk(
        self,
        service_name: str,
        top: str,
        topdown: bool,
        onerror: Callable[[OperationFailure], object] | None,
        timeout: float | None,
    ) -> Iterator[tuple[str, list[str], list[str]]]:
        from smb.operations.walking import Walk

        walk = Walk()
        todo: list[tuple[str, Entry | None] | tuple[str, list[str], list[str]]] = [(top, None)]
        while todo:
            item = todo.pop()
            if len(item) == 3:
                yield item
                continue
            shown, entry = item
            try:
                with self._operation('list', (shown,), timeout, service_name) as exchange:
                    looked = walk.look(self._tree(exchange, service_name), paths.relative(shown), entry)
            except OperationFailure as error:
                if onerror is None:
                    raise
                onerror(error)
                continue
            if looked is None:
                continue
            entries, files = looked
            folders = list(entries)
            if topdown:
                yield shown, folders, files
            else:
                todo.append((shown, folders, files))
            separator = '' if not shown or shown[-1] in '/\\' else '/'
            for name in reversed(folders):
                found = entries.get(name)
                if found is None or not found.is_link:
                    todo.append((f'{shown}{separator}{name}', found))

    def makeDirectories(self, service_name: str, path: str, exist_ok: bool = False, timeout: float | None = 30) -> None:
        """Make a folder, and the folders above it that are missing.

        :param bool exist_ok: that there is such a folder already is no error
        :raises OperationFailure: the name is taken, or a folder cannot be made
        """
        with self._operation('create directory', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            metadata.make_directories(self._tree(exchange, service_name), name, exist_ok)

    def deleteTree(self, service_name: str, path: str, timeout: float | None = 30) -> None:
        """Remove a folder with all that is in it. Of links, and if it is one itself, only the link is removed.

        :raises OperationFailure: there is no such folder, or something in it cannot be removed; what was removed
            before stays removed
        """
        with self._operation('delete directory', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            removal.delete_tree(self._tree(exchange, service_name), name)

    def copyFile(
        self,
        service_name: str,
        path: str,
        new_path: str,
        overwrite: bool = True,
        new_service_name: str | None = None,
        timeout: float | None = 30,
    ) -> int:
        """Copy a file to another one, whose bytes do not travel where the server can copy, [MS-SMB2] 3.3.5.15.6.

        A server that cannot, as any over SMB1, has it read and written. Only the bytes are copied: no attributes, times
        or rights.

        :param bool overwrite: False: that there is a file of the new name is an error
        :param str new_service_name: the share of the new file; None: the same
        :returns: the number of bytes
        :raises OperationFailure: one of the two cannot be opened, or the copy broke off
        """
        from smb.operations import copying

        with self._operation('copy', (path, new_path), timeout, service_name) as exchange:
            name, new_name = paths.relative(path), paths.relative(new_path)
            source_tree = self._tree(exchange, service_name)
            tree = source_tree if new_service_name is None else self._tree(exchange, new_service_name)
            return copying.copy_file(source_tree, name, tree, new_name, overwrite)

    def getDiskSpace(self, service_name: str, path: str = '', timeout: float | None = 30) -> DiskSpace:
        """How large the volume of a share is, and how much of it is free: :class:`smb.base.DiskSpace`.

        :param str path: a file or folder, where the share has several volumes
        """
        with self._operation('get the disk space of', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            return metadata.get_disk_space(self._tree(exchange, service_name), name)

    def setFileTimes(
        self,
        service_name: str,
        path: str,
        create_time: float | None = None,
        last_access_time: float | None = None,
        last_write_time: float | None = None,
        last_attr_change_time: float | None = None,
        timeout: float | None = 30,
    ) -> None:
        """Set times of a file or folder, each in seconds since 1970 UTC; None leaves one as it is.

        A fraction is kept to 100 ns. Not every server keeps all four; Samba makes the last one up.

        :raises OperationFailure: there is no such file, or its times may not be set
        """
        times = (create_time, last_access_time, last_write_time, last_attr_change_time)
        with self._operation('set the times of', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            filetimes = (0 if time is None else paths.filetime(time) for time in times)
            metadata.set_times(self._tree(exchange, service_name), name, *filetimes)

    def setSecurity(
        self,
        service_name: str,
        path: str,
        descriptor: SecurityDescriptor | bytes | str,
        timeout: float | None = 30,
    ) -> None:
        """Set what *descriptor* has of owner, group and access lists, and leave what it has not.

        :param descriptor: a :class:`smb.security_descriptors.SecurityDescriptor`, its bytes, or its text in SDDL
        :raises OperationFailure: there is no such file, or its security may not be set
        """
        with self._operation('set the security descriptor of', (path,), timeout, service_name) as exchange:
            name = paths.relative(path)
            metadata.set_security(self._tree(exchange, service_name), name, descriptor)
