"""`lading mandate`: who may act for whom, for which kinds of records and actions, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .acting import Work, acting, time_of
from .context import MEMBERS, Session, command, now_ms
from .output import moment, short
from .parties import MemberWord

if TYPE_CHECKING:
    from ledger.record import Record
    from nodes.reader import LedgerReader

__all__ = ["NoMandateThere", "NoSuchWord", "change", "grant", "mandates", "register", "renounce", "revoke"]

_Kinds = Annotated[
    list[str] | None, typer.Option("--kind", metavar="KIND", help="A kind of records; again for each. Without: all.")
]
_Actions = Annotated[
    list[str] | None, typer.Option("--action", metavar="ACTION", help="An action; again for each. Without: all.")
]
_Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Until when, such as +90d.")]


class NoMandateThere(UsageError):
    """There is no such mandate."""

    code = "mandate.not_found"
    hint = "`lading mandate list` shows the mandates of this member; give one with `lading mandate grant`"


class NoSuchWord(UsageError):
    """The rules of this ledger have no such kind, or no kind has such an action."""

    code = "usage.no_such_kind_or_action"
    hint = "`lading rules show` lists the kinds, `lading rules show KIND` the actions of one"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (grant, change, revoke, renounce):
        command(app, function, panel=MEMBERS)
    command(app, mandates, name="list", panel=MEMBERS, keys=False)


def grant(
    session: Session, agent: MemberWord, *, kind: _Kinds = None, action: _Actions = None, until: _Until = None
) -> None:
    """Let another member act for this one; one that was revoked is renewed."""
    from nodes.desk import Prepared

    with acting(session) as work:
        member = work.member(agent)
        arguments = _terms(work.reader, kind, action, until)
        known = _between(work.reader, work.desk.member, member.id)
        alias = member.fields["alias"]
        if known is not None:
            name = "renew" if known.status == "revoked" else "change"
            work.act(known, name, arguments, f"{alias} may act for this member{_said(arguments)}")
            return
        given = {"record": work.desk.fresh(), "to": member.id, **arguments}
        work.do(Prepared((), "mandate.grant", given), f"{alias} may act for this member{_said(arguments)}")


def change(
    session: Session, agent: MemberWord, *, kind: _Kinds = None, action: _Actions = None, until: _Until = None
) -> None:
    """Say anew for what and until when another may act for this member."""
    with acting(session) as work:
        arguments = _terms(work.reader, kind, action, until)
        text = f"{agent} may act for this member{_said(arguments)}"
        work.act(_given_to(work, agent), "change", arguments, text)


def revoke(session: Session, agent: MemberWord) -> None:
    """Take back the mandate that was given to another member."""
    with acting(session) as work:
        work.act(_given_to(work, agent), "revoke", {}, f"{agent} may not act for this member any more")


def renounce(session: Session, principal: MemberWord) -> None:
    """Give up the mandate by which this member acts for another."""
    with acting(session) as work:
        record = _between(work.reader, work.member(principal).id, work.desk.member)
        if record is None:
            raise NoMandateThere("this member has no mandate of that member", value=principal)
        work.act(record, "renounce", {}, f"this member does not act for {principal} any more")


def mandates(session: Session) -> None:
    """List the mandates of the ledger: who acts for whom."""
    from nodes.lookup import alias_of

    with session.reading() as reader:
        found = sorted((one for one in reader.records() if one.kind == "mandate"), key=lambda one: one.entry)
        members, now = reader.members(), max(now_ms(), reader.head.time)
    rows = []
    for record in found:
        fields = record.fields
        until = fields.get("until")
        rows.append(
            {
                "id": record.id.hex(),
                "principal": alias_of(record.controller, members),
                "agent": alias_of(fields["to"], members),
                "kinds": fields["kinds"],
                "actions": fields["actions"],
                "until": None if until is None else moment(until),
                "status": _status(record, now),
            }
        )
    session.screen.result(rows)
    session.screen.table(
        ("principal", "agent", "kinds", "actions", "until", "status"),
        [
            (row["principal"], row["agent"], ", ".join(row["kinds"]) or "all", ", ".join(row["actions"]) or "all",
             row["until"] or "-", row["status"])
            for row in rows
        ],
    )  # fmt: skip


def _status(record: Record, now: int) -> str:
    """A mandate's state in words; its end by time changes no state, and lets nobody act any more."""
    until = record.fields.get("until")
    over = record.status == "granted" and until is not None and now > until
    return "ended" if over else record.status


def _terms(reader: LedgerReader, kinds: list[str] | None, actions: list[str] | None, until: str | None) -> Any:
    """The arguments of a mandate. Raises `NoSuchWord` for a kind or an action that there is not."""
    known = {kind: reader.rules.table(kind) for kind in reader.rules.current}
    for kind in kinds or ():
        if kind not in known:
            raise NoSuchWord(f"there is no kind {kind}", value=kind)
    all_actions = {name for kind in kinds or known for name in known[kind].actions}
    for action in actions or ():
        if action not in all_actions:
            raise NoSuchWord(f"there is no action {action} of these kinds", value=action)
    end = time_of(until)
    return {"kinds": kinds or [], "actions": actions or [], **({} if end is None else {"until": end})}


def _said(arguments: Any) -> str:
    kinds, actions = ", ".join(arguments["kinds"]) or "all kinds", ", ".join(arguments["actions"]) or "all actions"
    until = f", until {moment(arguments['until'])}" if "until" in arguments else ""
    return f": {actions} on {kinds}{until}"


def _given_to(work: Work, agent: str) -> Record:
    record = _between(work.reader, work.desk.member, work.member(agent).id)
    if record is None:
        raise NoMandateThere("this member has given that member no mandate", value=agent)
    work.screen.say(f"mandate {short(record.id)}")
    return record


def _between(reader: LedgerReader, principal: bytes, agent: bytes) -> Record | None:
    from ledger.codec import decode
    from ledger.member import mandate_key
    from ledger.record import MAX_CONTENT

    item = reader.item(mandate_key(reader.genesis.id, principal, agent))
    return None if item is None else reader.record(decode(item.content, limit=MAX_CONTENT)[2])
