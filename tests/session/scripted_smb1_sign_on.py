"""How the scripted SMB1 server agrees with its client and lets the user in: [MS-CIFS] 3.3.5.42 and 3.3.5.43."""

from __future__ import annotations

from smb.messages.smb1.negotiate import (
    NO_DIALECT,
    NT_LM_012,
    ComNegotiateResponse,
    ComNegotiateResponseNoSecurityExtension,
    ComNegotiateResponseWithSecurityExtension,
)
from smb.messages.smb1.payload import ComErrorResponse
from smb.messages.smb1.session_setup import ComSessionSetupAndxResponse
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS
from smb.smb_constants import CAP_EXTENDED_SECURITY, CAP_UNICODE, SMB_FLAGS2_SMB_SECURITY_SIGNATURE
from tests.auth import server as ntlm_server
from tests.session.scripted_base import PASSWORD, USER

SESSION_KEY = 0x4237  # of NEGOTIATE, which comes back with SESSION_SETUP_ANDX


class ServerSession:
    login = None
    is_signed_on = expired = deleted = False

    def __init__(self, session_id):
        self.id = session_id
        self.capabilities = 0  # the client's
        self.trees = {}  # tid -> share name
        self.opens = {}  # fid -> what it is open for
        self.searches = {}  # sid -> names, and how many were given


class SignOnCommands:
    """What ``ScriptedSMB1Server`` does before anything else."""

    def _do_negotiate(self, request, session):
        self.negotiated = request
        assert not request.header.uid
        index = request.payload.dialects.index(NT_LM_012) if self.dialect_index is None else self.dialect_index
        if index == NO_DIALECT:
            answer = ComNegotiateResponse(dialect_index=NO_DIALECT)
            answer.short_word_count = 1
            return STATUS_SUCCESS, answer
        common = {
            'dialect_index': index,
            'security_mode': self.security_mode,
            'max_mpx_count': self.max_mpx_count,
            'max_number_vcs': 1,
            'max_buffer_size': self.max_buffer_size,
            'max_raw_size': 65536,
            'session_key': SESSION_KEY,
        }
        if self.extended:
            return STATUS_SUCCESS, ComNegotiateResponseWithSecurityExtension(
                **common,
                capabilities=self.capabilities | CAP_EXTENDED_SECURITY,
                bytes_=b'scripted-server!' + ntlm_server.neg_token_init2(ntlm_server.NTLM_OID),
            )
        answer = ComNegotiateResponseNoSecurityExtension(
            **common,
            capabilities=self.capabilities,
            challenge=self.challenge,
            domain_name='DOMAIN',
            server_name='SERVER',
        )
        answer.is_unicode = bool(self.capabilities & CAP_UNICODE)
        return STATUS_SUCCESS, answer

    def _session_of(self, request):
        session_id = request.header.uid
        if session_id:
            return self.sessions[session_id]
        session = ServerSession(next(self._numbers))
        self.sessions[session.id] = session
        return session

    def _do_session_setup_andx(self, request, session):
        payload = request.payload
        assert payload.vc_number and payload.session_key == SESSION_KEY
        assert 0 < payload.max_mpx_count <= self.max_mpx_count
        session.capabilities, self.client_buffer_size = payload.capabilities, payload.max_buffer_size
        assert bool(payload.capabilities & CAP_EXTENDED_SECURITY) is self.extended
        if self.extended and session.login is None:
            session.login = ntlm_server.Server(USER, PASSWORD)
            token = session.login.first(payload.security_blob)
            return STATUS_MORE_PROCESSING_REQUIRED, ComSessionSetupAndxResponse(security_blob=token, native_os='Unix')
        if self.refuses_user:
            if not session.is_signed_on:
                del self.sessions[session.id]
            return self.refuses_user, ComErrorResponse()
        mac_key, token = self._with_token(session, payload) if self.extended else (self._with_responses(payload), b'')
        session.is_signed_on, session.expired = True, False
        self.sign_ons += 1
        if mac_key and self.mac_key is None:
            self._begin_signing(request, mac_key)
        answer = ComSessionSetupAndxResponse(
            action=self.action,
            security_blob=token,
            native_os='Unix',
            native_lan_man='Scripted',
            primary_domain='DOMAIN',
        )
        if not self.extended:
            answer.short_word_count = 3
        return STATUS_SUCCESS, answer

    def _begin_signing(self, request, mac_key):
        """[MS-CIFS] 3.3.5.43: where the client wants it and the server can, or the server must."""
        wanted = request.header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE
        if self.signing == 'mandatory' or (self.signing == 'enabled' and wanted):
            self.mac_key, self.next_number, request.number = mac_key, 2, 0

    def _with_token(self, session, payload):
        """(MAC key, last token) with extended security: the key is NTLM's session key."""
        login, session.login = session.login, None
        if not self.has_keys:
            return b'', ntlm_server.neg_token_resp(0, mechanism=b'')
        token = login.second(payload.security_blob)
        return login.session_key, token

    def _with_responses(self, payload):
        """The MAC key with bare responses, [MS-CIFS] 3.1.5.1: session key and NT response; AssertionError for a lie."""
        if not self.has_keys:
            return b''
        lm_response, nt_response = payload.oem_password, payload.unicode_password
        user, domain = payload.account_name, payload.primary_domain
        assert user == USER
        nt_hash = ntlm_server.nt_hash(PASSWORD)
        if len(nt_response) == 24:
            assert nt_response == ntlm_server.desl(nt_hash, self.challenge)
            assert lm_response in (b'', nt_response)  # no LM hash
            return ntlm_server.MD4.new(nt_hash).digest() + nt_response
        key = ntlm_server.hmac_md5(nt_hash, (user.upper() + domain).encode('utf-16-le'))
        proof, temp = nt_response[:16], nt_response[16:]
        assert proof == ntlm_server.hmac_md5(key, self.challenge + temp)
        if lm_response not in (b'', bytes(24)):
            client_challenge = lm_response[16:]
            assert lm_response[:16] == ntlm_server.hmac_md5(key, self.challenge + client_challenge)
            assert len(client_challenge) == 8
        return ntlm_server.hmac_md5(key, proof) + nt_response
