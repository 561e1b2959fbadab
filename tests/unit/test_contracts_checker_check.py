"""The checker proves the shipped tables, says the same each time, and its result has a hash."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from support.game import TABLES, shipped_tables

from contracts.checker.check import check_table
from contracts.checker.invariants import INVARIANTS
from contracts.checker.result import CHECKER, Move, Verdict
from ledger import codec

RESULTS = {}


def result_of(kind):
    if kind not in RESULTS:
        RESULTS[kind] = check_table(next(table for table in shipped_tables() if table.kind == kind))
    return RESULTS[kind]


KINDS = [table.kind for table in shipped_tables()]


@pytest.mark.parametrize("kind", KINDS)
def test_a_shipped_table_is_proved(kind):
    result = result_of(kind)
    told = [(v.name, v.reason, [str(move) for move in v.moves]) for v in result.invariants if not v.proved]
    assert told == []
    assert (result.unreachable, result.never, result.ambiguous) == ((), (), ())
    assert result.proved
    assert [verdict.name for verdict in result.invariants] == list(INVARIANTS)


def test_the_result_is_a_value_with_a_hash():
    result = result_of("sea_waybill")
    table = next(table for table in shipped_tables() if table.kind == "sea_waybill")
    value = codec.decode(result.encode())
    assert value[:2] == [CHECKER, table.hash]
    assert value[2:4] == [result.states, result.transitions]
    assert [(name, said) for name, said, _, _ in value[4]] == [(name, "proved") for name in INVARIANTS]
    assert replace(result, states=result.states + 1).result_hash != result.result_hash


def test_another_process_finds_the_same():
    """Sets of bytes have another order in every process; nothing of it may show."""
    program = (
        "import sys; from contracts.table_yaml import parse_table; from contracts.checker.check import check_table\n"
        "print(check_table(parse_table(open(sys.argv[1], 'rb').read())).result_hash.hex())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program, str(TABLES / "invoice.yaml")],
            capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}, cwd=TABLES.parents[1],
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }  # fmt: skip
    assert found == {result_of("invoice").result_hash.hex()}


def test_a_move_is_read_as_a_sentence():
    move = Move("agent", "offer", "trader-a", ("trader-b",), (("to", "carrier"), ("until", "soon")))
    assert str(move) == "agent for trader-a: offer(to=carrier, until=soon), signed by trader-b too"
    assert str(Move("", "time passes")) == "time passes"
    assert Verdict("a", "b", False, "c", (move,)).plain() == ["a", "refuted", "c", [str(move)]]
