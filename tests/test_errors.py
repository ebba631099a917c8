"""Exceptions: their families, their texts, and that they survive pickling and copying."""

from __future__ import annotations

import copy
import errno
import pickle
from types import SimpleNamespace

import pytest

import nmb.nmb_structs
from smb import errors

MESSAGE = 'Failed to retrieve a/b.txt on share: Unable to open file'

# (NTSTATUS, built-in class, errno)
BUILTINS = [
    (0xC0000034, FileNotFoundError, errno.ENOENT),
    (0xC000003A, FileNotFoundError, errno.ENOENT),
    (0xC000000F, FileNotFoundError, errno.ENOENT),
    (0xC00000CC, FileNotFoundError, errno.ENOENT),
    (0xC0000035, FileExistsError, errno.EEXIST),
    (0xC0000022, PermissionError, errno.EACCES),
    (0xC0000043, PermissionError, errno.EACCES),
    (0xC00000A2, PermissionError, errno.EROFS),
    (0xC0000121, PermissionError, errno.EACCES),
    (0xC0000054, PermissionError, errno.EACCES),
    (0xC0000061, PermissionError, errno.EPERM),
    (0xC00000BA, IsADirectoryError, errno.EISDIR),
    (0xC0000103, NotADirectoryError, errno.ENOTDIR),
    (0xC0000101, OSError, errno.ENOTEMPTY),
    (0xC000007F, OSError, errno.ENOSPC),
    (0xC0000044, OSError, errno.ENOSPC),
]
NO_OS_ERRORS = [0xC000000D, 0xC0000033, 0xC00000B5, 0xC0000257, 0xC0001234, 0x80000005]


class HistoryEntry:
    """Stands in for a message: equal by value, so that a pickled one can be compared."""

    def __init__(self, status: int, raw_data: bytes) -> None:
        self.status = self.ntstatus = status
        self.raw_data = raw_data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HistoryEntry) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.status)

    def __str__(self) -> str:
        return f'Command: 0x05\nStatus: 0x{self.status:08X}'


HISTORY = [HistoryEntry(0, b'\xfeSMB'), HistoryEntry(0xC0000034, b'')]


def noted(error: BaseException) -> BaseException:
    """The error with an attribute that a program gave it."""
    error.attempt = 3  # type: ignore[attr-defined]
    return error


EVERY_EXCEPTION = [
    errors.SMBException('text'),
    errors.NotConnectedError('text'),
    errors.NotConnectedError(),
    errors.NotReadyError('text'),
    errors.SMBTimeout('text'),
    errors.SMBTimeout(),
    errors.UnsupportedFeature('text'),
    errors.ProtocolError('text'),
    errors.ProtocolError('text', b'\x00\x01', HISTORY[0]),
    errors.SMB2ProtocolHeaderError(),
    errors.OperationFailure(MESSAGE, []),
    errors.OperationFailure(MESSAGE, HISTORY),
    errors.FileNotFoundFailure(MESSAGE, HISTORY),
    errors.FileExistsFailure(MESSAGE, HISTORY),
    errors.PermissionFailure(MESSAGE, HISTORY),
    errors.IsADirectoryFailure(MESSAGE, HISTORY),
    errors.NotADirectoryFailure(MESSAGE, HISTORY),
    errors.OSFailure(MESSAGE, HISTORY),
    errors.TreeFailure(MESSAGE, HISTORY, ['failures']),
    errors.StatusError('CREATE', HISTORY[1]),
    errors.Incomplete('the file ended at byte 7', 'Read failed'),
    nmb.nmb_structs.NMBError('text'),
    nmb.nmb_structs.NotConnectedError('text'),
    *(errors.operation_failure(MESSAGE, HISTORY, status, 'a/b.txt') for status, _, _ in BUILTINS),
    *(errors.operation_failure(MESSAGE, HISTORY, status, 'a/b.txt') for status in NO_OS_ERRORS),
]


def state(error: BaseException) -> dict[str, object]:
    """Everything that a program can read from an exception."""
    names = ('message', 'smb_messages', 'status', 'status_name', 'data_buf', 'smb_message', 'request', 'reply')
    names += ('text', 'reason', 'report', 'errno', 'strerror', 'filename', 'attempt', '__notes__')
    return {
        'class': type(error),
        'str': str(error),
        'args': [list(a) if isinstance(a, list) else a for a in error.args],
        **{name: getattr(error, name) for name in names if hasattr(error, name)},
    }


def test_every_exception_class_is_among_those_that_are_pickled():
    defined = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BaseException)}
    assert defined - {type(error) for error in EVERY_EXCEPTION} == set()


@pytest.mark.parametrize('error', EVERY_EXCEPTION, ids=lambda error: type(error).__name__)
def test_a_pickled_exception_comes_back_whole(error):
    error = noted(copy.copy(error))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert state(pickle.loads(pickle.dumps(error, protocol))) == state(error)


@pytest.mark.parametrize('error', EVERY_EXCEPTION, ids=lambda error: type(error).__name__)
def test_a_copied_exception_is_whole(error):
    error = noted(copy.copy(error))
    assert state(copy.copy(error)) == state(error)
    assert state(copy.deepcopy(error)) == state(error)


def test_a_pickle_names_the_modules_that_programs_import_from():
    assert b'smb.smb_structs' in pickle.dumps(errors.operation_failure(MESSAGE, [], 0xC0000034, 'x'))
    assert b'smb.smb_structs' in pickle.dumps(errors.ProtocolError('text'))
    assert b'smb.base' in pickle.dumps(errors.SMBTimeout())
    assert b'smb.base' in pickle.dumps(errors.NotConnectedError('text'))
    assert b'smb.base' in pickle.dumps(errors.NotReadyError('text'))


@pytest.mark.parametrize(
    ('status', 'builtin', 'number'), BUILTINS, ids=lambda value: f'{value:08X}' if isinstance(value, int) else ''
)
def test_a_status_comes_as_the_builtin_exception_that_means_the_same(status, builtin, number):
    with pytest.raises(builtin) as caught:
        raise errors.operation_failure(MESSAGE, HISTORY, status, 'a/b.txt')
    failure = caught.value
    assert isinstance(failure, errors.OperationFailure)
    assert isinstance(failure, OSError)
    assert (failure.errno, failure.strerror, failure.filename) == (number, MESSAGE, 'a/b.txt')
    assert failure.status == status
    assert failure.message == MESSAGE
    assert failure.smb_messages == HISTORY
    assert str(failure) == str(errors.OperationFailure(MESSAGE, HISTORY))


def test_the_table_of_builtin_exceptions_has_nothing_else():
    assert set(errors.BUILTIN_FAILURES) == {status for status, _, _ in BUILTINS}


@pytest.mark.parametrize(('status', 'number'), [(0xC0000101, errno.ENOTEMPTY), (0xC000007F, errno.ENOSPC)])
def test_a_failure_without_a_builtin_class_of_its_own_is_none_of_the_specific_ones(status, number):
    failure = errors.operation_failure(MESSAGE, [], status, None)
    assert not isinstance(
        failure, (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)
    )
    assert getattr(failure, 'errno', None) == number


@pytest.mark.parametrize('status', NO_OS_ERRORS)
def test_other_statuses_are_no_os_errors(status):
    failure = errors.operation_failure(MESSAGE, HISTORY, status, 'a/b.txt')
    assert type(failure) is errors.OperationFailure
    assert not isinstance(failure, OSError)
    assert failure.status == status


def test_a_failure_that_a_program_builds_has_no_status():
    failure = errors.OperationFailure(MESSAGE, [])
    assert failure.status is None
    assert failure.status_name is None


def test_the_status_of_a_failure_has_a_name():
    assert errors.operation_failure(MESSAGE, [], 0xC0000022, None).status_name == 'STATUS_ACCESS_DENIED'
    assert errors.operation_failure(MESSAGE, [], 0xC0001234, None).status_name == '0xC0001234'


def test_errno_of_a_mixed_failure_without_status_is_no_text():
    failure = errors.FileNotFoundFailure(MESSAGE, HISTORY)
    assert (failure.errno, failure.strerror, failure.filename) == (None, MESSAGE, None)


@pytest.mark.parametrize('failure_class', [errors.OperationFailure, errors.FileNotFoundFailure, errors.OSFailure])
def test_a_failure_keeps_its_arguments_and_copies_the_history(failure_class):
    history = tuple(HISTORY)
    failure = failure_class(MESSAGE, history)
    assert failure.args == (MESSAGE, history)
    assert failure.args[1] is history
    assert failure.smb_messages == HISTORY
    assert type(failure.smb_messages) is list
    given = list(HISTORY)
    failure = failure_class(MESSAGE, given)
    given.clear()
    assert failure.smb_messages == HISTORY


def test_a_history_may_be_any_iterable():
    assert errors.OperationFailure(MESSAGE, iter(HISTORY)).smb_messages == HISTORY


@pytest.mark.parametrize('arguments', [(), ('message',)])
def test_a_failure_wants_message_and_history(arguments):
    with pytest.raises(TypeError):
        errors.OperationFailure(*arguments)


def test_text_of_a_failure_without_history_is_the_message_and_a_line_end():
    assert str(errors.OperationFailure('message', [])) == 'message\n'


def test_text_of_a_failure_shows_each_message_with_number_fields_and_bytes():
    lines = str(errors.operation_failure(MESSAGE, HISTORY, 0xC0000034, 'a/b.txt')).splitlines()
    assert lines == [
        MESSAGE,
        '==================== SMB Message 0 ====================',
        'Command: 0x05',
        'Status: 0x00000000',
        'SMB Data Packet (hex):',
        'fe534d42',
        '==================== SMB Message 1 ====================',
        'Command: 0x05',
        'Status: 0xC0000034',
    ]


def test_text_of_a_protocol_error_dumps_message_and_data_where_there_are_any():
    assert str(errors.ProtocolError('message')) == 'message\n'
    text = str(errors.ProtocolError('message', b'\xfeSMB', HISTORY[1]))
    assert text.splitlines() == [
        'message',
        '==================== SMB Message ====================',
        'Command: 0x05',
        'Status: 0xC0000034',
        '==================== SMB Data Packet (hex) ====================',
        'fe534d42',
    ]
    assert text.endswith('\n')


def test_a_protocol_error_has_message_data_and_smb_message():
    error = errors.ProtocolError('message')
    assert (error.message, error.data_buf, error.smb_message) == ('message', None, None)
    error = errors.ProtocolError('message', b'data', HISTORY[0])
    assert (error.message, error.data_buf, error.smb_message) == ('message', b'data', HISTORY[0])


def test_a_header_error_takes_no_arguments_and_is_a_protocol_error():
    assert isinstance(errors.SMB2ProtocolHeaderError(), errors.ProtocolError)
    assert str(errors.SMB2ProtocolHeaderError()).strip()


def test_one_except_clause_catches_all_exceptions_of_the_library():
    ours = {value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, BaseException)}
    assert {c for c in ours if not issubclass(c, errors.SMBException)} == {nmb.nmb_structs.NotConnectedError}


@pytest.mark.parametrize(
    'catcher',
    [errors.NotConnectedError, nmb.nmb_structs.NotConnectedError, nmb.nmb_structs.NMBError, ConnectionError, OSError],
)
def test_a_lost_connection_is_caught_under_each_of_its_names(catcher):
    with pytest.raises(catcher, match='closed'):
        raise errors.NotConnectedError('closed')


@pytest.mark.parametrize('catcher', [errors.SMBTimeout, TimeoutError, OSError])
def test_a_timeout_is_caught_under_each_of_its_names(catcher):
    with pytest.raises(catcher):
        raise errors.SMBTimeout


def test_what_is_no_system_error_is_not_caught_as_one():
    for error_class in (errors.NotReadyError, errors.UnsupportedFeature, errors.ProtocolError, errors.OperationFailure):
        assert not issubclass(error_class, OSError)
    assert not issubclass(errors.SMBTimeout, errors.NotConnectedError)


def test_a_status_error_tells_request_and_status_only_when_asked():
    """Its text is written when read: most are answers that an operation expects, and a request may hold a megabyte."""

    class Request:
        asked = 0

        def __repr__(self) -> str:
            Request.asked += 1
            return 'CREATE a.txt'

    error = errors.StatusError(Request(), SimpleNamespace(ntstatus=0xC0000034))
    assert error.status == 0xC0000034
    assert Request.asked == 0
    assert str(error) == 'CREATE a.txt was answered with STATUS_OBJECT_NAME_NOT_FOUND, 0xC0000034'


def test_text_of_an_exception_shows_the_first_bytes_of_a_long_message_only():
    class Message:
        raw_data = b'\xab' * 1_000_000

    for error in (errors.ProtocolError(MESSAGE, Message.raw_data), errors.OperationFailure(MESSAGE, [Message()])):
        assert 'ab' * 512 + '... (1000000 bytes)' in str(error)
        assert len(str(error)) < 2000
