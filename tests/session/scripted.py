"""An SMB2 server inside the test process: honest and strict by itself, crooked where a test bends it.

It reads requests by the library's own message classes, checks the NTLM answers by ``tests/auth/server.py``, signs and
seals, counts credits, and is sure of what it gets: a wrong message id, an unpaid request or a bad signature is an
AssertionError in the test. ``bend(command, change)`` alters the next answer to a command; attributes say the rest.
"""

from __future__ import annotations

from smb import ntstatus
from smb.crypto import kdf, preauth
from smb.crypto.sealing import KEY_LENGTHS, Sealer
from smb.crypto.signing import signer
from smb.messages.smb2.create import SMB2CreateRequest
from smb.messages.smb2.header import HEADER_SIZE, SMB2Header, split_compound
from smb.messages.smb2.info import SMB2QueryInfoRequest, SMB2SetInfoRequest
from smb.messages.smb2.ioctl import (
    SMB2IoctlRequest,
    SMB2IoctlResponse,
    SMB2ValidateNegotiateInfoRequest,
    SMB2ValidateNegotiateInfoResponse,
)
from smb.messages.smb2.negotiate import (
    SMB2EncryptionCapabilities,
    SMB2NegotiateRequest,
    SMB2NegotiateResponse,
    SMB2PreauthIntegrityCapabilities,
    SMB2SigningCapabilities,
)
from smb.messages.smb2.query_directory import SMB2QueryDirectoryRequest
from smb.messages.smb2.read_write import SMB2ReadRequest, SMB2WriteRequest
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest, SMB2SessionSetupResponse
from smb.messages.smb2.simple import (
    SMB2CancelRequest,
    SMB2CloseRequest,
    SMB2EchoRequest,
    SMB2EchoResponse,
    SMB2ErrorResponse,
    SMB2FlushRequest,
    SMB2LogoffRequest,
    SMB2LogoffResponse,
)
from smb.messages.smb2.transform import SMB2TransformHeader
from smb.messages.smb2.tree_connect import SMB2TreeConnectRequest, SMB2TreeConnectResponse
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED, STATUS_PENDING, STATUS_SUCCESS
from smb.smb2_constants import (
    FSCTL_VALIDATE_NEGOTIATE_INFO,
    SHA_512,
    SIGNING_AES_CMAC,
    SIGNING_AES_GMAC,
    SIGNING_HMAC_SHA256,
    SMB2_COM_CANCEL,
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_LOGOFF,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_SESSION_SETUP,
    SMB2_COM_TREE_CONNECT,
    SMB2_COMMAND_NAMES,
    SMB2_ENCRYPTION_AES128_CCM,
    SMB2_ENCRYPTION_AES128_GCM,
    SMB2_FLAGS_ASYNC_COMMAND,
    SMB2_FLAGS_RELATED_OPERATIONS,
    SMB2_FLAGS_SERVER_TO_REDIR,
    SMB2_FLAGS_SIGNED,
    SMB2_GLOBAL_CAP_ENCRYPTION,
    SMB2_GLOBAL_CAP_LARGE_MTU,
    SMB2_NEGOTIATE_SIGNING_ENABLED,
    SMB2_SHARE_TYPE_DISK,
    SMB2_SHAREFLAG_ENCRYPT_DATA,
    SMB2_TRANSFORM_PROTOCOL_ID,
)
from smb.wire.values import padding
from tests.auth import server as ntlm_server
from tests.session.scripted_base import (
    PASSWORD,
    USER,
    ScriptedBase,
    ScriptedTransport,
    client,
    connected,
    is_usable,
)
from tests.session.scripted_files import FileCommands

__all__ = ['PASSWORD', 'USER', 'ScriptedServer', 'ScriptedTransport', 'client', 'connected', 'is_usable']

SERVER_SECURITY_MODE = SMB2_NEGOTIATE_SIGNING_ENABLED
REQUESTS = {
    kind.COMMAND: kind
    for kind in (
        SMB2NegotiateRequest, SMB2SessionSetupRequest, SMB2TreeConnectRequest, SMB2CreateRequest, SMB2CloseRequest,
        SMB2ReadRequest, SMB2WriteRequest, SMB2QueryDirectoryRequest, SMB2QueryInfoRequest, SMB2SetInfoRequest,
        SMB2IoctlRequest, SMB2EchoRequest, SMB2LogoffRequest, SMB2FlushRequest, SMB2CancelRequest,
    )
}  # fmt: skip
WITHOUT_TREE = (SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP, SMB2_COM_LOGOFF, SMB2_COM_TREE_CONNECT, SMB2_COM_ECHO)


class Request:
    """One request as it came."""

    def __init__(self, header, payload, sealed, in_compound):
        self.header, self.payload, self.sealed, self.in_compound = header, payload, sealed, in_compound
        self.command = header.command
        self.signed = bool(header.flags & SMB2_FLAGS_SIGNED)
        self.related = bool(header.flags & SMB2_FLAGS_RELATED_OPERATIONS)
        self.span = max(1, header.credit_charge)


class Answer:
    """One answer before it is packed; ``payload`` is a structure or bytes."""

    def __init__(self, request, status, payload, session, credits):
        self.request, self.payload, self.session = request, payload, session
        self.header = SMB2Header(
            command=request.command,
            status=status,
            credit_charge=request.header.credit_charge,
            credits=credits,
            flags=SMB2_FLAGS_SERVER_TO_REDIR,
            message_id=request.header.message_id,
            tree_id=request.header.tree_id,
            session_id=request.header.session_id,
        )
        self.signed = request.signed
        self.sealed = request.sealed
        self.spoil_signature = False
        self.sealed_for = None  # another session id for the transform header

    def make_error(self, status):
        self.header.status, self.payload = status, SMB2ErrorResponse()

    def make_async(self, async_id):
        self.header.flags |= SMB2_FLAGS_ASYNC_COMMAND
        self.header.reserved, self.header.tree_id = async_id & 0xFFFFFFFF, async_id >> 32


class ServerSession:
    signer = sealer = login = None
    expired = deleted = False

    def __init__(self, session_id, hash_value):
        self.id, self.hash_value = session_id, hash_value
        self.trees = {}  # id -> share name
        self.opens = {}  # file id -> name
        self.listed = {}  # file id -> how many batches were given


class ScriptedServer(ScriptedBase, FileCommands):
    def __init__(self, dialect=0x0311, **options):
        self.dialect = dialect
        self.cipher = SMB2_ENCRYPTION_AES128_GCM if dialect == 0x0311 else SMB2_ENCRYPTION_AES128_CCM
        self.signing_algorithm = SIGNING_AES_GMAC if dialect == 0x0311 else None
        self.encrypts = dialect >= 0x0300
        self.capabilities = SMB2_GLOBAL_CAP_LARGE_MTU if dialect > 0x0202 else 0
        self.security_mode = SERVER_SECURITY_MODE
        self.guid = b'scripted-server!'
        self.max_size = 8 << 20 if dialect > 0x0202 else 65536
        self.session_flags = 0
        self.has_keys = True  # whether there is a user with a password
        self.signs_last_answer = True
        self.shares = {'share': 0, 'other': 0, 'sealed': SMB2_SHAREFLAG_ENCRYPT_DATA, 'ipc$': 0}
        self.files = {'file': b'content of the file', 'large': bytes(range(256)) * 4096}
        self.names = ['.', '..', 'file', 'large']
        self.batch = 100  # names in an answer to QUERY_DIRECTORY
        self.pipe_answer = b'pipe answer'
        self.splits_compounds = False
        self.always_expired = False
        self.grant = lambda header: min(header.credits, 512)
        self.pends = set()  # commands that have an interim answer first
        super().__init__(options)
        if self.encrypts and dialect < 0x0311:
            self.capabilities |= SMB2_GLOBAL_CAP_ENCRYPTION
        self._next_id, self._granted = 0, 1
        self._numbers = iter(range(1, 1000000))
        self.hash_value = preauth.INITIAL_VALUE

    # What a test does with it

    def let_go(self, order=None):
        """Send the answers that were held back, one frame each."""
        held, self._held = self._held, []
        for index in order if order is not None else range(len(held)):
            self._emit([held[index]])

    def commands(self, since=0):
        return [SMB2_COMMAND_NAMES[request.command].removeprefix('SMB2_COM_') for request in self.requests[since:]]

    @property
    def unused_credits(self):
        """How many message ids the client may still use."""
        return self._granted - self._next_id

    # Requests

    def receive(self, frame):
        self.frames.append(frame)
        sealed = frame[:4] == SMB2_TRANSFORM_PROTOCOL_ID
        if sealed:
            frame = self._unseal(frame)
        messages = split_compound(memoryview(frame))
        answers = []
        self._related = (None, STATUS_SUCCESS)
        for message in messages:
            request = self._read(message, sealed, len(messages) > 1)
            if request.command == SMB2_COM_CANCEL:
                self.cancels.append(request)
                continue
            self._count(request)
            self.requests.append(request)
            answers += self._answers(request, message)
        self._emit([answer for answer in answers if not self._hold(answer)])

    def _unseal(self, frame):
        transform = SMB2TransformHeader.unpack(frame)
        ciphertext = frame[SMB2TransformHeader.fixed_size() :]
        assert transform.flags == 1 and transform.original_message_size == len(ciphertext)
        session = self.sessions[transform.session_id]
        return bytes(
            session.sealer.decrypt(transform.nonce, transform.associated_data(), ciphertext, transform.signature)
        )

    def _read(self, message, sealed, in_compound):
        header = SMB2Header.unpack(message)
        assert not header.flags & SMB2_FLAGS_SERVER_TO_REDIR
        request = Request(header, REQUESTS[header.command].unpack(message[HEADER_SIZE:]), sealed, in_compound)
        if request.signed:
            assert not sealed
            parts = [message[:48], bytes(16), message[64:]]
            session_signer = self.sessions[header.session_id].signer
            is_cancel = header.command == SMB2_COM_CANCEL
            assert session_signer.verify(header.signature, parts, header.message_id, False, is_cancel)
        return request

    def _count(self, request):
        """[MS-SMB2] 3.3.5.2.3: each message id once, and none that was not paid for."""
        header = request.header
        assert header.message_id == self._next_id
        assert header.credit_charge == 0 or self.dialect > 0x0202
        payload_size = max(getattr(request.payload, 'length', 0), getattr(request.payload, 'output_buffer_length', 0))
        assert request.span * 65536 >= payload_size
        assert request.span == 1 or self.capabilities & SMB2_GLOBAL_CAP_LARGE_MTU
        self._next_id += request.span
        assert self._next_id <= self._granted

    # Answers

    def _answers(self, request, message):
        session = self.sessions.get(request.header.session_id)
        if request.command == SMB2_COM_NEGOTIATE:
            self.hash_value = preauth.update(self.hash_value, message)
        if request.command == SMB2_COM_SESSION_SETUP:
            session = self._session_of(request)
            session.hash_value = preauth.update(session.hash_value, message)
        status, payload = self._carry_out(request, session)
        answer = Answer(request, status, payload, session, 0)
        if request.command == SMB2_COM_SESSION_SETUP:
            answer.header.session_id = session.id
            if session.signer and session.login is None and self.signs_last_answer and not answer.sealed:
                answer.signed = True
        if request.command == SMB2_COM_TREE_CONNECT and status == STATUS_SUCCESS:
            answer.header.tree_id = max(session.trees)
        if request.related:
            answer.header.flags |= SMB2_FLAGS_RELATED_OPERATIONS
        answer.header.credits = self.grant(request.header)
        self._granted += answer.header.credits
        answers = [answer]
        if request.command in self.pends:
            interim = Answer(request, STATUS_PENDING, SMB2ErrorResponse(), session, answer.header.credits)
            answer.header.credits = 0
            interim.signed = False
            for one in (interim, answer):
                one.make_async(0x1234567890 + request.header.message_id)
            answers = [interim, answer]
        changed = self._bent(answer)
        return answers if changed is None else changed

    def _carry_out(self, request, session):
        header = request.header
        status = self._refusal(request, session)
        if status is None and request.related and self._related[1] != STATUS_SUCCESS:
            status = self._related[1]
        if status is None:
            status, payload = getattr(self, '_do_' + SMB2_COMMAND_NAMES[header.command][9:].lower())(request, session)
        else:
            payload = SMB2ErrorResponse()
        if request.command == SMB2_COM_CREATE:
            self._related = (payload.file_id if status == STATUS_SUCCESS else None, status)
        return status, payload

    def _refusal(self, request, session):
        header = request.header
        refused = self.refuse(request)
        if refused is not None:
            return refused
        if request.command in (SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP) or header.session_id == 0:
            return None
        if session is None or session.deleted:
            return ntstatus.STATUS_USER_SESSION_DELETED
        if (session.expired or self.always_expired) and request.command not in (SMB2_COM_CLOSE, SMB2_COM_LOGOFF):
            return ntstatus.STATUS_NETWORK_SESSION_EXPIRED
        if request.command in WITHOUT_TREE:
            return None
        if header.tree_id not in session.trees:
            return ntstatus.STATUS_NETWORK_NAME_DELETED
        if self.shares[session.trees[header.tree_id]] & SMB2_SHAREFLAG_ENCRYPT_DATA and not request.sealed:
            return ntstatus.STATUS_ACCESS_DENIED
        return None

    def _emit(self, answers):
        frames = []
        for answer in answers:
            if frames and not self.splits_compounds and frames[-1][0].sealed == answer.sealed:
                frames[-1].append(answer)
            else:
                frames.append([answer])
        for group in frames:
            packed = [self._pack(answer, last=answer is group[-1]) for answer in group]
            frame = b''.join(packed)
            if group[0].sealed:
                frame = self._seal(group[0], frame)
            command = group[0].request.command
            if command in self.tampering:
                frame = self.tampering.pop(command)(frame)
            self.transport.queue.append(frame)

    def _pack(self, answer, *, last):
        header, body = answer.header, answer.payload if isinstance(answer.payload, bytes) else answer.payload.pack()
        if not last:
            body += padding(HEADER_SIZE + len(body), 8)
            header.next_command = HEADER_SIZE + len(body)
        if answer.signed and not answer.sealed:
            header.flags |= SMB2_FLAGS_SIGNED
            header.signature = bytes(16)
            header.signature = answer.session.signer.sign([header.pack(), body], header.message_id, True, False)
            if answer.spoil_signature:
                header.signature = bytes([header.signature[0] ^ 1]) + header.signature[1:]
        packed = header.pack() + body
        if header.command == SMB2_COM_NEGOTIATE:
            self.hash_value = preauth.update(self.hash_value, packed)
        elif header.command == SMB2_COM_SESSION_SETUP and header.status == STATUS_MORE_PROCESSING_REQUIRED:
            answer.session.hash_value = preauth.update(answer.session.hash_value, packed)
        return packed

    def _seal(self, answer, message):
        sealer = answer.session.sealer
        nonce = sealer.next_nonce()
        session_id = answer.session.id if answer.sealed_for is None else answer.sealed_for
        transform = SMB2TransformHeader(nonce=nonce, original_message_size=len(message), session_id=session_id)
        ciphertext, transform.signature = sealer.encrypt(nonce, transform.associated_data(), [message])
        return transform.pack() + bytes(ciphertext)

    # The commands

    def _do_negotiate(self, request, session):
        assert self.dialect in request.payload.dialects
        contexts = []
        if self.dialect == 0x0311:
            contexts.append(SMB2PreauthIntegrityCapabilities(hash_algorithms=(SHA_512,), salt=bytes(32)))
            if self.encrypts:
                contexts.append(SMB2EncryptionCapabilities(ciphers=(self.cipher,)))
            if self.signing_algorithm is not None:
                contexts.append(SMB2SigningCapabilities(signing_algorithms=(self.signing_algorithm,)))
        self.negotiated = request.payload
        return STATUS_SUCCESS, SMB2NegotiateResponse(
            security_mode=self.security_mode,
            dialect_revision=self.dialect,
            server_guid=self.guid,
            capabilities=self.capabilities,
            max_transact_size=self.max_size,
            max_read_size=self.max_size,
            max_write_size=self.max_size,
            system_time=0,
            security_buffer=ntlm_server.neg_token_init2(ntlm_server.NTLM_OID),
            negotiate_contexts=tuple(contexts),
        )

    def _session_of(self, request):
        session_id = request.header.session_id
        if session_id:
            return self.sessions[session_id]
        session = ServerSession(0x5E55000000000000 + next(self._numbers), self.hash_value)
        self.sessions[session.id] = session
        return session

    def _do_session_setup(self, request, session):
        token = request.payload.security_buffer
        if session.login is None:
            session.login = ntlm_server.Server(USER, PASSWORD)
            return STATUS_MORE_PROCESSING_REQUIRED, SMB2SessionSetupResponse(security_buffer=session.login.first(token))
        login, session.login = session.login, None
        if self.has_keys:
            answer = login.second(token)
            if session.signer is None:
                self._make_keys(session, login.session_key)
        else:
            answer = ntlm_server.neg_token_resp(0, mechanism=b'')
        session.expired = False
        self.sign_ons += 1
        return STATUS_SUCCESS, SMB2SessionSetupResponse(security_buffer=answer, session_flags=self.session_flags)

    def _make_keys(self, session, session_key):
        length = KEY_LENGTHS[self.cipher]
        keys = kdf.derive_keys(self.dialect, session_key, session.hash_value, length)
        algorithm = self.signing_algorithm
        if algorithm is None:
            algorithm = SIGNING_AES_CMAC if self.dialect >= 0x0300 else SIGNING_HMAC_SHA256
        session.signer = signer(algorithm, keys.signing_key)
        if self.encrypts:
            session.sealer = Sealer(self.cipher, keys.decryption_key, keys.encryption_key)

    def _do_logoff(self, request, session):
        return STATUS_SUCCESS, SMB2LogoffResponse()

    def _do_echo(self, request, session):
        return STATUS_SUCCESS, SMB2EchoResponse()

    def _do_tree_connect(self, request, session):
        name = request.payload.path.rpartition('\\')[2].lower()
        if name not in self.shares:
            return ntstatus.STATUS_BAD_NETWORK_NAME, SMB2ErrorResponse()
        session.trees[next(self._numbers)] = name
        return STATUS_SUCCESS, SMB2TreeConnectResponse(
            share_type=SMB2_SHARE_TYPE_DISK, share_flags=self.shares[name], maximal_access=0x1F01FF
        )

    def _do_ioctl(self, request, session):
        payload, output = request.payload, self.pipe_answer
        if payload.ctl_code == FSCTL_VALIDATE_NEGOTIATE_INFO:
            assert request.signed or request.sealed
            question = SMB2ValidateNegotiateInfoRequest.unpack(payload.input)
            asked, now = self.negotiated, question
            assert (asked.capabilities, asked.client_guid, asked.security_mode, asked.dialects) == (
                now.capabilities, now.guid, now.security_mode, now.dialects,
            )  # fmt: skip
            output = SMB2ValidateNegotiateInfoResponse(
                capabilities=self.capabilities, guid=self.guid, security_mode=self.security_mode, dialect=self.dialect
            ).pack()
        return STATUS_SUCCESS, SMB2IoctlResponse(ctl_code=payload.ctl_code, file_id=payload.file_id, output=output)
