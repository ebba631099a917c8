"""Whatever bytes arrive, they become a message or raise ProtocolError."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import smb.messages.smb1
from smb import ntstatus, smb_structs
from smb.errors import ProtocolError
from smb.messages.smb1.header import SMBHeader
from smb.messages.smb1.negotiate import (
    ComNegotiateRequest,
    ComNegotiateResponseNoSecurityExtension,
    ComNegotiateResponseWithSecurityExtension,
)
from smb.messages.smb1.payload import SMB1Payload, SMB1Request, SMB1Response
from smb.messages.smb1.read_write import ComReadAndxRequest, ComReadAndxResponse
from smb.messages.smb1.session_setup import (
    ComSessionSetupAndxRequest__WithSecurityExtension,
    ComSessionSetupAndxResponse,
)
from smb.messages.smb1.transaction import (
    ComNTTransactRequest,
    ComNTTransactResponse,
    ComTransaction2Request,
    ComTransaction2Response,
)
from smb.messages.smb1.tree_connect import ComTreeConnectAndxRequest, ComTreeConnectAndxResponse
from smb.smb_constants import CAP_EXTENDED_SECURITY
from smb.wire.structure import Structure


def _structures() -> list[type[Structure]]:
    found = []
    for module_info in pkgutil.iter_modules(smb.messages.smb1.__path__, 'smb.messages.smb1.'):
        module = importlib.import_module(module_info.name)
        found += [
            value
            for name, value in vars(module).items()
            if isinstance(value, type)
            and issubclass(value, Structure)
            and value.__module__ == module.__name__
            and not name.startswith('_')
        ]
    return found


STRUCTURES = _structures()
COMMANDS = [cls for cls in STRUCTURES if issubclass(cls, SMB1Payload) and cls.COMMAND >= 0]
REQUESTS = [cls for cls in COMMANDS if issubclass(cls, SMB1Request)]


def test_every_structure_is_found():
    assert len(COMMANDS) > 33 and len(STRUCTURES) > 55


def _decode(cls, data, **options):
    with contextlib.suppress(ProtocolError):
        assert repr(cls.unpack(memoryview(data), **options))


@pytest.mark.parametrize('cls', STRUCTURES, ids=lambda cls: cls.__name__)
def test_random_bytes(cls):
    @settings(max_examples=25)
    @given(st.binary(max_size=160))
    def decode(data):
        _decode(cls, data)
        if issubclass(cls, SMB1Payload):
            # The right WordCount and ByteCount lead further in.
            words = cls.fixed_size()
            body = bytes([words // 2]) + data[:words].ljust(words, b'\0')
            body += len(data[words:]).to_bytes(2, 'little') + data[words:]
            _decode(cls, body)
            _decode(cls, body, is_unicode=False)

    decode()


SAMPLES = [
    (ComNegotiateRequest, ComNegotiateResponseNoSecurityExtension(
        dialect_index=0, challenge=b'12345678', domain_name='WORKGROUP', server_name='SERVER')),
    (ComNegotiateRequest, ComNegotiateResponseWithSecurityExtension(
        dialect_index=0, capabilities=CAP_EXTENDED_SECURITY, bytes_=bytes(16) + b'token')),
    (ComSessionSetupAndxRequest__WithSecurityExtension, ComSessionSetupAndxResponse(
        security_blob=b'token', native_os='Unix', native_lan_man='Samba', primary_domain='WORKGROUP')),
    (ComTreeConnectAndxRequest, ComTreeConnectAndxResponse(service='A:', native_file_system='NTFS')),
    (ComReadAndxRequest, ComReadAndxResponse(data=b'data')),
    (ComTransaction2Request, ComTransaction2Response(setup=(1,), parameters=b'parameters', data=b'data')),
    (ComNTTransactRequest, ComNTTransactResponse(setup=(1,), parameters=b'parameters', data=b'data')),
]  # fmt: skip


@pytest.mark.parametrize(('request_class', 'sample'), SAMPLES, ids=lambda value: type(value).__name__)
def test_answers_with_some_bytes_changed(request_class, sample):
    packed = sample.pack()

    @settings(max_examples=100)
    @given(st.lists(st.tuples(st.integers(0, len(packed) - 1), st.integers(0, 255)), max_size=4), st.booleans())
    def decode(changes, is_unicode):
        changed = bytearray(packed)
        for position, value in changes:
            changed[position] = value
        with contextlib.suppress(ProtocolError):
            assert repr(request_class.unpack_response(ntstatus.STATUS_SUCCESS, changed, is_unicode))

    decode()


def test_each_request_has_its_command_and_the_response_to_it():
    for request in REQUESTS:
        assert request.RESPONSE is SMB1Response or request.RESPONSE.COMMAND == request.COMMAND, request
    assert [cls.__name__ for cls in REQUESTS if cls.RESPONSE is SMB1Response] == ['ComNTCancelRequest']


def test_words_are_whole():
    for cls in COMMANDS:
        assert cls.fixed_size() % 2 == 0, cls
    assert SMBHeader.fixed_size() == 32


def test_programs_find_each_message_in_the_door():
    for cls in COMMANDS:
        assert getattr(smb_structs, cls.__name__) is cls
    with pytest.raises(AttributeError):
        smb_structs.ComNothing  # noqa: B018
