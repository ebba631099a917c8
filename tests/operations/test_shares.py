"""The list of shares over a pipe, [MS-SRVS] 3.1.4.8, in whatever pieces it comes."""

from __future__ import annotations

import struct

import pytest

from smb import ntstatus
from smb.errors import Incomplete, ProtocolError, StatusError
from smb.messages import rpc, srvsvc
from smb.operations import shares
from smb.results import SharedDevice
from tests.messages.test_rpc import bind_ack, pdu, response
from tests.messages.test_srvsvc import stub


class Pipe:
    """Answers a bind and then each call with the next of these stubs, in fragments, and hands them out in pieces."""

    def __init__(self, *stubs, fragment=4000, piece=4000, **bind):
        self.stubs = list(stubs)
        self.fragment, self.piece, self.bind = fragment, piece, bind
        self.waiting = b''
        self.calls = []  # of the server: what it was asked with

    def transact(self, messages):
        assert not self.waiting, 'an answer was not read to its end'
        last = bytes(messages[-1])
        call_id = struct.unpack_from('<I', last, 12)[0]
        if last[2] == rpc.BIND:
            self.waiting = bind_ack(call_id=call_id, **self.bind)
        else:
            self.calls.append(b''.join(bytes(message)[24:] for message in messages))
            self.waiting = self.answer(self.stubs.pop(0), call_id)
        return self.read()

    def answer(self, given, call_id):
        if isinstance(given, int):
            return pdu(rpc.FAULT, struct.pack('<IHBBI', 0, 0, 0, 0, given), call_id=call_id)
        parts = [given[begin : begin + self.fragment] for begin in range(0, len(given), self.fragment)]
        ends = {0: rpc.PFC_FIRST_FRAG}
        ends[len(parts) - 1] = ends.get(len(parts) - 1, 0) | rpc.PFC_LAST_FRAG
        return b''.join(response(part, flags=ends.get(i, 0), call_id=call_id) for i, part in enumerate(parts))

    def read(self):
        piece, self.waiting = self.waiting[: self.piece], self.waiting[self.piece :]
        return piece


SHARES = [('data', 0, 'files'), ('printer', 1, ''), ('IPC$', 0x80000003, 'IPC Service'), ('t', 0x40000000, 'temporary')]
DEVICES = [SharedDevice(kind, name, remark) for name, kind, remark in SHARES]


def listed(tree, pipe):
    tree.add(srvsvc.PIPE)
    tree.pipe = pipe
    return shares.list_shares(tree, 'SERVER')


def test_shares_come_in_the_servers_order(tree):
    found = listed(tree, Pipe(stub(SHARES)))
    assert found == DEVICES
    assert [(device.name, device.isSpecial, device.isTemporary) for device in found[2:]] == [
        ('IPC$', True, False),
        ('t', False, True),
    ]
    assert tree.pipe.calls == [srvsvc.pack_share_enum('SERVER')]
    assert tree.names() == ['open', 'transact', 'transact', 'close']


def test_a_server_without_shares_has_an_empty_list(tree):
    assert listed(tree, Pipe(stub([]))) == []


@pytest.mark.parametrize('fragment', [1, 16, 100, 4000])
@pytest.mark.parametrize('piece', [7, 24, 100, 4000])
def test_an_answer_may_come_in_pieces_of_fragments(tree, fragment, piece):
    assert listed(tree, Pipe(stub(SHARES), fragment=fragment, piece=piece)) == DEVICES


def test_more_shares_are_asked_for_until_there_are_no_more(tree):
    more = srvsvc.ERROR_MORE_DATA
    pipe = Pipe(
        stub(SHARES[:2], resume_handle=9, error_code=more),
        stub(SHARES[2:3], resume_handle=4, error_code=more),
        stub(SHARES[3:], resume_handle=0),
    )
    assert listed(tree, pipe) == DEVICES
    assert pipe.calls == [srvsvc.pack_share_enum('SERVER', handle) for handle in (0, 9, 4)]


@pytest.mark.parametrize(
    'answers',
    [
        [([], 9)],
        [(SHARES, None)],
        [(SHARES, 0)],
        [(SHARES, 9), (SHARES, 9)],
        [(SHARES, 9), (SHARES, 4), (SHARES, 9)],
    ],
    ids=['no shares', 'no handle', 'from the start', 'no step', 'a circle'],
)
def test_a_server_that_does_not_go_on_is_an_error(tree, answers):
    stubs = [stub(found, resume_handle=handle, error_code=srvsvc.ERROR_MORE_DATA) for found, handle in answers]
    with pytest.raises(ProtocolError, match='does not go on'):
        listed(tree, Pipe(*stubs))


def test_a_windows_error_is_told(tree):
    with pytest.raises(Incomplete, match='Windows error 5') as caught:
        listed(tree, Pipe(stub([], error_code=5)))
    assert caught.value.reason == 'Unable to list shares'


def test_a_fault_is_told(tree):
    with pytest.raises(Incomplete, match='RPC fault') as caught:
        listed(tree, Pipe(5))
    assert caught.value.reason == 'Unable to list shares'


def test_a_refused_bind_is_an_error(tree):
    with pytest.raises(ProtocolError, match='refuses an RPC bind'):
        listed(tree, Pipe(stub(SHARES), result=2, reason=1))


def test_an_answer_that_breaks_off_is_an_error(tree):
    pipe = Pipe(stub(SHARES), piece=40)
    tree.fail('read_pipe', lambda: setattr(pipe, 'waiting', b''), 4)
    with pytest.raises(ProtocolError, match='breaks off'):
        listed(tree, pipe)


@pytest.mark.parametrize('verb', ['open', 'transact', 'close'])
def test_a_refusal_comes_out(tree, verb):
    tree.fail(verb, ntstatus.STATUS_ACCESS_DENIED)
    with pytest.raises(StatusError):
        listed(tree, Pipe(stub(SHARES)))
