"""What governors and members change about members: enrol, amend, suspend, reinstate, rotate-key.

An act of the governors is signed by the governor who begins it. Where that is more than two thirds, it is
submitted at once; else it goes into a file, which other governors sign with `lading sign FILE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ledger.errors import UsageError

from .acting import Work, acting, time_of
from .commands_act import sign
from .commands_join import names_of
from .context import MEMBERS, Session, command
from .parties import MemberWord

if TYPE_CHECKING:
    from ledger.member import MemberCard
    from ledger.record import Record
    from nodes.desk import Prepared

__all__ = [
    "EnrolledAlready",
    "MoreMustSign",
    "NothingAmended",
    "Out",
    "act_together",
    "amend",
    "enrol",
    "govern",
    "register",
    "reinstate",
    "rotate_key",
    "suspend",
]

_MAX_CARD = 65_536
_Value = TypeVar("_Value")
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where the act waits for other governors' signatures.")
]
_KeyUntil = Annotated[
    str | None, typer.Option("--key-until", metavar="TIME", help="When the new signing key ends, such as +365d.")
]


class MoreMustSign(UsageError):
    """The signatures so far are not enough, and there is no file for the others."""

    code = "proposal.more_must_sign"
    hint = "give `--out FILE`, and send the file to those who must sign too: `lading sign FILE`"


class EnrolledAlready(UsageError):
    """The ledger knows this member, or another one of its alias."""

    code = "member.enrolled_already"
    hint = "it joins with `lading member join LEDGER`; a suspended one acts again after `lading member reinstate`"


class NothingAmended(UsageError):
    """No fact of the member is given."""

    code = "usage.nothing_amended"
    hint = "give what is to change: --name, --lei, --registration, --role, --code or --address"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (enrol, amend, suspend, reinstate):
        command(app, function, panel=MEMBERS)
    command(app, sign, name="approve", panel=MEMBERS)
    command(app, rotate_key, panel=MEMBERS, locked=True)


def enrol(
    session: Session,
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The new member's card, its member.json.")],
    *,
    key_until: _KeyUntil = None,
    out: Out = None,
) -> None:
    """Admit a new member, as a governor."""
    from ledger.member import MemberCard
    from nodes.files import read_bounded

    new = MemberCard.decode(read_bounded(card, _MAX_CARD))
    with acting(session) as work:
        _check_new(work, new)
        arguments = {"record": new.id, **new.fields(), "key_until": time_of(key_until)}
        govern(work, None, "enrol", arguments, out)


def _check_new(work: Work, card: MemberCard) -> None:
    """Say at once what the ledger would say after the last signature. Raises `EnrolledAlready`."""
    for member in work.reader.members().values():
        if member.id == card.id:
            alias = member.fields["alias"]
            raise EnrolledAlready(f"{alias} is enrolled, and {member.status}", value=alias)
        if member.fields["alias"] == card.alias:
            raise EnrolledAlready(
                "another member has this alias", value=card.alias, hint="the new member makes a card with another alias"
            )


def amend(
    session: Session,
    member: MemberWord,
    *,
    name: Annotated[list[str] | None, typer.Option(metavar="LANG=NAME", help="The legal names, all of them.")] = None,
    lei: Annotated[str | None, typer.Option(metavar="LEI", help="The Legal Entity Identifier (ISO 17442).")] = None,
    registration: Annotated[str | None, typer.Option(metavar="NUMBER", help="The number in a register.")] = None,
    role: Annotated[list[str] | None, typer.Option(metavar="ROLE", help="The roles, all of them.")] = None,
    code: Annotated[list[str] | None, typer.Option(metavar="LIST:CODE", help="The codes, all of them.")] = None,
    address: Annotated[str | None, typer.Option(metavar="URL", help="The address of its node.")] = None,
    out: Out = None,
) -> None:
    """Change names, registration, roles, codes or address of a member, as a governor; what is not given stays."""
    arguments = _given(
        names=names_of(name) if name else None, lei=lei, registration=registration, roles=role or None,
        codes=code or None, address=address,
    )  # fmt: skip
    if not arguments:
        raise NothingAmended("nothing of the member is to change")
    with acting(session) as work:
        govern(work, work.member(member), "amend", arguments, out)


def suspend(
    session: Session,
    member: MemberWord,
    *,
    from_height: Annotated[
        int | None, typer.Option(metavar="HEIGHT", min=0, help="From which height; without it at once.")
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; its text goes to the member, not to the log.")] = "",
    out: Out = None,
) -> None:
    """Suspend a member, as a governor: it can do nothing until it is reinstated."""
    with acting(session) as work:
        arguments = {"from_height": from_height}
        govern(work, work.member(member), "suspend", arguments, out, texts={"reason": reason})


def reinstate(session: Session, member: MemberWord, *, out: Out = None) -> None:
    """Let a suspended member act again, as a governor."""
    with acting(session) as work:
        govern(work, work.member(member), "reinstate", {}, out)


def rotate_key(
    session: Session,
    *,
    overlap_until: Annotated[
        str | None,
        typer.Option("--overlap-until", metavar="TIME", help="Until when the old key is valid too, such as +3d."),
    ] = None,
    key_until: _KeyUntil = None,
) -> None:
    """Put a new signing key in the old one's place; without --overlap-until the old one signs nothing from then on."""
    from nodes.enrolment import rotate_key

    with acting(session) as work:
        report = rotate_key(work.desk, overlap_until=time_of(overlap_until), key_until=time_of(key_until))
        if report is None:
            session.screen.result(
                {"finished": True}, "the change of the signing key, which was interrupted, is finished"
            )
            return
        key = report.record.fields["keys"][-1][1]
        work.done(report, f"the signing key is {key.hex()} from now on", key=key.hex())
        session.screen.say("Copy keys.lading to a safe place again: an older copy has the old key.")


def govern(
    work: Work,
    record: Record | None,
    action: str,
    arguments: Mapping[str, Any],
    out: Path | None,
    *,
    texts: Mapping[str, str] | None = None,
) -> None:
    """Begin an act of the governors on a member, and submit it, or keep it in `out` for the others.

    Raises `NotAGovernor`, `MoreMustSign`, or what the rules would refuse however many sign.
    """
    from nodes.desk import Prepared
    from nodes.enrolment import check_governor

    check_governor(work.desk, work.reader)
    given = _given(**arguments)
    prepared = Prepared((), f"member.{action}", given)
    if record is not None:
        prepared = work.desk.prepare([record], action, given, texts=texts)
    alias = arguments["alias"] if record is None else record.fields["alias"]
    act_together(work, prepared, out, f"member.{action} of {alias} is done")


def act_together(work: Work, prepared: Prepared, out: Path | None, text: str) -> None:
    """Sign what was prepared; submit it if that is enough, else keep it in `out`. Raises `MoreMustSign`."""
    from nodes.proposals import propose, waits_for

    proposal = propose(work.desk, work.reader, prepared)
    if out is None:
        missing = waits_for(work.desk, work.reader, proposal.signed)
        if missing:
            raise MoreMustSign(f"{prepared.action} waits for more signatures: {missing}", value=prepared.action)
    work.go_on(proposal, out or Path(), text)


def _given(**values: _Value | None) -> dict[str, _Value]:
    return {name: value for name, value in values.items() if value is not None}
