"""The progress bar of the transfer calls."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any


def _ignore(count: int) -> object:
    return None


class ProgressBar:
    """A tqdm bar that is shown when ``show`` is true; ``step`` is called with the bytes of each step.

    ``options`` override what is filled in; the dict itself is left as it is. tqdm is imported only when it is shown.
    """

    def __init__(self, show: bool, options: dict[str, Any] | None, description: str) -> None:
        self.is_shown = show
        self._options = options or {}
        self._description = description
        self._bar: Any = None

    def __enter__(self) -> ProgressBar:
        if self.is_shown:
            from tqdm import tqdm

            filled_in = {
                'unit': 'B',
                'unit_scale': True,
                'unit_divisor': 1024,
                'total': None,
                'desc': self._description,
            }
            self._bar = tqdm(**{**filled_in, **self._options})
        return self

    def expect(self, total: int | None) -> None:
        """The transfer will have ``total`` bytes; a total that the caller gave stays."""
        if self._bar is not None and 'total' not in self._options:
            self._bar.total = total
            self._bar.refresh()

    def part(self) -> ProgressBar:
        """What one of several transfers is told to show its steps on; its total is a part of the whole."""
        part = ProgressBar(False, None, '')
        part._bar, part._options = self._bar, {'total': None}
        return part

    @property
    def step(self) -> Callable[[int], object]:
        """What each step of a transfer is told to, in bytes."""
        return _ignore if self._bar is None else self._bar.update

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


HIDDEN = ProgressBar(False, None, '')  # keeps nothing, so that all transfers without a bar share it


def progress_bar(show: bool, options: dict[str, Any] | None, description: str) -> ProgressBar:
    """A new bar, or ``HIDDEN``."""
    return ProgressBar(show, options, description) if show else HIDDEN
