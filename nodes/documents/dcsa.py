"""A DCSA transport document (EBL 3.0.4): a bill of lading or a sea waybill, kept as it came.

    {"transportDocumentReference": "JWCLSHA26110437", "transportDocumentTypeCode": "BOL",
     "carrierCode": "JWCL", "carrierCodeListProvider": "NMFTA", "isToOrder": true, …}

The raw JSON is what is committed to; nothing is dropped or rewritten. These checks are made in this
order, each with the place of what it complains about:

    1. It says what a bill must say: number, carrier, ports, terms, goods.
    2. It keeps to the standard's schema (`schemas/transport_document.json`). Properties that the
       schema does not name are kept, and reported as findings.
    3. It is issued, electronic, and has no second original.
    4. It bears its dates: of issue, and of receipt or shipment.
    5. Its parties fit its form: straight, to order, or blank.

The form follows from isToOrder and documentParties: false with a consignee is straight; true with
an endorsee is to that party's order; true without one is blank. `issueTo` is the first holder.

Source: DCSA EBL 3.0.4, schema TransportDocument and its conditions.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from ledger.pointer import join
from ledger.strict_json import JsonValue

from .codes import is_container_number
from .errors import (
    DatesContradict,
    DocumentError,
    FormContradicts,
    NoCarrier,
    NoConsignee,
    NoDate,
    NoGoods,
    NoNumber,
    NoPort,
    NotElectronic,
    NoTerms,
    NotIssued,
    SchemaViolation,
    SeveralOriginals,
)
from .model import DocumentFacts, Finding, Form, Kind, PartyFacts, Role
from .schema import check_schema

__all__ = ["ISSUED", "looks_like_transport_document", "read_transport_document"]

ISSUED: Final = frozenset({"ISSUED"})
"""The statuses that a document may have unless the caller allows others."""
_MARKS: Final = frozenset({"transportDocumentReference", "transportDocumentTypeCode", "transportDocumentStatus"})
_PARTIES: Final = {
    "issueTo": Role.FIRST_HOLDER,
    "endorsee": Role.ORDER_PARTY,
    "consignee": Role.CONSIGNEE,
    "shipper": Role.SHIPPER,
}
_MANDATORY: Final[tuple[tuple[type[DocumentError], str, str], ...]] = (
    (NoNumber, "/transportDocumentReference", "the document has no number"),
    (NoCarrier, "/carrierCode", "the document names no carrier"),
    (NoCarrier, "/carrierCodeListProvider", "the carrier's code is of no list"),
    (NoPort, "/transports/portOfLoading", "the document names no port of loading"),
    (NoPort, "/transports/portOfDischarge", "the document names no port of discharge"),
    (NoTerms, "/termsAndConditions", "the document has no terms of carriage"),
    (NoGoods, "/consignmentItems", "the document names no goods"),
)


def looks_like_transport_document(value: JsonValue) -> bool:
    """Whether `value` has a member that only a transport document has."""
    return isinstance(value, dict) and not _MARKS.isdisjoint(value)


def read_transport_document(value: JsonValue, *, statuses: Collection[str] = ISSUED) -> DocumentFacts:
    """The facts of a transport document that passes every check at the top of this file.

    `statuses` are those that transportDocumentStatus may have. Raises a `DocumentError`.
    """
    if not isinstance(value, dict):
        raise SchemaViolation("a transport document is a JSON object", value=type(value).__name__)
    _check_mandatory(value)  # (1)
    unknown = _check_schema(value)  # (2)
    document: Mapping[str, Any] = value
    _check_status(document, statuses)  # (3)
    issue_date = _check_dates(document)  # (4)
    form = _check_form(document)  # (5)
    parties = document["documentParties"]
    found = {role: _party(parties[name]) for name, role in _PARTIES.items() if name in parties}
    is_bill = document["transportDocumentTypeCode"] == "BOL"
    return DocumentFacts(
        kind=Kind.BILL_OF_LADING if is_bill else Kind.SEA_WAYBILL,
        number=document["transportDocumentReference"],
        issuer=_issuer(document),
        issue_date=issue_date,
        place=_place(document),
        form=form if is_bill else None,
        parties=MappingProxyType(found),
        references=tuple(dict.fromkeys(_references(document))),
        findings=(*unknown, *_findings(document)),
    )


def _check_mandatory(document: Mapping[str, Any]) -> None:
    for error, place, message in _MANDATORY:
        value: Any = document
        for name in place.split("/")[1:]:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
            raise error(f"{message} ({place})", place=place)


def _check_schema(document: dict[str, JsonValue]) -> list[Finding]:
    """Check against the schema; the properties that it does not know, as findings."""
    unknown = check_schema("transport_document", document)
    message = "not in DCSA EBL 3.0.4; kept, and bound by the commitment"
    return [Finding("document.unknown_property", place, message) for place in unknown]


def _check_status(document: Mapping[str, Any], statuses: Collection[str]) -> None:
    status = document["transportDocumentStatus"]
    if status not in statuses:
        place = "/transportDocumentStatus"
        raise NotIssued(f"{place} is {status}", place=place, value=status)
    if not document["isElectronic"]:
        raise NotElectronic("/isElectronic is false", place="/isElectronic")
    names = ("numberOfOriginalsWithCharges", "numberOfOriginalsWithoutCharges")
    originals = sum(document.get(name, 0) for name in names)
    if originals > 1:
        raise SeveralOriginals(
            f"{names[0]} and {names[1]} make {originals:g} originals",
            place=f"/{next(name for name in names if document.get(name))}",
            value=originals,
        )


def _check_dates(document: Mapping[str, Any]) -> datetime.date:
    """The date of issue; the document also says when the goods were received or put on board."""
    if "issueDate" not in document:
        raise NoDate("the document has no date of issue (/issueDate)", place="/issueDate")
    on_board, received = "shippedOnBoardDate" in document, "receivedForShipmentDate" in document
    if not on_board and not received:
        message = "neither /shippedOnBoardDate nor /receivedForShipmentDate is given"
        raise NoDate(message, place="/shippedOnBoardDate")
    if on_board and received:
        message = "both /shippedOnBoardDate and /receivedForShipmentDate are given"
        raise DatesContradict(message, place="/receivedForShipmentDate")
    if document["isShippedOnBoardType"] != on_board:
        message = "/isShippedOnBoardType does not fit the date that is given"
        raise DatesContradict(message, place="/isShippedOnBoardType")
    return datetime.date.fromisoformat(document["issueDate"])


def _check_form(document: Mapping[str, Any]) -> Form:
    parties = document["documentParties"]
    endorsee, consignee = "endorsee" in parties, "consignee" in parties
    if document["isToOrder"]:
        if document["transportDocumentTypeCode"] != "BOL":
            raise FormContradicts("a sea waybill is never to order", place="/isToOrder")
        if consignee:
            place = "/documentParties/consignee"
            raise FormContradicts("a bill to order names no consignee", place=place)
        return Form.ORDER if endorsee else Form.BLANK
    if endorsee:
        place = "/documentParties/endorsee"
        raise FormContradicts("only a bill to order names an endorsee", place=place)
    if not consignee:
        place = "/documentParties/consignee"
        raise NoConsignee(f"the goods go to nobody ({place})", place=place)
    return Form.STRAIGHT


def _party(party: Mapping[str, Any]) -> PartyFacts:
    lei, codes = "", []
    for code in party.get("identifyingCodes", ()):
        if code["codeListProvider"] == "GLEIF":
            lei = lei or code["partyCode"]
        else:
            codes.append(f"{code['codeListProvider']}:{code['partyCode']}")
    return PartyFacts(party["partyName"], lei, tuple(codes))


def _issuer(document: Mapping[str, Any]) -> PartyFacts:
    code = f"{document['carrierCodeListProvider']}:{document['carrierCode']}"
    return PartyFacts(document["documentParties"]["issuingParty"]["partyName"], codes=(code,))


def _place(document: Mapping[str, Any]) -> str:
    place = document.get("placeOfIssue", {})
    code: str = place.get("UNLocationCode") or place.get("countryCode", "")
    return code


def _references(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for reference in document.get("references", ()):
        yield reference["type"], reference["value"]
    for item in document["consignmentItems"]:
        for reference in item.get("references", ()):
            yield from ((reference["type"], value) for value in reference["values"])


def _findings(document: Mapping[str, Any]) -> Iterator[Finding]:
    """What a careful reader would point at: containers that are misread, or not listed."""
    listed = set()
    for index, item in enumerate(document["utilizedTransportEquipments"]):
        number = item["equipment"]["equipmentReference"]
        listed.add(number)
        if not is_container_number(number):
            place = f"/utilizedTransportEquipments/{index}/equipment/equipmentReference"
            message = f"{number} is no container number with its check digit (ISO 6346)"
            yield Finding("document.container_number", place, message)
    for index, consignment in enumerate(document["consignmentItems"]):
        for inner, cargo in enumerate(consignment["cargoItems"]):
            if (number := cargo["equipmentReference"]) not in listed:
                place = f"/consignmentItems/{index}/cargoItems/{inner}"
                message = f"{number} is not among the equipments of the document"
                yield Finding("document.container_not_listed", join(place, "equipmentReference"), message)
