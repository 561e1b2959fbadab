"""Handing documents on: what goes to whom with an act, by way of the inbox in the operator's home.

With a record go its document, its attachments, the texts of reasons, and the documents of the records that are
bound to it, as far as this member has them. What cannot be handed on does not undo the act that it goes with: it
is reported, and `lading send` tries again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contracts.parties import GROUP
from ledger.errors import LadingError
from ledger.record import Record
from nodes.delivery import committed_texts, fetch_all, hand_on
from nodes.inbox import Fetched
from nodes.keystore import KeyStore
from nodes.parcel import Note, Parcel
from nodes.reader import LedgerReader, NoSuchRecord
from nodes.vault import NoDocument, Vault

__all__ = ["Courier", "HandedOn", "committed_texts", "concerned", "members_behind", "receivers"]


@dataclass(slots=True)
class HandedOn:
    """To whom documents went, of how many records, and what went wrong."""

    to: list[bytes] = field(default_factory=list)
    records: int = 0
    errors: list[LadingError] = field(default_factory=list)

    def add(self, other: HandedOn) -> None:
        """Count what was handed on with another record too."""
        self.to += [party for party in other.to if party not in self.to]
        self.records += other.records
        self.errors += other.errors


class Courier:
    """Takes documents from one member's vault to other members' inboxes, and fetches what waits for it."""

    def __init__(self, inbox: Path, vault: Vault, keys: KeyStore, member: bytes) -> None:
        self._inbox = inbox
        self._vault = vault
        self._keys = keys
        self._member = member

    def fetch(self, reader: LedgerReader) -> list[Fetched]:
        """Take what waits in the inbox into the vault."""
        return fetch_all(self._inbox, self._vault, self._keys, self._member, reader)

    def hand_on(self, record_id: bytes, to: Iterable[bytes], reader: LedgerReader, *, bound: bool = True) -> HandedOn:
        """Hand on the documents of a record, and with `bound` those of records bound to it."""
        done = HandedOn()
        for party in to:
            count = 0
            for one in [record_id, *(self.bound(record_id, reader) if bound else ())]:
                try:
                    self._send(self._parcel(one, reader), one, party, reader)
                    count += 1
                except NoDocument:
                    continue
                except LadingError as error:
                    done.errors.append(error)
            done.records += count
            done.to += [party] if count else []
        return done

    def send_note(self, note: Note, record: Record, reader: LedgerReader) -> list[LadingError]:
        """Send the text of a reason to those whom the record concerns."""
        errors = []
        for party in concerned(record, reader):
            if party == self._member:
                continue
            try:
                self._send(Parcel(None, (), (note,)), record.id, party, reader)
            except LadingError as error:
                errors.append(error)
        return errors

    def bound(self, record_id: bytes, reader: LedgerReader) -> list[bytes]:
        """The records in the vault that are bound to a record."""
        held = dict.fromkeys(entry.record_id for entry in self._vault.entries())
        found = ((one, reader.find(one)) for one in held)
        return [one for one, record in found if record is not None and record_id in record.fields.get("bound_to", [])]

    def _parcel(self, record_id: bytes, reader: LedgerReader) -> Parcel:
        """What is handed on with a record; a note that no act on the ledger commits to stays here."""
        parcel = self._vault.parcel(record_id)
        if not parcel.notes:
            return parcel
        try:
            acts = reader.history(reader.record(record_id))
        except NoSuchRecord:
            acts = []
        committed = committed_texts(acts)
        notes = tuple(note for note in parcel.notes if note.commitment in committed)
        return Parcel(parcel.document, parcel.attachments, notes)

    def _send(self, parcel: Parcel, record_id: bytes, to: bytes, reader: LedgerReader) -> None:
        hand_on(self._inbox, parcel, record_id, self._member, reader.record(to), self._keys, reader.genesis.id)


def receivers(record: Record, bound_to: Sequence[bytes], reader: LedgerReader) -> list[bytes]:
    """Who gets a new record's document: whom it concerns, and who controls what it is bound to."""
    wanted = concerned(record, reader)
    for other in bound_to:
        found = reader.find(other)
        wanted += [] if found is None else members_behind([found.controller], reader)
    return [party for party in dict.fromkeys(wanted) if party != record.issuer]


def concerned(record: Record, reader: LedgerReader) -> list[bytes]:
    """The members whom a record concerns: who is in control, may come to be, or issued it; of a group each member."""
    pending = None if record.pending is None else record.pending.party
    parties = [record.controller, record.issuer, pending, record.pledgee, record.beneficiary, record.hold]
    parties.append(record.order_party)
    table = reader.rules.tables.get((record.kind, record.version))
    for name, declared in {} if table is None else table.fields.items():
        parties += [record.fields.get(name)] if declared.type == "party" else []
    return members_behind(parties, reader)


def members_behind(parties: Iterable[bytes | None], reader: LedgerReader) -> list[bytes]:
    """The members that parties are, each once; of a group in joint control all of them."""
    found: list[bytes] = []
    for party in parties:
        other = None if party is None else reader.find(party)
        if other is not None:
            found += other.fields["members"] if other.kind == GROUP else [other.id]
    return [member for member in dict.fromkeys(found) if _is_member(member, reader)]


def _is_member(party: bytes, reader: LedgerReader) -> bool:
    record = reader.find(party)
    return record is not None and record.kind == "member"
