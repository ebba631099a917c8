"""Agreeing on a dialect and its algorithms, and proof that nobody changed that, [MS-SMB2] 3.2.4.2.2 and 3.2.5.2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.crypto import preauth
from smb.errors import NotConnectedError, ProtocolError, StatusError, UnsupportedFeature
from smb.messages.smb2.ioctl import (
    SMB2IoctlRequest,
    SMB2ValidateNegotiateInfoRequest,
    SMB2ValidateNegotiateInfoResponse,
)
from smb.messages.smb2.negotiate import (
    NegotiateContexts,
    SMB2EncryptionCapabilities,
    SMB2NegotiateRequest,
    SMB2NegotiateResponse,
    SMB2NetnameNegotiateContextId,
    SMB2PreauthIntegrityCapabilities,
    SMB2SigningCapabilities,
)
from smb.ntstatus import (
    STATUS_FILE_CLOSED,
    STATUS_INVALID_DEVICE_REQUEST,
    STATUS_NOT_SUPPORTED,
    STATUS_SUCCESS,
    describe,
)
from smb.session.exchange import Exchange
from smb.session.smb2 import SMB2Dialect
from smb.session.state import Connection
from smb.smb2_constants import (
    FSCTL_VALIDATE_NEGOTIATE_INFO,
    SHA_512,
    SIGNING_AES_CMAC,
    SIGNING_AES_GMAC,
    SIGNING_HMAC_SHA256,
    SMB2_DIALECT_2,
    SMB2_DIALECT_21,
    SMB2_DIALECT_30,
    SMB2_DIALECT_302,
    SMB2_DIALECT_311,
    SMB2_ENCRYPTION_AES128_CCM,
    SMB2_ENCRYPTION_AES128_GCM,
    SMB2_ENCRYPTION_AES256_CCM,
    SMB2_ENCRYPTION_AES256_GCM,
    SMB2_GLOBAL_CAP_ENCRYPTION,
    SMB2_GLOBAL_CAP_LARGE_MTU,
    SMB2_NEGOTIATE_SIGNING_ENABLED,
    SMB2_NEGOTIATE_SIGNING_REQUIRED,
)

if TYPE_CHECKING:
    from smb.session.state import TreeConnect
    from smb.transport import Deadline, Transport

DIALECTS = (SMB2_DIALECT_2, SMB2_DIALECT_21, SMB2_DIALECT_30, SMB2_DIALECT_302, SMB2_DIALECT_311)

# In order of preference. GCM and GMAC cost a fraction of the others; a server that has an order of its own keeps it.
CIPHERS = (
    SMB2_ENCRYPTION_AES128_GCM,
    SMB2_ENCRYPTION_AES128_CCM,
    SMB2_ENCRYPTION_AES256_GCM,
    SMB2_ENCRYPTION_AES256_CCM,
)
SIGNING_ALGORITHMS = (SIGNING_AES_GMAC, SIGNING_HMAC_SHA256, SIGNING_AES_CMAC)

NETBIOS_SIZE_LIMIT = 65536  # a session frame holds 0x1FFFF bytes, [RFC1002] 4.3.1
LONGEST_PAYLOAD = 8 * 1024 * 1024  # of one message, whatever the server offers
ROOM_FOR_HEADERS = 65536


def dialects_between(min_dialect: int | None, max_dialect: int | None) -> tuple[int, ...]:
    """The dialects to offer; ValueError for a bound that is no dialect, or bounds with nothing between."""
    for name, bound in (('min_dialect', min_dialect), ('max_dialect', max_dialect)):
        if bound is not None and (isinstance(bound, bool) or bound not in DIALECTS):
            known = ', '.join(f'0x{dialect:04X}' for dialect in DIALECTS)
            raise ValueError(f'{name} must be None or one of {known}, not {bound!r}')
    offered = tuple(d for d in DIALECTS if (min_dialect or 0) <= d <= (max_dialect or 0xFFFF))
    if not offered:
        raise ValueError(f'min_dialect 0x{min_dialect:04X} is above max_dialect 0x{max_dialect:04X}')
    return offered


def negotiate(transport: Transport, deadline: Deadline, dialects: tuple[int, ...], remote_name: str, *,
              require_signing: bool, require_encryption: bool) -> Exchange:  # fmt: skip
    """Agree with the server on one of ``dialects``; what was agreed is in ``exchange.dialect.connection``."""
    from secrets import token_bytes  # costs a third as much as all of ours at import

    connection = Connection(token_bytes(16))
    connection.offered_dialects = dialects
    connection.client_security_mode = (
        SMB2_NEGOTIATE_SIGNING_REQUIRED if require_signing else SMB2_NEGOTIATE_SIGNING_ENABLED
    )
    # 3.2.4.2.2.2: below 3.0 the field is zero
    if dialects[-1] >= SMB2_DIALECT_30:
        connection.client_capabilities = SMB2_GLOBAL_CAP_LARGE_MTU | SMB2_GLOBAL_CAP_ENCRYPTION
    exchange = Exchange(transport, SMB2Dialect(connection), deadline)
    ticket = exchange.submit(_request(connection, remote_name))
    try:
        reply = exchange.wait(ticket)
    except StatusError as error:
        raise ProtocolError(
            f'No common dialect: we offered {names_of(dialects)}, the server answered {describe(error.status)}'
        ) from None
    except NotConnectedError as error:
        raise NotConnectedError(
            f'The server hung up on an offer of {names_of(dialects)}: it may speak none of them'
        ) from error
    response = reply.payload
    assert isinstance(response, SMB2NegotiateResponse)
    _accept(connection, response, transport.is_direct_tcp)
    if connection.dialect == SMB2_DIALECT_311:
        assert ticket.received is not None
        offered = preauth.update(preauth.INITIAL_VALUE, *ticket.sent)
        connection.preauth_integrity_hash_value = preauth.update(offered, ticket.received)
    if require_encryption and not connection.cipher_id:
        raise UnsupportedFeature(
            f'Encryption is required, but the server has none at dialect 0x{connection.dialect:04X}'
        )
    longest = max(connection.max_read_size, connection.max_transact_size, NETBIOS_SIZE_LIMIT)
    transport.max_receive_length = min(2 * longest + ROOM_FOR_HEADERS, 0xFFFFFF)
    return exchange


def names_of(dialects: tuple[int, ...]) -> str:
    return ', '.join(f'0x{dialect:04X}' for dialect in dialects)


def _request(connection: Connection, remote_name: str) -> SMB2NegotiateRequest:
    from secrets import token_bytes

    contexts: NegotiateContexts = ()
    if SMB2_DIALECT_311 in connection.offered_dialects:
        contexts = (
            SMB2PreauthIntegrityCapabilities(hash_algorithms=(SHA_512,), salt=token_bytes(32)),
            SMB2EncryptionCapabilities(ciphers=CIPHERS),
            SMB2SigningCapabilities(signing_algorithms=SIGNING_ALGORITHMS),
            SMB2NetnameNegotiateContextId(net_name=remote_name),
        )
    return SMB2NegotiateRequest(
        security_mode=connection.client_security_mode,
        capabilities=connection.client_capabilities,
        client_guid=connection.client_guid,
        dialects=connection.offered_dialects,
        negotiate_contexts=contexts,
    )


# 3.2.5.2 Receiving an SMB2 NEGOTIATE Response


def _accept(connection: Connection, response: SMB2NegotiateResponse, is_direct_tcp: bool) -> None:
    if response.dialect_revision not in connection.offered_dialects:
        offered = names_of(connection.offered_dialects)
        raise ProtocolError(f'The server chose dialect 0x{response.dialect_revision:04X}; we offered {offered}')
    connection.dialect = response.dialect_revision
    connection.server_guid = response.server_guid
    connection.server_security_mode = response.security_mode
    connection.server_capabilities = response.capabilities
    connection.gss_negotiate_token = response.security_buffer
    limit = LONGEST_PAYLOAD if is_direct_tcp and connection.supports_multi_credit else NETBIOS_SIZE_LIMIT
    connection.max_read_size = min(response.max_read_size, limit)
    connection.max_write_size = min(response.max_write_size, limit)
    connection.max_transact_size = min(response.max_transact_size, limit)
    if not (connection.max_read_size and connection.max_write_size and connection.max_transact_size):
        raise ProtocolError('The server announced a longest read, write or transaction of 0 bytes')
    if connection.dialect == SMB2_DIALECT_311:
        _accept_contexts(connection, response)
    elif connection.dialect >= SMB2_DIALECT_30:
        connection.signing_algorithm_id = SIGNING_AES_CMAC
        if connection.server_capabilities & SMB2_GLOBAL_CAP_ENCRYPTION:
            connection.cipher_id = SMB2_ENCRYPTION_AES128_CCM
    else:
        connection.signing_algorithm_id = SIGNING_HMAC_SHA256


def _accept_contexts(connection: Connection, response: SMB2NegotiateResponse) -> None:
    hashes, ciphers, algorithms = [], [], []
    for context in response.negotiate_contexts:
        if isinstance(context, SMB2PreauthIntegrityCapabilities):
            hashes.append(tuple(context.hash_algorithms))
        elif isinstance(context, SMB2EncryptionCapabilities):
            ciphers.append(tuple(context.ciphers))
        elif isinstance(context, SMB2SigningCapabilities):
            algorithms.append(tuple(context.signing_algorithms))
    if hashes != [(SHA_512,)]:
        raise ProtocolError(f'The server chose preauthentication hashes {hashes}; we offered SHA-512')
    connection.cipher_id = _choice('cipher', ciphers, (0, *CIPHERS), default=0)
    connection.signing_algorithm_id = _choice(
        'signing algorithm', algorithms, SIGNING_ALGORITHMS, default=SIGNING_AES_CMAC
    )


def _choice(what: str, answers: list[tuple[int, ...]], offered: tuple[int, ...], default: int) -> int:
    """The one value of the one context that may answer ours."""
    if not answers:
        return default
    if len(answers) > 1 or len(answers[0]) != 1 or answers[0][0] not in offered:
        raise ProtocolError(f'The server chose {what} {answers}; we offered one of {offered}')
    return answers[0][0]


def validate(exchange: Exchange, tree: TreeConnect) -> None:
    """Ask the server, signed, what was negotiated, and end the connection when it remembers something else, 3.2.5.5.

    At 3.1.1 the preauthentication hash has proved it already; a guest or an anonymous user has no key to sign with.
    """
    connection = exchange.dialect.connection
    if connection.is_validated or connection.dialect == SMB2_DIALECT_311 or not exchange.dialect.session.has_keys:
        return
    question = SMB2ValidateNegotiateInfoRequest(
        capabilities=connection.client_capabilities,
        guid=connection.client_guid,
        security_mode=connection.client_security_mode,
        dialects=connection.offered_dialects,
    )
    request = SMB2IoctlRequest(
        ctl_code=FSCTL_VALIDATE_NEGOTIATE_INFO,
        input=question.pack(),
        max_output_response=SMB2ValidateNegotiateInfoResponse.fixed_size(),
    )
    # A server that does not know the question says so in a signed answer, which proves as much.
    unknown = (STATUS_NOT_SUPPORTED, STATUS_INVALID_DEVICE_REQUEST, STATUS_FILE_CLOSED)
    try:
        reply = exchange.call(request, tree, accept=(STATUS_SUCCESS, *unknown), sign_always=True)
        if reply.status == STATUS_SUCCESS:
            _compare(connection, SMB2ValidateNegotiateInfoResponse.unpack(reply.payload.output))
    except StatusError as error:
        exchange.close()
        raise ProtocolError(f'The server refused to confirm what was negotiated ({describe(error.status)})') from None
    except ProtocolError:
        exchange.close()
        raise
    connection.is_validated = True


def _compare(connection: Connection, answer: SMB2ValidateNegotiateInfoResponse) -> None:
    was = (connection.server_capabilities, connection.server_guid, connection.server_security_mode, connection.dialect)
    if (answer.capabilities, answer.guid, answer.security_mode, answer.dialect) != was:
        raise ProtocolError('What was negotiated is not what the server remembers: somebody changed it on the way')
