"""The tables of a store.

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

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy import UniqueConstraint as Unique

__all__ = [
    "CHECKPOINT",
    "COMMIT",
    "ENTRY",
    "HASH",
    "META",
    "SIGNATURE",
    "STATE",
    "TABLES",
    "UNDO",
    "VERSION",
]

VERSION: Final = "1"
"""The version of these tables."""
TABLES: Final = MetaData()
"""All of them."""

_BIG: Final = BigInteger().with_variant(Integer, "sqlite")


def _table(name: str, *columns: Any) -> Table:
    return Table(f"lading_{name}", TABLES, *columns)


def _key(name: str) -> Column[int]:
    return Column(name, _BIG, primary_key=True, autoincrement=False)


def _bytes(name: str, *, unique: bool = False) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False, unique=unique)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


ENTRY: Final = _table("entry", _key("idx"), _bytes("leaf"), _bytes("previous"), _bytes("data"))
HASH: Final = _table("hash", _key("level"), _key("number"), _bytes("hash"))
# A key of its own, so that new rows stand together at the end: with the path as the key of the table
# an update moves 450 bytes about in a random page, and a batch costs half as much again.
STATE: Final = _table(
    "state",
    Column("id", _BIG, primary_key=True),
    _bytes("path", unique=True),
    _bytes("leaf"),
    _bytes("salt"),
    _bytes("content"),
)
COMMIT: Final = _table("commit", _key("height"), Column("idx", _BIG, nullable=False, unique=True))
UNDO: Final = _table("undo", _key("height"), _bytes("data"))
CHECKPOINT: Final = _table("checkpoint", _key("size"), _text("body"))
SIGNATURE: Final = _table("signature", _key("size"), _key("number"), _text("line"), Unique("size", "line"))
META: Final = _table("meta", Column("key", Text, primary_key=True), _text("value"))
