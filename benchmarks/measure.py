"""Rounds of measurements: each in a child process, the peers by turns, what arrived checked outside of the clock."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import conditions
from benchmarks.peers import PEERS
from benchmarks.peers.base import PROTECTIONS
from benchmarks.stage import Stage, WrongContentError, open_stage
from benchmarks.workloads import WORKLOADS, Settings, Workload, value

ROOT = Path(__file__).resolve().parent.parent
WORKER = ROOT / 'benchmarks' / 'worker.py'
LONGEST_TURN = 900  # seconds

Results = dict[str, Any]


def measure(
    settings: Settings, peers: Sequence[str], workloads: Sequence[str], command: str, say: Callable[[str], None]
) -> Results:
    """Everything that was asked for, in the form of results.json; *say* gets a line for each measurement."""
    found: dict[str, dict[str, Any]] = {key: {} for key in workloads}
    spoken: dict[str, dict[str, str]] = {peer: {} for peer in peers}
    for protection in PROTECTIONS:
        parts = [WORKLOADS[key] for key in workloads if WORKLOADS[key].protection == protection]
        if not parts:
            continue
        with open_stage(protection, settings) as stage:
            for number in range(settings.rounds):
                for workload in parts:
                    takes_part = [peer for peer in peers if can(peer, workload)]
                    for peer in rotated(takes_part, number):
                        say(_turn(stage, peer, workload, found[workload.key], spoken))
    return {
        'conditions': conditions(command),
        'settings': settings._asdict(),
        'packages': {peer: run_worker(peer, _bare_task('versions'))['versions'] for peer in peers},
        'spoken': spoken,
        'workloads': found,
    }


def can(peer: str, workload: Workload) -> bool:
    """Whether this peer is measured with this workload."""
    entry = PEERS[peer]
    if workload.verb == 'import' and not entry.is_library:
        return False
    return workload.protection in entry.protections and (workload.is_transfer or not entry.only_transfers)


def rotated(peers: list[str], number: int) -> list[str]:
    """The peers with another one first in each round."""
    start = number % len(peers) if peers else 0
    return peers[start:] + peers[:start]


def _turn(stage: Stage, peer: str, workload: Workload, found: dict[str, Any], spoken: dict[str, dict[str, str]]) -> str:
    """Measure once and note what came out; a line that says it."""
    entry = found.setdefault(peer, {'values': []})
    if 'failed' in entry or entry.get('is_slow'):
        return f'{workload.key:<22}{peer:<20}left out'
    task = stage.task(workload)
    start = time.monotonic()
    outcome = run_worker(peer, task)
    if time.monotonic() - start > stage.settings.patience:
        entry['is_slow'] = True
    try:
        if 'failed' in outcome:
            raise RuntimeError(outcome['failed'])
        stage.check(task, outcome)
    except (RuntimeError, WrongContentError) as error:
        is_wrong = isinstance(error, WrongContentError)
        entry['failed'] = f'wrong content: {error}' if is_wrong else str(error)
        return f'{workload.key:<22}{peer:<20}{entry["failed"]}'
    if outcome.get('spoken'):
        spoken[peer][workload.protection] = outcome['spoken']
    entry['values'].append(float(f'{value(workload, stage.settings, outcome):.4g}'))
    return f'{workload.key:<22}{peer:<20}{entry["values"][-1]:>10,.5g} {workload.unit}'


def run_worker(peer: str, task: dict[str, Any]) -> dict[str, Any]:
    """What a child process in the peer's environment gives."""
    command = [str(interpreter(peer)), '-I', str(WORKER)]
    whole = json.dumps({**task, 'peer': peer, 'path': [str(ROOT)] if PEERS[peer].is_ours else []})
    try:
        result = subprocess.run(command, input=whole, capture_output=True, text=True, timeout=LONGEST_TURN)
        outcome: dict[str, Any] = json.loads(result.stdout)
    except subprocess.TimeoutExpired:
        return {'failed': f'not done after {LONGEST_TURN} s'}
    except ValueError:
        return {'failed': (result.stderr.strip().splitlines() or ['the process ended'])[-1]}
    return outcome


def interpreter(peer: str) -> Path:
    """The Python that the peer is installed for."""
    distribution = PEERS[peer].distribution
    return ROOT / '.venv' / 'bench' / distribution / 'bin' / 'python' if distribution else Path(sys.executable)


def missing(peers: Iterable[str]) -> list[str]:
    """The peers whose environment is not there."""
    return [peer for peer in peers if not interpreter(peer).exists()]


def _bare_task(verb: str) -> dict[str, Any]:
    """A task that needs no server."""
    target = dict.fromkeys(('host', 'name', 'user', 'password', 'share', 'protection'), '')
    return {'verb': verb, 'target': {**target, 'port': 0}}
