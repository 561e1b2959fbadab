"""What the small model lets happen, a real ledger accepts; what it forbids, a real ledger refuses."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from support.game import HOUR, Game, shipped_tables
from support.members import digest

from contracts.apply import apply_batch
from contracts.checker.cast import CONSTANT, Cast
from contracts.checker.check import moves_to
from contracts.checker.explore import Node, explore
from contracts.checker.readable import Readable
from contracts.checker.result import Move
from contracts.checker.steps import Machine
from contracts.table import RuleTable
from ledger.record import Record

TABLES = {table.kind: table for table in shipped_tables()}
PLAYED = ("invoice", "sea_waybill", "certificate", "bill_of_lading")
FAR = 1000 * HOUR


class Play:
    """A real ledger with the cast of the model."""

    def __init__(self, table: RuleTable, cast: Cast) -> None:
        self.cast = cast
        members = {
            cast.name(id_): record.fields["roles"] for id_, record in cast.records.items() if record.kind == "member"
        }
        self.table = table
        self.game = Game(
            members, governors=("carrier", "authority"), tables=[table], parameters={"rulebook": CONSTANT.hex()}
        )
        self.record: bytes | None = None

    def value(self, name: str, text: str | None, issuer: str) -> Any:
        """The value of an argument that a counterexample tells as `text`."""
        declared = self.game.rules.table(self.table.kind).actions
        of = next(action.arguments[name] for action in declared.values() if name in action.arguments)
        match of.type:
            case "party":
                return digest("outsider") if text == "outsider" else text
            case "time":
                coming = [time for time in self.times() if time > self.game.time]
                soon = (self.game.time + min([*coming, self.game.time + FAR])) // 2
                return soon if text == "soon" else max([*coming, self.game.time]) + FAR
            case "number":
                return self.game.number_argument(issuer, digest(name).hex()[:12], self.table.kind)
            case "ids":
                return [self.game.id("carrier")]
            case "count":
                return 7 * 24 * HOUR
            case "code":
                return text or "XX"
            case "id":
                return digest("new record")
            case _:
                return CONSTANT

    def times(self) -> list[int]:
        """The times that the record holds."""
        record: Record | None = None if self.record is None else self.game.record(self.record)
        if record is None:
            return []
        found = [record.locked_until, record.pending.until if record.pending else None]
        found += [record.fields.get(name) for name, of in self.table.fields.items() if of.type == "time"]
        return [time for time in found if time is not None]

    def arguments(self, move: Move) -> dict[str, Any]:
        told = dict(move.arguments)
        declared = self.table.actions[move.action].arguments
        wanted = [name for name, of in declared.items() if name in told or not of.optional]
        return {name: self.value(name, told.get(name), move.actor) for name in wanted}

    def code(self, move: Move) -> str:
        """What a ledger says to a move, without doing it: nothing if it is accepted."""
        name = f"{self.table.kind}.{move.action}"
        signed = self.game.signed(move.actor, name, self.record, also=move.signers, **self.arguments(move))
        outcome = apply_batch(self.game.rules, self.game, [signed], self.game.time, 10, 1)
        return outcome.refused[0].error.code if outcome.refused else ""

    def play(self, move: Move) -> None:
        """Do a move, which must be accepted."""
        if not move.actor:
            self.game.time = min(time for time in self.times() if time > self.game.time) + 1
            return
        arguments = self.arguments(move)
        name = f"{self.table.kind}.{move.action}"
        self.game.done(move.actor, name, self.record, also=move.signers, **arguments)
        self.record = arguments.get("record", self.record)


def playable(node: Node) -> bool:
    """Whether a node needs no mandate and no group, which the ledger of the test does not have, and no successor."""
    return not node.features & {"mandate", "joint control", "amendment", "succession"}


@cache
def explored(kind: str) -> tuple[Cast, list[Node]]:
    """The states of a table that one feature at a time leads to."""
    cast = Cast(TABLES[kind])
    return cast, [node for node in explore(TABLES[kind], cast, together=1).nodes if playable(node)]


@pytest.mark.parametrize("kind", PLAYED)
def test_the_shortest_way_to_every_state_is_a_way_on_a_real_ledger(kind):
    table, (cast, nodes) = TABLES[kind], explored(kind)
    for node in nodes[:: max(1, len(nodes) // 60)]:
        play = Play(table, cast)
        moves, _ = moves_to(node, cast)
        for move in moves:
            play.play(move)
        assert play.game.record(play.record).status == node.state.record.status, [str(move) for move in moves]


@pytest.mark.parametrize("kind", PLAYED)
def test_the_model_and_a_real_ledger_refuse_the_same(kind):
    """Each action that needs no argument, by each member, in a sample of the states."""
    table, (cast, nodes) = TABLES[kind], explored(kind)
    machine = Machine(table, cast)
    whole = Readable(table, dict.fromkeys(table.fields, frozenset(table.states)), ())
    compared = 0
    for node in nodes[:: max(1, len(nodes) // 25)]:
        play = Play(table, cast)
        moves, names = moves_to(node, cast)
        for move in moves:
            play.play(move)
        for name, action in table.actions.items():
            if not all(of.optional for of in action.arguments.values()) or node.state.record.status not in action.moves:
                continue
            known = node.state.traders
            steps = list(machine.steps(node.state, name, whole))
            allowed = {names.get(step.actor, step.actor) for step in steps if step.actor == step.party}
            for member in cast.members:
                if member in cast.traders and member not in {names[trader] for trader in known}:
                    continue
                compared += 1
                code = play.code(Move(cast.name(member), name))
                assert (code == "") == (member in allowed), (cast.name(member), name, code, list(map(str, moves)))
    assert compared >= 2
