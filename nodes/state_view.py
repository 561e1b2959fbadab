"""The state as the engine reads it: rows of the store behind a bounded cache of decoded records."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from contracts.apply import BatchOutcome
from ledger.codec import decode
from ledger.hashing import record_key
from ledger.record import MAX_CONTENT, Record
from ledger.smt import StateTree
from ledger.smt_hash import path_of
from ledger.store.port import Store
from ledger.transaction import SignedTransaction

__all__ = ["CachedState"]

_MAX_RECORDS: Final = 50_000
"""Records kept, of about 1.6 kB each in memory."""
_SLACK: Final = 5_000


class CachedState:
    """Records by id and numbers by key. The tree in memory decides what there is, so absence costs no query."""

    def __init__(self, store: Store, tree: StateTree, *, limit: int = _MAX_RECORDS) -> None:
        self._store = store
        self._tree = tree
        self._limit = limit
        self._records: dict[bytes, Record] = {}
        self._numbers: dict[bytes, bytes] = {}
        """Those that the newest batch has claimed, which may not be on the disk yet."""

    def prefetch(self, transactions: Iterable[SignedTransaction]) -> None:
        """Read, in one query, the records that a batch will ask for."""
        self.let_go()
        self.look_ahead(transactions)

    def look_ahead(self, transactions: Iterable[SignedTransaction]) -> None:
        """As `prefetch`, and nothing is let go: what is not on the disk yet may be among it."""
        wanted: set[bytes] = set()
        for signed in transactions:
            transaction = signed.transaction
            wanted.add(transaction.actor)
            to = transaction.arguments.get("to")
            if type(to) is bytes:
                wanted.add(to)
            for target in transaction.targets:
                wanted.add(target.record)
        known = self._records
        unknown = {path_of(record_key(id_)): id_ for id_ in wanted.difference(known)}
        if unknown:
            for path, item in self._store.items(unknown, self._tree.leaf).items():
                known[unknown[path]] = Record.restore(item.content)

    def record(self, record_id: bytes) -> Record | None:
        """A record, or nothing; not to be changed."""
        record = self._records.get(record_id)
        if record is None:
            path = path_of(record_key(record_id))
            if self._tree.leaf(path) is None:
                return None
            item = self._store.items([path], self._tree.leaf)[path]
            record = self._records[record_id] = Record.restore(item.content)
        return record

    def number(self, key: bytes) -> bytes | None:
        """The id of the record that holds a number, or nothing."""
        claimed = self._numbers.get(key)
        if claimed is not None:
            return claimed
        path = path_of(key)
        if self._tree.leaf(path) is None:
            return None
        item = self._store.items([path], self._tree.leaf)[path]
        record_id: bytes = decode(item.content, limit=MAX_CONTENT)[2]
        return record_id

    def keep(self, outcome: BatchOutcome) -> None:
        """Take over what a batch changes. Until the next one is taken over, the store need not have it."""
        records = self._records
        self._numbers = {key: record_id for key, (_, record_id) in outcome.numbers.items()}
        for record_id, (_, record) in outcome.records.items():
            records.pop(record_id, None)
            records[record_id] = record

    def let_go(self) -> None:
        """Let go of the oldest, many at a time: taking them out one by one would walk over the empty places."""
        records = self._records
        if len(records) > self._limit + _SLACK:
            for record_id in list(islice(records, len(records) - self._limit)):
                del records[record_id]
