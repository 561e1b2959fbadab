"""A batch: judged one after another, each on what those before left, and never more than the outcome says."""

from __future__ import annotations

import pytest
from support.game import Game, refused
from support.members import digest

from contracts.apply import apply_batch
from ledger.hashing import ZERO, claim_key, record_key, state_value
from ledger.record import Record


@pytest.fixture
def game():
    return Game()


def batch(game, *transactions):
    return apply_batch(game.rules, game, transactions, game.time, game.chain.size, len(game.batches))


def test_an_empty_batch_does_nothing(game):
    outcome = batch(game)
    assert (outcome.accepted, outcome.refused, outcome.records, outcome.numbers) == ([], [], {}, {})
    assert outcome.items() == {}


def test_accepted_and_refused_keep_their_positions(game):
    held = game.held_bill("shipper")
    good = game.signed("shipper", "surrender", held)
    bad = game.signed("bank", "surrender", held)
    issue = game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments())
    outcome = batch(game, bad, good, bad, issue)
    assert [(done.position, done.index, done.record) for done in outcome.accepted] == [
        (1, game.chain.size, held),
        (3, game.chain.size + 1, issue.transaction.arguments["record"]),
    ]
    assert [(done.position, done.error.code) for done in outcome.refused] == [
        (0, "rule.controller_signs"),
        (2, "transaction.stale_sequence"),
    ]
    assert outcome.refused[0].signed is bad


def test_previous_is_the_entry_that_changed_the_record_before(game):
    issue = game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments())
    bill, size = issue.transaction.arguments["record"], game.chain.size
    assert batch(game, issue).accepted[0].previous == ()
    game.submit(issue)
    accept = game.signed("shipper", "accept", bill)
    assert batch(game, accept).accepted[0].previous == (size,)
    suspend = game.signed("carrier", "member.suspend", game.id("bank"))
    assert batch(game, suspend).accepted[0].previous == (0,)


def test_a_later_act_of_a_batch_stands_on_an_earlier_one(game):
    issue = game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments())
    bill = issue.transaction.arguments["record"]
    trial = Game()
    trial.submit(issue)
    accept = trial.signed("shipper", "accept", bill)
    outcome = batch(game, issue, accept)
    assert outcome.refused == []
    salt, record = outcome.records[bill]
    assert (salt, record.status, record.sequence) == (accept.transaction.salt, "held", 2)
    assert outcome.accepted[1].previous == (outcome.accepted[0].index,)


def test_the_first_of_two_claims_in_a_batch_wins(game):
    claims = [game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments(number_text="A1")) for _ in range(3)]
    outcome = batch(game, *claims)
    assert [done.position for done in outcome.accepted] == [0]
    assert [done.error.code for done in outcome.refused] == ["rule.number_is_new"] * 2


def test_the_view_is_only_read(game):
    held = game.held_bill("shipper")
    before = game.record(held).encode()
    known = (dict(game.records), dict(game.numbers))
    batch(game, game.signed("shipper", "surrender", held))
    assert (game.records, game.numbers) == known
    assert game.record(held).encode() == before


def test_the_outcome_depends_on_its_arguments_alone(game):
    held = game.held_bill("shipper")
    acts = [game.signed("shipper", "offer", held, to="bank", mode="endorse"),
            game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments())]  # fmt: skip
    first, second = batch(game, *acts), batch(game, *acts)
    assert first.items() == second.items()
    assert first.accepted == second.accepted
    later = apply_batch(game.rules, game, acts, game.time + 1, game.chain.size, len(game.batches))
    assert later.items() != first.items()


def test_items_are_what_the_state_tree_holds(game):
    issue = game.signed("carrier", "bill_of_lading.issue", **game.bill_arguments())
    args = issue.transaction.arguments
    outcome = batch(game, issue)
    claimed = claim_key(game.id("carrier"), args["number"]["key"])
    assert set(outcome.items()) == {record_key(args["record"]), claimed}
    salt, record = outcome.records[args["record"]]
    item = outcome.items()[record_key(args["record"])]
    assert (item.salt, Record.decode(item.content)) == (issue.transaction.salt, record)
    assert item.value(record_key(args["record"])) == state_value(salt, record_key(args["record"]), record.encode())
    number = outcome.items()[claimed]
    assert number.content == b"\x93\xa6number\xc4\x20" + claimed + b"\xc4\x20" + args["record"]


def test_what_no_batch_has_touched_is_as_it_was(game):
    other = game.held_bill("shipper")
    held = game.held_bill("shipper")
    outcome = batch(game, game.signed("shipper", "surrender", held))
    assert set(outcome.records) == {held}
    assert other not in outcome.records


def test_a_member_that_is_suspended_in_a_batch_acts_no_more_in_it(game):
    held = game.held_bill("bank")
    suspend = game.signed("carrier", "member.suspend", game.id("bank"))
    act = game.signed("bank", "surrender", held)
    outcome = batch(game, suspend, act)
    assert [done.error.code for done in outcome.refused] == ["rule.actor_is_active"]
    assert batch(game, act, suspend).refused == []


def test_a_refusal_of_the_last_leaves_the_others(game):
    bill = game.issue_bill()
    outcomes = game.submit(
        game.signed("shipper", "accept", bill),
        game.signed("shipper", "accept", bill),
        b"no transaction",
    )
    assert [outcome.code for outcome in outcomes] == ["", "transaction.stale_sequence", "codec.undecodable"]
    refused(outcomes[1], "transaction.stale_sequence")
    assert game.record(bill).sequence == 2
    assert game.record(digest("nothing")) is None
    assert game.number(ZERO) is None
