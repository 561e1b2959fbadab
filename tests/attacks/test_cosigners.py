"""Attacks on cosigners: two histories, a replica that was lost, a log that was wrong for a moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.game import base_tables
from support.town import Town, bill

from api.node import Node
from ledger.entry import Commit, read_entry
from ledger.errors import DamagedError
from ledger.merkle import leaf_hash
from nodes import cosigning
from nodes.access import open_for_reading, open_replica, open_store
from nodes.audit_home import audit_home
from nodes.checkpoints import LogWentBack
from nodes.cosigned import Cosigned, WouldFork
from nodes.cosigning import Cosigning, cosign_newest
from nodes.replayer import LogDiffers, Replayer


class Attack:
    """A town with a bill that the shipper holds; the operator's disk is in the attacker's hands."""

    def __init__(self, folder: Path) -> None:
        self.town = Town(folder / "town", tables=base_tables())
        self.folder = folder
        self.ledger = self.town.homes["carrier"].ledger_path
        self.town.tick()
        self.bill = self.town.held("B-1")
        self.unsent = b""

    def cosign(self, who: str) -> Cosigning:
        return cosign_newest(self.town.desk(who), self.town.tick() // 1000)

    def keep(self, name: str) -> Callable[[], None]:
        """Copy the ledger as it is now; the function that is returned puts it back."""
        copy = self.folder / f"{name}.db"
        with open_store(self.town.homes["carrier"], purpose="copy") as store:
            store.backup(copy)  # type: ignore[attr-defined]

        def put_back() -> None:
            for suffix in ("-wal", "-shm"):
                self.ledger.with_name(self.ledger.name + suffix).unlink(missing_ok=True)
            self.ledger.write_bytes(copy.read_bytes())

        return put_back

    def change(self, index: int, entry: bytes) -> None:
        """Put another entry into the log, with the leaf hash that belongs to it."""
        with closing(sqlite3.connect(self.ledger)) as database, database:
            values = (entry, leaf_hash(entry), index)
            assert database.execute("UPDATE lading_entry SET data = ?, leaf = ? WHERE idx = ?", values).rowcount == 1

    def entry(self, index: int) -> bytes:
        with open_for_reading(self.town.homes["carrier"]) as reader:
            return next(iter(reader.store.entries(index, index + 1))).data

    def replica(self, who: str) -> Replayer:
        with closing(open_replica(self.town.homes[who])) as store:
            return Replayer(store)

    def forget(self) -> None:
        """The operator means harm, and lets its log key forget what it signed."""
        self.town.homes["carrier"].cosigner_path.unlink(missing_ok=True)

    def pass_on(self, to: str) -> None:
        self.town.act("shipper", "offer", self.bill, to=to, mode="endorse")
        self.town.act(to, "accept", self.bill)


@pytest.fixture
def attack(tmp_path: Path) -> Attack:
    return Attack(tmp_path)


def newest_lines(town: Town) -> tuple[str, ...]:
    with open_for_reading(town.homes["carrier"]) as reader:
        stored = reader.store.checkpoint()
    assert stored is not None
    return stored.lines


def test_a_cosigner_that_lost_its_replica_does_not_sign_a_longer_fork(attack: Attack) -> None:
    roll_back = attack.keep("A")
    attack.pass_on("bank")
    attack.cosign("carrier")
    size = attack.cosign("shipper").quorum.checkpoint.size
    roll_back()
    attack.forget()
    attack.pass_on("buyer")
    attack.town.issue(bill("B-2"))
    assert attack.town.size() > size
    (attack.town.homes["shipper"].folder / "replica.db").unlink()
    before = newest_lines(attack.town)
    with pytest.raises(WouldFork, match=f"another root at size {size} than the one that was signed"):
        attack.cosign("shipper")
    assert newest_lines(attack.town) == before


def other_commit(attack: Attack, size: int) -> None:
    """The newest commit with a later time."""
    commit = read_entry(attack.entry(attack.town.size() - 1))
    assert isinstance(commit, Commit)
    attack.change(attack.town.size() - 1, replace(commit, time=commit.time + 1).encode())


def other_act(attack: Attack, size: int) -> None:
    """In the place of the first new act, another one that the shipper has signed and never sent."""
    attack.change(size, attack.unsent)


@pytest.mark.parametrize("change", [other_commit, other_act])
@pytest.mark.parametrize("portion", [1, 20_000])
def test_a_log_that_is_wrong_for_a_moment_leaves_no_trace_in_a_replica(
    attack: Attack, monkeypatch: pytest.MonkeyPatch, change: Callable[[Attack, int], None], portion: int
) -> None:
    monkeypatch.setattr("nodes.cosigning._PORTION", portion)
    attack.cosign("carrier")
    size = attack.cosign("shipper").quorum.checkpoint.size
    desk = attack.town.desk("shipper")
    with desk.reading() as reader:
        arguments = {"to": attack.town.id("buyer"), "mode": "endorse"}
        attack.unsent = desk.build(reader, reader.record(attack.bill), "bill_of_lading.offer", arguments).entry
    attack.pass_on("bank")
    attack.cosign("carrier")
    put_right = attack.keep("right")
    change(attack, size)
    with pytest.raises(LogDiffers, match=f"the entries from {size} on do not lead from the replica") as caught:
        attack.cosign("shipper")
    assert "delete replica.db and cosign again" in caught.value.hint
    assert attack.replica("shipper").size == size
    put_right()
    assert attack.cosign("shipper").quorum.checkpoint.size == attack.town.size()
    assert audit_home(attack.town.homes["shipper"]).clean


def test_a_log_that_changes_while_it_is_read_is_not_replayed(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    attack.cosign("carrier")
    size = attack.cosign("shipper").quorum.checkpoint.size
    attack.pass_on("bank")
    attack.cosign("carrier")
    checked = cosigning._extension

    def check_then_change(*arguments: Any) -> Any:
        edges = checked(*arguments)
        other_commit(attack, size)
        return edges

    monkeypatch.setattr("nodes.cosigning._extension", check_then_change)
    with pytest.raises(LogDiffers, match="the log changed while it was read"):
        attack.cosign("shipper")
    assert attack.replica("shipper").size == size


def test_a_bad_replica_may_be_deleted(attack: Attack) -> None:
    roll_back = attack.keep("A")
    attack.pass_on("buyer")
    attack.keep("B")
    roll_back()
    attack.forget()
    attack.pass_on("bank")
    attack.town.issue(bill("B-2"))
    attack.cosign("carrier")
    folder = attack.town.homes["shipper"].folder
    (folder / "replica.db").write_bytes((attack.folder / "B.db").read_bytes())
    with pytest.raises(LogDiffers) as caught:
        attack.cosign("shipper")
    assert "delete replica.db and cosign again" in caught.value.hint
    for path in folder.glob("replica.db*"):
        path.unlink()
    assert attack.cosign("shipper").replayed == attack.town.size()


def test_the_log_key_signs_no_second_history_after_an_older_ledger_was_put_back(attack: Attack) -> None:
    roll_back = attack.keep("A")
    attack.pass_on("bank")
    attack.cosign("carrier")
    newest = attack.keep("newest")
    signed, size = newest_lines(attack.town), attack.town.size()
    roll_back()
    with pytest.raises(LogWentBack, match=f"its log has signed {size}") as caught:
        attack.town.issue(bill("B-2"))
    assert isinstance(caught.value, DamagedError)
    assert attack.town.size() == size - 4, "nothing was committed"
    attack.pass_on("buyer")
    with pytest.raises(LogWentBack, match=f"another root than its log has signed at size {size}"):
        attack.cosign("carrier")
    newest()
    assert newest_lines(attack.town) == signed
    attack.town.issue(bill("B-2"))


def test_a_node_does_not_serve_a_ledger_that_was_put_back(attack: Attack) -> None:
    roll_back = attack.keep("A")
    attack.pass_on("bank")
    attack.cosign("carrier")
    roll_back()
    town = attack.town
    for keys in (town.keys["carrier"], None):
        with (
            pytest.raises(LogWentBack),
            Node.open(town.homes["carrier"], keys, clock=town.clock, purpose="serve", workers=0),
        ):
            raise AssertionError("the node has opened")


def test_what_a_node_signs_is_remembered(attack: Attack) -> None:
    town = attack.town
    attack.pass_on("bank")
    with Node.open(town.homes["carrier"], town.keys["carrier"], clock=town.clock, purpose="serve", workers=0):
        pass
    signed = Cosigned(town.homes["carrier"].cosigner_path).newest("log", town.genesis.origin)
    assert signed is not None
    assert signed.size == town.size()
