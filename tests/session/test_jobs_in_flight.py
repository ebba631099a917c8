"""Several compounds under way at once: in whatever order they are answered, given up or refused."""

from __future__ import annotations

import pickle
import random

import pytest

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, StatusError, TreeFailure
from smb.messages.fscc import FileDispositionInformation
from smb.ntstatus import STATUS_NETWORK_SESSION_EXPIRED, STATUS_SUCCESS
from smb.operations.listing import LISTING, rest
from smb.operations.transfer import READING, writing
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_WRITE,
    FileDirectoryInformation,
    FileFullDirectoryInformation,
    FileIdBothDirectoryInformation,
)
from tests.session.each_request import HOW, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

COUNT = 12
EVERYTHING = {
    SMB2_COM_CREATE,
    SMB2_COM_READ,
    SMB2_COM_WRITE,
    SMB2_COM_SET_INFO,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_CLOSE,
}
PROTECTIONS = [{'sign_options': 0}, {'require_signing': True}, {'require_encryption': True}]


def content(number):
    return f'content {number} '.encode() * (number + 1)


def listed(result):
    return [entry.filename for batch in rest(*result) for entry in batch]


# Kind -> how to start a job on the file of this number, and what its result is to be
KINDS = {
    'read': (
        lambda tree, number: tree.start_read_small(f'f{number}', READING, 0, 65536),
        lambda number, result: (result[0].end_of_file, bytes(result[1])) == (len(content(number)), content(number)),
    ),
    'write': (
        lambda tree, number: tree.start_write_small(f'new{number}', writing(truncate=True), 0, content(number)),
        lambda number, result: result == len(content(number)),
    ),
    'query': (
        lambda tree, number: tree.start_query(f'f{number}', HOW),
        lambda number, result: result.end_of_file == len(content(number)),
    ),
    'change': (
        lambda tree, number: tree.start_change(f'f{number}', HOW, FileDispositionInformation(delete_pending=0)),
        lambda number, result: result is None,
    ),
    'list': (
        lambda tree, number: tree.start_list_first('', LISTING, '*'),
        lambda number, result: listed(result) == ['.', '..', 'file', 'large'],
    ),
}


def server_with_files(*arguments, **options):
    server = ScriptedServer(*arguments, **options)
    server.files |= {f'f{number}': content(number) for number in range(COUNT)}
    return server


def start(connection, kind, numbers=range(COUNT)):
    tree = tree_of(connection)
    return [KINDS[kind][0](tree, number) for number in numbers]


def check(kind, number, job):
    assert KINDS[kind][1](number, job.finish())


def orders(count):
    numbers = list(range(count))
    shuffled = [random.Random(seed).sample(numbers, count) for seed in range(3)]
    return [numbers, numbers[::-1], *shuffled]


@pytest.mark.parametrize('protection', PROTECTIONS)
@pytest.mark.parametrize('kind', KINDS)
def test_jobs_are_sent_before_any_is_answered_and_answers_may_come_in_any_order(kind, protection):
    server = server_with_files()
    with connected(server, **protection) as connection:
        for order in range(5):
            server.holds = EVERYTHING
            since = len(server.requests)
            jobs = start(connection, kind)
            sent = server.requests[since:]
            assert len([request for request in sent if request.command == SMB2_COM_CREATE]) == COUNT
            assert all(request.in_compound for request in sent)
            assert server.held == len(sent)
            server.let_go(orders(server.held)[order])
            server.holds = set()
            for number in orders(COUNT)[-1 - order]:
                check(kind, number, jobs[number])
            connection.echo(b'')
            assert server.open_handles == 0
        if kind == 'write':
            assert all(server.files[f'new{number}'] == content(number) for number in range(COUNT))
        assert is_usable(connection)


@pytest.mark.parametrize('splits', [False, True])
def test_jobs_of_each_kind_are_under_way_side_by_side(splits):
    server = server_with_files(splits_compounds=splits)
    with connected(server) as connection:
        jobs = [(kind, number, KINDS[kind][0](tree_of(connection), number)) for number in range(4) for kind in KINDS]
        for kind, number, job in random.Random(1).sample(jobs, len(jobs)):
            check(kind, number, job)
        connection.echo(b'')
        assert server.open_handles == 0


def test_a_failed_job_says_nothing_of_the_others():
    server = server_with_files()
    with connected(server) as connection:
        del server.files['f3']
        server.refuse = lambda request: (
            ntstatus.STATUS_DISK_FULL
            if request.command == SMB2_COM_READ and request.header.message_id == last + 1 + 3 * 5 + 1
            else None
        )
        last = server.requests[-1].header.message_id
        jobs = start(connection, 'read')
        for number, job in enumerate(jobs):
            if number in (3, 5):
                with pytest.raises(StatusError) as caught:
                    job.finish()
                wanted = ntstatus.STATUS_OBJECT_NAME_NOT_FOUND if number == 3 else ntstatus.STATUS_DISK_FULL
                assert caught.value.status == wanted
            else:
                check('read', number, job)
        connection.echo(b'')
        assert server.open_handles == 0


# Given up


@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('is_answered', [False, True])
@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('protection', PROTECTIONS)
def test_abandoned_jobs_leave_nothing_open(kind, is_answered, splits, protection):
    server = server_with_files(splits_compounds=splits)
    with connected(server, **protection) as connection:
        jobs = start(connection, kind)
        if is_answered:
            connection.echo(b'')
        for job in jobs[1:]:
            job.abandon()
        check(kind, 0, jobs[0])
        connection.echo(b'')
        connection.echo(b'')
        assert server.open_handles == 0
        assert not exchange_of(connection).dialect.outstanding
        assert is_usable(connection)


def test_answers_of_abandoned_jobs_are_not_in_the_history_of_what_comes_after():
    server = server_with_files()
    with connected(server) as connection:
        for job in start(connection, 'query'):
            job.abandon()
        with pytest.raises(FileNotFoundError) as caught:
            connection.getAttributes('share', 'missing')
        assert len(caught.value.smb_messages) < COUNT


# Credits


def test_with_one_credit_at_a_time_the_jobs_are_done_in_steps():
    server = server_with_files(grant=lambda header: max(1, header.credit_charge))
    with connected(server) as connection:
        assert tree_of(connection).most_jobs == 1
        for kind in KINDS:
            since = len(server.requests)
            jobs = start(connection, kind)
            assert len(server.requests) == since  # each begins when it is finished
            jobs.pop().abandon()
            for number, job in enumerate(jobs):
                check(kind, number, job)
            assert not any(request.in_compound for request in server.requests[since:])
        connection.echo(b'')
        assert server.open_handles == 0


def test_no_more_jobs_are_under_way_than_there_are_credits_for():
    server = server_with_files(grant=lambda header: 9 if header.message_id < 1 else max(1, header.credit_charge))
    with connected(server) as connection:
        assert tree_of(connection).most_jobs == 2
        for kind in KINDS:
            # More are started than is wise: they wait for answers to those before.
            for number, job in enumerate(start(connection, kind)):
                check(kind, number, job)


# Servers that refuse compounds or information classes


@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('kind', KINDS)
def test_jobs_under_way_at_a_server_that_refuses_compounds_are_done_in_steps(kind, splits):
    server = server_with_files(splits_compounds=splits)
    with connected(server) as connection:
        server.refuse = lambda request: ntstatus.STATUS_INVALID_PARAMETER if request.related else None
        for number, job in enumerate(start(connection, kind)):
            check(kind, number, job)
        connection.echo(b'')
        assert server.open_handles == 0
        since = len(server.requests)
        check(kind, 0, start(connection, kind)[0])
        assert not any(request.in_compound for request in server.requests[since:])


def test_information_class_that_is_refused_to_several_listings_at_once_says_nothing_of_compounds():
    refused = (FileIdBothDirectoryInformation, FileFullDirectoryInformation)
    server = server_with_files()
    with connected(server) as connection:
        server.refuse = lambda request: (
            ntstatus.STATUS_NOT_SUPPORTED
            if getattr(request.payload, 'file_information_class', None) in refused
            else None
        )
        for number, job in enumerate(start(connection, 'list')):
            check('list', number, job)
        assert not connection._connection.refuses_compounds
        # What is asked for a second time is a class that the server has.
        since = len(server.requests)
        check('list', 0, start(connection, 'list', [0])[0])
        assert server.commands(since)[:3] == ['CREATE', 'QUERY_DIRECTORY', 'QUERY_DIRECTORY']
        assert server.requests[since].in_compound
        assert tree_of(connection).directory_class() not in (*refused, FileDirectoryInformation)
        connection.echo(b'')
        assert server.open_handles == 0


# Sessions that end


@pytest.mark.parametrize('end', [ScriptedServer.expire_session, ScriptedServer.delete_session])
@pytest.mark.parametrize('splits', [False, True])
@pytest.mark.parametrize('protection', PROTECTIONS[1:])
@pytest.mark.parametrize('kind', KINDS)
def test_session_that_ends_under_several_jobs_is_renewed_once(kind, protection, splits, end):
    server = server_with_files(splits_compounds=splits)
    with connected(server, **protection) as connection:
        before = start(connection, kind, range(3))
        end(server)
        jobs = before + start(connection, kind, range(3, COUNT))
        for number in orders(COUNT)[2]:
            check(kind, number, jobs[number])
        assert server.sign_ons == 2
        connection.echo(b'')
        assert server.open_handles == 0
        assert is_usable(connection)


def test_jobs_whose_session_ended_are_abandoned_as_any():
    server = server_with_files()
    with connected(server, require_signing=True) as connection:
        jobs = start(connection, 'read')
        server.expire_session()
        jobs += start(connection, 'read')
        for job in jobs:
            job.abandon()
        assert is_usable(connection)
        assert server.sign_ons == 2
        assert server.open_handles == 0


def test_session_that_ends_within_the_compounds_leaves_no_handle():
    server = server_with_files()
    with connected(server) as connection:
        server.bend(SMB2_COM_READ, lambda answer: answer.make_error(STATUS_NETWORK_SESSION_EXPIRED), times=4)
        for number, job in enumerate(start(connection, 'read')):
            check('read', number, job)
        connection.echo(b'')
        assert server.sign_ons == 2
        assert server.open_handles == 0


# Frames


@pytest.mark.parametrize('protection', PROTECTIONS)
def test_jobs_whose_frame_would_be_too_long_for_netbios_are_done_in_steps_among_the_others(protection):
    server = server_with_files(max_size=65536)
    with connected(server, is_direct_tcp=False, **protection) as connection:
        tree = tree_of(connection)
        block = bytes(range(256)) * 256
        names = ['a', 'long' * 8191, 'c', 'name' * 8191, 'e']
        since = len(server.requests)
        jobs = [tree.start_write_small(name, writing(truncate=True), 0, block) for name in names]
        assert [request.payload.name for request in server.requests[since:] if hasattr(request.payload, 'name')] == [
            'a', 'c', 'e',
        ]  # fmt: skip
        assert [job.finish() for job in jobs] == [len(block)] * 5
        assert all(server.files[name] == block for name in names)
        jobs = [tree.start_read_small(name, READING, 0, 65536) for name in names]
        assert all(bytes(job.finish()[1]) == block for job in jobs)
        connection.echo(b'')
        assert server.open_handles == 0


# Connections that end


@pytest.mark.parametrize('kind', KINDS)
def test_connection_that_is_lost_under_several_jobs_ends_each_of_them(kind):
    server = server_with_files()
    with connected(server) as connection:
        server.holds = EVERYTHING
        jobs = start(connection, kind)
        connection._transport.queue.append(NotConnectedError('The server hung up'))
        for job in jobs[:4]:
            with pytest.raises(NotConnectedError):
                job.finish()
        for job in jobs[4:]:
            job.abandon()
        with pytest.raises(NotConnectedError):
            start(connection, kind)


@pytest.mark.parametrize('order', range(5))
def test_late_answers_of_jobs_that_timed_out_are_dropped_and_what_they_opened_is_closed(order, tmp_path):
    server = server_with_files()
    server.names = ['.', '..', *(f'f{number}' for number in range(COUNT))]
    with connected(server) as connection:
        # Once the listing is done
        server.bend(SMB2_COM_CLOSE, lambda answer: server.holds.update({SMB2_COM_CREATE, SMB2_COM_READ}))
        with pytest.raises(SMBTimeout):
            connection.downloadTree('share', '', tmp_path / 'target', timeout=5)
        assert server.held == len(server.cancels) == 2 * COUNT
        assert server.open_handles == 0
        assert list((tmp_path / 'target').iterdir()) == []
        server.holds = set()
        server.let_go(orders(server.held)[order])
        connection.echo(b'')
        connection.echo(b'')
        assert server.open_handles == 0
        assert is_usable(connection)


# Whole folders


@pytest.mark.parametrize('protection', PROTECTIONS)
@pytest.mark.parametrize('direct', [True, False])
@pytest.mark.parametrize('credits', [None, 1, 9])
def test_whole_folder_comes_down_and_goes_up(tmp_path, protection, direct, credits):
    server = server_with_files()
    server.names = ['.', '..', 'large', *(f'f{number}' for number in range(COUNT))]
    server.batch = 5
    if credits:
        server.grant = lambda header: credits if header.message_id < 1 else max(1, header.credit_charge)
    with connected(server, is_direct_tcp=direct, **protection) as connection:
        target = tmp_path / 'target'
        # The listing says that they are all empty: each has grown since then.
        report = connection.downloadTree('share', '', target)
        wanted = {name: server.files[name] for name in server.names[2:]}
        assert {path.name: path.read_bytes() for path in target.iterdir()} == wanted
        assert (report.files, report.folders, report.failures) == (COUNT + 1, 1, [])
        assert report.bytes == sum(map(len, wanted.values()))
        report = connection.uploadTree('share', 'up', target)
        assert {name: server.files[f'up\\{name}'] for name in wanted} == wanted
        assert (report.files, report.folders, report.failures) == (COUNT + 1, 1, [])
        connection.echo(b'')
        assert server.open_handles == 0


def test_refused_files_are_told_with_their_answers_and_cost_one_round_trip_together(tmp_path):
    server = server_with_files()
    with connected(server) as connection:
        server.names = ['.', '..', *(f'f{number}' for number in range(COUNT))]
        server.refuse = lambda request: (
            ntstatus.STATUS_SHARING_VIOLATION
            if request.command == SMB2_COM_CREATE and request.payload.name in ('f3', 'f5')
            else None
        )
        with pytest.raises(TreeFailure) as caught:
            connection.downloadTree('share', '', tmp_path)
        report = caught.value.report
        assert sorted(path for path, _ in report.failures) == ['f3', 'f5']
        assert report.files == COUNT - 2
        for path, error in report.failures:
            assert isinstance(error, PermissionError)
            assert error.message.startswith(f'Failed to retrieve {path} on share (another program has it open')
            assert [message.status for message in error.smb_messages] == [ntstatus.STATUS_SHARING_VIOLATION]
            assert error.__traceback__ is error.__context__ is None
        assert f'(2 of {COUNT + 1} names were not copied, {report.failures[0][0]} is the first)' in caught.value.message
        assert caught.value.smb_messages[-1].status != STATUS_SUCCESS
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(set(server.names[2:]) - {'f3', 'f5'})


@pytest.mark.parametrize('name', ['..\\evil', '../evil', '/evil', 'evil\0', 'C:\\evil', ''])
def test_listing_with_a_name_that_leads_elsewhere_ends_the_download_and_writes_nothing(tmp_path, name):
    server = server_with_files()
    server.names = ['.', '..', 'f1', name, 'f2']
    with connected(server) as connection:
        with pytest.raises(ProtocolError, match='no file can have the name'):
            connection.downloadTree('share', '', tmp_path / 'above' / 'target')
        assert list(tmp_path.rglob('*')) == []
        assert is_usable(connection)
        assert server.open_handles == 0


def test_failures_of_many_files_keep_nothing_of_their_data(tmp_path):
    server = server_with_files()
    server.names = ['.', '..', *(f'f{number}' for number in range(COUNT))]
    for name in server.names[2:]:
        (tmp_path / name).mkdir()  # in the way
    with connected(server) as connection:
        with pytest.raises(TreeFailure) as caught:
            connection.downloadTree('share', '', tmp_path)
        assert len(caught.value.report.failures) == COUNT
        for _, error in caught.value.report.failures:
            assert isinstance(error, OSError)
            assert error.__traceback__ is error.__context__ is None
        assert f'({COUNT} of {COUNT + 1} names were not copied' in caught.value.message
        report = pickle.loads(pickle.dumps(caught.value)).report
        assert [path for path, _ in report.failures] == [path for path, _ in caught.value.report.failures]


@pytest.mark.parametrize('call', ['downloadTree', 'uploadTree'])
@pytest.mark.parametrize('wrong', [None, 7, ['folder']])
def test_local_path_of_the_wrong_type_is_refused_before_anything_is_sent(call, wrong):
    server = server_with_files()
    with connected(server) as connection:
        since = len(server.requests)
        with pytest.raises(TypeError):
            getattr(connection, call)('share', 'folder', wrong)
        assert len(server.requests) == since
