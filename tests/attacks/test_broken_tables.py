"""Tables with one deliberate fault each: the checker refutes each of them, for the right reason and in few steps."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.act import Act
from contracts.checker.check import ambiguous, check_table
from contracts.checker.explore import TooManyStates
from contracts.checker.reading import read_table
from contracts.checker.result import CheckResult
from contracts.table import BadTable, RuleTable
from contracts.vocabulary import EFFECTS, Relies, Word

FOLDER = Path(__file__).resolve().parents[1] / "tables" / "broken"

TAKEN = "control passes from {} to {} without the signature of {}, and by no offer of it that is open and accepted"
# Table: the invariants that it breaks, the steps of the shortest sequence, the action of the last, and the reason.
BROKEN = {
    "control-after-the-offer": ("moving", 4, "accept", TAKEN.format("carrier", "trader-a", "carrier")),
    "control-by-anybody": ("moving", 3, "accept", TAKEN.format("carrier", "trader-a", "carrier")),
    "control-taken-by-the-issuer": ("moving", 4, "withdraw", TAKEN.format("trader-a", "nobody", "trader-a")),
    "control-to-an-outsider": ("control", 3, "accept", "in held outsider is in control"),
    "end-by-anybody": ("moving", 3, "expire", TAKEN.format("carrier", "nobody", "carrier")),
    "hold-for-ever": ("ending", 2, "hold", "from here, in held, no end can be reached"),
    "lock-and-offer-to-anybody": (
        "lock", 4, "accept", "control passes to trader-b, not to the presentee, before the lock ends"),
    "lock-and-surrender": (
        "lock", 6, "accept_surrender", "control passes to carrier, not to the presentee, before the lock ends"),
    "lock-ended-by-the-holder": (
        "lock", 3, "end_presentation", "the lock is lifted before its end without the presentee's signature"),
    "no-end-behind-an-outsider": ("ending", 1, "issue", "from here, in held, no end can be reached"),
    "no-end-without-a-witness": ("ending", 1, "issue", "from here, in held, no end can be reached"),
    "order-before-the-lock-ends": (
        "lock", 4, "order", "control passes to trader-b, not to the presentee, before the lock ends"),
    "order-without-exception": ("moving", 3, "order", TAKEN.format("carrier", "trader-a", "carrier")),
    "pledge-enforced-without-exception": (
        "moving", 9, "enforce",
        TAKEN.format("both of trader-a and trader-b", "trader-b", "both of trader-a and trader-b")),
    "pledge-released-by-exception": (
        "pledge", 4, "release", "control moves without the signature of the pledgee, trader-a"),
    "pledge-released-by-the-issuer": (
        "pledge moving", 4, "release", "control moves without the signature of the pledgee, trader-a"),
    "pledge-to-others": ("pledge", 4, "end", "the record ends without the signature of the pledgee, joint"),
    "split-without-the-holder": ("moving", 4, "split", TAKEN.format("trader-a", "nobody", "trader-a")),
    "surrender-twice": ("surrender", 6, "accept_surrender", "a surrender was accepted before"),
}  # fmt: skip
# Table: its states that are never reached, its actions that never happen, the pairs that read the same.
USELESS = {
    "ambiguous": ((), (), ("end and finish",)),
    "ambiguous-effects": ((), (), ("end and finish",)),
    "ambiguous-ends": ((), (), ("end and finish",)),
    "never": (("offered",), ("accept", "offer", "recall"), ()),
}


@cache
def checked(name: str) -> CheckResult:
    return check_table(read_table((FOLDER / f"{name}.yaml").read_bytes()))


def test_every_broken_table_is_expected():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*BROKEN, *USELESS}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refuted_for_the_right_reason(name):
    invariants, steps, action, reason = BROKEN[name]
    result = checked(name)
    assert {verdict.name for verdict in result.invariants if not verdict.proved} == set(invariants.split())
    verdict = result.verdict(invariants.split()[0])
    moves = [str(move) for move in verdict.moves]
    assert (verdict.moves[-1].action, verdict.reason) == (action, reason), moves
    assert len(moves) == steps, moves
    assert not result.proved


@pytest.mark.parametrize("name", USELESS)
def test_a_table_with_useless_words_is_refuted(name):
    result = checked(name)
    assert (result.unreachable, result.never, result.ambiguous) == USELESS[name]
    assert not result.proved
    assert all(verdict.proved for verdict in result.invariants)


@pytest.mark.parametrize(
    ("guards", "statement", "found"),
    [
        ([], "{actor} does end with {record}.", ("end and finish",)),
        (["controller_signs@1", "issuer_signs@1"], "{actor} does END with {record}.", ("end and finish",)),
        (["issuer_signs@1"], "{actor} does end with {record}.", ()),
        (["controller_signs@1"], "{actor} does end with {record} for ever.", ()),
    ],
)
def test_who_signs_can_tell_two_actions_apart(guards, statement, found):
    finish = {"moves": {"held": "ended"}, "guards": guards, "effects": ["end_control@1"], "statement": statement}
    assert ambiguous(RuleTable.from_plain(receipt(finish=finish))) == found


# What no table of the present form and vocabulary can do, but a fault of the form or a word could.


def receipt(**actions: dict[str, Any]) -> dict[str, Any]:
    """A sound table as YAML gives it, with further actions."""
    plain = yaml.safe_load((FOLDER / "ambiguous.yaml").read_text(encoding="utf-8"))
    del plain["actions"]["finish"]
    for name, action in actions.items():
        plain["actions"][name] = {"about": "a", "statement": name, **action}
    return dict(plain)


def test_the_table_that_these_are_made_of_is_proved():
    assert check_table(RuleTable.from_plain(receipt())).proved


def test_an_action_on_a_dead_record_is_refuted():
    table = RuleTable.from_plain(receipt(touch={"moves": {"held": "held"}, "effects": ["end_control@1"]}))
    dead = replace(table.actions["touch"], moves={"ended": "ended"})
    result = check_table(replace(table, actions={**table.actions, "touch": dead}))
    assert [verdict.name for verdict in result.invariants if not verdict.proved] == ["final"]
    moves = result.verdict("final").moves
    assert [move.action for move in moves] == ["issue", "end", "touch"]


def in_place(act: Act) -> None:
    act.world.record(act.record.id).order_party = act.actor.id


def without_a_sequence(act: Act) -> None:
    act.record.sequence, act.record.order_party = 0, act.actor.id


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (in_place, "the record is changed where it stands, and its head does not advance"),
        (without_a_sequence, "the record changes, and its head does not advance"),
    ],
)
def test_a_change_that_does_not_advance_the_head_is_refuted(fault, reason, monkeypatch):
    monkeypatch.setitem(EFFECTS, "fault@1", Word("fault@1", fault, (), "a fault", "", "", Relies(needs=("record",))))
    touch = {"moves": {"held": "held"}, "guards": ["issuer_signs@1"], "effects": ["fault@1"]}
    result = check_table(RuleTable.from_plain(receipt(touch=touch)))
    assert [verdict.name for verdict in result.invariants if not verdict.proved] == ["head"]
    verdict = result.verdict("head")
    assert ([move.action for move in verdict.moves], verdict.reason) == (["issue", "touch"], reason)


def test_a_word_that_fails_is_a_fault_of_the_table(monkeypatch):
    def fails(act: Act) -> None:
        raise KeyError("due")

    monkeypatch.setitem(EFFECTS, "fails@1", Word("fails@1", fails, (), "a", "", "", Relies(needs=("record",))))
    touch = {"moves": {"held": "held"}, "guards": ["issuer_signs@1"], "effects": ["fails@1"]}
    with pytest.raises(BadTable, match=r"receipt\.touch: a rule cannot be carried out"):
        check_table(RuleTable.from_plain(receipt(touch=touch)))


def test_a_table_of_too_many_states_is_refused(monkeypatch):
    monkeypatch.setattr("contracts.checker.explore.MAX_STATES", 5)
    with pytest.raises(TooManyStates) as caught:
        check_table(RuleTable.from_plain(receipt()))
    assert caught.value.code == "table.too_many_states"
