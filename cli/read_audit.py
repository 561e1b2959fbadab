"""`lading audit`: reads everything that is stored from its bytes, replays it, and names every difference."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import typer

from . import exits
from .context import KEEPING, Session, command

if TYPE_CHECKING:
    from nodes.audit import AuditReport
    from nodes.audit_home import HomeAudit

__all__ = ["audit", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, audit, panel=KEEPING)


def audit(session: Session) -> int:
    """Read the whole ledger again from its bytes, replay it by its rules, and name what differs."""
    from nodes.audit_home import audit_home

    home = session.home
    with ExitStack() as stack:
        can_open = home.has_keys and (session.passphrase_at_hand or sys.stdin.isatty())
        keys = stack.enter_context(session.keys()) if can_open else None
        found = audit_home(home, keys, progress=lambda part, done: _progress(session, part, done))
    session.screen.result({**found.as_dict(), "home_folder": str(home.folder)}, "\n".join(_lines(found)))
    if home.has_keys and keys is None:
        session.screen.warn("the vault was not checked, since no passphrase was given")
    return exits.DONE if found.clean else exits.DAMAGED


def _progress(session: Session, part: str, done: int) -> None:
    if sys.stderr.isatty():
        session.screen.say(f"{part}: {done:,} entries read")


def _lines(found: HomeAudit) -> list[str]:
    lines = ["clean: everything is as it was written" if found.clean else "DAMAGED: what is stored is not what was"]
    lines += _store_lines("ledger", found.ledger)
    lines += _store_lines("replica", found.replica) if found.replica else []
    if found.documents is not None:
        many = "1 record" if found.documents == 1 else f"{found.documents} records"
        lines.append(f"  vault: the papers of {many}, every file read")
    lines += [f"  home: {difference}" for difference in found.home.listed]
    return lines


def _store_lines(name: str, report: AuditReport) -> list[str]:
    replayed = "replayed by the rules" if report.replayed else "not replayed to the end"
    lines = [
        f"  {name}: {report.entries:,} entries, {report.heights:,} commits, {report.records:,} records, {replayed}"
    ]
    if report.checkpoints:
        lines.append(f"  {name}: {report.checkpoints:,} checkpoints, {report.signatures:,} signatures")
    if report.newest is not None:
        lines.append(f"  newest checkpoint: {report.newest.checkpoint.size:,} entries; {report.newest}")
    if report.agreed is not None and report.agreed.independent:
        names = ", ".join(witness.name for witness in report.agreed.cosigned)
        lines.append(f"  newest with the quorum: {report.agreed.checkpoint.size:,} entries, by {names}")
    lines += [f"  {name}: {difference}" for difference in report.differences]
    if report.count > len(report.differences):
        lines.append(f"  {name}: and {report.count - len(report.differences):,} more")
    return lines
