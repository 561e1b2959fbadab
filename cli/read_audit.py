"""`lading audit`: reads everything that is stored from its bytes, replays it, and names every difference."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

import typer

from . import exits
from .context import KEEPING, Session, command

if TYPE_CHECKING:
    from nodes.audit import AuditReport
    from nodes.audit_findings import Difference
    from nodes.audit_home import HomeAudit

__all__ = ["audit", "register"]

_SHOWN: Final = 21
"""How many differences of one store are shown to a person: the first, and 20 more; `--json` lists more."""


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
        lines.append(f"  vault: the papers of {_many(found.documents, 'record')}, every file read")
    return lines + _differences("home", found.home.listed, found.home.count)


def _store_lines(name: str, report: AuditReport) -> list[str]:
    replayed = "replayed by the rules" if report.replayed else "not replayed to the end"
    lines = []
    if report.entries:
        counts = [(report.entries, "entry"), (report.heights, "commit"), (report.records, "record")]
        lines.append(f"  {name}: {', '.join(_many(*count) for count in counts)}, {replayed}")
    else:
        lines.append(f"  {name}: no entry could be read")
    if report.checkpoints:
        lines.append(f"  {name}: {_many(report.checkpoints, 'checkpoint')}, {_many(report.signatures, 'signature')}")
    if report.newest is not None:
        lines.append(f"  newest checkpoint: {report.newest.checkpoint.size:,} entries; {report.newest}")
    if report.agreed is not None and report.agreed.independent:
        names = ", ".join(witness.name for witness in report.agreed.cosigned)
        lines.append(f"  newest with the quorum: {report.agreed.checkpoint.size:,} entries, by {names}")
    return lines + _differences(name, report.differences, report.count)


def _differences(name: str, listed: Sequence[Difference], count: int) -> list[str]:
    """The first differences, and how many there are beside them."""
    lines = [f"  {name}: {difference}" for difference in listed[:_SHOWN]]
    if count > len(lines):
        lines.append(f"  {name}: and {_many(count - len(lines), 'more difference')}")
    return lines


def _many(count: int, what: str) -> str:
    """A number of things, in the right number."""
    plural = f"{what[:-1]}ies" if what.endswith("y") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
