"""Tables with one deliberate fault each: the checker refutes each of them, for the right reason and in few steps."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from contracts.checker.check import check_table
from contracts.checker.reading import read_table
from contracts.checker.result import CheckResult

FOLDER = Path(__file__).resolve().parents[1] / "tables" / "broken"

# Table: the invariant that it breaks, the steps of the shortest sequence, the action of the last, and the reason.
BROKEN = {
    "control-after-the-offer": ("moving", 4, "accept", "control passes from carrier to trader-a without the signature"),
    "control-by-anybody": ("moving", 3, "accept", "control passes from carrier to trader-a without the signature"),
    "control-taken-by-the-issuer": ("moving", 4, "withdraw", "control passes from trader-a to nobody without"),
    "control-to-an-outsider": ("control", 3, "accept", "in held outsider is in control"),
    "end-by-anybody": ("moving", 3, "expire", "control passes from carrier to nobody without the signature of carrier"),
    "no-end-behind-an-outsider": ("ending", 1, "issue", "from here, in held, no end can be reached"),
    "no-end-without-a-witness": ("ending", 1, "issue", "from here, in held, no end can be reached"),
    "surrender-twice": ("surrender", 6, "accept_surrender", "a surrender was accepted before"),
}
# Table: its states that are never reached, its actions that never happen, the pairs that do the same.
USELESS = {
    "ambiguous": ((), (), ("end and finish",)),
    "never": (("offered",), ("accept", "offer", "recall"), ()),
}


@cache
def checked(name: str) -> CheckResult:
    return check_table(read_table((FOLDER / f"{name}.yaml").read_bytes()))


def test_every_broken_table_is_expected():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {*BROKEN, *USELESS}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_is_refuted_for_the_right_reason(name):
    invariant, steps, action, reason = BROKEN[name]
    result = checked(name)
    assert [verdict.name for verdict in result.invariants if not verdict.proved] == [invariant]
    verdict = result.verdict(invariant)
    assert verdict.moves[-1].action == action, [str(move) for move in verdict.moves]
    assert verdict.reason.startswith(reason)
    assert len(verdict.moves) == steps
    assert not result.proved


@pytest.mark.parametrize("name", USELESS)
def test_a_table_with_useless_words_is_refuted(name):
    result = checked(name)
    assert (result.unreachable, result.never, result.ambiguous) == USELESS[name]
    assert not result.proved
    assert all(verdict.proved for verdict in result.invariants)
