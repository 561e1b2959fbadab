"""The state in a database: one row a key, and what each height replaced."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select, update

from ledger.chain import Batch
from ledger.record import Item

from .database import LARGEST, Database
from .port import LeafReader, StoreDamaged
from .rows import checked_item, checked_leaf, checked_row, pack_undo, unpack_undo
from .schema import STATE, UNDO

__all__ = ["StateTables"]

_PATHS = 256
_QUERIES = (1, 2, 4, 8, 16, 32, 64, 128, _PATHS)
_ROW = (STATE.c.path, STATE.c.leaf, STATE.c.salt, STATE.c.content)
_ADD = insert(STATE).inline().values({column.name: bindparam(column.name) for column in _ROW})
_CHANGE = (
    update(STATE)
    .values({column.name: bindparam(column.name) for column in _ROW[1:]})
    .where(STATE.c.path == bindparam("at"))
)
_LEAVES = select(STATE.c.path, STATE.c.leaf).order_by(STATE.c.path)
_ROWS = select(*_ROW).order_by(STATE.c.path)
_ADD_UNDO = insert(UNDO)
_UNDO = select(UNDO.c.data).where(UNDO.c.height == bindparam("height"))
_PRUNE = delete(UNDO).where(UNDO.c.height < bindparam("below"))


class StateTables(Database):
    """What a store says about the state."""

    def _append_state(self, connection: Connection, batch: Batch) -> None:
        """Write the rows in ascending order of path, which is that of the index's pages."""
        undo, height = batch.undo, batch.head.height
        added, changed = [], []
        for path, leaf, (salt, content) in sorted(batch.rows):
            if undo[path] is None:
                added.append((path, leaf, salt, content))
            else:
                changed.append((leaf, salt, content, path))
        self._run_many(connection, _ADD, added)
        if self._run_many(connection, _CHANGE, changed) != len(changed):
            raise StoreDamaged(f"a state row that height {height} changes is missing", value=height)
        self._run(connection, _ADD_UNDO, height, pack_undo(undo))

    def leaves(self) -> Iterator[tuple[bytes, bytes]]:
        """(path, leaf hash) of every state row in ascending order of path."""
        for row in self._stream(_LEAVES):
            yield checked_leaf(*row)

    def all_items(self) -> Iterator[tuple[bytes, bytes, Item]]:
        """(path, leaf, item) of every state row in ascending order of path."""
        for row in self._stream(_ROWS):
            yield checked_row(*row)

    def items(self, paths: Iterable[bytes], leaf_of: LeafReader | None = None) -> dict[bytes, Item]:
        """What stands under these paths."""
        if leaf_of is None:
            wanted = dict.fromkeys(paths)
        else:
            wanted = {path: leaf for path in paths if (leaf := leaf_of(path)) is not None}
        found: dict[bytes, Item] = {}
        for path, leaf, salt, content in self._rows_at(sorted(wanted)):
            found[path] = checked_item(path, wanted[path] or leaf, salt, content)
        if leaf_of is not None and len(found) != len(wanted):
            missing = next(path for path in wanted if path not in found)
            raise StoreDamaged(f"no state row at {missing.hex()}", value=missing)
        return found

    def _rows_at(self, paths: list[bytes]) -> list[Any]:
        rows: list[Any] = []
        with self._reading_warm() as connection:
            for at in range(0, len(paths), _PATHS):
                page = paths[at : at + _PATHS]
                # A few sizes of the query, each compiled once: a path that stands there twice is found once.
                size = _QUERIES[bisect_left(_QUERIES, len(page))]
                page += page[-1:] * (size - len(page))
                rows += self._run(connection, _select(size), *page).fetchall()
        return rows

    def undo(self, height: int) -> Mapping[bytes, bytes | None] | None:
        """The state leaves before a height."""
        row = self._one(_UNDO, height) if 0 <= height <= LARGEST else None
        return None if row is None else unpack_undo(height, row[0])

    def prune_undos(self, below: int) -> None:
        """Forget the undo records of the heights below `below`."""
        with self._writing() as connection:
            self._run(connection, _PRUNE, min(below, LARGEST))


@cache
def _select(count: int) -> Select[Any]:
    """The query for the rows at `count` paths."""
    return select(*_ROW).where(STATE.c.path.in_([b""] * count))
