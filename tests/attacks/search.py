"""Looking for secrets: which there are, in what forms they might be shown, and in what."""

from __future__ import annotations

import base64
import logging
import pickle
import traceback
from contextlib import contextmanager, suppress
from unittest.mock import patch

from smb import auth, ntlm
from smb.crypto import kdf
from tests.auth import server as ntlm_server

SHORTEST = 8  # bytes of a secret; what is shorter comes up by itself
LARGEST_VALUE = 1 << 20  # bytes of one thing that are looked at


class Secrets:
    """What both sides of a sign-on must keep to themselves."""

    def __init__(self, password):
        self.password = password
        self.texts = [password]
        self.values = []
        self.add(ntlm_server.nt_hash(password))

    def add(self, *values):
        for value in values:
            value = bytes(value)
            if len(value) >= SHORTEST and any(value) and value not in self.values:
                self.values.append(value)

    def forms(self):
        """Everything that a secret may look like, as bytes."""
        found = set()
        for text in self.texts:
            found |= {text.encode(), text.encode('utf-16-le'), text.encode('utf-16-be')}
        for value in [
            *self.values,
            *(text.encode() for text in self.texts),
            *(t.encode('utf-16-le') for t in self.texts),
        ]:
            found.add(value)
            found |= {
                value.hex().encode(),
                value.hex().upper().encode(),
                value.hex(' ').encode(),
                value.hex(':').encode(),
            }
            found |= {repr(value)[2:-1].encode(), str(list(value)).encode()[1:-1]}
            found |= set(base64_forms(value))
        return [form for form in found if len(form) >= SHORTEST]


def base64_forms(value):
    """What is the same in each base64 text that has ``value`` in it, wherever that begins."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            encoded = encode(bytes(before) + value)
            # The first characters and the last ones are made of the neighbours' bits as well.
            begin = (0, 2, 3)[before]
            end = (before + len(value)) * 4 // 3
            yield encoded[begin:end]


@contextmanager
def watched(secrets):
    """Take note of every key, hash and response that is made meanwhile."""
    with (
        patch.multiple('tests.session.scripted', PASSWORD=secrets.password),
        patch.multiple('tests.session.scripted_smb1_sign_on', PASSWORD=secrets.password),
        _recorded(secrets, kdf, 'derive_keys', lambda keys: [v for v in vars_of(keys) if isinstance(v, bytes)]),
        _recorded(secrets, ntlm, 'ntowf_v1', one),
        _recorded(secrets, ntlm, 'ntowf_v2', one),
        _recorded(secrets, ntlm, 'ntlm_v1_response', one),
        _recorded(secrets, ntlm, 'lm_v2_response', one),
        _recorded(secrets, ntlm, 'ntlm_v2_response', lambda result: [result[0][:16], result[0], result[1]]),
        _recorded(secrets, ntlm, 'exchange_session_key', lambda result: result),
        _recorded(secrets, ntlm, 'key_exchange_key', one),
        _recorded(secrets, ntlm, 'sign_key', one),
        _recorded(secrets, ntlm, 'seal_key', one),
        _recorded(secrets, ntlm, 'message_integrity_code', one),
        _tokens(secrets),
    ):
        yield


def one(result):
    return [result]


def vars_of(thing):
    names = getattr(type(thing), '__slots__', ()) or vars(thing)
    return [getattr(thing, name) for name in names]


@contextmanager
def _recorded(secrets, module, name, values_of):
    function = getattr(module, name)

    def recording(*arguments, **keywords):
        result = function(*arguments, **keywords)
        secrets.add(*values_of(result))
        return result

    with patch.object(module, name, recording):
        yield


@contextmanager
def _tokens(secrets):
    """The AUTHENTICATE_MESSAGE is made of responses, and is not to be shown as a whole or in part."""
    answer = auth.Authenticator._answer

    def recording(self, token):
        result = answer(self, token)
        message = result[result.index(b'NTLMSSP\0\3') :]
        secrets.add(result, message, self.session_key)
        return result

    with patch.object(auth.Authenticator, '_answer', recording):
        yield


# What is looked into


def shown_by(thing):
    """(where, what) of an object: its texts, its public attributes and what they lead to, its pickle."""
    yield 'str', str(thing)
    yield 'repr', repr(thing)
    with suppress(TypeError):  # of an open connection
        yield 'pickle', pickle.dumps(thing)
    yield from reachable(thing)


def shown_by_error(error):
    """The same of an exception, of those behind it, and of what is printed of it."""
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        for where, data in shown_by(error):
            yield f'{type(error).__name__}: {where}', data
        error = error.__cause__ or error.__context__
    if seen:
        exception = traceback.TracebackException.from_exception(seen[0], capture_locals=False)
        yield 'traceback', ''.join(exception.format(chain=True))


def reachable(thing):
    """(where, what) of all texts and bytes that public attributes lead to."""
    seen, todo = set(), [('', thing)]
    while todo:
        where, value = todo.pop()
        if id(value) in seen or isinstance(value, (type, type(logging))):
            continue
        seen.add(id(value))
        if isinstance(value, (str, bytes, bytearray, memoryview)):
            yield where, value
        elif isinstance(value, dict):
            todo += [(f'{where}[{key!r}]', item) for key, item in value.items()]
            todo += [(f'{where} key', key) for key in value]
        elif isinstance(value, (list, tuple, set, frozenset)) or type(value).__name__ == 'deque':
            todo += [(f'{where}[]', item) for item in value]
        elif type(value).__module__.split('.')[0] in ('smb', 'nmb') or isinstance(value, BaseException):
            todo += [(f'{where}.{name}', item) for name, item in public(value)]


def public(thing):
    names = set(getattr(thing, '__dict__', ()))
    for kind in type(thing).__mro__:
        names |= set(getattr(kind, '__slots__', ()))
        names |= {name for name, value in vars(kind).items() if isinstance(value, property)}
    for name in sorted(names):
        if not name.startswith('_') and name != 'password':  # which is the caller's own
            try:
                yield name, getattr(thing, name)
            except Exception:
                continue
    if isinstance(thing, BaseException):
        yield 'args', thing.args


class Log(logging.Handler):
    """Every record of every logger, as it would be written."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))
        self.lines += [str(value) for value in vars(record).values()]

    @contextmanager
    def listening(self):
        root = logging.getLogger()
        levels = {logger: logger.level for logger in [root, *map(logging.getLogger, root.manager.loggerDict)]}
        root.addHandler(self)
        for logger in levels:
            logger.setLevel(logging.DEBUG)
        try:
            yield self
        finally:
            root.removeHandler(self)
            for logger, level in levels.items():
                logger.setLevel(level)


def as_bytes(data):
    """Text in its two encodings, so that both kinds of bytes are found."""
    if isinstance(data, str):
        return data.encode('utf-8', 'backslashreplace')
    return bytes(data[:LARGEST_VALUE])
