"""A document of a kind that lading has no reader for, such as one whose rules members have voted in: JSON as it stands.

    {"receiptNumber": "DR-2026-0117", "dock": "CNSHA-YS4", "packages": "40", …}

The bytes are read as strict JSON and committed to as they are; no schema is compared. The number is the text at the
place that the rule table of the kind names. Numbers of JSON are kept as far as binary64 carries them; texts are better.
"""

from __future__ import annotations

from typing import Final

from ledger.pointer import NothingThere, resolve
from ledger.strict_json import MAX_DOCUMENT, JsonValue, parse

from .errors import DocumentTooLarge, EmptyDocument, NoNumber
from .model import Document, DocumentFacts, PartyFacts

__all__ = ["read_generic"]

_JSON: Final = "application/json"


def read_generic(data: bytes, kind: str, number_at: str = "", *, limit: int = MAX_DOCUMENT) -> Document:
    """The document of a record of `kind`, whose number stands at the JSON Pointer `number_at`, if it has any.

    Raises `EmptyDocument`, `DocumentTooLarge`, `NoNumber` or a `JsonError`.
    """
    if not data:
        raise EmptyDocument("the document has 0 bytes")
    if len(data) > limit:
        raise DocumentTooLarge(f"{len(data):,} bytes where at most {limit:,} are allowed", value=len(data))
    value = parse(data, limit=limit)
    number = _number(value, number_at) if number_at else ""
    return Document(kind, _JSON, data, value, DocumentFacts(kind, number, PartyFacts("")))


def _number(value: JsonValue, at: str) -> str:
    try:
        found = resolve(value, at)
    except NothingThere:
        found = None
    if not isinstance(found, str) or not found:
        raise NoNumber(f"the document has no text at {at}, where its number stands", place=at)
    return found
