"""Replaying a log: every entry from its bytes, judged by the rules, batch by batch, into a store of one's own.

    replayer = Replayer(store)            # an empty store, or one that holds an earlier part of the same log
    replayer.feed(entries)                # the entries that follow, as bytes

A batch ends with its commit. The replayer forms the commit itself, from the transactions before it, and
compares it byte for byte with the one in the log: so state root, size, time and hash chain are those of the
rules, or the first entry that differs is named. Nothing is stored of a batch that differs, and nothing can be fed
after it. It trusts nobody: signatures are verified again.
"""

from __future__ import annotations

from collections.abc import Iterable

from contracts.apply import apply_batch
from contracts.founding import founding_outcome, read_founding
from contracts.governance import follow
from contracts.rules import Rules
from ledger.chain import Batch, Chain, LogEntry
from ledger.codec import encode
from ledger.entry import COMMIT, Commit, Text, read_entry
from ledger.errors import ContradictionError, LadingError
from ledger.merkle import Frontier, leaf_hash
from ledger.smt import StateTree
from ledger.store.port import Store
from ledger.transaction import SignedTransaction, admit
from nodes.engines.solo import log_entries
from nodes.reader import LedgerReader
from nodes.state_view import CachedState

__all__ = ["LogDiffers", "Replayer"]


class LogDiffers(ContradictionError):
    """An entry of the log is not what the rules make of those before it."""

    code = "replay.log_differs"
    hint = "the log was changed, or written against its rules; keep it as evidence, and do not rely on it"


class Replayer:
    """A log replayed so far into `store`, which is the replayer's own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rules: Rules | None = None
        self._ledger = b""
        self._pending: list[tuple[int, bytes]] = []
        self._failed = False
        head = store.head()
        if head is None:
            self._chain = Chain.empty()
        else:
            self._chain = Chain(store.frontier(), StateTree.build(store.leaves()), head)
            reader = LedgerReader(store)
            self._rules, self._ledger = reader.rules, reader.genesis.id
        self._state = CachedState(store, self._chain.tree)

    @property
    def size(self) -> int:
        """The number of entries replayed, up to the last commit."""
        return self._chain.size

    @property
    def chain(self) -> Chain:
        """The head that the replay has arrived at."""
        return self._chain

    def root(self) -> bytes:
        """The root of the log's tree over the entries replayed."""
        return self._chain.frontier.root()

    def root_at(self, size: int) -> bytes:
        """The root of the log's tree over the first `size` entries, of those replayed."""
        return Frontier.read(self._store.hash_at, size).root()

    def feed(self, entries: Iterable[bytes]) -> None:
        """Replay the entries that follow; a batch counts once its commit has come. Raises `LogDiffers`."""
        if self._failed:
            raise LogDiffers("this replay has ended at a batch that differs", value=self.size)
        for data in entries:
            index = self._chain.size + len(self._pending)
            if data[1 : 1 + len(_COMMIT_MARK)] == _COMMIT_MARK:
                self._close(index, data)
            else:
                self._pending.append((index, data))

    def _close(self, index: int, data: bytes) -> None:
        try:
            commit = read_entry(data)
        except LadingError as exc:
            raise LogDiffers(f"entry {index} is no commit: {exc.message}", value=index) from None
        if not isinstance(commit, Commit):
            raise LogDiffers(f"entry {index} is no commit", value=index)
        self._failed = True  # until the batch is stored: the chain in memory runs ahead of the store
        if self._rules is None:
            self._found(commit, data)
        else:
            self._apply(commit, data, self._rules)
        self._pending.clear()
        self._failed = False

    def _keep(self, batch: Batch, data: bytes) -> None:
        """Store a batch if its commit is the one in the log, `data`."""
        commit = batch.commit
        if batch.entries[-1].data != data:
            raise LogDiffers(
                f"the commit at entry {commit.index} (height {commit.height}) is not the one that the rules give",
                value=commit.index,
            )
        self._store.append(batch)

    def _found(self, commit: Commit, data: bytes) -> None:
        texts = []
        for index, entry in self._pending:
            text = read_entry(entry)
            if not isinstance(text, Text):
                raise LogDiffers(f"entry {index} is not part of a founding text", value=index)
            texts.append(text)
        try:
            genesis, tables = read_founding(texts)
        except LadingError as exc:
            raise LogDiffers(f"the log does not begin as a ledger does: {exc.message}", value=0) from None
        if commit.time != genesis.created:
            raise LogDiffers("height 0 is not of the time that the genesis says", value=commit.time)
        entries = [LogEntry(text, leaf_hash(text), ()) for _, text in self._pending]
        self._keep(self._chain.extend(entries, founding_outcome(genesis, tables).items(), commit.time), data)
        reader = LedgerReader(self._store)
        self._rules, self._ledger = reader.rules, genesis.id

    def _apply(self, commit: Commit, data: bytes, rules: Rules) -> None:
        signed = [self._admit(index, entry) for index, entry in self._pending]
        if not signed:
            raise LogDiffers(f"the commit at entry {commit.index} closes nothing", value=commit.index)
        last = self._chain.head
        if last is not None and commit.time < last.time:
            raise LogDiffers(f"the time of the commit at entry {commit.index} goes back", value=commit.index)
        self._state.prefetch(signed)
        rules = rules.at(commit.height)
        outcome = apply_batch(rules, self._state, signed, commit.time, self._chain.size, commit.height)
        for refused in outcome.refused:
            index = self._pending[refused.position][0]
            raise LogDiffers(f"entry {index} is refused by the rules: {refused.error.message}", value=index)
        self._keep(self._chain.extend(log_entries(outcome.accepted), outcome.items(), commit.time), data)
        self._state.keep(outcome)
        self._rules = follow(rules, outcome, self._state, self._ledger)

    def _admit(self, index: int, data: bytes) -> SignedTransaction:
        try:
            return admit(data, self._ledger)
        except LadingError as exc:
            raise LogDiffers(f"entry {index} is not acceptable: {exc.message}", value=index) from None


_COMMIT_MARK = encode(COMMIT)
