"""KeyboardInterrupt at any place of the library."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path

DROPPED = ('__del__', '<genexpr>')  # what they raise while they are cleared away is dropped by the interpreter


class Interruption:
    """KeyboardInterrupt at the place of this number in files whose paths begin so; ``count`` is how many there were.

    The interpreter looks for signals where a function begins and where a C function has returned; a profile function
    sees the same places, so that each can be tried.
    """

    def __init__(self, within, number=-1):
        self._within = within
        self._number = number
        self.count = 0
        self.where = ''

    def __enter__(self):
        sys.setprofile(self._look)
        return self

    def __exit__(self, *_):
        sys.setprofile(None)

    def _look(self, frame, event, _):
        code = frame.f_code
        if not code.co_filename.startswith(self._within) or code.co_name in DROPPED:
            return
        if event not in ('call', 'c_return'):
            return
        if event == 'call' and code.co_flags & inspect.CO_GENERATOR:
            return  # a signal is raised at the yield, where it can be handled; an exception from here is not
        self.count += 1
        if self.count - 1 == self._number:
            self.where = f'{event} in {Path(code.co_filename).name}, {code.co_name}, line {frame.f_lineno}'
            raise KeyboardInterrupt
