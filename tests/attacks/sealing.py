"""Plain answers where they are to be sealed, and sealed ones that are not what they should be."""

from __future__ import annotations

from types import SimpleNamespace

from smb import ntstatus
from smb.crypto.sealing import KEY_LENGTHS, Sealer
from smb.errors import ProtocolError, SMB2ProtocolHeaderError
from smb.messages.smb2.transform import SMB2TransformHeader
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_READ,
    SMB2_COM_WRITE,
    SMB2_COMMAND_NAMES,
    SMB2_SESSION_FLAG_ENCRYPT_DATA,
    SMB2_TRANSFORM_PROTOCOL_ID,
)
from tests.attacks import bulk
from tests.attacks.attack import SEALING, Attack, bent, changed_bytes, echo, error_status
from tests.session import each_request

SEALS = {'require_encryption': True}
PLAIN = 'The server answered a sealed {} with a plain message'
WRONG = 'Encrypted message with a wrong signature'
HEADER = SMB2TransformHeader.fixed_size()


def plain(answer):
    answer.sealed = False


def plain_and_signed(answer):
    answer.sealed, answer.signed = False, True


def _plain_answers():
    for command, act in each_request.EACH.items():
        name = SMB2_COMMAND_NAMES[command]
        for what, change in (('plain', plain), ('plain and signed', plain_and_signed)):
            yield Attack(
                f'{what}, {name}',
                SEALING,
                ProtocolError,
                PLAIN.format(name),
                act=act,
                arguments=SEALS,
                twist=bent(command, change),
            )
    for name, command in (
        ('query', SMB2_COM_CREATE),
        ('query', SMB2_COM_CLOSE),
        ('open and read', SMB2_COM_READ),
        ('write small', SMB2_COM_WRITE),
        ('list', SMB2_COM_QUERY_DIRECTORY),
    ):
        text = PLAIN.format(SMB2_COMMAND_NAMES[command])
        yield Attack(
            f'plain {SMB2_COMMAND_NAMES[command]} in the compound "{name}"',
            SEALING,
            ProtocolError,
            text,
            act=each_request.COMPOUNDS[name],
            arguments=SEALS,
            twist=bent(command, plain_and_signed),
        )
    for direction, act, command in (('read', bulk.read, SMB2_COM_READ), ('write', bulk.write, SMB2_COM_WRITE)):
        yield Attack(
            f'plain answer to a large {direction}',
            SEALING,
            ProtocolError,
            PLAIN.format(SMB2_COMMAND_NAMES[command]),
            act=act,
            arguments=SEALS,
            twist=bent(command, plain_and_signed),
        )
    for status in ('STATUS_PENDING', 'STATUS_USER_SESSION_DELETED', 'STATUS_NETWORK_SESSION_EXPIRED'):
        change = error_status(getattr(ntstatus, status), plain)
        yield Attack(
            f'plain {status}',
            SEALING,
            ProtocolError,
            PLAIN.format('SMB2_COM_CREATE'),
            arguments=SEALS,
            act=each_request.COMPOUNDS['query'],
            twist=bent(SMB2_COM_CREATE, change),
        )
    yield Attack(
        'plain answer where the server wanted the session sealed',
        SEALING,
        ProtocolError,
        PLAIN.format('SMB2_COM_ECHO'),
        options={'session_flags': SMB2_SESSION_FLAG_ENCRYPT_DATA},
        act=lambda connection: connection.echo(b''),
        twist=bent(SMB2_COM_ECHO, plain_and_signed),
    )
    for sign_options in (0, 1):
        yield Attack(
            f'plain answer from a share that is to be sealed, sign_options={sign_options}',
            SEALING,
            ProtocolError,
            PLAIN.format('SMB2_COM_CREATE'),
            act=of_the_sealed_share,
            arguments={'sign_options': sign_options},
            twist=bent(SMB2_COM_CREATE, plain_and_signed),
        )


def of_the_sealed_share(connection):
    connection.getAttributes('sealed', 'file')


def sealed_by(make):
    """An answer sealed by another sealer than the session's."""

    def twist(server):
        def change(answer):
            session = answer.session
            answer.session = SimpleNamespace(id=session.id, signer=session.signer, sealer=make(server))

        server.bend(SMB2_COM_ECHO, change)

    return twist


def of_another_key(server):
    key = bytes(KEY_LENGTHS[server.cipher])
    return Sealer(server.cipher, key, key)


def sealed_for(session_id):
    return bent(SMB2_COM_ECHO, lambda answer: setattr(answer, 'sealed_for', session_id))


def tampered(change):
    def twist(server):
        server.tampering[SMB2_COM_ECHO] = change

    return twist


def reflected(server):
    """The client's own sealed request comes back."""
    server.tampering[SMB2_COM_ECHO] = lambda frame: server.frames[-1]


def repeated(server):
    """The sealed answer to an earlier request comes in the place of this one."""

    def take(frame):
        server.tampering[SMB2_COM_ECHO] = lambda _: frame
        return frame

    server.tampering[SMB2_COM_ECHO] = take


def echo_twice(connection):
    connection.echo(b'')
    connection.echo(b'')


def sealed_bytes(content):
    def twist(server):
        def change(answer):
            server.transport.queue.append(server._seal(answer, content))
            return []

        server.bend(SMB2_COM_ECHO, change)

    return twist


def _sealed_answers():
    cases = [
        ('sealed by another key', sealed_by(of_another_key), WRONG),
        ('another nonce', tampered(changed_bytes(20, b'????')), WRONG),
        ('another signature', tampered(changed_bytes(4, b'????')), WRONG),
        ('another ciphertext', tampered(changed_bytes(HEADER + 3, b'?')), WRONG),
        ('sealed for no session', sealed_for(0), 'The server sealed a message for session 0x0{16}, which is not ours'),
        (
            'sealed for another session',
            sealed_for(77),
            'The server sealed a message for session 0x000000000000004D, which is not ours',
        ),
        (
            'flags of the transform',
            tampered(changed_bytes(42, b'\2\0')),
            'The server sealed a message with flags 0x0002 instead of 1',
        ),
        (
            'size of the transform',
            tampered(changed_bytes(36, b'\xff\xff\xff\x7f')),
            r'A sealed message of \d+ bytes says that it has 2147483647',
        ),
        ('sealed message cut', tampered(lambda frame: frame[:-1]), r'A sealed message of \d+ bytes says .*'),
        ('request reflected', reflected, WRONG),
        ('nothing sealed', sealed_bytes(b''), 'What the server sealed is not an SMB2 message'),
        (
            'sealed inside sealed',
            sealed_bytes(SMB2_TRANSFORM_PROTOCOL_ID + bytes(60)),
            'What the server sealed is not an SMB2 message',
        ),
        ('SMB1 inside sealed', sealed_bytes(b'\xffSMB' + bytes(60)), 'What the server sealed is not an SMB2 message'),
    ]
    for name, twist, text in cases:
        yield Attack(name, SEALING, ProtocolError, text, act=echo, twist=twist, arguments=SEALS)
    yield Attack(
        'sealed answer once more',
        SEALING,
        ProtocolError,
        r'The server answered message id \d+ \(SMB2_COM_ECHO\), which is not outstanding',
        act=echo_twice,
        twist=repeated,
        arguments=SEALS,
    )
    yield Attack(
        'compressed message',
        SEALING,
        SMB2ProtocolHeaderError,
        r'The server sent a message that is not SMB2 \(it begins with fc534d42\)',
        act=echo,
        twist=tampered(lambda frame: b'\xfcSMB' + frame[4:]),
        arguments=SEALS,
    )
    for dialect, arguments in ((0x0210, {}), (0x0311, {'user': '', 'password': ''})):
        options = {} if arguments == {} else {'has_keys': False}
        yield Attack(
            f'sealed message without encryption, 0x{dialect:04X}',
            (dialect,),
            ProtocolError,
            'The server sent a sealed message on a session without encryption',
            act=echo,
            options=options,
            twist=sealed_for_nobody,
            arguments=arguments,
        )


def sealed_for_nobody(server):
    transform = SMB2TransformHeader(nonce=bytes(16), original_message_size=0, session_id=server.session.id)
    server.tampering[SMB2_COM_ECHO] = lambda frame: transform.pack()


ATTACKS = [*_plain_answers(), *_sealed_answers()]
