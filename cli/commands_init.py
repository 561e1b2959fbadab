"""`lading init`: an operator founds a ledger in its home."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.errors import UsageError

from .context import MEMBERS, Session, command, now_ms

if TYPE_CHECKING:
    from ledger.genesis import Genesis

__all__ = ["BadQuorum", "init", "register"]

_MAX_CARD = 65_536
_MAX_RULEBOOK = 16 * 1024 * 1024


class BadQuorum(UsageError):
    """Neither a number of cosigners, which `--cosigner` names, nor `none`."""

    code = "usage.bad_quorum"
    hint = "give at most the number of --cosigner options, as `--quorum 3` of 4, or `--quorum none` for one or two"


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, init, panel=MEMBERS)


def init(
    session: Session,
    *,
    origin: Annotated[str, typer.Option(help="The name of the ledger, such as ledger.example/main.")],
    member: Annotated[
        list[Path] | None,
        typer.Option(metavar="CARD", help="The card (member.json) of another founding member; again for each."),
    ] = None,
    cosigner: Annotated[
        list[str] | None, typer.Option(metavar="ALIAS", help="A founder who cosigns checkpoints; again for each.")
    ] = None,
    governor: Annotated[
        list[str] | None,
        typer.Option(metavar="ALIAS", help="A founder who admits members; without any the cosigners, else all."),
    ] = None,
    quorum: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="How many must cosign, or none; without it as few as hold.")
    ] = None,
    rulebook: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The rulebook that bills name; without it lading's own.")
    ] = None,
    law: Annotated[str, typer.Option(metavar="CODE", help="The law under which bills are issued, such as SG.")] = "",
) -> None:
    """Found a ledger in this home, whose member operates it.

    The home is one that `lading member create` made; its own card is a founder's without being named.
    """
    from hashlib import sha256

    from ledger.member import MemberCard
    from nodes.files import read_bounded
    from nodes.founding import Plan, found_ledger

    cards = [session.home.read_card(), *(read_bounded(path, _MAX_CARD) for path in member or ())]
    plan = Plan(
        origin=origin,
        members=tuple(MemberCard.decode(card) for card in cards),
        cosigners=tuple(cosigner or ()),
        governors=tuple(governor or ()),
        quorum=_quorum(quorum, len(cosigner or ())),
        rulebook="" if rulebook is None else sha256(read_bounded(rulebook, _MAX_RULEBOOK)).hexdigest(),
        law=law,
    )
    with session.keys() as keys:
        genesis = found_ledger(session.home, keys, plan, clock=now_ms)
    _report(session, genesis)


def _quorum(text: str | None, cosigners: int) -> int | None:
    if text is None or text == "none":
        return 0 if text else None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:4]) < 1000:
        raise BadQuorum("not a number of cosigners", value=text)
    if int(text) > cosigners:
        raise BadQuorum(f"a quorum of {int(text)} of {cosigners} cosigners", value=text)
    return int(text)


def _report(session: Session, genesis: Genesis) -> None:
    from ledger.policy import Policy

    policy = Policy.parse(genesis.policy.encode("utf-8"))
    group = policy.groups[0] if policy.groups else None
    aliases = {card.id: card.alias for card in genesis.members}
    value = {
        "ledger": genesis.id.hex(),
        "origin": genesis.origin,
        "members": [{"alias": card.alias, "id": card.id.hex()} for card in genesis.members],
        "governors": [aliases[governor] for governor in genesis.governors],
        "cosigners": [witness.name for witness in policy.witnesses],
        "quorum": group.threshold if group else None,
        "tables": [
            {"kind": table.kind, "version": table.version, "hash": table.hash.hex()} for table in genesis.tables
        ],
        "parameters": dict(genesis.parameters),
        "home": str(session.home.folder),
    }
    quorum = f"{group.threshold} of {len(group.members)} cosigners" if group else "none: no independent witness"
    lines = [
        f"ledger {genesis.origin} is founded",
        f"  id: {genesis.id.hex()}",
        f"  members: {', '.join(card.alias for card in genesis.members)}",
        f"  governors: {', '.join(aliases[governor] for governor in genesis.governors)}",
        f"  quorum: {quorum}",
    ]
    session.screen.result(value, "\n".join(lines))
    session.screen.say(
        "Compare the id with the other members by another channel; each joins with `lading member join`."
    )
