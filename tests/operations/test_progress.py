"""The progress bar: what it is made with, and that nobody pays for one that is not shown."""

from __future__ import annotations

import sys

import pytest
import tqdm

from smb.operations.progress import ProgressBar, progress_bar


@pytest.fixture
def made(monkeypatch):
    """The options of each bar that is made; the bars write to nowhere."""
    options = []
    real = tqdm.tqdm

    class Quiet:
        def __init__(self, **given):
            options.append(given)
            self.bar = real(**{**given, 'disable': True})
            self.total, self.counts, self.is_closed = given['total'], [], False
            options.append(self)

        def refresh(self):
            self.shown_total = self.total

        def update(self, count):
            self.counts.append(count)

        def close(self):
            self.is_closed = True

    monkeypatch.setattr(tqdm, 'tqdm', Quiet)
    return options


def test_a_bar_counts_bytes_under_its_description(made):
    with ProgressBar(True, None, 'Downloading d/file'):
        pass
    assert made[0] == {
        'unit': 'B', 'unit_scale': True, 'unit_divisor': 1024, 'total': None, 'desc': 'Downloading d/file',
    }  # fmt: skip


def test_each_option_can_be_overridden(made):
    mine = {'unit': 'b', 'unit_scale': False, 'unit_divisor': 1000, 'total': 7, 'desc': 'mine', 'ncols': 40}
    with ProgressBar(True, mine, 'Downloading'):
        pass
    assert made[0] == mine


@pytest.mark.parametrize('options', [{}, {'desc': 'mine'}, {'total': 9}])
def test_the_callers_dictionary_stays_what_it_is(made, options):
    before = dict(options)
    with ProgressBar(True, options, 'Downloading') as progress:
        progress.expect(100)
    assert options == before


def test_the_total_is_what_is_expected_unless_the_caller_gave_one(made):
    with ProgressBar(True, {}, '') as progress:
        progress.expect(100)
    with ProgressBar(True, {'total': 9}, '') as progress:
        progress.expect(100)
    with ProgressBar(True, {'total': None}, '') as progress:
        progress.expect(100)
    assert [bar.total for bar in made[1::2]] == [100, 9, None]
    assert made[1].shown_total == 100


def test_steps_reach_the_bar_and_it_is_closed_even_after_an_error(made):
    with pytest.raises(KeyError), ProgressBar(True, None, '') as progress:
        step = progress.step
        step(3)
        step(4)
        raise KeyError
    assert made[1].counts == [3, 4]
    assert made[1].is_closed


def test_a_part_of_it_shows_its_steps_and_leaves_the_total_alone(made):
    with ProgressBar(True, None, '') as progress:
        progress.expect(100)
        part = progress.part()
        part.expect(7)
        part.step(3)
        assert not part.is_shown  # so that nobody looks for the end of its source
    assert made[1].counts == [3]
    assert made[1].total == 100


def test_a_part_of_a_bar_that_is_not_shown_does_nothing(made):
    part = ProgressBar(False, None, '').part()
    part.expect(7)
    part.step(3)
    assert made == []


def test_a_bar_that_is_not_shown_takes_everything_and_does_nothing(made):
    with progress_bar(False, {'total': 9}, '') as progress:
        progress.expect(100)
        progress.step(3)
    assert made == []
    assert progress_bar(False, None, 'another') is progress
    with progress_bar(True, None, 'shown'):
        assert made != []


def test_tqdm_is_needed_only_for_a_bar_that_is_shown(monkeypatch):
    monkeypatch.setitem(sys.modules, 'tqdm', None)
    with ProgressBar(False, None, ''):
        pass
    with pytest.raises(ImportError):
        ProgressBar(True, None, '').__enter__()


def test_a_real_bar_shows_how_far_it_is(capsys):
    with ProgressBar(True, {'ncols': 60}, 'Downloading x') as progress:
        progress.expect(2048)
        progress.step(2048)
    shown = capsys.readouterr().err
    assert 'Downloading x' in shown
    assert '2.00k/2.00k' in shown
    assert '100%' in shown
