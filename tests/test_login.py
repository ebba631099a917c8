"""connect(): what is agreed on, who gets in, what is left of it when it fails, and what is never shown of it."""

from __future__ import annotations

import copy
import logging
import pickle
import socket
from unittest.mock import patch

import pytest

from smb import ntstatus, smb_structs
from smb.base import NotConnectedError, NotReadyError, SMBTimeout
from smb.smb2_constants import (
    SMB2_COM_SESSION_SETUP,
    SMB2_GLOBAL_CAP_LARGE_MTU,
    SMB2_NEGOTIATE_SIGNING_ENABLED,
    SMB2_NEGOTIATE_SIGNING_REQUIRED,
)
from smb.smb_structs import ProtocolError, SMBException
from smb.SMBConnection import SMBConnection
from tests.connections import refusing, servers_for
from tests.session.scripted import PASSWORD, ScriptedServer, ScriptedTransport, client, connected, is_usable


@pytest.mark.parametrize('dialect', [0x0202, 0x0311])
def test_a_connection_tells_what_was_agreed_on(dialect):
    server = ScriptedServer(dialect)
    with connected(server, sign_options=SMBConnection.SIGN_WHEN_SUPPORTED) as connection:
        for _ in range(2):
            assert connection.isUsingSMB2 is connection.is_using_smb2 is True
            assert (connection.has_negotiated, connection.has_authenticated, connection.auth_result) == (True,) * 3
            assert (connection.dialect, connection.is_guest, connection.auth_error) == (dialect, False, None)
            assert connection.is_signing_active is True
            assert connection.is_encrypted is False
            assert connection.signing_algorithm == ('HMAC-SHA256' if dialect == 0x0202 else 'AES-128-GMAC')
            assert connection.cipher == (None if dialect == 0x0202 else 'AES-128-GCM')
            assert connection.security_mode == SMB2_NEGOTIATE_SIGNING_ENABLED
            assert connection.capabilities == (0 if dialect == 0x0202 else SMB2_GLOBAL_CAP_LARGE_MTU)
            sizes = (connection.max_read_size, connection.max_write_size, connection.max_transact_size)
            assert set(sizes) == {65536 if dialect == 0x0202 else 8 << 20}
            connection.close()  # and it stays so
        assert connection.sock is None


def test_a_connection_that_was_not_made_knows_nothing():
    connection = SMBConnection('user', 'secret', 'me', 'server')
    known = (connection.dialect, connection.cipher, connection.signing_algorithm, connection.auth_error)
    assert known == (None, None, None, None)
    assert (connection.is_guest, connection.is_encrypted, connection.is_signing_active) == (False, False, False)


SUPPORTED, REQUIRED = SMB2_NEGOTIATE_SIGNING_ENABLED, SMB2_NEGOTIATE_SIGNING_REQUIRED


@pytest.mark.parametrize(
    ('arguments', 'mode', 'signed'),
    [
        ({'sign_options': 0}, SUPPORTED, False),
        ({'sign_options': 2}, SUPPORTED, False),
        ({'sign_options': 1}, SUPPORTED, True),
        ({'sign_options': 0}, SUPPORTED | REQUIRED, False),
        ({'sign_options': 1}, SUPPORTED | REQUIRED, True),
        ({'sign_options': 2}, SUPPORTED | REQUIRED, True),
        ({'sign_options': 2, 'require_signing': True}, SUPPORTED, True),
    ],
)
def test_who_wants_signatures_has_them(arguments, mode, signed):
    server = ScriptedServer(security_mode=mode)
    with connected(server, **arguments) as connection:
        connection.echo(b'')
        assert connection.is_signing_active is signed
        assert server.requests[-1].signed is signed


@pytest.mark.parametrize('name', ['LOGON_FAILURE', 'ACCOUNT_DISABLED', 'ACCOUNT_LOCKED_OUT', 'PASSWORD_EXPIRED'])
def test_a_refused_user_is_false_and_the_socket_stays(name):
    status = getattr(ntstatus, f'STATUS_{name}')
    with servers_for(refusing(status)) as connection:
        assert connection.connect('server', 445) is False
        assert connection.sock is not None
        assert (connection.auth_result, connection.has_authenticated) == (False, False)
        assert connection.auth_error == f'STATUS_{name}, 0x{status:08X}'
        assert connection.echo(b'data') == b'data'
        assert connection.dialect == 0x0311
        connection.close()
        assert connection.sock is None
        assert connection.auth_result is False


@pytest.mark.parametrize(('status', 'hint'), [(ntstatus.STATUS_ACCESS_DENIED, 'may demand encryption'),
                                              (ntstatus.STATUS_INSUFFICIENT_RESOURCES, 'sign-on')])  # fmt: skip
def test_any_other_answer_to_the_sign_on_is_an_error(status, hint):
    with servers_for(refusing(status)) as connection:
        with pytest.raises(ProtocolError, match=f'{ntstatus.name(status)}.*{hint}|{hint}.*{ntstatus.name(status)}'):
            connection.connect('server', 445)
        assert connection.sock is None


class Hooked(SMBConnection):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.calls = []

    def onAuthOK(self):
        self.calls.append(('ok', self.auth_result))
        super().onAuthOK()

    def onAuthFailed(self):
        self.calls.append(('failed', self.auth_result))
        super().onAuthFailed()


def test_a_subclass_hears_once_how_the_login_ended():
    with servers_for(ScriptedServer(), refusing(), kind=Hooked) as connection:
        assert connection.connect('server', 445) is True
        assert connection.connect('server', 445) is False
        assert connection.calls == [('ok', None), ('failed', None)]


@pytest.mark.parametrize('server', [ScriptedServer, refusing])
def test_a_hook_that_raises_leaves_a_closed_connection(server):
    class Stubborn(SMBConnection):
        def onAuthOK(self):
            super().onAuthOK()
            raise KeyError('no')

        onAuthFailed = onAuthOK

    with servers_for(server(), kind=Stubborn) as connection:
        with pytest.raises(KeyError):
            connection.connect('server', 445)
        assert connection.sock is None
        with pytest.raises(NotConnectedError):
            connection.listPath('share', '')


def test_a_callable_gives_the_password_once_for_each_login():
    asked = []

    def password():
        asked.append(1)
        return PASSWORD

    first, second = ScriptedServer(), ScriptedServer()
    with servers_for(first, second, password=password) as connection:
        assert asked == []
        assert connection.connect('server', 445) is True
        connection.getAttributes('share', 'file')
        assert len(asked) == 1
        first.delete_session()
        connection.getAttributes('share', 'file')
        assert len(asked) == 2
        assert connection.connect('server', 445) is True
        assert len(asked) == 3
        assert connection.password == PASSWORD
        assert len(asked) == 4


@pytest.mark.parametrize('password', [None, '', lambda: None, lambda: ''])
def test_no_password_is_an_empty_one(password):
    connection = SMBConnection('', password, 'me', 'server')
    assert connection.password == ''
    with servers_for(ScriptedServer(has_keys=False), user='', password=password) as connection:
        assert connection.connect('server', 445) is True
        assert connection.is_guest


def test_a_password_that_cannot_be_had_leaves_a_closed_connection():
    def password():
        raise KeyError('vault')

    with servers_for(ScriptedServer(), ScriptedServer(), password=password) as connection:
        with pytest.raises(KeyError, match='vault'):
            connection.connect('server', 445)
        assert connection.sock is None
        connection._password = PASSWORD
        assert connection.connect('server', 445) is True


@pytest.mark.parametrize('error', [ConnectionRefusedError(111, 'refused'), socket.gaierror(-2, 'unknown'),
                                   TimeoutError('timed out'), SMBTimeout('late'), NotConnectedError('hung up'),
                                   KeyboardInterrupt()])  # fmt: skip
def test_what_connecting_meets_comes_out_as_it_is_and_leaves_a_closed_connection(error):
    with servers_for(ScriptedServer(), ScriptedServer()) as connection:
        with patch.object(ScriptedTransport, 'connect', side_effect=error), pytest.raises(type(error)) as caught:
            connection.connect('server', 445)
        assert caught.value is error
        assert connection.sock is None
        assert connection.connect('server', 445) is True


@pytest.mark.parametrize('close', [False, True])
def test_a_second_connect_starts_from_scratch(close):
    first, second, third = ScriptedServer(), refusing(), ScriptedServer(0x0300)
    with servers_for(first, second, third) as connection:
        assert connection.connect('server', 445) is True
        connection.getAttributes('share', 'file')
        old = first.transport
        if close:
            connection.close()
        assert connection.connect('server', 445) is False
        assert old.sock is None
        assert (connection.connected_trees, connection.has_authenticated) == ({}, False)
        if close:
            connection.close()
        assert connection.connect('server', 445) is True
        assert (connection.auth_error, connection.auth_result, connection.dialect) == (None, True, 0x0300)
        assert is_usable(connection)


def test_both_protocols_can_be_switched_off_after_the_connection_was_made(monkeypatch):
    with servers_for(ScriptedServer(), ScriptedServer()) as connection:
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', False)
        with pytest.raises(ProtocolError, match='No common dialect'):
            connection.connect('server', 445)
        assert connection.sock is None
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', True)
        assert connection.connect('server', 445) is True


def test_a_with_block_closes_and_lets_exceptions_pass():
    server = ScriptedServer()
    with client(server) as connection:
        with pytest.raises(KeyError), connection as same:
            assert same is connection
            connection.connect('server', 445)
            raise KeyError
        assert connection.sock is None
        assert server.transport.sock is None


# Copies


def attributes(connection):
    names = ('username', 'password', 'my_name', 'remote_name', 'domain', 'use_ntlm_v2', 'sign_options', 'is_direct_tcp')
    return [getattr(connection, name) for name in (*names, 'require_signing', 'require_encryption', '_dialects')]


COPIES = [copy.copy, copy.deepcopy, *(lambda c, p=p: pickle.loads(pickle.dumps(c, p)) for p in (0, 2, 4, 5))]


@pytest.mark.parametrize('make', COPIES)
@pytest.mark.parametrize('state', ['fresh', 'closed', 'lost'])
def test_a_connection_that_is_not_open_can_be_copied_and_connected(make, state):
    with servers_for(ScriptedServer(), ScriptedServer(), min_dialect=0x0300, require_signing=True) as connection:
        if state != 'fresh':
            connection.connect('server', 445)
            connection.getAttributes('share', 'file')
        if state == 'closed':
            connection.close()
        if state == 'lost':
            connection._transport.close()
        another = make(connection)
        assert attributes(another) == attributes(connection)
        assert another.sock is None
        assert another.auth_result is connection.auth_result
        with pytest.raises(NotConnectedError):
            another.echo(b'')
        connection._turn.take()
        assert another.connect('server', 445) is True
        connection._turn.leave()
        assert is_usable(another)
        another.close()
        if state == 'closed':
            assert 'share' in connection.connected_trees


@pytest.mark.parametrize('make', COPIES)
def test_a_connection_that_is_open_cannot_be_copied(make):
    with connected(ScriptedServer()) as connection:
        with pytest.raises(TypeError, match='open'):
            make(connection)
        assert is_usable(connection)


# Secrets


def forms(secret):
    return [secret.encode(), secret.encode('utf-16-le'), secret.encode().hex().encode()]


def traces_of(error):
    """Everything of an exception that is written somewhere."""
    chain = [error]
    while chain[-1] is not None and (chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    shown = ''.join(f'{one!s}{one!r}{vars(one)!r}' for one in chain).encode('utf-8', 'replace')
    return shown + b''.join(pickle.dumps(one) for one in chain)


def test_no_exception_and_no_log_has_a_secret(caplog):
    caplog.set_level(logging.DEBUG)
    traces = b''
    servers = [refusing(ntstatus.STATUS_ACCESS_DENIED), refusing(), ScriptedServer(), ScriptedServer(0x0202)]
    with servers_for(*servers) as connection:
        with pytest.raises(ProtocolError) as caught:
            connection.connect('server', 445)
        traces += traces_of(caught.value)
        answers = [bytes(one.payload.security_buffer) for one in servers[0].of(SMB2_COM_SESSION_SETUP)]
        assert connection.connect('server', 445) is False
        with pytest.raises(NotReadyError) as caught:
            connection.listPath('share', '')
        traces += traces_of(caught.value)
        for server in servers[2:]:
            assert connection.connect('server', 445) is True
            server.expire_session()  # so that the messages of a sign-on are among those of the operation
            with pytest.raises(SMBException) as caught:
                connection.getAttributes('share', 'missing')
            setups = [m for m in caught.value.smb_messages if m.command == SMB2_COM_SESSION_SETUP]
            assert setups
            assert {bytes(m.payload.security_buffer).strip(b'\0') for m in setups} == {b''}
            answers += [bytes(one.payload.security_buffer) for one in server.of(SMB2_COM_SESSION_SETUP)]
            traces += traces_of(caught.value)
            connection.close()
        traces += repr(connection).encode() + str(vars(connection)['_dialects']).encode()
    traces += caplog.text.encode()
    for form in forms(PASSWORD):
        assert form not in traces
    # The NT response begins somewhere in the middle of the second message.
    assert not [answer for answer in answers if len(answer) > 200 and answer[-100:] in traces]
    assert not [answer for answer in answers if len(answer) > 200 and answer[-100:].hex().encode() in traces]
