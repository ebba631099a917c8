"""Listings of folders that take several answers: what is under way while one of them is read."""

from __future__ import annotations

import io

import pytest

from smb.errors import ProtocolError, SMBTimeout
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.operations.listing import LISTING, rest
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_QUERY_DIRECTORY,
    FileIdBothDirectoryInformation,
)
from smb.smb_constants import SMB_COM_TRANSACTION2
from smb.tree import smb2
from tests.session.each_request import exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected
from tests.session.scripted_smb1 import ScriptedSMB1Server
from tests.session.scripted_smb1 import connected as connected_by_smb1


def large_folder(**options):
    server = ScriptedServer(batch=2, **options)
    server.names = ['.', '..', *(f'entry {number}' for number in range(10))]
    return server


def test_the_next_entries_are_asked_for_before_these_are_read(monkeypatch):
    server = large_folder()
    asked, parse = [], smb2.parse_directory

    def parse_directory(*arguments):
        asked.append(len(server.of(SMB2_COM_QUERY_DIRECTORY)))
        return parse(*arguments)

    monkeypatch.setattr(smb2, 'parse_directory', parse_directory)
    with connected(server) as connection:
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
    # The first request brings two answers. The last one brings none that is read.
    assert asked == [3, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ('seconds', 'is_direct_tcp', 'sizes'),
    [(0.0, True, [65536, 32768]), (0.01, True, [65536, 532768]), (5.0, True, [65536, 1 << 20]),
     (0.01, False, [65536, 32768])],
)  # fmt: skip
def test_on_a_link_with_a_delay_the_first_message_asks_for_more(seconds, is_direct_tcp, sizes):
    server = large_folder()
    with connected(server, is_direct_tcp=is_direct_tcp) as connection:
        tree = tree_of(connection)
        exchange_of(connection).transport.round_trip_seconds, tree._measured = seconds, -1
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        asked = [request.payload.output_buffer_length for request in server.of(SMB2_COM_QUERY_DIRECTORY)]
        assert asked[:2] == sizes
        # Each of many jobs takes few credits.
        since = len(server.of(SMB2_COM_QUERY_DIRECTORY))
        job = tree.start_list_first('', LISTING, '*')
        asked = [request.payload.output_buffer_length for request in server.of(SMB2_COM_QUERY_DIRECTORY)[since:]]
        assert asked == [65536, 32768]
        assert [entry.filename for batch in rest(*job.finish()) for entry in batch] == server.names


@pytest.mark.parametrize(('credits', 'size'), [(4, 65536), (5, 131072), (10, 458752), (12, 532768)])
def test_the_first_message_asks_for_no_more_than_there_are_credits_for(credits, size):
    server = large_folder(grant=lambda header: max(1, header.credit_charge) if header.message_id else credits)
    with connected(server) as connection:
        connection.echo(b'')
        tree = tree_of(connection)
        exchange_of(connection).transport.round_trip_seconds, tree._measured = 0.01, -1
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        _, second, *_ = server.of(SMB2_COM_QUERY_DIRECTORY)
        assert second.in_compound
        assert second.payload.output_buffer_length == size


def test_a_listing_is_read_by_the_class_that_it_was_asked_for_by():
    server = ScriptedServer()
    with connected(server) as connection:
        tree = tree_of(connection)
        job = tree.start_list_first('', LISTING, '*')
        # As if the server had refused the class to another listing meanwhile.
        tree.connection.refused_information_classes.add(FileIdBothDirectoryInformation)
        entries = [entry for batch in rest(*job.finish()) for entry in batch]
        assert [entry.filename for entry in entries] == server.names


@pytest.mark.parametrize('at', [1, 2, 3, 5])
def test_entries_that_are_wrong_leave_nothing_open(at):
    server = large_folder()
    with connected(server) as connection:
        seen = []

        def spoil(answer):
            seen.append(answer)
            if len(seen) == at:
                answer.payload = SMB2QueryDirectoryResponse(output_buffer=b'\xff' * 100)

        server.bend(SMB2_COM_QUERY_DIRECTORY, spoil, times=at)
        with pytest.raises(ProtocolError):
            connection.listPath('share', '/')
        connection.echo(b'')
        assert server.open_handles == 0
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names


@pytest.mark.parametrize('at', [1, 2, 4])
def test_entries_that_are_wrong_end_the_search_of_smb1(at):
    server = ScriptedSMB1Server(batch=2)
    server.names = ['.', '..', *(f'entry {number}' for number in range(10))]
    with connected_by_smb1(server) as connection:
        answered = []

        def spoil(answer):
            answered.append(answer)
            if len(answered) == at:
                answer.payload.data = b'\xff' * len(answer.payload.data)

        server.bend(SMB_COM_TRANSACTION2, spoil, times=at)
        with pytest.raises(ProtocolError):
            connection.listPath('share', '/')
        connection.echo(b'')
        assert server.open_searches == 0


def test_a_folder_is_closed_where_there_are_no_credits_to_list_more_of_it():
    server = large_folder()
    with connected(server) as connection:
        connection.retrieveFile('share', 'file', io.BytesIO())
        exchange = exchange_of(connection)
        server.holds = {SMB2_COM_ECHO}
        server.grant = lambda header: 0
        while exchange.dialect.credits.available > 5:
            exchange.submit(SMB2EchoRequest())
        with pytest.raises(SMBTimeout):
            connection.listPath('share', '/', timeout=0.1)
        assert server.of(SMB2_COM_CREATE)[-1].in_compound
        assert server.open_handles == 0
