"""When SMB1 is tried, and when it is not: on a new connection, after SMB2 has found nobody to talk to."""

from __future__ import annotations

import pytest

from smb import ntstatus, smb_structs
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, UnsupportedFeature
from smb.messages.smb1.header import SMBHeader
from smb.smb2_constants import SMB2_COM_NEGOTIATE
from smb.smb_constants import SMB_COM_NEGOTIATE, SMB_FLAGS_REPLY
from tests.session import scripted
from tests.session.scripted_base import check_refused
from tests.session.scripted_smb1 import (
    ScriptedSMB1Server,
    SMB1Transport,
    client,
    connected,
    hang_up,
    is_usable,
    reset,
    silence,
    smb2_error,
)


def garbage():
    return b'HTTP/1.1 400 Bad Request\r\n\r\n'


def smb1_error():
    return SMBHeader(command=0xFE, status=ntstatus.STATUS_INVALID_SMB, flags=SMB_FLAGS_REPLY).pack() + bytes(3)


NOBODY = pytest.mark.parametrize('smb2_answer', [hang_up, reset, silence, garbage, smb1_error])


@NOBODY
@pytest.mark.parametrize('extended_security', [True, False])
@pytest.mark.parametrize('is_direct_tcp', [True, False])
def test_smb1_is_tried_on_a_new_connection_where_nobody_speaks_smb2(smb2_answer, extended_security, is_direct_tcp):
    server = ScriptedSMB1Server(smb2_answer=smb2_answer, extended_security=extended_security)
    with connected(server, is_direct_tcp=is_direct_tcp) as connection:
        assert (server.connections, len(server.smb2_offers)) == (2, 1)
        assert (connection.dialect, connection.is_using_smb2) == (0x0100, False)
        assert is_usable(connection)


@NOBODY
def test_connection_that_smb2_was_offered_on_is_closed(smb2_answer):
    class Remembering(SMB1Transport):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            transports.append(self)

        def connect(self, *arguments):
            assert all(transport.sock is None for transport in transports)
            super().connect(*arguments)

    transports = []
    server = ScriptedSMB1Server(smb2_answer=smb2_answer)
    with client(server) as connection, pytest.MonkeyPatch.context() as patches:
        patches.setattr('smb.base.Transport', lambda direct: Remembering(server, direct))
        assert connection.connect('server') is True
    assert all(transport.sock is None for transport in transports)


def test_smb1_is_signed_where_that_is_required():
    server = ScriptedSMB1Server()
    with connected(server, require_signing=True) as connection:
        assert connection.is_signing_active
    server = ScriptedSMB1Server(signing='disabled')
    check_refused(server, 'does not sign over SMB1', UnsupportedFeature, require_signing=True)


# How long SMB2 is waited for


@pytest.mark.parametrize(('timeout', 'patience'), [(60, 15), (600, 15), (4, 1), (None, 15)])
def test_silent_server_leaves_time_for_smb1(timeout, patience):
    limits = []

    class Timed(SMB1Transport):
        def receive(self, deadline, soon=False):
            limits.append((len(self.server.smb2_offers) == self.server.connections, deadline.seconds))
            return super().receive(deadline)

    server = ScriptedSMB1Server(smb2_answer=silence)
    with client(server) as connection, pytest.MonkeyPatch.context() as patches:
        patches.setattr('smb.base.Transport', lambda direct: Timed(server, direct))
        assert connection.connect('server', timeout=timeout) is True
    assert limits[0] == (True, patience)
    assert not any(is_smb2 for is_smb2, _ in limits[1:])
    if timeout is not None:
        assert all(patience < seconds <= timeout for _, seconds in limits[1:])


@pytest.mark.parametrize('arguments', [{'require_encryption': True}, {'min_dialect': 0x0202}])
def test_silent_server_has_all_the_time_where_smb1_is_no_choice(arguments):
    limits = []

    class Timed(SMB1Transport):
        def receive(self, deadline, soon=False):
            limits.append(deadline.seconds)
            return super().receive(deadline)

    server = ScriptedSMB1Server(smb2_answer=silence)
    with client(server, **arguments) as connection, pytest.MonkeyPatch.context() as patches:
        patches.setattr('smb.base.Transport', lambda direct: Timed(server, direct))
        with pytest.raises(SMBTimeout):
            connection.connect('server', timeout=60)
    assert limits == [60]


# Where it is not tried


@pytest.mark.parametrize(
    'answer',
    [
        smb2_error(ntstatus.STATUS_NOT_SUPPORTED),
        smb2_error(ntstatus.STATUS_ACCESS_DENIED),
        smb2_error(ntstatus.STATUS_INVALID_PARAMETER),
    ],
)
def test_server_that_refuses_in_smb2_is_not_asked_for_smb1(answer):
    server = ScriptedSMB1Server(smb2_answer=answer)
    check_refused(server, 'No common dialect: we offered 0x0202')
    assert (server.connections, server.requests) == (1, [])


@pytest.mark.parametrize('frame', [b'\xfeSMB', b'\xfeSMB' + bytes(60), b'\xfeSMB\x40' + bytes(100)])
def test_server_whose_smb2_is_damaged_is_not_asked_for_smb1(frame):
    server = ScriptedSMB1Server(smb2_answer=lambda: frame)
    with client(server) as connection:
        with pytest.raises(ProtocolError):
            connection.connect('server')
        assert connection.sock is None
    assert (server.connections, server.requests) == (1, [])


def test_server_that_chooses_what_was_not_offered_is_not_asked_for_smb1():
    server = scripted.ScriptedServer()
    server.bend(SMB2_COM_NEGOTIATE, lambda answer: setattr(answer.payload, 'dialect_revision', 0x02FF))
    connects = []
    with scripted.client(server) as connection, pytest.MonkeyPatch.context() as patches:
        patches.setattr(scripted.ScriptedTransport, 'connect', lambda *_: connects.append(1) or _connect(*_))
        with pytest.raises(ProtocolError, match='chose dialect 0x02FF'):
            connection.connect('server')
    assert len(connects) == 1


def _connect(transport, *arguments):
    transport.sock = transport


@NOBODY
@pytest.mark.parametrize(
    ('arguments', 'why'),
    [
        ({'require_encryption': True}, 'it has no encryption, which is required'),
        ({'min_dialect': 0x0202}, 'it is older than min_dialect'),
        ({'min_dialect': 0x0311}, 'it is older than min_dialect'),
    ],
)
def test_smb1_is_not_tried_where_the_caller_rules_it_out(smb2_answer, arguments, why):
    server = ScriptedSMB1Server(smb2_answer=smb2_answer)
    with client(server, **arguments) as connection:
        with pytest.raises((NotConnectedError, SMBTimeout, ProtocolError)) as caught:
            connection.connect('server')
        assert connection.sock is None
    assert str(caught.value).splitlines()[0].endswith(f'(SMB1 was not tried, since {why})')
    assert (server.connections, server.requests) == (1, [])


@pytest.mark.parametrize(
    ('smb2_answer', 'kind'),
    [(hang_up, NotConnectedError), (reset, NotConnectedError), (silence, SMBTimeout), (garbage, ProtocolError)],
)
def test_switch_of_smb1_is_read_when_connecting(smb2_answer, kind, monkeypatch):
    server = ScriptedSMB1Server(smb2_answer=smb2_answer)
    with client(server) as connection:
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', False)
        with pytest.raises(kind, match=r'SMB1 was not tried, since smb_structs\.SUPPORT_SMB1 is False'):
            connection.connect('server')
        assert connection.sock is None
        assert (server.connections, server.requests) == (1, [])
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', True)
        assert connection.connect('server') is True


def test_switch_of_smb2_is_read_when_connecting(monkeypatch):
    server = ScriptedSMB1Server()
    with client(server) as connection:
        monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
        assert connection.connect('server') is True
        assert (server.connections, server.smb2_offers) == (1, [])
        assert is_usable(connection)


def test_switches_that_leave_nothing_make_no_connection(monkeypatch):
    monkeypatch.setattr(smb_structs, 'SUPPORT_SMB2', False)
    server = ScriptedSMB1Server()
    for arguments, why in (
        ({'require_encryption': True}, 'it has no encryption'),
        ({'min_dialect': 0x0202}, 'it is older than min_dialect'),
    ):
        with client(server, **arguments) as connection, pytest.raises(ProtocolError, match=why):
            connection.connect('server')
    monkeypatch.setattr(smb_structs, 'SUPPORT_SMB1', False)
    with client(server) as connection:
        with pytest.raises(
            ProtocolError, match=r'No common dialect: SMB2 is switched off, and smb_structs\.SUPPORT_SMB1'
        ):
            connection.connect('server')
        assert connection.sock is None
    assert server.connections == 0


# Where SMB1 fails as well


@pytest.mark.parametrize(
    ('options', 'kind', 'text'),
    [
        ({'dialect_index': 0xFFFF}, ProtocolError, 'No common dialect: we offered NT LM 0.12, the server has none'),
        ({'max_buffer_size': 9}, ProtocolError, 'announced a longest message of 9 bytes'),
    ],
)
@NOBODY
def test_both_failures_are_told(smb2_answer, options, kind, text):
    server = ScriptedSMB1Server(smb2_answer=smb2_answer, **options)
    with client(server) as connection:
        with pytest.raises(kind, match=text) as caught:
            connection.connect('server')
        assert connection.sock is None
    assert 'before that we offered 0x0202, 0x0210, 0x0300, 0x0302, 0x0311: ' in str(caught.value).splitlines()[0]
    assert (server.connections, server.commands()) == (2, ['NEGOTIATE'])


@pytest.mark.parametrize('smb2_answer', [hang_up, silence])
def test_server_that_hangs_up_or_is_silent_on_both_is_told_as_such(smb2_answer):
    server = ScriptedSMB1Server(smb2_answer=smb2_answer)
    server.bend(SMB_COM_NEGOTIATE, lambda answer: [])
    check_refused(server, r'No answer within .* \(before that we offered', SMBTimeout)

    def gone(answer):
        server.transport.queue.append(hang_up())
        return []

    server = ScriptedSMB1Server(smb2_answer=smb2_answer)
    server.bend(SMB_COM_NEGOTIATE, gone)
    check_refused(server, r'hung up on an offer of NT LM 0\.12.* \(before that we offered', NotConnectedError)


def test_refused_second_connection_is_the_error_that_it_is():
    class Once(SMB1Transport):
        def connect(self, *arguments):
            if self.server.connections:
                raise ConnectionRefusedError(111, 'Connection refused')
            super().connect(*arguments)

    server = ScriptedSMB1Server()
    with client(server) as connection, pytest.MonkeyPatch.context() as patches:
        patches.setattr('smb.base.Transport', lambda direct: Once(server, direct))
        with pytest.raises(ConnectionRefusedError):
            connection.connect('server')
        assert connection.sock is None


# A second connect()


def test_second_connect_begins_with_smb2_again():
    server = ScriptedSMB1Server(signing='mandatory')
    with connected(server) as connection:
        assert connection.connect('server') is True
        assert (server.connections, len(server.smb2_offers)) == (4, 2)
        assert is_usable(connection)


def test_server_that_learns_smb2_is_talked_to_in_it_at_the_next_connect():
    old, new = ScriptedSMB1Server(), scripted.ScriptedServer()
    with connected(old) as connection, pytest.MonkeyPatch.context() as patches:
        assert connection.max_buffer_size == 16644
        patches.setattr('smb.base.Transport', lambda direct: scripted.ScriptedTransport(new, direct))
        assert connection.connect('server') is True
        assert (connection.dialect, connection.is_using_smb2) == (0x0311, True)
        assert (connection.max_buffer_size, connection.max_raw_size) == (0, 0)
        assert is_usable(connection)
