"""An SMB1 client that sends what it is told to: the scripted server is tried by it, without the library's own."""

from __future__ import annotations

import hashlib

from smb.auth import Authenticator
from smb.messages.smb1.create import ComNTCreateAndxRequest
from smb.messages.smb1.dos_errors import to_ntstatus
from smb.messages.smb1.header import HEADER_SIZE, SMBHeader
from smb.messages.smb1.negotiate import ComNegotiateRequest
from smb.messages.smb1.payload import ComErrorResponse
from smb.messages.smb1.session_setup import (
    ComSessionSetupAndxRequest__NoSecurityExtension,
    ComSessionSetupAndxRequest__WithSecurityExtension,
)
from smb.messages.smb1.simple import ComNTCancelRequest
from smb.messages.smb1.status import SMBError
from smb.messages.smb1.transaction import ComTransaction2Request, Reassembly, TransactionRequest
from smb.messages.smb1.tree_connect import ComTreeConnectAndxRequest
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS
from smb.smb_constants import (
    CAP_EXTENDED_SECURITY,
    CAP_LARGE_READX,
    CAP_LARGE_WRITEX,
    CAP_STATUS32,
    CAP_UNICODE,
    FILE_OPEN,
    SMB_FLAGS2_EXTENDED_SECURITY,
    SMB_FLAGS2_LONG_NAMES,
    SMB_FLAGS2_NT_STATUS,
    SMB_FLAGS2_SMB_SECURITY_SIGNATURE,
    SMB_FLAGS2_UNICODE,
)
from smb.transport import Deadline
from tests.auth import server as ntlm
from tests.session.scripted_smb1 import PASSWORD, USER, SMB1Transport

NOW = Deadline(0)
FLAGS2 = SMB_FLAGS2_LONG_NAMES | SMB_FLAGS2_UNICODE | SMB_FLAGS2_NT_STATUS


class RawClient:
    """Sends what it is told to, and reads what comes."""

    def __init__(self, server, *, extended=None, signs=False, flags2=FLAGS2):
        self.server, self.transport = server, SMB1Transport(server)
        self.extended = server.extended_security if extended is None else extended
        self.flags2 = flags2 | (SMB_FLAGS2_EXTENDED_SECURITY if self.extended else 0)
        self.signs, self.key, self.number = signs, b'', 0
        self.flags2 |= SMB_FLAGS2_SMB_SECURITY_SIGNATURE if signs else 0
        self.uid = self.tid = self.mid = 0
        self.transport.connect('server', 445, None, NOW, 'ME', 'SERVER')

    def send(self, payload, *, mid=None, key=None, **changes):
        """The number of the request that was sent."""
        self.mid = self.mid + 1 if mid is None else mid
        payload.is_unicode = bool(self.flags2 & SMB_FLAGS2_UNICODE)
        fields = {'flags2': self.flags2, 'uid': self.uid, 'tid': self.tid, 'mid': self.mid, 'pid_low': 77}
        header = SMBHeader(command=payload.COMMAND, **{**fields, **changes})
        number, body = self.number, payload.pack()
        if self.key:
            header.security_features = number.to_bytes(8, 'little')
            header.security_features = hashlib.md5((key or self.key) + header.pack() + body).digest()[:8]
            self.number += 1 if isinstance(payload, ComNTCancelRequest) else 2
        self.transport.send([header.pack(), body], NOW)
        return number

    def receive(self, number=None):
        """(header, body) of the next message; its signature has been verified where this client signs."""
        frame = bytes(self.transport.receive(NOW))
        header = SMBHeader.unpack(frame)
        if self.key:
            counted = (number + 1).to_bytes(8, 'little')
            assert header.security_features == hashlib.md5(self.key + frame[:14] + counted + frame[22:]).digest()[:8]
            assert header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE
        return header, frame[HEADER_SIZE:]

    def call(self, payload, **changes):
        """(status, payload) of the answer; transactions are put together."""
        number = self.send(payload, **changes)
        header, body = self.receive(number)
        assert (header.mid, header.command) == (self.mid, payload.COMMAND)
        status = header.status
        if not header.flags2 & SMB_FLAGS2_NT_STATUS:
            status = to_ntstatus(SMBError(status, is_ntstatus=False))
        is_unicode = bool(header.flags2 & SMB_FLAGS2_UNICODE)
        answer = payload.unpack_response(status, body, is_unicode)
        if isinstance(payload, TransactionRequest) and not isinstance(answer, ComErrorResponse):
            whole = Reassembly(payload)
            while not whole.add(answer):
                answer = payload.unpack_response(status, self.receive(number)[1], is_unicode)
            answer.parameters, answer.data = bytes(whole.parameters), bytes(whole.data)
        self.uid, self.tid = header.uid or self.uid, header.tid
        return status, answer

    def negotiate(self):
        _, answer = self.call(ComNegotiateRequest(dialects=('LANMAN1.0', 'NT LM 0.12')))
        if not answer.capabilities & CAP_UNICODE:
            self.flags2 &= ~SMB_FLAGS2_UNICODE
        if not answer.capabilities & CAP_STATUS32:
            self.flags2 &= ~SMB_FLAGS2_NT_STATUS
        if not answer.capabilities & CAP_EXTENDED_SECURITY:
            self.extended = False
            self.flags2 &= ~SMB_FLAGS2_EXTENDED_SECURITY
        return answer

    def sign_on(self, *, version=2, password=PASSWORD, lm_password=PASSWORD, buffer_size=0xFFFF):
        self.negotiated = self.negotiate()
        values = {'max_buffer_size': buffer_size, 'max_mpx_count': 1, 'session_key': self.negotiated.session_key}
        if self.extended:
            return self._with_tokens(values)
        nt_hash, challenge = ntlm.nt_hash(password), self.negotiated.challenge
        if version == 1:
            lm_response = nt_response = ntlm.desl(nt_hash, challenge)
            session_key = ntlm.MD4.new(nt_hash).digest()
        else:
            key = ntlm.hmac_md5(nt_hash, (USER.upper() + 'Domain').encode('utf-16-le'))
            temp = b'\1\1' + bytes(6) + bytes(8) + b'eachtime' + bytes(4) + bytes(8)
            proof = ntlm.hmac_md5(key, challenge + temp)
            lm_key = ntlm.hmac_md5(ntlm.nt_hash(lm_password), (USER.upper() + 'Domain').encode('utf-16-le'))
            lm_response = ntlm.hmac_md5(lm_key, challenge + b'eachtime') + b'eachtime'
            nt_response, session_key = proof + temp, ntlm.hmac_md5(key, proof)
        status, answer = self.call(
            ComSessionSetupAndxRequest__NoSecurityExtension(
                capabilities=CAP_UNICODE | CAP_LARGE_READX | CAP_LARGE_WRITEX,
                oem_password=lm_response, unicode_password=nt_response, account_name=USER, primary_domain='Domain',
                **values,
            )
        )  # fmt: skip
        self._begin(status, session_key + nt_response)
        return status, answer

    def _with_tokens(self, values):
        login = Authenticator(USER, PASSWORD, '', 'ME', use_ntlm_v2=True, target_name='cifs/SERVER', needs_signing=True)
        values['capabilities'] = CAP_EXTENDED_SECURITY | CAP_LARGE_READX | CAP_LARGE_WRITEX
        kind = ComSessionSetupAndxRequest__WithSecurityExtension
        status, answer = self.call(kind(security_blob=login.step(self.negotiated.security_blob), **values))
        assert status == STATUS_MORE_PROCESSING_REQUIRED
        status, answer = self.call(kind(security_blob=login.step(answer.security_blob), **values))
        if status == STATUS_SUCCESS:
            login.finish(answer.security_blob)
        self._begin(status, login.session_key)
        return status, answer

    def _begin(self, status, key):
        if status == STATUS_SUCCESS and self.signs:
            self.key, self.number = key, 2

    def connect_tree(self, name='share'):
        return self.call(ComTreeConnectAndxRequest(path=f'\\\\SERVER\\{name}'), tid=0)

    def open(self, name, disposition=FILE_OPEN):
        request = ComNTCreateAndxRequest(
            file_name=name, desired_access=0x12019F, share_access=7, create_disposition=disposition
        )
        return self.call(request)

    def transact2(self, parameters, data=b'', longest=1000):
        return self.call(ComTransaction2Request.of(parameters, data=data, max_data_count=longest))


def ready(server, share='share', **arguments):
    """A client that is signed on and has connected a share."""
    raw = RawClient(server, **arguments)
    assert raw.sign_on()[0] == STATUS_SUCCESS
    assert raw.connect_tree(share)[0] == STATUS_SUCCESS
    return raw
