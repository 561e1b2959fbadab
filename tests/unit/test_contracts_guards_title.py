"""The guards of title: where each holds the act is accepted, where it does not the refusal names it."""

from __future__ import annotations

import pytest
from support import titles
from support.game import HOUR, Game, refused
from support.members import digest
from support.memberships import group

from ledger.times import iso
from ledger.transaction import Target

DAY = titles.DAY


@pytest.fixture
def game():
    return Game(titles.CAST, governors=["operator"])


def act(game, who, action, bill, **changes):
    """An action with good arguments, but for `changes`; None takes one out."""
    return game.act(who, action, bill, **{**titles.arguments(game, action, who, bill), **changes})


@pytest.mark.parametrize(
    ("changes", "holder", "may"),
    [
        ({}, "shipper", True),
        ({"order_party": "bank"}, "shipper", False),
        ({"form": "blank", "order_party": None}, "shipper", True),
        ({"form": "straight", "order_party": None, "consignee": "shipper"}, "shipper", False),
    ],
)
def test_may_endorse(game, changes, holder, may):
    bill = game.held_bill(holder, **changes)
    outcome = game.act(holder, "endorse", bill, to="buyer")
    if may:
        assert outcome.error is None
        assert (game.record(bill).order_party, game.record(bill).controller) == (game.id("buyer"), game.id(holder))
    else:
        refused(outcome, "rule.may_endorse")


def test_order_party_signs(game):
    bill = game.held_bill("shipper", order_party="bank")
    for who in ("shipper", "buyer", "carrier"):
        error = refused(game.act(who, "nominate", bill, to="insurer"), "rule.order_party_signs")
        assert error.value == "bank"
    game.done("bank", "nominate", bill, to="insurer")
    blank = game.held_bill("shipper", form="blank", order_party=None)
    refused(game.act("shipper", "endorse_in_blank", blank), "rule.order_party_signs")


def test_not_in_control(game):
    bill = game.held_bill("shipper")
    refused(game.act("shipper", "nominate", bill, to="bank"), "rule.not_in_control")
    game.pass_on(bill, "shipper", "bank", "possession")
    game.done("shipper", "nominate", bill, to="buyer")


def test_nomination_stands(game):
    bill = game.held_bill("bank", order_party="shipper")
    refused(game.act("bank", "endorse_nominee", bill), "rule.nomination_stands")
    game.done("shipper", "nominate", bill, to="bank")
    game.done("shipper", "withdraw_nomination", bill)
    refused(game.act("bank", "endorse_nominee", bill), "rule.nomination_stands")
    game.done("shipper", "nominate", bill, to="bank")
    game.done("bank", "endorse_nominee", bill)
    refused(game.act("bank", "endorse_nominee", bill), "rule.nomination_stands")


def test_lock_lets_through(game):
    bill = game.held_bill("shipper")
    until = game.time + DAY
    game.done("shipper", "present", bill, presentee="bank", until=until)
    error = refused(game.act("shipper", "offer", bill, to="buyer", mode="endorse"), "rule.lock_lets_through")
    assert error.value == iso(until)
    game.done("shipper", "offer", bill, to="bank", mode="endorse")
    game.done("bank", "reject", bill)
    game.tick(DAY)
    game.done("shipper", "offer", bill, to="buyer", mode="endorse")


def test_argument_is_within(game):
    bill = game.held_bill("shipper")
    late = game.time + 30 * DAY + 1
    error = refused(game.act("shipper", "present", bill, presentee="bank", until=late), "rule.argument_is_within")
    assert error.value == iso(late)
    game.done("shipper", "present", bill, presentee="bank", until=late - 1)


def test_argument_is_within_what_the_ledger_says():
    game = Game(parameters={"rulebook": digest("rulebook").hex(), "max_lock": str(HOUR)})
    bill = game.held_bill("shipper")
    late = {"presentee": "bank", "until": game.time + HOUR + 1}
    refused(game.act("shipper", "present", bill, **late), "rule.argument_is_within")
    game.done("shipper", "present", bill, **{**late, "until": game.time + HOUR})


def test_pledgee_signs(game):
    bill = titles.into(game, "pledged")
    for who in ("shipper", "carrier", "insurer"):
        assert refused(game.act(who, "release_pledge", bill), "rule.pledgee_signs").value == "bank"
    game.done("bank", "release_pledge", bill)


def test_negotiable(game):
    bill = game.held_bill("buyer", form="straight", order_party=None, consignee="buyer")
    refused(act(game, "buyer", "pledge", bill), "rule.negotiable")
    game.done("shipper", "pledge", game.held_bill("shipper"), to="bank", due=game.time + 1)


def test_group_is_of_both(game):
    bill, due = game.held_bill("shipper"), game.time + HOUR
    groups = {
        "both": (group(game, "shipper", "bank", threshold=2), True),
        "one is enough": (group(game, "shipper", "bank", threshold=1), False),
        "two of three": (group(game, "shipper", "bank", "buyer", threshold=2), False),
        "another": (group(game, "shipper", "buyer", threshold=2), False),
    }
    for joint, good in sorted(groups.values(), key=lambda one: one[1]):
        outcome = game.act("shipper", "pledge", bill, to="bank", due=due, group=joint)
        if good:
            assert outcome.error is None
        else:
            assert refused(outcome, "rule.group_is_of_both").value == joint
    other = game.held_bill("shipper")
    for nobody in (game.id("buyer"), other):
        outcome = game.act("shipper", "pledge", other, to="bank", due=due, group=nobody)
        refused(outcome, "rule.argument_is_active_member" if nobody == other else "rule.group_is_of_both")


def test_delay_has_run(game):
    bill = titles.into(game, "pledged")
    refused(game.act("bank", "enforce", bill), "rule.delay_has_run")
    game.tick(HOUR + 1)
    refused(game.act("bank", "enforce", bill), "rule.delay_has_run")
    game.done("bank", "notify_default", bill, notice_given=digest("notice"))
    end = game.time + 7 * DAY
    game.tick(7 * DAY - 1)
    assert refused(game.act("bank", "enforce", bill), "rule.delay_has_run").value == iso(end)
    game.tick(1)
    game.done("bank", "enforce", bill)


def test_delay_has_run_as_the_ledger_says():
    game = Game(parameters={"rulebook": digest("rulebook").hex(), "pledge_delay": str(2 * HOUR)})
    bill = titles.into(game, "pledged")
    game.tick(HOUR + 1)
    game.done("bank", "notify_default", bill, notice_given=digest("notice"))
    game.tick(2 * HOUR - 1)
    refused(game.act("bank", "enforce", bill), "rule.delay_has_run")
    game.tick(1)
    game.done("bank", "enforce", bill)


def test_argument_is_no_shorter(game):
    bill, terms = game.held_bill("shipper"), {"to": "bank", "due": game.time + HOUR}
    for span in (0, 7 * DAY - 1, 365 * DAY + 1, 2**53 - 1):
        error = refused(game.act("shipper", "pledge", bill, **terms, delay=span), "rule.argument_is_no_shorter")
        assert error.value == span
    refused(game.act("shipper", "pledge", bill, **terms, delay=None), "rule.bad_arguments")
    game.done("shipper", "pledge", bill, **terms, delay=8 * DAY)
    game.done("bank", "accept_pledge", bill)
    game.tick(HOUR + 1)
    game.done("bank", "notify_default", bill, notice_given=digest("notice"))
    game.tick(8 * DAY - 1)
    refused(game.act("bank", "enforce", bill), "rule.delay_has_run")
    game.tick(1)
    game.done("bank", "enforce", bill)
    assert not {"due", "notice", "delay"} & set(game.record(bill).fields)


def test_a_parameter_that_is_less_than_an_hour_is_none():
    game = Game(parameters={"rulebook": digest("rulebook").hex(), "pledge_delay": "5"})
    refused(
        game.act("shipper", "pledge", game.held_bill("shipper"), to="bank", due=game.time + 1, delay=5),
        "rule.argument_is_no_shorter",
    )


BUYER = {"form": "order", "order_party": "buyer", "consignee": None}


@pytest.mark.parametrize(
    ("issued", "changes", "signers", "good"),
    [
        ({}, {}, [], True),
        ({}, BUYER, [], False),
        ({}, BUYER, ["shipper"], True),
        ({"order_party": "bank"}, BUYER, ["shipper"], False),
        ({"order_party": "bank"}, BUYER, ["bank"], True),
        ({"order_party": digest("outside")}, BUYER, ["shipper"], False),
        ({"order_party": digest("outside")}, {}, [], True),
        ({"form": "blank", "order_party": None}, BUYER, [], False),
        ({"form": "blank", "order_party": None}, BUYER, ["shipper"], True),
        ({"form": "straight", "order_party": None, "consignee": "bank"}, {}, [], True),
        ({"form": "straight", "order_party": None, "consignee": "bank"}, {"consignee": "buyer"}, ["shipper"], False),
        ({"form": "straight", "order_party": None, "consignee": "shipper"}, {"consignee": "buyer"}, ["shipper"], True),
    ],
)
def test_title_stays_or_is_consented(game, issued, changes, signers, good):
    bill = game.held_bill("shipper", **issued)
    game.done("shipper", "surrender_for_amendment", bill, wanted=digest("wanted"))
    outcome = act(game, "carrier", "reissue", bill, also=signers, **changes)
    if good:
        assert outcome.error is None, outcome.error
    else:
        refused(outcome, "rule.title_stays_or_is_consented")


def test_number_is_new_or_taken_over(game):
    old, other = game.held_bill("shipper", number_text="A1"), game.held_bill("shipper", number_text="A2")
    game.done("shipper", "surrender_for_amendment", old, wanted=digest("wanted"))
    taken = {"number": game.number_argument("carrier", "A2")}
    assert refused(act(game, "carrier", "reissue", old, **taken), "rule.number_is_new_or_taken_over").value == other
    wrong = {"number": {**game.number_argument("carrier", "A1"), "class": "invoice"}}
    refused(act(game, "carrier", "reissue", old, **wrong), "rule.number_is_new_or_taken_over")
    assert act(game, "carrier", "reissue", old, number=game.number_argument("carrier", "A1")).error is None
    new = game.record(old).replaced_by[0]
    game.done("shipper", "surrender_for_amendment", new, wanted=digest("again"))
    assert act(game, "carrier", "reissue", new, number=game.number_argument("carrier", "A1")).error is None


def test_parts_are_new(game):
    bill = game.held_bill("shipper", number_text="A1")
    two = titles.parts(game, 2)
    same_number = [two[0], {**two[1], "number": two[0]["number"]}]
    used_id = [two[0], {**two[1], "record": bill}]
    used_number = [two[0], {**two[1], "number": game.number_argument("carrier", "A1")}]
    wrong_class = [two[0], {**two[1], "number": {**two[1]["number"], "class": "invoice"}}]
    for parts in (two[:1], same_number, used_id, used_number, wrong_class):
        refused(act(game, "carrier", "split", bill, parts=parts), "rule.parts_are_new")
    refused(act(game, "carrier", "split", bill, parts=[two[0], two[0]]), "rule.bad_arguments")
    assert act(game, "carrier", "split", bill, parts=two).error is None


@pytest.mark.parametrize(
    "unlike", [None, {"order_party": "bank"}, {"form": "blank", "order_party": None}, {"law": "GB"}, {"to": "bank"}]
)
def test_targets_are_alike(game, unlike):
    one = game.held_bill("shipper")
    holder = (unlike or {}).get("to", "shipper")
    other = game.held_bill(holder, **{"order_party": "shipper", **(unlike or {})})
    also = sorted({"shipper", holder})
    outcome = game.act("carrier", "merge", one, **merging(game, one, other), also=also)
    if unlike is None:
        assert outcome.error is None
    else:
        refused(outcome, "rule.targets_are_alike")


def test_targets_are_alike_where_there_is_one(game):
    one = game.held_bill("shipper")
    outcome = game.act("carrier", "merge", one, **merging(game, one), also=["shipper"])
    refused(outcome, "rule.targets_are_alike")


def merging(game, *bills):
    targets = tuple(Target(one, game.record(one).sequence, game.record(one).head) for one in bills)
    return {**titles.new_bill(game), "conservation": digest("c"), "changes": {"targets": targets}}


def test_field_equals_parameter(game):
    bill = titles.into(game, "approved")
    rules = game.rules
    game.rules = type(rules)(rules.tables.values(), rules.governors, {"rulebook": digest("new rulebook").hex()})
    refused(act(game, "carrier", "issue_draft", bill), "rule.field_equals_parameter")
    game.rules = type(rules)(rules.tables.values(), rules.governors, {})
    refused(act(game, "carrier", "issue_draft", bill), "rule.field_equals_parameter")
    game.rules = rules
    assert act(game, "carrier", "issue_draft", bill).error is None


def test_holding_authority_signs():
    game = Game({**titles.CAST, "court": ("authority",)}, governors=["operator"])
    bill = game.held_bill("shipper")
    refused(game.act("authority", "lift_hold", bill), "rule.holding_authority_signs")
    game.done("authority", "hold", bill, reason=digest("reason"))
    for who in ("court", "shipper", "operator"):
        assert refused(game.act(who, "lift_hold", bill), "rule.holding_authority_signs").value == "authority"
    refused(act(game, "court", "order_void", bill), "rule.holding_authority_signs")
    game.done("authority", "lift_hold", bill)


def test_hold_is_for(game):
    bill = game.held_bill("shipper")
    game.done("authority", "hold", bill, reason=digest("reason"))
    refused(act(game, "authority", "settle_dispute", bill), "rule.hold_is_for")
    game.done("authority", "lift_hold", bill)
    game.done("authority", "dispute", bill, reason=digest("reason"))
    refused(game.act("authority", "lift_hold", bill), "rule.hold_is_for")
    assert act(game, "authority", "settle_dispute", bill).error is None
