"""Cosigning: nobody vouches for what he has not replayed, and nobody vouches twice for two histories."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from support.game import base_tables
from support.town import Town, bill

from ledger.errors import DamagedError
from ledger.note import NoKnownSignature, Note, NoteSignature
from nodes.access import open_for_reading, open_store
from nodes.checkpoints import ReplayDiffers
from nodes.cosigned import WouldFork
from nodes.cosigning import NoCosignerKey, cosign_newest, quorum_of
from nodes.keystore import MemoryKeyStore
from nodes.proofs import NoCheckpoint, signed_note
from nodes.replayer import LogDiffers

SECONDS = 1_764_000_100


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, tables=base_tables())


def cosign(town, who, time=SECONDS, **options):
    return cosign_newest(town.desk(who), time, **options)


def change(town, sql, *values):
    """Change the ledger behind lading's back."""
    with closing(sqlite3.connect(town.homes["carrier"].ledger_path)) as database, database:
        assert database.execute(sql, values).rowcount > 0


def test_a_quorum_comes_together(town):
    town.issue(bill())
    found = [cosign(town, who, SECONDS + at) for at, who in enumerate(("carrier", "shipper", "bank"))]
    assert [one.name for one in found] == [f"{who}.example/replay" for who in ("carrier", "shipper", "bank")]
    assert [one.quorum.holds for one in found] == [False, False, True]
    assert found[-1].quorum.times == {"carrier": SECONDS, "shipper": SECONDS + 1, "bank": SECONDS + 2}
    assert [witness.name for witness in found[-1].quorum.missing] == ["buyer"]
    assert found[-1].quorum.replayed
    assert (found[0].height, found[0].quorum.checkpoint.size, found[0].replayed) == (1, town.size(), town.size())


def test_members_cosign_while_a_node_holds_the_ledger(town, monkeypatch):
    monkeypatch.setattr("nodes.access._PATIENCE", 0.01)
    town.issue(bill())
    with town.homes["carrier"].ledger_lock(purpose="lading serve"):
        assert cosign(town, "bank").quorum.times == {"bank": SECONDS}


def test_only_what_is_new_is_replayed(town):
    size, told = town.size(), []
    assert cosign(town, "bank", progress=lambda done, total: told.append((done, total))).replayed == size
    town.issue(bill())
    assert cosign(town, "bank", SECONDS + 1).replayed == 2
    assert cosign(town, "bank", SECONDS + 2).replayed == 0
    assert told == [(size, size)]


def test_a_large_log_is_replayed_in_portions(town, monkeypatch):
    monkeypatch.setattr("nodes.cosigning._PORTION", 4)
    town.issue(bill())
    told = []
    cosign(town, "bank", progress=lambda done, total: told.append(done))
    assert told == [4, 8, 9]


def test_the_newer_of_two_cosignatures_counts(town):
    cosign(town, "bank")
    cosign(town, "bank", SECONDS + 60)
    with open_for_reading(town.homes["bank"]) as reader:
        stored = reader.store.checkpoint()
    assert len(stored.lines) == 3
    assert len(Note.parse(signed_note(stored)).signatures) == 2
    assert quorum_of(stored, town.genesis.policy).times == {"bank": SECONDS + 60}


def test_members_cosign_what_the_operator_has_signed(town):
    record_id = town.issue(bill()).record.id
    town.act("shipper", "accept", record_id)
    behind = cosign(town, "bank")
    assert behind.quorum.checkpoint.size == town.size() - 2
    assert cosign(town, "carrier", SECONDS + 1).quorum.checkpoint.size == town.size()
    assert cosign(town, "bank", SECONDS + 1).quorum.checkpoint.size == town.size()


def test_a_time_that_goes_back_is_refused(town):
    cosign(town, "bank")
    with pytest.raises(WouldFork):
        cosign(town, "bank", SECONDS - 1)


def test_an_operator_that_does_not_cosign_signs_the_checkpoint_alone(town, monkeypatch):
    monkeypatch.setattr("nodes.cosigning._key_name", lambda member, desk: None)
    record_id = town.issue(bill()).record.id
    town.act("shipper", "accept", record_id)
    found = cosign(town, "carrier")
    assert (found.name, found.replayed, found.quorum.times) == (None, 0, {})
    assert found.quorum.checkpoint.size == town.size()


def test_under_quorum_none_nobody_is_asked(tmp_path):
    town = Town(tmp_path, cosigners=())
    found = cosign(town, "carrier")
    assert (found.quorum.holds, found.quorum.independent) == (True, False)


def test_a_member_without_a_cosigner_key_is_told_so(town):
    town.keys["bank"] = MemoryKeyStore()
    with pytest.raises(NoCosignerKey, match="is not the one of this home"):
        cosign(town, "bank")
    assert not town.homes["bank"].cosigner_path.exists()


def test_a_checkpoint_that_the_log_has_not_signed_is_not_cosigned(town):
    with open_for_reading(town.homes["carrier"]) as reader:
        size = reader.store.checkpoint().size
    forged = NoteSignature(town.genesis.origin, bytes(4), bytes(64))
    change(town, "UPDATE lading_signature SET line = ? WHERE size = ?", str(forged), size)
    with pytest.raises(NoKnownSignature):
        cosign(town, "bank")
    assert not town.homes["bank"].cosigner_path.exists()


def test_a_ledger_without_a_checkpoint_cannot_be_cosigned(town):
    change(town, "DELETE FROM lading_signature")
    change(town, "DELETE FROM lading_checkpoint")
    with pytest.raises(NoCheckpoint):
        cosign(town, "bank")


@pytest.fixture
def put_back(town, tmp_path):
    """A function that puts the ledger back as it is now, before the test, by an operator who means harm."""
    old, ledger = tmp_path / "old.db", town.homes["carrier"].ledger_path
    with open_store(town.homes["carrier"], purpose="backup") as store:
        store.backup(old)

    def put_back():
        for suffix in ("-wal", "-shm"):
            ledger.with_name(ledger.name + suffix).unlink(missing_ok=True)
        old.replace(ledger)
        town.homes["carrier"].cosigner_path.unlink(missing_ok=True)  # else the operator's own log key stops

    return put_back


def test_a_log_that_was_put_back_is_not_cosigned(town, put_back):
    town.issue(bill())
    cosign(town, "bank")
    put_back()
    with pytest.raises(ReplayDiffers):
        cosign(town, "bank", SECONDS + 1)


@pytest.mark.parametrize(("more", "error"), [(1, ReplayDiffers), (2, LogDiffers)])
def test_a_rewritten_log_is_not_cosigned(town, put_back, more, error):
    town.issue(bill("B-1"))
    cosign(town, "bank")
    put_back()
    for at in range(more):
        town.issue(bill(f"FORGED-{at}"))
    with pytest.raises(error):
        cosign(town, "bank", SECONDS + 1)


def test_a_lost_replica_does_not_make_a_fork_acceptable(town, put_back):
    town.issue(bill("B-1"))
    cosign(town, "bank")
    put_back()
    town.issue(bill("FORGED"))
    (town.homes["bank"].folder / "replica.db").unlink()
    with pytest.raises(WouldFork):
        cosign(town, "bank", SECONDS + 1)


def test_a_changed_entry_is_not_cosigned(town):
    town.issue(bill())
    change(town, "UPDATE lading_entry SET data = zeroblob(length(data)) WHERE idx = ?", town.size() - 2)
    with pytest.raises(DamagedError):
        cosign(town, "bank")
    assert not town.homes["bank"].cosigner_path.exists()
