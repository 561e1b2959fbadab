"""How the store uses a database: who reads and writes on which connection, and what errors become.

One connection writes, under a lock. Reads take a connection from the pool. Statements are built with
SQLAlchemy's Core, compiled once into the text of the database at hand, and handed to the driver with
tuples of values in the order in which the text names them: the Core's own treatment of values costs
7 to 18 µs a row, and makes a `TypeError` of a damaged one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, insert, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.expression import ClauseElement

from ledger.errors import LadingError

from .port import NewerStore, NoStore, StoreDamaged, StoreFailed, StoreMoved
from .schema import META, TABLES, VERSION

__all__ = ["LARGEST", "WRITES", "Database", "Explain", "explain", "whole_number"]

WRITES: Final = "lading_writes"
"""The execution option of the connection that writes."""
LARGEST: Final = 2**63 - 1
"""The largest number that a column holds."""

_ROWS: Final = 512
_texts: Final[dict[tuple[str, str, ClauseElement], str]] = {}

Explain = Callable[[Exception], LadingError]
"""Says which error of the port an error of SQLAlchemy or of the driver is."""


def explain(exc: Exception) -> LadingError:
    """The error of the port for an error of any database."""
    error = getattr(exc, "orig", None) or exc
    if any(kind.__name__ == "IntegrityError" for kind in type(error).__mro__):
        return StoreMoved("another process wrote in the meantime what was to be written")
    first_line = (str(error).splitlines() or [type(error).__name__])[0]
    return StoreFailed(f"the database failed: {first_line[:200]}")


def _text(statement: ClauseElement, dialect: Dialect) -> str:
    """A statement as text with positional parameters, compiled once in the life of a process."""
    key = (dialect.name, dialect.driver, statement)
    text = _texts.get(key)
    if text is None:
        positional: Any = type(dialect)
        if not dialect.positional:
            dialect = positional(paramstyle="format")
        options = {"render_postcompile": True}
        text = _texts[key] = str(statement.compile(dialect=dialect, compile_kwargs=options))
    return text


def whole_number(value: Any, what: str) -> int:
    """A number from a column. Raises `StoreDamaged` for anything else and for a negative one."""
    if type(value) is not int or value < 0:
        raise StoreDamaged(f"{what} is no number", value=value)
    return value


class Database:
    """The connections of one store. What a subclass reads and writes goes through these methods."""

    def __init__(self, engine: Engine, *, create: bool = False, explain: Explain = explain) -> None:
        self._engine = engine
        self._explain = explain
        self._lock = RLock()
        self._writer: Connection | None = None
        self._errors = (SQLAlchemyError, engine.dialect.loaded_dbapi.Error)
        try:
            with self._writing() if create else self._reading() as connection:
                _check_tables(connection, create=create)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Let no error of the database out."""
        try:
            yield
        except self._errors as exc:
            raise self._explain(exc) from None

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction on the connection that writes: all of it or nothing."""
        with self._lock, self._explained():
            writer = self._writing_connection()
            try:
                with writer.begin():
                    yield writer
            except self._errors:
                self._writer = None
                writer.invalidate()
                writer.close()
                raise

    def _writing_connection(self) -> Connection:
        if self._writer is None:
            self._writer = self._open_writer()
        return self._writer

    def _open_writer(self) -> Connection:
        return self._engine.connect().execution_options(**{WRITES: True})

    @contextmanager
    def _reading_warm(self) -> Iterator[Connection]:
        """The connection that writes if it is idle, since it has in memory what it wrote last."""
        if not self._lock.acquire(blocking=False):
            with self._reading() as connection:
                yield connection
            return
        try:
            with self._explained():
                connection = self._writing_connection()
                try:
                    yield connection
                finally:
                    connection.connection.rollback()
        finally:
            self._lock.release()

    def _run(self, connection: Connection, statement: ClauseElement, *values: Any) -> Any:
        """Run a statement; gives the driver's cursor."""
        cursor = connection.connection.cursor()
        cursor.execute(_text(statement, self._engine.dialect), values)
        return cursor

    def _run_many(self, connection: Connection, statement: ClauseElement, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run a statement once for each row; gives the number of rows that it touched."""
        if not rows:
            return 0
        cursor = connection.connection.cursor()
        cursor.executemany(_text(statement, self._engine.dialect), rows)
        touched: int = cursor.rowcount
        cursor.close()
        return touched

    def _one(self, statement: ClauseElement, *values: Any) -> Any:
        """The first row that a query gives, or None."""
        with self._reading() as connection:
            return self._run(connection, statement, *values).fetchone()

    def _all(self, statement: ClauseElement, *values: Any) -> list[Any]:
        """All rows that a query gives."""
        with self._reading() as connection:
            rows: list[Any] = self._run(connection, statement, *values).fetchall()
            return rows

    def _stream(self, statement: ClauseElement) -> Iterator[Any]:
        """The rows of a query, a few at a time, as the database was when it began."""
        with self._reading() as connection:
            streamed = connection.execution_options(stream_results=True)
            result = streamed.exec_driver_sql(_text(statement, self._engine.dialect))
            for rows in result.partitions(_ROWS):
                yield from rows

    def close(self) -> None:
        """Let go of the database."""
        with self._lock, self._explained():
            writer, self._writer = self._writer, None
            if writer is not None:
                writer.close()
            self._engine.dispose()


def _check_tables(connection: Connection, *, create: bool) -> None:
    """Make the tables where they are absent and `create` is set; look at their version."""
    if not inspect(connection).has_table(META.name):
        if not create:
            raise NoStore("the database holds no ledger")
        TABLES.create_all(connection)
        connection.execute(insert(META), {"key": "schema", "value": VERSION})
        return
    version = connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar()
    if version == VERSION:
        return
    if type(version) is not str or not (version.isascii() and version.isdecimal()):
        raise StoreDamaged("the version of the tables is missing or malformed", value=version)
    raise NewerStore(f"its tables are of version {version}, ours of {VERSION}", value=version)
