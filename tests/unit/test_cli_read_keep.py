"""`lading audit`, `lading backup` and `lading doctor`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.game import base_tables
from support.reading import Commands
from support.town import START, Town

from cli import exits
from cli.main import main
from nodes.cosigning import cosign_newest


@pytest.fixture
def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    town = Town(tmp_path / "town", tables=base_tables())
    town.held(holder="bank")
    for who in ("carrier", "shipper", "bank"):
        cosign_newest(town.desk(who), START // 1000)
    monkeypatch.setattr("cli.read_keep.now_ms", lambda: START)
    return town


@pytest.fixture
def run(town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    return Commands(town, monkeypatch, capsys)


def change(town: Town, statement: str) -> None:
    with closing(sqlite3.connect(town.homes["carrier"].ledger_path)) as connection, connection:
        assert connection.execute(statement).rowcount >= 1


def test_a_clean_audit(run):
    status, out, err = run("bank", "audit")
    assert (status, err) == (exits.DONE, "")
    assert out.splitlines() == [
        "clean: everything is as it was written",
        "  ledger: 15 entries, 5 commits, 12 records, replayed by the rules",
        "  ledger: 3 checkpoints, 6 signatures",
        "  newest checkpoint: 15 entries; 3 of 4 organisations have cosigned",
        "  newest with the quorum: 15 entries, by carrier, shipper, bank",
        "  replica: 15 entries, 5 commits, 12 records, replayed by the rules",
        "  vault: the papers of 1 record, every file read",
    ]
    assert run.json("bank", "audit")["clean"] is True


def test_an_audit_without_the_passphrase_says_that_the_vault_was_not_checked(run):
    run.locked.add("bank")
    status, out, err = run("bank", "audit")
    assert (status, err) == (exits.DONE, "warning: the vault was not checked, since no passphrase was given\n")
    assert "vault" not in out


def test_an_audit_of_a_damaged_ledger_ends_with_status_4_and_names_the_row(town, run):
    bill = (
        "SELECT min(substr(content, 6, 32)) FROM lading_state WHERE instr(content, CAST('bill_of_lading' AS BLOB)) = 39"
    )
    change(town, f"UPDATE lading_state SET salt = zeroblob(32) WHERE substr(content, 6, 32) = ({bill})")
    status, out, _ = run("bank", "audit")
    assert status == exits.DAMAGED
    lines = out.splitlines()
    assert lines[0] == "DAMAGED: what is stored is not what was"
    (line,) = [line for line in lines if "lading_state path" in line]
    assert "salt not what the rules make of the log (record " in line
    value = run.json("bank", "audit", status=exits.DAMAGED)
    assert value["clean"] is False
    assert value["ledger"]["differences"][0]["table"] == "lading_state"


def test_more_differences_than_are_listed_are_counted(town, run, monkeypatch):
    monkeypatch.setattr("nodes.audit_findings.MOST", 2)
    change(town, "UPDATE lading_state SET salt = zeroblob(32)")
    _, out, _ = run("bank", "audit")
    assert sum("lading_state" in line for line in out.splitlines()) == 2
    assert "more" in out.splitlines()[-3]


def test_of_many_differences_the_first_are_shown_and_the_rest_are_counted(town, run):
    with closing(sqlite3.connect(town.homes["carrier"].ledger_path)) as connection, connection:
        rows = [(bytes([number]) * 32, b"", b"", b"") for number in range(60)]
        columns = [row[1] for row in connection.execute("PRAGMA table_info(lading_state)") if row[1] != "id"]
        names = ", ".join(name for name in columns if name in ("path", "leaf", "salt", "content"))
        connection.executemany(f"INSERT INTO lading_state ({names}) VALUES (?, ?, ?, ?)", rows)
    _, out, _ = run("bank", "audit")
    lines = [line for line in out.splitlines() if line.startswith("  ledger: ")]
    assert sum("lading_state" in line for line in lines) == 21
    assert lines[-1] == "  ledger: and 39 more differences"
    assert len(run.json("bank", "audit", status=exits.DAMAGED)["ledger"]["differences"]) == 60


def test_an_audit_that_could_read_nothing_does_not_count_it(town, run):
    change(town, "DELETE FROM lading_entry")
    _, out, _ = run("bank", "audit")
    lines = out.splitlines()
    assert lines[1] == "  ledger: no entry could be read"
    assert not any("ledger: 0 " in line or "not replayed" in line for line in lines)


def test_an_audit_of_what_cannot_be_opened_ends_with_status_4(town, run):
    town.homes["carrier"].ledger_path.write_bytes(b"no database" * 1000)
    status, _, err = run("bank", "audit")
    assert (status, err.partition(":")[0]) == (exits.DAMAGED, "error[store.damaged]")


def test_progress_is_shown_to_a_person_alone(town, run, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert "ledger: 7 entries read" in run("bank", "audit")[2]


def test_a_backup_is_made_once(town, run, tmp_path):
    out = run.text("carrier", "backup", str(tmp_path / "copy"))
    assert out.startswith(f"backed up {town.homes['carrier'].folder} to {tmp_path / 'copy'}: ")
    assert "the ledger of 15 entries" in out
    assert "README.txt says how to restore it" in out
    status, _, err = run("carrier", "backup", str(tmp_path / "copy"))
    assert (status, err.partition(":")[0]) == (exits.USAGE, "error[backup.exists]")
    value = run.json("bank", "backup", str(tmp_path / "other"))
    assert (value["folder"], value["entries"]) == (str(tmp_path / "other"), None)


def test_the_doctor_lists_what_it_examined(run):
    status, out, _ = run("bank", "doctor")
    assert status == exits.DONE
    lines = out.splitlines()
    assert lines[0].startswith("ok       python: 3.")
    assert "note     cosigner: buyer (buyer.example/replay) has not cosigned the newest checkpoint" in lines
    checks = run.json("bank", "doctor")
    assert {check["status"] for check in checks} == {"ok", "note"}


def test_the_doctor_ends_with_the_status_of_the_worst(town, run, tmp_path):
    town.homes["bank"].vault_path.chmod(0o755)
    assert run("bank", "doctor")[0] == exits.UNKNOWN
    change(town, "UPDATE lading_entry SET data = x'00' WHERE idx = 14")
    assert run("bank", "doctor")[0] == exits.DAMAGED


def test_the_doctor_needs_no_home_unless_one_is_named(run, tmp_path, monkeypatch, capsys):
    status, out, err = run("nowhere", "doctor")
    assert (status, out, err.partition(":")[0]) == (exits.USAGE, "", "error[home.not_found]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LADING_HOME", raising=False)
    assert main(["doctor"]) == exits.DONE
    assert capsys.readouterr().out.splitlines()[-1] == "note     home: there is no home here"
