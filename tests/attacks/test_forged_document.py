"""Somebody forges the document of a proof bundle, shows another, or hides a part of it that must be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.forging import INVALID, UNKNOWN, VALID, Proven, assert_fails, failed
from support.game import RULEBOOK
from support.members import digest, member
from support.proven import DOCUMENT, Trade

from ledger.bundle import Bundle, Redacted
from ledger.commitment import Leaf, commit, leaves
from ledger.disclosure import disclose
from ledger.hashing import number_key
from ledger.strict_json import canonicalise


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


def with_document(bundle: Bundle, **changes: Any) -> Bundle:
    return replace(bundle, document=replace(bundle.document, **changes))  # type: ignore[type-var]


def test_the_document_of_another_bill_is_refused(proven):
    forged = replace(proven.bundle, document=proven.trade.whole(proven.other))
    assert_fails(proven.check(forged), 10, INVALID, "document.hashes_changed")


def test_a_changed_weight_is_named_with_its_place(proven):
    original = proven.bundle.document.original.replace(b"8400.5", b"8401.5")
    report = proven.check(with_document(proven.bundle, original=original))
    assert_fails(report, 10, INVALID, "document.changed")
    assert "/cargo/0/weight is not what was committed" in failed(report).detail


def test_hashes_made_to_fit_a_changed_document_are_refused(proven):
    original = proven.bundle.document.original.replace(b"8400.5", b"8401.5")
    secret = proven.bundle.document.secret
    hashes = tuple(leaf.hash for leaf in leaves({**DOCUMENT}, original, "application/json", secret))
    forged = with_document(proven.bundle, original=original, hashes=hashes)
    assert_fails(proven.check(forged), 10, INVALID, "document.hashes_changed")


def test_another_media_type_is_refused(proven):
    forged = with_document(proven.bundle, media_type="application/vnd.example+json")
    assert_fails(proven.check(forged), 10, INVALID, "document.changed")


def test_a_second_value_beside_a_json_document_is_not_read(proven):
    """A forger lets the number be read from another value than the one that was committed to."""
    value = {**DOCUMENT, "cargo": "gold"}
    assert_fails(proven.check(with_document(proven.bundle, value=value)), 10, UNKNOWN, "verify.unreadable")


def test_a_document_that_was_left_out_is_unknown(proven):
    assert_fails(proven.check(replace(proven.bundle, document=None)), 10, UNKNOWN, "verify.document_missing")


def issued_with(document: dict[str, Any], **changes: Any) -> tuple[Trade, Bundle]:
    trade = Trade()
    bill = trade.issue(document, **changes)
    trade.cosign("carrier", "shipper", "bank")
    return trade, trade.bundle(bill)


def test_a_bill_that_names_another_carrier_than_its_issuer_is_refused(proven):
    """A carrier issues, on the ledger, a document that names somebody else as the carrier."""
    trade, bundle = issued_with({**DOCUMENT, "carrierCode": "MAEU"})
    assert_fails(proven.check(bundle, policy=trade.policy), 10, INVALID, "verify.number_differs")


def test_a_carrier_that_was_enrolled_later_cannot_name_another_either(proven):
    trade = Trade()
    trade.enrol(member("newcomer", "carrier", codes=("SMDG:NEWC",)))
    original = canonicalise({**DOCUMENT, "carrierCode": "NEWC"})
    for code, verdict in (("NEWC", VALID), ("OCLU", INVALID)):
        value = {**DOCUMENT, "carrierCode": code, "transportDocumentReference": code}
        original, secret, record = canonicalise(value), digest("secret", code), digest("record", code)
        trade.originals[record] = (original, secret)
        number = trade.signed("newcomer", "bill_of_lading.issue", **issue_arguments(trade, value, record, secret))
        trade.engine.submit([number.entry])
        trade.cosign("carrier", "shipper", "bank")
        report = proven.check(trade.bundle(record), policy=trade.policy)
        assert report.history is verdict
    assert failed(report).code == "verify.number_differs"


def issue_arguments(trade: Trade, value: dict[str, Any], record: bytes, secret: bytes) -> dict[str, Any]:
    issuer, number = trade.id("newcomer"), value["transportDocumentReference"]
    key = number_key(trade.genesis.id, "transport_document", issuer, number)
    return {
        "record": record,
        "document": commit(leaves(value, canonicalise(value), "application/json", secret)),
        "number": {"at": "/transportDocumentReference", "class": "transport_document", "key": key},
        "to": "shipper",
        "form": "order",
        "order_party": "shipper",
        "rulebook": RULEBOOK,
        "law": "SG",
        "clause": "BIMCO-EBILL-2025",
        "place": "CNSHA",
    }


def test_a_document_of_another_number_than_was_claimed_is_refused(proven):
    """The issuer claims one number on the ledger, and writes another into the document."""
    trade = Trade()
    key = number_key(trade.genesis.id, "transport_document", trade.id("carrier"), "OCLU9999")
    number = {"at": "/transportDocumentReference", "class": "transport_document", "key": key}
    bill = trade.issue(number=number)
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(bill), policy=trade.policy)
    assert_fails(report, 10, INVALID, "verify.number_differs")


# Redacted copies


def redacted(proven: Proven, *pointers: str) -> Sequence[Leaf | bytes]:
    always = ("/transportDocumentReference", "/carrierCode", "/carrierCodeListProvider")
    return disclose(proven.trade.leaves(proven.bill), [*always, *pointers])


def test_a_redacted_bundle_verifies(proven):
    copy = redacted(proven, "/cargo/1")
    report = proven.check(replace(proven.bundle, document=Redacted(tuple(copy))))
    assert report.verdict is VALID
    assert report.steps[9].detail == "5 of 8 fields disclosed, the others proven present"
    assert report.facts["number"] == "OCLU0001"


def test_a_redacted_bundle_with_a_false_value_fails(proven):
    copy = list(redacted(proven, "/cargo/1"))
    at = next(n for n, leaf in enumerate(copy) if isinstance(leaf, Leaf) and leaf.pointer == "/cargo/1/weight")
    copy[at] = replace(copy[at], value="78")  # type: ignore[type-var]
    report = proven.check(replace(proven.bundle, document=Redacted(tuple(copy))))
    assert_fails(report, 10, INVALID, "document.disclosure_false")


def test_a_redacted_bundle_that_leaves_a_hash_out_fails(proven):
    copy = redacted(proven)
    short = tuple(leaf for n, leaf in enumerate(copy) if n != len(copy) - 1)
    assert_fails(
        proven.check(replace(proven.bundle, document=Redacted(short))), 10, INVALID, "document.disclosure_false"
    )


def test_a_redacted_bundle_that_hides_its_number_is_unknown(proven):
    copy = disclose(proven.trade.leaves(proven.bill), ["/cargo/1"])
    report = proven.check(replace(proven.bundle, document=Redacted(tuple(copy))))
    assert_fails(report, 10, UNKNOWN, "verify.document_missing")


def test_a_redacted_bundle_that_shows_another_carrier_fails(proven):
    trade = Trade()
    bill = trade.issue({**DOCUMENT, "carrierCode": "MAEU"})
    trade.cosign("carrier", "shipper", "bank")
    pointers = ("/transportDocumentReference", "/carrierCode", "/carrierCodeListProvider")
    copy = Redacted(tuple(disclose(trade.leaves(bill), pointers)))
    report = proven.check(trade.bundle(bill, copy), policy=trade.policy)
    assert_fails(report, 10, INVALID, "verify.number_differs")
