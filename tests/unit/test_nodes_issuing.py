"""From a document to its issue: who issues it, who are its parties, what a person may choose beside it."""

from __future__ import annotations

import json

import pytest
from support.town import Town, bill, certificate, invoice, sample, waybill

from contracts.refusals import RuleRefused
from ledger.hashing import attachment_commitment, number_key, outside_party
from ledger.strict_json import canonicalise
from nodes.access import open_for_reading
from nodes.documents.model import Kind, PartyFacts, Role
from nodes.documents.read import read_document
from nodes.issuing import (
    ChoiceMissing,
    NoFirstHolder,
    NoSuchKind,
    NotForThisKind,
    NotTheIssuer,
    kind_named,
    outsiders,
)
from nodes.parcel import Attachment

LEI = "5493001KJTIIGC8Y1R12"


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


def arguments(town, record_id):
    """The arguments with which a record was issued."""
    with open_for_reading(town.homes["carrier"]) as reader:
        return dict(reader.history(reader.record(record_id))[0].signed.transaction.arguments)


def parties(**changes):
    found = json.loads(sample("transport-document.json"))["documentParties"] | changes
    return {name: party for name, party in found.items() if party is not None}


def named(name, lei=""):
    party = {**parties()["shipper"], "partyName": name}
    codes = [{"partyCode": lei, "codeListProvider": "GLEIF"}] if lei else []
    return (
        {**party, "identifyingCodes": codes} if codes else {k: v for k, v in party.items() if k != "identifyingCodes"}
    )


def issue_to(lei):
    party = json.loads(sample("transport-document.json"))["documentParties"]["issueTo"]
    return {**party, "identifyingCodes": [{"partyCode": lei, "codeListProvider": "GLEIF"}]}


def test_a_bill_is_issued_with_what_the_document_says(town):
    record_id = town.issue(bill("B-7"), until=town.now + 1000).record.id
    given = arguments(town, record_id)
    assert (given["to"], given["order_party"], given["form"]) == (town.id("shipper"), town.id("shipper"), "order")
    assert (given["law"], given["place"], given["until"]) == ("SG", "CNSHA", town.now + 1000)
    assert given["rulebook"].hex() == town.genesis.parameters["rulebook"]
    key = number_key(town.genesis.id, "transport_document", town.id("carrier"), "B-7")
    assert given["number"] == {"at": "/transportDocumentReference", "class": "transport_document", "key": key}
    assert "consignee" not in given


def test_a_person_can_choose_another_first_holder_law_and_place(town):
    record = town.issue(bill(), to=town.id("bank"), law="GB", place="NLRTM").record
    assert record.pending.party == town.id("bank")
    assert (record.fields["law"], record.fields["place"]) == ("GB", "NLRTM")
    assert record.order_party == town.id("shipper"), "to whose order the bill stands is the document's word alone"


def test_a_straight_bill_names_its_consignee(town):
    consignee = named("Waalhaven", "FICT00WAALHAVENHOM71")
    document = bill(isToOrder=False, documentParties=parties(endorsee=None, consignee=consignee))
    record = town.issue(document).record
    assert record.fields["form"] == "straight"
    assert record.fields["consignee"] == town.id("buyer")
    assert record.order_party is None
    assert record.pending.party == town.id("shipper")


def test_a_bill_to_order_without_an_endorsee_is_blank(town):
    record = town.issue(bill(documentParties=parties(endorsee=None))).record
    assert (record.fields["form"], record.order_party) == ("blank", None)


def test_an_order_party_that_is_no_member_is_a_salted_reference(town):
    document = bill(documentParties=parties(endorsee=named("Bank Elsewhere", "FICT00NOBODYKNOWS099")))
    record_id = town.issue(document).record.id
    party = town.record(record_id).order_party
    assert party not in [town.id(alias) for alias in town.homes]
    secret = town.desk("carrier").vault.get(record_id).secret
    facts = {"name": "Bank Elsewhere", "lei": "FICT00NOBODYKNOWS099", "codes": []}
    assert party == outside_party(secret, canonicalise(facts))


def test_a_bill_whose_first_holder_is_no_member_needs_one(town):
    document = bill(documentParties=parties(issueTo=issue_to("FICT00NOBODYKNOWS099")))
    with pytest.raises(NoFirstHolder):
        town.issue(document)
    assert town.issue(document, to=town.id("shipper")).record.pending.party == town.id("shipper")


@pytest.mark.parametrize("who", ["shipper", "certifier"])
def test_nobody_issues_another_carriers_bill(town, who):
    with pytest.raises(NotTheIssuer, match=r"issued by Jadewind .*NMFTA:JWCL, not by " + who):
        town.issue(bill(), who)


def test_a_bill_of_a_carrier_that_nobody_enrolled_is_not_issued(town):
    with pytest.raises(NotTheIssuer):
        town.issue(bill(carrierCode="XXXX"))


def test_who_has_the_code_but_not_the_role_is_refused_by_the_rules(tmp_path):
    town = Town(tmp_path, cast={"carrier": ("operator",), "shipper": ("shipper",), "bank": (), "buyer": ()})
    with pytest.raises(RuleRefused) as refused:
        town.issue(bill())
    assert refused.value.code == "rule.role"


def test_waybill_invoice_and_certificate(town):
    goods = town.issue(waybill(), place="CNSHA").record
    assert (goods.kind, goods.fields["consignee"]) == ("sea_waybill", town.id("buyer"))
    debt = town.issue(invoice(), "shipper", bound_to=[goods.id]).record
    assert (debt.kind, debt.fields["buyer"], debt.fields["bound_to"]) == ("invoice", town.id("buyer"), [goods.id])
    origin = town.issue(certificate(), "certifier", until=town.now + 5000).record
    assert (origin.kind, origin.fields["expires"]) == ("certificate", town.now + 5000)


def test_files_are_bound_by_salted_hashes(town):
    terms = Attachment("terms.txt", "text/plain", b"terms")
    record = town.issue(bill(), attachments=[terms]).record
    secret = town.desk("carrier").vault.get(record.id).secret
    assert record.fields["attachments"] == [attachment_commitment(secret, terms.ref.sha256)]


@pytest.mark.parametrize(
    ("document", "who", "options"),
    [
        (bill(), "carrier", {"bound_to": [bytes(32)]}),
        (invoice(), "shipper", {"to": bytes(32)}),
        (invoice(), "shipper", {"until": 1}),
        (certificate(), "certifier", {"law": "SG"}),
        (certificate(), "certifier", {"place": "CNSHA"}),
    ],
)
def test_what_records_of_a_kind_do_not_have_cannot_be_chosen(town, document, who, options):
    with pytest.raises(NotForThisKind):
        town.issue(document, who, **options)


def test_a_ledger_without_a_law_asks_for_it(tmp_path):
    town = Town(tmp_path, law="")
    with pytest.raises(ChoiceMissing, match="needs its governing law") as missing:
        town.issue(bill())
    assert "--law" in missing.value.hint
    assert "--place" not in missing.value.hint
    assert town.issue(bill(), law="NL").record.fields["law"] == "NL"


def test_a_document_without_a_place_of_issue_asks_for_it(town):
    with pytest.raises(ChoiceMissing, match="needs its place of issue") as missing:
        town.issue(bill(placeOfIssue=None))
    assert "--place" in missing.value.hint
    assert "--law" not in missing.value.hint


def test_the_party_that_alone_could_act_and_is_no_member(town):
    members = {town.id(alias): town.record(town.id(alias)) for alias in town.homes}
    outside = bill(documentParties=parties(endorsee=named("Nobody Ltd", LEI)))
    assert outsiders(outside, members) == [(Role.ORDER_PARTY, PartyFacts("Nobody Ltd", LEI))]
    straight = parties(endorsee=None, consignee=named("Nobody Ltd", LEI))
    assert outsiders(bill(isToOrder=False, documentParties=straight), members) == [
        (Role.CONSIGNEE, PartyFacts("Nobody Ltd", LEI))
    ]
    blank = bill(documentParties=parties(endorsee=None))
    for document in (bill(), blank, waybill(), invoice(), certificate()):
        assert outsiders(document, members) == []


def test_kinds_have_names():
    assert kind_named("bill-of-lading") is Kind.BILL_OF_LADING
    assert kind_named("invoice") is Kind.INVOICE
    with pytest.raises(NoSuchKind) as wrong:
        kind_named("cheque")
    assert wrong.value.value == "cheque"


SAMPLES = {
    "td_ACTIVE_REEFER_ISSUED.json": "sea_waybill",
    "td_REGULAR_2C_1U_ISSUED.json": "sea_waybill",
    "td_REGULAR_NEGOTIABLE_BL_ISSUED.json": "bill_of_lading",
    "td_REGULAR_STRAIGHT_BL_ISSUED.json": "bill_of_lading",
    "td_REGULAR_SWB_ISSUED.json": "sea_waybill",
}


def test_no_issued_sample_of_dcsa_is_left_out(shared):
    found = (shared / "samples" / "dcsa" / "transport-document").glob("td_*_ISSUED.json")
    assert sorted(file.name for file in found) == sorted(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_issued_samples_of_dcsa_are_issued_as_what_they_are(shared, tmp_path, name):
    document = read_document((shared / "samples" / "dcsa" / "transport-document" / name).read_bytes())
    town = Town(tmp_path, codes={"carrier": document.facts.issuer.codes})
    to = town.id("shipper") if document.kind is Kind.BILL_OF_LADING else None
    report = town.issue(document, to=to, place="" if document.facts.place else "NLRTM")
    assert report.record.kind == SAMPLES[name]
    assert town.desk("carrier").vault.get(report.record.id).original == document.original
