"""Handing documents on with an act, and taking in what others have handed on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from contracts.guards import key_is_valid
from ledger.commitment import commit
from ledger.errors import ContradictionError, UnavailableError
from ledger.hashing import attachment_commitment, note_commitment
from ledger.record import Record
from nodes.documents.read import read_document
from nodes.inbox import Fetched, deliver, fetch
from nodes.keystore import KeyStore
from nodes.parcel import DocumentPackage, Note, Parcel
from nodes.reader import LedgerReader, NoSuchRecord
from nodes.sealing import Address, Opened, seal
from nodes.vault import Vault

__all__ = ["DocumentNotOfRecord", "NotOnLedgerYet", "fetch_all", "hand_on", "package_commitment"]


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
    return commit(read_document(package.original).leaves(package.secret))


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
        signing_keys=_signing_keys(reader),
        check=lambda opened: _check(opened, reader),
    )


def _signing_keys(reader: LedgerReader) -> Callable[[bytes], list[bytes]]:
    def of(member: bytes) -> list[bytes]:
        record = reader.find(member)
        if record is None or record.kind != "member":
            return []
        now = reader.head.time
        return [entry[1] for entry in record.fields["keys"] if key_is_valid(entry, now)]

    return of


def _check(opened: Opened, reader: LedgerReader) -> None:
    """The document is the record's; its files and the notes are committed to in the record or its acts."""
    record = reader.find(opened.address.record_id)
    if record is None:
        raise NotOnLedgerYet("the record is not on this ledger", value=opened.address.record_id)
    package = opened.parcel.document
    if package is not None:
        if package_commitment(package) != record.document:
            raise DocumentNotOfRecord("the document is not the one of this record", value=record.id)
        _check_files(opened.parcel, package, record)
    if opened.parcel.notes:
        _check_notes(opened.parcel.notes, record, reader)


def _check_files(parcel: Parcel, package: DocumentPackage, record: Record) -> None:
    committed = set(record.fields.get("attachments", []))
    for attachment in parcel.attachments:
        if attachment_commitment(package.secret, attachment.ref.sha256) not in committed:
            raise DocumentNotOfRecord(f"the file {attachment.name} does not belong to this record", value=record.id)


def _check_notes(notes: tuple[Note, ...], record: Record, reader: LedgerReader) -> None:
    try:
        acts = reader.history(record)
    except NoSuchRecord:
        acts = []
    committed = {act.signed.transaction.arguments.get("reason") for act in acts}
    for note in notes:
        if note_commitment(note.salt, note.text) != note.commitment or note.commitment not in committed:
            raise DocumentNotOfRecord("a note is not the one of any act on this record", value=record.id)
