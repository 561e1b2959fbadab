"""The order in which a transaction is judged, and every refusal that is no guard's."""

from __future__ import annotations

import pytest
from support.game import HOUR, START, Game, refused
from support.members import Key, digest

from contracts import refusals
from contracts.refusals import RuleRefused, Stale
from contracts.rules import Rules
from contracts.table import RuleTable
from ledger.errors import LadingError, RefusedError
from ledger.times import iso
from ledger.transaction import Target, sign


@pytest.fixture
def game():
    return Game()


def outcome_of(game, transaction, *signers):
    return game.submit(sign(transaction, *(signer.sign for signer in signers)))[0]


def test_the_refusals_come_in_the_promised_order():
    """A transaction that is wrong in every way; each step mends what the last refusal named."""
    game = Game()
    bill = game.held_bill("shipper")
    game.done("shipper", "offer", bill, to="bank", mode="endorse")
    old = game.record(bill)
    game.done("bank", "accept", bill)
    right = game.transaction("bank", "offer", bill, to="buyer", mode="possession")
    target = right.targets[0]
    outsider = Key(digest("outsider"))
    bank = game.members["bank"]
    game.patch(bill, hold=digest("authority"))

    wrong = right._replace(
        ledger=digest("another ledger"),
        targets=(Target(bill, old.sequence, old.head),),
        action="bill_of_lading.sell",
        arguments={**right.arguments, "price": 1},
        actor=digest("nobody"),
        represented=digest("somebody"),
        statement="bill_of_lading.sell@7",
        valid_until=game.time - 1,
    )
    steps = []

    def submit(transaction, *signers, spoil=None):
        entry = sign(transaction, *(signer.sign for signer in signers)).entry
        outcome = game.submit(spoil(entry) if spoil else entry)[0]
        assert outcome.error is not None
        steps.append(outcome.code)

    cut = lambda entry: entry[:-1]  # noqa: E731
    bent = lambda entry: entry[:-1] + bytes([entry[-1] ^ 1])  # noqa: E731
    submit(wrong, outsider, spoil=cut)  # form
    submit(wrong, outsider, spoil=bent)  # signature
    submit(wrong, outsider)  # ledger
    wrong = wrong._replace(ledger=game.ledger)
    submit(wrong, outsider)  # the actor, and whose key it is
    wrong = wrong._replace(actor=bank.id)
    submit(wrong, outsider)
    submit(wrong, bank, outsider)
    submit(wrong, bank)  # time
    wrong = wrong._replace(valid_until=game.time)
    submit(wrong._replace(targets=(Target(digest("no record"), 1, old.head),)), bank)  # sequence
    submit(wrong, bank)
    wrong = wrong._replace(targets=(target,))
    submit(wrong, bank)  # table: action, statement, state, arguments, guards
    wrong = wrong._replace(action="bill_of_lading.accept_surrender")
    submit(wrong, bank)
    wrong = wrong._replace(statement="bill_of_lading.accept_surrender@1")
    submit(wrong, bank)
    wrong = wrong._replace(action=right.action, statement=right.statement)
    submit(wrong, bank)
    wrong = wrong._replace(represented=None)
    submit(wrong, bank)
    wrong = wrong._replace(arguments=right.arguments)
    submit(wrong, bank)
    game.patch(bill, hold=None)
    assert steps == [
        "codec.undecodable",
        "signature.bad_signature",
        "transaction.another_ledger",
        "transaction.actor_unknown",
        "transaction.not_the_actors_key",
        "transaction.not_the_actors_key",
        "transaction.expired",
        "transaction.unknown_record",
        "transaction.stale_sequence",
        "rule.unknown_action",
        "rule.statement_mismatch",
        "rule.wrong_state",
        "rule.bad_arguments",
        "rule.bad_arguments",
        "rule.no_hold",
    ]
    assert wrong == right._replace(valid_until=game.time)
    assert outcome_of(game, wrong, bank).error is None


# (1) signature


def test_an_actor_that_is_no_member(game):
    bill = game.held_bill("shipper")
    for actor in (digest("nobody"), bill):
        transaction = game.transaction("shipper", "surrender", bill, changes={"actor": actor})
        error = refused(outcome_of(game, transaction, game.members["shipper"]), "transaction.actor_unknown")
        assert error.value == actor


def test_a_key_of_another_member(game):
    bill = game.held_bill("shipper")
    outcome = game.act("shipper", "surrender", bill, key=game.members["bank"].key)
    error = refused(outcome, "transaction.not_the_actors_key")
    assert error.value == game.members["bank"].key.public
    assert "shipper" in error.message


def test_a_key_counts_from_its_time_until_its_end(game):
    record, key = game.record(game.id("shipper")), game.members["shipper"].key
    entry = [1, key.public, START + 10, START + 20]
    game.patch(record.id, fields={**record.fields, "keys": [entry]})
    allowed = []
    for time in (START + 9, START + 10, START + 19, START + 20):
        game.time = time
        outcome = game.act("shipper", "invoice.acknowledge", digest("no record"))
        allowed.append(outcome.code != "transaction.not_the_actors_key")
    assert allowed == [False, True, True, False]


def test_a_key_counts_for_its_own_algorithm(game):
    record, key = game.record(game.id("shipper")), game.members["shipper"].key
    game.patch(record.id, fields={**record.fields, "keys": [[2, key.public, START, None]]})
    bill = game.issue_bill()
    refused(game.act("shipper", "accept", bill), "transaction.not_the_actors_key")


def test_a_further_signature_is_by_whom_the_act_concerns_or_refused(game):
    bill = game.held_bill("shipper")
    offer = {"to": "bank", "mode": "endorse"}
    for extra in ("buyer", "stranger", Key(digest("outsider"))):
        refused(game.act("shipper", "offer", bill, also=[extra], **offer), "transaction.not_the_actors_key")
    game.done("shipper", "offer", bill, also=["carrier", "bank"], **offer)


def test_a_further_signature_is_by_a_current_key_of_a_governor(game):
    record = game.record(game.id("carrier"))
    keys = [[*entry[:3], START] for entry in record.fields["keys"]]
    bill = game.held_bill("shipper")
    game.patch(record.id, fields={**record.fields, "keys": keys})
    refused(game.act("shipper", "surrender", bill, also=["carrier"]), "transaction.not_the_actors_key")


# (2) time


def test_a_transaction_is_included_until_its_time_and_no_later(game):
    bill = game.held_bill("shipper")
    signed = game.signed("shipper", "surrender", bill, changes={"valid_until": game.time + HOUR})
    game.tick(HOUR + 1)
    error = refused(game.submit(signed)[0], "transaction.expired")
    assert error.value == iso(game.time - 1)
    assert error.message == (
        "it could be included until 2025-11-24T17:00:00Z, the ledger's time is 2025-11-24T17:00:00.001Z"
    )
    game.time -= 1
    assert game.submit(signed)[0].error is None


# (3) sequence


def test_an_unknown_record(game):
    bill = game.held_bill("shipper")
    for record_id in (digest("no record"), bytes(32)):
        target = Target(record_id, 1, game.record(bill).head)
        outcome = game.act("shipper", "surrender", bill, changes={"targets": (target,)})
        assert refused(outcome, "transaction.unknown_record").value == record_id


def test_a_stale_sequence_tells_the_newest_entry(game):
    bill = game.held_bill("shipper")
    first = game.signed("shipper", "offer", bill, to="bank", mode="endorse")
    second = game.signed("shipper", "offer", bill, to="buyer", mode="endorse")
    winner = game.submit(first)[0].index
    error = refused(game.submit(second)[0], "transaction.stale_sequence")
    assert isinstance(error, Stale)
    assert (error.record, error.sequence) == (bill, 2)
    assert error.message == f"signed on sequence 2, the record is at 3: entry {winner} is its newest"


@pytest.mark.parametrize("sequence", [0, 1, 3, 2**63 - 1])
def test_another_sequence_is_stale(game, sequence):
    bill = game.held_bill("shipper")
    target = Target(bill, sequence, game.record(bill).head)
    refused(game.act("shipper", "surrender", bill, changes={"targets": (target,)}), "transaction.stale_sequence")


def test_the_right_sequence_of_another_history_is_stale(game):
    bill = game.held_bill("shipper")
    target = Target(bill, 2, digest("another head"))
    outcome = game.act("shipper", "surrender", bill, changes={"targets": (target,)})
    assert "sequence 2 of another history" in refused(outcome, "transaction.stale_sequence").message


def test_several_records_in_one_act(game):
    bill, other = game.held_bill("shipper"), game.held_bill("shipper")
    targets = tuple(Target(one, 2, game.record(one).head) for one in (bill, other))
    outcome = game.act("shipper", "surrender", bill, changes={"targets": targets})
    assert refused(outcome, "rule.bad_arguments").value == 2
    stale = (targets[0], targets[1]._replace(sequence=1))
    refused(game.act("shipper", "surrender", bill, changes={"targets": stale}), "transaction.stale_sequence")


# (4) table


@pytest.mark.parametrize(
    "action",
    ["bill_of_lading.sell", "bill_of_lading", "", ".", "bill_of_lading.", "sea_waybill.void", "offer", "a.b.c",
     "bill_of_lading.offer.offer"],
)  # fmt: skip
def test_an_unknown_action(game, action):
    bill = game.held_bill("shipper")
    outcome = game.act("shipper", "surrender", bill, changes={"action": action, "statement": f"{action}@1"})
    assert refused(outcome, "rule.unknown_action").value == action


def test_an_action_of_no_table_without_a_record(game):
    transaction = game.transaction("carrier", "rule_table.adopt", None)
    refused(outcome_of(game, transaction, game.members["carrier"]), "rule.unknown_action")


def test_the_records_that_no_table_rules_are_left_alone(game):
    table = game.rules.table("invoice").hash
    refused(game.act("carrier", "rule_table.adopt", table), "rule.unknown_action")


@pytest.mark.parametrize(
    "statement", ["", "bill_of_lading.surrender", "bill_of_lading.surrender@2", "invoice.settle@1"]
)
def test_a_statement_of_another_action_or_version(game, statement):
    bill = game.held_bill("shipper")
    outcome = game.act("shipper", "surrender", bill, changes={"statement": statement})
    assert refused(outcome, "rule.statement_mismatch").value == statement


def test_a_wrong_state_names_the_right_ones(game):
    bill = game.held_bill("shipper")
    error = refused(game.act("shipper", "accept", bill), "rule.wrong_state")
    assert error.message == "bill_of_lading.accept is done from issued, offered; the record is held"


def test_an_issue_on_a_record_that_is_there(game):
    bill = game.held_bill("shipper")
    error = refused(game.act("carrier", "issue", bill, **game.bill_arguments()), "rule.wrong_state")
    assert error.message == "bill_of_lading.issue is done from new; the record is held"


def test_a_dead_record_says_since_when_and_by_which_entry(game):
    bill = game.held_bill("shipper")
    game.done("shipper", "surrender", bill)
    game.done("carrier", "accept_surrender", bill)
    game.tick()
    entry = game.done("carrier", "confirm_delivery", bill).index
    game.tick()
    for action in ("offer", "surrender", "accept", "void", "issue"):
        error = refused(game.act("shipper", action, bill), "rule.wrong_state")
        assert error.message == (
            f"the bill of lading is delivered since 2025-11-24T17:00:00Z, by entry {entry}; "
            "nothing can be done with it any more"
        )
        assert error.value == bill


def test_an_act_on_a_record_that_names_none(game):
    transaction = game.transaction("shipper", "bill_of_lading.surrender", None)
    error = refused(outcome_of(game, transaction, game.members["shipper"]), "transaction.unknown_record")
    assert "bill_of_lading.surrender acts on a record" in error.message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to": None}, "the argument to is missing"),
        ({"mode": "sale"}, "the argument mode is none of endorse, blank, possession"),
        ({"mode": 1}, "the argument mode is not a code"),
        ({"to": b"short"}, "the argument to is not 32 bytes that name a party"),
        ({"until": -1}, "the argument until is not ledger time"),
        ({"until": "tomorrow"}, "the argument until is not ledger time"),
        ({"price": 1}, "the action has no argument price"),
    ],
)
def test_bad_arguments(game, change, message):
    bill = game.held_bill("shipper")
    args = {"to": "bank", "mode": "endorse", **change}
    error = refused(game.act("shipper", "offer", bill, **args), "rule.bad_arguments")
    assert error.message.startswith(f"bill_of_lading.offer: {message}")


def test_an_argument_that_is_nil_is_refused(game):
    """An optional argument is left out: nothing else means nothing, so that one act has one form."""
    bill = game.held_bill("shipper")
    args = {"to": game.id("bank"), "mode": "endorse", "until": None}
    outcome = game.act("shipper", "offer", bill, changes={"arguments": args})
    refused(outcome, "rule.bad_arguments")


def test_nobody_acts_for_another_without_a_mandate(game):
    bill = game.held_bill("shipper")
    outcome = game.act("shipper", "surrender", bill, changes={"represented": game.id("bank")})
    assert refused(outcome, "transaction.no_mandate").value == game.id("bank")


def test_a_record_that_would_outgrow_the_state():
    names = {"type": "names", "optional": True, "about": "a"}
    fields_ = dict.fromkeys(("one", "two", "three"), names)
    act = {"about": "a", "statement": "a", "moves": {"open": "open"}}
    plain = {
        "kind": "log", "version": 1, "title": "Log", "fields": fields_,
        "states": {"open": {"about": "a"}},
        "actions": {
            "open": {**act, "moves": {"new": "open"}, "arguments": {"record": {"type": "id", "about": "a"}},
                     "guards": ["record_is_new@1"], "effects": ["create@1"]},
            **{f"write_{name}": {**act, "arguments": {name: names},
                                 "effects": [{"set_field@1": {"field": name, "argument": name}}]} for name in fields_},
        },
    }  # fmt: skip
    game = Game()
    game.rules = Rules([*game.tables, RuleTable.from_plain(plain)], game.rules.governors, {})
    record = game.fresh()
    game.done("bank", "log.open", record=record)
    much = {f"k{n:02}": "𝄞" * 470 for n in range(16)}
    game.done("bank", "write_one", record, one=much)
    game.done("bank", "write_two", record, two=much)
    assert len(game.record(record).encode()) == 60_569
    error = refused(game.act("bank", "write_three", record, three=much), "rule.record_too_large")
    assert error.value == record
    assert game.record(record).sequence == 3


# What a refusal is


def test_a_refusal_changes_nothing(game):
    bill = game.held_bill("shipper")
    before = (dict(game.records), dict(game.numbers), game.chain.size, game.chain.head)
    encoded = game.record(bill).encode()
    refused(game.act("bank", "offer", bill, to="buyer", mode="endorse"), "rule.controller_signs")
    refused(game.act("bank", "surrender", bill), "rule.controller_signs")
    assert (game.records, game.numbers, game.chain.size, game.chain.head) == before
    assert game.record(bill).encode() == encoded


def test_every_refusal_has_a_code_a_hint_and_a_place_in_the_tree():
    classes = [getattr(refusals, name) for name in refusals.__all__ if name != "GuardFailed"]
    for cls in classes:
        assert issubclass(cls, RefusedError)
        assert cls.code
        assert cls.hint
    assert not issubclass(refusals.GuardFailed, LadingError)


def test_a_rule_that_refuses_is_named_whole():
    error = RuleRefused("no", rule="note.shut", guard="no_hold@1", hint="wait", value=b"\x01")
    assert error.as_dict() == {
        "code": "rule.no_hold",
        "message": "no (rule note.shut: no_hold@1)",
        "value": "01",
        "hint": "wait",
    }
