"""The log in a database: entries, hashes of subtrees, commits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from ledger.chain import Batch, Head
from ledger.merkle import Frontier

from .database import LARGEST, Database, whole_number
from .hashes import HashTiles, check_subtree
from .port import StoreDamaged, StoredEntry
from .rows import checked_entry, checked_hashes, head_of, pack_previous
from .schema import COMMIT, ENTRY, HASH

__all__ = ["LogTables"]

_PAGE = 512
_FIRST: BindParameter[int] = bindparam("first")
_STOP: BindParameter[int] = bindparam("stop")
_ROW = (ENTRY.c.leaf, ENTRY.c.previous, ENTRY.c.data)
_COMMITS = COMMIT.outerjoin(ENTRY, COMMIT.c.idx == ENTRY.c.idx)

_ADD_ENTRY = insert(ENTRY)
_ADD_HASH = insert(HASH)
_ADD_COMMIT = insert(COMMIT)
_HEAD = (
    select(COMMIT.c.height, COMMIT.c.idx, *_ROW, select(func.max(ENTRY.c.idx)).scalar_subquery())
    .select_from(_COMMITS)
    .where(COMMIT.c.height == select(func.max(COMMIT.c.height)).scalar_subquery())
)
_COMMIT = select(COMMIT.c.idx, *_ROW).select_from(_COMMITS).where(COMMIT.c.height == bindparam("height"))
_CLOSING = select(func.min(COMMIT.c.idx)).where(COMMIT.c.idx >= bindparam("index"))
_LAST_COMMIT = select(func.max(COMMIT.c.idx))
_LAST_ENTRY = select(func.max(ENTRY.c.idx))
_ENTRIES = select(ENTRY.c.idx, *_ROW).where(ENTRY.c.idx >= _FIRST, ENTRY.c.idx < _STOP).order_by(ENTRY.c.idx)
_LEAVES = select(ENTRY.c.idx, ENTRY.c.leaf).where(ENTRY.c.idx >= _FIRST, ENTRY.c.idx < _STOP).order_by(ENTRY.c.idx)
_HASHES = (
    select(HASH.c.number, HASH.c.hash)
    .where(HASH.c.level == bindparam("level"), HASH.c.number >= _FIRST, HASH.c.number < _STOP)
    .order_by(HASH.c.number)
)


class LogTables(Database):
    """What a store says about its log."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._tiles = HashTiles(self._stored_hashes)
        self._known_size = 0
        super().__init__(*args, **options)

    def head(self) -> Head | None:
        """The newest commit."""
        row = self._one(_HEAD)
        if row is None:
            (end,) = self._one(_LAST_ENTRY)
            if end is not None:
                raise StoreDamaged(f"there are entries up to {end}, and no commit", value=end)
            return None
        height, index, *entry, end = row
        head = _head(height, index, entry)
        if index != end:
            raise StoreDamaged(f"the log ends at entry {end}, which is no commit", value=end)
        return head

    def frontier(self) -> Frontier:
        """The right edge of the log's tree."""
        return Frontier.read(self._hash_at, self._size())

    def _size(self) -> int:
        (index,) = self._one(_LAST_COMMIT)
        size = 0 if index is None else whole_number(index, "the last commit's index") + 1
        self._known_size = size
        return size

    def _append_log(self, connection: Connection, batch: Batch) -> None:
        entries = [
            (index, entry.leaf, pack_previous(entry.previous), entry.data)
            for index, entry in enumerate(batch.entries, batch.first)
        ]
        hashes = [
            (run.level, number, digest)
            for run in batch.runs
            if run.level and not run.level % 8
            for number, digest in enumerate(run.hashes, run.first)
        ]
        self._run_many(connection, _ADD_ENTRY, entries)
        self._run_many(connection, _ADD_HASH, hashes)
        self._run(connection, _ADD_COMMIT, batch.head.height, batch.commit.index)

    def entries(self, first: int, stop: int) -> Iterator[StoredEntry]:
        """The entries first … stop-1."""
        stop = min(stop, self._size())
        for start in range(max(first, 0), stop, _PAGE):
            end = min(start + _PAGE, stop)
            expected = start
            for row in self._all(_ENTRIES, start, end):
                if row[0] != expected:
                    break
                yield checked_entry(*row)
                expected += 1
            if expected != end:
                raise StoreDamaged(f"entry {expected} is missing", value=expected)

    def hash_at(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree."""
        if not 0 <= level < 64 or (number + 1) << level > self._known_size:
            check_subtree(level, number, self._size())
        check_subtree(level, number, self._known_size)
        return self._hash_at(level, number)

    def _hash_at(self, level: int, number: int) -> bytes:
        digest = self._tiles.hash_at(level, number)
        if digest is None:
            raise StoreDamaged(f"the hash of subtree {number} of level {level} is missing")
        return digest

    def _stored_hashes(self, level: int, first: int, stop: int) -> list[bytes]:
        values = (level, first, stop) if level else (first, stop)
        rows = self._all(_HASHES if level else _LEAVES, *values)
        return checked_hashes(f"level {level}", rows, first)

    def commit_index(self, height: int) -> int | None:
        """The index of a height's commit entry."""
        row = self._one(_COMMIT, height) if 0 <= height <= LARGEST else None
        return None if row is None else _head(height, row[0], row[1:]).size - 1

    def closing_commit(self, index: int) -> int | None:
        """The index of the commit entry that closes the batch of an entry."""
        if not 0 <= index <= LARGEST:
            return None
        (found,) = self._one(_CLOSING, index)
        return None if found is None else whole_number(found, "a commit's index")


def _head(height: Any, index: Any, entry: Any) -> Head:
    height, index = whole_number(height, "a height"), whole_number(index, "a commit's index")
    return head_of(height, checked_entry(index, *entry))
