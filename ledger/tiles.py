"""The log as tiles: 256 hashes, or 256 entries, a file.

    tile/0/x001/x234/067           full tile 1,234,067 of level 0: 256 leaf hashes of 32 bytes
    tile/1/000.p/17                partial tile of level 1: 17 roots of 256 leaves each
    tile/entries/000.p/112         partial bundle: 112 times uint16 big-endian length || entry

Hash i of tile n at level l is the root of the leaves [(256n + i) * 256^l, (256n + i + 1) * 256^l).
A tree of size s has ⌊s / 256^l⌋ hashes at level l; the last tile of a level is partial unless it is
full, and an empty one does not exist. What lies between two levels is hashed anew from a tile.

Source: C2SP tlog-tiles v0.1.0.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from . import merkle
from .errors import InputError
from .merkle import HASH_SIZE, BadPosition, HashReader

__all__ = [
    "ENTRIES",
    "MAX_BUNDLED_ENTRY",
    "TILE_HEIGHT",
    "TILE_WIDTH",
    "BadTile",
    "Tile",
    "TileSource",
    "decode_bundle",
    "decode_tile",
    "encode_bundle",
    "encode_tile",
    "hash_reader",
    "new_tiles",
    "tile_of",
]

TILE_HEIGHT: Final = 8
"""Levels of the tree from one level of tiles to the next."""
TILE_WIDTH: Final = 256
"""Hashes in a full tile, entries in a full bundle."""
ENTRIES: Final = -1
"""The level of a `Tile` that is a bundle of entries."""
MAX_BUNDLED_ENTRY: Final = 65_535
"""Largest entry that a bundle can hold, in bytes."""

_MAX_LEVEL: Final = 63
_MAX_NUMBER: Final = 2**63 - 1
_LENGTH_SIZE: Final = 2
_CACHED_TILES: Final = 64
_PATH: Final = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class BadTile(InputError):
    """A tile, a bundle or a path of one that is not what the format says."""

    code = "tiles.malformed"
    hint = "the tile is cut short, or it is of another size of the log; get it anew"


class Tile(NamedTuple):
    """Which tile: its level (`ENTRIES` for a bundle), its number and how many hashes it has."""

    level: int
    number: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """Where the tile is served, below the prefix of the log. Raises `BadTile`."""
        if not (
            ENTRIES <= self.level <= _MAX_LEVEL and 0 <= self.number <= _MAX_NUMBER and 1 <= self.width <= TILE_WIDTH
        ):
            raise BadTile("no tile has this level, number or width", value=tuple(self))
        level = "entries" if self.level == ENTRIES else str(self.level)
        digits = str(self.number)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{number}{partial}"

    @classmethod
    def parse(cls, path: str) -> Tile:
        """The tile at `path`. Raises `BadTile` unless it is the one way of writing it."""
        match = _PATH.fullmatch(path)
        if match is None:
            raise BadTile("not the path of a tile", value=path)
        level, number, width = match.groups()
        tile = cls(
            ENTRIES if level == "entries" else int(level),
            int(number.replace("x", "").replace("/", "")),
            int(width) if width else TILE_WIDTH,
        )
        if tile.path() != path:
            raise BadTile("not the canonical path of a tile", value=path)
        return tile


TileSource = Callable[[Tile], bytes]
"""Gives the bytes of a hash tile; may give a wider tile than it was asked for."""


def tile_of(level: int, number: int, size: int) -> Tile:
    """Tile `number` of `level` as wide as it is in a tree of `size`.

    Raises `BadPosition` if that tree has no such tile.
    """
    hashes = size >> (TILE_HEIGHT * max(level, 0))
    width = min(TILE_WIDTH, hashes - number * TILE_WIDTH)
    if number < 0 or width < 1:
        raise BadPosition(f"no tile {number} of level {level} in a tree of size {size}", value=size)
    return Tile(level, number, width)


def new_tiles(old: int, new: int, *, level: int | None = None) -> Iterator[Tile]:
    """The tiles of a tree of size `new` that one of size `old` does not have, lowest level first.

    All hash tiles by default, or those of one `level`; `ENTRIES` for the bundles. `old` 0 gives
    all tiles of the tree.
    """
    if not 0 <= old <= new <= merkle.MAX_SIZE:
        raise BadPosition(f"size {old} is not a size before {new}", value=old)
    if level is not None:
        shift = TILE_HEIGHT * max(level, 0)
        before, after = old >> shift, new >> shift
        if before < after:
            for number in range(before // TILE_WIDTH, -(-after // TILE_WIDTH)):
                yield tile_of(level, number, new)
        return
    for each in range(-(-new.bit_length() // TILE_HEIGHT)):
        yield from new_tiles(old, new, level=each)


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """The bytes of a hash tile: 1 to 256 hashes of 32 bytes, one after the other."""
    data = b"".join(hashes)
    if not 1 <= len(hashes) <= TILE_WIDTH or any(len(one) != HASH_SIZE for one in hashes):
        raise BadTile("a tile has 1 to 256 hashes of 32 bytes", value=len(hashes))
    return data


def decode_tile(data: bytes, width: int) -> list[bytes]:
    """The `width` hashes of a tile. Raises `BadTile` for any other length."""
    if not 1 <= width <= TILE_WIDTH or len(data) != width * HASH_SIZE:
        raise BadTile(f"{len(data)} bytes are no tile of {width} hashes", value=len(data))
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle of 1 to 256 entries of at most 65,535 bytes each."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise BadTile("a bundle has 1 to 256 entries", value=len(entries))
    parts = []
    for entry in entries:
        if len(entry) > MAX_BUNDLED_ENTRY:
            raise BadTile("an entry of more than 65,535 bytes", value=len(entry))
        parts += [len(entry).to_bytes(_LENGTH_SIZE, "big"), entry]
    return b"".join(parts)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The `width` entries of a bundle. Raises `BadTile` if bytes are missing or left over."""
    if not 1 <= width <= TILE_WIDTH:
        raise BadTile("a bundle has 1 to 256 entries", value=width)
    entries, at = [], 0
    for number in range(width):
        start = at + _LENGTH_SIZE
        end = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or end > len(data):
            raise BadTile(f"the bundle ends within entry {number} of {width}", value=len(data))
        entries.append(data[start:end])
        at = end
    if at != len(data):
        raise BadTile(f"{len(data) - at} bytes after the last entry of a bundle", value=len(data))
    return entries


def hash_reader(source: TileSource, size: int) -> HashReader:
    """Reads hashes of subtrees from the tiles of a tree of `size`; the last tiles are kept.

    The reader raises `BadPosition` for a subtree that is not complete at `size`, `BadTile` for a
    tile of the wrong length, and whatever `source` raises. It trusts the tiles: a proof from it is
    to be verified against a signed root.
    """
    kept: OrderedDict[Tile, list[bytes]] = OrderedDict()

    def hashes_of(tile: Tile) -> list[bytes]:
        if tile not in kept:
            if len(kept) >= _CACHED_TILES:
                kept.popitem(last=False)
            kept[tile] = decode_tile(source(tile)[: tile.width * HASH_SIZE], tile.width)
        kept.move_to_end(tile)
        return kept[tile]

    def hash_at(level: int, number: int) -> bytes:
        if not 0 <= level < 64 or number < 0 or (number + 1) << level > size:
            raise BadPosition(f"no subtree {number} of level {level} at size {size}", value=number)
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_number, first = divmod(number << height, TILE_WIDTH)
        hashes = hashes_of(tile_of(tile_level, tile_number, size))
        return merkle.root(hashes[first : first + (1 << height)])

    return hash_at
