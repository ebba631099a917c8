"""Whole frames into the session of SMB2 and of SMB1: each ends in an error of the library or in an answer, and quickly.

The bytes are mutated before the server of the tests signs or seals them, so that they get past the signature; what
happens to frames on the way, and to the sign-on, ``tests/session/test_garbage.py`` tries as well.
"""

from __future__ import annotations

import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from smb.errors import SMBException
from smb.messages.smb1.header import COMMAND_NAMES
from smb.messages.smb2.create import SMB2CreateResponse
from smb.messages.smb2.info import SMB2QueryInfoResponse
from smb.messages.smb2.ioctl import SMB2IoctlResponse
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.messages.smb2.read_write import SMB2ReadResponse
from smb.messages.smb2.simple import SMB2ErrorResponse
from smb.ntstatus import STATUS_ACCESS_DENIED, STATUS_PENDING
from smb.smb2_constants import (
    SMB2_COM_CREATE,
    SMB2_COM_ECHO,
    SMB2_COM_IOCTL,
    SMB2_COM_NEGOTIATE,
    SMB2_COM_QUERY_DIRECTORY,
    SMB2_COM_QUERY_INFO,
    SMB2_COM_READ,
    SMB2_COM_SESSION_SETUP,
    SMB2_COMMAND_NAMES,
)
from tests.fuzz.harness import LONGEST_SECONDS, SEED_NAME, generator, run_seed, untraced
from tests.fuzz.hostile import LONGEST_FRAME, echo, transform
from tests.fuzz.mutations import Mutator, systematic
from tests.session import each_smb1_request
from tests.session.each_request import COMPOUNDS, EACH, exchange_of, tree_of
from tests.session.scripted import ScriptedServer, client, connected, is_usable
from tests.session.scripted_smb1 import ScriptedSMB1Server

MUTATIONS = 40  # of each call, systematic ones and random ones each
SIGN_ON_MUTATIONS = 40  # those need a new connection each
MOST_MEMORY = 64 << 20
PROTECTIONS: dict[str, dict[str, Any]] = {'plain': {'sign_options': 0}, 'sealed': {'require_encryption': True}}
CALLS: dict[str, Callable[[Any], object]] = {**{SMB2_COMMAND_NAMES[n]: call for n, call in EACH.items()}, **COMPOUNDS}

SMB1_CALLS: dict[str, Callable[[Any], object]] = {
    **{COMMAND_NAMES[command]: call for command, call in each_smb1_request.EACH.items()}, **COMPOUNDS
}  # fmt: skip

protected = pytest.mark.parametrize('protection', PROTECTIONS)
Change = Callable[[bytes], bytes]


class Bent:
    """One connection to a server that changes the content of its frames, and is mended after each change."""

    def __init__(self, protection: str) -> None:
        self.arguments = PROTECTIONS[protection]
        self.server = ScriptedServer()
        self.change: Change | None = None
        self.last = b''  # the honest content that was changed last
        if protection == 'sealed':
            seal = self.server._seal
            self.server._seal = lambda answer, message: seal(answer, self._changed(message))
        else:
            self.server.tampering = _EachFrame(self._changed)

    @contextmanager
    def connected(self) -> Iterator[Bent]:
        with connected(self.server, **self.arguments) as self.connection:
            self.server._granted = 1 << 40
            yield self

    def _changed(self, content: bytes) -> bytes:
        self.last = bytes(content)
        return self.last if self.change is None else self.change(self.last)

    def attempt(self, call: Callable[[Any], object], change: Change) -> None:
        """One call, during which every frame is changed; AssertionError when it ends in a wrong way, or late."""
        tree_of(self.connection)
        self.change = change
        begin = time.process_time()
        try:
            call(self.connection)
        except SMBException as error:
            str(error)
        except Exception as error:
            raise AssertionError(f'{error!r}\n{SEED_NAME}={run_seed()}\nbytes: {change(self.last).hex()}') from error
        finally:
            self.change = None
        assert time.process_time() - begin < LONGEST_SECONDS, change(self.last)[:4096].hex()
        self._mend()

    def _mend(self) -> None:
        connection, server = self.connection, self.server
        connection._trees.pop('other', None)
        server.transport.connect('', 0, None, None, '', '')
        server.transport.queue.clear()
        exchange = exchange_of(connection)
        exchange._later.clear()
        dialect = exchange.dialect
        dialect.outstanding.clear()
        dialect.credits.available = 512
        server._next_id = dialect.credits.next_message_id
        dialect.connection.refused_information_classes.clear()
        dialect.connection.refuses_compounds = False
        server.files = {'file': b'content of the file', 'large': bytes(range(256)) * 4096}
        assert is_usable(connection)


class _EachFrame(dict[int, Change]):
    """One change for the answers to every command, however often."""

    def __init__(self, change: Change) -> None:
        super().__init__()
        self._change = change

    def __contains__(self, command: object) -> bool:
        return True

    def pop(self, command: int, *default: object) -> Change:
        return self._change


def honest_frames(bent: Bent, call: Callable[[Any], object]) -> list[bytes]:
    """The contents of the frames that answer a call."""
    seen: list[bytes] = []

    def look(content: bytes) -> bytes:
        seen.append(content)
        return content

    bent.attempt(call, look)
    return seen


def only(number: int, mutated: bytes) -> Change:
    """Replaces the frame of this number, counted from 0, and leaves those before it as they are."""
    counter = itertools.count()
    return lambda content: mutated if next(counter) == number else content


@protected
@pytest.mark.parametrize('name', CALLS)
def test_mutated_frames_are_read_or_refused(name: str, protection: str) -> None:
    rng = generator(f'{name} {protection}')
    with untraced(), Bent(protection).connected() as bent:
        call = CALLS[name]
        seeds = honest_frames(bent, call)
        assert seeds
        seeds = seeds[:8]  # of a large transfer all others are like these
        regular = [(n, data) for n, seed in enumerate(seeds) for data in systematic(seed[:400])]
        for number, data in rng.sample(regular, min(MUTATIONS, len(regular))):
            bent.attempt(call, only(number, data))
        mutators = [Mutator(rng, [seed[:2048]]) for seed in seeds]
        for count in range(MUTATIONS):
            number = count % len(seeds)
            bent.attempt(call, only(number, mutators[number].next()))


def attempt_smb1(call: Callable[[Any], object], change: Change) -> None:
    """One call over SMB1, on a connection of its own, whose answers are changed."""
    server = ScriptedSMB1Server(batch=2, hangs_up=True)
    with connected(server, sign_options=0) as connection:
        server.tampering = _EachFrame(change)
        begin = time.process_time()
        try:
            call(connection)
        except SMBException as error:
            str(error)
        except Exception as error:
            raise AssertionError(f'{error!r}\n{SEED_NAME}={run_seed()}') from error
        assert time.process_time() - begin < LONGEST_SECONDS
        server.tampering = {}


@pytest.mark.parametrize('name', SMB1_CALLS)
def test_mutated_frames_of_smb1_are_read_or_refused(name: str) -> None:
    rng, seeds = generator(f'{name} SMB1'), []

    def look(content: bytes) -> bytes:
        seeds.append(bytes(content))
        return content

    with untraced():
        attempt_smb1(SMB1_CALLS[name], look)
        assert seeds
        del seeds[8:]  # of a large transfer all others are like these
        regular = [(n, data) for n, seed in enumerate(seeds) for data in systematic(seed[:400])]
        mutators = [(n, Mutator(rng, [seed[:2048]])) for n, seed in enumerate(seeds)]
        mutated = [(n, mutator.next()) for _ in range(MUTATIONS // len(seeds) + 1) for n, mutator in mutators]
        for number, data in [*rng.sample(regular, min(MUTATIONS, len(regular))), *mutated]:
            attempt_smb1(SMB1_CALLS[name], only(number, data))


NESTED: dict[str, Change] = {
    'a transform in its place': transform,
    'a transform in a transform': lambda content: transform(transform(content)),
    'a compound with a transform behind it': lambda content: echo(72)[:72] + transform(content),
    'a transform between two messages': lambda content: (
        content[:20] + (len(content) + -len(content) % 8).to_bytes(4, 'little') + content[24:]
        + bytes(-len(content) % 8) + transform(content) + content
    ),
    'the same answer twice': lambda content: (
        content[:20] + (len(content) + -len(content) % 8).to_bytes(4, 'little') + content[24:]
        + bytes(-len(content) % 8) + content
    ),
    'answers to nothing': lambda content: echo(72)[:72] * 1000 + content,
    'a compressed message': lambda content: b'\xfcSMB' + content,
    'an SMB1 message': lambda content: b'\xffSMB' + content[4:],
    'nothing': lambda content: b'',
    'a transform alone': lambda content: transform(b''),
}  # fmt: skip


@protected
@pytest.mark.parametrize('what', NESTED)
def test_messages_inside_one_another_end_the_connection(what: str, protection: str) -> None:
    with Bent(protection).connected() as bent:
        connection = bent.connection
        tree_of(connection)
        bent.change = NESTED[what]
        with pytest.raises(SMBException):
            EACH[SMB2_COM_ECHO](connection)
        assert connection.sock is None


@pytest.mark.parametrize('command', [SMB2_COM_NEGOTIATE, SMB2_COM_SESSION_SETUP], ids=SMB2_COMMAND_NAMES.get)
def test_mutated_frames_of_the_sign_on_are_read_or_refused(command: int) -> None:
    rng, frames = generator(f'sign-on {command}'), []

    def look(frame: bytes) -> bytes:
        frames.append(frame)
        return frame

    server = ScriptedServer()
    server.tampering[command] = look
    with client(server, sign_options=0) as connection:
        assert connection.connect('server')
    mutator = Mutator(rng, frames)
    regular = rng.sample(list(systematic(frames[0])), SIGN_ON_MUTATIONS)
    for data in [*regular, *(mutator.next() for _ in range(SIGN_ON_MUTATIONS))]:
        server = ScriptedServer(hangs_up=True)
        server.tampering[command] = lambda frame, data=data: data
        begin = time.process_time()
        with client(server, sign_options=0) as connection:
            try:
                assert connection.connect('server') in (True, False)
            except SMBException as error:
                str(error)
            except Exception as error:
                raise AssertionError(f'{error!r}\n{SEED_NAME}={run_seed()}\nbytes: {data.hex()}') from error
        assert time.process_time() - begin < LONGEST_SECONDS


ROOM = LONGEST_FRAME - 512
LONG: dict[str, tuple[int, Callable[[], Any]]] = {
    'data': (SMB2_COM_READ, lambda: SMB2ReadResponse(data=bytes(ROOM))),
    'entries': (SMB2_COM_QUERY_DIRECTORY, lambda: SMB2QueryDirectoryResponse(output_buffer=bytes(ROOM))),
    'a descriptor': (SMB2_COM_QUERY_INFO, lambda: SMB2QueryInfoResponse(output_buffer=bytes(ROOM))),
    'output': (SMB2_COM_IOCTL, lambda: SMB2IoctlResponse(ctl_code=0, file_id=bytes(16), output=bytes(ROOM))),
    'an error': (SMB2_COM_CREATE, lambda: SMB2ErrorResponse(error_data=bytes(ROOM))),
    'an interim answer': (SMB2_COM_ECHO, lambda: SMB2ErrorResponse(error_data=bytes(ROOM))),
    'create contexts': (
        SMB2_COM_CREATE,
        lambda: SMB2CreateResponse(
            create_action=1, creation_time=0, last_access_time=0, last_write_time=0, change_time=0, allocation_size=0,
            end_of_file=0, file_attributes=0, file_id=bytes(16), create_contexts=((b'name', bytes(ROOM)),),
        ),
    ),
}  # fmt: skip
TAKEN = ('a descriptor', 'output', 'create contexts')  # which are as long as they say, and are looked at elsewhere


@pytest.mark.parametrize('what', LONG)
def test_an_answer_as_long_as_a_frame_can_be_costs_little(what: str) -> None:
    command, make = LONG[what]
    payload = make()

    def bent(answer: Any) -> None:
        answer.payload = payload
        if isinstance(payload, SMB2ErrorResponse):
            answer.header.status = STATUS_PENDING if command == SMB2_COM_ECHO else STATUS_ACCESS_DENIED
        if answer.header.status == STATUS_PENDING:
            answer.make_async(1)

    server = ScriptedServer(max_size=LONGEST_FRAME)
    with connected(server, sign_options=0) as connection:
        tree_of(connection)
        server.transport.max_receive_length = LONGEST_FRAME
        server.bend(command, bent)
        tracemalloc.start()
        begin = time.process_time()
        is_refused = False
        try:
            EACH[command](connection)
        except SMBException as error:
            is_refused = bool(str(error))
        seconds, peak = time.process_time() - begin, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert is_refused or what in TAKEN
    assert seconds < LONGEST_SECONDS
    # The server of the tests has the answer packed, and in a frame.
    assert peak - 2 * LONGEST_FRAME < MOST_MEMORY
