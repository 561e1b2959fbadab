"""The small model: who plays, and the world that rules read.

    trader-a, trader-b, trader-c    shippers, buyers, banks and forwarders, which nothing tells apart
    carrier, authority              one each
    certifier, warehouse, …         one for each further role that the table names
    agent                           has no role, and a mandate of everybody
    joint                           a group: any two of the three traders together
    both of MEMBER and MEMBER       a group of two traders, where a rule of the table asks for one
    outsider                        a party that is no member of the ledger
    KIND in STATE of MEMBER         another record, where a rule of the table asks for one of that kind and state

Carrier and authority govern. Numbers that the rules of a ledger set (a delay, a period of notice) all have one length.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from itertools import combinations
from typing import Any, Final

from contracts.parties import GROUP
from contracts.table import RuleTable
from ledger.hashing import ZERO, ledger_record
from ledger.record import Record
from ledger.signature import ED25519

from .times import DELAY, OLD

__all__ = [
    "AGENT",
    "CONSTANT",
    "JOINT",
    "JOINT_CONTROL",
    "LEDGER",
    "OTHERS",
    "OUTSIDER",
    "ROOT",
    "Cast",
    "ModelWorld",
    "named",
]

_TRADERS: Final = ("trader-a", "trader-b", "trader-c")
_TRADE: Final = ("bank", "buyer", "forwarder", "shipper")
_COUNTS: Final = frozenset({"adoption_delay"})
"""Parameters that count heights: they are not set, so their default holds."""


def named(*words: str) -> bytes:
    """32 bytes for a name of the model: an id, a hash, a key."""
    return sha256("/".join(("lading/checker", *words)).encode()).digest()


LEDGER: Final = named("ledger")
CONSTANT: Final = named("constant")
"""The one hash of the model, which every parameter of a ledger equals that is no number."""
AGENT: Final = named("member", "agent")
JOINT: Final = named("joint")
JOINT_CONTROL: Final = "joint control"
OTHERS: Final = "others"
"""The feature of naming a party that has no part in the trade: an outsider, or an authority."""
OUTSIDER: Final = named("outsider")
ROOT: Final = named("id", "record")
"""The id of the record under test; what takes its place has the same once it is looked at by itself."""


class _Parameters(dict[str, str]):
    """Whatever parameter a rule asks for: a span of time where its name says so, else the one hash."""

    def get(self, name: str, default: Any = None) -> Any:
        return default if name in _COUNTS else self[name]

    def __missing__(self, name: str) -> str:
        self[name] = str(DELAY) if name.endswith("_delay") or name.startswith("max_") else CONSTANT.hex()
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
        self.governors = (self.ids["carrier"], self.ids["authority"])
        self._aliases = {id_: alias for alias, id_ in self.ids.items()}
        self._aliases |= {AGENT: "agent", JOINT: "joint", OUTSIDER: "outsider"}
        self.records = {id_: _member(id_, alias, roles[alias]) for alias, id_ in self.ids.items()}
        self.records[AGENT] = _member(AGENT, "agent", ())
        self.groups: dict[bytes, tuple[frozenset[bytes], int]] = {JOINT: (frozenset(self.traders), 2)}
        """Of each group its members, and how many of them must sign."""
        self._enough: dict[frozenset[bytes], frozenset[bytes]] = {}
        self.owners: dict[bytes, tuple[bytes, ...]] = {}
        """Records beside the one under test that belong to members: who they are."""
        self.special: dict[bytes, tuple[bytes, ...]] = dict.fromkeys(self.traders, ())
        """What has another name where traders are named otherwise: they, and records of theirs."""
        self.sorts: dict[bytes, str] = {}
        """What is the same of two such records that belong to other members."""
        self.companions: dict[str, list[bytes]] = {}
        """By the argument that names it: other records."""
        for argument in _groups_of(table):
            for one, other in combinations(self.traders, 2):
                id_ = named("both", self._aliases[one], self._aliases[other])
                self.groups[id_] = (frozenset((one, other)), 2)
                self._add(
                    argument, id_, f"both of {self._aliases[one]} and {self._aliases[other]}", "both", (one, other)
                )
        for argument, kind, status in _companions_of(table):
            for alias, owner in self.ids.items():
                id_ = named("companion", kind, status, alias)
                self._add(argument, id_, f"{kind} in {status} of {alias}", f"{kind} in {status}", (owner,))
                self.records[id_] = Record(id_, kind, 1, status, 1, ZERO, 0, OLD, owner, owner)
        for id_, (members, threshold) in self.groups.items():
            group = {"members": sorted(members), "threshold": threshold}
            self.records[id_] = Record(id_, GROUP, 1, "live", 1, ZERO, 0, OLD, id_, id_, fields=group)
        self._features = {OUTSIDER: OTHERS, self.ids["authority"]: OTHERS} | dict.fromkeys(self.groups, JOINT_CONTROL)
        own = ledger_record(LEDGER)
        fields: dict[str, Any] = {
            "governors": [[0, list(self.governors)]],
            "parameters": {},
            "policies": [],
            "tables": [],
            "origin": "",
        }
        self.records[own] = Record(own, "ledger", 1, "adopted", 1, ZERO, 0, OLD, ZERO, None, fields=fields)

    def groups_of(self, members: frozenset[bytes]) -> frozenset[bytes]:
        """The groups of which these members are enough."""
        found = self._enough.get(members)
        if found is None:
            found = frozenset(id_ for id_, (of, enough) in self.groups.items() if len(of & members) >= enough)
            self._enough[members] = found
        return found

    def feature(self, party: Any) -> str | None:
        """What naming a party in an argument makes use of, if it is none of the usual ones."""
        return self._features.get(party) if type(party) is bytes else None

    def _add(self, argument: str, id_: bytes, name: str, sort: str, owners: tuple[bytes, ...]) -> None:
        self._aliases[id_] = name
        self.owners[id_] = self.special[id_] = owners
        self.sorts[id_] = sort
        self.companions.setdefault(argument, []).append(id_)

    def name(self, party: bytes) -> str | None:
        """A party as it stands in a counterexample."""
        return self._aliases.get(party)


def _roles_of(table: RuleTable) -> set[str]:
    words = [word for action in table.actions.values() for word in action.guards + action.effects]
    return {role for word in words for role in [word.parameters.get("role")] if role is not None}


def _groups_of(table: RuleTable) -> list[str]:
    """The arguments that name a joint control of two."""
    words = [word for action in table.actions.values() for word in action.guards]
    return sorted({word.parameters["group"] for word in words if word.name.startswith("group_is_of_both@")})


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
        self.governors = cast.governors
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
