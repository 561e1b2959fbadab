"""The log's tree as an audit grows it again, beside the hashes that are stored of it.

Where data and leaf hash of an entry differ, either may be what was changed. So two trees are grown from there on, by
the leaf hashes that are stored and by those of the data; what is in either of them is no difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger.merkle import Frontier, leaf_hash
from nodes.audit_findings import Findings, Row

__all__ = ["TreeAudit"]


class TreeAudit:
    """The tree so far. `whole` says that no entry is missing; without that nothing more can be compared."""

    def __init__(self, findings: Findings, hashes: Iterable[Row]) -> None:
        self._found = findings
        self._hashes: dict[tuple[Any, Any], Any] = {(level, number): digest for level, number, digest in hashes}
        self._by_leaf = self._by_data = Frontier()
        self.whole = True

    @property
    def root(self) -> bytes:
        """The root by the entries' data; nothing where entries are missing."""
        return self._by_data.root() if self.whole else b""

    def agrees(self, root: bytes) -> bool:
        """Whether the tree has this root, as far as that can be told."""
        return not self.whole or root in (self._by_data.root(), self._by_leaf.root())

    def grow(self, rows: list[Row], *, sound: bool) -> None:
        """Append the entries of these rows, `sound` if their data have their leaf hashes."""
        if not self.whole:
            return
        same = sound and self._by_leaf == self._by_data
        self._by_data, runs = self._by_data.extend([leaf_hash(row[3]) for row in rows])
        twins = runs
        if same:
            self._by_leaf = self._by_data
        else:
            self._by_leaf, twins = self._by_leaf.extend([row[1] for row in rows])
        for run, twin in zip(runs, twins, strict=True):
            if run.level and not run.level % 8:
                for number, digests in enumerate(zip(run.hashes, twin.hashes, strict=True), run.first):
                    self._compare(run.level, number, digests)

    def _compare(self, level: int, number: int, digests: tuple[bytes, bytes]) -> None:
        stored = self._hashes.pop((level, number), None)
        if stored not in digests:
            what = "missing" if stored is None else "not the hash of the entries below it"
            self._found.add("lading_hash", f"level {level} number {number}", what)

    def finish(self) -> None:
        """Hashes that are left are of no subtree."""
        for level, number in self._hashes if self.whole else ():
            self._found.add("lading_hash", f"level {level} number {number}", "the log has no such subtree")
