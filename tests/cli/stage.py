"""Runs of the program inside this process, with standard output and error in a pseudo-terminal or in a pipe."""

from __future__ import annotations

import contextlib
import fcntl
import io
import json
import os
import pty
import struct
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from smb.cli import main

TERMINAL, PIPE = 'terminal', 'pipe'
ROWS, COLUMNS = 40, 200


class Result:
    """What a run gave: its exit code, what it wrote to standard output, and to standard error."""

    def __init__(self, code: int, data: bytes, errors: bytes) -> None:
        self.code, self.data = code, data
        self.out, self.err = data.decode(errors='replace'), errors.decode()

    def __repr__(self) -> str:
        return f'exit code {self.code}\n{self.out}\n{self.err}'

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def open_stream(kind: str) -> tuple[int, int]:
    """The end to read from, and the one to write to."""
    if kind == PIPE:
        return os.pipe()
    reading, writing = pty.openpty()
    tty.setraw(writing)
    fcntl.ioctl(writing, termios.TIOCSWINSZ, struct.pack('HHHH', ROWS, COLUMNS, 0, 0))
    return reading, writing


@contextlib.contextmanager
def collected(kind: str, encoding: str) -> Iterator[tuple[Any, list[bytes]]]:
    """A text stream, and what was written to it once it is closed."""
    reading, writing = open_stream(kind)
    blocks: list[bytes] = []

    def read() -> None:
        # The end of a pseudo-terminal is an error
        with contextlib.suppress(OSError):
            while block := os.read(reading, 65536):
                blocks.append(block)

    thread = threading.Thread(target=read)
    thread.start()
    stream = io.TextIOWrapper(open(writing, 'wb'), encoding=encoding, newline='\n')  # noqa: SIM115
    try:
        yield stream, blocks
    finally:
        stream.close()
        thread.join()
        os.close(reading)


def run(*arguments: str, kind: str = PIPE, stdin: Any = b'', encoding: str = 'utf-8') -> Result:
    """The result of ``smbcourier`` with these arguments."""
    source = io.TextIOWrapper(io.BytesIO(stdin) if isinstance(stdin, bytes) else stdin)
    with collected(kind, encoding) as (out, outs), collected(kind, encoding) as (err, errs):
        with mock.patch.multiple(sys, stdin=source, stdout=out, stderr=err):
            code = main(arguments)
        out.flush()
    return Result(code, b''.join(outs), b''.join(errs))


Run = Callable[..., Result]
