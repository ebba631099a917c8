"""What a connection is made of: its arguments, its life from connect() to close(), the guard around an operation."""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nmb.base import NMBSession
from smb import auth, ntstatus, smb2_constants, smb_constants, smb_structs
from smb.errors import Incomplete, StatusError, operation_failure
from smb.errors import NotConnectedError as NotConnectedError
from smb.errors import NotReadyError as NotReadyError
from smb.errors import OperationFailure as OperationFailure
from smb.errors import ProtocolError as ProtocolError
from smb.errors import SMB2ProtocolHeaderError as SMB2ProtocolHeaderError
from smb.errors import SMBTimeout as SMBTimeout
from smb.errors import UnsupportedFeature as UnsupportedFeature
from smb.operations import paths, phrases
from smb.results import SharedDevice as SharedDevice
from smb.results import SharedFile as SharedFile
from smb.results import TreeReport as TreeReport
from smb.session.exchange import Exchange
from smb.session.fall_back import Offer, agree
from smb.session.negotiate import dialects_between
from smb.session.share import connect_tree
from smb.session.sign_on import Protection, sign_on, sign_on_again
from smb.session.smb2 import SMB2Dialect
from smb.session.state import Connection, Session, TreeConnect
from smb.smb2_constants import *
from smb.smb_constants import *
from smb.smb_structs import SUPPORT_EXTENDED_SECURITY as SUPPORT_EXTENDED_SECURITY
from smb.smb_structs import SUPPORT_SMB1 as SUPPORT_SMB1
from smb.smb_structs import SUPPORT_SMB2 as SUPPORT_SMB2
from smb.transport import Deadline, Transport
from smb.tree.base import Tree
from smb.tree.smb2 import SMB2Tree

if not TYPE_CHECKING:
    # What a star import gives. Type checkers cannot follow a computed list, and go by the imports.
    __all__ = [
        'SMB', 'SMB2ProtocolHeaderError', 'SMBTimeout', 'SUPPORT_EXTENDED_SECURITY', 'SUPPORT_SMB1',
        'SUPPORT_SMB2', 'NotConnectedError', 'NotReadyError', 'OperationFailure', 'ProtocolError', 'SharedDevice',
        'SharedFile', 'UnsupportedFeature',
        *(name for name in {**vars(smb_constants), **vars(smb2_constants)} if not name.startswith('_')),
    ]  # fmt: skip

# The user is refused: connect() gives False. Any other status at sign-on is an error.
REFUSED_USER = frozenset(
    getattr(ntstatus, 'STATUS_' + name)
    for name in (
        'LOGON_FAILURE', 'NO_SUCH_USER', 'WRONG_PASSWORD', 'ACCOUNT_RESTRICTION', 'INVALID_LOGON_HOURS',
        'INVALID_WORKSTATION', 'PASSWORD_EXPIRED', 'PASSWORD_MUST_CHANGE', 'ACCOUNT_DISABLED', 'ACCOUNT_EXPIRED',
        'ACCOUNT_LOCKED_OUT', 'LOGON_NOT_GRANTED', 'LOGON_TYPE_NOT_GRANTED', 'TRUSTED_DOMAIN_FAILURE',
        'TRUSTED_RELATIONSHIP_FAILURE', 'TRUST_FAILURE', 'NO_TRUST_LSA_SECRET', 'NO_TRUST_SAM_ACCOUNT',
        'NOLOGON_WORKSTATION_TRUST_ACCOUNT', 'NOLOGON_SERVER_TRUST_ACCOUNT', 'NOLOGON_INTERDOMAIN_TRUST_ACCOUNT',
    )
)  # fmt: skip


class Turn:
    """Operations of several threads take turns; one that is asked for from within another is an error."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._owner: int | None = None

    def refuse_nesting(self) -> None:
        """RuntimeError where this thread has its turn already."""
        if self._owner == get_ident():
            raise RuntimeError('This connection is in use: an operation was started from within another one')

    def __enter__(self) -> None:
        self.refuse_nesting()
        self._lock.acquire()
        self._owner = get_ident()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._owner = None
        self._lock.release()


class SMB(NMBSession):
    """One user's connection to one server. It blocks; threads that share it take turns."""

    SIGN_NEVER = 0
    SIGN_WHEN_SUPPORTED = 1
    SIGN_WHEN_REQUIRED = 2

    log = logging.getLogger('SMB.SMB')

    def __init__(
        self,
        username: str,
        password: str | Callable[[], str] | None,
        my_name: str,
        remote_name: str,
        domain: str = '',
        use_ntlm_v2: bool = True,
        sign_options: int = SIGN_WHEN_REQUIRED,
        is_direct_tcp: bool = False,
        *,
        require_signing: bool = False,
        require_encryption: bool = False,
        min_dialect: int | None = None,
        max_dialect: int | None = None,
    ) -> None:
        super().__init__(my_name, remote_name, is_direct_tcp=is_direct_tcp)
        if sign_options not in (self.SIGN_NEVER, self.SIGN_WHEN_SUPPORTED, self.SIGN_WHEN_REQUIRED):
            raise ValueError(
                f'sign_options must be SIGN_NEVER, SIGN_WHEN_SUPPORTED or SIGN_WHEN_REQUIRED, not {sign_options!r}'
            )
        if require_signing and sign_options == self.SIGN_NEVER:
            raise ValueError('require_signing contradicts SIGN_NEVER')
        self._dialects = dialects_between(min_dialect, max_dialect)
        self._has_min_dialect = min_dialect is not None
        self.username = username
        self._password = password
        self.domain = domain
        self.use_ntlm_v2 = use_ntlm_v2
        self.sign_options = sign_options
        self.require_signing = require_signing
        self.require_encryption = require_encryption
        self._turn = Turn()
        self._transport: Transport | None = None
        self._process = 0
        self._closings = 0  # how often close() was called
        self._start_over()

    def _start_over(self) -> None:
        """Forget what the last connect() came to."""
        self._exchange: Exchange | None = None
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._trees: dict[str, Tree] = {}
        self.connected_trees: dict[str, int] = {}
        self.is_busy = False
        self.auth_result: bool | None = None
        self._auth_error: str | None = None
        self.has_negotiated = False
        self.has_authenticated = False
        self.is_using_smb2 = False
        self.max_buffer_size = 0
        self.max_raw_size = 0

    def __getstate__(self) -> dict[str, Any]:
        if self.sock is not None:
            raise TypeError('A connection that is open cannot be pickled or copied; a closed one can')
        # Keys stay here, and a copy takes turns of its own.
        gone = ('_turn', '_transport', '_exchange', '_connection', '_session')
        return {**self.__dict__, **dict.fromkeys(gone), '_trees': {}, 'connected_trees': {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._turn = Turn()

    # What is known of the connection

    @property
    def password(self) -> str:
        """The password; one that was given as a callable is asked for anew."""
        password = self._password() if callable(self._password) else self._password
        return password or ''

    @property
    def sock(self) -> Any:
        """The socket; None before connect() and after close()."""
        return None if self._transport is None else self._transport.sock

    @property
    def isUsingSMB2(self) -> bool:
        """Whether the server answered in SMB 2.0.2 or newer; stays as it was after close()."""
        return self.is_using_smb2

    @property
    def dialect(self) -> int | None:
        """The dialect that was agreed on, 0x0311 for SMB 3.1.1 and 0x0100 for SMB1; None before connect()."""
        return self._connection.dialect if self._connection else None

    @property
    def cipher(self) -> str | None:
        """What this connection encrypts with where it does, ``'AES-128-GCM'`` for example; None: it cannot."""
        from smb.crypto.sealing import CIPHER_NAMES

        return CIPHER_NAMES.get(self._connection.cipher_id) if self._connection else None

    @property
    def signing_algorithm(self) -> str | None:
        """What this connection signs with where it signs, ``'AES-128-GMAC'`` for example; None before connect()."""
        from smb.crypto.signing import SIGNING_ALGORITHM_NAMES

        return SIGNING_ALGORITHM_NAMES.get(self._connection.signing_algorithm_id) if self._connection else None

    @property
    def is_signing_active(self) -> bool:
        """Whether every message is signed; those of an encrypted session are sealed instead."""
        session = self._session
        return session is not None and session.signing_required and not session.encrypt_data

    @property
    def is_encrypted(self) -> bool:
        """Whether every message is encrypted; a share that asks for it is encrypted besides."""
        return self._session is not None and self._session.encrypt_data

    @property
    def is_guest(self) -> bool:
        """Whether the server let the user in as guest or anonymous, so that nothing is signed or encrypted."""
        return self._session is not None and (self._session.is_guest or self._session.is_anonymous)

    @property
    def auth_error(self) -> str | None:
        """Why connect() gave False, ``'STATUS_LOGON_FAILURE, 0xC000006D'`` for example; else None."""
        return self._auth_error

    @property
    def capabilities(self) -> int:
        """The server's capabilities, ``SMB2_GLOBAL_CAP_...``, over SMB1 ``CAP_...``; 0 before connect()."""
        return self._connection.server_capabilities if self._connection else 0

    @property
    def security_mode(self) -> int:
        """The server's security mode, ``SMB2_NEGOTIATE_...``, over SMB1 ``NEGOTIATE_...``; 0 before connect()."""
        return self._connection.server_security_mode if self._connection else 0

    @property
    def max_read_size(self) -> int:
        """The most bytes of one read; 0 before connect() and over SMB1."""
        return self._connection.max_read_size if self._connection else 0

    @property
    def max_write_size(self) -> int:
        """The most bytes of one write; 0 before connect() and over SMB1."""
        return self._connection.max_write_size if self._connection else 0

    @property
    def max_transact_size(self) -> int:
        """The most bytes of one query; 0 before connect() and over SMB1."""
        return self._connection.max_transact_size if self._connection else 0

    # Connecting

    def onAuthOK(self) -> None:
        """Called when the user is logged in; a subclass that overrides it must call this one."""
        self.auth_result = True

    def onAuthFailed(self) -> None:
        """Called when the server refuses the user; a subclass that overrides it must call this one."""
        self.auth_result = False

    def _connect(self, host: str, port: int, family: int | None, timeout: float | None) -> bool:
        deadline = Deadline(timeout)
        self._turn.refuse_nesting()
        self.close()
        with self._turn:
            self.close()  # what another thread connected meanwhile
            self._start_over()
            closings = self._closings

            def dial(limit: Deadline) -> Transport:
                transport = self._transport = Transport(self.is_direct_tcp)
                # close() finds it from here on.
                if self._closings != closings:
                    raise NotConnectedError('The connection was closed while it was being made')
                transport.connect(host, port, family, limit, self.my_name, self.remote_name)
                return transport

            self._process = os.getpid()
            try:
                exchange = self._exchange = agree(dial, deadline, self._offer())
                exchange.deadline = deadline
                self._establish(exchange)
                sock = exchange.transport.sock
                if sock is None:
                    raise NotConnectedError('The connection was closed while it was being made')
                sock.settimeout(deadline.seconds)
            except BaseException:
                if self._transport is not None:
                    self._transport.close()
                self._transport = self._exchange = None
                raise
            return bool(self.auth_result)

    def _offer(self) -> Offer:
        why_not_smb1 = ''
        if not smb_structs.SUPPORT_SMB1:
            why_not_smb1 = 'smb_structs.SUPPORT_SMB1 is False'
        elif self.require_encryption:
            why_not_smb1 = 'it has no encryption, which is required'
        elif self._has_min_dialect:
            why_not_smb1 = 'it is older than min_dialect'
        return Offer(
            smb2=bool(smb_structs.SUPPORT_SMB2),
            why_not_smb1=why_not_smb1,
            dialects=self._dialects,
            remote_name=self.remote_name,
            extended_security=bool(smb_structs.SUPPORT_EXTENDED_SECURITY),
            require_signing=self.require_signing,
            require_encryption=self.require_encryption,
        )

    def _establish(self, exchange: Exchange) -> None:
        connection = self._connection = exchange.dialect.connection
        self.has_negotiated = True
        self.is_using_smb2 = isinstance(exchange.dialect, SMB2Dialect)
        self.max_buffer_size, self.max_raw_size = connection.max_buffer_size, connection.max_raw_size
        protection = Protection(
            sign=self.require_signing
            or (self.sign_options == self.SIGN_WHEN_SUPPORTED and connection.can_sign)
            or (self.sign_options == self.SIGN_WHEN_REQUIRED and connection.requires_signing),
            require_signing=self.require_signing,
            require_encryption=self.require_encryption,
        )
        try:
            self._sign_on(exchange, protection)
        except StatusError as error:
            if error.status not in REFUSED_USER:
                # Below SMB 3 a server that demands encryption says only this much.
                hint = ' (it may demand encryption)' if error.status == ntstatus.STATUS_ACCESS_DENIED else ''
                text = f'The server answered the sign-on with {ntstatus.describe(error.status)}{hint}'
                raise ProtocolError(text) from None
            self._auth_error = ntstatus.describe(error.status)
            self.onAuthFailed()
            return
        self._session = exchange.dialect.session
        if self.is_using_smb2:
            exchange.sign_on_again = lambda status: self._sign_on_again(exchange, protection, status)
        self.has_authenticated = True
        self.onAuthOK()

    def _sign_on(self, exchange: Exchange, protection: Protection) -> None:
        authenticator = self._authenticator(protection)
        if self.is_using_smb2:
            sign_on(exchange, authenticator, protection)
            return
        from smb.session import smb1_sign_on

        smb1_sign_on.sign_on(exchange, authenticator, protection)

    def _authenticator(self, protection: Protection) -> auth.Authenticator:
        user, domain = auth.split_user(self.username, self.domain)
        # Who switches extended security off is after NTLMv1: that is what the switch means in pysmb, and servers that
        # take NTLMv2 outside of tokens are rare. A server that has no tokens does not decide that.
        is_bare_v1 = not (self.is_using_smb2 or smb_structs.SUPPORT_EXTENDED_SECURITY)
        return auth.Authenticator(
            user,
            self.password,
            domain,
            self.my_name,
            use_ntlm_v2=self.use_ntlm_v2 and not is_bare_v1,
            target_name=f'cifs/{self.remote_name}',
            needs_signing=protection.sign or protection.require_encryption,
        )

    def _sign_on_again(self, exchange: Exchange, protection: Protection, status: int) -> None:
        sign_on_again(exchange, self._authenticator(protection), protection, status)
        self._session = exchange.dialect.session

    def close(self) -> None:
        """End the connection without waiting; an operation of another thread ends in NotConnectedError.

        May be called before connect(), more than once, and after a failure.
        """
        self._closings += 1
        transport, self._transport, self._exchange = self._transport, None, None
        if transport is None:
            return
        if self._process == os.getpid():
            transport.close()
            return
        # A child process gives up its copy; the connection goes on for the parent, some thread of which may have been
        # at work when the child began and will never end its turn here.
        if transport.sock is not None:
            transport.sock.close()
        self._turn = Turn()

    # Operations

    def _ready(self, needs_login: bool) -> Exchange:
        exchange = self._exchange
        if exchange is None or exchange.transport.sock is None:
            raise NotConnectedError('Not connected: connect() has not been called, or the connection has ended')
        if needs_login and not self.auth_result:
            raise NotReadyError('SMB connection not authenticated')
        return exchange

    @contextmanager
    def _operation(self, action: str, names: Sequence[Any], timeout: float | None, service_name: str = '', *,
                   needs_login: bool = True) -> Iterator[Exchange]:  # fmt: skip
        """The guard around one operation: its turn, its deadline, and what its failure is called."""
        if self._transport is not None and self._process != os.getpid():
            # Before its turn, which may never come: the parent's threads do not exist here.
            raise NotConnectedError(
                'This connection belongs to the process that made it; a child process makes its own'
            )
        with self._turn:
            exchange = self._ready(needs_login)
            exchange.deadline = Deadline(timeout)
            exchange.dialect.history.clear()
            self.is_busy = True
            try:
                yield exchange
            except (StatusError, Incomplete) as error:
                raise self._failure(exchange, action, names, service_name, error) from None
            except SMBTimeout:
                exchange.cancel_all()
                raise
            finally:
                self.is_busy = False

    def _failure(self, exchange: Exchange, action: str, names: Sequence[Any], service_name: str,
                 error: StatusError | Incomplete) -> OperationFailure:  # fmt: skip
        """What the caller hears of an error."""
        filename = names[0] if names else None
        if isinstance(error, Incomplete):
            text = phrases.message(action, names, service_name, error.reason, None, error.text)
            return operation_failure(text, exchange.dialect.history, None, filename)
        # Closing the handle came after it; the answer that tells what failed is to be the last.
        history = [message for message in exchange.dialect.history if message is not error.reply]
        if error.status == ntstatus.STATUS_NETWORK_NAME_DELETED:
            self._forget(exchange, service_name)
        reason = phrases.reason(action, error)
        text = phrases.message(action, names, service_name, reason, error.status, phrases.cause(error))
        return operation_failure(text, [*history, error.reply], error.status, filename)

    def _tree(self, exchange: Exchange, service_name: str) -> Tree:
        """The share of that name, connected at first use."""
        name = paths.share(service_name)
        tree = self._trees.get(name.lower())
        if tree is None:
            tree = self._trees[name.lower()] = self._connect_share(exchange, name)
        tree.measure()
        self.connected_trees[service_name] = tree.tree_connect.tree_id
        return tree

    def _connect_share(self, exchange: Exchange, name: str) -> Tree:
        tree_connect = TreeConnect(f'\\\\{self.remote_name}\\{name}')
        if self.is_using_smb2:
            connect_tree(exchange, tree_connect)
            return SMB2Tree(exchange, tree_connect, name)
        from smb.session import smb1_sign_on
        from smb.tree.smb1 import SMB1Tree

        smb1_sign_on.connect_tree(exchange, tree_connect)
        return SMB1Tree(exchange, tree_connect, name)

    def _forget(self, exchange: Exchange, service_name: str) -> None:
        """The server has taken a share away; it is connected anew when it is used again."""
        tree = self._trees.pop(service_name.lower(), None)
        if tree is None:
            return
        trees = exchange.dialect.session.tree_connects
        trees[:] = [other for other in trees if other is not tree.tree_connect]
        gone = tree.tree_connect.tree_id
        self.connected_trees = {name: number for name, number in self.connected_trees.items() if number != gone}
