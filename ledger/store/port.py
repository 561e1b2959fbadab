"""The port of the store: what a ledger keeps, and the few ways to ask for it.

Two adapters stand behind it: `ledger.store.memory` and `ledger.store.sql`. Both raise the errors below and
let no other out. `append` is all or nothing and durable when it returns; reads see whole batches only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from ledger.chain import Batch, Head
from ledger.errors import DamagedError, UnavailableError
from ledger.merkle import Frontier
from ledger.record import Item

__all__ = [
    "NewerStore",
    "Store",
    "StoreBusy",
    "StoreDamaged",
    "StoreFailed",
    "StoredCheckpoint",
    "StoredEntry",
]


class StoreDamaged(DamagedError):
    """What the store holds is not what was written to it."""

    code = "store.damaged"
    hint = "run `lading audit` to find every damaged row; restore from a backup, nothing is signed meanwhile"


class StoreBusy(UnavailableError):
    """Another process is writing to the store."""

    code = "store.busy"
    hint = "try again; if it lasts, another lading process holds the ledger"


class StoreFailed(UnavailableError):
    """The database refused a read or a write."""

    code = "store.failed"
    hint = "look at the disk's space and rights; nothing was half-written"


class NewerStore(UnavailableError):
    """The database was written by a newer version of lading."""

    code = "store.newer_version"
    hint = "use the newer version; this one would lose what it does not know"


class StoredEntry(NamedTuple):
    """An entry of the log with its leaf hash and, for each record that it changes, the entry before."""

    index: int
    data: bytes
    leaf: bytes
    previous: tuple[int, ...]


class StoredCheckpoint(NamedTuple):
    """A checkpoint: its size, its body (C2SP tlog-checkpoint) and the signature lines known so far."""

    size: int
    body: str
    lines: tuple[str, ...]


class Store(Protocol):
    """What a ledger keeps."""

    def head(self) -> Head | None:
        """The newest commit, or nothing in an empty store."""
        ...

    def frontier(self) -> Frontier:
        """The right edge of the log's tree at the newest commit."""
        ...

    def append(self, batch: Batch) -> None:
        """Write a batch: entries, hashes, state rows, undo record and commit, in one durable transaction."""
        ...

    def leaves(self) -> Iterator[tuple[bytes, bytes]]:
        """(path, leaf hash) of every state row in ascending order of path."""
        ...

    def items(self, paths: Sequence[bytes]) -> dict[bytes, Item]:
        """What stands under these paths; absent ones are left out. Stored leaf and content are compared."""
        ...

    def all_items(self) -> Iterator[tuple[bytes, bytes, Item]]:
        """(path, stored leaf, item) of every state row in ascending order of path, compared with nothing."""
        ...

    def entries(self, first: int, stop: int) -> Iterator[StoredEntry]:
        """The entries of the indices first … stop-1, in order; absent ones are left out."""
        ...

    def hash_at(self, level: int, number: int) -> bytes:
        """The hash of the complete subtree `number` of 2^level leaves."""
        ...

    def commit_index(self, height: int) -> int | None:
        """The index of a height's commit entry."""
        ...

    def undo(self, height: int) -> Mapping[bytes, bytes | None] | None:
        """The state leaves before a height (path → leaf or nothing), as long as they are kept."""
        ...

    def prune_undos(self, below: int) -> None:
        """Forget the undo records of the heights below `below`."""
        ...

    def put_checkpoint(self, size: int, body: str, lines: Iterable[str]) -> None:
        """Keep a checkpoint, or add signature lines to one; a line that is there already stays once.

        Raises `StoreDamaged` if another body is kept for this size.
        """
        ...

    def checkpoint(self, size: int | None = None) -> StoredCheckpoint | None:
        """A checkpoint with its lines, by size; without a size the newest."""
        ...

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the newest first."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
