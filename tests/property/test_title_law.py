"""The bill of lading against a model that somebody wrote by hand from the law, not from the table (`support.law`).

Random members do random things at random times, on the bill as it is or as it was; after each act the ledger must
have accepted what the law lets happen, and nothing else, and both must show the same bill.
"""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from support.game import HOUR, Game
from support.law import ALIVE, DAY, WAYS, Bill
from support.members import digest
from support.titles import arguments, new_bill, parts, title_of

CARRIER, SHIPPER, BANK, BUYER, AUTHORITY, STRANGER = "carrier", "shipper", "bank", "buyer", "authority", "stranger"
PEOPLE = (CARRIER, SHIPPER, BANK, BUYER, AUTHORITY, STRANGER)
CAST = {name: (name,) if name != STRANGER else () for name in PEOPLE}
FORMS = (
    ("order", SHIPPER, None),
    ("order", BUYER, None),
    ("blank", None, None),
    ("straight", None, BUYER),
    ("straight", None, SHIPPER),
)
MODES = ("endorse", "blank", "possession")
TOGETHER = ("cancel", "split", "switch_bill")
SELDOM = {
    **dict.fromkeys(("void", "order_void", "order_close", "cancel", "to_paper", "confirm_delivery"), 0.15),
    **dict.fromkeys(("recall", "reject", "recall_pledge", "reject_pledge"), 0.3),
    **dict.fromkeys(("hold", "dispute", "release_pledge"), 0.2),
    "return_paper": 0.5,
}
"""How often an act that ends a bill, or what others wait for, is thought of at all."""
ACTS = 50
SEEDS = 100
MANY = 1_000


class Play:
    """One bill on a ledger and in the model; every act is tried on both, and they are compared."""

    def __init__(self, random: Random, seen: Counter[str]) -> None:
        self.random, self.game, self.seen = random, Game(CAST), seen
        self.others = [self.game.issue_bill(), self.game.held_bill(BANK)]
        self.untouched = [self.game.record(other).encode() for other in self.others]
        form, order_to, consignee = random.choice(FORMS)
        named = {"form": form, "order_party": order_to, "consignee": consignee}
        if random.random() < 0.1:
            args = {**arguments(self.game, "receive_paper", CARRIER, None), **named}
            self.game.done(CARRIER, "bill_of_lading.receive_paper", **args)
            self.bill = args["record"]
            self.model = Bill(form, order_to, consignee, status="paper_received")
        else:
            until = random.choice((None, None, None, self.game.time + HOUR))
            self.bill = self.game.issue_bill(to=SHIPPER, until=until, **named)
            self.model = Bill(form, order_to, consignee, SHIPPER, until)
        self.signed = []
        self.check()

    def filled(self, action: str) -> dict:
        """Arguments of an act, drawn: parties, modes and times that the law looks at."""
        draw, now = self.random, self.game.time
        to = draw.choice(PEOPLE)
        match action:
            case "offer":
                return {"to": to, "mode": draw.choice(MODES), "until": draw.choice((None, None, now, now + HOUR))}
            case "endorse" | "nominate" | "order_transfer" | "issue_from_paper":
                return {"to": to}
            case "present":
                return {"presentee": to, "until": now + draw.choice((0, HOUR, 30 * DAY, 30 * DAY + 1))}
            case "pledge":
                delay = 7 * DAY + draw.choice((-1, 0, 0, HOUR))
                return {"to": to, "due": now + draw.choice((0, 1, HOUR, HOUR)), "delay": delay}
        if action in TOGETHER:
            return {"also": [self.model.holder] if draw.random() < 0.7 else []}
        return {}

    def rest(self, action: str) -> dict:
        """What the ledger asks for beside, and the law does not look at."""
        if action == "split":
            return {"parts": parts(self.game, 2), "conservation": digest("conservation")}
        if action in ("reissue", "switch_bill"):
            stated = {"difference": digest("difference")}
            if action == "switch_bill":
                stated["conservation"] = digest("conservation")
            return {**new_bill(self.game), **title_of(self.game, self.bill), **stated}
        if action == "order_transfer":
            return {"judgment": digest("judgment"), "notice_given": digest("notice")}
        needed = self.game.rules.table("bill_of_lading").actions[action].arguments
        return {name: digest(name) for name, of in needed.items() if of.type == "hash" and not of.optional}

    def attempt(self, who: str, action: str, likely: dict | None = None) -> None:
        """`who` does it, with arguments that are drawn, or likely ones."""
        args = self.filled(action)
        args = {name: (likely or args)[name] for name in args}
        if "also" in args:
            args["also"] = [one for one in args["also"] if one not in (None, who)]
        allowed = self.model.may(who, action, self.game.time, **args)
        signed = self.game.signed(who, action, self.bill, **self.rest(action), **args)
        outcome = self.game.submit(signed)[0]
        assert (outcome.error is None) == allowed, (self.model, who, action, args, outcome.error)
        if allowed:
            self.model.does(who, action, self.game.time, **args)
            self.seen[action] += 1
            self.go_on(action, outcome)
        self.signed.append(signed)
        self.check()

    def go_on(self, action: str, outcome) -> None:
        """Where another bill has taken the place of this one, go on with one of those."""
        if action not in ("split", "reissue", "switch_bill"):
            return
        old = self.game.record(self.bill)
        assert (old.status, old.controller, old.pending) == ("replaced", None, None)
        made = [self.game.record(one) for one in old.replaced_by]
        assert len(made) == (2 if action == "split" else 1)
        assert all(one.replaces == [old.id] for one in made)
        for other in made[1:]:
            assert (other.status, other.controller) == (made[0].status, made[0].controller)
        assert self.game.act(self.random.choice(PEOPLE), "hold", old.id, reason=digest("x")).code == "rule.wrong_state"
        self.bill = self.random.choice(made).id
        self.signed.clear()

    def likely(self) -> list[tuple[str, str]]:
        """Acts of those who could do them now, whatever the arguments."""
        model = self.model
        who = {CARRIER, AUTHORITY, model.holder, model.asked, model.order_to, model.presentee, model.pledgee}
        return [(one, name) for name, way in WAYS.items() if model.status in way[0] for one in PEOPLE if one in who]

    def step(self) -> None:
        """One random step; most are of somebody who could, so that a history gets far."""
        draw, kind = self.random, self.random.randrange(14)
        if self.model.status == "pledged" and draw.random() < 0.3:
            self.game.tick(7 * DAY)  # what a pledge waits for comes with time
        able = [one for one in self.likely() if draw.random() < SELDOM.get(one[1], 1)]
        if kind < 8 and able:
            sure = [one for one in able if self.model.may(*one, self.game.time, **self.guess(one[1]))]
            rare = [1 / (1 + self.seen[name]) ** 0.5 for _, name in sure or able]  # what was seldom done comes sooner
            who, action = draw.choices(sure or able, rare)[0]
            self.attempt(who, action, self.guess(action) if draw.random() < 0.6 else None)
        elif kind < 11:
            fitting = [name for name, way in WAYS.items() if self.model.status in way[0]]  # whoever does it
            self.attempt(draw.choice(PEOPLE), draw.choice(fitting if fitting and draw.random() < 0.9 else list(WAYS)))
        elif kind == 11 and self.signed:
            self.send_again(draw.choice(self.signed))
        elif kind == 12 and draw.random() < 0.4:
            self.suspend_or_reinstate(draw.choice((SHIPPER, BANK, BUYER)))
        else:
            self.game.tick(draw.choice((1, HOUR, HOUR + 1, 7 * DAY)))

    def guess(self, action: str) -> dict:
        """Arguments with which an act would be allowed, if any are."""
        now, model = self.game.time, self.model
        to = next((one for one in (BANK, BUYER) if one != model.holder and one not in model.suspended), STRANGER)
        to = model.presentee if action == "offer" and model.presentee else to
        to = model.consignee if action == "offer" and model.form == "straight" and model.consignee else to
        return {
            "to": to,
            "mode": "possession",
            "until": now + HOUR,
            "presentee": to,
            "due": now + 1,
            "delay": 7 * DAY,
            "also": [model.holder],
        }

    def send_again(self, signed) -> None:
        """What was signed on an older state, and what was accepted, is never accepted again."""
        if signed.transaction.targets[0].head != self.game.record(self.bill).head:
            assert self.game.submit(signed)[0].error is not None
            self.check()

    def suspend_or_reinstate(self, who: str) -> None:
        back = who in self.model.suspended
        self.game.done(CARRIER, "reinstate" if back else "suspend", self.game.id(who))
        self.game.tick(0)
        self.model.suspended ^= {who}

    def check(self) -> None:
        """Both show the same bill; a live one has one holder, a dead one none; no other bill is touched."""
        record, model = self.game.record(self.bill), self.model
        names = {self.game.id(who): who for who in PEOPLE} | {None: None}
        pending = record.pending
        shown = (None, "possession", None) if pending is None else (names[pending.party], pending.mode, pending.until)
        ledger = [
            record.status, names[record.controller], record.fields["form"], names[record.order_party],
            names[record.fields.get("consignee")], record.sequence, *shown, names[record.nominee],
            names[record.fields.get("presentee")], record.locked_until, names[record.beneficiary],
            names[record.pledgee], names[record.fields.get("pledge_to")], record.fields.get("due"),
            record.fields.get("notice"), record.fields.get("delay"), names[record.hold], record.fields.get("hold_kind"),
        ]  # fmt: skip
        law = [
            model.status, model.holder, model.form, model.order_to, model.consignee, model.acts, model.asked,
            model.mode, model.until, model.nominee, model.presentee, model.locked, model.owner, model.pledgee,
            model.pledge_to, model.due, model.notice, model.delay, model.held_by, model.held_for,
        ]  # fmt: skip
        assert ledger == law
        assert (record.controller is not None) == (record.status in ALIVE)
        assert [self.game.record(other).encode() for other in self.others] == self.untouched


def history(seed: int, seen: Counter[str]) -> None:
    """One history; `seen` counts what was done in it and before."""
    play = Play(Random(seed), seen)
    for _ in range(ACTS):
        play.step()


def test_p07_the_ledger_does_what_the_law_lets_happen_and_nothing_else():
    """P7, exclusive control.

    Law: 11(1)(a); ETDA 2(2)(c)
    Shows: over random histories of fifty acts each, a hundred of them by seed (a thousand in `make soak`), the ledger
    and a model that was written from the law, and knows nothing of the tables, accept the same acts and show the
    same bill, and everything that can be done is done.
    """
    seen: Counter[str] = Counter()
    for seed in range(SEEDS):
        history(seed, seen)
    assert set(seen) == set(WAYS)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_the_ledger_does_what_the_law_lets_happen_a_thousand_times(part):
    seen: Counter[str] = Counter()
    for seed in range(SEEDS + part * MANY // 10, SEEDS + (part + 1) * MANY // 10):
        history(seed, seen)


def test_the_model_has_every_act_on_a_bill():
    """But drafts, which are no bills yet, and what is only another name: merging, and another destination."""
    actions = {name for name, one in Game(CAST).rules.table("bill_of_lading").actions.items() if "new" not in one.moves}
    assert actions - set(WAYS) == {
        "comment", "approve", "redraft", "issue_draft", "withdraw_draft", "merge", "change_destination",
    }  # fmt: skip
    assert set(WAYS) <= actions
