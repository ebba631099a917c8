"""The longest silence that a caller accepts."""

from __future__ import annotations

import time

import pytest

from smb.base import SMBTimeout
from smb.transport import Deadline
from tests.session.scripted import ScriptedServer, connected, is_usable


def test_deadline_counts_down_and_starts_anew():
    deadline = Deadline(0.2)
    assert 0.1 < deadline.remaining() <= 0.2
    time.sleep(0.11)
    assert deadline.remaining() < 0.1
    deadline.restart()
    assert deadline.remaining() > 0.1


def test_deadline_that_starts_anew_counts_from_when_it_is_looked_at():
    deadline = Deadline(0.2)
    deadline.restart()
    time.sleep(0.11)
    assert deadline.remaining() == 0.2
    time.sleep(0.11)
    assert deadline.remaining() < 0.1


@pytest.mark.parametrize('seconds', [0, -5, 0.0, False, float('-inf')])
def test_deadline_of_no_time_has_passed(seconds):
    deadline = Deadline(seconds)
    assert deadline.remaining() == 0.0
    deadline.restart()
    assert deadline.remaining() == 0.0


@pytest.mark.parametrize('seconds', [None, float('inf'), 10**400, 1e12])
def test_deadline_without_a_limit(seconds):
    deadline = Deadline(seconds)
    assert deadline.remaining() is None
    assert deadline.seconds is None


@pytest.mark.parametrize('seconds', ['30', b'30', [], object(), 3j])
def test_deadline_takes_numbers_only(seconds):
    with pytest.raises(TypeError, match=f'not {type(seconds).__name__}'):
        Deadline(seconds)


def test_deadline_takes_no_nan():
    with pytest.raises(ValueError, match='NaN'):
        Deadline(float('nan'))


def test_deadline_takes_true_for_a_second():
    assert 0.5 < Deadline(True).remaining() <= 1


@pytest.mark.parametrize('seconds', [0, -1])
def test_no_time_is_a_timeout_however_quick_the_server_is(seconds):
    server = ScriptedServer()
    with connected(server) as connection:
        for call in (connection.getAttributes, connection.listPath, connection.listSnapshots):
            sent = len(server.requests)
            with pytest.raises(SMBTimeout):
                call('share', 'file', timeout=seconds)
            assert len(server.requests) > sent
            assert is_usable(connection)
        assert server.open_handles == 0
