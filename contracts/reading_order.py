"""The order in which a rule table is read: its states and actions as a record passes through them.

A table that comes back from the log has its names in alphabetical order, so the order is made from the moves.
`grouped_actions` puts together what belongs together: what brings a record into being, what passes it on, each
`feature` of the table (a pledge's actions, a hold's), and last what ends it.
"""

from __future__ import annotations

from statistics import mean

from .table import NEW, Action, RuleTable

__all__ = ["grouped_actions", "leaving", "ordered_actions", "ordered_states"]


def ordered_states(table: RuleTable) -> list[str]:
    """The states as a record passes through them, breadth first; ends last."""
    order = [NEW]
    for state in order:
        for action in leaving(table, state):
            end = action.moves[state]
            if end not in order:
                order.append(end)
    order += sorted(set(table.states) - set(order))
    return sorted(order[1:], key=lambda state: table.states[state].terminal)


def ordered_actions(table: RuleTable) -> list[Action]:
    """The actions as a record passes through its states: what creates it first."""
    order: dict[str, Action] = {}
    for state in [NEW, *ordered_states(table)]:
        for action in leaving(table, state):
            order.setdefault(action.name, action)
    return list(order.values())


def leaving(table: RuleTable, state: str) -> list[Action]:
    """The actions of a state: those that let the record live first, then by name."""
    found = [action for action in table.actions.values() if state in action.moves]
    return sorted(found, key=lambda action: (table.states[action.moves[state]].terminal, action.name))


def grouped_actions(table: RuleTable) -> list[tuple[str, list[Action]]]:
    """The actions in groups with their titles: creation, life, each feature, end.

    A feature that leads up to a record's life, such as drafting, stands before it; one whose actions are for most of
    the states, such as a hold, stands behind the others.
    """
    order = ordered_actions(table)
    place = {action.name: at for at, action in enumerate(order)}
    plain = [action for action in order if not action.feature]
    creation = [action for action in plain if NEW in action.moves]
    end = [action for action in plain if action not in creation and _ends(table, action)]
    life = [action for action in plain if action not in creation and action not in end]
    features: dict[str, list[Action]] = {}
    for action in order:
        if action.feature:
            features.setdefault(action.feature, []).append(action)

    used = {state for action in life for state in action.moves}
    alive = [state for state in table.states if not table.states[state].terminal]

    def rank(item: tuple[str, list[Action]]) -> tuple[bool, float]:
        starts = {state for action in item[1] for state in action.moves}
        return 2 * len(starts) > len(alive) > 2, mean(place[action.name] for action in item[1])

    in_order = sorted(features.items(), key=rank)
    before = [item for item in in_order if _leads_up(item[1], used)]
    after = [one for one in in_order if one not in before]
    groups = [("creation", creation), *before, ("life", life), *after, ("end", end)]
    return [(title.replace("_", " "), actions) for title, actions in groups if actions]


def _ends(table: RuleTable, action: Action) -> bool:
    """Whether an action does nothing but end a record, from whatever state it starts."""
    return all(table.states[state].terminal for state in action.moves.values())


def _leads_up(actions: list[Action], used: set[str]) -> bool:
    """Whether actions create a record, and none of them starts from where a record lives."""
    starts = {state for action in actions for state in action.moves}
    return NEW in starts and not starts & used
