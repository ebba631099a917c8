"""``make demo``, which runs tests/demo.py."""

from __future__ import annotations

import hashlib

import pytest

from tests import demo

pytestmark = pytest.mark.usefixtures('server')


def test_the_demo_ends_with_everything_intact(capsys):
    assert demo.main() == 0
    out = capsys.readouterr().out
    assert out.count('equal to the original') == len(demo.PASSES)
    assert out.endswith('Everything arrived intact.\n')


def test_the_demo_fails_when_a_byte_differs(monkeypatch):
    digests = iter(range(100))
    monkeypatch.setattr(demo, 'digest', lambda path: hashlib.sha256(bytes([next(digests)])).hexdigest())
    with pytest.raises(SystemExit, match='what was stored differs'):
        demo.main()
