"""Tiles and bundles of C2SP tlog-tiles: which there are, where they are, what is in them."""

from __future__ import annotations

import pytest

from ledger import merkle
from ledger.tiles import (
    ENTRIES,
    BadTile,
    Tile,
    decode_bundle,
    decode_tile,
    encode_bundle,
    encode_tile,
    hash_reader,
    new_tiles,
    tile_of,
)

SIZE = 70_000


class Rows:
    """All hashes of subtrees of a log, as a store would keep them."""

    def __init__(self, size):
        self.levels = []
        leaves = [merkle.leaf_hash(b"%d" % number) for number in range(size)]
        self.frontier, runs = merkle.Frontier().extend(leaves)
        self.levels = [list(run.hashes) for run in runs]
        self.fetched = []

    def hash_at(self, level, number):
        return self.levels[level][number]

    def tile(self, tile):
        self.fetched.append(tile)
        first = tile.number * 256
        return encode_tile(self.levels[8 * tile.level][first : first + tile.width])


@pytest.fixture(scope="module")
def rows():
    return Rows(SIZE)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(1, 0, 17), "tile/1/000.p/17"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(0, 999), "tile/0/999"),
        (Tile(0, 1000), "tile/0/x001/000"),
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(63, 5, 255), "tile/63/005.p/255"),
        (Tile(ENTRIES, 0, 1), "tile/entries/000.p/1"),
        (Tile(ENTRIES, 1_234_067), "tile/entries/x001/x234/067"),
        (Tile(0, 2**55 - 1), "tile/0/x036/x028/x797/x018/x963/967"),
    ],
)
def test_path(tile, path):
    assert tile.path() == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/X001/000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/a/000",
        "tile/entry/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1\n",
        "tile/0/٠٠٠",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
        "../tile/0/000",
        "tile/0/../000",
    ],
)
def test_any_other_path_is_refused(path):
    with pytest.raises(BadTile) as caught:
        Tile.parse(path)
    assert caught.value.code == "tiles.malformed"


@pytest.mark.parametrize("tile", [Tile(-2, 0), Tile(64, 0), Tile(0, -1), Tile(0, 0, 0), Tile(0, 0, 257)])
def test_a_tile_that_cannot_be_has_no_path(tile):
    with pytest.raises(BadTile):
        tile.path()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, []),
        (1, ["tile/0/000.p/1"]),
        (255, ["tile/0/000.p/255"]),
        (256, ["tile/0/000", "tile/1/000.p/1"]),
        (257, ["tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]),
        (511, ["tile/0/000", "tile/0/001.p/255", "tile/1/000.p/1"]),
    ],
)
def test_tiles_of_a_size(size, expected):
    assert [tile.path() for tile in new_tiles(0, size)] == expected


def test_tiles_of_the_specification_s_example():
    tiles = list(new_tiles(0, 70_000))
    assert sum(tile.level == 0 and tile.width == 256 for tile in tiles) == 273
    assert [tile.path() for tile in tiles if tile.width < 256 or tile.level > 0] == [
        "tile/0/273.p/112",
        "tile/1/000",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert len(list(new_tiles(0, 70_000, level=ENTRIES))) == 274
    assert list(new_tiles(0, 65_536))[-1] == Tile(2, 0, 1)
    assert list(new_tiles(0, 65_535))[-1] == Tile(1, 0, 255)


def test_tiles_between_two_sizes():
    assert list(new_tiles(255, 257)) == [Tile(0, 0), Tile(0, 1, 1), Tile(1, 0, 1)]
    assert list(new_tiles(256, 257)) == [Tile(0, 1, 1)]
    assert list(new_tiles(257, 257)) == []
    assert list(new_tiles(257, 300, level=ENTRIES)) == [Tile(ENTRIES, 1, 44)]
    for old in range(0, 600, 7):
        for new in range(old, 600, 13):
            had = set(new_tiles(0, old))
            assert set(new_tiles(0, new)) - had == set(new_tiles(old, new))


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1), (0, 2**63)])
def test_no_tiles_between_sizes_that_cannot_be(old, new):
    with pytest.raises(merkle.BadPosition):
        list(new_tiles(old, new))


@pytest.mark.parametrize(("level", "number", "size"), [(0, 0, 0), (0, 1, 256), (1, 0, 255), (0, -1, 9)])
def test_no_tile_outside_the_tree(level, number, size):
    with pytest.raises(merkle.BadPosition):
        tile_of(level, number, size)


def test_reader_gives_every_subtree(rows):
    hash_at = hash_reader(rows.tile, SIZE)
    for level in range(17):
        last = (SIZE >> level) - 1
        for number in {0, 1, last // 2, last - 1, last}:
            if 0 <= number <= last:
                assert hash_at(level, number) == rows.hash_at(level, number)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 65_535, 65_536, 65_537, SIZE])
def test_proofs_from_tiles_verify(rows, size):
    hash_at = hash_reader(rows.tile, size)
    root = merkle.Frontier.read(hash_at, size).root()
    assert root == merkle.root(rows.levels[0][:size])
    for index in {0, size // 3, size - 1}:
        path = merkle.inclusion_path(hash_at, index, size)
        merkle.verify_inclusion(rows.hash_at(0, index), index, size, path, root)
    for old in {1, size // 2, size - 1} - {0}:
        old_root = merkle.root(rows.levels[0][:old])
        path = merkle.consistency_path(hash_at, old, size)
        merkle.verify_consistency(old, old_root, size, root, path)


def test_reader_fetches_a_tile_once(rows):
    rows.fetched.clear()
    hash_at = hash_reader(rows.tile, SIZE)
    for _ in range(3):
        merkle.inclusion_path(hash_at, 1000, SIZE)
    assert sorted(rows.fetched) == [Tile(0, 3), Tile(0, 273, 112), Tile(1, 0), Tile(1, 1, 17)]


def test_reader_keeps_the_64_tiles_used_last(rows):
    rows.fetched.clear()
    hash_at = hash_reader(rows.tile, SIZE)
    for number in [*range(64), 0, 64, 0, 1]:
        hash_at(0, 256 * number)
    assert [tile.number for tile in rows.fetched] == [*range(64), 64, 1]


def test_reader_takes_a_full_tile_for_a_partial_one(rows):
    def full(tile):
        return rows.tile(tile._replace(width=256))

    assert hash_reader(full, 300)(0, 299) == rows.hash_at(0, 299)


def test_reader_refuses_a_short_tile_and_an_incomplete_subtree(rows):
    with pytest.raises(BadTile):
        hash_reader(lambda tile: rows.tile(tile)[:-1], 300)(0, 299)
    hash_at = hash_reader(rows.tile, 300)
    for level, number in ((0, 300), (8, 1), (3, 37), (-1, 0), (0, -1), (64, 0)):
        with pytest.raises(merkle.BadPosition):
            hash_at(level, number)


def test_bundle_bytes():
    assert encode_bundle([b"", b"a", b"bc"]).hex() == "0000" + "000161" + "00026263"
    assert decode_bundle(bytes.fromhex("000000016100026263"), 3) == [b"", b"a", b"bc"]


def test_a_full_bundle_and_one_that_ends_in_an_empty_entry():
    entries = [b"%d" % number for number in range(255)] + [b""]
    assert decode_bundle(encode_bundle(entries), 256) == entries


def test_bundle_of_the_largest_entry():
    largest = bytes(65_535)
    assert decode_bundle(encode_bundle([largest]), 1) == [largest]
    with pytest.raises(BadTile):
        encode_bundle([bytes(65_536)])


@pytest.mark.parametrize("count", [0, 257])
def test_a_bundle_or_tile_has_1_to_256(count):
    with pytest.raises(BadTile):
        encode_bundle([b""] * count)
    with pytest.raises(BadTile):
        encode_tile([bytes(32)] * count)
    with pytest.raises(BadTile):
        decode_bundle(b"\x00\x00" * count, count)
    with pytest.raises(BadTile):
        decode_tile(bytes(32) * count, count)


def test_a_bundle_cut_anywhere_is_refused():
    data = encode_bundle([b"first", b"", b"third"])
    for cut in range(len(data)):
        with pytest.raises(BadTile, match="ends within entry"):
            decode_bundle(data[:cut], 3)
    with pytest.raises(BadTile, match="1 bytes after the last entry"):
        decode_bundle(data + b"\x00", 3)
    with pytest.raises(BadTile, match="7 bytes after the last entry"):
        decode_bundle(data, 2)


def test_a_tile_of_another_length_is_refused():
    assert decode_tile(bytes(64), 2) == [bytes(32), bytes(32)]
    for data, width in ((bytes(63), 2), (bytes(65), 2), (bytes(96), 2), (b"", 1)):
        with pytest.raises(BadTile):
            decode_tile(data, width)
    for hashes in ([bytes(31), bytes(33)], [bytes(32), bytes(31), bytes(33)]):
        with pytest.raises(BadTile):
            encode_tile(hashes)
