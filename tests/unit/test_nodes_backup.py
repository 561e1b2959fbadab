"""Backups: whole, consistent, and never over something that is there."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import closing
from pathlib import Path

import pytest
from support.game import base_tables
from support.town import Town, bill

from ledger.store.port import StoreDamaged
from ledger.store.sqlite import open_sqlite
from nodes import backup
from nodes.audit_home import audit_home
from nodes.backup import BackupExists, BadBackupPlace, back_up
from nodes.checkpoints import check_not_behind
from nodes.cosigned import Cosigned
from nodes.cosigning import cosign_newest
from nodes.home import Home


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path / "town", tables=base_tables())
    town.held(holder="bank")
    return town


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_backup_of_the_operators_home_can_take_its_place(town, tmp_path):
    carrier = town.homes["carrier"]
    cosign_newest(town.desk("carrier"), 1_764_000_100)
    made = back_up(carrier, tmp_path / "copy")
    assert (made.folder, made.entries) == (tmp_path / "copy", town.size())
    expected = files(carrier.folder) - {"ledger.lock", "home.lock", "cosigner.lock"}
    expected = {name for name in expected if not name.endswith(("-wal", "-shm"))}
    assert files(tmp_path / "copy") == expected | {"README.txt"}
    shutil.rmtree(carrier.folder)
    shutil.copytree(tmp_path / "copy", carrier.folder)
    restored = Home.open(carrier.folder)
    assert audit_home(restored, town.keys["carrier"]).clean
    town.homes["carrier"] = restored
    town.issue(bill("B-9"))


def test_a_backup_of_a_members_home_has_its_documents(town, tmp_path):
    bank = town.homes["bank"]
    made = back_up(bank, tmp_path / "copy")
    assert made.entries is None
    copy = Home.open(tmp_path / "copy")
    assert copy.settings == bank.settings
    for name in files(bank.folder):
        assert (tmp_path / "copy" / name).read_bytes() == (bank.folder / name).read_bytes()


@pytest.mark.parametrize("who", ["carrier", "bank"])
def test_what_was_written_is_counted_databases_and_all(town, tmp_path, who):
    made = back_up(town.homes[who], tmp_path / "copy")
    written = files(tmp_path / "copy")
    assert (made.files, made.size) == (
        len(written),
        sum((tmp_path / "copy" / name).stat().st_size for name in written),
    )


def test_rights_are_kept_and_the_folder_is_its_owners(town, tmp_path):
    back_up(town.homes["carrier"], tmp_path / "copy")
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "copy" / "ledger.db").stat().st_mode) == 0o600
    for path in (tmp_path / "copy" / "vault").rglob("*.sealed"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_locks_and_what_a_crash_left_are_not_copied(town, tmp_path):
    bank = town.homes["bank"]
    (bank.folder / ".policy.txt.1-ab.lading-tmp").write_bytes(b"half")
    (bank.folder / "home.lock").touch()
    (bank.folder / "elsewhere").symlink_to("/etc/passwd")
    back_up(bank, tmp_path / "copy")
    assert {".policy.txt.1-ab.lading-tmp", "home.lock", "elsewhere"}.isdisjoint(files(tmp_path / "copy"))


def test_the_copy_says_how_it_is_restored(town, tmp_path):
    back_up(town.homes["bank"], tmp_path / "copy")
    text = (tmp_path / "copy" / "README.txt").read_text()
    assert 'This is a backup of the lading home "bank"' in text
    assert "cp -a THIS-FOLDER HOME && lading audit --home HOME" in text
    assert "cosigner.json" in text


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_is_there_is_not_overwritten(town, tmp_path, kind):
    place = tmp_path / "copy"
    {"folder": place.mkdir, "file": place.touch, "dangling link": lambda: place.symlink_to("nowhere")}[kind]()
    with pytest.raises(BackupExists):
        back_up(town.homes["bank"], place)
    assert os.path.lexists(place)
    assert not any(path.name.endswith(".part") for path in tmp_path.iterdir())


def test_a_backup_does_not_lie_in_its_home(town):
    with pytest.raises(BadBackupPlace):
        back_up(town.homes["bank"], town.homes["bank"].folder / "copy")


def test_nothing_half_made_is_left_when_it_fails(town, tmp_path):
    carrier = town.homes["carrier"]
    carrier.ledger_path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreDamaged):
        back_up(carrier, tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["town"]


def test_whole_batches_alone_are_copied_while_another_writes(town, tmp_path, monkeypatch):
    """Between the copy of the ledger and that of the documents another command acts."""
    import nodes.backup

    copy_files = nodes.backup._copy_files

    def late(folder: Path, part: Path) -> tuple[int, int]:
        town.issue(bill("B-7"))
        return copy_files(folder, part)

    monkeypatch.setattr(nodes.backup, "_copy_files", late)
    size = town.size()
    made = back_up(town.homes["carrier"], tmp_path / "copy")
    assert made.entries == size < town.size()
    with closing(open_sqlite(tmp_path / "copy" / "ledger.db")) as store:
        assert store.head().size == size
    copy = Home.open(tmp_path / "copy")
    assert audit_home(copy, town.keys["carrier"]).clean


def test_what_the_log_signs_meanwhile_does_not_lock_the_backup(town, tmp_path, monkeypatch):
    copy = backup._copy_databases

    def copy_while_a_node_signs(home, part):
        entries = copy(home, part)
        town.issue(bill("MEANWHILE"))
        return entries

    monkeypatch.setattr("nodes.backup._copy_databases", copy_while_a_node_signs)
    out = tmp_path / "copy"
    back_up(town.homes["carrier"], out)
    memory = Cosigned(out / "cosigner.json")
    with closing(open_sqlite(out / "ledger.db")) as store:
        assert 0 < check_not_behind(store, town.genesis.origin, memory) <= store.head().size < town.size()
