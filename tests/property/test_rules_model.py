"""The rules of a bill of lading against a model that somebody wrote by hand from the law, not from the table.

`Model` knows nothing of tables, guards or effects: one bill, its holder, an offer, its form and to whose order
it stands. Random members do random things at random times, on the bill as it is or as it was; after each act the
ledger must have accepted what the model allows, and nothing else, and both must show the same bill.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from support.game import HOUR, Game
from support.members import Key

from contracts.guards import key_proof_message

CARRIER, SHIPPER, BANK, BUYER, STRANGER = "carrier", "shipper", "bank", "buyer", "stranger"
PEOPLE = (CARRIER, SHIPPER, BANK, BUYER, STRANGER)
LIVE = {"issued", "returned", "held", "offered", "surrendered", "surrender_accepted"}


@dataclass
class Model:
    """One bill of lading, and who is suspended."""

    form: str
    order_party: str | None
    consignee: str | None
    offered_to: str | None
    until: int | None
    status: str = "issued"
    holder: str | None = CARRIER
    mode: str = "possession"
    acts: int = 1
    suspended: set[str] = field(default_factory=set)

    def lapsed(self, now: int) -> bool:
        return self.until is not None and now > self.until

    def allows(self, who: str, action: str, now: int, **offer: object) -> bool:
        if who in self.suspended:
            return False
        if action in ("accept", "reject", "recall", "expire"):
            return self.status in ("issued", "offered") and self.may_answer(who, action, now)
        if action == "offer":
            return self.status == "held" and who == self.holder and self.may_offer(who, now, **offer)
        if action == "surrender":
            entitled = {"straight": self.consignee, "order": self.order_party, "blank": who}[self.form]
            return self.status == "held" and who == self.holder and who == entitled
        by_the_carrier = {
            "void": ("issued", "returned"),
            "accept_surrender": ("surrendered",),
            "refuse_surrender": ("surrendered",),
            "confirm_delivery": ("surrender_accepted",),
        }
        return who == CARRIER and self.status in by_the_carrier[action]

    def may_answer(self, who: str, action: str, now: int) -> bool:
        lapsed = self.lapsed(now)
        return {
            "accept": who == self.offered_to and not lapsed,
            "reject": who == self.offered_to,
            "recall": who == self.holder,
            "expire": lapsed,
        }[action]

    def may_offer(self, who: str, now: int, to: str, mode: str, until: int | None) -> bool:
        in_time = until is None or until > now
        return to != who and to not in self.suspended and in_time and self.may_pass(who, to, mode)

    def may_pass(self, who: str, to: str, mode: str) -> bool:
        """How title passes by the law of each form of bill."""
        if self.form == "straight":
            return mode == "possession" and to == self.consignee
        if self.form == "order":
            return mode == "possession" or who == self.order_party
        return mode != "blank"

    def does(self, action: str, to: str = "", mode: str = "", until: int | None = None) -> None:
        self.acts += 1
        if action == "accept":
            self.endorse()
            self.holder = self.offered_to
        elif action == "accept_surrender":
            self.holder = CARRIER
        elif action in ("void", "confirm_delivery"):
            self.holder = None
        elif action == "surrender":
            to = CARRIER
        self.status = self.after(action)
        self.offered_to, self.mode, self.until = to or None, mode or "possession", until

    def endorse(self) -> None:
        if self.mode == "endorse":
            self.form, self.order_party = "order", self.offered_to
        elif self.mode == "blank":
            self.form, self.order_party = "blank", None

    def after(self, action: str) -> str:
        back = "returned" if self.status == "issued" else "held"
        return {
            "accept": "held", "reject": back, "recall": back, "expire": back, "void": "void", "offer": "offered",
            "surrender": "surrendered", "accept_surrender": "surrender_accepted", "refuse_surrender": "held",
            "confirm_delivery": "delivered",
        }[action]  # fmt: skip


FORMS = (
    ("order", SHIPPER, ""),
    ("order", BUYER, ""),
    ("blank", "", ""),
    ("straight", "", BUYER),
    ("straight", "", SHIPPER),
)
MODES = ("endorse", "blank", "possession")
ACTIONS = ("accept", "reject", "recall", "expire", "void", "surrender", "accept_surrender", "refuse_surrender",
           "confirm_delivery")  # fmt: skip
people = st.sampled_from(PEOPLE)
modes = st.sampled_from(MODES)
delays = st.none() | st.sampled_from((0, 1, HOUR, 3 * HOUR))


class Play:
    """One bill on a ledger and in the model; every act is tried on both, and they are compared."""

    def __init__(self, form, delay):
        self.game = Game()
        kind, order_party, consignee = form
        until = None if delay is None else self.game.time + delay
        named = {"order_party": order_party or None, "consignee": consignee or None}
        self.bill = self.game.issue_bill(to=SHIPPER, form=kind, until=until, **named)
        self.model = Model(kind, order_party or None, consignee or None, SHIPPER, until)
        self.others = [self.game.issue_bill(), self.game.held_bill(BANK)]
        self.untouched = [self.game.record(other).encode() for other in self.others]
        self.signed = []

    def able(self):
        """Who may do what now, offers left out."""
        return [(who, one) for one in ACTIONS for who in PEOPLE if self.model.allows(who, one, self.game.time)]

    def attempt(self, who, action, **args):
        allowed = self.model.allows(who, action, self.game.time, **args)
        signed = self.game.signed(who, action, self.bill, **args)
        before = self.game.record(self.bill)
        outcome = self.game.submit(signed)[0]
        assert (outcome.error is None) == allowed, (self.model, who, action, args, outcome.error)
        if allowed:
            self.model.does(action, **args)
            self.check_who_moved_control(who, action, before, self.game.record(self.bill))
        self.signed.append(signed)
        self.check()

    def offer(self, who, to, mode, delay):
        until = None if delay is None else self.game.time + delay
        self.attempt(who, "offer", to=to, mode=mode, until=until)

    def suspend_or_reinstate(self, who):
        self.game.done(CARRIER, "reinstate" if who in self.model.suspended else "suspend", self.game.id(who))
        self.model.suspended ^= {who}

    def send_again(self, number):
        """What was signed on an older state, and what was accepted, is never accepted again."""
        signed = self.signed[number % len(self.signed)]
        if signed.transaction.targets[0].head != self.game.record(self.bill).head:
            assert self.game.submit(signed)[0].code == "transaction.stale_sequence"
            self.check()

    def two_on_one_head(self, *pair):
        """Of two that are signed on the same head at most one wins, whoever comes first."""
        signed = [self.game.signed(who, action, self.bill) for who, action in pair]
        allowed = [self.model.allows(who, action, self.game.time) for who, action in pair]
        outcomes = self.game.submit(*signed)
        accepted = [outcome.error is None for outcome in outcomes]
        assert accepted == ([True, False] if allowed[0] else [False, allowed[1]])
        if allowed[0]:
            assert outcomes[1].code == "transaction.stale_sequence"
        for (_, action), done in zip(pair, accepted, strict=True):
            if done:
                self.model.does(action)
        self.check()

    def check_who_moved_control(self, who, action, before, after):
        """Control moves by the recipient's acceptance, by the carrier's at surrender, and by the ends."""
        if before.controller == after.controller:
            assert after.since == before.since
            return
        to = {"accept": self.game.id(who), "accept_surrender": before.issuer, "void": None, "confirm_delivery": None}
        assert action in to
        assert (after.controller, after.since) == (to[action], self.game.time)
        if after.controller is not None:
            assert before.pending.party == after.controller

    def check(self):
        """Both show the same bill; a live one has one holder, a dead one none; no other bill is touched."""
        record, model = self.game.record(self.bill), self.model
        names = {self.game.id(who): who for who in PEOPLE} | {None: None}
        assert (record.status, names[record.controller]) == (model.status, model.holder)
        assert (record.fields["form"], names[record.order_party]) == (model.form, model.order_party)
        assert record.sequence == model.acts
        pending = record.pending
        shown = (None, "possession", None) if pending is None else (names[pending.party], pending.mode, pending.until)
        assert shown == (model.offered_to, model.mode, model.until)
        assert (record.controller is not None) == (record.status in LIVE)
        assert record.status in LIVE or pending is None
        assert [self.game.record(other).encode() for other in self.others] == self.untouched


class BillOfLading(RuleBasedStateMachine):
    """Random acts, found and made shorter by hypothesis."""

    @initialize(form=st.sampled_from(FORMS), delay=st.none() | st.sampled_from((1, HOUR)))
    def issue(self, form, delay):
        self.play = Play(form, delay)

    @rule(who=people, action=st.sampled_from(ACTIONS))
    def anybody_does_anything(self, who, action):
        self.play.attempt(who, action)

    @rule(data=st.data())
    def somebody_who_may_does_something(self, data):
        if able := self.play.able():
            self.play.attempt(*data.draw(st.sampled_from(able)))

    @rule(who=people, to=people, mode=modes, delay=delays)
    def anybody_offers(self, who, to, mode, delay):
        self.play.offer(who, to, mode, delay)

    @rule(hours=st.integers(0, 2))
    def time_passes(self, hours):
        self.play.game.tick(hours * HOUR + 1)

    @rule(who=st.sampled_from((SHIPPER, BANK, BUYER)))
    def a_member_is_suspended_or_comes_back(self, who):
        self.play.suspend_or_reinstate(who)

    @precondition(lambda self: self.play.signed)
    @rule(number=st.integers(0, 50))
    def an_old_act_is_sent_again(self, number):
        self.play.send_again(number)

    @rule(one=people, other=people, first=st.sampled_from(ACTIONS), second=st.sampled_from(ACTIONS))
    def two_acts_on_one_head(self, one, other, first, second):
        self.play.two_on_one_head((one, first), (other, second))


TestBillOfLading = BillOfLading.TestCase


def step(play, random):
    """One random step; most are of somebody who may, so that a walk gets far."""
    kind = random.randrange(12)
    able = [one for one in play.able() if one[1] != "void" or random.random() < 0.05]
    if kind < 5 and able:
        play.attempt(*random.choice(able))
    elif kind < 8:
        who = play.model.holder or CARRIER
        play.offer(who, random.choice(PEOPLE), random.choice(MODES), random.choice((None, None, 0, HOUR)))
    elif kind < 10:
        play.attempt(random.choice(PEOPLE), random.choice(ACTIONS))
    elif kind == 10:
        pair = [(random.choice(PEOPLE), random.choice(ACTIONS)) for _ in range(2)]
        play.two_on_one_head(*pair[: 2 - len(able[:1])], *able[:1])
    elif random.random() < 0.3:
        play.suspend_or_reinstate(random.choice((SHIPPER, BANK, BUYER)))
    else:
        play.game.tick(random.choice((1, HOUR, HOUR + 1)))


@pytest.mark.parametrize("form", FORMS, ids="-".join)
def test_p06_p07_one_holder_on_long_walks(form):
    """Walks by seed, as long as the bill lives; together they do everything that can be done to this form."""
    done = set()
    for seed in range(24):
        random = Random(f"{form} {seed}")
        play = Play(form, random.choice((None, HOUR)))
        for _ in range(60):
            before = play.model.acts
            step(play, random)
            if play.model.acts > before:
                done.add(play.model.status)
    assert done >= {"held", "surrendered", "surrender_accepted", "delivered", "returned", "void"}
    assert ("offered" in done) == (form != ("straight", "", SHIPPER))


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
