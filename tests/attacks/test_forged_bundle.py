"""Somebody forges a proof bundle. Whatever is shown to be false is INVALID, what cannot be shown is UNKNOWN.

The forger of each attack is said: a stranger has the file alone, a holder has everything that members have, an
operator has the log's key as well and can write what it likes into the log, if nobody cosigns.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from support.forging import INVALID, UNKNOWN, VALID, Proven, assert_fails, failed
from support.members import Key, digest, member
from support.proven import ORIGIN, Trade, cosigner_seed, policy_of

from contracts.apply import Accepted
from contracts.replay import replay_record
from ledger.bundle import Bundle, BundleEntry
from ledger.cosignature import cosign
from ledger.entry import read_entry
from ledger.evidence import CommitFalse, Evidence
from ledger.hashing import record_key
from ledger.note import Note, NoteSignature
from ledger.record import Item
from ledger.report import Verdict
from ledger.transaction import SignedTransaction
from ledger.verify import verify
from ledger.verify_log import check_commits, check_log_signature, read_genesis
from nodes.engines.solo import log_entries
from nodes.keystore import KeyName

HOUR = 3_600_000


@pytest.fixture(scope="module")
def proven() -> Proven:
    return Proven()


def test_the_bundle_itself_is_valid(proven):
    report = proven.check(proven.bundle)
    assert [step.verdict for step in report.steps] == [VALID] * 12
    assert (report.history, report.control, report.verdict) == (VALID, VALID, VALID)


# The ledger


def test_another_ledgers_genesis_of_the_same_name_is_refused(proven):
    """A stranger shows the bill under a genesis that makes it a member."""
    other = Trade(more=[member("mallory", "bank")])
    forged = replace(proven.bundle, genesis=other.genesis.encode())
    assert_fails(proven.check(forged), 5, INVALID, "merkle.not_included")


def test_another_ledgers_genesis_of_another_name_is_not_this_policys(proven):
    other = Trade(origin="ledger.example/other")
    forged = replace(proven.bundle, genesis=other.genesis.encode())
    assert_fails(proven.check(forged), 2, UNKNOWN, "verify.other_ledger")


def test_a_whole_ledger_of_the_forgers_own_is_unknown(proven):
    """A stranger founds a ledger of the same origin, with a log key and a policy of its own, and names like ours."""
    fake = Trade(owner="mallory")
    bill = fake.bill()
    fake.cosign("carrier", "shipper", "bank")
    bundle = fake.bundle(bill)
    assert proven.check(bundle, policy=fake.policy).verdict is VALID, "under its own policy it is in order"
    assert_fails(proven.check(bundle), 3, UNKNOWN, "note.no_known_signature")


def test_the_policy_that_the_bundle_brings_does_not_count(proven):
    """The genesis in the bundle asks for 3 of 4; the reader asks for all."""
    strict = policy_of(proven.trade.keys.public_key(KeyName.LOG), threshold=4)
    report = proven.check(proven.bundle, policy=strict)
    assert_fails(report, 4, UNKNOWN, "quorum.missing")
    assert "missing: buyer.example/replay" in failed(report).detail


# The checkpoint


def test_a_checkpoint_signed_by_unknown_keys_is_unknown(proven):
    note = Note.parse(proven.bundle.checkpoint)
    stranger = Key(digest("stranger"))
    line = NoteSignature(ORIGIN, b"\1\2\3\4", stranger.sign(note.text)[2])
    forged = replace(proven.bundle, checkpoint=Note(note.text, (line,)).format())
    assert_fails(proven.check(forged), 3, UNKNOWN, "note.no_known_signature")


def test_a_signature_of_the_log_over_another_checkpoint_is_refused(proven):
    """A holder puts the signatures of an older checkpoint under a newer text."""
    trade = Trade()
    bill = trade.bill()
    old = trade.cosign("carrier", "shipper", "bank")
    trade.pass_on(bill, "bank", "buyer")
    trade.checkpoint()
    bundle = trade.bundle(bill)
    note = Note.parse(bundle.checkpoint)
    lines = tuple(NoteSignature.parse(line) for line in old.lines)
    moved = replace(bundle, checkpoint=Note(note.text, lines).format())
    assert_fails(proven.check(moved, policy=trade.policy), 3, INVALID, "note.signature_fails")


def test_cosignatures_of_an_older_checkpoint_do_not_count_for_a_newer_one(proven):
    trade = Trade()
    bill = trade.bill()
    old = trade.cosign("carrier", "shipper", "bank")
    trade.pass_on(bill, "bank", "buyer")
    trade.checkpoint()
    bundle = trade.bundle(bill)
    note = Note.parse(bundle.checkpoint)
    cosigned = [line for line in map(NoteSignature.parse, old.lines) if line.name != ORIGIN]
    moved = replace(bundle, checkpoint=note.with_signatures(cosigned).format())
    assert_fails(proven.check(moved, policy=trade.policy), 3, INVALID, "note.signature_fails")


def test_cosignatures_by_witness_keys_alone_do_not_show_that_the_rules_were_kept(proven):
    trade = proven.trade
    policy = policy_of(trade.keys.public_key(KeyName.LOG), role="witness")
    note = Note.parse(proven.bundle.checkpoint)
    seconds = trade.time // 1000
    lines = [
        cosign(cosigner_seed(alias, "witness"), f"{alias}.example/witness", seconds, note.text)
        for alias in ("carrier", "shipper", "bank")
    ]
    watched = replace(proven.bundle, checkpoint=note.with_signatures(lines).format())
    assert_fails(proven.check(watched, policy=policy), 4, UNKNOWN, "verify.watched_only")


def test_one_organisation_does_not_count_twice(proven):
    """Two of four and a second key of one of them."""
    trade = proven.trade
    note = Note.parse(proven.bundle.checkpoint)
    few = [line for line in note.signatures if line.name != "bank.example/replay"]
    extra = cosign(cosigner_seed("carrier", "witness"), "carrier.example/witness", trade.time // 1000, note.text)
    forged = replace(proven.bundle, checkpoint=Note(note.text, (*few, extra)).format())
    assert_fails(proven.check(forged), 4, UNKNOWN, "quorum.missing")


def test_a_root_of_the_forgers_own_is_refused(proven):
    note = Note.parse(proven.bundle.checkpoint)
    text = note.text.replace(note.text.split(b"\n")[2], b"A" * 43 + b"=")
    forged = replace(proven.bundle, checkpoint=Note(text, note.signatures).format())
    assert_fails(proven.check(forged), 3, INVALID, "note.signature_fails")


# The entries


def acts_of(bundle: Bundle, bill: bytes) -> list[BundleEntry]:
    """The entries of a bundle that change a record."""
    return [entry for entry in bundle.entries if bill in entry.data]


def without(bundle: Bundle, *left_out: BundleEntry) -> Bundle:
    return replace(bundle, entries=tuple(entry for entry in bundle.entries if entry not in left_out))


@pytest.mark.parametrize("place", [1, 2])
def test_an_entry_left_out_is_noticed(proven, place):
    forged = without(proven.bundle, acts_of(proven.bundle, proven.bill)[place])
    assert_fails(proven.check(forged), 9, INVALID, "verify.chain_broken")


def test_the_issue_left_out_is_noticed(proven):
    forged = without(proven.bundle, acts_of(proven.bundle, proven.bill)[0])
    assert_fails(proven.check(forged), 9, INVALID, "verify.chain_broken")


def test_the_last_transfer_left_out_is_noticed(proven):
    """A holder who has passed the bill on leaves the last acts out: the state tells of them."""
    forged = without(proven.bundle, *acts_of(proven.bundle, proven.bill)[-2:])
    assert_fails(proven.check(forged), 11, INVALID, "verify.state_differs")


def test_a_commit_left_out_leaves_its_entry_without_a_time(proven):
    acts = acts_of(proven.bundle, proven.bill)
    commit_entry = next(entry for entry in proven.bundle.entries if entry.index == acts[0].index + 1)
    assert_fails(proven.check(without(proven.bundle, commit_entry)), 6, UNKNOWN, "verify.no_commit")


def test_the_last_commit_left_out_leaves_the_checkpoint_without_a_state(proven):
    assert_fails(proven.check(without(proven.bundle, proven.bundle.entries[-1])), 6, UNKNOWN, "verify.no_commit")


@pytest.mark.parametrize(
    ("at", "changes", "message"),
    [
        (-1, {"index": 99}, "says that it stands at 99"),
        (-1, {"time": 0}, "the time goes back"),
        (-1, {"size_before": 0}, "closes what an earlier one closes"),
    ],
)
def test_a_commit_that_contradicts_its_place_is_false(proven, at, changes, message):
    """An operator writes it so: what is shown is false, where a commit that is left out is only missing."""
    entries = list(proven.bundle.entries)
    told = read_entry(entries[at].data)
    entries[at] = replace(entries[at], data=replace(told, **changes).encode())
    evidence = Evidence(proven.bundle, proven.trade.policy, at=proven.trade.time, max_age=0)
    read_genesis(evidence)
    check_log_signature(evidence)
    evidence.bundle = replace(proven.bundle, entries=tuple(entries))
    with pytest.raises(CommitFalse, match=message):
        check_commits(evidence)


def test_a_checkpoint_whose_last_entry_is_an_act_is_false(proven):
    act = acts_of(proven.bundle, proven.bill)[-1]
    last = proven.bundle.entries[-1].index
    evidence = Evidence(proven.bundle, proven.trade.policy, at=proven.trade.time, max_age=0)
    read_genesis(evidence)
    check_log_signature(evidence)
    evidence.bundle = replace(proven.bundle, entries=(*proven.bundle.entries[:-1], replace(act, index=last)))
    with pytest.raises(CommitFalse, match="the last entry of the checkpoint is not a commit"):
        check_commits(evidence)


def test_an_entry_at_another_index_is_refused(proven):
    first, *rest = proven.bundle.entries
    moved = replace(proven.bundle, entries=(replace(first, index=first.index - 1), *rest))
    assert_fails(proven.check(moved), 5, INVALID, "merkle.not_included")


def test_an_act_by_a_strangers_key_is_not_in_the_log(proven):
    """A stranger adds an act to the bundle, on the head of the last one, and signs it."""
    signed = proven.trade.signed("bank", "offer", proven.bill, to="buyer", mode="endorse", key=Key(digest("stranger")))
    last = proven.bundle.entries[-1]
    added = BundleEntry(last.index, signed.entry, last.path)
    forged = replace(proven.bundle, entries=(*proven.bundle.entries[:-1], added))
    assert_fails(proven.check(forged), 5, INVALID, "merkle.not_included")


def force(trade: Trade, signed: SignedTransaction, record_id: bytes) -> None:
    """An operator writes an act into the log that the rules would refuse."""
    before = trade.engine.reader.record(record_id)
    index, time = trade.engine.chain.size, trade.clock()
    after = replay_record(trade.engine.rules, before, [(index, time, signed)])
    assert after is not None
    entries = log_entries([Accepted(0, index, signed, record_id, (before.entry,))])
    item = Item(signed.transaction.salt, after.encode())
    trade.store.append(trade.engine.chain.extend(entries, {record_key(record_id): item}, time))


def forced_bundle(signed_of: Any) -> tuple[Trade, Bundle]:
    """The bundle of a bill with a forced last act, under a checkpoint that the operator alone has signed."""
    trade = Trade()
    bill = trade.bill()
    force(trade, signed_of(trade, bill), bill)
    trade.checkpoint()
    trade.policy = policy_of(trade.keys.public_key(KeyName.LOG), threshold=0)
    return trade, trade.bundle(bill)


def test_an_act_by_a_strangers_key_that_the_operator_wrote_into_the_log_is_not_accepted(proven):
    """The bundle does not show whose the key is: the entry that gave it to the bank may be left out."""
    key = Key(digest("stranger"))
    trade, bundle = forced_bundle(lambda trade, bill: trade.signed("bank", "surrender", bill, key=key))
    assert_fails(proven.check(bundle, policy=trade.policy), 7, UNKNOWN, "verify.key_unknown")


def test_an_act_by_another_members_key_that_the_operator_wrote_into_the_log_is_refused(proven):
    trade, bundle = forced_bundle(
        lambda trade, bill: trade.signed("bank", "surrender", bill, key=trade.members["buyer"].key)
    )
    assert_fails(proven.check(bundle, policy=trade.policy), 7, INVALID, "verify.key_of_another")


def test_a_false_signature_that_the_operator_wrote_into_the_log_is_refused(proven):
    def forged(trade: Trade, bill: bytes) -> SignedTransaction:
        signed = trade.signed("bank", "surrender", bill)
        ((algorithm, key, signature),) = signed.signatures
        bad = signature[:-1] + bytes([signature[-1] ^ 1])
        return signed.with_signatures([(algorithm, key, bad)])

    trade, bundle = forced_bundle(forged)
    assert_fails(proven.check(bundle, policy=trade.policy), 8, INVALID, "signature.bad_signature")


def test_an_act_signed_for_another_ledger_that_the_operator_wrote_into_the_log_is_refused(proven):
    """The same members, the same bill, on a ledger of another name: the signature does not move over."""

    def elsewhere(trade: Trade, bill: bytes) -> SignedTransaction:
        from ledger.transaction import sign

        signed = trade.signed("bank", "surrender", bill)
        moved = signed.transaction._replace(ledger=digest("another ledger"))
        return sign(moved, trade.members["bank"].sign)

    trade, bundle = forced_bundle(elsewhere)
    assert_fails(proven.check(bundle, policy=trade.policy), 8, INVALID, "transaction.another_ledger")


def test_entries_of_another_record_are_not_this_ones_history(proven):
    """A holder shows the history of one bill with the state of another."""
    other = proven.trade.bundle(proven.other)
    forged = replace(proven.bundle, entries=other.entries)
    assert_fails(proven.check(forged), 9, INVALID, "verify.chain_broken")
    assert_fails(proven.check(replace(proven.bundle, record=proven.other)), 9, INVALID, "verify.chain_broken")


# The state, and the time


def test_a_stale_state_proof_after_a_transfer_is_refused(proven):
    """A holder who passed the bill on shows the state of before under the checkpoint of now."""
    trade = Trade()
    bill = trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    before = trade.bundle(bill)
    trade.pass_on(bill, "bank", "buyer")
    trade.cosign("carrier", "shipper", "bank")
    after = trade.bundle(bill)
    old_acts = {entry.index for entry in before.entries} | {after.entries[-1].index}
    entries = tuple(entry for entry in after.entries if entry.index in old_acts)
    forged = replace(after, entries=entries, state=before.state)
    assert_fails(proven.check(forged, policy=trade.policy, at=trade.time), 11, INVALID, "ics23.other_root")


def test_an_old_bundle_after_a_transfer_does_not_pass_once_it_is_old(proven):
    at = proven.trade.time + 11 * 60_000
    report = proven.check(proven.bundle, at=at)
    assert_fails(report, 12, UNKNOWN, "verify.not_fresh")
    assert report.control_reason.startswith("step 12: bank was in control at 2025-11-24T16:00:05Z, 11 minutes ago")
    assert proven.check(proven.bundle, at=at, max_age=12 * 60_000).control is VALID


def test_a_time_of_checking_before_the_cosignatures_is_not_accepted(proven):
    """A reader's clock is far behind, or the cosigners' are far ahead."""
    assert proven.check(proven.bundle, at=proven.trade.time - 60_000).control is VALID
    ahead = proven.check(proven.bundle, at=proven.trade.time - 60_001, max_age=HOUR)
    assert_fails(ahead, 12, UNKNOWN, "verify.not_fresh")
    report = proven.check(proven.bundle, at=proven.trade.time - HOUR)
    assert_fails(report, 12, UNKNOWN, "verify.not_fresh")
    assert "60 minutes after the time of checking" in failed(report).detail


def test_a_state_in_which_somebody_else_is_in_control_is_refused(proven):
    from ledger.record import Record

    record = Record.decode(proven.bundle.state.content)
    record.controller = proven.trade.id("buyer")
    forged = replace(proven.bundle, state=replace(proven.bundle.state, content=record.encode()))
    assert_fails(proven.check(forged), 11, INVALID, "ics23.other_value")


def test_a_bundle_without_the_proof_of_its_number_is_unknown(proven):
    assert_fails(proven.check(replace(proven.bundle, number=None)), 11, UNKNOWN, "verify.unreadable")


def test_the_number_of_another_bill_is_refused(proven):
    other = proven.trade.bundle(proven.other)
    assert_fails(proven.check(replace(proven.bundle, number=other.number)), 11, INVALID, "ics23.other_key")


# Bytes


def test_no_changed_byte_passes(proven):
    """Every seventh byte of the smallest bundle of a ledger of four, and each of the first and last 200."""
    trade = Trade()
    bill = trade.issue()
    trade.cosign("carrier", "shipper", "bank")
    data, random = trade.bundle(bill).encode(), Random(1)
    verdicts: Counter[tuple[Verdict, Verdict]] = Counter()
    for at in sorted({*range(200), *range(200, len(data), 7), *range(len(data) - 200, len(data))}):
        changed = bytearray(data)
        changed[at] ^= 1 << random.randrange(8)
        report = proven.check(bytes(changed), policy=trade.policy, at=trade.time)
        verdicts[report.history, report.control] += 1
        assert report.verdict is not VALID, f"byte {at}: {data[max(0, at - 40) : at + 10]!r}"
    assert {(UNKNOWN, UNKNOWN), (INVALID, UNKNOWN), (VALID, INVALID), (VALID, UNKNOWN)} == set(verdicts)


def test_the_only_bytes_without_meaning_name_a_cosigner_that_is_not_needed():
    """Of four cosignatures three are asked for: one under an unknown name is a line that nobody reads."""
    trade = Trade()
    bill = trade.issue()
    trade.cosign("carrier", "shipper", "bank", "buyer")
    data = trade.bundle(bill).encode()
    changed = data.replace(b"buyer.example/replay ", b"bUyer.example/replay ", 1)
    assert changed != data
    report = verify(changed, trade.policy, at=trade.time)
    assert report.verdict is VALID
    assert "cosigned by carrier, shipper, bank;" in report.steps[3].detail
