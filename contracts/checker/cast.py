"""The small model: who plays, and the world that rules read.

    trader-a, trader-b, trader-c    shippers, buyers, banks and forwarders, which nothing tells apart
    carrier, authority              one each
    certifier, warehouse, …         one for each further role that the table names
    agent                           has no role, and a mandate of everybody
    joint                           a group: any two of the three traders together
    outsider                        a party that is no member of the ledger
    KIND in STATE of MEMBER         another record, where a rule of the table asks for one of that kind and state

All but the agent govern. Numbers that the rules of a ledger set (a delay, a period of notice) all have one length.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from contracts.parties import GROUP
from contracts.table import RuleTable
from ledger.hashing import ZERO, ledger_record
from ledger.record import Record
from ledger.signature import ED25519

from .times import DELAY, OLD

__all__ = ["AGENT", "CONSTANT", "JOINT", "LEDGER", "OUTSIDER", "Cast", "ModelWorld", "named"]

_TRADERS: Final = ("trader-a", "trader-b", "trader-c")
_TRADE: Final = ("bank", "buyer", "forwarder", "shipper")
_DELAYS: Final = frozenset({"days", "delay", "hours", "ms", "notice", "objection", "overlap", "period", "seconds"})


def named(*words: str) -> bytes:
    """32 bytes for a name of the model: an id, a hash, a key."""
    return sha256("/".join(("lading/checker", *words)).encode()).digest()


LEDGER: Final = named("ledger")
CONSTANT: Final = named("constant")
"""The one hash of the model, which every parameter of a ledger equals that is no number."""
AGENT: Final = named("member", "agent")
JOINT: Final = named("joint")
OUTSIDER: Final = named("outsider")


class _Parameters(dict[str, str]):
    """Whatever parameter a rule asks for: a delay where its name says so, else the one hash."""

    def get(self, name: str, default: Any = None) -> str:
        return self[name]

    def __missing__(self, name: str) -> str:
        self[name] = str(DELAY) if _DELAYS.intersection(name.split("_")) else CONSTANT.hex()
        return self[name]


class Cast:
    """The members of the model, for one table; `traders` are those that nothing tells apart."""

    def __init__(self, table: RuleTable) -> None:
        roles: dict[str, tuple[str, ...]] = dict.fromkeys(_TRADERS, _TRADE)
        roles |= {"carrier": ("carrier",), "authority": ("authority",)}
        known = {role for own in roles.values() for role in own}
        roles |= {role: (role,) for role in sorted(_roles_of(table) - known)}
        self.ids = {alias: named("member", alias) for alias in roles}
        self.members = tuple(self.ids.values())
        self.traders = self.members[: len(_TRADERS)]
        self._aliases = {id_: alias for alias, id_ in self.ids.items()}
        self._aliases |= {AGENT: "agent", JOINT: "joint", OUTSIDER: "outsider"}
        self.records = {id_: _member(id_, alias, roles[alias]) for alias, id_ in self.ids.items()}
        self.records[AGENT] = _member(AGENT, "agent", ())
        fields: dict[str, Any] = {"members": sorted(self.traders), "threshold": 2}
        self.records[JOINT] = Record(JOINT, GROUP, 1, "active", 1, ZERO, 0, OLD, JOINT, JOINT, fields=fields)
        self.companions: dict[str, list[tuple[bytes, bytes]]] = {}
        """By the argument that names it: other records, each with the member who issued and controls it."""
        for argument, kind, status in _companions_of(table):
            for alias, owner in self.ids.items():
                id_ = named("companion", kind, status, alias)
                self._aliases[id_] = f"{kind} in {status} of {alias}"
                self.companions.setdefault(argument, []).append((id_, owner))
                self.records[id_] = Record(id_, kind, 1, status, 1, ZERO, 0, OLD, owner, owner)
        self.owners = {id_: owner for found in self.companions.values() for id_, owner in found}
        own = ledger_record(LEDGER)
        fields = {"governors": list(self.members), "parameters": {}, "policies": [[0, CONSTANT]], "tables": []}
        self.records[own] = Record(own, "ledger", 1, "adopted", 1, ZERO, 0, OLD, ZERO, None, fields=fields)

    def name(self, party: bytes) -> str | None:
        """A party as it stands in a counterexample."""
        return self._aliases.get(party)


def _roles_of(table: RuleTable) -> set[str]:
    words = [word for action in table.actions.values() for word in action.guards + action.effects]
    return {role for word in words for role in [word.parameters.get("role")] if role is not None}


def _companions_of(table: RuleTable) -> list[tuple[str, str, str]]:
    """(argument, kind, state) of every word that asks for another record of a kind and in a state."""
    words = [word.parameters for action in table.actions.values() for word in action.guards]
    return sorted(
        {
            (word["argument"], word["kind"], state)
            for word in words
            if {"argument", "kind", "state"} <= word.keys()
            for state in word["state"].split(" or ")
        }
    )


def _member(id_: bytes, alias: str, roles: tuple[str, ...]) -> Record:
    fields: dict[str, Any] = {
        "alias": alias, "names": {"en": alias}, "lei": "", "registration": alias, "roles": list(roles), "codes": [],
        "keys": [[ED25519, named("key", alias), OLD, None]], "encryption": named("encryption", alias),
        "cosigners": {}, "address": "",
    }  # fmt: skip
    return Record(id_, "member", 1, "active", 1, ZERO, 0, OLD, id_, id_, fields=fields)


class ModelWorld:
    """The world of one state: the cast, the records under test, and the numbers that are taken."""

    def __init__(self, cast: Cast, records: Mapping[bytes, Record], claimed: Mapping[bytes, bytes]) -> None:
        self.governors = cast.members
        self.parameters: Mapping[str, str] = _Parameters()
        self.height = 1
        self._cast = cast.records
        self._records = records
        self._claimed = claimed

    def record(self, record_id: bytes) -> Record | None:
        """A record under test, or one of the cast."""
        return self._records.get(record_id) or self._cast.get(record_id)

    def number(self, key: bytes) -> bytes | None:
        """The record that holds a number."""
        return self._claimed.get(key)
