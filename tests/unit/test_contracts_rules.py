"""The rules of a ledger: tables by kind and version, compiled actions, what a state allows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.game import Game, refused, shipped_tables

from contracts.rules import NoSuchTable, Rules, compile_table
from contracts.table import BadTable, RuleTable


@pytest.fixture
def rules():
    return Rules(shipped_tables(), [], {})


def second(kind):
    """The shipped table of `kind` as version 2."""
    plain = next(table for table in shipped_tables() if table.kind == kind).plain
    return RuleTable.from_plain({**plain, "version": 2, "title": "Another"})


def test_a_table_by_kind_and_version(rules):
    assert rules.table("invoice").version == 1
    assert rules.table("invoice", 1) is rules.table("invoice")
    for kind, version in (("bill", None), ("invoice", 2)):
        with pytest.raises(NoSuchTable) as caught:
            rules.table(kind, version)
        assert caught.value.value == kind


def test_new_records_are_of_the_newest_version():
    for tables in ([*shipped_tables(), second("invoice")], [second("invoice"), *shipped_tables()]):
        rules = Rules(tables, [], {})
        assert rules.current["invoice"] == 2
        assert rules.table("invoice").title == "Another"
        assert rules.table("invoice", 1).title == "Commercial invoice"


def test_records_keep_the_version_that_they_were_issued_under():
    game = Game()
    old = game.issue("shipper", "invoice")
    game.rules = Rules([*shipped_tables(), second("invoice")], game.rules.governors, game.rules.parameters)
    new = game.issue("shipper", "invoice")
    assert (game.record(old).version, game.record(new).version) == (1, 2)
    wrong = {"changes": {"statement": "invoice.settle@2"}}
    refused(game.act("shipper", "settle", old, **wrong), "rule.statement_mismatch")
    game.done("shipper", "settle", old)
    game.done("shipper", "settle", new)


def test_a_compiled_action_carries_rule_and_statement(rules):
    compiled = rules.action("bill_of_lading", 1, "offer")
    assert (compiled.rule, compiled.statement) == ("bill_of_lading.offer", "bill_of_lading.offer@1")
    names = [name for name, _, _ in compiled.guards]
    assert names[0] == "actor_is_active@1"
    assert names[1:] == [one.name for one in compiled.action.guards]
    assert all(hint for _, hint, _ in compiled.guards)
    assert rules.action("bill_of_lading", 1, "sell") is None
    assert rules.action("bill_of_lading", 2, "offer") is None


def test_only_actions_that_add_to_a_record_without_bound_grow(rules):
    growing = {
        compiled.rule for table in shipped_tables() for compiled in compile_table(table).values() if compiled.grows
    }
    assert "member.rotate_key" in growing
    assert {rule for rule in growing if rule.startswith("bill_of_lading")} == {
        "bill_of_lading.pledge",
        "bill_of_lading.to_paper",
    }


@pytest.mark.parametrize(
    ("status", "actions"),
    [
        (None, {"issue"}),
        ("issued", {"acknowledge", "request_finance", "settle", "cancel"}),
        ("financed", {"acknowledge", "settle"}),
        ("settled", set()),
    ],
)
def test_what_a_state_allows(rules, status, actions):
    assert {action.name for action in rules.allowed("invoice", 1, status)} == actions


def test_a_table_is_compiled_when_the_rules_are_made():
    with pytest.raises(BadTable, match=r"invoice\.acknowledge: field_party_signs@1 needs the field buyer"):
        Rules([replace(second("invoice"), fields={})], [], {})
