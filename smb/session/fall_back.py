"""Finding a common dialect: SMB2 first, then SMB1 on a connection of its own.

SMB1 is tried where nobody answered in SMB2: the server hung up, sent something else, or was silent for a part of the
time. A server that answers in SMB2, if only with an error, is not asked for anything older.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from smb.errors import NotConnectedError, ProtocolError, SMB2ProtocolHeaderError, SMBException, SMBTimeout
from smb.session.negotiate import names_of, negotiate
from smb.transport import Deadline

if TYPE_CHECKING:
    from smb.session.exchange import Exchange
    from smb.transport import Transport

PATIENCE = 0.25  # the part of the timeout that a server may be silent to SMB2
LONGEST_PATIENCE_SECONDS = 15.0


class Offer:
    """What a server is asked for; ``why_not_smb1`` says why SMB1 is no choice, ``''`` where it is."""

    def __init__(self, *, smb2: bool, why_not_smb1: str, dialects: tuple[int, ...], remote_name: str,
                 extended_security: bool, require_signing: bool, require_encryption: bool) -> None:  # fmt: skip
        self.smb2 = smb2
        self.why_not_smb1 = why_not_smb1
        self.dialects = dialects
        self.remote_name = remote_name
        self.extended_security = extended_security
        self.require_signing = require_signing
        self.require_encryption = require_encryption


def agree(connect: Callable[[Deadline], Transport], deadline: Deadline, offer: Offer) -> Exchange:
    """Connect, and agree on a dialect; each call of ``connect`` makes a new connection.

    ProtocolError where there is none in common, and what came back otherwise: SMBTimeout, NotConnectedError.
    """
    if not offer.smb2:
        if offer.why_not_smb1:
            raise ProtocolError(f'No common dialect: SMB2 is switched off, and {offer.why_not_smb1}')
        return _negotiate_smb1(connect(deadline), deadline, offer)
    transport = connect(deadline)
    try:
        return _negotiate_smb2(transport, deadline, offer)
    except (NotConnectedError, SMBTimeout, SMB2ProtocolHeaderError) as error:
        transport.close()
        before = error
    if offer.why_not_smb1:
        raise _with(before, f'SMB1 was not tried, since {offer.why_not_smb1}') from before
    limit = Deadline(deadline.remaining())
    try:
        return _negotiate_smb1(connect(limit), limit, offer)
    except (NotConnectedError, SMBTimeout, ProtocolError) as error:
        raise _with(error, f'before that we offered {names_of(offer.dialects)}: {_first_line(before)}') from error


def _negotiate_smb2(transport: Transport, deadline: Deadline, offer: Offer) -> Exchange:
    patience = deadline
    if not offer.why_not_smb1:
        seconds = LONGEST_PATIENCE_SECONDS if deadline.seconds is None else deadline.seconds * PATIENCE
        patience = Deadline(min(LONGEST_PATIENCE_SECONDS, seconds))
    return negotiate(
        transport,
        patience,
        offer.dialects,
        offer.remote_name,
        require_signing=offer.require_signing,
        require_encryption=offer.require_encryption,
    )


def _negotiate_smb1(transport: Transport, deadline: Deadline, offer: Offer) -> Exchange:
    from smb.session import smb1_sign_on

    return smb1_sign_on.negotiate(
        transport, deadline, extended_security=offer.extended_security, require_signing=offer.require_signing
    )


def _first_line(error: SMBException) -> str:
    return str(error).partition('\n')[0]


def _with(error: SMBException, more: str) -> SMBException:
    """The error with what else there is to say."""
    text = f'{_first_line(error)} ({more})'
    if isinstance(error, ProtocolError):
        return ProtocolError(text, error.data_buf)
    return type(error)(text)
