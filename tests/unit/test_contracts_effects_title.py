"""The effects of title: what each changes, that it changes nothing else, and that it can be replayed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support import titles
from support.game import HOUR, Game
from support.members import digest
from support.memberships import group

from contracts.replay import replay_record
from contracts.vocabulary import EFFECTS
from ledger.hashing import ZERO, claim_key
from ledger.record import Pending, Record
from ledger.transaction import Target

ALL = ("id", "kind", "version", "issuer", "controller", "beneficiary", "order_party", "nominee", "pending", "pledgee",
       "hold", "locked_until", "document", "replaces", "replaced_by", "since")  # fmt: skip


@pytest.fixture
def game():
    return Game(titles.CAST, governors=["operator"])


def diff(game, bill, who, action, **changes):
    """What one act changes: elements of the record, and fields by `.name`. The act is replayed, and gives the same."""
    before = game.record(bill)
    args = {**titles.arguments(game, action, who, bill), **changes}
    game.tick(1)
    outcome = game.done(who, action, bill, **args)
    after = game.record(bill)
    again = replay_record(game.rules, before, [(outcome.index, game.time, outcome.signed)])
    assert again is not None
    assert again.encode() == after.encode()
    found = {name: getattr(after, name) for name in ALL if getattr(before, name) != getattr(after, name)}
    names = {*before.fields, *after.fields}
    fields = {f".{name}": after.fields.get(name) for name in names if before.fields.get(name) != after.fields.get(name)}
    return {**found, **fields}


def test_unset_field():
    record = Record(digest("r"), "k", 1, "s", 1, ZERO, 0, 5, digest("i"), fields={"a": 1, "b": 2})
    for _ in range(2):
        EFFECTS["unset_field@1"].function(SimpleNamespace(record=record), field="a")
        assert record.fields == {"b": 2}


def test_create_draft(game):
    args = titles.draft_arguments(game, order_party="bank")
    game.done("carrier", "bill_of_lading.draft", **args)
    record = game.record(args["record"])
    assert (record.status, record.controller, record.pending) == ("draft", game.id("carrier"), None)
    assert (record.order_party, record.fields["form"], record.fields["shipper"]) == (
        game.id("bank"), "order", game.id("shipper"),
    )  # fmt: skip
    assert record.id not in game.numbers.values()


def test_restate_draft(game):
    bill = titles.into(game, "approved")
    changed = diff(game, bill, "carrier", "redraft", form="straight", consignee="buyer")
    assert changed == {
        "document": digest("second draft"), "order_party": None, ".form": "straight", ".consignee": game.id("buyer"),
    }  # fmt: skip
    assert game.record(bill).status == "draft"
    changed = diff(game, bill, "carrier", "redraft", document=digest("third"), form="order", order_party="bank")
    assert changed == {
        "document": digest("third"), "order_party": game.id("bank"), ".form": "order", ".consignee": None,
    }  # fmt: skip


def test_endorse_to(game):
    bill = game.held_bill("shipper")
    assert diff(game, bill, "shipper", "endorse", to="buyer") == {"order_party": game.id("buyer")}
    blank = game.held_bill("shipper", form="blank", order_party=None)
    assert diff(game, blank, "shipper", "endorse", to="bank") == {"order_party": game.id("bank"), ".form": "order"}


def test_endorse_in_blank(game):
    bill = game.held_bill("shipper")
    assert diff(game, bill, "shipper", "endorse_in_blank") == {"order_party": None, ".form": "blank"}


def test_set_nominee(game):
    bill = game.held_bill("bank", order_party="shipper")
    assert diff(game, bill, "shipper", "nominate", to="buyer") == {"nominee": game.id("buyer")}


def test_clear_nominee(game):
    bill = titles.into(game, "held", "withdraw_nomination")
    assert diff(game, bill, "shipper", "withdraw_nomination") == {"nominee": None}


def test_endorse_to_nominee(game):
    bill = titles.into(game, "held", "endorse_nominee")
    nominee = game.record(bill).nominee
    assert diff(game, bill, "bank", "endorse_nominee") == {"order_party": nominee, "nominee": None}


@pytest.mark.parametrize(("mode", "left"), [("endorse", None), ("blank", None), ("possession", "buyer")])
def test_a_nomination_ends_with_an_endorsement(game, mode, left):
    bill = game.held_bill("bank", order_party="shipper")
    game.done("shipper", "nominate", bill, to="buyer")
    game.pass_on(bill, "bank", "shipper", "possession")
    game.pass_on(bill, "shipper", "insurer", mode)
    assert game.record(bill).nominee == (left and game.id(left))


def test_lock_until(game):
    bill, until = game.held_bill("shipper"), game.time + HOUR
    changed = diff(game, bill, "shipper", "present", presentee="bank", until=until)
    assert changed == {"locked_until": until, ".presentee": game.id("bank")}


def test_clear_lock(game):
    bill = titles.into(game, "held", "end_presentation")
    assert diff(game, bill, "bank", "end_presentation") == {"locked_until": None, ".presentee": None}
    bill = titles.into(game, "offered", "end_presentation")
    changed = diff(game, bill, "bank", "accept")
    assert changed["locked_until"] is None
    assert changed[".presentee"] is None
    assert game.record(bill).controller == game.id("bank")


def test_offer_pledge(game):
    bill, due = game.held_bill("shipper"), game.time + HOUR
    changed = diff(game, bill, "shipper", "pledge", due=due)
    offered = Pending(game.id("bank"), "possession", None, "pledge")
    assert changed == {"pending": offered, ".pledge_to": game.id("bank"), ".due": due, ".delay": 7 * 24 * HOUR}
    gone = {"pending": None, ".pledge_to": None, ".due": None, ".delay": None}
    assert diff(game, bill, "bank", "reject_pledge") == gone
    diff(game, bill, "shipper", "pledge", due=due)
    assert diff(game, bill, "shipper", "recall_pledge") == gone


def test_begin_pledge(game):
    bill = titles.into(game, "pledge_offered")
    shipper, bank = game.id("shipper"), game.id("bank")
    assert diff(game, bill, "bank", "accept_pledge") == {
        "controller": bank, "beneficiary": shipper, "pledgee": bank, "pending": None, "since": game.time,
        ".pledge_to": None,
    }  # fmt: skip
    assert game.record(bill).order_party == shipper


def joint_pledge(game):
    bill = game.held_bill("shipper")
    joint = group(game, "shipper", "bank", threshold=2)
    game.done("shipper", "pledge", bill, to="bank", due=game.time + HOUR, group=joint)
    return bill, joint


def test_begin_pledge_in_joint_control(game):
    bill, joint = joint_pledge(game)
    changed = diff(game, bill, "bank", "accept_pledge", also=["shipper"])
    assert (changed["controller"], changed["beneficiary"], changed["pledgee"]) == (
        joint, game.id("shipper"), game.id("bank"),
    )  # fmt: skip


def test_release_pledge(game):
    bill = titles.into(game, "pledged", "enforce")
    assert diff(game, bill, "bank", "release_pledge") == {
        "controller": game.id("shipper"), "beneficiary": None, "pledgee": None, "since": game.time,
        ".due": None, ".notice": None, ".delay": None,
    }  # fmt: skip
    assert game.record(bill).status == "held"


def test_enforce_pledge(game):
    bill = titles.into(game, "pledged", "enforce")
    bank = game.id("bank")
    assert diff(game, bill, "bank", "enforce") == {
        "beneficiary": None, "pledgee": None, "order_party": bank, ".due": None, ".notice": None, ".delay": None,
    }  # fmt: skip
    assert game.record(bill).controller == bank
    bill, _ = joint_pledge(game)
    game.done("shipper", "accept_pledge", bill, also=["bank"])
    game.tick(HOUR + 1)
    game.done("bank", "notify_default", bill, notice_given=digest("notice"))
    game.tick(7 * titles.DAY)
    changed = diff(game, bill, "bank", "enforce")
    assert (changed["controller"], changed["since"]) == (bank, game.time)


def replayed(game, outcome, old, new):
    """The successor, from the act that made it and the records that it took the place of."""
    before = {record.id: record for record in old}
    return replay_record(
        game.rules, None, [(outcome.index, game.time, outcome.signed)], lambda id_, _: before[id_], new
    )  # fmt: skip


def test_succeed(game):
    old = game.held_bill("shipper", order_party="bank", attachments=[digest("file")])
    game.done("shipper", "surrender_for_amendment", old, wanted=digest("wanted"))
    before = game.record(old)
    args = titles.arguments(game, "reissue", "carrier", old)
    game.tick()
    outcome = game.done("carrier", "reissue", old, **{**args, "place": "NLRTM"})
    new, dead = game.record(args["record"]), game.record(old)
    assert new == Record(
        args["record"], "bill_of_lading", 1, "held", 1, outcome.signed.leaf, outcome.index, game.time,
        game.id("carrier"), game.id("shipper"), order_party=game.id("bank"), document=args["document"],
        replaces=[old],
        fields={**{n: v for n, v in before.fields.items() if n != "attachments"}, "place": "NLRTM"},
    )  # fmt: skip
    assert (dead.status, dead.controller, dead.pending, dead.replaced_by) == ("replaced", None, None, [new.id])
    assert game.number(claim_key(game.id("carrier"), args["number"]["key"])) == new.id
    assert replayed(game, outcome, [before], new.id) == new
    game.done("bank", "nominate", new.id, to="buyer")


def test_succeed_with_another_title(game):
    old = game.held_bill("shipper", form="straight", order_party=None, consignee="shipper")
    args = {**titles.arguments(game, "switch_bill", "carrier", old), "form": "blank"}
    del args["consignee"]
    game.done("carrier", "switch_bill", old, **args)
    new = game.record(args["record"])
    assert (new.fields["form"], new.fields.get("consignee"), new.order_party) == ("blank", None, None)


def test_split(game):
    old = game.held_bill("shipper", order_party="bank")
    before = game.record(old)
    parts = titles.parts(game, 3)
    outcome = game.done("carrier", "split", old, parts=parts, conservation=digest("c"), also=["shipper"])
    assert game.record(old).replaced_by == [part["record"] for part in parts]
    assert (game.record(old).status, game.record(old).controller) == ("replaced", None)
    for part in parts:
        new = game.record(part["record"])
        assert (new.status, new.sequence, new.document) == ("held", 1, part["document"])
        assert (new.controller, new.order_party, new.replaces) == (game.id("shipper"), game.id("bank"), [old])
        assert new.fields == before.fields
        assert game.number(claim_key(game.id("carrier"), part["number"]["key"])) == new.id
        assert replayed(game, outcome, [before], new.id) == new


def test_merge(game):
    bills = [game.held_bill("shipper", order_party="bank") for _ in range(3)]
    before = [game.record(bill) for bill in bills]
    targets = tuple(Target(one.id, one.sequence, one.head) for one in before)
    args = {**titles.new_bill(game), "conservation": digest("c")}
    outcome = game.done("carrier", "merge", bills[0], **args, also=["shipper"], changes={"targets": targets})
    new = game.record(args["record"])
    assert (new.status, new.controller, new.order_party, new.replaces) == (
        "held", game.id("shipper"), game.id("bank"), bills,
    )  # fmt: skip
    for bill in map(game.record, bills):
        assert (bill.status, bill.controller, bill.replaced_by, bill.entry) == (
            "replaced", None, [new.id], outcome.index,
        )  # fmt: skip
    assert replayed(game, outcome, before, new.id) == new


def test_set_hold(game):
    bill = game.held_bill("shipper")
    assert diff(game, bill, "authority", "hold") == {"hold": game.id("authority"), ".hold_kind": "hold"}


def test_lift_hold(game):
    bill = titles.into(game, "held", "settle_dispute")
    assert game.record(bill).fields["hold_kind"] == "dispute"
    assert diff(game, bill, "authority", "settle_dispute") == {"hold": None, ".hold_kind": None}


def test_transfer_by_order(game):
    bill = titles.into(game, "pledged", "enforce")
    game.done("authority", "hold", bill, reason=digest("reason"))
    insurer = game.id("insurer")
    assert diff(game, bill, "authority", "order_transfer") == {
        "controller": insurer, "beneficiary": None, "order_party": insurer, "pledgee": None, "hold": None,
        "since": game.time, ".due": None, ".notice": None, ".delay": None, ".hold_kind": None,
    }  # fmt: skip
    straight = game.held_bill("shipper", form="straight", order_party=None, consignee="buyer")
    game.done("authority", "hold", straight, reason=digest("reason"))
    changed = diff(game, straight, "authority", "order_transfer")
    assert (changed["controller"], changed[".consignee"]) == (insurer, insurer)
    assert game.record(straight).order_party is None
