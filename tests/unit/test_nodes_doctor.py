"""The doctor: each thing that can be out of order is named, with what harms and what does not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.game import base_tables
from support.town import START, Town, bill

from nodes import doctor
from nodes.cosigning import cosign_newest
from nodes.doctor import Check, examine, owners_of_our_names
from nodes.enrolment import rotate_key
from nodes.home import Home


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, tables=base_tables())


def checks(town: Town, who: str, now: int | None = None) -> dict[str, list[Check]]:
    found: dict[str, list[Check]] = {}
    for check in examine(town.homes[who], town.now if now is None else now):
        found.setdefault(check.name, []).append(check)
    return found


def statuses(found: dict[str, list[Check]]) -> dict[str, str]:
    order = ("ok", "note", "unknown", "damaged")
    return {name: max((check.status for check in listed), key=order.index) for name, listed in found.items()}


def test_a_home_in_order(town):
    for who in ("carrier", "shipper", "bank", "buyer"):
        cosign_newest(town.desk(who), START // 1000)
    found = checks(town, "carrier")
    names = "python libraries names home rights genesis policy ledger parameters clock checkpoint quorum"
    assert statuses(found) == dict.fromkeys(names.split(), "ok")
    assert found["home"][0].found == f"{town.homes['carrier'].folder}, the operator's"
    assert found["ledger"][0].found == f"ledger.example/town, {town.size()} entries, height 0, 2025-11-24T16:00:00Z"
    assert "law = SG" in found["parameters"][0].found
    assert found["quorum"][0].found == "4 of 4 organisations have cosigned"
    assert "PyNaCl " in found["libraries"][0].found


def test_missing_cosigners_and_unsigned_entries_are_noted(town):
    cosign_newest(town.desk("bank"), START // 1000)
    before = town.size()
    record = town.issue(bill()).record.id
    town.act("shipper", "accept", record)
    found = checks(town, "bank")
    assert statuses(found)["checkpoint"] == "note"
    assert found["checkpoint"][0].found.startswith(f"{before + 2} entries; 2 entries came after it")
    assert statuses(found)["quorum"] == "note"
    assert len(found["cosigner"]) == 4
    assert found["cosigner"][0].found == "carrier (carrier.example/replay) has not cosigned the newest checkpoint"


def test_a_key_that_ends_soon_is_noted(town):
    assert "member" not in checks(town, "bank")
    rotate_key(town.desk("bank"), key_until=town.now + 20 * 86_400_000)
    assert checks(town, "bank")["member"] == [
        Check("member", "note", "the signing key ends at 2025-12-14T16:00:00Z: replace it")
    ]
    assert "member" not in checks(town, "carrier")


def test_a_clock_that_is_behind_is_named(town):
    assert checks(town, "bank", START - 5_000)["clock"][0].status == "ok"
    late = checks(town, "bank", START - 5_001)["clock"][0]
    assert late.status == "unknown"
    assert "the last commit is of 2025-11-24T16:00:00Z: set it right" in late.found


def test_a_damaged_or_lost_ledger_is_damaged_and_one_that_cannot_be_reached_unknown(town):
    path = town.homes["carrier"].ledger_path
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE lading_entry SET data = x'00' WHERE idx = 6")
    assert checks(town, "bank")["ledger"] == [Check("ledger", "damaged", "entry 6 does not have its leaf hash")]
    path.unlink()
    assert statuses(checks(town, "bank"))["ledger"] == "damaged"
    path.parent.rename(town.folder / "away")
    assert statuses(checks(town, "bank"))["ledger"] == "unknown"


def test_what_others_can_read_is_named(town):
    vault = town.homes["bank"].vault_path
    vault.chmod(0o755)
    (check,) = checks(town, "bank")["rights"]
    assert (check.status, check.found) == (
        "unknown", f"others on this machine can read {vault}: `chmod go= {vault}`",
    )  # fmt: skip


def test_leftovers_are_noted(town):
    (town.homes["bank"].folder / ".policy.txt.1-ab.lading-tmp").touch()
    (check,) = checks(town, "bank")["leftovers"]
    assert check.status == "note"


def test_a_changed_pin_is_damaged(town):
    town.homes["bank"].genesis_path.write_bytes(b"{}")
    assert statuses(checks(town, "bank"))["genesis"] == "damaged"


def test_a_weak_policy_is_noted(town):
    weak = town.genesis.policy.replace("cosigners 3", "cosigners 2").replace("members 3", "members 2")
    assert weak != town.genesis.policy
    town.homes["bank"].write_policy(weak)
    assert any("share only 0 of 4" in check.found for check in checks(town, "bank")["policy"])


def test_without_a_home_the_installation_is_examined():
    found = {check.name: check.status for check in examine(None, START)}
    assert found == {"python": "ok", "libraries": "ok", "names": "ok", "home": "note"}


def test_a_home_without_a_ledger_says_so(tmp_path):
    home = Home.create(tmp_path / "new", name="new")
    found = {check.name: check for check in examine(home, START)}
    assert found["ledger"].status == "unknown"
    assert "belongs to no ledger yet" in found["ledger"].found


def test_other_owners_of_our_names_are_named(monkeypatch):
    packages = {"ledger": ["lading", "ledger-tools"], "cli": ["lading"], "nodes": ["nodes"], "other": ["x"]}
    assert owners_of_our_names(packages) == {"ledger": ["ledger-tools"], "nodes": ["nodes"]}
    monkeypatch.setattr(doctor, "owners_of_our_names", lambda: {"ledger": ["ledger-tools"]})
    (check,) = [check for check in examine(None, START) if check.name == "names"]
    assert check.status == "unknown"
    assert "the package ledger belongs to ledger-tools too" in check.found


def test_an_old_python_and_a_missing_library_are_named(monkeypatch):
    monkeypatch.setattr(doctor, "_OLDEST", (9, 0))
    monkeypatch.setattr(doctor, "_LIBRARIES", ("no-such-library",))
    found = [(check.name, check.status) for check in examine(None, START)]
    assert found[0] == ("python", "unknown")
    assert ("libraries", "note") in found
