"""Bills that change their medium: the form that is printed, and the document that is keyed in twice.

    Statement     This paper bill of lading takes the place of electronic bill of lading JWCLSHA26110437 …
    Record        1f0e…                                   the id of the electronic record, which is dead
    Verification  9c4d…                                   the hash of the entry that ended it: `lading trace` shows it
    Serial        JWCL-PAPER-000117
    Endorsements  1. Example Goods Ltd to the order of Example Bank, 2026-03-01T13:00:00Z, entry 14
    /carrierCode  JWCL                                    every field of the document, at its place

Electronic to paper: the holder asks, the carrier confirms with the serial number of the form, and in that act the
record dies; the ledger has the commitments of serial and statement. Paper to electronic: the carrier takes the paper
back and records it with what it says, and issues it only when the document has been read from the paper a second time,
field for field the same.

Source: UNCITRAL Model Law on Electronic Transferable Records, articles 17 and 18.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from ledger.errors import ContradictionError
from ledger.hashing import ZERO
from ledger.record import Record
from ledger.strict_json import JsonValue, canonicalise
from ledger.times import iso
from nodes.documents.difference import changed_fields
from nodes.documents.model import Document
from nodes.titles import Endorsement

__all__ = [
    "PaperDiffers",
    "check_same",
    "endorsement_lines",
    "printable_form",
    "statement_from_paper",
    "statement_to_paper",
]

_MOST: Final = 3


class PaperDiffers(ContradictionError):
    """What was read from the paper the second time is not what was read the first time."""

    code = "paper.differs"
    hint = "look at the paper, and mend the file that is wrong; `lading act RECORD return_paper` gives the paper back"


def statement_to_paper(number: str, carrier: str, serial: str) -> str:
    """What the paper bill bears: that it takes the place of the electronic one (article 18)."""
    return (
        f"This paper bill of lading, serial {serial}, takes the place of the electronic bill of lading {number}, which "
        f"{carrier} issued on a ledger. The electronic bill has no effect any more and cannot be revived."
    )


def statement_from_paper(number: str, carrier: str, serial: str) -> str:
    """What the electronic bill bears: that it takes the place of the paper one (article 17)."""
    return (
        f"This electronic bill of lading {number} takes the place of the paper bill of lading, serial {serial}, which "
        f"{carrier} has taken back and made inoperative."
    )


def check_same(first: Document, second: Document) -> int:
    """The number of fields, if two readings of one paper have all alike. Raises `PaperDiffers` with the first."""
    changes = changed_fields(first.value, second.value)
    if changes:
        more = f" (and {len(changes) - _MOST} more)" if len(changes) > _MOST else ""
        shown = "; ".join(str(change) for change in changes[:_MOST])
        raise PaperDiffers(f"{len(changes)} fields differ: {shown}{more}", value=changes[0].pointer)
    return len(first.leaves(ZERO)) - 1


def endorsement_lines(endorsements: Sequence[Endorsement], name: Callable[[bytes], str]) -> list[str]:
    """The chain of endorsements in words, for the back of the paper; `name` gives a party's name."""
    lines = []
    for number, one in enumerate(endorsements, 1):
        by = "the order party" if one.by is None else name(one.by)
        to = "in blank" if one.to is None else f"to the order of {name(one.to)}"
        lines.append(f"{number}. {by} {to}, {iso(one.time)}, entry {one.entry}")
    return lines


def printable_form(
    record: Record, document: Document, serial: str, statement: str, ended: int, endorsements: Sequence[str] = ()
) -> bytes:
    """The form as HTML, to be printed: statement, record, verification code, endorsements, every field.

    `ended` is a ledger time; `endorsements` are lines of text, those that an earlier paper bore first.
    """
    rows = [(leaf.pointer or "", _text(leaf.value)) for leaf in document.leaves(ZERO)[1:]]
    head = [
        ("Serial", serial),
        ("Number", document.facts.number),
        ("Record", record.id.hex()),
        ("Ended", iso(ended)),
        ("Verification code", record.head.hex()),
    ]
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><meta charset="utf-8">',
        f"<title>Bill of lading {escape(document.facts.number)}</title>",
        "<style>body{font:11pt serif;margin:2cm}table{border-collapse:collapse}td{padding:1pt 8pt;vertical-align:top}"
        "td:first-child{font:9pt monospace}</style>",
        f"<h1>Bill of lading {escape(document.facts.number)}</h1>",
        f"<p><strong>{escape(statement)}</strong></p>",
        *_table(head),
        "<h2>Endorsements</h2>",
        *(f"<p>{escape(line)}</p>" for line in endorsements or ("none",)),
        "<h2>What the document says</h2>",
        *_table(rows),
        "</html>",
    ]
    return ("\n".join(parts) + "\n").encode("utf-8")


def _table(rows: Sequence[tuple[str, str]]) -> list[str]:
    return ["<table>", *(f"<tr><td>{escape(name)}<td>{escape(text)}" for name, text in rows), "</table>"]


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else canonicalise(value).decode("utf-8")
