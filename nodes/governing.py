"""Governing a ledger: what is proposed, who has voted for it, what is in force and what is coming.

    motion = motion_of_table(table)                         # or of a policy, a parameter, a rulebook, governors
    report = propose(desk, motion, from_height=120, until=…)  # publishes the text in parts, and proposes it
    act_on(desk, proposal, "vote", {"choice": "for", …})
    act_on(desk, proposal, "enact")

Each governor does this in its own home; `standing` says of a proposal what its votes come to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from contracts.parameters import count_of, reaches_quorum
from contracts.parties import is_active
from contracts.proposals import MAX_RULEBOOK, governors_content, parameter_content
from contracts.table import RuleTable
from contracts.texts import joined_text
from contracts.types import MAX_PART
from contracts.voted import VOCABULARY, Voted
from ledger.errors import LadingError, UsageError
from ledger.hashing import ledger_record
from ledger.policy import Policy
from ledger.quorum import overlap
from ledger.record import Record
from nodes.desk import ActReport, Desk
from nodes.lookup import Ambiguous, find_record
from nodes.reader import LedgerReader, NoSuchRecord

__all__ = [
    "AFTER",
    "Motion",
    "NotAProposal",
    "Standing",
    "TooNew",
    "TooSoon",
    "act_on",
    "find_proposal",
    "first_height",
    "least_after",
    "motion_of_governors",
    "motion_of_parameter",
    "motion_of_policy",
    "motion_of_rulebook",
    "motion_of_table",
    "name_of",
    "own_record",
    "proposals",
    "propose",
    "proposed_table",
    "proposed_text",
    "standing",
]

AFTER: Final = 100
"""How many heights after the newest something proposed is to be in force, unless the proposer says."""
_BY_ID: Final = "name it by its id, or the beginning of it: `lading rules proposals` lists them"


class NotAProposal(UsageError):
    """The record is no proposal, or not one of a rule table."""

    code = "governance.not_a_proposal"
    hint = "`lading rules proposals` lists the proposals with their ids"


class TooSoon(UsageError):
    """What is proposed could not be enacted before its height: publishing, votes and enactment take heights too."""

    code = "governance.too_soon"
    hint = "give at least that number with --after, or that height with --from-height; without either it is --after 100"


class TooNew(UsageError):
    """The proposal would stop this very node: it does not know what the ledger would run."""

    code = "governance.too_new"
    hint = "install a version of lading that knows it, here and at every member; then propose it"


@dataclass(frozen=True, slots=True)
class Motion:
    """What is to be proposed: the arguments that say it, and the text that is published with it."""

    arguments: Mapping[str, Any]
    text: bytes | None = None


def motion_of_table(table: RuleTable) -> Motion:
    """A rule table to be adopted."""
    text = table.encode()
    said = {"subject": "rule_table", "content": sha256(text).digest(), "kind": table.kind, "version": table.version}
    return Motion(said, text)


def motion_of_policy(text: bytes) -> Motion:
    """A policy to be adopted. Raises `BadPolicy`."""
    shared = overlap(Policy.parse(text)) or 0
    return Motion({"subject": "policy", "content": sha256(text).digest(), "overlap": shared}, text)


def motion_of_parameter(name: str, value: str) -> Motion:
    """A parameter to be set."""
    content = parameter_content(name, value)
    return Motion({"subject": "parameter", "content": content, "name": name, "value": value})


def motion_of_rulebook(text: bytes) -> Motion:
    """Another rulebook: its hash, and its text where that is short enough to stand in the log."""
    said = motion_of_parameter("rulebook", sha256(text).hexdigest()).arguments
    return Motion(said, text if len(text) <= MAX_RULEBOOK else None)


def motion_of_governors(governors: Sequence[bytes]) -> Motion:
    """Who is to govern, in place of those who do."""
    content = governors_content(list(governors))
    return Motion({"subject": "governors", "content": content, "governors": list(governors)})


def propose(
    desk: Desk, motion: Motion, *, until: int, from_height: int | None = None, after: int | None = None
) -> ActReport:
    """Publish the text in parts and propose it, all in one batch; in force from a height, or so many after the newest.

    `until` is the ledger time until which governors can vote. Raises `TooSoon`, `TooNew` or the first refusal.
    """
    _check_known(motion)
    with desk.writing("propose") as engine:
        reader = engine.reader
        least = least_after(reader)
        since = reader.head.height + (after or max(AFTER, least)) if from_height is None else from_height
        if since < reader.head.height + least and desk.party in reader.rules.governors:
            raise TooSoon(
                f"it can be in force from height {reader.head.height + least:,} on, {least:,} after the newest: its "
                "proposal, the votes that it needs and its enactment take a height each",
                value=since,
            )
        parts = _parts(motion.text)
        ids = [desk.fresh() for _ in parts]
        texts = [
            desk.build(reader, None, "text.publish", {"record": record, "content": content})
            for record, content in zip(ids, parts, strict=True)
        ]
        said = {**motion.arguments, "record": desk.fresh(), "from_height": since, "until": until}
        signed = desk.build(reader, None, "proposal.propose", {**said, **({"parts": ids} if ids else {})})
        results = engine.submit([one.entry for one in (*texts, signed)])
        refused = [result for result in results if isinstance(result, LadingError)]
        done = results[-1]
        if refused or isinstance(done, LadingError):
            raise refused[0]
        return ActReport(done, engine.reader.record(done.record))


def _check_known(motion: Motion) -> None:
    """Whether this node could go on once the motion is adopted. Raises `TooNew`."""
    said = motion.arguments
    value = str(said.get("value", ""))
    if said.get("name") == "vocabulary" and value.isascii() and value.isdigit() and int(value[:15]) > VOCABULARY:
        raise TooNew(f"this version knows vocabulary {VOCABULARY}, and would stop at that height", value=value)


def least_after(reader: LedgerReader) -> int:
    """How many heights after the newest something proposed next is in force at the soonest.

    A height for the proposal, one for every vote that the quorum takes, one for the enactment; then the adoption delay.
    """
    rules, height = reader.rules, reader.head.height
    active = len(_active(reader))
    votes = next((one for one in range(1, active + 1) if reaches_quorum(rules.parameters, one, active)), active)
    return first_height(reader, height + 1 + votes + 1) - height


def first_height(reader: LedgerReader, enacted: int) -> int:
    """The first height from which what is enacted at a height can be in force."""
    return enacted + 1 + count_of(reader.rules.parameters, "adoption_delay")


def _active(reader: LedgerReader) -> tuple[Record, ...]:
    """The governors who may act at the next height."""
    found = [reader.find(governor) for governor in reader.rules.governors]
    return tuple(one for one in found if one is not None and is_active(one, reader.head.height + 1))


def act_on(desk: Desk, proposal: bytes, action: str, arguments: Mapping[str, Any] | None = None) -> ActReport:
    """Vote on a proposal, enact it, withdraw it or put it away, on its newest state. Raises `NotAProposal`."""
    with desk.writing(action) as engine:
        record = _checked(engine.reader.record(proposal))
        return desk.submit(engine, desk.build(engine.reader, record, f"proposal.{action}", arguments or {}))


def _parts(text: bytes | None) -> list[bytes]:
    return [] if text is None else [text[at : at + MAX_PART] for at in range(0, len(text), MAX_PART)]


def _checked(record: Record) -> Record:
    if record.kind != "proposal":
        raise NotAProposal(f"the record is a {record.kind}", value=record.id)
    return record


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal, and what its votes come to now: `agreed` are the active governors who have voted for it."""

    record: Record
    agreed: tuple[Record, ...]
    opposed: tuple[Record, ...]
    active: tuple[Record, ...]
    enough: bool
    checks: Mapping[bytes, tuple[str, bytes]]
    """By voter: the model checker that it relied on, and the SHA-256 of the result."""
    late: str = ""
    """Why it can be enacted no more, if it is open all the same."""


def standing(reader: LedgerReader, record: Record, time: int = 0) -> Standing:
    """What the votes on a proposal come to, counted as its enactment would count them. Raises `NotAProposal`.

    `time` is the time now, where the ledger's newest is not meant.
    """
    rules, fields = reader.rules, _checked(record).fields
    active = _active(reader)
    agreed = tuple(one for one in active if one.id in fields.get("for", ()))
    opposed = tuple(one for one in active if one.id in fields.get("against", ()))
    enough = reaches_quorum(rules.parameters, len(agreed), len(active))
    late = _late(reader, record, time) if record.status == "open" else ""
    return Standing(record, agreed, opposed, active, enough, dict(_checks(reader, record)), late)


def _late(reader: LedgerReader, record: Record, time: int) -> str:
    """Why a proposal can be enacted no more; nothing if it can."""
    first = first_height(reader, reader.head.height + 1)
    if record.fields["from_height"] < first:
        return f"what is enacted next is in force from height {first:,} on"
    return "the time of voting is over" if max(time, reader.head.time) > record.fields["until"] else ""


def _checks(reader: LedgerReader, record: Record) -> Iterator[tuple[bytes, tuple[str, bytes]]]:
    for act in reader.history(record):
        body = act.signed.transaction
        checker, result = body.arguments.get("checker"), body.arguments.get("result")
        if type(checker) is str and type(result) is bytes:
            yield body.actor, (checker, result)


def proposals(reader: LedgerReader, time: int = 0) -> list[Standing]:
    """Every proposal, the open ones first, then by the entry that changed it last; `time` is that of `standing`."""
    found = [record for record in reader.records() if record.kind == "proposal"]
    found.sort(key=lambda record: (record.status != "open", record.entry))
    return [standing(reader, record, time) for record in found]


def name_of(record: Record) -> str:
    """What a proposal proposes, in a word: `dock_receipt@1`, the parameter's name, `governors` or `policy`."""
    fields = record.fields
    if fields["subject"] == "rule_table":
        return f"{fields['kind']}@{fields['version']}"
    return str(fields["name"] if fields["subject"] == "parameter" else fields["subject"])


def find_proposal(reader: LedgerReader, word: str) -> Record:
    """The proposal of an id, or of a name: the open one. Raises `NoSuchRecord`, `Ambiguous` or `NotAProposal`."""
    named = [one for one in reader.records() if one.kind == "proposal" and name_of(one) == word]
    found = [one for one in named if one.status == "open"] or named
    if len(found) > 1:
        ids = ", ".join(one.id.hex()[:12] for one in found[:5])
        raise Ambiguous(f"{len(found)} proposals have this name: {ids}", value=word, hint=_BY_ID)
    try:
        return _checked(found[0] if found else find_record(reader, word))
    except NoSuchRecord:
        raise NoSuchRecord("no proposal has this id or name", value=word, hint=NotAProposal.hint) from None


def proposed_text(reader: LedgerReader, record: Record) -> bytes | None:
    """The text that a proposal proposes; nothing for one that has none. Raises `NotAProposal`."""
    parts = _checked(record).fields.get("parts")
    return None if parts is None else joined_text(parts, reader.find, MAX_RULEBOOK)


def proposed_table(reader: LedgerReader, record: Record) -> RuleTable:
    """The rule table that a proposal proposes. Raises `NotAProposal`."""
    text = proposed_text(reader, record)
    if text is None or record.fields["subject"] != "rule_table":
        raise NotAProposal("the proposal is not of a rule table", value=record.id)
    return RuleTable.decode(text)


def own_record(reader: LedgerReader) -> Voted:
    """What the ledger's own record says, by height."""
    return Voted.read(reader.record(ledger_record(reader.genesis.id)))
