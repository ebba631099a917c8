"""What the tests of all operations use."""

from __future__ import annotations

import pytest

from tests.operations.memory_tree import MemoryTree


@pytest.fixture
def tree():
    """A share in memory; after the test nothing on it may be open or under way."""
    tree = MemoryTree()
    yield tree
    assert [handle.path for handle in tree.handles] == []
    assert tree.under_way == []
    assert tree.jobs == []


class Steps:
    """What a transfer tells a progress bar."""

    is_shown = True

    def __init__(self):
        self.total = 'not told'
        self.counts = []

    def expect(self, total):
        self.total = total

    def step(self, count):
        self.counts.append(count)

    def part(self):
        """What one of several transfers is told to show its steps on."""
        part = Steps()
        part.counts = self.counts
        return part


@pytest.fixture
def progress():
    return Steps()
