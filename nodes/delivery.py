"""Handing documents on with an act, and taking in what others have handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from ledger import codec
from ledger.commitment import commit
from ledger.errors import ContradictionError, UnavailableError
from ledger.hashing import attachment_commitment, claim_key, note_commitment, number_key
from ledger.record import MAX_CONTENT, Record
from ledger.succession import said_of
from nodes.documents.model import Document
from nodes.documents.read import read_as
from nodes.inbox import Fetched, deliver, fetch
from nodes.keystore import KeyStore
from nodes.parcel import DocumentPackage, Note, Parcel
from nodes.reader import Act, LedgerReader, NoSuchRecord
from nodes.sealing import Address, Opened, seal
from nodes.vault import NoDocument, Vault

__all__ = [
    "DocumentNotOfRecord",
    "NotOnLedgerYet",
    "committed_texts",
    "fetch_all",
    "hand_on",
    "package_commitment",
    "signing_keys",
]


class DocumentNotOfRecord(ContradictionError):
    """What was handed on is not what the ledger commits to."""

    code = "delivery.not_of_record"
    hint = "ask the sender for the document of this record; the one that came was put aside"


class NotOnLedgerYet(UnavailableError):
    """A parcel came for a record that is not on the ledger."""

    code = "delivery.not_on_ledger_yet"
    hint = "it waits in the inbox until the record is there"


def package_commitment(package: DocumentPackage) -> bytes:
    """The commitment of a document as the vault keeps it."""
    return commit(read_as(package.kind, package.original).leaves(package.secret))


def hand_on(
    inbox: Path, parcel: Parcel, record_id: bytes, sender: bytes, recipient: Record, keys: KeyStore, ledger_id: bytes
) -> Path:
    """Seal a parcel to a member and put it into its inbox."""
    address = Address(ledger_id, record_id, sender, recipient.id)
    sealed = seal(parcel, address, recipient.fields["encryption"], keys)
    return deliver(inbox, sealed, recipient=recipient.id, record_id=record_id)


def fetch_all(inbox: Path, vault: Vault, keys: KeyStore, member: bytes, reader: LedgerReader) -> list[Fetched]:
    """Take what waits for a member into its vault, each parcel compared with what the ledger commits to."""
    return fetch(
        inbox,
        vault,
        keys,
        ledger_id=reader.genesis.id,
        recipient=member,
        signing_keys=signing_keys(reader),
        check=lambda opened: _check(opened, vault, reader),
    )


def signing_keys(reader: LedgerReader) -> Callable[[bytes], list[bytes]]:
    """Gives every key that a member has ever had: a parcel may be fetched after its sender has changed the key."""

    def of(member: bytes) -> list[bytes]:
        record = reader.find(member)
        if record is None or record.kind != "member":
            return []
        return [entry[1] for entry in record.fields["keys"]]

    return of


def _check(opened: Opened, vault: Vault, reader: LedgerReader) -> Parcel:
    """What may be kept: the record's document as this member reads it, its files, and notes that acts commit to."""
    record, parcel = reader.find(opened.address.record_id), opened.parcel
    if record is None:
        raise NotOnLedgerYet("the record is not on this ledger", value=opened.address.record_id)
    package = None if parcel.document is None else _checked(parcel, parcel.document, record, reader)
    if package is None and parcel.attachments:
        _check_files(parcel, _secret(vault, record), record)
    if parcel.notes:
        _check_notes(parcel.notes, record, reader)
    return Parcel(package, parcel.attachments, parcel.notes)


def _checked(parcel: Parcel, package: DocumentPackage, record: Record, reader: LedgerReader) -> DocumentPackage:
    """The package as the document itself has it: what the sender wrote beside the document is not believed."""
    declared = reader.rules.table(record.kind, record.version).number
    document = read_as(record.kind, package.original, declared.at if declared else "")
    if commit(document.leaves(package.secret)) != record.document:
        raise DocumentNotOfRecord("the document is not the one of this record", value=record.id)
    if document.kind != record.kind:
        raise DocumentNotOfRecord(f"the document of a {record.kind} is of kind {document.kind}", value=record.id)
    _check_number(document, record, reader)
    _check_files(parcel, package.secret, record)
    refs = tuple(file.ref for file in parcel.attachments)
    return DocumentPackage(
        str(document.kind), document.media_type, package.original, package.secret, _labels(document), refs
    )


def _check_number(document: Document, record: Record, reader: LedgerReader) -> None:
    """The issuer took the number that stands in the document, for this record."""
    declared = reader.rules.table(record.kind, record.version).number
    acts = reader.history(record) if declared is not None else []
    if declared is None or not any("number" in said_of(act.signed.transaction, record.id) for act in acts):
        return  # a draft has no number yet
    key = number_key(reader.genesis.id, declared.cls, record.issuer, document.facts.number)
    item = reader.item(claim_key(record.issuer, key))
    holder = None if item is None else codec.decode(item.content, limit=MAX_CONTENT)[2]
    if holder is None or holder not in _successors(record, reader):
        raise DocumentNotOfRecord("the record was issued under another number than its document has", value=record.id)


def _successors(record: Record, reader: LedgerReader) -> list[bytes]:
    """The record itself, and those that took its place and may have its number since."""
    found, at = [record.id], 0
    while at < len(found):
        known = reader.find(found[at])
        found += [] if known is None else [one for one in known.replaced_by if one not in found]
        at += 1
    return found


def _check_files(parcel: Parcel, secret: bytes, record: Record) -> None:
    """The files are those that the record binds: none other, and none left out."""
    committed = sorted(record.fields.get("attachments") or [])
    files = {attachment_commitment(secret, file.ref.sha256): file.name for file in parcel.attachments}
    for commitment, name in files.items():
        if commitment not in committed:
            raise DocumentNotOfRecord(f"the file {name} does not belong to this record", value=record.id)
    if sorted(attachment_commitment(secret, file.ref.sha256) for file in parcel.attachments) != committed:
        raise DocumentNotOfRecord("the files are not all those that belong to this record", value=record.id)


def committed_texts(acts: Iterable[Act]) -> set[bytes]:
    """Every hash that acts hold: a note is one of theirs if its commitment is among them."""
    return {value for act in acts for value in act.signed.transaction.arguments.values() if type(value) is bytes}


def _secret(vault: Vault, record: Record) -> bytes:
    try:
        return vault.get(record.id).secret
    except NoDocument:
        raise DocumentNotOfRecord("files came without the document that they belong to", value=record.id) from None


def _labels(document: Document) -> dict[str, str]:
    """What a document is found by."""
    return {"number": _one_line(document.facts.number), "issuer": _one_line(document.facts.issuer.name)}


def _one_line(text: str) -> str:
    return "".join(mark for mark in text if mark.isprintable())[:255]


def _check_notes(notes: tuple[Note, ...], record: Record, reader: LedgerReader) -> None:
    try:
        acts = reader.history(record)
    except NoSuchRecord:
        acts = []
    committed = committed_texts(acts)
    for note in notes:
        if note_commitment(note.salt, note.text) != note.commitment or note.commitment not in committed:
            raise DocumentNotOfRecord("a note is not the one of any act on this record", value=record.id)
