"""``python -m tests.fuzz.memory``: by how many bytes the peak of a process grows over a round of mutations.

The imports and the corpus are there before; what is made by hand to cost the most is part of the round. One line for
each target or frame that raised the peak, the sum last.
"""

from __future__ import annotations

import sys

from tests.fuzz.harness import Trial, generator
from tests.fuzz.hostile import COSTLY, REFUSED
from tests.fuzz.mutations import Mutator
from tests.fuzz.targets import TARGETS

ROUNDS = 20  # mutations of each target


def peak() -> int:
    """The most memory that this process had so far, in bytes."""
    import resource

    unit = 1 if sys.platform == 'darwin' else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    mutators = {name: Mutator(generator(name), target.seeds, target.order) for name, target in TARGETS.items()}
    for name, mutator in mutators.items():
        Trial(name).attempt(mutator.seeds[0])
    first = before = peak()

    def tell(what: str) -> None:
        nonlocal before
        if (now := peak()) > before:
            print(f'{now - before} {what}')
            before = now

    for name, mutator in mutators.items():
        for _ in range(ROUNDS):
            Trial(name).attempt(mutator.next())
        tell(name)
    for what, (name, data) in REFUSED.items():
        Trial(name).attempt(data)
        tell(what)
    for what, (name, make) in COSTLY.items():
        Trial(name).attempt(make())
        tell(what)
    print(f'{before - first} in all')


if __name__ == '__main__':
    main()
