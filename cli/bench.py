"""`lading bench`: measures the node on this machine, and prints the figures as ratios.

The measurements are in `nodes/bench`; docs/benchmarks.md holds those of a whole run, and says what each one means.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from .context import KEEPING, Session, command

__all__ = ["bench", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, bench, panel=KEEPING, keys=False)


def bench(
    session: Session,
    quick: Annotated[bool, typer.Option("--quick", help="Small ledgers and few actions: that it works.")] = False,
    records: Annotated[list[int] | None, typer.Option(metavar="N", help="A size of the state; again for more.")] = None,
    batch: Annotated[list[int] | None, typer.Option(metavar="N", help="A size of a batch; again for more.")] = None,
    profile: Annotated[bool, typer.Option("--profile", help="Also the CPU time of each stage.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Where the ledgers are made: the disk that counts.")] = None,
) -> None:
    """Measure the write path, proofs and verification on this machine, as ratios to Ed25519 on one core."""
    from nodes.bench import Options, render, run

    options = replace(Options(), profile=profile, folder=folder)
    if quick:
        options = options.quick()
    if records:
        options = replace(options, records=tuple(records))
    if batch:
        options = replace(options, batches=tuple(batch))
    results = run(options, session.screen.say)
    session.screen.result(results.as_dict(), render(results))
