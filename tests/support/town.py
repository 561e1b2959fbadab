"""Members with homes on disk and a ledger that the carrier operates: what the tests of desks and commands play on.

    town = Town(tmp_path)                                      # carrier, shipper, bank, buyer, certifier
    report = town.issue(bill("OCLU-1"))                        # by the carrier, to the order of the shipper
    town.act("shipper", "accept", report.record.id)
    town.record(report.record.id).controller == town.id("shipper")

Keys are in memory, so no passphrase is stretched. Time stands still until `town.tick()`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from contracts.table import RuleTable
from ledger.record import Record
from nodes.access import open_for_reading
from nodes.desk import ActReport, Desk
from nodes.documents.model import Document
from nodes.documents.read import read_document
from nodes.enrolment import make_card
from nodes.founding import Plan, found_ledger
from nodes.home import Home
from nodes.keystore import MemoryKeyStore

__all__ = ["CAST", "ROOT", "START", "Town", "bill", "certificate", "invoice", "sample", "waybill"]

ROOT = Path(__file__).resolve().parents[2]
START = 1_764_000_000_000
"""2025-11-24T16:00:00Z."""
CAST = {name: (name,) for name in ("carrier", "shipper", "bank", "buyer", "certifier")}
PARTIES = {
    "carrier": ("FICT00JADEWINDLINE34", ("NMFTA:JWCL",)),
    "shipper": ("FICT00TAIHUMERIDIA24", ()),
    "bank": ("FICT00YANGTZEHARBR03", ()),
    "buyer": ("FICT00WAALHAVENHOM71", ()),
    "certifier": ("FICT00SHORIGINCERT72", ()),
}
COSIGNERS = ("carrier", "shipper", "bank", "buyer")


class Town:
    """A ledger and its members, with the shipped rule tables or those that are given.

    `cards` are changes of a member's card by alias.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cast: Mapping[str, Iterable[str]] = CAST,
        codes: Mapping[str, Iterable[str]] | None = None,
        cosigners: Iterable[str] = COSIGNERS,
        governors: Iterable[str] = ("carrier",),
        tables: Sequence[RuleTable] | None = None,
        **plan: Any,
    ) -> None:
        self.folder, self.now = folder, START
        self.keys: dict[str, MemoryKeyStore] = {}
        self.homes: dict[str, Home] = {}
        self.seen: list[str] = []
        for alias, roles in cast.items():
            self.make_home(alias, roles, (codes or {}).get(alias))
        cards = tuple(self.card(alias) for alias in cast)
        options = {"law": "SG", **plan}
        self.plan = Plan("ledger.example/town", cards, tuple(cosigners), tuple(governors), **options)
        self.genesis = found_ledger(
            self.homes["carrier"], self.keys["carrier"], self.plan, clock=self.clock, tables=tables
        )
        for alias in list(cast)[1:]:
            self.join(alias)

    def make_home(self, alias: str, roles: Iterable[str] = (), codes: Iterable[str] | None = None) -> None:
        """A home with keys and a card, which belongs to no ledger yet."""
        member, keys = os.urandom(32), MemoryKeyStore()
        lei, own = PARTIES.get(alias, ("", ()))
        card = make_card(
            keys, member, alias=alias, names={"en": f"{alias.title()} Ltd"}, lei=lei, registration=f"REG-{alias}",
            roles=tuple(roles), codes=tuple(own if codes is None else codes), cosigner=f"{alias}.example",
        )  # fmt: skip
        home = Home.create(self.folder / alias, name=alias, member=member)
        home.write_card(card.encode())
        self.keys[alias], self.homes[alias] = keys, home

    def card(self, alias: str) -> Any:
        from ledger.member import MemberCard

        return MemberCard.decode(self.homes[alias].read_card())

    def join(self, alias: str) -> None:
        """Pin the ledger in a member's home."""
        self.homes[alias].join(self.genesis.encode(), self.genesis.policy, location=self.homes["carrier"].folder)

    def clock(self) -> int:
        return self.now

    def tick(self, milliseconds: int = 1000) -> int:
        self.now += milliseconds
        return self.now

    def id(self, alias: str) -> bytes:
        member = self.homes[alias].settings.member
        assert member is not None
        return member

    def desk(self, alias: str) -> Desk:
        return Desk(self.homes[alias], self.keys[alias], clock=self.clock, random_bytes=os.urandom)

    def record(self, record_id: bytes) -> Record:
        with open_for_reading(self.homes["carrier"]) as reader:
            return reader.record(record_id)

    def size(self) -> int:
        """The number of entries in the log."""
        with open_for_reading(self.homes["carrier"]) as reader:
            return reader.head.size

    def issue(self, document: Document, who: str = "carrier", **options: Any) -> ActReport:
        return self.desk(who).issue(document, **options)

    def act(self, who: str, action: str, record_id: bytes, reason: str = "", **arguments: Any) -> ActReport:
        """Members are named by alias."""
        given = {key: self.id(value) if value in self.homes else value for key, value in arguments.items()}
        return self.desk(who).act(self.record(record_id), action, given, reason=reason)

    def held(self, number: str = "B-1", holder: str = "shipper") -> bytes:
        """A bill to the order of the shipper, which it holds."""
        record_id = self.issue(bill(number)).record.id
        self.act("shipper", "accept", record_id)
        self.desk("shipper").fetch()
        if holder != "shipper":
            self.act("shipper", "offer", record_id, to=holder, mode="endorse")
            self.act(holder, "accept", record_id)
            self.desk(holder).fetch()
        return record_id


@cache
def sample(name: str) -> bytes:
    """A document of the demo."""
    return (ROOT / "nodes" / "demo" / "samples" / name).read_bytes()


def bill(number: str = "B-1", **changes: Any) -> Document:
    """The demo's bill, to the order of the shipper, under another number; None takes a member out."""
    value = json.loads(sample("transport-document.json")) | {"transportDocumentReference": number, **changes}
    return read_document(json.dumps({key: one for key, one in value.items() if one is not None}).encode())


def waybill(number: str = "W-1") -> Document:
    """The demo's shipment under a sea waybill to the buyer."""
    parties = json.loads(sample("transport-document.json"))["documentParties"]
    parties.pop("issueTo", None), parties.pop("endorsee", None)
    code = {"partyCode": PARTIES["buyer"][0], "codeListProvider": "GLEIF"}
    parties["consignee"] = {**parties["shipper"], "partyName": "Waalhaven", "identifyingCodes": [code]}
    return bill(number, transportDocumentTypeCode="SWB", isToOrder=False, documentParties=parties)


def invoice() -> Document:
    return read_document(sample("commercial-invoice.xml"))


def certificate() -> Document:
    return read_document(sample("certificate-of-origin.json"))
