"""Check a rule table: explore it on the small model, and say which of the eight invariants hold.

result = check_table(parse_table(text))
result.proved, result.result_hash
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

from contracts.table import Action, RuleTable
from contracts.vocabulary import GUARDS

from .cast import Cast
from .choices import ABSENT
from .explore import Found, Node, explore
from .invariants import INVARIANTS
from .result import CheckResult, Move, Verdict
from .steps import Step
from .times import LATER, SOON

__all__ = ["ambiguous", "check_table", "moves_to"]

_TOLD: Final = frozenset({"count", "parties", "party", "parts", "time"})


def check_table(table: RuleTable) -> CheckResult:
    """Explore the table. Raises `BadTable` for one that no ledger would run, `TooManyStates` for one too large."""
    cast = Cast(table)
    found = explore(table, cast)
    return CheckResult(
        kind=table.kind,
        version=table.version,
        table=table.hash,
        states=len(found.nodes),
        transitions=found.transitions,
        invariants=tuple(_verdict(name, about, found, cast) for name, about in INVARIANTS.items()),
        exceptions={name: action.exception for name, action in table.actions.items() if action.exception},
        unreachable=tuple(sorted(table.states.keys() - found.reached)),
        never=tuple(sorted(table.actions.keys() - found.fired)),
        ambiguous=ambiguous(table),
    )


def ambiguous(table: RuleTable) -> tuple[str, ...]:
    """Pairs of actions that one party can do from one state and signs with one sentence.

    Whatever they do, the same or not, who signs could not tell from the sentence which one an act is.
    """
    pairs = []
    for one, other in combinations(sorted(table.actions.values(), key=lambda action: action.name), 2):
        if one.moves.keys() & other.moves.keys() and _sentence(one) == _sentence(other):
            first, second = _who(one), _who(other)
            if first <= second or second <= first:
                pairs.append(f"{one.name} and {other.name}")
    return tuple(pairs)


def _sentence(action: Action) -> str:
    """The words that are signed, however they are broken into lines."""
    return " ".join(action.statement.split()).casefold()


def _who(action: Action) -> frozenset[Any]:
    """What an action asks of who signs it; nothing where anybody may."""
    asking = (word for word in action.guards if GUARDS[word.name].who)
    return frozenset((word.name, *sorted(word.parameters.items())) for word in asking)


def _verdict(name: str, about: str, found: Found, cast: Cast) -> Verdict:
    if name not in found.broken:
        return Verdict(name, about, True)
    reason, node, last = found.broken[name]
    moves, names = moves_to(node, cast)
    if last is not None:
        moves.append(_move(last, names, cast))
    parties = ("nobody" if party is None else _shown(party, names, cast) for party in reason.parties)
    return Verdict(name, about, False, reason.text.format(*parties), tuple(moves))


def moves_to(node: Node, cast: Cast) -> tuple[list[Move], dict[Any, bytes]]:
    """The steps that lead to a node, under one set of names from the beginning, and what traders are called there."""
    path = [node]
    while path[0].parent is not None:
        path.insert(0, path[0].parent)
    names: dict[Any, bytes] = {trader: trader for trader in cast.traders}
    moves = []
    for here in path[1:]:
        if here.edge is not None and here.state is not None:
            moves.append(_move(here.edge.step, names, cast))
            names = _renamed(names, here.edge.end.traders, here.state.traders, cast)
    return moves, names


def _renamed(
    names: Mapping[Any, bytes], was: tuple[bytes, ...], stands_for: tuple[bytes, ...], cast: Cast
) -> dict[Any, bytes]:
    """What the traders of the node's state are called, where those of the edge's end are called `names`."""
    renamed: dict[Any, bytes] = {new: names[old] for new, old in zip(stands_for, was, strict=True)}
    free = [trader for trader in cast.traders if trader not in renamed.values()]
    for trader in cast.traders:
        if trader not in renamed:
            renamed[trader] = free.pop(0)
    return renamed


def _move(step: Step | str, names: Mapping[Any, bytes], cast: Cast) -> Move:
    if isinstance(step, str):
        return Move("", step)
    chosen = [(name, step.chosen[name]) for name in step.declared if _matters(name, step)]
    return Move(
        _shown(step.actor, names, cast),
        step.action,
        "" if step.actor == step.party else _shown(step.party, names, cast),
        tuple(sorted(_shown(one, names, cast) for one, signs in step.chosen.items() if type(one) is bytes and signs)),
        tuple((name, _shown(value, names, cast)) for name, value in chosen),
    )


def _matters(name: str, step: Step) -> bool:
    """Whether an argument is worth telling: it is there, and might have been another or left out."""
    declared = step.declared[name]
    given = step.chosen.get(name, ABSENT) is not ABSENT
    return given and (declared.optional or declared.type in _TOLD or bool(declared.one_of))


def _shown(value: Any, names: Mapping[Any, bytes], cast: Cast) -> str:
    if type(value) is bytes:
        return cast.name(names.get(value, value)) or f"{value.hex()[:8]}…"
    if type(value) is list and value and type(value[0]) is dict:
        return f"{len(value)} parts"
    if type(value) is list:
        return f"[{', '.join(_shown(one, names, cast) for one in value)}]"
    if type(value) is dict:
        return "one"
    return {SOON: "soon", LATER: "later"}.get(value, str(value))
