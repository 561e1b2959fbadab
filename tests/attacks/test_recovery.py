"""What a thief of a key, a quorum of governors or a squatter would try with memberships."""

from __future__ import annotations

import pytest
from support.game import HOUR, Game, refused
from support.members import Key, digest, member
from support.memberships import DAY, WEEK, recovery, rotation

from contracts.guards import MAX_KEYS, key_proof_message

GOVERNORS = ("one", "two", "three", "four")
NEW = Key(digest("found again"))


@pytest.fixture
def game():
    roles = {**dict.fromkeys(GOVERNORS, ()), "carrier": ["carrier"], "shipper": ["shipper"], "bank": ["bank"],
             "buyer": ["buyer"], "judge": ["authority"]}  # fmt: skip
    return Game(roles, governors=GOVERNORS)


def govern(game, action, target="shipper", signed=GOVERNORS[:3], **args):
    return game.act(signed[0], f"member.{action}", game.id(target), also=signed[1:], **args)


def propose(game, target="shipper", key=NEW, **changes):
    outcome = govern(game, "propose_recovery", target, **recovery(game, target, key, **changes))
    assert outcome.error is None, outcome.error


def test_control_follows_the_legal_entity(game):
    bill = game.held_bill("shipper")
    propose(game)
    game.tick(WEEK + 1)
    assert govern(game, "complete_recovery").error is None
    assert game.record(bill).controller == game.id("shipper")
    refused(game.act("shipper", "surrender", bill), "transaction.not_the_actors_key")
    assert game.act("shipper", "surrender", bill, key=NEW).error is None


def test_the_thief_of_the_old_key_can_only_object(game):
    """From the notice on the old key moves nothing: not the bill, not its own membership, not a mandate."""
    bill, sent = game.held_bill("shipper"), game.held_bill("shipper")
    game.done("shipper", "offer", sent, to="bank", mode="endorse")
    propose(game)
    before = game.record(bill).encode()
    for action, args in (("offer", {"to": "buyer", "mode": "endorse"}), ("surrender", {})):
        refused(game.act("shipper", action, bill, **args), "rule.actor_is_active")
    refused(game.act("shipper", "recall", sent), "rule.actor_is_active")
    refused(rotation(game, "shipper", Key(digest("thief"))), "rule.wrong_state")
    grant = {"record": game.fresh(), "to": "buyer", "kinds": [], "actions": []}
    refused(game.act("shipper", "mandate.grant", **grant), "rule.actor_is_active")
    for action in ("complete_recovery", "cancel_recovery"):
        refused(game.act("shipper", f"member.{action}", game.id("shipper")), "rule.actor_is_active")
    assert game.record(bill).encode() == before
    game.done("bank", "accept", sent)
    game.done("shipper", "member.object_recovery", game.id("shipper"))
    refused(game.act("shipper", "surrender", bill), "rule.actor_is_active")


def test_the_new_key_does_nothing_before_it_begins(game):
    bill = game.held_bill("shipper")
    propose(game)
    for action, record in (("surrender", bill), ("member.object_recovery", game.id("shipper"))):
        refused(game.act("shipper", action, record, key=NEW), "transaction.not_the_actors_key")


def test_nobody_else_objects_and_nobody_objects_twice(game):
    propose(game)
    refused(game.act("bank", "member.object_recovery", game.id("shipper")), "rule.controller_signs")
    game.done("shipper", "member.object_recovery", game.id("shipper"))
    refused(game.act("shipper", "member.object_recovery", game.id("shipper")), "rule.wrong_state")


def test_a_disputed_recovery_is_not_completed_by_the_governors(game):
    propose(game)
    game.done("shipper", "member.object_recovery", game.id("shipper"))
    game.tick(WEEK + 1)
    refused(govern(game, "complete_recovery"), "rule.wrong_state")
    verdict = {"outcome": "recover", "judgment": digest("judgment")}
    refused(game.act("one", "member.decide_recovery", game.id("shipper"), also=GOVERNORS[1:], **verdict), "rule.role")
    game.done("judge", "member.decide_recovery", game.id("shipper"), **verdict)
    assert game.record(game.id("shipper")).fields["keys"][-1][1] == NEW.public


def test_a_quorum_of_governors_does_not_take_a_key_without_notice(game):
    """A week is the least, from the ledger's time and not from what the governors write."""
    soon = recovery(game, "shipper", NEW, objections_until=game.time + WEEK - 1)
    refused(govern(game, "propose_recovery", **soon), "rule.notice_is_long")
    propose(game)
    refused(govern(game, "complete_recovery"), "rule.field_time_has_passed")
    game.tick(WEEK)
    refused(govern(game, "complete_recovery"), "rule.field_time_has_passed")
    game.done("shipper", "member.object_recovery", game.id("shipper"))


def test_fewer_than_a_quorum_propose_and_complete_nothing(game):
    args = recovery(game, "shipper", NEW)
    refused(govern(game, "propose_recovery", signed=GOVERNORS[:2], **args), "rule.governors_sign")
    propose(game)
    game.tick(WEEK + 1)
    refused(govern(game, "complete_recovery", signed=GOVERNORS[:2]), "rule.governors_sign")


def test_governors_do_not_name_a_key_of_their_own_as_the_members(game):
    """The key must say itself that it is meant for this member; a governor's, or a stranger's, says nothing."""
    for key in (game.members["one"].key, game.members["bank"].key):
        refused(govern(game, "propose_recovery", **recovery(game, "shipper", key)), "rule.recovery_key_is_good")


def test_a_governor_under_recovery_is_not_counted_as_one(game):
    propose(game, "four")
    signed = ("one", "two", "four")
    refused(govern(game, "suspend", "bank", signed=signed), "rule.governors_sign")
    assert govern(game, "suspend", "bank").error is None


@pytest.mark.parametrize(
    ("overlap", "code"), [(None, "transaction.not_the_actors_key"), (DAY, "transaction.stale_sequence")]
)
def test_rotation_race_on_one_head(game, overlap, code):
    """The owner and the thief each name a key on one head: one of them wins, and the other is told so."""
    one, two = Key(digest("one key")), Key(digest("another key"))
    until = None if overlap is None else game.time + overlap
    acts = []
    for key in (one, two):
        proof = key.sign(key_proof_message(game.id("shipper"), key.public))[2]
        args = {"public_key": key.public, "proof": proof, "overlap_until": until}
        acts.append(game.signed("shipper", "member.rotate_key", game.id("shipper"), **args))
    first, second = game.submit(*acts)
    assert first.error is None
    refused(second, code)
    assert game.record(game.id("shipper")).fields["keys"][-1][1] == one.public


def test_rotation_race_of_the_old_key_in_its_overlap(game):
    """The old key goes on signing for a while; it cannot name a successor of its own, nor outlive its time."""
    bill, end = game.held_bill("shipper"), game.time + DAY
    assert rotation(game, "shipper", NEW, overlap_until=end).error is None
    refused(rotation(game, "shipper", Key(digest("thief")), overlap_until=end), "rule.newest_key_signs")
    assert game.act("shipper", "offer", bill, to="bank", mode="endorse").error is None
    game.tick(DAY)
    refused(game.act("shipper", "recall", bill), "transaction.not_the_actors_key")
    assert game.act("shipper", "recall", bill, key=NEW).error is None


def test_rotation_race_that_makes_a_recovery_stale_comes_to_an_end(game):
    """A thief that replaces the key again and again outruns the governors only as long as there is room for keys."""
    record, thief = game.record(game.id("shipper")), game.members["shipper"].key
    past = [[1, digest("past", n), 0, 1] for n in range(MAX_KEYS - 2)]
    game.patch(record.id, fields={**record.fields, "keys": [*past, *record.fields["keys"]]})
    late = game.signed("one", "member.propose_recovery", record.id, also=GOVERNORS[1:3],
                       **recovery(game, "shipper", NEW))  # fmt: skip
    next_key = Key(digest("the thief's"))
    assert rotation(game, "shipper", next_key, key=thief).error is None
    refused(game.submit(late)[0], "transaction.stale_sequence")
    refused(rotation(game, "shipper", Key(digest("one more")), key=next_key), "rule.new_key_is_good")
    propose(game)


def test_a_suspended_member_is_recovered_without_being_let_go_first(game):
    bill = game.held_bill("shipper")
    assert govern(game, "suspend").error is None
    propose(game)
    refused(game.act("shipper", "surrender", bill), "rule.actor_is_active")
    game.tick(WEEK + 1)
    assert govern(game, "complete_recovery").error is None
    assert game.act("shipper", "surrender", bill, key=NEW).error is None


def test_squatting_on_what_makes_a_member_known(game):
    """A newcomer takes nobody's alias, LEI, code or key, and nobody is given them later."""
    lei, code = "5493001KJTIIGC8Y1R12", "SMDG:OCLU"
    assert govern(game, "amend", "carrier", lei=lei, codes=[code]).error is None
    squatters = [
        member("carrier", id=digest("squatter")),
        member("squatter", lei=lei),
        member("squatter", codes=(code,)),
        member("squatter", codes=("SMDG:ABCD", code)),
    ]
    for squatter in squatters:
        refused(game.enrol(squatter, *GOVERNORS[:3]), "rule.alias_is_new")
    key = game.members["bank"].key
    stolen = member("squatter", key=(1, key.public)).card.sign(key.sign)
    args = {"record": stolen.id, **stolen.fields()}
    refused(game.act("one", "member.enrol", also=GOVERNORS[1:3], **args), "rule.alias_is_new")
    refused(govern(game, "amend", "bank", codes=[code]), "rule.amended_codes_are_new")
    assert govern(game, "amend", "carrier", lei="", registration="7", codes=[]).error is None
    refused(govern(game, "amend", "bank", lei=lei), "rule.amended_codes_are_new")


def test_a_member_does_not_amend_itself(game):
    refused(game.act("shipper", "member.amend", game.id("shipper"), roles=["carrier"]), "rule.governors_sign")


def test_a_suspension_takes_effect_at_its_height(game):
    height = len(game.batches)
    bills = [game.held_bill("shipper") for _ in range(2)]
    height = len(game.batches) + 2
    assert govern(game, "suspend", from_height=height).error is None
    assert game.act("shipper", "surrender", bills[0]).error is None
    assert len(game.batches) == height
    refused(game.act("shipper", "surrender", bills[1]), "rule.actor_is_active")
    assert govern(game, "reinstate").error is None
    assert game.act("shipper", "surrender", bills[1]).error is None


def test_a_key_that_has_ended_signs_nothing(game):
    bill, end = game.held_bill("shipper"), game.time + HOUR
    assert rotation(game, "shipper", NEW, key_until=end).error is None
    game.done("shipper", "offer", bill, to="bank", mode="endorse", key=NEW)
    game.tick(HOUR)
    refused(game.act("shipper", "recall", bill, key=NEW), "transaction.not_the_actors_key")
    refused(rotation(game, "shipper", Key(digest("next")), key=NEW), "transaction.not_the_actors_key")
    propose(game, key=Key(digest("recovered")))
    game.tick(WEEK + 1)
    assert govern(game, "complete_recovery").error is None
    assert game.act("shipper", "recall", bill, key=Key(digest("recovered"))).error is None


def test_what_is_locked_for_a_presentation_waits_for_its_end_under_the_new_key_too(game):
    """A recovery moves no record: until T2 the new key can do no more with a locked one than the old key could."""
    bill = game.held_bill("shipper")
    locked = game.time + 2 * WEEK
    game.patch(bill, locked_until=locked)
    propose(game)
    game.tick(WEEK + 1)
    assert govern(game, "complete_recovery").error is None
    refused(game.act("shipper", "offer", bill, to="buyer", mode="endorse", key=NEW), "rule.lock_lets_through")
    refused(game.act("shipper", "surrender", bill, key=NEW), "rule.not_locked")
    game.tick(WEEK)
    assert game.act("shipper", "surrender", bill, key=NEW).error is None
