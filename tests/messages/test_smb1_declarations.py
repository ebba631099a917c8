"""What the declarations of all SMB1 messages have in common."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import smb.messages.smb1
from smb import smb_structs
from smb.messages.smb1.header import SMBHeader
from smb.messages.smb1.payload import SMB1Payload, SMB1Request, SMB1Response
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
