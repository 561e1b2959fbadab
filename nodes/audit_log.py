"""The first pass of an audit: the log, entry by entry from its bytes, with everything that is derived from it.

For every batch, in the order of the log:
  1  each row of `lading_entry` is there, and its leaf hash is that of its data
  2  the subtrees that the batch completes have the hashes of `lading_hash`
  3  the batch ends with a commit, at the index that `lading_commit` says, and the commit continues the last one
  4  the rules, replayed, make this commit of the entries before it; links and undo record are theirs
  5  a checkpoint of this size has the root of the tree

Replay ends at the first entry that is damaged; what can be compared without it is compared to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from contracts.governance import NodeTooOld
from ledger.chain import Batch
from ledger.checkpoint import Checkpoint
from ledger.codec import encode
from ledger.entry import COMMIT, Commit, read_entry
from ledger.errors import LadingError
from ledger.genesis import Genesis
from ledger.hashing import HASH_SIZE, ZERO
from ledger.merkle import leaf_hash
from ledger.record import Record
from ledger.store.raw import RawRows
from ledger.store.rows import pack_previous, pack_undo
from ledger.store.schema import CHECKPOINT, ENTRY, HASH, UNDO
from ledger.store.schema import COMMIT as COMMITS
from nodes.audit_findings import Findings, Lockstep, Row
from nodes.audit_scratch import Scratch
from nodes.audit_tree import TreeAudit
from nodes.reader import LedgerReader
from nodes.replayer import Replayer

__all__ = ["LogAudit", "Watched"]

Progress = Callable[[int], None]
Watched = Mapping[int, tuple[bytes, str]]
"""Roots that others remember, by size of the log: the root, and who remembers it."""

_COMMIT_MARK: Final = encode(COMMIT)
_EACH: Final = 1_000
"""Batches between two signs of progress."""


class LogAudit:
    """The log of a store, read once. Afterwards `replay` holds the state that it leads to, if it could be replayed."""

    def __init__(self, raw: RawRows, findings: Findings, *, watched: Watched, progress: Progress) -> None:
        self._raw = raw
        self._found = findings
        self._watched = watched
        self._progress = progress
        self.scratch = Scratch()
        self.replay: Replayer | None = Replayer(self.scratch)
        self.genesis: Genesis | None = None
        self.size = 0
        self.last: Commit | None = None
        """The newest commit that could be read."""
        self._leaf = ZERO
        self._tree = TreeAudit(findings, findings.reading("lading_hash", raw.of(HASH)))
        self._damaged: set[int] = set()
        self._height = -1
        self._undos_began = False

    @property
    def heights(self) -> int:
        """How many commits there are."""
        return self._height + 1

    @property
    def root(self) -> bytes:
        """The root of the log's tree."""
        return self._tree.root

    def run(self) -> None:
        """Read all of it."""
        self._commits = Lockstep(self._rows("lading_commit", COMMITS), self._extra_commit)
        self._undos = Lockstep(self._rows("lading_undo", UNDO), self._extra("lading_undo", "height", "commit"))
        self._checkpoints = Lockstep(
            self._rows("lading_checkpoint", CHECKPOINT), self._extra("lading_checkpoint", "size", "commit")
        )
        for number, batch in enumerate(self._batches()):
            self._batch(batch)
            if not number % _EACH:
                self._progress(self.size)
        for rest in (self._commits, self._undos, self._checkpoints):
            rest.finish()
        self._tree.finish()
        if self.last is None:
            self._found.add("lading_entry", "idx 0", "the log holds no commit")
        for size, (_, who) in self._watched.items():
            if size > self.size:
                self._found.add("lading_entry", f"idx {self.size}", f"the log ends here; {who} knows {size} entries")

    def _rows(self, name: str, table: Any) -> Iterator[Row]:
        return self._found.reading(name, self._raw.of(table))

    def _extra(self, table: str, key: str, what: str) -> Callable[[Row], None]:
        return lambda row: self._found.add(table, f"{key} {row[0]}", f"the log has no such {what}")

    def _extra_commit(self, row: Row) -> None:
        if row[1] not in self._damaged:
            self._found.add("lading_commit", f"height {row[0]}", "the log has no such commit")

    def _batches(self) -> Iterator[list[Row]]:
        """Rows of entries up to and with a commit, each checked by itself (1)."""
        batch: list[Row] = []
        for row in self._rows("lading_entry", ENTRY):
            if not self._entry(row):
                continue
            batch.append(row)
            if row[3][1 : 1 + len(_COMMIT_MARK)] == _COMMIT_MARK:
                yield batch
                batch = []
        if batch:
            self._found.add("lading_entry", f"idx {batch[0][0]}", "no commit closes it", entry=batch[0][0])

    def _entry(self, row: Row) -> bool:
        """Whether an entry's row can be used."""
        index, leaf, previous, data = row
        if type(index) is not int or index < self.size:
            self._damage(index, "an entry of this index cannot be")
            return False
        if index > self.size:
            what = f"idx {self.size}" if index == self.size + 1 else f"idx {self.size} to {index - 1}"
            self._found.add("lading_entry", what, "missing", entry=self.size)
            self.replay, self._tree.whole = None, False
        self.size = index + 1
        if not type(leaf) is type(previous) is type(data) is bytes or len(leaf) != HASH_SIZE:
            self._damage(index, "a value is not of its type or size")
            self._tree.whole = False
            return False
        if leaf_hash(data) != leaf:
            self._damage(index, "data and leaf hash do not fit each other")
        return True

    def _damage(self, index: Any, message: str) -> None:
        if index in self._damaged:
            return
        self._found.add("lading_entry", f"idx {index}", message, entry=index if type(index) is int else None)
        self._damaged.add(index)
        self.replay = None

    def _batch(self, rows: list[Row]) -> None:
        self._tree.grow(rows, sound=self._damaged.isdisjoint(row[0] for row in rows))  # (2)
        commit = self._commit(rows)  # (3)
        self._height = self._height + 1 if commit is None or self._tree.whole else commit.height
        self._commit_row(rows[-1][0])
        if self.replay is not None:
            self._replay(rows, self.replay)  # (4)
        self._undo(self._undos.take(self._height))
        self._root(self._checkpoints.take(self.size))  # (5)

    def _commit(self, rows: list[Row]) -> Commit | None:
        """The commit of a batch; None if its entry is damaged."""
        index, _, _, data = rows[-1]
        try:
            commit = read_entry(data)
        except LadingError as exc:
            self._damage(index, f"a commit that cannot be read: {exc.message}")
            return None
        if not isinstance(commit, Commit) or index in self._damaged:
            return None
        if not self._continues(commit, index, rows[0][0]):
            self._damage(index, f"the commit does not continue the one of height {self._height}")
            return None
        self.last, self._leaf = commit, leaf_hash(data)
        return commit

    def _commit_row(self, index: int) -> None:
        found = self._commits.take(self._height)
        if not found:
            self._found.add("lading_commit", f"height {self._height}", "missing", entry=index)
        elif found[0][1] != index:
            message = f"idx is {found[0][1]!r}, the commit stands at {index}"
            self._found.add("lading_commit", f"height {self._height}", message, entry=index)

    def _continues(self, commit: Commit, index: int, first: int) -> bool:
        """Whether a commit is the next one; behind a damaged entry less can be compared."""
        if not self._tree.whole:
            return commit.index == index and commit.height > self._height
        found = (commit.height, commit.index, commit.size_before)
        linked = self.replay is None or commit.previous == self._leaf
        return found == (self._height + 1, index, first) and linked

    def _replay(self, rows: list[Row], replay: Replayer) -> None:
        try:
            replay.feed(row[3] for row in rows)
        except NodeTooOld:
            raise  # nothing is wrong with the ledger
        except LadingError as exc:
            value = exc.value if type(exc.value) is int else rows[-1][0]
            self._found.add("lading_entry", f"idx {value}", exc.message, entry=value)
            self.replay = None
            return
        batch = self.scratch.batch
        if batch is None:
            return
        if self.genesis is None:
            self.genesis = LedgerReader(self.scratch).genesis
        for (index, _, previous, _), entry in zip(rows, batch.entries, strict=True):
            if previous != pack_previous(entry.previous):
                message = f"previous does not name entry {', '.join(map(str, entry.previous)) or 'nothing'}"
                self._found.add("lading_entry", f"idx {index}", message, entry=index)

    def _undo(self, rows: list[Row]) -> None:
        """Undo records are kept from some height on, all of them, and say what the batch replaced."""
        if not rows:
            if self._undos_began:
                self._found.add("lading_undo", f"height {self._height}", "missing")
            return
        self._undos_began = True
        batch = None if self.replay is None else self.scratch.batch
        if batch is not None and rows[0][1] != pack_undo(batch.undo):
            message = "data is not what this height replaced in the state"
            self._found.add("lading_undo", f"height {self._height}", message, record=_first_record(batch))

    def _root(self, rows: list[Row]) -> None:
        root, who = self._watched.get(self.size, (self._tree.root, ""))
        if not self._tree.agrees(root):
            message = f"the log has another root here than {who} knows"
            self._found.add("lading_entry", f"idx {self.size - 1}", message, entry=self.size - 1)
        for size, body in rows:
            try:
                checkpoint = Checkpoint.parse(body.encode("utf-8"))
            except (LadingError, AttributeError, UnicodeEncodeError):
                self._found.add("lading_checkpoint", f"size {size}", "body is no checkpoint")
                continue
            if checkpoint.size != size or not self._tree.agrees(checkpoint.root):
                message = "body does not have the root of the log at this size"
                self._found.add("lading_checkpoint", f"size {size}", message)
            elif self.genesis is not None and checkpoint.origin != self.genesis.origin:
                self._found.add("lading_checkpoint", f"size {size}", "body is of another log")


def _first_record(batch: Batch) -> bytes | None:
    """The record that a batch changed, where it is one."""
    ids = set()
    for row in batch.rows:
        try:
            ids.add(Record.decode(row.item.content).id)
        except LadingError:
            continue
    return ids.pop() if len(ids) == 1 else None
