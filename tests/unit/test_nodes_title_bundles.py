"""Bundles of bills that began otherwise than by `issue`: as a draft, from paper, in the place of others."""

from __future__ import annotations

from typing import Any

import pytest
from support.game import RULEBOOK
from support.members import digest
from support.proven import DOCUMENT, Trade

from ledger.commitment import commit, leaves
from ledger.errors import LadingError
from ledger.hashing import number_key
from ledger.report import Report, Verdict
from ledger.strict_json import canonicalise
from ledger.transaction import Target, sign
from ledger.verify import verify

TERMS = {"rulebook": RULEBOOK, "law": "SG", "clause": "BIMCO-EBILL-2025", "place": "CNSHA"}
TITLE = {"form": "order", "order_party": "shipper"}


@pytest.fixture
def trade() -> Trade:
    return Trade()


def new(trade: Trade, number: str) -> dict[str, Any]:
    """Id, commitment and number of a document of this number, which the trade keeps."""
    value = {**DOCUMENT, "transportDocumentReference": number}
    record, secret, original = trade.fresh("bill"), trade.fresh("secret"), canonicalise(value)
    trade.originals[record] = (original, secret)
    key = number_key(trade.genesis.id, "transport_document", trade.id("carrier"), number)
    return {
        "document": commit(leaves(value, original, "application/json", secret)),
        "number": {"at": "/transportDocumentReference", "class": "transport_document", "key": key},
        "record": record,
    }


def together(trade: Trade, action: str, *bills: bytes, **arguments: Any) -> None:
    """An act of the carrier that the shipper signs too."""
    signed = trade.signed("carrier", action, bills[0], **arguments)
    found = [trade.engine.reader.record(bill) for bill in bills]
    body = signed.transaction._replace(targets=tuple(Target(one.id, one.sequence, one.head) for one in found))

    both = sign(body, trade.members["carrier"].sign, trade.members["shipper"].sign)
    (result,) = trade.engine.submit([both.entry])
    if isinstance(result, LadingError):
        raise result


def verified(trade: Trade, bill: bytes) -> Report:
    trade.cosign("carrier", "shipper", "bank")
    return verify(trade.bundle(bill).encode(), trade.policy, at=trade.time)


def assert_valid(trade: Trade, bill: bytes, controller: str | None) -> Report:
    report = verified(trade, bill)
    assert report.verdict is Verdict.VALID, [(step.number, step.detail) for step in report.steps]
    assert report.facts["controller"] == controller
    return report


def test_a_bill_that_was_drafted(trade):
    made = new(trade, "OCLU0001")
    number, draft = made["number"], {name: made[name] for name in ("record", "document")}
    trade.act("carrier", "bill_of_lading.draft", shipper="shipper", **draft, **TITLE, **TERMS)
    bill = made["record"]
    second = new(trade, "OCLU0001")
    trade.originals[bill] = trade.originals[second["record"]]
    trade.act("carrier", "redraft", bill, document=second["document"], **TITLE)
    trade.act("shipper", "approve", bill)
    trade.act("carrier", "issue_draft", bill, number=number, to="shipper")
    trade.act("shipper", "accept", bill)
    assert_valid(trade, bill, "shipper")


def test_a_bill_from_paper(trade):
    made = new(trade, "OCLU0001")
    paper = {"serial": digest("serial"), "statement": digest("statement")}
    trade.act("carrier", "bill_of_lading.receive_paper", **made, **TITLE, **TERMS, **paper)
    trade.act("carrier", "issue_from_paper", made["record"], to="shipper")
    trade.act("shipper", "accept", made["record"])
    assert_valid(trade, made["record"], "shipper")


def test_p14_an_amended_bill_and_the_one_that_it_replaces(trade):
    old = trade.issue()
    trade.act("shipper", "accept", old)
    trade.act("shipper", "surrender_for_amendment", old, wanted=digest("wanted"))
    made = new(trade, "OCLU0001")
    trade.act("carrier", "reissue", old, **made, **TITLE, difference=digest("difference"))
    report = assert_valid(trade, made["record"], "shipper")
    assert report.facts["replaces"] == [old.hex()]
    report = assert_valid(trade, old, None)
    assert report.facts["replaced_by"] == [made["record"].hex()]


def test_parts_of_a_bill_and_the_bill_that_they_become_again(trade):
    whole = trade.issue()
    trade.act("shipper", "accept", whole)
    parts = [new(trade, "OCLU0002"), new(trade, "OCLU0003")]
    together(trade, "split", whole, parts=parts, conservation=digest("conservation"))
    ids = [part["record"] for part in parts]
    for part in ids:
        assert assert_valid(trade, part, "shipper").facts["replaces"] == [whole.hex()]
    made = new(trade, "OCLU0004")
    together(trade, "merge", *ids, **made, conservation=digest("conservation"))
    assert assert_valid(trade, made["record"], "shipper").facts["replaces"] == [part.hex() for part in ids]
    for part in ids:
        assert_valid(trade, part, None)


def test_p18_a_bill_on_paper_is_shown_to_be_dead(trade):
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    trade.act("shipper", "request_paper", bill)
    trade.act("carrier", "to_paper", bill, serial=digest("serial"), statement=digest("statement"))
    report = assert_valid(trade, bill, None)
    assert report.facts["status"] == "on_paper"
