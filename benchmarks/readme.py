"""The small table of README.rst, of the same results as the manual's; ``python -m benchmarks.readme`` renews it."""

from __future__ import annotations

import json
import sys
from typing import Any

from benchmarks.__main__ import RESULTS
from benchmarks.peers import PEERS
from benchmarks.report import NOTHING, cell
from benchmarks.workloads import WORKLOADS, Settings, title

README = RESULTS.parent.parent / 'README.rst'
SHOWN_PEERS = ('ours', 'pysmb', 'smbprotocol', 'smbclient')
SHOWN_WORKLOADS = (
    'download',
    'upload',
    'download-encrypted',
    'upload-encrypted',
    'download-link',
    'small-download',
    'small-download-link',
    'attributes',
    'list',
)


def table(results: dict[str, Any]) -> str:
    """Medians in reStructuredText, with the newest dialect that each client came to speak."""
    settings = Settings(**results['settings'])
    lines = [
        ['', *(PEERS[peer].title for peer in SHOWN_PEERS)],
        ['Newest dialect spoken', *(_newest(results['spoken'].get(peer, {})) for peer in SHOWN_PEERS)],
    ]
    for key in SHOWN_WORKLOADS:
        workload, found = WORKLOADS[key], results['workloads'][key]
        heading = f'{title(workload, settings)}, {workload.unit}'
        lines.append([heading, *(cell(workload, found.get(peer)) for peer in SHOWN_PEERS)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = '  '.join('=' * width for width in widths)
    # an empty first cell would belong to the line above
    lines[0][0] = '\\'
    heads, *body = ('  '.join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines)
    return '\n'.join(line.rstrip() for line in (rule, heads, rule, *body, rule)) + '\n'


def _newest(spoken: dict[str, str]) -> str:
    """Of ``SMB 3.1.1, AES-128-GCM`` and the like, the dialect that is the newest."""
    return max((one.partition(',')[0] for one in spoken.values()), default=NOTHING)


def with_table(readme: str, results: dict[str, Any]) -> str:
    """The text with its table, the one that begins with an empty head, made anew."""
    lines = readme.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith('\\ ')) - 1
    end = next(number for number in range(first, len(lines)) if not lines[number].strip())
    return ''.join([*lines[:first], table(results), *lines[end:]])


def main() -> int:
    results = json.loads(RESULTS.read_text(encoding='utf-8'))
    README.write_text(with_table(README.read_text(encoding='utf-8'), results), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
