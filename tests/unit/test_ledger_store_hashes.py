"""Hashes between the stored levels are those of the tree, read once and kept within bounds."""

from __future__ import annotations

import pytest

from ledger import merkle
from ledger.merkle import BadPosition, Frontier, leaf_hash, node_hash
from ledger.store.hashes import HashTiles, check_subtree


class Stored:
    """The levels 0, 8, 16 of a log of so many entries; counts what is read."""

    def __init__(self, size: int) -> None:
        self.rows: dict[int, list[bytes]] = {0: []}
        self.reads: list[tuple[int, int, int]] = []
        self.grow(size)

    def grow(self, size: int) -> None:
        row = self.rows[0]
        row += [leaf_hash(index.to_bytes(4, "big")) for index in range(len(row), size)]
        level = 0
        while len(row) >> 8:
            for _ in range(8):
                row = [node_hash(a, b) for a, b in zip(row[::2], row[1::2], strict=False)]
            level += 8
            self.rows[level] = row

    def read(self, level: int, first: int, stop: int) -> list[bytes]:
        self.reads.append((level, first, stop))
        return self.rows.get(level, [])[first:stop]


def test_every_level_of_a_large_log_has_its_hashes():
    stored = Stored(70_000)
    tiles = HashTiles(stored.read)
    row = stored.rows[0]
    for level in range(17):
        for number in {0, len(row) // 3, len(row) - 1}:
            assert tiles.hash_at(level, number) == row[number]
        assert tiles.hash_at(level, len(row)) is None
        row = [node_hash(a, b) for a, b in zip(row[::2], row[1::2], strict=False)]
    assert Frontier.read(tiles.hash_at, 70_000).root() == merkle.root(stored.rows[0])


def test_a_tile_is_read_once():
    stored = Stored(600)
    tiles = HashTiles(stored.read)
    for level in range(8):
        for number in range(256 >> level):
            assert tiles.hash_at(level, number) is not None
    assert stored.reads == [(0, 0, 256)]
    assert tiles.hash_at(8, 1) == stored.rows[8][1]
    assert stored.reads == [(0, 0, 256), (8, 0, 256)]


def test_the_last_tile_is_read_again_when_the_log_has_grown():
    stored = Stored(3)
    tiles = HashTiles(stored.read)
    assert tiles.hash_at(1, 0) == node_hash(*stored.rows[0][:2])
    assert tiles.hash_at(1, 1) is None
    stored.grow(4)
    assert tiles.hash_at(1, 1) == node_hash(*stored.rows[0][2:])
    assert tiles.hash_at(2, 0) == merkle.root(stored.rows[0])
    assert stored.reads == [(0, 0, 256)] * 3


def test_what_is_kept_is_bounded():
    stored = Stored(1)
    tiles = HashTiles(stored.read)
    for number in range(1_000):
        tiles.hash_at(0, number << 8)
    assert len(tiles._tiles) == 128


@pytest.mark.parametrize(("level", "number"), [(0, 5), (1, 2), (2, 1), (3, 0), (-1, 0), (0, -1), (64, 0)])
def test_a_subtree_that_is_not_complete_has_no_hash(level, number):
    check_subtree(0, 4, 5)
    check_subtree(1, 1, 5)
    check_subtree(2, 0, 5)
    with pytest.raises(BadPosition):
        check_subtree(level, number, 5)
