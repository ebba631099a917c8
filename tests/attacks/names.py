"""Names that no file, share or snapshot can have, and what must not become of them."""

from __future__ import annotations

import struct

from smb.errors import ProtocolError
from smb.messages import rpc, srvsvc
from smb.smb2_constants import SMB2_COM_QUERY_DIRECTORY
from smb.smb_constants import SMB_COM_TRANSACTION2
from tests.attacks.attack import EVERY, SMB1, Attack
from tests.messages.test_rpc import bind_ack, response
from tests.messages.test_srvsvc import stub

NAMES = {
    'slash': 'a/b',
    'backslash': 'a\\b',
    'NUL': 'a\0b',
    'nothing': '',
    'only a slash': '/',
    'only a backslash': '\\',
    'only a NUL': '\0',
    'path of the folder above': '..\\x',
    'path from the root': '/etc/passwd',
    'many folders above': '../../../../../../tmp/x',
    'UNC path': '\\\\host\\share\\x',
    'drive and path': 'C:\\Windows\\x',
    'device path': '\\\\.\\pipe\\x',
    'slash at the end': 'a/',
    'NUL at the end': 'a\0',
    'stream in a folder': 'a:b\\c',
}
CALLS = {
    'listPath': lambda connection: connection.listPath('share', '/'),
    'deleteFiles': lambda connection: connection.deleteFiles('share', '*'),
    'resetFileAttributes': lambda connection: connection.resetFileAttributes('share', '*'),
}
WRONG = r'The directory entry at byte \d+ of \d+ is wrong: no file can have the {}name .*'


def listed(*names):
    def twist(server):
        server.names = ['.', '..', *names]

    return twist


def with_short_name(short):
    """The first entry has this 8.3 name, where the class of information has room for one."""
    encoded = short.encode('utf-16-le')

    def put(data):
        # [MS-FSCC] 2.4.8 and 2.4.17: behind EaSize
        return data[:68] + bytes([len(encoded), 0]) + encoded + data[70 + len(encoded) :]

    def change(answer):
        name = 'data' if hasattr(answer.payload, 'data_displacement') else 'output_buffer'
        if getattr(answer.payload, name, b''):
            setattr(answer.payload, name, put(bytes(getattr(answer.payload, name))))

    def twist(server):
        command = SMB_COM_TRANSACTION2 if hasattr(server, 'smb2_answer') else SMB2_COM_QUERY_DIRECTORY
        server.bend(command, change)

    return twist


def _files():
    for what, name in NAMES.items():
        for call, act in CALLS.items():
            yield Attack(
                f'name with {what}, {call}',
                EVERY if call == 'listPath' else (SMB1, 0x0311),
                ProtocolError,
                WRONG.format(''),
                act=act,
                twist=listed('good', name),
                closes=False,
            )
    for what, name in (('slash', 'a/b'), ('backslash', 'a\\b'), ('NUL', 'a\0b')):
        yield Attack(
            f'short name with {what}',
            EVERY,
            ProtocolError,
            WRONG.format('short '),
            act=CALLS['listPath'],
            twist=with_short_name(name),
            closes=False,
        )
    yield Attack(
        'short name of 25 bytes',
        EVERY,
        ProtocolError,
        '.* is wrong: a short name has 26 of 24 bytes',
        act=CALLS['listPath'],
        twist=with_short_name('a' * 13),
        closes=False,
    )


# Shares


def pipe(*answers):
    """The pipe answers a bind, and then each call with one of these stubs; with the last one for ever."""
    queue = list(answers)

    def answer(request):
        call_id = struct.unpack_from('<I', request, 12)[0]
        if request[2] == rpc.BIND:
            return bind_ack(call_id=call_id)
        given = queue.pop(0) if len(queue) > 1 else queue[0]
        if callable(given):
            given = given()
        return response(given, flags=rpc.PFC_FIRST_FRAG | rpc.PFC_LAST_FRAG, call_id=call_id)

    def twist(server):
        name = '_do_transaction' if hasattr(server, 'smb2_answer') else '_do_ioctl'
        original = getattr(server, name)

        def changed(request, session):
            is_validation = getattr(request.payload, 'ctl_code', None) == 0x00140204
            if not is_validation:
                asked = request.payload.data if name == '_do_transaction' else request.payload.input
                server.pipe_answer = answer(bytes(asked))
            return original(request, session)

        setattr(server, name, changed)

    return twist


def list_shares(connection):
    connection.listShares()


def _shares():
    for what, name in (('slash', 'a/b'), ('backslash', 'a\\b'), ('NUL', 'a\0b'), ('dots', '..'), ('one dot', '.')):
        yield Attack(
            f'share with {what}',
            EVERY,
            ProtocolError,
            'No share can have the name .*',
            act=list_shares,
            twist=pipe(stub([('good', 0, ''), (name, 0, '')])),
            closes=False,
        )
    more = srvsvc.ERROR_MORE_DATA
    one = [('share', 0, '')]
    for what, answers in (
        ('without a handle', [stub(one, resume_handle=None, error_code=more)]),
        ('from the start', [stub(one, resume_handle=0, error_code=more)]),
        ('from the same place', [stub(one, resume_handle=9, error_code=more)]),
        ('in a circle', [stub(one, resume_handle=n, error_code=more) for n in (9, 4, 9)]),
        ('without shares', [stub([], resume_handle=9, error_code=more)]),
    ):
        yield Attack(
            f'shares go on {what}',
            EVERY,
            ProtocolError,
            r'The server has more than \d+ shares to list, but does not go on',
            act=list_shares,
            twist=pipe(*answers),
            closes=False,
        )
    yield Attack(
        'shares without end',
        (0x0311,),
        ProtocolError,
        act=list_shares,
        closes=False,
        first_line=r'The server has more than \d+ shares to list, but does not go on',
        twist=pipe(endless_shares()),
    )


def endless_shares():
    """Each answer has new names and a new handle."""
    count = 0
    table = [(f's{number}', 0, '') for number in range(1000)]

    def answer():
        nonlocal count
        count += 1
        assert count < 200
        return stub(table, resume_handle=count, error_code=srvsvc.ERROR_MORE_DATA)

    return answer


# Snapshots


def snapshots(names, total=None, size=None):
    text = ''.join(f'{name}\0' for name in names) + '\0'
    encoded = text.encode('utf-16-le')
    total, size = len(names) if total is None else total, len(encoded) if size is None else size
    packed = struct.pack('<3I', total, len(names), size) + encoded

    def twist(server):
        server.pipe_answer = packed

    return twist


def list_snapshots(connection):
    connection.listSnapshots('share', 'file')


def _snapshots():
    unknown = 'The server named a snapshot in no known way: .*'
    for name in ('@GMT-2020.13.01-00.00.00', '@GMT-2020.01.01-00.00.00\\..\\x', '../x', '@GMT-', 'x'):
        yield Attack(
            f'snapshot {name}', EVERY, ProtocolError, unknown, act=list_snapshots, twist=snapshots([name]), closes=False
        )
    for what, twist, text in (
        ('never come', snapshots([], total=5), 'The server has 5 snapshots, and gave 0 of them'),
        ('are 4 GiB', snapshots([], total=5, size=0xFFFFFFFF), 'The server has 4294967295 bytes of snapshots'),
        ('are 2 GiB', snapshots([], total=5, size=0x80000000), 'The server has 2147483648 bytes of snapshots'),
        ('are fewer than announced', snapshots(['x', ''], total=2), r'2 snapshots were announced, 1 are there'),
    ):
        yield Attack(
            f'snapshots that {what}', EVERY, ProtocolError, text, act=list_snapshots, twist=twist, closes=False
        )


ATTACKS = [*_files(), *_shares(), *_snapshots()]
