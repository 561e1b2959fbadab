"""What a lawyer looks for first in a rule table: who may do what, what needs no consent, which values are the ledger's.

    **The pledgee**                          every party that the guards let act, with its actions and their states
    `enforce` (`pledged` → `held`): …        every named exception, with its reason
    `pledge_delay` | 7 days | …              every governance parameter that a guard compares with

All of it follows from the table and the vocabulary; nothing is said here that `contracts.lawyer` does not say again
at the action.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from .parameters import PARAMETERS, wrong_value
from .reading_order import grouped_actions, ordered_states
from .table import NEW, Action, Primitive, RuleTable
from .vocabulary import GUARDS

__all__ = ["ANYBODY", "CONSENTS", "exceptions", "filled", "index", "ledger_values", "moves", "spoken",
           "value_in_words"]  # fmt: skip

ANYBODY: Final = "any member"
CONSENTS: Final[Mapping[str, str]] = {"controller_signs_too@1": "the party in control of the record"}
"""Guards by which a party does not act but must sign too."""
_FIRST: Final = (
    "the party in control", "the issuer", "the party to whom it was offered", "the party to whose order",
    "the pledgee", "the party in the field", "the party named", "a member of the group", "the authority",
    "a member with the role", "a governor", "a member, with",
)  # fmt: skip
"""Parties in the order of the index, by how their names begin; the others come after."""
_NAMING: Final = ("argument", "delay", "field", "group", "parameter")
_LENGTHS: Final = (("day", 86_400_000), ("hour", 3_600_000), ("minute", 60_000), ("second", 1_000))


def filled(text: str, primitive: Primitive) -> str:
    """A sentence of the vocabulary with the table's parameters: names as code, the rest as words."""
    for name, value in primitive.parameters.items():
        text = text.replace(f"{{{name}}}", f"`{value}`" if name in _NAMING else value.replace("_", " "))
    return text


def moves(table: RuleTable, action: Action) -> str:
    """From which state to which: "`held` → `offered`"."""

    def arrow(start: str) -> str:
        return f"{'no record' if start == NEW else f'`{start}`'} → `{action.moves[start]}`"

    return ", ".join(arrow(state) for state in [NEW, *ordered_states(table)] if state in action.moves)


def exceptions(table: RuleTable) -> Iterator[str]:
    """The actions that move control, or end a record, without the signature of the party in control."""
    yield from ("## Where control moves, or the record ends, without the signature of the party in control", "")
    found = [one for _, actions in grouped_actions(table) for one in actions if one.exception]
    for action in found:
        to = " or ".join(f"`{state}`" for state in ordered_states(table) if state in action.moves.values())
        who = ", who is also ".join(_parties(action))
        yield f"- `{action.name}` ({_states(table, action)}, to {to}), by {who}: {action.exception}"
    if not found:
        yield "The table names no such action."
    yield ""


def index(table: RuleTable) -> Iterator[str]:
    """Every party with what it may do, and in which states."""
    found: dict[str, list[str]] = {}
    for _, actions in grouped_actions(table):
        for action in actions:
            parties = _parties(action)
            for party in parties:
                others = [other for other in parties if other != party]
                also = f", being also {' and '.join(others)}" if others else ""
                found.setdefault(party, []).append(f"`{action.name}`: {_states(table, action)}{also}")
            for guard in action.guards:
                if guard.name in CONSENTS:
                    line = f"signs `{action.name}` too: {_states(table, action)}"
                    found.setdefault(CONSENTS[guard.name], []).append(line)
    yield from ("## Who may do what", "")
    for party in sorted(found, key=_rank):
        yield f"- **{party[:1].upper()}{party[1:]}**{_meaning(table, party)}"
        yield from (f"  - {line}" for line in found[party])
    yield ""


def _parties(action: Action) -> list[str]:
    found = [filled(GUARDS[one.name].who, one) for one in action.guards if GUARDS[one.name].who]
    return found or [ANYBODY]


def _rank(party: str) -> tuple[int, str]:
    at = next((at for at, begins in enumerate(_FIRST) if party.startswith(begins)), len(_FIRST))
    return at + (party == ANYBODY), party


def _meaning(table: RuleTable, party: str) -> str:
    """What the table says of a field that a party stands in; who is called the holder."""
    named = re.search(r"the field `(\w+)`$", party)
    if named and named[1] in table.fields:
        return f" ({table.fields[named[1]].about})"
    held = any("holder" in action.about for action in table.actions.values())
    return ", its holder" if held and party.startswith("the party in control") else ""


def _states(table: RuleTable, action: Action) -> str:
    if NEW in action.moves:
        return "no record yet"
    alive = [name for name in ordered_states(table) if not table.states[name].terminal]
    without = [f"`{name}`" for name in alive if name not in action.moves]
    if len(alive) > 2 and len(without) < len(action.moves) / 2:
        return f"in every state but {', '.join(without)}{' and ' if without else ''}the ends"
    return f"in {', '.join(f'`{name}`' for name in alive if name in action.moves)}"


def ledger_values(table: RuleTable, values: Mapping[str, str] | None) -> Iterator[str]:
    """The governance parameters that the table's guards compare with; `values` are a ledger's, where one is at hand."""
    guards = [one for action in table.actions.values() for one in action.guards]
    text = " ".join(filled(GUARDS[one.name].text, one) for one in guards)
    named = [name for name in PARAMETERS if re.search(rf"the ledger's `?{name}\b", text)]
    if not named:
        return
    default = "value (unless the ledger votes another)" if values is None else "value in this ledger"
    yield from ("## Values that the ledger sets", "", f"| parameter | {default} | meaning |", "|---|---|---|")
    for name in named:
        yield f"| `{name}` | {value_in_words(name, values) or 'none'} | {_without_unit(name)} |"
    yield ""


def spoken(name: str, value: str) -> str:
    """A value of a parameter as a person says it: `604800000` of `pledge_delay` is "7 days"; most stay as they are."""
    if not PARAMETERS[name].meaning.startswith("milliseconds") or wrong_value(name, value) or not int(value):
        return value
    for unit, length in _LENGTHS:
        count, rest = divmod(int(value), length)
        if not rest:
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{int(value):,} milliseconds"


def value_in_words(name: str, values: Mapping[str, str] | None) -> str:
    """A parameter's value as a person says it: the ledger's, or its default."""
    given = (values or {}).get(name, "")
    return spoken(name, PARAMETERS[name].default if wrong_value(name, given) else given)


def _without_unit(name: str) -> str:
    return PARAMETERS[name].meaning.replace("milliseconds", "the time", 1)
