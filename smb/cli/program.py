"""The program itself: from the words of a command line to an exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from smb.cli import failures
from smb.cli.arguments import parse
from smb.cli.client import Client
from smb.cli.output import Output


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. ``arguments`` are those of the process by default, without its name."""
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        # What cannot be written any more is to be noticed here, and not when the interpreter ends.
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        _give_up_output()
        return failures.BROKEN_PIPE
    except KeyboardInterrupt:
        return failures.INTERRUPTED


def _run(arguments: list[str]) -> int:
    output = Output()
    try:
        options = parse(arguments)
    except failures.UsageFailure as failure:
        output.error(failure.text)
        return failure.code
    except SystemExit as end:
        # A help text was asked for.
        return end.code if isinstance(end.code, int) else failures.OK
    output = Output(as_json=options.json, quiet=options.quiet)
    with Client(options, output) as client:
        try:
            options.run(client)
        except (failures.Failure, ValueError, OSError) as error:
            if isinstance(error, BrokenPipeError):
                raise
            client.report(error)
        return client.exit_code


def _give_up_output() -> None:
    """Let the rest of the output go nowhere, or the interpreter would complain about it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
