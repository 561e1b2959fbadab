"""What can be done with a record now, by whom, and on what conditions: the table's actions from its state.

    offer     the holder offers the bill to another party, …     by bank      if control is not on hold, …

Who may act is taken from the guards that say it, with the party filled in where the record names one. Conditions are
the sentences of the other guards: they are judged when somebody acts, not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.lawyer import ordered_actions
from contracts.rules import Rules
from contracts.table import Primitive
from contracts.vocabulary import GUARDS
from ledger.record import Record

__all__ = ["Possible", "possible_actions"]


@dataclass(frozen=True, slots=True)
class Possible:
    """One action. `parties` are those that the record names; `who` says it in words; `leads_to` is the state after."""

    action: str
    about: str
    who: str
    parties: tuple[bytes, ...]
    conditions: tuple[str, ...]
    leads_to: str


def possible_actions(rules: Rules, record: Record) -> list[Possible]:
    """The actions that the record's state allows, in the order of its table; none for one that has come to its end."""
    table = rules.tables.get((record.kind, record.version))
    if table is None:
        return []
    found = []
    for action in ordered_actions(table):
        if record.status not in action.moves:
            continue
        telling = [guard for guard in action.guards if GUARDS[guard.name].who]
        others = [guard for guard in action.guards if not GUARDS[guard.name].who]
        found.append(
            Possible(
                action.name,
                action.about,
                ", who is also ".join(_filled(GUARDS[guard.name].who, guard.parameters) for guard in telling)
                or "any member",
                tuple(party for guard in telling if (party := _party(guard, record)) is not None),
                tuple(_filled(GUARDS[guard.name].text, guard.parameters) for guard in others),
                action.moves[record.status],
            )
        )
    return found


def _party(guard: Primitive, record: Record) -> bytes | None:
    """The party that a guard asks for, where the record names it."""
    if guard.name == "field_party_signs@1":
        named = record.fields.get(str(guard.parameters.get("field")))
        return named if type(named) is bytes else None
    return {
        "controller_signs@1": record.controller,
        "issuer_signs@1": record.issuer,
        "pending_recipient_signs@1": record.pending.party if record.pending else None,
    }.get(guard.name)


def _filled(text: str, parameters: Mapping[str, object]) -> str:
    for name, value in parameters.items():
        text = text.replace(f"{{{name}}}", str(value).replace("_", " "))
    return text
