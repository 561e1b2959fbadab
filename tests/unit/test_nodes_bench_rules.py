"""The cost of rules: every action of the bill is measured, and none is dear."""

from __future__ import annotations

from nodes.bench.rules import GOAL_US, measure_rules
from nodes.tables import shipped_tables


def test_every_action_of_the_bill_is_judged_and_timed():
    (table,) = [table for table in shipped_tables() if table.kind == "bill_of_lading"]
    spent = measure_rules(20)
    assert set(spent) == set(table.actions)
    assert all(0 < one < 50 * GOAL_US for one in spent.values()), "a machine that is busy is slow, not that slow"
