"""Audits of homes: the ledger, the replica, the vault, and what a member remembers. Changes of single values, and of
the file, are in tests/attacks/test_changed_ledger.py."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.game import base_tables
from support.proven import Trade
from support.town import Town

from ledger.entry import Commit, read_entry
from ledger.merkle import leaf_hash
from ledger.store.port import StoreDamaged
from ledger.store.sqlite import open_sqlite
from nodes.access import LedgerAway, LedgerLost
from nodes.audit import audit_store
from nodes.audit_findings import MOST, Difference, Findings, Lockstep
from nodes.audit_home import HomeAudit, audit_home
from nodes.audit_scratch import Scratch
from nodes.cosigned import Cosigned, Signed
from nodes.cosigning import cosign_newest
from nodes.home import Home
from nodes.replayer import Replayer

SECONDS = 1_764_000_100


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path, tables=base_tables())
    town.held(holder="bank")
    for at, who in enumerate(("carrier", "shipper", "bank")):
        cosign_newest(town.desk(who), SECONDS + at)
    return town


def audit(town: Town, who: str, *, keys: bool = True) -> HomeAudit:
    return audit_home(town.homes[who], town.keys[who] if keys else None)


def said(found: HomeAudit) -> list[str]:
    return [str(difference) for difference in [*found.ledger.differences, *found.home.listed]]


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement, values).rowcount >= 1


def test_every_home_is_clean(town):
    for who in town.homes:
        found = audit(town, who)
        assert found.clean, (who, said(found))
        assert found.ledger.ledger == town.genesis.id
        assert (found.replica is not None) is (who in ("carrier", "shipper", "bank"))
    assert audit(town, "bank").documents == 1
    assert audit(town, "bank", keys=False).documents is None


def test_the_report_as_plain_values(town):
    value = audit(town, "bank").as_dict()
    assert (value["clean"], value["vault_checked"], value["home"]) == (True, True, [])
    assert value["ledger"]["entries"] == value["replica"]["entries"] == town.size()
    newest = value["ledger"]["newest_with_quorum"]
    assert newest == value["ledger"]["newest_checkpoint"]
    assert newest["cosigned"] == ["carrier", "shipper", "bank"]
    assert (newest["missing"], newest["quorum"], newest["size"]) == (["buyer"], True, town.size())
    assert value["replica"]["newest_checkpoint"] is None


def test_progress_is_told_for_each_part(town, monkeypatch):
    monkeypatch.setattr("nodes.audit_log._EACH", 1)
    told: list[tuple[str, int]] = []
    audit_home(town.homes["bank"], progress=lambda part, entries: told.append((part, entries)))
    assert [entries for part, entries in told if part == "ledger"] == [7, 9, 11, 13, 15]
    assert [entries for part, entries in told if part == "replica"] == [7, 9, 11, 13, 15]


def test_a_ledger_that_is_lost_is_damage_and_one_that_is_away_is_not(town):
    town.homes["carrier"].ledger_path.unlink()
    with pytest.raises(LedgerLost, match="there is no file"):
        audit(town, "bank")
    town.homes["carrier"].folder.rename(town.folder / "away")
    with pytest.raises(LedgerAway, match="there is no folder"):
        audit(town, "bank")


def test_a_ledger_that_cannot_be_opened_is_damaged(town):
    path = town.homes["carrier"].ledger_path
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreDamaged):
        audit(town, "bank")


# What others remember


def cut_log(town: Town, size: int) -> None:
    """An operator puts the ledger back to an earlier size, with everything that would tell of more."""
    path = town.homes["carrier"].ledger_path
    with closing(sqlite3.connect(path)) as connection, connection:
        height = connection.execute("SELECT max(height) FROM lading_commit WHERE idx < ?", (size,)).fetchone()[0]
        for table, column, least in (
            ("entry", "idx", size), ("commit", "height", height + 1), ("undo", "height", height + 1),
            ("checkpoint", "size", size + 1), ("signature", "size", size + 1),
        ):  # fmt: skip
            connection.execute(f"DELETE FROM lading_{table} WHERE {column} >= ?", (least,))


def test_a_log_that_was_cut_is_found_by_who_remembers_more(town):
    cut_log(town, 9)
    found = said(audit(town, "bank"))
    assert "lading_entry idx 9: the log ends here; cosigner.json knows 15 entries" in found


def test_a_log_that_was_written_anew_is_found_by_who_remembers_the_old(tmp_path):
    """Another history of the same ledger, in order in itself: only members' memories tell of the first."""
    town = Town(tmp_path / "town", tables=base_tables())
    ledger = town.homes["carrier"].ledger_path
    shutil.copy(ledger, tmp_path / "founded.db")
    town.held(holder="bank")
    cosign_newest(town.desk("bank"), SECONDS)
    ledger.unlink()
    shutil.copy(tmp_path / "founded.db", ledger)
    town.homes["carrier"].cosigner_path.unlink()  # the operator means harm, and lets its log key forget
    town.held("B-2", holder="bank")
    assert audit(town, "certifier").clean, "who remembers nothing finds nothing"
    assert "lading_entry idx 8: the log has another root here than cosigner.json knows" in said(audit(town, "bank"))
    town.homes["bank"].cosigner_path.unlink()
    assert "lading_entry idx 8: the log has another root here than replica.db knows" in said(audit(town, "bank"))


def test_a_memory_that_contradicts_the_replica_is_found(town):
    town.homes["bank"].cosigner_path.unlink()
    origin = town.genesis.origin
    Cosigned(town.homes["bank"].cosigner_path).advance("replay", origin, Signed(town.size(), bytes(32), SECONDS))
    found = said(audit(town, "bank"))
    assert f"cosigner.json replay: another root of size {town.size()} than replica.db has" in found


def test_a_damaged_memory_is_found(town):
    path = town.homes["bank"].cosigner_path
    path.write_bytes(path.read_bytes().replace(b'"size":15', b'"size":16'))
    assert any(line.startswith("cosigner.json replay: ") for line in said(audit(town, "bank")))


def test_a_damaged_replica_is_found_and_does_not_accuse_the_ledger(town):
    change(town.homes["bank"].folder / "replica.db", "UPDATE lading_entry SET data = x'00' WHERE idx = 9")
    found = audit(town, "bank")
    assert not found.clean
    assert found.ledger.clean
    assert found.replica is not None
    assert [difference.row for difference in found.replica.differences] == ["idx 9"]


# Pins and papers


def test_a_changed_pin_is_found(town):
    bank = town.homes["bank"]
    for path in (bank.genesis_path, bank.policy_path, bank.card_path):
        kept = path.read_bytes()
        path.write_bytes(b"changed")
        assert any(line.startswith(f"{path.name} -: ") for line in said(audit(town, "bank"))), path.name
        path.write_bytes(kept)
    bank.card_path.write_bytes(town.homes["buyer"].card_path.read_bytes())
    assert "member.json -: the card is another member's" in said(audit(town, "bank"))


def test_a_policy_of_other_keys_knows_no_signature(town, tmp_path):
    """The policy names other cosigners: their lines are known by the members' records, the quorum is not there."""
    other = Town(tmp_path / "other", tables=base_tables())
    home = town.homes["bank"]
    home.write_policy(other.genesis.policy)
    found = audit(town, "bank")
    assert any("no log key of the policy has signed the checkpoint" in line for line in said(found))
    assert found.ledger.newest is None


def test_a_damaged_document_is_found(town):
    (path,) = town.homes["bank"].vault_path.rglob("document-*.sealed")
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    found = audit(town, "bank")
    assert any(line.startswith(f"vault {path}: ") for line in said(found))
    assert audit(town, "bank", keys=False).clean


def test_an_auditor_has_neither_keys_nor_memory(town, tmp_path):
    home = Home.create(tmp_path / "auditor", name="auditor")
    home.join(town.genesis.encode(), town.genesis.policy, location=town.homes["carrier"].folder)
    assert audit_home(home).clean


# The log


@pytest.fixture
def ledger(tmp_path: Path) -> tuple[Path, Trade]:
    trade = Trade(open_sqlite(tmp_path / "ledger.db", create=True))
    trade.bill()
    trade.cosign("carrier", "shipper", "bank")
    trade.store.close()
    return tmp_path / "ledger.db", trade


def findings(path: Path, trade: Trade) -> list[str]:
    with closing(open_sqlite(path, read_only=True)) as store:
        return [str(difference) for difference in audit_store(store, trade.policy).differences]


def test_a_missing_entry_is_named_once_and_nothing_is_said_of_what_follows_from_it(ledger):
    path, trade = ledger
    change(path, "DELETE FROM lading_entry WHERE idx = 9")
    assert findings(path, trade) == ["lading_entry idx 9: missing"]


def test_missing_entries_are_named_together(ledger):
    path, trade = ledger
    change(path, "DELETE FROM lading_entry WHERE idx IN (9, 10, 11)")
    assert findings(path, trade)[0] == "lading_entry idx 9 to 11: missing"


def test_a_damaged_entry_is_named_once_and_the_roots_still_hold(ledger):
    path, trade = ledger
    change(path, "UPDATE lading_entry SET data = x'00' WHERE idx = 9")
    assert findings(path, trade) == ["lading_entry idx 9: data and leaf hash do not fit each other"]
    change(path, "UPDATE lading_entry SET leaf = zeroblob(32) WHERE idx = 11")
    assert findings(path, trade)[1] == "lading_entry idx 11: data and leaf hash do not fit each other"


def test_a_damaged_commit_is_named_once(ledger):
    path, trade = ledger
    change(path, "UPDATE lading_entry SET data = substr(data, 1, 30) WHERE idx = 10")
    assert findings(path, trade) == ["lading_entry idx 10: data and leaf hash do not fit each other"]


def test_a_forged_commit_is_named_and_makes_no_further_noise(ledger):
    """Its leaf hash fits, its height is far ahead: rows of the heights between are not accused."""
    path, trade = ledger
    commit = read_entry(next(trade_entries(path, 10)))
    assert isinstance(commit, Commit)
    forged = replace(commit, height=2**40).encode()
    with closing(sqlite3.connect(path)) as connection, connection:
        values = (forged, leaf_hash(forged))
        connection.execute("UPDATE lading_entry SET data = ?, leaf = ? WHERE idx = 10", values)
    assert findings(path, trade) == [
        "lading_entry idx 10: the commit does not continue the one of height 1",
        "lading_checkpoint size 15: body does not have the root of the log at this size",
    ]


def trade_entries(path: Path, index: int) -> Iterator[bytes]:
    with closing(sqlite3.connect(path)) as connection:
        yield from (data for (data,) in connection.execute("SELECT data FROM lading_entry WHERE idx = ?", (index,)))


def test_with_a_damaged_entry_the_state_is_still_weighed(ledger):
    path, trade = ledger
    change(path, "UPDATE lading_entry SET data = x'00' WHERE idx = 9")
    change(path, "UPDATE lading_state SET salt = zeroblob(32) WHERE id = 3")
    found = findings(path, trade)
    assert len(found) == 2
    assert "does not have its leaf hash" in found[1]
    change(path, "DELETE FROM lading_state WHERE id = 3")
    assert findings(path, trade)[1].startswith(
        "lading_state all rows: the rows do not give the state root of the commit"
    )


def test_an_undo_record_that_is_missing_between_others_is_found(ledger):
    path, trade = ledger
    change(path, "DELETE FROM lading_undo WHERE height < 2")
    assert findings(path, trade) == [], "the oldest ones may be forgotten"
    change(path, "DELETE FROM lading_undo WHERE height = 3")
    assert findings(path, trade) == ["lading_undo height 3: missing"]


def test_another_users_signature_line_is_found(ledger):
    path, trade = ledger
    change(path, "UPDATE lading_signature SET line = replace(line, 'bank.example', 'bunk.example')")
    (only,) = findings(path, trade)
    assert only.endswith(": neither the policy nor a member's record names the key bunk.example/replay")


def test_an_empty_store_is_no_ledger(tmp_path):
    with closing(open_sqlite(tmp_path / "empty.db", create=True)) as store:
        found = [str(difference) for difference in audit_store(store).differences]
    assert found == ["lading_entry idx 0: the log holds no commit"]


def test_readers_see_one_moment_while_another_writes(ledger):
    """A batch that is committed during the audit is not half seen."""
    path, trade = ledger
    with closing(open_sqlite(path)) as store, closing(open_sqlite(path, read_only=True)) as other:
        trade.engine.store = store
        told: list[int] = []

        def write(entries: int) -> None:
            if not told:
                trade.engine.submit([trade.signed("bank", "surrender", next(iter(trade.originals))).entry])
            told.append(entries)

        report = audit_store(other, trade.policy, progress=write)
        assert report.clean, [str(difference) for difference in report.differences]
        assert report.entries == 15
        assert store.head().size == 17


# The parts


def test_findings_are_listed_up_to_a_limit_and_all_counted():
    found = Findings()
    for at in range(MOST + 5):
        found.add("table", f"idx {at}", "changed", record=bytes(32), entry=at)
    assert (len(found.listed), found.count) == (MOST, MOST + 5)
    assert str(found.listed[3]) == f"table idx 3: changed (record {'00' * 32})"
    assert found.listed[3].as_dict() == {
        "table": "table", "row": "idx 3", "message": "changed", "record": "00" * 32, "entry": 3,
    }  # fmt: skip


def test_a_reading_that_breaks_off_is_a_finding():
    def rows():
        yield (1,)
        raise StoreDamaged("broken")

    found = Findings()
    assert list(found.reading("table", rows())) == [(1,)]
    assert found.listed == [Difference("table", "after 1 rows", "cannot be read: broken")]


def test_rows_are_taken_in_lockstep_and_others_are_left_over():
    extra: list[tuple] = []
    rows = iter([(1, "a"), (3, "b"), (3, "c"), ("x", "text"), (4, "d"), (9, "e")])
    lockstep = Lockstep(rows, extra.append)
    assert [lockstep.take(key) for key in (0, 1, 2, 3, 5)] == [[], [(1, "a")], [], [(3, "b"), (3, "c")], []]
    lockstep.finish()
    assert extra == [("x", "text"), (4, "d"), (9, "e")]


def test_a_scratch_keeps_the_newest_content_of_each_path():
    trade, scratch = Trade(), Scratch()
    trade.bill()
    Replayer(scratch).feed(entry.data for entry in trade.store.entries(0, trade.engine.chain.size))
    rows = {path: item for path, _, item in trade.store.all_items()}
    assert list(scratch.paths()) == sorted(rows)
    assert {path: scratch.item(path) for path in rows} == rows
    assert scratch.items(rows) == rows
    assert (scratch.item(bytes(32)), len(scratch)) == (None, len(rows))
    scratch.close()
