"""Heads and keys under random use: of many acts on one head the first wins, and an old key never acts again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.game import Game
from support.members import Key

from contracts.guards import key_proof_message

CARRIER, SHIPPER, BANK, BUYER = PEOPLE = ("carrier", "shipper", "bank", "buyer")


@given(st.permutations(range(4)))
def test_p07_of_many_acts_on_one_head_the_first_wins(order):
    game = Game()
    bill = game.held_bill(SHIPPER)
    acts = [
        game.signed(SHIPPER, "offer", bill, to=BANK, mode="endorse"),
        game.signed(SHIPPER, "offer", bill, to=BUYER, mode="possession"),
        game.signed(SHIPPER, "surrender", bill),
        game.signed(SHIPPER, "offer", bill, to=CARRIER, mode="blank"),
    ]
    outcomes = game.submit(*(acts[n] for n in order))
    assert [outcome.code for outcome in outcomes] == ["", *["transaction.stale_sequence"] * 3]
    record = game.record(bill)
    assert (record.sequence, record.head) == (3, acts[order[0]].leaf)
    assert record.controller == game.id(SHIPPER)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=25))
def test_old_keys_never_act_and_new_ones_always_do(steps):
    """After a rotation the old key signs nothing, in the same millisecond or later."""
    game = Game()
    keys = {who: [game.members[who].key] for who in PEOPLE[:4]}
    for number, (who, old, rotate) in enumerate(steps):
        name = PEOPLE[who]
        current = keys[name][-1]
        if rotate:
            key = Key(game.fresh("key", number))
            proof = key.sign(key_proof_message(game.id(name), key.public))[2]
            game.done(name, "rotate_key", game.id(name), key=current, public_key=key.public, proof=proof)
            keys[name].append(key)
            game.tick(old)
        tried = keys[name][old % len(keys[name])]
        code = game.act(name, "invoice.settle", game.id(name), key=tried).code
        current_key = tried is keys[name][-1]
        assert code == ("rule.unknown_action" if current_key else "transaction.not_the_actors_key")
