"""Each public call in each dialect, while something happens to one of its frames, each frame in turn.

Whatever it is: the call ends in the right result or in an error of ours, in time; the next connect() works, nothing
stays open on the server. All faults at all frames are many; each frame meets the next fault in turn, and with
``SMBCOURIER_ALL_FAULTS`` set all of them.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections import Counter

import pytest

from smb.base import NotConnectedError, OperationFailure, ProtocolError, SMBTimeout
from tests.live.fault_jobs import CALLS, Calls
from tests.live.faults import HARMFUL, HARMLESS, FaultyRelay, count_sockets, open_files, wait_until_closed
from tests.live.folder import Folder, noise
from tests.live.test_matrix import is_interim
from tests.live.test_snapshots import SHADOW_COPY, TIMES, take_snapshot

pytestmark = pytest.mark.skipif(not os.path.exists('/proc/self/fd'), reason='what is open is looked up in /proc')

ALL = bool(os.environ.get('SMBCOURIER_ALL_FAULTS'))
TIMEOUT = 0.25  # seconds
PATIENCE = 0.5
SILENT = ('stall', 'drop')  # they cost the timeout
QUICK = tuple(fault for fault in HARMFUL + HARMLESS if fault not in SILENT)
SILENT_EACH = 20  # frames
OURS = (NotConnectedError, SMBTimeout, OperationFailure, ProtocolError)
MODES = {
    'SMB1': ({'smb1': True}, 300_000),
    '2.0.2': ({'max_dialect': 0x0202}, 200_000),
    '2.1 signed': ({'max_dialect': 0x0210, 'require_signing': True}, 2_300_000),
    '3.0.2 encrypted': ({'max_dialect': 0x0302, 'require_encryption': True}, 2_300_000),
    '3.1.1': ({}, 2_300_000),
}
FEWEST_FAULTS = 130  # of each mode, in the regular run


class Harm:
    """One connection through a relay, whose calls meet faults."""

    def __init__(self, new, folder, relay, mode, local):
        arguments, large_size = mode
        self.relay, self.folder = relay, folder
        self.connection = new(folder.server, **arguments)
        self.calls = Calls(folder, local, noise(large_size))
        self.met = Counter()
        self.outcomes = Counter()
        self.connect()

    def connect(self):
        """The next connect() works; nothing of before is left on the server."""
        self.relay.release()
        assert self.connection.connect(self.relay.host, self.relay.port, timeout=30)

    def count_frames(self, name):
        """The frames that a call has on a new connection, without any fault."""
        self.connect()
        job = self.calls.new(name)
        self.relay.arm('', -1)
        job.run(self.connection, 30)
        job.check()
        self.connection.echo(b'')  # what was not waited for has passed the relay then
        return self.relay.frame_count - 2

    def meet(self, name, fault, number):
        """Run one call that meets a fault, and look at what there is afterwards."""
        what = f'{name}: {fault} at frame {number}'
        job = self.calls.new(name)
        self.relay.arm(fault, number)
        started = time.monotonic()
        outcome, failure = 'success', None
        try:
            job.run(self.connection, TIMEOUT)
        except OURS as error:
            assert time.monotonic() - max(started, self.relay.last_answer) < TIMEOUT + PATIENCE, what
            assert error.__str__(), what
            outcome, failure = next(kind.__name__ for kind in OURS if isinstance(error, kind)), error
        except BaseException as error:
            raise AssertionError(what) from error
        fired = self.relay.fired
        if failure is None:
            if fault != 'drop':
                with_context(job.check, what)
        elif not fired or not self.may_end_in(failure, fault):
            text = str(failure).partition('\n')[0]
            raise AssertionError(f'{what}: {outcome}: {text}')
        self.met[fault] += fired
        self.outcomes[outcome] += fired
        assert not self.connection.is_busy, what
        with_context(self.recover, what, fault == 'drop')
        if outcome == 'success':
            with_context(job.check, what)

    def may_end_in(self, error, fault):
        """Whether this fault may lead to this error of ours."""
        if fault in HARMFUL or isinstance(error, SMBTimeout):
            return True
        if fault == 'swap':
            # A busy server says that an answer takes longer. Behind that answer, this answers nothing any more.
            return isinstance(error, ProtocolError) and is_late_interim(error)
        # An interim answer in the plain is one that an encrypted session refuses.
        return fault == 'interim' and self.connection.is_encrypted

    def recover(self, is_lost):
        """The connection is usable, or it has ended and the next one works; and nothing is open on the server.

        Where an answer was lost, what it opened is only known to the server, and goes with the connection.
        """
        self.relay.release()
        try:
            for _ in range(2):  # what came behind the call is noticed by one of the next
                self.connection.echo(b'data', timeout=5)
        except (NotConnectedError, ProtocolError):
            assert self.connection.sock is None
            self.connect()
        if is_lost:
            self.connect()
        wait_until_closed(self.connection, self.folder)


def is_late_interim(error):
    """Whether what is wrong is an interim answer to a request that was answered before."""
    return 'is not outstanding' in str(error) and is_interim(error.data_buf)


def with_context(function, what, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        raise AssertionError(what) from error


def faults_at(number):
    """What is to happen to the frame of this number, of all that there are."""
    if ALL:
        return QUICK + SILENT
    quick = (QUICK[number % len(QUICK)],)
    return quick if number % SILENT_EACH else (*quick, SILENT[number // SILENT_EACH % 2])


@pytest.mark.parametrize('mode', MODES)
def test_every_call_ends_well_whatever_happens_to_one_of_its_frames(server, new, tmp_path, mode):
    private = server(shares={'smbtest': SHADOW_COPY})
    take_snapshot(private, 'smbtest', TIMES[0])
    folder = Folder(private)
    threads, sockets = threading.active_count(), count_sockets()
    numbers = itertools.count(list(MODES).index(mode) * 3)
    with FaultyRelay(private) as relay:
        harm = Harm(new, folder, relay, MODES[mode], tmp_path)
        for name in CALLS:
            for frame in range(harm.count_frames(name)):
                for fault in faults_at(next(numbers)):
                    harm.meet(name, fault, frame)
        harm.connection.close()
    print(f'{mode}: {sum(harm.met.values())} faults, {dict(harm.met)}, {dict(harm.outcomes)}')
    assert sum(harm.met.values()) >= FEWEST_FAULTS
    assert harm.met.keys() >= set(QUICK)
    assert {'success', 'NotConnectedError', 'SMBTimeout', 'ProtocolError'} <= harm.outcomes.keys()
    assert not open_files(private, folder.local)
    assert (threading.active_count(), count_sockets()) == (threads, sockets)


def test_the_regular_run_meets_600_faults():
    assert FEWEST_FAULTS * len(MODES) >= 600
