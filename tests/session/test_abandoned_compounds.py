"""Compounds that are given up, or that run short of credits, while others are under way."""

from __future__ import annotations

import pytest

from smb import ntstatus
from smb.smb2_constants import SMB2_COM_CLOSE, SMB2_COM_CREATE
from tests.session.scripted import connected
from tests.session.test_jobs_in_flight import COUNT, KINDS, check, server_with_files, start


@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('is_answered', [False, True])
@pytest.mark.parametrize('kind', ['read', 'write', 'query', 'change'])
def test_abandoned_jobs_whose_close_was_refused_leave_nothing_open(kind, is_answered, splits):
    server = server_with_files(splits_compounds=splits)
    with connected(server) as connection:
        server.refuse = lambda request: ntstatus.STATUS_NOT_SUPPORTED if request.related else None
        jobs = start(connection, kind)
        assert server.open_handles == COUNT
        if is_answered:
            connection.echo(b'')
        for job in jobs:
            job.abandon()
        server.refuse = lambda request: None
        connection.echo(b'')
        connection.echo(b'')
        assert server.open_handles == 0


@pytest.mark.parametrize('held_first', [SMB2_COM_CREATE, SMB2_COM_CLOSE])
def test_abandoned_job_whose_close_is_refused_late_leaves_nothing_open(held_first):
    server = server_with_files(splits_compounds=True)
    with connected(server) as connection:
        server.refuse = lambda request: ntstatus.STATUS_NOT_SUPPORTED if request.related else None
        server.holds = {held_first}
        for job in start(connection, 'query', range(3)):
            job.abandon()
        connection.echo(b'')
        server.refuse, server.holds = lambda request: None, set()
        assert server.open_handles == 3
        server.let_go()
        connection.echo(b'')
        connection.echo(b'')
        assert server.open_handles == 0


@pytest.mark.parametrize('kind', KINDS)
def test_credits_that_run_short_while_jobs_are_under_way_slow_them_down_and_no_more(kind):
    server = server_with_files(grant=lambda header: 20 if header.message_id < 1 else 1)
    with connected(server) as connection:
        jobs = start(connection, kind, range(4))
        # From now on two are left, of which nobody knows before the answers come.
        server.grant = lambda header: int(server.unused_credits < 2)
        jobs += start(connection, kind, range(4, COUNT))
        for number, job in enumerate(jobs):
            check(kind, number, job)
        connection.echo(b'')
        assert server.open_handles == 0
