"""The store in memory: the twin of `ledger.store.sql`, for tests and for ledgers that need not last."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import RLock

from ledger.chain import Batch, Head
from ledger.hashing import ZERO
from ledger.merkle import Frontier
from ledger.record import Item

from .hashes import check_subtree
from .port import LeafReader, StoreDamaged, StoredCheckpoint, StoredEntry, StoreMoved
from .rows import checked_commit, checked_entry, checked_head, checked_item, pack_previous, pack_undo, unpack_undo

__all__ = ["MemoryStore"]


class MemoryStore:
    """A `Store` of dicts and lists."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._entries: list[tuple[bytes, bytes, bytes]] = []
        self._hashes: dict[tuple[int, int], bytes] = {}
        self._state: dict[bytes, tuple[bytes, Item]] = {}
        self._commits: list[int] = []
        self._undos: dict[int, bytes] = {}
        self._checkpoints: dict[int, tuple[str, dict[str, None]]] = {}

    def head(self) -> Head | None:
        """The newest commit."""
        with self._lock:
            end, signed = len(self._entries) - 1, max(self._checkpoints, default=None)
            if not self._commits:
                if self._entries or signed:
                    raise StoreDamaged("there are entries or checkpoints, and no commit", value=end)
                return None
            entry = self._entry(self._commits[-1])
            return checked_head(len(self._commits) - 1, entry, end, signed)

    def frontier(self) -> Frontier:
        """The right edge of the log's tree."""
        with self._lock:
            return Frontier.read(self.hash_at, len(self._entries))

    def append(self, batch: Batch, handed_over: Callable[[], None] | None = None) -> None:
        """Write a batch."""
        with self._lock:
            self._check_follows(batch)
            for entry in batch.entries:
                self._entries.append((entry.leaf, pack_previous(entry.previous), entry.data))
            for run in batch.runs:
                for number, digest in enumerate(run.hashes, run.first):
                    self._hashes[run.level, number] = digest
            for row in batch.rows:
                self._state[row.path] = (row.leaf, row.item)
            self._undos[batch.head.height] = pack_undo(batch.undo)
            self._commits.append(batch.commit.index)
        if handed_over is not None:
            handed_over()

    def _check_follows(self, batch: Batch) -> None:
        height, size = len(self._commits), len(self._entries)
        last = self._entries[-1][0] if self._entries else ZERO
        if (batch.head.height, batch.first, batch.commit.previous) != (height, size, last):
            raise StoreMoved(f"the store stands at height {height - 1}", value=batch.head.height)

    def leaves(self) -> Iterator[tuple[bytes, bytes]]:
        """(path, leaf hash) of every state row in ascending order of path."""
        return ((path, leaf) for path, leaf, _ in self.all_items())

    def items(self, paths: Iterable[bytes], leaf_of: LeafReader | None = None) -> dict[bytes, Item]:
        """What stands under these paths."""
        found: dict[bytes, Item] = {}
        with self._lock:
            for path in paths:
                leaf, item = self._state.get(path, (None, None))
                expected = leaf if leaf_of is None else leaf_of(path)
                if expected is None:
                    continue
                if item is None:
                    raise StoreDamaged(f"no state row at {path.hex()}", value=path)
                found[path] = checked_item(path, expected, *item)
        return found

    def all_items(self) -> Iterator[tuple[bytes, bytes, Item]]:
        """(path, leaf, item) of every state row in ascending order of path."""
        with self._lock:
            rows = sorted((path, leaf, item) for path, (leaf, item) in self._state.items())
        return iter(rows)

    def entries(self, first: int, stop: int) -> Iterator[StoredEntry]:
        """The entries first … stop-1."""
        for index in range(max(first, 0), stop):
            with self._lock:
                if index >= len(self._entries):
                    return
                entry = self._entry(index)
            yield entry

    def _entry(self, index: int) -> StoredEntry:
        return checked_entry(index, *self._entries[index])

    def hash_at(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree."""
        with self._lock:
            check_subtree(level, number, len(self._entries))
            return self._hashes[level, number]

    def commit_index(self, height: int) -> int | None:
        """The index of a height's commit entry."""
        with self._lock:
            if not 0 <= height < len(self._commits):
                return None
            return checked_commit(height, self._entry(self._commits[height])).index

    def closing_commit(self, index: int) -> int | None:
        """The index of the commit entry that closes the batch of an entry."""
        with self._lock:
            if not 0 <= index < len(self._entries):
                return None
            return self._commits[bisect_left(self._commits, index)]

    def undo(self, height: int) -> Mapping[bytes, bytes | None] | None:
        """The state leaves before a height."""
        with self._lock:
            data = self._undos.get(height)
        return None if data is None else unpack_undo(height, data)

    def prune_undos(self, below: int) -> None:
        """Forget the undo records of the heights below `below`."""
        with self._lock:
            self._undos = {height: undo for height, undo in self._undos.items() if height >= below}

    def put_checkpoint(self, size: int, body: str, lines: Iterable[str]) -> None:
        """Keep a checkpoint, or add signature lines to one."""
        with self._lock:
            kept, known = self._checkpoints.setdefault(size, (body, {}))
            if kept != body:
                raise StoreDamaged(f"another checkpoint of size {size} is kept", value=body)
            known.update(dict.fromkeys(lines))

    def checkpoint(self, size: int | None = None) -> StoredCheckpoint | None:
        """A checkpoint with its lines."""
        with self._lock:
            size = max(self._checkpoints, default=None) if size is None else size
            if size is None or size not in self._checkpoints:
                return None
            body, lines = self._checkpoints[size]
            return StoredCheckpoint(size, body, tuple(lines))

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the newest first."""
        with self._lock:
            sizes = sorted(self._checkpoints, reverse=True)
        for size in sizes:
            found = self.checkpoint(size)
            if found is not None:
                yield found

    def close(self) -> None:
        """Nothing is held."""
