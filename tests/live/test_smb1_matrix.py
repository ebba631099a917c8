"""The main job over SMB1: both transports, each kind of signing and sign-on, through a relay that looks on.

The server speaks nothing newer, so that each connection is found by falling back from SMB2. Samba never signs where the
sign-on was without extended security, whatever its configuration says.
"""

from __future__ import annotations

import io
import os
import struct
from datetime import datetime, timedelta

import pytest

from smb import smb_structs
from smb.base import NotConnectedError, SMBTimeout
from smb.session import smb1_sign_on
from smb.smb_constants import (
    SMB_COM_NEGOTIATE,
    SMB_COM_NT_TRANSACT,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_COM_TRANSACTION,
    SMB_COM_TRANSACTION2,
    SMB_FLAGS2_EXTENDED_SECURITY,
    SMB_FLAGS2_SMB_SECURITY_SIGNATURE,
)
from smb.smb_structs import ProtocolError, UnsupportedFeature
from tests.live.folder import Folder, names, noise
from tests.live.main_job import main_job
from tests.live.network import TO_CLIENT, TO_SERVER, Relay

OPTIONS = {'max_protocol': 'NT1', 'server_min_protocol': 'NT1', 'raw_NTLMv2_auth': 'yes'}
COMMENT = 'This comment makes the list of shares long. ' * 8
SHARES = {
    'stored': {'vfs objects': 'acl_xattr', 'acl_xattr:security_acl_name': 'user.NTACL', 'comment': COMMENT},
    'shadows': {'vfs objects': 'shadow_copy2', 'shadow:mountpoint': '{root}', 'comment': COMMENT},
}
SIGNING = {'plain': {}, 'enabled': {'server_signing': 'auto'}, 'mandatory': {'server_signing': 'mandatory'}}
SIGN_NEVER, SIGN_WHEN_SUPPORTED, SIGN_WHEN_REQUIRED = 0, 1, 2
OFFER_OF_SMB2, SMB1 = b'\xfeSMB', b'\xffSMB'
SIGNING_ON = (SMB_COM_NEGOTIATE, SMB_COM_SESSION_SETUP_ANDX)
SIGNATURE = slice(14, 22)
SHORT_MESSAGE = 1500  # bytes
FIRST_OF_MANY = datetime(2001, 2, 3, 4, 5, 6)

both_transports = pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])
each_signing = pytest.mark.parametrize('signing', SIGNING)
both_sign_ons = pytest.mark.parametrize('extended_security', [True, False], ids=['extended', 'bare'])


@pytest.fixture
def server_of(server):
    """``server_of(signing)``: a server with SMB1 alone."""

    def server_of(signing):
        return server(**OPTIONS, **SIGNING[signing], shares=SHARES)

    return server_of


@pytest.fixture(autouse=True)
def sign_on(request, monkeypatch):
    """What the parameter ``extended_security`` of a test says, where it has one."""
    if 'extended_security' in request.fixturenames:
        extended_security = request.getfixturevalue('extended_security')
        monkeypatch.setattr(smb_structs, 'SUPPORT_EXTENDED_SECURITY', extended_security)


def messages(relay):
    """The SMB1 messages that went through, with their direction."""
    return [(direction, head) for direction, head in relay.heads if head[:4] == SMB1]


def of_session(relay):
    """Those of the established session: behind NEGOTIATE and SESSION_SETUP."""
    return [(direction, head) for direction, head in messages(relay) if head[4] not in SIGNING_ON]


def has_flag(head, flag):
    return bool(int.from_bytes(head[10:12], 'little') & flag)


def is_signed(head):
    return has_flag(head, SMB_FLAGS2_SMB_SECURITY_SIGNATURE) and any(head[SIGNATURE])


def is_unsigned(head):
    return not has_flag(head, SMB_FLAGS2_SMB_SECURITY_SIGNATURE) and not any(head[SIGNATURE])


def in_parts(relay, command):
    """How many answers of a command came in several messages."""
    seen, found = set(), set()
    for direction, head in messages(relay):
        if direction == TO_CLIENT and head[4] == command:
            mid = head[30:32]
            (found if mid in seen else seen).add(mid)
    return len(found)


def spoil(message):
    """One bit of the signature, another one."""
    return message[:14] + bytes([message[14] ^ 0x10]) + message[15:]


@both_transports
@each_signing
@both_sign_ons
@pytest.mark.parametrize('use_ntlm_v2', [False, True], ids=['NTLMv1', 'NTLMv2'])
def test_main_job(server_of, connect, new, is_direct_tcp, signing, extended_security, use_ntlm_v2):
    folder = Folder(server_of(signing))
    signs = extended_security and signing != 'plain'
    arguments = {'is_direct_tcp': is_direct_tcp, 'use_ntlm_v2': use_ntlm_v2, 'sign_options': SIGN_WHEN_SUPPORTED}
    if signing == 'mandatory' and not extended_security:
        connection = new(folder.server, **arguments)
        with pytest.raises(ProtocolError, match='not signed'):
            connection.connect(folder.server.host, folder.server.port)
        assert connection.sock is None
        arguments['sign_options'] = SIGN_NEVER
    with Relay(folder.server) as relay:
        connection = connect(folder.server, via=relay, **arguments)
        assert (connection.dialect, connection.isUsingSMB2) == (0x0100, False)
        assert (connection.cipher, connection.signing_algorithm) == (None, 'MD5')
        assert (connection.is_signing_active, connection.is_encrypted) == (signs, False)
        assert not connection.is_guest and connection.auth_error is None
        assert (connection.max_buffer_size, connection.max_raw_size) == (16644, 65536)
        assert connection.max_read_size == connection.max_write_size == connection.max_transact_size == 0
        main_job(connection, folder)
    # Only the offer was not SMB1, and had no answer.
    assert [head[:4] for _, head in relay.heads].count(OFFER_OF_SMB2) == 1
    assert len(messages(relay)) == len(relay.heads) - (1 if is_direct_tcp else 5)
    assert {has_flag(head, SMB_FLAGS2_EXTENDED_SECURITY) for _, head in messages(relay)} == {extended_security}
    found = of_session(relay)
    assert {direction for direction, _ in found} == {TO_SERVER, TO_CLIENT}
    assert len(found) > 100
    if signs:
        assert all(is_signed(head) for _, head in found)
        signatures = [head[SIGNATURE] for _, head in found]
        assert len(set(signatures)) == len(signatures)
    else:
        assert all(is_unsigned(head) for direction, head in found if direction == TO_SERVER)
        assert not any(is_signed(head) for _, head in found)


@both_sign_ons
@pytest.mark.parametrize(
    ('signing', 'arguments', 'signs'),
    [
        ('plain', {'sign_options': SIGN_NEVER}, False),
        ('plain', {'sign_options': SIGN_WHEN_REQUIRED}, False),
        ('enabled', {'sign_options': SIGN_NEVER}, False),
        ('enabled', {'sign_options': SIGN_WHEN_REQUIRED}, False),
        ('enabled', {'require_signing': True}, True),
        ('mandatory', {'sign_options': SIGN_WHEN_REQUIRED}, True),
        ('mandatory', {'require_signing': True}, True),
    ],
    ids=str,
)
def test_who_wants_signatures_has_them_or_an_error(server_of, new, extended_security, signing, arguments, signs):
    server = server_of(signing)
    with Relay(server) as relay:
        connection = new(server, **arguments)
        if signs and not extended_security:
            with pytest.raises(ProtocolError, match='not signed'):
                connection.connect(relay.host, relay.port)
            assert connection.sock is None
            return
        assert connection.connect(relay.host, relay.port) is True
        assert connection.is_signing_active == signs
        assert connection.listPath('smbtest', '/') and connection.listShares()
    assert all(is_signed(head) if signs else not is_signed(head) for _, head in of_session(relay))


def test_a_server_that_demands_signing_hangs_up_on_who_never_signs(server_of, connect):
    connection = connect(server_of('mandatory'), sign_options=SIGN_NEVER)
    assert not connection.is_signing_active
    with pytest.raises(NotConnectedError):
        connection.listPath('smbtest', '/')
    assert connection.sock is None


@both_sign_ons
def test_a_server_that_does_not_sign_is_left_where_that_is_required(server_of, new, extended_security):
    server = server_of('plain')
    connection = new(server, require_signing=True)
    with pytest.raises(UnsupportedFeature, match='does not sign'):
        connection.connect(server.host, server.port)
    assert connection.sock is None


# Answers in several messages


@pytest.fixture(params=['plain', 'mandatory'])
def watched(request, server_of, connect, monkeypatch):
    """A folder, a connection that takes short messages only, and the relay between."""
    monkeypatch.setattr(smb1_sign_on, 'LONGEST_MESSAGE', SHORT_MESSAGE)
    folder = Folder(server_of(request.param))
    with Relay(folder.server) as relay:
        connection = connect(folder.server, via=relay)
        assert connection.is_signing_active == (request.param == 'mandatory')
        yield folder, connection, relay
    assert all(is_signed(head) == (request.param == 'mandatory') for _, head in of_session(relay))


def test_a_listing_in_parts(watched):
    folder, connection, relay = watched
    expected = [f'{number:03} ' + 'n' * 100 for number in range(600)]
    for name in expected:
        (folder.local / name).touch()
    for _ in range(2):
        assert names(connection.listPath(folder.share, folder.path())) == expected
    assert in_parts(relay, SMB_COM_TRANSACTION2) >= 4
    assert connection.deleteFiles(folder.share, folder.path('*9?*')) is None
    assert names(connection.listPath(folder.share, folder.path(), pattern='?9*')) == []


def test_shares_in_parts(watched):
    _, connection, relay = watched
    for _ in range(2):
        comments = {share.name: share.comments for share in connection.listShares()}
        assert comments.keys() == {'smbtest', 'public', 'readonly', 'stored', 'shadows', 'IPC$'}
        assert comments['stored'].strip() == COMMENT.strip()
    assert in_parts(relay, SMB_COM_TRANSACTION) >= 2


def test_snapshots_in_parts(watched):
    folder, connection, relay = watched
    times = [FIRST_OF_MANY + timedelta(days=number) for number in range(2000)]
    for time in times:
        name = time.strftime('@GMT-%Y.%m.%d-%H.%M.%S')
        (folder.server.share_root('shadows') / '.snapshots' / name).mkdir(parents=True, exist_ok=True)
    assert sorted(connection.listSnapshots('shadows', '/')) == times
    assert in_parts(relay, SMB_COM_NT_TRANSACT) >= 1
    assert connection.listPath('shadows', '/')


def long_descriptor(count):
    """As Samba's acl_xattr keeps it (version 1, no hash): an access list with so many entries."""

    def sid(number):
        return struct.pack('<BB6s5I', 1, 5, bytes((0, 0, 0, 0, 0, 5)), 21, 1, 2, 3, number)

    entries = b''.join(struct.pack('<BBHI', 0, 0, 36, 0x001200A9) + sid(2000 + number) for number in range(count))
    access_list = struct.pack('<BBHHH', 4, 0, 8 + len(entries), count, 0) + entries
    owner, group = sid(1000), sid(513)
    # counted from the version, which is 8 bytes before the descriptor
    offsets = (28, 28 + len(owner), 0, 28 + len(owner) + len(group))
    descriptor = struct.pack('<BBHIIII', 1, 0, 0x9004, *offsets) + owner + group + access_list
    return bytes.fromhex('0100010000000200') + descriptor


def test_a_security_descriptor_in_parts(watched):
    _, connection, relay = watched
    folder = Folder(watched[0].server, 'stored')
    path = folder.put('file')
    try:
        os.setxattr(folder.local / 'file', 'user.NTACL', long_descriptor(80))
    except (AttributeError, OSError) as error:
        pytest.skip(f'no extended attributes here: {error}')
    for _ in range(2):
        found = connection.getSecurity('stored', path)
        assert [str(ace.sid) for ace in found.dacl.aces] == [f'S-1-5-21-1-2-3-{2000 + n}' for n in range(80)]
        assert str(found.owner) == 'S-1-5-21-1-2-3-1000'
    assert in_parts(relay, SMB_COM_NT_TRANSACT) == 2


def test_files_with_short_messages(watched):
    folder, connection, _ = watched
    data = noise(200_001)
    assert connection.storeFile(folder.share, folder.path('file'), io.BytesIO(data)) == len(data)
    assert folder.read('file') == data
    target = io.BytesIO()
    assert connection.retrieveFile(folder.share, folder.path('file'), target)[1] == len(data)
    assert target.getvalue() == data


# What comes with a wrong signature


@pytest.mark.parametrize('signing', ['enabled', 'mandatory'])
@pytest.mark.parametrize(
    ('method', 'arguments', 'command'),
    [
        ('listPath', ('smbtest', '/'), SMB_COM_TRANSACTION2),
        ('listShares', (), SMB_COM_TRANSACTION),
        ('echo', (b'x',), None),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
@pytest.mark.parametrize('change', [spoil, lambda m: m[:14] + bytes(8) + m[22:]], ids=['spoilt', 'taken out'])
def test_an_answer_that_is_wrongly_signed_ends_the_connection(
    server_of, connect, signing, method, arguments, command, change
):
    server = server_of(signing)
    with Relay(server) as relay:
        connection = connect(server, via=relay, sign_options=SIGN_WHEN_SUPPORTED)
        assert getattr(connection, method)(*arguments)
        relay.change = lambda direction, message: (
            change(message) if direction == TO_CLIENT and command in (None, message[4]) else message
        )
        with pytest.raises(ProtocolError, match=r'wrong signature|not signed'):
            getattr(connection, method)(*arguments)
        assert connection.sock is None
        with pytest.raises(NotConnectedError):
            connection.listPath('smbtest', '/')


def test_one_part_that_is_wrongly_signed_ends_the_connection(server_of, connect, monkeypatch):
    monkeypatch.setattr(smb1_sign_on, 'LONGEST_MESSAGE', SHORT_MESSAGE)
    folder = Folder(server_of('mandatory'))
    for number in range(100):
        (folder.local / f'{number:03} {"n" * 100}').touch()
    with Relay(folder.server) as relay:
        connection = connect(folder.server, via=relay)
        assert len(connection.listPath(folder.share, folder.path())) == 102
        parts = []

        def change(direction, message):
            if direction == TO_CLIENT and message[4] == SMB_COM_TRANSACTION2:
                parts.append(message)
                return spoil(message) if len(parts) == 3 else message
            return message

        relay.change = change
        with pytest.raises(ProtocolError, match='wrong signature'):
            connection.listPath(folder.share, folder.path())
        assert connection.sock is None


def test_the_last_answer_of_the_sign_on_is_verified(server_of, new):
    server = server_of('mandatory')

    def change(direction, message):
        return spoil(message) if direction == TO_CLIENT and is_signed(message) else message

    with Relay(server) as relay:
        relay.change = change
        connection = new(server)
        with pytest.raises(ProtocolError, match='SMB_COM_SESSION_SETUP_ANDX has a wrong signature'):
            connection.connect(relay.host, relay.port)
        assert connection.sock is None


@each_signing
def test_a_request_that_is_given_up_leaves_the_numbers_of_the_signatures_right(server_of, connect, signing):
    folder = Folder(server_of(signing))
    path, data = folder.put('file', noise(300_000)), noise(300_000)
    with Relay(folder.server) as relay:
        connection = connect(folder.server, via=relay, sign_options=SIGN_WHEN_SUPPORTED)
        assert len(connection.listPath(folder.share, folder.path())) == 3
        for _ in range(2):
            relay.hold()
            with pytest.raises(SMBTimeout):
                connection.listPath(folder.share, folder.path(), timeout=0.1)
            with pytest.raises(SMBTimeout):
                connection.retrieveFile(folder.share, path, io.BytesIO(), timeout=0.1)
            relay.release()
            target = io.BytesIO()
            assert connection.retrieveFile(folder.share, path, target)[1] == len(data)
            assert target.getvalue() == data
            assert names(connection.listPath(folder.share, folder.path())) == ['file']
