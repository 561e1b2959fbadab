"""Documents of lading's own formats besides the certificate: air waybill, warehouse receipt, delivery order.

    {"format": "lading/delivery-order@1", "number": "JWCL-DO-26-20931", "container": "JWCU3048268",
     "issuer": {"names": […], "lei": …}, "releaseTo": {…}, "release": {"place": {"code": "NLRTM"}, …}, …}

Each format is its schema (`schemas/`), closed and without numbers of JSON: a member that it does not name is refused.
Checked besides: packages and gross weights of the goods add up to the totals, exactly, and a receipt to order
names its order party, one to bearer does not.

Source: the formats are lading's (docs/documents.md). Air waybill: IATA ONE Record, Montreal Convention 1999, article
5; warehouse receipt: UNCITRAL-UNIDROIT Model Law on Warehouse Receipts (2024); names are UN/CEFACT's.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from ledger.strict_json import JsonValue
from ledger.times import parse_iso

from .codes import is_container_number, is_lei
from .errors import FormContradicts, SumsDiffer
from .model import DocumentFacts, Finding, Form, Kind, PartyFacts, Role
from .schema import check_schema

__all__ = ["FORMATS", "format_of", "read_own"]

FORMATS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "lading/air-waybill@1": Kind.AIR_WAYBILL,
        "lading/delivery-order@1": Kind.DELIVERY_ORDER,
        "lading/warehouse-receipt@1": Kind.WAREHOUSE_RECEIPT,
    }
)
"""What the member `format` says, and the kind of document that it means."""
_NUMBERS: Final = {Kind.AIR_WAYBILL: "airWaybillNumber"}
_PARTIES: Final = {
    "consignee": Role.CONSIGNEE,
    "depositor": Role.FIRST_HOLDER,
    "orderParty": Role.ORDER_PARTY,
    "releaseTo": Role.FIRST_HOLDER,
    "shipper": Role.SHIPPER,
}
_BILL_OF_LADING: Final = "705"
"""The type of a bill of lading in UNCL 1001."""


def format_of(value: JsonValue) -> Kind | None:
    """The kind of document of an own format that `value` says it is, or None."""
    named = value.get("format") if isinstance(value, dict) else None
    return FORMATS.get(named) if isinstance(named, str) else None


def read_own(kind: Kind, value: JsonValue) -> DocumentFacts:
    """The facts of a document of one of these formats.

    Raises `SchemaViolation`, `SumsDiffer` or `FormContradicts`.
    """
    check_schema(kind.value, value)
    document: Mapping[str, Any] = value  # type: ignore[assignment]  # the schema says so
    if "totals" in document:
        _check_totals(document)
    parties = {role: _party(document[name]) for name, role in _PARTIES.items() if name in document}
    if "depot" in document.get("release", ()):
        parties[Role.DEPOT] = _party(document["release"]["depot"])
    return DocumentFacts(
        kind=kind,
        number=document[_NUMBERS.get(kind, "number")],
        issuer=_party(document["issuer"]),
        issue_date=datetime.date.fromisoformat(document["issueDate"]),
        place=_place(document),
        form=_form(document),
        parties=MappingProxyType(parties),
        references=((_BILL_OF_LADING, document["billOfLading"]),) if "billOfLading" in document else (),
        container=document.get("container", ""),
        valid_until=parse_iso(document["release"]["until"]) if "until" in document.get("release", ()) else None,
        findings=tuple(_findings(document)),
    )


def _place(document: Mapping[str, Any]) -> str:
    """Where the goods are released or stored; else where the document is issued."""
    if "release" in document:
        return str(document["release"]["place"]["code"])
    return str(document["storage"]["place"] if "storage" in document else document["issuePlace"]["code"])


def _form(document: Mapping[str, Any]) -> Form | None:
    if "form" not in document:
        return None
    to_order = document["form"] == "order"
    if to_order != ("orderParty" in document):
        what = "a receipt to order names its order party" if to_order else "a receipt to bearer names no order party"
        raise FormContradicts(f"{what} (/orderParty)", place="/orderParty")
    return Form.ORDER if to_order else Form.BLANK


def _check_totals(document: Mapping[str, Any]) -> None:
    goods, totals = document["goods"], document["totals"]
    packages = sum(int(item["packages"]["count"]) for item in goods)
    weight = sum((Decimal(item["grossWeight"]["value"]) for item in goods), Decimal())
    for place, stated, made in (
        ("/totals/packages", totals["packages"], packages),
        ("/totals/grossWeight/value", totals["grossWeight"]["value"], weight),
    ):
        if Decimal(stated) != made:
            raise SumsDiffer(f"{place} is {stated}, and the goods make {made}", place=place)


def _party(party: Mapping[str, Any]) -> PartyFacts:
    names = {name["language"]: name["name"] for name in party["names"]}
    return PartyFacts(names.get("en", party["names"][0]["name"]), party.get("lei", ""))


def _findings(document: Mapping[str, Any]) -> Iterator[Finding]:
    for name in ("issuer", *_PARTIES):
        lei = document.get(name, {}).get("lei")
        if lei is not None and not is_lei(lei):
            yield Finding("document.lei", f"/{name}/lei", f"{lei} is no LEI with its check digits (ISO 17442)")
    for place, number in _containers(document):
        if not is_container_number(number):
            message = f"{number} is no container number with its check digit (ISO 6346)"
            yield Finding("document.container_number", place, message)
    waybill = document.get("airWaybillNumber")
    if waybill is not None and int(waybill[4:11]) % 7 != int(waybill[11]):
        message = f"{waybill} is no air waybill number with its check digit (modulo 7)"
        yield Finding("document.air_waybill_number", "/airWaybillNumber", message)


def _containers(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if "container" in document:
        yield "/container", document["container"]
    for at, item in enumerate(document.get("goods", ()) if "totals" in document else ()):
        yield from ((f"/goods/{at}/containers/{inner}", one) for inner, one in enumerate(item.get("containers", ())))
