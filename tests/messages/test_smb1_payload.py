"""Words and bytes behind an SMB1 header, [MS-CIFS] 2.2.3.2 and 2.2.3.3, and the texts in them, 2.2.1.1.4."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smb.errors import ProtocolError
from smb.messages.smb1.create import ComNTCreateAndxRequest, ComNTCreateAndxResponse
from smb.messages.smb1.paths import ComDeleteRequest, ComRenameRequest
from smb.messages.smb1.payload import ComErrorResponse, SMB1Request, SMB1Response, String
from smb.messages.smb1.read_write import ComReadAndxRequest, ComReadAndxResponse
from smb.messages.smb1.session_setup import (
    ComSessionSetupAndxRequest__NoSecurityExtension,
    ComSessionSetupAndxRequest__WithSecurityExtension,
)
from smb.messages.smb1.simple import ComCloseRequest, ComCloseResponse, ComEchoRequest
from smb.ntstatus import STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW, STATUS_SUCCESS
from smb.wire import structure as wire
from tests.check_wire import check_wire


@wire.structure
class Mixed(SMB1Request):
    """A message with each kind of text."""

    number: int = wire.u16(default=0)
    marked: str = wire.encoded(String(buffer_format=b'\x04'))
    plain: str = wire.encoded(String())
    oem: str = wire.encoded(String(is_oem=True))
    unaligned: str = wire.encoded(String(is_aligned=False))
    rest: bytes = wire.buffer('', '')


def test_texts_in_unicode_stand_at_even_offsets():
    # assembled by hand; the bytes begin at offset 32 + 1 + 2 + 2 = 37
    check_wire(
        Mixed(number=7, marked='a', plain='b', oem='c', unaligned='d', rest=b'e'),
        '01 0700 1000'
        '04 6100 0000'  # 37: the mark, 38: the text
        '6200 0000'  # 42
        '63 00'  # 46
        '6400 0000'  # 48, even by chance
        '65',
    )
    check_wire(
        Mixed(marked='a', plain='b', oem='cc', unaligned='d', rest=b''),
        '01 0000 1000 04 61000000 62000000 636300 64000000',  # 49: odd
    )


def test_texts_in_oem_stand_anywhere():
    message = Mixed(marked='ä', plain='b', oem='c', unaligned='d', rest=b'e')
    message.is_unicode = False
    packed = bytes.fromhex('01 0000 0a00 04 84 00 62 00 63 00 64 00 65')
    assert message.pack() == packed
    assert Mixed.unpack(packed, is_unicode=False) == message
    for length in range(len(packed)):
        with pytest.raises(ProtocolError):
            Mixed.unpack(packed[:length], is_unicode=False)


def test_a_text_that_oem_does_not_have_is_not_sent():
    message = ComDeleteRequest(file_name='\\日本')
    message.is_unicode = False
    with pytest.raises(UnicodeEncodeError):
        message.pack()


@pytest.mark.parametrize('name', ['a\0b', '\0'])
def test_a_text_with_a_nul_is_not_sent(name):
    with pytest.raises(ValueError, match='NUL'):
        ComDeleteRequest(file_name=name).pack()


@pytest.mark.parametrize(
    ('data', 'marked', 'plain'),
    [
        ('04 61000000 62000000', 'a', 'b'),
        ('04 61000000 6200', 'a', 'b'),  # no terminator
        ('04 61000000 620063', 'a', 'b'),  # half a letter
        ('04 61000000', 'a', ''),
        ('04', '', ''),
        ('', '', ''),
        ('04 6100 0062 0000', 'a\u6200', ''),  # two zeros at an odd place do not end a text
        ('04 00d8 0000', '\ud800', ''),
    ],
)
def test_texts_may_be_cut_or_left_out(data, marked, plain):
    received = bytes.fromhex(data)
    message = Mixed.unpack(b'\x01\0\0' + len(received).to_bytes(2, 'little') + received)
    assert (message.marked, message.plain, message.oem, message.unaligned, message.rest) == (marked, plain, '', '', b'')


@given(st.text(st.characters(exclude_characters='\0', exclude_categories=())), st.text('abäöß', max_size=9))
def test_texts_come_back(unicode, oem):
    message = ComRenameRequest(old_file_name=unicode, new_file_name=unicode)
    assert ComRenameRequest.unpack(message.pack()) == message
    message = ComRenameRequest(old_file_name=oem, new_file_name=oem)
    message.is_unicode = False
    assert ComRenameRequest.unpack(message.pack(), is_unicode=False) == message


def test_what_stands_behind_the_bytes_is_not_read():
    packed = ComEchoRequest(data=b'abc').pack()
    assert ComEchoRequest.unpack(packed + b'more').data == b'abc'


def test_more_words_than_known_are_passed_over():
    # Windows announces 42 words of an extended answer to NT_CREATE_ANDX, [MS-SMB] 2.2.4.9.2.
    packed = ComNTCreateAndxResponse(fid=5, end_of_file=6).pack()
    longer = bytes([42]) + packed[1:69] + bytes(16) + packed[69:]
    answer = ComNTCreateAndxResponse.unpack(longer)
    assert (answer.fid, answer.end_of_file) == (5, 6)
    read = ComReadAndxResponse(data=b'abc').pack()
    offset = (32 + 3 + 28).to_bytes(2, 'little')
    longer = bytes([14]) + read[1:13] + offset + read[15:25] + bytes(4) + read[25:27] + b'abc'
    assert bytes(ComReadAndxResponse.unpack(longer).data) == b'abc'


def test_fewer_words_than_known_are_refused():
    packed = ComNTCreateAndxResponse(fid=5).pack()
    with pytest.raises(ProtocolError, match='33 words instead of 34'):
        ComNTCreateAndxResponse.unpack(bytes([33]) + packed[1:])
    with pytest.raises(ProtocolError, match='0 words instead of 3'):
        ComCloseRequest.unpack(b'\0\0\0')


def test_more_bytes_than_a_message_carries_are_not_sent():
    assert ComEchoRequest(data=bytes(65535)).pack()[3:5] == b'\xff\xff'
    with pytest.raises(ValueError, match='65536 bytes'):
        ComEchoRequest(data=bytes(65536)).pack()


def test_an_error_comes_without_the_answer():
    for status in (STATUS_ACCESS_DENIED, STATUS_BUFFER_OVERFLOW):
        answer = ComReadAndxRequest.unpack_response(status, b'\0\0\0')
        assert type(answer) is ComErrorResponse
    # some servers send words and bytes all the same
    read = ComReadAndxResponse(data=b'abc').pack()
    assert type(ComReadAndxRequest.unpack_response(STATUS_ACCESS_DENIED, read)) is ComErrorResponse


def test_an_answer_that_goes_on_elsewhere_comes_with_a_status():
    read = memoryview(ComReadAndxResponse(data=b'abc').pack())
    for status in (STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW):
        answer = ComReadAndxRequest.unpack_response(status, read)
        assert isinstance(answer, ComReadAndxResponse) and bytes(answer.data) == b'abc'


def test_a_success_without_its_words_is_refused():
    with pytest.raises(ProtocolError):
        ComReadAndxRequest.unpack_response(STATUS_SUCCESS, b'\0\0\0')
    assert type(ComCloseRequest.unpack_response(STATUS_SUCCESS, b'\0\0\0')) is ComCloseResponse
    assert issubclass(ComCloseResponse, SMB1Response)


@pytest.mark.parametrize('body', [b'', b'\0', b'\0\0', b'\1\0\0\0', b'\0\1\0'])
def test_an_error_has_words_and_bytes_too(body):
    with pytest.raises(ProtocolError):
        ComCloseRequest.unpack_response(STATUS_ACCESS_DENIED, body)


@pytest.mark.parametrize(
    'message',
    [
        ComSessionSetupAndxRequest__WithSecurityExtension(
            max_buffer_size=65535, max_mpx_count=2, capabilities=0, security_blob=b'secret token'
        ),
        ComSessionSetupAndxRequest__NoSecurityExtension(
            max_buffer_size=65535, max_mpx_count=2, capabilities=0, oem_password=b'secret 1',
            unicode_password=b'secret 2', account_name='user', primary_domain='',
        ),
    ],
    ids=['token', 'responses'],
)  # fmt: skip
def test_secrets_are_not_shown(message):
    packed = message.pack()
    shown = message.without_secrets()
    assert b'secret' not in shown.pack() and 'secret' not in repr(message)
    assert len(shown.pack()) == len(packed) and message.pack() == packed
    assert pickle.loads(pickle.dumps(message)) == shown
    with pytest.raises(ProtocolError) as caught:
        type(message).unpack(packed[:-1])
    assert caught.value.data_buf is None


def test_the_name_of_a_create_request_is_counted_in_oem_too():
    message = ComNTCreateAndxRequest(desired_access=0, share_access=0, create_disposition=1, file_name='\\ab')
    message.is_unicode = False
    packed = message.pack()
    assert packed[6:8] == b'\x04\0' and packed[-4:] == b'\\ab\0'
