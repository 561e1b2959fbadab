"""What one signature in two capacities would move: an agent that is in joint control with its principal."""

from __future__ import annotations

import pytest
from support.game import Game, refused
from support.memberships import grant, group


@pytest.fixture
def game():
    return Game()


def joint_bill(game, *members):
    joint = group(game, *members, threshold=2)
    bill = game.held_bill("buyer")
    game.done("buyer", "offer", bill, to=joint, mode="endorse")
    game.done(members[0], "accept", bill, also=members[1:2])
    return bill


def test_p11_an_agent_is_not_two_of_a_group_by_one_signature(game):
    bill = joint_bill(game, "shipper", "bank")
    grant(game, "shipper", "bank")
    for action, args in (("offer", {"to": "buyer", "mode": "endorse"}), ("surrender", {}), ("request_paper", {})):
        outcome = game.act("bank", action, bill, changes={"represented": game.id("shipper")}, **args)
        refused(outcome, "rule.controller_signs")


def test_p11_a_carrier_that_acts_for_a_holder_does_not_consent_for_both(game):
    """What both of a group must sign too, the carrier's act for one of them does not sign for itself."""
    bill = joint_bill(game, "shipper", "carrier")
    grant(game, "carrier", "shipper")
    parts = [
        {"document": game.fresh(), "number": game.number_argument("carrier", one), "record": game.fresh()}
        for one in ("A1", "A2")
    ]
    split = {"parts": parts, "conservation": game.fresh()}
    for_carrier = {"represented": game.id("carrier")}
    refused(game.act("shipper", "split", bill, changes=for_carrier, **split), "rule.controller_signs_too")
    game.done("carrier", "split", bill, also=["shipper"], **split)


def test_an_agent_and_another_member_act_for_the_group(game):
    bill = joint_bill(game, "shipper", "bank", "certifier")
    grant(game, "shipper", "bank")
    game.done("bank", "surrender", bill, also=["certifier"], changes={"represented": game.id("shipper")})
