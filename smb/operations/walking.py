"""Going through folders step by step, in either dialect: the program does other things in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smb.errors import Incomplete
from smb.operations import listing, removal

if TYPE_CHECKING:
    from smb.operations.removal import Entry
    from smb.results import SharedFile
    from smb.tree.base import Tree


class Listing:
    """The entries of a folder, batch by batch; the next one is under way while one is looked at."""

    def __init__(self, tree: Tree, path: str, pattern: str) -> None:
        self._handle, self.batch, self._following = tree.list_first(path, listing.LISTING, pattern)
        self._end()

    @property
    def is_complete(self) -> bool:
        """Whether nothing comes behind the ``batch``."""
        return self._following is None

    def _end(self) -> None:
        if self.is_complete:
            self._handle.close_soon()

    def next(self) -> list[SharedFile]:
        """Wait for more entries, which are then the ``batch``; none at the end."""
        following, self._following = self._following, None
        try:
            if self._handle.is_given_up(following):
                # What was in its answer does not come again.
                raise Incomplete('another operation ran out of time, and had it cancelled', 'Query failed')
            self.batch, self._following = self._handle.finish_list(following)
        except BaseException as error:
            self._handle.__exit__(type(error), error, None)
            raise
        self._end()
        return self.batch

    def close(self) -> None:
        """Have the folder closed, wherever its listing stands."""
        if not self.is_complete:
            following, self._following = self._following, None
            self._handle.abandon(following)
            self._handle.close_soon()


class Walk:
    """Which folders a walk has been in, so that it goes into none twice, and through no link."""

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def look(self, tree: Tree, path: str, entry: Entry | None) -> tuple[dict[str, Entry], list[str]] | None:
        """The folders and the files in a folder; None where it is a link that the server follows by itself.

        ``entry``: what the folder above says of it, None of the first one, which may be a link.
        """
        looked = self.entries(tree, path, entry)
        if looked is None:
            return None
        folders = {found.filename: each for each, found in looked if each.is_folder}
        return folders, [found.filename for each, found in looked if not each.is_folder]

    def entries(self, tree: Tree, path: str, entry: Entry | None) -> list[tuple[Entry, SharedFile]] | None:
        """What is in a folder, otherwise as ``look``."""
        found = listing.complete(tree, path, '*')
        if entry is not None and entry.is_elsewhere(found):
            return None
        own_id = next((each.file_id for each in found if each.filename == '.'), None)
        # Only a server that gives the folder its right number can tell.
        if own_id and (entry is None or entry.file_id == own_id):
            if own_id in self._seen:
                return None
            self._seen.add(own_id)
        shown = (each for each in found if each.filename not in listing.DOTS)
        return list(zip(removal.inside(path, found, found), shown, strict=True))
