"""A member's desk: what one organisation does with its home, its keys and a ledger on this machine.

    with Desk.open(home, keys) as desk:
        desk.act(record, "offer", {"to": bank, "mode": "endorse"})

Every act goes the same way: the record is read, the transaction is built with the statement that a person
reads, signed with the member's key, judged and committed under the ledger's lock; then the documents go to
the next party's inbox, and the operator signs the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.rules import Rules
from ledger.errors import LadingError, UsageError
from ledger.hashing import note_commitment
from ledger.record import Record
from ledger.transaction import SignedTransaction, Target, Transaction, sign
from nodes.access import open_for_reading, open_for_writing
from nodes.checkpoints import sign_current
from nodes.delivery import fetch_all, hand_on
from nodes.documents.model import Document
from nodes.engines.solo import Done, SoloEngine
from nodes.home import Home
from nodes.inbox import Fetched
from nodes.issuing import Issue, issue_arguments
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.parcel import Attachment, DocumentPackage, Note, Parcel
from nodes.reader import LedgerReader
from nodes.vault import NoDocument, Vault

__all__ = ["ActReport", "Desk", "NoKeys"]

VALID_FOR = 3_600_000
"""How long a transaction may wait to be included, in milliseconds of ledger time: one hour."""


class NoKeys(UsageError):
    """This home has no keys, so nothing can be signed in it."""

    code = "desk.no_keys"
    hint = "run the command in a member's home (`--home`); an auditor's home only reads"


@dataclass(frozen=True, slots=True)
class ActReport:
    """What an act did: its entry, the record after it, and to whom documents were handed on."""

    done: Done
    record: Record
    handed_on: tuple[bytes, ...] = ()


class Desk:
    """One member at work. `clock` gives Unix milliseconds, `random_bytes` fresh randomness."""

    def __init__(
        self,
        home: Home,
        keys: MemoryKeyStore | None,
        *,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.home = home
        self._keys = keys
        self._clock = clock
        self._random = random_bytes

    @property
    def keys(self) -> MemoryKeyStore:
        """The member's keys. Raises `NoKeys` in a home without any."""
        if self._keys is None:
            raise NoKeys(f"the home {self.home.folder} has no keys", value=str(self.home.folder))
        return self._keys

    @property
    def member(self) -> bytes:
        """The member's id. Raises `NoKeys`."""
        member = self.home.settings.member
        if member is None:
            raise NoKeys(f"the home {self.home.folder} is no member's", value=str(self.home.folder))
        return member

    @cached_property
    def vault(self) -> Vault:
        """The member's documents."""
        return Vault(self.home.vault_path, self.keys)

    @property
    def _inbox(self) -> Path:
        return self.home.operator_folder() / "inbox"

    def reading(self) -> Any:
        """The ledger for reading, as a context."""
        return open_for_reading(self.home)

    @contextmanager
    def writing(self, purpose: str) -> Any:
        """The ledger for writing, as a context; an operator signs the checkpoint at its end."""
        with open_for_writing(self.home, self._clock, purpose=purpose) as engine:
            yield engine
            if self.home.settings.operator and self._keys is not None:
                sign_current(engine.store, engine.reader.genesis.origin, self._keys)

    def fetch(self) -> list[Fetched]:
        """Take what waits in the inbox into the vault."""
        with open_for_reading(self.home) as reader:
            return fetch_all(self._inbox, self.vault, self.keys, self.member, reader)

    def build(
        self,
        engine_rules: Rules,
        reader: LedgerReader,
        record: Record | None,
        action: str,
        arguments: Mapping[str, Any],
        *,
        at: tuple[int, bytes] | None = None,
        valid_for: int = VALID_FOR,
    ) -> SignedTransaction:
        """Build and sign the transaction of one act; `at` signs on another (sequence, head) than the record's."""
        kind, _, name = action.partition(".")
        version = record.version if record is not None else engine_rules.table(kind).version
        targets: tuple[Target, ...] = ()
        if record is not None:
            sequence, head = at or (record.sequence, record.head)
            targets = (Target(record.id, sequence, head),)
        transaction = Transaction(
            ledger=reader.genesis.id,
            targets=targets,
            action=action,
            arguments=dict(arguments),
            actor=self.member,
            represented=None,
            statement=f"{kind}.{name}@{version}",
            valid_until=self._clock() + valid_for,
            salt=self._random(32),
        )
        return sign(transaction, self.keys.signer(KeyName.SIGNING))

    def submit(self, engine: SoloEngine, signed: SignedTransaction) -> ActReport:
        """Submit one transaction. Raises the refusal."""
        result = engine.submit([signed.entry])[0]
        if isinstance(result, LadingError):
            raise result
        return ActReport(result, engine.reader.record(result.record))

    def issue(
        self,
        document: Document,
        *,
        to: bytes | None = None,
        bound_to: Sequence[bytes] = (),
        until: int | None = None,
        law: str = "",
        place: str = "",
        attachments: Sequence[Attachment] = (),
    ) -> ActReport:
        """Issue the record of a document, and hand the document on to its first holder."""
        record_id, secret = self._random(32), self._random(32)
        hashes = tuple(file.ref.sha256 for file in attachments)
        choice = Issue(record_id, secret, to, bound_to, until, law, place, hashes)
        with self.writing("issue") as engine:
            reader: LedgerReader = engine.reader
            members = reader.members()
            table = engine.rules.table(document.kind.value)
            arguments = issue_arguments(
                document, choice, reader.record(self.member), members, table, engine.ledger_id, engine.rules.parameters
            )
            signed = self.build(engine.rules, reader, None, f"{document.kind.value}.issue", arguments)
            # The document is on disk before its commitment is: a crash in between leaves a document
            # without a record, never a record without its document.
            self._keep(record_id, document, secret, attachments)
            try:
                report = self.submit(engine, signed)
            except LadingError:
                self.vault.forget(record_id)
                raise
            receivers = self._receivers(report.record, bound_to, engine)
            handed = [self._hand_on(record_id, receiver, engine.reader) for receiver in receivers]
        return ActReport(report.done, report.record, tuple(handed))

    def act(
        self,
        record: Record,
        action: str,
        arguments: Mapping[str, Any],
        *,
        reason: str = "",
        at: tuple[int, bytes] | None = None,
        valid_for: int = VALID_FOR,
    ) -> ActReport:
        """Do one action on a record; documents go on with an offer, the text of a reason with a refusal."""
        filled = dict(arguments)
        note = self._note(reason)
        if note is not None:
            filled["reason"] = note.commitment
        with self.writing(action) as engine:
            signed = self.build(
                engine.rules, engine.reader, record, f"{record.kind}.{action}", filled, at=at, valid_for=valid_for
            )
            report = self.submit(engine, signed)
            if note is not None:
                self.vault.add_note(record.id, note)
                self._send_note(note, report.record, engine.reader)
            to = filled.get("to")
            if type(to) is not bytes:
                return report
            handed = self.hand_on(record.id, to, engine.reader)
        return ActReport(report.done, report.record, (to,) if handed else ())

    def hand_on(self, record_id: bytes, to: bytes, reader: LedgerReader) -> int:
        """Hand on the documents of a record, and those bound to it, to a member; how many parcels went."""
        count = 0
        for bound in [record_id, *self._bound(record_id, reader)]:
            try:
                self._hand_on(bound, to, reader)
            except NoDocument:
                continue
            count += 1
        return count

    def _hand_on(self, record_id: bytes, to: bytes, reader: LedgerReader) -> bytes:
        parcel = self.vault.parcel(record_id)
        hand_on(self._inbox, parcel, record_id, self.member, reader.record(to), self.keys, reader.genesis.id)
        return to

    def _bound(self, record_id: bytes, reader: LedgerReader) -> list[bytes]:
        """The records in this vault that are bound to a record."""
        found = []
        for entry in self.vault.entries():
            other = reader.find(entry.record_id)
            if other is not None and record_id in other.fields.get("bound_to", []) and other.id not in found:
                found.append(other.id)
        return found

    def _receivers(self, record: Record, bound_to: Sequence[bytes], engine: SoloEngine) -> list[bytes]:
        """Who gets a new record's document: its first holder, its parties, who controls what it is bound to."""
        wanted = [record.pending.party if record.pending else None, record.fields.get("buyer")]
        wanted.append(record.fields.get("consignee"))
        for bound in bound_to:
            other = engine.reader.find(bound)
            wanted.append(None if other is None else other.controller)
        members = [party for party in wanted if party is not None and party != self.member]
        return [
            party
            for party in dict.fromkeys(members)
            if (found := engine.reader.find(party)) is not None and found.kind == "member"
        ]

    def _keep(self, record_id: bytes, document: Document, secret: bytes, attachments: Sequence[Attachment]) -> None:
        refs = tuple(
            self.vault.add_attachment(record_id, file.name, file.media_type, file.content) for file in attachments
        )
        labels = {"number": document.facts.number, "issuer": document.facts.issuer.name}
        package = DocumentPackage(document.kind.value, document.media_type, document.original, secret, labels, refs)
        self.vault.put(record_id, package)

    def _note(self, reason: str) -> Note | None:
        if not reason:
            return None
        salt = self._random(32)
        return Note(note_commitment(salt, reason), reason, salt)

    def _send_note(self, note: Note, record: Record, reader: LedgerReader) -> None:
        """The text of a reason goes to who is in control and who issued the record."""
        for party in dict.fromkeys((record.controller, record.issuer)):
            if party is None or party == self.member:
                continue
            parcel = Parcel(None, (), (note,))
            hand_on(self._inbox, parcel, record.id, self.member, reader.record(party), self.keys, reader.genesis.id)
