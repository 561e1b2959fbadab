"""`nodes.documents.ubl_invoice` and `ubl_xml`: UBL invoices, hostile XML, sums that do not add up."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.commitment import commit
from ledger.pointer import resolve
from nodes.documents import Document, Kind, Role, errors, read_document
from nodes.documents.schema import Schema
from nodes.documents.ubl_xml import parse_xml, xml_to_value

SAMPLE = Path(__file__).resolve().parents[2] / "nodes/demo/samples/commercial-invoice.xml"
DATA = SAMPLE.read_bytes()


def eur(name: str, text: str) -> str:
    """The beginning of an amount's element."""
    return f'<cbc:{name} currencyID="EUR">{text}'


def changed(*pairs: tuple[str, str]) -> bytes:
    text = DATA.decode()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text.encode()


def refused(data: bytes, error: type[errors.DocumentError]) -> errors.DocumentError:
    with pytest.raises(error) as caught:
        read_document(data)
    assert type(caught.value) is error
    return caught.value


def findings(document: Document) -> list[tuple[str, str]]:
    return [(finding.code, finding.place) for finding in document.facts.findings]


def test_the_facts_of_the_sample() -> None:
    document = read_document(DATA)
    facts = document.facts
    assert (document.kind, document.media_type, facts.number) == (Kind.INVOICE, "application/xml", "TMH-INV-26-1107")
    assert facts.issue_date == datetime.date(2026, 11, 9)
    assert facts.issuer.lei == "FICT00TAIHUMERIDIA24"
    assert facts.parties[Role.SELLER] == facts.issuer
    assert facts.parties[Role.BUYER].codes == ("0106:99999901",)
    assert facts.references == (("220", "PO 26-3391"), ("705", "JWCLSHA26110437"))
    assert facts.findings == ()


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/model", "lading/ubl-invoice@1"),
        ("/ID", "TMH-INV-26-1107"),
        ("/LegalMonetaryTotal/PayableAmount", {"currencyID": "EUR", "value": "151176.00"}),
        ("/InvoiceLine/1/Price/PriceAmount/value", "21.30"),
        ("/InvoiceLine/0/Item/CommodityClassification/0/ItemClassificationCode", {"listID": "HS", "value": "961700"}),
        ("/AccountingSupplierParty/Party/PartyName/1/Name/value", "苏州太湖子午家居用品有限公司"),
        ("/Note", ["CIF Rotterdam, Incoterms 2020. All companies named here are fictional."]),
    ],
)
def test_the_value_says_what_the_invoice_says(pointer: str, value: Any) -> None:
    assert resolve(read_document(DATA).value, pointer) == value


SAMPLES = {
    "peppol-base-example.xml": ("Snippet1", ["/AccountingCustomerParty/Party/Contact"]),
    "peppol-Allowance-example.xml": (
        "Snippet1",
        ["/AdditionalDocumentReference/1/Attachment", "/AccountingCustomerParty/Party/Contact"],
    ),
    "peppol-sales-order-example.xml": ("Snippet1", ["/AccountingCustomerParty/Party/Contact"]),
    "peppol-Vat-category-S.xml": ("Snippet1", ["/AccountingSupplierParty/Party/Contact"]),
    "peppol-vat-category-E.xml": ("Vat-Z", []),
    "peppol-vat-category-Z.xml": ("Vat-Z", []),
    "en16931-BIS3_Invoice_positive.XML": ("12345", ["/AccountingCustomerParty/Party/Contact"]),
    "en16931-ubl-tc434-example1.xml": ("12115118", ["/AccountingCustomerParty/Party/Contact"]),
    "en16931-ubl-tc434-example2.xml": (
        "TOSL108",
        [
            "/AdditionalDocumentReference/0/Attachment",
            "/AdditionalDocumentReference/1/Attachment",
            "/AccountingSupplierParty/Party/Contact",
            "/AccountingCustomerParty/Party/Contact",
            "/TaxRepresentativeParty",
        ],
    ),
    "v140_PINT-SG_INV_example_02_-_full_valid_invoice_1.xml": (
        "F012345",
        [
            "/UUID",
            "/AdditionalDocumentReference/0/Attachment",
            "/AdditionalDocumentReference/1/Attachment",
            "/ProjectReference",
            "/AccountingSupplierParty/Party/Contact",
            "/AccountingCustomerParty/Party/Contact",
            "/TaxRepresentativeParty",
        ],
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_invoices_of_other_makers(shared: Path, name: str) -> None:
    """What they hold beyond the model is reported, and nothing else is lost."""
    document = read_document((shared / "samples/einvoice" / name).read_bytes())
    number, beyond = SAMPLES[name]
    assert document.facts.number == number
    found = [place for code, place in findings(document) if code == "document.not_in_model"]
    assert found == beyond


@pytest.mark.parametrize("name", ["peppol-base-creditnote-correction.xml", "en16931-CII_example1.xml"])
def test_other_xml_is_no_invoice(shared: Path, name: str) -> None:
    with pytest.raises(errors.UnknownKind):
        read_document((shared / "samples/einvoice" / name).read_bytes())


@pytest.mark.parametrize(
    ("pair", "place"),
    [
        ((">69384.00<", ">69384.01<"), "/LegalMonetaryTotal/LineExtensionAmount"),
        (
            (
                eur("TaxExclusiveAmount", "151176.00"),
                eur("TaxExclusiveAmount", "151176.01"),
            ),
            "/LegalMonetaryTotal/TaxExclusiveAmount",
        ),
        ((">0.00<", ">5.00<"), "/LegalMonetaryTotal/TaxInclusiveAmount"),
        (
            (eur("PayableAmount", "151176.00"), eur("PayableAmount", "151175.995")),
            "/LegalMonetaryTotal/PayableAmount",
        ),
    ],
)
def test_sums_that_differ_by_little_are_refused(pair: tuple[str, str], place: str) -> None:
    caught = refused(changed(pair), errors.SumsDiffer)
    assert (caught.code, caught.place) == ("document.sums_differ", place)


def test_sums_are_exact_beyond_what_floats_carry() -> None:
    small = changed(
        (">69384.00<", ">69384.00000000000000000000000001<"),
        (
            eur("LineExtensionAmount", "151176.00"),
            eur("LineExtensionAmount", "151176.00000000000000000000000001"),
        ),
    )
    caught = refused(small, errors.SumsDiffer)
    assert caught.place == "/LegalMonetaryTotal/TaxExclusiveAmount"


def test_charges_allowances_and_prepayments_are_counted() -> None:
    charges = """<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>
    <cbc:Amount currencyID="EUR">100.00</cbc:Amount></cac:AllowanceCharge>
    <cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
    <cbc:Amount currencyID="EUR">30.00</cbc:Amount></cac:AllowanceCharge><cac:TaxTotal>"""
    data = changed(
        ("<cac:TaxTotal>", charges),
        (
            eur("TaxExclusiveAmount", "151176.00"),
            eur("TaxExclusiveAmount", "151246.00"),
        ),
        (
            eur("TaxInclusiveAmount", "151176.00"),
            eur("TaxInclusiveAmount", "151246.00"),
        ),
        (
            eur("PayableAmount", "151176.00"),
            eur("PrepaidAmount", "1246.00</cbc:PrepaidAmount>") + eur("PayableAmount", "150000.00"),
        ),
    )
    assert read_document(data).facts.findings == ()


def test_a_line_that_is_not_quantity_times_price_is_a_finding() -> None:
    document = read_document(changed((">2.45<", ">2.46<")))
    assert findings(document) == [("document.line_differs", "/InvoiceLine/0/LineExtensionAmount")]
    assert "69667.20" in document.facts.findings[0].message


def test_another_currency() -> None:
    price = eur("PriceAmount", "2.45")
    caught = refused(changed((price, price.replace("EUR", "USD"))), errors.CurrencyDiffers)
    assert (caught.place, caught.value) == ("/InvoiceLine/0/Price/PriceAmount", "USD")


def test_no_amount_to_pay() -> None:
    caught = refused(
        changed(('<cbc:PayableAmount currencyID="EUR">151176.00</cbc:PayableAmount>', "")), errors.NoAmount
    )
    assert caught.code == "document.no_amount"


@pytest.mark.parametrize(
    ("pair", "place"),
    [
        (("<cbc:ID>TMH-INV-26-1107</cbc:ID>", ""), "/ID"),
        (("<cbc:ID>TMH-INV-26-1107</cbc:ID>", "<cbc:ID> </cbc:ID>"), "/ID"),
        ((">2026-11-09<", ">2026-11-31<"), "/IssueDate"),
        ((">69384.00<", ">69,384.00<"), "/InvoiceLine/0/LineExtensionAmount/value"),
        ((">69384.00<", ">NaN<"), "/InvoiceLine/0/LineExtensionAmount/value"),
        ((">69384.00<", ">1e3<"), "/InvoiceLine/0/LineExtensionAmount/value"),
        ((' currencyID="EUR">2.45', ">2.45"), "/InvoiceLine/0/Price/PriceAmount/currencyID"),
        ((">EUR<", ">Euro<"), "/DocumentCurrencyCode"),
    ],
)
def test_what_an_invoice_must_say(pair: tuple[str, str], place: str) -> None:
    assert refused(changed(pair), errors.SchemaViolation).place == place


def test_an_element_that_may_stand_once_stands_twice() -> None:
    data = changed(("<cbc:IssueDate>", "<cbc:IssueDate>2026-11-08</cbc:IssueDate><cbc:IssueDate>"))
    caught = refused(data, errors.RepeatedElement)
    assert (caught.code, caught.place) == ("document.repeated_element", "/IssueDate")


def test_a_pro_forma_is_pointed_at() -> None:
    assert findings(read_document(changed((">380<", ">325<")))) == [("document.not_commercial", "/InvoiceTypeCode")]


def test_the_commitment_of_an_invoice_is_frozen() -> None:
    """It fails when the model changes: then the model needs a new name, and the old one stays."""
    assert (
        commit(read_document(DATA).leaves(bytes(32))).hex()
        == "7b27a0337d4acbc908fee1b33069c128fb63a6b61fafbd5216363fd6e2b61696"
    )


def test_everything_beyond_the_model_is_reported() -> None:
    data = changed(
        ("<cbc:ID>TMH", '<cbc:ID schemeID="x">TMH'),
        ("<cbc:DueDate>", "loose text<cbc:DueDate>"),
        ("<cac:OrderReference>", "<cac:Signature/><other xmlns='urn:x'>1</other><cac:OrderReference>"),
        ("<cbc:CityName>", "<cac:CityName>Shanghai</cac:CityName><cbc:CityName>"),
    )
    assert findings(read_document(data)) == [
        ("document.not_in_model", place)
        for place in [
            "/text()",
            "/ID/@schemeID",
            "/Signature",
            "/other",
            "/AccountingSupplierParty/Party/PostalAddress/CityName",
        ]
    ]


def test_a_comment_inside_a_number_hides_nothing() -> None:
    """A reader that stops at the comment would see another amount."""
    data = changed((">69384.00<", ">69<!-- , -->384.00<"), (">151176.00<", "><?x y?>151176.00<"))
    assert resolve(read_document(data).value, "/InvoiceLine/0/LineExtensionAmount/value") == "69384.00"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Invoice>&b;</Invoice>'
FILE = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><Invoice>&f;</Invoice>'
REMOTE = '<?xml version="1.0"?>\n<!DOCTYPE Invoice SYSTEM "http://127.0.0.1:9/x.dtd"><Invoice/>'


@pytest.mark.parametrize("text", [BOMB, FILE, REMOTE])
def test_a_doctype_is_refused(text: str) -> None:
    assert refused(text.encode(), errors.DoctypeRefused).code == "document.doctype"


@pytest.mark.parametrize(
    "data",
    [
        DATA.replace(b"UTF-8", b"ISO-8859-1"),
        DATA.replace("苏".encode(), b"\xff"),
        b"<?xml version='1.0' encoding='UTF-16'?><Invoice/>",
    ],
)
def test_other_encodings_are_refused(data: bytes) -> None:
    refused(data, errors.XmlEncoding)


def test_a_byte_order_mark_before_xml_is_allowed() -> None:
    assert read_document(b"\xef\xbb\xbf" + DATA).value == read_document(DATA).value


@pytest.mark.parametrize(
    "data", [b"<", b"<a>", b"<a></b>", b"<a>&b;</a>", DATA[:-20], b"<a/><b/>", b"<a x='1' x='2'/>", b"<a\x00/>"]
)
def test_what_is_not_xml(data: bytes) -> None:
    refused(data, errors.XmlMalformed)


def test_deep_xml_is_refused() -> None:
    with pytest.raises(errors.XmlMalformed):
        parse_xml(b"<a>" * 100_000)


def test_an_empty_element_is_nothing() -> None:
    text = {"type": "string"}
    schema = Schema({"type": "object", "properties": {"A": text, "B": {"type": "array", "items": text}}})
    cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
    root = parse_xml(f"<r xmlns='{cbc}'><A/><B> </B><B>x</B><A>y</A></r>".encode())
    assert xml_to_value(root, schema) == ({"A": "y", "B": ["x"]}, [])
