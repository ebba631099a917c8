"""What programs in the wild lean on besides the documentation; the lines that need a server have a real one."""

from __future__ import annotations

import inspect
import io
import pickle
import subprocess
import sys

import pytest

import smb.ntlm
import smb.smb2_structs
import smb.smb_structs
from smb.base import SharedDevice, SharedFile
from smb.messages.smb1.header import SMBHeader, SMBMessage
from smb.smb_constants import SMB_COM_NEGOTIATE
from smb.smb_structs import OperationFailure
from smb.SMBConnection import SMBConnection
from smb.utils.md4 import MD4

DIALECTS = pytest.mark.parametrize('dialect', [0x0202, 0x0311], ids='{:04x}'.format)


@pytest.fixture
def connect(server):
    """``connect(**arguments)``: whether the user is let in, and the connection; closed after the test."""
    private = server()
    connections = []

    def connect(**arguments):
        values = {'username': private.user, 'password': private.password, 'my_name': 'client',
                  'remote_name': 'testserver', 'is_direct_tcp': True, **arguments}  # fmt: skip
        connections.append(SMBConnection(**values))
        return connections[-1].connect(private.host, private.port), connections[-1]

    yield connect
    for connection in connections:
        connection.close()


@pytest.mark.parametrize('name', ['base', 'smb_structs', 'ntlm', 'security_descriptors'])
def test_importing_the_connection_makes_a_module_an_attribute_of_the_package(name):
    script = f'import smb.SMBConnection; print(smb.{name}.__name__)'
    result = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True)
    assert result.stdout == f'smb.{name}\n'


def test_everything_comes_with_a_star(connect):
    names = {}
    exec('from smb.SMBConnection import *', names)
    for name in ('SMBConnection', 'OperationFailure', 'NotConnectedError', 'NotReadyError', 'SMBTimeout'):
        assert name in names
    assert (names['SMB_FILE_ATTRIBUTE_DIRECTORY'], names['ATTR_NORMAL'], names['SUPPORT_SMB2']) == (0x10, 0x80, True)


@DIALECTS
def test_attributes_are_read_after_connect(connect, dialect):
    accepted, connection = connect(max_dialect=dialect)
    assert accepted is connection.auth_result is connection.has_authenticated is connection.is_using_smb2 is True
    assert connection.sock.fileno() > 0
    assert connection.remote_name == 'TESTSERVER'
    connection.close()
    assert connection.sock is None


@DIALECTS
def test_the_history_of_a_failure_is_walked(connect, dialect):
    _, connection = connect(max_dialect=dialect)
    with pytest.raises(OperationFailure) as caught:
        connection.retrieveFile('smbtest', 'no such file', io.BytesIO())
    history = caught.value.smb_messages
    assert history == caught.value.args[1] and 0 < len(history) <= 11
    assert [m.status for m in history if m.isReply and m.status][-1] == 0xC0000034
    for message in history:
        assert isinstance(message, smb.smb2_structs.SMB2Message)
        assert not isinstance(message, smb.smb_structs.SMBMessage)
        assert message.protocol == 2
        assert type(message.status) is int
    twin = pickle.loads(pickle.dumps(caught.value))
    assert [(m.command, m.status, m.raw_data) for m in twin.smb_messages] == [
        (m.command, m.status, m.raw_data) for m in history
    ]


def test_messages_of_smb1_are_told_from_those_of_smb2():
    message = SMBMessage(SMBHeader(command=SMB_COM_NEGOTIATE, status=0xC0000022, flags2=0x4000), None, ())
    assert isinstance(message, smb.smb_structs.SMBMessage)
    assert not isinstance(message, smb.smb2_structs.SMB2Message)
    assert (message.status.internal_value, message.protocol) == (0xC0000022, 1)


def test_tests_of_programs_make_their_own_failures_and_results():
    failure = OperationFailure('Failed to store x on y: Unable to open file', [])
    assert (failure.message, failure.smb_messages, failure.args) == (failure.args[0], [], (failure.message, []))
    assert str(failure) == failure.message + '\n'
    file = SharedFile(1.0, 2.0, 3.0, 4.0, 5, 6, 0x80, 'SHORT', 'name')
    device = SharedDevice(0, 'name', 'comments')
    assert file == SharedFile(1.0, 2.0, 3.0, 4.0, 5, 6, 0x80, 'SHORT', 'name') and file.isNormal
    for made in (failure, file, device):
        twin = pickle.loads(pickle.dumps(made))
        assert type(twin) is type(made)
        assert vars(twin) == vars(made)


def test_a_connection_that_is_not_connected_pickles(connect):
    _, connection = connect()
    connection.close()
    for made in (connection, SMBConnection('user', 'secret', 'me', 'server')):
        twin = pickle.loads(pickle.dumps(made))
        assert (twin.username, twin.password, twin.remote_name) == (made.username, made.password, made.remote_name)
        assert twin.sock is None


@DIALECTS
@pytest.mark.parametrize('use_ntlm_v2', [True, False])
def test_a_hash_logs_in_in_place_of_the_password(connect, monkeypatch, server, dialect, use_ntlm_v2):
    digest = MD4()
    digest.update(server().password.encode('utf-16-le'))
    nt_hash = digest.digest()

    class Hash:
        """As programs have it: the password is the hash, in hexadecimal."""

        def update(self, data):
            self.password = data.decode('utf-16-le')

        def digest(self):
            return bytes.fromhex(self.password)

    monkeypatch.setattr(smb.ntlm, 'MD4', Hash)
    options = {'use_ntlm_v2': use_ntlm_v2, 'max_dialect': dialect}
    assert connect(password=nt_hash.hex(), **options)[0] is True
    assert connect(password=bytes(16).hex(), **options)[0] is False
    monkeypatch.undo()
    assert connect(password=nt_hash.hex(), **options)[0] is False
    assert connect(**options)[0] is True


@DIALECTS
def test_progress_bars_leave_the_options_that_they_were_given(connect, dialect, capsys):
    _, connection = connect(max_dialect=dialect)
    options = {}
    for _ in range(2):
        connection.storeFile('smbtest', 'shown', io.BytesIO(b'data'), show_progress=True, tqdm_kwargs=options)
        connection.retrieveFile('smbtest', 'shown', io.BytesIO(), show_progress=True)
    assert 'Downloading' in capsys.readouterr().err
    assert options == {}
    methods = (SMBConnection.retrieveFile, SMBConnection.retrieveFileFromOffset, SMBConnection.storeFile)
    defaults = [inspect.signature(method).parameters['tqdm_kwargs'].default for method in methods]
    assert defaults == [{}, {}, {}]


@DIALECTS
def test_a_connection_survives_failures_and_what_file_objects_raise(connect, dialect):
    class Broken:
        def write(self, data):
            raise ZeroDivisionError

        read = write

    _, connection = connect(max_dialect=dialect)
    connection.storeFile('smbtest', 'survivor', io.BytesIO(b'data'))
    for _ in range(2):
        with pytest.raises(OperationFailure):
            connection.deleteDirectory('smbtest', 'survivor')
        for method in (connection.retrieveFile, connection.storeFile):
            with pytest.raises(ZeroDivisionError):
                method('smbtest', 'survivor', Broken())
    target = io.BytesIO()
    assert connection.retrieveFile('smbtest', 'survivor', target)[1] == 4
    assert target.getvalue() == b'data'


def test_socket_exceptions_of_connect_come_out_as_they_are(server):
    connection = SMBConnection('user', 'secret', 'me', 'server', is_direct_tcp=True)
    with pytest.raises(ConnectionRefusedError) as caught:
        connection.connect('127.0.0.1', 1)
    assert type(caught.value) is ConnectionRefusedError
    assert connection.sock is None
