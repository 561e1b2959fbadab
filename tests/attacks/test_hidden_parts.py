"""Somebody leaves a part of a proof bundle out, lets it say nothing, or fills it, so that a check does not see it.

Leaving out never makes a better verdict: what is not shown is UNKNOWN, what is shown to be false is INVALID.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.forging import INVALID, UNKNOWN, VALID, Proven, assert_fails, failed
from support.game import RULEBOOK
from support.members import member
from support.proven import DOCUMENT, Trade

from cli.verify import run
from ledger.bundle import Bundle, Redacted, WholeDocument
from ledger.commitment import Change, DocumentChanged, Leaf, commit, leaves, verify_whole
from ledger.disclosure import disclose
from ledger.hashing import number_key
from ledger.strict_json import canonicalise
from ledger.times import iso


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


ALWAYS = ("/transportDocumentReference", "/carrierCode", "/carrierCodeListProvider")


def issued(document: dict[str, Any], shown: Sequence[str] = ()) -> tuple[Trade, Bundle]:
    """The bundle of a bill with this document, whole or with only these places shown."""
    trade = Trade()
    bill = trade.issue(document)
    trade.cosign("carrier", "shipper", "bank")
    return trade, trade.bundle(bill, Redacted(tuple(disclose(trade.leaves(bill), shown))) if shown else None)


# The entries


def test_an_enrolment_left_out_leaves_its_members_key_unknown(proven):
    """Nothing contradicts: the key is only not shown."""
    trade = Trade()
    trade.enrol(member("newcomer", "bank"))
    bill = trade.bill()
    trade.pass_on(bill, "bank", "newcomer")
    trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(bill)
    assert proven.check(bundle, policy=trade.policy, at=trade.time).verdict is VALID
    enrolment = next(entry for entry in bundle.entries if b"member.enrol" in entry.data)
    left_out = replace(bundle, entries=tuple(entry for entry in bundle.entries if entry != enrolment))
    report = proven.check(left_out, policy=trade.policy, at=trade.time)
    assert_fails(report, 7, UNKNOWN, "verify.key_unknown")


# The carrier


@pytest.mark.parametrize("left_out", ALWAYS)
@pytest.mark.parametrize("code", ["OCLU", "MAEU"])
def test_a_carrier_that_is_not_disclosed_is_not_taken_for_the_issuer(proven, code, left_out):
    """Kept back, the code of another carrier made of an INVALID bill a VALID one."""
    trade, bundle = issued({**DOCUMENT, "carrierCode": code}, [place for place in ALWAYS if place != left_out])
    assert_fails(proven.check(bundle, policy=trade.policy), 10, UNKNOWN, "verify.document_missing")


@pytest.mark.parametrize("name", ["carrierCode", "carrierCodeListProvider"])
@pytest.mark.parametrize("value", [None, 7, True, ["OCLU"]])
def test_a_bill_that_names_no_carrier_by_a_code_is_unknown(proven, name, value):
    trade, bundle = issued({**DOCUMENT, name: value})
    assert_fails(proven.check(bundle, policy=trade.policy), 10, UNKNOWN, "verify.document_missing")
    absent = {other: item for other, item in DOCUMENT.items() if other != name}
    trade, bundle = issued(absent)
    assert_fails(proven.check(bundle, policy=trade.policy), 10, UNKNOWN, "verify.document_missing")


def test_a_redacted_copy_says_who_checked_the_whole(proven):
    trade, bundle = issued(DOCUMENT, ALWAYS)
    report = proven.check(bundle, policy=trade.policy)
    assert report.verdict is VALID
    assert report.facts["warnings"] == [
        "the document is shown in part; that its disclosed fields are those of one whole document was checked by who "
        "had the whole"
    ]
    assert "warnings" not in proven.check(proven.bundle).facts


def test_the_warnings_are_printed(proven, tmp_path, capsys):
    trade, bundle = issued(DOCUMENT, ALWAYS)
    (tmp_path / "bill.lading").write_bytes(bundle.encode())
    (tmp_path / "policy.txt").write_bytes(trade.policy.format())
    paths = [str(tmp_path / "bill.lading"), "--policy", str(tmp_path / "policy.txt")]
    assert run([*paths, "--at", iso(trade.time)]) == 0
    assert "\nwarning  the document is shown in part; that its disclosed fields" in capsys.readouterr().out


# The number


@pytest.mark.parametrize("number", [True, False, 123, 1.5, "", []])
def test_a_number_that_is_no_text_is_not_read_as_one(proven, number):
    """The issuer claims the number "True", and the document says true."""
    trade, bundle = issued({**DOCUMENT, "transportDocumentReference": number})
    assert_fails(proven.check(bundle, policy=trade.policy), 10, UNKNOWN, "verify.document_missing")


# The bytes


def issue_as(trade: Trade, **arguments: Any) -> bytes:
    """A bill with this commitment and number, of the document that a test has made itself."""
    record = trade.fresh("bill")
    common = {"to": "shipper", "form": "blank", "rulebook": RULEBOOK, "law": "SG",
              "clause": "BIMCO-EBILL-2025", "place": "CNSHA"}  # fmt: skip
    trade.act("carrier", "bill_of_lading.issue", record=record, **common, **arguments)
    return record


def unreadable(media_type: str) -> tuple[Trade, bytes, list[Leaf], WholeDocument]:
    """A bill whose bytes say FAKE and sand, committed to with a value that says REAL and gold."""
    trade = Trade()
    original, secret = canonicalise({**DOCUMENT, "transportDocumentReference": "FAKE", "cargo": "sand"}), bytes(32)
    value = {**DOCUMENT, "transportDocumentReference": "REAL", "cargo": "gold"}
    made = leaves(value, original, media_type, secret)
    key = number_key(trade.genesis.id, "transport_document", trade.id("carrier"), "REAL")
    number = {"at": "/transportDocumentReference", "class": "transport_document", "key": key}
    bill = issue_as(trade, document=commit(made), number=number)
    trade.cosign("carrier", "shipper", "bank")
    return trade, bill, made, WholeDocument(original, media_type, secret, tuple(leaf.hash for leaf in made), value)


@pytest.mark.parametrize("media_type", ["text/plain", "text/json", "application/xml"])
def test_a_bill_whose_bytes_are_no_json_is_unknown(proven, media_type):
    """An issuer says that its JSON is text, so that nobody reads it."""
    trade, bill, made, whole = unreadable(media_type)
    assert_fails(proven.check(trade.bundle(bill, whole), policy=trade.policy), 10, UNKNOWN, "verify.document_missing")
    copy = Redacted(tuple(disclose(made, ALWAYS, original=True)))
    report = proven.check(trade.bundle(bill, copy), policy=trade.policy)
    assert_fails(report, 10, UNKNOWN, "verify.document_missing")
    assert failed(report).detail == f"a transport document must be JSON; this one is {media_type}"


def test_the_same_bytes_called_json_are_refused(proven):
    trade, bill, _, whole = unreadable("application/json")
    report = proven.check(trade.bundle(bill, replace(whole, value=None)), policy=trade.policy)
    assert_fails(report, 10, INVALID, "document.changed")


# Costs


def test_a_document_swapped_for_one_of_millions_of_values_is_not_read(proven):
    """A holder puts 8 MB of zeros in the place of a bill."""
    original = b"[" + b"0," * 3_999_999 + b"0]"
    data = replace(proven.bundle, document=replace(proven.bundle.document, original=original)).encode()
    begun = time.process_time()
    report = proven.check(data)
    assert time.process_time() - begun < 10
    assert_fails(report, 10, INVALID, "document.changed")
    assert failed(report).detail == "the document was changed: it has far more values than were committed"


def test_values_beside_a_document_that_is_no_json_are_counted_too():
    document = leaves({"ID": "1"}, b"<I/>", "application/xml", bytes(32))
    hashes = [leaf.hash for leaf in document]
    value = [[0] * 500, {"a": [0] * 503}]
    with pytest.raises(DocumentChanged, match="far more values than were committed") as caught:
        verify_whole(
            commit(document), hashes, original=b"<I/>", media_type="application/xml", secret=bytes(32), value=value
        )
    assert caught.value.value == 1_003


def test_commas_and_brackets_in_text_are_no_values():
    value = {"a": ',\\"[{,' * 2_000, "b": ["\\", ',"' * 1_000]}
    original = canonicalise(value)
    document = leaves(value, original, "application/json", bytes(32))
    hashes = [leaf.hash for leaf in document]
    arguments = {"media_type": "application/json", "secret": bytes(32)}
    assert verify_whole(commit(document), hashes, original=original, **arguments) == document
    with pytest.raises(DocumentChanged, match="/b/0 is not what was committed"):
        verify_whole(commit(document), hashes, original=original.replace(b'["\\\\"', b'["x"'), **arguments)


def test_every_second_value_of_a_long_document_changed_is_named_in_one_pass():
    value = list(range(20_000))
    document = leaves(value, b"", "text/plain", bytes(32))
    changed = [item if item % 2 else item + 1 for item in value]
    begun = time.process_time()
    with pytest.raises(DocumentChanged) as caught:
        verify_whole(
            commit(document),
            [leaf.hash for leaf in document],
            original=b"",
            media_type="text/plain",
            secret=bytes(32),
            value=changed,
        )
    assert time.process_time() - begun < 10
    assert len(caught.value.changes) == 10_000
    assert caught.value.changes[0] == Change("changed", "/0")
