"""`lading govern`: the governance parameters, the governors, the policy and the rulebook, and how they are changed.

lading govern propose parameter adoption_delay 10
lading govern propose governors carrier shipper bank
lading govern propose policy policy.txt
lading govern propose rulebook rulebook.md
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .acting import Work, acting
from .commands_rules import After, FromHeight, Until, enact, lapse, proposals, propose_motion, vote, withdraw
from .context import ACTING, READING, Session, command
from .output import short

if TYPE_CHECKING:
    from contracts.voted import Voted
    from nodes.governing import Motion
    from nodes.reader import LedgerReader

__all__ = ["NoSuchSubject", "propose", "register", "show"]


class NoSuchSubject(UsageError):
    """Nothing of this name can be proposed, or it is proposed with other words."""

    code = "usage.no_such_subject"
    hint = (
        "parameter NAME VALUE, governors MEMBER…, policy FILE, or rulebook FILE; a table: `lading rules propose FILE`"
    )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, propose, panel=ACTING)
    for function in (vote, enact, withdraw, lapse):
        command(app, function, panel=ACTING)
    command(app, proposals, panel=READING, keys=False)
    command(app, show, panel=READING, keys=False)


def propose(
    session: Session,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="parameter, governors, policy or rulebook.")],
    words: Annotated[list[str], typer.Argument(metavar="WORDS…", help="NAME VALUE, the members, or a FILE.")],
    *,
    from_height: FromHeight = None,
    after: After = None,
    until: Until = "+14d",
) -> None:
    """Propose a parameter, other governors, another policy or another rulebook, as a governor."""
    with acting(session) as work:
        motion, what = _motion(work, subject, words)
        propose_motion(work, motion, what, from_height, after, until)


def _motion(work: Work, subject: str, words: list[str]) -> tuple[Motion, str]:
    from contracts.proposals import MAX_RULEBOOK
    from ledger.policy import MAX_POLICY
    from nodes import governing
    from nodes.files import read_bounded

    if subject == "parameter" and len(words) == 2:
        return governing.motion_of_parameter(words[0], words[1]), f"{words[0]} = {words[1]},"
    if subject == "governors" and words:
        found = [work.member(word) for word in words]
        names = ", ".join(str(member.fields["alias"]) for member in found)
        return governing.motion_of_governors([member.id for member in found]), f"the governors {names},"
    if subject == "policy" and len(words) == 1:
        return governing.motion_of_policy(read_bounded(Path(words[0]), MAX_POLICY)), f"the policy {words[0]},"
    if subject == "rulebook" and len(words) == 1:
        return governing.motion_of_rulebook(read_bounded(Path(words[0]), MAX_RULEBOOK)), f"the rulebook {words[0]},"
    raise NoSuchSubject(f"this is not how a {subject} is proposed", value=" ".join([subject, *words]))


def show(session: Session) -> None:
    """Show the governance parameters, the governors, the policy, the tables voted in, and what is coming."""
    from nodes.governing import own_record

    with session.reading() as reader:
        own, height = own_record(reader), reader.head.height
        value: dict[str, Any] = {
            "height": height,
            "parameters": _parameters(own, height),
            "governors": _aliases(reader, own.governors_at(height)),
            "policy": own.policy_at(height).hex(),
            "coming": _coming(reader, own, height),
            "tables": [
                {"kind": kind, "version": version, "hash": digest.hex(), "from_height": since}
                for kind, version, digest, since in own.tables
                if 0 < since <= height
            ],
        }
    session.screen.result(value)
    rows = [
        (one["name"], one["value"] + ("" if one["set"] else " (default)"), one["meaning"])
        for one in value["parameters"]
    ]
    session.screen.table(("parameter", "value", "meaning"), rows)
    session.screen.line(f"\nheight: {height:,}\ngovernors: {', '.join(value['governors'])}\npolicy: {value['policy']}")
    for table in value["tables"]:
        session.screen.line(f"table: {table['kind']}@{table['version']} from height {table['from_height']:,}")
    for one in value["coming"]:
        session.screen.line(f"coming: {one['what']} from height {one['from_height']:,}")


def _parameters(own: Voted, height: int) -> list[dict[str, Any]]:
    from contracts.parameters import PARAMETERS
    from contracts.voted import in_force

    found = []
    for name, known in PARAMETERS.items():
        value = in_force(own.parameters.get(name, ()), height)
        usual = known.default or "-"
        found.append({"name": name, "value": value or usual, "set": value is not None, "meaning": known.meaning})
    return found


def _aliases(reader: LedgerReader, members: tuple[bytes, ...]) -> list[str]:
    from nodes.lookup import alias_of, members_among

    known = members_among(reader, members)
    return [alias_of(member, known) for member in members]


def _coming(reader: LedgerReader, own: Voted, height: int) -> list[dict[str, Any]]:
    """What was adopted and is not in force yet."""
    found: list[tuple[int, str]] = []
    found += [(since, f"governors {', '.join(_aliases(reader, ids))}") for since, ids in own.governors]
    found += [(since, f"{name} = {value}") for name, values in own.parameters.items() for since, value in values]
    found += [(since, f"policy {short(digest)}") for since, digest, _ in own.policies]
    found += [(since, f"table {kind}@{version}") for kind, version, _, since in own.tables]
    return [{"from_height": since, "what": what} for since, what in sorted(found) if since > height]
