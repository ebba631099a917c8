"""One file copied to another by the server, or through this machine where the server does not do that."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from smb.operations import files, transfer
from smb.operations.files import WriteBehind, open_file
from smb.smb_constants import FILE_SHARE_NONE

if TYPE_CHECKING:
    from smb.tree.base import Open, Tree


def copy_file(source_tree: Tree, path: str, tree: Tree, new_path: str, overwrite: bool) -> int:
    """Copy the bytes of a file to another one, which is made, or overwritten if it may be; how many they are."""
    if source_tree is tree and path.lower() == new_path.lower():
        raise ValueError(f'{path} cannot be copied to itself')
    how = files.opening('w' if overwrite else 'x', reads=False, writes=True, share=FILE_SHARE_NONE)
    with source_tree.open(path, transfer.READING) as source:
        # Since nobody may share the target, a server refuses one that is the source under another name.
        with open_file(tree, new_path, how) as target:
            total = source.facts.end_of_file
            copied = 0
            while copied < total:
                count = target.copy_from(source, copied, total - copied)
                if not count:
                    _carry(source, target, copied, total)
                    break
                copied += count
        source.close_soon()
    return total


def _carry(source: Open, target: Open, offset: int, end: int) -> None:
    """Read and write the bytes from ``offset`` to ``end``."""
    behind = WriteBehind(target)
    try:
        with closing(transfer.read_ahead(source, offset, b'', end)) as blocks:
            for block in blocks:
                behind.write(offset, block)
                offset += len(block)
        behind.settle()
    finally:
        behind.give_up()
