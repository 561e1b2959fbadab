"""Somebody changes what a node stored, behind its back. Nothing that is changed passes unseen.

A store finds alone whatever contradicts itself. What it cannot know (that a value is well-formed but
not the one that was written) is found by comparing with the log, as `audit` does: `support.batches`
has the comparison. No change of any kind makes anything but an error of the port.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from support.batches import Difference, Script, compare

from ledger.record import Item
from ledger.store.port import NewerStore, NoStore, StoreDamaged, StoredCheckpoint, StoreFailed
from ledger.store.schema import TABLES
from ledger.store.sqlite import open_sqlite

CHECKPOINT = StoredCheckpoint(3, "example.org/ledger\n3\nroot\n", ("— a AAAA", "— b BBBB"))
MEANINGLESS = {"lading_state.id", "lading_signature.number"}
"""Columns whose value says nothing: they give rows an order, and are not shown to anybody."""
COLUMNS = [
    (table.name, column.name)
    for table in TABLES.sorted_tables
    for column in table.columns
    if f"{table.name}.{column.name}" not in MEANINGLESS
]


@pytest.fixture(scope="module")
def script() -> Script:
    script = Script(11)
    for actions in (3, 280, 0, 5, 1, 2):
        script.batch(actions)
    return script


@pytest.fixture(scope="module")
def original(script: Script, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("original") / "ledger.db"
    with closing(open_sqlite(path, create=True)) as store:
        for batch in script.batches:
            store.append(batch)
        store.put_checkpoint(*CHECKPOINT)
    return path


@pytest.fixture
def path(original: Path, tmp_path: Path) -> Path:
    return shutil.copy(original, tmp_path / "ledger.db")


@contextmanager
def behind_its_back(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, for changes that nobody waits for the disk for."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


def examine(path: Path, script: Script) -> None:
    with closing(open_sqlite(path, read_only=True)) as store:
        compare(store, script)
        if list(store.checkpoints()) != [CHECKPOINT]:
            raise Difference("another checkpoint")


def others(value: object) -> Iterator[object]:
    """What could stand in the place of a value: of its type, and of others."""
    if isinstance(value, int):
        yield from (value + 1_000, -1 - value, float(value) + 0.5, "text", b"bytes")
        return
    data = value.encode() if isinstance(value, str) else value
    assert isinstance(data, bytes)
    first, last = bytes([data[0] ^ 1]) if data else b"\0", bytes([data[-1] ^ 0x80]) if data else b"\1"
    for changed in (first + data[1:], data[:-1] + last, data[:-1], data + b"\0", b"", data * 2):
        if changed != data:
            yield changed.decode("latin-1") if isinstance(value, str) else changed
    yield from (7, 1.5, "text", b"\xff\xfe")


def test_the_store_is_sound_to_begin_with(path, script):
    examine(path, script)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_changed_value_is_found(original, tmp_path, script, table, column):
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(original)) as connection:
        query = f"SELECT {column}, rowid FROM {table} ORDER BY rowid"
        rows = connection.execute(query).fetchall()
    tried = 0
    for value, row in {rows[0], rows[-1]}:
        for other in others(value):
            shutil.copy(original, path)
            with behind_its_back(path) as connection:
                statement = f"UPDATE OR IGNORE {table} SET {column} = ? WHERE rowid = ?"
                with suppress(sqlite3.IntegrityError):  # SQLite itself keeps text out of a row id
                    connection.execute(statement, (other, row))
                same = connection.execute(query).fetchall() == rows
            if not same:
                tried += 1
                with pytest.raises((StoreDamaged, NewerStore, Difference)):
                    examine(path, script)
    assert tried >= 2


@pytest.mark.parametrize("table", [table.name for table in TABLES.sorted_tables])
def test_a_missing_row_is_found(original, tmp_path, script, table):
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(original)) as connection:
        rows = [row for (row,) in connection.execute(f"SELECT rowid FROM {table} ORDER BY rowid")]
    for row in {rows[0], rows[len(rows) // 2], rows[-1]}:
        shutil.copy(original, path)
        with behind_its_back(path) as connection:
            connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        with pytest.raises((StoreDamaged, Difference)):
            examine(path, script)


FOUND_ALONE = {
    "an entry": "UPDATE lading_entry SET data = data || x'00' WHERE idx = 7",
    "an entry's leaf hash": "UPDATE lading_entry SET leaf = randomblob(32) WHERE idx = 7",
    "an entry's links": "UPDATE lading_entry SET previous = x'0000000000000007' WHERE idx = 7",
    "an entry taken out": "DELETE FROM lading_entry WHERE idx = 7",
    "the last entries taken out": "DELETE FROM lading_entry WHERE idx > 7",
    "a commit's place": "UPDATE lading_commit SET idx = 7 WHERE height = 3",
    "a commit taken out": "DELETE FROM lading_commit WHERE height = 3",
    "the last commits taken out": "DELETE FROM lading_commit WHERE height > 3",
    "all commits taken out": "DELETE FROM lading_commit",
    "a record's content": "UPDATE lading_state SET content = content || x'00' WHERE id = 7",
    "a record's salt": "UPDATE lading_state SET salt = zeroblob(32) WHERE id = 7",
    "a record's leaf hash": "UPDATE lading_state SET leaf = zeroblob(32) WHERE id = 7",
    "a record's path": "UPDATE lading_state SET path = randomblob(32) WHERE id = 7",
    "an undo record": "UPDATE lading_undo SET data = substr(data, 2) WHERE height = 1",
    "an undo record's flag": "UPDATE lading_undo SET data = CAST(substr(data, 1, 32) || x'02' || "
    "substr(data, 34) AS BLOB) WHERE height = 1",
    "a hash taken out": "DELETE FROM lading_hash",
    "a hash cut short": "UPDATE lading_hash SET hash = x'00'",
}


def read_all(path: Path, script: Script) -> None:
    """Read without knowing what there should be, but for the size and the state tree."""
    size = script.chain.size
    with closing(open_sqlite(path)) as store:
        store.head()
        list(store.entries(0, size))
        store.items(script.expected)
        store.items(script.expected, script.chain.tree.leaf)
        for index in range(size):
            store.closing_commit(index)
        for height in range(len(script.batches)):
            store.undo(height)
        store.frontier()


def test_reading_a_sound_store_finds_nothing(path, script):
    read_all(path, script)


@pytest.mark.parametrize("statement", FOUND_ALONE.values(), ids=FOUND_ALONE)
def test_the_store_finds_alone_what_contradicts_itself(path, script, statement):
    with behind_its_back(path) as connection:
        assert connection.execute(statement).rowcount >= 1
    with pytest.raises(StoreDamaged):
        read_all(path, script)


def test_the_damaged_entry_is_named_and_those_after_it_can_be_read(path, script):
    with behind_its_back(path) as connection:
        connection.execute("UPDATE lading_entry SET data = x'00' WHERE idx IN (7, 90)")
        connection.execute("DELETE FROM lading_entry WHERE idx = 50")
    damaged, read, index = [], 0, 0
    with closing(open_sqlite(path)) as store:
        while index < script.chain.size:
            try:
                for entry in store.entries(index, script.chain.size):
                    index, read = entry.index + 1, read + 1
            except StoreDamaged as exc:
                damaged.append(exc.value)
                index = int(str(exc.value)) + 1
    assert damaged == [7, 50, 90]
    assert read == script.chain.size - 3


def test_an_older_state_of_a_record_is_refused_by_the_tree(path, script):
    """The row is sound in itself: record, salt and leaf hash of an earlier height."""
    changes = [(batch, row) for batch in script.batches for row in batch.rows]
    old = next(row for batch, row in changes if script.expected[row.path] != row.item)
    with behind_its_back(path) as connection:
        connection.execute(
            "UPDATE lading_state SET leaf = ?, salt = ?, content = ? WHERE path = ?",
            (old.leaf, *old.item, old.path),
        )
    with closing(open_sqlite(path)) as store:
        assert store.items([old.path]) == {old.path: old.item}
        with pytest.raises(StoreDamaged, match="does not have its leaf hash"):
            store.items([old.path], script.chain.tree.leaf)
        with pytest.raises(StoreDamaged):
            compare(store, script)


def test_a_record_that_nobody_issued_is_refused_by_the_tree(path, script):
    forged = Script(99).batch(1).rows[0]
    with behind_its_back(path) as connection:
        statement = "INSERT INTO lading_state (path, leaf, salt, content) VALUES (?, ?, ?, ?)"
        connection.execute(statement, (forged.path, forged.leaf, *forged.item))
    with closing(open_sqlite(path)) as store:
        assert store.items([forged.path], script.chain.tree.leaf) == {}
        with pytest.raises(Difference):
            compare(store, script)


def test_two_records_that_changed_places_are_found(path, script):
    first, second = sorted(script.expected)[:2]
    with behind_its_back(path) as connection:
        for old, new in [(first, b"x" * 32), (second, first), (b"x" * 32, second)]:
            connection.execute("UPDATE lading_state SET path = ? WHERE path = ?", (new, old))
    with closing(open_sqlite(path)) as store, pytest.raises(StoreDamaged):
        store.items([first])


def test_a_batch_on_a_missing_row_is_refused_whole(path, script):
    again = Script(11)
    for actions in (3, 280, 0, 5, 1, 2):
        again.batch(actions)
    batch = again.batch(40)
    gone = next(path for path, leaf in batch.undo.items() if leaf is not None)
    with behind_its_back(path) as connection:
        connection.execute("DELETE FROM lading_state WHERE path = ?", (gone,))
    with closing(open_sqlite(path)) as store:
        with pytest.raises(StoreDamaged, match="a state row that height 6 changes is missing"):
            store.append(batch)
        assert store.head() == script.chain.head
        assert gone not in store.items([gone])
    assert isinstance(script.expected[gone], Item)


def test_a_flipped_bit_anywhere_in_the_file_is_found_or_harmless(original, tmp_path, script):
    """No other error comes out, whatever SQLite makes of the file."""
    path, content = tmp_path / "ledger.db", original.read_bytes()
    random = Script(12).random
    found = 0
    for at in [*range(0, 100, 7), *random.sample(range(100, len(content)), 90)]:
        flipped = bytearray(content)
        flipped[at] ^= 1 << random.randrange(8)
        path.write_bytes(flipped)
        try:
            examine(path, script)
        except (StoreDamaged, StoreFailed, NoStore, NewerStore, Difference):
            found += 1
    assert found > 45
