"""`nodes.paper`: the form that is printed, and the document that is read from the paper twice."""

from __future__ import annotations

import json

import pytest
from support.members import digest
from support.town import bill

from ledger.record import Record
from nodes.documents.read import read_document
from nodes.paper import PaperDiffers, check_same, printable_form, statement_from_paper, statement_to_paper


def test_two_readings_of_one_paper_have_every_field_alike():
    again = read_document(json.dumps(bill().value, indent=1, sort_keys=True).encode())
    assert check_same(bill(), again) == len(bill().leaves(bytes(32))) - 1


def test_what_was_read_otherwise_is_named():
    with pytest.raises(PaperDiffers) as caught:
        check_same(bill(), bill(serviceContractReference="SC-2", carrierClauses=["none"]))
    assert caught.value.message.startswith("4 fields differ: /carrierClauses/0: ")
    assert caught.value.message.endswith(" (and 1 more)")
    assert caught.value.value == "/carrierClauses/0"


def test_the_statements_say_which_bill_takes_the_place_of_which():
    assert statement_to_paper("B-1", "Carrier Ltd", "P-7") == (
        "This paper bill of lading, serial P-7, takes the place of the electronic bill of lading B-1, which "
        "Carrier Ltd issued on a ledger. The electronic bill has no effect any more and cannot be revived."
    )
    assert statement_from_paper("B-1", "Carrier Ltd", "P-7") == (
        "This electronic bill of lading B-1 takes the place of the paper bill of lading, serial P-7, which Carrier Ltd "
        "has taken back and made inoperative."
    )


def test_the_printable_form_has_statement_record_verification_code_and_every_field():
    head = digest("the entry that ended it")
    record = Record(digest("bill"), "bill_of_lading", 1, "on_paper", 3, head, 20, 0, digest("carrier"))
    document = bill(carrierClauses=["<script>alert(1)</script>"])
    text = printable_form(record, document, "P-7", "It takes the place of B-1 & is good.", 1_764_000_000_000).decode()
    assert "<strong>It takes the place of B-1 &amp; is good.</strong>" in text
    assert f"<tr><td>Record<td>{record.id.hex()}" in text
    assert f"<tr><td>Verification code<td>{head.hex()}" in text
    assert "<tr><td>Serial<td>P-7" in text
    assert "<tr><td>Ended<td>2025-11-24T16:00:00Z" in text
    assert "<script>" not in text, "what a document says is text, and nothing else"
    for leaf in document.leaves(bytes(32))[1:]:
        assert f"<tr><td>{leaf.pointer}<td>" in text
