"""What governors and members change about members: enrol, approve, suspend, reinstate, rotate-key.

An act of the governors is signed by the governor who begins it. Where that is more than two thirds, it is
submitted at once; else it goes into a file, which other governors sign with `lading member approve FILE`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ledger.errors import UsageError

from .acting import Work, acting
from .context import MEMBERS, Session, command
from .output import short

if TYPE_CHECKING:
    from ledger.member import MemberCard
    from ledger.record import Record
    from ledger.transaction import SignedTransaction

__all__ = ["EnrolledAlready", "MoreMustSign", "approve", "enrol", "register", "reinstate", "rotate_key", "suspend"]

_MAX_CARD = 65_536
_MAX_PROPOSAL = 131_072
_Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where the act waits for other governors' signatures.")
]
_Alias = Annotated[str, typer.Argument(metavar="MEMBER", help="Its alias, its LEI, or the beginning of its id.")]


class MoreMustSign(UsageError):
    """One governor's signature is not enough, and there is no file for the others."""

    code = "proposal.more_must_sign"
    hint = "give `--out FILE`, and send the file to other governors: `lading member approve FILE`"


class EnrolledAlready(UsageError):
    """The ledger knows this member, or another one of its alias."""

    code = "member.enrolled_already"
    hint = "it joins with `lading member join LEDGER`; a suspended one acts again after `lading member reinstate`"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for function in (enrol, approve, suspend, reinstate):
        command(app, function, panel=MEMBERS)
    command(app, rotate_key, panel=MEMBERS, locked=True)


def enrol(
    session: Session,
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The new member's card, its member.json.")],
    *,
    out: _Out = None,
) -> None:
    """Admit a new member, as a governor."""
    from ledger.member import MemberCard
    from nodes.files import read_bounded

    new = MemberCard.decode(read_bounded(card, _MAX_CARD))
    with acting(session) as work:
        _check_new(work, new)
        _propose(work, None, "member.enrol", {"record": new.id, **new.fields()}, out)


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


def suspend(session: Session, member: _Alias, *, out: _Out = None) -> None:
    """Suspend a member, as a governor: it can do nothing until it is reinstated."""
    with acting(session) as work:
        _propose(work, work.member(member), "member.suspend", {}, out)


def reinstate(session: Session, member: _Alias, *, out: _Out = None) -> None:
    """Let a suspended member act again, as a governor."""
    with acting(session) as work:
        _propose(work, work.member(member), "member.reinstate", {}, out)


def approve(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An act that governors sign together.")],
) -> None:
    """Sign an act that another governor began; it is submitted once more than two thirds have signed."""
    from nodes import enrolment
    from nodes.files import read_bounded

    with acting(session) as work:
        proposed = enrolment.read_proposal(read_bounded(file, _MAX_PROPOSAL), work.reader.genesis.id)
        signed = enrolment.approve(work.desk, proposed, work.reader)
        _submit_or_keep(work, signed, file)


def rotate_key(session: Session) -> None:
    """Put a new signing key in the old one's place; the old one signs nothing from then on."""
    from nodes.enrolment import rotate_key

    with acting(session) as work:
        report = rotate_key(work.desk)
        if report is None:
            session.screen.result(
                {"finished": True}, "the change of the signing key, which was interrupted, is finished"
            )
            return
        key = report.record.fields["keys"][-1][1]
        work.done(report, f"the signing key is {key.hex()} from now on", key=key.hex())
        session.screen.say("Copy keys.lading to a safe place again: an older copy has the old key.")


def _propose(work: Work, record: Record | None, action: str, arguments: dict[str, Any], out: Path | None) -> None:
    from nodes.enrolment import APPROVAL_TIME, check_governor, enough

    check_governor(work.desk, work.reader)
    signed = work.desk.build(work.reader, record, action, arguments, valid_for=APPROVAL_TIME)
    if out is None and not enough(signed, work.reader):
        count = len(work.reader.genesis.governors)
        raise MoreMustSign(f"more than two thirds of {count} governors must sign", value=action)
    _submit_or_keep(work, signed, out)


def _submit_or_keep(work: Work, signed: SignedTransaction, file: Path | None) -> None:
    """Submit what enough governors have signed; else keep it in the file for the next."""
    from nodes.enrolment import enough, signers, write_proposal
    from nodes.files import write_atomic

    given = [str(governor.fields["alias"]) for governor in signers(signed, work.reader)]
    complete, count = enough(signed, work.reader), len(work.reader.genesis.governors)
    action = signed.transaction.action
    if complete:
        with work.desk.writing(action) as engine:
            report = work.desk.submit(engine, signed)
        done = "was done before" if report.done.repeated else "is done"
        work.done(report, f"{action} of {report.record.fields['alias']} {done}", action=action, signed=given)
        return
    if file is not None:
        write_atomic(file, write_proposal(signed))
    value = {"action": action, "transaction": signed.id.hex(), "signed": given, "governors": count, "submitted": False}
    text = f"{action} waits for more signatures: {len(given)} of {count} governors have signed ({', '.join(given)})"
    work.screen.result({**value, "file": str(file)}, f"{text}\n  file: {file}\n  transaction: {short(signed.id)}")
