"""A ledger in memory that tests play on: every act is signed, admitted, judged and committed.

    game = Game()                                              # carrier, shipper, bank, buyer, certifier, stranger
    bill = game.issue_bill(to="shipper")                       # gives the id of the record
    game.act("shipper", "accept", bill)
    assert game.act("bank", "offer", bill, to="buyer", mode="possession").code == "rule.controller_signs"
    assert game.record(bill).controller == game.id("shipper")

Members are named by alias wherever a party is asked for. An action is named alone ("accept": the kind is that
of the record) or with its kind ("bill_of_lading.issue"). Time stands still until `game.tick(milliseconds)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from support.members import Key, Member, digest, members

from contracts.apply import Accepted, BatchOutcome, apply_batch
from contracts.founding import founding_outcome, founding_texts, rules_of
from contracts.governance import follow
from contracts.parameters import agreed_spans
from contracts.table import RuleTable
from contracts.table_yaml import parse_table
from ledger.chain import Batch, Chain, LogEntry
from ledger.errors import LadingError
from ledger.genesis import Genesis, TableRef
from ledger.hashing import ledger_record, number_key
from ledger.merkle import leaf_hash
from ledger.record import Record
from ledger.transaction import SignedTransaction, Target, Transaction, admit, sign

__all__ = ["HOUR", "RULEBOOK", "START", "Game", "Outcome", "base_tables", "genesis_of", "refused", "shipped_tables"]

START = 1_764_000_000_000
"""Ledger time of height 0: 2025-11-24T16:00:00Z."""
HOUR = 3_600_000
RULEBOOK = digest("rulebook")
BASE = ("bill_of_lading", "certificate", "invoice", "member")
TABLES = Path(__file__).resolve().parents[2] / "contracts" / "tables"


@cache
def shipped_tables() -> tuple[RuleTable, ...]:
    """The tables of `contracts/tables`, in the order of their kinds."""
    return tuple(parse_table(path.read_bytes()) for path in sorted(TABLES.glob("*.yaml")))


@cache
def base_tables() -> tuple[RuleTable, ...]:
    """The tables of a small trade alone, for tests that count entries: other kinds come and go without them."""
    return tuple(table for table in shipped_tables() if table.kind in BASE)


def genesis_of(
    founders: Iterable[Member],
    governors: Sequence[str] = (),
    tables: Iterable[RuleTable] | None = None,
    parameters: Mapping[str, str] | None = None,
    policy: str = "quorum none\n",
) -> Genesis:
    """A genesis with these founders; without `governors` the first founder alone governs."""
    founders = tuple(founders)
    ids = {member.alias: member.id for member in founders}
    return Genesis(
        origin="ledger.example/test",
        created=START,
        members=tuple(member.card for member in founders),
        governors=tuple(ids[alias] for alias in governors) or (founders[0].id,),
        policy=policy,
        tables=tuple(
            TableRef(table.kind, table.version, sha256(table.encode()).digest())
            for table in (shipped_tables() if tables is None else tables)
        ),
        parameters={"rulebook": RULEBOOK.hex()} if parameters is None else parameters,
    )


@dataclass(frozen=True)
class Outcome:
    """What became of an act: `code` is "" if it was accepted, else that of `error`."""

    signed: SignedTransaction | None
    accepted: Accepted | None
    error: LadingError | None

    @property
    def code(self) -> str:
        return "" if self.error is None else self.error.code

    @property
    def message(self) -> str:
        return "" if self.error is None else self.error.message

    @property
    def index(self) -> int:
        """The entry's index in the log; fails with the refusal if there is none."""
        if self.accepted is None:
            raise AssertionError(f"refused: {self.error!r}")
        return self.accepted.index


def refused(outcome: Outcome, code: str) -> LadingError:
    """The error of an act that must be refused with `code`, and say what to do."""
    assert outcome.error is not None, f"accepted as entry {outcome.index}, should be {code}"
    assert outcome.code == code, outcome.error
    assert outcome.error.hint.strip(), outcome.code
    assert outcome.message.strip(), outcome.code
    return outcome.error


class Game:
    """A ledger, its members and their keys."""

    def __init__(
        self,
        roles: dict[str, Iterable[str]] | None = None,
        *,
        governors: Sequence[str] = (),
        tables: Sequence[RuleTable] | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self.tables = shipped_tables() if tables is None else tuple(tables)
        self.members = members(roles)
        self.genesis = genesis_of(self.members.values(), governors, self.tables, parameters)
        self.ledger = self.genesis.id
        self.rules = rules_of(self.genesis, self.tables)
        self.time = START
        self.chain = Chain.empty()
        self.batches: list[Batch] = []
        self.records: dict[bytes, Record] = {}
        self.numbers: dict[bytes, bytes] = {}
        self._drawn = 0
        texts = [text.encode() for text in founding_texts(self.genesis, self.tables)]
        self._write(
            [LogEntry(text, leaf_hash(text), ()) for text in texts], founding_outcome(self.genesis, self.tables)
        )

    # The state, as `contracts.apply.StateView` reads it

    def record(self, record_id: bytes) -> Any:
        """A record, or None (`Any`, so that tests need not say each time that it is there)."""
        return self.records.get(record_id)

    def number(self, key: bytes) -> bytes | None:
        """The record that holds a number."""
        return self.numbers.get(key)

    def id(self, alias: str) -> bytes:
        """The id of a member."""
        return self.members[alias].id

    def tick(self, milliseconds: int = HOUR) -> int:
        """Let time pass."""
        self.time += milliseconds
        return self.time

    def fresh(self, *words: object) -> bytes:
        """32 new bytes; the same in every run that draws in the same order."""
        self._drawn += 1
        return digest("fresh", self._drawn, *words)

    # Acts

    def transaction(
        self,
        who: str,
        action: str,
        record: bytes | None = None,
        /,
        *,
        changes: Mapping[str, Any] | None = None,
        **args: Any,
    ) -> Transaction:
        """An act of `who`, unsigned; `changes` replace elements of the transaction."""
        found = None if record is None else self.record(record)
        if "." not in action:
            action = f"{found.kind}.{action}"
        kind, _, name = action.partition(".")
        version = self.rules.standing(found)[0] if found else self.rules.current.get(kind, 1)
        known = self.rules.action(kind, version, name)
        own = known is not None and known.action.targets == "ledger"
        targets = [one for one in (found, self.record(ledger_record(self.ledger)) if own else None) if one is not None]
        parties = {key for key, of in known.action.arguments.items() if of.type == "party"} if known else set()
        spans = agreed_spans(known.action, self.rules.parameters) if known else {}
        fields: dict[str, Any] = {
            "ledger": self.ledger,
            "targets": tuple(Target(one.id, one.sequence, one.head) for one in targets),
            "action": action,
            "arguments": {
                name: self.members[value].id if name in parties and value in self.members else value
                for name, value in {**spans, **args}.items()
                if value is not None
            },
            "actor": self.id(who),
            "represented": None,
            "statement": f"{action}@{version}",
            "valid_until": self.time + 24 * HOUR,
            "salt": self.fresh("salt"),
        }
        return Transaction(**{**fields, **(changes or {})})

    def signed(self, who: str, action: str, record: bytes | None = None, /, *, also: Iterable[str | Key] = (),
               key: Key | None = None, **args: Any) -> SignedTransaction:  # fmt: skip
        """An act signed by `who` (with `key` instead of its own), and by the members or keys in `also`."""
        signers: list[Callable[[bytes], tuple[int, bytes, bytes]]] = [(key or self.members[who]).sign]
        signers += [(self.members[one] if isinstance(one, str) else one).sign for one in also]
        return sign(self.transaction(who, action, record, **args), *signers)

    def act(self, who: str, action: str, record: bytes | None = None, /, **more: Any) -> Outcome:
        """Sign an act and submit it; `more` is that of `signed`."""
        return self.submit(self.signed(who, action, record, **more))[0]

    def submit(self, *transactions: SignedTransaction | bytes) -> list[Outcome]:
        """Admit and judge in one batch; what is accepted is committed."""
        outcomes: list[Outcome] = []
        admitted = []
        for given in transactions:
            try:
                signed = admit(given if isinstance(given, bytes) else given.entry, self.ledger)
                admitted.append((len(outcomes), signed))
                outcomes.append(Outcome(signed, None, None))
            except LadingError as error:
                outcomes.append(Outcome(None, None, error))
        batch = apply_batch(
            self.rules, self, [signed for _, signed in admitted], self.time, self.chain.size, len(self.batches)
        )
        for done in batch.accepted:
            outcomes[admitted[done.position][0]] = Outcome(done.signed, done, None)
        for refused in batch.refused:
            outcomes[admitted[refused.position][0]] = Outcome(refused.signed, None, refused.error)
        if batch.accepted:
            self._write([_entry(done) for done in batch.accepted], batch)
            self.rules = follow(self.rules, batch, self, self.ledger)
        self.rules = self.rules.at(len(self.batches))
        return outcomes

    def done(self, who: str, action: str, record: bytes | None = None, /, **more: Any) -> Outcome:
        """An act that must be accepted."""
        outcome = self.act(who, action, record, **more)
        assert outcome.error is None, f"{who} {action}: {outcome.error!r}"
        return outcome

    def patch(self, record_id: bytes, **changes: Any) -> None:
        """Set elements of a record as no action of these tables does (a hold, a lock); the log knows nothing of it."""
        record = self.record(record_id).copy()
        for name, value in changes.items():
            setattr(record, name, value)
        self.records[record_id] = record

    # Usual records

    def number_argument(self, issuer: str, number: str, kind: str = "bill_of_lading") -> dict[str, Any]:
        """The argument `number` of an issue."""
        declared = self.rules.table(kind).number
        assert declared is not None
        key = number_key(self.ledger, declared.cls, self.id(issuer), number)
        return {"at": declared.at, "class": declared.cls, "key": key}

    def bill_arguments(self, **changes: Any) -> dict[str, Any]:
        """Arguments of `bill_of_lading.issue` by the carrier: to order of the shipper. None takes one out."""
        record = self.fresh("bill")
        issuer = changes.pop("issuer", "carrier")
        args = {
            "record": record,
            "document": digest("document", record.hex()),
            "number": self.number_argument(issuer, changes.pop("number_text", record.hex()[:12])),
            "to": "shipper",
            "form": "order",
            "order_party": "shipper",
            "rulebook": RULEBOOK,
            "law": "SG",
            "clause": "BIMCO-EBILL-2025",
            "place": "CNSHA",
        }
        return {**args, **changes}

    def issue_bill(self, **changes: Any) -> bytes:
        """A bill that the carrier has issued; `changes` are of `bill_arguments`. Gives its id."""
        args = self.bill_arguments(**changes)
        self.done(changes.get("issuer", "carrier"), "bill_of_lading.issue", **args)
        return bytes(args["record"])

    def held_bill(self, holder: str = "shipper", **changes: Any) -> bytes:
        """A bill that `holder`, its first holder, has accepted; to its order unless `changes` say otherwise."""
        if changes.get("form", "order") == "order":
            changes.setdefault("order_party", holder)
        bill = self.issue_bill(**{"to": holder, **changes})
        self.done(holder, "accept", bill)
        return bill

    def pass_on(self, bill: bytes, holder: str, to: str, mode: str = "endorse") -> None:
        """`holder` offers the bill, and `to` accepts it."""
        self.done(holder, "offer", bill, to=to, mode=mode)
        self.done(to, "accept", bill)

    def issue(self, who: str, kind: str, **changes: Any) -> bytes:
        """An invoice, a certificate or a waybill. Gives its id."""
        record = self.fresh(kind)
        args: dict[str, Any] = {
            "record": record,
            "document": digest("document", record.hex()),
            "number": self.number_argument(who, record.hex()[:12], kind),
        }
        if kind == "sea_waybill":
            args |= {"law": "SG", "place": "CNSHA"}
        self.done(who, f"{kind}.issue", **{**args, **changes})
        return record

    def enrol(self, new: Member, *governors: str, **changes: Any) -> Outcome:
        """The first of `governors` enrols `new`, and the others sign too; `changes` replace arguments."""
        args = {"record": new.id, **new.card.fields(), **changes}
        outcome = self.act(governors[0], "member.enrol", also=governors[1:], **args)
        if outcome.accepted is not None:
            self.members[new.alias] = new
        return outcome

    def _write(self, entries: list[LogEntry], outcome: BatchOutcome) -> None:
        self.batches.append(self.chain.extend(entries, outcome.items(), self.time))
        self.records |= {record_id: record for record_id, (_, record) in outcome.records.items()}
        self.numbers |= {key: record_id for key, (_, record_id) in outcome.numbers.items()}


def _entry(done: Accepted) -> LogEntry:
    return LogEntry(done.signed.entry, done.signed.leaf, done.previous)
