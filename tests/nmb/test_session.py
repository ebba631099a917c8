"""NMBSession: bytes in, frames out."""

from __future__ import annotations

import contextlib
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmb.base import TYPE_SERVER, TYPE_WORKSTATION, NMBError, NMBSession
from nmb.nmb_structs import pack_session_request

OPENED, REFUSED, RETARGETED, KEEPALIVE = b'\x82\0\0\0', b'\x83\0\0\1\x82', b'\x84\0\0\6\x7f\0\0\1\0\x8b', b'\x85\0\0\0'


class RecordingSession(NMBSession):
    """Writes down what happens to it."""

    def __init__(self, **options):
        super().__init__('me', 'Fred', **options)
        self.events = []

    def write(self, data):
        self.events.append(('write', data))

    def onNMBSessionOK(self):
        self.events.append('ok')

    def onNMBSessionFailed(self):
        self.events.append('failed')

    def onNMBSessionMessage(self, flags, data):
        self.events.append((flags, data))


def requested_session(**options):
    session = RecordingSession(**options)
    session.requestNMBSession()
    session.events.clear()
    return session


def message(data):
    return b'\0' + len(data).to_bytes(3, 'big') + data


def test_names_are_kept_in_upper_case():
    session = NMBSession('me', 'Fred', TYPE_WORKSTATION)
    assert (session.my_name, session.remote_name) == ('ME', 'FRED')
    assert (session.host_type, session.is_direct_tcp) == (TYPE_WORKSTATION, False)
    assert NMBSession('me', 'Fred').host_type == TYPE_SERVER


def test_the_logger_is_the_one_that_programs_silence():
    assert NMBSession.log is logging.getLogger('NMB.NMBSession')


def test_a_netbios_session_is_asked_for():
    session = RecordingSession()
    session.requestNMBSession()
    assert session.events == [('write', pack_session_request('FRED', 'ME'))]
    session.feedData(OPENED)
    assert session.events[1:] == ['ok']


def test_the_type_of_the_called_name_can_be_given():
    session = RecordingSession(host_type=0x1D)
    session.requestNMBSession()
    assert session.events == [('write', pack_session_request('FRED', 'ME', 0x1D))]


def test_direct_tcp_has_no_session_to_ask_for():
    session = RecordingSession(is_direct_tcp=True)
    session.requestNMBSession()
    assert session.events == ['ok']
    session.feedData(message(b'abc'))
    assert session.events == ['ok', (0, b'abc')]


@pytest.mark.parametrize(
    ('response', 'reason'), [(REFUSED, 'called name not present (0x82)'), (RETARGETED, 'ask 127.0.0.1 port 139')]
)
def test_a_session_that_is_not_opened_has_failed(response, reason, caplog):
    session = requested_session()
    with caplog.at_level(logging.WARNING, 'NMB.NMBSession'):
        session.feedData(response)
    assert session.events == ['failed']
    assert caplog.messages == [f'NetBIOS session with FRED refused: {reason}']


def test_messages_are_sent_behind_their_length():
    session = RecordingSession()
    session.sendNMBMessage(b'x' * 0x1FFFF)
    assert session.events == [('write', b'\0\1\xff\xff' + b'x' * 0x1FFFF)]
    with pytest.raises(ValueError):
        session.sendNMBMessage(b'x' * 0x20000)
    direct = RecordingSession(is_direct_tcp=True)
    direct.sendNMBMessage(b'x' * 0x20000)
    assert direct.events[0][1][:4] == b'\0\2\0\0'


def test_a_message_comes_with_the_second_byte_of_its_frame():
    session = RecordingSession()
    session.feedData(message(b'x' * 0x10001))
    assert session.events == [(1, b'x' * 0x10001)]


def test_keepalive_packets_are_skipped_before_and_after_the_response():
    session = requested_session()
    session.feedData(KEEPALIVE + OPENED + KEEPALIVE + message(b'abc') + KEEPALIVE)
    assert session.events == ['ok', (0, b'abc')]


@pytest.mark.parametrize('bad_bytes', [b'HTTP/1.1 400', b'\0\0\0\0', b'\x82\0\0\1'])
def test_what_is_no_frame_is_an_error_from_then_on(bad_bytes):
    session = RecordingSession(is_direct_tcp=True)
    for data in (message(b'abc') + bad_bytes, message(b'def')):
        with pytest.raises(NMBError):
            session.feedData(data)
    assert session.events == [(0, b'abc')]


@pytest.mark.parametrize('response', [OPENED, REFUSED, RETARGETED])
@pytest.mark.parametrize('is_direct_tcp', [False, True])
def test_a_response_that_nobody_asked_for_is_an_error(response, is_direct_tcp):
    session = RecordingSession(is_direct_tcp=is_direct_tcp)
    with pytest.raises(NMBError, match='not due'):
        session.feedData(response)
    assert session.events == []


def test_a_message_in_place_of_the_response_is_an_error():
    session = requested_session()
    with pytest.raises(NMBError, match='not due'):
        session.feedData(message(b'abc'))
    assert session.events == []


def test_a_frame_is_taken_out_before_its_method_is_called():
    class Failing(RecordingSession):
        def onNMBSessionMessage(self, flags, data):
            super().onNMBSessionMessage(flags, data)
            if data == b'abc':
                raise KeyError(data)

    session = Failing()
    with pytest.raises(KeyError):
        session.feedData(message(b'abc') + message(b'def'))
    session.feedData(b'')
    assert session.events == [(0, b'abc'), (0, b'def')]


def test_how_bytes_are_sent_is_up_to_a_subclass():
    with pytest.raises(NotImplementedError):
        NMBSession('me', 'Fred').requestNMBSession()


def test_the_methods_of_the_base_class_do_nothing():
    class Plain(NMBSession):
        def write(self, data):
            pass

    for response in (OPENED + message(b'abc'), REFUSED):
        session = Plain('me', 'Fred')
        session.requestNMBSession()
        session.feedData(response)


def test_after_bytes_that_are_no_frame_nothing_more_is_kept():
    session = requested_session()
    for data in (b'HTTP/1.1 400', bytes(100_000), OPENED):
        with pytest.raises(NMBError, match='speak SMB'):
            session.feedData(data)
        assert len(session._received) <= 4
    assert session.events == []


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.data())
def test_frames_are_the_same_however_the_bytes_are_split(messages, data):
    stream = OPENED + b''.join(message(each) + KEEPALIVE for each in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    session = requested_session()
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        session.feedData(stream[start:end])
    assert session.events == ['ok', *((0, each) for each in messages)]


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_frames_or_an_nmb_error(data, is_direct_tcp):
    session = requested_session(is_direct_tcp=is_direct_tcp)
    with contextlib.suppress(NMBError):
        session.feedData(data)
