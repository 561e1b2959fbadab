"""The chain of title of a record: who was in control from when to when, by which entry, signed by which key, why.

    period    since, until      ledger times, Unix milliseconds; `until` is None while it lasts
              party             who was in control; None after the end
              entry, key        the entry that began it, and the key that its actor signed it with
              why               "issued to {party}", "endorsed to the order of {party}", "handed over …", …

It is derived from the record's acts by the ledger's rules, never stored. Control passes when an offer is accepted;
an offer alone, or its refusal, is in the list of acts and begins no period.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import NotFoundError, UnverifiedError
from ledger.record import Pending, Record
from ledger.succession import acting_party
from ledger.times import iso
from ledger.transaction import SignedTransaction
from nodes.lookup import predecessors, successors
from nodes.past import founded_record, record_after
from nodes.reader import Act, LedgerReader

__all__ = [
    "Deed",
    "Endorsement",
    "NotKnownYet",
    "NotYetIssued",
    "Period",
    "Title",
    "check_known",
    "in_control",
    "issued_by",
    "read_lineage",
    "read_title",
    "record_as_of",
    "size_at",
]

_ISSUE: Final = "issue"
_TRANSFER: Final = "transfer"
_MODES: Final = {
    "endorse": "endorsed to the order of {party}",
    "blank": "endorsed in blank, and handed over to {party}",
    "possession": "handed over to {party}, possession only",
}
_PURPOSES: Final = {
    "finance": "financed by {party}",
    "pledge": "pledged to {party}",
    "surrender_for_delivery": "surrendered to {party} for delivery",
}
_BEGUN: Final = {"draft": "drafted by {party}", "receive_paper": "{party} took the paper bill back"}
"""Actions that make a record of what is no bill yet."""
_ACTIONS: Final = {
    "enforce": "pledge enforced by {party}",
    "order_transfer": "transferred to {party} by order of an authority",
    "release_pledge": "released from the pledge to {party}",
}
"""Actions by which control passes without an offer that is accepted."""
_ENDORSING: Final = frozenset({"endorse", "endorse_in_blank", "endorse_nominee", "enforce", "order_transfer"})
"""Actions that change to whose order a bill stands without an offer that is accepted."""


class NotYetIssued(NotFoundError):
    """The record did not exist at that time."""

    code = "title.not_yet_issued"
    hint = "`lading trace RECORD` says when it was issued"


class NotKnownYet(UnverifiedError):
    """The ledger says nothing about that time yet: an act before it may still come."""

    code = "title.not_known_yet"
    hint = "leave the time out for what the ledger knows now, or name a time that is not after its last commit"


@dataclass(frozen=True, slots=True)
class Deed:
    """One act with the record before and after it, and the key by which its actor signed."""

    act: Act
    before: Record | None
    after: Record
    key: bytes

    @property
    def action(self) -> str:
        """The action's name without the kind."""
        return self.act.signed.transaction.action.partition(".")[2]

    @property
    def actor(self) -> bytes:
        """The member that acted."""
        return self.act.signed.transaction.actor


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which one party, or nobody any more, was in control. `{party}` in `why` stands for its name."""

    since: int
    until: int | None
    party: bytes | None
    deed: Deed | None
    why: str


@dataclass(frozen=True, slots=True)
class Endorsement:
    """An endorsement that took effect; `to` is None for one in blank."""

    time: int
    entry: int
    by: bytes | None
    to: bytes | None


@dataclass(frozen=True, slots=True)
class Title:
    """A record with its acts, the periods of control, and the chain of endorsements, all from the first on."""

    record: Record
    deeds: tuple[Deed, ...]
    periods: tuple[Period, ...]
    endorsements: tuple[Endorsement, ...]


def read_title(reader: LedgerReader, record: Record) -> Title:
    """The chain of title of a record as it is now. Raises `StoreDamaged` where the log and the state disagree."""
    deeds = _deeds(reader, record)
    return Title(record, tuple(deeds), tuple(_periods(record, deeds)), tuple(_endorsements(deeds)))


def read_lineage(reader: LedgerReader, record: Record) -> tuple[tuple[Title, ...], Title, tuple[Title, ...]]:
    """The title of a record, those of the records whose place it took, the oldest first, and of those that took its."""
    before = [read_title(reader, reader.record(one)) for one in reversed(predecessors(reader, record))]
    after = [read_title(reader, reader.record(one)) for one in successors(reader, record)]
    return tuple(before), read_title(reader, record), tuple(after)


def issued_by(time: int, title: Title, before: Sequence[Title]) -> Title:
    """The title that was good at a ledger time: of the record itself, or of the newest before it that existed."""
    for one in (title, *reversed(before)):
        if one.periods[0].since <= time:
            return one
    return title


def in_control(title: Title, time: int) -> Period:
    """The period at a ledger time (Unix milliseconds). Raises `NotYetIssued` for a time before the first."""
    at = bisect_right([period.since for period in title.periods], time)
    if at == 0:
        raise NotYetIssued("the record did not exist at that time", value=time)
    return title.periods[at - 1]


def check_known(reader: LedgerReader, time: int) -> None:
    """Raises `NotKnownYet` for a ledger time after the last commit."""
    last = reader.head.time
    if time > last:
        raise NotKnownYet(f"{iso(time)} is not known yet: the ledger's last commit is of {iso(last)}", value=iso(time))


def size_at(reader: LedgerReader, time: int) -> int:
    """The size of the log after the last commit at or before a ledger time; 0 before the genesis.

    Raises `NotKnownYet` for a time after the last commit.
    """
    check_known(reader, time)
    low, high = 0, reader.head.height + 1
    while low < high:
        middle = (low + high) // 2
        if reader.commit_at(middle).time <= time:
            low = middle + 1
        else:
            high = middle
    return reader.commit_at(low - 1).index + 1 if low else 0


def record_as_of(reader: LedgerReader, record: Record, size: int) -> Record | None:
    """A record as it was in a log of `size` entries; None if it did not exist then."""
    if record.entry < size:
        return record
    acts = [act for act in reader.history(record) if act.index < size]
    founded = founded_record(reader, record.id) if size else None
    return record_after(reader, record.id, acts, founded)


def _listed(acts: Iterable[Act]) -> list[tuple[int, int, SignedTransaction]]:
    return [(act.index, act.time, act.signed) for act in acts]


def _deeds(reader: LedgerReader, record: Record) -> list[Deed]:
    keys: dict[bytes, set[bytes]] = {}
    found: list[Deed] = []
    before = founded_record(reader, record.id)
    for act in reader.history(record):
        after = record_after(reader, record.id, [act], before)
        if after is None:
            continue
        actor = act.signed.transaction.actor
        if actor not in keys:
            keys[actor] = {entry[1] for entry in reader.record(actor).fields["keys"]}
        own = [key for _, key, _ in act.signed.signatures if key in keys[actor]]
        found.append(Deed(act, before, after, own[0] if own else act.signed.signatures[0][1]))
        before = after
    return found


def _periods(record: Record, deeds: Sequence[Deed]) -> list[Period]:
    begun: list[tuple[int, bytes | None, Deed | None, str]] = []
    if not deeds or deeds[0].before is not None:
        first = deeds[0].before if deeds else record
        begun.append((first.since, first.controller, None, "{party} founded the ledger with others"))  # type: ignore[union-attr]
    for deed in deeds:
        before, after = deed.before, deed.after
        if before is None or (before.controller, before.since) != (after.controller, after.since):
            begun.append((deed.act.time, after.controller, deed, _why(deed)))
    ends = [since for since, *_ in begun[1:]]
    return [
        Period(since, until, party, deed, why)
        for (since, party, deed, why), until in zip(begun, [*ends, None], strict=True)
    ]


def _why(deed: Deed) -> str:
    before, after = deed.before, deed.after
    if before is None and after.replaces:
        old = ", ".join(record.hex()[:12] for record in after.replaces)
        return f"{deed.action.replace('_', ' ')}: in the place of {old}, in the control of {{party}}"
    if before is None and deed.action in _BEGUN:
        return _BEGUN[deed.action]
    if before is None:
        return "issued by {party}" + (", in control until it is accepted" if after.pending else "")
    if after.controller is None:
        taken = ", ".join(record.hex()[:12] for record in after.replaced_by)
        return f"{after.status.replace('_', ' ')}: nobody is in control" + (
            f"; {taken} took its place" if taken else ""
        )
    if deed.action in _ACTIONS:
        return _ACTIONS[deed.action]
    return _transferred(before.pending) if before.pending else f"{deed.action.replace('_', ' ')}: {{party}}"


def _transferred(offer: Pending) -> str:
    if offer.purpose == _ISSUE:
        return "issued to {party}"
    if offer.purpose == _TRANSFER:
        return _MODES.get(offer.mode, f"{offer.mode}: {{party}}")
    return _PURPOSES.get(offer.purpose, f"{offer.purpose.replace('_', ' ')}: {{party}}")


def _endorsements(deeds: Iterable[Deed]) -> list[Endorsement]:
    found = []
    for deed in deeds:
        if deed.before is not None and deed.action in _ENDORSING:
            found += _endorsed(deed, deed.before)
            continue
        offer = deed.before.pending if deed.before else None
        moved = deed.before is not None and deed.before.controller != deed.after.controller
        if offer is None or not moved or offer.purpose != _TRANSFER or offer.mode not in ("endorse", "blank"):
            continue
        by = deed.before.controller if deed.before else None
        to = deed.after.order_party if offer.mode == "endorse" else None
        found.append(Endorsement(deed.act.time, deed.act.index, by, to))
    return found


def _endorsed(deed: Deed, before: Record) -> list[Endorsement]:
    """The endorsement of an act that changes to whose order a bill stands, and passes no offer on."""
    after = deed.after
    if (before.order_party, before.fields.get("form")) == (after.order_party, after.fields.get("form")):
        return []
    by = acting_party(deed.act.signed.transaction)
    return [Endorsement(deed.act.time, deed.act.index, by, after.order_party)]
