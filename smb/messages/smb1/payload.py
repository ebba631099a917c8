"""What follows the header of an SMB1 message: parameter words, then data bytes, [MS-CIFS] 2.2.3.2 and 2.2.3.3.

A declared structure becomes such a message: its fixed fields are the words, an array of numbers that comes first among
the variable fields goes on with them (Setup of a transaction), and the rest are the bytes. Offsets and alignment count
from the first byte of the header. WordCount and ByteCount are filled in.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from smb.errors import ProtocolError
from smb.messages.smb1.header import HEADER_SIZE
from smb.ntstatus import STATUS_SUCCESS
from smb.smb_constants import SMB_COM_NO_ANDX_COMMAND
from smb.wire import structure as wire
from smb.wire.values import utf16_encode

if TYPE_CHECKING:
    if sys.version_info >= (3, 11):
        from typing import Self
    else:
        from typing_extensions import Self

OEM_ENCODING = 'cp850'  # no server says which code page it has; the bytes below 0x80 are the same in all of them
_AROUND_WORDS = 3  # WordCount before them, ByteCount behind them
_BYTE_COUNT_MASK = 0xFFFF


def oem_decode(data: bytes, errors: str = 'strict', final: bool = True) -> tuple[str, int]:
    """The text of OEM bytes without its terminator, and how many they are: the form of ``codecs.utf_16_le_decode``."""
    return data.rstrip(b'\0').decode(OEM_ENCODING), len(data)


class String:
    """SMB_STRING, [MS-CIFS] 2.2.1.1.4: ends in a NUL, and in Unicode stands at an even offset.

    ``is_oem``: never in Unicode. ``is_aligned=False``: at any offset even so. ``buffer_format``: a byte that stands
    before it, SMB_String of 2.2.1.1.4. A value that holds a NUL cannot be sent.
    """

    def __init__(self, *, is_oem: bool = False, is_aligned: bool = True, buffer_format: bytes = b'') -> None:
        self.is_oem, self.is_aligned, self.buffer_format = is_oem, is_aligned, buffer_format

    def alignment(self, is_unicode: bool) -> int:
        """What the offset of the text is a multiple of."""
        return 2 if is_unicode and self.is_aligned and not self.is_oem else 1

    def encode(self, value: str, is_unicode: bool = True) -> bytes:
        """The text with its terminator; UnicodeEncodeError where OEM has no such letter."""
        if '\0' in value:
            raise ValueError(f'{value!r} has a NUL in it, which ends a text in SMB1')
        return utf16_encode(value + '\0') if is_unicode and not self.is_oem else (value + '\0').encode(OEM_ENCODING)

    def decode(self, data: memoryview, count: int = 0, is_unicode: bool = True) -> str:
        """The text up to its terminator."""
        return self.read(data, is_unicode)[0]

    def read(self, data: memoryview, is_unicode: bool) -> tuple[str, int]:
        """The text up to its terminator and how many bytes they are; servers leave the last terminator out at times."""
        buffer = bytes(data)
        end = buffer.find(b'\0')
        if self.is_oem or not is_unicode:
            return buffer[: end if end >= 0 else None].decode(OEM_ENCODING), end + 1 or len(buffer)
        end = buffer.find(b'\0\0')
        while end % 2 and end >= 0:
            end = buffer.find(b'\0\0', end + 1)
        text = buffer[: end if end >= 0 else len(buffer) // 2 * 2]
        return text.decode('utf-16-le', 'surrogatepass'), end + 2 if end >= 0 else len(buffer)


class SMB1Structure(wire.Structure):
    """A declared structure with texts, which are in OEM where a connection has no Unicode."""

    is_unicode = True  # set on an instance before it is packed

    def pack_parts(self) -> list[wire.Buffer]:
        plan = self.__class__.plan()
        tail = self._pack_variable(plan.variable, self.ORIGIN + plan.fixed.size)
        return [self._pack_fixed(plan), *tail]

    def _set_length(self, name: str, length: int) -> None:
        setattr(self, name, length)

    def _get_length(self, name: str) -> int:
        return int(getattr(self, name))

    def _pack_variable(self, fields: Sequence[wire.Field], offset: int) -> list[wire.Buffer]:
        """The variable fields; the first begins at ``offset``."""
        parts: list[wire.Buffer] = []
        for field in fields:
            codec, value, align = field.codec, getattr(self, field.name), field.align
            assert codec is not None
            encoded: wire.Buffer
            if isinstance(codec, String):
                encoded, align = codec.encode(value, self.is_unicode), codec.alignment(self.is_unicode)
                if codec.buffer_format:
                    parts.append(codec.buffer_format)
                    offset += len(codec.buffer_format)
            elif isinstance(value, SMB1Structure):
                value.is_unicode = self.is_unicode
                encoded = value.pack()
            else:
                encoded = codec.encode(value)
            length = len(encoded)
            stands = length or field.offset_when_empty
            if stands and -offset % align:
                parts.append(bytes(-offset % align))
                offset += -offset % align
            if field.offset:
                setattr(self, field.offset, offset if stands else 0)
            if field.length:
                self._set_length(field.length, length)
            if length:
                parts.append(encoded)
                offset += length
        return parts

    def _unpack_variable(self, plan: Any, data: memoryview) -> None:
        self._read_variable(plan.variable, data, plan.fixed.size)

    def _read_variable(self, fields: Sequence[wire.Field], data: memoryview, position: int) -> None:
        """Read the variable fields; the first begins at ``position`` of ``data``, whose offset is by ORIGIN higher."""
        lowest = position
        for field in fields:
            codec = field.codec
            if isinstance(codec, String):
                position += len(codec.buffer_format)
                position += -(position + self.ORIGIN) % codec.alignment(self.is_unicode)
                # Servers leave out texts that nobody needs, with all that would stand behind them.
                text, length = codec.read(data[position:], self.is_unicode)
                setattr(self, field.name, text)
                position = min(position + length, len(data))
                continue
            empty = field.length and self._get_length(field.length) == 0
            begin = getattr(self, field.offset) - self.ORIGIN if field.offset and not empty else position
            length = self._get_length(field.length) if field.length else max(0, len(data) - begin)
            if not empty and (begin < lowest or begin + length > len(data)):
                where = f'at byte {begin} with {length} bytes, outside of the {len(data)} bytes there'
                raise ProtocolError(f'{type(self).__name__}.{field.name} stands {where}', self.plan().shown(data))
            assert codec is not None
            setattr(self, field.name, codec.decode(data[begin : begin + length], 0))
            position = begin + length


class SMB1Payload(SMB1Structure):
    """The words and bytes of one message; offsets in it count from the header's first byte."""

    ORIGIN = HEADER_SIZE
    COMMAND: ClassVar[int] = -1
    SHORTEST: ClassVar[int | None] = None  # how many words must be there; what is missing up to the last reads as 0
    # ByteCount has 16 bits, and more than 64 KiB can be read or written at once: there the offset and length count.
    BYTE_COUNT_COUNTS: ClassVar[bool] = True

    short_word_count = 0  # how many words are sent where these are not all of them

    def fill_in(self) -> None:
        """Set the fields that follow from others, before they are packed."""

    def without_secrets(self) -> Self:
        """A copy that anybody may see and keep: zeros for what is secret."""
        twin = self.__class__.__new__(self.__class__)
        twin.__dict__ = self.__getstate__()
        return twin

    def pack_parts(self) -> list[wire.Buffer]:
        plan = self._plan or self.plan()
        variable, more_words = plan.variable, b''
        if variable and variable[0].count:
            field, *variable = variable
            assert field.codec is not None
            more_words = bytes(field.codec.encode(getattr(self, field.name)))
            setattr(self, field.count, len(getattr(self, field.name)))
        words_size = self.short_word_count * 2 or plan.fixed.size + len(more_words)
        tail = self._pack_variable(variable, HEADER_SIZE + _AROUND_WORDS + words_size) if variable else []
        self.fill_in()
        words = (self._pack_fixed(plan) + more_words)[:words_size]
        byte_count = sum(map(len, tail))
        if byte_count > _BYTE_COUNT_MASK and self.BYTE_COUNT_COUNTS:
            raise ValueError(f'{type(self).__name__} has {byte_count} bytes, more than one message can carry')
        head = bytes([words_size // 2]) + words + (byte_count & _BYTE_COUNT_MASK).to_bytes(2, 'little')
        return [head, *tail]

    @classmethod
    def unpack(cls, data: wire.Buffer, is_unicode: bool = True) -> Self:
        plan, view = cls._plan or cls.plan(), memoryview(data)
        words_size = view[0] * 2 if view else 0
        begin = words_size + _AROUND_WORDS
        if begin > len(view):
            raise ProtocolError(f'{cls.__name__} takes {begin} bytes and more, {len(view)} are there', plan.shown(data))
        size = plan.fixed.size
        if words_size < (size if cls.SHORTEST is None else cls.SHORTEST * 2):
            raise ProtocolError(f'{cls.__name__} has {words_size // 2} words instead of {size // 2}', plan.shown(data))
        self = cls.__new__(cls)
        words = view[1 : 1 + words_size] if words_size >= size else bytes(view[1 : 1 + words_size]).ljust(size, b'\0')
        self.__dict__ = dict(zip(plan.names, plan.fixed.unpack_from(words)))  # noqa: B905
        if words_size < size:
            self.short_word_count = words_size // 2
        if not is_unicode:
            self.is_unicode = False
        variable = plan.variable
        if variable and variable[0].count:
            field, *variable = variable
            assert field.codec is not None
            count = getattr(self, field.count)
            setattr(self, field.name, field.codec.decode(memoryview(words)[size:], count))
        end = len(view)
        if cls.BYTE_COUNT_COUNTS:
            end = begin + int.from_bytes(view[begin - 2 : begin], 'little')
            if end > len(view):
                raise ProtocolError(
                    f'{cls.__name__} announces {end - begin} bytes of data, {len(view) - begin} are there',
                    plan.shown(data),
                )
        if variable:
            self._read_variable(variable, view[:end], begin)
        return self


class SMB1Response(SMB1Payload):
    """The answer to one command."""


class ComErrorResponse(SMB1Response):
    """An answer with an error status: no words and no bytes, [MS-CIFS] 2.2.4; what a server puts there is not read."""


class SMB1Request(SMB1Payload):
    """One command."""

    is_of_snapshot = False  # whether a path in it leads into a snapshot, which the header has to say, [MS-SMB] 2.2.3.1

    RESPONSE: ClassVar[type[SMB1Response]] = SMB1Response  # what a successful answer is read as
    DATA_STATUSES: ClassVar[tuple[int, ...]] = ()  # statuses besides success that come with RESPONSE

    @classmethod
    def unpack_response(cls, status: int, body: wire.Buffer, is_unicode: bool = True) -> SMB1Response:
        """What the server answers to this request: RESPONSE, or ComErrorResponse by ``status``, an NTSTATUS."""
        # An error has no words, so a status that may come with an answer does not come with one every time.
        if status == STATUS_SUCCESS or (status in cls.DATA_STATUSES and len(body) and body[0]):
            return cls.RESPONSE.unpack(body, is_unicode)
        return ComErrorResponse.unpack(body)


@wire.structure
class AndXRequest(SMB1Request):
    """A command that another could follow in the same message, [MS-CIFS] 2.2.3.4; none does."""

    andx_command: int = wire.u8(default=SMB_COM_NO_ANDX_COMMAND)
    andx_reserved: int = wire.u8(default=0)
    andx_offset: int = wire.u16(default=0)


@wire.structure
class AndXResponse(SMB1Response):
    """The answer to such a command; no other was sent, so whatever is said to follow is not read."""

    andx_command: int = wire.u8(default=SMB_COM_NO_ANDX_COMMAND)
    andx_reserved: int = wire.u8(default=0)
    andx_offset: int = wire.u16(default=0)


class LargeData(SMB1Payload):
    """READ_ANDX and WRITE_ANDX count their data in DataLength and DataLengthHigh, [MS-SMB] 2.2.4.2 and 2.2.4.3."""

    BYTE_COUNT_COUNTS = False

    data_length: int
    data_length_high: int

    def _set_length(self, name: str, length: int) -> None:
        self.data_length_high, self.data_length = divmod(length, 0x10000)

    def _get_length(self, name: str) -> int:
        return self.data_length_high << 16 | self.data_length
