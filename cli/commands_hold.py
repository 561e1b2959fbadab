"""`lading hold` and `lading order`: what an authority does with one record, and with no other."""

from __future__ import annotations

from typing import Annotated

import typer

from .acting import OneWay, acting, chosen
from .context import ACTING, Session, command
from .output import short
from .parties import RecordWord

__all__ = ["hold", "order", "register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, hold, panel=ACTING, acts=True)
    command(app, order, panel=ACTING, acts=True)


def hold(
    session: Session,
    record: RecordWord,
    *,
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why; its text goes to the parties, not to the log.")
    ] = "",
    dispute: Annotated[bool, typer.Option("--dispute", help="Control of it is disputed.", show_default=False)] = False,
    lift: Annotated[bool, typer.Option("--lift", help="Lift my hold.", show_default=False)] = False,
    settle: Annotated[str, typer.Option(metavar="TEXT", help="Lift it: what was decided or agreed in a dispute.")] = "",
) -> None:
    """Put a record on hold, as an authority: until it is lifted, control of it does not move."""
    way = chosen(dispute=dispute, lift=lift, settle=settle)
    if not reason and way in ("", "dispute"):
        raise OneWay("a hold has a --reason")
    action, said, named = {
        "": ("hold", "put on hold:", "reason"),
        "dispute": ("dispute", "held for a dispute:", "reason"),
        "lift": ("lift_hold", "lifted the hold of", "reason"),
        "settle": ("settle_dispute", "settled the dispute over", "settlement"),
    }[way]
    with acting(session) as work:
        found = work.record(record)
        texts = {named: settle if way == "settle" else reason}
        work.act(found, action, {}, f"{said} {short(found.id)}", texts=texts)


def order(
    session: Session,
    record: RecordWord,
    *,
    transfer: Annotated[str, typer.Option(metavar="MEMBER", help="Who is in control from then on.")] = "",
    void: Annotated[bool, typer.Option("--void", help="Declare it void.", show_default=False)] = False,
    close: Annotated[bool, typer.Option("--close", help="Close it.", show_default=False)] = False,
    judgment: Annotated[str, typer.Option(metavar="TEXT", help="The judgment or order; its text goes to the parties.")],
    notice: Annotated[str, typer.Option(metavar="TEXT", help="The notice that was given to the parties.")],
) -> None:
    """Order, as the authority that holds a record, that it is transferred, void or closed, by a judgment."""
    way = chosen(transfer=transfer, void=void, close=close)
    if not way:
        raise OneWay("give --transfer MEMBER, --void or --close")
    said = {"transfer": f"transferred to {transfer} by order:", "void": "declared void:", "close": "closed:"}[way]
    with acting(session) as work:
        found = work.record(record)
        arguments = {"to": work.party(transfer).id} if transfer else {}
        texts = {"judgment": judgment, "notice_given": notice}
        work.act(found, f"order_{way}", arguments, f"{said} {short(found.id)}", texts=texts)
