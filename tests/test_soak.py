"""The soak test itself, on a small scale: what it counts is real, and it sees what is wrong."""

from __future__ import annotations

import json

import pytest

from smb import ntstatus, smb_structs
from smb.errors import OperationFailure, operation_failure
from tests import soak


@pytest.fixture
def soaked(server):
    return server(server_min_protocol='NT1', server_signing='auto')


def test_transfers_under_faults_are_right(soaked):
    figures = soak.Transfers(soaked, seed=7).run(40)
    assert figures['transfers'] == 40
    assert sum(figures['faults'].values()) > 3


def test_what_it_switches_off_is_on_again_behind_it(soaked, monkeypatch):
    monkeypatch.setattr(soak, 'MODES', [{'smb1': True}])
    transfers = soak.Transfers(soaked, seed=7)
    transfers.run(1)
    assert smb_structs.SUPPORT_SMB2 is True


def test_wrong_content_is_seen(soaked, monkeypatch):
    path = soaked.root / 'whole 001.bin'
    path.write_bytes(bytes(soak.LONGEST))
    with soak.connected(soaked) as connection, pytest.raises(soak.WrongContent):
        soak.Transfers(soaked, seed=7)._retrieve(connection, '001.bin', 5, 1000)
    path.unlink()
    monkeypatch.setattr(soak, 'content', lambda seed, path, offset, length: bytes(length))
    with soak.connected(soaked) as connection:
        monkeypatch.setattr(connection, 'storeFileFromOffset', lambda *_, **__: 1010)
        (soaked.root / '002.bin').write_bytes(b'x' * 1010)
        with pytest.raises(soak.WrongContent):
            soak.Transfers(soaked, seed=7)._store(connection, '002.bin', 10, 1000)


def test_only_what_a_fault_explains_is_counted(soaked, monkeypatch):
    transfers = soak.Transfers(soaked, seed=7)
    failure = [operation_failure('text', [], ntstatus.STATUS_SHARING_VIOLATION, 'name')]

    def transfer(link, path):
        if failure:
            raise failure.pop()

    monkeypatch.setattr(transfers, '_transfer', transfer)
    assert transfers.run(1)['failures'] == {'STATUS_SHARING_VIOLATION': 1}
    for status in (ntstatus.STATUS_OBJECT_NAME_NOT_FOUND, ntstatus.STATUS_NO_MEMORY):
        failure.append(operation_failure('text', [], status, 'name'))
        with pytest.raises(OperationFailure, match='text'):
            transfers.run(1)


def test_every_byte_follows_from_seed_path_and_offset():
    whole = soak.content(1, 'a', 0, 200_000)
    assert soak.content(1, 'a', 65_000, 70_000) == whole[65_000:135_000]
    assert soak.content(1, 'b', 0, 100) != whole[:100] != soak.content(2, 'a', 0, 100)


def test_calls_leave_no_memory_behind_and_a_large_file_takes_none(soaked):
    assert soak.calls(soaked, 1000)['grown_bytes'] < soak.MOST_GROWN_BYTES
    figures = soak.large_file(soaked, 100 << 20)
    assert figures['bytes'] == 100 << 20
    assert figures['peak_above_connect_bytes'] < soak.MOST_PEAK_BYTES


@pytest.mark.usefixtures('server')
def test_figures_are_written_for_programs_and_for_the_manual(tmp_path, capsys):
    files = tmp_path / 'soak.json', tmp_path / 'soak.rst'
    sizes = ['--transfers', '3', '--calls', '50', '--gibibytes', '0.01', '--seed', '7']
    assert soak.main([*sizes, '--json', str(files[0]), '--rst', str(files[1])]) == 0
    figures = json.loads(files[0].read_text(encoding='utf-8'))
    assert figures['transfers']['transfers'] == 3 and figures['seed'] == 7
    figures['transfers'].update(wrong=1234, failures={'SMBTimeout': 5, 'NotConnectedError': 6})
    table = soak.restructured_text(figures)
    for words in ('1,234', 'NotConnectedError 6, SMBTimeout 5', '10.2 MiB', '--gibibytes 0.01', '* Seed: 7'):
        assert words in table
    assert '1,234' not in files[1].read_text(encoding='utf-8')
