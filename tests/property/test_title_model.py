"""The whole title against a model that somebody wrote by hand from the law, not from the table.

`Model` knows nothing of tables, guards or effects. Random members do random things with a bill at random times:
endorse, nominate, present, pledge, enforce, surrender, amend, split, change the medium, hold and order; after each act
the ledger must have accepted what the model allows, and nothing else, and both must show the same bill. A bill that
takes the place of another is followed from there; after an end another begins. `LADING_HISTORIES` says how many
histories of 50 acts there are (100).
"""

from __future__ import annotations

import os
from random import Random

import pytest
from support import titles
from support.game import HOUR, Game, shipped_tables
from support.members import digest
from support.title_model import (
    ACTIONS,
    AUTHORITY,
    BANK,
    BUYER,
    CARRIER,
    DAY,
    DELAY,
    LIVE,
    LONGEST_LOCK,
    OF_CARRIER,
    PEOPLE,
    SHIPPER,
    TO,
    TRADERS,
    Model,
)

HISTORIES = int(os.environ.get("LADING_HISTORIES", "100"))
BLOCKS = 20
KINDS = ("bill_of_lading", "member")
WEIGHT = {"void": 1, "order_void": 1, "order_close": 1, "cancel": 2, "to_paper": 2, "surrender": 6, "order_transfer": 3,
          "hold": 5, "dispute": 5, "release_pledge": 3, "notify_default": 40, "enforce": 90, "expire": 40, "pledge": 20,
          "refuse_surrender": 20, "accept_surrender": 20, "accept_pledge": 30}  # fmt: skip
"""How often an act is done that can be done, where it is not 10: those that end most histories are rare."""


class Play:
    """One bill on a ledger and in the model."""

    def __init__(self, random: Random) -> None:
        self.random = random
        roles = {**dict.fromkeys(PEOPLE, ()), CARRIER: ("carrier",), AUTHORITY: ("authority",)}
        self.game = Game(roles, tables=[table for table in shipped_tables() if table.kind in KINDS])
        self.done: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """A new bill."""
        random = self.random
        form = random.choice(("order", "order", "blank", "straight"))
        named = random.choice((SHIPPER, SHIPPER, BANK, BUYER))
        order_party = named if form == "order" else None
        consignee = named if form == "straight" else None
        self.bill = self.game.issue_bill(form=form, order_party=order_party, consignee=consignee)
        self.model = Model(form, order_party, consignee)

    def arguments(self, action: str) -> dict:
        args = titles.arguments(self.game, action, CARRIER, self.bill)
        args.pop("also", None)
        if action in TO:
            args["to"] = self.random.choice(TRADERS)
        if action == "offer":
            args["mode"] = self.random.choice(("endorse", "endorse", "blank", "possession"))
            args["until"] = self.random.choice((None, None, self.game.time + HOUR, self.game.time))
        if action == "present":
            args["presentee"] = self.random.choice(TRADERS)
            args["until"] = self.game.time + self.random.choice((0, DAY, LONGEST_LOCK, LONGEST_LOCK + 1))
        if action == "pledge":
            args["due"] = self.game.time + self.random.choice((0, HOUR, HOUR))
        return {name: value for name, value in args.items() if value is not None}

    def step(self) -> None:
        if self.random.random() < 0.25:
            self.game.tick(self.random.choice((1, HOUR + 1, DAY, DELAY)))
        if self.model.status not in LIVE and self.random.random() < 0.5:
            self.begin()
        able = []
        for action in ACTIONS:
            args, signs_too = self.arguments(action), self.random.random() < 0.7
            may = [who for who in PEOPLE if self.model.allows(who, action, self.game.time, args, signs_too)]
            able += [(self.random.choice(may), action, args, signs_too)] if may else []
        if not able or self.random.random() < 0.5:
            fitting = [action for action in ACTIONS if self.model.fits(action)]
            action = self.random.choice(fitting if fitting and self.random.random() < 0.9 else ACTIONS)
            insiders = [self.model.holder, self.model.offered_to, self.model.order_party, self.model.pledgee, CARRIER]
            who = self.random.choice([*PEOPLE, *filter(None, insiders)])
            self.attempt(who, action, self.arguments(action), self.random.random() < 0.5)
        else:
            self.attempt(*self.random.choices(able, [WEIGHT.get(one[1], 10) for one in able])[0])

    def attempt(self, who: str, action: str, args: dict, signs_too: bool) -> None:
        game, model, holder = self.game, self.model, self.model.holder
        allowed = model.allows(who, action, game.time, args, signs_too)
        consents = action in (*OF_CARRIER, "cancel") and signs_too and holder not in (None, who)
        before = game.record(self.bill)
        outcome = game.act(who, action, self.bill, **args, also=[holder] if consents else [])
        assert (outcome.error is None) == allowed, (model, who, action, args, outcome.error)
        if not allowed:
            assert game.record(self.bill) is before
            return
        self.done.add(action)
        model.does(action, game.time, args)
        if action in ("reissue", "split", "switch_bill", "change_destination"):
            self.follow(before.id)
        self.check()

    def follow(self, old: bytes) -> None:
        """The old bill is dead, and each that takes its place is held as it was; the first goes on."""
        record = self.game.record(old)
        assert (record.status, record.controller, record.pending) == ("replaced", None, None)
        for new in record.replaced_by:
            self.bill = new
            self.check()
        self.bill = record.replaced_by[0]

    def check(self) -> None:
        record, model = self.game.record(self.bill), self.model
        names = {self.game.id(who): who for who in PEOPLE} | {None: None}
        fields = record.fields
        assert (record.status, names[record.controller]) == (model.status, model.holder)
        assert (record.controller is not None) == (record.status in LIVE)
        assert (fields["form"], names[record.order_party], names[fields.get("consignee")], names[record.nominee]) == (
            model.form, model.order_party, model.consignee, model.nominee,
        )  # fmt: skip
        offered = (None, "possession", None) if record.pending is None else tuple(record.pending[:3])
        assert (names[offered[0]], *offered[1:]) == (model.offered_to, model.mode, model.until)
        assert names[record.hold] == model.held_by
        assert (names[fields.get("presentee")], record.locked_until) == (model.presentee, model.locked)
        if record.status in LIVE:
            assert (names[record.pledgee], names[record.beneficiary]) == (model.pledgee, model.pledgor)
            assert (fields.get("due"), fields.get("notice")) == (model.due, model.notice)


def played(seed: int) -> Play:
    """A history of 50 acts."""
    play = Play(Random(f"title {seed}"))
    for _ in range(50):
        play.step()
    return play


@pytest.mark.parametrize("block", range(BLOCKS))
def test_p06_p07_p26_histories_of_a_bill(block):
    for seed in range(block, HISTORIES, BLOCKS):
        played(seed)


def test_the_histories_do_everything():
    done: set[str] = set()
    for seed in range(60):
        done |= played(seed).done
    assert done == set(ACTIONS), set(ACTIONS) - done


def test_a_history_is_the_same_in_every_run():
    def told() -> list[bytes]:
        play = Play(Random(digest("history")))
        for _ in range(20):
            play.step()
        return [batch.commit.encode() for batch in play.game.batches]

    assert told() == told()
