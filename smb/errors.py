"""Every exception of the library, under the module names that programs import them by.

``NotConnectedError`` and ``SMBTimeout`` are built-in connection errors too, and an ``OperationFailure`` is raised as
the subclass that is also the fitting built-in exception: ``BUILTIN_FAILURES`` says which status means which.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Any

from nmb.nmb_structs import NotConnectedError as NMBNotConnectedError
from smb import ntstatus

DUMPED_LENGTH = 512  # bytes of a message in an exception's text


def _dump(data: bytes) -> str:
    """The bytes in hexadecimal, the first ones where there are many."""
    shown = bytes(data[:DUMPED_LENGTH]).hex()
    return shown if len(data) <= DUMPED_LENGTH else f'{shown}... ({len(data)} bytes)'


class SMBException(Exception):
    """The common root of this library's exceptions."""

    __module__ = 'smb.smb_structs'


class NotConnectedError(SMBException, NMBNotConnectedError):
    """There is no connection: never made, closed, or ended by the server."""

    __module__ = 'smb.base'


class NotReadyError(SMBException):
    """The connection exists, but no user is logged in on it."""

    __module__ = 'smb.base'


class SMBTimeout(SMBException, TimeoutError):
    """The server did not answer in time."""

    __module__ = 'smb.base'


class UnsupportedFeature(SMBException):
    """The server asks for something that this library does not have."""

    __module__ = 'smb.smb_structs'


class ProtocolError(SMBException):
    """The peer sent what the protocol does not allow.

    ``message`` says what is wrong in one line, ``data_buf`` has the bytes (or None), ``smb_message`` the message (or
    None).
    """

    __module__ = 'smb.smb_structs'

    def __init__(self, message: str, data_buf: bytes | None = None, smb_message: object = None) -> None:
        super().__init__(message)
        self.message = message
        self.data_buf = data_buf
        self.smb_message = smb_message

    def __str__(self) -> str:
        lines = [self.message]
        if self.smb_message is not None:
            lines += ['=' * 20 + ' SMB Message ' + '=' * 20, str(self.smb_message)]
        if self.data_buf is not None:
            lines += ['=' * 20 + ' SMB Data Packet (hex) ' + '=' * 20, _dump(self.data_buf)]
        return '\n'.join(lines) + '\n'

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.data_buf, self.smb_message), dict(self.__dict__)


class SMB2ProtocolHeaderError(ProtocolError):
    """A packet does not begin with an SMB2 header."""

    __module__ = 'smb.smb_structs'

    def __init__(
        self, message: str = 'Packet header does not belong to an SMB2 message', data_buf: bytes | None = None
    ) -> None:
        super().__init__(message, data_buf)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.data_buf), dict(self.__dict__)


class OperationFailure(SMBException):
    """The server refused an operation.

    ``message`` is one line that says what failed, on which path and share, and why. ``smb_messages`` are the requests
    and answers of this operation in order of time, the failing answer last. ``status`` is the NTSTATUS of that answer
    as an int, or None where no answer is to blame; ``status_name`` is its name.
    """

    __module__ = 'smb.smb_structs'
    status: int | None = None

    def __init__(self, message: str, smb_messages: Iterable[Any]) -> None:
        super().__init__(message, smb_messages)
        self.message = message
        self.smb_messages = list(smb_messages)
        if isinstance(self, OSError):
            _describe(self, None, message, None)  # OSError took the two arguments for errno and strerror

    @property
    def status_name(self) -> str | None:
        """The name of ``status`` in [MS-ERREF] 2.3, ``'STATUS_ACCESS_DENIED'`` for example; None without a status."""
        return None if self.status is None else ntstatus.name(self.status)

    def __str__(self) -> str:
        lines = [self.message]
        for number, message in enumerate(self.smb_messages):
            lines += ['=' * 20 + f' SMB Message {number} ' + '=' * 20, str(message)]
            raw_data = getattr(message, 'raw_data', None)
            if raw_data:
                lines += ['SMB Data Packet (hex):', _dump(raw_data)]
        return '\n'.join(lines) + '\n'

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        if isinstance(self, OSError):
            # OSError keeps these outside the instance dictionary
            state.update(errno=self.errno, strerror=self.strerror, filename=self.filename)
        return type(self), (self.message, self.smb_messages), state


class FileNotFoundFailure(OperationFailure, FileNotFoundError):
    """An OperationFailure: the file, folder, path or share does not exist."""

    __module__ = 'smb.smb_structs'


class FileExistsFailure(OperationFailure, FileExistsError):
    """An OperationFailure: the name is taken."""

    __module__ = 'smb.smb_structs'


class PermissionFailure(OperationFailure, PermissionError):
    """An OperationFailure: access is denied, or another opener, a lock or a flag forbids it."""

    __module__ = 'smb.smb_structs'


class IsADirectoryFailure(OperationFailure, IsADirectoryError):
    """An OperationFailure: a folder stands where a file is wanted."""

    __module__ = 'smb.smb_structs'


class NotADirectoryFailure(OperationFailure, NotADirectoryError):
    """An OperationFailure: a file stands where a folder is wanted."""

    __module__ = 'smb.smb_structs'


class OSFailure(OperationFailure, OSError):
    """An OperationFailure that is an OSError without a class of its own; ``errno`` tells which."""

    __module__ = 'smb.smb_structs'


class TreeFailure(OperationFailure):
    """An OperationFailure: some of many files were not copied; ``report`` says which, and why."""

    __module__ = 'smb.smb_structs'

    def __init__(self, message: str, smb_messages: Iterable[Any], report: Any = None) -> None:
        super().__init__(message, smb_messages)
        self.report = report


BUILTIN_FAILURES: dict[int, tuple[type[OperationFailure], int]] = {
    ntstatus.STATUS_NO_SUCH_FILE: (FileNotFoundFailure, errno.ENOENT),
    ntstatus.STATUS_OBJECT_NAME_NOT_FOUND: (FileNotFoundFailure, errno.ENOENT),
    ntstatus.STATUS_OBJECT_PATH_NOT_FOUND: (FileNotFoundFailure, errno.ENOENT),
    ntstatus.STATUS_BAD_NETWORK_NAME: (FileNotFoundFailure, errno.ENOENT),
    ntstatus.STATUS_OBJECT_NAME_COLLISION: (FileExistsFailure, errno.EEXIST),
    ntstatus.STATUS_ACCESS_DENIED: (PermissionFailure, errno.EACCES),
    ntstatus.STATUS_SHARING_VIOLATION: (PermissionFailure, errno.EACCES),
    ntstatus.STATUS_FILE_LOCK_CONFLICT: (PermissionFailure, errno.EACCES),
    ntstatus.STATUS_PRIVILEGE_NOT_HELD: (PermissionFailure, errno.EPERM),
    ntstatus.STATUS_MEDIA_WRITE_PROTECTED: (PermissionFailure, errno.EROFS),
    ntstatus.STATUS_CANNOT_DELETE: (PermissionFailure, errno.EACCES),
    ntstatus.STATUS_FILE_IS_A_DIRECTORY: (IsADirectoryFailure, errno.EISDIR),
    ntstatus.STATUS_NOT_A_DIRECTORY: (NotADirectoryFailure, errno.ENOTDIR),
    ntstatus.STATUS_DIRECTORY_NOT_EMPTY: (OSFailure, errno.ENOTEMPTY),
    ntstatus.STATUS_DISK_FULL: (OSFailure, errno.ENOSPC),
    ntstatus.STATUS_QUOTA_EXCEEDED: (OSFailure, errno.ENOSPC),
}


def operation_failure(
    message: str, smb_messages: Iterable[Any], status: int | None, filename: str | None
) -> OperationFailure:
    """The exception for an operation that failed with ``status``, of the class that fits; None: by no single answer."""
    failure_class, number = BUILTIN_FAILURES.get(status or 0, (OperationFailure, 0))
    history = list(smb_messages)
    failure = failure_class(message, history)
    failure.smb_messages = history  # programs find the same list in args[1]
    failure.status = status
    if isinstance(failure, OSError):
        _describe(failure, number, message, filename)
    return failure


def _describe(error: OSError, number: int | None, text: str, filename: str | None) -> None:
    error.errno, error.strerror, error.filename = number, text, filename


class StatusError(SMBException):
    """One answer with a status that the operation did not ask for; the guard around each operation translates it.

    ``cause`` is what an operation knows to be behind it, for the message of the OperationFailure; mostly None.
    """

    cause: str | None = None

    def __init__(self, request: Any, reply: Any) -> None:
        super().__init__(request, reply)
        self.request = request
        self.reply = reply
        self.status: int = reply.ntstatus

    def __str__(self) -> str:
        return f'{self.request!r} was answered with {ntstatus.describe(self.status)}'


class Incomplete(SMBException):
    """Answers that were fine one by one do not add up to what was asked for; inside the library only.

    ``reason`` is the phrase that ends the message of the OperationFailure that comes of it.
    """

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(text, reason)
        self.text = text
        self.reason = reason
