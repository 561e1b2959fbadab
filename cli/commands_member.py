"""`lading member list` and `lading member show`: who is on the ledger."""

from __future__ import annotations

import typer

from .context import MEMBERS, Session, command, now_ms
from .output import moment, short
from .parties import MemberWord, member_facts, name_of

__all__ = ["members", "register", "show"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, members, name="list", panel=MEMBERS, keys=False)
    command(app, show, panel=MEMBERS, keys=False)


def members(session: Session) -> None:
    """List the members of the ledger."""
    with session.reading() as reader:
        found = sorted(reader.members().values(), key=lambda record: str(record.fields["alias"]))
        governors = reader.rules.governors
    session.screen.result([{**member_facts(record), "governor": record.id in governors} for record in found])
    session.screen.table(
        ("alias", "name", "roles", "codes", "governs", "status", "id"),
        [
            (
                record.fields["alias"],
                name_of(record),
                ", ".join(record.fields["roles"]),
                ", ".join(record.fields["codes"]) or "-",
                "yes" if record.id in governors else "-",
                record.status,
                short(record.id),
            )
            for record in found
        ],
    )


def show(session: Session, member: MemberWord) -> None:
    """Show one member: names, registration, roles, keys."""
    from nodes.enrolment import announcements
    from nodes.lookup import find_member

    with session.reading() as reader:
        record = find_member(reader, member)
        governor = record.id in reader.rules.governors
    fields = record.fields
    start = fields.get("suspended_from")
    standing = record.status if start is None else f"{record.status} from height {start}"
    lines = [f"{fields['alias']}  {standing}{', governor' if governor else ''}"]
    lines += [f"  name ({language}): {name}" for language, name in sorted(fields["names"].items())]
    for label, text in (
        ("id", record.id.hex()),
        ("LEI", fields["lei"]),
        ("registration", fields["registration"]),
        ("roles", ", ".join(fields["roles"])),
        ("codes", ", ".join(fields["codes"])),
        ("address", fields["address"]),
    ):
        lines += [f"  {label}: {text}"] if text else []
    for _, key, since, end in fields["keys"]:
        until = "" if end is None else f" until {moment(end)}"
        lines.append(f"  signing key: {key.hex()} from {moment(since)}{until}")
    lines += [f"  cosigner ({use}): {vkey}" for use, vkey in sorted(fields["cosigners"].items())]
    said = announcements(record, now_ms())
    lines += [f"  note: {one}" for one in said]
    facts = {**member_facts(record), "governor": governor, "announcements": said}
    session.screen.result(facts, "\n".join(lines))
