"""The store in a database, through SQLAlchemy.

One connection writes, under a lock; reads take connections of their own from the pool. What must be
quick (`append`, `items`) hands tuples to the driver; all else is the Core's. A batch is one
transaction, and the first thing that it does is to look whether it follows what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ledger.chain import Batch, Head
from ledger.errors import LadingError
from ledger.hashing import ZERO
from ledger.merkle import Frontier
from ledger.record import Item

from .hashes import HashTiles, check_subtree
from .port import (
    LeafReader,
    StoreDamaged,
    StoredCheckpoint,
    StoredEntry,
    StoreFailed,
    StoreMoved,
)
from .rows import (
    checked_entry,
    checked_hashes,
    checked_item,
    checked_leaf,
    checked_row,
    head_of,
    pack_previous,
    pack_undo,
    unpack_undo,
)
from .schema import CHECKPOINT, COMMIT, ENTRY, HASH, SIGNATURE, STATE, UNDO, Texts, prepare

__all__ = ["WRITES", "Explain", "SqlStore", "explain"]

WRITES: Final = "lading_writes"
"""The execution option of a connection that is going to write."""
_PAGE: Final = 512
_PATHS: Final = 256
_MOST: Final = 2**63 - 1

Explain = Callable[[BaseException], LadingError]
"""Says which error of the port an error of the database is."""


def explain(exc: BaseException) -> LadingError:
    """The error of the port for any database's error."""
    if isinstance(exc, DBAPIError) and type(exc).__name__ == "IntegrityError":
        return StoreMoved("what was to be written is there already")
    return StoreFailed(f"the database failed: {str(exc).splitlines()[0][:200]}")


class SqlStore:
    """A `Store` in the database of `engine`."""

    def __init__(self, engine: Engine, *, create: bool = False, explain: Explain = explain) -> None:
        self._engine = engine
        self._explain = explain
        self._lock = RLock()
        self._writer: Connection | None = None
        self._texts = Texts(engine.dialect)
        self._tiles = HashTiles(self._stored_hashes)
        try:
            with self._writing() if create else self._reading() as connection:
                prepare(connection, create=create)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Let no error of the database out."""
        try:
            yield
        except (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error) as exc:
            raise self._explain(exc) from None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._lock, self._explained():
            if self._writer is None:
                self._writer = self._engine.connect().execution_options(**{WRITES: True})
            with self._writer.begin():
                yield self._writer

    def head(self) -> Head | None:
        """The newest commit."""
        with self._reading() as connection:
            row = connection.execute(
                select(COMMIT.c.height, COMMIT.c.idx).order_by(COMMIT.c.height.desc()).limit(1)
            ).first()
            end = connection.execute(select(func.max(ENTRY.c.idx))).scalar()
            entry = None if row is None else self._entry(connection, row.idx)
        if row is None and end is None:
            return None
        if row is None or entry is None or row.idx != end:
            raise StoreDamaged(f"the log ends at entry {end}, which is no commit", value=end)
        return head_of(row.height, entry)

    def frontier(self) -> Frontier:
        """The right edge of the log's tree."""
        return Frontier.read(self._hash_at, self._size())

    def _size(self) -> int:
        with self._reading() as connection:
            index = connection.execute(select(func.max(COMMIT.c.idx))).scalar()
        return 0 if index is None else int(index) + 1

    def append(self, batch: Batch) -> None:
        """Write a batch."""
        texts, undo, height = self._texts, batch.undo, batch.head.height
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
        added, changed = [], []
        for path, leaf, item in batch.rows:
            if undo[path] is None:
                added.append((path, leaf, item.salt, item.content))
            else:
                changed.append((leaf, item.salt, item.content, path))
        added.sort()
        changed.sort(key=_last)
        with self._writing() as connection:
            self._check_follows(connection, batch)
            run = connection.exec_driver_sql
            run(texts.insert_entry, entries)
            if hashes:
                run(texts.insert_hash, hashes)
            if added:
                run(texts.insert_state, added)
            if changed and run(texts.update_state, changed).rowcount != len(changed):
                raise StoreDamaged(f"a state row that height {height} changes is missing")
            connection.execute(insert(UNDO), {"height": height, "data": pack_undo(undo)})
            connection.execute(insert(COMMIT), {"height": height, "idx": batch.commit.index})

    def _check_follows(self, connection: Connection, batch: Batch) -> None:
        row = connection.execute(
            select(COMMIT.c.height, COMMIT.c.idx, ENTRY.c.leaf)
            .join_from(COMMIT, ENTRY, COMMIT.c.idx == ENTRY.c.idx, isouter=True)
            .order_by(COMMIT.c.height.desc())
            .limit(1)
        ).first()
        height, index, leaf = (-1, -1, ZERO) if row is None else row
        if (batch.head.height, batch.first, batch.commit.previous) != (height + 1, index + 1, leaf):
            raise StoreMoved(f"the store stands at height {height}", value=batch.head.height)

    def leaves(self) -> Iterator[tuple[bytes, bytes]]:
        """(path, leaf hash) of every state row in ascending order of path."""
        for row in self._scan(STATE.c.path, STATE.c.leaf):
            yield checked_leaf(*row)

    def all_items(self) -> Iterator[tuple[bytes, bytes, Item]]:
        """(path, leaf, item) of every state row in ascending order of path."""
        for row in self._scan(STATE.c.path, STATE.c.leaf, STATE.c.salt, STATE.c.content):
            yield checked_row(*row)

    def _scan(self, *columns: Any) -> Iterator[Any]:
        with self._reading() as connection:
            streamed = connection.execution_options(yield_per=_PAGE)
            yield from streamed.execute(select(*columns).order_by(STATE.c.path))

    def items(self, paths: Iterable[bytes], leaf_of: LeafReader | None = None) -> dict[bytes, Item]:
        """What stands under these paths."""
        wanted: dict[bytes, bytes | None] = {}
        for path in paths:
            if leaf_of is None:
                wanted[path] = None
            elif (leaf := leaf_of(path)) is not None:
                wanted[path] = leaf
        found: dict[bytes, Item] = {}
        listed = sorted(wanted)
        with self._reading() as connection:
            for at in range(0, len(listed), _PATHS):
                chunk = tuple(listed[at : at + _PATHS])
                text = self._texts.select_state(len(chunk))
                for path, leaf, salt, content in connection.exec_driver_sql(text, chunk):
                    found[path] = checked_item(path, wanted[path] or leaf, salt, content)
        if leaf_of is not None and len(found) != len(wanted):
            missing = next(path for path in listed if path not in found)
            raise StoreDamaged(f"no state row at {missing.hex()}", value=missing)
        return found

    def entries(self, first: int, stop: int) -> Iterator[StoredEntry]:
        """The entries first … stop-1."""
        stop = min(stop, self._size())
        statement = select(ENTRY.c.idx, ENTRY.c.leaf, ENTRY.c.previous, ENTRY.c.data)
        for start in range(max(first, 0), stop, _PAGE):
            end = min(start + _PAGE, stop)
            page = statement.where(ENTRY.c.idx >= start, ENTRY.c.idx < end).order_by(ENTRY.c.idx)
            with self._reading() as connection:
                rows = connection.execute(page).all()
            expected = start
            for row in rows:
                if row.idx != expected:
                    break
                yield checked_entry(*row)
                expected += 1
            if expected != end:
                raise StoreDamaged(f"entry {expected} is missing", value=expected)

    def _entry(self, connection: Connection, index: int) -> StoredEntry | None:
        row = connection.execute(
            select(ENTRY.c.leaf, ENTRY.c.previous, ENTRY.c.data).where(ENTRY.c.idx == index)
        ).first()
        return None if row is None else checked_entry(index, *row)

    def hash_at(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree."""
        check_subtree(level, number, self._size())
        return self._hash_at(level, number)

    def _hash_at(self, level: int, number: int) -> bytes:
        digest = self._tiles.hash_at(level, number)
        if digest is None:
            raise StoreDamaged(f"the hash of subtree {number} of level {level} is missing")
        return digest

    def _stored_hashes(self, level: int, first: int, stop: int) -> list[bytes]:
        if level == 0:
            number, digest, base = ENTRY.c.idx, ENTRY.c.leaf, select(ENTRY.c.idx, ENTRY.c.leaf)
        else:
            number, digest = HASH.c.number, HASH.c.hash
            base = select(number, digest).where(HASH.c.level == level)
        page = base.where(number >= first, number < stop).order_by(number)
        with self._reading() as connection:
            rows = connection.execute(page).all()
        return checked_hashes(f"level {level}", [(row[0], row[1]) for row in rows], first)

    def commit_index(self, height: int) -> int | None:
        """The index of a height's commit entry."""
        if not 0 <= height <= _MOST:
            return None
        with self._reading() as connection:
            index = connection.execute(select(COMMIT.c.idx).where(COMMIT.c.height == height)).scalar()
            entry = None if index is None else self._entry(connection, index)
        if index is None:
            return None
        if entry is None:
            raise StoreDamaged(f"entry {index}, the commit of height {height}, is missing")
        return head_of(height, entry).size - 1

    def closing_commit(self, index: int) -> int | None:
        """The index of the commit entry that closes the batch of an entry."""
        if not 0 <= index <= _MOST:
            return None
        with self._reading() as connection:
            found = connection.execute(select(func.min(COMMIT.c.idx)).where(COMMIT.c.idx >= index)).scalar()
        return None if found is None else int(found)

    def undo(self, height: int) -> Mapping[bytes, bytes | None] | None:
        """The state leaves before a height."""
        if not 0 <= height <= _MOST:
            return None
        with self._reading() as connection:
            data = connection.execute(select(UNDO.c.data).where(UNDO.c.height == height)).scalar()
        return None if data is None else unpack_undo(height, data)

    def prune_undos(self, below: int) -> None:
        """Forget the undo records of the heights below `below`."""
        with self._writing() as connection:
            connection.execute(delete(UNDO).where(UNDO.c.height < min(below, _MOST)))

    def put_checkpoint(self, size: int, body: str, lines: Iterable[str]) -> None:
        """Keep a checkpoint, or add signature lines to one."""
        with self._writing() as connection:
            kept = self._checkpoint(connection, size)
            if kept is None:
                connection.execute(insert(CHECKPOINT), {"size": size, "body": body})
                kept = StoredCheckpoint(size, body, ())
            if kept.body != body:
                raise StoreDamaged(f"another checkpoint of size {size} is kept", value=body)
            new = [line for line in dict.fromkeys(lines) if line not in kept.lines]
            for number, line in enumerate(new, len(kept.lines)):
                values = {"size": size, "number": number, "line": line}
                connection.execute(insert(SIGNATURE), values)

    def checkpoint(self, size: int | None = None) -> StoredCheckpoint | None:
        """A checkpoint with its lines."""
        with self._reading() as connection:
            if size is None:
                size = connection.execute(select(func.max(CHECKPOINT.c.size))).scalar()
            if size is None or not 0 <= size <= _MOST:
                return None
            return self._checkpoint(connection, size)

    def _checkpoint(self, connection: Connection, size: int) -> StoredCheckpoint | None:
        body = connection.execute(select(CHECKPOINT.c.body).where(CHECKPOINT.c.size == size)).scalar()
        lines = (
            connection.execute(select(SIGNATURE.c.line).where(SIGNATURE.c.size == size).order_by(SIGNATURE.c.number))
            .scalars()
            .all()
        )
        if body is None:
            return None
        if any(type(text) is not str for text in (body, *lines)):
            raise StoreDamaged(f"the checkpoint of size {size} is no text", value=size)
        return StoredCheckpoint(size, body, tuple(lines))

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the newest first."""
        with self._reading() as connection:
            sizes = connection.execute(select(CHECKPOINT.c.size).order_by(CHECKPOINT.c.size.desc())).scalars().all()
        for size in sizes:
            found = self.checkpoint(size)
            if found is not None:
                yield found

    def close(self) -> None:
        """Let go of the database."""
        with self._lock, self._explained():
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self._engine.dispose()


def _last(row: tuple[Any, ...]) -> bytes:
    path: bytes = row[-1]
    return path
