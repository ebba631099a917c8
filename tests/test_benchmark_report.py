"""The benchmark's table and pictures say what its results say, and so does the manual."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as program
from benchmarks.charts import ROUND_TRIPS, THROUGHPUT, draw, round_step
from benchmarks.peers import PEERS
from benchmarks.report import restructured_text, rows, text
from benchmarks.workloads import QUICK, Settings

SVG = '{http://www.w3.org/2000/svg}'


@pytest.fixture
def results():
    """What a run might have given."""
    return {
        'conditions': {'Processor': 'Abacus <9>, 2 cores', 'Date': '2020-02-02', 'Command': 'make bench'},
        'settings': Settings()._asdict(),
        'packages': {
            'ours': {'smbcourier': '1.2.3', 'cryptography': '4.5'},
            'smbclient': {'smbclient': '4.0'},
            'pysmb': {'pysmb': '0.9'},
        },
        'spoken': {'ours': {'plain': 'SMB 3.1.1'}, 'pysmb': {'plain': 'SMB 2.0.2', 'signed': 'SMB 2.0.2, HMAC-SHA256'}},
        'workloads': {
            'download': {
                'ours': {'values': [1000.0, 1234.0, 900.0]},
                'smbclient': {'values': [400.0, 500.0, 617.0]},
                'pysmb': {'values': [], 'failed': 'wrong content: large'},
            },
            'download-encrypted': {'ours': {'values': [800.0]}, 'smbclient': {'values': [1000.0]}},
            'connect': {
                'ours': {'values': [12.0, 8.0]},
                'smbclient': {'values': [40.0, 50.0]},
                'pysmb': {'values': [10.0, 10.0]},
            },
            'attributes-link': {'ours': {'values': [1.04]}, 'pysmb': {'values': [2.08]}},
        },
    }


def test_the_table_shows_medians_and_how_the_best_rounds_compare(results):
    shown = {row.title: row for row in rows(results)}
    assert shown['Download 256 MiB'].cells == ['1,000', '500', 'wrong content']
    assert shown['Download 256 MiB'].ratio == '2.0'
    assert shown['Download 256 MiB, encrypted'].cells == ['800', '1,000', '–']
    assert shown['Download 256 MiB, encrypted'].ratio == '0.80'
    # less is better
    assert shown['Connect, log in, close'].cells == ['10', '45', '10']
    assert shown['Connect, log in, close'].ratio == '1.2'
    assert shown['Attributes of a file'].cells == ['1.04', '–', '2.08']
    assert shown['Attributes of a file'].ratio == '2.0'


def test_both_tables_say_the_conditions_and_the_failures(results):
    for table in (text(results), restructured_text(results)):
        for word in ('Abacus <9>, 2 cores', '2020-02-02', 'make bench', 'wrong content', '1,000', 'of the best other'):
            assert word in table
    assert 'pysmb, download: wrong content: large' in text(results)
    manual = restructured_text(results)
    assert '* smbcourier: smbcourier 1.2.3, cryptography 4.5 (plain: SMB 3.1.1)' in manual
    assert '* pysmb: pysmb 0.9 (plain: SMB 2.0.2; signed: SMB 2.0.2, HMAC-SHA256)' in manual


def bars(picture):
    """The widths of a chart's bars, by colour, and its texts."""
    tree = ElementTree.fromstring(picture)
    found = [(bar.get('fill'), float(bar.get('width'))) for bar in tree.iter(f'{SVG}rect') if bar.get('x') == '250']
    return found, [element.text for element in tree.iter(f'{SVG}text')]


def test_a_chart_has_bars_as_long_as_the_medians(results):
    found, texts = bars(draw(THROUGHPUT, results))
    assert [width / found[0][1] for _, width in found] == pytest.approx([1, 0.5, 0.8, 1], abs=0.001)
    assert len({colour for colour, _ in found}) == 2
    for label in ('1,000', '500', 'Download 256 MiB, encrypted', 'smbcourier 1.2.3', 'smbclient (C) 4.0'):
        assert label in texts
    assert any('Abacus <9>, 2 cores' in label for label in texts)
    assert any('2020-02-02 · make bench' in label for label in texts)
    found, texts = bars(draw(ROUND_TRIPS, results))
    assert found[1][1] == pytest.approx(2 * found[0][1], abs=0.1)
    assert {'1.04', '2.08'} <= set(texts)


@pytest.mark.parametrize(('largest', 'step'), [(1234, 200), (4.44, 1), (14, 2), (0.9, 0.2), (1000, 200), (40, 10)])
def test_grid_lines_stand_at_round_numbers(largest, step):
    assert round_step(largest) == pytest.approx(step)


@pytest.mark.parametrize(
    ('arguments', 'is_kept'), [([], True), (['--quick'], True), (['--peers', 'ours,smbclient'], False)]
)
def test_only_results_of_everything_go_into_the_manual(results, tmp_path, monkeypatch, arguments, is_kept):
    asked = []

    def measured(settings, peers, workloads, command, say):
        asked.append((settings, peers, command))
        return results

    monkeypatch.setattr(program, 'measure', measured)
    monkeypatch.setattr(program, 'missing', lambda peers: [])
    monkeypatch.setattr(program, 'RESULTS', tmp_path / 'results.json')
    monkeypatch.setattr(program, 'DOCS', tmp_path)
    assert program.main(arguments) == 0
    written = {path.name for path in tmp_path.iterdir()}
    expected = {'results.json', 'speed_table.rst', 'speed_throughput.svg', 'speed_round_trips.svg'}
    assert written == (expected if is_kept else set())
    ((settings, peers, command),) = asked
    assert settings == (QUICK if '--quick' in arguments else Settings())
    assert peers == (list(PEERS) if is_kept else ['ours', 'smbclient'])
    assert all(argument in command for argument in arguments)
    if is_kept:
        assert json.loads((tmp_path / 'results.json').read_text()) == results
        (tmp_path / 'speed_table.rst').unlink()
        assert program.main(['--render']) == 0
        assert (tmp_path / 'speed_table.rst').read_text(encoding='utf-8') == restructured_text(results)


def test_a_failure_of_this_library_is_an_exit_status(results, tmp_path, monkeypatch):
    results['workloads']['download']['ours'] = {'values': [], 'failed': 'wrong content: large'}
    monkeypatch.setattr(program, 'measure', lambda *arguments: results)
    monkeypatch.setattr(program, 'missing', lambda peers: [])
    assert program.main(['--results', str(tmp_path / 'kept.json')]) == 1
    assert json.loads((tmp_path / 'kept.json').read_text()) == results


def test_the_manual_shows_the_results_that_are_kept():
    kept = json.loads(program.RESULTS.read_text(encoding='utf-8'))
    documents = program.documents(kept)
    page = Path(program.DOCS / 'speed.rst').read_text(encoding='utf-8')
    for path, content in documents.items():
        assert path.read_text(encoding='utf-8') == content
        assert path.name in page
    assert {peer for found in kept['workloads'].values() for peer in found} == set(PEERS)
