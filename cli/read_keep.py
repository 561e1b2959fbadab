"""`lading backup` and `lading doctor`: keeping a home safe, and in order."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from . import exits
from .context import DEFAULT_HOME, KEEPING, Session, command, now_ms

__all__ = ["backup", "doctor", "register"]

_STATUS: Final = {"ok": exits.DONE, "note": exits.DONE, "unknown": exits.UNKNOWN, "damaged": exits.DAMAGED}
_STYLES: Final = {"ok": "green", "note": "cyan", "unknown": "yellow", "damaged": "red"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, backup, panel=KEEPING, keys=False)
    command(app, doctor, panel=KEEPING, keys=False)


def backup(
    session: Session, out: Annotated[Path, typer.Argument(metavar="FOLDER", help="The new folder of the copy.")]
) -> None:
    """Copy this home to a new folder, whole, while others use the ledger; it never overwrites one."""
    from nodes.backup import back_up

    home = session.home
    with home.lock(purpose="lading backup"):
        made = back_up(home, out)
    ledger = "" if made.entries is None else f", the ledger of {made.entries:,} entries"
    session.screen.result(
        {"folder": str(made.folder), "files": made.files, "bytes": made.size, "entries": made.entries},
        f"backed up {home.folder} to {made.folder}: {made.files} files, {made.size:,} bytes{ledger}\n"
        f"  {made.folder / 'README.txt'} says how to restore it",
    )


def doctor(session: Session) -> int:
    """Check the installation, this home and its ledger: versions, rights, clock, checkpoint, quorum."""
    from nodes.doctor import examine
    from nodes.home import Home, HomeNotFound

    home: Home | None
    try:
        home = session.home
    except HomeNotFound:
        if session.folder != Path(DEFAULT_HOME):  # this one was asked for
            raise
        home = None
    checks = examine(home, now_ms())
    session.screen.result([{"check": one.name, "status": one.status, "found": one.found} for one in checks])
    for one in checks:
        session.screen.line(f"{session.screen.style(f'{one.status:8}', _STYLES[one.status])} {one.name}: {one.found}")
    return max(_STATUS[one.status] for one in checks)
