"""``stat``, ``acl`` and ``snapshots``, in a pipe and in a pseudo-terminal."""

from __future__ import annotations

import re

import pytest

from smb.cli.commands import facts
from smb.security_descriptors import SID_EVERYONE, SecurityDescriptor
from tests.cli import stage
from tests.cli.conftest import Place


def test_stat_shows_sizes_attributes_and_times(run, filled):
    result = run('stat', filled.at('sub/big.bin'), filled.at('sub'))
    assert (result.code, result.err) == (0, '')
    lines = result.lines
    assert lines[:3] == [
        f'Path        {filled.at("sub/big.bin")}',
        'Type        file',
        'Size        307200 bytes (300.0K)',
    ]
    assert 'Attributes  normal' in lines
    assert 'Written     2026-03-01 12:00:00 +0000' in lines
    assert lines[lines.index('') + 1 :][:3] == [
        f'Path        {filled.at("sub")}', 'Type        folder', 'Attributes  folder',
    ]  # fmt: skip


def test_stat_as_json_and_of_patterns(run, filled):
    found = run('stat', '--json', filled.at('*')).json
    assert [entry['name'] for entry in found] == ['notes.txt', 'sub']
    assert found[0]['size'] == 24 and found[0]['written'] == '2026-03-01T12:00:00Z'


def test_stat_of_the_root_of_a_share(run, folder):
    share = folder.address.removesuffix(f'/{folder.name}')
    assert run('stat', share).lines[:2] == [f'Path        {share}', 'Type        folder']


@pytest.mark.parametrize('command', ['stat', 'acl', 'snapshots'])
def test_what_is_not_there_is_exit_code_4(run, filled, command):
    result = run(command, filled.at('none'))
    assert (result.code, result.out) == (4, '')
    assert len(result.err.splitlines()) == 1 and 'STATUS_OBJECT_NAME_NOT_FOUND' in result.err


def test_acl_says_who_may_do_what_and_gives_sddl(run, filled):
    (filled.local / 'notes.txt').chmod(0o604)
    result = run('acl', filled.at('notes.txt'))
    assert (result.code, result.err) == (0, '')
    assert result.lines[0] == filled.at('notes.txt')
    assert re.fullmatch(r'  owner  S-1-5-21-[-0-9]+', result.lines[1])
    assert [line for line in result.lines if re.fullmatch(r'  allow  everyone \(S-1-1-0\) +read', line)]
    assert result.lines[-1].startswith('  SDDL   O:S-1-5-21-')
    sddl = run('acl', '--sddl', filled.at('notes.txt')).out.strip()
    assert result.lines[-1] == f'  SDDL   {sddl}'
    assert SecurityDescriptor.from_sddl(sddl).dacl


def test_acl_as_json(run, filled):
    found = run('acl', '--json', filled.at('notes.txt')).json
    assert found['path'] == filled.at('notes.txt') and found['sddl'].startswith(f'O:{found["owner"]}')
    (everyone,) = (ace for ace in found['dacl'] if ace['sid'] == SID_EVERYONE)
    assert everyone == {
        'kind': 'allow', 'sid': 'S-1-1-0', 'name': 'everyone', 'mask': '0x00120089', 'rights': 'read', 'flags': [],
    }  # fmt: skip


def test_a_descriptor_in_words():
    descriptor = SecurityDescriptor.from_sddl(
        'O:BAG:SYD:(D;;SD;;;WD)(A;OICIID;FA;;;BA)(A;;0x1301bf;;;AU)(A;;0x400;;;WD)'
    )
    assert [tuple(filter(None, line)) for line in facts._descriptor_lines(descriptor)] == [
        ('owner', 'builtin administrators (S-1-5-32-544)'),
        ('group', 'local system (S-1-5-18)'),
        ('deny', 'everyone (S-1-1-0)', 'delete'),
        (
            'allow',
            'builtin administrators (S-1-5-32-544)',
            'full control; for files inside; for folders inside; inherited',
        ),
        ('allow', 'authenticated users (S-1-5-11)', 'modify'),
        ('allow', 'everyone (S-1-1-0)', '0x400'),
    ]


def test_a_descriptor_without_a_list_gives_everybody_everything():
    descriptor = SecurityDescriptor(0x8004, None, None, None, None)
    assert ('allow', 'everyone', 'full control (there is no list)') in facts._descriptor_lines(descriptor)
    assert facts._descriptor_facts('p', descriptor)['owner'] is None


def test_snapshots_are_listed_by_time(run, odd):
    place = Place(odd, 'snaps')
    place.put('file')
    for token in ('@GMT-2026.02.03-04.05.06', '@GMT-2025.12.31-23.59.59'):
        kept = odd.share_root('snaps') / '.snapshots' / token / place.name
        kept.mkdir(parents=True)
        (kept / 'file').write_bytes(b'then')
    result = run('snapshots', place.at('file'))
    assert (result.code, result.err) == (0, '')
    assert result.lines == [
        '2025-12-31 23:59:59 UTC  @GMT-2025.12.31-23.59.59',
        '2026-02-03 04:05:06 UTC  @GMT-2026.02.03-04.05.06',
    ]
    assert run('snapshots', '--json', place.at('file')).json[0] == {
        'taken': '2025-12-31T23:59:59Z', 'token': '@GMT-2025.12.31-23.59.59',
    }  # fmt: skip


def test_a_share_without_snapshots_says_so(run, filled):
    result = run('snapshots', filled.at('notes.txt'))
    assert (result.code, result.out) == (1, '')
    assert result.err == (
        f'smbcourier: {filled.at("notes.txt")}: the share keeps no snapshots (STATUS_INVALID_DEVICE_REQUEST)\n'
    )


def test_nothing_but_a_name_of_a_file_is_used_as_one():
    assert stage.run('stat', 'notes.txt').code == 2
