"""A rule table as a lawyer reads it, and the sentence that a person signs.

`describe` gives Markdown: the states with a diagram (Mermaid, `stateDiagram-v2`), then for every action who
may do it, from which state to which, what must hold, what it changes, its arguments and its statement. The
sentences are those of the vocabulary. A table that comes back from the log has its names in alphabetical
order, so all of them are put into an order for reading: states and actions as a record passes through them,
fields and arguments by name, those that may be left out last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ledger.times import iso
from ledger.transaction import Transaction

from .refusals import StatementMismatch, UnknownAction
from .rules import ALWAYS
from .table import NEW, PLACE, Action, Declared, Primitive, RuleTable
from .types import TYPES
from .vocabulary import EFFECTS, GUARDS, bind

__all__ = ["describe", "ordered_actions", "ordered_states", "render_statement", "state_diagram"]

_NAMING = ("argument", "field", "parameter")
_SHORT = 12


def ordered_states(table: RuleTable) -> list[str]:
    """The states as a record passes through them, breadth first; ends last."""
    order = [NEW]
    for state in order:
        for action in _leaving(table, state):
            end = action.moves[state]
            if end not in order:
                order.append(end)
    order += sorted(set(table.states) - set(order))
    return sorted(order[1:], key=lambda state: table.states[state].terminal)


def ordered_actions(table: RuleTable) -> list[Action]:
    """The actions as a record passes through its states: what creates it first."""
    order: dict[str, Action] = {}
    for state in [NEW, *ordered_states(table)]:
        for action in _leaving(table, state):
            order.setdefault(action.name, action)
    return list(order.values())


def _leaving(table: RuleTable, state: str) -> list[Action]:
    """The actions of a state: those that let the record live first, then by name."""
    found = [action for action in table.actions.values() if state in action.moves]
    return sorted(found, key=lambda action: (table.states[action.moves[state]].terminal, action.name))


def state_diagram(table: RuleTable) -> str:
    """A Mermaid state diagram: `issued --> held: accept`; actions between the same states on one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for state in [NEW, *ordered_states(table)]:
        for action in _leaving(table, state):
            arrows.setdefault((state, action.moves[state]), []).append(action.name)
    lines = ["stateDiagram-v2"]
    for (start, end), names in arrows.items():
        lines.append(f"    {'[*]' if start == NEW else start} --> {end}: {', '.join(names)}")
    lines += [f"    {state} --> [*]" for state in ordered_states(table) if table.states[state].terminal]
    return "\n".join(lines) + "\n"


def describe(table: RuleTable) -> str:
    """The whole table in Markdown."""
    lines = [f"# {table.title}", "", f"Rule table `{table.kind}`, version {table.version}.", ""]
    lines += [table.about, ""] if table.about else []
    lines += [*_document(table), "## States", "", "| state | meaning |", "|---|---|"]
    for name in ordered_states(table):
        state = table.states[name]
        lines.append(f"| `{name}`{' (an end)' if state.terminal else ''} | {_cell(state.about)} |")
    lines += ["", "```mermaid", *state_diagram(table).splitlines(), "```", ""]
    if table.fields:
        lines += ["## Fields", "", "Beside what every record has:", "", *_declared("field", table.fields), ""]
    lines += ["## Actions", "", f"Every action asks that {_sentences(ALWAYS, GUARDS)[0]}.", ""]
    for action in ordered_actions(table):
        lines += _action(table, action)
    return "\n".join(lines).rstrip("\n") + "\n"


def _document(table: RuleTable) -> Iterator[str]:
    if table.has_document:
        yield "A record of this kind stands for one document, of which it holds the commitment."
    if table.number is not None:
        yield (
            f"The number of the document stands at `{table.number.at}` in it; among the numbers of the class "
            f"`{table.number.cls}`, an issuer uses each once and for ever."
        )
    if table.has_document or table.number is not None:
        yield ""


def _action(table: RuleTable, action: Action) -> list[str]:
    lines = [f"### {action.name}", "", f"{action.about[:1].upper()}{action.about[1:]}.", ""]
    lines += [f"- **Who**: {_who(action)}", f"- **State**: {_moves(table, action)}"]
    others = [one for one in action.guards if not GUARDS[one.name].who]
    for title, sentences in (
        ("Provided that", _sentences(others, GUARDS)),
        ("Effect", _sentences(action.effects, EFFECTS)),
    ):
        if sentences:
            lines += [f"- **{title}**", *(f"  - {sentence}" for sentence in sentences)]
    lines += ["", f"> {_statement(action)}", ""]
    if action.arguments:
        lines += [*_declared("argument", action.arguments), ""]
    return lines


def _who(action: Action) -> str:
    """Whom the guards let act: `the issuer of the record (`issuer_signs@1`)`; anybody where none says."""
    found = [one for one in action.guards if GUARDS[one.name].who]
    parts = [f"{_filled(GUARDS[one.name].who, one)} (`{one.name}`)" for one in found]
    return ", who is also ".join(parts) or "any member"


def _moves(table: RuleTable, action: Action) -> str:
    def arrow(start: str) -> str:
        return f"{'no record' if start == NEW else f'`{start}`'} → `{action.moves[start]}`"

    return ", ".join(arrow(state) for state in [NEW, *ordered_states(table)] if state in action.moves)


def _sentences(primitives: Iterable[Primitive], words: dict[str, Any]) -> list[str]:
    return [f"{_filled(bind(words, one)[0].text, one)} (`{one.name}`)" for one in primitives]


def _filled(text: str, primitive: Primitive) -> str:
    """A sentence of the vocabulary with the table's parameters: names as code, the rest as words."""
    for name, value in primitive.parameters.items():
        text = text.replace(f"{{{name}}}", f"`{value}`" if name in _NAMING else value.replace("_", " "))
    return text


def _statement(action: Action) -> str:
    return PLACE.sub(lambda place: f"*{place[1]}*", action.statement)


def _declared(what: str, declared: Mapping[str, Declared]) -> list[str]:
    lines = [f"| {what} | type | meaning |", "|---|---|---|"]
    for name, of in sorted(declared.items(), key=lambda item: (item[1].optional, item[0])):
        kind = f"`{of.type}`: {TYPES[of.type][1]}"
        if of.one_of:
            kind = " or ".join(f"`{choice}`" for choice in of.one_of)
        lines.append(f"| `{name}`{' (optional)' if of.optional else ''} | {_cell(kind)} | {_cell(of.about)} |")
    return lines


def _cell(text: str) -> str:
    return re.sub(r"[|<*]", r"\\\g<0>", text)


def render_statement(table: RuleTable, transaction: Transaction, names: Mapping[bytes, str]) -> str:
    """The sentence that the signer of `transaction` agrees to; `names` are parties' aliases by id.

    Parties are shown by their alias, or by the first 12 hex digits where they have none; records and hashes in
    full; times in ISO 8601. Raises `UnknownAction` or `StatementMismatch` for a transaction of another table.
    """
    kind, _, name = transaction.action.partition(".")
    action = table.actions.get(name)
    if kind != table.kind or action is None:
        raise UnknownAction(f"the table {table.kind} has no action {transaction.action}", value=transaction.action)
    if transaction.statement != f"{table.kind}.{name}@{table.version}":
        raise StatementMismatch("the statement is of another version of the table", value=transaction.statement)
    values: dict[str, Any] = {"record": next((target.record for target in transaction.targets), None)}
    values |= {**transaction.arguments, "actor": transaction.actor}
    types = {"record": "id", **{key: of.type for key, of in action.arguments.items()}, "actor": "party"}
    return PLACE.sub(lambda place: _shown(values.get(place[1]), types[place[1]], names), action.statement)


def _shown(value: Any, kind: str, names: Mapping[bytes, str]) -> str:
    if isinstance(value, bytes):
        return names.get(value) or value.hex()[:_SHORT] if kind == "party" else value.hex()
    if kind == "time" and isinstance(value, int):
        return iso(value)
    if isinstance(value, list):
        return ", ".join(_shown(item, "party" if kind == "parties" else "id", names) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_shown(item, 'text', names)}" for key, item in value.items())
    return "nothing" if value is None else str(value)
