"""``python -m benchmarks``: measure, show the table, and bring the manual up to date; ``make bench`` sets it up.

Results of everything are kept; with a choice of peers or workloads the table is only shown.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.charts import ROUND_TRIPS, THROUGHPUT, draw
from benchmarks.measure import ROOT, measure, missing
from benchmarks.peers import PEERS
from benchmarks.report import restructured_text, text
from benchmarks.workloads import QUICK, WORKLOADS, Settings

RESULTS = ROOT / 'benchmarks' / 'results.json'
DOCS = ROOT / 'docs'


def main(arguments: Sequence[str] | None = None) -> int:
    """0, or 1 when this library failed somewhere, 2 when a peer is not installed."""
    given = parser().parse_args(arguments)
    if given.render:
        write_documents(json.loads(RESULTS.read_text(encoding='utf-8')))
        return 0
    settings = QUICK if given.quick else Settings()
    if given.rounds:
        settings = settings._replace(rounds=given.rounds)
    peers, workloads = given.peers or list(PEERS), given.workloads or list(WORKLOADS)
    if absent := missing(peers):
        print(f'Not installed: {", ".join(absent)}; make bench does it', file=sys.stderr)
        return 2
    options = shlex.join(sys.argv[1:] if arguments is None else arguments)
    results = measure(settings, peers, workloads, f"make bench BENCH='{options}'" if options else 'make bench', say)
    print(f'\n{text(results)}')
    is_whole = peers == list(PEERS) and workloads == list(WORKLOADS)
    if given.results:
        write_results(given.results, results)
    elif is_whole:
        write_results(RESULTS, results)
        write_documents(results)
    return int(any('failed' in found.get('ours', {}) for found in results['workloads'].values()))


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog='python -m benchmarks', description='Measure SMB clients side by side.')
    made.add_argument('--quick', action='store_true', help='small sizes and two rounds: a minute or two')
    made.add_argument('--rounds', type=int, metavar='N', help='how many times everything is measured')
    made.add_argument('--peers', type=chosen(PEERS), metavar='A,B', help=f'some of {", ".join(PEERS)}')
    made.add_argument('--workloads', type=chosen(WORKLOADS), metavar='A,B', help=f'some of {", ".join(WORKLOADS)}')
    made.add_argument(
        '--results', type=Path, metavar='FILE', help='write the results there, and leave the manual alone'
    )
    made.add_argument('--render', action='store_true', help='measure nothing: make the manual of the results again')
    return made


def chosen(names: dict[str, Any]) -> Any:
    """What turns ``a,b`` into a list of these names, in their order here."""

    def parse(argument: str) -> list[str]:
        wanted = argument.split(',')
        if unknown := [name for name in wanted if name not in names]:
            raise argparse.ArgumentTypeError(f'unknown: {", ".join(unknown)}')
        return [name for name in names if name in wanted]

    return parse


def say(line: str) -> None:
    print(line, flush=True)


def documents(results: dict[str, Any]) -> dict[Path, str]:
    """The files of the manual that are made of results, and what they hold."""
    return {
        DOCS / 'speed_table.rst': restructured_text(results),
        DOCS / 'speed_throughput.svg': draw(THROUGHPUT, results),
        DOCS / 'speed_round_trips.svg': draw(ROUND_TRIPS, results),
    }


def write_results(path: Path, results: dict[str, Any]) -> None:
    path.write_text(json.dumps(results, indent=1) + '\n', encoding='utf-8')


def write_documents(results: dict[str, Any]) -> None:
    for path, content in documents(results).items():
        path.write_text(content, encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
