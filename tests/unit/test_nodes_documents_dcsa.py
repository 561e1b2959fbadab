"""`nodes.documents.dcsa`: transport documents, what they must say, and the form of a bill."""

from __future__ import annotations

import copy
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger.strict_json import NumberNotExact, canonicalise, parse
from nodes.documents import Form, Kind, Role, errors, read_document
from nodes.documents.dcsa import read_transport_document

SAMPLE = Path(__file__).resolve().parents[2] / "nodes/demo/samples/transport-document.json"
BILL = json.loads(SAMPLE.read_bytes())
CONSIGNEE = {**BILL["documentParties"]["endorsee"], "partyName": "Waalhaven Home Trading B.V."}

Change = Callable[[dict[str, Any]], object]


def changed(change: Change) -> dict[str, Any]:
    document = copy.deepcopy(BILL)
    change(document)
    return document


def refused(change: Change, error: type[errors.DocumentError]) -> errors.DocumentError:
    with pytest.raises(error) as caught:
        read_transport_document(changed(change))
    assert type(caught.value) is error
    return caught.value


def test_the_facts_of_a_bill_to_order() -> None:
    facts = read_document(SAMPLE.read_bytes()).facts
    assert (facts.kind, facts.form, facts.number) == (Kind.BILL_OF_LADING, Form.ORDER, "JWCLSHA26110437")
    assert (facts.issuer.name, facts.issuer.codes) == ("Jadewind Container Line Pte. Ltd.", ("NMFTA:JWCL",))
    assert (facts.issue_date, facts.place) == (datetime.date(2026, 11, 16), "CNSHA")
    assert facts.parties[Role.FIRST_HOLDER].lei == "FICT00TAIHUMERIDIA24"
    assert facts.parties[Role.ORDER_PARTY] == facts.parties[Role.FIRST_HOLDER]
    assert set(facts.parties) == {Role.FIRST_HOLDER, Role.ORDER_PARTY, Role.SHIPPER}
    assert facts.references == (("CR", "TMH-INV-26-1107"), ("CPO", "PO 26-3391"))
    assert facts.findings == ()
    assert next(facts.party_codes()) == (Role.FIRST_HOLDER, "LEI:FICT00TAIHUMERIDIA24")


@pytest.mark.parametrize(
    ("name", "kind", "form", "issuer"),
    [
        ("ACTIVE_REEFER", Kind.SEA_WAYBILL, None, "SMDG:MSC"),
        ("REGULAR_2C_1U", Kind.SEA_WAYBILL, None, "SMDG:MSK"),
        ("REGULAR_NEGOTIABLE_BL", Kind.BILL_OF_LADING, Form.ORDER, "SMDG:MSC"),
        ("REGULAR_STRAIGHT_BL", Kind.BILL_OF_LADING, Form.STRAIGHT, "SMDG:HMM"),
        ("REGULAR_SWB", Kind.SEA_WAYBILL, None, "SMDG:CMA"),
    ],
)
def test_dcsa_samples(shared: Path, name: str, kind: Kind, form: Form | None, issuer: str) -> None:
    folder = shared / "samples/dcsa/transport-document"
    document = read_document((folder / f"td_{name}_ISSUED.json").read_bytes())
    assert (document.kind, document.facts.form, document.facts.issuer.codes) == (kind, form, (issuer,))
    assert canonicalise(document.value) == canonicalise(parse(document.original))
    draft = (folder / f"td_{name}_DRAFT.json").read_bytes()
    with pytest.raises(errors.NotIssued) as caught:
        read_document(draft)
    assert (caught.value.place, caught.value.value) == ("/transportDocumentStatus", "DRAFT")


def test_dcsa_samples_name_their_parties(shared: Path) -> None:
    data = (shared / "samples/dcsa/transport-document/td_REGULAR_NEGOTIABLE_BL_ISSUED.json").read_bytes()
    facts = read_document(data).facts
    assert facts.parties[Role.FIRST_HOLDER].codes == ("CARX:CARX123",)
    assert facts.parties[Role.ORDER_PARTY].name == "Bank of America"
    assert facts.parties[Role.ORDER_PARTY].lei == "111100T8BM49ADCSAO64"
    assert [(finding.code, finding.place) for finding in facts.findings] == [
        ("document.unknown_property", "/documentParties/issueTo/partyContactDetails"),
        ("document.container_number", "/utilizedTransportEquipments/0/equipment/equipmentReference"),
    ]


def test_the_document_of_an_issuance_request_may_be_a_draft(shared: Path) -> None:
    example = shared / "samples/dcsa/examples/EBL_ISS_v3.0.4/put_v3_ebl_issuance_requests__req__regularSTDExample.json"
    document = json.loads(example.read_bytes())["document"]
    document["issueDate"] = "2026-11-16"
    facts = read_transport_document(document, statuses={"DRAFT", "APPROVED", "ISSUED"})
    assert (facts.kind, facts.form) == (Kind.BILL_OF_LADING, Form.BLANK)


@pytest.mark.parametrize(
    ("place", "error", "code"),
    [
        ("transportDocumentReference", errors.NoNumber, "document.no_number"),
        ("carrierCode", errors.NoCarrier, "document.no_carrier"),
        ("carrierCodeListProvider", errors.NoCarrier, "document.no_carrier"),
        ("transports", errors.NoPort, "document.no_port"),
        ("transports/portOfLoading", errors.NoPort, "document.no_port"),
        ("transports/portOfDischarge", errors.NoPort, "document.no_port"),
        ("termsAndConditions", errors.NoTerms, "document.no_terms"),
        ("consignmentItems", errors.NoGoods, "document.no_goods"),
    ],
)
def test_what_a_bill_must_say(place: str, error: type[errors.DocumentError], code: str) -> None:
    *parents, name = place.split("/")

    def parent(document: dict[str, Any]) -> dict[str, Any]:
        return document[parents[0]] if parents else document

    empties: list[Any] = ["", " ", [], {}, None]
    changes: list[Change] = [lambda document: parent(document).pop(name)]
    changes += [lambda document, empty=empty: parent(document).update({name: empty}) for empty in empties]
    for change in changes:
        caught = refused(change, error)
        assert caught.code == code
        assert caught.place.startswith(f"/{place}")
        assert caught.hint


def test_a_port_that_names_no_place() -> None:
    refused(lambda document: document["transports"].update(portOfLoading={}), errors.NoPort)


@pytest.mark.parametrize("numbers", [(1, 1), (0, 2), (3, 0)])
def test_several_originals(numbers: tuple[int, int]) -> None:
    def change(document: dict[str, Any]) -> None:
        document["numberOfOriginalsWithCharges"], document["numberOfOriginalsWithoutCharges"] = numbers

    caught = refused(change, errors.SeveralOriginals)
    assert (caught.code, caught.value) == ("document.several_originals", sum(numbers))


def test_one_original_or_none_said() -> None:
    read_transport_document(changed(lambda document: document.pop("numberOfOriginalsWithoutCharges")))
    read_transport_document(changed(lambda document: document.update(numberOfOriginalsWithCharges=0)))


def test_a_paper_bill() -> None:
    assert refused(lambda document: document.update(isElectronic=False), errors.NotElectronic).place == "/isElectronic"


@pytest.mark.parametrize("status", ["DRAFT", "APPROVED", "SURRENDERED_FOR_DELIVERY", "VOIDED", "issued", ""])
def test_only_an_issued_document_is_issued(status: str) -> None:
    refused(lambda document: document.update(transportDocumentStatus=status), errors.NotIssued)


def test_dates() -> None:
    assert refused(lambda document: document.pop("issueDate"), errors.NoDate).place == "/issueDate"
    refused(lambda document: document.pop("shippedOnBoardDate"), errors.NoDate)
    both = {"receivedForShipmentDate": "2026-11-14"}
    refused(lambda document: document.update(both), errors.DatesContradict)
    refused(lambda document: document.update(isShippedOnBoardType=False), errors.DatesContradict)
    refused(lambda document: document.update(issueDate="2026-02-30"), errors.SchemaViolation)


def test_forms() -> None:
    def straight(document: dict[str, Any]) -> None:
        document["isToOrder"] = False
        document["documentParties"].pop("endorsee")
        document["documentParties"]["consignee"] = CONSIGNEE

    def waybill(document: dict[str, Any]) -> None:
        straight(document)
        document["transportDocumentTypeCode"] = "SWB"

    facts = read_transport_document(changed(lambda document: document["documentParties"].pop("endorsee")))
    assert facts.form == Form.BLANK
    facts = read_transport_document(changed(straight))
    assert (facts.form, facts.parties[Role.CONSIGNEE].name) == (Form.STRAIGHT, CONSIGNEE["partyName"])
    facts = read_transport_document(changed(waybill))
    assert (facts.kind, facts.form) == (Kind.SEA_WAYBILL, None)


@pytest.mark.parametrize(
    ("change", "error", "place"),
    [
        (
            lambda document: document.update(transportDocumentTypeCode="SWB"),
            errors.FormContradicts,
            "/isToOrder",
        ),
        (
            lambda document: document["documentParties"].update(consignee=CONSIGNEE),
            errors.FormContradicts,
            "/documentParties/consignee",
        ),
        (
            lambda document: document.update(isToOrder=False),
            errors.FormContradicts,
            "/documentParties/endorsee",
        ),
        (
            lambda document: (document.update(isToOrder=False), document["documentParties"].pop("endorsee")),
            errors.NoConsignee,
            "/documentParties/consignee",
        ),
    ],
)
def test_parties_that_contradict_the_form(change: Change, error: type[errors.DocumentError], place: str) -> None:
    assert refused(change, error).place == place


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda document: document.update(carrierCode="JWCLX"), "/carrierCode"),
        (lambda document: document.update(isToOrder="true"), "/isToOrder"),
        (lambda document: document.update(transportDocumentTypeCode="HBL"), "/transportDocumentTypeCode"),
        (lambda document: document["documentParties"].pop("shipper"), "/documentParties/shipper"),
        (lambda document: document["consignmentItems"][1].update(HSCodes=["69.11"]), "/consignmentItems/1/HSCodes/0"),
        (lambda document: document["transports"].update(vesselVoyages=[{}]), "/transports/vesselVoyages/0/vesselName"),
        (
            lambda document: document["transports"]["portOfLoading"].update(facilityCode=1, UNLocationCode="shanghai"),
            "/transports/portOfLoading/UNLocationCode",
        ),
        (lambda document: document.update(placeOfIssue={}), "/placeOfIssue"),
    ],
)
def test_what_the_standard_does_not_allow(change: Change, place: str) -> None:
    caught = refused(change, errors.SchemaViolation)
    assert (caught.code, caught.place) == ("document.schema", place)
    assert place in caught.message


def test_an_unknown_property_is_kept_reported_and_bound() -> None:
    document = changed(lambda document: document["transports"]["portOfLoading"].update({"berth/no": [4.5]}))
    data = json.dumps(document).encode()
    read = read_document(data)
    assert [(finding.code, finding.place) for finding in read.facts.findings] == [
        ("document.unknown_property", "/transports/portOfLoading/berth~1no")
    ]
    assert "/transports/portOfLoading/berth~1no/0" in [leaf.pointer for leaf in read.leaves(bytes(32))]


def test_containers_are_looked_at() -> None:
    def change(document: dict[str, Any]) -> None:
        document["consignmentItems"][0]["cargoItems"][0]["equipmentReference"] = "JWCU3048260"
        document["utilizedTransportEquipments"][1]["equipment"]["equipmentReference"] = "JWCU7183050"

    facts = read_transport_document(changed(change))
    assert [(finding.code, finding.place) for finding in facts.findings] == [
        ("document.container_number", "/utilizedTransportEquipments/1/equipment/equipmentReference"),
        ("document.container_not_listed", "/consignmentItems/0/cargoItems/0/equipmentReference"),
        ("document.container_not_listed", "/consignmentItems/1/cargoItems/0/equipmentReference"),
    ]
    assert facts.findings[0].as_dict()["message"].startswith("JWCU7183050")


def test_a_number_that_binary64_does_not_keep_is_refused_with_its_place() -> None:
    data = SAMPLE.read_bytes().replace(b"11210.00", b"11210.000000000000000001")
    with pytest.raises(NumberNotExact) as caught:
        read_document(data)
    assert caught.value.value == "/consignmentItems/0/cargoItems/0/cargoGrossWeight/value"


def test_not_an_object() -> None:
    with pytest.raises(errors.SchemaViolation):
        read_document(b"[]", expected=Kind.BILL_OF_LADING)
