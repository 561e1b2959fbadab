"""`lading offer`, `lading endorse` and `lading recall`: passing a bill on, and taking the offer back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import UsageError

from .acting import OneWay, Work, acting, chosen, time_of
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord, called

if TYPE_CHECKING:
    from ledger.record import Record

__all__ = ["AtSequence", "TwoWays", "endorse", "offer", "recall", "register"]

_To = Annotated[str, typer.Option("--to", metavar="MEMBER", help="The party to whom it is offered.")]
_Until = Annotated[str | None, typer.Option(metavar="TIME", help="Until when it can be accepted; +3d is three days.")]
AtSequence = Annotated[
    int | None,
    typer.Option("--at-sequence", metavar="NUMBER", help="Sign on an older state of the record, to show what happens."),
]


class TwoWays(UsageError):
    """An offer is endorsed in blank, or for possession only, not both."""

    code = "usage.two_ways"
    hint = "give --blank or --possession, or neither"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, offer, panel=ACTING, acts=True)
    command(app, endorse, panel=ACTING, acts=True)
    command(app, recall, panel=ACTING, acts=True)


def offer(
    session: Session,
    record: RecordWord,
    *,
    to: _To,
    blank: Annotated[bool, typer.Option("--blank", help="Endorse it in blank.", show_default=False)] = False,
    possession: Annotated[
        bool, typer.Option("--possession", help="Pass it on without an endorsement.", show_default=False)
    ] = False,
    until: _Until = None,
    at_sequence: AtSequence = None,
) -> None:
    """Offer a bill to another party: endorsed where I am the order party, else for possession only."""
    if blank and possession:
        raise TwoWays("both --blank and --possession are given")
    ends = time_of(until)
    with acting(session) as work:
        found, member = work.record(record, at_sequence), work.party(to)
        mode = "blank" if blank else "possession" if possession else _usual_mode(work, found)
        _offer(work, found, member, mode, ends)


def endorse(
    session: Session,
    record: RecordWord,
    *,
    to: Annotated[str, typer.Option("--to", metavar="MEMBER", help="The party to whose order it is to stand.")] = "",
    blank: Annotated[
        bool, typer.Option("--blank", help="Endorse it in blank, not to them.", show_default=False)
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Endorse it now, and keep possession of it.", show_default=False)
    ] = False,
    nominee: Annotated[
        bool, typer.Option("--nominee", help="Endorse it to whom the order party nominated.", show_default=False)
    ] = False,
    until: _Until = None,
    at_sequence: AtSequence = None,
) -> None:
    """Endorse a bill: with its transfer to another party, who accepts both, or alone, keeping possession.

    Without --to, `--blank` endorses in blank and `--nominee` completes what the order party asked for.
    """
    ends = time_of(until)
    with acting(session) as work:
        found = work.record(record, at_sequence)
        if to and not keep and not nominee:
            _offer(work, found, work.party(to), "blank" if blank else "endorse", ends)
            return
        way = chosen(blank=blank, to=to, nominee=nominee)
        if not way or (ends is not None):
            raise OneWay("an endorsement is to a party, in blank, or to the nominee; only an offer ends at a time")
        action = {"blank": "endorse_in_blank", "to": "endorse", "nominee": "endorse_nominee"}[way]
        how = {"blank": "in blank", "to": f"to the order of {to}", "nominee": "to the order of the nominee"}[way]
        arguments = {"to": work.party(to).id} if to else {}
        work.act(found, action, arguments, f"endorsed {short(found.id)} {how}, and kept it")


def recall(session: Session, record: RecordWord, *, at_sequence: AtSequence = None) -> None:
    """Take my offer back before it is accepted."""
    with acting(session) as work:
        found = work.record(record, at_sequence)
        work.act(found, "recall", {}, f"took back the offer of {short(found.id)}")


def _usual_mode(work: Work, record: Record) -> str:
    """How a bill is offered when nothing is said, and why."""
    if record.fields.get("form") == "order" and record.order_party == work.desk.party:
        work.screen.say("to be offered with an endorsement to the recipient, since the bill stands to my order")
        return "endorse"
    reasons = {
        "straight": "a straight bill is not endorsed",
        "blank": "the bill is endorsed in blank",
        "order": "the bill stands to the order of another party",
    }
    work.screen.say(
        f"to be offered for possession only, since {reasons.get(record.fields.get('form', ''), 'it has no form')}"
    )
    return "possession"


def _offer(work: Work, record: Record, member: Record, mode: str, until: int | None) -> None:
    how = {"endorse": "endorsed to it", "blank": "endorsed in blank", "possession": "for possession only"}[mode]
    text = f"offered {short(record.id)} to {called(member)}, {how}"
    work.act(record, "offer", {"to": member.id, "mode": mode, "until": until}, text, mode=mode)
