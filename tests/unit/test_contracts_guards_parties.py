"""The guards about mandates and joint control, by their names."""

from __future__ import annotations

import pytest
from support.game import HOUR, Game, refused
from support.members import digest
from support.memberships import grant, group


@pytest.fixture
def game():
    return Game()


def test_argument_is_member(game):
    joint = group(game, "shipper", "buyer", threshold=1)
    args = {"record": game.fresh(), "kinds": [], "actions": []}
    for party in (digest("nobody"), joint):
        refused(game.act("shipper", "mandate.grant", **args, to=party), "rule.argument_is_member")
    game.done("carrier", "member.suspend", game.id("bank"))
    error = refused(game.act("shipper", "mandate.grant", **args, to="bank"), "rule.argument_is_member")
    assert error.value == "bank"
    game.done("shipper", "mandate.grant", **args, to="buyer")


def test_mandate_is_new(game):
    first = grant(game, "shipper", "bank")
    args = {"record": game.fresh(), "kinds": [], "actions": []}
    game.done("shipper", "mandate.revoke", first)
    error = refused(game.act("shipper", "mandate.grant", **args, to="bank"), "rule.mandate_is_new")
    assert error.value == first
    game.done("shipper", "mandate.renew", first, kinds=[], actions=[])
    game.done("bank", "mandate.grant", **args, to="shipper")


def test_a_mandate_ends_in_the_future(game):
    args = {"record": game.fresh(), "kinds": [], "actions": [], "to": "bank"}
    refused(game.act("shipper", "mandate.grant", **args, until=game.time), "rule.argument_is_in_future")
    game.done("shipper", "mandate.grant", **args, until=game.time + HOUR)


def create(game, who, members, threshold, also=()):
    members = [game.id(one) if isinstance(one, str) else one for one in members]
    return game.act(
        who, "joint_control.create", record=game.fresh(), members=members, threshold=threshold, also=also
    )  # fmt: skip


def test_group_is_well_formed():
    many = [f"m{n}" for n in range(17)]
    game = Game(dict.fromkeys([*many, "carrier"], ()), governors=["carrier"])
    for members, threshold in (
        (many[:1], 1),
        (many, 2),
        (many[:3], 0),
        (many[:3], 4),
    ):
        outcome = create(game, members[0], members, threshold, members[1:])
        refused(outcome, "rule.group_is_well_formed")
    assert create(game, many[0], many[:16], 16, many[1:16]).error is None


def test_group_is_well_formed_of_active_members_alone(game):
    joint = group(game, "shipper", "buyer", threshold=1)
    refused(create(game, "shipper", ["shipper", joint], 1, ["buyer"]), "rule.group_is_well_formed")
    refused(create(game, "shipper", ["shipper", digest("nobody")], 1), "rule.every_new_member_signs")


def test_every_new_member_signs(game):
    outcome = create(game, "shipper", ["shipper", "buyer", "bank"], 1, ["buyer"])
    error = refused(outcome, "rule.every_new_member_signs")
    assert error.value == ["bank"]
    assert "1 of 3 members have not signed: bank" in error.message
    assert create(game, "shipper", ["shipper", "buyer", "bank"], 1, ["buyer", "bank"]).error is None


def test_every_member_signs(game):
    joint = group(game, "shipper", "buyer", "bank", threshold=1)
    left = {"members": [game.id("shipper"), game.id("buyer")], "threshold": 1}
    error = refused(
        game.act("shipper", "joint_control.change", joint, also=["buyer"], **left), "rule.every_member_signs"
    )
    assert error.value == ["bank"]
    game.done("shipper", "joint_control.change", joint, also=["buyer", "bank"], **left)
    assert game.record(joint).fields == left


def test_every_member_signs_and_so_does_who_comes(game):
    joint = group(game, "shipper", "buyer", threshold=2)
    more = {"members": [game.id(one) for one in ("shipper", "buyer", "bank")], "threshold": 2}
    refused(game.act("shipper", "joint_control.change", joint, also=["buyer"], **more), "rule.every_new_member_signs")
    game.done("shipper", "joint_control.change", joint, also=["buyer", "bank"], **more)
