"""The tiles of a ledger's log, from its store: what is served at `/tile/…`, and written by `lading log export`.

    tiles = LogTiles(store, size)
    tiles.read(Tile.parse("tile/0/000"))           256 hashes
    tiles.read(Tile.parse("tile/entries/000.p/7")) 7 entries, each behind its length

`size` is that of a signed checkpoint: what is not signed yet is in no tile, because a tile that anybody has seen
never changes. Every entry is hashed again before it is given, and must have the leaf hash that the tree was made
of: a flipped bit in the store ends here, not in somebody's copy. Source: C2SP tlog-tiles v0.1.0.
"""

from __future__ import annotations

from ledger.errors import NotFoundError
from ledger.merkle import BadPosition, leaf_hash
from ledger.store.port import Store, StoreDamaged
from ledger.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, encode_bundle, encode_tile, tile_of

__all__ = ["LogTiles", "NoSuchTile"]


class NoSuchTile(NotFoundError):
    """The log of this size has no such tile."""

    code = "tiles.not_found"
    hint = "fetch the checkpoint first: its size says which tiles there are, and how wide the last of each level is"


class LogTiles:
    """The tiles of the first `size` entries of a log."""

    def __init__(self, store: Store, size: int) -> None:
        self._store = store
        self.size = size

    def read(self, tile: Tile) -> bytes:
        """The bytes of a tile, full or partial. Raises `NoSuchTile` or `StoreDamaged`."""
        try:
            widest = tile_of(tile.level, tile.number, self.size).width
        except BadPosition:
            widest = 0
        if tile.width > widest:
            raise NoSuchTile(f"a log of {self.size:,} entries has no {tile.path()}", value=tile.path())
        first = tile.number * TILE_WIDTH
        if tile.level == ENTRIES:
            return encode_bundle(self._entries(first, first + tile.width))
        level = TILE_HEIGHT * tile.level
        return encode_tile([self._store.hash_at(level, first + at) for at in range(tile.width)])

    def _entries(self, first: int, stop: int) -> list[bytes]:
        found = []
        for entry in self._store.entries(first, stop):
            if leaf_hash(entry.data) != self._store.hash_at(0, entry.index):
                raise StoreDamaged(f"entry {entry.index} is not the one that the tree was made of", value=entry.index)
            found.append(entry.data)
        if len(found) != stop - first:
            raise StoreDamaged(f"entries are missing after {first + len(found)}", value=first + len(found))
        return found
