"""The delivery release order: one for each container of a surrendered bill, opened by the holder's code alone."""

from __future__ import annotations

import pytest
from support import goods
from support.game import HOUR, Game, refused
from support.members import digest

from ledger.hashing import release_code_hash

MINE, YOURS = "0000000000000000000A", "0000000000000000000B"


@pytest.fixture
def game():
    return Game(goods.CAST, governors=["operator"])


@pytest.fixture
def held(game):
    return goods.into(game, "delivery_order", "held")


def test_a_container_is_released_once_and_without_paper(game, held):
    game.done("warehouse", "pick_up", held, code=goods.CODE, receipt=digest("gate"))
    record = game.record(held)
    assert (record.status, record.controller) == ("picked_up", None)
    for who in ("warehouse", "carrier", "buyer"):
        error = refused(game.act(who, "pick_up", held, code=goods.CODE), "rule.wrong_state")
        assert "picked_up since" in error.message


def test_two_releases_on_the_same_head_have_one_winner(game, held):
    acts = [game.signed(who, "pick_up", held, code=goods.CODE) for who in ("warehouse", "carrier")]
    won, lost = game.submit(*acts)
    assert (won.code, lost.code) == ("", "transaction.stale_sequence")


def test_the_code_of_who_passed_the_order_on_is_dead(game, held):
    game.done("buyer", "offer", held, to="forwarder")
    for code in (goods.CODE, YOURS):
        refused(game.act("warehouse", "pick_up", held, code=code), "rule.wrong_state")
    game.done("forwarder", "accept", held, code_hash=release_code_hash(held, YOURS))
    refused(game.act("warehouse", "pick_up", held, code=goods.CODE), "rule.code_opens")
    refused(game.act("buyer", "renew_code", held, code_hash=release_code_hash(held, MINE)), "rule.controller_signs")
    game.done("forwarder", "renew_code", held, code_hash=release_code_hash(held, MINE))
    refused(game.act("warehouse", "pick_up", held, code=YOURS), "rule.code_opens")
    game.done("warehouse", "pick_up", held, code=MINE)


def test_the_carrier_cannot_set_the_code_nor_withdraw_the_order_alone(game, held):
    refused(game.act("carrier", "renew_code", held, code_hash=release_code_hash(held, MINE)), "rule.controller_signs")
    refused(game.act("carrier", "cancel", held), "rule.controller_signs_too")
    refused(game.act("carrier", "cancel", held, also=["forwarder"]), "transaction.not_the_actors_key")
    game.done("carrier", "cancel", held, also=["buyer"])


def test_customs_can_forbid_the_release_and_lift_it(game, held):
    game.done("authority", "hold", held, reason=digest("reason"))
    refused(game.act("warehouse", "pick_up", held, code=goods.CODE), "rule.no_hold")
    refused(game.act("buyer", "offer", held, to="forwarder"), "rule.no_hold")
    refused(game.act("carrier", "cancel", held, also=["buyer"]), "rule.no_hold")
    refused(game.act("carrier", "lift_hold", held), "rule.holding_authority_signs")
    game.done("authority", "lift_hold", held)
    game.done("warehouse", "pick_up", held, code=goods.CODE)


def test_an_order_that_came_back_is_offered_again(game):
    order = goods.issue(game, "delivery_order")
    game.done("buyer", "reject", order)
    refused(game.act("carrier", "reoffer", order, to="carrier"), "rule.argument_is_another")
    game.done("carrier", "reoffer", order, to="forwarder", until=game.time + HOUR)
    refused(game.act("buyer", "accept", order, code_hash=digest("x")), "rule.pending_recipient_signs")
    game.tick(HOUR + 1)
    refused(game.act("forwarder", "accept", order, code_hash=digest("x")), "rule.offer_is_open")
    game.done("stranger", "lapse", order)
    assert game.record(order).status == "returned"


def test_after_its_time_the_carrier_can_issue_another(game):
    order = goods.into(game, "delivery_order", "expired")
    bill = game.record(order).fields["bill"]
    again = goods.issue(game, "delivery_order", bill=bill)
    assert game.record(again).fields["container"] == game.record(order).fields["container"]


@pytest.mark.parametrize("kind", ["delivery_order"])
def test_only_a_bill_that_was_surrendered_for_delivery_is_good(game, kind):
    for bill in (game.issue_bill(), game.held_bill("shipper"), goods.issue(game, "air_waybill")):
        args = goods.issue_arguments(game, "carrier", kind, bill=bill)
        refused(game.act("carrier", f"{kind}.issue", **args), "rule.argument_record_is")
    surrendered = goods.surrendered(game)
    game.done("carrier", "confirm_delivery", surrendered)
    args = goods.issue_arguments(game, "carrier", kind, bill=surrendered)
    refused(game.act("carrier", f"{kind}.issue", **args), "rule.argument_record_is")
