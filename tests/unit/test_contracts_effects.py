"""Every effect by its name: what it changes, and that it changes nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from support.game import HOUR, RULEBOOK, Game
from support.members import Key, digest, member

from contracts.guards import key_proof_message
from contracts.vocabulary import EFFECTS
from ledger.hashing import ZERO, claim_key, number_key
from ledger.member import alias_key
from ledger.record import Pending, Record

ALL = (
    "id", "kind", "version", "status", "sequence", "head", "entry", "since", "issuer", "controller", "beneficiary",
    "order_party", "nominee", "pending", "pledgee", "hold", "locked_until", "document", "replaces", "replaced_by",
    "fields",
)  # fmt: skip


@pytest.fixture
def game():
    return Game()


def test_every_effect_has_its_test_here():
    names = {name.partition("@")[0] for name in EFFECTS}
    files = Path(__file__).parent.glob("test_contracts_effects*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [name for name in sorted(names) if f"def test_{name}(" not in source] == []


def diff(game, record_id, who, action, **args):
    """The elements of a record that one act changes, but for those that every act sets."""
    before = game.record(record_id)
    outcome = game.done(who, action, record_id, **args)
    after = game.record(record_id)
    assert (after.sequence, after.head, after.entry) == (before.sequence + 1, outcome.signed.leaf, outcome.index)
    always = ("status", "sequence", "head", "entry")
    return {
        name: getattr(after, name)
        for name in ALL
        if name not in always and getattr(before, name) != getattr(after, name)
    }


def run(name, record, time=1000, **args):
    """One effect alone, on a record."""
    act = SimpleNamespace(record=record, args=args, time=time, numbers={})
    parameters = args.pop("parameters", {})
    EFFECTS[name].function(act, **parameters)
    return act


def bare(**elements):
    fields = {"id": digest("r"), "kind": "k", "version": 1, "status": "s", "sequence": 1, "head": ZERO, "entry": 0}
    return Record(**{**fields, "since": 5, "issuer": digest("issuer"), **elements})


def test_create(game):
    args = game.bill_arguments()
    outcome = game.done("carrier", "bill_of_lading.issue", **args)
    record = game.record(args["record"])
    assert record == Record(
        id=args["record"],
        kind="bill_of_lading",
        version=1,
        status="issued",
        sequence=1,
        head=outcome.signed.leaf,
        entry=outcome.index,
        since=game.time,
        issuer=game.id("carrier"),
        controller=game.id("carrier"),
        order_party=game.id("shipper"),
        pending=Pending(game.id("shipper"), "possession", None, "issue"),
        document=args["document"],
        fields={"form": "order", "law": "SG", "clause": "BIMCO-EBILL-2025", "place": "CNSHA", "rulebook": RULEBOOK},
    )
    assert list(record.fields) == sorted(record.fields)


def test_create_member(game):
    new = member("newcomer", "bank", "insurer", codes=("SMDG:NEWC",), names={"en": "New", "zh": "新"})
    game.tick()
    outcome = game.enrol(new, "carrier")
    record = game.record(new.id)
    assert record == Record(
        id=new.id,
        kind="member",
        version=1,
        status="active",
        sequence=1,
        head=outcome.signed.leaf,
        entry=outcome.index,
        since=game.time,
        issuer=new.id,
        controller=new.id,
        fields={
            "address": "",
            "alias": "newcomer",
            "codes": ["SMDG:NEWC"],
            "cosigners": {},
            "encryption": new.card.encryption,
            "keys": [[1, new.key.public, game.time, None]],
            "lei": "",
            "names": {"en": "New", "zh": "新"},
            "registration": "REG-newcomer",
            "roles": ["bank", "insurer"],
        },
    )


def test_claim_number(game):
    bill = game.issue_bill(number_text="A1")
    inner = number_key(game.ledger, "transport_document", game.id("carrier"), "A1")
    assert game.number(claim_key(game.id("carrier"), inner)) == bill
    assert game.number(inner) is None


def test_claim_alias(game):
    assert game.enrol(member("newcomer", "bank"), "carrier").error is None
    assert game.number(alias_key(game.ledger, "newcomer")) == game.id("newcomer")
    assert game.number(alias_key(game.ledger, "bank")) == game.id("bank")


def test_set_order_party():
    assert run("set_order_party@1", bare(), order_party=digest("p")).record.order_party == digest("p")
    assert run("set_order_party@1", bare(order_party=digest("q"))).record.order_party is None


def test_offer_to(game):
    bill = game.held_bill("shipper")
    until = game.time + HOUR
    changed = diff(game, bill, "shipper", "offer", to="bank", mode="endorse", until=until)
    assert changed == {"pending": Pending(game.id("bank"), "endorse", until, "transfer")}
    invoice = game.issue("shipper", "invoice")
    changed = diff(game, invoice, "shipper", "request_finance", to="bank")
    assert changed == {"pending": Pending(game.id("bank"), "possession", None, "finance")}


def test_offer_to_issuer(game):
    bill = game.held_bill("shipper")
    changed = diff(game, bill, "shipper", "surrender")
    assert changed == {"pending": Pending(game.id("carrier"), "possession", None, "surrender_for_delivery")}


@pytest.mark.parametrize(("who", "action"), [("bank", "reject"), ("shipper", "recall"), ("stranger", "expire")])
def test_clear_offer(game, who, action):
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to="bank", mode="endorse", until=game.time + HOUR)
    game.tick(HOUR + 1)
    assert diff(game, bill, who, action) == {"pending": None}
    assert game.record(bill).status == "held"


@pytest.mark.parametrize(
    ("form", "mode", "order_party", "after"),
    [
        ("order", "endorse", "bank", "order"),
        ("order", "blank", None, "blank"),
        ("order", "possession", "shipper", "order"),
        ("blank", "endorse", "bank", "order"),
        ("blank", "possession", None, "blank"),
    ],
)
def test_endorse(game, form, mode, order_party, after):
    bill = game.held_bill("shipper", form=form, **({} if form == "order" else {"order_party": None}))
    game.done("shipper", "offer", bill, to="bank", mode=mode)
    before = game.record(bill)
    assert (before.order_party, before.fields["form"]) == (game.id("shipper") if form == "order" else None, form)
    game.done("bank", "accept", bill)
    record = game.record(bill)
    assert (record.order_party, record.fields["form"]) == (order_party and game.id(order_party), after)
    assert before.fields["form"] == form


def test_move_control(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to="bank", mode="possession")
    game.tick()
    changed = diff(game, bill, "bank", "accept")
    assert changed == {"controller": game.id("bank"), "since": game.time, "pending": None}


def test_move_control_to_who_has_it_already(game):
    """A carrier that holds its own bill accepts its own surrender: it has been in control since it took the bill."""
    bill = game.held_bill("shipper")
    game.pass_on(bill, "shipper", "carrier")
    game.done("carrier", "surrender", bill)
    game.tick()
    assert diff(game, bill, "carrier", "accept_surrender") == {"pending": None}


def test_end_control(game):
    bill = game.issue_bill()
    game.tick()
    changed = diff(game, bill, "carrier", "void")
    assert changed == {"controller": None, "since": game.time, "pending": None}
    assert game.record(bill).status == "void"


def test_set_field():
    record = bare(fields={"a": 1})
    parameters = {"field": "a", "argument": "x"}
    assert run("set_field@1", record, parameters=parameters, x=2).record.fields == {"a": 2}
    assert run("set_field@1", record, parameters=parameters).record.fields == {"a": 2}


def test_set_field_to_time(game):
    invoice = game.issue("shipper", "invoice", buyer="buyer")
    before = game.record(invoice).fields
    game.tick()
    changed = diff(game, invoice, "buyer", "acknowledge")
    assert changed == {"fields": {**before, "acknowledged_at": game.time}}
    assert "acknowledged_at" not in before


def test_replace_key(game):
    bank, key = game.members["bank"], Key(digest("second"))
    start = game.time
    proof = key.sign(key_proof_message(bank.id, key.public))[2]
    game.tick()
    before = game.record(bank.id)
    changed = diff(game, bank.id, "bank", "member.rotate_key", public_key=key.public, proof=proof)
    keys = [[1, bank.key.public, start, game.time], [1, key.public, game.time, None]]
    assert changed == {"fields": {**before.fields, "keys": keys}}
    assert before.fields["keys"] == [[1, bank.key.public, start, None]]
