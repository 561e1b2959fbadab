"""The governance parameters: what rules compare with, changed only by vote.

    rulebook        SHA-256 of the rulebook in hex, which bills name
    law             the law under which bills are issued unless they say
    quorum          2/3: of the active governors more than this must agree
    adoption_delay  1: heights between an adoption and its taking effect
    …               `PARAMETERS` has all, each with its meaning, its default and its range

A value is a text. A name that is not in the list is refused, and so is a value out of its range.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.signature import ED25519

if TYPE_CHECKING:
    from .table import Action

__all__ = ["ALGORITHMS", "PARAMETERS", "Parameter", "agreed_spans", "count_of", "quorum_of", "reaches_quorum",
           "wrong_value"]  # fmt: skip

_MINUTE: Final = 60_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
ALGORITHMS: Final[Mapping[str, int]] = {"ed25519": ED25519}
"""Signature algorithms by name, with the number that stands in a transaction."""
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_LAW: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_FRACTION: Final = re.compile(r"([1-9])/([1-9])")
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `check` says what a value must be where it is not, `default` holds where none was set."""

    name: str
    meaning: str
    default: str
    check: Callable[[str], str]


def _matches(pattern: re.Pattern[str], what: str) -> Callable[[str], str]:
    return lambda value: "" if pattern.fullmatch(value) else what


def _counts(least: int, most: int, unit: str) -> Callable[[str], str]:
    what = f"a whole number ({unit}) from {least:,} to {most:,}"

    def check(value: str) -> str:
        return "" if _COUNT.fullmatch(value) and least <= int(value) <= most else what

    return check


def _fraction(value: str) -> str:
    found = _FRACTION.fullmatch(value)
    good = found is not None and 2 * int(found[2]) <= 3 * int(found[1]) < 3 * int(found[2])
    return "" if good else "a fraction of one-digit numbers, at least 2/3 and less than 1"


def _algorithms(value: str) -> str:
    names = value.split(",")
    good = set(names) <= ALGORITHMS.keys() and sorted(set(names)) == names and "ed25519" in names
    return "" if good else f"names in order, commas between them, of {', '.join(ALGORITHMS)}; ed25519 among them"


_LIST: Final = (
    Parameter("rulebook", "the SHA-256 of the rulebook that bills name", "",
              _matches(_HASH, "64 hexadecimal digits")),
    Parameter("law", "the law under which bills are issued unless they say, as an ISO 3166 code", "",
              _matches(_LAW, "an ISO 3166 code, such as SG")),
    Parameter("quorum", "of the active governors more than this fraction must agree", "2/3", _fraction),
    Parameter("adoption_delay", "heights between an adoption and its taking effect", "1",
              _counts(0, 1_000_000, "heights")),
    Parameter("pledge_delay", "milliseconds at least between the notice of default of a new pledge and its enforcement",
              str(7 * _DAY), _counts(_HOUR, 365 * _DAY, "milliseconds")),
    Parameter("recovery_delay", "milliseconds in which a member can object to the recovery of its key",
              str(7 * _DAY), _counts(_HOUR, 365 * _DAY, "milliseconds")),
    Parameter("max_lock", "milliseconds that a presentation lock can last at most", str(30 * _DAY),
              _counts(_MINUTE, 365 * _DAY, "milliseconds")),
    Parameter("max_overlap", "milliseconds that an old key stays valid at most after a member has replaced it",
              str(30 * _DAY), _counts(0, 365 * _DAY, "milliseconds")),
    Parameter("algorithms", "the signature algorithms of new keys", "ed25519", _algorithms),
    Parameter("vocabulary", "the newest set of guards and effects that rule tables may use", "1",
              _counts(1, 9_999, "of a vocabulary")),
)  # fmt: skip
PARAMETERS: Final[Mapping[str, Parameter]] = {parameter.name: parameter for parameter in _LIST}
"""Every parameter by name."""


def wrong_value(name: str, value: str) -> str:
    """Why a parameter cannot have a value; an empty text if it can."""
    known = PARAMETERS.get(name)
    if known is None:
        return f"there is no parameter {name}; there are {', '.join(PARAMETERS)}"
    must_be = known.check(value)
    return f"{name} is {must_be}" if must_be else ""


def count_of(parameters: Mapping[str, str], name: str) -> int:
    """A parameter that is a number: as it was set, or its default where it was not, or not rightly."""
    value = parameters.get(name, "")
    return int(PARAMETERS[name].default if wrong_value(name, value) else value)


def agreed_spans(action: Action, parameters: Mapping[str, str]) -> dict[str, int]:
    """The arguments of an action that are spans no shorter than a parameter, by name, each with the shortest."""
    asked = (word.parameters for word in action.guards if word.name == "argument_is_no_shorter@1")
    return {str(one["argument"]): count_of(parameters, str(one["parameter"])) for one in asked}


def quorum_of(parameters: Mapping[str, str]) -> tuple[int, int]:
    """The fraction of the active governors of whom more must agree."""
    value = parameters.get("quorum", "")
    above, below = (PARAMETERS["quorum"].default if wrong_value("quorum", value) else value).split("/")
    return int(above), int(below)


def reaches_quorum(parameters: Mapping[str, str], agreed: int, active: int) -> bool:
    """Whether `agreed` of `active` governors are enough."""
    above, below = quorum_of(parameters)
    return agreed * below > active * above
