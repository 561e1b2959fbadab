"""What guards and effects see while one transaction is judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ledger.record import Record
from ledger.transaction import Transaction

from .table import Action, RuleTable

__all__ = ["Act", "World"]


class World(Protocol):
    """The state as a rule may read it: records, numbers, governors and parameters."""

    @property
    def governors(self) -> tuple[bytes, ...]:
        """The members who vote."""
        ...

    @property
    def parameters(self) -> Mapping[str, str]:
        """What rules compare with."""
        ...

    def record(self, record_id: bytes) -> Record | None:
        """A record, or nothing; not to be changed."""
        ...

    def number(self, key: bytes) -> bytes | None:
        """The id of the record that holds a number, or nothing."""
        ...


class Act:
    """One action on one record. Effects change `record`, `numbers`; guards change nothing.

    `record` is the record that the action changes: before the effects as the state has it, nothing
    for an action that creates one. `time` is ledger time in Unix milliseconds, `keys` are the
    (algorithm, public key) of the signatures.
    """

    __slots__ = (
        "action",
        "actor",
        "args",
        "keys",
        "numbers",
        "record",
        "table",
        "time",
        "transaction",
        "world",
    )

    def __init__(
        self,
        transaction: Transaction,
        table: RuleTable,
        action: Action,
        actor: Record,
        record: Record | None,
        time: int,
        world: World,
        keys: frozenset[tuple[int, bytes]],
    ) -> None:
        self.transaction = transaction
        self.table = table
        self.action = action
        self.actor = actor
        self.args: Mapping[str, Any] = transaction.arguments
        self.record: Any = record
        self.time = time
        self.world = world
        self.keys = keys
        self.numbers: dict[bytes, bytes] = {}
