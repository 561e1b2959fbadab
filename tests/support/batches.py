"""Batches for tests of chain and store: entries and items that look like real ones, from a seed.

    script = Script(7)
    store.append(script.batch(actions=20))          # extends script.chain
    assert dict(script.expected) == store.items(script.expected)

The entries are random bytes: to a store they are nothing else. The items are records and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from random import Random

from ledger.chain import Batch, Chain, LogEntry
from ledger.merkle import leaf_hash, node_hash
from ledger.record import Item, Record, number_content, record_key
from ledger.smt import StateTree
from ledger.smt_hash import path_of
from ledger.store.port import Store, StoredEntry

__all__ = ["Difference", "Script", "compare", "filled"]


class Script:
    """Makes batches, and knows what a store that took them must hold."""

    def __init__(self, seed: int = 0) -> None:
        self.random = Random(seed)
        self.chain = Chain.empty()
        self.batches: list[Batch] = []
        self.expected: dict[bytes, Item] = {}
        """What stands under each path after the last batch."""
        self._heads: dict[bytes, int] = {}

    @property
    def entries(self) -> list[LogEntry]:
        """The whole log."""
        return [entry for batch in self.batches for entry in batch.entries]

    def batch(self, actions: int | None = None, *, time: int | None = None) -> Batch:
        """The next batch: of three actions about one makes a record and its number."""
        if actions is None:
            actions = self.random.choice([0, 1, 1, 2, 3, 7, 20])
        items: dict[bytes, Item] = {}
        entries = [self._action(self.chain.size + at, items) for at in range(actions)]
        batch = self.chain.extend(entries, items, 1_000 * len(self.batches) if time is None else time)
        self.batches.append(batch)
        self.expected.update({path_of(key): item for key, item in items.items()})
        return batch

    def _action(self, index: int, items: dict[bytes, Item]) -> LogEntry:
        draw = self.random.randbytes
        data = draw(self.random.choice([1, 60, 300, 5_000]))
        leaf = leaf_hash(data)
        if not self._heads or self.random.random() < 0.3:
            record_id, number = draw(32), draw(32)
            items[number] = Item(draw(32), number_content(number, record_id))
            before: tuple[int, ...] = ()
        else:
            record_id = self.random.choice(list(self._heads))
            before = (self._heads[record_id],)
        self._heads[record_id] = index
        record = Record(record_id, "bill_of_lading", 1, "live", index + 1, leaf, index, index, draw(32))
        items[record_key(record_id)] = Item(draw(32), record.encode())
        return LogEntry(data, leaf, before)


def filled(heights: int, seed: int = 0) -> Script:
    """A script that has made so many batches."""
    script = Script(seed)
    for _ in range(heights):
        script.batch()
    return script


class Difference(AssertionError):
    """A store does not hold what was written to it, and did not notice by itself."""


def compare(store: Store, script: Script) -> None:
    """Read everything that a store keeps; raises `Difference`, or what the store raises.

    This is what an audit can do that has replayed the log.
    """
    batches, chain = script.batches, script.chain
    tree = StateTree.build(store.leaves())
    rows = [(path, tree.leaf(path), item) for path, item in sorted(script.expected.items())]
    entries = enumerate(script.entries)
    facts = [
        (store.head(), chain.head),
        (store.frontier(), chain.frontier),
        (tree.root, chain.tree.root),
        (store.items(script.expected, chain.tree.leaf), script.expected),
        (store.items(script.expected), script.expected),
        (list(store.all_items()), rows),
        (
            list(store.entries(0, chain.size + 9)),
            [StoredEntry(index, one.data, one.leaf, one.previous) for index, one in entries],
        ),
        ([store.commit_index(b.head.height) for b in batches], [b.commit.index for b in batches]),
        (
            [store.closing_commit(at) for b in batches for at in (b.first, b.commit.index)],
            [b.commit.index for b in batches for _ in range(2)],
        ),
        ([store.undo(b.head.height) for b in batches], [b.undo for b in batches]),
    ]
    for level, hashes in enumerate(_levels([entry.leaf for entry in script.entries])):
        facts.append(([store.hash_at(level, number) for number in range(len(hashes))], hashes))
    for found, expected in facts:
        if found != expected:
            raise Difference(f"{found} is not {expected}")


def _levels(row: list[bytes]) -> Iterator[list[bytes]]:
    while row:
        yield row
        row = [node_hash(left, right) for left, right in list(pairwise(row))[::2]]
