"""The effects of the other kinds: what each changes, and that it changes nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support import goods
from support.game import Game
from support.members import digest

from contracts.vocabulary import EFFECTS
from ledger.hashing import ZERO, claim_key, number_key
from ledger.record import Record

ALWAYS = {"status", "sequence", "head", "entry"}


@pytest.fixture
def game():
    return Game(goods.CAST, governors=["operator"])


def diff(game, record_id, who, action, **args):
    """The elements of a record that one act changes, but for those that every act sets."""
    before = game.record(record_id)
    game.done(who, action, record_id, **args)
    after = game.record(record_id)
    names = [name for name in Record.__slots__ if getattr(before, name) != getattr(after, name)]
    return {name: getattr(after, name) for name in names if name not in ALWAYS}


def bare(**elements):
    return Record(digest("r"), "k", 1, "s", 1, ZERO, 0, 5, digest("issuer"), **elements)


def run(name, record, parameters, **args):
    """One effect alone, on a record."""
    EFFECTS[name].function(SimpleNamespace(record=record, args=args), **parameters)
    return record


def test_link_successor(game):
    old, new = goods.issue(game, "traceability_event"), goods.issue(game, "traceability_event")
    game.tick()
    changed = diff(game, old, "warehouse", "correct", by=new)
    assert changed == {"replaced_by": [new], "controller": None, "since": game.time}
    assert game.record(new).replaces == []
    linked = run("link_successor@1", bare(replaced_by=[digest("a")]), {"argument": "by"}, by=new)
    assert linked.replaced_by == [digest("a"), new]


def test_claim_under(game):
    bill = goods.surrendered(game)
    order = goods.issue(game, "delivery_order", bill=bill)
    box = goods.container(game, bill)
    assert game.number(number_key(game.ledger, "claim", bill, box.hex())) == order
    assert game.number(claim_key(bill, box)) is None
    assert game.number(claim_key(game.id("carrier"), box)) is None


def test_add_to_list(game):
    entry = goods.issue(game, "data_catalogue_entry")
    assert "readers" not in game.record(entry).fields
    before = game.record(entry)
    assert diff(game, entry, "shipper", "grant", to="buyer") == {"fields": {"readers": [game.id("buyer")]}}
    game.done("shipper", "grant", entry, to="bank")
    assert game.record(entry).fields["readers"] == [game.id("buyer"), game.id("bank")]
    assert "readers" not in before.fields


def test_remove_from_list(game):
    entry = goods.issue(game, "data_catalogue_entry")
    for who in ("buyer", "bank", "carrier"):
        game.done("shipper", "grant", entry, to=who)
    before = game.record(entry)
    changed = diff(game, entry, "shipper", "revoke", party="bank")
    assert changed == {"fields": {"readers": [game.id("buyer"), game.id("carrier")]}}
    assert len(before.fields["readers"]) == 3, "a record as it was keeps its list"
    parameters = {"argument": "party", "field": "readers"}
    assert run("remove_from_list@1", bare(), parameters, party=digest("x")).fields == {"readers": []}
