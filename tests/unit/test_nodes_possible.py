"""What can be done with a record now, and by whom."""

from __future__ import annotations

from support.proven import Trade

from ledger.record import Record
from ledger.times import iso
from nodes.possible import Possible, possible_actions

AUTHORITY = {"hold", "dispute", "lift_hold", "settle_dispute", "order_transfer", "order_void", "order_close"}
"""What an authority may do in every state, which most of these tests leave out."""


def of(trade: Trade, bill: bytes) -> dict[str, Possible]:
    found = {one.action: one for one in all_of(trade, trade.engine.reader.record(bill))}
    return {name: one for name, one in found.items() if name not in AUTHORITY}


NOBODYS = {
    "endorse_nominee": "the order party has nominated nobody",
    "withdraw_nomination": "the order party has nominated nobody",
}
"""What takes a nominee."""


def all_of(trade: Trade, record: Record, time: int | None = None) -> list[Possible]:
    return possible_actions(trade.engine.rules, record, time or trade.time, trade.engine.reader.find)


def not_now(trade: Trade, bill: bytes, time: int | None = None) -> dict[str, str]:
    found = {one.action: one.not_now for one in all_of(trade, trade.engine.reader.record(bill), time)}
    return {name: why for name, why in found.items() if why and name not in AUTHORITY | {"end_presentation"}}


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
    assert set(of(trade, bill)) == {
        "offer", "surrender", "endorse", "endorse_in_blank", "endorse_nominee", "nominate", "withdraw_nomination",
        "present", "end_presentation", "pledge", "surrender_for_amendment", "request_paper", "split", "merge",
        "switch_bill", "change_destination",
    }  # fmt: skip
    assert of(trade, bill)["offer"].parties == (trade.id("bank"),)
    assert "to is another party than the actor" in of(trade, bill)["offer"].conditions
    trade.act("bank", "surrender", bill)
    assert set(of(trade, bill)) == {"accept_surrender", "refuse_surrender", "withdraw_surrender"}
    trade.act("carrier", "accept_surrender", bill)
    assert set(of(trade, bill)) == {"confirm_delivery", "deliver_part"}
    trade.act("carrier", "confirm_delivery", bill)
    assert of(trade, bill) == {}


def test_a_party_in_a_field_is_filled_in():
    trade = Trade()
    record = trade.engine.reader.record(trade.issue())
    record.kind, record.status, record.fields = "invoice", "issued", {"buyer": trade.id("buyer")}
    found = {one.action: one for one in all_of(trade, record)}
    assert found["acknowledge"].parties == (trade.id("buyer"),)
    assert found["acknowledge"].who == "the party in the field buyer"
    record.fields = {}
    (acknowledge,) = [one for one in all_of(trade, record) if one.action == "acknowledge"]
    assert (acknowledge.parties, acknowledge.not_now) == ((), "nobody is the party in the field buyer")


def test_a_record_of_no_table_has_none():
    trade = Trade()
    policy = next(record for record in trade.engine.reader.records() if record.kind == "policy")
    assert all_of(trade, policy) == []


def test_an_offer_without_an_end_does_not_lapse():
    trade = Trade()
    assert not_now(trade, trade.issue()) == {"expire": "the offer has not lapsed"}


def test_an_offer_that_has_lapsed_can_be_tidied_up_and_not_be_accepted():
    trade = Trade()
    bill = trade.bill()
    until = trade.time + 60_000
    trade.act("bank", "offer", bill, to="buyer", mode="endorse", until=until)
    assert not_now(trade, bill, until) == {"expire": "the offer has not lapsed"}
    assert not_now(trade, bill, until + 1) == {"accept": f"the offer lapsed at {iso(until)}"}


def test_a_holder_who_may_not_claim_the_goods_is_told_so():
    trade = Trade()
    bill = trade.bill()
    assert not_now(trade, bill) == NOBODYS | {"nominate": "bank is in control"}
    trade.act("bank", "offer", bill, to="buyer", mode="possession")
    trade.act("buyer", "accept", bill)
    why = not_now(trade, bill)
    assert why["surrender"] == why["pledge"] == "buyer holds the bill, and bank may claim the goods"
    assert why["endorse"] == "the bill is to the order of bank, which alone can endorse it"
    assert why["endorse_in_blank"] == "no party is all that it takes"
    assert "nominate" not in why, "the order party, who does not hold it, may"


def test_what_a_party_would_have_to_do_that_the_record_does_not_name_is_not_now():
    trade = Trade()
    bill = trade.bill()
    why = {one.action: one.not_now for one in all_of(trade, trade.engine.reader.record(bill))}
    nobody = "nobody is the authority that holds the record"
    assert {name for name in AUTHORITY if why[name] == nobody} == AUTHORITY - {"hold", "dispute"}
    assert why["hold"] == "", "any authority may"
    assert why["end_presentation"] == "nobody is the party in the field presentee"


def test_the_consignee_of_a_straight_bill_has_nobody_to_offer_it_to():
    trade = Trade()
    record = trade.engine.reader.record(trade.bill())
    record.fields.update(form="straight", consignee=trade.id("bank"))
    record.order_party = None
    why = {one.action: one.not_now for one in all_of(trade, record)}
    assert why["offer"].startswith("there is nobody to whom it could be offered: ")
    assert why["surrender"] == ""
    record.fields["consignee"] = trade.id("buyer")
    why = {one.action: one.not_now for one in all_of(trade, record)}
    assert (why["offer"], why["surrender"]) == ("", "bank holds the bill, and buyer may claim the goods")


def test_what_is_done_once_and_what_two_parties_would_have_to_do_are_not_now():
    trade = Trade()
    record = trade.engine.reader.record(trade.issue())
    record.controller = trade.id("bank")
    assert {one.action: one.not_now for one in all_of(trade, record)}["void"] == "no party is all that it takes"
    record.kind, record.fields = "invoice", {"buyer": trade.id("buyer"), "acknowledged": None}
    assert {one.action: one.not_now for one in all_of(trade, record)}["acknowledge"] == ""
