"""Which values of an argument are tried on the small model, by the argument's declared type.

    party           every trader that the state knows, the first that it does not, every other member, the group, and
                    an outsider
    code            each choice of `one_of`, else one
    time            one soon, one later (`times.py`)
    count           one, two and nine; a span that is no shorter than a parameter: as long as that
    id              a new one, or other records where a rule asks for them
    hash            one; where a code opens it, also that of the one code
    everything else one value; an optional argument also none

Traders that nothing has named yet are alike, so one of them stands for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from contracts.table import NEW, Action, RuleTable
from ledger.hashing import number_key, release_code_hash
from ledger.signature import ED25519

from .cast import CONSTANT, JOINT, LEDGER, OUTSIDER, ROOT, Cast, named
from .choices import ABSENT
from .given import given_values, keys_and_proofs, member_values
from .times import DELAY, LATER, SOON

__all__ = ["Domains", "alike"]


def alike(cast: Cast, known: set[Any]) -> Iterator[bytes]:
    """The members, and of the traders that are not `known` only the first."""
    unknown = False
    for member in cast.members:
        if member in cast.traders and member not in known:
            if unknown:
                continue
            unknown = True
        yield member


class Domains:
    """The values to try, for one table."""

    def __init__(self, table: RuleTable, cast: Cast) -> None:
        self._table = table
        self._cast = cast
        self._given = given_values(table.kind)
        self._opened = _opened(table)
        self._spans = _spans(table)
        self._fixed: dict[str, tuple[Any, ...]] = {
            "bytes": (b"x",),
            "code": ("XX",),
            "codes": (["XX"],),
            "count": (1, 2, 9),
            "encryption_key": (member_values()["encryption"],),
            "keys": ([[ED25519, CONSTANT, 0, None]],),
            "names": ({"en": "x"},),
            "parties": (list(cast.traders), list(cast.traders[:2]), [OUTSIDER]),
            "text": ("x",),
            "texts": ([],),
            "time": (SOON, LATER),
        }

    def of(self, name: str, action: Action, known: set[Any], party: bytes) -> list[Any]:
        """The values of the argument `name`; `known` are the parties that the state and the act name so far.

        Of other records only those of the acting `party` or of the carrier are tried.
        """
        declared = action.arguments[name]
        if name in self._cast.companions:
            owners = {party, self._cast.ids["carrier"]}
            values = [id_ for id_ in self._cast.companions[name] if owners.intersection(self._cast.owners[id_])]
        else:
            values = list(self._values(name, action, known))
        return [ABSENT, *values] if declared.optional else values

    def usual(self, name: str, action: Action) -> Any:
        """The value of an argument that makes no difference."""
        return ABSENT if action.arguments[name].optional else self.of(name, action, set(), CONSTANT)[0]

    def _values(self, name: str, action: Action, known: set[Any]) -> Iterable[Any]:
        declared = action.arguments[name]
        if declared.one_of:
            return declared.one_of
        if name in self._spans:
            return [DELAY]
        if name in self._given:
            return [self._given[name]]
        if declared.type == "party":
            return [*alike(self._cast, known), JOINT, OUTSIDER]
        if declared.type == "hash" and name in self._opened:
            return release_code_hash(ROOT, "XX"), CONSTANT
        if declared.type in ("id", "ids", "number", "parts"):
            return self._names(name, declared.type, "" if NEW in action.moves else "next")
        if declared.type in ("public_key", "signature"):
            recovering = any(word.name.startswith("recovery_") for word in action.guards)
            return keys_and_proofs(NEW in action.moves, recovering)[declared.type == "signature"]
        return self._fixed.get(declared.type, (CONSTANT,))

    def _names(self, name: str, kind: str, which: str) -> Iterable[Any]:
        """Ids and numbers: new ones, each argument's its own, and for lists of ids one that is there."""
        new = named("id", name, which) if which else named("id", name)
        match kind:
            case "id":
                return [new]
            case "ids":
                return [[new], [self._cast.ids["carrier"]]]
            case "number":
                return [self.number(name, which)]
            case _:
                return [self._parts(count) for count in (1, 2)]

    def number(self, *words: str) -> dict[str, Any]:
        """A document's number that nobody has used."""
        declared = self._table.number
        cls, at = (declared.cls, declared.at) if declared else ("none", "")
        return {"at": at, "class": cls, "key": number_key(LEDGER, cls, CONSTANT, "/".join(words))}

    def _parts(self, count: int) -> list[dict[str, Any]]:
        words = [str(at) for at in range(count)]
        return [
            {"document": CONSTANT, "number": self.number("part", word), "record": named("part", word)} for word in words
        ]


def _spans(table: RuleTable) -> set[str]:
    """The arguments that are spans of time, no shorter than a parameter of the ledger."""
    words = (word for action in table.actions.values() for word in action.guards)
    return {str(word.parameters["argument"]) for word in words if word.name == "argument_is_no_shorter@1"}


def _opened(table: RuleTable) -> set[str]:
    """The arguments that become a field which a release code opens."""
    words = [word for action in table.actions.values() for word in action.guards + action.effects]
    fields = {word.parameters["field"] for word in words if word.name.startswith("code_opens@")}
    setting = (word.parameters for word in words if word.name.startswith("set_field@"))
    return fields | {word["argument"] for word in setting if word["field"] in fields}
