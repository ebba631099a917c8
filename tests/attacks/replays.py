"""Answers that belong to another request, to another session, or to nobody."""

from __future__ import annotations

from smb import ntstatus
from smb.errors import ProtocolError, SMB2ProtocolHeaderError
from smb.messages.smb1.header import SMBHeader
from smb.messages.smb1.simple import ComEchoRequest
from smb.messages.smb2.header import HEADER_SIZE, SMB2Header
from smb.messages.smb2.simple import SMB2EchoRequest
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_OPLOCK_BREAK,
    SMB2_COM_WRITE,
    SMB2_FLAGS_SERVER_TO_REDIR,
)
from smb.smb_constants import SMB_COM_ECHO, SMB_COM_LOGOFF_ANDX, SMB_COM_NT_CREATE_ANDX
from tests.attacks.attack import SMB1, SMB2, Attack, bent, echo, header
from tests.session import each_request, each_smb1_request, scripted
from tests.session.scripted import Answer

PLAIN = {'sign_options': 0}
SIGNS = {'require_signing': True}
SEALS = {'require_encryption': True}


def echo_twice(connection):
    connection.echo(b'')
    connection.echo(b'')


def again(command):
    """The answer to an earlier request comes in the place of this one."""

    def twist(server):
        def take(frame):
            server.tampering[command] = lambda _: frame
            return frame

        server.tampering[command] = take

    return twist


def again_under_the_right_id(server):
    """The same, with its message id changed to the one that is due."""

    def take(frame):
        server.tampering[SMB2_COM_ECHO] = lambda due: frame[:24] + due[24:32] + frame[32:]
        return frame

    server.tampering[SMB2_COM_ECHO] = take


def again_under_the_right_mid(server):
    def take(frame):
        server.tampering[SMB_COM_ECHO] = lambda due: frame[:30] + due[30:32] + frame[32:]
        return frame

    server.tampering[SMB_COM_ECHO] = take


def echoes_of(request_kind):
    """Two requests are under way at once."""

    def act(connection):
        exchange = each_request.exchange_of(connection)
        tickets = [exchange.submit(request_kind()) for _ in range(2)]
        each_request.exchange_of(connection).wait(tickets[0])

    return act


def swapped(command, id_name):
    """Both wait for the same, and each gets the other one's answer."""

    def twist(server):
        kept = []

        def first(answer):
            kept.append(answer)
            return []

        def second(answer):
            (before,) = kept
            for one, other in ((before, answer), (answer, before)):
                one.due = getattr(other.header, id_name)
            # Signed under the own id, and changed on the way.
            frames = [
                server._pack(one, last=True) if command == SMB2_COM_ECHO else server._pack(one)
                for one in [*kept, answer]
            ]
            begin, size = (24, 8) if command == SMB2_COM_ECHO else (30, 2)
            for one, frame in zip([*kept, answer], frames, strict=True):
                server.transport.queue.append(frame[:begin] + one.due.to_bytes(size, 'little') + frame[begin + size :])
            return []

        server.bend(command, first)
        server.bend(command, second)

    return twist


def of_another_session(arguments):
    """What the same server sends to the same user on another connection, to the same request."""

    def twist(server):
        other = scripted.ScriptedServer(server.dialect, guid=server.guid)
        frames = []
        with scripted.connected(other, password=scripted.PASSWORD, **arguments) as connection:
            other.tampering[SMB2_COM_ECHO] = lambda frame: frames.append(frame) or frame
            while other._next_id < server._next_id:
                other.tampering[SMB2_COM_ECHO] = lambda frame: frame
                connection.echo(b'')
            other.tampering[SMB2_COM_ECHO] = lambda frame: frames.append(frame) or frame
            # The session's number is no secret, and may be the same.
            for session in [*other.sessions.values()]:
                assert session.id in server.sessions
            connection.echo(b'')
        server.tampering[SMB2_COM_ECHO] = lambda frame: frames[0]

    return twist


def async_twice(answer):
    before = [Answer(answer.request, ntstatus.STATUS_PENDING, b'\x09\0' + bytes(7), answer.session, 0) for _ in '12']
    for one in before:
        one.signed = False
        one.make_async(7)
    return [*before, answer]


def under_another_async_id(answer):
    before = Answer(answer.request, ntstatus.STATUS_PENDING, b'\x09\0' + bytes(7), answer.session, 0)
    before.signed = False
    before.make_async(7)
    answer.make_async(8)
    return [before, answer]


def oplock_break(server):
    notification = SMB2Header(
        command=SMB2_COM_OPLOCK_BREAK, flags=SMB2_FLAGS_SERVER_TO_REDIR, message_id=0xFFFFFFFFFFFFFFFF
    )
    server.transport.queue.append(notification.pack() + b'\x18\0' + bytes(22))


def smb1_oplock_break(server):
    server.transport.queue.append(SMBHeader(command=0x24, mid=0xFFFF).pack() + bytes(3))


NOT_OUTSTANDING = r'The server answered message id \d+ \({}\), which is not outstanding'


def _smb2():
    for what, arguments in (('plain', PLAIN), ('signed', SIGNS)):
        yield Attack(
            f'{what} answer once more',
            SMB2,
            ProtocolError,
            NOT_OUTSTANDING.format('SMB2_COM_ECHO'),
            act=echo_twice,
            twist=again(SMB2_COM_ECHO),
            arguments=arguments,
        )
        yield Attack(
            f'{what} compound once more',
            SMB2,
            ProtocolError,
            NOT_OUTSTANDING.format('SMB2_COM_CREATE'),
            act=lambda connection: [connection.getAttributes('share', 'file') for _ in '12'],
            twist=again(SMB2_COM_CREATE),
            arguments=arguments,
        )
        yield Attack(
            f'{what} answer doubled',
            SMB2,
            ProtocolError,
            NOT_OUTSTANDING.format('SMB2_COM_ECHO'),
            act=echo_twice,
            options={'splits_compounds': True},
            arguments=arguments,
            twist=bent(SMB2_COM_ECHO, lambda answer: [answer, answer]),
        )
    yield Attack(
        'signed answer once more under the id that is due',
        SMB2,
        ProtocolError,
        'The answer to SMB2_COM_ECHO has a wrong signature',
        act=echo_twice,
        arguments=SIGNS,
        twist=again_under_the_right_id,
    )
    yield Attack(
        'answers that have changed places',
        SMB2,
        ProtocolError,
        'The answer to SMB2_COM_ECHO has a wrong signature',
        act=echoes_of(SMB2EchoRequest),
        arguments=SIGNS,
        twist=swapped(SMB2_COM_ECHO, 'message_id'),
    )
    yield Attack(
        'signed answer of another session',
        SMB2,
        ProtocolError,
        'The answer to SMB2_COM_ECHO has a wrong signature',
        act=echo,
        arguments=SIGNS,
        twist=of_another_session(SIGNS),
    )
    yield Attack(
        'sealed answer of another session',
        (0x0302, 0x0311),
        ProtocolError,
        'Encrypted message with a wrong signature',
        act=echo,
        arguments=SEALS,
        twist=of_another_session(SEALS),
    )
    foreign = [
        ('another message id', header('message_id', 3), NOT_OUTSTANDING.format('.*')),
        ('the highest message id', header('message_id', 0xFFFFFFFFFFFFFFFF), NOT_OUTSTANDING.format('.*')),
        ('another command', header('command', SMB2_COM_WRITE), 'The server answered SMB2_COM_.* with SMB2_COM_WRITE'),
        ('no command', header('command', 0x77), 'The server answered SMB2_COM_.* with 0x0077'),
        ('no session', header('session_id', 0), 'The server answered for session 0x0{16}, which is not ours'),
        ('another session', header('session_id', 77), 'The server answered for session 0x0{14}4D, which is not ours'),
        ('a request', header('flags', 0), r'The server sent a request \(SMB2_COM_.*\) instead of an answer'),
    ]
    for command in (SMB2_COM_ECHO, SMB2_COM_CREATE):
        for name, change, text in foreign:
            yield Attack(
                f'{name} in answer to {command}',
                SMB2,
                ProtocolError,
                text,
                arguments=PLAIN,
                act=each_request.EACH[command],
                twist=bent(command, change),
            )
    yield Attack(
        'second interim answer',
        SMB2,
        ProtocolError,
        'The server announced twice that SMB2_COM_ECHO takes longer',
        act=echo,
        arguments=SIGNS,
        twist=bent(SMB2_COM_ECHO, async_twice),
    )
    yield Attack(
        'another AsyncId at the end',
        SMB2,
        ProtocolError,
        'The server ended SMB2_COM_ECHO under another AsyncId than it began',
        act=echo,
        arguments=SIGNS,
        twist=bent(SMB2_COM_ECHO, under_another_async_id),
    )
    yield Attack(
        'oplock break for nobody',
        SMB2,
        ProtocolError,
        r'The server answered message id \d+ \(SMB2_COM_OPLOCK_BREAK\), which is not outstanding',
        act=echo,
        twist=oplock_break,
        arguments=PLAIN,
    )
    yield Attack(
        'SMB1 in the middle of SMB2',
        SMB2,
        SMB2ProtocolHeaderError,
        r'The server sent a message that is not SMB2 \(it begins with ff534d42\)',
        act=echo,
        arguments=PLAIN,
        twist=bent(SMB2_COM_ECHO, header('protocol_id', b'\xffSMB')),
    )
    yield Attack(
        'rubbish behind the first message of a frame',
        SMB2,
        SMB2ProtocolHeaderError,
        '.*',
        act=echo,
        arguments=PLAIN,
        twist=rubbish_behind,
    )


def rubbish_behind(server):
    server.bend(SMB2_COM_ECHO, header('next_command', HEADER_SIZE + 8))
    server.tampering[SMB2_COM_ECHO] = lambda frame: frame.ljust(2 * HEADER_SIZE + 8, b'?')


def _smb1():
    one = (SMB1,)
    mandatory = {'signing': 'mandatory'}
    for what, options in (('plain', {'signing': 'disabled'}), ('signed', mandatory)):
        yield Attack(
            f'{what} SMB1 answer doubled',
            one,
            ProtocolError,
            NOT_OUTSTANDING.format('SMB_COM_ECHO'),
            act=echo_twice,
            options=options,
            twist=bent(SMB_COM_ECHO, lambda a: [a, a]),
        )
        yield Attack(
            f'{what} SMB1 answer once more',
            one,
            ProtocolError,
            NOT_OUTSTANDING.format('SMB_COM_ECHO'),
            act=echo_twice,
            options=options,
            twist=again(SMB_COM_ECHO),
        )
    yield Attack(
        'SMB1 answer once more under the id that is due',
        one,
        ProtocolError,
        'The answer to SMB_COM_ECHO has a wrong signature',
        act=echo_twice,
        options=mandatory,
        twist=again_under_the_right_mid,
    )
    yield Attack(
        'SMB1 answers that have changed places',
        one,
        ProtocolError,
        'The answer to SMB_COM_ECHO has a wrong signature',
        act=echoes_of(lambda: ComEchoRequest(data=b'')),
        options=mandatory,
        twist=swapped(SMB_COM_ECHO, 'mid'),
    )
    foreign = [
        ('another MID', header('mid', 999), NOT_OUTSTANDING.format('.*')),
        (
            'another SMB1 command',
            header('command', SMB_COM_LOGOFF_ANDX),
            'The server answered .* with SMB_COM_LOGOFF_ANDX',
        ),
        ('another UID', header('uid', 7), 'The server answered for session 7, which is not ours'),
        ('another process', header('pid_high', 1), 'The server answered SMB_COM_.* for another process than ours'),
        ('an SMB1 request', header('flags', 0), r'The server sent a request \(SMB_COM_.*\) instead of an answer'),
        (
            'SMB2 in SMB1',
            header('protocol', b'\xfeSMB'),
            r'The server sent a message that is not SMB1 \(it begins with fe534d42\)',
        ),
    ]
    for command in (SMB_COM_ECHO, SMB_COM_NT_CREATE_ANDX):
        for name, change, text in foreign:
            yield Attack(
                f'{name} in answer to {command}',
                one,
                ProtocolError,
                text,
                act=each_smb1_request.EACH[command],
                twist=bent(command, change),
            )
    yield Attack(
        'SMB1 oplock break for nobody',
        one,
        ProtocolError,
        r'The server sent a request \(0x24\) instead of an answer',
        act=echo,
        twist=smb1_oplock_break,
    )


ATTACKS = [*_smb2(), *_smb1()]
