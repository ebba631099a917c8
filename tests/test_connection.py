"""What a connection makes of arguments and failures; the server is in the test process."""

from __future__ import annotations

import io
import os
import struct
from unittest.mock import patch

import pytest

from smb import ntstatus
from smb.base import NotConnectedError, NotReadyError, SharedDevice, SMBTimeout
from smb.messages.fscc import FileBasicInformation
from smb.messages.smb2.simple import SMB2EchoResponse
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_IOCTL,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_TREE_CONNECT,
    SMB2_COM_WRITE,
)
from smb.smb_structs import OperationFailure, ProtocolError
from smb.SMBConnection import SMBConnection
from tests.connections import refusing, servers_for
from tests.messages.test_rpc import bind_ack, response
from tests.messages.test_srvsvc import stub
from tests.operations.test_snapshots import NAMES, TIMES
from tests.operations.test_snapshots import answer as snapshot_answer
from tests.session.scripted import ScriptedServer, connected, is_usable

# Each operation, with good arguments behind the share, and None where it has none
OPERATIONS = {
    'listShares': (),
    'listPath': ('share', ''),
    'getAttributes': ('share', 'file'),
    'getSecurity': ('share', 'file'),
    'listSnapshots': ('share', 'file'),
    'resetFileAttributes': ('share', 'file'),
    'setLastWriteTime': ('share', 'file', 1.5),
    'retrieveFile': ('share', 'file', io.BytesIO()),
    'retrieveFileFromOffset': ('share', 'file', io.BytesIO()),
    'storeFile': ('share', 'new', io.BytesIO()),
    'storeFileFromOffset': ('share', 'new', io.BytesIO()),
    'createDirectory': ('share', 'folder'),
    'deleteDirectory': ('share', 'file'),
    'deleteFiles': ('share', 'file'),
    'rename': ('share', 'file', 'other'),
    'echo': (b'data',),
}


# The constructor


@pytest.mark.parametrize('sign_options', [3, -1, None, 'SIGN_NEVER', 1.5])
def test_a_sign_option_is_one_of_three(sign_options):
    with pytest.raises(ValueError, match='SIGN_NEVER, SIGN_WHEN_SUPPORTED or SIGN_WHEN_REQUIRED'):
        SMBConnection('user', 'secret', 'me', 'server', sign_options=sign_options)


def test_required_signing_contradicts_sign_never():
    with pytest.raises(ValueError, match='contradicts'):
        SMBConnection('user', 'secret', 'me', 'server', sign_options=SMBConnection.SIGN_NEVER, require_signing=True)


@pytest.mark.parametrize('name', ['min_dialect', 'max_dialect'])
@pytest.mark.parametrize('value', [0, 1, 0x0203, 0x02FF, 0x0312, '3.1.1', b'', True, 3.0, (0x0311,)])
def test_a_bound_is_a_dialect(name, value):
    with pytest.raises(ValueError, match=f'{name} must be None or one of 0x0202'):
        SMBConnection('user', 'secret', 'me', 'server', **{name: value})


def test_there_is_a_dialect_between_the_bounds():
    with pytest.raises(ValueError, match='0x0311 is above max_dialect 0x0300'):
        SMBConnection('user', 'secret', 'me', 'server', min_dialect=0x0311, max_dialect=0x0300)


def test_the_additions_to_pysmb_go_by_name():
    with pytest.raises(TypeError):
        SMBConnection('user', 'secret', 'me', 'server', '', True, 2, True, True)
    connection = SMBConnection('user', 'secret', 'me', 'server', require_signing=True, require_encryption=True,
                               min_dialect=0x0300, max_dialect=0x0311)  # fmt: skip
    assert (connection.require_signing, connection.require_encryption) == (True, True)


# Before anything is sent


@pytest.mark.parametrize('name', OPERATIONS)
@pytest.mark.parametrize('garbage', [False, True])
def test_an_operation_without_a_connection_says_so_whatever_its_arguments(name, garbage):
    connection = SMBConnection('user', 'secret', 'me', 'server')
    arguments = [object()] * len(OPERATIONS[name]) if garbage else OPERATIONS[name]
    for _ in range(2):
        with pytest.raises(NotConnectedError, match='Not connected'):
            getattr(connection, name)(*arguments, timeout='soon' if garbage else 30)
        connection.close()


@pytest.mark.parametrize('name', [name for name in OPERATIONS if name != 'echo'])
@pytest.mark.parametrize('garbage', [False, True])
def test_an_operation_without_a_login_says_so_whatever_its_arguments(name, garbage):
    server = refusing()
    with servers_for(server) as connection:
        assert connection.connect('server', 445) is False
        sent = len(server.requests)
        arguments = [object()] * len(OPERATIONS[name]) if garbage else OPERATIONS[name]
        with pytest.raises(NotReadyError, match='not authenticated'):
            getattr(connection, name)(*arguments, timeout='soon' if garbage else 30)
        assert len(server.requests) == sent
        connection.close()
        with pytest.raises(NotConnectedError):
            getattr(connection, name)(*arguments)


BAD_ARGUMENTS = [
    *((name, ('share', path, *arguments[2:]), {}, error)
      for name, arguments in OPERATIONS.items() if len(arguments) > 1
      for path, error in [(b'file', TypeError), (None, TypeError), ('a\0b', ValueError), ('a' * 40000, ValueError)]),
    *((name, (share, *arguments[1:]), {}, error)
      for name, arguments in OPERATIONS.items() if len(arguments) > 1
      for share, error in [(b'share', TypeError), (None, TypeError), ('a\0b', ValueError), ('a' * 300, ValueError)]),
    *((name, arguments, {'timeout': timeout}, error)
      for name, arguments in OPERATIONS.items()
      for timeout, error in [('30', TypeError), ([], TypeError), (float('nan'), ValueError)]),
    ('listPath', ('share', ''), {'search': 'all'}, TypeError),
    ('listPath', ('share', ''), {'search': 1.5}, TypeError),
    ('listPath', ('share', ''), {'pattern': None}, TypeError),
    ('listPath', ('share', ''), {'pattern': b'*'}, TypeError),
    ('listPath', ('share', ''), {'pattern': '\0'}, ValueError),
    ('retrieveFileFromOffset', ('share', 'file', io.BytesIO()), {'offset': -1}, ValueError),
    ('retrieveFileFromOffset', ('share', 'file', io.BytesIO()), {'offset': 2**63}, ValueError),
    ('retrieveFileFromOffset', ('share', 'file', io.BytesIO()), {'offset': 1.0}, TypeError),
    ('retrieveFileFromOffset', ('share', 'file', io.BytesIO()), {'max_length': None}, TypeError),
    ('retrieveFileFromOffset', ('share', 'file', io.BytesIO()), {'max_length': 1.0}, TypeError),
    ('retrieveFile', ('share', 'file', io.StringIO()), {}, TypeError),
    ('retrieveFile', ('share', 'file', b'bytes'), {}, AttributeError),
    ('retrieveFile', ('share', 'file', io.BytesIO()), {'show_progress': True, 'tqdm_kwargs': {'file': 7}}, Exception),
    ('storeFileFromOffset', ('share', 'new', io.BytesIO()), {'offset': -1}, ValueError),
    ('storeFileFromOffset', ('share', 'new', io.BytesIO()), {'offset': 1.0}, TypeError),
    ('storeFile', ('share', 'new', io.StringIO()), {}, TypeError),
    ('storeFile', ('share', 'new', b'bytes'), {}, AttributeError),
    ('resetFileAttributes', ('share', 'file', -1), {}, ValueError),
    ('resetFileAttributes', ('share', 'file', 'hidden'), {}, TypeError),
    ('setLastWriteTime', ('share', 'file', None), {}, TypeError),
    ('setLastWriteTime', ('share', 'file', 1e12), {}, ValueError),
    ('rename', ('share', 'file', b'new'), {}, TypeError),
    ('rename', ('share', 'file', 'a\0b'), {}, ValueError),
]  # fmt: skip


@pytest.fixture(scope='module')
def fresh():
    """A connection that no share was used on yet, and its server."""
    server = ScriptedServer()
    with connected(server, share=None) as connection:
        yield connection, server


@pytest.mark.parametrize(('name', 'arguments', 'options', 'error'), BAD_ARGUMENTS)
def test_a_bad_argument_is_an_error_before_anything_is_sent(fresh, name, arguments, options, error):
    connection, server = fresh
    sent = len(server.requests)
    with pytest.raises(error):
        getattr(connection, name)(*arguments, **options)
    assert len(server.requests) == sent
    assert connection.sock is not None
    assert not connection.is_busy


def test_a_connection_is_usable_after_all_that(fresh):
    assert is_usable(fresh[0])


@pytest.mark.parametrize('timeout', ['60', [], float('nan')])
def test_connect_with_a_bad_timeout_leaves_everything_as_it_was(timeout):
    server = ScriptedServer()
    with connected(server) as connection:
        with pytest.raises((TypeError, ValueError)):
            connection.connect('server', 445, timeout=timeout)
        assert is_usable(connection)


@pytest.mark.parametrize(('timeout', 'seconds'), [(None, None), (5, 5.0), (0.5, 0.5)])
def test_a_timeout_is_seconds_and_none_is_no_limit(timeout, seconds):
    with connected(ScriptedServer()) as connection:
        connection.echo(b'', timeout=timeout)
        assert connection._exchange.deadline.seconds == seconds


# Operations


def test_shares_are_connected_at_first_use_and_once():
    server = ScriptedServer()
    with connected(server, share=None) as connection:
        assert connection.connected_trees == {}
        for name in ('share', 'SHARE', 'share', 'other'):
            connection.getAttributes(name, 'file')
        assert len(server.of(SMB2_COM_TREE_CONNECT)) == 2
        trees = connection.connected_trees
        assert set(trees) == {'share', 'SHARE', 'other'}
        assert trees['share'] == trees['SHARE'] != trees['other']


def test_a_share_that_the_server_takes_away_is_connected_anew():
    server = ScriptedServer()
    with connected(server) as connection:
        server.session.trees.clear()
        with pytest.raises(OperationFailure, match='taken the share away') as caught:
            connection.getAttributes('share', 'file')
        assert caught.value.status == ntstatus.STATUS_NETWORK_NAME_DELETED
        assert connection.connected_trees == {}
        assert is_usable(connection)


def test_a_share_that_is_taken_away_takes_no_other_with_it():
    server = ScriptedServer()
    with connected(server) as connection:
        connection.getAttributes('share', 'file')
        connection.getAttributes('other', 'file')
        kept = connection.connected_trees['other']
        del server.session.trees[connection.connected_trees['share']]
        with pytest.raises(OperationFailure, match='taken the share away'):
            connection.getAttributes('share', 'file')
        assert connection.connected_trees == {'other': kept}
        assert [tree.tree_id for tree in connection._session.tree_connects] == [kept]
        since = len(server.requests)
        connection.getAttributes('other', 'file')
        assert 'TREE_CONNECT' not in server.commands(since)
        connection.getAttributes('share', 'file')
        assert sorted(connection.connected_trees) == ['other', 'share']


def test_connect_ends_the_connection_that_another_thread_made_while_it_waited_for_its_turn():
    server, late = ScriptedServer(), ScriptedServer()
    with connected(server) as connection, connected(late) as other:
        made_meanwhile = other._transport

        class Late:
            def __enter__(self):
                connection._transport, connection._process = made_meanwhile, os.getpid()

            def __exit__(self, *_):
                pass

        connection._turn.lock = Late()
        switched_off = patch.multiple('smb.smb_structs', SUPPORT_SMB2=False, SUPPORT_SMB1=False)
        with switched_off, pytest.raises(ProtocolError, match='No common dialect'):
            connection.connect('server', 445)
        assert made_meanwhile.sock is None


def test_every_operation_does_what_it_says():
    server = ScriptedServer()
    with connected(server) as connection:
        assert [entry.filename for entry in connection.listPath('share', '/')] == ['.', '..', 'file', 'large']
        assert connection.getAttributes('share', 'file').filename == 'file'
        sink = io.BytesIO()
        assert connection.retrieveFile('share', 'file', sink) == (0x20, 19)
        assert connection.retrieveFileFromOffset('share', '/file', sink, 8, 2) == (0x20, 2)
        assert sink.getvalue() == b'content of the fileof'
        assert connection.storeFile('share', 'new', io.BytesIO(b'12345')) == 5
        assert connection.storeFileFromOffset('share', 'new', io.BytesIO(b'xy'), 1) == 3
        assert server.files['new'] == b'1xy45'
        assert connection.storeFileFromOffset('share', 'new', io.BytesIO(b'xy'), truncate=True) == 2
        assert server.files['new'] == b'xy'
        assert connection.storeFile('share', 'new', io.BytesIO(b'z')) == 1
        assert server.files['new'] == b'z'
        for nothing in (
            connection.createDirectory('share', 'folder'),
            connection.deleteDirectory('share', 'file'),
            connection.deleteFiles('share', 'file'),
            connection.rename('share', 'file', 'other'),
            connection.resetFileAttributes('share', 'file'),
            connection.setLastWriteTime('share', 'file', 1.5),
        ):
            assert nothing is None
        assert server.open_handles == 0


def test_attributes_and_times_are_set_as_they_were_given():
    server = ScriptedServer()
    with connected(server) as connection:
        connection.resetFileAttributes('share', '/file', 0x21)
        connection.resetFileAttributes('share', '/file')
        connection.setLastWriteTime('share', '/file', 1.5)
        sent = [FileBasicInformation.unpack(request.payload.buffer) for request in server.of(SMB2_COM_SET_INFO)]
        assert [(one.file_attributes, one.last_write_time) for one in sent] == [
            (0x21, 0),
            (0x80, 0),
            (0, 116444736015000000),
        ]


def test_security_and_snapshots_are_those_of_the_path():
    with connected(ScriptedServer(pipe_answer=snapshot_answer(NAMES))) as connection:
        assert connection.listSnapshots('share', '/file') == TIMES
        with patch('smb.operations.metadata.get_security') as get_security:
            assert connection.getSecurity('share', '/d/file') is get_security.return_value
        tree, path = get_security.call_args.args
        assert (tree.share_name, path) == ('share', 'd\\file')


def test_shares_are_listed_over_the_pipe_of_ipc():
    server = ScriptedServer()
    answers = [bind_ack(call_id=1), response(stub([('data', 0, 'files')]), call_id=2)]
    with connected(server, share=None) as connection:
        for data in answers:
            server.bend(SMB2_COM_IOCTL, lambda answer, data=data: setattr(answer.payload, 'output', data))
        assert connection.listShares() == [SharedDevice(0, 'data', 'files')]
        assert server.session.trees.popitem()[1] == 'ipc$'


@pytest.mark.parametrize('data', [b'', b'data', bytearray(b'data'), memoryview(b'data'), 'text'])
def test_echo_gives_back_what_it_was_given(data):
    server = ScriptedServer()
    with connected(server) as connection:
        assert connection.echo(data) == data
        assert server.requests[-1].payload == type(server.requests[-1].payload)()
        assert isinstance(server._do_echo(None, None)[1], SMB2EchoResponse)


def test_a_failure_says_what_where_and_why():
    with connected(ScriptedServer()) as connection:
        with pytest.raises(FileNotFoundError) as caught:
            connection.retrieveFile('share', '/d/missing/', io.BytesIO())
        failure = caught.value
        assert isinstance(failure, OperationFailure)
        assert failure.message == (
            'Failed to retrieve d\\missing on share: Unable to open file (STATUS_OBJECT_NAME_NOT_FOUND, 0xC0000034)'
        )
        assert str(failure).splitlines()[0] == failure.message
        assert failure.status == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
        assert failure.filename == '/d/missing/'
        assert failure.smb_messages[-1].status == failure.status
        assert failure.args[1][-1].status == failure.status
        assert failure.__cause__ is None
        assert is_usable(connection)


def test_the_failing_answer_is_the_last_message_though_the_file_was_closed_after_it():
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_READ, lambda answer: answer.make_error(ntstatus.STATUS_FILE_LOCK_CONFLICT), times=9)
        with pytest.raises(OperationFailure, match=r'locked that part.*: Read failed') as caught:
            connection.retrieveFile('share', 'file', io.BytesIO())
        messages = caught.value.smb_messages
        assert messages[-1].status == ntstatus.STATUS_FILE_LOCK_CONFLICT
        assert SMB2_COM_CLOSE in [message.command for message in messages]
        assert [message.status for message in messages].count(ntstatus.STATUS_FILE_LOCK_CONFLICT) == 1
        assert server.open_handles == 0
        assert is_usable(connection)


def test_messages_of_earlier_operations_are_not_in_a_failure():
    with connected(ScriptedServer()) as connection:
        for _ in range(3):
            with pytest.raises(OperationFailure) as caught:
                connection.getAttributes('share', 'missing')
        assert caught.value.smb_messages[0].command == SMB2_COM_CREATE
        assert len(caught.value.smb_messages) == 4


def test_an_unknown_share_is_a_failure_of_the_operation():
    with connected(ScriptedServer()) as connection:
        for name in ('unknown', '', '/share'):
            with pytest.raises(OperationFailure, match=r'no such share.*: Unable to connect to shared') as caught:
                connection.listPath(name, '')
            assert caught.value.status == ntstatus.STATUS_BAD_NETWORK_NAME
        assert 'unknown' not in connection.connected_trees
        assert is_usable(connection)


def test_a_short_write_is_a_failure_without_a_status():
    server = ScriptedServer()
    with connected(server) as connection:
        server.bend(SMB2_COM_WRITE, lambda answer: setattr(answer.payload, 'count', 2))
        with pytest.raises(OperationFailure, match=r'took 2 of 5 bytes.*: Write failed') as caught:
            connection.storeFile('share', 'new', io.BytesIO(b'12345'))
        assert (caught.value.status, caught.value.status_name) == (None, None)
        assert not isinstance(caught.value, OSError)
        history = list(caught.value.smb_messages)
        assert history
        assert is_usable(connection)
        # What the next operations send does not change what is told of this one.
        assert caught.value.smb_messages == history
        assert caught.value.args[1] is caught.value.smb_messages


def test_a_timeout_cancels_and_the_late_answer_belongs_to_nobody():
    server = ScriptedServer()
    with connected(server) as connection:
        server.holds = {SMB2_COM_READ}
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'large', io.BytesIO(), timeout=0.1)
        assert server.cancels
        server.holds = set()
        server.let_go()
        assert len(connection.listPath('share', '')) == 4
        assert is_usable(connection)
        assert server.open_handles == 0


def test_an_exception_of_the_callers_file_comes_out_and_the_handle_is_closed():
    class Broken(io.BytesIO):
        def write(self, block):
            raise KeyError('mine')

        read = write

    server = ScriptedServer()
    with connected(server) as connection:
        with pytest.raises(KeyError, match='mine'):
            connection.retrieveFile('share', 'large', Broken())
        with pytest.raises(KeyError, match='mine'):
            connection.storeFile('share', 'new', Broken())
        assert is_usable(connection)
        assert server.open_handles == 0
        assert 'new' not in server.files


# One operation at a time


class Meddler(io.BytesIO):
    """Calls a function while it is written to."""

    def __init__(self, meddle):
        super().__init__()
        self.meddle = meddle

    def write(self, block):
        self.meddle()
        return super().write(block)


@pytest.mark.parametrize('name', [*OPERATIONS, 'connect'])
def test_an_operation_inside_another_one_is_an_error_before_anything_is_sent(name):
    server = ScriptedServer()
    arguments = OPERATIONS.get(name, ('server', 445))
    with connected(server) as connection:
        sent = []

        def meddle():
            sent.append(len(server.requests))
            try:
                getattr(connection, name)(*arguments)
            finally:
                sent.append(len(server.requests))

        with pytest.raises(RuntimeError, match='from within another one'):
            connection.retrieveFile('share', 'file', Meddler(meddle))
        assert sent[0] == sent[1]
        assert is_usable(connection)


def test_a_connection_is_busy_only_inside_a_call():
    with connected(ScriptedServer()) as connection:
        busy = []
        connection.retrieveFile('share', 'file', Meddler(lambda: busy.append(connection.is_busy)))
        assert busy == [True]
        assert connection.is_busy is False
        with pytest.raises(OperationFailure):
            connection.getAttributes('share', 'missing')
        assert connection.is_busy is False


def test_a_close_inside_an_operation_ends_it():
    with connected(ScriptedServer()) as connection:
        with pytest.raises(NotConnectedError):
            connection.retrieveFile('share', 'large', Meddler(connection.close))
        assert connection.sock is None


def test_another_connection_may_be_used_inside_an_operation():
    other_server = ScriptedServer()
    with connected(other_server) as other, connected(ScriptedServer()) as connection:
        connection.retrieveFile('share', 'file', Meddler(lambda: other.echo(b'')))
        other_server.holds = {SMB2_COM_CREATE}
        with pytest.raises(SMBTimeout):
            connection.retrieveFile('share', 'file', Meddler(lambda: other.getAttributes('share', 'file', timeout=0.1)))
        assert is_usable(connection)


def test_what_nmb_session_has_for_subclasses_does_not_touch_the_connection():
    server = ScriptedServer()
    with connected(server) as connection:
        sent = len(server.requests)
        for call in (lambda: connection.write(b'data'), lambda: connection.sendNMBMessage(b'data')):
            with pytest.raises(NotImplementedError):
                call()
        connection.feedData(struct.pack('>I', 4) + b'junk')
        connection.requestNMBSession()
        assert len(server.requests) == sent
        assert is_usable(connection)
