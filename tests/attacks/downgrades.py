"""Less than both sides can: another dialect, cipher or signing algorithm, SMB1, and no proof of what was agreed on."""

from __future__ import annotations

from smb import ntstatus
from smb.errors import NotConnectedError, ProtocolError, SMBTimeout, UnsupportedFeature
from smb.messages.smb2.ioctl import SMB2ValidateNegotiateInfoResponse
from smb.messages.smb2.negotiate import (
    SMB2EncryptionCapabilities,
    SMB2PreauthIntegrityCapabilities,
    SMB2SigningCapabilities,
)
from smb.smb2_constants import (
    SHA_512,
    SIGNING_AES_GMAC,
    SMB2_COM_IOCTL,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_SESSION_SETUP,
    SMB2_ENCRYPTION_AES128_GCM,
)
from tests.attacks.attack import (
    BEFORE_311,
    SMB1,
    SMB2,
    Attack,
    changed_bytes,
    error_status,
    header,
    set_field,
    unsigned,
    wrongly_signed,
)
from tests.session.scripted_smb1 import ScriptedSMB1Server, hang_up, reset, silence, smb2_error

HASH = SMB2PreauthIntegrityCapabilities(hash_algorithms=(SHA_512,), salt=bytes(32))
CIPHER = SMB2EncryptionCapabilities(ciphers=(SMB2_ENCRYPTION_AES128_GCM,))
SIGNING = SMB2SigningCapabilities(signing_algorithms=(SIGNING_AES_GMAC,))
ALL_OFFERED = '0x0202, 0x0210, 0x0300, 0x0302, 0x0311'


def prepared(command, change):
    return lambda server: server.bend(command, change)


def on_the_way(command, change):
    """Somebody between the two changes the bytes of an answer."""

    def prepare(server):
        server.tampering[command] = change

    return prepare


# NEGOTIATE


def contexts(*given):
    return set_field('negotiate_contexts', given)


def negotiate(*arguments, **keywords):
    """An attack that is over with the first answer: nothing else is sent."""
    return Attack(*arguments, last='NEGOTIATE', **keywords)


def proved(*arguments, **keywords):
    """An attack that the last answer of the sign-on gives away."""
    return Attack(*arguments, last='SESSION_SETUP', **keywords)


def confirm(*arguments, **keywords):
    """An attack that is found out before any operation leaves."""
    return Attack(*arguments, last='IOCTL', act=use, **keywords)


def _dialects():
    for chosen, arguments, offered in (
        (0x0202, {'min_dialect': 0x0210}, '0x0210, 0x0300, 0x0302, 0x0311'),
        (0x0210, {'min_dialect': 0x0300}, '0x0300, 0x0302, 0x0311'),
        (0x0300, {'min_dialect': 0x0302}, '0x0302, 0x0311'),
        (0x0302, {'min_dialect': 0x0311}, '0x0311'),
        (0x02FF, {}, ALL_OFFERED),
        (0x0000, {}, ALL_OFFERED),
        (0x0312, {}, ALL_OFFERED),
        (0x0311, {'max_dialect': 0x0302}, '0x0202, 0x0210, 0x0300, 0x0302'),
    ):
        text = f'The server chose dialect 0x{chosen:04X}; we offered {offered}'
        served = min(0x0311, arguments.get('max_dialect', 0x0311))
        yield negotiate(
            f'dialect 0x{chosen:04X} instead of {offered}',
            (served,),
            ProtocolError,
            text,
            prepare=prepared(SMB2_COM_NEGOTIATE, set_field('dialect_revision', chosen)),
            arguments=arguments,
        )
    for status in ('STATUS_NOT_SUPPORTED', 'STATUS_INVALID_PARAMETER', 'STATUS_ACCESS_DENIED'):
        number = getattr(ntstatus, status)
        text = f'No common dialect: we offered {ALL_OFFERED}, the server answered {status}, 0x{number:08X}'
        yield negotiate(
            f'NEGOTIATE refused with {status}',
            (0x0311,),
            ProtocolError,
            text,
            prepare=prepared(SMB2_COM_NEGOTIATE, error_status(number)),
        )
    for name in ('max_read_size', 'max_write_size', 'max_transact_size'):
        yield negotiate(
            f'{name} of 0',
            SMB2,
            ProtocolError,
            'The server announced a longest read, write or transaction of 0 bytes',
            prepare=prepared(SMB2_COM_NEGOTIATE, set_field(name, 0)),
        )
    yield negotiate(
        'NEGOTIATE in a session',
        SMB2,
        ProtocolError,
        'The server answered for session 0x0000000000000005, which is not ours',
        prepare=prepared(SMB2_COM_NEGOTIATE, header('session_id', 5)),
    )


def _contexts():
    hashes = r'The server chose preauthentication hashes \[{}\]; we offered SHA-512'
    cipher = r'The server chose cipher \[{}\]; we offered one of \(0, 2, 1, 4, 3\)'
    algorithm = r'The server chose signing algorithm \[{}\]; we offered one of \(2, 0, 1\)'
    for name, given, text in (
        ('no contexts', (), hashes.format('')),
        ('hash context stripped', (CIPHER, SIGNING), hashes.format('')),
        ('hash context doubled', (HASH, HASH, CIPHER, SIGNING), hashes.format(r'\(1,\), \(1,\)')),
        ('another hash', (SMB2PreauthIntegrityCapabilities(hash_algorithms=(2,), salt=b''),), hashes.format(r'\(2,\)')),
        (
            'two hashes',
            (SMB2PreauthIntegrityCapabilities(hash_algorithms=(1, 1), salt=b''),),
            hashes.format(r'\(1, 1\)'),
        ),
        ('cipher context doubled', (HASH, CIPHER, CIPHER), cipher.format(r'\(2,\), \(2,\)')),
        ('another cipher', (HASH, SMB2EncryptionCapabilities(ciphers=(5,))), cipher.format(r'\(5,\)')),
        ('two ciphers', (HASH, SMB2EncryptionCapabilities(ciphers=(1, 2))), cipher.format(r'\(1, 2\)')),
        ('empty cipher context', (HASH, SMB2EncryptionCapabilities(ciphers=())), cipher.format(r'\(\)')),
        ('signing context doubled', (HASH, SIGNING, SIGNING), algorithm.format(r'\(2,\), \(2,\)')),
        ('another algorithm', (HASH, SMB2SigningCapabilities(signing_algorithms=(3,))), algorithm.format(r'\(3,\)')),
        ('two algorithms', (HASH, SMB2SigningCapabilities(signing_algorithms=(0, 1))), algorithm.format(r'\(0, 1\)')),
    ):
        yield negotiate(name, (0x0311,), ProtocolError, text, prepare=prepared(SMB2_COM_NEGOTIATE, contexts(*given)))
    # What the server sent is in its hash: whoever strips a context on the way is found out by the last answer.
    wrong = 'The answer to SMB2_COM_SESSION_SETUP has a wrong signature'
    for name, position, replacement in (
        ('security mode changed on the way', 66, b'\x03'),
        ('server GUID changed on the way', 72, b'?'),
        ('capabilities changed on the way', 88, b'\x07'),
        ('largest transaction changed on the way', 94, b'\x01'),
        ('system time changed on the way', 104, b'?'),
    ):
        yield proved(
            name,
            (0x0311,),
            ProtocolError,
            wrong,
            prepare=on_the_way(SMB2_COM_NEGOTIATE, changed_bytes(position, replacement)),
        )
    for name, given in (
        ('cipher context stripped on the way', (HASH, SIGNING)),
        ('signing context stripped on the way', (HASH, CIPHER)),
        ('another of our ciphers on the way', (HASH, SMB2EncryptionCapabilities(ciphers=(1,)), SIGNING)),
        ('another of our algorithms on the way', (HASH, CIPHER, SMB2SigningCapabilities(signing_algorithms=(0,)))),
    ):
        yield proved(name, (0x0311,), ProtocolError, wrong, prepare=replaced_on_the_way(given))
    yield proved('our offer changed on the way', (0x0311,), ProtocolError, wrong, prepare=offer_changed)
    yield proved(
        'first answer of the sign-on changed on the way',
        (0x0311,),
        ProtocolError,
        wrong,
        prepare=on_the_way(SMB2_COM_SESSION_SETUP, changed_bytes(14, b'\x07')),
    )


def replaced_on_the_way(given):
    """The server answers honestly, and remembers that; other contexts arrive."""

    def prepare(server):
        def change(answer):
            server._pack(answer, last=True)  # which puts the honest answer into the server's hash
            honest = server.hash_value
            answer.payload.negotiate_contexts = given
            server.transport.queue.append(server._pack(answer, last=True))
            server.hash_value = honest
            return []

        server.bend(SMB2_COM_NEGOTIATE, change)

    return prepare


def offer_changed(server):
    server.hash_value = bytes(63) + b'x'


def _no_encryption():
    for dialect in (0x0202, 0x0210, 0x0302, 0x0311):
        text = f'Encryption is required, but the server has none at dialect 0x{dialect:04X}'
        yield negotiate(
            f'no encryption at 0x{dialect:04X}',
            (dialect,),
            UnsupportedFeature,
            text,
            options={'encrypts': False},
            arguments={'require_encryption': True},
        )
    yield negotiate(
        'no cipher in common',
        (0x0311,),
        UnsupportedFeature,
        'Encryption is required, but the server has none at dialect 0x0311',
        prepare=prepared(SMB2_COM_NEGOTIATE, contexts(HASH, SMB2EncryptionCapabilities(ciphers=(0,)))),
        arguments={'require_encryption': True},
    )


# FSCTL_VALIDATE_NEGOTIATE_INFO


def use(connection):
    connection.getAttributes('share', 'file')


def question_changed(name, value):
    def change(answer):
        output = SMB2ValidateNegotiateInfoResponse.unpack(answer.payload.output)
        setattr(output, name, value)
        answer.payload.output = output.pack()

    return change


def _validate():
    remembers = 'What was negotiated is not what the server remembers: somebody changed it on the way'
    for name, value in (
        ('capabilities', 0x40),
        ('guid', b'another server!!'),
        ('security_mode', 3),
        ('dialect', 0x0311),
    ):
        yield confirm(
            f'server remembers another {name}',
            BEFORE_311,
            ProtocolError,
            remembers,
            prepare=prepared(SMB2_COM_IOCTL, question_changed(name, value)),
        )
    for name, position, replacement in (
        ('security mode', 66, b'\x03'),
        ('server GUID', 72, b'?'),
        ('capabilities', 88, b'\x02'),
    ):
        yield confirm(
            f'{name} of the answer changed on the way',
            BEFORE_311,
            ProtocolError,
            remembers,
            prepare=on_the_way(SMB2_COM_NEGOTIATE, changed_bytes(position, replacement)),
        )
    for status in ('STATUS_ACCESS_DENIED', 'STATUS_INVALID_PARAMETER'):
        number = getattr(ntstatus, status)
        text = rf'The server refused to confirm what was negotiated \({status}, 0x{number:08X}\)'
        yield confirm(
            f'confirmation refused, {status}',
            BEFORE_311,
            ProtocolError,
            text,
            prepare=prepared(SMB2_COM_IOCTL, error_status(number)),
        )
    not_signed = 'The answer to a signed SMB2_COM_IOCTL is not signed'
    for status in (
        'STATUS_NOT_SUPPORTED',
        'STATUS_INVALID_DEVICE_REQUEST',
        'STATUS_FILE_CLOSED',
        'STATUS_ACCESS_DENIED',
    ):
        yield confirm(
            f'confirmation refused unsigned, {status}',
            BEFORE_311,
            ProtocolError,
            not_signed,
            prepare=prepared(SMB2_COM_IOCTL, error_status(getattr(ntstatus, status), unsigned)),
        )
    for what, arguments in (('', {}), (' in an unsigned session', {'sign_options': 0})):
        yield confirm(
            f'unsigned confirmation{what}',
            BEFORE_311,
            ProtocolError,
            not_signed,
            prepare=prepared(SMB2_COM_IOCTL, unsigned),
            arguments=arguments,
        )
        yield confirm(
            f'wrongly signed confirmation{what}',
            BEFORE_311,
            ProtocolError,
            first_line='The answer to SMB2_COM_IOCTL has a wrong signature',
            prepare=prepared(SMB2_COM_IOCTL, wrongly_signed),
            arguments=arguments,
        )
    yield confirm(
        'confirmation cut',
        BEFORE_311,
        ProtocolError,
        first_line='SMB2ValidateNegotiateInfoResponse takes 24 bytes, 23 are there',
        prepare=prepared(SMB2_COM_IOCTL, cut_output),
    )


def cut_output(answer):
    answer.payload.output = answer.payload.output[:23]


# SMB1


def rubbish():
    return b'HTTP/1.1 400 Bad Request\r\n\r\n'


def smb1_rubbish():
    return b'\xffSMB' + bytes(40)


def smb1_server(answer, **options):
    return lambda dialect: ScriptedSMB1Server(smb2_answer=answer, **options)


def _to_smb1():
    answers = (
        ('hangs up', hang_up, NotConnectedError, 'The server hung up on an offer of .*'),
        ('resets', reset, NotConnectedError, 'The server hung up on an offer of .*'),
        ('is silent', silence, SMBTimeout, 'No answer within .*'),
        (
            'sends rubbish',
            rubbish,
            ProtocolError,
            r'The server sent a message that is not SMB2 \(it begins with 48545450\)',
        ),
        (
            'sends SMB1',
            smb1_rubbish,
            ProtocolError,
            r'The server sent a message that is not SMB2 \(it begins with ff534d42\)',
        ),
    )
    reasons = (
        ({'require_encryption': True}, 'it has no encryption, which is required'),
        ({'min_dialect': 0x0202}, 'it is older than min_dialect'),
        ({'min_dialect': 0x0311}, 'it is older than min_dialect'),
    )
    for what, answer, error, text in answers:
        for arguments, why in reasons:
            yield Attack(
                f'{what} at SMB2, {arguments}',
                (SMB1,),
                error,
                rf'{text} \(SMB1 was not tried, since {why}\)',
                make=smb1_server(answer),
                arguments=arguments,
                last='',
            )
        yield Attack(
            f'{what} at SMB2, and does not sign in SMB1',
            (SMB1,),
            UnsupportedFeature,
            'The server does not sign over SMB1, as was required',
            make=smb1_server(answer, signing='disabled'),
            arguments={'require_signing': True},
            last='NEGOTIATE',
        )
    for status in ('STATUS_NOT_SUPPORTED', 'STATUS_INVALID_PARAMETER'):
        number = getattr(ntstatus, status)
        text = f'No common dialect: we offered {ALL_OFFERED}, the server answered {status}, 0x{number:08X}'
        yield Attack(
            f'{status} at SMB2, to be asked for SMB1',
            (SMB1,),
            ProtocolError,
            text,
            make=smb1_server(smb2_error(number)),
            last='',
        )


ATTACKS = [*_dialects(), *_contexts(), *_no_encryption(), *_validate(), *_to_smb1()]
