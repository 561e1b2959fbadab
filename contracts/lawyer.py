"""A rule table as a lawyer reads it, and the sentence that a person signs.

`describe` gives Markdown: the named exceptions, an index by party, the states with a diagram on request (Mermaid,
`stateDiagram-v2`), then for every action who may do it, from which state to which, what must hold, what it changes,
its arguments and its statement. The sentences are those of the vocabulary. The order is that of
`contracts.reading_order`; fields and arguments stand by name, those that may be left out last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ledger.times import iso
from ledger.transaction import Transaction

from .lawyer_top import ANYBODY, exceptions, filled, index, ledger_values, moves, value_in_words
from .parameters import PARAMETERS
from .reading_order import grouped_actions, leaving, ordered_actions, ordered_states
from .refusals import StatementMismatch, UnknownAction
from .rules import ALWAYS
from .table import NEW, PLACE, Action, Declared, Primitive, RuleTable
from .types import TYPES
from .vocabulary import EFFECTS, GUARDS, bind

__all__ = ["describe", "ordered_actions", "ordered_states", "render_statement", "state_diagram"]

_SHORT = 12
_WORDS: Final[Mapping[str, str]] = {
    "bytes": "a text of the consortium's own",
    "code": "a code",
    "codes": "a list of codes",
    "count": "a whole number",
    "encryption_key": "a key to encrypt to (X25519)",
    "hash": "a hash (SHA-256)",
    "id": "a record",
    "ids": "a list of commitments or records",
    "keys": "keys, each with the times between which it holds",
    "names": "texts by language or purpose",
    "number": "a document's number, as a key that does not show it",
    "parties": "a list of parties",
    "parts": "for each new record its document, its number and its id",
    "party": "a party",
    "public_key": "a key to sign by (Ed25519)",
    "signature": "a signature",
    "text": "a registered name or address",
    "texts": "a list of texts",
    "time": "a time",
}
"""Types in words of law; `contracts.types` has their sizes."""


def state_diagram(table: RuleTable) -> str:
    """A Mermaid state diagram: `issued --> held: accept`; actions between the same states on one arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for state in [NEW, *ordered_states(table)]:
        for action in leaving(table, state):
            arrows.setdefault((state, action.moves[state]), []).append(action.name)
    lines = ["stateDiagram-v2"]
    for (start, end), names in arrows.items():
        lines.append(f"    {'[*]' if start == NEW else start} --> {end}: {', '.join(names)}")
    lines += [f"    {state} --> [*]" for state in ordered_states(table) if table.states[state].terminal]
    return "\n".join(lines) + "\n"


def describe(table: RuleTable, parameters: Mapping[str, str] | None = None, *, diagram: bool = False) -> str:
    """The whole table in Markdown.

    `parameters` are the governance parameters of the ledger at hand; without one the defaults are shown. `diagram`
    puts the source of the state diagram in.
    """
    lines = [f"# {table.title}", "", f"Rule table `{table.kind}`, version {table.version}.", ""]
    lines += [table.about, ""] if table.about else []
    lines += [*_document(table), *exceptions(table), *index(table), *ledger_values(table, parameters)]
    lines += ["## States", "", "| state | meaning |", "|---|---|"]
    for name in ordered_states(table):
        state = table.states[name]
        lines.append(f"| `{name}`{' (an end)' if state.terminal else ''} | {_cell(state.about)} |")
    lines += ["", "```mermaid", *state_diagram(table).splitlines(), "```", ""] if diagram else [""]
    if table.fields:
        lines += ["## Fields", "", "Beside what every record has:", "", *_declared("field", table.fields), ""]
    lines += ["## Actions", "", f"Every action asks that {_sentences(ALWAYS, GUARDS, parameters)[0]}.", ""]
    for title, actions in grouped_actions(table):
        lines += [f"## Actions: {title}", ""]
        for action in actions:
            lines += _action(table, action, parameters)
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


def _action(table: RuleTable, action: Action, parameters: Mapping[str, str] | None) -> list[str]:
    lines = [f"### {action.name}", "", f"{action.about[:1].upper()}{action.about[1:]}.", ""]
    lines += [f"- **Who**: {_who(action)}", f"- **State**: {moves(table, action)}"]
    if action.exception:
        lines.append(f"- **Exception** (no signature of the party in control): {action.exception}")
    others = [one for one in action.guards if not GUARDS[one.name].who]
    for title, sentences in (
        ("Provided that", _sentences(others, GUARDS, parameters)),
        ("Effect", _sentences(action.effects, EFFECTS, parameters) or [_nothing(action)]),
    ):
        if sentences:
            lines += [f"- **{title}**", *(f"  - {sentence}" for sentence in sentences)]
    lines += ["", f"> {_statement(action)}", ""]
    if action.arguments:
        lines += [*_declared("argument", action.arguments), ""]
    return lines


def _nothing(action: Action) -> str:
    stays = all(start == end for start, end in action.moves.items())
    return "nothing but the record of it" if stays else "nothing but the new state, and the record of it"


def _who(action: Action) -> str:
    """Whom the guards let act: `the issuer of the record (`issuer_signs@1`)`; anybody where none says."""
    found = [one for one in action.guards if GUARDS[one.name].who]
    parts = [f"{filled(GUARDS[one.name].who, one)} (`{one.name}`)" for one in found]
    return ", who is also ".join(parts) or ANYBODY


def _sentences(
    primitives: Iterable[Primitive], words: dict[str, Any], parameters: Mapping[str, str] | None
) -> list[str]:
    return [f"{_sentence(bind(words, one)[0].text, one, parameters)} (`{one.name}`)" for one in primitives]


def _sentence(text: str, primitive: Primitive, parameters: Mapping[str, str] | None) -> str:
    """A filled sentence; behind a time that the ledger sets stands how long it is."""
    said = filled(text, primitive)
    name = primitive.parameters.get("parameter", "")
    if name not in PARAMETERS or not PARAMETERS[name].meaning.startswith("milliseconds"):
        return said
    return said.replace(f"`{name}`", f"`{name}` ({value_in_words(name, parameters)})")


def _statement(action: Action) -> str:
    return PLACE.sub(lambda place: f"*{place[1]}*", action.statement)


def _declared(what: str, declared: Mapping[str, Declared]) -> list[str]:
    lines = [f"| {what} | type | meaning |", "|---|---|---|"]
    for name, of in sorted(declared.items(), key=lambda item: (item[1].optional, item[0])):
        kind = _WORDS.get(of.type, TYPES[of.type][1])
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
