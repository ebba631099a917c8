"""How a mutation is tried: what comes out, how long that takes, and what a failure says.

``SMBCOURIER_FUZZ_SEED`` in the environment is the seed of the random mutations; without it each run has another one.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from tests.fuzz.targets import TARGETS, Target

SEED_NAME = 'SMBCOURIER_FUZZ_SEED'
LONGEST_SECONDS = 1.0  # that one frame may cost
HANG_SECONDS = 20.0
SHOWN_LENGTH = 4096


class Hang(BaseException):
    """A decoder did not come back; no handler of exceptions in it may stop this."""


def run_seed() -> str:
    """The seed of this run, for all of its processes."""
    return os.environ.setdefault(SEED_NAME, str(random.SystemRandom().getrandbits(32)))


def generator(name: str) -> random.Random:
    """The random numbers for one target: the same ones whichever other targets run."""
    return random.Random(f'{run_seed()} {name}')


@contextmanager
def untraced() -> Iterator[None]:
    """Coverage is not measured: half a million mutations would take three times as long, and show no more."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)


class Trial:
    """Mutations of one target's seeds, one after another; remembers how many there were and which cost the most."""

    def __init__(self, name: str, target: Target | None = None) -> None:
        self.name = name
        self.target = target or TARGETS[name]
        self.count = 0
        self.slowest_seconds = 0.0
        self.slowest = b''
        self._now = b''

    def attempt(self, data: bytes) -> None:
        """Decode; AssertionError with the bytes when anything but an accepted error comes out, or it takes too long."""
        self.count += 1
        self._now = data
        begin = time.perf_counter()
        try:
            self.target.decode(data)
        except self.target.accepted as error:
            str(error)
        except Exception as error:
            raise AssertionError(self.report(f'{type(error).__name__}: {error}')) from error
        seconds = time.perf_counter() - begin
        if seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = seconds, data
            if seconds > LONGEST_SECONDS and (worked := self._worked_seconds(data)) > LONGEST_SECONDS:
                raise AssertionError(self.report(f'it takes {worked:.2f} s'))

    def _worked_seconds(self, data: bytes) -> float:
        """The processor's time: what another process took away does not count, nor what measuring coverage costs."""
        with untraced():
            begin = time.process_time()
            with suppress(*self.target.accepted):
                self.target.decode(data)
            return time.process_time() - begin

    def report(self, what: str) -> str:
        """All that is needed to see it again."""
        data = self._now
        shown = data.hex() if len(data) <= SHOWN_LENGTH else f'{data[:SHOWN_LENGTH].hex()}... ({len(data)} bytes)'
        return f'{what}\ntarget: {self.name}\n{SEED_NAME}={run_seed()}\nbytes: {shown}'

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Ends a decoder that hangs, where the system can; the time is the processor's."""
        if not hasattr(signal, 'setitimer') or threading.current_thread() is not threading.main_thread():
            yield
            return

        def ring(number: int, frame: FrameType | None) -> None:
            if ring.last == self.count:  # type: ignore[attr-defined]
                raise Hang(self.report('it hangs'))
            ring.last = self.count  # type: ignore[attr-defined]

        ring.last = -1  # type: ignore[attr-defined]
        before = signal.signal(signal.SIGVTALRM, ring)
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG_SECONDS / 2, HANG_SECONDS / 2)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)
