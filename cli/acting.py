"""What every acting command does around its act: fetch the inbox, show what is signed, say what was done.

with acting(session) as work:
    record = work.record(word)
    work.act(record, "accept", {}, "accepted it")

An act that others have to sign too waits in the file that `--out` names, until `lading sign FILE` completes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ledger.errors import RefusedError, UsageError

from .context import Session, now_ms
from .output import Screen, moment, short
from .parties import party_facts
from .statement import show_statement

if TYPE_CHECKING:
    from ledger.record import Record
    from nodes.desk import ActReport, Desk, Prepared
    from nodes.inbox import Fetched
    from nodes.proposals import Proposal
    from nodes.reader import LedgerReader

__all__ = ["BadTimeSpan", "OneWay", "Work", "act_facts", "acting", "chosen", "fetch", "span_of", "time_of"]

_OTHERS_SIGN = frozenset({"controller_signs_too@1", "group_is_of_both@1", "title_stays_or_is_consented@1"})
"""Guards that ask for another member's signature on the same act."""
_UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class BadTimeSpan(UsageError):
    """Not a time, and not a span of time from now."""

    code = "usage.bad_time_span"
    hint = "write +90s, +90m, +12h or +3d, or a time such as 2026-03-01T12:00Z"


class OneWay(UsageError):
    """Options were given that do not go together, or none of those of which one is needed."""

    code = "usage.one_way"
    hint = "give one of them; `lading COMMAND --help` says what each does"


def chosen(**options: object) -> str:
    """The name of the one option that is given, or an empty string for none. Raises `OneWay` for several."""
    given = [name for name, value in options.items() if value]
    if len(given) > 1:
        raise OneWay(
            "these options do not go together", value=", ".join(f"--{name}" for name in given).replace("_", "-")
        )
    return given[0] if given else ""


def time_of(text: str | None) -> int | None:
    """A time in Unix milliseconds: ISO 8601, or a span from now such as `+3d`. Raises `BadTime`, `BadTimeSpan`."""
    from ledger.times import parse_iso

    if text is None or not text.startswith("+"):
        return None if text is None else parse_iso(text)
    return now_ms() + span_of(text)


def span_of(text: str) -> int:
    """A span of time such as `+3d`, in milliseconds. Raises `BadTimeSpan`."""
    number, unit = text[1:-1], text[-1:]
    if text[:1] != "+" or unit not in _UNITS or not number.isascii() or not number.isdigit() or len(number) > 6:
        raise BadTimeSpan("not a span of time", value=text)
    return int(number) * _UNITS[unit]


@dataclass(slots=True)
class Work:
    """An acting command at work: the desk, the ledger for reading, and what came with the inbox."""

    desk: Desk
    reader: LedgerReader
    screen: Screen
    arrived: list[dict[str, Any]]
    out: Path | None = None

    def record(self, word: str, at_sequence: int | None = None) -> Record:
        """The record that `word` means, as it is or as it was at a sequence. Raises `NoSuchRecord`, `Ambiguous`."""
        from nodes.lookup import as_of, find_record

        record = find_record(self.reader, word, self.desk.vault)
        return record if at_sequence is None else as_of(self.reader, record, at_sequence)

    def member(self, word: str) -> Record:
        """The member that `word` means. Raises `NoSuchMember` or `Ambiguous`."""
        from nodes.lookup import find_member

        return find_member(self.reader, word)

    def party(self, word: str) -> Record:
        """The member, or the group in joint control, that `word` means. Raises `NoSuchMember` or `Ambiguous`."""
        from nodes.lookup import find_party

        return find_party(self.reader, word)

    def act(
        self,
        record: Record,
        action: str,
        arguments: Mapping[str, Any],
        text: str,
        *,
        texts: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """Do one action on a record, and print it; `texts` are those to which arguments commit, by name."""
        given = {name: value for name, value in arguments.items() if value is not None}
        self.do(self.desk.prepare([record], action, given, texts=texts), text, **more)

    def do(self, prepared: Prepared, text: str, **more: Any) -> None:
        """Do what was prepared, and print it; or sign it alone, where others have to sign it too."""
        if self.out is None:
            self.done(self._performed(prepared), text, **more)
            return
        from nodes.proposals import propose

        self.go_on(propose(self.desk, self.reader, prepared), self.out, text, **more)

    def _performed(self, prepared: Prepared) -> ActReport:
        from contracts.refusals import RuleRefused

        try:
            return self.desk.perform(prepared)
        except RuleRefused as refused:
            if refused.guard in _OTHERS_SIGN:
                refused.hint = "give `--out FILE`, and let the others sign what is in it: `lading sign FILE`"
            raise

    def go_on(self, proposal: Proposal, file: Path, text: str, **more: Any) -> None:
        """Submit what enough members have signed; else keep it in the file for the next."""
        from nodes import proposals
        from nodes.files import write_atomic

        signed = proposal.signed
        missing, refused = "", None
        try:
            missing = proposals.waits_for(self.desk, self.reader, signed)
        except RefusedError as error:
            refused = error
        names = sorted(str(one.fields["alias"]) for one in proposals.signers(self.reader, signed))
        facts = {"action": signed.transaction.action, **more, "signed": names}
        if not missing:
            try:
                report = proposals.finish(self.desk, proposal)  # which may answer that it was done before
            except RefusedError as error:
                raise refused or error from None
            self.done(report, f"{text}{' (it was done before)' if report.done.repeated else ''}", **facts)
            return
        write_atomic(file, proposals.write_proposal(proposal))
        value = {**facts, "transaction": signed.id.hex(), "submitted": False, "missing": missing, "file": str(file)}
        lines = [f"{facts['action']} waits for more signatures: {missing}", f"  signed by: {', '.join(names)}"]
        lines += [f"  file: {file}", f"  transaction: {short(signed.id)}"]
        self.screen.result({**value, "arrived": self.arrived}, "\n".join(lines))

    def done(self, report: ActReport, text: str, **more: Any) -> None:
        """Print what an act did; `text` says it in words, `more` are further facts."""
        from nodes.lookup import members_among

        record, done = report.record, report.done
        pending = record.pending.party if record.pending else None
        members = members_among(self.reader, [record.controller, pending, *report.handed_on])
        aliases = [str(members[party].fields["alias"]) for party in report.handed_on]
        value = {**act_facts(report, members), **more, "handed_on": aliases, "arrived": self.arrived}
        lines = [text, f"  record: {record.kind} {short(record.id)}, {record.status}, sequence {record.sequence}"]
        lines.append(f"  entry: {done.index} at height {done.height}, {moment(done.time)}")
        lines += [f"  documents: to {', '.join(aliases)}"] if aliases else []
        self.screen.result(value, "\n".join(lines))
        for error in report.undelivered:
            self.screen.warn(f"done, but documents could not be handed on: {error.message}; `lading send` tries again")


def act_facts(report: ActReport, members: dict[bytes, Record]) -> dict[str, Any]:
    """An act for `--json`."""
    record, done = report.record, report.done
    pending = record.pending
    return {
        "record": record.id.hex(),
        "kind": record.kind,
        "status": record.status,
        "sequence": record.sequence,
        "head": record.head.hex(),
        "controller": party_facts(record.controller, members),
        "pending": None
        if pending is None
        else {
            "to": party_facts(pending.party, members),
            "mode": pending.mode,
            "until": None if pending.until is None else moment(pending.until),
            "purpose": pending.purpose,
        },
        "transaction": done.transaction.hex(),
        "entry": done.index,
        "height": done.height,
        "time": moment(done.time),
        "repeated": done.repeated,
    }


@contextmanager
def acting(session: Session) -> Iterator[Work]:
    """The desk of the home, its inbox fetched, its statements shown."""
    with session.desk() as desk:
        desk.before_signing = lambda transaction, reader: show_statement(session.screen, transaction, reader, desk)
        with desk.reading() as reader:
            arrived = fetch(desk, reader, session.screen)
            _announce(desk, reader, session.screen)
            work = Work(desk, reader, session.screen, arrived, session.out)
            if session.represented:
                desk.represented = work.member(session.represented).id
            yield work


def _announce(desk: Desk, reader: LedgerReader, screen: Screen) -> None:
    """Warn of a change of keys that was interrupted, of a key that ends soon, of a recovery to object to."""
    from nodes.enrolment import announcements
    from nodes.keystore import KeyName

    record = reader.find(desk.member)
    for said in () if record is None else announcements(record, now_ms()):
        screen.warn(said)
    if desk.keys.staged_key(KeyName.SIGNING) is not None:
        screen.warn("a change of the signing key was interrupted; `lading member rotate-key` finishes it")


def fetch(desk: Desk, reader: LedgerReader, screen: Screen, *, waiting: bool = False) -> list[dict[str, Any]]:
    """Fetch the inbox, and say on stderr what came; the same for `--json`, with `waiting` what has to wait too."""
    found = desk.courier.fetch(reader)
    arrived = [_arrival(one, reader) for one in found if waiting or one.outcome != "waiting"]
    for one in arrived:
        if one["outcome"] == "taken":
            what = ", ".join(one["brought"])
            screen.say(f"inbox: {what} of {one['kind']} {one['record'][:12]} from {one['from']}")
        else:
            what = "was put aside" if one["outcome"] == "rejected" else "has to wait"
            screen.warn(f"inbox: {one['file']} {what}: {one['error']}")
    return arrived


def _arrival(one: Fetched, reader: LedgerReader) -> dict[str, Any]:
    from nodes.lookup import alias_of, members_among

    value: dict[str, Any] = {"file": one.name, "outcome": one.outcome, "error": one.error.code if one.error else None}
    if one.opened is not None:
        parcel, address = one.opened.parcel, one.opened.address
        record = reader.find(address.record_id)
        value |= {
            "record": address.record_id.hex(),
            "kind": record.kind if record else None,
            "from": alias_of(address.sender, members_among(reader, [address.sender])),
            "brought": _contents(parcel.document is not None, len(parcel.attachments), len(parcel.notes)),
        }
    return value


def _contents(document: bool, attachments: int, notes: int) -> Sequence[str]:
    counted = ((attachments, "attachment"), (notes, "note"))
    found = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in counted if count]
    return ["the document", *found] if document else found
