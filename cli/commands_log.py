"""`lading log export`: the log as static files, for any web server and any client of C2SP tlog-tiles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ledger.errors import NotFoundError

from .context import KEEPING, Session, command

__all__ = ["NothingSigned", "export", "register"]


class NothingSigned(NotFoundError):
    """No checkpoint of this ledger is signed, so nothing of its log is final."""

    code = "log.nothing_signed"
    hint = "let the operator sign one: `lading cosign` in the operator's home"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, export, panel=KEEPING, keys=False)


def export(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; an earlier export goes on.")],
    *,
    checkpoint: Annotated[
        int | None, typer.Option(metavar="SIZE", help="Under the checkpoint of this size, instead of the newest.")
    ] = None,
) -> None:
    """Write the log with its entries as C2SP tlog-tiles, under the newest signed checkpoint."""
    from nodes.log_export import export_log

    with session.reading() as reader:
        stored = reader.store.checkpoint(checkpoint)
        if stored is None or not stored.lines:
            what = "no checkpoint is signed yet" if checkpoint is None else f"no checkpoint of {checkpoint} is signed"
            raise NothingSigned(what, value=checkpoint)
        done = export_log(reader.store, stored, folder, lambda files: _progress(session, files))
    session.screen.result(
        {"folder": str(folder), "before": done.before, "size": done.size, "files": done.files},
        f"wrote {folder}: {done.size:,} entries under the checkpoint, "
        f"{done.size - done.before:,} of them new, {done.files:,} files",
    )
    session.screen.say(
        "the entries are for members and auditors; a public copy has the checkpoint and the tiles, without tile/entries"
    )


def _progress(session: Session, files: int) -> None:
    if files % 1000 == 0 and sys.stderr.isatty():
        session.screen.say(f"{files:,} files written")
