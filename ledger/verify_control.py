"""Steps 11 and 12 of `ledger.verify`: who is in control, and whether that still holds at the time of checking."""

from __future__ import annotations

from typing import Final

from .errors import ContradictionError, LadingError, UnverifiedError
from .evidence import Evidence, Unreadable
from .hashing import claim_key, record_key
from .ics23 import verify_membership
from .ics23_wire import decode as decode_proof
from .record import Item, Record, number_content
from .succession import acting_party, begins
from .times import iso

__all__ = ["NotFresh", "StateDiffersFromHistory", "check_fresh", "check_links", "check_state"]

_SKEW: Final = 60_000
"""Milliseconds by which the clocks of cosigners may be ahead of the reader's."""


_LOCKED: Final = (
    "the cosignatures are {age} old; {presentee} can have taken control since, or have let it go to others by ending "
    "the presentation; ask {presentee}, or for a bundle made now"
)


class StateDiffersFromHistory(ContradictionError):
    """The record's state is not the one that its last entry left behind."""

    code = "verify.state_differs"
    hint = "a later act is left out of the bundle, or the state is another's; ask for a new bundle"


class NotFresh(UnverifiedError):
    """The cosignatures are older than the reader accepts, so a later act may be missing."""

    code = "verify.not_fresh"
    hint = "ask the holder for a bundle made now, or accept an older one with --max-age"


def check_state(evidence: Evidence) -> str:
    """(11) Record and number are proven under the state root of the last commit; the chain's end made them."""
    bundle, root = evidence.bundle, evidence.commits[-1].state_root
    try:
        record = Record.decode(bundle.state.content)
        proof = decode_proof(bundle.state.proof)
    except LadingError as exc:
        raise Unreadable(f"the state proof cannot be read: {exc.message}", value=exc.value) from None
    key = record_key(bundle.record)
    verify_membership(root, key, Item(bundle.state.salt, bundle.state.content).value(key), proof)
    index, _, signed = evidence.chain[-1]
    found = (record.id, record.sequence, record.head, record.entry)
    if found != (bundle.record, len(evidence.chain), signed.leaf, index):
        raise StateDiffersFromHistory(
            f"the state is of sequence {record.sequence}, made by entry {record.entry}; "
            f"the bundle's last act is entry {index}",
            value=record.entry,
        )
    first = evidence.first
    issuer = record.id if first.action == "member.enrol" else acting_party(first)
    if record.document != evidence.said("document", bytes) or record.issuer != issuer:
        raise StateDiffersFromHistory("the state names another document or issuer than the acts")
    check_links(evidence, record)
    _check_number(evidence, record, root)
    evidence.state = record
    evidence.facts["status"] = record.status
    evidence.facts["controller"] = None if record.controller is None else evidence.name(record.controller)
    evidence.facts["controller_party"] = evidence.party(record.controller)
    evidence.facts["since"] = record.since
    who = "nobody is" if record.controller is None else f"{evidence.name(record.controller)} is"
    return f"{_words(record.status)}, {who} in control since {iso(record.since)}"


def check_links(evidence: Evidence, record: Record) -> None:
    """What the record replaced, the act ended that made it; what replaced it, its last act made or an act names."""
    before = {target.record for target in evidence.first.targets}
    last = evidence.chain[-1][2].transaction
    named = [value for _, _, signed in evidence.chain for value in signed.transaction.arguments.values()]
    after = [one for one in record.replaced_by if not begins(last, one) and one not in named]
    if after or not before.issuperset(record.replaces):
        raise StateDiffersFromHistory("the state links the record to others than its acts do", value=record.id)
    for name, linked in (("replaces", record.replaces), ("replaced_by", record.replaced_by)):
        if linked:
            evidence.facts[name] = [one.hex() for one in linked]


def _check_number(evidence: Evidence, record: Record, root: bytes) -> None:
    """The number that its acts claim stands in the state, and belongs to this record.

    A dead record's number may be that of the record which took its place; that one's bundle proves it.
    """
    shown, number = evidence.bundle.number, evidence.said("number", dict)
    key = None if number is None else number.get("key")
    if shown is None and record.replaced_by and record.controller is None:
        return
    if (type(key) is bytes) != (shown is not None):
        raise Unreadable("the bundle does not hold one proof for each number that the record claims")
    if type(key) is not bytes or shown is None:
        return
    try:
        proof = decode_proof(shown.proof)
    except LadingError as exc:
        raise Unreadable(f"the proof of the number cannot be read: {exc.message}", value=exc.value) from None
    claimed = claim_key(record.issuer, key)
    content = number_content(claimed, evidence.bundle.record)
    verify_membership(root, claimed, Item(shown.salt, content).value(claimed), proof)
    evidence.facts["number_is_unique"] = True


def check_fresh(evidence: Evidence) -> str:
    """(12) A dead record stays dead; a live one is known as of the quorum's cosignatures, or under its lock."""
    record, as_of = evidence.the_state(), _as_of(evidence)
    evidence.facts["as_of"] = as_of
    name = evidence.name(record.controller)
    if record.controller is None:
        after = ", ".join(one.hex()[:16] for one in record.replaced_by)
        taken = f"; superseded by {after}" if after else ""
        since = f"{_words(record.status)} since {iso(record.since)}, by entry {record.entry}"
        return f"nobody is in control: {since}{taken}"
    age = evidence.at - as_of
    if age < -_SKEW:
        raise NotFresh(
            f"the cosignatures are of {iso(as_of)}, {_span(-age)} after the time of checking",
            value=age,
            hint="set the clock of this machine right, or ask for a bundle made now",
        )
    if record.locked_until is not None and evidence.at < record.locked_until:
        if age <= evidence.max_age:
            return f"{name} is in control, locked until {iso(record.locked_until)}"
        presentee = record.fields.get("presentee")
        alone = evidence.name(presentee) if type(presentee) is bytes else "the presentee"
        evidence.warn(_LOCKED.format(age=_span(age), presentee=alone))
        return f"{name} was in control at {iso(as_of)}, locked until {iso(record.locked_until)} but for {alone}"
    if age > evidence.max_age:
        raise NotFresh(f"{name} was in control at {iso(as_of)}, {_span(age)} ago; later acts may be missing", value=age)
    return f"{name} is in control since {iso(record.since)}, as of {iso(as_of)}"


def _as_of(evidence: Evidence) -> int:
    """Unix milliseconds at which a whole quorum of replaying cosigners stood by the checkpoint."""
    seconds = evidence.the_quorum().as_of(replay_only=True)
    return evidence.commits[-1].time if seconds is None else seconds * 1000


def _words(status: str) -> str:
    return status.replace("_", " ")


def _span(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"
