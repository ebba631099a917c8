"""Answers that are not signed as they should be, in every dialect: small ones, large ones, and inside compounds."""

from __future__ import annotations

from types import SimpleNamespace

from smb import ntstatus
from smb.crypto.signing import signer
from smb.errors import NotConnectedError, ProtocolError
from smb.messages.smb1.header import COMMAND_NAMES
from smb.smb2_constants import (
    SMB2_COM_CLOSE,
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_READ,
    SMB2_COM_SET_INFO,
    SMB2_COM_TREE_CONNECT,
    SMB2_COM_WRITE,
    SMB2_COMMAND_NAMES,
)
from smb.smb_constants import SMB_COM_READ_ANDX, SMB_COM_TRANSACTION2, SMB_COM_WRITE_ANDX
from tests.attacks import bulk
from tests.attacks.attack import SMB1, SMB2, Attack, bent, changed_bytes, error_status, unsigned, wrongly_signed
from tests.session import each_request, each_smb1_request

NOT_SIGNED = 'The answer to a signed {} is not signed'
WRONG = 'The answer to {} has a wrong signature'
SIGNS = {'require_signing': True}

unsigned_error = error_status(ntstatus.STATUS_OBJECT_NAME_NOT_FOUND, unsigned)


def signed_with_another_key(answer):
    key = signer(answer.session.signer.algorithm_id, bytes(16))
    answer.signed, answer.session = True, SimpleNamespace(signer=key, hash_value=bytes(64), id=answer.session.id)


def signed_by_zeros(answer):
    answer.signed = True
    zero = SimpleNamespace(sign=lambda *arguments: bytes(16))
    answer.session = SimpleNamespace(signer=zero, hash_value=bytes(64), id=answer.session.id)


def signed_as_the_request(answer):
    """The client's own signature comes back."""
    own = answer.request.header.signature
    answer.signed = True
    answer.session = SimpleNamespace(
        signer=SimpleNamespace(sign=lambda *arguments: own), hash_value=bytes(64), id=answer.session.id
    )


CHANGES = (
    ('unsigned', unsigned, NOT_SIGNED),
    ('unsigned error', unsigned_error, NOT_SIGNED),
    ('wrong signature', wrongly_signed, WRONG),
    ('another key', signed_with_another_key, WRONG),
    ('zeros for a signature', signed_by_zeros, WRONG),
    ('signature of the request', signed_as_the_request, WRONG),
)


def _each_command():
    for command, act in each_request.EACH.items():
        name = SMB2_COMMAND_NAMES[command]
        for number, (what, change, text) in enumerate(CHANGES):
            yield Attack(
                f'{what}, {name}',
                SMB2 if number < 3 else (0x0202, 0x0311),
                ProtocolError,
                text.format(name),
                act=act,
                arguments=SIGNS,
                twist=bent(command, change),
            )


def _compounds():
    places = {
        'query': (SMB2_COM_CREATE, SMB2_COM_CLOSE),
        'open and read': (SMB2_COM_CREATE, SMB2_COM_READ, SMB2_COM_CLOSE),
        'write small': (SMB2_COM_CREATE, SMB2_COM_WRITE, SMB2_COM_CLOSE),
        'change': (SMB2_COM_CREATE, SMB2_COM_SET_INFO, SMB2_COM_CLOSE),
        'list': (SMB2_COM_CREATE, SMB2_COM_QUERY_DIRECTORY),
    }
    for name, commands in places.items():
        for command in commands:
            for what, change, text in CHANGES[:3]:
                text = text.format(SMB2_COMMAND_NAMES[command])
                yield Attack(
                    f'{what}, {SMB2_COMMAND_NAMES[command]} in the compound "{name}"',
                    SMB2,
                    ProtocolError,
                    text,
                    act=each_request.COMPOUNDS[name],
                    arguments=SIGNS,
                    twist=bent(command, change),
                )


def _bulk():
    for direction, act, command in (('read', bulk.read, SMB2_COM_READ), ('write', bulk.write, SMB2_COM_WRITE)):
        name = SMB2_COMMAND_NAMES[command]
        for what, change, text in CHANGES[:4]:
            yield Attack(
                f'{what}, large {direction}',
                SMB2,
                ProtocolError,
                text.format(name),
                act=act,
                arguments=SIGNS,
                twist=bent(command, change),
            )
    for position in (100, 30_000, -1):
        yield Attack(
            f'byte {position} of a large read changed',
            SMB2,
            ProtocolError,
            WRONG.format('SMB2_COM_READ'),
            act=bulk.read_one,
            arguments=SIGNS,
            twist=tampering(SMB2_COM_READ, position),
        )


def tampering(command, position):
    def twist(server):
        def change(frame):
            at = position % len(frame)
            return changed_bytes(at, bytes([frame[at] ^ 1]))(frame)

        server.tampering[command] = change

    return twist


def _unsigned_sessions():
    """What is proved even where nothing else is signed."""
    plain = {'sign_options': 0}
    for what, change, text in (CHANGES[0], *CHANGES[2:5]):
        name = SMB2_COMMAND_NAMES[SMB2_COM_TREE_CONNECT]
        yield Attack(
            f'{what}, TREE_CONNECT of an unsigned session',
            (0x0311,),
            ProtocolError,
            text.format(name),
            act=each_request.EACH[SMB2_COM_TREE_CONNECT],
            arguments=plain,
            twist=bent(SMB2_COM_TREE_CONNECT, change),
        )
    for what, change, text in CHANGES[2:5]:
        yield Attack(
            f'{what}, which nobody asked for',
            SMB2,
            ProtocolError,
            text.format('SMB2_COM_ECHO'),
            act=each_request.EACH[SMB2_COM_ECHO],
            arguments=plain,
            twist=bent(SMB2_COM_ECHO, change),
        )


def _session_ends():
    for status in ('STATUS_USER_SESSION_DELETED', 'STATUS_NETWORK_SESSION_EXPIRED'):
        number = getattr(ntstatus, status)
        text = f'The server ended the session, in an answer that is not signed ({status}, 0x{number:08X})'
        yield Attack(
            f'unsigned {status}',
            SMB2,
            NotConnectedError,
            _literally(text),
            arguments=SIGNS,
            act=each_request.COMPOUNDS['query'],
            twist=bent(SMB2_COM_CREATE, error_status(number, unsigned)),
        )
        yield Attack(
            f'wrongly signed {status}',
            SMB2,
            ProtocolError,
            WRONG.format('SMB2_COM_CREATE'),
            arguments=SIGNS,
            act=each_request.COMPOUNDS['query'],
            twist=bent(SMB2_COM_CREATE, error_status(number, wrongly_signed)),
        )


def _literally(text):
    from re import escape

    return escape(text)


# SMB1


def empty_signature(answer):
    answer.signature = bytes(8)


def signed_with_the_number_before(answer):
    answer.number -= 2


def signed_with_the_number_of_the_request(answer):
    answer.number -= 1


SMB1_CHANGES = (
    ('unsigned', unsigned, NOT_SIGNED),
    ('unsigned error', unsigned_error, NOT_SIGNED),
    ('empty signature', empty_signature, NOT_SIGNED),
    ('wrong signature', wrongly_signed, WRONG),
    ('number of the answer before', signed_with_the_number_before, WRONG),
    ('number of the request', signed_with_the_number_of_the_request, WRONG),
)
SMB1_SIGNS = {'options': {'signing': 'mandatory', 'batch': 2}, 'arguments': SIGNS}


def _smb1():
    for command, act in each_smb1_request.EACH.items():
        name = COMMAND_NAMES[command]
        for what, change, text in SMB1_CHANGES:
            yield Attack(
                f'{what}, {name}',
                (SMB1,),
                ProtocolError,
                text.format(name),
                act=act,
                twist=bent(command, change),
                **SMB1_SIGNS,
            )
    for direction, act, command in (('read', bulk.read, SMB_COM_READ_ANDX), ('write', bulk.write, SMB_COM_WRITE_ANDX)):
        for what, change, text in SMB1_CHANGES[:4]:
            yield Attack(
                f'{what}, large SMB1 {direction}',
                (SMB1,),
                ProtocolError,
                text.format(COMMAND_NAMES[command]),
                act=act,
                twist=bent(command, change),
                **SMB1_SIGNS,
            )
    for what, change, text in SMB1_CHANGES[:1] + SMB1_CHANGES[2:]:
        yield Attack(
            f'{what}, last part of a transaction',
            (SMB1,),
            ProtocolError,
            text.format(COMMAND_NAMES[SMB_COM_TRANSACTION2]),
            act=each_smb1_request.list_folder,
            twist=last_part(change),
            options={'signing': 'mandatory', 'part_size': 50},
            arguments=SIGNS,
        )


def last_part(change):
    def twist(server):
        server.arrange = lambda parts: change(parts[-1]) or parts

    return twist


ATTACKS = [*_each_command(), *_compounds(), *_bulk(), *_unsigned_sessions(), *_session_ends(), *_smb1()]
