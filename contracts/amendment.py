"""What a vote may change in the tables on which the ledger itself rests: members, mandates, groups, texts, proposals.

The interpreter reads these records by itself, and a vote that loosened one of these tables would loosen the voting. So
a new version keeps every field, state and action of the one before; an action may get further guards, and nothing may
lose one. What is added touches nothing of what was there: optional fields, and actions that set these fields alone and
leave the record in its state.

A table of any kind may say how records of older versions migrate: a record is dead or alive behind it as it was before,
and has all that the new table takes for granted in its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .soundness import facts_of
from .table import NEW, Action, BadTable, Declared, RuleTable

__all__ = ["CONSTITUTIONAL", "check_amends", "check_migrates"]

CONSTITUTIONAL: Final = frozenset({"joint_control", "mandate", "member", "proposal", "text"})
"""Kinds whose tables a vote can narrow and not loosen."""
_SETTING: Final = frozenset({"set_field@1", "set_field_to_time@1"})


def check_amends(old: RuleTable, new: RuleTable) -> None:
    """Raises `BadTable` with what the new version of a constitutional table must not do."""
    if (old.number, old.has_document) != (new.number, new.has_document):
        raise BadTable(f"{new.kind}: its number and document stay as they are", value=new.kind)
    _check_form(old, new)
    for action in old.actions.values():
        _check_kept(new, action)
    for action in new.actions.values():
        if action.name not in old.actions:
            _check_added(old, new, action)


def check_migrates(old: RuleTable, new: RuleTable) -> None:
    """Raises `BadTable` where a record of the version of `old` would not fit the new table."""
    place = f"{new.kind}: records of version {old.version}"
    if (old.number, old.has_document) != (new.number, new.has_document):
        raise BadTable(f"{place} have another number or document", value=old.version)
    for name, field in new.fields.items():
        had = old.fields.get(name)
        if had is not None and had.type != field.type:
            raise BadTable(f"{place} have the field {name} of another type", value=name)
        if not field.optional and (had is None or had.optional):
            raise BadTable(f"{place} may lack the field {name}", value=name)
    before, after = facts_of(old), facts_of(new)
    for start, end in new.migrates[old.version].items():
        if start not in old.states:
            raise BadTable(f"{place} have no state {start}", value=start)
        if old.states[start].terminal != new.states[end].terminal:
            raise BadTable(f"{place} that are {start} would end, or live again, as {end}", value=start)
        missing = sorted(after[end] - before[start])
        if missing:
            raise BadTable(f"{place} that are {start} lack what {end} stands for: {missing[0]}", value=start)


def _check_form(old: RuleTable, new: RuleTable) -> None:
    fields = _types(new.fields)
    for name, field in _types(old.fields).items():
        if fields.get(name) != field:
            raise BadTable(f"{new.kind}: the field {name} stays as it is", value=name)
    for name, state in old.states.items():
        if name not in new.states or new.states[name].terminal != state.terminal:
            raise BadTable(f"{new.kind}: the state {name} stays as it is", value=name)
    for version, states in new.migrates.items():
        for start, end in states.items():
            if start != end:
                raise BadTable(f"{new.kind}: a record of version {version} stays in its state", value=start)


def _types(declared: Mapping[str, Declared]) -> dict[str, tuple[str, bool, tuple[str, ...]]]:
    return {name: (of.type, of.optional, of.one_of) for name, of in declared.items()}


def _check_kept(new: RuleTable, action: Action) -> None:
    place = f"{new.kind}.{action.name}"
    found = new.actions.get(action.name)
    if found is None:
        raise BadTable(f"{place} is taken out", value=action.name)
    if (found.moves, found.targets, found.inactive) != (action.moves, action.targets, action.inactive):
        raise BadTable(f"{place}: its states and targets stay as they are", value=action.name)
    if _types(found.arguments) != _types(action.arguments):
        raise BadTable(f"{place}: its arguments stay as they are", value=action.name)
    lost = [guard.name for guard in action.guards if guard not in found.guards]
    if lost:
        raise BadTable(f"{place} loses the guard {lost[0]}", value=lost[0])
    if found.effects != action.effects:
        raise BadTable(f"{place}: its effects stay as they are", value=action.name)


def _check_added(old: RuleTable, new: RuleTable, action: Action) -> None:
    place = f"{new.kind}.{action.name}"
    if NEW in action.moves or action.targets != "one" or any(start != end for start, end in action.moves.items()):
        raise BadTable(f"{place} is new, and leaves its record in its state", value=action.name)
    for effect in action.effects:
        if effect.name not in _SETTING or effect.parameters.get("field") in old.fields:
            raise BadTable(f"{place} is new, and sets new fields alone", value=effect.name)
