"""The warehouse receipt: endorsed, pledged, divided, delivered; one record for the goods at any time."""

from __future__ import annotations

import pytest
from support import goods
from support.game import HOUR, Game, refused
from support.members import digest

WEEK = 7 * 24 * HOUR


@pytest.fixture
def game():
    return Game(goods.CAST, governors=["operator"])


@pytest.fixture
def held(game):
    return goods.into(game, "warehouse_receipt", "held")


def new_receipt(game, **more):
    record = game.fresh("receipt")
    number = game.number_argument("warehouse", record.hex()[:12], "warehouse_receipt")
    return {"record": record, "document": digest("document", record.hex()), "number": number, **more}


def test_a_receipt_to_order_is_endorsed_by_its_order_party_alone(game, held):
    game.done("buyer", "offer", held, to="bank", mode="possession")
    game.done("bank", "accept", held)
    refused(game.act("bank", "offer", held, to="shipper", mode="endorse"), "rule.endorser_signs")
    refused(game.act("bank", "surrender", held), "rule.holder_is_entitled")
    refused(game.act("bank", "pledge", held, to="shipper", due=game.time + HOUR), "rule.holder_is_entitled")
    game.done("bank", "offer", held, to="buyer", mode="possession")
    game.done("buyer", "accept", held)
    game.done("buyer", "offer", held, to="bank", mode="blank")
    game.done("bank", "accept", held)
    record = game.record(held)
    assert (record.fields["form"], record.order_party) == ("blank", None)
    game.done("bank", "surrender", held)


def test_a_receipt_to_bearer_can_be_made_out_to_order_again(game):
    held = goods.issue(game, "warehouse_receipt", form="blank", order_party=None)
    game.done("buyer", "accept", held)
    game.done("buyer", "offer", held, to="bank", mode="endorse")
    game.done("bank", "accept", held)
    record = game.record(held)
    assert (record.fields["form"], record.order_party) == ("order", game.id("bank"))


def test_a_pledge_is_released_or_enforced_after_notice_and_delay(game, held):
    due = game.time + HOUR
    game.done("buyer", "pledge", held, to="bank", due=due)
    game.done("bank", "accept_pledge", held)
    record = game.record(held)
    assert (record.controller, record.pledgee, record.beneficiary) == (
        game.id("bank"), game.id("bank"), game.id("buyer"),
    )  # fmt: skip
    for who, action in (("buyer", "offer"), ("bank", "offer"), ("bank", "surrender"), ("buyer", "surrender")):
        refused(game.act(who, f"warehouse_receipt.{action}", held), "rule.wrong_state")
    notice = {"notice_given": digest("notice")}
    refused(game.act("bank", "notify_default", held, **notice), "rule.field_time_has_passed")
    refused(game.act("bank", "enforce", held), "rule.delay_has_run")
    game.tick(HOUR + 1)
    game.done("bank", "notify_default", held, **notice)
    refused(game.act("bank", "notify_default", held, **notice), "rule.field_is_unset")
    game.tick(WEEK - 1)
    refused(game.act("bank", "enforce", held), "rule.delay_has_run")
    game.tick(1)
    game.done("bank", "enforce", held)
    record = game.record(held)
    assert (record.controller, record.order_party, record.pledgee, record.beneficiary) == (
        game.id("bank"), game.id("bank"), None, None,
    )  # fmt: skip
    assert not {"due", "notice", "pledge_to"} & set(record.fields)
    game.done("bank", "surrender", held)


def test_a_released_pledge_gives_control_back_to_the_pledgor_and_to_nobody_else(game, held):
    game.done("buyer", "pledge", held, to="bank", due=game.time + HOUR)
    game.done("bank", "accept_pledge", held)
    game.done("bank", "release_pledge", held)
    record = game.record(held)
    assert (record.controller, record.order_party, record.pledgee) == (game.id("buyer"), game.id("buyer"), None)


def test_a_part_is_delivered_and_another_receipt_stands_for_the_rest(game, held):
    args = new_receipt(game, conservation=digest("conservation"), receipt=digest("gate"))
    refused(game.act("warehouse", "release_part", held, **args), "rule.controller_signs_too")
    refused(game.act("buyer", "release_part", held, also=["warehouse"], **args), "rule.issuer_signs")
    game.done("warehouse", "release_part", held, also=["buyer"], **args)
    old, new = game.record(held), game.record(args["record"])
    assert (old.status, old.controller, old.replaced_by) == ("replaced", None, [new.id])
    assert (new.status, new.controller, new.order_party, new.replaces, new.issuer) == (
        "held", game.id("buyer"), game.id("buyer"), [old.id], game.id("warehouse"),
    )  # fmt: skip
    assert new.fields == {name: value for name, value in old.fields.items() if name != "attachments"}
    error = refused(game.act("buyer", "surrender", held), "rule.wrong_state")
    assert "replaced since" in error.message
    game.done("buyer", "surrender", new.id)


def test_nothing_is_divided_while_it_is_pledged_offered_or_on_hold(game):
    for state in ("offered", "pledge_offered", "pledged", "surrendered", "surrender_accepted"):
        record = goods.into(game, "warehouse_receipt", state)
        args = new_receipt(game, conservation=digest("conservation"))
        refused(game.act("warehouse", "release_part", record, **args), "rule.wrong_state")
    record = goods.into(game, "warehouse_receipt", "held")
    game.done("authority", "hold", record, reason=digest("reason"))
    args = new_receipt(game, conservation=digest("conservation"))
    refused(game.act("warehouse", "release_part", record, also=["buyer"], **args), "rule.no_hold")
    for who, action, more in (("buyer", "offer", {"to": "bank", "mode": "endorse"}), ("buyer", "surrender", {})):
        refused(game.act(who, action, record, **more), "rule.no_hold")


def test_a_receipt_is_split_into_parts_that_are_held_by_the_same_party(game, held):
    parts = [new_receipt(game) for _ in range(3)]
    parts = [{name: one[name] for name in ("document", "number", "record")} for one in parts]
    conservation = digest("conservation")
    refused(
        game.act("warehouse", "split", held, also=["buyer"], parts=parts[:1], conservation=conservation),
        "rule.parts_are_new",
    )
    game.done("warehouse", "split", held, also=["buyer"], parts=parts, conservation=conservation)
    assert game.record(held).replaced_by == [part["record"] for part in parts]
    for part in parts:
        record = game.record(part["record"])
        assert (record.status, record.controller, record.replaces) == ("held", game.id("buyer"), [held])


def test_a_refused_surrender_goes_back_to_who_surrendered_it(game, held):
    game.done("buyer", "surrender", held)
    game.done("warehouse", "refuse_surrender", held)
    assert game.record(held).controller == game.id("buyer")
    game.done("buyer", "surrender", held)
    game.done("warehouse", "accept_surrender", held)
    refused(game.act("warehouse", "accept_surrender", held), "rule.wrong_state")
    game.done("warehouse", "confirm_delivery", held)
    assert game.record(held).controller is None


def test_an_authority_holds_orders_and_ends(game, held):
    order = {"judgment": digest("judgment"), "notice_given": digest("notice")}
    refused(game.act("authority", "order_transfer", held, to="shipper", **order), "rule.holding_authority_signs")
    game.done("buyer", "pledge", held, to="bank", due=game.time + HOUR)
    game.done("bank", "accept_pledge", held)
    game.done("authority", "hold", held, reason=digest("reason"))
    refused(game.act("bank", "release_pledge", held), "rule.no_hold")
    game.done("authority", "order_transfer", held, to="shipper", **order)
    record = game.record(held)
    assert (record.status, record.controller, record.order_party, record.pledgee, record.hold) == (
        "held", game.id("shipper"), game.id("shipper"), None, None,
    )  # fmt: skip
    game.done("authority", "hold", held, reason=digest("reason"))
    game.done("authority", "order_void", held, **order)
    assert (game.record(held).status, game.record(held).controller) == ("void", None)
