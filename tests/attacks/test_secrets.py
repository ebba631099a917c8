"""No password, hash, key or response is in anything that is logged, printed, raised, pickled or looked at."""

from __future__ import annotations

import base64
import io
import logging
import pickle
import secrets as random
import warnings
from contextlib import contextmanager

import pytest

from smb import ntlm, ntstatus
from smb.errors import OperationFailure
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_SESSION_FLAG_IS_GUEST,
)
from smb.smb_constants import SMB_COM_NT_CREATE_ANDX, SMB_COM_SESSION_SETUP_ANDX, SMB_SETUP_GUEST
from tests.attacks.attack import EVERY, SMB1, SMB2, Attack, error_status, taking_place
from tests.attacks.registry import ATTACKS
from tests.attacks.search import Log, Secrets, as_bytes, reachable, shown_by, shown_by_error, watched
from tests.auth import server as ntlm_server


@contextmanager
def nothing_shown(*, least=5):
    """Gives what takes the scene; at the end nothing of it may show one of at least so many secrets."""
    secrets = Secrets(f'pä55-{random.token_urlsafe(9)}-wörd')
    shown = []
    with warnings.catch_warnings(record=True) as warned, Log().listening() as log, watched(secrets):
        warnings.simplefilter('always')
        yield secrets.password, lambda scene: shown.extend(look_at(scene))
    shown += [('log', line) for line in log.lines] + [('warning', str(warning)) for warning in warned]
    assert len(secrets.values) >= least
    check(secrets, shown)


def look_at(scene):
    connection = scene.connection
    # The password is allowed in a pickle of a connection that is not open: the copy can connect. So it is taken out.
    connection._password = None
    yield from shown_by(connection)
    yield from shown_by_error(scene.error)
    for thing in inside(connection):
        yield from (('state', text) for text in (str(thing), repr(thing)))
    connection.close()
    yield from ((f'closed: {where}', data) for where, data in reachable(connection))
    yield 'closed: repr', repr(connection)
    yield 'closed: pickle', pickle.dumps(connection)


def inside(connection):
    """State that is not public, but might be printed by who debugs."""
    yield connection._session
    yield connection._connection
    exchange = connection._exchange
    if exchange is not None:
        yield from (exchange, exchange.dialect, *exchange.dialect.history, *exchange.dialect.outstanding.values())
        session = exchange.dialect.session
        yield from (session, session.signer, session.sealer, exchange.transport)
        yield pickle.dumps([*exchange.dialect.history])


def check(secrets, shown):
    everything = b'\0\0'.join(as_bytes(data) for _, data in shown)
    for form in secrets.forms():
        if form in everything:
            places = [where for where, data in shown if form in as_bytes(data)]
            pytest.fail(f'{form!r} is in {places}')


# How it is looked for


def test_search_finds_each_form_of_a_secret():
    secrets = Secrets('pä55wörd')
    value = random.token_bytes(16)
    secrets.add(value)
    hidden = [
        secrets.password,
        secrets.password.encode('utf-16-le'),
        value,
        value.hex(),
        value.hex().upper(),
        repr(value),
        str(list(value)),
        *(base64.b64encode(bytes(n) + value + b'!') for n in range(5)),
        base64.b64encode(b'?' + secrets.password.encode('utf-16-le')),
        pickle.dumps({'key': [value]}),
        f'<Session key={value!r}>',
        ntlm_server.nt_hash('pä55wörd').hex(),
    ]
    for thing in hidden:
        with pytest.raises(pytest.fail.Exception):
            check(secrets, [('here', thing)])
    check(secrets, [('here', b'pa55word'), ('there', random.token_bytes(1000))])


def test_search_looks_into_everything():
    secrets = Secrets('pä55wörd')
    error = OperationFailure('failed', [])
    error.smb_messages.append({'nested': [b'pre ' + 'pä55wörd'.encode() + b' post']})
    for raised in (error, raise_from(error), during(error)):
        with pytest.raises(pytest.fail.Exception):
            check(secrets, shown_by_error(raised))
    logging.getLogger('smb.somewhere').disabled = False
    with Log().listening() as log:
        logging.getLogger('smb.somewhere').debug('%s', 'pä55wörd')
    with pytest.raises(pytest.fail.Exception):
        check(secrets, [('log', line) for line in log.lines])


def raise_from(error):
    try:
        raise ValueError('behind') from error
    except ValueError as raised:
        return raised


def during(error):
    try:
        try:
            raise error
        except OperationFailure:
            raise ValueError('behind') from None
    except ValueError as raised:
        return raised


# What is looked at


@pytest.mark.parametrize('number', range(len(ATTACKS)), ids=lambda number: repr(ATTACKS[number]))
def test_attack_brings_no_secret_to_light(number):
    attack = ATTACKS[number]
    dialect = attack.dialects[number % len(attack.dialects)]
    with nothing_shown(least=1) as (password, look), taking_place(attack, dialect, password) as scene:
        look(scene)


def use(connection):
    connection.getAttributes('share', 'file')
    connection.retrieveFile('share', 'large', io.BytesIO())
    connection.storeFile('share', 'new', io.BytesIO(b'data'))
    connection.listPath('share', '/')
    connection.echo(b'data')


def fails(connection):
    use(connection)
    connection.retrieveFile('share', 'no such file', io.BytesIO())


def is_broken_off(connection):
    class Broken:
        def write(self, data):
            raise ZeroDivisionError('the caller is to blame')

    connection.retrieveFile('share', 'large', Broken())


CALLS = {'use': use, 'fails': fails, 'is broken off': is_broken_off}
FORMS = {
    'NTLMv2': {},
    'NTLMv1': {'use_ntlm_v2': False},
    'a domain': {'domain': 'Domäne'},
    'signed': {'require_signing': True},
    'never signed': {'sign_options': 0},
}


@pytest.mark.parametrize('call', CALLS)
@pytest.mark.parametrize('form', FORMS)
@pytest.mark.parametrize('dialect', EVERY)
def test_work_brings_no_secret_to_light(dialect, form, call):
    attack = Attack('none', (dialect,), None, '', act=CALLS[call], arguments=FORMS[form])
    with nothing_shown() as (password, look), taking_place(attack, dialect, password) as scene:
        assert (scene.error is None) is (call == 'use')
        look(scene)


@pytest.mark.parametrize('call', CALLS)
@pytest.mark.parametrize('cipher', [1, 2, 3, 4])
def test_encrypted_work_brings_no_secret_to_light(cipher, call):
    attack = Attack(
        'none', SMB2, None, '', act=CALLS[call], options={'cipher': cipher}, arguments={'require_encryption': True}
    )
    with nothing_shown() as (password, look), taking_place(attack, 0x0311, password) as scene:
        look(scene)


@pytest.mark.parametrize('use_ntlm_v2', [True, False])
@pytest.mark.parametrize('options', [{}, {'signing': 'mandatory'}, {'action': SMB_SETUP_GUEST}])
def test_bare_responses_are_brought_to_light_by_nothing(options, use_ntlm_v2):
    attack = Attack(
        'none',
        (SMB1,),
        None,
        '',
        act=fails,
        options={'extended_security': False, **options},
        arguments={'use_ntlm_v2': use_ntlm_v2},
    )
    with nothing_shown(least=2) as (password, look), taking_place(attack, SMB1, password) as scene:
        look(scene)


@pytest.mark.parametrize(('dialect', 'extended_security'), [*((dialect, True) for dialect in EVERY), (SMB1, False)])
@pytest.mark.parametrize('status', ['STATUS_LOGON_FAILURE', 'STATUS_ACCESS_DENIED', 'STATUS_PASSWORD_EXPIRED'])
def test_refusal_brings_no_secret_to_light(status, dialect, extended_security):
    options = {'extended_security': extended_security} if dialect == SMB1 else {}
    command = SMB_COM_SESSION_SETUP_ANDX if dialect == SMB1 else SMB2_COM_SESSION_SETUP

    def prepare(server):
        if extended_security:
            server.bend(command, lambda answer: None)
        server.bend(command, error_status(getattr(ntstatus, status)))

    attack = Attack('none', (dialect,), None, '', prepare=prepare, options=options)
    with nothing_shown(least=2) as (password, look), taking_place(attack, dialect, password) as scene:
        look(scene)


@pytest.mark.parametrize('protection', [{}, {'require_signing': True}, {'require_encryption': True}])
@pytest.mark.parametrize('end', ['expire_session', 'delete_session'])
@pytest.mark.parametrize('refused', [False, True])
def test_second_sign_on_brings_no_secret_to_light(end, refused, protection):
    def twist(server):
        getattr(server, end)()
        if refused:
            server.bend(SMB2_COM_SESSION_SETUP, lambda answer: None)
            server.bend(SMB2_COM_SESSION_SETUP, error_status(ntstatus.STATUS_LOGON_FAILURE))

    attack = Attack('none', SMB2, None, '', act=fails, twist=twist, arguments=protection)
    with nothing_shown() as (password, look), taking_place(attack, 0x0311, password) as scene:
        assert scene.error is not None
        look(scene)


@pytest.mark.parametrize('dialect', EVERY)
def test_timeout_brings_no_secret_to_light(dialect):
    attack = Attack(
        'none',
        (dialect,),
        None,
        '',
        act=use,
        twist=lambda server: setattr(server, 'holds', {SMB2_COM_READ, SMB2_COM_ECHO, SMB_COM_NT_CREATE_ANDX}),
    )
    with nothing_shown() as (password, look), taking_place(attack, dialect, password) as scene:
        assert isinstance(scene.error, TimeoutError)
        look(scene)


@pytest.mark.parametrize('extended_security', [True, False])
@pytest.mark.parametrize('silent_round', [0, 1])
def test_sign_on_that_is_not_answered_brings_no_secret_to_light(silent_round, extended_security):
    for dialect, command in ((SMB1, SMB_COM_SESSION_SETUP_ANDX), (0x0311, SMB2_COM_SESSION_SETUP)):

        def prepare(server, command=command):
            for _ in range(silent_round):
                server.bend(command, lambda answer: None)
            server.bend(command, lambda answer: [])

        options = {'extended_security': extended_security} if dialect == SMB1 else {}
        attack = Attack('none', (dialect,), None, '', prepare=prepare, options=options)
        with nothing_shown(least=1) as (password, look), taking_place(attack, dialect, password) as scene:
            look(scene)


@pytest.mark.parametrize('status', ['STATUS_ACCESS_DENIED', 'STATUS_STOPPED_ON_SYMLINK', 'STATUS_PATH_NOT_COVERED'])
def test_failure_of_the_first_operation_brings_no_secret_to_light(status):
    """Whose history might reach back to the sign-on."""
    attack = Attack(
        'none',
        SMB2,
        None,
        '',
        act=lambda connection: connection.getAttributes('share', 'file'),
        prepare=lambda server: server.bend(SMB2_COM_CREATE, error_status(getattr(ntstatus, status))),
    )
    with nothing_shown() as (password, look), taking_place(attack, 0x0311, password) as scene:
        assert isinstance(scene.error, OperationFailure)
        look(scene)


def test_hash_in_place_of_a_password_is_not_brought_to_light(monkeypatch):
    with nothing_shown() as (password, look):
        hashed = ntlm_server.nt_hash(password)

        class Hash:
            def update(self, data):
                pass

            def digest(self):
                return hashed

        monkeypatch.setattr(ntlm, 'MD4', Hash)
        attack = Attack('none', SMB2, None, '', act=fails)
        with taking_place(attack, 0x0311, hashed.hex()) as scene:
            look(scene)


def test_password_that_is_asked_for_is_kept_nowhere():
    with nothing_shown() as (password, look):
        attack = Attack('none', SMB2, None, '', act=fails)
        with taking_place(attack, 0x0311, lambda: password) as scene:
            assert not any(password in str(value) for value in vars(scene.connection).values())
            look(scene)


def test_guest_has_no_secret_but_the_password(monkeypatch):
    attack = Attack(
        'none', SMB2, None, '', act=fails, options={'session_flags': SMB2_SESSION_FLAG_IS_GUEST, 'has_keys': False}
    )
    with nothing_shown() as (password, look), taking_place(attack, 0x0311, password) as scene:
        look(scene)
