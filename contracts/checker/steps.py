"""Carries real actions out on the small model: the guards and effects of the vocabulary, bound as a ledger binds them.

This is the one place that knows how the interpreter judges. It leaves out what a table has no part in: signatures
and keys, the time until which a transaction may be included, sequence and head, and whether a mandate was granted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from contracts.act import Act
from contracts.interpreter import carry_out
from contracts.mandate import PERSONAL
from contracts.refusals import GuardFailed, RecordTooLarge
from contracts.rules import CompiledAction, compile_table
from contracts.table import NEW, BadTable, Declared, RuleTable
from ledger.hashing import ledger_record
from ledger.record import Record
from ledger.transaction import Transaction

from .cast import AGENT, JOINT, LEDGER, OUTSIDER, Cast, ModelWorld, named
from .choices import ABSENT, Arguments, Choices, Signers, Undecided
from .domains import Domains, alike
from .states import NEXT_HEAD, Readable, State, mentioned
from .times import LATER, NOW

__all__ = ["JOINT_CONTROL", "MANDATE", "Machine", "Step"]

JOINT_CONTROL: Final = "joint control"
MANDATE: Final = "mandate"
_OUTSIDERS: Final = "outsiders"
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

    def steps(self, state: State | None, name: str, readable: Readable) -> Iterator[Step]:
        """Every way in which the action can be done in a state (`None`: there is no record yet)."""
        compiled = self.actions[name]
        record = None if state is None else state.record
        if (NEW if record is None else record.status) not in compiled.action.moves:
            return
        records = [] if record is None else [record]
        if record is not None and compiled.action.targets == "several":
            records.append(_twin(record))
        world = ModelWorld(self._cast, {one.id: one for one in records}, {} if state is None else state.claimed)
        known = mentioned(record)
        for party in self._parties(record, known):
            named_now = known | {party}
            own = list(self._tried(compiled, world, records, party, party, named_now, readable))
            yield from own
            if own and self.table.kind not in PERSONAL:
                yield from self._tried(compiled, world, records, AGENT, party, named_now, readable)

    def _parties(self, record: Record | None, known: set[Any]) -> Iterator[bytes]:
        """Who may act: the members, and the record itself where it is one."""
        yield from alike(self._cast, known)
        if record is not None and record.kind == "member":
            yield record.id

    def _tried(
        self, compiled: CompiledAction, world: ModelWorld, records: list[Record], actor: bytes, party: bytes,
        known: set[Any], readable: Readable,
    ) -> Iterator[Step]:  # fmt: skip
        """Decide arguments and signatures one by one, as the guards and effects look at them."""
        rounds = range(max(1, len(records))) if compiled.action.targets == "several" else range(1)
        guards = [(at, check) for at in rounds for _, _, check in compiled.guards]
        stack: list[tuple[dict[object, Any], int]] = [({}, 0)]
        while stack:
            chosen, start = stack.pop()
            act = self._act(compiled, world, records, actor, party, chosen, readable)
            try:
                for at in range(start, len(guards)):
                    start = at
                    which, check = guards[at]
                    if which:
                        act.record = records[which]
                    check(act)
                start = len(guards)
                act.record = records[0] if records else None
                changed = carry_out(compiled, act, NEXT_HEAD, 1)
            except Undecided as undecided:
                values = self._values(compiled, undecided.what, known.union(_parties_in(chosen)), party)
                stack += [({**chosen, undecided.what: value}, start) for value in reversed(values)]
            except (GuardFailed, RecordTooLarge):
                continue
            except _FAULTS as fault:
                place = f"{compiled.rule}: a rule cannot be carried out"
                raise BadTable(f"{place} ({type(fault).__name__}: {fault})", value=compiled.action.name) from fault
            else:
                yield self._step(compiled, act, chosen, records, changed)

    def _act(
        self, compiled: CompiledAction, world: ModelWorld, records: list[Record], actor: bytes, party: bytes,
        chosen: Choices, readable: Readable,
    ) -> Act:  # fmt: skip
        declared = compiled.action.arguments
        arguments = Arguments(
            declared, chosen, readable.kept, lambda name: self._domains.usual(name, declared[name])
        )  # fmt: skip
        transaction = Transaction(
            LEDGER, (), compiled.rule, arguments, actor, None if actor == party else party, compiled.statement, LATER,
            NEXT_HEAD,
        )  # fmt: skip
        acting = world.record(actor)
        if acting is None:  # the cast is whole
            raise BadTable("the actor is not in the model", value=actor)
        signers: Any = Signers(frozenset((actor,)), self._cast.members, chosen)
        targets = list(records)
        if compiled.action.targets == "ledger":
            targets.append(self._cast.records[ledger_record(LEDGER)])
        first = records[0] if records else None
        return Act(transaction, compiled.table, compiled.action, acting, first, NOW, world, frozenset(),
                   targets=targets, signers=signers)  # fmt: skip

    def _values(self, compiled: CompiledAction, what: object, known: set[Any], party: bytes) -> list[Any]:
        if type(what) is str:
            return self._domains.of(what, compiled.action.arguments[what], known, party)
        return [False, True]

    def _step(
        self, compiled: CompiledAction, act: Act, chosen: Choices, records: list[Record], changed: list[Record]
    ) -> Step:
        members = {one for one, signs in chosen.items() if type(one) is bytes and signs} | {act.party}
        signed = members | {act.actor.id}
        if sum(trader in members for trader in self._cast.traders) >= 2:
            signed.add(JOINT)
        before = records[0] if records else None
        own = [record for record in changed if record.kind == self.table.kind]
        made = [record for record in own[1:] if record.id != _TWIN]
        return Step(
            compiled.action.name, compiled.action.arguments, act.actor.id, act.party, chosen, frozenset(signed), before,
            changed[0], tuple(made), act.numbers, _features(compiled, act, chosen),
        )  # fmt: skip


def _features(compiled: CompiledAction, act: Act, chosen: Choices) -> frozenset[str]:
    found = {compiled.action.feature} - {""}
    if act.party != act.actor.id:
        found.add(MANDATE)
    named_parties = _parties_in(chosen)
    if JOINT in named_parties:
        found.add(JOINT_CONTROL)
    if OUTSIDER in named_parties:
        found.add(_OUTSIDERS)
    return frozenset(found)


def _parties_in(chosen: Choices) -> set[Any]:
    """The parties that arguments name, and the members who were asked to sign."""
    found = {value for value in chosen.values() if type(value) is bytes}
    for value in chosen.values():
        if type(value) is list and value is not ABSENT:
            found.update(one for one in value if type(one) is bytes)
    found.update(one for one in chosen if type(one) is bytes)
    return found


def _twin(record: Record) -> Record:
    """Another record in the same state, for actions that change several."""
    twin = record.copy()
    twin.id = _TWIN
    return twin
