"""Servers that refuse compounds or information classes get single requests and plainer classes from then on."""

from __future__ import annotations

import io

import pytest

from smb import ntstatus
from smb.errors import OperationFailure, ProtocolError, StatusError
from smb.messages.smb2.info import SMB2QueryInfoResponse
from smb.messages.smb2.ioctl import SMB2IoctlResponse
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_IOCTL,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_QUERY_INFO,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_WRITE,
    FileBothDirectoryInformation,
    FileDirectoryInformation,
    FileFullDirectoryInformation,
    FileIdBothDirectoryInformation,
)
from smb.smb_constants import FILE_CREATE, FILE_OVERWRITE_IF, FILE_READ_DATA, FILE_WRITE_DATA
from smb.tree.base import How
from tests.session.each_request import COMPOUNDS, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, connected, is_usable

CREATE_REFUSALS = ('STATUS_INVALID_PARAMETER', 'STATUS_NOT_SUPPORTED', 'STATUS_NOT_IMPLEMENTED')
RELATED_REFUSALS = (*CREATE_REFUSALS, 'STATUS_FILE_CLOSED', 'STATUS_INVALID_HANDLE')
CLASSES = [
    FileIdBothDirectoryInformation,
    FileBothDirectoryInformation,
    FileFullDirectoryInformation,
    FileDirectoryInformation,
]


def refuse_create(status):
    return lambda request: status if request.in_compound and request.command == SMB2_COM_CREATE else None


def refuse_related(status):
    return lambda request: status if request.related else None


def refuse_compound(status):
    return lambda request: status if request.in_compound else None


REFUSALS = [
    *((refuse_create, status) for status in CREATE_REFUSALS),
    *((refuse_compound, status) for status in CREATE_REFUSALS),
    *((refuse_related, status) for status in RELATED_REFUSALS),
]


def outcome(connection, name):
    result = COMPOUNDS[name](connection)
    if name == 'list':
        return [entry.filename for entry in result]
    return result.file_size if name == 'query' else result


@pytest.mark.parametrize(('how', 'status'), REFUSALS)
@pytest.mark.parametrize('name', COMPOUNDS)
def test_job_is_done_step_by_step_where_compounds_are_refused_and_that_is_remembered(name, how, status):
    honest = ScriptedServer()
    with connected(honest) as connection:
        expected = outcome(connection, name)
    server = ScriptedServer(splits_compounds=how is refuse_related)
    with connected(server) as connection:
        server.refuse = how(getattr(ntstatus, status))
        assert outcome(connection, name) == expected
        assert server.files == honest.files
        connection.echo(b'')
        assert server.open_handles == 0
        assert connection._connection.refuses_compounds
        since = len(server.requests)
        for other in COMPOUNDS:
            COMPOUNDS[other](connection)
        assert not any(request.in_compound for request in server.requests[since:])
        connection.echo(b'')
        assert server.open_handles == 0


@pytest.mark.parametrize('protection', [{'sign_options': 0}, {'require_encryption': True}])
def test_compound_that_is_too_long_for_a_netbios_frame_goes_out_in_steps_and_that_once(protection):
    server = ScriptedServer()
    with connected(server, is_direct_tcp=False, **protection) as connection:
        server.files['long' * 8191] = b''
        since = len(server.requests)
        connection.rename('share', 'long' * 8191, 'name' * 8191)
        assert server.commands(since) == ['CREATE', 'SET_INFO', 'CLOSE']
        assert not any(request.in_compound for request in server.requests[since:])
        connection.getAttributes('share', 'file')
        assert server.requests[-1].in_compound


def test_server_that_takes_compounds_gets_them():
    for name in COMPOUNDS:
        server = ScriptedServer()
        with connected(server) as connection:
            since = len(server.frames)
            COMPOUNDS[name](connection)
            assert server.of(SMB2_COM_CREATE)[-1].in_compound
            assert not connection._connection.refuses_compounds
            assert name == 'large' or len(server.frames) - since <= 2


@pytest.mark.parametrize('status', RELATED_REFUSALS)
def test_new_folder_whose_close_was_refused_is_not_made_twice(status):
    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = refuse_related(getattr(ntstatus, status))
        tree_of(connection).query('folder', How(FILE_READ_DATA, disposition=FILE_CREATE))
        assert 'folder' in server.files
        assert server.open_handles == 0
        assert connection._connection.refuses_compounds


@pytest.mark.parametrize('status', CREATE_REFUSALS)
def test_name_that_is_refused_by_itself_too_says_nothing_of_compounds(status):
    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = lambda request: (
            getattr(ntstatus, status) if request.command == SMB2_COM_CREATE and request.payload.name == 'bad' else None
        )
        with pytest.raises(OperationFailure, match=status):
            connection.getAttributes('share', 'bad')
        connection.getAttributes('share', 'file')
        assert server.requests[-1].in_compound


@pytest.mark.parametrize('status', ['STATUS_OBJECT_NAME_NOT_FOUND', 'STATUS_ACCESS_DENIED', 'STATUS_FILE_CLOSED'])
@pytest.mark.parametrize('name', COMPOUNDS)
def test_refused_open_is_the_error_of_the_job(name, status):
    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = refuse_create(getattr(ntstatus, status))
        with pytest.raises(OperationFailure) as caught:
            COMPOUNDS[name](connection)
        assert caught.value.status_name == status
        assert caught.value.smb_messages[-1].command == SMB2_COM_CREATE
        server.refuse = lambda request: None
        assert is_usable(connection)
        assert not connection._connection.refuses_compounds


@pytest.mark.parametrize(
    ('name', 'command'),
    [
        ('open and read', SMB2_COM_READ),
        ('write small', SMB2_COM_WRITE),
        ('change', SMB2_COM_SET_INFO),
        ('list', SMB2_COM_QUERY_DIRECTORY),
        ('query', SMB2_COM_CLOSE),
        ('write small', SMB2_COM_CLOSE),
    ],
)
@pytest.mark.parametrize('closes', [True, False])
def test_failed_step_is_the_error_of_the_job_and_the_handle_is_closed(name, command, closes):
    def refuse(request):
        if request.command == command and request.in_compound:
            return ntstatus.STATUS_DISK_FULL
        return ntstatus.STATUS_FILE_CLOSED if request.command == SMB2_COM_CLOSE and not closes else None

    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = refuse
        with pytest.raises(OperationFailure) as caught:
            COMPOUNDS[name](connection)
        assert caught.value.status == ntstatus.STATUS_DISK_FULL
        server.refuse = lambda request: None
        assert is_usable(connection)
        assert not connection._connection.refuses_compounds
        assert server.open_handles == (0 if closes else 1)


def test_status_that_refuses_compounds_is_a_plain_error_where_the_handle_was_closed():
    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = lambda request: ntstatus.STATUS_NOT_SUPPORTED if request.command == SMB2_COM_SET_INFO else None
        with pytest.raises(OperationFailure, match='STATUS_NOT_SUPPORTED'):
            connection.rename('share', 'file', 'renamed')
        assert len(server.of(SMB2_COM_SET_INFO)) == 1
        assert len(server.of(SMB2_COM_CLOSE)) == 1 + 1  # the first one is that of connected()
        assert is_usable(connection)
        assert not connection._connection.refuses_compounds


# Information classes


def refuse_classes(refused, status):
    def refuse(request):
        is_listing = request.command == SMB2_COM_QUERY_DIRECTORY
        return status if is_listing and request.payload.file_information_class in refused else None

    return refuse


@pytest.mark.parametrize('status', ['STATUS_INVALID_INFO_CLASS', 'STATUS_INVALID_PARAMETER', 'STATUS_NOT_SUPPORTED'])
@pytest.mark.parametrize('count', [1, 2, 3])
@pytest.mark.parametrize('compounds', [True, False])
def test_refused_information_class_gives_way_to_a_plainer_one_and_that_is_remembered(status, count, compounds):
    server = ScriptedServer()
    with connected(server) as connection:
        refused = CLASSES[:count]
        connection._connection.refuses_compounds = not compounds
        server.refuse = refuse_classes(refused, getattr(ntstatus, status))
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        assert connection._connection.refused_information_classes == set(refused)
        since = len(server.requests)
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        asked = {
            request.payload.file_information_class
            for request in server.requests[since:]
            if request.command == SMB2_COM_QUERY_DIRECTORY
        }
        assert asked == {CLASSES[count]}
        # It was not the compound that was refused.
        assert connection._connection.refuses_compounds is not compounds
        connection.echo(b'')
        assert server.open_handles == 0


def test_classes_are_not_given_up_where_each_of_them_is_refused():
    server = ScriptedServer()
    with connected(server) as connection:
        server.refuse = refuse_classes(CLASSES, ntstatus.STATUS_INVALID_PARAMETER)
        with pytest.raises(OperationFailure, match='STATUS_INVALID_PARAMETER'):
            connection.listPath('share', '/')
        assert not connection._connection.refused_information_classes
        assert not connection._connection.refuses_compounds
        server.refuse = lambda request: None
        assert connection.listPath('share', '/')
        assert server.open_handles == 0


@pytest.mark.parametrize('compounds', [True, False])
def test_error_that_says_nothing_of_the_class_is_not_answered_with_another_one(compounds):
    server = ScriptedServer()
    with connected(server) as connection:
        connection._connection.refuses_compounds = not compounds
        server.refuse = refuse_classes(CLASSES, ntstatus.STATUS_ACCESS_DENIED)
        with pytest.raises(OperationFailure, match='STATUS_ACCESS_DENIED'):
            connection.listPath('share', '/')
        assert {request.payload.file_information_class for request in server.of(SMB2_COM_QUERY_DIRECTORY)} == {
            CLASSES[0]
        }
        assert server.open_handles == 0


def test_plainest_class_stays_when_all_were_refused_once():
    server = ScriptedServer()
    with connected(server) as connection:
        connection._connection.refused_information_classes.update(CLASSES)
        assert tree_of(connection).directory_class() == FileDirectoryInformation


def test_both_compounds_and_a_class_may_be_refused():
    server = ScriptedServer()
    with connected(server) as connection:
        no_class = refuse_classes(CLASSES[:1], ntstatus.STATUS_INVALID_INFO_CLASS)
        server.refuse = lambda request: ntstatus.STATUS_INVALID_PARAMETER if request.in_compound else no_class(request)
        for _ in range(2):
            assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        assert connection._connection.refused_information_classes == set(CLASSES[:1])
        assert connection._connection.refuses_compounds


# Listings


@pytest.mark.parametrize('compounds', [True, False])
@pytest.mark.parametrize('batch', [1, 2, 3, 4, 100])
def test_listing_is_whole_whatever_the_size_of_its_batches(batch, compounds):
    server = ScriptedServer(batch=batch)
    with connected(server) as connection:
        connection._connection.refuses_compounds = not compounds
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        connection.echo(b'')
        assert server.open_handles == 0


def test_small_folder_behind_a_small_one_is_listed_by_a_request_that_closes_it():
    server = ScriptedServer()
    with connected(server) as connection:
        for count in (3, 2, 2):
            frames, since = len(server.frames), len(server.requests)
            assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
            connection.echo(b'')
            assert server.commands(since) == ['CREATE', 'QUERY_DIRECTORY', 'QUERY_DIRECTORY', 'CLOSE', 'ECHO']
            assert len(server.frames) - frames == count
            assert server.open_handles == 0


@pytest.mark.parametrize('batch', [1, 2])
def test_large_folder_behind_a_small_one_is_listed_whole_and_the_next_one_at_once(batch):
    server = ScriptedServer(batch=batch)
    with connected(server) as connection:
        names, server.names = server.names, ['.', '..'][:batch]
        assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        server.names = names
        since = len(server.requests)
        assert [entry.filename for entry in connection.listPath('share', '/')] == names
        assert server.commands(since).count('CREATE') == 2
        since = len(server.requests)
        assert [entry.filename for entry in connection.listPath('share', '/')] == names
        assert server.commands(since).count('CREATE') == 1
        connection.echo(b'')
        assert server.open_handles == 0


def test_class_that_is_refused_in_a_request_that_closes_gives_way_to_a_plainer_one():
    server = ScriptedServer()
    with connected(server) as connection:
        connection.listPath('share', '/')
        assert tree_of(connection).lists_small_folders
        server.refuse = refuse_classes(CLASSES[:1], ntstatus.STATUS_INVALID_INFO_CLASS)
        for _ in range(2):
            assert [entry.filename for entry in connection.listPath('share', '/')] == server.names
        assert connection._connection.refused_information_classes == {CLASSES[0]}
        assert not connection._connection.refuses_compounds
        connection.echo(b'')
        assert server.open_handles == 0


def test_empty_listing_is_empty():
    server = ScriptedServer(names=[])
    with connected(server) as connection:
        assert connection.listPath('share', '/') == []
        server.bend(SMB2_COM_QUERY_DIRECTORY, lambda answer: answer.make_error(ntstatus.STATUS_NO_SUCH_FILE))
        assert connection.listPath('share', '/', pattern='*.none') == []


@pytest.mark.parametrize('which', [0, 1])
def test_damaged_entries_are_refused_and_the_handle_is_closed(which):
    server = ScriptedServer(batch=2)
    with connected(server) as connection:
        for _ in range(which):
            server.bend(SMB2_COM_QUERY_DIRECTORY, lambda answer: None)

        def bent(answer):
            answer.payload = SMB2QueryDirectoryResponse(output_buffer=b'\x01' + bytes(200))

        server.bend(SMB2_COM_QUERY_DIRECTORY, bent)
        with pytest.raises(ProtocolError, match='directory entry at byte 0 of 201 is wrong'):
            connection.listPath('share', '/')
        assert is_usable(connection)
        assert server.open_handles == 0


# Odds and ends of a tree


def test_closing_twice_sends_one_request():
    server = ScriptedServer()
    with connected(server) as connection:
        handle = tree_of(connection).open('file', How(FILE_READ_DATA))
        handle.close()
        handle.close()
        handle.close_soon()
        other = tree_of(connection).open('file', How(FILE_READ_DATA))
        other.close_soon()
        other.close_soon()
        assert len(server.of(SMB2_COM_CLOSE)) == 1 + 1 + 1  # the first one is that of connected()


def test_tree_gives_up_what_has_not_been_answered():
    server = ScriptedServer()
    with connected(server) as connection:
        tree = tree_of(connection)
        handle = tree.open('large', How(FILE_READ_DATA))
        server.holds = {SMB2_COM_READ}
        handle.submit_read(0, 10)
        tree.cancel_all()
        assert len(server.cancels) == 1


def test_error_inside_a_compound_that_is_no_refusal_does_not_hide_behind_the_close():
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_READ, lambda answer: answer.make_error(ntstatus.STATUS_FILE_LOCK_CONFLICT))
        with pytest.raises(StatusError) as caught:
            tree_of(connection).open_and_read('file', How(FILE_READ_DATA), 0, 10)
        assert caught.value.status == ntstatus.STATUS_FILE_LOCK_CONFLICT
        assert not exchange_of(connection).dialect.outstanding
        assert server.open_handles == 0


def test_nothing_to_write_makes_an_empty_file_all_the_same():
    server = ScriptedServer()
    with connected(server) as connection:
        how = How(FILE_WRITE_DATA, disposition=FILE_OVERWRITE_IF)
        assert tree_of(connection).write_small('file', how, 0, b'') == 0
        assert server.files['file'] == b''
        assert server.open_handles == 0
        assert not server.of(SMB2_COM_WRITE)


def test_read_behind_the_end_gives_nothing():
    server = ScriptedServer()
    with connected(server) as connection:
        file = io.BytesIO()
        assert connection.retrieveFileFromOffset('share', 'file', file, 1000)[1] == 0
        handle, data = tree_of(connection).open_and_read('file', How(FILE_READ_DATA), 1000, 10)
        assert data == b''
        handle.close()


@pytest.mark.parametrize('ask', ['security', 'control', 'space'])
@pytest.mark.parametrize('more', [0, 1])
def test_answer_has_no_more_bytes_than_were_asked_for(ask, more):
    server = ScriptedServer()
    with connected(server) as connection:
        tree = tree_of(connection)
        command = SMB2_COM_IOCTL if ask == 'control' else SMB2_COM_QUERY_INFO

        def fill(answer):
            request = answer.request.payload
            if ask == 'control':
                data = bytes(request.max_output_response + more)
                answer.payload = SMB2IoctlResponse(ctl_code=request.ctl_code, file_id=request.file_id, output=data)
            else:
                answer.payload = SMB2QueryInfoResponse(output_buffer=bytes(request.output_buffer_length + more))

        server.bend(command, fill)
        with tree.open('file', How(FILE_READ_DATA)) as handle:
            call = {
                'security': lambda: handle.query_security(4), 'control': lambda: handle.control(0x00144064, 100),
                'space': lambda: handle.query_space(),
            }[ask]  # fmt: skip
            if more:
                with pytest.raises(ProtocolError, match='were asked for'):
                    call()
            else:
                call()
