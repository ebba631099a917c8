"""The small question with a large answer that has a server keep memory at hand for large requests."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus
from smb.errors import SMBTimeout
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.smb2_constants import SMB2_COM_ECHO, SMB2_COM_QUERY_DIRECTORY, SMB2_COM_QUERY_INFO
from tests.session.each_request import exchange_of
from tests.session.scripted import ScriptedServer, connected, is_usable

MEBIBYTE = 1 << 20
LARGE = bytes(range(256)) * (3 << 12)  # 3 MiB


def download(connection):
    target = io.BytesIO()
    connection.retrieveFile('share', 'large', target)
    assert target.getvalue() == LARGE


def upload(connection):
    assert connection.storeFile('share', 'large', io.BytesIO(LARGE)) == len(LARGE)


def questions(server):
    return [request.payload.output_buffer_length for request in server.of(SMB2_COM_QUERY_INFO)]


def large_server(**options):
    server = ScriptedServer(**options)
    server.files['large'] = LARGE
    return server


@pytest.mark.parametrize('work', [download, upload])
def test_connection_asks_once_before_the_first_large_requests(work):
    server = large_server(max_size=8 * MEBIBYTE)
    with connected(server) as connection:
        work(connection)
        asked, *others = [request.command for request in server.requests if request.payload.payload_size() >= MEBIBYTE]
        assert asked == SMB2_COM_QUERY_INFO
        assert len(others) == 2
        work(connection)
        assert questions(server) == [8 * MEBIBYTE]
        assert is_usable(connection)


@pytest.mark.parametrize(
    ('most', 'asked'), [(MEBIBYTE, []), (2 * MEBIBYTE, [2 * MEBIBYTE]), (64 * MEBIBYTE, [8 * MEBIBYTE])]
)
def test_it_asks_for_no_more_than_the_server_may_send(most, asked):
    server = large_server(max_size=most)
    with connected(server) as connection:
        download(connection)
        assert questions(server) == asked


def test_it_takes_half_of_the_credits_at_most():
    server = large_server(
        max_size=8 * MEBIBYTE, grant=lambda header: max(1, header.credit_charge) if header.message_id else 100
    )
    with connected(server) as connection:
        download(connection)
        assert questions(server) == [50 << 16]


def test_it_takes_half_of_the_credits_that_are_free_and_waits_for_none():
    server = large_server(max_size=8 * MEBIBYTE)
    with connected(server) as connection:
        connection.retrieveFile('share', 'file', io.BytesIO())
        exchange = exchange_of(connection)
        server.holds = {SMB2_COM_ECHO}
        server.grant = lambda header: 0 if header.command == SMB2_COM_ECHO else max(1, header.credit_charge)
        for left in (94, 40):
            while exchange.dialect.credits.available > left:
                exchange.submit(SMB2EchoRequest())
            download(connection)
        server.holds = set()
        server.let_go()
        # The server has taken back all that was held.
        download(connection)
        connection.listPath('share', '/')
        assert questions(server) == [47 << 16]
        assert server.open_handles == 0


def test_it_is_put_off_until_there_are_enough_credits():
    server = large_server(max_size=8 * MEBIBYTE)
    with connected(server) as connection:
        connection.retrieveFile('share', 'file', io.BytesIO())
        credits = exchange_of(connection).dialect.credits
        available, credits.available = credits.available, 60
        server.grant = lambda header: max(1, header.credit_charge)
        download(connection)
        assert questions(server) == []
        credits.available = available
        download(connection)
        assert questions(server) == [8 * MEBIBYTE]


def test_small_files_do_without():
    server = large_server(max_size=8 * MEBIBYTE)
    with connected(server) as connection:
        connection.retrieveFile('share', 'file', io.BytesIO())
        connection.storeFile('share', 'file', io.BytesIO(bytes(MEBIBYTE - 1)))
        assert questions(server) == []


@pytest.mark.parametrize('work', [download, upload])
@pytest.mark.parametrize(
    'status', ['STATUS_INVALID_PARAMETER', 'STATUS_INSUFF_SERVER_RESOURCES', 'STATUS_ACCESS_DENIED']
)
def test_refusal_of_it_changes_nothing(work, status):
    server = large_server(max_size=8 * MEBIBYTE)
    server.refuse = lambda request: getattr(ntstatus, status) if request.command == SMB2_COM_QUERY_INFO else None
    with connected(server) as connection:
        work(connection)
        work(connection)
        assert len(questions(server)) == 1
        assert server.files['large'] == LARGE
        assert is_usable(connection)


def test_nobody_waits_for_its_answer():
    server = large_server(max_size=8 * MEBIBYTE, holds={SMB2_COM_QUERY_INFO})
    with connected(server) as connection:
        download(connection)
        server.let_go()
        assert is_usable(connection)


def test_it_is_given_up_with_what_runs_out_of_time():
    server = large_server(max_size=8 * MEBIBYTE, holds={SMB2_COM_QUERY_INFO})
    with connected(server) as connection:
        download(connection)
        server.holds.add(SMB2_COM_QUERY_DIRECTORY)
        with pytest.raises(SMBTimeout):
            connection.listPath('share', '/', timeout=0.1)
        (question,) = server.of(SMB2_COM_QUERY_INFO)
        assert question.header.message_id in [cancel.header.message_id for cancel in server.cancels]
