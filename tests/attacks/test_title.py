"""What somebody would try to get a bill that is not his, or to keep one that is not his any more."""

from __future__ import annotations

import itertools

import pytest
from support.game import HOUR, Game, refused
from support.members import Key, digest, member

from contracts.guards import key_proof_message
from ledger import codec
from ledger.hashing import claim_key, number_key, record_key
from ledger.transaction import TRANSACTION, Target


@pytest.fixture
def game():
    return Game({"carrier": ["carrier"], "rival": ["carrier"], "shipper": ["shipper"], "bank": ["bank"],
                 "buyer": ["buyer"], "thief": ["buyer"]})  # fmt: skip


def everything(game, who, bill):
    """Every act on a bill that `who` can sign, well formed."""
    for action in game.rules.table("bill_of_lading").actions.values():
        if "new" in action.moves:
            continue
        if action.name == "offer":
            for to, mode in itertools.product(("thief", "bank"), ("endorse", "blank", "possession")):
                if to != who:
                    yield action.name, game.act(who, "offer", bill, to=to, mode=mode)
        else:
            yield action.name, game.act(who, action.name, bill)


@pytest.mark.parametrize("state", ["issued", "held", "offered", "surrendered", "surrender_accepted", "delivered"])
def test_a_thief_gets_nowhere_in_any_state(game, state):
    bill = game.issue_bill()
    ways = {"held": ["accept"], "offered": ["accept", "offer"], "surrendered": ["accept", "surrender"],
            "surrender_accepted": ["accept", "surrender", "accept_surrender"],
            "delivered": ["accept", "surrender", "accept_surrender", "confirm_delivery"]}  # fmt: skip
    for action in ways.get(state, []):
        who = "carrier" if action in ("accept_surrender", "confirm_delivery") else "shipper"
        game.done(who, action, bill, **({"to": "bank", "mode": "endorse"} if action == "offer" else {}))
    assert game.record(bill).status == state
    before = game.record(bill).encode()
    for who in ("thief", "rival"):
        for action, outcome in everything(game, who, bill):
            assert outcome.error is not None, (who, action)
    assert game.record(bill).encode() == before


def test_p07_a_second_holder_is_refused(game):
    """The same bill promised to two: both offers are signed on one head, and one of them is stale."""
    bill = game.held_bill("shipper")
    promises = [game.signed("shipper", "offer", bill, to=to, mode="endorse") for to in ("bank", "buyer")]
    first, second = game.submit(*promises)
    refused(second, "transaction.stale_sequence")
    assert f"entry {first.index} is its newest" in second.message
    game.done("bank", "accept", bill)
    refused(game.submit(promises[1])[0], "transaction.stale_sequence")
    refused(game.act("buyer", "accept", bill), "rule.wrong_state")
    assert game.record(bill).controller == game.id("bank")


def test_p10_who_has_passed_a_bill_on_can_do_nothing_with_it(game):
    bill = game.held_bill("shipper")
    kept = [game.signed("shipper", "surrender", bill)]
    game.done("shipper", "offer", bill, to="bank", mode="endorse")
    kept.append(game.signed("shipper", "recall", bill))
    game.done("bank", "accept", bill)
    for action, outcome in everything(game, "shipper", bill):
        assert outcome.error is not None, action
    for outcome in game.submit(*kept):
        refused(outcome, "transaction.stale_sequence")
    assert game.record(bill).controller == game.id("bank")


def test_an_offer_that_was_taken_back_cannot_be_accepted(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to="bank", mode="endorse")
    late = game.signed("bank", "accept", bill)
    game.done("shipper", "recall", bill)
    refused(game.submit(late)[0], "transaction.stale_sequence")
    refused(game.act("bank", "accept", bill), "rule.wrong_state")


def test_an_acceptance_is_of_the_offer_that_was_seen(game):
    """Offered, taken back and offered on other terms: the acceptance of the first offer takes no effect."""
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to="bank", mode="endorse")
    seen = game.signed("bank", "accept", bill)
    game.done("shipper", "recall", bill)
    game.done("shipper", "offer", bill, to="bank", mode="possession")
    refused(game.submit(seen)[0], "transaction.stale_sequence")


def test_the_carrier_cannot_take_back_what_was_accepted(game):
    bill = game.held_bill("shipper")
    for action in ("recall", "void", "expire", "reject"):
        refused(game.act("carrier", action, bill), "rule.wrong_state")
    refused(game.act("carrier", "surrender", bill), "rule.controller_signs")
    refused(game.act("carrier", "offer", bill, to="rival", mode="endorse"), "rule.controller_signs")


def test_another_carrier_does_not_stand_in_for_the_issuer(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "surrender", bill)
    refused(game.act("rival", "accept_surrender", bill), "rule.issuer_signs")
    refused(game.act("rival", "refuse_surrender", bill), "rule.issuer_signs")


def test_p15_a_break_in_the_chain_of_endorsements_is_refused(game):
    """The bank holds without endorsement: it can pass the bill on, not endorse it, and not claim the goods."""
    bill = game.held_bill("shipper")
    game.pass_on(bill, "shipper", "bank", "possession")
    for mode in ("endorse", "blank"):
        refused(game.act("bank", "offer", bill, to="buyer", mode=mode), "rule.transfer_fits_form")
    refused(game.act("bank", "surrender", bill), "rule.entitled_to_delivery")
    game.pass_on(bill, "bank", "shipper", "possession")
    game.pass_on(bill, "shipper", "buyer", "endorse")
    game.done("buyer", "surrender", bill)


def test_p15_a_straight_bill_reaches_its_consignee_and_nobody_else(game):
    bill = game.held_bill("shipper", form="straight", order_party=None, consignee="buyer")
    refused(game.act("shipper", "offer", bill, to="thief", mode="possession"), "rule.transfer_fits_form")
    game.pass_on(bill, "shipper", "buyer", "possession")
    refused(game.act("buyer", "offer", bill, to="thief", mode="possession"), "rule.transfer_fits_form")
    game.done("buyer", "surrender", bill)


def test_p20_two_claims_to_the_goods_are_one(game):
    bill = game.held_bill("shipper")
    claims = [game.signed("shipper", "surrender", bill) for _ in range(2)]
    outcomes = game.submit(*claims)
    assert [outcome.code for outcome in outcomes] == ["", "transaction.stale_sequence"]
    answers = [game.signed("carrier", "accept_surrender", bill) for _ in range(2)]
    assert [outcome.code for outcome in game.submit(*answers)] == ["", "transaction.stale_sequence"]
    refused(game.act("carrier", "accept_surrender", bill), "rule.wrong_state")
    game.done("carrier", "confirm_delivery", bill)
    refused(game.act("carrier", "confirm_delivery", bill), "rule.wrong_state")


def test_p21_a_refused_surrender_goes_back_to_who_surrendered(game):
    bill = game.held_bill("shipper")
    game.pass_on(bill, "shipper", "buyer")
    game.done("buyer", "surrender", bill)
    record = game.record(bill)
    assert (record.controller, record.pending.party) == (game.id("buyer"), game.id("carrier"))
    for args in ({"to": "thief"}, {"to": "shipper", "mode": "endorse"}):
        refused(game.act("carrier", "refuse_surrender", bill, **args), "rule.bad_arguments")
    game.done("carrier", "refuse_surrender", bill)
    assert (game.record(bill).controller, game.record(bill).order_party) == (game.id("buyer"), game.id("buyer"))


def test_p20_what_is_surrendered_can_be_traded_no_more(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "surrender", bill)
    refused(game.act("shipper", "offer", bill, to="bank", mode="endorse"), "rule.wrong_state")
    game.done("carrier", "accept_surrender", bill)
    for who in ("carrier", "shipper"):
        refused(game.act(who, "offer", bill, to="bank", mode="endorse"), "rule.wrong_state")


# Numbers and ids


def test_p04_one_number_has_one_bill(game):
    issues = [game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments(number_text="A1")) for _ in range(9)]
    outcomes = game.submit(*issues) + game.submit(*issues)
    assert [outcome.code for outcome in outcomes][:2] == ["", "rule.number_is_new"]
    assert sum(outcome.error is None for outcome in outcomes) == 1


def test_p04_a_void_bill_keeps_its_number(game):
    bill = game.issue_bill(number_text="A1")
    game.done("carrier", "void", bill)
    refused(game.act("carrier", "bill_of_lading.issue", **game.bill_arguments(number_text="A1")), "rule.number_is_new")


def test_nobody_takes_another_issuers_number(game):
    """The rival claims the carrier's number under the carrier's own key; it stays free for the carrier."""
    theirs = game.number_argument("carrier", "A1")
    game.done("rival", "bill_of_lading.issue", **game.bill_arguments(number=theirs))
    game.issue_bill(number_text="A1")


def test_a_number_cannot_take_the_place_of_a_record(game):
    """A number key is what its signer writes: that of a record's place in the state must not reach it."""
    victim = game.held_bill("shipper")
    before = game.chain.tree.root
    evil = {**game.number_argument("rival", "X"), "key": record_key(victim)}
    outcome = game.done("rival", "bill_of_lading.issue", **game.bill_arguments(number=evil))
    written = {row.item.content for row in game.batches[-1].rows}
    assert not any(victim in content for content in written)
    assert len(game.batches[-1].rows) == 2
    assert game.number(record_key(victim)) is None
    assert game.number(claim_key(game.id("rival"), record_key(victim))) == outcome.accepted.record
    assert game.chain.tree.root != before
    game.done("shipper", "surrender", victim)


def test_a_number_cannot_take_an_alias(game):
    key = number_key(game.ledger, "member_alias", bytes(32), "newcomer")
    number = {**game.number_argument("rival", "X"), "key": key}
    game.done("rival", "bill_of_lading.issue", **game.bill_arguments(number=number))
    assert game.enrol(member("newcomer", "bank"), "carrier").error is None


def test_the_id_of_any_record_is_used_once(game):
    bill = game.held_bill("shipper")
    for taken in (bill, game.id("shipper"), game.rules.table("member").hash):
        outcome = game.act("rival", "bill_of_lading.issue", **game.bill_arguments(record=taken))
        refused(outcome, "rule.record_is_new")
    refused(game.enrol(member("newcomer", "bank", id=bill), "carrier"), "rule.record_is_new")


# Replays


def test_a_transaction_that_is_sent_again_does_nothing_again(game):
    log = []
    bill = game.fresh()
    log.append(game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments(record=bill)))
    game.submit(log[-1])
    for who, action, args in (
        ("shipper", "accept", {}),
        ("shipper", "offer", {"to": "bank", "mode": "endorse"}),
        ("bank", "reject", {}),
        ("shipper", "offer", {"to": "bank", "mode": "endorse"}),
        ("bank", "accept", {}),
    ):
        log.append(game.signed(who, action, bill, **args))
        assert game.submit(log[-1])[0].error is None
    size, before = game.chain.size, game.record(bill).encode()
    for again in (log, log[::-1]):
        codes = {outcome.code for outcome in game.submit(*again)}
        assert codes == {"transaction.stale_sequence", "rule.record_is_new"}
    assert (game.chain.size, game.record(bill).encode()) == (size, before)


def test_a_transaction_does_not_move_to_another_ledger():
    """The same members, keys and records on another ledger: signatures of the one are nothing on the other."""
    one, other = Game(), Game(parameters={"rulebook": digest("rulebook").hex(), "name": "other"})
    assert one.ledger != other.ledger
    args = one.bill_arguments()
    issue = one.signed("carrier", "bill_of_lading.issue", **args)
    refused(other.submit(issue)[0], "transaction.another_ledger")
    forged = codec.encode([TRANSACTION, issue.transaction._replace(ledger=other.ledger).encode(),
                           [list(one) for one in issue.signatures]])  # fmt: skip
    refused(other.submit(forged)[0], "signature.bad_signature")


def test_a_transaction_does_not_move_to_another_record(game):
    one, other = game.held_bill("shipper"), game.held_bill("shipper")
    offer = game.signed("shipper", "offer", one, to="bank", mode="endorse")
    record = game.record(other)
    moved = offer.transaction._replace(targets=(Target(other, record.sequence, record.head),))
    forged = codec.encode([TRANSACTION, moved.encode(), [list(signature) for signature in offer.signatures]])
    refused(game.submit(forged)[0], "signature.bad_signature")


def test_further_signatures_make_no_second_transaction(game):
    """A governor adds his signature to an act that is in the log: the same act, and it is stale."""
    bill = game.held_bill("shipper")
    surrender = game.signed("shipper", "surrender", bill)
    game.submit(surrender)
    again = surrender.with_signatures([game.members["carrier"].sign(surrender.messages()[0][2])])
    assert (again.id, again.leaf != surrender.leaf) == (surrender.id, True)
    refused(game.submit(again)[0], "transaction.stale_sequence")


def test_an_old_signature_lapses(game):
    bill = game.held_bill("shipper")
    cheque = game.signed("shipper", "surrender", bill, changes={"valid_until": game.time + HOUR})
    game.tick(HOUR + 1)
    refused(game.submit(cheque)[0], "transaction.expired")


# Members and keys


def test_nobody_replaces_another_members_key(game):
    key = Key(digest("thief's"))
    proof = key.sign(key_proof_message(game.id("bank"), key.public))[2]
    for who, also in (("thief", ()), ("carrier", ()), ("thief", ("carrier",))):
        outcome = game.act(who, "rotate_key", game.id("bank"), also=also, public_key=key.public, proof=proof)
        refused(outcome, "rule.controller_signs")


def test_a_replaced_key_signs_nothing(game):
    bill, old, new = game.held_bill("bank"), game.members["bank"].key, Key(digest("new"))
    kept = game.signed("bank", "surrender", bill)
    proof = new.sign(key_proof_message(game.id("bank"), new.public))[2]
    game.done("bank", "rotate_key", game.id("bank"), public_key=new.public, proof=proof)
    refused(game.submit(kept)[0], "transaction.not_the_actors_key")
    refused(game.act("bank", "surrender", bill, key=old), "transaction.not_the_actors_key")
    refused(game.act("bank", "surrender", bill, key=new, also=[old]), "transaction.not_the_actors_key")
    game.done("bank", "surrender", bill, key=new)


def test_one_governor_of_several_decides_nothing():
    game = Game(governors=["carrier", "bank", "buyer"])
    new = member("newcomer", "bank")
    for signers in (["carrier"], ["carrier", "bank"]):
        refused(game.enrol(new, *signers), "rule.governors_sign")
        refused(game.act(signers[0], "suspend", game.id("shipper"), also=signers[1:]), "rule.governors_sign")
    assert game.enrol(new, "carrier", "bank", "buyer").error is None


def test_a_suspended_member_neither_gives_nor_takes(game):
    held, offered = game.held_bill("bank"), game.held_bill("shipper")
    game.done("shipper", "offer", offered, to="bank", mode="endorse")
    game.done("carrier", "suspend", game.id("bank"))
    for action in ("surrender",):
        refused(game.act("bank", action, held), "rule.actor_is_active")
    refused(game.act("bank", "accept", offered), "rule.actor_is_active")
    refused(game.act("bank", "rotate_key", game.id("bank"), public_key=bytes(32), proof=b""), "rule.wrong_state")
    game.done("shipper", "recall", offered)
    refused(game.act("shipper", "offer", offered, to="bank", mode="endorse"), "rule.argument_is_active_member")


def test_a_key_that_verifies_forgeries_is_not_enrolled(game):
    new = member("newcomer", "bank")
    for weak in (bytes(32), bytes([1]) + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f", b"\xee" + b"\xff" * 31):
        refused(game.enrol(new, "carrier", public_key=weak), "rule.member_is_well_formed")
        refused(game.enrol(new, "carrier", encryption=bytes(32)), "rule.member_is_well_formed")


def test_the_card_of_another_is_not_enrolled_under_a_new_name(game):
    """The proof of a key is over the whole card: id, alias, names and roles cannot be another's."""
    new = member("newcomer", "bank")
    for change in (
        {"alias": "bank-2"},
        {"record": digest("another id")},
        {"roles": ["carrier"]},
        {"names": {"en": "Bank of Elsewhere"}},
        {"encryption": game.members["thief"].card.encryption},
    ):
        refused(game.enrol(new, "carrier", **change), "rule.member_is_well_formed")
