"""``make fuzz``: every decoder for longer, ``python -m tests.fuzz.explore [--seconds N] [--workers N] [target ...]``.

Guided by coverage where atheris is installed, otherwise at random from the seed that is printed. Each target runs in a
process of its own. A failure says the bytes; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from subprocess import run

LONGEST_INPUT = 4096
HANG_SECONDS = 10
MOST_MEMORY = 1024  # MiB of one process, atheris and the corpus with it
SHOWN_LENGTH = 6000  # characters of what a failed process said


def explore(name: str, seconds: int) -> None:
    """Run one target in this process; what goes wrong is an exception or ends the process."""
    if find_spec('atheris') is None:
        at_random(name, seconds)
    else:
        guided(name, seconds)


def at_random(name: str, seconds: int) -> None:
    """Mutations for so long."""
    from tests.fuzz.harness import Trial, generator
    from tests.fuzz.mutations import Mutator

    trial = Trial(name)
    mutator = Mutator(generator(name), trial.target.seeds, trial.target.order)
    end = time.monotonic() + seconds
    with trial.watched():
        while time.monotonic() < end:
            trial.attempt(mutator.next())
    print(f'{trial.count} mutations')


def guided(name: str, seconds: int) -> None:
    """The same under atheris, which looks for bytes that lead to new places in the library."""
    import atheris

    with atheris.instrument_imports(include=['smb', 'nmb']):
        from tests.fuzz.harness import Trial, run_seed

    trial = Trial(name)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, 'corpus')
        corpus.mkdir()
        for number, seed in enumerate(trial.target.seeds):
            if len(seed) <= LONGEST_INPUT:
                (corpus / str(number)).write_bytes(seed)
        options = {
            'max_total_time': seconds,
            'max_len': LONGEST_INPUT,
            'timeout': HANG_SECONDS,
            'rss_limit_mb': MOST_MEMORY,
            'seed': int(run_seed()) & 0xFFFFFFFF or 1,
            'artifact_prefix': f'{folder}/',
            'print_final_stats': 1,
        }
        arguments = [sys.argv[0], *(f'-{option}={value}' for option, value in options.items()), str(corpus)]
        atheris.Setup(arguments, trial.attempt)
        atheris.Fuzz()


def in_a_process(name: str, seconds: int) -> bool:
    """Run one target in a process; whether all went well."""
    command = [sys.executable, '-m', 'tests.fuzz.explore', '--here', '--seconds', str(seconds), name]
    result = run(command, capture_output=True, text=True, errors='replace', check=False)
    said = result.stdout + result.stderr
    count = re.search(r'number_of_executed_units: (\d+)|(\d+) mutations', said)
    if result.returncode == 0 and count:
        print(f'{name}: {count[1] or count[2]} mutations', flush=True)
        return True
    # Without what libFuzzer says of its progress
    told = '\n'.join(line for line in said.splitlines() if not line.startswith(('INFO', 'WARNING', '#')))
    print(f'{name}: FAILED\n{told[-SHOWN_LENGTH:]}', flush=True)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description='Feed each decoder with mutated bytes.')
    parser.add_argument('target', nargs='*', help='which ones; none: all')
    parser.add_argument('--seconds', type=int, default=20, help='for each target')
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--here', action='store_true', help='one target, in this process')
    options = parser.parse_args()
    if options.here:
        explore(options.target[0], options.seconds)
        return 0

    from tests.fuzz.harness import SEED_NAME, run_seed
    from tests.fuzz.targets import TARGETS

    how = 'at random' if find_spec('atheris') is None else 'guided by coverage'
    print(f'{options.seconds} s for each target, {how}; {SEED_NAME}={run_seed()}', flush=True)
    with ThreadPoolExecutor(options.workers) as pool:
        results = list(pool.map(lambda name: in_a_process(name, options.seconds), options.target or TARGETS))
    print(f'{results.count(True)} of {len(results)} targets without a failure')
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
