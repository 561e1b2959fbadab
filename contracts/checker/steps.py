"""Carries real actions out on the small model: the guards and effects of the vocabulary, bound as a ledger binds them.

This is the one place that knows how the interpreter judges. It leaves out what a table has no part in: signatures
and keys, the time until which a transaction may be included, sequence and head, and whether a mandate was granted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from contracts.act import Act
from contracts.mandate import PERSONAL
from contracts.refusals import GuardFailed, RecordTooLarge
from contracts.rules import CompiledAction, compile_table
from contracts.table import NEW, BadTable, Declared, RuleTable
from ledger.record import Record

from .cast import AGENT, Cast, ModelWorld, named
from .choices import ABSENT, Choices, Undecided
from .domains import Domains, alike
from .readable import Readable
from .states import State, mentioned
from .trial import Trial

__all__ = ["MANDATE", "Machine", "Step"]

MANDATE: Final = "mandate"
_TOGETHER: Final = 2
"""How many optional arguments of one value are given together."""
_TWIN: Final = named("twin")
_FAULTS: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)


class Step(NamedTuple):
    """An action that the rules let happen: who does it, what was decided, and what it changes.

    `signed` are the parties whose signatures are on it: members, whom the actor represents, and groups of which
    enough members sign. `before` is the record under test, nothing where it is created; `after` what becomes of it;
    `made` further records that come into being. `features` are those that it uses.
    """

    action: str
    declared: Mapping[str, Declared]
    actor: bytes
    party: bytes
    chosen: Choices
    signed: frozenset[bytes]
    before: Record | None
    after: Record
    made: tuple[Record, ...]
    numbers: Mapping[bytes, bytes]
    features: frozenset[str]


class Machine:
    """Runs the actions of one table. Raises `BadTable` for one that no ledger would compile."""

    def __init__(self, table: RuleTable, cast: Cast) -> None:
        self.table = table
        self.actions = {name: replace(found, grows=False) for name, found in compile_table(table).items()}
        self._cast = cast
        self._domains = Domains(table, cast)

    def steps(
        self, state: State | None, name: str, readable: Readable, allowed: Collection[str] | None = None
    ) -> Iterator[Step]:
        """Every way in which the action can be done in a state (`None`: there is no record yet).

        With `allowed` only those that use none but these features.
        """
        compiled = self.actions[name]
        feature = compiled.action.feature
        record = None if state is None else state.record
        if (NEW if record is None else record.status) not in compiled.action.moves:
            return
        if allowed is not None and feature and feature not in allowed:
            return
        records = [] if record is None else [record]
        if record is not None and compiled.action.targets == "several":
            records.append(_twin(record))
        world = ModelWorld(self._cast, {one.id: one for one in records}, {} if state is None else state.claimed)
        known = mentioned(record)
        known.update(owner for id_ in list(known) for owner in self._cast.owners.get(id_, ()))
        mandates = self.table.kind not in PERSONAL and (allowed is None or MANDATE in allowed)
        for party in self._parties(record, known):
            trial = Trial(self._cast, compiled, world, records, party, party, known | {party}, readable, allowed)
            own = _in_order(self._tried(trial))
            yield from own
            if own and mandates:
                yield from _in_order(self._tried(trial.by(AGENT)))

    def _parties(self, record: Record | None, known: set[Any]) -> Iterator[bytes]:
        """Who may act: the members, and the record itself where it is one."""
        yield from alike(self._cast, known)
        if record is not None and record.kind == "member":
            yield record.id

    def _tried(self, trial: Trial) -> Iterator[Step]:
        """Decide arguments and signatures one by one, as the guards and effects look at them."""
        compiled, records = trial.compiled, trial.records
        guards = [(which, check) for which in range(trial.rounds) for _, _, check in compiled.guards]
        stack: list[tuple[dict[object, Any], int]] = [({}, 0)]
        enough: dict[str, list[set[Any]]] = {}
        while stack:
            chosen, start = stack.pop()
            act = trial.act(chosen, self._domains)
            try:
                for at in range(start, len(guards)):
                    start = at
                    which, check = guards[at]
                    if which:
                        act.record = records[which]
                    check(act)
                start = len(guards)
                act.record = records[0] if records else None
                changed = trial.carry_out(act)
            except Undecided as undecided:
                values = self._values(trial, undecided.what, chosen)
                stack += [({**chosen, undecided.what: value}, start) for value in reversed(values)]
            except (GuardFailed, RecordTooLarge):
                continue
            except _FAULTS as fault:
                place = f"{compiled.rule}: a rule cannot be carried out"
                raise BadTable(f"{place} ({type(fault).__name__}: {fault})", value=compiled.action.name) from fault
            else:
                if not _more_than_enough(chosen, enough):
                    yield self._step(compiled, act, chosen, records, changed)

    def _values(self, trial: Trial, what: object, chosen: Choices) -> list[Any]:
        named_so_far = trial.known.union(_parties_in(chosen))
        if type(what) is str:
            action = trial.compiled.action
            values = self._domains.of(what, action, named_so_far | _asked(chosen), trial.party)
            if trial.allowed is not None:
                values = [value for value in values if self._cast.feature(value) in (None, *trial.allowed)]
            plain = action.arguments[what].optional and len(values) == 2
            return values[:1] if plain and _given(trial.compiled, chosen) >= _TOGETHER else values
        traders = [trader for trader in self._cast.traders if trader not in named_so_far]
        earlier = traders[: traders.index(what)] if what in traders else []
        return [False] if any(chosen.get(trader) is False for trader in earlier) else [False, True]

    def _step(
        self, compiled: CompiledAction, act: Act, chosen: Choices, records: list[Record], changed: list[Record]
    ) -> Step:
        members = frozenset([one for one, signs in chosen.items() if type(one) is bytes and signs] + [act.party])
        signed = members.union(self._cast.groups_of(members), (act.actor.id,))
        before = records[0] if records else None
        own = [record for record in changed if record.kind == self.table.kind]
        made = [record for record in own[1:] if record.id != _TWIN]
        return Step(
            compiled.action.name, compiled.action.arguments, act.actor.id, act.party, chosen, signed, before,
            changed[0], tuple(made), act.numbers, self._features(compiled, act, chosen),
        )  # fmt: skip

    def _features(self, compiled: CompiledAction, act: Act, chosen: Choices) -> frozenset[str]:
        found = {compiled.action.feature} - {""}
        if act.party != act.actor.id:
            found.add(MANDATE)
        for party in _parties_in(chosen):
            feature = self._cast.feature(party)
            if feature is not None:
                found.add(feature)
        return frozenset(found)


def _in_order(steps: Iterable[Step]) -> list[Step]:
    """The steps in the order of what was decided, fewest first, in whatever order a rule has looked at it."""

    def said(step: Step) -> Any:
        arguments = [(name, value) for name, value in step.chosen.items() if type(name) is str and value is not ABSENT]
        return len(arguments), sorted(map(repr, arguments)), sorted(_asked(step.chosen))

    found = list(steps)
    return sorted(found, key=said) if len(found) > 1 else found


def _parties_in(chosen: Choices) -> set[Any]:
    """The parties that the arguments name."""
    found = {value for value in chosen.values() if type(value) is bytes}
    for value in chosen.values():
        if type(value) is list:
            found.update(one for one in value if type(one) is bytes)
    return found


def _asked(chosen: Choices) -> set[Any]:
    """The members of whom it is decided whether they sign too."""
    return {what for what in chosen if type(what) is bytes}


def _given(compiled: CompiledAction, chosen: Choices) -> int:
    """How many optional arguments are given so far."""
    declared = compiled.action.arguments
    return sum(value is not ABSENT and what in declared and declared[what].optional for what, value in chosen.items())  # type: ignore[index]


def _more_than_enough(chosen: Choices, enough: dict[str, list[set[Any]]]) -> bool:
    """Whether fewer signatures were enough for the same arguments: nobody's signature forbids anything."""
    asked = _asked(chosen)
    if not asked:
        return False
    signing = {member for member in asked if chosen[member]}
    before = enough.setdefault(repr([(what, value) for what, value in chosen.items() if type(what) is str]), [])
    if any(fewer <= signing for fewer in before):
        return True
    before.append(signing)
    return False


def _twin(record: Record) -> Record:
    """Another record in the same state, for actions that change several."""
    twin = record.copy()
    twin.id = _TWIN
    return twin
