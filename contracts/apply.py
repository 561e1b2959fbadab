"""The one pure transition: a state and a batch of signed transactions in, changes and refusals out.

`apply_batch` reads the state through a `StateView`, and judges the transactions one after another, each
on what those before it left behind. What is accepted gets the next index of the log; what is refused is in
neither log nor state. No I/O, clock or randomness: time is an argument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ledger.errors import LadingError
from ledger.hashing import record_key
from ledger.record import Item, Record, number_content
from ledger.transaction import SignedTransaction

from .interpreter import judge
from .rules import Rules
from .table import RuleTable

__all__ = ["Accepted", "BatchOutcome", "Refused", "StateView", "apply_batch"]


class StateView(Protocol):
    """The state before the batch, for reading."""

    def record(self, record_id: bytes) -> Record | None:
        """A record, or nothing; not to be changed."""
        ...

    def number(self, key: bytes) -> bytes | None:
        """The id of the record that holds a number, or nothing."""
        ...


@dataclass(slots=True)  # a frozen one takes three times as long to make
class Accepted:
    """A transaction that is in the log now.

    `record` is the one that it is about; `previous` has, for each record that it names, the entry that changed
    it before.
    """

    position: int
    index: int
    signed: SignedTransaction
    record: bytes
    previous: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """A transaction that the rules refused, by its position in the batch."""

    position: int
    signed: SignedTransaction
    error: LadingError


@dataclass(slots=True)
class BatchOutcome:
    """What a batch does: entries in order, refusals, and the new content of every changed state key."""

    accepted: list[Accepted] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    records: dict[bytes, tuple[bytes, Record]] = field(default_factory=dict)
    """Changed records by id, with the salt of the last change."""
    numbers: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    """Claimed numbers by key: salt and record id."""

    def items(self) -> dict[bytes, Item]:
        """State key → what stands under it after the batch."""
        items = {record_key(id_): Item(salt, record.encode()) for id_, (salt, record) in self.records.items()}
        for key, (salt, record_id) in self.numbers.items():
            items[key] = Item(salt, number_content(key, record_id))
        return items


class _Overlay:
    """The state as the transactions of the batch have changed it so far."""

    def __init__(self, rules: Rules, view: StateView, outcome: BatchOutcome, height: int) -> None:
        self.governors = rules.governors
        self.height = height
        self.parameters: Mapping[str, str] = rules.parameters
        self._rules = rules
        self._view = view
        self._outcome = outcome
        self.known: dict[bytes, Record] = {}
        """Records that were read or changed."""

    def table(self, kind: str, version: int | None = None) -> RuleTable | None:
        """A table, in force or adopted for later, the newest without a version: a new one is compared with it."""
        return self._rules.newest(kind) if version is None else self._rules.tables.get((kind, version))

    def record(self, record_id: bytes) -> Record | None:
        record = self.known.get(record_id)
        if record is None:
            record = self._view.record(record_id)
            if record is not None:
                self.known[record_id] = record
        return record

    def number(self, key: bytes) -> bytes | None:
        claimed = self._outcome.numbers.get(key)
        return claimed[1] if claimed is not None else self._view.number(key)


def apply_batch(
    rules: Rules, view: StateView, transactions: Iterable[SignedTransaction], time: int, size: int, height: int
) -> BatchOutcome:
    """Judge `transactions` in order at ledger time `time`, for a log of `size` entries, as the batch of a height.

    What is voted takes effect with a later height, so one set of rules holds for the whole batch. Every
    transaction must have been admitted before (`ledger.transaction.admit`). The outcome is a function of the
    arguments alone.
    """
    outcome = BatchOutcome()
    rules = rules.at(height)
    world = _Overlay(rules, view, outcome, height)
    index = size
    for position, signed in enumerate(transactions):
        try:
            act, changed = judge(rules, world, signed, time, index)
        except LadingError as error:
            outcome.refused.append(Refused(position, signed, error))
            continue
        salt = signed.transaction.salt
        outcome.accepted.append(Accepted(position, index, signed, changed[0].id, act.previous))
        for record in changed:
            outcome.records[record.id] = (salt, record)
            world.known[record.id] = record
        for key, record_id in act.numbers.items():
            outcome.numbers[key] = (salt, record_id)
        index += 1
    return outcome
