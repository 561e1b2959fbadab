"""What is given where the table of members or of proposals is checked: the rules look into these arguments.

The member who is enrolled has real keys, because the rules verify the signatures of its card and of its keys. What is
proposed is a parameter of the ledger.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from contracts.guards import key_proof_message
from contracts.member_words import recovery_message
from contracts.proposals import parameter_content
from ledger.member import MemberCard
from ledger.signature import ED25519, public_key_of, sign_ed25519

from .cast import ROOT, named

__all__ = ["given_values", "keys_and_proofs", "member_values"]

_FIRST_SEED: Final = named("seed", "0")
_ENCRYPTION: Final = named("encryption")[:31] + b"\x01"
_NEXT_SEEDS: Final = (named("seed", "1"), named("seed", "2"))


@cache
def _card() -> MemberCard:
    card = MemberCard(
        ROOT, "newcomer", {"en": "Newcomer"}, "", "REG-newcomer", ("shipper",), (),
        (ED25519, public_key_of(_FIRST_SEED)), _ENCRYPTION, {}, "",
    )  # fmt: skip
    return card.sign(lambda message: (ED25519, public_key_of(_FIRST_SEED), sign_ed25519(_FIRST_SEED, message)))


@cache
def member_values() -> dict[str, Any]:
    """The fields of the card that an enrolment names, but for keys and proofs."""
    given = _card().fields()
    return {name: value for name, value in given.items() if name not in ("public_key", "proof")}


def given_values(kind: str) -> dict[str, Any]:
    """The one value of each of some arguments of a kind's table."""
    match kind:
        case "member":
            return member_values()
        case "proposal":
            name, value = "recovery_delay", "86400000"
            return {"name": name, "value": value, "content": parameter_content(name, value)}
        case _:
            return {}


@cache
def keys_and_proofs(creating: bool, recovering: bool) -> tuple[list[bytes], list[bytes]]:
    """The signing keys that an enrolment, a recovery or a rotation names, and their proofs in the same order."""
    if creating:
        return [public_key_of(_FIRST_SEED)], [_card().fields()["proof"]]
    keys = [public_key_of(seed) for seed in _NEXT_SEEDS]
    messages = [key_proof_message(ROOT, key) for key in keys]
    if recovering:
        messages = [recovery_message(ROOT, key, _ENCRYPTION) for key in keys]
    return keys, [sign_ed25519(seed, message) for seed, message in zip(_NEXT_SEEDS, messages, strict=True)]
