"""Bar charts as SVG: groups of horizontal bars, one bar a peer.

A chart has a light ground of its own, so that it can be read on a dark page too. The colours can be told apart by
people who see few of them, and each bar carries its number.
"""

from __future__ import annotations

from html import escape
from statistics import median
from typing import Any, NamedTuple

from benchmarks.peers import PEERS
from benchmarks.report import number
from benchmarks.workloads import WORKLOADS, Settings, Workload, title

WIDTH = 860
LEFT, RIGHT = 250, 70  # what the headings and the numbers take
TOP, BOTTOM = 104, 40
BAR, GAP = 14, 16  # a bar, and the space between two groups
COLOURS = {
    'ours': '#0072b2',
    'ours-without-fast': '#56b4e9',
    'smbclient': '#e69f00',
    'pysmb': '#8c8c8c',
    'smbprotocol': '#009e73',
}
STYLE = (
    'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:12px;fill:#24292f}'
    '.heading{font-size:16px;font-weight:600}.small{font-size:11px;fill:#57606a}.group{font-weight:600}'
)


class Chart(NamedTuple):
    """What one picture shows."""

    heading: str
    unit: str
    is_rate: bool


THROUGHPUT = Chart('Throughput in MB/s: longer is better', 'MB/s', True)
ROUND_TRIPS = Chart('Round trips for one operation: shorter is better', 'round trips', False)


def draw(chart: Chart, results: dict[str, Any]) -> str:
    """The picture of all workloads that are measured in the chart's unit."""
    settings = Settings(**results['settings'])
    groups = {key: found for key, found in results['workloads'].items() if WORKLOADS[key].unit == chart.unit}
    measured = {
        key: {
            peer: median(entry['values']) for peer, entry in found.items() if 'failed' not in entry and entry['values']
        }
        for key, found in groups.items()
    }
    largest = max((value for values in measured.values() for value in values.values()), default=1.0)
    step = round_step(largest)
    scale = (WIDTH - LEFT - RIGHT) / largest
    parts: list[str] = []
    y = TOP
    for key, values in measured.items():
        parts += _group(WORKLOADS[key], title(WORKLOADS[key], settings), values, y, scale)
        y += BAR * len(values) + GAP
    height = y + BOTTOM
    lines = _grid(step, largest, scale, y)
    return '\n'.join([*_frame(chart, results, height), *lines, *parts, '</svg>', ''])


def round_step(largest: float) -> float:
    """A distance between grid lines that gives four to ten of them, at 1, 2 or 5 times a power of ten."""
    step = 10.0 ** len(str(int(largest)))
    while True:
        for divisor in (1, 2, 5):
            if largest / (step / divisor) >= 4:
                return step / divisor
        step /= 10


def _frame(chart: Chart, results: dict[str, Any], height: int) -> list[str]:
    """What is around the bars: ground, heading, conditions, legend."""
    conditions = results['conditions']
    first = ' · '.join(conditions[name] for name in ('Processor', 'System', 'Python') if name in conditions)
    second = ' · '.join(conditions[name] for name in ('Server', 'Date', 'Command') if name in conditions)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="heading">',
        f'<style>{STYLE}</style>',
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" fill="#ffffff" stroke="#d0d7de"/>',
        f'<text id="heading" class="heading" x="20" y="30">{escape(chart.heading)}</text>',
        f'<text class="small" x="20" y="48">{escape(first)}</text>',
        f'<text class="small" x="20" y="63">{escape(second)}</text>',
    ]
    x = 20
    keys = {key for key in results['workloads'] if WORKLOADS[key].unit == chart.unit}
    for peer in results['packages']:
        if not any(peer in results['workloads'][key] for key in keys):
            continue
        label = PEERS[peer].title
        if not PEERS[peer].only_transfers:
            label += f' {next(iter(results["packages"][peer].values()), "")}'
        parts.append(f'<rect x="{x}" y="76" width="12" height="12" rx="2" fill="{COLOURS[peer]}"/>')
        parts.append(f'<text x="{x + 18}" y="86">{escape(label)}</text>')
        x += 34 + int(6.6 * len(label))
    return parts


def _grid(step: float, largest: float, scale: float, bottom: int) -> list[str]:
    """Lines behind the bars, with their numbers below."""
    parts = []
    for position in range(int(largest / step) + 1):
        x = LEFT + position * step * scale
        parts.append(f'<line x1="{x:.1f}" y1="{TOP - 6}" x2="{x:.1f}" y2="{bottom}" stroke="#eaeef2"/>')
        parts.append(
            f'<text class="small" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{position * step:,g}</text>'
        )
    return parts


def _group(workload: Workload, heading: str, values: dict[str, float], top: int, scale: float) -> list[str]:
    """One workload: its heading and a bar for each peer."""
    middle = top + BAR * len(values) / 2 + 4
    parts = [f'<text class="group" x="{LEFT - 12}" y="{middle:.1f}" text-anchor="end">{escape(heading)}</text>']
    for position, (peer, value) in enumerate((peer, values[peer]) for peer in PEERS if peer in values):
        y = top + position * BAR
        width = max(1.0, value * scale)
        parts.append(
            f'<rect x="{LEFT}" y="{y + 1}" width="{width:.1f}" height="{BAR - 2}" rx="2" fill="{COLOURS[peer]}"/>'
        )
        parts.append(f'<text class="small" x="{LEFT + width + 6:.1f}" y="{y + 11}">{number(workload, value)}</text>')
    return parts
