"""The store in a database: tables of `ledger.store.schema`, through SQLAlchemy.

A batch is one transaction, and the first thing that it does is to look whether it follows what is
stored. So two processes that both believe to stand at the head cannot both append.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, func, select

from ledger.chain import Batch
from ledger.hashing import ZERO

from .port import StoreDamaged, StoreMoved
from .schema import COMMIT, ENTRY
from .sql_checkpoints import CheckpointTables
from .sql_log import LogTables
from .sql_state import StateTables

__all__ = ["SqlStore"]

_LAST = (
    select(COMMIT.c.height, COMMIT.c.idx, ENTRY.c.leaf)
    .join_from(COMMIT, ENTRY, COMMIT.c.idx == ENTRY.c.idx, isouter=True)
    .where(COMMIT.c.height == select(func.max(COMMIT.c.height)).scalar_subquery())
)


class SqlStore(LogTables, StateTables, CheckpointTables):
    """A `Store` in the database of an engine.

    `create` makes the tables where they are absent. The engine's transactions must show one state
    of the database from their first read to their end (snapshot or repeatable read).
    """

    def append(self, batch: Batch, handed_over: Callable[[], None] | None = None) -> None:
        """Write a batch."""
        with self._writing() as connection:
            self._check_follows(connection, batch)
            self._append_log(connection, batch)
            self._append_state(connection, batch)
            if handed_over is not None:
                handed_over()

    def _check_follows(self, connection: Connection, batch: Batch) -> None:
        row = self._run(connection, _LAST).fetchone()
        height, index, leaf = (-1, -1, ZERO) if row is None else row
        if type(leaf) is not bytes:
            raise StoreDamaged(f"entry {index}, the commit of height {height}, is missing")
        follows = (height + 1, index + 1, leaf)
        if (batch.head.height, batch.first, batch.commit.previous) != follows:
            raise StoreMoved(f"the store stands at height {height}", value=batch.head.height)
