"""`lading accept`, `reject`, `surrender` and `release`: answers to an offer, and the end of a bill."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.errors import UsageError

from .acting import acting
from .commands_offer import AtSequence
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

__all__ = ["OneAnswer", "accept", "register", "reject", "release", "surrender"]


class OneAnswer(UsageError):
    """A surrender is accepted or refused, and a reason goes with a refusal only."""

    code = "usage.one_answer"
    hint = "give --accept, or --refuse with --reason TEXT; neither surrenders the bill"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, accept, panel=ACTING)
    command(app, reject, panel=ACTING)
    command(app, surrender, panel=ACTING)
    command(app, release, panel=ACTING)


def accept(session: Session, record: RecordWord, *, at_sequence: AtSequence = None) -> None:
    """Take control of what is offered to me; an endorsement takes effect."""
    with acting(session) as work:
        found = work.record(record, at_sequence)
        report = work.desk.act(found, "accept", {})
        work.done(report, f"accepted {short(found.id)}, which is in my control now")


def reject(
    session: Session,
    record: RecordWord,
    *,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; its text goes to the parties, not to the log.")
    ] = "",
    at_sequence: AtSequence = None,
) -> None:
    """Decline what is offered to me; control stays where it is."""
    with acting(session) as work:
        found = work.record(record, at_sequence)
        report = work.desk.act(found, "reject", {}, reason=reason)
        work.done(report, f"rejected {short(found.id)}")


def surrender(
    session: Session,
    record: RecordWord,
    *,
    accept_it: Annotated[
        bool, typer.Option("--accept", help="Accept the surrender, as the carrier.", show_default=False)
    ] = False,
    refuse_it: Annotated[
        bool, typer.Option("--refuse", help="Refuse the surrender, as the carrier.", show_default=False)
    ] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is refused.")] = "",
    at_sequence: AtSequence = None,
) -> None:
    """Surrender a bill to the carrier and claim the goods; or, as the carrier, answer."""
    if (accept_it and refuse_it) or (reason and not refuse_it):
        raise OneAnswer("these options do not go together")
    action = "accept_surrender" if accept_it else "refuse_surrender" if refuse_it else "surrender"
    words = {
        "accept_surrender": "accepted the surrender of",
        "refuse_surrender": "refused the surrender of",
        "surrender": "surrendered to the carrier:",
    }
    with acting(session) as work:
        found = work.record(record, at_sequence)
        report = work.desk.act(found, action, {}, reason=reason)
        work.done(report, f"{words[action]} {short(found.id)}")


def release(session: Session, record: RecordWord, *, at_sequence: AtSequence = None) -> None:
    """Confirm, as the carrier, that the goods are delivered; the bill is accomplished."""
    with acting(session) as work:
        found = work.record(record, at_sequence)
        report = work.desk.act(found, "confirm_delivery", {})
        work.done(report, f"confirmed the delivery of {short(found.id)}; the bill is accomplished")
