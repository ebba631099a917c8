"""The small question with a large answer that has a server keep memory at hand for large requests."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus
from smb.smb2_constants import SMB2_COM_QUERY_INFO
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
