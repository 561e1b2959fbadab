"""What guards and effects see while one transaction is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ledger.record import Record
from ledger.transaction import Transaction

from .table import Action, RuleTable

__all__ = ["Act", "World"]


class World(Protocol):
    """The state as a rule may read it: records, numbers, governors, parameters, and the height that is being made."""

    @property
    def governors(self) -> tuple[bytes, ...]:
        """The members who vote."""
        ...

    @property
    def parameters(self) -> Mapping[str, str]:
        """What rules compare with."""
        ...

    @property
    def height(self) -> int:
        """The height of the commit that will close this batch."""
        ...

    def record(self, record_id: bytes) -> Record | None:
        """A record, or nothing; not to be changed."""
        ...

    def number(self, key: bytes) -> bytes | None:
        """The id of the record that holds a number, or nothing."""
        ...


class Act:
    """One action. Effects change `record`, `targets`, `made` and `numbers`; guards change nothing.

    `record` is the record that the action changes: before the effects as the state has it, nothing
    for an action that creates one; `targets` are all that the transaction names, `record` the first. `made`
    are further records that effects bring into being, each with its status. `time` is ledger time in Unix
    milliseconds, `keys` are the (algorithm, public key) of the signatures, `signers` the members whose
    keys they are. `party` is whom the actor acts for: itself, or whom it represents by a mandate.
    `previous` has, once it is judged, the entry that changed each target before.
    """

    __slots__ = (
        "action",
        "actor",
        "args",
        "keys",
        "made",
        "numbers",
        "party",
        "previous",
        "record",
        "signers",
        "table",
        "targets",
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
        *,
        targets: Sequence[Record] | None = None,
        signers: frozenset[bytes] = frozenset(),
    ) -> None:
        self.transaction = transaction
        self.table = table
        self.action = action
        self.actor = actor
        self.args: Mapping[str, Any] = transaction.arguments
        self.party = actor.id if transaction.represented is None else transaction.represented
        self.record: Any = record
        self.targets: Sequence[Record] = targets if targets is not None else () if record is None else (record,)
        self.time = time
        self.world = world
        self.keys = keys
        self.signers = signers
        self.made: list[tuple[Record, str]] = []
        self.numbers: dict[bytes, bytes] = {}
        self.previous: tuple[int, ...] = ()
