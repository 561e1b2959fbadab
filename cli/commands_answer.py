"""`lading accept`, `reject`, `surrender` and `release`: answers to an offer, and the end of a bill."""

from __future__ import annotations

from typing import Annotated

import typer

from ledger.errors import UsageError

from .acting import Work, acting, chosen
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
    command(app, accept, panel=ACTING, acts=True)
    command(app, reject, panel=ACTING, acts=True)
    command(app, surrender, panel=ACTING, acts=True)
    command(app, release, panel=ACTING, acts=True)


def accept(session: Session, record: RecordWord, *, at_sequence: AtSequence = None) -> None:
    """Take control of what is offered to me; an endorsement takes effect."""
    with acting(session) as work:
        found = work.record(record, at_sequence)
        work.act(found, "accept", {}, f"accepted {short(found.id)}, which is in my control now")


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
        work.act(found, "reject", {}, f"rejected {short(found.id)}", texts={"reason": reason})


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
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take my surrender back before it is accepted.", show_default=False)
    ] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is refused.")] = "",
    at_sequence: AtSequence = None,
) -> None:
    """Surrender a bill to the carrier and claim the goods; or, as the carrier, answer."""
    if (accept_it + refuse_it + withdraw > 1) or (reason and not refuse_it):
        raise OneAnswer("these options do not go together")
    action = chosen(accept_surrender=accept_it, refuse_surrender=refuse_it, withdraw_surrender=withdraw) or "surrender"
    with acting(session) as work:
        found = work.record(record, at_sequence)
        words = {
            "accept_surrender": "accepted the surrender of",
            "refuse_surrender": "refused the surrender of",
            "withdraw_surrender": "took back the surrender of",
            "surrender": f"surrendered to {_alias(work, found.issuer)}, its issuer:",
        }
        work.act(found, action, {}, f"{words[action]} {short(found.id)}", texts={"reason": reason})


def release(
    session: Session,
    record: RecordWord,
    *,
    part: Annotated[
        bool, typer.Option("--part", help="Record a part of the goods; the rest is still due.", show_default=False)
    ] = False,
    receipt: Annotated[
        str, typer.Option(metavar="TEXT", help="The receipt, with quantities; its text goes to the parties.")
    ] = "",
    shortage: Annotated[str, typer.Option(metavar="TEXT", help="What is short or damaged; no claim ends by it.")] = "",
    at_sequence: AtSequence = None,
) -> None:
    """Confirm, as the carrier, that the goods are delivered; with the last of them the bill is accomplished."""
    if part and (shortage or not receipt):
        raise OneAnswer("a part is delivered against a receipt", hint="give --part with --receipt TEXT")
    with acting(session) as work:
        found = work.record(record, at_sequence)
        texts = {"receipt": receipt, "shortage": shortage}
        if part:
            work.act(found, "deliver_part", {}, f"recorded the delivery of a part of {short(found.id)}", texts=texts)
            return
        document = "bill" if found.kind == "bill_of_lading" else found.kind.replace("_", " ")
        text = f"confirmed the delivery of {short(found.id)}; the {document} is accomplished"
        work.act(found, "confirm_delivery", {}, text, texts=texts)


def _alias(work: Work, party: bytes) -> str:
    from nodes.lookup import alias_of, members_among

    return alias_of(party, members_among(work.reader, [party]))
