"""Transactions without end that are the same in every process: what a loaded node is given.

    story = tell(game, 3, 1)          # the story of thread 1 in round 3: bills that are issued, accepted, offered …
    next(story).entry

Each act stands on the one before it, whose entry is known before it is submitted, so a story can be submitted
without waiting, and told again by another process to submit the same bytes once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.game import RULEBOOK, START, Game
from support.members import digest

from ledger.hashing import number_key
from ledger.transaction import SignedTransaction, Target, Transaction, sign

__all__ = ["tell"]

FOR_EVER = START + 3_155_760_000_000
ACTS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("carrier", "issue", {}),
    ("shipper", "accept", {}),
    ("shipper", "offer", {"to": "bank", "mode": "endorse"}),
    ("shipper", "recall", {}),
    ("shipper", "offer", {"to": "bank", "mode": "possession"}),
    ("bank", "accept", {}),
    ("bank", "offer", {"to": "buyer", "mode": "possession"}),
    ("buyer", "reject", {}),
)


def tell(game: Game, *names: object) -> Iterator[SignedTransaction]:
    """The story of these names."""
    number = 0
    while True:
        number += 1
        yield from _bill(game, digest("bill", *names, number))


def _bill(game: Game, record: bytes) -> Iterator[SignedTransaction]:
    head = b""
    for sequence, (who, action, args) in enumerate(ACTS):
        arguments: dict[str, Any] = {**args, **({"to": game.id(args["to"])} if "to" in args else {})}
        transaction = Transaction(
            ledger=game.ledger,
            targets=(Target(record, sequence, head),) if sequence else (),
            action=f"bill_of_lading.{action}",
            arguments=arguments if sequence else _issue(game, record),
            actor=game.id(who),
            represented=None,
            statement=f"bill_of_lading.{action}@1",
            valid_until=FOR_EVER,
            salt=digest("salt", record.hex(), sequence),
        )
        signed = sign(transaction, game.members[who].sign)
        yield signed
        head = signed.leaf


def _issue(game: Game, record: bytes) -> dict[str, Any]:
    declared = game.rules.table("bill_of_lading").number
    assert declared is not None
    key = number_key(game.ledger, declared.cls, game.id("carrier"), record.hex()[:12])
    return {
        "record": record,
        "document": digest("document", record.hex()),
        "number": {"at": declared.at, "class": declared.cls, "key": key},
        "to": game.id("shipper"),
        "form": "order",
        "order_party": game.id("shipper"),
        "rulebook": RULEBOOK,
        "law": "SG",
        "clause": "BIMCO-EBILL-2025",
        "place": "CNSHA",
    }
