"""`lading group`: several members who are one party together, if enough of them sign."""

from __future__ import annotations

from typing import Annotated

import typer

from .acting import Work, acting
from .commands_govern import Out, act_together
from .context import MEMBERS, Session, command
from .parties import RecordWord

__all__ = ["change", "create", "groups", "register", "show"]

_Members = Annotated[
    list[str], typer.Option("--member", metavar="MEMBER", help="A member of the group; again for each, all of them.")
]
_Threshold = Annotated[int, typer.Option("--threshold", metavar="NUMBER", min=1, help="How many of them must sign.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, create, panel=MEMBERS)
    command(app, change, panel=MEMBERS)
    command(app, show, panel=MEMBERS, keys=False)
    command(app, groups, name="list", panel=MEMBERS, keys=False)


def create(session: Session, *, member: _Members, threshold: _Threshold, out: Out = None) -> None:
    """Make several members one party; all of them sign."""
    from nodes.desk import Prepared

    with acting(session) as work:
        record = work.desk.fresh()
        arguments = {"record": record, "members": _ids(work, member), "threshold": threshold}
        act_together(work, Prepared((), "joint_control.create", arguments), out, f"group {record.hex()} is made")


def change(session: Session, group: RecordWord, *, member: _Members, threshold: _Threshold, out: Out = None) -> None:
    """Change who belongs to a group, or how many must sign; all members sign, those who leave and those who come."""
    with acting(session) as work:
        record = work.record(group)
        arguments = {"members": _ids(work, member), "threshold": threshold}
        prepared = work.desk.prepare([record], "change", arguments)
        act_together(work, prepared, out, f"group {record.id.hex()} is changed")


def show(session: Session, group: RecordWord) -> None:
    """Show one group: its members, how many must sign, and what it is in control of."""
    from nodes.lookup import find_record

    with session.reading() as reader:
        record = find_record(reader, group)
        members = {one: reader.record(one) for one in record.fields["members"]}
        held = [one for one in reader.records() if one.controller == record.id and one.id != record.id]
    names = [str(one.fields["alias"]) for one in members.values()]
    value = {
        "id": record.id.hex(),
        "members": [
            {"alias": one.fields["alias"], "id": one.id.hex(), "status": one.status} for one in members.values()
        ],
        "threshold": record.fields["threshold"],
        "controls": [{"id": one.id.hex(), "kind": one.kind, "status": one.status} for one in held],
    }
    lines = [f"group {record.id.hex()}", f"  {record.fields['threshold']} of {len(names)} sign: {', '.join(names)}"]
    lines += [f"  controls: {one.kind} {one.id.hex()}, {one.status}" for one in held]
    session.screen.result(value, "\n".join(lines))


def groups(session: Session) -> None:
    """List the groups in joint control."""
    with session.reading() as reader:
        found = sorted((one for one in reader.records() if one.kind == "joint_control"), key=lambda one: one.entry)
        members = {one.id: str(one.fields["alias"]) for one in reader.members().values()}
    rows = [
        {
            "id": record.id.hex(),
            "threshold": record.fields["threshold"],
            "members": [members.get(one, one.hex()[:12]) for one in record.fields["members"]],
        }
        for record in found
    ]
    session.screen.result(rows)
    session.screen.table(
        ("group", "sign", "members"),
        [(row["id"], f"{row['threshold']} of {len(row['members'])}", ", ".join(row["members"])) for row in rows],
    )


def _ids(work: Work, words: list[str]) -> list[bytes]:
    return [work.member(word).id for word in words]
