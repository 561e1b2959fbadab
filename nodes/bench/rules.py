"""What a rule costs: the interpreter alone, on every action of the bill of lading, each in a state that allows it.

Bills are played through scenes that together do everything the table has; before each act it is judged many times,
which changes nothing, and the time of one judgment is taken: signers, targets, guards, effects, the changed records.
Reading and verifying the transaction, and writing what it changes, are measured with the whole path.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from hashlib import sha256
from statistics import median
from typing import Any, Final

from contracts.founding import founding_outcome, rules_of
from contracts.interpreter import judge
from contracts.table import NEW
from ledger.genesis import Genesis, TableRef
from ledger.hashing import ZERO, number_key
from ledger.record import Record
from ledger.transaction import SignedTransaction, Target, Transaction, sign
from nodes.tables import shipped_tables

from .trade import ORIGIN, Trader

__all__ = ["GOAL_US", "measure_rules"]

GOAL_US: Final = 40.0
"""What the rule of one action may cost, in µs."""
_START: Final = 1_764_000_000_000
_DAY: Final = 86_400_000
_CAST: Final = ("carrier", "shipper", "bank", "authority")
_WAIT: Final = "…"
_TAKEN: Final = "carrier issue, shipper accept"
_SCENES: Final = (
    "carrier draft, shipper comment, carrier redraft, shipper approve, carrier issue_draft, shipper accept, "
    "shipper endorse, bank nominate, bank withdraw_nomination, bank nominate, shipper endorse_nominee",
    "carrier draft, carrier withdraw_draft",
    "carrier issue, shipper reject, carrier void",
    f"{_TAKEN}, shipper offer, bank reject, shipper offer, shipper recall, shipper offer, …, bank expire, "
    "shipper present, bank end_presentation, shipper endorse_in_blank, shipper surrender, shipper withdraw_surrender, "
    "shipper surrender, carrier refuse_surrender, shipper surrender, carrier accept_surrender, carrier deliver_part, "
    "carrier confirm_delivery",
    f"{_TAKEN}, shipper pledge, shipper recall_pledge, shipper pledge, bank reject_pledge, shipper pledge, "
    "bank accept_pledge, bank release_pledge, shipper pledge, bank accept_pledge, …, bank notify_default, …, "
    "bank enforce",
    f"{_TAKEN}, shipper surrender_for_amendment, shipper withdraw_amendment, shipper surrender_for_amendment, "
    "carrier refuse_amendment, shipper surrender_for_amendment, carrier reissue, carrier switch_bill, "
    "carrier change_destination, carrier split, carrier merge",
    f"{_TAKEN}, shipper surrender_for_amendment, carrier cancel",
    f"{_TAKEN}, shipper request_paper, shipper withdraw_paper, shipper request_paper, carrier refuse_paper, "
    "shipper request_paper, carrier to_paper",
    "carrier receive_paper, carrier return_paper",
    "carrier receive_paper, carrier issue_from_paper, shipper accept, authority hold, authority lift_hold, "
    "authority dispute, authority settle_dispute, authority hold, authority order_transfer, authority hold, "
    "authority order_void",
    f"{_TAKEN}, authority hold, authority order_close",
)
_TOGETHER: Final = frozenset({"cancel", "change_destination", "merge", "split", "switch_bill"})
_LASTING: Final = 10 * _DAY


class _Play:
    """The state in which scenes are played: records and numbers in memory, as a rule reads them."""

    def __init__(self, times: int) -> None:
        self.traders = {name: Trader(name, name, b"rules") for name in _CAST}
        tables = shipped_tables()
        genesis = Genesis(
            origin=ORIGIN,
            created=_START,
            members=tuple(trader.card for trader in self.traders.values()),
            governors=(self.traders["carrier"].id,),
            policy="quorum none\n",
            tables=tuple(TableRef(t.kind, t.version, sha256(t.encode()).digest()) for t in tables),
            parameters={"rulebook": ZERO.hex()},
        )
        self.rules = rules_of(genesis, tables)
        self.table = self.rules.table("bill_of_lading")
        self.ledger, self.time, self.times = genesis.id, _START, times
        outcome = founding_outcome(genesis, tables)
        self._records = {id_: record for id_, (_, record) in outcome.records.items()}
        self._numbers = {key: id_ for key, (_, id_) in outcome.numbers.items()}
        self.bills: list[bytes] = []
        self.spent: dict[str, float] = {}
        self._drawn = 0

    # The world, as `contracts.act.World` reads it

    height = 1

    @property
    def governors(self) -> tuple[bytes, ...]:
        """The members who vote."""
        return self.rules.governors

    @property
    def parameters(self) -> Mapping[str, str]:
        """What rules compare with."""
        return self.rules.parameters

    def record(self, record_id: bytes) -> Record | None:
        """A record, or nothing."""
        return self._records.get(record_id)

    def number(self, key: bytes) -> bytes | None:
        """The record of a number, or nothing."""
        return self._numbers.get(key)

    # Scenes

    def play(self, scene: str) -> None:
        """Judge each act of a scene many times, and do it."""
        self.bills = []
        for step in scene.split(", "):
            who, _, action = step.partition(" ")
            if who == _WAIT:
                self.time += _LASTING
                continue
            signed = self._signed(who, action)
            spent = []
            for _ in range(self.times):
                start = time.thread_time_ns()
                judge(self.rules, self, signed, self.time, 1)
                spent.append(time.thread_time_ns() - start)
            act, changed = judge(self.rules, self, signed, self.time, 1)
            self.spent[action] = max(median(spent) / 1_000, self.spent.get(action, 0.0))
            self._records |= {record.id: record for record in changed}
            self._numbers |= act.numbers
            alive = [record.id for record in changed if record.kind == self.table.kind and record.controller]
            self.bills = alive or self.bills

    def _signed(self, who: str, action: str) -> SignedTransaction:
        several = self.bills if action == "merge" else self.bills[:1]
        new = NEW in self.table.actions[action].moves
        found = [] if new else [self._records[bill] for bill in several]
        transaction = Transaction(
            ledger=self.ledger,
            targets=tuple(Target(one.id, one.sequence, one.head) for one in found),
            action=f"bill_of_lading.{action}",
            arguments=self._arguments(action, found),
            actor=self.traders[who].id,
            represented=None,
            statement=f"bill_of_lading.{action}@{self.table.version}",
            valid_until=self.time + _DAY,
            salt=self._fresh(),
        )
        signers = [who, "shipper"] if action in _TOGETHER else [who]
        return sign(transaction, *(self.traders[name].pretend for name in signers))

    def _arguments(self, action: str, found: list[Record]) -> dict[str, Any]:
        """What the action asks for, by the type and the name of each argument."""
        filled = {}
        for name, declared in self.table.actions[action].arguments.items():
            value = self._value(action, name, declared.type, found)
            if value is not None and (not declared.optional or name in ("order_party", "until")):
                filled[name] = value
        return filled

    def _value(self, action: str, name: str, kind: str, found: list[Record]) -> Any:
        if kind == "party":
            to = "bank" if action in ("offer", "endorse", "present", "pledge", "order_transfer") else "shipper"
            return self.traders["carrier" if action == "nominate" else to].id
        if name == "rulebook":
            return ZERO
        if name == "form":
            return "order"
        words = {"mode": "endorse", "law": "SG", "place": "CNSHA", "clause": "BIMCO-EBILL-2025"}
        values: dict[str, Any] = {"code": words.get(name, "X"), "time": self.time + _DAY, "count": 7 * _DAY}
        values |= {"hash": self._fresh(), "id": self._fresh()}
        if kind == "parts":
            return [{"document": self._fresh(), "number": self._number(), "record": self._fresh()} for _ in range(2)]
        return self._number() if kind == "number" else values.get(kind)

    def _number(self) -> dict[str, Any]:
        key = number_key(self.ledger, "transport_document", self.traders["carrier"].id, str(self._drawn))
        self._drawn += 1
        return {"at": "/transportDocumentReference", "class": "transport_document", "key": key}

    def _fresh(self) -> bytes:
        self._drawn += 1
        return sha256(self._drawn.to_bytes(8, "big")).digest()


def measure_rules(times: int) -> dict[str, float]:
    """µs that the rule of each action of the bill of lading costs, the median of so many; the dearest of its scenes."""
    play = _Play(times)
    for scene in _SCENES:
        play.play(scene)
    return dict(sorted(play.spent.items()))
