"""The store in a file of SQLite: the only module that knows SQLite.

    ledger.db        mode 0600; the whole ledger of a node
    ledger.db-wal    what was committed since the last checkpoint of SQLite; belongs to the ledger
    ledger.db-shm    where in it; SQLite makes it anew

WAL, so that reads go on while one writes. `synchronous=FULL`, so that a commit is on the disk when
it returns. A write begins with BEGIN IMMEDIATE, so that who cannot write learns it at once.

Source: https://sqlite.org/wal.html, https://sqlite.org/pragma.html, https://sqlite.org/rescode.html
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import QueuePool

from ledger.errors import LadingError

from . import database
from .port import NoStore, StoreBusy, StoreDamaged, StoreFailed
from .sql import SqlStore

__all__ = ["SqliteStore", "open_sqlite"]

_MAGIC: Final = b"SQLite format 3\x00"
_READER_MIB: Final = 8
_PAGE_SIZE: Final = 2048
"""Bytes. An update touches one page here and one there, and each goes to the disk whole."""
_WAL_PAGES: Final = 40_000
"""After so many pages SQLite copies the WAL into the file, inside some commit: the fewer times, the
fewer pages it writes twice. 80 MB."""
_BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED"})
_DAMAGED: Final = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT"})
# SQLite has no code of its own for these; our statements never ask for what is not in the tables.
_DAMAGED_TEXTS: Final = ("Could not decode to UTF-8", "no such table", "no such column")


class SqliteStore(SqlStore):
    """A store in the file `path`, which can be copied while it is used. Made by `open_sqlite`."""

    def __init__(
        self, path: Path, uri: str, *, create: bool, cache_mib: int, timeout: float, housekeeping: bool = True
    ) -> None:
        self.path = path
        self._cache_mib = cache_mib
        reader_mib = min(cache_mib, _READER_MIB)
        engine = create_engine(
            "sqlite://",
            creator=lambda: _connect(
                uri, timeout=timeout, cache_mib=reader_mib, wal_pages=_WAL_PAGES if housekeeping else 0
            ),
            poolclass=QueuePool,
            max_overflow=32,
        )
        event.listen(engine, "begin", _begin)
        super().__init__(engine, create=create, explain=_explainer(path))

    def _open_writer(self) -> Connection:
        writer = super()._open_writer()
        writer.connection.cursor().execute(f"PRAGMA cache_size = {-1024 * self._cache_mib}")
        return writer

    def backup(self, target: Path | str) -> None:
        """Copy the store as it is now, whole batches only, into a new file of mode 0600.

        Raises `StoreFailed` if `target` exists; a copy that did not succeed is taken away.
        """
        target = Path(target)
        _make_file(target, exclusive=True)
        try:
            with self._reading() as connection, closing(sqlite3.connect(target)) as copy:
                source: Any = connection.connection.dbapi_connection
                source.backup(copy)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def integrity(self) -> list[str]:
        """What SQLite itself finds wrong with the file, one line each; nothing if it is sound."""
        try:
            with self._reading() as connection:
                rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        except StoreDamaged as exc:
            return [exc.message]
        return [str(row) for row in rows if row != "ok"]


def open_sqlite(
    path: Path | str,
    *,
    create: bool = False,
    read_only: bool = False,
    cache_mib: int = 32,
    timeout: float = 5.0,
    housekeeping: bool = True,
) -> SqliteStore:
    """The store in the file `path`; `create` makes the file and its tables where they are absent.

    `cache_mib` is how much of the file the writing connection may keep in memory, in MiB;
    `timeout` how long a write waits for another process, in seconds. Without `housekeeping` this process
    copies nothing from the WAL into the file: for who writes a row beside a node. Raises the port's errors.
    """
    path = Path(path)
    if create:
        _make_file(path, exclusive=False)
    _check_file(path)
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    if read_only and not os.access(path.parent, os.W_OK) and not _wal_of(path).exists():
        uri += "&immutable=1"  # SQLite cannot make its index of the WAL here, and needs none
    return SqliteStore(path, uri, create=create, cache_mib=cache_mib, timeout=timeout, housekeeping=housekeeping)


def _wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _make_file(path: Path, *, exclusive: bool) -> None:
    """Make an empty file that nobody else may read, durably, if there is none."""
    flags = os.O_RDWR | os.O_CREAT | (os.O_EXCL if exclusive else 0)
    try:
        os.close(os.open(path, flags, 0o600))
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as exc:
        raise StoreFailed(f"cannot make {path}: {exc.strerror}", value=str(path)) from None


def _check_file(path: Path) -> None:
    """Refuse what is no database: SQLite itself would take a short file for an empty one."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except FileNotFoundError:
        raise NoStore(f"there is no file {path}", value=str(path)) from None
    except OSError as exc:
        raise StoreFailed(f"cannot open {path}: {exc.strerror}", value=str(path)) from None
    if start and start != _MAGIC:
        raise StoreDamaged(f"{path} is not a database of SQLite", value=start)


def _connect(uri: str, *, timeout: float, cache_mib: int, wal_pages: int = _WAL_PAGES) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA cache_size = {-1024 * cache_mib}")
        connection.execute("PRAGMA trusted_schema = OFF")
        if uri.endswith("?mode=rw"):
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")  # of a database that is made now
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {wal_pages}")
    except UnicodeDecodeError:  # SQLite tells what is wrong with its schema in the words of the schema
        connection.close()
        raise StoreDamaged("the schema of the database is not text", value=uri) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(database.WRITES, False)
    connection.connection.cursor().execute("BEGIN IMMEDIATE" if writes else "BEGIN")


def _explainer(path: Path) -> Callable[[Exception], LadingError]:
    """Which error of the port an error of SQLite is, by its result code."""

    def explain(exc: Exception) -> LadingError:
        error: Any = getattr(exc, "orig", None) or exc
        code = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        if code in _BUSY:
            return StoreBusy(f"another process is writing to {path}", value=str(path))
        if code in _DAMAGED or str(error).startswith(_DAMAGED_TEXTS):
            return StoreDamaged(f"{path} is damaged: {error}", value=str(path))
        if code == "SQLITE_CONSTRAINT":
            return database.explain(exc)
        return StoreFailed(f"SQLite failed on {path}: {error}", value=str(path))

    return explain
