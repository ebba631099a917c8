"""The methods of one structure as straight lines of code, written and compiled when it has been used often.

What ``structure.py`` does field by field, in loops over the declaration, takes two to three times as long; writing and
compiling the code takes as long as doing that some hundred times. The code here knows only what is right. Where a
check fails, it calls what it replaces, which finds the same and says what is wrong.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from smb.wire.values import utf16_decode, utf16_encode

if TYPE_CHECKING:
    from smb.wire.structure import Buffer, Field, Plan, Structure

_MISSING: Any = object()


def make_init(plan: Plan, slow: Callable[..., None]) -> Callable[..., None]:
    """``__init__``, with each field as a parameter."""
    defaults = {f'default_{name}': value for name, value in plan.defaults.items()}
    parameters = [f'{f.name}={f"default_{f.name}" if f.name in plan.defaults else "MISSING"}' for f in plan.fields]
    missing = ''.join(f' or {name} is MISSING' for name in sorted(plan.required))
    lines = [
        f'def made({", ".join(["self", *(["*"] if parameters else []), *parameters])}, **_unknown):',
        f'    if _unknown{missing}:',
        f'        _given = {{{", ".join(f"{field.name!r}: {field.name}" for field in plan.fields)}}}',
        '        _given = {name: value for name, value in _given.items() if value is not MISSING}',
        '        return slow(self, **_given, **_unknown)',
        *(f'    self.{field.name} = {field.name}' for field in plan.fields),
    ]
    return _compiled(lines, plan, slow=slow, **defaults)


def make_pack(plan: Plan) -> Callable[[Structure], list[Buffer]]:
    """What ``pack_parts`` does."""
    names: dict[str, Any] = {}
    lines = ['def made(self):', '    tail = []', f'    position = {plan.begin}']
    for field in plan.variable:
        lines += _packing(field, names)
    if plan.least_end > plan.begin:
        lines += [f'    if position < {plan.least_end}:', "        tail.append(b'\\0')"]
    for name, size in plan.raw_sizes:
        lines += [f'    if len(self.{name}) != {size}:', '        return slow(self)']
    fixed = ', '.join([*map(str, plan.size), *(f'self.{name}' for name in plan.names)])
    lines += [
        '    try:',
        f'        return [pack({fixed}), *tail]',
        '    except struct_error:',
        '        return slow(self)',
    ]
    return _compiled(lines, plan, slow=plan.pack_slowly, pack=plan.fixed.pack, **names)


def _packing(field: Field, names: dict[str, Any]) -> list[str]:
    """The lines that pack one variable field."""
    expression = getattr(field.codec, 'ENCODE', '')
    if not expression:
        names[f'encode_{field.name}'] = field.codec.encode  # type: ignore[union-attr]
        expression = f'encode_{field.name}({{}})'
    names[f'nothing_{field.name}'] = field.nothing
    lines = [
        f'    value = self.{field.name}',
        f"    data = b'' if value is nothing_{field.name} else {expression.format('value')}",
        '    length = len(data)',
        '    if length:',
    ]
    if field.align > 1:
        lines += [
            f'        if position % {field.align}:',
            f'            padding = bytes(-position % {field.align})',
            '            tail.append(padding)',
            '            position += len(padding)',
        ]
    lines += ['        tail.append(data)']
    if field.offset:
        lines += [f'    self.{field.offset} = position{"" if field.offset_when_empty else " if length else 0"}']
    if field.length:
        lines += [f'    self.{field.length} = length']
    if field.count:
        lines += [f'    self.{field.count} = len(value)']
    return [*lines, '    position += length']


def make_unpack(plan: Plan) -> Callable[[type[Structure], Buffer], Structure] | None:
    """What ``unpack`` does; None for a class that does something of its own there, and for arrays."""
    if plan.reads_itself or any(field.count for field in plan.variable):
        return None
    names: dict[str, Any] = {}
    targets = ''.join(f'{target}, ' for target in ['size'] * len(plan.size) + [f'self.{name}' for name in plan.names])
    lines = [
        'def made(cls, data):',
        '    self = new(cls)',
        '    try:',
        f'        [{targets}] = unpack_from(data)',
        '    except struct_error:',
        '        return slow(cls, data)',
    ]
    if plan.size:
        lines += [f'    if size != {plan.size[0]}:', '        return slow(cls, data)']
    if plan.variable:
        lines += ['    data = memoryview(data)', '    end = len(data)', f'    position = {plan.fixed.size}']
    for field in plan.variable:
        lines += _unpacking(field, plan, names)
    lines += ['    return self']
    return _compiled(lines, plan, slow=plan.unpack_slowly, unpack_from=plan.fixed.unpack_from, **names)


def _unpacking(field: Field, plan: Plan, names: dict[str, Any]) -> list[str]:
    """The lines that unpack one variable field."""
    expression = getattr(field.codec, 'DECODE', '')
    if not expression:
        names[f'decode_{field.name}'] = field.codec.decode  # type: ignore[union-attr]
        expression = f'decode_{field.name}({{}}, 0)'
    lines = []
    if field.offset:
        empty = f' if self.{field.length} else position' if field.length else ''
        lines += [f'    position = self.{field.offset} - {plan.cls.ORIGIN}{empty}']
    lines += [f'    stop = position + self.{field.length}' if field.length else '    stop = end']
    return [
        *lines,
        f'    if not {plan.fixed.size} <= position <= stop <= end:',
        '        return slow(cls, data)',
        f'    self.{field.name} = {expression.format("data[position:stop]")}',
        '    position = stop',
    ]


def _compiled(lines: list[str], plan: Plan, **names: Any) -> Callable[..., Any]:
    """The function ``made`` that the lines define; ``names`` are its globals."""
    scope = {
        'MISSING': _MISSING,
        'new': object.__new__,
        'struct_error': struct.error,
        'utf16_decode': utf16_decode,
        'utf16_encode': utf16_encode,
        **names,
    }
    exec(compile('\n'.join(lines), f'<{plan.cls.__name__}>', 'exec'), scope)
    made: Callable[..., Any] = scope['made']
    return made
