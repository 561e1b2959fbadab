"""The second pass of an audit: every row of the state, and what else the database keeps.

With a replay that came to the end, each row must be what the rules made of the log: path, salt, content and leaf
hash. Without one, each row must fit its own leaf hash, and all of them the state root of the last commit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ledger.entry import Commit
from ledger.errors import LadingError
from ledger.record import Item, Record, content_key
from ledger.smt import StateTree
from ledger.smt_hash import leaf_hash, path_of
from ledger.store.port import StoreDamaged
from ledger.store.raw import RawRows
from ledger.store.rows import checked_item
from ledger.store.schema import META, STATE, VERSION
from nodes.audit_findings import Findings, Row
from nodes.audit_scratch import Scratch

__all__ = ["StateAudit", "check_meta"]

_HASH: Final = 32
_MEMBER: Final = b"\xa6member"
"""The kind of a member's record, which stands behind its id."""
_KIND_AT: Final = 37
_COLUMNS: Final = ("leaf", "salt", "content")


def check_meta(raw: RawRows, findings: Findings) -> None:
    """The version of the tables, and nothing else."""
    for key, value in findings.reading("lading_meta", raw.of(META)):
        if (key, value) != ("schema", VERSION):
            findings.add("lading_meta", f"key {key}", f"value {str(value)[:40]!r} is nothing that lading wrote")


class StateAudit:
    """The rows of the state. Afterwards `cosigners` are the verifier keys that members' records name."""

    def __init__(self, raw: RawRows, findings: Findings) -> None:
        self._raw = raw
        self._found = findings
        self.rows = 0
        self.records = 0
        self.cosigners: set[str] = set()

    def compare(self, scratch: Scratch) -> None:
        """Compare every row with what the rules made."""
        expected, rows = scratch.paths(), self._usable()
        path, row = next(expected, None), next(rows, None)
        while path is not None or row is not None:
            if row is None or (path is not None and path < row[1]):
                self._missing(scratch.item(path) if path else None, path or b"")
                path = next(expected, None)
            elif path is None or row[1] < path:
                message = "no entry of the log made this row"
                self._found.add("lading_state", f"path {row[1].hex()}", message, record=_record_of(row[4]))
                row = next(rows, None)
            else:
                item = scratch.item(path)
                if item is not None:
                    self._compare(row, item)
                path, row = next(expected, None), next(rows, None)

    def weigh(self, last: Commit | None) -> None:
        """Compare every row with itself, and all of them with the state root of the last commit."""
        leaves: list[tuple[bytes, bytes]] = []
        sound = True
        for _, path, leaf, salt, content in self._usable():
            try:
                checked_item(path, leaf, salt, content)
            except StoreDamaged as exc:
                self._found.add("lading_state", f"path {path.hex()}", exc.message, record=_record_of(content))
                sound = False
                continue
            leaves.append((path, leaf))
            self._count(content)
        if sound and last is not None and StateTree.build(leaves).root != last.state_root:
            message = f"the rows do not give the state root of the commit of height {last.height}"
            self._found.add("lading_state", "all rows", message, entry=last.index)

    def _usable(self) -> Iterator[Row]:
        """Rows whose values are of their types."""
        for row in self._found.reading("lading_state", self._raw.of(STATE)):
            self.rows += 1
            path = row[1]
            if not all(type(value) is bytes for value in row[1:]) or len(path) != _HASH:
                shown = path.hex() if type(path) is bytes else repr(path)[:80]
                self._found.add("lading_state", f"path {shown}", "a value is not of its type or size")
            else:
                yield row

    def _missing(self, item: Item | None, path: bytes) -> None:
        record = None if item is None else _read(item.content)
        self._found.add(
            "lading_state",
            f"path {path.hex()}",
            "missing",
            record=None if record is None else record.id,
            entry=None if record is None else record.entry,
        )

    def _compare(self, row: Row, item: Item) -> None:
        key = content_key(item.content)
        expected = (leaf_hash(key, item.value(key)), *item)
        self._count(item.content)
        if row[2:] == expected:
            return
        changed = [name for name, value, right in zip(_COLUMNS, row[2:], expected, strict=True) if value != right]
        record = _read(item.content)
        self._found.add(
            "lading_state",
            f"path {path_of(key).hex()}",
            f"{' and '.join(changed)} not what the rules make of the log",
            record=None if record is None else record.id,
            entry=None if record is None else record.entry,
        )

    def _count(self, content: bytes) -> None:
        record = content[_KIND_AT : _KIND_AT + len(_MEMBER)] == _MEMBER and _read(content)
        self.records += not content.startswith(b"\x93")
        if record:
            cosigners: dict[str, Any] = record.fields.get("cosigners", {})
            self.cosigners.update(str(key) for key in cosigners.values())


def _read(content: bytes) -> Record | None:
    try:
        return Record.decode(content)
    except LadingError:
        return None


def _record_of(content: bytes) -> bytes | None:
    record = _read(content)
    return None if record is None else record.id
