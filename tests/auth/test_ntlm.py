"""[MS-NLMP] 4.2: user "User", password "Password", domain "Domain", workstation "COMPUTER", fixed challenges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb import ntlm
from smb.crypto.legacy import md4, rc4
from smb.errors import ProtocolError
from tests.auth.server import Authenticate
from tests.check_wire import check_wire

# 4.2.1 Common Values
SERVER_CHALLENGE = bytes.fromhex('0123456789abcdef')
CLIENT_CHALLENGE = b'\xaa' * 8
RANDOM_SESSION_KEY = b'\x55' * 16
VERSION = bytes.fromhex('0501280a0000000f')
PLAINTEXT = 'Plaintext'.encode('utf-16-le')
# 4.2.2, 4.2.3, 4.2.4 Challenge Flags
FLAGS_V1, FLAGS_V1_EXTENDED, FLAGS_V2 = 0xE2028233, 0x820A8233, 0xE28A8233
# 4.2.4: the AV pairs of the challenge
TARGET_INFO = bytes.fromhex('02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000')
CHALLENGE_V2 = bytes.fromhex(
    '4e544c4d53535000020000000c000c003800000033828ae20123456789abcdef'
    '00000000000000002400240044000000060070170000000f'
    '530065007200760065007200' + TARGET_INFO.hex()
)


@pytest.fixture
def no_randomness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        'secrets.token_bytes', lambda size: (RANDOM_SESSION_KEY if size == 16 else CLIENT_CHALLENGE)[:size]
    )


class TestNTLMv1:
    """4.2.2"""

    def test_hashes_and_session_base_key(self) -> None:
        assert ntlm.lmowf_v1('Password').hex() == 'e52cac67419a9a224a3b108f3fa6cb6d'  # 4.2.2.1.1
        assert ntlm.ntowf_v1('Password').hex() == 'a4f49c406510bdcab6824ee7c30fd852'  # 4.2.2.1.2
        assert md4(ntlm.ntowf_v1('Password')).hex() == 'd87262b0cde4b1cb7499becccdf10784'  # 4.2.2.1.3

    def test_responses(self) -> None:
        nt_response, lm_response, session_key = ntlm.generateChallengeResponseV1('Password', SERVER_CHALLENGE)
        assert nt_response.hex() == '67c43011f30298a2ad35ece64f16331c44bdbed927841f94'  # 4.2.2.2.1
        assert lm_response.hex() == '98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13'  # 4.2.2.2.2
        assert session_key.hex() == 'd87262b0cde4b1cb7499becccdf10784'

    @pytest.mark.parametrize(
        ('extra_flag', 'key', 'encrypted'),
        [
            (0, 'd87262b0cde4b1cb7499becccdf10784', '518822b1b3f350c8958682ecbb3e3cb7'),
            (
                ntlm.NTLMSSP_REQUEST_NON_NT_SESSION_KEY,
                'e52cac67419a9a220000000000000000',
                '7452ca55c225a1ca04b48fae32cf56fc',
            ),
            (
                ntlm.NTLMSSP_NEGOTIATE_LM_KEY,
                'b09e379f7fbecb1eaf0afdcb0383c8a0',
                '4cd7bb57d697ef9b549f02b8f9b37864',
            ),
        ],
    )
    def test_key_exchange_key_and_encrypted_session_key(
        self, no_randomness: None, extra_flag: int, key: str, encrypted: str
    ) -> None:
        """4.2.2.2.3"""
        _, lm_response, base_key = ntlm.generateChallengeResponseV1('Password', SERVER_CHALLENGE)
        flags = FLAGS_V1 | extra_flag
        exchange_key = ntlm.key_exchange_key(flags, base_key, lm_response, SERVER_CHALLENGE, ntlm.lmowf_v1('Password'))
        assert exchange_key.hex() == key
        assert ntlm.exchange_session_key(flags, exchange_key) == (RANDOM_SESSION_KEY, bytes.fromhex(encrypted))

    def test_authenticate_message(self) -> None:
        """4.2.2.3"""
        nt_response, lm_response, _ = ntlm.generateChallengeResponseV1('Password', SERVER_CHALLENGE)
        message = ntlm.AuthenticateMessage(
            negotiate_flags=0xE2808235,
            version=VERSION,
            domain_name='Domain',
            user_name='User',
            workstation='COMPUTER',
            lm_response=lm_response,
            nt_response=nt_response,
            encrypted_session_key=bytes.fromhex('518822b1b3f350c8958682ecbb3e3cb7'),
        )
        assert message.pack().hex() == (
            '4e544c4d5353500003000000180018006c00000018001800840000000c000c00480000000800080054000000100010005c000000'
            '100010009c000000358280e20501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400'
            '4500520098def7b87f88aa5dafe2df779688a172def11c7d5ccdef1367c43011f30298a2ad35ece64f16331c44bdbed927841f94'
            '518822b1b3f350c8958682ecbb3e3cb7'
        )

    def test_challenge_message(self) -> None:
        """4.2.2.3; it has no target information"""
        challenge = ntlm.decodeChallengeMessage(
            bytes.fromhex(
                '4e544c4d53535000020000000c000c0038000000338202e20123456789abcdef'
                '00000000000000000000000000000000060070170000000f530065007200760065007200'
            )
        )
        assert challenge == (SERVER_CHALLENGE, FLAGS_V1, b'')

    @pytest.mark.parametrize('password', ['Paßwört', 'пароль', '密码', '\U0001f511', '\ud800', 'x' * 300])
    def test_any_password_gives_responses(self, password: str) -> None:
        nt_response, lm_response, session_key = ntlm.generateChallengeResponseV1(password, SERVER_CHALLENGE)
        assert (len(nt_response), len(lm_response), len(session_key)) == (24, 24, 16)

    def test_lm_hash_ignores_case(self) -> None:
        assert ntlm.lmowf_v1('pässWORD') == ntlm.lmowf_v1('PÄSSword') != ntlm.lmowf_v1('pessWORD')


class TestNTLMv1WithClientChallenge:
    """4.2.3"""

    def test_responses_and_keys(self) -> None:
        nt_response, lm_response, base_key = ntlm.generateChallengeResponseV1(
            'Password', SERVER_CHALLENGE, True, CLIENT_CHALLENGE
        )
        assert lm_response.hex() == 'aaaaaaaaaaaaaaaa00000000000000000000000000000000'  # 4.2.3.2.1
        assert nt_response.hex() == '7537f803ae367128ca458204bde7caf81e97ed2683267232'  # 4.2.3.2.2
        assert base_key.hex() == 'd87262b0cde4b1cb7499becccdf10784'
        key = ntlm.key_exchange_key(FLAGS_V1_EXTENDED, base_key, lm_response, SERVER_CHALLENGE)
        assert key.hex() == 'eb93429a8bd952f8b89c55b87f475edc'  # 4.2.3.1.3
        assert ntlm.exchange_session_key(FLAGS_V1_EXTENDED, key) == (key, b'')

    def test_a_client_challenge_is_drawn_when_none_is_given(self) -> None:
        first = ntlm.generateChallengeResponseV1('Password', SERVER_CHALLENGE, True)
        assert first[0] != ntlm.generateChallengeResponseV1('Password', SERVER_CHALLENGE, True)[0]
        assert first == ntlm.generateChallengeResponseV1('Password', SERVER_CHALLENGE, True, first[1][:8])

    def test_authenticate_message(self) -> None:
        """4.2.3.3"""
        message = ntlm.AuthenticateMessage(
            negotiate_flags=0x82088235,
            version=VERSION,
            domain_name='Domain',
            user_name='User',
            workstation='COMPUTER',
            lm_response=CLIENT_CHALLENGE + bytes(16),
            nt_response=bytes.fromhex('7537f803ae367128ca458204bde7caf81e97ed2683267232'),
        )
        expected = (
            '4e544c4d5353500003000000180018006c00000018001800840000000c000c00480000000800080054000000100010005c000000'
            '000000009c000000358208820501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400'
            '45005200aaaaaaaaaaaaaaaa000000000000000000000000000000007537f803ae367128ca458204bde7caf81e97ed2683267232'
        )
        assert message.pack().hex() == expected

    def test_challenge_message(self) -> None:
        """4.2.3.3"""
        data = bytes.fromhex(
            '4e544c4d53535000020000000c000c003800000033820a820123456789abcdef'
            '00000000000000000000000000000000060070170000000f530065007200760065007200'
        )
        assert ntlm.decodeChallengeMessage(data) == (SERVER_CHALLENGE, FLAGS_V1_EXTENDED, b'')

    def test_keys_and_signature(self) -> None:
        """4.2.3.4"""
        key = bytes.fromhex('eb93429a8bd952f8b89c55b87f475edc')
        seal_key = ntlm.seal_key(FLAGS_V1_EXTENDED, key, from_client=True)
        assert seal_key.hex() == '04dd7f014d8504d265a25cc86a3a7c06'
        assert ntlm.sign_key(key, from_client=True).hex() == '60e799be5c72fc92922ae8ebe961fb8d'
        assert rc4(seal_key, PLAINTEXT).hex() == 'a02372f6530273f3aa1eb90190ce5200c99d'
        signature = ntlm.message_signature(FLAGS_V1_EXTENDED, key, PLAINTEXT, from_client=True)
        assert signature.hex() == '01000000ff2aeb52f681793a00000000'


class TestNTLMv2:
    """4.2.4"""

    def test_ntowf(self) -> None:
        assert ntlm.ntowf_v2('Password', 'User', 'Domain').hex() == '0c868a403bfd7a93a3001ef22ef02e3f'  # 4.2.4.1.1

    def test_temp(self) -> None:
        """4.2.4.1.3"""
        check_wire(
            ntlm.NTLMv2ClientChallenge(
                time_stamp=0, challenge_from_client=CLIENT_CHALLENGE, av_pairs=TARGET_INFO + bytes(4)
            ),
            '01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000' + TARGET_INFO.hex() + '00000000',
            may_be_cut_to=28,
        )

    @pytest.mark.parametrize('padding', [0, 4])
    def test_responses_and_session_base_key(self, padding: int) -> None:
        nt_response, lm_response, session_key = ntlm.generateChallengeResponseV2(
            'Password', 'User', SERVER_CHALLENGE, TARGET_INFO + bytes(padding), 'Domain', CLIENT_CHALLENGE
        )
        assert lm_response.hex() == '86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa'  # 4.2.4.2.1
        assert nt_response[:16].hex() == '68cd0ab851e51c96aabc927bebef6a1c'  # 4.2.4.2.2
        assert nt_response[16:] == (
            bytes.fromhex('01010000000000000000000000000000aaaaaaaaaaaaaaaa00000000') + TARGET_INFO + bytes(4)
        )
        assert session_key.hex() == '8de40ccadbc14a82f15cb0ad0de95ca3'  # 4.2.4.1.2

    def test_encrypted_session_key(self, no_randomness: None) -> None:
        """4.2.4.2.3"""
        base_key = bytes.fromhex('8de40ccadbc14a82f15cb0ad0de95ca3')
        session_key, encrypted = ntlm.exchange_session_key(FLAGS_V2, base_key)
        assert (session_key, encrypted.hex()) == (RANDOM_SESSION_KEY, 'c5dad2544fc9799094ce1ce90bc9d03e')

    def test_challenge_message(self) -> None:
        """4.2.4.3"""
        assert ntlm.decodeChallengeMessage(CHALLENGE_V2) == (SERVER_CHALLENGE, FLAGS_V2, TARGET_INFO)

    def test_authenticate_message(self) -> None:
        """4.2.4.3"""
        nt_response, lm_response, _ = ntlm.generateChallengeResponseV2(
            'Password', 'User', SERVER_CHALLENGE, TARGET_INFO, 'Domain', CLIENT_CHALLENGE
        )
        message = ntlm.AuthenticateMessage(
            negotiate_flags=0xE2888235,
            version=VERSION,
            domain_name='Domain',
            user_name='User',
            workstation='COMPUTER',
            lm_response=lm_response,
            nt_response=nt_response,
            encrypted_session_key=bytes.fromhex('c5dad2544fc9799094ce1ce90bc9d03e'),
        )
        assert message.pack().hex() == (
            '4e544c4d5353500003000000180018006c00000054005400840000000c000c00480000000800080054000000100010005c000000'
            '10001000d8000000358288e20501280a0000000f44006f006d00610069006e00550073006500720043004f004d00500055005400'
            '4500520086c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa68cd0ab851e51c96aabc927bebef6a1c0101000000000000'
            '0000000000000000aaaaaaaaaaaaaaaa0000000002000c0044006f006d00610069006e0001000c00530065007200760065007200'
            '0000000000000000c5dad2544fc9799094ce1ce90bc9d03e'
        )

    def test_keys_and_signature(self) -> None:
        """4.2.4.4, where the checksum is encrypted behind the 18 bytes of the message"""
        seal_key = ntlm.seal_key(FLAGS_V2, RANDOM_SESSION_KEY, from_client=True)
        assert seal_key.hex() == '59f600973cc4960a25480a7c196e4c58'
        assert ntlm.sign_key(RANDOM_SESSION_KEY, from_client=True).hex() == '4788dc861b4782f35d43fd98fe1a2d39'
        plain_flags = FLAGS_V2 & ~ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH
        signature = ntlm.message_signature(plain_flags, RANDOM_SESSION_KEY, PLAINTEXT, from_client=True)
        assert signature.hex() == '01000000' + '70352851f2564309' + '00000000'
        assert rc4(seal_key, PLAINTEXT + signature[4:12]).hex() == (
            '54e50165bf1936dc996020c1811b0f06fb5f' + '7fb38ec5c55d4976'
        )
        encrypted = ntlm.message_signature(FLAGS_V2, RANDOM_SESSION_KEY, PLAINTEXT, from_client=True)
        assert encrypted == b'\1\0\0\0' + rc4(seal_key, signature[4:12]) + bytes(4)

    def test_user_names_are_upper_cased_one_character_at_a_time(self) -> None:
        assert ntlm.ntowf_v2('p', 'strauß', 'd') == ntlm.ntowf_v2('p', 'STRAUß', 'd')
        assert ntlm.ntowf_v2('p', '\U00010428', 'd') != ntlm.ntowf_v2('p', '\U00010400', 'd')  # no case beyond 16 bits
        assert ntlm.ntowf_v2('p', 'jürgen', 'd') == ntlm.ntowf_v2('p', 'JÜRGEN', 'd')
        assert ntlm.ntowf_v2('p', 'u', 'd') != ntlm.ntowf_v2('p', 'u', 'D')

    def test_without_a_client_challenge_the_servers_time_is_taken_and_lm_is_zeros(self) -> None:
        info = ntlm.build_av_pairs([(ntlm.MSV_AV_TIMESTAMP, b'TIMESTMP')])
        nt_response, lm_response, _ = ntlm.generateChallengeResponseV2('p', 'u', SERVER_CHALLENGE, info)
        assert nt_response[24:32] == b'TIMESTMP'
        assert lm_response == bytes(24)

    @pytest.mark.parametrize('info', [b'', TARGET_INFO])
    def test_without_the_servers_time_the_current_one_is_taken(
        self, monkeypatch: pytest.MonkeyPatch, info: bytes
    ) -> None:
        monkeypatch.setattr('time.time', lambda: 0.0)
        nt_response, lm_response, _ = ntlm.generateChallengeResponseV2('p', 'u', SERVER_CHALLENGE, info)
        assert int.from_bytes(nt_response[24:32], 'little') == 116444736000000000
        assert lm_response[16:] == nt_response[32:40] != bytes(8)


class TestMessages:
    def test_negotiate_has_40_bytes_and_asks_for_all_that_is_needed(self) -> None:
        data = ntlm.generateNegotiateMessage()
        assert data.hex() == '4e544c4d5353500001000000158288e2' + '00' * 16 + '060100000000000f'
        assert len(data) == 40

    def test_generated_authenticate_message_carries_the_exchanged_key(self) -> None:
        data, key = ntlm.generateAuthenticateMessage(FLAGS_V2, b'N' * 24, b'L' * 24, b'K' * 16, 'User')
        message = Authenticate(data)
        assert (message.user, message.domain, message.workstation) == ('User', 'WORKGROUP', 'LOCALHOST')
        assert (message.nt_response, message.lm_response) == (b'N' * 24, b'L' * 24)
        assert message.flags == FLAGS_V2
        assert len(key) == 16 and rc4(b'K' * 16, message.encrypted_session_key) == key

    def test_generated_authenticate_message_sends_no_key_that_is_not_exchanged(self) -> None:
        data, key = ntlm.generateAuthenticateMessage(FLAGS_V1_EXTENDED, b'N' * 24, b'L' * 24, b'K' * 16, 'User')
        assert key == b'K' * 16
        assert b'K' * 4 not in data

    def test_mic_stands_in_front_of_the_payload(self) -> None:
        message = ntlm.AuthenticateMessage(
            negotiate_flags=1,
            mic=b'M' * 16,
            domain_name='',
            user_name='',
            workstation='',
            lm_response=b'',
            nt_response=b'',
        )
        assert message.pack()[72:88] == b'M' * 16
        assert len(message.pack()) == 88

    def test_every_cut_of_a_challenge_is_a_protocol_error(self) -> None:
        for length in range(len(CHALLENGE_V2)):
            with pytest.raises(ProtocolError):
                ntlm.parse_challenge(CHALLENGE_V2[:length])

    @pytest.mark.parametrize('position', [0, 7, 8, 11])
    def test_another_message_is_no_challenge(self, position: int) -> None:
        data = bytearray(CHALLENGE_V2)
        data[position] ^= 1
        with pytest.raises(ProtocolError, match='CHALLENGE'):
            ntlm.parse_challenge(data)

    def test_a_challenge_of_32_bytes_is_read(self) -> None:
        data = b'NTLMSSP\0\2\0\0\0' + bytes(8) + (0x203).to_bytes(4, 'little') + SERVER_CHALLENGE
        assert ntlm.decodeChallengeMessage(data) == (SERVER_CHALLENGE, 0x203, b'')

    def test_repr_shows_no_response_and_no_key(self) -> None:
        message = ntlm.AuthenticateMessage(
            negotiate_flags=1,
            domain_name='',
            user_name='',
            workstation='',
            lm_response=b'LMLM',
            nt_response=b'NTNT',
            encrypted_session_key=b'KEYS',
        )
        for secret in (b'LMLM', b'NTNT', b'KEYS'):
            assert secret.hex() not in repr(message) and secret.decode() not in repr(message)

    @given(st.binary(max_size=120))
    def test_garbage_is_a_protocol_error_or_a_challenge(self, garbage: bytes) -> None:
        for data in (garbage, CHALLENGE_V2[:12] + garbage):
            try:
                server_challenge, flags, target_info = ntlm.decodeChallengeMessage(data)
            except ProtocolError:
                continue
            assert len(server_challenge) == 8 and 0 <= flags < 1 << 32 and target_info in data


class TestAvPairs:
    @given(st.lists(st.tuples(st.integers(11, 0xFFFF), st.binary(max_size=40)), max_size=8))
    def test_what_is_built_is_parsed(self, pairs: list[tuple[int, bytes]]) -> None:
        assert ntlm.parse_av_pairs(ntlm.build_av_pairs(pairs)) == pairs

    @pytest.mark.parametrize('length', range(len(TARGET_INFO)))
    def test_every_cut_is_a_protocol_error(self, length: int) -> None:
        with pytest.raises(ProtocolError):
            ntlm.parse_av_pairs(TARGET_INFO[:length])

    @pytest.mark.parametrize(
        ('av_id', 'size'), [(ntlm.MSV_AV_FLAGS, 4), (ntlm.MSV_AV_TIMESTAMP, 8), (ntlm.MSV_AV_CHANNEL_BINDINGS, 16)]
    )
    def test_values_of_a_wrong_size_are_refused(self, av_id: int, size: int) -> None:
        assert ntlm.parse_av_pairs(ntlm.build_av_pairs([(av_id, bytes(size))])) == [(av_id, bytes(size))]
        for wrong in (0, size - 1, size + 1):
            with pytest.raises(ProtocolError, match=f'AV_PAIR {av_id} '):
                ntlm.parse_av_pairs(ntlm.build_av_pairs([(av_id, bytes(wrong))]))

    @given(st.binary(max_size=200))
    def test_garbage_is_a_protocol_error_or_pairs(self, garbage: bytes) -> None:
        try:
            pairs = ntlm.parse_av_pairs(garbage)
        except ProtocolError:
            return
        assert garbage.startswith(ntlm.build_av_pairs(pairs)[:-4])

    def test_answer_keeps_the_servers_pairs_and_replaces_ours(self) -> None:
        server = [(2, b'd\0'), (6, b'\1\0\0\0'), (7, bytes(8)), (9, b'old\0'), (10, b'x' * 16)]
        answer = ntlm.answer_target_info(server, 'cifs/S')
        assert answer.endswith(bytes(8))
        assert ntlm.parse_av_pairs(answer) == [
            (2, b'd\0'),
            (7, bytes(8)),
            (6, b'\3\0\0\0'),
            (10, bytes(16)),
            (9, 'cifs/S'.encode('utf-16-le')),
        ]

    def test_no_mic_is_announced_without_a_timestamp(self) -> None:
        pairs = ntlm.parse_av_pairs(ntlm.answer_target_info([(1, b's\0')], 'cifs/S'))
        assert [av_id for av_id, _ in pairs] == [1, 10, 9]

    def test_target_information_that_leaves_no_room_for_ours_is_a_protocol_error(self) -> None:
        with pytest.raises(ProtocolError, match='too long'):
            ntlm.answer_target_info([(2, bytes(0xFE80)), (3, bytes(0x7F))], 'cifs/S')


class TestMD4:
    def test_it_is_looked_up_when_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        class HashOfPassword:
            def update(self, data: bytes) -> None:
                assert data == b'x\0'

            def digest(self) -> bytes:
                return bytes.fromhex('a4f49c406510bdcab6824ee7c30fd852')

        monkeypatch.setattr(ntlm, 'MD4', HashOfPassword)
        assert ntlm.ntowf_v2('x', 'User', 'Domain').hex() == '0c868a403bfd7a93a3001ef22ef02e3f'
        nt_response, _, session_key = ntlm.generateChallengeResponseV1('x', SERVER_CHALLENGE)
        assert nt_response.hex() == '67c43011f30298a2ad35ece64f16331c44bdbed927841f94'
        assert session_key.hex() == 'd87262b0cde4b1cb7499becccdf10784'
