"""One measurement in a process of its own: the task comes as JSON on standard input, the outcome goes out as JSON.

It runs in the peer's environment with ``python -I``, which keeps this checkout off the path: pysmb's packages have the
same names as ours. Only this library itself is put there, by its task.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

if not TYPE_CHECKING and 'benchmarks' not in sys.modules:
    # The package by its folder, without what lies beside it
    package = types.ModuleType('benchmarks')
    package.__path__ = [str(Path(__file__).parent)]
    sys.modules['benchmarks'] = package

from benchmarks.peers import create
from benchmarks.peers.base import Peer, Target

# Samba's names
DIALECTS = {
    'NT1': 'SMB 1',
    'SMB2_02': 'SMB 2.0.2',
    'SMB2_10': 'SMB 2.1',
    'SMB3_00': 'SMB 3.0',
    'SMB3_02': 'SMB 3.0.2',
    'SMB3_11': 'SMB 3.1.1',
}


def main() -> int:
    task = json.load(sys.stdin)
    sys.path[:0] = task['path']
    try:
        outcome = perform(task)
    except Exception as error:
        text = str(error).strip().splitlines() or ['']
        outcome = {'failed': f'{type(error).__name__}: {text[0]}'}
    json.dump(outcome, sys.stdout)
    return 0


def perform(task: dict[str, Any]) -> dict[str, Any]:
    """What the task's verb gives."""
    peer = create(task['peer'], Target(**task['target']))
    verb = VERBS[task['verb']]
    if verb in (versions, import_time, connections):
        return verb(peer, task)
    peer.connect()
    try:
        if verb is not memory:
            warm_up(peer, task)
        outcome = verb(peer, task)
        if task.get('configuration'):
            outcome['spoken'] = spoken(task['configuration'], task['target']['protection'])
        return outcome
    finally:
        peer.close()


def warm_up(peer: Peer, task: dict[str, Any]) -> None:
    """Have everything imported and compiled that is needed only the first time."""
    local, remote = task['warm_up']
    peer.upload(local, remote)
    peer.size(remote)
    peer.names(remote.partition('/')[0])
    peer.download(remote, local)


def download(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    peer.downloads(task['downloads'])
    return {'seconds': time.perf_counter() - start}


def upload(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    peer.uploads(task['uploads'])
    return {'seconds': time.perf_counter() - start}


def attributes(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    sizes = peer.sizes(task['names'])
    return {'seconds': time.perf_counter() - start, 'sizes': sizes}


def listing(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    start = time.perf_counter()
    names = peer.names(task['folder'])
    return {'seconds': time.perf_counter() - start, 'names': names}


def connections(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    """Log in and hang up, several times; the first time does not count."""
    start = 0.0
    for number in range(task['count'] + 1):
        if number == 1:
            start = time.perf_counter()
        peer.connect()
        peer.close()
    return {'seconds': time.perf_counter() - start}


def memory(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    """The most memory that the process had resident, after a download and an upload and nothing else."""
    peer.downloads(task['downloads'])
    peer.uploads(task['uploads'])
    for line in Path(f'/proc/{peer.process}/status').read_text().splitlines():
        if line.startswith('VmHWM:'):
            return {'bytes': int(line.split()[1]) * 1024}
    raise RuntimeError('the system does not tell the peak of memory')


def import_time(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    """What the import adds to the start of an interpreter that has nothing imported."""
    script = (
        f'import sys, time; sys.path[:0] = {task["path"]!r}; start = time.perf_counter(); '
        f'import {peer.module}; print(time.perf_counter() - start)'
    )
    command = [sys.executable, '-I', '-c', script]
    times = [float(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(task['count'])]
    return {'seconds': min(times) * task['count']}


def versions(peer: Peer, task: dict[str, Any]) -> dict[str, Any]:
    return {'versions': peer.versions()}


def spoken(configuration: str, protection: str) -> str:
    """Dialect and algorithm of the newest session, as the server sees it; empty where Samba is too old to tell."""
    try:
        status = subprocess.run(['smbstatus', '-s', configuration, '--json'], capture_output=True, check=True).stdout
        newest = list(json.loads(status)['sessions'].values())[-1]
    except (OSError, ValueError, KeyError, IndexError, subprocess.CalledProcessError):
        return ''
    words = [DIALECTS.get(newest['session_dialect'], newest['session_dialect'])]
    if protection != 'plain':
        words.append(newest['encryption' if protection == 'encrypted' else 'signing']['cipher'])
    return ', '.join(words)


VERBS = {
    'download': download,
    'upload': upload,
    'attributes': attributes,
    'list': listing,
    'connect': connections,
    'memory': memory,
    'import': import_time,
    'versions': versions,
}

if __name__ == '__main__':
    sys.exit(main())
