"""Records that take others' place: amended, split, merged, switched; made by one side, and recomputed by the other.

What the act says of documents is computed from the documents alone: the commitment and the number key of each new
one, their difference from the old one (`nodes.documents.difference`), the conservation of the cargo
(`nodes.documents.conservation`). Who signs beside the carrier gets the new documents sealed, computes the same, and
signs only if all of it is so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from contracts.table import Action, RuleTable
from ledger.commitment import commit
from ledger.errors import ContradictionError, NotFoundError, UsageError
from ledger.hashing import attachment_commitment, note_commitment, number_key
from ledger.record import Record
from ledger.strict_json import JsonValue
from ledger.succession import acting_party, made_by, said_of
from ledger.transaction import Transaction
from nodes.desk import Desk, Prepared, label
from nodes.documents.conservation import conservation_statement
from nodes.documents.difference import Difference, changed_fields, check_difference
from nodes.documents.model import Document, Role
from nodes.documents.read import read_as
from nodes.issuing import NotTheIssuer, find_party, title_arguments
from nodes.parcel import Attachment, DocumentPackage, Note, Parcel
from nodes.reader import LedgerReader
from nodes.vault import NoDocument

__all__ = [
    "DocumentsMissing",
    "DocumentsSayOtherwise",
    "NotForThisAction",
    "check_successors",
    "number_argument",
    "prepare_restatement",
    "prepare_successors",
]


_OWN: Final = frozenset({"consignmentItems", "transportDocumentReference", "utilizedTransportEquipments"})
"""Members of a transport document that a part has of its own."""
_MOST_TOLD: Final = 20


class NotForThisAction(UsageError):
    """The action takes another number of records or documents."""

    code = "successors.not_for_this_action"
    hint = "`lading rules show KIND` says what the action takes"


class DocumentsMissing(NotFoundError):
    """What has to be recomputed before signing cannot be, since a document is not at hand."""

    code = "successors.documents_missing"
    hint = "take the file as it was written for you; if the old document is missing, ask its holder to `lading send` it"


class DocumentsSayOtherwise(ContradictionError):
    """The act says of its documents what they do not say."""

    code = "successors.documents_say_otherwise"
    hint = "do not sign it; ask who made it to make it again from the right documents"


@dataclass(frozen=True, slots=True)
class _Side:
    """A document with its commitment."""

    commitment: bytes
    document: Document

    @property
    def value(self) -> JsonValue:
        """What the document says."""
        return self.document.value


def prepare_successors(
    desk: Desk,
    reader: LedgerReader,
    records: Sequence[Record],
    action: str,
    documents: Sequence[Document],
    *,
    why: str = "",
    given: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    attachments: Sequence[Attachment] = (),
) -> Prepared:
    """The act by which new documents take the place of the old ones, with the parcels of the new records.

    `why` goes into the difference. Raises `NotForThisAction`, `DocumentsMissing`, `NotTheIssuer`, or what is not
    conserved.
    """
    table = reader.rules.table(records[0].kind, reader.rules.standing(records[0])[0])
    declared = table.actions[action].arguments
    if not documents or ("parts" not in declared and len(documents) != 1):
        raise NotForThisAction(f"{action} makes one new document, not {len(documents)}", value=len(documents))
    issuer = reader.record(records[0].issuer)
    old = [_old_side(desk.vault.get, record) for record in records]
    made, parcels, new, secret = [], {}, [], b""
    for document in documents:
        _check_issuer(document, issuer)
        secret, record_id = desk.fresh(), desk.fresh()
        made.append(_made(record_id, document, secret, table, issuer.id, reader))
        parcels[record_id] = _parcel(document, secret, attachments)
        new.append(_Side(made[-1]["document"], document))
    arguments: dict[str, Any] = {"parts": made}
    if "parts" not in declared:
        arguments = made[0] | _title(records[0], old[0].document, documents[0], secret, reader)
        arguments["attachments"] = [attachment_commitment(secret, file.ref.sha256) for file in attachments] or None
    said = {**_texts(table.actions[action], old, new, why or (texts or {}).get("reason", "")), **(texts or {})}
    filled = {**arguments, **(given or {})}
    return desk.prepare(
        records,
        action,
        {name: value for name, value in filled.items() if name in declared and value is not None},
        texts=said,
        parcels=parcels,
    )


def prepare_restatement(
    desk: Desk,
    reader: LedgerReader,
    record: Record,
    action: str,
    document: Document,
    attachments: Sequence[Attachment] = (),
) -> Prepared:
    """The act by which a record gets another document in its own's place, as a draft does. Raises `NotTheIssuer`."""
    table = reader.rules.table(record.kind, reader.rules.standing(record)[0])
    declared, secret = table.actions[action].arguments, desk.fresh()
    _check_issuer(document, reader.record(record.issuer))
    arguments: dict[str, Any] = {"document": commit(document.leaves(secret))}
    arguments |= title_arguments(document, secret, reader.members())
    filled = {name: value for name, value in arguments.items() if name in declared and value is not None}
    return desk.prepare([record], action, filled, parcels={record.id: _parcel(document, secret, attachments)})


def check_successors(
    transaction: Transaction,
    reader: LedgerReader,
    package_of: Callable[[bytes], DocumentPackage],
    parcels: Mapping[bytes, Parcel],
) -> list[str]:
    """Recompute what an act says of the documents of records that it makes; gives in words what was found to be so.

    `package_of` gives the old documents, `parcels` are those of the new records. Raises `DocumentsMissing`,
    `DocumentsSayOtherwise`, `DifferenceFalse`, or what is not conserved.
    """
    made = made_by(transaction)
    if not transaction.targets or not made or type(said_of(transaction, made[0]).get("document")) is not bytes:
        return []
    records = [reader.record(target.record) for target in transaction.targets]
    table = reader.rules.table(records[0].kind, reader.rules.standing(records[0])[0])
    old = [_old_side(package_of, record) for record in records if record.document is not None]
    new = [_new_side(one, transaction, table, reader, parcels) for one in made]
    notes = [note for parcel in parcels.values() for note in parcel.notes]
    become = "becomes" if len(old) == 1 else "become"
    said = [f"{_numbers(old)} {become} {_numbers(new)}: the documents are those to which the act commits"]
    arguments = transaction.arguments
    if "conservation" in arguments:
        text = _note_of(arguments["conservation"], notes, "conservation")
        if text != conservation_statement(_pairs(old), _pairs(new)):
            raise DocumentsSayOtherwise("the statement of conservation is not that of the documents")
        said.append("recomputed: packages, weight and volume stay what they are, container by container")
        if "difference" not in arguments:
            said += [f"{one.document.facts.number}: {change}" for one in new for change in _beside_goods(old[0], one)]
    if "difference" in arguments:
        stated = Difference.decode(_note_of(arguments["difference"], notes, "difference"))
        check_difference(stated, old[0].value, new[0].value)
        said += [f"changed: {change}" for change in stated.changes]
    return said


def _beside_goods(old: _Side, new: _Side) -> list[str]:
    """What a part or a merged bill says otherwise than the first of the old ones, beside its own goods and number."""
    changes = changed_fields(old.value, new.value)
    told = [str(change) for change in changes if change.pointer.partition("/")[2].partition("/")[0] not in _OWN]
    return told if len(told) <= _MOST_TOLD else [*told[:_MOST_TOLD], f"and {len(told) - _MOST_TOLD} more fields"]


def _texts(action: Action, old: Sequence[_Side], new: Sequence[_Side], why: str) -> dict[str, str]:
    """The statements to which arguments of the action commit."""
    texts = {}
    if "conservation" in action.arguments:
        texts["conservation"] = conservation_statement(_pairs(old), _pairs(new))
    if "difference" in action.arguments:
        changes = changed_fields(old[0].value, new[0].value)
        texts["difference"] = Difference(old[0].commitment, new[0].commitment, changes, why).encode()
    if "reason" in action.arguments and why:
        texts["reason"] = why
    return texts


def _made(
    record_id: bytes, document: Document, secret: bytes, table: RuleTable, issuer: bytes, reader: LedgerReader
) -> dict[str, Any]:
    """What an act says of a new record; its names in ascending order."""
    return {
        "document": commit(document.leaves(secret)),
        "number": number_argument(table, reader, issuer, document.facts.number),
        "record": record_id,
    }


def number_argument(table: RuleTable, reader: LedgerReader, issuer: bytes, number: str) -> dict[str, Any]:
    """The argument `number` for a document of a kind."""
    if table.number is None:
        raise NotForThisAction(f"a {table.title.lower()} has no number", value=table.kind)
    key = number_key(reader.genesis.id, table.number.cls, issuer, number)
    return {"at": table.number.at, "class": table.number.cls, "key": key}


def _title(record: Record, old: Document, new: Document, secret: bytes, reader: LedgerReader) -> dict[str, Any]:
    """How title to the new bill passes: as it stands in the record, unless the new document differs in it from the old.

    The record knows endorsements since, which no document has.
    """
    arguments: dict[str, Any] = {}
    if new.facts.place and new.facts.place != old.facts.place:
        arguments["place"] = new.facts.place
    if _says(old) == _says(new):
        fields = record.fields
        standing = {"form": fields.get("form"), "order_party": record.order_party, "consignee": fields.get("consignee")}
        return arguments | standing
    return arguments | title_arguments(new, secret, reader.members())


def _says(document: Document) -> tuple[object, ...]:
    facts = document.facts
    return facts.form, facts.parties.get(Role.ORDER_PARTY), facts.parties.get(Role.CONSIGNEE)


def _parcel(document: Document, secret: bytes, attachments: Sequence[Attachment]) -> Parcel:
    refs = tuple(file.ref for file in attachments)
    labels = {"number": label(document.facts.number), "issuer": label(document.facts.issuer.name)}
    package = DocumentPackage(str(document.kind), document.media_type, document.original, secret, labels, refs)
    return Parcel(package, tuple(attachments))


def _old_side(package_of: Callable[[bytes], DocumentPackage], record: Record) -> _Side:
    try:
        package = package_of(record.id)
    except NoDocument:
        raise DocumentsMissing(
            "the vault does not hold the document of a record that is replaced", value=record.id
        ) from None
    document = read_as(package.kind, package.original)
    commitment = commit(document.leaves(package.secret))
    if commitment != record.document:
        raise DocumentsSayOtherwise("the document in the vault is not that of the record", value=record.id)
    return _Side(commitment, document)


def _new_side(
    record_id: bytes, transaction: Transaction, table: RuleTable, reader: LedgerReader, parcels: Mapping[bytes, Parcel]
) -> _Side:
    said, parcel = said_of(transaction, record_id), parcels.get(record_id)
    if parcel is None or parcel.document is None:
        raise DocumentsMissing("the document of a new record did not come with the act", value=record_id)
    document = read_as(table.kind, parcel.document.original, table.number.at if table.number else "")
    commitment = commit(document.leaves(parcel.document.secret))
    if commitment != said.get("document") or document.kind != table.kind:
        raise DocumentsSayOtherwise("a new document is not the one to which the act commits", value=record_id)
    issuers = {acting_party(transaction), *(reader.record(one.record).issuer for one in transaction.targets)}
    numbers = [number_argument(table, reader, issuer, document.facts.number) for issuer in issuers]
    if said.get("number") not in numbers:
        raise DocumentsSayOtherwise(f"the act claims another number than {document.facts.number}", value=record_id)
    return _Side(commitment, document)


def _check_issuer(document: Document, issuer: Record) -> None:
    named = find_party(document.facts.issuer, {issuer.id: issuer})
    if named is None:
        who = ", ".join(part for part in (document.facts.issuer.name, *document.facts.issuer.codes) if part)
        raise NotTheIssuer(f"the document is issued by {who}, not by {issuer.fields['alias']}", value=who)


def _note_of(commitment: bytes, notes: Sequence[Note], what: str) -> str:
    for note in notes:
        if note_commitment(note.salt, note.text) == commitment:
            return note.text
    raise DocumentsMissing(f"the text of the {what} did not come with the act", value=commitment)


def _pairs(sides: Sequence[_Side]) -> list[tuple[bytes, JsonValue]]:
    return [(side.commitment, side.value) for side in sides]


def _numbers(sides: Sequence[_Side]) -> str:
    return ", ".join(side.document.facts.number for side in sides)
