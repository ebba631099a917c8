"""A file system of fsspec, as far as it reads whole files and ranges of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from fsspec.callbacks import DEFAULT_CALLBACK
from fsspec.utils import isfilelike

from smb.errors import OperationFailure
from smb.fsspec.looking import Looking
from smb.operations import local, paths, transfer
from smb.operations.progress import HIDDEN, ProgressBar
from smb.operations.ranges import Range, read_ranges
from smb.operations.trees import replacing


class CallbackProgress(ProgressBar):
    """Tells a callback of fsspec how far a transfer has come."""

    def __init__(self, callback: Any) -> None:
        super().__init__(callback is not DEFAULT_CALLBACK, None, '')
        self._callback = callback

    def expect(self, total: int | None) -> None:
        self._callback.set_size(total)

    @property
    def step(self) -> Any:
        return self._callback.relative_update


class Reading(Looking):
    """What reads, besides."""

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **kwargs: Any) -> bytes:
        """The bytes of a file from *start* to *end*, which count from its end where they are negative."""
        if (start or 0) < 0 or (end or 0) < 0:
            (found,) = self.cat_ranges([path], [start], [end], on_error='raise')
            return bytes(found)
        data = BytesIO()
        length = -1 if end is None else max(0, end - (start or 0))
        with self._operation('retrieve', path) as (tree, name):
            transfer.retrieve(tree, name, data.write, paths.offset(start or 0), length, HIDDEN)
        return data.getvalue()

    def cat_ranges(
        self,
        paths: list[str],
        starts: Any,
        ends: Any,
        max_gap: int | None = None,
        on_error: str = 'return',
        **kwargs: Any,
    ) -> list[Any]:
        """The bytes of many ranges, which are under way at the same time.

        :param starts: a list, or one number for all
        :param ends: the same
        :param max_gap: means nothing here: there is nothing to be gained by reading what is between two ranges
        :param on_error: ``'return'``: a range that cannot be read is an exception in the list; ``'raise'``
        """
        if not isinstance(paths, list):
            raise TypeError('paths must be a list')
        starts = starts if isinstance(starts, list) else [starts] * len(paths)
        ends = ends if isinstance(ends, list) else [ends] * len(paths)
        if not len(starts) == len(ends) == len(paths):
            raise ValueError('There must be as many starts and ends as paths')
        results: list[Any] = [None] * len(paths)
        by_share: dict[str, list[int]] = {}
        for number, path in enumerate(paths):
            by_share.setdefault(self._strip_protocol(path)[1:].partition('/')[0], []).append(number)
        for share, numbers in by_share.items():
            wanted = [(paths[number], starts[number], ends[number]) for number in numbers]
            try:
                found = self._read_ranges(share, wanted)
            except Exception as error:
                found = [error] * len(numbers)
            for number, result in zip(numbers, found, strict=True):
                if isinstance(result, Exception) and on_error != 'return':
                    raise result
                results[number] = result
        return results

    def _read_ranges(self, share: str, wanted: Sequence[tuple[str, int | None, int | None]]) -> list[Any]:
        ranges = [Range(paths.relative(self.located(path)[1]), start, end) for path, start, end in wanted]
        connection = self.connection()
        with connection._operation('retrieve', (f'/{share}',), self.timeout, share) as exchange:
            read_ranges(connection._tree(exchange, share), ranges)
            found: list[Any] = []
            for each, (path, _, _) in zip(ranges, wanted, strict=True):
                result: Any = each.result
                if not isinstance(result, bytes):
                    result = connection._failure(exchange, 'retrieve', (path,), share, result)
                found.append(result)
        return found

    def cat(self, path: Any, recursive: bool = False, on_error: str = 'raise', **kwargs: Any) -> Any:
        """The bytes of a file, or a dict of them by path where there are several, which come at the same time."""
        names = self.expand_path(path, recursive=recursive)
        if len(names) == 1 and not isinstance(path, list) and names[0] == self._strip_protocol(path):
            return self.cat_file(names[0], **kwargs)
        contents = {}
        found = self.cat_ranges(names, kwargs.get('start'), kwargs.get('end'))
        for name, result in zip(names, found, strict=True):
            if isinstance(result, IsADirectoryError) and recursive:
                continue
            if isinstance(result, Exception) and on_error == 'raise':
                raise result
            if not isinstance(result, Exception) or on_error == 'return':
                contents[name] = result
        return contents

    def get_file(
        self, rpath: str, lpath: Any = None, callback: Any = DEFAULT_CALLBACK, outfile: Any = None, **kwargs: Any
    ) -> None:
        """Copy a file here: to a path, under which it appears when it is whole, or into a file that is open."""
        if outfile is None and isfilelike(lpath):
            outfile = lpath
        if outfile is not None:
            self._retrieve(rpath, outfile, callback)
            return
        target = os.fspath(lpath)
        if os.path.isdir(target) and self.isdir(rpath):
            return
        os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
        is_special = os.path.exists(target) and not os.path.isfile(target)  # a pipe, for example
        try:
            with open(target, 'wb') if is_special else replacing(os.path.realpath(target)) as file:
                self._retrieve(rpath, file, callback)
        except OperationFailure as error:
            if not isinstance(error, IsADirectoryError):
                raise
            os.makedirs(target, exist_ok=True)

    def _retrieve(self, path: str, file_obj: Any, callback: Any) -> None:
        write = local.writer(file_obj)
        with self._operation('retrieve', path) as (tree, name):
            transfer.retrieve(tree, name, write, 0, -1, CallbackProgress(callback))
