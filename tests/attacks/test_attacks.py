"""A server that attacks is refused, by the right error, and where it lied about its identity it is left at once."""

from __future__ import annotations

import re

import pytest

from smb.errors import NotConnectedError
from tests.attacks.attack import taking_place
from tests.attacks.registry import ATTACKS, CASES
from tests.session.scripted import is_usable


def name_of(value):
    return f'0x{value:04X}' if isinstance(value, int) else repr(value)


@pytest.mark.parametrize(('attack', 'dialect'), CASES, ids=name_of)
def test_attack_is_refused(attack, dialect):
    with taking_place(attack, dialect) as scene:
        error, connection, server = scene.error, scene.connection, scene.server
        assert type(error) is attack.error, error
        first_line = str(error).splitlines()[0]
        assert re.fullmatch(attack.first_line, first_line), first_line
        if attack.last is not None:
            assert (server.commands() or [''])[-1] == attack.last
        if not attack.closes:
            server._bends.clear()
            assert is_usable(connection)
            assert server.open_handles == 0
            return
        assert connection.sock is None and server.transport.sock is None
        sent = len(server.frames)
        with pytest.raises(NotConnectedError):
            connection.echo(b'')
        assert len(server.frames) == sent


def test_there_are_many_attacks_in_each_dialect():
    assert len(ATTACKS) >= 150 and len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    counts = [sum(dialect == wanted for _, dialect in CASES) for wanted in (0x0100, 0x0202, 0x0210, 0x0302, 0x0311)]
    assert min(counts) >= 150, counts
