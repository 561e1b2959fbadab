"""The log in a database: entries, hashes of subtrees, commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from ledger.chain import Batch, Head
from ledger.merkle import Frontier

from .database import LARGEST, Database, whole_number
from .hashes import HashTiles, check_subtree
from .port import StoreDamaged, StoredEntry
from .rows import checked_commit, checked_entry, checked_hashes, checked_head, pack_previous
from .schema import CHECKPOINT, COMMIT, ENTRY, HASH

__all__ = ["LogTables"]

_PAGE = 512
_FIRST: BindParameter[int] = bindparam("first")
_STOP: BindParameter[int] = bindparam("stop")
_ROW = (ENTRY.c.leaf, ENTRY.c.previous, ENTRY.c.data)

_ADD_ENTRY = insert(ENTRY)
_ADD_HASH = insert(HASH)
_ADD_COMMIT = insert(COMMIT)
_COMMIT = select(COMMIT.c.height, COMMIT.c.idx, *_ROW).select_from(COMMIT.outerjoin(ENTRY, COMMIT.c.idx == ENTRY.c.idx))
_AT_HEIGHT = _COMMIT.where(COMMIT.c.height == bindparam("height"))
_ENDS = select(
    select(func.max(ENTRY.c.idx)).scalar_subquery(),
    select(func.max(CHECKPOINT.c.size)).scalar_subquery(),
)
_TOP = select(func.max(COMMIT.c.height)).scalar_subquery()
_NEWEST = _COMMIT.where(COMMIT.c.height == _TOP).add_columns(*_ENDS.selected_columns)
_CLOSING = _COMMIT.where(
    COMMIT.c.idx == select(func.min(COMMIT.c.idx)).where(COMMIT.c.idx >= bindparam("index")).scalar_subquery()
)
_LAST_COMMIT = select(func.max(COMMIT.c.idx))
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
        row = self._one(_NEWEST)
        if row is None:
            if self._one(_ENDS) in ((None, None), (None, 0)):
                return None
            row = self._one(_NEWEST)  # somebody may have founded the ledger between the two
        if row is None:
            raise StoreDamaged("there are entries or checkpoints, and no commit")
        *commit, end, signed = row
        if signed is not None:
            whole_number(signed, "a checkpoint's size")
        return checked_head(*_commit(commit), whole_number(end, "an entry's index"), signed)

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
        row = self._one(_AT_HEIGHT, height) if 0 <= height <= LARGEST else None
        return None if row is None else checked_commit(*_commit(row)).index

    def closing_commit(self, index: int) -> int | None:
        """The index of the commit entry that closes the batch of an entry."""
        row = self._one(_CLOSING, index) if 0 <= index <= LARGEST else None
        if row is None:
            return None
        commit = checked_commit(*_commit(row))
        if commit.size_before > index:
            raise StoreDamaged(f"the commit that closes entry {index} is missing", value=index)
        return commit.index


def _commit(row: Sequence[Any]) -> tuple[int, StoredEntry]:
    """Height and entry of a row of `_COMMIT`."""
    height, index, *entry = row
    height = whole_number(height, "a height")
    return height, checked_entry(whole_number(index, "a commit's index"), *entry)
