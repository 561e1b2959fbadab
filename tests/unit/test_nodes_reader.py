"""Reading a ledger: what is read fits together, or the store is said to be damaged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.members import Key, digest, member
from support.proven import Trade

from contracts.guards import key_proof_message
from ledger.store.memory import MemoryStore
from ledger.store.port import StoreDamaged
from ledger.store.sqlite import open_sqlite
from nodes.reader import LedgerReader, NoSuchRecord


@pytest.fixture
def trade() -> Trade:
    return Trade()


def test_genesis_rules_and_head(trade):
    reader = LedgerReader(trade.store)
    assert reader.genesis == trade.genesis
    assert reader.rules.current["bill_of_lading"] == 1
    assert (reader.head.height, reader.head.size) == (0, 7)
    trade.issue()
    assert reader.head.size == 9, "the head is read anew"


def test_an_empty_store_is_no_ledger():
    reader = LedgerReader(MemoryStore())
    with pytest.raises(StoreDamaged):
        reader.head  # noqa: B018
    with pytest.raises(StoreDamaged):
        reader.genesis  # noqa: B018


def test_records_and_members(trade):
    bill, new = trade.issue(), member("newcomer", "bank")
    trade.enrol(new)
    reader = LedgerReader(trade.store)
    kinds = sorted(record.kind for record in reader.records())
    tables = ["rule_table"] * len(reader.rules.tables)
    assert kinds == ["bill_of_lading", "ledger", *["member"] * 5, "policy", *tables]
    assert {record.fields["alias"] for record in reader.members().values()} == set(trade.members)
    assert reader.record(bill) == reader.find(bill)
    assert reader.find(digest("nothing")) is None
    with pytest.raises(NoSuchRecord):
        reader.record(digest("nothing"))


def test_entries_and_the_commits_that_close_them(trade):
    done = trade.act("carrier", "void", trade.issue())
    reader = LedgerReader(trade.store)
    assert reader.commit_of(done.index) == reader.commit_at(2)
    assert (reader.commit_at(2).index, reader.commit_at(2).time) == (done.index + 1, done.time)
    assert reader.entry(done.index) == next(trade.store.entries(done.index, done.index + 1)).data
    with pytest.raises(NoSuchRecord):
        reader.entry(done.index + 2)
    with pytest.raises(NoSuchRecord):
        reader.commit_at(3)
    with pytest.raises(StoreDamaged):
        reader.commit_of(done.index + 2)


def test_a_history_is_the_acts_of_one_record_in_order(trade):
    bill = trade.bill()
    trade.issue()
    reader = LedgerReader(trade.store)
    acts = reader.history(reader.record(bill))
    assert [act.index for act in acts] == [7, 9, 11, 13]
    assert [act.commit for act in acts] == [8, 10, 12, 14]
    assert [act.signed.transaction.action.partition(".")[2] for act in acts] == ["issue", "accept", "offer", "accept"]
    assert reader.history(reader.record(trade.id("bank"))) == []


def test_the_history_of_a_founder_begins_after_the_genesis(trade):
    new = Key(digest("new key"))
    proof = new.sign(key_proof_message(trade.id("bank"), new.public))[2]
    done = trade.act("bank", "rotate_key", trade.id("bank"), public_key=new.public, proof=proof)
    reader = LedgerReader(trade.store)
    assert [act.index for act in reader.history(reader.record(trade.id("bank")))] == [done.index]


@pytest.fixture
def on_disk(tmp_path: Path) -> tuple[Path, bytes]:
    trade = Trade(open_sqlite(tmp_path / "ledger.db", create=True))
    bill = trade.bill()
    trade.store.close()
    return tmp_path / "ledger.db", bill


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount >= 1


@pytest.mark.parametrize(
    ("previous", "message"),
    [
        ((7).to_bytes(8, "big"), "entry 7 is not the one that record"),
        ((8).to_bytes(8, "big"), "entry 8 is not the one that record"),
        (b"", "the links of entry 11 are not one for each record"),
        (bytes(16), "the links of entry 11 are not one for each record"),
    ],
)
def test_a_history_with_a_changed_link_leaves_no_act_out_unseen(on_disk, previous, message):
    path, bill = on_disk
    change(path, "UPDATE lading_entry SET previous = ? WHERE idx = 11", previous)
    with closing(open_sqlite(path)) as store:
        reader = LedgerReader(store)
        record = reader.record(bill)
        with pytest.raises(StoreDamaged, match=message):
            reader.history(record)


def test_a_record_that_does_not_have_its_leaf_hash_is_not_listed(on_disk):
    path, _ = on_disk
    change(path, "UPDATE lading_state SET salt = zeroblob(32)")
    with closing(open_sqlite(path)) as store, pytest.raises(StoreDamaged, match="does not have its leaf hash"):
        list(LedgerReader(store).records())
