"""From documents of lading's own formats to their issue: who is the first holder, which container, until when."""

from __future__ import annotations

import json

import pytest
from support.town import Town, bill, sample

from contracts.refusals import RuleRefused
from ledger.hashing import number_key
from ledger.record import number_content
from ledger.times import parse_iso
from nodes.access import open_for_reading
from nodes.documents.read import read_document
from nodes.issuing import ArgumentMissing, NotTheIssuer
from nodes.release_order import NotOfThisBill

CAST = {"carrier": ("carrier",), "shipper": ("shipper",), "buyer": ("buyer",), "warehouse": ("warehouse",)}


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, cast=CAST, cosigners=("carrier",))


def document(name, **changes):
    return read_document(json.dumps({**json.loads(sample(name)), **changes}).encode())


def surrendered(town):
    record = town.issue(bill("JWCLSHA26110437")).record.id
    town.act("shipper", "accept", record)
    town.act("shipper", "surrender", record)
    town.act("carrier", "accept_surrender", record)
    return record


def arguments(town, record_id):
    with open_for_reading(town.homes["carrier"]) as reader:
        return dict(reader.history(reader.record(record_id))[0].signed.transaction.arguments)


def test_a_delivery_order_takes_its_container_its_party_and_its_end_from_the_document(town):
    bill_id = surrendered(town)
    order = document("delivery-order.json")
    record = town.issue(order, given={"bill": bill_id, "depot": town.id("warehouse")}).record
    given = arguments(town, record.id)
    assert (given["to"], given["depot"], given["place"]) == (town.id("buyer"), town.id("warehouse"), "NLRTM")
    assert given["release_until"] == parse_iso("2027-01-04T18:00:00Z")
    assert given["container"] == number_key(town.genesis.id, "container", bill_id, "JWCU3048268")
    with open_for_reading(town.homes["carrier"]) as reader:
        claim = number_key(town.genesis.id, "claim", bill_id, given["container"].hex())
        assert reader.item(claim).content == number_content(claim, record.id)
    other = document("delivery-order.json", number="DO-2", container="JWCU7183055")
    assert town.issue(other, to=town.id("shipper"), given={"bill": bill_id}).record.pending.party == town.id("shipper")
    again = document("delivery-order.json", number="DO-3")
    with pytest.raises(RuleRefused) as caught:
        town.issue(again, given={"bill": bill_id})
    assert caught.value.code == "rule.claim_is_free"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"container": "CSQU3054383"}, "bill JWCLSHA26110437 has no container CSQU3054383"),
        ({"billOfLading": "B-9"}, "the order is against bill B-9, not JWCLSHA26110437"),
    ],
)
def test_a_delivery_order_is_for_a_container_of_its_bill(town, changes, message):
    bill_id, size = surrendered(town), town.size()
    with pytest.raises(NotOfThisBill) as caught:
        town.issue(document("delivery-order.json", **changes), given={"bill": bill_id})
    assert caught.value.message == message
    assert town.size() == size


def test_a_delivery_order_is_not_compared_with_a_bill_that_is_not_at_hand(town):
    bill_id = surrendered(town)
    town.desk("carrier").vault.forget(bill_id)
    town.issue(document("delivery-order.json", container="CSQU3054383"), given={"bill": bill_id})


def test_a_delivery_order_needs_its_bill(town):
    with pytest.raises(ArgumentMissing, match="needs bill"):
        town.issue(document("delivery-order.json"))


def test_a_warehouse_receipt_goes_to_its_depositor_to_the_order_that_it_names(town):
    issuer = {**json.loads(sample("warehouse-receipt.json"))["issuer"]}
    del issuer["lei"]  # the warehouse of this town has none
    receipt = document("warehouse-receipt.json", issuer=issuer)
    record = town.issue(receipt, "warehouse").record
    assert (record.pending.party, record.order_party) == (town.id("buyer"), town.id("buyer"))
    assert (record.fields["form"], record.fields["place"]) == ("order", "NLRTM")
    with pytest.raises(NotTheIssuer):
        town.issue(document("warehouse-receipt.json", number="WR-2"), "warehouse")


def test_an_air_waybill_names_its_consignee(town):
    record = town.issue(document("air-waybill.json")).record
    assert (record.fields["consignee"], record.fields["place"]) == (town.id("buyer"), "CNSHA")
    assert record.controller == town.id("carrier")
