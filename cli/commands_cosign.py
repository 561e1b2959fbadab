"""`lading cosign`: a member replays the ledger itself, and then vouches for its newest checkpoint."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import typer

from .context import KEEPING, Session, command, now_ms
from .output import moment

if TYPE_CHECKING:
    from ledger.quorum import Quorum
    from nodes.cosigning import Cosigning

__all__ = ["cosign", "register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, cosign, panel=KEEPING)


def cosign(session: Session) -> None:
    """Replay the ledger into this home, and cosign its newest checkpoint; the operator signs it first."""
    from nodes.cosigning import cosign_newest

    with session.desk() as desk:
        found = cosign_newest(desk, now_ms() // 1000, progress=lambda done, total: _progress(session, done, total))
    session.screen.result(_facts(found), _text(found))
    for error in found.silent:
        session.screen.warn(f"{error.message} [{error.code}]")


def _progress(session: Session, done: int, total: int) -> None:
    if sys.stderr.isatty():
        session.screen.say(f"replayed {done:,} of {total:,} entries")


def _facts(found: Cosigning) -> dict[str, Any]:
    quorum = found.quorum
    return {
        "origin": quorum.checkpoint.origin,
        "size": quorum.checkpoint.size,
        "root": quorum.checkpoint.root.hex(),
        "height": found.height,
        "cosigner": found.name,
        "replayed": found.replayed,
        "cosigned": _times(quorum),
        "missing": [witness.name for witness in quorum.missing],
        "quorum": quorum.policy.quorum if not quorum.independent else _threshold(quorum),
        "holds": quorum.holds,
    }


def _threshold(quorum: Quorum) -> int:
    return quorum.policy.groups[-1].threshold if quorum.policy.groups else 1


def _times(quorum: Quorum) -> dict[str, str]:
    return {name: moment(time * 1000) for name, time in sorted(quorum.times.items())}


def _text(found: Cosigning) -> str:
    quorum, size = found.quorum, found.quorum.checkpoint.size
    at = f"{quorum.checkpoint.origin} at {size:,} entries, height {found.height}"
    lines = [f"the log has signed the checkpoint of {at}"]
    if found.name is not None:
        lines = [f"{found.name} vouches for {at}", f"  replayed: {found.replayed:,} entries"]
    lines += [f"  cosigned: {name} at {time}" for name, time in _times(quorum).items()]
    lines += [f"  missing: {witness.name}" for witness in quorum.missing]
    state = "stands" if quorum.holds else "does not stand yet"
    lines.append(f"  quorum: {quorum}" + (f"; it {state}" if quorum.independent else ""))
    return "\n".join(lines)
