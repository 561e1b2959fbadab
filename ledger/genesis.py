"""The genesis: the document from which a ledger begins. Its SHA-256 is the ledger's id.

    {"created":1764000000000,"format":"lading/genesis@1","governors":["<hex>",…],"members":[card,…],
     "origin":"ledger.example/main","parameters":{"rulebook":"<hex>"},"policy":"log …\\nwitness …\\n",
     "tables":[{"hash":"<hex>","kind":"bill_of_lading","version":1},…]}

Canonical JSON (RFC 8785). `created` is the ledger time of height 0 in Unix milliseconds; `origin` the
origin line of every checkpoint; `members` the founders' cards (`ledger.member`); `governors` the ids of
those who vote, by more than two thirds; `policy` the first policy (C2SP tlog-policy); `tables` the
SHA-256 of the encoded rule tables, whose texts stand in the log behind the genesis; `parameters` what
rules compare with, each a string.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from .errors import InputError
from .hashing import HASH_SIZE
from .member import MemberCard
from .note import check_key_name
from .policy import Policy
from .strict_json import canonicalise, parse

__all__ = ["GENESIS_FORMAT", "BadGenesis", "Genesis", "TableRef"]

GENESIS_FORMAT: Final = "lading/genesis@1"
MAX_GENESIS: Final = 4 * 1024 * 1024
MAX_SAFE_INTEGER: Final = 2**53 - 1


class BadGenesis(InputError):
    """Not a genesis, or one that contradicts itself."""

    code = "genesis.malformed"
    hint = "take the file genesis.json from a member of the ledger; docs/spec.md, section Genesis, has its form"


@dataclass(frozen=True, slots=True)
class TableRef:
    """A rule table by kind, version and the SHA-256 of its encoding."""

    kind: str
    version: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Genesis:
    """What a ledger begins with; `encoded` is the document byte for byte."""

    origin: str
    created: int
    members: tuple[MemberCard, ...]
    governors: tuple[bytes, ...]
    policy: str
    tables: tuple[TableRef, ...]
    parameters: Mapping[str, str]

    @property
    def id(self) -> bytes:
        """The ledger's id: SHA-256 of the document."""
        return sha256(self.encode()).digest()

    def encode(self) -> bytes:
        """The document."""
        return canonicalise(
            {
                "format": GENESIS_FORMAT,
                "origin": self.origin,
                "created": self.created,
                "members": [card.as_json() for card in self.members],
                "governors": [governor.hex() for governor in self.governors],
                "policy": self.policy,
                "tables": [{"kind": t.kind, "version": t.version, "hash": t.hash.hex()} for t in self.tables],
                "parameters": dict(self.parameters),
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Genesis:
        """Read and check a genesis. Raises errors of `ledger.strict_json`, `ledger.member`, `BadGenesis`."""
        value = parse(data, limit=MAX_GENESIS)
        if not isinstance(value, dict) or value.get("format") != GENESIS_FORMAT:
            raise BadGenesis(f"not a genesis of format {GENESIS_FORMAT}")
        try:
            genesis = _read(value)
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise BadGenesis(f"a field is missing or has a wrong type: {exc}") from None
        if genesis.encode() != data:
            raise BadGenesis("not the canonical form, or with fields that a genesis does not have")
        genesis.check()
        return genesis

    def check(self) -> None:
        """Nothing stands twice, governors are members, the policy can be read. Raises `BadGenesis` or `BadPolicy`."""
        ids = [card.id for card in self.members]
        aliases = [card.alias for card in self.members]
        keys = [card.key for card in self.members]
        kinds = [(table.kind, table.version) for table in self.tables]
        twice: list[tuple[str, Sequence[object]]] = [
            ("two members share one id", ids),
            ("two members share one alias", aliases),
            ("two members share one key", keys),
            ("two members share one LEI", [card.lei for card in self.members if card.lei]),
            ("two members share one code", [code for card in self.members for code in card.codes]),
            ("two members share one cosigner key", [key for card in self.members for key in card.cosigners.values()]),
            ("a governor is named twice", self.governors),
            ("two tables are of one kind and version", kinds),
        ]
        for what, listed in twice:
            if len(set(listed)) != len(listed):
                raise BadGenesis(what)
        if not self.governors or not set(self.governors) <= set(ids):
            raise BadGenesis("the governors are one or more of the founding members")
        if any(len(table.hash) != HASH_SIZE or table.version < 1 for table in self.tables):
            raise BadGenesis("a table is named by a version from 1 and a hash of 32 bytes")
        check_key_name(self.origin, BadGenesis)
        Policy.parse(self.policy.encode())

    def member(self, member_id: bytes) -> MemberCard | None:
        """A founding member by its id."""
        return next((card for card in self.members if card.id == member_id), None)


def _read(value: dict[str, Any]) -> Genesis:
    return Genesis(
        origin=value["origin"] + "",
        created=_integer(value["created"]),
        members=tuple(MemberCard.from_json(card) for card in value["members"]),
        governors=tuple(bytes.fromhex(text) for text in value["governors"]),
        policy=value["policy"] + "",
        tables=tuple(
            TableRef(table["kind"] + "", _integer(table["version"]), bytes.fromhex(table["hash"]))
            for table in value["tables"]
        ),
        parameters={name: text + "" for name, text in value["parameters"].items()},
    )


def _integer(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_SAFE_INTEGER:
        raise ValueError(f"{value!r} is not a whole number that is not negative")
    return value
