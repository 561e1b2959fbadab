"""What an audit finds: differences, each with the table, the row, and the record or entry that it is about.

lading_entry idx 9: data and leaf hash do not fit each other
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ledger.errors import LadingError

__all__ = ["MOST", "Difference", "Findings", "Lockstep"]

MOST = 100
"""How many differences are listed; more are counted."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. `row` is the key of the row, as in "idx 9"; `record` and `entry` where they are known."""

    table: str
    row: str
    message: str
    record: bytes | None = None
    entry: int | None = None

    def __str__(self) -> str:
        of = f" (record {self.record.hex()})" if self.record else ""
        return f"{self.table} {self.row}: {self.message}{of}"

    def as_dict(self) -> dict[str, Any]:
        """The difference for JSON output."""
        return {
            "table": self.table,
            "row": self.row,
            "message": self.message,
            "record": self.record.hex() if self.record else None,
            "entry": self.entry,
        }


@dataclass(slots=True)
class Findings:
    """The differences found so far: the first ones listed, all counted."""

    listed: list[Difference] = field(default_factory=list)
    count: int = 0

    def add(self, table: str, row: str, message: str, *, record: bytes | None = None, entry: int | None = None) -> None:
        """Another difference."""
        self.count += 1
        if len(self.listed) < MOST:
            self.listed.append(Difference(table, row, message, record, entry))

    def error(self, table: str, row: str, error: LadingError) -> None:
        """A difference that an error tells of."""
        self.add(table, row, error.message)

    def reading(self, table: str, rows: Iterable[Row]) -> Iterator[Row]:
        """`rows`, up to where the database cannot be read, which is a difference."""
        number = 0
        try:
            for row in rows:
                number += 1
                yield row
        except LadingError as exc:
            self.add(table, f"after {number:,} rows", f"cannot be read: {exc.message}")


class Lockstep:
    """Rows in ascending order of their first column, a number, taken as another reading comes to each number.

    What stands between two numbers that are taken goes to `extra`.
    """

    def __init__(self, rows: Iterator[Row], extra: Callable[[Row], None]) -> None:
        self._rows = rows
        self._extra = extra
        self._next = self._advance()

    def take(self, key: int) -> list[Row]:
        """The rows of this number; lower ones were left over."""
        found = []
        while self._next is not None and self._next[0] <= key:
            if self._next[0] == key:
                found.append(self._next)
            else:
                self._extra(self._next)
            self._next = self._advance()
        return found

    def finish(self) -> None:
        """The rows that are left were never asked for."""
        while self._next is not None:
            self._extra(self._next)
            self._next = self._advance()

    def _advance(self) -> Row | None:
        for row in self._rows:
            if type(row[0]) is int:
                return row
            self._extra(row)
        return None
