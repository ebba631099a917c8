"""Every decoder, fed with honest bytes, each systematic change of one of them, and random changes of all.

Whatever comes out that is no error of the library is a failure, which says the target, the seed of the random numbers
and the bytes. ``SMBCOURIER_FUZZ_SEED=... python -m pytest tests/fuzz -k ...`` runs the same again; ``make fuzz`` goes
on for longer.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from smb.messages.rpc import RPCFault
from smb.wire.structure import Structure
from tests.fuzz import samples
from tests.fuzz.harness import Trial, generator, untraced
from tests.fuzz.mutations import Mutator, systematic
from tests.fuzz.targets import TARGETS

RANDOM_MUTATIONS = 520  # of each target, besides those that are systematic
MODEL_LENGTH = 60  # bytes of the seed that is changed systematically, if there is one

each_target = pytest.mark.parametrize('name', TARGETS)


def model(seeds: Sequence[bytes]) -> bytes:
    """A seed that has something in it, and can be changed at each byte in every way within a second."""
    return min(seeds, key=lambda seed: abs(len(seed) - MODEL_LENGTH))


@each_target
def test_honest_bytes_are_read(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        try:
            target.decode(seed)
        except RPCFault:
            continue
        except target.accepted as error:
            assert 'The server refuses an RPC bind' in str(error), seed.hex()


@each_target
def test_mutated_bytes_are_read_or_refused(name: str) -> None:
    trial, target = Trial(name), TARGETS[name]
    mutator = Mutator(generator(name), target.seeds, target.order)
    with trial.watched(), untraced():
        for data in systematic(model(target.seeds), target.order):
            trial.attempt(data)
        for _ in range(RANDOM_MUTATIONS):
            trial.attempt(mutator.next())


def test_a_run_has_the_size_that_it_is_to_have() -> None:
    assert sum(len(target.seeds) for target in TARGETS.values()) >= 3_000
    assert len(TARGETS) * RANDOM_MUTATIONS >= 100_000


def test_every_structure_is_a_target() -> None:
    structures = samples.structures()
    assert len(structures) > 125 and structures.keys() <= TARGETS.keys()
    assert all(issubclass(cls, Structure) for cls in structures.values())


def test_the_random_numbers_follow_from_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for seed in ('1', '1', '2'):
        monkeypatch.setenv('SMBCOURIER_FUZZ_SEED', seed)
        mutator = Mutator(generator('SID'), TARGETS['SID'].seeds)
        runs.append([mutator.next() for _ in range(20)])
    assert runs[0] == runs[1] != runs[2]
