"""The member who is enrolled where the table of members itself is checked: its card, and the proofs of its keys.

The rules look at real signatures there, so the newcomer has real keys.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from contracts.guards import key_proof_message
from ledger.member import MemberCard
from ledger.signature import ED25519, public_key_of, sign_ed25519

from .cast import named

__all__ = ["FIRST_SEED", "NEWCOMER", "NEXT_SEEDS", "member_values", "newcomer_keys", "proofs"]

NEWCOMER: Final = named("id", "record")
FIRST_SEED: Final = named("seed", "0")
_ENCRYPTION: Final = named("encryption")[:31] + b"\x01"
NEXT_SEEDS: Final = (named("seed", "1"), named("seed", "2"))


@cache
def _card() -> MemberCard:
    card = MemberCard(
        NEWCOMER, "newcomer", {"en": "Newcomer"}, "", "REG-newcomer", ("shipper",), (),
        (ED25519, public_key_of(FIRST_SEED)), _ENCRYPTION, {}, "",
    )  # fmt: skip
    return card.sign(lambda message: (ED25519, public_key_of(FIRST_SEED), sign_ed25519(FIRST_SEED, message)))


@cache
def member_values() -> dict[str, Any]:
    """The fields of the card that an enrolment names, but for keys and proofs."""
    given = _card().fields()
    return {name: value for name, value in given.items() if name not in ("public_key", "proof")}


@cache
def newcomer_keys() -> dict[tuple[int, bytes], bytes]:
    """The newcomer's keys, which are all its own."""
    return {(ED25519, public_key_of(seed)): NEWCOMER for seed in (FIRST_SEED, *NEXT_SEEDS)}


@cache
def proofs() -> list[bytes]:
    """The card's signature, then for each next key its proof."""
    card = [_card().fields()["proof"]]
    return card + [sign_ed25519(s, key_proof_message(NEWCOMER, public_key_of(s))) for s in NEXT_SEEDS]
