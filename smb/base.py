"""What a connection is made of: its arguments, its life from connect() to close(), the guard around an operation."""

import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from threading import Condition, RLock, get_ident
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nmb.base import NMBSession
from smb import auth, ntstatus, smb2_constants, smb_constants, smb_structs
from smb.errors import Incomplete, SMBException, StatusError, operation_failure
from smb.errors import NotConnectedError as NotConnectedError
from smb.errors import NotReadyError as NotReadyError
from smb.errors import OperationFailure as OperationFailure
from smb.errors import ProtocolError as ProtocolError
from smb.errors import SMB2ProtocolHeaderError as SMB2ProtocolHeaderError
from smb.errors import SMBTimeout as SMBTimeout
from smb.errors import UnsupportedFeature as UnsupportedFeature
from smb.operations import local, paths, phrases
from smb.results import DiskSpace as DiskSpace
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
    """Operations of several threads take turns; one that is asked for from within another is an error.

    An interrupt (KeyboardInterrupt) may come between any two steps: ``lock`` knows who has it, whatever ``owner`` says.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.owner: int | None = None

    def refuse_nesting(self) -> None:
        """RuntimeError where this thread has its turn already."""
        if self.owner == get_ident() and self._is_mine():
            self._end_interrupted()
            if self._is_mine():
                raise RuntimeError('This connection is in use: an operation was started from within another one')

    def _end_interrupted(self) -> None:
        """End the turn of a guard whose own end was interrupted, by what is being handled now."""
        error = sys.exc_info()[1]
        while error is not None:
            trace = error.__traceback__
            while trace is not None:
                if trace.tb_frame.f_code is _Operation.__exit__.__code__:
                    trace.tb_frame.f_locals['self'].__del__()
                trace = trace.tb_next
            error = error.__context__

    def _is_mine(self) -> bool:
        try:
            Condition(self.lock).notify(0)
        except RuntimeError:
            return False
        return True

    def take_if_free(self) -> bool:
        """Take a turn that nobody has, this thread included; whether there was one. ``leave`` ends it."""
        if self.owner == get_ident() or not self.lock.acquire(blocking=False):
            return False
        self.owner = get_ident()
        return True

    def take(self) -> None:
        """Wait for a turn and take it; ``leave`` ends it."""
        me = get_ident()
        if self.owner == me:
            self.refuse_nesting()
        try:
            self.lock.acquire()
            self.owner = me
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """End this thread's turn, if it has one."""
        if self.owner == get_ident():
            self.owner = None
        try:
            self.lock.release()
        except RuntimeError:
            return  # it was interrupted before it had one


class _Operation:
    """The guard around one operation: its turn, its deadline, and what its failure is called.

    An interrupt ends the connection, unless it came while the caller's own file object was at work: nobody knows what
    it left half done.
    """

    # No generator with contextlib's decorator, which takes several times as long, for each small operation.

    __slots__ = (
        '_action', '_check', '_connection', '_exchange', '_has_begun', '_names', '_needs_login', '_service_name',
        '_timeout', '_turn',
    )  # fmt: skip

    def __init__(self, connection: 'SMB', action: str, names: Sequence[Any], timeout: float | None, service_name: str,
                 needs_login: bool, check: Callable[[Exchange], None] | None) -> None:  # fmt: skip
        self._connection, self._turn = connection, connection._turn
        self._action, self._names, self._service_name = action, names, service_name
        self._timeout, self._needs_login, self._check = timeout, needs_login, check
        self._exchange: Exchange | None = None
        self._has_begun = False

    def __enter__(self) -> Exchange:
        connection = self._connection
        if connection._transport is not None and connection._process != os.getpid():
            # Before its turn, which may never come: the parent's threads do not exist here.
            raise NotConnectedError(
                'This connection belongs to the process that made it; a child process makes its own'
            )
        self._turn.take()
        try:
            self._has_begun = True
            exchange = self._exchange = connection._ready(self._needs_login)
            if connection._left_open:
                connection._close_left_open(exchange)
            exchange.deadline = Deadline(self._timeout)
            exchange.dialect.history.clear()
            if self._check is not None:
                self._check(exchange)
        except BaseException as error:
            self._end(isinstance(error, Exception))
            raise
        connection.is_busy = True
        return exchange

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        is_whole = True
        try:
            if error is not None:
                is_whole = isinstance(error, Exception) or local.was_at_work(error)
                self._tell(error)
        except BaseException as told:
            is_whole = is_whole and isinstance(told, Exception)
            raise
        finally:
            self._end(is_whole)

    def __del__(self) -> None:
        # An interrupt came right before __exit__, or in it; or in __init__, so that there is nothing to end.
        if getattr(self, '_has_begun', False):
            self._end(is_whole=False)

    def _tell(self, error: BaseException) -> None:
        assert self._exchange is not None
        if isinstance(error, (StatusError, Incomplete)):
            failure = self._connection._failure
            raise failure(self._exchange, self._action, self._names, self._service_name, error) from None
        if isinstance(error, SMBTimeout):
            self._exchange.cancel_all()

    def _end(self, is_whole: bool) -> None:
        if not is_whole and self._exchange is not None:
            self._exchange.transport.abort()
        self._connection.is_busy = False
        self._turn.leave()
        self._has_begun = False


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
        self._left_open: deque[Callable[[Exchange], None]] = deque()  # what closes it, each
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
        return {**self.__dict__, **dict.fromkeys(gone), '_trees': {}, 'connected_trees': {}, '_left_open': deque()}

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
        with self._turn.lock:
            self._turn.owner = get_ident()
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
                    self._transport.abort()
                self._transport = self._exchange = None
                raise
            finally:
                self._turn.owner = None
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

    def _operation(self, action: str, names: Sequence[Any], timeout: float | None, service_name: str = '', *,
                   needs_login: bool = True,
                   check: Callable[[Exchange], None] | None = None) -> '_Operation':  # fmt: skip
        """The guard around one operation; what it gives to its ``with`` block is the exchange.

        ``check`` is called with it when the turn has begun; what it raises comes out as it is.
        """
        return _Operation(self, action, names, timeout, service_name, needs_login, check)

    def _leave_open(self, close: Callable[[Exchange], None]) -> None:
        """Have ``close`` called in a turn of its own: now, or before the next operation. Waits for no turn, and raises
        nothing, since the garbage collector calls it, wherever the program is."""
        self._left_open.append(close)
        exchange = self._exchange
        if exchange is None or self._process != os.getpid() or not self._turn.take_if_free():
            return
        try:
            self._close_left_open(exchange)
        except BaseException as error:
            if not isinstance(error, Exception):
                exchange.transport.abort()
            raise
        finally:
            self._turn.leave()

    def _close_left_open(self, exchange: Exchange) -> None:
        while self._left_open:
            try:
                self._left_open.popleft()(exchange)
            except SMBTimeout:
                exchange.cancel_all()
            except SMBException as error:
                self.log.warning('What was left open was not closed as it should be: %s', str(error).partition('\n')[0])

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
