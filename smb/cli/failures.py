"""What went wrong, in one line that says what to do next, and the exit code for it."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING

from smb import ntstatus
from smb.cli.text import shown
from smb.errors import (
    NotConnectedError,
    OperationFailure,
    ProtocolError,
    SMBException,
    SMBTimeout,
    UnsupportedFeature,
)

if TYPE_CHECKING:
    from smb.addresses import Address

OK = 0
FAILED = 1
USAGE = 2
SIGN_ON = 3
NOT_FOUND = 4
DENIED = 5
UNREACHABLE = 6
EXISTS = 7
INTERRUPTED = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE

DIRECT_TCP_PORT = 445
NETBIOS_PORT = 139
STATUS_NAME = re.compile(r'STATUS_[A-Z0-9_]+')


class Failure(Exception):
    """Something that a command cannot do: a line for people, and an exit code."""

    def __init__(self, text: str, code: int = FAILED) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class UsageFailure(Failure):
    """What was asked for makes no sense."""

    def __init__(self, text: str) -> None:
        super().__init__(text, USAGE)


class ConnectionFailure(Failure):
    """There is no connection, or nobody signed on: nothing else can be done at this server."""


# What a refusal means, and what helps; {address} is what was refused, {parent} the folder that it is in.
REFUSALS: dict[int, tuple[int, str]] = {
    ntstatus.STATUS_OBJECT_NAME_NOT_FOUND: (
        NOT_FOUND,
        'there is no such file or folder; "smbcourier ls {parent}" shows what is there',
    ),
    ntstatus.STATUS_NO_SUCH_FILE: (NOT_FOUND, 'there is no such file; "smbcourier ls {parent}" shows what is there'),
    ntstatus.STATUS_OBJECT_PATH_NOT_FOUND: (NOT_FOUND, 'the folder that it is in does not exist'),
    ntstatus.STATUS_BAD_NETWORK_NAME: (
        NOT_FOUND,
        'the server has no share of this name; "smbcourier shares {server}" lists those that it has',
    ),
    ntstatus.STATUS_ACCESS_DENIED: (
        DENIED,
        'permission denied; -U signs on as somebody else, "smbcourier acl {address}" shows who may do what',
    ),
    ntstatus.STATUS_PRIVILEGE_NOT_HELD: (DENIED, 'this takes a privilege that the user does not have'),
    ntstatus.STATUS_SHARING_VIOLATION: (
        DENIED,
        'another program has it open and does not share it; try again when it is closed',
    ),
    ntstatus.STATUS_FILE_LOCK_CONFLICT: (
        DENIED,
        'another program has locked a part of it; try again when that is over',
    ),
    ntstatus.STATUS_DELETE_PENDING: (DENIED, 'it is being deleted, and goes when the last program closes it'),
    ntstatus.STATUS_CANNOT_DELETE: (DENIED, 'it is marked read-only, or in use, and cannot be deleted'),
    ntstatus.STATUS_MEDIA_WRITE_PROTECTED: (DENIED, 'the share or its disk is read-only'),
    ntstatus.STATUS_OBJECT_NAME_COLLISION: (
        EXISTS,
        'the name is taken; choose another one, or remove what has it with "smbcourier rm"',
    ),
    ntstatus.STATUS_DIRECTORY_NOT_EMPTY: (
        EXISTS,
        'the folder is not empty; "smbcourier rm -r {address}" removes it with all that is in it',
    ),
    ntstatus.STATUS_FILE_IS_A_DIRECTORY: (FAILED, 'it is a folder; -r takes folders'),
    ntstatus.STATUS_NOT_A_DIRECTORY: (FAILED, 'it is a file and no folder'),
    ntstatus.STATUS_OBJECT_NAME_INVALID: (FAILED, 'the server takes no such name'),
    ntstatus.STATUS_DISK_FULL: (FAILED, 'the disk behind the share is full'),
    ntstatus.STATUS_QUOTA_EXCEEDED: (FAILED, "the user's quota is used up"),
    ntstatus.STATUS_PATH_NOT_COVERED: (
        FAILED,
        'this is a DFS link to another server, which is not followed; use the address of that server',
    ),
}

# How messages about what was to be put somewhere begin
PUTTING = ('Failed to store', 'Failed to create', 'Failed to rename')

# Refused users; any other status says for itself
SIGN_ON_REFUSALS = {
    'STATUS_LOGON_FAILURE': 'wrong user or password; -U names the user, -W the domain',
    'STATUS_NO_SUCH_USER': 'the server knows no such user; -U names the user, -W the domain',
    'STATUS_WRONG_PASSWORD': 'wrong password',
    'STATUS_PASSWORD_EXPIRED': 'the password has expired and has to be changed first',
    'STATUS_PASSWORD_MUST_CHANGE': 'the password has to be changed first',
    'STATUS_ACCOUNT_DISABLED': 'the account is disabled; ask who runs the server',
    'STATUS_ACCOUNT_EXPIRED': 'the account has expired; ask who runs the server',
    'STATUS_ACCOUNT_LOCKED_OUT': 'the account is locked after too many attempts; wait, or ask who runs the server',
    'STATUS_ACCOUNT_RESTRICTION': 'the account is restricted; an empty password may not be enough',
    'STATUS_INVALID_LOGON_HOURS': 'the account may not be used at this hour',
    'STATUS_INVALID_WORKSTATION': 'the account may not be used from this computer',
    'STATUS_LOGON_TYPE_NOT_GRANTED': 'the user may not sign on over the network',
    'STATUS_NTLM_BLOCKED': 'NTLM was refused, and this program has nothing else; ask who runs the server to permit it',
    'STATUS_NOT_SUPPORTED': 'NTLM was refused, and this program has nothing else; ask who runs the server to permit it',
}


def refused_operation(error: OperationFailure, address: Address) -> Failure:
    """What an operation on ``address`` failed with."""
    status = error.status or 0
    if status == ntstatus.STATUS_ACCESS_DENIED and 'connect to shared device' in error.message:
        text = (
            'this user may not use the share; -U signs on as somebody else, '
            'and a share that requires encryption takes SMB 3'
        )
        return Failure(f'{address}: {text} ({error.status_name})', DENIED)
    if status not in REFUSALS:
        return Failure(error.message, FAILED)
    code, text = REFUSALS[status]
    if status == ntstatus.STATUS_BAD_NETWORK_NAME:
        address = address.at('')
    if status == ntstatus.STATUS_OBJECT_PATH_NOT_FOUND and error.message.startswith(PUTTING):
        text += '; "smbcourier mkdir --parents {parent}" makes it'
    advice = text.format(address=address, parent=address.parent, server=address.server)
    return Failure(f'{address}: {advice} ({error.status_name})', code)


def refused_user(user: str, address: Address, auth_error: str | None) -> ConnectionFailure:
    """What to say when connect() gave False."""
    return ConnectionFailure(f'{address.server} refused {_who(user)}: {_meaning(auth_error or "")}', SIGN_ON)


def _who(user: str) -> str:
    return f'the user {user}' if user else 'an anonymous user; -U names one'


def _meaning(text: str) -> str:
    match = STATUS_NAME.search(text)
    known = SIGN_ON_REFUSALS.get(match[0]) if match else None
    return f'{known} ({match[0]})' if match and known else text


def failed_connection(error: Exception, address: Address, port: int, is_direct_tcp: bool) -> ConnectionFailure:
    """What to say when connect() raised this."""
    host = address.host
    if isinstance(error, UnsupportedFeature):
        return ConnectionFailure(
            f'{host}: {_first_line(error)}; leave out --encrypt, or let it negotiate SMB 3 without --max-dialect',
            SIGN_ON,
        )
    if isinstance(error, ProtocolError):
        return _refused_terms(_first_line(error), host)
    return ConnectionFailure(_unreachable(error, host, port, is_direct_tcp), UNREACHABLE)


def _refused_terms(text: str, host: str) -> ConnectionFailure:
    match = STATUS_NAME.search(text)
    if 'it may demand encryption' in text:
        advice = 'the server requires encryption, which takes SMB 3: leave out --max-dialect'
        return ConnectionFailure(f'{host}: {advice} (STATUS_ACCESS_DENIED)', SIGN_ON)
    if 'No common dialect' in text:
        return ConnectionFailure(f'{host}: {text}; leave out --min-dialect and --max-dialect', FAILED)
    if 'can be neither signed nor encrypted' in text:
        return ConnectionFailure(f'{host}: {text}; leave out --sign and --encrypt, or name a user with -U', SIGN_ON)
    if match and match[0] in SIGN_ON_REFUSALS:
        return ConnectionFailure(f'{host}: {_meaning(text)}', SIGN_ON)
    return ConnectionFailure(f'{host}: {text}', FAILED)


def _unreachable(error: Exception, host: str, port: int, is_direct_tcp: bool) -> str:
    if port == (DIRECT_TCP_PORT if is_direct_tcp else NETBIOS_PORT):
        other = f'try --port {NETBIOS_PORT} --netbios' if is_direct_tcp else 'try it without --netbios'
    else:
        other = f'is the port right? {DIRECT_TCP_PORT} is usual'
    # The class is the socket module's, and sockets are the transport's business.
    if type(error).__name__ == 'gaierror':
        return f'{host}: there is no host of this name; "smbcourier lookup {host}" asks for a NetBIOS name'
    if isinstance(error, ConnectionRefusedError):
        return f'{host}: port {port} is closed; {other}'
    if isinstance(error, TimeoutError):
        return f'{host}: no answer on port {port}: a firewall may be in between; {other}'
    if isinstance(error, NotConnectedError):
        return f'{host}: {_first_line(error)}; {other}'
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f'{host}: the network knows no way to this host; is the address right?'
    return f'{host}: {getattr(error, "strerror", None) or _first_line(error)}'


def explained(error: BaseException, address: Address | str | None = None) -> Failure:
    """What anything that went wrong at ``address``, a place on a share or on this computer, comes to."""
    from smb.addresses import Address

    if isinstance(error, Failure):
        return error
    place = '' if address is None else f'{address}: '
    if isinstance(error, OperationFailure):
        return refused_operation(error, address) if isinstance(address, Address) else Failure(error.message)
    if isinstance(error, SMBTimeout):
        return ConnectionFailure(f'{place}the server did not answer in time; --timeout waits longer', UNREACHABLE)
    if isinstance(error, NotConnectedError):
        return ConnectionFailure(
            f'{place}{_first_line(error)}; try again, -c goes on with a transfer where it ended', UNREACHABLE
        )
    if isinstance(error, SMBException):
        return ConnectionFailure(place + _first_line(error))
    if isinstance(error, OSError):
        return _local(error, place)
    if isinstance(error, ValueError):
        return UsageFailure(place + _first_line(error))
    return Failure(place + _first_line(error))


def _local(error: OSError, place: str) -> Failure:
    codes: tuple[tuple[type[OSError], int], ...] = (
        (FileNotFoundError, NOT_FOUND),
        (PermissionError, DENIED),
        (FileExistsError, EXISTS),
    )
    code = next((code for kind, code in codes if isinstance(error, kind)), FAILED)
    where = f'{error.filename}: ' if isinstance(error.filename, str) else place
    return Failure(f'{where}{error.strerror or error}', code)


def _first_line(error: BaseException) -> str:
    return shown((str(error).splitlines() or [''])[0] or type(error).__name__)
