"""The benchmark measures this library, by turns with the others, and notices wrong content."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from benchmarks import __main__ as program
from benchmarks import measure
from benchmarks.relay import Relay
from benchmarks.report import text
from benchmarks.stage import Stage, WrongContentError
from benchmarks.workloads import QUICK, SMALL, WORKLOADS, Settings

TINY = Settings(large=2 << 20, link_large=1 << 20, files=3, link_files=2, entries=20, logins=1, rounds=1)


def test_this_library_is_measured(server):
    server()
    # each verb, each protection, with the link and without
    keys = ['download', 'small-upload', 'list', 'connect', 'attributes-link', 'connect-link', 'memory', 'import']
    keys += ['upload-signed', 'download-encrypted']
    lines = []
    found = measure.measure(TINY, ['ours'], keys, 'make bench', lines.append)
    assert list(found['workloads']) == keys
    assert len(lines) == len(keys)
    for key, peers in found['workloads'].items():
        (value,) = peers['ours']['values']
        assert value > 0, key
        # whatever takes a round trip over the link takes at least its delay
        assert value >= 0.99 or WORKLOADS[key].unit != 'round trips', key
    assert json.loads(json.dumps(found)) == found
    assert found['packages']['ours']['smbcourier']
    assert found['conditions']['Command'] == 'make bench'
    assert len(text(found).splitlines()) > len(keys)


def test_a_peer_is_measured_only_with_what_it_can():
    assert not measure.can('pysmb', WORKLOADS['upload-encrypted'])
    assert not measure.can('smbclient', WORKLOADS['import'])
    assert not measure.can('ours-without-fast', WORKLOADS['attributes'])
    assert measure.can('ours-without-fast', WORKLOADS['upload-signed'])


def test_another_peer_is_first_in_each_round():
    assert [measure.rotated(['a', 'b', 'c'], number) for number in (0, 1, 5)] == [
        ['a', 'b', 'c'],
        ['b', 'c', 'a'],
        ['c', 'a', 'b'],
    ]


@pytest.fixture
def turns(monkeypatch):
    """Two rounds of downloads by smbclient and pysmb; ``turns.outcomes[peer]`` is what the worker gives."""
    asked = []
    turns = SimpleNamespace(outcomes={}, check=lambda task, outcome: None, asked=asked)

    @contextmanager
    def open_stage(protection, settings):
        yield SimpleNamespace(settings=settings, task=lambda workload: {}, check=lambda *some: turns.check(*some))

    def run_worker(peer, task):
        if task.get('verb') == 'versions':
            return {'versions': {}}
        asked.append(peer)
        return turns.outcomes[peer]

    def run(patience=1000.0):
        settings = QUICK._replace(patience=patience)
        return measure.measure(settings, ['smbclient', 'pysmb'], ['download'], '', str)['workloads']['download']

    monkeypatch.setattr(measure, 'open_stage', open_stage)
    monkeypatch.setattr(measure, 'run_worker', run_worker)
    monkeypatch.setattr(measure, 'conditions', lambda command: {})
    turns.run = run
    return turns


def test_rounds_are_interleaved(turns):
    turns.outcomes = {'smbclient': {'seconds': 1.0}, 'pysmb': {'seconds': 4.0}}
    found = turns.run()
    assert turns.asked == ['smbclient', 'pysmb', 'pysmb', 'smbclient']
    assert found == {'smbclient': {'values': [67.11, 67.11]}, 'pysmb': {'values': [16.78, 16.78]}}


def test_a_peer_that_fails_gets_no_second_turn(turns):
    turns.outcomes = {'smbclient': {'seconds': 1.0}, 'pysmb': {'failed': 'OSError: gone'}}
    found = turns.run()
    assert turns.asked == ['smbclient', 'pysmb', 'smbclient']
    assert found['pysmb'] == {'values': [], 'failed': 'OSError: gone'}


def test_a_slow_peer_keeps_its_value_and_gets_no_second_turn(turns):
    turns.outcomes = {'smbclient': {'seconds': 1.0}, 'pysmb': {'seconds': 4.0}}
    found = turns.run(patience=-1.0)
    assert turns.asked == ['smbclient', 'pysmb']
    assert found['pysmb']['values'] == [16.78]


def test_wrong_content_has_no_value(turns):
    def check(task, outcome):
        raise WrongContentError('large')

    turns.outcomes = {'smbclient': {'seconds': 1.0}, 'pysmb': {'seconds': 4.0}}
    turns.check = check
    assert turns.run()['pysmb'] == {'values': [], 'failed': 'wrong content: large'}


@pytest.fixture
def stage(tmp_path):
    """A stage without a server behind it."""
    root = tmp_path / 'root'
    root.mkdir()
    stage = Stage(SimpleNamespace(root=root), None, tmp_path, 'plain', TINY)
    stage.prepare()
    return stage


def test_a_download_is_compared_byte_for_byte_and_removed(stage):
    task = {'downloads': [('small-0', str(stage.results / 'small-0'))]}
    content = (stage.server.root / 'small-0').read_bytes()
    copy = stage.results / 'small-0'
    copy.write_bytes(content)
    stage.check(task, {})
    assert not copy.exists()
    for wrong in (content[:-1], content[:-1] + bytes([content[-1] ^ 1]), b''):
        copy.write_bytes(wrong)
        with pytest.raises(WrongContentError):
            stage.check(task, {})
    copy.unlink()
    with pytest.raises(WrongContentError):
        stage.check(task, {})


def test_an_upload_is_compared_byte_for_byte_and_removed(stage):
    task = {'uploads': [(str(stage.sources / 'small-0'), 'up/small-0')]}
    copy = stage.server.root / 'up' / 'small-0'
    copy.write_bytes((stage.sources / 'small-0').read_bytes())
    stage.check(task, {})
    assert not copy.exists()
    copy.write_bytes((stage.sources / 'small-1').read_bytes())
    with pytest.raises(WrongContentError):
        stage.check(task, {})


def test_sizes_and_names_are_compared(stage):
    stage.check({'names': ['a', 'b']}, {'sizes': [SMALL, SMALL]})
    with pytest.raises(WrongContentError):
        stage.check({'names': ['a', 'b']}, {'sizes': [SMALL, 0]})
    stage.fill_folder()
    stage.check({'folder': 'many'}, {'names': stage.names[::-1]})
    with pytest.raises(WrongContentError):
        stage.check({'folder': 'many'}, {'names': stage.names[1:]})


def test_the_relay_delays_and_changes_nothing():
    with socket.create_server(('127.0.0.1', 0)) as listener:

        def echo():
            with listener.accept()[0] as sock:
                while data := sock.recv(1 << 16):
                    sock.sendall(data)

        thread = threading.Thread(target=echo, daemon=True)
        thread.start()
        data = bytes(range(256)) * 4096
        with (
            Relay(listener.getsockname()[1], 0.05) as relay,
            socket.create_connection((relay.host, relay.port), 10) as sock,
        ):
            start = time.perf_counter()
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            received = b''
            while block := sock.recv(1 << 16):
                if not received:
                    assert time.perf_counter() - start >= 0.05
                received += block
        thread.join(10)
    assert received == data


def test_a_peer_that_is_not_installed_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(measure, 'ROOT', tmp_path)
    assert program.main(['--peers', 'pysmb,ours']) == 2
    assert 'Not installed: pysmb;' in capsys.readouterr().err
