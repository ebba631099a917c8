"""Servers that never come to an end, or give other numbers of bytes than they were asked for."""

from __future__ import annotations

import io

from smb import ntstatus
from smb.errors import OperationFailure, ProtocolError, SMBTimeout
from smb.messages.smb1.read_write import ComReadAndxResponse, ComWriteAndxResponse
from smb.messages.smb1.transaction2 import Trans2FindNext2Response
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.ntstatus import STATUS_MORE_PROCESSING_REQUIRED, STATUS_SUCCESS
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_COM_WRITE,
)
from smb.smb_constants import SMB_COM_NT_CREATE_ANDX, SMB_COM_READ_ANDX, SMB_COM_WRITE_ANDX
from tests.attacks import bulk
from tests.attacks.attack import EVERY, SMB1, SMB2, Attack, bent, echo, header, set_field
from tests.session.scripted import ScriptedServer
from tests.session.scripted_files import ENTRY_TAILS, directory_entries
from tests.session.scripted_smb1 import ScriptedSMB1Server

MOST_BATCHES = 200
NO_END = r'The server has listed \d+ entries of a folder, and comes to no end'


class EndlessListing(ScriptedServer):
    """Gives one batch after the other; ``batch_of(number)`` has the names."""

    def __init__(self, dialect, batch_of):
        super().__init__(dialect)
        self.batch_of, self.count = batch_of, 0

    def _do_query_directory(self, request, session):
        tail = ENTRY_TAILS[request.payload.file_information_class]
        self.count += 1
        assert self.count < MOST_BATCHES
        return STATUS_SUCCESS, SMB2QueryDirectoryResponse(
            output_buffer=directory_entries(self.batch_of(self.count), tail)
        )


class EndlessSMB1Listing(ScriptedSMB1Server):
    def __init__(self, batch_of):
        super().__init__(batch=3)
        self.batch_of, self.count = batch_of, 0
        self.names = ['a', 'b', 'c', 'd']

    def _find_next(self, request, session, parameters):
        search = session.searches[parameters.sid]
        self.count += 1
        assert self.count < MOST_BATCHES
        search.names, search.given = [*self.batch_of(self.count), 'and more'], 0
        count, data = self._next_entries(request, search, parameters.search_count)
        return Trans2FindNext2Response(search_count=count, end_of_search=0).pack(), data


def endless(batch_of):
    return lambda dialect: EndlessSMB1Listing(batch_of) if dialect == SMB1 else EndlessListing(dialect, batch_of)


def same(number):
    return ['a', 'b', 'c']


def one(number):
    return ['a', '..', '.']


def circle(number):
    return [f'{number % 3}a', 'b', 'c']


LISTINGS = {
    'listPath': lambda connection: connection.listPath('share', '/'),
    'listPath with a pattern': lambda connection: connection.listPath('share', '/', pattern='*'),
    'deleteFiles': lambda connection: connection.deleteFiles('share', '*'),
    'resetFileAttributes': lambda connection: connection.resetFileAttributes('share', '*'),
}


def _listings():
    for call, act in LISTINGS.items():
        for what, batch_of in (('the same batch', same), ('dots', one), ('batches in a circle', circle)):
            yield Attack(
                f'{what} again and again, {call}',
                EVERY,
                ProtocolError,
                NO_END,
                act=act,
                closes=False,
                make=endless(batch_of),
            )


# Too much, and too little


def retrieve(name):
    return lambda connection: connection.retrieveFile('share', name, io.BytesIO())


def store(connection):
    connection.storeFile('share', 'new', io.BytesIO(b'data'))


def nothing_more(begin):
    """From this byte on there is nothing, though the file is said to be longer."""

    def twist(server):
        def change(answer):
            payload = answer.request.payload
            if (payload.offset if hasattr(payload, 'offset') else 0) >= begin:
                answer.make_error(ntstatus.STATUS_END_OF_FILE)

        server.bend(SMB_COM_READ_ANDX if hasattr(server, 'smb2_answer') else SMB2_COM_READ, change, times=100)

    return twist


def without_data(answer):
    """A success that brings not a byte."""
    if isinstance(answer.payload, ComReadAndxResponse):
        answer.payload = ComReadAndxResponse(data=b'')
    else:
        answer.payload.data = b''


def _reads():
    short = r'Failed to retrieve .* on share \(the file ended at byte \d+, it had \d+ when it was opened\): Read failed'
    yield Attack(
        'file that ends before its end',
        EVERY,
        OperationFailure,
        short,
        act=retrieve('large'),
        closes=False,
        twist=nothing_more(65536),
    )
    yield Attack(
        'small file without its bytes',
        EVERY,
        OperationFailure,
        short,
        act=retrieve('file'),
        closes=False,
        twist=nothing_more(0),
    )
    for dialects, command, count in ((SMB2, SMB2_COM_READ, 100), ((SMB1,), SMB_COM_READ_ANDX, 100)):
        yield Attack(
            f'reads that bring nothing, {command}',
            dialects,
            OperationFailure,
            short,
            act=retrieve('large'),
            twist=bent(command, without_data, count),
            closes=False,
        )
    yield Attack(
        'file that is said to be of 8 EiB',
        EVERY,
        OperationFailure,
        short,
        act=retrieve('file'),
        closes=False,
        twist=said_to_have((1 << 63) - 1),
    )
    for name in ('file', 'large'):
        yield Attack(
            f'more than was asked for of {name}',
            SMB2,
            ProtocolError,
            'The server sent 65537 bytes, 65536 were asked for',
            act=retrieve(name),
            closes=False,
            twist=bent(SMB2_COM_READ, set_field('data', bytes(65537))),
        )
        yield Attack(
            f'more than was asked for of {name}, SMB1',
            (SMB1,),
            ProtocolError,
            r'The server sent \d+ bytes, \d+ were asked for',
            act=retrieve(name),
            closes=False,
            twist=bent(SMB_COM_READ_ANDX, longer),
        )


def longer(answer):
    payload = answer.request.payload
    answer.payload = ComReadAndxResponse(data=bytes((payload.max_count_high << 16 | payload.max_count) + 1))


def said_to_have(size):
    def twist(server):
        command = SMB_COM_NT_CREATE_ANDX if hasattr(server, 'smb2_answer') else SMB2_COM_CREATE
        server.bend(command, set_field('end_of_file', size), times=10)

    return twist


def _writes():
    took = r'Failed to store new on share \(the server took \d+ of \d+ bytes( at \d+)?\): Write failed'
    for what, act in (('small', store), ('large', bulk.write)):
        yield Attack(
            f'nothing written of a {what} file',
            SMB2,
            OperationFailure,
            took,
            act=act,
            closes=False,
            twist=bent(SMB2_COM_WRITE, set_field('count', 0), 100),
        )
        yield Attack(
            f'nothing written of a {what} file, SMB1',
            (SMB1,),
            OperationFailure,
            took,
            act=act,
            closes=False,
            twist=bent(SMB_COM_WRITE_ANDX, took_smb1(0), 100),
        )
        more = r'The server took \d+ bytes, \d+ were sent'
        yield Attack(
            f'more written than sent of a {what} file',
            SMB2,
            ProtocolError,
            more,
            act=act,
            closes=False,
            twist=bent(SMB2_COM_WRITE, set_field('count', 0x7FFFFFFF)),
        )
        yield Attack(
            f'more written than sent of a {what} file, SMB1',
            (SMB1,),
            ProtocolError,
            more,
            act=act,
            twist=bent(SMB_COM_WRITE_ANDX, took_smb1(0x7FFFFFFF)),
            closes=False,
        )
    yield Attack(
        'a part written of a small file',
        SMB2,
        OperationFailure,
        took,
        act=store,
        closes=False,
        twist=bent(SMB2_COM_WRITE, set_field('count', 3), 100),
    )


def took_smb1(count):
    def change(answer):
        answer.payload = ComWriteAndxResponse(count=count & 0xFFFF, count_high=count >> 16 & 0xFFFF)

    return change


# Requests that are never answered as they should be


def _starvation():
    yield Attack(
        'part of a transaction that brings nothing',
        (SMB1,),
        ProtocolError,
        'The server sends a part of a transaction that brings nothing',
        act=LISTINGS['listPath'],
        twist=a_part_of_nothing,
    )
    yield Attack(
        'no more credits',
        SMB2,
        ProtocolError,
        r'The server left 0 credits, a request needs \d+',
        act=lambda connection: [connection.echo(b'') for _ in range(2000)],
        twist=no_credits,
    )
    yield Attack(
        'sign-on without end',
        SMB2,
        ProtocolError,
        'The server asks for more tokens than NTLM has',
        prepare=lambda server: server.bend(
            SMB2_COM_SESSION_SETUP,
            header('status', STATUS_MORE_PROCESSING_REQUIRED),
            times=100,
        ),
    )
    yield Attack(
        'no answer',
        SMB2,
        SMBTimeout,
        'No answer within .*',
        act=echo,
        closes=False,
        twist=bent(SMB2_COM_ECHO, lambda answer: []),
    )


def a_part_of_nothing(server):
    def arrange(parts):
        whole = parts[0].payload
        nothing = type(whole)(
            total_parameter_count=whole.total_parameter_count, total_data_count=whole.total_data_count
        )
        return [parts[0], parts[0].twin(nothing), *parts[1:]]

    server.arrange, server.part_size = arrange, 60


def no_credits(server):
    server.grant = lambda header: 0


ATTACKS = [*_listings(), *_reads(), *_writes(), *_starvation()]
