"""NetrShareEnum, [MS-SRVS] 3.1.4.8. Captures are of a Samba 4.17 server and its client."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.messages import srvsvc

CAPTURED_REQUEST = bytes.fromhex("""
    00000200 0a000000 00000000 0a000000 3100320037002e0030002e0030002e0031000000
    01000000 01000000 04000200 00000000 00000000 ffffffff 08000200 00000000""")

CAPTURED_RESPONSE = bytes.fromhex("""
    01000000010000000c0002000400000010000200040000001400020000000000180002001c00020000000000200002002400020000000000
    280002002c000200030000803000020008000000000000000800000073006d00620074006500730074000000160000000000000016000000
    72006500610064002d0077007200690074006500200074006500730074002000730068006100720065000000070000000000000007000000
    7000750062006c0069006300000000000100000000000000010000000000000009000000000000000900000072006500610064006f006e00
    6c00790000000000010000000000000001000000000000000500000000000000050000004900500043002400000000002300000000000000
    230000004900500043002000530065007200760069006300650020002800530061006d0062006100200034002e00310037002e0031003200
    2d00440065006200690061006e0029000000000004000000340002000000000000000000""")

CAPTURED_SHARES = [
    ('smbtest', 0, 'read-write test share'),
    ('public', 0, ''),
    ('readonly', 0, ''),
    ('IPC$', 0x80000003, 'IPC Service (Samba 4.17.12-Debian)'),
]


def text(value: str | None, maximum: int | None = None, offset: int = 0, count: int | None = None) -> bytes:
    """A conformant and varying string with its terminator, padded to four bytes; nothing for a null pointer."""
    if value is None:
        return b''
    encoded = (value + '\0').encode('utf-16-le', 'surrogatepass')
    count = len(encoded) // 2 if count is None else count
    numbers = struct.pack('<3I', count if maximum is None else maximum, offset, count)
    return numbers + encoded + bytes(-len(encoded) % 4)


def stub(
    shares: list[tuple[str | None, int, str | None]],
    *,
    total: int | None = None,
    resume_handle: int | None = 0,
    error_code: int = 0,
) -> bytes:
    table = b''.join(
        struct.pack('<3I', name is not None, share_type, remark is not None) for name, share_type, remark in shares
    )
    texts = b''.join(text(name) + text(remark) for name, _, remark in shares)
    start = struct.pack('<6I', 1, 1, 7, len(shares), 9, len(shares))
    return start + table + texts + end(len(shares) if total is None else total, resume_handle, error_code)


def end(total: int, resume_handle: int | None, error_code: int) -> bytes:
    handle = struct.pack('<I', 0) if resume_handle is None else struct.pack('<II', 5, resume_handle)
    return struct.pack('<I', total) + handle + struct.pack('<I', error_code)


def test_request_is_what_other_clients_send() -> None:
    # The other client leaves out the backslashes that a server name begins with, [MS-SRVS] 2.2.1.1
    request = srvsvc.pack_share_enum('.0.0.1')
    assert request[:16] == struct.pack('<4I', 0x20000, 9, 0, 9)
    assert request[16:36] == '\\\\.0.0.1\0\0'.encode('utf-16-le')
    assert request[36:] == CAPTURED_REQUEST[36:]


def test_request_counts_characters_and_goes_on_at_the_handle() -> None:
    request = srvsvc.pack_share_enum('s😀', resume_handle=300)
    assert request[:28] == struct.pack('<4I', 0x20000, 6, 0, 6) + '\\\\s😀\0'.encode('utf-16-le')
    assert request[-8:] == struct.pack('<II', 0x20008, 300)


def test_captured_response() -> None:
    for data in (CAPTURED_RESPONSE, memoryview(CAPTURED_RESPONSE)):
        result = srvsvc.unpack_share_enum(data)
        assert result.shares == CAPTURED_SHARES
        assert (result.total_entries, result.resume_handle, result.error_code) == (4, 0, 0)


def test_built_response_is_like_the_captured_one() -> None:
    built = stub([*CAPTURED_SHARES])
    assert len(built) == len(CAPTURED_RESPONSE)
    assert srvsvc.unpack_share_enum(built).shares == CAPTURED_SHARES


def test_every_cut_is_refused() -> None:
    for length in range(len(CAPTURED_RESPONSE)):
        with pytest.raises(ProtocolError):
            srvsvc.unpack_share_enum(CAPTURED_RESPONSE[:length])


def test_null_pointers_are_empty_texts() -> None:
    shares: list[tuple[str | None, int, str | None]] = [('a', 0, None), (None, 1, 'remark'), (None, 2, None)]
    assert srvsvc.unpack_share_enum(stub(shares)).shares == [('a', 0, ''), ('', 1, 'remark'), ('', 2, '')]


def test_many_shares() -> None:
    shares = [(f'share {number}', number % 4, f'remark {number} ä😀') for number in range(1000)]
    assert srvsvc.unpack_share_enum(stub([*shares])).shares == shares


def test_marks_stay_in_the_type() -> None:
    shares = [('C$', 0x80000000, ''), ('t', 0x40000001, ''), ('both', 0xC0000003, '')]
    assert srvsvc.unpack_share_enum(stub([*shares])).shares == shares


def test_more_data_gives_the_handle_to_go_on_with() -> None:
    result = srvsvc.unpack_share_enum(stub([('a', 0, '')], total=500, resume_handle=1, error_code=234))
    assert (result.total_entries, result.resume_handle, result.error_code) == (500, 1, srvsvc.ERROR_MORE_DATA)
    assert result.shares == [('a', 0, '')]


def test_handle_may_be_left_out() -> None:
    assert srvsvc.unpack_share_enum(stub([], resume_handle=None, error_code=5)).resume_handle is None


@pytest.mark.parametrize(
    'container', [struct.pack('<I', 0), struct.pack('<III', 1, 0, 0), struct.pack('<4I', 1, 0, 1, 0)]
)
def test_an_error_comes_without_shares(container: bytes) -> None:
    result = srvsvc.unpack_share_enum(struct.pack('<II', 1, 1) + container + end(0, 0, 5))
    assert (result.shares, result.error_code) == ([], 5)


@pytest.mark.parametrize(('level', 'switch'), [(2, 2), (1, 2), (2, 1), (0, 0)])
def test_another_level_is_refused(level: int, switch: int) -> None:
    with pytest.raises(ProtocolError, match='level'):
        srvsvc.unpack_share_enum(struct.pack('<II', level, switch) + CAPTURED_RESPONSE[8:])


@pytest.mark.parametrize(
    ('count', 'pointer', 'maximum'),
    [
        (1, 0, 0),
        (4, 1, 5),
        (4, 1, 3),
        (5, 1, 4),
        (3, 1, 4),
        (5, 1, 5),
        (0xFFFFFFFF, 1, 0xFFFFFFFF),
        (0x15555556, 1, 0x15555556),
    ],
)
def test_count_must_agree_with_the_array_and_fit_the_data(count: int, pointer: int, maximum: int) -> None:
    data = CAPTURED_RESPONSE[:12] + struct.pack('<III', count, pointer, maximum) + CAPTURED_RESPONSE[24:]
    with pytest.raises(ProtocolError):
        srvsvc.unpack_share_enum(data)


@pytest.mark.parametrize('numbers', [(8, 1, 7), (7, 0, 8), (0xFFFFFFFF, 0, 0xFFFFFFFF), (0xFFFFFFFF, 0, 0x80000008)])
def test_text_must_begin_at_its_array_and_fit(numbers: tuple[int, int, int]) -> None:
    start = CAPTURED_RESPONSE.index('smbtest'.encode('utf-16-le')) - 12
    data = CAPTURED_RESPONSE[:start] + struct.pack('<3I', *numbers) + CAPTURED_RESPONSE[start + 12 :]
    with pytest.raises(ProtocolError):
        srvsvc.unpack_share_enum(data)


def test_text_may_be_shorter_than_its_array_and_without_terminator() -> None:
    texts = struct.pack('<3I', 260, 0, 3) + 'abc'.encode('utf-16-le') + b'\0\0' + text('')
    data = struct.pack('<6I3I', 1, 1, 7, 1, 9, 1, 1, 0, 1) + texts + end(1, 0, 0)
    assert srvsvc.unpack_share_enum(data).shares == [('abc', 0, '')]


@pytest.mark.parametrize('name', ['a/b', 'a\\b', '\\', 'a\0b', 'a\0', '.', '..'])
def test_names_that_no_share_can_have_are_refused_and_shown(name: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        srvsvc.unpack_share_enum(stub([('good', 0, ''), (name, 0, '')]))
    assert repr(name) in caught.value.message


def test_lone_surrogates_are_kept() -> None:
    assert srvsvc.unpack_share_enum(stub([('a\udc80', 0, '\ud83d')])).shares == [('a\udc80', 0, '\ud83d')]


@given(st.binary(max_size=200), st.booleans())
def test_random_bytes_are_refused_or_read(data: bytes, has_level: bool) -> None:
    with contextlib.suppress(ProtocolError):
        srvsvc.unpack_share_enum(struct.pack('<II', 1, 1) * has_level + data)


@given(st.data())
def test_damaged_lists_are_refused_or_read(data: st.DataObject) -> None:
    damaged = bytearray(CAPTURED_RESPONSE)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        srvsvc.unpack_share_enum(damaged)
