"""Sign-ons that would leave the user without the protection that was asked for, or without a sound key."""

from __future__ import annotations

from smb import ntstatus
from smb.errors import ProtocolError, UnsupportedFeature
from smb.securityblob import BadSecurityBlobError
from smb.smb2_constants import (
    SMB2_COM_NEGOTIATE,
    SMB2_COM_SESSION_SETUP,
    SMB2_NEGOTIATE_SIGNING_ENABLED,
    SMB2_NEGOTIATE_SIGNING_REQUIRED,
    SMB2_SESSION_FLAG_ENCRYPT_DATA,
    SMB2_SESSION_FLAG_IS_GUEST,
    SMB2_SESSION_FLAG_IS_NULL,
)
from smb.smb_constants import (
    NEGOTIATE_ENCRYPT_PASSWORDS,
    NEGOTIATE_SECURITY_SIGNATURES_ENABLE,
    NEGOTIATE_SECURITY_SIGNATURES_REQUIRE,
    NEGOTIATE_USER_SECURITY,
    SMB_COM_NEGOTIATE,
    SMB_COM_SESSION_SETUP_ANDX,
    SMB_SETUP_GUEST,
)
from tests.attacks.attack import EVERY, SMB1, SMB2, Attack, echo, header, unsigned, wrongly_signed
from tests.auth import server as ntlm

REQUIRED = SMB2_NEGOTIATE_SIGNING_ENABLED | SMB2_NEGOTIATE_SIGNING_REQUIRED
NTLM_FLAGS = {
    'UNICODE': ntlm.UNICODE,
    'NTLM': ntlm.NTLM,
    'EXTENDED_SESSIONSECURITY': ntlm.EXTENDED,
    'SIGN': ntlm.SIGN,
    'KEY_EXCH': ntlm.KEY_EXCH,
    '128': ntlm.STRONG,
}
CHALLENGE_FLAGS, CHALLENGE_TARGET_INFO = 20, 40  # where they are in a CHALLENGE_MESSAGE


# Tokens


def is_smb1(answer):
    return hasattr(answer.payload, 'security_blob')


def token(make):
    """Another token in the answer; ``make(token)`` gives it."""

    def change(answer):
        name = 'security_blob' if is_smb1(answer) else 'security_buffer'
        setattr(answer.payload, name, make(bytes(getattr(answer.payload, name))))

    return change


def challenge(change):
    """Another NTLM message in the first token."""

    def make(old):
        return ntlm.neg_token_resp(token=change(old[old.index(b'NTLMSSP\0') :]))

    return first(token(make))


def first(change):
    def prepare(server):
        command = SMB_COM_SESSION_SETUP_ANDX if hasattr(server, 'smb2_answer') else SMB2_COM_SESSION_SETUP
        server.bend(command, change)

    return prepare


def last(change):
    def prepare(server):
        first(lambda answer: None)(server)
        first(change)(server)

    return prepare


def without_flag(flag):
    def change(message):
        flags = int.from_bytes(message[CHALLENGE_FLAGS : CHALLENGE_FLAGS + 4], 'little') & ~flag
        return message[:CHALLENGE_FLAGS] + flags.to_bytes(4, 'little') + message[CHALLENGE_FLAGS + 4 :]

    return change


def with_target_info(target_info):
    return lambda message: ntlm.challenge(target_info=target_info)


def _flags():
    for name, flag in NTLM_FLAGS.items():
        text = f'The NTLM challenge was downgraded: it lacks NTLMSSP_NEGOTIATE_{name}'
        yield Attack(f'NTLM without {name}', EVERY, ProtocolError, text, prepare=challenge(without_flag(flag)))
    for name in ('EXTENDED_SESSIONSECURITY', 'SIGN', 'KEY_EXCH', '128'):
        text = f'The NTLM challenge was downgraded: it lacks NTLMSSP_NEGOTIATE_{name}'
        yield Attack(
            f'NTLMv1 without {name} where signing is required',
            EVERY,
            ProtocolError,
            text,
            prepare=challenge(without_flag(NTLM_FLAGS[name])),
            arguments={'use_ntlm_v2': False, 'require_signing': True},
        )
    lost = ', '.join(f'NTLMSSP_NEGOTIATE_{name}' for name in NTLM_FLAGS)
    yield Attack(
        'NTLM without any flag',
        EVERY,
        ProtocolError,
        f'The NTLM challenge was downgraded: it lacks {lost}',
        prepare=challenge(without_flag(0xFF7FFFFF)),
    )


def _target_info():
    whole = ntlm.TARGET_INFO_WITH_TIME
    short = r'The target information of an NTLM challenge .*'
    for name, target_info, text in (
        ('without its end', whole[:-4], short),
        ('cut in a pair', whole[:9], short),
        ('with a pair that goes on behind it', b'\2\0\xff\xff' + whole, short),
        (
            'with a timestamp of 4 bytes',
            ntlm.av_pairs((7, bytes(4))),
            'AV_PAIR 7 of an NTLM challenge takes 8 bytes, not 4',
        ),
        ('with flags of 2 bytes', ntlm.av_pairs((6, bytes(2))), 'AV_PAIR 6 of an NTLM challenge takes 4 bytes, not 2'),
        (
            'of 32 KiB',
            ntlm.av_pairs((2, bytes(0x8000)), (7, bytes(8))),
            r'The target information of the NTLM challenge is too long to be answered \(\d+ bytes\)',
        ),
    ):
        yield Attack(
            f'target information {name}', EVERY, ProtocolError, text, prepare=challenge(with_target_info(target_info))
        )
    for name, change, text in (
        ('target information behind the message', outside, 'ChallengeMessage.*'),
        ('a challenge cut', lambda message: message[:31], '.* takes 32 bytes, 31 are there'),
        ('an empty challenge', lambda message: b'', '.* takes 32 bytes, 0 are there'),
        (
            'another NTLM message',
            lambda message: message[:8] + b'\3' + message[9:],
            'This is not an NTLM CHALLENGE message',
        ),
        (
            'an NTLM message with another signature',
            lambda message: b'NTLMSSQ\0' + message[8:],
            'This is not an NTLM CHALLENGE message',
        ),
    ):
        yield Attack(name, EVERY, ProtocolError, text, prepare=challenge(change))


def outside(message):
    at = CHALLENGE_TARGET_INFO
    return message[: at + 4] + b'\xff\xff\0\0' + message[at + 8 :]


def spnego(state=1, mechanism=ntlm.NTLM_OID):
    return first(token(lambda old: ntlm.neg_token_resp(state, mechanism, old[old.index(b'NTLMSSP\0') :])))


def _spnego():
    kerberos = r'Kerberos 1\.2\.840\.113554\.1\.2\.2'
    cannot = r'The security blob cannot be decoded \(.*\)'
    for name, prepare, text in (
        ('Kerberos chosen', spnego(mechanism=ntlm.KERBEROS_OID), f'The server chose {kerberos}, which was not offered'),
        ('NTLM rejected', spnego(2), 'The server rejected NTLM'),
        ('sign-on completed by the challenge', spnego(0), 'The server ended the sign-on before its NTLM challenge'),
        ('success instead of the challenge', first(succeeds), 'The server ended the sign-on before its NTLM challenge'),
        (
            'success rejected',
            last(token(lambda old: ntlm.neg_token_resp(2, mechanism=b''))),
            'The server rejected NTLM, though it reports success',
        ),
        ('one more challenge', last(once_more), 'The server asks for more tokens than NTLM has'),
        (
            'wrong mechListMIC',
            last(token(lambda old: ntlm.neg_token_resp(0, b'', mic=b'\1\0\0\0' + bytes(12)))),
            'The mechListMIC of the server is wrong',
        ),
    ):
        yield Attack(name, EVERY, ProtocolError, text, prepare=prepare)
    for name, prepare in (
        ('no token at all', first(token(lambda old: b''))),
        ('damaged token', first(token(lambda old: b'\xa1rubbish'))),
        ('token of 2 GiB', first(token(lambda old: b'\xa1\x84\x7f\xff\xff\xff' + old))),
        ('token of indefinite length', first(token(lambda old: b'\xa1\x80' * 1000))),
        ('damaged last token', last(token(lambda old: b'\xa1rubbish'))),
    ):
        yield Attack(name, EVERY, BadSecurityBlobError, cannot, prepare=prepare)
    for name, prepare in (
        ('rubbish for a token', first(token(lambda old: b'rubbish'))),
        ('rubbish for the last token', last(token(lambda old: b'rubbish'))),
    ):
        yield Attack(name, EVERY, BadSecurityBlobError, 'The security blob holds no NegTokenResp', prepare=prepare)
    yield Attack(
        'nothing but Kerberos',
        SMB2,
        UnsupportedFeature,
        f'the server does not offer NTLM: it has {kerberos}',
        prepare=only_kerberos,
        last='NEGOTIATE',
    )


def succeeds(answer):
    answer.header.status = ntstatus.STATUS_SUCCESS


def once_more(answer):
    answer.header.status = ntstatus.STATUS_MORE_PROCESSING_REQUIRED


def only_kerberos(server):
    server.bend(
        SMB2_COM_NEGOTIATE,
        lambda answer: setattr(answer.payload, 'security_buffer', ntlm.neg_token_init2(ntlm.KERBEROS_OID)),
    )


# Sessions


def _guests():
    text = 'The server let us in as {}, whose session can be neither signed nor encrypted as was required'
    for flags, who in ((SMB2_SESSION_FLAG_IS_GUEST, 'a guest'), (SMB2_SESSION_FLAG_IS_NULL, 'an anonymous user')):
        for has_keys in (False, True):
            for required, dialects in (('require_signing', SMB2), ('require_encryption', (0x0302, 0x0311))):
                yield Attack(
                    f'{who} where the caller has {required}, has_keys={has_keys}',
                    dialects,
                    ProtocolError,
                    text.format(who),
                    options={'session_flags': flags, 'has_keys': has_keys},
                    arguments={required: True},
                    last='SESSION_SETUP',
                )
        for what, change in (('unsigned', unsigned), ('wrongly signed', wrongly_signed)):
            answer = 'is not signed' if change is unsigned else 'has a wrong signature'
            what = f'{what} answer in a session with a key that is flagged {who}'
            yield Attack(
                what,
                SMB2,
                ProtocolError,
                f'The answer to (a signed )?SMB2_COM_ECHO {answer}',
                options={'session_flags': flags, 'security_mode': REQUIRED},
                act=echo,
                twist=answer_to_echo(change),
            )
        yield Attack(
            f'wrongly signed success of {who}',
            SMB2,
            ProtocolError,
            'The answer to SMB2_COM_SESSION_SETUP has a wrong signature',
            prepare=last(wrongly_signed),
            options={'session_flags': flags},
            last='SESSION_SETUP',
        )
    for required, dialects in (('require_signing', SMB2), ('require_encryption', (0x0302, 0x0311))):
        yield Attack(
            f'nobody signed on where the caller has {required}',
            dialects,
            ProtocolError,
            text.format('an anonymous user'),
            options={'has_keys': False},
            last='SESSION_SETUP',
            arguments={'user': '', 'password': '', required: True},
        )
    no_key = 'The server wants the session encrypted, but there is no key or no cipher for it'
    for name, dialect, options in (
        ('no cipher', 0x0311, {'encrypts': False}),
        ('dialect 2.1', 0x0210, {}),
        ('a guest', 0x0311, {'has_keys': False}),
    ):
        flags = SMB2_SESSION_FLAG_ENCRYPT_DATA | (SMB2_SESSION_FLAG_IS_GUEST if 'has_keys' in options else 0)
        yield Attack(
            f'encryption wanted with {name}',
            (dialect,),
            ProtocolError,
            no_key,
            last='SESSION_SETUP',
            options={'session_flags': flags, **options},
        )


def answer_to_echo(change):
    from smb.smb2_constants import SMB2_COM_ECHO

    return lambda server: server.bend(SMB2_COM_ECHO, change)


def _last_answers():
    not_signed = 'The last answer of the sign-on is not signed'
    wrong = 'The answer to SMB2_COM_SESSION_SETUP has a wrong signature'
    for name, dialects, change, text, options, arguments in (
        ('unsigned success at 3.1.1', (0x0311,), unsigned, not_signed, {}, {}),
        (
            'unsigned success at 3.1.1, though nothing else is signed',
            (0x0311,),
            unsigned,
            not_signed,
            {},
            {'sign_options': 0},
        ),
        (
            'unsigned success where the caller requires signing',
            SMB2,
            unsigned,
            not_signed,
            {},
            {'require_signing': True},
        ),
        (
            'unsigned success where the server requires signing',
            SMB2,
            unsigned,
            not_signed,
            {'security_mode': REQUIRED},
            {},
        ),
        ('wrongly signed success', SMB2, wrongly_signed, wrong, {}, {}),
        ('wrongly signed success, though nothing else is signed', SMB2, wrongly_signed, wrong, {}, {'sign_options': 0}),
    ):
        yield Attack(
            name,
            dialects,
            ProtocolError,
            text,
            prepare=last(change),
            options=options,
            arguments=arguments,
            last='SESSION_SETUP',
        )
    yield Attack(
        'session 0', SMB2, ProtocolError, 'The server gave the session the id 0', prepare=first(header('session_id', 0))
    )
    yield Attack(
        'another session at the end of the sign-on',
        SMB2,
        ProtocolError,
        'The server answered for session 0x000000000000004D, which is not ours',
        prepare=last(header('session_id', 77)),
    )
    for status in ('STATUS_ACCESS_DENIED', 'STATUS_NETWORK_SESSION_EXPIRED', 'STATUS_USER_SESSION_DELETED'):
        number = getattr(ntstatus, status)
        text = rf'The server answered the sign-on with {status}, 0x{number:08X}.*'
        yield Attack(
            f'sign-on ends with {status}',
            SMB2,
            ProtocolError,
            text,
            prepare=last(lambda answer, number=number: answer.make_error(number) or unsigned(answer)),
        )


def _renewals():
    for name, change, text, arguments in (
        (
            'unsigned renewal',
            unsigned,
            'The answer to a signed SMB2_COM_SESSION_SETUP is not signed',
            {'require_signing': True},
        ),
        (
            'wrongly signed renewal',
            wrongly_signed,
            'The answer to SMB2_COM_SESSION_SETUP has a wrong signature',
            {'require_signing': True},
        ),
    ):
        yield Attack(
            name,
            SMB2,
            ProtocolError,
            text,
            act=lambda connection: connection.getAttributes('share', 'file'),
            twist=renewed(change),
            arguments=arguments,
        )
    for flags, who in ((SMB2_SESSION_FLAG_IS_GUEST, 'a guest'), (SMB2_SESSION_FLAG_IS_NULL, 'an anonymous user')):
        text = f'The server let us in as {who}, whose session can be neither signed nor encrypted as was required'
        yield Attack(
            f'new session of {who} for one that is gone',
            SMB2,
            ProtocolError,
            text,
            twist=gone(flags),
            act=lambda connection: connection.getAttributes('share', 'file'),
            arguments={'require_signing': True},
        )


def renewed(change):
    def twist(server):
        server.expire_session()
        last(change)(server)

    return twist


def gone(flags):
    def twist(server):
        server.delete_session()
        server.session_flags = flags

    return twist


# SMB1

CAN = NEGOTIATE_USER_SECURITY | NEGOTIATE_ENCRYPT_PASSWORDS | NEGOTIATE_SECURITY_SIGNATURES_ENABLE
MUST = CAN | NEGOTIATE_SECURITY_SIGNATURES_REQUIRE


def _smb1():
    one = (SMB1,)
    for form in (True, False):
        how = 'tokens' if form else 'bare responses'
        for name, mode, text in (
            (
                'plain-text password asked for',
                NEGOTIATE_USER_SECURITY,
                'The server wants the password as plain text, which is never sent.*',
            ),
            (
                'password of the share asked for',
                NEGOTIATE_ENCRYPT_PASSWORDS,
                'The server protects each share by a password of its own, which is not supported.*',
            ),
            ('plain-text password of the share asked for', 0, 'The server protects each share by a password .*'),
        ):
            yield Attack(
                f'{name}, {how}',
                one,
                UnsupportedFeature,
                text,
                last='NEGOTIATE',
                options={'signing': 'disabled', 'security_mode': mode, 'extended_security': form},
            )
        yield Attack(
            f'no signing where it is required, {how}',
            one,
            UnsupportedFeature,
            last='NEGOTIATE',
            first_line='The server does not sign over SMB1, as was required',
            options={'signing': 'disabled', 'extended_security': form},
            arguments={'require_signing': True},
        )
        for mode, arguments in ((CAN, {'require_signing': True}), (MUST, {'sign_options': 1}), (MUST, {})):
            yield Attack(
                f'no signing behind security mode {mode} and {arguments}, {how}',
                one,
                ProtocolError,
                'The answer to a signed SMB_COM_SESSION_SETUP_ANDX is not signed',
                options={'signing': 'disabled', 'security_mode': mode, 'extended_security': form},
                arguments=arguments,
                last='SESSION_SETUP_ANDX',
            )
        for has_keys in (False, True):
            yield Attack(
                f'a guest where signing is required, {how}, has_keys={has_keys}',
                one,
                ProtocolError,
                'The server let us in as a guest, whose session cannot be signed as was required',
                options={'action': SMB_SETUP_GUEST, 'has_keys': has_keys, 'extended_security': form},
                arguments={'require_signing': True},
                last='SESSION_SETUP_ANDX',
            )
        yield Attack(
            f'nobody signed on where signing is required, {how}',
            one,
            ProtocolError,
            'The server let us in as an anonymous user, whose session cannot be signed as was required',
            options={'has_keys': False, 'extended_security': form},
            arguments={'user': '', 'password': '', 'require_signing': True},
        )
        ending = last if form else first
        for name, change, text in (
            ('unsigned success', unsigned, 'The answer to a signed SMB_COM_SESSION_SETUP_ANDX is not signed'),
            (
                'wrongly signed success',
                wrongly_signed,
                'The answer to SMB_COM_SESSION_SETUP_ANDX has a wrong signature',
            ),
            (
                'success under the number of the request',
                lambda answer: setattr(answer, 'number', 0),
                'The answer to SMB_COM_SESSION_SETUP_ANDX has a wrong signature',
            ),
            ('success without UID', header('uid', 0), 'The server .* session .*'),
        ):
            yield Attack(
                f'{name}, {how}',
                one,
                ProtocolError,
                text,
                prepare=ending(change),
                options={'signing': 'mandatory', 'extended_security': form},
                last='SESSION_SETUP_ANDX',
            )
    for length in (0, 7, 9, 255):
        yield Attack(
            f'challenge of {length} bytes',
            one,
            ProtocolError,
            f'The server sent a challenge of {length} bytes instead of 8.*',
            last='NEGOTIATE',
            options={'extended_security': False, 'challenge': bytes(length)},
        )
    for name, options, text in (
        ('another dialect of SMB1', {'dialect_index': 1}, 'The server chose dialect number 1; we offered one.*'),
        ('no dialect of SMB1', {'dialect_index': 0xFFFF}, r'No common dialect: we offered NT LM 0\.12, .*'),
        ('messages of 9 bytes', {'max_buffer_size': 9}, 'The server announced a longest message of 9 bytes.*'),
    ):
        yield Attack(name, one, ProtocolError, text, options=options, last='NEGOTIATE')
    yield Attack(
        'nothing but Kerberos, SMB1',
        one,
        UnsupportedFeature,
        r'the server does not offer NTLM: it has Kerberos 1\.2\.840\.113554\.1\.2\.2',
        prepare=only_kerberos_smb1,
        last='NEGOTIATE',
    )


def only_kerberos_smb1(server):
    def change(answer):
        answer.payload.bytes_ = b'scripted-server!' + ntlm.neg_token_init2(ntlm.KERBEROS_OID)

    server.bend(SMB_COM_NEGOTIATE, change)


ATTACKS = [*_flags(), *_target_info(), *_spnego(), *_guests(), *_last_answers(), *_renewals(), *_smb1()]
