"""Bytes in, a document out: which kind it is, read by the reader of that kind.

    {…}   JSON    a DCSA transport document (`dcsa.py`), or one of lading's own (`certificate.py`, `own.py`)
    <…>   XML     a UBL invoice (`ubl_invoice.py`)

The kind is taken from the content, never from a file's name. The size is checked first.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from ledger.strict_json import MAX_DOCUMENT, JsonValue, parse

from .certificate import looks_like_certificate, read_certificate
from .dcsa import ISSUED, looks_like_transport_document, read_transport_document
from .errors import DocumentTooLarge, EmptyDocument, UnknownKind, Unreadable, WrongKind
from .generic import read_generic
from .model import Document, DocumentFacts, Kind
from .own import FORMATS, format_of, read_own

__all__ = ["JSON", "MAX_DOCUMENT", "XML", "has_reader", "read_as", "read_document"]

JSON: Final = "application/json"
XML: Final = "application/xml"
"""The media types of documents, which their commitments bind."""
_TRANSPORT: Final = frozenset({Kind.BILL_OF_LADING, Kind.SEA_WAYBILL})
_OWN: Final = frozenset(FORMATS.values())
_KINDS: Final = frozenset(map(str, Kind))
_SPACE: Final = b" \t\r\n"


def read_document(
    data: bytes,
    *,
    expected: Kind | None = None,
    statuses: Collection[str] = ISSUED,
    limit: int = MAX_DOCUMENT,
) -> Document:
    """The document that `data` is, with its kind, its value and the facts for the ledger.

    `expected` is the kind that it must be, or None; `statuses` those that a transport document may
    have; `limit` its largest size in bytes. Raises a `DocumentError` or a `JsonError`.
    """
    if not data:
        raise EmptyDocument("the document has 0 bytes")
    if len(data) > limit:
        message = f"{len(data):,} bytes where at most {limit:,} are allowed"
        raise DocumentTooLarge(message, value=len(data))
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)[:1]
    if start in (b"{", b"["):
        document = _read_json(data, expected, statuses, limit)
    elif start == b"<":
        document = _read_xml(data)
    else:
        raise Unreadable("the document is neither JSON nor XML", value=data[:16])
    if expected is not None and document.kind != expected:
        message = f"the document is of kind {document.kind}, not {expected}"
        raise WrongKind(message, value=str(document.kind))
    return document


def has_reader(kind: str) -> bool:
    """Whether documents of a kind are read by its own standard; others are JSON as it stands."""
    return kind in _KINDS


def read_as(kind: str, data: bytes, number_at: str = "") -> Document:
    """The document of a record of a kind, whose number stands at `number_at` unless the kind has a reader.

    Raises as `read_document` and `read_generic`; a document of another kind is not refused.
    """
    return read_document(data) if has_reader(kind) else read_generic(data, kind, number_at)


def _read_json(data: bytes, expected: Kind | None, statuses: Collection[str], limit: int) -> Document:
    value = parse(data, limit=limit)
    facts = _facts_of_json(value, expected, statuses)
    return Document(facts.kind, JSON, data, value, facts)


def _facts_of_json(value: JsonValue, expected: Kind | None, statuses: Collection[str]) -> DocumentFacts:
    if looks_like_certificate(value) or expected == Kind.CERTIFICATE:
        return read_certificate(value)
    own = format_of(value) or (expected if expected in _OWN else None)
    if own is not None:
        return read_own(own, value)
    if looks_like_transport_document(value) or expected in _TRANSPORT:
        return read_transport_document(value, statuses=statuses)
    raise UnknownKind("the JSON is of no kind of document known here")


def _read_xml(data: bytes) -> Document:
    from .ubl_invoice import looks_like_invoice, read_invoice
    from .ubl_xml import parse_xml, root_name

    root = parse_xml(data)
    if not looks_like_invoice(root):
        namespace, name = root_name(root)
        raise UnknownKind(f"the XML is a {name}, and no UBL invoice", value=f"{{{namespace}}}{name}")
    value, facts = read_invoice(root)
    return Document(facts.kind, XML, data, value, facts)
