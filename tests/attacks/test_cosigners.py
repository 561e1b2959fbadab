"""Attacks on cosigners: two histories, a replica that was lost, a log that was wrong for a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.town import Town, bill

from nodes.access import open_for_reading, open_store
from nodes.cosigned import WouldFork
from nodes.cosigning import Cosigning, cosign_newest


class Attack:
    """A town with a bill that the shipper holds; the operator's disk is in the attacker's hands."""

    def __init__(self, folder: Path) -> None:
        self.town = Town(folder / "town")
        self.folder = folder
        self.ledger = self.town.homes["carrier"].ledger_path
        self.town.tick()
        self.bill = self.town.held("B-1")

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
