"""What the tests of downloads and uploads of whole folders share: a call, its report, and what is on the disk."""

from __future__ import annotations

import builtins
import os

from smb.operations import trees
from smb.operations.progress import ProgressBar
from smb.results import TreeReport


class Outcome:
    """What became of a call: its counts, and the exceptions by path."""

    def __init__(self, copy, tree, path, local, progress):
        self.failures = {}
        self.report = TreeReport()
        arguments = (path, str(local)) if copy is trees.download else (str(local), path)
        progress = progress or ProgressBar(False, None, '')
        copy(tree, *arguments, progress, self.report, self._failed)

    def _failed(self, path, error):
        assert path not in self.failures
        self.failures[path] = error

    @property
    def counts(self):
        return self.report.files, self.report.folders, self.report.bytes

    def failed(self):
        """Path -> class of the exception, or status."""
        return {path: getattr(error, 'status', type(error)) for path, error in self.failures.items()}


def download(tree, path, local, progress=None):
    return Outcome(trees.download, tree, path, local, progress)


def upload(tree, path, local, progress=None):
    return Outcome(trees.upload, tree, path, local, progress)


def local_tree(folder):
    """Every file with its bytes, every folder with None, every link with its target; by their names in ``folder``."""
    found = {}
    for path in sorted(folder.rglob('*')):
        name = path.relative_to(folder).as_posix()
        found[name] = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return found


def make_local(folder, files):
    """The reverse of ``local_tree``, without links."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(exist_ok=True) if data is None else path.write_bytes(data)


def remote_tree(tree, folder):
    """The same of a folder on the share."""
    head = f'{folder}\\' if folder else ''
    return {
        path.removeprefix(head).replace('\\', '/'): None if file.attributes & 0x10 else bytes(file.data)
        for path, file in tree.files.items()
        if path.startswith(head) and path != folder
    }


class Disk:
    """What stands in for ``open`` in the module: a local disk with something wrong.

    ``trouble(path, mode)`` is asked at each open for what the file is to do: an exception to raise at once, or
    ('write', exception), ('close', exception) to raise later, or None.
    """

    def __init__(self, trouble):
        self.trouble = trouble

    def __call__(self, path, mode):
        trouble = self.trouble(str(path), mode)
        if isinstance(trouble, BaseException):
            raise trouble
        file = builtins.open(path, mode)  # noqa: SIM115 - it is what the caller closes
        return file if trouble is None else Faulty(file, *trouble)


class Faulty:
    """A file that fails at the first use of a method."""

    def __init__(self, file, method, error):
        self.file, self.method, self.error = file, method, error

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.file.close()
        if self.method == 'close':
            raise self.error

    def _do(self, method, *details):
        if method == self.method:
            # As a disk that fills up: a part is written
            if method == 'write':
                self.file.write(details[0][:1])
            raise self.error
        return getattr(self.file, method)(*details)

    def write(self, data):
        return self._do('write', data)

    def read(self, count=-1):
        return self._do('read', count)
