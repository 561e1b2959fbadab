"""Batches for tests of chain and store: entries and items that look like real ones, from a seed.

    script = Script(7)
    store.append(script.batch(actions=20))          # extends script.chain
    assert dict(script.expected) == store.items(script.expected)

The entries are random bytes: to a store they are nothing else. The items are records and numbers.
"""

from __future__ import annotations

from random import Random

from ledger.chain import Batch, Chain, LogEntry
from ledger.merkle import leaf_hash
from ledger.record import Item, Record, number_content, record_key
from ledger.smt_hash import path_of

__all__ = ["Script", "filled"]


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
