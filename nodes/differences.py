"""What a record's document says that those before it did not, as its issuer stated it, and as the documents say.

stated = difference_of(reader, vault, record)         # of the act that made the record; None where it states none
found = nearest_difference(reader, vault, record)     # of a bill that was replaced: that of the one in its place
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.errors import LadingError
from ledger.record import Record
from ledger.strict_json import JsonValue
from nodes.documents.difference import Difference, check_difference
from nodes.documents.read import read_as
from nodes.lookup import successors
from nodes.reader import Act, LedgerReader
from nodes.vault import Vault

__all__ = ["StatedDifference", "difference_of", "nearest_difference"]


@dataclass(frozen=True, slots=True)
class StatedDifference:
    """A difference with the act that holds its commitment; `checked` says what comparing the documents gave.

    `wrong` is why the documents do not bear it out; empty where they do, or where one is not in the vault.
    """

    act: Act
    difference: Difference
    checked: bool
    wrong: str


def difference_of(reader: LedgerReader, vault: Vault, record: Record) -> StatedDifference | None:
    """The difference stated by the act that made a record, where the vault has its text. Raises `BadDifference`."""
    acts = reader.history(record) if record.replaces else []
    commitment = acts[0].signed.transaction.arguments.get("difference") if acts else None
    text = next((note.text for note in vault.notes(record.id) if note.commitment == commitment), None)
    if text is None:
        return None
    stated = Difference.decode(text)
    old, new = _value(vault, record.replaces[0]), _value(vault, record.id)
    if old is None or new is None:
        return StatedDifference(acts[0], stated, False, "")
    try:
        check_difference(stated, old, new)
    except LadingError as error:
        return StatedDifference(acts[0], stated, True, error.message)
    return StatedDifference(acts[0], stated, True, "")


def nearest_difference(reader: LedgerReader, vault: Vault, record: Record) -> tuple[Record, StatedDifference] | None:
    """A record's own difference, or that of the nearest of those that took its place, with the record that it is of.

    None where none states one that the vault has the text of. Raises `BadDifference`.
    """
    for one in (record, *map(reader.record, successors(reader, record))):
        stated = difference_of(reader, vault, one)
        if stated is not None:
            return one, stated
    return None


def _value(vault: Vault, record_id: bytes) -> JsonValue:
    """What a record's document says; None where the vault does not have it."""
    try:
        package = vault.get(record_id)
    except LadingError:
        return None
    return read_as(package.kind, package.original).value
