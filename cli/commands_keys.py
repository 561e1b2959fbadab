"""`lading member change-passphrase`: the same keys under another passphrase."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated, Final

import typer

from .context import MEMBERS, Session, command

__all__ = ["NEW_PASSPHRASE", "change_passphrase", "register"]

NEW_PASSPHRASE: Final = "LADING_NEW_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The environment variable that may hold the new passphrase."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, change_passphrase, panel=MEMBERS, locked=True)


def change_passphrase(
    session: Session,
    *,
    new_passphrase_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help=f"A file with the new one; else {NEW_PASSPHRASE}, else asked for twice."),
    ] = None,
    strong: Annotated[
        bool, typer.Option("--strong", help="Make a guess at the passphrase seven times as dear.", show_default=False)
    ] = False,
) -> None:
    """Lock the keys with another passphrase; copies made before still open with the old one."""
    from nodes.keyfile import STRONG
    from nodes.passphrase import ENVIRONMENT, obtain

    environ = {ENVIRONMENT: os.environ[NEW_PASSPHRASE]} if NEW_PASSPHRASE in os.environ else {}
    with session.keys() as keys:
        new = obtain(
            file=new_passphrase_file,
            environ=environ,
            interactive=sys.stdin.isatty(),
            ask=lambda text: getpass(text, stream=sys.stderr),
            warn=session.screen.warn,
            new=True,
            hint=f"give --new-passphrase-file FILE, set {NEW_PASSPHRASE}, or run the command in a terminal",
        )
        keys.change_passphrase(new, cost=STRONG if strong else None)
        cost = keys.cost
    value = {"file": str(session.home.keys_path), "operations": cost.operations, "memory": cost.memory}
    session.screen.result(value, f"{session.home.keys_path} opens with the new passphrase from now on")
    session.screen.say("Copy keys.lading to a safe place again: an older copy still opens with the old passphrase.")
