"""What is made to hurt is refused, and no frame costs more than a second or 64 MiB."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path
from subprocess import run

import pytest

from tests.fuzz.harness import Trial
from tests.fuzz.hostile import COSTLY, LONGEST_BLOB, REFUSED
from tests.fuzz.targets import TARGETS

MOST_MEMORY = 64 << 20
LARGE = 2 << 20  # bytes of a frame that goes on where it should have ended
# What is never longer than a token or a datagram
SHORT = ('NTLM', 'SPNEGO', 'first', 'second', 'last', 'name', 'node', 'NetBIOS', 'TCP', 'SDDL')


@pytest.mark.parametrize('what', REFUSED)
def test_what_lies_about_its_shape_is_refused(what: str) -> None:
    name, data = REFUSED[what]
    trial = Trial(name)
    with trial.watched():
        trial.attempt(data)
        with pytest.raises(trial.target.accepted):
            trial.target.decode(data)


@pytest.mark.parametrize('what', COSTLY)
def test_no_frame_costs_a_second(what: str) -> None:
    name, make = COSTLY[what]
    trial = Trial(name)
    with trial.watched():
        trial.attempt(make())


def test_no_frame_costs_64_mib() -> None:
    pytest.importorskip('resource')
    command = [sys.executable, '-m', 'tests.fuzz.memory']
    result = run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert int(result.stdout.splitlines()[-1].split()[0]) < MOST_MEMORY, result.stdout


@pytest.mark.parametrize('name', TARGETS)
def test_a_frame_that_goes_on_takes_a_few_times_its_length(name: str) -> None:
    trial = Trial(name)
    seed = max((seed for seed in trial.target.seeds if len(seed) < 4096), key=len)
    size = LONGEST_BLOB if name.startswith(SHORT) else LARGE
    with trial.watched():
        for tail in (b'\0', b'\xff', seed or b'\0'):
            data = (seed + tail * (size // len(tail)))[:size]
            tracemalloc.start()
            trial.attempt(data)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert peak < 8 * len(data) + LARGE
