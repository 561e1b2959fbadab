"""What can be done with a record now, and by whom."""

from __future__ import annotations

from support.proven import Trade

from nodes.possible import Possible, possible_actions


def of(trade: Trade, bill: bytes) -> dict[str, Possible]:
    return {one.action: one for one in possible_actions(trade.engine.rules, trade.engine.reader.record(bill))}


def test_the_parties_that_the_record_names_are_filled_in():
    trade = Trade()
    bill = trade.issue()
    found = of(trade, bill)
    assert set(found) == {"accept", "reject", "recall", "expire", "void"}
    assert found["accept"].parties == (trade.id("shipper"),)
    assert found["accept"].who == "the party to whom it was offered"
    assert found["accept"].leads_to == "held"
    assert found["accept"].conditions == ("the offer has not lapsed", "the record is not on hold")
    assert found["recall"].parties == (trade.id("carrier"),)
    assert found["void"].parties == (trade.id("carrier"), trade.id("carrier"))
    assert found["void"].who == "the issuer of the record, who is also the party in control of the record"
    assert (found["expire"].who, found["expire"].parties) == ("any member", ())


def test_each_state_has_its_actions():
    trade = Trade()
    bill = trade.bill()
    assert set(of(trade, bill)) == {"offer", "surrender"}
    assert of(trade, bill)["offer"].parties == (trade.id("bank"),)
    assert "to is another party than the actor" in of(trade, bill)["offer"].conditions
    trade.act("bank", "surrender", bill)
    assert set(of(trade, bill)) == {"accept_surrender", "refuse_surrender"}
    trade.act("carrier", "accept_surrender", bill)
    assert set(of(trade, bill)) == {"confirm_delivery"}
    trade.act("carrier", "confirm_delivery", bill)
    assert of(trade, bill) == {}


def test_a_party_in_a_field_is_filled_in():
    trade = Trade()
    record = trade.engine.reader.record(trade.issue())
    record.kind, record.status, record.fields = "invoice", "issued", {"buyer": trade.id("buyer")}
    found = {one.action: one for one in possible_actions(trade.engine.rules, record)}
    assert found["acknowledge"].parties == (trade.id("buyer"),)
    assert found["acknowledge"].who == "the party in the field buyer"
    record.fields = {}
    (acknowledge,) = [one for one in possible_actions(trade.engine.rules, record) if one.action == "acknowledge"]
    assert acknowledge.parties == ()


def test_a_record_of_no_table_has_none():
    trade = Trade()
    policy = next(record for record in trade.engine.reader.records() if record.kind == "policy")
    assert possible_actions(trade.engine.rules, policy) == []
