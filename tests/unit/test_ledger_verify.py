"""The twelve steps: what each says, which rests on which, and what a reader's time and policy make of them.

Forgeries are in tests/attacks/test_forged_bundle.py and test_forged_document.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.forging import UNKNOWN, VALID, Proven, assert_fails, failed
from support.members import Key, digest, member
from support.proven import Trade, policy_of

from contracts.guards import key_proof_message
from ledger.bundle import BundleEntry, StateProof
from ledger.evidence import Evidence, Unreadable
from ledger.merkle import inclusion_path
from ledger.policy import Policy
from ledger.record import Record
from ledger.report import Report, Verdict
from ledger.times import iso
from ledger.verify import _STEPS as STEPS
from ledger.verify import DEFAULT_MAX_AGE, verify
from ledger.verify_control import NotFresh, check_fresh
from nodes.keystore import KeyName
from nodes.proofs import Prover


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


def details(report: Report) -> dict[int, str]:
    return {step.number: step.detail for step in report.steps}


def test_every_step_says_what_it_found(proven):
    said = details(proven.check(proven.bundle))
    size = len(proven.bundle.encode())
    assert said == {
        1: f"{size:,} bytes",
        2: f"ledger {proven.trade.genesis.id.hex()[:16]}… of ledger.example/test, 4 founding members",
        3: "a checkpoint of 17 entries",
        4: "cosigned by carrier, shipper, bank; that the rules were kept rests on their replay",
        5: "9 entries and the genesis",
        6: "5 commits, from 2025-11-24T16:00:01Z to 2025-11-24T16:00:05Z",
        7: "3 members; that no key was revoked at its act rests on the cosigners' replay",
        8: "4 signatures",
        9: "4 acts, from entry 7 to entry 13",
        10: f"{len(proven.bundle.document.original)} bytes, 9 leaves",
        11: "held, bank is in control since 2025-11-24T16:00:04Z",
        12: "bank is in control since 2025-11-24T16:00:04Z, as of 2025-11-24T16:00:05Z",
    }


def test_what_was_established_is_given_as_facts_and_events(proven):
    report = proven.check(proven.bundle)
    carrier, shipper, bank = (
        {"alias": alias, "names": {"en": f"{alias.title()} Ltd"}, "lei": ""} for alias in ("carrier", "shipper", "bank")
    )
    assert report.facts == {
        "ledger": proven.trade.genesis.id.hex(),
        "origin": "ledger.example/test",
        "log_size": 17,
        "record": proven.bill.hex(),
        "kind": "bill_of_lading",
        "issuer": "carrier",
        "issuer_party": carrier,
        "parties": [carrier, shipper, bank],
        "number": "OCLU0001",
        "number_is_unique": True,
        "status": "held",
        "controller": "bank",
        "controller_party": bank,
        "since": proven.trade.time - 1_000,
        "as_of": proven.trade.time,
    }
    told = [(event.index, event.action, event.actor, event.to, event.mode) for event in report.events]
    assert told == [
        (7, "issue", "carrier", "shipper", ""),
        (9, "accept", "shipper", "", ""),
        (11, "offer", "shipper", "bank", "endorse"),
        (13, "accept", "bank", "", ""),
    ]
    assert [event.key for event in report.events] == [
        proven.trade.members[alias].key.public for alias in ("carrier", "shipper", "shipper", "bank")
    ]


def test_a_file_that_is_no_bundle_leaves_every_step_unchecked(proven):
    report = proven.check(b"{}")
    assert [step.number for step in report.steps] == list(range(1, 13))
    assert {step.verdict for step in report.steps} == {UNKNOWN}
    assert {step.code for step in report.steps[1:]} == {"verify.not_reached"}
    assert {step.detail for step in report.steps[1:]} == {"not checked, because step 1 does not hold"}
    assert (report.history, report.control) == (UNKNOWN, UNKNOWN)
    assert (report.events, report.facts) == ([], {})


def test_a_step_rests_on_those_that_it_needs(proven):
    other_ledger = policy_of(proven.trade.keys.public_key(KeyName.LOG), origin="ledger.example/other")
    report = proven.check(proven.bundle, policy=other_ledger)
    assert_fails(report, 2, UNKNOWN, "verify.other_ledger")
    assert details(report)[3] == "not checked, because step 2 does not hold"
    assert details(report)[4] == "not checked, because step 3 does not hold"
    assert details(report)[12] == "not checked, because step 4 does not hold"


def test_steps_that_do_not_rest_on_a_failed_one_are_still_checked(proven):
    """The quorum is missing: everything that the log's own signature shows is shown."""
    strict = policy_of(proven.trade.keys.public_key(KeyName.LOG), threshold=4)
    report = proven.check(proven.bundle, policy=strict)
    assert [step.number for step in report.steps if step.verdict is not VALID] == [4, 12]


def test_a_policy_without_a_log_knows_no_ledger(proven):
    report = proven.check(proven.bundle, policy=Policy())
    assert_fails(report, 2, UNKNOWN, "verify.other_ledger")
    assert failed(report).detail.endswith("the policy of none")


def test_without_witnesses_the_logs_own_word_is_taken_and_said_to_be_alone(proven):
    alone = policy_of(proven.trade.keys.public_key(KeyName.LOG), threshold=0)
    report = proven.check(proven.bundle, policy=alone)
    assert report.verdict is VALID
    assert report.facts["warnings"] == ["no independent witness"]
    assert report.facts["as_of"] == proven.trade.time, "the time of the last commit"


@pytest.mark.parametrize(
    ("ago", "verdict"),
    [(0, VALID), (DEFAULT_MAX_AGE, VALID), (DEFAULT_MAX_AGE + 1, UNKNOWN), (-60_000, VALID), (-60_001, UNKNOWN)],
)
def test_a_live_record_is_judged_by_the_age_of_the_cosignatures(proven, ago, verdict):
    assert proven.check(proven.bundle, at=proven.trade.time + ago).control is verdict


def test_the_age_is_that_of_the_cosignature_that_completes_the_quorum(proven):
    """Two of three have cosigned an hour later than the third: the quorum stood by it at the third's time."""
    trade = Trade()
    bill = trade.bill()
    trade.cosign("carrier", at=trade.time)
    trade.cosign("shipper", "bank", at=trade.time + 3_600_000)
    report = proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time + 3_600_000)
    assert_fails(report, 12, UNKNOWN, "verify.not_fresh")
    assert report.facts["as_of"] == trade.time


def test_nobody_is_in_control_of_a_dead_record_however_old_the_proof(proven):
    trade = Trade()
    bill = trade.bill()
    trade.act("bank", "surrender", bill)
    trade.act("carrier", "accept_surrender", bill)
    done = trade.act("carrier", "confirm_delivery", bill)
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time + 10**12)
    assert report.verdict is VALID
    since = iso(trade.time)
    assert report.control_reason == f"nobody is in control: delivered since {since}, by entry {done.index}"
    assert report.steps[10].detail == f"delivered, nobody is in control since {since}"
    assert report.facts["controller"] is None


@pytest.mark.parametrize(("at", "verdict"), [(999, VALID), (1_000 + DEFAULT_MAX_AGE, UNKNOWN)])
def test_a_lock_holds_until_its_time(proven, at, verdict):
    evidence = Evidence(proven.bundle, proven.trade.policy, at=10**13 + at, max_age=0)
    for _, _, check, _ in STEPS[:-1]:
        check(evidence)
    evidence.the_state().locked_until = 10**13 + 1_000
    if verdict is VALID:
        shown = check_fresh(evidence)
        assert shown.startswith("bank was in control at ")
        assert shown.endswith(", locked until 2286-11-20T17:46:41Z but for the presentee")
        evidence.max_age = 10**13
        assert check_fresh(evidence) == "bank is in control, locked until 2286-11-20T17:46:41Z"
    else:
        with pytest.raises(NotFresh, match="bank was in control"):
            check_fresh(evidence)


def test_the_newest_checkpoint_is_not_needed(proven):
    """The bill has gone on since; under the checkpoint of then everything holds, as of then."""
    trade = Trade()
    bill = trade.bill()
    then = trade.cosign("carrier", "shipper", "bank")
    trade.pass_on(bill, "bank", "buyer")
    report = proven.check(trade.bundle(bill, checkpoint=then), policy=trade.policy, at=trade.time)
    assert report.verdict is VALID
    assert report.facts["controller"] == "bank"


def test_a_member_that_was_enrolled_later_is_known_by_its_entry(proven):
    trade = Trade()
    trade.enrol(member("newcomer", "bank"))
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    trade.pass_on(bill, "shipper", "newcomer")
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time)
    assert report.verdict is VALID
    assert report.facts["controller"] == "newcomer"
    assert report.events[-1].key == trade.members["newcomer"].key.public


def test_a_member_that_several_governors_enrolled_is_known_by_its_entry(proven):
    trade = Trade(governors=("carrier", "bank", "buyer"))
    trade.enrol(member("newcomer", "bank"), "bank", "buyer")
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    trade.pass_on(bill, "shipper", "newcomer")
    trade.cosign("carrier", "shipper", "bank")
    report = proven.check(trade.bundle(bill), policy=trade.policy, at=trade.time)
    assert report.verdict is VALID
    assert report.steps[7].detail == "7 signatures"


def rotated() -> tuple[Trade, bytes, Key]:
    """A ledger on which the bank has replaced its key after it took the bill."""
    trade = Trade()
    bill = trade.bill()
    new = Key(digest("the bank's new key"))
    proof = new.sign(key_proof_message(trade.id("bank"), new.public))[2]
    trade.act("bank", "rotate_key", trade.id("bank"), public_key=new.public, proof=proof)
    return trade, bill, new


def test_an_act_with_a_new_key_is_shown_by_the_entry_that_replaced_the_old_one(proven):
    trade, bill, new = rotated()
    trade.act("bank", "offer", bill, to="buyer", mode="endorse", key=new)
    trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(bill)
    report = proven.check(bundle, policy=trade.policy, at=trade.time)
    assert report.verdict is VALID
    assert report.events[-1].key == new.public
    rotation = next(entry for entry in bundle.entries if b"rotate_key" in entry.data)
    left_out = replace(bundle, entries=tuple(entry for entry in bundle.entries if entry != rotation))
    report = proven.check(left_out, policy=trade.policy, at=trade.time)
    assert_fails(report, 7, UNKNOWN, "verify.key_unknown")


def test_a_record_of_the_genesis_has_no_bundle_of_its_own(proven):
    """Its first entry is the genesis, which every bundle holds; what a forger makes of it is not read."""
    forged = replace(proven.bundle, record=proven.trade.id("bank"))
    assert_fails(proven.check(forged), 9, UNKNOWN, "verify.unreadable")


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"genesis": b"no JSON"}, 2),
        ({"checkpoint": b"no note"}, 3),
        ({"state": StateProof(b"no record", bytes(32), b"")}, 11),
        ({"number": StateProof(b"", bytes(32), b"no proof")}, 11),
    ],
)
def test_a_part_that_cannot_be_read_is_unknown(proven, changes, number):
    assert_fails(proven.check(replace(proven.bundle, **changes)), number, UNKNOWN, "verify.unreadable")


def test_an_entry_of_an_unknown_form_is_unknown():
    trade = Trade()
    bill = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(bill)
    text = next(trade.store.entries(3, 4))
    path = tuple(inclusion_path(trade.store.hash_at, 3, bundle.entries[-1].index + 1))
    added = replace(bundle, entries=(BundleEntry(3, text.data, path), *bundle.entries))
    report = verify(added.encode(), trade.policy, at=trade.time)
    assert_fails(report, 6, UNKNOWN, "verify.unreadable")
    assert failed(report).detail == "entry 3 is a text, which this version does not read"


def test_a_record_without_a_document_needs_none():
    trade = Trade()
    new = member("newcomer", "bank")
    trade.enrol(new)
    trade.cosign("carrier", "shipper", "bank")
    checkpoint = trade.store.checkpoint()
    assert checkpoint is not None
    bundle = Prover(trade.store, trade.engine.chain.tree).bundle(new.id, checkpoint)
    report = verify(bundle.encode(), trade.policy, at=trade.time)
    assert report.steps[9].detail == "a record of this kind has no document"
    assert report.verdict is VALID
    bill = trade.issue()
    with_one = replace(bundle, document=trade.whole(bill))
    assert_fails(verify(with_one.encode(), trade.policy, at=trade.time), 10, UNKNOWN, "verify.unreadable")


def test_what_was_not_established_is_not_read(proven):
    evidence = Evidence(proven.bundle, proven.trade.policy, at=0, max_age=0)
    for ask in (evidence.the_genesis, evidence.the_checkpoint, evidence.the_quorum, evidence.the_state):
        with pytest.raises(Unreadable, match="an earlier step has not established it"):
            ask()
    assert evidence.name(None) == "nobody"
    assert evidence.name(bytes(32)) == "00" * 8


def test_the_state_that_is_proven_is_the_record_of_the_ledger(proven):
    record = Record.decode(proven.bundle.state.content)
    assert record == proven.trade.engine.reader.record(proven.bill)


def test_the_largest_file_can_be_set(proven):
    data = proven.bundle.encode()
    assert verify(data, proven.trade.policy, at=proven.trade.time, limit=len(data)).verdict is Verdict.VALID
    report = verify(data, proven.trade.policy, at=proven.trade.time, limit=len(data) - 1)
    assert failed(report).code == "json.too_large"
    assert (
        failed(report).detail
        == f"the file has more than {len(data) - 1:,} bytes, and at most {len(data) - 1:,} are read"
    )
