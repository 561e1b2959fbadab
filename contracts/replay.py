"""A record as it was after some of its acts, from the acts alone.

Guards change nothing, so the effects of accepted acts give the record again without judging them again.
This is how a record is shown under an older commit, whose content the state keeps no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ledger.record import Record
from ledger.transaction import SignedTransaction

from .act import Act
from .interpreter import carry_out
from .refusals import UnknownAction
from .rules import Rules
from .table import NEW

__all__ = ["replay_record"]


class _Nothing:
    """A world in which nothing can be read: effects do not read it."""

    governors: tuple[bytes, ...] = ()
    parameters: Mapping[str, str] = {}

    def record(self, record_id: bytes) -> Record | None:
        raise NotImplementedError

    def number(self, key: bytes) -> bytes | None:
        raise NotImplementedError


def replay_record(
    rules: Rules, founded: Record | None, acts: Iterable[tuple[int, int, SignedTransaction]]
) -> Record | None:
    """The record after `acts`, each (index, ledger time, transaction), in order.

    `founded` is the record as the genesis has it, for those that it has. Raises `UnknownAction` for an act
    that is not one of the record's table.
    """
    record = founded
    for index, time, signed in acts:
        transaction = signed.transaction
        kind, _, name = transaction.action.partition(".")
        version = rules.current.get(kind, 0) if record is None else record.version
        compiled = rules.action(kind, version, name)
        if compiled is None:
            raise UnknownAction(f"no table of this ledger has the action {transaction.action}", value=index)
        actor = Record(transaction.actor, "member", 0, "", 0, b"", 0, 0, b"")
        act = Act(
            transaction, compiled.table, compiled.action, actor, record, time,
            _Nothing(), frozenset(),
        )  # fmt: skip
        status = compiled.action.moves[NEW if record is None else record.status]
        carry_out(compiled, act, status, signed.leaf, index)
        record = act.record
    return record
