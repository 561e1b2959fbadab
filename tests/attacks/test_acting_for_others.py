"""What an agent would try beyond its mandate, and some members of a group without the others."""

from __future__ import annotations

import pytest
from support.game import HOUR, Game, refused
from support.members import Key, digest
from support.memberships import WEEK, grant, group, recovery


@pytest.fixture
def game():
    return Game()


def act_for(game, agent, principal, action, on, /, **args):
    return game.act(agent, action, on, changes={"represented": game.id(principal)}, **args)


def test_an_agent_acts_for_its_principal(game):
    bill = game.held_bill("shipper")
    grant(game, "shipper", "buyer", kinds=["bill_of_lading"], actions=["offer", "recall"])
    assert act_for(game, "buyer", "shipper", "offer", bill, to="bank", mode="endorse").error is None
    assert game.record(bill).controller == game.id("shipper")
    refused(game.act("buyer", "recall", bill), "rule.controller_signs")
    assert act_for(game, "buyer", "shipper", "recall", bill).error is None


def test_a_mandate_is_for_what_it_names_and_no_more(game):
    bill, invoice = game.held_bill("shipper"), game.issue("shipper", "invoice")
    grant(game, "shipper", "buyer", kinds=["bill_of_lading"], actions=["offer"])
    refused(act_for(game, "buyer", "shipper", "surrender", bill), "transaction.no_mandate")
    refused(act_for(game, "buyer", "shipper", "request_finance", invoice, to="bank"), "transaction.no_mandate")
    refused(act_for(game, "bank", "shipper", "offer", bill, to="buyer", mode="endorse"), "transaction.no_mandate")
    refused(act_for(game, "shipper", "buyer", "offer", bill, to="bank", mode="endorse"), "transaction.no_mandate")


def test_a_mandate_that_was_revoked_is_none(game):
    bill = game.held_bill("shipper")
    mandate = grant(game, "shipper", "buyer")
    kept = game.signed("buyer", "offer", bill, to="bank", mode="endorse", changes={"represented": game.id("shipper")})
    game.done("shipper", "mandate.revoke", mandate)
    refused(game.submit(kept)[0], "transaction.no_mandate")
    refused(game.act("buyer", "mandate.renew", mandate, kinds=[], actions=[]), "rule.controller_signs")
    game.done("shipper", "mandate.renew", mandate, kinds=[], actions=[])
    assert game.submit(kept)[0].error is None


def test_a_mandate_that_has_lapsed_is_none(game):
    bill = game.held_bill("shipper")
    grant(game, "shipper", "buyer", until=game.time + HOUR)
    game.tick(HOUR + 1)
    refused(act_for(game, "buyer", "shipper", "surrender", bill), "transaction.no_mandate")


def test_an_agent_widens_no_mandate_of_its_own(game):
    mandate = grant(game, "shipper", "buyer", kinds=["bill_of_lading"], actions=["accept"])
    wide = {"kinds": [], "actions": []}
    refused(game.act("buyer", "mandate.change", mandate, **wide), "rule.controller_signs")
    refused(act_for(game, "buyer", "shipper", "mandate.change", mandate, **wide), "transaction.no_mandate")
    refused(game.act("buyer", "mandate.change", mandate, also=["shipper"], **wide), "rule.controller_signs")


def test_an_agent_passes_its_mandate_on_to_nobody(game):
    """Whatever a mandate names: memberships, mandates, groups and votes are the principal's own affair."""
    grant(game, "shipper", "buyer", kinds=["mandate", "member", "joint_control"])
    new = {"record": game.fresh(), "to": "bank", "kinds": [], "actions": []}
    refused(act_for(game, "buyer", "shipper", "mandate.grant", None, **new), "transaction.no_mandate")
    members = [game.id("shipper"), game.id("buyer")]
    joint = {"record": game.fresh(), "members": members, "threshold": 1}
    refused(act_for(game, "buyer", "shipper", "joint_control.create", None, **joint), "transaction.no_mandate")


def test_an_agent_does_not_act_for_a_principal_that_may_not_act(game):
    bill = game.held_bill("shipper")
    grant(game, "shipper", "buyer")
    game.done("carrier", "member.suspend", game.id("shipper"))
    refused(act_for(game, "buyer", "shipper", "surrender", bill), "transaction.no_mandate")


def test_a_mandate_that_the_thief_of_a_key_gave_ends_with_the_key(game):
    """Given before the recovery, it is none behind it, until the new key gives it anew."""
    bill, new = game.held_bill("shipper"), Key(digest("found again"))
    mandate = grant(game, "shipper", "buyer")
    game.done("carrier", "member.propose_recovery", game.id("shipper"), **recovery(game, "shipper", new))
    refused(act_for(game, "buyer", "shipper", "surrender", bill), "transaction.no_mandate")
    game.tick(WEEK + 1)
    game.done("carrier", "member.complete_recovery", game.id("shipper"))
    error = refused(act_for(game, "buyer", "shipper", "surrender", bill), "transaction.no_mandate")
    assert error.message == "the mandate of shipper is older than the recovery of its keys"
    game.done("shipper", "mandate.change", mandate, key=new, kinds=[], actions=[])
    assert act_for(game, "buyer", "shipper", "surrender", bill).error is None


def joint_bill(game, threshold, *members):
    joint = group(game, *members, threshold=threshold)
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to=joint, mode="endorse")
    game.done(members[0], "accept", bill, also=members[1:threshold])
    assert game.record(bill).controller == joint
    return joint, bill


def test_one_fewer_than_the_threshold_moves_nothing(game):
    _, bill = joint_bill(game, 2, "bank", "buyer", "certifier")
    before = game.record(bill).encode()
    for who in ("bank", "buyer", "certifier"):
        refused(game.act(who, "surrender", bill), "rule.controller_signs")
        refused(game.act(who, "offer", bill, to="shipper", mode="endorse"), "rule.controller_signs")
        refused(game.act(who, "surrender", bill, also=["carrier"]), "rule.controller_signs")
    refused(game.act("shipper", "surrender", bill, also=["bank", "buyer"]), "rule.controller_signs")
    assert game.record(bill).encode() == before
    game.done("buyer", "surrender", bill, also=["certifier"])


def test_a_member_that_may_not_act_counts_for_nothing_in_its_group(game):
    _, bill = joint_bill(game, 2, "bank", "buyer", "certifier")
    game.done("carrier", "member.suspend", game.id("buyer"))
    refused(game.act("bank", "surrender", bill, also=["buyer"]), "rule.controller_signs")
    game.done("bank", "surrender", bill, also=["certifier"])


def test_enough_of_a_group_do_not_change_the_group(game):
    """Who holds the threshold moves what the group controls; who belongs to it is for all of them."""
    joint, _ = joint_bill(game, 2, "bank", "buyer", "certifier")
    alone = {"members": [game.id("bank"), game.id("buyer")], "threshold": 1}
    refused(game.act("bank", "joint_control.change", joint, also=["buyer"], **alone), "rule.every_member_signs")
    refused(
        game.act("bank", "joint_control.change", joint, also=["buyer", "carrier"], **alone), "rule.every_member_signs"
    )


def test_a_group_is_made_with_nobody_who_has_not_signed(game):
    args = {"record": game.fresh(), "members": [game.id("shipper"), game.id("bank")], "threshold": 1}
    refused(game.act("shipper", "joint_control.create", **args), "rule.every_new_member_signs")
    refused(game.act("buyer", "joint_control.create", also=["shipper"], **args), "rule.every_new_member_signs")


def test_the_id_of_a_group_is_nobodys_chosen_before(game):
    """A group, or a mandate, does not come into being under the id of a member or of a bill."""
    bill = game.held_bill("shipper")
    members = [game.id("shipper"), game.id("buyer")]
    for taken in (bill, game.id("bank")):
        args = {"record": taken, "members": members, "threshold": 1}
        refused(game.act("shipper", "joint_control.create", also=["buyer"], **args), "rule.record_is_new")
    assert game.record(digest("nothing")) is None
