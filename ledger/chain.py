"""The head of a ledger in memory: log frontier, state tree, last commit. It extends by whole batches.

`Chain.extend` takes the accepted entries of one batch and the content of every state key that they
change, and gives a `Batch`: all that a store writes, in one piece. It closes the batch with its commit
entry, so every checkpoint's last leaf is a commit. Nothing here does I/O; a node that cannot store a
batch must stop, because the chain is ahead of its store from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from .entry import Commit
from .errors import UnavailableError
from .hashing import ZERO, state_value
from .merkle import Frontier, Run, leaf_hash
from .record import Item
from .smt import StateTree, Undo
from .smt_hash import path_of

__all__ = ["Batch", "Chain", "ClockWentBack", "Head", "LogEntry", "StateRow"]


class ClockWentBack(UnavailableError):
    """The time given is before that of the last commit."""

    code = "chain.clock_went_back"
    hint = "set the machine's clock right; ledger time never goes back"


class LogEntry(NamedTuple):
    """An entry to be appended: its bytes, its leaf hash, and for each record that it changes the entry before."""

    data: bytes
    leaf: bytes
    previous: tuple[int, ...]


class StateRow(NamedTuple):
    """What a store keeps under a path of the state tree."""

    path: bytes
    leaf: bytes
    item: Item


class Head(NamedTuple):
    """Where a ledger stands after a commit; `size` is that of the log with the commit entry."""

    height: int
    time: int
    size: int
    commit_leaf: bytes
    state_root: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Everything that one commit writes. The last of `entries` is the commit entry."""

    head: Head
    commit: Commit
    first: int
    entries: Sequence[LogEntry]
    runs: Sequence[Run]
    rows: Sequence[StateRow]
    undo: Undo
    frontier: Frontier


class Chain:
    """The head of a ledger: extended batch by batch, never changed otherwise."""

    def __init__(self, frontier: Frontier, tree: StateTree, head: Head | None) -> None:
        self.frontier = frontier
        self.tree = tree
        self.head = head

    @classmethod
    def empty(cls) -> Chain:
        """A ledger without a genesis."""
        return cls(Frontier(), StateTree.build(()), None)

    @property
    def size(self) -> int:
        """The number of entries in the log."""
        return self.frontier.size

    def extend(self, entries: Iterable[LogEntry], items: Mapping[bytes, Item], time: int) -> Batch:
        """Append a batch at ledger time `time` (Unix milliseconds). Raises `ClockWentBack`.

        `items` holds the new content of every state key that the entries change.
        """
        last = self.head
        if last is not None and time < last.time:
            raise ClockWentBack(f"the last commit is of {last.time}, {last.time - time} ms later", value=time)
        rows = _rows(items)
        undo = self.tree.update({row.path: row.leaf for row in rows})
        listed = list(entries)
        first, index = self.size, self.size + len(listed)
        commit = Commit(
            height=0 if last is None else last.height + 1,
            time=time,
            size_before=first,
            index=index,
            state_root=self.tree.root,
            previous=ZERO if last is None else last.commit_leaf,
        )
        data = commit.encode()
        listed.append(LogEntry(data, leaf_hash(data), ()))
        self.frontier, runs = self.frontier.extend([entry.leaf for entry in listed])
        self.head = Head(commit.height, time, index + 1, listed[-1].leaf, commit.state_root)
        return Batch(self.head, commit, first, listed, runs, rows, undo, self.frontier)


def _rows(items: Mapping[bytes, Item]) -> list[StateRow]:
    rows = []
    for key, item in items.items():
        path = path_of(key)
        # `path` is SHA-256(key), so this is `smt_hash.leaf_hash(key, value)` with one hash less.
        leaf = sha256(b"\x00" + path + sha256(state_value(item.salt, key, item.content)).digest()).digest()
        rows.append(StateRow(path, leaf, item))
    return rows
