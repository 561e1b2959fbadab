"""Opening a ledger on this machine: one writer at a time, readers beside it, and only the pinned ledger."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from support.game import base_tables
from support.town import Town, bill

from cli.exits import exit_status
from ledger.store.port import StoreFailed
from nodes.access import LedgerAway, LedgerLost, open_for_reading, open_for_writing, open_replica, open_store
from nodes.home import Home, LedgerIsRemote, NoLedger, OtherLedger
from nodes.lock import FileLock, LockHeld


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path, tables=base_tables())


@pytest.fixture
def impatient(monkeypatch):
    """Locks that are tried once."""

    def try_once(self, *, timeout=0.0, purpose=""):
        return FileLock(self.operator_folder() / "ledger.lock", timeout=0, purpose=purpose)

    monkeypatch.setattr(Home, "ledger_lock", try_once)


def test_members_and_auditors_read_the_operators_ledger(town):
    auditor = Home.create(town.folder / "auditor", name="auditor")
    auditor.join(town.genesis.encode(), town.genesis.policy, location=town.homes["carrier"].folder)
    for home in (*town.homes.values(), auditor):
        with open_for_reading(home) as reader:
            assert reader.genesis.id == town.genesis.id


def test_a_reader_writes_nothing(town):
    with open_for_reading(town.homes["bank"]) as reader, pytest.raises(StoreFailed):
        reader.store.put_checkpoint(1, "a\n", ["b"])


def test_a_member_commits_by_path_without_the_operators_keys(town):
    record_id = town.issue(bill()).record.id
    town.act("shipper", "accept", record_id)
    with open_for_reading(town.homes["carrier"]) as reader:
        assert reader.record(record_id).controller == town.id("shipper")


def test_a_second_writer_waits_in_vain_and_readers_go_on(town, impatient):
    with open_for_writing(town.homes["shipper"], town.clock, purpose="lading offer"):
        with (
            pytest.raises(LockHeld, match="lading offer"),
            open_for_writing(town.homes["bank"], int, purpose="b"),
        ):
            pass
        with open_for_reading(town.homes["bank"]) as reader:
            assert reader.head.height == 0
    with open_for_writing(town.homes["bank"], town.clock, purpose="b"):
        pass


def test_a_cosignature_is_kept_beside_who_holds_the_ledger(town, impatient, monkeypatch):
    monkeypatch.setattr("nodes.access._PATIENCE", 0.01)
    with open_for_writing(town.homes["shipper"], town.clock, purpose="lading serve"):
        with open_store(town.homes["bank"], purpose="b") as store:
            kept = store.checkpoint()
            store.put_checkpoint(kept.size, kept.body, ["beside"])
        with open_for_reading(town.homes["bank"]) as reader:
            assert reader.store.checkpoint().lines[-1] == "beside"


def test_the_lock_is_given_back_after_an_error(town, impatient):
    with pytest.raises(ZeroDivisionError), open_for_writing(town.homes["bank"], town.clock, purpose="a"):
        raise ZeroDivisionError
    with open_for_writing(town.homes["bank"], town.clock, purpose="a"):
        pass


@pytest.mark.parametrize(
    "way",
    [
        open_for_reading,
        lambda home: open_for_writing(home, int, purpose="a"),
        lambda home: open_store(home, purpose="a"),
    ],
)
def test_another_ledger_under_the_same_path_is_refused(town, way):
    bank = town.homes["bank"]
    bank.settings = replace(bank.settings, ledger_id=bytes(32))
    with pytest.raises(OtherLedger), way(bank):
        pass


@pytest.mark.parametrize("way", [open_for_reading, lambda home: open_for_writing(home, int, purpose="a")])
def test_without_a_ledger_there_is_nothing_to_open(town, way):
    town.make_home("insurer")
    with pytest.raises(NoLedger), way(town.homes["insurer"]):
        pass
    remote = Home.create(town.folder / "remote", name="remote", location="https://ledger.example")
    with pytest.raises(LedgerIsRemote), way(remote):
        pass


WAYS = [
    open_for_reading,
    lambda home: open_for_writing(home, int, purpose="a"),
    lambda home: open_store(home, purpose="a"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("left", ["nothing", "an empty file", "no tables"])
def test_a_pinned_ledger_that_is_lost_is_damage(town, way, left):
    path = town.homes["carrier"].ledger_path
    path.unlink()
    if left == "an empty file":
        path.touch()
    elif left == "no tables":
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE other (a)")
    for who in ("bank", "carrier"):
        with pytest.raises(LedgerLost) as lost, way(town.homes[who]):
            pass
        assert exit_status(lost.value) == 4
        assert "backup" in lost.value.hint
        assert "init" not in lost.value.hint
    assert path.exists() == (left != "nothing")


@pytest.mark.parametrize("way", WAYS)
def test_an_operator_that_is_away_is_no_damage(town, way):
    town.homes["carrier"].folder.rename(town.folder / "elsewhere")
    with pytest.raises(LedgerAway) as away, way(town.homes["bank"]):
        pass
    assert exit_status(away.value) == 3
    assert not town.homes["carrier"].folder.exists()


def test_homes_can_be_moved_together(town, tmp_path):
    record_id = town.issue(bill()).record.id
    shutil.copytree(town.folder, tmp_path / "moved", ignore=shutil.ignore_patterns("moved"))
    with open_for_reading(Home.open(tmp_path / "moved" / "bank")) as reader:
        assert reader.record(record_id).status == "issued"


def test_a_replica_lies_in_the_members_own_home(town):
    replica = open_replica(town.homes["bank"])
    try:
        assert replica.head() is None
    finally:
        replica.close()
    assert (town.homes["bank"].folder / "replica.db").is_file()
