"""The store in a file of SQLite: the only module that knows SQLite.

WAL, so that reads go on while one writes; `synchronous=FULL`, so that a commit is on the disk when
it returns. A write begins with BEGIN IMMEDIATE: whoever cannot write learns it before it has read.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from ledger.errors import LadingError

from . import database
from .port import NoStore, StoreBusy, StoreDamaged, StoreFailed
from .sql import SqlStore

__all__ = ["SqliteStore", "explain", "open_sqlite"]

_BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_DAMAGED: Final = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"})
_CHECKPOINT_PAGES: Final = 20_000


def open_sqlite(
    path: Path | str,
    *,
    create: bool = False,
    read_only: bool = False,
    cache_mib: int = 64,
    timeout: float = 5.0,
) -> SqliteStore:
    """The store in the file `path`; `create` makes the file and its tables where they are absent.

    `cache_mib` is what a connection may keep of the file in memory, in MiB; `timeout` how long a
    write waits for another process, in seconds. Raises the port's errors.
    """
    path = Path(path)
    try:
        _prepare_file(path, create=create and not read_only)
    except OSError as exc:
        raise StoreFailed(f"cannot open {path}: {exc.strerror}", value=str(path)) from None
    uri = path.absolute().as_uri() + ("?mode=ro" if read_only else "?mode=rw")

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA cache_size = -{cache_mib * 1024}")
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, max_overflow=32)
    event.listen(engine, "begin", _begin)
    return SqliteStore(engine, path, create=create and not read_only)


def _prepare_file(path: Path, *, create: bool) -> None:
    if create:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    elif not path.exists():
        raise NoStore(f"there is no file {path}", value=str(path))


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(database.WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def explain(exc: Exception) -> LadingError:
    """The error of the port for an error of SQLite."""
    error: Any = getattr(exc, "orig", exc)
    name = getattr(error, "sqlite_errorname", "")
    base = "_".join(name.split("_")[:2])
    if base in _BUSY:
        return StoreBusy("another process is writing to the store")
    if base in _DAMAGED or str(error).startswith("Could not decode to UTF-8"):
        return StoreDamaged(f"SQLite finds the file damaged: {error}")
    return database.explain(exc)


class SqliteStore(SqlStore):
    """A store in a file, which can be copied while it is used."""

    def __init__(self, engine: Engine, path: Path, *, create: bool) -> None:
        self.path = path
        super().__init__(engine, create=create, explain=explain)

    def backup(self, target: Path | str) -> None:
        """Copy the store as it is now, whole batches only, into a new file of mode 0600."""
        target = Path(target)
        try:
            os.close(os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        except OSError as exc:
            raise StoreFailed(f"cannot make {target}: {exc.strerror}", value=str(target)) from None
        with self._reading() as connection, self._explained():
            source: Any = connection.connection.dbapi_connection
            copy = sqlite3.connect(target)
            try:
                source.backup(copy)
            finally:
                copy.close()

    def integrity(self) -> list[str]:
        """What SQLite itself finds wrong with the file, one line each; nothing if it is sound."""
        with self._reading() as connection:
            rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return [] if rows == ["ok"] else [str(row) for row in rows]
