"""An SMB1 server (NT LM 0.12) inside the test process: the twin of ``scripted.py``, honest and strict like that one.

It reads requests by the library's own message classes, checks NTLM answers by ``tests/auth/server.py``, signs and
verifies signatures, counts what is outstanding, and is sure of what it gets: a MID that is in use, one request too many
or a bad signature is an AssertionError in the test. ``bend(command, change)`` alters the next answer to a command,
``arrange`` the messages that an answer to a transaction is cut into; attributes say the rest.
"""

from __future__ import annotations

import hashlib

from smb import ntstatus
from smb.errors import NotConnectedError
from smb.messages.smb1.create import ComNTCreateAndxRequest
from smb.messages.smb1.header import COMMAND_NAMES, HEADER_SIZE, SMBHeader
from smb.messages.smb1.negotiate import ComNegotiateRequest
from smb.messages.smb1.paths import (
    ComCreateDirectoryRequest,
    ComDeleteDirectoryRequest,
    ComDeleteRequest,
    ComRenameRequest,
)
from smb.messages.smb1.payload import AndXRequest, ComErrorResponse
from smb.messages.smb1.read_write import ComReadAndxRequest, ComWriteAndxRequest
from smb.messages.smb1.session_setup import (
    ComSessionSetupAndxRequest__NoSecurityExtension,
    ComSessionSetupAndxRequest__WithSecurityExtension,
)
from smb.messages.smb1.simple import (
    ComCloseRequest,
    ComEchoRequest,
    ComEchoResponse,
    ComFindClose2Request,
    ComLogoffAndxRequest,
    ComLogoffAndxResponse,
    ComNTCancelRequest,
)
from smb.messages.smb1.transaction import ComNTTransactRequest, ComTransaction2Request, ComTransactionRequest
from smb.messages.smb1.tree_connect import (
    ComTreeConnectAndxRequest,
    ComTreeConnectAndxResponse,
    ComTreeDisconnectRequest,
    ComTreeDisconnectResponse,
)
from smb.messages.smb2.header import SMB2Header
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS
from smb.smb2_constants import SMB2_FLAGS_SERVER_TO_REDIR, SMB2_PROTOCOL_ID
from smb.smb_constants import (
    CAP_INFOLEVEL_PASSTHRU,
    CAP_LARGE_FILES,
    CAP_LARGE_READX,
    CAP_LARGE_WRITEX,
    CAP_NT_FIND,
    CAP_NT_SMBS,
    CAP_STATUS32,
    CAP_UNICODE,
    NEGOTIATE_ENCRYPT_PASSWORDS,
    NEGOTIATE_SECURITY_SIGNATURES_ENABLE,
    NEGOTIATE_SECURITY_SIGNATURES_REQUIRE,
    NEGOTIATE_USER_SECURITY,
    SERVICE_ANY,
    SERVICE_NAMED_PIPE,
    SMB1_PROTOCOL_ID,
    SMB_COM_ECHO,
    SMB_COM_LOGOFF_ANDX,
    SMB_COM_NEGOTIATE,
    SMB_COM_NO_ANDX_COMMAND,
    SMB_COM_NT_CANCEL,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_COM_TREE_CONNECT_ANDX,
    SMB_COM_WRITE_ANDX,
    SMB_FLAGS2_EXTENDED_SECURITY,
    SMB_FLAGS2_LONG_NAMES,
    SMB_FLAGS2_NT_STATUS,
    SMB_FLAGS2_SMB_SECURITY_SIGNATURE,
    SMB_FLAGS2_UNICODE,
    SMB_FLAGS_CASE_INSENSITIVE,
    SMB_FLAGS_REPLY,
)
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
from tests.session.scripted_smb1_files import FileCommands
from tests.session.scripted_smb1_sign_on import SignOnCommands
from tests.session.scripted_smb1_transactions import TransactionCommands, split

__all__ = ['PASSWORD', 'USER', 'ScriptedSMB1Server', 'client', 'connected', 'is_usable']

REQUESTS = {
    kind.COMMAND: kind
    for kind in (
        ComNegotiateRequest, ComTreeConnectAndxRequest, ComTreeDisconnectRequest, ComLogoffAndxRequest, ComEchoRequest,
        ComNTCancelRequest, ComNTCreateAndxRequest, ComCloseRequest, ComReadAndxRequest, ComWriteAndxRequest,
        ComRenameRequest, ComDeleteRequest, ComCreateDirectoryRequest, ComDeleteDirectoryRequest, ComTransactionRequest,
        ComTransaction2Request, ComFindClose2Request, ComNTTransactRequest,
    )
}  # fmt: skip
SESSION_SETUPS = {
    12: ComSessionSetupAndxRequest__WithSecurityExtension,
    13: ComSessionSetupAndxRequest__NoSecurityExtension,
}  # by WordCount
WITHOUT_SESSION = (SMB_COM_NEGOTIATE, SMB_COM_SESSION_SETUP_ANDX, SMB_COM_ECHO)
WITHOUT_TREE = (*WITHOUT_SESSION, SMB_COM_TREE_CONNECT_ANDX, SMB_COM_LOGOFF_ANDX)
CAPABILITIES = (
    CAP_UNICODE | CAP_LARGE_FILES | CAP_NT_SMBS | CAP_STATUS32 | CAP_NT_FIND | CAP_INFOLEVEL_PASSTHRU | CAP_LARGE_READX
    | CAP_LARGE_WRITEX
)  # fmt: skip
RESERVED_MID = 0xFFFF  # of oplock breaks

# [MS-CIFS] 2.2.2.4: (class, code) for a server without NTSTATUS; the STATUS_SMB_... are DOS errors as they stand.
DOS_ERRORS = {
    ntstatus.STATUS_LOGON_FAILURE: (2, 2),
    ntstatus.STATUS_ACCESS_DENIED: (1, 5),
    ntstatus.STATUS_BAD_NETWORK_NAME: (2, 6),
    ntstatus.STATUS_OBJECT_NAME_NOT_FOUND: (1, 2),
    ntstatus.STATUS_OBJECT_PATH_NOT_FOUND: (1, 3),
    ntstatus.STATUS_OBJECT_NAME_COLLISION: (1, 80),
    ntstatus.STATUS_NO_SUCH_FILE: (1, 2),
    ntstatus.STATUS_INVALID_HANDLE: (1, 6),
    ntstatus.STATUS_INVALID_LEVEL: (1, 124),
    ntstatus.STATUS_BUFFER_OVERFLOW: (1, 234),
    ntstatus.STATUS_BUFFER_TOO_SMALL: (1, 122),
    ntstatus.STATUS_DIRECTORY_NOT_EMPTY: (1, 145),
    ntstatus.STATUS_FILE_IS_A_DIRECTORY: (1, 5),
    ntstatus.STATUS_NOT_A_DIRECTORY: (1, 267),
}


# What a server may make of an SMB2 NEGOTIATE


def hang_up():
    return NotConnectedError('The connection was lost: the server hung up')


def reset():
    error = NotConnectedError('The connection was lost: [Errno 104] Connection reset by peer')
    error.__cause__ = ConnectionResetError(104, 'Connection reset by peer')
    return error


def silence():
    return None


def smb2_error(status):
    """A server that does speak SMB2, and refuses."""
    header = SMB2Header(command=0, status=status, flags=SMB2_FLAGS_SERVER_TO_REDIR, credits=1)
    return lambda: header.pack() + SMB2ErrorResponse().pack()


def signature(mac_key, message, number):
    """[MS-CIFS] 3.1.4.1: of a message whose SecuritySignature may hold anything."""
    in_its_place = number.to_bytes(4, 'little') + bytes(4)
    return hashlib.md5(mac_key + message[:14] + in_its_place + message[22:]).digest()[:8]


class Request:
    """One request as it came."""

    def __init__(self, header, payload, frame):
        self.header, self.payload, self.frame = header, payload, frame
        self.command = header.command
        self.signed = False
        self.number = 0  # in the sequence that signatures count
        self.answers_due = 0  # messages that the client has not received yet

    @property
    def is_unicode(self):
        return bool(self.header.flags2 & SMB_FLAGS2_UNICODE)


class Answer:
    """One message of an answer before it is packed; ``payload`` is a structure or bytes."""

    def __init__(self, request, status, payload, *, signed):
        self.request, self.payload = request, payload
        asked = request.header
        flags2 = asked.flags2 & (SMB_FLAGS2_UNICODE | SMB_FLAGS2_NT_STATUS | SMB_FLAGS2_EXTENDED_SECURITY)
        self.header = SMBHeader(
            command=request.command,
            status=status,
            flags=SMB_FLAGS_REPLY | SMB_FLAGS_CASE_INSENSITIVE,
            flags2=flags2 | SMB_FLAGS2_LONG_NAMES,
            pid_high=asked.pid_high,
            pid_low=asked.pid_low,
            tid=asked.tid,
            uid=asked.uid,
            mid=asked.mid,
        )
        self.number = request.number + 1
        self.signed = signed
        self.spoil_signature = False
        self.signature = None  # 8 bytes in place of the right ones

    def make_error(self, status):
        self.header.status, self.payload = status, ComErrorResponse()

    def twin(self, payload):
        """Another message of the same answer."""
        other = Answer(self.request, self.header.status, payload, signed=self.signed)
        other.header = SMBHeader.unpack(self.header.pack())
        return other


class Frame(bytes):
    """A message on its way to the client, with the request that it is for."""

    request = None


class SMB1Transport(ScriptedTransport):
    """The way to this server, which sees each connection that is made."""

    def connect(self, host, port, family, deadline, my_name, remote_name):
        super().connect(host, port, family, deadline, my_name, remote_name)
        self.queue.clear()
        self.server.transport = self
        self.server.connections += 1
        self.server.accept()

    def receive(self, deadline, soon=False):
        frame = self.queue[0] if self.queue else None
        view = super().receive(deadline, soon)
        self.server.delivered(frame)
        return view


class ScriptedSMB1Server(ScriptedBase, SignOnCommands, FileCommands, TransactionCommands):
    TRANSPORT = SMB1Transport

    def __init__(self, **options):
        self.smb2_answer = hang_up  # gives an exception, None or the bytes of a frame
        self.dialect_index = None  # another than the one of NT LM 0.12
        self.extended_security = True
        self.unicode = True
        self.dos_errors = False
        self.capabilities = CAPABILITIES
        self.signing = 'enabled'  # or 'disabled', 'mandatory'
        self.security_mode = NEGOTIATE_USER_SECURITY | NEGOTIATE_ENCRYPT_PASSWORDS
        self.max_mpx_count = 50
        self.max_buffer_size = 16644
        self.longest_read = 1 << 17  # bytes that are given at once
        self.challenge = ntlm_server.SERVER_CHALLENGE
        self.action = 0  # SMB_SETUP_GUEST
        self.has_keys = True  # whether there is a user with a password
        self.refuses_user = STATUS_SUCCESS  # the status of the last SESSION_SETUP_ANDX
        self.shares = {'share': 'A:', 'other': 'A:', 'ipc$': SERVICE_NAMED_PIPE}
        self.files = {'file': b'content of the file', 'large': bytes(range(256)) * 4096}
        self.folders = {''}
        self.names = ['.', '..', 'file', 'large']
        self.batch = 100  # names in an answer to FIND_FIRST2 and FIND_NEXT2
        self.refused_levels = set()
        self.pipe_answer = b'pipe answer'
        self.security_descriptor = b'security descriptor'
        self.part_size = None  # bytes of parameters and data in one message; None: as many as the client takes
        self.arrange = lambda parts: parts  # the messages of an answer that was cut, in the order that they are sent
        super().__init__(options)
        if not self.unicode:
            self.capabilities &= ~CAP_UNICODE
        if self.dos_errors:
            self.capabilities &= ~CAP_STATUS32
            self.extended_security = False  # whose first answer has an NTSTATUS that is no DOS error
        if self.signing != 'disabled':
            self.security_mode |= NEGOTIATE_SECURITY_SIGNATURES_ENABLE
        if self.signing == 'mandatory':
            self.security_mode |= NEGOTIATE_SECURITY_SIGNATURES_REQUIRE
        self.smb2_offers = []
        self.connections = 0
        self.basics = {}  # name -> FileBasicInformation that was set
        self._numbers = iter(range(0x100, 0xFFFE))
        self.accept()

    def accept(self):
        """Begin anew, for a client that has just connected."""
        self.sessions = {}
        self.outstanding = {}  # MID -> request
        self.is_offered_smb2 = False
        self.negotiated = None
        self.mac_key = None  # while nothing is signed
        self.next_number = 0
        self.client_buffer_size = 0
        self.is_gone = False
        self._held = []

    # What a test does with it

    def let_go(self, order=None):
        """Send the messages that were held back."""
        held, self._held = self._held, []
        self._emit([held[index] for index in (order if order is not None else range(len(held)))])

    @property
    def extended(self):
        """Whether extended security was agreed on."""
        return self.extended_security and bool(self.negotiated.header.flags2 & SMB_FLAGS2_EXTENDED_SECURITY)

    def commands(self, since=0):
        return [COMMAND_NAMES[request.command].removeprefix('SMB_COM_') for request in self.requests[since:]]

    @property
    def open_searches(self):
        return sum(len(session.searches) for session in self.sessions.values() if not session.deleted)

    # Requests

    def receive(self, frame):
        if self.is_gone:
            return
        self.frames.append(frame)
        if frame[:4] == SMB2_PROTOCOL_ID:
            self._answer_smb2(frame)
            return
        request = self._read(frame)
        if not self._verify(request):
            self.is_gone = True
            self.transport.queue.append(hang_up())
            return
        if request.command == SMB_COM_NT_CANCEL:
            self._take_cancel(request)
            return
        self._count(request)
        self.requests.append(request)
        self._emit([answer for answer in self._answers(request) if not self._hold(answer)])

    def _answer_smb2(self, frame):
        assert self.negotiated is None and not self.is_offered_smb2
        self.is_offered_smb2 = True
        self.smb2_offers.append(frame)
        answer = self.smb2_answer()
        if answer is not None:
            self.transport.queue.append(answer)

    def _read(self, frame):
        header = SMBHeader.unpack(frame)
        assert header.protocol == SMB1_PROTOCOL_ID
        is_unicode = bool(header.flags2 & SMB_FLAGS2_UNICODE)
        kinds = SESSION_SETUPS if header.command == SMB_COM_SESSION_SETUP_ANDX else REQUESTS
        kind = kinds[frame[HEADER_SIZE] if kinds is SESSION_SETUPS else header.command]
        request = Request(header, kind.unpack(frame[HEADER_SIZE:], is_unicode), frame)
        self._check_header(request)
        if isinstance(request.payload, AndXRequest):
            assert request.payload.andx_command == SMB_COM_NO_ANDX_COMMAND
        is_large_write = request.command == SMB_COM_WRITE_ANDX and self.allows_large(CAP_LARGE_WRITEX)
        if request.command != SMB_COM_NEGOTIATE and not is_large_write:
            assert len(frame) <= self.max_buffer_size
        return request

    def _check_header(self, request):
        header, flags2 = request.header, request.header.flags2
        assert not header.flags & SMB_FLAGS_REPLY
        assert header.mid != RESERVED_MID
        assert header.status == header.reserved == 0
        assert flags2 & SMB_FLAGS2_LONG_NAMES
        if request.command == SMB_COM_NEGOTIATE:
            assert self.negotiated is None
            return
        assert bool(flags2 & SMB_FLAGS2_UNICODE) is bool(self.capabilities & CAP_UNICODE)
        assert bool(flags2 & SMB_FLAGS2_NT_STATUS) is bool(self.capabilities & CAP_STATUS32)
        if request.command == SMB_COM_SESSION_SETUP_ANDX:
            has_token = isinstance(request.payload, ComSessionSetupAndxRequest__WithSecurityExtension)
            assert has_token is bool(flags2 & SMB_FLAGS2_EXTENDED_SECURITY) is self.extended

    def _verify(self, request):
        """[MS-CIFS] 3.3.5.2: False where the server hangs up."""
        if self.mac_key is None:
            return True
        has_flag = bool(request.header.flags2 & SMB_FLAGS2_SMB_SECURITY_SIGNATURE)
        if self.signing == 'mandatory' and not has_flag:
            return False
        request.number = self.next_number
        self.next_number += 1 if request.command == SMB_COM_NT_CANCEL else 2
        assert has_flag, f'{COMMAND_NAMES[request.command]} is not signed'
        right = signature(self.mac_key, request.frame, request.number)
        assert request.header.security_features == right, f'{COMMAND_NAMES[request.command]} has a wrong signature'
        request.signed = True
        return True

    def _take_cancel(self, request):
        """[MS-CIFS] 2.2.4.65.1: it names the request that it cancels by all its ids."""
        asked, cancelled = request.header, self.outstanding[request.header.mid].header
        for name in ('pid_high', 'pid_low', 'tid', 'uid'):
            assert getattr(asked, name) == getattr(cancelled, name)
        self.cancels.append(request)

    def _count(self, request):
        assert request.header.mid not in self.outstanding
        self.outstanding[request.header.mid] = request
        assert len(self.outstanding) <= self.max_mpx_count

    def delivered(self, frame):
        """The client has received this message."""
        request = getattr(frame, 'request', None)
        if request is None:
            return
        request.answers_due -= 1
        if request.answers_due == 0:
            self.outstanding.pop(request.header.mid, None)

    # Answers

    def _answers(self, request):
        session = self.sessions.get(request.header.uid)
        if request.command == SMB_COM_SESSION_SETUP_ANDX:
            session = self._session_of(request)
        status = self._refusal(request, session)
        payload = ComErrorResponse()
        if status is None:
            command = COMMAND_NAMES[request.command].removeprefix('SMB_COM_').lower()
            status, payload = getattr(self, '_do_' + command)(request, session)
        answer = Answer(request, status, payload, signed=self.mac_key is not None)
        if request.command == SMB_COM_SESSION_SETUP_ANDX and status in (
            STATUS_SUCCESS,
            STATUS_MORE_PROCESSING_REQUIRED,
        ):
            answer.header.uid = session.id
        if request.command == SMB_COM_TREE_CONNECT_ANDX and status == STATUS_SUCCESS:
            answer.header.tid = max(session.trees)
        changed = self._bent(answer)
        answers = [part for answer in ([answer] if changed is None else changed) for part in self._parts(answer)]
        request.answers_due = len(answers)
        return answers

    def _parts(self, answer):
        room = self.part_size or self.client_buffer_size - 2 * HEADER_SIZE - 40
        payloads = split(answer.payload, room)
        if len(payloads) == 1:
            return [answer]
        return self.arrange([answer.twin(payload) for payload in payloads])

    def _refusal(self, request, session):
        refused = self.refuse(request)
        if refused is not None:
            return refused
        if request.command in WITHOUT_SESSION:
            return None
        if session is None or session.deleted or not session.is_signed_on:
            return ntstatus.STATUS_SMB_BAD_UID
        if session.expired and request.command != SMB_COM_LOGOFF_ANDX:
            return ntstatus.STATUS_NETWORK_SESSION_EXPIRED
        if request.command not in WITHOUT_TREE and request.header.tid not in session.trees:
            return ntstatus.STATUS_SMB_BAD_TID
        return None

    def _emit(self, answers):
        for answer in answers:
            packed = self._pack(answer)
            if answer.request.command in self.tampering:
                packed = self.tampering.pop(answer.request.command)(packed)
            frame = Frame(packed)
            frame.request = answer.request
            self.transport.queue.append(frame)

    def _pack(self, answer):
        header, payload = answer.header, answer.payload
        if not isinstance(payload, bytes):
            if answer.request.command != SMB_COM_NEGOTIATE:
                payload.is_unicode = bool(header.flags2 & SMB_FLAGS2_UNICODE)
            payload = payload.pack()
        if self.dos_errors:
            header.flags2 &= ~SMB_FLAGS2_NT_STATUS
            if header.status in DOS_ERRORS:
                error_class, code = DOS_ERRORS[header.status]
                header.status = code << 16 | error_class
            assert header.status >> 24 == 0
        if answer.signed:
            header.flags2 |= SMB_FLAGS2_SMB_SECURITY_SIGNATURE
            right = signature(self.mac_key, header.pack() + payload, answer.number)
            header.security_features = bytes([right[0] ^ 1]) + right[1:] if answer.spoil_signature else right
        if answer.signature is not None:
            header.security_features = answer.signature
        return header.pack() + payload

    def allows_large(self, capability):
        """Whether reads or writes may be larger than the buffers; [MS-SMB] 2.2.4.5.2.1: not where they are signed."""
        session = self.sessions[max(self.sessions)] if self.sessions else None
        return bool(session and self.capabilities & session.capabilities & capability) and self.mac_key is None

    # The commands

    def _do_logoff_andx(self, request, session):
        session.deleted = True
        return STATUS_SUCCESS, ComLogoffAndxResponse()

    def _do_echo(self, request, session):
        assert request.payload.echo_count == 1
        return STATUS_SUCCESS, ComEchoResponse(data=request.payload.data)

    def _do_tree_connect_andx(self, request, session):
        payload = request.payload
        assert payload.password == b'\0' and payload.path.startswith('\\\\')
        name = payload.path.rpartition('\\')[2].lower()
        if name not in self.shares:
            return ntstatus.STATUS_BAD_NETWORK_NAME, ComErrorResponse()
        if payload.service not in (SERVICE_ANY, self.shares[name]):
            return ntstatus.STATUS_BAD_DEVICE_TYPE, ComErrorResponse()
        session.trees[next(self._numbers)] = name
        return STATUS_SUCCESS, ComTreeConnectAndxResponse(service=self.shares[name], native_file_system='NTFS')

    def _do_tree_disconnect(self, request, session):
        del session.trees[request.header.tid]
        return STATUS_SUCCESS, ComTreeDisconnectResponse()
