"""Reading a ledger: genesis and rules from the log, records from the state, histories from both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from contracts.founding import read_founding, rules_of
from contracts.governance import NodeTooOld, rules_in_force
from contracts.rules import Rules
from contracts.table import RuleTable
from ledger.chain import Head
from ledger.entry import Commit, Text, read_entry
from ledger.errors import NotFoundError
from ledger.genesis import Genesis
from ledger.hashing import ledger_record, record_key
from ledger.record import Item, Record
from ledger.smt_hash import path_of
from ledger.store.port import LeafReader, Store, StoreDamaged, StoredEntry
from ledger.store.rows import checked_item
from ledger.transaction import SignedTransaction

__all__ = ["Act", "LedgerReader", "NoSuchMember", "NoSuchRecord"]


class NoSuchRecord(NotFoundError):
    """This ledger has no such record."""

    code = "record.not_found"
    hint = "a number may be known to who has the document alone: name the id or its beginning; `lading list` shows them"


class NoSuchMember(NotFoundError):
    """This ledger has no such member."""

    code = "member.not_found"
    hint = "`lading member list` shows the members and their aliases"


@dataclass(frozen=True, slots=True)
class Act:
    """One act on a record: its entry, its ledger time, its transaction, and the commit that closes it."""

    index: int
    time: int
    signed: SignedTransaction
    commit: int


class LedgerReader:
    """A ledger as it stands in a store; `leaf_of` is the state tree's, where one is at hand."""

    def __init__(self, store: Store, leaf_of: LeafReader | None = None) -> None:
        self.store = store
        self._leaf_of = leaf_of
        self._voted: tuple[bytes, Rules] | None = None

    @property
    def head(self) -> Head:
        """The newest commit. Raises `StoreDamaged` for a store without one."""
        head = self.store.head()
        if head is None:
            raise StoreDamaged("the store holds no commit")
        return head

    @cached_property
    def founding(self) -> tuple[Genesis, list[RuleTable]]:
        """The genesis and its tables, read from the first entries and compared with them."""
        stop = self.store.commit_index(0)
        if stop is None:
            raise StoreDamaged("the store holds no commit of height 0")
        texts = [read_entry(entry.data) for entry in self.store.entries(0, stop)]
        return read_founding([text for text in texts if isinstance(text, Text)])

    @property
    def genesis(self) -> Genesis:
        """The genesis."""
        return self.founding[0]

    @cached_property
    def _founding_rules(self) -> Rules:
        return rules_of(*self.founding)

    @property
    def rules(self) -> Rules:
        """The rules in force for the next height: those of the genesis, and what was voted since.

        Where this version is too old for the next height, those of the newest commit, by which its records can still
        be read; an engine asks for the next height itself, and stops. Raises `NodeTooOld` where it is too old for that.
        """
        own = self.find(ledger_record(self.genesis.id))
        if own is None or own.sequence == 1:
            return self._founding_rules
        height = self.head.height
        if self._voted is None or self._voted[0] != own.head:
            self._voted = (own.head, rules_in_force(self._founding_rules, own, self.find, height))
        try:
            return self._voted[1].at(height + 1)
        except NodeTooOld:
            return self._voted[1].at(height)

    def item(self, key: bytes) -> Item | None:
        """What stands under a state key."""
        path = path_of(key)
        return self.store.items([path], self._leaf_of).get(path)

    def find(self, record_id: bytes) -> Record | None:
        """A record, or nothing."""
        item = self.item(record_key(record_id))
        return None if item is None else Record.decode(item.content)

    def record(self, record_id: bytes) -> Record:
        """A record. Raises `NoSuchRecord`."""
        record = self.find(record_id)
        if record is None:
            raise NoSuchRecord("no record of this id", value=record_id)
        return record

    def records(self) -> Iterator[Record]:
        """Every record, in no useful order, each compared with its leaf hash."""
        for path, leaf, item in self.store.all_items():
            if not item.content.startswith(b"\x93\xa6number"):
                yield Record.decode(checked_item(path, leaf, item.salt, item.content).content)

    def members(self) -> dict[bytes, Record]:
        """The members by id."""
        founders = [card.id for card in self.genesis.members]
        found = {id_: record for id_ in founders if (record := self.find(id_)) is not None}
        for record in self.records():
            if record.kind == "member":
                found[record.id] = record
        return found

    def entry(self, index: int) -> bytes:
        """The bytes of an entry. Raises `NoSuchRecord` beyond the end of the log."""
        for entry in self.store.entries(index, index + 1):
            return entry.data
        raise NoSuchRecord("the log has no entry of this index", value=index)

    def commit_of(self, index: int) -> Commit:
        """The commit that closes an entry's batch."""
        at = self.store.closing_commit(index)
        commit = None if at is None else read_entry(self.entry(at))
        if not isinstance(commit, Commit):
            raise StoreDamaged("no commit closes an entry", value=index)
        return commit

    def commit_at(self, height: int) -> Commit:
        """The commit of a height. Raises `NoSuchRecord` above the newest."""
        at = self.store.commit_index(height)
        if at is None:
            raise NoSuchRecord(f"the ledger has no height {height}", value=height)
        commit = read_entry(self.entry(at))
        if not isinstance(commit, Commit):
            raise StoreDamaged(f"entry {at} is not the commit of height {height}", value=at)
        return commit

    def history(self, record: Record) -> list[Act]:
        """Every act on a record, from the first, by the chain of `previous` that the entries were stored with.

        Each act must stand on the head that the one before left, so none can be missing. Empty for a record of
        the genesis that nothing has changed. Raises `StoreDamaged`.
        """
        acts: list[Act] = []
        head, index = record.head, record.entry
        while index:
            stored = self._linked(record, index, head)
            signed = SignedTransaction.decode(stored.data)
            commit = self.commit_of(index)
            acts.append(Act(index, commit.time, signed, commit.index))
            target = next((target for target in signed.transaction.targets if target.record == record.id), None)
            if target is None:
                break
            head, index = target.head, _previous(stored, signed, record.id)
        acts.reverse()
        return acts

    def back(self, record: Record, steps: int) -> Act | None:
        """The act that stands `steps` acts before the newest one; nothing before the first.

        Each must stand on the head that the one before left, as in `history`. Raises `StoreDamaged`.
        """
        head, index = record.head, record.entry
        while index:
            stored = self._linked(record, index, head)
            signed = SignedTransaction.decode(stored.data)
            if steps == 0:
                commit = self.commit_of(index)
                return Act(index, commit.time, signed, commit.index)
            target = next((target for target in signed.transaction.targets if target.record == record.id), None)
            if target is None:
                return None
            head, index, steps = target.head, _previous(stored, signed, record.id), steps - 1
        return None

    def _linked(self, record: Record, index: int, head: bytes) -> StoredEntry:
        stored = next(self.store.entries(index, index + 1), None)
        if stored is None or stored.leaf != head:
            raise StoreDamaged(f"entry {index} is not the one that record {record.id.hex()} names", value=index)
        return stored


def _previous(stored: StoredEntry, signed: SignedTransaction, record_id: bytes) -> int:
    """The entry that changed the record before; 0 is the genesis."""
    targets = [target.record for target in signed.transaction.targets]
    if len(stored.previous) != len(targets):
        raise StoreDamaged(f"the links of entry {stored.index} are not one for each record", value=stored.index)
    return stored.previous[targets.index(record_id)]
