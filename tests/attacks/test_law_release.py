"""Goods of a bill that an authority holds, or has ended, are not fetched by the delivery orders issued against it."""

from __future__ import annotations

import pytest
from support import goods
from support.game import Game, refused
from support.members import digest

from ledger.hashing import release_code_hash


@pytest.fixture
def game():
    return Game(goods.CAST)


@pytest.fixture
def bill(game):
    return goods.surrendered(game)


@pytest.fixture
def order(game, bill):
    """An order for one container, whose code the buyer has set."""
    order = goods.issue(game, "delivery_order", bill=bill)
    game.done("buyer", "accept", order, code_hash=release_code_hash(order, goods.CODE))
    return order


def another(game, bill):
    args = goods.issue_arguments(game, "carrier", "delivery_order", bill=bill)
    return game.act(
        "carrier", "delivery_order.issue", **{**args, "container": goods.container(game, bill, "JWCU3048269")}
    )


def test_a_hold_of_the_bill_is_not_walked_around_by_delivery_orders(game, bill, order):
    game.done("authority", "hold", bill, reason=digest("customs"))
    refused(another(game, bill), "rule.argument_record_is")
    error = refused(game.act("carrier", "pick_up", order, code=goods.CODE), "rule.field_record_is")
    assert error.message.startswith("the record in bill is on hold by authority")
    game.done("authority", "lift_hold", bill)
    assert another(game, bill).error is None
    game.done("carrier", "pick_up", order, code=goods.CODE)


@pytest.mark.parametrize("how", ["order_void", "order_close"])
def test_a_bill_that_an_authority_has_ended_releases_nothing(game, bill, order, how):
    game.done("authority", "hold", bill, reason=digest("customs"))
    game.done("authority", how, bill, judgment=digest("judgment"), notice_given=digest("notice"))
    refused(game.act("carrier", "pick_up", order, code=goods.CODE), "rule.field_record_is")
    game.done("carrier", "cancel", order, also=["buyer"])


def test_what_is_released_may_be_fetched_behind_the_delivery(game, bill, order):
    game.done("carrier", "confirm_delivery", bill)
    game.done("warehouse", "pick_up", order, code=goods.CODE)
