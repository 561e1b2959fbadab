"""A certificate of origin in lading's own format: closed, typed, every number a text.

    {"format": "lading/certificate-of-origin@1", "number": "SOCC-2026-018842",
     "issueDate": "2026-11-12", "issuePlace": {"code": "CNSHA"}, "issuer": {"names": […], …}, …
     "goods": [{"hsCode": "961700", "packages": {"count": "1180", …}, …}],
     "totals": {"packages": "2140", "grossWeight": {"value": "30894.00", "unit": "KGM"}}}

The format is the schema `schemas/certificate_of_origin.json`: it has no optional reading, and a
member that it does not name is refused, as is a number of JSON. Checked besides: the packages and
the gross weights of the goods add up to the totals, exactly.

Source: the format is lading's; its terms are those of UN/CEFACT and of UBL 2.1 CertificateOfOrigin
(docs/documents.md has the mapping).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from ledger.strict_json import JsonValue

from .codes import is_container_number, is_lei
from .errors import SumsDiffer
from .model import DocumentFacts, Finding, Kind, PartyFacts, Role
from .schema import check_schema

__all__ = ["FORMAT", "looks_like_certificate", "read_certificate"]

FORMAT: Final = "lading/certificate-of-origin@1"
"""What the member `format` says."""
_BILL_OF_LADING: Final = "705"
_INVOICE: Final = "380"
"""Types of documents in UNCL 1001."""


def looks_like_certificate(value: JsonValue) -> bool:
    """Whether `value` says that it is a certificate of this format."""
    return isinstance(value, dict) and value.get("format") == FORMAT


def read_certificate(value: JsonValue) -> DocumentFacts:
    """The facts of a certificate. Raises `SchemaViolation` or `SumsDiffer`."""
    check_schema("certificate_of_origin", value)
    certificate: Mapping[str, Any] = value  # type: ignore[assignment]  # the schema says so
    _check_totals(certificate)
    parties = {
        Role.EXPORTER: _party(certificate["exporter"]),
        Role.CONSIGNEE: _party(certificate["consignee"]),
    }
    return DocumentFacts(
        kind=Kind.CERTIFICATE,
        number=certificate["number"],
        issuer=_party(certificate["issuer"]),
        issue_date=datetime.date.fromisoformat(certificate["issueDate"]),
        place=certificate["issuePlace"]["code"],
        parties=MappingProxyType(parties),
        references=tuple(_references(certificate)),
        findings=tuple(_findings(certificate)),
    )


def _check_totals(certificate: Mapping[str, Any]) -> None:
    goods, totals = certificate["goods"], certificate["totals"]
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


def _references(certificate: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if number := certificate["transport"].get("transportDocumentReference"):
        yield _BILL_OF_LADING, number
    yield _INVOICE, certificate["invoice"]["number"]


def _findings(certificate: Mapping[str, Any]) -> Iterator[Finding]:
    for name in ("issuer", "exporter", "consignee"):
        lei = certificate[name].get("lei")
        if lei is not None and not is_lei(lei):
            message = f"{lei} is no LEI with its check digits (ISO 17442)"
            yield Finding("document.lei", f"/{name}/lei", message)
    for index, item in enumerate(certificate["goods"]):
        for inner, number in enumerate(item.get("containers", ())):
            if not is_container_number(number):
                message = f"{number} is no container number with its check digit (ISO 6346)"
                yield Finding("document.container_number", f"/goods/{index}/containers/{inner}", message)
