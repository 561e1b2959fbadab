"""Kinds that are a rule table alone: catalogue entry, event, footprint, insurance, air waybill."""

from __future__ import annotations

import pytest
from support import goods
from support.game import HOUR, Game, refused, shipped_tables
from support.members import digest

from contracts.vocabulary import EFFECTS, GUARDS

PLAIN = ("carbon_footprint", "cargo_insurance", "data_catalogue_entry", "traceability_event")


@pytest.fixture
def game():
    return Game(goods.CAST, governors=["operator"])


@pytest.mark.parametrize("kind", PLAIN)
def test_no_word_is_made_for_one_of_these_kinds(kind):
    table = next(table for table in shipped_tables() if table.kind == kind)
    for action in table.actions.values():
        for word in (*action.guards, *action.effects):
            assert not (GUARDS.get(word.name) or EFFECTS[word.name]).relies.kinds
            assert kind not in word.name


def test_access_is_granted_revoked_and_given_up(game):
    entry = goods.issue(game, "data_catalogue_entry", expires=game.time + HOUR)
    for who in ("buyer", "bank", "auditor"):
        game.done("shipper", "grant", entry, to=who)
    refused(game.act("buyer", "grant", entry, to="forwarder"), "rule.controller_signs")
    refused(game.act("shipper", "grant", entry, to="shipper"), "rule.argument_is_another")
    refused(game.act("shipper", "grant", entry, to=digest("outsider")), "rule.argument_is_active_member")
    game.done("shipper", "revoke", entry, party="bank")
    game.done("auditor", "give_up", entry, party="auditor")
    assert game.record(entry).fields["readers"] == [game.id("buyer")]
    game.done("shipper", "pause", entry)
    refused(game.act("shipper", "grant", entry, to="bank"), "rule.wrong_state")
    game.done("shipper", "resume", entry)
    game.tick(HOUR + 1)
    refused(game.act("shipper", "grant", entry, to="bank"), "rule.field_time_has_not_passed")


def test_an_event_is_corrected_by_another_of_the_same_recorder(game):
    wrong = goods.issue(game, "traceability_event", event_time=game.time - HOUR)
    right = goods.issue(game, "traceability_event", event_time=game.time - HOUR)
    game.done("warehouse", "correct", wrong, by=right)
    assert game.record(wrong).replaced_by == [right]
    refused(game.act("warehouse", "correct", right, by=wrong), "rule.argument_record_is")
    game.done("warehouse", "void", right)


def test_a_footprint_is_verified_by_the_certifier_that_was_asked(game):
    statement = goods.issue(game, "carbon_footprint", expires=game.time + 2 * HOUR)
    refused(game.act("shipper", "request_verification", statement, to="bank"), "rule.argument_has_role")
    game.done("shipper", "request_verification", statement, to="certifier")
    game.done("certifier", "decline", statement)
    game.done("shipper", "request_verification", statement, to="certifier")
    game.tick()
    game.done("certifier", "verify", statement, attestation=digest("report"))
    fields = game.record(statement).fields
    assert (fields["verifier"], fields["verified_at"], fields["attestation"]) == (
        game.id("certifier"), game.time, digest("report"),
    )  # fmt: skip
    refused(game.act("shipper", "revoke_verification", statement), "rule.field_party_signs")
    game.done("certifier", "revoke_verification", statement)
    game.tick(HOUR + 1)
    refused(game.act("shipper", "request_verification", statement, to="certifier"), "rule.field_time_has_not_passed")


def test_a_policy_goes_with_the_goods_and_is_claimed_and_settled(game):
    policy = goods.into(game, "cargo_insurance", "in_force")
    game.done("buyer", "offer", policy, to="bank")
    game.done("bank", "accept", policy)
    refused(game.act("buyer", "claim", policy, claim=digest("claim")), "rule.controller_signs")
    game.done("bank", "claim", policy, claim=digest("claim"))
    refused(game.act("bank", "offer", policy, to="buyer"), "rule.wrong_state")
    refused(game.act("insurer", "settle", policy), "rule.controller_signs")
    game.done("bank", "settle_part", policy)
    game.done("bank", "claim", policy, claim=digest("claim 2"))
    game.done("insurer", "decline_claim", policy)
    assert game.record(policy).fields["claim"] == digest("claim 2")
    refused(game.act("insurer", "cancel", policy), "rule.controller_signs_too")
    game.done("bank", "claim", policy, claim=digest("claim 3"))
    game.done("bank", "settle", policy)
    assert game.record(policy).controller is None


def test_an_open_claim_outlives_the_policy(game):
    policy = goods.issue(game, "cargo_insurance", claim_until=game.time + HOUR)
    game.done("buyer", "accept", policy)
    game.done("buyer", "claim", policy, claim=digest("claim"))
    game.tick(HOUR + 1)
    refused(game.act("stranger", "expire", policy), "rule.wrong_state")
    game.done("insurer", "decline_claim", policy)
    refused(game.act("buyer", "claim", policy, claim=digest("claim")), "rule.field_time_has_not_passed")
    game.done("stranger", "expire", policy)


def test_a_policy_is_not_taken_over_after_its_time(game):
    policy = goods.issue(game, "cargo_insurance", claim_until=game.time + HOUR)
    game.tick(HOUR + 1)
    refused(game.act("buyer", "accept", policy), "rule.field_time_has_not_passed")
    game.done("insurer", "cancel", policy)


def test_an_air_waybill_never_changes_hands(game):
    waybill = goods.issue(game, "air_waybill", consignee="buyer")
    table = next(table for table in shipped_tables() if table.kind == "air_waybill")
    gives = [word.name for one in table.actions.values() for word in one.effects if "control" in word.name]
    assert gives == ["end_control@1", "end_control@1"]
    game.tick()
    game.done("carrier", "report", waybill, event="ARR")
    record = game.record(waybill)
    assert (record.fields["event"], record.fields["event_at"]) == ("ARR", game.time)
    assert record.controller == game.id("carrier")
    assert game.act("carrier", "report", waybill, event="LOST").code == "rule.bad_arguments"
    game.done("carrier", "deliver", waybill)
