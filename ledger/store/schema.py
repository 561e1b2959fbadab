"""The tables of a store, and the texts of the statements that must be quick.

    lading_entry        one row an entry of the log: its leaf hash, its links, its bytes
    lading_hash         hashes of the levels 8, 16 … of the log's tree; level 0 is in lading_entry
    lading_state        one row a key of the state tree: path, leaf hash, salt, content
    lading_commit       height → index of the commit entry, which holds everything else
    lading_undo         what a height replaced in the state, as `ledger.store.rows` packs it
    lading_checkpoint   the body of a checkpoint
    lading_signature    the signature lines known for it, in the order in which they came
    lading_meta         "schema" → the version of these tables

Nothing is kept twice but hashes, which are compared with what they are hashes of.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.sql import Executable

from .port import NewerStore, NoStore, StoreDamaged

__all__ = [
    "CHECKPOINT",
    "COMMIT",
    "ENTRY",
    "HASH",
    "META",
    "SIGNATURE",
    "STATE",
    "UNDO",
    "VERSION",
    "Texts",
    "prepare",
]

VERSION: Final = "1"
"""The version of these tables."""

_BIG: Final = BigInteger().with_variant(Integer, "sqlite")
_tables: Final = MetaData()


def _table(name: str, *columns: Any) -> Table:
    return Table(f"lading_{name}", _tables, *columns)


def _key(name: str) -> Column[int]:
    return Column(name, _BIG, primary_key=True, autoincrement=False)


def _bytes(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


ENTRY: Final = _table("entry", _key("idx"), _bytes("leaf"), _bytes("previous"), _bytes("data"))
HASH: Final = _table("hash", _key("level"), _key("number"), _bytes("hash"))
STATE: Final = _table(
    "state",
    Column("id", _BIG, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    _bytes("leaf"),
    _bytes("salt"),
    _bytes("content"),
)
COMMIT: Final = _table("commit", _key("height"), Column("idx", _BIG, nullable=False, unique=True))
UNDO: Final = _table("undo", _key("height"), _bytes("data"))
CHECKPOINT: Final = _table("checkpoint", _key("size"), Column("body", Text, nullable=False))
SIGNATURE: Final = _table(
    "signature",
    _key("size"),
    _key("number"),
    Column("line", Text, nullable=False),
    UniqueConstraint("size", "line"),
)
META: Final = _table("meta", Column("key", Text, primary_key=True), Column("value", Text, nullable=False))


def prepare(connection: Connection, *, create: bool) -> None:
    """Make the tables where they are absent and `create` is set; look at their version.

    Raises `NoStore`, `NewerStore` or `StoreDamaged`.
    """
    if not inspect(connection).has_table(META.name):
        if not create:
            raise NoStore("the database holds no ledger")
        _tables.create_all(connection)
        connection.execute(insert(META), {"key": "schema", "value": VERSION})
        return
    version = connection.execute(select(META.c.value).where(META.c.key == "schema")).scalar()
    if version == VERSION:
        return
    if type(version) is not str or not version.isdecimal():
        raise StoreDamaged("the version of the tables is missing or malformed", value=version)
    raise NewerStore(f"its tables are of version {version}, ours of {VERSION}", value=version)


class Texts:
    """The statements of `append` and `items` as text of one dialect, with positional parameters.

    The Core's own treatment of parameters costs 7 to 18 µs an action; the driver's costs none.
    """

    def __init__(self, dialect: Dialect) -> None:
        positional: Any = type(dialect)
        self._dialect = dialect if dialect.positional else positional(paramstyle="format")
        self.insert_entry = self._text(insert(ENTRY))
        self.insert_hash = self._text(insert(HASH))
        self.insert_state = self._text(insert(STATE).inline().values({name: bindparam(name) for name in STATE_ROW}))
        self.update_state = self._text(
            update(STATE)
            .where(STATE.c.path == bindparam("at"))
            .values({name: bindparam(name) for name in STATE_ROW[1:]})
        )
        self._select_state: dict[int, str] = {}

    def select_state(self, count: int) -> str:
        """The rows under `count` paths."""
        text = self._select_state.get(count)
        if text is None:
            columns = [STATE.c[name] for name in STATE_ROW]
            text = self._text(select(*columns).where(STATE.c.path.in_([b""] * count)))
            self._select_state[count] = text
        return text

    def _text(self, statement: Executable) -> str:
        compiled = statement.compile(  # type: ignore[attr-defined]
            dialect=self._dialect, compile_kwargs={"render_postcompile": True}
        )
        return str(compiled)


STATE_ROW: Final = ("path", "leaf", "salt", "content")
