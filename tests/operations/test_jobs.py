"""Many names at once: what is under way, in which order it ends, and what becomes of it when somebody stops."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from smb.operations import jobs


class Job:
    def __init__(self, log, item):
        self.log, self.item = log, item

    def finish(self):
        self.log.append(('finish', self.item))
        return self.item

    def abandon(self):
        self.log.append(('abandon', self.item))


class Tree:
    def __init__(self, most_jobs):
        self.most_jobs = most_jobs

    def together(self):
        return nullcontext()


def run(items, most, log, stop_at=None):
    def start(item):
        log.append(('start', item))
        return Job(log, item)

    results = []
    for item, job in jobs.under_way(Tree(most), [*items][::-1], start):
        if item == stop_at:
            raise KeyError(item)
        results.append((item, job.finish()))
    return results


@pytest.mark.parametrize('most', [1, 2, 3, 100])
@pytest.mark.parametrize('count', [0, 1, 2, 7])
def test_each_item_comes_with_its_own_job_in_order(count, most):
    log = []
    assert run(range(count), most, log) == [(item, item) for item in range(count)]
    assert sorted(log) == sorted([(what, item) for item in range(count) for what in ('start', 'finish')])


def test_as_many_are_under_way_as_the_tree_allows():
    log = []
    run(range(5), 3, log)
    assert [item for what, item in log[:3] if what == 'start'] == [0, 1, 2]
    under_way = 0
    for what, _ in log:
        under_way += 1 if what == 'start' else -1
        assert under_way <= 3


def test_who_stops_leaves_nothing_under_way():
    log = []
    with pytest.raises(KeyError):
        run(range(10), 4, log, stop_at=2)
    started = {item for what, item in log if what == 'start'}
    ended = {item for what, item in log if what != 'start'}
    assert started - ended == {2}, 'the one that the caller has is his'


@pytest.mark.parametrize('most', [1, 2, 100])
def test_items_that_come_up_meanwhile_are_taken_too(most):
    log, todo = [], [3, 9]
    for item, job in jobs.under_way(Tree(most), todo, lambda item: Job(log, item)):
        todo.extend([item - 1] if 0 < item < 9 else [])
        job.finish()
    assert sorted(item for _, item in log) == [0, 1, 2, 3, 9]


def test_jobs_are_started_several_at_once():
    """Each time that something is sent costs more than the bytes of it; so it is not done for each job."""
    log, groups = [], []

    class Together:
        def __enter__(self):
            groups.append(0)

        def __exit__(self, *_):
            pass

    def start(item):
        groups[-1] += 1
        return Job(log, item)

    tree = Tree(most_jobs=jobs.TOGETHER * 3)
    tree.together = Together
    count = jobs.TOGETHER * 10 + 1
    assert len([job.finish() for _, job in jobs.under_way(tree, [*range(count)], start)]) == count
    assert groups == [jobs.TOGETHER * 3, *[jobs.TOGETHER] * 7, 1]


def test_jobs_that_travel_with_bytes_keep_within_the_window():
    log, under_way = [], {}
    tree = Tree(most_jobs=100)
    tree.window = 30
    sizes = [7, 1, 29, 31, 2, 0, 40, 0, 3, 3]

    def start(item):
        under_way[item] = sizes[item]
        assert len(under_way) == 1 or sum(under_way.values()) <= tree.window or not sizes[item]
        return Job(log, item)

    for item, job in jobs.under_way(tree, [*range(len(sizes))], start, sizes.__getitem__):
        job.finish()
        del under_way[item]
    assert sorted(item for what, item in log if what == 'finish') == [*range(len(sizes))]


@pytest.mark.parametrize('window', [1, 10, 25])
def test_no_more_bytes_are_under_way_than_the_window_has(window):
    tree, log, sizes = Tree(4), [], [10, 10, 5, 30, 1, 1, 1, 1]
    tree.window = window
    started = []

    def start(item):
        started.append(item)
        assert len(started) == 1 or sum(sizes[each] for each in started) <= window
        return Job(log, item)

    done = []
    for item, job in jobs.under_way(tree, [*range(8)][::-1], start, lambda item: sizes[item]):
        started.remove(item)
        done.append(job.finish())
    assert done == [*range(8)]
