"""Verifying records that began as successors, records that were replaced, acts of several signers and for others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.forging import INVALID, VALID, Proven, assert_fails, failed
from support.members import Key, digest
from support.proven import DOCUMENT, Trade

from contracts.guards import key_proof_message
from ledger.evidence import Evidence
from ledger.report import Report
from ledger.verify import _STEPS as STEPS
from ledger.verify_control import StateDiffersFromHistory, check_links


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


def details(report: Report) -> dict[int, str]:
    return {step.number: step.detail for step in report.steps}


def parted(trade: Trade, parent: bytes) -> list[bytes]:
    """The carrier splits a bill of the bank's into two, which the bank signs too; the ids of the new ones."""
    made = []
    for suffix in ("A", "B"):
        value = {**DOCUMENT, "transportDocumentReference": f"OCLU0001{suffix}"}
        made.append(trade.document(value))
    conservation = {"conservation": digest("conservation"), "parts": made}
    signed = trade.signed("carrier", "split", parent, **conservation)
    message = signed.messages()[0][2]
    trade.submit(signed.with_signatures([trade.members["bank"].sign(message)]))
    return [one["record"] for one in made]


def test_a_record_that_was_split_off_is_proven_from_the_act_that_made_it(proven):
    trade = Trade()
    parent = trade.bill()
    first, second = parted(trade, parent)
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(first), policy=trade.policy, at=trade.time)
    assert report.verdict is VALID, failed(report)
    assert report.facts["replaces"] == report.facts["began_from"] == [parent.hex()]
    assert (report.facts["number"], report.facts["controller"]) == ("OCLU0001A", "bank")
    assert report.facts["number_is_unique"] is True
    (event,) = report.events
    assert (event.action, event.actor, event.also) == ("split", "carrier", ("bank",))
    assert event.key == trade.members["carrier"].key.public
    said = details(report)
    entry = trade.engine.reader.record(first).entry
    assert said[9] == (
        f"1 act, from entry {entry} to entry {entry}; it took the place of {parent.hex()[:16]}, "
        "whose history is in bundles of their own"
    )
    assert proven.check(trade.bundle(second), policy=trade.policy, at=trade.time).facts["number"] == "OCLU0001B"


def test_a_record_that_was_replaced_says_what_superseded_it(proven):
    trade = Trade()
    parent = trade.bill()
    children = parted(trade, parent)
    trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(parent)
    assert bundle.number is None, "the number may be its successor's"
    report = proven.check(bundle, policy=trade.policy, at=trade.time + 10**12)
    assert report.verdict is VALID, failed(report)
    assert report.facts["replaced_by"] == [child.hex() for child in children]
    assert report.control_reason.endswith(f"superseded by {children[0].hex()[:16]}, {children[1].hex()[:16]}")
    then = proven.check(proven.bundle)
    assert "replaced_by" not in then.facts


def test_an_amended_bill_may_have_the_number_of_the_void_one(proven):
    trade = Trade()
    old = trade.bill()
    trade.act("bank", "surrender_for_amendment", old, wanted=digest("wanted"))
    made = trade.document({**DOCUMENT, "remarks": ["amended"]})
    more = {"form": "order", "order_party": "bank", "difference": digest("difference")}
    trade.act("carrier", "reissue", old, **made, **more)
    trade.cosign("carrier", "shipper", "bank")
    for record in (old, made["record"]):
        report = proven.check(trade.bundle(record), policy=trade.policy, at=trade.time)
        assert report.verdict is VALID, failed(report)
        assert report.facts["number"] == "OCLU0001"
    assert report.facts["replaces"] == [old.hex()]


def test_the_document_of_another_part_is_not_this_ones(proven):
    trade = Trade()
    first, second = parted(trade, trade.bill())
    trade.cosign("carrier", "shipper", "bank")
    swapped = trade.bundle(first, trade.whole(second))
    assert_fails(proven.check(swapped, policy=trade.policy, at=trade.time), 10, INVALID, "document.hashes_changed")


def test_a_bundle_without_the_act_that_made_the_record_is_refused(proven):
    trade = Trade()
    first, _ = parted(trade, trade.bill())
    trade.pass_on(first, "bank", "buyer")
    trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(first)
    split = next(entry for entry in bundle.entries if b"bill_of_lading.split" in entry.data)
    left_out = replace(bundle, entries=tuple(entry for entry in bundle.entries if entry != split))
    report = proven.check(left_out, policy=trade.policy, at=trade.time)
    assert_fails(report, 9, INVALID, "verify.chain_broken")


@pytest.mark.parametrize("changes", [{"replaces": [digest("another")]}, {"replaced_by": [digest("another")]}])
def test_a_state_that_links_a_record_to_others_than_its_acts_is_false(proven, changes):
    """No bundle shows it, since a state that was never committed has no proof; the check stands behind that."""
    evidence = Evidence(proven.bundle, proven.trade.policy, at=proven.trade.time, max_age=10**12)
    for _, _, check, _ in STEPS[:-2]:
        check(evidence)
    record = proven.trade.engine.reader.record(proven.bill).copy()
    for name, value in changes.items():
        setattr(record, name, value)
    with pytest.raises(StateDiffersFromHistory, match="links the record to others than its acts do"):
        check_links(evidence, record)


def test_an_act_for_another_is_the_others_and_says_who_acted(proven):
    trade = Trade(every_kind=True)
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    mandate = trade.fresh("mandate")
    trade.act("shipper", "mandate.grant", record=mandate, to="buyer", kinds=["bill_of_lading"], actions=[])
    signed = trade.signed("buyer", "offer", bill, represented="shipper", to="bank", mode="endorse")
    trade.submit(signed)
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time)
    assert report.verdict is VALID, failed(report)
    told = report.events[-1]
    assert (told.action, told.actor, told.represented) == ("offer", "buyer", "shipper")
    assert "buyer" in [party["alias"] for party in report.facts["parties"]]


def test_a_bill_that_an_agent_issued_is_its_principals(proven):
    trade = Trade(every_kind=True)
    mandate = trade.fresh("mandate")
    trade.act("carrier", "mandate.grant", record=mandate, to="buyer", kinds=[], actions=[])
    bill = trade.issue(who="buyer", represented="carrier")
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time)
    assert report.verdict is VALID, failed(report)
    assert (report.facts["issuer"], report.events[0].actor) == ("carrier", "buyer")


def test_an_old_key_signs_until_the_overlap_ends(proven):
    trade = Trade()
    bill = trade.bill()
    new = Key(digest("the bank's new key"))
    proof = new.sign(key_proof_message(trade.id("bank"), new.public))[2]
    more = {"public_key": new.public, "proof": proof, "overlap_until": trade.time + 10_000}
    trade.act("bank", "rotate_key", trade.id("bank"), **more)
    trade.act("bank", "offer", bill, to="buyer", mode="endorse")
    trade.cosign("carrier", "shipper", "bank")
    assert proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time).verdict is VALID
