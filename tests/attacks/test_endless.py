"""A server can make up new names for ever; a listing comes to an end nevertheless."""

from __future__ import annotations

import pytest

from smb.errors import ProtocolError
from smb.operations import listing
from tests.attacks.attack import EVERY, SMB1
from tests.attacks.endless import endless
from tests.session import scripted, scripted_smb1


@pytest.mark.parametrize('dialect', EVERY)
def test_listing_of_ever_new_names_comes_to_an_end(dialect, monkeypatch):
    monkeypatch.setattr(listing, 'MOST_ENTRIES', 100)
    server = endless(lambda number: [f'{number}a', f'{number}b', f'{number}c'])(dialect)
    with (scripted_smb1 if dialect == SMB1 else scripted).connected(server) as connection:
        with pytest.raises(ProtocolError, match=r'has listed \d+ entries of a folder, and comes to no end'):
            connection.listPath('share', '/')
        assert server.open_handles == 0
    assert server.count < 40
