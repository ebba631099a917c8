"""The rounds of SESSION_SETUP, and the keys that come out of them, [MS-SMB2] 3.2.4.2.3 and 3.2.5.3."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from smb.crypto import kdf, preauth
from smb.crypto.sealing import KEY_LENGTHS, Sealer
from smb.crypto.signing import signer
from smb.errors import ProtocolError, StatusError
from smb.messages.smb2.header import SMB2Header
from smb.messages.smb2.session_setup import SMB2SessionSetupRequest, SMB2SessionSetupResponse
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS, STATUS_USER_SESSION_DELETED
from smb.session.share import connect_tree
from smb.session.smb2 import verify_signature
from smb.session.state import Session
from smb.smb2_constants import (
    SMB2_DIALECT_311,
    SMB2_FLAGS_SIGNED,
    SMB2_NEGOTIATE_SIGNING_REQUIRED,
    SMB2_SESSION_FLAG_ENCRYPT_DATA,
    SMB2_SESSION_FLAG_IS_GUEST,
    SMB2_SESSION_FLAG_IS_NULL,
)

if TYPE_CHECKING:
    from smb.auth import Authenticator
    from smb.session.dialect import Ticket
    from smb.session.exchange import Exchange

ROUND_LIMIT = 8  # NTLM takes two


class Protection:
    """What the caller wants of a session; ``sign``: wherever there is a key."""

    def __init__(self, *, sign: bool, require_signing: bool, require_encryption: bool) -> None:
        self.sign = sign
        self.require_signing = require_signing
        self.require_encryption = require_encryption


def sign_on(exchange: Exchange, authenticator: Authenticator, protection: Protection) -> None:
    """Log in; StatusError with the server's status when it refuses the user."""
    session = Session()
    session.preauth_integrity_hash_value = exchange.dialect.connection.preauth_integrity_hash_value
    exchange.dialect.session = session
    try:
        last = _rounds(exchange, authenticator, session)
    except StatusError:
        # The server has forgotten the id of a session that did not come about.
        exchange.dialect.session = Session()
        raise
    _establish(exchange, authenticator, protection, last)


def sign_on_again(exchange: Exchange, authenticator: Authenticator, protection: Protection, status: int) -> None:
    """Renew a session that has expired, 3.2.4.2.3; one that was deleted gives way to a new one with the same shares.

    A failure ends the connection: nothing may be sent without the protection that the session had.
    """
    try:
        if status != STATUS_USER_SESSION_DELETED:
            _renew(exchange, authenticator)
            return
        trees = exchange.dialect.session.tree_connects
        sign_on(exchange, authenticator, protection)
        for tree in trees:
            tree.tree_id = 0  # no share has it, so that none that is gone is taken for another one
        for tree in trees:
            with suppress(StatusError):
                connect_tree(exchange, tree)
    except BaseException:
        exchange.close()
        raise


def _renew(exchange: Exchange, authenticator: Authenticator) -> None:
    """Sign on in the session that there is; its keys stay what they were, 3.2.5.3.2."""
    last = _rounds(exchange, authenticator, Session())
    assert last.reply is not None
    # Where it was to be signed, or says that it is, that has been verified.
    proved = last.sealed or bool(last.reply.flags & SMB2_FLAGS_SIGNED)
    if exchange.dialect.connection.dialect == SMB2_DIALECT_311 and exchange.dialect.session.has_keys and not proved:
        raise ProtocolError('The last answer of the sign-on is not signed')


def _rounds(exchange: Exchange, authenticator: Authenticator, hashed: Session) -> Ticket:
    """Carry tokens between ``authenticator`` and the server; the ticket whose answer ends the sign-on with success."""
    connection = exchange.dialect.connection
    token = authenticator.step(connection.gss_negotiate_token)
    for _ in range(ROUND_LIMIT):
        request = SMB2SessionSetupRequest(security_mode=connection.client_security_mode, security_buffer=token)
        began = time.monotonic()
        ticket = exchange.submit(request)
        _hash(hashed, connection.dialect, *ticket.sent)
        try:
            reply = exchange.wait(ticket, accept=(STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED))
        finally:
            request.security_buffer = bytes(len(token))  # an error has the request in it
        exchange.transport.saw_turn(time.monotonic() - began)
        assert isinstance(reply.payload, SMB2SessionSetupResponse) and ticket.received is not None
        session = exchange.dialect.session
        session.session_id = session.session_id or reply.header.session_id
        if not session.session_id:
            raise ProtocolError('The server gave the session the id 0')
        if reply.status == STATUS_SUCCESS:
            authenticator.finish(reply.payload.security_buffer)
            return ticket
        _hash(hashed, connection.dialect, ticket.received)
        token = authenticator.step(reply.payload.security_buffer)
    raise ProtocolError(f'The sign-on did not end after {ROUND_LIMIT} rounds')


def _hash(session: Session, dialect: int, *parts: bytes | bytearray | memoryview) -> None:
    if dialect == SMB2_DIALECT_311:
        session.preauth_integrity_hash_value = preauth.update(session.preauth_integrity_hash_value, *parts)


# 3.2.5.3.1 Handling a new authentication


def _establish(exchange: Exchange, authenticator: Authenticator, protection: Protection, last: Ticket) -> None:
    """Make the keys and decide what is signed and sealed from now on."""
    connection, session = exchange.dialect.connection, exchange.dialect.session
    assert last.reply is not None and isinstance(last.reply.payload, SMB2SessionSetupResponse)
    flags = last.reply.payload.session_flags
    session.is_guest = bool(flags & SMB2_SESSION_FLAG_IS_GUEST)
    session.is_anonymous = bool(flags & SMB2_SESSION_FLAG_IS_NULL) or authenticator.is_anonymous
    if (session.is_guest or session.is_anonymous) and (protection.require_signing or protection.require_encryption):
        who = 'a guest' if session.is_guest else 'an anonymous user'
        raise ProtocolError(
            f'The server let us in as {who}, whose session can be neither signed nor encrypted as was required'
        )
    if authenticator.session_key:
        keys = kdf.derive_keys(
            connection.dialect,
            authenticator.session_key,
            session.preauth_integrity_hash_value,
            key_length=KEY_LENGTHS.get(connection.cipher_id, 16),
        )
        session.signer = signer(connection.signing_algorithm_id, keys.signing_key)
        _verify_last_answer(exchange, protection, last)
        if session.signer and connection.cipher_id:
            session.sealer = Sealer(connection.cipher_id, keys.encryption_key, keys.decryption_key)
    session.signing_required = session.has_keys and protection.sign
    session.encrypt_data = bool(flags & SMB2_SESSION_FLAG_ENCRYPT_DATA) or protection.require_encryption
    if session.encrypt_data and session.sealer is None:
        raise ProtocolError('The server wants the session encrypted, but there is no key or no cipher for it')


def _verify_last_answer(exchange: Exchange, protection: Protection, last: Ticket) -> None:
    """The first message that the new key proves: 3.1.1 always signs it, other dialects where signing is required."""
    connection, session = exchange.dialect.connection, exchange.dialect.session
    assert last.received is not None
    header = SMB2Header.unpack(last.received)
    if header.flags & SMB2_FLAGS_SIGNED:
        verify_signature(session, last.received, header.message_id, header.signature)
    elif session.is_guest or session.is_anonymous:
        # Whom the server lets in without a password, it has no key for.
        session.signer = None
    elif (
        connection.dialect == SMB2_DIALECT_311
        or protection.require_signing
        or connection.server_security_mode & SMB2_NEGOTIATE_SIGNING_REQUIRED
    ):
        raise ProtocolError('The last answer of the sign-on is not signed')
