"""The effects of memberships, mandates and joint control, by their names: what each changes, and nothing else."""

from __future__ import annotations

import pytest
from support.game import START, Game
from support.members import Key, digest
from support.memberships import DAY, WEEK, encryption_of, grant, group, recovery, rotation

from ledger.hashing import ZERO, number_key
from ledger.member import key_claim, mandate_key
from ledger.record import Record

NEW = Key(digest("new"))


@pytest.fixture
def game():
    roles = {"carrier": ["carrier"], "shipper": [], "bank": ["bank"], "buyer": [], "judge": ["authority"]}
    return Game(roles, governors=["carrier"])


def fields_of(game, alias="bank"):
    return game.record(game.id(alias)).fields


def govern(game, action, **args):
    game.done("carrier", f"member.{action}", game.id("bank"), **args)
    return fields_of(game)


def test_amend_member(game):
    before = fields_of(game)
    after = govern(game, "amend", codes=["SMDG:OCLU"], lei="5493001KJTIIGC8Y1R12", names={"en": "Bank", "zh": "银行"})
    given = {"codes": ["SMDG:OCLU"], "lei": "5493001KJTIIGC8Y1R12", "names": {"en": "Bank", "zh": "银行"}}
    assert after == {**before, **given}
    for cls, text in (("member_code", "SMDG:OCLU"), ("member_lei", "5493001KJTIIGC8Y1R12")):
        assert game.number(number_key(game.ledger, cls, ZERO, text)) == game.id("bank")
    assert govern(game, "amend", roles=["bank", "insurer"])["roles"] == ["bank", "insurer"]


def test_replace_key_with_an_overlap_and_an_end(game):
    game.tick()
    first, end = game.members["bank"].key, game.time + DAY
    assert rotation(game, "bank", NEW, overlap_until=end, key_until=game.time + WEEK).error is None
    keys = [[1, first.public, START, end], [1, NEW.public, game.time, game.time + WEEK]]
    assert fields_of(game)["keys"] == keys
    game.tick()
    third = Key(digest("third"))
    assert rotation(game, "bank", third, key=NEW).error is None
    ended = [[1, first.public, START, game.time], [*keys[1][:3], game.time], [1, third.public, game.time, None]]
    assert fields_of(game)["keys"] == ended


def test_replace_field(game):
    after = govern(game, "suspend", from_height=50)
    assert (after["suspended_from"], game.record(game.id("bank")).status) == (50, "suspended")
    assert "suspended_from" not in govern(game, "suspend")


def test_clear_field(game):
    before = fields_of(game)
    govern(game, "suspend", from_height=50)
    assert govern(game, "reinstate") == before
    govern(game, "suspend", from_height=50)
    assert "suspended_from" not in govern(game, "propose_recovery", **recovery(game, "bank", NEW))


def test_propose_keys(game):
    before, until = fields_of(game), game.time + WEEK
    after = govern(game, "propose_recovery", **recovery(game, "bank", NEW, key_until=until + DAY))
    proposed = {"objections_until": until, "recovery_encryption": encryption_of("recovered", "bank"),
                "recovery_key": NEW.public, "recovery_key_until": until + DAY}  # fmt: skip
    assert after == {**before, **proposed}
    assert game.record(game.id("bank")).status == "recovering"
    assert game.number(key_claim(game.ledger, NEW.public)) == game.id("bank")


def test_recover_keys(game):
    before, old = fields_of(game), game.members["bank"].key
    govern(game, "propose_recovery", **recovery(game, "bank", NEW))
    now = game.tick(WEEK + 1)
    after = govern(game, "complete_recovery")
    keys = [[1, old.public, START, now], [1, NEW.public, now, None]]
    assert after == {**before, "keys": keys, "encryption": encryption_of("recovered", "bank"), "recovered": now}
    assert game.record(game.id("bank")).status == "active"


def test_end_recovery(game):
    before = fields_of(game)
    govern(game, "propose_recovery", **recovery(game, "bank", NEW))
    assert govern(game, "cancel_recovery") == before


@pytest.mark.parametrize("outcome", ["recover", "dismiss"])
def test_decide_keys(game, outcome):
    before, old = fields_of(game), game.members["bank"].key
    govern(game, "propose_recovery", **recovery(game, "bank", NEW))
    game.done("bank", "member.object_recovery", game.id("bank"))
    assert game.record(game.id("bank")).status == "disputed"
    now = game.tick()
    game.done("judge", "member.decide_recovery", game.id("bank"), outcome=outcome, judgment=digest("judgment"))
    keys = [[1, old.public, START, now], [1, NEW.public, now, None]]
    changed = {"keys": keys, "encryption": encryption_of("recovered", "bank"), "recovered": now}
    assert fields_of(game) == {**before, **(changed if outcome == "recover" else {})}
    assert game.record(game.id("bank")).status == "active"


def test_claim_mandate(game):
    record = grant(game, "shipper", "bank", kinds=["bill_of_lading"], actions=["offer"], until=game.time + DAY)
    assert game.number(mandate_key(game.ledger, game.id("shipper"), game.id("bank"))) == record
    assert game.number(mandate_key(game.ledger, game.id("bank"), game.id("shipper"))) is None
    found = game.record(record)
    assert (found.controller, found.issuer, found.status) == (game.id("shipper"), game.id("shipper"), "granted")
    terms = {"actions": ["offer"], "kinds": ["bill_of_lading"], "until": game.time + DAY}
    assert found.fields == {**terms, "to": game.id("bank"), "given": game.time}
    game.tick()
    game.done("shipper", "mandate.change", record, kinds=[], actions=["accept"])
    expected = {"actions": ["accept"], "kinds": [], "to": game.id("bank"), "given": game.time}
    assert game.record(record).fields == expected


def test_create_group(game):
    record = group(game, "shipper", "buyer", threshold=2)
    found, members = game.record(record), [game.id("shipper"), game.id("buyer")]
    expected = Record(
        record, "joint_control", 1, "live", 1, found.head, found.entry, game.time, game.id("shipper"), record,
        fields={"members": members, "threshold": 2},
    )  # fmt: skip
    assert found == expected
