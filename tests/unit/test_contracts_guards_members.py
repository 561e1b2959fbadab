"""The guards about members and governors, by their names."""

from __future__ import annotations

import pytest
from support.game import Game, refused
from support.members import Key, digest, member

from contracts.guards import MAX_KEYS, key_proof_message

LOW_ORDER = bytes([1]) + bytes(31)


@pytest.fixture
def game():
    return Game()


@pytest.mark.parametrize(
    ("governors", "signed", "enough"),
    [(1, 1, True), (2, 1, False), (2, 2, True), (3, 2, False), (3, 3, True), (4, 2, False), (4, 3, True),
     (5, 3, False), (5, 4, True), (6, 4, False), (6, 5, True), (7, 5, True), (7, 4, False)],
)  # fmt: skip
def test_governors_sign(governors, signed, enough):
    names = [f"governor-{number}" for number in range(governors)]
    game = Game(dict.fromkeys([*names, "victim"], ()), governors=names)
    outcome = game.act(names[0], "member.suspend", game.id("victim"), also=names[1:signed])
    if enough:
        assert outcome.error is None
    else:
        assert f"{signed} of {governors} governors have signed" in refused(outcome, "rule.governors_sign").message


def test_governors_sign_does_not_count_a_suspended_governor():
    names = ["one", "two", "three", "four"]
    game = Game(dict.fromkeys([*names, "victim"], ()), governors=names)
    game.done("one", "member.suspend", game.id("four"), also=["two", "three"])
    refused(game.act("one", "member.suspend", game.id("victim"), also=["two", "four"]), "rule.governors_sign")
    game.done("one", "member.suspend", game.id("victim"), also=["two", "three"])


def test_suspending_a_governor_does_not_end_governance():
    names = ["one", "two", "three"]
    game = Game(dict.fromkeys(names, ()), governors=names)
    game.done("one", "member.suspend", game.id("three"), also=["two", "three"])
    refused(game.act("one", "member.reinstate", game.id("three")), "rule.governors_sign")
    game.done("one", "member.reinstate", game.id("three"), also=["two"])


def test_a_governor_remains():
    names = ["one", "two"]
    game = Game(dict.fromkeys(names, ()), governors=names)
    game.done("one", "member.suspend", game.id("two"), also=["two"])
    refused(game.act("one", "member.suspend", game.id("one")), "rule.a_governor_remains")
    game.done("one", "member.reinstate", game.id("two"))


def test_governors_sign_does_not_count_an_actor_who_is_none():
    game = Game(governors=["carrier", "bank", "buyer"])
    refused(game.act("shipper", "member.suspend", game.id("stranger"), also=["carrier", "bank"]), "rule.governors_sign")
    game.done("shipper", "member.suspend", game.id("stranger"), also=["carrier", "bank", "buyer"])


def test_member_is_well_formed(game):
    new = member("newcomer", "buyer")
    changes = [
        {"names": {}},
        {"names": {"English": "Newcomer"}},
        {"names": {"en": "New\ncomer"}},
        {"roles": ["king"]},
        {"roles": ["buyer", "buyer"]},
        {"codes": ["no code"]},
        {"lei": "", "registration": ""},
        {"lei": "5493001KJTIIGC8Y1R13"},
        {"public_key": LOW_ORDER},
        {"encryption": bytes(32)},
        {"proof": bytes(64)},
        {"names": {"en": "Another"}},
        {"cosigners": {"replay": "no key"}},
        {"alias": "Newcomer"},
    ]
    for change in changes:
        refused(game.enrol(new, "carrier", **change), "rule.member_is_well_formed")
    assert game.enrol(new, "carrier").error is None
    assert game.record(new.id).controller == new.id


def test_alias_is_new(game):
    other = member("bank", "bank", id=digest("second bank"))
    error = refused(game.enrol(other, "carrier"), "rule.alias_is_new")
    assert error.value == "bank"


def rotation(game, who, key, proof_of=None):
    proof = (proof_of or key).sign(key_proof_message(game.id(who), key.public))[2]
    return game.act(who, "member.rotate_key", game.id(who), public_key=key.public, proof=proof)


def test_new_key_is_good(game):
    key = Key(digest("new key"))
    refused(rotation(game, "bank", key, proof_of=Key(digest("other"))), "rule.new_key_is_good")
    error = refused(rotation(game, "bank", game.members["bank"].key), "rule.new_key_is_good")
    assert error.message.startswith("a member has, or had, this key")
    refused(rotation(game, "bank", game.members["buyer"].key), "rule.new_key_is_good")
    low = game.act("bank", "member.rotate_key", game.id("bank"), public_key=LOW_ORDER, proof=bytes(64))
    refused(low, "rule.new_key_is_good")
    foreign = key.sign(key_proof_message(game.id("buyer"), key.public))[2]
    moved = game.act("bank", "member.rotate_key", game.id("bank"), public_key=key.public, proof=foreign)
    refused(moved, "rule.new_key_is_good")
    assert rotation(game, "bank", key).error is None


def test_new_key_is_good_only_while_the_record_has_room(game):
    record = game.record(game.id("bank"))
    past = [[1, digest("past", n), 0, 1] for n in range(MAX_KEYS - 1)]
    game.patch(record.id, fields={**record.fields, "keys": [*past, *record.fields["keys"]]})
    refused(rotation(game, "bank", Key(digest("one too many"))), "rule.new_key_is_good")
