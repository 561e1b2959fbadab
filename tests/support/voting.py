"""Governors who publish, propose, vote and enact, on the ledger of a `Game`.

council = Council()                                       # the carrier, the shipper, the bank and the buyer govern
proposal = council.propose_table(council.table(DOCK))     # in force from two heights after the next
council.vote(proposal, "carrier", "shipper", "bank")
council.done("carrier", "enact", proposal)
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from contracts.parameters import count_of
from contracts.proposals import governors_content, parameter_content
from contracts.table import RuleTable
from contracts.table_yaml import parse_table
from contracts.types import MAX_PART
from ledger.hashing import ledger_record

from .game import HOUR, Game, Outcome
from .members import digest

__all__ = ["DOCK", "GOVERNORS", "Council"]

GOVERNORS = ("carrier", "shipper", "bank", "buyer")
DOCK = (Path(__file__).resolve().parents[1] / "tables" / "dock_receipt.yaml").read_bytes()
CHECK = {"checker": "lading/checker@1", "result": digest("a result of the checker")}


class Council(Game):
    """A ledger that four of its members govern."""

    def __init__(self, *, governors: Iterable[str] = GOVERNORS, **more: Any) -> None:
        super().__init__(governors=tuple(governors), **more)

    @property
    def height(self) -> int:
        """The height that the next batch makes."""
        return len(self.batches)

    @property
    def own(self) -> Any:
        """The ledger's own record."""
        return self.record(ledger_record(self.ledger))

    def table(self, text: bytes = DOCK, **changes: Any) -> RuleTable:
        """A table with some of its keys changed."""
        return RuleTable.from_plain({**parse_table(text).plain, **changes})

    def publish(self, text: bytes, who: str = "carrier", size: int = MAX_PART) -> list[bytes]:
        """Publish a text in parts; gives their ids."""
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        ids = [self.fresh("text") for _ in parts]
        for record, content in zip(ids, parts, strict=True):
            self.done(who, "text.publish", record=record, content=content)
        return ids

    def first(self, later: int = 0) -> int:
        """The first height from which the next proposal can be in force, and so many more."""
        return self.height + 1 + count_of(self.rules.parameters, "adoption_delay") + later

    def said(self, subject: str, **args: Any) -> dict[str, Any]:
        """The arguments of a proposal: in force some heights on, voted on for a day."""
        usual = {"record": self.fresh("proposal"), "subject": subject, "until": self.time + 24 * HOUR}
        return {**usual, "from_height": self.first(later=20), **args}

    def said_table(self, table: RuleTable, **args: Any) -> dict[str, Any]:
        """The arguments of the proposal of a table, whose text is published."""
        parts, content = self.publish(table.encode()), sha256(table.encode()).digest()
        return self.said(
            "rule_table", **{"parts": parts, "content": content, "kind": table.kind, "version": table.version, **args}
        )

    def said_policy(self, text: bytes, overlap: int, **args: Any) -> dict[str, Any]:
        """The arguments of the proposal of a policy, whose text is published."""
        content = sha256(text).digest()
        return self.said("policy", **{"parts": self.publish(text), "content": content, "overlap": overlap, **args})

    def said_parameter(self, name: str, value: str, **args: Any) -> dict[str, Any]:
        """The arguments of the proposal of a parameter."""
        return self.said(
            "parameter", **{"name": name, "value": value, "content": parameter_content(name, value), **args}
        )

    def said_governors(self, *aliases: str, **args: Any) -> dict[str, Any]:
        """The arguments of the proposal of governors."""
        ids = [self.id(alias) for alias in aliases]
        return self.said("governors", **{"governors": ids, "content": governors_content(ids), **args})

    def propose(self, said: dict[str, Any], who: str = "carrier") -> bytes:
        """Propose it; gives the proposal's id."""
        self.done(who, "proposal.propose", **said)
        return bytes(said["record"])

    def vote(self, proposal: bytes, *voters: str, choice: str = "for") -> None:
        """Votes, in this order."""
        for who in voters:
            self.done(who, "vote", proposal, choice=choice, **CHECK)

    def adopted(self, said: dict[str, Any], *voters: str) -> Outcome:
        """Propose it, vote for it (by three of four unless they are named), and enact it."""
        proposal = self.propose(said)
        self.vote(proposal, *(voters or GOVERNORS[:3]))
        return self.done("carrier", "enact", proposal)

    def reach(self, height: int) -> None:
        """Make batches, so that the next has this height."""
        while self.height < height:
            self.done("carrier", "text.publish", record=self.fresh("filler"), content=b"x")
