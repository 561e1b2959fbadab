"""The sample documents of the demo: to their standards, and one shipment told three times."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from nodes.documents import Role, read_document
from nodes.documents.codes import is_container_number, is_lei
from nodes.documents.read import has_reader, read_as

DEMO = Path(__file__).resolve().parents[2] / "nodes/demo"
SAMPLES = DEMO / "samples"
BILL: Any = json.loads((SAMPLES / "transport-document.json").read_bytes())
CERTIFICATE: Any = json.loads((SAMPLES / "certificate-of-origin.json").read_bytes())
INVOICE: Any = read_document((SAMPLES / "commercial-invoice.xml").read_bytes()).value
PARTIES: Any = json.loads((DEMO / "parties.json").read_bytes())
MEMBERS = {member["key"]: member for member in PARTIES["members"]}

PLAIN = {"carbon_footprint", "cargo_insurance", "data_catalogue_entry", "traceability_event"}
CARGO = [cargo for item in BILL["consignmentItems"] for cargo in item["cargoItems"]]
SHIPMENT = INVOICE["Delivery"][0]["Shipment"]


def test_the_transport_document_validates_against_the_standard(shared: Path) -> None:
    text = (shared / "specs/dcsa/EBL_v3.0.4.yaml").read_text(encoding="utf-8")
    components = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["components"]

    def strict(node: Any) -> Any:
        """The schema in the draft that the library knows, and with no property left out."""
        if isinstance(node, list):
            return [strict(item) for item in node]
        if not isinstance(node, dict):
            return node
        changed = {key: strict(value) for key, value in node.items() if key != "example"}
        if changed.get("exclusiveMinimum") is True:
            changed["exclusiveMinimum"] = changed.pop("minimum")
        if "properties" in changed and "type" in changed and "oneOf" not in changed and "anyOf" not in changed:
            changed["additionalProperties"] = False
        return changed

    schemas = strict(components["schemas"])
    schemas["DocumentParties"]["properties"]["issueTo"] = {"$ref": "#/components/schemas/IssueToParty"}
    for name in ("UNLocationCode", "countryCode"):  # `oneOf` names the other members
        schemas["PlaceOfIssue"].setdefault("properties", {})[name] = {}
    for keyword in ("oneOf", "anyOf"):
        for schema in schemas.values():
            for branch in schema.get(keyword, ()):
                branch.pop("additionalProperties", None)
    schema = {"$ref": "#/components/schemas/TransportDocument", "components": {"schemas": schemas}}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(BILL)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize("path", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_nothing_in_a_sample_needs_a_second_look(path: Path) -> None:
    kind = path.stem.replace("-", "_")
    if kind in PLAIN:  # kinds that are a rule table alone
        assert not has_reader(kind)
        assert read_as(kind, path.read_bytes(), "/number").facts.number
        return
    assert read_document(path.read_bytes()).facts.findings == ()


def test_the_numbers_by_which_they_name_each_other() -> None:
    bill, invoice = BILL["transportDocumentReference"], INVOICE["ID"]
    assert [ref["ID"]["value"] for ref in INVOICE["AdditionalDocumentReference"]] == [bill]
    assert CERTIFICATE["transport"]["transportDocumentReference"] == bill
    assert CERTIFICATE["invoice"] == {"number": invoice, "issueDate": INVOICE["IssueDate"]}
    assert [ref["value"] for ref in BILL["references"]] == [invoice]
    orders = {value for item in BILL["consignmentItems"] for ref in item["references"] for value in ref["values"]}
    assert orders == {INVOICE["OrderReference"]["ID"]}
    bookings = {item["carrierBookingReference"] for item in BILL["consignmentItems"]}
    assert bookings == {SHIPMENT["ID"]}


def test_containers() -> None:
    listed = [item["equipment"]["equipmentReference"] for item in BILL["utilizedTransportEquipments"]]
    assert all(is_container_number(number) for number in listed)
    assert listed == [cargo["equipmentReference"] for cargo in CARGO]
    units = SHIPMENT["TransportHandlingUnit"]
    assert listed == [unit["TransportEquipment"][0]["ID"]["value"] for unit in units]
    assert listed == [number for goods in CERTIFICATE["goods"] for number in goods["containers"]]
    seals = [seal["number"] for item in BILL["utilizedTransportEquipments"] for seal in item["seals"]]
    assert len(set(seals)) == len(listed) == 2


def test_packages_weights_and_volumes() -> None:
    packages = [cargo["outerPackaging"]["numberOfPackages"] for cargo in CARGO]
    assert packages == [int(goods["packages"]["count"]) for goods in CERTIFICATE["goods"]]
    assert packages == [int(line["Item"]["PackQuantity"]["value"]) for line in INVOICE["InvoiceLine"]]
    assert packages == [int(u["TotalPackageQuantity"]["value"]) for u in SHIPMENT["TransportHandlingUnit"]]
    assert sum(packages) == int(SHIPMENT["TotalTransportHandlingUnitQuantity"]["value"])
    weights = [Decimal(str(cargo["cargoGrossWeight"]["value"])) for cargo in CARGO]
    assert weights == [Decimal(goods["grossWeight"]["value"]) for goods in CERTIFICATE["goods"]]
    assert sum(weights) == Decimal(SHIPMENT["GrossWeightMeasure"]["value"])
    net = sum(Decimal(str(cargo["cargoNetWeight"]["value"])) for cargo in CARGO)
    assert net == Decimal(SHIPMENT["NetWeightMeasure"]["value"]) < sum(weights)
    volume = sum(Decimal(str(cargo["cargoGrossVolume"]["value"])) for cargo in CARGO)
    assert volume == Decimal(SHIPMENT["GrossVolumeMeasure"]["value"])
    assert all(weight <= 28_600 for weight in weights)  # what a 40' high cube container carries


def test_goods() -> None:
    codes = [code for item in BILL["consignmentItems"] for code in item["HSCodes"]]
    lines = INVOICE["InvoiceLine"]
    assert codes == [line["Item"]["CommodityClassification"][0]["ItemClassificationCode"]["value"] for line in lines]
    assert codes == [goods["hsCode"] for goods in CERTIFICATE["goods"]]
    quantities = [line["InvoicedQuantity"] for line in lines]
    assert [(q["value"], q["unitCode"]) for q in quantities] == [
        (goods["quantity"]["value"], goods["quantity"]["unit"]) for goods in CERTIFICATE["goods"]
    ]
    origins = {line["Item"]["OriginCountry"]["IdentificationCode"] for line in lines}
    assert origins == {CERTIFICATE["originCountry"]} == {goods["originCountry"] for goods in CERTIFICATE["goods"]}
    marks = [item["shippingMarks"] for item in BILL["consignmentItems"]]
    assert marks == [goods["marks"] for goods in CERTIFICATE["goods"]]


def test_the_way_and_the_dates() -> None:
    transports = BILL["transports"]
    ports = [transports[name]["UNLocationCode"] for name in ("portOfLoading", "portOfDischarge")]
    assert ports == ["CNSHA", "NLRTM"]
    assert [CERTIFICATE["transport"][name] for name in ("portOfLoading", "portOfDischarge")] == ports
    assert INVOICE["DeliveryTerms"]["ID"]["value"] == "CIF"
    assert INVOICE["DeliveryTerms"]["DeliveryLocation"]["ID"]["value"] == ports[1]
    assert any("Singapore (SGSIN)" in clause for clause in BILL["carrierClauses"])
    first = transports["vesselVoyages"][0]
    assert CERTIFICATE["transport"]["vesselName"] == first["vesselName"]
    assert CERTIFICATE["transport"]["voyageNumber"] == first["carrierExportVoyageNumber"]
    dates = [INVOICE["IssueDate"], BILL["shippedOnBoardDate"], BILL["issueDate"], CERTIFICATE["issueDate"]]
    assert dates == sorted(dates)
    assert dates[-1] < transports["plannedArrivalDate"]
    assert CERTIFICATE["transport"]["departureDate"] == BILL["shippedOnBoardDate"]


def test_the_parties_of_the_documents_are_members() -> None:
    bill = read_document((SAMPLES / "transport-document.json").read_bytes()).facts
    invoice = read_document((SAMPLES / "commercial-invoice.xml").read_bytes()).facts
    certificate = read_document((SAMPLES / "certificate-of-origin.json").read_bytes()).facts
    shipper, buyer = MEMBERS["shipper"], MEMBERS["buyer"]
    assert list(bill.issuer.codes) == MEMBERS["carrier"]["codes"]
    assert bill.issuer.name == MEMBERS["carrier"]["names"]["en"]
    named = [
        (bill.parties[Role.FIRST_HOLDER], shipper),
        (bill.parties[Role.ORDER_PARTY], shipper),
        (invoice.issuer, shipper),
        (invoice.parties[Role.BUYER], buyer),
        (certificate.issuer, MEMBERS["certifier"]),
        (certificate.parties[Role.EXPORTER], shipper),
        (certificate.parties[Role.CONSIGNEE], buyer),
    ]
    for party, member in named:
        assert (party.lei, party.name) == (member["lei"], member["names"]["en"])


def test_the_six_members() -> None:
    assert list(MEMBERS) == ["carrier", "shipper", "shipper-bank", "buyer-bank", "buyer", "certifier"]
    assert PARTIES["note"].startswith("Fictional")
    for member in MEMBERS.values():
        assert is_lei(member["lei"])
        assert member["lei"].startswith("FICT")
        assert {"en", "zh"} <= member["names"].keys()
        assert member["roles"]


def test_the_register_numbers_of_chinese_parties_have_right_check_characters() -> None:
    """GB 32100: 17 characters, and one that makes the weighted sum a multiple of 31."""
    alphabet, weight = "0123456789ABCDEFGHJKLMNPQRTUWXY", 1
    numbers = re.findall(r"USCC ([0-9A-Z]{18})", json.dumps(PARTIES))
    assert len(numbers) == 3
    for number in numbers:
        total, weight = 0, 1
        for char in number[:17]:
            total, weight = total + alphabet.index(char) * weight, weight * 3 % 31
        assert alphabet[(31 - total % 31) % 31] == number[17]
