"""`lading nominate`, `present` and `pledge`: endorsement from afar, presentation to a bank, security for a debt."""

from __future__ import annotations

from typing import Annotated

import typer

from .acting import OneWay, acting, chosen, span_of, time_of
from .context import ACTING, Session, command
from .output import moment, short
from .parties import RecordWord

__all__ = ["nominate", "pledge", "present", "register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, nominate, panel=ACTING, acts=True)
    command(app, present, panel=ACTING, acts=True)
    command(app, pledge, panel=ACTING, acts=True)


def nominate(
    session: Session,
    record: RecordWord,
    *,
    to: Annotated[str, typer.Option("--to", metavar="MEMBER", help="To whose order the holder is to endorse it.")] = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take my nomination back.", show_default=False)] = False,
) -> None:
    """Nominate, as the order party who does not hold the bill, to whom its holder is to endorse it."""
    way = _needed(chosen(to=to, withdraw=withdraw))
    with acting(session) as work:
        found = work.record(record)
        if way == "withdraw":
            work.act(found, "withdraw_nomination", {}, f"took back the nomination for {short(found.id)}")
            return
        text = f"nominated {to} for {short(found.id)}; its holder endorses it with `lading endorse --nominee`"
        work.act(found, "nominate", {"to": work.party(to).id}, text)


def present(
    session: Session,
    record: RecordWord,
    *,
    to: Annotated[str, typer.Option("--to", metavar="MEMBER", help="Who examines it, such as a bank.")] = "",
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when it is locked; +5d is five days.")
    ] = None,
    end: Annotated[
        bool, typer.Option("--end", help="End the presentation to me before its time.", show_default=False)
    ] = False,
) -> None:
    """Present a bill, and lock it until a time: until then control goes to nobody but the presentee."""
    ends, way = time_of(until), _needed(chosen(to=to, end=end))
    if (way == "to") is (ends is None):
        raise OneWay("a presentation has a time: give --to with --until")
    with acting(session) as work:
        found = work.record(record)
        if way == "end":
            work.act(found, "end_presentation", {}, f"ended the presentation of {short(found.id)}")
            return
        text = f"presented {short(found.id)} to {to}, locked until {moment(ends)}"
        work.act(found, "present", {"presentee": work.party(to).id, "until": ends}, text)


def pledge(
    session: Session,
    record: RecordWord,
    *,
    to: Annotated[str, typer.Option("--to", metavar="MEMBER", help="The pledgee, such as a bank.")] = "",
    due: Annotated[str | None, typer.Option(metavar="TIME", help="When the debt is due; +90d is 90 days.")] = None,
    delay: Annotated[
        str | None,
        typer.Option(
            metavar="SPAN", help="How long after notice of default the bank waits, if longer than usual; +30d."
        ),
    ] = None,
    group: Annotated[
        str, typer.Option(metavar="RECORD", help="The joint control of pledgor and pledgee, to be in control together.")
    ] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Accept it, as the pledgee.", show_default=False)] = False,
    reject: Annotated[bool, typer.Option("--reject", help="Decline it, as the pledgee.", show_default=False)] = False,
    recall: Annotated[bool, typer.Option("--recall", help="Take it back before that.", show_default=False)] = False,
    release: Annotated[bool, typer.Option("--release", help="Give the bill back.", show_default=False)] = False,
    default: Annotated[str, typer.Option(metavar="TEXT", help="Give notice that the debt is due and not paid.")] = "",
    enforce: Annotated[
        bool, typer.Option("--enforce", help="Take the bill, after notice and delay.", show_default=False)
    ] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is declined.")] = "",
) -> None:
    """Pledge a bill to a bank for a debt; or, as the pledgee, accept, decline, release, give notice, enforce.

    Pledge with --to and --due, and one of the other options answers. Between notice of default and enforcement lies the
    ledger's pledge_delay as it is when the pledge is given, or the longer --delay: no later vote shortens it.
    """
    way = _needed(
        chosen(to=to, accept=accept, reject=reject, recall=recall, release=release, default=default, enforce=enforce)
    )
    ends = time_of(due)
    if (way == "to") is (ends is None) or ((group or delay) and way != "to") or (reason and way != "reject"):
        raise OneWay("a pledge has --to and --due, a refusal may have a --reason")
    span = None if delay is None else span_of(delay)
    with acting(session) as work:
        found = work.record(record)
        action, text, texts = _ANSWERS.get(way, ("pledge", f"to {to}, due {moment(ends)}", ""))
        arguments = {"to": work.party(to).id, "due": ends, "delay": span} if way == "to" else {}
        if group:
            arguments["group"] = work.record(group).id
        given = {texts: {"notice_given": default, "reason": reason}[texts]} if texts else {}
        work.act(found, action, arguments, text.format(record=short(found.id)) if way != "to" else
                 f"pledged {short(found.id)} {text}; it is in force when {to} accepts", texts=given)  # fmt: skip


_ANSWERS = {
    "accept": ("accept_pledge", "accepted the pledge of {record}", ""),
    "reject": ("reject_pledge", "declined the pledge of {record}", "reason"),
    "recall": ("recall_pledge", "took back the pledge of {record}", ""),
    "release": ("release_pledge", "released {record}; it is in the pledgor's control again", ""),
    "default": ("notify_default", "gave notice of default for {record}", "notice_given"),
    "enforce": ("enforce", "enforced the pledge of {record}, which is in my control alone now", ""),
}
"""What the pledgee or the pledgor does later: action, what is said of it, and the argument that is a text."""


def _needed(way: str) -> str:
    """The one way that is given. Raises `OneWay` for none."""
    if not way:
        raise OneWay("nothing says what is to be done")
    return way
