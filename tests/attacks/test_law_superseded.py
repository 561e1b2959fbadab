"""A record in whose place its issuer put another of its own: its bundle is good, and says so."""

from __future__ import annotations

from support.proven import Trade

from ledger.commitment import commit, leaves
from ledger.hashing import number_key
from ledger.report import Verdict
from ledger.strict_json import canonicalise
from ledger.verify import verify


def statement(trade, number):
    """A carbon-footprint statement that the shipper issues."""
    record, secret, value = trade.fresh("statement"), trade.fresh("secret"), {"number": number}
    original = canonicalise(value)
    trade.originals[record] = (original, secret)
    declared = trade.engine.rules.table("carbon_footprint").number
    key = number_key(trade.genesis.id, declared.cls, trade.id("shipper"), number)
    document = commit(leaves(value, original, "application/json", secret))
    named = {"at": declared.at, "class": declared.cls, "key": key}
    trade.act("shipper", "carbon_footprint.issue", record=record, document=document, number=named)
    return record


def test_p14_a_superseded_statement_is_shown_dead_with_its_successor():
    trade = Trade(every_kind=True)
    old, new = statement(trade, "F1"), statement(trade, "F2")
    trade.act("shipper", "supersede", old, by=new)
    trade.cosign("carrier", "shipper", "bank")
    report = verify(trade.bundle(old).encode(), trade.policy, at=trade.time)
    assert (report.history, report.control) == (Verdict.VALID, Verdict.VALID)
    assert report.facts["replaced_by"] == [new.hex()]
    assert f"superseded by {new.hex()[:16]}" in report.control_reason
    assert report.facts["controller"] is None
