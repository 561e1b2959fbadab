"""Rows as a database has them, all of one moment, compared with nothing: what `audit` reads.

    with raw_rows(store) as raw:
        for idx, leaf, previous, data in raw.of(schema.ENTRY):
            …

Values come as the driver gives them, of whatever type they are. Tables can be read side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Column, Connection, Table, select

from .database import Database
from .schema import STATE

__all__ = ["RawRows", "raw_rows"]

_ROWS: Final = 256


class RawRows:
    """The tables of a store in one snapshot."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection.execution_options(stream_results=True)

    def of(self, table: Table) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, all columns, in ascending order of its key (of its path for the state).

        Raises errors of the port where the database cannot be read.
        """
        order: list[Column[Any]] = [STATE.c.path] if table is STATE else list(table.primary_key.columns)
        text = str(select(*table.columns).order_by(*order).compile(dialect=self._connection.dialect))
        with self._database._explained():
            result = self._connection.exec_driver_sql(text)
            for rows in result.partitions(_ROWS):
                for row in rows:
                    yield tuple(row)


@contextmanager
def raw_rows(database: Database) -> Iterator[RawRows]:
    """The rows of a store as they are now; what others write meanwhile is not seen."""
    with database._reading() as connection:
        yield RawRows(database, connection)
