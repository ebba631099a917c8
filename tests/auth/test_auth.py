"""Whole sign-ons against a server that checks every byte it can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import ntlm
from smb.auth import Authenticator, split_user
from smb.errors import ProtocolError, UnsupportedFeature
from tests.auth import server as far_side
from tests.auth.server import (
    ALL_FLAGS,
    EXTENDED,
    KERBEROS_OID,
    KEY_EXCH,
    NTLM,
    NTLM_OID,
    SIGN,
    STRONG,
    TARGET_INFO,
    TARGET_INFO_WITH_TIME,
    TARGET_INFO_WITHOUT_TIME,
    TIMESTAMP,
    UNICODE,
    Authenticate,
    Server,
    neg_token_init2,
    neg_token_resp,
)

# Characters whose upper case str.upper() and Windows agree on, so that the server may use str.upper()
USER = st.text(st.sampled_from('abcXYZ019 .-_äÖéñжЯ日本\U0001f511'), min_size=1, max_size=30)
TEXT = st.text(st.characters(blacklist_categories=['Cs']), max_size=40)
REQUIRED_FOR_KEYS = {'EXTENDED_SESSIONSECURITY': EXTENDED, 'SIGN': SIGN, 'KEY_EXCH': KEY_EXCH, '128': STRONG}


def authenticator(
    user: str = 'User',
    password: str | None = 'Password',
    domain: str = 'Domain',
    *,
    use_ntlm_v2: bool = True,
    needs_signing: bool = True,
) -> Authenticator:
    return Authenticator(
        user,
        password,
        domain,
        'COMPUTER',
        use_ntlm_v2=use_ntlm_v2,
        target_name='cifs/SERVER',
        needs_signing=needs_signing,
    )


def sign_on(client: Authenticator, server: Server) -> Authenticate:
    """Both sides up to the end; what the client sent is returned."""
    answer = server.second(client.step(server.first(client.step(neg_token_init2(KERBEROS_OID, NTLM_OID)))))
    client.finish(answer)
    assert client.session_key == server.session_key
    assert server.message is not None
    return server.message


class TestNTLMv2:
    def test_answer_has_the_servers_time_a_mic_and_the_target_name(self) -> None:
        message = sign_on(authenticator(), Server('User', 'Password'))
        pairs = dict(message.pairs)
        assert message.nt_response[24:32] == TIMESTAMP.to_bytes(8, 'little') == pairs[7]
        assert message.lm_response == bytes(24)
        assert message.mic
        assert pairs[9] == 'cifs/SERVER'.encode('utf-16-le')
        assert pairs[10] == bytes(16)
        assert (message.domain, message.workstation) == ('Domain', 'COMPUTER')
        assert message.flags & 0x82 == 0  # neither OEM nor LM_KEY

    def test_session_key_has_16_bytes_and_is_new_each_time(self) -> None:
        first, second = authenticator(), authenticator()
        sign_on(first, Server('User', 'Password'))
        sign_on(second, Server('User', 'Password'))
        assert len(first.session_key) == len(second.session_key) == 16
        assert first.session_key != second.session_key

    @given(USER, TEXT, TEXT)
    def test_any_user_and_password(self, user: str, password: str, domain: str) -> None:
        sign_on(authenticator(user, password, domain), Server(user, password))

    def test_without_a_timestamp_there_is_no_mic_but_an_lm_response(self) -> None:
        message = sign_on(authenticator(), Server('User', 'Password', target_info=TARGET_INFO_WITHOUT_TIME))
        assert not message.mic
        assert message.lm_response != bytes(24)
        assert dict(message.pairs)[9] == 'cifs/SERVER'.encode('utf-16-le')

    def test_without_target_information(self) -> None:
        message = sign_on(authenticator(), Server('User', 'Password', ALL_FLAGS & ~TARGET_INFO, b''))
        assert dict(message.pairs)[9] == 'cifs/SERVER'.encode('utf-16-le')

    def test_without_a_timestamp_the_current_time_is_sent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr('time.time', lambda: 1_700_000_000.0)
        message = sign_on(authenticator(), Server('User', 'Password', target_info=TARGET_INFO_WITHOUT_TIME))
        assert int.from_bytes(message.nt_response[24:32], 'little') == 133_444_736_000_000_000

    def test_none_is_an_empty_password(self) -> None:
        sign_on(authenticator(password=None), Server('User', ''))

    def test_a_wrong_password_is_noticed_by_the_server(self) -> None:
        client, server = authenticator(password='other'), Server('User', 'Password')
        answer = client.step(server.first(client.step(None)))
        with pytest.raises(AssertionError):
            server.second(answer)

    def test_a_hash_may_stand_for_the_password(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class HashOfPassword:
            def update(self, data: bytes) -> None:
                pass

            def digest(self) -> bytes:
                return far_side.nt_hash('Password')

        monkeypatch.setattr(ntlm, 'MD4', HashOfPassword)
        for use_ntlm_v2 in (True, False):
            sign_on(authenticator(password='anything', use_ntlm_v2=use_ntlm_v2), Server('User', 'Password'))


class TestNTLMv1:
    @given(USER, TEXT, TEXT)
    def test_with_extended_session_security(self, user: str, password: str, domain: str) -> None:
        message = sign_on(authenticator(user, password, domain, use_ntlm_v2=False), Server(user, password))
        assert len(message.nt_response) == 24 and message.flags & EXTENDED

    @pytest.mark.parametrize('flags', [ALL_FLAGS & ~EXTENDED, ALL_FLAGS & ~(EXTENDED | KEY_EXCH | SIGN | STRONG)])
    def test_without_extended_session_security_the_lm_hash_stays_at_home(self, flags: int) -> None:
        client = authenticator('User', 'Pässword', use_ntlm_v2=False, needs_signing=False)
        message = sign_on(client, Server('User', 'Pässword', flags))
        assert message.lm_response == message.nt_response
        assert not message.flags & EXTENDED

    def test_lm_key_that_a_server_adds_is_not_taken_up(self) -> None:
        client = authenticator(use_ntlm_v2=False, needs_signing=False)
        message = sign_on(client, Server('User', 'Password', ALL_FLAGS & ~EXTENDED | 0x82))
        assert message.flags & 0x82 == 0

    def test_without_extended_session_security_there_is_no_mech_list_mic(self) -> None:
        client, server = (
            authenticator(use_ntlm_v2=False, needs_signing=False),
            Server('User', 'Password', ALL_FLAGS & ~EXTENDED),
        )
        assert server.second(client.step(server.first(client.step(b'')))) == neg_token_resp(0, mechanism=b'')


class TestAnonymous:
    @pytest.mark.parametrize('use_ntlm_v2', [True, False])
    def test_it_sends_one_zero_and_has_no_key(self, use_ntlm_v2: bool) -> None:
        client = authenticator('', '', '', use_ntlm_v2=use_ntlm_v2, needs_signing=False)
        client.step(b'')
        answer = client.step(neg_token_resp(token=far_side.challenge()))
        message = Authenticate(answer[answer.index(b'NTLMSSP') :])
        assert (message.lm_response, message.nt_response, message.user) == (b'\0', b'', '')
        assert message.flags & ntlm.NTLMSSP_NEGOTIATE_ANONYMOUS
        assert len(message.encrypted_session_key) == 16
        assert client.is_anonymous and client.session_key == b''
        assert 0xA3 not in dict(far_side.der_read(far_side.der_read(far_side.der_read(answer)[0][1])[0][1]))
        client.finish(neg_token_resp(0, mechanism=b''))

    def test_a_user_without_password_is_not_anonymous(self) -> None:
        assert not authenticator('User', '').is_anonymous
        assert not authenticator('', 'Password').is_anonymous
        assert authenticator('', None).is_anonymous


class TestDowngrade:
    @pytest.mark.parametrize(('name', 'flag'), {'UNICODE': UNICODE, 'NTLM': NTLM}.items())
    @pytest.mark.parametrize('use_ntlm_v2', [True, False])
    def test_some_flags_are_always_required(self, name: str, flag: int, use_ntlm_v2: bool) -> None:
        client = authenticator(use_ntlm_v2=use_ntlm_v2, needs_signing=False)
        client.step(b'')
        with pytest.raises(ProtocolError, match=f'downgraded: it lacks NTLMSSP_NEGOTIATE_{name}\n'):
            client.step(neg_token_resp(token=far_side.challenge(ALL_FLAGS & ~flag)))

    @pytest.mark.parametrize(('name', 'flag'), REQUIRED_FOR_KEYS.items())
    @pytest.mark.parametrize(('use_ntlm_v2', 'needs_signing'), [(True, True), (True, False), (False, True)])
    def test_ntlm_v2_and_signing_require_more(
        self, name: str, flag: int, use_ntlm_v2: bool, needs_signing: bool
    ) -> None:
        client = authenticator(use_ntlm_v2=use_ntlm_v2, needs_signing=needs_signing)
        client.step(b'')
        with pytest.raises(ProtocolError, match=f'downgraded: it lacks NTLMSSP_NEGOTIATE_{name}\n'):
            client.step(neg_token_resp(token=far_side.challenge(ALL_FLAGS & ~flag)))
        assert client.session_key == b''

    @pytest.mark.parametrize('flag', REQUIRED_FOR_KEYS.values())
    def test_ntlm_v1_without_signing_does_not(self, flag: int) -> None:
        client = authenticator(use_ntlm_v2=False, needs_signing=False)
        client.step(b'')
        client.step(neg_token_resp(token=far_side.challenge(ALL_FLAGS & ~flag)))
        assert len(client.session_key) == 16


class TestTokensOfTheServer:
    @pytest.mark.parametrize('blob', [None, b'', neg_token_init2(NTLM_OID), neg_token_init2(KERBEROS_OID, NTLM_OID)])
    def test_first_blobs_that_are_fine(self, blob: bytes | None) -> None:
        assert ntlm.generateNegotiateMessage() in authenticator().step(blob)

    def test_a_server_without_ntlm_is_named(self) -> None:
        with pytest.raises(
            UnsupportedFeature, match=r'does not offer NTLM: it has Kerberos 1\.2\.840\.113554\.1\.2\.2'
        ):
            authenticator().step(neg_token_init2(KERBEROS_OID))

    @pytest.mark.parametrize(
        ('token', 'message'),
        [
            (neg_token_resp(2, b''), 'rejected NTLM'),
            (neg_token_resp(0, token=far_side.challenge()), 'ended the sign-on before'),
            (neg_token_resp(1, KERBEROS_OID, far_side.challenge()), 'chose Kerberos .* not offered'),
            (neg_token_resp(1), 'takes 32 bytes'),
            (b'', 'cannot be decoded'),
        ],
    )
    def test_second_tokens_that_are_wrong(self, token: bytes, message: str) -> None:
        client = authenticator()
        client.step(b'')
        with pytest.raises(ProtocolError, match=message):
            client.step(token)

    def test_a_third_round_is_refused(self) -> None:
        client, server = authenticator(), Server('User', 'Password')
        sign_on(client, server)
        with pytest.raises(ProtocolError, match='more tokens'):
            client.step(neg_token_resp(token=far_side.challenge()))

    def test_an_ntlm_challenge_without_spnego_is_answered_without_spnego(self) -> None:
        client, server = authenticator(), Server('User', 'Password')
        server.first(client.step(b''))
        server.verify(client.step(server.challenge))
        assert client.session_key == server.session_key
        client.finish(b'')

    @pytest.mark.parametrize('target_info', [TARGET_INFO_WITH_TIME, TARGET_INFO_WITHOUT_TIME])
    def test_every_cut_of_the_challenge_is_a_protocol_error(self, target_info: bytes) -> None:
        challenge = far_side.challenge(target_info=target_info)
        for length in range(len(challenge)):
            client = authenticator()
            client.step(b'')
            with pytest.raises(ProtocolError):
                client.step(neg_token_resp(token=challenge[:length]))

    @given(st.binary(max_size=200), st.integers(12, 150), st.integers(0, 255))
    def test_garbage_is_an_error_of_the_library(self, garbage: bytes, position: int, value: int) -> None:
        challenge = bytearray(far_side.challenge())
        challenge[position % len(challenge)] = value
        for token in (
            garbage,
            b'NTLMSSP\0' + garbage,
            neg_token_resp(token=garbage),
            neg_token_resp(token=bytes(challenge)),
        ):
            client = authenticator()
            client.step(b'')
            try:
                client.step(token)
            except ProtocolError as error:
                assert error.data_buf is None

    @pytest.mark.parametrize('length', [0x8000, 0xFD00, 0xFEF0])
    def test_target_information_that_cannot_be_answered_is_a_protocol_error(self, length: int) -> None:
        client = authenticator()
        client.step(b'')
        target_info = far_side.av_pairs((2, bytes(length)), (7, bytes(8)))
        with pytest.raises(ProtocolError, match='too long'):
            client.step(far_side.challenge(target_info=target_info))


class TestFinish:
    def answered(self) -> tuple[Authenticator, Server]:
        client, server = authenticator(), Server('User', 'Password')
        server.second(client.step(server.first(client.step(b''))))
        return client, server

    @pytest.mark.parametrize('token', [b'', None, neg_token_resp(0, b''), neg_token_resp(0)])
    def test_a_mech_list_mic_may_be_missing(self, token: bytes | None) -> None:
        client, _ = self.answered()
        client.finish(token)

    @pytest.mark.parametrize('position', range(16))
    def test_a_wrong_mech_list_mic_is_a_protocol_error(self, position: int) -> None:
        client, server = self.answered()
        mic = bytearray(server.mic())
        client.finish(neg_token_resp(0, b'', mic=bytes(mic)))
        mic[position] ^= 1
        with pytest.raises(ProtocolError, match='mechListMIC of the server is wrong'):
            client.finish(neg_token_resp(0, b'', mic=bytes(mic)))

    def test_our_own_mech_list_mic_sent_back_is_wrong(self) -> None:
        client, server = self.answered()
        assert server.message is not None
        ours = far_side.signature(server.message.flags, server.session_key, b'client-to-server', far_side.MECH_TYPES)
        with pytest.raises(ProtocolError, match='mechListMIC'):
            client.finish(neg_token_resp(0, b'', mic=ours))

    def test_a_rejection_is_a_protocol_error(self) -> None:
        client, _ = self.answered()
        with pytest.raises(ProtocolError, match='rejected'):
            client.finish(neg_token_resp(2, b''))

    def test_garbage_is_a_protocol_error(self) -> None:
        client, _ = self.answered()
        with pytest.raises(ProtocolError):
            client.finish(b'garbage')

    @pytest.mark.parametrize('rounds', [0, 1])
    def test_success_without_a_challenge_is_a_protocol_error(self, rounds: int) -> None:
        client = authenticator()
        if rounds:
            client.step(b'')
        with pytest.raises(ProtocolError, match='before its NTLM challenge'):
            client.finish(b'')


def test_nothing_secret_is_shown() -> None:
    client, server = authenticator(password='Geheimnis'), Server('User', 'Geheimnis')
    assert 'Geheimnis' not in repr(client)
    sign_on(client, server)
    assert 'Geheimnis' not in repr(vars(client))
    assert client.session_key.hex() not in repr(client)


@pytest.mark.parametrize(
    ('username', 'domain', 'expected'),
    [
        ('user', '', ('user', '')),
        ('user', 'DOMAIN', ('user', 'DOMAIN')),
        ('DOMAIN\\user', '', ('user', 'DOMAIN')),
        ('DOMAIN\\user', 'OTHER', ('user', 'DOMAIN')),
        ('\\user', 'OTHER', ('user', 'OTHER')),
        ('user@example.com', '', ('user@example.com', '')),
        ('DOMAIN\\user@example.com', '', ('user@example.com', 'DOMAIN')),
        ('', '', ('', '')),
    ],
)
def test_user_names_are_split(username: str, domain: str, expected: tuple[str, str]) -> None:
    assert split_user(username, domain) == expected
