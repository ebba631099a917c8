"""What the declarations of all SMB2 messages have in common."""

from __future__ import annotations

import importlib
import pkgutil

import smb.messages.smb2
from smb.messages.smb2.header import SMB2Header, SMB2Payload, SMB2Request, SMB2Response
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


def test_every_structure_is_found():
    assert len(STRUCTURES) > 45


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
