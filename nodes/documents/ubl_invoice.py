"""A commercial invoice in UBL 2.1 (also one of EN 16931, Peppol BIS 3 or PINT), read and added up.

    <Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" …>
      <cbc:ID>QH26-1107</cbc:ID> … <cac:LegalMonetaryTotal> … </cac:LegalMonetaryTotal>

What lading knows of an invoice is in `schemas/ubl_invoice.json`; the value made by it, with the name
of this model, is committed to together with the original bytes. The rest is reported as findings.
Another schema would give other leaves, so a new one gets a new name. Checked, exactly, in decimals:

    1. The value keeps to the schema, and PayableAmount is there.
    2. Every amount is of the DocumentCurrencyCode, but for a tax total in the tax's own currency.
    3. LineExtensionAmount  =  sum of the lines
       TaxExclusiveAmount   =  lines - allowances + charges
       TaxInclusiveAmount   =  TaxExclusiveAmount + tax
       PayableAmount        =  TaxInclusiveAmount - PrepaidAmount + PayableRoundingAmount

A total that is not stated is not compared. A line whose quantity times price is not its amount is a
finding only, since prices are rounded.

Source: OASIS UBL 2.1; EN 16931-1, rules BR-CO-10 to BR-CO-16.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Context, Decimal, localcontext
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from ledger.strict_json import JsonValue

from .errors import CurrencyDiffers, NoAmount, SumsDiffer
from .model import DocumentFacts, Finding, Kind, PartyFacts, Role
from .schema import check_schema, load_schema
from .ubl_xml import root_name, xml_to_value

__all__ = ["MODEL", "looks_like_invoice", "read_invoice"]

MODEL: Final = "lading/ubl-invoice@1"
"""The member `model` of the value: what the value says of the XML is frozen with this name."""
_INVOICE: Final = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
_LEI: Final = "0199"
"""The code of the LEI among identifier schemes (ISO/IEC 6523)."""
_COMMERCIAL: Final = "380"
_CENT: Final = Decimal("0.01")
_ENOUGH: Final = Context(prec=200)


def looks_like_invoice(root: etree._Element) -> bool:
    """Whether `root` is a UBL Invoice."""
    return root_name(root) == (_INVOICE, "Invoice")


def read_invoice(root: etree._Element) -> tuple[JsonValue, DocumentFacts]:
    """The value and the facts of an invoice that passes every check at the top of this file."""
    value, unknown = xml_to_value(root, load_schema("ubl_invoice"))
    check_schema("ubl_invoice", value)  # (1)
    invoice: Mapping[str, Any] = value
    if "PayableAmount" not in invoice["LegalMonetaryTotal"]:
        place = "/LegalMonetaryTotal/PayableAmount"
        raise NoAmount(f"the invoice does not say what is to be paid ({place})", place=place)
    _check_currency(invoice)  # (2)
    with localcontext(_ENOUGH):
        _check_sums(invoice)  # (3)
        findings = [*_unknown(unknown), *_findings(invoice)]
    return {"model": MODEL, **value}, _facts(invoice, findings)


def _check_currency(invoice: Mapping[str, Any]) -> None:
    currency = invoice["DocumentCurrencyCode"]
    for place, amount in _amounts(invoice, ""):
        if place.startswith("/TaxTotal/"):
            continue
        if amount["currencyID"] != currency:
            message = f"{place} is in {amount['currencyID']}, the invoice in {currency}"
            raise CurrencyDiffers(message, place=place, value=amount["currencyID"])


def _amounts(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    if isinstance(value, dict):
        if "currencyID" in value:
            yield place, value
        for name, part in value.items():
            yield from _amounts(part, f"{place}/{name}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _amounts(part, f"{place}/{index}")


def _check_sums(invoice: Mapping[str, Any]) -> None:
    stated = {name: Decimal(amount["value"]) for name, amount in invoice["LegalMonetaryTotal"].items()}
    lines = sum((_decimal(line["LineExtensionAmount"]) for line in invoice["InvoiceLine"]), Decimal())
    without_tax = lines + _charges(invoice)
    tax = sum((_decimal(total["TaxAmount"]) for total in _tax_totals(invoice)), Decimal())
    with_tax = stated.get("TaxExclusiveAmount", without_tax) + tax
    payable = (
        stated.get("TaxInclusiveAmount", with_tax)
        - stated.get("PrepaidAmount", 0)
        + stated.get("PayableRoundingAmount", 0)
    )
    computed = {
        "LineExtensionAmount": lines,
        "TaxExclusiveAmount": without_tax,
        "TaxInclusiveAmount": with_tax,
        "PayableAmount": payable,
    }
    for name, amount in computed.items():
        if stated.get(name, amount) != amount:
            place = f"/LegalMonetaryTotal/{name}"
            message = f"{place} is {stated[name]}, and its parts make {amount}"
            raise SumsDiffer(message, place=place, value=str(stated[name]))


def _charges(part: Mapping[str, Any]) -> Decimal:
    """The charges of an invoice or a line less its allowances."""
    total = Decimal()
    for item in part.get("AllowanceCharge", ()):
        amount = _decimal(item["Amount"])
        total += amount if item["ChargeIndicator"] in ("true", "1") else -amount
    return total


def _tax_totals(invoice: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    currency = invoice["DocumentCurrencyCode"]
    for total in invoice.get("TaxTotal", ()):
        if total["TaxAmount"]["currencyID"] == currency:
            yield total


def _decimal(amount: Mapping[str, str]) -> Decimal:
    return Decimal(amount["value"])


def _unknown(places: Sequence[str]) -> Iterator[Finding]:
    for place in places:
        message = "not in the model; bound by the hash of the original bytes only"
        yield Finding("document.not_in_model", place, message)


def _findings(invoice: Mapping[str, Any]) -> Iterator[Finding]:
    kind = invoice.get("InvoiceTypeCode", "")
    if kind != _COMMERCIAL:
        message = f"the type is {kind or 'not given'}, and a commercial invoice is {_COMMERCIAL}"
        yield Finding("document.not_commercial", "/InvoiceTypeCode", message)
    for index, line in enumerate(invoice["InvoiceLine"]):
        if "InvoicedQuantity" not in line or "Price" not in line:
            continue
        base = _decimal(line["Price"].get("BaseQuantity", {"value": "1"}))
        if base == 0:
            continue
        product = _decimal(line["InvoicedQuantity"]) * _decimal(line["Price"]["PriceAmount"]) / base
        amount = _decimal(line["LineExtensionAmount"])
        if abs(product + _charges(line) - amount) >= _CENT:
            place = f"/InvoiceLine/{index}/LineExtensionAmount"
            message = f"quantity times price makes {product:f}, the line says {amount}"
            yield Finding("document.line_differs", place, message)


def _facts(invoice: Mapping[str, Any], findings: Sequence[Finding]) -> DocumentFacts:
    seller = _party(invoice["AccountingSupplierParty"]["Party"])
    buyer = _party(invoice["AccountingCustomerParty"]["Party"])
    return DocumentFacts(
        kind=Kind.INVOICE,
        number=invoice["ID"],
        issuer=seller,
        issue_date=datetime.date.fromisoformat(invoice["IssueDate"]),
        parties=MappingProxyType({Role.SELLER: seller, Role.BUYER: buyer}),
        references=tuple(dict.fromkeys(_references(invoice))),
        findings=tuple(findings),
    )


def _party(party: Mapping[str, Any]) -> PartyFacts:
    entities = party.get("PartyLegalEntity", [])
    names = [entity["RegistrationName"] for entity in entities if "RegistrationName" in entity]
    names += [name["Name"]["value"] for name in party.get("PartyName", ())]
    identifiers = [item["ID"] for item in party.get("PartyIdentification", ())]
    identifiers += [entity["CompanyID"] for entity in entities if "CompanyID" in entity]
    identifiers += [party["EndpointID"]] if "EndpointID" in party else []
    lei, codes = "", []
    for identifier in identifiers:
        scheme = identifier.get("schemeID", "")
        if scheme == _LEI:
            lei = lei or identifier["value"]
        elif scheme:
            codes.append(f"{scheme}:{identifier['value']}")
    return PartyFacts(names[0] if names else "", lei, tuple(dict.fromkeys(codes)))


def _references(invoice: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The documents that the invoice names: by their code of UNCL 1001 where it gives one."""
    if "OrderReference" in invoice:
        yield "220", invoice["OrderReference"]["ID"]
    for reference in invoice.get("AdditionalDocumentReference", ()):
        kind = reference.get("DocumentTypeCode") or reference.get("DocumentType", "")
        yield kind, reference["ID"]["value"]
