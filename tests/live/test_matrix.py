"""The main job over every dialect, both transports and each kind of protection, through a relay that looks on."""

from __future__ import annotations

import pytest

from smb.smb2_constants import SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP, SMB2_FLAGS_SIGNED
from smb.smb_structs import OperationFailure, ProtocolError, UnsupportedFeature
from tests.live.folder import Folder
from tests.live.main_job import main_job
from tests.live.network import TO_SERVER, Relay
from tests.live.refusals import check_refused

DIALECTS = {0x0202: 'SMB2_02', 0x0210: 'SMB2_10', 0x0300: 'SMB3_00', 0x0302: 'SMB3_02', 0x0311: 'SMB3_11'}
CIPHERS = {0x0300: 'AES-128-CCM', 0x0302: 'AES-128-CCM', 0x0311: 'AES-128-GCM'}
SIGNING_ALGORITHMS = {
    0x0202: 'HMAC-SHA256',
    0x0210: 'HMAC-SHA256',
    0x0300: 'AES-128-CMAC',
    0x0302: 'AES-128-CMAC',
    0x0311: 'AES-128-GMAC',
}
PLAIN, SEALED = b'\xfeSMB', b'\xfdSMB'
SIGN_NEVER, SIGN_WHEN_SUPPORTED, SIGN_WHEN_REQUIRED = 0, 1, 2
SHARES = {'sealed': {'smb encrypt': 'required'}}

every_dialect = pytest.mark.parametrize('dialect', DIALECTS, ids='{:04x}'.format)
both_transports = pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])


@pytest.fixture
def server_of(server):
    """``server_of(dialect, **options)``: a server that speaks nothing newer."""

    def server_of(dialect, **options):
        return server(max_protocol=DIALECTS[dialect], shares=SHARES, **options)

    return server_of


def session_messages(relay):
    """The messages of the relay that belong to the established session: behind NEGOTIATE and SESSION_SETUP."""
    signing_on = (SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP)
    return [
        (direction, head)
        for direction, head in relay.heads
        if head[:4] == SEALED or (head[:4] == PLAIN and int.from_bytes(head[12:14], 'little') not in signing_on)
    ]


def is_signed(head):
    return bool(int.from_bytes(head[16:20], 'little') & SMB2_FLAGS_SIGNED)


def is_interim(head):
    return head[8:12] == b'\x03\x01\0\0'


@every_dialect
@both_transports
class TestMatrix:
    def check(self, connection, dialect):
        assert connection.dialect == dialect
        assert connection.isUsingSMB2
        assert connection.cipher == CIPHERS.get(dialect)
        assert connection.signing_algorithm == SIGNING_ALGORITHMS[dialect]
        assert not connection.is_guest
        assert connection.auth_error is None

    @pytest.mark.parametrize('sign_options', [SIGN_NEVER, SIGN_WHEN_REQUIRED], ids=['never', 'when required'])
    def test_plain(self, server_of, connect, dialect, is_direct_tcp, sign_options):
        folder = Folder(server_of(dialect))
        with Relay(folder.server) as relay:
            connection = connect(folder.server, via=relay, is_direct_tcp=is_direct_tcp, sign_options=sign_options)
            self.check(connection, dialect)
            assert not connection.is_signing_active and not connection.is_encrypted
            main_job(connection, folder)
        assert all(head[:4] == PLAIN for _, head in session_messages(relay))
        # What is signed nevertheless, [MS-SMB2] 3.2.4.1.1 and 3.2.5.5: TREE_CONNECT at 3.1.1, else the question what
        # was negotiated.
        signed = [head for direction, head in session_messages(relay) if direction == TO_SERVER and is_signed(head)]
        commands = {int.from_bytes(head[12:14], 'little') for head in signed}
        assert commands == ({3} if dialect == 0x0311 else {11})

    @pytest.mark.parametrize(
        ('options', 'arguments'),
        [
            ({'server_signing': 'mandatory'}, {}),
            ({'server_signing': 'mandatory'}, {'sign_options': SIGN_WHEN_SUPPORTED}),
            ({}, {'sign_options': SIGN_WHEN_SUPPORTED}),
            ({}, {'require_signing': True}),
        ],
        ids=['mandatory', 'mandatory, when supported', 'when supported', 'required by us'],
    )
    def test_signed(self, server_of, connect, dialect, is_direct_tcp, options, arguments):
        folder = Folder(server_of(dialect, **options))
        with Relay(folder.server) as relay:
            connection = connect(folder.server, via=relay, is_direct_tcp=is_direct_tcp, **arguments)
            self.check(connection, dialect)
            assert connection.is_signing_active and not connection.is_encrypted
            main_job(connection, folder)
        messages = session_messages(relay)
        assert len(messages) > 30
        assert all(is_signed(head) or is_interim(head) for _, head in messages)

    @pytest.mark.parametrize(
        ('options', 'arguments'),
        [
            ({'server_smb_encrypt': 'required'}, {}),
            ({'server_smb_encrypt': 'required'}, {'require_encryption': True, 'sign_options': SIGN_NEVER}),
            ({}, {'require_encryption': True, 'require_signing': True}),
        ],
        ids=['required by the server', 'required by both', 'required by us'],
    )
    def test_encrypted_session(self, server_of, connect, new, dialect, is_direct_tcp, options, arguments):
        server = server_of(dialect, **options)
        if dialect < 0x0300:
            error = UnsupportedFeature if arguments else ProtocolError
            connection = new(server, is_direct_tcp=is_direct_tcp, **arguments)
            with pytest.raises(error, match=r'(?i)encrypt'):
                connection.connect(server.host, server.port)
            assert connection.sock is None
            return
        folder = Folder(server)
        with Relay(server) as relay:
            connection = connect(server, via=relay, is_direct_tcp=is_direct_tcp, **arguments)
            self.check(connection, dialect)
            assert connection.is_encrypted and not connection.is_signing_active
            main_job(connection, folder)
        messages = session_messages(relay)
        assert len(messages) > 30
        assert all(head[:4] == SEALED for _, head in messages)

    @pytest.mark.parametrize('sign_options', [SIGN_NEVER, SIGN_WHEN_SUPPORTED], ids=['never', 'when supported'])
    def test_encrypted_share(self, server_of, connect, dialect, is_direct_tcp, sign_options):
        folder = Folder(server_of(dialect), 'sealed')
        with Relay(folder.server) as relay:
            connection = connect(folder.server, via=relay, is_direct_tcp=is_direct_tcp, sign_options=sign_options)
            assert not connection.is_encrypted
            if dialect < 0x0300:
                check_refused(
                    connection, 'listPath', 'sealed', folder.path(),
                    reason='Unable to connect to shared device', status='STATUS_ACCESS_DENIED',
                )  # fmt: skip
                assert connection.listPath('smbtest', '/')
                return
            main_job(connection, folder)
            self.check(connection, dialect)
            assert connection.is_signing_active == (sign_options == SIGN_WHEN_SUPPORTED)
        sealed = [head for _, head in session_messages(relay) if head[:4] == SEALED]
        assert len(sealed) > 20

    def test_server_that_demands_signing_refuses_who_never_signs(self, server_of, connect, dialect, is_direct_tcp):
        server = server_of(dialect, server_signing='mandatory')
        connection = connect(server, is_direct_tcp=is_direct_tcp, sign_options=SIGN_NEVER)
        assert not connection.is_signing_active
        with pytest.raises(OperationFailure, match='STATUS_ACCESS_DENIED'):
            connection.listPath('smbtest', '/')
