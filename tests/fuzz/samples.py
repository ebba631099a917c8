"""Honest structures with varied values, made from their declarations: the greater part of the corpus."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections.abc import Callable, Iterator
from typing import Any

import smb.messages
from smb import ntlm
from smb.messages.smb1.payload import String
from smb.messages.smb2.create import SMB2CreateQueryMaximalAccessResponse, SMB2CreateQueryOnDiskIdResponse
from smb.messages.smb2.negotiate import (
    SMB2EncryptionCapabilities,
    SMB2NegotiateContext,
    SMB2NetnameNegotiateContextId,
    SMB2PreauthIntegrityCapabilities,
    SMB2SigningCapabilities,
)
from smb.messages.smb2.simple import SMB2ErrorContext, SMB2SymbolicLinkError
from smb.smb2_constants import SMB2_DIALECT_311
from smb.wire.structure import Field, Structure

SAMPLES = 40  # of each structure
TEXTS = ('', 'a', 'name.txt', '\u00c4\u00d6\u00dc', 'x' * 255, '\u65e5\u672c', '\U0001f600', '\ud800', '\udc00\ud800')
BYTES = (b'', b'\0', b'token', bytes(16), b'\xff' * 33, bytes(range(256)))
SIZES = {'B': 1, 'H': 2, 'I': 4, 'Q': 8, 'q': 8}

Values = dict[str, Any]


def structures() -> dict[str, type[Structure]]:
    """Every structure that the library declares, by name."""
    for module in pkgutil.walk_packages(smb.messages.__path__, 'smb.messages.'):
        importlib.import_module(module.name)
    assert ntlm
    found: dict[str, type[Structure]] = {}
    for cls in _subclasses(Structure):
        if cls.__module__.startswith('smb.') and (cls.FIELDS or cls.STRUCTURE_SIZE or getattr(cls, 'COMMAND', -1) >= 0):
            assert found.get(cls.__name__, cls) is cls
            found[cls.__name__] = cls
    return dict(sorted(found.items()))


def _subclasses(cls: type[Structure]) -> Iterator[type[Structure]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def samples(cls: type[Structure], count: int = SAMPLES) -> list[bytes]:
    """The bytes of up to ``count`` different structures of a class; the same ones each time."""
    rng = random.Random(cls.__name__)
    packed: dict[bytes, None] = {}
    for number in range(count):
        kind = ('least', 'most', 'sign')[number] if number < 3 else 'mixed'
        # Values that contradict each other, a text that OEM has no letters for: there is no such message
        try:
            packed[sample(cls, rng, kind).pack()] = None
            if number % 4 == 3 and hasattr(cls, 'is_unicode'):
                message: Any = sample(cls, rng, kind)
                message.is_unicode = False
                packed[message.pack()] = None
        except ValueError:
            continue
    return list(packed)


def sample(cls: type[Structure], rng: random.Random, kind: str = 'mixed') -> Structure:
    """One structure; ``kind``: 'least' and 'most' of everything, 'sign' bits alone, or 'mixed'."""
    plan = cls.plan()
    derived = {name for field in plan.variable for name in (field.offset, field.length, field.count)}
    values = {
        field.name: _value(field, rng, kind)
        for field in cls.FIELDS
        if field.name not in derived and not field.name.endswith('_max_length')
    }
    for name, change in _CONSISTENT.items():
        if any(base.__name__ == name for base in cls.__mro__):
            change(values, rng)
    return cls(**values)


def _value(field: Field, rng: random.Random, kind: str) -> Any:
    if field.size:
        return {'least': bytes(field.size), 'most': b'\xff' * field.size}.get(kind) or rng.randbytes(field.size)
    if field.code:
        bits = 8 * SIZES[field.code]
        if field.code == 'q':
            return {'least': -(1 << 63), 'most': (1 << 63) - 1, 'sign': -1}.get(kind, rng.getrandbits(bits) - (1 << 63))
        value = {'least': 0, 'most': (1 << bits) - 1, 'sign': 1 << bits - 1}.get(kind)
        return rng.choice((0, 1, rng.getrandbits(4), rng.getrandbits(bits))) if value is None else value
    if isinstance(field.codec, String):
        return _text(rng, kind, is_oem=field.codec.is_oem)
    return _VARIABLE[getattr(field.codec, '__name__', type(field.codec).__name__)](rng, kind)


def _text(rng: random.Random, kind: str, *, is_oem: bool = False) -> str:
    text = {'least': '', 'most': 'x' * 255}.get(kind) or rng.choice(TEXTS)
    return text if not is_oem or text.isascii() else 'A:'


def _bytes(rng: random.Random, kind: str) -> bytes:
    return {'least': b'', 'most': BYTES[-1]}.get(kind) or rng.choice((*BYTES, rng.randbytes(rng.randrange(40))))


def _numbers(rng: random.Random, kind: str) -> tuple[int, ...]:
    count = {'least': 0, 'most': 200}.get(kind, rng.randrange(5))
    return tuple(rng.getrandbits(16) for _ in range(count))


def _negotiate_contexts(rng: random.Random, kind: str) -> tuple[Structure, ...]:
    kinds = (SMB2PreauthIntegrityCapabilities, SMB2EncryptionCapabilities, SMB2SigningCapabilities,
             SMB2NetnameNegotiateContextId, SMB2NegotiateContext)  # fmt: skip
    if kind != 'mixed':
        return () if kind == 'least' else tuple(sample(cls, rng, kind) for cls in kinds)
    contexts: list[Any] = [sample(cls, rng) for cls in rng.sample(kinds, rng.randrange(5))]
    for context in contexts:
        if isinstance(context, SMB2NegotiateContext):
            context.context_type = 0x7777  # of no kind that is known
    return tuple(contexts)


def _create_contexts(rng: random.Random, kind: str) -> tuple[tuple[bytes, bytes], ...]:
    known = [sample(cls, rng, kind) for cls in (SMB2CreateQueryMaximalAccessResponse, SMB2CreateQueryOnDiskIdResponse)]
    pairs = [*((context.CONTEXT_NAME, context.pack()) for context in known), (b'name', _bytes(rng, kind)), (b'', b'')]  # type: ignore[attr-defined]
    return () if kind == 'least' else tuple(rng.sample(pairs, rng.randrange(5)))


_VARIABLE: dict[str, Callable[[random.Random, str], Any]] = {
    '_Bytes': _bytes,
    '_View': _bytes,
    '_Text': _text,
    '_Array': _numbers,
    '_Dialects': lambda rng, kind: ('NT LM 0.12', 'x')[: rng.randrange(3)],
    '_Chunks': lambda rng, kind: tuple(
        sample(structures()['SRVCopyChunk'], rng, kind) for _ in range(rng.randrange(4))
    ),
    '_NegotiateContextList': _negotiate_contexts,
    '_CreateContextList': _create_contexts,
}


def _error_contexts(values: Values, rng: random.Random) -> None:
    count = rng.randrange(4)
    data = bytearray()
    for _ in range(count):
        inner = rng.choice((sample(SMB2SymbolicLinkError, rng).pack(), rng.randbytes(4)))
        data += bytes(-len(data) % 8) + SMB2ErrorContext(error_id=rng.getrandbits(8), error_context_data=inner).pack()
    values['error_context_count'] = count
    values['error_data'] = bytes(data) if count else rng.choice((b'', sample(SMB2SymbolicLinkError, rng).pack()))


def _snapshots(values: Values, rng: random.Random) -> None:
    names = [f'@GMT-{rng.randrange(1970, 2100)}.01.02-03.04.{second:02}' for second in range(rng.randrange(5))]
    array = '\0'.join([*names, '', '']).encode('utf-16-le')
    values['number_of_snap_shots'] = values['number_of_snap_shots_returned'] = len(names)
    values['snap_shot_array_size'], values['snap_shots'] = len(array), array


def _challenge(values: Values, rng: random.Random) -> None:
    values['signature'], values['message_type'] = ntlm.SIGNATURE, 2
    values['negotiate_flags'] |= rng.choice((0, ntlm.NTLMSSP_NEGOTIATE_TARGET_INFO))


# Fields that mean nothing unless they fit together
_CONSISTENT: dict[str, Callable[[Values, random.Random], None]] = {
    'SMB2NegotiateResponse': lambda values, rng: values.update(dialect_revision=SMB2_DIALECT_311),
    'SMB2ErrorResponse': _error_contexts,
    'SMB2SymbolicLinkError': lambda values, rng: values.update(sym_link_error_tag=0x4C4D5953),
    'SMB2SrvSnapshotArray': _snapshots,
    '_ChallengeStart': _challenge,
    # Without its two forms it has nothing behind its words
    'ComNegotiateResponse': lambda values, rng: values.update(challenge_length=0),
    # Of a message that is longer than 64 KiB: its low half alone is not enough
    'LargeData': lambda values, rng: values.pop('data_length_high', None),
}
