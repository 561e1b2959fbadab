"""Hashes of subtrees from every eighth level of the log's tree.

A store keeps the hashes of the levels 0, 8, 16 …; a level between is hashed anew from the one
below, 256 hashes at a time, which is a tile of C2SP tlog-tiles. What was computed is kept, up to
`_KEPT` tiles (20 kB each).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from ledger.merkle import BadPosition, node_hash

__all__ = ["HashTiles", "check_subtree"]

_HEIGHT: Final = 8
_WIDTH: Final = 1 << _HEIGHT
_KEPT: Final = 128


def check_subtree(level: int, number: int, size: int) -> None:
    """Refuse with `BadPosition` a subtree that is not complete in a log of `size`."""
    if not 0 <= level < 64 or number < 0 or (number + 1) << level > size:
        raise BadPosition(f"no subtree {number} of level {level} at size {size}", value=number)


class HashTiles:
    """Tiles, each with the levels above its 256 hashes. For any number of threads.

    `read(level, first, stop)` gives the stored hashes first … stop-1 of a level that is a multiple
    of eight; those that the log does not have yet are left out at the end.
    """

    def __init__(self, read: Callable[[int, int, int], list[bytes]]) -> None:
        self._read = read
        self._tiles: OrderedDict[tuple[int, int], list[list[bytes]]] = OrderedDict()
        self._lock = Lock()

    def hash_at(self, level: int, number: int) -> bytes | None:
        """The hash of the complete subtree `number` of 2^level leaves, None if it is not stored."""
        height = level % _HEIGHT
        key = (level - height, number << height >> _HEIGHT)
        at = number - (key[1] << _HEIGHT >> height)
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None and at < len(tile[height]):
                self._tiles.move_to_end(key)
                return tile[height][at]
        first = key[1] << _HEIGHT
        tile = _levels(self._read(key[0], first, first + _WIDTH))
        with self._lock:
            self._tiles[key] = tile
            self._tiles.move_to_end(key)
            if len(self._tiles) > _KEPT:
                self._tiles.popitem(last=False)
        return tile[height][at] if at < len(tile[height]) else None


def _levels(row: list[bytes]) -> list[list[bytes]]:
    """The hashes themselves, and those of every complete subtree of 2, 4 … 128 of them."""
    levels = [row]
    for _ in range(_HEIGHT - 1):
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        levels.append(row)
    return levels
