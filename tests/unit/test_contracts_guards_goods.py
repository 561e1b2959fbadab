"""The guards of the other kinds: where each holds the act is accepted, where it does not the refusal names it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from support import goods
from support.game import HOUR, Game, refused
from support.members import digest

from contracts.goods_words import MAX_LIST
from contracts.refusals import GuardFailed
from contracts.vocabulary import GUARDS
from ledger.hashing import number_key, release_code_hash
from ledger.record import Record
from ledger.times import iso


@pytest.fixture
def game():
    return Game(goods.CAST, governors=["operator"])


def bare(**elements):
    fields = {"id": digest("r"), "kind": "k", "version": 1, "status": "s", "sequence": 1, "head": bytes(32), "entry": 0}
    return Record(**{**fields, "since": 5, "issuer": digest("issuer"), **elements})


def check(name, game, who, record=None, parameters=None, **args):
    """One guard alone; the failure, or nothing."""
    member = game.record(game.id(who))
    act = SimpleNamespace(
        actor=member, party=member.id, record=record, args=args, world=_World(game), signers=frozenset([member.id]),
        time=game.time,
    )  # fmt: skip
    try:
        GUARDS[name].function(act, **(parameters or {}))
    except GuardFailed as failed:
        return failed
    return None


class _World:
    def __init__(self, game):
        self.record, self.number, self.height = game.record, game.number, len(game.batches)


def test_issuer_or_field_party_signs(game):
    order = goods.into(game, "delivery_order", "held")
    error = refused(game.act("buyer", "pick_up", order, code=goods.CODE), "rule.issuer_or_field_party_signs")
    assert error.message.startswith("buyer is neither the issuer nor the depot of the record")
    game.done("warehouse", "pick_up", order, code=goods.CODE)
    game.done("carrier", "pick_up", goods.into(game, "delivery_order", "held"), code=goods.CODE)


def test_issuer_or_field_party_signs_where_the_record_names_none(game):
    order = goods.issue(game, "delivery_order", depot=None)
    game.done("buyer", "accept", order, code_hash=release_code_hash(order, goods.CODE))
    refused(game.act("warehouse", "pick_up", order, code=goods.CODE), "rule.issuer_or_field_party_signs")
    game.done("carrier", "pick_up", order, code=goods.CODE)


def test_controller_signs_too(game):
    order = goods.into(game, "delivery_order", "held")
    error = refused(game.act("carrier", "cancel", order), "rule.controller_signs_too")
    assert error.message.startswith("buyer, who is in control, has not signed")
    assert error.value == "buyer"
    game.done("carrier", "cancel", order, also=["buyer"])
    game.done("carrier", "cancel", goods.into(game, "delivery_order", "issued"))


def test_argument_is_actor(game):
    entry = goods.into(game, "data_catalogue_entry", "listed")
    error = refused(game.act("shipper", "give_up", entry, party="buyer"), "rule.argument_is_actor")
    assert error.value == "buyer"
    game.done("buyer", "give_up", entry, party="buyer")


@pytest.mark.parametrize(
    ("form", "order_party", "good"),
    [("order", "buyer", True), ("order", None, False), ("blank", None, True), ("blank", "buyer", False)],
)
def test_order_fits_form(game, form, order_party, good):
    party = {"order_party": game.id(order_party)} if order_party else {}
    failed = check("order_fits_form@1", game, "carrier", form=form, **party)
    assert (failed is None) is good
    if failed:
        assert (failed.message, failed.value) == (f"the order party does not fit the form {form}", form)


@pytest.mark.parametrize(
    ("form", "order_party", "mode", "message"),
    [
        ("order", "buyer", "endorse", ""),
        ("order", "buyer", "blank", ""),
        ("order", "buyer", "possession", ""),
        ("order", "bank", "endorse", "the document is to the order of bank, which alone can endorse it"),
        ("order", "bank", "blank", "the document is to the order of bank, which alone can endorse it"),
        ("order", "bank", "possession", ""),
        ("blank", None, "endorse", ""),
        ("blank", None, "blank", "the document is to bearer already"),
        ("blank", None, "possession", ""),
    ],
)
def test_endorser_signs(game, form, order_party, mode, message):
    record = bare(order_party=order_party and game.id(order_party), fields={"form": form})
    failed = check("endorser_signs@1", game, "buyer", record, mode=mode)
    assert (failed.message if failed else "") == message


@pytest.mark.parametrize(
    ("form", "order_party", "message"),
    [
        ("order", "buyer", ""),
        ("order", "bank", "buyer holds the document, and it stands to the order of bank"),
        ("blank", None, ""),
    ],
)
def test_holder_is_entitled(game, form, order_party, message):
    record = bare(controller=game.id("buyer"), order_party=order_party and game.id(order_party), fields={"form": form})
    failed = check("holder_is_entitled@1", game, "warehouse", record)
    assert (failed.message if failed else "") == message


def test_argument_record_is(game):
    for bill, message in (
        (game.held_bill("shipper"), "the record in bill is held, and must be surrender_accepted"),
        (game.id("carrier"), "the record in bill is no bill_of_lading of this ledger"),
        (digest("nothing"), "the record in bill is no bill_of_lading of this ledger"),
    ):
        args = goods.issue_arguments(game, "carrier", "delivery_order", bill=bill)
        error = refused(game.act("carrier", "delivery_order.issue", **args), "rule.argument_record_is")
        assert error.message.startswith(message)
        assert error.value == bill
    args = goods.issue_arguments(game, "carrier", "delivery_order", bill=goods.surrendered(game))
    game.done("carrier", "delivery_order.issue", **args)


def test_field_record_is(game):
    bill, order = goods.surrendered(game), bare(fields={"bill": b""})
    asked = {"field": "bill", "kind": "bill_of_lading", "state": "surrender_accepted or delivered"}
    for found, message in (
        (bill, ""),
        (game.held_bill("shipper"), "the record in bill is held, and must be surrender_accepted or delivered"),
        (digest("nothing"), "the record in bill is no bill_of_lading of this ledger"),
    ):
        order.fields["bill"] = found
        failed = check("field_record_is@1", game, "carrier", order, asked)
        assert (failed.message if failed else "") == message
    game.patch(bill, hold=game.id("authority"))
    order.fields["bill"] = bill
    assert check("field_record_is@1", game, "carrier", order, asked).message == (
        "the record in bill is on hold by authority"
    )


def test_argument_record_is_one_of_several_states(game):
    old = goods.issue(game, "carbon_footprint")
    for state in ("stated", "in_verification", "verified"):
        new = goods.into(game, "carbon_footprint", state)
        assert check("argument_record_is@1", game, "shipper", None,
                     {"argument": "by", "kind": "carbon_footprint", "state": "stated or in_verification or verified"},
                     by=new) is None  # fmt: skip
    game.done("shipper", "withdraw", new)
    refused(game.act("shipper", "supersede", old, by=new), "rule.argument_record_is")


def test_argument_record_is_own(game):
    others = goods.surrendered(game, "rival")
    args = goods.issue_arguments(game, "carrier", "delivery_order", bill=others)
    error = refused(game.act("carrier", "delivery_order.issue", **args), "rule.argument_record_is_own")
    assert error.value == others
    event, other = goods.issue(game, "traceability_event"), goods.issue(game, "traceability_event", "shipper")
    refused(game.act("warehouse", "correct", event, by=other), "rule.argument_record_is_own")


def test_argument_record_is_own_only_while_in_control(game):
    bill = game.issue_bill()
    assert check("argument_record_is_own@1", game, "carrier", None, {"argument": "bill"}, bill=bill) is None
    game.done("shipper", "accept", bill)
    assert check("argument_record_is_own@1", game, "carrier", None, {"argument": "bill"}, bill=bill).value == bill


def test_argument_is_another_record(game):
    event = goods.issue(game, "traceability_event")
    error = refused(game.act("warehouse", "correct", event, by=event), "rule.argument_is_another_record")
    assert error.value == event
    game.done("warehouse", "correct", event, by=goods.issue(game, "traceability_event"))


def test_claim_is_free(game):
    bill = goods.surrendered(game)

    def order(**changes):
        return goods.issue_arguments(game, "carrier", "delivery_order", bill=bill, **changes)

    first = order()
    game.done("carrier", "delivery_order.issue", **first)
    error = refused(game.act("carrier", "delivery_order.issue", **order()), "rule.claim_is_free")
    assert error.message.startswith("another record holds the container under the bill; it is issued")
    assert error.value == first["record"]
    other = order(container=goods.container(game, bill, "JWCU7183055"))
    game.done("carrier", "delivery_order.issue", **other)
    game.done("carrier", "cancel", first["record"])
    second = order()
    game.done("carrier", "delivery_order.issue", **second)
    claimed = number_key(game.ledger, "claim", bill, second["container"].hex())
    assert game.number(claimed) == second["record"]


def test_claim_is_free_never_again_once_it_is_used_up(game):
    order = goods.into(game, "delivery_order", "picked_up")
    bill = game.record(order).fields["bill"]
    again = goods.issue_arguments(game, "carrier", "delivery_order", bill=bill)
    error = refused(game.act("carrier", "delivery_order.issue", **again), "rule.claim_is_free")
    assert "it is picked_up" in error.message


def test_code_opens(game):
    order = goods.into(game, "delivery_order", "held")
    error = refused(game.act("carrier", "pick_up", order, code="7Q4MH2XK9DTRWAB3C5EG"), "rule.code_opens")
    assert error.value is None, "a wrong code is not repeated in the refusal"
    game.done("buyer", "offer", order, to="forwarder")
    other = "0000000000000000000A"
    game.done("forwarder", "accept", order, code_hash=release_code_hash(order, other))
    refused(game.act("carrier", "pick_up", order, code=goods.CODE), "rule.code_opens")
    game.done("carrier", "pick_up", order, code=other)


def test_code_opens_one_record_alone(game):
    """A code that was revealed for one order, or its hash copied into another, opens nothing else."""
    first, second = goods.into(game, "delivery_order", "picked_up"), goods.issue(game, "delivery_order")
    game.done("buyer", "accept", second, code_hash=game.record(first).fields["code_hash"])
    refused(game.act("carrier", "pick_up", second, code=goods.CODE), "rule.code_opens")


def test_field_time_has_not_passed(game):
    order = goods.issue(game, "delivery_order", release_until=game.time + HOUR)
    game.done("buyer", "accept", order, code_hash=release_code_hash(order, goods.CODE))
    ends = game.tick(HOUR)
    game.tick(1)
    error = refused(game.act("carrier", "pick_up", order, code=goods.CODE), "rule.field_time_has_not_passed")
    assert error.value == iso(ends)
    game.tick(-1)
    game.done("carrier", "pick_up", order, code=goods.CODE)


def test_party_can_be_listed(game):
    entry = goods.into(game, "data_catalogue_entry", "listed")
    error = refused(game.act("shipper", "grant", entry, to="buyer"), "rule.party_can_be_listed")
    assert (error.message.partition(" (")[0], error.value) == ("to is among readers already", "buyer")
    full = [digest("reader", at) for at in range(MAX_LIST)]
    game.patch(entry, fields={"readers": full[1:]})
    game.done("shipper", "grant", entry, to="bank")
    error = refused(game.act("shipper", "grant", entry, to="buyer"), "rule.party_can_be_listed")
    assert (error.message.partition(" (")[0], error.value) == (
        "readers has 64 parties, the most that it holds", MAX_LIST,
    )  # fmt: skip


def test_party_is_listed(game):
    entry = goods.into(game, "data_catalogue_entry", "listed")
    error = refused(game.act("shipper", "revoke", entry, party="bank"), "rule.party_is_listed")
    assert error.value == "bank"
    game.done("shipper", "revoke", entry, party="buyer")
    refused(game.act("shipper", "revoke", entry, party="buyer"), "rule.party_is_listed")
