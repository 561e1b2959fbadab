"""Air waybill, warehouse receipt and delivery order in lading's own formats."""

from __future__ import annotations

import datetime
import json
from copy import deepcopy
from pathlib import Path

import pytest

from ledger.times import parse_iso
from nodes.documents import Form, Kind, Role, read_document
from nodes.documents.errors import FormContradicts, SchemaViolation, SumsDiffer, WrongKind
from nodes.documents.own import FORMATS, format_of

SAMPLES = Path(__file__).resolve().parents[2] / "nodes/demo/samples"
NAMES = {
    Kind.AIR_WAYBILL: "air-waybill",
    Kind.DELIVERY_ORDER: "delivery-order",
    Kind.WAREHOUSE_RECEIPT: "warehouse-receipt",
}
PLAIN = {kind: json.loads((SAMPLES / f"{name}.json").read_bytes()) for kind, name in NAMES.items()}


def changed(kind, place, value):
    """The sample of a kind with the value at a place replaced, or taken out where it is None."""
    document = deepcopy(PLAIN[kind])
    here = document
    *way, last = place.split("/")
    for step in way:
        here = here[int(step)] if step.isdigit() else here[step]
    if value is None:
        del here[last]
    else:
        here[int(last) if last.isdigit() else last] = value
    return document


def read(document, **options):
    return read_document(json.dumps(document).encode(), **options)


def test_every_format_has_its_sample():
    assert set(FORMATS.values()) == set(NAMES)
    for kind, document in PLAIN.items():
        assert format_of(document) is kind
        assert read(document).kind is kind
        assert read(document, expected=kind).facts.findings == ()
    assert format_of({"format": ["lading/air-waybill@1"]}) is None
    assert format_of(["lading/air-waybill@1"]) is None


def test_the_facts_of_an_air_waybill():
    facts = read(PLAIN[Kind.AIR_WAYBILL]).facts
    assert (facts.number, facts.issue_date, facts.place) == ("999-26110431", datetime.date(2026, 11, 18), "CNSHA")
    assert facts.issuer.lei == "FICT00JADEWINDLINE34"
    assert facts.parties[Role.CONSIGNEE].name == "Waalhaven Home Trading B.V."
    assert (facts.form, facts.container, facts.valid_until) == (None, "", None)


def test_the_facts_of_a_warehouse_receipt():
    facts = read(PLAIN[Kind.WAREHOUSE_RECEIPT]).facts
    assert (facts.number, facts.place, facts.form) == ("LHS-WR-26-0412", "NLRTM", Form.ORDER)
    assert facts.parties[Role.FIRST_HOLDER] == facts.parties[Role.ORDER_PARTY]
    assert facts.parties[Role.FIRST_HOLDER].lei == "FICT00WAALHAVENHOM71"


def test_the_facts_of_a_delivery_order():
    facts = read(PLAIN[Kind.DELIVERY_ORDER]).facts
    assert (facts.number, facts.container, facts.place) == ("JWCL-DO-26-20931", "JWCU3048268", "NLRTM")
    assert facts.valid_until == parse_iso("2027-01-04T18:00:00Z")
    assert facts.references == (("705", "JWCLSHA26110437"),)
    assert Role.DEPOT not in facts.parties
    depot = changed(Kind.DELIVERY_ORDER, "release/depot", PLAIN[Kind.WAREHOUSE_RECEIPT]["issuer"])
    assert read(depot).facts.parties[Role.DEPOT].lei == "FICT00LANTERNHAVEN20"


def test_a_receipt_to_bearer_names_no_order_party():
    bearer = changed(Kind.WAREHOUSE_RECEIPT, "form", "bearer")
    with pytest.raises(FormContradicts, match="to bearer names no order party"):
        read(bearer)
    del bearer["orderParty"]
    assert read(bearer).facts.form is Form.BLANK
    with pytest.raises(FormContradicts, match="to order names its order party"):
        read(changed(Kind.WAREHOUSE_RECEIPT, "orderParty", None))


@pytest.mark.parametrize(
    ("kind", "place", "value"),
    [
        (Kind.AIR_WAYBILL, "airWaybillNumber", "99926110431"),
        (Kind.AIR_WAYBILL, "carriage/departure", "CNSHA"),
        (Kind.AIR_WAYBILL, "consignee", None),
        (Kind.DELIVERY_ORDER, "container", "JWCU304826"),
        (Kind.DELIVERY_ORDER, "billOfLading", None),
        (Kind.DELIVERY_ORDER, "release/until", "tomorrow"),
        (Kind.DELIVERY_ORDER, "price", "12"),
        (Kind.WAREHOUSE_RECEIPT, "form", "straight"),
        (Kind.WAREHOUSE_RECEIPT, "goods/0/packages/count", 1180),
        (Kind.WAREHOUSE_RECEIPT, "charges", None),
    ],
)
def test_the_formats_are_closed(kind, place, value):
    with pytest.raises(SchemaViolation):
        read(changed(kind, place, value))


@pytest.mark.parametrize("kind", [Kind.AIR_WAYBILL, Kind.WAREHOUSE_RECEIPT])
@pytest.mark.parametrize(("place", "value"), [("totals/packages", "13"), ("totals/grossWeight/value", "114.51")])
def test_the_goods_make_the_totals(kind, place, value):
    with pytest.raises(SumsDiffer) as caught:
        read(changed(kind, place, value))
    assert caught.value.place == f"/{place}"


@pytest.mark.parametrize(
    ("kind", "place", "value", "code"),
    [
        (Kind.AIR_WAYBILL, "airWaybillNumber", "999-26110432", "document.air_waybill_number"),
        (Kind.DELIVERY_ORDER, "container", "JWCU3048269", "document.container_number"),
        (Kind.WAREHOUSE_RECEIPT, "goods/0/containers", ["JWCU3048269"], "document.container_number"),
        (Kind.WAREHOUSE_RECEIPT, "issuer/lei", "FICT00LANTERNHAVEN21", "document.lei"),
    ],
)
def test_a_wrong_check_digit_is_a_finding(kind, place, value, code):
    (finding,) = read(changed(kind, place, value)).facts.findings
    assert finding.code == code
    assert finding.place.startswith(f"/{place}")


def test_a_document_of_another_kind_than_expected_is_refused():
    with pytest.raises(WrongKind):
        read(PLAIN[Kind.AIR_WAYBILL], expected=Kind.DELIVERY_ORDER)
    with pytest.raises(SchemaViolation):
        read({"number": "1"}, expected=Kind.DELIVERY_ORDER)
