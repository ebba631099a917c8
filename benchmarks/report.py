"""The table of what was measured: for a terminal, and for the manual."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from benchmarks.peers import PEERS
from benchmarks.peers.base import PROTECTIONS
from benchmarks.workloads import WORKLOADS, Settings, Workload, title

NOTHING = '–'
RATIO = 'of the best other'


class Row(NamedTuple):
    """One workload."""

    title: str
    unit: str
    cells: list[str]  # one for each peer
    ratio: str


def rows(results: dict[str, Any]) -> Iterator[Row]:
    """What the table shows: medians, and how the best round compares with the best round of all others."""
    settings = Settings(**results['settings'])
    for key, found in results['workloads'].items():
        workload = WORKLOADS[key]
        cells = [cell(workload, found.get(peer)) for peer in results['packages']]
        yield Row(title(workload, settings), workload.unit, cells, ratio(workload, found))


def cell(workload: Workload, found: dict[str, Any] | None) -> str:
    """The median of a peer's rounds, rounded; what went wrong; a dash where there is nothing."""
    if found is None:
        return NOTHING
    if 'failed' in found:
        return 'wrong content' if found['failed'].startswith('wrong content') else 'failed'
    return number(workload, median(found['values'])) if found['values'] else NOTHING


def number(workload: Workload, value: float) -> str:
    """Two digits that mean something; a noisy machine gives no more."""
    return f'{value:.2f}' if workload.unit == 'round trips' else f'{float(f"{value:.2g}"):,.10g}'


def ratio(workload: Workload, found: dict[str, Any]) -> str:
    """How many times as good as the best other: above 1 is better, also where less is better."""
    best = max if workload.is_rate else min
    others = [
        best(entry['values'])
        for peer, entry in found.items()
        if not PEERS[peer].is_ours and entry['values'] and 'failed' not in entry
    ]
    ours = found.get('ours', {'values': []})
    if not others or not ours['values'] or 'failed' in ours:
        return NOTHING
    quotient = best(ours['values']) / best(others)
    if not workload.is_rate:
        quotient = 1 / quotient
    return f'{quotient:.{2 if quotient < 1 else 1}f}'


def text(results: dict[str, Any]) -> str:
    """The table for a terminal."""
    heads = ['', '', *(PEERS[peer].title for peer in results['packages']), RATIO]
    lines = [heads, *([row.title, row.unit, *row.cells, row.ratio] for row in rows(results))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    aligned = [
        '  '.join(
            word.ljust(width) if column < 2 else word.rjust(width)
            for column, (word, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    failures = [
        f'{PEERS[peer].title}, {key}: {entry["failed"]}'
        for key, found in results['workloads'].items()
        for peer, entry in found.items()
        if 'failed' in entry
    ]
    facts = [f'{name}: {fact}' for name, fact in results['conditions'].items()]
    return '\n'.join([*aligned, '', *facts, *failures])


def restructured_text(results: dict[str, Any]) -> str:
    """The table and what it was measured with, for the manual."""
    heads = ['', 'Unit', *(PEERS[peer].title for peer in results['packages']), RATIO]
    lines = [
        '.. Made by ``make bench`` of benchmarks/results.json; a change here is lost.',
        '',
        '.. list-table::',
        '   :header-rows: 1',
        f'   :widths: 26 12 {" ".join(["12"] * (len(heads) - 2))}',
        '',
    ]
    for columns in [heads, *([row.title, row.unit, *row.cells, row.ratio] for row in rows(results))]:
        lines += [f'   {"  -" if position else "* -"} {column}'.rstrip() for position, column in enumerate(columns)]
    lines += ['', *(f'* {name}: {fact}' for name, fact in facts(results))]
    return '\n'.join(lines) + '\n'


def facts(results: dict[str, Any]) -> list[tuple[str, str]]:
    """Under which conditions, with which versions and protocols."""
    conditions = dict(results['conditions'])
    conditions['Command'] = f'``{conditions["Command"]}``, {results["settings"]["rounds"]} rounds'
    found = list(conditions.items())
    for peer, packages in results['packages'].items():
        versions = ', '.join(f'{package} {version}' for package, version in packages.items())
        spoken = results['spoken'].get(peer, {})
        modes = '; '.join(f'{mode}: {spoken[mode]}' for mode in PROTECTIONS if spoken.get(mode))
        found.append((PEERS[peer].title, f'{versions} ({modes})' if modes else versions))
    return found
