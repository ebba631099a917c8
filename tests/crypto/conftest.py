"""Every test that asks for ``primitives`` runs once with each package."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from smb.crypto import backend


@pytest.fixture(params=['cryptography', 'pycryptodomex'])
def primitives(request: pytest.FixtureRequest) -> Iterator[backend.Backend]:
    try:
        backend.use(request.param)
    except ImportError:
        pytest.skip(f'{request.param} is not installed')
    yield backend.current()
    backend.use(None)
