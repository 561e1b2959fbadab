"""A record as it was after some of its acts, from the acts alone.

Guards change nothing, so the effects of accepted acts give the record again without judging them again.
This is how a record is shown under an older commit, whose content the state keeps no more. An act on several
records, or one by which a record succeeds another, needs the others as they were before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ledger.record import Record
from ledger.transaction import SignedTransaction

from .act import Act
from .interpreter import carry_out
from .refusals import UnknownAction
from .rules import CompiledAction, Rules

__all__ = ["Before", "replay_record", "statement_version"]

Before = Callable[[bytes, int], Record | None]
"""Gives a record as it was before the entry of an index."""


class _Nothing:
    """A world in which nothing can be read: effects do not read it."""

    governors: tuple[bytes, ...] = ()
    parameters: Mapping[str, str] = {}
    height = 0

    def record(self, record_id: bytes) -> Record | None:
        raise NotImplementedError

    def number(self, key: bytes) -> bytes | None:
        raise NotImplementedError


def replay_record(
    rules: Rules,
    founded: Record | None,
    acts: Iterable[tuple[int, int, SignedTransaction]],
    before: Before | None = None,
    record_id: bytes | None = None,
) -> Record | None:
    """The record after `acts`, each (index, ledger time, transaction), in order.

    `founded` is the record as the genesis has it, for those that it has; `before` gives other records that an act
    names, and `record_id` says which record is meant where the first act makes several. Raises `UnknownAction` for
    an act that is not one of the record's table.
    """
    record = founded
    for index, time, signed in acts:
        wanted = record_id if record is None else record.id
        targets = []
        for target in signed.transaction.targets:
            known = record if record is not None and target.record == record.id else None
            if known is None and before is not None:
                known = before(target.record, index)
            if known is None:
                raise UnknownAction("a record that the act names is not at hand", value=target.record)
            targets.append(known)
        changed = _carried_out(rules, targets, time, signed, index)
        record = changed[0] if wanted is None else next((one for one in changed if one.id == wanted), record)
    return record


def _carried_out(rules: Rules, targets: list[Record], time: int, signed: SignedTransaction, index: int) -> list[Record]:
    transaction = signed.transaction
    compiled = _stated(rules, transaction.statement)
    if compiled is None:
        raise UnknownAction(f"no table of this ledger has the action {transaction.action}", value=index)
    actor = Record(transaction.actor, "member", 0, "", 0, b"", 0, 0, b"")
    act = Act(
        transaction, compiled.table, compiled.action, actor, targets[0] if targets else None, time,
        _Nothing(), frozenset(), targets=targets,
    )  # fmt: skip
    return carry_out(compiled, act, signed.leaf, index)


def _stated(rules: Rules, statement: str) -> CompiledAction | None:
    """The action of a statement's id, such as `bill_of_lading.offer@1`."""
    kind, _, name = statement.partition("@")[0].partition(".")
    version = statement_version(statement)
    return None if version is None else rules.action(kind, version, name)


def statement_version(statement: str) -> int | None:
    """The version of the table that a statement's id ends with, or nothing."""
    text = statement.partition("@")[2]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else None
