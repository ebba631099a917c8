"""Snapshots, [MS-SMB2] 2.2.32.2 and 3.3.5.15.1."""

from __future__ import annotations

import struct
from datetime import datetime

import pytest

from smb import ntstatus
from smb.errors import ProtocolError, StatusError
from smb.operations import snapshots
from smb.smb2_constants import FSCTL_SRV_ENUMERATE_SNAPSHOTS

NAMES = ['@GMT-2020.01.02-03.04.05', '@GMT-1999.12.31-23.59.59']
TIMES = [datetime(2020, 1, 2, 3, 4, 5), datetime(1999, 12, 31, 23, 59, 59)]


def answer(names, total=None, size=None):
    text = ''.join(f'{name}\0' for name in names) + '\0'
    encoded = text.encode('utf-16-le')
    total = len(names) if total is None else total
    return struct.pack('<3I', total, len(names), len(encoded) if size is None else size) + encoded


def listed(tree, *answers, path='file'):
    tree.add('file')
    tree.control_answers = list(answers)
    return snapshots.list_snapshots(tree, path)


def asked(tree):
    return [verb[3] for verb in tree.verbs if verb[0] == 'control']


def test_snapshots_are_naive_times_in_the_servers_order(tree):
    assert listed(tree, answer(NAMES)) == TIMES
    assert [verb[2] for verb in tree.verbs if verb[0] == 'control'] == [FSCTL_SRV_ENUMERATE_SNAPSHOTS]


def test_a_file_without_snapshots_has_an_empty_list(tree):
    assert listed(tree, answer([])) == []


def test_what_did_not_fit_is_asked_for_again_with_room_for_it(tree):
    assert listed(tree, answer([], total=2, size=200_000), answer(NAMES)) == TIMES
    assert asked(tree) == [65536, 200_012]


def test_a_server_that_refuses_what_does_not_fit_is_asked_how_much_it_is(tree):
    """As Samba does."""
    tree.fail('control', ntstatus.STATUS_BUFFER_TOO_SMALL)
    assert listed(tree, answer([], total=2, size=200_000), answer(NAMES)) == TIMES
    assert asked(tree) == [65536, 16, 200_012]


def test_a_server_that_never_gives_them_all_is_an_error(tree):
    with pytest.raises(ProtocolError, match='2 snapshots, and gave 1 of them'):
        listed(tree, answer([], total=2), answer(NAMES[:1], total=2))
    assert tree.names().count('control') == 2


@pytest.mark.parametrize('name', ['@GMT-2020.13.02-03.04.05', 'yesterday', '@GMT-2020.01.02-03.04.05x'])
def test_a_name_that_is_no_time_is_an_error(tree, name):
    with pytest.raises(ProtocolError, match='no known way'):
        listed(tree, answer([name]))


def test_an_answer_that_is_too_short_is_an_error(tree):
    with pytest.raises(ProtocolError):
        listed(tree, b'short')


def test_a_refusal_comes_out(tree):
    tree.fail('control', ntstatus.STATUS_NOT_SUPPORTED)
    with pytest.raises(StatusError):
        listed(tree)
    with pytest.raises(StatusError) as caught:
        listed(tree, path='missing')
    assert caught.value.status == ntstatus.STATUS_OBJECT_NAME_NOT_FOUND
