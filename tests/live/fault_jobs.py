"""Every public call in a form that can be run again and again: what it needs, what it does, and whether it did it."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.live.folder import Folder, names, noise

SMALL = noise(1000)
TREE = {'one': SMALL, 'two': b'', 'sub/three': SMALL[::-1], 'large': noise(150_000)}


class Call:
    """One call in a fresh folder."""

    def __init__(self, name: str, folder: Folder, local: Path, large: bytes) -> None:
        self.folder, self.local, self.large = folder, local, large
        self.share = folder.share
        self.sink = io.BytesIO()
        self.result: Any = None
        prepare, self._run, self._check = CALLS[name]
        prepare(self)

    def run(self, connection: Any, timeout: float) -> None:
        """Call it."""
        self.result = self._run(self, connection, timeout=timeout)

    def check(self) -> None:
        """AssertionError where what a success promises is not so."""
        self._check(self)

    def put(self, name: str, data: bytes = SMALL) -> str:
        return self.folder.put(name, data)

    def path(self, name: str = '') -> str:
        return self.folder.path(name)

    def read(self, name: str) -> bytes:
        return self.folder.read(name)


Step = Callable[..., Any]
# name: (prepare, run, check)
CALLS: dict[str, tuple[Step, Step, Step]] = {}


def call(name: str, prepare: Step, run: Step, check: Step) -> None:
    CALLS[name] = prepare, run, check


def put_tree(job: Call) -> None:
    for name, data in TREE.items():
        job.put(f'tree/{name}', data)


def make_local_tree(job: Call) -> None:
    for name, data in TREE.items():
        path = job.local / 'source' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def local_tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob('*')) if path.is_file()}


def check_retrieved(job: Call, data: bytes) -> None:
    assert job.result[1] == len(data)
    assert job.sink.getvalue() == data


def equal(found: Any, expected: Any) -> None:
    assert found == expected


call(
    'echo',
    lambda job: None,
    lambda job, c, **t: c.echo(b'data', **t),
    lambda job: equal(job.result, b'data'),
)
call(
    'listShares',
    lambda job: None,
    lambda job, c, **t: c.listShares(**t),
    lambda job: equal({'smbtest', 'IPC$'} <= {share.name for share in job.result}, True),
)
call(
    'listPath',
    lambda job: [job.put(f'{n:03} ' + 'n' * 90, b'') for n in range(350)],
    lambda job, c, **t: c.listPath(job.share, job.path(), **t),
    lambda job: equal(set(names(job.result)), set(os.listdir(job.folder.local))),
)
call(
    'getAttributes',
    lambda job: job.put('file'),
    lambda job, c, **t: c.getAttributes(job.share, job.path('file'), **t),
    lambda job: equal(job.result.file_size, len(SMALL)),
)
call(
    'getSecurity',
    lambda job: job.put('file'),
    lambda job, c, **t: c.getSecurity(job.share, job.path('file'), **t),
    lambda job: equal(bool(job.result.owner), True),
)
call(
    'listSnapshots',
    lambda job: job.put('file'),
    lambda job, c, **t: c.listSnapshots(job.share, job.path('file'), **t),
    lambda job: equal(len(job.result), 1),
)
call(
    'resetFileAttributes',
    lambda job: [job.put(f'file {n}') for n in range(3)],
    lambda job, c, **t: c.resetFileAttributes(job.share, job.path('file*'), **t),
    lambda job: equal(len(job.folder.tree()), 3),
)
call(
    'setLastWriteTime',
    lambda job: job.put('file'),
    lambda job, c, **t: c.setLastWriteTime(job.share, job.path('file'), 1_000_000_000, **t),
    lambda job: equal((job.folder.local / 'file').stat().st_mtime, 1_000_000_000),
)
call(
    'retrieveFile',
    lambda job: job.put('file'),
    lambda job, c, **t: c.retrieveFile(job.share, job.path('file'), job.sink, **t),
    lambda job: check_retrieved(job, SMALL),
)
call(
    'retrieveFile, large',
    lambda job: job.put('file', job.large),
    lambda job, c, **t: c.retrieveFile(job.share, job.path('file'), job.sink, **t),
    lambda job: check_retrieved(job, job.large),
)
call(
    'retrieveFileFromOffset',
    lambda job: job.put('file', job.large),
    lambda job, c, **t: c.retrieveFileFromOffset(job.share, job.path('file'), job.sink, 1000, 100_000, **t),
    lambda job: check_retrieved(job, job.large[1000:101_000]),
)
call(
    'storeFile',
    lambda job: None,
    lambda job, c, **t: c.storeFile(job.share, job.path('file'), io.BytesIO(SMALL), **t),
    lambda job: equal((job.result, job.read('file')), (len(SMALL), SMALL)),
)
call(
    'storeFile, large',
    lambda job: None,
    lambda job, c, **t: c.storeFile(job.share, job.path('file'), io.BytesIO(job.large), **t),
    lambda job: equal((job.result, job.read('file') == job.large), (len(job.large), True)),
)
call(
    'storeFileFromOffset',
    lambda job: job.put('file'),
    lambda job, c, **t: c.storeFileFromOffset(job.share, job.path('file'), io.BytesIO(SMALL), 500, **t),
    lambda job: equal((job.result, job.read('file')), (1500, SMALL[:500] + SMALL)),
)
call(
    'downloadTree',
    put_tree,
    lambda job, c, **t: c.downloadTree(job.share, job.path('tree'), job.local / 'target', **t),
    lambda job: equal(local_tree(job.local / 'target') == TREE, True),
)
call(
    'uploadTree',
    make_local_tree,
    lambda job, c, **t: c.uploadTree(job.share, job.path('target'), job.local / 'source', **t),
    lambda job: equal(local_tree(job.folder.local / 'target') == TREE, True),
)
call(
    'createDirectory',
    lambda job: None,
    lambda job, c, **t: c.createDirectory(job.share, job.path('new'), **t),
    lambda job: equal((job.folder.local / 'new').is_dir(), True),
)
call(
    'deleteDirectory',
    lambda job: job.folder.mkdir('old'),
    lambda job, c, **t: c.deleteDirectory(job.share, job.path('old'), **t),
    lambda job: equal(job.folder.tree(), {}),
)
call(
    'deleteFiles',
    lambda job: [job.put(name) for name in ('a1', 'a2', 'a3', 'kept')],
    lambda job, c, **t: c.deleteFiles(job.share, job.path('a*'), **t),
    lambda job: equal(job.folder.tree(), {'kept': SMALL}),
)
call(
    'rename',
    lambda job: job.put('old'),
    lambda job, c, **t: c.rename(job.share, job.path('old'), job.path('new'), **t),
    lambda job: equal(job.folder.tree(), {'new': SMALL}),
)
call(
    'openFile',
    lambda job: job.put('file'),
    lambda job, c, **t: use_file(job, c, **t),
    lambda job: equal(job.read('file'), b'NEW' + SMALL[3:]),
)
call(
    'copyFile',
    lambda job: job.put('file', TREE['large']),
    lambda job, c, **t: c.copyFile(job.share, job.path('file'), job.path('copy'), **t),
    lambda job: equal(job.read('copy') == TREE['large'], True),
)
call(
    'deleteTree',
    put_tree,
    lambda job, c, **t: c.deleteTree(job.share, job.path('tree'), **t),
    lambda job: equal(job.folder.tree(), {}),
)
call(
    'walk',
    put_tree,
    lambda job, c, **t: list(c.walk(job.share, job.path('tree'), **t)),
    lambda job: equal(sum(len(entry[2]) for entry in job.result), 4),
)
call(
    'getDiskSpace',
    lambda job: None,
    lambda job, c, **t: c.getDiskSpace(job.share, **t),
    lambda job: equal(job.result.total > 0, True),
)


def use_file(job: Call, connection: Any, **timeout: float) -> None:
    with connection.openFile(job.share, job.path('file'), 'r+b', **timeout) as file:
        assert file.read() == SMALL
        file.seek(0)
        file.write(b'NEW')


class Part(Folder):
    """A folder within one of a test's own."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.server, self.share = folder.server, folder.share
        self.name, self.local = folder.path(name), folder.local / name
        self.local.mkdir()


class Calls:
    """Makes calls, each with folders of its own."""

    def __init__(self, folder: Folder, local: Path, large: bytes) -> None:
        self._folder, self._local, self._large = folder, local, large
        self._count = 0
        self._last: Call | None = None

    def new(self, name: str) -> Call:
        """The next call, prepared; what the one before it left is removed."""
        if self._last is not None:
            shutil.rmtree(self._last.folder.local, ignore_errors=True)
            shutil.rmtree(self._last.local, ignore_errors=True)
        self._count += 1
        local = self._local / str(self._count)
        local.mkdir()
        self._last = Call(name, Part(self._folder, str(self._count)), local, self._large)
        return self._last
