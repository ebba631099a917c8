"""Whatever bytes arrive, they become a message or raise ProtocolError."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smb.messages.smb2
from smb.errors import ProtocolError
from smb.messages.smb2.create import SMB2CreateResponse
from smb.messages.smb2.header import SMB2Header, SMB2Payload, SMB2Request, SMB2Response
from smb.messages.smb2.ioctl import SMB2IoctlResponse, SMB2SrvSnapshotArray
from smb.messages.smb2.negotiate import (
    SMB2EncryptionCapabilities,
    SMB2NegotiateResponse,
    SMB2NetnameNegotiateContextId,
    SMB2PreauthIntegrityCapabilities,
)
from smb.messages.smb2.query_directory import SMB2QueryDirectoryResponse
from smb.messages.smb2.read_write import SMB2ReadResponse
from smb.messages.smb2.session_setup import SMB2SessionSetupResponse
from smb.messages.smb2.simple import SMB2ErrorContext, SMB2ErrorResponse, SMB2SymbolicLinkError
from smb.smb2_constants import SMB2_DIALECT_311
from smb.wire.structure import Structure


def _structures() -> list[type[Structure]]:
    found = []
    for module_info in pkgutil.iter_modules(smb.messages.smb2.__path__, 'smb.messages.smb2.'):
        module = importlib.import_module(module_info.name)
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Structure) and value.__module__ == module.__name__
        ]
    return [cls for cls in found if cls.FIELDS or cls.STRUCTURE_SIZE]


STRUCTURES = _structures()


def _decode_everything(cls: type[Structure], data: bytes) -> None:
    try:
        message = cls.unpack(memoryview(data))
    except ProtocolError:
        return
    assert repr(message)
    if isinstance(message, SMB2ErrorResponse):
        later = [message.contexts, message.symbolic_link, message.required_length]
    elif isinstance(message, SMB2SrvSnapshotArray):
        later = [message.names]
    else:
        later = []
    for method in later:
        with contextlib.suppress(ProtocolError):
            method()


def test_every_structure_is_found():
    assert len(STRUCTURES) > 45


@pytest.mark.parametrize('cls', STRUCTURES, ids=lambda cls: cls.__name__)
def test_random_bytes(cls):
    prefix = cls.STRUCTURE_SIZE.to_bytes(2, 'little') if cls.STRUCTURE_SIZE else b''

    @settings(max_examples=25)
    @given(st.binary(max_size=160))
    def decode(data):
        _decode_everything(cls, data)
        _decode_everything(cls, prefix + data)

    decode()


SAMPLES = [
    SMB2NegotiateResponse(
        security_mode=1,
        dialect_revision=SMB2_DIALECT_311,
        server_guid=bytes(16),
        capabilities=0,
        max_transact_size=65536,
        max_read_size=65536,
        max_write_size=65536,
        system_time=0,
        security_buffer=b'token',
        negotiate_contexts=(
            SMB2PreauthIntegrityCapabilities(hash_algorithms=(1,), salt=bytes(32)),
            SMB2EncryptionCapabilities(ciphers=(2, 1)),
            SMB2NetnameNegotiateContextId(net_name='x'),
        ),
    ),
    SMB2CreateResponse(
        create_action=1,
        creation_time=0,
        last_access_time=0,
        last_write_time=0,
        change_time=0,
        allocation_size=0,
        end_of_file=0,
        file_attributes=0,
        file_id=bytes(16),
        create_contexts=((b'MxAc', bytes(8)), (b'QFid', bytes(32))),
    ),
    SMB2SessionSetupResponse(security_buffer=b'token'),
    SMB2ReadResponse(data=b'data'),
    SMB2QueryDirectoryResponse(output_buffer=b'data'),
    SMB2IoctlResponse(ctl_code=0, file_id=bytes(16), input=b'in', output=b'out'),
    SMB2ErrorResponse(
        error_context_count=1,
        error_data=SMB2ErrorContext(
            error_context_data=SMB2SymbolicLinkError(
                reparse_tag=0, unparsed_path_length=0, flags=0, substitute_name='a', print_name='b'
            ).pack()
        ).pack(),
    ),
    SMB2SrvSnapshotArray(
        number_of_snap_shots=1, number_of_snap_shots_returned=1, snap_shot_array_size=6, snap_shots=b'@\0G\0\0\0'
    ),
]


@pytest.mark.parametrize('sample', SAMPLES, ids=lambda sample: type(sample).__name__)
def test_messages_with_some_bytes_changed(sample):
    packed = sample.pack()

    @settings(max_examples=100)
    @given(st.lists(st.tuples(st.integers(0, len(packed) - 1), st.integers(0, 255)), min_size=1, max_size=4))
    def decode(changes):
        changed = bytearray(packed)
        for position, value in changes:
            changed[position] = value
        _decode_everything(type(sample), bytes(changed))

    decode()


def test_each_request_has_its_command_and_the_response_to_it():
    requests = [cls for cls in STRUCTURES if issubclass(cls, SMB2Request)]
    for request in requests:
        assert request.COMMAND >= 0 and request.STRUCTURE_SIZE, request
        if request.RESPONSE is not SMB2Response:
            assert request.RESPONSE.COMMAND == request.COMMAND, request
    assert [cls.__name__ for cls in requests if cls.RESPONSE is SMB2Response] == ['SMB2CancelRequest']
    assert len({cls.COMMAND for cls in requests}) == len(requests)


def test_structure_size_is_that_of_the_fixed_part():
    # An odd one counts a byte of Buffer besides; NEGOTIATE says 36 without its dialects, 2.2.3.
    for cls in STRUCTURES:
        if issubclass(cls, SMB2Payload) and cls is not SMB2Header:
            assert cls.fixed_size() == cls.STRUCTURE_SIZE // 2 * 2, cls
