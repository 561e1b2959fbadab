"""What the rules of a table read of a record: its other fields make no difference, and are left out of the states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from contracts.table import Action, RuleTable
from contracts.vocabulary import EFFECTS, GUARDS, bind

__all__ = ["Readable", "delayed_fields", "fields_read"]


class Readable:
    """What some rule reads: which fields, in which states it may still be read, and from which times a delay runs."""

    def __init__(self, table: RuleTable, read: Mapping[str, Collection[str]], delayed: Iterable[str]) -> None:
        """`read` has for each field the states in which a rule may read it then or later."""
        self.kept = tuple(sorted(read))
        types = {name: table.fields[name].type for name in self.kept}
        self.times = tuple(name for name in self.kept if types[name] == "time")
        self.keys = tuple(name for name in self.kept if types[name] == "keys")
        self.sets = tuple(name for name in self.kept if types[name] == "parties")
        self.delayed = frozenset(delayed)
        self.terminal = frozenset(name for name, state in table.states.items() if state.terminal)
        self.kept_in = {state: tuple(name for name in self.kept if state in read[name]) for state in table.states}
        self.dropped_in = {state: frozenset(table.fields).difference(kept) for state, kept in self.kept_in.items()}


def fields_read(table: RuleTable) -> dict[str, frozenset[str]]:
    """The fields that guards read, with the states from which an action that reads them may follow."""
    starts: dict[str, set[str]] = {}
    for action in table.actions.values():
        for known, primitives in ((GUARDS, action.guards), (EFFECTS, action.effects)):
            for primitive in primitives:
                for name in bind(known, primitive)[0].relies.fields:
                    starts.setdefault(name.format(**primitive.parameters), set()).update(action.moves)
    read = {name for action in table.actions.values() for name in _read_by_guards(action)}
    return {name: _before(table, starts[name]) for name in sorted(read & table.fields.keys())}


def _read_by_guards(action: Action) -> Iterator[str]:
    for primitive in action.guards:
        yield from (name.format(**primitive.parameters) for name in bind(GUARDS, primitive)[0].relies.fields)


def _before(table: RuleTable, states: Iterable[str]) -> frozenset[str]:
    """The states, and those that lead to them."""
    found = set(states)
    moves = [move for action in table.actions.values() for move in action.moves.items()]
    while more := {start for start, end in moves if end in found} - found:
        found |= more
    return frozenset(found)


def delayed_fields(table: RuleTable) -> Iterator[str]:
    """The fields from which a delay runs."""
    for action in table.actions.values():
        yield from (word.parameters["field"] for word in action.guards if word.name.startswith("delay_has_run@"))
