"""Members for tests: their keys come from their alias, so that every run has the same bytes.

`member("acme", "carrier", "forwarder")` is the member `acme` with two roles; it has an `id`, a signed
`card`, and `sign(message)`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from nacl import bindings

from ledger.member import MemberCard
from ledger.signature import ED25519, public_key_of, sign_ed25519

__all__ = ["Key", "Member", "digest", "member", "members"]


def digest(*words: object) -> bytes:
    """32 bytes that look random and are the same in every run."""
    return sha256("/".join(map(str, words)).encode()).digest()


@dataclass(frozen=True)
class Key:
    """An Ed25519 signing key of a test."""

    seed: bytes

    @property
    def public(self) -> bytes:
        return public_key_of(self.seed)

    def sign(self, message: bytes) -> tuple[int, bytes, bytes]:
        """A `ledger.transaction.Signer`: (algorithm, public key, signature)."""
        return ED25519, self.public, sign_ed25519(self.seed, message)


@dataclass(frozen=True)
class Member:
    """A member with its signing key, the secret of its encryption key, and its signed card."""

    alias: str
    key: Key
    encryption_secret: bytes
    card: MemberCard

    @property
    def id(self) -> bytes:
        return self.card.id

    def sign(self, message: bytes) -> tuple[int, bytes, bytes]:
        """Signs with the key of the card."""
        return self.key.sign(message)


def member(alias: str, /, *roles: str, **changes: object) -> Member:
    """A member with these roles. `changes` replace fields of the card before it is signed."""
    key, secret = Key(digest("signing", alias)), digest("encryption", alias)
    fields: dict[str, object] = {
        "id": digest("member", alias),
        "alias": alias,
        "names": {"en": f"{alias.title()} Ltd"},
        "lei": "",
        "registration": f"REG-{alias}",
        "roles": roles,
        "codes": (),
        "key": (ED25519, key.public),
        "encryption": bindings.crypto_scalarmult_base(secret),
        "cosigners": {},
        "address": "",
        **changes,
    }
    return Member(alias, key, secret, MemberCard(**fields).sign(key.sign))  # type: ignore[arg-type]


def members(roles: dict[str, Iterable[str]] | None = None) -> dict[str, Member]:
    """Members by alias; without `roles` the cast of a usual trade, and `stranger` who has no role."""
    if roles is None:
        trade = ("carrier", "shipper", "bank", "buyer", "certifier")
        roles = {**{name: (name,) for name in trade}, "stranger": ()}
    return {alias: member(alias, *own) for alias, own in roles.items()}
