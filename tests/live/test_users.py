"""Who is let in, who is not, and what connect() says of it."""

from __future__ import annotations

import io
import subprocess

import pytest

from smb import smb_structs
from smb.base import NotReadyError
from smb.smb_structs import ProtocolError
from smb.SMBConnection import SMBConnection
from smb.testing import find_program
from tests.live.folder import Folder
from tests.live.refusals import SMB1, check_refused

CALLS = {
    'listShares': (),
    'listPath': ('smbtest', '/'),
    'getAttributes': ('smbtest', '/'),
    'retrieveFile': ('smbtest', '/f', io.BytesIO()),
    'retrieveFileFromOffset': ('smbtest', '/f', io.BytesIO()),
    'storeFile': ('smbtest', '/f', io.BytesIO()),
    'storeFileFromOffset': ('smbtest', '/f', io.BytesIO()),
    'deleteFiles': ('smbtest', '/f'),
    'createDirectory': ('smbtest', '/d'),
    'deleteDirectory': ('smbtest', '/d'),
    'rename': ('smbtest', '/f', '/g'),
}
STRICT = [{}, {'require_signing': True}, {'require_encryption': True}, {'sign_options': 1}, {'is_direct_tcp': False}]
GUESTS = {'map_to_guest': 'Bad User'}

both_transports = pytest.mark.parametrize('is_direct_tcp', [False, True], ids=['netbios', 'direct'])


def check_false(connection, server, status):
    """connect() gives False for this reason, and leaves what the contract says."""
    assert connection.connect(server.host, server.port) is False
    assert connection.auth_result is False
    assert connection.auth_error.startswith(status + ', 0xC0')
    assert connection.sock is not None
    assert not connection.has_authenticated and not connection.is_guest
    for method, arguments in CALLS.items():
        with pytest.raises(NotReadyError):
            getattr(connection, method)(*arguments)
    assert connection.echo(b'no login needed') == b'no login needed'


class TestRefused:
    @both_transports
    @pytest.mark.parametrize('dialect', [0x0202, 0x0300, 0x0311], ids='{:04x}'.format)
    def test_a_wrong_password(self, server, new, is_direct_tcp, dialect):
        private = server()
        connection = new(private, password='wrong', is_direct_tcp=is_direct_tcp, max_dialect=dialect)
        check_false(connection, private, 'STATUS_LOGON_FAILURE')
        connection.close()
        assert connection.sock is None

    @pytest.mark.parametrize('arguments', STRICT, ids=str)
    @pytest.mark.parametrize(
        'options', [{}, {'server_smb_encrypt': 'required'}, {'server_signing': 'mandatory'}], ids=str
    )
    def test_a_wrong_password_whatever_is_required(self, server, new, options, arguments):
        private = server(**options)
        check_false(new(private, password='wrong', **arguments), private, 'STATUS_LOGON_FAILURE')

    @pytest.mark.parametrize('password', ['', 'p@ssw0rd', 'p@ssW0rd ', 'pässword', 'x' * 256])
    def test_other_wrong_passwords(self, server, new, password):
        private = server()
        check_false(new(private, password=password), private, 'STATUS_LOGON_FAILURE')

    @pytest.mark.parametrize('use_ntlm_v2', [True, False])
    @pytest.mark.parametrize('user', ['nosuchuser', 'naïve', '\U0001f600', 'u' * 300])
    def test_an_unknown_user(self, server, new, user, use_ntlm_v2):
        private = server()
        check_false(new(private, username=user, use_ntlm_v2=use_ntlm_v2), private, 'STATUS_LOGON_FAILURE')

    def test_a_disabled_account(self, server, new):
        private = server(name='DISABLED')
        pdbedit = [find_program('pdbedit'), '-s', str(private.configuration), '-u', private.user]
        subprocess.run([*pdbedit, '-r', '-c', '[D]'], check=True, capture_output=True)
        check_false(new(private), private, 'STATUS_ACCOUNT_DISABLED')

    def test_ntlm_v1_where_the_server_takes_only_v2(self, server, new, connect):
        private = server(ntlm_auth='ntlmv2-only')
        check_false(new(private, use_ntlm_v2=False), private, 'STATUS_LOGON_FAILURE')
        connect(private)

    def test_a_second_connect_with_the_right_password_works(self, server, new):
        private = server()
        passwords = iter(['wrong', private.password])
        connection = new(private, password=lambda: next(passwords))
        assert connection.connect(private.host, private.port) is False
        refused = connection.sock
        assert connection.connect(private.host, private.port) is True
        assert refused.fileno() == -1
        assert connection.auth_error is None and connection.auth_result is True
        assert connection.listPath('smbtest', '/')


class TestLetIn:
    @both_transports
    @pytest.mark.parametrize(
        'user', ['{}', 'WORKGROUP\\{}', 'TESTSERVER\\{}', 'NOSUCHDOMAIN\\{}', '\\{}', '.\\{}'], ids=str
    )
    @pytest.mark.parametrize('domain', ['', 'WORKGROUP', 'elsewhere'])
    def test_every_form_of_the_name(self, server, connect, is_direct_tcp, user, domain):
        private = server()
        connection = connect(private, username=user.format(private.user), domain=domain, is_direct_tcp=is_direct_tcp)
        assert connection.listPath('smbtest', '/')
        assert connection.auth_result is True and connection.has_authenticated and not connection.is_guest

    def test_the_name_in_another_case(self, server, connect):
        private = server()
        assert connect(private, username=private.user.upper()).listPath('smbtest', '/')

    @pytest.mark.parametrize('password', ['pässwörd', '密码', '\U0001f600' * 3, ' spaces ', 'x' * 127, '%"\\\''])
    @pytest.mark.parametrize('use_ntlm_v2', [True, False])
    def test_every_kind_of_password(self, server, connect, password, use_ntlm_v2):
        private = server(password=password)
        assert connect(private, use_ntlm_v2=use_ntlm_v2).listPath('smbtest', '/')

    def test_who_switches_extended_security_off_signs_on_over_smb1_as_with_pysmb(self, server, connect, monkeypatch):
        for switch in ('SUPPORT_SMB2', 'SUPPORT_EXTENDED_SECURITY'):
            monkeypatch.setattr(smb_structs, switch, False)
        connection = connect(server())  # which takes no NTLMv2 without extended security
        assert connection.dialect == SMB1
        assert connection.listPath('smbtest', '/') and not connection.is_guest

    def test_ntlm_v2_without_extended_security(self, server):
        class OldConnection(SMBConnection):
            def _offer(self):
                offer = super()._offer()
                offer.smb2 = offer.extended_security = False
                return offer

        private = server(ntlm_auth='ntlmv2-only', raw_NTLMv2_auth='yes')
        with OldConnection(private.user, private.password, 'me', private.name, is_direct_tcp=True) as connection:
            assert connection.connect(private.host, private.port) is True
            assert connection.dialect == SMB1
            assert connection.listPath('smbtest', '/') and not connection.is_guest

    def test_a_password_that_is_asked_for_once(self, server, connect):
        private, calls = server(), []

        def password():
            calls.append(1)
            return private.password

        connection = connect(private, password=password)
        assert len(calls) == 1
        assert connection.listPath('smbtest', '/')
        assert len(calls) == 1

    def test_an_exception_of_the_password_callable_comes_out_and_leaves_the_connection_closed(self, server, new):
        private = server()
        connection = new(private, password=lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            connection.connect(private.host, private.port)
        assert connection.sock is None

    @pytest.mark.parametrize(
        'name',
        ['SOMEOTHERNAME', '*SMBSERVER', 'averyveryverylongservername', '127.0.0.1', 'naïve', 'a.example.com', 'x'],
    )
    @both_transports
    def test_a_server_by_any_name(self, server, connect, name, is_direct_tcp):
        private = server()
        connection = connect(private, remote_name=name, is_direct_tcp=is_direct_tcp)
        assert connection.remote_name == name.upper()
        assert connection.listPath('smbtest', '/')
        assert connection.listShares()

    @pytest.mark.parametrize('name', ['', 'a name of more than fifteen characters', 'größe', 'lower'])
    @both_transports
    def test_a_client_of_any_name(self, server, connect, name, is_direct_tcp):
        assert connect(server(), my_name=name, is_direct_tcp=is_direct_tcp).listPath('smbtest', '/')


class TestGuest:
    @both_transports
    @pytest.mark.parametrize('dialect', [0x0202, 0x0210, 0x0300, 0x0302, 0x0311], ids='{:04x}'.format)
    @pytest.mark.parametrize('sign_options', [0, 1, 2])
    def test_an_unknown_user_is_a_guest_where_the_server_says_so(
        self, server, connect, is_direct_tcp, dialect, sign_options
    ):
        folder = Folder(server(**GUESTS), 'public')
        connection = connect(
            folder.server, username='nosuchuser', password='x', is_direct_tcp=is_direct_tcp, max_dialect=dialect,
            sign_options=sign_options,
        )  # fmt: skip
        assert connection.is_guest
        assert connection.dialect == dialect
        assert not connection.is_signing_active and not connection.is_encrypted
        assert connection.auth_error is None
        assert connection.storeFile('public', folder.path('file'), io.BytesIO(b'guest')) == 5
        assert folder.read('file') == b'guest'
        assert len(connection.listPath('public', folder.path())) == 3
        assert {'public', 'IPC$'} <= {share.name for share in connection.listShares()}

    def test_a_guest_may_not_use_every_share(self, server, connect):
        connection = connect(server(**GUESTS), username='nosuchuser', password='x')
        check_refused(
            connection, 'listPath', 'smbtest', '/',
            reason='Unable to connect to shared device', status='STATUS_ACCESS_DENIED',
        )  # fmt: skip
        assert connection.listPath('public', '/')

    @pytest.mark.parametrize('requirement', ['require_signing', 'require_encryption'])
    @pytest.mark.parametrize('user', [('nosuchuser', 'x'), ('', '')])
    @pytest.mark.parametrize('dialect', [0x0300, 0x0311], ids='{:04x}'.format)
    def test_who_requires_protection_is_no_guest(self, server, new, requirement, user, dialect):
        private = server(**GUESTS)
        connection = new(private, username=user[0], password=user[1], max_dialect=dialect, **{requirement: True})
        with pytest.raises(ProtocolError, match=r'guest|anonymous'):
            connection.connect(private.host, private.port)
        assert connection.sock is None

    def test_a_user_with_an_account_is_no_guest(self, server, connect):
        connection = connect(server(**GUESTS))
        assert not connection.is_guest
        assert connection.listPath('smbtest', '/')

    def test_a_wrong_password_makes_no_guest(self, server, new):
        private = server(**GUESTS)
        check_false(new(private, password='wrong'), private, 'STATUS_LOGON_FAILURE')


@both_transports
@pytest.mark.parametrize('dialect', [0x0202, 0x0300, 0x0311], ids='{:04x}'.format)
class TestAnonymous:
    def test_is_guest_and_sees_the_shares(self, server, connect, is_direct_tcp, dialect):
        private = server(**GUESTS)
        connection = connect(private, username='', password='', is_direct_tcp=is_direct_tcp, max_dialect=dialect)
        assert connection.is_guest
        assert not connection.is_signing_active
        assert 'public' in {share.name for share in connection.listShares()}

    def test_does_not_reach_a_share_that_is_not_for_guests(self, server, new, is_direct_tcp, dialect):
        private = server()
        connection = new(private, username='', password='', is_direct_tcp=is_direct_tcp, max_dialect=dialect)
        assert connection.connect(private.host, private.port) is True
        assert connection.is_guest
        check_refused(
            connection, 'listPath', 'smbtest', '/',
            reason='Unable to connect to shared device', status='STATUS_ACCESS_DENIED',
        )  # fmt: skip
