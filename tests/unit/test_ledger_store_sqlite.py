"""The file behind the store: how it is opened, who else may use it, what its errors become."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.batches import Script, filled

from ledger.store.port import NewerStore, NoStore, StoreBusy, StoreDamaged, StoreFailed, StoreMoved
from ledger.store.sqlite import SqliteStore, open_sqlite


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of twelve heights, closed."""
    path = tmp_path / "ledger.db"
    with closing(open_sqlite(path, create=True)) as store:
        fill(store, filled(12))
    return path


def fill(store: SqliteStore, script: Script) -> None:
    for batch in script.batches:
        store.append(batch)


def change(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_a_store_comes_back_after_it_was_closed(path):
    script = filled(12)
    with closing(open_sqlite(path)) as store:
        assert store.head() == script.chain.head
        assert store.frontier() == script.chain.frontier
        assert store.items(script.expected) == script.expected
        store.append(script.batch(3))
    with closing(open_sqlite(path, create=True)) as store:
        assert store.head() == script.chain.head


def test_nobody_else_may_read_the_files(path):
    assert path.stat().st_mode & 0o777 == 0o600
    with closing(open_sqlite(path)) as store:
        script = filled(12)
        store.append(script.batch(1))
        wal = path.with_name("ledger.db-wal")
        assert wal.stat().st_mode & 0o777 == 0o600
        store.backup(path.with_name("copy.db"))
    assert path.with_name("copy.db").stat().st_mode & 0o777 == 0o600


def test_a_commit_is_on_the_disk_when_it_returns(path):
    with closing(open_sqlite(path)) as store, store._writing() as connection:
        ask = connection.exec_driver_sql
        assert ask("PRAGMA journal_mode").scalar() == "wal"
        assert ask("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize("content", [None, b""], ids=["absent", "empty"])
def test_no_file_and_an_empty_one_are_no_ledger(tmp_path, content):
    path = tmp_path / "ledger.db"
    if content is not None:
        path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(NoStore):
            open_sqlite(path, read_only=read_only)
    assert path.exists() is (content is not None)


def test_an_empty_file_can_become_a_ledger(tmp_path):
    path = tmp_path / "ledger.db"
    path.touch()
    with closing(open_sqlite(path, create=True)) as store:
        assert store.head() is None


def test_a_database_of_another_program_is_no_ledger(tmp_path):
    path = tmp_path / "other.db"
    change(path, "CREATE TABLE other (x)")
    with pytest.raises(NoStore, match="holds no ledger"):
        open_sqlite(path)


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("size", [1, 4_096, 100_000])
def test_a_file_of_random_bytes_is_damaged(tmp_path, size, create):
    path = tmp_path / "ledger.db"
    content = Script(8).random.randbytes(size)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match=r"ledger\.db is not a database"):
        open_sqlite(path, create=create)
    path.write_bytes(b"SQLite format 3\0" + content)
    with pytest.raises((StoreDamaged, NoStore)):
        open_sqlite(path)
    path.write_bytes(content)


@pytest.mark.parametrize("create", [False, True])
def test_what_cannot_be_opened_is_said_with_its_path(tmp_path, create):
    for path in (tmp_path, tmp_path / "no folder" / "ledger.db"):
        with pytest.raises((StoreFailed, NoStore), match=str(path)):
            open_sqlite(path, create=create)


@pytest.mark.parametrize("create", [False, True])
def test_tables_of_a_newer_version_are_refused(path, create):
    change(path, "UPDATE lading_meta SET value = '2'")
    with pytest.raises(NewerStore, match="of version 2, ours of 1"):
        open_sqlite(path, create=create)


@pytest.mark.parametrize("value", ["", "one", "-1", "٢", 1.5, b"\xff"])
def test_a_version_that_is_no_number_is_damage(path, value):
    change(path, "UPDATE lading_meta SET value = ?", value)
    with pytest.raises(StoreDamaged, match="version of the tables"):
        open_sqlite(path)


def test_a_missing_version_and_a_missing_table_are_damage(path):
    change(path, "DELETE FROM lading_meta")
    with pytest.raises(StoreDamaged, match="version of the tables"):
        open_sqlite(path)
    change(path, "INSERT INTO lading_meta VALUES ('schema', '1')")
    change(path, "ALTER TABLE lading_state RENAME TO gone")
    with closing(open_sqlite(path)) as store:
        with pytest.raises(StoreDamaged, match="no such table"):
            list(store.leaves())
        with pytest.raises(StoreDamaged, match="no such table"):
            store.items([bytes(32)])


@pytest.mark.parametrize("kept", [17, 100, 4_096, 12_288, 40_000])
def test_a_file_that_was_cut_short_is_damaged(path, kept):
    def read() -> None:
        with closing(open_sqlite(path)) as store:
            list(store.all_items())
            list(store.entries(0, 10**6))

    read()
    os.truncate(path, kept)
    with pytest.raises((StoreDamaged, NoStore)):
        read()


def test_who_only_reads_cannot_write_and_sees_what_others_write(path):
    script = filled(12)
    with closing(open_sqlite(path)) as writer, closing(open_sqlite(path, read_only=True)) as reader:
        writer.append(script.batch(2))
        assert reader.head() == script.chain.head
        with pytest.raises(StoreFailed, match="readonly"):
            reader.append(script.batch(1))
        with pytest.raises(StoreFailed, match="readonly"):
            reader.put_checkpoint(5, "body", [])
        assert reader.items(script.expected)
        assert writer.head() == reader.head()


def test_a_ledger_on_a_medium_that_cannot_be_written_is_read(path, monkeypatch):
    before = path.read_bytes()
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    with closing(open_sqlite(path, read_only=True)) as store:
        assert store.head() == filled(12).chain.head
        assert [file.name for file in path.parent.iterdir()] == ["ledger.db"]
    assert path.read_bytes() == before


def test_of_two_that_stand_at_the_head_only_one_appends(path):
    one, other = filled(12), filled(12)
    with closing(open_sqlite(path)) as first, closing(open_sqlite(path)) as second:
        first.append(one.batch(2))
        with pytest.raises(StoreMoved):
            second.append(other.batch(0))
        assert first.head() == second.head() == one.chain.head
        second.append(one.batch(1))
        first.append(one.batch(1))
        assert second.head() == one.chain.head


def test_a_write_waits_for_another_process_and_then_says_so(path):
    script = filled(12)
    batch = script.batch(2)
    with closing(open_sqlite(path, timeout=0)) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreBusy, match=r"ledger\.db"):
                store.append(batch)
            assert store.head() == filled(12).chain.head
            assert store.items(list(script.expected)[:1])
        store.append(batch)
        assert store.head() == script.chain.head


def test_a_write_keeps_others_out_before_it_has_read(path):
    with closing(open_sqlite(path)) as store, closing(sqlite3.connect(path, timeout=0)) as other:
        with store._writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


@pytest.mark.parametrize("spare", range(0, 24, 3))
def test_on_a_full_disk_a_batch_is_written_whole_or_not_at_all(path, spare):
    script = filled(12)
    before = script.chain.head
    batch = script.batch(60)
    with closing(open_sqlite(path)) as store:
        with store._writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + spare}")
        with pytest.raises(StoreFailed, match="full"):
            store.append(batch)
        assert store.head() == before
        assert len(list(store.entries(0, 10**6))) == before.size
        store.append(batch)  # on a connection of its own, which has no such limit
        assert store.head() == script.chain.head
        assert store.integrity() == []


def test_a_backup_is_a_store_of_whole_batches(path):
    script = filled(12)
    target = path.with_name("copy.db")
    with closing(open_sqlite(path)) as store:
        store.append(script.batch(4))
        kept = store.head()
        with store._writing() as connection:
            connection.exec_driver_sql("DELETE FROM lading_entry")
            store.backup(target)
            connection.rollback()
        store.append(script.batch(4))
    with closing(open_sqlite(target)) as copy:
        assert copy.head() == kept
        assert copy.integrity() == []
        copy.append(script.batches[-1])
        assert copy.items(script.expected) == script.expected


def test_a_backup_overwrites_nothing_and_leaves_no_part_behind(path, monkeypatch):
    target = path.with_name("copy.db")
    before = path.read_bytes()
    with closing(open_sqlite(path)) as store:
        assert store.head()
        with pytest.raises(StoreFailed, match=r"cannot make .*ledger\.db: File exists"):
            store.backup(path)
        connect = sqlite3.connect

        def connect_to_a_full_disk(where: Path) -> sqlite3.Connection:
            connection = connect(where)
            connection.execute("PRAGMA max_page_count = 3")
            return connection

        monkeypatch.setattr(sqlite3, "connect", connect_to_a_full_disk)
        with pytest.raises(StoreFailed, match="full"):
            store.backup(target)
        assert not target.exists()
        monkeypatch.undo()
        store.backup(target)
    assert target.exists()
    assert path.read_bytes() == before


def test_integrity_names_what_sqlite_finds(path):
    with closing(open_sqlite(path)) as store:
        assert store.integrity() == []
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'lading_state' AND type = 'index'"
        (root,) = connection.execute(query).fetchone()
        (page,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek(page * root - 20)  # within the path of the first row
        file.write(bytes(16))
    with closing(open_sqlite(path)) as store:
        assert any("lading_state" in line for line in store.integrity())
    with closing(open_sqlite(path)) as store:
        assert store.head()
        with path.open("r+b") as file:
            file.seek(page * 4)
            file.write(Script(9).random.randbytes(path.stat().st_size))
        assert store.integrity() != []


def test_a_copy_of_the_files_of_a_running_store_is_a_store(path, tmp_path):
    script = filled(12)
    copy = tmp_path / "copied"
    copy.mkdir()
    with closing(open_sqlite(path)) as store:
        store.append(script.batch(5))
        for name in ("ledger.db", "ledger.db-wal"):
            shutil.copy(path.with_name(name), copy / name)
    with closing(open_sqlite(copy / "ledger.db")) as store:
        assert store.head() == script.chain.head
