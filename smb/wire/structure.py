"""Structures declared field by field, in the specification's order: ``from smb.wire import structure as wire``.

``@wire.structure`` makes what reads like a keyword-only dataclass. Its fixed part is one compiled ``struct.Struct``;
what varies in length follows in the order of declaration. A variable field names the fixed fields that tell where it
stands and how long it is: packing fills those in, unpacking checks them.

Making a real dataclass costs 0.7 ms for each class at import, so nothing is prepared before a structure is first used,
and only what is used often has code of its own, which ``compiled.py`` writes.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from smb.errors import ProtocolError
from smb.wire.values import utf16_decode, utf16_encode

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from typing import Self, dataclass_transform
    else:
        from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[Any], Any]:
        return lambda decorated: decorated


Buffer = bytes | bytearray | memoryview
_REQUIRED: Any = object()
_T = TypeVar('_T')

OFTEN = 200  # uses of a structure that are worth as much as compiling it costs


class Codec(Protocol):
    """How the value of a variable field becomes bytes, and bytes a value."""

    def encode(self, value: Any) -> Buffer: ...
    def decode(self, data: memoryview, count: int) -> Any: ...


class Field:
    """The declaration of one field."""

    __slots__ = (
        'align',
        'code',
        'codec',
        'count',
        'default',
        'length',
        'name',
        'nothing',
        'offset',
        'offset_when_empty',
        'secret',
        'size',
    )

    def __init__(
        self,
        default: Any,
        *,
        code: str = '',
        codec: Codec | None = None,
        offset: str = '',
        length: str = '',
        count: str = '',
        align: int = 1,
        offset_when_empty: bool = False,
        size: int = 0,
        secret: bool = False,
    ) -> None:
        self.name = ''
        self.default = default
        self.code = code  # of the struct module; '' for a variable field
        self.codec = codec
        self.offset, self.length, self.count = offset, length, count
        self.align, self.offset_when_empty, self.size, self.secret = align, offset_when_empty, size, secret
        # The default, where it is known to become no bytes
        self.nothing = default if codec is not None and not default and not codec.encode(default) else _REQUIRED


def u8(*, default: Any = _REQUIRED) -> Any:
    """An unsigned integer of one byte."""
    return Field(default, code='B')


def u16(*, default: Any = _REQUIRED) -> Any:
    """An unsigned integer of two bytes, little-endian."""
    return Field(default, code='H')


def u32(*, default: Any = _REQUIRED) -> Any:
    """An unsigned integer of four bytes, little-endian."""
    return Field(default, code='I')


def u64(*, default: Any = _REQUIRED) -> Any:
    """An unsigned integer of eight bytes, little-endian."""
    return Field(default, code='Q')


def i64(*, default: Any = _REQUIRED) -> Any:
    """A signed integer of eight bytes, little-endian."""
    return Field(default, code='q')


def raw(size: int, *, default: Any = _REQUIRED, secret: bool = False) -> Any:
    """Exactly ``size`` bytes."""
    return Field(default, code=f'{size}s', size=size, secret=secret)


def buffer(
    offset: str,
    length: str,
    *,
    default: Any = _REQUIRED,
    align: int = 1,
    offset_when_empty: bool = False,
    secret: bool = False,
) -> Any:
    """Bytes at ``offset``, counted from the start of the message; both numbers are fields declared before.

    ``offset=''``: the bytes follow what comes before. ``length=''``: they reach to the end of the structure.
    """
    return Field(
        default,
        codec=_Bytes,
        offset=offset,
        length=length,
        align=align,
        offset_when_empty=offset_when_empty,
        secret=secret,
    )


def view(offset: str, length: str, *, default: Any = _REQUIRED, align: int = 1, offset_when_empty: bool = False) -> Any:
    """Like ``buffer``, but a slice of what was received, not a copy; when packing it stays a part of its own."""
    return Field(default, codec=_View, offset=offset, length=length, align=align, offset_when_empty=offset_when_empty)


def text(offset: str, length: str, *, default: Any = _REQUIRED, align: int = 1, offset_when_empty: bool = False) -> Any:
    """UTF-16LE text; ``length`` counts bytes."""
    return Field(default, codec=_Text, offset=offset, length=length, align=align, offset_when_empty=offset_when_empty)


def array(code: str, count: str, *, default: Any = _REQUIRED) -> Any:
    """``count`` numbers of one kind (``'H'`` or ``'I'``, as in the struct module), as a tuple."""
    return Field(default, codec=_Array(code), count=count)


def encoded(
    codec: Codec, *, offset: str = '', length: str = '', count: str = '', default: Any = _REQUIRED, align: int = 1
) -> Any:
    """Whatever ``codec`` makes of the bytes; with ``count`` the number of values is sent instead of a length."""
    return Field(default, codec=codec, offset=offset, length=length, count=count, align=align)


# ENCODE and DECODE say in ``compiled.py`` what the methods do.


class _Bytes:
    ENCODE, DECODE = '{}', 'bytes({})'

    @staticmethod
    def encode(value: Buffer) -> Buffer:
        return value

    @staticmethod
    def decode(data: memoryview, count: int) -> bytes:
        return bytes(data)


class _View:
    ENCODE, DECODE = '{}', '{}'

    @staticmethod
    def encode(value: Buffer) -> Buffer:
        return value

    @staticmethod
    def decode(data: memoryview, count: int) -> memoryview:
        return data


class _Text:
    ENCODE, DECODE = 'utf16_encode({})', 'utf16_decode({})'

    @staticmethod
    def encode(value: str) -> bytes:
        return utf16_encode(value)

    @staticmethod
    def decode(data: memoryview, count: int) -> str:
        return utf16_decode(data)


class _Array:
    def __init__(self, code: str) -> None:
        self.code = code
        self.item_size = struct.calcsize('<' + code)

    def encode(self, value: Sequence[int]) -> bytes:
        try:
            return struct.pack(f'<{len(value)}{self.code}', *value)
        except struct.error as error:
            raise ValueError(f'{value!r} cannot be sent as numbers of {self.item_size} bytes: {error}') from None

    def decode(self, data: memoryview, count: int) -> tuple[int, ...]:
        if count * self.item_size > len(data):
            raise ProtocolError(
                f'{count} numbers of {self.item_size} bytes were announced, {len(data)} bytes are there', bytes(data)
            )
        return struct.unpack_from(f'<{count}{self.code}', data)


class Plan:
    """What the declaration of one class comes to; made when the class is first used."""

    def __init__(self, cls: type[Structure]) -> None:
        self.cls = cls
        self.fields = cls.FIELDS
        _check_declaration(cls)
        fixed = [field for field in self.fields if field.code]
        self.variable = [field for field in self.fields if not field.code]
        self.required = frozenset(field.name for field in self.fields if field.default is _REQUIRED)
        # Lengths, offsets and counts are derived from the values, so nobody has to give them.
        derived = {name for field in self.variable for name in (field.offset, field.length, field.count) if name}
        self.required -= derived
        self.defaults = {
            f.name: 0 if f.default is _REQUIRED else f.default for f in self.fields if f.name not in self.required
        }
        self.names = tuple(field.name for field in fixed)
        self.size = (cls.STRUCTURE_SIZE,) if cls.STRUCTURE_SIZE else ()  # what stands before the fixed fields
        self.fixed = struct.Struct('<' + 'H' * len(self.size) + ''.join(field.code for field in fixed))
        self.get_fixed: Callable[[Any], Any] = attrgetter(*self.names) if len(self.names) > 1 else self._get_few
        self.raw_sizes = tuple((field.name, field.size) for field in fixed if field.size)
        # As offsets count: where the variable part begins, and where it ends at least.
        self.begin = self.fixed.size + cls.ORIGIN
        self.least_end = cls.STRUCTURE_SIZE + cls.ORIGIN if cls.STRUCTURE_SIZE % 2 else self.begin
        self.secrets = frozenset(field.name for field in self.fields if field.secret)
        # CPython lays out the instances of a class by the names that the first of them get one by one, which compiled
        # code relies on for its speed.
        first = cls.__new__(cls)
        for field in self.fields:
            setattr(first, field.name, None)
        self.reads_itself = cls._unpack_variable is not Structure._unpack_variable
        self.packed_count = self.unpacked_count = 0
        self.pack: Callable[[Any], list[Buffer]] = self._pack_and_count
        self.unpack: Callable[[type[Any], Buffer], Any] = self._unpack_and_count

    def _pack_and_count(self, instance: Structure) -> list[Buffer]:
        self.packed_count += 1
        if self.packed_count >= OFTEN:
            from smb.wire import compiled

            self.cls.__init__ = compiled.make_init(self, Structure.__init__)  # type: ignore[method-assign]
            self.pack = compiled.make_pack(self)
        return self.pack_slowly(instance)

    def _unpack_and_count(self, cls: type[Structure], data: Buffer) -> Structure:
        self.unpacked_count += 1
        if self.unpacked_count >= OFTEN:
            from smb.wire import compiled

            self.unpack = compiled.make_unpack(self) or self.unpack_slowly
        return self.unpack_slowly(cls, data)

    def pack_slowly(self, instance: Structure) -> list[Buffer]:
        """What ``pack_parts`` does, field by field."""
        tail: list[Buffer] = []
        values = instance.__dict__
        position = self.begin
        for field in self.variable:
            value = values[field.name]
            data: Buffer = b'' if value is field.nothing else field.codec.encode(value)  # type: ignore[union-attr]
            length = len(data)
            if length:
                if field.align > 1 and (padding := -position % field.align):
                    tail.append(bytes(padding))
                    position += padding
                tail.append(data)
            if field.offset:
                values[field.offset] = position if length or field.offset_when_empty else 0
            if field.length:
                values[field.length] = length
            if field.count:
                values[field.count] = len(value)
            position += length
        if position < self.least_end:
            tail.append(b'\0')
        return [instance._pack_fixed(self), *tail]

    def unpack_slowly(self, cls: type[Structure], data: Buffer) -> Structure:
        """What ``unpack`` does, field by field."""
        try:
            values = self.fixed.unpack_from(data)
        except struct.error:
            raise ProtocolError(
                f'{cls.__name__} takes {self.fixed.size} bytes, {len(data)} are there', self.shown(data)
            ) from None
        if self.size:
            if values[0] != cls.STRUCTURE_SIZE:
                raise ProtocolError(
                    f'{cls.__name__} has StructureSize {values[0]} instead of {cls.STRUCTURE_SIZE}', self.shown(data)
                )
            values = values[1:]
        instance = cls.__new__(cls)
        instance.__dict__ = dict(zip(self.names, values))  # noqa: B905
        if self.variable:
            instance._unpack_variable(self, memoryview(data))
        return instance

    def shown(self, data: Buffer) -> bytes | None:
        """The bytes for an error's text; None where they may hold a secret."""
        return None if self.secrets else bytes(data)

    def _get_few(self, instance: Any) -> tuple[Any, ...]:
        return tuple(getattr(instance, name) for name in self.names)


def _check_declaration(cls: type[Structure]) -> None:
    """TypeError where a declaration would not do what it reads like."""
    fixed: set[str] = set()
    variable: set[str] = set()
    for field in cls.FIELDS:
        if field.name in fixed | variable:
            raise TypeError(f'{cls.__name__}.{field.name} is declared twice')
        if field.code and variable:
            raise TypeError(f'{cls.__name__}.{field.name} has a fixed size, but is declared after a variable field')
        for name in (field.offset, field.length, field.count):
            if name and name not in fixed:
                raise TypeError(
                    f'{cls.__name__}.{field.name} refers to {name!r}, which is no fixed field declared before'
                )
        (fixed if field.code else variable).add(field.name)


class Structure:
    """What every declared structure can do."""

    FIELDS: ClassVar[tuple[Field, ...]] = ()
    STRUCTURE_SIZE: ClassVar[int] = 0  # sent as the first two bytes when not 0; an odd one counts one byte of Buffer
    ORIGIN: ClassVar[int] = 0  # how many bytes stand between what offsets count from and the structure's first byte
    _plan: ClassVar[Plan | None] = None

    def __init__(self, **values: Any) -> None:
        plan = self._plan or self.plan()
        merged = {**plan.defaults, **values}
        if len(merged) != len(plan.fields) or not plan.required.issubset(values):
            known = {field.name for field in plan.fields}
            missing, unknown = sorted(plan.required - values.keys()), sorted(values.keys() - known)
            raise TypeError(f'{type(self).__name__}: missing {missing}, unknown {unknown}')
        self.__dict__ = merged

    def __init_subclass__(cls) -> None:
        # Not those of the class it inherits from, which has other fields.
        cls._plan = None
        if '__init__' not in cls.__dict__:
            cls.__init__ = Structure.__init__  # type: ignore[method-assign]

    @classmethod
    def plan(cls) -> Plan:
        """The compiled declaration of this class."""
        plan = cls._plan
        if plan is None:
            plan = cls._plan = Plan(cls)
        return plan

    @classmethod
    def fixed_size(cls) -> int:
        """How many bytes stand before the variable part."""
        return cls.plan().fixed.size

    def pack(self) -> bytes:
        """The structure as bytes."""
        return b''.join(self.pack_parts())

    def pack_parts(self) -> list[Buffer]:
        """The structure as pieces to be sent one after another; a ``view`` is a piece of its own and is not copied."""
        return (self._plan or self.plan()).pack(self)

    def _pack_fixed(self, plan: Plan) -> bytes:
        for name, size in plan.raw_sizes:
            if len(getattr(self, name)) != size:
                raise ValueError(f'{type(self).__name__}.{name} takes {size} bytes, not {len(getattr(self, name))}')
        try:
            return plan.fixed.pack(*plan.size, *plan.get_fixed(self))
        except struct.error as error:
            raise ValueError(f'{self!r} cannot be sent: {error}') from None

    @classmethod
    def unpack(cls, data: Buffer) -> Self:
        """The structure that ``data`` begins with; ProtocolError when it is cut or its numbers point outside of it."""
        made: Self = (cls._plan or cls.plan()).unpack(cls, data)
        return made

    def _unpack_variable(self, plan: Plan, data: memoryview) -> None:
        values = self.__dict__
        position = plan.fixed.size
        for field in plan.variable:
            count = values[field.count] if field.count else 0
            # Servers send any offset, 0 for example, with nothing at it.
            empty = (field.length and values[field.length] == 0) or (field.count and count == 0)
            if empty:
                begin, length = position, 0
            else:
                begin = values[field.offset] - self.ORIGIN if field.offset else position
                length = values[field.length] if field.length else len(data) - begin
            if begin < plan.fixed.size or length < 0 or begin + length > len(data):
                where = f'at byte {begin} with {length} bytes, outside of the {len(data)} bytes there'
                raise ProtocolError(f'{type(self).__name__}.{field.name} stands {where}', plan.shown(data))
            values[field.name] = field.codec.decode(data[begin : begin + length], count)  # type: ignore[union-attr]
            if not field.count:
                position = begin + length
            elif isinstance(field.codec, _Array):
                position = begin + count * field.codec.item_size

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = (f'{field.name}={_shown(field, getattr(self, field.name, None))}' for field in self.FIELDS)
        return f'{type(self).__name__}({", ".join(values)})'

    def freeze(self) -> None:
        """Copy each ``view`` out of the buffer that it is a part of."""
        self.__dict__ = {name: _kept(value) for name, value in self.__dict__.items()}

    def __getstate__(self) -> dict[str, Any]:
        # Pickles and copies have zeros for a secret.
        secrets = self.__class__.plan().secrets
        return {name: bytes(len(v)) if name in secrets else _kept(v) for name, v in self.__dict__.items()}


def _kept(value: Any) -> Any:
    """The value, for as long as anybody wants it: the bytes of a view."""
    return bytes(value) if isinstance(value, memoryview) else value


def _shown(field: Field, value: Any) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        if field.secret or len(value) > 32:
            return f'<{len(value)} bytes>'
        return bytes(value).hex() or "b''"
    return hex(value) if isinstance(value, int) and value > 9 else repr(value)


@dataclass_transform(
    kw_only_default=True, field_specifiers=(u8, u16, u32, u64, i64, raw, buffer, view, text, array, encoded)
)
def structure(cls: type[_T]) -> type[_T]:
    """Turn the declarations of a class that inherits from ``Structure`` into its fields."""
    declared = [(name, value) for name, value in cls.__dict__.items() if isinstance(value, Field)]
    for name, field in declared:
        field.name = name
        delattr(cls, name)
    cls.FIELDS = (*cls.FIELDS, *(field for _, field in declared))  # type: ignore[attr-defined]
    return cls
