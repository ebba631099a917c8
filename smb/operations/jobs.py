"""Many names at once: several whole jobs under way behind one blocking call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from smb.tree.base import Job

if TYPE_CHECKING:
    from smb.tree.base import Tree

TOGETHER = 8  # jobs that are started together: each time that something is sent costs more than the bytes of it

_T = TypeVar('_T')
_R = TypeVar('_R')


def _do_nothing() -> None:
    return None


nothing: Job[Any] = Job(_do_nothing)  # for an item that is not dealt with in the background


def under_way(
    tree: Tree, todo: list[_T], start: Callable[[_T], Job[_R]], size: Callable[[_T], int] = lambda item: 0
) -> Iterator[tuple[_T, Job[_R]]]:
    """Each item with its job, for the caller to finish; the next ones have been started by then.

    ``todo`` is used up from its end, and may grow meanwhile. When the caller stops, the jobs behind are abandoned.
    ``size``: the bytes that a job has travel; together they keep within ``tree.window``.
    """
    started: deque[tuple[_T, Job[_R], int]] = deque()
    in_flight = 0
    try:
        while todo or started:
            if todo and (not started or len(started) + TOGETHER <= tree.most_jobs):
                with tree.together():
                    while todo and len(started) < tree.most_jobs:
                        length = size(todo[-1])
                        if length and started and in_flight + length > tree.window:
                            break
                        item = todo.pop()
                        started.append((item, start(item), length))
                        in_flight += length
            item, job, length = started.popleft()
            in_flight -= length
            yield item, job
    finally:
        for _, job, _ in started:
            job.abandon()
