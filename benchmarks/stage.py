"""Where a measurement happens: a private server with the files that are needed, and a folder for local ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.peers.base import Target
from benchmarks.relay import Relay
from benchmarks.workloads import DELAY, SMALL, Settings, Workload, count
from smb.testing import SambaServer

OPTIONS: dict[str, dict[str, str]] = {
    'plain': {},
    'signed': {'server signing': 'mandatory'},
    'encrypted': {'server smb encrypt': 'required'},
}
IN_MEMORY = Path('/dev/shm')
WARM_UP = 'warm'  # a folder on the share


class WrongContentError(Exception):
    """What arrived is not what was sent."""


class Stage:
    """A server with one kind of protection, straight and behind a link with a delay.

    The share and the local files lie in memory where the system has a folder for that: no disk takes part.
    """

    def __init__(self, server: SambaServer, relay: Relay, folder: Path, protection: str, settings: Settings) -> None:
        self.server = server
        self.relay = relay
        self.folder = folder
        self.protection = protection
        self.settings = settings
        self.results = folder / 'results'
        self.sources = folder / 'sources'
        self.names: list[str] = []

    def target(self, on_link: bool) -> Target:
        server = self.server
        port = self.relay.port if on_link else server.port
        return Target(server.host, port, server.name, server.user, server.password, server.share, self.protection)

    def prepare(self) -> None:
        """Make the files, locally; they are linked into the share, since nothing ever writes into them."""
        settings, root = self.settings, self.server.root
        for folder in (self.sources, self.results, root / 'up', root / WARM_UP):
            folder.mkdir()
        sizes = {'large': settings.large, 'link-large': settings.link_large}
        sizes |= {f'small-{number}': SMALL for number in range(max(settings.files, settings.link_files))}
        for name, size in sizes.items():
            with open(self.sources / name, 'wb') as file:
                for start in range(0, size, 1 << 24):
                    file.write(os.urandom(min(1 << 24, size - start)))
            os.link(self.sources / name, root / name)
        (self.folder / 'warm-up').write_bytes(os.urandom(SMALL))

    def fill_folder(self) -> None:
        """Make the entries that are listed."""
        folder = self.server.root / 'many'
        folder.mkdir()
        self.names = [
            f'a file to be listed {number:06}.txt'.replace(' ', '-') for number in range(self.settings.entries)
        ]
        for name in self.names:
            (folder / name).touch()

    def task(self, workload: Workload) -> dict[str, Any]:
        """What the worker has to do."""
        number = count(workload, self.settings)
        task: dict[str, Any] = {
            'verb': workload.verb,
            'target': self.target(workload.on_link)._asdict(),
            'warm_up': (str(self.folder / 'warm-up'), f'{WARM_UP}/warm-up'),
            'count': number,
        }
        if workload.verb == 'list':
            if not self.names:
                self.fill_folder()
            task['folder'] = 'many'
            return task
        files = [f'small-{each}' for each in range(number)]
        if workload.is_transfer or workload.verb == 'memory':
            files = ['link-large' if workload.on_link else 'large']
            task['configuration'] = '' if workload.verb == 'memory' else str(self.server.configuration)
        if workload.verb == 'attributes':
            task['names'] = files
        if workload.verb in ('download', 'memory'):
            task['downloads'] = [(name, str(self.results / name)) for name in files]
        if workload.verb in ('upload', 'memory'):
            task['uploads'] = [(str(self.sources / name), f'up/{name}') for name in files]
        return task

    def check(self, task: dict[str, Any], outcome: dict[str, Any]) -> None:
        """WrongContentError unless everything arrived as it was sent. What arrived is removed."""
        root = self.server.root
        pairs = [(root / remote, Path(local)) for remote, local in task.get('downloads', ())]
        pairs += [(Path(local), root / remote) for local, remote in task.get('uploads', ())]
        for source, copy in pairs:
            if not copy.exists() or digest(source) != digest(copy):
                raise WrongContentError(copy.name)
            copy.unlink()
        if 'names' in task and outcome['sizes'] != [SMALL] * len(task['names']):
            raise WrongContentError('sizes')
        if 'folder' in task and sorted(outcome['names']) != self.names:
            raise WrongContentError(f'{len(outcome["names"])} names')


@contextmanager
def open_stage(protection: str, settings: Settings) -> Iterator[Stage]:
    """A stage with its files."""
    with ExitStack() as stack:
        stack.enter_context(temporary_files_in_memory(6 * settings.large))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='bench-')))
        server = stack.enter_context(SambaServer(OPTIONS[protection]))
        relay = stack.enter_context(Relay(server.port, DELAY))
        stage = Stage(server, relay, folder, protection, settings)
        stage.prepare()
        yield stage


@contextmanager
def temporary_files_in_memory(needed: int) -> Iterator[None]:
    """Have temporary files made in memory where there is room for that many bytes."""
    before = tempfile.tempdir
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > needed:
        tempfile.tempdir = str(IN_MEMORY)
    try:
        yield
    finally:
        tempfile.tempdir = before


def digest(path: Path) -> bytes:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.digest()
