"""The port of the store: what a ledger keeps, and the few ways to ask for it.

Two adapters stand behind it: `ledger.store.memory` and `ledger.store.sql`. Both raise the errors
below, and `BadPosition` for a place that the log does not have; they let no other out. `append` is
all or nothing, and durable when it returns. Reads see whole batches only. Any thread may read while
one writes; writers wait for each other.

A store checks what it can by itself: sizes and types of every row, an entry against its leaf hash,
an item against its leaf. What needs the whole (the state's root, the log's root, signatures) is for
those who have the whole: the engine when it opens, and `audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ledger.chain import Batch, Head
from ledger.errors import DamagedError, NotFoundError, UnavailableError
from ledger.merkle import Frontier
from ledger.record import Item

__all__ = [
    "LeafReader",
    "NewerStore",
    "NoStore",
    "Store",
    "StoreBusy",
    "StoreDamaged",
    "StoreFailed",
    "StoreMoved",
    "StoredCheckpoint",
    "StoredEntry",
]


class StoreDamaged(DamagedError):
    """What the store holds is not what was written to it."""

    code = "store.damaged"
    hint = "run `lading audit` to find what is damaged; restore a backup, nothing is signed meanwhile"


class StoreBusy(UnavailableError):
    """Another process is writing to the store."""

    code = "store.busy"
    hint = "try again; if it lasts, another lading process holds the ledger"


class StoreFailed(UnavailableError):
    """The database refused a read or a write."""

    code = "store.failed"
    hint = "look at the disk's space and rights; nothing was half-written"


class StoreMoved(UnavailableError):
    """The batch does not follow what is stored: another process has appended in the meantime."""

    code = "store.moved_on"
    hint = "open the ledger again, which reads what the other process wrote, and repeat"


class NoStore(NotFoundError):
    """There is no ledger here: no file, an empty one, or a database without its tables."""

    code = "store.absent"
    hint = "check the path; if a ledger was there, put it back from a backup"


class NewerStore(UnavailableError):
    """The database was written by a newer version of lading."""

    code = "store.newer_version"
    hint = "use the newer version; this one would lose what it does not know"


LeafReader = Callable[[bytes], bytes | None]
"""`leaf(path)`: the leaf hash that the state tree has there, None where it has none."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
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
        """The newest commit, read from its entry; nothing in an empty store."""
        ...

    def frontier(self) -> Frontier:
        """The right edge of the log's tree at the newest commit."""
        ...

    def append(self, batch: Batch, handed_over: Callable[[], None] | None = None) -> None:
        """Write entries, hashes, state rows, undo record and commit in one durable transaction.

        `handed_over` is called when nothing is left but to wait for the disk. Raises `StoreMoved` if the batch
        does not follow the newest commit.
        """
        ...

    def leaves(self) -> Iterator[tuple[bytes, bytes]]:
        """(path, leaf hash) of every state row in ascending order of path."""
        ...

    def items(self, paths: Iterable[bytes], leaf_of: LeafReader | None = None) -> dict[bytes, Item]:
        """What stands under these paths, each compared with its leaf; absent ones are left out.

        With `leaf_of` (that of the state tree at the newest commit) the tree decides what is
        there: a path that it has not is not looked up, and a row that is missing, or is not what
        the tree's leaf says, raises `StoreDamaged`. Without it an item is compared with the leaf
        in its own row, which shows chance but not intent.
        """
        ...

    def all_items(self) -> Iterator[tuple[bytes, bytes, Item]]:
        """(path, leaf, item) of every state row in ascending order of path, compared with nothing."""
        ...

    def entries(self, first: int, stop: int) -> Iterator[StoredEntry]:
        """The entries first … stop-1, in order, each compared with its leaf hash.

        Those at and after the end of the log are left out; one that is missing before it raises
        `StoreDamaged`, whose value is the index, as for one that was changed.
        """
        ...

    def hash_at(self, level: int, number: int) -> bytes:
        """The hash of the complete subtree `number` of 2^level leaves (`merkle.HashReader`).

        Raises `BadPosition` if the log has no such subtree.
        """
        ...

    def commit_index(self, height: int) -> int | None:
        """The index of a height's commit entry."""
        ...

    def closing_commit(self, index: int) -> int | None:
        """The index of the commit entry that closes the batch of entry `index`."""
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
        """A checkpoint with its lines in the order in which they came; without a size the newest."""
        ...

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """Every checkpoint, the newest first."""
        ...

    def close(self) -> None:
        """Let go of the database. Nothing else may be asked afterwards."""
        ...
