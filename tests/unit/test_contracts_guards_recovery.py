"""The guards about a member's facts, keys, suspension and recovery, by their names."""

from __future__ import annotations

import pytest
from support.game import HOUR, Game, refused
from support.members import Key, digest, member
from support.memberships import DAY, WEEK, encryption_of, recovery, rotation

from contracts.guards import MAX_KEYS, key_proof_message
from ledger.times import iso

GOVERNORS = ("one", "two", "three", "four")
ALSO = GOVERNORS[1:3]


@pytest.fixture
def game():
    roles = dict.fromkeys(GOVERNORS, ()) | {"bank": ("bank",), "buyer": ("buyer",), "judge": ("authority",)}
    return Game(roles, governors=GOVERNORS)


def govern(game, action, target="bank", **args):
    return game.act("one", f"member.{action}", game.id(target), also=ALSO, **args)


def test_amendment_is_well_formed(game):
    assert refused(govern(game, "amend"), "rule.amendment_is_well_formed").message.startswith("nothing is amended")
    for change in (
        {"roles": ["king"]},
        {"codes": ["no code"]},
        {"names": {}},
        {"lei": "5493001KJTIIGC8Y1R13"},
        {"registration": ""},
        {"address": "a\nb"},
        {"cosigners": {"replay": "no key"}},
    ):
        refused(govern(game, "amend", **change), "rule.amendment_is_well_formed")
    assert govern(game, "amend", roles=["bank", "carrier"], codes=["SMDG:OCLU"]).error is None
    fields = game.record(game.id("bank")).fields
    assert (fields["roles"], fields["codes"], fields["alias"]) == (["bank", "carrier"], ["SMDG:OCLU"], "bank")


def test_amended_codes_are_new(game):
    assert govern(game, "amend", codes=["SMDG:OCLU"], lei="5493001KJTIIGC8Y1R12").error is None
    error = refused(govern(game, "amend", "buyer", codes=["SMDG:OCLU"]), "rule.amended_codes_are_new")
    assert error.value == "code SMDG:OCLU"
    refused(govern(game, "amend", "buyer", lei="5493001KJTIIGC8Y1R12"), "rule.amended_codes_are_new")
    assert govern(game, "amend", codes=[]).error is None
    refused(govern(game, "amend", "buyer", codes=["SMDG:OCLU"]), "rule.amended_codes_are_new")
    assert govern(game, "amend", codes=["SMDG:OCLU"]).error is None, "what was its own stays its own"
    squatter = member("squatter", "carrier", codes=("SMDG:OCLU",))
    refused(game.enrol(squatter, "one", *ALSO), "rule.alias_is_new")


def test_newest_key_signs(game):
    old, new = game.members["bank"].key, Key(digest("new"))
    assert rotation(game, "bank", new, overlap_until=game.time + DAY).error is None
    refused(rotation(game, "bank", Key(digest("thief")), key=old), "rule.newest_key_signs")
    assert rotation(game, "bank", Key(digest("next")), key=new).error is None


def test_overlap_is_short(game):
    for until in (game.time - 1, game.time, game.time + 30 * DAY + 1):
        error = refused(rotation(game, "bank", Key(digest("new")), overlap_until=until), "rule.overlap_is_short")
        assert error.value == iso(until)
    ends = {"overlap_until": game.time + DAY, "key_until": game.time + DAY - 1}
    refused(rotation(game, "bank", Key(digest("new")), **ends), "rule.overlap_is_short")
    assert rotation(game, "bank", Key(digest("new")), overlap_until=game.time + 30 * DAY).error is None


def test_overlap_is_short_by_the_ledgers_parameter():
    game = Game(parameters={"max_overlap": str(HOUR)})
    refused(rotation(game, "bank", Key(digest("new")), overlap_until=game.time + HOUR + 1), "rule.overlap_is_short")
    assert rotation(game, "bank", Key(digest("new")), overlap_until=game.time + HOUR).error is None


def test_height_is_ahead(game):
    height = len(game.batches)
    error = refused(govern(game, "suspend", from_height=height - 1), "rule.height_is_ahead")
    assert error.value == height - 1
    assert govern(game, "suspend", from_height=height + 1).error is None


def test_a_governor_remains_though_a_suspension_waits_for_its_height():
    game = Game({"one": (), "two": ()}, governors=["one", "two"])
    game.done("one", "member.suspend", game.id("one"), also=["two"], from_height=100)
    refused(game.act("one", "member.suspend", game.id("two"), also=["two"]), "rule.a_governor_remains")


def test_recovery_key_is_good(game):
    key = Key(digest("found again"))
    changes = [
        {"public_key": bytes([1]) + bytes(31)},
        {"proof": bytes(64)},
        {"encryption": bytes(32)},
        {"encryption": encryption_of("another")},
        {"proof": key.sign(key_proof_message(game.id("bank"), key.public))[2]},
    ]
    for change in changes:
        refused(govern(game, "propose_recovery", **recovery(game, "bank", key, **change)), "rule.recovery_key_is_good")
    for known in ("bank", "buyer"):
        args = recovery(game, "bank", game.members[known].key)
        refused(govern(game, "propose_recovery", **args), "rule.recovery_key_is_good")
    foreign = recovery(game, "buyer", key)
    refused(govern(game, "propose_recovery", **foreign), "rule.recovery_key_is_good")
    assert govern(game, "propose_recovery", **recovery(game, "bank", key)).error is None


def test_recovery_key_is_good_once_more_after_a_recovery_was_taken_back(game):
    key = Key(digest("found again"))
    assert govern(game, "propose_recovery", **recovery(game, "bank", key)).error is None
    assert govern(game, "cancel_recovery").error is None
    refused(govern(game, "propose_recovery", "buyer", **recovery(game, "buyer", key)), "rule.recovery_key_is_good")
    assert govern(game, "propose_recovery", **recovery(game, "bank", key)).error is None


def test_recovery_key_is_good_though_the_member_has_had_all_its_keys(game):
    record = game.record(game.id("bank"))
    past = [[1, digest("past", n), 0, 1] for n in range(MAX_KEYS - 1)]
    game.patch(record.id, fields={**record.fields, "keys": [*past, *record.fields["keys"]]})
    assert govern(game, "propose_recovery", **recovery(game, "bank", Key(digest("new")))).error is None
    game.tick(WEEK + 1)
    assert govern(game, "complete_recovery").error is None


def test_notice_is_long(game):
    key = Key(digest("found again"))
    for until in (0, game.time, game.time + WEEK - 1):
        args = recovery(game, "bank", key, objections_until=until)
        refused(govern(game, "propose_recovery", **args), "rule.notice_is_long")
    args = recovery(game, "bank", key, key_until=game.time + WEEK)
    refused(govern(game, "propose_recovery", **args), "rule.notice_is_long")
    args = recovery(game, "bank", key, objections_until=game.time + WEEK)
    assert govern(game, "propose_recovery", **args).error is None
    game.tick(WEEK)
    refused(govern(game, "complete_recovery"), "rule.field_time_has_passed")
    game.tick(1)
    assert govern(game, "complete_recovery").error is None


def test_another_decides():
    game = Game({**dict.fromkeys(GOVERNORS, ()), "judge": ["authority"], "court": ["authority"]}, governors=GOVERNORS)
    assert govern(game, "propose_recovery", "judge", **recovery(game, "judge", Key(digest("new")))).error is None
    game.done("judge", "member.object_recovery", game.id("judge"))
    verdict = {"outcome": "dismiss", "judgment": digest("judgment")}
    refused(game.act("judge", "member.decide_recovery", game.id("judge"), **verdict), "rule.actor_is_active")
    game.patch(game.id("judge"), status="active")
    judge = game.record(game.id("judge"))
    game.patch(judge.id, status="disputed")
    refused(game.act("one", "member.decide_recovery", judge.id, **verdict), "rule.role")
    game.done("court", "member.decide_recovery", judge.id, **verdict)
    assert game.record(judge.id).status == "active"
