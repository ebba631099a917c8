"""Signing on: token in, token out, session key. NTLM inside SPNEGO, [MS-NLMP] 3.1.5.1 and [RFC4178].

No bytes of a security buffer reach an exception: whatever is raised here has a message and nothing else.
"""

from __future__ import annotations

import time

from smb import ntlm, securityblob
from smb.crypto.legacy import md4
from smb.errors import ProtocolError, UnsupportedFeature
from smb.wire.values import epoch_to_filetime

_ALWAYS_REQUIRED = {
    'NTLMSSP_NEGOTIATE_UNICODE': ntlm.NTLMSSP_NEGOTIATE_UNICODE,
    'NTLMSSP_NEGOTIATE_NTLM': ntlm.NTLMSSP_NEGOTIATE_NTLM,
}
# Without them the session's key would be weak, or no key of this exchange at all.
_REQUIRED_FOR_KEYS = {
    'NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY': ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY,
    'NTLMSSP_NEGOTIATE_SIGN': ntlm.NTLMSSP_NEGOTIATE_SIGN,
    'NTLMSSP_NEGOTIATE_KEY_EXCH': ntlm.NTLMSSP_NEGOTIATE_KEY_EXCH,
    'NTLMSSP_NEGOTIATE_128': ntlm.NTLMSSP_NEGOTIATE_128,
}
_SIGNATURE_FLAGS = ntlm.NTLMSSP_NEGOTIATE_SIGN | ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY


def split_user(username: str, domain: str) -> tuple[str, str]:
    r"""(user, domain) for NTLM of ``'user'``, ``'DOMAIN\user'`` or ``'user@domain'``.

    A domain in front of a backslash counts more than ``domain``. A name with ``@`` stays whole: the server finds its
    domain, when ``domain`` is empty.
    """
    prefix, backslash, user = username.partition('\\')
    if not backslash:
        return username, domain
    return user, prefix or domain


class Authenticator:
    """One sign-on with a user name and a password; empty both, it is an anonymous one.

    ``target_name`` is the server's principal name, ``'cifs/SERVER'``. With ``needs_signing`` or NTLMv2 a challenge that
    would make a weak key is refused. ``session_key`` has 16 bytes after the second step; it stays empty when anonymous.
    """

    def __init__(
        self,
        user: str,
        password: str | None,
        domain: str,
        workstation: str,
        *,
        use_ntlm_v2: bool,
        target_name: str,
        needs_signing: bool,
    ) -> None:
        self.is_anonymous = not user and not password
        self.session_key = b''
        self.user, self._password = user, password or ''
        self.domain, self._workstation = domain, workstation
        self._use_ntlm_v2, self._target_name, self._needs_signing = use_ntlm_v2, target_name, needs_signing
        self._rounds = 0
        self._flags = 0
        self._is_raw = False
        self._negotiate = b''

    def step(self, token: bytes | None) -> bytes:
        """The next security buffer to be sent, from the server's last one.

        The first call takes the one of the NEGOTIATE answer, which may be empty. UnsupportedFeature when the server
        offers no NTLM, ProtocolError when its token is damaged, refuses NTLM or weakens it.
        """
        self._rounds += 1
        try:
            if self._rounds == 1:
                return self._offer(token or b'')
            if self._rounds == 2:
                return self._answer(token or b'')
        except ProtocolError as error:
            error.data_buf = None
            raise
        raise ProtocolError('The server asks for more tokens than NTLM has')

    def respond(self, challenge: bytes) -> tuple[bytes, bytes]:
        """(LM response, NT response) to a bare challenge of 8 bytes, [MS-CIFS] 3.2.4.2.4.

        Without the messages of NTLM there is no target information, and no extended session security.
        """
        if self.is_anonymous:
            return b'\0', b''
        if self._use_ntlm_v2:
            bare = ntlm.ChallengeMessage(negotiate_flags=0, server_challenge=challenge)
            nt_response, lm_response, self.session_key, _ = self._respond_v2(bare)
        else:
            nt_response, lm_response, self.session_key = self._respond_v1(challenge)
        self._password = ''
        return lm_response, nt_response

    def finish(self, token: bytes | None) -> None:
        """Check the security buffer of the answer that signs the user on; it may be empty.

        ProtocolError when it refuses, or has a wrong mechListMIC, or when the server never sent a challenge.
        """
        if self._rounds < 2:
            raise ProtocolError('The server ended the sign-on before its NTLM challenge')
        if not token or self._is_raw:
            return
        response = securityblob.parse_response(token)
        if response.state == securityblob.RESULT_REJECT:
            raise ProtocolError('The server rejected NTLM, though it reports success')
        if response.mech_list_mic and self._has_signatures:
            import hmac

            if not hmac.compare_digest(response.mech_list_mic, self._mech_list_mic(from_client=False)):
                raise ProtocolError('The mechListMIC of the server is wrong')

    def _offer(self, token: bytes) -> bytes:
        mechanisms = securityblob.parse_mechanisms(token)
        if mechanisms and securityblob.NTLMSSP_OID not in mechanisms:
            names = ', '.join(map(securityblob.mechanism_name, mechanisms[:8]))
            raise UnsupportedFeature(f'the server does not offer NTLM: it has {names}')
        self._negotiate = ntlm.generateNegotiateMessage()
        return securityblob.generateNegotiateSecurityBlob(self._negotiate)

    def _answer(self, token: bytes) -> bytes:
        challenge_message = self._unwrap(token)
        challenge = ntlm.parse_challenge(challenge_message)
        self._check_flags(challenge.negotiate_flags)
        self._flags = challenge.negotiate_flags & ntlm.OFFERED_FLAGS
        if self.is_anonymous:
            # 3.2.5.1.2: one zero for the LM response and no NT response. There is no key that both sides know.
            self._flags |= ntlm.NTLMSSP_NEGOTIATE_ANONYMOUS
            nt_response, lm_response, exchange_key, has_mic = b'', b'\0', bytes(16), False
        elif self._use_ntlm_v2:
            nt_response, lm_response, exchange_key, has_mic = self._respond_v2(challenge)
        else:
            nt_response, lm_response, exchange_key = self._respond_v1(challenge.server_challenge)
            has_mic = False
        self._password = ''
        session_key, encrypted_session_key = ntlm.exchange_session_key(self._flags, exchange_key)
        message = ntlm.AuthenticateMessage(
            negotiate_flags=self._flags,
            mic=bytes(16) if has_mic else b'',
            domain_name=self.domain,
            user_name=self.user,
            workstation=self._workstation,
            lm_response=lm_response,
            nt_response=nt_response,
            encrypted_session_key=encrypted_session_key,
        )
        authenticate = message.pack()
        if has_mic:
            message.mic = ntlm.message_integrity_code(session_key, self._negotiate, challenge_message, authenticate)
            authenticate = message.pack()
        if not self.is_anonymous:
            self.session_key = session_key
        if self._is_raw:
            return authenticate
        mech_list_mic = self._mech_list_mic(from_client=True) if self._has_signatures else b''
        return securityblob.build_response(authenticate, mech_list_mic)

    def _unwrap(self, token: bytes) -> bytes:
        """The NTLM message in the server's token. Some servers leave SPNEGO out: they are answered likewise."""
        if token.startswith(ntlm.SIGNATURE):
            self._is_raw = True
            return token
        response = securityblob.parse_response(token)
        if response.supported_mech not in (None, securityblob.NTLMSSP_OID):
            name = securityblob.mechanism_name(response.supported_mech or ())
            raise ProtocolError(f'The server chose {name}, which was not offered')
        if response.state == securityblob.RESULT_REJECT:
            raise ProtocolError('The server rejected NTLM')
        if response.state == securityblob.RESULT_ACCEPT_COMPLETED:
            raise ProtocolError('The server ended the sign-on before its NTLM challenge')
        return response.response_token

    def _check_flags(self, flags: int) -> None:
        required = dict(_ALWAYS_REQUIRED)
        if self._use_ntlm_v2 or self._needs_signing:
            required.update(_REQUIRED_FOR_KEYS)
        lost = [name for name, flag in required.items() if not flags & flag]
        if lost:
            raise ProtocolError(f'The NTLM challenge was downgraded: it lacks {", ".join(lost)}')

    def _respond_v2(self, challenge: ntlm.ChallengeMessage) -> tuple[bytes, bytes, bytes, bool]:
        """(NT response, LM response, key exchange key, whether a MIC goes with them), [MS-NLMP] 3.3.2."""
        pairs = ntlm.parse_av_pairs(challenge.target_info) if challenge.target_info else []
        server_time = ntlm.timestamp_of(pairs)
        client_challenge = ntlm.random_challenge()
        response_key = ntlm.ntowf_v2(self._password, self.user, self.domain)
        temp = ntlm.NTLMv2ClientChallenge(
            time_stamp=epoch_to_filetime(time.time()) if server_time is None else server_time,
            challenge_from_client=client_challenge,
            av_pairs=ntlm.answer_target_info(pairs, self._target_name),
        )
        nt_response, session_base_key = ntlm.ntlm_v2_response(response_key, challenge.server_challenge, temp)
        if server_time is not None:
            return nt_response, bytes(24), session_base_key, True
        lm_response = ntlm.lm_v2_response(response_key, challenge.server_challenge, client_challenge)
        return nt_response, lm_response, session_base_key, False

    def _respond_v1(self, server_challenge: bytes) -> tuple[bytes, bytes, bytes]:
        """(NT response, LM response, key exchange key), [MS-NLMP] 3.3.1; the LM hash is never used."""
        response_key = ntlm.ntowf_v1(self._password)
        if self._flags & ntlm.NTLMSSP_NEGOTIATE_EXTENDED_SESSIONSECURITY:
            client_challenge = ntlm.random_challenge()
            nt_response = ntlm.ntlm_v1_response(response_key, server_challenge, client_challenge)
            lm_response = client_challenge + bytes(16)
        else:
            nt_response = lm_response = ntlm.ntlm_v1_response(response_key, server_challenge, None)
        # Not ntlm.MD4, which may stand for a class that knows nothing but the hash of the password.
        session_base_key = md4(response_key)
        return (
            nt_response,
            lm_response,
            ntlm.key_exchange_key(self._flags, session_base_key, lm_response, server_challenge),
        )

    @property
    def _has_signatures(self) -> bool:
        return bool(self.session_key) and self._flags & _SIGNATURE_FLAGS == _SIGNATURE_FLAGS

    def _mech_list_mic(self, *, from_client: bool) -> bytes:
        """[RFC4178] 5: the signature over the list of mechanisms that we offered."""
        mech_types = securityblob.encoded_mech_types()
        return ntlm.message_signature(self._flags, self.session_key, mech_types, from_client=from_client)
