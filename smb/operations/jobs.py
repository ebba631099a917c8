"""Many names at once: several whole jobs under way behind one blocking call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from smb.tree.base import Job

if TYPE_CHECKING:
    from smb.tree.base import Tree

_T = TypeVar('_T')
_R = TypeVar('_R')


def _do_nothing() -> None:
    return None


nothing: Job[Any] = Job(_do_nothing)  # for an item that is not dealt with in the background


def under_way(tree: Tree, todo: list[_T], start: Callable[[_T], Job[_R]]) -> Iterator[tuple[_T, Job[_R]]]:
    """Each item with its job, for the caller to finish; the next ones have been started by then.

    ``todo`` is used up from its end, and may grow meanwhile. When the caller stops, the jobs behind are abandoned.
    """
    started: deque[tuple[_T, Job[_R]]] = deque()
    try:
        while todo or started:
            while todo and len(started) < tree.most_jobs:
                item = todo.pop()
                started.append((item, start(item)))
            yield started.popleft()
    finally:
        for _, job in started:
            job.abandon()
