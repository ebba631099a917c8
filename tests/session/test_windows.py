"""Several requests in flight: answers in any order, few credits and very many, and one of them that is refused."""

from __future__ import annotations

import io
import random
from collections import deque

import pytest

from smb import ntstatus
from smb.base import OperationFailure
from smb.smb2_constants import SMB2_COM_READ, SMB2_COM_WRITE
from tests.session.scripted import ScriptedServer, connected, is_usable

DIALECTS = (0x0202, 0x0210, 0x0302, 0x0311)
PROTECTIONS = {'plain': {}, 'signed': {'require_signing': True}, 'sealed': {'require_encryption': True}}
DATA = random.Random(6).randbytes(1_300_001)
GRANTS = {
    'one at a time': lambda header: max(1, header.credit_charge),
    'as many as it asks for': lambda header: header.credits,
    '8,192 at once': lambda header: 8192,
    'now many, now none': lambda header: 0 if header.message_id % 3 else 300,
}


def server_of(dialect):
    return ScriptedServer(dialect, max_size=65536 if dialect < 0x0210 else 131072)


class AnyOrder(deque):
    """What has arrived, in whatever order."""

    def __init__(self, chance):
        super().__init__()
        self._chance = chance
        self.swaps = 0

    def popleft(self):
        turn = self._chance.randrange(len(self))
        self.swaps += turn > 0
        self.rotate(-turn)
        return super().popleft()


def transfers(connection, server):
    """Down and up again, each compared."""
    server.files['down'] = DATA
    target = io.BytesIO()
    assert connection.retrieveFile('share', 'down', target)[1] == len(DATA)
    assert target.getvalue() == DATA
    assert connection.storeFile('share', 'up', io.BytesIO(DATA)) == len(DATA)
    assert server.files['up'] == DATA
    connection.echo(b'')
    assert server.open_handles == 0


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize(
    ('dialect', 'protection'),
    [(dialect, name) for dialect in DIALECTS for name in PROTECTIONS if dialect >= 0x0300 or name != 'sealed'],
)
def test_answers_of_a_window_come_in_any_order(dialect, protection, seed):
    server = server_of(dialect)
    with connected(server, **PROTECTIONS[protection]) as connection:
        queue = server.transport.queue = AnyOrder(random.Random(seed))
        transfers(connection, server)
        assert queue.swaps > 5


@pytest.mark.parametrize('grant', GRANTS)
@pytest.mark.parametrize('dialect', DIALECTS)
def test_transfers_are_right_however_many_credits_there_are(dialect, grant):
    server = server_of(dialect)
    with connected(server) as connection:
        server.grant = GRANTS[grant]
        transfers(connection, server)
        transfers(connection, server)


@pytest.mark.parametrize('place', [0, 1, 3])
@pytest.mark.parametrize(
    'status',
    [
        'DISK_FULL', 'QUOTA_EXCEEDED', 'MEDIA_WRITE_PROTECTED', 'ACCESS_DENIED', 'SHARING_VIOLATION',
        'FILE_LOCK_CONFLICT', 'IO_DEVICE_ERROR', 'INSUFFICIENT_RESOURCES', 'FILE_CLOSED',
    ],
)  # fmt: skip
@pytest.mark.parametrize('command', [SMB2_COM_READ, SMB2_COM_WRITE])
@pytest.mark.parametrize('dialect', [0x0202, 0x0311])
def test_a_request_in_the_middle_of_a_window_is_refused(dialect, command, status, place):
    """Whatever the others of the window came to, the status is told, nothing stays open, the connection goes on."""
    number = getattr(ntstatus, 'STATUS_' + status)
    seen = []

    def refuse(request):
        if request.command == command and not request.in_compound:
            seen.append(request)
            if len(seen) == place + 1:
                return number
        return None

    server = server_of(dialect)
    server.files['down'] = DATA
    with connected(server) as connection:
        server.refuse = refuse
        with pytest.raises(OperationFailure) as caught:
            if command == SMB2_COM_READ:
                connection.retrieveFile('share', 'down', io.BytesIO())
            else:
                connection.storeFile('share', 'up', io.BytesIO(DATA))
        assert caught.value.status == number
        assert caught.value.smb_messages[-1].status == number
        server.refuse = lambda request: None
        assert is_usable(connection)
        assert server.open_handles == 0
        transfers(connection, server)
