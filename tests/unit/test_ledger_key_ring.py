"""Whose a key is and until when, from the entries of a bundle alone; what was signed while a key was valid stays."""

from __future__ import annotations

from typing import Any

import pytest
from support.forging import UNKNOWN, VALID, assert_fails
from support.members import Key, digest, member
from support.proven import Trade
from support.town import Town, bill

from contracts.guards import key_proof_message
from contracts.member_words import recovery_message
from ledger.key_ring import KeyRing
from ledger.transaction import Target, Transaction
from ledger.verify import verify
from nodes.audit_home import audit_home
from nodes.enrolment import rotate_key

DAY = 86_400_000
BANK, NEW = member("bank", "bank"), Key(digest("new"))


def act(name: str, *, target: bytes | None = BANK.id, **arguments: Any) -> Transaction:
    targets = () if target is None else (Target(target, 1, digest("head")),)
    return Transaction(digest("ledger"), targets, f"member.{name}", arguments, BANK.id, None, "", 0, bytes(32))


@pytest.fixture
def ring():
    return KeyRing([BANK.card])


def validity(ring, key, *times):
    return [ring.is_valid(key, time) for time in times]


def test_a_founders_key_is_its_own(ring):
    assert (ring.owner(BANK.key.public), ring.owner(NEW.public)) == (BANK.id, None)
    assert validity(ring, BANK.key.public, 0, 10**15) == [True, True]
    assert validity(ring, NEW.public, 0) == [False]


def test_a_member_that_is_enrolled_has_its_key_until_its_end(ring):
    ring.learn(act("enrol", target=None, record=digest("other"), public_key=NEW.public, key_until=9), 5)
    assert ring.owner(NEW.public) == digest("other")
    assert validity(ring, NEW.public, 8, 9) == [True, False]


def test_a_rotation_ends_the_old_key_now_or_after_its_overlap(ring):
    ring.learn(act("rotate_key", public_key=NEW.public, overlap_until=20), 10)
    assert validity(ring, BANK.key.public, 10, 19, 20) == [True, True, False]
    third = Key(digest("third"))
    ring.learn(act("rotate_key", public_key=third.public, key_until=50), 15)
    assert validity(ring, BANK.key.public, 14, 15) == [True, False]
    assert validity(ring, NEW.public, 14, 15) == [True, False]
    assert validity(ring, third.public, 49, 50) == [True, False]


@pytest.mark.parametrize(
    ("decision", "recovered"),
    [
        (act("complete_recovery"), True),
        (act("decide_recovery", outcome="recover"), True),
        (act("decide_recovery", outcome="dismiss"), False),
        (act("cancel_recovery"), False),
        (act("complete_recovery", target=digest("another")), False),
    ],
)
def test_a_recovery_gives_the_new_key_when_it_is_decided(ring, decision, recovered):
    ring.learn(act("propose_recovery", public_key=NEW.public, key_until=90), 10)
    assert (ring.owner(NEW.public), ring.is_valid(BANK.key.public, 11)) == (None, True)
    ring.learn(decision, 20)
    assert ring.owner(NEW.public) == (BANK.id if recovered else None)
    assert validity(ring, BANK.key.public, 19, 20) == [True, not recovered]
    assert validity(ring, NEW.public, 20, 90) == [recovered, False]


def test_nobody_takes_anothers_key_and_other_acts_say_nothing(ring):
    ring.learn(act("enrol", target=None, record=digest("thief"), public_key=BANK.key.public, key_until=1), 5)
    assert (ring.owner(BANK.key.public), ring.is_valid(BANK.key.public, 10)) == (BANK.id, True)
    for odd in (act("rotate_key"), act("rotate_key", public_key=7), act("enrol", target=None, public_key=NEW.public),
                act("complete_recovery"), act("amend", public_key=NEW.public),
                act("x", public_key=NEW.public)._replace(action="bill_of_lading.offer")):  # fmt: skip
        ring.learn(odd, 5)
    assert ring.owner(NEW.public) is None


# In a bundle, and in an audit


def rotated(trade: Trade, key: Key, signed_by: Key | None = None, **more: Any) -> None:
    proof = key.sign(key_proof_message(trade.id("bank"), key.public))[2]
    trade.act("bank", "rotate_key", trade.id("bank"), key=signed_by, public_key=key.public, proof=proof, **more)


def checked(trade: Trade, bill_id: bytes) -> Any:
    trade.cosign("carrier", "shipper", "bank")
    return verify(trade.bundle(bill_id).encode(), trade.policy, at=trade.time)


def test_what_both_keys_signed_during_an_overlap_is_valid():
    trade = Trade()
    first, second = trade.bill(), trade.bill()
    rotated(trade, NEW, overlap_until=trade.time + DAY)
    trade.act("bank", "offer", first, to="buyer", mode="endorse")
    trade.act("bank", "offer", second, to="buyer", mode="endorse", key=NEW)
    trade.time += 2 * DAY
    for one, key in ((first, BANK.key), (second, NEW)):
        report = checked(trade, one)
        assert report.verdict is VALID
        assert report.events[-1].key == key.public


def test_what_a_key_signed_before_its_end_stays_valid_behind_it():
    trade = Trade()
    bill_id = trade.issue()
    trade.act("shipper", "accept", bill_id)
    rotated(trade, NEW, key_until=trade.time + DAY)
    trade.act("shipper", "offer", bill_id, to="bank", mode="endorse")
    trade.act("bank", "accept", bill_id, key=NEW)
    trade.time += 400 * DAY
    trade.issue()
    assert checked(trade, bill_id).verdict is VALID


def test_an_act_behind_the_end_of_its_key_is_not_accepted(monkeypatch):
    """An operator that let an ended key act is found out by the bundle itself."""
    trade = Trade()
    bill_id = trade.bill()
    rotated(trade, NEW, overlap_until=trade.time + DAY)
    trade.time += DAY
    monkeypatch.setattr("contracts.interpreter.key_is_valid", lambda entry, time: True)
    trade.act("bank", "offer", bill_id, to="buyer", mode="endorse")
    assert_fails(checked(trade, bill_id), 7, UNKNOWN, "verify.key_unknown")


def test_a_recovered_members_acts_are_proven_by_the_entries_of_its_recovery():
    trade = Trade()
    bill_id, bank = trade.bill(), trade.id("bank")
    encryption = member("elsewhere").card.encryption
    proof = NEW.sign(recovery_message(bank, NEW.public, encryption))[2]
    until = trade.time + 8 * DAY
    trade.act("carrier", "propose_recovery", bank, public_key=NEW.public, encryption=encryption, proof=proof,
              objections_until=until, notice=digest("notice"))  # fmt: skip
    trade.time += 9 * DAY
    trade.act("carrier", "complete_recovery", bank)
    trade.act("bank", "offer", bill_id, to="buyer", mode="endorse", key=NEW)
    report = checked(trade, bill_id)
    assert report.verdict is VALID
    assert report.events[-1].key == NEW.public


def test_an_audit_of_a_ledger_whose_keys_have_ended_is_clean(tmp_path):
    town = Town(tmp_path)
    record_id = town.issue(bill()).record.id
    rotate_key(town.desk("shipper"), overlap_until=town.now + DAY, key_until=town.now + 2 * DAY)
    town.act("shipper", "accept", record_id)
    town.tick(3 * DAY)
    town.issue(bill("B-2"))
    found = audit_home(town.homes["shipper"], town.keys["shipper"])
    assert (found.ledger.count, found.ledger.replayed) == (0, True)
