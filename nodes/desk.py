"""A member's desk: what one organisation does with its home, its keys and a ledger on this machine.

    desk = Desk(home, keys, clock=now_ms, random_bytes=os.urandom)
    desk.act(record, "offer", {"to": bank, "mode": "endorse"})

Every act goes the same way: the transaction is built on the record as the member has seen it, shown to the
person (`before_signing`), signed with the member's key, judged and committed under the ledger's lock; then the
documents go to the next party's inbox (`courier.py`), and the operator signs the checkpoint.

Documents and the texts of reasons are on disk before the commitment to them is on the ledger: a crash in between
leaves a text without an act, never an act without its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from contracts.parameters import agreed_spans
from contracts.replay import statement_version
from ledger.errors import InputError, LadingError, RefusedError, UsageError
from ledger.hashing import ledger_record, note_commitment
from ledger.record import Record
from ledger.succession import made_by
from ledger.transaction import SignedTransaction, Target, Transaction, sign
from nodes.access import open_for_reading, open_for_writing
from nodes.checkpoints import check_not_behind, sign_current
from nodes.cosigned import Cosigned
from nodes.courier import Courier, HandedOn, concerned, members_behind, receivers
from nodes.documents.model import Document
from nodes.documents.read import read_as
from nodes.engines.solo import Done, SoloEngine
from nodes.home import Home
from nodes.inbox import Fetched
from nodes.issuing import Issue, beginning, issue_arguments
from nodes.keystore import KeyName, MemoryKeyStore
from nodes.parcel import Attachment, DocumentPackage, Note, Parcel
from nodes.reader import LedgerReader
from nodes.release_order import check_release_order
from nodes.trial import refusal
from nodes.vault import NoDocument, Vault

__all__ = ["VALID_FOR", "ActReport", "BeforeSigning", "Desk", "NoKeys", "Prepared", "label"]

VALID_FOR: Final = 3_600_000
"""How long a transaction may wait to be included, in milliseconds of ledger time: one hour."""

BeforeSigning = Callable[[Transaction, LedgerReader], None]
"""Is given what is about to be signed, so that the person can read it; raises if it must not be signed."""


class NoKeys(UsageError):
    """This home has no keys, so nothing can be signed in it."""

    code = "desk.no_keys"
    hint = "run the command in a member's home (`--home`); an auditor's home only reads"


@dataclass(frozen=True, slots=True)
class ActReport:
    """What an act did: its entry, the record after it, to whom documents were handed on, and what could not be."""

    done: Done
    record: Record
    handed_on: tuple[bytes, ...] = ()
    undelivered: tuple[LadingError, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """An act that only has to be signed, with the notes that it commits to and the parcels of records that it makes."""

    records: tuple[Record, ...]
    action: str
    arguments: Mapping[str, Any]
    notes: tuple[Note, ...] = ()
    parcels: Mapping[bytes, Parcel] = field(default_factory=dict)


class Desk:
    """One member at work. `clock` gives Unix milliseconds, `random_bytes` fresh randomness."""

    def __init__(
        self,
        home: Home,
        keys: MemoryKeyStore | None,
        *,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
        before_signing: BeforeSigning | None = None,
    ) -> None:
        self.home = home
        self.before_signing: BeforeSigning = before_signing or (lambda transaction, reader: None)
        self.represented: bytes | None = None
        """For whom this member acts, by a mandate; for itself if None."""
        self._keys = keys
        self._clock = clock
        self._random = random_bytes
        self._issuing: dict[bytes, str] = {}
        self._texts: dict[bytes, str] = {}

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

    @property
    def party(self) -> bytes:
        """Whose acts they are: the member's own, or those of whom it represents."""
        return self.member if self.represented is None else self.represented

    @cached_property
    def vault(self) -> Vault:
        """The member's documents."""
        return Vault(self.home.vault_path, self.keys)

    @cached_property
    def courier(self) -> Courier:
        """Who takes this member's documents to others, and theirs to it."""
        return Courier(self.home.operator_folder() / "inbox", self.vault, self.keys, self.member)

    def number_of(self, record_id: bytes) -> str:
        """The number of a record's document where this member has it, else an empty string."""
        if record_id in self._issuing or self._keys is None:
            return self._issuing.get(record_id, "")
        try:
            return self.vault.get(record_id).labels.get("number", "")
        except LadingError:  # whatever is wrong with the document, the record is known by its id
            return ""

    def text_of(self, commitment: bytes) -> str:
        """The text to which an act that is about to be signed commits, where it is at hand, else an empty string."""
        return self._texts.get(commitment, "")

    def reading(self) -> AbstractContextManager[LedgerReader]:
        """The ledger for reading, as a context."""
        return open_for_reading(self.home)

    @contextmanager
    def writing(self, purpose: str) -> Iterator[SoloEngine]:
        """The ledger for writing, as a context; an operator signs the checkpoint at its end.

        An operator does nothing on a ledger that was put back: raises `nodes.checkpoints.LogWentBack`.
        """
        memory = Cosigned(self.home.cosigner_path)
        with open_for_writing(self.home, self._clock, purpose=f"lading {purpose}") as engine:
            origin = engine.reader.genesis.origin
            if self.home.settings.operator:
                check_not_behind(engine.store, origin, memory)
            yield engine
            if self.home.settings.operator and self._keys is not None:
                sign_current(engine.store, origin, self._keys, memory)

    def fetch(self) -> list[Fetched]:
        """Take what waits in the inbox into the vault."""
        with self.reading() as reader:
            return self.courier.fetch(reader)

    def build(
        self,
        reader: LedgerReader,
        records: Record | Sequence[Record] | None,
        action: str,
        arguments: Mapping[str, Any],
        *,
        valid_for: int = VALID_FOR,
    ) -> SignedTransaction:
        """Build, show and sign the transaction of one act, named with its kind, on records as they are given.

        A span of time that is no shorter than a parameter is as long as that, unless it is given. `valid_for` is in
        milliseconds.
        """
        targets: list[Record] = [records] if isinstance(records, Record) else list(records or ())
        rules, (kind, _, name) = reader.rules, action.partition(".")
        version = rules.standing(targets[0])[0] if targets else rules.table(kind).version
        compiled = rules.action(kind, version, name)
        if compiled is not None and compiled.action.targets == "ledger" and len(targets) == 1:
            targets.append(reader.record(ledger_record(reader.genesis.id)))
        spans = {} if compiled is None else agreed_spans(compiled.action, rules.parameters)
        transaction = Transaction(
            ledger=reader.genesis.id,
            targets=tuple(Target(record.id, record.sequence, record.head) for record in targets),
            action=action,
            arguments={**spans, **arguments},
            actor=self.member,
            represented=self.represented,
            statement=f"{action}@{version}",
            valid_until=self._clock() + valid_for,
            salt=self._random(32),
        )
        self.before_signing(transaction, reader)
        return sign(transaction, self.keys.signer(KeyName.SIGNING))

    def submit(self, engine: SoloEngine, signed: SignedTransaction) -> ActReport:
        """Submit one transaction. Raises the refusal."""
        result = engine.submit([signed.entry])[0]
        if isinstance(result, LadingError):
            raise result
        return ActReport(result, engine.reader.record(result.record))

    def issue(
        self,
        document: Document | None,
        *,
        kind: str = "",
        action: str = "",
        to: bytes | None = None,
        bound_to: Sequence[bytes] = (),
        until: int | None = None,
        law: str = "",
        place: str = "",
        attachments: Sequence[Attachment] = (),
        given: Mapping[str, Any] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> ActReport:
        """Issue the record of a document, and hand the document on to its first holder.

        Without a document a record of `kind`. `action` is the one that makes it, where that is not `issue`; `given`
        are further arguments by name, `texts` those to which arguments of their names commit.
        """
        kind = kind if document is None else str(document.kind)
        record_id, secret = self._random(32), self._random(32)
        self._issuing[record_id] = "" if document is None else label(document.facts.number)
        hashes = tuple(file.ref.sha256 for file in attachments)
        notes = {name: self.note(text) for name, text in (texts or {}).items() if text}
        filled = {**(given or {}), **{name: note.commitment for name, note in notes.items()}}
        choice = Issue(record_id, secret, to, bound_to, until, law, place, hashes, filled)
        with self.writing("issue") as engine:
            reader = engine.reader
            members, table = reader.members(), reader.rules.table(kind)
            first = beginning(table, action)
            arguments = issue_arguments(
                document, choice, reader.record(self.party), members, table, first, engine.ledger_id,
                reader.rules.parameters,
            )  # fmt: skip
            if document is not None and document.facts.container:
                self._check_release_order(document, arguments)
            signed = self.build(reader, None, f"{kind}.{first.name}", arguments)
            try:
                if document is not None:
                    self._keep(record_id, document, secret, attachments)
                for note in notes.values():
                    self.vault.add_note(record_id, note)
                report = self.submit(engine, signed)
            except (RefusedError, InputError) as refused:  # nothing of it is on the ledger; after others it may be
                self.vault.forget(record_id)
                if document is not None and refused.code == "rule.number_is_new":
                    refused.value = document.facts.number
                raise
            handed = self.courier.hand_on(record_id, receivers(report.record, bound_to, reader), reader)
        return _report(report, handed)

    def act(
        self,
        record: Record,
        action: str,
        arguments: Mapping[str, Any],
        *,
        reason: str = "",
    ) -> ActReport:
        """Do one action on a record as the member has seen it.

        Documents go on with an offer, the text of a reason with a refusal. Raises `Stale`, naming the entry that
        won, if the record has moved on since.
        """
        return self.perform(self.prepare([record], action, arguments, texts={"reason": reason}))

    def prepare(
        self,
        records: Sequence[Record],
        action: str,
        arguments: Mapping[str, Any],
        *,
        texts: Mapping[str, str] | None = None,
        parcels: Mapping[bytes, Parcel] | None = None,
    ) -> Prepared:
        """One action on records of a kind; `texts` are those to which arguments of their names commit, by name."""
        notes = {name: self.note(text) for name, text in (texts or {}).items() if text}
        filled = {**arguments, **{name: note.commitment for name, note in notes.items()}}
        kept = tuple(notes.values())
        packed = {made: Parcel(one.document, one.attachments, kept) for made, one in (parcels or {}).items()}
        return Prepared(tuple(records), f"{records[0].kind}.{action}", filled, kept, packed)

    def perform(self, prepared: Prepared) -> ActReport:
        """Sign what was prepared, and submit it; what goes with it is kept before, and handed on after."""
        with self.writing(prepared.action.partition(".")[2]) as engine:
            self.name_made(prepared.parcels)
            signed = self.build(engine.reader, prepared.records, prepared.action, prepared.arguments)
            kept = bool(prepared.notes or prepared.parcels)
            if kept and refusal(engine.reader, signed, self._clock()) is None:  # nothing is kept of what is refused
                self.keep(prepared)
            report = self.submit(engine, signed)
            return self.hand_on(report, signed.transaction, prepared.notes, engine.reader)

    def keep(self, prepared: Prepared) -> None:
        """Put into the vault what goes with an act: its notes, and the documents of the records that it makes."""
        self.name_made(prepared.parcels)
        for record in prepared.records:
            for note in prepared.notes:
                self.vault.add_note(record.id, note)
        for made, parcel in prepared.parcels.items():
            self.vault.take(made, parcel)

    def hand_on(
        self, report: ActReport, transaction: Transaction, notes: Sequence[Note], reader: LedgerReader
    ) -> ActReport:
        """Give the documents and notes of an act that was done to those whom it concerns."""
        handed, made = HandedOn(), made_by(transaction)
        named = [] if made else members_behind(_parties_named(transaction, reader), reader)
        for target in transaction.targets:
            handed.add(self.courier.hand_on(target.record, [one for one in named if one != self.member], reader))
        changed = made if transaction.targets else []
        if not made and "document" in transaction.arguments:
            changed = [target.record for target in transaction.targets]
        for one in changed:
            parties = concerned(reader.record(one), reader)  # but for those who have them, since they made them
            to = [party for party in parties if party not in (self.member, transaction.actor)]
            handed.add(self.courier.hand_on(one, to, reader))
        for note in () if made else notes:  # those of a successor went with its document
            for target in transaction.targets:
                handed.errors += self.courier.send_note(note, reader.record(target.record), reader)
        return _report(report, handed)

    def name_made(self, parcels: Mapping[bytes, Parcel]) -> None:
        """Remember the numbers of records that an act is about to make, and its texts, so that they can be shown."""
        for made, parcel in parcels.items():
            texts = ((note_commitment(note.salt, note.text), note.text) for note in parcel.notes)  # as they hash here
            self._texts.update(texts)
            self._issuing[made] = "" if parcel.document is None else parcel.document.labels.get("number", "")

    def _check_release_order(self, order: Document, arguments: Mapping[str, Any]) -> None:
        """Compare a delivery order with the document of its bill, where this member has it."""
        try:
            package = self.vault.get(arguments["bill"])
        except NoDocument:
            return
        check_release_order(order, read_as(package.kind, package.original))

    def _keep(self, record_id: bytes, document: Document, secret: bytes, attachments: Sequence[Attachment]) -> None:
        refs = tuple(
            self.vault.add_attachment(record_id, file.name, file.media_type, file.content) for file in attachments
        )
        labels = {"number": label(document.facts.number), "issuer": label(document.facts.issuer.name)}
        package = DocumentPackage(str(document.kind), document.media_type, document.original, secret, labels, refs)
        self.vault.put(record_id, package)

    def note(self, text: str) -> Note:
        """A text that an act commits to, with fresh randomness."""
        salt = self._random(32)
        Note(salt, text, salt).check()  # before it is hashed: what a shell hands over need not be Unicode
        note = Note(note_commitment(salt, text), text, salt)
        self._texts[note.commitment] = text
        return note

    def fresh(self) -> bytes:
        """32 random bytes, for the id of a record or the secret of a document."""
        return self._random(32)

    def now(self) -> int:
        """The clock, in Unix milliseconds."""
        return self._clock()


def _parties_named(transaction: Transaction, reader: LedgerReader) -> list[bytes]:
    """The parties that an act on a record names: it is offered, pledged or presented to them."""
    kind, _, name = transaction.action.partition(".")
    table = reader.rules.tables.get((kind, statement_version(transaction.statement) or 0))
    action = None if table is None else table.actions.get(name)
    declared = {} if action is None else action.arguments
    values = transaction.arguments
    return [values[one] for one, of in declared.items() if of.type == "party" and type(values.get(one)) is bytes]


def _report(report: ActReport, handed: HandedOn) -> ActReport:
    return ActReport(report.done, report.record, tuple(handed.to), tuple(handed.errors))


def label(text: str) -> str:
    """A text of a document as a label, which is one line."""
    return "".join(mark for mark in text if mark.isprintable())[:255]
