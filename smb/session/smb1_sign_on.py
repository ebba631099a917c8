"""Agreeing on NT LM 0.12, signing on and connecting shares in SMB1, [MS-CIFS] 3.2.4.2 and [MS-SMB] 3.2.4.2."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from smb.crypto.signing import SIGNING_MD5
from smb.errors import NotConnectedError, ProtocolError, StatusError, UnsupportedFeature
from smb.messages.smb1.header import SMBHeader
from smb.messages.smb1.negotiate import (
    NO_DIALECT,
    NT_LM_012,
    ComNegotiateRequest,
    ComNegotiateResponse,
    ComNegotiateResponseNoSecurityExtension,
    ComNegotiateResponseWithSecurityExtension,
)
from smb.messages.smb1.session_setup import (
    ComSessionSetupAndxRequest__NoSecurityExtension,
    ComSessionSetupAndxRequest__WithSecurityExtension,
    ComSessionSetupAndxResponse,
)
from smb.messages.smb1.tree_connect import ComTreeConnectAndxRequest
from smb.ntstatus import (
    STATUS_ACCESS_DENIED,
    STATUS_LOGON_FAILURE,
    STATUS_MORE_PROCESSING_REQUIRED,
    STATUS_SUCCESS,
    describe,
)
from smb.session.exchange import Exchange
from smb.session.smb1 import SMB1Connection, SMB1Dialect, is_signed
from smb.session.state import Session
from smb.smb_constants import (
    CAP_EXTENDED_SECURITY,
    CAP_LARGE_FILES,
    CAP_LARGE_READX,
    CAP_LARGE_WRITEX,
    CAP_NT_SMBS,
    CAP_STATUS32,
    CAP_UNICODE,
    NEGOTIATE_ENCRYPT_PASSWORDS,
    NEGOTIATE_USER_SECURITY,
    SMB_SETUP_GUEST,
)

if TYPE_CHECKING:
    from smb.auth import Authenticator
    from smb.messages.smb1.header import SMBMessage
    from smb.session.dialect import Ticket
    from smb.session.sign_on import Protection
    from smb.session.state import TreeConnect
    from smb.transport import Deadline, Transport

OUR_CAPABILITIES = (
    CAP_UNICODE | CAP_LARGE_FILES | CAP_NT_SMBS | CAP_STATUS32 | CAP_LARGE_READX | CAP_LARGE_WRITEX
)  # fmt: skip
LONGEST_MESSAGE = 0xFFFF  # bytes that we take where no larger size is asked for
SHORTEST_BUFFER = 1024  # bytes; what a server must take at least, [MS-CIFS] 2.2.4.52.2
MOST_REQUESTS = 64  # in flight, whatever the server offers
CHALLENGE_LENGTH = 8
ROUND_LIMIT = 8  # NTLM takes two


def negotiate(transport: Transport, deadline: Deadline, *, extended_security: bool, require_signing: bool) -> Exchange:
    """Agree with the server on NT LM 0.12; what it said is in ``exchange.dialect.connection``."""
    connection = SMB1Connection()
    connection.uses_extended_security = extended_security
    exchange = Exchange(transport, SMB1Dialect(connection), deadline)
    try:
        response = exchange.call(ComNegotiateRequest()).payload
    except StatusError as error:
        raise _no_dialect(f'answered {describe(error.status)}') from None
    except NotConnectedError as error:
        raise NotConnectedError(f'The server hung up on an offer of {NT_LM_012}: it may not speak it') from error
    assert isinstance(response, ComNegotiateResponse)
    if response.dialect_index == NO_DIALECT:
        raise _no_dialect('has none of them')
    if response.dialect_index:
        raise ProtocolError(f'The server chose dialect number {response.dialect_index}; we offered one')
    _accept(connection, response)
    exchange.dialect.credits.grant(connection.max_mpx_count - 1)
    if require_signing and not connection.can_sign:
        raise UnsupportedFeature('The server does not sign over SMB1, as was required')
    return exchange


def _no_dialect(what: str) -> ProtocolError:
    return ProtocolError(f'No common dialect: we offered {NT_LM_012}, the server {what}')


def _accept(connection: SMB1Connection, response: ComNegotiateResponse) -> None:
    """Take over what the server said, [MS-CIFS] 3.2.5.2."""
    if not response.security_mode & NEGOTIATE_USER_SECURITY:
        raise UnsupportedFeature('The server protects each share by a password of its own, which is not supported')
    if not response.security_mode & NEGOTIATE_ENCRYPT_PASSWORDS:
        raise UnsupportedFeature('The server wants the password as plain text, which is never sent')
    if response.max_buffer_size < SHORTEST_BUFFER:
        raise ProtocolError(f'The server announced a longest message of {response.max_buffer_size} bytes')
    connection.server_capabilities = response.capabilities
    connection.server_security_mode = response.security_mode
    connection.signing_algorithm_id = SIGNING_MD5
    connection.max_mpx_count = max(1, min(response.max_mpx_count, MOST_REQUESTS))
    connection.max_buffer_size = response.max_buffer_size
    connection.max_raw_size = response.max_raw_size
    connection.session_key = response.session_key
    connection.is_unicode = connection.has(CAP_UNICODE)
    connection.uses_nt_status = connection.has(CAP_STATUS32)
    if isinstance(response, ComNegotiateResponseWithSecurityExtension):
        if not connection.uses_extended_security:
            raise ProtocolError('The server chose extended security, which was not offered')
        connection.server_guid = response.server_guid
        connection.gss_negotiate_token = response.security_blob
        return
    assert isinstance(response, ComNegotiateResponseNoSecurityExtension)
    if len(response.challenge) != CHALLENGE_LENGTH:
        raise ProtocolError(f'The server sent a challenge of {len(response.challenge)} bytes instead of 8')
    connection.uses_extended_security = False
    connection.challenge = response.challenge


def sign_on(exchange: Exchange, authenticator: Authenticator, protection: Protection) -> None:
    """Log in; StatusError with the server's status when it refuses the user."""
    dialect = exchange.dialect
    assert isinstance(dialect, SMB1Dialect)
    dialect.session = session = Session()
    try:
        if dialect.connection.uses_extended_security:
            last, key = _rounds(exchange, dialect, authenticator, protection), authenticator.session_key
        else:
            last, key = _bare(exchange, dialect, authenticator, protection)
    except StatusError as error:
        if error.status == STATUS_ACCESS_DENIED and not error.reply.status.is_ntstatus:
            # Samba has the DOS error ERRnoaccess for each user whom it refuses.
            error.status = STATUS_LOGON_FAILURE
        raise
    assert isinstance(last.reply.payload, ComSessionSetupAndxResponse)
    session.session_id = last.reply.header.uid
    dialect.connection.native_lan_man = last.reply.payload.native_lan_man
    session.is_guest = bool(last.reply.payload.action & SMB_SETUP_GUEST)
    session.is_anonymous = authenticator.is_anonymous
    has_no_key = session.is_guest or session.is_anonymous
    if has_no_key and protection.require_signing:
        who = 'a guest' if session.is_guest else 'an anonymous user'
        raise ProtocolError(f'The server let us in as {who}, whose session cannot be signed as was required')
    # A guest has no key; who is only called one, and has one, loses nothing by it.
    if protection.sign and (not has_no_key or (authenticator.session_key and is_signed(_header_of(last)))):
        dialect.sign_from_now_on(key)
        _verify_last_answer(dialect, protection, last)


def _header_of(ticket: Ticket) -> SMBHeader:
    assert ticket.received is not None
    return SMBHeader.unpack(ticket.received)


def _verify_last_answer(dialect: SMB1Dialect, protection: Protection, last: Ticket) -> None:
    """The first message that the new key proves."""
    assert last.received is not None
    header = _header_of(last)
    if is_signed(header) or protection.require_signing or dialect.connection.requires_signing:
        dialect.verify_signature(last.received, 1)
    else:
        # Samba says that it can, and does not where the sign-on was without extended security.
        dialect.sign_no_more()


def _check_uid(reply: SMBMessage) -> None:
    if not reply.header.uid:
        raise ProtocolError('The server gave the session the id 0')


def _rounds(exchange: Exchange, dialect: SMB1Dialect, authenticator: Authenticator, protection: Protection) -> Ticket:
    """Carry tokens between ``authenticator`` and the server, [MS-SMB] 3.2.4.2.4."""
    connection = dialect.connection
    token = authenticator.step(connection.gss_negotiate_token)
    for _ in range(ROUND_LIMIT):
        request = ComSessionSetupAndxRequest__WithSecurityExtension(
            max_buffer_size=LONGEST_MESSAGE,
            max_mpx_count=connection.max_mpx_count,
            session_key=connection.session_key,
            capabilities=OUR_CAPABILITIES | CAP_EXTENDED_SECURITY,
            security_blob=token,
        )
        began = time.monotonic()
        ticket = exchange.submit(request, sign_always=protection.sign)
        try:
            reply = exchange.wait(ticket, accept=(STATUS_SUCCESS, STATUS_MORE_PROCESSING_REQUIRED))
        finally:
            request.security_blob = bytes(len(token))  # an error has the request in it
        exchange.transport.saw_turn(time.monotonic() - began)
        _check_uid(reply)
        dialect.session.session_id = reply.header.uid
        if reply.ntstatus == STATUS_SUCCESS:
            authenticator.finish(reply.payload.security_blob)
            return ticket
        token = authenticator.step(reply.payload.security_blob)
    raise ProtocolError(f'The sign-on did not end after {ROUND_LIMIT} rounds')


def _bare(
    exchange: Exchange, dialect: SMB1Dialect, authenticator: Authenticator, protection: Protection
) -> tuple[Ticket, bytes]:
    """Answer the challenge of NEGOTIATE, [MS-CIFS] 3.2.4.2.4; the last ticket and the key to sign with."""
    connection = dialect.connection
    lm_response, nt_response = authenticator.respond(connection.challenge)
    request = ComSessionSetupAndxRequest__NoSecurityExtension(
        max_buffer_size=LONGEST_MESSAGE,
        max_mpx_count=connection.max_mpx_count,
        session_key=connection.session_key,
        capabilities=OUR_CAPABILITIES,
        oem_password=lm_response,
        unicode_password=nt_response,
        account_name=authenticator.user,
        primary_domain=authenticator.domain,
    )
    ticket = exchange.submit(request, sign_always=protection.sign)
    try:
        _check_uid(exchange.wait(ticket))
    finally:
        request.oem_password, request.unicode_password = bytes(len(lm_response)), bytes(len(nt_response))
    # 3.1.1.1: the response belongs to the key.
    return ticket, authenticator.session_key + nt_response


def connect_tree(exchange: Exchange, tree: TreeConnect) -> None:
    """Connect ``tree.share_name``, [MS-CIFS] 3.2.4.2.5."""
    reply = exchange.call(ComTreeConnectAndxRequest(path=tree.share_name))
    tree.tree_id = reply.header.tid
    exchange.dialect.session.tree_connects.append(tree)
