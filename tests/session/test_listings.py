"""Listings of folders that take several answers: what is under way while one of them is read."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.smb2_constants import SMB2_COM_QUERY_DIRECTORY
from smb.tree import smb2
from tests.session.scripted import ScriptedServer, connected


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
