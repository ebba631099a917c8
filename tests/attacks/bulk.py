"""Calls that move more than one message holds."""

from __future__ import annotations

import io

LARGE = bytes(range(256)) * 1200  # 300 KiB


def read(connection):
    connection.retrieveFile('share', 'large', io.BytesIO())


def write(connection):
    connection.storeFile('share', 'new', io.BytesIO(LARGE))


def read_one(connection):
    """One request for all of it, as far as the dialect allows, and nothing before it."""
    from tests.session.each_request import HOW, tree_of

    with tree_of(connection).open('large', HOW) as handle:
        handle.finish_read(handle.submit_read(0, handle.tree.read_size))
