"""Every guard by its name: where it holds the act is accepted, where it does not the refusal names it.

Those about members and governors are in `test_contracts_guards_members.py`.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.game import HOUR, Game, refused
from support.members import digest

from contracts.rules import ALWAYS
from contracts.vocabulary import GUARDS
from ledger.times import iso


@pytest.fixture
def game():
    return Game()


def test_every_guard_has_its_test_here():
    names = {name.partition("@")[0] for name in GUARDS}
    files = Path(__file__).parent.glob("test_contracts_guards*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [name for name in sorted(names) if f"def test_{name}(" not in source] == []


def test_actor_is_active(game):
    assert [one.name for one in ALWAYS] == ["actor_is_active@1"]
    bill = game.held_bill("bank")
    game.done("carrier", "member.suspend", game.id("bank"))
    error = refused(game.act("bank", "offer", bill, to="buyer", mode="endorse"), "rule.actor_is_active")
    assert "bank is suspended" in error.message
    assert error.hint == "a suspended member acts again after the governors reinstate it"
    game.done("carrier", "member.reinstate", game.id("bank"))
    game.done("bank", "offer", bill, to="buyer", mode="endorse")


def test_role(game):
    game.issue_bill()
    args = game.bill_arguments(issuer="shipper", to="bank")
    error = refused(game.act("shipper", "bill_of_lading.issue", **args), "rule.role")
    assert (error.rule, error.guard) == ("bill_of_lading.issue", "role@1")
    assert error.message.startswith("the actor does not have the role carrier")


def test_controller_signs(game):
    bill = game.held_bill("shipper")
    error = refused(game.act("bank", "offer", bill, to="buyer", mode="possession"), "rule.controller_signs")
    assert error.message == (
        "bank is not in control of the record; shipper is (rule bill_of_lading.offer: controller_signs@1)"
    )
    assert error.value == "bank"
    game.done("shipper", "offer", bill, to="buyer", mode="possession")


def test_controller_signs_where_nobody_is_in_control(game):
    bill = game.held_bill("shipper")
    game.patch(bill, controller=None)
    error = refused(game.act("shipper", "offer", bill, to="buyer", mode="possession"), "rule.controller_signs")
    assert "nobody is" in error.message


def test_issuer_signs(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "surrender", bill)
    for who in ("shipper", "bank", "stranger"):
        refused(game.act(who, "accept_surrender", bill), "rule.issuer_signs")
    game.done("carrier", "accept_surrender", bill)


def test_pending_recipient_signs(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to="bank", mode="endorse")
    for who in ("shipper", "buyer", "carrier"):
        refused(game.act(who, "accept", bill), "rule.pending_recipient_signs")
        refused(game.act(who, "reject", bill), "rule.pending_recipient_signs")
    game.done("bank", "accept", bill)


def test_pending_recipient_signs_where_nothing_is_offered(game):
    bill = game.issue_bill()
    game.patch(bill, pending=None)
    refused(game.act("shipper", "accept", bill), "rule.pending_recipient_signs")


def test_field_party_signs(game):
    invoice = game.issue("shipper", "invoice", buyer="buyer")
    refused(game.act("shipper", "acknowledge", invoice), "rule.field_party_signs")
    game.done("buyer", "acknowledge", invoice)
    nobody = game.issue("shipper", "invoice")
    refused(game.act("buyer", "acknowledge", nobody), "rule.field_party_signs")


def test_field_is_unset(game):
    invoice = game.issue("shipper", "invoice", buyer="buyer")
    game.done("buyer", "acknowledge", invoice)
    error = refused(game.act("buyer", "acknowledge", invoice), "rule.field_is_unset")
    assert error.value == iso(game.time)


def test_field_time_has_passed(game):
    certificate = game.issue("certifier", "certificate", expires=game.time + HOUR)
    refused(game.act("stranger", "expire", certificate), "rule.field_time_has_passed")
    game.tick(HOUR)
    refused(game.act("stranger", "expire", certificate), "rule.field_time_has_passed")
    game.tick(1)
    game.done("stranger", "expire", certificate)
    endless = game.issue("certifier", "certificate")
    refused(game.act("stranger", "expire", endless), "rule.field_time_has_passed")


def test_argument_is_active_member(game):
    bill = game.held_bill("shipper")
    outside = digest("nobody here")
    error = refused(game.act("shipper", "offer", bill, to=outside, mode="possession"), "rule.argument_is_active_member")
    assert error.value == outside
    refused(game.act("shipper", "offer", bill, to=bill, mode="possession"), "rule.argument_is_active_member")
    game.done("carrier", "member.suspend", game.id("bank"))
    error = refused(game.act("shipper", "offer", bill, to="bank", mode="possession"), "rule.argument_is_active_member")
    assert error.value == "bank"
    game.done("shipper", "offer", bill, to="buyer", mode="possession")


def test_argument_is_active_member_of_an_argument_left_out(game):
    game.issue("shipper", "invoice")


def test_argument_has_role(game):
    invoice = game.issue("shipper", "invoice")
    refused(game.act("shipper", "request_finance", invoice, to="buyer"), "rule.argument_has_role")
    game.done("shipper", "request_finance", invoice, to="bank")


@pytest.mark.parametrize("name", ["argument_is_active_member@1", "argument_has_role@1", "argument_is_another@1"])
def test_an_argument_that_may_be_left_out_is_judged_where_it_is_given(game, name):
    act = SimpleNamespace(args={}, world=game, actor=game.record(game.id("bank")), party=game.id("bank"))
    role = {"role": "bank"} if "role" in GUARDS[name].parameters else {}
    GUARDS[name].function(act, argument="to", **role)


def test_argument_is_another(game):
    bill = game.held_bill("shipper")
    error = refused(game.act("shipper", "offer", bill, to="shipper", mode="possession"), "rule.argument_is_another")
    assert error.value == "shipper"
    refused(
        game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(to="carrier")), "rule.argument_is_another"
    )


def test_argument_is_in_future(game):
    bill = game.held_bill("shipper")
    offer = {"to": "bank", "mode": "endorse"}
    for until in (0, game.time - 1, game.time):
        error = refused(game.act("shipper", "offer", bill, **offer, until=until), "rule.argument_is_in_future")
        assert error.value == iso(until)
    game.done("shipper", "offer", bill, **offer, until=game.time + 1)


def test_argument_equals_parameter(game):
    args = game.bill_arguments(rulebook=digest("another rulebook"))
    refused(game.act("carrier", "bill_of_lading.issue", **args), "rule.argument_equals_parameter")
    game.issue_bill()


def test_argument_equals_parameter_that_the_ledger_lacks():
    game = Game(parameters={})
    error = refused(
        game.act("carrier", "bill_of_lading.issue", **game.bill_arguments()), "rule.argument_equals_parameter"
    )
    assert error.value == "rulebook"


def test_records_exist(game):
    bill, outside = game.issue_bill(), digest("nothing here")
    args = {"record": game.fresh(), "document": digest("d"), "bound_to": [bill, outside]}
    number = game.number_argument("certifier", "C-1", "certificate")
    error = refused(game.act("certifier", "certificate.issue", number=number, **args), "rule.records_exist")
    assert error.value == outside
    game.issue("certifier", "certificate", bound_to=[bill])
    game.issue("certifier", "certificate", bound_to=[])
    game.issue("certifier", "certificate")


def test_record_is_new(game):
    bill = game.issue_bill()
    for taken in (bill, game.id("buyer"), game.rules.table("invoice").hash):
        error = refused(
            game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(record=taken)), "rule.record_is_new"
        )
        assert error.value == taken


def test_number_is_new(game):
    bill = game.issue_bill(number_text="A1")
    error = refused(
        game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(number_text="A1")), "rule.number_is_new"
    )
    assert error.value == bill
    game.issue_bill(number_text="A2")


def test_number_is_new_across_kinds_of_one_class(game):
    game.issue_bill(number_text="A1")
    args = {"record": game.fresh(), "document": digest("d"), "law": "SG", "place": "CNSHA"}
    number = game.number_argument("carrier", "A1", "sea_waybill")
    refused(game.act("carrier", "sea_waybill.issue", number=number, **args), "rule.number_is_new")


@pytest.mark.parametrize("change", [{"class": "invoice"}, {"at": "/other"}])
def test_number_is_new_asks_for_the_declared_class_and_place(game, change):
    number = {**game.number_argument("carrier", "A1"), **change}
    refused(game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(number=number)), "rule.number_is_new")


@pytest.mark.parametrize("action", ["offer", "surrender"])
def test_no_hold(game, action):
    bill, authority = game.held_bill("shipper"), digest("authority")
    args = {"to": "bank", "mode": "endorse"} if action == "offer" else {}
    game.patch(bill, hold=authority)
    error = refused(game.act("shipper", action, bill, **args), "rule.no_hold")
    assert error.value == authority
    game.patch(bill, hold=None)
    game.done("shipper", action, bill, **args)


def test_not_locked(game):
    bill = game.held_bill("shipper")
    game.patch(bill, locked_until=game.time + HOUR)
    refused(game.act("shipper", "endorse", bill, to="bank"), "rule.not_locked")
    refused(game.act("shipper", "surrender", bill), "rule.not_locked")
    game.tick(HOUR)
    game.done("shipper", "surrender", bill)


def test_offer_is_open(game):
    until = game.time + HOUR
    bill = game.issue_bill(until=until)
    game.tick(HOUR)
    game.done("shipper", "accept", bill)
    late = game.issue_bill(until=game.time + HOUR)
    game.tick(HOUR + 1)
    error = refused(game.act("shipper", "accept", late), "rule.offer_is_open")
    assert "2025-11-24T18:00:00Z" in error.message
    game.done("shipper", "reject", late)


def test_offer_has_lapsed(game):
    bill = game.issue_bill(until=game.time + HOUR)
    refused(game.act("stranger", "expire", bill), "rule.offer_has_lapsed")
    game.tick(HOUR)
    refused(game.act("stranger", "expire", bill), "rule.offer_has_lapsed")
    game.tick(1)
    game.done("stranger", "expire", bill)
    endless = game.issue_bill()
    refused(game.act("stranger", "expire", endless), "rule.offer_has_lapsed")


@pytest.mark.parametrize("order_party", [None, "shipper"])
@pytest.mark.parametrize("consignee", [None, "buyer"])
@pytest.mark.parametrize("form", ["straight", "order", "blank"])
def test_form_fits_parties(game, form, consignee, order_party):
    allowed = {("straight", "buyer", None), ("order", None, "shipper"), ("blank", None, None)}
    named = {"form": form, "consignee": consignee and game.id(consignee), "order_party": order_party}
    outcome = game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(**named))
    if (form, consignee, order_party) in allowed:
        assert outcome.error is None
    else:
        refused(outcome, "rule.form_fits_parties")


# A bill by its form, who holds it and who may endorse it; then which offers of the holder are allowed.
TRANSFERS = {
    ("order", "order party holds"): {"endorse", "blank", "possession"},
    ("order", "another holds"): {"possession"},
    ("blank", "anybody holds"): {"endorse", "possession"},
    ("straight", "to the consignee"): {"possession"},
    ("straight", "to another"): set(),
}


@pytest.mark.parametrize("mode", ["endorse", "blank", "possession"])
@pytest.mark.parametrize("case", TRANSFERS)
def test_transfer_fits_form(game, case, mode):
    bills = {
        ("order", "order party holds"): {},
        ("order", "another holds"): {"order_party": "bank"},
        ("blank", "anybody holds"): {"form": "blank", "order_party": None},
        ("straight", "to the consignee"): {"form": "straight", "order_party": None, "consignee": "buyer"},
        ("straight", "to another"): {"form": "straight", "order_party": None, "consignee": "bank"},
    }
    bill = game.held_bill("shipper", **bills[case])
    outcome = game.act("shipper", "offer", bill, to="buyer", mode=mode)
    if mode in TRANSFERS[case]:
        assert outcome.error is None
    else:
        refused(outcome, "rule.transfer_fits_form")


@pytest.mark.parametrize(
    ("changes", "entitled"),
    [
        ({}, True),
        ({"order_party": "bank"}, False),
        ({"order_party": digest("outside")}, False),
        ({"form": "blank", "order_party": None}, True),
        ({"form": "straight", "order_party": None, "consignee": "shipper"}, True),
        ({"form": "straight", "order_party": None, "consignee": "buyer"}, False),
    ],
)
def test_entitled_to_delivery(game, changes, entitled):
    bill = game.held_bill("shipper", **changes)
    outcome = game.act("shipper", "surrender", bill)
    if entitled:
        assert outcome.error is None
    else:
        refused(outcome, "rule.entitled_to_delivery")
