"""The list of a server's shares: NetrShareEnum of the server service, [MS-SRVS] 3.1.4.8, as NDR stubs.

NDR ([C706] 14.3) aligns each number to its size, counted from the stub's start, and puts what an embedded pointer
points to behind the structure that has the pointer. A pointer is a referent id of any value but 0; 0 is a null pointer.
"""

from __future__ import annotations

from struct import Struct

from smb.errors import ProtocolError
from smb.messages.rpc import Syntax
from smb.wire import structure as wire
from smb.wire.cursor import Cursor
from smb.wire.values import padding, utf16_decode, utf16_encode

PIPE = 'srvsvc'
INTERFACE: Syntax = (bytes.fromhex('c84f324b7016d30112785a47bf6ee188'), 3)  # 4b324fc8-1670-01d3-1278-5a47bf6ee188
NETR_SHARE_ENUM = 15

NERR_SUCCESS = 0
ERROR_MORE_DATA = 234

LEVEL = 1  # SHARE_INFO_1: name, type and remark
NO_LIMIT = 0xFFFFFFFF  # PreferedMaximumLength: all in one answer
_SHARE_INFO_1 = Struct('<3I')  # name's pointer, type, remark's pointer
_TEXT = Struct('<3I')  # maximum count, offset, actual count


class ShareEnumResult:
    """What NetrShareEnum returns.

    * ``shares``: (name, type, remark) of each; ``type`` has its marks in bits 30 and 31, [MS-SRVS] 2.2.2.4
    * ``total_entries``: how many there are, this answer's included, as far as the server knows
    * ``resume_handle``: what to ask with for more, or None
    * ``error_code``: a Windows error, [MS-ERREF] 2.2; ERROR_MORE_DATA: there are more shares than these
    """

    def __init__(
        self, shares: list[tuple[str, int, str]], total_entries: int, resume_handle: int | None, error_code: int
    ) -> None:
        self.shares = shares
        self.total_entries = total_entries
        self.resume_handle = resume_handle
        self.error_code = error_code


def pack_share_enum(server_name: str, resume_handle: int = 0) -> bytes:
    """The stub that asks for the server's shares, from ``resume_handle`` on."""
    name = utf16_encode(f'\\\\{server_name}\0')
    count = len(name) // 2
    return b''.join((
        Struct('<4I').pack(0x20000, count, 0, count),  # ServerName: referent, maximum count, offset, actual count
        name,
        padding(len(name), 4),
        # Level, the union's switch, referent of the container, EntriesRead, Buffer
        Struct('<5I').pack(LEVEL, LEVEL, 0x20004, 0, 0),
        Struct('<3I').pack(NO_LIMIT, 0x20008, resume_handle),
    ))  # fmt: skip


def unpack_share_enum(stub: wire.Buffer) -> ShareEnumResult:
    """The result that the stub of an answer holds; ProtocolError where it is cut or contradicts itself."""
    cursor = Cursor(stub, 'The list of shares')
    level, switch = cursor.u32(), cursor.u32()
    if level != LEVEL or switch != LEVEL:
        raise ProtocolError(f'A list of shares is of level {level} (union: {switch}) instead of {LEVEL}', bytes(stub))
    shares = _unpack_container(cursor) if cursor.u32() else []
    cursor.align(4)
    total_entries = cursor.u32()
    resume_handle = cursor.u32() if cursor.u32() else None
    return ShareEnumResult(shares, total_entries, resume_handle, cursor.u32())


def _unpack_container(cursor: Cursor) -> list[tuple[str, int, str]]:
    """SHARE_INFO_1_CONTAINER, [MS-SRVS] 2.2.4.33."""
    count = cursor.u32()
    if not cursor.u32():
        if count:
            raise ProtocolError(f'A list of shares announces {count} and has none', bytes(cursor.data))
        return []
    maximum = cursor.u32()
    if maximum != count:
        raise ProtocolError(f'A list of shares announces {count} in an array of {maximum}', bytes(cursor.data))
    table = cursor.take(count * _SHARE_INFO_1.size)
    shares = []
    for name_pointer, share_type, remark_pointer in _SHARE_INFO_1.iter_unpack(table):
        name = _unpack_text(cursor) if name_pointer else ''
        if '/' in name or '\\' in name or '\0' in name or name in ('.', '..'):
            raise ProtocolError(f'No share can have the name {name!r}', bytes(cursor.data))
        shares.append((name, share_type, _unpack_text(cursor) if remark_pointer else ''))
    return shares


def _unpack_text(cursor: Cursor) -> str:
    """A conformant and varying string, [C706] 14.3.4.2, without its terminator."""
    cursor.align(4)
    maximum, offset, count = _TEXT.unpack(cursor.take(_TEXT.size))
    if offset or count > maximum:
        why = f'{count} characters at {offset} of {maximum}'
        raise ProtocolError(f'A text in a list of shares has {why}', bytes(cursor.data))
    return utf16_decode(cursor.take(count * 2)).removesuffix('\0')
