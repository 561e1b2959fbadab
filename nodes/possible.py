"""What can be done with a record now, by whom, and on what conditions: the table's actions from its state.

    offer     the holder offers the bill to another party, …     by bank      if control is not on hold, …

Who may act is taken from the guards that say it, with the party filled in where the record names one. Conditions are
the sentences of the other guards. Those that look at the record, the time and the one party that may act are judged
here, by the guards themselves; what fails says in `not_now` why. The others are judged when somebody acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from contracts.act import Act
from contracts.lawyer import ordered_actions
from contracts.refusals import GuardFailed
from contracts.rules import ALWAYS, Rules
from contracts.table import Action, Primitive, RuleTable
from contracts.vocabulary import GUARDS, bind
from ledger.record import Record
from ledger.transaction import Transaction

__all__ = ["Possible", "possible_actions"]

_OF_RECORD: Final = frozenset(
    {"delay_has_run@1", "field_equals_parameter@1", "field_is_unset@1", "field_time_has_passed@1", "hold_is_for@1",
     "negotiable@1", "no_hold@1", "nomination_stands@1", "not_locked@1", "offer_is_open@1", "offer_has_lapsed@1"}
)  # fmt: skip
"""Guards that look at the record and the time alone."""
_OF_ACTOR: Final = frozenset({"actor_is_active@1", "entitled_to_delivery@1", "may_endorse@1", "not_in_control@1"})
"""Guards that look at the actor too."""
_OF_OFFER: Final = frozenset({"argument_is_another@1", "transfer_fits_form@1"})
"""Guards that look at whom the actor offers the record to, and how; tried with every way there is."""
_STRANGER: Final = bytes(32)
_PARTIES: Final[Mapping[str, Callable[[Record], bytes | None]]] = {
    "controller_signs@1": lambda record: record.controller,
    "holding_authority_signs@1": lambda record: record.hold,
    "issuer_signs@1": lambda record: record.issuer,
    "order_party_signs@1": lambda record: record.order_party,
    "pending_recipient_signs@1": lambda record: record.pending.party if record.pending else None,
    "pledgee_signs@1": lambda record: record.pledgee,
}
"""The party that a guard asks for, where the record names it."""


@dataclass(frozen=True, slots=True)
class Possible:
    """One action. `parties` are those that the record names; `who` says it in words; `leads_to` is the state after."""

    action: str
    about: str
    who: str
    parties: tuple[bytes, ...]
    conditions: tuple[str, ...]
    leads_to: str
    not_now: str = ""


@dataclass(frozen=True, slots=True)
class _World:
    """What the judged guards may read beside the record."""

    rules: Rules
    find: Callable[[bytes], Record | None]

    @property
    def governors(self) -> tuple[bytes, ...]:
        return self.rules.governors

    @property
    def parameters(self) -> Mapping[str, str]:
        return self.rules.parameters

    @property
    def height(self) -> int:
        return self.rules.height

    def record(self, record_id: bytes) -> Record | None:
        return self.find(record_id)

    def number(self, key: bytes) -> bytes | None:
        return None


def possible_actions(rules: Rules, record: Record, time: int, find: Callable[[bytes], Record | None]) -> list[Possible]:
    """The actions that the record's state allows, in the order of its table; none for one that has come to its end.

    `time` is the ledger time at which somebody would act, in Unix milliseconds; `find` gives the record of an id.
    """
    version, status = rules.standing(record)
    table = rules.tables.get((record.kind, version))
    if table is None:
        return []
    found = []
    for action in ordered_actions(table):
        if status not in action.moves:
            continue
        telling = [guard for guard in action.guards if GUARDS[guard.name].who]
        others = [guard for guard in action.guards if not GUARDS[guard.name].who]
        parties = tuple(party for guard in telling if (party := _party(guard, record)) is not None)
        found.append(
            Possible(
                action.name,
                action.about,
                ", who is also ".join(_filled(GUARDS[guard.name].who, guard.parameters) for guard in telling)
                or "any member",
                parties,
                tuple(_filled(GUARDS[guard.name].text, guard.parameters) for guard in others),
                action.moves[status],
                _nobody(telling, record) or _not_now(_World(rules, find), table, action, record, time, set(parties)),
            )
        )
    return found


def _not_now(world: _World, table: RuleTable, action: Action, record: Record, time: int, parties: set[bytes]) -> str:
    """Why nobody can do it now; nothing where somebody may."""
    if len(parties) > 1:
        return "no party is all that it takes"
    found = world.find(next(iter(parties))) if parties else None
    actor = found if found is not None and found.kind == "member" else None  # a group acts by its members
    judged = _OF_RECORD if actor is None else _OF_RECORD | _OF_ACTOR
    guards = [guard for guard in (*ALWAYS, *action.guards) if guard.name in judged]
    why = _failed(world, table, action, record, time, actor, guards, {})
    offers = [guard for guard in action.guards if guard.name in _OF_OFFER]
    if why or actor is None or not any(guard.name == "transfer_fits_form@1" for guard in offers):
        return why
    for arguments in _ways(action, record):
        why = _failed(world, table, action, record, time, actor, offers, arguments)
        if not why:
            return ""
    return f"there is nobody to whom it could be offered: {why}"


def _ways(action: Action, record: Record) -> Iterator[dict[str, Any]]:
    """To whom and how a record can be offered: to the party that it names, or to a stranger."""
    to = record.fields.get("consignee") or _STRANGER
    for mode in action.arguments["mode"].one_of:
        yield {"to": to, "mode": mode}


def _failed(
    world: _World,
    table: RuleTable,
    action: Action,
    record: Record,
    time: int,
    actor: Record | None,
    guards: list[Primitive],
    arguments: dict[str, Any],
) -> str:
    """What the first of the guards that fails says."""
    acting = record if actor is None else actor  # the guards of a record alone do not look at who acts
    body = Transaction(b"", (), f"{table.kind}.{action.name}", arguments, acting.id, None, "", time, b"")
    act = Act(body, table, action, acting, record, time, world, frozenset())
    try:
        for guard in guards:
            bind(GUARDS, guard)[1](act)
    except GuardFailed as failed:
        return failed.message
    return ""


def _party(guard: Primitive, record: Record) -> bytes | None:
    """The party that a guard asks for, where the record names it."""
    if guard.name == "field_party_signs@1":
        named = record.fields.get(str(guard.parameters.get("field")))
        return named if type(named) is bytes else None
    who = _PARTIES.get(guard.name)
    return None if who is None else who(record)


def _nobody(telling: list[Primitive], record: Record) -> str:
    """Why nobody can do it now: the record names nobody as the party that it takes."""
    for guard in telling:
        if (guard.name in _PARTIES or guard.name == "field_party_signs@1") and _party(guard, record) is None:
            who = _filled(GUARDS[guard.name].who, guard.parameters)
            return f"nobody is {who}"
    return ""


def _filled(text: str, parameters: Mapping[str, object]) -> str:
    for name, value in parameters.items():
        text = text.replace(f"{{{name}}}", str(value).replace("_", " "))
    return text
