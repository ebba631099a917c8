"""What an attack is: what a server does, to whom, and how it has to end. ``registry.py`` has them all."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

from tests.session import scripted, scripted_smb1

SMB1 = 0x0100
SMB2 = (0x0202, 0x0210, 0x0302, 0x0311)
BEFORE_311 = SMB2[:-1]
SEALING = (0x0302, 0x0311)
EVERY = (SMB1, *SMB2)

MODULES = {True: scripted_smb1, False: scripted}  # by whether it is SMB1


class Attack:
    """One attack in one or several dialects.

    ``prepare(server)`` is called before connect(), ``twist(server)`` when a share has been connected besides, and
    ``act(connection)`` is the call that is to fail; without it connect() is. ``first_line`` is the whole first line of
    the error, as a regular expression. ``closes``: the connection must be closed afterwards, else it must be usable.
    ``last``: the command that must be the last one that the server got; ``''`` for none. ``make(dialect)``: another
    server than the scripted one with ``options``.
    """

    def __init__(
        self,
        name,
        dialects,
        error,
        first_line,
        *,
        act=None,
        prepare=None,
        twist=None,
        options=None,
        arguments=None,
        closes=True,
        last=None,
        make=None,
    ):
        self.name, self.dialects, self.error, self.first_line = name, dialects, error, first_line
        self.act, self.prepare, self.twist, self.closes = act, prepare, twist, closes
        self.last = last
        self.arguments = arguments or {}
        self.make = make or partial(_make, options or {})

    def __repr__(self):
        return self.name


def _make(options, dialect):
    if dialect == SMB1:
        return scripted_smb1.ScriptedSMB1Server(**options)
    return scripted.ScriptedServer(dialect, **options)


class Scene:
    """An attack that has taken place: both sides, and what the caller was told."""

    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.error = None


@contextmanager
def taking_place(attack, dialect, password=scripted.PASSWORD):
    """The scene after the attack, before the connection is closed."""
    server = attack.make(dialect)
    if attack.prepare:
        attack.prepare(server)
    arguments = {'password': password, **attack.arguments}
    module = MODULES[isinstance(server, scripted_smb1.ScriptedSMB1Server)]
    with module.client(server, **arguments) as connection:
        scene = Scene(server, connection)
        try:
            connection.connect('server', 445)
            if attack.twist:
                connection.getAttributes('share', 'file')
                attack.twist(server)
            if attack.act:
                attack.act(connection)
        except AssertionError:
            raise  # no attack ends in one: it has not taken place
        except Exception as error:
            scene.error = error
        yield scene


def bent(command, change, times=1):
    """A twist: the server bends its next answers to a command."""
    return lambda server: server.bend(command, change, times=times)


def echo(connection):
    connection.echo(b'')


def set_field(name, value):
    """Bend a field of the payload."""
    return lambda answer: setattr(answer.payload, name, value)


def header(name, value):
    """Bend a field of the header."""
    return lambda answer: setattr(answer.header, name, value)


def unsigned(answer):
    answer.signed = False


def wrongly_signed(answer):
    answer.signed = answer.spoil_signature = True


def error_status(status, then=None):
    """Bend an answer into an error."""

    def change(answer):
        answer.make_error(status)
        if then is not None:
            then(answer)

    return change


def changed_bytes(position, replacement):
    """Other bytes in a frame on its way."""
    return lambda frame: frame[:position] + replacement + frame[position + len(replacement) :]
