"""Somebody changes what an operator stored. The audit, or already the opening, names table and row.

Every column of every row of a small ledger is changed, one at a time; then bits of the file itself. A change
that is not found must have changed no value: it lies where nothing is stored.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from support.proven import Trade

from ledger.errors import DamagedError
from ledger.merkle import leaf_hash
from ledger.policy import Policy
from ledger.store.port import NewerStore, NoStore, StoreFailed
from ledger.store.schema import TABLES
from ledger.store.sqlite import open_sqlite
from nodes.audit import AuditReport, audit_store

MEANINGLESS = {"lading_state.id"}
"""The place of a row among the others of its table; nobody is shown it."""
KEYS = {
    "lading_entry": "idx",
    "lading_commit": "height",
    "lading_undo": "height",
    "lading_checkpoint": "size",
    "lading_signature": "size",
    "lading_state": "path",
    "lading_hash": "level",
    "lading_meta": "key",
}


class Ledger:
    """A ledger in a file, and what is needed to judge a changed copy of it."""

    def __init__(self, path: Path, *, filler: int = 0) -> None:
        self.path = path
        trade = Trade(open_sqlite(path, create=True))
        bill = trade.bill()
        trade.cosign("carrier", "shipper", "bank")
        if filler:
            bills = [trade.issue() for _ in range(2)]
            signed = [trade.signed("carrier", "void", one).entry for one in bills]
            for _ in range(filler):
                trade.issue()
            trade.engine.submit(signed)
        trade.pass_on(bill, "bank", "buyer", "possession")
        trade.cosign("carrier", "bank", "buyer")
        trade.store.close()
        self.policy: Policy = trade.policy
        self.id = trade.genesis.id
        self.bill = bill

    def audit(self, path: Path) -> AuditReport:
        with closing(open_sqlite(path, read_only=True, timeout=0)) as store:
            return audit_store(store, self.policy, ledger=self.id)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return Ledger(tmp_path_factory.mktemp("small") / "ledger.db")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Long enough for hashes of the upper levels to be stored."""
    return Ledger(tmp_path_factory.mktemp("large") / "ledger.db", filler=125)


def query(path: Path, text: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(text).fetchall()


def execute(path: Path, statement: str, *values: object) -> int:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).rowcount


def dump(path: Path) -> list[list[tuple]]:
    return [query(path, f"SELECT * FROM {table.name} ORDER BY rowid") for table in TABLES.sorted_tables]


def other(value: object) -> object:
    """A value of the same type that differs in one bit, or by one."""
    if isinstance(value, int):
        return value + 1_000
    if isinstance(value, str):
        at = len(value) // 2
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
    assert isinstance(value, bytes)
    return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\0"


def cells(ledger: Ledger, table: str) -> Iterator[tuple[str, int, object]]:
    """Column, row id and value of every stored value of a table."""
    columns = [column.name for column in TABLES.tables[table].columns if f"{table}.{column.name}" not in MEANINGLESS]
    for row in query(ledger.path, f"SELECT rowid, {', '.join(columns)} FROM {table} ORDER BY rowid"):
        for column, value in zip(columns, row[1:], strict=True):
            yield column, row[0], value


def damage(ledger: Ledger, copy: Path, table: str, column: str, row: int, value: object) -> str:
    """What is said of a copy with one other value."""
    shutil.copy(ledger.path, copy)
    assert execute(copy, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, row) == 1
    try:
        report = ledger.audit(copy)
    except (DamagedError, NewerStore) as exc:
        return f"{table} {exc.message}"
    return "\n".join(map(str, report.differences))


def test_a_sound_ledger_is_clean(small):
    report = small.audit(small.path)
    assert report.differences == []
    assert (report.entries, report.heights, report.records) == (19, 7, 11)
    assert (report.checkpoints, report.signatures) == (2, 8)
    assert report.replayed
    assert report.agreed is not None
    assert [witness.name for witness in report.agreed.missing] == ["shipper"]
    assert report.agreed.checkpoint.root == report.root


def test_a_larger_ledger_is_clean(large):
    assert query(large.path, "SELECT count(*) FROM lading_hash") == [(1,)]
    assert large.audit(large.path).differences == []


@pytest.mark.parametrize("table", [name for name in KEYS if name != "lading_hash"])
def test_every_changed_value_is_found_and_its_table_and_row_named(small, tmp_path, table):
    copy, tried = tmp_path / "ledger.db", 0
    for column, row, value in cells(small, table):
        said = damage(small, copy, table, column, row, other(value))
        assert table in said, f"{table}.{column} of row {row}"
        if table != "lading_meta":
            assert KEYS[table] in said, said
        tried += 1
    assert tried == len(list(cells(small, table))) > 0


def test_a_changed_hash_of_a_subtree_is_found(large, tmp_path):
    for column, row, value in cells(large, "lading_hash"):
        said = damage(large, tmp_path / "ledger.db", "lading_hash", column, row, other(value))
        assert "lading_hash level" in said


@pytest.mark.parametrize("value", [7, 1.5, "text", b"\xff\xfe", b"", ""])
@pytest.mark.parametrize("table", KEYS)
def test_a_value_of_another_type_is_found(small, large, tmp_path, table, value):
    ledger = large if table == "lading_hash" else small
    row = query(ledger.path, f"SELECT max(rowid) FROM {table}")[0][0]
    for column in {column for column, _, _ in cells(ledger, table)}:
        try:
            said = damage(ledger, tmp_path / "ledger.db", table, column, row, value)
        except sqlite3.IntegrityError:
            continue  # SQLite itself keeps it out
        if query(tmp_path / "ledger.db", f"SELECT * FROM {table}") != query(ledger.path, f"SELECT * FROM {table}"):
            assert table in said, f"{table}.{column} = {value!r}"


@pytest.mark.parametrize("table", KEYS)
def test_a_missing_row_is_found_where_the_rest_tells_of_it(small, large, tmp_path, table):
    ledger = large if table == "lading_hash" else small
    copy = tmp_path / "ledger.db"
    rows = [row for (row,) in query(ledger.path, f"SELECT rowid FROM {table} ORDER BY rowid")]
    # The rest does not tell of the first undo record, or of a whole checkpoint with all of its signatures.
    told = {"lading_undo": rows[1:], "lading_signature": rows[:1]}.get(table, rows)
    for row in told:
        shutil.copy(ledger.path, copy)
        assert execute(copy, f"DELETE FROM {table} WHERE rowid = ?", row) == 1
        try:
            assert not ledger.audit(copy).clean, f"row {row} of {table}"
        except DamagedError:
            continue


def test_the_record_and_the_entry_are_named(small, tmp_path):
    like = f"substr(content, 6, 32) = x'{small.bill.hex()}'"
    ((row,),) = query(small.path, f"SELECT rowid FROM lading_state WHERE {like}")
    said = damage(small, tmp_path / "ledger.db", "lading_state", "salt", row, bytes(32))
    assert said.endswith(f": salt not what the rules make of the log (record {small.bill.hex()})")
    (difference,) = small.audit(tmp_path / "ledger.db").differences
    assert (difference.record, difference.entry) == (small.bill, 17)


def test_every_difference_is_named_and_more_than_a_hundred_are_counted(large, tmp_path):
    copy = tmp_path / "ledger.db"
    shutil.copy(large.path, copy)
    changed = execute(copy, "UPDATE lading_state SET salt = zeroblob(32)")
    report = large.audit(copy)
    assert report.count == changed > 200
    assert len(report.differences) == 100


def test_a_forged_act_with_fitting_hashes_is_found_by_the_rules_and_the_roots(small, tmp_path):
    """Whoever has the file can make entry and leaf hash fit; the signatures of others he cannot make."""
    copy = tmp_path / "ledger.db"
    shutil.copy(small.path, copy)
    ((data,),) = query(copy, "SELECT data FROM lading_entry WHERE idx = 11")
    forged = data[:-1] + bytes([data[-1] ^ 1])
    execute(copy, "UPDATE lading_entry SET data = ?, leaf = ? WHERE idx = 11", forged, leaf_hash(forged))
    said = [str(difference) for difference in small.audit(copy).differences]
    assert said[0].startswith("lading_entry idx 11: entry 11 is not acceptable: no valid signature")
    assert "lading_checkpoint size 15: body does not have the root of the log at this size" in said
    assert "lading_checkpoint size 19: body does not have the root of the log at this size" in said


def test_another_ledger_in_its_place_is_found(small, tmp_path):
    other = Trade(open_sqlite(tmp_path / "ledger.db", create=True), origin="ledger.example/other")
    other.bill()
    other.store.close()
    report = small.audit(tmp_path / "ledger.db")
    assert "the genesis is not the one that this home is pinned to" in str(report.differences[0])


def test_a_flipped_bit_anywhere_in_the_file_is_found_or_lies_where_nothing_is_stored(small, tmp_path):
    copy, content, before = tmp_path / "ledger.db", small.path.read_bytes(), dump(small.path)
    random, found, free = Random(5), 0, 0
    for at in [*range(0, 100, 3), *random.sample(range(100, len(content)), 110)]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << random.randrange(8)
        copy.write_bytes(flipped)
        try:
            clean = small.audit(copy).clean
        except (DamagedError, NoStore, StoreFailed, NewerStore):
            clean = False
        if clean:
            free += 1
            assert dump(copy) == before, f"byte {at} changed a value, and the audit did not find it"
        else:
            found += 1
    assert found > 40
    assert free > 10
