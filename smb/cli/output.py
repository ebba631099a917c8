"""Where a command writes: lines or one JSON document to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from smb.cli import text

PROGRAM = 'smbcourier'


class Output:
    """Standard output and standard error of one run; ``as_json`` is what ``--json`` asks for."""

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    @property
    def is_terminal(self) -> bool:
        """Whether somebody looks at standard output."""
        return _is_terminal(sys.stdout)

    @property
    def shows_progress(self) -> bool:
        """Whether a progress bar, which is drawn on standard error, has somebody to look at it."""
        return _is_terminal(sys.stderr) and not self.quiet

    def name(self, name: str) -> str:
        """A name as it is written: on a terminal whatever is not printable is escaped, programs get it as it is."""
        return text.shown(name) if self.is_terminal else name

    def line(self, line: str = '', end: str = '\n') -> None:
        _write(sys.stdout, line + end)

    def table(self, rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> None:
        """Rows in columns; those in ``right`` are aligned at their ends."""
        for line in text.columns(rows, right):
            self.line(line)

    def json(self, value: Any) -> None:
        """One document; what is not ASCII is escaped, so that any terminal and any encoding will do."""
        self.line(json.dumps(value, indent=2))

    def error(self, message: str) -> None:
        """One line on standard error."""
        sys.stdout.flush()
        _write(sys.stderr, f'{PROGRAM}: {text.shown(message)}\n')

    def note(self, message: str) -> None:
        """One line on standard error that is no error, but for ``--quiet``."""
        if not self.quiet:
            self.error(message)


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def _write(stream: Any, line: str) -> None:
    """Write what the stream's encoding has, and the rest escaped: names of files may be anything."""
    encoding = getattr(stream, 'encoding', None) or 'utf-8'
    stream.write(line.encode(encoding, 'backslashreplace').decode(encoding))
