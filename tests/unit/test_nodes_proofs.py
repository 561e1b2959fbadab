"""Making bundles: under any checkpoint that is kept, with what a reader needs and nothing else."""

from __future__ import annotations

import pytest
from support.members import digest, member
from support.proven import Trade

from ledger.entry import Commit, read_entry
from ledger.note import Note
from ledger.record import Record
from ledger.report import Verdict
from ledger.store.port import StoredCheckpoint
from ledger.transaction import SignedTransaction
from ledger.verify import verify
from nodes.proofs import NoCheckpoint, NotProvable, Prover, signed_note
from nodes.reader import NoSuchRecord


@pytest.fixture
def trade() -> Trade:
    return Trade()


def prover(trade: Trade) -> Prover:
    return Prover(trade.store, trade.engine.chain.tree)


def test_a_bundle_holds_the_acts_their_commits_and_the_last_leaf(trade):
    bill, _ = trade.bill(), trade.issue()
    checkpoint = trade.cosign("carrier", "shipper", "bank")
    bundle = trade.bundle(bill)
    assert [entry.index for entry in bundle.entries] == [7, 8, 9, 10, 11, 12, 13, 14, 16]
    kinds = [type(read_entry(entry.data)) for entry in bundle.entries]
    assert kinds == [SignedTransaction, Commit] * 4 + [Commit]
    assert bundle.entries[-1].index == checkpoint.size - 1
    assert bundle.genesis == trade.genesis.encode()
    assert bundle.checkpoint == signed_note(checkpoint)
    assert Record.decode(bundle.state.content) == trade.engine.reader.record(bill)


def test_under_every_kept_checkpoint_the_bundle_says_what_was_so_then(trade):
    bill = trade.issue()
    checkpoints = [trade.cosign("carrier", "shipper", "bank")]
    for who, action, more in (
        ("shipper", "accept", {}),
        ("shipper", "offer", {"to": "bank", "mode": "endorse"}),
        ("bank", "accept", {}),
        ("bank", "surrender", {}),
        ("carrier", "accept_surrender", {}),
        ("carrier", "confirm_delivery", {}),
    ):
        trade.act(who, action, bill, **more)
        trade.issue()
        checkpoints.append(trade.cosign("carrier", "shipper", "bank"))
    found = []
    for checkpoint in checkpoints:
        bundle = trade.bundle(bill, checkpoint=checkpoint)
        report = verify(bundle.encode(), trade.policy, at=trade.time)
        assert report.verdict is Verdict.VALID, (checkpoint.size, report.history_reason, report.control_reason)
        found.append((report.facts["status"], report.facts["controller"]))
    assert found == [
        ("issued", "carrier"),
        ("held", "shipper"),
        ("offered", "shipper"),
        ("held", "bank"),
        ("surrendered", "bank"),
        ("surrender_accepted", "carrier"),
        ("delivered", None),
    ]


def test_a_checkpoint_older_than_the_record_cannot_show_it(trade):
    checkpoint = trade.checkpoint()
    bill = trade.bill()
    with pytest.raises(NoCheckpoint, match="the checkpoint of 7 entries is older than the record"):
        prover(trade).bundle(bill, checkpoint)


@pytest.mark.parametrize("size", [0, 8])
def test_a_checkpoint_that_does_not_end_with_a_commit_shows_nothing(trade, size):
    bill = trade.bill()
    with pytest.raises(NoCheckpoint, match="does not end with a commit"):
        prover(trade).bundle(bill, StoredCheckpoint(size, "", ()))


def test_a_state_that_is_not_kept_any_more_is_not_proven(trade):
    bill = trade.bill()
    old = trade.checkpoint()
    trade.issue()
    trade.issue()
    trade.store.prune_undos(6)
    with pytest.raises(NotProvable, match="the state before height 5 is not kept any more"):
        prover(trade).bundle(bill, old)
    assert prover(trade).bundle(bill, trade.checkpoint()).record == bill


def test_a_checkpoint_of_another_history_is_not_proven(trade):
    """Undo records that do not lead back to the commit's root are not believed."""
    bill = trade.bill()
    old = trade.checkpoint()
    trade.issue()
    tree = trade.engine.chain.tree
    tree.update({digest("path"): digest("leaf")})
    with pytest.raises(NotProvable, match="does not have the root of that commit"):
        prover(trade).bundle(bill, old)


def test_a_record_that_is_not_there_is_not_proven(trade):
    with pytest.raises(NoSuchRecord):
        prover(trade).bundle(digest("nothing"), trade.checkpoint())


def test_a_founder_is_in_every_bundle_and_needs_none(trade):
    with pytest.raises(NotProvable, match="this record began with the genesis, which every bundle holds"):
        prover(trade).bundle(trade.id("bank"), trade.checkpoint())


def test_the_keys_of_those_who_enrolled_a_signer_are_shown(trade):
    trade.enrol(member("first", "bank"))
    bill = trade.issue()
    trade.act("shipper", "accept", bill)
    trade.pass_on(bill, "shipper", "first")
    trade.checkpoint()
    indices = [entry.index for entry in trade.bundle(bill).entries]
    assert indices[:2] == [7, 8], "the enrolment and its commit"


def test_a_note_has_the_newest_signature_of_each_key(trade):
    checkpoint = trade.cosign("bank", at=trade.time)
    again = trade.cosign("bank", at=trade.time + 60_000)
    assert len(again.lines) == len(checkpoint.lines) + 1
    note = Note.parse(signed_note(again))
    assert [signature.name for signature in note.signatures] == ["ledger.example/test", "bank.example/replay"]
    assert str(note.signatures[1]) == again.lines[-1]
